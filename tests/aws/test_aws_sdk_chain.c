/* SPDX-License-Identifier: GPL-3.0-or-later
 * The SDKs' descriptions of where credentials come from: whole chains with recorded traffic, chains
 * of roles, the rules of containers and of the EC2 metadata service.
 */
#include <cjson/cJSON.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probes/aws/credential_chain.h"
#include "probes/aws/role_chain.h"
#include "tests/aws/sdk_cases.h"
#include "tests/aws/traffic_http.h"
#include "tests/test.h"

enum { NAME_MAX_CHARS = 256 };

/* --- a clock before every date of the records --- */

static int64_t past_ms(void *context)
{
    (void)context;
    return 1000000000000; /* 2001 */
}

static double no_time(void *context)
{
    (void)context;
    static double ms;
    return ms += 1000; /* waits end at once */
}

static void no_sleep(void *context, int ms)
{
    (void)context;
    (void)ms;
}

static const struct cp_call_clock past = {
    .unix_ms = past_ms, .mono_ms = no_time, .sleep_ms = no_sleep};

/* --- whole chains --- */

/* What differs from a description, and why. */
static const struct difference {
    const char *name;
    bool fails; /* here, where the description succeeds */
    bool ignores_identity;
    const char *authorization;
    const char *reason;
} DIFFERENCES[] = {
    {"profile-provider/credential_process", true, false, NULL,
     "its command is a pipe of two programs: coldprof runs no shell (rule 19)"},
    {"default-credential-provider-chain/web_identity_token_source_profile", false, true, NULL,
     "recorded with other roles and tokens than its files and answers hold"},
    {"default-credential-provider-chain/eks_pod_identity_credentials", false, false, "sometoken",
     "the header with the token is left out of the record"},
};

/* `account_id` of a result is not compared: keys are what a provider gives, the account is asked of
 * STS. */
static void check_keys(const char *name, const cJSON *expected, const struct cp_credentials *got)
{
    const char *token = sdk_text(expected, "session_token");
    const cJSON *expiry = cJSON_GetObjectItem(expected, "expiry");
    if (strcmp(got->access_key_id, sdk_text(expected, "access_key_id")) != 0 ||
        strcmp(got->secret_access_key, sdk_text(expected, "secret_access_key")) != 0 ||
        strcmp(got->session_token, token ? token : "") != 0)
        fail_msg("%s: other keys, id '%s'", name, got->access_key_id);
    if (expiry && got->expires_at_ms / 1000 != (int64_t)expiry->valuedouble)
        fail_msg("%s: they end at %lld", name, (long long)got->expires_at_ms);
}

/* Values of these settings, wherever they stand, are in no message. */
static void check_message(const char *name, const char *message)
{
    static const char *const SECRETS[] = {"a-token",        "sometoken",   "shouldnotbeused",
                                          "eyJhbGciOiJSUz", "FAKE",        "faketoken",
                                          "correct_secret", "secretbase",  "testsecret",
                                          "secret-access-", "eyAiVmVyc2lv"};
    if (!message[0])
        fail_msg("%s: fails without a message", name);
    for (size_t i = 0; i < sizeof SECRETS / sizeof SECRETS[0]; i++)
        if (strstr(message, SECRETS[i]))
            fail_msg("%s: a secret in '%s'", name, message);
}

static enum cp_code ask_chain(const char *name, cJSON *env, bool allow_insecure,
                              struct cp_credentials *out, struct cp_error *err)
{
    char root[1024];
    bool is_profile_alone = strncmp(name, "profile-provider", 16) == 0; /* no environment */
    struct sdk_files files = {.root = root};
    (void)snprintf(root, sizeof root, "%s/%s/fs", sdk_folder(), name);
    const struct cp_credential_chain_options options = {
        .shared = {.get = sdk_getenv,
                   .get_context = env,
                   .profile = is_profile_alone ? "default" : NULL,
                   .read_file = sdk_read_file,
                   .read_context = &files},
        .region = sdk_text(env, "AWS_REGION"),
        .allow_insecure = allow_insecure,
        .http = &traffic_http_ops,
        .clock = &past,
    };
    struct cp_credential_chain *chain = NULL;
    assert_int_equal(cp_credential_chain_new(&options, &chain, err), CP_OK);
    const struct cp_credential_source source = cp_credential_chain_source(chain);
    enum cp_code code = source.get(source.context, past_ms(NULL), false, out, err);
    cp_credential_chain_free(chain);
    return code;
}

static cJSON *case_json(const char *name, const char *file)
{
    char path[NAME_MAX_CHARS + 64];
    (void)snprintf(path, sizeof path, "%s/%s", name, file);
    return sdk_json(path);
}

static bool has_plain_http(const cJSON *env)
{
    const cJSON *v = NULL;
    cJSON_ArrayForEach(v, env)
    {
        if (strstr(v->string, "ENDPOINT_URL") && strncmp(v->valuestring, "http://", 7) == 0)
            return true;
    }
    return false;
}

static void check_chain_case(const char *name)
{
    static const struct difference none = {.fails = false};
    const struct difference *difference = &none;
    for (size_t i = 0; i < sizeof DIFFERENCES / sizeof DIFFERENCES[0]; i++)
        if (strcmp(DIFFERENCES[i].name, name) == 0)
            difference = &DIFFERENCES[i];
    cJSON *env = case_json(name, "env.json");
    cJSON *record = case_json(name, "http-traffic.json");
    cJSON *description = case_json(name, "test-case.json");
    const cJSON *result = cJSON_GetObjectItem(description, "result");
    const cJSON *keys = difference->fails ? NULL : cJSON_GetObjectItem(result, "Ok");
    struct cp_credentials got;
    struct cp_error err = {CP_OK, ""};
    traffic = (struct traffic){.name = name,
                               .events = cJSON_GetObjectItem(record, "events"),
                               .ignores_identity = difference->ignores_identity,
                               .authorization = difference->authorization};
    bool is_insecure = has_plain_http(env);
    if (is_insecure) /* refused, unless --insecure-endpoint says so (rule 6) */
        assert_int_equal(ask_chain(name, env, false, &got, &err), CP_EINVAL);
    enum cp_code code = ask_chain(name, env, is_insecure, &got, &err);
    if (keys && code)
        fail_msg("%s: %s", name, err.text);
    if (!keys && !code)
        fail_msg("%s: succeeds", name);
    if (keys)
        check_keys(name, keys, &got);
    else
        check_message(name, err.text);
    traffic_check_end();
    if (difference->reason)
        print_message("%s: %s\n", name, difference->reason);
    cp_credentials_clear(&got);
    cJSON_Delete(env);
    cJSON_Delete(record);
    cJSON_Delete(description);
}

static int check_folder(const char *folder)
{
    char path[1024];
    int n = 0;
    (void)snprintf(path, sizeof path, "%s/%s", sdk_folder(), folder);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
        char name[NAME_MAX_CHARS + 64];
        if (e->d_name[0] == '.')
            continue;
        (void)snprintf(name, sizeof name, "%s/%s", folder, e->d_name);
        check_chain_case(name);
        n++;
    }
    (void)closedir(dir);
    return n;
}

static void default_chains_are_those_of_the_sdks(void **state)
{
    (void)state;
    assert_int_equal(check_folder("default-credential-provider-chain"), 15);
}

static void profiles_give_what_they_give_the_sdks(void **state)
{
    (void)state;
    assert_int_equal(check_folder("profile-provider"), 9);
}

/* --- chains of roles --- */

static void add_sections(struct cp_ini *ini, const char *word, const cJSON *sections)
{
    const cJSON *section = NULL;
    const cJSON *property = NULL;
    cJSON_ArrayForEach(section, sections)
    {
        struct cp_buf text;
        cp_buf_init(&text, 65536);
        (void)cp_buf_addf(&text, "[%s %s]\n", word, section->string);
        cJSON_ArrayForEach(property, section)
        {
            (void)cp_buf_addf(&text, "%s = %s\n", property->string, property->valuestring);
        }
        assert_int_equal(cp_ini_add(ini, CP_INI_CONFIG, "config", cp_buf_view(&text), NULL), CP_OK);
        cp_buf_clear(&text);
    }
}

static void check_section(const char *name, const struct cp_ini_section *section,
                          const cJSON *expected, const char *const skipped[2])
{
    static const struct {
        const char *theirs, *ours;
    } NAMES[] = {{"access_key_id", "aws_access_key_id"},
                 {"secret_access_key", "aws_secret_access_key"},
                 {"account_id", "aws_account_id"}};
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, expected)
    {
        const char *property = item->string;
        bool is_skipped =
            skipped && (strcmp(property, skipped[0]) == 0 || strcmp(property, skipped[1]) == 0);
        for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
            if (strcmp(property, NAMES[i].theirs) == 0)
                property = NAMES[i].ours;
        const char *value = cp_ini_get(section, property);
        if (!is_skipped && (!value || strcmp(value, item->valuestring) != 0))
            fail_msg("%s: '%s' is '%s'", name, property, value ? value : "(absent)");
    }
}

static void check_plan(const char *name, const struct cp_role_chain *chain, const cJSON *expected)
{
    static const struct {
        const char *name;
        enum cp_role_base base;
    } KINDS[] = {{"AccessKey", CP_BASE_KEYS},
                 {"WebIdentityToken", CP_BASE_WEB_IDENTITY},
                 {"Sso", CP_BASE_SSO}};
    static const char *const of_session[] = {"sso_region", "sso_start_url"};
    const cJSON *first = cJSON_GetArrayItem(expected, 0)->child;
    bool is_known = false;
    for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++)
        is_known =
            is_known || (strcmp(first->string, KINDS[i].name) == 0 && chain->base == KINDS[i].base);
    if (!is_known || chain->n_roles + 1 != (size_t)cJSON_GetArraySize(expected))
        fail_msg("%s: base %d and %zu roles", name, (int)chain->base, chain->n_roles);
    bool has_session = cp_ini_get(chain->base_profile, "sso_session") != NULL;
    check_section(name, chain->base_profile, first, has_session ? of_session : NULL);
    for (size_t i = 0; i < chain->n_roles; i++)
        check_section(name, chain->roles[i], cJSON_GetArrayItem(expected, (int)i + 1)->child, NULL);
}

static void check_role_case(const cJSON *test)
{
    const char *name = sdk_text(test, "docs");
    const cJSON *input = cJSON_GetObjectItem(test, "input");
    const cJSON *output = cJSON_GetObjectItem(test, "output");
    const cJSON *expected = cJSON_GetObjectItem(output, "ProfileChain");
    struct cp_ini ini = {0};
    struct cp_role_chain chain;
    struct cp_error err = {CP_OK, ""};
    add_sections(&ini, "profile", cJSON_GetObjectItem(input, "profiles"));
    add_sections(&ini, "sso-session", cJSON_GetObjectItem(input, "sso_sessions"));
    enum cp_code code = cp_role_chain_plan(&ini, sdk_text(input, "selected_profile"), &chain, &err);
    if ((code == CP_OK) != (expected != NULL))
        fail_msg("%s: '%s'", name, err.text);
    if (expected)
        check_plan(name, &chain, expected);
    else if (code == CP_ENOTFOUND || !err.text[0] || strstr(err.text, "abc123"))
        fail_msg("%s: '%s'", name, err.text);
    cp_ini_clear(&ini);
}

static void roles_follow_each_other_as_in_the_sdks(void **state)
{
    (void)state;
    cJSON *tests = sdk_json("assume-role-tests.json");
    const cJSON *test = NULL;
    cJSON_ArrayForEach(test, tests) check_role_case(test);
    assert_int_equal(cJSON_GetArraySize(tests), 14);
    cJSON_Delete(tests);
}

/* --- containers, EC2 metadata --- */

typedef enum cp_code (*url_fn)(const struct cp_shared_config *config, char out[CP_PROVIDER_URL_MAX],
                               struct cp_error *err);

/* An endpoint given in code stands for the variable: a program has no other way to be told. */
static cJSON *environment_of(const cJSON *test)
{
    cJSON *env = cJSON_Duplicate(cJSON_GetObjectItem(test, "env"), true);
    const char *override = sdk_text(test, "endpoint_override");
    if (override)
        assert_non_null(
            cJSON_AddStringToObject(env, "AWS_EC2_METADATA_SERVICE_ENDPOINT", override));
    return env;
}

static void check_url_case(const cJSON *test, url_fn find, const char *suffix)
{
    const char *name = sdk_text(test, "docs");
    const char *expected = sdk_text(cJSON_GetObjectItem(test, "result"), "Ok");
    cJSON *env = environment_of(test);
    cJSON *no_files = cJSON_CreateObject();
    const cJSON *fs = cJSON_GetObjectItem(test, "fs");
    struct sdk_files files = {.fs = fs ? fs : no_files};
    const struct cp_shared_config_options options = {
        .get = sdk_getenv, .get_context = env, .read_file = sdk_read_file, .read_context = &files};
    struct cp_shared_config config;
    struct cp_error err = {CP_OK, ""};
    char url[CP_PROVIDER_URL_MAX + 64] = "";
    assert_int_equal(cp_shared_config_read(&options, &config, &err), CP_OK);
    enum cp_code code = find(&config, url, &err);
    (void)snprintf(url + strlen(url), 64, "%s", suffix);
    if ((code == CP_OK) != (expected != NULL) || (expected && strcmp(url, expected) != 0))
        fail_msg("%s: '%s' (%s)", name, url, err.text);
    cp_shared_config_clear(&config);
    cJSON_Delete(env);
    cJSON_Delete(no_files);
}

static void check_url_cases(const char *file, url_fn find, const char *suffix, int n)
{
    cJSON *json = sdk_json(file);
    const cJSON *tests = cJSON_GetObjectItem(json, "tests");
    const cJSON *test = NULL;
    cJSON_ArrayForEach(test, tests) check_url_case(test, find, suffix);
    assert_int_equal(cJSON_GetArraySize(tests), n);
    cJSON_Delete(json);
}

static void containers_are_where_the_sdks_look(void **state)
{
    (void)state;
    check_url_cases("ecs-tests.json", cp_container_url, "", 6);
}

static void metadata_is_where_the_sdks_look(void **state)
{
    (void)state;
    check_url_cases("imds-endpoint-tests.json", cp_imds_endpoint, "/latest/api/token", 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_chains_are_those_of_the_sdks),
        cmocka_unit_test(profiles_give_what_they_give_the_sdks),
        cmocka_unit_test(roles_follow_each_other_as_in_the_sdks),
        cmocka_unit_test(containers_are_where_the_sdks_look),
        cmocka_unit_test(metadata_is_where_the_sdks_look),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
