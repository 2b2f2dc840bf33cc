/* SPDX-License-Identifier: GPL-3.0-or-later
 * Step laws. With s = log(1 - eps), rho = log r and u_k = s + k rho the log-likelihood at a given T
 * is sum over k of warm_k u_k + cold_k log(1 - exp(u_k)), concave in (s, rho) on s <= 0, rho <= 0,
 * where k = floor(g / T) counts the steps passed.
 */
#include <math.h>

#include "model/stat/idle_law_rows.h"

enum {
    STEPS_SCANNED = 16,
    PIECES_MAX = CP_IDLE_POINTS_MAX * STEPS_SCANNED + 2,
    NEWTON_MAX = 60,
    HALVINGS_MAX = 40
};

static const double SAME_RATIO = 1e-12;     /* intervals that differ by rounding only */
static const double SAME_LIKELIHOOD = 1e-9; /* likewise */
static const double CONVERGED_DECREMENT = 1e-15;

/* Probes that passed the same number of steps. */
struct steps {
    double k[CP_IDLE_POINTS_MAX];
    double warm[CP_IDLE_POINTS_MAX], cold[CP_IDLE_POINTS_MAX];
    size_t n;
};

struct solution {
    double s, rho; /* rho: -INFINITY for r = 0 */
    double log_likelihood;
};

/* Which of both are given. */
struct fixed {
    bool is_s, is_rho;
    double s, rho;
};

static struct steps steps_at(const struct cp_idle_gaps *gaps, double t_ms)
{
    struct steps steps = {.n = 0};
    for (size_t i = 0; i < gaps->n; i++) {
        const struct cp_idle_gap *g = &gaps->at[i];
        double k = isinf(t_ms) ? 0 : floor(g->ms / t_ms * (1 + SAME_RATIO));
        if (steps.n == 0 || k > steps.k[steps.n - 1]) {
            steps.k[steps.n] = k;
            steps.warm[steps.n] = 0;
            steps.cold[steps.n] = 0;
            steps.n++;
        }
        steps.warm[steps.n - 1] += g->warm;
        steps.cold[steps.n - 1] += g->cold;
    }
    return steps;
}

/* No law of these steps is likelier. */
static double bound(const struct steps *steps)
{
    double sum = 0;
    for (size_t i = 0; i < steps->n; i++) {
        double n = steps->warm[i] + steps->cold[i];
        sum += cp_idle_log_term(steps->warm[i], steps->warm[i] / n) +
               cp_idle_log_term(steps->cold[i], steps->cold[i] / n);
    }
    return sum;
}

static double log_likelihood(const struct steps *steps, double s, double rho)
{
    double sum = 0;
    for (size_t i = 0; i < steps->n; i++) {
        double u = s + (steps->k[i] > 0 ? steps->k[i] * rho : 0);
        sum += steps->warm[i] > 0 ? steps->warm[i] * u : 0;
        sum += cp_idle_log_term(steps->cold[i], -expm1(u));
    }
    return isnan(sum) ? -INFINITY : sum;
}

struct derivatives {
    double s, rho;
    double ss, srho, rhorho; /* of minus the log-likelihood */
};

static struct derivatives derive(const struct steps *steps, double s, double rho)
{
    struct derivatives d = {0};
    for (size_t i = 0; i < steps->n; i++) {
        double k = steps->k[i];
        double u = s + (k > 0 ? k * rho : 0);
        double gone = -expm1(u);
        double alive = exp(u);
        double slope = steps->warm[i];
        double curve = 0;
        if (steps->cold[i] > 0) {
            slope -= steps->cold[i] * alive / gone;
            curve = steps->cold[i] * alive / (gone * gone);
        }
        d.s += slope;
        d.rho += k * slope;
        d.ss += curve;
        d.srho += k * curve;
        d.rhorho += k * k * curve;
    }
    return d;
}

/* The Newton step in the free variables; returns its decrement. A variable at its bound 0 that
 * wants beyond it is held there. */
static double newton_step(const struct derivatives *d, const struct solution *at,
                          const struct fixed *fixed, double *to_s, double *to_rho)
{
    bool moves_s = !fixed->is_s && !(at->s >= 0 && d->s >= 0);
    bool moves_rho = !fixed->is_rho && !(at->rho >= 0 && d->rho >= 0);
    double determinant = d->ss * d->rhorho - d->srho * d->srho;
    *to_s = 0;
    *to_rho = 0;
    if (moves_s && moves_rho && determinant > 1e-14 * d->ss * d->rhorho) {
        *to_s = (d->rhorho * d->s - d->srho * d->rho) / determinant;
        *to_rho = (d->ss * d->rho - d->srho * d->s) / determinant;
        return d->s * *to_s + d->rho * *to_rho;
    }
    /* one at a time, the one that gains more; without curvature only warm probes are left: on to
     * the bound */
    double step_s = d->ss > 0 ? d->s / d->ss : -at->s;
    double step_rho = d->rhorho > 0 ? d->rho / d->rhorho : -at->rho;
    bool is_s = moves_s && (!moves_rho || d->s * step_s > d->rho * step_rho);
    if (is_s)
        *to_s = step_s;
    else if (moves_rho)
        *to_rho = step_rho;
    return d->s * *to_s + d->rho * *to_rho;
}

/* Up to the maximum, or until it plainly stays below `goal`: the next step promises half of the
 * decrement, and ten times the decrement would not do. */
static void climb(const struct steps *steps, const struct fixed *fixed, double goal,
                  struct solution *at)
{
    at->log_likelihood = log_likelihood(steps, at->s, at->rho);
    for (int i = 0; i < NEWTON_MAX; i++) {
        double to_s;
        double to_rho;
        struct derivatives d = derive(steps, at->s, at->rho);
        double decrement = newton_step(&d, at, fixed, &to_s, &to_rho);
        bool is_hopeless = i >= 2 && at->log_likelihood + 10 * decrement < goal;
        if (!(decrement > CONVERGED_DECREMENT) || is_hopeless)
            return;
        bool is_better = false;
        for (int halvings = 0; halvings < HALVINGS_MAX && !is_better; halvings++) {
            double share = exp2(-halvings);
            struct solution next = {.s = fmin(at->s + share * to_s, 0),
                                    .rho = fmin(at->rho + share * to_rho, 0)};
            next.log_likelihood = log_likelihood(steps, next.s, next.rho);
            is_better = next.log_likelihood > at->log_likelihood;
            if (is_better)
                *at = next;
        }
        if (!is_better)
            return;
    }
}

/* What can be said without climbing, and where to start. */
struct outline {
    double warm_first, n_first; /* before the first step */
    double warm_later, n_later; /* after it */
    double n_kinds;             /* distinct numbers of steps above 0 */
};

static struct outline outline_of(const struct steps *steps)
{
    struct outline o = {0};
    for (size_t i = 0; i < steps->n; i++) {
        double n = steps->warm[i] + steps->cold[i];
        bool is_later = steps->k[i] > 0;
        *(is_later ? &o.warm_later : &o.warm_first) += steps->warm[i];
        *(is_later ? &o.n_later : &o.n_first) += n;
        o.n_kinds += is_later;
    }
    return o;
}

static struct solution solve(const struct steps *steps, const struct fixed *given, double goal)
{
    struct outline o = outline_of(steps);
    struct fixed fixed = *given;
    double kept = o.n_first > 0 ? o.warm_first / o.n_first : 1;
    /* all warm, or nothing below the first step and one number of steps: eps cannot be told from r
     */
    if (!fixed.is_s && o.n_first <= 0 && (!fixed.is_rho && (o.n_kinds < 2 || o.warm_later <= 0)))
        fixed = (struct fixed){true, fixed.is_rho, 0, fixed.rho};
    if (!fixed.is_rho && (o.n_later <= 0 || o.warm_later <= 0))
        fixed = (struct fixed){fixed.is_s, true, fixed.s, o.n_later > 0 ? -INFINITY : 0};
    struct solution at = {.s = fixed.s, .rho = fixed.rho};
    if (!fixed.is_rho)
        at.rho = log(fmin(fmax(o.warm_later / o.n_later, 1e-6), 1 - 1e-6));
    if (!fixed.is_s && isinf(fixed.rho)) {
        at.s = kept > 0 ? log(kept) : -INFINITY;
        fixed.is_s = true;
    } else if (!fixed.is_s) {
        at.s = log(fmax(kept, 1e-6));
    }
    if (fixed.is_s && fixed.is_rho)
        at.log_likelihood = log_likelihood(steps, at.s, at.rho);
    else
        climb(steps, &fixed, goal, &at);
    return at;
}

/* --- the scan of T --- */

struct scan {
    double t[PIECES_MAX]; /* ascending; piece i is (t[i - 1], t[i]], the last one (t[n - 1], inf) */
    double log_likelihood[PIECES_MAX];
    size_t n;
    size_t best;
    struct solution solution;
};

static void insert_break(struct scan *scan, double t)
{
    size_t i = scan->n;
    while (i > 0 && scan->t[i - 1] > t)
        i--;
    bool is_known = (i > 0 && t - scan->t[i - 1] <= t * SAME_RATIO) ||
                    (i < scan->n && scan->t[i] - t <= t * SAME_RATIO);
    if (is_known)
        return;
    for (size_t j = scan->n; j > i; j--)
        scan->t[j] = scan->t[j - 1];
    scan->t[i] = t;
    scan->n++;
}

static void list_pieces(const struct cp_idle_gaps *gaps, struct scan *scan)
{
    double shortest = INFINITY;
    scan->n = 0;
    for (size_t i = gaps->n; i-- > 0;) {
        if (gaps->at[i].ms > 0)
            shortest = gaps->at[i].ms;
    }
    for (size_t i = gaps->n; i-- > 0;) {
        for (int k = STEPS_SCANNED; k >= 1; k--) {
            double t = gaps->at[i].ms / k;
            if (t >= shortest / STEPS_SCANNED)
                insert_break(scan, t);
        }
    }
    scan->t[scan->n++] = INFINITY;
}

/* Something outlives the time before the first step: otherwise eps would be 1 and T any. */
static bool is_admissible(const struct steps *steps)
{
    struct outline o = outline_of(steps);
    return o.warm_first > 0 || o.n_first <= 0;
}

/* From the longest T down, so that of equal ones the longest is taken. A piece that cannot come
 * within `margin` of the best so far is left out, with -INFINITY. */
static void scan_pieces(const struct cp_idle_gaps *gaps, const struct fixed *fixed, double margin,
                        struct scan *scan)
{
    double best = -INFINITY;
    list_pieces(gaps, scan);
    /* the first break point only ends the piece above it */
    scan->log_likelihood[0] = -INFINITY;
    for (size_t i = scan->n; i-- > 1;) {
        struct steps steps = steps_at(gaps, scan->t[i]);
        scan->log_likelihood[i] = -INFINITY;
        if (!is_admissible(&steps) || bound(&steps) < best - margin)
            continue;
        struct solution solution = solve(&steps, fixed, best - margin);
        /* r = 1: no step, which is what the last piece says */
        if (i + 1 < scan->n && solution.rho >= 0)
            continue;
        scan->log_likelihood[i] = solution.log_likelihood;
        if (solution.log_likelihood > best + SAME_LIKELIHOOD) {
            best = solution.log_likelihood;
            scan->best = i;
            scan->solution = solution;
        }
    }
    if (isfinite(best))
        return;
    struct steps steps = steps_at(gaps, INFINITY);
    scan->best = scan->n - 1;
    scan->solution = solve(&steps, fixed, -INFINITY);
    scan->log_likelihood[scan->best] = scan->solution.log_likelihood;
}

/* Below the second break point there is no other that was looked at. */
static double piece_start(const struct scan *scan, size_t i)
{
    return i > 1 ? scan->t[i - 1] : 0;
}

/* The pieces as likely as the best that lie next to it, as one. */
static void join_equal(const struct scan *scan, struct cp_idle_law_fit *out)
{
    double least = scan->log_likelihood[scan->best] - SAME_LIKELIHOOD;
    size_t first = scan->best;
    size_t last = scan->best;
    while (first > 0 && scan->log_likelihood[first - 1] >= least)
        first--;
    while (last + 1 < scan->n && scan->log_likelihood[last + 1] >= least)
        last++;
    out->t_low_ms = piece_start(scan, first);
    out->t_high_ms = scan->t[last];
    out->time_ms.at.value = isinf(out->t_high_ms) ? INFINITY : (out->t_low_ms + out->t_high_ms) / 2;
}

/* --- intervals --- */

struct profile {
    const struct steps *steps;
    struct fixed fixed; /* as in the fit */
    double best;
    bool is_of_floor;
};

static double deviance_at(void *context, double value)
{
    const struct profile *p = context;
    struct fixed fixed = p->fixed;
    if (p->is_of_floor)
        fixed.s = log1p(-value);
    else
        fixed.rho = log(value);
    *(p->is_of_floor ? &fixed.is_s : &fixed.is_rho) = true;
    return 2 * (p->best - solve(p->steps, &fixed, -INFINITY).log_likelihood);
}

static void profile_interval(struct profile *p, double allowed, struct cp_interval *at)
{
    at->low = cp_idle_profile_end(deviance_at, p, at->value, 0, allowed);
    at->high = cp_idle_profile_end(deviance_at, p, at->value, 1, allowed);
}

/* Expected information of eps and r at the fitted T, of those that are inside their range. */
static void standard_errors(const struct steps *steps, double inflation, bool is_floor_inside,
                            bool is_ratio_inside, struct cp_idle_law_fit *out)
{
    double a = 0;
    double b = 0;
    double c = 0;
    double eps = out->floor.at.value;
    double r = out->form.at.value;
    for (size_t i = 0; i < steps->n; i++) {
        double k = steps->k[i];
        double passed = k > 0 ? pow(r, k) : 1;
        double alive = (1 - eps) * passed;
        double by_ratio = k > 0 ? (1 - eps) * k * pow(r, k - 1) : 0;
        double variance = alive * (1 - alive) / (steps->warm[i] + steps->cold[i]);
        if (!(variance > 0))
            continue;
        a += passed * passed / variance;
        b -= passed * by_ratio / variance;
        c += by_ratio * by_ratio / variance;
    }
    double rest = is_floor_inside && is_ratio_inside ? b * b : 0;
    if (is_floor_inside && a > 0)
        out->floor.se = sqrt(inflation / (a - (rest > 0 ? rest / c : 0)));
    if (is_ratio_inside && c > 0)
        out->form.se = sqrt(inflation / (c - (rest > 0 ? rest / a : 0)));
}

static void add_intervals(const struct scan *scan, const struct fixed *fixed,
                          const struct cp_idle_law_options *options, const struct steps *steps,
                          struct cp_idle_law_fit *out)
{
    double allowed = cp_idle_allowed_deviance(options);
    double least = out->log_likelihood - allowed / 2;
    struct profile p = {steps, *fixed, out->log_likelihood, true};
    if (!fixed->is_s)
        profile_interval(&p, allowed, &out->floor.at);
    p.is_of_floor = false;
    if (!fixed->is_rho && isfinite(out->form.at.value))
        profile_interval(&p, allowed, &out->form.at);
    out->time_ms.at.low = out->t_low_ms;
    out->time_ms.at.high = out->t_high_ms;
    for (size_t i = 0; i < scan->n; i++) {
        if (scan->log_likelihood[i] < least)
            continue;
        out->time_ms.at.low = fmin(out->time_ms.at.low, piece_start(scan, i));
        out->time_ms.at.high = fmax(out->time_ms.at.high, scan->t[i]);
    }
}

void cp_idle_fit_step(double ratio, const struct cp_idle_gaps *gaps,
                      const struct cp_idle_law_options *options, struct cp_idle_law_fit *out)
{
    struct scan scan = {.n = 0};
    struct fixed fixed = {.is_s = !isnan(options->floor), .is_rho = !isnan(ratio)};
    if (fixed.is_s)
        fixed.s = log1p(-options->floor);
    if (fixed.is_rho)
        fixed.rho = log(ratio);
    double margin = options->confidence > 0 ? cp_idle_allowed_deviance(options) : 0;
    scan_pieces(gaps, &fixed, margin, &scan);
    struct steps steps = steps_at(gaps, scan.t[scan.best]);
    bool has_step = steps.n > 1 || steps.k[0] > 0;
    if (!isfinite(scan.solution.log_likelihood)) {
        out->status = CP_ENUMERIC;
        return;
    }
    out->status = CP_OK;
    out->log_likelihood = scan.solution.log_likelihood;
    join_equal(&scan, out);
    out->floor.at.value = fabs(expm1(scan.solution.s)); /* never -0 */
    out->form.at.value = has_step || fixed.is_rho ? exp(scan.solution.rho) : NAN;
    bool is_floor_inside = !fixed.is_s && out->floor.at.value > 0 && out->floor.at.value < 1;
    bool is_ratio_inside =
        !fixed.is_rho && has_step && out->form.at.value > 0 && out->form.at.value < 1;
    out->n_parameters = (size_t)has_step + is_floor_inside + is_ratio_inside;
    standard_errors(&steps, cp_idle_inflation(options), is_floor_inside, is_ratio_inside, out);
    if (options->confidence > 0)
        add_intervals(&scan, &fixed, options, &steps, out);
}
