/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/pool_curve.h"
#include "model/base/units.h"

#include "model/base/parallel.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { WORD = 64, FIRST_NUMBERS = 256, STREAM_ARRIVAL = 0, STREAM_SERVICE, N_STREAMS };

/* One replication. */
struct sim {
    const struct cp_pool_curve_options *options;
    struct cp_arrivals arrivals;
    struct cp_rng rng;
    struct cp_event_heap departures; /* of a number, from 0 on */
    uint64_t *free;                  /* bit per number */
    double *expire_at;               /* of idle ones; -INFINITY before the first use */
    size_t n_numbers;                /* with a bit; a multiple of WORD */
    size_t first_word;               /* words below it have no free number */
    struct cp_pool_number *numbers;  /* n_buckets rows of n_max + 1 */
    size_t n_buckets;
    size_t highest;
    enum cp_code code;
};

/* --- environments by number --- */

static bool grow(struct sim *s)
{
    size_t had = s->n_numbers;
    size_t cap = had ? 2 * had : FIRST_NUMBERS;
    double *expire_at = realloc(s->expire_at, cap * sizeof *expire_at);
    s->expire_at = expire_at ? expire_at : s->expire_at;
    uint64_t *free_bits = realloc(s->free, cap / WORD * sizeof *free_bits);
    s->free = free_bits ? free_bits : s->free;
    if (!expire_at || !free_bits)
        return false;
    for (size_t i = had; i < cap; i++)
        expire_at[i] = -INFINITY;
    memset(free_bits + had / WORD, 0xff, (cap - had) / WORD * sizeof *free_bits);
    s->n_numbers = cap;
    return true;
}

/* The lowest free number, now taken; n_numbers when memory is out. */
static size_t take(struct sim *s)
{
    while (s->first_word < s->n_numbers / WORD && s->free[s->first_word] == 0)
        s->first_word++;
    if (s->first_word == s->n_numbers / WORD && !grow(s))
        return s->n_numbers;
    uint64_t *word = &s->free[s->first_word];
    size_t number = s->first_word * WORD + (size_t)__builtin_ctzll(*word);
    *word &= *word - 1;
    s->highest = number > s->highest ? number : s->highest;
    return number;
}

static void release(struct sim *s, const struct cp_event *departure)
{
    size_t number = (size_t)departure->what;
    size_t word = number / WORD;
    s->free[word] |= UINT64_C(1) << (number % WORD);
    s->first_word = word < s->first_word ? word : s->first_word;
    s->expire_at[number] = departure->at + cp_pool_law_draw(&s->options->pool.lifetime, &s->rng);
}

/* --- one replication --- */

static struct cp_pool_number *place_at(const struct sim *s, double now, size_t number)
{
    size_t n_max = (size_t)s->options->n_max;
    double hours = floor((now - s->options->pool.warm_up_ms) / CP_MS_PER_HOUR);
    size_t bucket = s->n_buckets == 1 ? 0 : (size_t)fmod(hours, CP_ARRIVALS_HOURS);
    return s->numbers + bucket * (n_max + 1) + (number < n_max ? number : n_max);
}

/* Of a request from the warm-up the time that is left of it counts, and of the last ones the time
 * up to the end. */
static void count(struct sim *s, double now, size_t number, bool is_cold, double duration_ms)
{
    double count_from = s->options->pool.warm_up_ms;
    double until = fmin(now + duration_ms, count_from + s->options->pool.horizon_ms);
    if (until < count_from)
        return;
    bool is_counted = now >= count_from;
    struct cp_pool_number *at = place_at(s, fmax(now, count_from), number);
    at->n += is_counted;
    at->n_cold += is_counted && is_cold;
    at->busy_ms += until - fmax(now, count_from);
}

static enum cp_code arrive(struct sim *s, double now)
{
    size_t number = take(s);
    if (number == s->n_numbers)
        return CP_ENOMEM;
    bool is_cold = now >= s->expire_at[number];
    double ms =
        cp_pool_law_draw(is_cold ? &s->options->pool.cold : &s->options->pool.warm, &s->rng);
    count(s, now, number, is_cold, ms);
    return cp_event_heap_push(&s->departures, (struct cp_event){now + ms, (int64_t)number});
}

static void replicate(void *context, size_t i)
{
    struct sim *s = (struct sim *)context + i;
    double end = s->options->pool.warm_up_ms + s->options->pool.horizon_ms;
    for (double now; !s->code && (now = cp_arrivals_next(&s->arrivals)) < end;) {
        while (cp_event_heap_next(&s->departures) <= now) {
            struct cp_event departure = cp_event_heap_pop(&s->departures);
            release(s, &departure);
        }
        s->code = arrive(s, now);
    }
    s->code = s->code ? s->code : s->arrivals.code;
}

static void sim_clear(struct sim *s)
{
    cp_arrivals_close(&s->arrivals);
    cp_event_heap_clear(&s->departures);
    free(s->free);
    free(s->expire_at);
    free(s->numbers);
}

static enum cp_code sim_init(struct sim *s, const struct cp_pool_curve_options *o,
                             uint64_t replication, struct cp_error *err)
{
    *s = (struct sim){.options = o, .n_buckets = o->is_by_hour ? CP_ARRIVALS_HOURS : 1};
    enum cp_code code =
        cp_arrivals_open(&s->arrivals, &o->pool.arrivals, o->pool.seed,
                         replication * N_STREAMS + STREAM_ARRIVAL, o->pool.warm_up_ms, err);
    if (code)
        return code;
    cp_rng_init(&s->rng, o->pool.seed, replication * N_STREAMS + STREAM_SERVICE);
    s->numbers = calloc(s->n_buckets * ((size_t)o->n_max + 1), sizeof *s->numbers);
    if (!s->numbers || !grow(s))
        return cp_fail(err, CP_ENOMEM, "cannot simulate the pool: %s", cp_code_text(CP_ENOMEM));
    return CP_OK;
}

/* --- all of them --- */

/* Sums over the buckets: by number, of one replication. */
static struct cp_pool_number total_of(const struct sim *s, size_t place)
{
    struct cp_pool_number sum = {0};
    for (size_t b = 0; b < s->n_buckets; b++) {
        const struct cp_pool_number *at = s->numbers + b * ((size_t)s->options->n_max + 1) + place;
        sum.n += at->n;
        sum.n_cold += at->n_cold;
        sum.busy_ms += at->busy_ms;
    }
    return sum;
}

/* Sums beyond the first n numbers (and busy time up to them), all replications side by side. */
struct beyond {
    double *n, *n_cold, *busy_ms, *all;
    double *share; /* scratch */
    uint64_t n_cold_in_all;
};

static struct cp_pool_mean mean_share(const struct beyond *b, const double *part, int n,
                                      double confidence)
{
    for (int i = 0; i < n; i++)
        b->share[i] = b->all[i] > 0 ? part[i] / b->all[i] : 0;
    return cp_pool_mean_of(b->share, n, confidence);
}

static void set_point(struct cp_pool_curve *c, const struct cp_pool_options *o,
                      const struct beyond *b, int n, struct cp_pool_point *point)
{
    double confidence = o->confidence > 0 ? o->confidence : 0.95;
    point->cold_share = mean_share(b, b->n_cold, n, confidence);
    point->spillover_share = mean_share(b, b->n, n, confidence);
    for (int i = 0; i < n; i++)
        b->share[i] = b->busy_ms[i] / o->horizon_ms;
    point->busy = cp_pool_mean_of(b->share, n, confidence);
    cp_pool_mean_widen(&point->cold_share, b->n_cold_in_all, c->n_arrivals, confidence);
}

/* From n = 0 (all is beyond) upwards, one number at a time. */
static void set_points(struct cp_pool_curve *c, const struct cp_pool_options *o,
                       const struct sim *sims, int n, struct beyond *b)
{
    for (int i = 0; i < n; i++) {
        for (size_t place = 0; place <= (size_t)c->n_max; place++) {
            struct cp_pool_number sum = total_of(&sims[i], place);
            b->n[i] += (double)sum.n;
            b->n_cold[i] += (double)sum.n_cold;
        }
        b->all[i] = b->n[i];
        c->n_arrivals += (uint64_t)b->n[i];
        c->n_cold += (uint64_t)b->n_cold[i];
    }
    b->n_cold_in_all = c->n_cold;
    for (size_t place = 0; place <= (size_t)c->n_max; place++) {
        set_point(c, o, b, n, &c->points[place]);
        for (int i = 0; i < n; i++) {
            struct cp_pool_number sum = total_of(&sims[i], place);
            b->n[i] -= (double)sum.n;
            b->n_cold[i] -= (double)sum.n_cold;
            b->busy_ms[i] += sum.busy_ms;
            b->n_cold_in_all -= sum.n_cold;
        }
    }
}

static enum cp_code collect(struct cp_pool_curve *c, const struct cp_pool_curve_options *o,
                            const struct sim *sims, int n)
{
    size_t places = (size_t)c->n_max + 1;
    double *scratch = calloc(5 * (size_t)n, sizeof *scratch);
    c->n_buckets = sims[0].n_buckets;
    c->points = calloc(places, sizeof *c->points);
    c->numbers = calloc(c->n_buckets * places, sizeof *c->numbers);
    enum cp_code code = scratch && c->points && c->numbers ? CP_OK : CP_ENOMEM;
    for (int i = 0; !code && i < n; i++) {
        code = sims[i].code;
        for (size_t k = 0; !code && k < c->n_buckets * places; k++) {
            c->numbers[k].n += sims[i].numbers[k].n;
            c->numbers[k].n_cold += sims[i].numbers[k].n_cold;
            c->numbers[k].busy_ms += sims[i].numbers[k].busy_ms;
        }
        if ((int)sims[i].highest + 1 > c->highest)
            c->highest = (int)sims[i].highest + 1;
    }
    if (!code) {
        struct beyond b = {.n = scratch,
                           .n_cold = scratch + n,
                           .busy_ms = scratch + 2 * (ptrdiff_t)n,
                           .all = scratch + 3 * (ptrdiff_t)n,
                           .share = scratch + 4 * (ptrdiff_t)n};
        set_points(c, &o->pool, sims, n, &b);
    }
    c->counted_ms = n * o->pool.horizon_ms;
    free(scratch);
    return code;
}

static enum cp_code check(const struct cp_pool_curve_options *o, struct cp_error *err)
{
    if (o->n_max < 0 || o->n_max > CP_POOL_CURVE_MAX)
        return cp_fail(err, CP_ELIMIT, "%d provisioned environments are not in 0 to %d", o->n_max,
                       CP_POOL_CURVE_MAX);
    return cp_pool_options_check(&o->pool, err);
}

enum cp_code cp_pool_curve_make(const struct cp_pool_curve_options *options,
                                struct cp_pool_curve *curve, struct cp_error *err)
{
    *curve = (struct cp_pool_curve){.status = CP_EINVAL, .n_max = options->n_max};
    enum cp_code code = check(options, err);
    if (code)
        return curve->status = code;
    int n = options->pool.replications ? options->pool.replications : CP_POOL_REPLICATIONS;
    struct sim *sims = calloc((size_t)n, sizeof *sims);
    if (!sims) {
        curve->status = CP_ENOMEM;
        return cp_fail(err, CP_ENOMEM, "cannot simulate the pool: %s", cp_code_text(CP_ENOMEM));
    }
    int n_open = 0;
    for (; !code && n_open < n; n_open++)
        code = sim_init(&sims[n_open], options, (uint64_t)n_open, err);
    if (!code) {
        cp_parallel((size_t)n, options->pool.n_threads, replicate, sims);
        code = collect(curve, options, sims, n);
        if (code)
            (void)cp_fail(err, code, "cannot simulate the pool: %s", cp_code_text(code));
    }
    for (int i = 0; i < n_open; i++)
        sim_clear(&sims[i]);
    free(sims);
    if (code)
        cp_pool_curve_clear(curve);
    return curve->status = code;
}

void cp_pool_curve_clear(struct cp_pool_curve *curve)
{
    free(curve->points);
    free(curve->numbers);
    *curve = (struct cp_pool_curve){.status = CP_ENODATA};
}

int cp_pool_curve_n_for_spillover(const struct cp_pool_curve *curve, double share)
{
    for (int n = 0; n <= curve->n_max && curve->points; n++) {
        if (curve->points[n].spillover_share.value <= share)
            return n;
    }
    return -1;
}
