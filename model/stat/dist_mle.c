/* SPDX-License-Identifier: GPL-3.0-or-later
 * Maximum likelihood of each family of dist.h but the mixture (dist_em.c) and the Pareto tail
 * (dist_gpd.c).
 */
#include <assert.h>
#include <float.h>
#include <gsl/gsl_sf_gamma.h>
#include <gsl/gsl_sf_log.h>
#include <gsl/gsl_sf_psi.h>
#include <math.h>
#include <string.h>

#include "model/stat/dist_parts.h"
#include "model/stat/optimum.h"

static_assert((int)CP_OPTIMUM_MAX == (int)CP_DIST_PARAMETERS_MAX, "one shape of covariance");

/* --- the likelihood of a law as a function of its parameters --- */

static double likelihood_at(const void *context, const double *x)
{
    const struct cp_dist_question *q = context;
    struct cp_dist d = q->law;
    memcpy(d.parameters, x, d.family->n_parameters * sizeof *x);
    return cp_dist_is_valid(&d) ? cp_dist_log_likelihood(&d, q->data) : -INFINITY;
}

bool cp_dist_polish(const struct cp_dist_data *data, cp_dist_derivatives_fn *derivatives,
                    struct cp_dist_fit *fit)
{
    if (data->start)
        return true;
    const struct cp_dist_question question = {data, fit->dist};
    const struct cp_optimum o = {.value = likelihood_at,
                                 .derivatives = data->n_censored > 0 ? NULL : derivatives,
                                 .context = &question,
                                 .n = fit->dist.family->n_parameters};
    return cp_optimum_polish(&o, fit->dist.parameters, fit->covariance);
}

/* --- log-normal --- */

struct cp_log_censored cp_log_censored(double log_at, double mean, double sd)
{
    double z = (log_at - mean) / sd;
    /* phi(z) / (1 - Phi(z)); for large z its asymptote, where both vanish */
    double tail = erfc(z * M_SQRT1_2) / 2;
    double ratio = z < 25 ? exp(-z * z / 2) / sqrt(2 * M_PI) / tail : z + 1 / z - 2 / (z * z * z);
    return (struct cp_log_censored){.tail = tail,
                                    .mean = mean + sd * ratio,
                                    .variance = fmax(0, sd * sd * (1 + ratio * (z - ratio)))};
}

/* Mean and variance of log(x - shift), in one pass from a pivot near the mean. */
static void log_moments(const struct cp_dist_data *data, double shift, double *mean,
                        double *variance)
{
    double pivot = log(data->seen[data->n_seen / 2] - shift);
    double n = (double)data->n_seen;
    double sum = 0;
    double squares = 0;
    for (size_t i = 0; i < data->n_seen; i++) {
        double y = log(data->seen[i] - shift) - pivot;
        sum += y;
        squares += y * y;
    }
    *mean = pivot + sum / n;
    *variance = fmax(0, squares / n - sum / n * (sum / n));
}

enum { EM_MAX = 20000 };

/* meanlog and sdlog of x - shift. Closed without censored values; with them EM, which costs nothing
 * per step, as the moments of the others are known. */
static void estimate_log_normal(const struct cp_dist_data *data, double shift, double *p)
{
    double mean = NAN;
    double variance = NAN;
    log_moments(data, shift, &mean, &variance);
    p[0] = mean;
    p[1] = sqrt(variance);
    double seen = (double)data->n_seen;
    double beyond = (double)data->n_censored;
    double change = data->n_censored > 0 ? 1 : 0;
    for (int i = 0; i < EM_MAX && change > 1e-14; i++) {
        struct cp_log_censored c = cp_log_censored(log(data->censored_at - shift), p[0], p[1]);
        double next = (seen * mean + beyond * c.mean) / (seen + beyond);
        double spread = seen * (variance + (mean - next) * (mean - next)) +
                        beyond * (c.variance + (c.mean - next) * (c.mean - next));
        double sd = sqrt(spread / (seen + beyond));
        change = (fabs(next - p[0]) + fabs(sd - p[1])) / sd;
        p[0] = next;
        p[1] = sd;
    }
}

enum cp_code cp_lognormal_fit(const struct cp_dist_data *data, struct cp_dist_fit *fit)
{
    double *p = fit->dist.parameters;
    estimate_log_normal(data, 0, p);
    if (data->n_censored > 0)
        return cp_dist_polish(data, NULL, fit) ? CP_OK : cp_dist_refuse_optimum(fit, CP_ENUMERIC);
    double variance = p[LOGNORMAL_SDLOG] * p[LOGNORMAL_SDLOG];
    double n = (double)data->n_seen;
    fit->covariance[0][0] = variance / n;
    fit->covariance[1][1] = variance / (2 * n);
    fit->covariance[0][1] = fit->covariance[1][0] = 0;
    return CP_OK;
}

/* --- gamma --- */

/* Series of log x - psi(x) and of x psi'(x) - 1: from here on better than the difference. */
static const double series_from = 100;

static double log_minus_psi(double x)
{
    double r = 1 / (x * x);
    return x < series_from ? log(x) - gsl_sf_psi(x)
                           : 1 / (2 * x) + r * (1.0 / 12 - r * (1.0 / 120 - r / 252));
}

static double x_psi_1_minus_1(double x)
{
    double r = 1 / (x * x);
    return x < series_from ? x * gsl_sf_psi_1(x) - 1
                           : 1 / (2 * x) + r * (1.0 / 6 - r * (1.0 / 30 - r / 42));
}

/* log mean - mean log >= 0, without cancellation: the mean of d - log(1 + d) with d = x / mean - 1.
 */
static double log_ratio_of_means(const struct cp_dist_data *data, double mean)
{
    double sum = 0;
    for (size_t i = 0; i < data->n_seen; i++) {
        double ratio = data->seen[i] / mean;
        double d = ratio - 1;
        sum += fabs(d) < 0.1 ? -gsl_sf_log_1plusx_mx(d) : d - log(ratio);
    }
    return sum / (double)data->n_seen;
}

static double mean_of(const struct cp_dist_data *data)
{
    double sum = 0;
    for (size_t i = 0; i < data->n_seen; i++)
        sum += data->seen[i];
    return sum / (double)data->n_seen;
}

/* Minka's start and his generalised Newton step, on 1 / shape. */
static double gamma_shape(double s)
{
    double shape = (3 - s + sqrt((s - 3) * (s - 3) + 24 * s)) / (12 * s);
    for (int i = 0; i < 100; i++) {
        double next =
            1 / (1 / shape + (s - log_minus_psi(shape)) / (shape * x_psi_1_minus_1(shape)));
        double change = fabs(next - shape);
        if (!(next > 0))
            break;
        shape = next;
        if (change <= 4 * DBL_EPSILON * shape)
            break;
    }
    return shape;
}

/* Sums that the gamma likelihood needs of uncensored values. */
struct gamma_sums {
    double n_seen, sum, sum_log, n_censored, censored_at;
};

static double gamma_likelihood(const void *context, const double *p)
{
    const struct gamma_sums *s = context;
    if (!(p[GAMMA_SHAPE] > 0 && p[GAMMA_RATE] > 0))
        return -INFINITY;
    struct cp_dist d = cp_dist_of(CP_DIST_GAMMA, p);
    double value =
        s->n_seen * (p[GAMMA_SHAPE] * log(p[GAMMA_RATE]) - gsl_sf_lngamma(p[GAMMA_SHAPE]));
    value += (p[GAMMA_SHAPE] - 1) * s->sum_log - p[GAMMA_RATE] * s->sum;
    return value + s->n_censored * log(cp_dist_survival(&d, s->censored_at));
}

/* No closed form: climbs from the estimate that takes the point of censoring as the value. */
static enum cp_code fit_censored_gamma(const struct cp_dist_data *data, struct cp_dist_fit *fit)
{
    struct gamma_sums sums = {.n_seen = (double)data->n_seen,
                              .sum = mean_of(data) * (double)data->n_seen,
                              .n_censored = (double)data->n_censored,
                              .censored_at = data->censored_at};
    for (size_t i = 0; i < data->n_seen; i++)
        sums.sum_log += log(data->seen[i]);
    double n = sums.n_seen + sums.n_censored;
    double mean = (sums.sum + sums.n_censored * data->censored_at) / n;
    double mean_log = (sums.sum_log + sums.n_censored * log(data->censored_at)) / n;
    double *p = fit->dist.parameters;
    p[GAMMA_SHAPE] = gamma_shape(log(mean) - mean_log);
    p[GAMMA_RATE] = p[GAMMA_SHAPE] / mean;
    const double steps[] = {0.2 * p[GAMMA_SHAPE], 0.2 * p[GAMMA_RATE]};
    const struct cp_optimum o = {.value = gamma_likelihood, .context = &sums, .n = 2};
    enum cp_code code = cp_optimum_climb(&o, steps, p);
    if (!code && !cp_optimum_polish(&o, p, fit->covariance))
        code = CP_ENUMERIC;
    return code ? cp_dist_refuse_optimum(fit, code) : CP_OK;
}

enum cp_code cp_gamma_fit(const struct cp_dist_data *data, struct cp_dist_fit *fit)
{
    if (data->n_censored > 0)
        return fit_censored_gamma(data, fit);
    double mean = mean_of(data);
    double shape = gamma_shape(log_ratio_of_means(data, mean));
    double rate = shape / mean;
    double n = (double)data->n_seen;
    double det = x_psi_1_minus_1(shape);
    fit->dist.parameters[GAMMA_SHAPE] = shape;
    fit->dist.parameters[GAMMA_RATE] = rate;
    fit->covariance[0][0] = shape / (n * det);
    fit->covariance[0][1] = fit->covariance[1][0] = rate / (n * det);
    fit->covariance[1][1] = rate * rate * (1 + det) / (shape * n * det);
    return CP_OK;
}

/* --- Weibull --- */

/* With z = log(x / middle), censored values at the point of censoring: sums of e^(kz) z^j divided
 * by e^(k z_max), so that nothing overflows. */
struct weibull_sums {
    double s0, s1, s2, z_max;
};

static void add_weibull(struct weibull_sums *s, double z, double k, double weight)
{
    double t = weight * exp(k * (z - s->z_max));
    s->s0 += t;
    s->s1 += t * z;
    s->s2 += t * z * z;
}

static struct weibull_sums weibull_sums(const struct cp_dist_data *data, double log_middle,
                                        double k)
{
    double last = data->n_censored > 0 ? data->censored_at : data->seen[data->n_seen - 1];
    struct weibull_sums s = {.z_max = log(last) - log_middle};
    for (size_t i = 0; i < data->n_seen; i++)
        add_weibull(&s, log(data->seen[i]) - log_middle, k, 1);
    if (data->n_censored > 0)
        add_weibull(&s, log(data->censored_at) - log_middle, k, (double)data->n_censored);
    return s;
}

/* Root in k of s1 / s0 - 1 / k - mean z of the uncensored (0 by the choice of the middle): it rises
 * with k. Newton on log k from the moments of log x, kept in a bracket. */
static double weibull_shape(const struct cp_dist_data *data, double log_middle, double sd)
{
    double low = -INFINITY;
    double high = INFINITY;
    double t = log(M_PI / sqrt(6) / sd);
    for (int i = 0; i < 200; i++) {
        double k = exp(t);
        struct weibull_sums s = weibull_sums(data, log_middle, k);
        double score = s.s1 / s.s0 - 1 / k;
        double slope = k * (s.s2 / s.s0 - s.s1 / s.s0 * (s.s1 / s.s0)) + 1 / k;
        if (score < 0)
            low = t;
        else
            high = t;
        double next = t - fmax(-1, fmin(1, score / slope));
        if (!(next > low && next < high) && isfinite(low) && isfinite(high))
            next = low + (high - low) / 2;
        double change = fabs(next - t);
        t = next;
        if (!(change > 1e-15))
            break;
    }
    return exp(t);
}

enum cp_code cp_weibull_fit(const struct cp_dist_data *data, struct cp_dist_fit *fit)
{
    double log_middle = NAN;
    double variance = NAN;
    log_moments(data, 0, &log_middle, &variance);
    double k = weibull_shape(data, log_middle, sqrt(variance));
    struct weibull_sums s = weibull_sums(data, log_middle, k);
    double n = (double)data->n_seen;
    /* log(scale / middle): scale^k = sum x^k / n */
    double log_scale = s.z_max + log(s.s0 / n) / k;
    double scale = exp(log_middle + log_scale);
    fit->dist.parameters[WEIBULL_SHAPE] = k;
    fit->dist.parameters[WEIBULL_SCALE] = scale;
    /* (x / scale)^k sums to n; with L = log(x / scale): its sums with L and L^2 */
    double t1 = n * (s.s1 / s.s0 - log_scale);
    double t2 = n * (s.s2 / s.s0 - 2 * log_scale * s.s1 / s.s0 + log_scale * log_scale);
    double kk = n / (k * k) + t2;
    double ks = -k / scale * t1;
    double ss = n * k * k / (scale * scale);
    double det = kk * ss - ks * ks;
    fit->covariance[0][0] = ss / det;
    fit->covariance[0][1] = fit->covariance[1][0] = -ks / det;
    fit->covariance[1][1] = kk / det;
    return CP_OK;
}

/* --- shifted log-normal --- */

/* The shift is X(1) - range e^t; the interior interval of t, and the grid on it. */
static const double nearest_shift = 0.001;
static const double farthest_shift = 5;
/* In t; Newton takes over, and the distance of a refit sees no less. */
static const double near_enough = 1e-4;
enum { SHIFT_GRID = 48 };

struct profile {
    const struct cp_dist_data *data;
    double first, range;
};

static double shift_at(const struct profile *f, double t)
{
    return f->first - f->range * exp(t);
}

/* Log likelihood at the best meanlog and sdlog for this shift. */
static double profile_at(const void *context, double t)
{
    const struct profile *f = context;
    double shift = shift_at(f, t);
    double p[2];
    estimate_log_normal(f->data, shift, p);
    double n = (double)f->data->n_seen;
    if (f->data->n_censored == 0)
        return -n * (log(p[1]) + p[0]);
    const double all[] = {[SHIFTED_SHIFT] = shift, p[0], p[1]};
    struct cp_dist d = cp_dist_of(CP_DIST_SHIFTED_LOGNORMAL, all);
    return cp_dist_log_likelihood(&d, f->data);
}

/* Grid place of the highest interior local maximum; 0: none. */
static size_t highest_inside(const double *values)
{
    size_t best = 0;
    for (size_t i = 1; i < SHIFT_GRID; i++) {
        bool is_peak = values[i] > values[i - 1] && values[i] >= values[i + 1];
        if (is_peak && (best == 0 || values[i] > values[best]))
            best = i;
    }
    return best;
}

static enum cp_code fall_back(const struct cp_dist_data *data, struct cp_dist_fit *fit)
{
    if (!(data->seen[0] > 0))
        return cp_dist_refuse(fit, CP_ENUMERIC,
                              "no shift is likelier than its neighbours, and values are not all "
                              "above 0");
    fit->dist.family = cp_dist_family(CP_DIST_LOGNORMAL);
    fit->is_fallback = true;
    fit->reason = "no shift is likelier than its neighbours: log-normal without a shift";
    return cp_lognormal_fit(data, fit);
}

/* Of the log likelihood -log d - log s - z^2 / 2 with d = x - shift, z = (log d - m) / s. */
static void shifted_derivatives(const void *context, const double *x,
                                double gradient[CP_OPTIMUM_MAX],
                                double hessian[CP_OPTIMUM_MAX][CP_OPTIMUM_MAX])
{
    const struct cp_dist_question *q = context;
    double s = x[SHIFTED_SDLOG];
    for (size_t i = 0; i < q->data->n_seen; i++) {
        double d = q->data->seen[i] - x[SHIFTED_SHIFT];
        double z = (log(d) - x[SHIFTED_MEANLOG]) / s;
        gradient[SHIFTED_SHIFT] += (1 + z / s) / d;
        gradient[SHIFTED_MEANLOG] += z / s;
        gradient[SHIFTED_SDLOG] += (z * z - 1) / s;
        hessian[SHIFTED_SHIFT][SHIFTED_SHIFT] += (1 + z / s - 1 / (s * s)) / (d * d);
        hessian[SHIFTED_SHIFT][SHIFTED_MEANLOG] -= 1 / (s * s * d);
        hessian[SHIFTED_SHIFT][SHIFTED_SDLOG] -= 2 * z / (s * s * d);
        hessian[SHIFTED_MEANLOG][SHIFTED_MEANLOG] -= 1 / (s * s);
        hessian[SHIFTED_MEANLOG][SHIFTED_SDLOG] -= 2 * z / (s * s);
        hessian[SHIFTED_SDLOG][SHIFTED_SDLOG] += (1 - 3 * z * z) / (s * s);
    }
    hessian[SHIFTED_MEANLOG][SHIFTED_SHIFT] = hessian[SHIFTED_SHIFT][SHIFTED_MEANLOG];
    hessian[SHIFTED_SDLOG][SHIFTED_SHIFT] = hessian[SHIFTED_SHIFT][SHIFTED_SDLOG];
    hessian[SHIFTED_SDLOG][SHIFTED_MEANLOG] = hessian[SHIFTED_MEANLOG][SHIFTED_SDLOG];
}

enum cp_code cp_shifted_fit(const struct cp_dist_data *data, struct cp_dist_fit *fit)
{
    const struct profile f = {data, data->seen[0], data->seen[data->n_seen - 1] - data->seen[0]};
    const double low = log(nearest_shift);
    const double step = (log(farthest_shift) - low) / SHIFT_GRID;
    double values[SHIFT_GRID + 1];
    for (size_t i = 0; i <= SHIFT_GRID; i++)
        values[i] = profile_at(&f, low + step * (double)i);
    size_t best = highest_inside(values);
    if (best == 0)
        return fall_back(data, fit);
    double peak = NAN;
    double t = cp_optimum_section(profile_at, &f, low + step * (double)(best - 1),
                                  low + step * (double)(best + 1), near_enough, &peak);
    fit->dist.parameters[SHIFTED_SHIFT] = shift_at(&f, t);
    estimate_log_normal(data, shift_at(&f, t), fit->dist.parameters + SHIFTED_MEANLOG);
    return cp_dist_polish(data, shifted_derivatives, fit) ? CP_OK : fall_back(data, fit);
}

/* --- empirical --- */

enum cp_code cp_empirical_fit(const struct cp_dist_data *data, struct cp_dist_fit *fit)
{
    fit->dist.sorted = data->seen;
    fit->dist.n = data->n_seen + data->n_censored;
    return CP_OK;
}
