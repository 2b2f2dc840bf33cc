/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/cold_share.h"

#include <math.h>

#include <gsl/gsl_cdf.h>

#include "model/stat/binomial.h"

#define CONFIDENCE 0.95

struct sums {
    double n, n_cold, blocks;
};

static struct sums sums_of(const struct cp_cold_block *blocks, size_t n)
{
    struct sums s = {0};
    for (size_t i = 0; i < n; i++) {
        s.n += blocks[i].n;
        s.n_cold += blocks[i].n_cold;
        s.blocks += blocks[i].n > 0;
    }
    return s;
}

/* Half width of the interval from how much blocks differ from the common share. */
static double half_width(const struct cp_cold_block *blocks, size_t n, const struct sums *s)
{
    double share = s->n_cold / s->n;
    double squares = 0;
    for (size_t i = 0; i < n; i++) {
        double off = blocks[i].n_cold - share * blocks[i].n;
        squares += off * off;
    }
    double se = sqrt(squares * s->blocks / (s->blocks - 1)) / s->n;
    return gsl_cdf_tdist_Pinv((1 + CONFIDENCE) / 2, s->blocks - 1) * se;
}

struct cp_interval cp_cold_share(const struct cp_cold_block *blocks, size_t n)
{
    struct sums s = sums_of(blocks, n);
    if (!(s.n > 0))
        return (struct cp_interval){NAN, NAN, NAN};
    struct cp_interval out = {.value = s.n_cold / s.n, .low = 0, .high = 1};
    if (s.blocks < CP_COLD_BLOCKS_MIN)
        return out;
    double half = half_width(blocks, n, &s);
    if (!cp_binomial_interval((size_t)s.n_cold, (size_t)s.n, CONFIDENCE, &out.low, &out.high))
        return (struct cp_interval){NAN, NAN, NAN};
    out.low = fmax(0, fmin(out.low, out.value - half));
    out.high = fmin(1, fmax(out.high, out.value + half));
    return out;
}
