/* SPDX-License-Identifier: GPL-3.0-or-later
 * Aliases of a function, and who else reaches it without a qualifier. Errors as in lambda.h.
 */
#ifndef COLDPROF_PROBES_AWS_LAMBDA_ALIAS_H
#define COLDPROF_PROBES_AWS_LAMBDA_ALIAS_H

#include "probes/aws/lambda.h"

struct cp_alias_config {
    char name[130];
    char version[24]; /* "$LATEST" or a number */
    char description[257];
};

/* Sent once: it may have taken effect after a failure. CP_ECONFLICT: there is one of that name. */
enum cp_code cp_lambda_create_alias(struct cp_lambda *l, const char *function,
                                    const struct cp_alias_config *alias, struct cp_error *err);
enum cp_code cp_lambda_get_alias(struct cp_lambda *l, const char *function, const char *name,
                                 struct cp_alias_config *out, struct cp_error *err);
enum cp_code cp_lambda_delete_alias(struct cp_lambda *l, const char *function, const char *name,
                                    struct cp_error *err);
/* A false return ends the listing. */
typedef bool (*cp_lambda_alias_fn)(void *context, const struct cp_alias_config *alias);
enum cp_code cp_lambda_list_aliases(struct cp_lambda *l, const char *function,
                                    cp_lambda_alias_fn each, void *context, struct cp_error *err);

/* Whether the unqualified function has a resource policy, a function URL, an event source mapping.
 * A mapping of a version or an alias does not count. */
enum cp_code cp_lambda_has_policy(struct cp_lambda *l, const char *function, bool *has,
                                  struct cp_error *err);
enum cp_code cp_lambda_has_url(struct cp_lambda *l, const char *function, bool *has,
                               struct cp_error *err);
enum cp_code cp_lambda_has_event_source(struct cp_lambda *l, const char *function, bool *has,
                                        struct cp_error *err);

#endif
