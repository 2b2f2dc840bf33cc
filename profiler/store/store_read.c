/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "profiler/store/store_db.h"

#include <sqlite3.h>

enum cp_code cp_store_get_plan(struct cp_store *store, const char *run_id, struct cp_buf *plan,
                               struct cp_error *err)
{
    sqlite3_stmt *statement = cp_store_db_get(store, CP_STATEMENT_GET_PLAN);
    enum cp_code code = cp_store_db_bind_text(store, statement, 1, cp_view_of(run_id), err);
    if (code)
        return code;
    int status = sqlite3_step(statement);
    if (status != SQLITE_ROW && status != SQLITE_DONE)
        code = cp_store_db_fail(store, "read", err);
    else if (status == SQLITE_DONE || sqlite3_column_type(statement, 0) == SQLITE_NULL)
        code =
            cp_fail(err, CP_ENOTFOUND, "run '%s' in '%s' has no stored plan", run_id, store->path);
    else
        (void)cp_buf_add(plan, sqlite3_column_text(statement, 0),
                         (size_t)sqlite3_column_bytes(statement, 0));
    (void)sqlite3_reset(statement);
    return code ? code : cp_buf_check(plan, "plan of a run", err);
}

/* --- a run with all it owns --- */

static enum cp_code read_run(void *context, sqlite3_stmt *statement, struct cp_error *err)
{
    return cp_columns_read(&cp_run_columns, statement, 0, context, err);
}

static enum cp_code read_sample(void *context, sqlite3_stmt *statement, struct cp_error *err)
{
    struct cp_run_data *data = context;
    struct cp_sample *sample = &data->samples[data->n_samples++];
    sample->id = sqlite3_column_int64(statement, 0);
    return cp_columns_read(&cp_sample_columns, statement, 1, sample, err);
}

static enum cp_code read_cell(void *context, sqlite3_stmt *statement, struct cp_error *err)
{
    struct cp_run_data *data = context;
    struct cp_cell_result *cells = realloc(data->cells, (data->n_cells + 1) * sizeof *data->cells);
    if (!cells)
        return cp_fail(err, CP_ENOMEM, "out of memory");
    data->cells = cells;
    cells[data->n_cells] = (struct cp_cell_result){0};
    return cp_columns_read(&cp_cell_columns, statement, 0, &cells[data->n_cells++], err);
}

static enum cp_code read_count(void *context, sqlite3_stmt *statement, struct cp_error *err)
{
    (void)err;
    *(size_t *)context = (size_t)sqlite3_column_int64(statement, 0);
    return CP_OK;
}

static enum cp_code load_samples(struct cp_store *store, const char *id, struct cp_run_data *out,
                                 struct cp_error *err)
{
    size_t n = 0;
    enum cp_code code =
        cp_store_db_each_of_run(store, CP_STATEMENT_COUNT_SAMPLES, id, read_count, &n, err);
    if (code || !n)
        return code;
    out->samples = calloc(n, sizeof *out->samples);
    if (!out->samples)
        return cp_fail(err, CP_ENOMEM, "cannot load run '%s': out of memory", id);
    return cp_store_db_each_of_run(store, CP_STATEMENT_LIST_SAMPLES, id, read_sample, out, err);
}

/* One read transaction: a sweep that writes meanwhile is seen at one moment, not in between. */
static enum cp_code load_all(struct cp_store *store, const char *id, struct cp_run_data *out,
                             struct cp_error *err)
{
    if (sqlite3_exec(store->db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
        return cp_store_db_fail(store, "read", err);
    enum cp_code code =
        cp_store_db_each_of_run(store, CP_STATEMENT_GET_RUN, id, read_run, &out->run, err);
    if (!code)
        code = load_samples(store, id, out, err);
    if (!code)
        code = cp_store_db_each_of_run(store, CP_STATEMENT_LIST_CELLS, id, read_cell, out, err);
    if (!code)
        code = cp_store_db_each_of_run(store, CP_STATEMENT_GET_DIGEST, id, cp_store_read_digest,
                                       out, err);
    if (!code)
        code = cp_store_db_each_of_run(store, CP_STATEMENT_GET_DEMAND, id, cp_store_read_demand,
                                       out, err);
    (void)sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
    return code;
}

enum cp_code cp_store_load(struct cp_store *store, const char *run_id, struct cp_run_data *out,
                           struct cp_error *err)
{
    char id[CP_RUN_ID_MAX];
    *out = (struct cp_run_data){.run = cp_run_empty()};
    enum cp_code code = cp_store_find_run(store, run_id, id, err);
    if (!code)
        code = load_all(store, id, out, err);
    if (code)
        cp_run_data_clear(out);
    return code;
}

/* --- listing --- */

static enum cp_code add_outcome(void *context, sqlite3_stmt *statement, struct cp_error *err)
{
    struct cp_accounting *sum = context;
    struct cp_sample one = cp_sample_planned(CP_CELL_COLD, 0);
    const char *name = (const char *)sqlite3_column_text(statement, 0);
    if (!cp_outcome_by_name(cp_view_of(name), &one.outcome))
        return cp_fail(err, CP_EFORMAT, "column 'outcome' of table 'samples' holds no valid value");
    size_t n = (size_t)sqlite3_column_int64(statement, 1);
    struct cp_accounting unit = cp_accounting_of(&one, 1);
    sum->planned += n * unit.planned;
    sum->measured += n * unit.measured;
    sum->failed += n * unit.failed;
    sum->throttled += n * unit.throttled;
    sum->unknown += n * unit.unknown;
    sum->not_sent += n * unit.not_sent;
    return CP_OK;
}

struct listing {
    struct cp_store *store;
    cp_store_run_fn each;
    void *context;
    bool is_over;
};

static enum cp_code list_one(void *context, sqlite3_stmt *statement, struct cp_error *err)
{
    struct listing *listing = context;
    if (listing->is_over)
        return CP_OK;
    struct cp_run one = cp_run_empty();
    struct cp_accounting accounting = {0};
    enum cp_code code = cp_columns_read(&cp_run_columns, statement, 0, &one, err);
    if (!code)
        code = cp_store_db_each_of_run(listing->store, CP_STATEMENT_COUNT_OUTCOMES, one.id,
                                       add_outcome, &accounting, err);
    if (!code && accounting.planned == 0)
        code = cp_store_db_each_of_run(listing->store, CP_STATEMENT_COUNT_DIGEST, one.id,
                                       cp_store_read_digest_counts, &accounting, err);
    if (!code)
        listing->is_over = !listing->each(listing->context, &one, &accounting);
    return code;
}

enum cp_code cp_store_list(struct cp_store *store, cp_store_run_fn each, void *context,
                           struct cp_error *err)
{
    struct listing listing = {.store = store, .each = each, .context = context};
    sqlite3_stmt *statement = cp_store_db_get(store, CP_STATEMENT_LIST_RUNS);
    if (!statement)
        return cp_store_db_fail(store, "read", err);
    return cp_store_db_each(store, statement, list_one, &listing, err);
}
