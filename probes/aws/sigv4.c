/* SPDX-License-Identifier: GPL-3.0-or-later
 * Steps and names after "Create a signed AWS API request" (AWS IAM User Guide):
 *   canonical request = method \n URI \n query \n headers \n signed headers \n hash(body)
 *   string to sign    = AWS4-HMAC-SHA256 \n time \n scope \n hash(canonical request)
 *   signature         = hex(HMAC(key, string to sign))
 * with key = HMAC chain of "AWS4" + secret over day, region, service, "aws4_request".
 */
#include "probes/aws/sigv4.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "model/base/datetime.h"

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

static bool hmac_sha256(const unsigned char *key, size_t key_size, struct cp_view data,
                        unsigned char out[HASH_BYTES])
{
    return HMAC(EVP_sha256(), key, (int)key_size, (const unsigned char *)data.p, data.n, out,
                NULL) != NULL;
}

/* --- percent encoding --- */

static bool is_unreserved(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '~';
}

enum cp_code cp_uri_encode(struct cp_buf *out, struct cp_view text, bool keep_slash)
{
    static const char DIGITS[] = "0123456789ABCDEF";
    char *start = cp_buf_reserve(out, 3 * text.n);
    if (!start)
        return out->failed;
    char *to = start;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (is_unreserved(c) || (keep_slash && c == '/')) {
            *to++ = (char)c;
        } else {
            *to++ = '%';
            *to++ = DIGITS[c >> 4];
            *to++ = DIGITS[c & 15];
        }
    }
    *to = '\0';
    out->n += (size_t)(to - start);
    return CP_OK;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

/* Takes one byte that may be escaped; a '%' without two hex digits stands for itself. */
static char take_unescaped(struct cp_view *v)
{
    char c = v->p[0];
    size_t used = 1;
    if (c == '%' && v->n >= 3 && hex_value(v->p[1]) >= 0 && hex_value(v->p[2]) >= 0) {
        c = (char)(hex_value(v->p[1]) * 16 + hex_value(v->p[2]));
        used = 3;
    }
    *v = (struct cp_view){v->p + used, v->n - used};
    return c;
}

/* Unescapes and escapes again, so that lower-case hex or a raw '$' on the wire become canonical.
 * '+' is a plus sign here, as AWS reads it. */
static void add_reescaped(struct cp_buf *out, struct cp_view wire)
{
    while (wire.n) {
        char c = take_unescaped(&wire);
        (void)cp_uri_encode(out, (struct cp_view){&c, 1}, false);
    }
}

/* --- canonical path --- */

static void drop_last_segment(struct cp_buf *path)
{
    while (path->n && path->p[path->n - 1] != '/')
        path->n--;
    if (path->n)
        path->n--; /* the slash */
    if (path->p)
        path->p[path->n] = '\0';
}

/* "//a/./b/../c/" -> "/a/c/". A final slash is kept; "/a/b/.." becomes "/a", as AWS does it (RFC
 * 3986 alone would give "/a/"). */
static void add_normalized(struct cp_buf *out, struct cp_view path)
{
    bool ends_in_slash = path.n && path.p[path.n - 1] == '/';
    struct cp_view segment;
    while (cp_view_split(&path, '/', &segment)) {
        if (segment.n == 0 || cp_view_is(segment, "."))
            continue;
        if (cp_view_is(segment, "..")) {
            drop_last_segment(out);
            continue;
        }
        (void)cp_buf_addc(out, '/');
        (void)cp_buf_add_view(out, segment);
    }
    if (ends_in_slash || out->n == 0)
        (void)cp_buf_addc(out, '/');
}

static enum cp_code add_canonical_path(struct cp_buf *out, const struct cp_sigv4_request *request)
{
    if (!request->normalize_path)
        return cp_uri_encode(out, request->path, true);
    struct cp_buf normalized;
    cp_buf_init(&normalized, request->path.n + 1);
    add_normalized(&normalized, request->path);
    enum cp_code code = normalized.failed;
    if (!code)
        code = cp_uri_encode(out, cp_buf_view(&normalized), true);
    cp_buf_clear(&normalized);
    return code;
}

/* --- canonical query --- */

struct pair {
    struct cp_view name, value; /* canonical escapes */
};

static int compare_views(struct cp_view a, struct cp_view b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

static int compare_pairs(const void *a, const void *b)
{
    const struct pair *x = a;
    const struct pair *y = b;
    int order = compare_views(x->name, y->name);
    return order ? order : compare_views(x->value, y->value);
}

static size_t count_char(struct cp_view v, char c)
{
    size_t n = 0;
    for (size_t i = 0; i < v.n; i++)
        n += v.p[i] == c;
    return n;
}

/* Appends the canonical form of one name or value to `store` (which never moves: its room was
 * reserved) and returns a view of it. */
static struct cp_view reescaped_view(struct cp_buf *store, struct cp_view wire)
{
    size_t from = store->n;
    add_reescaped(store, wire);
    return (struct cp_view){store->p + from, store->n - from};
}

static size_t split_pairs(struct cp_view query, struct cp_buf *store, struct pair *pairs)
{
    size_t n = 0;
    struct cp_view part;
    while (cp_view_split(&query, '&', &part)) {
        struct cp_view name;
        if (!cp_view_split(&part, '=', &name))
            continue; /* "a=1&&b=2" */
        pairs[n].name = reescaped_view(store, name);
        pairs[n].value = reescaped_view(store, part);
        n++;
    }
    return n;
}

static enum cp_code add_canonical_query(struct cp_buf *out, struct cp_view query)
{
    if (query.n == 0)
        return CP_OK;
    struct cp_buf store;
    cp_buf_init(&store, 3 * query.n + 3);
    struct pair *pairs = calloc(count_char(query, '&') + 1, sizeof *pairs);
    enum cp_code code = CP_ENOMEM;
    /* + 3: cp_uri_encode asks for room for an escape before it knows that it needs none */
    if (pairs && cp_buf_reserve(&store, 3 * query.n + 3)) {
        size_t n = split_pairs(query, &store, pairs);
        qsort(pairs, n, sizeof *pairs, compare_pairs);
        for (size_t i = 0; i < n; i++) {
            if (i)
                (void)cp_buf_addc(out, '&');
            (void)cp_buf_add_view(out, pairs[i].name);
            (void)cp_buf_addc(out, '=');
            (void)cp_buf_add_view(out, pairs[i].value);
        }
        code = CP_OK;
    }
    free(pairs);
    cp_buf_clear(&store);
    return code;
}

/* --- canonical headers --- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static int compare_names(struct cp_view a, struct cp_view b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? strncasecmp(a.p, b.p, n) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

struct header_ref {
    const struct cp_header *header;
};

/* By lower-case name; headers of one name keep their order, which is their order in memory. */
static int compare_headers(const void *a, const void *b)
{
    const struct cp_header *x = ((const struct header_ref *)a)->header;
    const struct cp_header *y = ((const struct header_ref *)b)->header;
    int order = compare_names(x->name, y->name);
    return order ? order : (x > y) - (x < y);
}

static void add_lower(struct cp_buf *out, struct cp_view name)
{
    for (size_t i = 0; i < name.n; i++)
        (void)cp_buf_addc(out, lower(name.p[i]));
}

/* Trimmed, and each run of blanks inside as one blank. */
static void add_folded(struct cp_buf *out, struct cp_view value)
{
    value = cp_view_trim(value);
    while (value.n) {
        if (cp_view_skip_blanks(&value))
            (void)cp_buf_addc(out, ' ');
        size_t n = 0;
        while (n < value.n && value.p[n] != ' ' && value.p[n] != '\t')
            n++;
        (void)cp_buf_add(out, value.p, n);
        value = (struct cp_view){value.p + n, value.n - n};
    }
}

static void add_sorted_headers(struct cp_sigv4 *out, const struct header_ref *sorted, size_t n)
{
    struct cp_buf *text = &out->canonical_request;
    for (size_t i = 0; i < n; i++) {
        bool is_repeated =
            i && compare_names(sorted[i].header->name, sorted[i - 1].header->name) == 0;
        if (is_repeated) {
            (void)cp_buf_addc(text, ',');
        } else {
            if (i) {
                (void)cp_buf_addc(text, '\n');
                (void)cp_buf_addc(&out->signed_headers, ';');
            }
            add_lower(text, sorted[i].header->name);
            (void)cp_buf_addc(text, ':');
            add_lower(&out->signed_headers, sorted[i].header->name);
        }
        add_folded(text, sorted[i].header->value);
    }
    (void)cp_buf_adds(text, "\n\n");
    (void)cp_buf_add_view(text, cp_buf_view(&out->signed_headers));
}

static enum cp_code add_canonical_headers(struct cp_sigv4 *out,
                                          const struct cp_sigv4_request *request)
{
    struct header_ref *sorted = calloc(request->n_headers, sizeof *sorted);
    if (!sorted)
        return CP_ENOMEM;
    for (size_t i = 0; i < request->n_headers; i++)
        sorted[i].header = &request->headers[i];
    qsort(sorted, request->n_headers, sizeof *sorted, compare_headers);
    add_sorted_headers(out, sorted, request->n_headers);
    free(sorted);
    return CP_OK;
}

/* --- the three steps --- */

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
    enum cp_code code = add_canonical_path(text, request);
    (void)cp_buf_addc(text, '\n');
    if (!code)
        code = add_canonical_query(text, request->query);
    (void)cp_buf_addc(text, '\n');
    if (!code)
        code = add_canonical_headers(out, request);
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
    (void)cp_buf_addf(&out->string_to_sign, "%s\n%s\n%s\n%s", ALGORITHM, time, scope, hash);
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
    bool is_done = true;
    for (size_t i = 0; is_done && i < sizeof links / sizeof links[0]; i++) {
        is_done = hmac_sha256(key, key_size, links[i], hash);
        memcpy(key, hash, sizeof hash);
        key_size = sizeof hash;
    }
    if (is_done)
        to_hex(hash, sizeof hash, out->signature);
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
    (void)cp_buf_addf(&scope, "%.8s/%s/%s/%s", time, request->region, request->service, TERMINATOR);

    code = make_canonical_request(request, out, err);
    if (!code)
        code = make_string_to_sign(time, cp_buf_str(&scope), out, err);
    if (!code)
        code = make_signature(request, time, credentials->secret_access_key, out, err);
    if (!code)
        (void)cp_buf_addf(&out->authorization,
                          "%s Credential=%s/%s, SignedHeaders=%s, Signature=%s", ALGORITHM,
                          credentials->access_key_id, cp_buf_str(&scope),
                          cp_buf_str(&out->signed_headers), out->signature);
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
