/* SPDX-License-Identifier: GPL-3.0-or-later
 * Quantile of a duration as a function of memory size, by quantile regression over all samples:
 *     q_p(m) = a + b * (1024 / min(m, cap))^c,   minimising sum rho_q(x - q_p(m))
 *
 * A second opinion on memory_law.h, which goes through one quantile of each size: exact
 * (quantile_regression.h) for c = 1; with a free exponent the exact fit at each c, minimised over c
 * in [0.2, 2.5] on a grid and by golden section around its two best points (the loss need not have
 * one valley). Judge fits by their check loss: a, b and c of a free exponent are nearly
 * unidentified (the p99 of a known data set has its optimum at a = -87), which is why a, b >= 0 and
 * c = 1 are the defaults. The loss is in ms, so large durations (small memory sizes) weigh most;
 * the memory law weighs all sizes alike. That the two differ is no error of either.
 *
 * Assumptions of the intervals of a and b: independent samples, n well above 30. Smallest valid n:
 * 3 distinct sizes with n >= 5 each; below: CP_ENODATA. Excluded groups are not used. +INFINITY
 * (right-censored) counts as above the curve; CP_ENODATA where the quantile reaches it.
 * Groups are borrowed, the result is a plain record.
 */
#ifndef COLDPROF_MODEL_STAT_MEMORY_REGRESSION_H
#define COLDPROF_MODEL_STAT_MEMORY_REGRESSION_H

#include "model/stat/memory_law.h"

struct cp_memory_regression_options {
    double q;              /* (0, 1) */
    double cap_mb;         /* INFINITY: none; 0 means 1769 */
    bool is_exponent_free; /* else c = 1 */
    bool is_unbounded;     /* a and b may be negative: to compare with other programs */
};

struct cp_memory_regression {
    /* CP_OK, CP_ENODATA, CP_EINVAL (q, cap, an unsorted group), CP_ENUMERIC, CP_ENOMEM. Numbers are
     * NAN unless CP_OK. */
    enum cp_code status;
    double q;
    struct cp_interval a_ms, b_ms; /* b at 1024 MB; normal 95 % intervals for c = 1 only */
    double c, cap_mb;
    double check_loss; /* ms, summed over the samples that are not censored */
    size_t n_samples;
};

/* Never fails loudly: the outcome is fit->status. */
void cp_memory_regression_fit(const struct cp_memory_group *groups, size_t n_groups,
                              const struct cp_memory_regression_options *options,
                              struct cp_memory_regression *fit);
/* NAN when status is not CP_OK; knows nothing of the measured range. */
double cp_memory_regression_at(const struct cp_memory_regression *fit, double memory_mb);

/* The law's check loss over the same samples, to judge it by: never below that of the regression
 * with the law's cap and exponent. NAN when the law is not CP_OK or has no quantile (a mean). */
double cp_memory_law_check_loss(const struct cp_memory_law *law,
                                const struct cp_memory_group *groups, size_t n_groups);

extern const char *const cp_memory_regression_formula;
/* a, b, c when free and cap when there is one; their number, 0 unless CP_OK. */
size_t cp_memory_regression_parameters(const struct cp_memory_regression *fit,
                                       struct cp_parameter out[CP_PARAMETERS_MAX]);

#endif
