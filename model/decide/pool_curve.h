/* SPDX-License-Identifier: GPL-3.0-or-later
 * All numbers of provisioned environments in one simulation.
 *
 * Number the environments 1, 2, 3 ... and let each request take the free one with the lowest
 * number. Whether environment i is free then depends on the environments below it only. So, for
 * every n at once, the first n behave as n provisioned environments do when requests try those
 * first: a request that took number i is served by provisioned concurrency if n >= i, and spills
 * over if n < i. In the latter case it starts cold if number i had expired. Summing requests, cold
 * starts and busy time by the number taken gives spillover, cold share and utilisation for all n,
 * as sums over i > n or i <= n.
 *
 * Likewise for a concurrency limit c without provisioned environments: requests that took a number
 * above c are those that would have been throttled.
 *
 * Exact, for any arrivals, where a request takes as long on a provisioned environment as elsewhere:
 *   - spillover and throttled share: when a cold start takes as long as a warm request. Otherwise
 * the environments up to n carry cold starts here that they would not have when provisioned. Where
 * low numbers are seldom idle for long these are few; in rare bursts each of them is cold, and the
 * curve errs far towards more spillover. `ready` mends that: numbers up to it take as long as
 * a warm request whatever their state. Spillover is then exact for every n up to `ready`, and the
 * cold share, of the numbers beyond n, is that of `ready` itself. So find n with 0, and once more
 * with what was found.
 *   - cold share: moreover, if spilled requests take the environment of the lowest number, while
 *     pool_sim takes the one created last. With one lifetime for all, which of the idle ones is
 * taken changes how many stay alive a little. So the curve finds n, and the full simulation
 * confirms it and its neighbours.
 *
 * Ownership: cp_pool_curve_make fills, cp_pool_curve_clear frees.
 */
#ifndef COLDPROF_MODEL_POOL_CURVE_H
#define COLDPROF_MODEL_POOL_CURVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/decide/pool_sim.h"

enum { CP_POOL_CURVE_MAX = 10000 }; /* largest n */

struct cp_pool_curve_options {
    /* provisioned, schedule, limit, rates, retry, pick and latency_us are not looked at */
    struct cp_pool_options pool;
    int n_max;                /* 0..CP_POOL_CURVE_MAX */
    int ready;                /* numbers that are ready: no request waits for their start */
    const int *ready_by_hour; /* instead, CP_ARRIVALS_HOURS of them; NULL: always `ready` */
    bool is_by_hour;          /* counts by hour of the week (pool.week_origin_ms); else in all */
};

/* For each n in [0, n_max], of all requests. */
struct cp_pool_point {
    struct cp_pool_mean cold_share, spillover_share;
    struct cp_pool_mean busy; /* provisioned environments in use, time average */
};

/* What one hour of the week (or all time) saw, by the number that requests took: place i is number
 * i + 1; place n_max stands for all above. */
struct cp_pool_number {
    uint64_t n, n_cold;
    double busy_ms;
};

struct cp_pool_curve {
    enum cp_code status;
    int n_max;
    uint64_t n_arrivals, n_cold;
    double counted_ms;              /* of all replications together */
    struct cp_pool_point *points;   /* n_max + 1 */
    struct cp_pool_number *numbers; /* n_buckets rows of n_max + 1 */
    double *bucket_ms;              /* n_buckets: what of the counted time lay in that hour */
    size_t n_buckets;
    int highest; /* number ever taken */
};

/* CP_EINVAL, CP_ELIMIT (n_max), CP_ENOMEM. */
enum cp_code cp_pool_curve_make(const struct cp_pool_curve_options *options,
                                struct cp_pool_curve *curve, struct cp_error *err);
void cp_pool_curve_clear(struct cp_pool_curve *curve);

/* Smallest n whose spillover share (point) is at most `share`; -1: none up to n_max. The same is
 * the smallest concurrency limit that throttles no more than that. */
int cp_pool_curve_n_for_spillover(const struct cp_pool_curve *curve, double share);

#endif
