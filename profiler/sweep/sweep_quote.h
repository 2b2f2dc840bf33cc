/* SPDX-License-Identifier: GPL-3.0-or-later
 * The quote of a sweep, made from its plan before anything is changed or invoked, and whether it is
 * accepted.
 */
#ifndef COLDPROF_PROFILER_SWEEP_SWEEP_QUOTE_H
#define COLDPROF_PROFILER_SWEEP_SWEEP_QUOTE_H

#include "profiler/sweep/runner.h"

/* Are invocations of the function with this ARN billed? Those of an account that cannot exist are
 * not: 000000000000 of the embedded service and of LocalStack, 123456789012 of the documentation
 * and of moto. An endpoint that names no account bills nothing either: AWS always names one. */
bool cp_sweep_is_billed(const char *function_arn);

/* For a billed run: sets r->spend, r->run->quoted_usd and quoted_max_usd, and asks hooks->confirm.
 * What is not billed is not asked about. CP_ENOTFOUND: no prices for the Region or architecture;
 * CP_EINVAL: the limit does not even allow one invocation; what `confirm` returned. */
enum cp_code cp_sweep_ask(struct cp_runner *r, struct cp_error *err);

#endif
