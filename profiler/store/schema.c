/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/store/schema.h"

#include <sqlite3.h>

#include <stdbool.h>

/* "Cold": marks the file as ours (https://www.sqlite.org/pragma.html#pragma_application_id). */
#define APPLICATION_ID 1131375716

static const char version_1[] =
    "PRAGMA application_id = 1131375716;"
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "INSERT INTO meta VALUES ('schema_version', '1'), ('created_by', 'coldprof " COLDPROF_VERSION
    "');"
    "CREATE TABLE runs ("
    " id TEXT PRIMARY KEY NOT NULL,"
    " function TEXT NOT NULL,"
    " target TEXT NOT NULL,"
    " place TEXT NOT NULL,"
    " is_local INTEGER NOT NULL,"
    " region TEXT NOT NULL,"
    " architecture TEXT NOT NULL,"
    " runtime TEXT NOT NULL,"
    " runtime_version_arn TEXT NOT NULL,"
    " code_sha256 TEXT NOT NULL,"
    " coldprof_version TEXT NOT NULL,"
    " command TEXT NOT NULL,"
    " payload_sha256 TEXT NOT NULL,"
    " started_at_ms INTEGER NOT NULL," /* unix ms */
    " ended_at_ms INTEGER NOT NULL,"   /* -1 while running */
    " seed INTEGER NOT NULL,"          /* the 64 bits, as a signed number */
    " original_memory_size_mb INTEGER NOT NULL,"
    " timeout_ms INTEGER NOT NULL,"
    " budget_q REAL,"
    " budget_ms REAL,"
    " traffic_per_s REAL,"
    " precision_p50_ratio REAL,"
    " precision_p95_ratio REAL,"
    " unreserved_concurrency INTEGER NOT NULL,"
    " host TEXT NOT NULL,"
    " idle_law TEXT NOT NULL,"
    " is_init_throttled INTEGER NOT NULL,"
    " is_interrupted INTEGER NOT NULL,"
    " plan TEXT);" /* JSON, what a resume needs */
    "CREATE TABLE samples ("
    " id INTEGER PRIMARY KEY,"
    " run_id TEXT NOT NULL REFERENCES runs (id),"
    " plan_no INTEGER NOT NULL,"
    " cell INTEGER NOT NULL,"
    " kind TEXT NOT NULL,"
    " outcome TEXT NOT NULL,"
    " start TEXT NOT NULL,"
    " memory_size_mb INTEGER NOT NULL,"
    " idle_interval_ms REAL,"
    " idle_actual_ms REAL,"
    " scheduled_at_ms INTEGER NOT NULL,"
    " sent_at_ms INTEGER NOT NULL,"
    " client_ms REAL,"
    " duration_ms REAL,"
    " billed_duration_ms REAL,"
    " init_duration_ms REAL,"
    " restore_duration_ms REAL,"
    " max_memory_used_mb INTEGER NOT NULL,"
    " http_status INTEGER NOT NULL,"
    " request_id TEXT NOT NULL,"
    " version TEXT NOT NULL,"
    " error_type TEXT NOT NULL,"
    " note TEXT NOT NULL,"
    " UNIQUE (run_id, plan_no));"
    "CREATE TABLE cells ("
    " run_id TEXT NOT NULL REFERENCES runs (id),"
    " position INTEGER NOT NULL,"
    " memory_size_mb INTEGER NOT NULL,"
    " kind TEXT NOT NULL,"
    " idle_interval_ms REAL,"
    " planned INTEGER NOT NULL,"
    " stop TEXT NOT NULL,"
    " precision_p50_ratio REAL,"
    " precision_p95_ratio REAL,"
    " note TEXT NOT NULL,"
    " PRIMARY KEY (run_id, position)) WITHOUT ROWID;"
    "PRAGMA user_version = 1;";

/* How a run was measured, and the money that was quoted for it. */
static const char version_2[] =
    "ALTER TABLE runs ADD COLUMN method TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE runs ADD COLUMN mode TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE runs ADD COLUMN initialization TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE runs ADD COLUMN package_type TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE runs ADD COLUMN quoted_usd REAL;"
    "ALTER TABLE runs ADD COLUMN quoted_max_usd REAL;"
    "ALTER TABLE runs ADD COLUMN max_cost_usd REAL;"
    "UPDATE meta SET value = '2' WHERE key = 'schema_version';"
    "PRAGMA user_version = 2;";

/* What else is billed (ephemeral storage, snapshots of published versions), and what the target has
 * of provisioned concurrency. */
static const char version_3[] =
    "ALTER TABLE runs ADD COLUMN ephemeral_storage_mb INTEGER NOT NULL DEFAULT 512;"
    "ALTER TABLE runs ADD COLUMN snapshots_usd REAL NOT NULL DEFAULT 0;"
    "ALTER TABLE runs ADD COLUMN provisioned TEXT NOT NULL DEFAULT '';"
    "UPDATE meta SET value = '3' WHERE key = 'schema_version';"
    "PRAGMA user_version = 3;";

/* Runs that were read from logs: what they assume, and their digest (the text of a digest file).
 */
static const char version_4[] =
    "ALTER TABLE runs ADD COLUMN assumed TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE runs ADD COLUMN n_duplicates INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE digests ("
    " run_id TEXT PRIMARY KEY NOT NULL REFERENCES runs (id),"
    " n_measured INTEGER NOT NULL," /* records, duplicates included */
    " n_failed INTEGER NOT NULL,"
    " bytes BLOB NOT NULL);"
    "UPDATE meta SET value = '4' WHERE key = 'schema_version';"
    "PRAGMA user_version = 4;";

/* Idle probes that were left idle together, and why a search for the idle lifetime ended. */
static const char version_5[] = "ALTER TABLE samples ADD COLUMN batch INTEGER NOT NULL DEFAULT -1;"
                                "ALTER TABLE runs ADD COLUMN idle_end TEXT NOT NULL DEFAULT '';"
                                "UPDATE meta SET value = '5' WHERE key = 'schema_version';"
                                "PRAGMA user_version = 5;";

/* The question in full: traffic that is more than a rate, who waits, and how sure to be. */
static const char version_6[] =
    "ALTER TABLE runs ADD COLUMN workload_class TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE runs ADD COLUMN risk TEXT NOT NULL DEFAULT '';"
    "CREATE TABLE demands ("
    " run_id TEXT PRIMARY KEY NOT NULL REFERENCES runs (id),"
    " n INTEGER NOT NULL,"
    " is_whole INTEGER NOT NULL," /* how `bytes` is written, see store_demand.c */
    " bytes BLOB NOT NULL,"
    " kind TEXT NOT NULL,"
    " words TEXT NOT NULL,"
    " per_s REAL,"
    " bucket_ms REAL,"
    " burst REAL,"
    " burst_gap_ms REAL,"
    " factor REAL,"
    " first_ms REAL,"
    " span_ms REAL," /* infinity of a rate */
    " requests REAL,"
    " n_skipped INTEGER NOT NULL,"
    " first_skipped INTEGER NOT NULL);"
    "UPDATE meta SET value = '6' WHERE key = 'schema_version';"
    "PRAGMA user_version = 6;";

/* What else may explain a change of a run; and the nights of each function. The key of a night is
 * an index of its own: counting the nights of a history reads no metrics. */
static const char version_7[] =
    "ALTER TABLE runs ADD COLUMN layers TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE runs ADD COLUMN code_size_bytes INTEGER NOT NULL DEFAULT -1;"
    "CREATE TABLE histories ("
    " id INTEGER PRIMARY KEY,"
    " function TEXT NOT NULL,"
    " place TEXT NOT NULL,"
    " region TEXT NOT NULL,"
    " architecture TEXT NOT NULL,"
    " UNIQUE (function, place, region, architecture));"
    "CREATE TABLE nights ("
    " history_id INTEGER NOT NULL REFERENCES histories (id),"
    " started_at_ms INTEGER NOT NULL," /* unix ms */
    " run_id TEXT NOT NULL,"
    " runtime TEXT NOT NULL,"
    " runtime_version_arn TEXT NOT NULL,"
    " code_sha256 TEXT NOT NULL,"
    " code_size_bytes INTEGER NOT NULL,"
    " layers TEXT NOT NULL,"
    " original_memory_size_mb INTEGER NOT NULL,"
    " payload_sha256 TEXT NOT NULL,"
    " method TEXT NOT NULL,"
    " host TEXT NOT NULL,"
    " coldprof_version TEXT NOT NULL,"
    " metrics BLOB NOT NULL," /* how it is written: store_night.c */
    " PRIMARY KEY (history_id, started_at_ms, run_id));"
    "CREATE TABLE acceptances ("
    " history_id INTEGER NOT NULL REFERENCES histories (id),"
    " at_ms INTEGER NOT NULL,"
    " note TEXT NOT NULL,"
    " PRIMARY KEY (history_id, at_ms, note)) WITHOUT ROWID;"
    "UPDATE meta SET value = '7' WHERE key = 'schema_version';"
    "PRAGMA user_version = 7;";

const struct cp_migration cp_store_migrations[] = {
    {1, version_1}, {2, version_2}, {3, version_3}, {4, version_4},
    {5, version_5}, {6, version_6}, {7, version_7},
};
const size_t cp_store_n_migrations = sizeof cp_store_migrations / sizeof cp_store_migrations[0];

enum cp_code cp_store_fail(sqlite3 *db, const char *path, const char *doing, struct cp_error *err)
{
    static const struct {
        int primary;
        enum cp_code code;
        const char *advice;
    } rows[] = {
        {SQLITE_FULL, CP_EIO, ": the disk is full; everything stored before is intact"},
        {SQLITE_IOERR, CP_EIO, "; everything stored before is intact"},
        {SQLITE_CORRUPT, CP_EFORMAT,
         ": the file is damaged; move it away or put a copy back, then try again"},
        {SQLITE_NOTADB, CP_EFORMAT, ": it is damaged or not a coldprof store"},
        {SQLITE_BUSY, CP_EBUSY, ": another process keeps it locked"},
        {SQLITE_LOCKED, CP_EBUSY, ": another process keeps it locked"},
        {SQLITE_READONLY, CP_EDENIED, ": it is read-only"},
        {SQLITE_PERM, CP_EDENIED, ""},
        {SQLITE_CANTOPEN, CP_EIO, ""},
        {SQLITE_NOMEM, CP_ENOMEM, ""},
    };
    int number = db ? sqlite3_errcode(db) : SQLITE_NOMEM;
    const char *text = db ? sqlite3_errmsg(db) : "out of memory";
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].primary == (number & 0xff))
            return cp_fail(err, rows[i].code, "cannot %s '%s': %s%s", doing, path, text,
                           rows[i].advice);
    }
    return cp_fail(err, CP_EIO, "cannot %s '%s': %s", doing, path, text);
}

/* One number out of a constant statement. */
static enum cp_code read_number(sqlite3 *db, const char *path, const char *sql, int *value,
                                struct cp_error *err)
{
    sqlite3_stmt *statement = NULL;
    enum cp_code code = CP_OK;
    *value = 0;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        return cp_store_fail(db, path, "read", err);
    if (sqlite3_step(statement) == SQLITE_ROW)
        *value = sqlite3_column_int(statement, 0);
    else
        code = cp_store_fail(db, path, "read", err);
    (void)sqlite3_finalize(statement);
    return code;
}

enum cp_code cp_store_schema_version(sqlite3 *db, const char *path, int *version,
                                     struct cp_error *err)
{
    int application = 0;
    int n_tables = 0;
    enum cp_code code = read_number(db, path, "PRAGMA user_version", version, err);
    if (!code)
        code = read_number(db, path, "PRAGMA application_id", &application, err);
    if (!code)
        code = read_number(db, path, "SELECT count(*) FROM sqlite_schema", &n_tables, err);
    if (code)
        return code;
    bool is_empty = *version == 0 && n_tables == 0;
    if (!is_empty && application != APPLICATION_ID)
        return cp_fail(err, CP_EFORMAT,
                       "cannot use '%s': it is an SQLite database of another program", path);
    return CP_OK;
}

enum cp_code cp_store_schema_check(const char *path, int version, int newest, struct cp_error *err)
{
    if (version <= newest)
        return CP_OK;
    return cp_fail(err, CP_EUNSUPPORTED,
                   "cannot use '%s': it has schema %d, written by a newer coldprof; coldprof %s "
                   "reads up to schema %d: use the newer one, or choose another store",
                   path, version, COLDPROF_VERSION, newest);
}

static enum cp_code apply(sqlite3 *db, const char *path, const char *sql, struct cp_error *err)
{
    static const char *const around[] = {"BEGIN IMMEDIATE", NULL, "COMMIT"};
    for (size_t i = 0; i < 3; i++) {
        if (sqlite3_exec(db, around[i] ? around[i] : sql, NULL, NULL, NULL) == SQLITE_OK)
            continue;
        enum cp_code code = cp_store_fail(db, path, "migrate", err);
        (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
        return code;
    }
    return CP_OK;
}

enum cp_code cp_store_schema_migrate(sqlite3 *db, const char *path,
                                     const struct cp_migration *migrations, size_t n,
                                     struct cp_error *err)
{
    int version = 0;
    enum cp_code code = cp_store_schema_version(db, path, &version, err);
    if (!code)
        code = cp_store_schema_check(path, version, migrations[n - 1].version, err);
    for (size_t i = 0; !code && i < n; i++) {
        if (migrations[i].version > version)
            code = apply(db, path, migrations[i].sql, err);
    }
    return code;
}
