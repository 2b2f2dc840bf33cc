/* SPDX-License-Identifier: GPL-3.0-or-later
 * Weighted isotonic regression: the monotone sequence nearest to given values,
 *     minimise sum w_i (value_i - f_i)^2   subject to f_1 <= ... <= f_n (or f_1 >= ... >= f_n).
 *
 * Pool adjacent violators (Ayer et al. 1955; Barlow, Bartholomew, Bremner & Brunk 1972): exact, in
 * O(n). The answer is a step function: blocks of neighbours that share their weighted mean. Given
 * cold shares weighted by their number of probes it is the NPMLE of current-status data.
 *
 * Assumptions: the values are in the order of the variable they must be monotone in. Equal values
 * of that variable must be merged first: they would be allowed to differ. Smallest valid n: 1.
 * No allocation: the caller brings room for n blocks.
 */
#ifndef COLDPROF_MODEL_STAT_ISOTONIC_H
#define COLDPROF_MODEL_STAT_ISOTONIC_H

#include <stddef.h>

enum cp_isotonic_direction { CP_ISOTONIC_NON_DECREASING, CP_ISOTONIC_NON_INCREASING };

struct cp_isotonic_block {
    size_t end;    /* one past its last value; a block starts where the one before ends */
    double weight; /* sum of its weights */
    double value;  /* weighted mean of its values */
};

/* Writes the blocks in order, strictly monotone in value, and returns how many there are: 1 to n.
 * `weights` NULL means equal weights. Returns 0 for n = 0, a value that is not finite, and a weight
 * that is not finite and > 0: drop points of weight 0 first, nothing is known at them. */
size_t cp_isotonic_fit(const double *values, const double *weights, size_t n,
                       enum cp_isotonic_direction direction, struct cp_isotonic_block *blocks);
/* The fitted value of each point: blocks[n_blocks - 1].end numbers. */
void cp_isotonic_expand(const struct cp_isotonic_block *blocks, size_t n_blocks, double *fitted);

#endif
