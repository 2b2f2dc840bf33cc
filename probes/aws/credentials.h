/* SPDX-License-Identifier: GPL-3.0-or-later
 * AWS credentials: static and environment providers. Secrets are wiped on clear, never logged,
 * never in an error text, never in the store.
 */
#ifndef COLDPROF_PROBES_AWS_CREDENTIALS_H
#define COLDPROF_PROBES_AWS_CREDENTIALS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/error.h"
#include "model/base/view.h"

struct cp_credentials {
    char access_key_id[132];
    char secret_access_key[260];
    char session_token[8192]; /* "" when none */
    int64_t expires_at_ms;    /* unix ms; 0 never */
};

/* Where the keys of a signature come from: asked before every signature, so that keys can change
 * within a sweep. Cheap when the keys it has are fresh. */
struct cp_credential_source {
    void *context;
    /* Fills `out`. `is_refused`: AWS called the last keys expired or unknown (rule: reload once).
     * A failure names every provider that was tried and why it declined. */
    enum cp_code (*get)(void *context, int64_t now_ms, bool is_refused, struct cp_credentials *out,
                        struct cp_error *err);
};

/* Reads a variable; returns NULL when unset. The CLI passes its getenv down. */
typedef const char *(*cp_getenv_fn)(void *context, const char *name);

/* AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN. CP_ENOTFOUND: neither key is set (a
 * chain may ask its next provider); CP_EINVAL: one key without the other, or a character that no
 * key has; CP_ELIMIT: longer than the fields above. Messages name the variable, never its value.
 * After a failure `out` is zeroed. */
enum cp_code cp_credentials_from_env(cp_getenv_fn get, void *context, struct cp_credentials *out,
                                     struct cp_error *err);
/* The same from given values; an empty token means none. */
enum cp_code cp_credentials_static(struct cp_view access_key_id, struct cp_view secret_access_key,
                                   struct cp_view session_token, struct cp_credentials *out,
                                   struct cp_error *err);
void cp_credentials_clear(struct cp_credentials *c); /* wipes; NULL does nothing */

#endif
