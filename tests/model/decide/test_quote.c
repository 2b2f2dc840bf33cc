/* SPDX-License-Identifier: GPL-3.0-or-later
 * Prices of USD 1 a request and USD 10 a GB-second, so that every expected number is arithmetic on
 * paper: an invocation of b ms at m MB costs 1 + 10 * b / 1000 * m / 1024.
 */
#include "model/decide/quote.h"

#include "tests/test.h"

#include <stdbool.h>
#include <stdio.h>
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
        const struct cp_quote_function function = {.timeout_ms = r->timeout_ms};
        struct cp_quote q = cp_quote_of(r->sizes, r->n, r->limit, &function, &book);
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

/* --- ephemeral storage and SnapStart --- */

/* Storage USD 4 a GB-s above 512 MB, cache 0.001 a GB-s, restore 7 a GB. */
static struct cp_price_book full_book(void)
{
    struct cp_price_book full = book;
    full.storage_usd_per_gb_s = 4;
    full.snapshot_cache_usd_per_gb_s = 0.001;
    full.snapshot_restore_usd_per_gb = 7;
    return full;
}

static void each_line_of_the_bill_is_what_paper_says(void **state)
{
    (void)state;
    const struct cp_price_book full = full_book();
    const double hour_ms = 3600e3;
    static const struct cp_quote_function small = {.timeout_ms = 1000, .storage_mb = 512};
    static const struct cp_quote_function large = {.timeout_ms = 1000, .storage_mb = 2560};
    static const struct cp_quote_function snap = {
        .timeout_ms = 1000, .storage_mb = 512, .is_snap_start = true};
    static const struct cp_quote_function java = {
        .timeout_ms = 200000, .storage_mb = 512, .is_snap_start = true, .has_free_snapshots = true};
    const struct {
        const char *what;
        double got, expected;
    } lines[] = {
        {"an invocation: 1 + 10 * 0.5", cp_quote_invocation_usd(&full, &small, 1024, 500, true), 6},
        {"with storage: + 4 * 2 * 0.5", cp_quote_invocation_usd(&full, &large, 1024, 500, true),
         10},
        {"with a restore: + 7", cp_quote_invocation_usd(&full, &snap, 1024, 500, true), 13},
        {"a warm one restores nothing", cp_quote_invocation_usd(&full, &snap, 1024, 500, false), 6},
        {"Java restores freely", cp_quote_invocation_usd(&full, &java, 1024, 500, true), 6},
        {"the worst: 1 + 10 * 11 + 7", cp_quote_worst_usd(&full, &snap, 1024), 118},
        {"the worst with storage: 1 + 10 * 11 + 4 * 2 * 11",
         cp_quote_worst_usd(&full, &large, 1024), 199},
        {"no SnapStart, no snapshot", cp_quote_worst_version_usd(&full, &small, 1024, 0), 0},
        {"a version: init of 2 s, cache of 3 h: 10 * 2 + 10.8",
         cp_quote_version_usd(&full, &snap, 1024, 2000, 0), 30.8},
        {"its worst: init of 130 s", cp_quote_worst_version_usd(&full, &snap, 1024, 0), 1310.8},
        {"Java pays its init, here as long as the timeout",
         cp_quote_worst_version_usd(&full, &java, 1024, 4 * hour_ms), 2000},
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (!(fabs(lines[i].got - lines[i].expected) <= 1e-9))
            fail_msg("%s: %.12g, not %.12g", lines[i].what, lines[i].got, lines[i].expected);
    }
}

/* 2 fresh of 100 + 0 ms, 1 warm of 100 ms, 3 spare primes, 2 versions with an init of 1 s, kept for
 * 1 h as expected and 6 h at most. Restores: 7 each. */
static void a_quote_has_snapshots_and_spare_primes(void **state)
{
    (void)state;
    const struct cp_price_book full = full_book();
    static const struct cp_quote_function snap = {
        .timeout_ms = 1000, .storage_mb = 512, .is_snap_start = true};
    const struct cp_quote_size size = {.memory_size_mb = 1024,
                                       .n_fresh = 2,
                                       .n_warm = 1,
                                       .n_least = 1,
                                       .init_ms = 1000,
                                       .fresh_ms = 100,
                                       .warm_ms = 100,
                                       .n_spare = 3,
                                       .n_versions = 2,
                                       .kept_ms = 3600e3,
                                       .kept_most_ms = 6 * 3600e3};
    struct cp_quote q = cp_quote_of(&size, 1, 0, &snap, &full);
    assert_int_equal(q.n_invocations, 6);
    assert_int_equal(q.n_versions, 2);
    assert_near(q.snapshots_usd, 2 * (10 + 10.8), 1e-9);
    assert_near(q.snapshots_most_usd, 2 * (1300 + 21.6), 1e-9);
    assert_near(q.expected_usd, 2 * (1 + 11 + 7) + 2 + 41.6, 1e-9);
    assert_near(q.most_usd, 6 * 118 + 2643.2, 1e-9);
    assert_near(q.least_usd, 1.01 + 10.8, 1e-9);
    /* a limit holds for spare primes too, and versions are published all the same */
    q = cp_quote_of(&size, 1, 4, &snap, &full);
    assert_int_equal(q.n_invocations, 4);
    assert_near(q.expected_usd, 81.6, 1e-9);
    assert_near(q.most_usd, 4 * 118 + 2643.2, 1e-9);
}

static void what_has_no_price_is_named_and_left_out(void **state)
{
    (void)state;
    static const struct cp_quote_function kinds[] = {
        {.storage_mb = 512},
        {.storage_mb = 513},
        {.storage_mb = 512, .is_snap_start = true},
        {.storage_mb = 1024, .is_snap_start = true},
        {.storage_mb = 512, .is_snap_start = true, .has_free_snapshots = true},
    };
    static const char *const words[] = {
        NULL, "ephemeral storage above 512 MB", "SnapStart's cache and restores",
        "ephemeral storage above 512 MB, SnapStart's cache and restores", NULL};
    struct cp_price_book bare = full_book();
    bare.storage_usd_per_gb_s = bare.snapshot_cache_usd_per_gb_s = NAN;
    bare.snapshot_restore_usd_per_gb = NAN;
    const struct cp_price_book full = full_book();
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const char *said = cp_quote_unpriced(&bare, &kinds[i]);
        assert_true(words[i] ? said && strcmp(said, words[i]) == 0 : !said);
        assert_null(cp_quote_unpriced(&full, &kinds[i]));
        assert_near(cp_quote_invocation_usd(&bare, &kinds[i], 1024, 500, true), 6, 1e-12);
    }
}

static void the_kind_of_function_is_in_the_run(void **state)
{
    (void)state;
    struct cp_run run = cp_run_empty();
    struct cp_quote_function f = cp_quote_function_of(&run);
    assert_int_equal(f.storage_mb, 512);
    assert_false(f.is_snap_start || f.has_free_snapshots);
    run.timeout_ms = 3000;
    run.ephemeral_storage_mb = 1024;
    (void)snprintf(run.initialization, sizeof run.initialization, "snap-start");
    (void)snprintf(run.runtime, sizeof run.runtime, "java21");
    f = cp_quote_function_of(&run);
    assert_int_equal(f.timeout_ms, 3000);
    assert_int_equal(f.storage_mb, 1024);
    assert_true(f.is_snap_start && f.has_free_snapshots);
}

/* us-east-1 x86_64, 1,769 MB, 3 s: 13 s * 1769 / 1024 * 0.0000166667 + 0.0000002 */
static void the_worst_of_one_invocation_at_list_price(void **state)
{
    (void)state;
    const struct cp_price_book *b = NULL;
    assert_int_equal(cp_price_find("us-east-1", "x86_64", &b, NULL), CP_OK);
    assert_near(cp_quote_worst_ms(3000), 13000, 0);
    assert_near(cp_quote_worst_usd(b, &(struct cp_quote_function){.timeout_ms = 3000}, 1769),
                0.000374500878808594, 1e-15);
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
    struct cp_spend spend =
        cp_spend_of(samples, 7, &(struct cp_quote_function){.timeout_ms = 1000}, &book);
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
    struct cp_spend spend =
        cp_spend_of(&s, 1, &(struct cp_quote_function){.timeout_ms = 1000}, NULL);
    assert_int_equal(spend.n_billed + spend.n_unknown, 0);
    assert_near(cp_spend_most_usd(&spend), 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quote_is_what_paper_says),
        cmocka_unit_test(the_worst_of_one_invocation_at_list_price),
        cmocka_unit_test(each_line_of_the_bill_is_what_paper_says),
        cmocka_unit_test(a_quote_has_snapshots_and_spare_primes),
        cmocka_unit_test(what_has_no_price_is_named_and_left_out),
        cmocka_unit_test(the_kind_of_function_is_in_the_run),
        cmocka_unit_test(times_come_from_the_same_size_or_the_nearest),
        cmocka_unit_test(without_samples_the_assumed_times_stay),
        cmocka_unit_test(spent_is_what_the_records_say_and_the_worst_of_the_rest),
        cmocka_unit_test(without_prices_nothing_is_spent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
