/* SPDX-License-Identifier: GPL-3.0-or-later
 * Policies, URLs and settings of asynchronous invocations: kept by qualifier and given back.
 * Sentences are AWS's (facts/api.md).
 */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "tests/local/control/control_fixture.h"

#define PERMISSION                                                                                 \
    "{\"StatementId\":\"s1\",\"Action\":\"lambda:InvokeFunction\","                                \
    "\"Principal\":\"s3.amazonaws.com\",\"SourceAccount\":\"123456789012\","                       \
    "\"SourceArn\":\"arn:aws:s3:::bucket\"}"

static void add_alias(struct fixture *f)
{
    assert_int_equal(fixture_do(f, CP_API_PUBLISH_VERSION, "{}"), 201);
    assert_int_equal(
        fixture_do(f, CP_API_CREATE_ALIAS, "{\"Name\":\"live\",\"FunctionVersion\":\"1\"}"), 201);
}

static int remove_statement(struct fixture *f, const char *id, const char *query)
{
    struct cp_api_request request = {.operation = CP_API_REMOVE_PERMISSION, .function = "hello"};
    assert_true(cp_view_copy(cp_view_of(id), request.alias, sizeof request.alias));
    request.query = cp_view_of(query);
    return fixture_call(f, request, NULL);
}

/* The grammar of policies: an account's number means its root, a host name a service. */
static void a_permission_becomes_a_statement_of_the_policy(void **state)
{
    struct fixture *f = *state;
    static const char STATEMENT[] =
        "{\"Sid\":\"s1\",\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"s3.amazonaws.com\"},"
        "\"Action\":\"lambda:InvokeFunction\",\"Resource\":\"" ARN "\",\"Condition\":{"
        "\"StringEquals\":{\"AWS:SourceAccount\":\"123456789012\"},"
        "\"ArnLike\":{\"AWS:SourceArn\":\"arn:aws:s3:::bucket\"}}}";
    char expected[1024];
    (void)snprintf(expected, sizeof expected,
                   "{\"Version\":\"2012-10-17\",\"Id\":\"default\",\"Statement\":[%s]}", STATEMENT);
    assert_int_equal(fixture_do(f, CP_API_GET_POLICY, NULL), 404);
    fixture_assert_error(f, 404, "ResourceNotFoundException",
                         "The resource you requested does not exist.");
    assert_int_equal(fixture_do(f, CP_API_ADD_PERMISSION, PERMISSION), 201);
    assert_string_equal(fixture_text(f, "Statement"), STATEMENT);
    assert_int_equal(fixture_do(f, CP_API_GET_POLICY, NULL), 200);
    assert_string_equal(fixture_text(f, "Policy"), expected);
    assert_true(fixture_has(f, "RevisionId"));
    assert_int_equal(fixture_do(f, CP_API_ADD_PERMISSION, PERMISSION), 409);
    assert_int_equal(remove_statement(f, "s2", ""), 404);
    fixture_assert_error(f, 404, "ResourceNotFoundException",
                         "Statement s2 is not found in resource policy.");
    assert_int_equal(remove_statement(f, "s1", "RevisionId=0"), 412);
    assert_int_equal(remove_statement(f, "s1", ""), 204);
    assert_int_equal(fixture_do(f, CP_API_GET_POLICY, NULL), 404);
}

static void a_policy_belongs_to_its_qualifier(void **state)
{
    struct fixture *f = *state;
    add_alias(f);
    assert_int_equal(fixture_do_qualified(f, CP_API_ADD_PERMISSION, "live", PERMISSION), 201);
    assert_int_equal(fixture_do(f, CP_API_GET_POLICY, NULL), 404);
    assert_int_equal(fixture_do_qualified(f, CP_API_GET_POLICY, "live", NULL), 200);
    assert_non_null(strstr(fixture_text(f, "Policy"), "\"Resource\":\"" ARN ":live\""));
    assert_int_equal(fixture_do_qualified(f, CP_API_ADD_PERMISSION, "none", PERMISSION), 404);
}

static void a_bad_permission_names_what_is_wrong(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        fixture_do(f, CP_API_ADD_PERMISSION, "{\"StatementId\":\"s 1\",\"Action\":\"lambda:*\"}"),
        400);
    fixture_assert_error(f, 400, "ValidationException",
                         "2 validation errors detected: Value null at 'principal' failed to "
                         "satisfy constraint: Member must not be null; Value 's 1' at "
                         "'statementId' failed to satisfy constraint: Member must satisfy regular "
                         "expression pattern: ([a-zA-Z0-9-_]+)");
}

static void a_url_is_made_once_and_goes(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_do(f, CP_API_GET_URL, NULL), 404);
    assert_int_equal(fixture_do(f, CP_API_CREATE_URL, "{}"), 400);
    assert_int_equal(fixture_do(f, CP_API_CREATE_URL, "{\"AuthType\":\"NONE\"}"), 201);
    assert_string_equal(fixture_text(f, "FunctionArn"), ARN);
    assert_string_equal(fixture_text(f, "AuthType"), "NONE");
    assert_string_equal(fixture_text(f, "InvokeMode"), "BUFFERED");
    assert_int_equal(fixture_do(f, CP_API_CREATE_URL, "{\"AuthType\":\"NONE\"}"), 409);
    assert_int_equal(fixture_do(f, CP_API_UPDATE_URL, "{\"AuthType\":\"AWS_IAM\"}"), 200);
    assert_int_equal(fixture_do(f, CP_API_LIST_URLS, NULL), 200);
    assert_string_equal(fixture_text(f, "FunctionUrlConfigs.0.AuthType"), "AWS_IAM");
    assert_int_equal(fixture_do_qualified(f, CP_API_CREATE_URL, "1", "{\"AuthType\":\"NONE\"}"),
                     400);
    assert_int_equal(fixture_do(f, CP_API_DELETE_URL, NULL), 204);
    assert_int_equal(fixture_do(f, CP_API_DELETE_URL, NULL), 404);
}

static void settings_of_events_are_replaced_or_updated(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_do(f, CP_API_GET_EVENT_INVOKE, NULL), 404);
    fixture_assert_error(f, 404, "ResourceNotFoundException",
                         "The function " ARN ":$LATEST doesn't have an EventInvokeConfig");
    assert_int_equal(fixture_do(f, CP_API_PUT_EVENT_INVOKE, "{\"MaximumRetryAttempts\":1}"), 200);
    assert_int_equal(fixture_do(f, CP_API_UPDATE_EVENT_INVOKE, "{\"MaximumEventAgeInSeconds\":60}"),
                     200);
    assert_true(fixture_number(f, "MaximumRetryAttempts") == 1);
    assert_true(fixture_number(f, "MaximumEventAgeInSeconds") == 60);
    assert_true(fixture_number(f, "LastModified") == 1774000000);
    assert_int_equal(fixture_do(f, CP_API_PUT_EVENT_INVOKE, "{}"), 200); /* replaces all */
    assert_false(fixture_has(f, "MaximumRetryAttempts"));
    assert_int_equal(fixture_do(f, CP_API_PUT_EVENT_INVOKE, "{\"MaximumRetryAttempts\":3}"), 400);
    assert_int_equal(fixture_do(f, CP_API_LIST_EVENT_INVOKES, NULL), 200);
    assert_int_equal(fixture_size(f, "FunctionEventInvokeConfigs"), 1);
    assert_int_equal(fixture_do(f, CP_API_DELETE_EVENT_INVOKE, NULL), 204);
    assert_int_equal(fixture_do(f, CP_API_GET_EVENT_INVOKE, NULL), 404);
}

#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(a_permission_becomes_a_statement_of_the_policy),
        IN_FIXTURE(a_policy_belongs_to_its_qualifier),
        IN_FIXTURE(a_bad_permission_names_what_is_wrong),
        IN_FIXTURE(a_url_is_made_once_and_goes),
        IN_FIXTURE(settings_of_events_are_replaced_or_updated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
