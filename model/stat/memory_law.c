/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/memory_law.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/stat/bootstrap.h"
#include "model/stat/memory_curve.h"
#include "model/stat/quantile.h"

enum { GROUP_MIN = 5, SIZES_MIN = 3, REPS_MIN = 40 };

static const double relative_se_floor = 0.001;
static const double lack_of_fit_limit = 3;
static const double aicc_tie = 2;
static const double confidence = 0.95;

/* One fit in progress. */
struct work {
    const struct cp_memory_group *used[CP_MEMORY_POINTS_MAX];
    struct cp_memory_point points[CP_MEMORY_POINTS_MAX];
    size_t n; /* of both */
    double q;
    uint64_t seed;
    size_t reps;
    double *draws;                          /* reps x n bootstrap quantiles, row by replicate */
    struct cp_memory_replicate *replicates; /* reps */
    double *column;                         /* reps, scratch */
    double *pooled;                         /* all samples used, ascending; n_pooled */
    size_t n_pooled;
};

static void work_clear(struct work *w)
{
    free(w->draws);
    free(w->replicates);
    free(w->column);
    free(w->pooled);
}

static bool is_usable(const struct cp_memory_group *g, double q)
{
    if (g->is_excluded || g->n < GROUP_MIN || g->memory_size_mb <= 0)
        return false;
    if (cp_quantile_position(g->n, q, 8).rank >= g->n)
        return false;
    double value = cp_quantile(g->sorted_ms, g->n, q, 8);
    return value > 0 && isfinite(value);
}

static enum cp_code use_groups(struct work *w, const struct cp_memory_group *groups, size_t n)
{
    if (n > CP_MEMORY_POINTS_MAX)
        return CP_ELIMIT;
    for (size_t i = 0; i < n; i++) {
        if (!cp_sort_is_sorted(groups[i].sorted_ms, groups[i].n))
            return CP_EINVAL;
        if (is_usable(&groups[i], w->q))
            w->used[w->n++] = &groups[i];
    }
    return CP_OK;
}

static enum cp_code allocate(struct work *w)
{
    for (size_t i = 0; i < w->n; i++)
        w->n_pooled += w->used[i]->n;
    w->draws = calloc(w->reps * w->n + 1, sizeof *w->draws);
    w->replicates = calloc(w->reps, sizeof *w->replicates);
    w->column = calloc(w->reps, sizeof *w->column);
    w->pooled = calloc(w->n_pooled + 1, sizeof *w->pooled);
    return w->draws && w->replicates && w->column && w->pooled ? CP_OK : CP_ENOMEM;
}

static void draw_quantiles(struct work *w)
{
    for (size_t r = 0; r < w->reps; r++) {
        struct cp_rng rng;
        cp_rng_init(&rng, w->seed, r);
        for (size_t i = 0; i < w->n; i++)
            w->draws[r * w->n + i] =
                cp_bootstrap_quantile(w->used[i]->sorted_ms, w->used[i]->n, w->q, &rng);
    }
}

/* A size whose quantile may lie among censored or zero values has no SE: it leaves the fit.
 * Returns whether one was dropped (the draws must then be made anew for those that stay). */
static bool drop_censored(struct work *w)
{
    size_t kept = 0;
    for (size_t i = 0; i < w->n; i++) {
        bool is_measured = true;
        for (size_t r = 0; r < w->reps && is_measured; r++) {
            double value = w->draws[r * w->n + i];
            is_measured = value > 0 && isfinite(value);
        }
        if (is_measured)
            w->used[kept++] = w->used[i];
    }
    bool is_dropped = kept < w->n;
    w->n = kept;
    return is_dropped;
}

static double relative_se(const struct work *w, size_t i, double value)
{
    double mean = 0;
    double sum2 = 0;
    for (size_t r = 0; r < w->reps; r++)
        mean += w->draws[r * w->n + i] / (double)w->reps;
    for (size_t r = 0; r < w->reps; r++) {
        double d = w->draws[r * w->n + i] - mean;
        sum2 += d * d;
    }
    return sqrt(sum2 / (double)(w->reps - 1)) / value;
}

/* Values and weights of the sizes: relative SE = c / sqrt(n) with one common c (root mean square
 * over the sizes), not below the floor. */
static void weigh_points(struct work *w)
{
    double c2 = 0;
    for (size_t i = 0; i < w->n; i++) {
        const struct cp_memory_group *g = w->used[i];
        w->points[i].memory_mb = g->memory_size_mb;
        w->points[i].value = cp_quantile(g->sorted_ms, g->n, w->q, 8);
        double se = relative_se(w, i, w->points[i].value);
        c2 += se * se * (double)g->n / (double)w->n;
    }
    for (size_t i = 0; i < w->n; i++) {
        double se = fmax(sqrt(c2 / (double)w->used[i]->n), relative_se_floor);
        w->points[i].weight = 1 / (se * se);
    }
}

/* Refits each replicate with the chosen cap. */
static enum cp_code fit_replicates(struct work *w, double cap_mb)
{
    struct cp_memory_point points[CP_MEMORY_POINTS_MAX];
    memcpy(points, w->points, w->n * sizeof *points);
    for (size_t r = 0; r < w->reps; r++) {
        for (size_t i = 0; i < w->n; i++)
            points[i].value = w->draws[r * w->n + i];
        struct cp_memory_curve curve = cp_memory_curve_capped(points, w->n, cap_mb);
        if (curve.status)
            return curve.status;
        w->replicates[r] = (struct cp_memory_replicate){curve.a, curve.b};
    }
    return CP_OK;
}

static void set_intervals(struct work *w, struct cp_memory_law *law)
{
    for (size_t r = 0; r < w->reps; r++)
        w->column[r] = w->replicates[r].a_ms;
    cp_bootstrap_interval(w->column, w->reps, confidence, &law->a_low_ms, &law->a_high_ms);
    for (size_t r = 0; r < w->reps; r++)
        w->column[r] = w->replicates[r].b_ms;
    cp_bootstrap_interval(w->column, w->reps, confidence, &law->b_low_ms, &law->b_high_ms);
}

/* The constant member: one quantile of all samples of the sizes used. */
static void set_constant(struct work *w, struct cp_memory_law *law)
{
    size_t at = 0;
    for (size_t i = 0; i < w->n; i++) {
        memcpy(w->pooled + at, w->used[i]->sorted_ms, w->used[i]->n * sizeof *w->pooled);
        at += w->used[i]->n;
    }
    cp_sort(w->pooled, at);
    struct cp_estimate e = cp_quantile_estimate(w->pooled, at, w->q, confidence);
    law->kind = CP_MEMORY_LAW_CONSTANT;
    law->cap_mb = INFINITY;
    law->aicc = cp_memory_curve_constant(w->points, w->n).aicc;
    law->a_ms = e.value;
    law->a_low_ms = e.low;
    law->a_high_ms = e.high;
    law->b_ms = 0;
    law->b_low_ms = NAN;
    law->b_high_ms = NAN;
}

static enum cp_code set_inverse(struct work *w, const struct cp_memory_curve *curve,
                                struct cp_memory_law *law)
{
    enum cp_code status = fit_replicates(w, curve->cap_mb);
    if (status)
        return status;
    law->kind = CP_MEMORY_LAW_INVERSE;
    law->cap_mb = curve->cap_mb;
    law->aicc = curve->aicc;
    law->a_ms = curve->a;
    law->b_ms = curve->b;
    law->leave_one_out_log_error = cp_memory_curve_leave_one_out(w->points, w->n, curve->cap_mb);
    set_intervals(w, law);
    return CP_OK;
}

/* Whether memory explains an init duration; an undefined AICc proves nothing. */
static bool is_proven(const struct work *w, const struct cp_memory_law *law)
{
    struct cp_memory_curve constant = cp_memory_curve_constant(w->points, w->n);
    return law->aicc < constant.aicc - aicc_tie && law->b_low_ms > 0;
}

static enum cp_code choose_member(struct work *w, bool is_init, struct cp_memory_law *law)
{
    struct cp_memory_curve curve = cp_memory_curve_best_cap(w->points, w->n);
    if (curve.status)
        return curve.status;
    if (curve.b > 0) {
        enum cp_code status = set_inverse(w, &curve, law);
        if (status)
            return status;
        if (!is_init || is_proven(w, law))
            return CP_OK;
        law->leave_one_out_log_error = NAN;
    }
    set_constant(w, law);
    return CP_OK;
}

static double curve_ms(const struct cp_memory_law *law, double memory_mb)
{
    return law->b_ms > 0 ? law->a_ms + law->b_ms * 1024 / fmin(memory_mb, law->cap_mb) : law->a_ms;
}

static void describe_fit(const struct work *w, struct cp_memory_law *law)
{
    law->n_sizes = w->n;
    law->lack_of_fit = 0;
    for (size_t i = 0; i < w->n; i++) {
        int mb = w->used[i]->memory_size_mb;
        double residual = log(w->points[i].value / curve_ms(law, mb));
        law->lack_of_fit = fmax(law->lack_of_fit, fabs(residual) * sqrt(w->points[i].weight));
        law->n_samples += w->used[i]->n;
        law->min_mb = i == 0 || mb < law->min_mb ? mb : law->min_mb;
        law->max_mb = mb > law->max_mb ? mb : law->max_mb;
    }
    law->is_lack_of_fit = law->lack_of_fit > lack_of_fit_limit;
}

static struct cp_memory_law no_law(enum cp_code status, double q)
{
    return (struct cp_memory_law){
        .status = status,
        .q = q,
        .a_ms = NAN,
        .b_ms = NAN,
        .a_low_ms = NAN,
        .a_high_ms = NAN,
        .b_low_ms = NAN,
        .b_high_ms = NAN,
        .cap_mb = NAN,
        .aicc = NAN,
        .lack_of_fit = NAN,
        .leave_one_out_log_error = NAN,
    };
}

static enum cp_code fit(struct work *w, bool is_init, struct cp_memory_law *law)
{
    enum cp_code status = w->n < SIZES_MIN ? CP_ENODATA : allocate(w);
    if (status)
        return status;
    do
        draw_quantiles(w);
    while (drop_censored(w));
    if (w->n < SIZES_MIN)
        return CP_ENODATA;
    weigh_points(w);
    status = choose_member(w, is_init, law);
    if (status)
        return status;
    describe_fit(w, law);
    return CP_OK;
}

void cp_memory_law_fit(const struct cp_memory_group *groups, size_t n_groups,
                       const struct cp_memory_law_options *options, struct cp_memory_law *law)
{
    int reps = options->bootstrap_reps ? options->bootstrap_reps : CP_MEMORY_LAW_REPS;
    struct work w = {.q = options->q, .seed = options->seed};
    *law = no_law(CP_EINVAL, options->q);
    if (!(options->q > 0 && options->q < 1) || reps < REPS_MIN)
        return;
    w.reps = (size_t)reps;
    enum cp_code status = use_groups(&w, groups, n_groups);
    if (status == CP_OK)
        status = fit(&w, options->is_init, law);
    if (status)
        *law = no_law(status, options->q);
    else
        law->status = CP_OK;
    if (status == CP_OK && options->replicates && law->kind == CP_MEMORY_LAW_INVERSE)
        memcpy(options->replicates, w.replicates, w.reps * sizeof *w.replicates);
    work_clear(&w);
}

double cp_memory_law_at(const struct cp_memory_law *law, double memory_mb)
{
    if (law->status || !(memory_mb >= law->min_mb))
        return NAN;
    if (memory_mb > law->max_mb && !(law->max_mb >= law->cap_mb))
        return NAN;
    return curve_ms(law, memory_mb);
}

bool cp_memory_law_interval_at(const struct cp_memory_law *law,
                               const struct cp_memory_replicate *replicates, size_t n,
                               double memory_mb, double *low_ms, double *high_ms)
{
    *low_ms = NAN;
    *high_ms = NAN;
    if (isnan(cp_memory_law_at(law, memory_mb)))
        return false;
    if (law->kind == CP_MEMORY_LAW_CONSTANT) {
        *low_ms = law->a_low_ms;
        *high_ms = law->a_high_ms;
        return !isnan(law->a_low_ms);
    }
    double *values = calloc(n + 1, sizeof *values);
    if (!values)
        return false;
    for (size_t i = 0; i < n; i++) {
        struct cp_memory_law one = *law;
        one.a_ms = replicates[i].a_ms;
        one.b_ms = replicates[i].b_ms;
        values[i] = curve_ms(&one, memory_mb);
    }
    cp_bootstrap_interval(values, n, confidence, low_ms, high_ms);
    free(values);
    return !isnan(*low_ms);
}
