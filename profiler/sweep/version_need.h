/* SPDX-License-Identifier: GPL-3.0-or-later
 * How many versions of each memory size what is left of a plan will ask for.
 */
#ifndef COLDPROF_PROFILER_SWEEP_VERSION_NEED_H
#define COLDPROF_PROFILER_SWEEP_VERSION_NEED_H

#include "profiler/sweep/runner.h"

/* Fills `needs`; returns how many sizes. At most so many: cells that are precise early need fewer.
 */
size_t cp_version_needs(const struct cp_runner *r, struct cp_version_need needs[CP_RUN_SIZES_MAX]);

/* What `n_versions` of the function that are there at once take of the account's code storage, in
 * words: "24 versions of 1.5 MB: 0.04 GB of the account's 75 GB". True: worth a warning. */
enum { CP_STORAGE_TEXT_MAX = 160 };
bool cp_version_storage(size_t n_versions, int64_t code_size, char out[CP_STORAGE_TEXT_MAX]);

#endif
