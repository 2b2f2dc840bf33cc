/* SPDX-License-Identifier: GPL-3.0-or-later
 * Counts by text: error types, runtime versions, reasons for a rejection. Texts may come from
 * strangers, so only the `max` distinct ones with the smallest hashes are kept, each with its exact
 * count; the rest is `n_other`. Which are kept does not depend on the order, so merging is exact
 * and associative. Of the examples given with a text the bytewise smallest is kept.
 *
 * Ownership: cp_tally_init / cp_tally_clear.
 */
#ifndef COLDPROF_MODEL_TALLY_H
#define COLDPROF_MODEL_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "model/base/error.h"
#include "model/base/view.h"

enum { CP_TALLY_TEXT_MAX = 200 }; /* longer texts and examples are cut there */

struct cp_tally_row {
    char *text, *example; /* example NULL: none was given */
    uint64_t hash, count;
};

struct cp_tally {
    struct cp_tally_row *rows; /* sorted by text */
    size_t n, max;
    uint64_t total;
};

void cp_tally_init(struct cp_tally *t, size_t max);
void cp_tally_clear(struct cp_tally *t);
/* A count of 0 adds nothing. CP_ENOMEM; CP_ELIMIT: a total beyond 2^64. After a failure good for
 * cp_tally_clear only. */
enum cp_code cp_tally_add(struct cp_tally *t, struct cp_view text, uint64_t count,
                          struct cp_view example);
enum cp_code cp_tally_merge(struct cp_tally *into, const struct cp_tally *from);
/* 0 when it is not there. */
uint64_t cp_tally_count(const struct cp_tally *t, const char *text);
/* Texts that are not kept. */
uint64_t cp_tally_other(const struct cp_tally *t);

#endif
