/* SPDX-License-Identifier: GPL-3.0-or-later
 * One member of gzip or zlib data, header and checksum included: what log_inflate needs of a
 * library. ISA-L does it at six times zlib's speed; zlib is there on every machine.
 */
#ifndef COLDPROF_PROBES_LOG_INFLATE_ENGINE_H
#define COLDPROF_PROBES_LOG_INFLATE_ENGINE_H

#include <stddef.h>
#include <stdint.h>

enum cp_inflate_outcome {
    CP_INFLATE_MORE,       /* took all input, or filled all room */
    CP_INFLATE_END,        /* the member is complete and its checksum fits */
    CP_INFLATE_BAD_HEADER, /* no member begins here */
    CP_INFLATE_BAD_DATA,
    CP_INFLATE_BAD_CHECK, /* everything came out, but is not what was put in */
};

/* Advanced by the engine. */
struct cp_inflate_io {
    const uint8_t *in;
    size_t n_in;
    uint8_t *out;
    size_t n_out;
};

struct cp_inflate_engine {
    const char *name;
    void *(*make)(void); /* NULL: out of memory */
    void (*free)(void *state);
    /* The next input byte is the first of a member; `first` is that byte. */
    void (*begin)(void *state, uint8_t first);
    /* With BAD_DATA bytes before the damage may be left when the room was full: call it again. */
    enum cp_inflate_outcome (*step)(void *state, struct cp_inflate_io *io);
};

/* Exactly one is linked. */
extern const struct cp_inflate_engine cp_inflate_engine;

enum { CP_GZIP_FIRST = 0x1f, CP_GZIP_SECOND = 0x8b, CP_ZLIB_FIRST = 0x78 };

#endif
