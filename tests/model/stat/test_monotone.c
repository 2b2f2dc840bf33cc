/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/monotone.h"

#include <math.h>

#include "tests/test.h"

static const struct cp_memory_point falling[] = {
    {1024, 125, 1}, {128, 1000, 1}, {256, 500, 3}, {512, 250, 1}};

static void falling_points_are_kept_and_joined_by_powers(void **state)
{
    (void)state;
    struct cp_monotone curve;
    cp_monotone_fit(falling, 4, &curve);
    assert_int_equal(curve.status, CP_OK);
    assert_int_equal(curve.n, 4);
    assert_int_equal(curve.n_steps, 4);
    assert_near(curve.max_log_move, 0, 0);
    for (int mb = 128; mb <= 1024; mb += 64) /* all on one power: 128,000 / m */
        assert_near(cp_monotone_at(&curve, mb), 128000.0 / mb, 1e-9);
    assert_near(cp_monotone_at(&curve, 128), 1000, 1e-9);
    assert_near(cp_monotone_at(&curve, 1024), 125, 1e-9);
}

static void rising_points_are_pooled_to_their_weighted_geometric_mean(void **state)
{
    (void)state;
    const struct cp_memory_point points[] = {
        {128, 100, 1}, {256, 20, 1}, {512, 40, 3}, {1024, 10, 1}};
    struct cp_monotone curve;
    cp_monotone_fit(points, 4, &curve);
    double pooled = exp((log(20) + 3 * log(40)) / 4);
    assert_int_equal(curve.status, CP_OK);
    assert_int_equal(curve.n_steps, 3);
    assert_near(curve.max_log_move, log(pooled / 20), 1e-12);
    assert_near(cp_monotone_at(&curve, 256), pooled, 1e-12);
    assert_near(cp_monotone_at(&curve, 400), pooled, 1e-12);
    assert_near(cp_monotone_at(&curve, 512), pooled, 1e-12);
    /* half way in log memory is half way in log value */
    assert_near(cp_monotone_at(&curve, 512 * sqrt(2)), sqrt(pooled * 10), 1e-12);
    double before = INFINITY;
    for (int mb = 128; mb <= 1024; mb += 16) {
        double value = cp_monotone_at(&curve, mb);
        assert_true(value <= before * (1 + 1e-15));
        before = value;
    }
}

static void points_of_one_size_are_one_knot(void **state)
{
    (void)state;
    const struct cp_memory_point points[] = {
        {512, 40, 1}, {128, 100, 1}, {512, 10, 1}, {1024, 10, 1}, {2048, NAN, 0}};
    struct cp_monotone curve;
    cp_monotone_fit(points, 5, &curve);
    assert_int_equal(curve.status, CP_OK);
    assert_int_equal(curve.n, 3);
    assert_near(curve.knots[1].value, 20, 1e-12);
    assert_near(curve.knots[1].weight, 2, 0);
}

static void nothing_is_said_outside_the_measured_sizes(void **state)
{
    (void)state;
    struct cp_monotone curve;
    cp_monotone_fit(falling, 4, &curve);
    assert_true(isnan(cp_monotone_at(&curve, 127)));
    assert_true(isnan(cp_monotone_at(&curve, 1025)));
    assert_true(isnan(cp_monotone_at(&curve, NAN)));
    assert_true(isnan(cp_monotone_at(&curve, INFINITY)));
}

static void unusable_points_are_named(void **state)
{
    (void)state;
    static const struct {
        struct cp_memory_point third;
        enum cp_code status;
    } cases[] = {
        {{1024, 3, 1}, CP_OK},       {{512, 3, 1}, CP_ENODATA},   {{1024, 3, 0}, CP_ENODATA},
        {{1024, 0, 1}, CP_EINVAL},   {{1024, NAN, 1}, CP_EINVAL}, {{1024, INFINITY, 1}, CP_EINVAL},
        {{-1, 3, 1}, CP_EINVAL},     {{NAN, 3, 1}, CP_EINVAL},    {{1024, 3, -1}, CP_EINVAL},
        {{1024, 3, NAN}, CP_EINVAL},
    };
    struct cp_monotone curve;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct cp_memory_point points[] = {{128, 5, 1}, {512, 4, 1}, cases[i].third};
        cp_monotone_fit(points, 3, &curve);
        assert_int_equal(curve.status, cases[i].status);
        assert_int_equal(isnan(cp_monotone_at(&curve, 200)), cases[i].status != CP_OK);
    }
    struct cp_memory_point many[CP_MEMORY_POINTS_MAX + 1];
    for (size_t i = 0; i <= CP_MEMORY_POINTS_MAX; i++)
        many[i] = (struct cp_memory_point){128 + (double)i, 5, 1};
    cp_monotone_fit(many, CP_MEMORY_POINTS_MAX, &curve);
    assert_int_equal(curve.status, CP_OK);
    assert_int_equal(curve.n_steps, 1);
    cp_monotone_fit(many, CP_MEMORY_POINTS_MAX + 1, &curve);
    assert_int_equal(curve.status, CP_ELIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(falling_points_are_kept_and_joined_by_powers),
        cmocka_unit_test(rising_points_are_pooled_to_their_weighted_geometric_mean),
        cmocka_unit_test(points_of_one_size_are_one_knot),
        cmocka_unit_test(nothing_is_said_outside_the_measured_sizes),
        cmocka_unit_test(unusable_points_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
