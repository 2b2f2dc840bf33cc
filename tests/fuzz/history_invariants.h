/* SPDX-License-Identifier: GPL-3.0-or-later
 * What holds for the reader of a history's lines on any bytes: refused with a reason, or a night or
 * acceptance that is written and read as itself. Aborts when an invariant is broken.
 */
#ifndef COLDPROF_TESTS_FUZZ_HISTORY_INVARIANTS_H
#define COLDPROF_TESTS_FUZZ_HISTORY_INVARIANTS_H

#include "model/base/view.h"

void night_line_invariants_hold(struct cp_view bytes);

#endif
