/* SPDX-License-Identifier: GPL-3.0-or-later
 * Prices of USD 1 a request and USD 10 a GB-second, so that every expected number is arithmetic on
 * paper: an invocation of b ms at m MB costs 1 + 10 * b / 1000 * m / 1024.
 */
#include "model/quote.h"

#include "tests/test.h"

#include <stdbool.h>
#include <string.h>

static const struct cp_price_book book = {.region = "paper",
                                          .architecture = "x86_64",
                                          .date = "2026-01-01",
                                          .source = "paper",
                                          .request_usd = 1,
                                          .duration = {{0, 10}, {1e9, 9}, {2e9, 8}}};

struct row {
    const char *name;
    struct cp_quote_size sizes[2];
    size_t n, limit;
    int timeout_ms;
    struct cp_quote expected;
};

static const struct row rows[] = {
    {"nothing planned", {{0}}, 0, 0, 1000, {0}},
    {"fresh ones are billed with their init",
     {{1024, 2, 3, 2, 100, 50, 20}},
     1,
     0,
     1000,
     /* 2 * (1 + 1.5) + 3 * (1 + 0.2); 5 * (1 + 110); 2 * (1 + 0.01) */
     {5, 8.6, 0.36, 555, 55, 2.02}},
    {"one ceiling over init and run",
     {{128, 1, 1, 0, 100.77, 250.06, 0.2}},
     1,
     0,
     3000,
     /* 351 ms and 1 ms at 1/8 GB: 1.43875 + 1.00125; 2 * (1 + 10 * 13 / 8) */
     {2, 2.44, 0.044, 34.5, 3.25, 0}},
    {"a timeout that is no whole second",
     {{1024, 1, 0, 1, 0, 1, 0}},
     1,
     0,
     1500,
     {1, 1.01, 0.001, 116, 11.5, 1.01}},
    {"a limit takes its share of each size, and the dearest for the most",
     {{128, 4, 0, 4, 500, 500, 0}, {1024, 4, 0, 4, 500, 500, 0}},
     2,
     3,
     1000,
     /* 3/8 of 4 * 2.25 + 4 * 11; 3 * 111; 1.5 * 1.00125 + 1.5 * 1.01 */
     {3, 19.875, 1.6875, 333, 33, 3.016875}},
    {"sizes need not ascend",
     {{1024, 1, 0, 0, 0, 0, 0}, {128, 9, 0, 0, 0, 0, 0}},
     2,
     2,
     0,
     /* the most: one at 1024 MB (1 + 100), one at 128 MB (1 + 12.5) */
     {2, 2, 0, 114.5, 11.25, 0}},
    {"a limit above the plan changes nothing",
     {{1024, 1, 0, 0, 0, 100, 0}},
     1,
     1000,
     0,
     {1, 2, 0.1, 101, 10, 0}},
};

static void a_quote_is_what_paper_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *r = &rows[i];
        struct cp_quote q = cp_quote_of(r->sizes, r->n, r->limit, r->timeout_ms, &book);
        const struct {
            const char *what;
            double got, expected;
        } numbers[] = {
            {"expected USD", q.expected_usd, r->expected.expected_usd},
            {"expected GB-s", q.expected_gb_s, r->expected.expected_gb_s},
            {"most USD", q.most_usd, r->expected.most_usd},
            {"most GB-s", q.most_gb_s, r->expected.most_gb_s},
            {"least USD", q.least_usd, r->expected.least_usd},
            {"invocations", (double)q.n_invocations, (double)r->expected.n_invocations},
        };
        for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) {
            if (!(fabs(numbers[k].got - numbers[k].expected) <= 1e-9))
                fail_msg("%s: %s is %.12g, not %.12g", r->name, numbers[k].what, numbers[k].got,
                         numbers[k].expected);
        }
    }
}

/* us-east-1 x86_64, 1,769 MB, 3 s: 13 s * 1769 / 1024 * 0.0000166667 + 0.0000002 */
static void the_worst_of_one_invocation_at_list_price(void **state)
{
    (void)state;
    const struct cp_price_book *b = NULL;
    assert_int_equal(cp_price_find("us-east-1", "x86_64", &b, NULL), CP_OK);
    assert_near(cp_quote_worst_ms(3000), 13000, 0);
    assert_near(cp_quote_worst_usd(b, 1769, 3000), 0.000374500878808594, 1e-15);
}

/* --- learning from samples --- */

static struct cp_sample sample(enum cp_cell_kind kind, int mb, double init_ms, double duration_ms)
{
    struct cp_sample s = cp_sample_planned(kind, mb);
    s.outcome = CP_OUTCOME_MEASURED;
    s.start = kind == CP_CELL_WARM ? CP_START_WARM : CP_START_COLD;
    s.init_duration_ms = init_ms;
    s.duration_ms = duration_ms;
    return s;
}

static void times_come_from_the_same_size_or_the_nearest(void **state)
{
    (void)state;
    struct cp_sample samples[] = {
        sample(CP_CELL_COLD, 256, 300, 40),    sample(CP_CELL_COLD, 256, 500, 60),
        sample(CP_CELL_WARM, 256, NAN, 10),    sample(CP_CELL_WARM, 256, NAN, 30),
        sample(CP_CELL_COLD, 1024, 100, 20),   sample(CP_CELL_PRIME, 256, 9999, 9999),
        sample(CP_CELL_WARM, 256, 9999, 9999),
    };
    samples[6].start = CP_START_COLD; /* mismatched: in no mean */
    struct cp_quote_size sizes[] = {
        {.memory_size_mb = 256}, {.memory_size_mb = 2048}, {.memory_size_mb = 128}};
    cp_quote_learn(samples, 7, sizes, 3);
    assert_near(sizes[0].init_ms, 400, 0);
    assert_near(sizes[0].fresh_ms, 50, 0);
    assert_near(sizes[0].warm_ms, 20, 0);
    assert_near(sizes[1].init_ms, 100, 0);
    assert_near(sizes[1].fresh_ms, 20, 0);
    assert_near(sizes[1].warm_ms, 20, 0); /* no warm ones but at 256 MB */
    assert_near(sizes[2].init_ms, 400, 0);
}

static void without_samples_the_assumed_times_stay(void **state)
{
    (void)state;
    struct cp_quote_size size = {.memory_size_mb = 256, .init_ms = 1, .fresh_ms = 2, .warm_ms = 3};
    cp_quote_learn(NULL, 0, &size, 1);
    assert_near(size.init_ms + size.fresh_ms + size.warm_ms, 6, 0);
}

/* --- what was spent --- */

static void spent_is_what_the_records_say_and_the_worst_of_the_rest(void **state)
{
    (void)state;
    static const struct {
        enum cp_outcome outcome;
        double billed_ms;
    } given[] = {
        {CP_OUTCOME_MEASURED, 100},  /* 2 */
        {CP_OUTCOME_TIMEOUT, 1200},  /* 13 */
        {CP_OUTCOME_ERROR, NAN},     /* no record: 111 */
        {CP_OUTCOME_UNKNOWN, NAN},   /* 111 */
        {CP_OUTCOME_SENT, NAN},      /* 111 */
        {CP_OUTCOME_THROTTLED, NAN}, /* nothing */
        {CP_OUTCOME_NOT_SENT, NAN},  /* nothing */
    };
    struct cp_sample samples[7];
    for (size_t i = 0; i < 7; i++) {
        samples[i] = cp_sample_planned(CP_CELL_WARM, 1024);
        samples[i].outcome = given[i].outcome;
        samples[i].billed_duration_ms = given[i].billed_ms;
    }
    struct cp_spend spend = cp_spend_of(samples, 7, 1000, &book);
    assert_int_equal(spend.n_billed, 2);
    assert_int_equal(spend.n_unknown, 3);
    assert_near(spend.billed_usd, 15, 1e-12);
    assert_near(spend.billed_gb_s, 1.3, 1e-12);
    assert_near(spend.unknown_usd, 333, 1e-12);
    assert_near(cp_spend_most_usd(&spend), 348, 1e-12);
}

static void without_prices_nothing_is_spent(void **state)
{
    (void)state;
    struct cp_sample s = sample(CP_CELL_WARM, 1024, NAN, 10);
    struct cp_spend spend = cp_spend_of(&s, 1, 1000, NULL);
    assert_int_equal(spend.n_billed + spend.n_unknown, 0);
    assert_near(cp_spend_most_usd(&spend), 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quote_is_what_paper_says),
        cmocka_unit_test(the_worst_of_one_invocation_at_list_price),
        cmocka_unit_test(times_come_from_the_same_size_or_the_nearest),
        cmocka_unit_test(without_samples_the_assumed_times_stay),
        cmocka_unit_test(spent_is_what_the_records_say_and_the_worst_of_the_rest),
        cmocka_unit_test(without_prices_nothing_is_spent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
