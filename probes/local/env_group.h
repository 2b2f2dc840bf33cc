/* SPDX-License-Identifier: GPL-3.0-or-later
 * What an execution environment asks of its control group. Without control groups the limits and
 * the freezer do nothing.
 */
#ifndef COLDPROF_PROBES_LOCAL_ENV_GROUP_H
#define COLDPROF_PROBES_LOCAL_ENV_GROUP_H

#include "probes/local/env.h"

/* CPU share of the memory size, or none. */
void cp_env_limit_cpu(struct cp_env *env, bool is_limited);
void cp_env_limit_memory(const struct cp_env *env);
/* Also cancels a freeze that was to come. */
void cp_env_freeze(struct cp_env *env, bool is_frozen);
/* -1: not known. */
int cp_env_max_memory_used_mb(const struct cp_env *env);
bool cp_env_was_oom_killed(const struct cp_env *env);

#endif
