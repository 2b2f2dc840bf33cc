/* SPDX-License-Identifier: GPL-3.0-or-later
 * Expected values are exact, for the reason named at each test. The limits of queueing theory are
 * the table of test_pool_limits.
 */
#include "model/decide/pool_sim.h"

#include "tests/test.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

static const double zero_ms[] = {0};
static const double forever_ms[] = {INFINITY};
static const double hundred_ms[] = {100};
static const double spread_ms[] = {20, 40, 60, 80, 300}; /* mean 100 */
static const double cold_ms[] = {450, 550};              /* mean 500 */

#define VALUES(a) ((struct cp_pool_law){.ms = (a), .n = sizeof(a) / sizeof((a)[0])})

static struct cp_pool_result simulate(struct cp_pool_options o)
{
    struct cp_pool_result r;
    struct cp_error err = {0};
    o.seed = o.seed ? o.seed : 7;
    if (cp_pool_simulate(&o, &r, &err))
        fail_msg("%s", err.text);
    assert_int_equal(r.status, CP_OK);
    return r;
}

/* Within four standard errors, and not vacuously. */
static void assert_within_4_se(const struct cp_pool_mean *m, double expected)
{
    if (!(fabs(m->value - expected) <= 4 * m->se + 1e-12 * expected))
        fail_msg("%.9g is not %.9g within 4 x %.3g", m->value, expected, m->se);
    assert_true(m->se < 0.1 * expected + 1e-9);
}

static void without_limit_requests_in_flight_are_poisson(void **state)
{
    (void)state;
    struct cp_pool_result r = simulate((struct cp_pool_options){.arrivals = {.per_s = 50},
                                                                .cold = VALUES(spread_ms),
                                                                .warm = VALUES(spread_ms),
                                                                .lifetime = VALUES(hundred_ms),
                                                                .horizon_ms = 400e3,
                                                                .warm_up_ms = 5e3});
    assert_within_4_se(&r.mean_busy, 5);    /* M/G/infinity: Poisson with mean lambda E[S] */
    assert_near(r.p999_concurrency, 13, 0); /* P(X <= 12) = .99798, P(X <= 13) = .99930 */
}

static void periodic_arrivals_within_the_lifetime_start_cold_once(void **state)
{
    (void)state;
    struct cp_pool_options o = {.arrivals = {.kind = CP_ARRIVALS_PERIODIC, .per_s = 1},
                                .cold = VALUES(cold_ms),
                                .warm = VALUES(hundred_ms),
                                .lifetime = VALUES(cold_ms),
                                .horizon_ms = 100500};
    static const double long_ms[] = {901};  /* idle 900 ms between requests */
    static const double equal_ms[] = {900}; /* expiries come before arrivals */
    o.lifetime = VALUES(long_ms);
    struct cp_pool_result r = simulate(o);
    assert_int_equal(r.n_arrivals, 1000);
    assert_int_equal(r.n_cold, 10); /* one per replication */
    assert_near(r.longest_reuse_ms, 900, 1e-6);
    o.cold = VALUES(hundred_ms);
    o.lifetime = VALUES(equal_ms);
    assert_int_equal(simulate(o).n_cold, 1000);
}

static void departures_come_before_arrivals(void **state)
{
    (void)state;
    static const double second_ms[] = {1000};
    struct cp_pool_result r =
        simulate((struct cp_pool_options){.arrivals = {.kind = CP_ARRIVALS_PERIODIC, .per_s = 1},
                                          .cold = VALUES(second_ms),
                                          .warm = VALUES(second_ms),
                                          .lifetime = VALUES(forever_ms),
                                          .limit = 1,
                                          .horizon_ms = 100500});
    assert_int_equal(r.n_throttled, 0);
    assert_int_equal(r.max_concurrency, 1);
}

static void provisioned_environments_come_first_and_never_start_cold(void **state)
{
    (void)state;
    struct cp_pool_options o = {.arrivals = {.per_s = 10},
                                .cold = VALUES(cold_ms),
                                .warm = VALUES(spread_ms),
                                .lifetime = VALUES(zero_ms),
                                .horizon_ms = 300e3,
                                .warm_up_ms = 5e3};
    double cold_before = 1;
    for (int n = 1; n <= 8; n++) {
        o.provisioned = n;
        struct cp_pool_result r = simulate(o);
        /* every spillover is cold when nothing stays */
        assert_int_equal(r.n_cold, r.n_spillover);
        assert_true(r.cold_share.value < cold_before);
        cold_before = r.cold_share.value;
    }
    assert_true(cold_before < 1e-4);
}

static void survival_probes_decide_about_lifetimes(void **state)
{
    (void)state;
    const struct cp_idle_point points[] = {{.idle_interval_ms = 60e3, .n = 50, .n_cold = 0},
                                           {.idle_interval_ms = 120e3, .n = 50, .n_cold = 25}};
    struct cp_idle_survival s;
    cp_idle_survival_fit(points, 2, &s);
    assert_int_equal(s.status, CP_OK);
    struct cp_pool_survival pessimist = {&s, 120e3};
    struct cp_pool_survival optimist = {&s, INFINITY};
    struct cp_pool_options o = {.arrivals = {.per_s = 0.01},
                                .cold = VALUES(zero_ms),
                                .warm = VALUES(zero_ms),
                                .lifetime = cp_pool_law_of_survival(&pessimist),
                                .horizon_ms = 400e6,
                                .warm_up_ms = 120e3};
    /* gaps ~ Exp(100 s); F is 0 to 60 s, then linear to 1/2 at 120 s, 1 beyond for the pessimist:
     * integral of F(g) dexp = 1/2 (100/60)(e^-.6 - e^-1.2) - 1/2 e^-1.2 + e^-1.2 or + e^-1.2 / 2 */
    double ramp = 0.5 * 100 / 60 * (exp(-0.6) - exp(-1.2)) - 0.5 * exp(-1.2);
    struct cp_pool_result r = simulate(o);
    assert_within_4_se(&r.cold_share, ramp + exp(-1.2));
    assert_true(r.longest_reuse_ms <= 120e3);
    o.lifetime = cp_pool_law_of_survival(&optimist);
    r = simulate(o);
    assert_within_4_se(&r.cold_share, ramp + exp(-1.2) / 2);
    assert_true(r.longest_reuse_ms > 120e3);
    struct cp_pool_survival unknown = {NULL, 0};
    o.lifetime = cp_pool_law_of_survival(&unknown);
    r = simulate(o);
    assert_int_equal(r.n_cold, r.n_arrivals);
}

static void many_expired_environments_are_dropped_in_order(void **state)
{
    (void)state;
    /* bursts far above the mean leave many idle environments behind; slots are renumbered many
     * times: creation order must survive, so that the result equals that of a large pool */
    static const double second_ms[] = {1000, 1};
    struct cp_pool_options o = {.arrivals = {.per_s = 900},
                                .cold = VALUES(second_ms),
                                .warm = VALUES(second_ms),
                                .lifetime = VALUES(hundred_ms),
                                .horizon_ms = 60e3,
                                .warm_up_ms = 2e3};
    struct cp_pool_result r = simulate(o);
    assert_within_4_se(&r.mean_busy, 900 * 0.5005);
    assert_true(r.n_cold > 1000);
    /* alive = busy + idle; idle at most lifetime after each departure */
    assert_true(r.mean_envs.value > r.mean_busy.value);
    assert_true(r.mean_envs.value < r.mean_busy.value + 900 * 0.1);
}

static void same_seed_gives_the_same_result(void **state)
{
    (void)state;
    struct cp_pool_options o = {.arrivals = {.per_s = 10},
                                .cold = VALUES(cold_ms),
                                .warm = VALUES(spread_ms),
                                .lifetime = VALUES(hundred_ms),
                                .horizon_ms = 10e3,
                                .seed = 1};
    struct cp_pool_result a = simulate(o);
    struct cp_pool_result b = simulate(o);
    o.seed = 2;
    struct cp_pool_result c = simulate(o);
    assert_memory_equal(&a, &b, sizeof a);
    assert_int_not_equal(a.n_arrivals, c.n_arrivals);
}

static void no_cold_start_seen_does_not_prove_that_there_is_none(void **state)
{
    (void)state;
    struct cp_pool_result r = simulate((struct cp_pool_options){.arrivals = {.per_s = 1},
                                                                .cold = VALUES(zero_ms),
                                                                .warm = VALUES(zero_ms),
                                                                .lifetime = VALUES(forever_ms),
                                                                .horizon_ms = 100e3,
                                                                .warm_up_ms = 50e3});
    assert_int_equal(r.n_cold, 0);
    /* two-sided exact Poisson upper bound for 0: -ln(0.025) */
    assert_near(r.cold_share.high, 3.688879 / (double)r.n_arrivals, 1e-8);
}

static void impossible_options_are_refused(void **state)
{
    (void)state;
    const struct cp_pool_options good = {.arrivals = {.per_s = 1},
                                         .cold = VALUES(cold_ms),
                                         .warm = VALUES(cold_ms),
                                         .lifetime = VALUES(zero_ms),
                                         .horizon_ms = 1e3};
    struct cp_pool_options bad[] = {good, good, good, good, good, good};
    const char *const words[] = {"arrival rate", "simulated time", "warm-up",
                                 "lifetime",     "negative",       "replications"};
    bad[0].arrivals.per_s = 0;
    bad[1].horizon_ms = NAN;
    bad[2].warm_up_ms = -1;
    bad[3].lifetime.n = 0;
    bad[4].limit = -1;
    bad[5].replications = 1;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct cp_pool_result r;
        struct cp_error err = {0};
        assert_int_equal(cp_pool_simulate(&bad[i], &r, &err), CP_EINVAL);
        assert_int_equal(r.status, CP_EINVAL);
        assert_non_null(strstr(err.text, words[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_limit_requests_in_flight_are_poisson),
        cmocka_unit_test(periodic_arrivals_within_the_lifetime_start_cold_once),
        cmocka_unit_test(departures_come_before_arrivals),
        cmocka_unit_test(provisioned_environments_come_first_and_never_start_cold),
        cmocka_unit_test(survival_probes_decide_about_lifetimes),
        cmocka_unit_test(many_expired_environments_are_dropped_in_order),
        cmocka_unit_test(same_seed_gives_the_same_result),
        cmocka_unit_test(no_cold_start_seen_does_not_prove_that_there_is_none),
        cmocka_unit_test(impossible_options_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
