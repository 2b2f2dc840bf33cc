/* SPDX-License-Identifier: GPL-3.0-or-later
 * What holds for the reader of gzip data on any bytes. Aborts when an invariant is broken.
 */
#ifndef COLDPROF_TESTS_FUZZ_INFLATE_INVARIANTS_H
#define COLDPROF_TESTS_FUZZ_INFLATE_INVARIANTS_H

#include "model/base/view.h"

/* `bytes` whole and in small pieces, into much and into little room: the same bytes come out
 * (before a damage some fewer), and the same is said to be damaged or not. */
void inflate_invariants_hold(struct cp_view bytes);

#endif
