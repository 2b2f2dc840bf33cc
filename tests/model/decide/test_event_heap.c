/* SPDX-License-Identifier: GPL-3.0-or-later
 * Random pushes, pops and replacements against a list that is searched each time.
 */
#include "model/decide/event_heap.h"

#include "model/base/rng.h"
#include "tests/test.h"

enum { MAX = 700, STEPS = 60000 };

struct list {
    struct cp_event events[MAX];
    size_t n;
};

static size_t earliest(const struct list *l)
{
    size_t best = 0;
    for (size_t i = 1; i < l->n; i++)
        best = l->events[i].at < l->events[best].at ? i : best;
    return best;
}

/* The event must be one of those that are due; equal times come in any order. */
static void take(struct list *l, struct cp_event event)
{
    assert_near(event.at, l->events[earliest(l)].at, 0);
    for (size_t i = 0; i < l->n; i++) {
        if (l->events[i].what == event.what) {
            assert_near(l->events[i].at, event.at, 0);
            l->events[i] = l->events[--l->n];
            return;
        }
    }
    fail_msg("%g is not in the list", event.at);
}

/* Grows and shrinks past the sizes at which a list becomes a heap and back. */
static void events_come_in_order_of_time(void **state)
{
    (void)state;
    static struct list list;
    static const size_t aims[] = {3, 40, 90, 20, 600, 0, 64, 31, 65};
    struct cp_event_heap h = {0};
    struct cp_rng rng;
    cp_rng_init(&rng, 3, 0);
    size_t changes = 0;
    list.n = 0;
    for (int64_t step = 0; step < STEPS; step++) {
        size_t aim = aims[(size_t)step / 1000 % 9];
        struct cp_event event = {(double)cp_rng_below(&rng, 200), step};
        bool was_heap = h.is_heap;
        bool is_push = list.n == 0 || (list.n < MAX && cp_rng_below(&rng, list.n + aim + 1) < aim);
        if (is_push) {
            assert_int_equal(cp_event_heap_push(&h, event), CP_OK);
            list.events[list.n++] = event;
        } else if (cp_rng_below(&rng, 3) == 0) {
            take(&list, cp_event_heap_replace(&h, event));
            list.events[list.n++] = event;
        } else {
            take(&list, cp_event_heap_pop(&h));
        }
        changes += was_heap != h.is_heap;
        assert_int_equal(h.n, list.n);
        assert_near(cp_event_heap_next(&h), list.n ? list.events[earliest(&list)].at : INFINITY, 0);
    }
    assert_true(changes > 10);
    cp_event_heap_clear(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_come_in_order_of_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
