/* SPDX-License-Identifier: GPL-3.0-or-later
 * The curve of all provisioned concurrencies against the full simulation, one n after the other,
 * and against Erlang's formula.
 */
#include "model/decide/pool_curve.h"

#include "model/decide/erlang.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

static const double forever_ms[] = {INFINITY};
static const double hundred_ms[] = {100};
static const double second_ms[] = {1000};
static const double spread_ms[] = {20, 40, 60, 80, 300}; /* mean 100 */

#define VALUES(a) ((struct cp_pool_law){.ms = (a), .n = sizeof(a) / sizeof((a)[0])})

static struct cp_pool_curve curve_of(const struct cp_pool_options *pool, int n_max, bool is_by_hour)
{
    const struct cp_pool_curve_options o = {
        .pool = *pool, .n_max = n_max, .is_by_hour = is_by_hour};
    struct cp_pool_curve curve;
    struct cp_error err = {0};
    if (cp_pool_curve_make(&o, &curve, &err))
        fail_msg("%s", err.text);
    return curve;
}

static struct cp_pool_result simulate(const struct cp_pool_options *o)
{
    struct cp_pool_result r;
    struct cp_error err = {0};
    if (cp_pool_simulate(o, &r, &err))
        fail_msg("%s", err.text);
    return r;
}

static void spillover_is_erlang_b_for_every_n(void **state)
{
    (void)state;
    const struct cp_pool_options o = {.arrivals = {.per_s = 80},
                                      .cold = VALUES(spread_ms),
                                      .warm = VALUES(spread_ms),
                                      .lifetime = VALUES(forever_ms),
                                      .horizon_ms = 200e3,
                                      .warm_up_ms = 5e3,
                                      .seed = 3};
    struct cp_pool_curve c = curve_of(&o, 20, false);
    for (int n = 0; n <= 14; n++) {
        const struct cp_pool_mean *spillover = &c.points[n].spillover_share;
        double expected = cp_erlang_b(n, 8);
        if (!(fabs(spillover->value - expected) <= 4 * spillover->se + 1e-12))
            fail_msg("n = %d: %.9g is not %.9g within 4 x %.3g", n, spillover->value, expected,
                     spillover->se);
        assert_true(spillover->se < 0.1 * expected);
        assert_near(c.points[n].busy.value, 8 * (1 - expected), 4 * c.points[n].busy.se + 1e-9);
    }
    assert_in_range(cp_pool_curve_n_for_spillover(&c, 1e-3),
                    cp_erlang_servers_for_loss(8, 1e-3) - 1,
                    cp_erlang_servers_for_loss(8, 1e-3) + 1);
    assert_int_equal(cp_pool_curve_n_for_spillover(&c, -1), -1);
    cp_pool_curve_clear(&c);
}

/* All requests take as long, cold or not: then spillover and throttling are the same requests. */
static void every_n_equals_its_own_simulation(void **state)
{
    (void)state;
    struct cp_pool_options o = {
        .arrivals = {.per_s = 40, .burst = 4, .burst_gap_ms = 10},
        .cold = VALUES(hundred_ms),
        .warm = VALUES(hundred_ms),
        .lifetime = VALUES(second_ms),
        .horizon_ms = 60e3,
        .seed = 11,
    };
    struct cp_pool_curve c = curve_of(&o, 30, false);
    /* the same arrivals: traces of the stream that the curve drew */
    static double times[40000];
    struct cp_arrivals a;
    struct cp_error err;
    uint64_t spilled[31] = {0};
    uint64_t throttled[31] = {0};
    uint64_t cold[31] = {0};
    uint64_t arrivals = 0;
    for (uint64_t replication = 0; replication < CP_POOL_REPLICATIONS; replication++) {
        size_t n = 0;
        assert_int_equal(cp_arrivals_open(&a, &o.arrivals, o.seed, 2 * replication, 0, &err),
                         CP_OK);
        for (double t; (t = cp_arrivals_next(&a)) < o.horizon_ms;)
            times[n++] = t;
        cp_arrivals_close(&a);
        struct cp_pool_options one = o;
        one.arrivals =
            (struct cp_arrivals_law){.kind = CP_ARRIVALS_TIMES, .times_ms = times, .n = n};
        one.replications = 2; /* both alike: nothing is drawn */
        for (int k = 0; k <= 30; k++) {
            one.provisioned = k;
            one.limit = 0;
            struct cp_pool_result r = simulate(&one);
            spilled[k] += k ? r.n_spillover / 2 : n;
            cold[k] += r.n_cold / 2;
            one.provisioned = 0;
            one.limit = k;
            throttled[k] += k ? simulate(&one).n_throttled / 2 : n;
        }
        arrivals += n;
    }
    assert_int_equal(c.n_arrivals, arrivals);
    uint64_t beyond = c.n_arrivals;
    for (int k = 0; k <= 30; k++) {
        assert_int_equal(spilled[k], beyond);
        assert_int_equal(throttled[k], beyond);
        /* which idle environment is taken differs: a few cold starts more or less */
        assert_near(c.points[k].cold_share.value * (double)arrivals, (double)cold[k],
                    0.1 * (double)cold[k] + 10);
        beyond -= c.numbers[k].n;
    }
    assert_true(spilled[1] > spilled[30] && c.highest > 30 && c.n_cold > 100);
    cp_pool_curve_clear(&c);
}

/* Rare bursts of a function that starts slowly: a curve whose low numbers all start cold sees twice
 * the spillover; one that knows them ready agrees with the simulation of that n. */
static void rare_bursts_agree_where_the_numbers_are_ready(void **state)
{
    (void)state;
    static const double slow_ms[] = {1000};
    static const double fast_ms[] = {50};
    struct cp_pool_options o = {
        .arrivals = {.per_s = 0.06, .burst = 6, .burst_gap_ms = 100},
        .cold = VALUES(slow_ms),
        .warm = VALUES(fast_ms),
        .lifetime = VALUES(second_ms),
        .horizon_ms = 200e6,
        .replications = 4,
        .seed = 5,
    };
    struct cp_pool_curve plain = curve_of(&o, 10, false);
    for (int n = 1; n <= 3; n++) {
        const struct cp_pool_curve_options at = {.pool = o, .n_max = 10, .ready = n};
        struct cp_pool_curve c;
        struct cp_error err = {0};
        assert_int_equal(cp_pool_curve_make(&at, &c, &err), CP_OK);
        o.provisioned = n;
        struct cp_pool_result r = simulate(&o);
        o.provisioned = 0;
        double spillover = r.spillover_share.value;
        assert_near(c.points[n].spillover_share.value / spillover, 1, 0.08);
        assert_near(c.points[n].cold_share.value / r.cold_share.value, 1, 0.08);
        assert_true(plain.points[n].spillover_share.value > 1.3 * spillover);
        cp_pool_curve_clear(&c);
    }
    cp_pool_curve_clear(&plain);
}

static void hours_of_the_week_add_up(void **state)
{
    (void)state;
    double week[CP_ARRIVALS_HOURS] = {[1] = 3, [100] = 1};
    const struct cp_pool_options o = {
        .arrivals = {.kind = CP_ARRIVALS_WEEK, .week_per_s = week},
        .cold = VALUES(spread_ms),
        .warm = VALUES(spread_ms),
        .lifetime = VALUES(second_ms),
        .horizon_ms = 2 * CP_ARRIVALS_HOURS * 3600e3,
        .warm_up_ms = 3600e3,
        .replications = 2,
        .seed = 1,
    };
    struct cp_pool_curve all = curve_of(&o, 5, false);
    struct cp_pool_curve c = curve_of(&o, 5, true);
    assert_int_equal(c.n_buckets, CP_ARRIVALS_HOURS);
    for (size_t place = 0; place <= 5; place++) {
        uint64_t n = 0;
        for (size_t hour = 0; hour < CP_ARRIVALS_HOURS; hour++) {
            assert_true(week[hour] > 0 || c.numbers[hour * 6 + place].n == 0);
            n += c.numbers[hour * 6 + place].n;
        }
        assert_int_equal(n, all.numbers[place].n);
    }
    double first = (double)(c.numbers[6].n + c.numbers[7].n + c.numbers[8].n);
    assert_true(first > 0.9 * 3 * 3600 * 4 && first < 1.1 * 3 * 3600 * 4);
    cp_pool_curve_clear(&all);
    cp_pool_curve_clear(&c);
}

static void threads_do_not_change_the_curve(void **state)
{
    (void)state;
    struct cp_pool_options o = {.arrivals = {.per_s = 30},
                                .cold = VALUES(spread_ms),
                                .warm = VALUES(spread_ms),
                                .lifetime = VALUES(hundred_ms),
                                .horizon_ms = 10e3};
    struct cp_pool_curve a = curve_of(&o, 10, false);
    o.n_threads = 4;
    struct cp_pool_curve b = curve_of(&o, 10, false);
    assert_memory_equal(a.points, b.points, 11 * sizeof *a.points);
    assert_memory_equal(a.numbers, b.numbers, 11 * sizeof *a.numbers);
    cp_pool_curve_clear(&a);
    cp_pool_curve_clear(&b);
}

static void impossible_curves_are_refused(void **state)
{
    (void)state;
    const struct cp_pool_options good = {.arrivals = {.per_s = 1},
                                         .cold = VALUES(hundred_ms),
                                         .warm = VALUES(hundred_ms),
                                         .lifetime = VALUES(hundred_ms),
                                         .horizon_ms = 1e3};
    struct cp_pool_options bad = good;
    bad.horizon_ms = 0;
    const struct {
        struct cp_pool_options pool;
        int n_max;
        enum cp_code code;
    } rows[] = {
        {good, -1, CP_ELIMIT}, {good, CP_POOL_CURVE_MAX + 1, CP_ELIMIT}, {bad, 1, CP_EINVAL}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct cp_pool_curve_options o = {.pool = rows[i].pool, .n_max = rows[i].n_max};
        struct cp_pool_curve c;
        struct cp_error err = {0};
        assert_int_equal(cp_pool_curve_make(&o, &c, &err), rows[i].code);
        assert_int_equal(c.status, rows[i].code);
        assert_true(strlen(err.text) > 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spillover_is_erlang_b_for_every_n),
        cmocka_unit_test(every_n_equals_its_own_simulation),
        cmocka_unit_test(rare_bursts_agree_where_the_numbers_are_ready),
        cmocka_unit_test(hours_of_the_week_add_up),
        cmocka_unit_test(threads_do_not_change_the_curve),
        cmocka_unit_test(impossible_curves_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
