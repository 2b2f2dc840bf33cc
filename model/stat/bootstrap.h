/* SPDX-License-Identifier: GPL-3.0-or-later
 * Nonparametric bootstrap (Efron 1979), three ways, the cheapest first:
 *   - cp_bootstrap_quantile(s): a quantile of a resample, drawn in O(1) without resampling;
 *   - cp_bootstrap_draw: any random recomputation, one substream per replicate (refits from drawn
 *     quantiles, parametric bootstrap, resampling of batches);
 *   - cp_bootstrap_statistic: any statistic of a resample, given as how often each value was drawn.
 *
 * A resample of n values takes the indices floor(n U) of n uniform numbers U, and sorting the
 * resample sorts the U. Its type-8 quantile therefore needs only two neighbouring order statistics
 * of n uniforms, which have a closed law: U(j) ~ Beta(j, n - j + 1), and given it U(k) - U(j) is
 * (1 - U(j)) times a Beta(k - j, n - k + 1). One draw costs O(1) instead of O(n log n), with
 * exactly the law of the resample's quantile.
 *
 * Assumption: independent values of one law inside each stratum. Coverage of percentile intervals
 * is poor for tail quantiles of small samples (p99 of 300: 80 % for nominal 95 %): they are for
 * derived quantities (differences, ratios, predictions); for one quantile of one sample take the
 * exact interval of quantile.h. The reflected ("basic") interval is worse throughout: not offered.
 *
 * Replicate r draws from substream r of the seed: the results are the same, bit by bit, whatever
 * the number of threads. The caller owns every array.
 */
#ifndef COLDPROF_MODEL_BOOTSTRAP_H
#define COLDPROF_MODEL_BOOTSTRAP_H

#include <stddef.h>
#include <stdint.h>

#include "model/base/error.h"
#include "model/base/rng.h"

/* The type-8 quantile of one resample of `sorted` (ascending). NAN for n = 0 or q outside (0, 1).
 * INFINITY when the draw touches a right-censored value. */
double cp_bootstrap_quantile(const double *sorted, size_t n, double q, struct cp_rng *rng);

/* Several type-8 quantiles of the same resample, for ratios and differences of them: out[i] is that
 * of qs[i], qs ascending. All NAN where cp_bootstrap_quantile would be for one of them, or where qs
 * does not ascend. */
void cp_bootstrap_quantiles(const double *sorted, size_t n, const double *qs, size_t n_qs,
                            struct cp_rng *rng, double *out);

enum { CP_BOOTSTRAP_REPS = 1000 };

struct cp_bootstrap_options {
    size_t reps; /* 0 means CP_BOOTSTRAP_REPS */
    uint64_t seed;
    int n_threads;    /* 0 and 1: the caller's */
    size_t n_outputs; /* numbers of one replicate; 0 means 1 */
    /* Bytes of `scratch` that the callback may use as it likes, aligned for any type; it holds
     * what the thread's last replicate left there, 0 at first. */
    size_t scratch_size;
};

/* One replicate: draws from `rng` and writes n_outputs numbers; NAN for one that has no answer.
 * Called on several threads at once: `context` is only read. */
typedef void cp_bootstrap_draw_fn(const void *context, struct cp_rng *rng, void *scratch,
                                  double *out);

/* Output k of replicate r goes to replicates[k * reps + r]: those of one output lie together.
 * CP_EINVAL for a missing argument or a size beyond memory's range, CP_ENOMEM. */
enum cp_code cp_bootstrap_draw(const struct cp_bootstrap_options *options,
                               cp_bootstrap_draw_fn *draw, const void *context, double *replicates,
                               struct cp_error *err);

/* What is resampled: n values, which only the statistic knows, by their index. With strata each is
 * resampled in itself: the first stratum_sizes[0] indices, then the next, and so on. */
struct cp_bootstrap_sample {
    size_t n;                    /* 1 .. 2^32 - 1 */
    const size_t *stratum_sizes; /* borrowed; NULL: one stratum */
    size_t n_strata;
};

/* The statistic of a resample that holds value i counts[i] times. Sums and fits take the counts as
 * weights, order statistics of a sorted sample come from their running sum
 * (cp_bootstrap_counted_quantile): nothing is copied, nothing sorted. */
typedef void cp_bootstrap_statistic_fn(const void *context, const uint32_t *counts, size_t n,
                                       void *scratch, double *out);

/* As cp_bootstrap_draw; CP_EINVAL also where the strata do not add up to n. */
enum cp_code cp_bootstrap_statistic(const struct cp_bootstrap_sample *sample,
                                    const struct cp_bootstrap_options *options,
                                    cp_bootstrap_statistic_fn *statistic, const void *context,
                                    double *replicates, struct cp_error *err);

/* Type-8 quantile of the sample that holds sorted[i] counts[i] times. NAN for q outside [0, 1] or
 * an empty resample. */
double cp_bootstrap_counted_quantile(const double *sorted, const uint32_t *counts, size_t n,
                                     double q);

/* Two-sided percentile interval of replicates (Efron & Tibshirani 1993, ch. 13): type-8 quantiles
 * at (1 - confidence) / 2 and its mirror. Sorts `replicates` in place, those without an answer
 * (NAN) last. NAN when n (1 - confidence) / 2 < 1: at 95 % that is fewer than 40 replicates. NAN
 * also when more than one replicate in twenty has no answer: the others are then no sample of the
 * law. */
void cp_bootstrap_interval(double *replicates, size_t n, double confidence, double *low,
                           double *high);

#endif
