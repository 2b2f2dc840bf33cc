/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/log/inflate_engine.h"

#include <isa-l/igzip_lib.h>

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct isal {
    struct inflate_state state;
    struct isal_gzip_header header; /* the library's own copy does not outlive a call */
    bool is_gzip, has_header;
    int failed; /* 0, or why the member ended early */
};

static void *make(void)
{
    return calloc(1, sizeof(struct isal));
}

static void begin(void *context, uint8_t first)
{
    struct isal *self = context;
    isal_inflate_init(&self->state);
    isal_gzip_header_init(&self->header);
    self->is_gzip = first == CP_GZIP_FIRST;
    self->has_header = false;
    self->failed = 0;
    self->state.crc_flag = self->is_gzip ? ISAL_GZIP_NO_HDR_VER : ISAL_ZLIB;
}

/* What was inflated into the library's own window before the damage and found no room yet. */
static void drain(struct isal *self, struct cp_inflate_io *io)
{
    struct inflate_state *s = &self->state;
    size_t n = (size_t)(s->tmp_out_valid - s->tmp_out_processed);
    if (n > io->n_out)
        n = io->n_out;
    memcpy(io->out, s->tmp_out_buffer + s->tmp_out_processed, n);
    s->tmp_out_processed += (int32_t)n;
    io->out += n;
    io->n_out -= n;
}

static enum cp_inflate_outcome fail(struct isal *self, struct cp_inflate_io *io, int status)
{
    self->failed = status;
    switch (status) {
    case ISAL_INCORRECT_CHECKSUM:
        return self->is_gzip && !self->has_header ? CP_INFLATE_BAD_HEADER : CP_INFLATE_BAD_CHECK;
    case ISAL_INVALID_WRAPPER:
    case ISAL_UNSUPPORTED_METHOD:
    case ISAL_NEED_DICT:
        return CP_INFLATE_BAD_HEADER;
    default:
        drain(self, io);
        return CP_INFLATE_BAD_DATA;
    }
}

/* 0: read; ISAL_END_INPUT: goes on in the next piece; below 0: not a header. */
static int read_header(struct isal *self)
{
    int status = isal_read_gzip_header(&self->state, &self->header);
    if (status == 0) {
        self->has_header = true;
        self->state.crc_flag = ISAL_GZIP_NO_HDR_VER;
    }
    return status;
}

static enum cp_inflate_outcome step(void *context, struct cp_inflate_io *io)
{
    struct isal *self = context;
    struct inflate_state *s = &self->state;
    if (self->failed)
        return fail(self, io, self->failed);
    s->next_in = (uint8_t *)io->in; /* not written to: the library does not say const */
    s->avail_in = io->n_in > INT_MAX ? INT_MAX : (uint32_t)io->n_in;
    s->next_out = io->out;
    s->avail_out = io->n_out > INT_MAX ? INT_MAX : (uint32_t)io->n_out;
    int status = self->is_gzip && !self->has_header ? read_header(self) : 0;
    if (status == 0)
        status = isal_inflate(s);
    io->n_in -= (size_t)(s->next_in - io->in);
    io->in = s->next_in;
    io->n_out -= (size_t)(s->next_out - io->out);
    io->out = s->next_out;
    if (status < 0 || status == ISAL_NEED_DICT)
        return fail(self, io, status);
    return s->block_state == ISAL_BLOCK_FINISH ? CP_INFLATE_END : CP_INFLATE_MORE;
}

const struct cp_inflate_engine cp_inflate_engine = {
    .name = "ISA-L",
    .make = make,
    .free = free,
    .begin = begin,
    .step = step,
};
