/* SPDX-License-Identifier: GPL-3.0-or-later
 * What one setting saves against another in a month, with an interval of the difference itself.
 *
 * A cost is nearly linear in four uncertain quantities: the mean billed times of cold starts and
 * of warm requests, the cold share and the spillover (enum cp_cost_part). Settings of one memory
 * size share the samples, so those parts are subtracted before they are squared; where the cold
 * share was observed, settings on demand share that too. Parts of different samples, and of two
 * simulations, are taken as independent: their squares add. Two simulations see the same arrivals,
 * which makes their errors alike; not using that errs towards a wider interval. Pure.
 */
#ifndef COLDPROF_MODEL_SAVING_H
#define COLDPROF_MODEL_SAVING_H

#include "model/decide/optimize.h"

/* USD per month of `now` less `then`; NAN when one of them is NULL or has no monthly cost. */
struct cp_interval cp_saving_of(const struct cp_optimize_input *input,
                                const struct cp_candidate *now, const struct cp_candidate *then);

#endif
