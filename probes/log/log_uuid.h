/* SPDX-License-Identifier: GPL-3.0-or-later
 * A UUID's 36 characters to its 16 bytes, sixteen digits at a time where SSE2 is, else eight. In a
 * header for the hot path.
 */
#ifndef COLDPROF_PROBES_LOG_LOG_UUID_H
#define COLDPROF_PROBES_LOG_LOG_UUID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { CP_LOG_UUID = 36 }; /* characters of a request id */

#if defined(__SSE2__)

static inline __m128i cp_log_load_int(const unsigned char *p)
{
    int x = 0;
    memcpy(&x, p, sizeof(x));
    return _mm_cvtsi32_si128(x);
}

/* Sixteen digits to nibbles; clears bits of `*good` where there is none. */
static inline __m128i cp_log_nibbles(__m128i c, __m128i *good)
{
    __m128i digit = _mm_sub_epi8(c, _mm_set1_epi8('0'));
    __m128i letter = _mm_sub_epi8(_mm_or_si128(c, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
    __m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit);
    __m128i is_letter = _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(5)), letter);
    *good = _mm_and_si128(*good, _mm_or_si128(is_digit, is_letter));
    __m128i value = _mm_add_epi8(letter, _mm_set1_epi8(10));
    return _mm_or_si128(_mm_and_si128(is_digit, digit), _mm_and_si128(is_letter, value));
}

/* Pairs of nibbles to bytes, one in each 16 bits. */
static inline __m128i cp_log_pairs(__m128i n)
{
    __m128i bytes = _mm_or_si128(_mm_slli_epi16(n, 4), _mm_srli_epi16(n, 8));
    return _mm_and_si128(bytes, _mm_set1_epi16(0xff));
}

static inline bool cp_log_uuid_digits(const unsigned char *p, uint8_t id[16])
{
    __m128i good = _mm_set1_epi8(-1);
    __m128i first =
        _mm_unpacklo_epi64(_mm_loadl_epi64((const __m128i *)p),
                           _mm_unpacklo_epi32(cp_log_load_int(p + 9), cp_log_load_int(p + 14)));
    __m128i last =
        _mm_unpacklo_epi64(_mm_unpacklo_epi32(cp_log_load_int(p + 19), cp_log_load_int(p + 24)),
                           _mm_loadl_epi64((const __m128i *)(p + 28)));
    __m128i high = cp_log_pairs(cp_log_nibbles(first, &good));
    __m128i low = cp_log_pairs(cp_log_nibbles(last, &good));
    _mm_storeu_si128((__m128i *)id, _mm_packus_epi16(high, low));
    return _mm_movemask_epi8(good) == 0xffff;
}

#else

#define CP_EACH_BYTE(byte) (UINT64_C(0x0101010101010101) * (byte))

/* First byte of `p` lowest, on any machine. */
static inline uint64_t cp_log_load8(const unsigned char *p)
{
    uint64_t x = 0;
    memcpy(&x, p, sizeof(x));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    x = __builtin_bswap64(x);
#endif
    return x;
}

/* The high bit of each byte that is within [low, high]; both below 0x80, `x` without high bits. */
static inline uint64_t cp_log_bytes_within(uint64_t x, uint64_t low, uint64_t high)
{
    return (x + CP_EACH_BYTE(0x80) - CP_EACH_BYTE(1) * low) &
           (CP_EACH_BYTE(0x80) + CP_EACH_BYTE(1) * high - x) & CP_EACH_BYTE(0x80);
}

/* Eight hexadecimal digits to four bytes; adds to `*bad` what is none. */
static inline uint32_t cp_log_hex8(uint64_t x, uint64_t *bad)
{
    uint64_t ascii = x & CP_EACH_BYTE(0x7f);
    uint64_t lower = ascii | CP_EACH_BYTE(0x20);
    uint64_t is_digit = cp_log_bytes_within(ascii, '0', '9');
    uint64_t is_letter = cp_log_bytes_within(lower, 'a', 'f');
    *bad |= (x & CP_EACH_BYTE(0x80)) | ((is_digit | is_letter) ^ CP_EACH_BYTE(0x80));
    uint64_t nibbles = (x & CP_EACH_BYTE(0x0f)) + (is_letter >> 7) * 9;
    /* pairs of nibbles, first character high */
    uint64_t bytes = (nibbles << 4 | nibbles >> 8) & UINT64_C(0x00ff00ff00ff00ff);
    bytes = (bytes | bytes >> 8) & UINT64_C(0x0000ffff0000ffff);
    return (uint32_t)(bytes | bytes >> 16);
}

static inline void cp_log_store4(uint8_t *to, uint32_t bytes)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    bytes = __builtin_bswap32(bytes);
#endif
    memcpy(to, &bytes, sizeof(bytes));
}

static inline bool cp_log_uuid_digits(const unsigned char *p, uint8_t id[16])
{
    uint64_t bad = 0;
    /* the groups of four, without their dash */
    uint64_t second = (cp_log_load8(p + 9) & UINT32_MAX) | cp_log_load8(p + 10) >> 32 << 32;
    uint64_t third = (cp_log_load8(p + 19) & UINT32_MAX) | cp_log_load8(p + 20) >> 32 << 32;
    cp_log_store4(id, cp_log_hex8(cp_log_load8(p), &bad));
    cp_log_store4(id + 4, cp_log_hex8(second, &bad));
    cp_log_store4(id + 8, cp_log_hex8(third, &bad));
    cp_log_store4(id + 12, cp_log_hex8(cp_log_load8(p + 28), &bad));
    return bad == 0;
}

#endif

/* `text` has CP_LOG_UUID characters; false when they are no UUID. */
static inline bool cp_log_uuid_read(const char *text, uint8_t id[16])
{
    const unsigned char *p = (const unsigned char *)text;
    return p[8] == '-' && p[13] == '-' && p[18] == '-' && p[23] == '-' && cp_log_uuid_digits(p, id);
}

#endif
