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

/* How many numbers of the row's kind the book has; fails when one is another. */
static size_t check_row(const struct csv *csv, const struct cp_price_book *b)
{
    struct cp_view item = csv_text(csv, "item");
    double price = csv_number(csv, "price");
    double known = NAN;
    if (cp_view_is(item, "request"))
        known = b->request_usd;
    for (size_t i = 0; cp_view_is(item, "duration") && i < cp_price_n_tiers(b); i++) {
        if (fabs(b->duration[i].from_gb_s - csv_number(csv, "tier_from")) < 0.5)
            known = b->duration[i].usd_per_gb_s;
    }
    if (cp_view_is(item, "provisioned_concurrency") && cp_price_has_provisioned(b))
        known = b->provisioned_concurrency_usd_per_gb_s;
    if (cp_view_is(item, "provisioned_duration") && cp_price_has_provisioned(b))
        known = b->provisioned_duration_usd_per_gb_s;
    if (cp_view_is(item, "ephemeral_storage"))
        known = b->storage_usd_per_gb_s;
    if (cp_view_is(item, "snapstart_cache"))
        known = b->snapshot_cache_usd_per_gb_s;
    if (cp_view_is(item, "snapstart_restore"))
        known = b->snapshot_restore_usd_per_gb;
    if (isnan(known))
        return 0;
    if (!(fabs(known - price) <= 1e-18))
        fail_msg("%s %s %.*s: %.12g, not %.12g", b->region, b->architecture, (int)item.n, item.p,
                 known, price);
    return 1;
}

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
            if (is_row_of(&csv, architectures[i]) &&
                !cp_price_find(region, architectures[i], &b, NULL))
                n += check_row(&csv, b);
        }
    }
    csv_close(&csv);
    /* us-east-1: 9 numbers a book; 23 others: request, duration and storage of both, provisioned of
     * x86_64 */
    assert_int_equal(n, 2 * 9 + 23 * (2 * 3 + 2));
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
    assert_near(cp_price_duration_month_usd(b, 20e9), 20e9 * 0.0000133334, 1e-6);
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
