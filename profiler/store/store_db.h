/* SPDX-License-Identifier: GPL-3.0-or-later
 * Inside of the store: the open database, and the few steps that every read and write is made of.
 * Used by the store's own files only.
 */
#ifndef COLDPROF_PROFILER_STORE_STORE_DB_H
#define COLDPROF_PROFILER_STORE_STORE_DB_H

#include <limits.h>

#include "profiler/store/column.h"
#include "profiler/store/statement.h"
#include "profiler/store/store.h"

struct sqlite3;
struct sqlite3_stmt;

struct cp_store {
    struct sqlite3 *db;
    int lock_fd;             /* -1 for a reader */
    int n_begun;             /* cp_store_begin without their ends */
    enum cp_code group_code; /* first failure within the group */
    struct sqlite3_stmt *statements[CP_STATEMENT_KINDS];
    char path[PATH_MAX];
};

/* The last SQLite failure, in our words. */
enum cp_code cp_store_db_fail(struct cp_store *store, const char *doing, struct cp_error *err);
/* NULL on failure, which the functions below then report. */
struct sqlite3_stmt *cp_store_db_get(struct cp_store *store, enum cp_statement kind);
enum cp_code cp_store_db_bind_text(struct cp_store *store, struct sqlite3_stmt *statement, int at,
                                   struct cp_view text, struct cp_error *err);
enum cp_code cp_store_db_bind_row(struct cp_store *store, const struct cp_columns *columns,
                                  struct sqlite3_stmt *statement, int first, const void *row,
                                  struct cp_error *err);
/* Steps a statement that returns no row and resets it, so that no lock outlives the call. */
enum cp_code cp_store_db_run(struct cp_store *store, struct sqlite3_stmt *statement,
                             const char *doing, struct cp_error *err);

/* Calls `each` for every row of a bound statement until it fails. */
typedef enum cp_code (*cp_store_row_fn)(void *context, struct sqlite3_stmt *statement,
                                        struct cp_error *err);
enum cp_code cp_store_db_each(struct cp_store *store, struct sqlite3_stmt *statement,
                              cp_store_row_fn each, void *context, struct cp_error *err);
enum cp_code cp_store_db_each_of_run(struct cp_store *store, enum cp_statement kind,
                                     const char *run_id, cp_store_row_fn each, void *context,
                                     struct cp_error *err);

/* Rows of GET_DIGEST and GET_DEMAND into a struct cp_run_data, of COUNT_DIGEST into a struct
 * cp_accounting. */
enum cp_code cp_store_read_digest(void *context, struct sqlite3_stmt *statement,
                                  struct cp_error *err);
enum cp_code cp_store_read_demand(void *context, struct sqlite3_stmt *statement,
                                  struct cp_error *err);
enum cp_code cp_store_read_digest_counts(void *context, struct sqlite3_stmt *statement,
                                         struct cp_error *err);

/* The full id that `wanted` (an id, a unique prefix, or "last") means. */
enum cp_code cp_store_find_run(struct cp_store *store, const char *wanted, char id[CP_RUN_ID_MAX],
                               struct cp_error *err);

#endif
