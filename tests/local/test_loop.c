/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/test.h"

#include <unistd.h>

#include "model/base/rng.h"
#include "probes/local/loop.h"
#include "probes/os/clock.h"

static struct cp_loop *loop;

struct item {
    struct cp_loop_timer timer;
    int *order, *n;
    int number;
    int n_left; /* the loop stops when the last one has run */
};

static void on_item(struct cp_loop_timer *timer)
{
    struct item *item = CP_OWNER_OF(timer, struct item, timer);
    item->order[(*item->n)++] = item->number;
    if (*item->n == item->n_left)
        cp_loop_stop(loop);
}

static void timers_run_in_the_order_of_their_times(void **state)
{
    (void)state;
    enum { N = 200, CANCELLED = 50 };
    static struct item items[N];
    int order[N], n = 0;
    struct cp_rng rng;
    double base_ms = cp_clock_mono_ms() - 10000; /* all are due at once: no waiting */
    cp_rng_init(&rng, 7, 0);
    assert_int_equal(cp_loop_new(&loop, NULL), CP_OK);
    for (int i = 0; i < N; i++) {
        items[i] = (struct item){.timer = {.on_due = on_item},
                                 .number = i,
                                 .order = order,
                                 .n = &n,
                                 .n_left = N - CANCELLED};
        double due_ms = base_ms + cp_rng_uniform(&rng) * 1000;
        assert_int_equal(cp_loop_timer_set(loop, &items[i].timer, due_ms), CP_OK);
    }
    for (int i = 0; i < N; i++) /* moved: the number is the time */
        (void)cp_loop_timer_set(loop, &items[i].timer, base_ms + i);
    for (int i = 0; i < CANCELLED; i++)
        cp_loop_timer_cancel(loop, &items[(size_t)i * 4].timer);
    assert_int_equal(cp_loop_run(loop, NULL), CP_OK);
    assert_int_equal(n, N - CANCELLED);
    for (int i = 1; i < n; i++)
        assert_true(order[i] > order[i - 1] && order[i] % 4 != 0);
    cp_loop_free(loop);
}

struct pair {
    struct cp_loop_source source;
    struct pair *other;
    int n_events;
};

/* Removes the other one, whose event may be in the same batch. */
static void on_pair(struct cp_loop_source *source, uint32_t events)
{
    (void)events;
    struct pair *pair = CP_OWNER_OF(source, struct pair, source);
    pair->n_events++;
    cp_loop_remove(loop, &pair->other->source);
    cp_loop_stop(loop);
}

static void removed_source_gets_no_event_of_the_same_batch(void **state)
{
    (void)state;
    struct pair a, b;
    int first[2], second[2];
    assert_int_equal(pipe(first) | pipe(second), 0);
    a = (struct pair){.source = {first[0], on_pair}, .other = &b};
    b = (struct pair){.source = {second[0], on_pair}, .other = &a};
    assert_int_equal(cp_loop_new(&loop, NULL), CP_OK);
    assert_int_equal(cp_loop_add(loop, &a.source, NULL), CP_OK);
    assert_int_equal(cp_loop_add(loop, &b.source, NULL), CP_OK);
    assert_int_equal(write(first[1], "x", 1) + write(second[1], "x", 1), 2);
    assert_int_equal(cp_loop_run(loop, NULL), CP_OK);
    assert_int_equal(a.n_events + b.n_events, 1);
    cp_loop_free(loop);
    for (int i = 0; i < 2; i++) {
        (void)close(first[i]);
        (void)close(second[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_run_in_the_order_of_their_times),
        cmocka_unit_test(removed_source_gets_no_event_of_the_same_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
