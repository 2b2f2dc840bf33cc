/* SPDX-License-Identifier: GPL-3.0-or-later
 * Bottom-k sample of request ids: those with the k smallest hashes, with all their records. The
 * threshold only sinks, so an id that is out never was among the smallest of the whole, and one
 * that is in at the end was in since its first record: its records are complete, in any order.
 */
#include <stdlib.h>
#include <string.h>

#include "model/base/hash.h"
#include "model/digest/digest_parts.h"

enum { NEW_MAX = 256 }; /* rows that wait until they are sorted in, together */

uint64_t cp_digest_request_hash(const uint8_t id[16])
{
    return cp_hash((struct cp_view){(const char *)id, 16});
}

uint64_t cp_digest_record_hash(const struct cp_digest_record *r)
{
    const int64_t members[] = {r->end_at_ms,       r->duration_us,        r->billed_us,
                               r->init_us,         r->restore_us,         r->billed_restore_us,
                               r->memory_size_mb,  r->max_memory_used_mb, (int64_t)r->start,
                               (int64_t)r->outcome};
    uint64_t h = cp_digest_request_hash(r->request_id);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        h = cp_hash_mix(h, (uint64_t)members[i]);
    h = cp_hash_mix(h, cp_hash(r->stream));
    return cp_hash_mix(h, cp_hash(r->error_type));
}

void cp_digest_requests_init(struct cp_digest_requests *r)
{
    *r = (struct cp_digest_requests){.threshold = UINT64_MAX};
}

void cp_digest_requests_clear(struct cp_digest_requests *r)
{
    free(r->rows);
    cp_digest_requests_init(r);
}

enum cp_code cp_digest_requests_add(struct cp_digest_requests *r, struct cp_digest_room *room,
                                    const struct cp_digest_attempt *attempt, struct cp_error *err)
{
    if (attempt->id_hash > r->threshold) {
        r->is_cut = true;
        return CP_OK;
    }
    if (r->n_new == NEW_MAX)
        cp_digest_requests_settle(r);
    enum cp_code code = cp_digest_grow(room, (void **)&r->rows, &r->cap, r->n_kept + r->n_new + 1,
                                       sizeof *r->rows, err);
    if (code)
        return code;
    r->rows[r->n_kept + r->n_new++] = *attempt;
    return CP_OK;
}

static int compare(const struct cp_digest_attempt *a, const struct cp_digest_attempt *b)
{
    if (a->id_hash != b->id_hash)
        return a->id_hash < b->id_hash ? -1 : 1;
    return (a->record_hash > b->record_hash) - (a->record_hash < b->record_hash);
}

static int compare_rows(const void *a, const void *b)
{
    return compare(a, b);
}

/* The same record seen elsewhere. Equal hashes of different records would be a collision: any
 * answer that does not depend on the order is as good. */
static void combine(struct cp_digest_attempt *into, const struct cp_digest_attempt *from)
{
    if (__builtin_add_overflow(into->count, from->count, &into->count))
        into->count = UINT32_MAX;
    if (from->end_at_ms < into->end_at_ms)
        into->end_at_ms = from->end_at_ms;
    into->is_failed |= from->is_failed;
}

/* Sorts in what is new, in place: from the back into the room behind both. */
static void merge_new(struct cp_digest_requests *r)
{
    struct cp_digest_attempt waiting[NEW_MAX];
    size_t kept = r->n_kept;
    size_t new = r->n_new;
    memcpy(waiting, &r->rows[kept], new * sizeof *waiting);
    qsort(waiting, new, sizeof *waiting, compare_rows);
    while (new) {
        bool is_kept_last = kept && compare(&r->rows[kept - 1], &waiting[new - 1]) > 0;
        struct cp_digest_attempt row = is_kept_last ? r->rows[--kept] : waiting[--new];
        r->rows[kept + new] = row;
    }
    r->n_kept += r->n_new;
    r->n_new = 0;
}

/* One row for each record; the smallest ids, of each the smallest records. */
static void cut(struct cp_digest_requests *r)
{
    size_t n = 0;
    size_t ids = 0;
    size_t of_id = 0;
    for (size_t i = 0; i < r->n_kept; i++) {
        const struct cp_digest_attempt *row = &r->rows[i];
        if (n && compare(&r->rows[n - 1], row) == 0) {
            combine(&r->rows[n - 1], row);
            continue;
        }
        bool is_new_id = n == 0 || r->rows[n - 1].id_hash != row->id_hash;
        if (is_new_id && ids == CP_DIGEST_REQUESTS_MAX) {
            r->is_cut = true;
            break;
        }
        ids += is_new_id;
        of_id = is_new_id ? 1 : of_id + 1;
        if (of_id > CP_DIGEST_ATTEMPTS_MAX)
            r->is_cut = true;
        else
            r->rows[n++] = *row;
    }
    r->n_kept = n;
    if (ids == CP_DIGEST_REQUESTS_MAX)
        r->threshold = r->rows[n - 1].id_hash;
}

void cp_digest_requests_settle(struct cp_digest_requests *r)
{
    if (!r->n_new)
        return;
    merge_new(r);
    cut(r);
}
