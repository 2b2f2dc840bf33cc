/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/import/import_list.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/buf.h"

static void add_size(struct cp_import_function *row, int memory_size_mb)
{
    size_t at = 0;
    while (at < row->n_sizes && row->sizes[at] < memory_size_mb)
        at++;
    bool is_there = at < row->n_sizes && row->sizes[at] == memory_size_mb;
    if (is_there || memory_size_mb <= 0 || row->n_sizes == CP_RUN_SIZES_MAX)
        return;
    memmove(&row->sizes[at + 1], &row->sizes[at], (row->n_sizes - at) * sizeof row->sizes[0]);
    row->sizes[at] = memory_size_mb;
    row->n_sizes++;
}

static void add_cell(struct cp_import_function *row, const struct cp_digest_cell *cell)
{
    bool is_fresh = cell->start == CP_START_COLD || cell->start == CP_START_SNAPSTART;
    row->n += cell->n;
    row->n_cold += is_fresh ? cell->n : 0;
    row->n_failed += cell->outcome == CP_OUTCOME_MEASURED ? 0 : cell->n;
    add_size(row, cell->memory_size_mb);
}

static void add_span(struct cp_import_function *row, const struct cp_digest_scope *scope)
{
    int64_t first_ms = -1;
    int64_t last_ms = -1;
    if (!cp_digest_scope_span(scope, &first_ms, &last_ms))
        return;
    row->first_ms = row->first_ms < 0 || first_ms < row->first_ms ? first_ms : row->first_ms;
    row->last_ms = last_ms > row->last_ms ? last_ms : row->last_ms;
}

static void add_scope(struct cp_import_function *row, const struct cp_digest_scope *scope)
{
    size_t n_cells = cp_digest_n_cells(scope);
    for (size_t i = 0; i < n_cells; i++)
        add_cell(row, cp_digest_cell_at(scope, i));
    row->n_starts += cp_digest_note_count(scope, CP_NOTE_START);
    row->n_versions += cp_digest_scope_name(scope).version.n ? 1 : 0;
    row->n_scopes++;
    add_span(row, scope);
}

enum cp_code cp_import_list(const struct cp_digest *digest, struct cp_import_list *out,
                            struct cp_error *err)
{
    size_t n_scopes = cp_digest_n_scopes(digest);
    *out = (struct cp_import_list){.rows = calloc(n_scopes + 1, sizeof *out->rows)};
    if (!out->rows)
        return cp_fail(err, CP_ENOMEM, "no memory for %zu functions", n_scopes);
    for (size_t i = 0; i < n_scopes; i++) {
        const struct cp_digest_scope *scope = cp_digest_scope_at(digest, i);
        struct cp_view name = cp_digest_scope_name(scope).function;
        bool is_new = out->n == 0 || !cp_view_equal(out->rows[out->n - 1].name, name);
        if (is_new)
            out->rows[out->n++] = (struct cp_import_function){
                .name = name, .first_ms = -1, .last_ms = -1, .first_scope = i};
        add_scope(&out->rows[out->n - 1], scope);
    }
    size_t kept = 0;
    for (size_t i = 0; i < out->n; i++) {
        if (out->rows[i].n > 0)
            out->rows[kept++] = out->rows[i];
    }
    out->n = kept;
    return CP_OK;
}

void cp_import_list_clear(struct cp_import_list *list)
{
    free(list->rows);
    *list = (struct cp_import_list){0};
}

/* A name is data from strangers: no byte of it may reach a terminal as a control. */
static void add_harmless(struct cp_buf *out, struct cp_view name)
{
    for (size_t i = 0; i < name.n; i++)
        (void)cp_buf_addc(out, name.p[i] > ' ' && name.p[i] < 0x7f ? name.p[i] : '?');
    if (name.n == 0)
        (void)cp_buf_adds(out, "(unnamed)");
}

static enum cp_code fail_unknown(const struct cp_import_list *list, const char *name,
                                 struct cp_error *err)
{
    enum { SHOWN = 8 };
    struct cp_buf known;
    cp_buf_init(&known, CP_ERROR_TEXT_MAX);
    for (size_t i = 0; i < list->n && i < SHOWN; i++) {
        (void)cp_buf_adds(&known, i ? ", " : "");
        add_harmless(&known, list->rows[i].name);
    }
    if (list->n > SHOWN)
        (void)cp_buf_addf(&known, " and %zu more", list->n - SHOWN);
    enum cp_code code =
        cp_fail(err, CP_ENOTFOUND, "the log has no record of function '%s'; it has: %s", name,
                cp_buf_str(&known));
    cp_buf_clear(&known);
    return code;
}

enum cp_code cp_import_choose(const struct cp_import_list *list, const char *name,
                              const struct cp_import_function **out, struct cp_error *err)
{
    *out = NULL;
    if (list->n == 0)
        return cp_fail(err, CP_ENODATA,
                       "the log has no REPORT record of a Lambda invocation; give the log of a "
                       "function (log group /aws/lambda/NAME)");
    size_t best = list->n;
    for (size_t i = 0; i < list->n; i++) {
        const struct cp_import_function *row = &list->rows[i];
        bool is_more = best == list->n || row->n > list->rows[best].n;
        if (name ? cp_view_is(row->name, name) : is_more)
            best = i;
    }
    if (best == list->n)
        return fail_unknown(list, name, err);
    *out = &list->rows[best];
    return CP_OK;
}
