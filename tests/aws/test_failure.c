/* SPDX-License-Identifier: GPL-3.0-or-later
 * Header and body shapes are those recorded from AWS (the casing of "message" differs per error).
 */
#include "probes/aws/failure.h"

#include <math.h>
#include <string.h>

#include "probes/aws/http.h"
#include "tests/test.h"

static const struct {
    const char *name;
    int status;
    enum cp_code code;
    const char *type, *retry_after, *body;
    const char *error_code, *message, *reason;
    double retry_after_s;
} CASES[] = {
    {"not found", 404, CP_ENOTFOUND, "ResourceNotFoundException", NULL,
     "{\"Type\":\"User\",\"Message\":\"Function not found: arn:aws:lambda:x\"}",
     "ResourceNotFoundException", "Function not found: arn:aws:lambda:x", "", NAN},
    {"conflict with lower-case message", 409, CP_ECONFLICT, "ResourceConflictException", NULL,
     "{\"Type\":\"User\",\"message\":\"An update is in progress\"}", "ResourceConflictException",
     "An update is in progress", "", NAN},
    {"type with a URL", 412, CP_ECONFLICT,
     "PreconditionFailedException:http://internal.amazon.com/coral/", NULL,
     "{\"message\":\"The RevisionId provided does not match\"}", "PreconditionFailedException",
     "The RevisionId provided does not match", "", NAN},
    {"type with a namespace", 400, CP_EREMOTE,
     "aws.lambda#InvalidParameterValueException:http://x/#y", NULL, "{}",
     "InvalidParameterValueException", "", "", NAN},
    {"throttled with reason", 429, CP_ETHROTTLED, "TooManyRequestsException", "3",
     "{\"Reason\":\"ReservedFunctionConcurrentInvocationLimitExceeded\",\"Type\":\"User\","
     "\"message\":\"Rate Exceeded.\"}",
     "TooManyRequestsException", "Rate Exceeded.",
     "ReservedFunctionConcurrentInvocationLimitExceeded", 3},
    {"code in the body", 403, CP_EDENIED, NULL, NULL,
     "{\"__type\":\"com.amazon.coral.service#ExpiredTokenException\",\"message\":\"expired\"}",
     "ExpiredTokenException", "expired", "", NAN},
    {"code member", 401, CP_EDENIED, NULL, NULL, "{\"code\":\"A\",\"Code\":\"B\"}", "A", "", "",
     NAN},
    {"Code member", 500, CP_EREMOTE, NULL, NULL, "{\"Code\":\"B\"}", "B", "", "", NAN},
    {"throttling by 400", 400, CP_ETHROTTLED, "ThrottlingException", NULL, "",
     "ThrottlingException", "", "", NAN},
    {"503 from a load balancer", 503, CP_EREMOTE, NULL, "soon", "<html>Service Unavailable</html>",
     "", "", "", NAN},
    {"members of other types", 500, CP_EREMOTE, NULL, NULL,
     "{\"message\":1,\"code\":[],\"Message\":null}", "", "", "", NAN},
    {"an array", 502, CP_EREMOTE, NULL, NULL, "[1]", "", "", "", NAN},
    {"control bytes", 400, CP_EREMOTE, NULL, "-4", "{\"message\":\"a\\u001b[31mb\\nc\"}", "",
     "a [31mb c", "", NAN},
};

static void error_answers_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct cp_header headers[3] = {
            {CP_VIEW_LIT("X-Amzn-RequestId"), CP_VIEW_LIT("6bfb1e3c-0000-4000-8000-abcdefabcdef")},
        };
        size_t n = 1;
        if (CASES[i].type)
            headers[n++] =
                (struct cp_header){CP_VIEW_LIT("x-amzn-ErrorType"), cp_view_of(CASES[i].type)};
        if (CASES[i].retry_after)
            headers[n++] =
                (struct cp_header){CP_VIEW_LIT("retry-after"), cp_view_of(CASES[i].retry_after)};
        const struct cp_http_response response = {.status = CASES[i].status,
                                                  .headers = headers,
                                                  .n_headers = n,
                                                  .body = cp_view_of(CASES[i].body)};
        struct cp_lambda_failure got;
        cp_failure_read(&response, &got);
        if (strcmp(got.error_code, CASES[i].error_code) != 0 ||
            strcmp(got.message, CASES[i].message) != 0 || strcmp(got.reason, CASES[i].reason) != 0)
            fail_msg("%s: '%s' '%s' '%s'", CASES[i].name, got.error_code, got.message, got.reason);
        if (isnan(CASES[i].retry_after_s)
                ? !isnan(got.retry_after_s)
                : !(fabs(got.retry_after_s - CASES[i].retry_after_s) < 1e-9))
            fail_msg("%s: Retry-After is %g", CASES[i].name, got.retry_after_s);
        assert_int_equal(got.http_status, CASES[i].status);
        assert_string_equal(got.request_id, "6bfb1e3c-0000-4000-8000-abcdefabcdef");
        if (cp_failure_code(&got) != CASES[i].code)
            fail_msg("%s: code %d", CASES[i].name, cp_failure_code(&got));
    }
}

static void long_texts_are_cut_and_terminated(void **state)
{
    (void)state;
    char body[2000] = "{\"message\":\"";
    size_t n = strlen(body);
    memset(body + n, 'x', 1500);
    memcpy(body + n + 1500, "\"}", 3);
    const struct cp_http_response response = {.status = 400, .body = cp_view_of(body)};
    struct cp_lambda_failure got;
    cp_failure_read(&response, &got);
    assert_int_equal(strlen(got.message), sizeof got.message - 1);
}

static void no_answer_is_an_input_output_error(void **state)
{
    (void)state;
    struct cp_lambda_failure got;
    cp_failure_clear(&got);
    assert_int_equal(got.http_status, -1);
    assert_true(isnan(got.retry_after_s));
    assert_int_equal(cp_failure_code(&got), CP_EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_answers_are_read),
        cmocka_unit_test(long_texts_are_cut_and_terminated),
        cmocka_unit_test(no_answer_is_an_input_output_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
