/* SPDX-License-Identifier: GPL-3.0-or-later
 * Schedules, rate limits and retries in the simulated pool. Traffic and times are fixed, so that
 * expected values follow by hand.
 */
#include "model/decide/pool_sim.h"

#include "tests/test.h"

#include <math.h>
#include <string.h>

static const double zero_ms[] = {0};
static const double forever_ms[] = {INFINITY};
static const double ten_ms[] = {10};
static const double hundred_ms[] = {100};

#define VALUES(a) ((struct cp_pool_law){.ms = (a), .n = sizeof(a) / sizeof((a)[0])})
#define HOUR_MS   3600e3

enum { REPLICATIONS = 2 };

static struct cp_pool_options options(const struct cp_arrivals_law *arrivals,
                                      const double *lifetime)
{
    return (struct cp_pool_options){.arrivals = *arrivals,
                                    .cold = VALUES(hundred_ms),
                                    .warm = VALUES(ten_ms),
                                    .lifetime = {.ms = lifetime, .n = 1},
                                    .replications = REPLICATIONS,
                                    .horizon_ms = 100e3};
}

static struct cp_pool_result simulate(const struct cp_pool_options *o)
{
    struct cp_pool_result r;
    struct cp_error err = {0};
    if (cp_pool_simulate(o, &r, &err))
        fail_msg("%s", err.text);
    return r;
}

static void provisioned_concurrency_follows_the_clock(void **state)
{
    (void)state;
    static const struct cp_pool_step day[] = {
        {8 * HOUR_MS, 3}, {12 * HOUR_MS, 1}, {20 * HOUR_MS, 0}};
    const struct cp_arrivals_law every_minute = {.kind = CP_ARRIVALS_PERIODIC, .per_s = 1 / 60.0};
    struct cp_pool_options o = options(&every_minute, zero_ms);
    o.schedule = (struct cp_pool_schedule){day, 3, 24 * HOUR_MS, HOUR_MS};
    o.warm_up_ms = 26 * HOUR_MS; /* in the middle of a period */
    o.horizon_ms = 48 * HOUR_MS;
    struct cp_pool_result r = simulate(&o);
    /* ready an hour after 8: three from 9 to 12, one until 20 */
    assert_near(r.provisioned_ready.value, (3 * 3 + 8) / 24.0, 1e-9);
    /* cold outside 9 to 20, where there is none to spill over from */
    assert_near(r.cold_share.value, 13 / 24.0, 1e-3);
    assert_int_equal(r.n_spillover, 0);
}

static void an_increase_that_is_taken_back_never_serves(void **state)
{
    (void)state;
    static const struct cp_pool_step day[] = {{0, 2}, {HOUR_MS, 9}, {1.5 * HOUR_MS, 2}};
    const struct cp_arrivals_law rare = {.kind = CP_ARRIVALS_PERIODIC, .per_s = 0.001};
    struct cp_pool_options o = options(&rare, zero_ms);
    o.schedule = (struct cp_pool_schedule){day, 3, 24 * HOUR_MS, HOUR_MS};
    o.horizon_ms = 24 * HOUR_MS;
    assert_near(simulate(&o).provisioned_ready.value, 2, 1e-9);
}

static void busy_environments_finish_when_fewer_are_wanted(void **state)
{
    (void)state;
    static const double long_ms[] = {10e3};
    static const double times[] = {1000, 1000, 6000, 12000};
    static const struct cp_pool_step steps[] = {{0, 2}, {5000, 1}};
    const struct cp_arrivals_law trace = {.kind = CP_ARRIVALS_TIMES, .times_ms = times, .n = 4};
    struct cp_pool_options o = options(&trace, forever_ms);
    o.warm = VALUES(long_ms);
    o.schedule = (struct cp_pool_schedule){steps, 2, 100e3, 0};
    struct cp_pool_result r = simulate(&o);
    /* both busy until 11 s; at 6 s none is free; at 12 s one is */
    assert_int_equal(r.n_spillover, REPLICATIONS);
    assert_near(r.provisioned_busy.value, (10 + 10 + 10) / 100.0, 1e-9);
}

static void environments_start_at_most_so_fast(void **state)
{
    (void)state;
    const struct cp_arrivals_law fast = {.kind = CP_ARRIVALS_PERIODIC, .per_s = 100};
    struct cp_pool_options o = options(&fast, zero_ms);
    o.starts_per_10_s = 100;
    struct cp_pool_result r = simulate(&o);
    /* 100 at once, then ten a second for 100 s */
    assert_in_range(r.n_cold, REPLICATIONS * 1098, REPLICATIONS * 1100);
    assert_int_equal(r.n_cold + r.n_throttled, r.n_arrivals);
    o.lifetime = VALUES(forever_ms); /* the first one serves all: no starts to limit */
    assert_int_equal(simulate(&o).n_throttled, 0);
}

static void requests_come_at_most_so_fast(void **state)
{
    (void)state;
    const struct cp_arrivals_law fast = {.kind = CP_ARRIVALS_PERIODIC, .per_s = 20};
    struct cp_pool_options o = options(&fast, forever_ms);
    o.requests_per_s = 10;
    struct cp_pool_result r = simulate(&o);
    uint64_t served = r.n_arrivals - r.n_throttled;
    assert_in_range(served, REPLICATIONS * 1008, REPLICATIONS * 1010);
}

static void a_throttled_request_comes_again(void **state)
{
    (void)state;
    static const double times[] = {0, 0};
    const struct cp_arrivals_law trace = {.kind = CP_ARRIVALS_TIMES, .times_ms = times, .n = 2};
    struct cp_histogram latency = {0};
    struct cp_pool_options o = options(&trace, forever_ms);
    o.limit = 1;
    o.latency_us = &latency;
    assert_int_equal(simulate(&o).n_throttled, REPLICATIONS);
    assert_int_equal(latency.n, REPLICATIONS);
    cp_histogram_clear(&latency);
    o.retry = (struct cp_pool_retry){50, 300e3, 60e3};
    struct cp_pool_result r = simulate(&o);
    /* the first runs to 100; the second tries at 50 in vain and at 150 again */
    assert_int_equal(r.n_throttled + r.n_waiting, 0);
    assert_int_equal(r.n_retries, 2 * REPLICATIONS);
    assert_int_equal(latency.n, 2 * REPLICATIONS);
    assert_int_equal(latency.min, 100000);
    assert_int_equal(latency.max, 160000);
    cp_histogram_clear(&latency);
    o.retry.max_age_ms = 149;
    assert_int_equal(simulate(&o).n_throttled, REPLICATIONS);
    cp_histogram_clear(&latency);
}

static void every_request_is_served_lost_or_waits(void **state)
{
    (void)state;
    const struct cp_arrivals_law traffic = {.per_s = 300, .burst = 4, .burst_gap_ms = 3};
    struct cp_histogram latency = {0};
    struct cp_pool_options o = options(&traffic, ten_ms);
    o.limit = 20;
    o.retry = (struct cp_pool_retry){1000, 300e3, 20e3};
    o.latency_us = &latency;
    o.warm_up_ms = 5e3;
    struct cp_pool_result r = simulate(&o);
    assert_true(r.n_throttled > 0 && r.n_waiting > 0 && r.n_retries > 0);
    assert_int_equal(latency.n + r.n_throttled + r.n_waiting, r.n_arrivals);
    assert_true(latency.max <= (20e3 + 100) * 1000);
    cp_histogram_clear(&latency);
}

static void the_pick_decides_which_environment_expires(void **state)
{
    (void)state;
    /* two environments, free at 100 and 105; one is used at 150. At 202 two requests come: the
     * older one has expired at 200 when the newer was used, and neither when the older was */
    static const double times[] = {0, 5, 150, 202, 202};
    const struct cp_arrivals_law trace = {.kind = CP_ARRIVALS_TIMES, .times_ms = times, .n = 5};
    struct cp_pool_options o = options(&trace, hundred_ms);
    assert_int_equal(simulate(&o).n_cold, 3 * REPLICATIONS);
    o.pick = CP_POOL_PICK_OLDEST;
    assert_int_equal(simulate(&o).n_cold, 2 * REPLICATIONS);
}

static void threads_do_not_change_the_result(void **state)
{
    (void)state;
    const struct cp_arrivals_law traffic = {.per_s = 50, .burst = 2};
    struct cp_histogram one = {0};
    struct cp_histogram three = {0};
    struct cp_pool_options o = options(&traffic, hundred_ms);
    o.replications = 10;
    o.latency_us = &one;
    struct cp_pool_result a = simulate(&o);
    o.n_threads = 3;
    o.latency_us = &three;
    struct cp_pool_result b = simulate(&o);
    assert_memory_equal(&a, &b, sizeof a);
    assert_true(one.n > 0 && one.n == three.n && one.sum == three.sum);
    cp_histogram_clear(&one);
    cp_histogram_clear(&three);
}

static void impossible_rules_are_refused(void **state)
{
    (void)state;
    static const struct cp_pool_step good[] = {{0, 1}, {5, 2}};
    static const struct cp_pool_step back[] = {{5, 1}, {0, 2}};
    static const struct cp_pool_step negative[] = {{0, -1}};
    const struct cp_arrivals_law traffic = {.per_s = 1};
    const struct {
        struct cp_pool_schedule schedule;
        struct cp_pool_retry retry;
        double starts, requests;
        const char *word;
    } rows[] = {
        {{back, 2, 10, 0}, {0, 0, 0}, 0, 0, "schedule"},
        {{good, 2, 5, 0}, {0, 0, 0}, 0, 0, "schedule"},
        {{good, 2, 0, 0}, {0, 0, 0}, 0, 0, "schedule"},
        {{good, 2, INFINITY, 0}, {0, 0, 0}, 0, 0, "schedule"},
        {{good, 2, 10, -1}, {0, 0, 0}, 0, 0, "schedule"},
        {{NULL, 2, 10, 0}, {0, 0, 0}, 0, 0, "schedule"},
        {{negative, 1, 10, 0}, {0, 0, 0}, 0, 0, "schedule"},
        {{0}, {0, 0, 0}, -1, 0, "rate"},
        {{0}, {0, 0, 0}, 0, NAN, "rate"},
        {{0}, {0, 10, 10}, 0, 0, "retries"},
        {{0}, {1, NAN, 10}, 0, 0, "retries"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cp_pool_options o = options(&traffic, forever_ms);
        struct cp_pool_result r;
        struct cp_error err = {0};
        o.schedule = rows[i].schedule;
        o.retry = rows[i].retry;
        o.starts_per_10_s = rows[i].starts;
        o.requests_per_s = rows[i].requests;
        assert_int_equal(cp_pool_simulate(&o, &r, &err), CP_EINVAL);
        if (!strstr(err.text, rows[i].word))
            fail_msg("row %zu: \"%s\" has no \"%s\"", i, err.text, rows[i].word);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(provisioned_concurrency_follows_the_clock),
        cmocka_unit_test(an_increase_that_is_taken_back_never_serves),
        cmocka_unit_test(busy_environments_finish_when_fewer_are_wanted),
        cmocka_unit_test(environments_start_at_most_so_fast),
        cmocka_unit_test(requests_come_at_most_so_fast),
        cmocka_unit_test(a_throttled_request_comes_again),
        cmocka_unit_test(every_request_is_served_lost_or_waits),
        cmocka_unit_test(the_pick_decides_which_environment_expires),
        cmocka_unit_test(threads_do_not_change_the_result),
        cmocka_unit_test(impossible_rules_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
