/* SPDX-License-Identifier: GPL-3.0-or-later
 * Init durations of real Lambda functions (maxday/lambda-perf, 22 nights of August 2026), by
 * series: one runtime, package and architecture, each at four memory sizes with about 210 values.
 */
#ifndef COLDPROF_TESTS_MODEL_STAT_INIT_SAMPLES_H
#define COLDPROF_TESTS_MODEL_STAT_INIT_SAMPLES_H

#include <stddef.h>

enum { INIT_SERIES_MAX = 64, INIT_SIZES_MAX = 4, INIT_VALUES_MAX = 256 };

/* One memory size. Values ascending; nights[i], counted from 0, belongs to values[i]. */
struct init_cell {
    int memory_mb;
    size_t n;
    double values_ms[INIT_VALUES_MAX];
    int nights[INIT_VALUES_MAX];
};

struct init_series {
    char name[64], runtime[32];
    struct init_cell cells[INIT_SIZES_MAX];
    size_t n_cells;
};

/* Fills all[INIT_SERIES_MAX] and returns how many; skips the test where the data is missing. */
size_t init_samples_load(struct init_series *all);

#endif
