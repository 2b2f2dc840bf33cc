/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/monotone.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "model/stat/isotonic.h"

static bool is_in_range(double x)
{
    return x > 0 && isfinite(x);
}

/* Adds the log of a point at its place among the knots; `value` holds logs until the end. */
static void insert(struct cp_monotone *curve, const struct cp_memory_point *point)
{
    size_t i = curve->n;
    while (i > 0 && curve->knots[i - 1].memory_mb > point->memory_mb)
        i--;
    struct cp_memory_point *knot = &curve->knots[i];
    double log_value = log(point->value);
    if (i > 0 && knot[-1].memory_mb >= point->memory_mb) {
        knot--;
        knot->weight += point->weight;
        knot->value += (log_value - knot->value) * (point->weight / knot->weight);
        return;
    }
    memmove(knot + 1, knot, (curve->n - i) * sizeof *knot);
    *knot = (struct cp_memory_point){point->memory_mb, log_value, point->weight};
    curve->n++;
}

static enum cp_code gather(const struct cp_memory_point *points, size_t n,
                           struct cp_monotone *curve)
{
    if (n > CP_MEMORY_POINTS_MAX)
        return CP_ELIMIT;
    for (size_t i = 0; i < n; i++) {
        const struct cp_memory_point *p = &points[i];
        if (!(p->weight >= 0 && isfinite(p->weight)))
            return CP_EINVAL;
        if (p->weight == 0)
            continue;
        if (!is_in_range(p->memory_mb) || !is_in_range(p->value))
            return CP_EINVAL;
        insert(curve, p);
    }
    return curve->n < 3 ? CP_ENODATA : CP_OK;
}

void cp_monotone_fit(const struct cp_memory_point *points, size_t n, struct cp_monotone *out)
{
    double logs[CP_MEMORY_POINTS_MAX];
    double weights[CP_MEMORY_POINTS_MAX];
    struct cp_isotonic_block blocks[CP_MEMORY_POINTS_MAX];
    *out = (struct cp_monotone){0};
    enum cp_code status = gather(points, n, out);
    if (status) {
        *out = (struct cp_monotone){.status = status, .max_log_move = NAN};
        return;
    }
    for (size_t i = 0; i < out->n; i++) {
        logs[i] = out->knots[i].value;
        weights[i] = out->knots[i].weight;
    }
    out->n_steps = cp_isotonic_fit(logs, weights, out->n, CP_ISOTONIC_NON_INCREASING, blocks);
    cp_isotonic_expand(blocks, out->n_steps, logs);
    for (size_t i = 0; i < out->n; i++) {
        out->max_log_move = fmax(out->max_log_move, fabs(logs[i] - out->knots[i].value));
        out->knots[i].value = exp(logs[i]);
    }
}

double cp_monotone_at(const struct cp_monotone *curve, double memory_mb)
{
    if (curve->status || !(memory_mb >= curve->knots[0].memory_mb &&
                           memory_mb <= curve->knots[curve->n - 1].memory_mb))
        return NAN;
    const struct cp_memory_point *to = &curve->knots[1];
    while (to->memory_mb < memory_mb)
        to++;
    const struct cp_memory_point *from = to - 1;
    double share = log(memory_mb / from->memory_mb) / log(to->memory_mb / from->memory_mb);
    return from->value * pow(to->value / from->value, share);
}
