/* SPDX-License-Identifier: GPL-3.0-or-later
 * The three calls to STS: AssumeRole, AssumeRoleWithWebIdentity, GetCallerIdentity.
 */
#ifndef COLDPROF_PROBES_AWS_STS_H
#define COLDPROF_PROBES_AWS_STS_H

#include "probes/aws/provider.h"

struct cp_sts_role {
    const char *role_arn;
    const char *session_name;      /* 2..64 of A-Z a-z 0-9 _ + = , . @ - */
    const char *external_id;       /* NULL: none */
    const char *duration_s;        /* 900..43200, as written; NULL: the service's default */
    struct cp_view identity_token; /* not empty: AssumeRoleWithWebIdentity, unsigned */
};

/* `keys` sign the call (NULL with an identity token). After a failure `out` is zeroed and the
 * message names the role and AWS's error, never a token. */
enum cp_code cp_sts_assume_role(const struct cp_provider_world *world,
                                const struct cp_credentials *keys, const struct cp_sts_role *role,
                                struct cp_credentials *out, struct cp_error *err);

enum { CP_ACCOUNT_TEXT_MAX = 13 };
/* Account of the keys: 12 digits. */
enum cp_code cp_sts_account(const struct cp_provider_world *world,
                            const struct cp_credentials *keys, char out[CP_ACCOUNT_TEXT_MAX],
                            struct cp_error *err);

#endif
