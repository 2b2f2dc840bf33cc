/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/idle_bands.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/parallel.h"
#include "model/stat/bootstrap.h"
#include "model/stat/isotonic.h"

/* What each refit leaves, beside the cold probability of each point. */
enum { T_LOW, T_HIGH, FORM, FLOOR, LAW_VALUES };

enum { REFITS_MIN = 40, LAWS_MAX = 2 };
#define FAILED_MOST 0.05 /* of the refits, or the law keeps its profile intervals */

struct bootstrap {
    const struct cp_idle_survival *survival;
    const struct cp_idle_batch *batches; /* ascending by interval, without empty ones */
    const struct cp_idle_options *options;
    size_t first[CP_IDLE_POINTS_MAX + 1]; /* batches of point i: first[i] to first[i + 1] */
    enum cp_idle_law_name laws[LAWS_MAX]; /* refitted: the step law, and the chosen one */
    size_t n_laws;
    double *replicates; /* a row of n_refits per point, then those of the laws */
};

static int by_interval(const void *a, const void *b)
{
    double x = ((const struct cp_idle_batch *)a)->idle_interval_ms;
    double y = ((const struct cp_idle_batch *)b)->idle_interval_ms;
    return (x > y) - (x < y);
}

static double *row_of(const struct bootstrap *b, size_t row)
{
    return b->replicates + row * b->options->n_refits;
}

static double *law_row(const struct bootstrap *b, size_t law, size_t value)
{
    return row_of(b, b->survival->n_points + law * LAW_VALUES + value);
}

/* --- one refit --- */

static void resample(const struct bootstrap *b, struct cp_rng *rng, struct cp_idle_batch *counts)
{
    for (size_t i = 0; i < b->survival->n_points; i++) {
        size_t n = b->first[i + 1] - b->first[i];
        counts[i] =
            (struct cp_idle_batch){.idle_interval_ms = b->survival->points[i].idle_interval_ms};
        for (size_t j = 0; j < n; j++) {
            const struct cp_idle_batch *drawn = &b->batches[b->first[i] + cp_rng_below(rng, n)];
            counts[i].n += drawn->n;
            counts[i].n_cold += drawn->n_cold;
        }
    }
}

static void keep_npmle(const struct bootstrap *b, size_t refit, const struct cp_idle_batch *counts)
{
    double shares[CP_IDLE_POINTS_MAX];
    double weights[CP_IDLE_POINTS_MAX];
    struct cp_isotonic_block blocks[CP_IDLE_POINTS_MAX];
    size_t n = b->survival->n_points;
    for (size_t i = 0; i < n; i++) {
        weights[i] = (double)counts[i].n;
        shares[i] = (double)counts[i].n_cold / weights[i];
    }
    size_t n_blocks = cp_isotonic_fit(shares, weights, n, CP_ISOTONIC_NON_DECREASING, blocks);
    for (size_t block = 0, i = 0; block < n_blocks; block++) {
        for (; i < blocks[block].end; i++)
            row_of(b, i)[refit] = blocks[block].value;
    }
}

static void keep_law(const struct bootstrap *b, size_t law, size_t refit,
                     const struct cp_idle_batch *counts)
{
    struct cp_idle_law_fit fit;
    const struct cp_idle_law_options options = cp_idle_law_defaults();
    cp_idle_law_fit(b->laws[law], counts, b->survival->n_points, &options, &fit);
    bool is_step = !isnan(fit.t_low_ms);
    law_row(b, law, T_LOW)[refit] = is_step ? fit.t_low_ms : fit.time_ms.at.value;
    law_row(b, law, T_HIGH)[refit] = is_step ? fit.t_high_ms : fit.time_ms.at.value;
    law_row(b, law, FORM)[refit] = fit.form.at.value;
    law_row(b, law, FLOOR)[refit] = fit.floor.at.value;
}

static void refit(void *context, size_t i)
{
    const struct bootstrap *b = context;
    struct cp_rng rng;
    struct cp_idle_batch counts[CP_IDLE_POINTS_MAX];
    cp_rng_init(&rng, b->options->seed, b->options->first_stream + i);
    resample(b, &rng, counts);
    keep_npmle(b, i, counts);
    for (size_t law = 0; law < b->n_laws; law++)
        keep_law(b, law, i, counts);
}

/* --- intervals --- */

/* Expanded for so few batches; NAN for one, or for too few replicates. */
static double expanded(double confidence, double n)
{
    if (n < 2)
        return NAN;
    double t = gsl_cdf_tdist_Pinv((1 + confidence) / 2, n - 1);
    return 1 - 2 * gsl_cdf_ugaussian_Q(sqrt(n / (n - 1)) * t);
}

/* Batches that are all warm (all cold) there and, without a break, at longer (shorter) intervals: F
 * is not larger (smaller) here than there, so all of them bound it. */
static size_t run_of_alike(const struct cp_idle_survival *s, size_t i)
{
    bool is_warm = s->points[i].n_cold == 0;
    size_t sum = 0;
    for (size_t j = i; j < s->n_points; j = is_warm ? j + 1 : j - 1) {
        const struct cp_idle_point *p = &s->points[j];
        if (is_warm ? p->n_cold > 0 : p->n_cold < p->n)
            break;
        sum += p->n_batches;
        if (!is_warm && j == 0)
            break;
    }
    return sum;
}

/* Clopper-Pearson with batches as trials, and the share of cold probes as that of cold batches. */
static void exact_band(const struct cp_idle_survival *s, double confidence, size_t i,
                       struct cp_idle_point *p)
{
    double tail = (1 - confidence) / 2;
    bool is_alike = p->n_cold == 0 || p->n_cold == p->n;
    double n = (double)(is_alike ? run_of_alike(s, i) : p->n_batches);
    double k = p->cold_share * n;
    p->band_method = CP_IDLE_BAND_BATCHES;
    p->band_low = p->n_cold == 0 ? 0 : gsl_cdf_beta_Pinv(tail, k, n - k + 1);
    p->band_high = p->n_cold == p->n ? 1 : gsl_cdf_beta_Qinv(tail, k + 1, n - k);
    /* GSL gives up at a million or so: then probes are the trials */
    if (!isfinite(p->band_low) || !isfinite(p->band_high)) {
        p->band_low = p->low;
        p->band_high = p->high;
        p->band_method = CP_IDLE_BAND_PROBES;
    }
    p->band_low = fmin(p->band_low, p->cold_probability);
    p->band_high = fmax(p->band_high, p->cold_probability);
}

static void add_band(const struct bootstrap *b, double confidence, size_t i,
                     struct cp_idle_point *p)
{
    exact_band(b->survival, confidence, i, p);
    if (!b->replicates || p->n_batches < CP_IDLE_BATCHES_MIN)
        return;
    double low;
    double high;
    cp_bootstrap_interval(row_of(b, i), b->options->n_refits,
                          expanded(confidence, (double)p->n_batches), &low, &high);
    if (!(high > low))
        return;
    p->band_low = low;
    p->band_high = high;
    p->band_method = CP_IDLE_BAND_BOOTSTRAP;
}

static size_t n_failed(const struct bootstrap *b, size_t law)
{
    const double *t = law_row(b, law, T_LOW);
    size_t n = 0;
    for (size_t i = 0; i < b->options->n_refits; i++)
        n += isnan(t[i]) ? 1 : 0;
    return n;
}

/* Interval of a row's numbers; NAN (no step, no estimate) are left out. */
static struct cp_interval interval_of(const struct bootstrap *b, double *values, double confidence)
{
    struct cp_interval at = {NAN, NAN, NAN};
    size_t n = 0;
    for (size_t i = 0; i < b->options->n_refits; i++) {
        if (!isnan(values[i]))
            values[n++] = values[i];
    }
    cp_bootstrap_interval(values, n, confidence, &at.low, &at.high);
    return at;
}

/* Only where every interval has batches enough; else the law keeps its profile interval, widened by
 * the dispersion. */
static void add_law_intervals(const struct bootstrap *b, size_t law, double confidence,
                              struct cp_idle_law_fit *fit)
{
    const struct cp_idle_survival *s = b->survival;
    bool is_enough = (double)n_failed(b, law) <= FAILED_MOST * (double)b->options->n_refits;
    for (size_t i = 0; i < s->n_points; i++)
        is_enough &= s->points[i].n_batches >= CP_IDLE_BATCHES_MIN;
    if (fit->status || !is_enough)
        return;
    double level = expanded(confidence, (double)s->n_batches / (double)s->n_points);
    struct cp_interval low = interval_of(b, law_row(b, law, T_LOW), level);
    struct cp_interval high = interval_of(b, law_row(b, law, T_HIGH), level);
    struct cp_interval form = interval_of(b, law_row(b, law, FORM), level);
    struct cp_interval floor = interval_of(b, law_row(b, law, FLOOR), level);
    if (isnan(low.low) || isnan(high.high))
        return;
    fit->time_ms.at.low = low.low;
    fit->time_ms.at.high = high.high;
    fit->form.at.low = form.low;
    fit->form.at.high = form.high;
    fit->floor.at.low = floor.low;
    fit->floor.at.high = floor.high;
    fit->confidence = confidence;
    fit->interval_method = "batch bootstrap";
}

/* --- dispersion --- */

/* Of each point, and of all: weighted by their degrees of freedom. */
static void add_dispersion(const struct bootstrap *b, struct cp_idle_survival *s)
{
    double pearson = 0;
    double freedom = 0;
    s->n_batches = b->first[s->n_points];
    for (size_t i = 0; i < s->n_points; i++) {
        struct cp_idle_point *p = &s->points[i];
        p->n_batches = b->first[i + 1] - b->first[i];
        p->dispersion = cp_idle_dispersion(b->batches + b->first[i], p->n_batches);
        if (isnan(p->dispersion))
            continue;
        pearson += p->dispersion * (double)(p->n_batches - 1);
        freedom += (double)(p->n_batches - 1);
    }
    s->dispersion = freedom > 0 ? pearson / freedom : NAN;
}

static void refit_laws(struct cp_idle_survival *s, double confidence)
{
    struct cp_idle_batch counts[CP_IDLE_POINTS_MAX];
    struct cp_idle_law_options options = cp_idle_law_defaults();
    options.confidence = confidence;
    options.n_batches = s->n_batches;
    options.dispersion = s->dispersion;
    for (size_t i = 0; i < s->n_points; i++)
        counts[i] = (struct cp_idle_batch){s->points[i].idle_interval_ms, s->points[i].n,
                                           s->points[i].n_cold};
    cp_idle_laws_fit(counts, s->n_points, &options, &s->laws);
}

static void group(const struct cp_idle_survival *s, const struct cp_idle_batch *batches, size_t n,
                  struct cp_idle_batch *sorted, struct bootstrap *b)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (batches[i].n)
            sorted[kept++] = batches[i];
    }
    qsort(sorted, kept, sizeof *sorted, by_interval);
    b->batches = sorted;
    size_t at = 0;
    for (size_t i = 0; i < s->n_points; i++) {
        b->first[i] = at;
        while (at < kept && sorted[at].idle_interval_ms <= s->points[i].idle_interval_ms)
            at++;
    }
    b->first[s->n_points] = at;
}

enum cp_code cp_idle_bands_add(struct cp_idle_survival *s, const struct cp_idle_batch *batches,
                               size_t n, double confidence, const struct cp_idle_options *options)
{
    struct bootstrap b = {.survival = s, .options = options};
    bool is_resampled = options->n_refits >= REFITS_MIN;
    struct cp_idle_batch *sorted = calloc(n, sizeof *sorted);
    size_t n_rows = s->n_points + (size_t)LAWS_MAX * LAW_VALUES;
    if (is_resampled)
        b.replicates = calloc(n_rows * options->n_refits, sizeof *b.replicates);
    if (!sorted || (is_resampled && !b.replicates)) {
        free(sorted);
        free(b.replicates);
        return CP_ENOMEM;
    }
    group(s, batches, n, sorted, &b);
    add_dispersion(&b, s);
    refit_laws(s, confidence);
    b.laws[b.n_laws++] = CP_IDLE_LAW_STEP;
    if (s->laws.choice != CP_IDLE_LAW_NONE && s->laws.choice != CP_IDLE_LAW_STEP)
        b.laws[b.n_laws++] = s->laws.choice;
    if (is_resampled)
        cp_parallel(options->n_refits, options->n_threads, refit, &b);
    for (size_t i = 0; i < s->n_points; i++)
        add_band(&b, confidence, i, &s->points[i]);
    for (size_t law = 0; law < b.n_laws && is_resampled; law++)
        add_law_intervals(&b, law, confidence, &s->laws.fits[b.laws[law]]);
    free(sorted);
    free(b.replicates);
    return CP_OK;
}
