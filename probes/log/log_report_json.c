/* SPDX-License-Identifier: GPL-3.0-or-later
 * platform.report as the platform writes it: the members of the schema in any order, plain ASCII
 * strings, numbers with up to three decimals. Whatever else JSON allows is left to the parser.
 */
#include "probes/log/log_report.h"

#include <string.h>

#include "probes/log/log_digits.h"

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
};

struct reader {
    const char *p, *end;
    struct cp_log_clock *clock;
    struct cp_digest_record *out;
    struct cp_view status;
    unsigned seen; /* KEY_* */
    unsigned metrics;
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

/* { "key": value, ... } with each value read by `member`. */
static bool take_object(struct reader *r, bool (*member)(struct reader *r, struct cp_view key))
{
    if (!take(r, '{'))
        return false;
    if (take(r, '}'))
        return true;
    do {
        struct cp_view key;
        if (!take_string(r, &key) || !take(r, ':') || !member(r, key))
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

static const struct metric {
    const char *key;
    size_t offset; /* in struct cp_digest_record; of int64_t us or int MB */
    bool is_whole, is_mb;
} metrics[] = {
    {"durationMs", offsetof(struct cp_digest_record, duration_us), false, false},
    {"billedDurationMs", offsetof(struct cp_digest_record, billed_us), true, false},
    {"memorySizeMB", offsetof(struct cp_digest_record, memory_size_mb), true, true},
    {"maxMemoryUsedMB", offsetof(struct cp_digest_record, max_memory_used_mb), true, true},
    {"initDurationMs", offsetof(struct cp_digest_record, init_us), false, false},
    {"restoreDurationMs", offsetof(struct cp_digest_record, restore_us), false, false},
    {"billedRestoreDurationMs", offsetof(struct cp_digest_record, billed_restore_us), true, false},
};
enum { REQUIRED_METRICS = 15 }; /* the first four */

static bool take_metric(struct reader *r, struct cp_view key)
{
    for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
        int64_t value = 0;
        bool has_fraction = false;
        if (!cp_view_is(key, metrics[i].key))
            continue;
        if (!mark(&r->metrics, 1U << i) || !take_number(r, &value, &has_fraction) ||
            (metrics[i].is_whole && has_fraction))
            return false;
        char *to = (char *)r->out + metrics[i].offset;
        int mb = (int)(value / 1000);
        if (metrics[i].is_mb)
            memcpy(to, &mb, sizeof(mb));
        else
            memcpy(to, &value, sizeof(value));
        return true;
    }
    return false;
}

static bool is_status(struct cp_view v)
{
    return cp_view_is(v, "success") || cp_view_is(v, "failure") || cp_view_is(v, "error") ||
           cp_view_is(v, "timeout");
}

static bool take_record_member(struct reader *r, struct cp_view key)
{
    struct cp_view text;
    if (cp_view_is(key, "requestId"))
        return mark(&r->seen, KEY_REQUEST_ID) && take_string(r, &text) &&
               cp_log_uuid(text, r->out->request_id);
    if (cp_view_is(key, "status"))
        return mark(&r->seen, KEY_STATUS) && take_string(r, &r->status) && is_status(r->status);
    if (cp_view_is(key, "errorType"))
        return mark(&r->seen, KEY_ERROR_TYPE) && take_string(r, &r->out->error_type) &&
               r->out->error_type.n && r->out->error_type.n <= CP_RECORD_ERROR_TYPE_MAX;
    if (cp_view_is(key, "metrics"))
        return mark(&r->seen, KEY_METRICS) && take_object(r, take_metric);
    return (cp_view_is(key, "spans") || cp_view_is(key, "tracing")) && skip_value(r);
}

static bool take_member(struct reader *r, struct cp_view key)
{
    struct cp_view text;
    if (cp_view_is(key, "time"))
        return mark(&r->seen, KEY_TIME) && take_string(r, &text) &&
               cp_log_clock_read(r->clock, text, &r->out->end_at_ms);
    if (cp_view_is(key, "type"))
        return mark(&r->seen, KEY_TYPE) && take_string(r, &text) &&
               cp_view_is(text, "platform.report");
    return cp_view_is(key, "record") && mark(&r->seen, KEY_RECORD) &&
           take_object(r, take_record_member);
}

/* Nothing that the parser would warn about. */
static bool is_plausible(const struct reader *r)
{
    const struct cp_digest_record *out = r->out;
    static const unsigned required =
        KEY_TIME | KEY_TYPE | KEY_RECORD | KEY_REQUEST_ID | KEY_METRICS;
    return (r->seen & required) == required &&
           (r->metrics & REQUIRED_METRICS) == REQUIRED_METRICS &&
           out->memory_size_mb >= MEMORY_MIN_MB && out->memory_size_mb <= MEMORY_MAX_MB &&
           out->max_memory_used_mb <= out->memory_size_mb && out->billed_us >= out->duration_us &&
           (out->init_us < 0 || out->restore_us < 0);
}

bool cp_log_report_json(struct cp_view line, struct cp_log_clock *clock,
                        struct cp_digest_record *out)
{
    struct reader r = {.p = line.p, .end = line.p + line.n, .clock = clock, .out = out};
    *out = (struct cp_digest_record){.init_us = -1, .restore_us = -1, .billed_restore_us = -1};
    if (!take_object(&r, take_member) ||
        cp_view_trim((struct cp_view){r.p, (size_t)(r.end - r.p)}).n || !is_plausible(&r))
        return false;
    out->start = out->restore_us >= 0 ? CP_START_SNAPSTART
                 : out->init_us >= 0  ? CP_START_COLD
                                      : CP_START_WARM;
    out->outcome = cp_record_outcome(r.status, out->error_type);
    return true;
}
