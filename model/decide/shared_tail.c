/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/shared_tail.h"

#include <math.h>
#include <stdlib.h>

enum cp_code cp_shared_tails_init(struct cp_shared_tails *tails, size_t n)
{
    *tails = (struct cp_shared_tails){.cold = calloc(n, sizeof *tails->cold),
                                      .warm = calloc(n, sizeof *tails->warm),
                                      .scratch = calloc(n, sizeof *tails->scratch),
                                      .n = n};
    if (tails->cold && tails->warm && tails->scratch)
        return CP_OK;
    cp_shared_tails_clear(tails);
    return CP_ENOMEM;
}

void cp_shared_tails_set(struct cp_shared_tails *tails, size_t size,
                         const struct cp_mixture_sample *cold, const struct cp_mixture_sample *warm)
{
    tails->cold[size] = (struct cp_tail_group){.sorted_ms = cold->sorted_ms, .n = cold->n};
    tails->warm[size] = (struct cp_tail_group){.sorted_ms = warm->sorted_ms, .n = warm->n};
}

void cp_shared_tails_clear(struct cp_shared_tails *tails)
{
    free(tails->cold);
    free(tails->warm);
    free(tails->scratch);
    *tails = (struct cp_shared_tails){0};
}

/* Bound of one law at one size, as far as the sizes share it. */
static enum cp_code bound_law(const struct cp_shared_tails *t, const struct cp_tail_group *groups,
                              size_t size, double tail, double confidence,
                              struct cp_shared_bound *bound)
{
    struct cp_tail_pool pool;
    if (!(tail > 0 && tail < 0.5) || groups[size].n == 0)
        return CP_OK;
    const struct cp_tail_options options = {.q = 1 - tail, .confidence = confidence};
    cp_tail_pool_fit(groups, t->n, &options, &pool, t->scratch);
    const struct cp_tail *at = &t->scratch[size];
    if (pool.status == CP_OK && at->is_pooled && !pool.is_unverified &&
        at->status >= CP_ANSWER_UPPER_ONLY) {
        bound->upper_ms = at->upper_ms;
        bound->n_pooled = at->n_pooled;
    }
    return pool.status;
}

enum cp_code cp_shared_tails_bound(const struct cp_shared_tails *tails, size_t size,
                                   double cold_share_high, double q, double confidence,
                                   struct cp_shared_bound *bound)
{
    double p = 1 - q;
    double pi = cold_share_high;
    *bound = (struct cp_shared_bound){.upper_ms = NAN, .is_cold = pi >= p};
    if (pi < p)
        return bound_law(tails, tails->warm, size, (p - pi) / (1 - pi), confidence, bound);
    const struct cp_tail_group *warm = &tails->warm[size];
    double slower_warm = pi < 1 ? 1 / ((double)warm->n + 1) : 0;
    enum cp_code code =
        bound_law(tails, tails->cold, size, (p - (1 - pi) * slower_warm) / pi, confidence, bound);
    if (pi < 1 && warm->n > 0 && bound->upper_ms < warm->sorted_ms[warm->n - 1])
        bound->upper_ms = warm->sorted_ms[warm->n - 1];
    return code;
}
