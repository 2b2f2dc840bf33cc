/* SPDX-License-Identifier: GPL-3.0-or-later
 * Decisions about traffic whose right answer is known: Erlang and the newsvendor rule, days that
 * differ from nights, pulses, throttling, classes of work, and variants of one function.
 */
#include "model/decide/optimize.h"

#include "model/base/units.h"
#include "model/decide/erlang.h"
#include "tests/model/stat/csv.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 420, SIZES = 2, MINUTES_OF_DAY = 24 * 60 };

#define WARM_MS 99.5
#define INIT_MS 400.0

/* Two entries; a test says how many of them it asks about. */
struct bench {
    double init[N], cold[N], warm[N];
    struct cp_size_data sizes[SIZES];
    struct cp_idle_survival survival;
    struct cp_demand demand;
    double minutes[MINUTES_OF_DAY];
    struct cp_optimize_input input;
    struct cp_decision decision;
};
static struct bench bench; /* large */

static struct bench *make(struct bench *b)
{
    memset(b, 0, sizeof *b);
    for (size_t i = 0; i < N; i++) {
        double spread = 0.98 + 0.04 * (double)i / N;
        b->init[i] = INIT_MS * spread;
        b->cold[i] = b->warm[i] = WARM_MS * spread;
    }
    for (size_t s = 0; s < SIZES; s++) {
        b->sizes[s] = (struct cp_size_data){.memory_size_mb = 1024,
                                            .architecture = s ? "arm64" : "x86_64",
                                            .init_ms = b->init,
                                            .cold_handler_ms = b->cold,
                                            .n_cold = N,
                                            .warm_ms = b->warm,
                                            .n_warm = N,
                                            .timeout_ms = NAN,
                                            .max_memory_used_mb = 60};
        assert_int_equal(
            cp_price_find("us-east-1", b->sizes[s].architecture, &b->sizes[s].price, NULL), CP_OK);
    }
    const struct cp_idle_point points[] = {{.idle_interval_ms = 300e3, .n = 40, .n_cold = 0},
                                           {.idle_interval_ms = 310e3, .n = 40, .n_cold = 40}};
    cp_idle_survival_fit(points, 2, &b->survival);
    b->demand = cp_demand_of_rate(5);
    b->input = (struct cp_optimize_input){.sizes = b->sizes,
                                          .n_sizes = 1,
                                          .survival = &b->survival,
                                          .budget_q = 0.99,
                                          .budget_ms = 200,
                                          .demand = &b->demand,
                                          .current_memory_mb = 1024,
                                          .unreserved_concurrency = -1,
                                          .simulated_requests = 2e4,
                                          .seed = 11};
    return b;
}

static void set_week(struct bench *b, double by_day, double by_night)
{
    for (size_t h = 0; h < CP_ARRIVALS_HOURS; h++)
        b->demand.week_per_s[h] = h % 24 >= 9 && h % 24 < 17 ? by_day : by_night;
    b->demand.law =
        (struct cp_arrivals_law){.kind = CP_ARRIVALS_WEEK, .week_per_s = b->demand.week_per_s};
    b->demand.first_ms = NAN;
}

static const struct cp_candidate *decide(struct bench *b)
{
    struct cp_error err = {0};
    if (cp_optimize(&b->input, &b->decision, &err))
        fail_msg("%s", err.text);
    return b->decision.chosen < 0 ? NULL : &b->decision.candidates[b->decision.chosen];
}

static const struct cp_candidate *find(const struct bench *b, enum cp_concurrency_mode mode)
{
    for (size_t i = 0; i < b->decision.n_candidates; i++) {
        if (b->decision.candidates[i].mode == mode)
            return &b->decision.candidates[i];
    }
    return NULL;
}

/* Without cold starts to avoid, a number of environments only has to pay for itself. The table's
 * prices are those of us-east-1 for x86. Near the least, costs are flat: at a load of 50 those of
 * 46 and of 50 differ by 0.1 %, as much as simulations of 20,000 requests do. */
static void the_number_is_that_of_the_newsvendor(void **state)
{
    (void)state;
    struct csv csv;
    size_t rows = 0;
    csv_open(&csv, "tests/data/model", "decide_pc_newsvendor.csv");
    while (csv_next(&csv)) {
        double load = csv_number(&csv, "a");
        int best = (int)csv_number(&csv, "n_cost_bruteforce");
        if (load > 100)
            continue;
        make(&bench);
        bench.demand = cp_demand_of_rate(load / WARM_MS * CP_MS_PER_S);
        bench.input.current_memory_mb = -1;
        bench.input.budget_q = NAN;
        const struct cp_candidate *least = decide(&bench);
        for (size_t i = 0; i < bench.decision.n_candidates; i++) {
            const struct cp_candidate *c = &bench.decision.candidates[i];
            if (c->usd_per_month.value < least->usd_per_month.value)
                least = c;
        }
        int n = least->mode == CP_MODE_PROVISIONED ? least->concurrency : 0;
        assert_true(abs(n - best) <= 1 + best / 10);
        rows++;
    }
    csv_close(&csv);
    assert_int_equal(rows, 5);
}

/* Requests that come so seldom that each is cold on demand: by cost none would be provisioned, for
 * the budget one is. */
static void a_budget_takes_more_than_cost_would(void **state)
{
    (void)state;
    make(&bench);
    bench.demand = cp_demand_of_rate(0.001);
    const struct cp_candidate *c = decide(&bench);
    assert_true(bench.decision.is_budget_met);
    assert_int_equal(c->mode, CP_MODE_PROVISIONED);
    assert_int_equal(c->concurrency, 1);
    assert_false(c->is_from_curve);
}

static void levels_hold_the_whole_curve(void **state)
{
    (void)state;
    make(&bench);
    bench.demand = cp_demand_of_rate(20);
    (void)decide(&bench);
    const struct cp_decision *d = &bench.decision;
    double load = 20 * WARM_MS / CP_MS_PER_S;
    assert_true(d->n_levels > 4);
    assert_int_equal(d->levels[0].n, 0);
    for (size_t i = 0; i < d->n_levels; i++) {
        const struct cp_level *l = &d->levels[i];
        if (l->n > 0) { /* Erlang's loss: cold starts are too rare to matter */
            assert_near(l->spillover_share, cp_erlang_b(l->n, load), 0.01);
            assert_near(l->utilization, load * (1 - cp_erlang_b(l->n, load)) / l->n, 0.02);
            assert_true(l->n > d->levels[i - 1].n);
        }
        assert_near(cp_bill_total_usd(&l->bill), l->usd_per_month.value,
                    1e-9 * l->usd_per_month.value);
    }
}

/* A request every 6 minutes by day, half of them cold, and hardly any by night: a constant number
 * is idle for what 1 % of the requests may just as well do without. */
static void a_schedule_beats_a_constant_number(void **state)
{
    (void)state;
    set_week(make(&bench), 0.003, 0.00001);
    bench.input.budget_q = 0.95;
    const struct cp_candidate *c = decide(&bench);
    assert_true(bench.decision.is_budget_met);
    const struct cp_candidate *constant = NULL;
    for (size_t i = 0; i < bench.decision.n_candidates; i++) {
        const struct cp_candidate *other = &bench.decision.candidates[i];
        if (other->mode == CP_MODE_PROVISIONED && other->meets_budget &&
            (!constant || other->usd_per_month.value < constant->usd_per_month.value))
            constant = other;
    }
    assert_int_equal(c->mode, CP_MODE_SCHEDULED);
    assert_false(c->is_from_curve);
    assert_true(constant && c->usd_per_month.high < constant->usd_per_month.value);
    int by_day = 0;
    int by_night = 0;
    for (size_t h = 0; h < CP_ARRIVALS_HOURS; h++)
        *(h % 24 >= 9 && h % 24 < 17 ? &by_day : &by_night) += c->by_hour[h];
    assert_true(by_day >= 7 * 7);
    assert_true(by_night < by_day);
}

/* So many requests that the windows see some hours of the week only: those that they did not see
 * are not without requests. */
static void hours_that_were_not_simulated_are_provided_for(void **state)
{
    (void)state;
    set_week(make(&bench), 400, 4);
    bench.input.simulated_requests = 2e5;
    const struct cp_candidate *c = decide(&bench);
    assert_true(bench.decision.covered < 0.01);
    assert_true(cp_mode_is_provisioned(c->mode));
    c = find(&bench, CP_MODE_SCHEDULED);
    assert_non_null(c);
    double load = 400 * WARM_MS / CP_MS_PER_S;
    for (size_t h = 0; h < CP_ARRIVALS_HOURS; h++) {
        bool is_day = h % 24 >= 9 && h % 24 < 17;
        assert_true(is_day ? c->by_hour[h] > load / 2 : c->by_hour[h] <= load / 2);
    }
}

/* 6,000 requests within one minute of a day, and one an hour: their mean rate would keep one
 * environment warm all day. Cold are those by the hour, and of the pulse what comes until the first
 * environments have started. */
static void a_pulse_is_not_smoothed_away(void **state)
{
    (void)state;
    make(&bench);
    for (size_t i = 0; i < MINUTES_OF_DAY; i++)
        bench.minutes[i] = i % 60 ? 0 : 1;
    bench.minutes[600] = 6000;
    bench.demand.law = (struct cp_arrivals_law){.kind = CP_ARRIVALS_COUNTS,
                                                .counts = bench.minutes,
                                                .bucket_ms = CP_MS_PER_MINUTE,
                                                .n = MINUTES_OF_DAY};
    bench.demand.first_ms = NAN;
    (void)decide(&bench);
    const struct cp_candidate *c = find(&bench, CP_MODE_ON_DEMAND);
    double n_cold = 23 + 6000 / 60.0 * (INIT_MS + WARM_MS) / CP_MS_PER_S;
    assert_near(c->cold_share.value, n_cold / 6023, 0.2 * n_cold / 6023);
    assert_near(c->busy, cp_demand_per_s(&bench.demand) * WARM_MS / CP_MS_PER_S, 0.1 * c->busy);
    assert_near(bench.decision.covered, 1, 1e-9);
    const struct cp_level *last = &bench.decision.levels[bench.decision.n_levels - 1];
    assert_true(last->n >
                6000 / 60.0 * WARM_MS / CP_MS_PER_S); /* as many as the pulse has in flight */
}

static void a_throttle_target_gives_the_limit_of_erlang(void **state)
{
    (void)state;
    make(&bench);
    bench.demand = cp_demand_of_rate(100);
    bench.input.throttled_share_max = 0.01;
    bench.input.unreserved_concurrency = 1000;
    (void)decide(&bench);
    const struct cp_candidate *c = find(&bench, CP_MODE_RESERVED);
    assert_non_null(c);
    assert_true(c->is_runnable && !c->is_throttled);
    assert_true(c->throttled_share <= 0.01);
    int exact = cp_erlang_servers_for_loss(100 * WARM_MS / CP_MS_PER_S, 0.01);
    assert_true(c->concurrency >= exact && c->concurrency <= exact + 2);
    bench.input.throttled_share_max = 0;
    (void)decide(&bench);
    assert_null(find(&bench, CP_MODE_RESERVED)); /* nobody asked, nothing throttles */
}

/* The budget lies above the estimate and below its bound. */
static void risk_point_judges_the_estimate(void **state)
{
    (void)state;
    make(&bench);
    bench.demand = cp_demand_of_rate(0.5);
    bench.input.budget_q = 0.95;
    (void)decide(&bench);
    const struct cp_interval ms = find(&bench, CP_MODE_ON_DEMAND)->latency_ms;
    assert_true(ms.value < ms.high);
    bench.input.budget_ms = (ms.value + ms.high) / 2;
    (void)decide(&bench);
    assert_false(find(&bench, CP_MODE_ON_DEMAND)->meets_budget);
    bench.input.risk = CP_RISK_POINT;
    const struct cp_candidate *c = decide(&bench);
    assert_true(bench.decision.is_budget_met);
    assert_int_equal(c->mode, CP_MODE_ON_DEMAND);
    assert_true(c->meets_budget);
}

static void nobody_waits_for_asynchronous_work(void **state)
{
    (void)state;
    static const enum cp_workload_class classes[] = {CP_CLASS_ASYNC, CP_CLASS_STREAM};
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        make(&bench);
        bench.demand = cp_demand_of_rate(0.001); /* every request is cold */
        const struct cp_candidate *c = decide(&bench);
        assert_int_equal(c->mode, CP_MODE_PROVISIONED);
        bench.input.workload = classes[i];
        c = decide(&bench);
        assert_int_equal(c->mode, CP_MODE_ON_DEMAND);
        assert_int_equal(bench.decision.verdict, CP_VERDICT_KEEP);
        assert_true(c->latency_ms.value > bench.input.budget_ms); /* and is shown */
    }
}

/* Of two variants that are as fast, the one that costs 20 % less; and it must pay for the change.
 */
static void the_cheaper_architecture_wins(void **state)
{
    (void)state;
    make(&bench)->input.n_sizes = 2;
    const struct cp_candidate *c = decide(&bench);
    assert_int_equal(c->size, 1);
    assert_string_equal(c->architecture, "arm64");
    assert_int_equal(c->memory_size_mb, 1024);
    assert_int_equal(bench.decision.verdict, CP_VERDICT_CHANGE);
    assert_string_equal(bench.decision.candidates[bench.decision.current].architecture, "x86_64");
}

/* A version with SnapStart has no provisioned concurrency. Its restores are ten times as fast. */
static void snapstart_stands_beside_provisioned_concurrency(void **state)
{
    (void)state;
    static double restore[N];
    make(&bench)->input.n_sizes = 2;
    for (size_t i = 0; i < N; i++)
        restore[i] = bench.init[i] / 10;
    bench.sizes[1].architecture = "x86_64";
    bench.sizes[1].price = bench.sizes[0].price;
    bench.sizes[1].init_ms = restore;
    bench.sizes[1].fresh_start = CP_START_SNAPSTART;
    bench.demand = cp_demand_of_rate(0.001);
    const struct cp_candidate *c = decide(&bench);
    assert_int_equal(c->size, 1);
    assert_int_equal(c->mode, CP_MODE_ON_DEMAND);
    assert_true(bench.decision.is_budget_met);
    for (size_t i = 0; i < bench.decision.n_candidates; i++) {
        const struct cp_candidate *other = &bench.decision.candidates[i];
        assert_true(other->size == 0 || other->mode == CP_MODE_ON_DEMAND);
    }
}

static void the_decision_does_not_depend_on_the_threads(void **state)
{
    (void)state;
    static struct cp_decision alone;
    set_week(make(&bench), 2, 0.002);
    bench.input.n_sizes = 2;
    (void)decide(&bench);
    alone = bench.decision;
    bench.input.n_threads = 2;
    (void)decide(&bench);
    assert_int_equal(bench.decision.chosen, alone.chosen);
    assert_int_equal(bench.decision.n_candidates, alone.n_candidates);
    assert_string_equal(bench.decision.because, alone.because);
    for (size_t i = 0; i < alone.n_candidates; i++) {
        const struct cp_candidate *a = &alone.candidates[i];
        const struct cp_candidate *b = &bench.decision.candidates[i];
        assert_int_equal(a->mode, b->mode);
        assert_memory_equal(&a->usd_per_month, &b->usd_per_month, sizeof a->usd_per_month);
        assert_memory_equal(&a->latency_ms, &b->latency_ms, sizeof a->latency_ms);
    }
}

/* Neighbours see the same arrivals: one environment more never has more cold starts, whatever the
 * seed, though the difference is smaller than the interval of either. */
static void neighbours_keep_their_order_over_seeds(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        make(&bench)->input.seed = seed;
        bench.demand = cp_demand_of_rate(0.02);
        bench.demand.law.burst = 3;
        (void)decide(&bench);
        const struct cp_decision *d = &bench.decision;
        for (size_t i = 1; i < d->n_levels; i++) {
            assert_true(d->levels[i].cold_share.value <= d->levels[i - 1].cold_share.value);
            assert_true(d->levels[i].spillover_share <= d->levels[i - 1].spillover_share);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_number_is_that_of_the_newsvendor),
        cmocka_unit_test(a_budget_takes_more_than_cost_would),
        cmocka_unit_test(levels_hold_the_whole_curve),
        cmocka_unit_test(a_schedule_beats_a_constant_number),
        cmocka_unit_test(hours_that_were_not_simulated_are_provided_for),
        cmocka_unit_test(a_pulse_is_not_smoothed_away),
        cmocka_unit_test(a_throttle_target_gives_the_limit_of_erlang),
        cmocka_unit_test(risk_point_judges_the_estimate),
        cmocka_unit_test(nobody_waits_for_asynchronous_work),
        cmocka_unit_test(the_cheaper_architecture_wins),
        cmocka_unit_test(snapstart_stands_beside_provisioned_concurrency),
        cmocka_unit_test(the_decision_does_not_depend_on_the_threads),
        cmocka_unit_test(neighbours_keep_their_order_over_seeds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
