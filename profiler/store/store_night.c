/* SPDX-License-Identifier: GPL-3.0-or-later
 * Nights: a row each. The metrics are one blob, by cp_metric_key_order: each is timing, memory size
 * and n as steps, then quantile, value, low and high as doubles (pack.h). Absent ends are NAN
 * there.
 */
#include <limits.h>
#include <stdlib.h>

#include "profiler/store/pack.h"
#include "profiler/store/store_db.h"

#include <sqlite3.h>

/* A function has at most CP_RUN_SIZES_MAX sizes; more room, since the bytes may be damaged. */
enum { METRICS_MAX = 4096, METRIC_BYTES_MIN = 3 + 4 * 8, METRICS_BYTES_MAX = METRICS_MAX * 64 };

/* --- the history that a key names --- */

static enum cp_code bind_key(struct cp_store *store, sqlite3_stmt *statement,
                             const struct cp_night_key *key, struct cp_error *err)
{
    return cp_store_db_bind_row(store, &cp_history_columns, statement, 1, key, err);
}

static enum cp_code read_id(void *context, sqlite3_stmt *statement, struct cp_error *err)
{
    (void)err;
    *(int64_t *)context = sqlite3_column_int64(statement, 0);
    return CP_OK;
}

/* `id` 0: there is none yet. */
static enum cp_code find_id(struct cp_store *store, const struct cp_night_key *key, int64_t *id,
                            struct cp_error *err)
{
    sqlite3_stmt *statement = cp_store_db_get(store, CP_STATEMENT_FIND_HISTORY);
    *id = 0;
    enum cp_code code = bind_key(store, statement, key, err);
    return code ? code : cp_store_db_each(store, statement, read_id, id, err);
}

static enum cp_code find_or_add(struct cp_store *store, const struct cp_night_key *key, int64_t *id,
                                struct cp_error *err)
{
    enum cp_code code = find_id(store, key, id, err);
    if (code || *id)
        return code;
    sqlite3_stmt *statement = cp_store_db_get(store, CP_STATEMENT_ADD_HISTORY);
    code = bind_key(store, statement, key, err);
    if (!code)
        code = cp_store_db_run(store, statement, "write to", err);
    if (!code)
        *id = sqlite3_last_insert_rowid(store->db);
    return code;
}

/* --- metrics as bytes --- */

static void pack_metrics(const struct cp_night *night, struct cp_buf *out)
{
    for (size_t i = 0; i < night->n_metrics; i++) {
        const struct cp_night_metric *m = &night->metrics[i];
        cp_pack_step(out, (uint64_t)m->metric.timing);
        cp_pack_step(out, (uint64_t)m->metric.memory_size_mb);
        cp_pack_step(out, m->n);
        cp_pack_double(out, m->metric.q);
        cp_pack_double(out, m->ms.value);
        cp_pack_double(out, m->ms.low);
        cp_pack_double(out, m->ms.high);
    }
}

static bool take_metric(struct cp_view *bytes, struct cp_night_metric *out)
{
    uint64_t timing;
    uint64_t memory_size_mb;
    uint64_t n;
    bool is_whole =
        cp_pack_take_step(bytes, &timing) && cp_pack_take_step(bytes, &memory_size_mb) &&
        cp_pack_take_step(bytes, &n) && cp_pack_take_double(bytes, &out->metric.q) &&
        cp_pack_take_double(bytes, &out->ms.value) && cp_pack_take_double(bytes, &out->ms.low) &&
        cp_pack_take_double(bytes, &out->ms.high);
    if (!is_whole || timing >= CP_TIMING_COUNT || memory_size_mb > INT_MAX ||
        !(out->metric.q > 0 && out->metric.q < 1))
        return false;
    out->metric.timing = (enum cp_timing)timing;
    out->metric.memory_size_mb = (int)memory_size_mb;
    out->n = (size_t)n;
    return true;
}

static enum cp_code unpack_metrics(struct cp_view bytes, struct cp_night *out, struct cp_error *err)
{
    size_t room = bytes.n / METRIC_BYTES_MIN;
    if (!bytes.n)
        return CP_OK;
    out->metrics = calloc(room + 1, sizeof *out->metrics);
    if (!out->metrics)
        return cp_fail(err, CP_ENOMEM, "no memory for the metrics of a night");
    bool is_valid = true;
    while (bytes.n && is_valid) {
        struct cp_night_metric *metric = &out->metrics[out->n_metrics];
        is_valid =
            out->n_metrics < room && take_metric(&bytes, metric) &&
            (!out->n_metrics || cp_metric_key_order(&metric[-1].metric, &metric->metric) < 0);
        out->n_metrics += is_valid;
    }
    if (is_valid)
        return CP_OK;
    return cp_fail(err, CP_EFORMAT, "column 'metrics' of table 'nights' holds no valid value");
}

/* --- writing --- */

static enum cp_code put_row(struct cp_store *store, int64_t history_id,
                            const struct cp_night *night, struct cp_error *err)
{
    struct cp_buf bytes;
    cp_buf_init(&bytes, METRICS_BYTES_MAX);
    (void)cp_buf_add(&bytes, "", 0);
    pack_metrics(night, &bytes);
    enum cp_code code = cp_buf_check(&bytes, "the metrics of a night", err);
    sqlite3_stmt *statement = cp_store_db_get(store, CP_STATEMENT_PUT_NIGHT);
    if (!code)
        code = cp_store_db_bind_row(store, &cp_night_columns, statement, 3, night, err);
    if (!code && (sqlite3_bind_int64(statement, 1, history_id) != SQLITE_OK ||
                  sqlite3_bind_blob64(statement, 2, cp_buf_str(&bytes), bytes.n, SQLITE_STATIC) !=
                      SQLITE_OK))
        code = cp_store_db_fail(store, "write to", err);
    if (!code)
        code = cp_store_db_run(store, statement, "write to", err);
    cp_buf_clear(&bytes);
    return code;
}

enum cp_code cp_store_put_night(struct cp_store *store, const struct cp_night *night,
                                struct cp_error *err)
{
    int64_t id = 0;
    if (night->started_at_ms < 0)
        return cp_fail(err, CP_EINVAL,
                       "a night of '%s' needs a time: run '%s' was read from a log without times",
                       night->key.function, night->run_id);
    enum cp_code code = cp_store_begin(store, err);
    if (code)
        return code;
    code = find_or_add(store, &night->key, &id, err);
    if (!code)
        code = put_row(store, id, night, err);
    return cp_store_end(store, code, err);
}

enum cp_code cp_store_accept(struct cp_store *store, const struct cp_night_key *key,
                             const struct cp_night_acceptance *acceptance, bool *is_new,
                             struct cp_error *err)
{
    int64_t id = 0;
    enum cp_code code = cp_store_begin(store, err);
    if (code)
        return code;
    code = find_or_add(store, key, &id, err);
    sqlite3_stmt *statement = cp_store_db_get(store, CP_STATEMENT_ADD_ACCEPTANCE);
    if (!code)
        code = cp_store_db_bind_row(store, &cp_acceptance_columns, statement, 2, acceptance, err);
    if (!code && sqlite3_bind_int64(statement, 1, id) != SQLITE_OK)
        code = cp_store_db_fail(store, "write to", err);
    if (!code)
        code = cp_store_db_run(store, statement, "write to", err);
    if (!code && is_new)
        *is_new = sqlite3_changes(store->db) > 0;
    return cp_store_end(store, code, err);
}

/* --- reading --- */

static enum cp_code read_night(const struct cp_night_key *key, sqlite3_stmt *statement,
                               struct cp_night *out, struct cp_error *err)
{
    const struct cp_view bytes = {sqlite3_column_blob(statement, 0),
                                  (size_t)sqlite3_column_bytes(statement, 0)};
    *out = cp_night_empty();
    out->key = *key;
    enum cp_code code = cp_columns_read(&cp_night_columns, statement, 1, out, err);
    return code ? code : unpack_metrics(bytes, out, err);
}

static enum cp_code read_one(void *context, sqlite3_stmt *statement, struct cp_error *err)
{
    struct cp_night *night = context;
    const struct cp_night_key key = night->key;
    return read_night(&key, statement, night, err);
}

enum cp_code cp_store_get_night(struct cp_store *store, const struct cp_night_key *key,
                                int64_t started_at_ms, const char *run_id, struct cp_night *out,
                                struct cp_error *err)
{
    int64_t id = 0;
    *out = cp_night_empty();
    out->key = *key;
    enum cp_code code = find_id(store, key, &id, err);
    sqlite3_stmt *statement = cp_store_db_get(store, CP_STATEMENT_GET_NIGHT);
    if (!code)
        code = cp_store_db_bind_text(store, statement, 3, cp_view_of(run_id), err);
    if (!code && (sqlite3_bind_int64(statement, 1, id) != SQLITE_OK ||
                  sqlite3_bind_int64(statement, 2, started_at_ms) != SQLITE_OK))
        code = cp_store_db_fail(store, "read", err);
    if (!code)
        code = cp_store_db_each(store, statement, read_one, out, err);
    if (!code && out->started_at_ms < 0)
        code =
            cp_fail(err, CP_ENOTFOUND, "no such night of '%s' in '%s'", key->function, store->path);
    if (code)
        cp_night_clear(out);
    return code;
}

static enum cp_code add_night(void *context, sqlite3_stmt *statement, struct cp_error *err)
{
    enum { FIRST_ROOM = 16 };
    struct cp_history *history = context;
    size_t n = history->n_nights;
    bool is_full = n == 0 || (n >= FIRST_ROOM && (n & (n - 1)) == 0);
    if (is_full) {
        size_t room = n ? 2 * n : FIRST_ROOM;
        struct cp_night *nights = realloc(history->nights, room * sizeof *nights);
        if (!nights)
            return cp_fail(err, CP_ENOMEM, "no memory for the nights of '%s'",
                           history->key.function);
        history->nights = nights;
    }
    history->n_nights++;
    return read_night(&history->key, statement, &history->nights[n], err);
}

/* They come the last first. */
static void turn_round(struct cp_history *history)
{
    for (size_t i = 0; i < history->n_nights / 2; i++) {
        struct cp_night *other = &history->nights[history->n_nights - 1 - i];
        struct cp_night night = history->nights[i];
        history->nights[i] = *other;
        *other = night;
    }
}

static enum cp_code load_nights(struct cp_store *store, int64_t id, struct cp_history_span span,
                                struct cp_history *out, struct cp_error *err)
{
    sqlite3_stmt *statement = cp_store_db_get(store, CP_STATEMENT_LIST_NIGHTS);
    int64_t limit = span.n_last && span.n_last < INT_MAX ? (int64_t)span.n_last : -1; /* -1: none */
    if (!statement || sqlite3_bind_int64(statement, 1, id) != SQLITE_OK ||
        sqlite3_bind_int64(statement, 2, span.since_ms) != SQLITE_OK ||
        sqlite3_bind_int64(statement, 3, limit) != SQLITE_OK)
        return cp_store_db_fail(store, "read", err);
    enum cp_code code = cp_store_db_each(store, statement, add_night, out, err);
    turn_round(out);
    return code;
}

static enum cp_code add_acceptance(void *context, sqlite3_stmt *statement, struct cp_error *err)
{
    struct cp_history *history = context;
    struct cp_night_acceptance *all =
        realloc(history->acceptances, (history->n_acceptances + 1) * sizeof *all);
    if (!all)
        return cp_fail(err, CP_ENOMEM, "no memory for the acceptances of '%s'",
                       history->key.function);
    history->acceptances = all;
    all[history->n_acceptances] = (struct cp_night_acceptance){.at_ms = -1};
    return cp_columns_read(&cp_acceptance_columns, statement, 0, &all[history->n_acceptances++],
                           err);
}

static enum cp_code load_acceptances(struct cp_store *store, int64_t id, struct cp_history *out,
                                     struct cp_error *err)
{
    sqlite3_stmt *statement = cp_store_db_get(store, CP_STATEMENT_LIST_ACCEPTANCES);
    if (!statement || sqlite3_bind_int64(statement, 1, id) != SQLITE_OK)
        return cp_store_db_fail(store, "read", err);
    return cp_store_db_each(store, statement, add_acceptance, out, err);
}

enum cp_code cp_store_load_history(struct cp_store *store, const struct cp_night_key *key,
                                   struct cp_history_span span, struct cp_history *out,
                                   struct cp_error *err)
{
    int64_t id = 0;
    *out = (struct cp_history){.key = *key};
    enum cp_code code = find_id(store, key, &id, err);
    if (!code && id)
        code = load_nights(store, id, span, out, err);
    if (!code && id)
        code = load_acceptances(store, id, out, err);
    if (code)
        cp_history_clear(out);
    return code;
}
