/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which of the evaluated candidates is the answer, and how sure: the rules of optimize.h.
 */
#ifndef COLDPROF_MODEL_CHOICE_H
#define COLDPROF_MODEL_CHOICE_H

#include "model/decide/optimize.h"

/* Sets verdict, chosen, current, cheapest, fastest and the frontier from the candidates. */
void cp_choose(const struct cp_optimize_input *input, struct cp_decision *decision);

#endif
