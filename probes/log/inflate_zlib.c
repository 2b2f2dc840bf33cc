/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/log/inflate_engine.h"

#define ZLIB_CONST
#include <zlib.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct zlib {
    z_stream z;
};

enum { ANY_HEADER = 15 + 32 }; /* the largest window; gzip or zlib by the first bytes */

static void *make(void)
{
    struct zlib *self = calloc(1, sizeof *self);
    if (self && inflateInit2(&self->z, ANY_HEADER) != Z_OK) {
        free(self);
        self = NULL;
    }
    return self;
}

static void free_state(void *context)
{
    struct zlib *self = context;
    if (self)
        (void)inflateEnd(&self->z);
    free(self);
}

static void begin(void *context, uint8_t first)
{
    struct zlib *self = context;
    (void)first;
    (void)inflateReset2(&self->z, ANY_HEADER);
}

/* zlib keeps one mode for every damage and tells them apart by its message only. */
static enum cp_inflate_outcome fail(const struct zlib *self)
{
    const char *why = self->z.msg ? self->z.msg : "";
    if (strcmp(why, "incorrect data check") == 0 || strcmp(why, "incorrect length check") == 0)
        return CP_INFLATE_BAD_CHECK;
    return strstr(why, "header") || strstr(why, "method") || strstr(why, "window size")
               ? CP_INFLATE_BAD_HEADER
               : CP_INFLATE_BAD_DATA;
}

static enum cp_inflate_outcome step(void *context, struct cp_inflate_io *io)
{
    struct zlib *self = context;
    z_stream *z = &self->z;
    z->next_in = io->in;
    z->avail_in = io->n_in > INT_MAX ? INT_MAX : (uInt)io->n_in;
    z->next_out = io->out;
    z->avail_out = io->n_out > INT_MAX ? INT_MAX : (uInt)io->n_out;
    int status = inflate(z, Z_NO_FLUSH);
    io->n_in -= (size_t)(z->next_in - io->in);
    io->in = z->next_in;
    io->n_out -= (size_t)(z->next_out - io->out);
    io->out = z->next_out;
    if (status == Z_STREAM_END)
        return CP_INFLATE_END;
    if (status == Z_OK || status == Z_BUF_ERROR)
        return CP_INFLATE_MORE;
    return status == Z_NEED_DICT ? CP_INFLATE_BAD_HEADER : fail(self);
}

const struct cp_inflate_engine cp_inflate_engine = {
    .name = "zlib",
    .make = make,
    .free = free_state,
    .begin = begin,
    .step = step,
};
