/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/bootstrap.h"

#include <math.h>

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

/* With interpolation: against resampling spelled out. */
static void draws_have_the_law_of_sorted_resamples(void **state)
{
    (void)state;
    enum { N = 40, DRAWS = 40000 };
    double x[N];
    struct cp_rng rng;
    cp_rng_init(&rng, 11, 0);
    for (size_t i = 0; i < N; i++)
        x[i] = exp(cp_rng_normal(&rng));
    cp_sort(x, N);
    static const double qs[] = {0.05, 0.5, 0.9, 0.95};
    for (size_t k = 0; k < 4; k++) {
        static double drawn[DRAWS];
        static double resampled[DRAWS];
        for (size_t r = 0; r < DRAWS; r++) {
            double again[N];
            for (size_t i = 0; i < N; i++)
                again[i] = x[cp_rng_below(&rng, N)];
            cp_sort(again, N);
            resampled[r] = cp_quantile(again, N, qs[k], 8);
            drawn[r] = cp_bootstrap_quantile(x, N, qs[k], &rng);
        }
        cp_sort(drawn, DRAWS);
        cp_sort(resampled, DRAWS);
        /* Kolmogorov-Smirnov distance; the limit is the 1e-6 point of two samples this large:
         * sqrt(-ln(5e-7) / 2) sqrt(2 / DRAWS) */
        double distance = 0;
        size_t j = 0;
        for (size_t i = 0; i < DRAWS; i++) {
            if (i + 1 < DRAWS && !(drawn[i] < drawn[i + 1]))
                continue;
            while (j < DRAWS && resampled[j] <= drawn[i])
                j++;
            distance = fmax(distance, fabs((double)(i + 1) - (double)j) / DRAWS);
        }
        assert_true(distance < sqrt(-log(5e-7) / 2) * sqrt(2.0 / DRAWS));
    }
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(median_draws_follow_the_exact_bootstrap_law),
        cmocka_unit_test(draws_have_the_law_of_sorted_resamples),
        cmocka_unit_test(one_substream_gives_one_draw),
        cmocka_unit_test(draws_stay_inside_the_sample),
        cmocka_unit_test(interval_takes_the_tail_quantiles),
        cmocka_unit_test(interval_of_too_few_replicates_is_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
