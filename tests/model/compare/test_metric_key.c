/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/compare/metric_key.h"

#include <stdint.h>

#include "tests/test.h"

static void names_are_read_back(void **state)
{
    (void)state;
    char name[CP_METRIC_KEY_MAX];
    for (int timing = 0; timing < CP_TIMING_COUNT; timing++) {
        for (int i = 0; i < CP_METRIC_QUANTILES; i++) {
            struct cp_metric_key m = {(enum cp_timing)timing, cp_metric_quantiles[i], 10240};
            struct cp_metric_key read = {.q = 0};
            assert_true(cp_metric_key_by_name(cp_view_of(cp_metric_key_name(&m, name)), &read));
            assert_int_equal(cp_metric_key_order(&m, &read), 0);
        }
    }
    struct cp_metric_key known = {CP_TIMING_INIT, 0.95, 1024};
    assert_string_equal(cp_metric_key_name(&known, name), "1024MB/init-p95");
}

static void what_is_no_name_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "1024",
                                      "1024MB",
                                      "1024MB/init",
                                      "1024MB/init-p",
                                      "1024MB/init-p0",
                                      "1024MB/init-p100",
                                      "1024MB/init-p95 ",
                                      "1024MB/boot-p95",
                                      "-1MB/init-p95",
                                      "99999999999MB/init-p95",
                                      "1024 MB/init-p95"};
    struct cp_metric_key m = {.q = 0};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(cp_metric_key_by_name(cp_view_of(bad[i]), &m));
}

static void a_pattern_fits_what_it_does_not_leave_open(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *metric;
        bool fits;
    } rows[] = {{"init", "512MB/init-p50", true},          {"init", "512MB/cold-p50", false},
                {"init-p95", "512MB/init-p95", true},      {"init-p95", "512MB/init-p99", false},
                {"p99", "512MB/warm-p99", true},           {"p99", "512MB/warm-p95", false},
                {"512MB", "512MB/warm-p95", true},         {"512MB", "1024MB/warm-p95", false},
                {"512MB/cold", "512MB/cold-p50", true},    {"512MB/cold", "512MB/warm-p50", false},
                {"512MB/p50", "512MB/cold-p50", true},     {"512MB/p50", "512MB/cold-p95", false},
                {"512MB/cold-p50", "512MB/cold-p50", true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cp_metric_pattern pattern;
        struct cp_metric_key metric;
        assert_true(cp_metric_pattern_by_name(cp_view_of(rows[i].pattern), &pattern));
        assert_true(cp_metric_key_by_name(cp_view_of(rows[i].metric), &metric));
        assert_int_equal(cp_metric_pattern_fits(&pattern, &metric), rows[i].fits);
    }
    static const char *const bad[] = {
        "",    "inits",   "init-",  "init-p90",  "-p50",       "p",        "512",        "512MB/",
        "0MB", "MB/init", "512MBx", "init-p95x", "init-p95-1", "p95-init", "512MB/512MB"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct cp_metric_pattern pattern;
        if (cp_metric_pattern_by_name(cp_view_of(bad[i]), &pattern))
            fail_msg("'%s' is no pattern", bad[i]);
    }
}

static void order_is_memory_series_quantile(void **state)
{
    (void)state;
    struct cp_metric_key a = {CP_TIMING_WARM, 0.99, 128};
    struct cp_metric_key b = {CP_TIMING_INIT, 0.5, 256};
    struct cp_metric_key c = {CP_TIMING_INIT, 0.95, 256};
    assert_true(cp_metric_key_order(&a, &b) < 0);
    assert_true(cp_metric_key_order(&c, &b) > 0);
    assert_true(cp_metric_key_order(&b, &a) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_read_back),
        cmocka_unit_test(what_is_no_name_is_refused),
        cmocka_unit_test(a_pattern_fits_what_it_does_not_leave_open),
        cmocka_unit_test(order_is_memory_series_quantile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
