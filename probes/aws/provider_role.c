/* SPDX-License-Identifier: GPL-3.0-or-later
 * A profile with role_arn: keys of its source, then one role after the other.
 */
#include <stdio.h>

#include "probes/aws/provider.h"
#include "probes/aws/role_chain.h"
#include "probes/aws/sts.h"

enum { SESSION_NAME_MAX = 64 };

static enum cp_code get_environment(const struct cp_provider_world *world,
                                    const struct cp_ini_section *profile,
                                    struct cp_credentials *out, struct cp_error *err)
{
    const struct cp_shared_config_options *o = &world->config->options;
    (void)profile;
    return cp_credentials_from_env(o->get, o->get_context, out, err);
}

static enum cp_code get_imds(const struct cp_provider_world *world,
                             const struct cp_ini_section *profile, struct cp_credentials *out,
                             struct cp_error *err)
{
    (void)profile;
    return cp_provider_imds.get(world, out, err);
}

static enum cp_code get_container(const struct cp_provider_world *world,
                                  const struct cp_ini_section *profile, struct cp_credentials *out,
                                  struct cp_error *err)
{
    (void)profile;
    return cp_provider_container.get(world, out, err);
}

static const struct {
    const char *name;
    cp_profile_keys_fn get;
} BASES[] = {
    [CP_BASE_KEYS] = {"keys", cp_profile_static_keys},
    [CP_BASE_WEB_IDENTITY] = {"web identity", cp_profile_web_identity},
    [CP_BASE_SSO] = {"SSO", cp_profile_sso},
    [CP_BASE_PROCESS] = {"credential_process", cp_profile_process},
    [CP_BASE_ENVIRONMENT] = {"environment", get_environment},
    [CP_BASE_IMDS] = {"EC2 metadata", get_imds},
    [CP_BASE_CONTAINER] = {"container", get_container},
};

static enum cp_code get_base(const struct cp_provider_world *world,
                             const struct cp_role_chain *chain, struct cp_credentials *out,
                             struct cp_error *err)
{
    struct cp_error own = {CP_OK, ""};
    enum cp_code code = BASES[chain->base].get(world, chain->base_profile, out, &own);
    if (!code)
        return CP_OK;
    /* the profile names this source: "nothing there" is a fault here */
    return cp_fail(err, code == CP_ENOTFOUND ? CP_EDENIED : code,
                   "profile '%s' takes its keys from %s: %s", chain->base_profile->name,
                   BASES[chain->base].name, own.text);
}

/* An MFA code is asked for by a person's tool, not by a measurement. */
static enum cp_code refuse_mfa(const struct cp_ini_section *profile, struct cp_error *err)
{
    const char *serial = cp_ini_get(profile, "mfa_serial");
    if (!serial || !serial[0])
        return CP_OK;
    return cp_fail(err, CP_EUNSUPPORTED,
                   "profile '%s' asks for an MFA code (mfa_serial), which coldprof does not: take "
                   "keys with it first, e.g. eval \"$(aws configure export-credentials --profile "
                   "%s --format env)\"",
                   profile->name, profile->name);
}

static enum cp_code assume(const struct cp_provider_world *world,
                           const struct cp_ini_section *profile, struct cp_credentials *keys,
                           struct cp_error *err)
{
    char session[SESSION_NAME_MAX];
    const char *name = cp_ini_get(profile, "role_session_name");
    (void)snprintf(session, sizeof session, "coldprof-%lld",
                   (long long)world->clock->unix_ms(world->clock->context) / 1000);
    const struct cp_sts_role role = {
        .role_arn = cp_ini_get(profile, "role_arn"),
        .session_name = name && name[0] ? name : session,
        .external_id = cp_ini_get(profile, "external_id"),
        .duration_s = cp_ini_get(profile, "duration_seconds"),
    };
    struct cp_credentials assumed;
    enum cp_code code = refuse_mfa(profile, err);
    if (code)
        return code;
    code = cp_sts_assume_role(world, keys, &role, &assumed, err);
    if (code)
        return cp_fail_context(err, "profile '%s'", profile->name);
    *keys = assumed;
    cp_credentials_clear(&assumed);
    return CP_OK;
}

static enum cp_code role_get(const struct cp_provider_world *world, struct cp_credentials *out,
                             struct cp_error *err)
{
    const char *name = world->config->profile;
    struct cp_role_chain chain;
    *out = (struct cp_credentials){0};
    if (!cp_role_chain_has_role(cp_shared_profile(world->config)))
        return cp_fail(err, CP_ENOTFOUND, "no role_arn in profile '%s'", name);
    enum cp_code code = cp_role_chain_plan(&world->config->ini, name, &chain, err);
    if (!code)
        code = get_base(world, &chain, out, err);
    for (size_t i = 0; i < chain.n_roles && !code; i++)
        code = assume(world, chain.roles[i], out, err);
    if (code)
        cp_credentials_clear(out);
    return cp_provider_fault(code, err);
}

const struct cp_provider cp_provider_role = {"role", role_get};
