/* SPDX-License-Identifier: GPL-3.0-or-later
 * Web identity (EKS and other OpenID issuers): a token file exchanged for keys, by an unsigned
 * call. The file is read anew each time, its issuer replaces it.
 */
#include <stdio.h>

#include "probes/aws/provider.h"
#include "probes/aws/sts.h"

enum { TOKEN_MAX = 20000, SESSION_NAME_MAX = 64 };

static enum cp_code exchange(const struct cp_provider_world *world, const char *path,
                             const char *role_arn, const char *session_name,
                             struct cp_credentials *out, struct cp_error *err)
{
    char session[SESSION_NAME_MAX];
    struct cp_buf token;
    cp_buf_init(&token, TOKEN_MAX);
    (void)snprintf(session, sizeof session, "coldprof-%lld",
                   (long long)world->clock->unix_ms(world->clock->context) / 1000);
    enum cp_code code = cp_shared_read_file(world->config, path, &token, err);
    if (code == CP_ENOTFOUND) /* it is named: that it is missing is a fault */
        code = cp_fail(err, CP_EIO, "there is no token file '%s'", path);
    const struct cp_sts_role role = {
        .role_arn = role_arn,
        .session_name = session_name && session_name[0] ? session_name : session,
        .identity_token = cp_buf_view(&token), /* as it is, like the SDKs */
    };
    if (!code && cp_view_trim(role.identity_token).n == 0)
        code = cp_fail(err, CP_EINVAL, "the token file '%s' is empty", path);
    if (!code)
        code = cp_sts_assume_role(world, NULL, &role, out, err);
    cp_shared_wipe(&token);
    return code;
}

enum cp_code cp_profile_web_identity(const struct cp_provider_world *world,
                                     const struct cp_ini_section *profile,
                                     struct cp_credentials *out, struct cp_error *err)
{
    const char *path = cp_ini_get(profile, "web_identity_token_file");
    const char *role_arn = cp_ini_get(profile, "role_arn");
    *out = (struct cp_credentials){0};
    if (!path || !path[0])
        return cp_fail(err, CP_ENOTFOUND, "no web_identity_token_file");
    if (!role_arn || !role_arn[0])
        return cp_fail(err, CP_EINVAL, "profile '%s' has web_identity_token_file but no role_arn",
                       profile->name);
    enum cp_code code =
        exchange(world, path, role_arn, cp_ini_get(profile, "role_session_name"), out, err);
    return code ? cp_fail_context(err, "profile '%s'", profile->name) : CP_OK;
}

static enum cp_code of_environment(const struct cp_provider_world *world,
                                   struct cp_credentials *out, struct cp_error *err)
{
    const struct cp_shared_config *config = world->config;
    const char *path = cp_shared_variable(config, "AWS_WEB_IDENTITY_TOKEN_FILE");
    const char *role_arn = cp_shared_variable(config, "AWS_ROLE_ARN");
    if (config->is_profile_explicit || !path)
        return cp_fail(err, CP_ENOTFOUND, "no token file");
    if (!role_arn)
        return cp_fail(err, CP_EINVAL,
                       "AWS_WEB_IDENTITY_TOKEN_FILE is set but AWS_ROLE_ARN is not");
    enum cp_code code = exchange(world, path, role_arn,
                                 cp_shared_variable(config, "AWS_ROLE_SESSION_NAME"), out, err);
    return code ? cp_fail_context(err, "web identity of the environment") : CP_OK;
}

static enum cp_code web_identity_get(const struct cp_provider_world *world,
                                     struct cp_credentials *out, struct cp_error *err)
{
    enum cp_code code = cp_profile_web_identity(world, cp_shared_profile(world->config), out, err);
    return code == CP_ENOTFOUND ? of_environment(world, out, err) : code;
}

const struct cp_provider cp_provider_web_identity = {"web identity", web_identity_get};
