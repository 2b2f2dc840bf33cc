/* SPDX-License-Identifier: GPL-3.0-or-later
 * Maximum of a smooth function of a few parameters, such as a log likelihood, and the curvature
 * there; of one parameter, the maximum alone. Derivatives are given, or central differences whose
 * steps are chosen so that the function falls by about 0.001: for a log likelihood a twentieth of a
 * standard error, where neither rounding nor the fourth derivative is felt. No ownership; the
 * function must be pure.
 */
#ifndef COLDPROF_MODEL_STAT_OPTIMUM_H
#define COLDPROF_MODEL_STAT_OPTIMUM_H

#include <stdbool.h>
#include <stddef.h>

#include "model/base/error.h"

enum { CP_OPTIMUM_MAX = 5 }; /* parameters */

struct cp_optimum {
    /* -INFINITY or NAN where x is not allowed */
    double (*value)(const void *context, const double *x);
    /* Gradient and Hessian, both symmetric halves, into zeroed room; NULL: by differences. */
    void (*derivatives)(const void *context, const double *x, double gradient[CP_OPTIMUM_MAX],
                        double hessian[CP_OPTIMUM_MAX][CP_OPTIMUM_MAX]);
    const void *context;
    size_t n; /* parameters, 1 .. CP_OPTIMUM_MAX */
};

/* Golden section: where on [low, high] f is highest, to within `width`, and that value; a peak
 * where f has one, one of them where it has more. Where two values are equal, also -INFINITY twice,
 * the search goes to the right. */
double cp_optimum_section(double (*f)(const void *context, double x), const void *context,
                          double low, double high, double width, double *highest);

/* Nelder & Mead's simplex from x with these first steps, to a ten-thousandth of them: near enough
 * for cp_optimum_polish. CP_ENOMEM, CP_ENUMERIC: x is not allowed, or no convergence. */
enum cp_code cp_optimum_climb(const struct cp_optimum *o, const double *steps, double *x);

/* Newton from a point near the maximum, to the last digits that the function has; then
 * `covariance` = inverse of minus the Hessian, the covariance of a maximum likelihood estimate by
 * its observed information. false, and NAN there, where x is no maximum with a finite curvature in
 * all directions; x is never worse than it was. */
bool cp_optimum_polish(const struct cp_optimum *o, double *x,
                       double covariance[CP_OPTIMUM_MAX][CP_OPTIMUM_MAX]);

#endif
