/* SPDX-License-Identifier: GPL-3.0-or-later
 * The SDKs' descriptions of shared files: grammar and places.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "tests/aws/sdk_cases.h"
#include "tests/test.h"

static size_t count_kind(const struct cp_ini *ini, enum cp_ini_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; i < ini->n; i++)
        n += ini->sections[i].kind == kind;
    return n;
}

static void check_properties(const char *name, const struct cp_ini_section *section,
                             const cJSON *expected)
{
    const cJSON *property = NULL;
    if (section->n != (size_t)cJSON_GetArraySize(expected))
        fail_msg("%s: [%s] has %zu properties", name, section->name, section->n);
    cJSON_ArrayForEach(property, expected)
    {
        const char *value = cp_ini_get(section, property->string);
        if (!value || strcmp(value, property->valuestring) != 0)
            fail_msg("%s: '%s' is '%s'", name, property->string, value ? value : "(absent)");
    }
}

static void check_sections(const char *name, const struct cp_ini *ini, enum cp_ini_kind kind,
                           const cJSON *expected)
{
    const cJSON *item = NULL;
    if (count_kind(ini, kind) != (size_t)cJSON_GetArraySize(expected))
        fail_msg("%s: %zu sections of kind %d", name, count_kind(ini, kind), (int)kind);
    cJSON_ArrayForEach(item, expected)
    {
        const struct cp_ini_section *section = cp_ini_section(ini, kind, item->string);
        if (!section)
            fail_msg("%s: no section '%s'", name, item->string);
        else
            check_properties(name, section, item);
    }
}

/* Our messages begin with a small letter; the descriptions' do not. */
static bool contains(const char *text, const char *part)
{
    return part[0] && strstr(text, part + 1) != NULL;
}

static void check_parser_case(const cJSON *test)
{
    const char *name = sdk_text(test, "name");
    const cJSON *input = cJSON_GetObjectItem(test, "input");
    const cJSON *output = cJSON_GetObjectItem(test, "output");
    const cJSON *config = cJSON_GetObjectItem(output, "config");
    const char *message = sdk_text(output, "errorContaining");
    struct cp_ini ini = {0};
    struct cp_error err = {CP_OK, ""};
    enum cp_code code =
        cp_ini_add(&ini, CP_INI_CONFIG, "config", cp_view_of(sdk_text(input, "configFile")), &err);
    if (!code)
        code = cp_ini_add(&ini, CP_INI_CREDENTIALS, "credentials",
                          cp_view_of(sdk_text(input, "credentialsFile")), &err);
    if (message && (code != CP_EFORMAT || !contains(err.text, message)))
        fail_msg("%s: '%s'", name, err.text);
    if (!message && code)
        fail_msg("%s: %s", name, err.text);
    if (!message) {
        check_sections(name, &ini, CP_INI_PROFILE, cJSON_GetObjectItem(config, "profiles"));
        check_sections(name, &ini, CP_INI_SSO_SESSION, cJSON_GetObjectItem(config, "sso_sessions"));
    }
    cp_ini_clear(&ini);
}

static void shared_files_parse_as_the_sdks_parse_them(void **state)
{
    (void)state;
    cJSON *json = sdk_json("profile-parser-tests.json");
    const cJSON *tests = cJSON_GetObjectItem(json, "tests");
    const cJSON *test = NULL;
    cJSON_ArrayForEach(test, tests) check_parser_case(test);
    assert_int_equal(cJSON_GetArraySize(tests), 33);
    cJSON_Delete(json);
}

/* --- places --- */

static enum cp_code no_files(void *context, const char *path, struct cp_buf *out,
                             struct cp_error *err)
{
    (void)context;
    return cp_buf_adds(out, strstr(path, "onfig") ? "[profile other]\n" : "")
               ? CP_ENOMEM
               : cp_fail(err, CP_OK, "%s", path);
}

static void check_location(cJSON *test)
{
    const char *profile = sdk_text(test, "profile");
    const struct cp_shared_config_options options = {
        .get = sdk_getenv,
        .get_context = cJSON_GetObjectItem(test, "environment"),
        .read_file = no_files,
    };
    struct cp_shared_config config;
    struct cp_error err;
    if (cp_shared_config_read(&options, &config, &err))
        fail_msg("%s: %s", sdk_text(test, "name"), err.text);
    assert_string_equal(config.config_path, sdk_text(test, "configLocation"));
    assert_string_equal(config.credentials_path, sdk_text(test, "credentialsLocation"));
    if (profile)
        assert_string_equal(config.profile, profile);
    cp_shared_config_clear(&config);
}

static void shared_files_are_where_the_sdks_look(void **state)
{
    (void)state;
    cJSON *json = sdk_json("file-location-tests.json");
    cJSON *test = NULL;
    int n = 0;
    cJSON_ArrayForEach(test, cJSON_GetObjectItem(json, "tests"))
    {
        if (strcmp(sdk_text(test, "platform"), "windows") == 0)
            continue; /* coldprof runs on Linux */
        check_location(test);
        n++;
    }
    assert_int_equal(n, 3);
    cJSON_Delete(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shared_files_parse_as_the_sdks_parse_them),
        cmocka_unit_test(shared_files_are_where_the_sdks_look),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
