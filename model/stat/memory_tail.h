/* SPDX-License-Identifier: GPL-3.0-or-later
 * A tail quantile (p99) of a duration as a function of memory size:
 *     q(m) = p50(m) + tail * scale(m)                      [ms]
 *
 * p50(m) is the memory law of the median (memory_law.h). The tail is the q-quantile (type 8) of the
 * residuals (x - p50(m)) / scale(m) of all sizes together: a p99 of each size's own would rest on
 * two or three values. The scale is 1 at 1,024 MB and linear in what memory speeds up:
 *     scale(m) = 1 - h + h * (1024 / min(m, cap))^c
 *   h = 0      additive: what the tails of AWS durations show
 *   h = 1      the spread is that of the work that memory speeds up
 *   between    both; of 0.05, 0.1, 0.2, 0.4, 0.7 the best
 * Choice: each size is predicted from the residuals of the others, and its check loss compared with
 * the smallest it could have (likelihood ratio of the asymmetric Laplace law; Koenker & Machado,
 * JASA 94, 1999), counted as so many values as lie beyond the quantile. Additive, then h = 1, then
 * between: each must lower the sum by more than 4. When the counts beyond the tail, equal values by
 * half, still differ between sizes beyond chance (chi-square at 1 %), is_uneven says so: then trust
 * measured sizes.
 *
 * Interval at 95 %: the exact order-statistic interval of the pooled residuals (distribution free),
 * joined with the interval of p50(m) by the root of summed squared distances (MOVER: Zou & Donner,
 * Stat. Med. 27, 2008). From n = 299 to 367 the upper tail beyond the largest residual holds more
 * than 2.5 %; the lower then gets what is left of 5 %. A percentile bootstrap would not do: it
 * never leaves the sample, and holds the p99 of 300 values four times in five.
 * Seen at measured and unmeasured sizes, 60 to 500 values at each of five: 0.90 to 1.00 for G1 to
 * G3, exponential and Pareto (index 2.5) jitter (test_interval_coverage.c); too low for spread of
 * two kinds, proportional in 97 % and additive in 3 % of the runs: 0.3 to 0.9, and 0.6 to 0.9 from
 * n = 500 on, when h between 0 and 1 is found (the interval takes h for known).
 *
 * Assumptions: independent samples; residuals of all sizes are of one law up to the scale. Smallest
 * valid n: 3 sizes for p50(m), and the pooled n of an upper bound (p95 59, p99 299), else
 * CP_ENODATA with n_needed. Right-censored values (+INFINITY) count as above; CP_ENODATA where the
 * interval reaches them. For fewer samples, and groups that are not sizes, see tail_pool.h.
 *
 * Groups are borrowed; a tail that is CP_OK must go to cp_memory_tail_clear.
 */
#ifndef COLDPROF_MODEL_STAT_MEMORY_TAIL_H
#define COLDPROF_MODEL_STAT_MEMORY_TAIL_H

#include "model/stat/memory_law.h"

struct cp_memory_tail {
    /* That of the p50's law, or CP_EINVAL (q), CP_ENODATA (pooled n below n_needed, or censored
     * values in the way), CP_ENOMEM. Numbers are NAN unless CP_OK. */
    enum cp_code status;
    double q;
    double memory_share;        /* h, 0..1 */
    struct cp_interval tail_ms; /* at 1,024 MB when h > 0 */
    size_t n_pooled, n_needed;
    double uneven_p; /* of the chi-square test that all sizes share the tail */
    bool is_uneven;
    struct cp_memory_law p50; /* owned, with refits */
};

struct cp_memory_tail_options {
    double q;           /* in (0.5, 1): 0.99 */
    bool is_init;       /* as for the law */
    int bootstrap_reps; /* of the law: 0 means 300; at least 40 */
    uint64_t seed;      /* replicate r draws from substream r */
    int n_threads;      /* 0 and 1: the caller's; the result is the same for any number */
};

/* Never fails loudly: the outcome is tail->status. */
void cp_memory_tail_fit(const struct cp_memory_group *groups, size_t n_groups,
                        const struct cp_memory_tail_options *options, struct cp_memory_tail *tail);
/* Does nothing to a cleared or zeroed one. */
void cp_memory_tail_clear(struct cp_memory_tail *tail);

/* The value with its 95 % interval; NAN where the p50's law has no prediction. */
struct cp_interval cp_memory_tail_predict(const struct cp_memory_tail *tail, double memory_mb);

/* scale(m), by which residuals of one size become those of another; NAN unless CP_OK. */
double cp_memory_tail_scale(const struct cp_memory_tail *tail, double memory_mb);

/* The p50's parameters, the tail and h; their number, 0 unless CP_OK. */
size_t cp_memory_tail_parameters(const struct cp_memory_tail *tail,
                                 struct cp_parameter out[CP_PARAMETERS_MAX]);
/* "p50(m) + tail" and the like, p50's own formula apart; "" unless CP_OK. */
const char *cp_memory_tail_formula(const struct cp_memory_tail *tail);

#endif
