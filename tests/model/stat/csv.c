/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/model/stat/csv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/test.h"

enum { FILE_MAX = 4 << 20 };

void csv_open(struct csv *csv, const char *folder, const char *name)
{
    char path[1024];
    *csv = (struct csv){0};
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file) {
        fail_msg("cannot open '%s'", path);
        return;
    }
    csv->text = malloc(FILE_MAX);
    assert_non_null(csv->text);
    size_t n = fread(csv->text, 1, FILE_MAX, file);
    (void)fclose(file);
    assert_in_range(n, 1, FILE_MAX - 1);
    csv->rest = (struct cp_view){csv->text, n};
    assert_true(cp_view_split(&csv->rest, '\n', &csv->header));
}

void csv_close(struct csv *csv)
{
    free(csv->text);
    *csv = (struct csv){0};
}

bool csv_next(struct csv *csv)
{
    return cp_view_split(&csv->rest, '\n', &csv->row) && csv->row.n > 0;
}

struct cp_view csv_text(const struct csv *csv, const char *column)
{
    struct cp_view names = csv->header;
    struct cp_view fields = csv->row;
    struct cp_view name;
    struct cp_view field = {0};
    while (cp_view_split(&names, ',', &name)) {
        if (!cp_view_split(&fields, ',', &field))
            field = (struct cp_view){"", 0};
        if (cp_view_is(name, column))
            return field;
    }
    fail_msg("no column '%s'", column);
    return field;
}

double csv_number(const struct csv *csv, const char *column)
{
    struct cp_view field = csv_text(csv, column);
    double x = NAN;
    if (!cp_view_is(field, "NA") && !cp_view_to_double(field, &x))
        fail_msg("column '%s': '%.*s' is not a number", column, (int)field.n, field.p);
    return x;
}

size_t csv_size(const struct csv *csv, const char *column)
{
    double x = csv_number(csv, column);
    assert_true(x >= 0);
    return (size_t)x;
}

double *csv_column(const char *folder, const char *name, const char *column, size_t *n)
{
    struct csv csv;
    csv_open(&csv, folder, name);
    double *values = malloc(csv.rest.n * sizeof *values + 1); /* a value takes two bytes or more */
    assert_non_null(values);
    *n = 0;
    while (csv_next(&csv))
        values[(*n)++] = csv_number(&csv, column);
    csv_close(&csv);
    return values;
}
