/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/log_merge.h"

#include <stdlib.h>

void cp_log_merge_init(struct cp_log_merge *merge)
{
    *merge = (struct cp_log_merge){.heap = NULL};
}

void cp_log_merge_clear(struct cp_log_merge *merge)
{
    free(merge->heap);
    cp_log_merge_init(merge);
}

static bool is_before(const struct cp_log_cursor *a, const struct cp_log_cursor *b)
{
    const struct cp_log_event *x = &a->stream->events[a->next], *y = &b->stream->events[b->next];
    return x->at_ms < y->at_ms || (x->at_ms == y->at_ms && x->number < y->number);
}

static void swap(struct cp_log_cursor *a, struct cp_log_cursor *b)
{
    struct cp_log_cursor kept = *a;
    *a = *b;
    *b = kept;
}

static void sink(struct cp_log_merge *merge)
{
    size_t at = 0;
    for (;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < merge->n; child++) {
            if (is_before(&merge->heap[child], &merge->heap[least]))
                least = child;
        }
        if (least == at)
            return;
        swap(&merge->heap[at], &merge->heap[least]);
        at = least;
    }
}

enum cp_code cp_log_merge_add(struct cp_log_merge *merge, const struct cp_log_stream *stream,
                              int64_t at_ms, uint64_t number)
{
    enum { FEWEST = 16 };
    size_t next = cp_log_stream_find(stream, at_ms, number);
    if (next == stream->n)
        return CP_OK;
    if (merge->n == merge->cap) {
        size_t cap = merge->cap ? 2 * merge->cap : FEWEST;
        struct cp_log_cursor *heap = realloc(merge->heap, cap * sizeof *heap);
        if (!heap)
            return CP_ENOMEM;
        merge->heap = heap;
        merge->cap = cap;
    }
    size_t at = merge->n++;
    merge->heap[at] = (struct cp_log_cursor){stream, next};
    for (; at && is_before(&merge->heap[at], &merge->heap[(at - 1) / 2]); at = (at - 1) / 2)
        swap(&merge->heap[at], &merge->heap[(at - 1) / 2]);
    return CP_OK;
}

const struct cp_log_event *cp_log_merge_next(struct cp_log_merge *merge,
                                             const struct cp_log_stream **stream)
{
    if (!merge->n)
        return NULL;
    struct cp_log_cursor *first = &merge->heap[0];
    const struct cp_log_event *event = &first->stream->events[first->next++];
    *stream = first->stream;
    if (first->next == first->stream->n)
        *first = merge->heap[--merge->n];
    sink(merge);
    return event;
}
