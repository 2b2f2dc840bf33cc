/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/base/rng.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static uint64_t splitmix64(uint64_t *x)
{
    uint64_t z = *x += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

void cp_rng_init(struct cp_rng *rng, uint64_t seed, uint64_t stream)
{
    uint64_t x = stream;
    uint64_t y = seed ^ splitmix64(&x);
    for (size_t i = 0; i < 4; i++)
        rng->s[i] = splitmix64(&y);
}

static uint64_t rotl(uint64_t x, int k)
{
    return x << k | x >> (64 - k);
}

uint64_t cp_rng_next(struct cp_rng *rng)
{
    uint64_t *s = rng->s;
    uint64_t result = rotl(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

double cp_rng_uniform(struct cp_rng *rng)
{
    /* 53 random bits, shifted by half a step: (k + 0.5) / 2^53; 2^53 - 0.5 rounds to 1, so one
     * bit less is used */
    return ((double)(cp_rng_next(rng) >> 12) + 0.5) * 0x1p-52;
}

uint64_t cp_rng_below(struct cp_rng *rng, uint64_t n)
{
    if (n == 0)
        return 0;
    uint64_t reject_below = -n % n; /* 2^64 mod n */
    for (;;) {
        uint64_t x = cp_rng_next(rng);
        if (x >= reject_below)
            return x % n;
    }
}

double cp_rng_exponential(struct cp_rng *rng, double mean)
{
    return -mean * log(cp_rng_uniform(rng));
}

double cp_rng_normal(struct cp_rng *rng)
{
    for (;;) {
        double u = 2 * cp_rng_uniform(rng) - 1;
        double v = 2 * cp_rng_uniform(rng) - 1;
        double r2 = u * u + v * v;
        if (r2 > 0 && r2 < 1)
            return u * sqrt(-2 * log(r2) / r2);
    }
}

double cp_rng_gamma(struct cp_rng *rng, double shape)
{
    if (!(shape >= 1))
        return NAN;
    double d = shape - 1.0 / 3;
    double c = 1 / sqrt(9 * d);
    for (;;) {
        double x = cp_rng_normal(rng);
        double t = 1 + c * x;
        if (t <= 0)
            continue;
        double v = t * t * t;
        double u = cp_rng_uniform(rng);
        /* within the limit below for all shapes, and nearly always enough: no logarithms */
        if (u < 1 - 0.0331 * x * x * x * x)
            return d * v;
        if (log(u) < x * x / 2 + d * (1 - v + log(v)))
            return d * v;
    }
}

void cp_rng_shuffle(struct cp_rng *rng, void *items, size_t n, size_t size)
{
    unsigned char keep[64];
    assert(size <= sizeof keep);
    unsigned char *a = items;
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)cp_rng_below(rng, i);
        if (j == i - 1)
            continue;
        memcpy(keep, a + j * size, size);
        memcpy(a + j * size, a + (i - 1) * size, size);
        memcpy(a + (i - 1) * size, keep, size);
    }
}
