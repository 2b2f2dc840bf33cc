/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/binomial.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <math.h>

#include "tests/model/stat/csv.h"
#include "tests/test.h"

static void cdf_agrees_with_gsl(void **state)
{
    (void)state;
    static const size_t ns[] = {1, 2, 10, 59, 300, 1000, 10000};
    static const double ps[] = {1e-9, 0.001, 0.05, 0.3, 0.5, 0.9, 0.99, 0.999999};
    for (size_t i = 0; i < sizeof ns / sizeof *ns; i++) {
        for (size_t j = 0; j < sizeof ps / sizeof *ps; j++) {
            size_t step = ns[i] / 37 + 1;
            for (size_t k = 0; k <= ns[i]; k += step)
                assert_near(cp_binomial_cdf(k, ns[i], ps[j]),
                            gsl_cdf_binomial_P((unsigned)k, ps[j], (unsigned)ns[i]), 1e-11);
        }
    }
}

static void cdf_is_exact_for_small_n(void **state)
{
    (void)state;
    /* Bin(4, 1/2): 1, 5, 11, 15, 16 sixteenths */
    static const double expected[] = {1, 5, 11, 15, 16};
    for (size_t k = 0; k <= 4; k++)
        assert_near(cp_binomial_cdf(k, 4, 0.5), expected[k] / 16, 1e-15);
    assert_near(cp_binomial_cdf(0, 3, 0), 1, 0);
    assert_near(cp_binomial_cdf(2, 3, 1), 0, 0);
    assert_near(cp_binomial_cdf(3, 3, 1), 1, 0);
    assert_near(cp_binomial_cdf(9, 3, 0.2), 1, 0);
    assert_true(isnan(cp_binomial_cdf(1, 3, -0.1)));
    assert_true(isnan(cp_binomial_cdf(1, 3, NAN)));
}

static void cdf_of_a_million_follows_the_symmetric_law(void **state)
{
    (void)state;
    /* p = 1/2, n odd: P(X <= (n-1)/2) = 1/2 exactly */
    assert_near(cp_binomial_cdf(500000, 1000001, 0.5), 0.5, 1e-12);
    assert_near(cp_binomial_cdf(5000000, 10000001, 0.5), 0.5, 1e-12);
}

static void quantile_is_the_smallest_k_that_reaches_the_target(void **state)
{
    (void)state;
    static const size_t ns[] = {1, 5, 72, 1000, 20000};
    static const double ps[] = {0.01, 0.5, 0.95, 0.99};
    static const double targets[] = {0.001, 0.025, 0.3, 0.5, 0.975, 0.999};
    for (size_t i = 0; i < 5; i++) {
        for (size_t j = 0; j < 4; j++) {
            for (size_t t = 0; t < 6; t++) {
                size_t k = cp_binomial_quantile(targets[t], ns[i], ps[j]);
                double slack = 1e-11;
                unsigned n = (unsigned)ns[i];
                assert_true(gsl_cdf_binomial_P((unsigned)k, ps[j], n) >= targets[t] - slack);
                if (k > 0)
                    assert_true(gsl_cdf_binomial_P((unsigned)k - 1, ps[j], n) < targets[t] + slack);
            }
        }
    }
}

static void quantile_grants_rounding_slack_at_an_exact_target(void **state)
{
    (void)state;
    /* Bin(3, 1/2): P(X <= 2) = 0.875 */
    assert_int_equal(cp_binomial_quantile(0.875, 3, 0.5), 2);
    assert_int_equal(cp_binomial_quantile(0.8751, 3, 0.5), 3);
    assert_int_equal(cp_binomial_quantile(0.5, 3, 0), 0);
    assert_int_equal(cp_binomial_quantile(1, 3, 0.5), 0);
}

static void intervals_agree_with_r(void **state)
{
    (void)state;
    struct csv csv;
    size_t rows = 0;
    csv_open(&csv, "tests/data/model/currentstatus", "binomial_ci.csv");
    static const struct {
        bool (*interval)(size_t k, size_t n, double confidence, double *low, double *high);
        const char *low, *high;
    } kinds[] = {{cp_binomial_interval, "cp_lo", "cp_hi"},
                 {cp_binomial_wilson, "wilson_lo", "wilson_hi"},
                 {cp_binomial_jeffreys, "jeffreys_lo", "jeffreys_hi"}};
    for (; csv_next(&csv); rows++) {
        size_t k = csv_size(&csv, "k");
        size_t n = csv_size(&csv, "n");
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
            double low = 0;
            double high = 0;
            double low_off = csv_number(&csv, kinds[i].low);
            double high_off = csv_number(&csv, kinds[i].high);
            assert_true(kinds[i].interval(k, n, 0.95, &low, &high));
            low_off = fabs(low - low_off);
            high_off = fabs(high - high_off);
            if (!(low_off <= 1e-12 && high_off <= 1e-12))
                fail_msg("%s of %zu in %zu: off by %g and %g", kinds[i].low, k, n, low_off,
                         high_off);
        }
    }
    csv_close(&csv);
    assert_int_equal(rows, 7);
}

static void interval_agrees_with_the_beta_law(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 2000; n = n * 3 + 1) {
        for (size_t k = 1; k < n; k += n / 11 + 1) {
            double low = 0;
            double high = 0;
            assert_true(cp_binomial_interval(k, n, 0.9, &low, &high));
            double a = (double)k;
            double b = (double)(n - k);
            assert_near(low, gsl_cdf_beta_Pinv(0.05, a, b + 1), 1e-9);
            assert_near(high, gsl_cdf_beta_Pinv(0.95, a + 1, b), 1e-9);
        }
    }
}

static void interval_has_closed_forms_at_its_ends(void **state)
{
    (void)state;
    double low = 0;
    double high = 0;
    assert_true(cp_binomial_interval(0, 1000000, 0.95, &low, &high));
    assert_near(low, 0, 0);
    assert_near(high, 3.6888794541139363e-6, 1e-11); /* ln 40 / n, less a millionth of itself */
    assert_true(cp_binomial_interval(1, 1, 0.95, &low, &high));
    assert_near(low, 0.025, 1e-15);
    assert_near(high, 1, 0);
}

static void upper_bound_without_successes_is_the_rule_of_three(void **state)
{
    (void)state;
    assert_near(cp_binomial_upper(0, 30, 0.95), 1 - pow(0.05, 1.0 / 30), 1e-15);
    assert_near(cp_binomial_upper(0, 1000, 0.95) * 1000, 3, 0.01);
    assert_near(cp_binomial_upper(7, 7, 0.95), 1, 0);
    for (size_t k = 0; k < 40; k += 3)
        assert_near(cp_binomial_cdf(k, 40, cp_binomial_upper(k, 40, 0.9)), 0.1, 1e-12);
    assert_true(isnan(cp_binomial_upper(0, 0, 0.95)) && isnan(cp_binomial_upper(3, 2, 0.95)) &&
                isnan(cp_binomial_upper(0, 5, 1)) && isnan(cp_binomial_upper(0, 5, NAN)));
}

static void interval_without_trials_is_refused(void **state)
{
    (void)state;
    double low = 0;
    double high = 0;
    assert_false(cp_binomial_interval(0, 0, 0.95, &low, &high));
    assert_true(isnan(low) && isnan(high));
    assert_false(cp_binomial_interval(2, 1, 0.95, &low, &high));
    assert_false(cp_binomial_interval(1, 2, 1, &low, &high));
    assert_false(cp_binomial_interval(1, 2, NAN, &low, &high));
    assert_false(cp_binomial_wilson(0, 0, 0.95, &low, &high));
    assert_false(cp_binomial_wilson(2, 1, 0.95, &low, &high));
    assert_false(cp_binomial_jeffreys(1, 2, 0, &low, &high));
    assert_true(isnan(low) && isnan(high));
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cdf_agrees_with_gsl),
        cmocka_unit_test(cdf_is_exact_for_small_n),
        cmocka_unit_test(cdf_of_a_million_follows_the_symmetric_law),
        cmocka_unit_test(quantile_is_the_smallest_k_that_reaches_the_target),
        cmocka_unit_test(quantile_grants_rounding_slack_at_an_exact_target),
        cmocka_unit_test(intervals_agree_with_r),
        cmocka_unit_test(interval_agrees_with_the_beta_law),
        cmocka_unit_test(interval_has_closed_forms_at_its_ends),
        cmocka_unit_test(upper_bound_without_successes_is_the_rule_of_three),
        cmocka_unit_test(interval_without_trials_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
