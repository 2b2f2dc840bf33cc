/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/base/parallel.h"

#include <pthread.h>
#include <stdatomic.h>

struct work {
    void (*call)(void *context, size_t i);
    void *context;
    size_t n;
    atomic_size_t next;
};

static void *take_turns(void *argument)
{
    struct work *work = argument;
    for (;;) {
        size_t i = atomic_fetch_add_explicit(&work->next, 1, memory_order_relaxed);
        if (i >= work->n)
            return NULL;
        work->call(work->context, i);
    }
}

void cp_parallel(size_t n, int n_threads, void (*work)(void *context, size_t i), void *context)
{
    struct work shared = {.call = work, .context = context, .n = n};
    pthread_t threads[CP_PARALLEL_MAX];
    size_t wanted = n_threads > 1 ? (size_t)n_threads : 1;
    size_t started = 0;
    if (wanted > CP_PARALLEL_MAX)
        wanted = CP_PARALLEL_MAX;
    if (wanted > n)
        wanted = n;
    atomic_init(&shared.next, 0);
    while (started + 1 < wanted &&
           pthread_create(&threads[started], NULL, take_turns, &shared) == 0)
        started++;
    (void)take_turns(&shared);
    for (size_t t = 0; t < started; t++)
        (void)pthread_join(threads[t], NULL);
}
