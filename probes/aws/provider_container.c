/* SPDX-License-Identifier: GPL-3.0-or-later
 * Credentials of a container: ECS tasks, EKS Pod Identity, SnapStart functions.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "probes/aws/credential_json.h"
#include "probes/aws/endpoint.h"
#include "probes/aws/metadata.h"

enum { TIMEOUT_MS = 2000, ATTEMPTS = 3, TOKEN_MAX = 16 << 10 };

#define RELATIVE "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
#define FULL     "AWS_CONTAINER_CREDENTIALS_FULL_URI"

/* --- where --- */

static bool is_printable(const char *text)
{
    for (const char *p = text; *p; p++)
        if (*p <= ' ' || *p > '~')
            return false;
    return true;
}

/* Host of "http://host[:port]/..." without brackets; empty when there is none. */
static struct cp_view host_of(struct cp_view rest)
{
    size_t n = 0;
    while (n < rest.n && !strchr("/?#", rest.p[n]))
        n++;
    rest.n = n;
    if (rest.n && rest.p[0] == '[') {
        const char *end = memchr(rest.p, ']', rest.n);
        return end ? (struct cp_view){rest.p + 1, (size_t)(end - rest.p - 1)}
                   : (struct cp_view){"", 0};
    }
    struct cp_view host = {"", 0};
    (void)cp_view_split(&rest, ':', &host);
    return host;
}

/* Link-local addresses of ECS and EKS: nobody else is there to listen. */
static bool is_container_host(struct cp_view host)
{
    struct in6_addr ours;
    struct in6_addr eks;
    char text[INET6_ADDRSTRLEN];
    if (cp_view_is(host, "169.254.170.2") || cp_view_is(host, "169.254.170.23"))
        return true;
    return cp_view_copy(host, text, sizeof text) && inet_pton(AF_INET6, text, &ours) == 1 &&
           inet_pton(AF_INET6, "fd00:ec2::23", &eks) == 1 && memcmp(&ours, &eks, sizeof ours) == 0;
}

static enum cp_code check_full(const char *url, struct cp_error *err)
{
    struct cp_view rest = cp_view_of(url);
    bool is_https = cp_view_skip(&rest, "https://");
    if ((!is_https && !cp_view_skip(&rest, "http://")) || host_of(rest).n == 0)
        return cp_fail(err, CP_EINVAL, FULL " names no host; it is like 'http://127.0.0.1:1234/x'");
    if (memchr(rest.p, '@', rest.n))
        return cp_fail(err, CP_EINVAL, FULL " holds user information ('@')");
    if (!is_https && !cp_url_is_loopback(url) && !is_container_host(host_of(rest)))
        return cp_fail(err, CP_EINVAL,
                       FULL " is plain http to another machine than this or 169.254.170.2, "
                            "169.254.170.23, [fd00:ec2::23]; use https");
    return CP_OK;
}

enum cp_code cp_container_url(const struct cp_shared_config *config, char out[CP_PROVIDER_URL_MAX],
                              struct cp_error *err)
{
    const char *relative = cp_shared_variable(config, RELATIVE);
    const char *full = cp_shared_variable(config, FULL);
    const char *given = relative ? relative : full;
    if (!given)
        return cp_fail(err, CP_ENOTFOUND, "no AWS_CONTAINER_CREDENTIALS_* variable");
    if (!is_printable(given))
        return cp_fail(err, CP_EINVAL, "%s holds a blank or a control character",
                       relative ? RELATIVE : FULL);
    if (relative && relative[0] != '/')
        return cp_fail(err, CP_EINVAL, RELATIVE " does not begin with '/'");
    enum cp_code code = relative ? CP_OK : check_full(full, err);
    int n =
        snprintf(out, CP_PROVIDER_URL_MAX, "%s%s", relative ? "http://169.254.170.2" : "", given);
    if (!code && (n < 0 || n >= CP_PROVIDER_URL_MAX))
        code = cp_fail(err, CP_ELIMIT, "%s is longer than %d characters",
                       relative ? RELATIVE : FULL, CP_PROVIDER_URL_MAX - 1);
    return code;
}

/* --- the authorization token --- */

/* The file's token (read each time: it is replaced while we run), else the variable's. */
static enum cp_code read_token(const struct cp_shared_config *config, struct cp_buf *token,
                               struct cp_error *err)
{
    const char *path = cp_shared_variable(config, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    enum cp_code code = CP_OK;
    if (path)
        code = cp_shared_read_file(config, path, token, err);
    if (code == CP_ENOTFOUND) /* it is named: that it is missing is a fault */
        code = cp_fail(err, CP_EIO, "there is no token file '%s'", path);
    if (!path)
        (void)cp_buf_adds(token, cp_shared_variable(config, "AWS_CONTAINER_AUTHORIZATION_TOKEN"));
    if (!code)
        code = cp_buf_check(token, "the container's authorization token", err);
    while (token->n && (token->p[token->n - 1] == '\n' || token->p[token->n - 1] == '\r'))
        token->p[--token->n] = '\0'; /* an editor's line end */
    for (size_t i = 0; !code && i < token->n; i++)
        if ((unsigned char)token->p[i] < ' ' || token->p[i] == 0x7f)
            code = cp_fail(err, CP_EINVAL,
                           "the container's authorization token holds a control character");
    return code;
}

static enum cp_code fetch(const struct cp_provider_world *world, const char *url,
                          struct cp_view token, struct cp_credentials *out, struct cp_error *err)
{
    const struct cp_header authorization = {CP_VIEW_LIT("Authorization"), token};
    const struct cp_metadata_request request = {
        .method = "GET",
        .url = url,
        .header = token.n ? &authorization : NULL,
        .timeout_ms = TIMEOUT_MS,
        .attempts = ATTEMPTS,
    };
    struct cp_buf body;
    int status = -1;
    cp_buf_init(&body, CP_METADATA_ANSWER_MAX);
    enum cp_code code = cp_metadata_fetch(world, &request, &body, &status, err);
    if (!code && status != 200)
        code = cp_fail(err, CP_EREMOTE, "HTTP %d", status);
    if (!code)
        code = cp_credential_json_read(CP_CREDENTIAL_METADATA, cp_buf_view(&body), out, err);
    cp_shared_wipe(&body);
    return code;
}

static enum cp_code container_get(const struct cp_provider_world *world, struct cp_credentials *out,
                                  struct cp_error *err)
{
    char url[CP_PROVIDER_URL_MAX];
    struct cp_buf token;
    *out = (struct cp_credentials){0};
    enum cp_code code = cp_container_url(world->config, url, err);
    if (code)
        return code;
    cp_buf_init(&token, TOKEN_MAX);
    code = read_token(world->config, &token, err);
    if (!code)
        code = fetch(world, url, cp_buf_view(&token), out, err);
    cp_shared_wipe(&token);
    return code ? cp_fail_context(err, "the container's credentials") : CP_OK;
}

const struct cp_provider cp_provider_container = {"container", container_get};
