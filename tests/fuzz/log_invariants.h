/* SPDX-License-Identifier: GPL-3.0-or-later
 * What holds for the log sink on any bytes; shared by the fuzz target and the seeded mutation test.
 * Each function aborts when an invariant is broken.
 */
#ifndef COLDPROF_TESTS_FUZZ_LOG_INVARIANTS_H
#define COLDPROF_TESTS_FUZZ_LOG_INVARIANTS_H

#include "model/base/view.h"

/* Takes `bytes` as lines: the straight readers say what the parser says or nothing; a sink that
 * reads lines and one that is given each line as an event make the same digest; every line is
 * counted once, in one of the line forms. */
void log_invariants_hold(struct cp_view bytes);

#endif
