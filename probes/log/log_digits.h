/* SPDX-License-Identifier: GPL-3.0-or-later
 * Digits in a record of the usual shape, for the straight readers. They advance on success only.
 */
#ifndef COLDPROF_PROBES_LOG_LOG_DIGITS_H
#define COLDPROF_PROBES_LOG_LOG_DIGITS_H

#include <stdbool.h>
#include <stdint.h>

enum { CP_LOG_DIGITS_MAX = 9 }; /* below 1e9, the parser's largest value of ms */

/* 1 to 9 digits. */
static inline bool cp_log_digits(const char **p, const char *end, uint64_t *value)
{
    const char *q = *p;
    uint64_t x = 0;
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
