/* SPDX-License-Identifier: GPL-3.0-or-later
 * Credentials as JSON: what helpers, metadata services and SSO answer, and the cached SSO token.
 * Messages name the member that is missing or wrong, never its value.
 */
#ifndef COLDPROF_PROBES_AWS_CREDENTIAL_JSON_H
#define COLDPROF_PROBES_AWS_CREDENTIAL_JSON_H

#include "probes/aws/credentials.h"

enum { CP_CREDENTIAL_JSON_MAX = 64 << 10, CP_CREDENTIAL_JSON_DEPTH_MAX = 64 };

enum cp_credential_dialect {
    CP_CREDENTIAL_PROCESS,  /* Version 1, SessionToken and Expiration (ISO 8601) may be absent */
    CP_CREDENTIAL_METADATA, /* Token, Expiration; Code is "Success" when present */
    CP_CREDENTIAL_SSO,      /* roleCredentials{accessKeyId ... expiration in ms} */
};

/* CP_EFORMAT, CP_ELIMIT or CP_ENOMEM; CP_EREMOTE: it is the service's own error, by its code.
 * After a failure `out` is zeroed. */
enum cp_code cp_credential_json_read(enum cp_credential_dialect dialect, struct cp_view text,
                                     struct cp_credentials *out, struct cp_error *err);

/* The cached token of an SSO sign-in. */
struct cp_sso_token {
    char access_token[4096]; /* "": there is none */
    int64_t expires_at_ms;
};
enum cp_code cp_sso_token_read(struct cp_view text, struct cp_sso_token *out, struct cp_error *err);

#endif
