/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/pool_sim.h"

#include "model/decide/env_pool.h"
#include "model/decide/price.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_REPLICATIONS = 10, FIRST_LEVELS = 256, RARE_COUNT_MAX = 1000 };

/* Random streams of one replication. Separate ones, so that two pools that differ in size see the
 * same arrivals. */
enum { STREAM_ARRIVAL, STREAM_COLD, STREAM_WARM, STREAM_LIFETIME, N_STREAMS };

/* Counters of one replication, counted time only. */
struct tally {
    uint64_t arrivals, cold, spillover, throttled;
    double provisioned_busy_ms;
    double longest_reuse_ms;
};

struct sim {
    const struct cp_pool_options *options;
    struct cp_rng rng[N_STREAMS];
    struct cp_env_pool pool;
    double *level_ms; /* time spent with i requests in flight */
    size_t cap_levels;
    double mean_interarrival_ms;
    double count_from, end, last_event;
    int provisioned_free;
    struct tally tally;
};

/* Metrics that are averaged over replications. */
enum { M_COLD, M_SPILLOVER, M_THROTTLED, M_BUSY, M_ENVS, M_PROVISIONED_BUSY, M_BILLED, N_METRICS };

static double draw(const struct cp_pool_law *law, struct cp_rng *rng)
{
    if (law->draw_ms)
        return law->draw_ms(law->context, rng);
    /* multiply-shift instead of a division: bias below n / 2^32 */
    return law->ms[(cp_rng_next(rng) >> 32) * law->n >> 32];
}

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

static double interarrival_ms(struct sim *s)
{
    if (s->options->arrivals == CP_POOL_PERIODIC)
        return s->mean_interarrival_ms;
    return cp_rng_exponential(&s->rng[STREAM_ARRIVAL], s->mean_interarrival_ms);
}

/* Time passes: the current level was held since the last event. */
static void pass_until(struct sim *s, double now)
{
    double from = fmax(s->last_event, s->count_from);
    if (now > from) {
        s->level_ms[s->pool.n_busy] += now - from;
        int in_use = s->options->provisioned - s->provisioned_free;
        s->tally.provisioned_busy_ms += in_use * (now - from);
    }
    s->last_event = now;
}

static void depart_until(struct sim *s, double now)
{
    while (s->pool.n_busy && s->pool.heap[1].at <= now) {
        pass_until(s, s->pool.heap[1].at);
        struct cp_departure d = cp_env_pool_depart(&s->pool);
        if (d.slot == CP_ENV_PROVISIONED)
            s->provisioned_free++;
        else
            cp_env_pool_release(&s->pool, d.slot, d.at,
                                draw(&s->options->lifetime, &s->rng[STREAM_LIFETIME]));
    }
}

static bool grow_levels(struct sim *s)
{
    if (s->pool.n_busy < s->cap_levels)
        return true;
    double *levels = realloc(s->level_ms, 2 * s->cap_levels * sizeof *levels);
    if (!levels)
        return false;
    memset(levels + s->cap_levels, 0, s->cap_levels * sizeof *levels);
    s->level_ms = levels;
    s->cap_levels *= 2;
    return true;
}

static bool serve(struct sim *s, double now, int32_t slot, double duration_ms)
{
    return slot != CP_ENV_NONE &&
           cp_env_pool_depart_later(&s->pool, now + duration_ms, slot) == CP_OK && grow_levels(s);
}

static bool serve_on_demand(struct sim *s, double now, bool is_counted)
{
    s->tally.spillover += is_counted && s->options->provisioned;
    int32_t slot = cp_env_pool_take(&s->pool, now);
    if (slot == CP_ENV_NONE) {
        s->tally.cold += is_counted;
        double cold_ms = draw(&s->options->cold, &s->rng[STREAM_COLD]);
        return serve(s, now, cp_env_pool_create(&s->pool, now), cold_ms);
    }
    s->tally.longest_reuse_ms = fmax(s->tally.longest_reuse_ms, now - s->pool.envs[slot].free_at);
    return serve(s, now, slot, draw(&s->options->warm, &s->rng[STREAM_WARM]));
}

/* False when memory is out. */
static bool arrive(struct sim *s, double now)
{
    bool is_counted = now >= s->count_from;
    s->tally.arrivals += is_counted;
    if (s->options->limit && s->pool.n_busy >= (size_t)s->options->limit) {
        s->tally.throttled += is_counted;
        return true;
    }
    if (s->provisioned_free == 0)
        return serve_on_demand(s, now, is_counted);
    s->provisioned_free--;
    return serve(s, now, CP_ENV_PROVISIONED, draw(&s->options->warm, &s->rng[STREAM_WARM]));
}

static bool replicate(struct sim *s, int replication)
{
    for (uint64_t i = 0; i < N_STREAMS; i++)
        cp_rng_init(&s->rng[i], s->options->seed, (uint64_t)replication * N_STREAMS + i);
    cp_env_pool_reset(&s->pool, s->count_from);
    s->tally = (struct tally){0};
    s->last_event = 0;
    s->provisioned_free = s->options->provisioned;
    double now = interarrival_ms(s);
    while (now < s->end) {
        depart_until(s, now);
        pass_until(s, now);
        if (!arrive(s, now))
            return false;
        now += interarrival_ms(s);
    }
    depart_until(s, s->end);
    pass_until(s, s->end);
    return true;
}

static double ratio(double part, double whole)
{
    return whole > 0 ? part / whole : 0;
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

/* `level_ms` keeps growing over replications: its mean is taken from the difference. */
static double busy_ms(const struct sim *s)
{
    double sum = 0;
    for (size_t i = 1; i < s->cap_levels; i++)
        sum += (double)i * s->level_ms[i];
    return sum;
}

static void measure(const struct sim *s, double busy_before, double m[N_METRICS])
{
    const struct tally *t = &s->tally;
    double counted_ms = s->end - s->count_from;
    double served = (double)(t->arrivals - t->throttled);
    double cold = ratio((double)t->cold, served);
    m[M_COLD] = cold;
    m[M_SPILLOVER] = ratio((double)t->spillover, served);
    m[M_THROTTLED] = ratio((double)t->throttled, (double)t->arrivals);
    m[M_BUSY] = (busy_ms(s) - busy_before) / counted_ms;
    m[M_ENVS] = cp_env_pool_alive_ms(&s->pool, s->end) / counted_ms + s->options->provisioned;
    m[M_PROVISIONED_BUSY] = t->provisioned_busy_ms / counted_ms;
    /* given the shares, the mean of the laws: no noise from which values were drawn */
    m[M_BILLED] =
        cold * mean_billed_ms(&s->options->cold) + (1 - cold) * mean_billed_ms(&s->options->warm);
}

static void add_tally(struct cp_pool_result *r, const struct tally *t)
{
    r->n_arrivals += t->arrivals;
    r->n_cold += t->cold;
    r->n_spillover += t->spillover;
    r->n_throttled += t->throttled;
    r->longest_reuse_ms = fmax(r->longest_reuse_ms, t->longest_reuse_ms);
}

static struct cp_pool_mean t_interval(double (*m)[N_METRICS], int n, int metric, double confidence)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += m[i][metric];
    double mean = sum / n;
    double squares = 0;
    for (int i = 0; i < n; i++)
        squares += (m[i][metric] - mean) * (m[i][metric] - mean);
    double se = sqrt(squares / (n - 1) / n);
    double half = se * gsl_cdf_tdist_Pinv(0.5 + confidence / 2, n - 1);
    return (struct cp_pool_mean){mean, se, mean - half, mean + half};
}

/* Exact Poisson interval of the count (Garwood 1936); the union with the t interval. From
 * RARE_COUNT_MAX on the t interval says it all, and the chi-square inverse loses its digits. */
static void widen_for_rare(struct cp_pool_mean *share, uint64_t count, uint64_t of,
                           double confidence)
{
    if (of == 0 || count > RARE_COUNT_MAX)
        return;
    double tail = (1 - confidence) / 2;
    double low = count ? gsl_cdf_chisq_Pinv(tail, 2.0 * (double)count) / 2 : 0;
    double high = gsl_cdf_chisq_Qinv(tail, 2.0 * (double)count + 2) / 2;
    share->low = fmax(0, fmin(share->low, low / (double)of));
    share->high = fmin(1, fmax(share->high, high / (double)of));
}

static void read_levels(const struct sim *s, struct cp_pool_result *r)
{
    double total = 0;
    for (size_t i = 0; i < s->cap_levels; i++) {
        total += s->level_ms[i];
        r->max_concurrency = s->level_ms[i] > 0 ? (int)i : r->max_concurrency;
    }
    double below = 0;
    size_t level = 0;
    for (; level < s->cap_levels; level++) {
        below += s->level_ms[level];
        if (below >= 0.999 * total)
            break;
    }
    r->p999_concurrency = (double)level;
}

static void summarise(const struct sim *s, double (*m)[N_METRICS], int n, struct cp_pool_result *r)
{
    double confidence = s->options->confidence > 0 ? s->options->confidence : 0.95;
    struct cp_pool_mean *const means[N_METRICS] = {
        [M_COLD] = &r->cold_share,
        [M_SPILLOVER] = &r->spillover_share,
        [M_THROTTLED] = &r->throttled_share,
        [M_BUSY] = &r->mean_busy,
        [M_ENVS] = &r->mean_envs,
        [M_PROVISIONED_BUSY] = &r->provisioned_busy,
        [M_BILLED] = &r->mean_billed_ms,
    };
    for (int i = 0; i < N_METRICS; i++)
        *means[i] = t_interval(m, n, i, confidence);
    widen_for_rare(&r->cold_share, r->n_cold, r->n_arrivals - r->n_throttled, confidence);
    read_levels(s, r);
    r->status = CP_OK;
}

static bool is_law(const struct cp_pool_law *law)
{
    return law->draw_ms || (law->ms && law->n && law->n <= UINT32_MAX);
}

static enum cp_code check(const struct cp_pool_options *o, struct cp_error *err)
{
    if (!(o->arrivals_per_s > 0) || isinf(o->arrivals_per_s))
        return cp_fail(err, CP_EINVAL, "arrival rate %g per second is not above 0",
                       o->arrivals_per_s);
    if (!(o->horizon_ms > 0) || isinf(o->horizon_ms))
        return cp_fail(err, CP_EINVAL, "simulated time %g ms is not above 0", o->horizon_ms);
    if (!(o->warm_up_ms >= 0) || isinf(o->warm_up_ms))
        return cp_fail(err, CP_EINVAL, "warm-up %g ms is not a time", o->warm_up_ms);
    if (!is_law(&o->cold) || !is_law(&o->warm) || !is_law(&o->lifetime))
        return cp_fail(err, CP_EINVAL, "a simulated pool needs cold, warm and lifetime values");
    if (o->provisioned < 0 || o->limit < 0)
        return cp_fail(err, CP_EINVAL, "provisioned concurrency %d or limit %d is negative",
                       o->provisioned, o->limit);
    if (o->replications == 1 || o->replications < 0)
        return cp_fail(err, CP_EINVAL, "%d replications give no interval", o->replications);
    return CP_OK;
}

static enum cp_code run(struct sim *s, double (*m)[N_METRICS], int n, struct cp_pool_result *r)
{
    for (int i = 0; i < n; i++) {
        double busy_before = busy_ms(s);
        if (!replicate(s, i))
            return CP_ENOMEM;
        measure(s, busy_before, m[i]);
        add_tally(r, &s->tally);
    }
    summarise(s, m, n, r);
    return CP_OK;
}

enum cp_code cp_pool_simulate(const struct cp_pool_options *options, struct cp_pool_result *result,
                              struct cp_error *err)
{
    *result = (struct cp_pool_result){.status = CP_EINVAL};
    enum cp_code code = check(options, err);
    if (code)
        return code;
    int n = options->replications ? options->replications : DEFAULT_REPLICATIONS;
    struct sim s = {.options = options,
                    .cap_levels = FIRST_LEVELS,
                    .mean_interarrival_ms = 1000 / options->arrivals_per_s,
                    .count_from = options->warm_up_ms,
                    .end = options->warm_up_ms + options->horizon_ms};
    double(*metrics)[N_METRICS] = calloc((size_t)n, sizeof *metrics);
    s.level_ms = calloc(FIRST_LEVELS, sizeof *s.level_ms);
    code = cp_env_pool_init(&s.pool);
    if (!code)
        code = metrics && s.level_ms ? run(&s, metrics, n, result) : CP_ENOMEM;
    result->status = code;
    cp_env_pool_clear(&s.pool);
    free(s.level_ms);
    free(metrics);
    return code ? cp_fail(err, code, "cannot simulate the pool: %s", cp_code_text(code)) : CP_OK;
}
