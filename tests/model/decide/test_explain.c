/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/explain.h"

#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- a decision made by hand --- */

static struct cp_candidate candidate(int memory_mb, double value, double low, double high,
                                     double month_usd)
{
    struct cp_candidate c = {.memory_size_mb = memory_mb,
                             .architecture = "x86_64",
                             .mode = CP_MODE_ON_DEMAND,
                             .latency_ms = {value, low, high},
                             .latency_status = CP_ANSWER_OK,
                             .usd_per_month = {month_usd, month_usd - 1, month_usd + 1},
                             .usd_per_million = {2, 1.9, 2.1},
                             .is_runnable = true};
    return c;
}

static const struct cp_demand demand = {.law = {.kind = CP_ARRIVALS_POISSON, .per_s = 5}};
static const struct cp_optimize_input question = {
    .budget_q = 0.99, .budget_ms = 200, .demand = &demand};

static void decide_by_hand(struct cp_decision *d)
{
    memset(d, 0, sizeof *d);
    d->verdict = CP_VERDICT_CHANGE;
    d->is_budget_met = true;
    d->candidates[0] = candidate(256, 263, 240, 291, 20);
    d->candidates[1] = candidate(1769, 41.2, 38.9, 44, 21.5);
    d->candidates[1].meets_budget = true;
    d->n_candidates = 2;
    d->chosen = d->cheapest = d->fastest = 1;
    d->current = 0;
    d->fallback = -1;
    d->break_even_utilization = 0.6;
}

static void a_change_is_told_with_its_inequality_and_money(void **state)
{
    (void)state;
    static struct cp_decision d;
    decide_by_hand(&d);
    cp_explain(&question, &d);
    assert_string_equal(d.sentence, "Set memory size to 1,769 MB, on-demand.");
    assert_string_equal(d.because, "p99 of all requests is 41.2 ms [38.9, 44.0] at 1,769 MB "
                                   "on-demand, within the 200 ms budget; 256 MB on-demand gives "
                                   "263 ms [240, 291].");
    assert_string_equal(d.money,
                        "USD 21.50 [20.50, 22.50] per month instead of 20.00: costs 1.50 [1.50, "
                        "1.50] more.");
    assert_int_equal(d.n_changers, 0);
}

/* B(6, 1) = 1/720 / (1 + 1 + 1/2 + ... + 1/720) = 5.1e-4, B(7, 1) = 7.3e-5 <= 1e-4 */
static void reserved_concurrency_is_named_with_the_limit_that_throttles_nobody(void **state)
{
    (void)state;
    static struct cp_decision d;
    decide_by_hand(&d);
    d.candidates[1].busy = 1;
    cp_explain(&question, &d);
    assert_non_null(strstr(d.reserved, "not needed for latency; 7 would guard"));
    d.candidates[1].mode = CP_MODE_PROVISIONED; /* the limit holds the provisioned ones too */
    d.candidates[1].concurrency = 9;
    cp_explain(&question, &d);
    assert_non_null(strstr(d.reserved, "; 9 would guard"));
}

/* Erlang's formula knows no busy hour and no burst: 7 would throttle what was seen. */
static void reserved_concurrency_of_uneven_traffic_is_what_was_in_flight(void **state)
{
    (void)state;
    static struct cp_decision d;
    struct cp_demand bursts = demand;
    struct cp_optimize_input uneven = question;
    bursts.law.burst = 4;
    uneven.demand = &bursts;
    decide_by_hand(&d);
    d.candidates[1].busy = 1;
    d.candidates[1].most_in_flight = 19;
    cp_explain(&uneven, &d);
    assert_non_null(strstr(d.reserved, "not needed for latency; 19 would guard"));
    d.candidates[1].most_in_flight = 0; /* not simulated */
    cp_explain(&uneven, &d);
    assert_string_equal(d.reserved, "");
}

static void reserved_concurrency_is_left_out_where_it_cannot_be_judged(void **state)
{
    (void)state;
    static struct cp_decision d;
    decide_by_hand(&d);
    d.candidates[1].busy = NAN; /* no traffic given */
    cp_explain(&question, &d);
    assert_string_equal(d.reserved, "");
    d.candidates[1].busy = 1;
    d.is_budget_met = false;
    cp_explain(&question, &d);
    assert_string_equal(d.reserved, "");
}

/* --- thresholds in words --- */

static struct cp_threshold threshold(enum cp_threshold_kind kind, enum cp_flip flip, double value,
                                     double factor, int to)
{
    return (struct cp_threshold){.kind = kind,
                                 .flip = flip,
                                 .value = value,
                                 .factor = factor,
                                 .to = to,
                                 .estimate_ms = NAN,
                                 .cold_share = NAN};
}

static const char *words_of(struct cp_decision *d, const struct cp_threshold *row)
{
    d->thresholds[0] = *row;
    d->n_thresholds = 1;
    struct cp_optimize_input in = question;
    struct cp_size_data size = {.memory_size_mb = 512, .architecture = "x86_64"};
    assert_int_equal(cp_price_find("eu-west-1", "x86_64", &size.price, NULL), CP_OK);
    in.sizes = &size;
    cp_explain(&in, d);
    assert_int_equal(d->n_changers, 1);
    return d->changers[0];
}

static void less_traffic_is_told_with_the_estimate_and_the_next_answer(void **state)
{
    (void)state;
    static struct cp_decision d;
    decide_by_hand(&d);
    struct cp_threshold row = threshold(CP_THRESHOLD_TRAFFIC, CP_FLIP_FAILS, 0.0861, 0.0172, -1);
    row.estimate_ms = 212;
    row.cold_share = 0.0104;
    assert_string_equal(words_of(&d, &row),
                        "Below about 5.17 requests per minute (0.0172 times this traffic) 1,769 MB "
                        "on-demand no longer meets the 200 ms budget (estimate 212 ms, cold share "
                        "1.04 %); no tested setting is shown to.");
    row.estimate_ms = 61.4; /* only the proof ends */
    row.to_memory_size_mb = 1769;
    row.to_mode = CP_MODE_PROVISIONED;
    row.to_concurrency = 1;
    d.candidates[1].n_cold = 135;
    assert_string_equal(words_of(&d, &row),
                        "Below about 5.17 requests per minute (0.0172 times this traffic) 135 cold "
                        "samples no longer show that 1,769 MB on-demand meets the 200 ms budget "
                        "(estimate 61.4 ms, cold share 1.04 %); 1,769 MB with provisioned "
                        "concurrency 1 is shown to.");
}

static void provisioned_concurrency_is_told_by_its_number(void **state)
{
    (void)state;
    static struct cp_decision d;
    decide_by_hand(&d);
    d.candidates[1].mode = CP_MODE_PROVISIONED;
    d.candidates[1].concurrency = 2;
    d.candidates[1].utilization = 0.31;
    struct cp_threshold row = threshold(CP_THRESHOLD_TRAFFIC, CP_FLIP_CHEAPER, 8.21, 1.642, -1);
    row.estimate_ms = 41;
    row.to_memory_size_mb = 1769;
    assert_string_equal(words_of(&d, &row),
                        "Above about 8.21 requests per second (1.64 times this traffic) 1,769 MB "
                        "on-demand meets the 200 ms budget without provisioned concurrency.");
    assert_string_equal(d.sentence,
                        "Set memory size to 1,769 MB and provisioned concurrency to 2.");
    row = threshold(CP_THRESHOLD_TRAFFIC, CP_FLIP_CHEAPER, 310 / 3600.0, 0.43, -1);
    row.estimate_ms = 41;
    row.to_memory_size_mb = 1769;
    row.to_mode = CP_MODE_PROVISIONED;
    row.to_concurrency = 1;
    assert_string_equal(words_of(&d, &row),
                        "Below about 5.17 requests per minute (0.430 times this traffic) "
                        "provisioned concurrency 1 is enough.");
    row = threshold(CP_THRESHOLD_UTILIZATION, CP_FLIP_PAYS, 0.797, 2.57, -1);
    assert_string_equal(words_of(&d, &row),
                        "The provisioned environments of 1,769 MB are busy 31.0 % of the time; "
                        "above 79.7 % (x86_64, eu-west-1) they cost less than on-demand for the "
                        "same seconds: here they buy latency.");
}

static void throttling_is_told_with_the_limit(void **state)
{
    (void)state;
    static struct cp_decision d;
    decide_by_hand(&d);
    d.candidates[1].mode = CP_MODE_RESERVED;
    d.candidates[1].concurrency = 20;
    struct cp_threshold row = threshold(CP_THRESHOLD_TRAFFIC, CP_FLIP_THROTTLES, 51.3, 25.65, -1);
    assert_string_equal(words_of(&d, &row),
                        "Above about 51.3 requests per second (25.7 times this traffic) more than "
                        "one request in 10,000 would be throttled at 1,769 MB with reserved "
                        "concurrency 20 (20 concurrent requests are reserved); no tested setting "
                        "avoids it: ask for a higher quota.");
}

static void budgets_are_told_both_ways(void **state)
{
    (void)state;
    static struct cp_decision d;
    decide_by_hand(&d);
    struct cp_threshold row = threshold(CP_THRESHOLD_BUDGET, CP_FLIP_CHEAPER, 291, 1.455, 0);
    assert_string_equal(words_of(&d, &row), "With a budget of 291 ms or more, 256 MB on-demand "
                                            "would do, saving USD 1.50 [1.50, 1.50] per "
                                            "month.");
    row = threshold(CP_THRESHOLD_BUDGET, CP_FLIP_FAILS, 44, 0.22, -1);
    assert_string_equal(words_of(&d, &row),
                        "No tested setting is shown to meet a budget below 44.0 ms.");
    d.candidates[0].usd_per_month.value = 30;
    row = threshold(CP_THRESHOLD_BUDGET, CP_FLIP_FAILS, 44, 0.22, 0);
    assert_string_equal(words_of(&d, &row), "A budget below 44.0 ms needs 256 MB on-demand, for "
                                            "USD 8.50 [8.50, 8.50] more per month.");
    d.candidates[0].cost_parts_usd[CP_COST_WARM_MS] = 6;
    assert_string_equal(words_of(&d, &row), "A budget below 44.0 ms needs 256 MB on-demand, at a "
                                            "cost that cannot be told apart.");
    d.is_budget_met = false;
    row = threshold(CP_THRESHOLD_BUDGET, CP_FLIP_MEETS, 250, 1.25, 1);
    assert_string_equal(words_of(&d, &row),
                        "A budget of 250 ms or more is shown to be met by 1,769 MB on-demand.");
}

static void prices_and_lifetimes_are_told_in_plain_words(void **state)
{
    (void)state;
    static struct cp_decision d;
    decide_by_hand(&d);
    struct cp_threshold row = threshold(CP_THRESHOLD_PRICE, CP_FLIP_CHEAPER, 0.83, 0.83, 0);
    assert_string_equal(words_of(&d, &row), "If provisioned concurrency cost at least 17.0 % less, "
                                            "256 MB on-demand would be the answer.");
    row = threshold(CP_THRESHOLD_DISCOUNT, CP_FLIP_CHEAPER, 0.88, 0.88, 0);
    assert_string_equal(words_of(&d, &row),
                        "With a discount of 12.0 % or more on all compute (a Savings Plan), 256 MB "
                        "on-demand would be the answer.");
    row = threshold(CP_THRESHOLD_IDLE_LIFETIME, CP_FLIP_FAILS, 240e3, 0.4, 0);
    row.estimate_ms = 212;
    row.cold_share = 0.02;
    assert_string_equal(words_of(&d, &row),
                        "If idle environments lived about 4.00 min or less (median; now 10.0 min), "
                        "1,769 MB on-demand no longer meets the 200 ms budget (estimate 212 ms, "
                        "cold share 2.00 %); 256 MB on-demand is shown to.");
}

/* --- every mode --- */

static const char *sentence_of(struct cp_decision *d, enum cp_concurrency_mode mode)
{
    d->candidates[1].mode = mode;
    cp_explain(&question, d);
    return d->sentence;
}

static void every_mode_has_its_sentence(void **state)
{
    (void)state;
    static struct cp_decision d;
    decide_by_hand(&d);
    struct cp_candidate *c = &d.candidates[1];
    c->concurrency = 7;
    assert_string_equal(sentence_of(&d, CP_MODE_RESERVED),
                        "Set memory size to 1,769 MB and reserved concurrency to 7, the least that "
                        "throttles at most one request in 10,000.");
    for (size_t h = 0; h < CP_ARRIVALS_HOURS; h++)
        c->by_hour[h] = h < 120 && h % 24 >= 7 && h % 24 < 19 ? 4 : 1;
    assert_string_equal(sentence_of(&d, CP_MODE_SCHEDULED),
                        "Set memory size to 1,769 MB and provisioned concurrency to 4 on weekdays "
                        "07:00-19:00, 1 otherwise (UTC).");
    c->tracking = (struct cp_tracking){.target = 0.7, .min = 1, .max = 6};
    assert_string_equal(sentence_of(&d, CP_MODE_TRACKING),
                        "Set memory size to 1,769 MB, with target tracking of provisioned "
                        "concurrency at 0.7 between 1 and 6.");
    d.verdict = CP_VERDICT_KEEP;
    assert_string_equal(sentence_of(&d, CP_MODE_SCHEDULED),
                        "Keep 1,769 MB with provisioned concurrency 4 on weekdays 07:00-19:00, 1 "
                        "otherwise (UTC).");
}

/* A schedule's words are many: once they are said, it is "that schedule"; of others the largest
 * number tells them apart. */
static void a_schedule_is_spelled_out_once(void **state)
{
    (void)state;
    static struct cp_decision d;
    decide_by_hand(&d);
    d.candidates[2] = candidate(2048, 30, 28, 33, 40);
    d.n_candidates = 3;
    for (size_t h = 0; h < CP_ARRIVALS_HOURS; h++) {
        d.candidates[1].by_hour[h] = h < 120 && h % 24 >= 7 && h % 24 < 19 ? 4 : 1;
        d.candidates[2].by_hour[h] = h < 120 && h % 24 >= 7 && h % 24 < 19 ? 3 : 1;
    }
    d.candidates[1].mode = d.candidates[2].mode = CP_MODE_SCHEDULED;
    d.candidates[1].concurrency = 4;
    d.candidates[2].concurrency = 3;
    d.thresholds[0] = (struct cp_threshold){.kind = CP_THRESHOLD_BUDGET, .value = 40, .to = 2};
    d.n_thresholds = 1;
    cp_explain(&question, &d);
    assert_non_null(strstr(d.sentence, "4 on weekdays 07:00-19:00, 1 otherwise (UTC)"));
    assert_non_null(strstr(d.because, " at 1,769 MB with that schedule, within"));
    assert_null(strstr(d.because, "07:00"));
    assert_non_null(
        strstr(d.changers[0], "needs 2,048 MB with scheduled provisioned concurrency up to 3"));
    d.candidates[1].mode = CP_MODE_TRACKING;
    d.candidates[1].tracking = (struct cp_tracking){.target = 0.7, .min = 1, .max = 6};
    cp_explain(&question, &d);
    assert_non_null(strstr(d.because, " at 1,769 MB with that target tracking, within"));
}

/* Where nobody waits, a setting is the answer for its cost: no budget is said to be met. */
static void where_nobody_waits_no_threshold_meets_a_budget(void **state)
{
    (void)state;
    static struct cp_decision d;
    struct cp_optimize_input async = question;
    async.workload = CP_CLASS_ASYNC;
    decide_by_hand(&d);
    d.candidates[1].mode = CP_MODE_PROVISIONED;
    d.candidates[1].concurrency = 2;
    d.thresholds[0] = (struct cp_threshold){.kind = CP_THRESHOLD_TRAFFIC,
                                            .flip = CP_FLIP_CHEAPER,
                                            .value = 2,
                                            .factor = 0.4,
                                            .estimate_ms = NAN,
                                            .to = 0};
    d.n_thresholds = 1;
    cp_explain(&async, &d);
    assert_string_equal(d.changers[0], "Below about 2.00 requests per second (0.400 times this "
                                       "traffic) 256 MB on-demand would be the answer.");
}

/* Architecture and start are said where the question has several, and only then. */
static void variants_are_told_apart(void **state)
{
    (void)state;
    static struct cp_decision d;
    decide_by_hand(&d);
    struct cp_size_data sizes[2] = {{.memory_size_mb = 256, .architecture = "x86_64"},
                                    {.memory_size_mb = 1769, .architecture = "arm64"}};
    struct cp_optimize_input in = question;
    in.sizes = sizes;
    in.n_sizes = 2;
    d.candidates[0].architecture = "x86_64";
    d.candidates[1].architecture = "arm64";
    d.candidates[1].size = 1;
    cp_explain(&in, &d);
    assert_string_equal(d.sentence, "Set memory size to 1,769 MB on arm64, on-demand.");
    assert_non_null(strstr(d.because, "; 256 MB on x86_64, on-demand gives 263 ms"));
    sizes[1].architecture = "x86_64";
    d.candidates[1].architecture = "x86_64";
    d.candidates[1].fresh_start = sizes[1].fresh_start = CP_START_SNAPSTART;
    cp_explain(&in, &d);
    assert_string_equal(d.sentence, "Set memory size to 1,769 MB with SnapStart, on-demand.");
    assert_non_null(strstr(d.because, "; 256 MB without SnapStart, on-demand gives 263 ms"));
}

static void a_workload_that_nobody_waits_for_says_so(void **state)
{
    (void)state;
    static struct cp_decision d;
    decide_by_hand(&d);
    struct cp_optimize_input in = question;
    in.workload = CP_CLASS_ASYNC;
    d.candidates[2] = candidate(1769, 30, 29, 31, 33.8);
    d.candidates[2].mode = CP_MODE_PROVISIONED;
    d.candidates[2].concurrency = 1;
    d.n_candidates = 3;
    cp_explain(&in, &d);
    assert_string_equal(d.because,
                        "p99 of all requests is 41.2 ms [38.9, 44.0] at 1,769 MB on-demand; nobody "
                        "waits for a cold start here (asynchronous invocations), so the budget "
                        "does not bind on it; provisioned concurrency 1 would cost USD 12.30 more "
                        "per month and reach nobody.");
    in.workload = CP_CLASS_STREAM;
    cp_explain(&in, &d);
    assert_non_null(strstr(d.because, "(stream)"));
}

static void a_decision_by_estimate_says_estimate(void **state)
{
    (void)state;
    static struct cp_decision d;
    decide_by_hand(&d);
    struct cp_optimize_input in = question;
    in.risk = CP_RISK_POINT;
    cp_explain(&in, &d);
    assert_non_null(strstr(d.because, "by its estimate within the 200 ms budget"));
    d.fallback = 1;
    d.chosen = 0;
    d.is_budget_met = false;
    d.verdict = CP_VERDICT_INVESTIGATE;
    cp_explain(&in, &d);
    assert_non_null(strstr(d.sentence, "1,769 MB on-demand is estimated to meet the budget"));
    assert_null(strstr(d.sentence, "shown"));
}

static void the_least_violation_is_told_with_its_distance(void **state)
{
    (void)state;
    static struct cp_decision d;
    decide_by_hand(&d);
    d.verdict = CP_VERDICT_INVESTIGATE;
    d.is_budget_met = d.candidates[1].meets_budget = false;
    d.chosen = 0;
    d.candidates[0].cold_decides = true;
    cp_explain(&question, &d);
    assert_string_equal(d.sentence,
                        "No tested setting meets the 200 ms budget: 256 MB on-demand comes "
                        "nearest, its p99 of all requests estimated 63.0 ms (31.5 %) above it; "
                        "reduce init or test more memory.");
    d.candidates[0].cold_decides = false;
    cp_explain(&question, &d);
    assert_non_null(strstr(d.sentence, "make the handler faster or test more memory."));
}

/* --- why not another one --- */

static void a_cheaper_setting_that_was_passed_over_is_named(void **state)
{
    (void)state;
    static struct cp_decision d;
    decide_by_hand(&d);
    d.verdict = CP_VERDICT_KEEP;
    d.chosen = 0;
    d.cheapest = 1;
    d.candidates[0].is_current = d.candidates[0].meets_budget = true;
    d.candidates[0].latency_ms = (struct cp_interval){150, 140, 160};
    d.candidates[1].usd_per_month.value = 19.5;
    cp_explain(&question, &d);
    assert_string_equal(d.because,
                        "p99 of all requests is 150 ms [140, 160] at 256 MB on-demand, within the "
                        "200 ms budget; 1,769 MB on-demand meets it too and would save USD 0.50 "
                        "[0.50, 0.50] per month, too little to change what works.");
    d.candidates[0].is_current = false;
    cp_explain(&question, &d);
    assert_non_null(strstr(d.because, "within the interval of its cost: the simpler one is taken"));
}

static void provisioned_concurrency_for_its_cost_says_what_on_demand_costs(void **state)
{
    (void)state;
    static struct cp_decision d;
    decide_by_hand(&d);
    d.candidates[0] = candidate(1769, 45, 42, 48, 30);
    d.candidates[0].meets_budget = true;
    d.candidates[1].mode = CP_MODE_PROVISIONED;
    d.candidates[1].concurrency = 2;
    cp_explain(&question, &d);
    assert_non_null(strstr(d.because, "within the 200 ms budget; 1,769 MB on-demand meets it too, "
                                      "for USD 8.50 [8.50, 8.50] per month more."));
}

/* --- money --- */

/* Different samples: standard errors of 3 and 4 make 5. The same samples: they are subtracted. */
static void a_saving_has_an_interval_of_its_own(void **state)
{
    (void)state;
    static struct cp_decision d;
    decide_by_hand(&d);
    d.candidates[0].usd_per_month.value = 63.75;
    d.candidates[1].usd_per_month = (struct cp_interval){41.2, 37.9, 45.6};
    d.candidates[0].cost_parts_usd[CP_COST_WARM_MS] = 0.3;
    d.candidates[1].cost_parts_usd[CP_COST_WARM_MS] = 0.4;
    cp_explain(&question, &d);
    assert_near(d.saving_usd_per_month.value, 22.55, 1e-9);
    assert_near(d.saving_usd_per_month.high, 22.55 + 1.959963985 * 0.5, 1e-9);
    assert_string_equal(d.money, "USD 41.20 [37.90, 45.60] per month instead of 63.75: saves 22.55 "
                                 "[21.57, 23.53].");
    d.candidates[0].memory_size_mb = 1769;
    d.candidates[1].mode = CP_MODE_PROVISIONED;
    cp_explain(&question, &d);
    assert_near(d.saving_usd_per_month.high, 22.55 + 1.959963985 * 0.1, 1e-9);
    d.candidates[0].usd_per_month.value = 41.1;
    cp_explain(&question, &d);
    assert_non_null(strstr(d.money, "instead of 41.10: costs 0.10 [-0.10, 0.30] more, not shown "
                                    "to differ from 0."));
}

/* Break-even utilisation, x86, first tier: price list facts, section 2. */
static const struct {
    const char *region;
    double break_even;
} regions[] = {
    {"me-south-1", 0.585},     {"ap-east-1", 0.596},      {"eu-south-1", 0.600},
    {"us-east-1", 0.600},      {"us-east-2", 0.600},      {"us-west-2", 0.600},
    {"af-south-1", 0.601},     {"eu-north-1", 0.698},     {"ap-south-1", 0.729},
    {"ca-central-1", 0.797},   {"eu-west-1", 0.797},      {"eu-west-2", 0.895},
    {"eu-west-3", 0.917},      {"us-west-1", 0.939},      {"eu-central-2", 1.010},
    {"eu-central-1", 1.010},   {"ap-northeast-2", 1.089}, {"ap-southeast-5", 1.146},
    {"ap-southeast-1", 1.146}, {"ap-southeast-2", 1.177}, {"ap-southeast-4", 1.177},
    {"ap-northeast-1", 1.311}, {"ap-northeast-3", 1.311}, {"sa-east-1", 5.625},
};
enum { N_REGIONS = sizeof regions / sizeof regions[0] };

static void regions_where_it_never_pays_say_so(void **state)
{
    (void)state;
    static struct cp_decision d;
    size_t n_known = 0;
    for (size_t i = 0; cp_price_at(i); i++) { /* none of the price book is left out */
        const struct cp_price_book *book = cp_price_at(i);
        bool is_x86 = strcmp(book->architecture, "x86_64") == 0;
        if (!is_x86 || !cp_price_has_provisioned(book))
            continue;
        size_t k = 0;
        while (k < N_REGIONS && strcmp(regions[k].region, book->region) != 0)
            k++;
        if (k == N_REGIONS)
            fail_msg("%s is not in the table", book->region);
        struct cp_optimize_input in = question;
        const struct cp_size_data size = {.architecture = "x86_64", .price = book};
        in.sizes = &size;
        decide_by_hand(&d);
        d.break_even_utilization = cp_price_break_even_utilization(book);
        assert_near(d.break_even_utilization, regions[k].break_even, 6e-4);
        cp_explain(&in, &d);
        bool is_said = strstr(d.money, "can never cost less than on-demand") != NULL;
        assert_int_equal(is_said, regions[k].break_even > 1);
        assert_true(!is_said || strstr(d.money, book->region));
        n_known++;
    }
    assert_int_equal(n_known, N_REGIONS);
}

static void too_few_samples_are_told_with_the_number_that_would_do(void **state)
{
    (void)state;
    static struct cp_decision d;
    decide_by_hand(&d);
    d.verdict = CP_VERDICT_NOT_ENOUGH_DATA;
    d.chosen = -1;
    for (int i = 0; i < 2; i++) {
        d.candidates[i].meets_budget = false;
        d.candidates[i].latency_status = CP_ANSWER_TOO_FEW;
        d.candidates[i].n_warm = 60 + (size_t)i;
        d.candidates[i].n_needed = 299;
    }
    cp_explain(&question, &d);
    assert_string_equal(d.sentence,
                        "1,769 MB on-demand needs 299 warm samples for an upper bound of p99 of "
                        "all requests and has 61; sweep again with --warm 299.");
    assert_non_null(strstr(d.because, "at 1,769 MB on-demand")); /* the same setting */
    assert_int_equal(d.n_changers, 0);
}

static void an_undecided_cheaper_setting_is_told_with_the_fallback(void **state)
{
    (void)state;
    static struct cp_decision d;
    decide_by_hand(&d);
    d.verdict = CP_VERDICT_NOT_ENOUGH_DATA;
    d.is_budget_met = false;
    d.chosen = 0;
    d.fallback = 1;
    d.candidates[0].latency_ms = (struct cp_interval){14.5, NAN, NAN};
    d.candidates[0].latency_status = CP_ANSWER_TOO_FEW;
    d.candidates[0].may_meet_budget = d.candidates[0].cold_decides = true;
    d.candidates[0].n_cold = 90;
    d.candidates[0].n_needed = 299;
    cp_explain(&question, &d);
    assert_string_equal(d.sentence,
                        "256 MB on-demand needs 299 cold samples for an upper bound of p99 of all "
                        "requests and has 90; sweep again with --cold 299. 1,769 MB on-demand is "
                        "shown to meet the budget, for USD 1.50 more per month.");
    assert_string_equal(d.because, "p99 of all requests is 14.5 ms (too few samples for an "
                                   "interval) at 256 MB on-demand, not proven within the 200 ms "
                                   "budget; 1,769 MB on-demand gives 41.2 ms [38.9, 44.0].");
}

static void an_open_idle_question_names_the_samples_that_would_settle_it_too(void **state)
{
    (void)state;
    static struct cp_decision d;
    decide_by_hand(&d);
    d.verdict = CP_VERDICT_INVESTIGATE;
    d.chosen = 0;
    struct cp_candidate *c = &d.candidates[0];
    c->idle_decides = c->may_meet_budget = c->cold_decides = true;
    cp_explain(&question, &d);
    assert_non_null(strstr(d.sentence, "; measure longer idle intervals to tell."));
    c->latency_ms = (struct cp_interval){68.7, NAN, NAN};
    c->latency_status = CP_ANSWER_TOO_FEW;
    c->n_needed = 299;
    cp_explain(&question, &d);
    assert_non_null(strstr(d.sentence, "; longer idle intervals or --cold 299 would tell."));
}

static void longest_sentences_stay_strings(void **state)
{
    (void)state;
    static struct cp_decision d;
    decide_by_hand(&d);
    for (int i = 0; i < 2; i++)
        d.candidates[i] = candidate(10240, 123456789.4, 123456788.4, 123456790.4, 1e14);
    d.candidates[1].meets_budget = true;
    cp_explain(&question, &d);
    assert_true(strlen(d.because) < CP_SENTENCE_MAX);
    assert_true(strlen(d.money) < CP_SENTENCE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_is_told_with_its_inequality_and_money),
        cmocka_unit_test(reserved_concurrency_is_named_with_the_limit_that_throttles_nobody),
        cmocka_unit_test(reserved_concurrency_of_uneven_traffic_is_what_was_in_flight),
        cmocka_unit_test(reserved_concurrency_is_left_out_where_it_cannot_be_judged),
        cmocka_unit_test(less_traffic_is_told_with_the_estimate_and_the_next_answer),
        cmocka_unit_test(provisioned_concurrency_is_told_by_its_number),
        cmocka_unit_test(throttling_is_told_with_the_limit),
        cmocka_unit_test(budgets_are_told_both_ways),
        cmocka_unit_test(prices_and_lifetimes_are_told_in_plain_words),
        cmocka_unit_test(every_mode_has_its_sentence),
        cmocka_unit_test(a_schedule_is_spelled_out_once),
        cmocka_unit_test(where_nobody_waits_no_threshold_meets_a_budget),
        cmocka_unit_test(variants_are_told_apart),
        cmocka_unit_test(a_workload_that_nobody_waits_for_says_so),
        cmocka_unit_test(a_decision_by_estimate_says_estimate),
        cmocka_unit_test(the_least_violation_is_told_with_its_distance),
        cmocka_unit_test(a_cheaper_setting_that_was_passed_over_is_named),
        cmocka_unit_test(provisioned_concurrency_for_its_cost_says_what_on_demand_costs),
        cmocka_unit_test(a_saving_has_an_interval_of_its_own),
        cmocka_unit_test(regions_where_it_never_pays_say_so),
        cmocka_unit_test(too_few_samples_are_told_with_the_number_that_would_do),
        cmocka_unit_test(an_undecided_cheaper_setting_is_told_with_the_fallback),
        cmocka_unit_test(an_open_idle_question_names_the_samples_that_would_settle_it_too),
        cmocka_unit_test(longest_sentences_stay_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
