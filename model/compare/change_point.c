/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/compare/change_point.h"

#include <gsl/gsl_cdf.h>

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW_DEFAULT  50
#define MAX_P_DEFAULT   0.001
#define FIRST_PASS      10.0 /* times max_p, */
#define FIRST_PASS_FROM 0.05 /* below this; from here on twice, */
#define FIRST_PASS_LESS 2.0
#define FIRST_PASS_END  0.5 /* and from here on once */

/* One call of cp_change_points_find. */
struct finder {
    const double *values;
    size_t n, window;
    double max_p, min_magnitude;
    double *distances; /* of one window: [j (window + 1) + i] is the sum of |z_a - z_j|, a < i */
    struct cp_change_point *points; /* found so far: of the window, or of all */
    size_t n_points, cap;
};

/* A split of [start, end) of the window. */
struct split {
    size_t at;
    double statistic;
};

double cp_change_magnitude(const struct cp_change_point *point)
{
    if (point->mean_before == 0 || point->mean_after == 0)
        return point->mean_before == point->mean_after ? 0 : (double)INFINITY;
    return fmax(fabs(point->mean_after / point->mean_before - 1),
                fabs(point->mean_before / point->mean_after - 1));
}

/* --- the energy statistic --- */

static void sum_distances(struct finder *f, const double *z, size_t n)
{
    for (size_t j = 0; j < n; j++) {
        double *row = f->distances + j * (f->window + 1);
        row[0] = 0;
        for (size_t i = 0; i < n; i++)
            row[i + 1] = row[i] + fabs(z[i] - z[j]);
    }
}

static double between(const struct finder *f, size_t j, size_t from, size_t to)
{
    const double *row = f->distances + j * (f->window + 1);
    return row[to] - row[from];
}

/* The first maximum in (t, k) order over [start, end), which has two values or more. */
static struct split best_split(const struct finder *f, size_t start, size_t end)
{
    struct split best = {start + 1, -INFINITY};
    double within_before = 0; /* pairs of [start, t) */
    for (size_t t = start + 1; t < end; t++) {
        double n = (double)(t - start);
        double cross = 0;
        double within_after = 0; /* pairs of [t, k) */
        within_before += between(f, t - 1, start, t - 1);
        for (size_t k = t + 1; k <= end; k++) {
            double m = (double)(k - t);
            cross += between(f, k - 1, start, t);
            within_after += between(f, k - 1, t, k - 1);
            double q = 2 / (m + n) * cross;
            if (n > 1)
                q -= 2 * m / ((m + n) * (n - 1)) * within_before;
            if (m > 1)
                q -= 2 * n / ((m + n) * (m - 1)) * within_after;
            if (q > best.statistic)
                best = (struct split){t, q};
        }
    }
    return best;
}

/* --- the test --- */

static void moments_of(const double *values, size_t n, double *mean, double *sd)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    *mean = sum / (double)n;
    double squares = 0;
    for (size_t i = 0; i < n; i++)
        squares += (values[i] - *mean) * (values[i] - *mean);
    *sd = sqrt(squares / (double)n);
}

static double t_test(const struct cp_change_point *p, double n_before, double n_after)
{
    double freedom = n_before + n_after - 2;
    if (!(freedom > 0) || p->mean_before == p->mean_after)
        return 1;
    double pooled =
        ((n_before - 1) * p->sd_before * p->sd_before + (n_after - 1) * p->sd_after * p->sd_after) /
        freedom;
    double error = sqrt(pooled * (1 / n_before + 1 / n_after));
    if (!(error > 0)) /* two constant levels */
        return 0;
    return 2 * gsl_cdf_tdist_Q(fabs(p->mean_after - p->mean_before) / error, freedom);
}

/* Both sides of the point up to `start` and `end`. */
static void test(struct cp_change_point *p, const double *values, size_t start, size_t end)
{
    size_t n_before = p->index - start;
    size_t n_after = end - p->index;
    moments_of(values + start, n_before, &p->mean_before, &p->sd_before);
    moments_of(values + p->index, n_after, &p->mean_after, &p->sd_after);
    p->p = t_test(p, (double)n_before, (double)n_after);
}

/* --- split --- */

static bool insert(struct finder *f, const struct cp_change_point *point)
{
    size_t at = f->n_points;
    while (at > 0 && f->points[at - 1].index > point->index)
        at--;
    if (at > 0 && f->points[at - 1].index == point->index)
        return true;
    if (f->n_points == f->cap) {
        size_t cap = 2 * f->cap + 16;
        struct cp_change_point *more = realloc(f->points, cap * sizeof *more);
        if (!more)
            return false;
        f->points = more;
        f->cap = cap;
    }
    memmove(f->points + at + 1, f->points + at, (f->n_points - at) * sizeof *f->points);
    f->points[at] = *point;
    f->n_points++;
    return true;
}

static size_t start_of(const struct finder *f, size_t segment)
{
    return segment == 0 ? 0 : f->points[segment - 1].index;
}

static size_t end_of(const struct finder *f, size_t segment, size_t n)
{
    return segment == f->n_points ? n : f->points[segment].index;
}

/* The strongest split of all segments, tested within its own; false: no segment can be split. */
static bool next_candidate(const struct finder *f, const double *z, size_t n,
                           struct cp_change_point *out)
{
    size_t start = 0;
    size_t end = 0;
    *out = (struct cp_change_point){.statistic = -INFINITY};
    for (size_t s = 0; s <= f->n_points; s++) {
        size_t from = start_of(f, s);
        size_t to = end_of(f, s, n);
        struct split split = to - from > 1 ? best_split(f, from, to) : (struct split){0, -INFINITY};
        if (!(split.statistic > out->statistic))
            continue;
        *out = (struct cp_change_point){.index = split.at, .statistic = split.statistic};
        start = from;
        end = to;
    }
    if (end > 0)
        test(out, z, start, end);
    return end > 0;
}

static double first_pass_p(double max_p)
{
    if (max_p < FIRST_PASS_FROM)
        return max_p * FIRST_PASS;
    return max_p < FIRST_PASS_END ? max_p * FIRST_PASS_LESS : max_p;
}

/* Points of one window, added to those of `all` at their place in the series; *last is the last of
 * them, 0 none. */
static bool split_window(struct finder *f, size_t start, size_t n, struct finder *all, size_t *last)
{
    const double *z = f->values + start;
    struct cp_change_point candidate;
    *last = 0;
    f->n_points = 0;
    sum_distances(f, z, n);
    while (next_candidate(f, z, n, &candidate) && candidate.p <= first_pass_p(f->max_p)) {
        if (!insert(f, &candidate))
            return false;
    }
    for (size_t i = 0; i < f->n_points; i++) {
        candidate = f->points[i];
        candidate.index += start;
        *last = candidate.index;
        if (!insert(all, &candidate))
            return false;
    }
    return true;
}

static void test_again(struct finder *f, size_t i)
{
    if (i < f->n_points)
        test(&f->points[i], f->values, start_of(f, i), end_of(f, i + 1, f->n));
}

static bool split_all(struct finder *f)
{
    struct finder window = *f;
    size_t start = 0;
    bool is_done = true;
    while (is_done && start < f->n) {
        size_t n = f->n - start < f->window ? f->n - start : f->window;
        size_t last = 0;
        is_done = split_window(&window, start, n, f, &last);
        size_t step = start + f->window / 2;
        start = last > step ? last : step;
    }
    free(window.points);
    for (size_t i = 0; i < f->n_points; i++)
        test_again(f, i);
    return is_done;
}

/* --- merge --- */

/* The point to remove next; n_points when all are good. */
static size_t weakest(const struct finder *f)
{
    size_t least_sure = 0;
    size_t smallest = 0;
    for (size_t i = 1; i < f->n_points; i++) {
        if (f->points[i].p > f->points[least_sure].p)
            least_sure = i;
        if (cp_change_magnitude(&f->points[i]) < cp_change_magnitude(&f->points[smallest]))
            smallest = i;
    }
    if (f->n_points == 0 || !(f->points[least_sure].p < f->max_p))
        return least_sure;
    return cp_change_magnitude(&f->points[smallest]) > f->min_magnitude ? f->n_points : smallest;
}

/* Of the points beside a removed one only the next is tested again, and the one after that, whose
 * sides did not change: so does Otava, whose points these are to be, index for index. The one
 * before keeps the p of its shorter side. */
static void merge(struct finder *f)
{
    for (size_t i = weakest(f); i < f->n_points; i = weakest(f)) {
        memmove(f->points + i, f->points + i + 1, (f->n_points - i - 1) * sizeof *f->points);
        f->n_points--;
        test_again(f, i);
        test_again(f, i + 1);
    }
}

/* --- all of it --- */

static enum cp_code check(const struct finder *f, struct cp_error *err)
{
    if (f->window < 2)
        return cp_fail(err, CP_EINVAL, "a window of %zu values cannot change: give 2 or more",
                       f->window);
    if (!(f->max_p > 0 && f->max_p < 1))
        return cp_fail(err, CP_EINVAL, "a p-value of %g is not between 0 and 1", f->max_p);
    for (size_t i = 0; i < f->n; i++) {
        if (!isfinite(f->values[i]))
            return cp_fail(err, CP_EINVAL, "value %zu of the series is not a number", i + 1);
    }
    return CP_OK;
}

enum cp_code cp_change_points_find(const double *values, size_t n,
                                   const struct cp_change_options *options,
                                   struct cp_change_points *out, struct cp_error *err)
{
    struct finder f = {.values = values,
                       .n = n,
                       .window = options->window ? options->window : WINDOW_DEFAULT,
                       .max_p = options->max_p == 0 ? MAX_P_DEFAULT : options->max_p,
                       .min_magnitude = options->min_magnitude};
    *out = (struct cp_change_points){0};
    enum cp_code code = check(&f, err);
    if (code)
        return code;
    if (f.window > n)
        f.window = n < 2 ? 2 : n;
    f.distances = calloc(f.window * (f.window + 1), sizeof *f.distances);
    if (!f.distances || !split_all(&f))
        code = cp_fail(err, CP_ENOMEM, "change points: %s", cp_code_text(CP_ENOMEM));
    free(f.distances);
    if (code) {
        free(f.points);
        return code;
    }
    merge(&f);
    *out = (struct cp_change_points){f.points, f.n_points};
    return CP_OK;
}

void cp_change_points_clear(struct cp_change_points *points)
{
    free(points->points);
    *points = (struct cp_change_points){0};
}
