/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/quantile_regression.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "model/base/rng.h"
#include "model/stat/sort.h"
#include "model/stat/vertex_descent.h"

enum {
    P_MAX = CP_REGRESSION_COEFFICIENTS_MAX,
    BLOCK = 256,
    LEAST_RANKS = 10, /* half-width of the band, in residuals of the sample */
};
_Static_assert((int)P_MAX == (int)CP_VERTEX_COEFFICIENTS_MAX, "solver and model agree");

/* Half-width of the band in standard errors of the sample's fit: misses are rare, and a wider band
 * costs less than a second round. */
static const double band_width = 5;

struct fitting {
    const struct cp_regression_rows *rows;
    const struct cp_quantile_regression_options *options;
    struct cp_quantile_regression *fit;
    struct cp_vertex_table table;
    struct cp_vertex vertex;
};

/* Where a row must lie to be looked at by itself: its residual from the line b, divided by
 * h(x) = |factor x|, in [low, high]. h grows with the distance from the mean of x as the standard
 * error of a fitted value does. */
struct band {
    double b[P_MAX];
    double factor[P_MAX][P_MAX];
    double low, high;
};

static double weight_of(const struct cp_regression_rows *rows, size_t i)
{
    return rows->weights ? rows->weights[i] : 1;
}

/* c . x of rows from .. from + m. */
static void products(const struct cp_regression_rows *rows, const double *c, size_t from, size_t m,
                     double *out)
{
    for (size_t i = 0; i < m; i++)
        out[i] = c[0];
    for (size_t k = 0; k < rows->n_regressors; k++) {
        const double *x = rows->x[k] + from;
        for (size_t i = 0; i < m; i++)
            out[i] += c[k + 1] * x[i];
    }
}

static size_t block_size(const struct cp_regression_rows *rows, size_t from)
{
    return rows->n - from < BLOCK ? rows->n - from : BLOCK;
}

static enum cp_code check(struct fitting *f)
{
    const struct cp_regression_rows *rows = f->rows;
    if (!(f->options->q > 0 && f->options->q < 1) || rows->n_regressors > CP_REGRESSORS_MAX)
        return CP_EINVAL;
    for (size_t i = 0; i < rows->n; i++) {
        double w = weight_of(rows, i);
        bool is_valid = w >= 0 && isfinite(w);
        if (w > 0) {
            f->fit->n++;
            f->fit->n_censored += rows->y[i] == INFINITY;
            is_valid = is_valid && rows->y[i] > -INFINITY;
            for (size_t k = 0; k < rows->n_regressors; k++) {
                is_valid = is_valid && isfinite(rows->x[k][i]);
                f->table.centre[k + 1] += rows->x[k][i];
            }
        }
        if (!is_valid)
            return CP_EINVAL;
    }
    for (size_t k = 1; k <= rows->n_regressors; k++)
        f->table.centre[k] /= (double)f->fit->n;
    bool is_enough = f->fit->n > rows->n_regressors + 1 && f->fit->n_censored < f->fit->n;
    return is_enough ? CP_OK : CP_ENODATA;
}

/* Adds what a row of known side contributes: the gradient of its loss, which is linear there. */
static void add_sure_row(struct fitting *f, size_t i, double psi)
{
    f->table.total_weight += weight_of(f->rows, i);
    f->table.linear[0] -= psi;
    for (size_t k = 0; k < f->rows->n_regressors; k++)
        f->table.linear[k + 1] -= psi * (f->rows->x[k][i] - f->table.centre[k + 1]);
}

static enum cp_code add_row(struct fitting *f, size_t i)
{
    struct cp_vertex_table *t = &f->table;
    double w = weight_of(f->rows, i);
    if (w == 0)
        return CP_OK;
    if (f->rows->y[i] == INFINITY) {
        add_sure_row(f, i, w * f->options->q);
        return CP_OK;
    }
    if (t->n == t->capacity && cp_vertex_table_reserve(t, 2 * t->n + BLOCK))
        return CP_ENOMEM;
    t->columns[0][t->n] = f->rows->y[i];
    t->columns[1][t->n] = w;
    for (size_t k = 0; k < f->rows->n_regressors; k++)
        t->columns[k + 2][t->n] = f->rows->x[k][i] - t->centre[k + 1];
    t->ids[t->n++] = i;
    t->total_weight += w;
    return CP_OK;
}

static enum cp_code descend(struct fitting *f)
{
    return cp_vertex_descend(&f->table, f->options->q, f->options->is_non_negative, &f->vertex);
}

static enum cp_code fit_all(struct fitting *f)
{
    enum cp_code status = cp_vertex_table_reserve(&f->table, f->fit->n - f->fit->n_censored);
    cp_vertex_table_reset(&f->table);
    for (size_t i = 0; i < f->rows->n && status == CP_OK; i++)
        status = add_row(f, i);
    return status ? status : descend(f);
}

/* One row at a random place of each of m equal stretches: ascending, and fair to sorted rows. */
static enum cp_code fit_sample(struct fitting *f)
{
    double n = (double)f->rows->n;
    size_t m = (size_t)ceil(2 * cbrt(n) * cbrt(n));
    double stretch = n / (double)m;
    struct cp_rng rng;
    cp_rng_init(&rng, 1, 0);
    enum cp_code status = cp_vertex_table_reserve(&f->table, m);
    for (size_t j = 0; j < m && status == CP_OK; j++)
        status = add_row(f, (size_t)fmin(((double)j + cp_rng_uniform(&rng)) * stretch, n - 1));
    return status ? status : descend(f);
}

/* x of the sample's row i, with the intercept's 1. */
static double table_x(const struct cp_vertex_table *t, size_t i, size_t k)
{
    return k == 0 ? 1 : t->columns[k + 1][i];
}

/* L with L L' = mean of w x x' over the sample (Cholesky); a column that hangs on those before it
 * gets a zero row. */
static void factorise(const struct cp_vertex_table *t, double l[P_MAX][P_MAX])
{
    double m[P_MAX][P_MAX] = {{0}};
    size_t p = t->n_coefficients;
    for (size_t i = 0; i < t->n; i++) {
        for (size_t j = 0; j < p; j++) {
            for (size_t k = 0; k <= j; k++)
                m[j][k] += t->columns[1][i] / t->total_weight * table_x(t, i, j) * table_x(t, i, k);
        }
    }
    for (size_t j = 0; j < p; j++) {
        for (size_t k = 0; k <= j; k++) {
            double sum = m[j][k];
            for (size_t c = 0; c < k; c++)
                sum -= l[j][c] * l[k][c];
            if (k < j)
                l[j][k] = l[k][k] > 0 ? sum / l[k][k] : 0;
            else
                l[j][j] = sum > 1e-12 * m[j][j] ? sqrt(sum) : 0;
        }
    }
}

/* Rows of the inverse of L: |factor x|^2 = x' (mean of w x x')^-1 x. */
static void invert(double l[P_MAX][P_MAX], size_t p, double factor[P_MAX][P_MAX])
{
    for (size_t j = 0; j < p; j++) {
        for (size_t k = 0; k <= j; k++) {
            double sum = j == k;
            for (size_t c = k; c < j; c++)
                sum -= l[j][c] * factor[c][k];
            factor[j][k] = l[j][j] > 0 ? sum / l[j][j] : 0;
        }
    }
}

/* The residuals from the line and h of rows from .. from + m. */
static void measure(const struct band *band, const struct cp_regression_rows *rows, size_t from,
                    size_t m, double *residual, double *h)
{
    double part[BLOCK];
    products(rows, band->b, from, m, residual);
    for (size_t i = 0; i < m; i++) {
        residual[i] = rows->y[from + i] - residual[i];
        h[i] = 0;
    }
    for (size_t j = 0; j <= rows->n_regressors; j++) {
        products(rows, band->factor[j], from, m, part);
        for (size_t i = 0; i < m; i++)
            h[i] += part[i] * part[i];
    }
    for (size_t i = 0; i < m; i++)
        h[i] = sqrt(h[i]);
}

/* -1 surely below, 1 surely above, 0 near. */
static int side_in(const struct band *band, double residual, double h)
{
    return (residual > band->high * h) - (residual < band->low * h);
}

/* Line and shape of the band from the sample's fit, and the sample's residuals over h, sorted. */
static void make_band(struct fitting *f, struct band *band, double *sorted)
{
    double l[P_MAX][P_MAX] = {{0}};
    const double *centre = f->table.centre;
    struct cp_regression_rows sample = {
        .n = f->table.n, .y = f->table.columns[0], .n_regressors = f->rows->n_regressors};
    for (size_t k = 0; k < sample.n_regressors; k++)
        sample.x[k] = f->table.columns[k + 2];
    *band = (struct band){0};
    band->b[0] = f->vertex.b[0];
    for (size_t k = 1; k < P_MAX; k++) {
        band->b[k] = f->vertex.b[k];
        band->b[0] += band->b[k] * centre[k];
    }
    factorise(&f->table, l);
    invert(l, f->table.n_coefficients, band->factor);
    for (size_t from = 0; from < sample.n; from += BLOCK) {
        size_t m = block_size(&sample, from);
        double h[BLOCK];
        measure(band, &sample, from, m, sorted + from, h);
        for (size_t i = 0; i < m; i++)
            sorted[from + i] /= h[i];
    }
    cp_sort(sorted, sample.n);
    band->b[0] = f->vertex.b[0]; /* from here on for rows that are not centred */
    for (size_t j = 0; j < P_MAX; j++) {
        for (size_t k = 1; k < P_MAX; k++)
            band->factor[j][0] -= band->factor[j][k] * centre[k];
    }
}

/* The band of `ranks` sample residuals to each side of 0; open where there are not so many. */
static void set_width(struct band *band, const double *sorted, size_t n, double ranks)
{
    size_t below = 0;
    size_t width = ranks < (double)n ? (size_t)ranks : n;
    while (below < n && sorted[below] < 0)
        below++;
    band->low = below > width ? sorted[below - width - 1] : -INFINITY;
    band->high = n - below > width ? sorted[below + width] : INFINITY;
}

static enum cp_code gather(struct fitting *f, const struct band *band)
{
    cp_vertex_table_reset(&f->table);
    for (size_t from = 0; from < f->rows->n; from += BLOCK) {
        size_t m = block_size(f->rows, from);
        double residual[BLOCK];
        double h[BLOCK];
        measure(band, f->rows, from, m, residual, h);
        for (size_t i = 0; i < m; i++) {
            int side = side_in(band, residual[i], h[i]);
            double w = weight_of(f->rows, from + i);
            if (side != 0 && w > 0)
                add_sure_row(f, from + i, w * (side > 0 ? f->options->q : f->options->q - 1));
            else if (add_row(f, from + i))
                return CP_ENOMEM;
        }
    }
    return CP_OK;
}

/* Rows that were taken to be on one side of the fit and are on the other. */
static size_t count_misfits(const struct fitting *f, const struct band *band)
{
    size_t n = 0;
    for (size_t from = 0; from < f->rows->n; from += BLOCK) {
        size_t m = block_size(f->rows, from);
        double residual[BLOCK];
        double h[BLOCK];
        double fitted[BLOCK];
        measure(band, f->rows, from, m, residual, h);
        products(f->rows, f->vertex.b, from, m, fitted);
        for (size_t i = 0; i < m; i++) {
            int side = side_in(band, residual[i], h[i]);
            double distance = side * (f->rows->y[from + i] - fitted[i]);
            n += distance < 0 && weight_of(f->rows, from + i) > 0;
        }
    }
    return n;
}

/* Rounds of: solve with the rows of the band, check the others, widen. A band without limits ends
 * them. */
static enum cp_code fit_band(struct fitting *f, struct band *band, const double *sorted, size_t n)
{
    double q = f->options->q;
    double ranks = fmax(band_width * sqrt(q * (1 - q) * (double)n), LEAST_RANKS);
    for (;;) {
        set_width(band, sorted, n, ranks);
        enum cp_code status = gather(f, band);
        if (status == CP_OK)
            status = descend(f);
        bool is_all = isinf(band->low) && isinf(band->high);
        if (is_all || status == CP_ENOMEM || (status == CP_OK && count_misfits(f, band) == 0))
            return status;
        ranks *= 4;
    }
}

static enum cp_code fit_staged(struct fitting *f)
{
    struct band band;
    enum cp_code status = fit_sample(f);
    if (status == CP_ENODATA || status == CP_ENUMERIC) {
        cp_vertex_init(&f->vertex,
                       f->table.n_coefficients); /* a sample may fail where all do not */
        return fit_all(f);
    }
    if (status)
        return status;
    size_t n = f->table.n;
    double *sorted = malloc(n * sizeof *sorted);
    if (!sorted)
        return CP_ENOMEM;
    make_band(f, &band, sorted);
    status = fit_band(f, &band, sorted, n);
    free(sorted);
    return status;
}

static double check_loss(const struct fitting *f)
{
    double q = f->options->q;
    double sum = 0;
    for (size_t from = 0; from < f->rows->n; from += BLOCK) {
        size_t m = block_size(f->rows, from);
        double fitted[BLOCK];
        double part = 0; /* sums of sums: the error does not grow with n */
        products(f->rows, f->vertex.b, from, m, fitted);
        for (size_t i = 0; i < m; i++) {
            double u = f->rows->y[from + i] - fitted[i];
            double w = weight_of(f->rows, from + i);
            if (w > 0 && u < INFINITY)
                part += w * u * (u < 0 ? q - 1 : q);
        }
        sum += part;
    }
    return sum;
}

static void give_back(const struct fitting *f)
{
    struct cp_quantile_regression *fit = f->fit;
    fit->check_loss = check_loss(f);
    fit->rank = f->vertex.rank;
    fit->n_steps = f->vertex.n_steps;
    for (size_t k = 0; k < fit->n_coefficients; k++)
        fit->coefficients[k] = f->vertex.b[k];
}

void cp_quantile_regression_fit(const struct cp_regression_rows *rows,
                                const struct cp_quantile_regression_options *options,
                                struct cp_quantile_regression *fit)
{
    struct fitting f = {.rows = rows,
                        .options = options,
                        .fit = fit,
                        .table.n_coefficients = rows->n_regressors + 1};
    *fit = (struct cp_quantile_regression){
        .q = options->q, .n_coefficients = rows->n_regressors + 1, .check_loss = NAN};
    for (size_t k = 0; k < P_MAX; k++)
        fit->coefficients[k] = fit->standard_errors[k] = NAN;
    fit->status = check(&f);
    if (fit->status)
        return;
    cp_vertex_init(&f.vertex, f.table.n_coefficients);
    fit->status = rows->n > CP_QUANTILE_REGRESSION_DIRECT ? fit_staged(&f) : fit_all(&f);
    if (fit->status == CP_OK)
        give_back(&f);
    cp_vertex_table_clear(&f.table);
    if (fit->status == CP_OK && options->errors != CP_REGRESSION_ERRORS_NONE)
        (void)cp_quantile_regression_errors(rows, options, fit); /* none: they stay NAN */
}

double cp_quantile_regression_at(const struct cp_quantile_regression *fit, const double *x)
{
    if (fit->status)
        return NAN;
    double sum = fit->coefficients[0];
    for (size_t k = 1; k < fit->n_coefficients; k++)
        sum += fit->coefficients[k] * x[k - 1];
    return sum;
}

const char *const cp_quantile_regression_formula = "quantile(y | x) = b0 + b1 x1 + b2 x2 + ...";

size_t cp_quantile_regression_parameters(const struct cp_quantile_regression *fit,
                                         struct cp_parameter out[CP_PARAMETERS_MAX])
{
    static const char *const names[P_MAX] = {"b0", "b1", "b2", "b3", "b4"};
    static const char *const methods[] = {
        [CP_REGRESSION_ERRORS_NONE] = "",
        [CP_REGRESSION_ERRORS_IID] = "normal, residuals of one law",
        [CP_REGRESSION_ERRORS_NID] = "normal, sandwich of Hendricks and Koenker",
    };
    static const double z95 = 1.959963984540054;
    if (fit->status)
        return 0;
    for (size_t k = 0; k < fit->n_coefficients; k++) {
        double half = z95 * fit->standard_errors[k];
        double b = fit->coefficients[k];
        bool has_interval = isfinite(half);
        out[k] = (struct cp_parameter){
            .name = names[k],
            .unit = "",
            .estimate = {b, b - half, b + half},
            .confidence = has_interval ? 0.95 : 0,
            .method = has_interval ? methods[fit->errors] : "",
        };
    }
    return fit->n_coefficients;
}
