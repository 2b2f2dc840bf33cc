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
    uint8_t head[2]; /* of zlib data */
    size_t n_head;
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
    self->n_head = 0;
    self->failed = 0;
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

/* A copy from before the data is refused, but ISA-L's fast loop has moved on by its length, at most
 * MATCH_MAX bytes that nothing was written to: they are taken back. `given`: by the failed call. */
static void take_back(struct isal *self, struct cp_inflate_io *io, size_t given)
{
    enum { MATCH_MAX = ISAL_DEF_MAX_MATCH };
    struct inflate_state *s = &self->state;
    int32_t held = s->tmp_out_valid - s->tmp_out_processed;
    int32_t from_held = held < MATCH_MAX ? held : MATCH_MAX;
    size_t rest = (size_t)(MATCH_MAX - from_held);
    size_t from_out = rest < given ? rest : given;
    s->tmp_out_valid -= from_held;
    io->out -= from_out;
    io->n_out += from_out;
}

static enum cp_inflate_outcome fail(struct isal *self, struct cp_inflate_io *io, int status)
{
    self->failed = status;
    switch (status) {
    case ISAL_INCORRECT_CHECKSUM:
        return self->has_header ? CP_INFLATE_BAD_CHECK : CP_INFLATE_BAD_HEADER;
    case ISAL_INVALID_WRAPPER:
    case ISAL_UNSUPPORTED_METHOD:
    case ISAL_NEED_DICT:
        return CP_INFLATE_BAD_HEADER;
    default:
        drain(self, io);
        return CP_INFLATE_BAD_DATA;
    }
}

/* RFC 1950; read here because the library forgets its first byte when the second comes alone. */
static int read_zlib_header(struct isal *self)
{
    struct inflate_state *s = &self->state;
    for (; self->n_head < 2 && s->avail_in; s->avail_in--)
        self->head[self->n_head++] = *s->next_in++;
    if (self->n_head < 2)
        return ISAL_END_INPUT;
    bool is_deflate = (self->head[0] & 0x0f) == 8 && self->head[0] >> 4 <= 7;
    bool has_dictionary = self->head[1] & 0x20;
    bool is_whole = (self->head[0] * 256 + self->head[1]) % 31 == 0;
    return is_deflate && !has_dictionary && is_whole ? 0 : ISAL_INVALID_WRAPPER;
}

/* 0: read; ISAL_END_INPUT: goes on in the next piece; below 0: not a header. */
static int read_header(struct isal *self)
{
    int status =
        self->is_gzip ? isal_read_gzip_header(&self->state, &self->header) : read_zlib_header(self);
    if (status == 0) {
        self->has_header = true;
        self->state.crc_flag = self->is_gzip ? ISAL_GZIP_NO_HDR_VER : ISAL_ZLIB_NO_HDR_VER;
    }
    return status;
}

static enum cp_inflate_outcome step(void *context, struct cp_inflate_io *io)
{
    struct isal *self = context;
    struct inflate_state *s = &self->state;
    size_t room = io->n_out;
    if (self->failed)
        return fail(self, io, self->failed);
    s->next_in = (uint8_t *)io->in; /* not written to: the library does not say const */
    s->avail_in = io->n_in > INT_MAX ? INT_MAX : (uint32_t)io->n_in;
    s->next_out = io->out;
    s->avail_out = io->n_out > INT_MAX ? INT_MAX : (uint32_t)io->n_out;
    int status = self->has_header ? 0 : read_header(self);
    if (status == 0)
        status = isal_inflate(s);
    io->n_in -= (size_t)(s->next_in - io->in);
    io->in = s->next_in;
    io->n_out -= (size_t)(s->next_out - io->out);
    io->out = s->next_out;
    if (status == ISAL_INVALID_LOOKBACK)
        take_back(self, io, room - io->n_out);
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
