/* SPDX-License-Identifier: GPL-3.0-or-later
 * platform.report and platform.start as the platform writes them: the members of the schema in any
 * order, plain ASCII strings, numbers with up to three decimals. Whatever else JSON allows is left
 * to the parser.
 */
#include "probes/log/log_report.h"

#include <string.h>

#include "probes/log/log_digits.h"
#include "probes/log/log_uuid.h"

enum {
    DEPTH_MAX = 8,
    MEMORY_MIN_MB = 128,
    MEMORY_MAX_MB = 10240,
    KEY_TIME = 1,
    KEY_TYPE = 2,
    KEY_RECORD = 4,
    KEY_REQUEST_ID = 8,
    KEY_STATUS = 16,
    KEY_ERROR_TYPE = 32,
    KEY_METRICS = 64,
    KEY_VERSION = 128,
    VERSION_MAX = 64,
};

enum metric {
    METRIC_DURATION,
    METRIC_BILLED,
    METRIC_MEMORY,
    METRIC_MAX_MEMORY,
    N_REQUIRED_METRICS,
    METRIC_INIT = N_REQUIRED_METRICS,
    METRIC_RESTORE,
    METRIC_BILLED_RESTORE,
    METRIC_COUNT
};

struct reader {
    const char *p, *end;
    struct cp_log_clock *clock;
    bool is_start; /* else a report is wanted */
    bool (*record_member)(struct reader *r);
    unsigned seen; /* KEY_* */
    int64_t at_ms;
    uint8_t id[16];
    struct cp_view version, status, error_type;
    unsigned metrics;
    int64_t values[METRIC_COUNT]; /* in thousandths */
};

static void skip_blanks(struct reader *r)
{
    while (r->p < r->end && *r->p == ' ')
        r->p++;
}

static bool take(struct reader *r, char c)
{
    skip_blanks(r);
    if (r->p == r->end || *r->p != c)
        return false;
    r->p++;
    return true;
}

/* Printable ASCII without escapes. */
static bool take_string(struct reader *r, struct cp_view *out)
{
    if (!take(r, '"'))
        return false;
    const char *q = r->p;
    while (q < r->end && *q != '"' && *q != '\\' && *q >= ' ' && *q < 0x7f)
        q++;
    if (q == r->end || *q != '"')
        return false;
    *out = (struct cp_view){r->p, (size_t)(q - r->p)};
    r->p = q + 1;
    return true;
}

/* In thousandths. */
static bool take_number(struct reader *r, int64_t *value, bool *has_fraction)
{
    uint64_t whole = 0;
    int64_t unit = 1000;
    skip_blanks(r);
    const char *start = r->p;
    if (!cp_log_digits(&r->p, r->end, &whole) || (*start == '0' && r->p - start > 1))
        return false;
    *value = (int64_t)whole * unit;
    *has_fraction = r->p < r->end && *r->p == '.';
    if (*has_fraction) {
        r->p++;
        for (; unit > 1 && r->p < r->end && (unsigned char)(*r->p - '0') < 10; r->p++) {
            unit /= 10;
            *value += unit * (*r->p - '0');
        }
        if (unit == 1000)
            return false;
    }
    return r->p < r->end && (*r->p == ',' || *r->p == '}' || *r->p == ' ' || *r->p == ']');
}

/* First sight of a key. */
static bool mark(unsigned *seen, unsigned key)
{
    bool is_new = !(*seen & key);
    *seen |= key;
    return is_new;
}

/* `literal` is the key in its quotes. */
#define TAKE_KEY(r, literal) (CP_LOG_SKIP(&(r)->p, (r)->end, literal) && take(r, ':'))

/* { "key": value, ... } with each member read by `member`. */
static bool take_object(struct reader *r, bool (*member)(struct reader *r))
{
    if (!take(r, '{'))
        return false;
    if (take(r, '}'))
        return true;
    do {
        skip_blanks(r);
        if (!member(r))
            return false;
    } while (take(r, ','));
    return take(r, '}');
}

/* --- values that nobody reads: strings, numbers, and lists and objects of them --- */

struct nest {
    char closers[DEPTH_MAX];
    size_t depth;
};

/* A key, when an object is what is open. */
static bool skip_key(struct reader *r, const struct nest *nest)
{
    struct cp_view key;
    return nest->closers[nest->depth - 1] != '}' || (take_string(r, &key) && take(r, ':'));
}

static bool open_nest(struct reader *r, struct nest *nest, bool *is_open)
{
    char closer = take(r, '{') ? '}' : take(r, '[') ? ']' : '\0';
    *is_open = false;
    if (!closer)
        return true;
    if (nest->depth == DEPTH_MAX)
        return false;
    nest->closers[nest->depth++] = closer;
    *is_open = !take(r, closer);
    if (!*is_open)
        nest->depth--;
    return true;
}

static bool skip_value(struct reader *r)
{
    struct nest nest = {.depth = 0};
    do {
        struct cp_view text;
        int64_t number = 0;
        bool has_fraction = false;
        bool is_open = false;
        skip_blanks(r);
        const char *before = r->p;
        if (!open_nest(r, &nest, &is_open))
            return false;
        if (is_open) {
            if (!skip_key(r, &nest))
                return false;
            continue;
        }
        if (r->p == before && !take_string(r, &text) && !take_number(r, &number, &has_fraction))
            return false;
        while (nest.depth && take(r, nest.closers[nest.depth - 1]))
            nest.depth--;
        if (nest.depth && (!take(r, ',') || !skip_key(r, &nest)))
            return false;
    } while (nest.depth);
    return true;
}

/* --- members --- */

/* Which key stands here. Each is told by its first bytes. */
static enum metric take_metric_key(struct reader *r)
{
    if (TAKE_KEY(r, "\"durationMs\""))
        return METRIC_DURATION;
    if (TAKE_KEY(r, "\"billedDurationMs\""))
        return METRIC_BILLED;
    if (TAKE_KEY(r, "\"memorySizeMB\""))
        return METRIC_MEMORY;
    if (TAKE_KEY(r, "\"maxMemoryUsedMB\""))
        return METRIC_MAX_MEMORY;
    if (TAKE_KEY(r, "\"initDurationMs\""))
        return METRIC_INIT;
    if (TAKE_KEY(r, "\"restoreDurationMs\""))
        return METRIC_RESTORE;
    return TAKE_KEY(r, "\"billedRestoreDurationMs\"") ? METRIC_BILLED_RESTORE : METRIC_COUNT;
}

static bool take_metric(struct reader *r)
{
    static const unsigned whole = 1U << METRIC_BILLED | 1U << METRIC_MEMORY |
                                  1U << METRIC_MAX_MEMORY | 1U << METRIC_BILLED_RESTORE;
    enum metric metric = take_metric_key(r);
    bool has_fraction = false;
    return metric < METRIC_COUNT && mark(&r->metrics, 1U << metric) &&
           take_number(r, &r->values[metric], &has_fraction) &&
           !(has_fraction && (whole & 1U << metric));
}

static bool take_status(struct reader *r)
{
    skip_blanks(r);
    const char *start = r->p;
    bool is_known =
        CP_LOG_SKIP(&r->p, r->end, "\"success\"") || CP_LOG_SKIP(&r->p, r->end, "\"failure\"") ||
        CP_LOG_SKIP(&r->p, r->end, "\"error\"") || CP_LOG_SKIP(&r->p, r->end, "\"timeout\"");
    if (is_known)
        r->status = (struct cp_view){start + 1, (size_t)(r->p - start) - 2};
    return is_known;
}

/* A quote, `n` characters, a quote. */
static bool take_quoted(struct reader *r, size_t n, struct cp_view *out)
{
    skip_blanks(r);
    if ((size_t)(r->end - r->p) < n + 2 || r->p[0] != '"' || r->p[n + 1] != '"')
        return false;
    *out = (struct cp_view){r->p + 1, n};
    r->p += n + 2;
    return true;
}

static bool take_request_id(struct reader *r)
{
    struct cp_view text;
    return mark(&r->seen, KEY_REQUEST_ID) && take_quoted(r, CP_LOG_UUID, &text) &&
           cp_log_uuid_read(text.p, r->id);
}

static bool take_report_member(struct reader *r)
{
    if (TAKE_KEY(r, "\"requestId\""))
        return take_request_id(r);
    if (TAKE_KEY(r, "\"metrics\""))
        return mark(&r->seen, KEY_METRICS) && take_object(r, take_metric);
    if (TAKE_KEY(r, "\"status\""))
        return mark(&r->seen, KEY_STATUS) && take_status(r);
    if (TAKE_KEY(r, "\"errorType\""))
        return mark(&r->seen, KEY_ERROR_TYPE) && take_string(r, &r->error_type) &&
               r->error_type.n && r->error_type.n <= CP_RECORD_ERROR_TYPE_MAX;
    return (TAKE_KEY(r, "\"spans\"") || TAKE_KEY(r, "\"tracing\"")) && skip_value(r);
}

static bool take_start_member(struct reader *r)
{
    if (TAKE_KEY(r, "\"requestId\""))
        return take_request_id(r);
    if (TAKE_KEY(r, "\"version\""))
        return mark(&r->seen, KEY_VERSION) && take_string(r, &r->version) && r->version.n &&
               r->version.n <= VERSION_MAX;
    return (TAKE_KEY(r, "\"functionArn\"") || TAKE_KEY(r, "\"tracing\"")) && skip_value(r);
}

static bool take_time(struct reader *r)
{
    enum { USUAL = sizeof("2026-10-08T14:03:11.482Z") - 1 };
    struct cp_view text;
    return (take_quoted(r, USUAL, &text) || take_string(r, &text)) &&
           cp_log_clock_read(r->clock, text, &r->at_ms);
}

static bool take_type(struct reader *r)
{
    skip_blanks(r);
    return r->is_start ? CP_LOG_SKIP(&r->p, r->end, "\"platform.start\"")
                       : CP_LOG_SKIP(&r->p, r->end, "\"platform.report\"");
}

static bool take_member(struct reader *r)
{
    if (TAKE_KEY(r, "\"time\""))
        return mark(&r->seen, KEY_TIME) && take_time(r);
    if (TAKE_KEY(r, "\"type\""))
        return mark(&r->seen, KEY_TYPE) && take_type(r);
    return TAKE_KEY(r, "\"record\"") && mark(&r->seen, KEY_RECORD) &&
           take_object(r, r->record_member);
}

/* The whole line, with all that an event needs. */
static bool take_event(struct reader *r)
{
    static const unsigned required = KEY_TIME | KEY_TYPE | KEY_RECORD | KEY_REQUEST_ID;
    return take_object(r, take_member) && (r->seen & required) == required &&
           cp_view_trim((struct cp_view){r->p, (size_t)(r->end - r->p)}).n == 0;
}

static int64_t value_of(const struct reader *r, enum metric metric)
{
    return r->metrics & 1U << metric ? r->values[metric] : -1;
}

/* Nothing that the parser would warn about. */
static bool is_plausible(const struct cp_digest_record *out)
{
    return out->memory_size_mb >= MEMORY_MIN_MB && out->memory_size_mb <= MEMORY_MAX_MB &&
           out->max_memory_used_mb <= out->memory_size_mb && out->billed_us >= out->duration_us &&
           (out->init_us < 0 || out->restore_us < 0);
}

bool cp_log_report_json(struct cp_view line, struct cp_log_clock *clock,
                        struct cp_digest_record *out)
{
    static const unsigned required = (1U << N_REQUIRED_METRICS) - 1;
    struct reader r = {
        .p = line.p, .end = line.p + line.n, .clock = clock, .record_member = take_report_member};
    if (!take_event(&r) || (r.metrics & required) != required)
        return false;
    *out = (struct cp_digest_record){
        .end_at_ms = r.at_ms,
        .duration_us = value_of(&r, METRIC_DURATION),
        .billed_us = value_of(&r, METRIC_BILLED),
        .init_us = value_of(&r, METRIC_INIT),
        .restore_us = value_of(&r, METRIC_RESTORE),
        .billed_restore_us = value_of(&r, METRIC_BILLED_RESTORE),
        .memory_size_mb = (int)(value_of(&r, METRIC_MEMORY) / 1000),
        .max_memory_used_mb = (int)(value_of(&r, METRIC_MAX_MEMORY) / 1000),
        .start = r.metrics & 1U << METRIC_RESTORE ? CP_START_SNAPSTART
                 : r.metrics & 1U << METRIC_INIT  ? CP_START_COLD
                                                  : CP_START_WARM,
        .outcome = cp_record_outcome(r.status, r.error_type),
        .error_type = r.error_type,
    };
    memcpy(out->request_id, r.id, sizeof(r.id));
    return is_plausible(out);
}

bool cp_log_start_json(struct cp_view line, struct cp_log_clock *clock, struct cp_digest_note *out)
{
    struct reader r = {.p = line.p,
                       .end = line.p + line.n,
                       .clock = clock,
                       .is_start = true,
                       .record_member = take_start_member};
    if (!take_event(&r))
        return false;
    *out = (struct cp_digest_note){
        .kind = CP_NOTE_START, .at_ms = r.at_ms, .value_us = -1, .text = r.version};
    memcpy(out->request_id, r.id, sizeof(r.id));
    return true;
}
