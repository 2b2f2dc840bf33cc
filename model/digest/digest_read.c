/* SPDX-License-Identifier: GPL-3.0-or-later
 * The reader of digest files. The CRC is checked before anything is taken; what the lines say must
 * agree with itself, whoever wrote them: no size is trusted, no sum passes 2^64 unnoticed.
 */
#include <string.h>

#include "model/base/crc32.h"
#include "model/base/units.h"
#include "model/digest/digest_words.h"

const char *const cp_digest_era_words[CP_ERA_COUNT] = {
    [CP_ERA_UNKNOWN] = "unknown",
    [CP_ERA_100_MS] = "100ms",
    [CP_ERA_INIT_FREE] = "init-free",
    [CP_ERA_INIT_PAID] = "init-paid",
};
const char *const cp_digest_note_words[CP_NOTE_KINDS] = {
    [CP_NOTE_START] = "start",
    [CP_NOTE_TIMEOUT] = "timeout",
    [CP_NOTE_EXIT] = "exit",
};

enum { WHAT_MAX = 64, TALLIES_MAX = 64 };

struct reader {
    struct cp_digest *digest;
    struct cp_digest_scope *scope; /* of the lines that follow; NULL before the first */
    struct cp_digest_cell *cell;   /* the same */
    struct cp_tally *tally;
    bool is_raw;
    uint64_t n, n_notes;                 /* as counted by cells and "noted" lines */
    uint64_t n_raw_records, n_raw_notes; /* as listed */
};

static enum cp_code malformed(struct cp_error *err, const char *what)
{
    return cp_fail(err, CP_EFORMAT, "%s", what);
}

/* --- fields; each takes one from the front of `rest` --- */

static bool take_u64(struct cp_view *rest, uint64_t *value)
{
    size_t i = 0;
    *value = 0;
    for (; i < rest->n && rest->p[i] >= '0' && rest->p[i] <= '9'; i++) {
        if (__builtin_mul_overflow(*value, 10U, value) ||
            __builtin_add_overflow(*value, (unsigned)(rest->p[i] - '0'), value))
            return false;
    }
    rest->p += i;
    rest->n -= i;
    return i > 0;
}

static bool is_all_u64(struct cp_view field, uint64_t *value)
{
    return take_u64(&field, value) && field.n == 0;
}

static bool field_u64(struct cp_view *rest, uint64_t *value)
{
    struct cp_view field;
    return cp_view_split(rest, ' ', &field) && is_all_u64(field, value);
}

static bool field_i64(struct cp_view *rest, int64_t *value)
{
    struct cp_view field;
    return cp_view_split(rest, ' ', &field) && cp_view_to_int64(field, value);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool hex_bytes(struct cp_view field, uint8_t *bytes, size_t n)
{
    if (field.n != 2 * n)
        return false;
    for (size_t i = 0; i < n; i++) {
        int high = hex_value(field.p[2 * i]);
        int low = hex_value(field.p[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i] = (uint8_t)(16 * high + low);
    }
    return true;
}

static bool field_hex(struct cp_view *rest, uint8_t *bytes, size_t n)
{
    struct cp_view field;
    return cp_view_split(rest, ' ', &field) && hex_bytes(field, bytes, n);
}

static bool field_hash(struct cp_view *rest, uint64_t *hash)
{
    uint8_t bytes[8];
    if (!field_hex(rest, bytes, sizeof bytes))
        return false;
    *hash = 0;
    for (size_t i = 0; i < sizeof bytes; i++)
        *hash = *hash << 8 | bytes[i];
    return true;
}

struct text {
    char bytes[CP_DIGEST_NAME_MAX + 1];
    size_t n;
};

static struct cp_view view_of(const struct text *text)
{
    return (struct cp_view){text->bytes, text->n};
}

static bool unescape(struct cp_view field, struct text *text)
{
    text->n = 0;
    if (cp_view_is(field, "-"))
        field.n = 0;
    for (size_t i = 0; i < field.n && text->n < CP_DIGEST_NAME_MAX; i++) {
        uint8_t byte = (uint8_t)field.p[i];
        if (byte == '%') {
            if (field.n - i < 3 || !hex_bytes((struct cp_view){field.p + i + 1, 2}, &byte, 1))
                return false;
            i += 2;
        }
        text->bytes[text->n++] = (char)byte;
        if (text->n == CP_DIGEST_NAME_MAX && i + 1 < field.n)
            return false;
    }
    text->bytes[text->n] = '\0';
    return true;
}

static bool field_text(struct cp_view *rest, struct text *text)
{
    struct cp_view field;
    return cp_view_split(rest, ' ', &field) && unescape(field, text);
}

static bool field_word(struct cp_view *rest, const char *const *words, size_t n, size_t *i)
{
    struct cp_view field;
    if (!cp_view_split(rest, ' ', &field))
        return false;
    for (*i = 0; *i < n; ++*i) {
        if (cp_view_is(field, words[*i]))
            return true;
    }
    return false;
}

static bool field_kinds(struct cp_view *rest, enum cp_start_kind *start, enum cp_outcome *outcome)
{
    struct cp_view field;
    return cp_view_split(rest, ' ', &field) && cp_start_kind_by_name(field, start) &&
           cp_view_split(rest, ' ', &field) && cp_outcome_by_name(field, outcome) &&
           *outcome >= CP_OUTCOME_MEASURED && *outcome <= CP_OUTCOME_INIT_FAILED;
}

static bool field_time(struct cp_view *rest, int64_t *at_ms)
{
    return field_i64(rest, at_ms) && (*at_ms == -1 || cp_digest_is_time(*at_ms));
}

/* --- lines --- */

static enum cp_code read_raw(struct reader *r, struct cp_view rest, struct cp_error *err)
{
    r->is_raw = cp_view_is(rest, "yes");
    if (!r->is_raw && !cp_view_is(rest, "no"))
        return malformed(err, "'raw' is neither yes nor no");
    return CP_OK;
}

static enum cp_code add_other(struct cp_tally *tally, uint64_t other, struct cp_error *err)
{
    if (__builtin_add_overflow(tally->total, other, &tally->total))
        return cp_fail(err, CP_ELIMIT, "counts are beyond 2^64");
    return CP_OK;
}

static enum cp_code read_counts(struct reader *r, struct cp_view rest, struct cp_error *err)
{
    uint64_t other;
    if (!field_u64(&rest, &other))
        return malformed(err, "no count of other texts");
    return add_other(&r->digest->counts, other, err);
}

static enum cp_code read_row(struct cp_tally *tally, struct cp_view rest, struct cp_error *err)
{
    struct text text;
    struct text example = {.n = 0};
    uint64_t count;
    if (!field_text(&rest, &text) || text.n > CP_TALLY_TEXT_MAX ||
        memchr(text.bytes, '\0', text.n) || !field_u64(&rest, &count) ||
        (rest.n && !field_text(&rest, &example)) || rest.n)
        return malformed(err, "not a text, its count and an example");
    enum cp_code code = cp_tally_add(tally, view_of(&text), count, view_of(&example));
    return code ? cp_fail(err, code, "%s", cp_code_text(code)) : CP_OK;
}

static enum cp_code read_count(struct reader *r, struct cp_view rest, struct cp_error *err)
{
    return read_row(&r->digest->counts, rest, err);
}

static enum cp_code read_scope(struct reader *r, struct cp_view rest, struct cp_error *err)
{
    struct text function, version, architecture;
    r->cell = NULL;
    r->tally = NULL;
    if (!field_text(&rest, &function) || !field_text(&rest, &version) ||
        !field_text(&rest, &architecture) || rest.n)
        return malformed(err, "not a function, a version and an architecture");
    const struct cp_digest_name name = {view_of(&function), view_of(&version),
                                        view_of(&architecture)};
    return cp_digest_scope(r->digest, &name, &r->scope, err);
}

static enum cp_code read_span(struct reader *r, struct cp_view rest, struct cp_error *err)
{
    int64_t first, last;
    if (!field_time(&rest, &first) || !field_time(&rest, &last) || rest.n || first < 0 ||
        first > last)
        return malformed(err, "not a first and a last time");
    cp_digest_scope_seen(r->scope, first, last);
    return CP_OK;
}

static enum cp_code read_cell(struct reader *r, struct cp_view rest, struct cp_error *err)
{
    int64_t memory;
    struct cp_digest_cell_facts facts;
    uint64_t n;
    if (!field_i64(&rest, &memory) || memory < -1 || memory > CP_DIGEST_MEMORY_MAX_MB ||
        !field_kinds(&rest, &facts.start, &facts.outcome) || !field_u64(&rest, &n) || rest.n)
        return malformed(err, "not a memory size, a start, an outcome and a number");
    facts.memory_size_mb = (int)memory;
    enum cp_code code = cp_digest_scope_turn_to_cell(r->scope, &facts, err);
    if (code)
        return code;
    r->cell = r->scope->last_cell;
    if (__builtin_add_overflow(r->n, n, &r->n) ||
        __builtin_add_overflow(r->cell->n, n, &r->cell->n))
        return cp_fail(err, CP_ELIMIT, "records are beyond 2^64");
    return CP_OK;
}

/* BIN:COUNT */
static enum cp_code read_bin(struct cp_histogram *h, struct cp_view field, struct cp_error *err)
{
    uint64_t bin, count, low, high, sum;
    if (!take_u64(&field, &bin) || !cp_view_skip(&field, ":") || !is_all_u64(field, &count) ||
        bin >= CP_HISTOGRAM_BINS || count == 0)
        return malformed(err, "not a bin and its count");
    cp_histogram_bounds((size_t)bin, &low, &high);
    if (low > high || (h->n && low <= h->max))
        return malformed(err, "bins do not ascend, or one that no value is in");
    if (__builtin_mul_overflow(low, count, &sum))
        return malformed(err, "a sum is beyond 2^64");
    enum cp_code code = cp_histogram_add_bin(h, (size_t)bin, count, sum, low, low);
    return code ? cp_fail(err, code, "%s", cp_code_text(code)) : CP_OK;
}

/* The smallest and the largest possible sum of what the bins count. */
static bool is_possible(const struct cp_histogram *h, uint64_t sum, uint64_t min, uint64_t max)
{
    if (cp_histogram_bin(min) != cp_histogram_bin(h->min) ||
        cp_histogram_bin(max) != cp_histogram_bin(h->max) || min > max ||
        max > CP_HISTOGRAM_VALUE_MAX || sum < h->sum)
        return false;
    /* h->sum counts each value as its bin's lowest; none is more than its bin's width above */
    double slack = (double)(sum - h->sum);
    double width = 0;
    for (size_t bin = cp_histogram_bin(min); bin <= cp_histogram_bin(max); bin++) {
        uint64_t low, high;
        cp_histogram_bounds(bin, &low, &high);
        width += (double)cp_histogram_count(h, bin) * (double)(high - low);
    }
    return slack <= width * (1 + 1e-9);
}

static enum cp_code read_metric(struct reader *r, size_t metric, struct cp_view rest,
                                struct cp_error *err)
{
    uint64_t sum, min, max;
    struct cp_histogram h = {.n = 0};
    struct cp_view field;
    if (!r->cell)
        return malformed(err, "a metric before its cell");
    if (!field_u64(&rest, &sum) || !field_u64(&rest, &min) || !field_u64(&rest, &max))
        return malformed(err, "not a sum, a minimum and a maximum");
    enum cp_code code = CP_OK;
    while (!code && cp_view_split(&rest, ' ', &field))
        code = read_bin(&h, field, err);
    if (!code && (h.n == 0 || h.n > r->cell->n || !is_possible(&h, sum, min, max)))
        code = malformed(err, "bins, number, sum, minimum and maximum do not agree");
    if (!code) {
        h.sum = sum;
        h.min = min;
        h.max = max;
        code = cp_digest_cell_add_metric(r->scope, r->cell, (enum cp_digest_metric)metric, &h, err);
    }
    cp_histogram_clear(&h);
    return code;
}

/* MINUTE:MEMBER,MEMBER,... */
static bool minute_of(struct cp_view field, int64_t hour, struct cp_digest_minute *m)
{
    uint64_t members[CP_DIGEST_MINUTE_MEMBERS] = {0};
    uint64_t minute;
    struct cp_view member;
    size_t n = 0;
    if (!take_u64(&field, &minute) || minute > 59 || !cp_view_skip(&field, ":"))
        return false;
    while (n < CP_DIGEST_MINUTE_MEMBERS && cp_view_split(&field, ',', &member)) {
        if (!is_all_u64(member, &members[n]) || (n != 2 && members[n] > UINT32_MAX))
            return false;
        n++;
    }
    *m = (struct cp_digest_minute){.minute = hour * 60 + (int64_t)minute,
                                   .arrivals = (uint32_t)members[0],
                                   .cold_arrivals = (uint32_t)members[1],
                                   .busy_ms = members[2]};
    for (size_t i = 0; i < CP_DIGEST_MARKS; i++)
        m->in_flight[i] = (uint32_t)members[3 + i];
    return n > 0 && field.n == 0 && cp_digest_is_minute(m->minute);
}

static enum cp_code read_hour(struct reader *r, struct cp_view rest, struct cp_error *err)
{
    uint64_t hour;
    struct cp_view field;
    enum cp_code code = CP_OK;
    if (!field_u64(&rest, &hour) || hour > CP_DIGEST_TIME_MAX_MS / CP_MS_PER_HOUR)
        return malformed(err, "not an hour that digests know");
    while (!code && cp_view_split(&rest, ' ', &field)) {
        struct cp_digest_minute minute;
        if (!minute_of(field, (int64_t)hour, &minute))
            return malformed(err, "not a minute and its members");
        code = cp_digest_minutes_add(&r->scope->minutes, &r->digest->room, &minute, err);
    }
    return code;
}

/* START+LENGTH; START counts from the end of the span before. */
static bool next_span(struct cp_view *rest, struct cp_digest_span *span)
{
    struct cp_view field;
    int64_t start, length;
    if (!cp_view_split(rest, ' ', &field) || !cp_view_take_int64(&field, &start) ||
        !cp_view_skip(&field, "+") || !cp_view_to_int64(field, &length) || start < 0 ||
        start > CP_DIGEST_TIME_MAX_MS || length < 0 || length > CP_DIGEST_TIME_MAX_MS)
        return false;
    span->start_ms = span->end_ms + start;
    span->end_ms = span->start_ms + length;
    return cp_digest_is_minute(span->start_ms / CP_MS_PER_MINUTE) &&
           cp_digest_is_time(span->end_ms);
}

static enum cp_code read_stream(struct reader *r, struct cp_view rest, struct cp_error *err)
{
    struct cp_digest_stream stream = {.n_spans = 1};
    struct cp_digest_span span = {0};
    if (!field_hash(&rest, &stream.hash) || !field_u64(&rest, &stream.n) ||
        !field_u64(&rest, &stream.n_cold) || stream.n == 0 || stream.n_cold > stream.n || !rest.n)
        return malformed(err, "not a stream, its invocations and cold starts");
    stream.spans = &span;
    enum cp_code code = CP_OK;
    while (!code && rest.n) {
        if (!next_span(&rest, &span))
            return malformed(err, "not a span of time");
        code = cp_digest_streams_add(r->scope->streams, &r->digest->room, &stream, err);
        stream.n = stream.n_cold = 0; /* counted with the first span */
    }
    return code;
}

static enum cp_code all_or_some(struct cp_view rest, bool *is_cut, struct cp_error *err)
{
    if (cp_view_is(rest, "some"))
        *is_cut = true;
    else if (!cp_view_is(rest, "all"))
        return malformed(err, "neither all nor some");
    return CP_OK;
}

static enum cp_code read_streams(struct reader *r, struct cp_view rest, struct cp_error *err)
{
    return all_or_some(rest, &r->scope->streams->is_cut, err);
}

static enum cp_code read_sampled(struct reader *r, struct cp_view rest, struct cp_error *err)
{
    return all_or_some(rest, &r->scope->requests->is_cut, err);
}

static enum cp_code read_request(struct reader *r, struct cp_view rest, struct cp_error *err)
{
    static const char *const words[] = {"ok", "failed"};
    struct cp_digest_attempt attempt = {0};
    uint64_t count;
    size_t is_failed;
    if (!field_hash(&rest, &attempt.id_hash) || !field_hash(&rest, &attempt.record_hash) ||
        !field_time(&rest, &attempt.end_at_ms) || !field_u64(&rest, &count) || count == 0 ||
        count > UINT32_MAX || !field_word(&rest, words, 2, &is_failed) || rest.n)
        return malformed(err, "not a request, its record, time, count and outcome");
    attempt.count = (uint32_t)count;
    attempt.is_failed = is_failed;
    return cp_digest_requests_add(r->scope->requests, &r->digest->room, &attempt, err);
}

static enum cp_code read_era(struct reader *r, struct cp_view rest, struct cp_error *err)
{
    size_t i;
    uint64_t n_cold, n_init_billed;
    if (!field_word(&rest, cp_digest_era_words, CP_ERA_COUNT, &i) || !field_u64(&rest, &n_cold) ||
        !field_u64(&rest, &n_init_billed) || rest.n || n_init_billed > n_cold)
        return malformed(err, "not an era, its cold starts and those with paid init");
    struct cp_digest_era *era = &r->scope->eras[i];
    if (__builtin_add_overflow(era->n_cold, n_cold, &era->n_cold))
        return cp_fail(err, CP_ELIMIT, "cold starts are beyond 2^64");
    era->n_init_billed += n_init_billed;
    return CP_OK;
}

static enum cp_code read_noted(struct reader *r, struct cp_view rest, struct cp_error *err)
{
    size_t i;
    uint64_t n;
    if (!field_word(&rest, cp_digest_note_words, CP_NOTE_KINDS, &i) || !field_u64(&rest, &n) ||
        rest.n)
        return malformed(err, "not a kind of notes and a number");
    if (__builtin_add_overflow(r->n_notes, n, &r->n_notes) ||
        __builtin_add_overflow(r->scope->n_notes[i], n, &r->scope->n_notes[i]))
        return cp_fail(err, CP_ELIMIT, "notes are beyond 2^64");
    return CP_OK;
}

static enum cp_code read_tally(struct reader *r, struct cp_view rest, struct cp_error *err)
{
    struct text what;
    uint64_t other;
    if (!field_text(&rest, &what) || what.n > WHAT_MAX || memchr(what.bytes, '\0', what.n) ||
        !field_u64(&rest, &other) || rest.n || r->scope->n_tallies >= TALLIES_MAX)
        return malformed(err, "not a tally and its count of other texts");
    enum cp_code code = cp_digest_scope_tally_for(r->scope, what.bytes, &r->tally, err);
    return code ? code : add_other(r->tally, other, err);
}

static enum cp_code read_text(struct reader *r, struct cp_view rest, struct cp_error *err)
{
    return r->tally ? read_row(r->tally, rest, err) : malformed(err, "a text before its tally");
}

static bool record_of(struct cp_view rest, struct cp_digest_record *record, struct text *stream,
                      struct text *error_type)
{
    int64_t values[7];
    if (!field_time(&rest, &record->end_at_ms) ||
        !field_hex(&rest, record->request_id, sizeof record->request_id))
        return false;
    for (size_t i = 0; i < 7; i++) {
        if (!field_i64(&rest, &values[i]) || values[i] < -1 || values[i] > CP_DIGEST_US_MAX ||
            (i >= 5 && values[i] > CP_DIGEST_MEMORY_MAX_MB))
            return false;
    }
    record->duration_us = values[0];
    record->billed_us = values[1];
    record->init_us = values[2];
    record->restore_us = values[3];
    record->billed_restore_us = values[4];
    record->memory_size_mb = (int)values[5];
    record->max_memory_used_mb = (int)values[6];
    return field_kinds(&rest, &record->start, &record->outcome) && field_text(&rest, stream) &&
           field_text(&rest, error_type) && rest.n == 0;
}

static enum cp_code read_record(struct reader *r, struct cp_view rest, struct cp_error *err)
{
    struct cp_digest_record record = {0};
    struct text stream, error_type;
    if (!r->is_raw || !record_of(rest, &record, &stream, &error_type))
        return malformed(err, "not a record");
    record.stream = view_of(&stream);
    record.error_type = view_of(&error_type);
    if (++r->n_raw_records > CP_DIGEST_RAW_MAX)
        return malformed(err, "more records than a digest keeps");
    enum cp_code code = cp_digest_check_record(&record, err);
    if (code || r->digest->is_raw_dropped)
        return code;
    return cp_digest_raws_add(r->digest, r->scope, &record, err);
}

static enum cp_code read_note(struct reader *r, struct cp_view rest, struct cp_error *err)
{
    struct cp_digest_note note = {0};
    struct text text;
    size_t kind;
    if (!r->is_raw || !field_i64(&rest, &note.at_ms) || note.at_ms < -1 ||
        !field_hex(&rest, note.request_id, sizeof note.request_id) ||
        !field_word(&rest, cp_digest_note_words, CP_NOTE_KINDS, &kind) ||
        !field_i64(&rest, &note.value_us) || note.value_us < -1 || !field_text(&rest, &text) ||
        rest.n)
        return malformed(err, "not a note");
    note.kind = (enum cp_digest_note_kind)kind;
    note.text = view_of(&text);
    if (++r->n_raw_notes > CP_DIGEST_NOTES_MAX)
        return malformed(err, "more notes than a digest keeps");
    return r->digest->is_notes_dropped ? CP_OK
                                       : cp_digest_raws_add_note(r->digest, r->scope, &note, err);
}

static const struct {
    const char *word;
    bool is_of_scope;
    enum cp_code (*take)(struct reader *r, struct cp_view rest, struct cp_error *err);
} lines[] = {
    {"raw", false, read_raw},        {"counts", false, read_counts},  {"count", false, read_count},
    {"scope", false, read_scope},    {"span", true, read_span},       {"cell", true, read_cell},
    {"hour", true, read_hour},       {"streams", true, read_streams}, {"stream", true, read_stream},
    {"sampled", true, read_sampled}, {"request", true, read_request}, {"era", true, read_era},
    {"noted", true, read_noted},     {"tally", true, read_tally},     {"text", true, read_text},
    {"record", true, read_record},   {"note", true, read_note},
};

static enum cp_code read_line(struct reader *r, struct cp_view line, struct cp_error *err)
{
    struct cp_view word;
    if (!cp_view_split(&line, ' ', &word))
        return malformed(err, "an empty line");
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (!cp_view_is(word, lines[i].word))
            continue;
        return lines[i].is_of_scope && !r->scope ? malformed(err, "a line before its scope")
                                                 : lines[i].take(r, line, err);
    }
    for (size_t i = 0; i < CP_METRIC_COUNT; i++) {
        if (cp_view_is(word, cp_digest_metric_name((enum cp_digest_metric)i)))
            return read_metric(r, i, line, err);
    }
    return malformed(err, "a word that a digest does not have");
}

/* --- digests --- */

/* Length of the digest at the start of `bytes` up to its "end" line, and that line. */
static bool find_end(struct cp_view bytes, size_t *n_body, struct cp_view *end)
{
    struct cp_view rest = bytes;
    while (rest.n) {
        const char *newline = memchr(rest.p, '\n', rest.n);
        if (!newline)
            return false;
        *end = (struct cp_view){rest.p, (size_t)(newline - rest.p)};
        if (cp_view_has_prefix(*end, "end ")) {
            *n_body = (size_t)(end->p - bytes.p);
            return true;
        }
        rest = (struct cp_view){newline + 1, rest.n - end->n - 1};
    }
    return false;
}

static bool is_crc_right(struct cp_view body, struct cp_view end)
{
    uint8_t bytes[4];
    uint32_t crc = 0;
    if (!cp_view_skip(&end, "end ") || !hex_bytes(end, bytes, sizeof bytes))
        return false;
    for (size_t i = 0; i < sizeof bytes; i++)
        crc = crc << 8 | bytes[i];
    return crc == cp_crc32(body);
}

static enum cp_code check_head(struct cp_view bytes, struct cp_error *err)
{
    struct cp_view head = bytes;
    if (cp_view_has_prefix(bytes, CP_DIGEST_HEAD))
        return CP_OK;
    (void)cp_view_split(&bytes, '\n', &head);
    int64_t version;
    if (cp_view_skip(&head, "coldprof digest ") && cp_view_to_int64(head, &version) && version > 1)
        return cp_fail(err, CP_EUNSUPPORTED,
                       "a digest of format %lld, which a newer coldprof wrote: read it with that",
                       (long long)version);
    return malformed(err, "not the first line of a digest");
}

/* What only the whole tells. */
static enum cp_code finish(struct reader *r, struct cp_error *err)
{
    struct cp_digest *d = r->digest;
    bool is_notes = r->is_raw && r->n_notes <= CP_DIGEST_NOTES_MAX;
    if (r->n_raw_records != (r->is_raw ? r->n : 0))
        return malformed(err, "not as many records as the cells count");
    if (r->n_raw_notes != (is_notes ? r->n_notes : 0))
        return malformed(err, "not as many notes as are counted");
    if (__builtin_add_overflow(d->n, r->n, &d->n) ||
        __builtin_add_overflow(d->n_notes, r->n_notes, &d->n_notes))
        return cp_fail(err, CP_ELIMIT, "records are beyond 2^64");
    d->is_raw_dropped |= !r->is_raw;
    cp_digest_raws_trim(d);
    return CP_OK;
}

/* One digest: *n bytes, *line lines further. */
static enum cp_code read_one(struct cp_digest *digest, struct cp_view bytes, size_t *n,
                             size_t *line, struct cp_error *err)
{
    struct reader reader = {.digest = digest};
    struct cp_view end, text;
    size_t n_body;
    enum cp_code code = check_head(bytes, err);
    if (code)
        return code;
    if (!find_end(bytes, &n_body, &end))
        return malformed(err, "a digest without its end: the file is cut");
    struct cp_view body = {bytes.p, n_body};
    if (!is_crc_right(body, end))
        return malformed(err, "a damaged digest: its CRC differs");
    (void)cp_view_split(&body, '\n', &text);
    while (!code && cp_view_split(&body, '\n', &text)) {
        ++*line;
        code = read_line(&reader, text, err);
    }
    ++*line;
    *n = n_body + end.n + 1;
    return code ? code : finish(&reader, err);
}

enum cp_code cp_digest_read(struct cp_digest *digest, struct cp_view bytes, struct cp_error *err)
{
    size_t line = 1;
    enum cp_code code = CP_OK;
    do {
        size_t n = 0;
        code = read_one(digest, bytes, &n, &line, err);
        if (code) {
            (void)cp_fail_context(err, "line %zu", line);
            return code;
        }
        bytes.p += n;
        bytes.n -= n;
        line++;
    } while (bytes.n);
    return CP_OK;
}
