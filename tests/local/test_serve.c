/* SPDX-License-Identifier: GPL-3.0-or-later
 * The embedded service as a user meets it: a real cp_serve, real functions, raw sockets.
 */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/local/service.h"

#define INI "timeout = 2\nmemory = 256\n"

static void cold_then_warm_uses_one_environment(void **state)
{
    (void)state;
    struct service s;
    const struct function_setup f = {"fn", INI, NULL, NULL};
    struct answer cold, warm;
    struct cp_buf cold_tail, warm_tail;
    service_start(&s, &f, 1, NULL);
    printf("%s", cp_buf_str(&s.ready));fflush(stdout);
    invoke(&s, "fn", "{}", &cold, &cold_tail);
    printf("%s%s\n%s\n", cp_buf_str(&cold.head), cp_buf_str(&cold.body), cp_buf_str(&cold_tail));
    assert_int_equal(cold.status, 200);
    invoke(&s, "fn", "{}", &warm, &warm_tail);
    printf("%s%s\n%s\n", cp_buf_str(&warm.head), cp_buf_str(&warm.body), cp_buf_str(&warm_tail));
    assert_int_equal(warm.status, 200);
    assert_non_null(strstr(cp_buf_str(&cold_tail), "Init Duration: "));
    assert_null(strstr(cp_buf_str(&warm_tail), "Init Duration: "));
    assert_int_equal(number_in(&cold, "pid"), number_in(&warm, "pid"));
    assert_int_equal(number_in(&warm, "n"), 1);
    answer_clear(&cold);
    answer_clear(&warm);
    cp_buf_clear(&cold_tail);
    cp_buf_clear(&warm_tail);
    service_stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cold_then_warm_uses_one_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
