/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/isotonic.h"

#include <math.h>
#include <stdbool.h>

/* Equal neighbours are one block: then the blocks are the steps of the fitted function. */
static bool is_violator(double before, double after, enum cp_isotonic_direction direction)
{
    return direction == CP_ISOTONIC_NON_DECREASING ? before >= after : before <= after;
}

/* Joins `after` to `before`. The mean moves by a share of the difference: no sums that overflow or
 * cancel, and equal values stay exactly equal. */
static void pool(struct cp_isotonic_block *before, const struct cp_isotonic_block *after)
{
    before->end = after->end;
    before->weight += after->weight;
    before->value += (after->value - before->value) * (after->weight / before->weight);
}

size_t cp_isotonic_fit(const double *values, const double *weights, size_t n,
                       enum cp_isotonic_direction direction, struct cp_isotonic_block *blocks)
{
    size_t n_blocks = 0;
    for (size_t i = 0; i < n; i++) {
        double weight = weights ? weights[i] : 1;
        if (!isfinite(values[i]) || !(weight > 0 && isfinite(weight)))
            return 0;
        struct cp_isotonic_block *last = &blocks[n_blocks++];
        *last = (struct cp_isotonic_block){.end = i + 1, .weight = weight, .value = values[i]};
        for (; n_blocks > 1 && is_violator(last[-1].value, last->value, direction); n_blocks--) {
            last--;
            pool(last, last + 1);
        }
    }
    return n_blocks;
}

void cp_isotonic_expand(const struct cp_isotonic_block *blocks, size_t n_blocks, double *fitted)
{
    size_t i = 0;
    for (size_t b = 0; b < n_blocks; b++) {
        for (; i < blocks[b].end; i++)
            fitted[i] = blocks[b].value;
    }
}
