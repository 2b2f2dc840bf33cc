/* SPDX-License-Identifier: GPL-3.0-or-later
 * Threads of this process, and the one way in which they wait for each other.
 *
 * Ownership: cp_worker_start / cp_worker_join, cp_monitor_new / cp_monitor_free. Signals go to the
 * thread that started the workers, never to a worker.
 */
#ifndef COLDPROF_PROBES_OS_WORKER_H
#define COLDPROF_PROBES_OS_WORKER_H

#include "model/base/error.h"

struct cp_worker;

/* Runs `run` with `context` in a thread of its own. CP_ELIMIT: no more threads; CP_ENOMEM. */
enum cp_code cp_worker_start(void (*run)(void *context), void *context, struct cp_worker **out,
                             struct cp_error *err);
void cp_worker_join(struct cp_worker *worker); /* waits for its end; NULL is fine */

/* Processors this process may use, at least 1. */
int cp_worker_cores(void);

/* A lock, and waiting within it for what another thread does. */
struct cp_monitor;

struct cp_monitor *cp_monitor_new(void); /* NULL: out of memory */
void cp_monitor_free(struct cp_monitor *monitor);
void cp_monitor_enter(struct cp_monitor *monitor);
void cp_monitor_leave(struct cp_monitor *monitor);
/* Within the lock, which is free meanwhile: until somebody wakes it, or `timeout_ms` have passed
 * (-1: no limit), or for no reason, so ask again what was waited for. */
void cp_monitor_wait(struct cp_monitor *monitor, int timeout_ms);
void cp_monitor_wake(struct cp_monitor *monitor); /* all that wait */

#endif
