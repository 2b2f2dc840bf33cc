/* SPDX-License-Identifier: GPL-3.0-or-later
 * Schedules of provisioned concurrency against brute force over all of them, and the newsvendor
 * rule.
 */
#include "model/decide/schedule.h"

#include "model/base/rng.h"
#include "model/decide/erlang.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { HOURS = CP_ARRIVALS_HOURS, N_MAX = 4, LEVELS = N_MAX + 1, BUSY_HOURS = 4 };

/* A curve made by hand: a few hours with falling requests by number, and some cold starts. */
struct made {
    struct cp_pool_number numbers[HOURS * LEVELS];
    struct cp_pool_curve curve;
    size_t hours[BUSY_HOURS];
};

static void make(struct made *m, uint64_t seed)
{
    struct cp_rng rng;
    memset(m, 0, sizeof *m);
    cp_rng_init(&rng, seed, 0);
    for (size_t k = 0; k < BUSY_HOURS; k++) {
        m->hours[k] = 40 * k + 5 + (size_t)cp_rng_below(&rng, 20);
        double n = 500 + 1500 * cp_rng_uniform(&rng);
        for (size_t place = 0; place < LEVELS; place++) {
            struct cp_pool_number *at = &m->numbers[m->hours[k] * LEVELS + place];
            at->n = (uint64_t)n;
            at->n_cold = (uint64_t)(n * 0.1 * cp_rng_uniform(&rng)) + 1;
            at->busy_ms = n * 100;
            n *= 0.2 + 0.7 * cp_rng_uniform(&rng);
        }
    }
    m->curve = (struct cp_pool_curve){.status = CP_OK,
                                      .n_max = N_MAX,
                                      .numbers = m->numbers,
                                      .n_buckets = HOURS,
                                      .counted_ms = HOURS * 3600e3};
}

static struct cp_schedule_question question_of(const struct made *m, double max_cold_share)
{
    return (struct cp_schedule_question){.curve = &m->curve,
                                         .days = CP_SCHEDULE_WEEK,
                                         .fixed_usd = 0.6,
                                         .warm_saving_usd = 0.001,
                                         .cold_saving_usd = 0.002,
                                         .max_cold_share = max_cold_share};
}

/* The least cost of all (N_MAX + 1)^BUSY_HOURS schedules within the limit; INFINITY: none. */
static double brute_force(const struct made *m, const struct cp_schedule_question *q)
{
    double least = INFINITY;
    size_t all = 1;
    for (size_t k = 0; k < BUSY_HOURS; k++)
        all *= LEVELS;
    for (size_t code = 0; code < all; code++) {
        struct cp_schedule s = {0};
        size_t rest = code;
        for (size_t k = 0; k < BUSY_HOURS; k++, rest /= LEVELS)
            s.n[m->hours[k]] = (int)(rest % LEVELS);
        cp_schedule_judge(q, &s);
        if (isnan(q->max_cold_share) || s.cold_share <= q->max_cold_share)
            least = fmin(least, s.usd_per_week);
    }
    return least;
}

static void cost_alone_equals_brute_force(void **state)
{
    (void)state;
    static struct made m;
    for (uint64_t seed = 0; seed < 50; seed++) {
        make(&m, seed);
        struct cp_schedule_question q = question_of(&m, NAN);
        struct cp_schedule s;
        cp_schedule_find(&q, &s);
        assert_int_equal(s.status, CP_OK);
        assert_true(s.is_feasible);
        assert_near(s.usd_per_week, brute_force(&m, &q), 1e-9);
    }
}

/* Prices of cold starts find only schedules on the convex hull; a schedule is never infeasible when
 * one exists, and seldom dearer than the best. */
static void a_limit_on_cold_starts_is_kept_at_nearly_the_least_cost(void **state)
{
    (void)state;
    static struct made m;
    size_t n_equal = 0;
    size_t n_all = 0;
    double worst = 0;
    for (uint64_t seed = 0; seed < 60; seed++) {
        make(&m, seed);
        for (double limit = 0.002; limit < 0.05; limit *= 2) {
            struct cp_schedule_question q = question_of(&m, limit);
            struct cp_schedule s;
            cp_schedule_find(&q, &s);
            double least = brute_force(&m, &q);
            assert_int_equal(s.is_feasible, isfinite(least));
            if (!s.is_feasible)
                continue;
            assert_true(s.cold_share <= limit);
            assert_true(s.usd_per_week >= least - 1e-9);
            n_all++;
            n_equal += s.usd_per_week <= least + 1e-9;
            worst = fmax(worst, s.usd_per_week - least);
        }
    }
    print_message("%zu of %zu schedules cost the least; the worst is USD %.2f dearer\n", n_equal,
                  n_all, worst);
    assert_true(n_all > 100 && n_equal * 10 >= n_all * 8);
    assert_true(worst <= 2 * 0.6); /* two environments for an hour */
}

static void changes_have_a_price(void **state)
{
    (void)state;
    static struct made m;
    make(&m, 1);
    for (size_t hour = 0; hour < HOURS; hour++) { /* alternating, all hours busy enough for one */
        m.numbers[hour * LEVELS] = (struct cp_pool_number){.n = hour % 2 ? 590 : 2000, .n_cold = 1};
        memset(&m.numbers[hour * LEVELS + 1], 0, N_MAX * sizeof m.numbers[0]);
    }
    struct cp_schedule_question q = question_of(&m, NAN);
    struct cp_schedule s;
    cp_schedule_find(&q, &s);
    assert_int_equal(s.n_changes, HOURS);
    q.change_usd = 0.01; /* an idle hour costs 0.6 - 0.592 */
    cp_schedule_find(&q, &s);
    assert_int_equal(s.n_changes, 0);
    assert_int_equal(s.n_most, 1);
}

static void days_share_their_hours(void **state)
{
    (void)state;
    static struct made m;
    static const struct {
        enum cp_schedule_days days;
        size_t n_changes;
    } rows[] = {{CP_SCHEDULE_CONSTANT, 0},
                {CP_SCHEDULE_DAILY, 14},
                {CP_SCHEDULE_WEEKDAYS, 10},
                {CP_SCHEDULE_WEEK, 10}};
    memset(&m, 0, sizeof m);
    make(&m, 2);
    memset(m.numbers, 0, sizeof m.numbers);
    for (size_t hour = 0; hour < 5 * 24; hour++) { /* office hours, Monday to Friday */
        if (hour % 24 >= 8 && hour % 24 < 18)
            m.numbers[hour * LEVELS] = (struct cp_pool_number){.n = 3000, .busy_ms = 1.8e6};
    }
    double before = INFINITY;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cp_schedule_question q = question_of(&m, NAN);
        struct cp_schedule s;
        q.days = rows[i].days;
        cp_schedule_find(&q, &s);
        assert_int_equal(s.n_changes, rows[i].n_changes);
        assert_true(s.usd_per_week <= before);
        before = s.usd_per_week;
    }
    /* 50 hours of one environment, half busy */
    struct cp_schedule_question q = question_of(&m, NAN);
    struct cp_schedule s;
    q.days = CP_SCHEDULE_WEEKDAYS;
    cp_schedule_find(&q, &s);
    assert_near(s.usd_per_week, 50 * (0.6 - 3), 1e-9);
    assert_near(s.utilization, 0.5, 1e-9);
    assert_near(s.cold_share, 0, 0);
    assert_near(s.spillover_share, 0, 0);
    assert_int_equal(s.n[8], 1);
    assert_int_equal(s.n[18], 0);
    assert_int_equal(s.n[5 * 24 + 8], 0);
}

/* Even traffic: the constant schedule is the newsvendor's, n with a (B(n-1) - B(n)) >= u*. */
static void even_traffic_has_the_newsvendor_number(void **state)
{
    (void)state;
    static const double hundred_ms[] = {100};
    static const double forever_ms[] = {INFINITY};
    const struct cp_pool_law service = {.ms = hundred_ms, .n = 1};
    const struct cp_pool_curve_options o = {
        .pool = {.arrivals = {.per_s = 50},
                 .cold = service,
                 .warm = service,
                 .lifetime = {.ms = forever_ms, .n = 1},
                 .replications = 2,
                 .horizon_ms = HOURS * 3600e3 / 100, /* a hundredth of the week */
                 .warm_up_ms = 10e3,
                 .seed = 4},
        .n_max = 20,
        .is_by_hour = true};
    struct cp_pool_curve curve;
    struct cp_error err;
    assert_int_equal(cp_pool_curve_make(&o, &curve, &err), CP_OK);
    const double utilization = 0.6;
    const double busy_usd = 1.0 / 3600; /* of a second on demand less a second provisioned */
    const struct cp_schedule_question q = {.curve = &curve,
                                           .days = CP_SCHEDULE_CONSTANT,
                                           .fixed_usd = utilization * 3600 * busy_usd,
                                           .warm_saving_usd = 0.1 * busy_usd,
                                           .max_cold_share = NAN};
    struct cp_schedule s;
    cp_schedule_find(&q, &s);
    int expected = 0;
    while (5 * (cp_erlang_b(expected, 5) - cp_erlang_b(expected + 1, 5)) >= utilization)
        expected++;
    assert_int_equal(s.n[0], expected);
    cp_pool_curve_clear(&curve);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    static struct made m;
    make(&m, 3);
    const struct cp_schedule_question good = question_of(&m, NAN);
    struct cp_schedule_question bad[] = {good, good, good, good};
    struct cp_pool_curve in_all = m.curve;
    in_all.n_buckets = 1;
    bad[0].curve = NULL;
    bad[1].curve = &in_all;
    bad[2].fixed_usd = -1;
    bad[3].warm_saving_usd = NAN;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct cp_schedule s;
        cp_schedule_find(&bad[i], &s);
        assert_int_equal(s.status, CP_EINVAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cost_alone_equals_brute_force),
        cmocka_unit_test(a_limit_on_cold_starts_is_kept_at_nearly_the_least_cost),
        cmocka_unit_test(changes_have_a_price),
        cmocka_unit_test(days_share_their_hours),
        cmocka_unit_test(even_traffic_has_the_newsvendor_number),
        cmocka_unit_test(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
