/* SPDX-License-Identifier: GPL-3.0-or-later
 * What one setting costs: what a month of it uses, from the simulation, and the bill of that.
 * Pure.
 */
#ifndef COLDPROF_MODEL_CANDIDATE_COST_H
#define COLDPROF_MODEL_CANDIDATE_COST_H

#include "model/decide/candidate.h"

/* Sets bill, usd_per_month, usd_per_million and fixed_usd_per_month of a candidate whose mode and
 * numbers are set. Lines whose price is not known are left out of the sums (bill.h).
 *
 * `pool` NULL, without traffic: usd_per_million is that of warm invocations at list price, since
 * how many are cold is not known, and what is kept ready is in fixed_usd_per_month alone. */
void cp_candidate_set_cost(const struct cp_optimize_input *input, const struct cp_size_law *law,
                           const struct cp_pool_result *pool, struct cp_candidate *c);

#endif
