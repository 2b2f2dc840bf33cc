/* SPDX-License-Identifier: GPL-3.0-or-later
 * Requests that AWS refuses because of their time (rule 5) or their keys (rule 13): signed anew
 * once, whatever they ask for, because they have had no effect.
 */
#include <stdio.h>
#include <string.h>

#include "tests/aws/fake_client.h"
#include "tests/test.h"

#define REFUSED(code) "x-amzn-ErrorType: " code ":http://internal/\n"
#define DATE(hh)      "Date: Thu, 08 Oct 2026 " hh ":03:11 GMT\n" /* ours: 14:03:11 */
#define OK_CONFIG                                                                                  \
    {                                                                                              \
        200, REQUEST_ID, CONFIG, 0, 0                                                              \
    }
#define FORBIDDEN(h)                                                                               \
    {                                                                                              \
        403, REQUEST_ID h, "{\"message\":\"no\"}", 0, 0                                            \
    }

static enum cp_code get_config(struct cp_lambda *l, struct cp_error *err)
{
    return cp_lambda_get_function_configuration(l, "f", NULL, NULL, err);
}

/* --- an invocation, run to its end --- */

struct outcome {
    int calls;
    struct cp_invoke_result result;
};

static void on_done(void *context, const struct cp_invoke_result *result)
{
    struct outcome *o = context;
    o->calls++;
    o->result = *result;
}

static void start_invoke(struct cp_lambda *l, struct outcome *o)
{
    const struct cp_invoke invoke = {.function = "f",
                                     .qualifier = "7",
                                     .payload = CP_VIEW_LIT("{\"a\":1}"),
                                     .on_done = on_done,
                                     .context = o};
    *o = (struct outcome){0};
    assert_int_equal(cp_lambda_invoke_start(l, &invoke, NULL), CP_OK);
}

static void drain(struct cp_lambda *l)
{
    size_t in_flight = 1;
    while (in_flight)
        assert_int_equal(cp_lambda_poll(l, 100, &in_flight, NULL), CP_OK);
}

static const char *date_of(size_t i)
{
    return fake_header(&fake.requests[i], "x-amz-date");
}

/* --- rule 5: time --- */

static void rule_5_each_refusal_of_the_time_is_signed_anew_with_the_server_time(void **state)
{
    (void)state;
    static const struct fake_answer scripts[][2] = {
        {FORBIDDEN(REFUSED("RequestTimeTooSkewed") DATE("15")), OK_CONFIG},
        {FORBIDDEN(REFUSED("RequestExpired") DATE("15")), OK_CONFIG},
        {FORBIDDEN(REFUSED("RequestInTheFuture") DATE("15")), OK_CONFIG},
        {FORBIDDEN(REFUSED("InvalidSignatureException") DATE("15")), OK_CONFIG},
        {FORBIDDEN(REFUSED("SignatureDoesNotMatch") DATE("15")), OK_CONFIG},
        {FORBIDDEN(REFUSED("AuthFailure") DATE("15")), OK_CONFIG},
    };
    for (size_t i = 0; i < COUNT(scripts); i++) {
        struct cp_lambda *l = client(scripts[i], 2);
        assert_int_equal(get_config(l, NULL), CP_OK);
        assert_string_equal(date_of(0), "20261008T140311Z");
        assert_string_equal(date_of(1), "20261008T150311Z");
        cp_lambda_free(l);
    }
}

static void rule_5_a_time_refused_twice_within_a_call_stays_refused(void **state)
{
    (void)state;
    static const struct fake_answer answers[] = {
        FORBIDDEN(REFUSED("RequestTimeTooSkewed") DATE("15")),
        FORBIDDEN(REFUSED("RequestTimeTooSkewed") DATE("17")),
    };
    struct cp_lambda *l = client(answers, COUNT(answers));
    assert_int_equal(get_config(l, NULL), CP_EDENIED);
    assert_int_equal(fake.n_requests, 2);
    cp_lambda_free(l);
}

static void rule_5_a_clock_that_is_set_right_later_is_noticed(void **state)
{
    (void)state;
    static const struct fake_answer answers[] = {
        FORBIDDEN(REFUSED("RequestTimeTooSkewed") DATE("15")), OK_CONFIG,
        FORBIDDEN(REFUSED("RequestInTheFuture") DATE("14")), OK_CONFIG};
    struct cp_lambda *l = client(answers, COUNT(answers));
    assert_int_equal(get_config(l, NULL), CP_OK);
    assert_int_equal(get_config(l, NULL), CP_OK);
    assert_string_equal(date_of(2), "20261008T150311Z");
    assert_string_equal(date_of(3), "20261008T140311Z");
    cp_lambda_free(l);
}

static void rule_5_a_bad_signature_within_four_minutes_is_no_matter_of_time(void **state)
{
    (void)state;
    static const struct fake_answer near[] = {
        FORBIDDEN(REFUSED("SignatureDoesNotMatch") "Date: Thu, 08 Oct 2026 14:07:00 GMT\n")};
    static const struct fake_answer undated[] = {FORBIDDEN(REFUSED("SignatureDoesNotMatch"))};
    struct cp_lambda *l = client(near, 1);
    assert_int_equal(get_config(l, NULL), CP_EDENIED);
    cp_lambda_free(l);
    l = client(undated, 1);
    assert_int_equal(get_config(l, NULL), CP_EDENIED);
    cp_lambda_free(l);
}

static void rule_5_an_invocation_refused_for_its_time_has_not_run_and_is_sent_again(void **state)
{
    (void)state;
    static const struct fake_answer answers[] = {
        FORBIDDEN(REFUSED("InvalidSignatureException") DATE("15")), {200, REQUEST_ID, "1", 0, 0}};
    struct outcome o;
    struct cp_lambda *l = client(answers, COUNT(answers));
    start_invoke(l, &o);
    drain(l);
    assert_int_equal(o.calls, 1);
    assert_int_equal(o.result.http_status, 200);
    assert_string_equal(fake.requests[1].url, fake.requests[0].url);
    assert_string_equal(fake.requests[1].body, "{\"a\":1}");
    assert_string_equal(date_of(1), "20261008T150311Z");
    cp_lambda_free(l);
}

/* --- rule 13: keys --- */

/* Gives the keys of `number`; a refusal moves on to the next of `n`. */
struct vault {
    int number, n, asked, refused;
    bool is_static; /* reads the same again */
};

static enum cp_code get_keys(void *context, int64_t now_ms, bool is_refused,
                             struct cp_credentials *out, struct cp_error *err)
{
    struct vault *v = context;
    assert_true(now_ms > 1791468000000);
    v->asked++;
    v->refused += is_refused;
    *out = (struct cp_credentials){.secret_access_key = SECRET};
    if (is_refused && !v->is_static && ++v->number >= v->n)
        return cp_fail(err, CP_ENOTFOUND, "environment: AWS_ACCESS_KEY_ID is not set");
    (void)snprintf(out->access_key_id, sizeof out->access_key_id, "AKID%d", v->number);
    return CP_OK;
}

static struct cp_lambda *client_of_vault(struct vault *v, struct cp_credential_source *source,
                                         const struct fake_answer *answers, size_t n)
{
    *source = (struct cp_credential_source){.context = v, .get = get_keys};
    fake_http_script(answers, n);
    return client_with((struct cp_client_options){.credential_source = source});
}

static bool is_signed_with(size_t i, const char *key_id)
{
    const char *authorization = fake_header(&fake.requests[i], "authorization");
    return authorization && strstr(authorization, key_id);
}

static void keys_are_asked_for_before_every_signature(void **state)
{
    (void)state;
    static const struct fake_answer answers[] = {OK_CONFIG, OK_CONFIG};
    struct vault v = {.n = 2};
    struct cp_credential_source source;
    struct cp_lambda *l = client_of_vault(&v, &source, answers, COUNT(answers));
    assert_int_equal(get_config(l, NULL), CP_OK);
    v.number = 1;
    assert_int_equal(get_config(l, NULL), CP_OK);
    assert_true(is_signed_with(0, "AKID0/"));
    assert_true(is_signed_with(1, "AKID1/"));
    assert_int_equal(v.asked, 2);
    assert_int_equal(v.refused, 0);
    cp_lambda_free(l);
}

static void rule_13_each_refusal_of_the_keys_reloads_them_once(void **state)
{
    (void)state;
    static const struct fake_answer scripts[][2] = {
        {FORBIDDEN(REFUSED("ExpiredTokenException")), OK_CONFIG},
        {FORBIDDEN(REFUSED("ExpiredToken")), OK_CONFIG},
        {FORBIDDEN(REFUSED("UnrecognizedClientException")), OK_CONFIG},
        {FORBIDDEN(REFUSED("InvalidClientTokenId")), OK_CONFIG},
    };
    for (size_t i = 0; i < COUNT(scripts); i++) {
        struct vault v = {.n = 2};
        struct cp_credential_source source;
        struct cp_lambda *l = client_of_vault(&v, &source, scripts[i], 2);
        assert_int_equal(get_config(l, NULL), CP_OK);
        assert_true(is_signed_with(0, "AKID0/"));
        assert_true(is_signed_with(1, "AKID1/"));
        assert_int_equal(v.refused, 1);
        cp_lambda_free(l);
    }
}

static void rule_13_keys_refused_again_stop_with_what_to_do(void **state)
{
    (void)state;
    static const struct fake_answer answers[] = {FORBIDDEN(REFUSED("ExpiredTokenException")),
                                                 FORBIDDEN(REFUSED("ExpiredTokenException"))};
    struct vault v = {.n = 9};
    struct cp_credential_source source;
    struct cp_error err;
    struct cp_lambda *l = client_of_vault(&v, &source, answers, COUNT(answers));
    assert_int_equal(get_config(l, &err), CP_EDENIED);
    assert_non_null(strstr(err.text, "ExpiredTokenException"));
    assert_non_null(strstr(err.text, "'aws sso login'"));
    assert_int_equal(v.refused, 1);
    assert_int_equal(fake.n_requests, 2);
    cp_lambda_free(l);
}

static void rule_13_the_same_keys_again_are_not_sent_again(void **state)
{
    (void)state;
    static const struct fake_answer answers[] = {FORBIDDEN(REFUSED("InvalidClientTokenId"))};
    struct vault v = {.n = 9, .is_static = true};
    struct cp_credential_source source;
    struct cp_error err;
    struct cp_lambda *l = client_of_vault(&v, &source, answers, COUNT(answers));
    assert_int_equal(get_config(l, &err), CP_EDENIED);
    assert_non_null(strstr(err.text, "check the access key id"));
    assert_int_equal(fake.n_requests, 1);
    cp_lambda_free(l);
}

static void rule_13_a_source_without_other_keys_says_why(void **state)
{
    (void)state;
    static const struct fake_answer answers[] = {FORBIDDEN(REFUSED("ExpiredToken"))};
    struct vault v = {.n = 1};
    struct cp_credential_source source;
    struct cp_error err;
    struct cp_lambda *l = client_of_vault(&v, &source, answers, COUNT(answers));
    assert_int_equal(get_config(l, &err), CP_EDENIED);
    assert_non_null(strstr(err.text, "AWS_ACCESS_KEY_ID is not set"));
    cp_lambda_free(l);
}

static void rule_13_invocations_refused_together_reload_once_and_run_once(void **state)
{
    (void)state;
    static const struct fake_answer answers[] = {FORBIDDEN(REFUSED("ExpiredTokenException")),
                                                 FORBIDDEN(REFUSED("ExpiredTokenException")),
                                                 FORBIDDEN(REFUSED("ExpiredTokenException")),
                                                 {200, REQUEST_ID, "1", 0, 0},
                                                 {200, REQUEST_ID, "2", 0, 0},
                                                 {200, REQUEST_ID, "3", 0, 0}};
    struct vault v = {.n = 9};
    struct cp_credential_source source;
    struct outcome o[3];
    struct cp_lambda *l = client_of_vault(&v, &source, answers, COUNT(answers));
    for (size_t i = 0; i < COUNT(o); i++)
        start_invoke(l, &o[i]);
    drain(l);
    for (size_t i = 0; i < COUNT(o); i++) {
        assert_int_equal(o[i].calls, 1);
        assert_int_equal(o[i].result.http_status, 200);
        assert_true(is_signed_with(3 + i, "AKID1/"));
    }
    assert_int_equal(v.refused, 1);
    cp_lambda_free(l);
}

static void rule_13_an_invocation_with_keys_of_no_use_is_refused_with_what_to_do(void **state)
{
    (void)state;
    static const struct fake_answer answers[] = {FORBIDDEN(REFUSED("ExpiredTokenException"))};
    struct outcome o;
    struct cp_lambda *l = client(answers, COUNT(answers));
    start_invoke(l, &o);
    drain(l);
    assert_int_equal(o.result.code, CP_OK);
    assert_int_equal(o.result.http_status, 403);
    assert_non_null(strstr(o.result.error.text, "have expired"));
    assert_int_equal(fake.n_requests, 1);
    cp_lambda_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_5_each_refusal_of_the_time_is_signed_anew_with_the_server_time),
        cmocka_unit_test(rule_5_a_time_refused_twice_within_a_call_stays_refused),
        cmocka_unit_test(rule_5_a_clock_that_is_set_right_later_is_noticed),
        cmocka_unit_test(rule_5_a_bad_signature_within_four_minutes_is_no_matter_of_time),
        cmocka_unit_test(rule_5_an_invocation_refused_for_its_time_has_not_run_and_is_sent_again),
        cmocka_unit_test(keys_are_asked_for_before_every_signature),
        cmocka_unit_test(rule_13_each_refusal_of_the_keys_reloads_them_once),
        cmocka_unit_test(rule_13_keys_refused_again_stop_with_what_to_do),
        cmocka_unit_test(rule_13_the_same_keys_again_are_not_sent_again),
        cmocka_unit_test(rule_13_a_source_without_other_keys_says_why),
        cmocka_unit_test(rule_13_invocations_refused_together_reload_once_and_run_once),
        cmocka_unit_test(rule_13_an_invocation_with_keys_of_no_use_is_refused_with_what_to_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
