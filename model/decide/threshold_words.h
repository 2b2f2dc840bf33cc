/* SPDX-License-Identifier: GPL-3.0-or-later
 * A threshold of a decision as a sentence: where, and what is the answer beyond it. What was found
 * by simulation says "about". Pure.
 */
#ifndef COLDPROF_MODEL_THRESHOLD_WORDS_H
#define COLDPROF_MODEL_THRESHOLD_WORDS_H

#include "model/decide/optimize.h"

/* Writes at most CP_SENTENCE_MAX - 1 characters. */
void cp_threshold_words(const struct cp_optimize_input *input, const struct cp_decision *decision,
                        const struct cp_threshold *row, char out[CP_SENTENCE_MAX]);

#endif
