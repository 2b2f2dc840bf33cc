/* SPDX-License-Identifier: GPL-3.0-or-later
 * Numbers in a blob: whole ones as steps of 7 bits a byte, lowest first, others as little-endian
 * doubles. A `take` advances the view; false, and the value without meaning, when the bytes end.
 */
#ifndef COLDPROF_PROFILER_STORE_PACK_H
#define COLDPROF_PROFILER_STORE_PACK_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/buf.h"

enum { CP_PACK_STEP_BYTES_MAX = 8 }; /* so a step is below 2^56 */

void cp_pack_step(struct cp_buf *out, uint64_t step);
void cp_pack_double(struct cp_buf *out, double value);
bool cp_pack_take_step(struct cp_view *bytes, uint64_t *step);
bool cp_pack_take_double(struct cp_view *bytes, double *value);

#endif
