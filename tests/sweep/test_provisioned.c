/* SPDX-License-Identifier: GPL-3.0-or-later
 * What is said about the provisioned concurrency of the alias or version that is swept.
 */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "profiler/sweep/provisioned.h"
#include "tests/sweep/fake_lambda.h"

#define ARN "arn:aws:lambda:us-east-1:123456789012:function:checkout"

static const char *describe(const char *arn, const struct cp_provisioned_config *p,
                            char out[CP_PROVISIONED_TEXT_MAX])
{
    struct cp_lambda l;
    struct cp_function_config f = {.name = "checkout"};
    fake_lambda_init(&l);
    l.provisioned = p;
    (void)snprintf(f.arn, sizeof f.arn, "%s", arn);
    cp_provisioned_describe(&l, &f, out);
    fake_lambda_clear(&l);
    return out;
}

static void each_status_is_told_with_its_numbers(void **state)
{
    (void)state;
    char out[CP_PROVISIONED_TEXT_MAX];
    struct cp_provisioned_config p = {.requested = 5, .available = 5, .status = "READY"};
    assert_non_null(strstr(describe(ARN ":live", &p, out), "'live' has provisioned concurrency: 5 "
                                                           "requested, 5 available, READY; "));
    assert_non_null(strstr(out, "spill over"));
    p = (struct cp_provisioned_config){.requested = 5, .available = 2, .status = "IN_PROGRESS"};
    assert_non_null(strstr(describe(ARN ":7", &p, out), "'7' has"));
    assert_non_null(strstr(out, "2 available, IN_PROGRESS; until"));
    p = (struct cp_provisioned_config){
        .requested = 1, .status = "FAILED", .status_reason = "FUNCTION_ERROR_INIT_FAILURE"};
    assert_non_null(strstr(describe(ARN ":live", &p, out), "FAILED (FUNCTION_ERROR_INIT_FAILURE); "
                                                           "every request"));
}

static void nothing_is_said_where_there_is_none(void **state)
{
    (void)state;
    char out[CP_PROVISIONED_TEXT_MAX];
    const struct cp_provisioned_config p = {.requested = 5, .status = "READY"};
    assert_string_equal(describe(ARN, &p, out), "");
    assert_string_equal(describe(ARN ":$LATEST", &p, out), "");
    assert_string_equal(describe(ARN ":live", NULL, out), "");
    assert_string_equal(describe("", &p, out), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_status_is_told_with_its_numbers),
        cmocka_unit_test(nothing_is_said_where_there_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
