/* SPDX-License-Identifier: GPL-3.0-or-later
 * What is said about the provisioned concurrency of the alias or version that is swept.
 */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "profiler/sweep/provisioned.h"
#include "tests/sweep/fake_lambda.h"

#define ARN "arn:aws:lambda:us-east-1:123456789012:function:checkout"

static int stop(void *context)
{
    (void)context;
    return 1;
}

static const char *describe_at(double ready_at_ms, const struct cp_sweep_hooks *hooks,
                               const char *arn, const struct cp_provisioned_config *p,
                               char out[CP_PROVISIONED_TEXT_MAX])
{
    struct cp_lambda l;
    struct cp_function_config f = {.name = "checkout"};
    fake_lambda_init(&l);
    l.provisioned = p;
    l.provisioned_at_ms = ready_at_ms;
    struct cp_sweep_clock clock = fake_lambda_clock(&l);
    (void)snprintf(f.arn, sizeof f.arn, "%s", arn);
    cp_provisioned_describe(&l, &clock, hooks, &f, out);
    fake_lambda_clear(&l);
    return out;
}

static const char *describe(const char *arn, const struct cp_provisioned_config *p,
                            char out[CP_PROVISIONED_TEXT_MAX])
{
    return describe_at(0, NULL, arn, p, out);
}

static void readiness_is_awaited_for_five_minutes_or_until_stopped(void **state)
{
    (void)state;
    char out[CP_PROVISIONED_TEXT_MAX];
    const struct cp_sweep_hooks stopped = {.stop_requests = stop};
    const struct cp_provisioned_config p = {.requested = 5, .available = 5, .status = "READY"};
    assert_non_null(strstr(describe_at(200e3, NULL, ARN ":live", &p, out), ", READY; "));
    assert_non_null(strstr(describe_at(400e3, NULL, ARN ":live", &p, out), ", IN_PROGRESS; "));
    assert_non_null(strstr(describe_at(200e3, &stopped, ARN ":live", &p, out), ", IN_PROGRESS; "));
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
        cmocka_unit_test(readiness_is_awaited_for_five_minutes_or_until_stopped),
        cmocka_unit_test(each_status_is_told_with_its_numbers),
        cmocka_unit_test(nothing_is_said_where_there_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
