/* SPDX-License-Identifier: GPL-3.0-or-later
 * Quantile regression against R's quantreg (the table), every vertex of small problems, and the
 * condition of optimality of large ones.
 */
#include "model/stat/quantile_regression.h"

#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdlib.h>

#include "model/base/rng.h"
#include "tests/model/stat/csv.h"
#include "tests/test.h"

enum { SMALL = 16, LARGE = 60000 };

struct data {
    size_t n, n_regressors;
    double *y, *x[CP_REGRESSORS_MAX], *weights; /* room for LARGE */
    bool is_weighted;
};

static int make_data(void **state)
{
    struct data *d = calloc(1, sizeof *d);
    assert_non_null(d);
    d->n_regressors = 1;
    double **columns[] = {&d->y, &d->weights, &d->x[0], &d->x[1], &d->x[2], &d->x[3]};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        *columns[i] = calloc(LARGE, sizeof **columns[i]);
        assert_non_null(*columns[i]);
    }
    *state = d;
    return 0;
}

static int free_data(void **state)
{
    struct data *d = *state;
    free(d->y);
    for (size_t k = 0; k < CP_REGRESSORS_MAX; k++)
        free(d->x[k]);
    free(d->weights);
    free(d);
    return 0;
}

static struct cp_regression_rows rows_of(const struct data *d)
{
    return (struct cp_regression_rows){.n = d->n,
                                       .y = d->y,
                                       .x = {d->x[0], d->x[1], d->x[2], d->x[3]},
                                       .n_regressors = d->n_regressors,
                                       .weights = d->is_weighted ? d->weights : NULL};
}

static struct cp_quantile_regression fit_with(const struct data *d,
                                              const struct cp_quantile_regression_options *options)
{
    struct cp_quantile_regression fit;
    struct cp_regression_rows rows = rows_of(d);
    cp_quantile_regression_fit(&rows, options, &fit);
    return fit;
}

static struct cp_quantile_regression fit_of(const struct data *d, double q)
{
    return fit_with(d, &(struct cp_quantile_regression_options){.q = q});
}

static double weight_of(const struct data *d, size_t i)
{
    return d->is_weighted ? d->weights[i] : 1;
}

static double x_of(const struct data *d, size_t i, size_t k)
{
    return k == 0 ? 1 : d->x[k - 1][i];
}

static double residual(const struct data *d, const double *b, size_t i)
{
    double u = d->y[i];
    for (size_t k = 0; k <= d->n_regressors; k++)
        u -= b[k] * x_of(d, i, k);
    return u;
}

static double loss(const struct data *d, const double *b, double q)
{
    double sum = 0;
    for (size_t i = 0; i < d->n; i++) {
        double u = residual(d, b, i);
        sum += weight_of(d, i) * (u < 0 ? (q - 1) * u : q * u);
    }
    return sum;
}

/* ---- reference table ---- */

/* x = (1769 / min(m, 1769))^c, as the table has it. */
static void load_synth1(struct data *d, double *memory_mb)
{
    struct csv csv;
    d->n = 0;
    csv_open(&csv, "tests/data/model/quantreg", "memory_synth1.csv");
    for (; csv_next(&csv); d->n++) {
        memory_mb[d->n] = csv_number(&csv, "memory_mb");
        d->y[d->n] = csv_number(&csv, "duration_ms");
    }
    csv_close(&csv);
    assert_int_equal(d->n, 280);
}

static struct cp_quantile_regression fit_exponent(struct data *d, const double *memory_mb, double q,
                                                  double c)
{
    for (size_t i = 0; i < d->n; i++)
        d->x[0][i] = pow(1769 / fmin(memory_mb[i], 1769), c);
    return fit_of(d, q);
}

static void memory_law_meets_the_table_of_quantreg(void **state)
{
    struct data *d = *state;
    double memory_mb[280];
    struct csv csv;
    size_t n = 0;
    load_synth1(d, memory_mb);
    csv_open(&csv, "tests/data/model/quantreg", "memory_synth1_expected.csv");
    for (; csv_next(&csv); n++) {
        double q = csv_number(&csv, "tau");
        struct cp_quantile_regression fit = fit_exponent(d, memory_mb, q, 1);
        assert_int_equal(fit.status, CP_OK);
        assert_int_equal(fit.rank, 2);
        assert_near(fit.coefficients[0] / csv_number(&csv, "a_c1"), 1, 1e-10);
        assert_near(fit.coefficients[1] / csv_number(&csv, "b_c1"), 1, 1e-10);
        assert_near(fit.check_loss / csv_number(&csv, "check_loss_c1"), 1, 1e-12);
    }
    csv_close(&csv);
    assert_int_equal(n, 3);
}

/* The loss as a function of the exponent has several valleys: a grid, then golden sections. */
static double best_exponent_loss(struct data *d, const double *memory_mb, double q)
{
    static const double golden = 0.6180339887498949;
    const double step = 0.02;
    double best = INFINITY;
    double centre = 0;
    for (int i = 0; i <= 115; i++) {
        double c = 0.2 + step * i;
        double value = fit_exponent(d, memory_mb, q, c).check_loss;
        centre = value < best ? c : centre;
        best = fmin(best, value);
    }
    double low = centre - step;
    double high = centre + step;
    while (high - low > 1e-9) {
        double left = high - golden * (high - low);
        double right = low + golden * (high - low);
        double at_left = fit_exponent(d, memory_mb, q, left).check_loss;
        double at_right = fit_exponent(d, memory_mb, q, right).check_loss;
        best = fmin(best, fmin(at_left, at_right));
        low = at_left < at_right ? low : left;
        high = at_left < at_right ? right : high;
    }
    return best;
}

static void free_exponent_reaches_the_loss_of_the_table(void **state)
{
    struct data *d = *state;
    double memory_mb[280];
    struct csv csv;
    load_synth1(d, memory_mb);
    csv_open(&csv, "tests/data/model/quantreg", "memory_synth1_expected.csv");
    while (csv_next(&csv)) {
        double expected = csv_number(&csv, "check_loss");
        double found = best_exponent_loss(d, memory_mb, csv_number(&csv, "tau"));
        assert_true(found <= expected * (1 + 1e-6));
        assert_true(found >= expected * (1 - 1e-3)); /* the same problem, after all */
    }
    csv_close(&csv);
}

/* ---- small problems, all vertices ---- */

/* Solves the 3 x 3 (or smaller) system of rows by Cramer's rule; false when they are dependent. */
static bool meet(double m[3][4], size_t p, double *b)
{
    for (size_t c = 0; c < p; c++) {
        size_t best = c;
        for (size_t j = c; j < p; j++)
            best = fabs(m[j][c]) > fabs(m[best][c]) ? j : best;
        if (fabs(m[best][c]) < 1e-9)
            return false;
        for (size_t k = 0; k <= p; k++) {
            double keep = m[c][k];
            m[c][k] = m[best][k];
            m[best][k] = keep;
        }
        for (size_t j = 0; j < p; j++) {
            double factor = m[j][c] / m[c][c];
            for (size_t k = 0; k <= p && j != c; k++)
                m[j][k] -= factor * m[c][k];
        }
    }
    for (size_t k = 0; k < p; k++)
        b[k] = m[k][p] / m[k][k];
    return true;
}

/* Least loss over all points where p rows meet, bounds b_k = 0 counted as rows (n + k). */
static double brute_force(const struct data *d, const struct cp_quantile_regression_options *o)
{
    const size_t p = d->n_regressors == 2 ? 3 : 2;
    size_t total = d->n + p;
    double best = INFINITY;
    for (size_t code = 0; code < (p == 3 ? total * total * total : total * total); code++) {
        size_t chosen[3] = {code % total, code / total % total, code / total / total};
        double m[3][4];
        double b[3] = {0};
        bool is_allowed = true;
        for (size_t j = 0; j < p; j++) {
            size_t i = chosen[j];
            is_allowed = is_allowed && (j == 0 || chosen[j - 1] < i) &&
                         (i < d->n || o->is_non_negative[i - d->n]);
            for (size_t k = 0; k < p; k++)
                m[j][k] = i < d->n ? x_of(d, i, k) : i - d->n == k;
            m[j][p] = i < d->n ? d->y[i] : 0;
        }
        if (!is_allowed || !meet(m, p, b))
            continue;
        for (size_t k = 0; k < p; k++)
            is_allowed = is_allowed && (!o->is_non_negative[k] || b[k] >= -1e-12);
        if (is_allowed)
            best = fmin(best, loss(d, b, o->q));
    }
    return best;
}

/* Coarse values: ties in y, repeated x, whole rows twice. */
static void make_small(struct cp_rng *rng, struct data *d)
{
    d->n_regressors = 1 + (size_t)cp_rng_below(rng, 2);
    d->n = d->n_regressors + 2 + (size_t)cp_rng_below(rng, SMALL - d->n_regressors - 3);
    d->is_weighted = cp_rng_below(rng, 2) == 0;
    double grain = cp_rng_below(rng, 3) == 0 ? 1e-6 : 1;
    for (size_t i = 0; i < d->n; i++) {
        for (size_t k = 0; k < 2; k++)
            d->x[k][i] = grain * floor(5 * cp_rng_uniform(rng) / grain);
        d->y[i] = grain * floor((4 * d->x[0][i] - 2 + 8 * cp_rng_normal(rng)) / grain);
        d->weights[i] = 0.5 + (double)cp_rng_below(rng, 3);
    }
}

static void no_vertex_of_small_problems_is_better(void **state)
{
    struct data *d = *state;
    struct cp_rng rng;
    size_t at_a_bound = 0;
    cp_rng_init(&rng, 21, 0);
    for (size_t trial = 0; trial < 1500; trial++) {
        struct cp_quantile_regression_options o = {.q = 0.02 + 0.96 * cp_rng_uniform(&rng)};
        make_small(&rng, d);
        for (size_t k = 0; k < 3; k++)
            o.is_non_negative[k] = cp_rng_below(&rng, 2) == 0;
        struct cp_quantile_regression fit = fit_with(d, &o);
        assert_int_equal(fit.status, CP_OK);
        if (fit.rank < fit.n_coefficients)
            continue; /* then the search above has no vertex of its own */
        double best = brute_force(d, &o);
        double found = loss(d, fit.coefficients, o.q);
        assert_near(found, best, 1e-9 * (1 + best));
        assert_near(fit.check_loss, found, 1e-9 * (1 + best));
        for (size_t k = 0; k < fit.n_coefficients; k++) {
            assert_true(!o.is_non_negative[k] || fit.coefficients[k] >= 0);
            at_a_bound += o.is_non_negative[k] && fit.coefficients[k] == 0;
        }
    }
    assert_in_range(at_a_bound, 50, 3000);
}

/* ---- equivariance (Koenker & Bassett 1978, theorem 3.2) ---- */

/* n q is not whole, so the optimum is unique. */
static void make_medium(struct data *d, uint64_t seed)
{
    struct cp_rng rng;
    cp_rng_init(&rng, seed, 0);
    d->n = 201;
    d->n_regressors = 2;
    d->is_weighted = false;
    for (size_t i = 0; i < d->n; i++) {
        d->x[0][i] = 10 * cp_rng_uniform(&rng);
        d->x[1][i] = cp_rng_normal(&rng);
        d->y[i] =
            30 + 4 * d->x[0][i] - 7 * d->x[1][i] + (1 + d->x[0][i]) * cp_rng_exponential(&rng, 3);
        d->weights[i] = 1;
    }
}

static void assert_coefficients(const struct cp_quantile_regression *fit, double b0, double b1,
                                double b2)
{
    const double expected[] = {b0, b1, b2};
    assert_int_equal(fit->status, CP_OK);
    for (size_t k = 0; k < 3; k++)
        assert_near(fit->coefficients[k], expected[k], 1e-8 * (1 + fabs(expected[k])));
}

static void fits_move_with_their_data(void **state)
{
    static const double qs[] = {0.03, 0.37, 0.5, 0.88};
    struct data *d = *state;
    for (size_t j = 0; j < sizeof qs / sizeof *qs; j++) {
        make_medium(d, j);
        struct cp_quantile_regression before = fit_of(d, qs[j]);
        const double *b = before.coefficients;
        for (size_t i = 0; i < d->n; i++) /* y -> 3 y + 100 - 2 x_1 */
            d->y[i] = 3 * d->y[i] + 100 - 2 * d->x[0][i];
        struct cp_quantile_regression after = fit_of(d, qs[j]);
        assert_coefficients(&after, 3 * b[0] + 100, 3 * b[1] - 2, 3 * b[2]);
        assert_near(after.check_loss / before.check_loss, 3, 1e-9);
        make_medium(d, j);
        for (size_t i = 0; i < d->n; i++) /* upside down: the quantile of the other side */
            d->y[i] = -d->y[i];
        after = fit_of(d, 1 - qs[j]);
        assert_coefficients(&after, -b[0], -b[1], -b[2]);
        make_medium(d, j);
        for (size_t i = 0; i < d->n; i++) /* x_1 -> 1e5 (x_1 + 7), x_2 -> 1e-4 x_2 */
            d->x[0][i] = 1e5 * (d->x[0][i] + 7), d->x[1][i] *= 1e-4;
        after = fit_of(d, qs[j]);
        assert_near(after.check_loss / before.check_loss, 1, 1e-9);
        assert_near(after.coefficients[1] * 1e5, b[1], 1e-7);
        assert_near(after.coefficients[2] * 1e-4, b[2], 1e-7);
        assert_near(after.coefficients[0] + 7e5 * after.coefficients[1], b[0], 1e-6);
    }
}

static void regressors_may_lie_far_from_zero(void **state)
{
    struct data *d = *state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        make_medium(d, seed);
        struct cp_quantile_regression near = fit_of(d, 0.37);
        for (size_t i = 0; i < d->n; i++) {
            d->x[0][i] += 0x1p23; /* whole steps of the numbers there: x_1 keeps its digits */
            d->x[1][i] -= 0x1p23;
        }
        struct cp_quantile_regression far = fit_of(d, 0.37);
        assert_int_equal(far.status, CP_OK);
        assert_int_equal(far.rank, 3);
        assert_near(far.check_loss / near.check_loss, 1, 1e-6);
        assert_near(far.coefficients[1], near.coefficients[1], 1e-5);
        assert_near(far.coefficients[2], near.coefficients[2], 1e-5);
    }
}

/* Three rows in five lie on one plane, where a walk from row to row can turn for ever. */
static void many_rows_may_meet_in_one_vertex(void **state)
{
    static const size_t sizes[] = {50, 500, 4000, LARGE};
    struct data *d = *state;
    struct cp_rng rng;
    cp_rng_init(&rng, 51, 0);
    d->n_regressors = 2;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        d->n = sizes[s];
        for (size_t i = 0; i < d->n; i++) {
            static const double off[] = {0, 0, 0, 1, -1};
            d->x[0][i] = cp_rng_normal(&rng);
            d->x[1][i] = cp_rng_normal(&rng);
            d->y[i] = 3 + 2 * d->x[0][i] - 5 * d->x[1][i] + off[i % 5];
        }
        struct cp_quantile_regression fit = fit_of(d, 0.5);
        assert_coefficients(&fit, 3, 2, -5);
        assert_near(fit.check_loss / (0.2 * (double)d->n), 1, 1e-9);
        assert_in_range(fit.n_steps, 3, 300);
    }
}

/* Four regressors, six parallel planes with thousands of rows each. */
static void planes_full_of_rows_are_left(void **state)
{
    static const double b[] = {3, 2, -5, 0.5, 1};
    struct data *d = *state;
    struct cp_rng rng;
    cp_rng_init(&rng, 52, 0);
    d->n_regressors = 4;
    d->n = 20000;
    for (size_t i = 0; i < d->n; i++) {
        d->y[i] = b[0] + (double)cp_rng_below(&rng, 6);
        for (size_t k = 0; k < 4; k++) {
            d->x[k][i] = cp_rng_normal(&rng);
            d->y[i] += b[k + 1] * d->x[k][i];
        }
    }
    struct cp_quantile_regression fit = fit_of(d, 0.95);
    assert_int_equal(fit.status, CP_OK);
    for (size_t k = 0; k < 5; k++)
        assert_near(fit.coefficients[k], b[k] + (k == 0 ? 5 : 0), 1e-9);
    assert_in_range(fit.n_steps, 5, 1000); /* 3,174 without the perturbation */
}

/* Between the two rows of each side the loss is level: a slope of 0 is as good as any, but no row
 * speaks for it. */
static void level_losses_end_where_rows_meet(void **state)
{
    struct data *d = *state;
    static const double x[] = {-1, -1, 1, 1};
    static const double y[] = {0, 2, 1, 3};
    size_t on_the_fit = 0;
    d->n = 4;
    for (size_t i = 0; i < 4; i++) {
        d->x[0][i] = x[i];
        d->y[i] = y[i];
    }
    struct cp_quantile_regression fit = fit_of(d, 0.5);
    for (size_t i = 0; i < 4; i++)
        on_the_fit += fabs(residual(d, fit.coefficients, i)) < 1e-12;
    assert_int_equal(fit.status, CP_OK);
    assert_near(fit.check_loss, 2, 1e-12);
    assert_int_equal(on_the_fit, 2);
}

static void order_of_rows_does_not_matter(void **state)
{
    struct data *d = *state;
    make_medium(d, 5);
    struct cp_quantile_regression before = fit_of(d, 0.9);
    for (size_t i = 0, j = d->n - 1; i < j; i++, j--) {
        double *columns[] = {d->y, d->x[0], d->x[1]};
        for (size_t c = 0; c < 3; c++) {
            double keep = columns[c][i];
            columns[c][i] = columns[c][j];
            columns[c][j] = keep;
        }
    }
    struct cp_quantile_regression after = fit_of(d, 0.9);
    assert_coefficients(&after, before.coefficients[0], before.coefficients[1],
                        before.coefficients[2]);
}

static void weights_are_repeated_rows(void **state)
{
    struct data *d = *state;
    make_medium(d, 6);
    size_t n = d->n;
    d->is_weighted = true;
    for (size_t i = 0; i < n; i++)
        d->weights[i] = (double)(i % 4); /* 0: not there */
    d->y[4] = NAN;                       /* of weight 0: never looked at */
    d->x[0][8] = INFINITY;
    struct cp_quantile_regression weighted = fit_of(d, 0.3);
    assert_int_equal(weighted.n, n - (n + 3) / 4);
    for (size_t i = 0, at = n; i < n; i++) {
        for (size_t copy = 0; copy < i % 4; copy++, at++) {
            d->y[at] = d->y[i];
            d->x[0][at] = d->x[0][i];
            d->x[1][at] = d->x[1][i];
            d->n = at + 1;
        }
    }
    for (size_t i = 0; i < d->n; i++)
        d->weights[i] = i >= n;
    struct cp_quantile_regression repeated = fit_of(d, 0.3);
    assert_coefficients(&repeated, weighted.coefficients[0], weighted.coefficients[1],
                        weighted.coefficients[2]);
    assert_near(repeated.check_loss / weighted.check_loss, 1, 1e-12);
}

/* ---- large problems ---- */

/* Slope of the loss from b along a direction. Rows on the fit count by the side they get. */
static double slope_along(const struct data *d, const double *b, double q, const double *direction)
{
    double slope = 0;
    for (size_t i = 0; i < d->n; i++) {
        double u = residual(d, b, i);
        double rise = direction[0] + direction[1] * d->x[0][i];
        bool is_above = fabs(u) > 1e-9 * (1 + fabs(d->y[i])) ? u > 0 : rise < 0;
        if (d->y[i] < INFINITY || is_above)
            slope -= weight_of(d, i) * (is_above ? q : q - 1) * rise;
    }
    return slope;
}

/* The loss is convex, and linear between the directions that keep a row of the fit on it: where
 * none of those falls, nothing does. */
static void assert_optimal(const struct data *d, double q, const struct cp_quantile_regression *fit)
{
    size_t on_the_fit = 0;
    double total = 0;
    for (size_t i = 0; i < d->n; i++)
        total += weight_of(d, i) * (1 + fabs(d->x[0][i]));
    for (size_t i = 0; i < d->n; i++) {
        if (!(fabs(residual(d, fit->coefficients, i)) <= 1e-9 * (1 + fabs(d->y[i]))))
            continue;
        const double up[] = {-d->x[0][i], 1};
        const double down[] = {d->x[0][i], -1};
        assert_true(slope_along(d, fit->coefficients, q, up) >= -1e-9 * total);
        assert_true(slope_along(d, fit->coefficients, q, down) >= -1e-9 * total);
        if (++on_the_fit == 20)
            break; /* many ties: enough are seen */
    }
    assert_true(on_the_fit >= 2);
}

static void fill_spread(struct cp_rng *rng, struct data *d, size_t i)
{
    d->x[0][i] = 10 * cp_rng_uniform(rng);
    d->y[i] = 5 + 2 * d->x[0][i] + (1 + d->x[0][i]) * cp_rng_normal(rng);
}

/* Seven memory sizes, times with two decimals. */
static void fill_memory(struct cp_rng *rng, struct data *d, size_t i)
{
    static const double sizes[] = {128, 256, 512, 1024, 1769, 1769, 1769};
    d->x[0][i] = 1024 / sizes[cp_rng_below(rng, 7)];
    d->y[i] = floor(2000 + 8000 * d->x[0][i] * cp_rng_gamma(rng, 2)) / 100;
}

/* Whole numbers on a small grid: hundreds of rows share every point. */
static void fill_grid(struct cp_rng *rng, struct data *d, size_t i)
{
    d->x[0][i] = (double)cp_rng_below(rng, 6);
    d->y[i] = floor(d->x[0][i] + 3 * cp_rng_normal(rng));
}

/* Sorted by x, and the law changes half way: a sample of the first rows would mislead. */
static void fill_sorted(struct cp_rng *rng, struct data *d, size_t i)
{
    d->x[0][i] = (double)i / (double)d->n;
    d->y[i] = d->x[0][i] < 0.5 ? cp_rng_normal(rng) : 40 + 30 * cp_rng_normal(rng);
}

/* One row in a thousand far out in x and y. */
static void fill_outliers(struct cp_rng *rng, struct data *d, size_t i)
{
    fill_spread(rng, d, i);
    if (i % 1000 == 0) {
        d->x[0][i] = 1e4 * cp_rng_uniform(rng);
        d->y[i] = 1e5 * cp_rng_normal(rng);
    }
}

static void fill_constant(struct cp_rng *rng, struct data *d, size_t i)
{
    d->x[0][i] = (double)cp_rng_below(rng, 9);
    d->y[i] = 7;
}

/* Right-censored at 60 and known only to be above. */
static void fill_censored(struct cp_rng *rng, struct data *d, size_t i)
{
    fill_spread(rng, d, i);
    d->y[i] = d->y[i] > 60 ? INFINITY : d->y[i];
}

static void large_problems_are_solved_exactly(void **state)
{
    static const struct {
        const char *name;
        void (*fill)(struct cp_rng *, struct data *, size_t);
    } laws[] = {
        {"spread", fill_spread},     {"memory", fill_memory},     {"grid", fill_grid},
        {"sorted", fill_sorted},     {"outliers", fill_outliers}, {"constant", fill_constant},
        {"censored", fill_censored},
    };
    static const double qs[] = {0.5, 0.95, 0.01};
    static const size_t sizes[] = {500, 5000, LARGE};
    struct data *d = *state;
    for (size_t l = 0; l < sizeof laws / sizeof *laws; l++) {
        struct cp_rng rng;
        cp_rng_init(&rng, 31, l);
        for (size_t j = 0; j < 9; j++) {
            d->n = sizes[j / 3];
            d->is_weighted = j % 2 == 1;
            for (size_t i = 0; i < d->n; i++) {
                laws[l].fill(&rng, d, i);
                d->weights[i] = cp_rng_uniform(&rng);
            }
            struct cp_quantile_regression fit = fit_of(d, qs[j % 3]);
            if (fit.status != CP_OK)
                fail_msg("%s, %zu rows, q = %g: status %d", laws[l].name, d->n, qs[j % 3],
                         (int)fit.status);
            assert_optimal(d, qs[j % 3], &fit);
            assert_int_equal(fit.rank, 2);
        }
    }
}

/* ---- edges ---- */

static void without_regressors_it_is_the_quantile(void **state)
{
    struct data *d = *state;
    d->n_regressors = 0;
    d->n = 101;
    for (size_t i = 0; i < d->n; i++)
        d->y[i] = (double)((i * 37) % 101);
    assert_near(fit_of(d, 0.5).coefficients[0], 50, 0);
    assert_near(fit_of(d, 0.945).coefficients[0], 95, 0);
    assert_near(fit_of(d, 0.999).coefficients[0], 100, 0);
}

static void what_rows_cannot_tell_stays_zero(void **state)
{
    struct data *d = *state;
    d->n = 10;
    for (size_t i = 0; i < d->n; i++) {
        d->x[0][i] = 0.1; /* ten of them do not add up to 1 */
        d->y[i] = (double)i;
    }
    struct cp_quantile_regression fit = fit_with(
        d, &(struct cp_quantile_regression_options){.q = 0.45, .errors = CP_REGRESSION_ERRORS_NID});
    assert_int_equal(fit.status, CP_OK);
    assert_int_equal(fit.rank, 1);
    assert_near(fit.coefficients[0] + 0.1 * fit.coefficients[1], 4, 1e-12);
    assert_true(fit.coefficients[0] == 0 || fit.coefficients[1] == 0);
    d->n_regressors = 2; /* x_2 = 2 x_1 */
    for (size_t i = 0; i < d->n; i++) {
        d->x[0][i] = (double)i;
        d->x[1][i] = 2 * (double)i;
    }
    fit = fit_of(d, 0.5);
    assert_int_equal(fit.rank, 2);
    assert_near(fit.coefficients[1] + 2 * fit.coefficients[2], 1, 1e-12);
}

static void censored_rows_are_rows_far_above(void **state)
{
    struct data *d = *state;
    make_medium(d, 8);
    for (size_t i = 0; i < d->n; i += 10)
        d->y[i] = 1e7;
    struct cp_quantile_regression far = fit_of(d, 0.5);
    for (size_t i = 0; i < d->n; i += 10)
        d->y[i] = INFINITY;
    struct cp_quantile_regression censored = fit_of(d, 0.5);
    assert_int_equal(censored.n_censored, 21);
    assert_coefficients(&censored, far.coefficients[0], far.coefficients[1], far.coefficients[2]);
    assert_true(isfinite(censored.check_loss));
    assert_int_equal(fit_of(d, 0.95).status, CP_ENODATA);
}

static void unusable_input_is_named(void **state)
{
    struct data *d = *state;
    static const struct {
        double q, y, x, weight;
        size_t n, n_regressors;
        enum cp_code status;
    } cases[] = {
        {0.5, 1, 1, 1, 4, 1, CP_OK},
        {0, 1, 1, 1, 4, 1, CP_EINVAL},
        {1, 1, 1, 1, 4, 1, CP_EINVAL},
        {NAN, 1, 1, 1, 4, 1, CP_EINVAL},
        {0.5, NAN, 1, 1, 4, 1, CP_EINVAL},
        {0.5, -INFINITY, 1, 1, 4, 1, CP_EINVAL},
        {0.5, 1, NAN, 1, 4, 1, CP_EINVAL},
        {0.5, 1, INFINITY, 1, 4, 1, CP_EINVAL},
        {0.5, 1, 1, -1, 4, 1, CP_EINVAL},
        {0.5, 1, 1, NAN, 4, 1, CP_EINVAL},
        {0.5, 1, 1, INFINITY, 4, 1, CP_EINVAL},
        {0.5, 1, 1, 1, 2, 1, CP_ENODATA},
        {0.5, 1, 1, 0, 3, 1, CP_ENODATA},
        {0.5, 1, 1, 1, 4, 5, CP_EINVAL},
        {0.5, 1, 1, 1, 0, 0, CP_ENODATA},
        {0.5, INFINITY, 1, 1, 1, 0, CP_ENODATA},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        d->n = cases[i].n;
        d->n_regressors = cases[i].n_regressors;
        d->is_weighted = true;
        for (size_t r = 0; r < 4; r++) {
            d->y[r] = (double)(r * r);
            d->x[0][r] = (double)r;
            d->weights[r] = 1;
        }
        d->y[0] = cases[i].y;
        d->x[0][0] = cases[i].x;
        d->weights[0] = cases[i].weight;
        struct cp_quantile_regression fit = fit_of(d, cases[i].q);
        if (fit.status != cases[i].status)
            fail_msg("case %zu: status %d", i, (int)fit.status);
        assert_int_equal(isnan(fit.coefficients[0]), fit.status != CP_OK);
        assert_int_equal(isnan(fit.check_loss), fit.status != CP_OK);
        assert_true(isnan(fit.standard_errors[0]));
        assert_int_equal(isnan(cp_quantile_regression_at(&fit, (const double[4]){0})),
                         fit.status != CP_OK);
    }
}

/* Of the median of normal values: sigma sqrt(pi / 2 / n), whatever the regressor. */
static void errors_of_normal_values_are_known(void **state)
{
    struct data *d = *state;
    struct cp_rng rng;
    cp_rng_init(&rng, 41, 0);
    d->n = 4000;
    for (size_t i = 0; i < d->n; i++) {
        d->x[0][i] = i % 2 ? 1 : -1;
        d->y[i] = 100 + 5 * d->x[0][i] + 2 * cp_rng_normal(&rng);
    }
    const double expected = 2 * sqrt(acos(-1) / 2 / 4000);
    static const enum cp_regression_errors kinds[] = {CP_REGRESSION_ERRORS_IID,
                                                      CP_REGRESSION_ERRORS_NID};
    for (size_t j = 0; j < 2; j++) {
        struct cp_parameter parameters[CP_PARAMETERS_MAX];
        struct cp_quantile_regression fit =
            fit_with(d, &(struct cp_quantile_regression_options){.q = 0.5, .errors = kinds[j]});
        assert_near(fit.standard_errors[0] / expected, 1, 0.15);
        assert_near(fit.standard_errors[1] / expected, 1, 0.15);
        assert_int_equal(cp_quantile_regression_parameters(&fit, parameters), 2);
        assert_string_equal(parameters[1].name, "b1");
        assert_near((parameters[1].estimate.high - parameters[1].estimate.low) / expected, 3.92,
                    0.15 * 3.92);
        assert_near(parameters[1].confidence, 0.95, 0);
        assert_true(*parameters[1].method);
    }
    struct cp_quantile_regression bound = fit_with(
        d, &(struct cp_quantile_regression_options){
               .q = 0.5, .is_non_negative = {false, true}, .errors = CP_REGRESSION_ERRORS_NID});
    assert_true(bound.coefficients[1] > 0 && isfinite(bound.standard_errors[1]));
    for (size_t i = 0; i < d->n; i++)
        d->x[0][i] = -d->x[0][i];
    bound = fit_with(
        d, &(struct cp_quantile_regression_options){
               .q = 0.5, .is_non_negative = {false, true}, .errors = CP_REGRESSION_ERRORS_NID});
    assert_near(bound.coefficients[1], 0, 0);
    assert_true(isnan(bound.standard_errors[1]) && isfinite(bound.standard_errors[0]));
    /* two like groups: the slope is 0, and not held there */
    for (size_t i = 1; i < d->n; i += 2)
        d->y[i] = d->y[i - 1];
    for (size_t j = 0; j < 2; j++) {
        struct cp_quantile_regression level =
            fit_with(d, &(struct cp_quantile_regression_options){.q = 0.5, .errors = kinds[j]});
        assert_near(level.coefficients[1], 0, 0);
        assert_near(level.standard_errors[1] / expected, 1, 0.2);
    }
    struct cp_parameter none[CP_PARAMETERS_MAX];
    d->n = 1;
    bound = fit_with(d, &(struct cp_quantile_regression_options){.q = 0.5});
    assert_int_equal(bound.status, CP_ENODATA);
    assert_int_equal(cp_quantile_regression_parameters(&bound, none), 0);
}

int main(void)
{
    gsl_set_error_handler_off();
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_data, free_data)
    const struct CMUnitTest tests[] = {
        TEST(memory_law_meets_the_table_of_quantreg),
        TEST(free_exponent_reaches_the_loss_of_the_table),
        TEST(no_vertex_of_small_problems_is_better),
        TEST(fits_move_with_their_data),
        TEST(planes_full_of_rows_are_left),
        TEST(level_losses_end_where_rows_meet),
        TEST(order_of_rows_does_not_matter),
        TEST(regressors_may_lie_far_from_zero),
        TEST(many_rows_may_meet_in_one_vertex),
        TEST(weights_are_repeated_rows),
        TEST(large_problems_are_solved_exactly),
        TEST(without_regressors_it_is_the_quantile),
        TEST(what_rows_cannot_tell_stays_zero),
        TEST(censored_rows_are_rows_far_above),
        TEST(unusable_input_is_named),
        TEST(errors_of_normal_values_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
