/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/idle_survival.h"

#include <math.h>
#include <string.h>

#include "model/stat/binomial.h"
#include "model/stat/idle_bands.h"
#include "model/stat/isotonic.h"

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

static void fit_isotonic(struct cp_idle_survival *s)
{
    double shares[CP_IDLE_POINTS_MAX];
    double weights[CP_IDLE_POINTS_MAX];
    struct cp_isotonic_block blocks[CP_IDLE_POINTS_MAX];
    for (size_t i = 0; i < s->n_points; i++) {
        shares[i] = s->points[i].cold_share;
        weights[i] = (double)s->points[i].n;
    }
    size_t n_blocks =
        cp_isotonic_fit(shares, weights, s->n_points, CP_ISOTONIC_NON_DECREASING, blocks);
    for (size_t block = 0, i = 0; block < n_blocks; block++) {
        for (; i < blocks[block].end; i++)
            s->points[i].cold_probability = blocks[block].value;
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

static void fit_laws(struct cp_idle_survival *s)
{
    struct cp_idle_batch counts[CP_IDLE_POINTS_MAX];
    const struct cp_idle_law_options options = cp_idle_law_defaults();
    for (size_t i = 0; i < s->n_points; i++)
        counts[i] = (struct cp_idle_batch){s->points[i].idle_interval_ms, s->points[i].n,
                                           s->points[i].n_cold};
    cp_idle_laws_fit(counts, s->n_points, &options, &s->laws);
}

/* Fits the counts gathered in `s`; `status` is the outcome of gathering. */
static void finish(struct cp_idle_survival *s, enum cp_code status)
{
    if (status == CP_OK && s->n_points == 0)
        status = CP_ENODATA;
    if (status) {
        *s = (struct cp_idle_survival){.status = status,
                                       .first_cold_ms = INFINITY,
                                       .dispersion = NAN,
                                       .laws = {.status = status, .choice = CP_IDLE_LAW_NONE}};
        return;
    }
    for (size_t i = 0; i < s->n_points; i++) {
        struct cp_idle_point *p = &s->points[i];
        p->cold_share = (double)p->n_cold / (double)p->n;
        (void)cp_binomial_interval(p->n_cold, p->n, confidence, &p->low, &p->high);
        (void)cp_binomial_wilson(p->n_cold, p->n, confidence, &p->wilson_low, &p->wilson_high);
        p->band_low = p->low;
        p->band_high = p->high;
        p->band_method = CP_IDLE_BAND_PROBES;
        p->n_batches = p->n;
        p->dispersion = NAN;
    }
    s->n_batches = s->n_probes;
    s->dispersion = NAN;
    fit_isotonic(s);
    find_threshold(s);
    fit_laws(s);
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

void cp_idle_survival_of_batches(const struct cp_idle_batch *batches, size_t n,
                                 const struct cp_idle_options *options,
                                 struct cp_idle_survival *out)
{
    enum cp_code status = CP_OK;
    *out = (struct cp_idle_survival){0};
    for (size_t i = 0; i < n && status == CP_OK; i++)
        status = add_counts(out, batches[i].idle_interval_ms, batches[i].n, batches[i].n_cold);
    finish(out, status);
    if (out->status == CP_OK && cp_idle_bands_add(out, batches, n, confidence, options))
        finish(out, CP_ENOMEM);
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

double cp_idle_survival_draw_law_ms(const struct cp_idle_survival *s, bool may_extrapolate,
                                    struct cp_rng *rng)
{
    if (s->status)
        return NAN;
    if (s->laws.choice == CP_IDLE_LAW_NONE)
        return cp_idle_survival_draw_ms(s, rng);
    double lifetime_ms = cp_idle_law_lifetime_ms(&s->laws.fits[s->laws.choice], rng);
    bool is_measured = lifetime_ms <= s->points[s->n_points - 1].idle_interval_ms;
    return is_measured || may_extrapolate ? lifetime_ms : INFINITY;
}

const char *cp_idle_band_text(enum cp_idle_band band)
{
    switch (band) {
    case CP_IDLE_BAND_BATCHES:
        return "exact, batches as trials";
    case CP_IDLE_BAND_BOOTSTRAP:
        return "batch bootstrap";
    case CP_IDLE_BAND_PROBES:
        break;
    }
    return "exact, probes as trials";
}
