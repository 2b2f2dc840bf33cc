/* SPDX-License-Identifier: GPL-3.0-or-later
 * Lines for decoders whose forms have more than one line to an event: bytes in pieces of any size
 * in, whole lines with their line feed out. A byte order mark in front is dropped.
 *
 * Ownership: cp_log_split_init / cp_log_split_clear.
 */
#ifndef COLDPROF_PROBES_LOG_LOG_FORM_SPLIT_H
#define COLDPROF_PROBES_LOG_LOG_FORM_SPLIT_H

#include "probes/log/log_slot.h"

/* Of a line longer than CP_RECORD_LINE_MAX only the start comes, with `is_long`. */
typedef enum cp_code cp_log_line_fn(void *context, struct cp_view line, bool is_long,
                                    struct cp_error *err);

struct cp_log_split {
    cp_log_line_fn *on_line;
    void *context;
    size_t n_mark; /* bytes of the byte order mark seen so far */
    struct cp_log_slot held;
};

enum cp_code cp_log_split_init(struct cp_log_split *split, cp_log_line_fn *on_line, void *context,
                               struct cp_error *err);
void cp_log_split_clear(struct cp_log_split *split);
enum cp_code cp_log_split_feed(struct cp_log_split *split, struct cp_view bytes,
                               struct cp_error *err);
/* The input ended: what is held is its last line. */
enum cp_code cp_log_split_end(struct cp_log_split *split, struct cp_error *err);

/* Drops a byte order mark that may come in pieces; *n_mark is 0 at the start of the input. */
struct cp_view cp_log_skip_mark(size_t *n_mark, struct cp_view bytes);

#endif
