/* SPDX-License-Identifier: GPL-3.0-or-later
 * Memory sizes that nobody measured, between those that were: samples as they should look there.
 *
 * A duration at m MB is p50(m) + residual * scale(m), with the median's memory law and the scale of
 * memory_tail.h, and the residuals of all measured sizes. Init and handler of a cold start keep
 * their pair: both residuals come from one environment.
 *
 * Such samples are many, and say nothing of how far the law may be off. The law's own 95 %
 * intervals at m do, together with how far the law was from sizes that it was fitted without:
 * cp_modelled_size_widen joins them with the interval that the samples gave, by the root of summed
 * squared distances (MOVER: Zou & Donner, Stat. Med. 27, 2008). A modelled size is a reason to
 * measure it, never a proof.
 *
 * Seen with each inner size left out (tests/model/decide/test_modelled_size.c and _reference.c):
 * in the worlds G1 to G3, 100 values at each of the other four sizes, p95 and mean are off by 1 to
 * 3 % and 0.87 to 0.99 of the intervals hold the truth; on 28 AWS durations p95 is off by 12 %, the
 * mean by 8 %, and 27 and 26 are held.
 *
 * Assumptions: those of memory_tail.h. Smallest valid n: three sizes that fit their memory, and the
 * pooled number of an upper bound at q (p95 59, p99 299); else CP_ENODATA. Never outside the
 * measured sizes, never below 1.1 times the memory used. ms, MB.
 * Ownership: sizes are borrowed until the models are cleared; what fills, is cleared.
 */
#ifndef COLDPROF_MODEL_MODELLED_SIZE_H
#define COLDPROF_MODEL_MODELLED_SIZE_H

#include "model/decide/optimize.h"
#include "model/stat/memory_tail.h"

enum { CP_MODELLED_STEP_MB = 64, CP_MODELLED_VALUES_MAX = 4096 };

struct cp_size_models {
    /* CP_OK, CP_ENODATA (too few sizes or samples), CP_ENUMERIC, CP_ENOMEM */
    enum cp_code status;
    const struct cp_size_data *sizes; /* borrowed */
    size_t n_sizes;
    int min_mb, max_mb; /* of the usable sizes; min_mb not below 1.1 x max memory used */
    int max_memory_used_mb;
    struct cp_memory_tail init, handler, warm; /* owned */
    struct cp_memory_law mean_warm;            /* owned */
};
/* `q` decides (of the budget); below 0.75 it is taken as 0.75. */
void cp_size_models_fit(const struct cp_size_data *sizes, size_t n_sizes, double q, uint64_t seed,
                        struct cp_size_models *models);
void cp_size_models_clear(struct cp_size_models *models);

/* The next size of the grid above `memory_mb` (0: the first one) that was not measured; 0 after the
 * last one. */
int cp_size_models_next_mb(const struct cp_size_models *models, int memory_mb);

struct cp_modelled_size {
    struct cp_size_data data; /* its arrays are `values`, owned */
    double *values;
    /* the laws' predictions with their 95 % intervals: at q, and the mean */
    struct cp_interval cold_ms, warm_ms, mean_warm_ms;
};
/* CP_OK; CP_ENODATA outside the range or where a law has no prediction; CP_ENOMEM. */
enum cp_code cp_modelled_size_make(const struct cp_size_models *models, int memory_mb,
                                   struct cp_modelled_size *out);
void cp_modelled_size_clear(struct cp_modelled_size *size);

/* `estimate` from the samples of a modelled size, with the uncertainty of the law that is behind
 * them, in proportion. */
struct cp_interval cp_modelled_size_widen(struct cp_interval estimate, struct cp_interval law);

#endif
