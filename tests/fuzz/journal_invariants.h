/* SPDX-License-Identifier: GPL-3.0-or-later
 * What holds for the readers of undo facts on any bytes. Aborts when an invariant is broken.
 */
#ifndef COLDPROF_TESTS_FUZZ_JOURNAL_INVARIANTS_H
#define COLDPROF_TESTS_FUZZ_JOURNAL_INVARIANTS_H

#include "model/base/view.h"

/* `bytes` as a journal, as records whose CRC is right, and as the description of a lock alias. */
void journal_invariants_hold(struct cp_view bytes);

#endif
