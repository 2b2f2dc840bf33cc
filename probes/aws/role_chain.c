/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/role_chain.h"

#include <string.h>

static const char *setting(const struct cp_ini_section *profile, const char *name)
{
    const char *value = cp_ini_get(profile, name);
    return value && value[0] ? value : NULL;
}

bool cp_role_chain_has_role(const struct cp_ini_section *profile)
{
    return setting(profile, "role_arn") && !setting(profile, "web_identity_token_file");
}

/* --- the first keys --- */

static enum cp_code check_web_identity(const struct cp_ini_section *p, struct cp_error *err)
{
    if (setting(p, "role_arn"))
        return CP_OK;
    return cp_fail(err, CP_EINVAL, "profile '%s' has web_identity_token_file but no role_arn",
                   p->name);
}

/* With a session, account and role may both be absent: then there is a token, but no keys. */
static enum cp_code check_sso(const struct cp_ini_section *p, struct cp_error *err)
{
    const char *account = setting(p, "sso_account_id");
    const char *role = setting(p, "sso_role_name");
    if (!account != !role || (!account && !setting(p, "sso_session")))
        return cp_fail(err, CP_EINVAL, "profile '%s' signs in with SSO but has no %s", p->name,
                       account ? "sso_role_name" : "sso_account_id");
    return CP_OK;
}

static enum cp_code check_keys(const struct cp_ini_section *p, struct cp_error *err)
{
    const char *id = setting(p, "aws_access_key_id");
    if (id && setting(p, "aws_secret_access_key"))
        return CP_OK;
    return cp_fail(err, CP_EINVAL, "profile '%s' has '%s' but no '%s'", p->name,
                   id ? "aws_access_key_id" : "aws_secret_access_key",
                   id ? "aws_secret_access_key" : "aws_access_key_id");
}

/* In the order in which they count. */
static const struct base_row {
    const char *settings[2]; /* any of them */
    enum cp_role_base base;
    enum cp_code (*check)(const struct cp_ini_section *p, struct cp_error *err);
} BASES[] = {
    {{"web_identity_token_file", "web_identity_token_file"},
     CP_BASE_WEB_IDENTITY,
     check_web_identity},
    {{"sso_session", "sso_start_url"}, CP_BASE_SSO, check_sso},
    {{"credential_process", "credential_process"}, CP_BASE_PROCESS, NULL},
    {{"aws_access_key_id", "aws_secret_access_key"}, CP_BASE_KEYS, check_keys},
};

static enum cp_code find_named_base(const struct cp_ini_section *p, struct cp_role_chain *out,
                                    struct cp_error *err)
{
    static const struct {
        const char *name;
        enum cp_role_base base;
    } SOURCES[] = {
        {"Environment", CP_BASE_ENVIRONMENT},
        {"Ec2InstanceMetadata", CP_BASE_IMDS},
        {"EcsContainer", CP_BASE_CONTAINER},
    };
    const char *name = setting(p, "credential_source");
    for (size_t i = 0; i < sizeof SOURCES / sizeof SOURCES[0]; i++) {
        if (strcmp(name, SOURCES[i].name) == 0) {
            out->base = SOURCES[i].base;
            return CP_OK;
        }
    }
    return cp_fail(err, CP_EINVAL,
                   "profile '%s': credential_source is Environment, Ec2InstanceMetadata or "
                   "EcsContainer",
                   p->name);
}

static bool has_keys(const struct cp_ini_section *p)
{
    return setting(p, "aws_access_key_id") && setting(p, "aws_secret_access_key");
}

static enum cp_code find_base(const struct cp_ini_section *p, struct cp_role_chain *out,
                              struct cp_error *err)
{
    bool is_source = out->n_roles > 0;
    out->base_profile = p;
    if (setting(p, "credential_source"))
        return find_named_base(p, out, err);
    if (is_source && has_keys(p)) /* before all other ways, where a role is based on it */
        return CP_OK;
    for (size_t i = 0; i < sizeof BASES / sizeof BASES[0]; i++) {
        const struct base_row *row = &BASES[i];
        if (!setting(p, row->settings[0]) && !setting(p, row->settings[1]))
            continue;
        out->base = row->base;
        return row->check ? row->check(p, err) : CP_OK;
    }
    return cp_fail(err, is_source ? CP_EINVAL : CP_ENOTFOUND,
                   "profile '%s' holds no credentials and no way to get them", p->name);
}

/* --- the roles --- */

static enum cp_code check_source(const struct cp_ini_section *p, struct cp_error *err)
{
    const char *profile = setting(p, "source_profile");
    const char *named = setting(p, "credential_source");
    if (profile && named)
        return cp_fail(err, CP_EINVAL,
                       "profile '%s' has source_profile and credential_source; keep one of them",
                       p->name);
    if (!profile && !named)
        return cp_fail(err, CP_EINVAL,
                       "profile '%s' has role_arn but neither source_profile nor credential_source",
                       p->name);
    return CP_OK;
}

static bool has_been_seen(const struct cp_role_chain *chain, const struct cp_ini_section *p)
{
    for (size_t i = 0; i < chain->n_roles; i++)
        if (chain->roles[i] == p)
            return true;
    return false;
}

static void reverse(struct cp_role_chain *chain)
{
    for (size_t i = 0, j = chain->n_roles; i + 1 < j; i++) {
        const struct cp_ini_section *last = chain->roles[--j];
        chain->roles[j] = chain->roles[i];
        chain->roles[i] = last;
    }
}

/* Adds the role of `*p` and goes to its source; `*is_base`: that is where the keys are. A source
 * that has keys is not asked for its role. */
static enum cp_code step(const struct cp_ini *ini, const struct cp_ini_section **p,
                         struct cp_role_chain *chain, bool *is_base, struct cp_error *err)
{
    const struct cp_ini_section *from = *p;
    enum cp_code code = check_source(from, err);
    if (code)
        return code;
    if (chain->n_roles == CP_ROLES_MAX)
        return cp_fail(err, CP_ELIMIT, "more than %d roles follow each other from one profile",
                       CP_ROLES_MAX);
    chain->roles[chain->n_roles++] = from;
    const char *name = setting(from, "source_profile");
    *is_base = true;
    if (!name || strcmp(name, from->name) == 0)
        return CP_OK; /* a named source, or the profile's own keys */
    *p = cp_ini_section(ini, CP_INI_PROFILE, name);
    if (!*p)
        return cp_fail(err, CP_EINVAL, "profile '%s': there is no source_profile '%s'", from->name,
                       name);
    if (has_been_seen(chain, *p))
        return cp_fail(err, CP_EINVAL, "profile '%s': its source_profile '%s' leads back to it",
                       from->name, name);
    *is_base = !cp_role_chain_has_role(*p) || has_keys(*p);
    return CP_OK;
}

enum cp_code cp_role_chain_plan(const struct cp_ini *ini, const char *profile,
                                struct cp_role_chain *out, struct cp_error *err)
{
    *out = (struct cp_role_chain){.base = CP_BASE_KEYS};
    const struct cp_ini_section *p = cp_ini_section(ini, CP_INI_PROFILE, profile);
    if (!p)
        return cp_fail(err, CP_ENOTFOUND, "there is no profile '%s'", profile);
    bool is_base = !cp_role_chain_has_role(p);
    enum cp_code code = CP_OK;
    while (!code && !is_base)
        code = step(ini, &p, out, &is_base, err);
    if (!code)
        code = find_base(p, out, err);
    reverse(out);
    return code;
}
