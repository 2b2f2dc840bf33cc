/* SPDX-License-Identifier: GPL-3.0-or-later
 * Copies of functions: what CreateFunction is asked, where code may come from, what may be deleted;
 * aliases; and which member of a configuration changed.
 */
#include "probes/aws/lambda_copy.h"

#include <stdio.h>
#include <string.h>

#include "probes/aws/download.h"
#include "probes/aws/lambda_alias.h"
#include "probes/aws/lambda_json.h"
#include "tests/test.h"

/* Members as the service model of Lambda (2015-03-31) has them. */
#define CONFIG                                                                                     \
    "{\"FunctionName\":\"checkout\",\"FunctionArn\":\"arn:aws:lambda:eu-central-1:123456789012:"   \
    "function:checkout\",\"Runtime\":\"python3.12\",\"Role\":\"arn:aws:iam::123456789012:role/r\"" \
    ",\"Handler\":\"app.handler\",\"CodeSize\":4,\"Description\":\"sells\",\"Timeout\":3,"         \
    "\"MemorySize\":256,\"LastModified\":\"2026-02-11T09:15:02.000+0000\","                        \
    "\"CodeSha256\":\"abc=\",\"Version\":\"$LATEST\",\"RevisionId\":\"r-1\",\"VpcConfig\":{"       \
    "\"SubnetIds\":[\"subnet-1\",\"subnet-2\"],\"SecurityGroupIds\":[\"sg-1\"],\"VpcId\":"         \
    "\"vpc-1\"},\"DeadLetterConfig\":{\"TargetArn\":\"arn:aws:sqs:eu-central-1:1:q\"},"            \
    "\"Environment\":{\"Variables\":{\"A\":\"hidden-1\",\"B\":\"hidden-2\"}},\"KMSKeyArn\":null,"  \
    "\"TracingConfig\":{\"Mode\":\"Active\"},\"Layers\":[{\"Arn\":\"arn:l:1\",\"CodeSize\":1},"    \
    "{\"Arn\":\"arn:l:2\",\"CodeSize\":2}],\"State\":\"Active\",\"PackageType\":\"Zip\","          \
    "\"Architectures\":[\"arm64\"],\"EphemeralStorage\":{\"Size\":512},\"SnapStart\":{"            \
    "\"ApplyOn\":\"None\",\"OptimizationStatus\":\"Off\"},\"LoggingConfig\":{\"LogFormat\":"       \
    "\"Text\",\"LogGroup\":\"/aws/lambda/checkout\"}}"
#define DOCUMENT(location)                                                                         \
    "{\"Configuration\":" CONFIG ",\"Code\":{\"RepositoryType\":\"S3\",\"Location\":\"" location   \
    "\"}}"

static const struct cp_function_copy COPY = {
    .name = "checkout-coldprof-7f3a",
    .description = "coldprof 7f3a 0",
    .zip = {"code", 4},
    .tags = {{"coldprof:run", "7f3a-1"}, {"coldprof:of", "arn:x"}},
    .n_tags = 2,
};

static void a_copy_has_all_that_decides_how_it_runs_and_no_caller(void **state)
{
    struct cp_buf out;
    (void)state;
    cp_buf_init(&out, 65536);
    assert_int_equal(cp_lambda_json_copy(CP_VIEW_LIT(DOCUMENT("https://x")), &COPY, &out, NULL),
                     CP_OK);
    assert_string_equal(
        cp_buf_str(&out),
        "{\"Tags\":{\"coldprof:run\":\"7f3a-1\",\"coldprof:of\":\"arn:x\"},"
        "\"FunctionName\":\"checkout-coldprof-7f3a\",\"Description\":\"coldprof 7f3a 0\","
        "\"Role\":\"arn:aws:iam::123456789012:role/r\",\"Handler\":\"app.handler\","
        "\"Runtime\":\"python3.12\",\"Timeout\":3,\"MemorySize\":256,\"PackageType\":\"Zip\","
        "\"Architectures\":[\"arm64\"],\"EphemeralStorage\":{\"Size\":512},"
        "\"TracingConfig\":{\"Mode\":\"Active\"},\"Layers\":[\"arn:l:1\",\"arn:l:2\"],"
        "\"Environment\":{\"Variables\":{\"A\":\"hidden-1\",\"B\":\"hidden-2\"}},"
        "\"SnapStart\":{\"ApplyOn\":\"None\"},\"VpcConfig\":{\"SubnetIds\":[\"subnet-1\","
        "\"subnet-2\"],\"SecurityGroupIds\":[\"sg-1\"]},\"LoggingConfig\":{\"LogFormat\":\"Text\"},"
        "\"Code\":{\"ZipFile\":\"Y29kZQ==\"}}"); /* printf code | base64 */
    cp_buf_clear(&out);
}

static void what_people_see_of_a_copy_has_no_value_of_the_environment(void **state)
{
    struct cp_buf out;
    (void)state;
    cp_buf_init(&out, 65536);
    assert_int_equal(
        cp_lambda_json_copy_shown(CP_VIEW_LIT(DOCUMENT("https://x")), &COPY, 4711, &out, NULL),
        CP_OK);
    assert_null(strstr(cp_buf_str(&out), "hidden"));
    assert_non_null(strstr(cp_buf_str(&out), "\"Variables\":{\"A\":\"...\",\"B\":\"...\"}"));
    assert_non_null(strstr(cp_buf_str(&out), "\"Code\":\"<4711 bytes>\""));
    cp_buf_clear(&out);
}

static void an_image_is_copied_by_its_digest(void **state)
{
    struct cp_function_copy copy = COPY;
    struct cp_buf out;
    (void)state;
    copy.zip = (struct cp_view){"", 0};
    cp_buf_init(&out, 65536);
    assert_int_equal(
        cp_lambda_json_copy(
            CP_VIEW_LIT("{\"Configuration\":{\"FunctionName\":\"i\",\"PackageType\":\"Image\","
                        "\"ImageConfigResponse\":{\"ImageConfig\":{\"Command\":[\"x\"]}},"
                        "\"LoggingConfig\":{\"LogFormat\":\"JSON\",\"LogGroup\":\"/mine\"}},"
                        "\"Code\":{\"RepositoryType\":\"ECR\",\"ImageUri\":\"r/i:latest\","
                        "\"ResolvedImageUri\":\"r/i@sha256:abc\"}}"),
            &copy, &out, NULL),
        CP_OK);
    assert_non_null(strstr(cp_buf_str(&out), "\"Code\":{\"ImageUri\":\"r/i@sha256:abc\"}}"));
    assert_non_null(strstr(cp_buf_str(&out), "\"ImageConfig\":{\"Command\":[\"x\"]}"));
    assert_non_null(strstr(cp_buf_str(&out), "\"LogGroup\":\"/mine\"")); /* of the user's choice */
    cp_buf_clear(&out);
}

static void code_comes_from_aws_by_https_only(void **state)
{
    static const struct {
        const char *url;
        bool may_be_loopback, is_allowed;
    } rows[] = {
        {"https://awslambda-eu.s3.eu-central-1.amazonaws.com/k?X-Amz-Signature=1", false, true},
        {"https://s3.cn-north-1.amazonaws.com.cn/k", false, true},
        {"https://s3.amazonaws.com:443/k", false, true},
        {"http://s3.amazonaws.com/k", false, false},
        {"https://amazonaws.com/k", false, false},
        {"https://notamazonaws.com/k", false, false},
        {"https://s3.amazonaws.com.example.net/k", false, false},
        {"https://s3.amazonaws.com@example.net/k", false, false},
        {"https://example.net/.amazonaws.com", false, false},
        {"https://example.net?.amazonaws.com", false, false},
        {"https://example.net#.amazonaws.com", false, false},
        {"https://example.net\\.amazonaws.com", false, false},
        {"file:///etc/passwd", true, false},
        {"http://127.0.0.1:9001/coldprof/code/f/1", true, true},
        {"http://127.0.0.1:9001/coldprof/code/f/1", false, false},
        {"http://169.254.169.254/latest/meta-data", true, false},
        {"", true, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cp_error err;
        enum cp_code code = cp_download_check(rows[i].url, rows[i].may_be_loopback, &err);
        if ((code == CP_OK) != rows[i].is_allowed)
            fail_msg("%s", rows[i].url);
    }
}

static void names_of_copies_fit_and_keep_mark_and_run(void **state)
{
    char name[CP_FUNCTION_NAME_LENGTH_MAX + 1];
    char longest[CP_FUNCTION_NAME_LENGTH_MAX + 1];
    (void)state;
    assert_int_equal(cp_copy_name("checkout", "7f3a", name, NULL), CP_OK);
    assert_string_equal(name, "checkout-coldprof-7f3a");
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(cp_copy_name(longest, "7f3a", name, NULL), CP_OK);
    assert_int_equal(strlen(name), CP_FUNCTION_NAME_LENGTH_MAX);
    assert_string_equal(name + CP_FUNCTION_NAME_LENGTH_MAX - 14, "-coldprof-7f3a");
    assert_int_equal(cp_copy_name("checkout", "", name, NULL), CP_EINVAL);
    assert_int_equal(cp_copy_name("checkout", "7F3A", name, NULL), CP_EINVAL);
}

static void only_names_of_copies_can_be_deleted_whole(void **state)
{
#define ARN "arn:aws:lambda:eu-central-1:123456789012:function"
    static const char *const bad[] = {
        "",
        "checkout",
        "-coldprof-7f3a",
        "checkout-coldprof-",
        "checkout-coldprof-7f3g",
        "checkout-coldprof-7f3a:1",
        ARN ":checkout",
        ARN ":checkout-coldprof-7f3a:checkout-coldprof-7f3a",
        ARN ":checkout-coldprof-7f3a:1",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct cp_error err;
        if (cp_copy_name_check(bad[i], &err) != CP_EINVAL)
            fail_msg("%s", bad[i]);
        /* before anything is sent: there is no client to send it */
        assert_int_equal(cp_lambda_delete_copy(NULL, bad[i], &err), CP_EINVAL);
    }
    assert_int_equal(cp_copy_name_check("checkout-coldprof-7f3a", NULL), CP_OK);
    assert_int_equal(cp_copy_name_check(ARN ":checkout-coldprof-7f3a", NULL), CP_EINVAL);
#undef ARN
}

static struct cp_function_config config_of(const char *members)
{
    struct cp_function_config config;
    char text[2048];
    (void)snprintf(text, sizeof text, "{\"FunctionName\":\"f\",%s}", members);
    assert_int_equal(cp_lambda_json_config(cp_view_of(text), &config, NULL), CP_OK);
    return config;
}

static void the_member_that_changed_is_named(void **state)
{
#define BASE "\"MemorySize\":128,\"RevisionId\":\"a\",\"Timeout\":3,\"Description\":\"d\","
    static const struct {
        const char *a, *b, *name;
    } rows[] = {
        {BASE "\"Role\":\"r\"", BASE "\"Role\":\"s\"", "Role"},
        {BASE "\"Layers\":[{\"Arn\":\"1\"},{\"Arn\":\"2\"}]",
         BASE "\"Layers\":[{\"Arn\":\"2\"},{\"Arn\":\"1\"}]", "Layers"},
        {BASE "\"VpcConfig\":{\"SubnetIds\":[\"1\",\"2\"]}",
         BASE "\"VpcConfig\":{\"SubnetIds\":[\"2\",\"1\"]}", NULL},
        {BASE "\"Environment\":{\"Variables\":{\"A\":\"1\",\"B\":\"2\"}}",
         BASE "\"Environment\":{\"Variables\":{\"B\":\"2\",\"A\":\"1\"}}", NULL},
        {BASE "\"Environment\":{\"Variables\":{\"A\":\"1\",\"B\":\"2\"}}",
         BASE "\"Environment\":{\"Variables\":{\"A\":\"2\",\"B\":\"1\"}}", "Environment"},
        {BASE "\"EphemeralStorage\":{\"Size\":512}", BASE "\"EphemeralStorage\":{\"Size\":1024}",
         "EphemeralStorage"},
        {"\"MemorySize\":128,\"RevisionId\":\"a\"", "\"MemorySize\":512,\"RevisionId\":\"b\"",
         NULL},
        {"\"Timeout\":3", "\"Timeout\":4", "Timeout"},
        {"\"SnapStart\":{\"ApplyOn\":\"PublishedVersions\",\"OptimizationStatus\":\"Off\"}",
         "\"SnapStart\":{\"ApplyOn\":\"PublishedVersions\",\"OptimizationStatus\":\"On\"}", NULL},
        {"\"SnapStart\":{\"ApplyOn\":\"PublishedVersions\"}",
         "\"SnapStart\":{\"ApplyOn\":\"None\"}", "SnapStart"},
        {"\"Description\":\"d\"", "\"Description\":\"e\"", "Description"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cp_function_config a = config_of(rows[i].a);
        struct cp_function_config b = config_of(rows[i].b);
        const char *name = cp_function_config_difference(&a, &b, true);
        if (!name != !rows[i].name || (name && strcmp(name, rows[i].name) != 0))
            fail_msg("%s: %s", rows[i].b, name ? name : "no difference");
        assert_int_equal(cp_function_config_hash(&a) == cp_function_config_hash(&b), !name);
    }
    struct cp_function_config a = config_of("\"Description\":\"d\"");
    struct cp_function_config b = config_of("\"Description\":\"e\"");
    assert_null(cp_function_config_difference(&a, &b, false));
}

static bool take_alias(void *context, const struct cp_alias_config *alias)
{
    struct cp_alias_config *last = context;
    *last = *alias;
    return true;
}

static void aliases_are_read_with_their_description(void **state)
{
    struct cp_alias_config last = {.name = ""};
    struct cp_buf marker;
    bool is_ended = false;
    (void)state;
    cp_buf_init(&marker, 64);
    assert_int_equal(cp_lambda_json_aliases(
                         CP_VIEW_LIT("{\"Aliases\":[{\"Name\":\"live\",\"FunctionVersion\":\"7\","
                                     "\"Description\":\"d\"}],\"NextMarker\":\"m\"}"),
                         take_alias, &last, &is_ended, &marker, NULL),
                     CP_OK);
    assert_string_equal(last.name, "live");
    assert_string_equal(last.version, "7");
    assert_string_equal(last.description, "d");
    assert_string_equal(cp_buf_str(&marker), "m");
    assert_int_equal(
        cp_lambda_json_aliases(CP_VIEW_LIT("{}"), take_alias, &last, &is_ended, &marker, NULL),
        CP_EFORMAT);
    cp_buf_clear(&marker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_has_all_that_decides_how_it_runs_and_no_caller),
        cmocka_unit_test(what_people_see_of_a_copy_has_no_value_of_the_environment),
        cmocka_unit_test(an_image_is_copied_by_its_digest),
        cmocka_unit_test(code_comes_from_aws_by_https_only),
        cmocka_unit_test(names_of_copies_fit_and_keep_mark_and_run),
        cmocka_unit_test(only_names_of_copies_can_be_deleted_whole),
        cmocka_unit_test(the_member_that_changed_is_named),
        cmocka_unit_test(aliases_are_read_with_their_description),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
