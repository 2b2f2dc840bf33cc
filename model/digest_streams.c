/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "model/digest_parts.h"

static struct cp_digest_span *spans_of(struct cp_digest_stream_row *row)
{
    return row->more ? row->more : &row->one;
}

static enum cp_code reserve_span(struct cp_digest_stream_row *row, struct cp_digest_room *room,
                                 struct cp_error *err)
{
    bool is_moving_out = !row->more && row->n_spans == 1;
    size_t cap = row->cap_spans;
    if (row->n_spans == 0)
        return CP_OK;
    enum cp_code code = cp_digest_grow(room, (void **)&row->more, &cap, (size_t)row->n_spans + 1,
                                       sizeof *row->more, err);
    if (code)
        return code;
    row->cap_spans = (uint32_t)cap;
    if (is_moving_out)
        row->more[0] = row->one;
    return CP_OK;
}

static int64_t reach_of(const struct cp_digest_span *span)
{
    return span->end_ms + CP_DIGEST_IDLE_MIN_MS;
}

/* First span that ends, pause included, at `start` or later. */
static uint32_t first_touched(const struct cp_digest_span *spans, uint32_t n, int64_t start)
{
    uint32_t low = 0;
    uint32_t high = n;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (reach_of(&spans[middle]) < start)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Spans `from` to before `to` become one, together with `use`. */
static void join(struct cp_digest_stream_row *row, uint32_t from, uint32_t to,
                 const struct cp_digest_span *use)
{
    struct cp_digest_span *spans = spans_of(row);
    struct cp_digest_span *into = &spans[from];
    if (use->start_ms < into->start_ms)
        into->start_ms = use->start_ms;
    into->end_ms = spans[to - 1].end_ms;
    if (use->end_ms > into->end_ms)
        into->end_ms = use->end_ms;
    memmove(&spans[from + 1], &spans[to], (row->n_spans - to) * sizeof *spans);
    row->n_spans -= to - from - 1;
}

/* Union with [start, end + pause): also when they only touch, as then no pause is left. */
static enum cp_code add_span(struct cp_digest_stream_row *row, struct cp_digest_room *room,
                             const struct cp_digest_span *use, struct cp_error *err)
{
    uint32_t n = row->n_spans;
    struct cp_digest_span *spans = spans_of(row);
    uint32_t from = n && spans[n - 1].start_ms <= use->start_ms
                        ? n - (reach_of(&spans[n - 1]) >= use->start_ms)
                        : first_touched(spans, n, use->start_ms);
    uint32_t to = from;
    while (to < n && spans[to].start_ms <= reach_of(use))
        to++;
    if (to > from) {
        join(row, from, to, use);
        return CP_OK;
    }
    enum cp_code code = reserve_span(row, room, err);
    if (code)
        return code;
    spans = spans_of(row);
    memmove(&spans[from + 1], &spans[from], (n - from) * sizeof *spans);
    spans[from] = *use;
    row->n_spans++;
    return CP_OK;
}

static enum cp_code add_row(struct cp_digest_streams *s, struct cp_digest_room *room, uint64_t hash,
                            struct cp_error *err)
{
    size_t index_bytes = cp_hash_index_bytes(&s->index);
    enum cp_code code =
        cp_digest_grow(room, (void **)&s->rows, &s->cap, s->n + 1, sizeof *s->rows, err);
    if (code)
        return code;
    if (cp_hash_index_reserve(&s->index, s->n + 1))
        return cp_digest_no_memory(err);
    cp_hash_index_add(&s->index, hash, (uint32_t)s->n);
    s->is_sorted = false;
    s->last = s->n;
    s->rows[s->n++] = (struct cp_digest_stream_row){.hash = hash};
    return cp_digest_charge(room, cp_hash_index_bytes(&s->index) - index_bytes, err);
}

/* The row of that hash, made when new, as s->last. */
static enum cp_code turn_to(struct cp_digest_streams *s, struct cp_digest_room *room, uint64_t hash,
                            struct cp_error *err)
{
    uint32_t i;
    if (s->n && s->rows[s->last].hash == hash)
        return CP_OK;
    for (size_t probe = 0;
         (i = cp_hash_index_next(&s->index, hash, &probe)) != CP_HASH_INDEX_NONE;) {
        if (s->rows[i].hash == hash) {
            s->last = i;
            return CP_OK;
        }
    }
    return add_row(s, room, hash, err);
}

enum cp_code cp_digest_streams_use(struct cp_digest_streams *s, struct cp_digest_room *room,
                                   uint64_t hash, const struct cp_digest_span *use, bool is_cold,
                                   struct cp_error *err)
{
    enum cp_code code = turn_to(s, room, hash, err);
    if (code)
        return code;
    struct cp_digest_stream_row *row = &s->rows[s->last];
    row->n++;
    row->n_cold += is_cold;
    return add_span(row, room, use, err);
}

enum cp_code cp_digest_streams_add(struct cp_digest_streams *s, struct cp_digest_room *room,
                                   const struct cp_digest_stream *stream, struct cp_error *err)
{
    enum cp_code code = turn_to(s, room, stream->hash, err);
    if (code)
        return code;
    struct cp_digest_stream_row *row = &s->rows[s->last];
    if (__builtin_add_overflow(row->n, stream->n, &row->n) ||
        __builtin_add_overflow(row->n_cold, stream->n_cold, &row->n_cold))
        return cp_fail(err, CP_ELIMIT, "invocations of a log stream cannot be counted any more");
    for (size_t i = 0; i < stream->n_spans && !code; i++)
        code = add_span(row, room, &stream->spans[i], err);
    return code;
}

static int by_hash(const void *left, const void *right)
{
    const struct cp_digest_stream_row *a = left;
    const struct cp_digest_stream_row *b = right;
    return (a->hash > b->hash) - (a->hash < b->hash);
}

void cp_digest_streams_sort(struct cp_digest_streams *s)
{
    if (s->is_sorted || s->n == 0)
        return;
    qsort(s->rows, s->n, sizeof *s->rows, by_hash);
    cp_hash_index_reset(&s->index);
    for (size_t i = 0; i < s->n; i++)
        cp_hash_index_add(&s->index, s->rows[i].hash, (uint32_t)i);
    s->is_sorted = true;
    s->last = 0;
}

struct cp_digest_stream cp_digest_streams_at(const struct cp_digest_streams *s, size_t i)
{
    const struct cp_digest_stream_row *row = &s->rows[i];
    return (struct cp_digest_stream){.hash = row->hash,
                                     .n = row->n,
                                     .n_cold = row->n_cold,
                                     .spans = row->more ? row->more : &row->one,
                                     .n_spans = row->n_spans};
}

void cp_digest_streams_clear(struct cp_digest_streams *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->rows[i].more);
    free(s->rows);
    cp_hash_index_clear(&s->index);
    *s = (struct cp_digest_streams){0};
}
