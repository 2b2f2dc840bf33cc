/* SPDX-License-Identifier: GPL-3.0-or-later
 * The same record twice: overlapping pages and at-least-once exports repeat records. A repetition
 * has the same kind, request id, duration, billed duration and, where known, time; the same
 * request id with other values is a retry, and both runs are billed.
 *
 * Memory is constant: one 64-bit key per slot, the newest wins, so that a repetition is missed
 * when more than about `n_slots` records lie between the two.
 */
#ifndef COLDPROF_PROBES_RECORD_RECORD_DEDUP_H
#define COLDPROF_PROBES_RECORD_RECORD_DEDUP_H

#include "probes/record/record.h"

struct cp_record_dedup;

/* `n_slots` is rounded up to a power of two (at most 2^26); NULL when out of memory. */
struct cp_record_dedup *cp_record_dedup_new(size_t n_slots);
void cp_record_dedup_free(struct cp_record_dedup *dedup);

/* true when an equal REPORT was given before; then the record is WARNED with CP_REASON_DUPLICATE
 * and must not be used again. Records other than usable REPORTs are never duplicates. */
bool cp_record_dedup_mark(struct cp_record_dedup *dedup, struct cp_record *record);

#endif
