/* SPDX-License-Identifier: GPL-3.0-or-later
 * The token bucket of the control plane's limit.
 */
#include "tests/test.h"

#include "probes/local/rate_limit.h"

static int taken(struct cp_rate_limit *limit, double now_ms)
{
    int n = 0;
    while (n < 1000 && cp_rate_limit_take(limit, now_ms))
        n++;
    return n;
}

static void a_second_holds_so_many_and_no_more(void **state)
{
    struct cp_rate_limit limit;
    (void)state;
    cp_rate_limit_init(&limit, 15, 1000);
    assert_int_equal(taken(&limit, 1000), 15);
    assert_int_equal(taken(&limit, 1060), 0);
    assert_int_equal(taken(&limit, 1067), 1); /* 15 a second are one in 66.7 ms */
    assert_int_equal(taken(&limit, 9000), 15);
}

static void without_a_rate_all_pass(void **state)
{
    struct cp_rate_limit limit;
    (void)state;
    cp_rate_limit_init(&limit, 0, 0);
    assert_int_equal(taken(&limit, 0), 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_holds_so_many_and_no_more),
        cmocka_unit_test(without_a_rate_all_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
