/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/lambda_operation.h"

#include "probes/aws/function_name.h"
#include "probes/aws/sigv4.h"

enum { TARGET_MAX = 4096 };

#define FUNCTIONS "/2015-03-31/functions/"

/* API dates differ: reserved concurrency is put and deleted under 2017-10-31 (and read under
 * 2019-09-30). */
static const struct cp_lambda_operation_info OPERATIONS[CP_OP_COUNT] = {
    [CP_OP_GET_FUNCTION] = {"GetFunction", "GET", FUNCTIONS, "", CP_CALL_REPEATABLE},
    [CP_OP_GET_FUNCTION_CONFIGURATION] = {"GetFunctionConfiguration", "GET", FUNCTIONS,
                                          "/configuration", CP_CALL_REPEATABLE},
    [CP_OP_UPDATE_FUNCTION_CONFIGURATION] = {"UpdateFunctionConfiguration", "PUT", FUNCTIONS,
                                             "/configuration", CP_CALL_REPEATABLE},
    [CP_OP_PUBLISH_VERSION] = {"PublishVersion", "POST", FUNCTIONS, "/versions", CP_CALL_ONCE},
    [CP_OP_DELETE_FUNCTION] = {"DeleteFunction", "DELETE", FUNCTIONS, "", CP_CALL_REPEATABLE},
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
                                    CP_CALL_REPEATABLE, true},
    [CP_OP_LIST_VERSIONS] = {"ListVersionsByFunction", "GET", FUNCTIONS, "/versions",
                             CP_CALL_REPEATABLE},
    [CP_OP_LIST_FUNCTIONS] = {"ListFunctions", "GET", "/2015-03-31/functions", "",
                              CP_CALL_REPEATABLE, true},
    [CP_OP_INVOKE] = {"Invoke", "POST", FUNCTIONS, "/invocations", CP_CALL_INVOKE},
    [CP_OP_CREATE_FUNCTION] = {"CreateFunction", "POST", "/2015-03-31/functions", "", CP_CALL_ONCE,
                               true},
    [CP_OP_CREATE_ALIAS] = {"CreateAlias", "POST", FUNCTIONS, "/aliases", CP_CALL_ONCE},
    [CP_OP_GET_ALIAS] = {"GetAlias", "GET", FUNCTIONS, "/aliases/", CP_CALL_REPEATABLE},
    [CP_OP_DELETE_ALIAS] = {"DeleteAlias", "DELETE", FUNCTIONS, "/aliases/", CP_CALL_REPEATABLE},
    [CP_OP_LIST_ALIASES] = {"ListAliases", "GET", FUNCTIONS, "/aliases", CP_CALL_REPEATABLE},
    [CP_OP_LIST_TAGS] = {"ListTags", "GET", "/2017-03-31/tags/", "", CP_CALL_REPEATABLE},
    [CP_OP_GET_POLICY] = {"GetPolicy", "GET", FUNCTIONS, "/policy", CP_CALL_REPEATABLE},
    [CP_OP_GET_FUNCTION_URL] = {"GetFunctionUrlConfig", "GET", "/2021-10-31/functions/", "/url",
                                CP_CALL_REPEATABLE},
    [CP_OP_LIST_EVENT_SOURCES] = {"ListEventSourceMappings", "GET",
                                  "/2015-03-31/event-source-mappings", "", CP_CALL_REPEATABLE,
                                  true},
};

const struct cp_lambda_operation_info *cp_lambda_operation_info(enum cp_lambda_operation operation)
{
    return &OPERATIONS[operation];
}

static enum cp_code check_names(const struct cp_lambda_target *t, bool is_account_wide,
                                struct cp_error *err)
{
    enum cp_code code = CP_OK;
    if (!is_account_wide)
        code = cp_function_name_check(t->function, err);
    if (!code && t->qualifier)
        code = cp_qualifier_check(t->qualifier, err);
    if (!code && t->name)
        code = cp_qualifier_check(t->name, err);
    return code;
}

enum cp_code cp_lambda_target_make(enum cp_lambda_operation operation,
                                   struct cp_lambda_target *target, struct cp_call *call,
                                   struct cp_error *err)
{
    const struct cp_lambda_operation_info *o = &OPERATIONS[operation];
    cp_buf_init(&target->path, TARGET_MAX);
    cp_buf_init(&target->query, TARGET_MAX);
    enum cp_code code = check_names(target, o->is_account_wide, err);
    if (code)
        return code;
    (void)cp_buf_adds(&target->path, o->before);
    if (!o->is_account_wide)
        (void)cp_uri_encode(&target->path, cp_view_of(target->function), false);
    (void)cp_buf_adds(&target->path, o->after);
    (void)cp_uri_encode(&target->path, cp_view_of(target->name), false);
    if (target->qualifier) {
        (void)cp_buf_adds(&target->query, "Qualifier=");
        (void)cp_uri_encode(&target->query, cp_view_of(target->qualifier), false);
    }
    code = cp_buf_check(&target->path, "the request's path", err);
    if (!code)
        code = cp_buf_check(&target->query, "the request's query", err);
    call->operation = o->name;
    call->subject = target->function;
    call->method = o->method;
    call->path = cp_buf_str(&target->path);
    call->query = cp_buf_str(&target->query);
    call->kind = o->kind;
    return code;
}

void cp_lambda_target_clear(struct cp_lambda_target *target)
{
    cp_buf_clear(&target->path);
    cp_buf_clear(&target->query);
}
