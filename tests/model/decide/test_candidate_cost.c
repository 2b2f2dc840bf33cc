/* SPDX-License-Identifier: GPL-3.0-or-later
 * The month's bill of one setting, on paper: 1 request/s is 2,628,000 a month; 1,024 MB; a cold
 * start takes 100 ms of init and 100 ms, a warm request 50 ms. us-east-1, x86_64.
 */
#include "model/decide/candidate_cost.h"

#include "model/base/units.h"
#include "tests/test.h"

#include <math.h>

#define REQUESTS (730 * 3600.0)
#define REQUEST  0.0000002
#define TIER_1   0.0000166667
#define READY    0.0000041667
#define USED     0.0000097222
#define STORAGE  0.0000000309

static const double init_ms[] = {100, 100, 100};
static const double cold_ms[] = {100, 100, 100};
static const double warm_ms[] = {50, 50, 50};

struct desk {
    struct cp_size_data size;
    struct cp_optimize_input input;
    struct cp_price_terms terms;
    struct cp_demand demand;
    struct cp_size_law law;
    struct cp_pool_result pool;
    struct cp_candidate candidate;
};

static struct desk desk;

/* Nothing is uncertain: `share` cold, `spillover` of the requests not on provisioned ones. */
static void lay_out(enum cp_concurrency_mode mode, int n, double share, double spillover)
{
    desk.size = (struct cp_size_data){.memory_size_mb = 1024,
                                      .init_ms = init_ms,
                                      .cold_handler_ms = cold_ms,
                                      .n_cold = 3,
                                      .warm_ms = warm_ms,
                                      .n_warm = 3,
                                      .timeout_ms = NAN};
    desk.demand = cp_demand_of_rate(1);
    desk.terms = (struct cp_price_terms){0};
    desk.input = (struct cp_optimize_input){
        .sizes = &desk.size, .n_sizes = 1, .terms = &desk.terms, .demand = &desk.demand};
    assert_int_equal(cp_price_find("us-east-1", "x86_64", &desk.size.price, NULL), CP_OK);
    desk.pool = (struct cp_pool_result){
        .cold_share = {.value = share, .low = share, .high = share},
        .spillover_share = {.value = spillover, .low = spillover, .high = spillover},
    };
    desk.candidate = cp_candidate_empty(1024, mode, n);
}

static const struct cp_bill *price(void)
{
    assert_int_equal(cp_size_law_init(&desk.law, &desk.size, 1), CP_OK);
    cp_candidate_set_cost(&desk.input, &desk.law, &desk.pool, &desk.candidate);
    cp_size_law_clear(&desk.law);
    return &desk.candidate.bill;
}

static void a_tenth_cold_on_demand(void **state)
{
    (void)state;
    lay_out(CP_MODE_ON_DEMAND, 0, 0.1, 0);
    const struct cp_bill *bill = price();
    double gb_s = REQUESTS * (0.1 * 0.2 + 0.9 * 0.05);
    assert_near(bill->usd[CP_BILL_REQUESTS], REQUESTS * REQUEST, 1e-9);
    assert_near(bill->usd[CP_BILL_DURATION], gb_s * TIER_1, 1e-9);
    assert_near(desk.candidate.usd_per_month.value, REQUESTS * REQUEST + gb_s * TIER_1, 1e-9);
    assert_near(desk.candidate.usd_per_month.low, desk.candidate.usd_per_month.value, 1e-9);
    assert_near(desk.candidate.usd_per_million.value,
                desk.candidate.usd_per_month.value / REQUESTS * 1e6, 1e-9);
    assert_near(desk.candidate.fixed_usd_per_month, 0, 0);
}

static void terms_change_what_is_paid(void **state)
{
    (void)state;
    lay_out(CP_MODE_ON_DEMAND, 0, 0.1, 0);
    desk.terms.is_init_free = true;
    assert_near(price()->usd[CP_BILL_DURATION], REQUESTS * (0.1 * 0.1 + 0.9 * 0.05) * TIER_1, 1e-9);
    lay_out(CP_MODE_ON_DEMAND, 0, 0.1, 0);
    desk.terms.has_free_tier = true;
    const struct cp_bill *bill = price();
    assert_near(bill->usd[CP_BILL_REQUESTS], (REQUESTS - 1e6) * REQUEST, 1e-9);
    assert_near(bill->usd[CP_BILL_DURATION], 0, 0); /* 170,820 GB-s */
    lay_out(CP_MODE_ON_DEMAND, 0, 0.1, 0);
    desk.terms.used_gb_s = 20e9; /* the third tier */
    assert_near(price()->usd[CP_BILL_DURATION], REQUESTS * 0.065 * 0.0000133334, 1e-9);
}

static void two_always_provisioned(void **state)
{
    (void)state;
    lay_out(CP_MODE_PROVISIONED, 2, 0.05, 0.2);
    const struct cp_bill *bill = price();
    assert_near(bill->usd[CP_BILL_PROVISIONED_READY], 2 * 730 * 3600 * READY, 1e-9);
    assert_near(bill->usd[CP_BILL_PROVISIONED_DURATION], REQUESTS * 0.8 * 0.05 * USED, 1e-9);
    assert_near(bill->usd[CP_BILL_DURATION], REQUESTS * (0.05 * 0.2 + 0.15 * 0.05) * TIER_1, 1e-9);
    assert_near(desk.candidate.fixed_usd_per_month, 2 * 730 * 3600 * READY, 1e-9);
}

/* Three from 8 to 18 on Monday to Friday: 150 environment hours and 15 starts a week. Each start
 * has an init of 100 ms, and half a step of 5 minutes on average. */
static void three_on_weekdays(void **state)
{
    (void)state;
    lay_out(CP_MODE_SCHEDULED, 3, 0.05, 0.2);
    for (int day = 0; day < 5; day++) {
        for (int hour = 8; hour < 18; hour++)
            desk.candidate.by_hour[day * 24 + hour] = 3;
    }
    const struct cp_bill *bill = price();
    const double weeks = 730 / 168.0;
    assert_near(bill->usd[CP_BILL_PROVISIONED_READY], weeks * (150 * 3600 + 15 * 150) * READY,
                1e-9);
    assert_near(bill->usd[CP_BILL_PROVISIONED_DURATION],
                (REQUESTS * 0.8 * 0.05 + weeks * 15 * 0.1) * USED, 1e-9);
}

/* 1.5 ready on average, 20 starts in 1,000 arrivals. */
static void tracking_is_priced_as_simulated(void **state)
{
    (void)state;
    lay_out(CP_MODE_TRACKING, 4, 0.05, 0.2);
    desk.pool.provisioned_ready = (struct cp_pool_mean){.value = 1.5, .se = 0.01};
    desk.pool.n_arrivals = 1000;
    desk.pool.n_allocated = 20;
    const struct cp_bill *bill = price();
    double starts = REQUESTS * 0.02;
    assert_near(bill->usd[CP_BILL_PROVISIONED_READY], (1.5 * REQUESTS + starts * 150) * READY,
                1e-6);
    assert_near(bill->usd[CP_BILL_PROVISIONED_DURATION],
                (REQUESTS * 0.8 * 0.05 + starts * 0.1) * USED, 1e-9);
    double half = desk.candidate.usd_per_month.high - desk.candidate.usd_per_month.value;
    assert_near(half, 1.959963985 * 0.01 * REQUESTS * READY, 1e-6);
}

/* The reserved kind is billed like on demand. */
static void a_limit_costs_nothing(void **state)
{
    (void)state;
    lay_out(CP_MODE_ON_DEMAND, 0, 0.1, 0);
    double usd = cp_bill_total_usd(price());
    lay_out(CP_MODE_RESERVED, 5, 0.1, 0);
    assert_near(cp_bill_total_usd(price()), usd, 0);
}

static void storage_is_billed_for_every_billed_second(void **state)
{
    (void)state;
    lay_out(CP_MODE_PROVISIONED, 2, 0.05, 0.2);
    desk.size.storage_mb = 1536; /* 1 GB above 512 MB */
    assert_near(price()->usd[CP_BILL_STORAGE],
                REQUESTS * (0.8 * 0.05 + 0.05 * 0.2 + 0.15 * 0.05) * STORAGE, 1e-9);
}

/* Billed as read, 130 ms a restored start; a snapshot of 1 GB kept for a month, and a restore of
 * 1 GB for each. Java has them for nothing, and so has a Region without their price, with it said.
 */
static void snapshots_are_billed(void **state)
{
    (void)state;
    static const double billed_ms[] = {130, 130, 130};
    lay_out(CP_MODE_ON_DEMAND, 0, 0.1, 0);
    desk.size.fresh_start = CP_START_SNAPSTART;
    desk.size.cold_billed_ms = billed_ms;
    desk.size.pays_snapshots = true;
    desk.terms.is_init_free = true; /* a restore is no INIT */
    const struct cp_bill *bill = price();
    assert_near(bill->usd[CP_BILL_DURATION], REQUESTS * (0.1 * 0.13 + 0.9 * 0.05) * TIER_1, 1e-9);
    assert_near(bill->usd[CP_BILL_SNAPSHOT_CACHE], REQUESTS * 0.0000015046, 1e-9);
    assert_near(bill->usd[CP_BILL_SNAPSHOT_RESTORE], REQUESTS * 0.1 * 0.0001397998, 1e-9);
    double usd = desk.candidate.usd_per_month.value;
    desk.size.pays_snapshots = false;
    (void)price();
    assert_near(desk.candidate.usd_per_month.value,
                usd - REQUESTS * (0.0000015046 + 0.1 * 0.0001397998), 1e-9);
    desk.size.pays_snapshots = true;
    assert_int_equal(cp_price_find("eu-west-1", "x86_64", &desk.size.price, NULL), CP_OK);
    bill = price();
    assert_true(isnan(bill->usd[CP_BILL_SNAPSHOT_CACHE]));
    assert_near(desk.candidate.usd_per_month.value, cp_bill_known_usd(bill), 0);
}

/* A standard error of 0.01 of the cold share: each cold start costs 150 ms more. */
static void the_interval_is_that_of_what_is_uncertain(void **state)
{
    (void)state;
    const double z = 1.959963985;
    lay_out(CP_MODE_ON_DEMAND, 0, 0.1, 0);
    desk.pool.cold_share.low = 0.1 - z * 0.01;
    desk.pool.cold_share.high = 0.1 + z * 0.01;
    (void)price();
    double half = desk.candidate.usd_per_month.high - desk.candidate.usd_per_month.value;
    assert_near(half, z * REQUESTS * 0.01 * 0.15 * TIER_1, 1e-9);
    /* in the free tier's 400,000 GB-s nothing is uncertain */
    desk.terms.has_free_tier = true;
    (void)price();
    assert_near(desk.candidate.usd_per_month.high, desk.candidate.usd_per_month.value, 0);
}

static void without_traffic_a_million_warm_ones(void **state)
{
    (void)state;
    for (int is_provisioned = 0; is_provisioned < 2; is_provisioned++) {
        lay_out(is_provisioned ? CP_MODE_PROVISIONED : CP_MODE_ON_DEMAND, is_provisioned, 0, 0);
        desk.input.demand = NULL;
        desk.terms.has_free_tier = true; /* of a month, not of a million */
        assert_int_equal(cp_size_law_init(&desk.law, &desk.size, 1), CP_OK);
        cp_candidate_set_cost(&desk.input, &desk.law, NULL, &desk.candidate);
        cp_size_law_clear(&desk.law);
        assert_near(desk.candidate.usd_per_million.value,
                    0.2 + 1e6 * 0.05 * (is_provisioned ? USED : TIER_1), 1e-9);
        assert_near(desk.candidate.fixed_usd_per_month, is_provisioned * 730 * 3600 * READY, 1e-9);
        assert_true(isnan(desk.candidate.usd_per_month.value));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tenth_cold_on_demand),
        cmocka_unit_test(terms_change_what_is_paid),
        cmocka_unit_test(two_always_provisioned),
        cmocka_unit_test(three_on_weekdays),
        cmocka_unit_test(tracking_is_priced_as_simulated),
        cmocka_unit_test(a_limit_costs_nothing),
        cmocka_unit_test(storage_is_billed_for_every_billed_second),
        cmocka_unit_test(snapshots_are_billed),
        cmocka_unit_test(the_interval_is_that_of_what_is_uncertain),
        cmocka_unit_test(without_traffic_a_million_warm_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
