/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/sweep/permission.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/run.h"
#include "probes/aws/endpoint.h"
#include "probes/aws/function_name.h"
#include "probes/aws/lambda_copy.h"
#include "probes/aws/lambda_operation.h"

enum { ARN_MAX = 512, ACTIONS_MAX = 40, ACCOUNT_DIGITS = 12 };

/* What a call is about. */
enum resource {
    ON_FUNCTION,  /* the function, with or without a qualifier */
    ON_VERSIONS,  /* versions of the function, never the function as a whole */
    ON_SHADOW,    /* its shadow, whole or by version */
    ON_LOG_GROUP, /* of the function */
    ON_ACCOUNT,   /* calls that IAM knows no resource for */
    RESOURCES
};

enum {
    SHADOW = CP_PERMIT_SHADOW,
    IN_PLACE = CP_PERMIT_IN_PLACE,
    DRY_RUN = CP_PERMIT_DRY_RUN,
    RECOVER = CP_PERMIT_RECOVER,
    IMPORT = CP_PERMIT_IMPORT,
};

static const struct permission {
    enum resource resource;
    enum cp_lambda_operation operation;
    unsigned modes;
    const char *action; /* of another service than Lambda; NULL: that of the operation */
} TABLE[] = {
    {ON_FUNCTION, CP_OP_GET_FUNCTION, SHADOW | IN_PLACE | DRY_RUN | RECOVER},
    {ON_FUNCTION, CP_OP_GET_FUNCTION_CONFIGURATION, SHADOW | IN_PLACE | DRY_RUN | RECOVER},
    {ON_FUNCTION, CP_OP_GET_PROVISIONED, SHADOW | IN_PLACE}, /* of an alias or a version */
    {ON_FUNCTION, CP_OP_LIST_VERSIONS, IN_PLACE | DRY_RUN | RECOVER},
    {ON_FUNCTION, CP_OP_LIST_ALIASES, IN_PLACE | DRY_RUN},
    {ON_FUNCTION, CP_OP_GET_POLICY, IN_PLACE | DRY_RUN},
    {ON_FUNCTION, CP_OP_GET_FUNCTION_URL, IN_PLACE | DRY_RUN},
    {ON_FUNCTION, CP_OP_GET_ALIAS, IN_PLACE | RECOVER},
    {ON_FUNCTION, CP_OP_CREATE_ALIAS, IN_PLACE},
    {ON_FUNCTION, CP_OP_DELETE_ALIAS, IN_PLACE | RECOVER},
    {ON_FUNCTION, CP_OP_UPDATE_FUNCTION_CONFIGURATION, IN_PLACE | RECOVER},
    {ON_FUNCTION, CP_OP_PUBLISH_VERSION, IN_PLACE},
    {ON_VERSIONS, CP_OP_INVOKE, IN_PLACE},
    {ON_VERSIONS, CP_OP_DELETE_FUNCTION, IN_PLACE | RECOVER},
    {ON_SHADOW, CP_OP_CREATE_FUNCTION, SHADOW},
    {ON_SHADOW, CP_OP_GET_FUNCTION, SHADOW},
    {ON_SHADOW, CP_OP_GET_FUNCTION_CONFIGURATION, SHADOW},
    {ON_SHADOW, CP_OP_UPDATE_FUNCTION_CONFIGURATION, SHADOW},
    {ON_SHADOW, CP_OP_PUBLISH_VERSION, SHADOW},
    {ON_SHADOW, CP_OP_INVOKE, SHADOW},
    {ON_SHADOW, CP_OP_LIST_TAGS, SHADOW | RECOVER},
    {ON_SHADOW, CP_OP_DELETE_FUNCTION, SHADOW | RECOVER},
    {ON_ACCOUNT, CP_OP_GET_ACCOUNT_SETTINGS, SHADOW | IN_PLACE},
    {ON_ACCOUNT, CP_OP_LIST_EVENT_SOURCES, IN_PLACE | DRY_RUN},
    {ON_ACCOUNT, CP_OP_LIST_FUNCTIONS, RECOVER},
    {ON_LOG_GROUP, CP_OP_COUNT, IMPORT, "logs:FilterLogEvents"},
    {ON_LOG_GROUP, CP_OP_COUNT, IMPORT, "logs:StartQuery"},
    {ON_ACCOUNT, CP_OP_COUNT, IMPORT, "logs:DescribeLogGroups"},
    {ON_ACCOUNT, CP_OP_COUNT, IMPORT, "logs:GetQueryResults"},
    {ON_ACCOUNT, CP_OP_COUNT, IMPORT, "logs:StopQuery"},
    {ON_ACCOUNT, CP_OP_COUNT, IMPORT, "cloudwatch:GetMetricData"},
};
enum { N_ROWS = sizeof TABLE / sizeof TABLE[0] };

/* Actions that come with a call: CreateFunction tags the shadow and passes it the role. */
#define TAG_ACTION  "lambda:TagResource"
#define ROLE_ACTION "iam:PassRole"

/* The action is named as the call, with one exception. */
static void name_action(const struct permission *row, char out[64])
{
    if (row->action)
        (void)snprintf(out, 64, "%s", row->action);
    else
        (void)snprintf(out, 64, "lambda:%s",
                       row->operation == CP_OP_INVOKE
                           ? "InvokeFunction"
                           : cp_lambda_operation_info(row->operation)->name);
}

/* --- resources --- */

static const char *partition_of(const char *region)
{
    struct cp_view name = cp_view_of(region);
    if (cp_view_has_prefix(name, "cn-"))
        return "aws-cn";
    return cp_view_has_prefix(name, "us-gov-") ? "aws-us-gov" : "aws";
}

static const char *or_any(const char *text)
{
    return text ? text : "*";
}

static void add_function_arn(cJSON *list, const struct cp_policy_options *o, const char *name,
                             const char *tail)
{
    char arn[ARN_MAX];
    (void)snprintf(arn, sizeof arn, "arn:%s:lambda:%s:%s:function:%s%s", partition_of(o->region),
                   or_any(o->region), or_any(o->account), name, tail);
    (void)cJSON_AddItemToArray(list, cJSON_CreateString(arn));
}

/* With and without its streams: calls differ in which of the two they look for. */
static void add_log_group_arns(cJSON *list, const struct cp_policy_options *o)
{
    static const char *const tails[] = {"", ":*"};
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        char arn[ARN_MAX];
        (void)snprintf(arn, sizeof arn, "arn:%s:logs:%s:%s:log-group:/aws/lambda/%s%s",
                       partition_of(o->region), or_any(o->region), or_any(o->account),
                       or_any(o->function), tails[i]);
        (void)cJSON_AddItemToArray(list, cJSON_CreateString(arn));
    }
}

/* The name of a shadow is cut where it would be too long: what is surely kept, then anything. */
static void add_shadow_arn(cJSON *list, const struct cp_policy_options *o)
{
    enum { KEPT = CP_FUNCTION_NAME_LENGTH_MAX - (int)sizeof CP_COPY_MARK - CP_RUN_ID_MAX };
    char name[CP_FUNCTION_NAME_LENGTH_MAX + 2] = "*";
    if (o->function)
        (void)snprintf(name, sizeof name, "%.*s%s", KEPT, o->function,
                       strlen(o->function) > KEPT ? "*" : "");
    add_function_arn(list, o, name, CP_COPY_MARK "*");
}

static void add_resources(cJSON *list, const struct cp_policy_options *o, enum resource resource)
{
    switch (resource) {
    case ON_FUNCTION:
        add_function_arn(list, o, or_any(o->function), "");
        if (o->function)
            add_function_arn(list, o, o->function, ":*");
        break;
    case ON_VERSIONS:
        add_function_arn(list, o, or_any(o->function), ":*");
        break;
    case ON_SHADOW:
        add_shadow_arn(list, o);
        break;
    case ON_LOG_GROUP:
        add_log_group_arns(list, o);
        break;
    default:
        (void)cJSON_AddItemToArray(list, cJSON_CreateString("*"));
    }
}

/* --- the document --- */

static cJSON *add_statement(cJSON *statements, const char *id)
{
    cJSON *s = cJSON_CreateObject();
    (void)cJSON_AddStringToObject(s, "Sid", id);
    (void)cJSON_AddStringToObject(s, "Effect", "Allow");
    (void)cJSON_AddItemToArray(statements, s);
    return s;
}

static void add_group(cJSON *statements, const struct cp_policy_options *o, enum resource resource)
{
    static const char *const ids[RESOURCES] = {"Function", "Versions", "Shadow", "LogGroup",
                                               "Account"};
    cJSON *actions = NULL;
    for (size_t i = 0; i < N_ROWS; i++) {
        char action[64];
        if (TABLE[i].resource != resource || !(TABLE[i].modes & (unsigned)o->mode))
            continue;
        if (!actions) {
            cJSON *statement = add_statement(statements, ids[resource]);
            actions = cJSON_AddArrayToObject(statement, "Action");
            add_resources(cJSON_AddArrayToObject(statement, "Resource"), o, resource);
        }
        name_action(&TABLE[i], action);
        (void)cJSON_AddItemToArray(actions, cJSON_CreateString(action));
        if (TABLE[i].operation == CP_OP_CREATE_FUNCTION)
            (void)cJSON_AddItemToArray(actions, cJSON_CreateString(TAG_ACTION));
    }
}

static void add_role(cJSON *statements, const struct cp_policy_options *o)
{
    char arn[ARN_MAX];
    cJSON *s = add_statement(statements, "Role");
    (void)snprintf(arn, sizeof arn, "arn:%s:iam::%s:role/*", partition_of(o->region),
                   or_any(o->account));
    (void)cJSON_AddStringToObject(s, "Action", ROLE_ACTION);
    (void)cJSON_AddStringToObject(s, "Resource", o->role_arn ? o->role_arn : arn);
    cJSON *equals =
        cJSON_AddObjectToObject(cJSON_AddObjectToObject(s, "Condition"), "StringEquals");
    (void)cJSON_AddStringToObject(equals, "iam:PassedToService", "lambda.amazonaws.com");
}

static enum cp_code check(const struct cp_policy_options *o, struct cp_error *err)
{
    if (o->function && (cp_function_name_check(o->function, err) || strchr(o->function, ':')))
        return cp_fail(err, CP_EINVAL, "'%s' is not the plain name of a function", o->function);
    if (o->region && !cp_region_is_valid(cp_view_of(o->region)))
        return cp_fail(err, CP_EINVAL, "Region '%s' is not like 'eu-central-1'", o->region);
    if (o->account && (strlen(o->account) != ACCOUNT_DIGITS ||
                       strspn(o->account, "0123456789") != ACCOUNT_DIGITS))
        return cp_fail(err, CP_EINVAL, "account '%s' does not have 12 digits", o->account);
    return CP_OK;
}

enum cp_code cp_policy_write(const struct cp_policy_options *options, struct cp_buf *out,
                             struct cp_error *err)
{
    enum cp_code code = check(options, err);
    if (code)
        return code;
    cJSON *document = cJSON_CreateObject();
    (void)cJSON_AddStringToObject(document, "Version", "2012-10-17");
    cJSON *statements = cJSON_AddArrayToObject(document, "Statement");
    for (int i = 0; i < RESOURCES; i++)
        add_group(statements, options, (enum resource)i);
    if (options->mode == CP_PERMIT_SHADOW)
        add_role(statements, options);
    char *text = cJSON_Print(document);
    cJSON_Delete(document);
    if (!text)
        return cp_fail(err, CP_ENOMEM, "cannot write the policy: out of memory");
    (void)cp_buf_addf(out, "%s\n", text);
    cJSON_free(text);
    return cp_buf_check(out, "the policy", err);
}

/* --- list --- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

void cp_permission_list(enum cp_permission_mode mode, const char *indent, struct cp_buf *out)
{
    char names[ACTIONS_MAX][64];
    size_t n = 0;
    for (size_t i = 0; i < N_ROWS; i++) {
        if (TABLE[i].modes & (unsigned)mode)
            name_action(&TABLE[i], names[n++]);
    }
    if (mode == CP_PERMIT_SHADOW) {
        (void)snprintf(names[n++], sizeof names[0], TAG_ACTION);
        (void)snprintf(names[n++], sizeof names[0], ROLE_ACTION);
    }
    qsort(names, n, sizeof names[0], compare_names);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || strcmp(names[i], names[i - 1]) != 0)
            (void)cp_buf_addf(out, "%s%s\n", indent, names[i]);
    }
}
