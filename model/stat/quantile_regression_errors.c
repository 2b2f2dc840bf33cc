/* SPDX-License-Identifier: GPL-3.0-or-later
 * Standard errors of quantile regression. Both need the density of y at the fit; they differ in
 * whether it is the same for all rows.
 */
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>

#include "model/stat/quantile_regression.h"
#include "model/stat/sort.h"

enum { P_MAX = CP_REGRESSION_COEFFICIENTS_MAX };

/* Residuals nearer to 0 than this share of the largest |y| belong to rows on the fit: they were
 * put there and say nothing about the density. */
static const double on_the_fit = 1e-10;

/* The coefficients that have errors: not those held at 0. An estimate may be 0 by itself. */
struct free_columns {
    size_t p;
    size_t columns[P_MAX];
};

static struct free_columns find_free(const struct cp_quantile_regression *fit,
                                     const bool *is_non_negative)
{
    struct free_columns free = {0};
    bool is_determined = fit->rank == fit->n_coefficients;
    for (size_t k = 0; k < fit->n_coefficients; k++) {
        if (fit->coefficients[k] != 0 || (is_determined && !is_non_negative[k]))
            free.columns[free.p++] = k;
    }
    return free;
}

static double weight_of(const struct cp_regression_rows *rows, size_t i)
{
    return rows->weights ? rows->weights[i] : 1;
}

static double x_of(const struct cp_regression_rows *rows, size_t i, size_t k)
{
    return k == 0 ? 1 : rows->x[k - 1][i];
}

static double fitted(const struct cp_regression_rows *rows, const double *b, size_t i)
{
    double sum = b[0];
    for (size_t k = 0; k < rows->n_regressors; k++)
        sum += b[k + 1] * rows->x[k][i];
    return sum;
}

/* Share of rows to each side of q from which the density is taken: least mean square error for a
 * 95 % interval (Hall & Sheather, JRSS B 50, 1988). */
static double bandwidth(double q, size_t n)
{
    double z = gsl_cdf_ugaussian_Pinv(q);
    double density = gsl_ran_ugaussian_pdf(z);
    double z95 = gsl_cdf_ugaussian_Pinv(0.975);
    return cbrt(z95 * z95 * 1.5 * density * density / ((2 * z * z + 1) * (double)n));
}

/* sum over rows of factor(i) x x', free columns only. `density` NULL: factor w^2; else w / spread
 * with spread = (density . x) where that is positive: rows where the fits at q - h and q + h cross
 * have no density to offer. */
static void sum_products(const struct cp_regression_rows *rows, const struct free_columns *free,
                         const double *spread, gsl_matrix *sum)
{
    gsl_matrix_set_zero(sum);
    for (size_t i = 0; i < rows->n; i++) {
        double w = weight_of(rows, i);
        double factor = w * w;
        if (w == 0)
            continue;
        if (spread) {
            double s = fitted(rows, spread, i);
            factor = s > 0 ? w / s : 0;
        }
        for (size_t j = 0; j < free->p; j++) {
            for (size_t k = 0; k < free->p; k++)
                *gsl_matrix_ptr(sum, j, k) +=
                    factor * x_of(rows, i, free->columns[j]) * x_of(rows, i, free->columns[k]);
        }
    }
}

static enum cp_code invert(gsl_matrix *m)
{
    if (gsl_linalg_cholesky_decomp1(m) || gsl_linalg_cholesky_invert(m))
        return CP_ENUMERIC;
    return CP_OK;
}

/* Residuals that say something about the density, ascending; the caller frees. */
static double *off_the_fit(const struct cp_regression_rows *rows, const double *b, size_t *n)
{
    double *residuals = malloc((rows->n ? rows->n : 1) * sizeof *residuals);
    double largest = 0;
    *n = 0;
    for (size_t i = 0; i < rows->n; i++) {
        if (weight_of(rows, i) > 0 && rows->y[i] < INFINITY)
            largest = fmax(largest, fabs(rows->y[i]));
    }
    for (size_t i = 0; i < rows->n && residuals; i++) {
        double w = weight_of(rows, i);
        double u = w > 0 ? rows->y[i] - fitted(rows, b, i) : 0;
        if (fabs(u) > on_the_fit * largest)
            residuals[(*n)++] = w * u;
    }
    if (residuals)
        cp_sort(residuals, *n);
    return residuals;
}

/* The `wanted` residuals nearest to 0 are neighbours in the sorted array: where they start. */
static size_t nearest(const double *sorted, size_t n, size_t wanted)
{
    size_t from = 0;
    while (from + wanted < n && fabs(sorted[from]) > fabs(sorted[from + wanted]))
        from++;
    return from;
}

/* 1 / density at the fit: how fast the residuals grow with their rank around 0, by median
 * regression. */
static enum cp_code find_sparsity(const double *sorted, size_t n, size_t wanted, double ranks,
                                  double *sparsity)
{
    if (wanted == 0 || n < wanted)
        return CP_ENODATA;
    double *share = malloc(wanted * sizeof *share);
    if (!share)
        return CP_ENOMEM;
    for (size_t i = 0; i < wanted; i++)
        share[i] = (double)i / ranks;
    struct cp_quantile_regression line;
    cp_quantile_regression_fit(
        &(struct cp_regression_rows){
            .n = wanted, .y = sorted + nearest(sorted, n, wanted), .x = {share}, .n_regressors = 1},
        &(struct cp_quantile_regression_options){.q = 0.5}, &line);
    *sparsity = line.coefficients[1];
    free(share);
    return line.status;
}

static enum cp_code iid_errors(const struct cp_regression_rows *rows, double q,
                               const struct cp_quantile_regression *fit,
                               const struct free_columns *free_columns, gsl_matrix *covariance)
{
    size_t p = fit->n_coefficients;
    size_t n = 0;
    double sparsity = NAN;
    double half = fmax((double)p + 1, ceil((double)fit->n * bandwidth(q, fit->n)));
    double *sorted = off_the_fit(rows, fit->coefficients, &n);
    if (!sorted)
        return CP_ENOMEM;
    enum cp_code status =
        find_sparsity(sorted, n, (size_t)half + 1, (double)(fit->n - p), &sparsity);
    free(sorted);
    if (status)
        return status;
    sum_products(rows, free_columns, NULL, covariance);
    status = invert(covariance);
    gsl_matrix_scale(covariance, sparsity * sparsity * q * (1 - q));
    return status;
}

/* The line of the fit at q + h minus that at q - h, per 2h: 1 / density as a line in x. */
static enum cp_code find_spread(const struct cp_regression_rows *rows,
                                const struct cp_quantile_regression_options *options, size_t n,
                                double *spread)
{
    struct cp_quantile_regression_options at = *options;
    struct cp_quantile_regression low;
    struct cp_quantile_regression high;
    double h = bandwidth(options->q, n);
    while (options->q - h < 0 || options->q + h > 1)
        h /= 2;
    at.errors = CP_REGRESSION_ERRORS_NONE;
    at.q = options->q - h;
    cp_quantile_regression_fit(rows, &at, &low);
    at.q = options->q + h;
    cp_quantile_regression_fit(rows, &at, &high);
    for (size_t k = 0; k < low.n_coefficients; k++)
        spread[k] = (high.coefficients[k] - low.coefficients[k]) / (2 * h);
    return low.status ? low.status : high.status;
}

static enum cp_code nid_errors(const struct cp_regression_rows *rows,
                               const struct cp_quantile_regression_options *options,
                               const struct cp_quantile_regression *fit,
                               const struct free_columns *free_columns, gsl_matrix *covariance)
{
    double bread_data[P_MAX * P_MAX];
    double meat_data[P_MAX * P_MAX];
    double product_data[P_MAX * P_MAX];
    double spread[P_MAX] = {0};
    size_t p = free_columns->p;
    gsl_matrix_view bread = gsl_matrix_view_array(bread_data, p, p);
    gsl_matrix_view meat = gsl_matrix_view_array(meat_data, p, p);
    gsl_matrix_view product = gsl_matrix_view_array(product_data, p, p);
    enum cp_code status = find_spread(rows, options, fit->n, spread);
    if (status)
        return status;
    sum_products(rows, free_columns, spread, &bread.matrix);
    sum_products(rows, free_columns, NULL, &meat.matrix);
    status = invert(&bread.matrix);
    if (status)
        return status;
    double scale = options->q * (1 - options->q);
    (void)gsl_blas_dgemm(CblasNoTrans, CblasNoTrans, scale, &bread.matrix, &meat.matrix, 0,
                         &product.matrix);
    (void)gsl_blas_dgemm(CblasNoTrans, CblasNoTrans, 1, &product.matrix, &bread.matrix, 0,
                         covariance);
    return CP_OK;
}

enum cp_code cp_quantile_regression_errors(const struct cp_regression_rows *rows,
                                           const struct cp_quantile_regression_options *options,
                                           struct cp_quantile_regression *fit)
{
    double data[P_MAX * P_MAX];
    struct free_columns free_columns = find_free(fit, options->is_non_negative);
    fit->errors = options->errors;
    for (size_t k = 0; k < P_MAX; k++)
        fit->standard_errors[k] = NAN;
    if (options->errors == CP_REGRESSION_ERRORS_NONE || free_columns.p == 0)
        return CP_OK;
    gsl_matrix_view covariance = gsl_matrix_view_array(data, free_columns.p, free_columns.p);
    enum cp_code status = options->errors == CP_REGRESSION_ERRORS_IID
                              ? iid_errors(rows, options->q, fit, &free_columns, &covariance.matrix)
                              : nid_errors(rows, options, fit, &free_columns, &covariance.matrix);
    if (status)
        return status;
    for (size_t j = 0; j < free_columns.p; j++)
        fit->standard_errors[free_columns.columns[j]] =
            sqrt(gsl_matrix_get(&covariance.matrix, j, j));
    return CP_OK;
}
