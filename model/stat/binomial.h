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

/* One-sided upper bound of p, exact: P(X <= k | bound) = 1 - confidence. For k = 0 it is
 * 1 - (1 - confidence)^(1/n), at 95 % about 3/n: the "rule of three". 1 for k = n. NAN where
 * cp_binomial_interval refuses. */
double cp_binomial_upper(size_t k, size_t n, double confidence);

/* Wilson (JASA 22, 1927): the score interval. Right on average over p rather than for every p, and
 * shorter than the exact one: for display, not for claims. k = 0 has low = 0, k = n high = 1.
 * Refuses as cp_binomial_interval does. */
bool cp_binomial_wilson(size_t k, size_t n, double confidence, double *low, double *high);

/* Equal-tailed posterior interval under Jeffreys' prior Beta(1/2, 1/2) (Brown, Cai & DasGupta
 * 2001); low = 0 for k = 0, high = 1 for k = n. Refuses as cp_binomial_interval does, and where n
 * is so large that the incomplete beta function cannot be inverted. */
bool cp_binomial_jeffreys(size_t k, size_t n, double confidence, double *low, double *high);

#endif
