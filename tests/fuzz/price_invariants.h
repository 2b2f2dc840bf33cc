/* SPDX-License-Identifier: GPL-3.0-or-later
 * What holds for the reader of price files on any bytes: refused with a reason, or written and read
 * again the same. Aborts when an invariant is broken.
 */
#ifndef COLDPROF_TESTS_FUZZ_PRICE_INVARIANTS_H
#define COLDPROF_TESTS_FUZZ_PRICE_INVARIANTS_H

#include "model/base/view.h"

void price_file_invariants_hold(struct cp_view bytes);

#endif
