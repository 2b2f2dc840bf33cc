/* SPDX-License-Identifier: GPL-3.0-or-later
 * The ground-truth generator G1 to G3 (tests/data/model/des/ground_truth_*.csv):
 *     warm(m) = a + s (cap / min(m, cap))^c exp(sd Z),   init = median exp(sd_init Z),
 *     idle lifetime ~ Weibull(shape, scale)
 */
#ifndef COLDPROF_TESTS_MODEL_STAT_TRUTH_H
#define COLDPROF_TESTS_MODEL_STAT_TRUTH_H

#include <stdbool.h>
#include <stddef.h>

#include "model/base/rng.h"
#include "model/stat/memory_law.h"

struct truth {
    double a_ms, s_ms, c, sd, cap_mb;
    double init_median_ms, init_sd;
    double lifetime_shape, lifetime_scale_s; /* of an idle environment, Weibull */
};

/* One simulated sweep: n warm or init durations at each size, sorted. */
enum { SWEEP_SIZES_MAX = 8 };
struct sweep {
    struct cp_memory_group groups[SWEEP_SIZES_MAX];
    size_t n_sizes;
    double *values; /* owned; groups borrow from it */
};

struct truth truth_load(const char *id);
/* Exact quantile from the table, column "warm_q50" and the like. */
double truth_quantile(const char *id, int memory_mb, const char *column);

void sweep_simulate(struct sweep *sweep, const struct truth *truth, bool is_init, const int *sizes,
                    size_t n_sizes, size_t n, uint64_t seed);
void sweep_clear(struct sweep *sweep);
/* Idle lifetime drawn, and P(gone by gap). */
double truth_lifetime_s(const struct truth *truth, struct cp_rng *rng);
double truth_cold_probability(const struct truth *truth, double gap_s);

#endif
