/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/memory_law.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/parallel.h"
#include "model/stat/bootstrap.h"
#include "model/stat/moments.h"
#include "model/stat/quantile.h"

enum { GROUP_MIN = 5, SIZES_MIN = 3, REPS_MIN = 40 };

/* Of so many values the mean of a resample is drawn from its normal limit: a skewness of 10 moves
 * an end of the interval by less than a tenth of the standard error, and drawing all values would
 * take seconds. */
enum { NORMAL_MEAN_MIN = 10000 };

static const double relative_se_floor = 0.001;
static const double lack_of_fit_limit = 3;
static const double aicc_tie = 2;
/* Leave-one-out errors closer than this share of the SE: a smaller share lets scatter choose bent
 * curves, a larger one keeps c = 1 where it is visibly wrong (simulated with c = 0.7 to 1.3). */
static const double tie_of_se = 0.25;
static const double confidence = 0.95;

struct refit {
    double a_ms, b_ms, c, cap_mb; /* NAN where the replicate has no fit */
};

struct cp_memory_refits {
    size_t reps, n;
    struct cp_memory_point points[CP_MEMORY_POINTS_MAX]; /* n, ascending memory */
    double *draws;          /* n x reps bootstrap quantiles, those of one size together */
    struct refit *of_curve; /* reps */
};

static void refits_free(struct cp_memory_refits *refits)
{
    if (!refits)
        return;
    free(refits->draws);
    free(refits->of_curve);
    free(refits);
}

void cp_memory_law_clear(struct cp_memory_law *law)
{
    refits_free(law->refits);
    law->refits = NULL;
}

/* One fit in progress. */
struct work {
    const struct cp_memory_law_options *options;
    const struct cp_memory_group *used[CP_MEMORY_POINTS_MAX]; /* ascending memory */
    struct cp_memory_point points[CP_MEMORY_POINTS_MAX];
    struct cp_moments moments[CP_MEMORY_POINTS_MAX]; /* of used, for the mean */
    size_t n;                                        /* of all three */
    size_t reps;
    struct cp_memory_refits *refits;
    double *column;                 /* reps, scratch */
    double *pooled;                 /* room for all samples used, ascending */
    struct cp_memory_choice choice; /* the replicates choose again */
    struct cp_memory_curve curve;   /* the chosen one */
};

static void work_clear(struct work *w)
{
    refits_free(w->refits);
    free(w->column);
    free(w->pooled);
}

/* The quantile or the mean of one size. */
static double statistic_of(const struct cp_memory_law_options *options,
                           const struct cp_memory_group *g)
{
    return options->is_mean ? cp_moments_of(g->sorted_ms, g->n).mean
                            : cp_quantile(g->sorted_ms, g->n, options->q, 8);
}

static bool is_usable(const struct cp_memory_law_options *options, const struct cp_memory_group *g)
{
    if (g->is_excluded || g->n < GROUP_MIN || g->memory_size_mb <= 0)
        return false;
    if (!options->is_mean && cp_quantile_position(g->n, options->q, 8).rank >= g->n)
        return false;
    double value = statistic_of(options, g);
    return value > 0 && isfinite(value);
}

static void insert(struct work *w, const struct cp_memory_group *g)
{
    size_t i = w->n++;
    for (; i > 0 && w->used[i - 1]->memory_size_mb > g->memory_size_mb; i--)
        w->used[i] = w->used[i - 1];
    w->used[i] = g;
}

static enum cp_code use_groups(struct work *w, const struct cp_memory_group *groups, size_t n)
{
    if (n > CP_MEMORY_POINTS_MAX)
        return CP_ELIMIT;
    for (size_t i = 0; i < n; i++) {
        if (!cp_sort_is_sorted(groups[i].sorted_ms, groups[i].n))
            return CP_EINVAL;
        if (is_usable(w->options, &groups[i]))
            insert(w, &groups[i]);
    }
    return CP_OK;
}

/* Samples of the sizes in use; sizes may still drop out. */
static size_t n_pooled(const struct work *w)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n; i++)
        n += w->used[i]->n;
    return n;
}

static enum cp_code allocate(struct work *w)
{
    struct cp_memory_refits *refits = calloc(1, sizeof *refits);
    w->refits = refits;
    if (!refits)
        return CP_ENOMEM;
    size_t n_samples = n_pooled(w);
    refits->draws = calloc(w->reps * w->n + 1, sizeof *refits->draws);
    refits->of_curve = calloc(w->reps, sizeof *refits->of_curve);
    w->column = calloc(w->reps, sizeof *w->column);
    w->pooled = calloc(n_samples + 1, sizeof *w->pooled);
    return refits->draws && refits->of_curve && w->column && w->pooled ? CP_OK : CP_ENOMEM;
}

static double resampled_mean(const struct cp_memory_group *g, const struct cp_moments *moments,
                             struct cp_rng *rng)
{
    double n = (double)g->n;
    double sum = 0;
    if (g->n >= NORMAL_MEAN_MIN)
        return moments->mean + moments->sd * sqrt(n - 1) / n * cp_rng_normal(rng);
    for (size_t i = 0; i < g->n; i++)
        sum += g->sorted_ms[cp_rng_below(rng, g->n)];
    return sum / n;
}

static void draw_one(const void *context, struct cp_rng *rng, void *scratch, double *out)
{
    const struct work *w = context;
    (void)scratch;
    for (size_t i = 0; i < w->n; i++) {
        const struct cp_memory_group *g = w->used[i];
        out[i] = w->options->is_mean
                     ? resampled_mean(g, &w->moments[i], rng)
                     : cp_bootstrap_quantile(g->sorted_ms, g->n, w->options->q, rng);
    }
}

static enum cp_code draw_quantiles(struct work *w)
{
    struct cp_error err;
    for (size_t i = 0; w->options->is_mean && i < w->n; i++)
        w->moments[i] = cp_moments_of(w->used[i]->sorted_ms, w->used[i]->n);
    const struct cp_bootstrap_options options = {
        .reps = w->reps,
        .seed = w->options->seed,
        .n_threads = w->options->n_threads,
        .n_outputs = w->n,
    };
    return cp_bootstrap_draw(&options, draw_one, w, w->refits->draws, &err);
}

static const double *draws_of(const struct cp_memory_refits *refits, size_t i)
{
    return refits->draws + i * refits->reps;
}

/* A size whose quantile may lie among censored or zero values has no SE: it leaves the fit.
 * Returns whether one was dropped (the draws must then be made anew for those that stay). */
static bool drop_censored(struct work *w)
{
    size_t kept = 0;
    for (size_t i = 0; i < w->n; i++) {
        const double *draws = w->refits->draws + i * w->reps;
        bool is_measured = true;
        for (size_t r = 0; r < w->reps && is_measured; r++)
            is_measured = draws[r] > 0 && isfinite(draws[r]);
        if (is_measured)
            w->used[kept++] = w->used[i];
    }
    bool is_dropped = kept < w->n;
    w->n = kept;
    return is_dropped;
}

static double relative_se(const double *draws, size_t reps, double value)
{
    double mean = 0;
    double sum2 = 0;
    for (size_t r = 0; r < reps; r++)
        mean += draws[r] / (double)reps;
    for (size_t r = 0; r < reps; r++)
        sum2 += (draws[r] - mean) * (draws[r] - mean);
    return sqrt(sum2 / (double)(reps - 1)) / value;
}

/* Values and weights of the sizes: relative SE = c / sqrt(n) with one common c (root mean square
 * over the sizes), not below the floor. */
static void weigh_points(struct work *w, struct cp_memory_law *law)
{
    double c2 = 0;
    for (size_t i = 0; i < w->n; i++) {
        const struct cp_memory_group *g = w->used[i];
        w->points[i].memory_mb = g->memory_size_mb;
        w->points[i].value = statistic_of(w->options, g);
        double se = relative_se(w->refits->draws + i * w->reps, w->reps, w->points[i].value);
        c2 += se * se * (double)g->n / (double)w->n;
    }
    law->relative_se = 0;
    for (size_t i = 0; i < w->n; i++) {
        double se = fmax(sqrt(c2 / (double)w->used[i]->n), relative_se_floor);
        w->points[i].weight = 1 / (se * se);
        law->relative_se += se / (double)w->n;
    }
    w->refits->reps = w->reps;
    w->refits->n = w->n;
    memcpy(w->refits->points, w->points, w->n * sizeof *w->points);
}

static void refit_one(void *context, size_t r)
{
    struct work *w = context;
    struct cp_memory_point points[CP_MEMORY_POINTS_MAX];
    memcpy(points, w->points, w->n * sizeof *points);
    for (size_t i = 0; i < w->n; i++)
        points[i].value = draws_of(w->refits, i)[r];
    struct cp_memory_curve curve = cp_memory_curve_choose_again(&w->choice, points, w->n);
    w->refits->of_curve[r] = (struct refit){curve.a, curve.b, curve.c, curve.cap_mb};
}

/* 95 % interval of the double at `offset` of each refit. */
static void set_interval(struct work *w, size_t offset, double *low, double *high)
{
    for (size_t r = 0; r < w->reps; r++)
        w->column[r] =
            *(const double *)(const void *)((const char *)&w->refits->of_curve[r] + offset);
    cp_bootstrap_interval(w->column, w->reps, confidence, low, high);
}

/* One quantile of all samples of the sizes used, with its exact interval. */
static void pool_quantile(struct work *w, struct cp_memory_law *law)
{
    size_t at = 0;
    for (size_t i = 0; i < w->n; i++) {
        memcpy(w->pooled + at, w->used[i]->sorted_ms, w->used[i]->n * sizeof *w->pooled);
        at += w->used[i]->n;
    }
    cp_sort(w->pooled, at);
    struct cp_estimate e = cp_quantile_estimate(w->pooled, at, w->options->q, confidence);
    law->a_ms = e.value;
    law->a_low_ms = e.low;
    law->a_high_ms = e.high;
}

/* Their mean, from the sizes' means and resampled means. */
static void pool_mean(struct work *w, struct cp_memory_law *law)
{
    double n = (double)n_pooled(w);
    law->a_ms = 0;
    for (size_t r = 0; r < w->reps; r++)
        w->column[r] = 0;
    for (size_t i = 0; i < w->n; i++) {
        double share = (double)w->used[i]->n / n;
        law->a_ms += share * w->points[i].value;
        for (size_t r = 0; r < w->reps; r++)
            w->column[r] += share * draws_of(w->refits, i)[r];
    }
    cp_bootstrap_interval(w->column, w->reps, confidence, &law->a_low_ms, &law->a_high_ms);
}

static void set_constant(struct work *w, struct cp_memory_law *law)
{
    if (w->options->is_mean)
        pool_mean(w, law);
    else
        pool_quantile(w, law);
    w->curve = cp_memory_curve_fit(CP_MEMORY_LAW_CONSTANT, w->points, w->n, INFINITY);
    law->kind = CP_MEMORY_LAW_CONSTANT;
    law->cap_mb = INFINITY;
    law->aicc = w->curve.aicc;
    law->b_ms = 0;
    law->c = 1;
    law->b_low_ms = NAN;
    law->b_high_ms = NAN;
}

static void set_curve(struct work *w, struct cp_memory_law *law)
{
    const struct cp_memory_curve *curve = &w->curve;
    cp_parallel(w->reps, w->options->n_threads, refit_one, w);
    law->kind = curve->kind;
    law->cap_mb = curve->cap_mb;
    law->aicc = curve->aicc;
    law->a_ms = curve->a;
    law->b_ms = curve->b;
    law->c = curve->c;
    set_interval(w, offsetof(struct refit, a_ms), &law->a_low_ms, &law->a_high_ms);
    set_interval(w, offsetof(struct refit, b_ms), &law->b_low_ms, &law->b_high_ms);
    if (curve->kind != CP_MEMORY_LAW_INVERSE)
        set_interval(w, offsetof(struct refit, c), &law->c_low, &law->c_high);
}

/* Whether memory explains an init duration; an undefined AICc proves nothing. */
static bool is_proven(const struct work *w, const struct cp_memory_law *law)
{
    struct cp_memory_curve constant =
        cp_memory_curve_fit(CP_MEMORY_LAW_CONSTANT, w->points, w->n, INFINITY);
    return law->aicc < constant.aicc - aicc_tie && law->b_low_ms > 0;
}

static enum cp_code choose_member(struct work *w, struct cp_memory_law *law)
{
    bool is_init = w->options->is_init;
    const struct cp_memory_choice_options choice = {
        .is_exponent_allowed = w->options->is_mean || fabs(w->options->q - 0.5) < 1e-9,
        .tie_log_error = tie_of_se * law->relative_se,
    };
    enum cp_code status = cp_memory_curve_choose(w->points, w->n, &choice, &w->choice);
    if (status)
        return status;
    if (is_init) { /* or constant: see below */
        w->choice.n = 1;
        w->choice.chosen = 0;
    }
    w->curve = w->choice.curves[w->choice.chosen];
    if (w->curve.b > 0) {
        set_curve(w, law);
        if (!is_init || is_proven(w, law))
            return CP_OK;
    }
    set_constant(w, law);
    return CP_OK;
}

static double curve_ms(const struct refit *refit, double memory_mb)
{
    const struct cp_memory_curve curve = {
        .a = refit->a_ms, .b = refit->b_ms, .c = refit->c, .cap_mb = refit->cap_mb};
    return cp_memory_curve_at(&curve, memory_mb);
}

static double own_curve_ms(const struct cp_memory_law *law, double memory_mb)
{
    return curve_ms(&(struct refit){law->a_ms, law->b_ms, law->c, law->cap_mb}, memory_mb);
}

/* Mean |log(interpolated / measured)| of the inner sizes, each left out once. */
static double interpolation_left_out(const struct work *w)
{
    struct cp_memory_point others[CP_MEMORY_POINTS_MAX];
    double sum = 0;
    size_t count = 0;
    memcpy(others, w->points, w->n * sizeof *others);
    for (size_t i = 1; i + 1 < w->n; i++) {
        struct cp_monotone without;
        others[i].weight = 0;
        cp_monotone_fit(others, w->n, &without);
        others[i].weight = w->points[i].weight;
        double at = cp_monotone_at(&without, w->points[i].memory_mb);
        if (isnan(at)) /* too few sizes */
            continue;
        sum += fabs(log(at / w->points[i].value));
        count++;
    }
    return count ? sum / (double)count : NAN;
}

/* A curve bent by the points' scatter does no harm to a prediction, but one that contradicts them
 * does. For init there is nothing between "constant" and "follows memory". */
static bool is_interpolation_better(const struct work *w, const struct cp_memory_law *law)
{
    if (!law->is_lack_of_fit || (w->options->is_init && law->kind == CP_MEMORY_LAW_CONSTANT))
        return false;
    return isnan(law->leave_one_out_log_error) ||
           law->interpolation_log_error < law->leave_one_out_log_error;
}

static void describe_fit(const struct work *w, struct cp_memory_law *law)
{
    struct cp_memory_left_out left = cp_memory_curve_leave_one_out(&w->curve, w->points, w->n);
    law->n_sizes = w->n;
    law->leave_one_out_log_error = left.mean;
    law->lack_of_fit = isnan(left.standard) ? 0 : left.standard;
    for (size_t i = 0; i < w->n; i++) {
        double residual = log(w->points[i].value / own_curve_ms(law, w->points[i].memory_mb));
        law->lack_of_fit = fmax(law->lack_of_fit, fabs(residual) * sqrt(w->points[i].weight));
    }
    law->n_samples = n_pooled(w);
    law->min_mb = w->used[0]->memory_size_mb;
    law->max_mb = w->used[w->n - 1]->memory_size_mb;
    law->is_lack_of_fit = law->lack_of_fit > lack_of_fit_limit;
    cp_monotone_fit(w->points, w->n, &law->interpolation);
    law->interpolation_log_error = interpolation_left_out(w);
    law->is_interpolated = is_interpolation_better(w, law);
}

static struct cp_memory_law no_law(enum cp_code status, double q)
{
    return (struct cp_memory_law){
        .status = status,
        .q = q,
        .a_ms = NAN,
        .b_ms = NAN,
        .c = NAN,
        .a_low_ms = NAN,
        .a_high_ms = NAN,
        .b_low_ms = NAN,
        .b_high_ms = NAN,
        .c_low = NAN,
        .c_high = NAN,
        .cap_mb = NAN,
        .aicc = NAN,
        .relative_se = NAN,
        .lack_of_fit = NAN,
        .leave_one_out_log_error = NAN,
        .interpolation_log_error = NAN,
    };
}

static enum cp_code fit(struct work *w, struct cp_memory_law *law)
{
    enum cp_code status = w->n < SIZES_MIN ? CP_ENODATA : allocate(w);
    if (status)
        return status;
    do
        status = draw_quantiles(w);
    while (status == CP_OK && drop_censored(w) && w->n > 0);
    if (status)
        return status;
    if (w->n < SIZES_MIN)
        return CP_ENODATA;
    weigh_points(w, law);
    status = choose_member(w, law);
    if (status)
        return status;
    describe_fit(w, law);
    return CP_OK;
}

void cp_memory_law_fit(const struct cp_memory_group *groups, size_t n_groups,
                       const struct cp_memory_law_options *options, struct cp_memory_law *law)
{
    int reps = options->bootstrap_reps ? options->bootstrap_reps : CP_MEMORY_LAW_REPS;
    struct work w = {.options = options};
    double q = options->is_mean ? NAN : options->q;
    *law = no_law(CP_EINVAL, q);
    if (!(options->is_mean || (q > 0 && q < 1)) || reps < REPS_MIN)
        return;
    w.reps = (size_t)reps;
    enum cp_code status = use_groups(&w, groups, n_groups);
    if (status == CP_OK)
        status = fit(&w, law);
    if (status)
        *law = no_law(status, q);
    else
        law->status = CP_OK;
    if (status == CP_OK && options->keep_refits) {
        law->refits = w.refits;
        w.refits = NULL;
    }
    work_clear(&w);
}

static bool is_in_range(const struct cp_memory_law *law, double memory_mb)
{
    if (law->status || !(memory_mb >= law->min_mb))
        return false;
    return memory_mb <= law->max_mb || law->max_mb >= law->cap_mb;
}

double cp_memory_law_at(const struct cp_memory_law *law, double memory_mb)
{
    if (!is_in_range(law, memory_mb))
        return NAN;
    if (!law->is_interpolated)
        return own_curve_ms(law, memory_mb);
    return cp_monotone_at(&law->interpolation, fmin(memory_mb, law->max_mb));
}

static double refit_at(const struct cp_memory_law *law, size_t r, double memory_mb)
{
    const struct cp_memory_refits *refits = law->refits;
    struct cp_memory_point points[CP_MEMORY_POINTS_MAX];
    struct cp_monotone interpolation;
    if (!law->is_interpolated)
        return curve_ms(&refits->of_curve[r], memory_mb);
    memcpy(points, refits->points, refits->n * sizeof *points);
    for (size_t i = 0; i < refits->n; i++)
        points[i].value = draws_of(refits, i)[r];
    cp_monotone_fit(points, refits->n, &interpolation);
    return cp_monotone_at(&interpolation, fmin(memory_mb, law->max_mb));
}

static bool set_prediction_interval(const struct cp_memory_law *law, struct cp_interval *p,
                                    double memory_mb)
{
    size_t n = law->refits ? law->refits->reps : 0;
    double *values = calloc(n + 1, sizeof *values);
    if (!values)
        return false;
    for (size_t r = 0; r < n; r++)
        values[r] = refit_at(law, r, memory_mb);
    cp_bootstrap_interval(values, n, confidence, &p->low, &p->high);
    free(values);
    return true;
}

/* A curve that does not fit is off by more than the bootstrap knows: by its leave-one-out error, as
 * the half-width of 95 % of log values (of a normal law 1.96 sd = 1.96 sqrt(pi / 2) mean |x|). */
static double misfit_of(const struct cp_memory_law *law)
{
    double error =
        law->is_interpolated ? law->interpolation_log_error : law->leave_one_out_log_error;
    bool is_known = law->status == CP_OK && law->is_lack_of_fit && !isnan(error);
    return is_known ? 1.96 * 1.2533 * error : 0;
}

struct cp_interval cp_memory_law_predict(const struct cp_memory_law *law, double memory_mb)
{
    struct cp_interval p = {cp_memory_law_at(law, memory_mb), NAN, NAN};
    if (isnan(p.value))
        return p;
    if (law->kind == CP_MEMORY_LAW_CONSTANT && !law->is_interpolated) {
        p.low = law->a_low_ms;
        p.high = law->a_high_ms;
    } else if (!set_prediction_interval(law, &p, memory_mb)) {
        return p;
    }
    double misfit = misfit_of(law);
    p.low = p.value * exp(-hypot(log(p.value / p.low), misfit));
    p.high = p.value * exp(hypot(log(p.high / p.value), misfit));
    return p;
}

static const char *const formulas[CP_MEMORY_LAW_KINDS][2] = {
    /* without and with a cap */
    [CP_MEMORY_LAW_CONSTANT] = {"a", "a"},
    [CP_MEMORY_LAW_INVERSE] = {"a + b * 1024 / m", "a + b * 1024 / min(m, cap)"},
    [CP_MEMORY_LAW_POWER] = {"b * (1024 / m)^c", "b * (1024 / min(m, cap))^c"},
    [CP_MEMORY_LAW_EXPONENT] = {"a + b * (1024 / m)^c", "a + b * (1024 / min(m, cap))^c"},
};

const char *cp_memory_law_formula(const struct cp_memory_law *law)
{
    return law->status ? "" : formulas[law->kind][isfinite(law->cap_mb)];
}

size_t cp_memory_law_parameters(const struct cp_memory_law *law,
                                struct cp_parameter out[CP_PARAMETERS_MAX])
{
    size_t n = 0;
    if (law->status)
        return 0;
    bool is_constant = law->kind == CP_MEMORY_LAW_CONSTANT;
    bool is_bent = law->kind == CP_MEMORY_LAW_POWER || law->kind == CP_MEMORY_LAW_EXPONENT;
    const char *method = is_constant && !isnan(law->q)
                             ? "exact order statistics of the pooled sample"
                             : "percentile bootstrap, stratified by memory size";
    if (law->kind != CP_MEMORY_LAW_POWER)
        out[n++] = (struct cp_parameter){
            "a", "ms", {law->a_ms, law->a_low_ms, law->a_high_ms}, confidence, method};
    if (!is_constant)
        out[n++] = (struct cp_parameter){
            "b", "ms at 1,024 MB", {law->b_ms, law->b_low_ms, law->b_high_ms}, confidence, method};
    if (is_bent)
        out[n++] =
            (struct cp_parameter){"c", "", {law->c, law->c_low, law->c_high}, confidence, method};
    if (isfinite(law->cap_mb))
        out[n++] = (struct cp_parameter){"cap", "MB", {law->cap_mb, NAN, NAN}, 0, ""};
    return n;
}
