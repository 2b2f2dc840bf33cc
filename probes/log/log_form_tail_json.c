/* SPDX-License-Identifier: GPL-3.0-or-later
 * `aws logs tail --format json`: time and stream, then the message on the same line when it is
 * text, or pretty-printed on the lines after when it is JSON. Lines without time and stream belong
 * to the message before them.
 */
#include <stdlib.h>

#include "probes/log/log_form_count.h"
#include "probes/log/log_form_row.h"
#include "probes/log/log_form_rows.h"
#include "probes/log/log_form_split.h"
#include "probes/log/log_form_tokens.h"
#include "probes/record/record.h"

enum { STREAM_MAX = 512 };

struct tail {
    struct cp_log_sink *sink;
    struct cp_log_split split;
    struct cp_form_counts counts;
    bool has_event; /* one is being collected */
    int64_t at_ms;
    struct cp_log_slot stream, message;
};

struct opening {
    struct cp_view time, stream, message;
};

/* The message keeps its line feed; it may be empty. */
static bool take_opening(struct cp_view line, struct opening *out)
{
    struct cp_view v = line;
    while (v.n && (v.p[v.n - 1] == '\n' || v.p[v.n - 1] == '\r'))
        v.n--;
    if (!cp_view_split(&v, ' ', &out->time) || !cp_log_is_time(out->time) ||
        !cp_view_split(&v, ' ', &out->stream) || !cp_log_is_stream(out->stream))
        return false;
    out->message = (struct cp_view){v.p, (size_t)(line.p + line.n - v.p)};
    return true;
}

/* A time and a stream with nothing behind them, and the next line opens an object or a list. */
static int match(struct cp_view head)
{
    struct cp_view line;
    bool is_open = false;
    while (cp_view_split(&head, '\n', &line)) {
        struct opening opening;
        if (is_open && line.n && (line.p[0] == '{' || line.p[0] == '['))
            return CP_SURE_OPENING;
        is_open = take_opening(line, &opening) && cp_view_trim(opening.message).n == 0;
    }
    return CP_SURE_NOT;
}

static enum cp_code emit(struct tail *tail, struct cp_error *err)
{
    if (!tail->has_event)
        return CP_OK;
    tail->has_event = false;
    if (tail->message.is_long) {
        cp_form_count(&tail->counts, CP_FORM_TOO_LONG, cp_log_slot_view(&tail->message));
        return CP_OK;
    }
    struct cp_log_event event = {
        .stream = cp_log_slot_view(&tail->stream),
        .at_ms = tail->at_ms,
        .message = cp_log_slot_view(&tail->message),
    };
    return cp_log_sink_event(tail->sink, &event, err);
}

static void open_event(struct tail *tail, const struct opening *opening)
{
    tail->has_event = true;
    tail->at_ms = cp_log_time_of(opening->time);
    cp_log_slot_reset(&tail->stream);
    cp_log_slot_add(&tail->stream, opening->stream);
    cp_log_slot_reset(&tail->message);
    if (cp_view_trim(opening->message).n)
        cp_log_slot_add(&tail->message, opening->message);
}

static enum cp_code on_line(void *context, struct cp_view line, bool is_long, struct cp_error *err)
{
    struct tail *tail = context;
    struct opening opening;
    enum cp_code code = CP_OK;
    if (take_opening(line, &opening)) {
        code = emit(tail, err);
        open_event(tail, &opening);
    } else if (tail->has_event) {
        cp_log_slot_add(&tail->message, line);
    } else {
        cp_form_count(&tail->counts, CP_FORM_TEXT, line);
        return cp_log_sink_lines(tail->sink, CP_LINES_PLAIN, line, is_long, err);
    }
    tail->message.is_long |= is_long;
    return code;
}

/* --- the form's interface --- */

static void free_tail(struct cp_log_decoder *decoder)
{
    struct tail *tail = (struct tail *)decoder;
    if (!tail)
        return;
    cp_log_split_clear(&tail->split);
    cp_log_slot_clear(&tail->stream);
    cp_log_slot_clear(&tail->message);
    free(tail);
}

static enum cp_code begin(struct cp_log_sink *sink, struct cp_log_decoder **out,
                          struct cp_error *err)
{
    struct tail *tail = calloc(1, sizeof(*tail));
    *out = (struct cp_log_decoder *)tail;
    if (!tail)
        return cp_fail(err, CP_ENOMEM, "no memory to read a log");
    tail->sink = sink;
    enum cp_code code = cp_log_split_init(&tail->split, on_line, tail, err);
    if (!code)
        code = cp_log_slot_init(&tail->stream, STREAM_MAX, err);
    if (!code)
        code = cp_log_slot_init(&tail->message, CP_RECORD_LINE_MAX, err);
    if (code) {
        free_tail(*out);
        *out = NULL;
    }
    return code;
}

static enum cp_code feed(struct cp_log_decoder *decoder, struct cp_view bytes, struct cp_error *err)
{
    struct tail *tail = (struct tail *)decoder;
    enum cp_code code = cp_log_split_feed(&tail->split, bytes, err);
    return code ? code : cp_form_counts_tell(&tail->counts, tail->sink, err);
}

static enum cp_code end(struct cp_log_decoder *decoder, struct cp_error *err)
{
    struct tail *tail = (struct tail *)decoder;
    enum cp_code code = cp_log_split_end(&tail->split, err);
    if (!code)
        code = emit(tail, err);
    return code ? code : cp_form_counts_tell(&tail->counts, tail->sink, err);
}

const struct cp_log_form cp_log_form_tail_json = {
    .name = "aws logs tail --format json",
    .summary =
        "`aws logs tail --format json`: time and stream, then the message over several lines",
    .match = match,
    .begin = begin,
    .feed = feed,
    .end = end,
    .free = free_tail,
};
