/* SPDX-License-Identifier: GPL-3.0-or-later
 * Seeded mutations of good requests through everything that reads foreign bytes: head, routes,
 * signature, bodies, function.ini. Nothing may crash or read outside (sanitizers); what is refused
 * has a status and an error type; a spoilt signature is never accepted.
 */
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/rng.h"
#include "probes/local/api_route.h"
#include "probes/local/folder_ini.h"
#include "tests/local/control/control_fixture.h"

enum { ROUNDS = 20000, MUTATIONS_MAX = 6, BYTES_MAX = 2048 };

static const char *const requests[] = {
    "PUT /2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A123456789012%3Afunction%3Ahello/"
    "configuration?Qualifier=%24LATEST HTTP/1.1\r\nHost: localhost:1\r\nContent-Length: 31\r\n"
    "X-Amz-Date: 20260320T094640Z\r\nAuthorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"
    "20260320/eu-west-1/lambda/aws4_request, SignedHeaders=host;x-amz-date, Signature="
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\r\n\r\n"
    "{\"MemorySize\":512,\"Timeout\":10}\n",
    "POST /2015-03-31/functions/hello/aliases HTTP/1.1\r\nHost: [::1]\r\n\r\n"
    "{\"Name\":\"live\",\"FunctionVersion\":\"1\",\"RoutingConfig\":{\"AdditionalVersionWeights\":"
    "{\"2\":0.5}},\"Description\":\"\\u00e9\"}",
    "GET /2019-09-30/functions/hello/provisioned-concurrency?List=ALL&Marker=a%2Bb&MaxItems=7 "
    "HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "PUT /2015-03-31/functions/hello/configuration HTTP/1.1\r\nHost: localhost\r\n\r\n"
    "{\"Environment\":{\"Variables\":{\"AA\":\"1\"}},\"LoggingConfig\":{\"LogFormat\":\"JSON\"}}",
};

static const char INI[] = "name = hello\nhandler = app.handler\nruntime = python3\n# note\n"
                          "timeout = 30\nmemory = 512\n[environment]\nCOLOUR = blue\nEMPTY =\n";

/* Flips, overwrites, removes, repeats; an exact-size heap copy. */
static struct cp_view mutate(struct cp_rng *rng, const char *seed)
{
    static const char dictionary[] = "\0\r\n\t :/%&=?\"{}[],\\;#.$\x7f\x80\xff-0";
    unsigned char bytes[BYTES_MAX] = {0};
    size_t n = strlen(seed);
    assert_true(n < BYTES_MAX / 2);
    memcpy(bytes, seed, n); /* NOLINT(bugprone-not-null-terminated-result): bytes, not text */
    uint64_t rounds = cp_rng_below(rng, MUTATIONS_MAX);
    for (uint64_t i = 0; i < rounds && n > 1; i++) {
        size_t at = (size_t)cp_rng_below(rng, n);
        size_t length = 1 + (size_t)cp_rng_below(rng, n - at < 16 ? n - at : 16);
        switch (cp_rng_below(rng, 4)) {
        case 0:
            bytes[at] = (unsigned char)(bytes[at] ^ 1U << cp_rng_below(rng, 8));
            break;
        case 1:
            bytes[at] = (unsigned char)dictionary[cp_rng_below(rng, sizeof dictionary - 1)];
            break;
        case 2:
            memmove(bytes + at, bytes + at + length, n - at - length);
            n -= length;
            break;
        default:
            if (n + length < BYTES_MAX) {
                memmove(bytes + at + length, bytes + at, n - at);
                n += length;
            }
        }
    }
    char *copy = malloc(n ? n : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, n);
    return (struct cp_view){copy, n};
}

static void check_refusal(const struct cp_api_response *response)
{
    assert_true(response->status >= 400 && response->status <= 431);
    assert_true(response->error_type[0]);
    assert_true(response->body.n > 0 && response->body.p[0] == '{');
}

/* Each step on its own, as if the one before had passed. */
static void serve(struct fixture *f, struct cp_view bytes)
{
    struct cp_header headers[CP_HEAD_HEADERS_MAX];
    static const struct cp_credentials credentials = {"AKIDEXAMPLE", "SECRETEXAMPLE", ""};
    struct cp_raw_request raw;
    struct cp_api_request request;
    struct cp_api_response r;
    size_t head_size = 0;
    cp_api_response_init(&r);
    enum cp_head_status status = cp_api_parse_head(bytes, headers, &raw, &head_size, &r);
    if (status == CP_HEAD_REFUSED)
        check_refusal(&r);
    if (status == CP_HEAD_COMPLETE) {
        if (!cp_api_check_head(&raw, "localhost:1", &r))
            check_refusal(&r);
        assert_false(cp_api_verify(&raw,
                                   &(struct cp_api_signer){&credentials, "eu-west-1", "lambda"},
                                   INT64_C(1774000000000), &r));
        check_refusal(&r);
        if (cp_api_route(&raw, &request, &r))
            cp_control_handle(f->control, &request, f->now_ms += FIXTURE_DELAY_MS, &r);
        assert_true(r.status != 0);
    }
    cp_api_response_clear(&r);
}

static void mutated_requests_are_answered_or_refused(void **state)
{
    struct fixture *f = *state;
    struct cp_rng rng;
    cp_rng_init(&rng, 20260320, 1);
    for (int i = 0; i < ROUNDS; i++) {
        f->n_retired = f->n_provisioned = 0;
        struct cp_view bytes =
            mutate(&rng, requests[i % (int)(sizeof requests / sizeof requests[0])]);
        serve(f, bytes);
        free((void *)bytes.p);
    }
    assert_int_equal(fixture_do(f, CP_API_GET_FUNCTION, NULL), 200);
}

static void mutated_ini_files_are_read_or_refused_with_a_line(void **state)
{
    struct cp_rng rng;
    static struct cp_function_folder folder;
    (void)state;
    cp_rng_init(&rng, 20260320, 2);
    for (int i = 0; i < ROUNDS; i++) {
        struct cp_error err = {0};
        struct cp_view bytes = mutate(&rng, INI);
        folder = (struct cp_function_folder){0};
        enum cp_code code = cp_folder_ini_read("function.ini", bytes, &folder, &err);
        assert_true(code == CP_OK || (code == CP_EINVAL && strstr(err.text, "' line ")));
        free((void *)bytes.p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(mutated_requests_are_answered_or_refused, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test(mutated_ini_files_are_read_or_refused_with_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
