/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/lambda_operation.h"

#include "probes/aws/function_name.h"
#include "probes/aws/sigv4.h"

enum { TARGET_MAX = 4096 };

/* The path is before + function + after. API dates differ: reserved concurrency is put and deleted
 * under 2017-10-31 (and read under 2019-09-30). */
static const struct {
    const char *name, *method, *before, *after;
    enum cp_call_kind kind;
} OPERATIONS[] = {
    [CP_OP_GET_FUNCTION] = {"GetFunction", "GET", "/2015-03-31/functions/", "", CP_CALL_REPEATABLE},
    [CP_OP_GET_FUNCTION_CONFIGURATION] = {"GetFunctionConfiguration", "GET",
                                          "/2015-03-31/functions/", "/configuration",
                                          CP_CALL_REPEATABLE},
    [CP_OP_UPDATE_FUNCTION_CONFIGURATION] = {"UpdateFunctionConfiguration", "PUT",
                                             "/2015-03-31/functions/", "/configuration",
                                             CP_CALL_REPEATABLE},
    [CP_OP_PUBLISH_VERSION] = {"PublishVersion", "POST", "/2015-03-31/functions/", "/versions",
                               CP_CALL_ONCE},
    [CP_OP_DELETE_FUNCTION] = {"DeleteFunction", "DELETE", "/2015-03-31/functions/", "",
                               CP_CALL_REPEATABLE},
    [CP_OP_PUT_PROVISIONED] = {"PutProvisionedConcurrencyConfig", "PUT", "/2019-09-30/functions/",
                               "/provisioned-concurrency", CP_CALL_REPEATABLE},
    [CP_OP_GET_PROVISIONED] = {"GetProvisionedConcurrencyConfig", "GET", "/2019-09-30/functions/",
                               "/provisioned-concurrency", CP_CALL_REPEATABLE},
    [CP_OP_DELETE_PROVISIONED] = {"DeleteProvisionedConcurrencyConfig", "DELETE",
                                  "/2019-09-30/functions/", "/provisioned-concurrency",
                                  CP_CALL_REPEATABLE},
    [CP_OP_PUT_RESERVED] = {"PutFunctionConcurrency", "PUT", "/2017-10-31/functions/",
                            "/concurrency", CP_CALL_REPEATABLE},
    [CP_OP_DELETE_RESERVED] = {"DeleteFunctionConcurrency", "DELETE", "/2017-10-31/functions/",
                               "/concurrency", CP_CALL_REPEATABLE},
    [CP_OP_GET_ACCOUNT_SETTINGS] = {"GetAccountSettings", "GET", "/2016-08-19/account-settings", "",
                                    CP_CALL_REPEATABLE},
    [CP_OP_LIST_VERSIONS] = {"ListVersionsByFunction", "GET", "/2015-03-31/functions/", "/versions",
                             CP_CALL_REPEATABLE},
    [CP_OP_LIST_FUNCTIONS] = {"ListFunctions", "GET", "/2015-03-31/functions", "",
                              CP_CALL_REPEATABLE},
    [CP_OP_INVOKE] = {"Invoke", "POST", "/2015-03-31/functions/", "/invocations", CP_CALL_INVOKE},
};

static enum cp_code check_names(const struct cp_lambda_target *t, bool is_account_wide,
                                struct cp_error *err)
{
    enum cp_code code = CP_OK;
    if (!is_account_wide)
        code = cp_function_name_check(t->function, err);
    if (!code && t->qualifier)
        code = cp_qualifier_check(t->qualifier, err);
    return code;
}

enum cp_code cp_lambda_target_make(enum cp_lambda_operation operation,
                                   struct cp_lambda_target *target, struct cp_call *call,
                                   struct cp_error *err)
{
    bool is_account_wide =
        operation == CP_OP_GET_ACCOUNT_SETTINGS || operation == CP_OP_LIST_FUNCTIONS;
    cp_buf_init(&target->path, TARGET_MAX);
    cp_buf_init(&target->query, TARGET_MAX);
    enum cp_code code = check_names(target, is_account_wide, err);
    if (code)
        return code;
    (void)cp_buf_adds(&target->path, OPERATIONS[operation].before);
    (void)cp_uri_encode(&target->path, cp_view_of(target->function), false);
    (void)cp_buf_adds(&target->path, OPERATIONS[operation].after);
    if (target->qualifier) {
        (void)cp_buf_adds(&target->query, "Qualifier=");
        (void)cp_uri_encode(&target->query, cp_view_of(target->qualifier), false);
    }
    code = cp_buf_check(&target->path, "the request's path", err);
    if (!code)
        code = cp_buf_check(&target->query, "the request's query", err);
    call->operation = OPERATIONS[operation].name;
    call->subject = target->function;
    call->method = OPERATIONS[operation].method;
    call->path = cp_buf_str(&target->path);
    call->query = cp_buf_str(&target->query);
    call->kind = OPERATIONS[operation].kind;
    return code;
}

void cp_lambda_target_clear(struct cp_lambda_target *target)
{
    cp_buf_clear(&target->path);
    cp_buf_clear(&target->query);
}
