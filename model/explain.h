/* SPDX-License-Identifier: GPL-3.0-or-later
 * The decision in sentences: what to set, the decisive inequality, money, and what would change the
 * answer. Plain ASCII, numbers with three significant digits, thousands with a comma, money in
 * cents. Every sentence stands in the decision's own storage.
 */
#ifndef COLDPROF_MODEL_EXPLAIN_H
#define COLDPROF_MODEL_EXPLAIN_H

#include "model/changer.h"
#include "model/optimize.h"

enum { CP_EXPLAIN_NUMBER_MAX = 32 };

/* "41.2", "0.0123", "1,240", "44.0"; "-" for NAN. Returns `out`. */
const char *cp_explain_number(double x, char out[CP_EXPLAIN_NUMBER_MAX]);
/* "1,234.50"; four significant digits below a cent: "0.004123"; "-" for NAN. Returns `out`. */
const char *cp_explain_usd(double usd, char out[CP_EXPLAIN_NUMBER_MAX]);

/* Fills sentence, because, money and changers. `thresholds` is NULL when nothing is chosen. */
void cp_explain(const struct cp_optimize_input *input, const struct cp_thresholds *thresholds,
                struct cp_decision *decision);

#endif
