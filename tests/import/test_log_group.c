/* SPDX-License-Identifier: GPL-3.0-or-later
 * How log groups and times are named on the command line.
 */
#include "profiler/import/log_group.h"

#include <string.h>

#include "profiler/import/import_time.h"
#include "tests/test.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static void a_log_group_is_a_name_a_function_or_an_arn(void **state)
{
    (void)state;
    static const struct {
        const char *text, *id, *name, *other, *region;
    } CASES[] = {
        {"/aws/lambda/checkout", "/aws/lambda/checkout", "/aws/lambda/checkout", "", ""},
        {"checkout", "/aws/lambda/checkout", "/aws/lambda/checkout", "checkout", ""},
        {"my-app/prod", "my-app/prod", "my-app/prod", "", ""},
        {"arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/checkout:*",
         "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/checkout",
         "/aws/lambda/checkout", "", "eu-west-1"},
        {"arn:aws-cn:logs:cn-north-1:123456789012:log-group:g",
         "arn:aws-cn:logs:cn-north-1:123456789012:log-group:g", "g", "", "cn-north-1"},
        {"arn:aws:lambda:eu-west-1:123456789012:function:checkout:live", "/aws/lambda/checkout",
         "/aws/lambda/checkout", "", "eu-west-1"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct cp_log_group group;
        struct cp_error err = {0};
        if (cp_log_group_read(CASES[i].text, &group, &err))
            fail_msg("%s: %s", CASES[i].text, err.text);
        assert_string_equal(group.id, CASES[i].id);
        assert_string_equal(group.name, CASES[i].name);
        assert_string_equal(group.other, CASES[i].other);
        assert_string_equal(group.region, CASES[i].region);
    }
}

static void what_can_be_no_log_group_is_refused(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {
        "",
        "a b",
        "/aws/lambda/x\n",
        "caf\xc3\xa9",
        "*",
        "arn:aws:logs:eu-west-1:123456789012:log-group:",
        "arn:aws:logs:eu-west-1:123456789012:log-group",
        "arn:aws:s3:::bucket",
        "arn:aws:logs:EU_WEST:123456789012:log-group:g",
        "arn:aws:lambda:eu-west-1:123456789012:layer:l",
    };
    for (size_t i = 0; i < COUNT(TEXTS); i++) {
        struct cp_log_group group;
        struct cp_error err = {0};
        if (cp_log_group_read(TEXTS[i], &group, &err) != CP_EINVAL)
            fail_msg("'%s' was taken", TEXTS[i]);
        assert_non_null(strstr(err.text, "/aws/lambda/checkout"));
    }
    char longest[CP_LOGS_GROUP_MAX + 2];
    memset(longest, '/', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    struct cp_log_group group;
    assert_int_equal(cp_log_group_read(longest, &group, NULL), CP_EINVAL);
    assert_int_equal(cp_log_group_read(longest + 1, &group, NULL), CP_OK);
}

/* date -u -d '2026-01-01' +%s: 1767225600 */
static void a_time_is_a_date_or_so_long_ago(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t at_ms;
    } CASES[] = {
        {"now", 1767225600000},
        {"7d", 1766620800000},
        {"12h", 1767182400000},
        {"30m", 1767223800000},
        {"2025-12-31", 1767139200000},
        {"2025-12-31T12:00:00Z", 1767182400000},
        {"2025-12-31T12:00:00.5+01:00", 1767178800500},
    };
    static const char *const BAD[] = {"", "7", "yesterday", "-7d", "2025-02-30", "99999d"};
    int64_t at_ms = 0;
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct cp_error err = {0};
        if (cp_import_time_read(CASES[i].text, "--since", 1767225600000, &at_ms, &err))
            fail_msg("%s: %s", CASES[i].text, err.text);
        assert_int_equal(at_ms, CASES[i].at_ms);
    }
    for (size_t i = 0; i < COUNT(BAD); i++) {
        struct cp_error err = {0};
        if (cp_import_time_read(BAD[i], "--since", 1767225600000, &at_ms, &err) != CP_EINVAL)
            fail_msg("'%s' was taken", BAD[i]);
        assert_non_null(strstr(err.text, "--since"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_group_is_a_name_a_function_or_an_arn),
        cmocka_unit_test(what_can_be_no_log_group_is_refused),
        cmocka_unit_test(a_time_is_a_date_or_so_long_ago),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
