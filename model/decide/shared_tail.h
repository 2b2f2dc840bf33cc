/* SPDX-License-Identifier: GPL-3.0-or-later
 * Upper bounds of latency where one memory size alone has too few samples: the sizes of one
 * function share the shape of their tails (tail_pool.h), which is tested, not assumed.
 *
 * Bound x of the q-quantile of the mixture with cold share at most pi, p = 1 - q, at one size:
 *   - pi < p: every cold start is counted as slower, so x bounds the warm law at tail
 *     (p - pi) / (1 - pi);
 *   - else x bounds the cold law at tail (p - (1 - pi) / (n_warm + 1)) / pi, and is at least the
 *     largest warm value seen: a further warm request is slower than that with chance
 *     1 / (n_warm + 1).
 * As rules 1 and 3 of mixture.h, with the pooled bound instead of the exact one. Which rule applies
 * depends on sample sizes and pi only. Where the sizes differ beyond chance, nothing is shared and
 * there is no bound. Pure; owner: cp_shared_tails_clear.
 */
#ifndef COLDPROF_MODEL_SHARED_TAIL_H
#define COLDPROF_MODEL_SHARED_TAIL_H

#include <stddef.h>

#include "model/stat/mixture.h"
#include "model/stat/tail_pool.h"

struct cp_shared_tails {
    struct cp_tail_group *cold, *warm; /* n each, in the order of the sizes */
    struct cp_tail *scratch;           /* n */
    size_t n;
};

/* Room for `n` sizes without samples: a size that cannot run keeps n = 0. CP_ENOMEM. */
enum cp_code cp_shared_tails_init(struct cp_shared_tails *tails, size_t n);
/* Borrows both samples. */
void cp_shared_tails_set(struct cp_shared_tails *tails, size_t size,
                         const struct cp_mixture_sample *cold,
                         const struct cp_mixture_sample *warm);
void cp_shared_tails_clear(struct cp_shared_tails *tails);

struct cp_shared_bound {
    double upper_ms; /* NAN: none */
    size_t n_pooled; /* samples behind it, of all sizes */
    bool is_cold;    /* of cold starts, else of warm ones */
};
/* One-sided, at `confidence`. Needs q > 0.5. CP_ENOMEM. Not for two threads at once: it uses the
 * scratch. */
enum cp_code cp_shared_tails_bound(const struct cp_shared_tails *tails, size_t size,
                                   double cold_share_high, double q, double confidence,
                                   struct cp_shared_bound *bound);

#endif
