/* SPDX-License-Identifier: GPL-3.0-or-later
 * The store's schema: one row per version, each the SQL that leads there from the version before.
 * The SQL of a released version never changes; a change of the schema is a new row.
 */
#ifndef COLDPROF_PROFILER_STORE_SCHEMA_H
#define COLDPROF_PROFILER_STORE_SCHEMA_H

#include <stddef.h>

#include "model/base/error.h"

struct sqlite3;

struct cp_migration {
    int version;     /* PRAGMA user_version after it */
    const char *sql; /* constant text; sets user_version itself, so that both change together */
};

extern const struct cp_migration cp_store_migrations[];
extern const size_t cp_store_n_migrations;

/* PRAGMA user_version. CP_EFORMAT: not a coldprof store (another program's database, or no
 * database at all). 0 for an empty file. */
enum cp_code cp_store_schema_version(struct sqlite3 *db, const char *path, int *version,
                                     struct cp_error *err);
/* CP_EUNSUPPORTED, naming both numbers, when `version` is newer than the last migration. */
enum cp_code cp_store_schema_check(const char *path, int version, int newest, struct cp_error *err);
/* Runs what is missing, one transaction each: a failure leaves the version before it. */
enum cp_code cp_store_schema_migrate(struct sqlite3 *db, const char *path,
                                     const struct cp_migration *migrations, size_t n,
                                     struct cp_error *err);

/* The last SQLite failure of `db` in our words: disk full, damaged, busy, read-only. */
enum cp_code cp_store_fail(struct sqlite3 *db, const char *path, const char *doing,
                           struct cp_error *err);

#endif
