/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/credentials.h"

#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

#define SECRET "Zm9vYmFyc2VjcmV0"

struct fake_env {
    const char *id, *secret, *token;
};

static const char *fake_get(void *context, const char *name)
{
    const struct fake_env *env = context;
    if (strcmp(name, "AWS_ACCESS_KEY_ID") == 0)
        return env->id;
    if (strcmp(name, "AWS_SECRET_ACCESS_KEY") == 0)
        return env->secret;
    return strcmp(name, "AWS_SESSION_TOKEN") == 0 ? env->token : NULL;
}

static void environment_keys_are_read(void **state)
{
    (void)state;
    struct fake_env env = {"AKIDEXAMPLE", SECRET, "token=="};
    struct cp_credentials got;
    assert_int_equal(cp_credentials_from_env(fake_get, &env, &got, NULL), CP_OK);
    assert_string_equal(got.access_key_id, "AKIDEXAMPLE");
    assert_string_equal(got.secret_access_key, SECRET);
    assert_string_equal(got.session_token, "token==");
    cp_credentials_clear(&got);
}

static void broken_environments_are_named_without_their_values(void **state)
{
    (void)state;
    static const struct {
        struct fake_env env;
        enum cp_code code;
        const char *text;
    } cases[] = {
        {{NULL, NULL, NULL},
         CP_ENOTFOUND,
         "no AWS credentials: 'AWS_ACCESS_KEY_ID' and 'AWS_SECRET_ACCESS_KEY' are not set"},
        {{"", "", "t"},
         CP_ENOTFOUND,
         "no AWS credentials: 'AWS_ACCESS_KEY_ID' and 'AWS_SECRET_ACCESS_KEY' are not set"},
        {{"AKIDEXAMPLE", NULL, NULL},
         CP_EINVAL,
         "'AWS_ACCESS_KEY_ID' is set but 'AWS_SECRET_ACCESS_KEY' is not; set both or neither"},
        {{NULL, SECRET, NULL},
         CP_EINVAL,
         "'AWS_SECRET_ACCESS_KEY' is set but 'AWS_ACCESS_KEY_ID' is not; set both or neither"},
        {{"AKIDEXAMPLE", SECRET "\n", NULL},
         CP_EINVAL,
         "'AWS_SECRET_ACCESS_KEY' holds a character that no key has, at place 17"},
        {{"AKID/EXAMPLE", SECRET, NULL},
         CP_EINVAL,
         "'AWS_ACCESS_KEY_ID' holds a character that no key has, at place 5"},
        {{"AKIDEXAMPLE", SECRET, "a\r\nb"},
         CP_EINVAL,
         "'AWS_SESSION_TOKEN' holds a character that no key has, at place 2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fake_env env = cases[i].env;
        struct cp_credentials got;
        struct cp_error err;
        assert_int_equal(cp_credentials_from_env(fake_get, &env, &got, &err), cases[i].code);
        assert_string_equal(err.text, cases[i].text);
        assert_null(strstr(err.text, SECRET));
        static const struct cp_credentials zero = {0};
        assert_memory_equal(&got, &zero, sizeof got);
    }
}

static void a_token_that_does_not_fit_is_refused_not_cut(void **state)
{
    (void)state;
    struct cp_credentials got;
    struct cp_error err;
    char token[sizeof got.session_token + 1];
    memset(token, 'x', sizeof token);
    assert_int_equal(cp_credentials_static(CP_VIEW_LIT("AKIDEXAMPLE"), CP_VIEW_LIT(SECRET),
                                           (struct cp_view){token, sizeof got.session_token}, &got,
                                           &err),
                     CP_ELIMIT);
    assert_string_equal(err.text, "'session token' is longer than 8191 characters");
    assert_int_equal(cp_credentials_static(CP_VIEW_LIT("AKIDEXAMPLE"), CP_VIEW_LIT(SECRET),
                                           (struct cp_view){token, sizeof got.session_token - 1},
                                           &got, &err),
                     CP_OK);
    assert_int_equal(strlen(got.session_token), sizeof got.session_token - 1);
    cp_credentials_clear(&got);
}

static void clearing_wipes_every_byte(void **state)
{
    (void)state;
    struct cp_credentials got;
    assert_int_equal(cp_credentials_static(CP_VIEW_LIT("AKIDEXAMPLE"), CP_VIEW_LIT(SECRET),
                                           CP_VIEW_LIT("token"), &got, NULL),
                     CP_OK);
    cp_credentials_clear(&got);
    for (size_t i = 0; i < sizeof got; i++)
        assert_int_equal(((const char *)&got)[i], 0);
    cp_credentials_clear(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(environment_keys_are_read),
        cmocka_unit_test(broken_environments_are_named_without_their_values),
        cmocka_unit_test(a_token_that_does_not_fit_is_refused_not_cut),
        cmocka_unit_test(clearing_wipes_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
