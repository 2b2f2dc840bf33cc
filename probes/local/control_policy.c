/* SPDX-License-Identifier: GPL-3.0-or-later
 * Resource policies: kept and given back, never enforced. They say who may invoke a function, which
 * is how a client finds callers that use it without a version.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "probes/local/api_route.h"
#include "probes/local/control_body.h"

enum { STATEMENT_ID_MAX = 100, ACTION_MAX = 256, PRINCIPAL_MAX = 256, ARN_MAX = 2048 };

/* A policy belongs to a function, a version or an alias: {QUALIFIER: [STATEMENT...]}, "" for the
 * function. */
static cJSON *statements_of(const struct cp_call *call)
{
    return cJSON_GetObjectItemCaseSensitive(call->function->policies, call->qualifier);
}

static void fail_nothing_there(struct cp_api_response *response)
{
    cp_api_fail(response, 404, "ResourceNotFoundException", NULL,
                "The resource you requested does not exist.");
}

/* The RevisionId of what the policy belongs to. */
static char *revision_of(const struct cp_call *call)
{
    struct cp_alias *alias = cp_state_alias(call->function, call->qualifier);
    struct cp_version *version = cp_state_qualified(call->function, call->qualifier);
    return alias ? alias->revision_id : version ? version->revision_id : NULL;
}

static bool is_there(struct cp_control *control, const struct cp_call *call,
                     struct cp_api_response *response)
{
    if (revision_of(call))
        return true;
    cp_fail_not_found(control, call->function->name, call->qualifier, response);
    return false;
}

static const cJSON *find_statement(const cJSON *statements, const char *id)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, statements)
    {
        const char *sid = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "Sid"));
        if (sid && strcmp(sid, id) == 0)
            return item;
    }
    return NULL;
}

/* --- AddPermission --- */

struct permission {
    const char *id, *action, *principal;
    const char *source_arn, *source_account, *organisation, *url_auth_type, *revision_id;
};

static void require(struct cp_body *b, const char *name, const char *member)
{
    if (!cp_body_member(b->json, name))
        cp_violations_add(&b->violations, NULL, member, "Member must not be null");
}

static void read_permission(struct cp_body *b, struct permission *p)
{
    static const char *const auth_types[] = {"NONE", "AWS_IAM", NULL};
    require(b, "StatementId", "statementId");
    require(b, "Action", "action");
    require(b, "Principal", "principal");
    *p = (struct permission){
        .id = cp_body_string(b, b->json, "StatementId", "statementId", STATEMENT_ID_MAX),
        .action = cp_body_string(b, b->json, "Action", "action", ACTION_MAX),
        .principal = cp_body_string(b, b->json, "Principal", "principal", PRINCIPAL_MAX),
        .source_arn = cp_body_string(b, b->json, "SourceArn", "sourceArn", ARN_MAX),
        .source_account = cp_body_string(b, b->json, "SourceAccount", "sourceAccount", 12),
        .organisation = cp_body_string(b, b->json, "PrincipalOrgID", "principalOrgID", 34),
        .url_auth_type =
            cp_body_choice(b, b->json, "FunctionUrlAuthType", "functionUrlAuthType", auth_types),
        .revision_id = cp_body_string(b, b->json, "RevisionId", "revisionId", CP_DESCRIPTION_MAX),
    };
    bool is_name = p->id && p->id[0] && cp_qualifier_is_valid(cp_view_of(p->id));
    if (p->id && !is_name)
        cp_violations_add(&b->violations, p->id, "statementId",
                          "Member must satisfy regular expression pattern: ([a-zA-Z0-9-_]+)");
    if (p->action && strcmp(p->action, "*") != 0 &&
        !cp_view_has_prefix(cp_view_of(p->action), "lambda:"))
        cp_violations_add(
            &b->violations, p->action, "action",
            "Member must satisfy regular expression pattern: (lambda:[*]|lambda:[a-zA-Z]+|[*])");
}

/* A service by its host name, an account by number or ARN, or everybody. */
static void add_principal(cJSON *statement, const struct cp_control *control, const char *principal)
{
    char arn[96];
    int64_t account = 0;
    struct cp_view v = cp_view_of(principal);
    if (strcmp(principal, "*") == 0) {
        (void)cJSON_AddStringToObject(statement, "Principal", principal);
        return;
    }
    cJSON *object = cJSON_AddObjectToObject(statement, "Principal");
    bool is_account = v.n == 12 && cp_view_to_int64(v, &account);
    if (is_account)
        (void)snprintf(arn, sizeof arn, "arn:%s:iam::%s:root", cp_state_partition(control),
                       principal);
    bool is_aws = is_account || cp_view_has_prefix(v, "arn:");
    (void)cJSON_AddStringToObject(object, is_aws ? "AWS" : "Service", is_account ? arn : principal);
}

static void add_condition(cJSON *statement, const char *operator, const char * key,
                          const char *value)
{
    cJSON *condition = cJSON_GetObjectItemCaseSensitive(statement, "Condition");
    if (!value)
        return;
    if (!condition)
        condition = cJSON_AddObjectToObject(statement, "Condition");
    cJSON *object = cJSON_GetObjectItemCaseSensitive(condition, operator);
    if (!object)
        object = cJSON_AddObjectToObject(condition, operator);
    (void)cJSON_AddStringToObject(object, key, value);
}

static cJSON *new_statement(const struct cp_control *control, const struct cp_call *call,
                            const struct permission *p)
{
    char arn[CP_ARN_TEXT_MAX];
    cp_state_arn(control, call->function->name, call->qualifier, arn);
    cJSON *statement = cJSON_CreateObject();
    (void)cJSON_AddStringToObject(statement, "Sid", p->id);
    (void)cJSON_AddStringToObject(statement, "Effect", "Allow");
    add_principal(statement, control, p->principal);
    (void)cJSON_AddStringToObject(statement, "Action", p->action);
    (void)cJSON_AddStringToObject(statement, "Resource", arn);
    add_condition(statement, "StringEquals", "lambda:FunctionUrlAuthType", p->url_auth_type);
    add_condition(statement, "StringEquals", "AWS:SourceAccount", p->source_account);
    add_condition(statement, "StringEquals", "aws:PrincipalOrgID", p->organisation);
    add_condition(statement, "ArnLike", "AWS:SourceArn", p->source_arn);
    return statement;
}

/* One member whose value is JSON as text, as AWS has it. */
static void answer_text(struct cp_api_response *response, int status, const char *name,
                        const cJSON *value, const char *revision_id)
{
    char *text = cJSON_PrintUnformatted(value);
    if (!text) {
        cp_fail_memory(response);
        return;
    }
    struct cp_json_out j = {.to = &response->body};
    response->status = status;
    cp_json_object(&j, NULL);
    cp_json_string(&j, name, text);
    if (revision_id)
        cp_json_string(&j, "RevisionId", revision_id);
    cp_json_object_end(&j);
    cJSON_free(text);
}

static void keep_statement(struct cp_control *control, const struct cp_call *call,
                           const struct permission *p, struct cp_api_response *response)
{
    struct cp_function *f = call->function;
    if (!f->policies)
        f->policies = cJSON_CreateObject();
    cJSON *statements = statements_of(call);
    if (!statements)
        statements = cJSON_AddArrayToObject(f->policies, call->qualifier);
    cJSON *statement = new_statement(control, call, p);
    if (!statements || !statement || !cJSON_AddItemToArray(statements, statement)) {
        cJSON_Delete(statement);
        cp_fail_memory(response);
        return;
    }
    cp_state_new_revision(control, revision_of(call));
    answer_text(response, 201, "Statement", statement, NULL);
}

void cp_op_add_permission(struct cp_control *control, const struct cp_call *call,
                          struct cp_api_response *response)
{
    struct cp_body b;
    struct permission p;
    if (!is_there(control, call, response) || !cp_body_open(&b, call->request->body, response))
        return;
    read_permission(&b, &p);
    if (!cp_body_is_valid(&b, response)) {
        /* the answer is there */
    } else if (p.revision_id && strcmp(p.revision_id, revision_of(call)) != 0) {
        cp_fail_revision(response);
    } else if (find_statement(statements_of(call), p.id)) {
        cp_api_fail(response, 409, "ResourceConflictException", NULL,
                    "The statement id (%s) provided already exists. Please provide a new statement "
                    "id, or remove the existing statement.",
                    p.id);
    } else {
        keep_statement(control, call, &p, response);
    }
    cp_body_close(&b);
}

/* --- GetPolicy, RemovePermission --- */

void cp_op_get_policy(struct cp_control *control, const struct cp_call *call,
                      struct cp_api_response *response)
{
    if (!is_there(control, call, response))
        return;
    cJSON *statements = statements_of(call);
    if (!statements || !statements->child) {
        fail_nothing_there(response);
        return;
    }
    cJSON *policy = cJSON_CreateObject();
    (void)cJSON_AddStringToObject(policy, "Version", "2012-10-17");
    (void)cJSON_AddStringToObject(policy, "Id", "default");
    cJSON *copy = cJSON_Duplicate(statements, true);
    if (cJSON_AddItemToObject(policy, "Statement", copy)) {
        answer_text(response, 200, "Policy", policy, revision_of(call));
    } else {
        cJSON_Delete(copy);
        cp_fail_memory(response);
    }
    cJSON_Delete(policy);
}

void cp_op_remove_permission(struct cp_control *control, const struct cp_call *call,
                             struct cp_api_response *response)
{
    char revision_id[CP_UUID_MAX] = "";
    cJSON *statements = statements_of(call);
    if (!is_there(control, call, response))
        return;
    const cJSON *statement = find_statement(statements, call->request->alias);
    if (!statement) {
        cp_api_fail(response, 404, "ResourceNotFoundException", NULL,
                    "Statement %s is not found in resource policy.", call->request->alias);
        return;
    }
    if (cp_query_find(call->request->query, "RevisionId", revision_id, sizeof revision_id) &&
        strcmp(revision_id, revision_of(call)) != 0) {
        cp_fail_revision(response);
        return;
    }
    cJSON_Delete(cJSON_DetachItemViaPointer(statements, (cJSON *)statement));
    cp_state_new_revision(control, revision_of(call));
    cp_answer_empty(response);
}
