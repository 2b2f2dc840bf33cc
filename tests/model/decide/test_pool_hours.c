/* SPDX-License-Identifier: GPL-3.0-or-later
 * Requests in flight by hour of the week, and the random pick.
 */
#include "model/decide/env_pool.h"
#include "model/decide/pool_sim.h"

#include "tests/test.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <string.h>

static const double forever_ms[] = {INFINITY};
static const double six_ms[] = {600};
static const double second_ms[] = {1000};

#define VALUES(a) ((struct cp_pool_law){.ms = (a), .n = sizeof(a) / sizeof((a)[0])})
#define HOUR_MS   3600e3

enum { BATCH = 200, TIMES_MAX = 3600 * 3 + 360 + BATCH };

/* Hour 0: three at once each second, for 600 ms. Hour 1: one every ten seconds; 200 at once in the
 * middle. Hour 2 and later: nothing. */
static size_t make_trace(double *times)
{
    size_t n = 0;
    for (size_t i = 0; i < 3600; i++) {
        for (int k = 0; k < 3; k++)
            times[n++] = 1000 * (double)i;
    }
    for (size_t i = 0; i < 360; i++) {
        size_t copies = i == 180 ? BATCH : 1;
        for (size_t k = 0; k < copies; k++)
            times[n++] = HOUR_MS + 10e3 * (double)i;
    }
    return n;
}

static void an_hour_knows_its_requests_in_flight(void **state)
{
    (void)state;
    static double times[TIMES_MAX];
    struct cp_pool_hour hours[CP_ARRIVALS_HOURS];
    const struct cp_pool_step steps[] = {{0, 2}, {HOUR_MS / 2, 4}, {HOUR_MS, 1}};
    size_t n = make_trace(times);
    struct cp_pool_options o = {
        .arrivals = {.kind = CP_ARRIVALS_TIMES, .times_ms = times, .n = n, .span_ms = 3 * HOUR_MS},
        .cold = VALUES(six_ms),
        .warm = VALUES(six_ms),
        .lifetime = VALUES(forever_ms),
        .schedule = {steps, 3, CP_ARRIVALS_HOURS * HOUR_MS, 0},
        .replications = 2,
        .horizon_ms = 1.5 * HOUR_MS,
        .window_step_ms = 1.5 * HOUR_MS,
        .by_hour = hours,
    };
    for (o.n_threads = 1; o.n_threads <= 2; o.n_threads++) {
        memset(hours, 0xff, sizeof hours);
        struct cp_pool_result r;
        struct cp_error err = {0};
        assert_int_equal(cp_pool_simulate(&o, &r, &err), CP_OK);
        assert_int_equal(hours[0].n_arrivals, 3 * 3600);
        assert_near(hours[0].counted_ms, HOUR_MS, 1e-3);
        assert_near(hours[0].mean, 1.8, 1e-9);
        assert_near(hours[0].p50, 3, 0);
        assert_near(hours[0].p95, 3, 0);
        assert_int_equal(hours[0].max, 3);
        assert_near(hours[0].ready, 3, 1e-9);
        /* seen by two windows, the second one from the 200 on, without a warm-up */
        assert_int_equal(hours[1].n_arrivals, 360 + BATCH - 1);
        assert_near(hours[1].mean, (360 + BATCH - 1) * 0.6 / 3600, 1e-9);
        assert_near(hours[1].p50, 0, 0);
        assert_near(hours[1].p95, 1, 0);
        assert_int_equal(hours[1].max, BATCH);
        assert_near(hours[1].ready, 1, 1e-9);
        assert_int_equal(hours[0].n_cold + hours[1].n_cold, r.n_cold);
        assert_int_equal(hours[1].n_cold, BATCH - 1); /* one is provisioned */
        assert_near(hours[2].mean, 0, 0);
        assert_near(hours[2].counted_ms, HOUR_MS, 1e-3);
        assert_near(hours[3].counted_ms, 0, 0);
        assert_true(isnan(hours[3].p50) && hours[3].n_arrivals == 0);
    }
}

/* M/G/infinity: Poisson. Above 64 a quantile is the upper end of its bin. */
static void many_in_flight_have_the_quantiles_of_their_law(void **state)
{
    (void)state;
    struct cp_pool_hour hours[CP_ARRIVALS_HOURS];
    static const double loads[] = {20, 100, 700};
    for (size_t i = 0; i < 3; i++) {
        const struct cp_pool_options o = {
            .arrivals = {.per_s = loads[i]},
            .cold = VALUES(second_ms),
            .warm = VALUES(second_ms),
            .lifetime = VALUES(forever_ms),
            .replications = 2,
            .horizon_ms = 300e3,
            .warm_up_ms = 2e3,
            .by_hour = hours,
        };
        struct cp_pool_result r;
        struct cp_error err = {0};
        assert_int_equal(cp_pool_simulate(&o, &r, &err), CP_OK);
        double p50 = loads[i];
        double p95 = loads[i] + 1.645 * sqrt(loads[i]);
        assert_near(hours[0].mean, loads[i], 4 * sqrt(loads[i] / 600)); /* M/D/infinity, 600 s */
        assert_near(hours[0].mean, r.mean_busy.value, 1e-9);
        assert_near(hours[0].p50, p50, 1 + 0.04 * p50);
        assert_near(hours[0].p95, p95, 1 + 0.04 * p95);
        assert_int_equal(hours[0].max, r.max_concurrency);
        assert_near(hours[0].counted_ms, 600e3, 1e-3);
    }
}

/* Each of those that live, with the same chance, and none of the others. */
static void a_random_pick_favours_none(void **state)
{
    (void)state;
    enum { ENVS = 150, LIVING = 100, PICKS = 60000 };
    struct cp_env_pool pool;
    struct cp_rng rng;
    size_t seen[ENVS] = {0};
    cp_rng_init(&rng, 1, 2);
    assert_int_equal(cp_env_pool_init(&pool, 0), CP_OK);
    for (int32_t i = 0; i < ENVS; i++)
        assert_int_equal(cp_env_pool_create(&pool, 0), i);
    for (int32_t i = 0; i < ENVS; i++)
        cp_env_pool_release(&pool, i, 1, i % 3 == 1 ? 10 : 1e9);
    for (size_t i = 0; i < PICKS; i++) {
        int32_t slot = cp_env_pool_take_random(&pool, 20, &rng);
        assert_in_range(slot, 0, ENVS - 1);
        seen[slot]++;
        cp_env_pool_release(&pool, slot, 20, 1e9);
    }
    double each = (double)PICKS / LIVING;
    double chi2 = 0;
    for (size_t i = 0; i < ENVS; i++) {
        if (i % 3 == 1)
            assert_int_equal(seen[i], 0);
        else
            chi2 += ((double)seen[i] - each) * ((double)seen[i] - each) / each;
    }
    double p = gsl_cdf_chisq_Q(chi2, LIVING - 1);
    assert_true(p > 1e-4 && p < 1 - 1e-4);
    for (int i = 0; i < LIVING; i++)
        assert_true(cp_env_pool_take_random(&pool, 20, &rng) != CP_ENV_NONE);
    assert_int_equal(cp_env_pool_take_random(&pool, 20, &rng), CP_ENV_NONE);
    cp_env_pool_clear(&pool);
}

/* An order, whichever, uses few environments and lets the others expire; chance keeps more alive.
 */
static void a_random_pick_keeps_more_alive_than_an_order(void **state)
{
    (void)state;
    static const double lifetime_ms[] = {3000};
    double envs[3];
    for (int pick = CP_POOL_PICK_NEWEST; pick <= CP_POOL_PICK_RANDOM; pick++) {
        const struct cp_pool_options o = {.arrivals = {.per_s = 8},
                                          .cold = VALUES(second_ms),
                                          .warm = VALUES(second_ms),
                                          .lifetime = VALUES(lifetime_ms),
                                          .pick = (enum cp_pool_pick)pick,
                                          .horizon_ms = 500e3,
                                          .warm_up_ms = 10e3};
        struct cp_pool_result r;
        struct cp_error err = {0};
        assert_int_equal(cp_pool_simulate(&o, &r, &err), CP_OK);
        envs[pick] = r.mean_envs.value;
    }
    assert_near(envs[CP_POOL_PICK_NEWEST], envs[CP_POOL_PICK_OLDEST],
                0.02 * envs[CP_POOL_PICK_OLDEST]);
    assert_true(envs[CP_POOL_PICK_RANDOM] > 1.05 * envs[CP_POOL_PICK_OLDEST]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_hour_knows_its_requests_in_flight),
        cmocka_unit_test(many_in_flight_have_the_quantiles_of_their_law),
        cmocka_unit_test(a_random_pick_favours_none),
        cmocka_unit_test(a_random_pick_keeps_more_alive_than_an_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
