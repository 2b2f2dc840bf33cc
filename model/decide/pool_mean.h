/* SPDX-License-Identifier: GPL-3.0-or-later
 * What independent replications of a simulation say: a mean with its t interval. Pure.
 */
#ifndef COLDPROF_MODEL_POOL_MEAN_H
#define COLDPROF_MODEL_POOL_MEAN_H

#include <stdint.h>

struct cp_pool_mean {
    double value, se, low, high;
};

/* The share sum(part) / sum(whole) over n >= 2 replications, by linearisation (Cochran, Sampling
 * Techniques, 1977, 6.3), so that a replication with few requests weighs little; 0 of nothing.
 * Replications i, i + n_strata,
 * ... are of the same time of the traffic: how strata differ from each other is then no
 * uncertainty. n_strata that is not 1 must divide n and leave at least two in each, else it is
 * taken for 1. */
struct cp_pool_mean cp_pool_mean_of_share(const double *part, const double *whole, int n,
                                          int n_strata, double confidence);
/* A share of `of` trials that was seen `count` times: the union with the exact Poisson interval of
 * the count (Garwood 1936). Replications without any do not prove that there are none. */
void cp_pool_mean_widen(struct cp_pool_mean *share, uint64_t count, uint64_t of, double confidence);

#endif
