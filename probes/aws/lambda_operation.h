/* SPDX-License-Identifier: GPL-3.0-or-later
 * The Lambda operations in use: one const table of method, path and kind, and the paths made from
 * it.
 */
#ifndef COLDPROF_PROBES_AWS_LAMBDA_OPERATION_H
#define COLDPROF_PROBES_AWS_LAMBDA_OPERATION_H

#include "probes/aws/call.h"
#include "probes/aws/lambda.h"

enum cp_lambda_operation {
    CP_OP_GET_FUNCTION,
    CP_OP_GET_FUNCTION_CONFIGURATION,
    CP_OP_UPDATE_FUNCTION_CONFIGURATION,
    CP_OP_PUBLISH_VERSION,
    CP_OP_DELETE_FUNCTION,
    CP_OP_PUT_PROVISIONED,
    CP_OP_GET_PROVISIONED,
    CP_OP_DELETE_PROVISIONED,
    CP_OP_PUT_RESERVED,
    CP_OP_DELETE_RESERVED,
    CP_OP_GET_ACCOUNT_SETTINGS,
    CP_OP_LIST_VERSIONS,
    CP_OP_LIST_FUNCTIONS,
    CP_OP_INVOKE,
    CP_OP_CREATE_FUNCTION,
    CP_OP_CREATE_ALIAS,
    CP_OP_GET_ALIAS,
    CP_OP_DELETE_ALIAS,
    CP_OP_LIST_ALIASES,
    CP_OP_LIST_TAGS,
    CP_OP_GET_POLICY,
    CP_OP_GET_FUNCTION_URL,
    CP_OP_LIST_EVENT_SOURCES,
    CP_OP_COUNT,
};

/* What an operation looks like on the wire. The path is before + {FunctionName} + after + {Name}.
 */
struct cp_lambda_operation_info {
    const char *name; /* "GetFunction" */
    const char *method, *before, *after;
    enum cp_call_kind kind;
    bool is_account_wide; /* no function in the path */
};
const struct cp_lambda_operation_info *cp_lambda_operation_info(enum cp_lambda_operation operation);

/* Path and query of one call; cp_lambda_target_clear also after a failure. */
struct cp_lambda_target {
    const char *function;  /* NULL for account-wide operations */
    const char *qualifier; /* NULL none */
    const char *name;      /* of the alias, at the end of the path; NULL none */
    struct cp_buf path, query;
};

/* Checks the names, then fills operation, subject, method, path, query and kind of `call`, which
 * borrows from `target`. CP_EINVAL before anything is sent. */
enum cp_code cp_lambda_target_make(enum cp_lambda_operation operation,
                                   struct cp_lambda_target *target, struct cp_call *call,
                                   struct cp_error *err);
void cp_lambda_target_clear(struct cp_lambda_target *target);

#endif
