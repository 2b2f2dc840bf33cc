/* SPDX-License-Identifier: GPL-3.0-or-later
 * Change points: what can be told without a reference. The series of others are in
 * test_change_point_reference.
 */
#include "model/base/rng.h"
#include "model/compare/change_point.h"
#include "tests/test.h"

#include <math.h>

enum { NIGHTS = 120 };

static void noise(double *values, size_t n, double level, uint64_t seed)
{
    struct cp_rng rng;
    cp_rng_init(&rng, seed, 0);
    for (size_t i = 0; i < n; i++)
        values[i] = level + cp_rng_normal(&rng);
}

static struct cp_change_points find(const double *values, size_t n,
                                    const struct cp_change_options *options)
{
    struct cp_change_points found;
    struct cp_error err = {0};
    if (cp_change_points_find(values, n, options, &found, &err))
        fail_msg("%s", err.text);
    return found;
}

static void a_step_is_found_where_it_is(void **state)
{
    (void)state;
    double values[NIGHTS];
    const struct cp_change_options options = {0};
    noise(values, 70, 100, 1);
    noise(values + 70, NIGHTS - 70, 110, 2);
    struct cp_change_points found = find(values, NIGHTS, &options);
    assert_int_equal(found.n, 1);
    assert_int_equal(found.points[0].index, 70);
    assert_near(found.points[0].mean_before, 100, 1);
    assert_near(found.points[0].mean_after, 110, 1);
    assert_near(cp_change_magnitude(&found.points[0]), 0.1, 0.02);
    assert_true(found.points[0].p < 1e-20);
    cp_change_points_clear(&found);
}

static void a_small_step_is_left_out_when_it_does_not_matter(void **state)
{
    (void)state;
    double values[NIGHTS];
    const struct cp_change_options options = {.min_magnitude = 0.15};
    noise(values, 70, 100, 1);
    noise(values + 70, NIGHTS - 70, 110, 2);
    struct cp_change_points found = find(values, NIGHTS, &options);
    assert_int_equal(found.n, 0);
    cp_change_points_clear(&found);
}

static void constant_levels_have_the_step_alone(void **state)
{
    (void)state;
    double values[NIGHTS];
    const struct cp_change_options options = {0};
    for (size_t i = 0; i < NIGHTS; i++)
        values[i] = i < 30 ? 5 : 6;
    struct cp_change_points found = find(values, NIGHTS, &options);
    assert_int_equal(found.n, 1);
    assert_int_equal(found.points[0].index, 30);
    assert_true(found.points[0].p == 0);
    cp_change_points_clear(&found);
    for (size_t i = 0; i < NIGHTS; i++)
        values[i] = 5;
    found = find(values, NIGHTS, &options);
    assert_int_equal(found.n, 0);
    cp_change_points_clear(&found);
}

static void short_series_have_none(void **state)
{
    (void)state;
    const double values[] = {1, 100, 3};
    const struct cp_change_options options = {0};
    for (size_t n = 0; n <= 2; n++) {
        struct cp_change_points found = find(values, n, &options);
        assert_int_equal(found.n, 0);
        cp_change_points_clear(&found);
    }
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    const double values[] = {1, NAN, 3};
    struct cp_change_points found;
    struct cp_error err = {0};
    struct cp_change_options options = {0};
    assert_int_equal(cp_change_points_find(values, 3, &options, &found, &err), CP_EINVAL);
    assert_string_equal(err.text, "value 2 of the series is not a number");
    options.window = 1;
    assert_int_equal(cp_change_points_find(values, 1, &options, &found, &err), CP_EINVAL);
    options = (struct cp_change_options){.max_p = 1};
    assert_int_equal(cp_change_points_find(values, 1, &options, &found, &err), CP_EINVAL);
}

/* Recomputed pair by pair. */
static void the_statistic_is_its_definition(void **state)
{
    (void)state;
    double values[40];
    const struct cp_change_options options = {.max_p = 1e-6};
    noise(values, 18, 10, 3);
    noise(values + 18, 22, 14, 4);
    struct cp_change_points found = find(values, 40, &options);
    assert_int_equal(found.n, 1);
    size_t t = found.points[0].index;
    double best = -INFINITY;
    size_t best_t = 0;
    for (size_t a = 1; a < 40; a++) {
        for (size_t k = a + 1; k <= 40; k++) {
            double n = (double)a;
            double m = (double)(k - a);
            double q = 0;
            for (size_t i = 0; i < k; i++) {
                for (size_t j = i + 1; j < k; j++) {
                    double distance = fabs(values[i] - values[j]);
                    if (i < a && j >= a)
                        q += 2 / (m + n) * distance;
                    else if (j < a)
                        q -= 2 * m / ((m + n) * (n - 1)) * distance;
                    else
                        q -= 2 * n / ((m + n) * (m - 1)) * distance;
                }
            }
            best_t = q > best ? a : best_t;
            best = fmax(best, q);
        }
    }
    assert_int_equal(t, best_t);
    assert_near(found.points[0].statistic, best, 1e-9);
    cp_change_points_clear(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_is_found_where_it_is),
        cmocka_unit_test(a_small_step_is_left_out_when_it_does_not_matter),
        cmocka_unit_test(constant_levels_have_the_step_alone),
        cmocka_unit_test(short_series_have_none),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(the_statistic_is_its_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
