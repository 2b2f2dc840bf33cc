/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the documents for other tools say alike about a gate. Pure; texts go to the caller's buffer.
 */
#ifndef COLDPROF_REPORTS_GATE_PARTS_H
#define COLDPROF_REPORTS_GATE_PARTS_H

#include "reports/gate.h"

/* What was found, in a word: the verdict of a comparison; of a night its state ("learning",
 * "steady", "suspect", "regressed", "improved"), or "equivalent" where that is known, or
 * "inconclusive" where it was not measured. */
const char *cp_gate_word(const struct cp_gates *gates, const struct cp_gate *gate);
/* All of them in a word: "regression" where the build fails, "suspect", "improvement", "no
 * regression", "learning", "inconclusive" where none could be judged. */
const char *cp_gates_word(const struct cp_gates *gates);
/* An inconclusive metric was not judged, nor one whose history is too short; a night without an
 * alarm was. */
bool cp_gate_is_judged(const struct cp_gates *gates, const struct cp_gate *gate);
/* "orders-api:live/1024MB/init-p95": the same in every night. What a name may not show is visible.
 */
void cp_gate_name(const struct cp_gates *gates, const struct cp_gate *gate, struct cp_buf *out);
/* The shortest text that reads back as `value`; nothing where it is not finite. */
void cp_gate_number(struct cp_buf *out, double value);

#endif
