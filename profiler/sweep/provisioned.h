/* SPDX-License-Identifier: GPL-3.0-or-later
 * What provisioned concurrency the swept alias or version has. The sweep measures on-demand starts
 * on versions of its own, so this is told, not measured.
 */
#ifndef COLDPROF_PROFILER_SWEEP_PROVISIONED_H
#define COLDPROF_PROFILER_SWEEP_PROVISIONED_H

#include "model/run.h"
#include "probes/aws/lambda.h"
#include "profiler/sweep/sweep.h"
#include "profiler/sweep/sweep_clock.h"

enum { CP_PROVISIONED_TEXT_MAX = sizeof((struct cp_run *)0)->provisioned };

/* One sentence, or "": no qualifier, none there, or it may not be asked. While it is IN_PROGRESS it
 * is waited for, at most 5 min and until hooks->stop_requests says so (`hooks` may be NULL). */
void cp_provisioned_describe(struct cp_lambda *lambda, const struct cp_sweep_clock *clock,
                             const struct cp_sweep_hooks *hooks,
                             const struct cp_function_config *function,
                             char out[CP_PROVISIONED_TEXT_MAX]);

#endif
