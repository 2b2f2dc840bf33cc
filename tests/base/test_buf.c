/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/base/buf.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

static void empty_buffer_is_the_empty_string(void **state)
{
    (void)state;
    struct cp_buf b;
    cp_buf_init(&b, 10);
    assert_string_equal(cp_buf_str(&b), "");
    assert_int_equal(cp_buf_view(&b).n, 0);
    assert_non_null(cp_buf_view(&b).p);
    assert_int_equal(cp_buf_check(&b, "body", NULL), CP_OK);
    cp_buf_clear(&b);
}

static void additions_join_in_order(void **state)
{
    (void)state;
    struct cp_buf b;
    cp_buf_init(&b, 100);
    assert_int_equal(cp_buf_adds(&b, "one"), CP_OK);
    assert_int_equal(cp_buf_adds(&b, NULL), CP_OK);
    assert_int_equal(cp_buf_addc(&b, ','), CP_OK);
    assert_int_equal(cp_buf_addf(&b, "%d%s", 2, "nd"), CP_OK);
    assert_int_equal(cp_buf_addf(&b, "%s", ""), CP_OK);
    assert_int_equal(cp_buf_add_view(&b, CP_VIEW_LIT(",3")), CP_OK);
    assert_int_equal(cp_buf_add(&b, "xyz", 0), CP_OK);
    assert_string_equal(cp_buf_str(&b), "one,2nd,3");
    assert_int_equal(b.n, 9);
    cp_buf_clear(&b);
}

static void bytes_may_hold_nul(void **state)
{
    (void)state;
    struct cp_buf b;
    cp_buf_init(&b, 100);
    cp_buf_add(&b, "a\0b", 3);
    assert_int_equal(b.n, 3);
    assert_memory_equal(cp_buf_view(&b).p, "a\0b", 4);
    cp_buf_clear(&b);
}

static void growing_keeps_the_content(void **state)
{
    (void)state;
    struct cp_buf b;
    cp_buf_init(&b, 100000);
    for (int i = 0; i < 20000; i++)
        cp_buf_addf(&b, "%04d,", i % 10000);
    assert_int_equal(cp_buf_check(&b, "list", NULL), CP_OK);
    assert_int_equal(b.n, 100000);
    for (size_t i = 0; i < 20000; i++) {
        int64_t x = -1;
        assert_true(cp_view_to_int64((struct cp_view){b.p + 5 * i, 4}, &x));
        assert_int_equal(x, i % 10000);
    }
    cp_buf_clear(&b);
}

static void limit_is_exact_and_a_failure_stays(void **state)
{
    (void)state;
    struct cp_buf b;
    struct cp_error err = {0};
    cp_buf_init(&b, 5);
    assert_int_equal(cp_buf_adds(&b, "12345"), CP_OK);
    assert_int_equal(cp_buf_addc(&b, '6'), CP_ELIMIT);
    assert_int_equal(cp_buf_adds(&b, ""), CP_ELIMIT);
    assert_int_equal(cp_buf_addf(&b, "%d", 7), CP_ELIMIT);
    assert_null(cp_buf_reserve(&b, 0));
    assert_string_equal(cp_buf_str(&b), "12345");
    assert_int_equal(cp_buf_check(&b, "log line", &err), CP_ELIMIT);
    assert_string_equal(err.text, "log line is larger than 5 bytes");
    cp_buf_reset(&b);
    assert_string_equal(cp_buf_str(&b), "");
    assert_int_equal(cp_buf_addf(&b, "%s", "abcde"), CP_OK);
    cp_buf_clear(&b);
}

static void huge_requests_do_not_overflow(void **state)
{
    (void)state;
    struct cp_buf b;
    cp_buf_init(&b, 100);
    cp_buf_adds(&b, "abc");
    assert_null(cp_buf_reserve(&b, SIZE_MAX));
    assert_int_equal(b.failed, CP_ELIMIT);
    cp_buf_reset(&b);
    assert_null(cp_buf_reserve(&b, SIZE_MAX - 3));
    cp_buf_clear(&b);
}

static void missing_memory_is_said(void **state)
{
    (void)state;
    struct cp_buf b;
    struct cp_error err = {0};
    cp_buf_init(&b, 100);
    b.failed = CP_ENOMEM; /* as a failed realloc leaves it */
    assert_int_equal(cp_buf_adds(&b, "x"), CP_ENOMEM);
    assert_int_equal(cp_buf_check(&b, "response body", &err), CP_ENOMEM);
    assert_string_equal(err.text, "response body: out of memory");
    cp_buf_clear(&b);
}

static void reserve_gives_writable_room(void **state)
{
    (void)state;
    struct cp_buf b;
    cp_buf_init(&b, 1000);
    cp_buf_adds(&b, "ab");
    char *to = cp_buf_reserve(&b, 500);
    assert_non_null(to);
    memset(to, 'z', 500);
    b.n += 500;
    b.p[b.n] = '\0';
    assert_int_equal(strlen(cp_buf_str(&b)), 502);
    cp_buf_clear(&b);
}

static void take_moves_the_content_out(void **state)
{
    (void)state;
    struct cp_buf b;
    size_t n = 9;
    cp_buf_init(&b, 10);
    assert_null(cp_buf_take(&b, &n));
    assert_int_equal(n, 0);
    cp_buf_adds(&b, "abc");
    char *p = cp_buf_take(&b, &n);
    assert_string_equal(p, "abc");
    assert_int_equal(n, 3);
    free(p);
    assert_string_equal(cp_buf_str(&b), "");
    assert_int_equal(b.max, 10);
    cp_buf_adds(&b, "abc");
    cp_buf_reset(&b);
    assert_null(cp_buf_take(&b, &n)); /* empty again */
    cp_buf_adds(&b, "12345678901");
    assert_null(cp_buf_take(&b, NULL)); /* failed */
    assert_int_equal(b.failed, CP_OK);
    cp_buf_clear(&b);
}

static void clear_makes_the_buffer_usable_again(void **state)
{
    (void)state;
    struct cp_buf b;
    cp_buf_init(&b, 3);
    cp_buf_adds(&b, "abcd");
    cp_buf_clear(&b);
    cp_buf_clear(&b);
    assert_int_equal(cp_buf_adds(&b, "abc"), CP_OK);
    cp_buf_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_buffer_is_the_empty_string),
        cmocka_unit_test(additions_join_in_order),
        cmocka_unit_test(bytes_may_hold_nul),
        cmocka_unit_test(growing_keeps_the_content),
        cmocka_unit_test(limit_is_exact_and_a_failure_stays),
        cmocka_unit_test(huge_requests_do_not_overflow),
        cmocka_unit_test(missing_memory_is_said),
        cmocka_unit_test(reserve_gives_writable_room),
        cmocka_unit_test(take_moves_the_content_out),
        cmocka_unit_test(clear_makes_the_buffer_usable_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
