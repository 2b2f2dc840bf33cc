/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/memory_curve.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Nominal core steps of Lambda. The first is the default: one vCPU. */
static const double caps_mb[] = {1769, INFINITY, 3538, 5307, 7076, 8845, 10240};

enum { STEPS_MAX = 200, HALVINGS_MAX = 40, SIZES_MIN = 3, LEAVE_ONE_OUT_MIN = 5 };

static const double aicc_tie = 2;
/* Relative residuals below 1e-6 are finer than any clock; a perfect fit scores like that. */
static const double log_variance_floor = 1e-12;

static double inverse_memory(double memory_mb, double cap_mb)
{
    return 1024 / fmin(memory_mb, cap_mb);
}

double cp_memory_curve_at(const struct cp_memory_curve *curve, double memory_mb)
{
    /* 0 / INFINITY-safe: a constant needs no x */
    return curve->b > 0 ? curve->a + curve->b * inverse_memory(memory_mb, curve->cap_mb) : curve->a;
}

static struct cp_memory_curve no_curve(enum cp_code status, double cap_mb)
{
    return (struct cp_memory_curve){
        .status = status, .a = NAN, .b = NAN, .cap_mb = cap_mb, .log_rss = NAN, .aicc = NAN};
}

struct extent {
    size_t n; /* points with weight */
    size_t n_distinct;
    double total_weight;
    double min_mb, max_mb;
};

static bool is_first_of_its_size(const struct cp_memory_point *points, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        bool is_same = fabs(points[j].memory_mb - points[i].memory_mb) < 0.5;
        if (points[j].weight > 0 && is_same)
            return false;
    }
    return true;
}

static enum cp_code extent_of(const struct cp_memory_point *points, size_t n, struct extent *e)
{
    *e = (struct extent){.min_mb = INFINITY};
    if (n > CP_MEMORY_POINTS_MAX)
        return CP_ELIMIT;
    for (size_t i = 0; i < n; i++) {
        const struct cp_memory_point *p = &points[i];
        if (!(isfinite(p->weight) && p->weight >= 0))
            return CP_EINVAL;
        if (!(p->weight > 0))
            continue;
        if (!(p->memory_mb > 0 && p->value > 0 && isfinite(p->value)))
            return CP_EINVAL;
        e->n++;
        e->n_distinct += is_first_of_its_size(points, i);
        e->total_weight += p->weight;
        e->min_mb = fmin(e->min_mb, p->memory_mb);
        e->max_mb = fmax(e->max_mb, p->memory_mb);
    }
    return e->n_distinct < SIZES_MIN ? CP_ENODATA : CP_OK;
}

/* Sum of weighted squared log residuals; INFINITY where the curve is not positive. */
static double log_rss(const struct cp_memory_point *points, size_t n,
                      const struct cp_memory_curve *curve)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        if (!(points[i].weight > 0))
            continue;
        double f = cp_memory_curve_at(curve, points[i].memory_mb);
        if (!(f > 0))
            return INFINITY;
        double r = log(points[i].value / f);
        sum += points[i].weight * r * r;
    }
    return sum;
}

struct sums {
    double w, x, y, xx, xy; /* weighted: of 1, x, y, x^2, x y */
};

/* Sums of one Gauss-Newton step from `from` (NULL: from the values themselves). */
static struct sums step_sums(const struct cp_memory_point *points, size_t n,
                             const struct cp_memory_curve *from, double cap_mb)
{
    struct sums s = {0};
    for (size_t i = 0; i < n; i++) {
        const struct cp_memory_point *p = &points[i];
        if (!(p->weight > 0))
            continue;
        double x = inverse_memory(p->memory_mb, cap_mb);
        double f = from ? cp_memory_curve_at(from, p->memory_mb) : p->value;
        double y = f * (1 + log(p->value / f));
        double w = p->weight / (f * f);
        s.w += w;
        s.x += w * x;
        s.y += w * y;
        s.xx += w * x * x;
        s.xy += w * x * y;
    }
    return s;
}

/* min sum w (y - a - b x)^2 over a, b >= 0. With one violated bound, the optimum lies on it. */
static void solve_nonnegative(const struct sums *s, double *a, double *b)
{
    double sxx = s->xx - s->x * s->x / s->w;
    bool is_singular = sxx <= 1e-12 * s->xx;
    *b = is_singular ? 0 : (s->xy - s->x * s->y / s->w) / sxx;
    if (*b <= 0) {
        *b = 0;
        *a = fmax(0, s->y / s->w);
        return;
    }
    *a = (s->y - *b * s->x) / s->w;
    if (*a < 0) {
        *a = 0;
        *b = fmax(0, s->xy / s->xx);
    }
}

/* Moves `curve` towards (a, b), halving the step until the residual sum does not grow.
 * Returns the largest relative change of a fitted value, 0 when no step helps. */
static double advance(const struct cp_memory_point *points, size_t n, double a, double b,
                      struct cp_memory_curve *curve)
{
    double share = 1;
    for (int i = 0; i < HALVINGS_MAX; i++) {
        struct cp_memory_curve next = *curve;
        next.a += share * (a - curve->a);
        next.b += share * (b - curve->b);
        next.log_rss = log_rss(points, n, &next);
        if (next.log_rss <= curve->log_rss) {
            double scale = curve->a + curve->b;
            double change = fabs(next.a - curve->a) + fabs(next.b - curve->b);
            *curve = next;
            return scale > 0 ? change / scale : change;
        }
        share /= 2;
    }
    return 0;
}

static double aicc_of(const struct extent *e, double rss, double k)
{
    double n = (double)e->n;
    if (n <= k + 1)
        return NAN;
    double variance = fmax(rss / n, log_variance_floor);
    return n * log(variance) + 2 * k + 2 * k * (k + 1) / (n - k - 1);
}

struct cp_memory_curve cp_memory_curve_capped(const struct cp_memory_point *points, size_t n,
                                              double cap_mb)
{
    struct extent e;
    enum cp_code status = extent_of(points, n, &e);
    struct cp_memory_curve curve = no_curve(status, cap_mb);
    if (status)
        return curve;
    struct sums s = step_sums(points, n, NULL, cap_mb);
    solve_nonnegative(&s, &curve.a, &curve.b);
    curve.log_rss = log_rss(points, n, &curve);
    double change = 1;
    for (int i = 0; i < STEPS_MAX && change > 1e-13; i++) {
        double a = 0;
        double b = 0;
        s = step_sums(points, n, &curve, cap_mb);
        solve_nonnegative(&s, &a, &b);
        change = advance(points, n, a, b, &curve);
    }
    if (!(change < 1e-9) || !isfinite(curve.log_rss))
        return no_curve(CP_ENUMERIC, cap_mb);
    curve.log_rss *= (double)e.n / e.total_weight;
    curve.aicc = aicc_of(&e, curve.log_rss, 3);
    return curve;
}

struct cp_memory_curve cp_memory_curve_constant(const struct cp_memory_point *points, size_t n)
{
    struct extent e;
    enum cp_code status = extent_of(points, n, &e);
    struct cp_memory_curve curve = no_curve(status, INFINITY);
    if (status)
        return curve;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        if (points[i].weight > 0)
            sum += points[i].weight * log(points[i].value);
    }
    curve.a = exp(sum / e.total_weight);
    curve.b = 0;
    curve.log_rss = log_rss(points, n, &curve) * (double)e.n / e.total_weight;
    curve.aicc = aicc_of(&e, curve.log_rss, 2);
    return curve;
}

struct cp_memory_curve cp_memory_curve_best_cap(const struct cp_memory_point *points, size_t n)
{
    struct extent e;
    struct cp_memory_curve first = cp_memory_curve_capped(points, n, caps_mb[0]);
    if (first.status || isnan(first.aicc))
        return first;
    struct cp_memory_curve best = first;
    (void)extent_of(points, n, &e);
    for (size_t i = 1; i < sizeof caps_mb / sizeof caps_mb[0]; i++) {
        /* a finite cap at or above the largest size is the same curve as none */
        if (isfinite(caps_mb[i]) && caps_mb[i] >= e.max_mb)
            continue;
        struct cp_memory_curve curve = cp_memory_curve_capped(points, n, caps_mb[i]);
        if (curve.status == CP_OK && curve.aicc < best.aicc)
            best = curve;
    }
    return best.aicc < first.aicc - aicc_tie ? best : first;
}

static struct cp_memory_curve capped_without(const struct cp_memory_point *points, size_t n,
                                             size_t left_out, double cap_mb)
{
    struct cp_memory_point others[CP_MEMORY_POINTS_MAX];
    memcpy(others, points, n * sizeof *others);
    others[left_out].weight = 0;
    return cp_memory_curve_capped(others, n, cap_mb);
}

double cp_memory_curve_leave_one_out(const struct cp_memory_point *points, size_t n, double cap_mb)
{
    struct extent e;
    if (extent_of(points, n, &e) || e.n < LEAVE_ONE_OUT_MIN)
        return NAN;
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        const struct cp_memory_point *p = &points[i];
        if (!(p->weight > 0 && p->memory_mb > e.min_mb && p->memory_mb < e.max_mb))
            continue;
        struct cp_memory_curve curve = capped_without(points, n, i, cap_mb);
        if (curve.status)
            return NAN;
        sum += fabs(log(cp_memory_curve_at(&curve, p->memory_mb) / p->value));
        count++;
    }
    return count ? sum / (double)count : NAN;
}
