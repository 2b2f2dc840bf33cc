/* SPDX-License-Identifier: GPL-3.0-or-later
 * The decision in sentences: what to set, the decisive inequality, money, and what would change the
 * answer. Plain ASCII, numbers as model/base/number.h writes them. Every sentence stands in the
 * decision's own storage.
 */
#ifndef COLDPROF_MODEL_EXPLAIN_H
#define COLDPROF_MODEL_EXPLAIN_H

#include "model/decide/optimize.h"

/* Fills sentence, because, money, reserved, changers and saving_usd_per_month from the candidates
 * and the thresholds. */
void cp_explain(const struct cp_optimize_input *input, struct cp_decision *decision);

#endif
