/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/log/log_source.h"

#include "probes/log/log_inflate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct cp_log_segment {
    int fd;
    struct cp_log_range range;
    int64_t at;      /* next byte to read */
    bool is_started; /* at the start of a line */
    bool is_done;
    char damage[CP_LOG_DAMAGE_MAX];
};

enum cp_code cp_log_segment_open(const char *path, const struct cp_log_range *range,
                                 struct cp_log_segment **out, struct cp_error *err)
{
    *out = NULL;
    struct cp_log_segment *self = calloc(1, sizeof *self);
    if (!self)
        return cp_fail(err, CP_ENOMEM, "out of memory");
    self->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (self->fd < 0) {
        free(self);
        return cp_fail(err, CP_EIO, "cannot open '%s': %s", path, strerror(errno));
    }
    self->range = *range;
    self->is_started = range->begin == 0;
    /* the byte before tells whether a line starts at `begin` */
    self->at = self->is_started ? 0 : range->begin - 1;
    *out = self;
    return CP_OK;
}

void cp_log_segment_close(struct cp_log_segment *self)
{
    if (self)
        (void)close(self->fd);
    free(self);
}

const char *cp_log_segment_damage(const struct cp_log_segment *self)
{
    return self->damage;
}

static size_t read_at(struct cp_log_segment *self, char *to, size_t n)
{
    ssize_t got;
    do
        got = pread(self->fd, to, n, self->at);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        (void)snprintf(self->damage, sizeof self->damage, "cannot be read after byte %lld: %s",
                       (long long)self->at, strerror(errno));
    if (got <= 0)
        self->is_done = true;
    return got > 0 ? (size_t)got : 0;
}

/* How many of the `n` bytes at `at` belong to lines that start before the end: all up to the line
 * feed that is not before the end's own left neighbour. */
static size_t cut(struct cp_log_segment *self, const char *bytes, size_t n)
{
    int64_t last = self->range.end - 1;
    if (self->at + (int64_t)n <= last)
        return n;
    size_t from = last > self->at ? (size_t)(last - self->at) : 0;
    const char *feed = memchr(bytes + from, '\n', n - from);
    if (!feed)
        return n;
    self->is_done = true;
    return (size_t)(feed - bytes) + 1;
}

/* Drops the line that began before the segment; returns how many of the `n` bytes it has. */
static size_t skip(struct cp_log_segment *self, const char *bytes, size_t n)
{
    int64_t left = self->range.end - 1 - self->at; /* a line that ends there starts behind us */
    size_t within = left < (int64_t)n ? (size_t)(left > 0 ? left : 0) : n;
    const char *feed = memchr(bytes, '\n', within);
    if (feed) {
        self->is_started = true;
        return (size_t)(feed - bytes) + 1;
    }
    self->is_done = within < n;
    return n;
}

static enum cp_code read_segment(void *context, char *to, size_t n, size_t *got,
                                 struct cp_error *err)
{
    struct cp_log_segment *self = context;
    (void)err;
    *got = 0;
    while (!self->is_done && !*got) {
        size_t more = read_at(self, to, n);
        size_t skipped = self->is_started ? 0 : skip(self, to, more);
        self->at += (int64_t)skipped;
        if (!self->is_started || !more)
            continue;
        *got = cut(self, to + skipped, more - skipped);
        self->at += (int64_t)*got;
        if (skipped)
            memmove(to, to + skipped, *got);
    }
    return CP_OK;
}

struct cp_log_source cp_log_source_of_segment(struct cp_log_segment *segment)
{
    return (struct cp_log_source){read_segment, segment};
}
