/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/event_heap.h"

#include <stdlib.h>

enum { FIRST_EVENTS = 256 };

enum cp_code cp_event_heap_push(struct cp_event_heap *h, struct cp_event event)
{
    if (h->n + 1 >= h->cap) {
        size_t cap = h->cap ? 2 * h->cap : FIRST_EVENTS;
        struct cp_event *events = realloc(h->events, cap * sizeof *events);
        if (!events)
            return CP_ENOMEM;
        h->events = events;
        h->cap = cap;
    }
    size_t i = ++h->n;
    for (; i > 1 && h->events[i / 2].at > event.at; i /= 2)
        h->events[i] = h->events[i / 2];
    h->events[i] = event;
    return CP_OK;
}

/* `event` goes in at the root and sinks to its place. */
static void sink(struct cp_event_heap *h, struct cp_event event)
{
    struct cp_event *events = h->events;
    size_t n = h->n;
    size_t i = 1;
    for (size_t child = 2; child <= n; child = 2 * i) {
        child += child < n && events[child + 1].at < events[child].at;
        if (!(events[child].at < event.at))
            break;
        events[i] = events[child];
        i = child;
    }
    events[i] = event;
}

struct cp_event cp_event_heap_pop(struct cp_event_heap *h)
{
    struct cp_event first = h->events[1];
    struct cp_event last = h->events[h->n--];
    sink(h, last); /* of an empty heap: writes the place that is free */
    return first;
}

struct cp_event cp_event_heap_replace(struct cp_event_heap *h, struct cp_event event)
{
    struct cp_event first = h->events[1];
    sink(h, event);
    return first;
}

void cp_event_heap_clear(struct cp_event_heap *h)
{
    free(h->events);
    *h = (struct cp_event_heap){0};
}
