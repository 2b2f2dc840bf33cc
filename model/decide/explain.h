/* SPDX-License-Identifier: GPL-3.0-or-later
 * The decision in sentences: what to set, the decisive inequality, money, and what would change the
 * answer. Plain ASCII, numbers as model/base/number.h writes them. Every sentence stands in the
 * decision's own storage.
 */
#ifndef COLDPROF_MODEL_EXPLAIN_H
#define COLDPROF_MODEL_EXPLAIN_H

#include "model/decide/changer.h"
#include "model/decide/optimize.h"

/* Fills sentence, because, money and changers. `thresholds` is NULL when nothing is chosen. */
void cp_explain(const struct cp_optimize_input *input, const struct cp_thresholds *thresholds,
                struct cp_decision *decision);

#endif
