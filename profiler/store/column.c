/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/store/column.h"

#include <assert.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "model/compare/night.h"
#include "model/decide/demand.h"
#include "model/run.h"

#include <sqlite3.h>

static const char *start_name(int i)
{
    return cp_start_kind_name((enum cp_start_kind)i);
}

static const char *kind_name(int i)
{
    return cp_cell_kind_name((enum cp_cell_kind)i);
}

static const char *outcome_name(int i)
{
    return cp_outcome_name((enum cp_outcome)i);
}

static const char *stop_name(int i)
{
    return cp_stop_reason_name((enum cp_stop_reason)i);
}

static const char *arrivals_name(int i)
{
    return cp_demand_kind_name((enum cp_arrivals_kind)i);
}

static_assert(sizeof(size_t) == sizeof(int64_t), "counts of a demand are stored as int64_t");
static_assert(sizeof(enum cp_arrivals_kind) == sizeof(int), "enums are stored through int");
static_assert(sizeof(enum cp_start_kind) == sizeof(int), "enums are stored through int");
static_assert(sizeof(enum cp_stop_reason) == sizeof(int), "enums are stored through int");

#define COLUMN_AS(s, member, type, column, name)                                                   \
    {                                                                                              \
        column, CP_COLUMN_##type, offsetof(struct s, member), sizeof(((struct s *)0)->member),     \
            name                                                                                   \
    }
#define COLUMN(s, member, type)      COLUMN_AS(s, member, type, #member, NULL)
#define COLUMN_ENUM(s, member, name) COLUMN_AS(s, member, ENUM, #member, name)
#define COLUMN_RATIO(s, member)      COLUMN_AS(s, member, REAL, #member "_ratio", NULL)
#define COLUMNS_OF(table_name, rows)                                                               \
    {                                                                                              \
        table_name, rows, sizeof(rows) / sizeof((rows)[0])                                         \
    }

static const struct cp_column run_rows[] = {
    COLUMN(cp_run, id, TEXT),
    COLUMN(cp_run, function, TEXT),
    COLUMN(cp_run, target, TEXT),
    COLUMN(cp_run, place, TEXT),
    COLUMN(cp_run, is_local, BOOL),
    COLUMN(cp_run, region, TEXT),
    COLUMN(cp_run, architecture, TEXT),
    COLUMN(cp_run, runtime, TEXT),
    COLUMN(cp_run, runtime_version_arn, TEXT),
    COLUMN(cp_run, code_sha256, TEXT),
    COLUMN(cp_run, coldprof_version, TEXT),
    COLUMN(cp_run, command, TEXT),
    COLUMN(cp_run, payload_sha256, TEXT),
    COLUMN(cp_run, started_at_ms, INT64),
    COLUMN(cp_run, ended_at_ms, INT64),
    COLUMN(cp_run, seed, UINT64),
    COLUMN(cp_run, original_memory_size_mb, INT),
    COLUMN(cp_run, timeout_ms, INT),
    COLUMN(cp_run, budget_q, REAL),
    COLUMN(cp_run, budget_ms, REAL),
    COLUMN(cp_run, traffic_per_s, REAL),
    COLUMN_RATIO(cp_run, precision_p50),
    COLUMN_RATIO(cp_run, precision_p95),
    COLUMN(cp_run, unreserved_concurrency, INT),
    COLUMN(cp_run, host, TEXT),
    COLUMN(cp_run, idle_law, TEXT),
    COLUMN(cp_run, is_init_throttled, BOOL),
    COLUMN(cp_run, is_interrupted, BOOL),
    COLUMN(cp_run, method, TEXT),
    COLUMN(cp_run, mode, TEXT),
    COLUMN(cp_run, initialization, TEXT),
    COLUMN(cp_run, package_type, TEXT),
    COLUMN(cp_run, provisioned, TEXT),
    COLUMN(cp_run, quoted_usd, REAL),
    COLUMN(cp_run, quoted_max_usd, REAL),
    COLUMN(cp_run, max_cost_usd, REAL),
    COLUMN(cp_run, ephemeral_storage_mb, INT),
    COLUMN(cp_run, snapshots_usd, REAL),
    COLUMN(cp_run, assumed, TEXT),
    COLUMN(cp_run, n_duplicates, INT64),
    COLUMN(cp_run, idle_end, TEXT),
    COLUMN(cp_run, workload_class, TEXT),
    COLUMN(cp_run, risk, TEXT),
    COLUMN(cp_run, layers, TEXT),
    COLUMN(cp_run, code_size_bytes, INT64),
};
const struct cp_columns cp_run_columns = COLUMNS_OF("runs", run_rows);

static const struct cp_column sample_rows[] = {
    COLUMN(cp_sample, plan_no, INT64),
    COLUMN(cp_sample, cell, INT64),
    COLUMN_ENUM(cp_sample, kind, kind_name),
    COLUMN_ENUM(cp_sample, outcome, outcome_name),
    COLUMN_ENUM(cp_sample, start, start_name),
    COLUMN(cp_sample, memory_size_mb, INT),
    COLUMN(cp_sample, idle_interval_ms, REAL),
    COLUMN(cp_sample, idle_actual_ms, REAL),
    COLUMN(cp_sample, scheduled_at_ms, INT64),
    COLUMN(cp_sample, sent_at_ms, INT64),
    COLUMN(cp_sample, client_ms, REAL),
    COLUMN(cp_sample, duration_ms, REAL),
    COLUMN(cp_sample, billed_duration_ms, REAL),
    COLUMN(cp_sample, init_duration_ms, REAL),
    COLUMN(cp_sample, restore_duration_ms, REAL),
    COLUMN(cp_sample, max_memory_used_mb, INT),
    COLUMN(cp_sample, http_status, INT),
    COLUMN(cp_sample, request_id, TEXT),
    COLUMN(cp_sample, version, TEXT),
    COLUMN(cp_sample, error_type, TEXT),
    COLUMN(cp_sample, note, TEXT),
    COLUMN(cp_sample, batch, INT64),
};
const struct cp_columns cp_sample_columns = COLUMNS_OF("samples", sample_rows);

static const struct cp_column cell_rows[] = {
    COLUMN(cp_cell_result, memory_size_mb, INT),    COLUMN_ENUM(cp_cell_result, kind, kind_name),
    COLUMN(cp_cell_result, idle_interval_ms, REAL), COLUMN(cp_cell_result, planned, INT),
    COLUMN_ENUM(cp_cell_result, stop, stop_name),   COLUMN_RATIO(cp_cell_result, precision_p50),
    COLUMN_RATIO(cp_cell_result, precision_p95),    COLUMN(cp_cell_result, note, TEXT),
};
const struct cp_columns cp_cell_columns = COLUMNS_OF("cells", cell_rows);

static const struct cp_column demand_rows[] = {
    COLUMN_AS(cp_demand, law.kind, ENUM, "kind", arrivals_name),
    COLUMN(cp_demand, words, TEXT),
    COLUMN_AS(cp_demand, law.per_s, REAL, "per_s", NULL),
    COLUMN_AS(cp_demand, law.bucket_ms, REAL, "bucket_ms", NULL),
    COLUMN_AS(cp_demand, law.burst, REAL, "burst", NULL),
    COLUMN_AS(cp_demand, law.burst_gap_ms, REAL, "burst_gap_ms", NULL),
    COLUMN_AS(cp_demand, law.factor, REAL, "factor", NULL),
    COLUMN(cp_demand, first_ms, REAL),
    COLUMN(cp_demand, span_ms, REAL),
    COLUMN(cp_demand, requests, REAL),
    COLUMN(cp_demand, n_skipped, INT64),
    COLUMN(cp_demand, first_skipped, INT64),
};
const struct cp_columns cp_demand_columns = COLUMNS_OF("demands", demand_rows);

static const struct cp_column history_rows[] = {
    COLUMN(cp_night_key, function, TEXT),
    COLUMN(cp_night_key, place, TEXT),
    COLUMN(cp_night_key, region, TEXT),
    COLUMN(cp_night_key, architecture, TEXT),
};
const struct cp_columns cp_history_columns = COLUMNS_OF("histories", history_rows);

static const struct cp_column night_rows[] = {
    COLUMN(cp_night, started_at_ms, INT64), COLUMN(cp_night, run_id, TEXT),
    COLUMN(cp_night, runtime, TEXT),        COLUMN(cp_night, runtime_version_arn, TEXT),
    COLUMN(cp_night, code_sha256, TEXT),    COLUMN(cp_night, code_size_bytes, INT64),
    COLUMN(cp_night, layers, TEXT),         COLUMN(cp_night, original_memory_size_mb, INT),
    COLUMN(cp_night, payload_sha256, TEXT), COLUMN(cp_night, method, TEXT),
    COLUMN(cp_night, host, TEXT),           COLUMN(cp_night, coldprof_version, TEXT),
};
const struct cp_columns cp_night_columns = COLUMNS_OF("nights", night_rows);

static const struct cp_column acceptance_rows[] = {
    COLUMN(cp_night_acceptance, at_ms, INT64),
    COLUMN(cp_night_acceptance, note, TEXT),
};
const struct cp_columns cp_acceptance_columns = COLUMNS_OF("acceptances", acceptance_rows);

static void add_list(const struct cp_columns *c, bool has_name, const char *tail,
                     struct cp_buf *sql)
{
    for (size_t i = 0; i < c->n; i++) {
        (void)cp_buf_adds(sql, i ? ", " : "");
        (void)cp_buf_adds(sql, has_name ? c->columns[i].name : "");
        (void)cp_buf_adds(sql, tail);
    }
}

void cp_columns_add_names(const struct cp_columns *c, struct cp_buf *sql)
{
    add_list(c, true, "", sql);
}

void cp_columns_add_marks(const struct cp_columns *c, struct cp_buf *sql)
{
    add_list(c, false, "?", sql);
}

void cp_columns_add_assignments(const struct cp_columns *c, struct cp_buf *sql)
{
    add_list(c, true, " = ?", sql);
}

static int bind_one(const struct cp_column *column, sqlite3_stmt *statement, int at,
                    const char *member)
{
    double real = 0;
    int64_t big = 0;
    int number = 0;
    bool is_true = false;
    switch (column->type) {
    case CP_COLUMN_TEXT:
        return sqlite3_bind_text(statement, at, member, (int)strnlen(member, column->size),
                                 SQLITE_STATIC);
    case CP_COLUMN_REAL:
        memcpy(&real, member, sizeof real);
        return isnan(real) ? sqlite3_bind_null(statement, at)
                           : sqlite3_bind_double(statement, at, real);
    case CP_COLUMN_INT64:
    case CP_COLUMN_UINT64:
        memcpy(&big, member, sizeof big);
        return sqlite3_bind_int64(statement, at, big);
    case CP_COLUMN_INT:
        memcpy(&number, member, sizeof number);
        return sqlite3_bind_int(statement, at, number);
    case CP_COLUMN_BOOL:
        memcpy(&is_true, member, sizeof is_true);
        return sqlite3_bind_int(statement, at, is_true);
    case CP_COLUMN_ENUM:
        memcpy(&number, member, sizeof number);
        return sqlite3_bind_text(statement, at, column->enum_name(number), -1, SQLITE_STATIC);
    }
    return SQLITE_MISUSE;
}

int cp_columns_bind(const struct cp_columns *c, sqlite3_stmt *statement, int first, const void *row)
{
    int status = SQLITE_OK;
    for (size_t i = 0; i < c->n && status == SQLITE_OK; i++)
        status = bind_one(&c->columns[i], statement, first + (int)i,
                          (const char *)row + c->columns[i].offset);
    return status;
}

static struct cp_view text_at(sqlite3_stmt *statement, int at)
{
    const char *text = (const char *)sqlite3_column_text(statement, at);
    return (struct cp_view){text ? text : "",
                            text ? (size_t)sqlite3_column_bytes(statement, at) : 0};
}

static bool enum_by_name(const struct cp_column *column, struct cp_view name, int *number)
{
    for (*number = 0; strcmp(column->enum_name(*number), "?") != 0; (*number)++) {
        if (cp_view_is(name, column->enum_name(*number)))
            return true;
    }
    return false;
}

static bool read_int(sqlite3_stmt *statement, int at, int *number)
{
    sqlite3_int64 value = sqlite3_column_int64(statement, at);
    *number = (int)value;
    return value >= INT_MIN && value <= INT_MAX;
}

static bool read_one(const struct cp_column *column, sqlite3_stmt *statement, int at, char *member)
{
    bool is_null = sqlite3_column_type(statement, at) == SQLITE_NULL;
    double real = is_null ? NAN : sqlite3_column_double(statement, at);
    int64_t big = sqlite3_column_int64(statement, at);
    int number = 0;
    bool is_true = big != 0;
    switch (column->type) {
    case CP_COLUMN_TEXT:
        return cp_view_copy(text_at(statement, at), member, column->size);
    case CP_COLUMN_REAL:
        memcpy(member, &real, sizeof real);
        return true;
    case CP_COLUMN_INT64:
    case CP_COLUMN_UINT64:
        memcpy(member, &big, sizeof big);
        return !is_null;
    case CP_COLUMN_INT:
        is_null |= !read_int(statement, at, &number);
        memcpy(member, &number, sizeof number);
        return !is_null;
    case CP_COLUMN_BOOL:
        memcpy(member, &is_true, sizeof is_true);
        return !is_null;
    case CP_COLUMN_ENUM:
        is_null |= !enum_by_name(column, text_at(statement, at), &number);
        memcpy(member, &number, sizeof number);
        return !is_null;
    }
    return false;
}

enum cp_code cp_columns_read(const struct cp_columns *c, sqlite3_stmt *statement, int first,
                             void *row, struct cp_error *err)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct cp_column *column = &c->columns[i];
        if (!read_one(column, statement, first + (int)i, (char *)row + column->offset))
            return cp_fail(err, CP_EFORMAT, "column '%s' of table '%s' holds no valid value",
                           column->name, c->table);
    }
    return CP_OK;
}
