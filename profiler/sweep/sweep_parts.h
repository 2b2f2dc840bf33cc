/* SPDX-License-Identifier: GPL-3.0-or-later
 * The parts of a sweep (sweep.c) that a pair (pair.c) has, too, in this order. Errors and what is
 * put back as in cp_sweep_run.
 */
#ifndef COLDPROF_PROFILER_SWEEP_SWEEP_PARTS_H
#define COLDPROF_PROFILER_SWEEP_SWEEP_PARTS_H

#include "profiler/sweep/probe_endpoint.h"
#include "profiler/sweep/runner.h"

/* A runner for one run; everything is borrowed. cp_runner_clear, then cp_sweep_settings_clear. */
void cp_sweep_open(struct cp_runner *r, struct cp_lambda *lambda, struct cp_store *store,
                   const struct cp_sweep_hooks *hooks, struct cp_run *run,
                   struct cp_sweep_settings *settings);
/* Reads the function, into r->swept.target; `options` shrink to what is possible there. */
enum cp_code cp_sweep_find(struct cp_runner *r, struct cp_sweep_options *options,
                           struct cp_endpoint_probe *probe, struct cp_error *err);
/* With r->settings made: the facts of the run and the plan, and both are stored. A run that has a
 * function's name already keeps it. */
enum cp_code cp_sweep_prepare(struct cp_runner *r, const struct cp_endpoint_probe *probe,
                              const struct cp_demand *demand, struct cp_error *err);
/* Tells the plan and makes ready what will be invoked. `first` as in cp_swept_begin. */
enum cp_code cp_sweep_begin(struct cp_runner *r, unsigned first, struct cp_error *err);
/* Whatever `code` says: waits for answers, puts the function back and completes the stored run.
 * Returns `code`, or what went wrong in doing that. */
enum cp_code cp_sweep_end(struct cp_runner *r, enum cp_code code, struct cp_error *err);

#endif
