/* SPDX-License-Identifier: GPL-3.0-or-later
 * The CPU share of a memory size: work W at share s takes at least W/s less the head start of one
 * quota and a half (PERFORMANCE: wall = W/s - (1 to 1.5)(1 - s) periods). A busy machine only makes
 * it longer, so the upper bound is loose.
 */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "tests/local/service.h"

enum { MEMORY_MB = 442, PERIOD_MS = 20 }; /* 442 / 1,769 = 0.25 vCPU */

static double value_after(const struct cp_buf *text, const char *key)
{
    const char *at = strstr(cp_buf_str(text), key);
    struct cp_view v = cp_view_of(at ? at + strlen(key) : "");
    double value = -1;
    (void)cp_view_take_double(&v, &value);
    return value;
}

static void measure(const char *ini, const char *event, bool throttle_init, double *init_ms,
                    double *duration_ms)
{
    struct service s;
    struct answer a;
    struct cp_buf tail;
    const struct function_setup f = {"fn", ini, NULL, NULL};
    const struct cp_serve_options options = {.throttle_init = throttle_init};
    service_start(&s, &f, 1, &options);
    invoke(&s, "fn", event, &a, &tail);
    assert_int_equal(a.status, 200);
    *init_ms = value_after(&tail, "Init Duration: ");
    *duration_ms = value_after(&tail, "\tDuration: ");
    answer_clear(&a);
    cp_buf_clear(&tail);
    service_stop(&s);
}

static void assert_share(double wall_ms, double cpu_ms, double share)
{
    double expected_ms = cpu_ms / share;
    print_message("  %.0f ms of CPU in %.0f ms, %.0f expected\n", cpu_ms, wall_ms, expected_ms);
    /* CPU time counts from the launcher, which ran at full speed for a millisecond or two. */
    double launcher_ms = 2 / share;
    assert_true(wall_ms >= expected_ms - 1.5 * (1 - share) * PERIOD_MS - launcher_ms);
    assert_true(wall_ms <= expected_ms * 1.6);
}

static void handler_gets_its_share_and_init_a_full_core(void **state)
{
    (void)state;
    double init_ms, duration_ms;
    if (!has_cgroups())
        skip();
    measure("timeout = 20\nmemory = 442\n[environment]\nPROBE_INIT = burn 200\n", "\"burn 700\"",
            false, &init_ms, &duration_ms);
    /* process CPU time: 200 ms were burnt in INIT */
    assert_share(duration_ms, 500, MEMORY_MB / 1769.0);
    assert_true(init_ms >= 199 && init_ms < 500);
}

static void init_is_throttled_on_request(void **state)
{
    (void)state;
    double init_ms, duration_ms;
    if (!has_cgroups())
        skip();
    measure("timeout = 20\nmemory = 442\n[environment]\nPROBE_INIT = burn 300\n", "{}", true,
            &init_ms, &duration_ms);
    assert_share(init_ms, 300, MEMORY_MB / 1769.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handler_gets_its_share_and_init_a_full_core),
        cmocka_unit_test(init_is_throttled_on_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
