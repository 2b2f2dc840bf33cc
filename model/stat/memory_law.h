/* SPDX-License-Identifier: GPL-3.0-or-later
 * Quantile, or mean, of a duration as a function of memory size:
 *     q_p(m) = a + b * (1024 / min(m, cap))^c,   a, b >= 0     [ms, MB]
 *
 * Definition: a curve of memory_curve.h (least squares of log residuals) through the type-8
 * quantile of each size, weighted by 1 / SE^2. A size's SE comes from its bootstrap; relative SEs
 * are floored at 0.1 % and smoothed to one common constant over sqrt(n), because single SEs are too
 * noisy to weight by. Cap and kind are chosen as memory_curve.h says; leave-one-out errors closer
 * than a quarter of the common SE are ties. A free exponent is allowed for p50 only. A constant's a
 * is the quantile of the pooled samples.
 *   - Duration (is_init false): constant only when the best b is 0.
 *   - Init (is_init true): init does not follow memory on Lambda, so constant unless AICc prefers
 *     b > 0 by more than 2 and the 95 % interval of b excludes 0; then inverse.
 * Lack of fit: the larger of the largest |log residual| and the mean leave-one-out error, both in
 * bootstrap SEs; flagged above 3. A flagged curve gives way to monotone interpolation (never rising
 * with memory, log q linear in log m) unless leaving sizes out shows that the curve still predicts
 * better between them; and every interval then holds the leave-one-out error as well.
 *
 * Intervals: stratified percentile bootstrap (resampled inside each size), in which each replicate
 * chooses its kind again, with the caps held fixed: an interval that takes the kind for granted
 * held the truth in 56 % instead of 96 % of simulated sweeps whose a is near 0. For the constant
 * member the exact order-statistic interval of the pooled samples. A mean of 10,000 values or more
 * is not resampled, but drawn from its normal limit.
 *
 * Assumptions: independent samples; sizes fitted are those where the function fits its memory.
 * A size counts when it is not excluded, has n >= 5 values, enough of them that the quantile is not
 * just the largest (n >= 14 for p95), is positive, and is not reached by right-censored values (of
 * +INFINITY) in the sample or in a bootstrap draw. Fewer than 3 such sizes: CP_ENODATA. Seen for
 * G1 to G3 at measured and unmeasured sizes: from n = 60 per size 0.91 to 0.99 of the intervals
 * hold the truth (tests/model/stat/test_interval_coverage.c); with n = 30, p95 down to 0.83. They
 * are too narrow where no member can follow (exponent 0.7 and a cap with four sizes below it: 0.4
 * to 0.9, flagged in one to five of ten). For p99 see memory_tail.h; a handler's cold and warm runs
 * are laws of their own.
 *
 * Groups are borrowed. A law is a plain record that may be copied; only where refits were kept one
 * of the copies must go to cp_memory_law_clear.
 */
#ifndef COLDPROF_MODEL_MEMORY_LAW_H
#define COLDPROF_MODEL_MEMORY_LAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/error.h"
#include "model/stat/memory_curve.h"
#include "model/stat/monotone.h"
#include "model/stat/parameter.h"

struct cp_memory_group {
    const double *sorted_ms; /* borrowed, ascending */
    size_t n;
    int memory_size_mb;
    bool is_excluded; /* max memory used > 90 % of the size, or cannot run: not fitted */
};

/* The bootstrap's refits of a law, for intervals at any size. */
struct cp_memory_refits;

struct cp_memory_law {
    /* CP_OK, CP_ENODATA (fewer than 3 usable sizes), CP_ENUMERIC, CP_ENOMEM, CP_EINVAL (options, or
     * an unsorted group), CP_ELIMIT (more than 64 groups). Numbers are NAN unless CP_OK. */
    enum cp_code status;
    enum cp_memory_law_kind kind;
    double q;             /* NAN: the mean */
    double a_ms, b_ms, c; /* b at 1024 MB; c = 1 unless free */
    /* 95 %, over the replicates of any kind; NAN when not computed */
    double a_low_ms, a_high_ms, b_low_ms, b_high_ms;
    double c_low, c_high;      /* NAN when c is not free */
    double cap_mb;             /* INFINITY for none, and for a constant */
    double aicc;               /* of the chosen member; NAN when undefined */
    size_t n_sizes, n_samples; /* used by the fit */
    double relative_se;        /* of one size's quantile, mean over sizes */
    double lack_of_fit;        /* in bootstrap SEs; see above */
    bool is_lack_of_fit;
    bool is_interpolated; /* then cp_memory_law_at is the interpolation, not the curve */
    int min_mb, max_mb;   /* measured range: no prediction outside */
    /* mean |log(predicted / measured)| of the inner sizes, each left out once, by the curve and by
     * interpolation; NAN below 5 (interpolation: 4) sizes */
    double leave_one_out_log_error, interpolation_log_error;
    struct cp_monotone interpolation; /* of the measured sizes, also where the curve is shown */
    struct cp_memory_refits *refits;  /* owned; NULL unless asked for */
};

struct cp_memory_law_options {
    double q;           /* 0.5 or 0.95 */
    bool is_mean;       /* the mean instead: q is ignored */
    bool is_init;       /* init: constant first, b > 0 only if its 95 % interval excludes 0 */
    bool keep_refits;   /* for intervals of predictions; then clear the law */
    int bootstrap_reps; /* 0 means 300; at least 40 */
    uint64_t seed;      /* replicate r draws from substream r */
    int n_threads;      /* 0 and 1: the caller's; the result is the same for any number */
};

enum { CP_MEMORY_LAW_REPS = 300 };

/* Never fails loudly: the outcome is law->status. */
void cp_memory_law_fit(const struct cp_memory_group *groups, size_t n_groups,
                       const struct cp_memory_law_options *options, struct cp_memory_law *law);
/* Frees the refits. A law without any, also {0}, needs no clearing. */
void cp_memory_law_clear(struct cp_memory_law *law);

/* Prediction in ms; NAN outside the measured range or when status is not CP_OK. Above the range it
 * goes on only for a capped curve whose top measured size is at or above the cap. */
double cp_memory_law_at(const struct cp_memory_law *law, double memory_mb);
/* The same with its 95 % interval, from the refits; low and high are NAN without them, where there
 * is no prediction, or when memory is short. A constant has its interval without refits. */
struct cp_interval cp_memory_law_predict(const struct cp_memory_law *law, double memory_mb);

/* a, b, c and cap as far as the kind has them; their number, 0 unless CP_OK. */
size_t cp_memory_law_parameters(const struct cp_memory_law *law,
                                struct cp_parameter out[CP_PARAMETERS_MAX]);
/* "a + b * 1024 / min(m, cap)" and the like; "" unless CP_OK. A constant text. */
const char *cp_memory_law_formula(const struct cp_memory_law *law);

#endif
