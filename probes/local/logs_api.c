/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/logs_api.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probes/local/logs_state.h"
#include "probes/local/rpc_failure.h"

/* Requests a second and account: the quotas that AWS documents, which differ between regions. */
static const struct operation {
    const char *name;
    void (*run)(const struct cp_cwl_call *call);
    double per_s;
} operations[] = {
    {"DescribeLogGroups", cp_cwl_describe_groups, 10},
    {"DescribeLogStreams", cp_cwl_describe_streams, 25},
    {"GetLogEvents", cp_cwl_get_events, 25},
    {"FilterLogEvents", cp_cwl_filter_events, 10},
    {"CreateLogGroup", cp_cwl_create_group, 10},
    {"CreateLogStream", cp_cwl_create_stream, 50},
    {"PutLogEvents", cp_cwl_put_events, 5000},
    {"DeleteLogGroup", cp_cwl_delete_group, 10},
    {"DeleteLogStream", cp_cwl_delete_stream, 15},
    {"StartQuery", cp_cwl_start_query, 10},
    {"GetQueryResults", cp_cwl_get_query_results, 10},
    {"StopQuery", cp_cwl_stop_query, 10},
};
enum { OPERATIONS = sizeof operations / sizeof *operations };
_Static_assert((int)OPERATIONS <= (int)CP_CWL_OPERATIONS_MAX, "a limit for each operation");

/* --- failures --- */

void cp_cwl_refuse(const struct cp_cwl_call *call, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    cp_api_fail(call->response, 400, "InvalidParameterException", NULL, "%s", text);
}

void cp_cwl_fail_not_found(const struct cp_cwl_call *call, const char *text)
{
    /* cp_api_fail would say "Message", as Lambda does */
    cp_api_fail(call->response, 400, "InvalidParameterException", NULL, "%s", text);
    (void)cp_view_copy(CP_VIEW_LIT("ResourceNotFoundException"), call->response->error_type,
                       sizeof call->response->error_type);
}

void cp_cwl_fail_group(const struct cp_cwl_call *call)
{
    cp_cwl_fail_not_found(call, "The specified log group does not exist.");
}

void cp_cwl_fail_stream(const struct cp_cwl_call *call)
{
    cp_cwl_fail_not_found(call, "The specified log stream does not exist.");
}

/* --- reading the body --- */

const char *cp_cwl_string(const struct cp_cwl_call *call, const char *name, size_t min, size_t max)
{
    const char *value = cp_body_string(call->body, call->body->json, name, name, max);
    if (value && cp_body_characters(value) < min) {
        cp_violations_add(&call->body->violations, value, name,
                          "Member must have length greater than or equal to 1");
        return NULL;
    }
    return value;
}

bool cp_cwl_long(const struct cp_cwl_call *call, const char *name, int64_t *value)
{
    const double most = 9007199254740992.0; /* 2^53: exact in a double */
    const cJSON *item = cp_body_member(call->body->json, name);
    if (!item)
        return false;
    double x = cJSON_GetNumberValue(item);
    if (!cJSON_IsNumber(item) || !(fabs(x) <= most) || trunc(x) < x || trunc(x) > x) {
        call->body->wrong_type = "STRING_VALUE can not be converted to a Long";
        return false;
    }
    if (x < 0) {
        char text[32];
        (void)snprintf(text, sizeof text, "%.0f", x);
        cp_violations_add(&call->body->violations, text, name,
                          "Member must have value greater than or equal to 0");
        return false;
    }
    *value = (int64_t)x;
    return true;
}

int cp_cwl_limit(const struct cp_cwl_call *call, const char *name, int max)
{
    int limit = max;
    (void)cp_body_int(call->body, call->body->json, name, name, 1, max, &limit);
    return limit;
}

bool cp_cwl_is_valid(const struct cp_cwl_call *call)
{
    return cp_body_is_valid(call->body, call->response);
}

struct cp_log_group *cp_cwl_find_group(const struct cp_cwl *logs, const char *identifier)
{
    struct cp_view name = cp_view_of(identifier);
    static const char mark[] = ":log-group:";
    const char *at = cp_view_has_prefix(name, "arn:") ? strstr(identifier, mark) : NULL;
    if (at) {
        name = cp_view_of(at + strlen(mark));
        if (name.n > 2 && memcmp(name.p + name.n - 2, ":*", 2) == 0)
            name.n -= 2;
    }
    return cp_log_store_group(logs->store, name);
}

struct cp_log_group *cp_cwl_group(const struct cp_cwl_call *call)
{
    const char *name = cp_cwl_string(call, "logGroupName", 1, CP_LOG_NAME_MAX);
    const char *identifier = cp_cwl_string(call, "logGroupIdentifier", 1, 2048);
    if (!cp_cwl_is_valid(call))
        return NULL;
    if (!name == !identifier) {
        cp_cwl_refuse(call, name ? "LogGroup name and LogGroup ARN are mutually exclusive "
                                   "parameters."
                                 : "Either logGroupName or logGroupIdentifier must be given.");
        return NULL;
    }
    struct cp_log_group *group = cp_cwl_find_group(call->logs, name ? name : identifier);
    if (!group)
        cp_cwl_fail_group(call);
    return group;
}

/* --- writing --- */

void cp_cwl_add_arn(const struct cp_cwl *logs, const struct cp_log_group *group, struct cp_buf *to)
{
    struct cp_view region = cp_view_of(logs->region);
    const char *partition = cp_view_has_prefix(region, "cn-")       ? "aws-cn"
                            : cp_view_has_prefix(region, "us-gov-") ? "aws-us-gov"
                                                                    : "aws";
    (void)cp_buf_addf(to, "arn:%s:logs:%s:%s:log-group:%s", partition, logs->region,
                      logs->account_id, group->name);
}

/* time x 2^144 + number, in decimal: AWS's ids are the event's time in their upper bits. */
const char *cp_cwl_event_id(const struct cp_log_event *event, char out[CP_CWL_EVENT_ID_MAX])
{
    enum { LIMBS = 6, DIGITS = 56 };
    uint64_t at_ms = event->at_ms > 0 ? (uint64_t)event->at_ms : 0;
    /* 32 bits each, the highest first: bits 191..160, 159..128, ... */
    uint32_t limbs[LIMBS] = {(uint32_t)(at_ms >> 16),         (uint32_t)(at_ms << 16), 0, 0,
                             (uint32_t)(event->number >> 32), (uint32_t)event->number};
    out[DIGITS] = '\0';
    for (int digit = DIGITS - 1; digit >= 0; digit--) {
        uint64_t rest = 0;
        for (int i = 0; i < LIMBS; i++) {
            uint64_t value = rest << 32 | limbs[i];
            limbs[i] = (uint32_t)(value / 10);
            rest = value % 10;
        }
        out[digit] = (char)('0' + rest);
    }
    return out;
}

/* --- calls --- */

static void run(const struct operation *operation, const struct cp_cwl_call *call,
                struct cp_view bytes)
{
    if (!cp_body_open(call->body, bytes, call->response)) {
        cp_api_fail(call->response, 400, "SerializationException", NULL,
                    "the body is not one JSON object");
        return;
    }
    operation->run(call);
    cp_body_close(call->body);
    struct cp_error err;
    if (call->response->status == 200 && cp_buf_check(&call->response->body, "the answer", &err))
        cp_api_fail(call->response, 500, "ServiceUnavailableException", NULL, "%s", err.text);
}

void cp_cwl_handle(struct cp_cwl *logs, const char *action, struct cp_view body, int64_t now_ms,
                   double mono_ms, struct cp_api_response *response)
{
    size_t i = 0;
    struct cp_body opened;
    const struct cp_cwl_call call = {logs, &opened, now_ms, response};
    while (i < OPERATIONS && strcmp(operations[i].name, action) != 0)
        i++;
    if (i == OPERATIONS)
        cp_api_fail(response, 400, "UnknownOperationException", NULL,
                    "'%s' is not an operation of CloudWatch Logs that is served here", action);
    else if (!cp_rate_limit_take(&logs->limits[i], mono_ms))
        cp_api_fail(response, 400, "ThrottlingException", NULL, "Rate exceeded");
    else
        run(&operations[i], &call, body);
    if (response->status != 200) {
        if (strcmp(response->error_type, "ValidationException") == 0)
            (void)cp_view_copy(CP_VIEW_LIT("InvalidParameterException"), response->error_type,
                               sizeof response->error_type);
        cp_rpc_failure(response);
    }
}

/* --- life --- */

enum cp_code cp_cwl_new(const struct cp_cwl_options *options, struct cp_cwl **out,
                        struct cp_error *err)
{
    enum { STREAM_OF_IDS = 7 };
    struct cp_cwl *logs = calloc(1, sizeof *logs);
    if (!logs)
        return cp_fail(err, CP_ENOMEM, "cannot keep logs: out of memory");
    (void)cp_view_copy(cp_view_of(options->region), logs->region, sizeof logs->region);
    (void)cp_view_copy(cp_view_of(options->account_id), logs->account_id, sizeof logs->account_id);
    cp_rng_init(&logs->rng, options->seed, STREAM_OF_IDS);
    for (size_t i = 0; i < OPERATIONS; i++)
        cp_rate_limit_init(&logs->limits[i], operations[i].per_s * options->rate_ratio, 0);
    enum cp_code code = cp_log_store_new(options->max_bytes, &logs->store, err);
    if (code)
        cp_cwl_free(logs);
    else
        *out = logs;
    return code;
}

void cp_cwl_free(struct cp_cwl *logs)
{
    if (!logs)
        return;
    cp_cwl_queries_free(logs->queries);
    cp_log_store_free(logs->store);
    free(logs);
}

struct cp_log_store *cp_cwl_store(struct cp_cwl *logs)
{
    return logs->store;
}
