/* SPDX-License-Identifier: GPL-3.0-or-later
 * The role of an EC2 instance, by the metadata service, version 2 only.
 */
#include <stdio.h>
#include <string.h>

#include "probes/aws/credential_json.h"
#include "probes/aws/endpoint.h"
#include "probes/aws/metadata.h"

enum { TIMEOUT_MS = 1000, TOKEN_MAX = 1024, ROLE_MAX = 65 };

#define ENDPOINT "AWS_EC2_METADATA_SERVICE_ENDPOINT"
#define MODE     "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"
#define ROLES    "/latest/meta-data/iam/security-credentials/"

/* --- where --- */

enum cp_code cp_imds_endpoint(const struct cp_shared_config *config, char out[CP_PROVIDER_URL_MAX],
                              struct cp_error *err)
{
    const char *url = cp_shared_setting(config, ENDPOINT, "ec2_metadata_service_endpoint");
    const char *mode = cp_shared_setting(config, MODE, "ec2_metadata_service_endpoint_mode");
    struct cp_endpoint parsed;
    bool is_v6 = mode && cp_view_is_nocase(cp_view_of(mode), "IPv6");
    if (mode && !is_v6 && !cp_view_is_nocase(cp_view_of(mode), "IPv4"))
        return cp_fail(err, CP_EINVAL, MODE " is IPv4 or IPv6");
    if (!url)
        url = is_v6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
    /* plain http by nature; whoever sets another place names the service he trusts */
    enum cp_code code = cp_endpoint_parse(url, true, &parsed, err);
    if (code)
        return cp_fail_context(err, ENDPOINT);
    int n = snprintf(out, CP_PROVIDER_URL_MAX, "%s%s", parsed.origin, parsed.base_path);
    return n > 0 && n < CP_PROVIDER_URL_MAX ? CP_OK
                                            : cp_fail(err, CP_ELIMIT, ENDPOINT " is too long");
}

/* --- the three requests --- */

struct session {
    const struct cp_provider_world *world;
    const char *endpoint;
    struct cp_buf token;
};

static enum cp_code ask(const struct session *s, const char *method, const char *path,
                        struct cp_header header, struct cp_buf *body, int *status,
                        struct cp_error *err)
{
    char url[CP_PROVIDER_URL_MAX + 128];
    (void)snprintf(url, sizeof url, "%s%s", s->endpoint, path);
    const struct cp_metadata_request request = {
        .method = method, .url = url, .header = &header, .timeout_ms = TIMEOUT_MS, .attempts = 1};
    return cp_metadata_fetch(s->world, &request, body, status, err);
}

/* No token, no credentials: version 1 of the service, which needs none, is not used. */
static enum cp_code fetch_token(struct session *s, struct cp_error *err)
{
    const struct cp_header ttl = {CP_VIEW_LIT("x-aws-ec2-metadata-token-ttl-seconds"),
                                  CP_VIEW_LIT("21600")};
    struct cp_error own = {CP_OK, ""};
    int status = -1;
    enum cp_code code = ask(s, "PUT", "/latest/api/token", ttl, &s->token, &status, &own);
    if (code == CP_EINTERRUPTED || code == CP_ENOMEM)
        return cp_fail(err, code, "%s", own.text);
    if (code)
        return cp_fail(err, CP_ENOTFOUND, "no EC2 metadata service here");
    if (status != 200 || s->token.n == 0 || s->token.n > TOKEN_MAX)
        return cp_fail(err, CP_ENOTFOUND, "it gives no token (HTTP %d)", status);
    return CP_OK;
}

static bool is_role_name(struct cp_view name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool is_good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       (c && strchr("_+=,.@-", c));
        if (!is_good)
            return false;
    }
    return name.n >= 1 && name.n < ROLE_MAX;
}

static struct cp_header token_header(const struct session *s)
{
    return (struct cp_header){CP_VIEW_LIT("x-aws-ec2-metadata-token"), cp_buf_view(&s->token)};
}

static enum cp_code fetch_role(const struct session *s, char out[ROLE_MAX], struct cp_error *err)
{
    struct cp_buf body;
    int status = -1;
    struct cp_view name = {"", 0};
    cp_buf_init(&body, CP_METADATA_ANSWER_MAX);
    enum cp_code code = ask(s, "GET", ROLES, token_header(s), &body, &status, err);
    if (!code && status == 404)
        code = cp_fail(err, CP_ENOTFOUND, "the instance has no role");
    if (!code && status != 200)
        code = cp_fail(err, CP_EREMOTE, "HTTP %d for the role's name", status);
    struct cp_view rest = cp_buf_view(&body);
    (void)cp_view_split(&rest, '\n', &name);
    name = cp_view_trim(name);
    if (!code && !is_role_name(name))
        code = cp_fail(err, CP_EFORMAT, "the answer is not a role's name");
    if (!code)
        (void)cp_view_copy(name, out, ROLE_MAX);
    cp_buf_clear(&body);
    return code;
}

static enum cp_code fetch_keys(const struct session *s, const char *role,
                               struct cp_credentials *out, struct cp_error *err)
{
    char path[sizeof ROLES + ROLE_MAX];
    struct cp_buf body;
    int status = -1;
    (void)snprintf(path, sizeof path, ROLES "%s", role);
    cp_buf_init(&body, CP_METADATA_ANSWER_MAX);
    enum cp_code code = ask(s, "GET", path, token_header(s), &body, &status, err);
    if (!code && status != 200)
        code = cp_fail(err, CP_EREMOTE, "HTTP %d for the role '%s'", status, role);
    if (!code)
        code = cp_credential_json_read(CP_CREDENTIAL_METADATA, cp_buf_view(&body), out, err);
    cp_shared_wipe(&body);
    return code;
}

static enum cp_code imds_get(const struct cp_provider_world *world, struct cp_credentials *out,
                             struct cp_error *err)
{
    char endpoint[CP_PROVIDER_URL_MAX];
    char role[ROLE_MAX];
    struct session s = {.world = world, .endpoint = endpoint};
    *out = (struct cp_credentials){0};
    if (cp_view_is_nocase(
            cp_view_of(cp_shared_variable(world->config, "AWS_EC2_METADATA_DISABLED")), "true"))
        return cp_fail(err, CP_ENOTFOUND, "off by AWS_EC2_METADATA_DISABLED");
    enum cp_code code = cp_imds_endpoint(world->config, endpoint, err);
    if (code)
        return code;
    cp_buf_init(&s.token, CP_METADATA_ANSWER_MAX);
    code = fetch_token(&s, err);
    if (!code)
        code = fetch_role(&s, role, err);
    if (!code)
        code = fetch_keys(&s, role, out, err);
    cp_shared_wipe(&s.token);
    if (code && code != CP_ENOTFOUND)
        (void)cp_fail_context(err, "the EC2 metadata service");
    return code;
}

const struct cp_provider cp_provider_imds = {"EC2 metadata", imds_get};
