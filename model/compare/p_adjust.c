/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/compare/p_adjust.h"

#include <math.h>
#include <stdlib.h>

struct ranked {
    double p;
    size_t at;
};

static int by_p(const void *a, const void *b)
{
    const struct ranked *x = a;
    const struct ranked *y = b;
    return (x->p > y->p) - (x->p < y->p);
}

enum cp_code cp_p_adjust(const double *p, size_t n, double *adjusted)
{
    struct ranked *ranked = calloc(n ? n : 1, sizeof *ranked);
    size_t m = 0;
    if (!ranked)
        return CP_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        if (!isnan(p[i]))
            ranked[m++] = (struct ranked){p[i], i};
        adjusted[i] = p[i];
    }
    qsort(ranked, m, sizeof *ranked, by_p);
    double least = 1;
    for (size_t i = m; i-- > 0;) {
        least = fmin(least, ranked[i].p * (double)m / (double)(i + 1));
        adjusted[ranked[i].at] = least;
    }
    free(ranked);
    return CP_OK;
}
