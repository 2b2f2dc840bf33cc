/* SPDX-License-Identifier: GPL-3.0-or-later
 * What is said of nights: made-up series whose answer is known. Real nights are in
 * test_trend_reference.
 */
#include "model/base/rng.h"
#include "model/compare/trend.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>

enum { NIGHTS_MAX = 400, NIGHT_MS = 86400000 };

static const struct cp_trend_options defaults = {.effect = NAN, .effect_ms = NAN};

struct nights {
    struct cp_trend_value values[NIGHTS_MAX];
    struct cp_trend_night out[NIGHTS_MAX];
    size_t n;
    struct cp_rng rng;
};

static void start(struct nights *s, uint64_t seed)
{
    s->n = 0;
    cp_rng_init(&s->rng, seed, 0);
}

static void one(struct nights *s, double ms)
{
    s->values[s->n] = (struct cp_trend_value){
        .at_ms = (int64_t)s->n * NIGHT_MS, .ms = {ms, ms * 0.98, ms * 1.02}, .n = 100};
    s->n++;
}

/* Nights about a level. */
static void add(struct nights *s, size_t n, double ms, double sd)
{
    for (size_t i = 0; i < n; i++)
        one(s, ms * exp(sd * cp_rng_normal(&s->rng)));
}

static void judge_accepted(struct nights *s, const int64_t *accepted, size_t n,
                           const struct cp_trend_options *options)
{
    struct cp_error err = {0};
    if (cp_trend_judge(s->values, s->n, accepted, n, options, s->out, &err))
        fail_msg("%s", err.text);
}

static void judge(struct nights *s)
{
    judge_accepted(s, NULL, 0, &defaults);
}

static size_t n_alarms(const struct nights *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        n += s->out[i].is_alarm;
    return n;
}

/* The first alarm from a night on; the number of nights when there is none. */
static size_t alarm_from(const struct nights *s, size_t from)
{
    while (from < s->n && !s->out[from].is_alarm)
        from++;
    return from;
}

static void the_first_nights_are_learning(void **state)
{
    (void)state;
    struct nights s;
    start(&s, 1);
    add(&s, 12, 200, 0.02);
    judge(&s);
    for (size_t i = 0; i < s.n; i++) {
        bool is_learning = i < CP_TREND_MIN_NIGHTS;
        assert_int_equal(s.out[i].state == CP_TREND_LEARNING, is_learning);
        assert_int_equal(isnan(s.out[i].baseline_ms.value), is_learning);
        if (is_learning)
            assert_int_equal(s.out[i].n_baseline, i);
    }
}

static void a_step_is_an_alarm_within_five_nights_and_stands(void **state)
{
    (void)state;
    struct nights s;
    start(&s, 2);
    add(&s, 40, 200, 0.03);
    add(&s, 20, 240, 0.03);
    judge(&s);
    size_t at = alarm_from(&s, 0);
    assert_in_range(at, 40, 44);
    assert_int_equal(n_alarms(&s), 1);
    for (size_t i = at; i < s.n; i++) {
        assert_int_equal(s.out[i].state, CP_TREND_REGRESSED);
        assert_in_range(s.out[i].since, 40, 41);
        assert_near(s.out[i].baseline_ms.value, 200, 6);
    }
    assert_int_equal(s.out[at - 1].state, CP_TREND_SUSPECT);
}

static void one_bad_night_is_suspect_and_no_more(void **state)
{
    (void)state;
    struct nights s;
    start(&s, 3);
    add(&s, 40, 200, 0.03);
    add(&s, 1, 500, 0.03);
    add(&s, 20, 200, 0.03);
    judge(&s);
    assert_int_equal(n_alarms(&s), 0);
    assert_int_equal(s.out[40].state, CP_TREND_SUSPECT);
    assert_int_equal(s.out[40].verdict, CP_CHANGE_REGRESSION);
    assert_int_equal(s.out[45].state, CP_TREND_STEADY);
}

static void a_level_that_comes_back_ends_the_alarm(void **state)
{
    (void)state;
    struct nights s;
    start(&s, 4);
    add(&s, 40, 200, 0.02);
    add(&s, 20, 260, 0.02);
    add(&s, 20, 200, 0.02);
    judge(&s);
    assert_int_equal(n_alarms(&s), 1);
    assert_int_equal(s.out[59].state, CP_TREND_REGRESSED);
    assert_int_equal(s.out[66].state, CP_TREND_STEADY);
    assert_near(s.out[79].baseline_ms.value, 200, 4);
}

static void an_accepted_level_is_the_baseline(void **state)
{
    (void)state;
    struct nights s;
    start(&s, 5);
    add(&s, 40, 200, 0.02);
    add(&s, 20, 260, 0.02);
    add(&s, 20, 340, 0.02);
    const int64_t accepted[] = {(int64_t)50 * NIGHT_MS + 1000};
    judge_accepted(&s, accepted, 1, &defaults);
    assert_int_equal(s.out[50].state, CP_TREND_REGRESSED);
    assert_int_equal(s.out[51].state, CP_TREND_STEADY);
    assert_near(s.out[51].baseline_ms.value, 260, 6);
    assert_int_equal(n_alarms(&s), 2);
    assert_in_range(alarm_from(&s, 51), 60, 64);
}

static void an_improvement_is_taken_at_once(void **state)
{
    (void)state;
    struct nights s;
    start(&s, 6);
    add(&s, 40, 200, 0.02);
    add(&s, 8, 150, 0.02);
    add(&s, 10, 200, 0.02); /* a regression, though the level was there before */
    judge(&s);
    size_t n_improved = 0;
    for (size_t i = 40; i < 48; i++)
        n_improved += s.out[i].state == CP_TREND_IMPROVED;
    assert_int_equal(n_improved, 1);
    assert_int_equal(n_alarms(&s), 1);
    assert_in_range(alarm_from(&s, 0), 48, 52);
}

static void constant_nights_are_judged_by_the_effect_alone(void **state)
{
    (void)state;
    struct nights s;
    start(&s, 7);
    add(&s, 40, 200, 0);
    add(&s, 10, 209, 0); /* 4.5 % */
    add(&s, 10, 220, 0);
    judge(&s);
    assert_int_equal(n_alarms(&s), 1);
    assert_in_range(alarm_from(&s, 0), 50, 54);
}

static void a_tripled_duration_of_2_ms_does_not_matter(void **state)
{
    (void)state;
    struct nights s;
    start(&s, 8);
    add(&s, 40, 2, 0.02);
    add(&s, 20, 6, 0.02);
    judge(&s);
    assert_int_equal(n_alarms(&s), 0);
}

static void timeouts_are_worse_than_anything(void **state)
{
    (void)state;
    struct nights s;
    start(&s, 9);
    add(&s, 40, 200, 0.02);
    for (size_t i = 0; i < 6; i++) {
        one(&s, INFINITY);
        s.values[s.n - 1].ms.low = 300;
    }
    judge(&s);
    assert_int_equal(n_alarms(&s), 1);
    assert_int_equal(s.out[40].verdict, CP_CHANGE_REGRESSION);
    assert_true(isinf(s.out[40].ratio.value));
}

static void nights_without_interval_are_judged_by_their_spread(void **state)
{
    (void)state;
    struct nights s;
    start(&s, 10);
    add(&s, 40, 200, 0.02);
    add(&s, 10, 240, 0.02);
    for (size_t i = 0; i < s.n; i++)
        s.values[i].ms.low = s.values[i].ms.high = NAN;
    judge(&s);
    assert_in_range(alarm_from(&s, 0), 40, 44);
    s.values[45].ms.value = NAN; /* not measured */
    judge(&s);
    assert_int_equal(s.out[45].state, CP_TREND_REGRESSED);
    assert_true(isnan(s.out[45].ratio.value));
}

static void lasting_changes_are_found(void **state)
{
    (void)state;
    struct nights s;
    struct cp_trend_changes found;
    struct cp_error err = {0};
    start(&s, 11);
    add(&s, 60, 200, 0.02);
    add(&s, 60, 240, 0.02);
    add(&s, 60, 247, 0.005); /* 3 % */
    assert_int_equal(cp_trend_changes_find(s.values, s.n, &defaults, &found, &err), CP_OK);
    assert_int_equal(found.n, 1);
    assert_int_equal(found.changes[0].index, 60);
    assert_true(found.changes[0].ratio.low < 1.2 && found.changes[0].ratio.high > 1.2);
    assert_near(found.changes[0].before_ms, 200, 2);
    free(found.changes);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    struct cp_error err = {0};
    struct cp_trend_options options = defaults;
    options.k_of_n = 3;
    options.n_of = 2;
    assert_int_equal(cp_trend_judge(NULL, 0, NULL, 0, &options, NULL, &err), CP_EINVAL);
    assert_int_equal(cp_trend_judge(NULL, 0, NULL, 0, &defaults, NULL, &err), CP_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_nights_are_learning),
        cmocka_unit_test(a_step_is_an_alarm_within_five_nights_and_stands),
        cmocka_unit_test(one_bad_night_is_suspect_and_no_more),
        cmocka_unit_test(a_level_that_comes_back_ends_the_alarm),
        cmocka_unit_test(an_accepted_level_is_the_baseline),
        cmocka_unit_test(an_improvement_is_taken_at_once),
        cmocka_unit_test(constant_nights_are_judged_by_the_effect_alone),
        cmocka_unit_test(a_tripled_duration_of_2_ms_does_not_matter),
        cmocka_unit_test(timeouts_are_worse_than_anything),
        cmocka_unit_test(nights_without_interval_are_judged_by_their_spread),
        cmocka_unit_test(lasting_changes_are_found),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
