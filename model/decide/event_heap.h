/* SPDX-License-Identifier: GPL-3.0-or-later
 * Events of a simulation by time, earliest first: a sorted list while they are few, a binary heap
 * when they are many. Equal times come out in no order that is promised. Zero-initialised; the
 * owner calls cp_event_heap_clear.
 *
 *     at      -  gone  gone  3.1  4.0  4.0  7.5  free ...     sorted: from `first` on
 *     at      -  3.1   4.0   4.0  7.5  ...                    heap: from 1 on, children 2i, 2i + 1
 *
 * Few: taking the earliest is one addition, and a new event, nearly always a late one, moves few
 * others. A sorted list is a heap, so growing costs nothing; shrinking sorts.
 */
#ifndef COLDPROF_MODEL_EVENT_HEAP_H
#define COLDPROF_MODEL_EVENT_HEAP_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/error.h"

enum { CP_EVENTS_SORTED_MAX = 64, CP_EVENTS_SORTED_MIN = 32 };

struct cp_event {
    double at; /* ms */
    int64_t what;
};

struct cp_event_heap {
    double *at;
    int64_t *what;
    size_t first, n, cap; /* events are at first .. first + n - 1 */
    bool is_heap;         /* then first is 1 */
};

/* Time of the earliest one; INFINITY when there is none. */
static inline double cp_event_heap_next(const struct cp_event_heap *h)
{
    return h->n ? h->at[h->first] : INFINITY;
}

/* Room for one more, from 1 on; CP_ENOMEM leaves the events as they were. */
enum cp_code cp_event_heap_make_room(struct cp_event_heap *h);
/* A heap of few becomes a list. */
void cp_event_heap_sort(struct cp_event_heap *h);
void cp_event_heap_clear(struct cp_event_heap *h);

/* From place `i`, which is free, up to where `event` belongs. */
static inline void cp_event_heap_rise(struct cp_event_heap *h, size_t i, struct cp_event event)
{
    double *at = h->at;
    int64_t *what = h->what;
    for (; i > 1 && at[i / 2] > event.at; i /= 2) {
        at[i] = at[i / 2];
        what[i] = what[i / 2];
    }
    at[i] = event.at;
    what[i] = event.what;
}

/* From behind the last one to where `event` belongs. */
static inline void cp_event_heap_insert(struct cp_event_heap *h, struct cp_event event)
{
    double *at = h->at;
    int64_t *what = h->what;
    size_t i = h->first + h->n++;
    for (; i > h->first && at[i - 1] > event.at; i--) {
        at[i] = at[i - 1];
        what[i] = what[i - 1];
    }
    at[i] = event.at;
    what[i] = event.what;
}

/* CP_ENOMEM leaves the events as they were. */
static inline enum cp_code cp_event_heap_push(struct cp_event_heap *h, struct cp_event event)
{
    /* the place behind the last one is looked at and not used */
    if (h->first + h->n + 1 >= h->cap && cp_event_heap_make_room(h))
        return CP_ENOMEM;
    if (h->n < CP_EVENTS_SORTED_MAX && !h->is_heap) {
        cp_event_heap_insert(h, event);
        return CP_OK;
    }
    if (!h->is_heap) {
        if (h->first > 1)
            (void)cp_event_heap_make_room(h);
        h->is_heap = true;
    }
    cp_event_heap_rise(h, ++h->n, event);
    return CP_OK;
}

/* `event` takes the place of the root of a heap: the hole goes down to a leaf along the earlier
 * children, and the event, nearly always a late one, up from there. No step asks for a branch that
 * cannot be foreseen. */
static inline void cp_event_heap_sink(struct cp_event_heap *h, struct cp_event event)
{
    double *at = h->at;
    int64_t *what = h->what;
    size_t n = h->n;
    size_t i = 1;
    for (size_t child = 2; child <= n; child = 2 * i) {
        child += (size_t)(child < n) & (size_t)(at[child + 1] < at[child]);
        at[i] = at[child];
        what[i] = what[child];
        i = child;
    }
    cp_event_heap_rise(h, i, event);
}

/* The earliest one; there must be one. */
static inline struct cp_event cp_event_heap_pop(struct cp_event_heap *h)
{
    struct cp_event first = {h->at[h->first], h->what[h->first]};
    if (!h->is_heap) {
        h->first++;
        h->n--;
        return first;
    }
    struct cp_event last = {h->at[h->n], h->what[h->n]};
    h->n--;
    cp_event_heap_sink(h, last);
    if (h->n < CP_EVENTS_SORTED_MIN)
        cp_event_heap_sort(h);
    return first;
}

/* The same, and `event` takes its place. */
static inline struct cp_event cp_event_heap_replace(struct cp_event_heap *h, struct cp_event event)
{
    struct cp_event first = {h->at[h->first], h->what[h->first]};
    if (h->is_heap) {
        cp_event_heap_sink(h, event);
    } else {
        (void)cp_event_heap_pop(h);
        (void)cp_event_heap_push(h, event); /* there is room */
    }
    return first;
}

#endif
