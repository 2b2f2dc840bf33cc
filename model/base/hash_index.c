/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/base/hash_index.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS_MIN = 16 };
#define ITEMS_MAX ((size_t)1 << 31)

void cp_hash_index_clear(struct cp_hash_index *x)
{
    free(x->slots);
    *x = (struct cp_hash_index){0};
}

void cp_hash_index_reset(struct cp_hash_index *x)
{
    if (x->n_slots)
        memset(x->slots, 0, x->n_slots * sizeof *x->slots);
    x->n = 0;
}

size_t cp_hash_index_bytes(const struct cp_hash_index *x)
{
    return x->n_slots * sizeof *x->slots;
}

static void put(struct cp_hash_index *x, struct cp_hash_slot item)
{
    size_t i = item.tag & (x->n_slots - 1);
    while (x->slots[i].next)
        i = (i + 1) & (x->n_slots - 1);
    x->slots[i] = item;
    x->n++;
}

/* At most three quarters full. */
static size_t slots_for(size_t n)
{
    size_t slots = SLOTS_MIN;
    while (slots - slots / 4 < n)
        slots *= 2;
    return slots;
}

enum cp_code cp_hash_index_reserve(struct cp_hash_index *x, size_t n)
{
    if (n > ITEMS_MAX)
        return CP_ELIMIT;
    size_t n_slots = slots_for(n);
    if (n_slots <= x->n_slots)
        return CP_OK;
    struct cp_hash_index larger = {.slots = calloc(n_slots, sizeof *larger.slots),
                                   .n_slots = n_slots};
    if (!larger.slots)
        return CP_ENOMEM;
    for (size_t i = 0; i < x->n_slots; i++) {
        if (x->slots[i].next)
            put(&larger, x->slots[i]);
    }
    cp_hash_index_clear(x);
    *x = larger;
    return CP_OK;
}

void cp_hash_index_add(struct cp_hash_index *x, uint64_t hash, uint32_t position)
{
    assert(x->n < x->n_slots);
    put(x, (struct cp_hash_slot){.tag = (uint32_t)(hash >> 32), .next = position + 1});
}
