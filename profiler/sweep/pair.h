/* SPDX-License-Identifier: GPL-3.0-or-later
 * Two functions measured in turns, so that a drift of the machine or the platform hits both alike:
 * step by step of one plan in the order A B, B A, A B ..., nothing of one in the air while the
 * other is measured. Gives two ordinary runs, stored like those of a sweep.
 */
#ifndef COLDPROF_PROFILER_SWEEP_PAIR_H
#define COLDPROF_PROFILER_SWEEP_PAIR_H

#include "profiler/sweep/sweep.h"

enum { CP_PAIR_BASE, CP_PAIR_NEW, CP_PAIR };

/* `options` is the plan of both; its function is not looked at. Without memory sizes: the own one
 * of the new function. Cold and warm cells only, each to its full number, precise or not;
 * max_invocations is for both together. `runs` as in cp_sweep_run, each with the name that it goes
 * by as `function` (else that of `functions`) and its `target`, which is in front of every warning
 * about it. Errors, hooks and undo as cp_sweep_run; an interrupted pair is not resumed: both runs
 * stay stored, marked interrupted. A size at which one cannot run is measured of the other only.
 * CP_EUNSUPPORTED for another method than CP_METHOD_OWN. */
enum cp_code cp_sweep_pair(struct cp_lambda *lambda, struct cp_store *store,
                           const char *const functions[CP_PAIR],
                           const struct cp_sweep_options *options,
                           const struct cp_sweep_hooks *hooks, struct cp_run runs[CP_PAIR],
                           struct cp_error *err);

#endif
