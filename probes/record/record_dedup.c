/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/record/record_dedup.h"

#include <stdlib.h>

struct cp_record_dedup {
    size_t mask;
    uint64_t keys[]; /* 0: empty */
};

struct cp_record_dedup *cp_record_dedup_new(size_t n_slots)
{
    size_t n = 1;
    while (n < n_slots && n < ((size_t)1 << 26))
        n *= 2;
    struct cp_record_dedup *dedup = calloc(1, sizeof(*dedup) + n * sizeof(dedup->keys[0]));
    if (dedup)
        dedup->mask = n - 1;
    return dedup;
}

void cp_record_dedup_free(struct cp_record_dedup *dedup)
{
    free(dedup);
}

/* FNV-1a, 64 bit (Fowler, Noll, Vo). */
static uint64_t hash(uint64_t h, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * 0x100000001b3U;
    return h;
}

static uint64_t key_of(const struct cp_record *r)
{
    uint64_t h = 0xcbf29ce484222325U;
    if (r->request_id.n)
        h = hash(h, r->request_id.p, r->request_id.n);
    h = hash(h, &r->duration_ms, sizeof(r->duration_ms));
    h = hash(h, &r->billed_ms, sizeof(r->billed_ms));
    h = hash(h, &r->at_ms, sizeof(r->at_ms));
    return h ? h : 1;
}

bool cp_record_dedup_mark(struct cp_record_dedup *dedup, struct cp_record *record)
{
    if (record->kind != CP_RECORD_REPORT || record->verdict > CP_RECORD_WARNED)
        return false;
    uint64_t key = key_of(record);
    /* the low bits of FNV-1a depend on few input bits; fold the high ones in */
    uint64_t *slot = &dedup->keys[(key ^ key >> 32) & dedup->mask];
    bool is_known = *slot == key;
    *slot = key;
    if (is_known) {
        record->verdict = CP_RECORD_WARNED;
        record->reason = CP_REASON_DUPLICATE;
    }
    return is_known;
}
