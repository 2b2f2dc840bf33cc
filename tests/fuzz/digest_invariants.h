/* SPDX-License-Identifier: GPL-3.0-or-later
 * What holds for the reader of digest files on any bytes. Aborts when an invariant is broken.
 */
#ifndef COLDPROF_TESTS_FUZZ_DIGEST_INVARIANTS_H
#define COLDPROF_TESTS_FUZZ_DIGEST_INVARIANTS_H

#include "model/base/view.h"

/* `bytes` as a file, and as lines of a digest whose CRC is right: what is read is written in one
 * form only, which is read again to the same. */
void digest_invariants_hold(struct cp_view bytes);

#endif
