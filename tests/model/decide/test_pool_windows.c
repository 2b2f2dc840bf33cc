/* SPDX-License-Identifier: GPL-3.0-or-later
 * Windows of traffic that has a clock: what all of them together see, and what one of them sees.
 */
#include "model/decide/pool_curve.h"

#include "model/decide/pool_rules.h"
#include "model/decide/windows.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

static const double zero_ms[] = {0};
static const double five_minutes_ms[] = {300e3};
static const double forever_ms[] = {INFINITY};
static const double ten_ms[] = {10};
static const double hundred_ms[] = {100};

#define VALUES(a) ((struct cp_pool_law){.ms = (a), .n = sizeof(a) / sizeof((a)[0])})
#define HOUR_MS   3600e3
#define WEEK_MS   (CP_ARRIVALS_HOURS * HOUR_MS)

enum { MINUTES = CP_ARRIVALS_HOURS * 60 };

static struct cp_pool_result simulate(const struct cp_pool_options *o)
{
    struct cp_pool_result r;
    struct cp_error err = {0};
    if (cp_pool_simulate(o, &r, &err))
        fail_msg("%s", err.text);
    return r;
}

static struct cp_pool_curve curve_of(const struct cp_pool_options *pool)
{
    const struct cp_pool_curve_options o = {.pool = *pool, .n_max = 5, .is_by_hour = true};
    struct cp_pool_curve curve;
    struct cp_error err = {0};
    if (cp_pool_curve_make(&o, &curve, &err))
        fail_msg("%s", err.text);
    return curve;
}

/* Busy by day, a request now and then by night: the share of cold starts differs by orders. */
static void day_and_night(double week[CP_ARRIVALS_HOURS])
{
    for (size_t hour = 0; hour < CP_ARRIVALS_HOURS; hour++)
        week[hour] = hour % 24 >= 8 && hour % 24 < 18 ? 0.5 : 0.001;
}

static struct cp_pool_options week_options(const double *week)
{
    return (struct cp_pool_options){.arrivals = {.kind = CP_ARRIVALS_WEEK, .week_per_s = week},
                                    .cold = VALUES(hundred_ms),
                                    .warm = VALUES(ten_ms),
                                    .lifetime = VALUES(five_minutes_ms),
                                    .warm_up_ms = 2 * HOUR_MS,
                                    .seed = 3};
}

static void assert_agree(struct cp_pool_mean a, struct cp_pool_mean b, double relative_se)
{
    assert_near(a.value, b.value, 4 * hypot(a.se, b.se));
    assert_true(a.se > 0 && a.se < relative_se * a.value);
}

static void windows_over_a_week_give_the_mean_of_the_whole_week(void **state)
{
    (void)state;
    double week[CP_ARRIVALS_HOURS];
    day_and_night(week);
    struct cp_pool_options o = week_options(week);
    o.horizon_ms = WEEK_MS;
    struct cp_pool_result whole = simulate(&o);
    o.horizon_ms = o.window_step_ms = 4 * HOUR_MS;
    o.replications = 42 * 10; /* as much time as the ten weeks */
    struct cp_pool_result windows = simulate(&o);
    assert_agree(windows.cold_share, whole.cold_share, 0.05);
    assert_agree(windows.mean_busy, whole.mean_busy, 0.01);
    assert_agree(windows.mean_envs, whole.mean_envs, 0.01);
    assert_agree(windows.mean_billed_ms, whole.mean_billed_ms, 0.01);
    /* ten times round the week: that day and night differ is not uncertainty */
    assert_true(windows.cold_share.se < 2 * whole.cold_share.se);
    o.replications = 42;
    assert_true(simulate(&o).cold_share.se > 3 * windows.cold_share.se);
}

/* Half of each window is left out; what is seen of a rate that is even over days is the same. */
static void windows_may_be_shorter_than_their_step(void **state)
{
    (void)state;
    double week[CP_ARRIVALS_HOURS];
    for (size_t hour = 0; hour < CP_ARRIVALS_HOURS; hour++)
        week[hour] = hour % 2 ? 0.3 : 0.01;
    struct cp_pool_options o = week_options(week);
    o.horizon_ms = WEEK_MS;
    struct cp_pool_result whole = simulate(&o);
    o.window_step_ms = 3 * HOUR_MS;
    o.horizon_ms = HOUR_MS;
    o.replications = 560;
    assert_agree(simulate(&o).cold_share, whole.cold_share, 0.1);
}

static void a_pulse_is_seen_by_the_window_that_holds_it(void **state)
{
    (void)state;
    static const double pulse[CP_ARRIVALS_HOURS] = {[50] = 0.1};
    static double minutes[MINUTES];
    static double times[360];
    for (size_t i = 0; i < 60; i++)
        minutes[(size_t)3000 + i] = 6;
    for (size_t i = 0; i < 360; i++)
        times[i] = 50 * HOUR_MS + 10e3 * (double)i;
    const struct cp_arrivals_law laws[] = {
        {.kind = CP_ARRIVALS_WEEK, .week_per_s = pulse},
        {.kind = CP_ARRIVALS_COUNTS, .counts = minutes, .n = MINUTES, .bucket_ms = 60e3},
        {.kind = CP_ARRIVALS_TIMES, .times_ms = times, .n = 360, .span_ms = WEEK_MS}};
    for (size_t i = 0; i < sizeof laws / sizeof laws[0]; i++) {
        struct cp_pool_options o = week_options(NULL);
        o.arrivals = laws[i];
        o.horizon_ms = o.window_step_ms = HOUR_MS;
        o.replications = 50; /* hours 0 .. 49: not yet */
        assert_int_equal(simulate(&o).n_arrivals, 0);
        o.replications = 51;
        struct cp_pool_result r = simulate(&o);
        assert_near((double)r.n_arrivals, 360, i == 0 ? 4 * sqrt(360) : 0);
        struct cp_pool_curve c = curve_of(&o);
        assert_near((double)c.n_arrivals, 360, i == 0 ? 4 * sqrt(360) : 0);
        for (size_t hour = 0; hour < CP_ARRIVALS_HOURS; hour++) {
            assert_near(c.bucket_ms[hour], hour < 51 ? HOUR_MS : 0, 0);
            uint64_t n = 0;
            for (size_t place = 0; place <= 5; place++)
                n += c.numbers[hour * 6 + place].n;
            assert_int_equal(n, hour == 50 ? c.n_arrivals : 0);
        }
        cp_pool_curve_clear(&c);
    }
}

/* The end of the trace, seven minutes before its beginning in the round, keeps an environment warm
 * for a while; the first request of the first window finds it or does not. */
static void the_first_window_has_the_end_of_the_trace_as_its_warm_up(void **state)
{
    (void)state;
    static const double times[] = {60e3, 540e3, HOUR_MS - 360e3};
    static const double lifetimes_ms[] = {419e3, 421e3};
    for (size_t i = 0; i < 2; i++) {
        struct cp_pool_options o = week_options(NULL);
        o.arrivals = (struct cp_arrivals_law){
            .kind = CP_ARRIVALS_TIMES, .times_ms = times, .n = 3, .span_ms = HOUR_MS};
        o.cold = o.warm = VALUES(zero_ms);
        o.lifetime = (struct cp_pool_law){.ms = &lifetimes_ms[i], .n = 1};
        o.window_step_ms = HOUR_MS;
        o.horizon_ms = 300e3;
        o.warm_up_ms = 600e3;
        o.replications = 2;
        struct cp_pool_result r = simulate(&o);
        assert_int_equal(r.n_arrivals, 2);
        assert_int_equal(r.n_cold, i == 0 ? 2 : 0);
    }
}

/* A schedule by the week's clock, over counts that begin on Wednesday 12:00. */
static void schedules_and_hours_go_by_the_clock_of_the_week(void **state)
{
    (void)state;
    static const double evenly[] = {60, 60, 60, 60};
    const struct cp_pool_step steps[] = {{0, 1}, {61 * HOUR_MS, 3}, {62 * HOUR_MS, 1}};
    struct cp_pool_options o = week_options(NULL);
    o.arrivals = (struct cp_arrivals_law){
        .kind = CP_ARRIVALS_COUNTS, .counts = evenly, .n = 4, .bucket_ms = HOUR_MS};
    o.week_origin_ms = -60 * HOUR_MS;
    o.schedule = (struct cp_pool_schedule){steps, 3, WEEK_MS, 0};
    o.horizon_ms = 1.5 * HOUR_MS; /* hours 60 to 61.5 and 62 to 63.5 */
    o.window_step_ms = 2 * HOUR_MS;
    o.replications = 2;
    assert_near(simulate(&o).provisioned_ready.value, (1 + 0.5 * 3 + 1.5) / 3, 1e-9);
    o.replications = 4; /* goes on behind the trace: 64 .. 65.5, 66 .. 67.5 */
    assert_near(simulate(&o).provisioned_ready.value, (1 + 0.5 * 3 + 4.5) / 6, 1e-9);
    o.replications = 2;
    struct cp_pool_curve c = curve_of(&o);
    for (size_t hour = 0; hour < CP_ARRIVALS_HOURS; hour++) {
        double expected = hour == 60 || hour == 62 ? 1 : hour == 61 || hour == 63 ? 0.5 : 0;
        assert_near(c.bucket_ms[hour], expected * HOUR_MS, 1e-3);
        assert_true((c.numbers[hour * 6].n > 0) == (expected > 0));
    }
    cp_pool_curve_clear(&c);
}

static double squared(double x)
{
    return x * x;
}

static void a_share_of_sums_has_the_error_of_its_strata(void **state)
{
    (void)state;
    /* two strata that differ by much; within, by 2 of 10 and by 1 of 100 */
    const double part[] = {4, 51, 6, 50};
    const double whole[] = {10, 100, 10, 100};
    struct cp_pool_mean m = cp_pool_mean_of_share(part, whole, 4, 2, 0.95);
    assert_near(m.value, 111 / 220.0, 1e-12);
    /* variances of the two residuals in each stratum: 2 and 1/2, times two of each */
    assert_near(m.se, sqrt(2 * 2.0 + 2 * 0.5) / 220, 1e-12);
    assert_near(m.high - m.value, 4.30265272991 * m.se, 1e-9); /* t, 2 degrees of freedom */
    struct cp_pool_mean plain = cp_pool_mean_of_share(part, whole, 4, 1, 0.95);
    assert_near(plain.high - plain.value, 3.18244630528 * plain.se, 1e-9);
    assert_near(plain.se,
                sqrt((squared(4 - 10 * 111 / 220.0) + squared(51 - 100 * 111 / 220.0) +
                      squared(6 - 10 * 111 / 220.0) + squared(50 - 100 * 111 / 220.0)) *
                     4 / 3) /
                    220,
                1e-12);
    struct cp_pool_mean odd = cp_pool_mean_of_share(part, whole, 4, 3, 0.95);
    assert_near(odd.se, plain.se, 0);
    assert_near(cp_pool_mean_of_share(part, zero_ms, 1, 1, 0.95).value, 0, 0);
}

static void threads_do_not_change_windows(void **state)
{
    (void)state;
    double week[CP_ARRIVALS_HOURS];
    day_and_night(week);
    struct cp_pool_options o = week_options(week);
    o.horizon_ms = HOUR_MS;
    o.window_step_ms = 5 * HOUR_MS;
    o.replications = 34;
    struct cp_pool_result a = simulate(&o);
    o.n_threads = 4;
    struct cp_pool_result b = simulate(&o);
    assert_memory_equal(&a, &b, sizeof a);
}

static void impossible_windows_are_refused(void **state)
{
    (void)state;
    double week[CP_ARRIVALS_HOURS];
    day_and_night(week);
    const double steps[] = {-1, NAN, INFINITY, 1, 1};
    const double origins[] = {0, 0, 0, NAN, INFINITY};
    for (size_t i = 0; i < 5; i++) {
        struct cp_pool_options o = week_options(week);
        o.horizon_ms = HOUR_MS;
        o.window_step_ms = steps[i];
        o.week_origin_ms = origins[i];
        struct cp_pool_result r;
        struct cp_error err = {0};
        assert_int_equal(cp_pool_simulate(&o, &r, &err), CP_EINVAL);
        assert_non_null(strstr(err.text, "windows"));
    }
}

/* Without a step, counts and traces end, as they were recorded. */
static void without_a_step_a_trace_is_played_once(void **state)
{
    (void)state;
    static const double times[] = {5, 500, 900};
    struct cp_pool_options o = week_options(NULL);
    o.arrivals = (struct cp_arrivals_law){.kind = CP_ARRIVALS_TIMES, .times_ms = times, .n = 3};
    o.lifetime = VALUES(forever_ms);
    o.warm_up_ms = 100;
    o.horizon_ms = HOUR_MS;
    assert_int_equal(simulate(&o).n_arrivals, 2 * CP_POOL_REPLICATIONS);
    o.window_step_ms = 1;
    assert_true(simulate(&o).n_arrivals > 1000);
}

/* Two rounds of a week where they are cheap; a million for 14 sizes; and a decision of any number
 * of sizes takes about as long. */
static void many_sizes_share_the_arrivals_of_a_week(void **state)
{
    (void)state;
    double week[CP_ARRIVALS_HOURS];
    for (size_t hour = 0; hour < CP_ARRIVALS_HOURS; hour++)
        week[hour] = 1;
    const struct cp_arrivals_law law = {.kind = CP_ARRIVALS_WEEK, .week_per_s = week};
    assert_near(cp_windows_arrivals(&law, 1), 2 * WEEK_MS / 1e3, 1);
    assert_near(cp_windows_arrivals(&law, 14), 1e6, 0);
    for (size_t n = 14; n <= 64; n++)
        assert_true((double)n * cp_windows_arrivals(&law, n) <= 1.4e7 * (1 + 1e-12));
    const struct cp_arrivals_law rate = {.kind = CP_ARRIVALS_POISSON, .per_s = 5};
    assert_near(cp_windows_arrivals(&rate, 10), 1e5, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_over_a_week_give_the_mean_of_the_whole_week),
        cmocka_unit_test(windows_may_be_shorter_than_their_step),
        cmocka_unit_test(a_pulse_is_seen_by_the_window_that_holds_it),
        cmocka_unit_test(the_first_window_has_the_end_of_the_trace_as_its_warm_up),
        cmocka_unit_test(schedules_and_hours_go_by_the_clock_of_the_week),
        cmocka_unit_test(a_share_of_sums_has_the_error_of_its_strata),
        cmocka_unit_test(threads_do_not_change_windows),
        cmocka_unit_test(impossible_windows_are_refused),
        cmocka_unit_test(without_a_step_a_trace_is_played_once),
        cmocka_unit_test(many_sizes_share_the_arrivals_of_a_week),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
