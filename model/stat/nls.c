/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/nls.h"

#include <gsl/gsl_blas.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum { P_MAX = CP_NLS_PARAMETERS_MAX, N_METHODS = 2 };

static const double step_tolerance = 1e-13;
/* GSL compares the gradient with the larger of the cost and 1, which is no measure for residuals
 * far below 1: leave the decision to the steps and to the offset. */
static const double gradient_tolerance = 1e-30;
static const double offset_limit = 1e-4;
/* Residuals this small against y are rounding: nothing can be said to be left of them. */
static const double exact_fit = 1e-13;
/* Stands for a residual that is not finite: far above any other, and its square is finite. */
static const double no_value = 1e100;

static double weight_of(const struct cp_nls_problem *problem, size_t i)
{
    return problem->weights ? problem->weights[i] : 1;
}

/* What GSL's callbacks get. */
struct engine {
    const struct cp_nls_problem *problem;
    double *fitted; /* n: GSL's differences want residuals in columns, the model writes a row */
};

static void copy_parameters(const gsl_vector *from, double *to)
{
    for (size_t k = 0; k < from->size; k++)
        to[k] = gsl_vector_get(from, k);
}

/* GSL asks for f(x) - y and its derivatives, and applies the square roots of the weights itself. */
static int residuals(const gsl_vector *parameters, void *context, gsl_vector *out)
{
    const struct engine *engine = context;
    const struct cp_nls_problem *problem = engine->problem;
    double p[P_MAX];
    copy_parameters(parameters, p);
    problem->model(problem->context, p, engine->fitted);
    for (size_t i = 0; i < problem->n; i++) {
        double r = weight_of(problem, i) > 0 ? engine->fitted[i] - problem->y[i] : 0;
        gsl_vector_set(out, i, isfinite(r) ? r : no_value);
    }
    return GSL_SUCCESS;
}

static int derivatives(const gsl_vector *parameters, void *context, gsl_matrix *out)
{
    const struct engine *engine = context;
    const struct cp_nls_problem *problem = engine->problem;
    double p[P_MAX];
    copy_parameters(parameters, p);
    problem->jacobian(problem->context, p, out->data);
    for (size_t i = 0; i < problem->n; i++) {
        for (size_t k = 0; k < problem->p; k++) {
            double *d = gsl_matrix_ptr(out, i, k);
            *d = weight_of(problem, i) > 0 ? *d : 0;
            if (!isfinite(*d))
                return GSL_EBADFUNC;
        }
    }
    return GSL_SUCCESS;
}

static enum cp_code check(const struct cp_nls_problem *problem, struct cp_nls *fit)
{
    if (problem->p < 1 || problem->p > P_MAX)
        return CP_EINVAL;
    for (size_t i = 0; i < problem->n; i++) {
        double w = weight_of(problem, i);
        if (!(w >= 0 && isfinite(w)) || (w > 0 && !isfinite(problem->y[i])))
            return CP_EINVAL;
        fit->n += w > 0;
    }
    return fit->n > problem->p ? CP_OK : CP_ENODATA;
}

static double weighted_square(const struct cp_nls_problem *problem)
{
    double sum = 0;
    for (size_t i = 0; i < problem->n; i++) {
        if (weight_of(problem, i) > 0)
            sum += weight_of(problem, i) * problem->y[i] * problem->y[i];
    }
    return sum;
}

/* sqrt(|part of the residuals in the tangent plane|^2 / p) over the residual sd. With C the inverse
 * of J'J and g = J'r that part's square is g'Cg. */
static double relative_offset(gsl_multifit_nlinear_workspace *work, const gsl_matrix *inverse,
                              double residual_sd)
{
    double gradient_data[P_MAX];
    double product_data[P_MAX];
    double square = 0;
    const gsl_matrix *jacobian = gsl_multifit_nlinear_jac(work);
    size_t p = jacobian->size2;
    gsl_vector_view gradient = gsl_vector_view_array(gradient_data, p);
    gsl_vector_view product = gsl_vector_view_array(product_data, p);
    (void)gsl_blas_dgemv(CblasTrans, 1, jacobian, gsl_multifit_nlinear_residual(work), 0,
                         &gradient.vector);
    (void)gsl_blas_dgemv(CblasNoTrans, 1, inverse, &gradient.vector, 0, &product.vector);
    (void)gsl_blas_ddot(&gradient.vector, &product.vector, &square);
    return sqrt(fmax(square, 0) / (double)p) / residual_sd;
}

/* The end of a search as a fit, or CP_ENUMERIC. */
static enum cp_code accept(const struct cp_nls_problem *problem,
                           gsl_multifit_nlinear_workspace *work, struct cp_nls *end)
{
    double inverse_data[P_MAX * P_MAX];
    gsl_matrix_view inverse = gsl_matrix_view_array(inverse_data, problem->p, problem->p);
    (void)gsl_blas_ddot(gsl_multifit_nlinear_residual(work), gsl_multifit_nlinear_residual(work),
                        &end->rss);
    /* epsrel 0: a singular J is no fit, and shows as zeros on the diagonal */
    if (gsl_multifit_nlinear_covar(gsl_multifit_nlinear_jac(work), 0, &inverse.matrix) ||
        !isfinite(end->rss))
        return CP_ENUMERIC;
    double variance = end->rss / (double)(end->n - problem->p);
    end->residual_sd = sqrt(variance);
    end->offset = relative_offset(work, &inverse.matrix, end->residual_sd);
    bool is_exact = end->rss <= exact_fit * exact_fit * weighted_square(problem);
    if (!is_exact && !(end->offset <= offset_limit))
        return CP_ENUMERIC;
    for (size_t j = 0; j < problem->p; j++) {
        double diagonal = gsl_matrix_get(&inverse.matrix, j, j);
        if (!(diagonal > 0 && isfinite(diagonal)))
            return CP_ENUMERIC;
        for (size_t k = 0; k < problem->p; k++)
            end->covariance[j][k] = variance * gsl_matrix_get(&inverse.matrix, j, k);
        end->parameters[j] = gsl_vector_get(gsl_multifit_nlinear_position(work), j);
        end->standard_errors[j] = sqrt(end->covariance[j][j]);
    }
    return CP_OK;
}

static bool is_usable_start(const struct cp_nls_problem *problem,
                            gsl_multifit_nlinear_workspace *work)
{
    const gsl_vector *r = gsl_multifit_nlinear_residual(work);
    for (size_t i = 0; i < problem->n; i++) {
        if (!(fabs(gsl_vector_get(r, i)) < no_value))
            return false;
    }
    return true;
}

static enum cp_code search(struct engine *engine, const double *start,
                           gsl_multifit_nlinear_workspace *work, struct cp_nls *end)
{
    const struct cp_nls_problem *problem = engine->problem;
    gsl_multifit_nlinear_fdf fdf = {.f = residuals,
                                    .df = problem->jacobian ? derivatives : NULL,
                                    .n = problem->n,
                                    .p = problem->p,
                                    .params = engine};
    gsl_vector_const_view from = gsl_vector_const_view_array(start, problem->p);
    int reason = 0;
    int status = 0;
    if (problem->weights) {
        gsl_vector_const_view weights = gsl_vector_const_view_array(problem->weights, problem->n);
        status = gsl_multifit_nlinear_winit(&from.vector, &weights.vector, &fdf, work);
    } else {
        status = gsl_multifit_nlinear_init(&from.vector, &fdf, work);
    }
    if (status || !is_usable_start(problem, work))
        return CP_ENUMERIC;
    status = gsl_multifit_nlinear_driver(CP_NLS_ITERATIONS, step_tolerance, gradient_tolerance, 0,
                                         NULL, NULL, &reason, work);
    end->n_iterations = gsl_multifit_nlinear_niter(work);
    return status == GSL_SUCCESS ? accept(problem, work, end) : CP_ENUMERIC;
}

static void set_unknown(struct cp_nls *fit, enum cp_code status)
{
    fit->status = status;
    fit->rss = fit->residual_sd = fit->offset = NAN;
    for (size_t j = 0; j < P_MAX; j++) {
        fit->parameters[j] = fit->standard_errors[j] = NAN;
        for (size_t k = 0; k < P_MAX; k++)
            fit->covariance[j][k] = NAN;
    }
}

static gsl_multifit_nlinear_workspace *new_workspace(const struct cp_nls_problem *problem,
                                                     const gsl_multifit_nlinear_trs *method)
{
    gsl_multifit_nlinear_parameters how = gsl_multifit_nlinear_default_parameters();
    how.trs = method;
    how.scale = gsl_multifit_nlinear_scale_more;
    how.solver = gsl_multifit_nlinear_solver_qr;
    how.fdtype = GSL_MULTIFIT_NLINEAR_CTRDIFF;
    how.h_df = cbrt(GSL_DBL_EPSILON); /* the best step of a central difference */
    return gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &how, problem->n, problem->p);
}

/* All starts by one method; `fit` becomes the best of those that end well. */
static enum cp_code search_all(struct engine *engine, const gsl_multifit_nlinear_trs *method,
                               const double *starts, size_t n_starts, struct cp_nls *fit)
{
    const struct cp_nls blank = {.n = fit->n, .p = fit->p};
    gsl_multifit_nlinear_workspace *work = new_workspace(engine->problem, method);
    if (!work)
        return CP_ENOMEM;
    for (size_t s = 0; s < n_starts; s++) {
        struct cp_nls end = blank;
        end.start = s;
        if (search(engine, starts + s * fit->p, work, &end))
            continue;
        end.n_converged = fit->n_converged + 1;
        if (fit->status == CP_OK && fit->rss <= end.rss)
            fit->n_converged++;
        else
            *fit = end;
    }
    gsl_multifit_nlinear_free(work);
    return CP_OK;
}

void cp_nls_fit(const struct cp_nls_problem *problem, const double *starts, size_t n_starts,
                struct cp_nls *fit)
{
    const gsl_multifit_nlinear_trs *const methods[N_METHODS] = {gsl_multifit_nlinear_trs_lm,
                                                                gsl_multifit_nlinear_trs_lmaccel};
    *fit = (struct cp_nls){.p = problem->p};
    enum cp_code status = check(problem, fit);
    set_unknown(fit, status ? status : CP_ENUMERIC);
    if (status)
        return;
    struct engine engine = {problem, malloc(problem->n * sizeof *engine.fitted)};
    status = engine.fitted ? CP_OK : CP_ENOMEM;
    for (size_t m = 0; m < N_METHODS && status == CP_OK && fit->n_converged == 0; m++)
        status = search_all(&engine, methods[m], starts, n_starts, fit);
    if (status)
        set_unknown(fit, status);
    free(engine.fitted);
}
