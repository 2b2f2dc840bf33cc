/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/pool_curve.h"
#include "model/base/parallel.h"
#include "model/base/units.h"
#include "model/decide/pool_rules.h"

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
    struct cp_pool_number **rows;    /* n_buckets, n_max + 1 each; NULL: nothing in that hour */
    size_t n_buckets;
    double week_origin;
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

/* Of the week, 0 .. 167. */
static size_t hour_at(const struct sim *s, double now)
{
    double hour = floor((now - s->week_origin) / CP_MS_PER_HOUR);
    return (size_t)(hour - CP_ARRIVALS_HOURS * floor(hour / CP_ARRIVALS_HOURS));
}

/* NULL when memory is out. A window touches few hours, so their rows come when needed. */
static struct cp_pool_number *place_at(struct sim *s, double now, size_t number)
{
    size_t n_max = (size_t)s->options->n_max;
    struct cp_pool_number **row = &s->rows[s->n_buckets == 1 ? 0 : hour_at(s, now)];
    if (!*row)
        *row = calloc(n_max + 1, sizeof **row);
    return *row ? *row + (number < n_max ? number : n_max) : NULL;
}

/* Of a request from the warm-up the time that is left of it counts, and of the last ones the time
 * up to the end. */
static enum cp_code count(struct sim *s, double now, size_t number, bool is_cold,
                          double duration_ms)
{
    double count_from = s->options->pool.warm_up_ms;
    double until = fmin(now + duration_ms, count_from + s->options->pool.horizon_ms);
    if (until < count_from)
        return CP_OK;
    bool is_counted = now >= count_from;
    struct cp_pool_number *at = place_at(s, fmax(now, count_from), number);
    if (!at)
        return CP_ENOMEM;
    at->n += is_counted;
    at->n_cold += is_counted && is_cold;
    at->busy_ms += until - fmax(now, count_from);
    return CP_OK;
}

static bool is_ready(const struct sim *s, double now, size_t number)
{
    const int *by_hour = s->options->ready_by_hour;
    int n = by_hour ? by_hour[hour_at(s, now)] : s->options->ready;
    return n > 0 && number < (size_t)n;
}

static enum cp_code arrive(struct sim *s, double now)
{
    size_t number = take(s);
    if (number == s->n_numbers)
        return CP_ENOMEM;
    bool is_cold = now >= s->expire_at[number];
    bool waits = is_cold && !is_ready(s, now, number);
    double ms = cp_pool_law_draw(waits ? &s->options->pool.cold : &s->options->pool.warm, &s->rng);
    enum cp_code code = count(s, now, number, is_cold, ms);
    if (code)
        return code;
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
    for (size_t b = 0; s->rows && b < s->n_buckets; b++)
        free(s->rows[b]);
    free(s->rows);
}

static enum cp_code sim_init(struct sim *s, const struct cp_pool_curve_options *o,
                             uint64_t replication, struct cp_error *err)
{
    *s = (struct sim){.options = o,
                      .n_buckets = o->is_by_hour ? CP_ARRIVALS_HOURS : 1,
                      .week_origin = cp_pool_week_origin_ms(&o->pool, replication)};
    enum cp_code code = cp_pool_open_arrivals(
        &o->pool, replication, replication * N_STREAMS + STREAM_ARRIVAL, &s->arrivals, err);
    if (code)
        return code;
    cp_rng_init(&s->rng, o->pool.seed, replication * N_STREAMS + STREAM_SERVICE);
    s->rows = calloc(s->n_buckets, sizeof(struct cp_pool_number *));
    if (!s->rows || !grow(s))
        return cp_fail(err, CP_ENOMEM, "cannot simulate the pool: %s", cp_code_text(CP_ENOMEM));
    return CP_OK;
}

/* --- all of them --- */

static void add(struct cp_pool_number *to, const struct cp_pool_number *of)
{
    to->n += of->n;
    to->n_cold += of->n_cold;
    to->busy_ms += of->busy_ms;
}

/* Sums over the buckets: by number, of one replication. */
static struct cp_pool_number total_of(const struct sim *s, size_t place)
{
    struct cp_pool_number sum = {0};
    for (size_t b = 0; b < s->n_buckets; b++) {
        if (s->rows[b])
            add(&sum, &s->rows[b][place]);
    }
    return sum;
}

/* How much of the counted time of a replication lies in each hour of the week. */
static void add_hours(const struct sim *s, double *bucket_ms)
{
    double now = s->options->pool.warm_up_ms;
    double end = now + s->options->pool.horizon_ms;
    if (s->n_buckets == 1) {
        bucket_ms[0] += end - now;
        return;
    }
    double hour = floor((now - s->week_origin) / CP_MS_PER_HOUR);
    while (now < end) {
        double until = fmin(end, s->week_origin + ++hour * CP_MS_PER_HOUR);
        bucket_ms[hour_at(s, now)] += fmax(0, until - now);
        now = fmax(now, until);
    }
}

/* Sums beyond the first n numbers (and busy time up to them), all replications side by side. */
struct beyond {
    double *n, *n_cold, *busy_ms, *all;
    double *counted_ms;
    uint64_t n_cold_in_all;
};

static void set_point(struct cp_pool_curve *c, const struct cp_pool_options *o,
                      const struct beyond *b, int n, struct cp_pool_point *point)
{
    double confidence = o->confidence > 0 ? o->confidence : 0.95;
    int strata = cp_pool_strata(o);
    point->cold_share = cp_pool_mean_of_share(b->n_cold, b->all, n, strata, confidence);
    point->spillover_share = cp_pool_mean_of_share(b->n, b->all, n, strata, confidence);
    point->busy = cp_pool_mean_of_share(b->busy_ms, b->counted_ms, n, strata, confidence);
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
    c->bucket_ms = calloc(c->n_buckets, sizeof *c->bucket_ms);
    enum cp_code code = scratch && c->points && c->numbers && c->bucket_ms ? CP_OK : CP_ENOMEM;
    for (int i = 0; !code && i < n; i++) {
        code = sims[i].code;
        for (size_t b = 0; !code && b < c->n_buckets; b++) {
            for (size_t k = 0; sims[i].rows[b] && k < places; k++)
                add(&c->numbers[b * places + k], &sims[i].rows[b][k]);
        }
        add_hours(&sims[i], c->bucket_ms);
        if ((int)sims[i].highest + 1 > c->highest)
            c->highest = (int)sims[i].highest + 1;
    }
    if (!code) {
        struct beyond b = {.n = scratch,
                           .n_cold = scratch + n,
                           .busy_ms = scratch + 2 * (ptrdiff_t)n,
                           .all = scratch + 3 * (ptrdiff_t)n,
                           .counted_ms = scratch + 4 * (ptrdiff_t)n};
        for (int i = 0; i < n; i++)
            b.counted_ms[i] = o->pool.horizon_ms;
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
    free(curve->bucket_ms);
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
