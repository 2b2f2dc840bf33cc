/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/tail_ratio.h"

#include "model/base/rng.h"
#include "tests/test.h"

#include <math.h>

enum { N_MAX = 1000 };

static void fill(double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (double)(i + 1);
}

/* 0.99^n <= 0.025 from n = 368, <= 0.0125 from 437 (ln 0.0125 / ln 0.99 = 436.01). */
static void it_needs_an_upper_bound_of_p99_and_says_how_many_that_takes(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        enum cp_answer status;
    } cases[] = {{0, CP_ANSWER_NONE},         {10, CP_ANSWER_TOO_FEW},     {367, CP_ANSWER_TOO_FEW},
                 {368, CP_ANSWER_UPPER_ONLY}, {436, CP_ANSWER_UPPER_ONLY}, {437, CP_ANSWER_OK},
                 {N_MAX, CP_ANSWER_OK}};
    double x[N_MAX];
    fill(x, N_MAX);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cp_estimate e = cp_tail_ratio(x, cases[i].n, 0);
        if (e.status != cases[i].status || e.n_needed != 437 || e.n_needed_upper != 368)
            fail_msg("n = %zu: status %d, needs %zu and %zu", cases[i].n, e.status, e.n_needed,
                     e.n_needed_upper);
        assert_int_equal(isnan(e.coverage), e.status != CP_ANSWER_OK);
    }
}

/* 1 .. 1000: type 8 gives p50 = 500.5 and p99 = 1000.333 * 0.99 + 0.333 = 990.663. */
static void value_and_ends_are_ratios_of_quantiles(void **state)
{
    (void)state;
    double x[N_MAX];
    fill(x, N_MAX);
    struct cp_estimate e = cp_tail_ratio(x, N_MAX, 0);
    struct cp_estimate p50 = cp_quantile_estimate(x, N_MAX, 0.5, 0.975);
    struct cp_estimate p99 = cp_quantile_estimate(x, N_MAX, 0.99, 0.975);
    assert_near(e.value, 990.6633333 / 500.5, 1e-9);
    assert_near(e.low, p99.low / p50.high, 1e-12);
    assert_near(e.high, p99.high / p50.low, 1e-12);
    assert_near(e.lower, p99.lower / p50.upper, 1e-12);
    assert_true(e.coverage >= 0.95 && e.confidence == 0.95);
}

static void timeouts_make_it_infinite_and_a_zero_median_none(void **state)
{
    (void)state;
    double x[N_MAX];
    fill(x, N_MAX);
    for (size_t i = 985; i < N_MAX; i++)
        x[i] = INFINITY;
    struct cp_estimate e = cp_tail_ratio(x, N_MAX, 0);
    assert_true(isinf(e.value) && isinf(e.high));
    assert_true(isfinite(e.low));
    for (size_t i = 0; i < N_MAX; i++)
        x[i] = i < 600 ? 0 : 1;
    assert_int_equal(cp_tail_ratio(x, N_MAX, 0).status, CP_ANSWER_NONE);
    for (size_t i = 0; i < N_MAX; i++)
        x[i] = i < 400 ? 1 : INFINITY;
    assert_int_equal(cp_tail_ratio(x, N_MAX, 0).status, CP_ANSWER_NONE);
}

/* Exponential law: p99 / p50 = ln 100 / ln 2. */
static void the_interval_covers(void **state)
{
    (void)state;
    enum { RUNS = 400, N = 500 };
    const double truth = 6.643856189774724;
    int covered = 0;
    for (uint64_t run = 0; run < RUNS; run++) {
        struct cp_rng rng;
        double x[N];
        cp_rng_init(&rng, 5, run);
        for (size_t i = 0; i < N; i++)
            x[i] = -log1p(-cp_rng_uniform(&rng));
        cp_sort(x, N);
        struct cp_estimate e = cp_tail_ratio(x, N, 0);
        covered += e.low <= truth && truth <= e.high;
    }
    /* nominal 0.95 or more; three binomial standard errors below */
    if (covered < RUNS * 0.917)
        fail_msg("covers %d of %d", covered, RUNS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_needs_an_upper_bound_of_p99_and_says_how_many_that_takes),
        cmocka_unit_test(value_and_ends_are_ratios_of_quantiles),
        cmocka_unit_test(timeouts_make_it_infinite_and_a_zero_median_none),
        cmocka_unit_test(the_interval_covers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
