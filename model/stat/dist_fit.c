/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/dist_fit.h"

#include <float.h>
#include <math.h>

#include "model/stat/dist_parts.h"
#include "model/stat/sort.h"

static const double confidence = 0.95;
static const double z_two_sided = 1.959963984540054;
static const double heavy_limit = 0.999;

double cp_dist_log_likelihood(const struct cp_dist *d, const struct cp_dist_data *data)
{
    double sum = 0;
    for (size_t i = 0; i < data->n_seen; i++)
        sum += d->family->log_density(d, data->seen[i]);
    if (data->n_censored > 0)
        sum += (double)data->n_censored * log(d->family->survival(d, data->censored_at));
    return sum;
}

enum cp_code cp_dist_refuse(struct cp_dist_fit *fit, enum cp_code code, const char *reason)
{
    fit->reason = reason;
    return code;
}

enum cp_code cp_dist_refuse_optimum(struct cp_dist_fit *fit, enum cp_code code)
{
    return cp_dist_refuse(fit, code,
                          code == CP_ENUMERIC
                              ? "the likelihood has no maximum with finite standard errors"
                              : cp_code_text(code));
}

static void set_numbers_missing(struct cp_dist_fit *fit)
{
    fit->log_likelihood = fit->aic = fit->aicc = NAN;
    for (size_t i = 0; i < CP_DIST_PARAMETERS_MAX; i++) {
        fit->dist.parameters[i] = fit->se[i] = NAN;
        fit->intervals[i] = (struct cp_interval){NAN, NAN, NAN};
        for (size_t j = 0; j < CP_DIST_PARAMETERS_MAX; j++)
            fit->covariance[i][j] = NAN;
    }
}

/* What every family asks of its sample. */
static enum cp_code check(const struct cp_dist_data *data, struct cp_dist_fit *fit)
{
    const struct cp_dist_family *family = fit->asked;
    const double *seen = data->seen;
    size_t n = data->n_seen;
    if (fit->n == 0)
        return cp_dist_refuse(fit, CP_ENODATA, "no values");
    if (!cp_sort_is_sorted(seen, fit->n))
        return cp_dist_refuse(fit, CP_EINVAL, "the values are not sorted, or one is no number");
    if (seen[0] < -DBL_MAX)
        return cp_dist_refuse(fit, CP_EINVAL, "a value is minus infinity");
    if (n == 0)
        return cp_dist_refuse(fit, CP_ENODATA, "every value was cut off: none was seen");
    if (n < family->n_min)
        return cp_dist_refuse(fit, CP_ENODATA, "fewer values than this law needs");
    if (data->n_censored > 0 && family->n_estimated > 0 &&
        !(data->censored_at >= seen[n - 1] && isfinite(data->censored_at)))
        return cp_dist_refuse(fit, CP_EINVAL,
                              "values were cut off, but not at a known point above the others");
    if (family->is_positive && !(seen[0] > 0))
        return cp_dist_refuse(fit, CP_EINVAL, "this law is one of values above 0");
    if (family->n_estimated > 0 && !(seen[0] < seen[n - 1]))
        return cp_dist_refuse(fit, CP_ENUMERIC,
                              "all values are equal: only the empirical law describes them");
    return CP_OK;
}

/* --- intervals --- */

struct scale {
    double (*to)(double x); /* NULL: no interval */
    double (*from)(double y);
    double (*slope)(double x); /* of `to` */
    const char *method;
};

static double same(double x)
{
    return x;
}

static double one(double x)
{
    (void)x;
    return 1;
}

static double reciprocal(double x)
{
    return 1 / x;
}

static double logit(double x)
{
    return log(x) - log1p(-x);
}

static double logistic(double y)
{
    return 1 / (1 + exp(-y));
}

static double logit_slope(double x)
{
    return 1 / (x * (1 - x));
}

static const struct scale scales[] = {
    [CP_DIST_PLAIN] = {same, same, one, "maximum likelihood, Wald"},
    [CP_DIST_LOG] = {log, exp, reciprocal, "maximum likelihood, Wald on the log"},
    [CP_DIST_LOGIT] = {logit, logistic, logit_slope, "maximum likelihood, Wald on the logit"},
    [CP_DIST_NOT_OWN] = {.method = ""},
};

static void set_interval(struct cp_dist_fit *fit, size_t i)
{
    const struct scale *scale = &scales[fit->dist.family->parameters[i].scale];
    double value = fit->dist.parameters[i];
    fit->intervals[i].value = value;
    if (!scale->to)
        return;
    fit->se[i] = sqrt(fit->covariance[i][i]);
    double half = z_two_sided * fit->se[i] * scale->slope(value);
    fit->intervals[i].low = scale->from(scale->to(value) - half);
    fit->intervals[i].high = scale->from(scale->to(value) + half);
}

static void set_criteria(struct cp_dist_fit *fit)
{
    double k = (double)fit->dist.family->n_estimated;
    double n = (double)fit->n_used;
    fit->aic = 2 * k - 2 * fit->log_likelihood;
    if (n > k + 1)
        fit->aicc = fit->aic + 2 * k * (k + 1) / (n - k - 1);
}

static enum cp_code finish(const struct cp_dist_data *data, struct cp_dist_fit *fit)
{
    if (!cp_dist_is_valid(&fit->dist))
        return cp_dist_refuse(fit, CP_ENUMERIC, "the estimate is beyond the range of numbers");
    for (size_t i = 0; i < fit->dist.family->n_parameters; i++)
        set_interval(fit, i);
    if (fit->dist.family->n_estimated == 0)
        return CP_OK;
    if (fit->dist.family->is_comparable)
        fit->log_likelihood = cp_dist_log_likelihood(&fit->dist, data);
    if (!isfinite(fit->log_likelihood))
        return cp_dist_refuse(fit, CP_ENUMERIC, "the likelihood is beyond the range of numbers");
    set_criteria(fit);
    return CP_OK;
}

void cp_dist_fit(enum cp_dist_kind kind, const double *sorted, size_t n,
                 const struct cp_dist_fit_options *options, struct cp_dist_fit *fit)
{
    const struct cp_dist_fit_options none = {0};
    const struct cp_dist_fit_options *o = options ? options : &none;
    *fit = (struct cp_dist_fit){.status = CP_EINVAL, .reason = "no such law", .n = n, .n_used = n};
    set_numbers_missing(fit);
    fit->asked = fit->dist.family = cp_dist_family(kind);
    if (!fit->asked)
        return;
    fit->reason = "";
    size_t n_seen = cp_sort_count_to(sorted, n, DBL_MAX);
    const struct cp_dist_data data = {.seen = sorted,
                                      .n_seen = n_seen,
                                      .n_censored = n - n_seen,
                                      .censored_at = o->censored_at_ms,
                                      .start = o->start};
    fit->n_censored = data.n_censored;
    fit->censored_at_ms = data.censored_at;
    fit->status = check(&data, fit);
    if (!fit->status)
        fit->status = fit->asked->fit(&data, fit);
    if (!fit->status)
        fit->status = finish(&data, fit);
    if (fit->status)
        set_numbers_missing(fit);
}

/* --- claims --- */

/* Standard error of a quantile by the delta method; NAN where the fit has no covariance. */
static double quantile_se(const struct cp_dist_fit *fit, double q)
{
    const struct cp_dist_family *family = fit->dist.family;
    double slope[CP_DIST_PARAMETERS_MAX] = {0};
    for (size_t i = 0; i < family->n_parameters; i++) {
        if (!scales[family->parameters[i].scale].to)
            continue;
        struct cp_dist moved = fit->dist;
        double h = fit->se[i] / 32;
        moved.parameters[i] += h;
        double above = cp_dist_quantile(&moved, q);
        moved.parameters[i] = fit->dist.parameters[i] - h;
        slope[i] = (above - cp_dist_quantile(&moved, q)) / (2 * h);
    }
    double variance = 0;
    for (size_t i = 0; i < family->n_parameters; i++) {
        for (size_t j = 0; j < family->n_parameters; j++) {
            if (scales[family->parameters[i].scale].to && scales[family->parameters[j].scale].to)
                variance += slope[i] * slope[j] * fit->covariance[i][j];
        }
    }
    return sqrt(variance);
}

/* Symmetric on the log: durations are above 0, their errors are relative. */
static void set_delta_interval(const struct cp_dist_fit *fit, double q,
                               struct cp_interval *estimate)
{
    double value = estimate->value;
    double half = z_two_sided * quantile_se(fit, q);
    estimate->low = value > 0 ? value * exp(-half / value) : value - half;
    estimate->high = value > 0 ? value * exp(half / value) : value + half;
}

/* Whether no value seen bounds the quantile from above. */
static bool is_beyond_sample(const struct cp_dist_fit *fit, double q)
{
    size_t rank = 0;
    (void)cp_quantile_rank_upper(fit->n, q, confidence, &rank);
    return rank > fit->n - fit->n_censored;
}

static void claim_by_model(const struct cp_dist_fit *fit, double q, struct cp_dist_claim *claim)
{
    const struct cp_dist_family *family = fit->dist.family;
    struct cp_interval *estimate = &claim->estimate;
    estimate->value = cp_dist_quantile(&fit->dist, q);
    if (!family->quantile_interval ||
        !family->quantile_interval(fit, q, &estimate->low, &estimate->high))
        set_delta_interval(fit, q, estimate);
    claim->confidence = isnan(estimate->low) ? 0 : confidence;
    claim->is_extrapolated = is_beyond_sample(fit, q);
    claim->label = claim->is_extrapolated ? family->label_beyond : family->label;
    claim->status = CP_OK;
}

static void claim_by_sample(const struct cp_dist_fit *fit, double q, struct cp_dist_claim *claim)
{
    struct cp_estimate e = cp_quantile_estimate(fit->dist.sorted, fit->dist.n, q, confidence);
    if (e.status < CP_ANSWER_UPPER_ONLY) {
        claim->label = "not estimable from so few values";
        return;
    }
    claim->status = CP_OK;
    claim->label = fit->dist.family->label;
    claim->confidence = confidence;
    claim->estimate = (struct cp_interval){e.value, e.low, isnan(e.high) ? e.upper : e.high};
}

void cp_dist_claim(const struct cp_dist_fit *fit, double q, struct cp_dist_claim *claim)
{
    *claim = (struct cp_dist_claim){.status = CP_ENODATA,
                                    .estimate = {NAN, NAN, NAN},
                                    .label = fit->reason,
                                    .n_needed = cp_quantile_min_n_upper(q, confidence)};
    if (fit->status)
        return;
    if (!(q > 0 && q < 1))
        claim->label = "a quantile lies between 0 and 1";
    else if (fit->dist.family->n_estimated == 0)
        claim_by_sample(fit, q, claim);
    else if (fit->dist.family->is_heavy && fit->dist.family->is_heavy(&fit->dist) &&
             q > heavy_limit)
        claim->label = "a tail this heavy says nothing beyond p99.9";
    else if (fit->dist.family->is_of_sample && fit->dist.family->is_of_sample(&fit->dist, q))
        claim->label = "below the tail: the sample's own quantile stands";
    else
        claim_by_model(fit, q, claim);
}

/* --- how it is shown --- */

size_t cp_dist_parameters(const struct cp_dist_fit *fit, struct cp_parameter out[CP_PARAMETERS_MAX])
{
    const struct cp_dist_family *family = fit->dist.family;
    if (fit->status)
        return 0;
    for (size_t i = 0; i < family->n_parameters; i++) {
        bool has_interval = !isnan(fit->intervals[i].low);
        out[i] = (struct cp_parameter){
            .name = family->parameters[i].name,
            .unit = family->parameters[i].unit,
            .estimate = fit->intervals[i],
            .confidence = has_interval ? confidence : 0,
            .method = has_interval ? scales[family->parameters[i].scale].method : "",
        };
    }
    return family->n_parameters;
}

const char *cp_dist_formula(const struct cp_dist_fit *fit)
{
    return fit->status ? "" : fit->dist.family->formula;
}
