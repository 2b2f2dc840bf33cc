/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/idle_survival.h"

#include <math.h>
#include <string.h>

#include "model/stat/binomial.h"

static const double confidence = 0.95;

/* First point whose interval is not below `interval_ms`. */
static size_t position_of(const struct cp_idle_survival *s, double interval_ms)
{
    size_t i = 0;
    while (i < s->n_points && s->points[i].idle_interval_ms < interval_ms)
        i++;
    return i;
}

/* Adds counts at an interval, keeping the points ascending. */
static enum cp_code add_counts(struct cp_idle_survival *s, double interval_ms, size_t n,
                               size_t n_cold)
{
    if (!(interval_ms >= 0 && isfinite(interval_ms)) || n_cold > n)
        return CP_EINVAL;
    if (n == 0)
        return CP_OK;
    size_t i = position_of(s, interval_ms);
    struct cp_idle_point *p = &s->points[i];
    if (i == s->n_points || interval_ms < p->idle_interval_ms) {
        if (s->n_points == CP_IDLE_POINTS_MAX)
            return CP_ELIMIT;
        memmove(p + 1, p, (s->n_points - i) * sizeof *p);
        *p = (struct cp_idle_point){.idle_interval_ms = interval_ms};
        s->n_points++;
    }
    p->n += n;
    p->n_cold += n_cold;
    s->n_probes += n;
    return CP_OK;
}

/* Pool adjacent violators: blocks of points with their counts; a block whose cold share is not
 * above that of the block before it joins that block. */
static void fit_isotonic(struct cp_idle_survival *s)
{
    struct {
        size_t end; /* one past its last point */
        double n, n_cold;
    } blocks[CP_IDLE_POINTS_MAX];
    size_t n_blocks = 0;
    for (size_t i = 0; i < s->n_points; i++) {
        blocks[n_blocks].end = i + 1;
        blocks[n_blocks].n = (double)s->points[i].n;
        blocks[n_blocks].n_cold = (double)s->points[i].n_cold;
        n_blocks++;
        while (n_blocks > 1 && blocks[n_blocks - 2].n_cold * blocks[n_blocks - 1].n >=
                                   blocks[n_blocks - 1].n_cold * blocks[n_blocks - 2].n) {
            n_blocks--;
            blocks[n_blocks - 1].end = blocks[n_blocks].end;
            blocks[n_blocks - 1].n += blocks[n_blocks].n;
            blocks[n_blocks - 1].n_cold += blocks[n_blocks].n_cold;
        }
    }
    size_t i = 0;
    for (size_t b = 0; b < n_blocks; b++) {
        for (; i < blocks[b].end; i++)
            s->points[i].cold_probability = blocks[b].n_cold / blocks[b].n;
    }
}

static void find_threshold(struct cp_idle_survival *s)
{
    size_t first_cold = 0;
    while (first_cold < s->n_points && s->points[first_cold].n_cold == 0)
        first_cold++;
    s->last_warm_ms = first_cold ? s->points[first_cold - 1].idle_interval_ms : 0;
    s->first_cold_ms = INFINITY;
    if (first_cold == s->n_points)
        return;
    s->first_cold_ms = s->points[first_cold].idle_interval_ms;
    s->is_separated = true;
    for (size_t i = first_cold; i < s->n_points; i++)
        s->is_separated = s->is_separated && s->points[i].n_cold == s->points[i].n;
}

/* Fits the counts gathered in `s`; `status` is the outcome of gathering. */
static void finish(struct cp_idle_survival *s, enum cp_code status)
{
    if (status == CP_OK && s->n_points == 0)
        status = CP_ENODATA;
    if (status) {
        *s = (struct cp_idle_survival){.status = status, .first_cold_ms = INFINITY};
        return;
    }
    for (size_t i = 0; i < s->n_points; i++) {
        struct cp_idle_point *p = &s->points[i];
        p->cold_share = (double)p->n_cold / (double)p->n;
        (void)cp_binomial_interval(p->n_cold, p->n, confidence, &p->low, &p->high);
    }
    fit_isotonic(s);
    find_threshold(s);
}

void cp_idle_survival_of_samples(const struct cp_sample *samples, size_t n,
                                 struct cp_idle_survival *out)
{
    enum cp_code status = CP_OK;
    *out = (struct cp_idle_survival){0};
    for (size_t i = 0; i < n && status == CP_OK; i++) {
        const struct cp_sample *s = &samples[i];
        /* a restored environment is a new one: the idle one was gone */
        if (s->kind == CP_CELL_IDLE && cp_sample_is_usable(s))
            status = add_counts(out, s->idle_interval_ms, 1, s->start != CP_START_WARM);
    }
    finish(out, status);
}

void cp_idle_survival_fit(const struct cp_idle_point *counts, size_t n,
                          struct cp_idle_survival *out)
{
    enum cp_code status = CP_OK;
    *out = (struct cp_idle_survival){0};
    for (size_t i = 0; i < n && status == CP_OK; i++)
        status = add_counts(out, counts[i].idle_interval_ms, counts[i].n, counts[i].n_cold);
    finish(out, status);
}

/* One linear piece of F; piece i ends at point i, piece 0 starts at (0, 0). */
struct piece {
    double from_ms, to_ms;
    double from, to;
};

static struct piece piece_at(const struct cp_idle_survival *s, size_t i)
{
    const struct cp_idle_point *end = &s->points[i];
    struct piece p = {.to_ms = end->idle_interval_ms, .to = end->cold_probability};
    if (i > 0) {
        p.from_ms = end[-1].idle_interval_ms;
        p.from = end[-1].cold_probability;
    }
    return p;
}

double cp_idle_survival_cold_probability(const struct cp_idle_survival *s, double gap_ms,
                                         bool *is_extrapolated)
{
    if (is_extrapolated)
        *is_extrapolated = false;
    if (s->status || isnan(gap_ms))
        return NAN;
    size_t i = position_of(s, gap_ms);
    if (i == s->n_points) {
        if (is_extrapolated)
            *is_extrapolated = true;
        return s->points[i - 1].cold_probability;
    }
    struct piece p = piece_at(s, i);
    if (gap_ms >= p.to_ms)
        return p.to;
    return p.from + (p.to - p.from) * fmax(gap_ms - p.from_ms, 0) / (p.to_ms - p.from_ms);
}

double cp_idle_survival_draw_ms(const struct cp_idle_survival *s, struct cp_rng *rng)
{
    if (s->status)
        return NAN;
    double u = cp_rng_uniform(rng);
    for (size_t i = 0; i < s->n_points; i++) {
        struct piece p = piece_at(s, i);
        if (u <= p.to)
            return p.from_ms + (p.to_ms - p.from_ms) * (u - p.from) / (p.to - p.from);
    }
    return INFINITY;
}
