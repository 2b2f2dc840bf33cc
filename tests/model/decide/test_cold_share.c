/* SPDX-License-Identifier: GPL-3.0-or-later
 * Expected values: hand computation and R (binom.test, qt), as said at each.
 */
#include "model/decide/cold_share.h"

#include <math.h>

#include "model/base/rng.h"
#include "tests/test.h"

enum { HOURS = 168 };

static void hours_that_do_not_differ_give_the_exact_binomial_interval(void **state)
{
    (void)state;
    struct cp_cold_block hours[10];
    for (size_t i = 0; i < 10; i++)
        hours[i] = (struct cp_cold_block){100, 5};
    struct cp_interval share = cp_cold_share(hours, 10);
    /* R: binom.test(50, 1000)$conf.int */
    assert_near(share.value, 0.05, 1e-15);
    assert_near(share.low, 0.03733540, 1e-7);
    assert_near(share.high, 0.06539049, 1e-7);
}

static void bursts_widen_it(void **state)
{
    (void)state;
    struct cp_cold_block hours[10] = {{100, 50}};
    for (size_t i = 1; i < 10; i++)
        hours[i] = (struct cp_cold_block){100, 0};
    struct cp_interval share = cp_cold_share(hours, 10);
    /* sum of squares (50 - 5)^2 + 9 * 5^2 = 2250; se = sqrt(2250 * 10 / 9) / 1000 = 0.05;
     * R: qt(0.975, 9) = 2.262157 */
    assert_near(share.value, 0.05, 1e-15);
    assert_near(share.low, 0, 1e-15);
    assert_near(share.high, 0.05 + 2.262157 * 0.05, 1e-6);
}

static void few_hours_say_nothing_about_others(void **state)
{
    (void)state;
    struct cp_cold_block hours[CP_COLD_BLOCKS_MIN] = {{0}};
    assert_true(isnan(cp_cold_share(hours, CP_COLD_BLOCKS_MIN).value));
    for (size_t i = 0; i + 1 < CP_COLD_BLOCKS_MIN; i++)
        hours[i] = (struct cp_cold_block){10, 1};
    struct cp_interval share = cp_cold_share(hours, CP_COLD_BLOCKS_MIN);
    assert_near(share.value, 0.1, 1e-15);
    assert_near(share.low, 0, 0);
    assert_near(share.high, 1, 0);
}

/* Weeks whose hours have shares of their own, 2 % in the mean: the interval must hold the truth in
 * about 95 % of them, where the binomial one alone does not. */
static void it_covers_bursty_traffic(void **state)
{
    (void)state;
    enum { WEEKS = 2000, REQUESTS = 200 };
    struct cp_rng rng;
    cp_rng_init(&rng, 7, 0);
    int n_held = 0;
    for (int week = 0; week < WEEKS; week++) {
        struct cp_cold_block hours[HOURS];
        for (size_t h = 0; h < HOURS; h++) {
            double share = cp_rng_uniform(&rng) < 0.1 ? 0.11 : 0.01;
            hours[h] = (struct cp_cold_block){REQUESTS, 0};
            for (int i = 0; i < REQUESTS; i++)
                hours[h].n_cold += cp_rng_uniform(&rng) < share;
        }
        struct cp_interval share = cp_cold_share(hours, HOURS);
        n_held += share.low <= 0.02 && 0.02 <= share.high;
    }
    assert_in_range(n_held, WEEKS * 92 / 100, WEEKS * 985 / 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hours_that_do_not_differ_give_the_exact_binomial_interval),
        cmocka_unit_test(bursts_widen_it),
        cmocka_unit_test(few_hours_say_nothing_about_others),
        cmocka_unit_test(it_covers_bursty_traffic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
