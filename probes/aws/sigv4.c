/* SPDX-License-Identifier: GPL-3.0-or-later
 * Steps and names after "Create a signed AWS API request" (AWS IAM User Guide):
 *   canonical request = method \n URI \n query \n headers \n signed headers \n hash(body)
 *   string to sign    = AWS4-HMAC-SHA256 \n time \n scope \n hash(canonical request)
 *   signature         = hex(HMAC(key, string to sign))
 * with key = HMAC chain of "AWS4" + secret over day, region, service, "aws4_request".
 */
#include "probes/aws/sigv4.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/datetime.h"
#include "probes/aws/sigv4_canonical.h"

enum {
    HASH_BYTES = 32,
    HEX_CHARS = 64,
    DAY_CHARS = 8, /* 20261008 */
    CANONICAL_MAX = 1 << 20,
    SHORT_MAX = 16 << 10,
};

static const char ALGORITHM[] = "AWS4-HMAC-SHA256";
static const char TERMINATOR[] = "aws4_request";

/* --- hashing --- */

static void to_hex(const unsigned char *bytes, size_t n, char *out)
{
    static const char DIGITS[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = DIGITS[bytes[i] >> 4];
        out[2 * i + 1] = DIGITS[bytes[i] & 15];
    }
    out[2 * n] = '\0';
}

void cp_sha256_hex(struct cp_view bytes, char out[65])
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    out[0] = '\0';
    if (EVP_Digest(bytes.n ? bytes.p : "", bytes.n, hash, NULL, EVP_sha256(), NULL))
        to_hex(hash, HASH_BYTES, out);
}

/* One context for the whole chain: fetching the algorithm costs more than a link of it. */
static EVP_MAC_CTX *hmac_new(void)
{
    EVP_MAC *mac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);
    EVP_MAC_CTX *hmac = mac ? EVP_MAC_CTX_new(mac) : NULL;
    EVP_MAC_free(mac); /* the context keeps its own reference */
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    if (hmac && EVP_MAC_CTX_set_params(hmac, params))
        return hmac;
    EVP_MAC_CTX_free(hmac);
    return NULL;
}

static bool hmac_sha256(EVP_MAC_CTX *hmac, const unsigned char *key, size_t key_size,
                        struct cp_view data, unsigned char out[HASH_BYTES])
{
    size_t n = 0;
    return EVP_MAC_init(hmac, key, key_size, NULL) &&
           EVP_MAC_update(hmac, (const unsigned char *)data.p, data.n) &&
           EVP_MAC_final(hmac, out, &n, HASH_BYTES) && n == HASH_BYTES;
}

/* --- the three steps --- */

/* Formatting would take a sixth of the whole signature's time. */
static void add_texts(struct cp_buf *out, const char *const texts[], size_t n)
{
    for (size_t i = 0; i < n; i++)
        (void)cp_buf_adds(out, texts[i]);
}
#define ADD_TEXTS(out, ...)                                                                        \
    add_texts(out, (const char *const[]){__VA_ARGS__},                                             \
              sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

/* Upper bound of the canonical request, so that its buffer never grows: a grown buffer would leave
 * a copy of the session token in freed memory, which cp_sigv4_clear cannot wipe. */
static size_t canonical_bound(const struct cp_sigv4_request *r)
{
    size_t n = r->method.n + 3 * r->path.n + 3 + 4 * r->query.n + HEX_CHARS + 8;
    for (size_t i = 0; i < r->n_headers; i++)
        n += 2 * r->headers[i].name.n + r->headers[i].value.n + 4;
    return n;
}

static enum cp_code make_canonical_request(const struct cp_sigv4_request *request,
                                           struct cp_sigv4 *out, struct cp_error *err)
{
    struct cp_buf *text = &out->canonical_request;
    char body_hash[65];
    cp_sha256_hex(request->body, body_hash);
    if (!body_hash[0])
        return cp_fail(err, CP_ENOMEM, "cannot sign: the hash function failed");
    (void)cp_buf_reserve(text, canonical_bound(request));
    (void)cp_buf_add_view(text, request->method);
    (void)cp_buf_addc(text, '\n');
    enum cp_code code = cp_sigv4_add_canonical_path(text, request);
    (void)cp_buf_addc(text, '\n');
    if (!code)
        code = cp_sigv4_add_canonical_query(text, request->query);
    (void)cp_buf_addc(text, '\n');
    if (!code)
        code = cp_sigv4_add_canonical_headers(out, request);
    (void)cp_buf_addc(text, '\n');
    (void)cp_buf_adds(text, body_hash);
    if (code == CP_ENOMEM)
        return cp_fail(err, code, "cannot sign: out of memory");
    return cp_buf_check(text, "the canonical request", err);
}

static enum cp_code make_string_to_sign(const char *time, const char *scope, struct cp_sigv4 *out,
                                        struct cp_error *err)
{
    char hash[65];
    cp_sha256_hex(cp_buf_view(&out->canonical_request), hash);
    if (!hash[0])
        return cp_fail(err, CP_ENOMEM, "cannot sign: the hash function failed");
    ADD_TEXTS(&out->string_to_sign, ALGORITHM, "\n", time, "\n", scope, "\n", hash);
    return cp_buf_check(&out->string_to_sign, "the string to sign", err);
}

static enum cp_code make_signature(const struct cp_sigv4_request *request, const char *time,
                                   const char *secret, struct cp_sigv4 *out, struct cp_error *err)
{
    unsigned char key[4 + sizeof(((struct cp_credentials *)0)->secret_access_key)] = "AWS4";
    size_t key_size = 4 + strlen(secret);
    memcpy(key + 4, secret, key_size - 4);
    const struct cp_view links[] = {
        {time, DAY_CHARS},      cp_view_of(request->region),       cp_view_of(request->service),
        cp_view_of(TERMINATOR), cp_buf_view(&out->string_to_sign),
    };
    unsigned char hash[HASH_BYTES] = {0};
    EVP_MAC_CTX *hmac = hmac_new();
    bool is_done = hmac != NULL;
    for (size_t i = 0; is_done && i < sizeof links / sizeof links[0]; i++) {
        is_done = hmac_sha256(hmac, key, key_size, links[i], hash);
        memcpy(key, hash, sizeof hash);
        key_size = sizeof hash;
    }
    if (is_done)
        to_hex(hash, sizeof hash, out->signature);
    EVP_MAC_CTX_free(hmac);
    OPENSSL_cleanse(key, sizeof key);
    OPENSSL_cleanse(hash, sizeof hash);
    return is_done ? CP_OK : cp_fail(err, CP_ENOMEM, "cannot sign: the hash function failed");
}

/* --- the recipe --- */

/* A line break in a header would sign, and send, a header that nobody meant. */
static bool has_line_break(struct cp_view v)
{
    for (size_t i = 0; i < v.n; i++)
        if (v.p[i] == '\r' || v.p[i] == '\n' || v.p[i] == '\0')
            return true;
    return false;
}

static enum cp_code check_request(const struct cp_sigv4_request *r, const struct cp_credentials *c,
                                  struct cp_error *err)
{
    if (!c->access_key_id[0] || !c->secret_access_key[0])
        return cp_fail(err, CP_EINVAL, "cannot sign: no AWS credentials");
    if (!r->region || !r->region[0])
        return cp_fail(err, CP_EINVAL, "cannot sign: no region");
    if (!r->service || !r->service[0])
        return cp_fail(err, CP_EINVAL, "cannot sign: no service");
    if (r->path.n == 0 || r->path.p[0] != '/')
        return cp_fail(err, CP_EINVAL, "cannot sign: the path does not begin with '/'");
    if (r->n_headers == 0)
        return cp_fail(err, CP_EINVAL, "cannot sign: no headers");
    for (size_t i = 0; i < r->n_headers; i++)
        if (has_line_break(r->headers[i].name) || has_line_break(r->headers[i].value))
            return cp_fail(err, CP_EINVAL, "cannot sign: header %zu holds a line break", i + 1);
    return CP_OK;
}

static void init_result(struct cp_sigv4 *out)
{
    cp_buf_init(&out->canonical_request, CANONICAL_MAX);
    cp_buf_init(&out->string_to_sign, SHORT_MAX);
    cp_buf_init(&out->signed_headers, SHORT_MAX);
    cp_buf_init(&out->authorization, SHORT_MAX);
    out->signature[0] = '\0';
}

enum cp_code cp_sigv4_sign(const struct cp_sigv4_request *request,
                           const struct cp_credentials *credentials, struct cp_sigv4 *out,
                           struct cp_error *err)
{
    init_result(out);
    enum cp_code code = check_request(request, credentials, err);
    if (code)
        return code;
    char time[CP_DATETIME_TEXT_MAX];
    (void)cp_datetime_format(request->at_ms, CP_DATETIME_AMZ, time);
    struct cp_buf scope;
    cp_buf_init(&scope, SHORT_MAX);
    (void)cp_buf_add(&scope, time, DAY_CHARS);
    ADD_TEXTS(&scope, "/", request->region, "/", request->service, "/", TERMINATOR);

    code = make_canonical_request(request, out, err);
    if (!code)
        code = make_string_to_sign(time, cp_buf_str(&scope), out, err);
    if (!code)
        code = make_signature(request, time, credentials->secret_access_key, out, err);
    if (!code)
        ADD_TEXTS(&out->authorization, ALGORITHM, " Credential=", credentials->access_key_id, "/",
                  cp_buf_str(&scope), ", SignedHeaders=", cp_buf_str(&out->signed_headers),
                  ", Signature=", out->signature);
    if (!code)
        code = cp_buf_check(&scope, "the credential scope", err);
    if (!code)
        code = cp_buf_check(&out->authorization, "the Authorization header", err);
    cp_buf_clear(&scope);
    return code;
}

void cp_sigv4_clear(struct cp_sigv4 *s)
{
    if (!s)
        return;
    /* it holds the session token */
    if (s->canonical_request.p)
        OPENSSL_cleanse(s->canonical_request.p, s->canonical_request.cap);
    cp_buf_clear(&s->canonical_request);
    cp_buf_clear(&s->string_to_sign);
    cp_buf_clear(&s->signed_headers);
    cp_buf_clear(&s->authorization);
}
