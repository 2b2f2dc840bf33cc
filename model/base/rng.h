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
uint64_t cp_rng_next(struct cp_rng *rng);
double cp_rng_uniform(struct cp_rng *rng);                  /* (0, 1): never 0, never 1 */
uint64_t cp_rng_below(struct cp_rng *rng, uint64_t n);      /* 0..n-1 without bias; 0 for n = 0 */
double cp_rng_exponential(struct cp_rng *rng, double mean); /* inverse transform */
double cp_rng_normal(struct cp_rng *rng);                   /* polar method, mean 0, sd 1 */
/* Gamma law with scale 1, shape >= 1 (Marsaglia & Tsang, ACM TOMS 26, 2000); NAN below 1. */
double cp_rng_gamma(struct cp_rng *rng, double shape);
/* Fisher-Yates shuffle of `n` items of `size` bytes (size <= 64). */
void cp_rng_shuffle(struct cp_rng *rng, void *items, size_t n, size_t size);

#endif
