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
static const struct cp_thresholds none = {.rate_per_s = NAN,
                                          .rate_estimate_ms = NAN,
                                          .cheaper = -1,
                                          .tight_budget_ms = NAN,
                                          .tight = -1,
                                          .pays_per_s = NAN};

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
    cp_explain(&question, &none, &d);
    assert_string_equal(d.sentence, "Set memory size to 1,769 MB, on-demand.");
    assert_string_equal(d.because, "p99 of all requests is 41.2 ms [38.9, 44.0] at 1,769 MB "
                                   "on-demand, within the 200 ms budget; 256 MB on-demand gives "
                                   "263 ms [240, 291].");
    assert_string_equal(d.money,
                        "USD 21.50 [20.50, 22.50] per month instead of 20.00: costs 1.50.");
    assert_int_equal(d.n_changers, 0);
}

/* B(6, 1) = 1/720 / (1 + 1 + 1/2 + ... + 1/720) = 5.1e-4, B(7, 1) = 7.3e-5 <= 1e-4 */
static void reserved_concurrency_is_named_with_the_limit_that_throttles_nobody(void **state)
{
    (void)state;
    static struct cp_decision d;
    decide_by_hand(&d);
    d.candidates[1].busy = 1;
    cp_explain(&question, &none, &d);
    assert_non_null(strstr(d.reserved, "not needed for latency; 7 would guard"));
    d.candidates[1].mode = CP_MODE_PROVISIONED; /* the limit holds the provisioned ones too */
    d.candidates[1].concurrency = 9;
    cp_explain(&question, &none, &d);
    assert_non_null(strstr(d.reserved, "; 9 would guard"));
}

static void reserved_concurrency_is_left_out_where_it_cannot_be_judged(void **state)
{
    (void)state;
    static struct cp_decision d;
    decide_by_hand(&d);
    d.candidates[1].busy = NAN; /* no traffic given */
    cp_explain(&question, &none, &d);
    assert_string_equal(d.reserved, "");
    d.candidates[1].busy = 1;
    d.is_budget_met = false;
    cp_explain(&question, &none, &d);
    assert_string_equal(d.reserved, "");
}

static void thresholds_become_at_most_three_sentences(void **state)
{
    (void)state;
    static struct cp_decision d;
    decide_by_hand(&d);
    struct cp_thresholds t = {.rate_per_s = 0.0861,
                              .rate_cold_share = 0.0104,
                              .rate_estimate_ms = 212,
                              .cheaper = 0,
                              .cheaper_budget_ms = 291,
                              .tight_budget_ms = 44,
                              .tight = -1,
                              .pays_per_s = 12.5};
    cp_explain(&question, &t, &d);
    assert_int_equal(d.n_changers, CP_CHANGERS_SHOWN);
    assert_string_equal(d.changers[0],
                        "Below 0.0861 requests per second the cold share exceeds 1.04 % and 1,769 "
                        "MB on-demand no longer meets the 200 ms budget.");
    assert_string_equal(d.changers[1], "With a budget of 291 ms or more, 256 MB on-demand would do "
                                       "and save USD 1.50 per month.");
    assert_string_equal(d.changers[2], "No tested setting meets a budget below 44.0 ms.");
}

static void a_rate_where_only_the_proof_ends_says_so(void **state)
{
    (void)state;
    static struct cp_decision d;
    decide_by_hand(&d);
    d.candidates[1].n_cold = 135;
    struct cp_thresholds t = none;
    t.rate_per_s = 0.162;
    t.rate_cold_share = 0.395;
    t.rate_estimate_ms = 61.4;
    cp_explain(&question, &t, &d);
    assert_string_equal(d.changers[0],
                        "Below 0.162 requests per second the cold share exceeds 39.5 % and 135 "
                        "cold samples no longer show that 1,769 MB on-demand meets the 200 ms "
                        "budget (estimate 61.4 ms).");
}

static void provisioned_concurrency_is_told_by_its_number(void **state)
{
    (void)state;
    static struct cp_decision d;
    decide_by_hand(&d);
    d.candidates[1].mode = CP_MODE_PROVISIONED;
    d.candidates[1].concurrency = 2;
    struct cp_thresholds t = none;
    t.rate_per_s = 3.21;
    t.rate_cold_share = 0.0098;
    cp_explain(&question, &t, &d);
    assert_string_equal(d.sentence,
                        "Set memory size to 1,769 MB and provisioned concurrency to 2.");
    assert_string_equal(d.changers[0], "Above 3.21 requests per second the cold share is under "
                                       "0.980 % and 1,769 MB meets the 200 ms budget on-demand.");
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
    cp_explain(&question, NULL, &d);
    assert_string_equal(d.sentence,
                        "1,769 MB on-demand needs 299 warm samples for an upper bound of p99 of "
                        "all requests and has 61; sweep again with --warm 299.");
    assert_string_equal(d.because, "");
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
    cp_explain(&question, &none, &d);
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
    cp_explain(&question, &none, &d);
    assert_non_null(strstr(d.sentence, "; measure longer idle intervals to tell."));
    c->latency_ms = (struct cp_interval){68.7, NAN, NAN};
    c->latency_status = CP_ANSWER_TOO_FEW;
    c->n_needed = 299;
    cp_explain(&question, &none, &d);
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
    cp_explain(&question, &none, &d);
    assert_true(strlen(d.because) < CP_SENTENCE_MAX);
    assert_true(strlen(d.money) < CP_SENTENCE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_is_told_with_its_inequality_and_money),
        cmocka_unit_test(reserved_concurrency_is_named_with_the_limit_that_throttles_nobody),
        cmocka_unit_test(reserved_concurrency_is_left_out_where_it_cannot_be_judged),
        cmocka_unit_test(thresholds_become_at_most_three_sentences),
        cmocka_unit_test(a_rate_where_only_the_proof_ends_says_so),
        cmocka_unit_test(provisioned_concurrency_is_told_by_its_number),
        cmocka_unit_test(too_few_samples_are_told_with_the_number_that_would_do),
        cmocka_unit_test(an_undecided_cheaper_setting_is_told_with_the_fallback),
        cmocka_unit_test(an_open_idle_question_names_the_samples_that_would_settle_it_too),
        cmocka_unit_test(longest_sentences_stay_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
