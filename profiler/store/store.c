/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/store/store.h"

#include <stdlib.h>
#include <string.h>

#include "probes/os/file.h"
#include "profiler/store/lock.h"
#include "profiler/store/schema.h"
#include "profiler/store/store_db.h"

#include <sqlite3.h>

/* A reader's checkpoint or another reader never holds the file for longer. */
enum { BUSY_TIMEOUT_MS = 5000 };

static enum cp_code make_folder(const char *path, struct cp_error *err)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path)
        return CP_OK;
    if (!cp_view_copy((struct cp_view){path, (size_t)(slash - path)}, folder, sizeof folder))
        return cp_fail(err, CP_ELIMIT, "cannot open '%s': the path is too long", path);
    return cp_file_make_dirs(folder, false, err);
}

static enum cp_code open_database(struct cp_store *store, int flags, struct cp_error *err)
{
    if (sqlite3_open_v2(store->path, &store->db, flags, NULL) != SQLITE_OK)
        return cp_store_db_fail(store, "open", err);
    (void)sqlite3_extended_result_codes(store->db, 1);
    (void)sqlite3_busy_timeout(store->db, BUSY_TIMEOUT_MS);
    return CP_OK;
}

static enum cp_code open_for_sweep(struct cp_store *store, struct cp_error *err)
{
    enum cp_code code = make_folder(store->path, err);
    if (!code)
        code = cp_store_lock_take(store->path, &store->lock_fd, err);
    if (!code)
        code = open_database(store, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err);
    int version = 0;
    if (!code) /* before the journal mode: another program's file stays untouched */
        code = cp_store_schema_version(store->db, store->path, &version, err);
    if (!code && sqlite3_exec(store->db,
                              "PRAGMA journal_mode = WAL;"
                              "PRAGMA synchronous = FULL;"
                              "PRAGMA foreign_keys = ON;",
                              NULL, NULL, NULL) != SQLITE_OK)
        code = cp_store_db_fail(store, "open", err);
    if (!code)
        code = cp_store_schema_migrate(store->db, store->path, cp_store_migrations,
                                       cp_store_n_migrations, err);
    return code;
}

static enum cp_code open_for_reading(struct cp_store *store, struct cp_error *err)
{
    int newest = cp_store_migrations[cp_store_n_migrations - 1].version;
    int version = 0;
    if (!cp_file_exists(store->path))
        return cp_fail(err, CP_ENOTFOUND,
                       "no store at '%s': run 'coldprof sweep' or 'coldprof nightly' first",
                       store->path);
    enum cp_code code = open_database(store, SQLITE_OPEN_READONLY, err);
    if (!code)
        code = cp_store_schema_version(store->db, store->path, &version, err);
    if (!code)
        code = cp_store_schema_check(store->path, version, newest, err);
    if (!code && version < newest)
        code = cp_fail(err, CP_EUNSUPPORTED,
                       "cannot read '%s': it has the old schema %d; the next sweep into it "
                       "brings it to %d",
                       store->path, version, newest);
    return code;
}

enum cp_code cp_store_open(const char *path, enum cp_store_mode mode, struct cp_store **out,
                           struct cp_error *err)
{
    *out = NULL;
    struct cp_store *store = calloc(1, sizeof *store);
    if (!store)
        return cp_fail(err, CP_ENOMEM, "cannot open '%s': out of memory", path);
    store->lock_fd = -1;
    enum cp_code code = CP_OK;
    if (!cp_view_copy(cp_view_of(path), store->path, sizeof store->path))
        code = cp_fail(err, CP_ELIMIT, "cannot open '%s': the path is too long", path);
    else
        code = mode == CP_STORE_SWEEP ? open_for_sweep(store, err) : open_for_reading(store, err);
    if (code)
        cp_store_close(store);
    else
        *out = store;
    return code;
}

void cp_store_close(struct cp_store *store)
{
    if (!store)
        return;
    cp_statement_finalize_all(store->statements);
    (void)sqlite3_close(store->db);
    cp_store_lock_release(store->lock_fd);
    free(store);
}
