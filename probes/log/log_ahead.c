/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/log/log_source.h"

#include "probes/os/worker.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCKS = 4, BLOCK_SIZE = 256 * 1024, ASK_MS = 100 };

struct block {
    char *bytes;
    size_t n;
};

/* Blocks are filled and emptied in a circle; a block belongs to the thread of `from` while it is
 * not among the `n_full`, so bytes are copied outside the lock. */
struct cp_log_ahead {
    struct cp_log_ahead_options options;
    struct cp_worker *worker;
    struct cp_monitor *monitor;
    struct block blocks[BLOCKS];
    size_t first, n_full;
    size_t used;                 /* of the first block, by the reader */
    bool is_at_end, is_stopping; /* within the lock, as `first` and `n_full` */
    enum cp_code code;           /* why it is at its end */
    struct cp_error err;
};

/* False: the reader wants no more. */
static bool wait_for_room(struct cp_log_ahead *self)
{
    cp_monitor_enter(self->monitor);
    while (self->n_full == BLOCKS && !self->is_stopping)
        cp_monitor_wait(self->monitor, -1);
    bool goes_on = !self->is_stopping;
    cp_monitor_leave(self->monitor);
    return goes_on;
}

static void put(struct cp_log_ahead *self, size_t n, enum cp_code code)
{
    cp_monitor_enter(self->monitor);
    if (n)
        self->n_full++;
    self->code = code;
    self->is_at_end = !n;
    cp_monitor_wake(self->monitor);
    cp_monitor_leave(self->monitor);
}

/* Small reads (a pipe's) are gathered, so that the threads meet once in a block. */
static void fill(void *context)
{
    struct cp_log_ahead *self = context;
    const struct cp_log_source *from = &self->options.from;
    size_t n = 1;
    enum cp_code code = CP_OK;
    for (size_t at = 0; n && !code && wait_for_room(self); at = (at + 1) % BLOCKS) {
        struct block *block = &self->blocks[at];
        n = 0;
        size_t got = 1;
        while (got && !code && n < BLOCK_SIZE) {
            code = from->read(from->context, block->bytes + n, BLOCK_SIZE - n, &got, &self->err);
            n += code ? 0 : got;
        }
        block->n = n;
        put(self, n, code);
        if (code && n)
            put(self, 0, code);
    }
}

enum cp_code cp_log_ahead_start(const struct cp_log_ahead_options *options,
                                struct cp_log_ahead **out, struct cp_error *err)
{
    struct cp_log_ahead *self = calloc(1, sizeof *self);
    *out = NULL;
    if (!self)
        return cp_fail(err, CP_ENOMEM, "out of memory");
    self->options = *options;
    self->monitor = cp_monitor_new();
    bool has_memory = self->monitor != NULL;
    for (size_t i = 0; i < BLOCKS; i++) {
        self->blocks[i].bytes = malloc(BLOCK_SIZE);
        has_memory = has_memory && self->blocks[i].bytes;
    }
    enum cp_code code = has_memory ? CP_OK : cp_fail(err, CP_ENOMEM, "out of memory");
    if (!code)
        code = cp_worker_start(fill, self, &self->worker, err);
    if (code)
        cp_log_ahead_stop(self);
    else
        *out = self;
    return code;
}

void cp_log_ahead_stop(struct cp_log_ahead *self)
{
    if (!self)
        return;
    if (self->worker) {
        cp_monitor_enter(self->monitor);
        self->is_stopping = true;
        cp_monitor_wake(self->monitor);
        cp_monitor_leave(self->monitor);
        cp_worker_join(self->worker);
    }
    cp_monitor_free(self->monitor);
    for (size_t i = 0; i < BLOCKS; i++)
        free(self->blocks[i].bytes);
    free(self);
}

/* The block to read from, or NULL at the end, or when the user wants it. */
static const struct block *wait_for_block(struct cp_log_ahead *self, bool *is_stopped)
{
    const struct cp_log_ahead_options *o = &self->options;
    *is_stopped = false;
    cp_monitor_enter(self->monitor);
    while (!self->n_full && !self->is_at_end && !*is_stopped) {
        cp_monitor_wait(self->monitor, ASK_MS);
        cp_monitor_leave(self->monitor);
        *is_stopped = o->is_stopped && o->is_stopped(o->stop_context);
        cp_monitor_enter(self->monitor);
    }
    const struct block *block = self->n_full ? &self->blocks[self->first] : NULL;
    cp_monitor_leave(self->monitor);
    return block;
}

static void give_back(struct cp_log_ahead *self)
{
    cp_monitor_enter(self->monitor);
    self->first = (self->first + 1) % BLOCKS;
    self->n_full--;
    self->used = 0;
    cp_monitor_wake(self->monitor);
    cp_monitor_leave(self->monitor);
}

static enum cp_code read_ahead(void *context, char *to, size_t n, size_t *got, struct cp_error *err)
{
    struct cp_log_ahead *self = context;
    *got = 0;
    bool is_stopped;
    const struct block *block = wait_for_block(self, &is_stopped);
    if (!block && is_stopped)
        return cp_fail(err, CP_EINTERRUPTED, "interrupted");
    if (!block)
        return self->code ? cp_fail(err, self->code, "%s", self->err.text) : CP_OK;
    size_t left = block->n - self->used;
    *got = n < left ? n : left;
    memcpy(to, block->bytes + self->used, *got);
    self->used += *got;
    if (self->used == block->n)
        give_back(self);
    return CP_OK;
}

struct cp_log_source cp_log_source_of_ahead(struct cp_log_ahead *ahead)
{
    return (struct cp_log_source){read_ahead, ahead};
}
