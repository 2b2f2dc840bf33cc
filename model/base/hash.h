/* SPDX-License-Identifier: GPL-3.0-or-later
 * One 64-bit hash for tables, samples and files: the same for the same bytes on every machine and
 * in every version of coldprof, because digests carry it. Not for secrets: whoever knows it can
 * make collisions.
 *
 * Words of 8 bytes (little-endian; the last two may overlap) go in pairs through a multiplication
 * of 64 x 64 bits whose halves are folded by XOR (the "MUM" construction). Odd constants are the
 * fractions of sqrt(2), sqrt(3), sqrt(5) and sqrt(7).
 */
#ifndef COLDPROF_MODEL_BASE_HASH_H
#define COLDPROF_MODEL_BASE_HASH_H

#include <stdint.h>

#include "model/base/view.h"

uint64_t cp_hash(struct cp_view bytes);
/* Of two numbers; for structs, member by member: h = cp_hash_mix(h, member). */
uint64_t cp_hash_mix(uint64_t a, uint64_t b);

#endif
