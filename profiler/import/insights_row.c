/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/import/insights_row.h"

#include <math.h>
#include <stddef.h>

#include "model/base/units.h"
#include "model/digest/histogram.h"
#include "probes/log/log_origin.h"

enum { MARK_MS = CP_MS_PER_MINUTE / CP_DIGEST_MARKS, MEMORY_MB_MAX = 1 << 20 };
/* An invocation lasts at most 15 minutes, with everything around it well below a day. */
enum { MINUTES_MAX = 24 * 60 };

void cp_insights_found_add(struct cp_insights_found *to, const struct cp_insights_found *more)
{
    to->n += more->n;
    to->n_failed += more->n_failed;
    for (size_t i = 0; i < sizeof to->n_by_start / sizeof to->n_by_start[0]; i++)
        to->n_by_start[i] += more->n_by_start[i];
}

/* --- values --- */

/* A whole number, written as "12", "12.0" or "1.2E1"; -1 when it is absent or none. */
static int64_t whole(const struct cp_logs_row *row, const char *column)
{
    double value = -1;
    if (!cp_view_to_double(cp_logs_row_value(row, column), &value) || !(value >= 0) ||
        value >= 0x1p53 || value != floor(value))
        return -1;
    return (int64_t)value;
}

/* A column of a table of such numbers; all must be there. */
struct column {
    const char *name;
    int64_t *to;
    int64_t most;
};

static enum cp_code take(const struct cp_logs_row *row, const struct column *columns, size_t n,
                         struct cp_error *err)
{
    for (size_t i = 0; i < n; i++) {
        struct cp_view text = cp_logs_row_value(row, columns[i].name);
        *columns[i].to = whole(row, columns[i].name);
        if (*columns[i].to < 0 || *columns[i].to > columns[i].most)
            return cp_fail(err, CP_EFORMAT,
                           "Logs Insights: a row's '%s' is '%.*s', which it cannot be",
                           columns[i].name, text.n < 40 ? (int)text.n : 40, text.p);
    }
    return CP_OK;
}

#define TAKE(row, columns, err) take(row, columns, sizeof(columns) / sizeof(columns)[0], err)

/* --- scope --- */

/* The function's name from the log group, or the stream of a custom group; else as the user says.
 */
static enum cp_code scope_of(const struct cp_insights_rows_target *t, const struct cp_logs_row *row,
                             struct cp_digest_scope **out, struct cp_error *err)
{
    struct cp_digest_name name = {
        .function = cp_log_group_function(cp_view_of(t->group)),
        .version = cp_logs_row_value(row, "cp_version"),
        .architecture = cp_view_of(t->architecture),
    };
    if (!name.function.n)
        name.function = cp_logs_row_value(row, "cp_function");
    if (!name.function.n)
        name.function = cp_view_of(t->function);
    return cp_digest_scope(t->digest, &name, out, err);
}

/* --- bins --- */

static enum cp_start_kind start_of(int64_t number)
{
    /* With init and restore (3) the restore counts, as in the digest of a log. */
    return number >= 2 ? CP_START_SNAPSTART : number == 1 ? CP_START_COLD : CP_START_WARM;
}

static enum cp_outcome outcome_of(int64_t status)
{
    if (status & CP_INSIGHTS_STATUS_MEMORY)
        return CP_OUTCOME_OUT_OF_MEMORY;
    if (status & CP_INSIGHTS_STATUS_TIMEOUT)
        return CP_OUTCOME_TIMEOUT;
    if (status & CP_INSIGHTS_STATUS_INIT)
        return CP_OUTCOME_INIT_FAILED;
    return status ? CP_OUTCOME_ERROR : CP_OUTCOME_MEASURED;
}

struct bin_row {
    int64_t size_mb, start, status, n, total, least, most;
};

static enum cp_code take_bin_row(const struct cp_logs_row *row, struct bin_row *out,
                                 struct cp_error *err)
{
    const struct column columns[] = {
        {"cp_start", &out->start, 3},
        {"cp_status", &out->status, 15},
        {"cp_n", &out->n, INT64_MAX},
        {"cp_total", &out->total, INT64_MAX},
        {"cp_least", &out->least, (int64_t)CP_HISTOGRAM_VALUE_MAX},
        {"cp_most", &out->most, (int64_t)CP_HISTOGRAM_VALUE_MAX},
    };
    out->size_mb = whole(row, "cp_size");
    if (out->size_mb > MEMORY_MB_MAX)
        out->size_mb = -1;
    return TAKE(row, columns, err);
}

/* The bin is the one of its least value, and must be the one of its largest. */
static enum cp_code add_bin(struct cp_histogram *h, const struct bin_row *r, struct cp_error *err)
{
    size_t bin = cp_histogram_bin((uint64_t)r->least);
    enum cp_code code = cp_histogram_add_bin(h, bin, (uint64_t)r->n, (uint64_t)r->total,
                                             (uint64_t)r->least, (uint64_t)r->most);
    if (code == CP_EINVAL)
        return cp_fail(err, CP_EFORMAT,
                       "Logs Insights: a bin holds values from %lld to %lld, which are of several "
                       "bins",
                       (long long)r->least, (long long)r->most);
    return code ? cp_fail(err, code, "no memory for a histogram") : CP_OK;
}

static enum cp_code take_bins(struct cp_insights_rows_target *t, const struct cp_logs_row *row,
                              struct cp_error *err)
{
    struct bin_row r = {0};
    struct cp_digest_scope *scope = NULL;
    struct cp_digest_cell *cell = NULL;
    if (!cp_logs_row_value(row, "cp_bin").n)
        return CP_OK;
    enum cp_code code = take_bin_row(row, &r, err);
    if (!code)
        code = scope_of(t, row, &scope, err);
    if (!code)
        code = cp_digest_cell_for(t->digest, scope, (int)r.size_mb, start_of(r.start),
                                  outcome_of(r.status), &cell, err);
    if (!code)
        code = add_bin(&cell->metrics[cp_insights_kind_info(t->kind)->metric], &r, err);
    if (code || t->kind != CP_INSIGHTS_DURATION)
        return code;
    cell->n += (uint64_t)r.n;
    t->found.n += (uint64_t)r.n;
    t->found.n_failed += r.status ? (uint64_t)r.n : 0;
    t->found.n_by_start[start_of(r.start)] += (uint64_t)r.n;
    return CP_OK;
}

/* --- minutes --- */

struct minute_row {
    int64_t first, last, mark, past, n, lead, tail;
};

/* What the requests of the row do in one minute. */
static struct cp_digest_minute minute_of(const struct minute_row *r, int64_t minute, bool is_cold)
{
    struct cp_digest_minute m = {.minute = minute};
    if (minute == r->first) {
        m.arrivals = (uint32_t)r->n;
        m.cold_arrivals = is_cold ? (uint32_t)r->n : 0;
        m.busy_ms = (uint64_t)r->lead;
    } else {
        m.busy_ms = minute == r->last ? (uint64_t)r->tail : (uint64_t)r->n * CP_MS_PER_MINUTE;
    }
    for (int i = 0; i < CP_DIGEST_MARKS; i++) {
        int64_t mark = minute * CP_DIGEST_MARKS + i;
        m.in_flight[i] = r->mark <= mark && mark < r->past ? (uint32_t)r->n : 0;
    }
    return m;
}

static enum cp_code take_minutes(struct cp_insights_rows_target *t, const struct cp_logs_row *row,
                                 struct cp_error *err)
{
    struct minute_row r = {0};
    struct cp_digest_scope *scope = NULL;
    const int64_t latest = CP_DIGEST_TIME_MAX_MS / CP_MS_PER_MINUTE;
    const struct column columns[] = {
        {"cp_first", &r.first, latest},
        {"cp_last", &r.last, latest},
        {"cp_mark", &r.mark, CP_DIGEST_TIME_MAX_MS / MARK_MS},
        {"cp_past", &r.past, CP_DIGEST_TIME_MAX_MS / MARK_MS},
        {"cp_n", &r.n, UINT32_MAX},
        {"cp_lead", &r.lead, INT64_MAX},
        {"cp_tail", &r.tail, INT64_MAX},
    };
    bool is_cold = cp_insights_kind_info(t->kind)->start != CP_START_WARM;
    if (!cp_logs_row_value(row, "cp_first").n)
        return CP_OK;
    enum cp_code code = TAKE(row, columns, err);
    if (!code && (r.last < r.first || r.last - r.first > MINUTES_MAX))
        code = cp_fail(err, CP_EFORMAT,
                       "Logs Insights: a row's invocations end before they begin, "
                       "or after a day");
    if (!code)
        code = scope_of(t, row, &scope, err);
    for (int64_t minute = r.first; !code && minute <= r.last; minute++) {
        const struct cp_digest_minute m = minute_of(&r, minute, is_cold);
        code = cp_digest_add_minute(t->digest, scope, &m, err);
    }
    return code;
}

/* --- error types --- */

static enum cp_code take_error_type(struct cp_insights_rows_target *t,
                                    const struct cp_logs_row *row, struct cp_error *err)
{
    struct cp_digest_scope *scope = NULL;
    int64_t n = 0;
    const struct column columns[] = {{"cp_n", &n, INT64_MAX}};
    struct cp_view type = cp_logs_row_value(row, "cp_type");
    if (!type.n)
        return CP_OK;
    enum cp_code code = TAKE(row, columns, err);
    if (!code)
        code = scope_of(t, row, &scope, err);
    return code ? code : cp_digest_tally(scope, "error type", type, (uint64_t)n, err);
}

enum cp_code cp_insights_take_row(void *context, const struct cp_logs_row *row,
                                  struct cp_error *err)
{
    static enum cp_code (*const TAKERS[])(struct cp_insights_rows_target * t,
                                          const struct cp_logs_row *row, struct cp_error *err) = {
        [CP_ROWS_BINS] = take_bins,
        [CP_ROWS_MINUTES] = take_minutes,
        [CP_ROWS_ERRORS] = take_error_type,
    };
    struct cp_insights_rows_target *t = context;
    return TAKERS[cp_insights_kind_info(t->kind)->rows](t, row, err);
}
