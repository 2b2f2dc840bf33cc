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
        cmocka_unit_test(order_is_memory_series_quantile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
