/* SPDX-License-Identifier: GPL-3.0-or-later
 * Events of a simulation by time, earliest first: a binary heap. Equal times come out in no order
 * that is promised. Zero-initialised; the owner calls cp_event_heap_clear.
 */
#ifndef COLDPROF_MODEL_EVENT_HEAP_H
#define COLDPROF_MODEL_EVENT_HEAP_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/error.h"

struct cp_event {
    double at; /* ms */
    int64_t what;
};

struct cp_event_heap {
    struct cp_event *events; /* from index 1 */
    size_t n, cap;
};

/* Time of the earliest one; INFINITY when there is none. */
static inline double cp_event_heap_next(const struct cp_event_heap *h)
{
    return h->n ? h->events[1].at : INFINITY;
}

/* CP_ENOMEM leaves the heap as it was. */
enum cp_code cp_event_heap_push(struct cp_event_heap *h, struct cp_event event);
/* The earliest one; there must be one. */
struct cp_event cp_event_heap_pop(struct cp_event_heap *h);
/* The same, and `event` takes its place. */
struct cp_event cp_event_heap_replace(struct cp_event_heap *h, struct cp_event event);
void cp_event_heap_clear(struct cp_event_heap *h);

#endif
