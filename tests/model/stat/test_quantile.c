/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/quantile.h"

#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdlib.h>

#include "model/stat/binomial.h"
#include "tests/model/stat/csv.h"
#include "tests/model/stat/quantile_tables.h"
#include "tests/test.h"

static const char data[] = "tests/data/model/quantiles";

static void quantile_agrees_with_r_for_all_nine_types(void **state)
{
    (void)state;
    assert_int_equal(check_hyndman_fan(data), 6 * 9 * 11);
}

static void harrell_davis_agrees_with_hmisc(void **state)
{
    (void)state;
    assert_int_equal(check_harrell_davis(data), 54);
}

static void harrell_davis_of_a_ramp_is_the_mean_of_its_beta_law(void **state)
{
    (void)state;
    /* x_i = i: the sum of w_i i is n E[X] + 1/2 for a smooth law, and E[X] = q exactly */
    enum { N = 100000 };
    static double ramp[N];
    static const double qs[] = {0.1, 0.5, 0.9, 0.95};
    for (size_t i = 0; i < N; i++)
        ramp[i] = (double)i + 1;
    for (size_t i = 0; i < sizeof qs / sizeof *qs; i++)
        assert_near(cp_quantile_harrell_davis(ramp, N, qs[i]), N * qs[i] + 0.5, 1e-4);
}

static void order_intervals_agree_with_qbinom(void **state)
{
    (void)state;
    assert_int_equal(check_order_intervals(data), 72);
}

static void smallest_n_agrees_with_the_table(void **state)
{
    (void)state;
    struct csv csv;
    size_t rows = 0;
    csv_open(&csv, data, "min_n_table.csv");
    for (; csv_next(&csv); rows++) {
        double q = csv_number(&csv, "p");
        double confidence = csv_number(&csv, "conf");
        assert_int_equal(cp_quantile_min_n_upper(q, confidence), csv_size(&csv, "min_n_upper"));
        assert_int_equal(cp_quantile_min_n_two_sided(q, confidence),
                         csv_size(&csv, "min_n_two_sided"));
    }
    csv_close(&csv);
    assert_int_equal(rows, 24);
}

static void bounds_exist_exactly_from_the_smallest_n(void **state)
{
    (void)state;
    static const double qs[] = {0.01, 0.1, 0.25, 0.5, 0.6, 0.9, 0.95, 0.99, 0.999};
    static const double confidences[] = {0.5, 0.75, 0.8, 0.875, 0.9, 0.95, 0.99, 0.999};
    for (size_t i = 0; i < sizeof qs / sizeof *qs; i++) {
        for (size_t j = 0; j < sizeof confidences / sizeof *confidences; j++) {
            size_t low = 0;
            size_t high = 0;
            size_t upper = 0;
            double coverage = 0;
            double c = confidences[j];
            size_t n = cp_quantile_min_n_two_sided(qs[i], c);
            assert_true(cp_quantile_ranks(n, qs[i], c, &low, &high, &coverage));
            assert_true(coverage >= c - 1e-12);
            assert_false(cp_quantile_ranks(n - 1, qs[i], c, &low, &high, &coverage));
            n = cp_quantile_min_n_upper(qs[i], c);
            assert_true(cp_quantile_rank_upper(n, qs[i], c, &upper));
            assert_false(cp_quantile_rank_upper(n - 1, qs[i], c, &upper));
        }
    }
}

static void ranks_far_beyond_gsl_follow_the_normal_limit(void **state)
{
    (void)state;
    /* n = 4 * 10^6, q = 1/2: sd 1000; the 97.5 % point is n/2 + 1959.96 within one rank */
    size_t low = 0;
    size_t high = 0;
    double coverage = 0;
    assert_true(cp_quantile_ranks(4000000, 0.5, 0.95, &low, &high, &coverage));
    assert_in_range(low, 2000000 - 1961, 2000000 - 1959);
    assert_in_range(high, 2000000 + 1959, 2000000 + 1962);
    assert_true(coverage >= 0.95 && coverage < 0.9505);
}

static void estimate_says_how_much_data_it_needs(void **state)
{
    (void)state;
    static double sorted[400];
    for (size_t i = 0; i < 400; i++)
        sorted[i] = 100 + (double)i;
    static const struct {
        size_t n;
        double q;
        enum cp_answer status;
        size_t needed, needed_upper;
    } cases[] = {
        {0, 0.95, CP_ANSWER_NONE, 72, 59},           {1, 0.5, CP_ANSWER_TOO_FEW, 6, 5},
        {58, 0.95, CP_ANSWER_TOO_FEW, 72, 59},       {59, 0.95, CP_ANSWER_UPPER_ONLY, 72, 59},
        {71, 0.95, CP_ANSWER_UPPER_ONLY, 72, 59},    {72, 0.95, CP_ANSWER_OK, 72, 59},
        {298, 0.99, CP_ANSWER_TOO_FEW, 368, 299},    {299, 0.99, CP_ANSWER_UPPER_ONLY, 368, 299},
        {367, 0.99, CP_ANSWER_UPPER_ONLY, 368, 299}, {368, 0.99, CP_ANSWER_OK, 368, 299},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cp_estimate e = cp_quantile_estimate(sorted, cases[i].n, cases[i].q, 0);
        assert_int_equal(e.status, cases[i].status);
        assert_int_equal(e.n_needed, cases[i].needed);
        assert_int_equal(e.n_needed_upper, cases[i].needed_upper);
        assert_int_equal(isnan(e.low), e.status != CP_ANSWER_OK);
        assert_int_equal(isnan(e.high), e.status != CP_ANSWER_OK);
        assert_int_equal(isnan(e.coverage), e.status != CP_ANSWER_OK);
        assert_int_equal(isnan(e.upper), e.status < CP_ANSWER_UPPER_ONLY);
        assert_int_equal(isnan(e.value), e.n == 0);
        assert_near(e.confidence, 0.95, 0);
    }
}

static void estimate_refuses_what_is_not_a_sorted_sample(void **state)
{
    (void)state;
    const double unsorted[] = {1, 3, 2, 4, 5, 6, 7};
    const double with_nan[] = {1, 2, NAN, 4, 5, 6, 7};
    const double only_nan[] = {NAN};
    const double from_minus[] = {-INFINITY, 1, 2, 3, 4, 5, 6};
    const double fine[] = {1, 2, 3, 4, 5, 6, 7};
    assert_int_equal(cp_quantile_estimate(unsorted, 7, 0.5, 0).status, CP_ANSWER_NONE);
    assert_int_equal(cp_quantile_estimate(with_nan, 7, 0.5, 0).status, CP_ANSWER_NONE);
    assert_int_equal(cp_quantile_estimate(only_nan, 1, 0.5, 0).status, CP_ANSWER_NONE);
    assert_int_equal(cp_quantile_estimate(from_minus, 7, 0.5, 0).status, CP_ANSWER_NONE);
    assert_int_equal(cp_quantile_estimate(fine, 7, 0, 0).status, CP_ANSWER_NONE);
    assert_int_equal(cp_quantile_estimate(fine, 7, 1, 0).status, CP_ANSWER_NONE);
    assert_int_equal(cp_quantile_estimate(fine, 7, NAN, 0).status, CP_ANSWER_NONE);
    assert_int_equal(cp_quantile_estimate(fine, 7, 0.5, 1).status, CP_ANSWER_NONE);
    assert_int_equal(cp_quantile_estimate(fine, 7, 0.5, 0).status, CP_ANSWER_OK);
}

static void point_refuses_bad_arguments_with_nan(void **state)
{
    (void)state;
    const double x[] = {1, 2, 3};
    assert_true(isnan(cp_quantile(x, 0, 0.5, 8)));
    assert_true(isnan(cp_quantile(x, 3, -0.1, 8)));
    assert_true(isnan(cp_quantile(x, 3, 1.1, 8)));
    assert_true(isnan(cp_quantile(x, 3, NAN, 8)));
    assert_true(isnan(cp_quantile(x, 3, 0.5, 0)));
    assert_true(isnan(cp_quantile(x, 3, 0.5, 10)));
    assert_true(isnan(cp_quantile_harrell_davis(x, 0, 0.5)));
    assert_true(isnan(cp_quantile_harrell_davis(x, 3, 1)));
    assert_int_equal(cp_quantile_min_n_upper(0, 0.95), 0);
    assert_int_equal(cp_quantile_min_n_upper(0.5, 1), 0);
    assert_int_equal(cp_quantile_min_n_two_sided(1, 0.95), 0);
    assert_int_equal(cp_quantile_min_n_two_sided(NAN, 0.95), 0);
    assert_true(cp_quantile_min_n_upper(1 - 0x1p-53, 0.95) > 1U << 30);
    assert_true(cp_quantile_min_n_two_sided(1e-300, 0.95) > 1U << 30);
}

static void timeouts_count_as_above(void **state)
{
    (void)state;
    /* 100 values, the last 4 timed out: p50 is untouched, p95 = 95.7th order statistic has an
     * open upper end, p99 lies among the timeouts */
    double x[100];
    for (size_t i = 0; i < 100; i++)
        x[i] = i < 96 ? (double)i + 1 : INFINITY;
    struct cp_estimate p50 = cp_quantile_estimate(x, 100, 0.5, 0.95);
    struct cp_estimate p95 = cp_quantile_estimate(x, 100, 0.95, 0.95);
    assert_int_equal(p50.status, CP_ANSWER_OK);
    assert_near(p50.value, 50.5, 1e-12);
    assert_true(isfinite(p50.high));
    assert_int_equal(p95.status, CP_ANSWER_OK);
    assert_true(isfinite(p95.value) && isfinite(p95.low) && isinf(p95.high));
    assert_true(p95.is_mode_edge);
    assert_true(isinf(cp_quantile(x, 100, 0.99, 8)));
    assert_true(isinf(cp_quantile(x, 100, 0.99, 7)));
    assert_int_equal(p50.n_censored, 4);
}

/* Of n values, the largest n_censored timed out. What is infinite: the point, the interval's ends,
 * the bounds. Ranks (R): n = 100, p95: qbinom(.025, 100, .95) = 90, qbinom(.975, ..) + 1 = 100,
 * qbinom(.95, ..) + 1 = 99, qbinom(.05, ..) = 91, type 8 at 95.65; n = 400, p99: 391, 400, 400,
 * 392, 396.66. */
static void censoring_opens_what_it_reaches(void **state)
{
    (void)state;
    static double x[400];
    static const struct {
        size_t n, n_censored;
        double q;
        bool value, low, high, upper, lower; /* is infinite */
    } cases[] = {
        {100, 0, 0.95, false, false, false, false, false},
        {100, 1, 0.95, false, false, true, false, false},
        {100, 2, 0.95, false, false, true, true, false},
        {100, 4, 0.95, false, false, true, true, false},
        {100, 5, 0.95, true, false, true, true, false},
        {100, 9, 0.95, true, false, true, true, false},
        {100, 10, 0.95, true, false, true, true, true},
        {100, 11, 0.95, true, true, true, true, true},
        {400, 1, 0.99, false, false, true, true, false},
        {400, 4, 0.99, true, false, true, true, false},
        {400, 8, 0.99, true, false, true, true, false},
        {400, 9, 0.99, true, true, true, true, true},
        {100, 100, 0.5, true, true, true, true, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n = cases[i].n;
        for (size_t j = 0; j < n; j++)
            x[j] = j < n - cases[i].n_censored ? 100 + (double)j : INFINITY;
        struct cp_estimate e = cp_quantile_estimate(x, n, cases[i].q, 0.95);
        assert_int_equal(e.status, CP_ANSWER_OK);
        assert_int_equal(e.n_censored, cases[i].n_censored);
        assert_int_equal(isinf(e.value) != 0, cases[i].value);
        assert_int_equal(isinf(e.low) != 0, cases[i].low);
        assert_int_equal(isinf(e.high) != 0, cases[i].high);
        assert_int_equal(isinf(e.upper) != 0, cases[i].upper);
        assert_int_equal(isinf(e.lower) != 0, cases[i].lower);
        assert_false(isnan(e.value) || isnan(e.low) || isnan(e.high) || isnan(e.upper));
        assert_false(e.is_constant);
        /* what is not reached does not move */
        if (isfinite(e.low))
            assert_near(e.low, cases[i].n == 100 ? 189 : 491, 0);
    }
}

static void harrell_davis_of_a_censored_sample_is_open(void **state)
{
    (void)state;
    static double x[100000];
    for (size_t i = 0; i < 100; i++)
        x[i] = i < 99 ? (double)i : INFINITY;
    assert_near(cp_quantile_harrell_davis(x, 100, 0.9), INFINITY, 0);
    assert_near(cp_quantile_harrell_davis(x, 100, 0.95), INFINITY, 0);
    /* no weight reaches so far up: the value is that of the ramp */
    assert_near(cp_quantile_harrell_davis(x, 100, 0.5), 49.5, 1e-9);
    for (size_t i = 0; i < 100000; i++)
        x[i] = i < 99000 ? (double)i + 1 : INFINITY;
    assert_near(cp_quantile_harrell_davis(x, 100000, 0.5), 50000.5, 1e-4);
}

/* Exact one-sided bounds by their definition: P(X(rank) <= quantile) = P(Bin(n, q) >= rank), the
 * largest rank that keeps it at the confidence; both bounds mirror each other. */
static void lower_bounds_are_exact_and_mirror_the_upper_ones(void **state)
{
    (void)state;
    static const double qs[] = {0.01, 0.05, 0.5, 0.9, 0.95, 0.99};
    for (size_t i = 0; i < sizeof qs / sizeof *qs; i++) {
        for (size_t n = 2; n < 500; n++) {
            size_t lower = 0;
            size_t mirrored = 0;
            bool exists = cp_quantile_rank_lower(n, qs[i], 0.95, &lower);
            assert_int_equal(exists, cp_quantile_rank_upper(n, 1 - qs[i], 0.95, &mirrored));
            assert_int_equal(lower, n + 1 - mirrored);
            if (exists)
                assert_true(cp_binomial_cdf(lower - 1, n, qs[i]) <= 0.05 + 1e-12);
            if (exists && lower < n)
                assert_true(cp_binomial_cdf(lower, n, qs[i]) > 0.05 - 1e-12);
        }
    }
    size_t rank = 1;
    assert_false(cp_quantile_rank_lower(1, 0.5, 0.95, &rank));
    assert_int_equal(rank, 0);
    assert_false(cp_quantile_rank_lower(9, 1, 0.95, &rank));
    assert_false(cp_quantile_rank_lower(9, 0.5, NAN, &rank));
    /* 100 values cannot bound p99 from above, but from below */
    static double x[100];
    for (size_t i = 0; i < 100; i++)
        x[i] = (double)i + 1;
    struct cp_estimate e = cp_quantile_estimate(x, 100, 0.99, 0.95);
    assert_int_equal(e.status, CP_ANSWER_TOO_FEW);
    assert_near(e.lower, 97, 0); /* R: qbinom(.05, 100, .99) */
    assert_true(isnan(cp_quantile_estimate(x, 4, 0.01, 0.95).lower));
}

static void constant_data_is_said_to_be_constant(void **state)
{
    (void)state;
    double x[40];
    for (size_t i = 0; i < 40; i++)
        x[i] = 42.5;
    struct cp_estimate e = cp_quantile_estimate(x, 40, 0.5, 0.95);
    assert_true(e.is_constant);
    assert_false(e.is_mode_edge);
    assert_near(e.low, 42.5, 0);
    assert_near(e.high, 42.5, 0);
    assert_near(e.value, 42.5, 0);
    x[39] = 43;
    assert_false(cp_quantile_estimate(x, 40, 0.5, 0.95).is_constant);
}

static void quantile_between_two_modes_is_flagged(void **state)
{
    (void)state;
    /* set D has a slow mode of about 5 %: p95 lies on its edge (lo 52, hi 1033), p50 and p90 do not
     */
    size_t n = 0;
    double *x = csv_column(data, "D_bimodal_n500.csv", "value", &n);
    cp_sort(x, n);
    assert_true(cp_quantile_estimate(x, n, 0.95, 0.95).is_mode_edge);
    assert_false(cp_quantile_estimate(x, n, 0.9, 0.95).is_mode_edge);
    assert_false(cp_quantile_estimate(x, n, 0.5, 0.95).is_mode_edge);
    free(x);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantile_agrees_with_r_for_all_nine_types),
        cmocka_unit_test(harrell_davis_agrees_with_hmisc),
        cmocka_unit_test(harrell_davis_of_a_ramp_is_the_mean_of_its_beta_law),
        cmocka_unit_test(order_intervals_agree_with_qbinom),
        cmocka_unit_test(smallest_n_agrees_with_the_table),
        cmocka_unit_test(bounds_exist_exactly_from_the_smallest_n),
        cmocka_unit_test(ranks_far_beyond_gsl_follow_the_normal_limit),
        cmocka_unit_test(estimate_says_how_much_data_it_needs),
        cmocka_unit_test(estimate_refuses_what_is_not_a_sorted_sample),
        cmocka_unit_test(point_refuses_bad_arguments_with_nan),
        cmocka_unit_test(timeouts_count_as_above),
        cmocka_unit_test(censoring_opens_what_it_reaches),
        cmocka_unit_test(harrell_davis_of_a_censored_sample_is_open),
        cmocka_unit_test(lower_bounds_are_exact_and_mirror_the_upper_ones),
        cmocka_unit_test(constant_data_is_said_to_be_constant),
        cmocka_unit_test(quantile_between_two_modes_is_flagged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
