/* SPDX-License-Identifier: GPL-3.0-or-later
 * What independent replications of a simulation say: a mean with its t interval. Pure.
 */
#ifndef COLDPROF_MODEL_POOL_MEAN_H
#define COLDPROF_MODEL_POOL_MEAN_H

#include <stdint.h>

struct cp_pool_mean {
    double value, se, low, high;
};

/* `n` >= 2 values, one of each replication. */
struct cp_pool_mean cp_pool_mean_of(const double *values, int n, double confidence);
/* A share of `of` trials that was seen `count` times: the union with the exact Poisson interval of
 * the count (Garwood 1936). Replications without any do not prove that there are none. */
void cp_pool_mean_widen(struct cp_pool_mean *share, uint64_t count, uint64_t of, double confidence);

#endif
