/* SPDX-License-Identifier: GPL-3.0-or-later
 * Fields that Insights finds in an event by itself.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "probes/local/query_tree.h"

static const struct cp_ql_value none = {.kind = CP_QL_NONE};

/* --- members of a JSON message --- */

static const cJSON *member(const cJSON *at, struct cp_view step)
{
    enum { STEP_MAX = 256 };
    char name[STEP_MAX];
    int64_t index;
    if (cJSON_IsArray(at))
        return cp_view_to_int64(step, &index) && index >= 0 && index < INT32_MAX
                   ? cJSON_GetArrayItem(at, (int)index)
                   : NULL;
    return cp_view_copy(step, name, sizeof name) ? cJSON_GetObjectItemCaseSensitive(at, name)
                                                 : NULL;
}

static struct cp_ql_value value_of(const cJSON *item, struct cp_ql_scope *scope)
{
    if (cJSON_IsNumber(item))
        return cp_ql_number(item->valuedouble);
    if (cJSON_IsString(item))
        return cp_ql_text(cp_ql_arena_copy(scope->arena, cp_view_of(item->valuestring)));
    if (cJSON_IsBool(item))
        return cp_ql_bool(cJSON_IsTrue(item));
    return none;
}

static struct cp_ql_value json_field(struct cp_ql_scope *scope, struct cp_view name)
{
    struct cp_view message = cp_view_trim(scope->event->message), step;
    if (!scope->is_json_read) {
        scope->is_json_read = true;
        if (message.n && *message.p == '{')
            scope->json = cJSON_ParseWithLength(message.p, message.n);
    }
    const cJSON *at = scope->json;
    while (at && cp_view_split(&name, '.', &step))
        at = member(at, step);
    return at ? value_of(at, scope) : none;
}

/* --- fields of Lambda's lines --- */

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_uuid(struct cp_view text)
{
    enum { LENGTH = 36 };
    if (text.n < LENGTH)
        return false;
    for (size_t i = 0; i < LENGTH; i++) {
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_dash ? text.p[i] != '-' : !is_hex(text.p[i]))
            return false;
    }
    return true;
}

/* The first UUID of a line, whatever it is there for. */
static struct cp_ql_value request_id(struct cp_view message)
{
    for (; message.n >= 36; message.p++, message.n--) {
        if (is_uuid(message))
            return cp_ql_text((struct cp_view){message.p, 36});
    }
    return none;
}

static struct cp_ql_value line_type(struct cp_view message)
{
    static const char *const types[] = {"START", "END", "REPORT", "INIT_START"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct cp_view rest = message;
        if (cp_view_skip(&rest, types[i]) && cp_view_has_prefix(rest, " "))
            return cp_ql_text((struct cp_view){message.p, message.n - rest.n});
    }
    return none;
}

/* "\t<label>: <number> <unit>" of a REPORT. */
static struct cp_ql_value report_field(struct cp_ql_scope *scope, const char *label, double scale)
{
    struct cp_view rest = scope->event->message, item;
    double number;
    if (!cp_view_has_prefix(rest, "REPORT RequestId: "))
        return none;
    while (cp_view_split(&rest, '\t', &item)) {
        if (!cp_view_skip(&item, label) || !cp_view_take_double(&item, &number))
            continue;
        char text[CP_QL_FIELD_MAX];
        struct cp_ql_value value = cp_ql_number(number * scale);
        size_t n = cp_ql_print_field(value.number, text);
        value.text = cp_ql_arena_copy(scope->arena, (struct cp_view){text, n});
        return value;
    }
    return none;
}

/* --- all --- */

static struct cp_ql_value time_of(int64_t at_ms)
{
    return (struct cp_ql_value){.kind = CP_QL_TIME, .number = (double)at_ms};
}

struct cp_ql_value cp_ql_field(struct cp_ql_scope *scope, struct cp_view name)
{
    static const struct {
        const char *name, *label;
        double scale;
    } reports[] = {
        {"@duration", "Duration: ", 1},
        {"@billedDuration", "Billed Duration: ", 1},
        {"@initDuration", "Init Duration: ", 1},
        {"@memorySize", "Memory Size: ", 1e6},
        {"@maxMemoryUsed", "Max Memory Used: ", 1e6},
    };
    const struct cp_ql_event *e = scope->event;
    if (!e)
        return none;
    if (!cp_view_has_prefix(name, "@"))
        return json_field(scope, name);
    if (cp_view_is(name, "@timestamp"))
        return time_of(e->at_ms);
    if (cp_view_is(name, "@ingestionTime"))
        return time_of(e->ingested_at_ms);
    if (cp_view_is(name, "@message"))
        return cp_ql_text(e->message);
    if (cp_view_is(name, "@logStream"))
        return cp_ql_text(e->stream);
    if (cp_view_is(name, "@log"))
        return cp_ql_text(e->log);
    if (cp_view_is(name, "@ptr"))
        return cp_ql_text(e->ptr);
    if (cp_view_is(name, "@requestId"))
        return request_id(e->message);
    if (cp_view_is(name, "@type"))
        return line_type(e->message);
    for (size_t i = 0; i < sizeof reports / sizeof *reports; i++) {
        if (cp_view_is(name, reports[i].name))
            return report_field(scope, reports[i].label, reports[i].scale);
    }
    return none;
}
