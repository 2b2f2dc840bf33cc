/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/metrics.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/units.h"
#include "probes/aws/call.h"
#include "probes/aws/json.h"
#include "probes/aws/service_endpoint.h"

enum {
    REQUEST_MAX = 64 << 10,
    ANSWER_MAX = 32 << 20,
    PAGES_MAX = 10000,

    POINTS_A_PAGE = 100800, /* the most that AWS gives at once */
};
#define KEEP_1_MS (INT64_C(15) * CP_MS_PER_DAY)
#define KEEP_5_MS (INT64_C(63) * CP_MS_PER_DAY)

static const struct cp_json_protocol PROTOCOL = {"application/x-amz-json-1.0",
                                                 "GraniteServiceVersion20100801"};

static const struct {
    const char *name, *stat;
} METRICS[CP_METRIC_AWS_COUNT] = {
    [CP_METRIC_AWS_INVOCATIONS] = {"Invocations", "Sum"},
    [CP_METRIC_AWS_ERRORS] = {"Errors", "Sum"},
    [CP_METRIC_AWS_THROTTLES] = {"Throttles", "Sum"},
    [CP_METRIC_AWS_CONCURRENT] = {"ConcurrentExecutions", "Maximum"},
    [CP_METRIC_AWS_PROVISIONED_CONCURRENT] = {"ProvisionedConcurrentExecutions", "Maximum"},
    [CP_METRIC_AWS_SPILLOVER] = {"ProvisionedConcurrencySpilloverInvocations", "Sum"},
};

struct cp_metrics {
    struct cp_caller *caller;
};

enum cp_code cp_metrics_new(const struct cp_client_options *options, struct cp_metrics **out,
                            struct cp_error *err)
{
    *out = NULL;
    struct cp_metrics *metrics = calloc(1, sizeof *metrics);
    if (!metrics)
        return cp_fail(err, CP_ENOMEM, "cannot make the CloudWatch client: out of memory");
    enum cp_code code = cp_client_caller(options, &cp_service_metrics, &metrics->caller, err);
    if (code) {
        free(metrics);
        return code;
    }
    *out = metrics;
    return CP_OK;
}

void cp_metrics_free(struct cp_metrics *metrics)
{
    if (!metrics)
        return;
    cp_caller_free(metrics->caller);
    free(metrics);
}

int cp_metrics_period_s(int64_t from_ms, int64_t now_ms)
{
    int64_t age_ms = now_ms - from_ms;
    return age_ms < KEEP_1_MS ? 60 : age_ms < KEEP_5_MS ? 300 : 3600;
}

/* --- request --- */

/* Adds `child` under `name`; a child that could not be made is a failure. */
static bool add(cJSON *to, const char *name, cJSON *child)
{
    if (child && cJSON_AddItemToObject(to, name, child))
        return true;
    cJSON_Delete(child);
    return false;
}

static bool append(cJSON *to, cJSON *child)
{
    if (child && cJSON_AddItemToArray(to, child))
        return true;
    cJSON_Delete(child);
    return false;
}

static cJSON *make_metric(const char *function, const char *name)
{
    cJSON *metric = cJSON_CreateObject();
    cJSON *dimensions = cJSON_AddArrayToObject(metric, "Dimensions");
    cJSON *dimension = cJSON_CreateObject();
    bool is_built = cJSON_AddStringToObject(dimension, "Name", "FunctionName") &&
                    cJSON_AddStringToObject(dimension, "Value", function);
    is_built = append(dimensions, dimension) && is_built &&
               cJSON_AddStringToObject(metric, "Namespace", "AWS/Lambda") &&
               cJSON_AddStringToObject(metric, "MetricName", name);
    if (is_built)
        return metric;
    cJSON_Delete(metric);
    return NULL;
}

static cJSON *make_query(const struct cp_metrics_query *q, int i)
{
    char id[16];
    cJSON *query = cJSON_CreateObject();
    cJSON *stat = cJSON_CreateObject();
    (void)snprintf(id, sizeof id, "m%d", i);
    bool is_built = add(stat, "Metric", make_metric(q->function, METRICS[i].name)) &&
                    cJSON_AddNumberToObject(stat, "Period", q->period_s) &&
                    cJSON_AddStringToObject(stat, "Stat", METRICS[i].stat);
    is_built =
        add(query, "MetricStat", stat) && is_built && cJSON_AddStringToObject(query, "Id", id);
    if (is_built)
        return query;
    cJSON_Delete(query);
    return NULL;
}

static cJSON *make_request(const struct cp_metrics_query *q, const struct cp_buf *token,
                           bool *is_built)
{
    cJSON *json = cJSON_CreateObject();
    cJSON *queries = cJSON_AddArrayToObject(json, "MetricDataQueries");
    int64_t from_s = q->from_ms / 1000;
    int64_t to_s = (q->to_ms + 999) / 1000;
    *is_built = queries && cJSON_AddNumberToObject(json, "StartTime", (double)from_s) &&
                cJSON_AddNumberToObject(json, "EndTime", (double)to_s) &&
                cJSON_AddStringToObject(json, "ScanBy", "TimestampAscending") &&
                cJSON_AddNumberToObject(json, "MaxDatapoints", POINTS_A_PAGE) &&
                (!token->n || cJSON_AddStringToObject(json, "NextToken", cp_buf_str(token)));
    for (int i = 0; i < CP_METRIC_AWS_COUNT && *is_built; i++)
        *is_built = append(queries, make_query(q, i));
    return json;
}

/* --- answer --- */

/* JSON 1.0 gives times as seconds. */
static int64_t time_of(const cJSON *value)
{
    if (!cJSON_IsNumber(value) || !(fabs(value->valuedouble) < 0x1p43))
        return -1;
    return (int64_t)(value->valuedouble * 1000);
}

static enum cp_code take_points(const cJSON *result, struct cp_metric_summary *out,
                                const char *name, struct cp_error *err)
{
    const cJSON *values = cp_json_member(result, "Values");
    const cJSON *time = cp_json_member(result, "Timestamps");
    const cJSON *value = NULL;
    time = time ? time->child : NULL;
    cJSON_ArrayForEach(value, values)
    {
        if (!cJSON_IsNumber(value) || !time)
            return cp_fail(err, CP_EFORMAT, "GetMetricData: a point of %s has no value or no time",
                           name);
        if (out->n == 0 || value->valuedouble > out->most) {
            out->most = value->valuedouble;
            out->most_at_ms = time_of(time);
        }
        out->sum += value->valuedouble;
        out->n++;
        time = time->next;
    }
    return CP_OK;
}

static enum cp_code check_status(const cJSON *result, const char *name, struct cp_error *err)
{
    const char *status = cJSON_GetStringValue(cp_json_member(result, "StatusCode"));
    if (status && strcmp(status, "Forbidden") == 0)
        return cp_fail(err, CP_EDENIED, "GetMetricData: %s may not be read (Forbidden)", name);
    if (status && strcmp(status, "InternalError") == 0)
        return cp_fail(err, CP_EREMOTE, "GetMetricData: %s could not be read (InternalError)",
                       name);
    return CP_OK;
}

static enum cp_code take_page(const cJSON *page, struct cp_metric_summary *out,
                              struct cp_error *err)
{
    const cJSON *result = NULL;
    enum cp_code code = CP_OK;
    cJSON_ArrayForEach(result, cp_json_member(page, "MetricDataResults"))
    {
        int64_t i = -1;
        struct cp_view id = cp_view_of(cJSON_GetStringValue(cp_json_member(result, "Id")));
        if (code)
            break;
        if (!cp_view_skip(&id, "m") || !cp_view_to_int64(id, &i) || i < 0 ||
            i >= CP_METRIC_AWS_COUNT)
            continue;
        code = check_status(result, METRICS[i].name, err);
        if (!code)
            code = take_points(result, &out[i], METRICS[i].name, err);
    }
    return code;
}

/* --- the call --- */

static enum cp_code get_page(struct cp_metrics *metrics, const struct cp_metrics_query *query,
                             struct cp_buf *token, struct cp_metric_summary *out,
                             struct cp_error *err)
{
    struct cp_buf body;
    struct cp_buf answer;
    bool is_built = false;
    cJSON *page = NULL;
    cp_buf_init(&body, REQUEST_MAX);
    cp_buf_init(&answer, ANSWER_MAX);
    cJSON *json = make_request(query, token, &is_built);
    enum cp_code code = cp_json_print(json, is_built, &body, err);
    const struct cp_json_request request = {.operation = "GetMetricData",
                                            .subject = query->function,
                                            .body = cp_buf_view(&body),
                                            .answer_max = ANSWER_MAX};
    if (!code)
        code = cp_client_ask(metrics->caller, &PROTOCOL, &request, &answer, err);
    if (!code && cp_json_parse(cp_buf_view(&answer), &page, err))
        code = cp_fail_context(err, "GetMetricData '%s'", query->function);
    if (!code)
        code = take_page(page, out, err);
    if (!code) {
        cp_buf_reset(token);
        (void)cp_buf_adds(token, cJSON_GetStringValue(cp_json_member(page, "NextToken")));
        code = cp_buf_check(token, "a page's marker", err);
    }
    cJSON_Delete(page);
    cp_buf_clear(&body);
    cp_buf_clear(&answer);
    return code;
}

enum cp_code cp_metrics_get(struct cp_metrics *metrics, const struct cp_metrics_query *query,
                            struct cp_metric_summary out[CP_METRIC_AWS_COUNT], struct cp_error *err)
{
    struct cp_metric_summary sums[CP_METRIC_AWS_COUNT];
    struct cp_page_watch watch;
    struct cp_buf token;
    for (int i = 0; i < CP_METRIC_AWS_COUNT; i++)
        sums[i] = (struct cp_metric_summary){.most_at_ms = -1};
    cp_page_watch_init(&watch);
    cp_buf_init(&token, CP_PAGE_TOKEN_MAX);
    enum cp_code code = CP_OK;
    do {
        code = get_page(metrics, query, &token, sums, err);
        if (!code && token.n)
            code = watch.pages < PAGES_MAX
                       ? cp_page_watch_next(&watch, cp_buf_view(&token), "MetricDataResults", err)
                       : cp_fail(err, CP_ELIMIT, "GetMetricData: more than %d pages", PAGES_MAX);
    } while (!code && token.n);
    if (!code)
        memcpy(out, sums, sizeof sums);
    cp_page_watch_clear(&watch);
    cp_buf_clear(&token);
    return code;
}
