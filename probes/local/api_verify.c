/* SPDX-License-Identifier: GPL-3.0-or-later
 * SigV4 on the receiving side: the same signer over the bytes as they came, and AWS's own words for
 * each refusal.
 */
#include <openssl/crypto.h>
#include <string.h>
#include <strings.h>

#include "model/base/datetime.h"
#include "probes/local/api_route.h"

enum { WINDOW_MIN = 15, SIGNED_HEADERS_MAX = CP_HEAD_HEADERS_MAX };

static const char ALGORITHM[] = "AWS4-HMAC-SHA256 ";

/* The Authorization header, taken apart; views into it. */
struct authorization {
    struct cp_view access_key_id, day, region, service, terminator;
    struct cp_view signed_headers;
    struct cp_view signature;
};

static bool deny(struct cp_api_response *response, const char *type, const char *text)
{
    cp_api_fail(response, 403, type, NULL, "%s", text);
    return false;
}

static bool same_secret(struct cp_view a, struct cp_view b)
{
    return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0);
}

static size_t find_header(const struct cp_raw_request *request, const char *name,
                          struct cp_view *value)
{
    size_t n = 0;
    *value = (struct cp_view){0};
    for (size_t i = 0; i < request->n_headers; i++) {
        if (!cp_view_is_nocase(request->headers[i].name, name))
            continue;
        *value = cp_view_trim(request->headers[i].value);
        n++;
    }
    return n;
}

/* --- taking the header apart --- */

static bool split_credential(struct cp_view v, struct authorization *a)
{
    return cp_view_split(&v, '/', &a->access_key_id) && cp_view_split(&v, '/', &a->day) &&
           cp_view_split(&v, '/', &a->region) && cp_view_split(&v, '/', &a->service) &&
           cp_view_split(&v, '/', &a->terminator) && v.n == 0;
}

static bool split_parameters(struct cp_view v, struct authorization *a, struct cp_view *credential)
{
    struct cp_view item;
    while (cp_view_split(&v, ',', &item)) {
        struct cp_view name;
        item = cp_view_trim(item);
        if (!cp_view_split(&item, '=', &name))
            return false;
        struct cp_view *to = cp_view_is(name, "Credential")      ? credential
                             : cp_view_is(name, "SignedHeaders") ? &a->signed_headers
                             : cp_view_is(name, "Signature")     ? &a->signature
                                                                 : NULL;
        if (!to || to->n)
            return false;
        *to = item;
    }
    return true;
}

static bool read_authorization(const struct cp_raw_request *request, struct authorization *a,
                               struct cp_api_response *response)
{
    static const char INCOMPLETE[] = "IncompleteSignatureException";
    struct cp_view value;
    struct cp_view credential = {0};
    *a = (struct authorization){0};
    size_t n = find_header(request, "authorization", &value);
    if (n == 0)
        return deny(response, "MissingAuthenticationTokenException",
                    "Missing Authentication Token");
    if (n > 1)
        return deny(response, INCOMPLETE, "Authorization header is given more than once.");
    if (!cp_view_skip(&value, ALGORITHM))
        return deny(response, INCOMPLETE,
                    "Unsupported algorithm: the Authorization header must begin with "
                    "'AWS4-HMAC-SHA256'.");
    if (!split_parameters(value, a, &credential))
        return deny(response, INCOMPLETE,
                    "not a valid key=value pair (missing equal-sign) in Authorization header.");
    if (!credential.n)
        return deny(response, INCOMPLETE, "Authorization header requires 'Credential' parameter.");
    if (!a->signature.n)
        return deny(response, INCOMPLETE, "Authorization header requires 'Signature' parameter.");
    if (!a->signed_headers.n)
        return deny(response, INCOMPLETE,
                    "Authorization header requires 'SignedHeaders' parameter.");
    if (!split_credential(credential, a))
        return deny(response, INCOMPLETE,
                    "Credential must have exactly 5 slash-delimited elements, e.g. "
                    "keyid/date/region/service/term.");
    return true;
}

/* --- who --- */

static bool check_identity(const struct cp_raw_request *request, const struct authorization *a,
                           const struct cp_credentials *credentials,
                           struct cp_api_response *response)
{
    struct cp_view token;
    size_t n_tokens = find_header(request, "x-amz-security-token", &token);
    if (same_secret(a->access_key_id, cp_view_of(credentials->access_key_id)) && n_tokens <= 1 &&
        same_secret(token, cp_view_of(credentials->session_token)))
        return true;
    return deny(response, "UnrecognizedClientException",
                "The security token included in the request is invalid.");
}

/* --- when and where --- */

static bool read_date(const struct cp_raw_request *request, int64_t *at_ms,
                      struct cp_api_response *response)
{
    struct cp_view amz_date;
    struct cp_view date;
    size_t n = find_header(request, "x-amz-date", &amz_date);
    if (n == 1 && memchr(amz_date.p, '-', amz_date.n) == NULL && cp_datetime_parse(amz_date, at_ms))
        return true;
    if (n == 0 && find_header(request, "date", &date) == 1 && cp_datetime_parse_http(date, at_ms))
        return true;
    return deny(response, "IncompleteSignatureException",
                n ? "Date must be in ISO-8601 'basic format'."
                  : "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' "
                    "header.");
}

static bool check_window(int64_t at_ms, int64_t now_ms, struct cp_api_response *response)
{
    const int64_t window_ms = INT64_C(60000) * WINDOW_MIN;
    bool is_old = at_ms < now_ms - window_ms;
    if (!is_old && at_ms <= now_ms + window_ms)
        return true;
    char at[CP_DATETIME_TEXT_MAX];
    char now[CP_DATETIME_TEXT_MAX];
    char limit[CP_DATETIME_TEXT_MAX];
    cp_api_fail(response, 403, "InvalidSignatureException", NULL,
                is_old ? "Signature expired: %s is now earlier than %s (%s - %d min.)"
                       : "Signature not yet current: %s is still later than %s (%s + %d min.)",
                cp_datetime_format(at_ms, CP_DATETIME_AMZ, at),
                cp_datetime_format(is_old ? now_ms - window_ms : now_ms + window_ms,
                                   CP_DATETIME_AMZ, limit),
                cp_datetime_format(now_ms, CP_DATETIME_AMZ, now), WINDOW_MIN);
    return false;
}

static bool check_scope(const struct authorization *a, const struct cp_api_signer *signer,
                        int64_t at_ms, struct cp_api_response *response)
{
    static const char INVALID[] = "InvalidSignatureException";
    char at[CP_DATETIME_TEXT_MAX];
    if (!cp_view_is(a->region, signer->region))
        return deny(response, INVALID, "Credential should be scoped to a valid region. ");
    if (!cp_view_is(a->service, signer->service)) {
        cp_api_fail(response, 403, INVALID, NULL,
                    "Credential should be scoped to correct service: '%s'. ", signer->service);
        return false;
    }
    if (!cp_view_is(a->terminator, "aws4_request"))
        return deny(response, INVALID,
                    "Credential should be scoped with a valid terminator: 'aws4_request'. ");
    (void)cp_datetime_format(at_ms, CP_DATETIME_AMZ, at);
    if (a->day.n != 8 || memcmp(a->day.p, at, 8) != 0) {
        cp_api_fail(response, 403, INVALID, NULL,
                    "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of "
                    "date from HTTP: '%.*s' != '%.8s', from '%s'.",
                    (int)(a->day.n < 16 ? a->day.n : 16), a->day.p, at, at);
        return false;
    }
    return true;
}

/* --- what --- */

static bool check_payload_hash(const struct cp_raw_request *request,
                               struct cp_api_response *response)
{
    struct cp_view sent;
    char hash[65];
    size_t n = find_header(request, "x-amz-content-sha256", &sent);
    cp_sha256_hex(request->body, hash);
    if (n == 0 || (n == 1 && cp_view_is(sent, hash)))
        return true;
    return deny(response, "InvalidSignatureException",
                "The provided 'x-amz-content-sha256' header does not match what was computed.");
}

/* Copies the headers that were signed; a name that is not in the request leaves none of it, and the
 * signature cannot match then. */
static size_t select_signed(const struct cp_raw_request *request, struct cp_view names,
                            struct cp_header *out)
{
    size_t n = 0;
    struct cp_view name;
    while (cp_view_split(&names, ';', &name)) {
        for (size_t i = 0; i < request->n_headers && n < SIGNED_HEADERS_MAX; i++) {
            const struct cp_header *h = &request->headers[i];
            if (h->name.n == name.n && strncasecmp(h->name.p, name.p, name.n) == 0)
                out[n++] = *h;
        }
    }
    return n;
}

static bool is_signed(struct cp_view names, const char *wanted)
{
    struct cp_view name;
    while (cp_view_split(&names, ';', &name)) {
        if (cp_view_is(name, wanted))
            return true;
    }
    return false;
}

/* What changes the meaning of a request must be under the signature. */
static bool check_coverage(const struct cp_raw_request *request, const struct authorization *a,
                           struct cp_api_response *response)
{
    static const char *const covered[] = {"x-amz-date", "x-amz-security-token",
                                          "x-amz-content-sha256"};
    struct cp_view value;
    if (!is_signed(a->signed_headers, "host"))
        return deny(response, "InvalidSignatureException",
                    "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
    for (size_t i = 0; i < sizeof covered / sizeof covered[0]; i++) {
        if (find_header(request, covered[i], &value) && !is_signed(a->signed_headers, covered[i])) {
            cp_api_fail(response, 403, "InvalidSignatureException", NULL,
                        "'%s' must be a 'SignedHeader' in the AWS Authorization.", covered[i]);
            return false;
        }
    }
    return find_header(request, "x-amz-date", &value) || is_signed(a->signed_headers, "date") ||
           deny(response, "InvalidSignatureException",
                "'Date' must be a 'SignedHeader' in the AWS Authorization.");
}

static bool check_signature(const struct cp_raw_request *request, const struct authorization *a,
                            const struct cp_api_signer *signer, int64_t at_ms,
                            struct cp_api_response *response)
{
    struct cp_header headers[SIGNED_HEADERS_MAX];
    struct cp_view query = request->target;
    struct cp_sigv4_request again = {
        .method = request->method,
        .headers = headers,
        .n_headers = select_signed(request, a->signed_headers, headers),
        .body = request->body,
        .region = signer->region,
        .service = signer->service,
        .at_ms = at_ms,
    };
    (void)cp_view_split(&query, '?', &again.path);
    again.query = query;
    struct cp_sigv4 s;
    struct cp_error err;
    enum cp_code code = cp_sigv4_sign(&again, signer->credentials, &s, &err);
    bool is_same = !code && same_secret(a->signature, cp_view_of(s.signature)) &&
                   same_secret(a->signed_headers, cp_buf_view(&s.signed_headers));
    cp_sigv4_clear(&s);
    if (code == CP_ENOMEM)
        cp_api_fail(response, 500, "ServiceException", NULL, "out of memory");
    else if (!is_same)
        (void)deny(response, "InvalidSignatureException",
                   "The request signature we calculated does not match the signature you provided. "
                   "Check your AWS Secret Access Key and signing method. Consult the service "
                   "documentation for details.");
    return is_same;
}

/* All that can be told before the body is there. */
static bool check_head(const struct cp_raw_request *request, const struct cp_api_signer *signer,
                       int64_t now_ms, struct authorization *a, int64_t *at_ms,
                       struct cp_api_response *response)
{
    return read_authorization(request, a, response) &&
           check_identity(request, a, signer->credentials, response) &&
           read_date(request, at_ms, response) && check_scope(a, signer, *at_ms, response) &&
           check_window(*at_ms, now_ms, response) && check_coverage(request, a, response);
}

bool cp_api_verify_head(const struct cp_raw_request *request, const struct cp_api_signer *signer,
                        int64_t now_ms, struct cp_api_response *response)
{
    struct authorization a;
    int64_t at_ms = 0;
    return check_head(request, signer, now_ms, &a, &at_ms, response);
}

bool cp_api_verify(const struct cp_raw_request *request, const struct cp_api_signer *signer,
                   int64_t now_ms, struct cp_api_response *response)
{
    struct authorization a;
    int64_t at_ms = 0;
    return check_head(request, signer, now_ms, &a, &at_ms, response) &&
           check_payload_hash(request, response) &&
           check_signature(request, &a, signer, at_ms, response);
}
