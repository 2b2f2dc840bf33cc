/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/history/night_line.h"

#include <cjson/cJSON.h>

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/datetime.h"

#define WHOLE_MAX 9007199254740992.0 /* 2^53 */

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static bool is_absent(const cJSON *item)
{
    return !item || cJSON_IsNull(item);
}

/* --- values --- */

/* Absent, null: "". A text that does not fit is not cut: it would be another one. */
static enum cp_code read_text(const cJSON *object, const char *name, char *to, size_t to_size,
                              struct cp_error *err)
{
    const cJSON *item = member(object, name);
    to[0] = '\0';
    if (is_absent(item))
        return CP_OK;
    if (!cJSON_IsString(item))
        return cp_fail(err, CP_EFORMAT, "'%s' is not a text", name);
    struct cp_view text = cp_view_of(item->valuestring);
    if (!cp_view_is_one_line(text))
        return cp_fail(err, CP_EFORMAT, "'%s' has bytes that are no text in UTF-8", name);
    if (!cp_view_copy(text, to, to_size))
        return cp_fail(err, CP_ELIMIT, "'%s' is longer than %zu bytes", name, to_size - 1);
    return CP_OK;
}

/* Absent, null: -1. */
static enum cp_code read_whole(const cJSON *object, const char *name, double max, int64_t *value,
                               struct cp_error *err)
{
    const cJSON *item = member(object, name);
    *value = -1;
    if (is_absent(item))
        return CP_OK;
    double number = cJSON_IsNumber(item) ? item->valuedouble : NAN;
    if (!(number >= 0 && number <= max) || number > floor(number))
        return cp_fail(err, CP_EFORMAT, "'%s' is not a whole number from 0 to %.0f", name, max);
    *value = (int64_t)number;
    return CP_OK;
}

static enum cp_code read_time(const cJSON *object, const char *name, int64_t *at_ms,
                              struct cp_error *err)
{
    const char *text = cJSON_GetStringValue(member(object, name));
    if (text && cp_datetime_parse(cp_view_of(text), at_ms))
        return CP_OK;
    return cp_fail(err, CP_EFORMAT, "'%s' is not a time like 2026-10-08T01:00:00.000Z", name);
}

static enum cp_code read_layers(const cJSON *object, char *to, size_t to_size, struct cp_error *err)
{
    const cJSON *list = member(object, "layers");
    const cJSON *item = NULL;
    size_t n = 0;
    to[0] = '\0';
    if (!is_absent(list) && !cJSON_IsArray(list))
        return cp_fail(err, CP_EFORMAT, "'layers' is not a list of texts");
    cJSON_ArrayForEach(item, list)
    {
        struct cp_view arn = cp_view_of(cJSON_GetStringValue(item));
        bool is_word = arn.n && !memchr(arn.p, ' ', arn.n) && cp_view_is_one_line(arn);
        if (!is_word)
            return cp_fail(err, CP_EFORMAT, "'layers' is not a list of ARNs");
        if (arn.n + (n > 0) >= to_size - n)
            return cp_fail(err, CP_ELIMIT, "'layers' are longer than %zu bytes", to_size - 1);
        if (n)
            to[n++] = ' ';
        (void)cp_view_copy(arn, to + n, to_size - n);
        n += arn.n;
    }
    return CP_OK;
}

/* --- metrics --- */

static bool is_at_timeout(const cJSON *metric, const char *name)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, member(metric, "at_timeout"))
    {
        if (cJSON_IsString(item) && strcmp(item->valuestring, name) == 0)
            return true;
    }
    return false;
}

static enum cp_code read_ms(const cJSON *metric, const char *name, double *ms, struct cp_error *err)
{
    const cJSON *item = member(metric, name);
    *ms = is_at_timeout(metric, name) ? INFINITY : NAN;
    if (is_absent(item))
        return CP_OK;
    if (isinf(*ms) || !cJSON_IsNumber(item) || !isfinite(item->valuedouble) ||
        item->valuedouble < 0)
        return cp_fail(err, CP_EFORMAT, "'%s' of a metric is not a number of ms", name);
    *ms = item->valuedouble;
    return CP_OK;
}

static enum cp_code read_metric(const cJSON *json, struct cp_night_metric *out,
                                struct cp_error *err)
{
    const char *name = cJSON_GetStringValue(member(json, "metric"));
    int64_t n = -1;
    if (!name || !cp_metric_key_by_name(cp_view_of(name), &out->metric))
        return cp_fail(err, CP_EFORMAT, "a metric has no name like 1024MB/init-p95");
    enum cp_code code = read_whole(json, "n", WHOLE_MAX, &n, err);
    if (!code && n < 0)
        code = cp_fail(err, CP_EFORMAT, "a metric has no 'n'");
    if (!code)
        code = read_ms(json, "ms", &out->ms.value, err);
    if (!code)
        code = read_ms(json, "low_ms", &out->ms.low, err);
    if (!code)
        code = read_ms(json, "high_ms", &out->ms.high, err);
    if (!code &&
        (out->ms.low > out->ms.value || out->ms.value > out->ms.high || out->ms.low > out->ms.high))
        code = cp_fail(err, CP_EFORMAT, "an interval of a metric is not around its value");
    out->n = code ? 0 : (size_t)n;
    return code;
}

static int by_order(const void *a, const void *b)
{
    const struct cp_night_metric *first = a;
    const struct cp_night_metric *second = b;
    return cp_metric_key_order(&first->metric, &second->metric);
}

static enum cp_code check_distinct(const struct cp_night *night, struct cp_error *err)
{
    for (size_t i = 1; i < night->n_metrics; i++) {
        char name[CP_METRIC_KEY_MAX];
        if (by_order(&night->metrics[i - 1], &night->metrics[i]) == 0)
            return cp_fail(err, CP_EFORMAT, "metric '%s' is there twice",
                           cp_metric_key_name(&night->metrics[i].metric, name));
    }
    return CP_OK;
}

static enum cp_code read_metrics(const cJSON *json, struct cp_night *night, struct cp_error *err)
{
    const cJSON *list = member(json, "metrics");
    const cJSON *item = NULL;
    int n = cJSON_GetArraySize(list);
    enum cp_code code = CP_OK;
    if (!cJSON_IsArray(list))
        return cp_fail(err, CP_EFORMAT, "it has no list 'metrics'");
    if (n > CP_NIGHT_LINE_METRICS_MAX)
        return cp_fail(err, CP_ELIMIT, "it has more than %d metrics", CP_NIGHT_LINE_METRICS_MAX);
    if (n == 0)
        return CP_OK;
    night->metrics = calloc((size_t)n, sizeof *night->metrics);
    if (!night->metrics)
        return cp_fail(err, CP_ENOMEM, "no memory for the metrics of a night");
    cJSON_ArrayForEach(item, list)
    {
        code = read_metric(item, &night->metrics[night->n_metrics++], err);
        if (code)
            return code;
    }
    qsort(night->metrics, night->n_metrics, sizeof *night->metrics, by_order);
    return check_distinct(night, err);
}

/* --- lines --- */

static enum cp_code read_key(const cJSON *json, struct cp_night_key *key, struct cp_error *err)
{
    enum cp_code code = read_text(json, "function", key->function, sizeof key->function, err);
    if (!code)
        code = read_text(json, "place", key->place, sizeof key->place, err);
    if (!code)
        code = read_text(json, "region", key->region, sizeof key->region, err);
    if (!code)
        code = read_text(json, "architecture", key->architecture, sizeof key->architecture, err);
    if (!code && !key->function[0])
        code = cp_fail(err, CP_EFORMAT, "it has no 'function'");
    return code;
}

static enum cp_code read_facts(const cJSON *json, struct cp_night *night, struct cp_error *err)
{
    const struct {
        const char *name;
        char *to;
        size_t size;
    } texts[] = {
        {"run_id", night->run_id, sizeof night->run_id},
        {"runtime", night->runtime, sizeof night->runtime},
        {"runtime_version_arn", night->runtime_version_arn, sizeof night->runtime_version_arn},
        {"code_sha256", night->code_sha256, sizeof night->code_sha256},
        {"payload_sha256", night->payload_sha256, sizeof night->payload_sha256},
        {"method", night->method, sizeof night->method},
        {"host", night->host, sizeof night->host},
        {"coldprof_version", night->coldprof_version, sizeof night->coldprof_version},
    };
    int64_t memory_size_mb = -1;
    enum cp_code code = CP_OK;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0] && !code; i++)
        code = read_text(json, texts[i].name, texts[i].to, texts[i].size, err);
    if (!code)
        code = read_layers(json, night->layers, sizeof night->layers, err);
    if (!code)
        code = read_whole(json, "code_size_bytes", WHOLE_MAX, &night->code_size_bytes, err);
    if (!code)
        code = read_whole(json, "memory_size_mb", INT_MAX, &memory_size_mb, err);
    night->original_memory_size_mb = (int)memory_size_mb;
    return code;
}

static enum cp_code read_night(const cJSON *json, struct cp_night *night, struct cp_error *err)
{
    enum cp_code code = read_time(json, "started_at", &night->started_at_ms, err);
    if (!code)
        code = read_facts(json, night, err);
    return code ? code : read_metrics(json, night, err);
}

static enum cp_code read_acceptance(const cJSON *json, struct cp_night_acceptance *out,
                                    struct cp_error *err)
{
    enum cp_code code = read_time(json, "at", &out->at_ms, err);
    return code ? code : read_text(json, "note", out->note, sizeof out->note, err);
}

static enum cp_code read_line(const cJSON *json, struct cp_night_line *out, struct cp_error *err)
{
    const char *kind = cJSON_GetStringValue(member(json, "kind"));
    out->is_acceptance = kind && strcmp(kind, "acceptance") == 0;
    if (!kind || (!out->is_acceptance && strcmp(kind, "night") != 0))
        return cp_fail(err, CP_EFORMAT, "its 'kind' is neither night nor acceptance");
    enum cp_code code = read_key(json, &out->night.key, err);
    if (code)
        return code;
    return out->is_acceptance ? read_acceptance(json, &out->acceptance, err)
                              : read_night(json, &out->night, err);
}

/* The schema is looked at before anything else, and is what a line of ours begins with: a line of
 * another program is told from a newer one of ours. */
static enum cp_code check_schema(const cJSON *json, struct cp_error *err)
{
    const cJSON *first = json && cJSON_IsObject(json) ? json->child : NULL;
    if (!first || strcmp(first->string, "schema") != 0 || !cJSON_IsNumber(first))
        return cp_fail(err, CP_EFORMAT, "it is no JSON object that begins with \"schema\"");
    if (first->valuedouble > CP_NIGHT_LINE_SCHEMA)
        return cp_fail(err, CP_EUNSUPPORTED,
                       "it has schema %g, written by a newer coldprof; coldprof %s reads up to "
                       "schema %d: use the newer one",
                       first->valuedouble, COLDPROF_VERSION, CP_NIGHT_LINE_SCHEMA);
    if (first->valuedouble < CP_NIGHT_LINE_SCHEMA)
        return cp_fail(err, CP_EFORMAT, "its schema is not %d", CP_NIGHT_LINE_SCHEMA);
    return CP_OK;
}

/* Brackets that are open at once, outside of texts: the parser recurses. */
static bool is_too_deep(struct cp_view line)
{
    int depth = 0;
    bool is_text = false;
    for (size_t i = 0; i < line.n; i++) {
        char c = line.p[i];
        if (is_text && c == '\\')
            i++;
        else if (c == '"')
            is_text = !is_text;
        else if (!is_text && (c == '{' || c == '['))
            depth++;
        else if (!is_text && (c == '}' || c == ']'))
            depth--;
        if (depth > CP_NIGHT_LINE_DEPTH_MAX)
            return true;
    }
    return false;
}

/* The parser ends a text there, which would make another one of it. */
static bool has_nul(struct cp_view line)
{
    for (size_t i = 0; i < line.n; i++) {
        if (line.p[i] == '\0')
            return true;
        if (line.p[i] != '\\')
            continue;
        if (cp_view_has_prefix((struct cp_view){line.p + i, line.n - i}, "\\u0000"))
            return true;
        i++;
    }
    return false;
}

static enum cp_code parse(struct cp_view line, cJSON **json, struct cp_error *err)
{
    const char *end = NULL;
    *json = NULL;
    if (line.n > CP_NIGHT_LINE_MAX)
        return cp_fail(err, CP_ELIMIT, "it is longer than %d bytes", CP_NIGHT_LINE_MAX);
    if (is_too_deep(line))
        return cp_fail(err, CP_ELIMIT, "it has more than %d brackets within each other",
                       CP_NIGHT_LINE_DEPTH_MAX);
    if (has_nul(line))
        return cp_fail(err, CP_EFORMAT, "it has a text with a NUL in it");
    *json = cJSON_ParseWithLengthOpts(line.p, line.n, &end, false);
    struct cp_view rest = {end, *json ? (size_t)(line.p + line.n - end) : 0};
    if (!*json || cp_view_trim(rest).n)
        return cp_fail(err, CP_EFORMAT, "it is not one JSON object");
    return CP_OK;
}

enum cp_code cp_night_line_read(struct cp_view line, struct cp_night_line *out,
                                struct cp_error *err)
{
    cJSON *json = NULL;
    *out = (struct cp_night_line){.night = cp_night_empty(), .acceptance = {.at_ms = -1}};
    enum cp_code code = parse(line, &json, err);
    if (!code)
        code = check_schema(json, err);
    if (!code)
        code = read_line(json, out, err);
    cJSON_Delete(json);
    if (code)
        cp_night_clear(&out->night);
    return code;
}
