/* SPDX-License-Identifier: GPL-3.0-or-later
 * Time of a comparison, for scripts/bench nightly. Not a test: figures depend on the machine.
 *
 *     bench_comparison SERIES N RESAMPLES THREADS [CALLS]
 *
 * Log-normal values on both sides. One line of JSON: the time of each call, and what was found.
 */
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/base/rng.h"
#include "model/compare/comparison.h"
#include "model/stat/sort.h"
#include "probes/os/clock.h"

enum { SERIES_MAX = 10000, N_MAX = 1000000, CALLS_MAX = 1000 };

struct bench {
    long n_series, n, n_resamples, threads, calls;
    double *values;
    struct cp_comparison_series *series;
};

static void draw(struct cp_rng *rng, double median_ms, double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        values[i] = median_ms * exp(0.2 * cp_rng_normal(rng));
    cp_sort(values, n);
}

static bool make_series(struct bench *b)
{
    struct cp_rng rng;
    size_t n = (size_t)b->n;
    size_t n_series = (size_t)b->n_series;
    cp_rng_init(&rng, 1, 0);
    b->values = calloc(2 * n_series * n, sizeof *b->values);
    b->series = calloc(n_series, sizeof *b->series);
    for (size_t i = 0; i < n_series && b->values && b->series; i++) {
        double *base = b->values + 2 * i * n;
        draw(&rng, 200, base, n);
        draw(&rng, i % 10 == 0 ? 240 : 200, base + n, n);
        b->series[i] = (struct cp_comparison_series){.timing = CP_TIMING_INIT,
                                                     .memory_size_mb = 128 + (int)i,
                                                     .base_ms = base,
                                                     .new_ms = base + n,
                                                     .n_base = n,
                                                     .n_new = n};
    }
    return b->values && b->series;
}

static bool measure(const struct bench *b)
{
    const struct cp_comparison_options options = {.effect = NAN,
                                                  .effect_ms = NAN,
                                                  .n_resamples = (int)b->n_resamples,
                                                  .seed = 1,
                                                  .threads = (int)b->threads};
    struct cp_comparison c = {.n_series = 0};
    struct cp_error err;
    printf("{\"ms\": [");
    for (long i = 0; i < b->calls; i++) {
        cp_comparison_clear(&c);
        double begin = cp_clock_mono_ms();
        if (cp_comparison_make(b->series, (size_t)b->n_series, &options, &c, &err))
            return false;
        printf("%s%.3f", i ? ", " : "", cp_clock_mono_ms() - begin);
    }
    printf("], \"regressions\": %zu, \"shift_p50_ms\": %.17g}\n",
           c.n_by_verdict[CP_CHANGE_REGRESSION], c.series[0].shift_ms[4].value);
    cp_comparison_clear(&c);
    return true;
}

int main(int argc, char **argv)
{
    struct bench b = {.calls = 1};
    long *const numbers[] = {&b.n_series, &b.n, &b.n_resamples, &b.threads, &b.calls};
    for (int i = 1; i < argc && i <= 5; i++)
        *numbers[i - 1] = strtol(argv[i], NULL, 10);
    gsl_set_error_handler_off();
    bool is_known = argc > 4 && b.n_series > 0 && b.n_series <= SERIES_MAX && b.n > 0 &&
                    b.n <= N_MAX && b.n_resamples >= 0 && b.calls > 0 && b.calls <= CALLS_MAX;
    if (!is_known) {
        (void)fprintf(stderr, "usage: bench_comparison SERIES N RESAMPLES THREADS [CALLS]\n");
        return 2;
    }
    bool is_good = make_series(&b) && measure(&b);
    free(b.values);
    free(b.series);
    return is_good ? 0 : 1;
}
