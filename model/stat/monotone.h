/* SPDX-License-Identifier: GPL-3.0-or-later
 * A curve through measured memory sizes that assumes nothing but "more memory is never slower":
 * the safe fallback where no law fits, and the yardstick for lack of fit.
 *
 * Definition: the logarithms of the values are made non-increasing in memory by weighted isotonic
 * regression (isotonic.h), and joined linearly in log memory: between two sizes the curve is a
 * power of the memory. Values at one size are merged first, by their weighted geometric mean.
 * There is no value outside the measured sizes.
 *
 * Assumptions: independent relative errors of variance proportional to 1 / weight. Points of weight
 * 0 are ignored. Smallest valid n: 3 distinct sizes, as for every curve over memory; with fewer:
 * CP_ENODATA, only the measured points say anything. Plain record, no ownership.
 */
#ifndef COLDPROF_MODEL_STAT_MONOTONE_H
#define COLDPROF_MODEL_STAT_MONOTONE_H

#include <stddef.h>

#include "model/base/error.h"
#include "model/stat/memory_curve.h"

struct cp_monotone {
    /* CP_OK, CP_ENODATA, CP_EINVAL (a number out of range: as in memory_curve.h), CP_ELIMIT (more
     * than CP_MEMORY_POINTS_MAX points) */
    enum cp_code status;
    size_t n;                                           /* knots: distinct sizes; 0 unless CP_OK */
    struct cp_memory_point knots[CP_MEMORY_POINTS_MAX]; /* ascending memory, value not rising */
    size_t n_steps;      /* different values among them: n when the points were monotone already */
    double max_log_move; /* largest |log(knot / measured)|: how far monotony bent the points */
};

void cp_monotone_fit(const struct cp_memory_point *points, size_t n, struct cp_monotone *out);
/* NAN outside the measured sizes, for NAN, and when status is not CP_OK. */
double cp_monotone_at(const struct cp_monotone *curve, double memory_mb);

#endif
