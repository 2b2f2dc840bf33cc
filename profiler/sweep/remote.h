/* SPDX-License-Identifier: GPL-3.0-or-later
 * Leftovers of sweeps as the account shows them, without a journal: the lock alias of a function,
 * and shadow functions by name and tag.
 */
#ifndef COLDPROF_PROFILER_SWEEP_REMOTE_H
#define COLDPROF_PROFILER_SWEEP_REMOTE_H

#include "profiler/sweep/undo.h"

/* What the lock of `function` says; CP_ENOTFOUND when it has none of ours. */
enum cp_code cp_remote_lock(struct cp_lambda *lambda, const char *function,
                            struct cp_undo_facts *facts, struct cp_error *err);

/* A false return ends the listing. The facts are borrowed. */
typedef bool (*cp_remote_shadow_fn)(void *context, const struct cp_undo_facts *facts);
/* Shadow functions of ours: of `function` (a name or ARN), or of all when NULL. */
enum cp_code cp_remote_shadows(struct cp_lambda *lambda, const char *function,
                               cp_remote_shadow_fn each, void *context, struct cp_error *err);

#endif
