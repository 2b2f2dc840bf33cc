/* SPDX-License-Identifier: GPL-3.0-or-later
 * The curve f(m) = a + b * 1024 / min(m, cap), a, b >= 0, through points (memory size, value > 0).
 *
 * CPU share grows with memory up to a core count (cap): 1,769 MB is one vCPU, so a single-threaded
 * handler stops improving there. Fit: weighted least squares of log residuals,
 *     minimise sum w (log value - log f(m))^2,
 * by Gauss-Newton. Each step is the linear weighted least squares with weights w / f^2 (1 / SE^2
 * for a relative SE) solved in closed form with an active set for a, b >= 0; the first step, with
 * f = value, is the plain weighted fit. Small and large sizes count alike, and AICc scores the
 * very quantity that was minimised.
 *
 * Assumptions: independent relative errors of variance proportional to 1 / w. Points with weight 0
 * are ignored. Smallest valid n: 3 distinct sizes; cap is chosen from 5 sizes up. No ownership.
 */
#ifndef COLDPROF_MODEL_MEMORY_CURVE_H
#define COLDPROF_MODEL_MEMORY_CURVE_H

#include <stddef.h>

#include "model/base/error.h"

enum { CP_MEMORY_POINTS_MAX = 64 };

struct cp_memory_point {
    double memory_mb; /* > 0 */
    double value;     /* > 0 */
    double weight;    /* >= 0, usually 1 / (relative SE)^2 */
};

struct cp_memory_curve {
    /* CP_OK, CP_ENODATA (fewer than 3 distinct sizes), CP_EINVAL (a number out of range), CP_ELIMIT
     * (more than CP_MEMORY_POINTS_MAX points), CP_ENUMERIC (no convergence) */
    enum cp_code status;
    double a, b;    /* unit of the values; b per 1024 MB; b = 0 for a constant */
    double cap_mb;  /* INFINITY for none and for a constant that was asked for */
    double log_rss; /* weighted sum of squared log residuals, weights scaled to mean 1 */
    double aicc;    /* k = 2 (constant) or 3, counting sigma; NAN when n <= k + 1 */
};

/* b = 0: a is the weighted geometric mean. */
struct cp_memory_curve cp_memory_curve_constant(const struct cp_memory_point *points, size_t n);
/* The given cap. Sizes that are all at or above it cannot show b: then b = 0. */
struct cp_memory_curve cp_memory_curve_capped(const struct cp_memory_point *points, size_t n,
                                              double cap_mb);
/* Cap by AICc among 1769, 3538, 5307, 7076, 8845, 10240 and none, as far as the sizes can tell
 * them apart; 1769 stays unless another is better by more than 2, and where AICc is undefined. */
struct cp_memory_curve cp_memory_curve_best_cap(const struct cp_memory_point *points, size_t n);

double cp_memory_curve_at(const struct cp_memory_curve *curve, double memory_mb);

/* Mean |log(predicted / value)| of the sizes strictly between the smallest and the largest, each
 * predicted from all the others with this cap. NAN with fewer than 5 points. */
double cp_memory_curve_leave_one_out(const struct cp_memory_point *points, size_t n, double cap_mb);

#endif
