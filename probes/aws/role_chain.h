/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a profile with roles comes down to: first keys from somewhere, then one role after the
 * other. Pure; sections are borrowed from the INI set.
 */
#ifndef COLDPROF_PROBES_AWS_ROLE_CHAIN_H
#define COLDPROF_PROBES_AWS_ROLE_CHAIN_H

#include "probes/aws/ini.h"

/* Where the first keys are from. The first four are of a profile. */
enum cp_role_base {
    CP_BASE_KEYS,
    CP_BASE_WEB_IDENTITY,
    CP_BASE_SSO,
    CP_BASE_PROCESS,
    CP_BASE_ENVIRONMENT,
    CP_BASE_IMDS,
    CP_BASE_CONTAINER,
};

enum { CP_ROLES_MAX = 16 };

struct cp_role_chain {
    enum cp_role_base base;
    const struct cp_ini_section *base_profile;
    const struct cp_ini_section *roles[CP_ROLES_MAX]; /* the one assumed first is first */
    size_t n_roles;                                   /* 0: the profile has no role to assume */
};

/* CP_EINVAL: a loop, a source that is missing or given twice, half a key pair, a role_arn without
 * source or a token file without role_arn; the message names profile and setting. CP_ENOTFOUND:
 * the profile (`profile` itself) holds nothing of all this. */
enum cp_code cp_role_chain_plan(const struct cp_ini *ini, const char *profile,
                                struct cp_role_chain *out, struct cp_error *err);

/* Whether the profile assumes a role with keys of another source. */
bool cp_role_chain_has_role(const struct cp_ini_section *profile);

#endif
