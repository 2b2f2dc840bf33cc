/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which stretches of the traffic are simulated: arrivals asked for, and each part counted alike.
 */
#include "model/decide/windows.h"

#include "model/base/units.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

#define DAY_MS  (24 * CP_MS_PER_HOUR)
#define WEEK_MS (7 * DAY_MS)

enum { MINUTES_OF_DAY = 24 * 60, LIFETIME_MS = 300000 };

static double week[CP_ARRIVALS_HOURS];
static double minutes[2 * MINUTES_OF_DAY];

static struct cp_pool_options windows_of(const struct cp_arrivals_law *law, double arrivals,
                                         double first_ms)
{
    const struct cp_windows_question question = {
        .law = law, .first_ms = first_ms, .arrivals = arrivals, .lifetime_ms = LIFETIME_MS};
    struct cp_pool_options o = {.arrivals = *law};
    cp_windows_set(&question, &o);
    return o;
}

static double counted_ms(const struct cp_pool_options *o)
{
    return o->replications * o->horizon_ms;
}

static void a_rate_has_replications_of_one_length(void **state)
{
    (void)state;
    const struct cp_arrivals_law law = {.per_s = 5};
    const struct cp_pool_options o = windows_of(&law, 1e6, NAN);
    assert_near(counted_ms(&o), 1e6 / 5 * CP_MS_PER_S, 1e-3);
    assert_near(o.window_step_ms, 0, 0);
    assert_near(cp_windows_covered(&o), 1, 0);
    assert_near(o.warm_up_ms, fmax(LIFETIME_MS, 0.05 * o.horizon_ms), 1e-6);
    assert_false(cp_windows_has_clock(&law));
}

/* How often each hour of the week is counted, in hours. */
static void count_hours(const struct cp_pool_options *o, double span_ms,
                        double hours[CP_ARRIVALS_HOURS])
{
    const double slice_ms = CP_MS_PER_MINUTE;
    memset(hours, 0, CP_ARRIVALS_HOURS * sizeof *hours);
    for (int r = 0; r < o->replications; r++) {
        for (int i = 0; i * slice_ms < o->horizon_ms; i++) {
            double at = fmod(r * o->window_step_ms + i * slice_ms, span_ms);
            hours[(size_t)(at / CP_MS_PER_HOUR) % CP_ARRIVALS_HOURS] += slice_ms / CP_MS_PER_HOUR;
        }
    }
}

static void rounds_of_a_week_count_each_hour_alike(void **state)
{
    (void)state;
    for (size_t h = 0; h < CP_ARRIVALS_HOURS; h++)
        week[h] = h % 24 < 12 ? 0.1 : 1;
    const struct cp_arrivals_law law = {.kind = CP_ARRIVALS_WEEK, .week_per_s = week};
    double of_a_week = 0.55 * WEEK_MS / CP_MS_PER_S;
    const struct cp_pool_options o = windows_of(&law, 3.5 * of_a_week, NAN);
    double hours[CP_ARRIVALS_HOURS];
    count_hours(&o, WEEK_MS, hours);
    for (size_t h = 0; h < CP_ARRIVALS_HOURS; h++)
        assert_near(hours[h], 3, 0.05);
    assert_near(cp_windows_covered(&o), 1, 1e-12);
    assert_true(cp_windows_has_clock(&law));
}

static void windows_of_heavy_traffic_see_all_hours_of_the_day(void **state)
{
    (void)state;
    for (size_t h = 0; h < CP_ARRIVALS_HOURS; h++)
        week[h] = 100;
    const struct cp_arrivals_law law = {.kind = CP_ARRIVALS_WEEK, .week_per_s = week};
    const struct cp_pool_options o = windows_of(&law, 12e6, NAN);
    double hours[CP_ARRIVALS_HOURS];
    double of_day[24] = {0};
    assert_near(counted_ms(&o), 120e3 * CP_MS_PER_S, 1);
    count_hours(&o, WEEK_MS, hours);
    for (size_t h = 0; h < CP_ARRIVALS_HOURS; h++)
        of_day[h % 24] += hours[h];
    for (size_t h = 0; h < 24; h++)
        assert_true(of_day[h] > 0);
    assert_true(cp_windows_covered(&o) < 0.15);
    assert_true(cp_windows_covered(&o) > 0.05);
}

/* Never a moment beyond its end: the law is opened to repeat. */
static void counts_are_gone_round_and_keep_their_weekday(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof minutes / sizeof minutes[0]; i++)
        minutes[i] = 60;
    const struct cp_arrivals_law law = {.kind = CP_ARRIVALS_COUNTS,
                                        .counts = minutes,
                                        .bucket_ms = CP_MS_PER_MINUTE,
                                        .n = sizeof minutes / sizeof minutes[0]};
    /* 2026-11-26 16:00 UTC, a Thursday */
    const struct cp_pool_options o = windows_of(&law, 1e6, 1795708800e3);
    assert_near(o.week_origin_ms, -(3 * DAY_MS + 16 * CP_MS_PER_HOUR), 0);
    assert_true(o.window_step_ms > 0);
    assert_near(counted_ms(&o) / (2 * DAY_MS), floor(counted_ms(&o) / (2 * DAY_MS)), 1e-9);
    assert_true(cp_windows_has_clock(&law));
    struct cp_arrivals_law short_law = law;
    short_law.n = 60;
    assert_false(cp_windows_has_clock(&short_law));
    assert_true(windows_of(&short_law, 1e6, NAN).window_step_ms > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rate_has_replications_of_one_length),
        cmocka_unit_test(rounds_of_a_week_count_each_hour_alike),
        cmocka_unit_test(windows_of_heavy_traffic_see_all_hours_of_the_day),
        cmocka_unit_test(counts_are_gone_round_and_keep_their_weekday),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
