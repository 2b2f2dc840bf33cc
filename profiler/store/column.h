/* SPDX-License-Identifier: GPL-3.0-or-later
 * Struct members as table columns: one const row per member, from which the SQL is written and by
 * which values are bound and read. Names come from these constant tables only; values are always
 * bound. NAN is NULL.
 */
#ifndef COLDPROF_PROFILER_STORE_COLUMN_H
#define COLDPROF_PROFILER_STORE_COLUMN_H

#include <stddef.h>

#include "model/base/buf.h"

struct sqlite3_stmt;

enum cp_column_type {
    CP_COLUMN_TEXT,   /* char array */
    CP_COLUMN_REAL,   /* double; NAN <-> NULL */
    CP_COLUMN_INT,    /* int */
    CP_COLUMN_INT64,  /* int64_t */
    CP_COLUMN_UINT64, /* uint64_t, kept as the signed number with the same bits */
    CP_COLUMN_BOOL,
    CP_COLUMN_ENUM, /* by name */
};

struct cp_column {
    const char *name;
    enum cp_column_type type;
    size_t offset;
    size_t size;                   /* of the member */
    const char *(*enum_name)(int); /* "?" for an unknown number */
};

struct cp_columns {
    const char *table;
    const struct cp_column *columns;
    size_t n;
};

extern const struct cp_columns cp_run_columns;        /* struct cp_run */
extern const struct cp_columns cp_sample_columns;     /* struct cp_sample without its id */
extern const struct cp_columns cp_cell_columns;       /* struct cp_cell_result */
extern const struct cp_columns cp_demand_columns;     /* struct cp_demand without its numbers */
extern const struct cp_columns cp_history_columns;    /* struct cp_night_key */
extern const struct cp_columns cp_night_columns;      /* struct cp_night without key and metrics */
extern const struct cp_columns cp_acceptance_columns; /* struct cp_night_acceptance */

/* "a, b, c" */
void cp_columns_add_names(const struct cp_columns *c, struct cp_buf *sql);
/* "?, ?, ?" */
void cp_columns_add_marks(const struct cp_columns *c, struct cp_buf *sql);
/* "a = ?, b = ?" */
void cp_columns_add_assignments(const struct cp_columns *c, struct cp_buf *sql);

/* Binds every member of `row` from parameter `first` (1-based) on. An SQLite code. `row` must stay
 * unchanged until the statement has been stepped. */
int cp_columns_bind(const struct cp_columns *c, struct sqlite3_stmt *statement, int first,
                    const void *row);
/* Reads from result column `first` (0-based) on. CP_EFORMAT names the column. */
enum cp_code cp_columns_read(const struct cp_columns *c, struct sqlite3_stmt *statement, int first,
                             void *row, struct cp_error *err);

#endif
