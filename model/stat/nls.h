/* SPDX-License-Identifier: GPL-3.0-or-later
 * Nonlinear least squares: the parameters that minimise
 *     sum w_i (y_i - f_i(parameters))^2
 *
 * Levenberg-Marquardt in the trust region form (More 1978) on gsl_multifit_nlinear: scaled by
 * More's rule, each step by QR, never by normal equations. Several starts may be given; the fit is
 * the best of those that end well. Where none does, all are tried once more with geodesic
 * acceleration (Transtrum & Sethna 2012), which follows narrow curved valleys from far away. A
 * start ends well when GSL reports success, the covariance is finite, and the end is a stationary
 * point by the relative offset (Bates & Watts, Technometrics 23, 1981): what the tangent plane
 * could still take off the residuals is below 1e-4 of the residuals' own scatter. A search that
 * merely stopped moving does not pass.
 *
 * Standard errors: from the tangent plane at the optimum, residual variance rss / (n - p). The
 * weights are 1 / variance up to a constant. Assumptions: independent errors, f smooth. Smallest
 * valid n: p + 1 rows of weight > 0; below: CP_ENODATA. Bounds are the model's business: let it
 * take the logarithm or the logit of what is bounded.
 *
 * Arrays are borrowed, the result is a plain record.
 */
#ifndef COLDPROF_MODEL_STAT_NLS_H
#define COLDPROF_MODEL_STAT_NLS_H

#include <stddef.h>

#include "model/base/error.h"

enum { CP_NLS_PARAMETERS_MAX = 8, CP_NLS_ITERATIONS = 500 };

struct cp_nls_problem {
    size_t n;              /* rows */
    size_t p;              /* parameters, 1 to CP_NLS_PARAMETERS_MAX */
    const double *y;       /* n */
    const double *weights; /* n, >= 0; NULL: all 1 */
    /* Writes f of all rows. Not finite where the parameters make no sense: the search turns back.
     */
    void (*model)(const void *context, const double *parameters, double *fitted);
    /* Writes df_i / dparameter_k to jacobian[i * p + k]; NULL: central differences. */
    void (*jacobian)(const void *context, const double *parameters, double *jacobian);
    const void *context;
};

struct cp_nls {
    /* CP_OK; CP_EINVAL: p, a number that is not finite, a negative weight; CP_ENODATA; CP_ENUMERIC:
     * no start ended well; CP_ENOMEM. Numbers are NAN unless CP_OK. */
    enum cp_code status;
    size_t n, p; /* rows of weight > 0; parameters */
    double parameters[CP_NLS_PARAMETERS_MAX];
    double standard_errors[CP_NLS_PARAMETERS_MAX];
    double covariance[CP_NLS_PARAMETERS_MAX][CP_NLS_PARAMETERS_MAX];
    double rss;          /* weighted */
    double residual_sd;  /* sqrt(rss / (n - p)) */
    double offset;       /* relative offset at the end */
    size_t start;        /* which one led here */
    size_t n_converged;  /* starts that ended well, here or elsewhere */
    size_t n_iterations; /* of the start that led here */
};

/* `starts`: n_starts rows of p numbers. Never fails loudly: the outcome is fit->status. */
void cp_nls_fit(const struct cp_nls_problem *problem, const double *starts, size_t n_starts,
                struct cp_nls *fit);

#endif
