/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "model/digest/digest_parts.h"

void cp_digest_raws_clear(struct cp_digest_raws *raws)
{
    cp_digest_texts_clear(&raws->texts);
    free(raws->rows);
    free(raws->notes);
    free(raws->records_view);
    free(raws->notes_view);
    *raws = (struct cp_digest_raws){.n = 0};
}

static void forget_views(struct cp_digest_raws *raws)
{
    free(raws->records_view);
    free(raws->notes_view);
    raws->records_view = NULL;
    raws->notes_view = NULL;
}

static size_t bytes_of(const struct cp_digest_raws *raws)
{
    return raws->cap * sizeof *raws->rows + raws->cap_notes * sizeof *raws->notes +
           raws->texts.cap * sizeof *raws->texts.items + raws->texts.bytes;
}

/* Both conditions hold for good once they hold, and hold for a whole if they do for a part. */
void cp_digest_raws_trim(struct cp_digest *digest)
{
    struct cp_digest_raws *raws = digest->raws;
    if (digest->n > CP_DIGEST_RAW_MAX)
        digest->is_raw_dropped = true;
    if (digest->is_raw_dropped || digest->n_notes > CP_DIGEST_NOTES_MAX)
        digest->is_notes_dropped = true;
    if (digest->is_raw_dropped && bytes_of(raws)) {
        digest->room.bytes -= bytes_of(raws);
        cp_digest_raws_clear(raws);
    } else if (digest->is_notes_dropped && raws->notes) {
        digest->room.bytes -= raws->cap_notes * sizeof *raws->notes;
        forget_views(raws);
        free(raws->notes);
        raws->notes = NULL;
        raws->n_notes = raws->cap_notes = 0;
    }
}

enum cp_code cp_digest_raws_add(struct cp_digest *digest, const struct cp_digest_scope *scope,
                                const struct cp_digest_record *record, struct cp_error *err)
{
    struct cp_digest_raws *raws = digest->raws;
    struct cp_digest_raw_row row = {.scope = scope,
                                    .end_at_ms = record->end_at_ms,
                                    .duration_us = record->duration_us,
                                    .billed_us = record->billed_us,
                                    .init_us = record->init_us,
                                    .restore_us = record->restore_us,
                                    .billed_restore_us = record->billed_restore_us,
                                    .memory_size_mb = record->memory_size_mb,
                                    .max_memory_used_mb = record->max_memory_used_mb,
                                    .start = (uint8_t)record->start,
                                    .outcome = (uint8_t)record->outcome};
    memcpy(row.request_id, record->request_id, sizeof row.request_id);
    enum cp_code code =
        cp_digest_texts_add(&raws->texts, &digest->room, record->stream, &row.stream, err);
    if (!code)
        code = cp_digest_texts_add(&raws->texts, &digest->room, record->error_type, &row.error_type,
                                   err);
    if (!code)
        code = cp_digest_grow(&digest->room, (void **)&raws->rows, &raws->cap, raws->n + 1,
                              sizeof *raws->rows, err);
    if (code)
        return code;
    forget_views(raws);
    raws->rows[raws->n++] = row;
    return CP_OK;
}

enum cp_code cp_digest_raws_add_note(struct cp_digest *digest, const struct cp_digest_scope *scope,
                                     const struct cp_digest_note *note, struct cp_error *err)
{
    struct cp_digest_raws *raws = digest->raws;
    struct cp_digest_note_row row = {.scope = scope,
                                     .at_ms = note->at_ms,
                                     .value_us = note->value_us,
                                     .kind = (uint8_t)note->kind};
    memcpy(row.request_id, note->request_id, sizeof row.request_id);
    enum cp_code code =
        cp_digest_texts_add(&raws->texts, &digest->room, note->text, &row.text, err);
    if (!code)
        code = cp_digest_grow(&digest->room, (void **)&raws->notes, &raws->cap_notes,
                              raws->n_notes + 1, sizeof *raws->notes, err);
    if (code)
        return code;
    forget_views(raws);
    raws->notes[raws->n_notes++] = row;
    return CP_OK;
}

/* --- in order --- */

static int compare_scopes(const struct cp_digest_scope *a, const struct cp_digest_scope *b)
{
    if (a == b)
        return 0;
    struct cp_digest_name name_a = cp_digest_scope_name(a);
    struct cp_digest_name name_b = cp_digest_scope_name(b);
    return cp_digest_name_compare(&name_a, &name_b);
}

static int compare_values(const int64_t *a, const int64_t *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    }
    return 0;
}

static int compare_texts(const struct cp_digest_texts *texts, uint32_t i, uint32_t k)
{
    const struct cp_digest_text *a = &texts->items[i];
    const struct cp_digest_text *b = &texts->items[k];
    int order = i == k ? 0 : memcmp(a->p, b->p, (a->n < b->n ? a->n : b->n) + 1);
    return order ? order : (a->n > b->n) - (a->n < b->n);
}

static int compare_records(const void *left, const void *right, void *context)
{
    const struct cp_digest_raw_row *a = left;
    const struct cp_digest_raw_row *b = right;
    int order = compare_scopes(a->scope, b->scope);
    if (!order)
        order = compare_values(&a->end_at_ms, &b->end_at_ms, 1);
    if (!order)
        order = memcmp(a->request_id, b->request_id, sizeof a->request_id);
    if (order)
        return order;
    const int64_t values_a[] = {
        a->duration_us,    a->billed_us,          a->init_us, a->restore_us, a->billed_restore_us,
        a->memory_size_mb, a->max_memory_used_mb, a->start,   a->outcome};
    const int64_t values_b[] = {
        b->duration_us,    b->billed_us,          b->init_us, b->restore_us, b->billed_restore_us,
        b->memory_size_mb, b->max_memory_used_mb, b->start,   b->outcome};
    order = compare_values(values_a, values_b, sizeof values_a / sizeof *values_a);
    if (!order)
        order = compare_texts(context, a->stream, b->stream);
    return order ? order : compare_texts(context, a->error_type, b->error_type);
}

static int compare_notes(const void *left, const void *right, void *context)
{
    const struct cp_digest_note_row *a = left;
    const struct cp_digest_note_row *b = right;
    int order = compare_scopes(a->scope, b->scope);
    if (!order)
        order = compare_values(&a->at_ms, &b->at_ms, 1);
    if (!order)
        order = memcmp(a->request_id, b->request_id, sizeof a->request_id);
    if (!order)
        order = a->kind - b->kind;
    if (!order)
        order = compare_values(&a->value_us, &b->value_us, 1);
    return order ? order : compare_texts(context, a->text, b->text);
}

void cp_digest_raws_sort(struct cp_digest_raws *raws)
{
    if (raws->n)
        qsort_r(raws->rows, raws->n, sizeof *raws->rows, compare_records, &raws->texts);
    if (raws->n_notes)
        qsort_r(raws->notes, raws->n_notes, sizeof *raws->notes, compare_notes, &raws->texts);
}

/* --- for readers --- */

struct cp_digest_raw cp_digest_raws_at(const struct cp_digest_raws *raws, size_t i)
{
    const struct cp_digest_raw_row *row = &raws->rows[i];
    struct cp_digest_raw raw = {
        .scope = row->scope,
        .record = {.end_at_ms = row->end_at_ms,
                   .duration_us = row->duration_us,
                   .billed_us = row->billed_us,
                   .init_us = row->init_us,
                   .restore_us = row->restore_us,
                   .billed_restore_us = row->billed_restore_us,
                   .memory_size_mb = row->memory_size_mb,
                   .max_memory_used_mb = row->max_memory_used_mb,
                   .start = (enum cp_start_kind)row->start,
                   .outcome = (enum cp_outcome)row->outcome,
                   .stream = cp_digest_texts_at(&raws->texts, row->stream),
                   .error_type = cp_digest_texts_at(&raws->texts, row->error_type)}};
    memcpy(raw.record.request_id, row->request_id, sizeof row->request_id);
    return raw;
}

struct cp_digest_raw_note cp_digest_raws_note_at(const struct cp_digest_raws *raws, size_t i)
{
    const struct cp_digest_note_row *row = &raws->notes[i];
    struct cp_digest_raw_note raw = {.scope = row->scope,
                                     .note = {.kind = (enum cp_digest_note_kind)row->kind,
                                              .at_ms = row->at_ms,
                                              .value_us = row->value_us,
                                              .text = cp_digest_texts_at(&raws->texts, row->text)}};
    memcpy(raw.note.request_id, row->request_id, sizeof row->request_id);
    return raw;
}

/* Two arrays for readers. Allocated even when empty: not NULL says that they are complete. */
static bool make_views(struct cp_digest_raws *raws)
{
    if (raws->records_view)
        return true;
    raws->records_view = malloc((raws->n + 1) * sizeof *raws->records_view);
    raws->notes_view = malloc((raws->n_notes + 1) * sizeof *raws->notes_view);
    if (!raws->records_view || !raws->notes_view) {
        forget_views(raws);
        return false;
    }
    cp_digest_raws_sort(raws);
    for (size_t i = 0; i < raws->n; i++)
        raws->records_view[i] = cp_digest_raws_at(raws, i);
    for (size_t i = 0; i < raws->n_notes; i++)
        raws->notes_view[i] = cp_digest_raws_note_at(raws, i);
    return true;
}

const struct cp_digest_raw *cp_digest_raw(const struct cp_digest *digest, size_t *n)
{
    bool is_there = !digest->is_raw_dropped && make_views(digest->raws);
    *n = is_there ? digest->raws->n : 0;
    return is_there ? digest->raws->records_view : NULL;
}

const struct cp_digest_raw_note *cp_digest_raw_notes(const struct cp_digest *digest, size_t *n)
{
    bool is_there = !digest->is_notes_dropped && make_views(digest->raws);
    *n = is_there ? digest->raws->n_notes : 0;
    return is_there ? digest->raws->notes_view : NULL;
}
