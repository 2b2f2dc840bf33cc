/* SPDX-License-Identifier: GPL-3.0-or-later
 * Smooth laws: F = eps + (1 - eps) F0(eta), eta = b0 + b1 log g, by Fisher scoring. Without floor
 * the likelihood is concave for all three links; with it two starts guard against a local maximum.
 */
#include <math.h>

#include "model/stat/idle_law_rows.h"

enum { SCORING_MAX = 200, HALVINGS_MAX = 30, PARAMETERS = 3 };

static const double MS = 1000;
static const double CONVERGED_DECREMENT = 1e-17;
static const double STEEPEST = 500; /* b1 of no real law: the likelihood still rises at infinity */
static const double MOST_FLOOR = 0.999;
static const double FARTHEST_ERRORS = 1e3; /* of an interval's end, in standard errors */

/* a + b x, where x is log g, or g itself of a linear law; in seconds */
struct line {
    double a, b;
};

/* eta = offset + c[0] columns[0] + c[1] columns[1]; the floor is the last parameter. */
struct problem {
    const struct cp_idle_link *link;
    const struct cp_idle_gaps *gaps;
    struct line offset, columns[2];
    size_t n_columns;
    bool is_floor_free;
};

struct solution {
    double c[2];
    double floor;
    double log_likelihood;
    double information[PARAMETERS][PARAMETERS]; /* expected, in the order columns, floor */
    double score[PARAMETERS];
    bool is_converged;
};

static double line_at(const struct line *line, double x)
{
    return line->a + line->b * x;
}

/* Nothing is gone after no time by a law of log g, but for the floor. */
static bool is_start(const struct cp_idle_link *link, double gap_ms)
{
    return gap_ms <= 0 && !link->is_linear;
}

static double x_of(const struct cp_idle_link *link, double gap_ms)
{
    double seconds = gap_ms / MS;
    return link->is_linear ? seconds : log(seconds);
}

static double time_ms_of(const struct cp_idle_link *link, double x)
{
    return MS * (link->is_linear ? x : exp(x));
}

static struct cp_idle_link_value value_at(const struct problem *p, const struct solution *at,
                                          double gap_ms)
{
    if (is_start(p->link, gap_ms))
        return (struct cp_idle_link_value){.gone = 0, .alive = 1, .slope = 0};
    double x = x_of(p->link, gap_ms);
    double eta = line_at(&p->offset, x);
    for (size_t i = 0; i < p->n_columns; i++)
        eta += at->c[i] * line_at(&p->columns[i], x);
    return p->link->at(eta);
}

static double log_likelihood(const struct problem *p, const struct solution *at)
{
    double sum = 0;
    for (size_t i = 0; i < p->gaps->n; i++) {
        const struct cp_idle_gap *g = &p->gaps->at[i];
        struct cp_idle_link_value v = value_at(p, at, g->ms);
        sum += cp_idle_log_term(g->cold, at->floor + (1 - at->floor) * v.gone) +
               cp_idle_log_term(g->warm, (1 - at->floor) * v.alive);
    }
    return isnan(sum) ? -INFINITY : sum;
}

static void derive(const struct problem *p, struct solution *at)
{
    double kept = 1 - at->floor;
    for (size_t i = 0; i < PARAMETERS; i++) {
        at->score[i] = 0;
        for (size_t j = 0; j < PARAMETERS; j++)
            at->information[i][j] = 0;
    }
    for (size_t g = 0; g < p->gaps->n; g++) {
        const struct cp_idle_gap *gap = &p->gaps->at[g];
        struct cp_idle_link_value v = value_at(p, at, gap->ms);
        double gone = at->floor + kept * v.gone;
        double alive = kept * v.alive;
        double x = is_start(p->link, gap->ms) ? 0 : x_of(p->link, gap->ms);
        double by[PARAMETERS] = {0};
        for (size_t i = 0; i < p->n_columns; i++)
            by[i] = kept * v.slope * line_at(&p->columns[i], x);
        by[p->n_columns] = v.alive;
        double warm_weight = alive > 0 ? gap->warm / alive : 0;
        double cold_weight = gone > 0 ? gap->cold / gone : 0;
        double weight = gone > 0 && alive > 0 ? (gap->warm + gap->cold) / (gone * alive) : 0;
        for (size_t i = 0; i <= p->n_columns; i++) {
            at->score[i] += (cold_weight - warm_weight) * by[i];
            for (size_t j = 0; j <= p->n_columns; j++)
                at->information[i][j] += weight * by[i] * by[j];
        }
    }
}

/* Inverts the leading n x n part of a symmetric positive matrix by Gauss-Jordan; false when it is
 * singular to working precision. */
static bool invert(double matrix[PARAMETERS][PARAMETERS], size_t n,
                   double inverse[PARAMETERS][PARAMETERS])
{
    double m[PARAMETERS][PARAMETERS];
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            m[i][j] = matrix[i][j];
            inverse[i][j] = i == j;
        }
    }
    for (size_t k = 0; k < n; k++) {
        double pivot = m[k][k];
        if (!(pivot > 1e-13 * matrix[k][k]) || !isfinite(pivot))
            return false;
        for (size_t j = 0; j < n; j++) {
            m[k][j] /= pivot;
            inverse[k][j] /= pivot;
        }
        for (size_t i = 0; i < n; i++) {
            double factor = m[i][k];
            for (size_t j = 0; j < n && i != k; j++) {
                m[i][j] -= factor * m[k][j];
                inverse[i][j] -= factor * inverse[k][j];
            }
        }
    }
    return true;
}

/* A floor at 0 that wants below it is held there. */
static size_t n_free(const struct problem *p, const struct solution *at)
{
    bool moves_floor = p->is_floor_free && !(at->floor <= 0 && at->score[p->n_columns] <= 0);
    return p->n_columns + moves_floor;
}

/* Part of the step from `at`; the floor stays in its range. */
static struct solution moved(const struct problem *p, const struct solution *at, const double *step,
                             double share)
{
    struct solution next = *at;
    for (size_t i = 0; i < p->n_columns; i++)
        next.c[i] += share * step[i];
    next.floor = fmin(fmax(next.floor + share * step[p->n_columns], 0), MOST_FLOOR);
    next.log_likelihood = log_likelihood(p, &next);
    return next;
}

/* One scoring step, halved until the likelihood rises, and on while it rises more: with a floor the
 * expected information may be half of the observed, and full steps go to and fro. false: no
 * further. */
static bool improve(const struct problem *p, struct solution *at)
{
    double inverse[PARAMETERS][PARAMETERS];
    double step[PARAMETERS] = {0};
    double decrement = 0;
    derive(p, at);
    size_t n = n_free(p, at);
    if (n == 0) {
        at->is_converged = true;
        return false;
    }
    if (!invert(at->information, n, inverse))
        return false;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++)
            step[i] += inverse[i][j] * at->score[j];
        decrement += step[i] * at->score[i];
    }
    at->is_converged = decrement <= CONVERGED_DECREMENT * (1 + fabs(at->log_likelihood));
    if (at->is_converged)
        return false;
    struct solution best = *at;
    for (int halvings = 0; halvings < HALVINGS_MAX; halvings++) {
        struct solution next = moved(p, at, step, exp2(-halvings));
        bool is_better = next.log_likelihood > best.log_likelihood;
        if (is_better)
            best = next;
        else if (best.log_likelihood > at->log_likelihood)
            break;
    }
    if (best.log_likelihood > at->log_likelihood) {
        *at = best;
        return true;
    }
    /* as good as the rounding of the likelihood lets it be */
    at->is_converged = decrement <= 1e-9;
    return false;
}

static void climb(const struct problem *p, struct solution *at)
{
    at->log_likelihood = log_likelihood(p, at);
    at->is_converged = false;
    for (int i = 0; i < SCORING_MAX && improve(p, at); i++)
        continue;
}

/* --- starting values --- */

/* Shares of the floor taken off, then a weighted line through the linked shares. */
static struct solution start_at(const struct problem *p, double floor)
{
    struct solution at = {.floor = floor};
    double n = 0;
    double x_sum = 0;
    double y_sum = 0;
    double xx = 0;
    double xy = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < p->gaps->n; i++) {
            const struct cp_idle_gap *g = &p->gaps->at[i];
            double weight = g->warm + g->cold;
            double share = (g->cold + 0.5) / (weight + 1);
            double gone = fmax((share - floor) / (1 - floor), 0.5 / (weight + 1));
            if (is_start(p->link, g->ms))
                continue;
            double x = x_of(p->link, g->ms);
            double y = p->link->eta_of(gone);
            if (pass == 0) {
                n += weight;
                x_sum += weight * x;
                y_sum += weight * y;
            } else {
                xx += weight * (x - x_sum / n) * (x - x_sum / n);
                xy += weight * (x - x_sum / n) * (y - y_sum / n);
            }
        }
    }
    double least = p->link->is_linear ? 1e-9 : 0.1;
    double slope = p->link->is_exponential ? 1 : xx > 0 ? fmax(xy / xx, least) : 1;
    at.c[0] = y_sum / n - slope * x_sum / n;
    at.c[1] = slope;
    return at;
}

/* The cold share of the intervals below the first one where a fifth or more are cold. */
static double short_share(const struct cp_idle_gaps *gaps)
{
    double n = 0;
    double cold = 0;
    for (size_t i = 0; i < gaps->n; i++) {
        const struct cp_idle_gap *g = &gaps->at[i];
        if (g->cold >= 0.2 * (g->warm + g->cold))
            break;
        n += g->warm + g->cold;
        cold += g->cold;
    }
    return n > 0 ? cold / n : 0;
}

static struct problem problem_of(const struct cp_idle_link *link, const struct cp_idle_gaps *gaps,
                                 const struct cp_idle_law_options *options)
{
    struct problem p = {.link = link,
                        .gaps = gaps,
                        .columns = {{1, 0}, {0, 1}},
                        .n_columns = 2,
                        .is_floor_free = isnan(options->floor)};
    if (link->is_exponential) {
        p.offset = (struct line){0, 1};
        p.n_columns = 1;
    }
    return p;
}

/* Some interval leaves more warm than a shorter one: else the likelihood rises to infinity. */
static bool overlaps(const struct cp_idle_gaps *gaps, const struct cp_idle_link *link)
{
    double first_cold = INFINITY;
    double last_warm = 0;
    for (size_t i = 0; i < gaps->n; i++) {
        const struct cp_idle_gap *g = &gaps->at[i];
        if (is_start(link, g->ms))
            continue;
        if (g->cold > 0)
            first_cold = fmin(first_cold, g->ms);
        if (g->warm > 0)
            last_warm = g->ms;
    }
    return link->is_exponential ? isfinite(first_cold) && last_warm > 0 : last_warm > first_cold;
}

/* --- intervals --- */

enum subject { OF_B0, OF_B1, OF_TIME, OF_FLOOR };

struct profile {
    struct problem problem;
    struct solution best;
    enum subject subject;
};

static double slope_of(const struct problem *p, const struct solution *at)
{
    return p->n_columns > 1 ? at->c[1] : 1;
}

/* The problem with one parameter held at `value`. Of time the value is x. */
static void hold(const struct profile *p, double value, struct problem *held,
                 struct solution *start)
{
    double b1 = slope_of(&p->problem, &p->best);
    *held = p->problem;
    *start = p->best;
    if (p->subject == OF_FLOOR) {
        held->is_floor_free = false;
        start->floor = value;
        return;
    }
    held->n_columns = held->link->is_exponential ? 0 : 1;
    if (held->link->is_exponential) {
        held->offset.a = p->subject == OF_TIME ? -value : value;
        return;
    }
    switch (p->subject) {
    case OF_B0:
        held->offset = (struct line){value, 0};
        held->columns[0] = (struct line){0, 1};
        start->c[0] = b1;
        break;
    case OF_B1:
        held->offset = (struct line){0, value};
        held->columns[0] = (struct line){1, 0};
        /* turned about the middle of the law */
        start->c[0] = p->best.c[0] / b1 * value;
        break;
    default:
        held->columns[0] = (struct line){-value, 1};
        start->c[0] = b1;
        break;
    }
}

static double deviance_at(void *context, double value)
{
    const struct profile *p = context;
    struct problem held;
    struct solution at;
    hold(p, value, &held, &at);
    climb(&held, &at);
    return 2 * (p->best.log_likelihood - at.log_likelihood);
}

static struct cp_interval profile_interval(struct profile *p, enum subject subject, double value,
                                           double se, double allowed)
{
    double lowest = value - FARTHEST_ERRORS * se;
    double highest = value + FARTHEST_ERRORS * se;
    p->subject = subject;
    if (subject == OF_B1)
        lowest = fmax(lowest, 1e-9);
    if (subject == OF_FLOOR) {
        lowest = 0;
        highest = MOST_FLOOR;
    }
    struct cp_interval at = {.value = value};
    at.low = cp_idle_profile_end(deviance_at, p, value, lowest, allowed);
    at.high = cp_idle_profile_end(deviance_at, p, value, highest, allowed);
    return at;
}

static void add_intervals(const struct problem *problem, const struct solution *best,
                          double allowed, struct cp_idle_law_fit *out)
{
    struct profile p = {.problem = *problem, .best = *best};
    double b1 = out->b1.at.value;
    double middle = -out->b0.at.value / b1;
    double scale = problem->link->is_linear ? MS : out->time_ms.at.value;
    if (!(out->b0.se > 0))
        return;
    out->b0.at = profile_interval(&p, OF_B0, out->b0.at.value, out->b0.se, allowed);
    if (problem->n_columns > 1)
        out->b1.at = profile_interval(&p, OF_B1, b1, out->b1.se, allowed);
    struct cp_interval time =
        profile_interval(&p, OF_TIME, middle, out->time_ms.se / scale, allowed);
    out->time_ms.at.low = time_ms_of(problem->link, time.low);
    out->time_ms.at.high = time_ms_of(problem->link, time.high);
    if (problem->is_floor_free)
        out->floor.at = profile_interval(&p, OF_FLOOR, best->floor, 0, allowed);
}

/* --- the fit --- */

static void add_errors(const struct problem *p, struct solution *at, double inflation,
                       struct cp_idle_law_fit *out)
{
    double inverse[PARAMETERS][PARAMETERS];
    derive(p, at);
    bool has_floor = p->is_floor_free && at->floor > 0;
    if (!invert(at->information, p->n_columns + has_floor, inverse))
        return;
    double b1 = slope_of(p, at);
    double by_b0 = -1 / b1;
    double by_b1 = at->c[0] / (b1 * b1);
    double variance = by_b0 * by_b0 * inverse[0][0];
    out->b0.se = sqrt(inflation * inverse[0][0]);
    if (p->n_columns > 1) {
        out->b1.se = sqrt(inflation * inverse[1][1]);
        variance += 2 * by_b0 * by_b1 * inverse[0][1] + by_b1 * by_b1 * inverse[1][1];
    }
    double scale = p->link->is_linear ? MS : out->time_ms.at.value;
    out->time_ms.se = scale * sqrt(inflation * fmax(variance, 0));
    if (has_floor)
        out->floor.se = sqrt(inflation * inverse[p->n_columns][p->n_columns]);
}

static void show_form(const struct cp_idle_link *link, struct cp_idle_law_fit *out)
{
    const struct cp_idle_estimate *b1 = &out->b1;
    out->form = *b1;
    if (!link->is_form_reciprocal)
        return;
    double scale = link->is_linear ? MS : 1;
    out->form.at =
        (struct cp_interval){scale / b1->at.value, scale / b1->at.high, scale / b1->at.low};
    out->form.se = scale * b1->se / (b1->at.value * b1->at.value);
}

void cp_idle_fit_smooth(const struct cp_idle_link *link, const struct cp_idle_gaps *gaps,
                        const struct cp_idle_law_options *options, struct cp_idle_law_fit *out)
{
    struct problem p = problem_of(link, gaps, options);
    out->status = CP_ENUMERIC;
    if (!overlaps(gaps, link))
        return;
    struct solution best = start_at(&p, p.is_floor_free ? 0 : options->floor);
    climb(&p, &best);
    double floor = p.is_floor_free ? short_share(gaps) : 0;
    if (floor > 0) {
        struct solution other = start_at(&p, floor);
        climb(&p, &other);
        /* one that runs away is the likelier: then there is no maximum */
        if (!best.is_converged || other.log_likelihood > best.log_likelihood)
            best = other;
    }
    double b1 = slope_of(&p, &best);
    if (!best.is_converged || !isfinite(best.log_likelihood) || !(b1 > 0) || b1 > STEEPEST)
        return;
    out->status = CP_OK;
    out->log_likelihood = best.log_likelihood;
    out->b0.at.value = best.c[0];
    out->b1.at.value = b1;
    out->floor.at.value = best.floor;
    out->time_ms.at.value = time_ms_of(link, -best.c[0] / b1);
    out->n_parameters = p.n_columns + (p.is_floor_free && best.floor > 0);
    add_errors(&p, &best, cp_idle_inflation(options), out);
    if (options->confidence > 0)
        add_intervals(&p, &best, cp_idle_allowed_deviance(options), out);
    show_form(link, out);
}
