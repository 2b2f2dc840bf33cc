/* SPDX-License-Identifier: GPL-3.0-or-later
 * Journals of sweeps that were not undone.
 */
#ifndef COLDPROF_PROFILER_SWEEP_LEFTOVER_H
#define COLDPROF_PROFILER_SWEEP_LEFTOVER_H

#include "profiler/sweep/undo_facts.h"

/* One open journal that nobody holds; `code` and `err` when it cannot be used. Borrowed. */
struct cp_leftover {
    const char *name; /* of its file */
    enum cp_code code;
    const struct cp_error *err;
    const struct cp_undo_facts *facts; /* when code is CP_OK */
};
/* A false return ends the listing. */
typedef bool (*cp_leftover_fn)(void *context, const struct cp_leftover *leftover);

/* Journals in `folder` whose run is not alive and which are not ended. */
enum cp_code cp_leftover_list(const char *folder, cp_leftover_fn each, void *context,
                              struct cp_error *err);

/* Removes journals that hold nothing to undo: from a crash before their first record, or ended. */
enum cp_code cp_leftover_tidy(const char *folder, struct cp_error *err);

/* CP_EBUSY when there is one of this function (ARN, qualifier ignored): names run and command. */
enum cp_code cp_leftover_check(const char *folder, const char *function_arn, struct cp_error *err);

#endif
