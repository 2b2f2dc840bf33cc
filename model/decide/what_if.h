/* SPDX-License-Identifier: GPL-3.0-or-later
 * The decision once more with another budget or other prices, from the candidates it already has:
 * their latency and their bills stay, so that no simulation is needed and the answer is exact.
 * Ownership: borrows the question and the decision; cp_what_if_clear frees its copy.
 */
#ifndef COLDPROF_MODEL_WHAT_IF_H
#define COLDPROF_MODEL_WHAT_IF_H

#include "model/decide/optimize.h"

struct cp_what_if {
    const struct cp_optimize_input *input;
    const struct cp_decision *decision;
    struct cp_decision *copy;
};
enum cp_code cp_what_if_init(struct cp_what_if *w, const struct cp_optimize_input *input,
                             const struct cp_decision *decision);
void cp_what_if_clear(struct cp_what_if *w);

/* The setting that is shown to meet the budget and would be recommended; -1 none. */
int cp_what_if_shown(const struct cp_decision *decision);
/* The same at another budget: index of a candidate of the decision. */
int cp_what_if_budget(struct cp_what_if *w, double budget_ms);
/* The same with these lines of every bill times `factor`; lines are bits, 1 << enum cp_bill_line.
 * The interval of each cost is as much wider as its lines that are not known exactly. */
int cp_what_if_prices(struct cp_what_if *w, unsigned lines, double factor);

/* Nearest budget beyond which another answer is shown, above or below the present one: it holds
 * from the value on (above), or below it. NAN: none. */
double cp_what_if_budget_flip(struct cp_what_if *w, bool is_above, int *to);
/* Nearest factor towards `limit` (above or below 1) at which another answer is shown, to 1e-6.
 * Steps of 2 % are looked at: an answer that holds for less is passed over. NAN: none. */
double cp_what_if_price_flip(struct cp_what_if *w, unsigned lines, double limit, int *to);

#endif
