/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/traffic/traffic_parts.h"

#include "model/base/units.h"

#include <math.h>
#include <string.h>

enum { COLUMNS_MAX = 64, NO_COLUMN = -1 };

/* What a column is, by the name in the header line. */
enum meaning {
    MEANS_TIME,
    MEANS_COUNT,
    MEANS_END,
    MEANS_DURATION,
    MEANS_FUNCTION,
    MEANS_APP,
    N_MEANINGS
};

static const struct {
    const char *name;
    enum meaning meaning;
} column_names[] = {
    {"time", MEANS_TIME},         {"timestamp", MEANS_TIME},
    {"t_s", MEANS_TIME},          {"t", MEANS_TIME},
    {"date", MEANS_TIME},         {"datetime", MEANS_TIME},
    {"minute", MEANS_TIME},       {"arrival", MEANS_TIME},
    {"at", MEANS_TIME},           {"t_ms", MEANS_TIME},
    {"arrived_at", MEANS_TIME},   {"start", MEANS_TIME},
    {"count", MEANS_COUNT},       {"sum", MEANS_COUNT},
    {"invocations", MEANS_COUNT}, {"requests", MEANS_COUNT},
    {"arrivals", MEANS_COUNT},    {"value", MEANS_COUNT},
    {"end_timestamp", MEANS_END}, {"duration", MEANS_DURATION},
    {"func", MEANS_FUNCTION},     {"app", MEANS_APP},
};

struct table {
    int at[N_MEANINGS]; /* column of each meaning, NO_COLUMN */
    bool is_ms;         /* a time column that says so: no guess by size */
    char separator;
    const char *function;
};

/* One field, quotes of CSV taken off. false at the end of the line. */
static bool take_field(struct cp_view *line, char separator, struct cp_view *field)
{
    while (cp_view_skip(line, " "))
        continue;
    if (line->n > 1 && line->p[0] == '"') {
        const char *end = memchr(line->p + 1, '"', line->n - 1);
        if (end) {
            *field = (struct cp_view){line->p + 1, (size_t)(end - line->p) - 1};
            line->n -= (size_t)(end + 1 - line->p);
            line->p = end + 1;
            struct cp_view rest;
            (void)cp_view_split(line, separator, &rest);
            return true;
        }
    }
    if (!cp_view_split(line, separator, field))
        return false;
    *field = cp_view_trim(*field);
    return true;
}

static size_t take_fields(const struct table *t, struct cp_view line,
                          struct cp_view fields[COLUMNS_MAX])
{
    size_t n = 0;
    while (n < COLUMNS_MAX && take_field(&line, t->separator, &fields[n]))
        n++;
    return n;
}

static char separator_of(struct cp_view line)
{
    static const char candidates[] = {',', ';', '\t'};
    for (size_t i = 0; i < sizeof candidates; i++) {
        if (memchr(line.p, candidates[i], line.n))
            return candidates[i];
    }
    return ',';
}

/* Reads the names; false when the line holds data already. */
static bool read_header(struct table *t, struct cp_view line)
{
    struct cp_view fields[COLUMNS_MAX];
    size_t n = take_fields(t, line, fields);
    bool is_header = false;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < sizeof column_names / sizeof column_names[0]; k++) {
            if (!cp_view_is_nocase(fields[i], column_names[k].name))
                continue;
            is_header = true;
            if (t->at[column_names[k].meaning] == NO_COLUMN)
                t->at[column_names[k].meaning] = (int)i;
            t->is_ms = t->is_ms || cp_view_is_nocase(fields[i], "t_ms");
        }
    }
    return is_header;
}

/* Without a header: a time, or a time and a count. A single small number is a count per minute only
 * when a header says so. */
static void guess_columns(struct table *t, struct cp_view line)
{
    struct cp_view fields[COLUMNS_MAX];
    size_t n = take_fields(t, line, fields);
    double number;
    t->at[MEANS_TIME] = 0;
    if (n > 1 && cp_view_to_double(fields[1], &number))
        t->at[MEANS_COUNT] = 1;
}

static bool is_other_function(const struct table *t, const struct cp_view *fields, size_t n)
{
    if (!t->function)
        return false;
    static const enum meaning names[] = {MEANS_FUNCTION, MEANS_APP};
    bool has_name = false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        int at = t->at[names[i]];
        if (at == NO_COLUMN || (size_t)at >= n)
            continue;
        has_name = true;
        if (cp_view_is(fields[at], t->function))
            return false;
    }
    return has_name;
}

static bool number_at(const struct cp_view *fields, size_t n, int at, double *value)
{
    return at != NO_COLUMN && (size_t)at < n && cp_view_to_double(fields[at], value);
}

static bool read_time_of(const struct table *t, const struct cp_view *fields, size_t n,
                         struct cp_traffic_rows *rows, double *at_ms)
{
    double end_s;
    double duration_s;
    if (t->at[MEANS_END] != NO_COLUMN && t->at[MEANS_DURATION] != NO_COLUMN) {
        if (!number_at(fields, n, t->at[MEANS_END], &end_s) ||
            !number_at(fields, n, t->at[MEANS_DURATION], &duration_s) || !(duration_s >= 0))
            return false;
        *at_ms = CP_MS_PER_S * (end_s - duration_s);
        return true;
    }
    int at = t->at[MEANS_TIME];
    if (at == NO_COLUMN) { /* counts alone: a minute each */
        *at_ms = (double)rows->n * CP_MS_PER_MINUTE;
        return true;
    }
    if ((size_t)at >= n)
        return false;
    if (t->is_ms)
        return cp_view_to_double(fields[at], at_ms);
    return cp_traffic_read_time(fields[at], at_ms, &rows->has_date);
}

/* false: the row makes no sense. */
static bool read_row(const struct table *t, struct cp_view line, struct cp_traffic_rows *rows,
                     enum cp_code *code)
{
    struct cp_view fields[COLUMNS_MAX];
    size_t n = take_fields(t, line, fields);
    double at_ms;
    double count = 1;
    if (is_other_function(t, fields, n))
        return true;
    if (!read_time_of(t, fields, n, rows, &at_ms))
        return false;
    if (t->at[MEANS_COUNT] != NO_COLUMN &&
        (!number_at(fields, n, t->at[MEANS_COUNT], &count) || !cp_traffic_is_count(count)))
        return false;
    *code = cp_traffic_add_row(rows, at_ms, count);
    return true;
}

/* Counts alone: each row is the minute after the one before. */
static bool is_clockless(const struct table *t)
{
    return t->at[MEANS_TIME] == NO_COLUMN &&
           (t->at[MEANS_END] == NO_COLUMN || t->at[MEANS_DURATION] == NO_COLUMN);
}

enum cp_code cp_traffic_read_table(struct cp_view text, const char *function, struct cp_demand *t,
                                   struct cp_traffic_rows *rows, bool *is_counts)
{
    struct table table = {.function = function};
    struct cp_view line;
    enum cp_code code = CP_OK;
    for (size_t i = 0; i < N_MEANINGS; i++)
        table.at[i] = NO_COLUMN;
    bool is_first = true;
    for (size_t number = 1; !code && cp_view_split(&text, '\n', &line); number++) {
        line = cp_view_trim(line);
        if (line.n == 0 || line.p[0] == '#')
            continue;
        if (is_first) {
            is_first = false;
            table.separator = separator_of(line);
            if (read_header(&table, line))
                continue;
            guess_columns(&table, line);
        }
        if (read_row(&table, line, rows, &code))
            continue;
        cp_traffic_skip_row(t, number);
        if (is_clockless(&table)) /* its minute has passed all the same */
            code = cp_traffic_add_row(rows, (double)rows->n * CP_MS_PER_MINUTE, 0);
    }
    *is_counts = table.at[MEANS_COUNT] != NO_COLUMN;
    return code;
}
