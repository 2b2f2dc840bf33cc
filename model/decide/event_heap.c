/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/event_heap.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_EVENTS = 256 };

static void move_to_front(struct cp_event_heap *h)
{
    memmove(h->at + 1, h->at + h->first, h->n * sizeof *h->at);
    memmove(h->what + 1, h->what + h->first, h->n * sizeof *h->what);
    h->first = 1;
}

enum cp_code cp_event_heap_make_room(struct cp_event_heap *h)
{
    if (h->first > 1) {
        move_to_front(h);
        return CP_OK;
    }
    size_t cap = h->cap ? 2 * h->cap : FIRST_EVENTS;
    double *at = realloc(h->at, cap * sizeof *at);
    h->at = at ? at : h->at;
    int64_t *what = realloc(h->what, cap * sizeof *what);
    h->what = what ? what : h->what;
    if (!at || !what)
        return CP_ENOMEM;
    h->cap = cap;
    h->first = 1;
    return CP_OK;
}

void cp_event_heap_sort(struct cp_event_heap *h)
{
    size_t n = h->n;
    h->is_heap = false;
    for (h->n = 0; h->n < n;) {
        size_t next = 1 + h->n;
        cp_event_heap_insert(h, (struct cp_event){h->at[next], h->what[next]});
    }
}

void cp_event_heap_clear(struct cp_event_heap *h)
{
    free(h->at);
    free(h->what);
    *h = (struct cp_event_heap){0};
}
