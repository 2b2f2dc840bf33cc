/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "model/digest/digest_parts.h"

enum cp_code cp_digest_scope_new(struct cp_digest *digest, const struct cp_digest_name *name,
                                 struct cp_digest_scope **out, struct cp_error *err)
{
    struct cp_digest_scope *scope = calloc(1, sizeof *scope);
    if (!scope)
        return cp_digest_no_memory(err);
    *scope = (struct cp_digest_scope){.digest = digest,
                                      .function = cp_view_dup(name->function),
                                      .version = cp_view_dup(name->version),
                                      .architecture = cp_view_dup(name->architecture),
                                      .n_function = name->function.n,
                                      .n_version = name->version.n,
                                      .n_architecture = name->architecture.n,
                                      .first_ms = -1,
                                      .last_ms = -1,
                                      .streams = calloc(1, sizeof *scope->streams),
                                      .requests = calloc(1, sizeof *scope->requests)};
    if (!scope->function || !scope->version || !scope->architecture || !scope->streams ||
        !scope->requests) {
        cp_digest_scope_free(scope);
        return cp_digest_no_memory(err);
    }
    cp_digest_requests_init(scope->requests);
    cp_digest_streams_init(scope->streams);
    *out = scope;
    return CP_OK;
}

static void free_cell(struct cp_digest_cell *cell)
{
    for (size_t i = 0; i < CP_METRIC_COUNT; i++)
        cp_histogram_clear(&cell->metrics[i]);
    free(cell);
}

void cp_digest_scope_free(struct cp_digest_scope *scope)
{
    if (!scope)
        return;
    for (size_t i = 0; i < scope->n_cells; i++)
        free_cell(scope->cells[i]);
    free(scope->cells);
    cp_digest_minutes_clear(&scope->minutes);
    if (scope->streams)
        cp_digest_streams_clear(scope->streams);
    if (scope->requests)
        cp_digest_requests_clear(scope->requests);
    free(scope->streams);
    free(scope->requests);
    for (size_t i = 0; i < scope->n_tallies; i++) {
        free(scope->tallies[i].what);
        cp_tally_clear(&scope->tallies[i].tally);
    }
    free(scope->tallies);
    free(scope->function);
    free(scope->version);
    free(scope->architecture);
    free(scope);
}

int cp_digest_name_compare(const struct cp_digest_name *a, const struct cp_digest_name *b)
{
    int order = cp_view_compare(a->function, b->function);
    if (!order)
        order = cp_view_compare(a->version, b->version);
    return order ? order : cp_view_compare(a->architecture, b->architecture);
}

struct cp_digest_name cp_digest_scope_name(const struct cp_digest_scope *scope)
{
    return (struct cp_digest_name){{scope->function, scope->n_function},
                                   {scope->version, scope->n_version},
                                   {scope->architecture, scope->n_architecture}};
}

void cp_digest_scope_seen(struct cp_digest_scope *scope, int64_t first_ms, int64_t last_ms)
{
    if (scope->first_ms < 0 || first_ms < scope->first_ms)
        scope->first_ms = first_ms;
    if (last_ms > scope->last_ms)
        scope->last_ms = last_ms;
}

bool cp_digest_scope_span(const struct cp_digest_scope *scope, int64_t *first_ms, int64_t *last_ms)
{
    *first_ms = scope->first_ms;
    *last_ms = scope->last_ms;
    return scope->first_ms >= 0;
}

uint64_t cp_digest_scope_n(const struct cp_digest_scope *scope)
{
    uint64_t n = 0;
    for (size_t i = 0; i < scope->n_cells; i++)
        n += scope->cells[i]->n;
    return n;
}

uint64_t cp_digest_n(const struct cp_digest *digest)
{
    uint64_t n = 0;
    for (size_t i = 0; i < cp_digest_n_scopes(digest); i++)
        n += cp_digest_scope_n(cp_digest_scope_at(digest, i));
    return n;
}

/* --- cells --- */

static bool is_cell(const struct cp_digest_cell *cell, const struct cp_digest_cell_facts *facts)
{
    return cell->memory_size_mb == facts->memory_size_mb && cell->start == facts->start &&
           cell->outcome == facts->outcome;
}

static bool is_before(const struct cp_digest_cell *a, const struct cp_digest_cell_facts *b)
{
    if (a->memory_size_mb != b->memory_size_mb)
        return a->memory_size_mb < b->memory_size_mb;
    if (a->start != b->start)
        return a->start < b->start;
    return a->outcome < b->outcome;
}

static enum cp_code insert_cell(struct cp_digest_scope *scope, size_t at,
                                const struct cp_digest_cell_facts *facts, struct cp_error *err)
{
    struct cp_digest_room *room = &scope->digest->room;
    enum cp_code code = cp_digest_grow(room, (void **)&scope->cells, &scope->cap_cells,
                                       scope->n_cells + 1, sizeof(struct cp_digest_cell *), err);
    struct cp_digest_cell *cell = code ? NULL : calloc(1, sizeof *cell);
    if (!cell)
        return code ? code : cp_digest_no_memory(err);
    cell->memory_size_mb = facts->memory_size_mb;
    cell->start = facts->start;
    cell->outcome = facts->outcome;
    memmove(&scope->cells[at + 1], &scope->cells[at],
            (scope->n_cells - at) * sizeof(struct cp_digest_cell *));
    scope->cells[at] = cell;
    scope->n_cells++;
    return cp_digest_charge(room, sizeof *cell, err);
}

enum cp_code cp_digest_scope_turn_to_cell(struct cp_digest_scope *scope,
                                          const struct cp_digest_cell_facts *facts,
                                          struct cp_error *err)
{
    size_t low = 0;
    size_t high = scope->n_cells;
    enum cp_code code = CP_OK;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (is_before(scope->cells[middle], facts))
            low = middle + 1;
        else
            high = middle;
    }
    if (low == scope->n_cells || !is_cell(scope->cells[low], facts))
        code = insert_cell(scope, low, facts, err);
    if (!code)
        scope->last_cell = scope->cells[low];
    return code;
}

enum cp_code cp_digest_cell_for(struct cp_digest *digest, struct cp_digest_scope *scope,
                                int memory_size_mb, enum cp_start_kind start,
                                enum cp_outcome outcome, struct cp_digest_cell **out,
                                struct cp_error *err)
{
    const struct cp_digest_cell_facts facts = {memory_size_mb, start, outcome};
    if (memory_size_mb < -1 || memory_size_mb > CP_DIGEST_MEMORY_MAX_MB)
        return cp_fail(err, CP_EINVAL, "no function has a memory size of %d MB", memory_size_mb);
    digest->is_raw_dropped = true;
    cp_digest_raws_trim(digest);
    enum cp_code code = cp_digest_scope_turn_to_cell(scope, &facts, err);
    if (!code)
        *out = scope->last_cell;
    return code;
}

size_t cp_digest_n_cells(const struct cp_digest_scope *scope)
{
    return scope->n_cells;
}

const struct cp_digest_cell *cp_digest_cell_at(const struct cp_digest_scope *scope, size_t i)
{
    return i < scope->n_cells ? scope->cells[i] : NULL;
}

/* --- tallies --- */

static size_t find_tally(const struct cp_digest_scope *scope, const char *what)
{
    size_t i = 0;
    while (i < scope->n_tallies && strcmp(scope->tallies[i].what, what) < 0)
        i++;
    return i;
}

static bool is_tally_at(const struct cp_digest_scope *scope, size_t i, const char *what)
{
    return i < scope->n_tallies && strcmp(scope->tallies[i].what, what) == 0;
}

enum cp_code cp_digest_scope_tally_for(struct cp_digest_scope *scope, const char *what,
                                       struct cp_tally **out, struct cp_error *err)
{
    size_t at = find_tally(scope, what);
    if (!is_tally_at(scope, at, what)) {
        struct cp_digest_tallied new = {.what = NULL};
        enum cp_code code =
            cp_digest_grow(&scope->digest->room, (void **)&scope->tallies, &scope->cap_tallies,
                           scope->n_tallies + 1, sizeof *scope->tallies, err);
        if (!code && !(new.what = cp_view_dup(cp_view_of(what))))
            code = cp_digest_no_memory(err);
        if (code)
            return code;
        cp_tally_init(&new.tally, CP_DIGEST_TALLY_MAX);
        memmove(&scope->tallies[at + 1], &scope->tallies[at], (scope->n_tallies - at) * sizeof new);
        scope->tallies[at] = new;
        scope->n_tallies++;
    }
    *out = &scope->tallies[at].tally;
    return CP_OK;
}

const struct cp_tally *cp_digest_scope_tally(const struct cp_digest_scope *scope, const char *what)
{
    static const struct cp_tally none = {.max = CP_DIGEST_TALLY_MAX};
    size_t at = find_tally(scope, what);
    return is_tally_at(scope, at, what) ? &scope->tallies[at].tally : &none;
}

/* --- the parts --- */

bool cp_digest_next_minute(const struct cp_digest_scope *scope, size_t *at,
                           struct cp_digest_minute *out)
{
    return cp_digest_minutes_next(&scope->minutes, at, out);
}

size_t cp_digest_n_streams(const struct cp_digest_scope *scope)
{
    cp_digest_streams_settle(scope->streams);
    return scope->streams->n;
}

double cp_digest_streams_estimate(const struct cp_digest_scope *scope, bool *is_all)
{
    cp_digest_streams_settle(scope->streams);
    *is_all = !scope->streams->is_cut;
    return cp_digest_streams_total(scope->streams);
}

bool cp_digest_stream_at(const struct cp_digest_scope *scope, size_t i,
                         struct cp_digest_stream *out)
{
    cp_digest_streams_settle(scope->streams);
    if (i >= scope->streams->n)
        return false;
    *out = cp_digest_streams_at(scope->streams, i);
    return true;
}

const struct cp_digest_attempt *cp_digest_attempts(const struct cp_digest_scope *scope, size_t *n,
                                                   bool *is_all)
{
    cp_digest_requests_settle(scope->requests);
    *n = scope->requests->n_kept;
    *is_all = !scope->requests->is_cut;
    return scope->requests->rows;
}

const struct cp_digest_era *cp_digest_eras(const struct cp_digest_scope *scope)
{
    return scope->eras;
}

uint64_t cp_digest_note_count(const struct cp_digest_scope *scope, enum cp_digest_note_kind kind)
{
    return (size_t)kind < CP_NOTE_KINDS ? scope->n_notes[kind] : 0;
}
