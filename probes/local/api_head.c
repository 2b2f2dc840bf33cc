/* SPDX-License-Identifier: GPL-3.0-or-later
 * The request head on raw bytes: strict splitting, and the checks that stop request smuggling, DNS
 * rebinding and browsers (reliability rule 38).
 */
#include <string.h>

#include "probes/local/api_route.h"

static bool refuse(struct cp_api_response *response, int status, const char *type, const char *text)
{
    cp_api_fail(response, status, type, NULL, "%s", text);
    return false;
}

static bool bad_request(struct cp_api_response *response, const char *text)
{
    return refuse(response, 400, "BadRequestException", text);
}

/* --- characters (RFC 9110 section 5.6.2) --- */

static bool is_token_char(char c)
{
    bool is_alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return is_alnum || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token(struct cp_view v)
{
    for (size_t i = 0; i < v.n; i++) {
        if (!is_token_char(v.p[i]))
            return false;
    }
    return v.n > 0;
}

/* No control byte but the tab: no CR, LF or NUL can hide in a value. */
static bool is_field_value(struct cp_view v)
{
    for (size_t i = 0; i < v.n; i++) {
        unsigned char c = (unsigned char)v.p[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

static bool is_visible(struct cp_view v)
{
    for (size_t i = 0; i < v.n; i++) {
        unsigned char c = (unsigned char)v.p[i];
        if (c <= 0x20 || c >= 0x7f)
            return false;
    }
    return v.n > 0;
}

/* --- splitting raw bytes --- */

static bool split_request_line(struct cp_view line, struct cp_raw_request *out)
{
    struct cp_view version = {0};
    return cp_view_split(&line, ' ', &out->method) && cp_view_split(&line, ' ', &out->target) &&
           (version = line, is_token(out->method)) && is_visible(out->target) &&
           out->target.p[0] == '/' &&
           (cp_view_is(version, "HTTP/1.1") || cp_view_is(version, "HTTP/1.0"));
}

static bool split_header(struct cp_view line, struct cp_header *out)
{
    struct cp_view name = {0};
    if (!memchr(line.p, ':', line.n) || !cp_view_split(&line, ':', &name))
        return false;
    *out = (struct cp_header){.name = name, .value = cp_view_trim(line)};
    return is_token(name) && is_field_value(line);
}

/* Takes a line up to CRLF; a lone LF or CR is not an end. */
static bool take_line(struct cp_view *rest, struct cp_view *line)
{
    const char *end = rest->n ? memchr(rest->p, '\r', rest->n) : NULL;
    size_t n = end ? (size_t)(end - rest->p) : 0;
    if (!end || n + 1 >= rest->n || end[1] != '\n')
        return false;
    *line = (struct cp_view){rest->p, n};
    *rest = (struct cp_view){end + 2, rest->n - n - 2};
    return memchr(line->p, '\n', n) == NULL;
}

/* Where the head ends (after the empty line), 0 when it is not there yet. */
static size_t head_length(struct cp_view bytes)
{
    const char *end = bytes.n ? memmem(bytes.p, bytes.n, "\r\n\r\n", 4) : NULL;
    return end ? (size_t)(end - bytes.p) + 4 : 0;
}

/* Bytes that no HTTP request begins with: told before a whole head is there (a TLS hello never
 * has one). */
static bool can_begin_request(struct cp_view bytes)
{
    enum { METHOD_MAX = 16 };
    size_t i = 0;
    while (i < bytes.n && i < METHOD_MAX && is_token_char(bytes.p[i]))
        i++;
    return i == bytes.n || (i > 0 && bytes.p[i] == ' ');
}

static bool split_head(struct cp_view head, struct cp_header *headers, struct cp_raw_request *out)
{
    struct cp_view line = {0};
    if (!take_line(&head, &line) || !split_request_line(line, out))
        return false;
    while (take_line(&head, &line) && line.n) {
        if (out->n_headers == CP_HEAD_HEADERS_MAX || !split_header(line, &headers[out->n_headers]))
            return false;
        out->n_headers++;
    }
    return line.n == 0 && head.n == 0;
}

enum cp_head_status cp_api_parse_head(struct cp_view bytes,
                                      struct cp_header headers[CP_HEAD_HEADERS_MAX],
                                      struct cp_raw_request *out, size_t *head_size,
                                      struct cp_api_response *response)
{
    *out = (struct cp_raw_request){.headers = headers};
    *head_size = head_length(bytes);
    size_t seen = *head_size ? *head_size : bytes.n;
    if (!can_begin_request(bytes)) {
        (void)bad_request(response, "not an HTTP request");
        return CP_HEAD_REFUSED;
    }
    if (seen > CP_HEAD_MAX) {
        (void)refuse(response, 431, "BadRequestException", "the request head is too large");
        return CP_HEAD_REFUSED;
    }
    if (*head_size == 0)
        return CP_HEAD_PARTIAL;
    if (!split_head((struct cp_view){bytes.p, *head_size}, headers, out)) {
        (void)bad_request(response, "malformed request head");
        return CP_HEAD_REFUSED;
    }
    out->body = (struct cp_view){bytes.p + *head_size, bytes.n - *head_size};
    return CP_HEAD_COMPLETE;
}

/* --- checks --- */

/* How many headers have this name; the last one's value goes to `*value`. */
static size_t count_header(const struct cp_raw_request *request, const char *name,
                           struct cp_view *value)
{
    size_t n = 0;
    for (size_t i = 0; i < request->n_headers; i++) {
        if (cp_view_is_nocase(request->headers[i].name, name)) {
            *value = request->headers[i].value;
            n++;
        }
    }
    return n;
}

static bool check_characters(const struct cp_raw_request *request, struct cp_api_response *response)
{
    if (!is_token(request->method))
        return bad_request(response, "malformed method");
    for (size_t i = 0; i < request->n_headers; i++) {
        if (!is_token(request->headers[i].name))
            return bad_request(response, "malformed header name");
        if (!is_field_value(request->headers[i].value))
            return bad_request(response, "control byte in a header");
    }
    return true;
}

/* One way only to say how long the body is. */
static bool check_framing(const struct cp_raw_request *request, struct cp_api_response *response)
{
    struct cp_view length = {0};
    struct cp_view coding = {0};
    size_t n_lengths = count_header(request, "content-length", &length);
    size_t n_codings = count_header(request, "transfer-encoding", &coding);
    if (n_lengths + n_codings > 1)
        return bad_request(response, "more than one Content-Length or Transfer-Encoding");
    if (n_codings && !cp_view_is_nocase(cp_view_trim(coding), "chunked"))
        return bad_request(response, "unknown Transfer-Encoding");
    if (n_lengths == 0)
        return true;
    uint64_t size = 0;
    const size_t max = cp_api_body_max(request);
    for (size_t i = 0; i < length.n; i++) {
        if (length.p[i] < '0' || length.p[i] > '9')
            return bad_request(response, "malformed Content-Length");
        if (size <= max)
            size = size * 10 + (uint64_t)(length.p[i] - '0');
    }
    if (length.n == 0)
        return bad_request(response, "malformed Content-Length");
    if (size <= max)
        return true;
    cp_api_fail_body(request, response);
    return false;
}

/* Splits "host:port" and "[v6]:port"; false when what follows the host is not a port. */
static bool split_host(struct cp_view v, struct cp_view *host)
{
    const char *end = v.n && v.p[0] == '[' ? memchr(v.p, ']', v.n) : NULL;
    size_t n = end ? (size_t)(end - v.p) + 1 : 0;
    while (!end && n < v.n && v.p[n] != ':')
        n++;
    *host = (struct cp_view){v.p, n};
    if (n == v.n)
        return n > 0;
    int64_t port = 0;
    struct cp_view digits = {v.p + n + 1, v.n - n - 1};
    return n > 0 && v.p[n] == ':' && digits.n <= 5 && cp_view_to_int64(digits, &port) && port > 0 &&
           port <= 65535;
}

static bool is_served_host(struct cp_view value, const char *allowed_host)
{
    static const char *const loopback[] = {"127.0.0.1", "localhost", "[::1]"};
    struct cp_view host;
    if (!split_host(value, &host))
        return false;
    for (size_t i = 0; i < sizeof loopback / sizeof loopback[0]; i++) {
        if (cp_view_is_nocase(host, loopback[i]))
            return true;
    }
    return allowed_host && cp_view_is_nocase(value, allowed_host);
}

/* A page in a browser can send requests here: it always sends Origin with a cross-site POST, and a
 * rebound name is in Host. */
static bool check_origin(const struct cp_raw_request *request, const char *allowed_host,
                         struct cp_api_response *response)
{
    struct cp_view host = {0};
    struct cp_view origin = {0};
    if (count_header(request, "host", &host) != 1 || !is_served_host(host, allowed_host))
        return refuse(response, 421, "MisdirectedRequestException",
                      "Host must be given once, and name this service");
    if (count_header(request, "origin", &origin))
        return refuse(response, 403, "AccessDeniedException",
                      "requests of web pages are not served");
    return true;
}

bool cp_api_check_head(const struct cp_raw_request *request, const char *allowed_host,
                       struct cp_api_response *response)
{
    return check_characters(request, response) && check_framing(request, response) &&
           check_origin(request, allowed_host, response);
}
