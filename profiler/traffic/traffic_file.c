/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/traffic/traffic_parts.h"

#include "model/base/datetime.h"
#include "model/base/number.h"
#include "model/base/units.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define UNIX_MS_FROM 1e11 /* 1973 in ms; as seconds the year 5138 */
#define UNIX_S_FROM  1e8  /* 1973 in s: below it a clock of its own */

enum { FIRST_ROWS = 1024 };

bool cp_traffic_is_count(double count)
{
    return count >= 0 && count <= CP_TRAFFIC_COUNT_MAX;
}

enum cp_code cp_traffic_add_row(struct cp_traffic_rows *rows, double at_ms, double count)
{
    if (rows->n == CP_TRAFFIC_VALUES_MAX)
        return CP_ELIMIT;
    if (rows->n == rows->cap) {
        size_t cap = rows->cap ? 2 * rows->cap : FIRST_ROWS;
        struct cp_traffic_row *grown = realloc(rows->rows, cap * sizeof *grown);
        if (!grown)
            return CP_ENOMEM;
        rows->rows = grown;
        rows->cap = cap;
    }
    rows->rows[rows->n++] = (struct cp_traffic_row){at_ms, count};
    return CP_OK;
}

bool cp_traffic_read_time(struct cp_view text, double *ms, bool *is_date)
{
    int64_t at_ms;
    double number;
    if (cp_view_to_double(text, &number)) {
        if (!(number >= 0))
            return false;
        *ms = number >= UNIX_MS_FROM ? number : CP_MS_PER_S * number;
        *is_date = *is_date || number >= UNIX_S_FROM;
        return true;
    }
    if (!cp_datetime_parse(text, &at_ms))
        return false;
    *ms = (double)at_ms;
    *is_date = true;
    return true;
}

void cp_traffic_skip_row(struct cp_demand *t, size_t line)
{
    if (t->n_skipped++ == 0)
        t->first_skipped = line;
}

static int by_time(const void *a, const void *b)
{
    const struct cp_traffic_row *x = a;
    const struct cp_traffic_row *y = b;
    return (x->at_ms > y->at_ms) - (x->at_ms < y->at_ms);
}

static bool give_values(struct cp_demand *t, size_t n)
{
    t->values = calloc(n, sizeof *t->values);
    t->n = t->values ? n : 0;
    return t->values;
}

static void say(struct cp_demand *t, const char *what)
{
    char requests[CP_NUMBER_MAX];
    char step[CP_UNITS_TEXT_MAX];
    char n[CP_NUMBER_MAX];
    if (t->law.kind == CP_ARRIVALS_COUNTS)
        (void)snprintf(t->words, sizeof t->words, "%s intervals of %s, %s requests",
                       cp_number_exact((double)t->n, n),
                       cp_units_format_duration(t->law.bucket_ms, step),
                       cp_number_exact(round(t->requests), requests));
    else
        (void)snprintf(t->words, sizeof t->words, "%s, %s requests", what,
                       cp_number_exact(round(t->requests), requests));
}

/* The smallest step between two times: what one count stands for. */
static double interval_ms(const struct cp_traffic_rows *rows)
{
    double least = INFINITY;
    for (size_t i = 1; i < rows->n; i++) {
        double step = rows->rows[i].at_ms - rows->rows[i - 1].at_ms;
        least = step > 0 && step < least ? step : least;
    }
    return isinf(least) ? CP_MS_PER_MINUTE : least;
}

static enum cp_code set_counts(struct cp_demand *t, const struct cp_traffic_rows *rows,
                               const char *path, struct cp_error *err)
{
    double step = interval_ms(rows);
    double first = rows->rows[0].at_ms;
    double n = floor((rows->rows[rows->n - 1].at_ms - first) / step) + 1;
    if (n > CP_TRAFFIC_VALUES_MAX)
        return cp_fail(err, CP_ELIMIT,
                       "%s: steps of %g s over %g days are too many intervals; take a shorter time",
                       path, step / CP_MS_PER_S, (n * step) / CP_MS_PER_DAY);
    if (!give_values(t, (size_t)n))
        return cp_fail(err, CP_ENOMEM, "%s: %s", path, cp_code_text(CP_ENOMEM));
    for (size_t i = 0; i < rows->n; i++) {
        t->values[(size_t)floor((rows->rows[i].at_ms - first) / step)] += rows->rows[i].count;
        t->requests += rows->rows[i].count;
    }
    t->span_ms = n * step;
    t->law = (struct cp_arrivals_law){
        .kind = CP_ARRIVALS_COUNTS, .counts = t->values, .n = t->n, .bucket_ms = step};
    say(t, "");
    return CP_OK;
}

static enum cp_code set_times(struct cp_demand *t, const struct cp_traffic_rows *rows,
                              const char *path, struct cp_error *err)
{
    if (!give_values(t, rows->n))
        return cp_fail(err, CP_ENOMEM, "%s: %s", path, cp_code_text(CP_ENOMEM));
    for (size_t i = 0; i < rows->n; i++)
        t->values[i] = rows->rows[i].at_ms - rows->rows[0].at_ms;
    t->requests = (double)t->n;
    t->span_ms = t->values[t->n - 1];
    t->law = (struct cp_arrivals_law){.kind = CP_ARRIVALS_TIMES, .times_ms = t->values, .n = t->n};
    say(t, "recorded arrivals");
    return CP_OK;
}

static enum cp_code set_rows(struct cp_demand *t, struct cp_traffic_rows *rows, bool is_counts,
                             const char *path, struct cp_error *err)
{
    if (rows->n == 0)
        return cp_fail(err, CP_EFORMAT,
                       "%s holds no traffic: give a week (INI), counts per minute or a time per "
                       "request; coldprof help traffic shows each",
                       path);
    qsort(rows->rows, rows->n, sizeof rows->rows[0], by_time);
    t->first_ms = rows->has_date ? rows->rows[0].at_ms : NAN;
    enum cp_code code = is_counts ? set_counts(t, rows, path, err) : set_times(t, rows, path, err);
    if (!code && !(t->requests > 0))
        code = cp_fail(err, CP_EFORMAT, "%s: no request in any interval", path);
    return code;
}

static enum cp_code read_rows(struct cp_view text, const char *path, const char *function,
                              struct cp_demand *t, struct cp_error *err)
{
    struct cp_traffic_rows rows = {0};
    bool is_json = text.n && (text.p[0] == '{' || text.p[0] == '[');
    bool is_counts = true;
    enum cp_code code = is_json ? cp_traffic_read_json(text, path, t, &rows, err)
                                : cp_traffic_read_table(text, function, t, &rows, &is_counts);
    if (code && !is_json)
        code = cp_fail(err, code, "%s: %s", path,
                       code == CP_ELIMIT ? "more than 67,108,864 rows; take a shorter time"
                                         : cp_code_text(code));
    if (!code)
        code = set_rows(t, &rows, is_counts, path, err);
    free(rows.rows);
    return code;
}

enum cp_code cp_traffic_file_read(struct cp_view text, const char *path, const char *function,
                                  struct cp_demand *out, struct cp_error *err)
{
    *out = (struct cp_demand){.first_ms = NAN};
    (void)cp_view_skip(&text, "\xef\xbb\xbf"); /* byte order mark */
    struct cp_view trimmed = cp_view_trim(text);
    enum cp_code code = cp_traffic_is_week(trimmed) ? cp_traffic_read_week(text, path, out, err)
                                                    : read_rows(trimmed, path, function, out, err);
    if (code)
        cp_demand_clear(out);
    return code;
}
