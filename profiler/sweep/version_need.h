/* SPDX-License-Identifier: GPL-3.0-or-later
 * How many versions of each memory size what is left of a plan will ask for.
 */
#ifndef COLDPROF_PROFILER_SWEEP_VERSION_NEED_H
#define COLDPROF_PROFILER_SWEEP_VERSION_NEED_H

#include "profiler/sweep/runner.h"

/* Fills `needs`; returns how many sizes. At most so many: cells that are precise early need fewer.
 */
size_t cp_version_needs(const struct cp_runner *r, struct cp_version_need needs[CP_RUN_SIZES_MAX]);

#endif
