/* SPDX-License-Identifier: GPL-3.0-or-later
 * Maxima of functions whose maximum and curvature are known.
 */
#include "model/stat/optimum.h"

#include <gsl/gsl_errno.h>
#include <math.h>

#include "tests/test.h"

/* 7 - (x - 3)^2 */
static double parabola(const void *context, double x)
{
    (void)context;
    return 7 - (x - 3) * (x - 3);
}

static void section_finds_the_peak(void **state)
{
    (void)state;
    double highest = NAN;
    assert_near(cp_optimum_section(parabola, NULL, -10, 10, 1e-6, &highest), 3, 1e-6);
    assert_near(highest, 7, 1e-11);
    /* at an end, where it has no peak inside */
    assert_near(cp_optimum_section(parabola, NULL, 4, 10, 1e-6, &highest), 4, 1e-6);
    assert_near(cp_optimum_section(parabola, NULL, -10, 2, 1e-6, &highest), 2, 1e-6);
    assert_near(highest, 6, 1e-5);
}

static void section_ends_where_numbers_do(void **state)
{
    (void)state;
    double highest = NAN;
    assert_near(cp_optimum_section(parabola, NULL, -10, 10, 0, &highest), 3, 1e-6);
    assert_near(cp_optimum_section(parabola, NULL, 3, 3, 1e-6, &highest), 3, 0);
    assert_near(highest, 7, 0);
}

/* Falls; not allowed below 5. */
static double late(const void *context, double x)
{
    (void)context;
    return x < 5 ? -INFINITY : -log(x);
}

static void section_leaves_what_is_not_allowed_to_the_left(void **state)
{
    (void)state;
    double highest = NAN;
    assert_near(cp_optimum_section(late, NULL, 0, 6, 1e-6, &highest), 5, 1e-5);
}

/* Log likelihood of a normal law in (mean, sd) for n values of mean 10 and variance 4: the maximum
 * is there, the covariance sd^2 / n and sd^2 / 2n. */
enum { N = 50 };

static double normal(const void *context, const double *x)
{
    (void)context;
    if (!(x[1] > 0))
        return -INFINITY;
    double square = 4 + (x[0] - 10) * (x[0] - 10);
    return -N * (log(x[1]) + square / (2 * x[1] * x[1]));
}

static const struct cp_optimum likelihood = {.value = normal, .n = 2};

static void climb_and_polish_find_estimate_and_covariance(void **state)
{
    (void)state;
    double x[] = {2, 9};
    double covariance[CP_OPTIMUM_MAX][CP_OPTIMUM_MAX];
    assert_int_equal(cp_optimum_climb(&likelihood, (const double[]){1, 1}, x), CP_OK);
    assert_near(x[0], 10, 0.01);
    assert_true(cp_optimum_polish(&likelihood, x, covariance));
    assert_near(x[0], 10, 1e-7);
    assert_near(x[1], 2, 1e-7);
    assert_near(covariance[0][0], 4.0 / N, 1e-5 * 4 / N);
    assert_near(covariance[1][1], 2.0 / N, 1e-5 * 2 / N);
    assert_near(covariance[0][1], 0, 1e-5 / N);
}

static void climb_refuses_a_start_that_is_not_allowed(void **state)
{
    (void)state;
    double x[] = {2, -1};
    assert_int_equal(cp_optimum_climb(&likelihood, (const double[]){1, 1}, x), CP_ENUMERIC);
}

/* Rises with x[0] for ever. */
static double slope(const void *context, const double *x)
{
    (void)context;
    return x[0] - x[1] * x[1];
}

static void polish_refuses_what_has_no_maximum(void **state)
{
    (void)state;
    double x[] = {0, 0};
    double covariance[CP_OPTIMUM_MAX][CP_OPTIMUM_MAX];
    const struct cp_optimum o = {.value = slope, .n = 2};
    assert_false(cp_optimum_polish(&o, x, covariance));
    assert_true(isnan(covariance[0][0]) && isnan(covariance[1][1]));
    assert_true(slope(NULL, x) >= 0);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(section_finds_the_peak),
        cmocka_unit_test(section_ends_where_numbers_do),
        cmocka_unit_test(section_leaves_what_is_not_allowed_to_the_left),
        cmocka_unit_test(climb_and_polish_find_estimate_and_covariance),
        cmocka_unit_test(climb_refuses_a_start_that_is_not_allowed),
        cmocka_unit_test(polish_refuses_what_has_no_maximum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
