/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/logs.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>

#include "probes/aws/json.h"
#include "probes/aws/logs_client.h"
#include "probes/aws/service_endpoint.h"

enum {
    REQUEST_MAX = 64 << 10,
    TREE_ANSWER_MAX = 32 << 20,
    EVENTS_A_PAGE = 10000,
    GROUPS_A_PAGE = 50,
    GROUP_PAGES_MAX = 10000,
    PATIENCE_MS = 5 * 60 * 1000,
};

static const struct cp_json_protocol PROTOCOL = {"application/x-amz-json-1.1", "Logs_20140328"};

/* --- client --- */

static bool is_interrupted(void *context)
{
    const struct cp_logs *logs = context;
    return !logs->is_stopping && logs->is_interrupted &&
           logs->is_interrupted(logs->interrupt_context);
}

enum cp_code cp_logs_new(const struct cp_client_options *options, struct cp_logs **out,
                         struct cp_error *err)
{
    *out = NULL;
    struct cp_logs *logs = calloc(1, sizeof *logs);
    if (!logs)
        return cp_fail(err, CP_ENOMEM, "cannot make the CloudWatch Logs client: out of memory");
    struct cp_client_options own = *options;
    own.is_interrupted = is_interrupted;
    own.interrupt_context = logs;
    logs->is_interrupted = options->is_interrupted;
    logs->interrupt_context = options->interrupt_context;
    enum cp_code code = cp_client_caller(&own, &cp_service_logs, &logs->caller, err);
    cp_credentials_clear(&own.credentials);
    if (code) {
        free(logs);
        return code;
    }
    *out = logs;
    return CP_OK;
}

void cp_logs_free(struct cp_logs *logs)
{
    if (!logs)
        return;
    cp_caller_free(logs->caller);
    free(logs);
}

double cp_logs_mono_ms(const struct cp_logs *logs)
{
    return cp_caller_mono_ms(logs->caller);
}

int64_t cp_logs_unix_ms(const struct cp_logs *logs)
{
    return cp_caller_unix_ms(logs->caller);
}

enum cp_code cp_logs_sleep(struct cp_logs *logs, double ms, struct cp_error *err)
{
    return cp_caller_sleep(logs->caller, ms, err);
}

const struct cp_lambda_failure *cp_logs_last_failure(const struct cp_logs *logs)
{
    return cp_caller_failure(logs->caller);
}

/* --- one call --- */

enum cp_code cp_logs_ask(struct cp_logs *logs, struct cp_json_request *request, cJSON *json,
                         bool is_built, struct cp_buf *answer, struct cp_error *err)
{
    struct cp_buf body;
    cp_buf_init(&body, REQUEST_MAX);
    enum cp_code code = cp_json_print(json, is_built && json, &body, err);
    if (!code) {
        request->body = cp_buf_view(&body);
        cp_caller_set_deadline(
            logs->caller, logs->is_answered ? cp_caller_mono_ms(logs->caller) + PATIENCE_MS : NAN);
        code = cp_client_ask(logs->caller, &PROTOCOL, request, answer, err);
        logs->is_answered = logs->is_answered || !code;
    }
    cp_buf_clear(&body);
    return code;
}

enum cp_code cp_logs_ask_tree(struct cp_logs *logs, struct cp_json_request *request, cJSON *json,
                              bool is_built, cJSON **out, struct cp_error *err)
{
    struct cp_buf answer;
    *out = NULL;
    request->answer_max = TREE_ANSWER_MAX;
    cp_buf_init(&answer, TREE_ANSWER_MAX);
    enum cp_code code = cp_logs_ask(logs, request, json, is_built, &answer, err);
    if (!code) {
        code = cp_json_parse(cp_buf_view(&answer), out, err);
        if (code)
            (void)cp_fail_context(err, "%s", request->operation);
    }
    cp_buf_clear(&answer);
    return code;
}

bool cp_logs_is_arn(const char *group)
{
    return cp_view_has_prefix(cp_view_of(group), "arn:");
}

/* --- FilterLogEvents --- */

void cp_logs_page_init(struct cp_logs_page *page)
{
    cp_buf_init(&page->body, CP_LOGS_PAGE_MAX);
    cp_buf_init(&page->token, CP_PAGE_TOKEN_MAX);
}

void cp_logs_page_clear(struct cp_logs_page *page)
{
    cp_buf_clear(&page->body);
    cp_buf_clear(&page->token);
}

/* AWS includes both ends. */
static cJSON *filter_request(const struct cp_logs_filter *f, const struct cp_buf *token,
                             bool *is_built)
{
    cJSON *json = cJSON_CreateObject();
    *is_built =
        cJSON_AddStringToObject(
            json, cp_logs_is_arn(f->group) ? "logGroupIdentifier" : "logGroupName", f->group) &&
        cJSON_AddNumberToObject(json, "startTime", (double)f->from_ms) &&
        cJSON_AddNumberToObject(json, "endTime", (double)(f->to_ms - 1)) &&
        cJSON_AddNumberToObject(json, "limit", EVENTS_A_PAGE) &&
        (!f->stream_prefix ||
         cJSON_AddStringToObject(json, "logStreamNamePrefix", f->stream_prefix)) &&
        (!f->pattern || cJSON_AddStringToObject(json, "filterPattern", f->pattern)) &&
        (!token->n || cJSON_AddStringToObject(json, "nextToken", cp_buf_str(token)));
    return json;
}

enum cp_code cp_logs_filter_events(struct cp_logs *logs, const struct cp_logs_filter *filter,
                                   struct cp_logs_page *page, struct cp_error *err)
{
    struct cp_json_request request = {
        .operation = "FilterLogEvents", .subject = filter->group, .answer_max = CP_LOGS_PAGE_MAX};
    bool is_built = false;
    cJSON *json = filter_request(filter, &page->token, &is_built);
    cp_buf_reset(&page->body);
    enum cp_code code = cp_logs_ask(logs, &request, json, is_built, &page->body, err);
    if (code)
        return code;
    struct cp_buf next;
    cp_buf_init(&next, CP_PAGE_TOKEN_MAX);
    code = cp_json_scan_text(cp_buf_view(&page->body), "nextToken", &next, err);
    if (code) {
        (void)cp_fail_context(err, "FilterLogEvents '%s'", filter->group);
        cp_buf_clear(&next);
        return code;
    }
    cp_buf_clear(&page->token);
    page->token = next;
    return CP_OK;
}

/* --- DescribeLogGroups --- */

/* Gives the groups of one page; returns whether the caller wants more. */
static bool give_groups(const cJSON *page, cp_logs_group_fn each, void *context)
{
    const cJSON *group = NULL;
    cJSON_ArrayForEach(group, cp_json_member(page, "logGroups"))
    {
        const char *name = cJSON_GetStringValue(cp_json_member(group, "logGroupName"));
        const cJSON *bytes = cp_json_member(group, "storedBytes");
        bool is_size =
            cJSON_IsNumber(bytes) && bytes->valuedouble >= 0 && bytes->valuedouble < 0x1p53;
        if (name && !each(context, name, is_size ? (int64_t)bytes->valuedouble : -1))
            return false;
    }
    return true;
}

static cJSON *groups_request(const char *prefix, const struct cp_buf *token, bool *is_built)
{
    cJSON *json = cJSON_CreateObject();
    *is_built =
        cJSON_AddNumberToObject(json, "limit", GROUPS_A_PAGE) &&
        (!prefix || !prefix[0] || cJSON_AddStringToObject(json, "logGroupNamePrefix", prefix)) &&
        (!token->n || cJSON_AddStringToObject(json, "nextToken", cp_buf_str(token)));
    return json;
}

enum cp_code cp_logs_next_token(const cJSON *page, struct cp_buf *token, struct cp_error *err)
{
    cp_buf_reset(token);
    (void)cp_buf_adds(token, cJSON_GetStringValue(cp_json_member(page, "nextToken")));
    return cp_buf_check(token, "a page's marker", err);
}

enum cp_code cp_logs_list_groups(struct cp_logs *logs, const char *prefix, cp_logs_group_fn each,
                                 void *context, struct cp_error *err)
{
    struct cp_page_watch watch;
    struct cp_buf token;
    cp_page_watch_init(&watch);
    cp_buf_init(&token, CP_PAGE_TOKEN_MAX);
    enum cp_code code = CP_OK;
    bool is_more = true;
    while (!code && is_more) {
        struct cp_json_request request = {.operation = "DescribeLogGroups"};
        bool is_built = false;
        cJSON *page = NULL;
        cJSON *json = groups_request(prefix, &token, &is_built);
        code = cp_logs_ask_tree(logs, &request, json, is_built, &page, err);
        is_more = !code && give_groups(page, each, context);
        if (is_more)
            code = cp_logs_next_token(page, &token, err);
        cJSON_Delete(page);
        is_more = is_more && !code && token.n && watch.pages < GROUP_PAGES_MAX;
        if (is_more)
            code = cp_page_watch_next(&watch, cp_buf_view(&token), "logGroups", err);
    }
    cp_page_watch_clear(&watch);
    cp_buf_clear(&token);
    return code;
}
