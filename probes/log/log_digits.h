/* SPDX-License-Identifier: GPL-3.0-or-later
 * Words and digits in a record of the usual shape, for the straight readers. They advance on
 * success only.
 */
#ifndef COLDPROF_PROBES_LOG_LOG_DIGITS_H
#define COLDPROF_PROBES_LOG_LOG_DIGITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { CP_LOG_DIGITS_MAX = 9 }; /* below 1e9, the parser's largest value of ms */

__attribute__((always_inline)) static inline uint64_t cp_log_differ(const char *a, const char *b,
                                                                    size_t n)
{
    uint64_t x = 0;
    uint64_t y = 0;
    memcpy(&x, a, n);
    memcpy(&y, b, n);
    return x ^ y;
}

/* Bytes against a literal whose length the compiler knows: a few words, no call, no loop. */
__attribute__((always_inline)) static inline bool cp_log_equal(const char *p, const char *literal,
                                                               size_t n)
{
    if (n < 4)
        return memcmp(p, literal, n) == 0;
    if (n < 8)
        return (cp_log_differ(p, literal, 4) | cp_log_differ(p + n - 4, literal + n - 4, 4)) == 0;
    uint64_t differ = cp_log_differ(p, literal, 8) | cp_log_differ(p + n - 8, literal + n - 8, 8);
    if (n > 16)
        differ |= cp_log_differ(p + 8, literal + 8, 8);
    if (n > 24)
        return differ == 0 && memcmp(p + 16, literal + 16, n - 16) == 0;
    return differ == 0;
}

/* `literal` is a string literal. */
#define CP_LOG_SKIP(p, end, literal) cp_log_skip(p, end, literal, sizeof(literal) - 1)
__attribute__((always_inline)) static inline bool cp_log_skip(const char **p, const char *end,
                                                              const char *literal, size_t n)
{
    if ((size_t)(end - *p) < n || !cp_log_equal(*p, literal, n))
        return false;
    *p += n;
    return true;
}

/* LF, CR LF or nothing, and no more. */
static inline bool cp_log_is_line_end(const char *p, const char *end)
{
    (void)CP_LOG_SKIP(&p, end, "\r");
    (void)CP_LOG_SKIP(&p, end, "\n");
    return p == end;
}

/* Up to eight digits at once, without a branch for each: how many there are is anybody's guess. `w`
 * has the first one in its lowest byte. Returns how many, 8 for eight or more. */
static inline unsigned cp_log_digits8(uint64_t w, uint64_t *value)
{
    uint64_t t = w ^ UINT64_C(0x3030303030303030);
    uint64_t others = ((t + UINT64_C(0x0606060606060606)) | t) & UINT64_C(0xf0f0f0f0f0f0f0f0);
    unsigned n = others ? (unsigned)__builtin_ctzll(others) / 8 : 8;
    if (n == 0)
        return 0;
    t <<= 8 * (8 - n); /* zeros in front */
    t = t * 10 + (t >> 8);
    *value = ((t & UINT64_C(0x000000ff000000ff)) * (100 + (UINT64_C(1000000) << 32)) +
              (t >> 16 & UINT64_C(0x000000ff000000ff)) * (1 + (UINT64_C(10000) << 32))) >>
             32;
    return n;
}

/* 1 to 9 digits. */
static inline bool cp_log_digits(const char **p, const char *end, uint64_t *value)
{
    const char *q = *p;
    uint64_t x = 0;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (end - q >= 8) {
        uint64_t w = 0;
        memcpy(&w, q, sizeof(w));
        unsigned n = cp_log_digits8(w, value);
        if (n < 8) {
            *p += n;
            return n > 0;
        }
    }
#endif
    while (q < end && (unsigned char)(*q - '0') < 10 && q - *p <= CP_LOG_DIGITS_MAX)
        x = x * 10 + (unsigned char)(*q++ - '0');
    if (q == *p || q - *p > CP_LOG_DIGITS_MAX)
        return false;
    *p = q;
    *value = x;
    return true;
}

/* "12.34" -> 1234: always two decimals. */
static inline bool cp_log_hundredths(const char **p, const char *end, uint64_t *value)
{
    const char *q = *p;
    uint64_t whole = 0;
    if (!cp_log_digits(&q, end, &whole) || end - q < 3 || q[0] != '.')
        return false;
    unsigned tenths = (unsigned char)(q[1] - '0');
    unsigned hundredths = (unsigned char)(q[2] - '0');
    if (tenths > 9 || hundredths > 9)
        return false;
    *p = q + 3;
    *value = whole * 100 + UINT64_C(10) * tenths + hundredths;
    return true;
}

#endif
