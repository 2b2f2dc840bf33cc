/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/log/log_inflate.h"

#include "probes/log/inflate_engine.h"

#include <stdio.h>
#include <stdlib.h>

enum state {
    AT_MEMBER, /* before the first byte of the first member, or between two */
    IN_MEMBER,
    IN_PADDING, /* zeros behind the last member */
    DRAINING,   /* damaged; the engine may still have bytes from before */
    ENDED,      /* damaged: what follows is dropped */
};

struct cp_log_inflate {
    void *engine;
    enum state state;
    uint64_t taken, given; /* bytes, of all members */
    uint64_t member_at;    /* where the member begins */
    size_t n_members;      /* complete ones */
    bool is_gzip;
    char damage[CP_LOG_DAMAGE_MAX];
};

bool cp_log_inflate_matches(struct cp_view head)
{
    if (head.n < 2)
        return false;
    uint8_t first = (uint8_t)head.p[0];
    uint8_t second = (uint8_t)head.p[1];
    if (first == CP_GZIP_FIRST)
        return second == CP_GZIP_SECOND;
    /* 0x5e, the fourth of zlib's levels, would be the text "x^" */
    return first == CP_ZLIB_FIRST && (second == 0x01 || second == 0x9c || second == 0xda);
}

enum cp_code cp_log_inflate_new(struct cp_log_inflate **out, struct cp_error *err)
{
    struct cp_log_inflate *self = calloc(1, sizeof *self);
    void *engine = self ? cp_inflate_engine.make() : NULL;
    if (!engine) {
        free(self);
        *out = NULL;
        return cp_fail(err, CP_ENOMEM, "out of memory");
    }
    self->engine = engine;
    *out = self;
    return CP_OK;
}

void cp_log_inflate_free(struct cp_log_inflate *self)
{
    if (self)
        cp_inflate_engine.free(self->engine);
    free(self);
}

void cp_log_inflate_reset(struct cp_log_inflate *self)
{
    *self = (struct cp_log_inflate){.engine = self->engine};
}

const char *cp_log_inflate_damage(const struct cp_log_inflate *self)
{
    return self->damage;
}

static const char *kind(const struct cp_log_inflate *self)
{
    return self->is_gzip ? "gzip" : "zlib";
}

static unsigned long long number(uint64_t n)
{
    return n;
}

/* What the outcome of a step means where it happened. */
static void damaged(struct cp_log_inflate *self, enum cp_inflate_outcome outcome)
{
    const char *what = "";
    self->state = outcome == CP_INFLATE_BAD_DATA ? DRAINING : ENDED;
    switch (outcome) {
    case CP_INFLATE_BAD_HEADER:
        if (self->n_members)
            what = "is followed by something else";
        else
            what = "has a header that cannot be read";
        (void)snprintf(self->damage, sizeof self->damage, "%s data %s at byte %llu", kind(self),
                       what, number(self->member_at));
        return;
    case CP_INFLATE_BAD_CHECK:
        what = "do not fit their checksum";
        break;
    default:
        what = "are damaged";
        break;
    }
    (void)snprintf(self->damage, sizeof self->damage,
                   "%s data %s near byte %llu, after %llu inflated bytes", kind(self), what,
                   number(self->taken), number(self->given));
}

static void advance(struct cp_log_inflate *self, struct cp_view *in, size_t n)
{
    *in = (struct cp_view){in->p + n, in->n - n};
    self->taken += n;
}

/* Zeros behind a member are padding; any other byte begins the next one, or is garbage. */
static void begin_member(struct cp_log_inflate *self, struct cp_view *in)
{
    while (self->n_members && in->n && in->p[0] == '\0') {
        self->state = IN_PADDING;
        advance(self, in, 1);
    }
    if (!in->n)
        return;
    uint8_t first = (uint8_t)in->p[0];
    bool is_member = first == CP_GZIP_FIRST && (in->n == 1 || cp_log_inflate_matches(*in));
    self->member_at = self->taken;
    if (self->n_members && (self->state == IN_PADDING || !is_member)) {
        damaged(self, CP_INFLATE_BAD_HEADER);
        return;
    }
    self->is_gzip = first == CP_GZIP_FIRST;
    cp_inflate_engine.begin(self->engine, first);
    self->state = IN_MEMBER;
}

static size_t step(struct cp_log_inflate *self, struct cp_view *in, char *to, size_t n)
{
    struct cp_inflate_io io = {
        .in = (const uint8_t *)in->p,
        .n_in = in->n,
        .out = (uint8_t *)to,
        .n_out = n,
    };
    enum cp_inflate_outcome outcome = cp_inflate_engine.step(self->engine, &io);
    size_t got = n - io.n_out;
    advance(self, in, in->n - io.n_in);
    self->given += got;
    if (outcome == CP_INFLATE_END) {
        self->state = AT_MEMBER;
        self->n_members++;
    } else if (outcome != CP_INFLATE_MORE && self->state == IN_MEMBER) {
        damaged(self, outcome);
    }
    return got;
}

/* One move of the state; how many bytes came out. */
static size_t move(struct cp_log_inflate *self, struct cp_view *in, char *to, size_t n)
{
    size_t got = 0;
    switch (self->state) {
    case AT_MEMBER:
    case IN_PADDING:
        begin_member(self, in);
        break;
    case IN_MEMBER:
        got = step(self, in, to, n);
        break;
    case DRAINING:
        got = step(self, in, to, n);
        if (!got)
            self->state = ENDED;
        break;
    case ENDED:
        advance(self, in, in->n);
        break;
    }
    return got;
}

size_t cp_log_inflate(struct cp_log_inflate *self, struct cp_view *in, char *to, size_t n)
{
    size_t got = 0;
    while (got < n) {
        uint64_t taken = self->taken;
        enum state state = self->state;
        size_t more = move(self, in, to + got, n - got);
        got += more;
        if (!more && taken == self->taken && state == self->state)
            break;
    }
    return got;
}

void cp_log_inflate_end(struct cp_log_inflate *self)
{
    if (self->state != IN_MEMBER)
        return;
    self->state = ENDED;
    (void)snprintf(self->damage, sizeof self->damage,
                   "%s data end too early, at byte %llu, after %llu inflated bytes: the file is "
                   "cut off",
                   kind(self), number(self->taken), number(self->given));
}

enum cp_code cp_log_inflate_all(struct cp_log_inflate *self, struct cp_view packed,
                                struct cp_buf *out, struct cp_error *err)
{
    enum { STEP = 64 * 1024 };
    cp_log_inflate_reset(self);
    for (;;) {
        /* a limit below one step must not fail what fits it */
        size_t room = out->max - out->n < STEP ? out->max - out->n : STEP;
        char over;
        char *to = room ? cp_buf_reserve(out, room) : &over;
        size_t got = to ? cp_log_inflate(self, &packed, to, room ? room : 1) : 0;
        if (!got)
            break;
        if (!room)
            return cp_fail(err, CP_ELIMIT, "inflated data exceed %zu bytes", out->max);
        out->n += got;
        out->p[out->n] = '\0';
    }
    cp_log_inflate_end(self);
    if (self->damage[0])
        return cp_fail(err, CP_EFORMAT, "%s", self->damage);
    return cp_buf_check(out, "inflated data", err);
}
