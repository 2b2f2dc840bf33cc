/* SPDX-License-Identifier: GPL-3.0-or-later
 * Every number of every price book against the price table of the fact sheets, and which Regions
 * may not have a book. Needs the fact sheets (COLDPROF_FACTS).
 */
#include "model/decide/price.h"

#include "tests/model/stat/csv.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *facts;

static bool is_row_of(const struct csv *csv, const char *architecture)
{
    struct cp_view arch = csv_text(csv, "arch");
    return cp_view_is(arch, architecture) || cp_view_is(arch, "any");
}

/* The book's number of the row's kind; NAN: it has none. */
static double number_of(const struct cp_price_book *b, struct cp_view item, double from)
{
    const struct {
        const char *item;
        double usd;
    } kinds[] = {
        {"request", b->request_usd},
        {"provisioned_concurrency", b->provisioned_concurrency_usd_per_gb_s},
        {"provisioned_duration", b->provisioned_duration_usd_per_gb_s},
        {"ephemeral_storage", b->storage_usd_per_gb_s},
        {"response_streaming", b->streaming_usd_per_gb},
        {"snapstart_cache", b->snapshot_cache_usd_per_gb_s},
        {"snapstart_restore", b->snapshot_restore_usd_per_gb},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (cp_view_is(item, kinds[i].item))
            return kinds[i].usd;
    }
    for (size_t i = 0; cp_view_is(item, "duration") && i < cp_price_n_tiers(b); i++) {
        if (fabs(b->duration[i].from_gb_s - from) < 0.5)
            return b->duration[i].usd_per_gb_s;
    }
    return NAN;
}

/* Rates of Savings Plans: those of the book that has them. */
static double savings_of(const struct cp_price_book *b, struct cp_view item)
{
    struct cp_price_book no_upfront;
    struct cp_price_book all_upfront;
    assert_int_equal(cp_price_with_savings(b, CP_SAVINGS_NO_UPFRONT, &no_upfront, NULL), CP_OK);
    assert_int_equal(cp_price_with_savings(b, CP_SAVINGS_ALL_UPFRONT, &all_upfront, NULL), CP_OK);
    if (cp_view_is(item, "sp_no_upfront_duration"))
        return no_upfront.duration[0].usd_per_gb_s;
    if (cp_view_is(item, "sp_all_upfront_duration"))
        return all_upfront.duration[0].usd_per_gb_s;
    return cp_view_is(item, "sp_provisioned_concurrency")
               ? no_upfront.provisioned_concurrency_usd_per_gb_s
               : no_upfront.provisioned_duration_usd_per_gb_s;
}

/* Products that are no function of ours, and have no number here. */
static bool is_other_product(struct cp_view item)
{
    static const char *const products[] = {"event_poller", "tenant_", "durable_",
                                           "managed_",     "microvm", "edge_"};
    for (size_t i = 0; i < sizeof products / sizeof products[0]; i++) {
        if (item.n > strlen(products[i]) && memcmp(item.p, products[i], strlen(products[i])) == 0)
            return true;
    }
    return false;
}

/* The grade: the source before it has commas in quotes. */
static struct cp_view last_field(const struct csv *csv)
{
    size_t at = csv->row.n;
    while (at > 0 && csv->row.p[at - 1] != ',')
        at--;
    return (struct cp_view){csv->row.p + at, csv->row.n - at};
}

static void check_row(const struct csv *csv, const struct cp_price_book *b)
{
    struct cp_view item = csv_text(csv, "item");
    bool is_savings = item.n > 3 && memcmp(item.p, "sp_", 3) == 0;
    double price = csv_number(csv, "price");
    double known =
        is_savings ? savings_of(b, item) : number_of(b, item, csv_number(csv, "tier_from"));
    if (!(fabs(known - price) <= 1e-18))
        fail_msg("%s %s %.*s: %.12g, not %.12g", b->region, b->architecture, (int)item.n, item.p,
                 known, price);
    /* the one row of a Region whose grade is another than that of its book is arm64 in us-east-2 */
    struct cp_view grade = last_field(csv);
    bool is_verified = grade.n >= 8 && memcmp(grade.p, "verified", 8) == 0;
    bool is_copied = grade.n >= 10 && memcmp(grade.p, "one source", 10) == 0;
    enum cp_price_grade expected = is_verified ? CP_PRICE_VERIFIED
                                   : is_copied ? CP_PRICE_COPIED
                                               : CP_PRICE_SINGLE;
    bool is_exception = strcmp(b->region, "us-east-2") == 0 && expected == CP_PRICE_SINGLE;
    if (b->grade != expected && !is_exception && !is_savings)
        fail_msg("%s %s %.*s: graded '%s'", b->region, b->architecture, (int)item.n, item.p,
                 cp_price_grade_name(b->grade));
}

static size_t n_numbers(const struct cp_price_book *b)
{
    const double numbers[] = {b->request_usd,
                              b->provisioned_concurrency_usd_per_gb_s,
                              b->provisioned_duration_usd_per_gb_s,
                              b->storage_usd_per_gb_s,
                              b->streaming_usd_per_gb,
                              b->snapshot_cache_usd_per_gb_s,
                              b->snapshot_restore_usd_per_gb};
    size_t n = cp_price_n_tiers(b);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        n += isnan(numbers[i]) ? 0 : 1;
    return n;
}

/* Both ways: every row has its number, and there is no number without a row. */
static void numbers_are_those_of_the_table(void **state)
{
    (void)state;
    static const char *const architectures[] = {"x86_64", "arm64"};
    struct csv csv;
    size_t n = 0;
    csv_open(&csv, facts, "pricing.csv");
    while (csv_next(&csv)) {
        char region[40];
        (void)cp_view_copy(csv_text(&csv, "region"), region, sizeof region);
        for (size_t i = 0; i < 2; i++) {
            const struct cp_price_book *b = NULL;
            struct cp_view item = csv_text(&csv, "item");
            if (!is_row_of(&csv, architectures[i]) || is_other_product(item) ||
                cp_price_find(region, architectures[i], &b, NULL))
                continue;
            check_row(&csv, b);
            n += item.p[0] == 's' && item.p[1] == 'p' ? 0 : 1;
        }
    }
    csv_close(&csv);
    size_t expected = 0;
    for (size_t i = 0; cp_price_at(i); i++)
        expected += n_numbers(cp_price_at(i));
    assert_int_equal(n, expected);
    /* us-east-1: 10 numbers a book; 23 others: request, duration and storage of both, provisioned
     * of x86_64; and one of us-east-2 */
    assert_int_equal(n, 2 * 10 + 23 * (2 * 3 + 2) + 1);
}

/* Every Region of the table has a book, or is one of these. */
static void regions_of_the_table_are_known_or_refused(void **state)
{
    (void)state;
    static const char *const refused[] = {"me-central-1", "cn-north-1", "edge", "any"};
    struct csv csv;
    csv_open(&csv, facts, "pricing.csv");
    while (csv_next(&csv)) {
        char region[40];
        const struct cp_price_book *b = NULL;
        (void)cp_view_copy(csv_text(&csv, "region"), region, sizeof region);
        bool is_refused = false;
        for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
            is_refused = is_refused || strcmp(refused[i], region) == 0;
        if (is_refused == !cp_price_find(region, "x86_64", &b, NULL))
            fail_msg("%s is %s", region, is_refused ? "priced" : "refused");
    }
    csv_close(&csv);
}

static void only_complete_regions_are_known(void **state)
{
    (void)state;
    static const char *const refused[] = {"me-central-1", "cn-north-1",   "edge",         "any",
                                          "ap-south-2",   "il-central-1", "us-gov-west-1"};
    const struct cp_price_book *b = NULL;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        assert_int_equal(cp_price_find(refused[i], "x86_64", &b, NULL), CP_ENOTFOUND);
    assert_int_equal(cp_price_find("eu-west-1", "arm64", &b, NULL), CP_OK);
    assert_false(cp_price_has_provisioned(b));
    assert_true(isnan(b->snapshot_cache_usd_per_gb_s) && isnan(b->snapshot_restore_usd_per_gb));
    assert_int_equal(cp_price_n_tiers(b), 1);
    /* the first tier goes on where the others are not known */
    assert_near(cp_price_duration_usd(b, 0, 20e9), 20e9 * 0.0000133334, 1e-6);
    assert_non_null(strstr(cp_price_known(), "eu-west-1"));
}

/* Break-even table of the fact sheets, three decimals. */
static void break_even_is_that_of_the_table(void **state)
{
    (void)state;
    static const struct {
        const char *region;
        double utilization;
    } rows[] = {
        {"me-south-1", 0.585},   {"ap-east-1", 0.596},      {"eu-south-1", 0.600},
        {"us-east-2", 0.600},    {"af-south-1", 0.601},     {"eu-north-1", 0.698},
        {"ap-south-1", 0.729},   {"ca-central-1", 0.797},   {"eu-west-1", 0.797},
        {"eu-west-2", 0.895},    {"eu-west-3", 0.917},      {"us-west-1", 0.939},
        {"eu-central-2", 1.010}, {"ap-northeast-2", 1.089}, {"ap-southeast-5", 1.146},
        {"sa-east-1", 5.625},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct cp_price_book *b = NULL;
        assert_int_equal(cp_price_find(rows[i].region, "x86_64", &b, NULL), CP_OK);
        assert_near(cp_price_break_even_utilization(b), rows[i].utilization, 0.0006);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_those_of_the_table),
        cmocka_unit_test(regions_of_the_table_are_known_or_refused),
        cmocka_unit_test(only_complete_regions_are_known),
        cmocka_unit_test(break_even_is_that_of_the_table),
    };
    facts = getenv("COLDPROF_FACTS");
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/pricing.csv", facts ? facts : "");
    FILE *file = facts ? fopen(path, "rb") : NULL;
    if (!file) {
        const char *ci = getenv("CI");
        (void)printf("skipped: no price table at '%s' (COLDPROF_FACTS)\n", path);
        return ci && strcmp(ci, "true") == 0;
    }
    (void)fclose(file);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
