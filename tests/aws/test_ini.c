/* SPDX-License-Identifier: GPL-3.0-or-later
 * The reader of shared files: our own cases. The SDKs' cases are in test_aws_sdk.c.
 */
#include "model/base/buf.h"
#include "probes/aws/ini.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

#define SECRET "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"

static enum cp_code add(struct cp_ini *ini, enum cp_ini_file file, const char *text,
                        struct cp_error *err)
{
    return cp_ini_add(ini, file, file == CP_INI_CONFIG ? "config" : "credentials", cp_view_of(text),
                      err);
}

static void credentials_file_wins_over_config_file(void **state)
{
    (void)state;
    struct cp_ini ini = {0};
    assert_int_equal(add(&ini, CP_INI_CONFIG, "[profile a]\nregion = x\nkey = old\n", NULL), CP_OK);
    assert_int_equal(add(&ini, CP_INI_CREDENTIALS, "[a]\n\nKEY=new\n", NULL), CP_OK);
    const struct cp_ini_section *a = cp_ini_section(&ini, CP_INI_PROFILE, "a");
    assert_string_equal(cp_ini_get(a, "key"), "new");
    assert_string_equal(cp_ini_get(a, "region"), "x");
    assert_int_equal(cp_ini_property(a, "key")->file, CP_INI_CREDENTIALS);
    assert_int_equal(cp_ini_property(a, "key")->line, 3);
    assert_int_equal(cp_ini_property(a, "region")->file, CP_INI_CONFIG);
    cp_ini_clear(&ini);
}

static void sub_properties_are_found_in_any_case(void **state)
{
    (void)state;
    static const char *const value = "\nmax = 2\nEndpoint_URL = http://[::1]:4/x#y # note\nb=";
    struct cp_view url = cp_ini_sub_property(value, "endpoint_url");
    assert_true(cp_view_is(url, "http://[::1]:4/x#y"));
    assert_int_equal(cp_ini_sub_property(value, "b").n, 0);
    assert_int_equal(cp_ini_sub_property(value, "endpoint").n, 0);
    assert_int_equal(cp_ini_sub_property(NULL, "endpoint").n, 0);
}

static void indented_comments_do_not_end_sub_properties(void **state)
{
    (void)state;
    struct cp_ini ini = {0};
    assert_int_equal(add(&ini, CP_INI_CONFIG,
                         "[services s]\n  # first\nlambda =\n  # second\n  endpoint_url = u\n",
                         NULL),
                     CP_OK);
    const struct cp_ini_section *s = cp_ini_section(&ini, CP_INI_SERVICES, "s");
    assert_string_equal(cp_ini_get(s, "lambda"), "\nendpoint_url = u");
    cp_ini_clear(&ini);
}

static void long_session_tokens_are_whole(void **state)
{
    (void)state;
    enum { LENGTH = 7000 };
    static char text[LENGTH + 64];
    int n = snprintf(text, sizeof text, "[default]\naws_session_token = ");
    memset(text + n, 'T', LENGTH);
    struct cp_ini ini = {0};
    assert_int_equal(add(&ini, CP_INI_CREDENTIALS, text, NULL), CP_OK);
    const char *token =
        cp_ini_get(cp_ini_section(&ini, CP_INI_PROFILE, "default"), "aws_session_token");
    assert_int_equal(strlen(token), LENGTH);
    cp_ini_clear(&ini);
}

static void errors_name_the_line_and_never_what_it_holds(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {SECRET "\n", "'credentials' line 1: expected a profile definition"},
        {"[default]\n\n" SECRET "\n",
         "'credentials' line 3: expected an '=' sign defining a property"},
        {"[default]\n= " SECRET, "'credentials' line 2: property did not have a name"},
        {"[default]\ns =\n " SECRET,
         "'credentials' line 3: expected an '=' sign defining a sub-property"},
        {"[default]\n  " SECRET,
         "'credentials' line 2: expected a property definition, found continuation"},
        {"[" SECRET "\n", "'credentials' line 1: a profile definition must end with ']'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cp_ini ini = {0};
        struct cp_error err = {CP_OK, ""};
        assert_int_equal(add(&ini, CP_INI_CREDENTIALS, cases[i].text, &err), CP_EFORMAT);
        assert_string_equal(err.text, cases[i].message);
        cp_ini_clear(&ini);
    }
}

static void limits_end_the_reading(void **state)
{
    (void)state;
    struct cp_ini ini = {0};
    struct cp_error err;
    size_t n = (size_t)CP_INI_LINE_MAX + 2;
    char *line = malloc(n);
    assert_non_null(line);
    memset(line, 'x', n);
    assert_int_equal(cp_ini_add(&ini, CP_INI_CONFIG, "config", (struct cp_view){line, n}, &err),
                     CP_ELIMIT);
    assert_int_equal(cp_ini_add(&ini, CP_INI_CONFIG, "config",
                                (struct cp_view){line, (size_t)CP_INI_BYTES_MAX + 1}, &err),
                     CP_ELIMIT);
    free(line);
    static const char zero[] = "[default]\na = b\0c\n";
    assert_int_equal(
        cp_ini_add(&ini, CP_INI_CONFIG, "config", (struct cp_view){zero, sizeof zero - 1}, &err),
        CP_EFORMAT);
    cp_ini_clear(&ini);
}

static void a_value_that_goes_on_and_on_is_refused(void **state)
{
    (void)state;
    struct cp_ini ini = {0};
    struct cp_buf text;
    struct cp_error err;
    cp_buf_init(&text, CP_INI_BYTES_MAX);
    (void)cp_buf_adds(&text, "[default]\na = b\n");
    for (int i = 0; i <= CP_INI_JOINED_MAX / 2; i++)
        (void)cp_buf_adds(&text, " c\n");
    assert_int_equal(cp_ini_add(&ini, CP_INI_CONFIG, "config", cp_buf_view(&text), &err),
                     CP_ELIMIT);
    assert_non_null(strstr(err.text, "a value of several lines"));
    cp_buf_clear(&text);
    cp_ini_clear(&ini);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(credentials_file_wins_over_config_file),
        cmocka_unit_test(sub_properties_are_found_in_any_case),
        cmocka_unit_test(indented_comments_do_not_end_sub_properties),
        cmocka_unit_test(long_session_tokens_are_whole),
        cmocka_unit_test(errors_name_the_line_and_never_what_it_holds),
        cmocka_unit_test(limits_end_the_reading),
        cmocka_unit_test(a_value_that_goes_on_and_on_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
