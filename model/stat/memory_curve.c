/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/memory_curve.h"

#include <math.h>
#include <string.h>

#include "model/stat/nls.h"

/* Nominal core steps of Lambda. The first is the default: one vCPU. */
static const double caps_mb[] = {1769, INFINITY, 3538, 5307, 7076, 8845, 10240};

enum {
    STEPS_MAX = 200,
    HALVINGS_MAX = 40,
    SIZES_MIN = 3,
    CHOICE_MIN = 5,   /* sizes for leave-one-out */
    EXPONENT_MIN = 5, /* sizes below the cap */
};

static const double aicc_tie = 2;
/* Relative residuals below 1e-6 are finer than any clock; a perfect fit scores like that. */
static const double log_variance_floor = 1e-12;
/* Of real durations (perfcost of Copik et al.) the inverse predicts a size left out best: it is
 * left for a fifth less error. */
static const double shown_share = 0.8;
static const double exponent_low = 0.2;
static const double exponent_high = 2.5;

/* The points that count, as the fits use them. */
struct data {
    size_t n;
    size_t n_distinct;
    double total_weight;
    double min_mb, max_mb;
    double value[CP_MEMORY_POINTS_MAX], log_value[CP_MEMORY_POINTS_MAX];
    double weight[CP_MEMORY_POINTS_MAX];
    double log_x[CP_MEMORY_POINTS_MAX]; /* log(1024 / min(m, cap)) */
    double x[CP_MEMORY_POINTS_MAX];     /* exp(c log_x) */
};

typedef void fit_fn(struct data *d, const struct cp_memory_curve *start,
                    struct cp_memory_curve *curve);
static fit_fn fit_constant;
static fit_fn fit_inverse;
static fit_fn fit_power;
static fit_fn fit_exponent;

static const struct kind {
    const char *name;
    int n_parameters; /* with sigma */
    fit_fn *fit;
} kinds[CP_MEMORY_LAW_KINDS] = {
    [CP_MEMORY_LAW_CONSTANT] = {"constant", 2, fit_constant},
    [CP_MEMORY_LAW_INVERSE] = {"inverse", 3, fit_inverse},
    [CP_MEMORY_LAW_POWER] = {"power", 3, fit_power},
    [CP_MEMORY_LAW_EXPONENT] = {"exponent", 4, fit_exponent},
};

const char *cp_memory_curve_name(enum cp_memory_law_kind kind)
{
    return kinds[kind].name;
}

double cp_memory_curve_at(const struct cp_memory_curve *curve, double memory_mb)
{
    /* 0 / INFINITY-safe: a constant needs no x */
    if (!(curve->b > 0))
        return curve->a;
    double x = 1024 / fmin(memory_mb, curve->cap_mb);
    bool is_bent = fabs(curve->c - 1) > 0;
    return curve->a + curve->b * (is_bent ? pow(x, curve->c) : x);
}

static struct cp_memory_curve no_curve(enum cp_memory_law_kind kind, enum cp_code status,
                                       double cap_mb)
{
    return (struct cp_memory_curve){
        .status = status,
        .kind = kind,
        .a = NAN,
        .b = NAN,
        .c = NAN,
        .cap_mb = cap_mb,
        .log_rss = NAN,
        .aicc = NAN,
    };
}

static bool is_first_of_its_size(const struct cp_memory_point *points, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        bool is_same = fabs(points[j].memory_mb - points[i].memory_mb) < 0.5;
        if (points[j].weight > 0 && is_same)
            return false;
    }
    return true;
}

static enum cp_code add_point(struct data *d, const struct cp_memory_point *p, double cap_mb)
{
    if (!(p->memory_mb > 0 && p->value > 0 && isfinite(p->value)))
        return CP_EINVAL;
    d->value[d->n] = p->value;
    d->log_value[d->n] = log(p->value);
    d->weight[d->n] = p->weight;
    d->x[d->n] = 1024 / fmin(p->memory_mb, cap_mb);
    d->log_x[d->n] = log(d->x[d->n]);
    d->n++;
    d->total_weight += p->weight;
    d->min_mb = fmin(d->min_mb, p->memory_mb);
    d->max_mb = fmax(d->max_mb, p->memory_mb);
    return CP_OK;
}

static enum cp_code load(struct data *d, const struct cp_memory_point *points, size_t n,
                         double cap_mb)
{
    d->n = 0;
    d->n_distinct = 0;
    d->total_weight = 0;
    d->min_mb = INFINITY;
    d->max_mb = 0;
    if (n > CP_MEMORY_POINTS_MAX)
        return CP_ELIMIT;
    for (size_t i = 0; i < n; i++) {
        if (!(isfinite(points[i].weight) && points[i].weight >= 0))
            return CP_EINVAL;
        if (!(points[i].weight > 0))
            continue;
        enum cp_code status = add_point(d, &points[i], cap_mb);
        if (status)
            return status;
        d->n_distinct += is_first_of_its_size(points, i);
    }
    return d->n_distinct < SIZES_MIN ? CP_ENODATA : CP_OK;
}

static double fitted(const struct data *d, const struct cp_memory_curve *curve, size_t i)
{
    return curve->a + curve->b * d->x[i];
}

/* Sum of weighted squared log residuals; INFINITY where the curve is not positive. */
static double log_rss(const struct data *d, const struct cp_memory_curve *curve)
{
    double sum = 0;
    for (size_t i = 0; i < d->n; i++) {
        double f = fitted(d, curve, i);
        if (!(f > 0))
            return INFINITY;
        double r = d->log_value[i] - log(f);
        sum += d->weight[i] * r * r;
    }
    return sum;
}

static void fit_constant(struct data *d, const struct cp_memory_curve *start,
                         struct cp_memory_curve *curve)
{
    (void)start;
    double sum = 0;
    for (size_t i = 0; i < d->n; i++)
        sum += d->weight[i] * d->log_value[i];
    curve->a = exp(sum / d->total_weight);
    curve->b = 0;
    curve->log_rss = log_rss(d, curve);
}

struct sums {
    double w, x, y, xx, xy; /* weighted: of 1, x, y, x^2, x y */
};

/* Sums of one Gauss-Newton step from `from` (NULL: from the values themselves). */
static struct sums step_sums(const struct data *d, const struct cp_memory_curve *from)
{
    struct sums s = {0};
    for (size_t i = 0; i < d->n; i++) {
        double x = d->x[i];
        double f = from ? fitted(d, from, i) : d->value[i];
        double y = from ? f * (1 + d->log_value[i] - log(f)) : f;
        double w = d->weight[i] / (f * f);
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
static double advance(const struct data *d, double a, double b, struct cp_memory_curve *curve)
{
    double share = 1;
    for (int i = 0; i < HALVINGS_MAX; i++) {
        struct cp_memory_curve next = *curve;
        next.a += share * (a - curve->a);
        next.b += share * (b - curve->b);
        next.log_rss = log_rss(d, &next);
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

/* a and b for d->x as it is, from start's a and b (NULL: from the plain weighted fit). */
static void fit_inverse(struct data *d, const struct cp_memory_curve *start,
                        struct cp_memory_curve *curve)
{
    if (start) {
        curve->a = start->a;
        curve->b = start->b;
        curve->log_rss = log_rss(d, curve);
    }
    if (!start || !isfinite(curve->log_rss)) {
        struct sums s = step_sums(d, NULL);
        solve_nonnegative(&s, &curve->a, &curve->b);
        curve->log_rss = log_rss(d, curve);
    }
    double change = 1;
    for (int i = 0; i < STEPS_MAX && change > 1e-13; i++) {
        double a = 0;
        double b = 0;
        struct sums s = step_sums(d, curve);
        solve_nonnegative(&s, &a, &b);
        change = advance(d, a, b, curve);
    }
    if (!(change < 1e-9) || !isfinite(curve->log_rss))
        curve->status = CP_ENUMERIC;
}

static void set_exponent(struct data *d, double c)
{
    for (size_t i = 0; i < d->n; i++)
        d->x[i] = exp(c * d->log_x[i]);
}

/* log value = log b + c log x. */
static void fit_power(struct data *d, const struct cp_memory_curve *start,
                      struct cp_memory_curve *curve)
{
    (void)start;
    double x = 0;
    double y = 0;
    double xx = 0;
    double xy = 0;
    for (size_t i = 0; i < d->n; i++) {
        x += d->weight[i] * d->log_x[i] / d->total_weight;
        y += d->weight[i] * d->log_value[i] / d->total_weight;
    }
    for (size_t i = 0; i < d->n; i++) {
        xx += d->weight[i] * (d->log_x[i] - x) * (d->log_x[i] - x);
        xy += d->weight[i] * (d->log_x[i] - x) * (d->log_value[i] - y);
    }
    double c = xx > 0 ? xy / xx : 0;
    curve->c = fmin(fmax(c, exponent_low), exponent_high);
    curve->a = 0;
    curve->b = exp(y - curve->c * x);
    set_exponent(d, curve->c);
    curve->log_rss = log_rss(d, curve);
}

/* The parameters of the nonlinear fit are log a, log b and the logit of c within its bounds. */
static void set_from_parameters(const double *parameters, struct cp_memory_curve *curve)
{
    double share = 1 / (1 + exp(-parameters[2]));
    curve->a = exp(parameters[0]);
    curve->b = exp(parameters[1]);
    curve->c = exponent_low + (exponent_high - exponent_low) * share;
}

static void log_curve(const void *context, const double *parameters, double *fitted_log)
{
    const struct data *d = context;
    struct cp_memory_curve curve;
    set_from_parameters(parameters, &curve);
    for (size_t i = 0; i < d->n; i++)
        fitted_log[i] = log(curve.a + curve.b * exp(curve.c * d->log_x[i]));
}

static void log_curve_jacobian(const void *context, const double *parameters, double *jacobian)
{
    const struct data *d = context;
    struct cp_memory_curve curve;
    set_from_parameters(parameters, &curve);
    double dc =
        (curve.c - exponent_low) * (exponent_high - curve.c) / (exponent_high - exponent_low);
    for (size_t i = 0; i < d->n; i++) {
        double part = curve.b * exp(curve.c * d->log_x[i]);
        double f = curve.a + part;
        jacobian[3 * i] = curve.a / f;
        jacobian[3 * i + 1] = part / f;
        jacobian[3 * i + 2] = part * d->log_x[i] * dc / f;
    }
}

/* From the inverse fits at five exponents; only an end with a finite covariance counts. */
static void fit_by_nls(struct data *d, struct cp_memory_curve *curve)
{
    static const double exponents[] = {0.5, 0.8, 1, 1.4, 2};
    enum { STARTS = sizeof exponents / sizeof exponents[0] };
    double starts[3 * STARTS];
    for (size_t i = 0; i < STARTS; i++) {
        struct cp_memory_curve from = *curve;
        double share = (exponents[i] - exponent_low) / (exponent_high - exponent_low);
        set_exponent(d, exponents[i]);
        fit_inverse(d, NULL, &from);
        double least = 1e-3 * (from.a + from.b);
        starts[3 * i] = log(fmax(from.a, least));
        starts[3 * i + 1] = log(fmax(from.b, least));
        starts[3 * i + 2] = log(share / (1 - share));
    }
    const struct cp_nls_problem problem = {
        .n = d->n,
        .p = 3,
        .y = d->log_value,
        .weights = d->weight,
        .model = log_curve,
        .jacobian = log_curve_jacobian,
        .context = d,
    };
    struct cp_nls nls;
    cp_nls_fit(&problem, starts, STARTS, &nls);
    curve->status = nls.status;
    if (nls.status)
        return;
    set_from_parameters(nls.parameters, curve);
    set_exponent(d, curve->c);
    curve->log_rss = log_rss(d, curve);
}

/* One Gauss-Newton step of all three on the log residuals: the derivatives of log f by a, b and c,
 * normal equations, elimination. False where the points do not determine it. */
static bool full_step(const struct data *d, const struct cp_memory_curve *curve, double step[3])
{
    double m[3][4] = {{0}};
    for (size_t i = 0; i < d->n; i++) {
        double f = fitted(d, curve, i);
        const double row[4] = {1 / f, d->x[i] / f, curve->b * d->x[i] * d->log_x[i] / f,
                               d->log_value[i] - log(f)};
        for (int j = 0; j < 3; j++)
            for (int k = 0; k < 4; k++)
                m[j][k] += d->weight[i] * row[j] * row[k];
    }
    const double diagonal[3] = {m[0][0], m[1][1], m[2][2]};
    for (int j = 0; j < 3; j++) {
        if (!(m[j][j] > 1e-12 * diagonal[j]))
            return false;
        for (int i = j + 1; i < 3; i++) {
            double factor = m[i][j] / m[j][j];
            for (int k = j; k < 4; k++)
                m[i][k] -= factor * m[j][k];
        }
    }
    for (int j = 2; j >= 0; j--) {
        step[j] = m[j][3];
        for (int k = j + 1; k < 3; k++)
            step[j] -= m[j][k] * step[k];
        step[j] /= m[j][j];
    }
    return true;
}

/* Takes the step, or half of it and so on until the residual sum does not grow and a, b > 0.
 * Returns the relative change, 0 when no step helps. */
static double advance_all(struct data *d, const double step[3], struct cp_memory_curve *curve)
{
    double share = 1;
    for (int i = 0; i < HALVINGS_MAX; i++) {
        struct cp_memory_curve next = *curve;
        next.a += share * step[0];
        next.b += share * step[1];
        next.c += share * step[2];
        share /= 2;
        if (!(next.a > 0 && next.b > 0 && next.c > exponent_low && next.c < exponent_high))
            continue;
        set_exponent(d, next.c);
        next.log_rss = log_rss(d, &next);
        if (next.log_rss <= curve->log_rss) {
            double change =
                fabs(next.c - curve->c) +
                (fabs(next.a - curve->a) + fabs(next.b - curve->b)) / (curve->a + curve->b);
            *curve = next;
            return change;
        }
    }
    set_exponent(d, curve->c);
    return 0;
}

/* From a start near the optimum: a few steps, or none of the ones above need be taken. */
static bool refit_exponent(struct data *d, const struct cp_memory_curve *start,
                           struct cp_memory_curve *curve)
{
    enum { NEAR_STEPS_MAX = 30 };
    *curve = *start;
    set_exponent(d, start->c);
    curve->log_rss = log_rss(d, curve);
    for (int i = 0; i < NEAR_STEPS_MAX; i++) {
        double step[3];
        if (!full_step(d, curve, step))
            return false;
        double change = advance_all(d, step, curve);
        if (!(change > 0)) /* at the optimum, or at a bound */
            return fabs(step[2]) < 1e-6;
        if (change < 1e-9)
            return true;
    }
    return false;
}

/* Where no inner point is best, a bound is: a = 0, or the least or the largest exponent. */
static void fit_at_bounds(struct data *d, struct cp_memory_curve *curve)
{
    const double exponents[] = {exponent_low, exponent_high};
    struct cp_memory_curve best = *curve;
    fit_power(d, NULL, &best);
    for (size_t i = 0; i < 2; i++) {
        struct cp_memory_curve bound = *curve;
        bound.c = exponents[i];
        set_exponent(d, bound.c);
        fit_inverse(d, NULL, &bound);
        if (bound.status == CP_OK && bound.log_rss < best.log_rss)
            best = bound;
    }
    *curve = best;
}

static void fit_exponent(struct data *d, const struct cp_memory_curve *start,
                         struct cp_memory_curve *curve)
{
    const struct cp_memory_curve blank = *curve;
    if (!start) {
        fit_by_nls(d, curve);
    } else if (!refit_exponent(d, start, curve)) {
        *curve = blank;
        fit_at_bounds(d, curve);
    }
}

static size_t n_below(const struct cp_memory_point *points, size_t n, double cap_mb)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count +=
            points[i].weight > 0 && points[i].memory_mb < cap_mb && is_first_of_its_size(points, i);
    return count;
}

static double aicc_of(size_t n_points, double rss, int n_parameters)
{
    double n = (double)n_points;
    double k = n_parameters;
    if (n <= k + 1)
        return NAN;
    double variance = fmax(rss / n, log_variance_floor);
    return n * log(variance) + 2 * k + 2 * k * (k + 1) / (n - k - 1);
}

static struct cp_memory_curve fit(enum cp_memory_law_kind kind,
                                  const struct cp_memory_point *points, size_t n, double cap_mb,
                                  const struct cp_memory_curve *start)
{
    struct data d;
    if (kind == CP_MEMORY_LAW_CONSTANT)
        cap_mb = INFINITY;
    struct cp_memory_curve curve = no_curve(kind, load(&d, points, n, cap_mb), cap_mb);
    if (curve.status)
        return curve;
    curve.c = 1;
    kinds[kind].fit(&d, start, &curve);
    if (curve.status == CP_ENOMEM)
        return no_curve(kind, CP_ENOMEM, cap_mb);
    if (curve.status || !isfinite(curve.log_rss))
        return no_curve(kind, CP_ENUMERIC, cap_mb);
    curve.log_rss *= (double)d.n / d.total_weight;
    curve.aicc = aicc_of(d.n, curve.log_rss, kinds[kind].n_parameters);
    return curve;
}

/* Whether the points determine all three: a search that runs towards a bound ends well too, where
 * the parameter no longer matters. */
static bool is_determined(const struct cp_memory_curve *curve)
{
    double share = (curve->c - exponent_low) / (exponent_high - exponent_low);
    double least = 1e-4 * (curve->a + curve->b);
    return curve->a > least && curve->b > least && share > 0.01 && share < 0.99;
}

struct cp_memory_curve cp_memory_curve_fit(enum cp_memory_law_kind kind,
                                           const struct cp_memory_point *points, size_t n,
                                           double cap_mb)
{
    bool is_exponent = kind == CP_MEMORY_LAW_EXPONENT;
    if (is_exponent && n <= CP_MEMORY_POINTS_MAX && n_below(points, n, cap_mb) < EXPONENT_MIN)
        return no_curve(kind, CP_ENODATA, cap_mb);
    struct cp_memory_curve curve = fit(kind, points, n, cap_mb, NULL);
    if (!is_exponent || curve.status)
        return curve;
    return is_determined(&curve) ? curve : no_curve(kind, CP_ENUMERIC, cap_mb);
}

struct cp_memory_curve cp_memory_curve_refit(const struct cp_memory_curve *like,
                                             const struct cp_memory_point *points, size_t n)
{
    return fit(like->kind, points, n, like->cap_mb, like);
}

static double max_mb(const struct cp_memory_point *points, size_t n)
{
    double max = 0;
    for (size_t i = 0; i < n; i++)
        max = points[i].weight > 0 ? fmax(max, points[i].memory_mb) : max;
    return max;
}

struct cp_memory_curve cp_memory_curve_best_cap(enum cp_memory_law_kind kind,
                                                const struct cp_memory_point *points, size_t n)
{
    struct cp_memory_curve first = cp_memory_curve_fit(kind, points, n, caps_mb[0]);
    struct cp_memory_curve best = first;
    if (kind == CP_MEMORY_LAW_CONSTANT || n > CP_MEMORY_POINTS_MAX)
        return first;
    for (size_t i = 1; i < sizeof caps_mb / sizeof caps_mb[0]; i++) {
        /* a finite cap at or above the largest size is the same curve as none */
        if (isfinite(caps_mb[i]) && caps_mb[i] >= max_mb(points, n))
            continue;
        struct cp_memory_curve curve = cp_memory_curve_fit(kind, points, n, caps_mb[i]);
        if (curve.status == CP_ENOMEM)
            return curve;
        bool is_better = best.status || curve.aicc < best.aicc;
        if (curve.status == CP_OK && !isnan(curve.aicc) && is_better)
            best = curve;
    }
    return first.status || best.aicc < first.aicc - aicc_tie ? best : first;
}

struct cp_memory_left_out cp_memory_curve_leave_one_out(const struct cp_memory_curve *curve,
                                                        const struct cp_memory_point *points,
                                                        size_t n)
{
    static const struct cp_memory_left_out none = {NAN, NAN, NAN};
    struct cp_memory_left_out left = {0, 0, 0};
    struct cp_memory_point others[CP_MEMORY_POINTS_MAX];
    struct data d;
    size_t count = 0;
    if (load(&d, points, n, INFINITY) || d.n < CHOICE_MIN)
        return none;
    memcpy(others, points, n * sizeof *others);
    for (size_t i = 0; i < n; i++) {
        const struct cp_memory_point *p = &points[i];
        if (!(p->weight > 0 && p->memory_mb > d.min_mb && p->memory_mb < d.max_mb))
            continue;
        others[i].weight = 0;
        struct cp_memory_curve without = cp_memory_curve_refit(curve, others, n);
        others[i].weight = p->weight;
        if (without.status)
            return none;
        double error = fabs(log(cp_memory_curve_at(&without, p->memory_mb) / p->value));
        left.mean += error;
        left.standard += error * sqrt(p->weight);
        left.max = fmax(left.max, error);
        count++;
    }
    left.mean /= (double)count;
    left.standard /= (double)count;
    return count ? left : none;
}

/* The candidate with the smallest leave-one-out error, the first unless another has less than
 * `share` of its error and fits all points no worse: leaving out inner sizes never checks the ends.
 */
static size_t pick(const struct cp_memory_choice *choice, const struct cp_memory_point *points,
                   size_t n, double share)
{
    size_t best = 0;
    double best_error = cp_memory_curve_leave_one_out(&choice->curves[0], points, n).mean;
    for (size_t i = 1; i < choice->n; i++) {
        const struct cp_memory_curve *curve = &choice->curves[i];
        double error = cp_memory_curve_leave_one_out(curve, points, n).mean;
        bool is_better = error < share * best_error - choice->tie_log_error;
        if (is_better && curve->log_rss <= choice->curves[best].log_rss) {
            best = i;
            best_error = error;
        }
    }
    return best;
}

enum cp_code cp_memory_curve_choose(const struct cp_memory_point *points, size_t n,
                                    const struct cp_memory_choice_options *options,
                                    struct cp_memory_choice *choice)
{
    static const enum cp_memory_law_kind order[] = {CP_MEMORY_LAW_INVERSE, CP_MEMORY_LAW_POWER,
                                                    CP_MEMORY_LAW_EXPONENT};
    *choice = (struct cp_memory_choice){.tie_log_error = options->tie_log_error};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        if (order[i] == CP_MEMORY_LAW_EXPONENT && !options->is_exponent_allowed)
            continue;
        struct cp_memory_curve curve = cp_memory_curve_best_cap(order[i], points, n);
        if (curve.status == CP_ENOMEM || (i == 0 && curve.status))
            return curve.status;
        if (curve.status == CP_OK)
            choice->curves[choice->n++] = curve;
        double error = cp_memory_curve_leave_one_out(&curve, points, n).mean;
        if (i == 0 && isnan(error)) /* too few sizes to choose from */
            return CP_OK;
    }
    choice->chosen = pick(choice, points, n, shown_share);
    return CP_OK;
}

struct cp_memory_curve cp_memory_curve_choose_again(const struct cp_memory_choice *choice,
                                                    const struct cp_memory_point *points, size_t n)
{
    struct cp_memory_choice again = *choice;
    for (size_t i = 0; i < again.n; i++)
        again.curves[i] = cp_memory_curve_refit(&choice->curves[i], points, n);
    if (again.n > 1)
        again.chosen = pick(&again, points, n, 1);
    return again.curves[again.chosen];
}
