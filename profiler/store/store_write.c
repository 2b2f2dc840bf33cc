/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "model/base/rng.h"
#include "profiler/store/store_db.h"

#include <sqlite3.h>

/* --- runs --- */

static enum cp_code has_run(struct cp_store *store, const char *id, bool *has, struct cp_error *err)
{
    sqlite3_stmt *statement = cp_store_db_get(store, CP_STATEMENT_GET_RUN);
    enum cp_code code = cp_store_db_bind_text(store, statement, 1, cp_view_of(id), err);
    if (code)
        return code;
    int status = sqlite3_step(statement);
    *has = status == SQLITE_ROW;
    if (status != SQLITE_ROW && status != SQLITE_DONE)
        code = cp_store_db_fail(store, "read", err);
    (void)sqlite3_reset(statement);
    return code;
}

/* A short hex id that this store does not use: 4 digits, longer when those are crowded. */
static enum cp_code choose_id(struct cp_store *store, struct cp_run *run_of, struct cp_error *err)
{
    enum { TRIES_PER_LENGTH = 64, DIGITS_MAX = 12 };
    struct cp_rng rng;
    cp_rng_init(&rng, run_of->seed, (uint64_t)run_of->started_at_ms);
    for (int digits = 4; digits <= DIGITS_MAX; digits += 2) {
        for (int i = 0; i < TRIES_PER_LENGTH; i++) {
            bool has = false;
            unsigned long long bits = cp_rng_next(&rng) >> (64 - 4 * digits);
            (void)snprintf(run_of->id, sizeof run_of->id, "%0*llx", digits, bits);
            enum cp_code code = has_run(store, run_of->id, &has, err);
            if (code || !has)
                return code;
        }
    }
    return cp_fail(err, CP_EEXIST, "cannot add a run to '%s': no free run id", store->path);
}

enum cp_code cp_store_add_run(struct cp_store *store, struct cp_run *run_of, struct cp_error *err)
{
    enum cp_code code = choose_id(store, run_of, err);
    if (code)
        return code;
    sqlite3_stmt *statement = cp_store_db_get(store, CP_STATEMENT_ADD_RUN);
    code = cp_store_db_bind_row(store, &cp_run_columns, statement, 1, run_of, err);
    return code ? code : cp_store_db_run(store, statement, "write to", err);
}

static enum cp_code need_change(struct cp_store *store, const char *run_id, struct cp_error *err)
{
    if (sqlite3_changes(store->db) > 0)
        return CP_OK;
    return cp_fail(err, CP_ENOTFOUND, "no run '%s' in '%s'", run_id, store->path);
}

enum cp_code cp_store_update_run(struct cp_store *store, const struct cp_run *run_of,
                                 struct cp_error *err)
{
    sqlite3_stmt *statement = cp_store_db_get(store, CP_STATEMENT_UPDATE_RUN);
    enum cp_code code = cp_store_db_bind_row(store, &cp_run_columns, statement, 1, run_of, err);
    if (!code)
        code = cp_store_db_bind_text(store, statement, (int)cp_run_columns.n + 1,
                                     cp_view_of(run_of->id), err);
    if (!code)
        code = cp_store_db_run(store, statement, "write to", err);
    return code ? code : need_change(store, run_of->id, err);
}

enum cp_code cp_store_put_plan(struct cp_store *store, const char *run_id, struct cp_view plan,
                               struct cp_error *err)
{
    sqlite3_stmt *statement = cp_store_db_get(store, CP_STATEMENT_PUT_PLAN);
    enum cp_code code = cp_store_db_bind_text(store, statement, 1, plan, err);
    if (!code)
        code = cp_store_db_bind_text(store, statement, 2, cp_view_of(run_id), err);
    if (!code)
        code = cp_store_db_run(store, statement, "write to", err);
    return code ? code : need_change(store, run_id, err);
}

/* --- cells --- */

static enum cp_code add_cell(struct cp_store *store, const char *run_id, int position,
                             const struct cp_cell_result *cell, struct cp_error *err)
{
    sqlite3_stmt *statement = cp_store_db_get(store, CP_STATEMENT_ADD_CELL);
    enum cp_code code = cp_store_db_bind_text(store, statement, 1, cp_view_of(run_id), err);
    if (!code && sqlite3_bind_int(statement, 2, position) != SQLITE_OK)
        code = cp_store_db_fail(store, "write to", err);
    if (!code)
        code = cp_store_db_bind_row(store, &cp_cell_columns, statement, 3, cell, err);
    return code ? code : cp_store_db_run(store, statement, "write to", err);
}

enum cp_code cp_store_put_cells(struct cp_store *store, const char *run_id,
                                const struct cp_cell_result *cells, size_t n, struct cp_error *err)
{
    enum cp_code code = cp_store_begin(store, err);
    if (code)
        return code;
    sqlite3_stmt *statement = cp_store_db_get(store, CP_STATEMENT_DELETE_CELLS);
    code = cp_store_db_bind_text(store, statement, 1, cp_view_of(run_id), err);
    if (!code)
        code = cp_store_db_run(store, statement, "write to", err);
    for (size_t i = 0; i < n && !code; i++)
        code = add_cell(store, run_id, (int)i, &cells[i], err);
    return cp_store_end(store, code, err);
}

/* --- samples --- */

static enum cp_code add_sample(struct cp_store *store, const char *run_id, struct cp_sample *sample,
                               struct cp_error *err)
{
    sqlite3_stmt *statement = cp_store_db_get(store, CP_STATEMENT_ADD_SAMPLE);
    enum cp_code code = cp_store_db_bind_text(store, statement, 1, cp_view_of(run_id), err);
    if (!code)
        code = cp_store_db_bind_row(store, &cp_sample_columns, statement, 2, sample, err);
    if (!code)
        code = cp_store_db_run(store, statement, "write to", err);
    if (!code)
        sample->id = sqlite3_last_insert_rowid(store->db);
    return code;
}

enum cp_code cp_store_add_samples(struct cp_store *store, const char *run_id,
                                  struct cp_sample *samples, size_t n, struct cp_error *err)
{
    enum cp_code code = cp_store_begin(store, err);
    if (code)
        return code;
    for (size_t i = 0; i < n && !code; i++)
        code = add_sample(store, run_id, &samples[i], err);
    code = cp_store_end(store, code, err);
    for (size_t i = 0; i < n && code; i++)
        samples[i].id = 0;
    return code;
}

enum cp_code cp_store_update_sample(struct cp_store *store, const struct cp_sample *sample,
                                    struct cp_error *err)
{
    sqlite3_stmt *statement = cp_store_db_get(store, CP_STATEMENT_UPDATE_SAMPLE);
    enum cp_code code = cp_store_db_bind_row(store, &cp_sample_columns, statement, 1, sample, err);
    if (!code &&
        sqlite3_bind_int64(statement, (int)cp_sample_columns.n + 1, sample->id) != SQLITE_OK)
        code = cp_store_db_fail(store, "write to", err);
    if (!code)
        code = cp_store_db_run(store, statement, "write to", err);
    if (!code && sqlite3_changes(store->db) == 0)
        code = cp_fail(err, CP_ENOTFOUND, "no sample %lld in '%s'", (long long)sample->id,
                       store->path);
    return code;
}
