/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/base/error.h"

#include <string.h>

#include "tests/test.h"

static void every_code_has_its_own_text(void **state)
{
    (void)state;
    static const enum cp_code codes[] = {
#define CODE(code, text) code,
        CP_CODE_LIST(CODE)
#undef CODE
    };
    size_t n = sizeof codes / sizeof *codes;
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(codes[i], i);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(cp_code_text(codes[i]), cp_code_text(codes[j]));
    }
    assert_string_equal(cp_code_text(CP_OK), "ok");
    assert_string_equal(cp_code_text(CP_ENODATA), "not enough data");
    assert_string_equal(cp_code_text((enum cp_code)n), "unknown error");
    assert_string_equal(cp_code_text((enum cp_code) - 1), "unknown error");
}

static void failure_sets_code_and_message_and_returns_the_code(void **state)
{
    (void)state;
    struct cp_error err = {0};
    assert_int_equal(cp_fail(&err, CP_EIO, "cannot open '%s': line %d", "x.log", 14), CP_EIO);
    assert_int_equal(err.code, CP_EIO);
    assert_string_equal(err.text, "cannot open 'x.log': line 14");
}

static void error_may_be_null(void **state)
{
    (void)state;
    assert_int_equal(cp_fail(NULL, CP_ELIMIT, "%d", 1), CP_ELIMIT);
    assert_int_not_equal(cp_fail_context(NULL, "%d", 1), CP_OK);
}

static void context_goes_in_front_and_keeps_the_code(void **state)
{
    (void)state;
    struct cp_error err = {0};
    cp_fail(&err, CP_EFORMAT, "'%s' is not a number", "abc");
    assert_int_equal(cp_fail_context(&err, "line %d", 3), CP_EFORMAT);
    assert_int_equal(cp_fail_context(&err, "cannot read '%s'", "x.log"), CP_EFORMAT);
    assert_int_equal(err.code, CP_EFORMAT);
    assert_string_equal(err.text, "cannot read 'x.log': line 3: 'abc' is not a number");
}

static void message_may_quote_the_message_before_it(void **state)
{
    (void)state;
    struct cp_error err = {0};
    cp_fail(&err, CP_EIO, "first");
    cp_fail(&err, CP_EREMOTE, "second after %s", err.text);
    assert_string_equal(err.text, "second after first");
}

static void long_messages_are_cut_and_terminated(void **state)
{
    (void)state;
    struct cp_error err;
    char longer[2 * CP_ERROR_TEXT_MAX];
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    memset(&err, 'y', sizeof err);
    assert_int_equal(cp_fail(&err, CP_EINVAL, "%s", longer), CP_EINVAL);
    assert_int_equal(strlen(err.text), CP_ERROR_TEXT_MAX - 1);
    assert_int_equal(cp_fail_context(&err, "%s", longer), CP_EINVAL);
    assert_int_equal(strlen(err.text), CP_ERROR_TEXT_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_its_own_text),
        cmocka_unit_test(failure_sets_code_and_message_and_returns_the_code),
        cmocka_unit_test(error_may_be_null),
        cmocka_unit_test(context_goes_in_front_and_keeps_the_code),
        cmocka_unit_test(message_may_quote_the_message_before_it),
        cmocka_unit_test(long_messages_are_cut_and_terminated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
