/* SPDX-License-Identifier: GPL-3.0-or-later
 * Density, cdf, survival, quantile, draw and mean of each family of dist.h.
 */
#include <float.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_gamma.h>
#include <gsl/gsl_sf_log.h>
#include <math.h>

#include "model/stat/dist_parts.h"
#include "model/stat/quantile.h"

/* --- quantiles without a closed form --- */

enum { STEPS_MAX = 200 };

/* log of the smaller tail at e^t against its target; rises with t. */
static double miss(const struct cp_dist *d, struct cp_dist_probability p, double x)
{
    return p.lower <= p.upper ? log(d->family->cdf(d, x) / p.lower)
                              : log(p.upper / d->family->survival(d, x));
}

/* Newton on t = log x, kept inside a bracket that shrinks with every step; bisection where Newton
 * leaves it. To the last digits of x, and unlike the solvers of GSL without an allocation, so that
 * a quantile cannot fail. */
static double solve(const struct cp_dist *d, struct cp_dist_probability p, double low, double high,
                    double start)
{
    double t = start;
    for (int i = 0; i < STEPS_MAX; i++) {
        double x = exp(t);
        double off = miss(d, p, x);
        if (off < 0)
            low = t;
        else
            high = t;
        double tail = p.lower <= p.upper ? d->family->cdf(d, x) : d->family->survival(d, x);
        double next = t - off * tail / exp(d->family->log_density(d, x) + t);
        if (!(next > low && next < high))
            next = low + (high - low) / 2;
        double step = fabs(next - t);
        t = next;
        if (step < 1e-15 || high - low < 1e-15)
            break;
    }
    return exp(t);
}

/* --- log-normal; p: meanlog, sdlog --- */

static const double log_sqrt_2pi = 0.91893853320467274178;

static double log_normal_z(const double *p, double x)
{
    return (log(x) - p[0]) / p[1];
}

static double log_normal_log_density(const double *p, double x)
{
    if (!(x > 0))
        return -INFINITY;
    double z = log_normal_z(p, x);
    return -z * z / 2 - log_sqrt_2pi - log(p[1]) - log(x);
}

static double log_normal_cdf(const double *p, double x)
{
    return x > 0 ? erfc(-log_normal_z(p, x) * M_SQRT1_2) / 2 : 0;
}

static double log_normal_survival(const double *p, double x)
{
    return x > 0 ? erfc(log_normal_z(p, x) * M_SQRT1_2) / 2 : 1;
}

static double log_normal_quantile(const double *p, struct cp_dist_probability at)
{
    double z =
        at.lower <= at.upper ? gsl_cdf_ugaussian_Pinv(at.lower) : gsl_cdf_ugaussian_Qinv(at.upper);
    return exp(p[0] + p[1] * z);
}

static double log_normal_draw(const double *p, struct cp_rng *rng)
{
    return exp(p[0] + p[1] * cp_rng_normal(rng));
}

static double log_normal_mean(const double *p)
{
    return exp(p[0] + p[1] * p[1] / 2);
}

double cp_lognormal_log_density(const struct cp_dist *d, double x)
{
    return log_normal_log_density(d->parameters, x);
}

double cp_lognormal_cdf(const struct cp_dist *d, double x)
{
    return log_normal_cdf(d->parameters, x);
}

double cp_lognormal_survival(const struct cp_dist *d, double x)
{
    return log_normal_survival(d->parameters, x);
}

double cp_lognormal_quantile(const struct cp_dist *d, struct cp_dist_probability p)
{
    return log_normal_quantile(d->parameters, p);
}

double cp_lognormal_draw(const struct cp_dist *d, struct cp_rng *rng)
{
    return log_normal_draw(d->parameters, rng);
}

double cp_lognormal_mean(const struct cp_dist *d)
{
    return log_normal_mean(d->parameters);
}

/* --- shifted log-normal --- */

double cp_shifted_log_density(const struct cp_dist *d, double x)
{
    return log_normal_log_density(d->parameters + SHIFTED_MEANLOG,
                                  x - d->parameters[SHIFTED_SHIFT]);
}

double cp_shifted_cdf(const struct cp_dist *d, double x)
{
    return log_normal_cdf(d->parameters + SHIFTED_MEANLOG, x - d->parameters[SHIFTED_SHIFT]);
}

double cp_shifted_survival(const struct cp_dist *d, double x)
{
    return log_normal_survival(d->parameters + SHIFTED_MEANLOG, x - d->parameters[SHIFTED_SHIFT]);
}

double cp_shifted_quantile(const struct cp_dist *d, struct cp_dist_probability p)
{
    return d->parameters[SHIFTED_SHIFT] + log_normal_quantile(d->parameters + SHIFTED_MEANLOG, p);
}

double cp_shifted_draw(const struct cp_dist *d, struct cp_rng *rng)
{
    return d->parameters[SHIFTED_SHIFT] + log_normal_draw(d->parameters + SHIFTED_MEANLOG, rng);
}

double cp_shifted_mean(const struct cp_dist *d)
{
    return d->parameters[SHIFTED_SHIFT] + log_normal_mean(d->parameters + SHIFTED_MEANLOG);
}

/* --- mixture of two log-normals --- */

static double mix(const struct cp_dist *d, double first, double second)
{
    double weight = d->parameters[MIXTURE_WEIGHT];
    return weight * first + (1 - weight) * second;
}

double cp_two_lognormal_log_density(const struct cp_dist *d, double x)
{
    double weight = d->parameters[MIXTURE_WEIGHT];
    double a = log(weight) + log_normal_log_density(d->parameters + MIXTURE_MEANLOG_1, x);
    double b = log1p(-weight) + log_normal_log_density(d->parameters + MIXTURE_MEANLOG_2, x);
    double more = fmax(a, b);
    return isinf(more) ? more : more + log1p(exp(fmin(a, b) - more));
}

double cp_two_lognormal_cdf(const struct cp_dist *d, double x)
{
    return mix(d, log_normal_cdf(d->parameters + MIXTURE_MEANLOG_1, x),
               log_normal_cdf(d->parameters + MIXTURE_MEANLOG_2, x));
}

double cp_two_lognormal_survival(const struct cp_dist *d, double x)
{
    return mix(d, log_normal_survival(d->parameters + MIXTURE_MEANLOG_1, x),
               log_normal_survival(d->parameters + MIXTURE_MEANLOG_2, x));
}

/* It lies between the quantiles of the two components. */
double cp_two_lognormal_quantile(const struct cp_dist *d, struct cp_dist_probability p)
{
    double a = log_normal_quantile(d->parameters + MIXTURE_MEANLOG_1, p);
    double b = log_normal_quantile(d->parameters + MIXTURE_MEANLOG_2, p);
    double low = fmin(a, b);
    double high = fmax(a, b);
    if (!(low > 0) || isinf(high) || !(low < high))
        return low > 0 ? high : low;
    return solve(d, p, log(low) - DBL_EPSILON, log(high) + DBL_EPSILON, (log(low) + log(high)) / 2);
}

double cp_two_lognormal_draw(const struct cp_dist *d, struct cp_rng *rng)
{
    bool is_first = cp_rng_uniform(rng) < d->parameters[MIXTURE_WEIGHT];
    return log_normal_draw(d->parameters + (is_first ? MIXTURE_MEANLOG_1 : MIXTURE_MEANLOG_2), rng);
}

double cp_two_lognormal_mean(const struct cp_dist *d)
{
    return mix(d, log_normal_mean(d->parameters + MIXTURE_MEANLOG_1),
               log_normal_mean(d->parameters + MIXTURE_MEANLOG_2));
}

/* --- gamma --- */

/* By the ratio of x to the mean and Gamma*(shape) = Gamma(shape) sqrt(shape / 2 pi) (e /
 * shape)^shape: for large shapes the plain form loses all digits. */
double cp_gamma_log_density(const struct cp_dist *d, double x)
{
    if (!(x > 0))
        return -INFINITY;
    double shape = d->parameters[GAMMA_SHAPE];
    double ratio = d->parameters[GAMMA_RATE] * x / shape;
    double off = ratio - 1;
    double fall = fabs(off) < 0.1 ? gsl_sf_log_1plusx_mx(off) : log(ratio) - off;
    return shape * fall + log(shape) / 2 - log_sqrt_2pi - log(x) - log(gsl_sf_gammastar(shape));
}

double cp_gamma_cdf(const struct cp_dist *d, double x)
{
    return x > 0 ? gsl_cdf_gamma_P(x, d->parameters[GAMMA_SHAPE], 1 / d->parameters[GAMMA_RATE])
                 : 0;
}

double cp_gamma_survival(const struct cp_dist *d, double x)
{
    return x > 0 ? gsl_cdf_gamma_Q(x, d->parameters[GAMMA_SHAPE], 1 / d->parameters[GAMMA_RATE])
                 : 1;
}

/* log of a value near the quantile of rate 1: Wilson & Hilferty (1931), and the leading term of the
 * cdf, x^shape / Gamma(shape + 1), where that is of no use. */
static double gamma_start(double shape, struct cp_dist_probability p)
{
    double z =
        p.lower <= p.upper ? gsl_cdf_ugaussian_Pinv(p.lower) : gsl_cdf_ugaussian_Qinv(p.upper);
    double cube_root = 1 - 1 / (9 * shape) + z / (3 * sqrt(shape));
    if (cube_root > 0.1)
        return log(shape) + 3 * log(cube_root);
    return (log(p.lower) + gsl_sf_lngamma(shape + 1)) / shape;
}

double cp_gamma_quantile(const struct cp_dist *d, struct cp_dist_probability p)
{
    if (!(p.lower > 0))
        return 0;
    if (!(p.upper > 0))
        return INFINITY;
    const double low = log(DBL_MIN);
    const double high = log(DBL_MAX);
    double start = gamma_start(d->parameters[GAMMA_SHAPE], p) - log(d->parameters[GAMMA_RATE]);
    return solve(d, p, low, high, fmin(fmax(start, low), high));
}

double cp_gamma_draw(const struct cp_dist *d, struct cp_rng *rng)
{
    double shape = d->parameters[GAMMA_SHAPE];
    double rate = d->parameters[GAMMA_RATE];
    if (shape >= 1)
        return cp_rng_gamma(rng, shape) / rate;
    double more = cp_rng_gamma(rng, shape + 1); /* Marsaglia & Tsang, ACM TOMS 26, 2000 */
    return more * pow(cp_rng_uniform(rng), 1 / shape) / rate;
}

double cp_gamma_mean(const struct cp_dist *d)
{
    return d->parameters[GAMMA_SHAPE] / d->parameters[GAMMA_RATE];
}

/* --- Weibull --- */

/* -log P(X > x) */
static double weibull_hazard(const struct cp_dist *d, double x)
{
    return pow(x / d->parameters[WEIBULL_SCALE], d->parameters[WEIBULL_SHAPE]);
}

double cp_weibull_log_density(const struct cp_dist *d, double x)
{
    if (!(x > 0))
        return -INFINITY;
    double shape = d->parameters[WEIBULL_SHAPE];
    double scale = d->parameters[WEIBULL_SCALE];
    return log(shape / scale) + (shape - 1) * log(x / scale) - weibull_hazard(d, x);
}

double cp_weibull_cdf(const struct cp_dist *d, double x)
{
    return x > 0 ? -expm1(-weibull_hazard(d, x)) : 0;
}

double cp_weibull_survival(const struct cp_dist *d, double x)
{
    return x > 0 ? exp(-weibull_hazard(d, x)) : 1;
}

double cp_weibull_quantile(const struct cp_dist *d, struct cp_dist_probability p)
{
    double hazard = p.lower <= p.upper ? -log1p(-p.lower) : -log(p.upper);
    return d->parameters[WEIBULL_SCALE] * pow(hazard, 1 / d->parameters[WEIBULL_SHAPE]);
}

double cp_weibull_draw(const struct cp_dist *d, struct cp_rng *rng)
{
    return d->parameters[WEIBULL_SCALE] *
           pow(cp_rng_exponential(rng, 1), 1 / d->parameters[WEIBULL_SHAPE]);
}

double cp_weibull_mean(const struct cp_dist *d)
{
    return d->parameters[WEIBULL_SCALE] * exp(gsl_sf_lngamma(1 + 1 / d->parameters[WEIBULL_SHAPE]));
}

/* --- empirical: P(X <= X(k)) = (k - 1) / (n - 1) --- */

/* Share of the way from `from` to the next value; 0 when that is censored. */
static double part_of_step(double x, double from, double to)
{
    return isinf(to) ? 0 : (x - from) / (to - from);
}

double cp_empirical_cdf(const struct cp_dist *d, double x)
{
    size_t k = cp_sort_count_to(d->sorted, d->n, x);
    if (k == 0 || k == d->n)
        return k == 0 ? 0 : 1;
    double part = part_of_step(x, d->sorted[k - 1], d->sorted[k]);
    return ((double)(k - 1) + part) / (double)(d->n - 1);
}

double cp_empirical_survival(const struct cp_dist *d, double x)
{
    size_t k = cp_sort_count_to(d->sorted, d->n, x);
    if (k == 0 || k == d->n)
        return k == 0 ? 1 : 0;
    double part = part_of_step(x, d->sorted[k - 1], d->sorted[k]);
    return ((double)(d->n - k) - part) / (double)(d->n - 1);
}

double cp_empirical_log_density(const struct cp_dist *d, double x)
{
    size_t k = cp_sort_count_to(d->sorted, d->n, x);
    if (k == 0 || k == d->n)
        return -INFINITY;
    return -log((d->sorted[k] - d->sorted[k - 1]) * (double)(d->n - 1));
}

double cp_empirical_quantile(const struct cp_dist *d, struct cp_dist_probability p)
{
    return cp_quantile(d->sorted, d->n, p.lower, 7);
}

double cp_empirical_draw(const struct cp_dist *d, struct cp_rng *rng)
{
    return cp_quantile(d->sorted, d->n, cp_rng_uniform(rng), 7);
}

/* Integral of x dF up to x_end: the quantile function is linear between the values. */
static double integral_to(const struct cp_dist *d, double x_end)
{
    double sum = 0;
    size_t i = 1;
    for (; i < d->n && d->sorted[i] <= x_end; i++)
        sum += (d->sorted[i - 1] + d->sorted[i]) / 2;
    if (i < d->n)
        sum += part_of_step(x_end, d->sorted[i - 1], d->sorted[i]) * (d->sorted[i - 1] + x_end) / 2;
    return sum / (double)(d->n - 1);
}

double cp_empirical_mean(const struct cp_dist *d)
{
    if (d->n == 0)
        return NAN;
    double last = d->sorted[d->n - 1];
    return d->n == 1 || isinf(last) ? last : integral_to(d, last);
}

/* --- generalised Pareto tail over an empirical body --- */

/* The body is the empirical law up to u, scaled to the share that the tail leaves. */
static double body_scale(const struct cp_dist *d)
{
    return (1 - d->parameters[GPD_TAIL_SHARE]) / cp_empirical_cdf(d, d->parameters[GPD_U]);
}

double cp_gpd_hazard(const struct cp_dist *d, double y)
{
    double shape = d->parameters[GPD_SHAPE];
    double ratio = y / d->parameters[GPD_SCALE];
    if (fabs(shape) < 1e-12)
        return ratio;
    return shape * ratio > -1 ? log1p(shape * ratio) / shape : INFINITY;
}

double cp_gpd_excess(const double *parameters, double hazard)
{
    double shape = parameters[GPD_SHAPE];
    double ratio = fabs(shape) < 1e-12 ? hazard : expm1(shape * hazard) / shape;
    return parameters[GPD_SCALE] * ratio;
}

double cp_gpd_log_density(const struct cp_dist *d, double x)
{
    double y = x - d->parameters[GPD_U];
    if (!(y > 0))
        return cp_empirical_log_density(d, x) + log(body_scale(d));
    double hazard = cp_gpd_hazard(d, y);
    return log(d->parameters[GPD_TAIL_SHARE] / d->parameters[GPD_SCALE]) -
           (1 + d->parameters[GPD_SHAPE]) * hazard;
}

double cp_gpd_survival(const struct cp_dist *d, double x)
{
    double y = x - d->parameters[GPD_U];
    if (!(y > 0))
        return 1 - cp_empirical_cdf(d, x) * body_scale(d);
    return d->parameters[GPD_TAIL_SHARE] * exp(-cp_gpd_hazard(d, y));
}

double cp_gpd_cdf(const struct cp_dist *d, double x)
{
    if (x <= d->parameters[GPD_U])
        return cp_empirical_cdf(d, x) * body_scale(d);
    return 1 - cp_gpd_survival(d, x);
}

double cp_gpd_quantile(const struct cp_dist *d, struct cp_dist_probability p)
{
    double share = d->parameters[GPD_TAIL_SHARE];
    double u = d->parameters[GPD_U];
    if (p.upper >= share)
        return fmin(u, cp_quantile(d->sorted, d->n, fmin(1, p.lower / body_scale(d)), 7));
    return u + cp_gpd_excess(d->parameters, log(share / p.upper));
}

double cp_gpd_draw(const struct cp_dist *d, struct cp_rng *rng)
{
    double upper = cp_rng_uniform(rng);
    return cp_gpd_quantile(d, (struct cp_dist_probability){1 - upper, upper});
}

double cp_gpd_mean(const struct cp_dist *d)
{
    double shape = d->parameters[GPD_SHAPE];
    double u = d->parameters[GPD_U];
    if (shape >= 1)
        return INFINITY;
    return integral_to(d, u) * body_scale(d) +
           d->parameters[GPD_TAIL_SHARE] * (u + d->parameters[GPD_SCALE] / (1 - shape));
}

bool cp_gpd_is_heavy(const struct cp_dist *d)
{
    return d->parameters[GPD_SHAPE] > 0.5;
}

bool cp_gpd_is_of_sample(const struct cp_dist *d, double q)
{
    return 1 - q >= d->parameters[GPD_TAIL_SHARE];
}
