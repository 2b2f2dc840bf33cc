/* SPDX-License-Identifier: GPL-3.0-or-later
 * Linear quantile regression: the coefficients that minimise the check loss (Koenker & Bassett,
 * Econometrica 46, 1978)
 *     sum w_i rho_q(y_i - b_0 - b_1 x_i1 - ... - b_k x_ik),   rho_q(u) = u (q - [u < 0]),
 * with an intercept b_0, k = 0 to 4 regressors, weights, and on wish b_j >= 0.
 *
 * Exact. The loss is convex and piecewise linear, so an optimum is at a vertex: as many points lie
 * on the fit as it has coefficients. From vertex to vertex the solver releases the point whose edge
 * falls most steeply and walks that edge to its lowest point, a weighted median (Bloomfield &
 * Steiger 1980; Barrodale & Roberts 1973). Above CP_QUANTILE_REGRESSION_DIRECT rows it first solves
 * a sample (itself so), keeps apart only the rows near that fit, adds the others up by the side on
 * which they surely lie, and checks those sides at the end (Portnoy & Koenker, Statistical Science
 * 12, 1997): the answer is as exact, memory stays far below that of the rows.
 *
 * Not unique optimum: one vertex of it. Coefficients that the rows cannot tell from the others
 * (all x equal) stay 0, and rank says how many could be told. y = +INFINITY is a right-censored
 * value: it lies above any fit and has no part in the loss; when the quantile itself reaches such
 * values: CP_ENODATA. Rows of weight 0 are ignored, whatever their numbers. Smallest valid n: one
 * row more than coefficients; below: CP_ENODATA. Assumptions of the point estimate: none;
 * of the standard errors: independent rows, n well above 30.
 *
 * The columns are borrowed, the result is a plain record.
 */
#ifndef COLDPROF_MODEL_STAT_QUANTILE_REGRESSION_H
#define COLDPROF_MODEL_STAT_QUANTILE_REGRESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "model/base/error.h"
#include "model/stat/parameter.h"

enum {
    CP_REGRESSORS_MAX = 4,
    CP_REGRESSION_COEFFICIENTS_MAX = CP_REGRESSORS_MAX + 1,
    CP_QUANTILE_REGRESSION_DIRECT = 4096, /* rows */
};

struct cp_regression_rows {
    size_t n;
    const double *y;
    const double *x[CP_REGRESSORS_MAX]; /* columns */
    size_t n_regressors;
    const double *weights; /* >= 0; NULL: all 1 */
};

enum cp_regression_errors {
    CP_REGRESSION_ERRORS_NONE,
    /* residuals of one law: sparsity from the residuals nearest to the fit (Koenker 2005, 3.4) */
    CP_REGRESSION_ERRORS_IID,
    /* any law per row: sandwich with densities from fits at q +- h (Hendricks & Koenker 1992) */
    CP_REGRESSION_ERRORS_NID,
};

struct cp_quantile_regression_options {
    double q;                                             /* (0, 1) */
    bool is_non_negative[CP_REGRESSION_COEFFICIENTS_MAX]; /* b_0 first */
    enum cp_regression_errors errors;
};

struct cp_quantile_regression {
    /* CP_OK; CP_EINVAL: q, a number of regressors, a negative weight, a number that is not finite;
     * CP_ENODATA; CP_ENUMERIC: no optimum within the limit of steps; CP_ENOMEM. Numbers are NAN
     * unless CP_OK. */
    enum cp_code status;
    double q;
    size_t n;                                            /* rows of weight > 0 */
    size_t n_coefficients;                               /* 1 + n_regressors */
    double coefficients[CP_REGRESSION_COEFFICIENTS_MAX]; /* b_0 first */
    /* NAN when not asked for or not estimable: a coefficient held at 0, too few rows */
    double standard_errors[CP_REGRESSION_COEFFICIENTS_MAX];
    enum cp_regression_errors errors; /* what the standard errors are */
    double check_loss;                /* of the rows that are not censored */
    size_t n_censored;                /* rows of y = +INFINITY */
    size_t rank;                      /* coefficients that the rows determine */
    size_t n_steps; /* of the solver, from vertex to vertex, all stages together */
};

/* Never fails loudly: the outcome is fit->status. */
void cp_quantile_regression_fit(const struct cp_regression_rows *rows,
                                const struct cp_quantile_regression_options *options,
                                struct cp_quantile_regression *fit);
/* Fills fit->errors and fit->standard_errors of a fit with status CP_OK, as options->errors asks;
 * cp_quantile_regression_fit does it. The weights of rows are taken as importance: the pull of a
 * row varies as w^2. Coefficients that are held at 0 (a bound, or rows that do not determine them)
 * have none. CP_ENODATA: too few rows around the fit; CP_ENUMERIC, CP_ENOMEM. On failure all are
 * NAN. */
enum cp_code cp_quantile_regression_errors(const struct cp_regression_rows *rows,
                                           const struct cp_quantile_regression_options *options,
                                           struct cp_quantile_regression *fit);
/* b_0 + sum b_j x_j; NAN when status is not CP_OK. `x` holds n_coefficients - 1 numbers. */
double cp_quantile_regression_at(const struct cp_quantile_regression *fit, const double *x);

extern const char *const cp_quantile_regression_formula;
/* b0, b1, ... with a normal 95 % interval where there are standard errors; 0 unless CP_OK. */
size_t cp_quantile_regression_parameters(const struct cp_quantile_regression *fit,
                                         struct cp_parameter out[CP_PARAMETERS_MAX]);

#endif
