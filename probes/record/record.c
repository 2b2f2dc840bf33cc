/* SPDX-License-Identifier: GPL-3.0-or-later
 * Names, and the transport forms in front of a message.
 */
#include "probes/record/record_parse.h"

#include <ctype.h>
#include <string.h>

#include "model/base/buf.h"
#include "model/base/datetime.h"

static const char *const kind_names[] = {
    [CP_RECORD_NONE] = "none",
    [CP_RECORD_APP] = "app",
    [CP_RECORD_REPORT] = "report",
    [CP_RECORD_INIT_REPORT] = "init_report",
    [CP_RECORD_RESTORE_REPORT] = "restore_report",
    [CP_RECORD_START] = "start",
    [CP_RECORD_END] = "end",
    [CP_RECORD_INIT_START] = "init_start",
    [CP_RECORD_RESTORE_START] = "restore_start",
    [CP_RECORD_INIT_RUNTIME_DONE] = "init_runtime_done",
    [CP_RECORD_RESTORE_RUNTIME_DONE] = "restore_runtime_done",
    [CP_RECORD_RUNTIME_DONE] = "runtime_done",
    [CP_RECORD_EXTENSION] = "extension",
    [CP_RECORD_TELEMETRY] = "telemetry",
    [CP_RECORD_XRAY] = "xray",
    [CP_RECORD_TIMEOUT_TEXT] = "timeout_text",
    [CP_RECORD_EXIT_TEXT] = "exit_text",
    [CP_RECORD_ERROR_TYPE_TEXT] = "error_type_text",
    [CP_RECORD_LOGS_DROPPED] = "logs_dropped",
    [CP_RECORD_UNKNOWN_PLATFORM] = "unknown_platform",
};

static const struct {
    const char *name, *text;
} reasons[] = {
#define REASON_ROW(name, text) {#name, text},
    CP_RECORD_REASON_LIST(REASON_ROW)
#undef REASON_ROW
};

const char *cp_record_kind_name(enum cp_record_kind kind)
{
    return (size_t)kind < sizeof(kind_names) / sizeof(kind_names[0]) ? kind_names[kind] : "?";
}

const char *cp_record_reason_text(enum cp_record_reason reason)
{
    return (size_t)reason < CP_REASON_COUNT ? reasons[reason].text : "?";
}

const char *cp_record_reason_name(enum cp_record_reason reason)
{
    return (size_t)reason < CP_REASON_COUNT ? reasons[reason].name : "?";
}

/* --- shared scanners --- */

size_t cp_record_line_length(struct cp_view bytes)
{
    const char *lf = bytes.n ? memchr(bytes.p, '\n', bytes.n) : NULL;
    return lf ? (size_t)(lf - bytes.p) + 1 : bytes.n;
}

const char *cp_record_find(struct cp_view in, struct cp_view what)
{
    return in.n ? memmem(in.p, in.n, what.p, what.n) : NULL;
}

static bool is_hex(struct cp_view v)
{
    for (size_t i = 0; i < v.n; i++) {
        if (!isxdigit((unsigned char)v.p[i]))
            return false;
    }
    return v.n > 0;
}

bool cp_record_is_uuid(struct cp_view v)
{
    static const size_t group_lengths[] = {8, 4, 4, 4, 12};
    struct cp_view group;
    for (size_t i = 0; i < 5; i++) {
        if (!cp_view_split(&v, '-', &group) || group.n != group_lengths[i] || !is_hex(group))
            return false;
    }
    return v.n == 0;
}

/* --- transport forms --- */

enum { EPOCH_DIGITS = 13, STREAM_ID_DIGITS = 32 };

/* 1791468191482 */
static bool is_epoch(struct cp_view v, int64_t *at_ms)
{
    return v.n == EPOCH_DIGITS && v.p[0] != '-' && cp_view_to_int64(v, at_ms);
}

static bool is_time(struct cp_view v, int64_t *at_ms)
{
    return v.n && isdigit((unsigned char)v.p[0]) && cp_datetime_parse(v, at_ms);
}

/* 2026/10/08/[$LATEST]56af4bde70a47ae7d0f1ebb30e45ed33, or with the function's name before [ */
static bool is_stream(struct cp_view v)
{
    if (v.n <= STREAM_ID_DIGITS || !isdigit((unsigned char)v.p[0]))
        return false;
    struct cp_view id = {v.p + v.n - STREAM_ID_DIGITS, STREAM_ID_DIGITS};
    return is_hex(id) && id.p[-1] == ']' && memchr(v.p, '/', v.n) && memchr(v.p, '[', v.n);
}

enum token { TOKEN_NONE, TOKEN_TIME, TOKEN_STREAM, TOKEN_GROUP };
enum { TOKENS_MAX = 3 };

/* Longest first: a time alone also starts the detailed form. */
static const struct prefix {
    enum cp_record_transport transport;
    enum token tokens[TOKENS_MAX];
} prefixes[] = {
    {CP_TRANSPORT_AWSLOGS, {TOKEN_GROUP, TOKEN_STREAM, TOKEN_TIME}},
    {CP_TRANSPORT_DETAILED, {TOKEN_TIME, TOKEN_STREAM, TOKEN_NONE}},
    {CP_TRANSPORT_SAM, {TOKEN_STREAM, TOKEN_TIME, TOKEN_NONE}},
    {CP_TRANSPORT_SHORT, {TOKEN_TIME, TOKEN_NONE, TOKEN_NONE}},
};

struct context {
    enum cp_record_transport transport;
    int64_t at_ms;
    struct cp_view group, stream;
};

static bool take_token(struct cp_view *v, enum token token, struct context *context)
{
    struct cp_view word;
    if (!cp_view_split(v, ' ', &word) || word.n == 0)
        return false;
    switch (token) {
    case TOKEN_NONE:
        break;
    case TOKEN_TIME:
        return is_time(word, &context->at_ms);
    case TOKEN_STREAM:
        context->stream = word;
        return is_stream(word);
    case TOKEN_GROUP:
        context->group = word;
        return true;
    }
    return false;
}

static bool take_prefix(struct cp_view *v, const struct prefix *prefix, struct context *context)
{
    struct cp_view rest = *v;
    struct context found = {.transport = prefix->transport, .at_ms = -1};
    for (size_t i = 0; i < TOKENS_MAX && prefix->tokens[i]; i++) {
        if (!take_token(&rest, prefix->tokens[i], &found))
            return false;
    }
    *v = rest;
    *context = found;
    return true;
}

/* Advances `v`, which begins a line, past the transport form; plain when there is none. */
static void take_transport(struct cp_view *v, struct context *context)
{
    struct cp_view line = {v->p, cp_record_line_length(*v)};
    struct cp_view rest = line;
    struct cp_view word;
    int64_t at_ms = -1;
    if (cp_view_split(&rest, '\t', &word) && is_epoch(word, &at_ms)) {
        *context = (struct context){.transport = CP_TRANSPORT_EPOCH, .at_ms = at_ms};
        *v = (struct cp_view){rest.p, v->n - (size_t)(rest.p - v->p)};
        return;
    }
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        rest = line;
        if (take_prefix(&rest, &prefixes[i], context)) {
            *v = (struct cp_view){rest.p, v->n - (size_t)(rest.p - v->p)};
            return;
        }
    }
}

size_t cp_record_parse_bare(struct cp_view bytes, bool has_end, bool may_wrap,
                            struct cp_record *out)
{
    if (bytes.n && (bytes.p[0] == '{' || bytes.p[0] == '['))
        return cp_record_parse_json(bytes, may_wrap, out);
    return cp_record_parse_text(bytes, has_end, out);
}

static void set_context(struct cp_record *out, const struct context *context)
{
    if (context->transport == CP_TRANSPORT_PLAIN)
        return;
    out->transport = context->transport;
    out->group = context->group;
    out->stream = context->stream;
    if (out->at_ms < 0)
        out->at_ms = context->at_ms;
}

/* --- CSV: `1791468191482,"REPORT ...<LF>"` or `"2026-10-08 14:03:11.482","..."` --- */

static bool take_csv_time(struct cp_view *v, int64_t *at_ms)
{
    struct cp_view cell;
    struct cp_view rest = *v;
    bool is_quoted = cp_view_skip(&rest, "\"");
    if (!cp_view_split(&rest, is_quoted ? '"' : ',', &cell) || cell.n > CP_DATETIME_TEXT_MAX ||
        (!is_epoch(cell, at_ms) && !is_time(cell, at_ms)))
        return false;
    if ((is_quoted && !cp_view_skip(&rest, ",")) || !cp_view_skip(&rest, "\""))
        return false;
    *v = rest;
    return true;
}

/* Length of the quoted cell that starts `v`, up to its closing quote (doubled quotes are text);
 * false when it is not closed within the limit. */
static bool cell_length(struct cp_view v, size_t *n, bool *has_doubled)
{
    *has_doubled = false;
    for (size_t i = 0; i < v.n && i < CP_RECORD_LINE_MAX; i++) {
        if (v.p[i] != '"')
            continue;
        if (i + 1 == v.n || v.p[i + 1] != '"') {
            *n = i;
            return true;
        }
        *has_doubled = true;
        i++;
    }
    return false;
}

static void parse_doubled_cell(struct cp_view cell, struct cp_record *out)
{
    struct cp_buf text;
    cp_buf_init(&text, CP_RECORD_LINE_MAX);
    for (size_t i = 0; i < cell.n; i++) {
        (void)cp_buf_addc(&text, cell.p[i]);
        if (cell.p[i] == '"')
            i++;
    }
    if (cp_buf_check(&text, "cell", NULL) == CP_OK)
        (void)cp_record_parse_bare(cp_buf_view(&text), true, false, out);
    else
        cp_record_judge(out, CP_RECORD_REJECTED, CP_REASON_TOO_LONG, (struct cp_view){0});
    cp_record_keep(out);
    cp_buf_clear(&text);
}

/* Bytes consumed; 0 when it is not a CSV row. */
static size_t parse_csv(struct cp_view bytes, struct cp_record *out)
{
    struct cp_view v = bytes;
    struct context context = {.transport = CP_TRANSPORT_CSV, .at_ms = -1};
    size_t n = 0;
    bool has_doubled = false;
    if (!take_csv_time(&v, &context.at_ms) || !cell_length(v, &n, &has_doubled))
        return 0;
    struct cp_view cell = {v.p, n};
    if (has_doubled)
        parse_doubled_cell(cell, out);
    else
        (void)cp_record_parse_bare(cell, true, false, out);
    set_context(out, &context);
    struct cp_view rest = {v.p + n + 1, v.n - n - 1};
    return (size_t)(rest.p - bytes.p) + cp_record_line_length(rest);
}

/* --- entry points --- */

size_t cp_record_parse(struct cp_view bytes, struct cp_record *out)
{
    cp_record_begin(out);
    if (bytes.n == 0) {
        cp_record_skip(out, CP_RECORD_NONE);
        return 0;
    }
    struct cp_view v = bytes;
    (void)cp_view_skip(&v, "\xef\xbb\xbf"); /* byte order mark of a pasted file */
    (void)cp_view_skip_blanks(&v);
    size_t skipped = (size_t)(v.p - bytes.p);
    size_t csv = parse_csv(v, out);
    if (csv)
        return skipped + csv;
    struct context context = {.at_ms = -1};
    take_transport(&v, &context);
    skipped = (size_t)(v.p - bytes.p);
    bool is_plain = context.transport == CP_TRANSPORT_PLAIN;
    size_t n = cp_record_parse_bare(v, false, is_plain, out);
    set_context(out, &context);
    return skipped + n;
}

size_t cp_record_parse_message(struct cp_view bytes, struct cp_record *out)
{
    cp_record_begin(out);
    if (bytes.n == 0) {
        cp_record_skip(out, CP_RECORD_NONE);
        return 0;
    }
    return cp_record_parse_bare(bytes, false, false, out);
}
