/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/bootstrap.h"

#include <math.h>
#include <string.h>

#include "model/stat/binomial.h"
#include "model/stat/quantile.h"
#include "tests/test.h"

/* Type 8 at q = 1/2 of n = 2k+1 values is exactly X(k+1), so the resample's median is one of the
 * values, and P(median* <= x_i) = P(Bin(n, i/n) >= k+1) in closed form (Efron 1979). */
static void median_draws_follow_the_exact_bootstrap_law(void **state)
{
    (void)state;
    enum { N = 11, DRAWS = 200000 };
    double x[N];
    size_t upto[N] = {0};
    for (size_t i = 0; i < N; i++)
        x[i] = (double)(i * i);
    struct cp_rng rng;
    cp_rng_init(&rng, 7, 0);
    for (size_t r = 0; r < DRAWS; r++) {
        double median = cp_bootstrap_quantile(x, N, 0.5, &rng);
        for (size_t i = 0; i < N; i++)
            upto[i] += median <= x[i];
    }
    for (size_t i = 0; i < N; i++) {
        double p = 1 - cp_binomial_cdf(N / 2, N, (double)(i + 1) / N);
        /* 5 standard errors */
        assert_near((double)upto[i] / DRAWS, p, 5 * sqrt(p * (1 - p) / DRAWS) + 1e-12);
    }
}

static void log_normal_sample(double *x, size_t n, struct cp_rng *rng)
{
    for (size_t i = 0; i < n; i++)
        x[i] = exp(cp_rng_normal(rng));
    cp_sort(x, n);
}

/* Kolmogorov-Smirnov: two samples of n draws have the same law. The limit is the 1e-6 point of
 * samples this large: sqrt(-ln(5e-7) / 2) sqrt(2 / n). Sorts both. */
static void assert_same_law(double *a, double *b, size_t n)
{
    cp_sort(a, n);
    cp_sort(b, n);
    double distance = 0;
    size_t j = 0;
    for (size_t i = 0; i < n; i++) {
        if (i + 1 < n && !(a[i] < a[i + 1]))
            continue;
        while (j < n && b[j] <= a[i])
            j++;
        distance = fmax(distance, fabs((double)(i + 1) - (double)j) / (double)n);
    }
    assert_true(distance < sqrt(-log(5e-7) / 2) * sqrt(2.0 / (double)n));
}

static void resample(const double *x, size_t n, double *again, struct cp_rng *rng)
{
    for (size_t i = 0; i < n; i++)
        again[i] = x[cp_rng_below(rng, n)];
    cp_sort(again, n);
}

/* With interpolation: against resampling spelled out. */
static void draws_have_the_law_of_sorted_resamples(void **state)
{
    (void)state;
    enum { N = 40, DRAWS = 40000 };
    double x[N];
    struct cp_rng rng;
    cp_rng_init(&rng, 11, 0);
    log_normal_sample(x, N, &rng);
    static const double qs[] = {0.05, 0.5, 0.9, 0.95};
    for (size_t k = 0; k < 4; k++) {
        static double drawn[DRAWS];
        static double resampled[DRAWS];
        for (size_t r = 0; r < DRAWS; r++) {
            double again[N];
            resample(x, N, again, &rng);
            resampled[r] = cp_quantile(again, N, qs[k], 8);
            drawn[r] = cp_bootstrap_quantile(x, N, qs[k], &rng);
        }
        assert_same_law(drawn, resampled, DRAWS);
    }
}

/* Two quantiles of one resample: their ratio has the law of the ratio, near and far apart. */
static void quantiles_drawn_together_belong_to_one_resample(void **state)
{
    (void)state;
    enum { N = 40, DRAWS = 40000 };
    double x[N];
    struct cp_rng rng;
    cp_rng_init(&rng, 12, 0);
    log_normal_sample(x, N, &rng);
    /* the same two neighbours (of rank 20), one neighbour shared, the same quantile, far apart */
    static const double pairs[][2] = {{0.5, 0.505}, {0.5, 0.52}, {0.5, 0.5}, {0.1, 0.95}};
    for (size_t k = 0; k < 4; k++) {
        static double drawn[DRAWS];
        static double resampled[DRAWS];
        for (size_t r = 0; r < DRAWS; r++) {
            double again[N];
            double two[2];
            resample(x, N, again, &rng);
            resampled[r] =
                cp_quantile(again, N, pairs[k][1], 8) / cp_quantile(again, N, pairs[k][0], 8);
            cp_bootstrap_quantiles(x, N, pairs[k], 2, &rng, two);
            assert_true(two[0] <= two[1]);
            drawn[r] = two[1] / two[0];
        }
        assert_same_law(drawn, resampled, DRAWS);
    }
    static const double descending[] = {0.9, 0.1};
    double none[2] = {0};
    cp_bootstrap_quantiles(x, N, descending, 2, &rng, none);
    assert_true(isnan(none[0]) && isnan(none[1]));
}

static void one_substream_gives_one_draw(void **state)
{
    (void)state;
    const double x[] = {1, 2, 4, 8, 16, 32};
    for (uint64_t stream = 0; stream < 20; stream++) {
        struct cp_rng one;
        struct cp_rng same;
        cp_rng_init(&one, 3, stream);
        cp_rng_init(&same, 3, stream);
        assert_near(cp_bootstrap_quantile(x, 6, 0.7, &one), cp_bootstrap_quantile(x, 6, 0.7, &same),
                    0);
    }
}

static void draws_stay_inside_the_sample(void **state)
{
    (void)state;
    const double x[] = {5, 7};
    struct cp_rng rng;
    cp_rng_init(&rng, 1, 0);
    for (size_t i = 0; i < 1000; i++) {
        double d = cp_bootstrap_quantile(x, 2, 0.5, &rng);
        assert_true(d >= 5 && d <= 7);
        assert_near(cp_bootstrap_quantile(x, 1, 0.99, &rng), 5, 0);
    }
    assert_true(isnan(cp_bootstrap_quantile(x, 0, 0.5, &rng)));
    assert_true(isnan(cp_bootstrap_quantile(x, 2, 1, &rng)));
}

static void interval_takes_the_tail_quantiles(void **state)
{
    (void)state;
    double x[999];
    double low = 0;
    double high = 0;
    for (size_t i = 0; i < 999; i++)
        x[i] = 999 - (double)i;
    cp_bootstrap_interval(x, 999, 0.95, &low, &high);
    /* type 8: (999 + 1/3) 0.025 + 1/3 = 25.3167, and its mirror 1000 - 25.3167 */
    assert_near(low, 25.316666666666666, 1e-9);
    assert_near(high, 974.683333333333334, 1e-9);
}

static void interval_of_too_few_replicates_is_nan(void **state)
{
    (void)state;
    double x[40] = {0};
    double low = 0;
    double high = 0;
    cp_bootstrap_interval(x, 39, 0.95, &low, &high);
    assert_true(isnan(low) && isnan(high));
    cp_bootstrap_interval(x, 40, 0.95, &low, &high);
    assert_near(low, 0, 0);
    cp_bootstrap_interval(x, 40, 1, &low, &high);
    assert_true(isnan(low) && isnan(high));
}

static void interval_leaves_out_replicates_without_an_answer(void **state)
{
    (void)state;
    double x[1000];
    double low = 0;
    double high = 0;
    size_t number = 0;
    /* 950 numbers 1 .. 950 among 50 NAN, then one NAN too many */
    for (size_t i = 0; i < 1000; i++)
        x[i] = i % 20 == 7 ? NAN : (double)++number;
    cp_bootstrap_interval(x, 1000, 0.95, &low, &high);
    /* type 8: (950 + 1/3) 0.025 + 1/3 = 24.0917 */
    assert_near(low, 24.091666666666667, 1e-9);
    assert_near(high, 951 - 24.091666666666667, 1e-9);
    assert_true(isnan(x[950]) && isnan(x[999]));
    x[3] = NAN;
    cp_bootstrap_interval(x, 1000, 0.95, &low, &high);
    assert_true(isnan(low) && isnan(high));
}

/* --- any statistic --- */

/* Sum of values by counts, and how many were drawn in all and from the first stratum. */
static void sum_and_sizes(const void *context, const uint32_t *counts, size_t n, void *scratch,
                          double *out)
{
    const double *x = context;
    (void)scratch;
    out[0] = 0;
    out[1] = 0;
    out[2] = 0;
    for (size_t i = 0; i < n; i++) {
        out[0] += counts[i] * x[i];
        out[1] += counts[i];
        if (i < 10)
            out[2] += counts[i];
    }
}

static void each_stratum_keeps_its_size(void **state)
{
    (void)state;
    enum { N = 100, REPS = 2000 };
    static const size_t strata[] = {10, 0, 60, 30};
    static double out[3 * REPS];
    double x[N] = {0};
    const struct cp_bootstrap_options options = {.reps = REPS, .seed = 5, .n_outputs = 3};
    struct cp_bootstrap_sample sample = {.n = N, .stratum_sizes = strata, .n_strata = 4};
    bool does_vary = false;
    assert_int_equal(cp_bootstrap_statistic(&sample, &options, sum_and_sizes, x, out, NULL), CP_OK);
    for (size_t r = 0; r < REPS; r++) {
        assert_near(out[r + REPS], N, 0);
        assert_near(out[r + 2UL * REPS], 10, 0);
    }
    sample.stratum_sizes = NULL;
    assert_int_equal(cp_bootstrap_statistic(&sample, &options, sum_and_sizes, x, out, NULL), CP_OK);
    for (size_t r = 0; r < REPS; r++) {
        assert_near(out[r + REPS], N, 0);
        does_vary = does_vary || out[r + 2UL * REPS] < 10;
    }
    assert_true(does_vary);
}

/* Bootstrap mean and variance of a sum of draws have closed forms: n mean and n * variance (divided
 * by n), whatever the sample. */
static void sums_have_the_closed_moments(void **state)
{
    (void)state;
    enum { N = 50, REPS = 20000 };
    static double out[3 * REPS];
    double x[N];
    struct cp_rng rng;
    cp_rng_init(&rng, 3, 0);
    log_normal_sample(x, N, &rng);
    double mean = 0;
    double variance = 0;
    for (size_t i = 0; i < N; i++)
        mean += x[i] / N;
    for (size_t i = 0; i < N; i++)
        variance += (x[i] - mean) * (x[i] - mean) / N;
    const struct cp_bootstrap_options options = {.reps = REPS, .seed = 9, .n_outputs = 3};
    const struct cp_bootstrap_sample sample = {.n = N};
    assert_int_equal(cp_bootstrap_statistic(&sample, &options, sum_and_sizes, x, out, NULL), CP_OK);
    double mean_drawn = 0;
    double variance_drawn = 0;
    for (size_t r = 0; r < REPS; r++)
        mean_drawn += out[r] / REPS;
    for (size_t r = 0; r < REPS; r++)
        variance_drawn += (out[r] - mean_drawn) * (out[r] - mean_drawn) / REPS;
    assert_near(mean_drawn, N * mean, 5 * sqrt(N * variance / REPS));
    /* sd of a variance estimate is about sqrt(2 / REPS) of it, more with a heavy tail */
    assert_near(variance_drawn / (N * variance), 1, 8 * sqrt(2.0 / REPS));
}

struct tail {
    double x[200];
};

static void p95_by_counts(const void *context, const uint32_t *counts, size_t n, void *scratch,
                          double *out)
{
    const struct tail *t = context;
    double *calls = scratch; /* left by the thread's last replicate */
    *calls += 1;
    *out = *calls > 0 ? cp_bootstrap_counted_quantile(t->x, counts, n, 0.95) : NAN;
}

static void p95_by_ranks(const void *context, struct cp_rng *rng, void *scratch, double *out)
{
    const struct tail *t = context;
    (void)scratch;
    static const double qs[] = {0.5, 0.95};
    double two[2];
    cp_bootstrap_quantiles(t->x, 200, qs, 2, rng, two);
    out[0] = two[1];
    out[1] = two[1] / two[0];
}

static void counted_and_drawn_quantiles_have_one_law(void **state)
{
    (void)state;
    enum { REPS = 20000 };
    static double counted[REPS];
    static double drawn[2 * REPS];
    struct tail t;
    struct cp_rng rng;
    cp_rng_init(&rng, 4, 0);
    log_normal_sample(t.x, 200, &rng);
    const struct cp_bootstrap_sample sample = {.n = 200};
    struct cp_bootstrap_options options = {
        .reps = REPS, .seed = 2, .n_threads = 2, .scratch_size = sizeof(double)};
    assert_int_equal(cp_bootstrap_statistic(&sample, &options, p95_by_counts, &t, counted, NULL),
                     CP_OK);
    options.n_outputs = 2;
    assert_int_equal(cp_bootstrap_draw(&options, p95_by_ranks, &t, drawn, NULL), CP_OK);
    assert_same_law(counted, drawn, REPS);
}

static void replicates_are_the_same_for_any_number_of_threads(void **state)
{
    (void)state;
    enum { REPS = 501 };
    static const int threads[] = {0, 1, 2, 7, 1000};
    static const size_t strata[] = {150, 50};
    struct tail t;
    struct cp_rng rng;
    cp_rng_init(&rng, 6, 0);
    log_normal_sample(t.x, 200, &rng);
    static double first[5 * REPS];
    static double again[5 * REPS];
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        double *out = i == 0 ? first : again;
        const struct cp_bootstrap_sample sample = {
            .n = 200, .stratum_sizes = strata, .n_strata = 2};
        struct cp_bootstrap_options options = {
            .reps = REPS, .seed = 8, .n_threads = threads[i], .n_outputs = 3};
        assert_int_equal(cp_bootstrap_statistic(&sample, &options, sum_and_sizes, t.x, out, NULL),
                         CP_OK);
        options.n_outputs = 2;
        assert_int_equal(
            cp_bootstrap_draw(&options, p95_by_ranks, &t, out + (size_t)3 * REPS, NULL), CP_OK);
        assert_memory_equal(out, first, sizeof first);
    }
    /* and another seed gives others */
    const struct cp_bootstrap_options other = {.reps = REPS, .seed = 9, .n_outputs = 2};
    assert_int_equal(cp_bootstrap_draw(&other, p95_by_ranks, &t, again, NULL), CP_OK);
    assert_memory_not_equal(again, first + (size_t)3 * REPS, REPS * sizeof *again);
}

static void counted_quantile_is_that_of_the_written_out_sample(void **state)
{
    (void)state;
    static const double values[] = {1, 2, 4, 8, 16, INFINITY};
    static const uint32_t counts[][6] = {
        {1, 1, 1, 1, 1, 1}, {0, 3, 0, 0, 2, 1}, {6, 0, 0, 0, 0, 0},
        {0, 0, 0, 0, 1, 5}, {0, 1, 0, 5, 0, 0}, {2, 0, 2, 0, 2, 0},
    };
    for (size_t k = 0; k < 6; k++) {
        double written[6];
        size_t n = 0;
        for (size_t i = 0; i < 6; i++) {
            for (uint32_t c = 0; c < counts[k][i]; c++)
                written[n++] = values[i];
        }
        for (int percent = 0; percent <= 100; percent++)
            assert_near(cp_bootstrap_counted_quantile(values, counts[k], 6, percent / 100.0),
                        cp_quantile(written, n, percent / 100.0, 8), 1e-12);
    }
    static const uint32_t none[6] = {0};
    assert_true(isnan(cp_bootstrap_counted_quantile(values, none, 6, 0.5)));
    assert_true(isnan(cp_bootstrap_counted_quantile(values, counts[0], 6, 1.5)));
}

static void bootstrap_refuses_what_it_cannot_do(void **state)
{
    (void)state;
    static const size_t too_few[] = {3, 4};
    static const size_t too_many[] = {8, SIZE_MAX};
    double x[8] = {0};
    double out[3000];
    const struct cp_bootstrap_options plain = {.n_outputs = 3};
    const struct {
        struct cp_bootstrap_sample sample;
        struct cp_bootstrap_options options;
        cp_bootstrap_statistic_fn *statistic;
        const char *says;
    } cases[] = {
        {{.n = 0}, plain, sum_and_sizes, "1 to 4294967295 values, not 0"},
        {{.n = (size_t)1 << 32}, plain, sum_and_sizes, "not 4294967296"},
        {{.n = 8, too_few, 2}, plain, sum_and_sizes, "2 strata do not add up to its 8 values"},
        {{.n = 8, too_many, 2}, plain, sum_and_sizes, "do not add up"},
        {{.n = 8}, plain, NULL, "needs a statistic"},
        {{.n = 8}, {.reps = SIZE_MAX / 16}, sum_and_sizes, "are too many"},
        {{.n = 8}, {.scratch_size = SIZE_MAX / 2}, sum_and_sizes, "bytes of scratch"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cp_error err = {0};
        assert_int_equal(cp_bootstrap_statistic(&cases[i].sample, &cases[i].options,
                                                cases[i].statistic, x, out, &err),
                         CP_EINVAL);
        assert_non_null(strstr(err.text, cases[i].says));
    }
    /* 1,000 replicates when no number is given */
    const struct cp_bootstrap_sample sample = {.n = 8};
    out[2999] = 0;
    assert_int_equal(cp_bootstrap_statistic(&sample, &plain, sum_and_sizes, x, out, NULL), CP_OK);
    assert_near(out[1999], 8, 0);
    assert_true(out[2999] > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(median_draws_follow_the_exact_bootstrap_law),
        cmocka_unit_test(draws_have_the_law_of_sorted_resamples),
        cmocka_unit_test(quantiles_drawn_together_belong_to_one_resample),
        cmocka_unit_test(one_substream_gives_one_draw),
        cmocka_unit_test(draws_stay_inside_the_sample),
        cmocka_unit_test(interval_takes_the_tail_quantiles),
        cmocka_unit_test(interval_of_too_few_replicates_is_nan),
        cmocka_unit_test(interval_leaves_out_replicates_without_an_answer),
        cmocka_unit_test(each_stratum_keeps_its_size),
        cmocka_unit_test(sums_have_the_closed_moments),
        cmocka_unit_test(counted_and_drawn_quantiles_have_one_law),
        cmocka_unit_test(replicates_are_the_same_for_any_number_of_threads),
        cmocka_unit_test(counted_quantile_is_that_of_the_written_out_sample),
        cmocka_unit_test(bootstrap_refuses_what_it_cannot_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
