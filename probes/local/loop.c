/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/loop.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "probes/os/clock.h"

enum { BATCH = 64, TURNS_MAX = 4, LONGEST_SLEEP_MS = 60000 };

struct turn {
    cp_loop_turn_fn fn;
    void *context;
};

struct cp_loop {
    int epoll_fd;
    bool is_stopped;
    struct epoll_event batch[BATCH];
    int n_batch;
    struct turn turns[TURNS_MAX];
    size_t n_turns;
    struct cp_loop_timer **heap; /* heap[1] is the next one due; heap[0] is not used */
    size_t n_timers, cap_timers;
};

enum cp_code cp_loop_new(struct cp_loop **out, struct cp_error *err)
{
    struct cp_loop *loop = calloc(1, sizeof *loop);
    if (!loop)
        return cp_fail(err, CP_ENOMEM, "cannot make the event loop: out of memory");
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll_fd < 0) {
        free(loop);
        return cp_fail(err, CP_EIO, "cannot make the event loop: %s", strerror(errno));
    }
    *out = loop;
    return CP_OK;
}

void cp_loop_free(struct cp_loop *loop)
{
    if (!loop)
        return;
    (void)close(loop->epoll_fd);
    free(loop->heap);
    free(loop);
}

enum cp_code cp_loop_add(struct cp_loop *loop, struct cp_loop_source *source, struct cp_error *err)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = source};
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, source->fd, &event) < 0)
        return cp_fail(err, CP_EIO, "cannot watch descriptor %d: %s", source->fd, strerror(errno));
    return CP_OK;
}

void cp_loop_remove(struct cp_loop *loop, struct cp_loop_source *source)
{
    (void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
    /* Events of this batch that were not handled yet must not reach a source that is gone. */
    for (int i = 0; i < loop->n_batch; i++) {
        if (loop->batch[i].data.ptr == source)
            loop->batch[i].data.ptr = NULL;
    }
}

/* --- timers: binary heap, each timer knows its place --- */

static void put(struct cp_loop *loop, struct cp_loop_timer *timer, size_t place)
{
    loop->heap[place] = timer;
    timer->place = place;
}

static void sift(struct cp_loop *loop, struct cp_loop_timer *timer, size_t place)
{
    while (place > 1 && timer->due_ms < loop->heap[place / 2]->due_ms) {
        put(loop, loop->heap[place / 2], place);
        place /= 2;
    }
    for (;;) {
        size_t child = place * 2;
        if (child > loop->n_timers)
            break;
        if (child < loop->n_timers && loop->heap[child + 1]->due_ms < loop->heap[child]->due_ms)
            child++;
        if (loop->heap[child]->due_ms >= timer->due_ms)
            break;
        put(loop, loop->heap[child], place);
        place = child;
    }
    put(loop, timer, place);
}

enum cp_code cp_loop_timer_set(struct cp_loop *loop, struct cp_loop_timer *timer, double due_ms)
{
    if (!timer->place && loop->n_timers + 2 > loop->cap_timers) {
        size_t cap = loop->cap_timers * 2 + 16;
        struct cp_loop_timer **heap = realloc(loop->heap, cap * sizeof(struct cp_loop_timer *));
        if (!heap)
            return CP_ENOMEM;
        loop->heap = heap;
        loop->cap_timers = cap;
    }
    timer->due_ms = due_ms;
    sift(loop, timer, timer->place ? timer->place : ++loop->n_timers);
    return CP_OK;
}

void cp_loop_timer_cancel(struct cp_loop *loop, struct cp_loop_timer *timer)
{
    size_t place = timer->place;
    if (!place)
        return;
    timer->place = 0;
    struct cp_loop_timer *last = loop->heap[loop->n_timers--];
    if (last != timer)
        sift(loop, last, place);
}

static void run_due_timers(struct cp_loop *loop)
{
    /* One reading of the clock: a timer that sets itself again for "now" runs in the next turn. */
    double now_ms = cp_clock_mono_ms();
    while (loop->n_timers && loop->heap[1]->due_ms < now_ms && !loop->is_stopped) {
        struct cp_loop_timer *timer = loop->heap[1];
        cp_loop_timer_cancel(loop, timer);
        timer->on_due(timer);
    }
}

/* --- turns --- */

enum cp_code cp_loop_add_turn(struct cp_loop *loop, cp_loop_turn_fn fn, void *context)
{
    if (loop->n_turns == TURNS_MAX)
        return CP_ELIMIT;
    loop->turns[loop->n_turns++] = (struct turn){fn, context};
    return CP_OK;
}

static int run_turns(struct cp_loop *loop)
{
    int sleep_ms = LONGEST_SLEEP_MS;
    for (size_t i = 0; i < loop->n_turns; i++) {
        int limit_ms = loop->turns[i].fn(loop->turns[i].context);
        if (limit_ms >= 0 && limit_ms < sleep_ms)
            sleep_ms = limit_ms;
    }
    return sleep_ms;
}

static int sleep_until_timer(const struct cp_loop *loop, int sleep_ms)
{
    if (!loop->n_timers)
        return sleep_ms;
    double left_ms = ceil(loop->heap[1]->due_ms - cp_clock_mono_ms());
    if (left_ms <= 0)
        return 0;
    return left_ms < sleep_ms ? (int)left_ms : sleep_ms;
}

static void run_batch(struct cp_loop *loop)
{
    for (int i = 0; i < loop->n_batch && !loop->is_stopped; i++) {
        struct cp_loop_source *source = loop->batch[i].data.ptr;
        if (source)
            source->on_ready(source, loop->batch[i].events);
    }
    loop->n_batch = 0;
}

enum cp_code cp_loop_run(struct cp_loop *loop, struct cp_error *err)
{
    loop->is_stopped = false;
    while (!loop->is_stopped) {
        int sleep_ms = sleep_until_timer(loop, run_turns(loop));
        int n = epoll_wait(loop->epoll_fd, loop->batch, BATCH, sleep_ms);
        if (n < 0 && errno != EINTR)
            return cp_fail(err, CP_EIO, "cannot wait for events: %s", strerror(errno));
        loop->n_batch = n < 0 ? 0 : n;
        run_batch(loop);
        (void)run_turns(loop);
        run_due_timers(loop);
    }
    return CP_OK;
}

void cp_loop_stop(struct cp_loop *loop)
{
    loop->is_stopped = true;
}
