/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/store/pack.h"

#include <string.h>

enum { STEP_BITS = 7, STEP_MORE = 0x80, BYTE_BITS = 8 };

void cp_pack_step(struct cp_buf *out, uint64_t step)
{
    for (; step >= STEP_MORE; step >>= STEP_BITS)
        (void)cp_buf_addc(out, (char)(STEP_MORE | (step & (STEP_MORE - 1))));
    (void)cp_buf_addc(out, (char)step);
}

void cp_pack_double(struct cp_buf *out, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    for (size_t i = 0; i < sizeof bits; i++)
        (void)cp_buf_addc(out, (char)(bits >> (BYTE_BITS * i) & 0xff));
}

bool cp_pack_take_step(struct cp_view *bytes, uint64_t *step)
{
    *step = 0;
    for (unsigned i = 0; i < CP_PACK_STEP_BYTES_MAX && bytes->n > 0; i++) {
        unsigned char byte = (unsigned char)bytes->p[0];
        *bytes = (struct cp_view){bytes->p + 1, bytes->n - 1};
        *step |= (uint64_t)(byte & (STEP_MORE - 1)) << STEP_BITS * i;
        if (!(byte & STEP_MORE))
            return true;
    }
    return false;
}

bool cp_pack_take_double(struct cp_view *bytes, double *value)
{
    uint64_t bits = 0;
    if (bytes->n < sizeof bits)
        return false;
    for (size_t i = 0; i < sizeof bits; i++)
        bits |= (uint64_t)(unsigned char)bytes->p[i] << BYTE_BITS * i;
    *bytes = (struct cp_view){bytes->p + sizeof bits, bytes->n - sizeof bits};
    memcpy(value, &bits, sizeof bits);
    return true;
}
