/* SPDX-License-Identifier: GPL-3.0-or-later
 * What is said of nights: made-up series whose answer is known. Real nights are in
 * test_trend_reference.
 */
#include "model/base/rng.h"
#include "model/compare/trend.h"
#include "model/stat/quantile.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

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

static void nights_apart_are_judged_by_their_order(void **state)
{
    (void)state;
    struct nights near;
    struct nights far;
    start(&near, 12);
    add(&near, 40, 200, 0.03);
    add(&near, 20, 240, 0.03);
    far = near;
    for (size_t i = 30; i < far.n; i++)
        far.values[i].at_ms += (int64_t)45 * NIGHT_MS; /* a gap of weeks */
    judge(&near);
    judge(&far);
    for (size_t i = 0; i < near.n; i++) {
        assert_int_equal(near.out[i].state, far.out[i].state);
        assert_int_equal(near.out[i].is_alarm, far.out[i].is_alarm);
    }
}

static void a_second_regression_is_told_once_the_first_is_accepted(void **state)
{
    (void)state;
    struct nights s;
    start(&s, 13);
    add(&s, 40, 200, 0.02);
    add(&s, 20, 250, 0.02);
    add(&s, 20, 310, 0.02);
    judge(&s); /* without that the alarm of the first one stands */
    assert_int_equal(n_alarms(&s), 1);
    assert_int_equal(s.out[79].state, CP_TREND_REGRESSED);
    assert_near(s.out[79].baseline_ms.value, 200, 5);
    const int64_t late[] = {(int64_t)70 * NIGHT_MS + 1}; /* both at once: the newest level */
    judge_accepted(&s, late, 1, &defaults);
    assert_int_equal(n_alarms(&s), 1);
    assert_near(s.out[79].baseline_ms.value, 310, 6);
    struct cp_trend_options at_once = defaults;
    at_once.is_accepted_at_once = true;
    judge_accepted(&s, NULL, 0, &at_once);
    assert_int_equal(n_alarms(&s), 2);
}

static void a_level_is_accepted_before_its_alarm(void **state)
{
    (void)state;
    struct nights s;
    start(&s, 14);
    add(&s, 40, 200, 0.02);
    add(&s, 30, 260, 0.02);
    const int64_t accepted[] = {(int64_t)41 * NIGHT_MS + 1}; /* after two nights of it */
    judge_accepted(&s, accepted, 1, &defaults);
    assert_int_equal(n_alarms(&s), 0);
    assert_int_equal(s.out[41].state, CP_TREND_SUSPECT);
    assert_int_equal(s.out[42].n_baseline, 2);
    assert_near(s.out[69].baseline_ms.value, 260, 6);
}

static void a_creeping_level_is_told_when_it_has_crept_far(void **state)
{
    (void)state;
    struct nights s;
    start(&s, 15);
    for (size_t i = 0; i < 200; i++) /* 1 % a week */
        add(&s, 1, 200 * pow(1.01, (double)i / 7), 0.02);
    judge(&s);
    size_t at = alarm_from(&s, 0);
    assert_true(s.out[at].is_drift);
    /* 15 % is 14 weeks and a day of that slope, between the middles of two times 20 nights, of
     * which the later ends 5 nights ago. */
    assert_in_range(at, 110, 135);
    assert_near(s.out[at].baseline_ms.value, 200 * pow(1.01, 10.0 / 7), 4);
    assert_int_equal(s.out[199].state, CP_TREND_REGRESSED);
    const int64_t accepted[] = {s.values[at].at_ms};
    judge_accepted(&s, accepted, 1, &defaults);
    assert_int_equal(n_alarms(&s), 1);
    assert_int_equal(s.out[199].state, CP_TREND_STEADY);
}

static void a_crept_level_that_comes_back_ends_the_alarm(void **state)
{
    (void)state;
    struct nights s;
    start(&s, 16);
    for (size_t i = 0; i < 140; i++)
        add(&s, 1, 200 * pow(1.01, (double)i / 7), 0.02);
    add(&s, 40, 200, 0.02);
    judge(&s);
    assert_int_equal(n_alarms(&s), 1);
    assert_int_equal(s.out[139].state, CP_TREND_REGRESSED);
    assert_int_equal(s.out[146].state, CP_TREND_STEADY);
    assert_near(s.out[179].baseline_ms.value, 200, 4);
}

/* A fast fleet or a slow one, each night anew: with the share of slow nights, alarms of 4,000
 * nights.
 */
static size_t alarms_of_two_kinds(double share_slow, const struct cp_trend_options *options)
{
    size_t n = 0;
    struct nights s;
    for (uint64_t seed = 0; seed < 10; seed++) {
        start(&s, 1000 + seed);
        for (size_t i = 0; i < NIGHTS_MAX; i++)
            add(&s, 1, cp_rng_uniform(&s.rng) < share_slow ? 260 : 200, 0.02);
        judge_accepted(&s, NULL, 0, options);
        n += n_alarms(&s);
    }
    return n;
}

/* Three slow nights of five come by chance, too; that law alone makes 50 alarms of 1,000 nights. */
static void nights_of_two_kinds_are_seldom_an_alarm(void **state)
{
    (void)state;
    struct cp_trend_options at_once = defaults;
    at_once.is_accepted_at_once = true;
    static const double shares[] = {0.5, 0.35, 0.2, 0.1};
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        size_t n = alarms_of_two_kinds(shares[i], &defaults);
        size_t n_accepted = alarms_of_two_kinds(shares[i], &at_once);
        print_message("slow on %.0f %% of the nights: %zu and %zu alarms of 4,000 nights\n",
                      100 * shares[i], n, n_accepted);
        assert_in_range(n, 0, 24); /* 6 of 1,000 */
        assert_in_range(n_accepted, 0, 24);
    }
}

static void nights_that_alternate_are_no_alarm(void **state)
{
    (void)state;
    struct nights s;
    start(&s, 22);
    for (size_t i = 0; i < NIGHTS_MAX; i++)
        add(&s, 1, i % 2 ? 260 : 200, 0.02);
    judge(&s);
    assert_int_equal(n_alarms(&s), 0);
}

static void every_night_slow_is_an_alarm_for_two_kinds_too(void **state)
{
    (void)state;
    struct nights s;
    start(&s, 23);
    for (size_t i = 0; i < 60; i++)
        add(&s, 1, i % 4 == 3 ? 260 : 200, 0.02);
    add(&s, 10, 260, 0.02); /* the slow kind, from now on */
    judge(&s);
    assert_int_equal(n_alarms(&s), 1);
    assert_in_range(alarm_from(&s, 0), 62, 66);
}

static void nights_of_few_samples_weigh_less(void **state)
{
    (void)state;
    struct nights many;
    start(&many, 18);
    add(&many, 40, 200, 0.02);
    add(&many, 5, 216, 0.005);
    for (size_t i = 0; i < many.n; i++) /* sampling is most of the spread */
        many.values[i].ms =
            (struct cp_interval){many.values[i].ms.value, many.values[i].ms.value * 0.965,
                                 many.values[i].ms.value * 1.035};
    struct nights few = many;
    for (size_t i = 40; i < few.n; i++)
        few.values[i].n = 4; /* of 100: five times the error */
    judge(&many);
    judge(&few);
    assert_int_equal(n_alarms(&few), 0);
    double width = log(many.out[44].ratio.high / many.out[44].ratio.low);
    assert_true(log(few.out[44].ratio.high / few.out[44].ratio.low) > 2.5 * width);
}

/* Is the alarm of night `at`, or an earlier one, still there when that night is so much worse? */
static bool stands_with(struct nights *s, size_t at, size_t night, double factor)
{
    struct cp_interval was = s->values[night].ms;
    s->values[night].ms = (struct cp_interval){was.value * factor, was.low * factor, INFINITY};
    judge(s);
    s->values[night].ms = was;
    return alarm_from(s, 40) <= at;
}

/* Of the nights that raise an alarm each may be worse, up to timeouts: it is raised all the same.
 */
static void a_worse_night_never_takes_an_alarm_away(void **state)
{
    (void)state;
    static const double factors[] = {1.02, 1.1, 1.5, 3, 100, INFINITY};
    size_t n_tried = 0;
    struct nights s;
    for (uint64_t seed = 0; seed < 60; seed++) {
        start(&s, 3000 + seed);
        add(&s, 40, 200, 0.05);
        add(&s, 5, 200 * (1.1 + 0.05 * (double)(seed % 6)), 0.05);
        judge(&s);
        size_t at = alarm_from(&s, 40);
        for (size_t night = 40; night <= at && at < s.n; night++) {
            for (size_t i = 0; i < sizeof factors / sizeof *factors; i++)
                assert_true(stands_with(&s, at, night, factors[i]));
            n_tried++;
        }
    }
    assert_true(n_tried >= 100);
}

static void timeouts_alone_teach_nothing(void **state)
{
    (void)state;
    struct nights s;
    start(&s, 19);
    for (size_t i = 0; i < 30; i++)
        one(&s, INFINITY);
    judge(&s);
    assert_int_equal(s.out[29].state, CP_TREND_LEARNING);
    add(&s, 60, 200, 0.02); /* from then on it works */
    judge(&s);
    assert_int_equal(s.out[89].state, CP_TREND_STEADY);
    assert_near(s.out[89].baseline_ms.value, 200, 4);
}

/* p95 of 100 log-normal durations a night; the night itself has an effect of 3 %. */
static void add_p95(struct nights *s, size_t n, double ms)
{
    double values[100];
    for (size_t i = 0; i < n; i++) {
        double night = ms * exp(0.03 * cp_rng_normal(&s->rng));
        for (size_t k = 0; k < 100; k++)
            values[k] = night * exp(0.15 * cp_rng_normal(&s->rng));
        cp_sort(values, 100);
        struct cp_estimate e = cp_quantile_estimate(values, 100, 0.95, 0);
        one(s, e.value);
        s->values[s->n - 1].ms = (struct cp_interval){e.value, e.low, e.high};
    }
}

static void p95_of_a_hundred_samples_is_judged_well(void **state)
{
    (void)state;
    enum { SERIES = 60, NIGHTS = 100 };
    size_t n_false = 0;
    size_t n_found = 0;
    double day_sd = 0;
    struct nights s;
    for (uint64_t i = 0; i < SERIES; i++) {
        start(&s, 100 + i);
        add_p95(&s, NIGHTS, 200);
        judge(&s);
        n_false += n_alarms(&s);
        day_sd += s.out[NIGHTS - 1].day_sd / SERIES;
        s.n = NIGHTS - 10;
        add_p95(&s, 5, 240);
        judge(&s);
        n_found += alarm_from(&s, NIGHTS - 10) < s.n;
    }
    assert_in_range(n_false, 0, 2 * SERIES * NIGHTS / 1000);
    assert_in_range(n_found, 55, SERIES);
    assert_near(day_sd, 0.03, 0.012);
}

static double any_ms(struct cp_rng *rng)
{
    static const double odd[] = {NAN, INFINITY, 0, -1, 1e-300, 1e300};
    uint64_t kind = cp_rng_below(rng, 30);
    return kind < sizeof odd / sizeof *odd
               ? odd[kind]
               : 200 * exp(0.2 * cp_rng_normal(rng)) * (kind < 12 ? 2 : 1);
}

static void any_night(struct nights *s)
{
    double ms = any_ms(&s->rng);
    bool has_ends = cp_rng_uniform(&s->rng) < 0.7;
    s->values[s->n] = (struct cp_trend_value){
        .at_ms = (int64_t)s->n,
        .ms = {ms, has_ends ? ms * cp_rng_uniform(&s->rng) : NAN, has_ends ? any_ms(&s->rng) : NAN},
        .n = cp_rng_below(&s->rng, 200)};
    s->n++;
}

static struct cp_trend_options any_options(struct cp_rng *rng)
{
    struct cp_trend_options o = {.effect = 0.1 * cp_rng_uniform(rng),
                                 .effect_ms = 10 * cp_rng_uniform(rng),
                                 .is_accepted_at_once = cp_rng_below(rng, 2)};
    o.n_of = 1 + (int)cp_rng_below(rng, CP_TREND_N_OF_MAX);
    o.k_of_n = 1 + (int)cp_rng_below(rng, (uint64_t)o.n_of);
    o.min_nights = 2 + (int)cp_rng_below(rng, 10);
    o.baseline_nights = o.min_nights + (int)cp_rng_below(rng, 40);
    return o;
}

/* Whatever the nights and options, what is said of them fits together. */
static void whatever_the_nights_are(void **state)
{
    (void)state;
    struct nights s;
    for (uint64_t seed = 0; seed < 300; seed++) {
        start(&s, 5000 + seed);
        struct cp_trend_options o = any_options(&s.rng);
        while (s.n < 200)
            any_night(&s);
        int64_t accepted[4];
        for (int64_t i = 0; i < 4; i++)
            accepted[i] = 45 * i + (int64_t)cp_rng_below(&s.rng, 40);
        judge_accepted(&s, accepted, 4, &o);
        for (size_t i = 0; i < s.n; i++) {
            const struct cp_trend_night *t = &s.out[i];
            assert_true(t->since <= i && t->n_worse <= o.n_of);
            assert_true(t->n_baseline <= (size_t)o.baseline_nights ||
                        t->state == CP_TREND_LEARNING);
            assert_true(!t->is_alarm || t->state == CP_TREND_REGRESSED);
            assert_true(isnan(t->day_sd) || (isfinite(t->day_sd) && t->day_sd >= 0));
            assert_true(isnan(t->ratio.value) ||
                        (t->ratio.low <= t->ratio.value && t->ratio.value <= t->ratio.high));
        }
    }
}

/* CPU time of four times as many nights: four times, not sixteen. */
static double seconds_of(size_t n)
{
    struct cp_trend_value *values = calloc(n, sizeof *values);
    struct cp_trend_night *out = calloc(n, sizeof *out);
    struct cp_rng rng;
    struct cp_error err = {0};
    cp_rng_init(&rng, 20, 0);
    assert_true(values && out);
    for (size_t i = 0; i < n; i++) {
        double ms = 200 * exp(0.03 * cp_rng_normal(&rng));
        values[i] = (struct cp_trend_value){(int64_t)i, {ms, NAN, NAN}, 100};
    }
    clock_t began = clock();
    assert_int_equal(cp_trend_judge(values, n, NULL, 0, &defaults, out, &err), CP_OK);
    double seconds = (double)(clock() - began) / CLOCKS_PER_SEC;
    free(values);
    free(out);
    return seconds;
}

static void time_is_linear_in_the_nights(void **state)
{
    (void)state;
    (void)seconds_of(1000);
    assert_true(seconds_of(10000) < 10 * fmax(seconds_of(2500), 1e-3));
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

static void a_wild_night_between_levels_is_passed_over(void **state)
{
    (void)state;
    struct nights s;
    struct cp_trend_changes found;
    struct cp_error err = {0};
    start(&s, 21);
    add(&s, 40, 200, 0.02);
    add(&s, 1, 700, 0.02);
    add(&s, 40, 240, 0.02);
    add(&s, 1, 700, 0.02);
    add(&s, 40, 240, 0.02); /* the same level again */
    one(&s, INFINITY);      /* no number for a mean */
    assert_int_equal(cp_trend_changes_find(s.values, s.n, &defaults, &found, &err), CP_OK);
    assert_int_equal(found.n, 1);
    assert_in_range(found.changes[0].index, 40, 41);
    assert_near(found.changes[0].ratio.value, 1.2, 0.03);
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
        cmocka_unit_test(nights_apart_are_judged_by_their_order),
        cmocka_unit_test(a_second_regression_is_told_once_the_first_is_accepted),
        cmocka_unit_test(a_level_is_accepted_before_its_alarm),
        cmocka_unit_test(a_creeping_level_is_told_when_it_has_crept_far),
        cmocka_unit_test(a_crept_level_that_comes_back_ends_the_alarm),
        cmocka_unit_test(nights_of_two_kinds_are_seldom_an_alarm),
        cmocka_unit_test(nights_that_alternate_are_no_alarm),
        cmocka_unit_test(every_night_slow_is_an_alarm_for_two_kinds_too),
        cmocka_unit_test(nights_of_few_samples_weigh_less),
        cmocka_unit_test(a_worse_night_never_takes_an_alarm_away),
        cmocka_unit_test(timeouts_alone_teach_nothing),
        cmocka_unit_test(p95_of_a_hundred_samples_is_judged_well),
        cmocka_unit_test(whatever_the_nights_are),
        cmocka_unit_test(time_is_linear_in_the_nights),
        cmocka_unit_test(lasting_changes_are_found),
        cmocka_unit_test(a_wild_night_between_levels_is_passed_over),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
