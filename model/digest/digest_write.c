/* SPDX-License-Identifier: GPL-3.0-or-later
 * A digest as lines of ASCII. Fields are separated by one blank; in texts all but 0x21..0x7e and
 * '%' is %XX, an empty one is "-". Times are unix ms, hashes 16 hexadecimal digits.
 *
 *     coldprof digest 1
 *     raw yes                                   "no": record and note lines are left out
 *     counts OTHER                              texts that are not kept
 *     count TEXT COUNT [EXAMPLE]
 *     scope FUNCTION VERSION ARCHITECTURE
 *     span FIRST LAST
 *     cell MB START OUTCOME N
 *     METRIC SUM MIN MAX BIN:COUNT ...          of the cell above, by ascending bin
 *     hour HOURS MINUTE:ARRIVALS,COLD,BUSY_MS,MARK,MARK,MARK,MARK ...   zeros at the end left out
 *     streams all|some
 *     stream HASH N COLD START+LENGTH ...       from the second: START after the end before
 *     sampled all|some
 *     request ID_HASH RECORD_HASH END COUNT ok|failed
 *     era NAME COLD INIT_BILLED
 *     noted KIND N
 *     tally WHAT OTHER
 *     text TEXT COUNT [EXAMPLE]                 of the tally above
 *     record END ID DURATION BILLED INIT RESTORE BILLED_RESTORE MB MAX_MB START OUTCOME STREAM
 * ERROR note AT ID KIND VALUE TEXT end CRC32                                 of all bytes before
 * this line
 */
#include "model/base/crc32.h"
#include "model/digest/digest_words.h"

static const char hex_digits[] = "0123456789abcdef";

static void put_u64(struct cp_buf *out, uint64_t value)
{
    char digits[20];
    size_t i = sizeof digits;
    do {
        digits[--i] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    (void)cp_buf_add(out, digits + i, sizeof digits - i);
}

static void put_i64(struct cp_buf *out, int64_t value)
{
    if (value < 0)
        (void)cp_buf_addc(out, '-');
    put_u64(out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

/* " " and a field */
static void field_u64(struct cp_buf *out, uint64_t value)
{
    (void)cp_buf_addc(out, ' ');
    put_u64(out, value);
}

static void field_i64(struct cp_buf *out, int64_t value)
{
    (void)cp_buf_addc(out, ' ');
    put_i64(out, value);
}

static void field_word(struct cp_buf *out, const char *word)
{
    (void)cp_buf_addc(out, ' ');
    (void)cp_buf_adds(out, word);
}

static void field_hex(struct cp_buf *out, const uint8_t *bytes, size_t n)
{
    (void)cp_buf_addc(out, ' ');
    for (size_t i = 0; i < n; i++) {
        (void)cp_buf_addc(out, hex_digits[bytes[i] >> 4]);
        (void)cp_buf_addc(out, hex_digits[bytes[i] & 15]);
    }
}

static void field_hash(struct cp_buf *out, uint64_t hash)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(hash >> (56 - 8 * i));
    field_hex(out, bytes, sizeof bytes);
}

static void field_text(struct cp_buf *out, struct cp_view text)
{
    (void)cp_buf_addc(out, ' ');
    bool is_dash = text.n == 1 && text.p[0] == '-'; /* an empty text is written "-" */
    if (text.n == 0)
        (void)cp_buf_addc(out, '-');
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c > 0x20 && c < 0x7f && c != '%' && !is_dash) {
            (void)cp_buf_addc(out, (char)c);
        } else {
            const char escaped[] = {'%', hex_digits[c >> 4], hex_digits[c & 15]};
            (void)cp_buf_add(out, escaped, sizeof escaped);
        }
    }
}

static void end_line(struct cp_buf *out)
{
    (void)cp_buf_addc(out, '\n');
}

static void put_tally(struct cp_buf *out, const char *word, const struct cp_tally *tally)
{
    for (size_t i = 0; i < tally->n; i++) {
        const struct cp_tally_row *row = &tally->rows[i];
        (void)cp_buf_adds(out, word);
        field_text(out, cp_view_of(row->text));
        field_u64(out, row->count);
        if (row->example)
            field_text(out, cp_view_of(row->example));
        end_line(out);
    }
}

static void put_histogram(struct cp_buf *out, enum cp_digest_metric metric,
                          const struct cp_histogram *h)
{
    if (h->n == 0)
        return;
    (void)cp_buf_adds(out, cp_digest_metric_name(metric));
    field_u64(out, h->sum);
    field_u64(out, h->min);
    field_u64(out, h->max);
    size_t last = cp_histogram_bin(h->max);
    for (size_t bin = cp_histogram_bin(h->min); bin <= last; bin++) {
        uint64_t count = cp_histogram_count(h, bin);
        if (!count)
            continue;
        field_u64(out, bin);
        (void)cp_buf_addc(out, ':');
        put_u64(out, count);
    }
    end_line(out);
}

static void put_cells(struct cp_buf *out, const struct cp_digest_scope *scope)
{
    for (size_t i = 0; i < scope->n_cells; i++) {
        const struct cp_digest_cell *cell = scope->cells[i];
        (void)cp_buf_adds(out, "cell");
        field_i64(out, cell->memory_size_mb);
        field_word(out, cp_start_kind_name(cell->start));
        field_word(out, cp_outcome_name(cell->outcome));
        field_u64(out, cell->n);
        end_line(out);
        for (size_t k = 0; k < CP_METRIC_COUNT; k++)
            put_histogram(out, (enum cp_digest_metric)k, &cell->metrics[k]);
    }
}

static void put_minutes(struct cp_buf *out, const struct cp_digest_scope *scope)
{
    struct cp_digest_minute m;
    int64_t hour = -1;
    for (size_t at = 0; cp_digest_minutes_next(&scope->minutes, &at, &m);) {
        if (m.minute / 60 != hour) {
            (void)cp_buf_adds(out, hour < 0 ? "hour" : "\nhour");
            hour = m.minute / 60;
            field_i64(out, hour);
        }
        const uint64_t members[CP_DIGEST_MINUTE_MEMBERS] = {
            m.arrivals,     m.cold_arrivals, m.busy_ms,     m.in_flight[0],
            m.in_flight[1], m.in_flight[2],  m.in_flight[3]};
        size_t n = CP_DIGEST_MINUTE_MEMBERS;
        while (n > 1 && !members[n - 1])
            n--;
        field_i64(out, m.minute % 60);
        for (size_t i = 0; i < n; i++) {
            (void)cp_buf_addc(out, i ? ',' : ':');
            put_u64(out, members[i]);
        }
    }
    if (hour >= 0)
        end_line(out);
}

static void put_streams(struct cp_buf *out, const struct cp_digest_scope *scope)
{
    cp_digest_streams_settle(scope->streams);
    if (scope->streams->n)
        (void)cp_buf_adds(out, scope->streams->is_cut ? "streams some\n" : "streams all\n");
    for (size_t i = 0; i < scope->streams->n; i++) {
        struct cp_digest_stream stream = cp_digest_streams_at(scope->streams, i);
        int64_t from = 0;
        (void)cp_buf_adds(out, "stream");
        field_hash(out, stream.hash);
        field_u64(out, stream.n);
        field_u64(out, stream.n_cold);
        for (size_t k = 0; k < stream.n_spans; k++) {
            field_i64(out, stream.spans[k].start_ms - from);
            (void)cp_buf_addc(out, '+');
            put_i64(out, stream.spans[k].end_ms - stream.spans[k].start_ms);
            from = stream.spans[k].end_ms;
        }
        end_line(out);
    }
}

static void put_requests(struct cp_buf *out, const struct cp_digest_scope *scope)
{
    size_t n;
    bool is_all;
    const struct cp_digest_attempt *rows = cp_digest_attempts(scope, &n, &is_all);
    (void)cp_buf_adds(out, is_all ? "sampled all\n" : "sampled some\n");
    for (size_t i = 0; i < n; i++) {
        (void)cp_buf_adds(out, "request");
        field_hash(out, rows[i].id_hash);
        field_hash(out, rows[i].record_hash);
        field_i64(out, rows[i].end_at_ms);
        field_u64(out, rows[i].count);
        field_word(out, rows[i].is_failed ? "failed" : "ok");
        end_line(out);
    }
}

static void put_counts(struct cp_buf *out, const struct cp_digest_scope *scope)
{
    for (size_t i = 0; i < CP_ERA_COUNT; i++) {
        if (!scope->eras[i].n_cold)
            continue;
        (void)cp_buf_adds(out, "era");
        field_word(out, cp_digest_era_words[i]);
        field_u64(out, scope->eras[i].n_cold);
        field_u64(out, scope->eras[i].n_init_billed);
        end_line(out);
    }
    for (size_t i = 0; i < CP_NOTE_KINDS; i++) {
        if (!scope->n_notes[i])
            continue;
        (void)cp_buf_adds(out, "noted");
        field_word(out, cp_digest_note_words[i]);
        field_u64(out, scope->n_notes[i]);
        end_line(out);
    }
    for (size_t i = 0; i < scope->n_tallies; i++) {
        const struct cp_digest_tallied *tallied = &scope->tallies[i];
        if (!tallied->tally.total)
            continue;
        (void)cp_buf_adds(out, "tally");
        field_text(out, cp_view_of(tallied->what));
        field_u64(out, cp_tally_other(&tallied->tally));
        end_line(out);
        put_tally(out, "text", &tallied->tally);
    }
}

static void put_scope(struct cp_buf *out, const struct cp_digest_scope *scope)
{
    struct cp_digest_name name = cp_digest_scope_name(scope);
    (void)cp_buf_adds(out, "scope");
    field_text(out, name.function);
    field_text(out, name.version);
    field_text(out, name.architecture);
    end_line(out);
    if (scope->first_ms >= 0) {
        (void)cp_buf_adds(out, "span");
        field_i64(out, scope->first_ms);
        field_i64(out, scope->last_ms);
        end_line(out);
    }
    put_cells(out, scope);
    put_minutes(out, scope);
    put_streams(out, scope);
    put_requests(out, scope);
    put_counts(out, scope);
}

static void put_record(struct cp_buf *out, const struct cp_digest_record *r)
{
    const int64_t values[] = {r->duration_us,       r->billed_us,         r->init_us,
                              r->restore_us,        r->billed_restore_us, r->memory_size_mb,
                              r->max_memory_used_mb};
    (void)cp_buf_adds(out, "record");
    field_i64(out, r->end_at_ms);
    field_hex(out, r->request_id, sizeof r->request_id);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        field_i64(out, values[i]);
    field_word(out, cp_start_kind_name(r->start));
    field_word(out, cp_outcome_name(r->outcome));
    field_text(out, r->stream);
    field_text(out, r->error_type);
    end_line(out);
}

static void put_note(struct cp_buf *out, const struct cp_digest_note *note)
{
    (void)cp_buf_adds(out, "note");
    field_i64(out, note->at_ms);
    field_hex(out, note->request_id, sizeof note->request_id);
    field_word(out, cp_digest_note_words[note->kind]);
    field_i64(out, note->value_us);
    field_text(out, note->text);
    end_line(out);
}

/* Raw records and notes are in order of their scopes; *record and *note are where the next scope's
 * begin. */
static void put_raws(struct cp_buf *out, const struct cp_digest_raws *raws,
                     const struct cp_digest_scope *scope, size_t *record, size_t *note)
{
    for (; *record < raws->n && raws->rows[*record].scope == scope; ++*record) {
        struct cp_digest_raw raw = cp_digest_raws_at(raws, *record);
        put_record(out, &raw.record);
    }
    for (; *note < raws->n_notes && raws->notes[*note].scope == scope; ++*note) {
        struct cp_digest_raw_note raw = cp_digest_raws_note_at(raws, *note);
        put_note(out, &raw.note);
    }
}

enum cp_code cp_digest_write(const struct cp_digest *digest, struct cp_buf *out,
                             struct cp_error *err)
{
    size_t begin = out->n;
    size_t record = 0;
    size_t note = 0;
    cp_digest_scopes_sort(digest->scopes);
    cp_digest_raws_sort(digest->raws);
    (void)cp_buf_adds(out, CP_DIGEST_HEAD);
    (void)cp_buf_adds(out, digest->is_raw_dropped ? "raw no\ncounts" : "raw yes\ncounts");
    field_u64(out, cp_tally_other(&digest->counts));
    end_line(out);
    put_tally(out, "count", &digest->counts);
    for (size_t i = 0; i < digest->scopes->n; i++) {
        put_scope(out, digest->scopes->items[i]);
        put_raws(out, digest->raws, digest->scopes->items[i], &record, &note);
    }
    struct cp_view body = cp_buf_view(out);
    if (!out->failed)
        (void)cp_buf_addf(out, "end %08x\n",
                          cp_crc32((struct cp_view){body.p + begin, body.n - begin}));
    return cp_buf_check(out, "the digest", err);
}
