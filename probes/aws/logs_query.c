/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <cjson/cJSON.h>
#include <string.h>

#include "probes/aws/json.h"
#include "probes/aws/logs.h"
#include "probes/aws/logs_client.h"

enum { FIRST_LOOK_MS = 200, LOOK_MAX_MS = 5000, RESULT_PAGES_MAX = 1000 };

/* --- start, stop --- */

static bool add_group(cJSON *json, const char *group)
{
    if (!cp_logs_is_arn(group))
        return cJSON_AddStringToObject(json, "logGroupName", group) != NULL;
    cJSON *list = cJSON_AddArrayToObject(json, "logGroupIdentifiers");
    cJSON *name = cJSON_CreateString(group);
    if (cJSON_AddItemToArray(list, name))
        return true;
    cJSON_Delete(name);
    return false;
}

static enum cp_code take_id(const cJSON *answer, char id[CP_LOGS_QUERY_ID_MAX],
                            struct cp_error *err)
{
    const char *text = cJSON_GetStringValue(cp_json_member(answer, "queryId"));
    if (!text || !text[0] || !cp_view_copy(cp_view_of(text), id, CP_LOGS_QUERY_ID_MAX))
        return cp_fail(err, CP_EFORMAT, "StartQuery: the answer holds no query id");
    return CP_OK;
}

enum cp_code cp_logs_start_query(struct cp_logs *logs, const struct cp_logs_query *query,
                                 char id[CP_LOGS_QUERY_ID_MAX], struct cp_error *err)
{
    struct cp_json_request request = {
        .operation = "StartQuery", .subject = query->group, .is_once = true};
    cJSON *answer = NULL;
    cJSON *json = cJSON_CreateObject();
    bool is_built = add_group(json, query->group) &&
                    cJSON_AddNumberToObject(json, "startTime", (double)query->from_s) &&
                    cJSON_AddNumberToObject(json, "endTime", (double)query->to_s) &&
                    cJSON_AddStringToObject(json, "queryString", query->text) &&
                    cJSON_AddNumberToObject(json, "limit", query->limit);
    id[0] = '\0';
    enum cp_code code = cp_logs_ask_tree(logs, &request, json, is_built, &answer, err);
    if (!code)
        code = take_id(answer, id, err);
    cJSON_Delete(answer);
    return code;
}

enum cp_code cp_logs_stop_query(struct cp_logs *logs, const char *id, struct cp_error *err)
{
    struct cp_json_request request = {.operation = "StopQuery", .subject = id};
    cJSON *answer = NULL;
    cJSON *json = cJSON_CreateObject();
    bool is_built = cJSON_AddStringToObject(json, "queryId", id) != NULL;
    logs->is_stopping = true;
    enum cp_code code = cp_logs_ask_tree(logs, &request, json, is_built, &answer, err);
    logs->is_stopping = false;
    cJSON_Delete(answer);
    return code;
}

/* --- results --- */

struct cp_logs_row {
    const cJSON *fields; /* [{"field": ..., "value": ...}] */
};

struct cp_view cp_logs_row_value(const struct cp_logs_row *row, const char *column)
{
    const cJSON *field = NULL;
    cJSON_ArrayForEach(field, row->fields)
    {
        const char *name = cJSON_GetStringValue(cp_json_member(field, "field"));
        if (name && strcmp(name, column) == 0)
            return cp_view_of(cJSON_GetStringValue(cp_json_member(field, "value")));
    }
    return (struct cp_view){"", 0};
}

static double number_of(const cJSON *object, const char *name)
{
    const cJSON *number = cp_json_member(object, name);
    return cJSON_IsNumber(number) ? number->valuedouble : 0;
}

/* Complete, or on the way; anything else is an end without an answer. */
static enum cp_code judge(const cJSON *page, const char *id, struct cp_logs_answer *out,
                          struct cp_error *err)
{
    static const char *const RUNNING[] = {"Scheduled", "Running", "Unknown"};
    const cJSON *statistics = cp_json_member(page, "statistics");
    const char *status = cJSON_GetStringValue(cp_json_member(page, "status"));
    out->scanned_bytes = number_of(statistics, "bytesScanned");
    out->scanned_records = number_of(statistics, "recordsScanned");
    out->matched_records = number_of(statistics, "recordsMatched");
    out->is_complete = status && strcmp(status, "Complete") == 0;
    for (size_t i = 0; !out->is_complete && i < sizeof RUNNING / sizeof RUNNING[0]; i++)
        if (status && strcmp(status, RUNNING[i]) == 0)
            return CP_OK;
    if (out->is_complete)
        return CP_OK;
    char shown[32];
    cp_failure_copy_text(cp_view_of(status ? status : "without a status"), shown, sizeof shown);
    return cp_fail(err, CP_EREMOTE, "the Logs Insights query '%s' ended %s in AWS", id, shown);
}

static enum cp_code give_rows(const cJSON *page, cp_logs_row_fn each, void *context,
                              struct cp_logs_answer *out, struct cp_error *err)
{
    const cJSON *fields = NULL;
    enum cp_code code = CP_OK;
    cJSON_ArrayForEach(fields, cp_json_member(page, "results"))
    {
        const struct cp_logs_row row = {fields};
        if (code)
            break;
        out->n_rows++;
        code = each(context, &row, err);
    }
    return code;
}

/* One page, and the token of the next. */
static enum cp_code look(struct cp_logs *logs, const char *id, struct cp_buf *token, cJSON **page,
                         struct cp_error *err)
{
    struct cp_json_request request = {.operation = "GetQueryResults", .subject = id};
    cJSON *json = cJSON_CreateObject();
    bool is_built = cJSON_AddStringToObject(json, "queryId", id) &&
                    (!token->n || cJSON_AddStringToObject(json, "nextToken", cp_buf_str(token)));
    enum cp_code code = cp_logs_ask_tree(logs, &request, json, is_built, page, err);
    return code ? code : cp_logs_next_token(*page, token, err);
}

enum cp_code cp_logs_query_results(struct cp_logs *logs, const char *id, cp_logs_row_fn each,
                                   void *context, struct cp_logs_answer *out, struct cp_error *err)
{
    struct cp_page_watch watch;
    struct cp_buf token;
    *out = (struct cp_logs_answer){.is_complete = false};
    cp_page_watch_init(&watch);
    cp_buf_init(&token, CP_PAGE_TOKEN_MAX);
    enum cp_code code = CP_OK;
    bool is_more = true;
    while (!code && is_more) {
        cJSON *page = NULL;
        code = look(logs, id, &token, &page, err);
        if (!code)
            code = judge(page, id, out, err);
        if (!code && out->is_complete)
            code = give_rows(page, each, context, out, err);
        cJSON_Delete(page);
        is_more = !code && out->is_complete && token.n && watch.pages < RESULT_PAGES_MAX;
        if (is_more)
            code = cp_page_watch_next(&watch, cp_buf_view(&token), "results", err);
    }
    cp_page_watch_clear(&watch);
    cp_buf_clear(&token);
    return code;
}

/* --- the whole life of a query --- */

enum cp_code cp_logs_run_query(struct cp_logs *logs, const struct cp_logs_query *query,
                               cp_logs_row_fn each, void *context, struct cp_logs_answer *out,
                               struct cp_error *err)
{
    char id[CP_LOGS_QUERY_ID_MAX];
    *out = (struct cp_logs_answer){.is_complete = false};
    enum cp_code code = cp_logs_start_query(logs, query, id, err);
    if (code)
        return code;
    int wait_ms = FIRST_LOOK_MS;
    while (!code && !out->is_complete) {
        code = cp_logs_sleep(logs, wait_ms, err);
        wait_ms = wait_ms * 3 / 2 < LOOK_MAX_MS ? wait_ms * 3 / 2 : LOOK_MAX_MS;
        if (!code)
            code = cp_logs_query_results(logs, id, each, context, out, err);
    }
    if (code && !out->is_complete && code != CP_EREMOTE)
        (void)cp_logs_stop_query(logs, id, NULL); /* it would go on scanning, and costing */
    return code;
}
