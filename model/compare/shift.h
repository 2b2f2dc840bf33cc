/* SPDX-License-Identifier: GPL-3.0-or-later
 * Shift function (Doksum, Ann. Stat. 2, 1974): how far each decile of one sample lies from that of
 * another. Deciles are those of Harrell and Davis, intervals percentile bootstrap of both samples
 * (Wilcox, Computational Statistics & Data Analysis 20, 1995), each decile by itself at 95 %.
 * They hold that from some 50 values of each sample on; for p10 and p90 they hold 89 to 92 % with
 * 20 values and 82 to 88 % with 10 (log-normal laws; test_shift).
 *
 * A resample is known by how often it holds each value. With F(k) the weight that Harrell and Davis
 * give to the first k of n order statistics, and c(j) the number of values drawn among the j
 * smallest, its quantile is x(n) - sum of F(c(j)) (x(j+1) - x(j)): a table of F per n, no sorting,
 * and a pass over the distinct values for all nine deciles. Values in any unit; INFINITY (timeouts)
 * is above all others, and what it has weight in is INFINITY. Pure.
 */
#ifndef COLDPROF_MODEL_SHIFT_H
#define COLDPROF_MODEL_SHIFT_H

#include <stddef.h>
#include <stdint.h>

#include "model/base/error.h"
#include "model/stat/parameter.h"

enum { CP_SHIFT_DECILES = 9 };

/* F of each decile for samples of n values; the work of its making is that of ~2,000 resamples. */
struct cp_decile_weights {
    size_t n;
    double *upto; /* n + 1 rows of deciles; owned */
};
/* CP_EINVAL where n is 0 or beyond the range of Harrell and Davis (some 10^6); CP_ENOMEM. */
enum cp_code cp_decile_weights_make(size_t n, struct cp_decile_weights *out, struct cp_error *err);
void cp_decile_weights_clear(struct cp_decile_weights *weights);

/* One of the two samples: `sorted` ascending, with the weights of its n. Borrowed. */
struct cp_shift_sample {
    const double *sorted;
    const struct cp_decile_weights *weights;
};

/* The deciles of a sample. */
void cp_shift_deciles(const struct cp_shift_sample *sample, double out[CP_SHIFT_DECILES]);
/* new - base of each decile. Of fewer than 40 resamples there is no interval; NAN where both are
 * INFINITY. CP_ENOMEM. */
enum cp_code cp_shift_function(const struct cp_shift_sample *base,
                               const struct cp_shift_sample *now, size_t n_resamples, uint64_t seed,
                               struct cp_interval out[CP_SHIFT_DECILES], struct cp_error *err);

#endif
