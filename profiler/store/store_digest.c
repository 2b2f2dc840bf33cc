/* SPDX-License-Identifier: GPL-3.0-or-later
 * The digest of a run that was read from logs, as the text of a digest file.
 */
#include "model/digest/digest.h"
#include "profiler/store/store_db.h"

#include <sqlite3.h>

/* SQLite refuses a value of 10^9 bytes. */
#define DIGEST_TEXT_MAX ((size_t)900 * 1000 * 1000)

static void count_records(const struct cp_digest *digest, uint64_t *measured, uint64_t *failed)
{
    *measured = *failed = 0;
    for (size_t i = 0; i < cp_digest_n_scopes(digest); i++) {
        const struct cp_digest_scope *scope = cp_digest_scope_at(digest, i);
        for (size_t k = 0; k < cp_digest_n_cells(scope); k++) {
            const struct cp_digest_cell *cell = cp_digest_cell_at(scope, k);
            *(cell->outcome == CP_OUTCOME_MEASURED ? measured : failed) += cell->n;
        }
    }
}

enum cp_code cp_store_put_digest(struct cp_store *store, const char *run_id,
                                 const struct cp_digest *digest, struct cp_error *err)
{
    struct cp_buf text;
    uint64_t measured = 0;
    uint64_t failed = 0;
    count_records(digest, &measured, &failed);
    cp_buf_init(&text, DIGEST_TEXT_MAX);
    enum cp_code code = cp_digest_write(digest, &text, err);
    if (!code)
        code = cp_buf_check(&text, "the digest of a run", err);
    sqlite3_stmt *statement = cp_store_db_get(store, CP_STATEMENT_PUT_DIGEST);
    if (!code)
        code = cp_store_db_bind_text(store, statement, 1, cp_view_of(run_id), err);
    if (!code && (sqlite3_bind_int64(statement, 2, (int64_t)measured) != SQLITE_OK ||
                  sqlite3_bind_int64(statement, 3, (int64_t)failed) != SQLITE_OK ||
                  sqlite3_bind_blob64(statement, 4, cp_buf_view(&text).p, text.n, SQLITE_STATIC) !=
                      SQLITE_OK))
        code = cp_store_db_fail(store, "write to", err);
    if (!code)
        code = cp_store_db_run(store, statement, "write to", err);
    cp_buf_clear(&text);
    return code;
}

enum cp_code cp_store_read_digest(void *context, sqlite3_stmt *statement, struct cp_error *err)
{
    struct cp_run_data *data = context;
    const struct cp_view text = {sqlite3_column_blob(statement, 0),
                                 (size_t)sqlite3_column_bytes(statement, 0)};
    data->digest = cp_digest_new();
    if (!data->digest)
        return cp_fail(err, CP_ENOMEM, "no memory for the digest of run '%s'", data->run.id);
    return cp_digest_read(data->digest, text, err);
}

enum cp_code cp_store_read_digest_counts(void *context, sqlite3_stmt *statement,
                                         struct cp_error *err)
{
    struct cp_accounting *a = context;
    (void)err;
    a->measured = (size_t)sqlite3_column_int64(statement, 0);
    a->failed = (size_t)sqlite3_column_int64(statement, 1);
    a->planned = a->measured + a->failed;
    return CP_OK;
}
