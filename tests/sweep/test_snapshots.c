/* SPDX-License-Identifier: GPL-3.0-or-later
 * Prices of USD 0.001 a GB-second of cache and nothing else, so that a version of 1 GB costs
 * USD 3.6 an hour, and its first 3 hours USD 10.8.
 */
#include "profiler/sweep/snapshots.h"

#include "tests/test.h"

#define HOUR_MS 3600e3

static const struct cp_price_book book = {.region = "paper",
                                          .architecture = "x86_64",
                                          .date = "2026-01-01",
                                          .source = "paper",
                                          .snapshot_cache_usd_per_gb_s = 0.001};
static const struct cp_quote_function snap = {
    .timeout_ms = 1000, .storage_mb = 512, .is_snap_start = true};

static void publish(struct cp_snapshots *s, int mb, double now_ms, const char *version)
{
    assert_int_equal(cp_snapshots_begin(s, mb, now_ms, NULL), CP_OK);
    if (version)
        cp_snapshots_name(s, version);
}

static double usd_at(const struct cp_snapshots *s, double hours)
{
    return cp_snapshots_usd(s, &book, &snap, hours * HOUR_MS);
}

static void each_is_billed_until_it_is_deleted(void **state)
{
    (void)state;
    struct cp_snapshots s = {0};
    publish(&s, 1024, 1 * HOUR_MS, "7");
    assert_near(usd_at(&s, 1), 10.8, 1e-9);
    assert_near(usd_at(&s, 4), 10.8, 1e-9);
    assert_near(usd_at(&s, 5), 14.4, 1e-9);
    publish(&s, 512, 5 * HOUR_MS, "8");
    assert_near(usd_at(&s, 9), 28.8 + 7.2, 1e-9);
    cp_snapshots_end(&s, "7", 6 * HOUR_MS);
    assert_near(usd_at(&s, 9), 18 + 7.2, 1e-9);
    cp_snapshots_end(&s, "7", 9 * HOUR_MS); /* again: it ended before */
    assert_near(usd_at(&s, 9), 18 + 7.2, 1e-9);
    cp_snapshots_clear(&s);
    assert_near(usd_at(&s, 9), 0, 0);
}

static void one_without_an_answer_counts_until_all_are_gone(void **state)
{
    (void)state;
    struct cp_snapshots s = {0};
    publish(&s, 1024, 0, NULL);
    cp_snapshots_end(&s, "1", HOUR_MS);
    assert_near(usd_at(&s, 10), 36, 1e-9);
    cp_snapshots_end(&s, NULL, 5 * HOUR_MS);
    assert_near(usd_at(&s, 10), 18, 1e-9);
    cp_snapshots_clear(&s);
}

static void many_are_kept(void **state)
{
    (void)state;
    struct cp_snapshots s = {0};
    for (int i = 0; i < 1000; i++)
        publish(&s, 1024, 0, "1");
    assert_near(usd_at(&s, 0), 10800, 1e-6);
    cp_snapshots_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_billed_until_it_is_deleted),
        cmocka_unit_test(one_without_an_answer_counts_until_all_are_gone),
        cmocka_unit_test(many_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
