/* SPDX-License-Identifier: GPL-3.0-or-later
 * Platform events as JSON, {"time", "type", "record"}, and JSON objects that carry a message.
 * The extent and the depth of the JSON are found by a flat scan before the recursive parser of
 * cJSON sees it.
 */
#include "probes/record/record_parse.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "model/base/datetime.h"

#define BIT(field) CP_FIELD_BIT(CP_FIELD_##field)

static const struct event {
    const char *type;
    enum cp_record_kind kind;
    enum cp_field_id duration; /* which member metrics.durationMs fills */
    uint32_t required;
} events[] = {
    {"platform.report", CP_RECORD_REPORT, CP_FIELD_DURATION, BIT(REQUEST_ID) | BIT(DURATION)},
    {"platform.initReport", CP_RECORD_INIT_REPORT, CP_FIELD_INIT, BIT(INIT)},
    {"platform.restoreReport", CP_RECORD_RESTORE_REPORT, CP_FIELD_RESTORE, 0},
    {"platform.start", CP_RECORD_START, CP_FIELD_DURATION, BIT(REQUEST_ID)},
    {"platform.runtimeDone", CP_RECORD_RUNTIME_DONE, CP_FIELD_DURATION, BIT(REQUEST_ID)},
    {"platform.initStart", CP_RECORD_INIT_START, CP_FIELD_INIT, 0},
    {"platform.initRuntimeDone", CP_RECORD_INIT_RUNTIME_DONE, CP_FIELD_INIT, 0},
    {"platform.restoreStart", CP_RECORD_RESTORE_START, CP_FIELD_RESTORE, 0},
    {"platform.restoreRuntimeDone", CP_RECORD_RESTORE_RUNTIME_DONE, CP_FIELD_RESTORE, 0},
    {"platform.extension", CP_RECORD_EXTENSION, CP_FIELD_DURATION, BIT(NAME) | BIT(STATE)},
    {"platform.telemetrySubscription", CP_RECORD_TELEMETRY, CP_FIELD_DURATION, BIT(NAME)},
    {"platform.logsDropped", CP_RECORD_LOGS_DROPPED, CP_FIELD_DURATION, BIT(DROPPED)},
};

/* Keys of the published schema and of observed events that are read by nobody here. */
static const char *const ignored_keys[] = {
    "spans",        "tracing",    "functionName", "functionVersion",
    "functionArn",  "instanceId", "tenantId",     "instanceMaxMemory",
    "droppedBytes", "reason",     "metrics",      "producedBytes",
};

/* --- extent --- */

struct extent {
    size_t n; /* bytes of the value, when whole */
    bool is_whole, is_deep;
};

/* Where the object or array at the start of `v` ends. Strings are skipped, so brackets in them do
 * not count. */
static struct extent extent_of(struct cp_view v)
{
    struct extent e = {0};
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < v.n; i++) {
        char c = v.p[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
            continue;
        }
        if (c == '"')
            in_string = true;
        else if (c == '{' || c == '[')
            depth++;
        else if (c == '}' || c == ']')
            depth--;
        if (depth > CP_RECORD_JSON_DEPTH_MAX) {
            e.is_deep = true;
            return e;
        }
        if (depth == 0) {
            e.n = i + 1;
            e.is_whole = true;
            return e;
        }
    }
    return e;
}

/* `aws logs tail --format json` prints an object over several lines: "{", indented lines, "}". */
static size_t pretty_length(struct cp_view bytes)
{
    size_t n = cp_record_line_length(bytes);
    struct cp_view first = cp_view_trim((struct cp_view){bytes.p, n});
    if (!cp_view_is(first, "{"))
        return n;
    while (n < bytes.n && n <= CP_RECORD_LINE_MAX) {
        char c = bytes.p[n];
        if (c != ' ' && c != '\t' && c != '}')
            break;
        n += cp_record_line_length((struct cp_view){bytes.p + n, bytes.n - n});
        if (c == '}')
            break;
    }
    return n;
}

/* --- values --- */

static void set_text(struct cp_record *out, enum cp_field_id id, const cJSON *item, uint32_t *seen)
{
    struct cp_view v = cp_view_of(item->valuestring);
    enum cp_record_reason fault = cp_record_byte_fault(v);
    if (fault)
        cp_record_judge_field(out, CP_RECORD_REJECTED, fault, id);
    cp_record_set_view(out, id, v, seen);
}

static void set_number(struct cp_record *out, enum cp_field_id id, const cJSON *item,
                       uint32_t *seen)
{
    double value = NAN;
    if (cJSON_IsNumber(item))
        value = item->valuedouble;
    else if (cp_view_to_double(cp_view_of(item->valuestring), &value))
        cp_record_judge_field(out, CP_RECORD_WARNED, CP_REASON_NUMBER_AS_TEXT, id);
    cp_record_set_number(out, id, value, seen);
}

/* ["INVOKE","SHUTDOWN"] -> INVOKE,SHUTDOWN in the record's own storage, as in text records */
static bool set_list(struct cp_record *out, enum cp_field_id id, const cJSON *list, uint32_t *seen)
{
    char *start = out->text + out->n_text;
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, list)
    {
        if (!cJSON_IsString(item))
            return false;
        size_t n = strlen(item->valuestring);
        bool is_first = item == list->child;
        if (n + 1 > sizeof(out->text) - out->n_text)
            return false;
        if (!is_first)
            out->text[out->n_text++] = ',';
        memcpy(out->text + out->n_text, item->valuestring, n);
        out->n_text += n;
    }
    struct cp_view v = {start, (size_t)(out->text + out->n_text - start)};
    enum cp_record_reason fault = cp_record_byte_fault(v);
    if (fault)
        cp_record_judge_field(out, CP_RECORD_REJECTED, fault, id);
    cp_record_set_view(out, id, v, seen);
    return true;
}

static bool set_value(struct cp_record *out, enum cp_field_id id, const cJSON *item, uint32_t *seen)
{
    switch (cp_fields[id].type) {
    case CP_FIELD_NUMBER:
    case CP_FIELD_WHOLE:
        if (!cJSON_IsNumber(item) && !cJSON_IsString(item))
            return false;
        set_number(out, id, item, seen);
        return true;
    case CP_FIELD_TEXT:
        if (!cJSON_IsString(item))
            return false;
        set_text(out, id, item, seen);
        return true;
    case CP_FIELD_LIST:
        return cJSON_IsArray(item) && set_list(out, id, item, seen);
    case CP_FIELD_FLAG:
        break;
    }
    return false;
}

/* --- platform events --- */

static bool is_ignored(const char *key)
{
    for (size_t i = 0; i < sizeof(ignored_keys) / sizeof(ignored_keys[0]); i++) {
        if (strcmp(key, ignored_keys[i]) == 0)
            return true;
    }
    return false;
}

static bool is_metric(enum cp_field_id id)
{
    return id != CP_FIELD_DROPPED &&
           (cp_fields[id].type == CP_FIELD_NUMBER || cp_fields[id].type == CP_FIELD_WHOLE);
}

static enum cp_field_id field_by_key(const char *key, bool in_metrics)
{
    for (enum cp_field_id id = 0; id < CP_FIELD_COUNT; id++) {
        if (cp_fields[id].json[0] && is_metric(id) == in_metrics &&
            strcmp(key, cp_fields[id].json) == 0)
            return id;
    }
    return CP_FIELD_COUNT;
}

static void read_members(struct cp_record *out, const struct event *event, const cJSON *object,
                         bool in_metrics, uint32_t *seen)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, object)
    {
        enum cp_field_id id = field_by_key(item->string, in_metrics);
        if (id == CP_FIELD_COUNT) {
            if (!is_ignored(item->string))
                cp_record_add_unknown(out, cp_view_of(item->string));
            continue;
        }
        if (id == CP_FIELD_DURATION)
            id = event->duration;
        if (!cJSON_IsNull(item) && !set_value(out, id, item, seen))
            cp_record_judge_field(out, CP_RECORD_REJECTED, CP_REASON_JSON_WRONG_TYPE, id);
    }
}

static const struct event *event_by_type(const char *type)
{
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        if (strcmp(type, events[i].type) == 0)
            return &events[i];
    }
    return NULL;
}

static void reject(struct cp_record *out, enum cp_record_reason reason, const char *field)
{
    cp_record_judge(out, CP_RECORD_REJECTED, reason, cp_view_of(field));
}

static void read_event(const cJSON *root, const struct event *event, struct cp_record *out)
{
    uint32_t seen = 0;
    const cJSON *record = cJSON_GetObjectItemCaseSensitive(root, "record");
    const cJSON *metrics = cJSON_GetObjectItemCaseSensitive(record, "metrics");
    const cJSON *time = cJSON_GetObjectItemCaseSensitive(root, "time");
    out->kind = event->kind;
    if (!cJSON_IsObject(record)) {
        reject(out, CP_REASON_JSON_WRONG_TYPE, "record");
        return;
    }
    if (!cJSON_IsString(time) || !cp_datetime_parse(cp_view_of(time->valuestring), &out->at_ms))
        cp_record_judge(out, CP_RECORD_WARNED, CP_REASON_BAD_TIME, cp_view_of("time"));
    read_members(out, event, record, false, &seen);
    if (cJSON_IsObject(metrics))
        read_members(out, event, metrics, true, &seen);
    else if (metrics && !cJSON_IsNull(metrics))
        reject(out, CP_REASON_JSON_WRONG_TYPE, "metrics");
    cp_record_check(out, seen, event->required);
}

static void read_platform(const cJSON *root, const char *type, struct cp_record *out)
{
    const struct event *event = event_by_type(type);
    if (event) {
        read_event(root, event, out);
        return;
    }
    cp_record_skip(out, CP_RECORD_UNKNOWN_PLATFORM);
    out->reason = CP_REASON_UNKNOWN_TYPE;
}

static void read_app(const cJSON *root, struct cp_record *out)
{
    const cJSON *level = cJSON_GetObjectItemCaseSensitive(root, "level");
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(root, "requestId");
    cp_record_skip(out, CP_RECORD_APP);
    if (cJSON_IsString(level))
        out->level = cp_view_of(level->valuestring);
    if (cJSON_IsString(id))
        out->request_id = cp_view_of(id->valuestring);
}

/* --- objects that carry a message --- */

static struct cp_view text_of(const cJSON *item)
{
    return cJSON_IsString(item) ? cp_view_of(item->valuestring) : (struct cp_view){0};
}

static int64_t time_of(const cJSON *item)
{
    int64_t at_ms = -1;
    if (cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble < 1e15)
        return (int64_t)item->valuedouble;
    return cJSON_IsString(item) && cp_datetime_parse(text_of(item), &at_ms) ? at_ms : -1;
}

/* An event of filter-log-events or of a subscription has a numeric timestamp and an id; the JSON
 * lines of an application have a timestamp in text. */
static bool is_event_object(const cJSON *root)
{
    return cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(root, "timestamp")) &&
           (cJSON_HasObjectItem(root, "eventId") || cJSON_HasObjectItem(root, "logStreamName") ||
            cJSON_HasObjectItem(root, "id"));
}

static bool read_wrapped(const cJSON *root, struct cp_record *out)
{
    const cJSON *message = cJSON_GetObjectItemCaseSensitive(root, "@message");
    bool is_insights = cJSON_IsString(message);
    if (!is_insights) {
        message = cJSON_GetObjectItemCaseSensitive(root, "message");
        if (!cJSON_IsString(message) || !is_event_object(root))
            return false;
    }
    const char *time = is_insights ? "@timestamp" : "timestamp";
    const char *stream = is_insights ? "@logStream" : "logStreamName";
    struct cp_view text = text_of(message);
    if (text.n == 0)
        cp_record_skip(out, CP_RECORD_NONE);
    else
        (void)cp_record_parse_bare(text, true, false, out);
    out->transport = is_insights ? CP_TRANSPORT_INSIGHTS : CP_TRANSPORT_EVENT;
    out->stream = text_of(cJSON_GetObjectItemCaseSensitive(root, stream));
    out->group = text_of(cJSON_GetObjectItemCaseSensitive(root, "@log"));
    if (out->at_ms < 0)
        out->at_ms = time_of(cJSON_GetObjectItemCaseSensitive(root, time));
    return true;
}

/* --- one line --- */

static void read_object(const cJSON *root, bool may_wrap, struct cp_record *out)
{
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(root, "type");
    bool has_record = cJSON_GetObjectItemCaseSensitive(root, "record") != NULL;
    if (cp_view_has_prefix(text_of(type), "platform.")) {
        read_platform(root, type->valuestring, out);
    } else if (type && has_record && !cJSON_IsString(type)) {
        out->kind = CP_RECORD_UNKNOWN_PLATFORM;
        reject(out, CP_REASON_JSON_WRONG_TYPE, "type");
    } else if (!may_wrap || !read_wrapped(root, out)) {
        read_app(root, out);
    }
}

/* Text that only platform events and transport objects hold: decides whether bytes that do not
 * parse are a lost record or somebody else's output. */
static bool looks_platform(struct cp_view v)
{
    static const char *const hints[] = {"\"platform.", "\"initializationType\"", "\"durationMs\"",
                                        "\"@message\"", "\"logStreamName\""};
    for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
        if (cp_record_find(v, cp_view_of(hints[i])))
            return true;
    }
    return false;
}

static void give_up(struct cp_view line, enum cp_record_reason reason, struct cp_record *out)
{
    if (looks_platform(line)) {
        out->kind = CP_RECORD_UNKNOWN_PLATFORM;
        reject(out, reason, "");
        return;
    }
    (void)cp_record_parse_text(line, true, out);
}

static enum cp_record_reason parse_object(struct cp_view json, bool may_wrap, struct cp_record *out)
{
    /* cJSON strings end at a NUL: text after it would be lost without a word */
    if (memchr(json.p, '\0', json.n) || cp_record_find(json, CP_VIEW_LIT("\\u0000")))
        return CP_REASON_CONTROL_BYTE;
    cJSON *root = cJSON_ParseWithLength(json.p, json.n);
    if (!root)
        return CP_REASON_JSON_MALFORMED;
    read_object(root, may_wrap, out);
    cp_record_keep(out);
    cJSON_Delete(root);
    return CP_REASON_NONE;
}

/* Length of the object and what belongs to its line; 0 when something else follows it. A further
 * object may follow without a separator (a Firehose of a subscription). */
static size_t object_end(struct cp_view line, size_t n)
{
    struct cp_view rest = {line.p + n, line.n - n};
    if (rest.n && rest.p[0] == '{')
        return n;
    return cp_view_trim(rest).n == 0 ? line.n : 0;
}

size_t cp_record_parse_json(struct cp_view bytes, bool may_wrap, struct cp_record *out)
{
    size_t first = cp_record_line_length(bytes);
    struct cp_view line = {bytes.p, pretty_length(bytes)};
    if (line.n > CP_RECORD_LINE_MAX) {
        give_up((struct cp_view){bytes.p, first}, CP_REASON_TOO_LONG, out);
        return first;
    }
    struct extent e = extent_of(line);
    if (e.is_deep) {
        out->kind = CP_RECORD_UNKNOWN_PLATFORM;
        reject(out, CP_REASON_JSON_DEEP, "");
        return first;
    }
    size_t n = e.is_whole ? object_end(line, e.n) : 0;
    enum cp_record_reason fault = CP_REASON_JSON_MALFORMED;
    if (n && bytes.p[0] == '[')
        fault = CP_REASON_JSON_WRONG_TYPE;
    else if (n)
        fault = parse_object((struct cp_view){bytes.p, e.n}, may_wrap, out);
    if (!fault)
        return n;
    give_up((struct cp_view){bytes.p, first}, fault, out);
    return first;
}
