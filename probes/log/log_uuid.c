/* SPDX-License-Identifier: GPL-3.0-or-later
 * A UUID's 36 characters to its 16 bytes, eight digits at a time.
 */
#include "probes/log/log_report.h"

#include <string.h>

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* First byte of `p` lowest, on any machine. */
static uint64_t load(const unsigned char *p)
{
    uint64_t x = 0;
    memcpy(&x, p, sizeof(x));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    x = __builtin_bswap64(x);
#endif
    return x;
}

/* The high bit of each byte that is within [low, high]; both below 0x80, `x` without high bits. */
static uint64_t within(uint64_t x, uint64_t low, uint64_t high)
{
    return (x + EACH(0x80) - EACH(1) * low) & (EACH(0x80) + EACH(1) * high - x) & EACH(0x80);
}

/* Eight hexadecimal digits to four bytes; adds to `*bad` what is none. */
static uint32_t hex8(uint64_t x, uint64_t *bad)
{
    uint64_t ascii = x & EACH(0x7f);
    uint64_t lower = ascii | EACH(0x20);
    uint64_t is_digit = within(ascii, '0', '9');
    uint64_t is_letter = within(lower, 'a', 'f');
    *bad |= (x & EACH(0x80)) | ((is_digit | is_letter) ^ EACH(0x80));
    uint64_t nibbles = (x & EACH(0x0f)) + (is_letter >> 7) * 9;
    /* pairs of nibbles, first character high */
    uint64_t bytes = (nibbles << 4 | nibbles >> 8) & UINT64_C(0x00ff00ff00ff00ff);
    bytes = (bytes | bytes >> 8) & UINT64_C(0x0000ffff0000ffff);
    return (uint32_t)(bytes | bytes >> 16);
}

static void store(uint8_t *to, uint32_t bytes)
{
    for (size_t i = 0; i < 4; i++)
        to[i] = (uint8_t)(bytes >> (8 * i));
}

bool cp_log_uuid(struct cp_view text, uint8_t id[16])
{
    const unsigned char *p = (const unsigned char *)text.p;
    if (text.n != CP_LOG_UUID || p[8] != '-' || p[13] != '-' || p[18] != '-' || p[23] != '-')
        return false;
    uint64_t bad = 0;
    /* the groups of four, without their dash */
    uint64_t second = (load(p + 9) & UINT32_MAX) | load(p + 10) >> 32 << 32;
    uint64_t third = (load(p + 19) & UINT32_MAX) | load(p + 20) >> 32 << 32;
    store(id, hex8(load(p), &bad));
    store(id + 4, hex8(second, &bad));
    store(id + 8, hex8(third, &bad));
    store(id + 12, hex8(load(p + 28), &bad));
    return bad == 0;
}
