/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/model/stat/init_samples.h"

#include <stdio.h>
#include <string.h>

#include "tests/model/stat/csv.h"
#include "tests/model/stat/reference.h"
#include "tests/test.h"

static struct init_cell *cell_of(struct init_series *s, int memory_mb)
{
    size_t i = 0;
    while (i < s->n_cells && s->cells[i].memory_mb != memory_mb)
        i++;
    if (i == s->n_cells) {
        assert_in_range(i, 0, INIT_SIZES_MAX - 1);
        s->cells[s->n_cells++].memory_mb = memory_mb;
    }
    return &s->cells[i];
}

/* Insertion keeps value and night together and in order. */
static void add_value(struct init_cell *cell, double value, int night)
{
    size_t i = cell->n++;
    assert_in_range(cell->n, 1, INIT_VALUES_MAX);
    for (; i > 0 && cell->values_ms[i - 1] > value; i--) {
        cell->values_ms[i] = cell->values_ms[i - 1];
        cell->nights[i] = cell->nights[i - 1];
    }
    cell->values_ms[i] = value;
    cell->nights[i] = night;
}

/* "2026-08-03" is night 2. */
static int night_of(struct cp_view date)
{
    int64_t day = 0;
    assert_true(cp_view_skip(&date, "2026-08-") && cp_view_to_int64(date, &day));
    assert_in_range(day, 1, 22);
    return (int)day - 1;
}

static void copy(char *out, size_t size, struct cp_view text)
{
    (void)snprintf(out, size, "%.*s", (int)text.n, text.p);
}

size_t init_samples_load(struct init_series *all)
{
    struct csv csv;
    size_t n = 0;
    csv_open(&csv, reference_folder("lambda_perf"), "init_samples.csv");
    memset(all, 0, INIT_SERIES_MAX * sizeof *all);
    while (csv_next(&csv)) {
        char name[64];
        struct cp_view runtime = csv_text(&csv, "runtime");
        struct cp_view package = csv_text(&csv, "package");
        struct cp_view arch = csv_text(&csv, "arch");
        (void)snprintf(name, sizeof name, "%.*s %.*s %.*s", (int)runtime.n, runtime.p,
                       (int)package.n, package.p, (int)arch.n, arch.p);
        if (n == 0 || strcmp(all[n - 1].name, name) != 0) {
            assert_in_range(n, 0, INIT_SERIES_MAX - 1);
            memcpy(all[n].name, name, sizeof name);
            copy(all[n++].runtime, sizeof all->runtime, runtime);
        }
        add_value(cell_of(&all[n - 1], (int)csv_size(&csv, "memory_mb")),
                  csv_number(&csv, "init_ms"), night_of(csv_text(&csv, "date")));
    }
    csv_close(&csv);
    return n;
}
