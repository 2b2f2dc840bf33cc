/* SPDX-License-Identifier: GPL-3.0-or-later
 * Target tracking: against an independent model of the same rules (decide_tracking.py), by
 * hand-made steps of traffic, and its alarms point by point.
 */
#include "model/decide/pool_sim.h"

#include "tests/model/stat/csv.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double zero_ms[] = {0};
static const double seven_ms[] = {700};

#define VALUES(a) ((struct cp_pool_law){.ms = (a), .n = sizeof(a) / sizeof((a)[0])})
#define MINUTE_MS 60e3
#define DAYS(ms)  ((ms) / 86400e3)

enum { REPLICATIONS = 2 };

static struct cp_pool_result simulate(const struct cp_pool_options *o)
{
    struct cp_pool_result r;
    struct cp_error err = {0};
    if (cp_pool_simulate(o, &r, &err))
        fail_msg("%s", err.text);
    return r;
}

/* --- the independent model --- */

#define HORIZON_MS (6 * 60 * MINUTE_MS)
enum { TIMES_MAX = 200000 };

/* The trace of decide_tracking.py. */
static size_t make_trace(uint64_t seed, double *times)
{
    static const uint64_t gaps[] = {400, 200, 80, 40, 40, 300, 400000, 500000, 150, 60, 500, 250};
    uint64_t t = 0;
    for (size_t n = 0;; n++) {
        seed = (seed * 1103515245 + 12345) % (UINT64_C(1) << 31);
        t += 1 + seed / 256 % (2 * gaps[t / 1800000]);
        if ((double)t >= HORIZON_MS)
            return n;
        assert_true(n < TIMES_MAX);
        times[n] = (double)t;
    }
}

static void assert_row(struct csv *csv, double *times)
{
    const double service_ms = csv_number(csv, "service_ms");
    size_t n = make_trace((uint64_t)csv_number(csv, "seed"), times);
    const struct cp_pool_options o = {
        .arrivals = {.kind = CP_ARRIVALS_TIMES, .times_ms = times, .n = n},
        .cold = {.ms = &service_ms, .n = 1},
        .warm = {.ms = &service_ms, .n = 1},
        .lifetime = VALUES(zero_ms),
        .provisioned = (int)csv_number(csv, "start"),
        .tracking = {.target = csv_number(csv, "target"),
                     .min = (int)csv_number(csv, "min"),
                     .max = (int)csv_number(csv, "max"),
                     .ready_ms = csv_number(csv, "ready_ms"),
                     .out_cooldown_ms = csv_number(csv, "out_cooldown_ms"),
                     .in_cooldown_ms = csv_number(csv, "in_cooldown_ms"),
                     .in_points = (int)csv_number(csv, "in_points")},
        .replications = REPLICATIONS, /* both alike: nothing is drawn */
        .horizon_ms = HORIZON_MS,
    };
    struct cp_pool_result r = simulate(&o);
    assert_near((double)r.n_arrivals / REPLICATIONS, csv_number(csv, "arrivals"), 0);
    assert_near((double)r.n_provisioned / REPLICATIONS, csv_number(csv, "served"), 0);
    assert_near((double)r.n_spillover / REPLICATIONS, csv_number(csv, "spilled"), 0);
    assert_near(r.provisioned_busy.value * HORIZON_MS, csv_number(csv, "busy_ms"), 1e-3);
    assert_near(r.provisioned_ready.value * HORIZON_MS, csv_number(csv, "kept_ms"), 1e-3);
    assert_near(r.changes_per_day.value * DAYS(HORIZON_MS), csv_number(csv, "changes"), 1e-9);
    assert_near((double)r.n_allocated / REPLICATIONS, csv_number(csv, "allocated"), 0);
}

static void tracking_is_that_of_an_independent_model(void **state)
{
    (void)state;
    double *times = malloc(TIMES_MAX * sizeof *times);
    assert_non_null(times);
    struct csv csv;
    csv_open(&csv, "tests/data/model", "decide_tracking.csv");
    size_t rows = 0;
    for (; csv_next(&csv); rows++)
        assert_row(&csv, times);
    csv_close(&csv);
    free(times);
    assert_int_equal(rows, 8);
}

/* --- steps by hand --- */

/* A request every `gap_ms` from `from` to `to`. */
static size_t add_even(double *times, size_t n, double from, double to, double gap_ms)
{
    size_t count = (size_t)((to - from) / gap_ms + 0.5);
    for (size_t i = 0; i < count; i++)
        times[n++] = from + (double)i * gap_ms;
    return n;
}

static struct cp_pool_options step_options(const double *times, size_t n)
{
    return (struct cp_pool_options){
        .arrivals = {.kind = CP_ARRIVALS_TIMES, .times_ms = times, .n = n},
        .cold = VALUES(seven_ms),
        .warm = VALUES(seven_ms),
        .lifetime = VALUES(zero_ms),
        .provisioned = 5,
        .tracking = {.target = 0.7, .min = 1, .max = 50, .ready_ms = 2 * MINUTE_MS},
        .replications = REPLICATIONS,
        .horizon_ms = 120 * MINUTE_MS};
}

static void a_step_is_followed_after_three_minutes_up_and_fifteen_down(void **state)
{
    (void)state;
    static double times[60000];
    size_t n = add_even(times, 0, 0, 10 * MINUTE_MS, 350);        /* 2 in use of 5 */
    n = add_even(times, n, 10 * MINUTE_MS, 60 * MINUTE_MS, 100);  /* 7 */
    n = add_even(times, n, 60 * MINUTE_MS, 120 * MINUTE_MS, 500); /* 1.4 */
    struct cp_pool_options o = step_options(times, n);
    struct cp_pool_result r = simulate(&o);
    /* .4 of 5 for 10 minutes only: nothing. From 10 on 5 of 5: after 3 points ceil(5 / .7) = 8,
     * there at 15. Then 7 / 8 > .7: after minute 16, since the points of 14 and 15 were above it,
     * too, ceil(7 / .7) = 10, there at 18; .7 is not above .7. Low from 61 on, the first minute of
     * it still being .14 or so: after 75 to ceil(1.4 / .7) = 2. */
    assert_near(r.provisioned_ready.value * 120, 5 * 15 + 8 * 3 + 10 * 57 + 2 * 45, 1e-6);
    assert_near(r.changes_per_day.value * DAYS(o.horizon_ms), 3, 1e-9);
    assert_int_equal(r.n_allocated, REPLICATIONS * 5);
    o.tracking.out_cooldown_ms = 10 * MINUTE_MS;
    /* 8 until 25 (alarm of 13, 2 to be ready, 10 to cool down), then 10 from 27 on */
    assert_near(simulate(&o).provisioned_ready.value * 120, 5 * 15 + 8 * 12 + 10 * 48 + 2 * 45,
                1e-6);
}

static void idle_environments_are_kept_since_there_is_no_point(void **state)
{
    (void)state;
    static double times[60000];
    size_t n = add_even(times, 0, 0, 20 * MINUTE_MS, 100);
    struct cp_pool_options o = step_options(times, n);
    o.provisioned = 10;
    assert_near(simulate(&o).provisioned_ready.value, 10, 1e-9);
    /* a request in 14 of 15 minutes is not enough either; in each minute it is */
    for (size_t every = 14; every <= 16; every += 2) {
        size_t m = n;
        for (size_t minute = 21; minute < 120; minute++) {
            if (minute % 15 != every)
                times[m++] = (double)minute * MINUTE_MS;
        }
        o.arrivals.n = m;
        struct cp_pool_result r = simulate(&o);
        if (every == 14)
            assert_near(r.provisioned_ready.value, 10, 1e-9);
        else /* minutes 20, with the end of what came before, to 34 */
            assert_near(r.provisioned_ready.value * 120, 10 * 35 + 85, 1e-6);
    }
}

static void limits_of_a_target_hold(void **state)
{
    (void)state;
    static double times[80000];
    size_t n = add_even(times, 0, 0, 60 * MINUTE_MS, 100);
    n = add_even(times, n, 60 * MINUTE_MS, 120 * MINUTE_MS, 7000);
    struct cp_pool_options o = step_options(times, n);
    o.tracking.min = 3;
    o.tracking.max = 6;
    o.provisioned = 0; /* begins at 3: 3 until 5, ceil(3 / .7) = 5 until 8, 6 until 75, 3 again */
    assert_near(simulate(&o).provisioned_ready.value * 120, 3 * 5 + 5 * 3 + 6 * 67 + 3 * 45, 1e-6);
    o.tracking.min = 0; /* nothing is in use of nothing */
    assert_near(simulate(&o).provisioned_ready.value, 0, 0);
}

/* --- alarms --- */

static void alarms_look_at_points_in_a_row(void **state)
{
    (void)state;
    const struct cp_pool_tracking rule = {
        .target = 0.5, .min = 1, .max = 20, .out_points = 2, .in_points = 3, .period_ms = 10};
    const struct {
        double busy_ms;
        bool is_preparing;
        int wanted; /* of 4 */
    } points[] = {
        {40, false, 4}, {40, true, 4},  {30, false, 6}, /* two in a row, then not prepared */
        {20, false, 4}, {30, false, 4}, {30, false, 6}, /* .5 is not above .5 */
        {15, false, 4}, {15, false, 4}, {15, false, 3}, /* .375 is below .45 */
        {15, false, 3}, {0, false, 4},  {15, false, 4}, {15, false, 4}, /* absent in between */
        {18, false, 4}, {15, false, 4}, {15, false, 4}, {5, false, 1},  /* .45 is not below */
    };
    struct cp_tracking_alarms alarms = {0};
    assert_true(cp_pool_tracking_is_usable(&rule));
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        int wanted = cp_pool_tracking_point(&rule, &alarms, 10 * (double)i, points[i].busy_ms, 40,
                                            4, points[i].is_preparing);
        if (wanted != points[i].wanted)
            fail_msg("point %zu: %d is not %d", i, wanted, points[i].wanted);
    }
}

static void impossible_targets_are_refused(void **state)
{
    (void)state;
    static double times[] = {1};
    const struct cp_pool_tracking good = {.target = 0.5, .min = 1, .max = 2};
    struct cp_pool_tracking bad[9];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        bad[i] = good;
    bad[0].target = 1.5;
    bad[1].target = NAN;
    bad[2].min = -1;
    bad[3].max = 0;
    bad[4].in_points = CP_TRACKING_POINTS_MAX + 1;
    bad[5].out_points = -1;
    bad[6].in_share = 2;
    bad[7].ready_ms = INFINITY;
    bad[8].period_ms = -1;
    struct cp_pool_options o = step_options(times, 1);
    struct cp_pool_result r;
    struct cp_error err = {0};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        o.tracking = bad[i];
        assert_int_equal(cp_pool_simulate(&o, &r, &err), CP_EINVAL);
        assert_non_null(strstr(err.text, "target"));
    }
    static const struct cp_pool_step step = {0, 1};
    o.tracking = good;
    o.schedule = (struct cp_pool_schedule){&step, 1, 10, 0};
    assert_int_equal(cp_pool_simulate(&o, &r, &err), CP_EINVAL);
    assert_non_null(strstr(err.text, "not both"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tracking_is_that_of_an_independent_model),
        cmocka_unit_test(a_step_is_followed_after_three_minutes_up_and_fifteen_down),
        cmocka_unit_test(idle_environments_are_kept_since_there_is_no_point),
        cmocka_unit_test(limits_of_a_target_hold),
        cmocka_unit_test(alarms_look_at_points_in_a_row),
        cmocka_unit_test(impossible_targets_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
