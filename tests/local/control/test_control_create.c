/* SPDX-License-Identifier: GPL-3.0-or-later
 * CreateFunction and tags. Sentences of AWS's answers are from facts/behaviour.md and facts/api.md.
 */
#include "tests/test.h"

#include <string.h>

#include "tests/local/control/control_fixture.h"

#define ROLE "arn:aws:iam::123456789012:role/lambda-role"
/* base64 of "archive" (RFC 4648) */
#define MADE                                                                                       \
    "\"FunctionName\":\"made\",\"Role\":\"" ROLE "\",\"Runtime\":\"python3.11\","                  \
    "\"Handler\":\"app.handler\",\"Code\":{\"ZipFile\":\"YXJjaGl2ZQ==\"}"

static int create(struct fixture *f, const char *body)
{
    return fixture_call(f, (struct cp_api_request){.operation = CP_API_CREATE_FUNCTION}, body);
}

static int ask(struct fixture *f, enum cp_api_operation operation, const char *function)
{
    struct cp_api_request request = {.operation = operation};
    assert_true(cp_view_copy(cp_view_of(function), request.function, sizeof request.function));
    return fixture_call(f, request, NULL);
}

static void a_new_function_is_pending_and_becomes_active(void **state)
{
    struct fixture *f = *state;
    struct cp_configuration config;
    char revision[64];
    assert_int_equal(create(f, "{" MADE "}"), 201);
    assert_string_equal(fixture_text(f, "State"), "Pending");
    assert_string_equal(fixture_text(f, "StateReasonCode"), "Creating");
    assert_string_equal(fixture_text(f, "Version"), "$LATEST");
    assert_string_equal(fixture_text(f, "CodeSha256"), "archive");
    assert_string_equal(fixture_text(f, "Role"), ROLE);
    assert_true(fixture_number(f, "CodeSize") == 7);
    assert_true(fixture_number(f, "Timeout") == 3);
    assert_true(fixture_number(f, "MemorySize") == 128);
    assert_string_equal(fixture_text(f, "LoggingConfig.LogGroup"), "/aws/lambda/made");
    assert_true(cp_view_copy(cp_view_of(fixture_text(f, "RevisionId")), revision, sizeof revision));
    cp_api_response_clear(&f->response);
    cp_api_response_init(&f->response);
    assert_false(cp_control_resolve(f->control, "made", "", 0.5, &config, &f->response));
    assert_int_equal(f->response.status, 409);
    f->now_ms += FIXTURE_DELAY_MS;
    assert_int_equal(ask(f, CP_API_GET_FUNCTION_CONFIGURATION, "made"), 200);
    assert_string_equal(fixture_text(f, "State"), "Active");
    assert_string_equal(fixture_text(f, "LastUpdateStatus"), "Successful");
    assert_string_not_equal(fixture_text(f, "RevisionId"), revision);
    assert_true(cp_control_resolve(f->control, "made", "", 0.5, &config, &f->response));
    assert_string_equal(config.folder->dir, "/unpacked/1");
    assert_string_equal(config.folder->program, "/programs/python3.11");
}

static void while_pending_nothing_may_change(void **state)
{
    struct fixture *f = *state;
    static const char PENDING[] = "The operation cannot be performed at this time. The function is "
                                  "currently in the following state: Pending";
    assert_int_equal(create(f, "{" MADE "}"), 201);
    assert_int_equal(ask(f, CP_API_PUBLISH_VERSION, "made"), 409);
    fixture_assert_error(f, 409, "ResourceConflictException", PENDING);
    assert_int_equal(ask(f, CP_API_UPDATE_FUNCTION_CONFIGURATION, "made"), 409);
    assert_int_equal(ask(f, CP_API_DELETE_FUNCTION, "made"), 204);
    assert_int_equal(ask(f, CP_API_GET_FUNCTION, "made"), 404);
}

static void a_name_that_is_taken_is_a_conflict(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(create(f, "{" MADE "}"), 201);
    assert_int_equal(create(f, "{" MADE "}"), 409);
    fixture_assert_error(f, 409, "ResourceConflictException", "Function already exist: made");
    assert_int_equal(f->n_unpacked, 1);
}

static void publish_makes_version_one(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(create(f, "{" MADE ",\"Publish\":true}"), 201);
    assert_string_equal(fixture_text(f, "Version"), "1");
    assert_string_equal(fixture_text(f, "FunctionArn"),
                        "arn:aws:lambda:eu-west-1:123456789012:function:made:1");
    f->now_ms += FIXTURE_DELAY_MS;
    assert_int_equal(ask(f, CP_API_PUBLISH_VERSION, "made"), 201);
    assert_string_equal(fixture_text(f, "Version"), "1");
}

/* Developer Guide, "Lambda function versions": numbers are never reused. */
static void a_function_made_anew_goes_on_counting(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(create(f, "{" MADE ",\"Publish\":true}"), 201);
    assert_string_equal(fixture_text(f, "Version"), "1");
    assert_int_equal(ask(f, CP_API_DELETE_FUNCTION, "made"), 204);
    assert_int_equal(create(f, "{" MADE ",\"Publish\":true}"), 201);
    assert_string_equal(fixture_text(f, "Version"), "2");
    assert_int_equal(ask(f, CP_API_LIST_VERSIONS, "made"), 200);
    assert_int_equal(fixture_size(f, "Versions"), 2);
}

static void what_has_no_effect_here_is_given_back(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        create(f, "{" MADE ",\"MemorySize\":256,\"Timeout\":9,\"Description\":\"d\","
                  "\"VpcConfig\":{\"SubnetIds\":[\"subnet-1\"],\"SecurityGroupIds\":[\"sg-1\"]},"
                  "\"Layers\":[\"arn:aws:lambda:eu-west-1:1:layer:x:1\"],"
                  "\"TracingConfig\":{\"Mode\":\"Active\"},\"EphemeralStorage\":{\"Size\":1000},"
                  "\"DeadLetterConfig\":{\"TargetArn\":\"arn:aws:sqs:eu-west-1:1:q\"},"
                  "\"SnapStart\":{\"ApplyOn\":\"PublishedVersions\"},\"KMSKeyArn\":\"arn:key\","
                  "\"LoggingConfig\":{\"LogFormat\":\"JSON\",\"SystemLogLevel\":\"DEBUG\"},"
                  "\"Environment\":{\"Variables\":{\"COLOUR\":\"red\"}}}"),
        201);
    static const char *const texts[][2] = {
        {"Description", "d"},
        {"VpcConfig.SubnetIds.0", "subnet-1"},
        {"VpcConfig.SecurityGroupIds.0", "sg-1"},
        {"Layers.0.Arn", "arn:aws:lambda:eu-west-1:1:layer:x:1"},
        {"TracingConfig.Mode", "Active"},
        {"DeadLetterConfig.TargetArn", "arn:aws:sqs:eu-west-1:1:q"},
        {"SnapStart.ApplyOn", "PublishedVersions"},
        {"SnapStart.OptimizationStatus", "Off"},
        {"KMSKeyArn", "arn:key"},
        {"LoggingConfig.LogFormat", "JSON"},
        {"LoggingConfig.SystemLogLevel", "DEBUG"},
        {"Environment.Variables.COLOUR", "red"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_string_equal(fixture_text(f, texts[i][0]), texts[i][1]);
    assert_true(fixture_number(f, "EphemeralStorage.Size") == 1000);
    assert_true(fixture_number(f, "MemorySize") == 256);
    assert_true(fixture_number(f, "Timeout") == 9);
}

static const struct {
    const char *name, *body, *type, *message;
} refused[] = {
    {"no role",
     "{\"FunctionName\":\"x\",\"Runtime\":\"provided\",\"Handler\":\"h\",\"Code\":{\"ZipFile\":"
     "\"QUJD\"}}",
     "ValidationException",
     "1 validation error detected: Value null at 'role' failed to satisfy constraint: Member must "
     "not be null"},
    {"no code",
     "{\"FunctionName\":\"x\",\"Runtime\":\"provided\",\"Handler\":\"h\",\"Role\":\"" ROLE "\"}",
     "ValidationException",
     "1 validation error detected: Value null at 'code' failed to satisfy constraint: Member must "
     "not be null"},
    {"not base64",
     "{\"FunctionName\":\"x\",\"Runtime\":\"provided\",\"Handler\":\"h\",\"Role\":\"" ROLE
     "\",\"Code\":{\"ZipFile\":\"%%%%\"}}",
     "SerializationException", "ZipFile is not base64"},
    /* base64 of "broken" */
    {"not a zip archive",
     "{\"FunctionName\":\"x\",\"Runtime\":\"provided\",\"Handler\":\"h\",\"Role\":\"" ROLE
     "\",\"Code\":{\"ZipFile\":\"YnJva2Vu\"}}",
     "InvalidParameterValueException", "Could not unzip uploaded file"},
    {"a runtime that is not here",
     "{\"FunctionName\":\"x\",\"Runtime\":\"cobol\",\"Handler\":\"h\",\"Role\":\"" ROLE
     "\",\"Code\":{\"ZipFile\":\"QUJD\"}}",
     "InvalidParameterValueException", "no such runtime"},
    {"code elsewhere",
     "{\"FunctionName\":\"x\",\"Runtime\":\"provided\",\"Handler\":\"h\",\"Role\":\"" ROLE
     "\",\"Code\":{\"S3Bucket\":\"b\",\"S3Key\":\"k\"}}",
     "InvalidParameterValueException", "This service has no S3: give the archive as ZipFile"},
    {"an image",
     "{\"FunctionName\":\"x\",\"PackageType\":\"Image\",\"Role\":\"" ROLE
     "\",\"Code\":{\"ImageUri\":\"i\"}}",
     "InvalidParameterValueException",
     "This service runs code from zip archives and has no ImageUri"},
    {"no runtime",
     "{\"FunctionName\":\"x\",\"Handler\":\"h\",\"Role\":\"" ROLE
     "\",\"Code\":{\"ZipFile\":\"QUJD\"}}",
     "InvalidParameterValueException",
     "Runtime and Handler are mandatory parameters for functions created with deployment "
     "packages."},
    {"another machine's architecture", "{" MADE ",\"Architectures\":[\"mips\"]}",
     "ValidationException",
     "1 validation error detected: Value 'mips' at 'architectures' failed to satisfy constraint: "
     "Member must satisfy constraint: [Member must have length less than or equal to 1, Member "
     "must satisfy enum value set: [x86_64, arm64], Member must not be null]"},
    {"publish as text", "{" MADE ",\"Publish\":\"yes\"}", "SerializationException",
     "STRING_VALUE can not be converted to a Boolean"},
};

static void a_bad_creation_says_why_and_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        print_message("%s\n", refused[i].name);
        assert_int_equal(create(f, refused[i].body), 400);
        fixture_assert_error(f, 400, refused[i].type, refused[i].message);
    }
    assert_int_equal(
        fixture_call(f, (struct cp_api_request){.operation = CP_API_LIST_FUNCTIONS}, NULL), 200);
    assert_int_equal(fixture_size(f, "Functions"), 1);
}

/* --- tags --- */

static void tags_come_with_the_function_and_go_one_by_one(void **state)
{
    struct fixture *f = *state;
    struct cp_api_request untag = {
        .operation = CP_API_UNTAG_RESOURCE,
        .function = "arn:aws:lambda:eu-west-1:123456789012:function:made",
        .query = cp_view_of("tagKeys=coldprof%3Arun&tagKeys=not-there"),
    };
    struct cp_api_request tag = {.operation = CP_API_TAG_RESOURCE};
    memcpy(tag.function, untag.function, sizeof tag.function);
    assert_int_equal(
        create(f, "{" MADE ",\"Tags\":{\"coldprof:run\":\"r1\",\"coldprof:of\":\"hello\"}}"), 201);
    f->now_ms += FIXTURE_DELAY_MS;
    assert_int_equal(ask(f, CP_API_GET_FUNCTION, "made"), 200);
    assert_string_equal(fixture_text(f, "Tags.coldprof:run"), "r1");
    assert_int_equal(fixture_call(f, tag, "{\"Tags\":{\"a b\":\"c\"}}"), 204);
    assert_int_equal(fixture_call(f, untag, NULL), 204);
    assert_int_equal(ask(f, CP_API_LIST_TAGS, untag.function), 200);
    assert_false(fixture_has(f, "Tags.coldprof:run"));
    assert_string_equal(fixture_text(f, "Tags.coldprof:of"), "hello");
    assert_string_equal(fixture_text(f, "Tags.a b"), "c");
    assert_int_equal(ask(f, CP_API_LIST_TAGS, "made"), 400);
}

static void a_function_has_fifty_tags_at_most(void **state)
{
    struct fixture *f = *state;
    struct cp_buf body;
    cp_buf_init(&body, 1 << 16);
    (void)cp_buf_adds(&body, "{\"Tags\":{");
    for (int i = 0; i < 51; i++)
        (void)cp_buf_addf(&body, "%s\"k%d\":\"v\"", i ? "," : "", i);
    (void)cp_buf_adds(&body, "}}");
    struct cp_api_request tag = {.operation = CP_API_TAG_RESOURCE, .function = ARN};
    assert_int_equal(fixture_call(f, tag, cp_buf_str(&body)), 400);
    fixture_assert_error(f, 400, "InvalidParameterValueException",
                         "Number of tags exceeds resource tag limit.");
    cp_buf_clear(&body);
    assert_int_equal(ask(f, CP_API_LIST_TAGS, ARN), 200);
    assert_false(fixture_has(f, "Tags.k0"));
}

#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(a_new_function_is_pending_and_becomes_active),
        IN_FIXTURE(while_pending_nothing_may_change),
        IN_FIXTURE(a_name_that_is_taken_is_a_conflict),
        IN_FIXTURE(publish_makes_version_one),
        IN_FIXTURE(a_function_made_anew_goes_on_counting),
        IN_FIXTURE(what_has_no_effect_here_is_given_back),
        IN_FIXTURE(a_bad_creation_says_why_and_leaves_nothing),
        IN_FIXTURE(tags_come_with_the_function_and_go_one_by_one),
        IN_FIXTURE(a_function_has_fifty_tags_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
