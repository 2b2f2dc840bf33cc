/* SPDX-License-Identifier: GPL-3.0-or-later
 * Maximum likelihood fits of the families of dist.h, with standard errors (inverse of the observed
 * information), 95 % intervals, log likelihood, AIC and
 *     AICc = -2 l + 2 k + 2 k (k + 1) / (n - k - 1).
 *
 *   - log-normal: closed, mean and sd (divided by n) of log x.
 *   - gamma: Newton on log k - psi(k) = log mean - mean log from Minka's start ("Estimating a Gamma
 *     distribution", 2002).
 *   - Weibull: root of the score sum x^k log x / sum x^k - 1 / k = mean log x.
 *   - shifted log-normal: profile over the shift. The likelihood is unbounded at X(1), so it is the
 *     interior local maximum on [X(1) - 5 range, X(1) - 0.001 range]; without one, the log-normal
 *     (is_fallback).
 *   - log-normal mixture: EM (Dempster, Laird & Rubin 1977) from several fixed starts, then Newton.
 *     Refused when a component degenerates, or unless both AICc and the ratio of likelihoods (Wolfe
 *     1971: chi-squared of 4 degrees, at 1 %) prefer it to one log-normal.
 *   - GPD tail: threshold u = type-7 90 % quantile; likelihood of the exceedances only, so its AIC
 *     compares with no other family's. At least 30 exceedances; refused for shape < -0.5, where
 *     maximum likelihood is irregular (Smith 1985).
 *   - empirical: the sample itself; no likelihood.
 *
 * Right censoring: values of +INFINITY at the end of the sample are known only to exceed
 * options.censored_at_ms (a timeout) and enter the likelihood as P(X > censored_at_ms).
 *
 * Intervals are symmetric in the parameter, in its log (parameters above 0), or in its logit
 * (weights): Wald. Assumption: independent values of one law. The smallest n of each family is
 * family->n_min; below it CP_ENODATA. The sample is borrowed by laws that keep it.
 */
#ifndef COLDPROF_MODEL_STAT_DIST_FIT_H
#define COLDPROF_MODEL_STAT_DIST_FIT_H

#include <stdbool.h>
#include <stddef.h>

#include "model/base/error.h"
#include "model/stat/dist.h"
#include "model/stat/parameter.h"
#include "model/stat/quantile.h"

struct cp_dist_fit_options {
    /* Where values of +INFINITY were cut off; needed when there are any, not below the largest
     * finite value. */
    double censored_at_ms;
    /* NULL, or a law of the same family that is near: for refits of a bootstrap. */
    const struct cp_dist *start;
};

struct cp_dist_fit {
    /* CP_OK; CP_ENODATA: fewer values than the family needs; CP_EINVAL: unsorted, NAN or -INFINITY,
     * not positive where the family is, censored without a point; CP_ENUMERIC: no estimate, or one
     * that must not be used; CP_ENOMEM. Numbers are NAN unless CP_OK. */
    enum cp_code status;
    const char *reason; /* constant: why not, or what else is to be said; "" when nothing */
    const struct cp_dist_family *asked;
    struct cp_dist dist; /* dist.family differs from `asked` only when is_fallback */
    bool is_fallback;
    double se[CP_DIST_PARAMETERS_MAX]; /* NAN where there is none */
    double covariance[CP_DIST_PARAMETERS_MAX][CP_DIST_PARAMETERS_MAX];
    struct cp_interval intervals[CP_DIST_PARAMETERS_MAX]; /* 95 % */
    size_t n, n_censored;
    double censored_at_ms;            /* as given */
    size_t n_used;                    /* by the likelihood: n, or the exceedances of a GPD tail */
    double log_likelihood, aic, aicc; /* aicc NAN when n_used <= k + 1 */
};

/* `sorted` ascending. options NULL: none. Never fails loudly: the outcome is fit->status. */
void cp_dist_fit(enum cp_dist_kind kind, const double *sorted, size_t n,
                 const struct cp_dist_fit_options *options, struct cp_dist_fit *fit);

/* A quantile of a fitted law, with what may be said about it. */
struct cp_dist_claim {
    enum cp_code status;         /* CP_OK, or CP_ENODATA: no value, see label */
    struct cp_interval estimate; /* 95 %, see cp_dist_claim */
    double confidence;           /* 0 when there is no interval */
    /* The sample alone could not bound it (n below the one-sided minimum of quantile.h, or a bound
     * among the censored values): it is the model's word, and label says whose. */
    bool is_extrapolated;
    const char *label; /* constant: "log-normal model", "log-normal model beyond the data" ... */
    size_t n_needed;   /* for a bound without a model, of values that are not censored */
};

/* Intervals: delta method on the log; profile likelihood for a GPD tail; exact, distribution free,
 * for the empirical law. Seen to hold the truth of a true law in 92 to 97 % of samples from n = 60
 * up to p99.9; for a mixture only where each component has 20 values or more (p99 in 89 % of
 * samples with 6 values in the slower one). The empirical law never extrapolates: below the minimum
 * CP_ENODATA. A GPD tail with shape > 0.5 refuses what lies beyond p99.9, and any what lies below
 * its threshold. */
void cp_dist_claim(const struct cp_dist_fit *fit, double q, struct cp_dist_claim *claim);

/* Rows for `coldprof fit`; 0 unless CP_OK. */
size_t cp_dist_parameters(const struct cp_dist_fit *fit,
                          struct cp_parameter out[CP_PARAMETERS_MAX]);
/* One line; "" for a fit that failed. */
const char *cp_dist_formula(const struct cp_dist_fit *fit);

#endif
