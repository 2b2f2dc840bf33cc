/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/sweep/stock_order.h"

#include <stdlib.h>

enum { SMALLEST_MB = 128 };

static bool is_needed(const struct cp_version_need *needs, size_t n, int memory_mb)
{
    for (size_t i = 0; i < n; i++) {
        if (needs[i].memory_size_mb == memory_mb)
            return true;
    }
    return false;
}

static int find_spacer(const struct cp_version_need *needs, size_t n, int before_mb)
{
    int spacer = SMALLEST_MB;
    while (spacer == before_mb || is_needed(needs, n, spacer))
        spacer++;
    return spacer;
}

/* The size with most versions left that is not `last_mb`; n_needs when only that one is left. */
static size_t most_left(const size_t *left, const struct cp_version_need *needs, size_t n_needs,
                        int last_mb)
{
    size_t best = n_needs;
    for (size_t i = 0; i < n_needs; i++) {
        bool is_better = best == n_needs || left[i] > left[best];
        if (left[i] && needs[i].memory_size_mb != last_mb && is_better)
            best = i;
    }
    return best;
}

/* Taking from the largest heap leaves equal neighbours, and so spacers, only where more than half
 * of what is left has one size. */
enum cp_code cp_stock_order_make(const struct cp_version_need *needs, size_t n_needs, int before_mb,
                                 struct cp_stock_order *out, struct cp_error *err)
{
    size_t total = 0;
    for (size_t i = 0; i < n_needs; i++)
        total += needs[i].n;
    size_t *left = calloc(n_needs + 1, sizeof *left);
    *out = (struct cp_stock_order){
        .sizes_mb = calloc(2 * total + 1, sizeof *out->sizes_mb),
        .spacer_mb = find_spacer(needs, n_needs, before_mb),
    };
    if (!left || !out->sizes_mb) {
        free(left);
        free(out->sizes_mb);
        out->sizes_mb = NULL;
        return cp_fail(err, CP_ENOMEM, "cannot order the versions to publish: out of memory");
    }
    for (size_t i = 0; i < n_needs; i++)
        left[i] = needs[i].n;
    int last_mb = before_mb;
    while (total) {
        size_t i = most_left(left, needs, n_needs, last_mb);
        bool is_spacer = i == n_needs;
        last_mb = is_spacer ? out->spacer_mb : needs[i].memory_size_mb;
        out->sizes_mb[out->n++] = last_mb;
        left[i] -= !is_spacer;
        total -= !is_spacer;
    }
    free(left);
    return CP_OK;
}
