/* SPDX-License-Identifier: GPL-3.0-or-later
 * What would change a decision: the thresholds of threshold.h, found one input at a time.
 *
 *   budget, price, discount  exact, from the bounds and the bills of the candidates (what_if.h)
 *   traffic, idle lifetime   by bisection with simulations (rival.h), to 2 %, or 5 % of traffic
 *                            that goes by the clock; at most 67 worlds, with at most four sizes in
 *                            each, together no more work than the decision
 *   utilization              closed form
 *
 * The same seed gives the same thresholds.
 */
#ifndef COLDPROF_MODEL_CHANGER_H
#define COLDPROF_MODEL_CHANGER_H

#include "model/decide/candidate.h"

/* Fills decision->thresholds, nearest first, and break_even_utilization as of the tier that the
 * month's traffic pays. `laws` are of the input's sizes. CP_ENOMEM, and what simulations return. */
enum cp_code cp_changer_find(const struct cp_candidate_context *context,
                             const struct cp_size_law *laws, struct cp_decision *decision,
                             struct cp_error *err);

#endif
