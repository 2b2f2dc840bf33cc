/* SPDX-License-Identifier: GPL-3.0-or-later
 * Verdicts on quantile ratios: by hand, and how often the interval holds the truth.
 */
#include "model/base/rng.h"
#include "model/compare/ratio.h"
#include "model/stat/sort.h"
#include "tests/test.h"

#include <math.h>

enum { VALUES_MAX = 400 };

static const struct cp_ratio_question p95 = {
    .q = 0.95, .effect = CP_CHANGE_EFFECT, .effect_ms = CP_CHANGE_EFFECT_MS};

/* Log-normal with this median. */
static void draw(struct cp_rng *rng, double median_ms, double sigma, double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        values[i] = median_ms * exp(sigma * cp_rng_normal(rng));
    cp_sort(values, n);
}

static void evenly(double from, double step, double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        values[i] = from + step * (double)i;
}

static void each_verdict_has_its_case(void **state)
{
    (void)state;
    static const struct {
        double factor;
        enum cp_change_verdict verdict;
    } rows[] = {
        {1.0, CP_CHANGE_EQUIVALENT},
        {1.2, CP_CHANGE_REGRESSION},
        {0.8, CP_CHANGE_IMPROVEMENT},
        {1.05, CP_CHANGE_INCONCLUSIVE},
    };
    double base[VALUES_MAX];
    double new[VALUES_MAX];
    evenly(200, 0.05, base, VALUES_MAX);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t k = 0; k < VALUES_MAX; k++)
            new[k] = rows[i].factor *base[k];
        struct cp_ratio r = cp_ratio_compare(base, VALUES_MAX, new, VALUES_MAX, &p95);
        assert_near(r.ratio.value, rows[i].factor, 1e-9);
        assert_true(r.ratio.low < rows[i].factor && r.ratio.high > rows[i].factor);
        assert_int_equal(r.verdict, rows[i].verdict);
    }
}

/* 10 % of 20 ms are 2 ms: nobody is to be woken for that. */
static void an_effect_must_matter_in_ms_as_well(void **state)
{
    (void)state;
    double base[VALUES_MAX];
    double new[VALUES_MAX];
    evenly(20, 0.001, base, VALUES_MAX);
    evenly(22, 0.001, new, VALUES_MAX);
    assert_int_equal(cp_ratio_compare(base, VALUES_MAX, new, VALUES_MAX, &p95).verdict,
                     CP_CHANGE_EQUIVALENT);
    struct cp_ratio_question in_ratio = p95;
    in_ratio.effect_ms = 0;
    assert_int_equal(cp_ratio_compare(base, VALUES_MAX, new, VALUES_MAX, &in_ratio).verdict,
                     CP_CHANGE_REGRESSION);
}

static void too_few_values_say_how_many_would_do(void **state)
{
    (void)state;
    double base[20];
    double new[20];
    evenly(200, 1, base, 20);
    evenly(400, 1, new, 20);
    struct cp_ratio r = cp_ratio_compare(base, 20, new, 20, &p95);
    assert_int_equal(r.verdict, CP_CHANGE_INCONCLUSIVE);
    assert_true(isnan(r.ratio.low));
    /* .95^n <= .025 */
    assert_int_equal(r.n_needed, 72);
    r = cp_ratio_compare(base, 0, new, 20, &p95);
    assert_int_equal(r.verdict, CP_CHANGE_INCONCLUSIVE);
    assert_true(isnan(r.ratio.value));
}

static void timeouts_leave_the_upper_end_open(void **state)
{
    (void)state;
    double base[VALUES_MAX];
    double new[VALUES_MAX];
    evenly(200, 0.05, base, VALUES_MAX);
    evenly(400, 0.05, new, VALUES_MAX);
    for (size_t i = VALUES_MAX - 15; i < VALUES_MAX; i++)
        new[i] = INFINITY;
    struct cp_ratio r = cp_ratio_compare(base, VALUES_MAX, new, VALUES_MAX, &p95);
    assert_int_equal(r.verdict, CP_CHANGE_REGRESSION);
    assert_true(isinf(r.ratio.high));
}

/* Both ends of the quantile itself are among the timeouts, or only its value. */
static void a_quantile_that_became_a_timeout_is_worse(void **state)
{
    (void)state;
    double base[VALUES_MAX];
    double now[VALUES_MAX];
    evenly(200, 0.05, base, VALUES_MAX);
    evenly(200, 0.05, now, VALUES_MAX);
    for (size_t i = VALUES_MAX - 40; i < VALUES_MAX; i++)
        now[i] = INFINITY;
    struct cp_ratio r = cp_ratio_compare(base, VALUES_MAX, now, VALUES_MAX, &p95);
    assert_int_equal(r.verdict, CP_CHANGE_REGRESSION);
    assert_true(isinf(r.ratio.value) && isinf(r.ratio.low));
    r = cp_ratio_compare(now, VALUES_MAX, base, VALUES_MAX, &p95);
    assert_int_equal(r.verdict, CP_CHANGE_IMPROVEMENT);
    assert_true(r.ratio.value == 0 && r.ratio.high == 0);
    assert_int_equal(cp_ratio_compare(now, VALUES_MAX, now, VALUES_MAX, &p95).verdict,
                     CP_CHANGE_INCONCLUSIVE);
    /* 21 of 400: p95 is one of them, but its lower end is not, and not above the base's upper end
     * by what matters */
    evenly(200, 0.05, now, VALUES_MAX);
    for (size_t i = VALUES_MAX - 21; i < VALUES_MAX; i++)
        now[i] = INFINITY;
    r = cp_ratio_compare(base, VALUES_MAX, now, VALUES_MAX, &p95);
    assert_int_equal(r.verdict, CP_CHANGE_INCONCLUSIVE);
    assert_true(isinf(r.ratio.value) && r.ratio.low > 0.95 && r.ratio.low < 1);
    assert_int_equal(r.n_needed, 0);
}

static void values_without_spread_have_an_exact_ratio(void **state)
{
    (void)state;
    double base[VALUES_MAX];
    double now[VALUES_MAX];
    evenly(200, 0, base, VALUES_MAX);
    evenly(240, 0, now, VALUES_MAX);
    struct cp_ratio r = cp_ratio_compare(base, VALUES_MAX, now, VALUES_MAX, &p95);
    assert_int_equal(r.verdict, CP_CHANGE_REGRESSION);
    assert_near(r.ratio.low, 1.2, 1e-12);
    assert_near(r.ratio.high, 1.2, 1e-12);
    assert_int_equal(cp_ratio_compare(base, VALUES_MAX, base, VALUES_MAX, &p95).verdict,
                     CP_CHANGE_EQUIVALENT);
}

/* +20 % between two nights that differ by 2 %, or by 8 %, where nothing had to change. */
static void what_nights_differ_by_widens_the_interval(void **state)
{
    (void)state;
    double base[VALUES_MAX];
    double now[VALUES_MAX];
    evenly(200, 0, base, VALUES_MAX);
    evenly(240, 0, now, VALUES_MAX);
    struct cp_ratio_question question = p95;
    question.day_sd = 0.02;
    struct cp_ratio r = cp_ratio_compare(base, VALUES_MAX, now, VALUES_MAX, &question);
    assert_int_equal(r.verdict, CP_CHANGE_REGRESSION);
    assert_near(r.ratio.low, 1.2 * exp(-1.959963985 * sqrt(2) * 0.02), 1e-9);
    question.day_sd = 0.08;
    r = cp_ratio_compare(base, VALUES_MAX, now, VALUES_MAX, &question);
    assert_int_equal(r.verdict, CP_CHANGE_INCONCLUSIVE);
    assert_int_equal(r.n_needed, 0); /* more samples of the same two nights do not help */
}

/* What n_needed promises: with so many values of the same two laws most verdicts are reached. */
static void as_many_as_needed_are_about_enough(void **state)
{
    (void)state;
    enum { N = 100, ROUNDS = 40, MOST = 20000 };
    static double base[MOST];
    static double new[MOST];
    struct cp_rng rng;
    cp_rng_init(&rng, 3, 0);
    int n_asked = 0;
    int n_reached = 0;
    const struct cp_ratio_question p50 = {.q = 0.5, .effect = 0.05};
    for (int round = 0; round < ROUNDS; round++) {
        draw(&rng, 200, 0.2, base, N);
        draw(&rng, 226, 0.2, new, N);
        struct cp_ratio r = cp_ratio_compare(base, N, new, N, &p50);
        if (r.verdict != CP_CHANGE_INCONCLUSIVE || r.n_needed == 0 || r.n_needed > MOST)
            continue;
        draw(&rng, 200, 0.2, base, r.n_needed);
        draw(&rng, 226, 0.2, new, r.n_needed);
        n_asked++;
        n_reached += cp_ratio_compare(base, r.n_needed, new, r.n_needed, &p50).verdict !=
                             CP_CHANGE_INCONCLUSIVE
                         ? 1
                         : 0;
    }
    assert_true(n_asked >= 10);
    assert_true(n_reached >= n_asked * 2 / 5);
}

/* The truth is 1 (or 1.3): the interval is to hold it in 95 of 100, and where nothing changed a
 * regression is reported in 2.5 of 100 at most, without an effect that must be exceeded. */
static void intervals_hold_the_truth(void **state)
{
    (void)state;
    enum { ROUNDS = 2000 };
    static const struct {
        double q;
        size_t n;
        double truth;
    } rows[] = {{0.5, 20, 1}, {0.5, 100, 1.3}, {0.95, 80, 1}, {0.95, 300, 1.3}, {0.99, 400, 1}};
    double base[VALUES_MAX];
    double new[VALUES_MAX];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct cp_ratio_question question = {.q = rows[i].q};
        struct cp_rng rng;
        int n_held = 0;
        int n_false = 0;
        cp_rng_init(&rng, 11, i);
        for (int round = 0; round < ROUNDS; round++) {
            draw(&rng, 200, 0.3, base, rows[i].n);
            draw(&rng, 200 * rows[i].truth, 0.3, new, rows[i].n);
            struct cp_ratio r = cp_ratio_compare(base, rows[i].n, new, rows[i].n, &question);
            n_held += r.ratio.low <= rows[i].truth && rows[i].truth <= r.ratio.high ? 1 : 0;
            n_false += rows[i].truth == 1 && r.verdict == CP_CHANGE_REGRESSION ? 1 : 0;
        }
        print_message("p%g, n = %zu: the interval holds %.3f, false regressions %.4f\n",
                      100 * rows[i].q, rows[i].n, (double)n_held / ROUNDS,
                      (double)n_false / ROUNDS);
        assert_true(n_held >= 0.94 * ROUNDS);
        assert_true(n_false <= 0.035 * ROUNDS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_verdict_has_its_case),
        cmocka_unit_test(an_effect_must_matter_in_ms_as_well),
        cmocka_unit_test(too_few_values_say_how_many_would_do),
        cmocka_unit_test(timeouts_leave_the_upper_end_open),
        cmocka_unit_test(a_quantile_that_became_a_timeout_is_worse),
        cmocka_unit_test(values_without_spread_have_an_exact_ratio),
        cmocka_unit_test(what_nights_differ_by_widens_the_interval),
        cmocka_unit_test(as_many_as_needed_are_about_enough),
        cmocka_unit_test(intervals_hold_the_truth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
