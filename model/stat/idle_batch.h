/* SPDX-License-Identifier: GPL-3.0-or-later
 * Batches of idle probes: probes that met the same platform at the same time.
 *
 * They are not independent. Of 20 environments left idle together the number that is still warm
 * varies 3 to 10 times as much as a binomial count just below an eviction threshold, and 0.02 to
 * 0.04 times as much beyond it (published AWS measurements of Copik et al., Middleware 2021). The
 * unit of resampling is therefore the batch, and n is the number of batches.
 * Plain records; who allocates says so.
 */
#ifndef COLDPROF_MODEL_STAT_IDLE_BATCH_H
#define COLDPROF_MODEL_STAT_IDLE_BATCH_H

#include <stddef.h>

#include "model/base/error.h"
#include "model/base/rng.h"
#include "model/sample.h"

/* `n` probes after one idle interval, `n_cold` of which started cold. */
struct cp_idle_batch {
    double idle_interval_ms; /* >= 0 */
    size_t n, n_cold;
};

/* Without a recorded batch: probes sent within this time of the first of them are one. */
enum { CP_IDLE_BATCH_SPAN_MS = 2000 };

/* Batches of the usable CP_CELL_IDLE samples, ascending by interval: those of one planned interval
 * and recorded batch; where none is recorded, those of one planned interval that were sent within
 * CP_IDLE_BATCH_SPAN_MS. Restored environments count as cold: the idle one was gone. `*batches` is
 * the caller's to free, NULL when there are none. CP_ENOMEM. */
enum cp_code cp_idle_batches_of_samples(const struct cp_sample *samples, size_t n,
                                        struct cp_idle_batch **batches, size_t *n_batches,
                                        struct cp_error *err);

/* How much the cold counts of batches of one interval vary, as a multiple of what independent
 * probes would (Pearson's X^2 / (batches - 1); McCullagh & Nelder 1989, 4.5): above 1 they go
 * together, below 1 they balance. `batches` all of one interval. NAN for fewer than two batches, or
 * when all probes are alike; batches of one probe each always give about 1. */
double cp_idle_dispersion(const struct cp_idle_batch *batches, size_t n);

#endif
