/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a sweep tells its user while it runs.
 */
#ifndef COLDPROF_PROFILER_SWEEP_PROGRESS_H
#define COLDPROF_PROFILER_SWEEP_PROGRESS_H

#include "profiler/sweep/runner.h"

/* Before the first invocation. */
void cp_sweep_tell_plan(const struct cp_runner *r);
/* After an answer. */
void cp_sweep_tell_sample(struct cp_runner *r, const struct cp_sample *sample);
/* Time passed. */
void cp_sweep_tell_tick(struct cp_runner *r);
/* The phase begins or everything has ended: shown at once. */
void cp_sweep_tell_phase(struct cp_runner *r, const char *phase);

#endif
