/* SPDX-License-Identifier: GPL-3.0-or-later
 * `aws logs filter-log-events --output text` and `get-log-events --output text`: EVENTS, then the
 * values of an event in the order of their keys, between tabs. The message holds tabs and line
 * feeds itself; the event ends with the time.
 *
 *     EVENTS <eventId> <ingestionTime> <logStreamName> <message> <timestamp>
 *     EVENTS <ingestionTime> <message> <timestamp>
 */
#include <ctype.h>
#include <stdlib.h>

#include "probes/log/log_form_count.h"
#include "probes/log/log_form_row.h"
#include "probes/log/log_form_rows.h"
#include "probes/log/log_form_split.h"
#include "probes/log/log_form_tokens.h"
#include "probes/record/record.h"

#define OPENING "EVENTS\t"

struct cli_text {
    struct cp_log_sink *sink;
    struct cp_log_split split;
    struct cp_form_counts counts;
    struct cp_log_slot event; /* of lines, up to the time; empty: none */
};

static bool is_digits(struct cp_view v)
{
    for (size_t i = 0; i < v.n; i++) {
        if (!isdigit((unsigned char)v.p[i]))
            return false;
    }
    return v.n > 0;
}

/* The values in front of the message. */
static bool take_front(struct cp_view *line, struct cp_view *stream)
{
    struct cp_view first, ingestion;
    *stream = (struct cp_view){0};
    if (!cp_view_skip(line, OPENING) || !cp_view_split(line, '\t', &first) || !is_digits(first))
        return false;
    if (cp_log_is_epoch(first))
        return true;
    return cp_view_split(line, '\t', &ingestion) && cp_log_is_epoch(ingestion) &&
           cp_view_split(line, '\t', stream);
}

/* The time behind the message: cuts both apart. */
static bool take_time(struct cp_view *message, struct cp_view *time)
{
    struct cp_view v = *message;
    while (v.n && (v.p[v.n - 1] == '\n' || v.p[v.n - 1] == '\r'))
        v.n--;
    size_t n = v.n;
    while (n && v.p[n - 1] != '\t' && v.p[n - 1] != '\n')
        n--;
    *time = (struct cp_view){v.p + n, v.n - n};
    if (n == 0 || v.p[n - 1] != '\t' || !cp_log_is_epoch(*time))
        return false;
    *message = (struct cp_view){message->p, (size_t)(time->p - message->p) - 1};
    return true;
}

static int match(struct cp_view head)
{
    struct cp_view line;
    while (cp_view_split(&head, '\n', &line)) {
        struct cp_view stream;
        if (take_front(&line, &stream))
            return CP_SURE_OPENING;
    }
    return CP_SURE_NOT;
}

static enum cp_code emit(struct cli_text *text, struct cp_error *err)
{
    struct cp_log_event event = {.message = cp_log_slot_view(&text->event)};
    struct cp_view time;
    bool is_long = text->event.is_long;
    bool is_good = take_front(&event.message, &event.stream) && take_time(&event.message, &time);
    if (text->event.n && !is_good)
        cp_form_count(&text->counts, is_long ? CP_FORM_TOO_LONG : CP_FORM_UNFINISHED,
                      cp_log_slot_view(&text->event));
    cp_log_slot_reset(&text->event);
    if (!is_good)
        return CP_OK;
    event.at_ms = cp_log_time_of(time);
    return cp_log_sink_event(text->sink, &event, err);
}

/* Whether the event is complete with this line: its last value is the time. */
static bool ends_event(struct cp_view line)
{
    struct cp_view time;
    return take_time(&line, &time);
}

/* Lines between events: tokens and searched streams of the answer, or text of somebody else. */
static bool is_of_answer(struct cp_view line)
{
    struct cp_view v = cp_view_trim(line);
    return v.n == 0 || cp_view_has_prefix(v, "SEARCHEDLOGSTREAMS\t") ||
           cp_view_has_prefix(v, "b/") || cp_view_has_prefix(v, "f/") ||
           cp_view_has_prefix(v, "None");
}

static enum cp_code on_line(void *context, struct cp_view line, bool is_long, struct cp_error *err)
{
    struct cli_text *text = context;
    struct cp_view front = line, stream;
    enum cp_code code = CP_OK;
    if (take_front(&front, &stream)) {
        code = emit(text, err);
    } else if (text->event.n == 0) {
        if (is_of_answer(line))
            return CP_OK;
        cp_form_count(&text->counts, CP_FORM_TEXT, line);
        return cp_log_sink_lines(text->sink, CP_LINES_PLAIN, line, is_long, err);
    }
    cp_log_slot_add(&text->event, line);
    text->event.is_long |= is_long;
    return code || !ends_event(line) ? code : emit(text, err);
}

/* --- the form's interface --- */

static void free_text(struct cp_log_decoder *decoder)
{
    struct cli_text *text = (struct cli_text *)decoder;
    if (!text)
        return;
    cp_log_split_clear(&text->split);
    cp_log_slot_clear(&text->event);
    free(text);
}

static enum cp_code begin(struct cp_log_sink *sink, struct cp_log_decoder **out,
                          struct cp_error *err)
{
    struct cli_text *text = calloc(1, sizeof(*text));
    *out = (struct cp_log_decoder *)text;
    if (!text)
        return cp_fail(err, CP_ENOMEM, "no memory to read a log");
    text->sink = sink;
    enum cp_code code = cp_log_split_init(&text->split, on_line, text, err);
    if (!code)
        code = cp_log_slot_init(&text->event, CP_RECORD_LINE_MAX, err);
    if (code) {
        free_text(*out);
        *out = NULL;
    }
    return code;
}

static enum cp_code feed(struct cp_log_decoder *decoder, struct cp_view bytes, struct cp_error *err)
{
    struct cli_text *text = (struct cli_text *)decoder;
    enum cp_code code = cp_log_split_feed(&text->split, bytes, err);
    return code ? code : cp_form_counts_tell(&text->counts, text->sink, err);
}

static enum cp_code end(struct cp_log_decoder *decoder, struct cp_error *err)
{
    struct cli_text *text = (struct cli_text *)decoder;
    enum cp_code code = cp_log_split_end(&text->split, err);
    if (!code)
        code = emit(text, err);
    return code ? code : cp_form_counts_tell(&text->counts, text->sink, err);
}

const struct cp_log_form cp_log_form_cli_text = {
    .name = "aws --output text",
    .summary = "`aws logs filter-log-events` or `get-log-events` with `--output text`",
    .match = match,
    .begin = begin,
    .feed = feed,
    .end = end,
    .free = free_text,
};
