/* SPDX-License-Identifier: GPL-3.0-or-later
 * What would change a decision: computed thresholds in traffic, budget and utilisation.
 */
#ifndef COLDPROF_MODEL_CHANGER_H
#define COLDPROF_MODEL_CHANGER_H

#include "model/decide/candidate.h"

struct cp_thresholds {
    /* On demand: arrival rate below which cold starts are so frequent that the chosen setting no
     * longer meets the budget. Provisioned: rate above which the same size would meet it on demand.
     * NAN: none within a factor of 1,000. Found by bisection with the simulation, to 2 %. */
    double rate_per_s;
    double rate_cold_share;  /* on demand, at that rate */
    double rate_estimate_ms; /* point estimate there: within the budget when only the proof ends */

    int cheaper;              /* candidate that costs less than the chosen one, -1 none */
    double cheaper_budget_ms; /* and would do from this budget on */

    double tight_budget_ms; /* below it the chosen setting no longer does; NAN: nothing chosen */
    int tight;              /* cheapest candidate that does just below it, -1 none */

    /* Arrival rate from which one provisioned environment of the chosen size costs less than
     * on-demand: a / (1 + a) = break-even utilisation (newsvendor rule, n = 1). NAN: never. */
    double pays_per_s;
};

/* `law` belongs to the chosen candidate; not called when nothing is chosen. */
enum cp_code cp_thresholds_find(const struct cp_candidate_context *context,
                                const struct cp_size_law *law, const struct cp_decision *decision,
                                struct cp_thresholds *out, struct cp_error *err);

#endif
