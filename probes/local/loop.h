/* SPDX-License-Identifier: GPL-3.0-or-later
 * The event loop of the embedded service: epoll for descriptors, a heap of timers, signals through
 * a signalfd, and hooks that run once a turn (libmicrohttpd). One thread.
 *
 * Ownership: sources and timers live inside their owners and are never freed here; the owner
 * removes them before it goes. Removing a source or a timer from inside any callback is safe.
 */
#ifndef COLDPROF_PROBES_LOCAL_LOOP_H
#define COLDPROF_PROBES_LOCAL_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/error.h"

struct cp_loop;

struct cp_loop_source {
    int fd;
    void (*on_ready)(struct cp_loop_source *source, uint32_t events); /* EPOLLIN ... */
};

struct cp_loop_timer {
    double due_ms; /* monotonic, cp_clock_mono_ms */
    size_t place;  /* 1-based place in the heap; 0: not set */
    void (*on_due)(struct cp_loop_timer *timer);
};

/* Called after each batch of events and timers. Does its pending work and returns how long the
 * loop may sleep at most, in ms; -1: no limit. */
typedef int (*cp_loop_turn_fn)(void *context);

/* The owner of an embedded source or timer. */
#define CP_OWNER_OF(pointer, type, member)                                                         \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

enum cp_code cp_loop_new(struct cp_loop **out, struct cp_error *err);
void cp_loop_free(struct cp_loop *loop);

/* Watches `source->fd` for reading (level-triggered). */
enum cp_code cp_loop_add(struct cp_loop *loop, struct cp_loop_source *source, struct cp_error *err);
void cp_loop_remove(struct cp_loop *loop, struct cp_loop_source *source); /* before close(fd) */

/* Sets or moves a timer. A timer that is due at once runs after the pending events and hooks. */
enum cp_code cp_loop_timer_set(struct cp_loop *loop, struct cp_loop_timer *timer, double due_ms);
void cp_loop_timer_cancel(struct cp_loop *loop, struct cp_loop_timer *timer);

/* At most 4 hooks. */
enum cp_code cp_loop_add_turn(struct cp_loop *loop, cp_loop_turn_fn fn, void *context);

/* Runs until cp_loop_stop. */
enum cp_code cp_loop_run(struct cp_loop *loop, struct cp_error *err);
void cp_loop_stop(struct cp_loop *loop);

#endif
