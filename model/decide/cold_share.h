/* SPDX-License-Identifier: GPL-3.0-or-later
 * The share of cold starts that production traffic was seen to have. Cold starts come in bursts, so
 * requests are not independent trials: the interval is the wider of Clopper-Pearson's and that of
 * the ratio estimator over blocks of time (Cochran, Sampling Techniques, 3rd ed., 2.11, blocks
 * drawn as clusters; t quantile with blocks - 1 degrees of freedom). Pure.
 */
#ifndef COLDPROF_MODEL_COLD_SHARE_H
#define COLDPROF_MODEL_COLD_SHARE_H

#include <stddef.h>

#include "model/stat/parameter.h"

/* An hour, say. */
struct cp_cold_block {
    double n, n_cold; /* requests, cold starts among them */
};

/* 95 % interval within [0, 1]. Blocks without a request are left out; fewer than CP_COLD_BLOCKS_MIN
 * of them cannot tell how much blocks differ: low and high are then 0 and 1. NAN without requests.
 */
enum { CP_COLD_BLOCKS_MIN = 8 };
struct cp_interval cp_cold_share(const struct cp_cold_block *blocks, size_t n);

#endif
