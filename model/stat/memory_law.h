/* SPDX-License-Identifier: GPL-3.0-or-later
 * Quantile of a duration as a function of memory size:
 *     q_p(m) = a + b * 1024 / min(m, cap),   a, b >= 0     [ms, MB]
 *
 * Definition: the curve of memory_curve.h (least squares of log residuals) through the type-8
 * quantile of each size, weighted by 1 / SE^2. A size's SE comes from its bootstrap; relative SEs
 * are floored at 0.1 % and smoothed to one common constant over sqrt(n), because single SEs are too
 * noisy to weight by. The cap is chosen from the nominal core steps or none by AICc (ties within 2
 * to 1769 MB). Constant member: b = 0, and a is the quantile of the pooled samples.
 *   - Duration (is_init false): constant only when the best b is 0.
 *   - Init (is_init true): init does not follow memory on Lambda, so constant unless AICc prefers
 *     b > 0 by more than 2 and the 95 % interval of b excludes 0.
 * Intervals: stratified percentile bootstrap (resampled inside each size, cap held fixed); for the
 * constant member the exact order-statistic interval of the pooled samples.
 *
 * Assumptions: independent samples; sizes fitted are those where the function fits its memory.
 * A size counts when it is not excluded, has n >= 5 values, enough of them that the quantile is not
 * just the largest (n >= 14 for p95), is positive, and is not reached by right-censored values (of
 * +INFINITY) in the sample or in a bootstrap draw. Fewer than 3 such sizes: CP_ENODATA. The
 * intervals were seen to keep their nominal coverage from n = 60 per size for p50 and n = 200 for
 * p95 (tests/model/stat/test_interval_coverage.c); for fewer, read them as too narrow.
 *
 * No ownership: groups are borrowed, the law is a plain record.
 */
#ifndef COLDPROF_MODEL_MEMORY_LAW_H
#define COLDPROF_MODEL_MEMORY_LAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/error.h"

struct cp_memory_group {
    const double *sorted_ms; /* borrowed, ascending */
    size_t n;
    int memory_size_mb;
    bool is_excluded; /* max memory used > 90 % of the size, or cannot run: not fitted */
};

enum cp_memory_law_kind { CP_MEMORY_LAW_CONSTANT, CP_MEMORY_LAW_INVERSE };

struct cp_memory_law {
    /* CP_OK, CP_ENODATA (fewer than 3 usable sizes), CP_ENUMERIC, CP_ENOMEM, CP_EINVAL (options, or
     * an unsorted group), CP_ELIMIT (more than 64 groups). Numbers are NAN unless CP_OK. */
    enum cp_code status;
    enum cp_memory_law_kind kind;
    double q;
    double a_ms, b_ms;                               /* b per 1024 MB */
    double a_low_ms, a_high_ms, b_low_ms, b_high_ms; /* 95 %, bootstrap; NAN when not computed */
    double cap_mb;                                   /* INFINITY for none, and for a constant */
    double aicc;                                     /* of the chosen member; NAN when undefined */
    size_t n_sizes, n_samples;                       /* used by the fit */
    double lack_of_fit;                              /* largest |log residual| / its bootstrap SE */
    bool is_lack_of_fit;
    int min_mb, max_mb; /* measured range: no prediction outside */
    /* mean |log(predicted / measured)| of the inner sizes, each left out once; NAN below 5 sizes
     * and for a constant */
    double leave_one_out_log_error;
};

/* (a, b) of one bootstrap replicate. */
struct cp_memory_replicate {
    double a_ms, b_ms;
};

struct cp_memory_law_options {
    double q;           /* 0.5 or 0.95 */
    bool is_init;       /* init: constant first, b > 0 only if its 95 % interval excludes 0 */
    int bootstrap_reps; /* 0 means 300; at least 40 */
    uint64_t seed;      /* replicate r draws from substream r */
    /* NULL, or room for that many replicates, for cp_memory_law_interval_at. Filled when the law is
     * CP_MEMORY_LAW_INVERSE. */
    struct cp_memory_replicate *replicates;
};

enum { CP_MEMORY_LAW_REPS = 300 };

/* Never fails loudly: the outcome is law->status. */
void cp_memory_law_fit(const struct cp_memory_group *groups, size_t n_groups,
                       const struct cp_memory_law_options *options, struct cp_memory_law *law);
/* Prediction in ms; NAN outside the measured range or when status is not CP_OK. Above the range it
 * goes on only for a capped curve whose top measured size is at or above the cap. */
double cp_memory_law_at(const struct cp_memory_law *law, double memory_mb);
/* 95 % interval of the prediction from `n` replicates of the same fit (ignored for a constant).
 * Sorts a copy; false and NAN where cp_memory_law_at is NAN, n < 40, or memory is short. */
bool cp_memory_law_interval_at(const struct cp_memory_law *law,
                               const struct cp_memory_replicate *replicates, size_t n,
                               double memory_mb, double *low_ms, double *high_ms);

#endif
