/* SPDX-License-Identifier: GPL-3.0-or-later
 * A parsed record into the digest: one row for each kind.
 */
#include "probes/log/log_sink_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- requests --- */

static struct cp_log_request request_of(const struct cp_log_where *where, const uint8_t id[16],
                                        bool is_json)
{
    struct cp_log_request request = {.stream = where->stream_hash, .is_json = is_json};
    memcpy(request.id, id, sizeof(request.id));
    return request;
}

enum cp_code cp_log_sink_start(struct cp_log_sink *sink, const struct cp_log_where *where,
                               const uint8_t id[16], struct cp_view version, bool is_json,
                               struct cp_error *err)
{
    struct cp_log_request request = request_of(where, id, is_json);
    struct cp_digest_note note = {
        .kind = CP_NOTE_START, .at_ms = where->at_ms, .value_us = -1, .text = version};
    struct cp_log_scope_slot *slot = NULL;
    cp_log_requests_start(sink->requests, &request);
    memcpy(note.request_id, id, sizeof(note.request_id));
    enum cp_code code = cp_log_sink_scope(sink, where, &slot, err);
    return code ? code : cp_digest_note(sink->digest, slot->scope, &note, err);
}

enum cp_code cp_log_sink_end(struct cp_log_sink *sink, const struct cp_log_where *where,
                             const uint8_t id[16], bool is_json, struct cp_error *err)
{
    struct cp_log_request request = request_of(where, id, is_json);
    struct cp_log_scope_slot *slot = NULL;
    cp_log_requests_end(sink->requests, &request);
    enum cp_code code = cp_log_sink_scope(sink, where, &slot, err);
    if (!code && !is_json) /* of JSON logs, most of which have no such event, the REPORT */
        slot->n_end++;
    return code;
}

enum cp_code cp_log_sink_report(struct cp_log_sink *sink, const struct cp_log_where *where,
                                struct cp_digest_record *record, bool is_json, struct cp_view line,
                                bool *is_used, struct cp_error *err)
{
    struct cp_log_request request = request_of(where, record->request_id, is_json);
    struct cp_log_scope_slot *slot = NULL;
    *is_used = cp_log_requests_report(sink->requests, &request);
    if (!*is_used)
        return cp_log_sink_fault(sink, "forged", CP_VIEW_LIT(""), line, err);
    enum cp_code code = cp_log_sink_scope(sink, where, &slot, err);
    if (code)
        return code;
    slot->n_end += is_json;
    record->end_at_ms = where->at_ms;
    record->stream = where->stream;
    code = cp_digest_add(sink->digest, slot->scope, record, err);
    if (code != CP_EINVAL)
        return code;
    *is_used = false; /* the parser's limits are wider than the digest's */
    return cp_log_sink_fault(sink, "rejected OUT_OF_RANGE", CP_VIEW_LIT(""), line, err);
}

void cp_log_sink_follow(struct cp_log_sink *sink, const struct cp_log_where *where,
                        const struct cp_log_sighting *sighting)
{
    struct cp_log_request request = request_of(where, sighting->id, sighting->is_json);
    if (sighting->kind == CP_RECORD_REPORT)
        (void)cp_log_requests_report(sink->requests, &request);
    else if (sighting->kind == CP_RECORD_START)
        cp_log_requests_start(sink->requests, &request);
    else if (sighting->kind == CP_RECORD_END || sighting->kind == CP_RECORD_RUNTIME_DONE)
        cp_log_requests_end(sink->requests, &request);
}

/* --- kinds --- */

struct taken {
    struct cp_log_sink *sink;
    struct cp_log_where where; /* its time filled from the record where nobody else says it */
    const struct cp_record *record;
    struct cp_view message;
    struct cp_digest_scope *scope;
    bool is_json, is_used;
    struct cp_error *err;
};

static enum cp_code take_report(struct taken *t)
{
    struct cp_digest_record record;
    cp_log_report_of(t->record, &record);
    return cp_log_sink_report(t->sink, &t->where, &record, t->is_json, t->message, &t->is_used,
                              t->err);
}

static enum cp_code take_start(struct taken *t)
{
    uint8_t id[16];
    cp_log_request_id(t->record->request_id, id);
    return cp_log_sink_start(t->sink, &t->where, id, t->record->version, t->is_json, t->err);
}

static enum cp_code take_end(struct taken *t)
{
    uint8_t id[16];
    cp_log_request_id(t->record->request_id, id);
    return cp_log_sink_end(t->sink, &t->where, id, t->is_json, t->err);
}

static enum cp_code tally(struct taken *t, const char *what, struct cp_view text)
{
    return text.n ? cp_digest_tally(t->scope, what, text, 1, t->err) : CP_OK;
}

static enum cp_code take_init_start(struct taken *t)
{
    enum cp_code code = tally(t, "runtime", t->record->runtime_version);
    if (!code)
        code = tally(t, "runtime arn", t->record->runtime_version_arn);
    return code ? code : tally(t, "init type", t->record->init_type);
}

/* "init", "invoke error": phase and status as far as they are said, "success" for neither. */
static enum cp_code tally_phase(struct taken *t, const char *what)
{
    char text[CP_TALLY_TEXT_MAX];
    struct cp_view phase = t->record->phase;
    struct cp_view status = t->record->status;
    (void)snprintf(text, sizeof(text), "%.*s%s%.*s", (int)phase.n, phase.n ? phase.p : "",
                   phase.n && status.n ? " " : "", (int)status.n, status.n ? status.p : "");
    return tally(t, what, cp_view_of(text[0] ? text : "success"));
}

static enum cp_code take_init_report(struct taken *t)
{
    enum cp_code code = tally_phase(t, "init report");
    return code ? code : tally(t, "init error type", t->record->error_type);
}

static enum cp_code take_restore_report(struct taken *t)
{
    enum cp_code code = tally_phase(t, "restore report");
    return code ? code : tally(t, "restore error type", t->record->error_type);
}

static enum cp_code note(struct taken *t, enum cp_digest_note_kind kind, int64_t value_us,
                         struct cp_view text)
{
    struct cp_digest_note n = {
        .kind = kind, .at_ms = t->where.at_ms, .value_us = value_us, .text = text};
    cp_log_request_id(t->record->request_id, n.request_id);
    return cp_digest_note(t->sink->digest, t->scope, &n, t->err);
}

static enum cp_code take_timeout(struct taken *t)
{
    static const double LONGEST_S = 1e6; /* the service's limit is 900 */
    double s = t->record->timeout_s;
    int64_t us = s <= LONGEST_S ? (int64_t)llround(s * 1e6) : -1;
    return note(t, CP_NOTE_TIMEOUT, us, (struct cp_view){0});
}

static enum cp_code take_exit(struct taken *t)
{
    return note(t, CP_NOTE_EXIT, -1, t->record->exit_reason);
}

static enum cp_code take_error_type(struct taken *t)
{
    return tally(t, "error type text", t->record->error_type);
}

static enum cp_code take_dropped(struct taken *t)
{
    static const double MOST = 1e15;
    double n = t->record->dropped_records;
    uint64_t count = n >= 0 && n < MOST ? (uint64_t)n : 0;
    return cp_log_sink_count(t->sink, "dropped records", count, cp_view_trim(t->message), t->err);
}

static const struct {
    enum cp_code (*take)(struct taken *t);
    bool needs_scope;
} takers[] = {
    [CP_RECORD_REPORT] = {take_report, false},
    [CP_RECORD_START] = {take_start, false},
    [CP_RECORD_END] = {take_end, false},
    [CP_RECORD_RUNTIME_DONE] = {take_end, false},
    [CP_RECORD_INIT_START] = {take_init_start, true},
    [CP_RECORD_RESTORE_START] = {take_init_start, true},
    [CP_RECORD_INIT_REPORT] = {take_init_report, true},
    [CP_RECORD_RESTORE_REPORT] = {take_restore_report, true},
    [CP_RECORD_TIMEOUT_TEXT] = {take_timeout, true},
    [CP_RECORD_EXIT_TEXT] = {take_exit, true},
    [CP_RECORD_ERROR_TYPE_TEXT] = {take_error_type, true},
    [CP_RECORD_LOGS_DROPPED] = {take_dropped, false},
    [CP_RECORD_UNKNOWN_PLATFORM] = {NULL, false},
};

static enum cp_code take(struct taken *t)
{
    enum cp_record_kind kind = t->record->kind;
    if (kind >= sizeof(takers) / sizeof(takers[0]) || !takers[kind].take)
        return CP_OK;
    if (takers[kind].needs_scope) {
        struct cp_log_scope_slot *slot = NULL;
        enum cp_code code = cp_log_sink_scope(t->sink, &t->where, &slot, t->err);
        if (code)
            return code;
        t->scope = slot->scope;
    }
    return takers[kind].take(t);
}

/* --- verdicts --- */

static enum cp_code skip(struct taken *t)
{
    enum cp_record_kind kind = t->record->kind;
    if (kind == CP_RECORD_APP)
        t->sink->counters[CP_COUNTER_APP]++;
    else if (kind == CP_RECORD_NONE)
        t->sink->counters[CP_COUNTER_EMPTY]++;
    else
        return cp_log_sink_fault(t->sink, "skipped unknown platform event", t->record->field,
                                 t->message, t->err);
    return CP_OK;
}

static enum cp_code count_verdict(struct taken *t, const char *verdict)
{
    char what[64];
    (void)snprintf(what, sizeof(what), "%s %s", verdict, cp_record_reason_name(t->record->reason));
    return cp_log_sink_fault(t->sink, what, t->record->field, t->message, t->err);
}

static enum cp_code judge(struct taken *t)
{
    const struct cp_record *r = t->record;
    if (r->kind == CP_RECORD_XRAY && r->verdict <= CP_RECORD_WARNED) {
        /* the second line of a REPORT's event, where an event has no end but the line's */
        t->sink->counters[CP_COUNTER_XRAY]++;
        return CP_OK;
    }
    if (r->verdict == CP_RECORD_SKIPPED)
        return skip(t);
    if (r->verdict == CP_RECORD_REJECTED)
        return count_verdict(t, "rejected");
    enum cp_code code = take(t);
    if (code || !t->is_used)
        return code;
    if (r->verdict == CP_RECORD_WARNED)
        return count_verdict(t, "warned");
    t->sink->counters[CP_COUNTER_ACCEPTED]++;
    return CP_OK;
}

enum cp_code cp_log_sink_message(struct cp_log_sink *sink, const struct cp_log_where *where,
                                 struct cp_view message, struct cp_error *err)
{
    struct cp_record record;
    struct taken t = {.sink = sink,
                      .where = *where,
                      .record = &record,
                      .message = message,
                      .is_json = message.n && message.p[0] == '{',
                      .is_used = true,
                      .err = err};
    (void)cp_record_parse_message(message, &record);
    t.where.at_ms = where->at_ms >= 0 ? where->at_ms : record.at_ms;
    return judge(&t);
}
