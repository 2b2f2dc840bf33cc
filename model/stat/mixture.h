/* SPDX-License-Identifier: GPL-3.0-or-later
 * Latency of all requests, cold and warm together:
 *
 *     P(L > x) = pi S_cold(x) + (1 - pi) S_warm(x)
 *
 * with pi the share of cold starts. Quantiles of a mixture are not mixtures of quantiles: p99 sits
 * in the warm law while pi < 1 % and jumps into the cold law above. Pure functions; the caller owns
 * every array.
 */
#ifndef COLDPROF_MODEL_MIXTURE_H
#define COLDPROF_MODEL_MIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/error.h"
#include "model/stat/parameter.h"
#include "model/stat/quantile.h"

/* One component: survival function S(x) = P(X > x), not increasing, and a range that holds the
 * quantiles asked for: S(low_ms) = 1, S(high_ms) below any 1 - q asked. */
struct cp_mixture_law {
    double (*survival)(const void *context, double x_ms);
    const void *context; /* borrowed */
    double low_ms, high_ms;
    /* S stays above 0 beyond high_ms (right-censored): quantiles there are INFINITY, no error. */
    bool is_censored;
};

/* Values of one component, ascending; finite but for right-censored ones at the end (+INFINITY:
 * above every other). Borrowed. n = 0: never observed. */
struct cp_mixture_sample {
    const double *sorted_ms;
    size_t n;
};
/* Empirical law: the inverse of the type-8 quantile function, so that a mixture of one component
 * has that component's type-8 quantiles. `sample` is borrowed; n >= 1. */
struct cp_mixture_law cp_mixture_empirical(const struct cp_mixture_sample *sample);

double cp_mixture_survival(double cold_share, const struct cp_mixture_law *cold,
                           const struct cp_mixture_law *warm, double x_ms);
/* Smallest x with P(L > x) <= 1 - q, to 1e-12 relative (Brent); INFINITY where a censored law never
 * gets that low. A component whose share is 0 may be NULL. CP_EINVAL: q or share out of range;
 * CP_ENUMERIC: the ranges do not hold the quantile. */
enum cp_code cp_mixture_quantile(double cold_share, const struct cp_mixture_law *cold,
                                 const struct cp_mixture_law *warm, double q, double *x_ms,
                                 struct cp_error *err);

/* The resamples of the bootstrap do not depend on the cold share: whoever asks about many of them
 * draws them once. Ownership: cp_mixture_resamples_clear frees. */
struct cp_mixture_resamples {
    int reps;
    size_t n_cold, n_warm;
    double *z;           /* reps standard normal values, for the cold share */
    double *cold, *warm; /* reps ascending resamples of n_cold and n_warm values */
};
/* reps 0 means 300. CP_ENOMEM. */
enum cp_code cp_mixture_resamples_draw(const struct cp_mixture_sample *cold,
                                       const struct cp_mixture_sample *warm, int reps,
                                       uint64_t seed, struct cp_mixture_resamples *out);
void cp_mixture_resamples_clear(struct cp_mixture_resamples *resamples);

struct cp_mixture_options {
    double cold_share;                      /* 0..1 */
    double cold_share_low, cold_share_high; /* 95 % interval of it */
    double confidence;                      /* 0 means 0.95 */
    int reps;                               /* bootstrap replicates; 0 means 300 */
    uint64_t seed;
    /* NULL: drawn by each call; else those of the same samples, reps and seed: same results */
    const struct cp_mixture_resamples *resamples;
};

/* What may be said about one quantile of the mixture. */
struct cp_mixture_estimate {
    enum cp_answer status; /* first: numbers below are NAN unless it allows them */
    bool cold_decides;     /* the component whose sample size decides about `status` */
    double q;
    double value;     /* present when both components that have a share have values */
    double low, high; /* percentile bootstrap; `high` is never below `upper` */
    double upper;     /* one-sided bound, see cp_mixture_estimate; NAN when TOO_FEW */
    size_t n;         /* its sample size */
    size_t n_needed;  /* TOO_FEW: smallest n of it with an upper bound; else 0 */
};

/* Estimates the quantiles qs[0..n_q) into out.
 *
 * Upper bound, distribution free and conservative. Let p = 1 - q and pi the upper end of the cold
 * share. The first of three rules that the sample sizes allow:
 *  1. pi < p: every cold start is counted as slower than x, so x is the exact order-statistic bound
 *     of the warm law at tail (p - pi) / (1 - pi).
 *  2. x is the first value at which pi c(x) + (1 - pi) w(x) <= p, with c and w the Clopper-Pearson
 *     upper bounds of both tails beyond x at half of the error each. Exact by Bonferroni.
 *  3. The cold law decides at tail (p - (1 - pi) s(x)) / pi, with s(x) = (k + 1) / (n + 1) the
 *     chance that a further warm request exceeds x when k of n did; exact for the cold law, plug-in
 *     for the warm one.
 * Which rule applies depends on sample sizes and pi only, never on the values: picking the rule
 * cannot spoil its confidence. Where a bound or a quantile falls among right-censored values it is
 * INFINITY: "at the timeout or above". The bootstrap resamples both components and draws pi from
 * its interval; for tails it is too narrow at small n, which is why decisions use `high`. */
enum cp_code cp_mixture_estimate(const struct cp_mixture_sample *cold,
                                 const struct cp_mixture_sample *warm,
                                 const struct cp_mixture_options *options, const double *qs,
                                 size_t n_q, struct cp_mixture_estimate *out, struct cp_error *err);

/* P(L > x_ms), with a two-sided interval: Clopper-Pearson of both tails beyond x at half of the
 * error each (exact by Bonferroni), at the end of the cold share's interval that is worse. All NAN
 * when a component that has a share was never observed, or for options out of range. The
 * probability that an answer is late is asked for where a quantile jumps from one law to the other:
 * it never does. */
struct cp_interval cp_mixture_exceedance(const struct cp_mixture_sample *cold,
                                         const struct cp_mixture_sample *warm,
                                         const struct cp_mixture_options *options, double x_ms);

#endif
