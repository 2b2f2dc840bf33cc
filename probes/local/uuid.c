/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/uuid.h"

#include <inttypes.h>
#include <stdio.h>

void cp_uuid_format(struct cp_rng *rng, char out[CP_UUID_MAX])
{
    uint64_t a = cp_rng_next(rng), b = cp_rng_next(rng);
    /* version 4 in the third group, variant 10 in the fourth */
    (void)snprintf(out, CP_UUID_MAX,
                   "%08" PRIx64 "-%04" PRIx64 "-4%03" PRIx64 "-%04" PRIx64 "-%012" PRIx64, a >> 32,
                   a >> 16 & 0xffff, a & 0xfff, (b >> 48 & 0x3fff) | 0x8000, b & 0xffffffffffff);
}
