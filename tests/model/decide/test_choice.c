/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/choice.h"

#include "tests/test.h"

#include <math.h>
#include <string.h>

static const struct cp_demand demand = {.law = {.kind = CP_ARRIVALS_POISSON, .per_s = 5}};
static const struct cp_optimize_input question = {
    .budget_q = 0.99, .budget_ms = 200, .demand = &demand};

static struct cp_candidate on_demand(int memory_mb, double month_usd)
{
    return (struct cp_candidate){.memory_size_mb = memory_mb,
                                 .architecture = "arm64",
                                 .mode = CP_MODE_ON_DEMAND,
                                 .latency_ms = {50, 45, 55},
                                 .latency_status = CP_ANSWER_OK,
                                 .usd_per_month = {month_usd, month_usd, month_usd},
                                 .usd_per_million = {2, 2, 2},
                                 .meets_budget = true,
                                 .is_runnable = true};
}

/* The current setting costs USD 100 a month. */
static const struct {
    const char *what;
    double best_usd;
    enum cp_verdict verdict;
} cases[] = {
    {"dearer", 101, CP_VERDICT_KEEP},       {"saves 1 %", 99, CP_VERDICT_KEEP},
    {"saves 4.9 %", 95.1, CP_VERDICT_KEEP}, {"saves 5.1 %", 94.9, CP_VERDICT_CHANGE},
    {"saves half", 50, CP_VERDICT_CHANGE},
};

static void a_change_has_to_save_five_per_cent(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static struct cp_decision d;
        memset(&d, 0, sizeof d);
        d.candidates[0] = on_demand(1024, 100);
        d.candidates[0].is_current = true;
        d.candidates[1] = on_demand(512, cases[i].best_usd);
        d.n_candidates = 2;
        d.chosen = d.current = d.cheapest = d.fastest = d.fallback = -1;
        cp_choose(&question, &d);
        if (d.verdict != cases[i].verdict)
            fail_msg("%s: %s", cases[i].what, cp_verdict_name(d.verdict));
    }
}

static void without_a_known_current_setting_the_cheapest_wins_however_little_it_saves(void **state)
{
    (void)state;
    static struct cp_decision d;
    d.candidates[0] = on_demand(1024, 100);
    d.candidates[1] = on_demand(512, 99);
    d.n_candidates = 2;
    d.chosen = d.current = d.cheapest = d.fastest = d.fallback = -1;
    cp_choose(&question, &d);
    assert_int_equal(d.chosen, 1);
}

static struct cp_candidate provisioned(enum cp_concurrency_mode mode, int n, double month_usd)
{
    struct cp_candidate c = on_demand(1024, month_usd);
    c.mode = mode;
    c.concurrency = n;
    for (size_t h = 0; h < CP_ARRIVALS_HOURS && mode == CP_MODE_SCHEDULED; h++)
        c.by_hour[h] = (uint16_t)(h % 24 < 12 ? n : 0);
    return c;
}

/* Costs that cannot be told apart: from many parts to look after to none. */
static void of_settings_that_cost_the_same_the_simpler_is_chosen(void **state)
{
    (void)state;
    static struct cp_decision d;
    memset(&d, 0, sizeof d);
    d.candidates[0] = provisioned(CP_MODE_TRACKING, 2, 100);
    d.candidates[1] = provisioned(CP_MODE_SCHEDULED, 2, 100.1); /* differs at the weekend */
    d.candidates[1].by_hour[CP_ARRIVALS_HOURS - 20] = 1;
    d.candidates[2] = provisioned(CP_MODE_SCHEDULED, 2, 100.2);
    d.candidates[3] = provisioned(CP_MODE_PROVISIONED, 3, 100.3);
    d.candidates[4] = provisioned(CP_MODE_PROVISIONED, 2, 100.4);
    d.candidates[5] = on_demand(1024, 100.5);
    for (size_t n = 1; n <= 6; n++) {
        d.n_candidates = n;
        for (size_t i = 0; i < n; i++)
            d.candidates[i].usd_per_month.high = 101;
        d.chosen = d.current = d.cheapest = d.fastest = d.fallback = -1;
        cp_choose(&question, &d);
        assert_int_equal(d.chosen, (int)n - 1);
    }
}

/* Both costs are uncertain by the same warm durations: the difference is not. */
static void what_two_settings_share_makes_no_tie(void **state)
{
    (void)state;
    static struct cp_decision d;
    for (int is_shared = 0; is_shared < 2; is_shared++) {
        memset(&d, 0, sizeof d);
        for (int i = 0; i < 2; i++) {
            struct cp_candidate *c = &d.candidates[i];
            *c = on_demand(is_shared ? 512 : 512 + 512 * i, i == 0 ? 104 : 100);
            c->mode = CP_MODE_PROVISIONED;
            c->concurrency = i == 0 ? 2 : 4;
            c->size = is_shared ? 0 : (size_t)i;
            c->usd_per_month.low -= 10;
            c->usd_per_month.high += 10;
            c->cost_parts_usd[CP_COST_WARM_MS] = 5;
        }
        d.n_candidates = 2;
        d.chosen = d.current = d.cheapest = d.fastest = d.fallback = -1;
        cp_choose(&question, &d);
        assert_int_equal(d.chosen, is_shared ? 1 : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_has_to_save_five_per_cent),
        cmocka_unit_test(what_two_settings_share_makes_no_tie),
        cmocka_unit_test(without_a_known_current_setting_the_cheapest_wins_however_little_it_saves),
        cmocka_unit_test(of_settings_that_cost_the_same_the_simpler_is_chosen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
