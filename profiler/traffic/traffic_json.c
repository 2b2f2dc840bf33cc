/* SPDX-License-Identifier: GPL-3.0-or-later
 * CloudWatch's answers: GetMetricData (MetricDataResults, parallel arrays) and GetMetricStatistics
 * (Datapoints). Of several results the one of invocations, else the first.
 */
#include "profiler/traffic/traffic_parts.h"

#include <cjson/cJSON.h>
#include <string.h>

static bool read_json_time(const cJSON *item, double *at_ms, bool *is_date)
{
    if (cJSON_IsString(item))
        return cp_traffic_read_time(cp_view_of(item->valuestring), at_ms, is_date);
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0))
        return false;
    *at_ms = item->valuedouble * 1000; /* AWS writes epoch seconds */
    *is_date = true;
    return true;
}

/* false: no sense in it. */
static bool add_point(const cJSON *time, const cJSON *value, struct cp_traffic_rows *rows,
                      enum cp_code *code)
{
    double at_ms;
    if (!cJSON_IsNumber(value) || !cp_traffic_is_count(value->valuedouble) ||
        !read_json_time(time, &at_ms, &rows->has_date))
        return false;
    *code = cp_traffic_add_row(rows, at_ms, value->valuedouble);
    return true;
}

static const cJSON *result_of_invocations(const cJSON *results)
{
    const cJSON *result;
    cJSON_ArrayForEach(result, results)
    {
        static const char *const names[] = {"Label", "Id"};
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            const cJSON *name = cJSON_GetObjectItemCaseSensitive(result, names[i]);
            if (cJSON_IsString(name) && strcasestr(name->valuestring, "invocations"))
                return result;
        }
    }
    return cJSON_GetArrayItem(results, 0);
}

static enum cp_code read_metric_data(const cJSON *results, struct cp_demand *t,
                                     struct cp_traffic_rows *rows)
{
    const cJSON *result = result_of_invocations(results);
    const cJSON *time = cJSON_GetObjectItemCaseSensitive(result, "Timestamps");
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(result, "Values");
    enum cp_code code = CP_OK;
    time = time ? time->child : NULL;
    value = value ? value->child : NULL;
    for (; !code && time && value; time = time->next, value = value->next) {
        if (!add_point(time, value, rows, &code))
            cp_traffic_skip_row(t, 0);
    }
    return code;
}

static enum cp_code read_statistics(const cJSON *points, struct cp_demand *t,
                                    struct cp_traffic_rows *rows)
{
    const cJSON *point;
    enum cp_code code = CP_OK;
    cJSON_ArrayForEach(point, points)
    {
        if (!add_point(cJSON_GetObjectItemCaseSensitive(point, "Timestamp"),
                       cJSON_GetObjectItemCaseSensitive(point, "Sum"), rows, &code))
            cp_traffic_skip_row(t, 0);
        if (code)
            break;
    }
    return code;
}

enum cp_code cp_traffic_read_json(struct cp_view text, const char *path, struct cp_demand *t,
                                  struct cp_traffic_rows *rows, struct cp_error *err)
{
    cJSON *root = cJSON_ParseWithLength(text.p, text.n);
    const cJSON *results = cJSON_GetObjectItemCaseSensitive(root, "MetricDataResults");
    const cJSON *points = cJSON_GetObjectItemCaseSensitive(root, "Datapoints");
    enum cp_code code = CP_OK;
    if (!cJSON_IsArray(results) && !cJSON_IsArray(points)) {
        cJSON_Delete(root);
        return cp_fail(err, CP_EFORMAT,
                       "%s is JSON, but neither GetMetricData's MetricDataResults nor "
                       "GetMetricStatistics' Datapoints: save one of these answers of CloudWatch",
                       path);
    }
    code = cJSON_IsArray(results) ? read_metric_data(results, t, rows)
                                  : read_statistics(points, t, rows);
    cJSON_Delete(root);
    return code ? cp_fail(err, code, "%s: %s", path, cp_code_text(code)) : CP_OK;
}
