/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/digest/digest_parts.h"

static enum cp_code add_count(uint64_t *into, uint64_t from, struct cp_error *err)
{
    if (__builtin_add_overflow(*into, from, into))
        return cp_fail(err, CP_ELIMIT, "digests together count more than 2^64");
    return CP_OK;
}

enum cp_code cp_digest_cell_add_metric(struct cp_digest_scope *scope, struct cp_digest_cell *cell,
                                       enum cp_digest_metric metric, const struct cp_histogram *h,
                                       struct cp_error *err)
{
    struct cp_histogram *into = &cell->metrics[metric];
    size_t bytes = into->bytes;
    enum cp_code code = cp_histogram_merge(into, h);
    if (code == CP_ENOMEM)
        return cp_digest_no_memory(err);
    return code ? cp_fail(err, code, "digests together count more than 2^64")
                : cp_digest_charge(&scope->digest->room, into->bytes - bytes, err);
}

static enum cp_code merge_cell(struct cp_digest_scope *scope, const struct cp_digest_cell *from,
                               struct cp_error *err)
{
    const struct cp_digest_cell_facts facts = {from->memory_size_mb, from->start, from->outcome};
    enum cp_code code = cp_digest_scope_turn_to_cell(scope, &facts, err);
    if (code)
        return code;
    struct cp_digest_cell *cell = scope->last_cell;
    code = add_count(&cell->n, from->n, err);
    for (size_t i = 0; i < CP_METRIC_COUNT && !code; i++)
        code = cp_digest_cell_add_metric(scope, cell, (enum cp_digest_metric)i, &from->metrics[i],
                                         err);
    return code;
}

static enum cp_code merge_streams(struct cp_digest_scope *into, const struct cp_digest_scope *from,
                                  struct cp_error *err)
{
    enum cp_code code = CP_OK;
    cp_digest_streams_settle(from->streams);
    into->streams->is_cut |= from->streams->is_cut;
    for (size_t i = 0; i < from->streams->n && !code; i++) {
        struct cp_digest_stream stream = cp_digest_streams_at(from->streams, i);
        code = cp_digest_streams_add(into->streams, &into->digest->room, &stream, err);
    }
    return code;
}

static enum cp_code merge_requests(struct cp_digest_scope *into, const struct cp_digest_scope *from,
                                   struct cp_error *err)
{
    enum cp_code code = CP_OK;
    cp_digest_requests_settle(from->requests);
    into->requests->is_cut |= from->requests->is_cut;
    for (size_t i = 0; i < from->requests->n_kept && !code; i++)
        code = cp_digest_requests_add(into->requests, &into->digest->room, &from->requests->rows[i],
                                      err);
    return code;
}

static enum cp_code merge_tallies(struct cp_digest_scope *into, const struct cp_digest_scope *from,
                                  struct cp_error *err)
{
    for (size_t i = 0; i < from->n_tallies; i++) {
        struct cp_tally *tally;
        const char *what = from->tallies[i].what;
        enum cp_code code = cp_digest_scope_tally_for(into, what, &tally, err);
        if (code)
            return code;
        code = cp_tally_merge(tally, &from->tallies[i].tally);
        if (code)
            return cp_fail(err, code, "cannot count '%s': %s", what, cp_code_text(code));
    }
    return CP_OK;
}

static enum cp_code merge_counts(struct cp_digest_scope *into, const struct cp_digest_scope *from,
                                 struct cp_error *err)
{
    enum cp_code code = CP_OK;
    for (size_t i = 0; i < CP_ERA_COUNT && !code; i++) {
        code = add_count(&into->eras[i].n_cold, from->eras[i].n_cold, err);
        if (!code)
            code = add_count(&into->eras[i].n_init_billed, from->eras[i].n_init_billed, err);
    }
    for (size_t i = 0; i < CP_NOTE_KINDS && !code; i++)
        code = add_count(&into->n_notes[i], from->n_notes[i], err);
    if (from->first_ms >= 0)
        cp_digest_scope_seen(into, from->first_ms, from->last_ms);
    return code;
}

enum cp_code cp_digest_scope_merge(struct cp_digest_scope *into, const struct cp_digest_scope *from,
                                   struct cp_error *err)
{
    enum cp_code code = merge_counts(into, from, err);
    for (size_t i = 0; i < from->n_cells && !code; i++)
        code = merge_cell(into, from->cells[i], err);
    if (!code)
        code = cp_digest_minutes_merge(&into->minutes, &into->digest->room, &from->minutes, err);
    if (!code)
        code = merge_streams(into, from, err);
    if (!code)
        code = merge_requests(into, from, err);
    return code ? code : merge_tallies(into, from, err);
}

/* The scope of `into` with the name of one of another digest. */
static enum cp_code twin(struct cp_digest *into, const struct cp_digest_scope *from,
                         struct cp_digest_scope **out, struct cp_error *err)
{
    struct cp_digest_name name = cp_digest_scope_name(from);
    return cp_digest_scope(into, &name, out, err);
}

static enum cp_code merge_raws(struct cp_digest *into, const struct cp_digest *from,
                               struct cp_error *err)
{
    struct cp_digest_scope *scope;
    enum cp_code code = CP_OK;
    for (size_t i = 0; i < from->raws->n && !into->is_raw_dropped && !code; i++) {
        struct cp_digest_raw raw = cp_digest_raws_at(from->raws, i);
        code = twin(into, raw.scope, &scope, err);
        if (!code)
            code = cp_digest_raws_add(into, scope, &raw.record, err);
    }
    for (size_t i = 0; i < from->raws->n_notes && !into->is_notes_dropped && !code; i++) {
        struct cp_digest_raw_note raw = cp_digest_raws_note_at(from->raws, i);
        code = twin(into, raw.scope, &scope, err);
        if (!code)
            code = cp_digest_raws_add_note(into, scope, &raw.note, err);
    }
    return code;
}

enum cp_code cp_digest_merge(struct cp_digest *into, const struct cp_digest *from,
                             struct cp_error *err)
{
    if (into == from)
        return cp_fail(err, CP_EINVAL, "a digest cannot be merged with itself");
    enum cp_code code = add_count(&into->n, from->n, err);
    if (!code)
        code = add_count(&into->n_notes, from->n_notes, err);
    into->is_raw_dropped |= from->is_raw_dropped;
    cp_digest_raws_trim(into);
    for (size_t i = 0; i < from->scopes->n && !code; i++) {
        struct cp_digest_scope *scope;
        code = twin(into, from->scopes->items[i], &scope, err);
        if (!code)
            code = cp_digest_scope_merge(scope, from->scopes->items[i], err);
    }
    if (!code)
        code = merge_raws(into, from, err);
    if (code)
        return code;
    code = cp_tally_merge(&into->counts, &from->counts);
    return code ? cp_fail(err, code, "cannot add the counts of the input: %s", cp_code_text(code))
                : CP_OK;
}
