/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/price.h"

#include "tests/model/stat/csv.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

static const struct cp_price_book *book_of(const char *architecture)
{
    const struct cp_price_book *book = NULL;
    struct cp_error err;
    assert_int_equal(cp_price_find("us-east-1", architecture, &book, &err), CP_OK);
    return book;
}

/* The book's number for a row of the published list; `tier` counts duration rows per book. */
static double listed(const struct cp_price_book *b, struct cp_view item, size_t tier)
{
    if (cp_view_is(item, "request"))
        return b->request_usd;
    if (cp_view_is(item, "duration"))
        return b->duration[tier].usd_per_gb_s;
    if (cp_view_is(item, "provisioned_concurrency"))
        return b->provisioned_concurrency_usd_per_gb_s;
    if (cp_view_is(item, "provisioned_duration"))
        return b->provisioned_duration_usd_per_gb_s;
    fail_msg("unexpected item '%.*s'", (int)item.n, item.p);
    return NAN;
}

static void every_number_is_the_published_one(void **state)
{
    (void)state;
    struct csv csv;
    csv_open(&csv, "tests/data/model", "decide_pricing_us-east-1.csv");
    size_t rows = 0;
    size_t tiers[2] = {0, 0};
    while (csv_next(&csv)) {
        bool is_arm = cp_view_is(csv_text(&csv, "arch"), "arm64");
        const struct cp_price_book *b = book_of(is_arm ? "arm64" : "x86_64");
        struct cp_view item = csv_text(&csv, "item");
        size_t tier = tiers[is_arm];
        assert_near(listed(b, item, tier), csv_number(&csv, "price"), 1e-18);
        if (cp_view_is(item, "duration")) {
            assert_near(b->duration[tier].from_gb_s, csv_number(&csv, "tier_from"), 0);
            tiers[is_arm]++;
        }
        assert_true(cp_view_is(csv_text(&csv, "region"), b->region));
        rows++;
    }
    csv_close(&csv);
    assert_int_equal(rows, 12);
    assert_int_equal(tiers[0], CP_PRICE_TIERS);
    assert_int_equal(tiers[1], CP_PRICE_TIERS);
}

static void a_book_carries_date_and_source(void **state)
{
    (void)state;
    assert_string_equal(book_of("arm64")->date, "2026-09-19");
    assert_non_null(strstr(book_of("arm64")->source, "us-east-1"));
}

static void unknown_region_is_not_found_and_lists_what_is_known(void **state)
{
    (void)state;
    const struct cp_price_book *book = NULL;
    struct cp_error err;
    assert_int_equal(cp_price_find("me-central-1", "arm64", &book, &err), CP_ENOTFOUND);
    assert_null(book);
    assert_non_null(strstr(err.text, "region 'me-central-1'"));
    assert_non_null(strstr(err.text, "x86_64 and arm64 in us-east-1, us-east-2"));
    assert_int_equal(cp_price_find("us-east-1", "riscv", &book, &err), CP_ENOTFOUND);
    assert_non_null(strstr(err.text, "architecture 'riscv'"));
}

/* Observed records (facts on REPORT lines): one ceiling over duration + init. */
static void billed_is_one_ceiling_over_duration_and_init(void **state)
{
    (void)state;
    static const struct {
        double duration_ms, init_ms, billed_ms;
    } cases[] = {
        {250.06, 100.77, 351},
        {2.06, 115.85, 118},
        {395.99, 265.72, 662},
        {18711.65, 898.45, 19611},
        {1233.96, 463.512, 1698},
        {0.8, NAN, 1},
        {100, NAN, 100},
        {100.0000001, NAN, 100},
        {100.01, NAN, 101},
        {0.1, 0.2, 1},
        {1.1, 2.9, 4},
        {70.7, 29.3, 100},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_near(cp_price_billed_ms(cases[i].duration_ms, cases[i].init_ms), cases[i].billed_ms,
                    0);
}

static void invocation_costs_request_and_gb_seconds(void **state)
{
    (void)state;
    const struct cp_price_book *b = book_of("x86_64");
    /* 1 GB for 1 s */
    assert_near(cp_price_invocation_usd(b, 1024, 1000), 0.0000002 + 0.0000166667, 1e-18);
}

static void duration_of_a_month_runs_through_the_tiers(void **state)
{
    (void)state;
    const struct cp_price_book *b = book_of("x86_64");
    assert_near(cp_price_duration_usd(b, 0, 0), 0, 0);
    assert_near(cp_price_duration_usd(b, 0, 1e9), 16666.7, 1e-6);
    double first = 6e9 * 0.0000166667;
    assert_near(cp_price_duration_usd(b, 0, 7e9), first + 1e9 * 0.000015, 1e-6);
    assert_near(cp_price_duration_usd(b, 0, 16e9), first + 9e9 * 0.000015 + 1e9 * 0.0000133334,
                1e-6);
    /* from where the account stands: 5e9 came before */
    assert_near(cp_price_duration_usd(b, 5e9, 2e9), 1e9 * 0.0000166667 + 1e9 * 0.000015, 1e-6);
    assert_near(cp_price_duration_usd(b, 20e9, 1e9), 1e9 * 0.0000133334, 1e-6);
    assert_true(isnan(cp_price_duration_usd(b, 0, NAN)));
}

static void break_even_utilization_is_sixty_percent(void **state)
{
    (void)state;
    assert_near(cp_price_break_even_utilization(book_of("x86_64")), 0.600, 0.0005);
    assert_near(cp_price_break_even_utilization(book_of("arm64")), 0.600007, 0.0000005);
    /* fact sheet: 1.154 in the third tier */
    assert_near(cp_price_break_even_in_tier(book_of("x86_64"), 2), 1.154, 0.0005);
    struct cp_price_book dear = *book_of("x86_64");
    dear.provisioned_duration_usd_per_gb_s = dear.duration[0].usd_per_gb_s;
    assert_true(isinf(cp_price_break_even_utilization(&dear)));
    dear.provisioned_duration_usd_per_gb_s = NAN;
    assert_true(isnan(cp_price_break_even_utilization(&dear)));
}

/* One rate whatever the month's use: covered use leaves the tier count. */
static void a_savings_plan_has_one_rate(void **state)
{
    (void)state;
    struct cp_price_book b;
    assert_int_equal(cp_price_with_savings(book_of("x86_64"), CP_SAVINGS_NO_UPFRONT, &b, NULL),
                     CP_OK);
    assert_int_equal(cp_price_n_tiers(&b), 1);
    assert_near(cp_price_duration_usd(&b, 0, 20e9), 20e9 * 0.0000147, 1e-6);
    assert_near(b.provisioned_concurrency_usd_per_gb_s, 0.00000367, 0);
    assert_near(b.request_usd, 0.0000002, 0);
    assert_near(b.storage_usd_per_gb_s, book_of("x86_64")->storage_usd_per_gb_s, 0);
    assert_int_equal(cp_price_with_savings(book_of("arm64"), CP_SAVINGS_ALL_UPFRONT, &b, NULL),
                     CP_OK);
    assert_near(b.duration[0].usd_per_gb_s, 0.0000111, 0);
    assert_false(cp_price_has_provisioned(&b)); /* its rates for arm64 are not known */
    assert_int_equal(cp_price_with_savings(book_of("arm64"), CP_SAVINGS_NONE, &b, NULL), CP_OK);
    assert_int_equal(cp_price_n_tiers(&b), 3);
}

static void a_savings_plan_elsewhere_is_refused(void **state)
{
    (void)state;
    const struct cp_price_book *book = NULL;
    struct cp_price_book b;
    struct cp_error err;
    assert_int_equal(cp_price_find("eu-west-1", "x86_64", &book, &err), CP_OK);
    assert_int_equal(cp_price_with_savings(book, CP_SAVINGS_NO_UPFRONT, &b, &err), CP_ENOTFOUND);
    assert_non_null(strstr(err.text, "eu-west-1"));
    assert_non_null(strstr(err.text, "--savings-plan"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_is_the_published_one),
        cmocka_unit_test(a_book_carries_date_and_source),
        cmocka_unit_test(unknown_region_is_not_found_and_lists_what_is_known),
        cmocka_unit_test(billed_is_one_ceiling_over_duration_and_init),
        cmocka_unit_test(invocation_costs_request_and_gb_seconds),
        cmocka_unit_test(duration_of_a_month_runs_through_the_tiers),
        cmocka_unit_test(break_even_utilization_is_sixty_percent),
        cmocka_unit_test(a_savings_plan_has_one_rate),
        cmocka_unit_test(a_savings_plan_elsewhere_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
