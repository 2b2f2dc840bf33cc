/* SPDX-License-Identifier: GPL-3.0-or-later
 * Histories to lines and back (night_line.h). An export is sorted, so that the same nights are the
 * same bytes. An import merges: what is there already changes nothing, the order of imports does
 * not matter, and a bad line costs that line only.
 */
#ifndef COLDPROF_PROFILER_HISTORY_HISTORY_FILE_H
#define COLDPROF_PROFILER_HISTORY_HISTORY_FILE_H

#include "profiler/store/store.h"

/* The history of `key`, its nights, then its acceptances, each ascending; NULL: all, by
 * cp_night_key_order. */
enum cp_code cp_history_export(struct cp_store *store, const struct cp_night_key *key,
                               struct cp_buf *out, struct cp_error *err);

enum { CP_HISTORY_REASONS_MAX = 5, CP_HISTORY_REASON_MAX = 200 };

struct cp_history_counts {
    size_t n_nights, n_acceptances; /* new ones */
    size_t n_known;                 /* were there already, or in the input before */
    /* Known nights whose content differed: of two that claim to be the same night the one is kept
     * whose line is the later in byte order, so that any order of imports ends alike. */
    size_t n_differing;
    size_t n_rejected;
    struct {
        size_t line; /* 1-based, of its file */
        char text[CP_HISTORY_REASON_MAX];
    } reasons[CP_HISTORY_REASONS_MAX]; /* of the first rejected lines */
};

/* Takes lines in pieces of any size. Writes within a cp_store_begin of the caller, whose
 * cp_store_end makes it all durable, or none. */
struct cp_history_import {
    struct cp_store *store;
    struct cp_buf line; /* what has come of a line whose end has not; holds CP_NIGHT_LINE_MAX */
    bool is_begun;      /* a line, of which there may be no byte yet */
    bool is_too_long;   /* that line: its bytes are dropped */
    size_t n_lines;     /* of this file, with the one that has begun */
    struct cp_history_counts counts;
};
void cp_history_import_init(struct cp_history_import *self, struct cp_store *store);
/* CP_EUNSUPPORTED: a line is of a newer schema, CP_EIO and so on of the store: end it. */
enum cp_code cp_history_import_add(struct cp_history_import *self, struct cp_view bytes,
                                   struct cp_error *err);
/* The end of a file: a last line may lack its end. The next file begins at line 1. */
enum cp_code cp_history_import_end(struct cp_history_import *self, struct cp_error *err);
void cp_history_import_clear(struct cp_history_import *self);

#endif
