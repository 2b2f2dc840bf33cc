/* SPDX-License-Identifier: GPL-3.0-or-later
 * Times of the estimators, for scripts/bench model and nightly. Not a test: figures depend on the
 * machine.
 *
 *     bench_model NAME CALLS [Q] <NUMBERS
 *
 * NUMBERS are raw doubles, read before the clock runs. One line of JSON: the time of each call, and
 * what it found, so that the caller can see that peers did the same work.
 */
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/compare/change_point.h"
#include "model/compare/comparison.h"
#include "model/stat/bootstrap.h"
#include "model/stat/memory_law.h"
#include "model/stat/memory_tail.h"
#include "model/stat/quantile.h"
#include "model/stat/quantile_regression.h"
#include "probes/os/clock.h"

enum { ANSWERS = 40, P99_REPS = 2000, MEMORY_SIZES = 7, MEMORY_VALUES = 250, MEMORY_REFITS = 500 };
enum { METRICS = 100, METRIC_VALUES = 200, SHIFT_REPS = 2000 };

struct bench {
    double *values;
    size_t n;
    double q;
    double *sorted; /* n, scratch */
    double answer[ANSWERS];
};

static void say_nothing(struct bench *b)
{
    for (size_t i = 0; i < ANSWERS; i++)
        b->answer[i] = NAN;
}

static void sorted_copy(struct bench *b)
{
    memcpy(b->sorted, b->values, b->n * sizeof *b->sorted);
    cp_sort(b->sorted, b->n);
}

struct ordered {
    const double *sorted;
    size_t n;
};

static void draw_p99(const void *context, struct cp_rng *rng, void *scratch, double *out)
{
    const struct ordered *o = context;
    (void)scratch;
    *out = cp_bootstrap_quantile(o->sorted, o->n, 0.99, rng);
}

static void count_p99(const void *context, const uint32_t *counts, size_t n, void *scratch,
                      double *out)
{
    const struct ordered *o = context;
    (void)scratch;
    *out = cp_bootstrap_counted_quantile(o->sorted, counts, n, 0.99);
}

/* Interval of p99 from unsorted values: by ranks, and by counts as any statistic would. */
static void bootstrap(struct bench *b)
{
    double replicates[P99_REPS];
    sorted_copy(b);
    const struct ordered o = {b->sorted, b->n};
    const struct cp_bootstrap_options options = {.reps = P99_REPS, .seed = 1};
    if (cp_bootstrap_draw(&options, draw_p99, &o, replicates, NULL) == CP_OK)
        cp_bootstrap_interval(replicates, P99_REPS, 0.95, &b->answer[0], &b->answer[1]);
}

static void bootstrap_counts(struct bench *b)
{
    double replicates[P99_REPS];
    sorted_copy(b);
    const struct ordered o = {b->sorted, b->n};
    const struct cp_bootstrap_sample sample = {.n = b->n};
    const struct cp_bootstrap_options options = {.reps = P99_REPS, .seed = 1};
    if (cp_bootstrap_statistic(&sample, &options, count_p99, &o, replicates, NULL) == CP_OK)
        cp_bootstrap_interval(replicates, P99_REPS, 0.95, &b->answer[0], &b->answer[1]);
}

static void quantiles(struct bench *b)
{
    static const double qs[] = {0.5, 0.95, 0.99};
    cp_quantiles_unsorted(b->values, b->n, qs, 3, 7, b->answer);
}

static void sort(struct bench *b)
{
    sorted_copy(b);
    b->answer[0] = b->sorted[b->n / 2];
}

/* The values are x, then y. */
static void regression(struct bench *b)
{
    size_t n = b->n / 2;
    const struct cp_regression_rows rows = {
        .n = n, .y = b->values + n, .x = {b->values}, .n_regressors = 1};
    const struct cp_quantile_regression_options options = {.q = b->q};
    struct cp_quantile_regression fit;
    cp_quantile_regression_fit(&rows, &options, &fit);
    b->answer[0] = fit.check_loss;
    b->answer[1] = fit.coefficients[0];
    b->answer[2] = fit.coefficients[1];
}

/* The values are those of seven sizes, one after the other: sorting is part of the fit. */
static void memory(struct bench *b)
{
    static const int sizes[MEMORY_SIZES] = {128, 256, 512, 1024, 1769, 2048, 3008};
    static const double qs[] = {0.5, 0.95}; /* and p99, from the residuals of p50 */
    struct cp_memory_tail tail;
    const struct cp_memory_tail_options tail_options = {
        .q = 0.99, .bootstrap_reps = MEMORY_REFITS, .seed = 1};
    struct cp_memory_group groups[MEMORY_SIZES];
    memcpy(b->sorted, b->values, b->n * sizeof *b->sorted);
    for (size_t i = 0; i < MEMORY_SIZES; i++) {
        double *values = b->sorted + i * MEMORY_VALUES;
        cp_sort(values, MEMORY_VALUES);
        groups[i] = (struct cp_memory_group){
            .sorted_ms = values, .n = MEMORY_VALUES, .memory_size_mb = sizes[i]};
    }
    for (size_t k = 0; k < 2; k++) {
        struct cp_memory_law law;
        const struct cp_memory_law_options options = {
            .q = qs[k], .bootstrap_reps = MEMORY_REFITS, .seed = 1, .keep_refits = true};
        cp_memory_law_fit(groups, MEMORY_SIZES, &options, &law);
        b->answer[k] = cp_memory_law_predict(&law, 832).value;
        cp_memory_law_clear(&law);
    }
    cp_memory_tail_fit(groups, MEMORY_SIZES, &tail_options, &tail);
    b->answer[2] = cp_memory_tail_predict(&tail, 832).value;
    cp_memory_tail_clear(&tail);
}

/* The values of each metric are those of the base, then those of the new run: sorting is part of
 * it. Answers: the deciles' shifts of the first metric with their ends, and its Brunner-Munzel p.
 */
static void comparison(struct bench *b)
{
    struct cp_comparison_series series[METRICS];
    struct cp_comparison result;
    const struct cp_comparison_options options = {
        .effect = NAN, .effect_ms = NAN, .n_resamples = SHIFT_REPS, .seed = 1};
    memcpy(b->sorted, b->values, b->n * sizeof *b->sorted);
    for (size_t i = 0; i < METRICS; i++) {
        double *base = b->sorted + 2 * i * METRIC_VALUES;
        double *now = base + METRIC_VALUES;
        cp_sort(base, METRIC_VALUES);
        cp_sort(now, METRIC_VALUES);
        series[i] = (struct cp_comparison_series){CP_TIMING_INIT, 128 + (int)i, base, now,
                                                  METRIC_VALUES,  METRIC_VALUES};
    }
    if (cp_comparison_make(series, METRICS, &options, &result, NULL))
        return;
    for (size_t i = 0; i < CP_SHIFT_DECILES; i++) {
        b->answer[3 * i] = result.series[0].shift_ms[i].value;
        b->answer[3 * i + 1] = result.series[0].shift_ms[i].low;
        b->answer[3 * i + 2] = result.series[0].shift_ms[i].high;
    }
    b->answer[(size_t)3 * CP_SHIFT_DECILES] = result.series[0].test.brunner_munzel_p;
    cp_comparison_clear(&result);
}

/* Answers: the indices. */
static void changes(struct bench *b)
{
    const struct cp_change_options options = {.window = 50, .max_p = 0.001};
    struct cp_change_points found;
    if (cp_change_points_find(b->values, b->n, &options, &found, NULL))
        return;
    for (size_t i = 0; i < found.n && i < ANSWERS; i++)
        b->answer[i] = (double)found.points[i].index;
    cp_change_points_clear(&found);
}

static const struct {
    const char *name;
    void (*run)(struct bench *bench);
    size_t n; /* values it needs; 0: any */
} benches[] = {
    {"bootstrap", bootstrap, 0},   {"bootstrap-counts", bootstrap_counts, 0},
    {"quantiles", quantiles, 0},   {"sort", sort, 0},
    {"regression", regression, 0}, {"memory", memory, (size_t)MEMORY_SIZES *MEMORY_VALUES},
    {"changes", changes, 0},       {"comparison", comparison, (size_t)2 * METRICS *METRIC_VALUES},
};
enum { BENCHES = sizeof benches / sizeof *benches };

static bool read_values(struct bench *b)
{
    size_t capacity = 0;
    for (size_t got = 1; got > 0; b->n += got) {
        if (b->n == capacity) {
            capacity = capacity ? 2 * capacity : 4096;
            double *more = realloc(b->values, capacity * sizeof *more);
            if (!more)
                return false;
            b->values = more;
        }
        got = fread(b->values + b->n, sizeof *b->values, capacity - b->n, stdin);
    }
    b->sorted = malloc((b->n + 1) * sizeof *b->sorted);
    return b->n > 1 && b->sorted;
}

static void measure(struct bench *b, void (*run)(struct bench *), int64_t calls)
{
    printf("{\"ms\": [");
    for (int64_t i = 0; i < calls; i++) {
        say_nothing(b);
        double begin = cp_clock_mono_ms();
        run(b);
        printf("%s%.6f", i ? ", " : "", cp_clock_mono_ms() - begin);
    }
    printf("], \"answer\": [");
    for (size_t i = 0; i < ANSWERS; i++)
        printf(isfinite(b->answer[i]) ? "%s%.17g" : "%snull", i ? ", " : "", b->answer[i]);
    printf("]}\n");
}

int main(int argc, char **argv)
{
    struct bench b = {.n = 0};
    long calls = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
    size_t which = 0;
    gsl_set_error_handler_off();
    while (which < BENCHES && calls > 0 && strcmp(argv[1], benches[which].name) != 0)
        which++;
    if (calls < 1 || which == BENCHES) {
        (void)fprintf(stderr, "usage: bench_model NAME CALLS [Q] <NUMBERS\n");
        return 2;
    }
    b.q = argc > 3 ? strtod(argv[3], NULL) : 0.5;
    bool is_ready = read_values(&b) && (benches[which].n == 0 || b.n == benches[which].n);
    if (is_ready)
        measure(&b, benches[which].run, calls);
    else
        (void)fprintf(stderr, "bench_model: %zu numbers are not what '%s' takes\n", b.n, argv[1]);
    free(b.values);
    free(b.sorted);
    return is_ready ? 0 : 1;
}
