/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/os/worker.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct cp_worker {
    pthread_t thread;
    void (*run)(void *context);
    void *context;
};

static void *run_worker(void *context)
{
    const struct cp_worker *worker = context;
    worker->run(worker->context);
    return NULL;
}

enum cp_code cp_worker_start(void (*run)(void *context), void *context, struct cp_worker **out,
                             struct cp_error *err)
{
    struct cp_worker *worker = calloc(1, sizeof *worker);
    *out = NULL;
    if (!worker)
        return cp_fail(err, CP_ENOMEM, "out of memory");
    *worker = (struct cp_worker){.run = run, .context = context};
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&worker->thread, NULL, run_worker, worker);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        free(worker);
        return cp_fail(err, CP_ELIMIT, "cannot start a thread: %s", strerror(failed));
    }
    *out = worker;
    return CP_OK;
}

void cp_worker_join(struct cp_worker *worker)
{
    if (worker)
        (void)pthread_join(worker->thread, NULL);
    free(worker);
}

int cp_worker_cores(void)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return n > 1 ? n : 1;
}

struct cp_monitor {
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

struct cp_monitor *cp_monitor_new(void)
{
    struct cp_monitor *monitor = calloc(1, sizeof *monitor);
    if (!monitor)
        return NULL;
    pthread_condattr_t attributes;
    (void)pthread_mutex_init(&monitor->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&monitor->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    return monitor;
}

void cp_monitor_free(struct cp_monitor *monitor)
{
    if (!monitor)
        return;
    (void)pthread_cond_destroy(&monitor->changed);
    (void)pthread_mutex_destroy(&monitor->lock);
    free(monitor);
}

void cp_monitor_enter(struct cp_monitor *monitor)
{
    (void)pthread_mutex_lock(&monitor->lock);
}

void cp_monitor_leave(struct cp_monitor *monitor)
{
    (void)pthread_mutex_unlock(&monitor->lock);
}

void cp_monitor_wait(struct cp_monitor *monitor, int timeout_ms)
{
    enum { NS_PER_S = 1000000000, NS_PER_MS = 1000000 };
    struct timespec until;
    if (timeout_ms < 0) {
        (void)pthread_cond_wait(&monitor->changed, &monitor->lock);
        return;
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (long)(timeout_ms % 1000) * NS_PER_MS;
    if (until.tv_nsec >= NS_PER_S) {
        until.tv_nsec -= NS_PER_S;
        until.tv_sec++;
    }
    (void)pthread_cond_timedwait(&monitor->changed, &monitor->lock, &until);
}

void cp_monitor_wake(struct cp_monitor *monitor)
{
    (void)pthread_cond_broadcast(&monitor->changed);
}
