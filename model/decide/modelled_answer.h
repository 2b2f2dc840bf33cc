/* SPDX-License-Identifier: GPL-3.0-or-later
 * Would a memory size that was not measured be the better answer? Asked after a decision, of the
 * sizes between the measured ones (modelled_size.h) with the chosen provisioned concurrency only.
 *
 * One that should cost less than the chosen setting by more than CP_SAVING_MIN, and whose point
 * estimate meets the budget, is added to the candidates as `is_modelled`, and decision->modelled
 * says so and how to measure it. It is never chosen, cheapest, fastest or on the frontier, and
 * never meets the budget: may_meet_budget at most. Pure.
 *
 * A setting by schedule or by target tracking is not asked about, nor a question whose chosen
 * setting is not shown to meet its budget, nor fewer than three usable sizes of one architecture
 * and kind of start.
 */
#ifndef COLDPROF_MODEL_MODELLED_ANSWER_H
#define COLDPROF_MODEL_MODELLED_ANSWER_H

#include "model/decide/optimize.h"

/* CP_OK, also when there is nothing to say; CP_ENOMEM. */
enum cp_code cp_modelled_answer_find(const struct cp_optimize_input *input,
                                     struct cp_decision *decision, struct cp_error *err);

#endif
