/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/digest/digest.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/hash.h"
#include "model/digest/digest_parts.h"

const char *cp_digest_metric_name(enum cp_digest_metric metric)
{
    static const char *const names[CP_METRIC_COUNT] = {
        [CP_METRIC_DURATION] = "duration",
        [CP_METRIC_BILLED] = "billed",
        [CP_METRIC_INIT] = "init",
        [CP_METRIC_COLD_TOTAL] = "cold_total",
        [CP_METRIC_MAX_MEMORY] = "max_memory",
    };
    return (size_t)metric < CP_METRIC_COUNT ? names[metric] : "?";
}

enum cp_code cp_digest_no_memory(struct cp_error *err)
{
    return cp_fail(err, CP_ENOMEM, "out of memory while digesting logs: digest them in parts");
}

enum cp_code cp_digest_charge(struct cp_digest_room *room, size_t bytes, struct cp_error *err)
{
    room->bytes += bytes;
    if (room->bytes <= room->max)
        return CP_OK;
    return cp_fail(err, CP_ELIMIT,
                   "the digest would need more than %zu MB: import fewer functions or days at once "
                   "(one folder, one --function or a shorter --since each)",
                   room->max >> 20);
}

enum cp_code cp_digest_grow(struct cp_digest_room *room, void **items, size_t *cap, size_t n,
                            size_t size, struct cp_error *err)
{
    if (n <= *cap)
        return CP_OK;
    size_t larger = n + n / 2 + 1;
    void *p = realloc(*items, larger * size);
    if (!p)
        return cp_digest_no_memory(err);
    size_t added = (larger - *cap) * size;
    *items = p;
    *cap = larger;
    return cp_digest_charge(room, added, err);
}

struct cp_digest *cp_digest_new(void)
{
    struct cp_digest *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    d->room.max = CP_DIGEST_BYTES_MAX;
    d->scopes = calloc(1, sizeof *d->scopes);
    d->raws = calloc(1, sizeof *d->raws);
    cp_tally_init(&d->counts, CP_DIGEST_COUNTS_MAX);
    if (!d->scopes || !d->raws) {
        cp_digest_free(d);
        return NULL;
    }
    return d;
}

void cp_digest_free(struct cp_digest *digest)
{
    if (!digest)
        return;
    for (size_t i = 0; digest->scopes && i < digest->scopes->n; i++)
        cp_digest_scope_free(digest->scopes->items[i]);
    if (digest->scopes) {
        free(digest->scopes->items);
        cp_hash_index_clear(&digest->scopes->index);
    }
    if (digest->raws)
        cp_digest_raws_clear(digest->raws);
    free(digest->scopes);
    free(digest->raws);
    cp_tally_clear(&digest->counts);
    free(digest);
}

/* --- scopes --- */

static uint64_t hash_of_name(const struct cp_digest_name *name)
{
    return cp_hash_mix(cp_hash_mix(cp_hash(name->function), cp_hash(name->version)),
                       cp_hash(name->architecture));
}

static struct cp_digest_scope *find_scope(const struct cp_digest_scopes *s,
                                          const struct cp_digest_name *name, uint64_t hash)
{
    uint32_t i;
    for (size_t probe = 0;
         (i = cp_hash_index_next(&s->index, hash, &probe)) != CP_HASH_INDEX_NONE;) {
        struct cp_digest_name of_item = cp_digest_scope_name(s->items[i]);
        if (cp_digest_name_compare(&of_item, name) == 0)
            return s->items[i];
    }
    return NULL;
}

static enum cp_code add_scope(struct cp_digest *digest, const struct cp_digest_name *name,
                              uint64_t hash, struct cp_digest_scope **out, struct cp_error *err)
{
    struct cp_digest_scopes *s = digest->scopes;
    enum cp_code code = cp_digest_grow(&digest->room, (void **)&s->items, &s->cap, s->n + 1,
                                       sizeof(struct cp_digest_scope *), err);
    if (!code && cp_hash_index_reserve(&s->index, s->n + 1))
        code = cp_digest_no_memory(err);
    if (!code)
        code = cp_digest_scope_new(digest, name, out, err);
    if (code)
        return code;
    cp_hash_index_add(&s->index, hash, (uint32_t)s->n);
    s->items[s->n++] = *out;
    s->is_sorted = false;
    return cp_digest_charge(&digest->room, sizeof **out, err);
}

enum cp_code cp_digest_scope(struct cp_digest *digest, const struct cp_digest_name *name,
                             struct cp_digest_scope **out, struct cp_error *err)
{
    if (name->function.n > CP_DIGEST_NAME_MAX || name->version.n > CP_DIGEST_NAME_MAX ||
        name->architecture.n > CP_DIGEST_NAME_MAX)
        return cp_fail(err, CP_ELIMIT,
                       "name of a function, version or architecture is longer "
                       "than %d bytes",
                       CP_DIGEST_NAME_MAX);
    uint64_t hash = hash_of_name(name);
    *out = find_scope(digest->scopes, name, hash);
    return *out ? CP_OK : add_scope(digest, name, hash, out, err);
}

static int by_name(const void *a, const void *b)
{
    struct cp_digest_name name_a = cp_digest_scope_name(*(struct cp_digest_scope *const *)a);
    struct cp_digest_name name_b = cp_digest_scope_name(*(struct cp_digest_scope *const *)b);
    return cp_digest_name_compare(&name_a, &name_b);
}

void cp_digest_scopes_sort(struct cp_digest_scopes *s)
{
    if (s->is_sorted || s->n == 0)
        return;
    qsort(s->items, s->n, sizeof(struct cp_digest_scope *), by_name);
    cp_hash_index_reset(&s->index);
    for (size_t i = 0; i < s->n; i++) {
        struct cp_digest_name name = cp_digest_scope_name(s->items[i]);
        cp_hash_index_add(&s->index, hash_of_name(&name), (uint32_t)i);
    }
    s->is_sorted = true;
}

size_t cp_digest_n_scopes(const struct cp_digest *digest)
{
    return digest->scopes->n;
}

const struct cp_digest_scope *cp_digest_scope_at(const struct cp_digest *digest, size_t i)
{
    cp_digest_scopes_sort(digest->scopes);
    return i < digest->scopes->n ? digest->scopes->items[i] : NULL;
}

/* --- tallies --- */

enum cp_code cp_digest_tally(struct cp_digest_scope *scope, const char *what, struct cp_view text,
                             uint64_t count, struct cp_error *err)
{
    struct cp_tally *tally;
    enum cp_code code = cp_digest_scope_tally_for(scope, what, &tally, err);
    if (code)
        return code;
    code = cp_tally_add(tally, text, count, (struct cp_view){NULL, 0});
    return code ? cp_fail(err, code, "cannot count '%s': %s", what, cp_code_text(code)) : CP_OK;
}

enum cp_code cp_digest_count(struct cp_digest *digest, const char *what, uint64_t count,
                             struct cp_view example, struct cp_error *err)
{
    enum cp_code code = cp_tally_add(&digest->counts, cp_view_of(what), count, example);
    return code ? cp_fail(err, code, "cannot count '%s': %s", what, cp_code_text(code)) : CP_OK;
}

const struct cp_tally *cp_digest_counts(const struct cp_digest *digest)
{
    return &digest->counts;
}
