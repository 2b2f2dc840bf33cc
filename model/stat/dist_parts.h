/* SPDX-License-Identifier: GPL-3.0-or-later
 * Inside model/stat/dist*: the functions of the table's rows, and what a fit gets to see.
 */
#ifndef COLDPROF_MODEL_STAT_DIST_PARTS_H
#define COLDPROF_MODEL_STAT_DIST_PARTS_H

#include "model/stat/dist.h"
#include "model/stat/dist_fit.h"
#include "model/stat/optimum.h"

/* Places in cp_dist.parameters. */
enum { LOGNORMAL_MEANLOG, LOGNORMAL_SDLOG };
enum { GAMMA_SHAPE, GAMMA_RATE };
enum { WEIBULL_SHAPE, WEIBULL_SCALE };
enum { SHIFTED_SHIFT, SHIFTED_MEANLOG, SHIFTED_SDLOG };
enum { MIXTURE_WEIGHT, MIXTURE_MEANLOG_1, MIXTURE_SDLOG_1, MIXTURE_MEANLOG_2, MIXTURE_SDLOG_2 };
enum { GPD_SCALE, GPD_SHAPE, GPD_U, GPD_TAIL_SHARE };

/* The sample of a fit, found valid: seen[0 .. n_seen) ascending and finite, not all equal unless
 * the family is empirical, and n_censored values above censored_at. */
struct cp_dist_data {
    const double *seen;
    size_t n_seen, n_censored;
    double censored_at;
    /* NULL, or a law of the same family near the estimate: no search of starts, no gate. */
    const struct cp_dist *start;
};

double cp_dist_log_likelihood(const struct cp_dist *d, const struct cp_dist_data *data);
/* Sets fit->reason; returns `code`. */
enum cp_code cp_dist_refuse(struct cp_dist_fit *fit, enum cp_code code, const char *reason);
/* The same for what optimum.h says. */
enum cp_code cp_dist_refuse_optimum(struct cp_dist_fit *fit, enum cp_code code);

/* The context of derivatives of the log likelihood: the sample, and the law but for its parameters.
 */
struct cp_dist_question {
    const struct cp_dist_data *data;
    struct cp_dist law;
};
typedef void cp_dist_derivatives_fn(const void *context, const double *x,
                                    double gradient[CP_OPTIMUM_MAX],
                                    double hessian[CP_OPTIMUM_MAX][CP_OPTIMUM_MAX]);

/* Newton from the estimate and its covariance by the likelihood of the whole sample; nothing with
 * data->start. `derivatives` are those of uncensored values; NULL, or with censored ones: by
 * differences. false: no maximum with finite standard errors. */
bool cp_dist_polish(const struct cp_dist_data *data, cp_dist_derivatives_fn *derivatives,
                    struct cp_dist_fit *fit);

/* Of N(mean, sd^2) above log_at: its share, mean and variance. */
struct cp_log_censored {
    double tail, mean, variance;
};
struct cp_log_censored cp_log_censored(double log_at, double mean, double sd);

/* Below, for each family: the functions of its row. A fit sets the parameters and the covariance of
 * those that it estimates (NAN when data->start is given); dist.family is the family's. */

/* log-normal */
double cp_lognormal_log_density(const struct cp_dist *d, double x);
double cp_lognormal_cdf(const struct cp_dist *d, double x);
double cp_lognormal_survival(const struct cp_dist *d, double x);
double cp_lognormal_quantile(const struct cp_dist *d, struct cp_dist_probability p);
double cp_lognormal_draw(const struct cp_dist *d, struct cp_rng *rng);
double cp_lognormal_mean(const struct cp_dist *d);
enum cp_code cp_lognormal_fit(const struct cp_dist_data *data, struct cp_dist_fit *fit);

/* gamma */
double cp_gamma_log_density(const struct cp_dist *d, double x);
double cp_gamma_cdf(const struct cp_dist *d, double x);
double cp_gamma_survival(const struct cp_dist *d, double x);
double cp_gamma_quantile(const struct cp_dist *d, struct cp_dist_probability p);
double cp_gamma_draw(const struct cp_dist *d, struct cp_rng *rng);
double cp_gamma_mean(const struct cp_dist *d);
enum cp_code cp_gamma_fit(const struct cp_dist_data *data, struct cp_dist_fit *fit);

/* Weibull */
double cp_weibull_log_density(const struct cp_dist *d, double x);
double cp_weibull_cdf(const struct cp_dist *d, double x);
double cp_weibull_survival(const struct cp_dist *d, double x);
double cp_weibull_quantile(const struct cp_dist *d, struct cp_dist_probability p);
double cp_weibull_draw(const struct cp_dist *d, struct cp_rng *rng);
double cp_weibull_mean(const struct cp_dist *d);
enum cp_code cp_weibull_fit(const struct cp_dist_data *data, struct cp_dist_fit *fit);

/* shifted log-normal */
double cp_shifted_log_density(const struct cp_dist *d, double x);
double cp_shifted_cdf(const struct cp_dist *d, double x);
double cp_shifted_survival(const struct cp_dist *d, double x);
double cp_shifted_quantile(const struct cp_dist *d, struct cp_dist_probability p);
double cp_shifted_draw(const struct cp_dist *d, struct cp_rng *rng);
double cp_shifted_mean(const struct cp_dist *d);
enum cp_code cp_shifted_fit(const struct cp_dist_data *data, struct cp_dist_fit *fit);

/* mixture of two log-normals */
double cp_two_lognormal_log_density(const struct cp_dist *d, double x);
double cp_two_lognormal_cdf(const struct cp_dist *d, double x);
double cp_two_lognormal_survival(const struct cp_dist *d, double x);
double cp_two_lognormal_quantile(const struct cp_dist *d, struct cp_dist_probability p);
double cp_two_lognormal_draw(const struct cp_dist *d, struct cp_rng *rng);
double cp_two_lognormal_mean(const struct cp_dist *d);
enum cp_code cp_two_lognormal_fit(const struct cp_dist_data *data, struct cp_dist_fit *fit);

/* generalised Pareto tail over an empirical body */
double cp_gpd_log_density(const struct cp_dist *d, double x);
double cp_gpd_cdf(const struct cp_dist *d, double x);
double cp_gpd_survival(const struct cp_dist *d, double x);
double cp_gpd_quantile(const struct cp_dist *d, struct cp_dist_probability p);
double cp_gpd_draw(const struct cp_dist *d, struct cp_rng *rng);
double cp_gpd_mean(const struct cp_dist *d);
/* -log of the share of the exceedances that exceed u + y; INFINITY at the end of a bounded tail. */
double cp_gpd_hazard(const struct cp_dist *d, double y);
/* Its inverse: the y of a hazard. */
double cp_gpd_excess(const double *parameters, double hazard);
bool cp_gpd_is_heavy(const struct cp_dist *d);
bool cp_gpd_is_of_sample(const struct cp_dist *d, double q); /* at or below u */
bool cp_gpd_quantile_interval(const struct cp_dist_fit *fit, double q, double *low, double *high);
enum cp_code cp_gpd_fit(const struct cp_dist_data *data, struct cp_dist_fit *fit);

/* empirical */
double cp_empirical_log_density(const struct cp_dist *d, double x);
double cp_empirical_cdf(const struct cp_dist *d, double x);
double cp_empirical_survival(const struct cp_dist *d, double x);
double cp_empirical_quantile(const struct cp_dist *d, struct cp_dist_probability p);
double cp_empirical_draw(const struct cp_dist *d, struct cp_rng *rng);
double cp_empirical_mean(const struct cp_dist *d);
enum cp_code cp_empirical_fit(const struct cp_dist_data *data, struct cp_dist_fit *fit);

#endif
