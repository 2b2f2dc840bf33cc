/* SPDX-License-Identifier: GPL-3.0-or-later
 * Tail-to-median ratio: p99 / p50 of one sample (TMR; Ustiugov et al., IISWC 2021). It says in one
 * number how far the slow requests are from the usual one, whatever the unit.
 *
 * Point: type-8 quantiles. Interval: [L99 / U50, U99 / L50] from the exact order-statistic
 * intervals of both at (1 + confidence) / 2, which by Bonferroni is never below the confidence,
 * whatever the law; a percentile bootstrap of p99 is too narrow up to n = 1000. Assumption:
 * independent samples of one law of values > 0. Right-censored values (+INFINITY) keep the interval
 * valid; the ratio is INFINITY where p99 is.
 *
 * Smallest valid n at 95 %: upper bound 368, interval 437. Below: CP_ANSWER_TOO_FEW with the n that
 * would do; CP_ANSWER_NONE for an unsorted sample, n = 0 or a median that is not above 0.
 * Pure; nothing is kept.
 */
#ifndef COLDPROF_MODEL_STAT_TAIL_RATIO_H
#define COLDPROF_MODEL_STAT_TAIL_RATIO_H

#include "model/stat/quantile.h"

/* As cp_quantile_estimate; `q` is 0.99, the unit is that of a ratio. */
struct cp_estimate cp_tail_ratio(const double *sorted, size_t n, double confidence);

#endif
