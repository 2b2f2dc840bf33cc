/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/endpoint.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum { REGION_MAX = 32, PORT_MAX = 65535, HOST_NAME_MAX_CHARS = 253 };

struct url {
    bool is_https;
    struct cp_view authority; /* host[:port] */
    struct cp_view host;      /* without brackets */
    struct cp_view port;      /* "" when absent */
    struct cp_view path;      /* "" or begins with '/' */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c);
}

bool cp_region_is_valid(struct cp_view region)
{
    for (size_t i = 0; i < region.n; i++) {
        char c = region.p[i];
        if (!(c >= 'a' && c <= 'z') && !is_digit(c) && c != '-')
            return false;
    }
    return region.n >= 1 && region.n <= REGION_MAX;
}

static struct cp_view take_until_any(struct cp_view *v, const char *stops)
{
    size_t n = 0;
    while (n < v->n && !strchr(stops, v->p[n]))
        n++;
    struct cp_view head = {v->p, n};
    *v = (struct cp_view){v->p + n, v->n - n};
    return head;
}

/* "host", "host:port", "[v6]", "[v6]:port" */
static bool split_authority(struct url *url)
{
    struct cp_view rest = url->authority;
    bool is_v6 = cp_view_skip(&rest, "[");
    url->host = take_until_any(&rest, is_v6 ? "]" : ":");
    if (is_v6 && !cp_view_skip(&rest, "]"))
        return false;
    if (rest.n == 0)
        return url->host.n > 0;
    bool has_port = cp_view_skip(&rest, ":");
    url->port = rest;
    return has_port && url->host.n > 0 && rest.n > 0;
}

static bool split_url(struct cp_view text, struct url *out)
{
    *out = (struct url){.port = {"", 0}};
    out->is_https = cp_view_skip(&text, "https://");
    if (!out->is_https && !cp_view_skip(&text, "http://"))
        return false;
    out->authority = take_until_any(&text, "/?#");
    out->path = text;
    return split_authority(out);
}

static bool host_is_loopback(struct cp_view host)
{
    char text[INET6_ADDRSTRLEN];
    struct in_addr v4;
    struct in6_addr v6;
    if (cp_view_is_nocase(host, "localhost"))
        return true;
    if (!cp_view_copy(host, text, sizeof text))
        return false;
    if (inet_pton(AF_INET, text, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, text, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool cp_url_is_loopback(const char *url)
{
    struct url parts;
    return split_url(cp_view_of(url), &parts) && host_is_loopback(parts.host);
}

static bool is_host_name(struct cp_view host)
{
    for (size_t i = 0; i < host.n; i++)
        if (!is_letter_or_digit(host.p[i]) && !strchr("-._:", host.p[i]))
            return false;
    return host.n >= 1 && host.n <= HOST_NAME_MAX_CHARS;
}

static bool is_port(struct cp_view port)
{
    int64_t value = 0;
    return port.n == 0 || (is_digit(port.p[0]) && cp_view_to_int64(port, &value) && value >= 1 &&
                           value <= PORT_MAX);
}

/* Printable and not in need of escapes: it is sent and signed as it stands. */
static bool is_plain_path(struct cp_view path)
{
    for (size_t i = 0; i < path.n; i++)
        if (!is_letter_or_digit(path.p[i]) && !strchr("/-._~", path.p[i]))
            return false;
    return true;
}

static enum cp_code check_parts(const char *url, const struct url *parts, bool allow_insecure,
                                struct cp_error *err)
{
    if (!is_host_name(parts->host))
        return cp_fail(err, CP_EINVAL, "endpoint '%s': the host is not a host name", url);
    if (!is_port(parts->port))
        return cp_fail(err, CP_EINVAL, "endpoint '%s': the port is not a number in 1..%d", url,
                       PORT_MAX);
    if (!is_plain_path(parts->path))
        return cp_fail(err, CP_EINVAL, "endpoint '%s': only a plain path may follow the host", url);
    if (!parts->is_https && !allow_insecure && !host_is_loopback(parts->host))
        return cp_fail(err, CP_EINVAL,
                       "endpoint '%s': plain http is for this machine only; use https, or allow "
                       "it with --insecure-endpoint",
                       url);
    return CP_OK;
}

enum cp_code cp_endpoint_parse(const char *url, bool allow_insecure, struct cp_endpoint *out,
                               struct cp_error *err)
{
    *out = (struct cp_endpoint){0};
    struct url parts;
    if (memchr(url, '@', strlen(url)))
        return cp_fail(err, CP_EINVAL, "the endpoint URL holds user information ('@')");
    if (!split_url(cp_view_of(url), &parts))
        return cp_fail(err, CP_EINVAL,
                       "endpoint '%s' is not like 'https://host' or "
                       "'http://127.0.0.1:8080'",
                       url);
    enum cp_code code = check_parts(url, &parts, allow_insecure, err);
    if (code)
        return code;
    while (parts.path.n && parts.path.p[parts.path.n - 1] == '/')
        parts.path.n--;
    bool is_own_port = cp_view_is(parts.port, parts.is_https ? "443" : "80");
    if (is_own_port)
        parts.authority.n -= parts.port.n + 1;
    if (!cp_view_copy(parts.path, out->base_path, sizeof out->base_path) ||
        !cp_view_copy(parts.authority, out->host, sizeof out->host))
        return cp_fail(err, CP_ELIMIT, "endpoint '%s' is too long", url);
    (void)snprintf(out->origin, sizeof out->origin, "%s://%s", parts.is_https ? "https" : "http",
                   out->host);
    out->is_loopback = host_is_loopback(parts.host);
    return CP_OK;
}

/* AWS's partitions: what their Regions begin with, and the domains (AWS's endpoint rule sets). The
 * last row is for all others. */
static const struct partition {
    const char *prefix;
    const char *domain, *dualstack_domain;
} PARTITIONS[] = {
    {"cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
    {"us-isob-", "sc2s.sgov.gov", "api.aws.scloud"},
    {"us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"},
    {"us-iso-", "c2s.ic.gov", "api.aws.ic.gov"},
    {"eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"},
    {"eusc-", "amazonaws.eu", "api.amazonwebservices.eu"},
    {"", "amazonaws.com", "api.aws"},
};

static const struct partition *partition_of(const char *region)
{
    const struct partition *p = PARTITIONS;
    while (!cp_view_has_prefix(cp_view_of(region), p->prefix))
        p++;
    return p;
}

enum cp_code cp_endpoint_of_variant(const char *service, const char *region,
                                    const struct cp_endpoint_variant *variant,
                                    struct cp_endpoint *out, struct cp_error *err)
{
    if (!cp_region_is_valid(cp_view_of(region)))
        return cp_fail(err, CP_EINVAL, "region '%s' is not like 'eu-central-1'", region);
    const struct partition *p = partition_of(region);
    char url[160];
    (void)snprintf(url, sizeof url, "https://%s%s.%s.%s", service, variant->is_fips ? "-fips" : "",
                   region, variant->is_dualstack ? p->dualstack_domain : p->domain);
    return cp_endpoint_parse(url, false, out, err);
}

enum cp_code cp_endpoint_of_region(const char *service, const char *region, struct cp_endpoint *out,
                                   struct cp_error *err)
{
    static const struct cp_endpoint_variant plain = {.is_fips = false};
    return cp_endpoint_of_variant(service, region, &plain, out, err);
}

static bool is_below(struct cp_view host, const char *domain)
{
    size_t n = strlen(domain);
    return host.n > n + 1 && host.p[host.n - n - 1] == '.' &&
           cp_view_is_nocase((struct cp_view){host.p + host.n - n, n}, domain);
}

bool cp_endpoint_is_aws(const struct cp_endpoint *endpoint)
{
    struct cp_view authority = cp_view_of(endpoint->host);
    struct cp_view host = {0};
    (void)cp_view_split(&authority, ':', &host);
    for (size_t i = 0; i < sizeof PARTITIONS / sizeof PARTITIONS[0]; i++) {
        if (is_below(host, PARTITIONS[i].domain) || is_below(host, PARTITIONS[i].dualstack_domain))
            return true;
    }
    return false;
}
