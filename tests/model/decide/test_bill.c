/* SPDX-License-Identifier: GPL-3.0-or-later
 * Lines of the bill: AWS's own examples, numbers that paper gives, and properties that hold for any
 * price book.
 */
#include "model/decide/bill.h"

#include "model/base/rng.h"
#include "model/base/units.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

static const struct cp_price_terms list_price = {0};
static const struct cp_price_terms free_tier = {.has_free_tier = true};

static const struct cp_price_book *book_of(const char *region, const char *architecture)
{
    const struct cp_price_book *book = NULL;
    assert_int_equal(cp_price_find(region, architecture, &book, NULL), CP_OK);
    return book;
}

static const struct cp_price_book *virginia(void)
{
    return book_of("us-east-1", "x86_64");
}

static double total(const struct cp_price_book *book, const struct cp_price_terms *terms,
                    const struct cp_usage *usage)
{
    struct cp_bill bill = cp_bill_of(book, terms, usage);
    return cp_bill_total_usd(&bill);
}

/* AWS Lambda pricing page, examples in us-east-1, to the cent that it prints. */
static void examples_of_the_pricing_page(void **state)
{
    (void)state;
    /* 3 million requests of 120 ms at 1,536 MB: 2.33 + 0.40 */
    struct cp_usage app = {.requests = 3e6, .on_demand_gb_s = 3e6 * cp_units_gb_s(1536, 120)};
    struct cp_bill bill = cp_bill_of(virginia(), &free_tier, &app);
    assert_near(app.on_demand_gb_s, 540000, 1e-6);
    assert_near(bill.usd[CP_BILL_DURATION], 2.33, 0.005);
    assert_near(bill.usd[CP_BILL_REQUESTS], 0.40, 1e-12);
    assert_near(cp_bill_total_usd(&bill), 2.73, 0.005);
    /* 1,000 provisioned at 1,024 MB for two hours, 1.2 million requests of 1 s:
     * 30.00 + 11.67, and 0.2 million requests beyond the free ones */
    struct cp_usage rush = {.requests = 1.2e6, .provisioned_gb_s = 1.2e6};
    cp_usage_add_ready(&rush, 1024, 1000, 2 * 3600);
    bill = cp_bill_of(virginia(), &free_tier, &rush);
    assert_near(bill.usd[CP_BILL_PROVISIONED_READY], 30.00, 0.005);
    assert_near(bill.usd[CP_BILL_PROVISIONED_DURATION], 11.67, 0.005);
    assert_near(bill.usd[CP_BILL_REQUESTS], 0.04, 1e-12);
    assert_near(cp_bill_total_usd(&bill), 41.71, 0.01);
}

/* Amounts on paper, at the list price of us-east-1, x86_64. */
static void every_line_is_amount_times_price(void **state)
{
    (void)state;
    const struct {
        enum cp_bill_line line;
        struct cp_usage usage;
        double usd;
    } rows[] = {
        {CP_BILL_REQUESTS, {.requests = 5e6}, 1.0},
        {CP_BILL_DURATION, {.on_demand_gb_s = 1e6}, 16.6667},
        {CP_BILL_DURATION, {.init_gb_s = 1e6}, 16.6667},
        {CP_BILL_DURATION, {.on_demand_gb_s = 7e9}, 6e9 * 0.0000166667 + 1e9 * 0.000015},
        {CP_BILL_PROVISIONED_READY, {.ready_gb_s = 2628000}, 2628000 * 0.0000041667},
        {CP_BILL_PROVISIONED_DURATION, {.provisioned_gb_s = 20e9}, 194444},
        {CP_BILL_STORAGE, {.storage_gb_s = 1e9}, 30.9},
        {CP_BILL_STREAMING, {.streamed_gb = 150}, 1.2},
        {CP_BILL_SNAPSHOT_CACHE, {.snapshot_cache_gb_s = 10800}, 0.01624968},
        {CP_BILL_SNAPSHOT_RESTORE, {.restored_gb = 1e4}, 1.397998},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cp_bill bill = cp_bill_of(virginia(), NULL, &rows[i].usage);
        for (int line = 0; line < CP_BILL_LINES; line++) {
            double expected = line == (int)rows[i].line ? rows[i].usd : 0;
            if (!(fabs(bill.usd[line] - expected) <= 1e-9 * (1 + expected)))
                fail_msg("row %zu, %s: %.12g, not %.12g", i, cp_bill_line_name(line),
                         bill.usd[line], expected);
        }
    }
}

static void ready_time_is_billed_in_five_minute_steps(void **state)
{
    (void)state;
    const struct {
        int memory_mb;
        double count, seconds, gb_s;
    } rows[] = {
        {1024, 1, 0, 0},           {1024, 1, 1, 300},
        {1024, 1, 300, 300},       {1024, 1, 300.5, 600},
        {2048, 3, 1, 1800},        {512, 4, 3600, 7200},
        {1024, 1, 900.0001, 1200}, {256, 1, CP_S_PER_MONTH, 657000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cp_usage usage = {0};
        cp_usage_add_ready(&usage, rows[i].memory_mb, rows[i].count, rows[i].seconds);
        assert_near(usage.ready_gb_s, rows[i].gb_s, 1e-9);
    }
}

/* Spans of random length, each billed in whole steps, against their mean and number. */
static void stops_cost_half_a_step_on_average(void **state)
{
    (void)state;
    enum { N = 20000 };
    struct cp_rng rng;
    cp_rng_init(&rng, 7, 0);
    struct cp_usage spans = {0};
    double seconds = 0;
    for (int i = 0; i < N; i++) {
        double span_s = 3600 * cp_rng_uniform(&rng);
        cp_usage_add_ready(&spans, 1024, 1, span_s);
        seconds += span_s;
    }
    struct cp_usage mean = {0};
    cp_usage_add_ready_mean(&mean, 1024, seconds / 1e6, 1e6, N);
    assert_near(mean.ready_gb_s / spans.ready_gb_s, 1, 0.002);
}

static void storage_streams_and_snapshots_have_a_free_part(void **state)
{
    (void)state;
    struct cp_usage usage = {0};
    cp_usage_add_storage(&usage, 512, 1e6);
    assert_near(usage.storage_gb_s, 0, 0);
    cp_usage_add_storage(&usage, 2560, 500);
    assert_near(usage.storage_gb_s, 1, 1e-12);
    cp_usage_add_streams(&usage, 1000, 6 * 1024 * 1024);
    assert_near(usage.streamed_gb, 0, 0);
    cp_usage_add_streams(&usage, 1024, 7 * 1024 * 1024);
    assert_near(usage.streamed_gb, 1, 1e-12);
    cp_usage_add_snapshot(&usage, 512, 1000); /* 3 hours at least */
    assert_near(usage.snapshot_cache_gb_s, 5400, 1e-9);
    cp_usage_add_snapshot(&usage, 1024, 4 * 3600e3);
    assert_near(usage.snapshot_cache_gb_s, 5400 + 14400, 1e-9);
    cp_usage_add_restores(&usage, 2048, 3);
    assert_near(usage.restored_gb, 6, 1e-12);
}

static void the_free_tier_is_a_million_requests_and_400000_gb_s(void **state)
{
    (void)state;
    struct cp_usage usage = {.requests = 1e6, .on_demand_gb_s = 4e5, .streamed_gb = 100};
    assert_near(total(virginia(), &free_tier, &usage), 0, 0);
    usage = (struct cp_usage){.requests = 1e6 + 10, .on_demand_gb_s = 4e5 + 10};
    assert_near(total(virginia(), &free_tier, &usage), 10 * 0.0000002 + 10 * 0.0000166667, 1e-12);
    /* never for a function with provisioned concurrency, its requests excepted */
    usage = (struct cp_usage){
        .requests = 1e6, .on_demand_gb_s = 10, .provisioned_gb_s = 10, .ready_gb_s = 300};
    assert_near(total(virginia(), &free_tier, &usage),
                10 * 0.0000166667 + 10 * 0.0000097222 + 300 * 0.0000041667, 1e-12);
    /* nor for storage and SnapStart */
    usage = (struct cp_usage){.storage_gb_s = 10, .snapshot_cache_gb_s = 10, .restored_gb = 10};
    assert_near(total(virginia(), &free_tier, &usage), total(virginia(), &list_price, &usage), 0);
}

static void init_is_free_before_august_2025(void **state)
{
    (void)state;
    const struct cp_price_terms before = {.is_init_free = true};
    const struct cp_usage usage = {.on_demand_gb_s = 1e5, .init_gb_s = 1e5};
    assert_near(total(virginia(), &before, &usage), 1.66667, 1e-9);
    assert_near(total(virginia(), NULL, &usage), 3.33334, 1e-9);
}

static void what_has_no_price_is_nan_only_when_used(void **state)
{
    (void)state;
    const struct cp_price_book *ireland_arm = book_of("eu-west-1", "arm64");
    struct cp_usage usage = {.requests = 1e6, .on_demand_gb_s = 1e5};
    double known = total(ireland_arm, NULL, &usage);
    assert_near(known, 0.2 + 1.33334, 1e-9);
    usage.ready_gb_s = 1;
    struct cp_bill bill = cp_bill_of(ireland_arm, NULL, &usage);
    assert_true(isnan(bill.usd[CP_BILL_PROVISIONED_READY]));
    assert_true(isnan(cp_bill_total_usd(&bill)));
    assert_near(cp_bill_known_usd(&bill), known, 1e-12);
    usage = (struct cp_usage){.on_demand_gb_s = NAN};
    assert_true(isnan(total(ireland_arm, NULL, &usage)));
    assert_true(isnan(total(ireland_arm, &free_tier, &usage)));
}

/* --- properties --- */

static struct cp_usage random_usage(struct cp_rng *rng)
{
    const double most = 2e10; /* beyond every tier */
    return (struct cp_usage){
        .requests = 1e9 * cp_rng_uniform(rng),
        .on_demand_gb_s = most * cp_rng_uniform(rng),
        .init_gb_s = 1e8 * cp_rng_uniform(rng),
        .provisioned_gb_s = 1e9 * cp_rng_uniform(rng),
        .ready_gb_s = 1e9 * cp_rng_uniform(rng),
        .storage_gb_s = 1e9 * cp_rng_uniform(rng),
        .streamed_gb = 1e3 * cp_rng_uniform(rng),
        .snapshot_cache_gb_s = 1e7 * cp_rng_uniform(rng),
        .restored_gb = 1e5 * cp_rng_uniform(rng),
    };
}

/* A month cut in two: the second part begins where the first has left the tiers. */
static void bills_of_parts_add_up(void **state)
{
    (void)state;
    struct cp_rng rng;
    cp_rng_init(&rng, 11, 0);
    for (int i = 0; i < 2000; i++) {
        struct cp_usage a = random_usage(&rng);
        struct cp_usage b = random_usage(&rng);
        struct cp_usage both = a;
        double *sum = (double *)&both;
        const double *part = (const double *)&b;
        for (size_t k = 0; k < sizeof both / sizeof *sum; k++)
            sum[k] += part[k];
        const struct cp_price_terms later = {.used_gb_s = a.on_demand_gb_s + a.init_gb_s};
        double parts = total(virginia(), NULL, &a) + total(virginia(), &later, &b);
        assert_near(total(virginia(), NULL, &both) / parts, 1, 1e-12);
    }
}

/* More use never costs less, and a little more costs little: also across tiers and free amounts. */
static void bills_grow_without_jumps(void **state)
{
    (void)state;
    struct cp_rng rng;
    cp_rng_init(&rng, 13, 0);
    const double edges[] = {0, 4e5, 6e9, 6e9 + 4e5, 15e9, 15e9 + 4e5};
    for (size_t e = 0; e < sizeof edges / sizeof edges[0]; e++) {
        for (int is_free = 0; is_free < 2; is_free++) {
            const struct cp_price_terms terms = {.has_free_tier = is_free};
            struct cp_usage below = {.on_demand_gb_s = edges[e]};
            struct cp_usage above = {.on_demand_gb_s = edges[e] + 1};
            double step = total(virginia(), &terms, &above) - total(virginia(), &terms, &below);
            assert_true(step >= 0 && step <= 0.0000167);
        }
    }
    for (int i = 0; i < 2000; i++) {
        const struct cp_price_terms terms = {.used_gb_s = 2e10 * cp_rng_uniform(&rng),
                                             .has_free_tier = i % 2};
        struct cp_usage usage = random_usage(&rng);
        struct cp_usage more = usage;
        double *amount = (double *)&more;
        const size_t n = sizeof more / sizeof *amount;
        size_t k = cp_rng_below(&rng, n);
        amount[k] *= 1.01;
        assert_true(total(virginia(), &terms, &more) >= total(virginia(), &terms, &usage));
    }
}

/* A unit price falls, never rises, as the account uses more; the first tier is the dearest. */
static void tiers_only_make_it_cheaper(void **state)
{
    (void)state;
    static const char *const architectures[] = {"x86_64", "arm64"};
    const struct cp_usage usage = {.on_demand_gb_s = 1e6};
    for (size_t a = 0; a < 2; a++) {
        double last = INFINITY;
        for (int i = 0; i < 300; i++) {
            const struct cp_price_terms terms = {.used_gb_s = 1e8 * i};
            double usd = total(book_of("us-east-1", architectures[a]), &terms, &usage);
            assert_true(usd <= last * (1 + 1e-12));
            last = usd;
        }
    }
}

static void lines_have_names_for_people_and_programs(void **state)
{
    (void)state;
    for (int i = 0; i < CP_BILL_LINES; i++) {
        assert_true(strlen(cp_bill_line_name(i)) > 3);
        assert_non_null(strstr(cp_bill_line_key(i), "_usd"));
        for (int k = 0; k < i; k++)
            assert_string_not_equal(cp_bill_line_key(i), cp_bill_line_key(k));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_of_the_pricing_page),
        cmocka_unit_test(every_line_is_amount_times_price),
        cmocka_unit_test(ready_time_is_billed_in_five_minute_steps),
        cmocka_unit_test(stops_cost_half_a_step_on_average),
        cmocka_unit_test(storage_streams_and_snapshots_have_a_free_part),
        cmocka_unit_test(the_free_tier_is_a_million_requests_and_400000_gb_s),
        cmocka_unit_test(init_is_free_before_august_2025),
        cmocka_unit_test(what_has_no_price_is_nan_only_when_used),
        cmocka_unit_test(bills_of_parts_add_up),
        cmocka_unit_test(bills_grow_without_jumps),
        cmocka_unit_test(tiers_only_make_it_cheaper),
        cmocka_unit_test(lines_have_names_for_people_and_programs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
