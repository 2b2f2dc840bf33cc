/* SPDX-License-Identifier: GPL-3.0-or-later
 * What holds for the record parsers on any bytes; shared by the fuzz targets and the seeded
 * mutation test. Each function aborts when an invariant is broken.
 */
#ifndef COLDPROF_TESTS_FUZZ_RECORD_INVARIANTS_H
#define COLDPROF_TESTS_FUZZ_RECORD_INVARIANTS_H

#include "model/base/view.h"

/* Reads `bytes` as a stream of records, with and without transport forms: progress is made, views
 * stay inside the input, the record or constants, numbers are absent or in range, counts add up,
 * examples are printable. */
void record_invariants_hold(struct cp_view bytes);

/* The same for cp_log_tail_read, with `bytes` as the base64 text and as what was encoded. */
void log_tail_invariants_hold(struct cp_view bytes);

/* Base64 of `v`, as a C string; free() it. */
char *record_base64(struct cp_view v);

#endif
