/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/memory_curve.h"

#include <math.h>
#include <string.h>

#include "model/base/rng.h"
#include "tests/test.h"

enum { SIZES = 8 };
static const double sizes[SIZES] = {128, 512, 1024, 1769, 3008, 5307, 7076, 10240};

static void make_points(struct cp_memory_point *points, double a, double b, double cap)
{
    for (size_t i = 0; i < SIZES; i++)
        points[i] = (struct cp_memory_point){sizes[i], a + b * 1024 / fmin(sizes[i], cap), 1};
}

static void exact_points_give_back_their_curve(void **state)
{
    (void)state;
    static const struct {
        double a, b, cap;
    } cases[] = {
        {8, 60, 1769},   {0, 300, 1769},  {35, 12, 3538},      {5, 1000, 5307},
        {1e-3, 2, 7076}, {50, 900, 8845}, {20, 400, INFINITY}, {1e5, 1, 1769},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cp_memory_point points[SIZES];
        make_points(points, cases[i].a, cases[i].b, cases[i].cap);
        struct cp_memory_curve c =
            cp_memory_curve_fit(CP_MEMORY_LAW_INVERSE, points, SIZES, cases[i].cap);
        assert_int_equal(c.status, CP_OK);
        assert_near(c.a, cases[i].a, 1e-8 * (cases[i].a + cases[i].b));
        assert_near(c.b, cases[i].b, 1e-8 * (cases[i].a + cases[i].b));
        assert_near(c.log_rss, 0, 1e-15);
    }
}

static void best_cap_is_the_true_one(void **state)
{
    (void)state;
    static const double caps[] = {1769, 3538, 5307, 7076, 8845, INFINITY};
    for (size_t i = 0; i < sizeof caps / sizeof *caps; i++) {
        struct cp_memory_point points[SIZES];
        make_points(points, 3, 500, caps[i]);
        struct cp_memory_curve c = cp_memory_curve_best_cap(CP_MEMORY_LAW_INVERSE, points, SIZES);
        assert_near(c.cap_mb, caps[i], 0);
        assert_near(c.b, 500, 1e-5);
    }
}

static void near_tie_keeps_the_default_cap(void **state)
{
    (void)state;
    /* only the last size tells 1769 (0.579 b) from none (0.5 b); the others scatter by 5 % */
    struct cp_memory_point p[] = {{128, 800, 1},  {256, 400, 1},   {512, 200, 1},
                                  {1024, 100, 1}, {1536, 66.7, 1}, {2048, 0, 1}};
    for (size_t i = 0; i < 5; i++)
        p[i].value *= i % 2 ? 1.05 : 0.95;
    p[5].value = 53.5;
    double gain = cp_memory_curve_fit(CP_MEMORY_LAW_INVERSE, p, 6, 1769).aicc -
                  cp_memory_curve_fit(CP_MEMORY_LAW_INVERSE, p, 6, INFINITY).aicc;
    assert_true(gain > 0 && gain < 2);
    assert_near(cp_memory_curve_best_cap(CP_MEMORY_LAW_INVERSE, p, 6).cap_mb, 1769, 0);
    p[5].value = 47;
    gain = cp_memory_curve_fit(CP_MEMORY_LAW_INVERSE, p, 6, 1769).aicc -
           cp_memory_curve_fit(CP_MEMORY_LAW_INVERSE, p, 6, INFINITY).aicc;
    assert_true(gain > 2);
    assert_near(cp_memory_curve_best_cap(CP_MEMORY_LAW_INVERSE, p, 6).cap_mb, INFINITY, 0);
}

static void four_sizes_keep_the_default_cap(void **state)
{
    (void)state;
    /* AICc of three parameters needs five sizes, so nothing may choose a cap from four */
    struct cp_memory_point points[SIZES];
    make_points(points, 3, 500, INFINITY);
    struct cp_memory_curve c = cp_memory_curve_best_cap(CP_MEMORY_LAW_INVERSE, points + 2, 4);
    assert_int_equal(c.status, CP_OK);
    assert_near(c.cap_mb, 1769, 0);
    assert_true(isnan(c.aicc));
    assert_near(cp_memory_curve_best_cap(CP_MEMORY_LAW_INVERSE, points, 5).cap_mb, INFINITY, 0);
}

static void aicc_follows_its_formula(void **state)
{
    (void)state;
    /* two values, e and 1/e around 1: every squared log residual of the constant is 1, so
     * AICc = n ln 1 + 2k + 2k(k+1)/(n-k-1) with k = 2, n = 6: 4 + 12/3 */
    struct cp_memory_point points[6];
    for (size_t i = 0; i < 6; i++)
        points[i] = (struct cp_memory_point){sizes[i], exp(i % 2 ? 1 : -1), 2.5};
    struct cp_memory_curve c = cp_memory_curve_fit(CP_MEMORY_LAW_CONSTANT, points, 6, INFINITY);
    assert_near(c.a, 1, 1e-12);
    assert_near(c.log_rss, 6, 1e-12);
    assert_near(c.aicc, 8, 1e-12);
    assert_true(isnan(cp_memory_curve_fit(CP_MEMORY_LAW_CONSTANT, points, 3, INFINITY).aicc));
}

static void coefficients_never_go_negative(void **state)
{
    (void)state;
    struct cp_memory_point rising[SIZES];
    struct cp_memory_point steep[SIZES];
    for (size_t i = 0; i < SIZES; i++) {
        rising[i] = (struct cp_memory_point){sizes[i], 10 + (double)i, 1};
        steep[i] = (struct cp_memory_point){sizes[i], 1000 * pow(1024 / sizes[i], 1.4), 1};
    }
    struct cp_memory_curve c = cp_memory_curve_fit(CP_MEMORY_LAW_INVERSE, rising, SIZES, 1769);
    assert_int_equal(c.status, CP_OK);
    assert_near(c.b, 0, 0);
    assert_near(c.a, cp_memory_curve_fit(CP_MEMORY_LAW_CONSTANT, rising, SIZES, INFINITY).a, 1e-9);
    c = cp_memory_curve_fit(CP_MEMORY_LAW_INVERSE, steep, SIZES, INFINITY);
    assert_int_equal(c.status, CP_OK);
    assert_near(c.a, 0, 0);
    /* with a = 0, the log-scale optimum of b is a geometric mean */
    double mean = 0;
    for (size_t i = 0; i < SIZES; i++)
        mean += log(steep[i].value * sizes[i] / 1024) / SIZES;
    assert_near(c.b, exp(mean), 1e-7 * exp(mean));
}

/* Sum of squared log residuals, spelled out again. */
static double rss_of(const struct cp_memory_point *p, size_t n, double a, double b, double cap)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double r = log(p[i].value / (a + b * 1024 / fmin(p[i].memory_mb, cap)));
        sum += p[i].weight * r * r;
    }
    return sum;
}

static void no_feasible_neighbour_is_better(void **state)
{
    (void)state;
    struct cp_rng rng;
    cp_rng_init(&rng, 3, 0);
    for (int trial = 0; trial < 500; trial++) {
        struct cp_memory_point p[SIZES];
        double noise = 1.5 * cp_rng_uniform(&rng);
        make_points(p, 200 * cp_rng_uniform(&rng), 300 * cp_rng_uniform(&rng), 1769);
        for (size_t i = 0; i < SIZES; i++) {
            p[i].value *= exp(noise * cp_rng_normal(&rng));
            p[i].weight = 0.2 + cp_rng_uniform(&rng);
        }
        struct cp_memory_curve c = cp_memory_curve_fit(CP_MEMORY_LAW_INVERSE, p, SIZES, 1769);
        assert_int_equal(c.status, CP_OK);
        double best = rss_of(p, SIZES, c.a, c.b, 1769);
        double step = 1e-3 * (c.a + c.b);
        for (int da = -1; da <= 1; da++) {
            for (int db = -1; db <= 1; db++) {
                double a = fmax(c.a + da * step, 0);
                double b = fmax(c.b + db * step, 0);
                assert_true(rss_of(p, SIZES, a, b, 1769) >= best * (1 - 1e-9));
            }
        }
    }
}

static void weights_decide_between_contradicting_points(void **state)
{
    (void)state;
    struct cp_memory_point p[SIZES];
    make_points(p, 10, 100, 1769);
    p[2].value *= 5;
    p[2].weight = 1e-9;
    struct cp_memory_curve c = cp_memory_curve_fit(CP_MEMORY_LAW_INVERSE, p, SIZES, 1769);
    assert_near(c.a, 10, 1e-5);
    assert_near(c.b, 100, 1e-5);
    p[2].weight = 0;
    p[2].value = NAN; /* weight 0: never looked at */
    c = cp_memory_curve_fit(CP_MEMORY_LAW_INVERSE, p, SIZES, 1769);
    assert_near(c.a, 10, 1e-8);
    assert_near(c.b, 100, 1e-8);
}

static void sizes_above_the_cap_cannot_show_a_slope(void **state)
{
    (void)state;
    struct cp_memory_point p[] = {{2048, 90, 1}, {3008, 90, 1}, {4096, 90, 1}};
    struct cp_memory_curve c = cp_memory_curve_fit(CP_MEMORY_LAW_INVERSE, p, 3, 1769);
    assert_int_equal(c.status, CP_OK);
    assert_near(c.b, 0, 0);
    assert_near(c.a, 90, 1e-9);
}

static void leave_one_out_of_exact_points_is_zero(void **state)
{
    (void)state;
    struct cp_memory_point p[SIZES];
    make_points(p, 10, 100, 1769);
    struct cp_memory_curve capped = cp_memory_curve_fit(CP_MEMORY_LAW_INVERSE, p, SIZES, 1769);
    struct cp_memory_curve open = cp_memory_curve_fit(CP_MEMORY_LAW_INVERSE, p, SIZES, INFINITY);
    assert_near(cp_memory_curve_leave_one_out(&capped, p, SIZES).max, 0, 1e-8);
    assert_true(cp_memory_curve_leave_one_out(&open, p, SIZES).mean > 0.1);
    assert_true(isnan(cp_memory_curve_leave_one_out(&capped, p, 4).mean));
}

static struct cp_memory_curve chosen(const struct cp_memory_point *points, size_t n,
                                     bool is_exponent_allowed)
{
    const struct cp_memory_choice_options options = {.is_exponent_allowed = is_exponent_allowed,
                                                     .tie_log_error = 1e-4};
    struct cp_memory_choice choice;
    assert_int_equal(cp_memory_curve_choose(points, n, &options, &choice), CP_OK);
    assert_int_equal(choice.curves[0].kind, CP_MEMORY_LAW_INVERSE);
    /* the same points again: the same choice */
    struct cp_memory_curve again = cp_memory_curve_choose_again(&choice, points, n);
    assert_int_equal(again.kind, choice.curves[choice.chosen].kind);
    assert_near(again.a, choice.curves[choice.chosen].a, 1e-5 * (again.a + again.b));
    return choice.curves[choice.chosen];
}

static void bent_points(struct cp_memory_point *points, double a, double b, double c, double cap)
{
    for (size_t i = 0; i < SIZES; i++)
        points[i] = (struct cp_memory_point){sizes[i], a + b * pow(1024 / fmin(sizes[i], cap), c),
                                             1 + (double)(i % 3)};
}

static void every_kind_recovers_its_own_curve_and_is_chosen(void **state)
{
    (void)state;
    static const struct {
        enum cp_memory_law_kind kind;
        double a, b, c, cap;
    } cases[] = {
        {CP_MEMORY_LAW_CONSTANT, 87, 0, 1, INFINITY},
        {CP_MEMORY_LAW_INVERSE, 20, 300, 1, 1769},
        {CP_MEMORY_LAW_INVERSE, 0, 300, 1, 7076}, /* c = 1, a = 0: not a power to itself */
        {CP_MEMORY_LAW_POWER, 0, 300, 0.7, INFINITY},
        {CP_MEMORY_LAW_POWER, 0, 300, 1.3, 5307},
        {CP_MEMORY_LAW_EXPONENT, 40, 300, 0.5, INFINITY},
        {CP_MEMORY_LAW_EXPONENT, 5, 80, 1.4, 7076},
        {CP_MEMORY_LAW_EXPONENT, 30, 30, 2.2, 5307},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cp_memory_point p[SIZES];
        bent_points(p, cases[i].a, cases[i].b, cases[i].c, cases[i].cap);
        struct cp_memory_curve fits[] = {
            cp_memory_curve_fit(cases[i].kind, p, SIZES, cases[i].cap),
            chosen(p, SIZES, true),
        };
        for (size_t j = 0; j < 2; j++) {
            print_message("case %zu, %s\n", i, cp_memory_curve_name(fits[j].kind));
            assert_int_equal(fits[j].status, CP_OK);
            if (cases[i].kind == CP_MEMORY_LAW_CONSTANT && j == 1) { /* the inverse with b = 0 */
                assert_near(fits[j].b, 0, 1e-9);
                continue;
            }
            assert_int_equal(fits[j].kind, cases[i].kind);
            assert_near(fits[j].cap_mb, cases[i].cap, 0);
            assert_near(fits[j].a, cases[i].a, 1e-4 * (cases[i].a + cases[i].b));
            assert_near(fits[j].b, cases[i].b, 1e-4 * (cases[i].a + cases[i].b));
            assert_near(fits[j].c, cases[i].c, 1e-4);
        }
    }
}

static void exponent_needs_five_sizes_below_its_cap(void **state)
{
    (void)state;
    struct cp_memory_point p[SIZES];
    bent_points(p, 40, 300, 0.5, 5307);
    assert_int_equal(cp_memory_curve_fit(CP_MEMORY_LAW_EXPONENT, p, SIZES, 5307).status, CP_OK);
    assert_int_equal(cp_memory_curve_fit(CP_MEMORY_LAW_EXPONENT, p, SIZES, 3008).status,
                     CP_ENODATA);
    assert_true(chosen(p, SIZES, false).kind != CP_MEMORY_LAW_EXPONENT);
}

static void too_few_sizes_leave_no_choice(void **state)
{
    (void)state;
    struct cp_memory_point p[SIZES];
    bent_points(p, 0, 300, 0.6, INFINITY); /* a power, but four sizes cannot say so */
    assert_int_equal(chosen(p, 4, true).kind, CP_MEMORY_LAW_INVERSE);
    assert_int_equal(chosen(p, 5, true).kind, CP_MEMORY_LAW_POWER);
    struct cp_memory_choice choice;
    const struct cp_memory_choice_options options = {0};
    assert_int_equal(cp_memory_curve_choose(p, 2, &options, &choice), CP_ENODATA);
}

static void exponent_at_its_bounds_is_refused(void **state)
{
    (void)state;
    struct cp_memory_point p[SIZES];
    bent_points(p, 40, 300, 3, INFINITY);
    assert_int_equal(cp_memory_curve_fit(CP_MEMORY_LAW_EXPONENT, p, SIZES, INFINITY).status,
                     CP_ENUMERIC);
    bent_points(p, 0, 300, 0.6, INFINITY); /* a = 0: the power says it with fewer parameters */
    assert_int_equal(cp_memory_curve_fit(CP_MEMORY_LAW_EXPONENT, p, SIZES, INFINITY).status,
                     CP_ENUMERIC);
}

static void refit_from_near_is_the_same_as_from_afar(void **state)
{
    (void)state;
    struct cp_rng rng;
    cp_rng_init(&rng, 5, 0);
    struct cp_memory_point p[SIZES];
    bent_points(p, 40, 300, 0.7, INFINITY);
    for (int kind = 0; kind < CP_MEMORY_LAW_KINDS; kind++) {
        struct cp_memory_curve like =
            cp_memory_curve_fit((enum cp_memory_law_kind)kind, p, SIZES, INFINITY);
        for (int trial = 0; trial < 50; trial++) {
            struct cp_memory_point q[SIZES];
            memcpy(q, p, sizeof p);
            for (size_t i = 0; i < SIZES; i++)
                q[i].value *= exp(0.02 * cp_rng_normal(&rng));
            struct cp_memory_curve near = cp_memory_curve_refit(&like, q, SIZES);
            struct cp_memory_curve afar = cp_memory_curve_fit(like.kind, q, SIZES, INFINITY);
            if (afar.status == CP_OK)
                assert_near(near.log_rss, afar.log_rss, 1e-9 * afar.log_rss + 1e-12);
        }
    }
}

static void unusable_points_are_named(void **state)
{
    (void)state;
    static const struct {
        struct cp_memory_point points[3];
        enum cp_code status;
    } cases[] = {
        {{{128, 5, 1}, {512, 4, 1}, {1024, 3, 1}}, CP_OK},
        {{{128, 5, 1}, {512, 4, 1}, {512, 3, 1}}, CP_ENODATA},
        {{{128, 5, 1}, {512, 4, 1}, {1024, 3, 0}}, CP_ENODATA},
        {{{128, 5, 1}, {512, 0, 1}, {1024, 3, 1}}, CP_EINVAL},
        {{{128, 5, 1}, {512, INFINITY, 1}, {1024, 3, 1}}, CP_EINVAL},
        {{{128, 5, 1}, {-512, 4, 1}, {1024, 3, 1}}, CP_EINVAL},
        {{{128, 5, 1}, {512, 4, -1}, {1024, 3, 1}}, CP_EINVAL},
        {{{128, 5, 1}, {512, 4, NAN}, {1024, 3, 1}}, CP_EINVAL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cp_memory_curve c =
            cp_memory_curve_best_cap(CP_MEMORY_LAW_INVERSE, cases[i].points, 3);
        assert_int_equal(c.status, cases[i].status);
        assert_int_equal(
            cp_memory_curve_fit(CP_MEMORY_LAW_CONSTANT, cases[i].points, 3, INFINITY).status,
            cases[i].status);
        assert_int_equal(isnan(c.a), c.status != CP_OK);
    }
    struct cp_memory_point many[CP_MEMORY_POINTS_MAX + 1];
    for (size_t i = 0; i <= CP_MEMORY_POINTS_MAX; i++)
        many[i] = (struct cp_memory_point){128 + (double)i, 5, 1};
    assert_int_equal(
        cp_memory_curve_best_cap(CP_MEMORY_LAW_INVERSE, many, CP_MEMORY_POINTS_MAX).status, CP_OK);
    assert_int_equal(
        cp_memory_curve_best_cap(CP_MEMORY_LAW_INVERSE, many, CP_MEMORY_POINTS_MAX + 1).status,
        CP_ELIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_points_give_back_their_curve),
        cmocka_unit_test(best_cap_is_the_true_one),
        cmocka_unit_test(near_tie_keeps_the_default_cap),
        cmocka_unit_test(four_sizes_keep_the_default_cap),
        cmocka_unit_test(aicc_follows_its_formula),
        cmocka_unit_test(coefficients_never_go_negative),
        cmocka_unit_test(no_feasible_neighbour_is_better),
        cmocka_unit_test(weights_decide_between_contradicting_points),
        cmocka_unit_test(sizes_above_the_cap_cannot_show_a_slope),
        cmocka_unit_test(leave_one_out_of_exact_points_is_zero),
        cmocka_unit_test(every_kind_recovers_its_own_curve_and_is_chosen),
        cmocka_unit_test(exponent_needs_five_sizes_below_its_cap),
        cmocka_unit_test(too_few_sizes_leave_no_choice),
        cmocka_unit_test(exponent_at_its_bounds_is_refused),
        cmocka_unit_test(refit_from_near_is_the_same_as_from_afar),
        cmocka_unit_test(unusable_points_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
