/* SPDX-License-Identifier: GPL-3.0-or-later
 * Whole configurations in files and variables, against a loopback stub of the services that give
 * credentials: what botocore 1.43 made of them (config_cases.jsonl), with the differences that the
 * SDKs' specification asks for.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "probes/aws/credential_chain.h"
#include "probes/aws/region.h"
#include "probes/aws/service_endpoint.h"
#include "probes/os/clock.h"
#include "probes/os/file.h"
#include "tests/aws/aws_stub.h"
#include "tests/aws/sdk_cases.h"
#include "tests/test.h"

enum { TEXT_MAX = 4096, CASES = 24 };

struct world {
    struct aws_stub *stub;
    char home[64];
    cJSON *env; /* of the case, filled in */
};

/* botocore's names of providers. */
static const struct {
    const char *theirs, *ours;
} PROVIDERS[] = {
    {"env", "environment"},
    {"shared-credentials-file", "credentials file"},
    {"config-file", "config file"},
    {"custom-process", "credential_process"},
    {"assume-role", "role"},
    {"assume-role-with-web-identity", "web identity"},
    {"sso", "SSO"},
    {"container-role", "container"},
    {"iam-role", "EC2 metadata"},
};

/* Where our answer is another one, and why. */
static const struct {
    const char *name, *region, *endpoint, *reason;
} DIFFERENCES[] = {
    {"credentials-default", "eu-west-3", "https://lambda.eu-west-3.amazonaws.com",
     "the SDKs read AWS_REGION before AWS_DEFAULT_REGION, botocore only the latter"},
};

/* --- filling in --- */

static char *replace(const char *text, const char *name, const char *value)
{
    struct cp_buf out;
    cp_buf_init(&out, TEXT_MAX);
    for (const char *at = strstr(text, name); at; at = strstr(text, name)) {
        (void)cp_buf_add(&out, text, (size_t)(at - text));
        (void)cp_buf_adds(&out, value);
        text = at + strlen(name);
    }
    (void)cp_buf_adds(&out, text);
    char *result = cp_buf_take(&out, NULL);
    return result ? result : strdup("");
}

static char *fill_in(const struct world *w, const char *text)
{
    char *with_home = replace(text, "{{HOME}}", w->home);
    char *result = replace(with_home, "{{STUB}}", aws_stub_url(w->stub));
    free(with_home);
    return result;
}

static void write_file(const struct world *w, const char *name, const char *text)
{
    char path[TEXT_MAX];
    struct cp_error err;
    char *filled = fill_in(w, text);
    (void)snprintf(path, sizeof path, "%s/%s", w->home, name);
    char *slash = strrchr(path, '/');
    *slash = '\0';
    assert_int_equal(cp_file_make_dirs(path, true, &err), CP_OK);
    *slash = '/';
    if (cp_file_write_atomic(path, cp_view_of(filled), &err))
        fail_msg("%s", err.text);
    free(filled);
}

static void set_up(struct world *w, const cJSON *test)
{
    const cJSON *item = NULL;
    (void)snprintf(w->home, sizeof w->home, "/tmp/coldprof-config-XXXXXX");
    assert_non_null(mkdtemp(w->home));
    w->env = cJSON_CreateObject();
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(test, "env"))
    {
        char *value = fill_in(w, item->valuestring);
        (void)cJSON_AddStringToObject(w->env, item->string, value);
        free(value);
    }
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(test, "files"))
        write_file(w, item->string, item->valuestring);
    aws_stub_forget(w->stub);
}

static void tear_down(struct world *w, const cJSON *test)
{
    const cJSON *item = NULL;
    char path[TEXT_MAX];
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(test, "files"))
    {
        (void)snprintf(path, sizeof path, "%s/%s", w->home, item->string);
        (void)remove(path);
        *strrchr(path, '/') = '\0';
        (void)remove(path); /* once its files are gone */
    }
    (void)remove(w->home);
    cJSON_Delete(w->env);
}

/* --- comparing --- */

static const char *name_of(const cJSON *test)
{
    return sdk_text(test, "name");
}

static void check_text(const cJSON *test, const char *what, const char *got, const char *expected)
{
    if (strcmp(got, expected ? expected : "") != 0)
        fail_msg("%s: %s is '%s', not '%s'", name_of(test), what, got, expected ? expected : "");
}

static const char *differing(const cJSON *test, bool is_region)
{
    for (size_t i = 0; i < sizeof DIFFERENCES / sizeof DIFFERENCES[0]; i++)
        if (strcmp(DIFFERENCES[i].name, name_of(test)) == 0)
            return is_region ? DIFFERENCES[i].region : DIFFERENCES[i].endpoint;
    return NULL;
}

/* No Region is no failure for keys; the recorded endpoint is then one of us-east-1. */
static void check_place(const struct world *w, const cJSON *test,
                        const struct cp_shared_config *config, char region[CP_REGION_TEXT_MAX])
{
    const cJSON *expect = cJSON_GetObjectItem(test, "expect");
    const char *other = differing(test, true);
    const char *endpoint = differing(test, false);
    struct cp_error err;
    struct cp_endpoint got;
    char url[TEXT_MAX];
    region[0] = '\0';
    enum cp_code code = cp_region_find(config, NULL, NULL, region, &err);
    assert_true(code == CP_OK || code == CP_ENOTFOUND);
    check_text(test, "region", region, other ? other : sdk_text(expect, "region"));
    const struct cp_service_endpoint_options where = {.service = &cp_service_lambda,
                                                      .region = region[0] ? region : "us-east-1"};
    if (!sdk_text(expect, "lambda_endpoint"))
        return;
    if (cp_service_endpoint(config, &where, &got, &err))
        fail_msg("%s: %s", name_of(test), err.text);
    (void)snprintf(url, sizeof url, "%s%s", got.origin, got.base_path);
    char *expected = fill_in(w, endpoint ? endpoint : sdk_text(expect, "lambda_endpoint"));
    check_text(test, "endpoint", url, expected);
    free(expected);
}

static void check_keys(const cJSON *test, const struct cp_credentials *keys, const char *provider)
{
    const cJSON *expect = cJSON_GetObjectItem(test, "expect");
    const char *source = sdk_text(expect, "source");
    check_text(test, "access key", keys->access_key_id, sdk_text(expect, "access_key"));
    check_text(test, "secret key", keys->secret_access_key, sdk_text(expect, "secret_key"));
    check_text(test, "token", keys->session_token, sdk_text(expect, "token"));
    for (size_t i = 0; i < sizeof PROVIDERS / sizeof PROVIDERS[0]; i++)
        if (source && strcmp(PROVIDERS[i].theirs, source) == 0)
            check_text(test, "provider", provider, PROVIDERS[i].ours);
}

/* Nothing of a file's line, of a variable that is a secret, of what a helper said. */
static void check_message(const struct world *w, const cJSON *test, const char *message)
{
    static const char *const SAID[] = {"\"AccessKeyId\"", "p/s", "IMDSTOKEN", "cont/secret"};
    const cJSON *item = NULL;
    if (!message[0])
        fail_msg("%s: no message", name_of(test));
    for (size_t i = 0; i < sizeof SAID / sizeof SAID[0]; i++)
        if (strstr(message, SAID[i]))
            fail_msg("%s: an answer in '%s'", name_of(test), message);
    cJSON_ArrayForEach(item, w->env)
    {
        bool is_secret = strstr(item->string, "KEY") || strstr(item->string, "TOKEN");
        if (is_secret && strstr(message, item->valuestring))
            fail_msg("%s: %s in '%s'", name_of(test), item->string, message);
    }
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(test, "files"))
    {
        char *text = fill_in(w, item->valuestring);
        char *rest = NULL;
        for (char *line = strtok_r(text, "\r\n", &rest); line;
             line = strtok_r(NULL, "\r\n", &rest)) {
            const char *value = strchr(line, '=');
            bool is_shown = strlen(line) > 3 && strstr(message, line);
            bool is_value_shown = value && strlen(value) > 8 && strstr(message, value + 2);
            if (is_shown || is_value_shown)
                fail_msg("%s: a file's line in '%s'", name_of(test), message);
        }
        free(text);
    }
}

/* --- what the stub was asked --- */

/* Value of a header, or of a form field, up to its end; "" when absent. */
static void part_of(const char *request, const char *start, const char *ends, char out[TEXT_MAX])
{
    const char *at = strcasestr(request, start);
    out[0] = '\0';
    if (!at)
        return;
    at += strlen(start);
    (void)snprintf(out, TEXT_MAX, "%.*s", (int)strcspn(at, ends), at);
}

static void check_request(const cJSON *test, const cJSON *expected, const char *request)
{
    const cJSON *item = NULL;
    char start[TEXT_MAX];
    char got[TEXT_MAX];
    (void)snprintf(start, sizeof start, "%s %s ", sdk_text(expected, "method"),
                   sdk_text(expected, "path"));
    if (strncmp(request, start, strlen(start)) != 0)
        fail_msg("%s: asked '%.60s', not '%s'", name_of(test), request, start);
    cJSON_ArrayForEach(item, expected)
    {
        bool is_header = item->string[0] == 'A' || item->string[0] == 'x';
        if (!is_header)
            continue;
        (void)snprintf(start, sizeof start, "\r\n%s: ", item->string);
        part_of(request, start, "\r", got);
        const char *dots = strstr(item->valuestring, "...");
        size_t n = dots ? (size_t)(dots - item->valuestring) : 0;
        if (dots ? strncmp(got, item->valuestring, n) != 0 : strcmp(got, item->valuestring) != 0)
            fail_msg("%s: %s is '%s'", name_of(test), item->string, got);
    }
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(expected, "form"))
    {
        char encoded[TEXT_MAX];
        size_t used = 0;
        for (const char *p = item->valuestring; *p; p++)
            used += (size_t)snprintf(encoded + used, sizeof encoded - used,
                                     strchr(":/", *p) ? "%%%02X" : "%c", *p);
        (void)snprintf(start, sizeof start, "%s=", item->string);
        part_of(strstr(request, "\r\n\r\n"), start, "&", got);
        if (!got[0] || (strcmp(item->valuestring, "<any>") != 0 && strcmp(got, encoded) != 0))
            fail_msg("%s: %s is '%s'", name_of(test), item->string, got);
    }
}

static void check_requests(const struct world *w, const cJSON *test)
{
    const cJSON *requests = cJSON_GetObjectItem(test, "stub_requests");
    size_t n = (size_t)cJSON_GetArraySize(requests);
    if (requests && aws_stub_count(w->stub) != n)
        fail_msg("%s: %zu requests, not %zu", name_of(test), aws_stub_count(w->stub), n);
    for (size_t i = 0; i < n; i++)
        check_request(test, cJSON_GetArrayItem(requests, (int)i), aws_stub_request(w->stub, i));
}

/* --- a case --- */

static enum cp_code run_case(const struct world *w, const cJSON *test, struct cp_error *err)
{
    const char *profile = sdk_text(test, "cli_profile");
    const struct cp_shared_config_options shared = {
        .get = sdk_getenv, .get_context = w->env, .profile = profile[0] ? profile : NULL};
    struct cp_shared_config config;
    struct cp_credential_chain *chain = NULL;
    struct cp_credentials keys;
    char region[CP_REGION_TEXT_MAX];
    enum cp_code code = cp_shared_config_read(&shared, &config, err);
    if (!code)
        check_place(w, test, &config, region);
    cp_shared_config_clear(&config);
    if (code)
        return code;
    const struct cp_credential_chain_options options = {.shared = shared, .region = region};
    assert_int_equal(cp_credential_chain_new(&options, &chain, err), CP_OK);
    const struct cp_credential_source source = cp_credential_chain_source(chain);
    code = source.get(source.context, cp_clock_unix_ms(), false, &keys, err);
    if (!code && !sdk_text(cJSON_GetObjectItem(test, "expect"), "error"))
        check_keys(test, &keys, cp_credential_chain_provider(chain));
    cp_credential_chain_free(chain);
    cp_credentials_clear(&keys);
    return code;
}

static void check_case(struct world *w, const cJSON *test)
{
    const char *error = sdk_text(cJSON_GetObjectItem(test, "expect"), "error");
    struct cp_error err = {CP_OK, ""};
    set_up(w, test);
    enum cp_code code = run_case(w, test, &err);
    if (error && !code)
        fail_msg("%s: succeeds, but botocore has %s", name_of(test), error);
    if (!error && code)
        fail_msg("%s: %s", name_of(test), err.text);
    if (error)
        check_message(w, test, err.text);
    check_requests(w, test);
    tear_down(w, test);
}

static void configurations_mean_what_they_mean_elsewhere(void **state)
{
    (void)state;
    struct world w = {.stub = aws_stub_start()};
    struct cp_buf text;
    struct cp_error err;
    struct cp_view line;
    size_t n = 0;
    cp_buf_init(&text, 1 << 20);
    if (cp_file_read("tests/data/aws/config_cases.jsonl", &text, &err))
        fail_msg("%s", err.text);
    struct cp_view rest = cp_buf_view(&text);
    while (cp_view_split(&rest, '\n', &line)) {
        cJSON *test = cJSON_ParseWithLength(line.p, line.n);
        assert_non_null(test);
        check_case(&w, test);
        cJSON_Delete(test);
        n++;
    }
    assert_int_equal(n, CASES);
    for (size_t i = 0; i < sizeof DIFFERENCES / sizeof DIFFERENCES[0]; i++)
        print_message("%s: %s\n", DIFFERENCES[i].name, DIFFERENCES[i].reason);
    cp_buf_clear(&text);
    aws_stub_stop(w.stub);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(configurations_mean_what_they_mean_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
