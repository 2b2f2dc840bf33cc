/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reserved and provisioned concurrency. Texts recorded from AWS (facts/api.md section 1), rules of
 * facts/behaviour.md section 3.
 */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "tests/local/control/control_fixture.h"

static int setup(void **state)
{
    (void)fixture_setup(state);
    fixture_publish(*state, 256);
    fixture_publish(*state, 512);
    assert_int_equal(
        fixture_do(*state, CP_API_CREATE_ALIAS, "{\"Name\":\"live\",\"FunctionVersion\":\"1\"}"),
        201);
    return 0;
}

static int reserve(struct fixture *f, int count)
{
    char body[64];
    (void)snprintf(body, sizeof body, "{\"ReservedConcurrentExecutions\":%d}", count);
    return fixture_do(f, CP_API_PUT_RESERVED, body);
}

static int provision(struct fixture *f, const char *qualifier, int count)
{
    char body[64];
    (void)snprintf(body, sizeof body, "{\"ProvisionedConcurrentExecutions\":%d}", count);
    return fixture_do_qualified(f, CP_API_PUT_PROVISIONED, qualifier, body);
}

static int64_t configuration_of(struct fixture *f, const char *qualifier)
{
    struct cp_configuration c;
    assert_true(cp_control_resolve(f->control, "hello", qualifier, 0.5, &c, &f->response));
    return c.id;
}

static void reserved_concurrency_is_put_read_and_deleted(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_do(f, CP_API_GET_RESERVED, NULL), 200);
    assert_string_equal(cp_buf_str(&f->response.body), "{}");
    assert_int_equal(reserve(f, 0), 200);
    assert_string_equal(cp_buf_str(&f->response.body), "{\"ReservedConcurrentExecutions\":0}");
    assert_int_equal(reserve(f, 25), 200);
    assert_int_equal(fixture_do(f, CP_API_GET_RESERVED, NULL), 200);
    assert_string_equal(cp_buf_str(&f->response.body), "{\"ReservedConcurrentExecutions\":25}");
    assert_int_equal(fixture_do(f, CP_API_DELETE_RESERVED, NULL), 204);
    assert_int_equal(fixture_do(f, CP_API_GET_RESERVED, NULL), 200);
    assert_string_equal(cp_buf_str(&f->response.body), "{}");
}

static void a_hundred_must_stay_unreserved(void **state)
{
    struct fixture *f = *state;
    fixture_add(f, "other");
    assert_int_equal(
        fixture_call(f,
                     (struct cp_api_request){.operation = CP_API_PUT_RESERVED, .function = "other"},
                     "{\"ReservedConcurrentExecutions\":300}"),
        200);
    assert_int_equal(reserve(f, 600), 200);
    assert_int_equal(reserve(f, 601), 400);
    fixture_assert_error(f, 400, "InvalidParameterValueException",
                         "Specified ReservedConcurrentExecutions for function decreases account's "
                         "UnreservedConcurrentExecution below its minimum value of [100].");
}

static void reservations_are_of_whole_functions_that_exist(void **state)
{
    struct fixture *f = *state;
    (void)fixture_do_qualified(f, CP_API_PUT_RESERVED, "1", "{\"ReservedConcurrentExecutions\":1}");
    fixture_assert_error(
        f, 400, "InvalidParameterValueException",
        "This operation is permitted on Lambda functions only. Aliases and versions do not support "
        "this operation. Please specify either a function name or an unqualified function ARN.");
    (void)fixture_call(
        f, (struct cp_api_request){.operation = CP_API_PUT_RESERVED, .function = "gone"},
        "{\"ReservedConcurrentExecutions\":1}");
    fixture_assert_error(
        f, 404, "ResourceNotFoundException",
        "Function not found: arn:aws:lambda:eu-west-1:123456789012:function:gone:$LATEST");
    (void)fixture_do(f, CP_API_PUT_RESERVED, "{}");
    fixture_assert_error(f, 400, "ValidationException",
                         "1 validation error detected: Value null at "
                         "'reservedConcurrentExecutions' failed to satisfy constraint: Member must "
                         "not be null");
    assert_int_equal(reserve(f, -1), 400);
}

static void a_reservation_is_not_below_what_is_provisioned(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(provision(f, "1", 2), 202);
    (void)reserve(f, 1);
    fixture_assert_error(f, 400, "InvalidParameterValueException",
                         "ReservedConcurrentExecutions  1 should not be lower than function's "
                         "total provisioned concurrency [2].");
    assert_int_equal(reserve(f, 2), 200);
}

static void provisioned_concurrency_is_in_progress_until_all_are_ready(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(provision(f, "live", 3), 202);
    assert_string_equal(fixture_text(f, "Status"), "IN_PROGRESS");
    assert_int_equal((int)fixture_number(f, "RequestedProvisionedConcurrentExecutions"), 3);
    assert_int_equal((int)fixture_number(f, "AvailableProvisionedConcurrentExecutions"), 0);
    assert_int_equal(f->n_provisioned, 1);
    int64_t id = configuration_of(f, "live");
    assert_true(f->provisioned[0].configuration_id == id);
    assert_int_equal(f->provisioned[0].count, 3);
    cp_control_provisioned_progress(f->control, id, 2, NULL);
    assert_int_equal(fixture_do_qualified(f, CP_API_GET_PROVISIONED, "live", NULL), 200);
    assert_string_equal(fixture_text(f, "Status"), "IN_PROGRESS");
    assert_int_equal((int)fixture_number(f, "AvailableProvisionedConcurrentExecutions"), 0);
    assert_int_equal((int)fixture_number(f, "AllocatedProvisionedConcurrentExecutions"), 2);
    cp_control_provisioned_progress(f->control, id, 3, NULL);
    assert_int_equal(fixture_do_qualified(f, CP_API_GET_PROVISIONED, "live", NULL), 200);
    assert_string_equal(fixture_text(f, "Status"), "READY");
    assert_int_equal((int)fixture_number(f, "AvailableProvisionedConcurrentExecutions"), 3);
    assert_false(fixture_has(f, "StatusReason"));
}

static void a_failed_init_is_the_reason_of_the_status(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(provision(f, "1", 1), 202);
    cp_control_provisioned_progress(f->control, configuration_of(f, "1"), 0,
                                    "FUNCTION_ERROR_INIT_FAILURE");
    assert_int_equal(fixture_do_qualified(f, CP_API_GET_PROVISIONED, "1", NULL), 200);
    assert_string_equal(fixture_text(f, "Status"), "FAILED");
    assert_string_equal(fixture_text(f, "StatusReason"), "FUNCTION_ERROR_INIT_FAILURE");
    assert_int_equal(provision(f, "1", 1), 202);
    assert_string_equal(fixture_text(f, "Status"), "IN_PROGRESS");
    assert_false(fixture_has(f, "StatusReason"));
}

static const struct {
    const char *name;
    enum cp_api_operation operation;
    const char *qualifier;
    int count;
    int status;
    const char *error_type, *message;
} refusals[] = {
    {"$LATEST", CP_API_PUT_PROVISIONED, "$LATEST", 1, 400, "InvalidParameterValueException",
     "Provisioned Concurrency Configs cannot be applied to unpublished function versions."},
    {"no qualifier", CP_API_PUT_PROVISIONED, "", 1, 400, "InvalidParameterValueException",
     "Provisioned Concurrency Configs cannot be applied to unpublished function versions."},
    {"unknown alias", CP_API_PUT_PROVISIONED, "gone", 1, 404, "ResourceNotFoundException",
     "Cannot find alias arn: " ARN ":gone"},
    {"unknown version", CP_API_PUT_PROVISIONED, "9", 1, 404, "ResourceNotFoundException",
     "Function not found: " ARN ":9"},
    {"zero", CP_API_PUT_PROVISIONED, "1", 0, 400, "ValidationException",
     "1 validation error detected: Value '0' at 'provisionedConcurrentExecutions' failed to "
     "satisfy constraint: Member must have value greater than or equal to 1"},
    {"more than the account has", CP_API_PUT_PROVISIONED, "1", 1001, 400,
     "InvalidParameterValueException",
     "Specified ConcurrentExecutions for function is greater than account's unreserved "
     "concurrency [1000]."},
    {"more than the account may give", CP_API_PUT_PROVISIONED, "1", 901, 400,
     "InvalidParameterValueException",
     "Specified ConcurrentExecutions for function decreases account's "
     "UnreservedConcurrentExecution below its minimum value of [100]."},
    {"nothing to read", CP_API_GET_PROVISIONED, "1", 0, 404,
     "ProvisionedConcurrencyConfigNotFoundException",
     "No Provisioned Concurrency Config found for this function"},
    {"reading $LATEST", CP_API_GET_PROVISIONED, "$LATEST", 0, 400, "InvalidParameterValueException",
     "The function resource provided must be an alias or a published version."},
};

static void provisioned_concurrency_is_refused_with_awss_words(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        char body[64];
        print_message("%s\n", refusals[i].name);
        (void)snprintf(body, sizeof body, "{\"ProvisionedConcurrentExecutions\":%d}",
                       refusals[i].count);
        (void)fixture_do_qualified(f, refusals[i].operation, refusals[i].qualifier, body);
        fixture_assert_error(f, refusals[i].status, refusals[i].error_type, refusals[i].message);
    }
    assert_int_equal(f->n_provisioned, 0);
}

static void provisioned_concurrency_fits_in_the_reservation(void **state)
{
    struct fixture *f = *state;
    static const char TEXT[] = "Requested Provisioned Concurrency should not be greater than the "
                               "reservedConcurrentExecution for function";
    assert_int_equal(reserve(f, 5), 200);
    (void)provision(f, "1", 6);
    fixture_assert_error(f, 400, "InvalidParameterValueException", TEXT);
    assert_int_equal(provision(f, "1", 3), 202);
    (void)provision(f, "2", 3);
    fixture_assert_error(f, 400, "InvalidParameterValueException", TEXT);
    assert_int_equal(provision(f, "1", 5), 202);
}

static void a_version_is_provisioned_once(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(provision(f, "1", 1), 202);
    (void)provision(f, "live", 1);
    fixture_assert_error(f, 409, "ResourceConflictException",
                         "Alias can't be used for Provisioned Concurrency configuration on an "
                         "already Provisioned version");
    assert_int_equal(fixture_do_qualified(f, CP_API_DELETE_PROVISIONED, "1", NULL), 204);
    assert_int_equal(provision(f, "live", 1), 202);
    (void)provision(f, "1", 1);
    fixture_assert_error(f, 409, "ResourceConflictException",
                         "Version is pointed by a Provisioned Concurrency alias");
}

static void deleting_gives_the_environments_up_and_is_idempotent(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(provision(f, "1", 4), 202);
    assert_int_equal(fixture_do_qualified(f, CP_API_DELETE_PROVISIONED, "1", NULL), 204);
    assert_int_equal(f->n_provisioned, 2);
    assert_true(f->provisioned[1].configuration_id == configuration_of(f, "1"));
    assert_int_equal(f->provisioned[1].count, 0);
    assert_int_equal(fixture_do_qualified(f, CP_API_DELETE_PROVISIONED, "1", NULL), 204);
    assert_int_equal(f->n_provisioned, 2);
}

static void provisioned_concurrency_follows_its_alias(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(provision(f, "live", 4), 202);
    cp_control_provisioned_progress(f->control, configuration_of(f, "1"), 4, NULL);
    assert_int_equal(
        fixture_do_alias(f, CP_API_UPDATE_ALIAS, "live", "{\"FunctionVersion\":\"2\"}"), 200);
    assert_int_equal(f->n_provisioned, 3);
    assert_true(f->provisioned[1].configuration_id == configuration_of(f, "2"));
    assert_int_equal(f->provisioned[1].count, 4);
    assert_true(f->provisioned[2].configuration_id == configuration_of(f, "1"));
    assert_int_equal(f->provisioned[2].count, 0);
    assert_int_equal(fixture_do_qualified(f, CP_API_GET_PROVISIONED, "live", NULL), 200);
    assert_string_equal(fixture_text(f, "Status"), "IN_PROGRESS");
    assert_int_equal(
        fixture_do_alias(f, CP_API_UPDATE_ALIAS, "live", "{\"FunctionVersion\":\"$LATEST\"}"), 400);
}

static void deleting_an_alias_or_a_version_gives_its_environments_up(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(provision(f, "live", 4), 202);
    assert_int_equal(fixture_do_alias(f, CP_API_DELETE_ALIAS, "live", NULL), 204);
    assert_int_equal(f->provisioned[1].count, 0);
    assert_int_equal(provision(f, "2", 4), 202);
    assert_int_equal(fixture_do_qualified(f, CP_API_DELETE_FUNCTION, "2", NULL), 204);
    assert_int_equal(f->n_provisioned, 4);
    assert_int_equal(f->provisioned[3].count, 0);
}

static void provisioned_configurations_are_listed_with_their_arn(void **state)
{
    struct fixture *f = *state;
    struct cp_api_request request = {
        .operation = CP_API_LIST_PROVISIONED, .function = "hello", .is_list = true, .max_items = 1};
    assert_int_equal(provision(f, "live", 1), 202);
    assert_int_equal(provision(f, "2", 2), 202);
    assert_int_equal(fixture_call(f, request, NULL), 200);
    assert_int_equal(fixture_size(f, "ProvisionedConcurrencyConfigs"), 1);
    assert_string_equal(fixture_text(f, "ProvisionedConcurrencyConfigs.0.FunctionArn"), ARN ":2");
    (void)cp_view_copy(cp_view_of(fixture_text(f, "NextMarker")), request.marker,
                       sizeof request.marker);
    assert_int_equal(fixture_call(f, request, NULL), 200);
    assert_string_equal(fixture_text(f, "ProvisionedConcurrencyConfigs.0.FunctionArn"),
                        ARN ":live");
    assert_false(fixture_has(f, "NextMarker"));
    request.max_items = 51;
    assert_int_equal(fixture_call(f, request, NULL), 400);
}

static void the_account_counts_reservations(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(reserve(f, 250), 200);
    assert_int_equal(
        fixture_call(f, (struct cp_api_request){.operation = CP_API_GET_ACCOUNT_SETTINGS}, NULL),
        200);
    assert_int_equal((int)fixture_number(f, "AccountLimit.ConcurrentExecutions"), 1000);
    assert_int_equal((int)fixture_number(f, "AccountLimit.UnreservedConcurrentExecutions"), 750);
    assert_int_equal((int)fixture_number(f, "AccountLimit.CodeSizeUnzipped"), 262144000);
    assert_int_equal((int)fixture_number(f, "AccountUsage.FunctionCount"), 1);
    assert_int_equal((int)fixture_number(f, "AccountUsage.TotalCodeSize"), 1234);
}

static void an_environment_is_told_its_concurrency(void **state)
{
    struct fixture *f = *state;
    struct cp_configuration c;
    assert_int_equal(reserve(f, 40), 200);
    assert_int_equal(provision(f, "live", 4), 202);
    assert_true(cp_control_resolve(f->control, "hello", "live", 0.5, &c, &f->response));
    assert_int_equal(c.provisioned, 4);
    assert_int_equal(c.reserved, 40);
    assert_int_equal(c.account_unreserved, 960);
    assert_true(cp_control_resolve(f->control, "hello", "", 0.5, &c, &f->response));
    assert_int_equal(c.provisioned, 0);
}

#define WITH_VERSIONS(test) cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_VERSIONS(reserved_concurrency_is_put_read_and_deleted),
        WITH_VERSIONS(a_hundred_must_stay_unreserved),
        WITH_VERSIONS(reservations_are_of_whole_functions_that_exist),
        WITH_VERSIONS(a_reservation_is_not_below_what_is_provisioned),
        WITH_VERSIONS(provisioned_concurrency_is_in_progress_until_all_are_ready),
        WITH_VERSIONS(a_failed_init_is_the_reason_of_the_status),
        WITH_VERSIONS(provisioned_concurrency_is_refused_with_awss_words),
        WITH_VERSIONS(provisioned_concurrency_fits_in_the_reservation),
        WITH_VERSIONS(a_version_is_provisioned_once),
        WITH_VERSIONS(deleting_gives_the_environments_up_and_is_idempotent),
        WITH_VERSIONS(provisioned_concurrency_follows_its_alias),
        WITH_VERSIONS(deleting_an_alias_or_a_version_gives_its_environments_up),
        WITH_VERSIONS(provisioned_configurations_are_listed_with_their_arn),
        WITH_VERSIONS(the_account_counts_reservations),
        WITH_VERSIONS(an_environment_is_told_its_concurrency),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
