/* SPDX-License-Identifier: GPL-3.0-or-later
 * Tail quantiles from few samples: groups of one thing (the memory sizes of one function, the same
 * on earlier nights) share the shape of their tail, not its place.
 *
 *     q_p(g) = location(g) + scale(g) Q_p(residuals),   residual = (x - location(g)) / scale(g)
 *
 * Location: the group's own median, or the caller's (a memory law's p50). Scale: 1 (jitter is
 * additive, what AWS durations show), else the location (proportional), else the group's
 * interquartile range (standardised). The simplest is taken unless the groups look unlike under it
 * (p < 0.2, proportional p < 0.05); then the one under which they look most alike.
 *
 * Alike: the counts of residuals above a pooled quantile, equal ones by half, are compared by a
 * chi-square test of homogeneity, at three levels, where about 5, 2.5 and 15 are expected per group
 * (standardised ones also below the pooled p20: a slow mode stretches the range of its group); the
 * smallest p-value times their number (Bonferroni) counts. When it is below 5 % under each scale,
 * the group farthest off is set apart and the rest compared again; when a third of the groups, or
 * 8, do not settle it, nothing is shared and each group stands for itself. rho, the overdispersion
 * of the counts at the first level (moments of the beta-binomial law; Williams, Appl. Stat. 31,
 * 1982), is the variance of a group's exceedance probability, relative to p (1 - p).
 *
 * A group's residual law is estimated as for a Dirichlet process (Ferguson, Ann. Stat. 1, 1973):
 * own sample and other groups mixed with weights n : M, 1 / M = 1 / n_others + max(rho (1 + sum of
 * squared shares of the others), 1 / n_alone), so the own share grows with the own n and with the
 * evidence that groups differ. n_alone is the smallest n with an exact interval of its own (72 for
 * p95, 368 for p99): at that size the own sample counts at least half. Value: type-8 quantile of
 * the weighted residuals.
 *
 * Interval: order statistics with binomial ranks at the effective sample size
 *     1 / n_effective = w^2 / n + (1 - w)^2 (1 / n_others + rho (...)),   w the own share,
 * joined with the exact intervals of the locations and scales by the root of summed squared
 * distances (MOVER: Zou & Donner, Stat. Med. 27, 2008), those of the own group with weight 1 - w,
 * those of the others with 1 - w times their shares. No random numbers: same input, same output.
 *
 * Assumptions: samples of a group are independent and of one law; groups are exchangeable but for
 * location and scale. Simulated coverage of nominal 95 % (tests/model/stat/test_tail_coverage.c) is
 * 0.94 to 0.99 where groups are alike or differ in spread by 15 %, from 60 samples each, and 0.91
 * where they differ by 30 %, which 100 samples hardly show; with 20 samples each, 0.90 where
 * spreads grow with the location. Values measured in one night tell of that night: pool several.
 *
 * Smallest n: n_effective decides as n does in quantile.h (p95 59 for an upper bound and 72 for an
 * interval, p99 299 and 368); below it the status says so with the n that would do, and no tail is
 * extrapolated beyond the largest residual seen. A group joins with n >= 6 (its median needs an
 * interval), and with n >= 20 under a standardised scale. A group without samples but with a
 * location gets the pooled tail alone: a prediction at an unmeasured memory size. +INFINITY
 * (right-censored: "above") keeps its rank: values and bounds may become +INFINITY, never too low.
 *
 * No ownership: samples are borrowed, results are plain records.
 */
#ifndef COLDPROF_MODEL_STAT_TAIL_POOL_H
#define COLDPROF_MODEL_STAT_TAIL_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "model/base/error.h"
#include "model/stat/parameter.h"
#include "model/stat/quantile.h" /* enum cp_answer */

enum { CP_TAIL_GROUPS_MAX = 4096 };

struct cp_tail_group {
    const double *sorted_ms; /* borrowed, ascending, finite or +INFINITY; NULL when n = 0 */
    size_t n;
    /* NULL: the own median. Else the location and its interval at the confidence asked for, such
     * as a memory law's p50 at this size; NAN bounds: the location counts as known. */
    const struct cp_interval *location_ms;
};

struct cp_tail_options {
    double q;          /* (0.5, 1): 0.95, 0.99 */
    double confidence; /* 0 means 0.95 */
};

enum cp_tail_scale {
    CP_TAIL_NONE,         /* the groups differ, or there is one: nothing is shared */
    CP_TAIL_ADDITIVE,     /* scale 1 */
    CP_TAIL_PROPORTIONAL, /* scale = location */
    CP_TAIL_STANDARDISED, /* scale = interquartile range */
};

/* One group's tail. All numbers NAN where the status does not allow them; `estimate.value` is
 * present from one sample on, but show it only when the status allows. */
struct cp_tail {
    enum cp_answer status;
    struct cp_interval estimate; /* ms; bounds only with CP_ANSWER_OK */
    double upper_ms;             /* one-sided upper bound; from CP_ANSWER_UPPER_ONLY on */
    size_t n;                    /* own samples */
    size_t n_pooled;             /* own and borrowed */
    double n_effective;          /* what they are worth as independent samples of this group */
    double own_share;            /* weight of the own sample, 1 when nothing is shared */
    bool is_pooled;              /* false: own sample only (exact, quantile.h) */
    bool is_apart;               /* not pooled because it differs from the other groups */
    size_t n_needed;             /* smallest n_effective with an interval */
    size_t n_needed_upper;       /* ... with an upper bound */
};

struct cp_tail_pool {
    /* CP_OK, also when nothing is shared; CP_EINVAL (options, an unsorted group), CP_ENOMEM,
     * CP_ELIMIT (more than CP_TAIL_GROUPS_MAX groups). */
    enum cp_code status;
    double q, confidence;
    enum cp_tail_scale scale;
    size_t n_groups, n_samples; /* that share */
    size_t n_apart;             /* groups set apart */
    double check_q;             /* pooled quantile at which the groups were compared */
    double p_value;             /* of their being alike there; NAN when not checked */
    double overdispersion;      /* rho, >= 0 */
    bool is_heterogeneous;      /* groups differ under each scale: nothing is pooled */
    bool is_unverified;         /* pooled, but with too few samples per group to compare them */
    /* pooled Q_p of the residuals, in units of the scale; `high` alone: a one-sided bound, as far
     * as n_effective goes */
    struct cp_interval residual;
};

/* Fills tails[n_groups], in the order of the groups. The outcome is pool->status; unless it is
 * CP_OK each tail is CP_ANSWER_NONE. */
void cp_tail_pool_fit(const struct cp_tail_group *groups, size_t n_groups,
                      const struct cp_tail_options *options, struct cp_tail_pool *pool,
                      struct cp_tail *tails);

const char *cp_tail_scale_text(enum cp_tail_scale scale); /* "additive", ...; never NULL */
const char *cp_tail_pool_formula(const struct cp_tail_pool *pool);
size_t cp_tail_pool_parameters(const struct cp_tail_pool *pool,
                               struct cp_parameter out[CP_PARAMETERS_MAX]);

#endif
