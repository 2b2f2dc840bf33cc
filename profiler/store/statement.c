/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/store/statement.h"

#include "profiler/store/column.h"

#include <sqlite3.h>

/* SQL = head + columns (written as `form`) + tail: constant texts and constant column names. */
enum form { FORM_NONE, FORM_NAMES, FORM_INSERT, FORM_ASSIGN };

struct row {
    const char *head;
    const struct cp_columns *columns;
    enum form form;
    const char *tail;
};

static const struct row rows[CP_STATEMENT_KINDS] = {
    [CP_STATEMENT_BEGIN] = {"BEGIN IMMEDIATE", NULL, FORM_NONE, ""},
    [CP_STATEMENT_COMMIT] = {"COMMIT", NULL, FORM_NONE, ""},
    [CP_STATEMENT_ROLLBACK] = {"ROLLBACK", NULL, FORM_NONE, ""},
    [CP_STATEMENT_ADD_RUN] = {"INSERT INTO runs (", &cp_run_columns, FORM_INSERT, ")"},
    [CP_STATEMENT_UPDATE_RUN] = {"UPDATE runs SET ", &cp_run_columns, FORM_ASSIGN, " WHERE id = ?"},
    [CP_STATEMENT_PUT_PLAN] = {"UPDATE runs SET plan = ? WHERE id = ?", NULL, FORM_NONE, ""},
    [CP_STATEMENT_GET_PLAN] = {"SELECT plan FROM runs WHERE id = ?", NULL, FORM_NONE, ""},
    [CP_STATEMENT_GET_RUN] = {"SELECT ", &cp_run_columns, FORM_NAMES, " FROM runs WHERE id = ?"},
    [CP_STATEMENT_LIST_RUNS] = {"SELECT ", &cp_run_columns, FORM_NAMES,
                                " FROM runs ORDER BY rowid DESC"},
    /* The exact id first; no LIKE, so that '%' in what the user typed means nothing. */
    [CP_STATEMENT_FIND_RUNS] = {"SELECT id FROM runs WHERE substr(id, 1, length(?1)) = ?1"
                                " ORDER BY id <> ?1, id LIMIT 2",
                                NULL, FORM_NONE, ""},
    [CP_STATEMENT_LIST_RUN_IDS] = {"SELECT id FROM runs ORDER BY rowid DESC", NULL, FORM_NONE, ""},
    [CP_STATEMENT_ADD_SAMPLE] = {"INSERT INTO samples (run_id, ", &cp_sample_columns, FORM_INSERT,
                                 ")"},
    [CP_STATEMENT_UPDATE_SAMPLE] = {"UPDATE samples SET ", &cp_sample_columns, FORM_ASSIGN,
                                    " WHERE id = ?"},
    [CP_STATEMENT_LIST_SAMPLES] = {"SELECT id, ", &cp_sample_columns, FORM_NAMES,
                                   " FROM samples WHERE run_id = ? ORDER BY plan_no"},
    [CP_STATEMENT_COUNT_SAMPLES] = {"SELECT count(*) FROM samples WHERE run_id = ?", NULL,
                                    FORM_NONE, ""},
    [CP_STATEMENT_COUNT_OUTCOMES] = {"SELECT outcome, count(*) FROM samples WHERE run_id = ?"
                                     " GROUP BY outcome",
                                     NULL, FORM_NONE, ""},
    [CP_STATEMENT_DELETE_CELLS] = {"DELETE FROM cells WHERE run_id = ?", NULL, FORM_NONE, ""},
    [CP_STATEMENT_ADD_CELL] = {"INSERT INTO cells (run_id, position, ", &cp_cell_columns,
                               FORM_INSERT, ")"},
    [CP_STATEMENT_LIST_CELLS] = {"SELECT ", &cp_cell_columns, FORM_NAMES,
                                 " FROM cells WHERE run_id = ? ORDER BY position"},
    [CP_STATEMENT_PUT_DIGEST] = {"INSERT OR REPLACE INTO digests"
                                 " (run_id, n_measured, n_failed, bytes) VALUES (?, ?, ?, ?)",
                                 NULL, FORM_NONE, ""},
    [CP_STATEMENT_GET_DIGEST] = {"SELECT bytes FROM digests WHERE run_id = ?", NULL, FORM_NONE, ""},
    [CP_STATEMENT_COUNT_DIGEST] = {"SELECT n_measured, n_failed FROM digests WHERE run_id = ?",
                                   NULL, FORM_NONE, ""},
    [CP_STATEMENT_PUT_DEMAND] = {"INSERT OR REPLACE INTO demands (run_id, n, is_whole, bytes, ",
                                 &cp_demand_columns, FORM_INSERT, ")"},
    [CP_STATEMENT_GET_DEMAND] = {"SELECT n, is_whole, bytes, ", &cp_demand_columns, FORM_NAMES,
                                 " FROM demands WHERE run_id = ?"},
    [CP_STATEMENT_ADD_HISTORY] = {"INSERT INTO histories (", &cp_history_columns, FORM_INSERT, ")"},
    [CP_STATEMENT_FIND_HISTORY] = {"SELECT id FROM histories WHERE function = ? AND place = ?"
                                   " AND region = ? AND architecture = ?",
                                   NULL, FORM_NONE, ""},
    [CP_STATEMENT_LIST_HISTORIES] =
        {"SELECT ", &cp_history_columns, FORM_NAMES,
         ", (SELECT count(*) FROM nights WHERE history_id = histories.id),"
         " (SELECT min(started_at_ms) FROM nights WHERE history_id = histories.id),"
         " (SELECT max(started_at_ms) FROM nights WHERE history_id = histories.id)"
         " FROM histories ORDER BY function, place, region, architecture"},
    [CP_STATEMENT_PUT_NIGHT] = {"INSERT OR REPLACE INTO nights (history_id, metrics, ",
                                &cp_night_columns, FORM_INSERT, ")"},
    [CP_STATEMENT_GET_NIGHT] = {"SELECT metrics, ", &cp_night_columns, FORM_NAMES,
                                " FROM nights WHERE history_id = ? AND started_at_ms = ?"
                                " AND run_id = ?"},
    /* The last ones first, so that a limit keeps those. */
    [CP_STATEMENT_LIST_NIGHTS] = {"SELECT metrics, ", &cp_night_columns, FORM_NAMES,
                                  " FROM nights WHERE history_id = ? AND started_at_ms >= ?"
                                  " ORDER BY started_at_ms DESC, run_id DESC LIMIT ?"},
    [CP_STATEMENT_ADD_ACCEPTANCE] = {"INSERT OR IGNORE INTO acceptances (history_id, ",
                                     &cp_acceptance_columns, FORM_INSERT, ")"},
    [CP_STATEMENT_LIST_ACCEPTANCES] = {"SELECT ", &cp_acceptance_columns, FORM_NAMES,
                                       " FROM acceptances WHERE history_id = ?"
                                       " ORDER BY at_ms, note"},
};

/* INSERT rows name n_keys columns (run_id, position) before the table's own. */
static int n_keys_of(enum cp_statement kind)
{
    static const int n_keys[CP_STATEMENT_KINDS] = {[CP_STATEMENT_ADD_CELL] = 2,
                                                   [CP_STATEMENT_ADD_SAMPLE] = 1,
                                                   [CP_STATEMENT_PUT_DEMAND] = 4,
                                                   [CP_STATEMENT_PUT_NIGHT] = 2,
                                                   [CP_STATEMENT_ADD_ACCEPTANCE] = 1};
    return n_keys[kind];
}

static void add_values(enum cp_statement kind, struct cp_buf *sql)
{
    (void)cp_buf_adds(sql, ") VALUES (");
    for (int i = 0; i < n_keys_of(kind); i++)
        (void)cp_buf_adds(sql, "?, ");
    cp_columns_add_marks(rows[kind].columns, sql);
}

static void write_sql(enum cp_statement kind, struct cp_buf *sql)
{
    const struct row *row = &rows[kind];
    (void)cp_buf_adds(sql, row->head);
    if (row->form == FORM_NAMES || row->form == FORM_INSERT)
        cp_columns_add_names(row->columns, sql);
    if (row->form == FORM_INSERT)
        add_values(kind, sql);
    if (row->form == FORM_ASSIGN)
        cp_columns_add_assignments(row->columns, sql);
    (void)cp_buf_adds(sql, row->tail);
}

sqlite3_stmt *cp_statement_get(sqlite3 *db, sqlite3_stmt **cache, enum cp_statement kind)
{
    enum { SQL_MAX = 8192 };
    if (cache[kind]) {
        (void)sqlite3_reset(cache[kind]);
        (void)sqlite3_clear_bindings(cache[kind]);
        return cache[kind];
    }
    struct cp_buf sql;
    cp_buf_init(&sql, SQL_MAX);
    write_sql(kind, &sql);
    if (!sql.failed)
        (void)sqlite3_prepare_v3(db, cp_buf_str(&sql), -1, SQLITE_PREPARE_PERSISTENT, &cache[kind],
                                 NULL);
    cp_buf_clear(&sql);
    return cache[kind];
}

void cp_statement_finalize_all(sqlite3_stmt **cache)
{
    for (size_t i = 0; i < CP_STATEMENT_KINDS; i++) {
        (void)sqlite3_finalize(cache[i]);
        cache[i] = NULL;
    }
}
