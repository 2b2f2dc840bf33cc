/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/pool_sim.h"

#include "model/base/parallel.h"
#include "model/base/units.h"
#include "model/decide/env_pool.h"
#include "model/decide/pool_hours.h"
#include "model/decide/pool_rules.h"
#include "model/decide/price.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_LEVELS = 256 };

/* Random streams of one replication. Separate ones, so that two pools that differ in size see the
 * same arrivals. */
enum { STREAM_ARRIVAL, STREAM_COLD, STREAM_WARM, STREAM_LIFETIME, N_STREAMS };
static const uint64_t pick_streams = UINT64_C(1) << 32; /* behind those of any replication */
static const double ms_per_day = 24.0 * CP_MS_PER_HOUR;
static const double most_ms = (double)CP_HISTOGRAM_VALUE_MAX / 1000;

/* Counters of one replication, counted time only. */
struct tally {
    uint64_t arrivals, cold, spillover, provisioned, throttled, retries, waiting;
    uint64_t changes, allocated;
    double provisioned_busy_ms, provisioned_ready_ms;
    double longest_reuse_ms;
};

/* One replication: all it needs is its own, so that replications can run side by side. */
struct sim {
    const struct cp_pool_options *options;
    struct cp_arrivals arrivals;
    struct cp_rng rng[N_STREAMS], pick;
    struct cp_env_pool pool;
    struct cp_provisioned provisioned;
    struct cp_rate_bucket requests, starts;
    struct cp_event_heap retries;
    struct cp_histogram latency_us;
    struct cp_pool_hours hours; /* empty unless they are asked for */
    double *level_ms;           /* time spent with i requests in flight */
    size_t cap_levels;
    double count_from, end, last_event;
    bool is_tracked; /* more than levels is kept over time: hours, tracking */
    double provisioned_since;
    int provisioned_busy; /* may exceed what the schedule has left for a while */
    struct tally tally;
    enum cp_code code;
};

/* A request now in hand. */
struct request {
    struct cp_retry from; /* first arrival, attempts before this one */
    bool is_counted;
};

/* Metrics that are averaged over replications. */
enum {
    M_COLD,
    M_SPILLOVER,
    M_THROTTLED,
    M_BUSY,
    M_ENVS,
    M_ON_DEMAND_BUSY,
    M_PROVISIONED_BUSY,
    M_PROVISIONED_READY,
    M_UTILIZATION,
    M_CHANGES,
    M_BILLED,
    N_METRICS
};

static double draw_survival(const void *context, struct cp_rng *rng)
{
    const struct cp_pool_survival *s = context;
    if (!s->survival || s->survival->n_points == 0)
        return s->longest_ms;
    return fmin(cp_idle_survival_draw_ms(s->survival, rng), s->longest_ms);
}

struct cp_pool_law cp_pool_law_of_survival(const struct cp_pool_survival *survival)
{
    return (struct cp_pool_law){.draw_ms = draw_survival, .context = survival};
}

static inline double later(double a, double b)
{
    return a > b ? a : b; /* fmax is a call */
}

static inline double earlier(double a, double b)
{
    return a < b ? a : b;
}

/* How much of the time from `from` to `to` is counted. */
static double counted_ms(const struct sim *s, double from, double to)
{
    return later(0, earlier(to, s->end) - later(from, s->count_from));
}

static void keep_track(struct sim *s, double from, double now)
{
    if (s->options->by_hour && now > from)
        cp_pool_hours_pass(&s->hours, from, now, s->pool.departures.n, s->provisioned.n);
    if (s->options->tracking.target > 0)
        cp_provisioned_pass(&s->provisioned, s->provisioned_busy, now - s->last_event);
}

/* Time passes: the current level was held since the last event. */
static inline void pass_until(struct sim *s, double now)
{
    double from = later(s->last_event, s->count_from);
    s->level_ms[s->pool.departures.n] += later(0, now - from);
    if (s->is_tracked)
        keep_track(s, from, now);
    s->last_event = now;
}

/* The number of provisioned environments was the same since `provisioned_since`. */
static void pass_provisioned(struct sim *s, double now)
{
    s->tally.provisioned_ready_ms += s->provisioned.n * counted_ms(s, s->provisioned_since, now);
    s->provisioned_since = now;
}

static void depart(struct sim *s)
{
    struct cp_event d = cp_event_heap_pop(&s->pool.departures);
    if (d.what == CP_ENV_PROVISIONED)
        s->provisioned_busy--;
    else
        cp_env_pool_release(&s->pool, (int32_t)d.what, d.at,
                            cp_pool_law_draw(&s->options->lifetime, &s->rng[STREAM_LIFETIME]));
}

/* The number of provisioned environments changes, or an alarm looks at them. */
static void change_provisioned(struct sim *s, double now)
{
    struct cp_provisioned *p = &s->provisioned;
    uint64_t n_changes = p->n_changes;
    uint64_t n_allocated = p->n_allocated;
    pass_provisioned(s, now);
    cp_provisioned_advance(p);
    if (now < s->count_from)
        return;
    s->tally.changes += p->n_changes - n_changes;
    s->tally.allocated += p->n_allocated - n_allocated;
}

/* Departures and changes of provisioned environments up to `now`, in their order. */
static void advance(struct sim *s, double now)
{
    for (;;) {
        double departure = cp_event_heap_next(&s->pool.departures);
        double change = s->provisioned.next;
        double next = earlier(departure, change);
        if (next > now)
            break;
        pass_until(s, next);
        if (departure <= change)
            depart(s);
        else
            change_provisioned(s, next);
    }
    pass_until(s, now);
}

static bool grow_levels(struct sim *s)
{
    if (s->pool.departures.n < s->cap_levels)
        return true;
    double *levels = realloc(s->level_ms, 2 * s->cap_levels * sizeof *levels);
    if (!levels)
        return false;
    memset(levels + s->cap_levels, 0, s->cap_levels * sizeof *levels);
    s->level_ms = levels;
    s->cap_levels *= 2;
    return true;
}

/* By way of a signed number: one instruction. */
static uint64_t to_us(double ms)
{
    return ms < most_ms ? (uint64_t)(int64_t)(1000 * ms + 0.5) : CP_HISTOGRAM_VALUE_MAX;
}

static enum cp_code serve(struct sim *s, double now, const struct request *r, int32_t slot,
                          double duration_ms)
{
    if (slot == CP_ENV_NONE)
        return CP_ENOMEM;
    enum cp_code code =
        cp_event_heap_push(&s->pool.departures, (struct cp_event){now + duration_ms, slot});
    if (!code && !grow_levels(s))
        code = CP_ENOMEM;
    if (!code && r->is_counted && s->options->latency_us)
        code = cp_histogram_add(&s->latency_us, to_us(now + duration_ms - r->from.first_at));
    return code;
}

/* It comes again, or is lost. */
static enum cp_code throttle(struct sim *s, double now, const struct request *r)
{
    double again = s->options->retry.max_age_ms > 0 ? cp_retry_at(&s->options->retry, &r->from, now)
                                                    : INFINITY;
    if (isinf(again)) {
        s->tally.throttled += r->is_counted;
        return CP_OK;
    }
    if (s->retries.n == CP_RETRIES_MAX)
        return CP_ELIMIT;
    struct cp_retry next = {r->from.first_at, r->from.attempts + 1};
    return cp_event_heap_push(&s->retries, (struct cp_event){again, cp_retry_pack(&next)});
}

static enum cp_code serve_on_demand(struct sim *s, double now, const struct request *r)
{
    enum cp_pool_pick pick = s->options->pick;
    int32_t slot = pick == CP_POOL_PICK_RANDOM
                       ? cp_env_pool_take_random(&s->pool, now, &s->pick)
                       : cp_env_pool_take(&s->pool, now, pick == CP_POOL_PICK_OLDEST);
    if (slot != CP_ENV_NONE) {
        s->tally.spillover += r->is_counted && s->provisioned.n > 0;
        double idle_ms = now - s->pool.envs[slot].free_at;
        s->tally.longest_reuse_ms = later(s->tally.longest_reuse_ms, idle_ms);
        return serve(s, now, r, slot, cp_pool_law_draw(&s->options->warm, &s->rng[STREAM_WARM]));
    }
    if (!cp_rate_bucket_take(&s->starts, now))
        return throttle(s, now, r);
    s->tally.spillover += r->is_counted && s->provisioned.n > 0;
    s->tally.cold += r->is_counted;
    if (s->options->by_hour && r->is_counted)
        cp_pool_hours_start_cold(&s->hours, now);
    double cold_ms = cp_pool_law_draw(&s->options->cold, &s->rng[STREAM_COLD]);
    return serve(s, now, r, cp_env_pool_create(&s->pool, now), cold_ms);
}

static enum cp_code attempt(struct sim *s, double now, const struct request *r)
{
    bool is_full = s->options->limit && s->pool.departures.n >= (size_t)s->options->limit;
    if (is_full || !cp_rate_bucket_take(&s->requests, now))
        return throttle(s, now, r);
    if (s->provisioned_busy >= s->provisioned.n)
        return serve_on_demand(s, now, r);
    double warm_ms = cp_pool_law_draw(&s->options->warm, &s->rng[STREAM_WARM]);
    s->provisioned_busy++;
    s->tally.provisioned += r->is_counted;
    s->tally.provisioned_busy_ms += counted_ms(s, now, now + warm_ms);
    return serve(s, now, r, CP_ENV_PROVISIONED, warm_ms);
}

static enum cp_code arrive(struct sim *s, double now)
{
    struct request r = {.from = {.first_at = now}, .is_counted = now >= s->count_from};
    s->tally.arrivals += r.is_counted;
    if (s->options->by_hour && r.is_counted)
        cp_pool_hours_arrive(&s->hours, now);
    return attempt(s, now, &r);
}

static enum cp_code try_again(struct sim *s)
{
    struct cp_event event = cp_event_heap_pop(&s->retries);
    struct request r = {.from = cp_retry_unpack(event.what)};
    r.is_counted = r.from.first_at >= s->count_from;
    s->tally.retries += r.is_counted;
    return attempt(s, event.at, &r);
}

static void count_waiting(struct sim *s)
{
    for (size_t i = 0; i < s->retries.n; i++)
        s->tally.waiting +=
            cp_retry_unpack(s->retries.what[s->retries.first + i]).first_at >= s->count_from;
}

static enum cp_code replicate(struct sim *s)
{
    enum cp_code code = CP_OK;
    double arrival = cp_arrivals_next(&s->arrivals);
    while (!code) {
        double retry = cp_event_heap_next(&s->retries);
        double now = earlier(arrival, retry);
        if (now >= s->end)
            break;
        advance(s, now);
        if (arrival <= retry) {
            code = arrive(s, now);
            arrival = cp_arrivals_next(&s->arrivals);
        } else {
            code = try_again(s);
        }
    }
    advance(s, s->end);
    pass_provisioned(s, s->end);
    count_waiting(s);
    code = code ? code : s->hours.code;
    return code ? code : s->arrivals.code;
}

static double mean_billed_ms(const struct cp_pool_law *law)
{
    if (law->draw_ms)
        return NAN;
    double sum = 0;
    for (size_t i = 0; i < law->n; i++)
        sum += cp_price_billed_ms(law->ms[i], NAN);
    return sum / (double)law->n;
}

static double busy_ms(const struct sim *s)
{
    double sum = 0;
    for (size_t i = 1; i < s->cap_levels; i++)
        sum += (double)i * s->level_ms[i];
    return sum;
}

/* A metric is a ratio of two sums. */
struct ratio {
    double part, whole;
};

/* Of one replication. */
static void measure(const struct sim *s, struct ratio m[N_METRICS])
{
    const struct tally *t = &s->tally;
    double counted_ms = s->end - s->count_from;
    double served = (double)(t->arrivals - t->throttled - t->waiting);
    double cold = (double)t->cold;
    double in_flight_ms = busy_ms(s);
    double alive_ms = cp_env_pool_alive_ms(&s->pool, s->end);
    /* given the counts, the means of the laws: no noise from which values were drawn */
    double billed_ms = cold * mean_billed_ms(&s->options->cold) +
                       (served - cold) * mean_billed_ms(&s->options->warm);
    m[M_COLD] = (struct ratio){cold, served};
    m[M_SPILLOVER] = (struct ratio){(double)t->spillover, served};
    m[M_THROTTLED] = (struct ratio){(double)t->throttled, (double)t->arrivals};
    m[M_BUSY] = (struct ratio){in_flight_ms, counted_ms};
    m[M_ON_DEMAND_BUSY] = (struct ratio){in_flight_ms - t->provisioned_busy_ms, counted_ms};
    m[M_ENVS] = (struct ratio){alive_ms + t->provisioned_ready_ms, counted_ms};
    m[M_PROVISIONED_BUSY] = (struct ratio){t->provisioned_busy_ms, counted_ms};
    m[M_PROVISIONED_READY] = (struct ratio){t->provisioned_ready_ms, counted_ms};
    m[M_UTILIZATION] = (struct ratio){t->provisioned_busy_ms, t->provisioned_ready_ms};
    m[M_CHANGES] = (struct ratio){(double)t->changes, counted_ms / ms_per_day};
    m[M_BILLED] = (struct ratio){billed_ms, served};
}

static void add_tally(struct cp_pool_result *r, const struct tally *t)
{
    r->n_arrivals += t->arrivals;
    r->n_cold += t->cold;
    r->n_spillover += t->spillover;
    r->n_provisioned += t->provisioned;
    r->n_allocated += t->allocated;
    r->n_throttled += t->throttled;
    r->n_retries += t->retries;
    r->n_waiting += t->waiting;
    r->longest_reuse_ms = fmax(r->longest_reuse_ms, t->longest_reuse_ms);
}

static double level_ms(const struct sim *sims, int n, size_t level)
{
    double ms = 0;
    for (int i = 0; i < n; i++)
        ms += level < sims[i].cap_levels ? sims[i].level_ms[level] : 0;
    return ms;
}

static void read_levels(const struct sim *sims, int n, struct cp_pool_result *r)
{
    size_t n_levels = 0;
    double total = 0;
    for (int i = 0; i < n; i++)
        n_levels = sims[i].cap_levels > n_levels ? sims[i].cap_levels : n_levels;
    for (size_t level = 0; level < n_levels; level++) {
        double ms = level_ms(sims, n, level);
        total += ms;
        r->max_concurrency = ms > 0 ? (int)level : r->max_concurrency;
    }
    static const double shares[] = {0.5, 0.95, 0.999};
    double *const quantiles[] = {&r->p50_concurrency, &r->p95_concurrency, &r->p999_concurrency};
    double below = level_ms(sims, n, 0);
    size_t level = 0;
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        while (level + 1 < n_levels && below < shares[i] * total)
            below += level_ms(sims, n, ++level);
        *quantiles[i] = (double)level;
    }
}

/* `part` and `whole` hold n values of each metric. */
static void summarise(const struct cp_pool_options *o, const double *part, const double *whole,
                      int n, struct cp_pool_result *r)
{
    double confidence = o->confidence > 0 ? o->confidence : 0.95;
    int strata = cp_pool_strata(o);
    struct cp_pool_mean *const means[N_METRICS] = {
        [M_COLD] = &r->cold_share,
        [M_SPILLOVER] = &r->spillover_share,
        [M_THROTTLED] = &r->throttled_share,
        [M_BUSY] = &r->mean_busy,
        [M_ENVS] = &r->mean_envs,
        [M_ON_DEMAND_BUSY] = &r->on_demand_busy,
        [M_PROVISIONED_BUSY] = &r->provisioned_busy,
        [M_PROVISIONED_READY] = &r->provisioned_ready,
        [M_UTILIZATION] = &r->utilization,
        [M_CHANGES] = &r->changes_per_day,
        [M_BILLED] = &r->mean_billed_ms,
    };
    for (int i = 0; i < N_METRICS; i++)
        *means[i] = cp_pool_mean_of_share(part + (ptrdiff_t)i * n, whole + (ptrdiff_t)i * n, n,
                                          strata, confidence);
    uint64_t served = r->n_arrivals - r->n_throttled - r->n_waiting;
    cp_pool_mean_widen(&r->cold_share, r->n_cold, served, confidence);
}

bool cp_pool_law_is_usable(const struct cp_pool_law *law)
{
    return law->draw_ms || (law->ms && law->n && law->n <= UINT32_MAX);
}

static bool is_schedule(const struct cp_pool_schedule *s)
{
    if (s->n_steps && (!s->steps || !(s->period_ms > 0) || isinf(s->period_ms)))
        return false;
    for (size_t i = 0; i < s->n_steps; i++) {
        if (!(s->steps[i].from_ms >= (i ? s->steps[i - 1].from_ms : 0)) ||
            !(s->steps[i].from_ms < s->period_ms) || s->steps[i].n < 0)
            return false;
    }
    return s->ready_ms >= 0 && !isinf(s->ready_ms);
}

static bool is_rule(double value)
{
    return value >= 0 && !isinf(value);
}

enum cp_code cp_pool_options_check(const struct cp_pool_options *o, struct cp_error *err)
{
    if (!(o->horizon_ms > 0) || isinf(o->horizon_ms))
        return cp_fail(err, CP_EINVAL, "simulated time %g ms is not above 0", o->horizon_ms);
    if (!is_rule(o->warm_up_ms))
        return cp_fail(err, CP_EINVAL, "warm-up %g ms is not a time", o->warm_up_ms);
    if (!cp_pool_law_is_usable(&o->cold) || !cp_pool_law_is_usable(&o->warm) ||
        !cp_pool_law_is_usable(&o->lifetime))
        return cp_fail(err, CP_EINVAL, "a simulated pool needs cold, warm and lifetime values");
    if (o->provisioned < 0 || o->limit < 0)
        return cp_fail(err, CP_EINVAL, "provisioned concurrency %d or limit %d is negative",
                       o->provisioned, o->limit);
    if (!is_schedule(&o->schedule))
        return cp_fail(
            err, CP_EINVAL,
            "a schedule needs ascending times within its period and numbers of 0 and more");
    if (!cp_pool_tracking_is_usable(&o->tracking))
        return cp_fail(err, CP_EINVAL,
                       "target tracking needs a target from 0 to 1, a range of environments, and "
                       "up to %d points of an alarm",
                       CP_TRACKING_POINTS_MAX);
    if (o->tracking.target > 0 && o->schedule.n_steps > 0)
        return cp_fail(err, CP_EINVAL,
                       "provisioned environments follow a schedule or a target, not both");
    if (!is_rule(o->starts_per_10_s) || !is_rule(o->requests_per_s))
        return cp_fail(err, CP_EINVAL, "rate limits %g and %g are not rates", o->starts_per_10_s,
                       o->requests_per_s);
    if (!is_rule(o->retry.max_age_ms) || !is_rule(o->retry.longest_delay_ms) ||
        (o->retry.max_age_ms > 0 && !(o->retry.first_delay_ms > 0)))
        return cp_fail(err, CP_EINVAL, "retries need a delay above 0 and an age");
    if (!is_rule(o->window_step_ms) || !isfinite(o->week_origin_ms))
        return cp_fail(err, CP_EINVAL, "windows %g ms apart in a week from %g ms on cannot be",
                       o->window_step_ms, o->week_origin_ms);
    if (o->replications == 1 || o->replications < 0)
        return cp_fail(err, CP_EINVAL, "%d replications give no interval", o->replications);
    return CP_OK;
}

static void sim_clear(struct sim *s)
{
    cp_arrivals_close(&s->arrivals);
    cp_env_pool_clear(&s->pool);
    cp_event_heap_clear(&s->retries);
    cp_histogram_clear(&s->latency_us);
    cp_pool_hours_clear(&s->hours);
    free(s->level_ms);
}

static enum cp_code sim_init(struct sim *s, const struct cp_pool_options *o, uint64_t replication,
                             struct cp_error *err)
{
    *s =
        (struct sim){.options = o,
                     .cap_levels = FIRST_LEVELS,
                     .count_from = o->warm_up_ms,
                     .end = o->warm_up_ms + o->horizon_ms,
                     .is_tracked = o->by_hour || o->tracking.target > 0,
                     .provisioned = cp_provisioned_start(o, cp_pool_week_origin_ms(o, replication)),
                     .hours = {.week_origin = cp_pool_week_origin_ms(o, replication)},
                     .requests = cp_rate_bucket_full(o->requests_per_s / 1000, o->requests_per_s),
                     .starts = cp_rate_bucket_full(o->starts_per_10_s / 10e3, o->starts_per_10_s)};
    uint64_t stream = replication * N_STREAMS;
    enum cp_code code =
        cp_pool_open_arrivals(o, replication, stream + STREAM_ARRIVAL, &s->arrivals, err);
    if (code)
        return code;
    for (uint64_t i = STREAM_ARRIVAL + 1; i < N_STREAMS; i++)
        cp_rng_init(&s->rng[i], o->seed, stream + i);
    cp_rng_init(&s->pick, o->seed, pick_streams + replication);
    s->level_ms = calloc(FIRST_LEVELS, sizeof *s->level_ms);
    code = s->level_ms ? cp_env_pool_init(&s->pool, s->count_from) : CP_ENOMEM;
    return code ? cp_fail(err, code, "cannot simulate the pool: %s", cp_code_text(code)) : CP_OK;
}

static void run_one(void *context, size_t i)
{
    struct sim *s = (struct sim *)context + i;
    s->code = replicate(s);
}

static enum cp_code collect(const struct cp_pool_options *o, struct sim *sims, int n,
                            struct cp_pool_hours *hours, struct cp_pool_result *r)
{
    size_t n_values = (size_t)n * N_METRICS;
    double *part = calloc(2 * n_values, sizeof *part);
    enum cp_code code = part ? CP_OK : CP_ENOMEM;
    double *whole = part ? part + n_values : NULL;
    for (int i = 0; !code && i < n; i++) {
        code = sims[i].code;
        if (!code && o->latency_us)
            code = cp_histogram_merge(o->latency_us, &sims[i].latency_us);
        if (!code && o->by_hour)
            code = cp_pool_hours_merge(hours, &sims[i].hours);
        if (code)
            break;
        struct ratio m[N_METRICS];
        measure(&sims[i], m);
        for (int k = 0; k < N_METRICS; k++) {
            part[k * n + i] = m[k].part;
            whole[k * n + i] = m[k].whole;
        }
        add_tally(r, &sims[i].tally);
    }
    if (!code) {
        summarise(o, part, whole, n, r);
        read_levels(sims, n, r);
    }
    free(part);
    return code;
}

static enum cp_code run(const struct cp_pool_options *o, struct sim *sims, int n,
                        struct cp_pool_result *r, struct cp_error *err)
{
    cp_parallel((size_t)n, o->n_threads, run_one, sims);
    struct cp_pool_hours hours = {0};
    enum cp_code code = collect(o, sims, n, &hours, r);
    if (!code && o->by_hour)
        cp_pool_hours_read(&hours, o->by_hour);
    cp_pool_hours_clear(&hours);
    if (code == CP_ELIMIT)
        return cp_fail(
            err, code,
            "more than %d throttled requests wait for a retry: the limit is too far below "
            "the traffic to simulate",
            CP_RETRIES_MAX);
    return code ? cp_fail(err, code, "cannot simulate the pool: %s", cp_code_text(code)) : CP_OK;
}

enum cp_code cp_pool_simulate(const struct cp_pool_options *options, struct cp_pool_result *result,
                              struct cp_error *err)
{
    *result = (struct cp_pool_result){.status = CP_EINVAL};
    enum cp_code code = cp_pool_options_check(options, err);
    if (code)
        return code;
    int n = options->replications ? options->replications : CP_POOL_REPLICATIONS;
    struct sim *sims = calloc((size_t)n, sizeof *sims);
    if (!sims) {
        result->status = CP_ENOMEM;
        return cp_fail(err, CP_ENOMEM, "cannot simulate the pool: %s", cp_code_text(CP_ENOMEM));
    }
    int n_open = 0;
    for (; !code && n_open < n; n_open++)
        code = sim_init(&sims[n_open], options, (uint64_t)n_open, err);
    if (!code)
        code = run(options, sims, n, result, err);
    for (int i = 0; i < n_open; i++)
        sim_clear(&sims[i]);
    free(sims);
    result->status = code;
    return code;
}
