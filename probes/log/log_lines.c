/* SPDX-License-Identifier: GPL-3.0-or-later
 * The hot path: lines, one event each.
 */
#include "probes/log/log_sink_parts.h"

#include <string.h>

#include "probes/log/log_class.h"
#include "probes/log/log_digits.h"
#include "probes/log/log_feeds.h"
#include "probes/log/log_prefix.h"
#include "probes/log/log_straight.h"
#include "probes/log/log_uuid.h"

struct line {
    struct cp_log_sink *sink;
    enum cp_log_line_form form;
    const struct cp_log_where *where; /* the sink's home, or `own` */
    struct cp_log_where own;
    struct cp_log_prefix prefix;
    uint64_t n_continued; /* lines that are no event of their own */
    struct cp_error *err;
};

/* --- where --- */

/* Sets `where`; false when what looked like a time is none. */
static bool read_where(struct line *line)
{
    const struct cp_log_prefix *prefix = &line->prefix;
    int64_t at_ms = -1;
    line->where = &line->sink->home;
    if (line->form == CP_LINES_PLAIN)
        return true;
    bool is_read = line->form == CP_LINES_EPOCH
                       ? cp_view_to_int64(prefix->time, &at_ms)
                       : cp_log_clock_read(&line->sink->clock, prefix->time, &at_ms);
    line->own = cp_log_sink_where(line->sink, prefix->group, prefix->stream, at_ms);
    line->where = &line->own;
    return is_read;
}

/* --- records of the usual shape --- */

/* false: not of that shape. The code is of the digest. */
static bool take_report(struct line *line, enum cp_code *code)
{
    struct cp_digest_record record;
    bool is_used = true;
    if (!cp_log_report_text(line->prefix.message, &record))
        return false;
    *code = cp_log_sink_report(line->sink, line->where, &record, false, line->prefix.message,
                               &is_used, line->err);
    line->sink->counters[CP_COUNTER_ACCEPTED] += is_used;
    return true;
}

/* Behind "START RequestId: " or "END RequestId: ", `head` bytes long. */
static bool take_id(const char **p, const char *end, size_t head, uint8_t id[16])
{
    if ((size_t)(end - *p) < head + CP_LOG_UUID || !cp_log_uuid_read(*p + head, id))
        return false;
    *p += head + CP_LOG_UUID;
    return true;
}

/* $LATEST or a number */
static struct cp_view take_version(const char **p, const char *end)
{
    const char *start = *p;
    if (!CP_LOG_SKIP(p, end, "$LATEST")) {
        while (*p < end && (unsigned char)(**p - '0') < 10)
            (*p)++;
    }
    return (struct cp_view){start, (size_t)(*p - start)};
}

static bool read_start(struct cp_view message, uint8_t id[16], struct cp_view *version)
{
    enum { VERSION_MAX = 20 };
    const char *p = message.p;
    const char *end = p + message.n;
    if (!take_id(&p, end, sizeof("START RequestId: ") - 1, id) ||
        !CP_LOG_SKIP(&p, end, " Version: "))
        return false;
    *version = take_version(&p, end);
    return version->n && version->n <= VERSION_MAX && cp_log_is_line_end(p, end);
}

static bool read_end(struct cp_view message, uint8_t id[16])
{
    const char *p = message.p;
    const char *end = p + message.n;
    return take_id(&p, end, sizeof("END RequestId: ") - 1, id) && cp_log_is_line_end(p, end);
}

static bool take_start(struct line *line, enum cp_code *code)
{
    uint8_t id[16];
    struct cp_view version;
    if (!read_start(line->prefix.message, id, &version))
        return false;
    *code = cp_log_sink_start(line->sink, line->where, id, version, false, line->err);
    line->sink->counters[CP_COUNTER_ACCEPTED]++;
    return true;
}

static bool take_end(struct line *line, enum cp_code *code)
{
    uint8_t id[16];
    if (!read_end(line->prefix.message, id))
        return false;
    *code = cp_log_sink_end(line->sink, line->where, id, false, line->err);
    line->sink->counters[CP_COUNTER_ACCEPTED]++;
    return true;
}

static bool take_json_report(struct line *line, enum cp_code *code)
{
    struct cp_digest_record record;
    struct cp_log_where where = *line->where;
    bool is_used = true;
    if (!cp_log_report_json(line->prefix.message, &line->sink->clock, &record))
        return false;
    if (where.at_ms < 0)
        where.at_ms = record.end_at_ms;
    *code = cp_log_sink_report(line->sink, &where, &record, true, line->prefix.message, &is_used,
                               line->err);
    line->sink->counters[CP_COUNTER_ACCEPTED] += is_used;
    return true;
}

static bool take_json_start(struct line *line, enum cp_code *code)
{
    struct cp_digest_note note;
    struct cp_log_where where = *line->where;
    if (!cp_log_start_json(line->prefix.message, &line->sink->clock, &note))
        return false;
    if (where.at_ms < 0)
        where.at_ms = note.at_ms;
    *code = cp_log_sink_start(line->sink, &where, note.request_id, note.text, true, line->err);
    line->sink->counters[CP_COUNTER_ACCEPTED]++;
    return true;
}

static bool take_other(struct line *line, enum cp_code *code)
{
    struct cp_log_scope_slot *slot = NULL;
    struct cp_view runtime;
    struct cp_view arn;
    if (cp_log_is_xray(line->prefix.message)) {
        line->sink->counters[CP_COUNTER_XRAY]++;
        return true;
    }
    if (!cp_log_read_init_start(line->prefix.message, &runtime, &arn))
        return false;
    *code = cp_log_sink_scope(line->sink, line->where, &slot, line->err);
    if (!*code)
        *code = cp_digest_tally(slot->scope, "runtime", runtime, 1, line->err);
    if (!*code)
        *code = cp_digest_tally(slot->scope, "runtime arn", arn, 1, line->err);
    line->sink->counters[CP_COUNTER_ACCEPTED]++;
    return true;
}

static enum cp_code take_record(struct line *line, enum cp_log_class is)
{
    enum cp_code code = CP_OK;
    bool is_taken = false;
    switch (is) {
    case CP_CLASS_REPORT:
        is_taken = take_report(line, &code);
        break;
    case CP_CLASS_START:
        is_taken = take_start(line, &code);
        break;
    case CP_CLASS_END:
        is_taken = take_end(line, &code);
        break;
    case CP_CLASS_JSON_REPORT:
        is_taken = take_json_report(line, &code);
        break;
    case CP_CLASS_JSON_START:
        is_taken = take_json_start(line, &code);
        break;
    case CP_CLASS_OTHER:
        is_taken = take_other(line, &code);
        break;
    case CP_CLASS_APP:
    case CP_CLASS_EMPTY:
        break;
    }
    if (is_taken)
        return code;
    return cp_log_sink_message(line->sink, line->where, line->prefix.message, line->err);
}

/* --- events --- */

/* A message over several lines is told by its first one where that is surely the function's own:
 * a record brings nothing but X-Ray's line with it. JSON may go on over lines. */
static enum cp_log_class class_of_event(struct cp_view message)
{
    const char *lf = message.n ? memchr(message.p, '\n', message.n) : NULL;
    if (!lf || lf + 1 == message.p + message.n)
        return cp_log_class_of(message);
    enum cp_log_class is =
        cp_log_class_of((struct cp_view){message.p, (size_t)(lf - message.p) + 1});
    bool is_json = message.p[0] == '{' || message.p[0] == '[';
    return is == CP_CLASS_APP && !is_json ? CP_CLASS_APP : CP_CLASS_OTHER;
}

enum cp_code cp_log_sink_event(struct cp_log_sink *sink, const struct cp_log_event *event,
                               struct cp_error *err)
{
    struct line line = {.sink = sink, .prefix = {.message = event->message}, .err = err};
    enum cp_log_class is = class_of_event(event->message);
    enum cp_code code = CP_OK;
    sink->counters[CP_COUNTER_EVENTS]++;
    if (is == CP_CLASS_APP) {
        sink->counters[CP_COUNTER_APP]++;
    } else if (is == CP_CLASS_EMPTY) {
        sink->counters[CP_COUNTER_EMPTY]++;
    } else {
        line.own = cp_log_sink_where(sink, event->group, event->stream, event->at_ms);
        line.where = &line.own;
        code = take_record(&line, is);
    }
    return code || event->has_next ? code : cp_log_sink_flush(sink, err);
}

/* --- lines without the form's prefix --- */

static enum cp_record_kind kind_of_continuation(struct cp_view text)
{
    struct cp_record record;
    enum cp_log_class is = cp_log_class_of(text);
    if (is == CP_CLASS_APP || is == CP_CLASS_EMPTY)
        return CP_RECORD_APP;
    if (cp_log_is_xray(text))
        return CP_RECORD_XRAY;
    (void)cp_record_parse_message(text, &record);
    return record.kind;
}

/* The rest of an event over several lines, which the platform writes for X-Ray only. */
static enum cp_code take_continuation(struct line *line, struct cp_view text)
{
    switch (kind_of_continuation(text)) {
    case CP_RECORD_REPORT:
        return cp_log_sink_fault(line->sink, "forged", CP_VIEW_LIT(""), text, line->err);
    case CP_RECORD_XRAY:
        line->sink->counters[CP_COUNTER_XRAY]++;
        return CP_OK;
    default:
        line->sink->counters[CP_COUNTER_CONTINUED]++;
        return CP_OK;
    }
}

/* Of a message that is not plainly the function's. */
static enum cp_code take_message(struct line *line, struct cp_view text)
{
    uint64_t *counters = line->sink->counters;
    enum cp_log_class is = cp_log_class_of(line->prefix.message);
    if (is == CP_CLASS_APP) {
        counters[CP_COUNTER_APP]++;
        return CP_OK;
    }
    if (is == CP_CLASS_EMPTY) {
        counters[CP_COUNTER_EMPTY]++;
        return CP_OK;
    }
    if (!read_where(line)) { /* it only looked like one */
        line->n_continued++;
        return take_continuation(line, text);
    }
    return take_record(line, is);
}

/* --- all lines --- */

/* A line that comes in pieces is judged by its first one. */
static enum cp_code take_cut(struct line *line, struct cp_view piece)
{
    struct cp_log_sink *sink = line->sink;
    struct cp_record record;
    sink->counters[CP_COUNTER_LINES]++;
    if (!cp_log_prefix_take(line->form, piece, &line->prefix)) {
        sink->counters[CP_COUNTER_CONTINUED]++;
        return CP_OK;
    }
    sink->counters[CP_COUNTER_EVENTS]++;
    (void)cp_record_parse_message(line->prefix.message, &record);
    if (record.kind <= CP_RECORD_APP) {
        sink->counters[CP_COUNTER_APP]++;
        return CP_OK;
    }
    struct cp_view head = line->prefix.message;
    if (head.n > CP_LOG_EXAMPLE_MAX)
        head.n = CP_LOG_EXAMPLE_MAX;
    return cp_log_sink_fault(sink, "rejected TOO_LONG", CP_VIEW_LIT(""), head, line->err);
}

static enum cp_code take_piece(struct line *line, struct cp_view piece)
{
    struct cp_log_sink *sink = line->sink;
    enum cp_code code = sink->is_in_cut ? CP_OK : take_cut(line, piece);
    sink->is_in_cut = piece.p[piece.n - 1] != '\n';
    return code;
}

static inline struct cp_view next_line(struct cp_view *rest)
{
    const char *lf = memchr(rest->p, '\n', rest->n);
    size_t n = lf ? (size_t)(lf - rest->p) + 1 : rest->n;
    struct cp_view line = {rest->p, n};
    *rest = (struct cp_view){rest->p + n, rest->n - n};
    return line;
}

/* One copy for each form. */
__attribute__((always_inline)) static inline enum cp_code
take_lines(struct line *line, enum cp_log_line_form form, struct cp_view rest, bool is_wide)
{
    uint64_t *counters = line->sink->counters;
    enum cp_code code = CP_OK;
    uint64_t n_lines = 0;
    uint64_t n_app = 0;
    line->n_continued = 0;
    struct cp_log_feeds feeds = cp_log_feeds_of(rest);
    for (; !code && feeds.line < feeds.end; n_lines++) {
        struct cp_view text = cp_log_feeds_next(&feeds, is_wide);
        if (!cp_log_prefix_take(form, text, &line->prefix)) {
            line->n_continued++;
            code = take_continuation(line, text);
        } else if (line->prefix.message.n && cp_log_is_plainly_app(line->prefix.message)) {
            n_app++;
        } else {
            code = take_message(line, text);
        }
    }
    counters[CP_COUNTER_LINES] += n_lines;
    counters[CP_COUNTER_EVENTS] += n_lines - line->n_continued;
    counters[CP_COUNTER_APP] += n_app;
    return code;
}

__attribute__((always_inline)) static inline enum cp_code
take_lines_of_form(struct line *line, struct cp_view rest, bool is_wide)
{
    switch (line->form) {
    case CP_LINES_PLAIN:
        return take_lines(line, CP_LINES_PLAIN, rest, is_wide);
    case CP_LINES_DETAILED:
        return take_lines(line, CP_LINES_DETAILED, rest, is_wide);
    case CP_LINES_SHORT:
        return take_lines(line, CP_LINES_SHORT, rest, is_wide);
    case CP_LINES_SAM:
    case CP_LINES_AWSLOGS:
    case CP_LINES_EPOCH:
    case CP_LINES_FORM_COUNT:
        break;
    }
    return take_lines(line, line->form, rest, is_wide);
}

static enum cp_code take_narrow(struct line *line, struct cp_view rest)
{
    return take_lines_of_form(line, rest, false);
}

#if CP_LOG_FEEDS_WIDE
__attribute__((target("avx2"))) static enum cp_code take_wide(struct line *line,
                                                              struct cp_view rest)
{
    return take_lines_of_form(line, rest, true);
}

static enum cp_code take_any(struct line *line, struct cp_view rest)
{
    return __builtin_cpu_supports("avx2") ? take_wide(line, rest) : take_narrow(line, rest);
}
#else
static enum cp_code take_any(struct line *line, struct cp_view rest)
{
    return take_narrow(line, rest);
}
#endif

enum cp_code cp_log_sink_lines(struct cp_log_sink *sink, enum cp_log_line_form form,
                               struct cp_view bytes, bool is_cut, struct cp_error *err)
{
    struct line line = {.sink = sink, .form = form, .err = err};
    struct cp_view rest = bytes;
    enum cp_code code = CP_OK;
    sink->counters[CP_COUNTER_BYTES] += bytes.n;
    if (sink->is_at_start)
        (void)cp_view_skip(&rest, "\xef\xbb\xbf");
    sink->is_at_start = sink->is_at_start && bytes.n == 0;
    sink->is_in_cut = sink->is_in_cut && is_cut;
    if (rest.n && is_cut)
        code = take_piece(&line, next_line(&rest));
    if (!code)
        code = take_any(&line, rest);
    return code ? code : cp_log_sink_flush(sink, err);
}

/* --- the lines before a segment --- */

/* Of a record of the usual shape: what it says of its request. */
static bool read_straight(const struct line *line, enum cp_log_class is,
                          struct cp_log_sighting *sighting)
{
    struct cp_view message = line->prefix.message;
    struct cp_log_clock *clock = &line->sink->clock;
    struct cp_digest_record report;
    struct cp_digest_note note;
    struct cp_view version;
    bool is_read = false;
    sighting->is_json = message.p[0] == '{';
    switch (is) {
    case CP_CLASS_START:
        sighting->kind = CP_RECORD_START;
        return read_start(message, sighting->id, &version);
    case CP_CLASS_END:
        sighting->kind = CP_RECORD_END;
        return read_end(message, sighting->id);
    case CP_CLASS_REPORT:
    case CP_CLASS_JSON_REPORT:
        sighting->kind = CP_RECORD_REPORT;
        is_read = is == CP_CLASS_REPORT ? cp_log_report_text(message, &report)
                                        : cp_log_report_json(message, clock, &report);
        memcpy(sighting->id, report.request_id, is_read ? sizeof(sighting->id) : 0);
        return is_read;
    case CP_CLASS_JSON_START:
        sighting->kind = CP_RECORD_START;
        is_read = cp_log_start_json(message, clock, &note);
        memcpy(sighting->id, note.request_id, is_read ? sizeof(sighting->id) : 0);
        return is_read;
    case CP_CLASS_APP:
    case CP_CLASS_EMPTY:
    case CP_CLASS_OTHER:
        break;
    }
    return false;
}

/* Platform lines that are about no request. */
static bool is_no_sighting(struct cp_view message)
{
    struct cp_view runtime;
    struct cp_view arn;
    return cp_log_is_xray(message) || cp_log_read_init_start(message, &runtime, &arn);
}

static void follow(struct line *line, struct cp_view text)
{
    struct cp_record record;
    struct cp_log_sighting sighting;
    if (!cp_log_prefix_take(line->form, text, &line->prefix))
        return;
    struct cp_view message = line->prefix.message;
    enum cp_log_class is = cp_log_class_of(message);
    if (is == CP_CLASS_APP || is == CP_CLASS_EMPTY || !read_where(line))
        return;
    if (is == CP_CLASS_OTHER && is_no_sighting(message))
        return;
    if (!read_straight(line, is, &sighting)) {
        (void)cp_record_parse_message(message, &record);
        if (record.verdict > CP_RECORD_WARNED)
            return;
        sighting.kind = record.kind;
        cp_log_request_id(record.request_id, sighting.id);
    }
    cp_log_sink_follow(line->sink, line->where, &sighting);
}

void cp_log_sink_warm_up(struct cp_log_sink *sink, enum cp_log_line_form form, struct cp_view bytes)
{
    struct line line = {.sink = sink, .form = form};
    struct cp_log_feeds feeds = cp_log_feeds_of(bytes);
    while (feeds.line < feeds.end)
        follow(&line, cp_log_feeds_next(&feeds, false));
    sink->is_at_start = false;
}
