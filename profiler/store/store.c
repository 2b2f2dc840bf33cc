/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/store/store.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/rng.h"
#include "probes/os/file.h"
#include "profiler/store/column.h"
#include "profiler/store/lock.h"
#include "profiler/store/schema.h"
#include "profiler/store/statement.h"

/* A reader's checkpoint or another reader never holds the file for longer. */
enum { BUSY_TIMEOUT_MS = 5000 };

struct cp_store {
    sqlite3 *db;
    int lock_fd; /* -1 for a reader */
    sqlite3_stmt *statements[CP_STATEMENT_KINDS];
    char path[PATH_MAX];
};

static enum cp_code fail(struct cp_store *store, const char *doing, struct cp_error *err)
{
    return cp_store_fail(store->db, store->path, doing, err);
}

static sqlite3_stmt *get(struct cp_store *store, enum cp_statement kind)
{
    return cp_statement_get(store->db, store->statements, kind);
}

/* Steps a statement that returns no row and resets it, so that no lock outlives the call. */
static enum cp_code run(struct cp_store *store, sqlite3_stmt *statement, const char *doing,
                        struct cp_error *err)
{
    if (!statement)
        return fail(store, doing, err);
    int status = sqlite3_step(statement);
    enum cp_code code = status == SQLITE_DONE ? CP_OK : fail(store, doing, err);
    (void)sqlite3_reset(statement);
    return code;
}

static enum cp_code begin(struct cp_store *store, struct cp_error *err)
{
    return run(store, get(store, CP_STATEMENT_BEGIN), "write to", err);
}

/* COMMIT, or ROLLBACK when `code` (or the COMMIT itself) failed. */
static enum cp_code end(struct cp_store *store, enum cp_code code, struct cp_error *err)
{
    if (!code)
        code = run(store, get(store, CP_STATEMENT_COMMIT), "write to", err);
    if (code && !sqlite3_get_autocommit(store->db))
        (void)run(store, get(store, CP_STATEMENT_ROLLBACK), "write to", NULL);
    return code;
}

/* --- opening --- */

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
        return fail(store, "open", err);
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
        code = fail(store, "open", err);
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
        return cp_fail(err, CP_ENOTFOUND, "no store at '%s': run 'coldprof sweep' first",
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

/* --- runs --- */

static enum cp_code bind_text(struct cp_store *store, sqlite3_stmt *statement, int at,
                              struct cp_view text, struct cp_error *err)
{
    if (!statement || sqlite3_bind_text64(statement, at, text.p ? text.p : "", text.n,
                                          SQLITE_STATIC, SQLITE_UTF8) != SQLITE_OK)
        return fail(store, "use", err);
    return CP_OK;
}

static enum cp_code bind_row(struct cp_store *store, const struct cp_columns *columns,
                             sqlite3_stmt *statement, int first, const void *row,
                             struct cp_error *err)
{
    if (!statement || cp_columns_bind(columns, statement, first, row) != SQLITE_OK)
        return fail(store, "write to", err);
    return CP_OK;
}

static enum cp_code has_run(struct cp_store *store, const char *id, bool *has, struct cp_error *err)
{
    sqlite3_stmt *statement = get(store, CP_STATEMENT_GET_RUN);
    enum cp_code code = bind_text(store, statement, 1, cp_view_of(id), err);
    if (code)
        return code;
    int status = sqlite3_step(statement);
    *has = status == SQLITE_ROW;
    if (status != SQLITE_ROW && status != SQLITE_DONE)
        code = fail(store, "read", err);
    (void)sqlite3_reset(statement);
    return code;
}

/* A short hex id that this store does not use: 4 digits, longer when those are crowded. */
static enum cp_code choose_id(struct cp_store *store, struct cp_run *run_of, struct cp_error *err)
{
    enum { TRIES_PER_LENGTH = 16, DIGITS_MAX = 12 };
    struct cp_rng rng;
    cp_rng_init(&rng, run_of->seed, (uint64_t)run_of->started_at_ms);
    for (int digits = 4; digits <= DIGITS_MAX; digits += 2) {
        for (int i = 0; i < TRIES_PER_LENGTH; i++) {
            bool has = false;
            unsigned long long bits = cp_rng_next(&rng) >> (64 - 4 * digits);
            (void)snprintf(run_of->id, sizeof run_of->id, "%0*llx", digits, bits);
            enum cp_code code = has_run(store, run_of->id, &has, err);
            if (code || !has)
                return code;
        }
    }
    return cp_fail(err, CP_EEXIST, "cannot add a run to '%s': no free run id", store->path);
}

enum cp_code cp_store_add_run(struct cp_store *store, struct cp_run *run_of, struct cp_error *err)
{
    enum cp_code code = choose_id(store, run_of, err);
    if (code)
        return code;
    sqlite3_stmt *statement = get(store, CP_STATEMENT_ADD_RUN);
    code = bind_row(store, &cp_run_columns, statement, 1, run_of, err);
    return code ? code : run(store, statement, "write to", err);
}

static enum cp_code need_change(struct cp_store *store, const char *run_id, struct cp_error *err)
{
    if (sqlite3_changes(store->db) > 0)
        return CP_OK;
    return cp_fail(err, CP_ENOTFOUND, "no run '%s' in '%s'", run_id, store->path);
}

enum cp_code cp_store_update_run(struct cp_store *store, const struct cp_run *run_of,
                                 struct cp_error *err)
{
    sqlite3_stmt *statement = get(store, CP_STATEMENT_UPDATE_RUN);
    enum cp_code code = bind_row(store, &cp_run_columns, statement, 1, run_of, err);
    if (!code)
        code = bind_text(store, statement, (int)cp_run_columns.n + 1, cp_view_of(run_of->id), err);
    if (!code)
        code = run(store, statement, "write to", err);
    return code ? code : need_change(store, run_of->id, err);
}

enum cp_code cp_store_put_plan(struct cp_store *store, const char *run_id, struct cp_view plan,
                               struct cp_error *err)
{
    sqlite3_stmt *statement = get(store, CP_STATEMENT_PUT_PLAN);
    enum cp_code code = bind_text(store, statement, 1, plan, err);
    if (!code)
        code = bind_text(store, statement, 2, cp_view_of(run_id), err);
    if (!code)
        code = run(store, statement, "write to", err);
    return code ? code : need_change(store, run_id, err);
}

enum cp_code cp_store_get_plan(struct cp_store *store, const char *run_id, struct cp_buf *plan,
                               struct cp_error *err)
{
    sqlite3_stmt *statement = get(store, CP_STATEMENT_GET_PLAN);
    enum cp_code code = bind_text(store, statement, 1, cp_view_of(run_id), err);
    if (code)
        return code;
    int status = sqlite3_step(statement);
    if (status != SQLITE_ROW && status != SQLITE_DONE)
        code = fail(store, "read", err);
    else if (status == SQLITE_DONE || sqlite3_column_type(statement, 0) == SQLITE_NULL)
        code =
            cp_fail(err, CP_ENOTFOUND, "run '%s' in '%s' has no stored plan", run_id, store->path);
    else
        (void)cp_buf_add(plan, sqlite3_column_text(statement, 0),
                         (size_t)sqlite3_column_bytes(statement, 0));
    (void)sqlite3_reset(statement);
    return code ? code : cp_buf_check(plan, "plan of a run", err);
}

/* --- cells --- */

static enum cp_code add_cell(struct cp_store *store, const char *run_id, int position,
                             const struct cp_cell_result *cell, struct cp_error *err)
{
    sqlite3_stmt *statement = get(store, CP_STATEMENT_ADD_CELL);
    enum cp_code code = bind_text(store, statement, 1, cp_view_of(run_id), err);
    if (!code && sqlite3_bind_int(statement, 2, position) != SQLITE_OK)
        code = fail(store, "write to", err);
    if (!code)
        code = bind_row(store, &cp_cell_columns, statement, 3, cell, err);
    return code ? code : run(store, statement, "write to", err);
}

enum cp_code cp_store_put_cells(struct cp_store *store, const char *run_id,
                                const struct cp_cell_result *cells, size_t n, struct cp_error *err)
{
    enum cp_code code = begin(store, err);
    if (code)
        return code;
    sqlite3_stmt *statement = get(store, CP_STATEMENT_DELETE_CELLS);
    code = bind_text(store, statement, 1, cp_view_of(run_id), err);
    if (!code)
        code = run(store, statement, "write to", err);
    for (size_t i = 0; i < n && !code; i++)
        code = add_cell(store, run_id, (int)i, &cells[i], err);
    return end(store, code, err);
}

/* --- samples --- */

static enum cp_code add_sample(struct cp_store *store, const char *run_id, struct cp_sample *sample,
                               struct cp_error *err)
{
    sqlite3_stmt *statement = get(store, CP_STATEMENT_ADD_SAMPLE);
    enum cp_code code = bind_text(store, statement, 1, cp_view_of(run_id), err);
    if (!code)
        code = bind_row(store, &cp_sample_columns, statement, 2, sample, err);
    if (!code)
        code = run(store, statement, "write to", err);
    if (!code)
        sample->id = sqlite3_last_insert_rowid(store->db);
    return code;
}

enum cp_code cp_store_add_samples(struct cp_store *store, const char *run_id,
                                  struct cp_sample *samples, size_t n, struct cp_error *err)
{
    enum cp_code code = begin(store, err);
    if (code)
        return code;
    for (size_t i = 0; i < n && !code; i++)
        code = add_sample(store, run_id, &samples[i], err);
    code = end(store, code, err);
    for (size_t i = 0; i < n && code; i++)
        samples[i].id = 0;
    return code;
}

enum cp_code cp_store_update_sample(struct cp_store *store, const struct cp_sample *sample,
                                    struct cp_error *err)
{
    sqlite3_stmt *statement = get(store, CP_STATEMENT_UPDATE_SAMPLE);
    enum cp_code code = bind_row(store, &cp_sample_columns, statement, 1, sample, err);
    if (!code &&
        sqlite3_bind_int64(statement, (int)cp_sample_columns.n + 1, sample->id) != SQLITE_OK)
        code = fail(store, "write to", err);
    if (!code)
        code = run(store, statement, "write to", err);
    if (!code && sqlite3_changes(store->db) == 0)
        code = cp_fail(err, CP_ENOTFOUND, "no sample %lld in '%s'", (long long)sample->id,
                       store->path);
    return code;
}

/* --- loading --- */

/* Calls `each` for every row of a bound statement until it fails. */
typedef enum cp_code (*row_fn)(void *context, sqlite3_stmt *statement, struct cp_error *err);

static enum cp_code for_each_row(struct cp_store *store, sqlite3_stmt *statement, row_fn each,
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
        code = fail(store, "read", err);
    (void)sqlite3_reset(statement);
    return code;
}

static enum cp_code for_each_row_of_run(struct cp_store *store, enum cp_statement kind,
                                        const char *run_id, row_fn each, void *context,
                                        struct cp_error *err)
{
    sqlite3_stmt *statement = get(store, kind);
    enum cp_code code = bind_text(store, statement, 1, cp_view_of(run_id), err);
    return code ? code : for_each_row(store, statement, each, context, err);
}

struct nearest {
    const char *wanted;
    size_t n;
    struct {
        char id[CP_RUN_ID_MAX];
        size_t score;
    } best[3];
};

static size_t likeness(const char *a, const char *b)
{
    size_t same = 0;
    for (; *a && *b; a++, b++)
        same += *a == *b;
    return same;
}

/* Keeps the three ids with the most digits in common; the newer first among equals. */
static enum cp_code keep_nearest(void *context, sqlite3_stmt *statement, struct cp_error *err)
{
    (void)err;
    struct nearest *nearest = context;
    const char *id = (const char *)sqlite3_column_text(statement, 0);
    size_t score = id ? likeness(nearest->wanted, id) : 0;
    size_t at = nearest->n;
    while (at > 0 && nearest->best[at - 1].score < score)
        at--;
    if (!id || at >= 3)
        return CP_OK;
    size_t last = nearest->n < 3 ? nearest->n++ : 2;
    for (; last > at; last--)
        nearest->best[last] = nearest->best[last - 1];
    (void)snprintf(nearest->best[at].id, sizeof nearest->best[at].id, "%s", id);
    nearest->best[at].score = score;
    return CP_OK;
}

static enum cp_code fail_no_run(struct cp_store *store, const char *wanted, struct cp_error *err)
{
    struct nearest nearest = {.wanted = wanted};
    sqlite3_stmt *statement = get(store, CP_STATEMENT_LIST_RUN_IDS);
    if (statement)
        (void)for_each_row(store, statement, keep_nearest, &nearest, NULL);
    if (!nearest.n)
        return cp_fail(err, CP_ENOTFOUND, "no run '%s': '%s' holds no runs", wanted, store->path);
    return cp_fail(err, CP_ENOTFOUND, "no run '%s' in '%s': the nearest are %s%s%s%s%s", wanted,
                   store->path, nearest.best[0].id, nearest.n > 1 ? ", " : "", nearest.best[1].id,
                   nearest.n > 2 ? ", " : "", nearest.best[2].id);
}

struct found {
    size_t n;
    char ids[2][CP_RUN_ID_MAX];
};

static enum cp_code keep_found(void *context, sqlite3_stmt *statement, struct cp_error *err)
{
    (void)err;
    struct found *found = context;
    const char *id = (const char *)sqlite3_column_text(statement, 0);
    if (id && found->n < 2)
        (void)snprintf(found->ids[found->n++], CP_RUN_ID_MAX, "%s", id);
    return CP_OK;
}

/* The full id that `wanted` (an id, a unique prefix, or "last") means. */
static enum cp_code resolve_id(struct cp_store *store, const char *wanted, char id[CP_RUN_ID_MAX],
                               struct cp_error *err)
{
    struct found found = {0};
    bool is_last = strcmp(wanted, "last") == 0;
    sqlite3_stmt *statement =
        get(store, is_last ? CP_STATEMENT_LIST_RUN_IDS : CP_STATEMENT_FIND_RUNS);
    enum cp_code code = statement ? CP_OK : fail(store, "read", err);
    if (!code && !is_last)
        code = bind_text(store, statement, 1, cp_view_of(wanted), err);
    if (!code)
        code = for_each_row(store, statement, keep_found, &found, err);
    if (code)
        return code;
    if (!found.n || !wanted[0])
        return fail_no_run(store, wanted, err);
    if (found.n > 1 && !is_last && strcmp(found.ids[0], wanted) != 0)
        return cp_fail(err, CP_EINVAL, "run '%s' is not unique: %s and %s begin so", wanted,
                       found.ids[0], found.ids[1]);
    (void)snprintf(id, CP_RUN_ID_MAX, "%s", found.ids[0]);
    return CP_OK;
}

static enum cp_code read_run(void *context, sqlite3_stmt *statement, struct cp_error *err)
{
    return cp_columns_read(&cp_run_columns, statement, 0, context, err);
}

static enum cp_code read_sample(void *context, sqlite3_stmt *statement, struct cp_error *err)
{
    struct cp_run_data *data = context;
    struct cp_sample *sample = &data->samples[data->n_samples++];
    sample->id = sqlite3_column_int64(statement, 0);
    return cp_columns_read(&cp_sample_columns, statement, 1, sample, err);
}

static enum cp_code read_cell(void *context, sqlite3_stmt *statement, struct cp_error *err)
{
    struct cp_run_data *data = context;
    struct cp_cell_result *cells = realloc(data->cells, (data->n_cells + 1) * sizeof *data->cells);
    if (!cells)
        return cp_fail(err, CP_ENOMEM, "out of memory");
    data->cells = cells;
    cells[data->n_cells] = (struct cp_cell_result){0};
    return cp_columns_read(&cp_cell_columns, statement, 0, &cells[data->n_cells++], err);
}

static enum cp_code read_count(void *context, sqlite3_stmt *statement, struct cp_error *err)
{
    (void)err;
    *(size_t *)context = (size_t)sqlite3_column_int64(statement, 0);
    return CP_OK;
}

static enum cp_code load_samples(struct cp_store *store, const char *id, struct cp_run_data *out,
                                 struct cp_error *err)
{
    size_t n = 0;
    enum cp_code code =
        for_each_row_of_run(store, CP_STATEMENT_COUNT_SAMPLES, id, read_count, &n, err);
    if (code || !n)
        return code;
    out->samples = calloc(n, sizeof *out->samples);
    if (!out->samples)
        return cp_fail(err, CP_ENOMEM, "cannot load run '%s': out of memory", id);
    return for_each_row_of_run(store, CP_STATEMENT_LIST_SAMPLES, id, read_sample, out, err);
}

/* One read transaction: a sweep that writes meanwhile is seen at one moment, not in between. */
static enum cp_code load_all(struct cp_store *store, const char *id, struct cp_run_data *out,
                             struct cp_error *err)
{
    if (sqlite3_exec(store->db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
        return fail(store, "read", err);
    enum cp_code code =
        for_each_row_of_run(store, CP_STATEMENT_GET_RUN, id, read_run, &out->run, err);
    if (!code)
        code = load_samples(store, id, out, err);
    if (!code)
        code = for_each_row_of_run(store, CP_STATEMENT_LIST_CELLS, id, read_cell, out, err);
    (void)sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
    return code;
}

enum cp_code cp_store_load(struct cp_store *store, const char *run_id, struct cp_run_data *out,
                           struct cp_error *err)
{
    char id[CP_RUN_ID_MAX];
    *out = (struct cp_run_data){.run = cp_run_empty()};
    enum cp_code code = resolve_id(store, run_id, id, err);
    if (!code)
        code = load_all(store, id, out, err);
    if (code)
        cp_run_data_clear(out);
    return code;
}

/* --- listing --- */

static enum cp_code add_outcome(void *context, sqlite3_stmt *statement, struct cp_error *err)
{
    struct cp_accounting *sum = context;
    struct cp_sample one = cp_sample_planned(CP_CELL_COLD, 0);
    const char *name = (const char *)sqlite3_column_text(statement, 0);
    if (!cp_outcome_by_name(cp_view_of(name), &one.outcome))
        return cp_fail(err, CP_EFORMAT, "column 'outcome' of table 'samples' holds no valid value");
    size_t n = (size_t)sqlite3_column_int64(statement, 1);
    struct cp_accounting unit = cp_accounting_of(&one, 1);
    sum->planned += n * unit.planned;
    sum->measured += n * unit.measured;
    sum->failed += n * unit.failed;
    sum->throttled += n * unit.throttled;
    sum->unknown += n * unit.unknown;
    sum->not_sent += n * unit.not_sent;
    return CP_OK;
}

struct listing {
    struct cp_store *store;
    cp_store_run_fn each;
    void *context;
    bool is_over;
};

static enum cp_code list_one(void *context, sqlite3_stmt *statement, struct cp_error *err)
{
    struct listing *listing = context;
    if (listing->is_over)
        return CP_OK;
    struct cp_run one = cp_run_empty();
    struct cp_accounting accounting = {0};
    enum cp_code code = cp_columns_read(&cp_run_columns, statement, 0, &one, err);
    if (!code)
        code = for_each_row_of_run(listing->store, CP_STATEMENT_COUNT_OUTCOMES, one.id, add_outcome,
                                   &accounting, err);
    if (!code)
        listing->is_over = !listing->each(listing->context, &one, &accounting);
    return code;
}

enum cp_code cp_store_list(struct cp_store *store, cp_store_run_fn each, void *context,
                           struct cp_error *err)
{
    struct listing listing = {.store = store, .each = each, .context = context};
    sqlite3_stmt *statement = get(store, CP_STATEMENT_LIST_RUNS);
    if (!statement)
        return fail(store, "read", err);
    return for_each_row(store, statement, list_one, &listing, err);
}
