/* SPDX-License-Identifier: GPL-3.0-or-later
 * The binomial law, for order-statistic intervals and for shares such as a cold-start share.
 *
 * Probabilities are summed from unnormalised weights w(mode) = 1 with the ratio
 * w(k+1)/w(k) = (n-k)/(k+1) p/(1-p), outwards until a weight is below 1e-30, and divided by their
 * sum. That is O(sqrt(n p (1-p))) multiplications, no logarithm, no iteration that can fail, and
 * about 12 correct digits at n = 10^6, where the continued fraction of gsl_cdf_beta_P and the
 * search of gsl_cdf_beta_Pinv give up. Pure functions, no ownership.
 */
#ifndef COLDPROF_MODEL_BINOMIAL_H
#define COLDPROF_MODEL_BINOMIAL_H

#include <stdbool.h>
#include <stddef.h>

/* P(X <= k), X ~ Bin(n, p). Meant for probabilities down to about 1e-25. NAN unless 0 <= p <= 1. */
double cp_binomial_cdf(size_t k, size_t n, double p);

/* Smallest k with P(X <= k) >= target, with the rounding slack of 64 epsilon that R's qbinom also
 * grants. Needs 0 < p < 1 and 0 < target < 1; otherwise 0. */
size_t cp_binomial_quantile(double target, size_t n, double p);

/* Clopper & Pearson (Biometrika 26, 1934): exact two-sided interval of p from k successes of n.
 * Never below the confidence asked for, whatever p is. Assumes independent trials. false (and NAN)
 * when n = 0, k > n or confidence is not in (0, 1). k = 0 and k = n have closed forms:
 * [0, 1 - t^(1/n)] and [t^(1/n), 1] with t = (1 - confidence) / 2. */
bool cp_binomial_interval(size_t k, size_t n, double confidence, double *low, double *high);

#endif
