/* SPDX-License-Identifier: GPL-3.0-or-later
 * Quantiles of one sample and exact, distribution-free intervals.
 *
 * Point: Hyndman & Fan, Am. Stat. 50(4), 1996, types 1 to 9. Type 8 is the default (approximately
 * median-unbiased whatever the continuous law); type 7 is what spreadsheets, NumPy and R print.
 * Interval: order statistics X(l), X(u) with binomial ranks (David & Nagaraja, Order Statistics,
 * ch. 7). Assumption: independent samples of one law; nothing about its shape. Ties and right
 * censoring keep the interval valid (conservative).
 *
 * Smallest valid n at 95 %: upper bound p50 5, p90 29, p95 59, p99 299; interval 6, 36, 72, 368.
 * Below them the answer is CP_ANSWER_TOO_FEW or CP_ANSWER_UPPER_ONLY with the n that would do;
 * no tail is ever extrapolated.
 *
 * Pure functions; the caller owns every array. cp_quantile_harrell_davis calls GSL, which aborts
 * the process on a numerical error unless the program has called gsl_set_error_handler_off() once
 * at its start; main and every test runner do.
 */
#ifndef COLDPROF_MODEL_QUANTILE_H
#define COLDPROF_MODEL_QUANTILE_H

#include <stdbool.h>
#include <stddef.h>

#include "model/stat/sort.h" /* cp_sort */

enum cp_answer {
    CP_ANSWER_NONE,       /* n = 0: nothing */
    CP_ANSWER_TOO_FEW,    /* below the one-sided minimum: no statement about the quantile */
    CP_ANSWER_UPPER_ONLY, /* enough for an upper bound, not for an interval */
    CP_ANSWER_OK,         /* point and two-sided interval */
};

/* A quantile with what may be said about it. All ms (or the unit of the sample). */
struct cp_estimate {
    enum cp_answer status; /* first: numbers below are NAN unless it allows them */
    double q;              /* 0..1 */
    size_t n;
    double value;     /* type 8; present from n = 1, but show it only when status allows */
    double low, high; /* exact two-sided interval; NAN unless CP_ANSWER_OK */
    double upper;     /* exact one-sided upper bound; NAN when TOO_FEW */
    double lower;     /* exact one-sided lower bound; NAN when n is too small for one */
    double coverage;  /* true coverage of [low, high], >= confidence */
    double confidence;
    size_t n_needed;       /* smallest n with a two-sided interval at this q and confidence */
    size_t n_needed_upper; /* smallest n with an upper bound */
    bool is_mode_edge;     /* high/low > 2: the quantile lies between two modes */
    size_t n_censored;     /* values of +INFINITY: known to be above, not by how much */
    bool is_constant;      /* all values equal, and none censored */
};

/* `sorted` ascending, finite except for +INFINITY (right-censored: "above"). n = 0, an unsorted
 * sample or q outside (0, 1) gives CP_ANSWER_NONE. `confidence` in (0, 1), 0 means 0.95.
 * Censoring costs no validity: ranks are what they were. An end that falls on a censored value is
 * INFINITY ("not bounded by this sample"); where even `low` is, the quantile itself is above the
 * censoring point with that confidence. */
struct cp_estimate cp_quantile_estimate(const double *sorted, size_t n, double q,
                                        double confidence);

/* Point only, type 1 to 9; NAN for n = 0, q outside [0, 1] or another type. INFINITY when the
 * interpolation touches a censored value. */
double cp_quantile(const double *sorted, size_t n, double q, int type);

/* Several such points, out[i] for qs[i] ascending, of an unsorted sample free of NAN, which is left
 * as it is: linear in n, several times faster than sorting a large one (select.h). All NAN as
 * above, where qs does not ascend, or when memory is short. */
void cp_quantiles_unsorted(const double *values, size_t n, const double *qs, size_t n_qs, int type,
                           double *out);

/* Where a quantile lies: (1 - weight) X(rank) + weight X(rank + 1), rank 1-based and clamped to
 * the sample. rank 0 where cp_quantile would give NAN. */
struct cp_quantile_position {
    size_t rank;
    double weight; /* [0, 1]; 0 when rank = n */
};
struct cp_quantile_position cp_quantile_position(size_t n, double q, int type);
/* (1 - weight) low + weight high; low itself where weight is 0 or high is not above it, so that
 * infinite values give themselves. */
double cp_quantile_between(double low, double high, double weight);

/* Harrell & Davis, Biometrika 69, 1982: all order statistics weighted by a beta law. Smoother than
 * a single order statistic, for medians and deciles; not for p95 and p99 of data with a slow mode.
 * INFINITY when a right-censored value has weight (above 1e-16 of the sum). NAN for n = 0, q
 * outside (0, 1), or where the beta law has no numerical answer (n above about 10^6). */
double cp_quantile_harrell_davis(const double *sorted, size_t n, double q);
/* Its weights, for who needs them more than once: upto[i] is that of the first i order statistics
 * together, i = 0 .. n. False where there are none. */
bool cp_quantile_harrell_davis_upto(size_t n, double q, double *upto);

/* Smallest n with a finite bound, at least 2; 0 when q or confidence is not in (0, 1). */
size_t cp_quantile_min_n_upper(double q, double confidence);
size_t cp_quantile_min_n_two_sided(double q, double confidence);

/* Ranks (1-based) of the exact interval; false when it does not exist at this n. Then *low = 0 or
 * *high = n + 1 says which end is missing, and *coverage is that of the end that is left. All 0
 * when n = 0 or q or confidence is not in (0, 1). */
bool cp_quantile_ranks(size_t n, double q, double confidence, size_t *low, size_t *high,
                       double *coverage);
/* Rank of the one-sided upper bound; false, with *rank = n + 1, when it does not exist. */
bool cp_quantile_rank_upper(size_t n, double q, double confidence, size_t *rank);
/* Rank of the one-sided lower bound; false, with *rank = 0, when it does not exist. High quantiles
 * have one from n = 2: "p99 is at least X(rank)". */
bool cp_quantile_rank_lower(size_t n, double q, double confidence, size_t *rank);

#endif
