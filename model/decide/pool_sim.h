/* SPDX-License-Identifier: GPL-3.0-or-later
 * Discrete-event simulation of a function's execution environments under traffic.
 *
 * An environment is created by a cold start, serves one request at a time, and is gone when it has
 * been idle for its lifetime (drawn anew for each idle period). A request takes a free provisioned
 * environment; else the idle environment created last; else it starts one (cold start) while fewer
 * than `limit` requests are in flight; else it is throttled. Provisioned environments are always
 * initialised and never expire. At equal times: departures, then expiries, then arrivals. A
 * replication starts empty and its warm-up is not counted.
 *
 * Pure: the caller owns every array and the law contexts; nothing is kept between calls.
 */
#ifndef COLDPROF_MODEL_POOL_SIM_H
#define COLDPROF_MODEL_POOL_SIM_H

#include <stddef.h>
#include <stdint.h>

#include "model/base/error.h"
#include "model/base/rng.h"
#include "model/stat/idle_survival.h"

/* A law of times: draws from `ms` with replacement, or from `draw_ms` when that is set. A constant
 * is one value. Borrowed. */
struct cp_pool_law {
    const double *ms;
    size_t n;
    double (*draw_ms)(const void *context, struct cp_rng *rng);
    const void *context;
};

/* Idle lifetimes from measured survival. Probes say nothing beyond the longest interval, so
 * `longest_ms` decides what is assumed there: the last interval (gone: pessimistic) or INFINITY
 * (the share that outlives every probe stays for ever: optimistic). */
struct cp_pool_survival {
    const struct cp_idle_survival *survival; /* NULL or without points: every lifetime longest_ms */
    double longest_ms;
};
struct cp_pool_law cp_pool_law_of_survival(const struct cp_pool_survival *survival);

enum cp_pool_arrivals { CP_POOL_POISSON, CP_POOL_PERIODIC };

struct cp_pool_options {
    double arrivals_per_s;   /* > 0 */
    struct cp_pool_law cold; /* init + first handler run */
    struct cp_pool_law warm;
    struct cp_pool_law lifetime;
    enum cp_pool_arrivals arrivals;
    int provisioned;   /* 0: none */
    int limit;         /* concurrent requests, provisioned ones included; 0: none */
    int replications;  /* 0 means 10; at least 2 */
    double horizon_ms; /* counted time of one replication, > 0 */
    double warm_up_ms; /* not counted, before that; >= 0 */
    uint64_t seed;     /* same seed: same arrivals for every pool compared (common numbers) */
    double confidence; /* 0 means 0.95 */
};

/* Mean over independent replications with its t interval. */
struct cp_pool_mean {
    double value, se, low, high;
};

struct cp_pool_result {
    enum cp_code status; /* CP_OK, else all numbers are NAN or 0 */
    uint64_t n_arrivals, n_cold, n_spillover, n_throttled;
    /* Of requests served. The cold share's interval also covers the exact Poisson interval of
     * n_cold: replications without any cold start do not prove that there are none. */
    struct cp_pool_mean cold_share;
    struct cp_pool_mean spillover_share; /* served outside provisioned; 0 without provisioned */
    struct cp_pool_mean throttled_share; /* of arrivals */
    struct cp_pool_mean mean_busy;       /* requests in flight, time average */
    struct cp_pool_mean mean_envs;       /* environments alive, provisioned included */
    struct cp_pool_mean provisioned_busy;
    struct cp_pool_mean mean_billed_ms; /* per served request; NAN when a law has no values */
    double p999_concurrency;            /* in flight at most this for 99.9 % of the time */
    int max_concurrency;
    double longest_reuse_ms; /* longest idle interval after which an environment was used again */
};

/* CP_EINVAL for options out of range, CP_ENOMEM. */
enum cp_code cp_pool_simulate(const struct cp_pool_options *options, struct cp_pool_result *result,
                              struct cp_error *err);

#endif
