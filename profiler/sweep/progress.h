/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a sweep tells its user while it runs.
 */
#ifndef COLDPROF_PROFILER_SWEEP_PROGRESS_H
#define COLDPROF_PROFILER_SWEEP_PROGRESS_H

#include "profiler/sweep/runner.h"

/* After an answer. `is_cell_done`: it closed its cell. */
void cp_progress_sample(const struct cp_runner *r, const struct cp_sample *sample,
                        bool is_cell_done);
/* Time passed. */
void cp_progress_tick(const struct cp_runner *r);

#endif
