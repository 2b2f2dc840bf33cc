/* SPDX-License-Identifier: GPL-3.0-or-later
 * Laws of durations: one const table of families, and a law as a plain record.
 *
 *     log-normal           log x ~ N(meanlog, sdlog^2)
 *     gamma                density ~ x^(shape - 1) exp(-rate x)
 *     Weibull              P(X > x) = exp(-(x / scale)^shape)
 *     shifted log-normal   x - shift is log-normal
 *     log-normal mixture   log-normal 1 with chance `weight`, else log-normal 2
 *     generalised Pareto   above u: P(X > u + y) = tail_share (1 + shape y / scale)^(-1 / shape);
 *                          below u the empirical law
 *     empirical            the inverse of the type-7 quantile function (Hyndman & Fan 1996) of a
 *                          sample: P(X <= X(k)) = (k - 1) / (n - 1), linear between. Its draws lie
 *                          in [X(1), X(n)]. Type 8, the estimate shown everywhere, gives X(k) the
 *                          probability (k - 1/3) / (n + 1/3): its p50 is the same, its p95 is up to
 *                          one order statistic larger. A simulation needs a law that ends at X(1)
 *                          and X(n) without atoms there; type 7 is that law.
 *
 * Assumptions: none here; dist_fit.h estimates, goodness.h tests. A law is its parameters, nothing
 * is owned: `sorted` is borrowed by the laws that keep a sample and must outlive them. All
 * functions are pure and thread-safe, allocate nothing, and give NAN for a NAN argument, for a
 * probability outside [0, 1], and for a record that cp_dist_is_valid refuses (not checked in each
 * call; the result is then unspecified, not undefined).
 */
#ifndef COLDPROF_MODEL_STAT_DIST_H
#define COLDPROF_MODEL_STAT_DIST_H

#include <stdbool.h>
#include <stddef.h>

#include "model/base/error.h"
#include "model/base/rng.h"
#include "model/base/view.h"
#include "model/stat/mixture.h"

enum { CP_DIST_PARAMETERS_MAX = 5 };

/* Rows of the table, in its order. */
enum cp_dist_kind {
    CP_DIST_LOGNORMAL,
    CP_DIST_GAMMA,
    CP_DIST_WEIBULL,
    CP_DIST_SHIFTED_LOGNORMAL,
    CP_DIST_LOGNORMAL_MIXTURE,
    CP_DIST_GPD_TAIL,
    CP_DIST_EMPIRICAL,
    CP_DIST_KINDS
};

struct cp_dist_family;

struct cp_dist {
    const struct cp_dist_family *family;
    double parameters[CP_DIST_PARAMETERS_MAX]; /* as the family names them */
    /* GPD tail and empirical: ascending, finite except for +INFINITY (right-censored: that share of
     * the draws is +INFINITY). Borrowed. */
    const double *sorted;
    size_t n;
};

/* What a parameter can be; intervals are symmetric on this scale. */
enum cp_dist_scale {
    CP_DIST_PLAIN,   /* any number */
    CP_DIST_LOG,     /* > 0 */
    CP_DIST_LOGIT,   /* in (0, 1) */
    CP_DIST_NOT_OWN, /* computed from the sample, not by likelihood: no standard error */
};

struct cp_dist_parameter {
    const char *name;
    const char *unit; /* "ms", "per ms", "log ms", "" */
    enum cp_dist_scale scale;
};

/* A probability with its complement, the smaller of them exact: 1 - 1e-20 has no double. */
struct cp_dist_probability {
    double lower, upper; /* P(X <= x), P(X > x) */
};

struct cp_dist_data;
struct cp_dist_fit;

struct cp_dist_family {
    const char *name;
    const char *label;        /* of a quantile of it: "log-normal model" */
    const char *label_beyond; /* the same where the sample alone could not bound the quantile */
    const char *formula;      /* one line */
    size_t n_min;             /* smallest sample that is fitted */
    size_t n_parameters;
    size_t n_estimated; /* by likelihood: counted by AIC */
    bool is_positive;   /* a law of values above 0 */
    bool has_sample;    /* draws from `sorted` */
    /* Its likelihood is that of the whole sample: AIC may compare it with others. */
    bool is_comparable;
    struct cp_dist_parameter parameters[CP_DIST_PARAMETERS_MAX];
    enum cp_code (*fit)(const struct cp_dist_data *data, struct cp_dist_fit *fit);
    double (*log_density)(const struct cp_dist *d, double x);
    double (*cdf)(const struct cp_dist *d, double x);
    double (*survival)(const struct cp_dist *d, double x);
    double (*quantile)(const struct cp_dist *d, struct cp_dist_probability p);
    double (*draw)(const struct cp_dist *d, struct cp_rng *rng);
    double (*mean)(const struct cp_dist *d);
    /* NULL: never; else whether its tail is too heavy to be believed beyond p99.9 */
    bool (*is_heavy)(const struct cp_dist *d);
    /* NULL: never; else whether it leaves this quantile to the sample, and has no word on it */
    bool (*is_of_sample)(const struct cp_dist *d, double q);
    /* 95 % interval of a quantile of the fitted law; NULL, or false: by the delta method */
    bool (*quantile_interval)(const struct cp_dist_fit *fit, double q, double *low, double *high);
};

/* NULL for a kind outside the table, or an unknown name. */
const struct cp_dist_family *cp_dist_family(enum cp_dist_kind kind);
const struct cp_dist_family *cp_dist_family_named(struct cp_view name);

/* A law with these parameters (family->n_parameters of them). */
struct cp_dist cp_dist_of(enum cp_dist_kind kind, const double *parameters);
/* The empirical law of a sorted sample, borrowed; n >= 1. */
struct cp_dist cp_dist_empirical(const double *sorted, size_t n);
/* Parameters finite and in their range, and a sorted sample where the family has one. */
bool cp_dist_is_valid(const struct cp_dist *d);

/* -INFINITY outside the support. Of the empirical law: the slope of its cdf. */
double cp_dist_log_density(const struct cp_dist *d, double x);
double cp_dist_cdf(const struct cp_dist *d, double x);
/* P(X > x), accurate in relative terms as long as it is a normal double (1e-300). */
double cp_dist_survival(const struct cp_dist *d, double x);
/* Smallest x with P(X <= x) >= p; the ends of the support for 0 and 1. */
double cp_dist_quantile(const struct cp_dist *d, double p);
/* The same by P(X > x) = tail, for tails far below 1e-16. */
double cp_dist_upper_quantile(const struct cp_dist *d, double tail);
double cp_dist_draw(const struct cp_dist *d, struct cp_rng *rng);
/* INFINITY for a GPD tail with shape >= 1, or a censored sample. */
double cp_dist_mean(const struct cp_dist *d);

/* As a component of the latency mixture; borrows `d`. */
struct cp_mixture_law cp_dist_mixture_law(const struct cp_dist *d);

#endif
