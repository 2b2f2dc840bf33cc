/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which functions a sweep must not or cannot measure, and why: one table. Pure: looks at the
 * configuration only, asks nobody. What behaves differently from its configuration is found while
 * it runs (runner.h).
 */
#ifndef COLDPROF_PROFILER_SWEEP_REFUSE_H
#define COLDPROF_PROFILER_SWEEP_REFUSE_H

#include <stdbool.h>

#include "probes/aws/lambda.h"

/* CP_EUNSUPPORTED with the reason and, where there is one, the way out. `function` is the name to
 * show. `is_copied`: a shadow function would be made from it, which rules out some more. A function
 * that is still being created or updated (Pending, InProgress) is refused too: wait for it first.
 */
enum cp_code cp_refuse_function(const struct cp_function_config *f, const char *function,
                                bool is_copied, struct cp_error *err);

/* Measured, but not as the user may expect: the i-th sentence about it; NULL after the last. */
const char *cp_function_caveat(const struct cp_function_config *f, size_t i);

/* Its published versions restore a snapshot instead of running init. */
bool cp_function_is_snap_start(const struct cp_function_config *f);

/* "on-demand" or "snap-start": what a fresh environment of a version of ours does. */
const char *cp_function_initialization(const struct cp_function_config *f);

#endif
