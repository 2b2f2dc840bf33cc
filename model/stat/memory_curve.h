/* SPDX-License-Identifier: GPL-3.0-or-later
 * Curves f(m) = a + b * (1024 / min(m, cap))^c, a, b >= 0, through points (memory size, value > 0).
 *
 * CPU share grows with memory up to a core count (cap): 1,769 MB is one vCPU, so a single-threaded
 * handler stops improving there. The members, each a special case of the one above it:
 *     exponent  a, b, c    c in [0.2, 2.5]; for p50 with at least 5 sizes below the cap
 *     power     b, c       a = 0
 *     inverse   a, b       c = 1: the default
 *     constant  a          b = 0
 * Fit: weighted least squares of log residuals,
 *     minimise sum w (log value - log f(m))^2,
 * so small and large sizes count alike and AICc scores the very quantity that was minimised.
 *   - inverse: Gauss-Newton; each step is the linear weighted least squares with weights w / f^2
 *     (1 / SE^2 for a relative SE) solved in closed form with an active set for a, b >= 0; the
 *     first step, with f = value, is the plain weighted fit.
 *   - power: a straight line in logarithms, closed form.
 *   - exponent: nonlinear least squares (nls.h) of log a, log b and the logit of c, from five
 *     starts; accepted only with a finite covariance. Refused where c ends at its bounds or a at 0:
 *     then the points do not determine it. A refit starts from the curve it resembles, by
 *     Gauss-Newton of all three, and takes the best bound (a = 0, c = 0.2, c = 2.5) where no inner
 *     point is best.
 *
 * Choice: AICc of the log residuals, n = number of points, k counted with sigma, settles the cap;
 * from 5 sizes up the leave-one-out log error of the inner sizes settles the member, among those
 * that fit all points no worse. Ties go to fewer parameters and to the inverse. A constant only
 * where the best b is 0, or for what is not expected to follow memory (memory_law.h).
 *
 * Assumptions: independent relative errors of variance proportional to 1 / w. Points with weight 0
 * are ignored. Smallest valid n: 3 distinct sizes (no choice: inverse with cap 1769); cap and
 * member are chosen from 5 sizes up. No ownership; only the exponent's first fit allocates.
 */
#ifndef COLDPROF_MODEL_MEMORY_CURVE_H
#define COLDPROF_MODEL_MEMORY_CURVE_H

#include <stdbool.h>
#include <stddef.h>

#include "model/base/error.h"

enum { CP_MEMORY_POINTS_MAX = 64 };

enum cp_memory_law_kind {
    CP_MEMORY_LAW_CONSTANT,
    CP_MEMORY_LAW_INVERSE,
    CP_MEMORY_LAW_POWER,
    CP_MEMORY_LAW_EXPONENT,
};
enum { CP_MEMORY_LAW_KINDS = CP_MEMORY_LAW_EXPONENT + 1 };

struct cp_memory_point {
    double memory_mb; /* > 0 */
    double value;     /* > 0 */
    double weight;    /* >= 0, usually 1 / (relative SE)^2 */
};

struct cp_memory_curve {
    /* CP_OK, CP_ENODATA (fewer than 3 distinct sizes; exponent: fewer than 5 below the cap),
     * CP_EINVAL (a number out of range), CP_ELIMIT (more than CP_MEMORY_POINTS_MAX points),
     * CP_ENUMERIC (no convergence, or c not determined), CP_ENOMEM */
    enum cp_code status;
    enum cp_memory_law_kind kind; /* as asked for, even when the best b is 0 */
    double a, b;                  /* unit of the values; b at 1024 MB; b = 0 for a constant */
    double c;                     /* 1 unless free */
    double cap_mb;                /* INFINITY for none and for a constant that was asked for */
    double log_rss; /* weighted sum of squared log residuals, weights scaled to mean 1 */
    double aicc;    /* k = parameters and sigma; NAN when n <= k + 1 */
};

/* "constant", "inverse", "power", "exponent". */
const char *cp_memory_curve_name(enum cp_memory_law_kind kind);

/* The best curve of this kind with this cap (ignored for a constant, whose a is the weighted
 * geometric mean). Sizes that are all at or above the cap cannot show b: then b = 0. */
struct cp_memory_curve cp_memory_curve_fit(enum cp_memory_law_kind kind,
                                           const struct cp_memory_point *points, size_t n,
                                           double cap_mb);
/* Kind and cap of `like`, and its a, b, c to start from: for values that differ a little. */
struct cp_memory_curve cp_memory_curve_refit(const struct cp_memory_curve *like,
                                             const struct cp_memory_point *points, size_t n);
/* Cap by AICc among 1769, 3538, 5307, 7076, 8845, 10240 and none, as far as the sizes can tell
 * them apart; 1769 stays unless another is better by more than 2, and where AICc is undefined. */
struct cp_memory_curve cp_memory_curve_best_cap(enum cp_memory_law_kind kind,
                                                const struct cp_memory_point *points, size_t n);

struct cp_memory_choice_options {
    bool is_exponent_allowed; /* p50 only */
    double tie_log_error;     /* leave-one-out errors this close are equal; 0: none are */
};
struct cp_memory_choice {
    struct cp_memory_curve curves[CP_MEMORY_LAW_KINDS]; /* candidates, the most trusted first */
    size_t n, chosen;
    double tie_log_error;
};
/* Each kind but the constant with its best cap; from 5 distinct sizes up the one with the smallest
 * leave-one-out error, by a fifth and more than a tie less than that of the inverse, if it fits all
 * points no worse; below, the inverse. Its best b may be 0: then it is a constant.
 * CP_OK or the status of the inverse curve; CP_ENOMEM. */
enum cp_code cp_memory_curve_choose(const struct cp_memory_point *points, size_t n,
                                    const struct cp_memory_choice_options *options,
                                    struct cp_memory_choice *choice);
/* Chooses among the same candidates, refitted to values that differ a little, without the head
 * start of the inverse: for the replicates of a bootstrap, that show what the kind may be. */
struct cp_memory_curve cp_memory_curve_choose_again(const struct cp_memory_choice *choice,
                                                    const struct cp_memory_point *points, size_t n);

double cp_memory_curve_at(const struct cp_memory_curve *curve, double memory_mb);

/* |log(predicted / value)| of the sizes strictly between the smallest and the largest, each
 * predicted from all the others by a curve of the same kind and cap. */
struct cp_memory_left_out {
    double mean, max; /* NAN with fewer than 5 points, or when a fit without one fails */
    double standard;  /* mean of error / (1 / sqrt weight): in standard errors of the points */
};
struct cp_memory_left_out cp_memory_curve_leave_one_out(const struct cp_memory_curve *curve,
                                                        const struct cp_memory_point *points,
                                                        size_t n);

#endif
