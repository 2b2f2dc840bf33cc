/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which versions a sweep published, and how long they exist: with SnapStart each is billed until it
 * is deleted. Times are monotonic ms of the sweep's clock. Ownership: cp_snapshots_clear.
 */
#ifndef COLDPROF_PROFILER_SWEEP_SNAPSHOTS_H
#define COLDPROF_PROFILER_SWEEP_SNAPSHOTS_H

#include "model/decide/quote.h"

/* How long it takes at most, after the last answer, until every version is deleted: the limit of
 * undoing. */
#define CP_SNAPSHOTS_CLEANING_MS (15.0 * 60 * 1000)

struct cp_snapshot {
    char version[24];
    int memory_size_mb;
    double from_ms, to_ms; /* to NAN while it exists */
};

struct cp_snapshots {
    struct cp_snapshot *at;
    size_t n, cap;
};

/* Before it is published, so that one whose answer is lost counts too. CP_ENOMEM only. */
enum cp_code cp_snapshots_begin(struct cp_snapshots *snapshots, int memory_size_mb, double now_ms,
                                struct cp_error *err);
/* Its answer has come: this is the number of the one begun last. */
void cp_snapshots_name(struct cp_snapshots *snapshots, const char *version);
/* Deleted; NULL: all are. */
void cp_snapshots_end(struct cp_snapshots *snapshots, const char *version, double now_ms);
void cp_snapshots_clear(struct cp_snapshots *snapshots);

/* The most they cost if those that exist are deleted at `until_ms`. */
double cp_snapshots_usd(const struct cp_snapshots *snapshots, const struct cp_price_book *book,
                        const struct cp_quote_function *function, double until_ms);

#endif
