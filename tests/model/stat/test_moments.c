/* SPDX-License-Identifier: GPL-3.0-or-later
 * Against the certified values of NIST StRD, univariate summary statistics (public domain): log
 * relative error = number of correct digits. Certified to 15; what a set can reach is bounded by
 * the rounding of its own values: those of numacc3 (1000000.1) are off by up to 6e-11 of an sd of
 * 0.1, which leaves 9 digits. A one-pass variance gets 0 to 2 of numacc3.
 */
#include "model/stat/moments.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/model/stat/csv.h"
#include "tests/test.h"

static const char data[] = "tests/data/model/nist_univariate";

static double correct_digits(double actual, double certified)
{
    double error = fabs(actual - certified) / fabs(certified);
    return error > 0 ? fmin(-log10(error), 15) : 15;
}

static void assert_digits(const char *set, const char *what, double actual, double certified,
                          double wanted)
{
    double digits = correct_digits(actual, certified);
    print_message("%s: %s to %.1f digits\n", set, what, digits);
    if (!(digits >= wanted))
        fail_msg("%s: %s is %.16g, certified %.16g: %.1f digits, wanted %.1f", set, what, actual,
                 certified, digits, wanted);
}

static void moments_agree_with_nist(void **state)
{
    (void)state;
    static const struct {
        const char *set;
        double mean, sd, lag1; /* digits */
    } cases[] = {
        {"lew", 15, 14.5, 14},
        {"lottery", 14, 14.5, 14},
        {"numacc1", 15, 15, 15},
        {"numacc3", 14.5, 9.4, 9},
    };
    struct csv csv;
    size_t rows = 0;
    csv_open(&csv, data, "certified.csv");
    for (; csv_next(&csv); rows++) {
        char file[64];
        size_t n = 0;
        assert_true(rows < sizeof cases / sizeof *cases);
        const char *set = cases[rows].set;
        assert_true(cp_view_is(csv_text(&csv, "dataset"), set));
        (void)snprintf(file, sizeof file, "%s.csv", set);
        double *x = csv_column(data, file, "value", &n);
        struct cp_moments m = cp_moments_of(x, n);
        free(x);
        assert_int_equal(m.status, CP_OK);
        assert_int_equal(m.n, csv_size(&csv, "n"));
        assert_digits(set, "mean", m.mean, csv_number(&csv, "mean"), cases[rows].mean);
        assert_digits(set, "sd", m.sd, csv_number(&csv, "sd_n1"), cases[rows].sd);
        assert_digits(set, "lag-1 autocorrelation", m.lag1_autocorrelation,
                      csv_number(&csv, "lag1_autocorrelation"), cases[rows].lag1);
    }
    csv_close(&csv);
    assert_int_equal(rows, 4);
}

static void small_samples_have_what_they_can_have(void **state)
{
    (void)state;
    const double x[] = {3, 3, 4};
    struct cp_moments none = cp_moments_of(x, 0);
    assert_int_equal(none.status, CP_ENODATA);
    assert_true(isnan(none.mean) && isnan(none.sd) && isnan(none.lag1_autocorrelation));
    struct cp_moments one = cp_moments_of(x, 1);
    assert_int_equal(one.status, CP_OK);
    assert_near(one.mean, 3, 0);
    assert_true(isnan(one.sd) && isnan(one.lag1_autocorrelation));
    struct cp_moments constant = cp_moments_of(x, 2);
    assert_near(constant.mean, 3, 0);
    assert_near(constant.sd, 0, 0);
    assert_true(isnan(constant.lag1_autocorrelation));
    struct cp_moments two = cp_moments_of(x + 1, 2);
    assert_near(two.sd, sqrt(0.5), 1e-15);
    assert_near(two.lag1_autocorrelation, -0.5, 1e-15);
}

static void censored_values_make_the_mean_infinite(void **state)
{
    (void)state;
    const double x[] = {1, INFINITY, 2};
    struct cp_moments m = cp_moments_of(x, 3);
    assert_int_equal(m.status, CP_OK);
    assert_near(m.mean, INFINITY, 0);
    assert_true(isnan(m.sd) && isnan(m.lag1_autocorrelation));
}

static void what_is_no_duration_is_refused(void **state)
{
    (void)state;
    const double with_nan[] = {1, NAN, 2};
    const double with_minus[] = {1, 2, -INFINITY};
    assert_int_equal(cp_moments_of(with_nan, 3).status, CP_EINVAL);
    assert_int_equal(cp_moments_of(with_minus, 3).status, CP_EINVAL);
    assert_true(isnan(cp_moments_of(with_nan, 3).mean));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_agree_with_nist),
        cmocka_unit_test(small_samples_have_what_they_can_have),
        cmocka_unit_test(censored_values_make_the_mean_infinite),
        cmocka_unit_test(what_is_no_duration_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
