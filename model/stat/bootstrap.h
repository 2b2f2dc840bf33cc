/* SPDX-License-Identifier: GPL-3.0-or-later
 * Nonparametric bootstrap (Efron 1979) of quantiles, without resampling.
 *
 * A resample of n values takes the indices floor(n U) of n uniform numbers U, and sorting the
 * resample sorts the U. Its type-8 quantile therefore needs only two neighbouring order statistics
 * of n uniforms, which have a closed law: U(j) ~ Beta(j, n - j + 1), and given it U(j+1) is the
 * smallest of n - j uniforms on (U(j), 1). One draw costs O(1) instead of O(n log n), with exactly
 * the law of the resample's quantile.
 */
#ifndef COLDPROF_MODEL_BOOTSTRAP_H
#define COLDPROF_MODEL_BOOTSTRAP_H

#include <stddef.h>

#include "model/base/rng.h"

/* The type-8 quantile of one resample of `sorted` (ascending). NAN for n = 0 or q outside (0, 1).
 * INFINITY when the draw touches a right-censored value. */
double cp_bootstrap_quantile(const double *sorted, size_t n, double q, struct cp_rng *rng);

/* Two-sided percentile interval of replicates (Efron & Tibshirani 1993, ch. 13): type-8 quantiles
 * at (1 - confidence) / 2 and its mirror. Sorts `replicates` in place. NAN when
 * n (1 - confidence) / 2 < 1: at 95 % that is fewer than 40 replicates. */
void cp_bootstrap_interval(double *replicates, size_t n, double confidence, double *low,
                           double *high);

#endif
