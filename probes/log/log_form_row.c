/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/log/log_form_row.h"

#include <stdio.h>
#include <string.h>

#include "model/base/datetime.h"
#include "probes/record/record.h"

enum { SMALL_MAX = 512, REPORT_MAX = 1024 };

static const struct {
    const char *name;
    enum cp_row_field field;
} names[] = {
    {"@message", CP_ROW_MESSAGE},      {"@timestamp", CP_ROW_TIME},
    {"@logStream", CP_ROW_STREAM},     {"@log", CP_ROW_LOG},
    {"@requestId", CP_ROW_REQUEST_ID}, {"@type", CP_ROW_TYPE},
    {"@duration", CP_ROW_DURATION},    {"@billedDuration", CP_ROW_BILLED},
    {"@memorySize", CP_ROW_MEMORY},    {"@maxMemoryUsed", CP_ROW_MAX_MEMORY},
    {"@initDuration", CP_ROW_INIT},
};

enum cp_code cp_log_row_init(struct cp_log_row *row, struct cp_error *err)
{
    *row = (struct cp_log_row){0};
    for (size_t i = 0; i < CP_ROW_OTHER; i++) {
        size_t max = i == CP_ROW_MESSAGE ? CP_RECORD_LINE_MAX : SMALL_MAX;
        enum cp_code code = cp_log_slot_init(&row->fields[i], max, err);
        if (code)
            return code;
    }
    return CP_OK;
}

void cp_log_row_clear(struct cp_log_row *row)
{
    for (size_t i = 0; i < CP_ROW_OTHER; i++)
        cp_log_slot_clear(&row->fields[i]);
}

enum cp_row_field cp_log_row_field(struct cp_view name)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (cp_view_is(name, names[i].name))
            return names[i].field;
    }
    return CP_ROW_OTHER;
}

void cp_log_row_set(struct cp_log_row *row, enum cp_row_field field, struct cp_log_slot *value)
{
    row->is_any = true;
    if (field >= CP_ROW_OTHER)
        return;
    struct cp_log_slot *to = &row->fields[field];
    cp_log_slot_reset(to);
    if (field == CP_ROW_MESSAGE)
        cp_log_slot_swap(to, value);
    else
        cp_log_slot_add(to, cp_log_slot_view(value));
    to->is_long |= value->is_long && field != CP_ROW_MESSAGE;
}

int64_t cp_log_time_of(struct cp_view text)
{
    int64_t at_ms = -1;
    if (cp_view_to_int64(text, &at_ms))
        return at_ms >= 0 ? at_ms : -1;
    return cp_datetime_parse(text, &at_ms) ? at_ms : -1;
}

struct cp_view cp_log_group_of(struct cp_view log)
{
    struct cp_view rest = log;
    int64_t account = 0;
    if (cp_view_take_int64(&rest, &account) && cp_view_skip(&rest, ":"))
        return rest;
    return log;
}

/* --- a REPORT of computed fields --- */

static struct cp_view view(const struct cp_log_row *row, enum cp_row_field field)
{
    return cp_log_slot_view(&row->fields[field]);
}

/* Insights gives durations in ms and memory in bytes of decimal megabytes: "1.28E8" is 128 MB. */
static const struct part {
    enum cp_row_field field;
    const char *name, *unit;
    double divisor;
} parts[] = {
    {CP_ROW_DURATION, "Duration", "ms", 1},    {CP_ROW_BILLED, "Billed Duration", "ms", 1},
    {CP_ROW_MEMORY, "Memory Size", "MB", 1e6}, {CP_ROW_MAX_MEMORY, "Max Memory Used", "MB", 1e6},
    {CP_ROW_INIT, "Init Duration", "ms", 1},
};

static void add_part(char report[REPORT_MAX], size_t *n, const struct part *part, double value)
{
    int added = snprintf(report + *n, REPORT_MAX - *n, "%s: %.10g %s\t", part->name,
                         value / part->divisor, part->unit);
    if (added > 0 && (size_t)added < REPORT_MAX - *n)
        *n += (size_t)added;
}

static bool is_report(const struct cp_log_row *row)
{
    struct cp_view type = view(row, CP_ROW_TYPE);
    return row->fields[CP_ROW_REQUEST_ID].n && row->fields[CP_ROW_DURATION].n &&
           (type.n == 0 || cp_view_is(type, "REPORT"));
}

/* Length of the text; 0 when a value is no number. */
static size_t write_report(const struct cp_log_row *row, char report[REPORT_MAX])
{
    struct cp_view id = view(row, CP_ROW_REQUEST_ID);
    size_t n = 0;
    if (id.n > 64 || memchr(id.p, '\t', id.n) || memchr(id.p, '\n', id.n))
        return 0;
    int written = snprintf(report, REPORT_MAX, "REPORT RequestId: %.*s\t", (int)id.n, id.p);
    n = written > 0 ? (size_t)written : 0;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        double value = 0;
        struct cp_view text = view(row, parts[i].field);
        if (text.n == 0)
            continue;
        if (!cp_view_to_double(text, &value))
            return 0;
        add_part(report, &n, &parts[i], value);
    }
    return n;
}

static enum cp_code emit(struct cp_log_row *row, struct cp_log_sink *sink,
                         struct cp_form_counts *counts, struct cp_error *err)
{
    char report[REPORT_MAX];
    struct cp_log_event event = {
        .group = cp_log_group_of(view(row, CP_ROW_LOG)),
        .stream = view(row, CP_ROW_STREAM),
        .at_ms = cp_log_time_of(view(row, CP_ROW_TIME)),
        .message = view(row, CP_ROW_MESSAGE),
    };
    if (row->fields[CP_ROW_MESSAGE].is_long) {
        cp_form_count(counts, CP_FORM_TOO_LONG, event.message);
        return CP_OK;
    }
    if (event.message.n == 0 && is_report(row))
        event.message = (struct cp_view){report, write_report(row, report)};
    if (event.message.n == 0) {
        cp_form_count(counts, CP_FORM_NO_MESSAGE, view(row, CP_ROW_REQUEST_ID));
        return CP_OK;
    }
    return cp_log_sink_event(sink, &event, err);
}

void cp_log_row_forget(struct cp_log_row *row)
{
    for (size_t i = 0; i < CP_ROW_OTHER; i++)
        cp_log_slot_reset(&row->fields[i]);
    row->is_any = false;
}

enum cp_code cp_log_row_emit(struct cp_log_row *row, struct cp_log_sink *sink,
                             struct cp_form_counts *counts, struct cp_error *err)
{
    if (!row->is_any)
        return CP_OK;
    enum cp_code code = emit(row, sink, counts, err);
    cp_log_row_forget(row);
    return code;
}
