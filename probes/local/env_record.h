/* SPDX-License-Identifier: GPL-3.0-or-later
 * Platform records of an execution environment, written to its log in order with what the function
 * itself logs.
 */
#ifndef COLDPROF_PROBES_LOCAL_ENV_RECORD_H
#define COLDPROF_PROBES_LOCAL_ENV_RECORD_H

#include "probes/local/env.h"

void cp_env_record_init_start(struct cp_env *env);
void cp_env_record_init_report(struct cp_env *env, const struct cp_record_init *init);
void cp_env_record_restore_start(struct cp_env *env);
void cp_env_record_restore_report(struct cp_env *env, const struct cp_record_init *restore);
/* Of the invocation in it; its log tail begins here. */
void cp_env_record_start(struct cp_env *env);
/* END and REPORT. `status` and `error_type` as in struct cp_record_report. */
void cp_env_record_end(struct cp_env *env, double duration_ms, const char *status,
                       const char *error_type);

#endif
