/* SPDX-License-Identifier: GPL-3.0-or-later
 * SigV4 on the receiving side. Accepted: the Lambda vectors that three other signers agreed on
 * (tests/data/aws), as a server receives them, and what cp_sigv4_sign makes. Refused: each of these
 * with one thing changed.
 */
#include "tests/test.h"

#include <cjson/cJSON.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/datetime.h"
#include "probes/local/api_route.h"
#include "probes/os/file.h"

enum {
    HEADERS_MAX = 24,
    LAMBDA_VECTORS = 52,
    MINUTE_MS = 60000,
    TARGET_MAX = 1 << 16,
    BODY_MAX = 8192
};

static struct cp_view member(const cJSON *object, const char *name)
{
    return cp_view_of(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name)));
}

/* --- vectors of others --- */

struct vector {
    struct cp_header headers[HEADERS_MAX];
    struct cp_raw_request request;
    struct cp_credentials credentials;
    struct cp_buf target;
    unsigned char body[BODY_MAX];
    const char *region;
    int64_t at_ms;
};

static void vector_open(struct vector *v, const cJSON *json)
{
    struct cp_error err;
    const cJSON *pair;
    size_t n = 0;
    struct cp_view b64 = member(json, "body_b64");
    *v = (struct vector){0};
    assert_true(b64.n <= BODY_MAX);
    int size = EVP_DecodeBlock(v->body, (const unsigned char *)b64.p, (int)b64.n);
    assert_true(size >= 0);
    for (size_t i = 0; i < 2 && b64.n && b64.p[b64.n - 1 - i] == '='; i++)
        size--;
    cJSON_ArrayForEach(pair, cJSON_GetObjectItemCaseSensitive(json, "headers"))
    {
        assert_true(n < HEADERS_MAX - 1);
        v->headers[n++] = (struct cp_header){
            .name = cp_view_of(cJSON_GetStringValue(cJSON_GetArrayItem(pair, 0))),
            .value = cp_view_of(cJSON_GetStringValue(cJSON_GetArrayItem(pair, 1))),
        };
    }
    v->headers[n++] =
        (struct cp_header){CP_VIEW_LIT("Authorization"), member(json, "authorization")};
    cp_buf_init(&v->target, TARGET_MAX);
    (void)cp_buf_add_view(&v->target, member(json, "path"));
    if (member(json, "wire_query").n)
        (void)cp_buf_addf(&v->target, "?%s", member(json, "wire_query").p);
    v->request = (struct cp_raw_request){
        .method = member(json, "method"),
        .target = cp_buf_view(&v->target),
        .headers = v->headers,
        .n_headers = n,
        .body = {(const char *)v->body, (size_t)size},
    };
    v->region = member(json, "region").p;
    assert_true(cp_datetime_parse(member(json, "amz_date"), &v->at_ms));
    assert_int_equal(cp_credentials_static(member(json, "access_key"), member(json, "secret_key"),
                                           member(json, "token"), &v->credentials, &err),
                     CP_OK);
}

static void vector_close(struct vector *v)
{
    cp_buf_clear(&v->target);
    cp_credentials_clear(&v->credentials);
}

static bool verify_vector(const struct vector *v)
{
    struct cp_api_response response;
    cp_api_response_init(&response);
    bool is_good =
        cp_api_verify(&v->request, &(struct cp_api_signer){&v->credentials, v->region, "lambda"},
                      v->at_ms + MINUTE_MS, &response);
    if (!is_good)
        print_message("%s\n", cp_buf_str(&response.body));
    cp_api_response_clear(&response);
    return is_good;
}

static void the_requests_of_other_signers_are_accepted(void **state)
{
    struct cp_buf file;
    struct cp_error err;
    struct cp_view line;
    int n = 0;
    (void)state;
    cp_buf_init(&file, 4 << 20);
    assert_int_equal(cp_file_read("tests/data/aws/lambda_vectors.jsonl", &file, &err), CP_OK);
    struct cp_view rest = cp_buf_view(&file);
    while (cp_view_split(&rest, '\n', &line)) {
        cJSON *json = cJSON_ParseWithLength(line.p, line.n);
        struct vector v;
        if (json && cp_view_is(member(json, "service"), "lambda")) {
            print_message("%s\n", member(json, "id").p);
            vector_open(&v, json);
            assert_true(verify_vector(&v));
            vector_close(&v);
            n++;
        }
        cJSON_Delete(json);
    }
    assert_int_equal(n, LAMBDA_VECTORS);
    cp_buf_clear(&file);
}

/* --- one signed request, and each way to spoil it --- */

static const int64_t SIGNED_AT_MS = INT64_C(1774000000000); /* 20260320T094640Z */
static const char REGION[] = "eu-west-1";
static const char BODY[] = "{\"MemorySize\":512}";

static struct cp_credentials keys(const char *id, const char *secret, const char *token)
{
    struct cp_credentials c;
    struct cp_error err;
    assert_int_equal(
        cp_credentials_static(cp_view_of(id), cp_view_of(secret), cp_view_of(token), &c, &err),
        CP_OK);
    return c;
}

enum { AT_HOST, AT_DATE, AT_TYPE, AT_TOKEN, AT_AUTHORIZATION, N_HEADERS };

struct signed_request {
    struct cp_header headers[N_HEADERS + 4]; /* room for what a test adds */
    struct cp_raw_request request;
    struct cp_credentials credentials; /* what the service has */
    const char *region;
    int64_t now_ms;
    struct cp_sigv4 signature;
    char authorization[1024];
};

static void sign(struct signed_request *s)
{
    struct cp_error err;
    *s = (struct signed_request){
        .headers = {[AT_HOST] = {CP_VIEW_LIT("Host"), CP_VIEW_LIT("127.0.0.1:8080")},
                    [AT_DATE] = {CP_VIEW_LIT("X-Amz-Date"), CP_VIEW_LIT("20260320T094640Z")},
                    [AT_TYPE] = {CP_VIEW_LIT("Content-Type"), CP_VIEW_LIT("application/json")},
                    [AT_TOKEN] = {CP_VIEW_LIT("X-Amz-Security-Token"), CP_VIEW_LIT("TOKEN/+=")},
                    [AT_AUTHORIZATION] = {CP_VIEW_LIT("Authorization"), CP_VIEW_LIT("")}},
        .request = {.method = CP_VIEW_LIT("PUT"),
                    .target = CP_VIEW_LIT("/2015-03-31/functions/fn%3Alive/configuration?"
                                          "Qualifier=%24LATEST"),
                    .n_headers = N_HEADERS,
                    .body = cp_view_of(BODY)},
        .credentials = keys("AKIDEXAMPLE", "SECRETEXAMPLE", "TOKEN/+="),
        .region = REGION,
        .now_ms = SIGNED_AT_MS + MINUTE_MS,
    };
    s->request.headers = s->headers;
    struct cp_sigv4_request request = {
        .method = s->request.method,
        .path = CP_VIEW_LIT("/2015-03-31/functions/fn%3Alive/configuration"),
        .query = CP_VIEW_LIT("Qualifier=%24LATEST"),
        .headers = s->headers,
        .n_headers = AT_AUTHORIZATION,
        .body = s->request.body,
        .region = REGION,
        .service = "lambda",
        .at_ms = SIGNED_AT_MS,
    };
    assert_int_equal(cp_sigv4_sign(&request, &s->credentials, &s->signature, &err), CP_OK);
    s->headers[AT_AUTHORIZATION].value = cp_buf_view(&s->signature.authorization);
}

static void replace_authorization(struct signed_request *s, const char *from, const char *to)
{
    const char *text = cp_buf_str(&s->signature.authorization);
    const char *at = strstr(text, from);
    assert_non_null(at);
    struct cp_buf b;
    cp_buf_init(&b, sizeof s->authorization - 1);
    (void)cp_buf_add(&b, text, (size_t)(at - text));
    (void)cp_buf_adds(&b, to);
    (void)cp_buf_adds(&b, at + strlen(from));
    assert_true(cp_view_copy(cp_buf_view(&b), s->authorization, sizeof s->authorization));
    cp_buf_clear(&b);
    s->headers[AT_AUTHORIZATION].value = cp_view_of(s->authorization);
}

static void keep(struct signed_request *s)
{
    (void)s;
}
static void change_method(struct signed_request *s)
{
    s->request.method = CP_VIEW_LIT("POST");
}
static void change_path(struct signed_request *s)
{
    s->request.target =
        CP_VIEW_LIT("/2015-03-31/functions/fn:live/configuration?Qualifier=%24LATEST");
}
static void change_query(struct signed_request *s)
{
    s->request.target = CP_VIEW_LIT("/2015-03-31/functions/fn%3Alive/configuration?Qualifier=1");
}
static void add_query(struct signed_request *s)
{
    s->request.target = CP_VIEW_LIT("/2015-03-31/functions/fn%3Alive/configuration?Qualifier=%24"
                                    "LATEST&MaxItems=1");
}
static void drop_query(struct signed_request *s)
{
    s->request.target = CP_VIEW_LIT("/2015-03-31/functions/fn%3Alive/configuration");
}
static void change_body(struct signed_request *s)
{
    s->request.body = CP_VIEW_LIT("{\"MemorySize\":513}");
}
static void drop_body(struct signed_request *s)
{
    s->request.body = CP_VIEW_LIT("");
}
static void change_host(struct signed_request *s)
{
    s->headers[AT_HOST].value = CP_VIEW_LIT("127.0.0.1:8081");
}
static void change_type(struct signed_request *s)
{
    s->headers[AT_TYPE].value = CP_VIEW_LIT("text/plain");
}
static void drop_signed_header(struct signed_request *s)
{
    s->headers[AT_TYPE].name = CP_VIEW_LIT("X-Other");
}
static void repeat_signed_header(struct signed_request *s)
{
    s->headers[s->request.n_headers++] = s->headers[AT_TYPE];
}
static void change_secret(struct signed_request *s)
{
    s->credentials = keys("AKIDEXAMPLE", "SECRETEXAMPLF", "TOKEN/+=");
}
static void change_signature(struct signed_request *s)
{
    char first[] = "Signature=0";
    first[10] = s->signature.signature[0] == '0' ? '1' : '0';
    char whole[] = "Signature=0";
    whole[10] = s->signature.signature[0];
    replace_authorization(s, whole, first);
}
static void cut_signature(struct signed_request *s)
{
    s->headers[AT_AUTHORIZATION].value.n--;
}
static void reorder_signed_names(struct signed_request *s)
{
    replace_authorization(s, "content-type;host", "host;content-type");
}
static void change_key_id(struct signed_request *s)
{
    s->credentials = keys("AKIDEXAMPLF", "SECRETEXAMPLE", "TOKEN/+=");
}
static void change_token(struct signed_request *s)
{
    s->credentials = keys("AKIDEXAMPLE", "SECRETEXAMPLE", "TOKEN/+-");
}
static void expect_no_token(struct signed_request *s)
{
    s->credentials = keys("AKIDEXAMPLE", "SECRETEXAMPLE", "");
}
static void drop_token(struct signed_request *s)
{
    s->headers[AT_TOKEN].name = CP_VIEW_LIT("X-Other");
}
static void change_region(struct signed_request *s)
{
    s->region = "eu-west-2";
}
static void change_scope_service(struct signed_request *s)
{
    replace_authorization(s, "/lambda/", "/logs/");
}
static void change_scope_end(struct signed_request *s)
{
    replace_authorization(s, "aws4_request", "aws3_request");
}
static void change_scope_day(struct signed_request *s)
{
    replace_authorization(s, "/20260320/", "/20260321/");
}
static void arrive_late(struct signed_request *s)
{
    s->now_ms = SIGNED_AT_MS + INT64_C(15) * MINUTE_MS + 1000;
}
static void arrive_just_in_time(struct signed_request *s)
{
    s->now_ms = SIGNED_AT_MS + INT64_C(15) * MINUTE_MS;
}
static void arrive_early(struct signed_request *s)
{
    s->now_ms = SIGNED_AT_MS - INT64_C(15) * MINUTE_MS - 1000;
}
static void arrive_just_not_too_early(struct signed_request *s)
{
    s->now_ms = SIGNED_AT_MS - INT64_C(15) * MINUTE_MS;
}
static void change_date(struct signed_request *s)
{
    s->headers[AT_DATE].value = CP_VIEW_LIT("20260320T094641Z");
}
static void malform_date(struct signed_request *s)
{
    s->headers[AT_DATE].value = CP_VIEW_LIT("2026-03-20T09:46:40Z");
}
static void drop_date(struct signed_request *s)
{
    s->headers[AT_DATE].name = CP_VIEW_LIT("X-Other");
}
static void drop_authorization(struct signed_request *s)
{
    s->request.n_headers = AT_AUTHORIZATION;
}
static void repeat_authorization(struct signed_request *s)
{
    s->headers[s->request.n_headers++] = s->headers[AT_AUTHORIZATION];
}
static void use_basic(struct signed_request *s)
{
    s->headers[AT_AUTHORIZATION].value = CP_VIEW_LIT("Basic dXNlcjpwYXNz");
}
static void drop_signature(struct signed_request *s)
{
    replace_authorization(s, ", Signature=", ", Other=");
}
static void drop_credential(struct signed_request *s)
{
    replace_authorization(s, "Credential=AKIDEXAMPLE/20260320/eu-west-1/lambda/aws4_request, ", "");
}
static void drop_signed_names(struct signed_request *s)
{
    replace_authorization(s, "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, ",
                          "");
}
static void repeat_credential(struct signed_request *s)
{
    replace_authorization(s, "SignedHeaders=", "Credential=a/b/c/d/e, SignedHeaders=");
}
static void cut_scope(struct signed_request *s)
{
    replace_authorization(s, "/aws4_request", "");
}
static void leave_host_unsigned(struct signed_request *s)
{
    replace_authorization(s, "content-type;host;", "content-type;");
}
static void leave_date_unsigned(struct signed_request *s)
{
    replace_authorization(s, "x-amz-date;", "");
}
static void leave_token_unsigned(struct signed_request *s)
{
    replace_authorization(s, ";x-amz-security-token", "");
}
static void send_wrong_hash(struct signed_request *s)
{
    s->headers[s->request.n_headers++] = (struct cp_header){
        CP_VIEW_LIT("X-Amz-Content-Sha256"),
        CP_VIEW_LIT("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")};
    replace_authorization(s, "host;", "host;x-amz-content-sha256;");
}
static void add_unsigned_header(struct signed_request *s)
{
    s->headers[s->request.n_headers++] =
        (struct cp_header){CP_VIEW_LIT("User-Agent"), CP_VIEW_LIT("curl/8")};
}

#define MISMATCH                                                                                   \
    "The request signature we calculated does not match the signature you provided. Check your "   \
    "AWS Secret Access Key and signing method. Consult the service documentation for details."
#define BAD_TOKEN  "The security token included in the request is invalid."
#define INVALID    "InvalidSignatureException"
#define INCOMPLETE "IncompleteSignatureException"
#define WHO        "UnrecognizedClientException"

static const struct {
    const char *name;
    void (*spoil)(struct signed_request *s);
    const char *error_type; /* NULL: accepted */
    const char *message;
} spoilt[] = {
    {"as signed", keep, NULL, NULL},
    {"a header that is not signed", add_unsigned_header, NULL, NULL},
    {"at the end of the window", arrive_just_in_time, NULL, NULL},
    {"at the begin of the window", arrive_just_not_too_early, NULL, NULL},
    {"another method", change_method, INVALID, MISMATCH},
    {"another spelling of the path", change_path, INVALID, MISMATCH},
    {"another query", change_query, INVALID, MISMATCH},
    {"more query", add_query, INVALID, MISMATCH},
    {"no query", drop_query, INVALID, MISMATCH},
    {"another body", change_body, INVALID, MISMATCH},
    {"no body", drop_body, INVALID, MISMATCH},
    {"another host", change_host, INVALID, MISMATCH},
    {"another signed header", change_type, INVALID, MISMATCH},
    {"a signed header missing", drop_signed_header, INVALID, MISMATCH},
    {"a signed header twice", repeat_signed_header, INVALID, MISMATCH},
    {"another secret", change_secret, INVALID, MISMATCH},
    {"another signature", change_signature, INVALID, MISMATCH},
    {"a cut signature", cut_signature, INVALID, MISMATCH},
    {"names in another order", reorder_signed_names, INVALID, MISMATCH},
    {"another date", change_date, INVALID, MISMATCH},
    {"another key id", change_key_id, WHO, BAD_TOKEN},
    {"another token", change_token, WHO, BAD_TOKEN},
    {"a token that is not expected", expect_no_token, WHO, BAD_TOKEN},
    {"no token", drop_token, WHO, BAD_TOKEN},
    {"another region", change_region, INVALID, "Credential should be scoped to a valid region. "},
    {"another service", change_scope_service, INVALID,
     "Credential should be scoped to correct service: 'lambda'. "},
    {"another terminator", change_scope_end, INVALID,
     "Credential should be scoped with a valid terminator: 'aws4_request'. "},
    {"another day in the scope", change_scope_day, INVALID,
     "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
     "'20260321' != '20260320', from '20260320T094640Z'."},
    {"too late", arrive_late, INVALID,
     "Signature expired: 20260320T094640Z is now earlier than 20260320T094641Z "
     "(20260320T100141Z - 15 min.)"},
    {"too early", arrive_early, INVALID,
     "Signature not yet current: 20260320T094640Z is still later than 20260320T094639Z "
     "(20260320T093139Z + 15 min.)"},
    {"a date in another form", malform_date, INCOMPLETE,
     "Date must be in ISO-8601 'basic format'."},
    {"no date", drop_date, INCOMPLETE,
     "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."},
    {"not signed", drop_authorization, "MissingAuthenticationTokenException",
     "Missing Authentication Token"},
    {"two authorizations", repeat_authorization, INCOMPLETE,
     "Authorization header is given more than once."},
    {"another algorithm", use_basic, INCOMPLETE,
     "Unsupported algorithm: the Authorization header must begin with 'AWS4-HMAC-SHA256'."},
    {"no credential", drop_credential, INCOMPLETE,
     "Authorization header requires 'Credential' parameter."},
    {"no names", drop_signed_names, INCOMPLETE,
     "Authorization header requires 'SignedHeaders' parameter."},
    {"a parameter we do not know", drop_signature, INCOMPLETE,
     "not a valid key=value pair (missing equal-sign) in Authorization header."},
    {"two credentials", repeat_credential, INCOMPLETE,
     "not a valid key=value pair (missing equal-sign) in Authorization header."},
    {"a cut scope", cut_scope, INCOMPLETE,
     "Credential must have exactly 5 slash-delimited elements, e.g. "
     "keyid/date/region/service/term."},
    {"host not signed", leave_host_unsigned, INVALID,
     "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."},
    {"date not signed", leave_date_unsigned, INVALID,
     "'x-amz-date' must be a 'SignedHeader' in the AWS Authorization."},
    {"token not signed", leave_token_unsigned, INVALID,
     "'x-amz-security-token' must be a 'SignedHeader' in the AWS Authorization."},
    {"the hash of another body", send_wrong_hash, INVALID,
     "The provided 'x-amz-content-sha256' header does not match what was computed."},
};

static void a_request_with_one_thing_changed_is_refused_with_awss_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof spoilt / sizeof spoilt[0]; i++) {
        struct signed_request s;
        struct cp_api_response response;
        print_message("%s\n", spoilt[i].name);
        sign(&s);
        spoilt[i].spoil(&s);
        cp_api_response_init(&response);
        bool is_good =
            cp_api_verify(&s.request, &(struct cp_api_signer){&s.credentials, s.region, "lambda"},
                          s.now_ms, &response);
        assert_true(is_good == (spoilt[i].error_type == NULL));
        if (!is_good) {
            cJSON *body = cJSON_Parse(cp_buf_str(&response.body));
            assert_int_equal(response.status, 403);
            assert_string_equal(response.error_type, spoilt[i].error_type);
            assert_string_equal(member(body, "message").p, spoilt[i].message);
            cJSON_Delete(body);
        }
        cp_api_response_clear(&response);
        cp_sigv4_clear(&s.signature);
    }
}

static void no_answer_repeats_the_secret_the_token_or_the_signature(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof spoilt / sizeof spoilt[0]; i++) {
        struct signed_request s;
        struct cp_api_response response;
        sign(&s);
        spoilt[i].spoil(&s);
        cp_api_response_init(&response);
        (void)cp_api_verify(&s.request, &(struct cp_api_signer){&s.credentials, s.region, "lambda"},
                            s.now_ms, &response);
        const char *body = cp_buf_str(&response.body);
        assert_null(strstr(body, "SECRETEXAMPL"));
        assert_null(strstr(body, "TOKEN/"));
        assert_null(strstr(body, s.signature.signature));
        cp_api_response_clear(&response);
        cp_sigv4_clear(&s.signature);
    }
}

static void every_cut_of_the_authorization_is_refused(void **state)
{
    struct signed_request s;
    (void)state;
    sign(&s);
    struct cp_view whole = s.headers[AT_AUTHORIZATION].value;
    for (size_t n = 0; n < whole.n; n++) {
        struct cp_api_response response;
        char *copy = malloc(n ? n : 1);
        assert_non_null(copy);
        memcpy(copy, whole.p, n);
        s.headers[AT_AUTHORIZATION].value = (struct cp_view){copy, n};
        cp_api_response_init(&response);
        assert_false(cp_api_verify(&s.request,
                                   &(struct cp_api_signer){&s.credentials, s.region, "lambda"},
                                   s.now_ms, &response));
        cp_api_response_clear(&response);
        free(copy);
    }
    cp_sigv4_clear(&s.signature);
}

static void a_signed_date_header_serves_in_place_of_x_amz_date(void **state)
{
    struct signed_request s;
    struct cp_error err;
    struct cp_api_response response;
    (void)state;
    sign(&s);
    cp_sigv4_clear(&s.signature);
    s.headers[AT_DATE] =
        (struct cp_header){CP_VIEW_LIT("Date"), CP_VIEW_LIT("Fri, 20 Mar 2026 09:46:40 GMT")};
    struct cp_sigv4_request request = {
        .method = CP_VIEW_LIT("GET"),
        .path = CP_VIEW_LIT("/2015-03-31/functions/"),
        .headers = s.headers,
        .n_headers = AT_AUTHORIZATION,
        .region = REGION,
        .service = "lambda",
        .at_ms = SIGNED_AT_MS,
    };
    assert_int_equal(cp_sigv4_sign(&request, &s.credentials, &s.signature, &err), CP_OK);
    s.headers[AT_AUTHORIZATION].value = cp_buf_view(&s.signature.authorization);
    s.request.method = request.method;
    s.request.target = request.path;
    s.request.body = request.body;
    cp_api_response_init(&response);
    assert_true(cp_api_verify(&s.request,
                              &(struct cp_api_signer){&s.credentials, s.region, "lambda"}, s.now_ms,
                              &response));
    cp_api_response_clear(&response);
    cp_sigv4_clear(&s.signature);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_requests_of_other_signers_are_accepted),
        cmocka_unit_test(a_request_with_one_thing_changed_is_refused_with_awss_words),
        cmocka_unit_test(no_answer_repeats_the_secret_the_token_or_the_signature),
        cmocka_unit_test(every_cut_of_the_authorization_is_refused),
        cmocka_unit_test(a_signed_date_header_serves_in_place_of_x_amz_date),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
