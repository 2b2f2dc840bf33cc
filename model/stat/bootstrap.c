/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/bootstrap.h"

#include <math.h>

#include "model/stat/quantile.h"

/* Value that a resample takes from the uniform number u in (0, 1). */
static double value_at(const double *sorted, size_t n, double u)
{
    size_t i = (size_t)(u * (double)n);
    return sorted[i < n ? i : n - 1];
}

double cp_bootstrap_quantile(const double *sorted, size_t n, double q, struct cp_rng *rng)
{
    if (n == 0 || !(q > 0 && q < 1))
        return NAN;
    struct cp_quantile_position at = cp_quantile_position(n, q, 8);
    double below = cp_rng_gamma(rng, (double)at.rank);
    double above = cp_rng_gamma(rng, (double)(n - at.rank + 1));
    double u = below / (below + above);
    double low = value_at(sorted, n, u);
    if (at.weight <= 0)
        return low;
    double step = 1 - pow(cp_rng_uniform(rng), 1 / (double)(n - at.rank));
    double high = value_at(sorted, n, u + (1 - u) * step);
    return low < high ? (1 - at.weight) * low + at.weight * high : low;
}

void cp_bootstrap_interval(double *replicates, size_t n, double confidence, double *low,
                           double *high)
{
    double tail = (1 - confidence) / 2;
    *low = NAN;
    *high = NAN;
    if (!(tail > 0 && tail < 0.5) || (double)n * tail < 1)
        return;
    cp_sort(replicates, n);
    *low = cp_quantile(replicates, n, tail, 8);
    *high = cp_quantile(replicates, n, 1 - tail, 8);
}
