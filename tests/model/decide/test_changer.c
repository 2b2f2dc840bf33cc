/* SPDX-License-Identifier: GPL-3.0-or-later
 * Thresholds against brute force: the decision itself, made again a little below and above.
 */
#include "model/decide/changer.h"

#include "tests/test.h"

#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { N = 420, SIZES = 2 };

/* Two sizes: warm requests of the smaller one take three times as long; init takes 300 ms. */
struct bench {
    double init[SIZES][N], cold[SIZES][N], warm[SIZES][N];
    struct cp_size_data sizes[SIZES];
    struct cp_idle_survival survival;
    struct cp_demand demand;
    struct cp_price_book price;
    struct cp_optimize_input input;
    struct cp_decision decision;
};
static const int memory_mb[SIZES] = {256, 1024};
static const double warm_ms[SIZES] = {150, 50};

static void make(struct bench *b, double per_s)
{
    memset(b, 0, sizeof *b);
    for (size_t s = 0; s < SIZES; s++) {
        for (size_t i = 0; i < N; i++) {
            double spread = 0.95 + 0.1 * (double)i / N;
            b->init[s][i] = 300 * spread;
            b->cold[s][i] = warm_ms[s] * spread;
            b->warm[s][i] = warm_ms[s] * spread;
        }
        b->sizes[s] = (struct cp_size_data){.memory_size_mb = memory_mb[s],
                                            .architecture = "x86_64",
                                            .price = &b->price,
                                            .init_ms = b->init[s],
                                            .cold_handler_ms = b->cold[s],
                                            .n_cold = N,
                                            .warm_ms = b->warm[s],
                                            .n_warm = N,
                                            .max_memory_used_mb = 60};
    }
    const struct cp_idle_point points[] = {{.idle_interval_ms = 300e3, .n = 40, .n_cold = 0},
                                           {.idle_interval_ms = 600e3, .n = 40, .n_cold = 40}};
    cp_idle_survival_fit(points, 2, &b->survival);
    b->demand = cp_demand_of_rate(per_s);
    const struct cp_price_book *price = NULL;
    assert_int_equal(cp_price_find("us-east-1", "x86_64", &price, NULL), CP_OK);
    b->price = *price;
    b->input = (struct cp_optimize_input){.sizes = b->sizes,
                                          .n_sizes = SIZES,
                                          .survival = &b->survival,
                                          .budget_q = 0.95,
                                          .budget_ms = 250,
                                          .demand = &b->demand,
                                          .current_memory_mb = -1,
                                          .unreserved_concurrency = -1,
                                          .seed = 11};
}

static void decide(struct bench *b, struct cp_decision *d)
{
    struct cp_error err = {0};
    if (cp_optimize(&b->input, d, &err))
        fail_msg("%s", err.text);
}

static struct bench bench; /* large */
static struct cp_decision again;

static int shown_of(const struct cp_decision *d)
{
    return d->fallback >= 0 ? d->fallback : d->is_budget_met ? d->chosen : -1;
}

/* The setting that is shown to meet the budget; memory size 0: none. */
static struct cp_candidate answer_of(const struct cp_decision *d)
{
    int shown = shown_of(d);
    return shown < 0 ? (struct cp_candidate){0} : d->candidates[shown];
}

static const struct cp_threshold *find(const struct cp_decision *d, enum cp_threshold_kind kind,
                                       bool is_above, size_t nth)
{
    for (size_t i = 0; i < d->n_thresholds; i++) {
        const struct cp_threshold *row = &d->thresholds[i];
        if (row->kind == kind && (row->factor > 1) == is_above && nth-- == 0)
            return row;
    }
    fail_msg("no %s threshold %s", cp_threshold_kind_name(kind), is_above ? "above" : "below");
    return NULL;
}

static bool is_setting(const struct cp_candidate *c, int memory, enum cp_concurrency_mode mode,
                       int n)
{
    return c->memory_size_mb == memory && (memory == 0 || (c->mode == mode && c->concurrency == n));
}

/* Before the threshold the answer is the decision's, beyond it that of the row. */
static void expect_flip(const struct cp_threshold *row, const struct cp_candidate *before,
                        const struct cp_candidate *beyond)
{
    const struct cp_candidate now = answer_of(&bench.decision);
    if (!is_setting(before, now.memory_size_mb, now.mode, now.concurrency))
        fail_msg("%s %g: already %d MB %s %d before it", cp_threshold_kind_name(row->kind),
                 row->value, before->memory_size_mb, cp_concurrency_mode_name(before->mode),
                 before->concurrency);
    if (!is_setting(beyond, row->to_memory_size_mb, (enum cp_concurrency_mode)row->to_mode,
                    row->to_concurrency))
        fail_msg("%s %g: %d MB %s %d beyond it, not %d MB", cp_threshold_kind_name(row->kind),
                 row->value, beyond->memory_size_mb, cp_concurrency_mode_name(beyond->mode),
                 beyond->concurrency, row->to_memory_size_mb);
}

/* --- traffic --- */

static struct cp_candidate at_traffic(double per_s)
{
    struct cp_demand kept = bench.demand;
    bench.demand = cp_demand_of_rate(per_s);
    decide(&bench, &again);
    bench.demand = kept;
    return answer_of(&again);
}

/* Simulations of other lengths: a little is 12 %. */
static void expect_traffic_flip(const struct cp_threshold *row)
{
    double by = row->factor > 1 ? 1.12 : 1 / 1.12;
    assert_true(row->by_search);
    assert_near(row->value, row->factor * cp_demand_per_s(&bench.demand), 1e-9 * row->value);
    const struct cp_candidate before = at_traffic(row->value / by);
    const struct cp_candidate beyond = at_traffic(row->value * by);
    expect_flip(row, &before, &beyond);
}

/* The number of environments that the decision takes differs a little with the noise of its cost,
 * so the brute force asks for the way it goes only. */
static void expect_number_flip(const struct cp_threshold *row)
{
    int now = answer_of(&bench.decision).concurrency;
    const struct cp_candidate beyond = at_traffic(row->value * (row->factor > 1 ? 1.12 : 1 / 1.12));
    assert_int_equal(beyond.mode, CP_MODE_PROVISIONED);
    assert_int_equal(row->to_mode, CP_MODE_PROVISIONED);
    assert_true(row->factor > 1 ? row->to_concurrency > now : row->to_concurrency < now);
    assert_true(row->factor > 1 ? beyond.concurrency > now : beyond.concurrency < now);
}

static void less_traffic_brings_cold_starts(void **state)
{
    (void)state;
    make(&bench, 0.1);
    decide(&bench, &bench.decision);
    const struct cp_threshold *row = find(&bench.decision, CP_THRESHOLD_TRAFFIC, false, 0);
    assert_int_equal(row->flip, CP_FLIP_FAILS);
    /* p95 of 420 cold and warm requests: its bound leaves the warm ones at a cold share near 4 % */
    assert_true(row->cold_share > 0.03 && row->cold_share < 0.05);
    expect_traffic_flip(row);
}

static void more_traffic_makes_provisioned_concurrency_needless(void **state)
{
    (void)state;
    make(&bench, 0.001);
    decide(&bench, &bench.decision);
    assert_int_equal(answer_of(&bench.decision).mode, CP_MODE_PROVISIONED);
    const struct cp_threshold *row = find(&bench.decision, CP_THRESHOLD_TRAFFIC, true, 0);
    assert_int_equal(row->flip, CP_FLIP_CHEAPER);
    assert_int_equal(row->to_mode, CP_MODE_ON_DEMAND);
    expect_traffic_flip(row);
}

/* 256 MB, 150 ms: one environment is busy 0.6 of the time from 0.6 / 0.4 / 0.15 s = 10.0 per second
 * on (Erlang B); there it costs as much as on demand. */
static void more_traffic_pays_for_provisioned_concurrency(void **state)
{
    (void)state;
    make(&bench, 2);
    decide(&bench, &bench.decision);
    const struct cp_threshold *row = find(&bench.decision, CP_THRESHOLD_TRAFFIC, true, 0);
    assert_true(row->value > 9.5 && row->value < 11);
    assert_int_equal(row->flip, CP_FLIP_CHEAPER);
    expect_traffic_flip(row);
    /* the closed form of the same is not told beside it */
    for (size_t i = 0; i < bench.decision.n_thresholds; i++)
        assert_int_not_equal(bench.decision.thresholds[i].kind, CP_THRESHOLD_UTILIZATION);
}

static void busy_traffic_tells_the_number_and_the_strategy_apart(void **state)
{
    (void)state;
    make(&bench, 30);
    decide(&bench, &bench.decision);
    assert_int_equal(answer_of(&bench.decision).mode, CP_MODE_PROVISIONED);
    expect_number_flip(find(&bench.decision, CP_THRESHOLD_TRAFFIC, true, 0));
    expect_number_flip(find(&bench.decision, CP_THRESHOLD_TRAFFIC, false, 0));
    const struct cp_threshold *row = find(&bench.decision, CP_THRESHOLD_TRAFFIC, false, 1);
    assert_int_equal(row->to_mode, CP_MODE_ON_DEMAND);
    assert_int_equal(at_traffic(row->value / 1.12).mode, CP_MODE_ON_DEMAND);
    assert_int_equal(at_traffic(row->value * 1.12).mode, CP_MODE_PROVISIONED);
}

/* 256 MB, 150 ms, 20 at once: Erlang B(20, a) = 1e-4 at a = 7.70 (tables), 51 per second. */
static void more_traffic_is_throttled_by_the_account(void **state)
{
    (void)state;
    make(&bench, 2);
    bench.input.unreserved_concurrency = 20;
    decide(&bench, &bench.decision);
    const struct cp_threshold *row = find(&bench.decision, CP_THRESHOLD_TRAFFIC, true, 0);
    assert_int_equal(row->flip, CP_FLIP_THROTTLES);
    assert_true(row->value > 49 && row->value < 54);
    assert_non_null(strstr(bench.decision.changers[row - bench.decision.thresholds],
                           "(20 concurrent requests are unreserved in the account)"));
    expect_traffic_flip(row);
}

/* The same mean by the clock: a third of the hours have 2.5 times the mean, where 51 per second are
 * reached when the mean is 20. */
static void throttling_begins_in_the_busy_hours(void **state)
{
    (void)state;
    make(&bench, 2);
    bench.demand.law =
        (struct cp_arrivals_law){.kind = CP_ARRIVALS_WEEK, .week_per_s = bench.demand.week_per_s};
    for (size_t h = 0; h < CP_ARRIVALS_HOURS; h++)
        bench.demand.week_per_s[h] = h % 3 == 0 ? 5 : 0.5;
    bench.input.unreserved_concurrency = 20;
    decide(&bench, &bench.decision);
    for (size_t i = 0; i < bench.decision.n_thresholds; i++) {
        const struct cp_threshold *row = &bench.decision.thresholds[i];
        if (row->kind != CP_THRESHOLD_TRAFFIC || row->factor < 1)
            continue;
        assert_int_equal(row->flip, CP_FLIP_THROTTLES);
        assert_true(row->value > 18 && row->value < 26);
        return;
    }
    fail_msg("more traffic changes nothing");
}

/* --- budget --- */

static struct cp_candidate at_budget(double ms)
{
    double kept = bench.input.budget_ms;
    bench.input.budget_ms = ms;
    decide(&bench, &again);
    bench.input.budget_ms = kept;
    return answer_of(&again);
}

static void the_budget_is_told_exactly_both_ways(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        static const double rates[] = {0.001, 0.02, 2};
        make(&bench, rates[i]);
        bench.input.budget_ms = i == 1 ? 140 : 250;
        decide(&bench, &bench.decision);
        for (size_t k = 0; k < bench.decision.n_thresholds; k++) {
            const struct cp_threshold *row = &bench.decision.thresholds[k];
            if (row->kind != CP_THRESHOLD_BUDGET)
                continue;
            double by = row->factor > 1 ? 1 + 1e-6 : 1 - 1e-6;
            assert_false(row->by_search);
            const struct cp_candidate before = at_budget(row->value / by);
            const struct cp_candidate beyond = at_budget(row->value * by);
            expect_flip(row, &before, &beyond);
        }
    }
}

static void nothing_meets_the_budget_until_it_is_larger(void **state)
{
    (void)state;
    make(&bench, 2);
    bench.input.budget_ms = 20;
    decide(&bench, &bench.decision);
    assert_int_equal(shown_of(&bench.decision), -1);
    const struct cp_threshold *row = find(&bench.decision, CP_THRESHOLD_BUDGET, true, 0);
    assert_int_equal(row->flip, CP_FLIP_MEETS);
    const struct cp_candidate before = at_budget(row->value * (1 - 1e-6));
    const struct cp_candidate beyond = at_budget(row->value * (1 + 1e-6));
    expect_flip(row, &before, &beyond);
    assert_int_equal(bench.decision.n_thresholds, 1);
}

/* --- prices --- */

static struct cp_candidate at_prices(double provisioned, double all)
{
    struct cp_price_book kept = bench.price;
    bench.price.provisioned_concurrency_usd_per_gb_s *= provisioned * all;
    bench.price.provisioned_duration_usd_per_gb_s *= provisioned * all;
    for (size_t i = 0; i < CP_PRICE_TIERS; i++)
        bench.price.duration[i].usd_per_gb_s *= all;
    decide(&bench, &again);
    bench.price = kept;
    return answer_of(&again);
}

static void prices_are_told_exactly(void **state)
{
    (void)state;
    size_t n = 0;
    for (int i = 0; i < 2; i++) {
        make(&bench, i ? 30 : 2);
        decide(&bench, &bench.decision);
        for (size_t k = 0; k < bench.decision.n_thresholds; k++) {
            const struct cp_threshold *row = &bench.decision.thresholds[k];
            bool is_discount = row->kind == CP_THRESHOLD_DISCOUNT;
            if (row->kind != CP_THRESHOLD_PRICE && !is_discount)
                continue;
            double near = row->factor * (row->factor > 1 ? 1 - 2e-3 : 1 + 2e-3);
            double far = row->factor * (row->factor > 1 ? 1 + 2e-3 : 1 - 2e-3);
            const struct cp_candidate before =
                at_prices(is_discount ? 1 : near, is_discount ? near : 1);
            const struct cp_candidate beyond =
                at_prices(is_discount ? 1 : far, is_discount ? far : 1);
            expect_flip(row, &before, &beyond);
            n++;
        }
    }
    assert_true(n >= 3);
}

/* --- idle lifetime --- */

static struct cp_candidate at_lifetime(double factor)
{
    const struct cp_idle_survival kept = bench.survival;
    const struct cp_idle_point points[] = {
        {.idle_interval_ms = 300e3 * factor, .n = 40, .n_cold = 0},
        {.idle_interval_ms = 600e3 * factor, .n = 40, .n_cold = 40}};
    cp_idle_survival_fit(points, 2, &bench.survival);
    decide(&bench, &again);
    bench.survival = kept;
    return answer_of(&again);
}

static void shorter_and_longer_lifetimes_turn_the_decision_over(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        make(&bench, i ? 0.001 : 0.02);
        decide(&bench, &bench.decision);
        const struct cp_threshold *row = find(&bench.decision, CP_THRESHOLD_IDLE_LIFETIME, i, 0);
        double by = i ? 1.12 : 1 / 1.12;
        assert_near(row->value, 450e3 * row->factor, 1); /* half are gone after 450 s */
        const struct cp_candidate before = at_lifetime(row->factor / by);
        const struct cp_candidate beyond = at_lifetime(row->factor * by);
        expect_flip(row, &before, &beyond);
    }
}

/* --- order, seed, Regions --- */

static void thresholds_come_nearest_first_and_repeat_by_seed(void **state)
{
    (void)state;
    make(&bench, 30);
    decide(&bench, &bench.decision);
    const struct cp_decision *d = &bench.decision;
    assert_true(d->n_thresholds > 3);
    assert_int_equal(d->n_changers, d->n_thresholds);
    for (size_t i = 1; i < d->n_thresholds; i++)
        assert_true(fabs(log(d->thresholds[i - 1].factor)) <= fabs(log(d->thresholds[i].factor)));
    decide(&bench, &again);
    assert_int_equal(again.n_thresholds, d->n_thresholds);
    for (size_t i = 0; i < d->n_thresholds; i++) {
        assert_near(again.thresholds[i].value, d->thresholds[i].value, 0);
        assert_string_equal(again.changers[i], d->changers[i]);
    }
}

/* Tier 3 in us-east-1: 4.1667 / (13.3334 - 9.7222) = 1.154; published in the same section. */
static void the_tier_of_the_month_decides_about_break_even(void **state)
{
    (void)state;
    make(&bench, 2);
    const struct cp_price_terms terms = {.used_gb_s = 16e9};
    bench.input.terms = &terms;
    decide(&bench, &bench.decision);
    assert_near(bench.decision.break_even_utilization, 1.154, 5e-4);
    assert_non_null(strstr(bench.decision.money, "can never cost less"));
}

int main(int argc, char **argv)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest quick[] = {
        cmocka_unit_test(less_traffic_brings_cold_starts),
        cmocka_unit_test(nothing_meets_the_budget_until_it_is_larger),
        cmocka_unit_test(the_tier_of_the_month_decides_about_break_even),
    };
    const struct CMUnitTest full[] = {
        cmocka_unit_test(more_traffic_makes_provisioned_concurrency_needless),
        cmocka_unit_test(more_traffic_pays_for_provisioned_concurrency),
        cmocka_unit_test(busy_traffic_tells_the_number_and_the_strategy_apart),
        cmocka_unit_test(more_traffic_is_throttled_by_the_account),
        cmocka_unit_test(throttling_begins_in_the_busy_hours),
        cmocka_unit_test(the_budget_is_told_exactly_both_ways),
        cmocka_unit_test(prices_are_told_exactly),
        cmocka_unit_test(shorter_and_longer_lifetimes_turn_the_decision_over),
        cmocka_unit_test(thresholds_come_nearest_first_and_repeat_by_seed),
    };
    int failed = cmocka_run_group_tests(quick, NULL, NULL);
    if (argc > 1 && strcmp(argv[1], "full") == 0)
        failed += cmocka_run_group_tests(full, NULL, NULL);
    return failed;
}
