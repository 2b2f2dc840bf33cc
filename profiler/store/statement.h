/* SPDX-License-Identifier: GPL-3.0-or-later
 * The store's prepared statements: one row each, prepared at first use, kept until the end.
 */
#ifndef COLDPROF_PROFILER_STORE_STATEMENT_H
#define COLDPROF_PROFILER_STORE_STATEMENT_H

#include "model/base/error.h"

struct sqlite3;
struct sqlite3_stmt;

enum cp_statement {
    CP_STATEMENT_BEGIN,
    CP_STATEMENT_COMMIT,
    CP_STATEMENT_ROLLBACK,
    CP_STATEMENT_ADD_RUN,
    CP_STATEMENT_UPDATE_RUN,
    CP_STATEMENT_PUT_PLAN,
    CP_STATEMENT_GET_PLAN,
    CP_STATEMENT_GET_RUN,
    CP_STATEMENT_LIST_RUNS,
    CP_STATEMENT_FIND_RUNS,
    CP_STATEMENT_LIST_RUN_IDS,
    CP_STATEMENT_ADD_SAMPLE,
    CP_STATEMENT_UPDATE_SAMPLE,
    CP_STATEMENT_LIST_SAMPLES,
    CP_STATEMENT_COUNT_SAMPLES,
    CP_STATEMENT_COUNT_OUTCOMES,
    CP_STATEMENT_DELETE_CELLS,
    CP_STATEMENT_ADD_CELL,
    CP_STATEMENT_LIST_CELLS,
    CP_STATEMENT_PUT_DIGEST,
    CP_STATEMENT_GET_DIGEST,
    CP_STATEMENT_COUNT_DIGEST,
    CP_STATEMENT_PUT_DEMAND,
    CP_STATEMENT_GET_DEMAND,
    CP_STATEMENT_ADD_HISTORY,
    CP_STATEMENT_FIND_HISTORY,
    CP_STATEMENT_LIST_HISTORIES,
    CP_STATEMENT_PUT_NIGHT,
    CP_STATEMENT_GET_NIGHT,
    CP_STATEMENT_LIST_NIGHTS,
    CP_STATEMENT_ADD_ACCEPTANCE,
    CP_STATEMENT_LIST_ACCEPTANCES,
    CP_STATEMENT_KINDS
};

/* Ready to be bound (reset, no bindings), or NULL with the failure in `db`. `cache` has
 * CP_STATEMENT_KINDS places, NULL at first. */
struct sqlite3_stmt *cp_statement_get(struct sqlite3 *db, struct sqlite3_stmt **cache,
                                      enum cp_statement kind);
void cp_statement_finalize_all(struct sqlite3_stmt **cache);

#endif
