/* SPDX-License-Identifier: GPL-3.0-or-later
 * What has been measured per cell while a sweep runs, and when a cell has enough: at each look
 * (60 * 1.5^k usable samples) the exact 95 % intervals of p50 and p95 are compared with the wanted
 * precision. Also: which memory sizes cannot run the function at all. No I/O.
 * Ownership: cp_cells_init / cp_cells_clear.
 */
#ifndef COLDPROF_PROFILER_SWEEP_CELLS_H
#define COLDPROF_PROFILER_SWEEP_CELLS_H

#include "profiler/sweep/plan.h"

struct cp_cell {
    struct cp_cell_result result;
    double *sorted; /* ascending; INFINITY for a timeout */
    size_t n, cap;
    int look; /* next one */
    bool is_closed;
};

struct cp_size_state {
    int memory_size_mb;
    size_t n_measured, n_failed;
    bool cannot_run;
    char note[CP_SAMPLE_NOTE_MAX]; /* why, in words */
};

struct cp_cells_options {
    double precision_p50, precision_p95; /* wanted half-width / estimate; 0: none would do */
    double tail_q;           /* a cell whose limit allows an interval of this quantile is not closed
                                before it has one; NAN: 0.99 */
    size_t cannot_run_after; /* so many failures and no success: the size cannot run */
};

struct cp_cells {
    struct cp_cells_options options;
    struct cp_cell *cells;
    size_t n;
    struct cp_size_state sizes[CP_RUN_SIZES_MAX];
    size_t n_sizes;
};

enum cp_code cp_cells_init(struct cp_cells *cells, const struct cp_plan *plan,
                           const struct cp_sweep_settings *settings,
                           const struct cp_cells_options *options, struct cp_error *err);
void cp_cells_clear(struct cp_cells *cells);

/* Cells that the plan has got since, and how many samples of each are planned now. */
enum cp_code cp_cells_follow(struct cp_cells *cells, const struct cp_plan *plan,
                             struct cp_error *err);

/* Counts an answered sample. `*is_closed`: it was the one that closed its cell. */
enum cp_code cp_cells_add(struct cp_cells *cells, const struct cp_sample *sample, bool *is_closed,
                          struct cp_error *err);

/* Is another sample of this cell wanted? Also true for CP_PLAN_NO_CELL. */
bool cp_cells_is_open(const struct cp_cells *cells, int64_t cell);
const struct cp_size_state *cp_cells_size(const struct cp_cells *cells, int memory_size_mb);
/* Can the function run at none of its sizes? */
bool cp_cells_none_can_run(const struct cp_cells *cells);

/* Why each cell that is still open ended: `rest` when it has samples that were never sent, the
 * sample limit otherwise. */
void cp_cells_finish(struct cp_cells *cells, const struct cp_plan *plan, enum cp_stop_reason rest);

/* Copies the results; `out` has cells->n places. */
void cp_cells_results(const struct cp_cells *cells, struct cp_cell_result *out);

/* Number of usable samples at look k = 0, 1, ...: 60, 90, 135, 203, 304, 456, ... */
size_t cp_cells_look(int k);

#endif
