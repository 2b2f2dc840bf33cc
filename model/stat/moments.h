/* SPDX-License-Identifier: GPL-3.0-or-later
 * Mean, standard deviation and lag-1 autocorrelation of one sample.
 *
 * Definitions as in the NIST StRD univariate sets: sd divides by n - 1, and
 *     r1 = sum (x[i] - mean) (x[i + 1] - mean) / sum (x[i] - mean)^2, in the order given.
 * Two passes with compensated sums (Neumaier, ZAMM 54, 1974; the second pass corrected as in Chan,
 * Golub & LeVeque, Am. Stat. 37(3), 1983): the errors left are those of the values themselves.
 *
 * Smallest valid n: mean 1, sd and r1 2. r1 has no value for a constant sample, and beside the
 * bound 2 / sqrt(n) it says nothing. Durations have long tails: quantiles describe them better.
 */
#ifndef COLDPROF_MODEL_STAT_MOMENTS_H
#define COLDPROF_MODEL_STAT_MOMENTS_H

#include <stddef.h>

#include "model/base/error.h"

struct cp_moments {
    /* CP_OK; CP_ENODATA: n = 0; CP_EINVAL: a NAN or -INFINITY. Numbers are NAN unless CP_OK. */
    enum cp_code status;
    size_t n;
    double mean; /* INFINITY when a value is right-censored (+INFINITY): then sd and r1 are NAN */
    double sd;
    double lag1_autocorrelation;
};

/* `values` in the order they were measured. */
struct cp_moments cp_moments_of(const double *values, size_t n);

#endif
