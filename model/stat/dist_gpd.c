/* SPDX-License-Identifier: GPL-3.0-or-later
 * The generalised Pareto tail over an empirical body: maximum likelihood of the exceedances, and
 * intervals of its quantiles by profile likelihood (Coles, "An Introduction to Statistical Modeling
 * of Extreme Values", 2001, ch. 4): far in the tail they are far from symmetric.
 */
#include <float.h>
#include <math.h>

#include "model/stat/dist_parts.h"
#include "model/stat/optimum.h"
#include "model/stat/quantile.h"
#include "model/stat/sort.h"

static const double tail_from = 0.9;
static const double lightest_shape = -0.5;
enum { EXCEEDANCES_MIN = 30 };

struct exceedances {
    const double *x; /* those seen, above u */
    size_t n, n_censored;
    double u, censored_at;
};

static double gpd_likelihood(const void *context, const double *p)
{
    const struct exceedances *e = context;
    double scale = p[GPD_SCALE];
    double shape = p[GPD_SHAPE];
    if (!(scale > 0 && shape > -1))
        return -INFINITY;
    const double parameters[] = {scale, shape, e->u, 1};
    struct cp_dist d = cp_dist_of(CP_DIST_GPD_TAIL, parameters);
    double sum = -(double)e->n * log(scale);
    for (size_t i = 0; i < e->n; i++)
        sum -= (1 + shape) * cp_gpd_hazard(&d, e->x[i] - e->u);
    if (e->n_censored > 0)
        sum += (double)e->n_censored * log(cp_gpd_survival(&d, e->censored_at));
    return sum;
}

/* By the moments of the exceedances, kept where the likelihood is finite. */
static void start_gpd(const struct exceedances *e, double *p)
{
    double mean = 0;
    double squares = 0;
    for (size_t i = 0; i < e->n; i++)
        mean += (e->x[i] - e->u) / (double)e->n;
    for (size_t i = 0; i < e->n; i++)
        squares += (e->x[i] - e->u - mean) * (e->x[i] - e->u - mean);
    double ratio = mean * mean * (double)e->n / squares;
    p[GPD_SHAPE] = fmin(fmax((1 - ratio) / 2, 0.01), 0.4);
    p[GPD_SCALE] = mean * (1 - p[GPD_SHAPE]);
}

static enum cp_code climb_gpd(const struct exceedances *e, struct cp_dist_fit *fit)
{
    double *p = fit->dist.parameters;
    const struct cp_optimum o = {.value = gpd_likelihood, .context = e, .n = 2};
    start_gpd(e, p);
    const double steps[] = {0.3 * p[GPD_SCALE], 0.2};
    enum cp_code code = cp_optimum_climb(&o, steps, p);
    if (code)
        return cp_dist_refuse_optimum(fit, code);
    if (p[GPD_SHAPE] < lightest_shape)
        return cp_dist_refuse(fit, CP_ENUMERIC,
                              "the tail ends abruptly (shape below -0.5): no Pareto tail");
    if (!cp_optimum_polish(&o, p, fit->covariance))
        return cp_dist_refuse_optimum(fit, CP_ENUMERIC);
    fit->log_likelihood = gpd_likelihood(e, p);
    return CP_OK;
}

static struct exceedances exceedances_of(const struct cp_dist_data *data, double u)
{
    size_t below = cp_sort_count_to(data->seen, data->n_seen, u);
    return (struct exceedances){.x = data->seen + below,
                                .n = data->n_seen - below,
                                .n_censored = data->n_censored,
                                .u = u,
                                .censored_at = data->censored_at};
}

enum cp_code cp_gpd_fit(const struct cp_dist_data *data, struct cp_dist_fit *fit)
{
    size_t n = data->n_seen + data->n_censored;
    double u = cp_quantile(data->seen, n, tail_from, 7);
    if (!isfinite(u))
        return cp_dist_refuse(fit, CP_ENODATA, "a tenth of the values or more are timeouts");
    const struct exceedances e = exceedances_of(data, u);
    fit->n_used = e.n + e.n_censored;
    if (e.n < EXCEEDANCES_MIN)
        return cp_dist_refuse(fit, CP_ENODATA, "fewer than 30 values above the threshold");
    if (!(e.x[0] < e.x[e.n - 1]))
        return cp_dist_refuse(fit, CP_ENUMERIC, "all values above the threshold are equal");
    double share = (double)fit->n_used / (double)n;
    fit->dist.parameters[GPD_U] = u;
    fit->dist.parameters[GPD_TAIL_SHARE] = share;
    fit->dist.sorted = data->seen;
    fit->dist.n = n;
    enum cp_code code = climb_gpd(&e, fit);
    for (size_t i = 0; i < CP_DIST_PARAMETERS_MAX; i++)
        fit->covariance[GPD_TAIL_SHARE][i] = fit->covariance[i][GPD_TAIL_SHARE] = 0;
    fit->covariance[GPD_TAIL_SHARE][GPD_TAIL_SHARE] = share * (1 - share) / (double)n;
    return code;
}

/* --- intervals of quantiles --- */

/* At -1 the likelihood is unbounded. */
static const double least_shape = -0.99;
/* Of the best shape: the profile is level there. */
static const double shape_width = 1e-5;
/* Half of the 95 % point of chi-squared with one degree. */
static const double fall_95 = 1.920729410347062;

enum { BISECTIONS = 40, DOUBLINGS = 60, PROFILE_VALUES_MAX = 4000 };

/* The quantile whose interval is looked for: a tail in which a share `hazard` = log(tail_share /
 * (1 - q)) of the way down lies at u + y. */
struct far_quantile {
    const struct exceedances *e;
    double hazard;
    double most_shape; /* well above the estimate */
};

/* Laws whose quantile is u + y. */
struct laws_through {
    const struct far_quantile *f;
    double y;
};

/* Likelihood of the one with this shape. */
static double likelihood_through(const void *context, double shape)
{
    const struct laws_through *laws = context;
    double hazard = laws->f->hazard;
    double p[] = {[GPD_SCALE] = 1, [GPD_SHAPE] = shape};
    p[GPD_SCALE] = laws->y / cp_gpd_excess(p, hazard);
    double value = gpd_likelihood(laws->f->e, p);
    return isnan(value) ? -INFINITY : value;
}

/* Highest likelihood of a law whose quantile is u + y. Where two shapes are both impossible, a
 * larger one may be possible: that is where the search goes. */
static double profile_at(const struct far_quantile *f, double y)
{
    double highest = NAN;
    (void)cp_optimum_section(likelihood_through, &(struct laws_through){f, y}, least_shape,
                             f->most_shape, shape_width, &highest);
    return highest;
}

/* The y beyond `inside`, in steps that grow by `factor`, at which the profile has fallen to
 * `level`. */
static double fall_to(const struct far_quantile *f, double inside, double factor, double level)
{
    double outside = inside * factor;
    for (int i = 0; i < DOUBLINGS && profile_at(f, outside) > level; i++) {
        inside = outside;
        outside *= factor;
    }
    for (int i = 0; i < BISECTIONS; i++) {
        double middle = (inside + outside) / 2;
        if (profile_at(f, middle) > level)
            inside = middle;
        else
            outside = middle;
    }
    return (inside + outside) / 2;
}

/* The bound of y > 0 from the bounds that two independent errors would give it, both on one side:
 * the squares of their distances add (MOVER), on the log, as y's errors are relative; but where one
 * of them reaches below the threshold, on the plain scale. */
static double join_errors(double y, double one, double other)
{
    double sign = one < y ? -1 : 1;
    if (other <= 0)
        return y + sign * hypot(one - y, other - y);
    return y * exp(sign * hypot(log(one / y), log(other / y)));
}

bool cp_gpd_quantile_interval(const struct cp_dist_fit *fit, double q, double *low, double *high)
{
    const double *p = fit->dist.parameters;
    double tail = 1 - q;
    double share = p[GPD_TAIL_SHARE];
    if (!(tail < share) || fit->n_used > PROFILE_VALUES_MAX)
        return false;
    const struct cp_dist_data data = {.seen = fit->dist.sorted,
                                      .n_seen = fit->n - fit->n_censored,
                                      .n_censored = fit->n_censored,
                                      .censored_at = fit->censored_at_ms};
    const struct exceedances e = exceedances_of(&data, p[GPD_U]);
    const struct far_quantile f = {&e, log(share / tail), fmax(2, 3 * p[GPD_SHAPE])};
    double y = cp_dist_quantile(&fit->dist, q) - p[GPD_U];
    double level = fit->log_likelihood - fall_95;
    /* the share above u is uncertain, too, and independent of the exceedances */
    double step = sqrt(2 * fall_95) * fit->se[GPD_TAIL_SHARE] / share;
    double least = cp_gpd_excess(p, f.hazard - step);
    double most = cp_gpd_excess(p, f.hazard + step);
    *low = p[GPD_U] + join_errors(y, fall_to(&f, y, 0.8, level), least);
    *high = p[GPD_U] + join_errors(y, fall_to(&f, y, 1.25, level), most);
    return true;
}
