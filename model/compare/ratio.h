/* SPDX-License-Identifier: GPL-3.0-or-later
 * Is a quantile worse than it was? The ratio of the new one to the base with an interval, and one
 * of four verdicts against a smallest effect that matters. Never a p-value: with enough samples any
 * difference is significant, and with few none is.
 *
 * Both quantiles have exact order-statistic intervals (quantile.h); on a log scale they are joined
 * by MOVER (Zou and Donner, Stat. Med. 27, 2008): the lower end is log r - sqrt((log q1 - log l1)^2
 * + (log u0 - log q0)^2), and its mirror. A percentile bootstrap would be narrower and untrue: for
 * p99 of 300 values it holds 80 % of the time at nominal 95 %.
 *
 * With d = max(effect, effect_ms / q0):
 *   REGRESSION    the whole interval is above 1 + d
 *   IMPROVEMENT   it is below 1 / (1 + d)
 *   EQUIVALENT    it is between them
 *   INCONCLUSIVE  anything else; n_needed of each sample would make it about narrow enough
 * The chance of a false REGRESSION is at most 2.5 % per comparison of independent samples where
 * nothing changed, and far less with the d between. Two nights differ by more than their samples
 * do: day_sd, where it is known, is joined to both ends like the other parts.
 *
 * Timeouts are INFINITY, above all others. Where one quantile is among them the ratio is INFINITY
 * (or 0), and its other end the ratio of the ends; where both are there is none.
 * Durations in ms, > 0. Pure.
 */
#ifndef COLDPROF_MODEL_RATIO_H
#define COLDPROF_MODEL_RATIO_H

#include <stddef.h>

#include "model/stat/parameter.h"

enum cp_change_verdict {
    CP_CHANGE_INCONCLUSIVE,
    CP_CHANGE_EQUIVALENT,
    CP_CHANGE_IMPROVEMENT,
    CP_CHANGE_REGRESSION,
};
const char *cp_change_verdict_name(enum cp_change_verdict verdict); /* "regression", ... */

#define CP_CHANGE_EFFECT    0.05
#define CP_CHANGE_EFFECT_MS 5.0

struct cp_ratio_question {
    double q;                 /* 0.95 */
    double effect, effect_ms; /* the smallest that matters: both must be exceeded; >= 0 */
    double confidence;        /* 0 means 0.95 */
    double day_sd;            /* of log quantiles between nights; 0: none */
};

struct cp_ratio {
    enum cp_change_verdict verdict;
    struct cp_interval base_ms, new_ms;
    struct cp_interval ratio; /* ends NAN: too few samples for one */
    size_t n_base, n_new;
    size_t n_needed; /* of each, when INCONCLUSIVE; 0: no number would do (the effect is at the
                        edge, or nights differ too much) */
};

/* What an interval of a ratio says against the least ratio that is worse, 1 + d. */
enum cp_change_verdict cp_change_verdict_of(const struct cp_interval *ratio, double worse_from);
/* d, from both effects */
double cp_change_least(double effect, double effect_ms, double base_ms);
/* Puts CP_CHANGE_EFFECT and CP_CHANGE_EFFECT_MS where they are NAN. */
void cp_change_effect_default(double *effect, double *effect_ms);
/* 1 + d */
double cp_ratio_worse_from(const struct cp_ratio_question *question, double base_ms);

/* Both ascending. */
struct cp_ratio cp_ratio_compare(const double *base_ms, size_t n_base, const double *new_ms,
                                 size_t n_new, const struct cp_ratio_question *question);

#endif
