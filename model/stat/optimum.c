/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/optimum.h"

#include <float.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_multimin.h>
#include <math.h>
#include <string.h>

enum { CLIMB_MAX = 2000, NEWTON_MAX = 12, HALVINGS_MAX = 20, STEP_TRIALS = 60 };

static const double least_fall = 0.0003;
static const double most_fall = 0.005;

typedef double (*matrix_rows)[CP_OPTIMUM_MAX];

/* --- golden section --- */

double cp_optimum_section(double (*f)(const void *context, double x), const void *context,
                          double low, double high, double width, double *highest)
{
    const double part = (3 - sqrt(5)) / 2;
    double a = low + part * (high - low);
    double b = high - part * (high - low);
    double at_a = f(context, a);
    double at_b = f(context, b);
    while (high - low > width && low < a && a < b && b < high) {
        if (at_a > at_b) {
            high = b;
            b = a;
            at_b = at_a;
            a = low + part * (high - low);
            at_a = f(context, a);
        } else {
            low = a;
            a = b;
            at_a = at_b;
            b = high - part * (high - low);
            at_b = f(context, b);
        }
    }
    *highest = fmax(at_a, at_b);
    return at_a > at_b ? a : b;
}

/* --- simplex --- */

/* Runs in units of the first steps: parameters may differ by orders of magnitude. */
struct walk {
    const struct cp_optimum *o;
    const double *start, *steps;
};

static void place(const struct walk *w, const gsl_vector *v, double *x)
{
    for (size_t i = 0; i < w->o->n; i++)
        x[i] = w->start[i] + w->steps[i] * gsl_vector_get(v, i);
}

/* The simplex wants a finite number to walk away from. */
static double descent(const gsl_vector *v, void *params)
{
    const struct walk *w = params;
    double x[CP_OPTIMUM_MAX];
    place(w, v, x);
    double value = w->o->value(w->o->context, x);
    return isfinite(value) ? -value : 1e300;
}

static enum cp_code run_simplex(gsl_multimin_fminimizer *simplex)
{
    int status = GSL_CONTINUE;
    for (int i = 0; i < CLIMB_MAX && status == GSL_CONTINUE; i++) {
        status = gsl_multimin_fminimizer_iterate(simplex);
        if (!status)
            status = gsl_multimin_test_size(gsl_multimin_fminimizer_size(simplex), 1e-4);
    }
    return status == GSL_SUCCESS ? CP_OK : CP_ENUMERIC;
}

enum cp_code cp_optimum_climb(const struct cp_optimum *o, const double *steps, double *x)
{
    if (!isfinite(o->value(o->context, x)))
        return CP_ENUMERIC;
    gsl_multimin_fminimizer *simplex =
        gsl_multimin_fminimizer_alloc(gsl_multimin_fminimizer_nmsimplex2, o->n);
    if (!simplex)
        return CP_ENOMEM;
    double from[CP_OPTIMUM_MAX];
    memcpy(from, x, o->n * sizeof *x);
    struct walk walk = {o, from, steps};
    double zeros[CP_OPTIMUM_MAX] = {0};
    double ones[CP_OPTIMUM_MAX] = {1, 1, 1, 1, 1};
    gsl_multimin_function f = {descent, o->n, &walk};
    gsl_vector_view origin = gsl_vector_view_array(zeros, o->n);
    gsl_vector_view unit = gsl_vector_view_array(ones, o->n);
    enum cp_code code = CP_ENUMERIC;
    if (!gsl_multimin_fminimizer_set(simplex, &f, &origin.vector, &unit.vector))
        code = run_simplex(simplex);
    if (!code)
        place(&walk, simplex->x, x);
    gsl_multimin_fminimizer_free(simplex);
    return code;
}

/* --- Newton --- */

/* Value at x moved by a along i and by b along j. */
static double moved(const struct cp_optimum *o, const double *x, size_t i, double a, size_t j,
                    double b)
{
    double y[CP_OPTIMUM_MAX];
    memcpy(y, x, o->n * sizeof *x);
    y[i] += a;
    y[j] += b;
    return o->value(o->context, y);
}

static double fall(const struct cp_optimum *o, const double *x, size_t i, double h)
{
    return o->value(o->context, x) - (moved(o, x, i, h, i, 0) + moved(o, x, i, -h, i, 0)) / 2;
}

/* Step at which the function falls by 0.0003 .. 0.005; 0: it does not. */
static double step_along(const struct cp_optimum *o, const double *x, size_t i)
{
    double h = 1e-3 * fmax(fabs(x[i]), 1e-3);
    for (int trial = 0; trial < STEP_TRIALS; trial++) {
        double by = fall(o, x, i, h);
        if (by >= least_fall && by <= most_fall)
            return h;
        if (!isfinite(by) || by > most_fall)
            h /= isfinite(by) && by < 0.3 ? 2 : 8;
        else
            h *= by > 1e-5 ? 2 : 8;
    }
    return 0;
}

static double slope(const struct cp_optimum *o, const double *x, size_t i, double h)
{
    double near = moved(o, x, i, h, i, 0) - moved(o, x, i, -h, i, 0);
    double far = moved(o, x, i, 2 * h, i, 0) - moved(o, x, i, -2 * h, i, 0);
    return isfinite(far) ? (8 * near - far) / (12 * h) : near / (2 * h);
}

static double curvature(const struct cp_optimum *o, const double *x, const double *h, double scale,
                        size_t i, size_t j)
{
    double a = h[i] * scale;
    double b = h[j] * scale;
    if (i == j)
        return -2 * fall(o, x, i, a) / (a * a);
    return (moved(o, x, i, a, j, b) - moved(o, x, i, a, j, -b) - moved(o, x, i, -a, j, b) +
            moved(o, x, i, -a, j, -b)) /
           (4 * a * b);
}

static bool find_steps(const struct cp_optimum *o, const double *x, double *h)
{
    for (size_t i = 0; i < o->n; i++) {
        h[i] = step_along(o, x, i);
        if (!(h[i] > 0))
            return false;
    }
    return true;
}

/* By differences; the curvature by Richardson's extrapolation of two step widths. */
static bool differentiate(const struct cp_optimum *o, const double *x, double *gradient,
                          matrix_rows hessian)
{
    double h[CP_OPTIMUM_MAX];
    if (!find_steps(o, x, h))
        return false;
    for (size_t i = 0; i < o->n; i++) {
        gradient[i] = slope(o, x, i, h[i] / 4); /* first differences stand finer steps */
        for (size_t j = 0; j <= i; j++) {
            double wide = curvature(o, x, h, 1, i, j);
            double narrow = curvature(o, x, h, 0.5, i, j);
            hessian[i][j] = hessian[j][i] = (4 * narrow - wide) / 3;
        }
    }
    return true;
}

/* Gradient and inverse of minus the Hessian. */
static bool find_shape(const struct cp_optimum *o, const double *x, double *gradient,
                       matrix_rows inverse)
{
    memset(gradient, 0, CP_OPTIMUM_MAX * sizeof *gradient);
    memset(inverse, 0, CP_OPTIMUM_MAX * sizeof *inverse);
    if (o->derivatives)
        o->derivatives(o->context, x, gradient, inverse);
    else if (!differentiate(o, x, gradient, inverse))
        return false;
    for (size_t i = 0; i < o->n; i++) {
        for (size_t j = 0; j < o->n; j++) {
            if (!isfinite(inverse[i][j]))
                return false;
            inverse[i][j] = -inverse[i][j];
        }
    }
    gsl_matrix_view m = gsl_matrix_view_array_with_tda(&inverse[0][0], o->n, o->n, CP_OPTIMUM_MAX);
    return !gsl_linalg_cholesky_decomp1(&m.matrix) && !gsl_linalg_cholesky_invert(&m.matrix);
}

/* Moves x by `move`, or a part of it that is not worse. */
static bool advance(const struct cp_optimum *o, double *x, const double *move)
{
    double before = o->value(o->context, x);
    for (int halvings = 0; halvings < HALVINGS_MAX; halvings++) {
        double part = ldexp(1, -halvings);
        double y[CP_OPTIMUM_MAX];
        for (size_t k = 0; k < o->n; k++)
            y[k] = x[k] + part * move[k];
        if (o->value(o->context, y) >= before) {
            memcpy(x, y, o->n * sizeof *x);
            return true;
        }
    }
    return false;
}

/* One Newton step; true while there is something to gain. */
static bool improve(const struct cp_optimum *o, double *x, const double *gradient,
                    matrix_rows inverse)
{
    double move[CP_OPTIMUM_MAX];
    double gain = 0;
    for (size_t i = 0; i < o->n; i++) {
        move[i] = 0;
        for (size_t j = 0; j < o->n; j++)
            move[i] += inverse[i][j] * gradient[j];
        gain += move[i] * gradient[i];
    }
    /* The gain is the squared length of the step in standard errors, halved. A last tiny step is
     * taken unseen: the value no longer tells better from worse, the gradient does. */
    if (!(gain > 1e-9)) {
        for (size_t i = 0; isfinite(gain) && i < o->n; i++)
            x[i] += move[i];
        return false;
    }
    return advance(o, x, move);
}

bool cp_optimum_polish(const struct cp_optimum *o, double *x,
                       double covariance[CP_OPTIMUM_MAX][CP_OPTIMUM_MAX])
{
    double gradient[CP_OPTIMUM_MAX];
    bool is_found = true;
    bool goes_on = true;
    for (int i = 0; i < NEWTON_MAX && is_found && goes_on; i++) {
        is_found = find_shape(o, x, gradient, covariance);
        goes_on = is_found && improve(o, x, gradient, covariance);
    }
    is_found = is_found && find_shape(o, x, gradient, covariance); /* where the last step led */
    for (size_t i = 0; !is_found && i < o->n; i++) {
        for (size_t j = 0; j < o->n; j++)
            covariance[i][j] = NAN;
    }
    return is_found;
}
