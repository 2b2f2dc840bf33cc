/* SPDX-License-Identifier: GPL-3.0-or-later
 * The mixture of two log-normals by EM on log x.
 */
#include <float.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "model/stat/dist_parts.h"

/* A component of fewer values, or this much narrower than the whole sample, is a spike on a few
 * equal values: there the likelihood is unbounded. */
static const double fewest_values = 5;
static const double narrowest = 0.01;
static const double gate_level = 0.99;
static const double gate_degrees = 4; /* Wolfe 1971: twice the parameters of a component */

/* In standard deviations of a component: Newton, or the distance of a refit, sees no less. */
static const double converged = 1e-6;

enum {
    SEARCH_VALUES = 4000, /* the starts are compared on so many order statistics */
    SEARCH_STEPS = 300,
    FINAL_STEPS = 20, /* Newton takes over */
    REFIT_STEPS = 200,
    COMPONENTS = 2
};

/* What EM runs on. Values censored at log_at count `n_censored`. */
struct em {
    const double *y; /* ascending */
    size_t n;
    double n_censored, log_at;
};

/* Sums of one component's share of the values, about its present mean. */
struct component {
    double mean, sd;
    double n, sum, squares;
};

static void add(struct component *c, double share, double d)
{
    c->n += share;
    c->sum += share * d;
    c->squares += share * d * d;
}

static void add_censored(const struct em *em, double weight, struct component *c)
{
    struct cp_log_censored first = cp_log_censored(em->log_at, c[0].mean, c[0].sd);
    struct cp_log_censored second = cp_log_censored(em->log_at, c[1].mean, c[1].sd);
    double total = weight * first.tail + (1 - weight) * second.tail;
    double share = total > 0 ? weight * first.tail / total : 0.5;
    const struct cp_log_censored both[COMPONENTS] = {first, second};
    const double shares[COMPONENTS] = {share, 1 - share};
    for (size_t j = 0; j < COMPONENTS; j++) {
        double d = both[j].mean - c[j].mean;
        c[j].n += em->n_censored * shares[j];
        c[j].sum += em->n_censored * shares[j] * d;
        c[j].squares += em->n_censored * shares[j] * (both[j].variance + d * d);
    }
}

/* One step of EM on p (places MIXTURE_*); returns the largest change in standard deviations. */
static double step(const struct em *em, double *p)
{
    struct component c[COMPONENTS] = {
        {.mean = p[MIXTURE_MEANLOG_1], .sd = p[MIXTURE_SDLOG_1]},
        {.mean = p[MIXTURE_MEANLOG_2], .sd = p[MIXTURE_SDLOG_2]},
    };
    double weight = p[MIXTURE_WEIGHT];
    double odds = log((1 - weight) / weight * c[0].sd / c[1].sd);
    for (size_t i = 0; i < em->n; i++) {
        double a = em->y[i] - c[0].mean;
        double b = em->y[i] - c[1].mean;
        double z = odds + (a / c[0].sd * (a / c[0].sd) - b / c[1].sd * (b / c[1].sd)) / 2;
        double share = 1 / (1 + exp(z));
        add(&c[0], share, a);
        add(&c[1], 1 - share, b);
    }
    if (em->n_censored > 0)
        add_censored(em, weight, c);
    double next[] = {[MIXTURE_WEIGHT] = c[0].n / (c[0].n + c[1].n), 0, 0, 0, 0};
    double change = fabs(next[MIXTURE_WEIGHT] - weight);
    for (size_t j = 0; j < COMPONENTS; j++) {
        double move = c[j].sum / c[j].n;
        double sd = sqrt(fmax(0, c[j].squares / c[j].n - move * move));
        next[MIXTURE_MEANLOG_1 + 2 * j] = c[j].mean + move;
        next[MIXTURE_SDLOG_1 + 2 * j] = sd;
        change = fmax(change, (fabs(move) + fabs(sd - c[j].sd)) / c[j].sd);
    }
    memcpy(p, next, sizeof next);
    return change;
}

static double spread(const struct em *em)
{
    double mean = 0;
    double squares = 0;
    for (size_t i = 0; i < em->n; i++)
        mean += em->y[i] / (double)em->n;
    for (size_t i = 0; i < em->n; i++)
        squares += (em->y[i] - mean) * (em->y[i] - mean);
    return sqrt(squares / (double)em->n);
}

static bool is_sound(const struct em *em, const double *p, double sd_all)
{
    double n = (double)em->n + em->n_censored;
    double least = fmin(p[MIXTURE_WEIGHT], 1 - p[MIXTURE_WEIGHT]) * n;
    double sd = fmin(p[MIXTURE_SDLOG_1], p[MIXTURE_SDLOG_2]);
    return least >= fewest_values && sd >= narrowest * sd_all && isfinite(p[MIXTURE_MEANLOG_1]) &&
           isfinite(p[MIXTURE_MEANLOG_2]);
}

/* false: a component degenerated on the way; p is what it was before. */
static bool run(const struct em *em, double sd_all, int steps, double *p)
{
    double change = 1;
    for (int i = 0; i < steps && change > converged; i++) {
        double before[CP_DIST_PARAMETERS_MAX];
        memcpy(before, p, sizeof before);
        change = step(em, p);
        if (!is_sound(em, p, sd_all)) {
            memcpy(p, before, sizeof before);
            return false;
        }
    }
    return true;
}

/* Both components from the values on either side of place k. */
static void split(const struct em *em, size_t k, double sd_all, double *p)
{
    const struct em low = {.y = em->y, .n = k};
    const struct em high = {.y = em->y + k, .n = em->n - k};
    p[MIXTURE_WEIGHT] = (double)k / (double)em->n;
    p[MIXTURE_MEANLOG_1] = low.y[k / 2];
    p[MIXTURE_MEANLOG_2] = high.y[high.n / 2];
    p[MIXTURE_SDLOG_1] = fmax(spread(&low), sd_all / 20);
    p[MIXTURE_SDLOG_2] = fmax(spread(&high), sd_all / 20);
}

/* Place of the widest gap that leaves a twentieth on either side. */
static size_t widest_gap(const struct em *em)
{
    size_t best = em->n / 2;
    for (size_t k = em->n / 20 + 1; k < em->n - em->n / 20; k++) {
        if (em->y[k] - em->y[k - 1] > em->y[best] - em->y[best - 1])
            best = k;
    }
    return best;
}

/* Log of a component's share of the density at log x = y, but for constants. */
static double log_part(const double *p, size_t j, double y)
{
    double share = j == 0 ? p[MIXTURE_WEIGHT] : 1 - p[MIXTURE_WEIGHT];
    double sd = p[MIXTURE_SDLOG_1 + 2 * j];
    double z = (y - p[MIXTURE_MEANLOG_1 + 2 * j]) / sd;
    return log(share / sd) - z * z / 2;
}

/* Log likelihood, but for constants. */
static double likelihood(const struct em *em, const double *p)
{
    double sum = 0;
    for (size_t i = 0; i < em->n; i++) {
        double a = log_part(p, 0, em->y[i]);
        double b = log_part(p, 1, em->y[i]);
        sum += fmax(a, b) + log1p(exp(-fabs(a - b)));
    }
    if (em->n_censored > 0) {
        double first = cp_log_censored(em->log_at, p[MIXTURE_MEANLOG_1], p[MIXTURE_SDLOG_1]).tail;
        double second = cp_log_censored(em->log_at, p[MIXTURE_MEANLOG_2], p[MIXTURE_SDLOG_2]).tail;
        sum += em->n_censored * log(p[MIXTURE_WEIGHT] * first + (1 - p[MIXTURE_WEIGHT]) * second);
    }
    return sum;
}

/* Best end of EM over the starts, on a sample thinned to order statistics; false: all degenerate.
 */
static bool search(const struct em *all, double sd_all, double *p)
{
    double y[SEARCH_VALUES];
    struct em em = *all;
    if (all->n > SEARCH_VALUES) {
        for (size_t i = 0; i < SEARCH_VALUES; i++)
            y[i] = all->y[(2 * i + 1) * all->n / (2 * (size_t)SEARCH_VALUES)];
        em.y = y;
        em.n = SEARCH_VALUES;
        em.n_censored *= (double)SEARCH_VALUES / (double)all->n;
    }
    static const double shares[] = {0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95};
    enum { STARTS = sizeof shares / sizeof *shares + 1 };
    double best = -INFINITY;
    for (size_t s = 0; s < STARTS; s++) {
        double q[CP_DIST_PARAMETERS_MAX];
        size_t k = s + 1 < STARTS ? (size_t)(shares[s] * (double)em.n) : widest_gap(&em);
        split(&em, k > 0 ? k : 1, sd_all, q);
        if (!run(&em, sd_all, SEARCH_STEPS, q))
            continue;
        double value = likelihood(&em, q);
        if (value > best) {
            best = value;
            memcpy(p, q, sizeof q);
        }
    }
    return isfinite(best);
}

/* The component with the smaller meanlog is the first: a name that does not depend on the start. */
static void put_in_order(double *p)
{
    if (p[MIXTURE_MEANLOG_1] <= p[MIXTURE_MEANLOG_2])
        return;
    const double swapped[] = {1 - p[MIXTURE_WEIGHT], p[MIXTURE_MEANLOG_2], p[MIXTURE_SDLOG_2],
                              p[MIXTURE_MEANLOG_1], p[MIXTURE_SDLOG_1]};
    memcpy(p, swapped, sizeof swapped);
}

/* Two components must earn their three parameters. */
static bool is_better_than_one(const struct cp_dist_data *data, const struct cp_dist *two)
{
    struct cp_dist_fit one = {.dist.family = cp_dist_family(CP_DIST_LOGNORMAL)};
    if (cp_lognormal_fit(data, &one))
        return true;
    double gain = 2 * (cp_dist_log_likelihood(two, data) - cp_dist_log_likelihood(&one.dist, data));
    double n = (double)(data->n_seen + data->n_censored);
    double price = 2 * (5 - 2) + 2 * 5 * 6 / (n - 6) - 2 * 2 * 3 / (n - 3);
    return gain > price && gain > gsl_cdf_chisq_Pinv(gate_level, gate_degrees);
}

/* Of one value's log density with respect to weight, meanlog and sdlog of one component, were it
 * that component's alone: first, and second plus their outer product. */
struct part {
    double first[3], second[3][3];
};

static struct part part_of(const double *p, size_t j, double y)
{
    double s = p[MIXTURE_SDLOG_1 + 2 * j];
    double z = (y - p[MIXTURE_MEANLOG_1 + 2 * j]) / s;
    struct part part = {
        .first = {j == 0 ? 1 / p[MIXTURE_WEIGHT] : -1 / (1 - p[MIXTURE_WEIGHT]), z / s,
                  (z * z - 1) / s},
        .second = {{0, 0, 0},
                   {0, -1 / (s * s), -2 * z / (s * s)},
                   {0, 0, (1 - 3 * z * z) / (s * s)}},
    };
    for (size_t a = 0; a < 3; a++) {
        for (size_t b = a; b < 3; b++)
            part.second[a][b] += part.first[a] * part.first[b];
    }
    part.second[0][0] = 0; /* the density is linear in the weight */
    return part;
}

/* Louis (1982): the mixed second derivatives minus the outer product of the mixed first ones. */
static void derivatives(const void *context, const double *x, double gradient[CP_OPTIMUM_MAX],
                        double hessian[CP_OPTIMUM_MAX][CP_OPTIMUM_MAX])
{
    static const size_t places[COMPONENTS][3] = {
        {MIXTURE_WEIGHT, MIXTURE_MEANLOG_1, MIXTURE_SDLOG_1},
        {MIXTURE_WEIGHT, MIXTURE_MEANLOG_2, MIXTURE_SDLOG_2},
    };
    const struct cp_dist_question *q = context;
    for (size_t i = 0; i < q->data->n_seen; i++) {
        double y = log(q->data->seen[i]);
        double score[CP_OPTIMUM_MAX] = {0};
        double share = 1 / (1 + exp(log_part(x, 1, y) - log_part(x, 0, y)));
        for (size_t j = 0; j < COMPONENTS; j++) {
            const struct part part = part_of(x, j, y);
            double r = j == 0 ? share : 1 - share;
            for (size_t a = 0; a < 3; a++) {
                score[places[j][a]] += r * part.first[a];
                for (size_t b = a; b < 3; b++)
                    hessian[places[j][a]][places[j][b]] += r * part.second[a][b];
            }
        }
        for (size_t a = 0; a < CP_OPTIMUM_MAX; a++) {
            gradient[a] += score[a];
            for (size_t b = a; b < CP_OPTIMUM_MAX; b++)
                hessian[a][b] -= score[a] * score[b];
        }
    }
    for (size_t a = 0; a < CP_OPTIMUM_MAX; a++) {
        for (size_t b = 0; b < a; b++)
            hessian[a][b] = hessian[b][a];
    }
}

static enum cp_code fit_logs(const struct cp_dist_data *data, const struct em *em,
                             struct cp_dist_fit *fit)
{
    static const char degenerate[] = "one of the two components shrinks to a few values";
    double *p = fit->dist.parameters;
    double sd_all = spread(em);
    if (data->start && data->start->family == fit->asked) {
        memcpy(p, data->start->parameters, sizeof fit->dist.parameters);
        /* a refit whose component shrinks is the likeliest law that does not: a bootstrap without
         * those would be one of another law */
        (void)run(em, sd_all, REFIT_STEPS, p);
        return CP_OK;
    }
    if (!search(em, sd_all, p) || !run(em, sd_all, FINAL_STEPS, p))
        return cp_dist_refuse(fit, CP_ENUMERIC, degenerate);
    if (!is_better_than_one(data, &fit->dist))
        return cp_dist_refuse(fit, CP_ENUMERIC, "two components are not better than one");
    put_in_order(p);
    if (!cp_dist_polish(data, derivatives, fit) || !is_sound(em, p, sd_all))
        return cp_dist_refuse(fit, CP_ENUMERIC, degenerate);
    return CP_OK;
}

enum cp_code cp_two_lognormal_fit(const struct cp_dist_data *data, struct cp_dist_fit *fit)
{
    double *y = calloc(data->n_seen, sizeof *y);
    if (!y)
        return cp_dist_refuse(fit, CP_ENOMEM, "out of memory");
    for (size_t i = 0; i < data->n_seen; i++)
        y[i] = log(data->seen[i]);
    struct em em = {.y = y, .n = data->n_seen, .n_censored = (double)data->n_censored};
    if (data->n_censored > 0)
        em.log_at = log(data->censored_at);
    enum cp_code code = fit_logs(data, &em, fit);
    free(y);
    return code;
}
