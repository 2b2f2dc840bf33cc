/* SPDX-License-Identifier: GPL-3.0-or-later
 * Keeping and renewing keys, and the providers' refusals, with scripted answers.
 */
#include "probes/aws/credential_chain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/datetime.h"
#include "probes/os/file.h"
#include "tests/aws/fake_http.h"
#include "tests/test.h"

enum { VARIABLES_MAX = 12 };

static const int64_t S = 1000, MIN = 60000; /* ms */

static const int64_t NOW = 1791468191000; /* 2026-10-08T14:03:11Z */

/* --- a world of variables and files --- */

struct variable {
    const char *name, *value;
};

struct world {
    struct variable environment[VARIABLES_MAX], files[VARIABLES_MAX];
    const char *profile;
};

static const char *value_of(const struct variable *v, const char *name)
{
    for (; v->name; v++)
        if (strcmp(v->name, name) == 0)
            return v->value;
    return NULL;
}

static const char *get_variable(void *context, const char *name)
{
    const struct world *w = context;
    return value_of(w->environment, name);
}

static enum cp_code read_file(void *context, const char *path, struct cp_buf *out,
                              struct cp_error *err)
{
    const struct world *w = context;
    const char *text = value_of(w->files, path);
    return text ? cp_buf_adds(out, text) : cp_fail(err, CP_ENOTFOUND, "cannot open '%s'", path);
}

static struct cp_credential_chain *chain_of(struct world *w)
{
    const struct cp_credential_chain_options options = {
        .shared = {.get = get_variable,
                   .get_context = w,
                   .profile = w->profile,
                   .read_file = read_file,
                   .read_context = w},
        .region = "eu-central-1",
        .http = &fake_http_ops,
        .clock = &fake_clock,
    };
    struct cp_credential_chain *chain = NULL;
    assert_int_equal(cp_credential_chain_new(&options, &chain, NULL), CP_OK);
    return chain;
}

static enum cp_code ask(struct cp_credential_chain *chain, int64_t now_ms, bool is_refused,
                        struct cp_credentials *keys, struct cp_error *err)
{
    const struct cp_credential_source source = cp_credential_chain_source(chain);
    return source.get(source.context, now_ms, is_refused, keys, err);
}

/* --- renewal, by a container whose answers are scripted --- */

enum { BODY_MAX = 256 };

/* Keys "ASIA<n>" that end `lasts_ms` after NOW. */
static struct fake_answer keys_answer(char body[BODY_MAX], int n, int64_t lasts_ms)
{
    char end[CP_DATETIME_TEXT_MAX];
    (void)snprintf(body, BODY_MAX,
                   "{\"AccessKeyId\":\"ASIA%d\",\"SecretAccessKey\":\"s%d\",\"Token\":\"t%d\","
                   "\"Expiration\":\"%s\"}",
                   n, n, n, cp_datetime_format(NOW + lasts_ms, CP_DATETIME_ISO_S, end));
    return (struct fake_answer){.status = 200, .body = body};
}

static struct world container(void)
{
    return (struct world){
        .environment = {{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/keys"}, {NULL, NULL}}};
}

static void expect_key(struct cp_credential_chain *chain, int64_t after_ms, const char *id,
                       size_t n_requests)
{
    struct cp_credentials keys;
    struct cp_error err = {CP_OK, ""};
    if (ask(chain, NOW + after_ms, false, &keys, &err))
        fail_msg("%s", err.text);
    assert_string_equal(keys.access_key_id, id);
    assert_int_equal(fake.n_requests, n_requests);
}

static void keys_are_renewed_fifteen_minutes_ahead(void **state)
{
    (void)state;
    char bodies[2][BODY_MAX];
    const struct fake_answer answers[] = {keys_answer(bodies[0], 1, 60 * MIN),
                                          keys_answer(bodies[1], 2, 120 * MIN)};
    struct world w = container();
    fake_http_script(answers, 2);
    struct cp_credential_chain *chain = chain_of(&w);
    expect_key(chain, 0, "ASIA1", 1);
    expect_key(chain, 44 * MIN, "ASIA1", 1);
    expect_key(chain, 45 * MIN + 1, "ASIA2", 2);
    expect_key(chain, 100 * MIN, "ASIA2", 2);
    assert_string_equal(cp_credential_chain_provider(chain), "container");
    cp_credential_chain_free(chain);
}

static void good_keys_outlive_a_renewal_that_fails(void **state)
{
    (void)state;
    char body[BODY_MAX];
    const struct fake_answer answers[] = {
        keys_answer(body, 1, 60 * MIN), {.status = 403}, {.status = 403}, {.status = 403}};
    struct world w = container();
    struct cp_credentials keys;
    struct cp_error err = {CP_OK, ""};
    fake_http_script(answers, 4);
    struct cp_credential_chain *chain = chain_of(&w);
    expect_key(chain, 0, "ASIA1", 1);
    expect_key(chain, 46 * MIN, "ASIA1", 2);
    expect_key(chain, 46 * MIN + 59 * S, "ASIA1", 2); /* not asked for each signature */
    expect_key(chain, 47 * MIN, "ASIA1", 3);
    assert_int_equal(ask(chain, NOW + 60 * MIN, false, &keys, &err), CP_EREMOTE);
    assert_string_equal(err.text, "AWS credentials: the container's credentials: HTTP 403");
    assert_string_equal(keys.access_key_id, "");
    cp_credential_chain_free(chain);
}

static void short_lived_keys_are_renewed_before_they_end(void **state)
{
    (void)state;
    char bodies[2][BODY_MAX];
    const struct fake_answer answers[] = {keys_answer(bodies[0], 1, 40 * S),
                                          keys_answer(bodies[1], 2, 80 * S)};
    struct world w = container();
    fake_http_script(answers, 2);
    struct cp_credential_chain *chain = chain_of(&w);
    expect_key(chain, 0, "ASIA1", 1);
    expect_key(chain, 9 * S, "ASIA1", 1);
    expect_key(chain, 10 * S, "ASIA2", 2);
    cp_credential_chain_free(chain);
}

static void refused_keys_are_asked_for_anew(void **state)
{
    (void)state;
    char bodies[2][BODY_MAX];
    const struct fake_answer answers[] = {
        keys_answer(bodies[0], 1, 60 * MIN), keys_answer(bodies[1], 2, 60 * MIN), {.status = 404}};
    struct world w = container();
    struct cp_credentials keys;
    fake_http_script(answers, 3);
    struct cp_credential_chain *chain = chain_of(&w);
    expect_key(chain, 0, "ASIA1", 1);
    assert_int_equal(ask(chain, NOW, true, &keys, NULL), CP_OK);
    assert_string_equal(keys.access_key_id, "ASIA2");
    assert_int_equal(ask(chain, NOW, true, &keys, NULL), CP_EREMOTE);
    cp_credential_chain_free(chain);
}

static void expired_keys_are_not_given_out(void **state)
{
    (void)state;
    char body[BODY_MAX];
    const struct fake_answer answers[] = {keys_answer(body, 1, -1 * S)};
    struct world w = container();
    struct cp_credentials keys;
    struct cp_error err = {CP_OK, ""};
    fake_http_script(answers, 1);
    struct cp_credential_chain *chain = chain_of(&w);
    assert_int_equal(ask(chain, NOW, false, &keys, &err), CP_EDENIED);
    assert_string_equal(err.text, "the AWS credentials of 'container' have expired; renew them");
    cp_credential_chain_free(chain);
}

/* --- metadata services --- */

static void metadata_is_asked_without_a_proxy_and_briefly(void **state)
{
    (void)state;
    const struct fake_answer answers[] = {{.code = CP_ETIMEOUT}};
    struct world w = {.environment = {{NULL, NULL}}};
    struct cp_credentials keys;
    struct cp_error err = {CP_OK, ""};
    fake_http_script(answers, 1);
    struct cp_credential_chain *chain = chain_of(&w);
    assert_int_equal(ask(chain, NOW, false, &keys, &err), CP_ENOTFOUND);
    assert_non_null(strstr(err.text, "EC2 metadata: no EC2 metadata service here"));
    assert_int_equal(fake.n_requests, 1);
    assert_true(fake.requests[0].is_direct);
    assert_int_equal(fake.requests[0].timeout_ms, 1000);
    cp_credential_chain_free(chain);
}

static void container_token_files_are_read_each_time(void **state)
{
    (void)state;
    char bodies[2][BODY_MAX];
    const struct fake_answer answers[] = {keys_answer(bodies[0], 1, 60 * MIN),
                                          keys_answer(bodies[1], 2, 60 * MIN)};
    struct world w = {
        .environment = {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/keys"},
                        {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/token"},
                        {NULL, NULL}},
        .files = {{"/token", "first\n"}, {NULL, NULL}},
    };
    struct cp_credentials keys;
    fake_http_script(answers, 2);
    struct cp_credential_chain *chain = chain_of(&w);
    assert_int_equal(ask(chain, NOW, false, &keys, NULL), CP_OK);
    assert_string_equal(fake_header(&fake.requests[0], "authorization"), "first");
    w.files[0].value = "second";
    assert_int_equal(ask(chain, NOW, true, &keys, NULL), CP_OK);
    assert_string_equal(fake_header(&fake.requests[1], "authorization"), "second");
    assert_true(fake.requests[1].is_direct);
    cp_credential_chain_free(chain);
}

/* --- refusals --- */

#define SECRET "hunter2hunter2"
#define KEYS   "aws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = " SECRET "\n"

#define SSO_CONFIG                                                                                 \
    "[default]\nsso_start_url = https://d.example/start\nsso_region = eu-west-1\n"                 \
    "sso_account_id = 123456789012\nsso_role_name = reader\n"
/* SHA-1 of the start URL, by sha1sum */
#define SSO_TOKEN "/h/.aws/sso/cache/59872269b3988acbe73f94f1e908e54f0d278a18.json"

static void what_cannot_work_is_refused_with_a_way_out(void **state)
{
    (void)state;
    static const struct {
        const char *config;
        struct variable environment[3];
        struct variable file;
        const char *text;
    } cases[] = {
        {"[default]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = base\n"
         "mfa_serial = arn:aws:iam::123456789012:mfa/me\n[profile base]\n" KEYS,
         {{NULL, NULL}},
         {NULL, NULL},
         "AWS credentials: profile 'default' asks for an MFA code (mfa_serial), which coldprof "
         "does "
         "not: take keys with it first, e.g. eval \"$(aws configure export-credentials --profile "
         "default --format env)\""},
        {"[default]\nrole_arn = arn:aws:iam::123456789012:role/x\ncredential_source = Lambda\n",
         {{NULL, NULL}},
         {NULL, NULL},
         "AWS credentials: profile 'default': credential_source is Environment, "
         "Ec2InstanceMetadata or EcsContainer"},
        {"[default]\nrole_arn = arn:aws:iam::123456789012:role/x\ncredential_source = "
         "Environment\n",
         {{NULL, NULL}},
         {NULL, NULL},
         "AWS credentials: profile 'default' takes its keys from environment: no AWS credentials: "
         "'AWS_ACCESS_KEY_ID' and 'AWS_SECRET_ACCESS_KEY' are not set"},
        {"[default]\nrole_arn = not/an/arn\nsource_profile = default\n" KEYS,
         {{NULL, NULL}},
         {NULL, NULL},
         "AWS credentials: profile 'default': role_arn is not like "
         "'arn:aws:iam::123456789012:role/name'"},
        {"[default]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = default\n"
         "duration_seconds = 60\n" KEYS,
         {{NULL, NULL}},
         {NULL, NULL},
         "AWS credentials: profile 'default': role 'arn:aws:iam::123456789012:role/x': "
         "duration_seconds is not within 900..43200"},
        {"[default]\naws_secret_access_key = " SECRET "\n",
         {{NULL, NULL}},
         {NULL, NULL},
         "AWS credentials: profile 'default' has 'aws_secret_access_key' but no "
         "'aws_access_key_id'"},
        {"[default]\ncredential_process = sh -c 'echo " SECRET " >&2; exit 7'\n",
         {{NULL, NULL}},
         {NULL, NULL},
         "AWS credentials: credential_process of profile 'default': 'sh' ended with status 7 (15 "
         "bytes on its stderr; run it by hand to see them)"},
        {"[default]\ncredential_process = echo " SECRET "\n",
         {{NULL, NULL}},
         {NULL, NULL},
         "AWS credentials: credential_process of profile 'default': 'echo': the answer is not a "
         "JSON object"},
        {"[default]\ncredential_process = echo '" SECRET "\n",
         {{NULL, NULL}},
         {NULL, NULL},
         "AWS credentials: credential_process of profile 'default': the command ends inside a "
         "quote or after a backslash"},
        {"",
         {{"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"}, {NULL, NULL}},
         {"/token", SECRET},
         "AWS credentials: AWS_WEB_IDENTITY_TOKEN_FILE is set but AWS_ROLE_ARN is not"},
        {"",
         {{"AWS_WEB_IDENTITY_TOKEN_FILE", "/none"},
          {"AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/x"},
          {NULL, NULL}},
         {NULL, NULL},
         "AWS credentials: web identity of the environment: there is no token file '/none'"},
        {"",
         {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://example.com/keys"}, {NULL, NULL}},
         {NULL, NULL},
         "AWS credentials: AWS_CONTAINER_CREDENTIALS_FULL_URI is plain http to another machine "
         "than this or 169.254.170.2, 169.254.170.23, [fd00:ec2::23]; use https"},
        {"",
         {{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/keys"},
          {"AWS_CONTAINER_AUTHORIZATION_TOKEN", SECRET "\r\nX-Evil: 1"},
          {NULL, NULL}},
         {NULL, NULL},
         "AWS credentials: the container's credentials: the container's authorization token holds "
         "a control character"},
        {SSO_CONFIG,
         {{NULL, NULL}},
         {SSO_TOKEN, "{\"accessToken\":\"" SECRET "\",\"expiresAt\":\"2026-10-08T14:03:10Z\"}"},
         "AWS credentials: SSO of profile 'default': the SSO sign-in of profile 'default' has "
         "expired: run 'aws sso login --profile default'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w = {.environment = {{"HOME", "/h"}, {NULL, NULL}},
                          .files = {{"/h/.aws/config", cases[i].config}, cases[i].file}};
        struct cp_credentials keys;
        struct cp_error err = {CP_OK, ""};
        for (size_t v = 0; v < 3 && cases[i].environment[v].name; v++)
            w.environment[1 + v] = cases[i].environment[v];
        fake_http_script(NULL, 0);
        struct cp_credential_chain *chain = chain_of(&w);
        assert_int_not_equal(ask(chain, NOW, false, &keys, &err), CP_OK);
        assert_string_equal(err.text, cases[i].text);
        cp_credential_chain_free(chain);
    }
}

static void what_aws_login_keeps_is_asked_of_the_aws_cli(void **state)
{
    (void)state;
    struct world w = {
        .environment = {{"HOME", "/h"}, {"AWS_EC2_METADATA_DISABLED", "true"}, {NULL, NULL}},
        .files = {{"/h/.aws/config",
                   "[default]\nlogin_session = arn:aws:iam::123456789012:user/me\n"},
                  {NULL, NULL}},
    };
    struct cp_credentials keys;
    struct cp_error err = {CP_OK, ""};
    fake_http_script(NULL, 0);
    struct cp_credential_chain *chain = chain_of(&w);
    assert_int_equal(ask(chain, NOW, false, &keys, &err), CP_ENOTFOUND);
    assert_string_equal(err.text, "profile 'default' signs in with 'aws login', which the AWS CLI "
                                  "keeps for itself; give --credentials-from aws-cli");
    cp_credential_chain_free(chain);
}

/* A stub that repeats what it was sent must not make us repeat it. */
static void echoed_tokens_are_not_shown(void **state)
{
    (void)state;
    const struct fake_answer answers[] = {
        {.status = 400,
         .body = "<ErrorResponse><Error><Code>InvalidIdentityToken</Code><Message>bad token " SECRET
                 "</Message></Error></ErrorResponse>"}};
    struct world w = {
        .environment = {{"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"},
                        {"AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/x"},
                        {NULL, NULL}},
        .files = {{"/token", SECRET}, {NULL, NULL}},
    };
    struct cp_credentials keys;
    struct cp_error err = {CP_OK, ""};
    fake_http_script(answers, 1);
    struct cp_credential_chain *chain = chain_of(&w);
    assert_int_not_equal(ask(chain, NOW, false, &keys, &err), CP_OK);
    assert_non_null(strstr(err.text, "AssumeRoleWithWebIdentity: HTTP 400"));
    assert_null(strstr(err.text, SECRET));
    assert_null(fake_header(&fake.requests[0], "authorization")); /* unsigned */
    cp_credential_chain_free(chain);
}

static void account_is_asked_of_sts(void **state)
{
    (void)state;
    const struct fake_answer answers[] = {
        {.status = 200,
         .body = "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012"
                 "</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"},
        {.status = 200, .body = "<html><body>Sign in</body></html>"}};
    struct world w = {.environment = {{"AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"},
                                      {"AWS_SECRET_ACCESS_KEY", SECRET},
                                      {NULL, NULL}}};
    char account[13];
    struct cp_error err = {CP_OK, ""};
    fake_http_script(answers, 2);
    struct cp_credential_chain *chain = chain_of(&w);
    assert_int_equal(cp_credential_chain_account(chain, account, &err), CP_OK);
    assert_string_equal(account, "123456789012");
    assert_string_equal(fake.requests[0].url, "https://sts.eu-central-1.amazonaws.com/");
    assert_int_equal(cp_credential_chain_account(chain, account, &err), CP_EFORMAT);
    cp_credential_chain_free(chain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_renewed_fifteen_minutes_ahead),
        cmocka_unit_test(good_keys_outlive_a_renewal_that_fails),
        cmocka_unit_test(short_lived_keys_are_renewed_before_they_end),
        cmocka_unit_test(refused_keys_are_asked_for_anew),
        cmocka_unit_test(expired_keys_are_not_given_out),
        cmocka_unit_test(metadata_is_asked_without_a_proxy_and_briefly),
        cmocka_unit_test(container_token_files_are_read_each_time),
        cmocka_unit_test(what_cannot_work_is_refused_with_a_way_out),
        cmocka_unit_test(what_aws_login_keeps_is_asked_of_the_aws_cli),
        cmocka_unit_test(echoed_tokens_are_not_shown),
        cmocka_unit_test(account_is_asked_of_sts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
