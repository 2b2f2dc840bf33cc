/* SPDX-License-Identifier: GPL-3.0-or-later
 * Lasting changes of level.
 */
#include "model/compare/change_point.h"
#include "model/compare/trend.h"
#include "model/compare/trend_parts.h"

#include <gsl/gsl_cdf.h>

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

struct series {
    double *x;     /* logs of the nights with a number */
    size_t *index; /* of values */
    size_t n;
};

static bool read_series(const struct cp_trend_value *values, size_t n, struct series *out)
{
    *out = (struct series){.x = calloc(n + 1, sizeof *out->x),
                           .index = calloc(n + 1, sizeof *out->index)};
    for (size_t i = 0; out->x && out->index && i < n; i++) {
        double x = values[i].ms.value > 0 ? log(values[i].ms.value) : (double)NAN;
        if (!isfinite(x))
            continue;
        out->x[out->n] = x;
        out->index[out->n++] = i;
    }
    return out->x && out->index;
}

static void clear_series(struct series *s)
{
    free(s->x);
    free(s->index);
}

/* One level: the nights between two change points. */
struct segment {
    size_t start, n; /* of the series */
    double mean, sd; /* that divides by n */
};

static struct segment segment_of(const struct series *s, const struct cp_change_points *found,
                                 size_t i)
{
    size_t start = i > 0 ? found->points[i - 1].index : 0;
    size_t end = i < found->n ? found->points[i].index : s->n;
    struct segment g = {.start = start, .n = end - start};
    for (size_t k = start; k < end; k++)
        g.mean += s->x[k] / (double)g.n;
    for (size_t k = start; k < end; k++)
        g.sd += (s->x[k] - g.mean) * (s->x[k] - g.mean) / (double)g.n;
    g.sd = sqrt(g.sd);
    return g;
}

/* The pooled t test of change_point.h, of two levels that need not touch. */
static struct cp_trend_change change_of(const struct series *s, const struct segment *before,
                                        const struct segment *after)
{
    double n0 = (double)before->n;
    double n1 = (double)after->n;
    double freedom = n0 + n1 - 2;
    double variance =
        ((n0 - 1) * before->sd * before->sd + (n1 - 1) * after->sd * after->sd) / freedom;
    double error = sqrt(variance * (1 / n0 + 1 / n1));
    double by = after->mean - before->mean;
    return (struct cp_trend_change){
        .index = s->index[after->start],
        .ratio = cp_trend_around(by, gsl_cdf_tdist_Pinv(0.975, freedom) * error),
        .before_ms = exp(before->mean),
        .after_ms = exp(after->mean),
        .n_before = before->n,
        .n_after = after->n,
        .p = error > 0 ? 2 * gsl_cdf_tdist_Q(fabs(by) / error, freedom) : 0, /* 0: two constants */
    };
}

static bool matters(const struct cp_trend_change *c, const struct cp_trend_options *o)
{
    double least = log1p(cp_change_least(o->effect, o->effect_ms, c->before_ms));
    return fabs(log(c->ratio.value)) > least;
}

/* From one level that lasts to the next; what is shorter between them is passed over. */
static void collect(const struct series *s, const struct cp_change_points *found,
                    const struct cp_trend_options *o, struct cp_trend_changes *out)
{
    struct segment before = {0};
    for (size_t i = 0; i <= found->n; i++) {
        struct segment level = segment_of(s, found, i);
        if (level.n < CP_TREND_NIGHTS_LASTING)
            continue;
        struct cp_trend_change change = {0};
        if (before.n > 0)
            change = change_of(s, &before, &level);
        if (before.n > 0 && matters(&change, o))
            out->changes[out->n++] = change;
        before = level;
    }
}

static enum cp_code find_points(const struct series *s, struct cp_change_points *found,
                                struct cp_trend_changes *out, struct cp_error *err)
{
    const struct cp_change_options how = {0};
    enum cp_code code = cp_change_points_find(s->x, s->n, &how, found, err);
    if (code)
        return code;
    out->changes = calloc(found->n + 1, sizeof *out->changes);
    return out->changes ? CP_OK : cp_trend_no_memory(err);
}

enum cp_code cp_trend_changes_find(const struct cp_trend_value *values, size_t n,
                                   const struct cp_trend_options *options,
                                   struct cp_trend_changes *out, struct cp_error *err)
{
    struct cp_trend_options o = *options;
    struct cp_change_points found = {0};
    struct series series = {0};
    *out = (struct cp_trend_changes){0};
    enum cp_code code = cp_trend_resolve(&o, err);
    if (code)
        return code;
    code = read_series(values, n, &series) ? find_points(&series, &found, out, err)
                                           : cp_trend_no_memory(err);
    if (!code)
        collect(&series, &found, &o, out);
    cp_change_points_clear(&found);
    clear_series(&series);
    return code;
}
