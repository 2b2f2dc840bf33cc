/* SPDX-License-Identifier: GPL-3.0-or-later
 * Discrete-event simulation of a function's execution environments under traffic.
 *
 * An environment is created by a cold start, serves one request at a time, and is gone when it has
 * been idle for its lifetime (drawn anew for each idle period). A request takes a free provisioned
 * environment; else the idle environment created last; else it starts one (cold start). It is
 * throttled instead when `limit` requests are in flight, when requests come faster than
 * `requests_per_s`, or when environments would start faster than `starts_per_10_s`. Throttled
 * requests are lost, or retried (asynchronous invocations). Provisioned environments are always
 * initialised and never expire; their number may follow a schedule, or their own utilisation. At
 * equal times: departures, then expiries, then changes of that number, then arrivals. A replication
 * starts empty and its warm-up is not counted.
 *
 * Traffic with a clock of its own (WEEK, COUNTS, TIMES) is seen through windows: replication r
 * counts [r step, r step + horizon) of the traffic's time, with its warm-up just before that.
 * Counts and traces repeat after their span, so that the first window has a warm-up, too. Schedules
 * go by the same clock. With windows spread evenly over the span, shares are those of the whole
 * span; where the replications go round it several times, their intervals hold chance alone, else
 * also how the windows differ.
 *
 * Pure: the caller owns every array and the law contexts; nothing is kept between calls.
 */
#ifndef COLDPROF_MODEL_POOL_SIM_H
#define COLDPROF_MODEL_POOL_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/error.h"
#include "model/base/rng.h"
#include "model/decide/arrivals.h"
#include "model/decide/pool_mean.h"
#include "model/decide/pool_tracking.h"
#include "model/digest/histogram.h"
#include "model/stat/idle_survival.h"

/* A law of times: draws from `ms` with replacement, or from `draw_ms` when that is set. A constant
 * is one value. Borrowed. */
struct cp_pool_law {
    const double *ms;
    size_t n;
    double (*draw_ms)(const void *context, struct cp_rng *rng);
    const void *context;
};

static inline double cp_pool_law_draw(const struct cp_pool_law *law, struct cp_rng *rng)
{
    if (law->draw_ms)
        return law->draw_ms(law->context, rng);
    if (law->n == 1)
        return law->ms[0];
    /* multiply-shift instead of a division: bias below n / 2^32 */
    return law->ms[(cp_rng_next(rng) >> 32) * law->n >> 32];
}
/* Has values, or draws. */
bool cp_pool_law_is_usable(const struct cp_pool_law *law);

/* Idle lifetimes from measured survival. Probes say nothing beyond the longest interval, so
 * `longest_ms` decides what is assumed there: the last interval (gone: pessimistic) or INFINITY
 * (the share that outlives every probe stays for ever: optimistic). */
struct cp_pool_survival {
    const struct cp_idle_survival *survival; /* NULL or without points: every lifetime longest_ms */
    double longest_ms;
};
struct cp_pool_law cp_pool_law_of_survival(const struct cp_pool_survival *survival);

/* Which idle environment a request takes. Lambda does not say; the others are for sensitivity. */
enum cp_pool_pick { CP_POOL_PICK_NEWEST, CP_POOL_PICK_OLDEST, CP_POOL_PICK_RANDOM };

/* So many provisioned environments from a time of the period on. */
struct cp_pool_step {
    double from_ms;
    int n;
};
struct cp_pool_schedule {
    const struct cp_pool_step *steps; /* ascending times in [0, period_ms), borrowed */
    size_t n_steps;                   /* 0: no schedule */
    double period_ms;                 /* a day or a week; the last step holds until the first */
    /* From the request for more environments until all of them serve. Fewer are taken at once;
     * those that are busy then finish first. */
    double ready_ms;
};

/* What becomes of a throttled request: attempts again after first_delay_ms, twice that, ... at most
 * longest_delay_ms, until it is max_age_ms old; then it is dropped. */
struct cp_pool_retry {
    double first_delay_ms, longest_delay_ms;
    double max_age_ms; /* 0: throttled requests are lost at once */
};

enum {
    CP_POOL_REPLICATIONS = 10, /* unless told otherwise */
    CP_POOL_WINDOWS_MAX = 10000
};

/* One hour of the week, of all replications together. Quantiles of the requests in flight over
 * time; above 64 they are the upper end of a bin that is 3 % wide, `max` is exact. NAN and 0 of an
 * hour that was not counted. */
struct cp_pool_hour {
    double counted_ms;
    uint64_t n_arrivals, n_cold;
    double mean, p50, p95; /* in flight */
    int max;
    double ready; /* provisioned environments, time average */
};

struct cp_pool_options {
    struct cp_arrivals_law arrivals;
    struct cp_pool_law cold; /* init + first handler run */
    struct cp_pool_law warm;
    struct cp_pool_law lifetime;
    enum cp_pool_pick pick;
    int provisioned; /* 0: none; with tracking the number at the start; no schedule looks at it */
    struct cp_pool_schedule schedule; /* its period begins where hour 0 of the week lies */
    struct cp_pool_tracking tracking; /* not together with a schedule */
    int limit;                        /* concurrent requests, provisioned ones included; 0: none */
    double starts_per_10_s;           /* Lambda: 1,000 of a function; 0: no limit */
    double requests_per_s;            /* Lambda: ten times the concurrency; 0: no limit */
    struct cp_pool_retry retry;
    /* From one replication's window to the next. 0: all replications count the same time: a week's
     * hour 0 lies at the end of the warm-up; counts and traces begin with the warm-up, and end. */
    double window_step_ms;
    /* Hour 0 of the week (Monday 00:00 UTC) on the traffic's own clock: 0 for WEEK; for counts and
     * traces minus what of the week had passed at their beginning, or any number of weeks off. */
    double week_origin_ms;
    int replications;  /* 0 means 10; at least 2 */
    int n_threads;     /* that share the replications; the result does not depend on it */
    double horizon_ms; /* counted time of one replication, > 0 */
    double warm_up_ms; /* not counted, before that; >= 0 */
    uint64_t seed;     /* same seed: same arrivals for every pool compared (common numbers) */
    double confidence; /* 0 means 0.95 */
    /* NULL, or gets the latency in us of every counted request that was served, from its first
     * arrival to its answer, of all replications together. */
    struct cp_histogram *latency_us;
    /* NULL, or CP_ARRIVALS_HOURS places that get what each hour of the week saw. */
    struct cp_pool_hour *by_hour;
};

struct cp_pool_result {
    enum cp_code status; /* CP_OK, else all numbers are NAN or 0 */
    uint64_t n_arrivals, n_cold, n_spillover;
    uint64_t n_provisioned; /* served by provisioned environments */
    /* of provisioned environments: initialised because more were wanted (at the start of a
     * replication they are there) */
    uint64_t n_allocated;
    uint64_t n_throttled; /* lost: not served in the end */
    uint64_t n_retries;   /* attempts after the first */
    uint64_t n_waiting;   /* neither served nor lost when the time was over */
    /* Of requests served. The cold share's interval also covers the exact Poisson interval of
     * n_cold: replications without any cold start do not prove that there are none. */
    struct cp_pool_mean cold_share;
    struct cp_pool_mean spillover_share; /* served outside provisioned; 0 without provisioned */
    struct cp_pool_mean throttled_share; /* lost ones, of arrivals */
    struct cp_pool_mean mean_busy;       /* requests in flight, time average */
    struct cp_pool_mean mean_envs;       /* environments alive, provisioned included */
    /* Time averages of environments: times GB and the seconds of a month they are the GB-seconds of
     * on-demand (cold starts included), provisioned in use, and provisioned kept ready. */
    struct cp_pool_mean on_demand_busy, provisioned_busy, provisioned_ready;
    struct cp_pool_mean utilization;     /* in use, of those ready; 0 without provisioned */
    struct cp_pool_mean changes_per_day; /* of the number provisioned */
    struct cp_pool_mean mean_billed_ms;  /* per served request; NAN when a law has no values */
    /* in flight at most this for so much of the time */
    double p50_concurrency, p95_concurrency, p999_concurrency;
    int max_concurrency;
    double longest_reuse_ms; /* longest idle interval after which an environment was used again */
};

/* CP_EINVAL with a sentence for options that cannot be. */
enum cp_code cp_pool_options_check(const struct cp_pool_options *options, struct cp_error *err);
/* CP_EINVAL for options out of range, CP_ENOMEM, CP_ELIMIT: too many requests wait for a retry. */
enum cp_code cp_pool_simulate(const struct cp_pool_options *options, struct cp_pool_result *result,
                              struct cp_error *err);

#endif
