/* SPDX-License-Identifier: GPL-3.0-or-later
 * Quantiles of one sample and exact, distribution-free intervals.
 * Definitions: Hyndman & Fan, Am. Stat. 50(4), 1996 (types 7 and 8); David & Nagaraja, Order
 * Statistics (intervals). Pure functions; the caller owns every array.
 */
#ifndef COLDPROF_MODEL_QUANTILE_H
#define COLDPROF_MODEL_QUANTILE_H

#include <stdbool.h>
#include <stddef.h>

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
    double coverage;  /* true coverage of [low, high], >= confidence */
    double confidence;
    size_t n_needed;       /* smallest n with a two-sided interval at this q and confidence */
    size_t n_needed_upper; /* smallest n with an upper bound */
    bool is_mode_edge;     /* high/low > 2: the quantile lies between two modes */
    bool is_constant;      /* all values equal */
};

/* `sorted` ascending, finite except for +INFINITY (right-censored: "above"). n = 0, an unsorted
 * sample or q outside (0, 1) gives CP_ANSWER_NONE. `confidence` in (0, 1), 0 means 0.95. */
struct cp_estimate cp_quantile_estimate(const double *sorted, size_t n, double q,
                                        double confidence);

/* Point only. type 7 or 8; NAN for n = 0 or another type. */
double cp_quantile(const double *sorted, size_t n, double q, int type);

/* Smallest n with a finite bound; 0 when q or confidence is not in (0, 1). */
size_t cp_quantile_min_n_upper(double q, double confidence);
size_t cp_quantile_min_n_two_sided(double q, double confidence);

/* Ranks (1-based) of the exact interval; false when it does not exist at this n. */
bool cp_quantile_ranks(size_t n, double q, double confidence, size_t *low, size_t *high,
                       double *coverage);
bool cp_quantile_rank_upper(size_t n, double q, double confidence, size_t *rank);

/* Ascending sort of doubles, NAN not allowed. */
void cp_sort(double *values, size_t n);

#endif
