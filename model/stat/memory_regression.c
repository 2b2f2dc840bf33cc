/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/memory_regression.h"

#include <math.h>
#include <stdlib.h>

#include "model/stat/optimum.h"
#include "model/stat/quantile_regression.h"
#include "model/stat/sort.h"

enum { GROUP_MIN = 5, SIZES_MIN = 3, CELLS = 24 };

static const double exponent_low = 0.2;
static const double exponent_high = 2.5;
static const double default_cap_mb = 1769;

const char *const cp_memory_regression_formula = "a + b * (1024 / min(m, cap))^c";

/* The samples as rows, and the x of each row for the exponent in work. */
struct rows {
    const struct cp_memory_regression_options *options;
    double cap_mb;
    size_t n;
    double *y, *memory_mb, *x;
};

static void rows_clear(struct rows *rows)
{
    free(rows->y);
    free(rows->memory_mb);
    free(rows->x);
}

static bool is_used(const struct cp_memory_group *g)
{
    return !g->is_excluded && g->n >= GROUP_MIN && g->memory_size_mb > 0;
}

static bool is_new_size(const struct cp_memory_group *groups, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (is_used(&groups[j]) && groups[j].memory_size_mb == groups[i].memory_size_mb)
            return false;
    return true;
}

static enum cp_code count(struct rows *rows, const struct cp_memory_group *groups, size_t n)
{
    size_t n_sizes = 0;
    for (size_t i = 0; i < n; i++) {
        if (!cp_sort_is_sorted(groups[i].sorted_ms, groups[i].n))
            return CP_EINVAL;
        if (!is_used(&groups[i]))
            continue;
        rows->n += groups[i].n;
        n_sizes += is_new_size(groups, i);
    }
    return n_sizes < SIZES_MIN ? CP_ENODATA : CP_OK;
}

static enum cp_code load(struct rows *rows, const struct cp_memory_group *groups, size_t n)
{
    enum cp_code status = count(rows, groups, n);
    if (status)
        return status;
    rows->y = calloc(rows->n, sizeof *rows->y);
    rows->memory_mb = calloc(rows->n, sizeof *rows->memory_mb);
    rows->x = calloc(rows->n, sizeof *rows->x);
    if (!rows->y || !rows->memory_mb || !rows->x)
        return CP_ENOMEM;
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; is_used(&groups[i]) && j < groups[i].n; j++, at++) {
            rows->y[at] = groups[i].sorted_ms[j];
            rows->memory_mb[at] = groups[i].memory_size_mb;
        }
    }
    return CP_OK;
}

static double x_at(double memory_mb, double cap_mb, double c)
{
    return pow(1024 / fmin(memory_mb, cap_mb), c);
}

/* The exact fit with exponent c; its check loss, INFINITY without one. */
static double fit_at(struct rows *rows, double c, struct cp_quantile_regression *fit)
{
    const struct cp_regression_rows r = {
        .n = rows->n, .y = rows->y, .x = {rows->x}, .n_regressors = 1};
    bool is_bounded = !rows->options->is_unbounded;
    const struct cp_quantile_regression_options options = {
        .q = rows->options->q,
        .is_non_negative = {is_bounded, is_bounded},
        .errors =
            rows->options->is_exponent_free ? CP_REGRESSION_ERRORS_NONE : CP_REGRESSION_ERRORS_NID,
    };
    for (size_t i = 0; i < rows->n; i++)
        rows->x[i] = x_at(rows->memory_mb[i], rows->cap_mb, c);
    cp_quantile_regression_fit(&r, &options, fit);
    return fit->status ? INFINITY : fit->check_loss;
}

static double exponent_of(double cell)
{
    return exponent_low * pow(exponent_high / exponent_low, cell / CELLS);
}

static double gain_of_cell(const void *context, double cell)
{
    struct rows *const *rows = context;
    struct cp_quantile_regression fit;
    return -fit_at(*rows, exponent_of(cell), &fit);
}

/* The smallest loss next to a cell of the grid. */
static double minimise(struct rows *rows, int cell, double *best_loss)
{
    double gain = NAN;
    double at = cp_optimum_section(gain_of_cell, &rows, fmax(cell - 1, 0), fmin(cell + 1, CELLS),
                                   1e-7, &gain);
    *best_loss = -gain;
    return at;
}

static double best_exponent(struct rows *rows)
{
    struct cp_quantile_regression fit;
    double losses[CELLS + 1];
    int best = 0;
    int second = -1;
    for (int i = 0; i <= CELLS; i++) {
        losses[i] = fit_at(rows, exponent_of(i), &fit);
        best = losses[i] < losses[best] ? i : best;
    }
    for (int i = 0; i <= CELLS; i++) /* in another valley: not next to the best */
        if (abs(i - best) > 1 && (second < 0 || losses[i] < losses[second]))
            second = i;
    double loss = 0;
    double other_loss = 0;
    double cell = minimise(rows, best, &loss);
    double other = minimise(rows, second, &other_loss);
    return exponent_of(other_loss < loss ? other : cell);
}

static struct cp_interval with_error(double value, double error)
{
    return (struct cp_interval){value, value - 1.96 * error, value + 1.96 * error};
}

static enum cp_code fit_rows(struct rows *rows, struct cp_memory_regression *fit)
{
    struct cp_quantile_regression regression;
    double c = rows->options->is_exponent_free ? best_exponent(rows) : 1;
    double loss = fit_at(rows, c, &regression);
    if (regression.status)
        return regression.status;
    fit->c = c;
    fit->a_ms = with_error(regression.coefficients[0], regression.standard_errors[0]);
    fit->b_ms = with_error(regression.coefficients[1], regression.standard_errors[1]);
    fit->cap_mb = rows->cap_mb;
    fit->check_loss = loss;
    fit->n_samples = rows->n;
    return CP_OK;
}

static struct cp_memory_regression no_fit(enum cp_code status, double q)
{
    static const struct cp_interval none = {NAN, NAN, NAN};
    return (struct cp_memory_regression){.status = status,
                                         .q = q,
                                         .a_ms = none,
                                         .b_ms = none,
                                         .c = NAN,
                                         .cap_mb = NAN,
                                         .check_loss = NAN};
}

void cp_memory_regression_fit(const struct cp_memory_group *groups, size_t n_groups,
                              const struct cp_memory_regression_options *options,
                              struct cp_memory_regression *fit)
{
    struct rows rows = {.options = options,
                        .cap_mb = options->cap_mb > 0 ? options->cap_mb : default_cap_mb};
    *fit = no_fit(CP_EINVAL, options->q);
    if (!(options->q > 0 && options->q < 1) || !(options->cap_mb >= 0))
        return;
    enum cp_code status = load(&rows, groups, n_groups);
    if (status == CP_OK)
        status = fit_rows(&rows, fit);
    rows_clear(&rows);
    fit->status = status;
    if (status)
        *fit = no_fit(status, options->q);
}

double cp_memory_regression_at(const struct cp_memory_regression *fit, double memory_mb)
{
    return fit->status ? NAN
                       : fit->a_ms.value + fit->b_ms.value * x_at(memory_mb, fit->cap_mb, fit->c);
}

double cp_memory_law_check_loss(const struct cp_memory_law *law,
                                const struct cp_memory_group *groups, size_t n_groups)
{
    double sum = 0;
    if (law->status || isnan(law->q))
        return NAN;
    for (size_t i = 0; i < n_groups; i++) {
        const struct cp_memory_group *g = &groups[i];
        double at = cp_memory_law_at(law, g->memory_size_mb);
        for (size_t j = 0; is_used(g) && j < g->n && isfinite(g->sorted_ms[j]); j++) {
            double u = g->sorted_ms[j] - at;
            sum += u * (law->q - (u < 0));
        }
    }
    return sum;
}

size_t cp_memory_regression_parameters(const struct cp_memory_regression *fit,
                                       struct cp_parameter out[CP_PARAMETERS_MAX])
{
    static const char method[] = "normal, sandwich errors (Hendricks & Koenker)";
    size_t n = 0;
    if (fit->status)
        return 0;
    bool has_interval = !isnan(fit->a_ms.low) || !isnan(fit->b_ms.low);
    double confidence = has_interval ? 0.95 : 0;
    out[n++] = (struct cp_parameter){"a", "ms", fit->a_ms, confidence, has_interval ? method : ""};
    out[n++] = (struct cp_parameter){"b", "ms at 1,024 MB", fit->b_ms, confidence,
                                     has_interval ? method : ""};
    out[n++] = (struct cp_parameter){"c", "", {fit->c, NAN, NAN}, 0, ""};
    if (isfinite(fit->cap_mb))
        out[n++] = (struct cp_parameter){"cap", "MB", {fit->cap_mb, NAN, NAN}, 0, ""};
    return n;
}
