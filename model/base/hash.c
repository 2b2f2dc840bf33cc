/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/base/hash.h"

#include <string.h>

/* floor(2^64 frac(sqrt(p))) for p = 2, 3, 5, 7, made odd */
static const uint64_t ROOT_2 = UINT64_C(0x6a09e667f3bcc909);
static const uint64_t ROOT_3 = UINT64_C(0xbb67ae8584caa73b);
static const uint64_t ROOT_5 = UINT64_C(0x3c6ef372fe94f82b);
static const uint64_t ROOT_7 = UINT64_C(0xa54ff53a5f1d36f1);

__extension__ typedef unsigned __int128 product;

static uint64_t fold(uint64_t a, uint64_t b)
{
    product x = (product)a * b;
    return (uint64_t)x ^ (uint64_t)(x >> 64);
}

uint64_t cp_hash_mix(uint64_t a, uint64_t b)
{
    return fold(a ^ ROOT_2, b ^ ROOT_3 ^ fold(a, ROOT_5));
}

static uint64_t word_at(const char *p)
{
    uint64_t x;
    memcpy(&x, p, sizeof x);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    x = __builtin_bswap64(x);
#endif
    return x;
}

/* Fewer than 8 bytes as one word: no two lengths give the same words, as the length goes in too. */
static uint64_t short_word(struct cp_view bytes)
{
    uint64_t x = 0;
    for (size_t i = 0; i < bytes.n; i++)
        x |= (uint64_t)(unsigned char)bytes.p[i] << (8 * i);
    return x;
}

uint64_t cp_hash(struct cp_view bytes)
{
    uint64_t h = ROOT_5 ^ bytes.n;
    const char *p = bytes.p;
    size_t n = bytes.n;
    if (n < 8)
        return fold(fold(short_word(bytes) ^ ROOT_2, h ^ ROOT_3) ^ ROOT_7, h);
    for (; n > 16; n -= 16, p += 16)
        h = fold(word_at(p) ^ ROOT_2, word_at(p + 8) ^ h);
    h = fold(word_at(bytes.p + bytes.n - 8) ^ ROOT_3, (n > 8 ? word_at(p) : 0) ^ h);
    return fold(h ^ ROOT_7, (uint64_t)bytes.n ^ ROOT_5);
}
