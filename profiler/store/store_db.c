/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/store/store_db.h"

#include "profiler/store/schema.h"

#include <sqlite3.h>

enum cp_code cp_store_db_fail(struct cp_store *store, const char *doing, struct cp_error *err)
{
    return cp_store_fail(store->db, store->path, doing, err);
}

sqlite3_stmt *cp_store_db_get(struct cp_store *store, enum cp_statement kind)
{
    return cp_statement_get(store->db, store->statements, kind);
}

enum cp_code cp_store_db_run(struct cp_store *store, sqlite3_stmt *statement, const char *doing,
                             struct cp_error *err)
{
    if (!statement)
        return cp_store_db_fail(store, doing, err);
    int status = sqlite3_step(statement);
    enum cp_code code = status == SQLITE_DONE ? CP_OK : cp_store_db_fail(store, doing, err);
    (void)sqlite3_reset(statement);
    return code;
}

enum cp_code cp_store_begin(struct cp_store *store, struct cp_error *err)
{
    enum cp_code code = CP_OK;
    if (store->n_begun == 0) {
        store->group_code = CP_OK;
        code = cp_store_db_run(store, cp_store_db_get(store, CP_STATEMENT_BEGIN), "write to", err);
    }
    store->n_begun += !code;
    return code;
}

enum cp_code cp_store_end(struct cp_store *store, enum cp_code code, struct cp_error *err)
{
    if (code && !store->group_code)
        store->group_code = code;
    if (--store->n_begun > 0)
        return code;
    if (!code && store->group_code)
        code = cp_fail(err, store->group_code, "cannot write to '%s': a part of it failed",
                       store->path);
    if (!code)
        code = cp_store_db_run(store, cp_store_db_get(store, CP_STATEMENT_COMMIT), "write to", err);
    if (code && !sqlite3_get_autocommit(store->db))
        (void)cp_store_db_run(store, cp_store_db_get(store, CP_STATEMENT_ROLLBACK), "write to",
                              NULL);
    return code;
}

enum cp_code cp_store_db_bind_text(struct cp_store *store, sqlite3_stmt *statement, int at,
                                   struct cp_view text, struct cp_error *err)
{
    if (!statement || sqlite3_bind_text64(statement, at, text.p ? text.p : "", text.n,
                                          SQLITE_STATIC, SQLITE_UTF8) != SQLITE_OK)
        return cp_store_db_fail(store, "use", err);
    return CP_OK;
}

enum cp_code cp_store_db_bind_row(struct cp_store *store, const struct cp_columns *columns,
                                  sqlite3_stmt *statement, int first, const void *row,
                                  struct cp_error *err)
{
    if (!statement || cp_columns_bind(columns, statement, first, row) != SQLITE_OK)
        return cp_store_db_fail(store, "write to", err);
    return CP_OK;
}

enum cp_code cp_store_db_each(struct cp_store *store, sqlite3_stmt *statement, cp_store_row_fn each,
                              void *context, struct cp_error *err)
{
    enum cp_code code = CP_OK;
    int status = SQLITE_ROW;
    while (!code && (status = sqlite3_step(statement)) == SQLITE_ROW) {
        code = each(context, statement, err);
        if (code)
            (void)cp_fail_context(err, "cannot read '%s'", store->path);
    }
    if (!code && status != SQLITE_DONE)
        code = cp_store_db_fail(store, "read", err);
    (void)sqlite3_reset(statement);
    return code;
}

enum cp_code cp_store_db_each_of_run(struct cp_store *store, enum cp_statement kind,
                                     const char *run_id, cp_store_row_fn each, void *context,
                                     struct cp_error *err)
{
    sqlite3_stmt *statement = cp_store_db_get(store, kind);
    enum cp_code code = cp_store_db_bind_text(store, statement, 1, cp_view_of(run_id), err);
    return code ? code : cp_store_db_each(store, statement, each, context, err);
}
