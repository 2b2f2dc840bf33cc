/* SPDX-License-Identifier: GPL-3.0-or-later
 * What decides in a simulated pool beside its environments: where a replication lies in its
 * traffic, rates that must not be exceeded, how many provisioned environments there are by the
 * clock, and who waits for a retry. Used by pool_sim and pool_curve only. Times are double ms since
 * the start of a replication.
 */
#ifndef COLDPROF_MODEL_POOL_RULES_H
#define COLDPROF_MODEL_POOL_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/decide/pool_sim.h"

/* Where the hour 0 of a week that schedules and hours go by lies, in a replication. */
double cp_pool_week_origin_ms(const struct cp_pool_options *o, uint64_t replication);
enum cp_code cp_pool_open_arrivals(const struct cp_pool_options *o, uint64_t replication,
                                   uint64_t stream, struct cp_arrivals *a, struct cp_error *err);
/* How many replications go once round the traffic's span, when they do so without remainder; else
 * 1: all are alike. */
int cp_pool_strata(const struct cp_pool_options *o);

/* Token bucket: at most `cap` at once and `per_ms` on average. per_ms 0: no limit. */
struct cp_rate_bucket {
    double per_ms, cap;
    double level, at;
};
struct cp_rate_bucket cp_rate_bucket_full(double per_ms, double cap);
bool cp_rate_bucket_draw(struct cp_rate_bucket *b, double now);
static inline bool cp_rate_bucket_take(struct cp_rate_bucket *b, double now)
{
    return b->per_ms == 0 || cp_rate_bucket_draw(b, now);
}

/* The number of provisioned environments over time: constant, by a schedule, or by tracking. */
struct cp_provisioned {
    const struct cp_pool_schedule *schedule;
    const struct cp_pool_tracking *tracking;
    double origin;     /* where the schedule's periods begin */
    double next_step;  /* INFINITY without a schedule */
    size_t step;       /* the one that is next */
    double next_point; /* INFINITY without tracking */
    struct cp_tracking_alarms alarms;
    double next_ready; /* more are being prepared; else INFINITY */
    double next;       /* the first of the three */
    int n_ready_then;
    int n;                           /* ready now */
    double busy_ms, ready_ms;        /* with tracking: since the last point */
    uint64_t n_changes, n_allocated; /* of the number wanted; environments asked for in addition */
};
/* At time 0 what the schedule has then is ready; with tracking, the number that it starts from. */
struct cp_provisioned cp_provisioned_start(const struct cp_pool_options *o, double origin);
/* `n_busy` of them were in use for `ms`. */
static inline void cp_provisioned_pass(struct cp_provisioned *p, int n_busy, double ms)
{
    p->busy_ms += n_busy * ms;
    p->ready_ms += p->n * ms;
}
/* The change that is next. */
void cp_provisioned_advance(struct cp_provisioned *p);

/* A request that was throttled. In a heap (event_heap.h) as one number, its first arrival rounded
 * to 1 us. */
struct cp_retry {
    double first_at;
    int attempts; /* so far, at most CP_RETRY_ATTEMPTS_MAX */
};
enum {
    CP_RETRIES_MAX = 1000000, /* waiting at once: 16 MB */
    CP_RETRY_ATTEMPTS_MAX = 65535
};
int64_t cp_retry_pack(const struct cp_retry *retry);
struct cp_retry cp_retry_unpack(int64_t packed);
/* When a request that was throttled at `now` tries again; INFINITY: it is lost. */
double cp_retry_at(const struct cp_pool_retry *rule, const struct cp_retry *request, double now);

#endif
