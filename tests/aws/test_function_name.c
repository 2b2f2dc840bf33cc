/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/function_name.h"

#include <string.h>

#include "tests/test.h"

static void names_and_arns_are_accepted(void **state)
{
    (void)state;
    static const char *const good[] = {
        "f",
        "my_fn-2",
        "f:live",
        "f:$LATEST",
        "f:12",
        "123456789012:f",
        "123456789012:function:f",
        "123456789012:function:f:live",
        "function:f",
        "arn:aws:lambda:eu-central-1:123456789012:function:f",
        "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:f:$LATEST",
        "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl", /* 64 */
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct cp_error err;
        if (cp_function_name_check(good[i], &err))
            fail_msg("%s", err.text);
    }
}

static void other_texts_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        NULL,
        "",
        "a b",
        "a/b",
        "../f",
        "f%2e",
        "f?Qualifier=1",
        "f:",
        ":f",
        "f:a:b",
        "f:$OTHER",
        "f\n",
        "1234:function:f",
        "arn:aws:s3:eu-central-1:123456789012:function:f",
        "arn:aws:lambda:eu-central-1:12345:function:f",
        "arn:aws:lambda:evil.com/:123456789012:function:f",
        "arn:aws:lambda:eu-central-1:123456789012:layer:f",
        "arn:aws:lambda:eu-central-1:123456789012:function:",
        "arn:aws:lambda:eu-central-1:123456789012:function:f:1:2",
        "arn:aws:lambda",
        "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklm", /* 65 */
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (cp_function_name_check(bad[i], NULL) != CP_EINVAL)
            fail_msg("'%s' was not refused", bad[i]);
}

static void only_numbers_are_versions(void **state)
{
    (void)state;
    static const char *const bad[] = {NULL,
                                      "",
                                      "0",
                                      "01",
                                      "-1",
                                      "+1",
                                      "1 ",
                                      "1a",
                                      " 1",
                                      "$LATEST",
                                      "live",
                                      "1.0",
                                      "1234567890123456789"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (cp_version_check(bad[i], NULL) != CP_EINVAL)
            fail_msg("'%s' was not refused", bad[i]);
    assert_int_equal(cp_version_check("1", NULL), CP_OK);
    assert_int_equal(cp_version_check("1042", NULL), CP_OK);
    assert_int_equal(cp_qualifier_check("$LATEST", NULL), CP_OK);
    assert_int_equal(cp_qualifier_check("", NULL), CP_EINVAL);
    assert_int_equal(cp_qualifier_check(NULL, NULL), CP_EINVAL);
    assert_int_equal(cp_qualifier_check("a&b", NULL), CP_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_arns_are_accepted),
        cmocka_unit_test(other_texts_are_refused),
        cmocka_unit_test(only_numbers_are_versions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
