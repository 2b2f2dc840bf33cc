/* SPDX-License-Identifier: GPL-3.0-or-later
 * GetFunction, GetFunctionConfiguration, UpdateFunctionConfiguration. Texts and rules: facts/api.md
 * section 1 and facts/behaviour.md section 4, recorded from AWS.
 */
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/local/control/control_fixture.h"

static const char *get_revision(struct fixture *f, char out[64])
{
    assert_int_equal(fixture_do(f, CP_API_GET_FUNCTION_CONFIGURATION, NULL), 200);
    assert_true(cp_view_copy(cp_view_of(fixture_text(f, "RevisionId")), out, 64));
    return out;
}

static void a_new_function_is_active_and_described_fully(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_do(f, CP_API_GET_FUNCTION_CONFIGURATION, NULL), 200);
    assert_string_equal(fixture_text(f, "FunctionName"), "hello");
    assert_string_equal(fixture_text(f, "FunctionArn"), ARN);
    assert_string_equal(fixture_text(f, "Version"), "$LATEST");
    assert_string_equal(fixture_text(f, "Runtime"), "python3.11");
    assert_string_equal(fixture_text(f, "Handler"), "app.handler");
    assert_string_equal(fixture_text(f, "Description"), "");
    assert_string_equal(fixture_text(f, "LastModified"), "2026-03-20T09:46:40.000+0000");
    assert_string_equal(fixture_text(f, "State"), "Active");
    assert_string_equal(fixture_text(f, "LastUpdateStatus"), "Successful");
    assert_string_equal(fixture_text(f, "PackageType"), "Zip");
    assert_string_equal(fixture_text(f, "Architectures.0"), "x86_64");
    assert_string_equal(fixture_text(f, "LoggingConfig.LogFormat"), "Text");
    assert_string_equal(fixture_text(f, "LoggingConfig.LogGroup"), "/aws/lambda/hello");
    assert_int_equal((int)fixture_number(f, "MemorySize"), 128);
    assert_int_equal((int)fixture_number(f, "Timeout"), 3);
    assert_int_equal((int)fixture_number(f, "CodeSize"), 1234);
    assert_int_equal(strlen(fixture_text(f, "RevisionId")), 36);
    assert_int_equal(fixture_text(f, "RevisionId")[14], '4');
    assert_false(fixture_has(f, "Environment"));
}

static void get_function_wraps_configuration_and_shows_reserved_concurrency(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_do(f, CP_API_GET_FUNCTION, NULL), 200);
    assert_string_equal(fixture_text(f, "Configuration.FunctionArn"), ARN);
    assert_string_equal(fixture_text(f, "Code.RepositoryType"), "S3");
    assert_string_equal(fixture_text(f, "Code.Location"),
                        "http://fixture/hello/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    assert_false(fixture_has(f, "Concurrency"));
    assert_int_equal(fixture_do(f, CP_API_PUT_RESERVED, "{\"ReservedConcurrentExecutions\":0}"),
                     200);
    assert_int_equal(fixture_do(f, CP_API_GET_FUNCTION, NULL), 200);
    assert_true(fixture_number(f, "Concurrency.ReservedConcurrentExecutions") == 0);
}

static void a_qualified_question_gets_a_qualified_arn(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_do_qualified(f, CP_API_GET_FUNCTION, "$LATEST", NULL), 200);
    assert_string_equal(fixture_text(f, "Configuration.FunctionArn"), ARN ":$LATEST");
    assert_string_equal(fixture_text(f, "Configuration.Version"), "$LATEST");
}

/* Revision ids: one for the update, another when it completes (aws/aws-sdk issue 377). */
static void an_update_is_in_progress_until_its_time_and_changes_the_revision_twice(void **state)
{
    struct fixture *f = *state;
    char before[64];
    char during[64];
    char after[64];
    (void)get_revision(f, before);
    f->now_ms += 1000;
    assert_int_equal(
        fixture_do(f, CP_API_UPDATE_FUNCTION_CONFIGURATION, "{\"MemorySize\":512,\"Timeout\":9}"),
        200);
    assert_string_equal(fixture_text(f, "LastUpdateStatus"), "InProgress");
    assert_string_equal(fixture_text(f, "LastUpdateStatusReasonCode"), "Creating");
    assert_string_equal(fixture_text(f, "State"), "Active");
    assert_string_equal(fixture_text(f, "LastModified"), "2026-03-20T09:46:41.000+0000");
    assert_int_equal((int)fixture_number(f, "MemorySize"), 512);
    assert_int_equal((int)fixture_number(f, "Timeout"), 9);
    assert_true(cp_view_copy(cp_view_of(fixture_text(f, "RevisionId")), during, sizeof during));
    f->now_ms += FIXTURE_DELAY_MS - 1;
    assert_string_equal(get_revision(f, after), during);
    assert_string_equal(fixture_text(f, "LastUpdateStatus"), "InProgress");
    f->now_ms += 1;
    (void)get_revision(f, after);
    assert_string_equal(fixture_text(f, "LastUpdateStatus"), "Successful");
    assert_string_not_equal(before, during);
    assert_string_not_equal(during, after);
}

static void absent_members_stay_as_they_are(void **state)
{
    struct fixture *f = *state;
    static const char *const updates[] = {
        "{\"Description\":\"one\"}",
        "{\"MemorySize\":256}",
        "{\"Timeout\":30}",
        "{\"Environment\":{\"Variables\":{\"COLOUR\":\"blue\"}}}",
        "{\"Description\":null,\"MemorySize\":null}",
        "",
    };
    for (size_t i = 0; i < sizeof updates / sizeof updates[0]; i++) {
        assert_int_equal(fixture_do(f, CP_API_UPDATE_FUNCTION_CONFIGURATION, updates[i]), 200);
        f->now_ms += FIXTURE_DELAY_MS;
    }
    assert_string_equal(fixture_text(f, "Description"), "one");
    assert_int_equal((int)fixture_number(f, "MemorySize"), 256);
    assert_int_equal((int)fixture_number(f, "Timeout"), 30);
    assert_string_equal(fixture_text(f, "Environment.Variables.COLOUR"), "blue");
}

static void the_environment_is_replaced_as_a_whole(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_do(f, CP_API_UPDATE_FUNCTION_CONFIGURATION,
                                "{\"Environment\":{\"Variables\":{\"AA\":\"1\",\"BB\":\"2\"}}}"),
                     200);
    f->now_ms += FIXTURE_DELAY_MS;
    assert_int_equal(fixture_do(f, CP_API_UPDATE_FUNCTION_CONFIGURATION,
                                "{\"Environment\":{\"Variables\":{\"CC\":\"\\u00e9\\\"\"}}}"),
                     200);
    assert_string_equal(fixture_text(f, "Environment.Variables.CC"), "\xc3\xa9\"");
    assert_false(fixture_has(f, "Environment.Variables.AA"));
    f->now_ms += FIXTURE_DELAY_MS;
    assert_int_equal(
        fixture_do(f, CP_API_UPDATE_FUNCTION_CONFIGURATION, "{\"Environment\":{\"Variables\":{}}}"),
        200);
    assert_true(fixture_has(f, "Environment.Variables"));
    assert_false(fixture_has(f, "Environment.Variables.CC"));
}

static void json_logging_has_levels_and_text_has_none(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_do(f, CP_API_UPDATE_FUNCTION_CONFIGURATION,
                                "{\"LoggingConfig\":{\"LogFormat\":\"JSON\","
                                "\"SystemLogLevel\":\"DEBUG\",\"LogGroup\":\"/my/group\"}}"),
                     200);
    assert_string_equal(fixture_text(f, "LoggingConfig.LogFormat"), "JSON");
    assert_string_equal(fixture_text(f, "LoggingConfig.SystemLogLevel"), "DEBUG");
    assert_string_equal(fixture_text(f, "LoggingConfig.ApplicationLogLevel"), "INFO");
    assert_string_equal(fixture_text(f, "LoggingConfig.LogGroup"), "/my/group");
    f->now_ms += FIXTURE_DELAY_MS;
    struct cp_configuration c;
    cp_control_advance(f->control, f->now_ms);
    assert_true(cp_control_resolve(f->control, "hello", "", 0.5, &c, &f->response));
    assert_true(c.is_json_log);
    assert_string_equal(c.system_log_level, "DEBUG");
    assert_int_equal(fixture_do(f, CP_API_UPDATE_FUNCTION_CONFIGURATION,
                                "{\"LoggingConfig\":{\"LogFormat\":\"Text\"}}"),
                     200);
    assert_false(fixture_has(f, "LoggingConfig.SystemLogLevel"));
    assert_string_equal(fixture_text(f, "LoggingConfig.LogGroup"), "/my/group");
}

static void a_second_change_during_an_update_is_a_conflict(void **state)
{
    struct fixture *f = *state;
    static const char TEXT[] = "The operation cannot be performed at this time. An update is in "
                               "progress for resource: " ARN;
    assert_int_equal(fixture_do(f, CP_API_UPDATE_FUNCTION_CONFIGURATION, "{\"MemorySize\":512}"),
                     200);
    (void)fixture_do(f, CP_API_UPDATE_FUNCTION_CONFIGURATION, "{\"MemorySize\":1024}");
    fixture_assert_error(f, 409, "ResourceConflictException", TEXT);
    assert_string_equal(fixture_text(f, "Type"), "User");
    (void)fixture_do(f, CP_API_PUBLISH_VERSION, "{}");
    fixture_assert_error(f, 409, "ResourceConflictException", TEXT);
    f->now_ms += FIXTURE_DELAY_MS;
    assert_int_equal(fixture_do(f, CP_API_PUBLISH_VERSION, "{}"), 201);
    assert_int_equal((int)fixture_number(f, "MemorySize"), 512);
}

static void a_revision_id_is_a_precondition(void **state)
{
    struct fixture *f = *state;
    char revision[64];
    char body[128];
    (void)get_revision(f, revision);
    (void)snprintf(body, sizeof body, "{\"MemorySize\":256,\"RevisionId\":\"%s\"}", revision);
    assert_int_equal(fixture_do(f, CP_API_UPDATE_FUNCTION_CONFIGURATION, body), 200);
    f->now_ms += FIXTURE_DELAY_MS;
    (void)fixture_do(f, CP_API_UPDATE_FUNCTION_CONFIGURATION, body);
    fixture_assert_error(f, 412, "PreconditionFailedException",
                         "The Revision Id provided does not match the latest Revision Id. Call the "
                         "GetFunction/GetAlias API to retrieve the latest Revision Id");
    assert_true(fixture_has(f, "message"));
}

static const struct {
    const char *name, *body, *error_type, *message;
} bad_updates[] = {
    {"memory below 128", "{\"MemorySize\":127}", "ValidationException",
     "1 validation error detected: Value '127' at 'memorySize' failed to satisfy constraint: "
     "Member must have value greater than or equal to 128"},
    {"memory above 10240", "{\"MemorySize\":10241}", "ValidationException",
     "1 validation error detected: Value '10241' at 'memorySize' failed to satisfy constraint: "
     "Member must have value less than or equal to 10240"},
    {"timeout above 900", "{\"Timeout\":901}", "ValidationException",
     "1 validation error detected: Value '901' at 'timeout' failed to satisfy constraint: Member "
     "must have value less than or equal to 900"},
    {"two violations in one answer", "{\"Timeout\":0,\"MemorySize\":1}", "ValidationException",
     "2 validation errors detected: Value '1' at 'memorySize' failed to satisfy constraint: Member "
     "must have value greater than or equal to 128; Value '0' at 'timeout' failed to satisfy "
     "constraint: Member must have value greater than or equal to 1"},
    {"memory as text", "{\"MemorySize\":\"512\"}", "SerializationException",
     "STRING_VALUE can not be converted to an Integer"},
    {"memory with a fraction", "{\"MemorySize\":512.5}", "SerializationException",
     "DECIMAL_VALUE can not be converted to an Integer"},
    {"memory beyond any integer", "{\"MemorySize\":1e300}", "SerializationException",
     "DECIMAL_VALUE can not be converted to an Integer"},
    {"description as number", "{\"Description\":5}", "SerializationException",
     "NUMBER_VALUE can not be converted to a String"},
    {"unknown log format", "{\"LoggingConfig\":{\"LogFormat\":\"XML\"}}", "ValidationException",
     "1 validation error detected: Value 'XML' at 'loggingConfig.logFormat' failed to satisfy "
     "constraint: Member must satisfy enum value set: [JSON, Text]"},
    {"log level without JSON", "{\"LoggingConfig\":{\"SystemLogLevel\":\"WARN\"}}",
     "InvalidParameterValueException", "Log levels can only be set when the LogFormat is JSON."},
    {"reserved variable", "{\"Environment\":{\"Variables\":{\"AWS_REGION\":\"x\"}}}",
     "InvalidParameterValueException",
     "Lambda was unable to configure your environment variables because the environment variables "
     "you have provided contains reserved keys that are currently not supported for modification. "
     "Reserved keys used in this request: AWS_REGION"},
    {"not JSON", "{\"MemorySize\":", "InvalidRequestContentException",
     "Could not parse request body into json: the body is not one JSON object"},
    {"not an object", "[1]", "InvalidRequestContentException",
     "Could not parse request body into json: the body is not one JSON object"},
    {"bytes after the object", "{} {}", "InvalidRequestContentException",
     "Could not parse request body into json: the body is not one JSON object"},
    {"what a zip archive does not have", "{\"ImageConfig\":{}}", "InvalidParameterValueException",
     "This service runs code from zip archives and has no ImageConfig"},
};

static void a_bad_update_says_why_and_changes_nothing(void **state)
{
    struct fixture *f = *state;
    char before[64];
    char after[64];
    (void)get_revision(f, before);
    for (size_t i = 0; i < sizeof bad_updates / sizeof bad_updates[0]; i++) {
        print_message("%s\n", bad_updates[i].name);
        (void)fixture_do(f, CP_API_UPDATE_FUNCTION_CONFIGURATION, bad_updates[i].body);
        fixture_assert_error(f, 400, bad_updates[i].error_type, bad_updates[i].message);
    }
    assert_string_equal(get_revision(f, after), before);
    assert_int_equal((int)fixture_number(f, "MemorySize"), 128);
}

static void the_limits_of_a_variable_are_those_of_aws_and_of_the_record(void **state)
{
    static const struct {
        const char *name;
        int n_variables, value_size, status;
    } cases[] = {
        {"four of 1,000 bytes", 4, 1000, 200}, {"five of 1,000 bytes are over 4 KB", 5, 1000, 400},
        {"sixty-four small ones", 64, 1, 200}, {"sixty-five", 65, 1, 400},
        {"one of 1,023 bytes", 1, 1023, 200},  {"one of 1,024 bytes", 1, 1024, 400},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cp_buf body;
        print_message("%s\n", cases[i].name);
        cp_buf_init(&body, 1 << 20);
        (void)cp_buf_adds(&body, "{\"Environment\":{\"Variables\":{");
        for (int k = 0; k < cases[i].n_variables; k++)
            (void)cp_buf_addf(&body, "%s\"V%02d\":\"%0*d\"", k ? "," : "", k, cases[i].value_size,
                              0);
        (void)cp_buf_adds(&body, "}}}");
        assert_int_equal(fixture_do(f, CP_API_UPDATE_FUNCTION_CONFIGURATION, cp_buf_str(&body)),
                         cases[i].status);
        f->now_ms += FIXTURE_DELAY_MS;
        cp_buf_clear(&body);
    }
}

static void names_are_accepted_in_every_form_and_refused_with_awss_words(void **state)
{
    static const struct {
        const char *function, *qualifier;
        int status;
        const char *error_type, *message;
    } cases[] = {
        {"hello", "", 200, NULL, NULL},
        {"123456789012:hello", "", 200, NULL, NULL},
        {"123456789012:function:hello", "", 200, NULL, NULL},
        {"function:hello", "", 200, NULL, NULL},
        {ARN, "", 200, NULL, NULL},
        {ARN ":$LATEST", "", 200, NULL, NULL},
        {ARN ":$LATEST", "$LATEST", 200, NULL, NULL},
        {ARN ":$LATEST", "1", 400, "InvalidParameterValueException",
         "The derived qualifier from the function name does not match the specified qualifier."},
        {"other", "", 404, "ResourceNotFoundException",
         "Function not found: arn:aws:lambda:eu-west-1:123456789012:function:other"},
        {"hello", "7", 404, "ResourceNotFoundException", "Function not found: " ARN ":7"},
        {"hello", "live", 404, "ResourceNotFoundException", "Function not found: " ARN ":live"},
        {"arn:aws:lambda:us-east-2:123456789012:function:hello", "", 404,
         "ResourceNotFoundException",
         "Functions from 'us-east-2' are not reachable in this region ('eu-west-1')"},
        {"210987654321:hello", "", 404, "ResourceNotFoundException",
         "Function not found: 210987654321:hello"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cp_api_request request = {.operation = CP_API_GET_FUNCTION_CONFIGURATION};
        print_message("%s %s\n", cases[i].function, cases[i].qualifier);
        assert_true(
            cp_view_copy(cp_view_of(cases[i].function), request.function, sizeof request.function));
        assert_true(cp_view_copy(cp_view_of(cases[i].qualifier), request.qualifier,
                                 sizeof request.qualifier));
        assert_int_equal(fixture_call(f, request, NULL), cases[i].status);
        if (cases[i].message)
            fixture_assert_error(f, cases[i].status, cases[i].error_type, cases[i].message);
    }
}

static void a_not_found_answer_is_spelled_as_aws_spells_it(void **state)
{
    struct fixture *f = *state;
    (void)fixture_do_qualified(f, CP_API_GET_FUNCTION, "7", NULL);
    assert_true(fixture_has(f, "Message"));
    assert_false(fixture_has(f, "message"));
    assert_string_equal(fixture_text(f, "Type"), "User");
    (void)fixture_do(f, CP_API_UPDATE_FUNCTION_CONFIGURATION, "{\"MemorySize\":1}");
    assert_true(fixture_has(f, "message"));
    assert_false(fixture_has(f, "Type"));
}

static void functions_are_listed_by_name_in_pages(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 119; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "f%03d", 118 - i);
        fixture_add(f, name);
    }
    struct cp_api_request request = {.operation = CP_API_LIST_FUNCTIONS, .max_items = 10000};
    int total = 0;
    char last[64] = "";
    for (int page = 0; page < 3; page++) {
        assert_int_equal(fixture_call(f, request, NULL), 200);
        int n = fixture_size(f, "Functions");
        assert_int_equal(n, page < 2 ? 50 : 20);
        for (int i = 0; i < n; i++) {
            char path[64];
            (void)snprintf(path, sizeof path, "Functions.%d.FunctionName", i);
            assert_true(strcmp(fixture_text(f, path), last) > 0);
            assert_true(cp_view_copy(cp_view_of(fixture_text(f, path)), last, sizeof last));
        }
        total += n;
        assert_true(fixture_has(f, "NextMarker") == (page < 2));
        (void)cp_view_copy(cp_view_of(fixture_text(f, "NextMarker")), request.marker,
                           sizeof request.marker);
    }
    assert_int_equal(total, 120);
    assert_false(fixture_has(f, "Functions.0.State"));
}

static void two_functions_of_one_name_are_refused(void **state)
{
    struct fixture *f = *state;
    struct cp_function_folder folder;
    struct cp_error err;
    fixture_folder(&folder, "hello");
    assert_int_equal(cp_control_add_function(f->control, &folder, f->now_ms, &err), CP_EEXIST);
    assert_non_null(strstr(err.text, "two functions are named 'hello': name one of them, NAME="));
}

static void deleting_without_a_qualifier_deletes_everything(void **state)
{
    struct fixture *f = *state;
    fixture_publish(f, 256);
    assert_int_equal(f->n_retired, 1); /* what $LATEST was before the update */
    assert_int_equal(fixture_do(f, CP_API_DELETE_FUNCTION, NULL), 204);
    assert_int_equal(f->n_retired, 3);
    assert_int_equal(fixture_do(f, CP_API_GET_FUNCTION, NULL), 404);
    assert_int_equal(fixture_do(f, CP_API_DELETE_FUNCTION, NULL), 404);
}

static void an_invoke_is_not_an_operation_of_the_control_plane(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_do(f, CP_API_INVOKE, "{}"), 404);
    assert_string_equal(f->response.error_type, "UnknownOperationException");
}

static void a_throttle_has_a_reason_and_a_fault_is_the_services(void **state)
{
    struct cp_api_response r;
    (void)state;
    cp_api_response_init(&r);
    assert_int_equal(r.retry_after_s, -1);
    cp_api_fail(&r, 429, "TooManyRequestsException",
                "ReservedFunctionConcurrentInvocationLimitExceeded", "Rate %s", "Exceeded.");
    assert_string_equal(cp_buf_str(&r.body),
                        "{\"Reason\":\"ReservedFunctionConcurrentInvocationLimitExceeded\","
                        "\"Type\":\"User\",\"message\":\"Rate Exceeded.\"}");
    cp_api_fail(&r, 500, "ServiceException", NULL, "no");
    assert_string_equal(cp_buf_str(&r.body), "{\"Type\":\"Service\",\"Message\":\"no\"}");
    assert_string_equal(r.error_type, "ServiceException");
    cp_api_response_clear(&r);
}

static void bad_options_are_refused(void **state)
{
    static const struct cp_control_options bad[] = {
        {.region = "eu west", .account_id = "123456789012", .account_concurrency = 1000},
        {.region = "eu-west-1", .account_id = "12345678901", .account_concurrency = 1000},
        {.region = "eu-west-1", .account_id = "123456789012", .account_concurrency = 0},
        {.region = "eu-west-1",
         .account_id = "123456789012",
         .account_concurrency = 1000,
         .update_delay_ms = -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct cp_control *control = NULL;
        struct cp_error err;
        assert_int_equal(cp_control_new(&bad[i], &control, &err), CP_EINVAL);
        assert_null(control);
    }
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_new_function_is_active_and_described_fully),
        WITH_FIXTURE(get_function_wraps_configuration_and_shows_reserved_concurrency),
        WITH_FIXTURE(a_qualified_question_gets_a_qualified_arn),
        WITH_FIXTURE(an_update_is_in_progress_until_its_time_and_changes_the_revision_twice),
        WITH_FIXTURE(absent_members_stay_as_they_are),
        WITH_FIXTURE(the_environment_is_replaced_as_a_whole),
        WITH_FIXTURE(json_logging_has_levels_and_text_has_none),
        WITH_FIXTURE(a_second_change_during_an_update_is_a_conflict),
        WITH_FIXTURE(a_revision_id_is_a_precondition),
        WITH_FIXTURE(a_bad_update_says_why_and_changes_nothing),
        WITH_FIXTURE(the_limits_of_a_variable_are_those_of_aws_and_of_the_record),
        WITH_FIXTURE(names_are_accepted_in_every_form_and_refused_with_awss_words),
        WITH_FIXTURE(a_not_found_answer_is_spelled_as_aws_spells_it),
        WITH_FIXTURE(functions_are_listed_by_name_in_pages),
        WITH_FIXTURE(two_functions_of_one_name_are_refused),
        WITH_FIXTURE(deleting_without_a_qualifier_deletes_everything),
        WITH_FIXTURE(an_invoke_is_not_an_operation_of_the_control_plane),
        cmocka_unit_test(a_throttle_has_a_reason_and_a_fault_is_the_services),
        cmocka_unit_test(bad_options_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
