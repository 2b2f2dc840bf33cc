/* SPDX-License-Identifier: GPL-3.0-or-later
 * What holds for the reader of traffic files on any bytes: refused with a reason, or arrivals that
 * a simulation can use. Aborts when an invariant is broken.
 */
#ifndef COLDPROF_TESTS_FUZZ_TRAFFIC_INVARIANTS_H
#define COLDPROF_TESTS_FUZZ_TRAFFIC_INVARIANTS_H

#include "model/base/view.h"

void traffic_invariants_hold(struct cp_view bytes);

#endif
