/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/base/datetime.h"
#include "probes/local/invoke.h"
#include "probes/os/clock.h"
#include "probes/os/file.h"

/* A throttled event waits a second; AWS waits longer and longer, up to 6 hours in all. */
enum { QUEUE_MAX = 1000, RETRY_MS = 1000, AGE_MAX_MS = 6 * 3600 * 1000 };

struct entry {
    struct cp_async_queue *queue;
    struct cp_invocation invocation;
    char function[320], qualifier[160];
    bool is_running;
    int64_t queued_at_ms;
    struct entry *next;
};

struct cp_async_queue {
    struct cp_async_queue_options options;
    struct cp_loop_timer timer;
    struct entry *first; /* oldest first */
    int n;
};

static void note(const struct cp_async_queue *queue, const struct entry *entry, const char *what)
{
    struct cp_buf line;
    char time[CP_DATETIME_TEXT_MAX];
    if (queue->options.sink_fd < 0)
        return;
    cp_buf_init(&line, 1024);
    (void)cp_buf_addf(&line, "%s coldprof async RequestId: %s %s\n",
                      cp_datetime_format(cp_clock_unix_ms(), CP_DATETIME_ISO_MS, time),
                      entry->invocation.request_id, what);
    (void)cp_fd_write_all(queue->options.sink_fd, cp_buf_view(&line), "log", NULL);
    cp_buf_clear(&line);
}

static void free_entry(struct entry *entry)
{
    cp_invocation_clear(&entry->invocation);
    free(entry);
}

static void remove_entry(struct entry *entry)
{
    struct cp_async_queue *queue = entry->queue;
    struct entry **at = &queue->first;
    while (*at != entry)
        at = &(*at)->next;
    *at = entry->next;
    queue->n--;
    free_entry(entry);
}

static void on_done(struct cp_invocation *invocation)
{
    struct entry *entry = CP_OWNER_OF(invocation, struct entry, invocation);
    if (invocation->function_error)
        note(entry->queue, entry, "failed; it is not retried here (AWS would, twice)");
    remove_entry(entry);
}

/* false: throttled, stays in the queue. */
static bool run(struct entry *entry)
{
    const struct cp_async_queue_options *o = &entry->queue->options;
    struct cp_configuration config;
    struct cp_api_response refusal;
    cp_api_response_init(&refusal);
    entry->is_running = cp_control_resolve(o->control, entry->function, entry->qualifier,
                                           cp_rng_uniform(o->rng), &config, &refusal) &&
                        cp_pool_invoke(o->pool, &config, &entry->invocation, &refusal);
    bool is_throttled = !entry->is_running && refusal.status == 429;
    cp_api_response_clear(&refusal);
    if (entry->is_running)
        return true;
    bool is_old = cp_clock_unix_ms() - entry->queued_at_ms > AGE_MAX_MS;
    if (is_throttled && !is_old)
        return false;
    note(entry->queue, entry, is_old ? "dropped: 6 hours old" : "dropped: its target is gone");
    remove_entry(entry);
    return true;
}

static void on_timer(struct cp_loop_timer *timer)
{
    struct cp_async_queue *queue = CP_OWNER_OF(timer, struct cp_async_queue, timer);
    bool is_waiting = false;
    for (struct entry *entry = queue->first, *next; entry; entry = next) {
        next = entry->next;
        if (!entry->is_running)
            is_waiting |= !run(entry);
    }
    if (is_waiting)
        (void)cp_loop_timer_set(queue->options.loop, timer, cp_clock_mono_ms() + RETRY_MS);
}

enum cp_code cp_async_queue_new(const struct cp_async_queue_options *options,
                                struct cp_async_queue **out, struct cp_error *err)
{
    struct cp_async_queue *queue = calloc(1, sizeof *queue);
    if (!queue)
        return cp_fail(err, CP_ENOMEM, "cannot make the event queue: out of memory");
    queue->options = *options;
    queue->timer.on_due = on_timer;
    *out = queue;
    return CP_OK;
}

void cp_async_queue_free(struct cp_async_queue *queue)
{
    if (!queue)
        return;
    cp_loop_timer_cancel(queue->options.loop, &queue->timer);
    for (struct entry *entry = queue->first, *next; entry; entry = next) {
        next = entry->next;
        free_entry(entry);
    }
    free(queue);
}

bool cp_async_queue_add(struct cp_async_queue *queue, const char *function, const char *qualifier,
                        struct cp_invocation *invocation)
{
    struct entry *entry = queue->n < QUEUE_MAX ? calloc(1, sizeof *entry) : NULL;
    if (!entry)
        return false;
    entry->queue = queue;
    entry->invocation = *invocation;
    entry->invocation.on_done = on_done;
    cp_invocation_init(invocation);
    (void)cp_view_copy(cp_view_of(function), entry->function, sizeof entry->function);
    (void)cp_view_copy(cp_view_of(qualifier), entry->qualifier, sizeof entry->qualifier);
    entry->queued_at_ms = cp_clock_unix_ms();
    struct entry **at = &queue->first;
    while (*at)
        at = &(*at)->next;
    *at = entry;
    queue->n++;
    (void)cp_loop_timer_set(queue->options.loop, &queue->timer, cp_clock_mono_ms());
    return true;
}
