/* SPDX-License-Identifier: GPL-3.0-or-later
 * Open-addressing table from a 64-bit hash to the positions of items in an array that somebody else
 * owns. Several items may have one hash: the caller compares. Nothing is ever removed.
 *
 *     for (size_t probe = 0; (i = cp_hash_index_next(&x, hash, &probe)) != CP_HASH_INDEX_NONE;)
 *         if (items[i] is the one) ...
 *
 * Ownership: zero-initialised by the caller, cp_hash_index_clear at the end.
 */
#ifndef COLDPROF_MODEL_BASE_HASH_INDEX_H
#define COLDPROF_MODEL_BASE_HASH_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "model/base/error.h"

#define CP_HASH_INDEX_NONE UINT32_MAX

struct cp_hash_slot {
    uint32_t tag;  /* upper half of the hash */
    uint32_t next; /* position + 1; 0 free */
};

struct cp_hash_index {
    struct cp_hash_slot *slots;
    size_t n_slots; /* a power of two, or 0 */
    size_t n;
};

void cp_hash_index_clear(struct cp_hash_index *x);
/* Room for n items in all. CP_ENOMEM leaves it unchanged; CP_ELIMIT: over 2^31 items. */
enum cp_code cp_hash_index_reserve(struct cp_hash_index *x, size_t n);
/* Needs room. */
void cp_hash_index_add(struct cp_hash_index *x, uint64_t hash, uint32_t position);
/* Forgets all items, keeps the room. */
void cp_hash_index_reset(struct cp_hash_index *x);
size_t cp_hash_index_bytes(const struct cp_hash_index *x);

static inline uint32_t cp_hash_index_next(const struct cp_hash_index *x, uint64_t hash,
                                          size_t *probe)
{
    const uint32_t tag = (uint32_t)(hash >> 32);
    while (*probe < x->n_slots) {
        const struct cp_hash_slot *slot = &x->slots[(tag + (*probe)++) & (x->n_slots - 1)];
        if (!slot->next)
            break;
        if (slot->tag == tag)
            return slot->next - 1;
    }
    return CP_HASH_INDEX_NONE;
}

#endif
