/* SPDX-License-Identifier: GPL-3.0-or-later
 * When environments were in use. Bounded twice, each time so that the order does not matter:
 *
 * - Of the log streams of a scope those with the smallest hashes are kept (see digest_requests.c).
 * - A stream's spans are the union of [start, end + pause), where the pause doubles from
 *   CP_DIGEST_IDLE_MIN_MS until CP_DIGEST_SPANS_MAX pauses are as long as the time from its first
 *   start to its last end. That time only grows, so the pause does, and closing small gaps first
 *   and larger ones later is the same as closing all of them at the end.
 */
#include <stdlib.h>
#include <string.h>

#include "model/digest/digest_parts.h"

enum { ROWS_MAX = 2 * CP_DIGEST_STREAMS_MAX }; /* when so many are there, half of them go */

void cp_digest_streams_init(struct cp_digest_streams *s)
{
    *s = (struct cp_digest_streams){.threshold = UINT64_MAX, .is_settled = true};
}

void cp_digest_streams_clear(struct cp_digest_streams *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->rows[i].more);
    free(s->rows);
    cp_hash_index_clear(&s->index);
    cp_digest_streams_init(s);
}

/* --- spans of one stream --- */

static struct cp_digest_span *spans_of(struct cp_digest_stream_row *row)
{
    return row->more ? row->more : &row->one;
}

static int64_t pause_for(const struct cp_digest_stream_row *row)
{
    return (int64_t)CP_DIGEST_IDLE_MIN_MS << row->doublings;
}

/* Spans `from` to before `to` become one. */
static void join(struct cp_digest_stream_row *row, uint32_t from, uint32_t to)
{
    struct cp_digest_span *spans = spans_of(row);
    spans[from].end_ms = spans[to - 1].end_ms;
    memmove(&spans[from + 1], &spans[to], (row->n_spans - to) * sizeof *spans);
    row->n_spans -= to - from - 1;
}

static void close_gaps(struct cp_digest_stream_row *row)
{
    struct cp_digest_span *spans = spans_of(row);
    uint32_t n = 1;
    for (uint32_t i = 1; i < row->n_spans; i++) {
        if (spans[i].start_ms <= spans[n - 1].end_ms + pause_for(row))
            spans[n - 1].end_ms = spans[i].end_ms;
        else
            spans[n++] = spans[i];
    }
    row->n_spans = n;
}

/* The pause that belongs to the stream's time together with `use`. */
static void set_pause(struct cp_digest_stream_row *row, const struct cp_digest_span *use)
{
    const struct cp_digest_span *spans = spans_of(row);
    int64_t first = spans[0].start_ms;
    int64_t last = spans[row->n_spans - 1].end_ms;
    int64_t range =
        (use->end_ms > last ? use->end_ms : last) - (use->start_ms < first ? use->start_ms : first);
    if (range <= pause_for(row) * CP_DIGEST_SPANS_MAX)
        return;
    while (range > pause_for(row) * CP_DIGEST_SPANS_MAX)
        row->doublings++;
    close_gaps(row);
}

static enum cp_code reserve_span(struct cp_digest_stream_row *row, struct cp_digest_room *room,
                                 struct cp_error *err)
{
    size_t cap = row->cap_spans;
    bool is_moving_out = !row->more;
    enum cp_code code = cp_digest_grow(room, (void **)&row->more, &cap, (size_t)row->n_spans + 1,
                                       sizeof *row->more, err);
    row->cap_spans = (uint16_t)cap;
    if (!code && is_moving_out)
        row->more[0] = row->one;
    return code;
}

/* First span that ends, pause included, at `start` or later. */
static uint32_t first_reaching(struct cp_digest_stream_row *row, int64_t start)
{
    const struct cp_digest_span *spans = spans_of(row);
    int64_t pause = pause_for(row);
    uint32_t low = 0;
    uint32_t high = row->n_spans;
    if (spans[high - 1].start_ms <= start) /* logs are mostly in order */
        return high - (spans[high - 1].end_ms + pause >= start);
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (spans[middle].end_ms + pause < start)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Union, also of spans that only touch, as then no pause is left. */
static enum cp_code add_span(struct cp_digest_stream_row *row, struct cp_digest_room *room,
                             const struct cp_digest_span *use, struct cp_error *err)
{
    if (row->n_spans == 0) {
        row->one = *use;
        row->n_spans = 1;
    }
    set_pause(row, use);
    struct cp_digest_span *spans = spans_of(row);
    uint32_t from = first_reaching(row, use->start_ms);
    uint32_t to = from;
    while (to < row->n_spans && spans[to].start_ms <= use->end_ms + pause_for(row))
        to++;
    if (to > from) {
        join(row, from, to);
        if (use->start_ms < spans[from].start_ms)
            spans[from].start_ms = use->start_ms;
        if (use->end_ms > spans[from].end_ms)
            spans[from].end_ms = use->end_ms;
        return CP_OK;
    }
    enum cp_code code = reserve_span(row, room, err);
    if (code)
        return code;
    spans = spans_of(row);
    memmove(&spans[from + 1], &spans[from], (row->n_spans - from) * sizeof *spans);
    spans[from] = *use;
    row->n_spans++;
    return CP_OK;
}

/* --- the streams that are kept --- */

static int by_hash(const void *left, const void *right)
{
    const struct cp_digest_stream_row *a = left;
    const struct cp_digest_stream_row *b = right;
    return (a->hash > b->hash) - (a->hash < b->hash);
}

void cp_digest_streams_settle(struct cp_digest_streams *s)
{
    if (s->is_settled)
        return;
    qsort(s->rows, s->n, sizeof *s->rows, by_hash);
    if (s->n > CP_DIGEST_STREAMS_MAX)
        s->is_cut = true;
    for (; s->n > CP_DIGEST_STREAMS_MAX; s->n--)
        free(s->rows[s->n - 1].more);
    if (s->n == CP_DIGEST_STREAMS_MAX)
        s->threshold = s->rows[s->n - 1].hash;
    cp_hash_index_reset(&s->index);
    for (size_t i = 0; i < s->n; i++)
        cp_hash_index_add(&s->index, s->rows[i].hash, (uint32_t)i);
    s->is_settled = true;
    s->last = 0;
}

static enum cp_code add_row(struct cp_digest_streams *s, struct cp_digest_room *room, uint64_t hash,
                            struct cp_error *err)
{
    if (s->n == ROWS_MAX)
        cp_digest_streams_settle(s);
    size_t index_bytes = cp_hash_index_bytes(&s->index);
    enum cp_code code =
        cp_digest_grow(room, (void **)&s->rows, &s->cap, s->n + 1, sizeof *s->rows, err);
    if (code)
        return code;
    if (cp_hash_index_reserve(&s->index, s->n + 1))
        return cp_digest_no_memory(err);
    cp_hash_index_add(&s->index, hash, (uint32_t)s->n);
    s->is_settled = false;
    s->last = s->n;
    s->rows[s->n++] = (struct cp_digest_stream_row){.hash = hash};
    return cp_digest_charge(room, cp_hash_index_bytes(&s->index) - index_bytes, err);
}

/* The row of that hash, made when new; NULL with CP_OK when it is not to be kept. */
static enum cp_code row_for(struct cp_digest_streams *s, struct cp_digest_room *room, uint64_t hash,
                            struct cp_digest_stream_row **row, struct cp_error *err)
{
    uint32_t i = CP_HASH_INDEX_NONE;
    *row = NULL;
    if (hash > s->threshold) {
        s->is_cut = true;
        return CP_OK;
    }
    if (s->n && s->rows[s->last].hash == hash) {
        *row = &s->rows[s->last];
        return CP_OK;
    }
    for (size_t probe = 0;
         (i = cp_hash_index_next(&s->index, hash, &probe)) != CP_HASH_INDEX_NONE;) {
        if (s->rows[i].hash == hash)
            break;
    }
    enum cp_code code = i == CP_HASH_INDEX_NONE ? add_row(s, room, hash, err) : CP_OK;
    if (code)
        return code;
    if (i != CP_HASH_INDEX_NONE)
        s->last = i;
    *row = &s->rows[s->last];
    return CP_OK;
}

enum cp_code cp_digest_streams_use(struct cp_digest_streams *s, struct cp_digest_room *room,
                                   uint64_t hash, const struct cp_digest_span *use, bool is_cold,
                                   struct cp_error *err)
{
    struct cp_digest_stream_row *row;
    enum cp_code code = row_for(s, room, hash, &row, err);
    if (code || !row)
        return code;
    row->n++;
    row->n_cold += is_cold;
    return add_span(row, room, use, err);
}

enum cp_code cp_digest_streams_add(struct cp_digest_streams *s, struct cp_digest_room *room,
                                   const struct cp_digest_stream *stream, struct cp_error *err)
{
    struct cp_digest_stream_row *row;
    enum cp_code code = row_for(s, room, stream->hash, &row, err);
    if (code || !row)
        return code;
    if (__builtin_add_overflow(row->n, stream->n, &row->n) ||
        __builtin_add_overflow(row->n_cold, stream->n_cold, &row->n_cold))
        return cp_fail(err, CP_ELIMIT, "invocations of a log stream are beyond 2^64");
    for (size_t i = 0; i < stream->n_spans && !code; i++)
        code = add_span(row, room, &stream->spans[i], err);
    return code;
}

struct cp_digest_stream cp_digest_streams_at(const struct cp_digest_streams *s, size_t i)
{
    const struct cp_digest_stream_row *row = &s->rows[i];
    return (struct cp_digest_stream){.hash = row->hash,
                                     .n = row->n,
                                     .n_cold = row->n_cold,
                                     .pause_ms = pause_for(row),
                                     .spans = row->more ? row->more : &row->one,
                                     .n_spans = row->n_spans};
}

double cp_digest_streams_total(const struct cp_digest_streams *s)
{
    if (!s->is_cut || s->n == 0)
        return (double)s->n;
    return (double)(s->n - 1) / ((double)s->rows[s->n - 1].hash / 0x1p64);
}
