/* SPDX-License-Identifier: GPL-3.0-or-later
 * The traffic a run was asked about. Its numbers are kept in one blob: whole ones (counts, times in
 * whole ms) as steps, the others as doubles (pack.h).
 */
#include <stdlib.h>

#include "profiler/store/pack.h"
#include "profiler/store/store_db.h"

#include <sqlite3.h>

/* SQLite refuses a value of 10^9 bytes. */
#define VALUES_BYTES_MAX ((size_t)900 * 1000 * 1000)

#define WHOLE_MAX 9007199254740992.0 /* 2^53: doubles beyond are whole by rounding only */

/* Times ascend: their steps are small. Counts are steps already. */
static bool is_stepwise(const struct cp_demand *demand)
{
    return demand->law.kind == CP_ARRIVALS_TIMES;
}

static const double *values_of(const struct cp_demand *demand, size_t *n)
{
    bool is_week = demand->law.kind == CP_ARRIVALS_WEEK;
    *n = is_week ? (size_t)CP_ARRIVALS_HOURS : demand->n;
    return is_week ? demand->week_per_s : demand->values;
}

static bool are_whole(const double *values, size_t n, bool is_ascending)
{
    for (size_t i = 0; i < n; i++) {
        bool is_in_range = values[i] >= 0 && values[i] < WHOLE_MAX;
        if (!is_in_range || (double)(uint64_t)values[i] < values[i])
            return false;
        if (is_ascending && i > 0 && values[i] < values[i - 1])
            return false;
    }
    return true;
}

static void pack(const struct cp_demand *demand, bool is_whole, struct cp_buf *out)
{
    size_t n;
    const double *values = values_of(demand, &n);
    uint64_t before = 0;
    for (size_t i = 0; i < n; i++) {
        if (!is_whole) {
            cp_pack_double(out, values[i]);
            continue;
        }
        uint64_t value = (uint64_t)values[i];
        cp_pack_step(out, value - before);
        before = is_stepwise(demand) ? value : 0;
    }
}

static enum cp_code fail_values(struct cp_error *err)
{
    return cp_fail(err, CP_EFORMAT, "column 'bytes' of table 'demands' holds no valid value");
}

static bool unpack(struct cp_view bytes, bool is_whole, bool is_stepwise, double *values, size_t n)
{
    uint64_t at = 0;
    uint64_t step = 0;
    for (size_t i = 0; i < n; i++) {
        if (is_whole ? !cp_pack_take_step(&bytes, &step) : !cp_pack_take_double(&bytes, &values[i]))
            return false;
        at = is_stepwise ? at + step : step;
        if (is_whole)
            values[i] = (double)at;
    }
    return bytes.n == 0;
}

static enum cp_code bind_demand(struct cp_store *store, const char *run_id,
                                const struct cp_demand *demand, bool is_whole, struct cp_buf *bytes,
                                struct cp_error *err)
{
    size_t n;
    (void)values_of(demand, &n);
    sqlite3_stmt *statement = cp_store_db_get(store, CP_STATEMENT_PUT_DEMAND);
    enum cp_code code = cp_store_db_bind_text(store, statement, 1, cp_view_of(run_id), err);
    if (!code && (sqlite3_bind_int64(statement, 2, (sqlite3_int64)n) != SQLITE_OK ||
                  sqlite3_bind_int(statement, 3, is_whole) != SQLITE_OK ||
                  sqlite3_bind_blob64(statement, 4, cp_buf_view(bytes).p, bytes->n,
                                      SQLITE_STATIC) != SQLITE_OK))
        code = cp_store_db_fail(store, "write to", err);
    if (!code)
        code = cp_store_db_bind_row(store, &cp_demand_columns, statement, 5, demand, err);
    return code ? code : cp_store_db_run(store, statement, "write to", err);
}

enum cp_code cp_store_put_demand(struct cp_store *store, const char *run_id,
                                 const struct cp_demand *demand, struct cp_error *err)
{
    struct cp_buf bytes;
    size_t n;
    const double *values = values_of(demand, &n);
    bool is_whole = are_whole(values, n, is_stepwise(demand));
    cp_buf_init(&bytes, VALUES_BYTES_MAX);
    (void)cp_buf_add(&bytes, "", 0);
    pack(demand, is_whole, &bytes);
    enum cp_code code = cp_buf_check(&bytes, "the traffic of a run", err);
    if (!code)
        code = bind_demand(store, run_id, demand, is_whole, &bytes, err);
    cp_buf_clear(&bytes);
    return code;
}

/* A week's numbers are in the struct; others need room. Each has a byte at least. */
static double *room_for(struct cp_demand *demand, size_t n, size_t n_bytes)
{
    if (demand->law.kind == CP_ARRIVALS_WEEK)
        return n == CP_ARRIVALS_HOURS ? demand->week_per_s : NULL;
    if (n > n_bytes)
        return NULL;
    demand->values = n ? calloc(n, sizeof *demand->values) : NULL;
    demand->n = demand->values ? n : 0;
    return demand->values;
}

static enum cp_code read_values(struct cp_demand *demand, sqlite3_stmt *statement,
                                struct cp_error *err)
{
    size_t n = (size_t)sqlite3_column_int64(statement, 0);
    bool is_whole = sqlite3_column_int(statement, 1) != 0;
    const struct cp_view bytes = {sqlite3_column_blob(statement, 2),
                                  (size_t)sqlite3_column_bytes(statement, 2)};
    if (n) {
        double *values = room_for(demand, n, bytes.n);
        if (!values || !unpack(bytes, is_whole, is_stepwise(demand), values, n))
            return fail_values(err);
    }
    cp_demand_bind(demand);
    return cp_demand_per_s(demand) > 0 ? CP_OK : fail_values(err);
}

enum cp_code cp_store_read_demand(void *context, sqlite3_stmt *statement, struct cp_error *err)
{
    struct cp_run_data *data = context;
    data->demand = calloc(1, sizeof *data->demand);
    if (!data->demand)
        return cp_fail(err, CP_ENOMEM, "no memory for the traffic of run '%s'", data->run.id);
    enum cp_code code = cp_columns_read(&cp_demand_columns, statement, 3, data->demand, err);
    return code ? code : read_values(data->demand, statement, err);
}
