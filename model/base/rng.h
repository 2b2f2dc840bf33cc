/* SPDX-License-Identifier: GPL-3.0-or-later
 * Seeded random numbers: xoshiro256** (Blackman & Vigna, "Scrambled linear pseudorandom number
 * generators", ACM TOMS 2021), state filled by splitmix64. Same seed and stream: same numbers on
 * every machine and for any number of threads. Not for secrets.
 */
#ifndef COLDPROF_MODEL_BASE_RNG_H
#define COLDPROF_MODEL_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct cp_rng {
    uint64_t s[4];
};

/* `stream` separates independent users of one seed (replicate number, cell number). */
void cp_rng_init(struct cp_rng *rng, uint64_t seed, uint64_t stream);

static inline uint64_t cp_rng_rotl(uint64_t x, int k)
{
    return x << k | x >> (64 - k);
}

/* In the header, with the next one: simulations spend a fifth of their time here. */
static inline uint64_t cp_rng_next(struct cp_rng *rng)
{
    uint64_t *s = rng->s;
    uint64_t result = cp_rng_rotl(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = cp_rng_rotl(s[3], 45);
    return result;
}

/* (0, 1): never 0, never 1. */
static inline double cp_rng_uniform(struct cp_rng *rng)
{
    /* 53 random bits, shifted by half a step: (k + 0.5) / 2^53; 2^53 - 0.5 rounds to 1, so one
     * bit less is used */
    return ((double)(int64_t)(cp_rng_next(rng) >> 12) + 0.5) * 0x1p-52;
}

uint64_t cp_rng_below(struct cp_rng *rng, uint64_t n); /* 0..n-1 without bias; 0 for n = 0 */

/* Exponential by layers (Marsaglia & Tsang, "The ziggurat method for generating random variables",
 * J. Stat. Softw. 5(8), 2000): 256 layers of equal area cover exp(-x); a uniform point of a layer
 * is below the curve 99 times in 100 without a look at it. Exact, and five times as fast as a
 * logarithm. */
enum { CP_RNG_LAYERS = 256 };
extern const double cp_rng_layer_ends[CP_RNG_LAYERS + 1]; /* layer i is this wide; descending */
/* For a point of that layer which is not below the next layer's end. */
double cp_rng_exponential_edge(struct cp_rng *rng, size_t layer, double at);
static inline double cp_rng_exponential(struct cp_rng *rng, double mean)
{
    uint64_t bits = cp_rng_next(rng);
    size_t layer = bits & (CP_RNG_LAYERS - 1);
    double at = ((double)(int64_t)(bits >> 12) + 0.5) * 0x1p-52 * cp_rng_layer_ends[layer];
    return mean *
           (at < cp_rng_layer_ends[layer + 1] ? at : cp_rng_exponential_edge(rng, layer, at));
}

double cp_rng_normal(struct cp_rng *rng); /* polar method, mean 0, sd 1 */
/* Gamma law with scale 1, shape >= 1 (Marsaglia & Tsang, ACM TOMS 26, 2000); NAN below 1. */
double cp_rng_gamma(struct cp_rng *rng, double shape);
/* Fisher-Yates shuffle of `n` items of `size` bytes (size <= 64). */
void cp_rng_shuffle(struct cp_rng *rng, void *items, size_t n, size_t size);

#endif
