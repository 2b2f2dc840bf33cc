/* SPDX-License-Identifier: GPL-3.0-or-later
 * --dry-run: what a sweep would call, in order, with its parameters, and the permissions that
 * takes. Reads are made, changes and invocations are not. Environment values and code are not
 * shown.
 */
#ifndef COLDPROF_PROFILER_SWEEP_REHEARSAL_H
#define COLDPROF_PROFILER_SWEEP_REHEARSAL_H

#include "profiler/sweep/sweep.h"

/* Appends the text to `out`. Errors and refusals as cp_sweep_run's. At most so many invocations are
 * listed: cells that are precise early end before. */
enum cp_code cp_sweep_rehearse(struct cp_lambda *lambda, const struct cp_sweep_options *options,
                               struct cp_buf *out, struct cp_error *err);

#endif
