/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/metrics_api.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "probes/local/base64.h"
#include "probes/local/control_body.h"
#include "probes/local/metric_statistic.h"
#include "probes/local/rpc_failure.h"

enum {
    QUERIES_MAX = 500,
    POINTS_MAX = 100800,
    TOKEN_MAX = 256,
    MINUTE_S = 60,
    DAY_S = 86400,
    REQUESTS_PER_S = 50, /* AWS's quota */
};

struct query {
    const char *id, *label, *metric;
    const struct cp_metric_series *series; /* NULL: no data */
    int64_t period_s;
    struct cp_metric_statistic statistic;
};

struct request {
    struct cp_metrics *metrics;
    const cJSON *body;
    struct cp_api_response *response;
    int64_t start_s, end_s;
    bool is_ascending;
    int64_t max_points, skipped; /* datapoints that earlier pages had */
    int64_t n_seen, n_written;
    uint64_t hash;
};

static bool refuse(const struct request *r, const char *type, const char *text)
{
    cp_api_fail(r->response, 400, type, NULL, "%s", text);
    return false;
}

static const char *string_of(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

/* --- one query --- */

/* The three dimensions that a series can have; false: another one. */
static bool read_dimensions(const cJSON *dimensions, const char *names[3], const char *values[3])
{
    const cJSON *d;
    cJSON_ArrayForEach(d, dimensions)
    {
        const char *name = string_of(d, "Name"), *value = string_of(d, "Value");
        int i = 0;
        while (i < 3 && name && strcmp(name, names[i]) != 0)
            i++;
        if (!name || !value || i == 3)
            return false;
        values[i] = value;
    }
    return true;
}

static const struct cp_metric_series *find_series(const struct request *r, const cJSON *metric)
{
    const char *names[3] = {"FunctionName", "Resource", "ExecutedVersion"};
    const char *values[3] = {"", "", ""};
    const cJSON *dimensions = cJSON_GetObjectItemCaseSensitive(metric, "Dimensions");
    const char *space = string_of(metric, "Namespace");
    if (!space || strcmp(space, "AWS/Lambda") != 0 || !read_dimensions(dimensions, names, values))
        return NULL;
    return cp_metric_store_find(&r->metrics->store, values[0], values[1], values[2]);
}

static bool read_query(const struct request *r, const cJSON *item, struct query *q)
{
    const cJSON *stat = cJSON_GetObjectItemCaseSensitive(item, "MetricStat");
    const cJSON *metric = cJSON_GetObjectItemCaseSensitive(stat, "Metric");
    const char *statistic = string_of(stat, "Stat");
    double period = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(stat, "Period"));
    if (cJSON_GetObjectItemCaseSensitive(item, "Expression"))
        return refuse(r, "ValidationError", "Expressions are not served here: give a MetricStat.");
    *q = (struct query){.id = string_of(item, "Id"),
                        .label = string_of(item, "Label"),
                        .metric = string_of(metric, "MetricName")};
    if (!q->id || !(q->id[0] >= 'a' && q->id[0] <= 'z'))
        return refuse(r, "ValidationError",
                      "Each MetricDataQuery needs an Id that begins with a lower case letter.");
    if (!q->metric || !statistic || !string_of(metric, "Namespace"))
        return refuse(r, "ValidationError",
                      "A MetricStat needs Metric (Namespace and MetricName), Period and Stat.");
    if (!(period >= MINUTE_S) || period > 100.0 * DAY_S || fmod(period, MINUTE_S) > 0)
        return refuse(r, "ValidationError", "The Period must be a multiple of 60 seconds.");
    if (!cp_metric_statistic_read(cp_view_of(statistic), &q->statistic))
        return refuse(r, "ValidationError",
                      "This Stat is not served here: give Sum, Average, Minimum, Maximum, "
                      "SampleCount or a percentile such as p99.");
    q->period_s = (int64_t)period;
    q->series = find_series(r, metric);
    return true;
}

/* --- results --- */

struct point {
    int64_t at_s;
    double value;
};

/* The datapoint of the period that begins at `at_s`; false: none. */
static bool find_point(const struct query *q, int64_t at_s, struct point *point)
{
    size_t from = cp_metric_series_find(q->series, at_s / MINUTE_S);
    size_t to = cp_metric_series_find(q->series, (at_s + q->period_s) / MINUTE_S);
    *point = (struct point){at_s, cp_metric_value(q->series, from, to, q->metric, &q->statistic)};
    return !isnan(point->value);
}

/* Calls for each datapoint in the order asked for; false as soon as the page is full. */
static bool each_point(struct request *r, const struct query *q, struct cp_json_out *times,
                       struct cp_json_out *values)
{
    struct point point;
    if (!q->series || !q->series->n)
        return true;
    /* only the time in which there are records */
    int64_t first_s = q->series->minutes[0].minute * MINUTE_S;
    int64_t last_s = q->series->minutes[q->series->n - 1].minute * MINUTE_S + MINUTE_S;
    int64_t from = (r->start_s > first_s ? r->start_s : first_s) / q->period_s;
    int64_t to = ((r->end_s < last_s ? r->end_s : last_s) + q->period_s - 1) / q->period_s;
    for (int64_t k = 0; k < to - from; k++) {
        int64_t at_s = (r->is_ascending ? from + k : to - 1 - k) * q->period_s;
        if (!find_point(q, at_s, &point) || r->n_seen++ < r->skipped)
            continue;
        if (r->n_written == r->max_points)
            return false;
        r->n_written++;
        cp_json_int(times, NULL, point.at_s);
        cp_json_double(values, NULL, point.value);
    }
    return true;
}

/* false: there is more of it. */
static bool write_result(struct request *r, const struct query *q, struct cp_json_out *j)
{
    struct cp_buf times, values;
    cp_buf_init(&times, 4 << 20);
    cp_buf_init(&values, 4 << 20);
    struct cp_json_out t = {.to = &times}, v = {.to = &values};
    bool is_whole = each_point(r, q, &t, &v);
    cp_json_object(j, NULL);
    cp_json_string(j, "Id", q->id);
    cp_json_string(j, "Label", q->label ? q->label : q->metric);
    cp_json_array(j, "Timestamps");
    (void)cp_buf_add_view(j->to, cp_buf_view(&times));
    cp_json_array_end(j);
    cp_json_array(j, "Values");
    (void)cp_buf_add_view(j->to, cp_buf_view(&values));
    cp_json_array_end(j);
    cp_json_string(j, "StatusCode", is_whole ? "Complete" : "PartialData");
    cp_json_object_end(j);
    if (times.failed || values.failed)
        j->to->failed = CP_ENOMEM;
    cp_buf_clear(&times);
    cp_buf_clear(&values);
    return is_whole;
}

static void write_token(const struct request *r, struct cp_json_out *j)
{
    char plain[64];
    struct cp_buf coded;
    cp_buf_init(&coded, TOKEN_MAX);
    (void)snprintf(plain, sizeof plain, "%" PRId64 ",%" PRIu64, r->skipped + r->n_written, r->hash);
    (void)cp_base64_encode(&coded, cp_view_of(plain));
    cp_json_string(j, "NextToken", cp_buf_str(&coded));
    cp_buf_clear(&coded);
}

static void write_messages(const struct request *r, struct cp_json_out *j)
{
    int64_t kept_from_ms = r->metrics->store.kept_from_ms;
    cp_json_array(j, "Messages");
    if (kept_from_ms > r->start_s * 1000) {
        cp_json_object(j, NULL);
        cp_json_string(j, "Code", "Expired");
        cp_json_string(j, "Value",
                       "The older part of this time is no longer kept by this service.");
        cp_json_object_end(j);
    }
    cp_json_array_end(j);
}

static void write_results(struct request *r, const cJSON *queries)
{
    struct cp_json_out j = {.to = &r->response->body};
    const cJSON *item;
    struct query q;
    bool is_whole = true;
    cp_json_object(&j, NULL);
    cp_json_array(&j, "MetricDataResults");
    cJSON_ArrayForEach(item, queries)
    {
        if (!read_query(r, item, &q))
            return;
        const cJSON *shown = cJSON_GetObjectItemCaseSensitive(item, "ReturnData");
        if (!cJSON_IsFalse(shown) && is_whole)
            is_whole = write_result(r, &q, &j);
    }
    cp_json_array_end(&j);
    write_messages(r, &j);
    if (!is_whole)
        write_token(r, &j);
    cp_json_object_end(&j);
    r->response->status = 200;
}

/* --- the request --- */

static bool read_time(const struct request *r, const char *name, int64_t *at_s)
{
    double x = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(r->body, name));
    if (!(x >= 0) || x > 253402300799.0)
        return refuse(r, "ValidationError",
                      "StartTime and EndTime must be given, in seconds since 1970.");
    *at_s = (int64_t)floor(x);
    return true;
}

static bool read_token(struct request *r)
{
    const char *token = string_of(r->body, "NextToken");
    struct cp_buf plain;
    int64_t skipped = 0, hash = 0;
    struct cp_view v = {"", 0}, head = v;
    if (!token)
        return true;
    cp_buf_init(&plain, TOKEN_MAX);
    if (!cp_base64_decode(&plain, cp_view_of(token)))
        v = cp_buf_view(&plain);
    bool is_read = cp_view_split(&v, ',', &head) && cp_view_to_int64(head, &skipped) &&
                   cp_view_to_int64(v, &hash) && (uint64_t)hash == r->hash && skipped > 0;
    cp_buf_clear(&plain);
    r->skipped = skipped;
    return is_read || refuse(r, "InvalidNextToken", "The next token specified is invalid.");
}

static bool read_request(struct request *r)
{
    const cJSON *queries = cJSON_GetObjectItemCaseSensitive(r->body, "MetricDataQueries");
    const char *order = string_of(r->body, "ScanBy");
    double max = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(r->body, "MaxDatapoints"));
    if (!cJSON_IsArray(queries) || !cJSON_GetArraySize(queries) ||
        cJSON_GetArraySize(queries) > QUERIES_MAX)
        return refuse(r, "ValidationError", "MetricDataQueries must have 1 to 500 entries.");
    if (!read_time(r, "StartTime", &r->start_s) || !read_time(r, "EndTime", &r->end_s))
        return false;
    if (r->start_s >= r->end_s)
        return refuse(r, "ValidationError", "The StartTime must be before the EndTime.");
    r->is_ascending = order && strcmp(order, "TimestampAscending") == 0;
    r->max_points = max >= 1 && max < POINTS_MAX ? (int64_t)max : POINTS_MAX;
    r->hash = ((uint64_t)r->start_s * 31 + (uint64_t)r->end_s * 17 + r->is_ascending) & INT32_MAX;
    return read_token(r);
}

static void get_metric_data(struct cp_metrics *metrics, struct cp_view bytes, int64_t now_ms,
                            struct cp_api_response *response)
{
    cJSON *body = cJSON_ParseWithLength(bytes.p ? bytes.p : "", bytes.n);
    struct request r = {.metrics = metrics, .body = body, .response = response};
    struct cp_error err;
    if (!cJSON_IsObject(body)) {
        (void)refuse(&r, "SerializationException", "the body is not one JSON object");
    } else if (read_request(&r)) {
        cp_metric_store_advance(&metrics->store, now_ms);
        write_results(&r, cJSON_GetObjectItemCaseSensitive(body, "MetricDataQueries"));
    }
    cJSON_Delete(body);
    if (response->status == 200 && cp_buf_check(&response->body, "the answer", &err))
        cp_api_fail(response, 500, "InternalServiceFault", NULL, "%s", err.text);
}

void cp_metrics_handle(struct cp_metrics *metrics, const char *action, struct cp_view body,
                       int64_t now_ms, double mono_ms, struct cp_api_response *response)
{
    if (strcmp(action, "GetMetricData") != 0)
        cp_api_fail(response, 400, "UnknownOperationException", NULL,
                    "'%s' is not an operation of CloudWatch that is served here", action);
    else if (!cp_rate_limit_take(&metrics->limit, mono_ms))
        cp_api_fail(response, 400, "Throttling", NULL, "Rate exceeded");
    else
        get_metric_data(metrics, body, now_ms, response);
    if (response->status != 200)
        cp_rpc_failure(response);
}

void cp_metrics_init(struct cp_metrics *metrics, double rate_ratio)
{
    *metrics = (struct cp_metrics){.store = {.series = NULL}};
    cp_rate_limit_init(&metrics->limit, REQUESTS_PER_S * rate_ratio, 0);
}

void cp_metrics_clear(struct cp_metrics *metrics)
{
    cp_metric_store_clear(&metrics->store);
}
