/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/dist.h"

#include <math.h>
#include <string.h>

#include "model/stat/dist_parts.h"
#include "model/stat/sort.h"

/* Beyond any quantile that is asked of a mixture: 1 - q has 53 bits. */
static const double negligible_tail = 1e-18;

static const struct cp_dist_family families[CP_DIST_KINDS] =
    {
        [CP_DIST_LOGNORMAL] =
            {
                .name = "log-normal",
                .label = "log-normal model",
                .label_beyond = "log-normal model beyond the data",
                .formula = "log x ~ N(meanlog, sdlog^2)",
                .n_min = 5,
                .n_parameters = 2,
                .n_estimated = 2,
                .is_positive = true,
                .is_comparable = true,
                .parameters = {[LOGNORMAL_MEANLOG] = {"meanlog", "log ms", CP_DIST_PLAIN},
                               [LOGNORMAL_SDLOG] = {"sdlog", "", CP_DIST_LOG}},
                .fit = cp_lognormal_fit,
                .log_density = cp_lognormal_log_density,
                .cdf = cp_lognormal_cdf,
                .survival = cp_lognormal_survival,
                .quantile = cp_lognormal_quantile,
                .draw = cp_lognormal_draw,
                .mean = cp_lognormal_mean,
            },
        [CP_DIST_GAMMA] =
            {
                .name = "gamma",
                .label = "gamma model",
                .label_beyond = "gamma model beyond the data",
                .formula = "density ~ x^(shape - 1) exp(-rate x)",
                .n_min = 5,
                .n_parameters = 2,
                .n_estimated = 2,
                .is_positive = true,
                .is_comparable = true,
                .parameters = {[GAMMA_SHAPE] = {"shape", "", CP_DIST_LOG},
                               [GAMMA_RATE] = {"rate", "per ms", CP_DIST_LOG}},
                .fit = cp_gamma_fit,
                .log_density = cp_gamma_log_density,
                .cdf = cp_gamma_cdf,
                .survival = cp_gamma_survival,
                .quantile = cp_gamma_quantile,
                .draw = cp_gamma_draw,
                .mean = cp_gamma_mean,
            },
        [CP_DIST_WEIBULL] =
            {
                .name = "Weibull",
                .label = "Weibull model",
                .label_beyond = "Weibull model beyond the data",
                .formula = "P(X > x) = exp(-(x / scale)^shape)",
                .n_min = 5,
                .n_parameters = 2,
                .n_estimated = 2,
                .is_positive = true,
                .is_comparable = true,
                .parameters = {[WEIBULL_SHAPE] = {"shape", "", CP_DIST_LOG},
                               [WEIBULL_SCALE] = {"scale", "ms", CP_DIST_LOG}},
                .fit = cp_weibull_fit,
                .log_density = cp_weibull_log_density,
                .cdf = cp_weibull_cdf,
                .survival = cp_weibull_survival,
                .quantile = cp_weibull_quantile,
                .draw = cp_weibull_draw,
                .mean = cp_weibull_mean,
            },
        [CP_DIST_SHIFTED_LOGNORMAL] =
            {
                .name = "shifted log-normal",
                .label = "shifted log-normal model",
                .label_beyond = "shifted log-normal model beyond the data",
                .formula = "log (x - shift) ~ N(meanlog, sdlog^2)",
                .n_min = 20,
                .n_parameters = 3,
                .n_estimated = 3,
                .is_comparable = true,
                .parameters = {[SHIFTED_SHIFT] = {"shift", "ms", CP_DIST_PLAIN},
                               [SHIFTED_MEANLOG] = {"meanlog", "log ms", CP_DIST_PLAIN},
                               [SHIFTED_SDLOG] = {"sdlog", "", CP_DIST_LOG}},
                .fit = cp_shifted_fit,
                .log_density = cp_shifted_log_density,
                .cdf = cp_shifted_cdf,
                .survival = cp_shifted_survival,
                .quantile = cp_shifted_quantile,
                .draw = cp_shifted_draw,
                .mean = cp_shifted_mean,
            },
        [CP_DIST_LOGNORMAL_MIXTURE] =
            {
                .name = "mixture of two log-normals",
                .label = "log-normal mixture model",
                .label_beyond = "log-normal mixture model beyond the data",
                .formula = "log x ~ N(meanlog_1, sdlog_1^2) with chance weight, "
                           "else N(meanlog_2, sdlog_2^2)",
                .n_min = 50,
                .n_parameters = 5,
                .n_estimated = 5,
                .is_positive = true,
                .is_comparable = true,
                .parameters = {[MIXTURE_WEIGHT] = {"weight", "", CP_DIST_LOGIT},
                               [MIXTURE_MEANLOG_1] = {"meanlog_1", "log ms", CP_DIST_PLAIN},
                               [MIXTURE_SDLOG_1] = {"sdlog_1", "", CP_DIST_LOG},
                               [MIXTURE_MEANLOG_2] = {"meanlog_2", "log ms", CP_DIST_PLAIN},
                               [MIXTURE_SDLOG_2] = {"sdlog_2", "", CP_DIST_LOG}},
                .fit = cp_two_lognormal_fit,
                .log_density = cp_two_lognormal_log_density,
                .cdf = cp_two_lognormal_cdf,
                .survival = cp_two_lognormal_survival,
                .quantile = cp_two_lognormal_quantile,
                .draw = cp_two_lognormal_draw,
                .mean = cp_two_lognormal_mean,
            },
        [CP_DIST_GPD_TAIL] =
            {
                .name = "generalised Pareto tail",
                .label = "generalised Pareto tail",
                .label_beyond = "generalised Pareto tail beyond the data",
                .formula = "P(X > u + y) = tail_share (1 + shape y / scale)^(-1 / shape), "
                           "empirical up to u",
                .n_min = 292, /* 30 values above the type-7 90 % quantile */
                .n_parameters = 4,
                .n_estimated = 2,
                .has_sample = true,
                .parameters = {[GPD_SCALE] = {"scale", "ms", CP_DIST_LOG},
                               [GPD_SHAPE] = {"shape", "", CP_DIST_PLAIN},
                               [GPD_U] = {"u", "ms", CP_DIST_NOT_OWN},
                               [GPD_TAIL_SHARE] = {"tail_share", "", CP_DIST_LOGIT}},
                .fit = cp_gpd_fit,
                .log_density = cp_gpd_log_density,
                .cdf = cp_gpd_cdf,
                .survival = cp_gpd_survival,
                .quantile = cp_gpd_quantile,
                .draw = cp_gpd_draw,
                .mean = cp_gpd_mean,
                .is_heavy = cp_gpd_is_heavy,
                .is_of_sample = cp_gpd_is_of_sample,
                .quantile_interval = cp_gpd_quantile_interval,
            },
        [CP_DIST_EMPIRICAL] =
            {
                .name = "empirical",
                .label = "empirical quantile",
                .label_beyond = "empirical quantile",
                .formula = "the sample: inverse of its type-7 quantile function",
                .n_min = 1,
                .has_sample = true,
                .fit = cp_empirical_fit,
                .log_density = cp_empirical_log_density,
                .cdf = cp_empirical_cdf,
                .survival = cp_empirical_survival,
                .quantile = cp_empirical_quantile,
                .draw = cp_empirical_draw,
                .mean = cp_empirical_mean,
            },
};

const struct cp_dist_family *cp_dist_family(enum cp_dist_kind kind)
{
    return (size_t)kind < CP_DIST_KINDS ? &families[kind] : NULL;
}

const struct cp_dist_family *cp_dist_family_named(struct cp_view name)
{
    for (size_t i = 0; i < CP_DIST_KINDS; i++) {
        if (cp_view_is(name, families[i].name))
            return &families[i];
    }
    return NULL;
}

struct cp_dist cp_dist_of(enum cp_dist_kind kind, const double *parameters)
{
    struct cp_dist d = {.family = cp_dist_family(kind)};
    for (size_t i = 0; d.family && i < d.family->n_parameters; i++)
        d.parameters[i] = parameters[i];
    return d;
}

struct cp_dist cp_dist_empirical(const double *sorted, size_t n)
{
    return (struct cp_dist){.family = &families[CP_DIST_EMPIRICAL], .sorted = sorted, .n = n};
}

static bool is_in_range(double x, enum cp_dist_scale scale)
{
    static const double least[] = {
        [CP_DIST_PLAIN] = -INFINITY,
        [CP_DIST_LOG] = 0,
        [CP_DIST_LOGIT] = 0,
        [CP_DIST_NOT_OWN] = -INFINITY,
    };
    return isfinite(x) && x > least[scale] && (scale != CP_DIST_LOGIT || x < 1);
}

bool cp_dist_is_valid(const struct cp_dist *d)
{
    if (!d->family)
        return false;
    for (size_t i = 0; i < d->family->n_parameters; i++) {
        if (!is_in_range(d->parameters[i], d->family->parameters[i].scale))
            return false;
    }
    return !d->family->has_sample ||
           (d->sorted && d->n > 0 && isfinite(d->sorted[0]) && cp_sort_is_sorted(d->sorted, d->n));
}

double cp_dist_log_density(const struct cp_dist *d, double x)
{
    if (isnan(x))
        return NAN;
    return isinf(x) ? -INFINITY : d->family->log_density(d, x);
}

double cp_dist_cdf(const struct cp_dist *d, double x)
{
    if (!isfinite(x))
        return isnan(x) ? NAN : (double)(x > 0);
    return d->family->cdf(d, x);
}

double cp_dist_survival(const struct cp_dist *d, double x)
{
    if (!isfinite(x))
        return isnan(x) ? NAN : (double)(x < 0);
    return d->family->survival(d, x);
}

double cp_dist_quantile(const struct cp_dist *d, double p)
{
    if (!(p >= 0 && p <= 1))
        return NAN;
    return d->family->quantile(d, (struct cp_dist_probability){p, 1 - p});
}

double cp_dist_upper_quantile(const struct cp_dist *d, double tail)
{
    if (!(tail >= 0 && tail <= 1))
        return NAN;
    return d->family->quantile(d, (struct cp_dist_probability){1 - tail, tail});
}

double cp_dist_draw(const struct cp_dist *d, struct cp_rng *rng)
{
    return d->family->draw(d, rng);
}

double cp_dist_mean(const struct cp_dist *d)
{
    return d->family->mean(d);
}

static double survival_of(const void *context, double x_ms)
{
    return cp_dist_survival(context, x_ms);
}

struct cp_mixture_law cp_dist_mixture_law(const struct cp_dist *d)
{
    /* just below the support, where P(X > x) is 1 whatever the sample's ties */
    return (struct cp_mixture_law){.survival = survival_of,
                                   .context = d,
                                   .low_ms = nextafter(cp_dist_quantile(d, 0), -INFINITY),
                                   .high_ms = cp_dist_upper_quantile(d, negligible_tail)};
}
