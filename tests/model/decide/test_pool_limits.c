/* SPDX-License-Identifier: GPL-3.0-or-later
 * The limits in which a pool's numbers are known exactly, one row each. The simulation must agree
 * within four of its standard errors, and those must be small against the value.
 */
#include "model/decide/pool_sim.h"

#include "model/decide/erlang.h"
#include "tests/test.h"

#include <math.h>
#include <stdbool.h>

static const double zero_ms[] = {0};
static const double forever_ms[] = {INFINITY};
static const double hundred_ms[] = {100};
static const double spread_ms[] = {20, 40, 60, 80, 300}; /* mean 100 */
static const double cold_ms[] = {450, 550};              /* mean 500 */
static const double seven_ms[] = {700};
static const double minute_ms[] = {60e3};

#define VALUES(a)                                                                                  \
    {                                                                                              \
        .ms = (a), .n = sizeof(a) / sizeof((a)[0])                                                 \
    }

static double draw_exponential(const void *context, struct cp_rng *rng)
{
    return cp_rng_exponential(rng, *(const double *)context);
}

#define EXPONENTIAL(mean)                                                                          \
    {                                                                                              \
        .draw_ms = draw_exponential, .context = (mean)                                             \
    }

typedef const struct cp_pool_mean *seen_in(const struct cp_pool_result *r);
typedef double expected_of(const struct cp_pool_result *r);

#define SEEN(field)                                                                                \
    static const struct cp_pool_mean *field(const struct cp_pool_result *r)                        \
    {                                                                                              \
        return &r->field;                                                                          \
    }
SEEN(cold_share)
SEEN(throttled_share)
SEEN(mean_busy)
SEEN(mean_envs)
SEEN(provisioned_busy)
SEEN(on_demand_busy)
SEEN(utilization)
SEEN(mean_billed_ms)

static double loss_of_8_in_10(const struct cp_pool_result *r)
{
    (void)r;
    return cp_erlang_b(10, 8);
}

static double loss_of_3_in_3(const struct cp_pool_result *r)
{
    (void)r;
    return cp_erlang_b(3, 3);
}

static double carried_of_3_by_3(const struct cp_pool_result *r)
{
    (void)r;
    return 3 * (1 - cp_erlang_b(3, 3));
}

static double carried_of_3_by_each(const struct cp_pool_result *r)
{
    (void)r;
    return 1 - cp_erlang_b(3, 3);
}

static double overflow_of_3(const struct cp_pool_result *r)
{
    (void)r;
    return 3 * cp_erlang_b(3, 3);
}

static double one(const struct cp_pool_result *r)
{
    (void)r;
    return 1;
}

static double five(const struct cp_pool_result *r)
{
    (void)r;
    return 5;
}

static double ten(const struct cp_pool_result *r)
{
    (void)r;
    return 10;
}

static double five_hundred(const struct cp_pool_result *r)
{
    (void)r;
    return 500;
}

static double one_in_each_thousand(const struct cp_pool_result *r)
{
    (void)r;
    return 1 / 1000.0;
}

/* Each lives for its run of 500 ms and then 700 ms idle, its last. */
static double a_run_and_an_idle_time(const struct cp_pool_result *r)
{
    (void)r;
    return 0.5 * (0.5 + 0.7);
}

static double no_arrival_in_a_minute(const struct cp_pool_result *r)
{
    (void)r;
    return exp(-0.02 * 60);
}

/* lambda p times the mean lifespan: the gaps within T of one life, (1 - p) / p of them, and T:
 * lambda p ((1 - p) / p E[gap | gap < T] + T) = 1 - p. */
static double alive_when_alone(const struct cp_pool_result *r)
{
    (void)r;
    return 1 - exp(-0.02 * 60);
}

/* P(lifetime < gap) of two exponential times. */
static double race_of_two(const struct cp_pool_result *r)
{
    (void)r;
    return (1 / 60.0) / (1 / 60.0 + 0.02);
}

static double little(const struct cp_pool_result *r)
{
    double p = r->cold_share.value;
    return 10 * (p * 0.5 + (1 - p) * 0.1);
}

static double billed_by_kind(const struct cp_pool_result *r)
{
    double p = r->cold_share.value;
    return p * 500 + (1 - p) * 100;
}

static const struct limit {
    const char *name;
    struct cp_pool_options options;
    seen_in *seen;
    expected_of *expected;
    bool is_from_empty; /* else after a warm-up */
} limits[] = {
    {"M/D/c/c loses B(c, a)",
     {.arrivals = {.per_s = 80},
      .cold = VALUES(hundred_ms),
      .warm = VALUES(hundred_ms),
      .lifetime = VALUES(forever_ms),
      .limit = 10,
      .horizon_ms = 300e3},
     throttled_share,
     loss_of_8_in_10},
    {"M/G/c/c loses the same: insensitive to the service law",
     {.arrivals = {.per_s = 80},
      .cold = VALUES(spread_ms),
      .warm = VALUES(spread_ms),
      .lifetime = VALUES(forever_ms),
      .limit = 10,
      .horizon_ms = 300e3},
     throttled_share,
     loss_of_8_in_10},
    {"M/M/c/c",
     {.arrivals = {.per_s = 80},
      .cold = EXPONENTIAL(hundred_ms),
      .warm = EXPONENTIAL(hundred_ms),
      .lifetime = VALUES(forever_ms),
      .limit = 10,
      .horizon_ms = 300e3},
     throttled_share,
     loss_of_8_in_10},
    {"provisioned alone lose B(n, a)",
     {.arrivals = {.per_s = 30},
      .cold = VALUES(spread_ms),
      .warm = VALUES(spread_ms),
      .lifetime = VALUES(forever_ms),
      .provisioned = 3,
      .limit = 3,
      .horizon_ms = 300e3},
     throttled_share,
     loss_of_3_in_3},
    {"provisioned carry a (1 - B(n, a)), spillover or not",
     {.arrivals = {.per_s = 30},
      .cold = VALUES(spread_ms),
      .warm = VALUES(spread_ms),
      .lifetime = VALUES(forever_ms),
      .provisioned = 3,
      .horizon_ms = 300e3},
     provisioned_busy,
     carried_of_3_by_3},
    {"their utilisation is that over n",
     {.arrivals = {.per_s = 30},
      .cold = VALUES(spread_ms),
      .warm = VALUES(spread_ms),
      .lifetime = VALUES(forever_ms),
      .provisioned = 3,
      .horizon_ms = 300e3},
     utilization,
     carried_of_3_by_each},
    {"on demand serves the overflow a B(n, a)",
     {.arrivals = {.per_s = 30},
      .cold = VALUES(spread_ms),
      .warm = VALUES(spread_ms),
      .lifetime = VALUES(forever_ms),
      .provisioned = 3,
      .horizon_ms = 300e3},
     on_demand_busy,
     overflow_of_3},
    {"T = 0: every request is cold",
     {.arrivals = {.per_s = 20},
      .cold = VALUES(cold_ms),
      .warm = VALUES(hundred_ms),
      .lifetime = VALUES(zero_ms),
      .horizon_ms = 200e3},
     cold_share,
     one},
    {"T = 0: busy are lambda E[S_cold]",
     {.arrivals = {.per_s = 20},
      .cold = VALUES(cold_ms),
      .warm = VALUES(hundred_ms),
      .lifetime = VALUES(zero_ms),
      .horizon_ms = 200e3},
     mean_busy,
     ten},
    {"T = 0: alive are lambda E[S_cold], too",
     {.arrivals = {.per_s = 20},
      .cold = VALUES(cold_ms),
      .warm = VALUES(hundred_ms),
      .lifetime = VALUES(zero_ms),
      .horizon_ms = 200e3},
     mean_envs,
     ten},
    {"T = 0: billed are cold starts",
     {.arrivals = {.per_s = 20},
      .cold = VALUES(cold_ms),
      .warm = VALUES(hundred_ms),
      .lifetime = VALUES(zero_ms),
      .horizon_ms = 200e3},
     mean_billed_ms,
     five_hundred},
    {"gaps above T + S: every request is cold",
     {.arrivals = {.kind = CP_ARRIVALS_PERIODIC, .per_s = 0.5},
      .cold = VALUES(cold_ms),
      .warm = VALUES(hundred_ms),
      .lifetime = VALUES(seven_ms),
      .horizon_ms = 2000e3},
     cold_share,
     one},
    {"an environment that expires was idle for T at its end",
     {.arrivals = {.kind = CP_ARRIVALS_PERIODIC, .per_s = 0.5},
      .cold = VALUES(cold_ms),
      .warm = VALUES(hundred_ms),
      .lifetime = VALUES(seven_ms),
      .horizon_ms = 2000e3},
     mean_envs,
     a_run_and_an_idle_time},
    {"gaps below T, evenly: exactly one cold start",
     {.arrivals = {.kind = CP_ARRIVALS_PERIODIC, .per_s = 2},
      .cold = VALUES(hundred_ms),
      .warm = VALUES(hundred_ms),
      .lifetime = VALUES(seven_ms),
      .horizon_ms = 500.25e3},
     cold_share,
     one_in_each_thousand,
     true},
    {"one environment, S = 0: cold with exp(-lambda T)",
     {.arrivals = {.per_s = 0.02},
      .cold = VALUES(zero_ms),
      .warm = VALUES(zero_ms),
      .lifetime = VALUES(minute_ms),
      .horizon_ms = 100e6},
     cold_share,
     no_arrival_in_a_minute},
    {"one environment, S = 0: alive are lambda p lifespans",
     {.arrivals = {.per_s = 0.02},
      .cold = VALUES(zero_ms),
      .warm = VALUES(zero_ms),
      .lifetime = VALUES(minute_ms),
      .horizon_ms = 100e6},
     mean_envs,
     alive_when_alone},
    {"a drawn lifetime is drawn anew for each idle period",
     {.arrivals = {.per_s = 0.02},
      .cold = VALUES(zero_ms),
      .warm = VALUES(zero_ms),
      .lifetime = EXPONENTIAL(minute_ms),
      .horizon_ms = 100e6},
     cold_share,
     race_of_two},
    {"Little: busy are lambda (p E[S_cold] + (1 - p) E[S_warm])",
     {.arrivals = {.per_s = 10},
      .cold = VALUES(cold_ms),
      .warm = VALUES(spread_ms),
      .lifetime = VALUES(seven_ms),
      .horizon_ms = 500e3},
     mean_busy,
     little},
    {"billed by kind of start",
     {.arrivals = {.per_s = 10},
      .cold = VALUES(cold_ms),
      .warm = VALUES(spread_ms),
      .lifetime = VALUES(seven_ms),
      .horizon_ms = 500e3},
     mean_billed_ms,
     billed_by_kind},
    {"M/G/infinity: busy are lambda E[S]",
     {.arrivals = {.per_s = 50},
      .cold = VALUES(spread_ms),
      .warm = VALUES(spread_ms),
      .lifetime = VALUES(hundred_ms),
      .horizon_ms = 200e3},
     mean_busy,
     five},
};

static void a_pool_has_its_exact_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        struct cp_pool_options o = limits[i].options;
        struct cp_pool_result r;
        struct cp_error err = {0};
        o.seed = 7;
        o.warm_up_ms = limits[i].is_from_empty ? 0 : fmin(60e3, o.horizon_ms / 20);
        if (cp_pool_simulate(&o, &r, &err))
            fail_msg("%s: %s", limits[i].name, err.text);
        const struct cp_pool_mean *seen = limits[i].seen(&r);
        double expected = limits[i].expected(&r);
        if (!(fabs(seen->value - expected) <= 4 * seen->se + 1e-9 * expected) ||
            !(seen->se < 0.05 * expected))
            fail_msg("%s: %.9g is not %.9g within 4 x %.3g", limits[i].name, seen->value, expected,
                     seen->se);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pool_has_its_exact_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
