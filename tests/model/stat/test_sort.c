/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/sort.h"

#include <float.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/rng.h"
#include "tests/test.h"

static void sort_agrees_with_gsl_at_every_length(void **state)
{
    (void)state;
    struct cp_rng rng;
    cp_rng_init(&rng, 1, 0);
    static const size_t lengths[] = {0, 1, 2, 3, 47, 48, 49, 50, 255, 256, 1000, 20011};
    double *ours = calloc(20011, sizeof *ours);
    double *theirs = calloc(20011, sizeof *theirs);
    assert_true(ours && theirs);
    for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
        size_t n = lengths[k];
        for (size_t i = 0; i < n; i++)
            ours[i] = cp_rng_normal(&rng) * exp(20 * cp_rng_normal(&rng));
        memcpy(theirs, ours, n * sizeof *ours);
        cp_sort(ours, n);
        gsl_sort(theirs, 1, n);
        assert_memory_equal(ours, theirs, n * sizeof *ours);
        assert_true(cp_sort_is_sorted(ours, n));
    }
    free(ours);
    free(theirs);
}

static void sort_orders_signs_zeros_subnormals_and_infinities(void **state)
{
    (void)state;
    static const double in_order[] = {-INFINITY,    -DBL_MAX, -2, -1, -DBL_MIN, -DBL_TRUE_MIN, 0,
                                      DBL_TRUE_MIN, DBL_MIN,  1,  2,  DBL_MAX,  INFINITY};
    enum { KINDS = sizeof in_order / sizeof *in_order, COPIES = 8, N = KINDS * COPIES };
    double x[N];
    for (size_t i = 0; i < N; i++)
        x[i] = in_order[(N - 1 - i) % KINDS];
    cp_sort(x, N);
    for (size_t i = 0; i < N; i++)
        assert_memory_equal(&x[i], &in_order[i / COPIES], sizeof *x);
}

static void sort_keeps_ties_and_sorted_input(void **state)
{
    (void)state;
    double x[300];
    for (size_t i = 0; i < 300; i++)
        x[i] = (double)(i % 3);
    cp_sort(x, 300);
    for (size_t i = 0; i < 300; i++)
        assert_int_equal(lround(x[i]), i / 100);
    cp_sort(x, 300);
    assert_true(cp_sort_is_sorted(x, 300));
}

static void sortedness_refuses_nan_and_descents(void **state)
{
    (void)state;
    const double nan_first[] = {NAN, 1};
    const double nan_last[] = {1, NAN};
    const double descent[] = {1, 2, 1};
    const double ties[] = {1, 1, INFINITY, INFINITY};
    assert_true(cp_sort_is_sorted(ties, 0));
    assert_true(cp_sort_is_sorted(ties, 4));
    assert_false(cp_sort_is_sorted(nan_first, 2));
    assert_false(cp_sort_is_sorted(nan_first, 1));
    assert_false(cp_sort_is_sorted(nan_last, 2));
    assert_false(cp_sort_is_sorted(descent, 3));
}

static void counts_above_take_equal_values_by_half(void **state)
{
    (void)state;
    static const double x[] = {-1, 0, 0, 2, 2, 2, INFINITY};
    static const struct {
        double at, above;
    } rows[] = {{-2, 7}, {-1, 6.5}, {0, 5}, {1, 4}, {2, 2.5}, {DBL_MAX, 1}, {INFINITY, 0.5}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_near(cp_sort_count_above(x, 7, rows[i].at), rows[i].above, 0);
    assert_near(cp_sort_count_above(x, 0, 1), 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sort_agrees_with_gsl_at_every_length),
        cmocka_unit_test(sort_orders_signs_zeros_subnormals_and_infinities),
        cmocka_unit_test(sort_keeps_ties_and_sorted_input),
        cmocka_unit_test(sortedness_refuses_nan_and_descents),
        cmocka_unit_test(counts_above_take_equal_values_by_half),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
