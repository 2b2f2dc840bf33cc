/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a simulated pool saw in each hour of the week: the time spent at each number of requests in
 * flight, in bins, so that memory does not grow with time or traffic. Used by pool_sim only. Times
 * are double ms since the start of a replication.
 *
 * Ownership: zero-initialised; the owner calls cp_pool_hours_clear.
 */
#ifndef COLDPROF_MODEL_POOL_HOURS_H
#define COLDPROF_MODEL_POOL_HOURS_H

#include <stddef.h>
#include <stdint.h>

#include "model/decide/pool_sim.h"

struct cp_pool_hour_row;

struct cp_pool_hours {
    struct cp_pool_hour_row *rows[CP_ARRIVALS_HOURS]; /* NULL: nothing was counted in that hour */
    double week_origin;                               /* where hour 0 lies */
    enum cp_code code;                                /* CP_OK, CP_ENOMEM */
};

/* From `from` to `to` so many were in flight, and so many provisioned environments ready. */
void cp_pool_hours_pass(struct cp_pool_hours *h, double from, double to, size_t in_flight,
                        int n_ready);
/* A counted request came, or one started cold. */
void cp_pool_hours_arrive(struct cp_pool_hours *h, double now);
void cp_pool_hours_start_cold(struct cp_pool_hours *h, double now);

/* `from` is added to `into`. */
enum cp_code cp_pool_hours_merge(struct cp_pool_hours *into, const struct cp_pool_hours *from);
void cp_pool_hours_read(const struct cp_pool_hours *h, struct cp_pool_hour out[CP_ARRIVALS_HOURS]);
void cp_pool_hours_clear(struct cp_pool_hours *h);

#endif
