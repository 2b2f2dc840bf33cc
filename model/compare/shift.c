/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/compare/shift.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "model/stat/bootstrap.h"
#include "model/stat/quantile.h"

/* Rows of the table are a whole number of pairs: the compiler then adds two deciles at once. */
enum { ROW = CP_SHIFT_DECILES + 1 };

/* Weight of values that must be known for a quantile to be. */
static const double least_weight = 1e-16;

static double decile(size_t i)
{
    return (double)(i + 1) / (CP_SHIFT_DECILES + 1);
}

static enum cp_code fill_weights(struct cp_decile_weights *w, double *column, struct cp_error *err)
{
    for (size_t d = 0; d < CP_SHIFT_DECILES; d++) {
        if (!cp_quantile_harrell_davis_upto(w->n, decile(d), column))
            return cp_fail(err, CP_EINVAL, "%zu values are too many for smooth deciles", w->n);
        for (size_t i = 0; i <= w->n; i++)
            w->upto[i * ROW + d] = column[i];
    }
    return CP_OK;
}

enum cp_code cp_decile_weights_make(size_t n, struct cp_decile_weights *out, struct cp_error *err)
{
    *out = (struct cp_decile_weights){.n = n};
    if (n == 0 || n > UINT32_MAX)
        return cp_fail(err, CP_EINVAL, "%zu values have no deciles", n);
    double *column = calloc(n + 1, sizeof *column);
    out->upto = calloc(n + 1, ROW * sizeof *out->upto);
    enum cp_code code = column && out->upto
                            ? fill_weights(out, column, err)
                            : cp_fail(err, CP_ENOMEM, "no memory for the deciles of %zu values", n);
    free(column);
    if (code)
        cp_decile_weights_clear(out);
    return code;
}

void cp_decile_weights_clear(struct cp_decile_weights *weights)
{
    free(weights->upto);
    *weights = (struct cp_decile_weights){0};
}

/* Of a sample that holds sorted[i] counts[i] times; without counts, once each. */
static void counted_deciles(const struct cp_shift_sample *sample, const uint32_t *counts,
                            double out[CP_SHIFT_DECILES])
{
    const double *x = sample->sorted;
    const double *row = sample->weights->upto;
    double below[ROW] = {0};
    size_t n = sample->weights->n;
    size_t upto = 0;
    size_t i = 0;
    for (; i < n && x[i] <= DBL_MAX; i++) {
        upto += counts ? counts[i] : 1;
        row = sample->weights->upto + upto * ROW;
        double gap = i + 1 < n ? x[i + 1] - x[i] : 0;
        if (!(gap > 0 && gap <= DBL_MAX))
            continue;
        for (size_t d = 0; d < ROW; d++)
            below[d] += gap * row[d];
    }
    for (size_t d = 0; d < CP_SHIFT_DECILES; d++)
        out[d] = i == 0 || 1 - row[d] > least_weight ? INFINITY : x[i - 1] * row[d] - below[d];
}

void cp_shift_deciles(const struct cp_shift_sample *sample, double out[CP_SHIFT_DECILES])
{
    counted_deciles(sample, NULL, out);
}

struct pair {
    const struct cp_shift_sample *base, *now;
};

static void differences(const struct pair *pair, const uint32_t *base_counts,
                        const uint32_t *new_counts, double out[CP_SHIFT_DECILES])
{
    double base[CP_SHIFT_DECILES];
    counted_deciles(pair->base, base_counts, base);
    counted_deciles(pair->now, new_counts, out);
    for (size_t d = 0; d < CP_SHIFT_DECILES; d++)
        out[d] -= base[d];
}

static void shift_of_resample(const void *context, const uint32_t *counts, size_t n, void *scratch,
                              double *out)
{
    const struct pair *pair = context;
    (void)n;
    (void)scratch;
    differences(pair, counts, counts + pair->base->weights->n, out);
}

enum cp_code cp_shift_function(const struct cp_shift_sample *base,
                               const struct cp_shift_sample *now, size_t n_resamples, uint64_t seed,
                               struct cp_interval out[CP_SHIFT_DECILES], struct cp_error *err)
{
    const struct pair pair = {base, now};
    const size_t sizes[] = {base->weights->n, now->weights->n};
    const struct cp_bootstrap_sample sample = {
        .n = sizes[0] + sizes[1], .stratum_sizes = sizes, .n_strata = 2};
    const struct cp_bootstrap_options options = {
        .reps = n_resamples, .seed = seed, .n_outputs = CP_SHIFT_DECILES};
    double shift[CP_SHIFT_DECILES];
    differences(&pair, NULL, NULL, shift);
    for (size_t d = 0; d < CP_SHIFT_DECILES; d++)
        out[d] = (struct cp_interval){shift[d], NAN, NAN};
    if (n_resamples == 0)
        return CP_OK;
    double *replicates = calloc(n_resamples, CP_SHIFT_DECILES * sizeof *replicates);
    if (!replicates)
        return cp_fail(err, CP_ENOMEM, "no memory for %zu resamples", n_resamples);
    enum cp_code code =
        cp_bootstrap_statistic(&sample, &options, shift_of_resample, &pair, replicates, err);
    for (size_t d = 0; d < CP_SHIFT_DECILES && !code; d++)
        cp_bootstrap_interval(replicates + d * n_resamples, n_resamples, 0.95, &out[d].low,
                              &out[d].high);
    free(replicates);
    return code;
}
