/* SPDX-License-Identifier: GPL-3.0-or-later
 * Our own samples as lines of JSON ('coldprof report RUN --format jsonl'). Each sample that has a
 * platform record is given to the sink as the START and REPORT that say the same; probes of idle
 * environments and the invocations before them belong to a plan, not to a log, and are counted.
 */
#include <cjson/cJSON.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/buf.h"
#include "model/base/datetime.h"
#include "model/sample.h"
#include "probes/log/log_form_rows.h"

enum { LINE_MAX_BYTES = 8192, MESSAGE_MAX = 2048, GROUP_MAX = 300 };

static const char opening[] = "{\"schema_version\":1,\"kind\":\"sample\"";

struct cp_log_decoder {
    struct cp_log_sink *sink;
    struct cp_buf line; /* begun, not ended */
    bool is_long;       /* the rest of it is left out */
};

static int match(struct cp_view head)
{
    return cp_view_has_prefix(head, opening) ? CP_SURE_SIGNATURE : CP_SURE_NOT;
}

static enum cp_code begin(struct cp_log_sink *sink, struct cp_log_decoder **out,
                          struct cp_error *err)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return cp_fail(err, CP_ENOMEM, "no memory to read samples");
    (*out)->sink = sink;
    cp_buf_init(&(*out)->line, LINE_MAX_BYTES);
    return CP_OK;
}

/* --- members of a line --- */

static const char *text_of(const cJSON *json, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    return cJSON_IsString(item) ? item->valuestring : "";
}

static double number_of(const cJSON *json, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

static int64_t time_of(const cJSON *json, const char *key)
{
    double ms = number_of(json, key);
    return ms >= 0 && ms < 4102444800000.0 ? (int64_t)ms : -1;
}

/* --- from a sample to the platform's events --- */

struct sample {
    const cJSON *json;
    enum cp_cell_kind cell;
    enum cp_outcome outcome;
    enum cp_start_kind start;
    const char *request_id;
};

/* Words a REPORT has for an outcome; NULL: there is no REPORT of it. */
static const char *status_of(enum cp_outcome outcome)
{
    switch (outcome) {
    case CP_OUTCOME_MEASURED:
        return "success";
    case CP_OUTCOME_TIMEOUT:
        return "timeout";
    case CP_OUTCOME_ERROR:
    case CP_OUTCOME_OUT_OF_MEMORY:
    case CP_OUTCOME_INIT_FAILED:
        return "error";
    default:
        return NULL;
    }
}

static void add_metric(cJSON *metrics, const char *key, double value)
{
    if (isfinite(value))
        (void)cJSON_AddNumberToObject(metrics, key, value);
}

static cJSON *report_of(const struct sample *s)
{
    cJSON *record = cJSON_CreateObject();
    cJSON *metrics = cJSON_AddObjectToObject(record, "metrics");
    const char *error = text_of(s->json, "error_type");
    if (s->outcome == CP_OUTCOME_OUT_OF_MEMORY)
        error = "Runtime.OutOfMemory";
    (void)cJSON_AddStringToObject(record, "requestId", s->request_id);
    (void)cJSON_AddStringToObject(record, "status", status_of(s->outcome));
    if (error[0])
        (void)cJSON_AddStringToObject(record, "errorType", error);
    add_metric(metrics, "durationMs", number_of(s->json, "duration_ms"));
    add_metric(metrics, "billedDurationMs", number_of(s->json, "billed_duration_ms"));
    add_metric(metrics, "memorySizeMB", number_of(s->json, "memory_size_mb"));
    add_metric(metrics, "maxMemoryUsedMB", number_of(s->json, "max_memory_used_mb"));
    add_metric(metrics, "initDurationMs", number_of(s->json, "init_duration_ms"));
    add_metric(metrics, "restoreDurationMs", number_of(s->json, "restore_duration_ms"));
    return record;
}

static cJSON *start_of(const struct sample *s)
{
    cJSON *record = cJSON_CreateObject();
    (void)cJSON_AddStringToObject(record, "requestId", s->request_id);
    (void)cJSON_AddStringToObject(record, "version", text_of(s->json, "version"));
    return record;
}

/* Takes `record`. */
static enum cp_code emit(struct cp_log_decoder *d, const struct sample *s, const char *type,
                         cJSON *record, int64_t at_ms, struct cp_error *err)
{
    char group[GROUP_MAX];
    char time[CP_DATETIME_TEXT_MAX];
    cJSON *event = cJSON_CreateObject();
    (void)snprintf(group, sizeof group, "/aws/lambda/%.256s", text_of(s->json, "function"));
    if (at_ms >= 0)
        (void)cJSON_AddStringToObject(event, "time",
                                      cp_datetime_format(at_ms, CP_DATETIME_ISO_MS, time));
    (void)cJSON_AddStringToObject(event, "type", type);
    (void)cJSON_AddItemToObject(event, "record", record);
    char *message = cJSON_PrintUnformatted(event);
    cJSON_Delete(event);
    if (!message)
        return cp_fail(err, CP_ENOMEM, "no memory to read samples");
    const struct cp_log_event given = {
        .group = cp_view_of(text_of(s->json, "function")[0] ? group : ""),
        .at_ms = at_ms,
        .message = cp_view_of(message),
    };
    enum cp_code code = cp_log_sink_event(d->sink, &given, err);
    cJSON_free(message);
    return code;
}

/* Why a sample is no record of a log; NULL: it is one. */
static const char *reason_to_skip(const struct sample *s)
{
    bool is_fresh = s->start == CP_START_COLD || s->start == CP_START_SNAPSTART;
    double startup = number_of(s->json, s->start == CP_START_SNAPSTART ? "restore_duration_ms"
                                                                       : "init_duration_ms");
    if (s->cell != CP_CELL_COLD && s->cell != CP_CELL_WARM)
        return "skipped sample of an idle probe";
    if (!status_of(s->outcome) || !isfinite(number_of(s->json, "duration_ms")) ||
        !isfinite(number_of(s->json, "billed_duration_ms")))
        return "skipped sample without record";
    if (is_fresh && !isfinite(startup))
        return "skipped sample with unknown init";
    if (s->start == CP_START_WARM && s->cell == CP_CELL_COLD)
        return "skipped sample that started otherwise";
    return NULL;
}

static enum cp_code take_sample(struct cp_log_decoder *d, const struct sample *s,
                                struct cp_view line, struct cp_error *err)
{
    const char *reason = reason_to_skip(s);
    if (reason)
        return cp_log_sink_count(d->sink, reason, 1, line, err);
    enum cp_code code =
        emit(d, s, "platform.start", start_of(s), time_of(s->json, "sent_at_ms"), err);
    return code ? code
                : emit(d, s, "platform.report", report_of(s), time_of(s->json, "ended_at_ms"), err);
}

static enum cp_code take_line(struct cp_log_decoder *d, struct cp_view line, struct cp_error *err)
{
    cJSON *json = cJSON_ParseWithLength(line.p, line.n);
    struct sample s = {.json = json, .request_id = text_of(json, "request_id")};
    bool is_sample = strcmp(text_of(json, "kind"), "sample") == 0 &&
                     cp_cell_kind_by_name(cp_view_of(text_of(json, "cell")), &s.cell) &&
                     cp_outcome_by_name(cp_view_of(text_of(json, "outcome")), &s.outcome) &&
                     cp_start_kind_by_name(cp_view_of(text_of(json, "start")), &s.start);
    enum cp_code code = is_sample ? take_sample(d, &s, line, err)
                                  : cp_log_sink_count(d->sink, "damaged sample", 1, line, err);
    cJSON_Delete(json);
    return code;
}

/* --- lines --- */

static enum cp_code end_line(struct cp_log_decoder *d, struct cp_error *err)
{
    struct cp_view line = cp_view_trim(cp_buf_view(&d->line));
    enum cp_code code = CP_OK;
    if (d->is_long)
        code = cp_log_sink_count(d->sink, "damaged sample", 1, CP_VIEW_LIT("a line too long"), err);
    else if (line.n)
        code = take_line(d, line, err);
    cp_buf_reset(&d->line);
    d->is_long = false;
    return code;
}

static void add_piece(struct cp_log_decoder *d, struct cp_view piece)
{
    d->is_long = d->is_long || d->line.n + piece.n >= LINE_MAX_BYTES;
    if (!d->is_long)
        (void)cp_buf_add_view(&d->line, piece);
}

static enum cp_code feed(struct cp_log_decoder *d, struct cp_view bytes, struct cp_error *err)
{
    enum cp_code code = CP_OK;
    while (bytes.n && !code) {
        const char *end = memchr(bytes.p, '\n', bytes.n);
        size_t n = end ? (size_t)(end - bytes.p) : bytes.n;
        add_piece(d, (struct cp_view){bytes.p, n});
        if (end)
            code = end_line(d, err);
        n += end ? 1 : 0;
        bytes = (struct cp_view){bytes.p + n, bytes.n - n};
    }
    return code;
}

static enum cp_code end(struct cp_log_decoder *d, struct cp_error *err)
{
    return end_line(d, err);
}

static void free_decoder(struct cp_log_decoder *d)
{
    if (d)
        cp_buf_clear(&d->line);
    free(d);
}

const struct cp_log_form cp_log_form_samples = {
    .name = "coldprof samples",
    .summary = "samples of coldprof, one a line (report --format jsonl)",
    .match = match,
    .begin = begin,
    .feed = feed,
    .end = end,
    .free = free_decoder,
};
