/* SPDX-License-Identifier: GPL-3.0-or-later
 * The Lambda client over a scripted transport: what it asks (paths and bodies of the AWS service
 * model, lambda 2015-03-31) and what it makes of the answers.
 */
#include "probes/aws/lambda.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/aws/fake_client.h"
#include "tests/test.h"

#define PROVISIONED                                                                                \
    "{\"RequestedProvisionedConcurrentExecutions\":5,"                                             \
    "\"AvailableProvisionedConcurrentExecutions\":2,"                                              \
    "\"AllocatedProvisionedConcurrentExecutions\":3,\"Status\":\"IN_PROGRESS\","                   \
    "\"LastModified\":\"2026-02-11T09:15:02+0000\"}"

/* --- each call: method, URL and body --- */

static bool count_one(void *context, const struct cp_function_config *version)
{
    (void)version;
    ++*(int *)context;
    return true;
}

static enum cp_code run_get_config(struct cp_lambda *l, struct cp_error *err)
{
    return cp_lambda_get_function_configuration(l, "f", "$LATEST", NULL, err);
}

static enum cp_code run_get_config_by_arn(struct cp_lambda *l, struct cp_error *err)
{
    return cp_lambda_get_function_configuration(l, ARN, NULL, NULL, err);
}

static enum cp_code run_get_function(struct cp_lambda *l, struct cp_error *err)
{
    return cp_lambda_get_function(l, "f", "live", NULL, NULL, err);
}

static enum cp_code run_update(struct cp_lambda *l, struct cp_error *err)
{
    return cp_lambda_update_function_configuration(
        l, "f",
        &(struct cp_function_update){.memory_size_mb = 512, .timeout_s = 9, .revision_id = "r\"1"},
        NULL, err);
}

static enum cp_code run_update_description(struct cp_lambda *l, struct cp_error *err)
{
    return cp_lambda_update_function_configuration(
        l, "f", &(struct cp_function_update){.description = ""}, NULL, err);
}

static enum cp_code run_publish(struct cp_lambda *l, struct cp_error *err)
{
    return cp_lambda_publish_version(
        l, "f", &(struct cp_version_publish){.description = "coldprof run", .revision_id = "r-1"},
        NULL, err);
}

static enum cp_code run_delete_version(struct cp_lambda *l, struct cp_error *err)
{
    return cp_lambda_delete_version(l, "f", "7", err);
}

static enum cp_code run_put_provisioned(struct cp_lambda *l, struct cp_error *err)
{
    return cp_lambda_put_provisioned(l, "f", "7", 5, NULL, err);
}

static enum cp_code run_get_provisioned(struct cp_lambda *l, struct cp_error *err)
{
    return cp_lambda_get_provisioned(l, "f", "7", NULL, err);
}

static enum cp_code run_delete_provisioned(struct cp_lambda *l, struct cp_error *err)
{
    return cp_lambda_delete_provisioned(l, "f", "7", err);
}

static enum cp_code run_put_reserved(struct cp_lambda *l, struct cp_error *err)
{
    return cp_lambda_put_reserved(l, "f", 0, err);
}

static enum cp_code run_delete_reserved(struct cp_lambda *l, struct cp_error *err)
{
    return cp_lambda_delete_reserved(l, "f", err);
}

static enum cp_code run_account(struct cp_lambda *l, struct cp_error *err)
{
    return cp_lambda_get_account_settings(l, NULL, err);
}

static enum cp_code run_list_versions(struct cp_lambda *l, struct cp_error *err)
{
    int n = 0;
    return cp_lambda_list_versions(l, "f", count_one, &n, err);
}

static enum cp_code run_list_functions(struct cp_lambda *l, struct cp_error *err)
{
    int n = 0;
    return cp_lambda_list_functions(l, count_one, &n, err);
}

static const struct {
    const char *name;
    enum cp_code (*run)(struct cp_lambda *l, struct cp_error *err);
    struct fake_answer answer;
    const char *method, *url, *body;
} CALLS[] = {
    {"GetFunctionConfiguration",
     run_get_config,
     {200, REQUEST_ID, CONFIG, 0, 0},
     "GET",
     ORIGIN "/2015-03-31/functions/f/configuration?Qualifier=%24LATEST",
     ""},
    {"GetFunctionConfiguration by ARN",
     run_get_config_by_arn,
     {200, REQUEST_ID, CONFIG, 0, 0},
     "GET",
     ORIGIN "/2015-03-31/functions/"
            "arn%3Aaws%3Alambda%3Aeu-central-1%3A123456789012%3Afunction%3Af/configuration",
     ""},
    {"GetFunction",
     run_get_function,
     {200, REQUEST_ID, "{\"Configuration\":" CONFIG "}", 0, 0},
     "GET",
     ORIGIN "/2015-03-31/functions/f?Qualifier=live",
     ""},
    {"UpdateFunctionConfiguration",
     run_update,
     {200, REQUEST_ID, CONFIG, 0, 0},
     "PUT",
     ORIGIN "/2015-03-31/functions/f/configuration",
     "{\"MemorySize\":512,\"Timeout\":9,\"RevisionId\":\"r\\\"1\"}"},
    {"UpdateFunctionConfiguration of the description",
     run_update_description,
     {200, REQUEST_ID, CONFIG, 0, 0},
     "PUT",
     ORIGIN "/2015-03-31/functions/f/configuration",
     "{\"Description\":\"\"}"},
    {"PublishVersion",
     run_publish,
     {201, REQUEST_ID, CONFIG, 0, 0},
     "POST",
     ORIGIN "/2015-03-31/functions/f/versions",
     "{\"Description\":\"coldprof run\",\"RevisionId\":\"r-1\"}"},
    {"DeleteFunction (204)",
     run_delete_version,
     {204, REQUEST_ID, NULL, 0, 0},
     "DELETE",
     ORIGIN "/2015-03-31/functions/f?Qualifier=7",
     ""},
    {"DeleteFunction (200)",
     run_delete_version,
     {200, REQUEST_ID, "{\"StatusCode\":204}", 0, 0},
     "DELETE",
     ORIGIN "/2015-03-31/functions/f?Qualifier=7",
     ""},
    {"PutProvisionedConcurrencyConfig",
     run_put_provisioned,
     {202, REQUEST_ID, PROVISIONED, 0, 0},
     "PUT",
     ORIGIN "/2019-09-30/functions/f/provisioned-concurrency?Qualifier=7",
     "{\"ProvisionedConcurrentExecutions\":5}"},
    {"GetProvisionedConcurrencyConfig",
     run_get_provisioned,
     {200, REQUEST_ID, PROVISIONED, 0, 0},
     "GET",
     ORIGIN "/2019-09-30/functions/f/provisioned-concurrency?Qualifier=7",
     ""},
    {"DeleteProvisionedConcurrencyConfig",
     run_delete_provisioned,
     {204, REQUEST_ID, NULL, 0, 0},
     "DELETE",
     ORIGIN "/2019-09-30/functions/f/provisioned-concurrency?Qualifier=7",
     ""},
    {"PutFunctionConcurrency",
     run_put_reserved,
     {200, REQUEST_ID, "{\"ReservedConcurrentExecutions\":0}", 0, 0},
     "PUT",
     ORIGIN "/2017-10-31/functions/f/concurrency",
     "{\"ReservedConcurrentExecutions\":0}"},
    {"DeleteFunctionConcurrency",
     run_delete_reserved,
     {204, REQUEST_ID, NULL, 0, 0},
     "DELETE",
     ORIGIN "/2017-10-31/functions/f/concurrency",
     ""},
    {"GetAccountSettings",
     run_account,
     {200, REQUEST_ID, "{\"AccountLimit\":{\"ConcurrentExecutions\":1000}}", 0, 0},
     "GET",
     ORIGIN "/2016-08-19/account-settings",
     ""},
    {"ListVersionsByFunction",
     run_list_versions,
     {200, REQUEST_ID, "{\"Versions\":[]}", 0, 0},
     "GET",
     ORIGIN "/2015-03-31/functions/f/versions?MaxItems=50",
     ""},
    {"ListFunctions",
     run_list_functions,
     {200, REQUEST_ID, "{\"Functions\":[],\"NextMarker\":null}", 0, 0},
     "GET",
     ORIGIN "/2015-03-31/functions?MaxItems=50",
     ""},
};

static void each_call_asks_what_the_service_model_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(CALLS); i++) {
        struct cp_lambda *l = client(&CALLS[i].answer, 1);
        struct cp_error err = {0};
        if (CALLS[i].run(l, &err))
            fail_msg("%s: %s", CALLS[i].name, err.text);
        const struct fake_request *r = &fake.requests[0];
        assert_int_equal(fake.n_requests, 1);
        if (strcmp(r->method, CALLS[i].method) != 0 || strcmp(r->url, CALLS[i].url) != 0 ||
            strcmp(r->body, CALLS[i].body) != 0)
            fail_msg("%s sent %s %s\n%s", CALLS[i].name, r->method, r->url, r->body);
        const char *type = fake_header(r, "content-type");
        if ((CALLS[i].body[0] != '\0') != (type && strcmp(type, "application/json") == 0))
            fail_msg("%s: Content-Type is %s", CALLS[i].name, type ? type : "absent");
        cp_lambda_free(l);
    }
}

static void every_call_reports_a_refusal(void **state)
{
    (void)state;
    static const struct fake_answer refusal = {.status = 403,
                                               .headers = REQUEST_ID
                                               "x-amzn-ErrorType: AccessDeniedException\n",
                                               .body = "{\"Message\":\"not authorized\"}"};
    for (size_t i = 0; i < COUNT(CALLS); i++) {
        struct cp_lambda *l = client(&refusal, 1);
        struct cp_error err = {0};
        if (CALLS[i].run(l, &err) != CP_EDENIED)
            fail_msg("%s: code %d, %s", CALLS[i].name, err.code, err.text);
        if (!strstr(err.text,
                    "HTTP 403 AccessDeniedException: not authorized (request id 6bfb1e3c"))
            fail_msg("%s: %s", CALLS[i].name, err.text);
        assert_null(strstr(err.text, SECRET));
        assert_int_equal(cp_lambda_last_failure(l)->http_status, 403);
        assert_string_equal(cp_lambda_last_failure(l)->error_code, "AccessDeniedException");
        cp_lambda_free(l);
    }
}

static void every_reading_call_refuses_an_answer_that_is_no_json(void **state)
{
    (void)state;
    static const struct fake_answer html = {200, REQUEST_ID, "<html>", 0, 0};
    for (size_t i = 0; i < COUNT(CALLS); i++) {
        bool needs_answer =
            CALLS[i].run != run_delete_version && CALLS[i].run != run_put_reserved &&
            CALLS[i].run != run_delete_reserved && CALLS[i].run != run_delete_provisioned;
        if (!needs_answer)
            continue;
        struct cp_lambda *l = client(&html, 1);
        struct cp_error err = {0};
        if (CALLS[i].run(l, &err) != CP_EFORMAT)
            fail_msg("%s: code %d, %s", CALLS[i].name, err.code, err.text);
        cp_lambda_free(l);
    }
}

/* --- answers --- */

static void layers_are_read_in_order_and_whole(void **state)
{
    (void)state;
    static const char a[] = "arn:aws:lambda:eu-west-1:123456789012:layer:otel:7";
    static const char b[] = "arn:aws:lambda:eu-west-1:123456789012:layer:a:2";
    char both[256];
    char body[2048];
    (void)snprintf(both, sizeof both, "%s %s", a, b);
    const struct {
        const char *list, *layers;
    } rows[] = {
        {"[]", ""},
        {"null", ""},
        {"[{\"Arn\":\"%1\",\"CodeSize\":5},{\"Arn\":\"%2\"}]", both},
        {"[{\"Arn\":\"%1\"},{},7,{\"Arn\":3},{\"Arn\":\"\"}]", a},
        {"[{\"Arn\":\"%3\"},{\"Arn\":\"%2\"}]", b}, /* one that is too long */
    };
    char endless[1300];
    memset(endless, 'x', sizeof endless);
    endless[sizeof endless - 1] = '\0';
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cp_buf list;
        struct cp_function_config c;
        cp_buf_init(&list, sizeof body);
        for (const char *p = rows[i].list; *p; p++) {
            if (*p != '%') {
                cp_buf_addc(&list, *p);
                continue;
            }
            cp_buf_adds(&list, p[1] == '1' ? a : p[1] == '2' ? b : endless);
            p++;
        }
        (void)snprintf(body, sizeof body,
                       "{\"FunctionName\":\"f\",\"CodeSize\":2409600,\"Layers\":%s}",
                       cp_buf_str(&list));
        cp_buf_clear(&list);
        const struct fake_answer answer = {200, REQUEST_ID, body, 0, 0};
        struct cp_lambda *l = client(&answer, 1);
        struct cp_error err = {CP_OK, ""};
        if (cp_lambda_get_function_configuration(l, "f", NULL, &c, &err))
            fail_msg("%s", err.text);
        assert_string_equal(c.layers, rows[i].layers);
        assert_int_equal(c.code_size, 2409600);
        cp_lambda_free(l);
    }
}

static void a_configuration_is_read_member_by_member(void **state)
{
    (void)state;
    static const struct fake_answer answer = {
        200, REQUEST_ID,
        "{\"Configuration\":" CONFIG ",\"Code\":{},"
        "\"Concurrency\":{\"ReservedConcurrentExecutions\":7}}",
        0, 0};
    struct cp_lambda *l = client(&answer, 1);
    struct cp_function_config c;
    int reserved = 0;
    assert_int_equal(cp_lambda_get_function(l, "f", NULL, &c, &reserved, NULL), CP_OK);
    assert_string_equal(c.name, "f");
    assert_string_equal(c.arn, ARN);
    assert_string_equal(c.version, "$LATEST");
    assert_string_equal(c.runtime, "python3.14");
    assert_string_equal(c.handler, "app.handler");
    assert_string_equal(c.architecture, "arm64");
    assert_string_equal(c.package_type, "Zip");
    assert_string_equal(c.code_sha256, "abc=");
    assert_string_equal(c.revision_id, "r-1");
    assert_string_equal(c.state, "Active");
    assert_string_equal(c.last_update_status, "Successful");
    assert_string_equal(c.description, "d");
    assert_string_equal(c.log_format, "JSON");
    assert_string_equal(c.system_log_level, "WARN");
    assert_string_equal(c.runtime_version_arn, "rv");
    assert_string_equal(c.snap_start_apply_on, "PublishedVersions");
    assert_string_equal(c.snap_start_optimization, "Off");
    assert_int_equal(c.ephemeral_storage_mb, 512);
    assert_false(c.has_capacity_provider);
    assert_false(c.has_tenancy || c.has_code_signing || c.is_durable);
    assert_string_equal(c.environment_error, "");
    assert_int_equal(c.memory_size_mb, 128);
    assert_int_equal(c.timeout_s, 3);
    assert_int_equal(c.code_size, 8201);
    assert_int_equal(reserved, 7);
    cp_lambda_free(l);
}

static void an_image_without_optional_members_is_read(void **state)
{
    (void)state;
    static const struct fake_answer answer = {
        200, REQUEST_ID,
        "{\"Configuration\":{\"FunctionName\":\"f\",\"MemorySize\":10240,"
        "\"CapacityProviderConfig\":{}},\"Concurrency\":{}}",
        0, 0};
    struct cp_lambda *l = client(&answer, 1);
    struct cp_function_config c;
    int reserved = 0;
    assert_int_equal(cp_lambda_get_function(l, "f", NULL, &c, &reserved, NULL), CP_OK);
    assert_string_equal(c.runtime, "");
    assert_string_equal(c.architecture, "x86_64");
    assert_int_equal(c.memory_size_mb, 10240);
    assert_true(c.has_capacity_provider);
    assert_int_equal(reserved, -1);
    cp_lambda_free(l);
}

/* Members that tell what kind of function it is (fact sheet on the API, section 1). */
static void the_kind_of_a_function_is_read(void **state)
{
    (void)state;
    static const struct fake_answer answer = {
        200, REQUEST_ID,
        "{\"FunctionName\":\"f\",\"MasterArn\":\"" ARN "\","
        "\"Environment\":{\"Error\":{\"ErrorCode\":\"AccessDeniedException\","
        "\"Message\":\"key k-1\"}},\"SigningJobArn\":\"j\",\"DurableConfig\":{},"
        "\"TenancyConfig\":{\"TenantIsolationMode\":\"PER_TENANT\"},"
        "\"LoggingConfig\":{\"LogGroup\":\"/aws/lambda/f\"}}",
        0, 0};
    struct cp_lambda *l = client(&answer, 1);
    struct cp_function_config c;
    assert_int_equal(cp_lambda_get_function_configuration(l, "f", NULL, &c, NULL), CP_OK);
    assert_string_equal(c.master_arn, ARN);
    assert_string_equal(c.environment_error, "AccessDeniedException");
    assert_string_equal(c.log_group, "/aws/lambda/f");
    assert_true(c.has_code_signing);
    assert_true(c.is_durable);
    assert_true(c.has_tenancy);
    cp_lambda_free(l);
}

static void answers_out_of_range_are_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *body, *text;
    } cases[] = {
        {"{}", "'f': the answer has no 'FunctionName'"},
        {"[]", "'f': the answer is not a JSON object"},
        {"{\"FunctionName\":\"f\",\"MemorySize\":1e300}",
         "'f': 'MemorySize' in the answer is not a whole number in 0..2147483647"},
        {"{\"FunctionName\":\"f\",\"MemorySize\":-1}",
         "'f': 'MemorySize' in the answer is not a whole number in 0..2147483647"},
        {"{\"FunctionName\":\"f\",\"Timeout\":2.5}",
         "'f': 'Timeout' in the answer is not a whole number in 0..2147483647"},
        {"{\"FunctionName\":\"f\",\"Timeout\":\"3\"}",
         "'f': 'Timeout' in the answer is not a whole number in 0..2147483647"},
        {"{\"FunctionName\":\"f\",\"CodeSize\":1e17}",
         "'f': 'CodeSize' in the answer is not a whole number in 0..9007199254740992"},
        {"{\"FunctionName\":\"f\",\"RevisionId\":"
         "\"0123456789012345678901234567890123456789012345678"
         "9\"}",
         "'f': 'RevisionId' in the answer is longer than 47 bytes"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct fake_answer answer = {200, REQUEST_ID, cases[i].body, 0, 0};
        struct cp_lambda *l = client(&answer, 1);
        struct cp_error err;
        assert_int_equal(cp_lambda_get_function_configuration(l, "f", NULL, NULL, &err),
                         CP_EFORMAT);
        assert_string_equal(err.text, cases[i].text);
        cp_lambda_free(l);
    }
}

static void provisioned_concurrency_and_account_limits_are_read(void **state)
{
    (void)state;
    static const struct fake_answer answers[] = {
        {200, REQUEST_ID, PROVISIONED, 0, 0},
        {200, REQUEST_ID,
         "{\"Status\":\"FAILED\",\"StatusReason\":\"role\",\"RequestedProvisionedConcurrent"
         "Executions\":1}",
         0, 0},
        {404, REQUEST_ID "x-amzn-ErrorType: ProvisionedConcurrencyConfigNotFoundException\n",
         "{\"message\":\"No Provisioned Concurrency Config found for this function\"}", 0, 0},
        {200, REQUEST_ID,
         "{\"AccountLimit\":{\"ConcurrentExecutions\":1000,"
         "\"UnreservedConcurrentExecutions\":900},\"AccountUsage\":{}}",
         0, 0},
    };
    struct cp_lambda *l = client(answers, COUNT(answers));
    struct cp_provisioned_config p;
    struct cp_account_settings a;
    assert_int_equal(cp_lambda_get_provisioned(l, "f", "live", &p, NULL), CP_OK);
    assert_int_equal(p.requested, 5);
    assert_int_equal(p.available, 2);
    assert_int_equal(p.allocated, 3);
    assert_string_equal(p.status, "IN_PROGRESS");
    assert_int_equal(cp_lambda_get_provisioned(l, "f", "live", &p, NULL), CP_OK);
    assert_string_equal(p.status_reason, "role");
    assert_int_equal(cp_lambda_get_provisioned(l, "f", "live", &p, NULL), CP_ENOTFOUND);
    assert_int_equal(cp_lambda_get_account_settings(l, &a, NULL), CP_OK);
    assert_int_equal(a.concurrent_executions, 1000);
    assert_int_equal(a.unreserved_concurrent_executions, 900);
    cp_lambda_free(l);
}

struct seen {
    char names[64];
    size_t most;
};

static bool collect(void *context, const struct cp_function_config *version)
{
    struct seen *seen = context;
    size_t n = strlen(seen->names);
    assert_true(n + strlen(version->version) + 2 < sizeof seen->names);
    memcpy(seen->names + n, version->version, strlen(version->version) + 1);
    n = strlen(seen->names);
    seen->names[n] = ' ';
    seen->names[n + 1] = '\0';
    return --seen->most > 0;
}

static const struct fake_answer PAGES[] = {
    {200, REQUEST_ID,
     "{\"NextMarker\":\"a+b/=\",\"Versions\":[{\"FunctionName\":\"f\",\"Version\":\"$LATEST\"},"
     "{\"FunctionName\":\"f\",\"Version\":\"1\"}]}",
     0, 0},
    {200, REQUEST_ID, "{\"NextMarker\":\"c\",\"Versions\":[]}", 0, 0},
    {200, REQUEST_ID, "{\"Versions\":[{\"FunctionName\":\"f\",\"Version\":\"2\"}]}", 0, 0},
};

static void listings_follow_their_pages(void **state)
{
    (void)state;
    struct cp_lambda *l = client(PAGES, COUNT(PAGES));
    struct seen seen = {.most = 100};
    assert_int_equal(cp_lambda_list_versions(l, "f", collect, &seen, NULL), CP_OK);
    assert_string_equal(seen.names, "$LATEST 1 2 ");
    assert_int_equal(fake.n_requests, 3);
    assert_string_equal(fake.requests[1].url, ORIGIN "/2015-03-31/functions/f/versions?"
                                                     "Marker=a%2Bb%2F%3D&MaxItems=50");
    cp_lambda_free(l);
}

#define PAGE(name, marker)                                                                         \
    {                                                                                              \
        200, REQUEST_ID,                                                                           \
            "{\"Versions\":[{\"FunctionName\":\"f\",\"Version\":\"" name                           \
            "\"}],\"NextMarker\":" marker "}",                                                     \
            0, 0                                                                                   \
    }

static void empty_pages_in_between_are_no_end(void **state)
{
    (void)state;
    static const struct fake_answer answers[] = {
        PAGE("1", "\"a\""),
        {200, REQUEST_ID, "{\"Versions\":[],\"NextMarker\":\"b\"}", 0, 0},
        PAGE("2", "null"),
    };
    struct cp_lambda *l = client(answers, COUNT(answers));
    struct seen seen = {.most = 100};
    assert_int_equal(cp_lambda_list_versions(l, "f", collect, &seen, NULL), CP_OK);
    assert_string_equal(seen.names, "1 2 ");
    cp_lambda_free(l);
}

static void markers_that_come_again_are_a_loop(void **state)
{
    (void)state;
    static const struct fake_answer same[] = {PAGE("1", "\"a\""), PAGE("1", "\"a\"")};
    static const struct fake_answer circle[] = {
        PAGE("0", "\"x\""), PAGE("1", "\"a\""), PAGE("2", "\"b\""), PAGE("3", "\"c\""),
        PAGE("1", "\"a\""), PAGE("2", "\"b\""), PAGE("3", "\"c\"")};
    struct cp_error err;
    struct cp_lambda *l = client(same, COUNT(same));
    struct seen seen = {.most = 100};
    assert_int_equal(cp_lambda_list_versions(l, "f", collect, &seen, &err), CP_EREMOTE);
    assert_non_null(strstr(err.text, "goes round in a circle"));
    cp_lambda_free(l);
    l = client(circle, COUNT(circle));
    assert_int_equal(cp_lambda_list_versions(l, "f", collect, &seen, &err), CP_EREMOTE);
    cp_lambda_free(l);
}

static void a_listing_ends_when_enough_was_seen(void **state)
{
    (void)state;
    struct cp_lambda *l = client(PAGES, COUNT(PAGES));
    struct seen seen = {.most = 1};
    assert_int_equal(cp_lambda_list_versions(l, "f", collect, &seen, NULL), CP_OK);
    assert_string_equal(seen.names, "$LATEST ");
    assert_int_equal(fake.n_requests, 1);
    cp_lambda_free(l);
}

/* --- guards --- */

static void delete_version_refuses_what_would_delete_the_function(void **state)
{
    (void)state;
    static const char *const versions[] = {NULL, "", "0", "$LATEST", "live", "1 ", "1&x=2", "-1"};
    struct cp_lambda *l = client(NULL, 0);
    for (size_t i = 0; i < COUNT(versions); i++) {
        struct cp_error err;
        assert_int_equal(cp_lambda_delete_version(l, "f", versions[i], &err), CP_EINVAL);
        assert_non_null(strstr(err.text, "is not a version number"));
    }
    assert_int_equal(fake.n_requests, 0);
    cp_lambda_free(l);
}

static void bad_names_and_counts_are_refused_before_anything_is_sent(void **state)
{
    (void)state;
    struct cp_lambda *l = client(NULL, 0);
    const struct cp_invoke invoke = {.function = "f/../g"};
    const struct cp_invoke bad_type = {.function = "f", .invocation_type = "Later\r\nX: 1"};
    assert_int_equal(cp_lambda_get_function(l, "f/../g", NULL, NULL, NULL, NULL), CP_EINVAL);
    assert_int_equal(cp_lambda_get_function(l, "f", "a&b", NULL, NULL, NULL), CP_EINVAL);
    assert_int_equal(cp_lambda_get_function(l, NULL, NULL, NULL, NULL, NULL), CP_EINVAL);
    assert_int_equal(cp_lambda_invoke_start(l, &invoke, NULL), CP_EINVAL);
    assert_int_equal(cp_lambda_invoke_start(l, &bad_type, NULL), CP_EINVAL);
    assert_int_equal(cp_lambda_put_provisioned(l, "f", "1", 0, NULL, NULL), CP_EINVAL);
    assert_int_equal(cp_lambda_put_provisioned(l, "f", NULL, 1, NULL, NULL), CP_EINVAL);
    assert_int_equal(cp_lambda_get_provisioned(l, "f", NULL, NULL, NULL), CP_EINVAL);
    assert_int_equal(cp_lambda_delete_provisioned(l, "f", NULL, NULL), CP_EINVAL);
    assert_int_equal(cp_lambda_put_reserved(l, "f", -1, NULL), CP_EINVAL);
    assert_int_equal(fake.n_requests, 0);
    cp_lambda_free(l);
}

static void bad_options_are_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        struct cp_client_options options;
        const char *text;
    } cases[] = {
        {{.region = NULL}, "region '' is not like 'eu-central-1'"},
        {{.region = "evil.com/"}, "region 'evil.com/' is not like 'eu-central-1'"},
        {{.region = "eu-central-1"}, "no AWS credentials were given"},
        {{.region = "eu-central-1", .endpoint_url = "http://example.com"},
         "endpoint 'http://example.com': plain http is for this machine only; use https, or allow "
         "it with --insecure-endpoint"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct cp_lambda *l = NULL;
        struct cp_error err;
        assert_int_equal(cp_lambda_new(&cases[i].options, &l, &err), CP_EINVAL);
        assert_string_equal(err.text, cases[i].text);
        assert_null(l);
    }
}

/* --- signing, repeats, pace --- */

static void calls_carry_signature_date_and_token(void **state)
{
    (void)state;
    struct cp_lambda *l = client(&CALLS[0].answer, 1);
    assert_int_equal(run_get_config(l, NULL), CP_OK);
    const struct fake_request *r = &fake.requests[0];
    assert_string_equal(fake_header(r, "host"), "lambda.eu-central-1.amazonaws.com");
    assert_string_equal(fake_header(r, "x-amz-date"), "20261008T140311Z");
    assert_string_equal(fake_header(r, "x-amz-security-token"), "tokentokentoken");
    const char *authorization = fake_header(r, "authorization");
    assert_non_null(authorization);
    assert_non_null(strstr(authorization,
                           "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261008/eu-central-1/lambda/"
                           "aws4_request, SignedHeaders=host;x-amz-date;x-amz-security-token, "));
    assert_int_equal(r->timeout_ms, 30000);
    cp_lambda_free(l);
}

static void an_endpoint_without_credentials_gets_unsigned_calls_below_its_prefix(void **state)
{
    (void)state;
    static const struct fake_answer answer = {200, NULL, CONFIG, 0, 0};
    fake_http_script(&answer, 1);
    struct cp_lambda *l =
        client_with((struct cp_client_options){.endpoint_url = "http://127.0.0.1:4566/x/"});
    assert_int_equal(run_get_config(l, NULL), CP_OK);
    assert_string_equal(fake.requests[0].url, "http://127.0.0.1:4566/x/2015-03-31/functions/f/"
                                              "configuration?Qualifier=%24LATEST");
    assert_string_equal(fake_header(&fake.requests[0], "host"), "127.0.0.1:4566");
    assert_null(fake_header(&fake.requests[0], "authorization"));
    cp_lambda_free(l);
}

static void reads_are_repeated_after_server_errors_and_lost_connections(void **state)
{
    (void)state;
    static const struct fake_answer answers[] = {
        {500, REQUEST_ID, "", 0, 0},
        {.code = CP_EIO, .was_sent = true},
        {200, REQUEST_ID, CONFIG, 0, 0},
    };
    struct cp_lambda *l = client(answers, COUNT(answers));
    assert_int_equal(run_get_config(l, NULL), CP_OK);
    assert_int_equal(fake.n_requests, 3);
    cp_lambda_free(l);
}

static void the_third_failure_is_reported_with_the_number_of_attempts(void **state)
{
    (void)state;
    static const struct fake_answer answers[] = {
        {503, REQUEST_ID, "", 0, 0}, {503, REQUEST_ID, "", 0, 0}, {503, REQUEST_ID, "", 0, 0}};
    struct cp_lambda *l = client(answers, COUNT(answers));
    struct cp_error err;
    assert_int_equal(run_get_config(l, &err), CP_EREMOTE);
    assert_string_equal(err.text, "GetFunctionConfiguration 'f' (3 attempts): HTTP 503 (request id "
                                  "6bfb1e3c-0000-4000-8000-abcdefabcdef)");
    assert_int_equal(fake.n_requests, 3);
    cp_lambda_free(l);
}

static void a_publish_that_may_have_run_is_not_repeated(void **state)
{
    (void)state;
    static const struct fake_answer lost[] = {{.code = CP_EIO, .was_sent = true}};
    static const struct fake_answer unsent[] = {{.code = CP_EIO, .was_sent = false},
                                                {201, REQUEST_ID, CONFIG, 0, 0}};
    struct cp_error err;
    struct cp_lambda *l = client(lost, 1);
    assert_int_equal(run_publish(l, &err), CP_EIO);
    assert_non_null(strstr(err.text, "it may have taken effect"));
    assert_int_equal(fake.n_requests, 1);
    cp_lambda_free(l);
    l = client(unsent, 2);
    assert_int_equal(run_publish(l, &err), CP_OK);
    cp_lambda_free(l);
}

static void throttling_waits_as_long_as_asked(void **state)
{
    (void)state;
    static const struct fake_answer answers[] = {
        {429, REQUEST_ID "Retry-After: 7\n", "{\"Reason\":\"CallerRateLimitExceeded\"}", 0, 0},
        {200, REQUEST_ID, CONFIG, 0, 0}};
    struct cp_lambda *l = client(answers, COUNT(answers));
    assert_int_equal(run_get_config(l, NULL), CP_OK);
    assert_true(fake.slept_ms >= 7000 && fake.slept_ms <= 7001);
    cp_lambda_free(l);
}

static void control_calls_beyond_loopback_keep_to_ten_a_second(void **state)
{
    (void)state;
    struct fake_answer answers[21];
    for (size_t i = 0; i < COUNT(answers); i++)
        answers[i] = CALLS[0].answer;
    struct cp_lambda *l = client(answers, COUNT(answers));
    for (size_t i = 0; i < COUNT(answers); i++)
        assert_int_equal(run_get_config(l, NULL), CP_OK);
    assert_true(fake.slept_ms > 1999 && fake.slept_ms < 2001); /* 20 gaps of 100 ms */
    cp_lambda_free(l);
    fake_http_script(answers, COUNT(answers));
    l = client_with((struct cp_client_options){.endpoint_url = "http://localhost:1"});
    for (size_t i = 0; i < COUNT(answers); i++)
        assert_int_equal(run_get_config(l, NULL), CP_OK);
    assert_true(fake.slept_ms < 0.5);
    cp_lambda_free(l);
}

static void rule_10_an_answer_without_request_id_is_not_from_aws(void **state)
{
    (void)state;
    static const struct fake_answer answers[] = {
        {200, "Content-Type: text/html\n", CONFIG, 0, 0},
        {302, "Location: http://sign-in.example\n", "", 0, 0},
        {404, "Content-Type: text/html\n", "", 0, 0}, /* would mean: there is no such function */
        {429, "Content-Type: text/html\n", "", 0, 0},
    };
    struct cp_lambda *l = client(answers, COUNT(answers));
    for (size_t i = 0; i < COUNT(answers); i++) {
        struct cp_error err;
        char status[32];
        (void)snprintf(status, sizeof status, "answer (HTTP %d)", answers[i].status);
        assert_int_equal(run_get_config(l, &err), CP_EREMOTE);
        assert_non_null(strstr(err.text, status));
        assert_non_null(strstr(err.text, "has no x-amzn-RequestId"));
    }
    assert_int_equal(fake.n_requests, COUNT(answers));
    cp_lambda_free(l);
}

static enum cp_code broken_poll(struct cp_http *h, int timeout_ms, size_t *in_flight,
                                struct cp_error *err)
{
    (void)h, (void)timeout_ms, (void)in_flight;
    return cp_fail(err, CP_EIO, "cannot poll connections");
}

static void a_transport_that_breaks_ends_the_call_and_its_late_answer_is_dropped(void **state)
{
    (void)state;
    const struct cp_http_ops broken = {fake_http_ops.open, fake_http_ops.start, broken_poll,
                                       fake_http_ops.close};
    fake_http_script(NULL, 0);
    struct cp_lambda *l = client_with((struct cp_client_options){.http = &broken});
    struct cp_error err;
    assert_int_equal(run_get_config(l, &err), CP_EIO);
    assert_string_equal(err.text, "cannot poll connections");
    assert_int_equal(fake.n_requests, 1);
    cp_lambda_free(l); /* the request's callback comes now */
}

/* --- waiting for a state --- */

#define STATE(status, state)                                                                       \
    "{\"Configuration\":{\"FunctionName\":\"f\",\"LastUpdateStatus\":\"" status                    \
    "\",\"State\":\"" state "\",\"StateReasonCode\":\"Creating\"}}"

static void waiting_ends_with_the_update(void **state)
{
    (void)state;
    static const struct fake_answer answers[] = {
        {200, REQUEST_ID, STATE("InProgress", "Active"), 0, 0},
        {200, REQUEST_ID, STATE("InProgress", "Active"), 0, 0},
        {200, REQUEST_ID, STATE("Successful", "Active"), 0, 0},
        {200, REQUEST_ID, STATE("Failed", "Active"), 0, 0},
        {200, REQUEST_ID, STATE("InProgress", "Active"), 0, 0},
        {200, REQUEST_ID, STATE("InProgress", "Active"), 0, 0},
    };
    struct cp_lambda *l = client(answers, COUNT(answers));
    struct cp_function_config c;
    assert_int_equal(cp_lambda_wait_updated(l, "f", 60000, &c, NULL), CP_OK);
    assert_string_equal(c.last_update_status, "Successful");
    assert_int_equal(cp_lambda_wait_updated(l, "f", 60000, &c, NULL), CP_EREMOTE);
    assert_int_equal(cp_lambda_wait_updated(l, "f", 1500, &c, NULL), CP_ETIMEOUT);
    assert_int_equal(fake.n_requests, 6);
    cp_lambda_free(l);
}

static void waiting_ends_with_the_activation(void **state)
{
    (void)state;
    static const struct fake_answer answers[] = {
        {200, REQUEST_ID, STATE("Successful", "Pending"), 0, 0},
        {200, REQUEST_ID, STATE("Successful", "Active"), 0, 0},
        {200, REQUEST_ID, STATE("Successful", "Failed"), 0, 0},
    };
    struct cp_lambda *l = client(answers, COUNT(answers));
    struct cp_error err;
    assert_int_equal(cp_lambda_wait_active(l, "f", "3", 60000, NULL, NULL), CP_OK);
    assert_string_equal(fake.requests[1].url, ORIGIN "/2015-03-31/functions/f?Qualifier=3");
    assert_int_equal(cp_lambda_wait_active(l, "f", "3", 60000, NULL, &err), CP_EREMOTE);
    assert_string_equal(err.text, "'f': the activation failed (Creating)");
    cp_lambda_free(l);
}

static bool say_yes(void *context)
{
    return *(bool *)context;
}

static enum cp_code silent_poll(struct cp_http *h, int timeout_ms, size_t *in_flight,
                                struct cp_error *err)
{
    (void)h, (void)timeout_ms, (void)err;
    *in_flight = 1;
    return CP_OK;
}

static void an_interruption_does_not_wait_for_an_answer(void **state)
{
    (void)state;
    const struct cp_http_ops silent = {fake_http_ops.open, fake_http_ops.start, silent_poll,
                                       fake_http_ops.close};
    bool is_interrupted = true;
    fake_http_script(NULL, 0);
    struct cp_lambda *l = client_with((struct cp_client_options){
        .http = &silent, .is_interrupted = say_yes, .interrupt_context = &is_interrupted});
    struct cp_error err;
    assert_int_equal(run_get_config(l, &err), CP_EINTERRUPTED);
    assert_string_equal(err.text, "interrupted before the answer to GetFunctionConfiguration came");
    assert_int_equal(fake.n_requests, 1);
    cp_lambda_free(l); /* the request's callback comes now */
}

static void an_interruption_ends_the_waiting(void **state)
{
    (void)state;
    static const struct fake_answer answer = {200, REQUEST_ID, STATE("InProgress", "Active"), 0, 0};
    bool is_interrupted = true;
    fake_http_script(&answer, 1);
    struct cp_lambda *l = client_with((struct cp_client_options){
        .is_interrupted = say_yes, .interrupt_context = &is_interrupted});
    assert_int_equal(cp_lambda_wait_updated(l, "f", 60000, NULL, NULL), CP_EINTERRUPTED);
    assert_int_equal(fake.n_requests, 1);
    cp_lambda_free(l);
}

/* --- Invoke --- */

struct outcome {
    int calls;
    struct cp_invoke_result result;
    char payload[64], log[64];
};

static void on_done(void *context, const struct cp_invoke_result *result)
{
    struct outcome *o = context;
    o->calls++;
    o->result = *result;
    (void)cp_view_copy(result->payload, o->payload, sizeof o->payload);
    (void)cp_view_copy(result->log_result, o->log, sizeof o->log);
}

static struct outcome invoke_once(const struct fake_answer *answer, struct cp_invoke invoke)
{
    struct outcome o = {0};
    struct cp_lambda *l = client(answer, 1);
    struct cp_error err;
    invoke.on_done = on_done;
    invoke.context = &o;
    if (cp_lambda_invoke_start(l, &invoke, &err))
        fail_msg("%s", err.text);
    assert_int_equal(o.calls, 0);
    size_t in_flight = 1;
    while (in_flight)
        assert_int_equal(cp_lambda_poll(l, 100, &in_flight, NULL), CP_OK);
    assert_int_equal(o.calls, 1);
    assert_int_equal(fake.n_requests, 1);
    cp_lambda_free(l);
    return o;
}

static void an_invocation_is_asked_and_read(void **state)
{
    (void)state;
    static const struct fake_answer answer = {
        200, REQUEST_ID "X-Amz-Executed-Version: 7\nX-Amz-Log-Result: U1RBUlQ=\n", "{\"ok\":1}", 0,
        0};
    struct outcome o = invoke_once(&answer, (struct cp_invoke){.function = ARN,
                                                               .qualifier = "live",
                                                               .payload = CP_VIEW_LIT("{\"a\":1}"),
                                                               .log_tail = true});
    const struct fake_request *r = &fake.requests[0];
    assert_string_equal(r->method, "POST");
    assert_string_equal(r->url, ORIGIN
                        "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-central-1%3A123456789012%3A"
                        "function%3Af/invocations?Qualifier=live");
    assert_string_equal(r->body, "{\"a\":1}");
    assert_string_equal(fake_header(r, "x-amz-log-type"), "Tail");
    assert_string_equal(fake_header(r, "x-amz-invocation-type"), "RequestResponse");
    assert_int_equal(r->timeout_ms, 930000);
    assert_int_equal(o.result.code, CP_OK);
    assert_int_equal(o.result.http_status, 200);
    assert_false(o.result.may_have_run);
    assert_string_equal(o.payload, "{\"ok\":1}");
    assert_string_equal(o.log, "U1RBUlQ=");
    assert_string_equal(o.result.function_error, "");
    assert_string_equal(o.result.executed_version, "7");
    assert_string_equal(o.result.request_id, "6bfb1e3c-0000-4000-8000-abcdefabcdef");
    assert_int_equal(o.result.sent_at_ms, 1791468191482);
    assert_true(fabs(o.result.client_ms - 12.5) < 1e-9);
    assert_int_equal(o.result.failure.http_status, -1);
}

static void a_function_error_is_an_answer(void **state)
{
    (void)state;
    static const struct fake_answer answer = {200, REQUEST_ID "X-Amz-Function-Error: Unhandled\n",
                                              "{\"errorType\":\"E\"}", 0, 0};
    struct outcome o = invoke_once(&answer, (struct cp_invoke){.function = "f"});
    assert_int_equal(o.result.code, CP_OK);
    assert_string_equal(o.result.function_error, "Unhandled");
    assert_null(fake_header(&fake.requests[0], "x-amz-log-type"));
}

static void rule_14_throttled_and_failed_invocations_are_measured_not_repeated(void **state)
{
    (void)state;
    static const struct fake_answer throttled = {
        429, REQUEST_ID "x-amzn-ErrorType: TooManyRequestsException\n",
        "{\"Reason\":\"ConcurrentInvocationLimitExceeded\",\"message\":\"Rate Exceeded.\"}", 0, 0};
    static const struct fake_answer failed = {500,
                                              REQUEST_ID "x-amzn-ErrorType: "
                                                         "ServiceException\n",
                                              "", 0, 0};
    struct outcome o = invoke_once(&throttled, (struct cp_invoke){.function = "f"});
    assert_int_equal(o.result.code, CP_OK);
    assert_int_equal(o.result.http_status, 429);
    assert_string_equal(o.result.failure.reason, "ConcurrentInvocationLimitExceeded");
    assert_string_equal(o.result.failure.error_code, "TooManyRequestsException");
    o = invoke_once(&failed, (struct cp_invoke){.function = "f"});
    assert_int_equal(o.result.http_status, 500);
}

static void rule_14_only_what_cannot_have_run_is_said_so(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *headers;
        bool may_have_run;
    } cases[] = {
        {429, "x-amzn-ErrorType: TooManyRequestsException\n", false},
        {502, "x-amzn-ErrorType: EC2ThrottledException\n", false},
        {502, "x-amzn-ErrorType: EC2AccessDeniedException\n", false},
        {502, "x-amzn-ErrorType: ENILimitReachedException\n", false},
        {503, "x-amzn-ErrorType: ENINotReadyException\n", false},
        {500, "x-amzn-ErrorType: EC2ThrottledException\n", true}, /* not a status it has */
        {502, "x-amzn-ErrorType: ServiceException\n", true},
        {503, "", true},
        {504, "", true},
        {302, "Location: http://elsewhere/\n", true},
        {403, "x-amzn-ErrorType: AccessDeniedException\n", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char headers[256];
        (void)snprintf(headers, sizeof headers, REQUEST_ID "%s", cases[i].headers);
        const struct fake_answer answer = {cases[i].status, headers, "", 0, 0};
        struct outcome o = invoke_once(&answer, (struct cp_invoke){.function = "f"});
        assert_int_equal(o.result.http_status, cases[i].status);
        assert_int_equal(o.result.may_have_run, cases[i].may_have_run);
    }
}

static void rule_14_a_connection_that_dies_after_sending_may_have_run(void **state)
{
    (void)state;
    static const struct fake_answer sent = {.code = CP_EIO, .was_sent = true};
    static const struct fake_answer unsent = {.code = CP_EIO, .was_sent = false};
    static const struct fake_answer late = {.code = CP_ETIMEOUT, .was_sent = true};
    struct outcome o = invoke_once(&sent, (struct cp_invoke){.function = "f", .timeout_ms = 1234});
    assert_int_equal(fake.requests[0].timeout_ms, 1234);
    assert_int_equal(o.result.code, CP_EIO);
    assert_int_equal(o.result.http_status, -1);
    assert_true(o.result.may_have_run);
    o = invoke_once(&unsent, (struct cp_invoke){.function = "f"});
    assert_false(o.result.may_have_run);
    o = invoke_once(&late, (struct cp_invoke){.function = "f"});
    assert_int_equal(o.result.code, CP_ETIMEOUT);
    assert_true(o.result.may_have_run);
}

static void freeing_the_client_ends_invocations_in_flight(void **state)
{
    (void)state;
    struct outcome o = {0};
    struct cp_lambda *l = client(NULL, 0);
    const struct cp_invoke invoke = {.function = "f", .on_done = on_done, .context = &o};
    assert_int_equal(cp_lambda_invoke_start(l, &invoke, NULL), CP_OK);
    cp_lambda_free(l);
    assert_int_equal(o.calls, 1);
    assert_int_equal(o.result.code, CP_EINTERRUPTED);
    assert_true(o.result.may_have_run);
}

static void invocations_progress_while_a_control_call_waits(void **state)
{
    (void)state;
    static const struct fake_answer answers[] = {
        {200, REQUEST_ID, "\"first\"", 0, 0},
        {200, REQUEST_ID, CONFIG, 0, 0},
    };
    struct outcome o = {0};
    struct cp_lambda *l = client(answers, COUNT(answers));
    const struct cp_invoke invoke = {.function = "f", .on_done = on_done, .context = &o};
    assert_int_equal(cp_lambda_invoke_start(l, &invoke, NULL), CP_OK);
    assert_int_equal(run_get_config(l, NULL), CP_OK);
    assert_int_equal(o.calls, 1);
    assert_string_equal(o.payload, "\"first\"");
    cp_lambda_free(l);
}

static void remember_line(void *context, const char *line)
{
    char *last = context;
    (void)cp_view_copy(cp_view_of(line), last, 256);
}

static void rule_9_the_log_names_verb_host_path_status_id_time_and_sizes_only(void **state)
{
    (void)state;
    char line[256] = "";
    fake_http_script(&CALLS[0].answer, 1);
    struct cp_lambda *l =
        client_with((struct cp_client_options){.on_log = remember_line, .log_context = line});
    assert_int_equal(run_get_config(l, NULL), CP_OK);
    char expected[256];
    (void)snprintf(expected, sizeof expected,
                   "GET lambda.eu-central-1.amazonaws.com/2015-03-31/functions/f/configuration 200 "
                   "6bfb1e3c-0000-4000-8000-abcdefabcdef, 12.5 ms, 0 bytes out, %zu in",
                   strlen(CONFIG));
    assert_string_equal(line, expected);
    cp_lambda_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_call_asks_what_the_service_model_says),
        cmocka_unit_test(every_call_reports_a_refusal),
        cmocka_unit_test(every_reading_call_refuses_an_answer_that_is_no_json),
        cmocka_unit_test(layers_are_read_in_order_and_whole),
        cmocka_unit_test(a_configuration_is_read_member_by_member),
        cmocka_unit_test(an_image_without_optional_members_is_read),
        cmocka_unit_test(the_kind_of_a_function_is_read),
        cmocka_unit_test(answers_out_of_range_are_refused_by_name),
        cmocka_unit_test(provisioned_concurrency_and_account_limits_are_read),
        cmocka_unit_test(listings_follow_their_pages),
        cmocka_unit_test(empty_pages_in_between_are_no_end),
        cmocka_unit_test(markers_that_come_again_are_a_loop),
        cmocka_unit_test(a_listing_ends_when_enough_was_seen),
        cmocka_unit_test(delete_version_refuses_what_would_delete_the_function),
        cmocka_unit_test(bad_names_and_counts_are_refused_before_anything_is_sent),
        cmocka_unit_test(bad_options_are_refused_by_name),
        cmocka_unit_test(calls_carry_signature_date_and_token),
        cmocka_unit_test(an_endpoint_without_credentials_gets_unsigned_calls_below_its_prefix),
        cmocka_unit_test(reads_are_repeated_after_server_errors_and_lost_connections),
        cmocka_unit_test(the_third_failure_is_reported_with_the_number_of_attempts),
        cmocka_unit_test(a_publish_that_may_have_run_is_not_repeated),
        cmocka_unit_test(throttling_waits_as_long_as_asked),
        cmocka_unit_test(control_calls_beyond_loopback_keep_to_ten_a_second),
        cmocka_unit_test(rule_10_an_answer_without_request_id_is_not_from_aws),
        cmocka_unit_test(a_transport_that_breaks_ends_the_call_and_its_late_answer_is_dropped),
        cmocka_unit_test(waiting_ends_with_the_update),
        cmocka_unit_test(waiting_ends_with_the_activation),
        cmocka_unit_test(an_interruption_ends_the_waiting),
        cmocka_unit_test(an_interruption_does_not_wait_for_an_answer),
        cmocka_unit_test(an_invocation_is_asked_and_read),
        cmocka_unit_test(a_function_error_is_an_answer),
        cmocka_unit_test(rule_14_throttled_and_failed_invocations_are_measured_not_repeated),
        cmocka_unit_test(rule_14_only_what_cannot_have_run_is_said_so),
        cmocka_unit_test(rule_14_a_connection_that_dies_after_sending_may_have_run),
        cmocka_unit_test(freeing_the_client_ends_invocations_in_flight),
        cmocka_unit_test(invocations_progress_while_a_control_call_waits),
        cmocka_unit_test(rule_9_the_log_names_verb_host_path_status_id_time_and_sizes_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
