/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "model/base/hash.h"
#include "model/digest/digest_parts.h"

static uint32_t find(const struct cp_digest_texts *t, struct cp_view text, uint64_t hash)
{
    uint32_t i;
    for (size_t probe = 0;
         (i = cp_hash_index_next(&t->index, hash, &probe)) != CP_HASH_INDEX_NONE;) {
        const struct cp_digest_text *item = &t->items[i];
        if (item->n == text.n && (text.n == 0 || memcmp(item->p, text.p, text.n) == 0))
            break;
    }
    return i;
}

enum cp_code cp_digest_texts_add(struct cp_digest_texts *t, struct cp_digest_room *room,
                                 struct cp_view text, uint32_t *position, struct cp_error *err)
{
    if (text.n > CP_DIGEST_NAME_MAX)
        text.n = CP_DIGEST_NAME_MAX;
    uint64_t hash = cp_hash(text);
    *position = find(t, text, hash);
    if (*position != CP_HASH_INDEX_NONE)
        return CP_OK;
    enum cp_code code =
        cp_digest_grow(room, (void **)&t->items, &t->cap, t->n + 1, sizeof *t->items, err);
    if (!code && cp_hash_index_reserve(&t->index, t->n + 1))
        code = cp_digest_no_memory(err);
    char *p = code ? NULL : malloc(text.n + 1);
    if (!p)
        return code ? code : cp_digest_no_memory(err);
    if (text.n)
        memcpy(p, text.p, text.n);
    p[text.n] = '\0';
    *position = (uint32_t)t->n;
    t->items[t->n++] = (struct cp_digest_text){.p = p, .n = (uint32_t)text.n};
    cp_hash_index_add(&t->index, hash, *position);
    t->bytes += text.n + 1;
    return cp_digest_charge(room, text.n + 1, err);
}

struct cp_view cp_digest_texts_at(const struct cp_digest_texts *t, uint32_t position)
{
    return (struct cp_view){t->items[position].p, t->items[position].n};
}

void cp_digest_texts_clear(struct cp_digest_texts *t)
{
    for (size_t i = 0; i < t->n; i++)
        free(t->items[i].p);
    free(t->items);
    cp_hash_index_clear(&t->index);
    *t = (struct cp_digest_texts){0};
}
