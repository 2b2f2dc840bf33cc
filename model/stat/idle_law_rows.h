/* SPDX-License-Identifier: GPL-3.0-or-later
 * Between the files of idle_law: the counts as they are fitted, and the two engines. No ownership.
 */
#ifndef COLDPROF_MODEL_STAT_IDLE_LAW_ROWS_H
#define COLDPROF_MODEL_STAT_IDLE_LAW_ROWS_H

#include "model/stat/idle_law.h"

struct cp_idle_gap {
    double ms;
    double warm, cold;
};

struct cp_idle_gaps {
    struct cp_idle_gap at[CP_IDLE_POINTS_MAX]; /* ascending, each with a probe */
    size_t n;
};

/* F as a function of eta, its complement and its derivative, all without cancellation. */
struct cp_idle_link_value {
    double gone, alive, slope;
};

struct cp_idle_link {
    struct cp_idle_link_value (*at)(double eta);
    double (*eta_of)(double gone);        /* inverse, for starting values */
    double (*eta_of_alive)(double alive); /* the same of the complement, for draws */
    bool is_linear;                       /* eta is linear in g, not in log g */
    bool is_exponential;                  /* b1 = 1 */
    bool is_form_reciprocal;              /* the form shown is 1 / b1 */
};

/* x log y, 0 for x = 0 whatever y is. */
double cp_idle_log_term(double x, double y);
/* Deviance within which the interval lies: quantile of chi-squared(1), times the dispersion. */
double cp_idle_allowed_deviance(const struct cp_idle_law_options *options);
/* options->dispersion when it is above 1, else 1. */
double cp_idle_inflation(const struct cp_idle_law_options *options);

/* Where a profile deviance reaches `allowed` between `inner` (the estimate, deviance 0) and
 * `outer`; `outer` when it does not. */
double cp_idle_profile_end(double (*deviance)(void *context, double value), void *context,
                           double inner, double outer, double allowed);

/* Fill all of `out` but status CP_EINVAL, law, aicc and interval_method. */
void cp_idle_fit_smooth(const struct cp_idle_link *link, const struct cp_idle_gaps *gaps,
                        const struct cp_idle_law_options *options, struct cp_idle_law_fit *out);
/* `ratio`: r, or NAN for it to be estimated. */
void cp_idle_fit_step(double ratio, const struct cp_idle_gaps *gaps,
                      const struct cp_idle_law_options *options, struct cp_idle_law_fit *out);

#endif
