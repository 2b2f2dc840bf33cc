/* SPDX-License-Identifier: GPL-3.0-or-later
 * Random invocations of a few functions, as a log would tell them, and digests of them.
 */
#ifndef COLDPROF_TESTS_MODEL_DIGEST_DIGEST_WORLD_H
#define COLDPROF_TESTS_MODEL_DIGEST_DIGEST_WORLD_H

#include "model/base/rng.h"
#include "model/digest/digest.h"

struct world_item {
    int function, version; /* which scope */
    bool is_note;
    struct cp_digest_record record; /* texts are literals or of the world */
    struct cp_digest_note note;
};

struct world_options {
    size_t n;
    uint64_t seed;
    int64_t from_ms, span_ms; /* ends of records; from_ms -1: no times at all */
    size_t n_streams, n_ids;  /* fewer ids than records: retries */
    bool has_notes;
};

struct world {
    struct world_item *items;
    size_t n;
    char (*streams)[64];
};

struct world world_new(const struct world_options *options);
void world_free(struct world *world);

/* One item into the digest; asserts that it works. */
void world_add(struct cp_digest *digest, const struct world_item *item);
/* All items at once, in order. */
struct cp_digest *world_digest(const struct world *world);
/* The file form, to be freed. */
char *world_file(const struct cp_digest *digest, size_t *n);
void assert_same_file(const struct cp_digest *a, const struct cp_digest *b);

/* The scope of a function and version of the world; NULL when there is none. */
const struct cp_digest_scope *world_scope(const struct cp_digest *digest, int function,
                                          int version);

#endif
