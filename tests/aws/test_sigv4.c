/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <cjson/cJSON.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/datetime.h"
#include "tests/aws/sigv4_expect.h"
#include "tests/test.h"

enum { HEADERS_MAX = 16, VECTORS = 68 };

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    if (!text)
        fail_msg("the vector has no text '%s'", name);
    return text;
}

static struct cp_view view_of(const cJSON *object, const char *name)
{
    return cp_view_of(text_of(object, name));
}

static size_t read_headers(const cJSON *vector, struct cp_header headers[HEADERS_MAX])
{
    size_t n = 0;
    const cJSON *pair;
    cJSON_ArrayForEach(pair, cJSON_GetObjectItemCaseSensitive(vector, "headers"))
    {
        assert_true(n < HEADERS_MAX);
        headers[n].name = cp_view_of(cJSON_GetStringValue(cJSON_GetArrayItem(pair, 0)));
        headers[n].value = cp_view_of(cJSON_GetStringValue(cJSON_GetArrayItem(pair, 1)));
        n++;
    }
    return n;
}

/* Decoded body; free it. */
static char *read_body(const cJSON *vector, size_t *n)
{
    struct cp_view b64 = view_of(vector, "body_b64");
    char *body = calloc(1, b64.n + 1);
    assert_non_null(body);
    int decoded = EVP_DecodeBlock((unsigned char *)body, (const unsigned char *)b64.p, (int)b64.n);
    assert_true(decoded >= 0);
    size_t padding = 0;
    while (padding < b64.n && b64.p[b64.n - 1 - padding] == '=')
        padding++;
    *n = (size_t)decoded - padding;
    return body;
}

static void read_credentials(const cJSON *vector, struct cp_credentials *out)
{
    struct cp_error err;
    const char *token = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(vector, "token"));
    if (cp_credentials_static(view_of(vector, "access_key"), view_of(vector, "secret_key"),
                              cp_view_of(token), out, &err))
        fail_msg("%s", err.text);
}

static void check_vector(const cJSON *vector)
{
    struct cp_header headers[HEADERS_MAX];
    size_t body_size = 0;
    char *body = read_body(vector, &body_size);
    struct cp_sigv4_request request = {
        .method = view_of(vector, "method"),
        .path = view_of(vector, "path"),
        .query = view_of(vector, "wire_query"),
        .headers = headers,
        .n_headers = read_headers(vector, headers),
        .body = {body, body_size},
        .region = text_of(vector, "region"),
        .service = text_of(vector, "service"),
    };
    assert_true(cp_datetime_parse(view_of(vector, "amz_date"), &request.at_ms));
    struct cp_credentials keys;
    read_credentials(vector, &keys);
    struct cp_sigv4 got;
    struct cp_error err;
    if (cp_sigv4_sign(&request, &keys, &got, &err))
        fail_msg("%s: %s", text_of(vector, "id"), err.text);
    sigv4_expect(&got, &(struct sigv4_expected){
                           .name = text_of(vector, "id"),
                           .canonical_request = text_of(vector, "canonical_request"),
                           .string_to_sign = text_of(vector, "string_to_sign"),
                           .signed_headers = text_of(vector, "signed_headers"),
                           .signature = text_of(vector, "signature"),
                           .authorization = text_of(vector, "authorization"),
                       });
    cp_sigv4_clear(&got);
    cp_credentials_clear(&keys);
    free(body);
}

static void lambda_shaped_calls_are_signed_as_three_other_signers_do(void **state)
{
    (void)state;
    char *text = read_text("tests/data/aws/lambda_vectors.jsonl");
    struct cp_view rest = cp_view_of(text);
    struct cp_view line;
    int n = 0;
    while (cp_view_split(&rest, '\n', &line)) {
        cJSON *vector = cJSON_ParseWithLength(line.p, line.n);
        assert_non_null(vector);
        check_vector(vector);
        cJSON_Delete(vector);
        n++;
    }
    assert_int_equal(n, VECTORS);
    free(text);
}

/* A GET of `path` and `query`; returns the canonical request's line `line` (0 method, 1 path, 2
 * query) in `out`. */
static void canonical_line(const char *path, const char *query, bool normalize, int line,
                           char out[256])
{
    const struct cp_header host = {CP_VIEW_LIT("Host"), CP_VIEW_LIT("localhost:8080")};
    const struct cp_sigv4_request request = {
        .method = CP_VIEW_LIT("GET"),
        .path = cp_view_of(path),
        .query = cp_view_of(query),
        .headers = &host,
        .n_headers = 1,
        .region = "us-east-1",
        .service = "lambda",
        .at_ms = 1440938160000,
        .normalize_path = normalize,
    };
    const struct cp_credentials keys = {.access_key_id = "AKIDEXAMPLE", .secret_access_key = "x"};
    struct cp_sigv4 got;
    assert_int_equal(cp_sigv4_sign(&request, &keys, &got, NULL), CP_OK);
    struct cp_view rest = cp_buf_view(&got.canonical_request);
    struct cp_view head = {NULL, 0};
    for (int i = 0; i <= line; i++)
        assert_true(cp_view_split(&rest, '\n', &head));
    assert_true(cp_view_copy(head, out, 256));
    cp_sigv4_clear(&got);
}

static void query_is_sorted_and_escaped_whatever_the_wire_form(void **state)
{
    (void)state;
    static const struct {
        const char *wire, *canonical;
    } cases[] = {
        {"", ""},
        {"b=2&a=1", "a=1&b=2"},
        {"a=2&a=10", "a=10&a=2"},
        {"List", "List="},
        {"a=1&&b=2&", "a=1&b=2"},
        {"Qualifier=$LATEST", "Qualifier=%24LATEST"},
        {"Marker=a%2bb%3d", "Marker=a%2Bb%3D"},
        {"Marker=a+b=", "Marker=a%2Bb%3D"},
        {"a=%zz%4", "a=%25zz%254"},
        {"a-b=1&a=2", "a=2&a-b=1"}, /* not the order of the joined text: '-' is before '=' */
        {"B=1&a=1&%41=0", "A=0&B=1&a=1"},
    };
    char got[256];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        canonical_line("/", cases[i].wire, false, 2, got);
        if (strcmp(got, cases[i].canonical) != 0)
            fail_msg("'%s' became '%s', not '%s'", cases[i].wire, got, cases[i].canonical);
    }
}

static void path_is_escaped_once_more_and_normalized_only_on_request(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        bool normalize;
        const char *canonical;
    } cases[] = {
        {"/", false, "/"},
        {"/2015-03-31/functions/arn%3Aaws%3Alambda", false,
         "/2015-03-31/functions/arn%253Aaws%253Alambda"},
        {"/a//b/../c", false, "/a//b/../c"},
        {"/a//b/../c", true, "/a/c"},
        {"/../..", true, "/"},
        {"//", true, "/"},
        {"/a/./", true, "/a/"},
        {"/a/b/..", true, "/a"},
    };
    char got[256];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        canonical_line(cases[i].path, "", cases[i].normalize, 1, got);
        if (strcmp(got, cases[i].canonical) != 0)
            fail_msg("'%s' became '%s', not '%s'", cases[i].path, got, cases[i].canonical);
    }
}

static void requests_that_cannot_be_signed_say_why(void **state)
{
    (void)state;
    const struct cp_header host = {CP_VIEW_LIT("Host"), CP_VIEW_LIT("h")};
    const struct cp_header split = {CP_VIEW_LIT("X-A"), CP_VIEW_LIT("1\r\nX-B: 2")};
    const struct {
        struct cp_sigv4_request request;
        const char *secret, *text;
    } cases[] = {
        {{.path = CP_VIEW_LIT("/"),
          .headers = &host,
          .n_headers = 1,
          .region = "r",
          .service = "s"},
         "",
         "cannot sign: no AWS credentials"},
        {{.path = CP_VIEW_LIT("/"), .headers = &host, .n_headers = 1, .service = "s"},
         "topsecret",
         "cannot sign: no region"},
        {{.path = CP_VIEW_LIT("/"), .headers = &host, .n_headers = 1, .region = "r"},
         "topsecret",
         "cannot sign: no service"},
        {{.path = CP_VIEW_LIT("a"),
          .headers = &host,
          .n_headers = 1,
          .region = "r",
          .service = "s"},
         "topsecret",
         "cannot sign: the path does not begin with '/'"},
        {{.path = CP_VIEW_LIT("/"), .region = "r", .service = "s"},
         "topsecret",
         "cannot sign: no headers"},
        {{.path = CP_VIEW_LIT("/"),
          .headers = &split,
          .n_headers = 1,
          .region = "r",
          .service = "s"},
         "topsecret",
         "cannot sign: header 1 holds a line break"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cp_credentials keys = {.access_key_id = "AKIDEXAMPLE"};
        assert_true(cp_view_copy(cp_view_of(cases[i].secret), keys.secret_access_key,
                                 sizeof keys.secret_access_key));
        struct cp_sigv4 got;
        struct cp_error err;
        assert_int_equal(cp_sigv4_sign(&cases[i].request, &keys, &got, &err), CP_EINVAL);
        assert_string_equal(err.text, cases[i].text);
        cp_sigv4_clear(&got);
    }
}

/* FIPS 180-4 examples (NIST CSRC, "SHA-256 example values") */
static void sha256_gives_the_published_values(void **state)
{
    (void)state;
    char got[65];
    cp_sha256_hex(CP_VIEW_LIT("abc"), got);
    assert_string_equal(got, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    cp_sha256_hex((struct cp_view){NULL, 0}, got);
    assert_string_equal(got, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void encoding_keeps_unreserved_characters_only(void **state)
{
    (void)state;
    struct cp_buf out;
    cp_buf_init(&out, 256);
    assert_int_equal(cp_uri_encode(&out, CP_VIEW_LIT("AZaz09-_.~/:$ +%\xc3\xa4"), false), CP_OK);
    assert_string_equal(cp_buf_str(&out), "AZaz09-_.~%2F%3A%24%20%2B%25%C3%A4");
    cp_buf_reset(&out);
    assert_int_equal(cp_uri_encode(&out, CP_VIEW_LIT("a/b"), true), CP_OK);
    assert_string_equal(cp_buf_str(&out), "a/b");
    cp_buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lambda_shaped_calls_are_signed_as_three_other_signers_do),
        cmocka_unit_test(query_is_sorted_and_escaped_whatever_the_wire_form),
        cmocka_unit_test(path_is_escaped_once_more_and_normalized_only_on_request),
        cmocka_unit_test(requests_that_cannot_be_signed_say_why),
        cmocka_unit_test(sha256_gives_the_published_values),
        cmocka_unit_test(encoding_keeps_unreserved_characters_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
