/* SPDX-License-Identifier: GPL-3.0-or-later
 * Platform records as text: a word, then `name: value unit` pairs in any order, separated by a tab
 * or by blanks; old failure lines; the heads of application lines.
 */
#include "probes/record/record_parse.h"

#include "model/base/datetime.h"

#include <ctype.h>
#include <string.h>

/* Real records are below 1 KB; a longer line that starts like one is damaged or hostile. */
enum { TEXT_RECORD_MAX = 4096 };

#define BIT(field) CP_FIELD_BIT(CP_FIELD_##field)

static const struct shape {
    const char *word;
    const char *first_key;
    enum cp_record_kind kind;
    uint32_t required;
    bool is_rare_word; /* alone or cut it is still a platform record; "START" could be anything */
} shapes[] = {
    {"REPORT", "RequestId:", CP_RECORD_REPORT, BIT(REQUEST_ID) | BIT(DURATION), true},
    {"START", "RequestId:", CP_RECORD_START, BIT(REQUEST_ID) | BIT(VERSION), false},
    {"END", "RequestId:", CP_RECORD_END, BIT(REQUEST_ID), false},
    {"INIT_START", "Runtime Version:", CP_RECORD_INIT_START, BIT(RUNTIME_VERSION), false},
    {"INIT_REPORT", "Init Duration:", CP_RECORD_INIT_REPORT, BIT(INIT), true},
    {"RESTORE_START", "Runtime Version:", CP_RECORD_RESTORE_START, BIT(RUNTIME_VERSION), false},
    {"RESTORE_REPORT", "Restore Duration:", CP_RECORD_RESTORE_REPORT, BIT(RESTORE), true},
    {"EXTENSION", "Name:", CP_RECORD_EXTENSION, BIT(NAME) | BIT(STATE), false},
    {"TELEMETRY", "Name:", CP_RECORD_TELEMETRY, BIT(NAME) | BIT(STATE), false},
    {"LOGS", "Name:", CP_RECORD_TELEMETRY, BIT(NAME) | BIT(STATE), false},
    {"XRAY", "TraceId:", CP_RECORD_XRAY, BIT(TRACE_ID) | BIT(SEGMENT_ID), false},
};

static struct cp_view from(struct cp_view v, size_t n)
{
    return (struct cp_view){v.p + n, v.n - n};
}

/* --- which record is it --- */

static bool is_proper_prefix(struct cp_view v, const char *of)
{
    return v.n < strlen(of) && (v.n == 0 || memcmp(v.p, of, v.n) == 0);
}

static bool has_shape(struct cp_view line, const struct shape *s)
{
    struct cp_view rest = line;
    if (!cp_view_skip(&rest, s->word))
        return false;
    bool is_separated = cp_view_skip_blanks(&rest) > 0;
    rest = cp_view_trim(rest);
    if (is_separated && cp_view_has_prefix(rest, s->first_key))
        return true;
    return s->is_rare_word && (is_separated || rest.n == 0) && is_proper_prefix(rest, s->first_key);
}

static const struct shape *shape_of(struct cp_view line)
{
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        if (has_shape(line, &shapes[i]))
            return &shapes[i];
    }
    return NULL;
}

/* A REPORT that lost its head: a suffix of "REPORT RequestId: <id>", then its first field. */
static bool is_headless_report(struct cp_view line)
{
    static const char head[] = "REPORT RequestId: ";
    for (size_t cut = 1; cut < sizeof(head); cut++) {
        struct cp_view rest = line;
        if (!cp_view_skip(&rest, head + cut))
            continue;
        while (rest.n && (isxdigit((unsigned char)rest.p[0]) || rest.p[0] == '-'))
            rest = from(rest, 1);
        if (cp_view_has_prefix(rest, "\tDuration: ") &&
            cp_record_find(rest, CP_VIEW_LIT("\tBilled Duration: ")))
            return true;
    }
    return false;
}

/* --- pairs --- */

struct scan {
    struct cp_view rest;
    struct cp_record *out;
    uint32_t seen;
};

static void skip_separators(struct cp_view *v)
{
    while (v->n && strchr(" \t\r\n", v->p[0]) && v->p[0])
        *v = from(*v, 1);
}

static struct cp_view upto(struct cp_view v, const char *stops)
{
    size_t n = 0;
    while (n < v.n && !strchr(stops, v.p[n]))
        n++;
    return (struct cp_view){v.p, n};
}

/* A value without a unit: up to the tab; up to the blank when further pairs follow before a tab
 * ("START RequestId: x Version: 7"). */
static struct cp_view take_word(struct cp_view *v)
{
    struct cp_view cell = upto(*v, "\t\r\n");
    if (cp_record_find(cell, CP_VIEW_LIT(": ")))
        cell = upto(cell, " ");
    *v = from(*v, cell.n);
    return cp_view_trim(cell);
}

/* Value and, if it is a number, its unit: `7 ms`, `50.00 ms Post Runtime Duration: ...`. */
static void take_unknown(struct cp_view *v)
{
    double number = 0;
    struct cp_view word = take_word(v);
    if (!cp_view_to_double(word, &number))
        return;
    struct cp_view next = *v;
    skip_separators(&next);
    struct cp_view unit = upto(next, " \t\r\n");
    if (unit.n && unit.p[unit.n - 1] != ':')
        *v = from(next, unit.n);
}

static enum cp_record_reason number_fault(struct cp_view after, bool is_spaced)
{
    if (after.n == 0 || after.p[0] == '\t')
        return CP_REASON_UNIT_MISSING;
    if (!is_spaced && after.p[0] == ',')
        return CP_REASON_DECIMAL_COMMA;
    if (!is_spaced && strchr("xX.eE0123456789", after.p[0]))
        return CP_REASON_NOT_A_NUMBER;
    return CP_REASON_UNIT_UNKNOWN;
}

/* Exponents, "0x", "nan" and "inf" never occur in a record; cp_view_take_double refuses the last
 * three, and an exponent so large that it overflows. */
static void take_number(struct scan *s, enum cp_field_id id)
{
    struct cp_view cell = upto(s->rest, "\t\r\n");
    struct cp_view v = cell;
    double value = 0;
    bool is_number = cp_view_take_double(&v, &value);
    size_t blanks = 0;
    while (v.n && v.p[0] == ' ') {
        v = from(v, 1);
        blanks++;
    }
    if (!is_number) {
        cp_record_judge_field(s->out, CP_RECORD_REJECTED, CP_REASON_NOT_A_NUMBER, id);
        s->seen |= CP_FIELD_BIT(id);
        (void)take_word(&s->rest);
        return;
    }
    struct cp_view after = v;
    if (!cp_view_skip(&v, cp_fields[id].unit) || (v.n && v.p[0] != ' ')) {
        cp_record_judge_field(s->out, CP_RECORD_REJECTED, number_fault(after, blanks > 0), id);
        s->seen |= CP_FIELD_BIT(id);
        (void)take_word(&s->rest);
        return;
    }
    if (blanks == 0)
        cp_record_judge_field(s->out, CP_RECORD_WARNED, CP_REASON_UNIT_UNSPACED, id);
    cp_record_set_number(s->out, id, value, &s->seen);
    s->rest = from(s->rest, (size_t)(v.p - cell.p));
}

static struct cp_view take_list(struct scan *s)
{
    struct cp_view v = upto(s->rest, "\t\r\n]");
    bool is_closed = v.n < s->rest.n && s->rest.p[v.n] == ']';
    s->rest = from(s->rest, v.n + is_closed);
    if (!cp_view_skip(&v, "[") || !is_closed)
        cp_record_judge(s->out, CP_RECORD_REJECTED, CP_REASON_CUT, (struct cp_view){0});
    return v;
}

static enum cp_field_id field_by_key(struct cp_view key)
{
    (void)cp_view_skip(&key, "XRAY ");
    for (enum cp_field_id id = 0; id < CP_FIELD_COUNT; id++) {
        if (cp_fields[id].text[0] && cp_view_is(key, cp_fields[id].text))
            return id;
    }
    return CP_FIELD_COUNT;
}

static void take_pair(struct scan *s)
{
    struct cp_view start = s->rest;
    struct cp_view key = upto(s->rest, ":\t\r\n");
    if (key.n == s->rest.n || s->rest.p[key.n] != ':') {
        cp_record_judge(s->out, CP_RECORD_REJECTED, CP_REASON_CUT, (struct cp_view){0});
        s->rest = from(s->rest, key.n);
        return;
    }
    s->rest = from(s->rest, key.n + 1);
    while (s->rest.n && s->rest.p[0] == ' ')
        s->rest = from(s->rest, 1);
    enum cp_field_id id = field_by_key(key);
    if (id == CP_FIELD_COUNT) {
        take_unknown(&s->rest);
        size_t n = (size_t)(s->rest.p - start.p);
        cp_record_add_unknown(s->out, (struct cp_view){start.p, n});
        return;
    }
    switch (cp_fields[id].type) {
    case CP_FIELD_NUMBER:
    case CP_FIELD_WHOLE:
        take_number(s, id);
        break;
    case CP_FIELD_TEXT:
        cp_record_set_view(s->out, id, take_word(&s->rest), &s->seen);
        break;
    case CP_FIELD_LIST:
        cp_record_set_view(s->out, id, take_list(s), &s->seen);
        break;
    case CP_FIELD_FLAG:
        cp_record_set_flag(s->out, id, take_word(&s->rest), &s->seen);
        break;
    }
}

/* --- bytes that no platform record holds --- */

static bool is_utf8(struct cp_view v)
{
    while (v.n) {
        size_t n = cp_view_utf8(v, NULL);
        if (n == 0)
            return false;
        v = from(v, n);
    }
    return true;
}

static bool has_control_byte(struct cp_view v)
{
    for (size_t i = 0; i < v.n; i++) {
        unsigned char c = (unsigned char)v.p[i];
        if ((c < 0x20 && c != '\t' && c != '\r' && c != '\n') || c == 0x7f)
            return true;
    }
    return false;
}

enum cp_record_reason cp_record_byte_fault(struct cp_view v)
{
    if (has_control_byte(v))
        return CP_REASON_CONTROL_BYTE;
    if (cp_record_find(v, CP_VIEW_LIT("\xc2\xa0")))
        return CP_REASON_NO_BREAK_SPACE;
    return is_utf8(v) ? CP_REASON_NONE : CP_REASON_NOT_UTF8;
}

/* --- records --- */

/* The runtime interface emulator prints Init Duration first and memory size as memory used. */
static bool is_emulator(const struct cp_record *r, bool is_init_first)
{
    return is_init_first && r->max_memory_mb >= r->memory_mb && r->max_memory_mb <= r->memory_mb;
}

static void parse_pairs(struct cp_view v, const struct shape *shape, bool has_end,
                        struct cp_record *out)
{
    struct scan s = {.rest = from(v, strlen(shape->word)), .out = out};
    bool is_init_first = false;
    for (skip_separators(&s.rest); s.rest.n; skip_separators(&s.rest)) {
        take_pair(&s);
        if ((s.seen & BIT(INIT)) && !(s.seen & BIT(DURATION)))
            is_init_first = true;
    }
    if (out->kind == CP_RECORD_REPORT) {
        /* one that stops after its Duration is whole only where its end is known */
        if (!has_end && !(s.seen & BIT(BILLED)))
            cp_record_judge(out, CP_RECORD_REJECTED, CP_REASON_CUT, (struct cp_view){0});
        if (is_emulator(out, is_init_first))
            cp_record_judge_field(out, CP_RECORD_WARNED, CP_REASON_EMULATOR, CP_FIELD_MAX_MEMORY);
    }
    cp_record_check(out, s.seen, shape->required);
    if (out->kind == CP_RECORD_XRAY)
        cp_record_judge(out, CP_RECORD_WARNED, CP_REASON_XRAY_ALONE, (struct cp_view){0});
}

/* The event of a traced REPORT has its X-Ray part on a second line. */
static size_t xray_line_length(struct cp_view rest)
{
    return cp_view_has_prefix(rest, "XRAY TraceId:") ? cp_record_line_length(rest) : 0;
}

static size_t parse_shape(struct cp_view bytes, size_t n, const struct shape *shape, bool has_end,
                          struct cp_record *out)
{
    out->kind = shape->kind;
    if (shape->kind == CP_RECORD_REPORT)
        n += xray_line_length(from(bytes, n));
    struct cp_view v = {bytes.p, n};
    bool ends_in_newline = n && bytes.p[n - 1] == '\n';
    enum cp_record_reason fault =
        v.n > TEXT_RECORD_MAX ? CP_REASON_TOO_LONG : cp_record_byte_fault(v);
    if (fault)
        cp_record_judge(out, CP_RECORD_REJECTED, fault, (struct cp_view){0});
    else
        parse_pairs(v, shape, has_end || ends_in_newline, out);
    return n;
}

/* "[<time> ]<id> Task timed out after 3.00 seconds" */
static bool parse_timeout_text(struct cp_view line, struct cp_record *out)
{
    struct cp_view word;
    if (!cp_view_split(&line, ' ', &word))
        return false;
    int64_t at_ms = -1;
    if (cp_datetime_parse(word, &at_ms) && !cp_view_split(&line, ' ', &word))
        return false;
    double seconds = 0;
    if (!cp_record_is_uuid(word) || !cp_view_skip(&line, "Task timed out after ") ||
        !cp_view_take_double(&line, &seconds) || seconds < 0 || !cp_view_is(line, " seconds"))
        return false;
    out->kind = CP_RECORD_TIMEOUT_TEXT;
    out->request_id = word;
    out->timeout_s = seconds;
    out->at_ms = at_ms;
    return true;
}

/* "RequestId: <id> Error: Runtime exited ..." and what older runtimes printed */
static bool parse_exit_text(struct cp_view line, struct cp_record *out)
{
    static const struct {
        const char *text;
        bool is_reason; /* the text itself is the reason */
    } forms[] = {
        {"Error: Runtime exited with error: ", false},
        {"Error: Runtime exited ", false},
        {"Process exited before completing request", true},
    };
    struct cp_view id;
    if (!cp_view_skip(&line, "RequestId: ") || !cp_view_split(&line, ' ', &id) ||
        !cp_record_is_uuid(id))
        return false;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct cp_view reason = line;
        if (!cp_view_skip(&reason, forms[i].text))
            continue;
        out->kind = CP_RECORD_EXIT_TEXT;
        out->request_id = id;
        out->exit_reason = forms[i].is_reason ? line : reason;
        return true;
    }
    return false;
}

static bool parse_error_type_text(struct cp_view line, struct cp_record *out)
{
    static const char *const families[] = {"Runtime.", "Extension.", "Function.", "Sandbox."};
    if (line.n > CP_RECORD_ERROR_TYPE_MAX)
        return false;
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        struct cp_view rest = line;
        if (!cp_view_skip(&rest, families[i]) || rest.n == 0)
            continue;
        for (size_t k = 0; k < rest.n; k++) {
            if (!isalnum((unsigned char)rest.p[k]))
                return false;
        }
        out->kind = CP_RECORD_ERROR_TYPE_TEXT;
        out->error_type = line;
        return true;
    }
    return false;
}

/* Heads that the managed runtimes put before a line of the function:
 * Node.js `<time> TAB <id> TAB INFO TAB`, Python `[INFO] TAB <time> TAB <id> TAB`. */
static void parse_app(struct cp_view line, struct cp_record *out)
{
    cp_record_skip(out, CP_RECORD_APP);
    struct cp_view cell[3];
    for (size_t i = 0; i < 3; i++) {
        if (!cp_view_split(&line, '\t', &cell[i]))
            return;
    }
    bool is_python = cell[0].n > 2 && cell[0].p[0] == '[' && cell[0].p[cell[0].n - 1] == ']';
    struct cp_view time = is_python ? cell[1] : cell[0];
    struct cp_view id = is_python ? cell[2] : cell[1];
    int64_t at_ms = -1;
    if (!cp_datetime_parse(time, &at_ms) || !cp_record_is_uuid(id))
        return;
    out->at_ms = at_ms;
    out->request_id = id;
    out->level = is_python ? (struct cp_view){cell[0].p + 1, cell[0].n - 2} : cell[2];
}

size_t cp_record_parse_text(struct cp_view bytes, bool has_end, struct cp_record *out)
{
    size_t n = cp_record_line_length(bytes);
    struct cp_view line = {bytes.p, n};
    while (line.n && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r'))
        line.n--;
    const struct shape *shape = shape_of(line);
    if (shape)
        return parse_shape(bytes, n, shape, has_end, out);
    if (cp_view_trim(line).n == 0) {
        cp_record_skip(out, CP_RECORD_NONE);
    } else if (is_headless_report(line)) {
        out->kind = CP_RECORD_REPORT;
        cp_record_judge(out, CP_RECORD_REJECTED, CP_REASON_CUT, (struct cp_view){0});
    } else if (!parse_timeout_text(line, out) && !parse_exit_text(line, out) &&
               !parse_error_type_text(line, out)) {
        parse_app(line, out);
    }
    return n;
}
