/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/memory_tail.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/stat/binomial.h"
#include "model/stat/quantile.h"

enum { GROUP_MIN = 5, SIZES_MIN = 3 };

static const double confidence = 0.95;
static const double likelihood_tie = 4;
static const double uneven_level = 0.01;

/* One size's share of the pool. */
struct part {
    const double *sorted_ms;
    size_t n;
    double memory_mb, p50_ms;
    double *residuals; /* n, ascending, for the scale in work */
};

struct work {
    struct cp_memory_tail *tail;
    struct part parts[CP_MEMORY_POINTS_MAX];
    size_t n_parts;
    double *residuals; /* n_pooled, those of one part together */
    double *pooled;    /* n_pooled, scratch */
};

static double scale_at(const struct cp_memory_law *law, double memory_share, double memory_mb)
{
    if (!(memory_share > 0))
        return 1;
    double x = pow(1024 / fmin(memory_mb, law->cap_mb), law->c);
    return 1 - memory_share + memory_share * x;
}

static void use_groups(struct work *w, const struct cp_memory_group *groups, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct cp_memory_group *g = &groups[i];
        double p50 = cp_memory_law_at(&w->tail->p50, g->memory_size_mb);
        if (g->is_excluded || g->n < GROUP_MIN || !(p50 > 0))
            continue;
        w->parts[w->n_parts++] = (struct part){
            .sorted_ms = g->sorted_ms, .n = g->n, .memory_mb = g->memory_size_mb, .p50_ms = p50};
        w->tail->n_pooled += g->n;
    }
}

static enum cp_code allocate(struct work *w)
{
    size_t n = w->tail->n_pooled;
    w->residuals = calloc(n + 1, sizeof *w->residuals);
    w->pooled = calloc(n + 1, sizeof *w->pooled);
    if (!w->residuals || !w->pooled)
        return CP_ENOMEM;
    double *at = w->residuals;
    for (size_t i = 0; i < w->n_parts; i++) {
        w->parts[i].residuals = at;
        at += w->parts[i].n;
    }
    return CP_OK;
}

static void set_residuals(struct work *w, double memory_share)
{
    for (size_t i = 0; i < w->n_parts; i++) {
        struct part *p = &w->parts[i];
        double scale = scale_at(&w->tail->p50, memory_share, p->memory_mb);
        for (size_t j = 0; j < p->n; j++)
            p->residuals[j] = (p->sorted_ms[j] - p->p50_ms) / scale;
    }
}

/* All residuals but those of part `left_out` (n_parts: all), ascending, into w->pooled. */
static size_t pool(struct work *w, size_t left_out)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n_parts; i++) {
        if (i == left_out)
            continue;
        memcpy(w->pooled + n, w->parts[i].residuals, w->parts[i].n * sizeof *w->pooled);
        n += w->parts[i].n;
    }
    cp_sort(w->pooled, n);
    return n;
}

/* Of the values that are not censored. */
static double check_loss(const struct part *p, double q, double at)
{
    double sum = 0;
    for (size_t j = 0; j < p->n && isfinite(p->residuals[j]); j++) {
        double u = p->residuals[j] - at;
        sum += u * (u < 0 ? q - 1 : q);
    }
    return sum;
}

/* How far one part is from what the others predict. */
static double left_out_ratio(struct work *w, size_t i)
{
    double q = w->tail->q;
    size_t n = pool(w, i);
    const struct part *p = &w->parts[i];
    double loss = check_loss(p, q, cp_quantile(w->pooled, n, q, 8));
    double least = check_loss(p, q, cp_quantile(p->residuals, p->n, q, 8));
    return least > 0 && isfinite(loss) ? 2 * (double)p->n * (1 - q) * log(loss / least) : 0;
}

static double left_out_sum(struct work *w, double memory_share)
{
    double sum = 0;
    set_residuals(w, memory_share);
    for (size_t i = 0; i < w->n_parts; i++)
        sum += left_out_ratio(w, i);
    return sum;
}

static void choose_scale(struct work *w)
{
    static const double between[] = {0.05, 0.1, 0.2, 0.4, 0.7};
    double chosen = 0;
    double sum = left_out_sum(w, 0);
    if (w->tail->p50.b_ms > 0) {
        double all = left_out_sum(w, 1);
        double best = INFINITY;
        double best_share = 0;
        if (all < sum - likelihood_tie) {
            chosen = 1;
            sum = all;
        }
        for (size_t i = 0; i < sizeof between / sizeof between[0]; i++) {
            double mixed = left_out_sum(w, between[i]);
            best_share = mixed < best ? between[i] : best_share;
            best = fmin(best, mixed);
        }
        if (best < sum - likelihood_tie)
            chosen = best_share;
    }
    w->tail->memory_share = chosen;
    set_residuals(w, chosen);
}

/* Ranks of the exact interval. n is at least that of an upper bound: where the upper rank is
 * missing the largest value takes it, passed with probability q^n, and the lower tail gets the rest
 * of 5 %. */
static void exact_ranks(size_t n, double q, size_t *low, size_t *high)
{
    double coverage = 0;
    if (cp_quantile_ranks(n, q, confidence, low, high, &coverage))
        return;
    double left = 1 - confidence - pow(q, (double)n);
    *low = left > 0 ? cp_binomial_quantile(left, n, q) : 1;
    *low = *low > 0 ? *low : 1;
    *high = n;
}

static enum cp_code set_tail(struct work *w)
{
    struct cp_interval *tail = &w->tail->tail_ms;
    size_t low = 0;
    size_t high = 0;
    size_t n = pool(w, w->n_parts);
    exact_ranks(n, w->tail->q, &low, &high);
    tail->value = cp_quantile(w->pooled, n, w->tail->q, 8);
    tail->low = w->pooled[low - 1];
    tail->high = w->pooled[high - 1];
    return isfinite(tail->high) ? CP_OK : CP_ENODATA;
}

static double times_log(double k, double expected)
{
    return k > 0 ? k * log(k / expected) : 0;
}

/* Likelihood ratio of the counts beyond the tail against one common share. */
static void test_evenness(const struct work *w)
{
    struct cp_memory_tail *tail = w->tail;
    double k[CP_MEMORY_POINTS_MAX];
    double share = 0;
    double sum = 0;
    for (size_t i = 0; i < w->n_parts; i++) {
        k[i] = cp_sort_count_above(w->parts[i].residuals, w->parts[i].n, tail->tail_ms.value);
        share += k[i] / (double)tail->n_pooled;
    }
    for (size_t i = 0; i < w->n_parts && share > 0; i++) {
        double n = (double)w->parts[i].n;
        sum += 2 * (times_log(k[i], n * share) + times_log(n - k[i], n * (1 - share)));
    }
    tail->uneven_p = gsl_cdf_chisq_Q(fmax(sum, 0), (double)(w->n_parts - 1));
    tail->is_uneven = tail->uneven_p < uneven_level;
}

static enum cp_code fit(struct work *w, const struct cp_memory_group *groups, size_t n_groups)
{
    use_groups(w, groups, n_groups);
    if (w->n_parts < SIZES_MIN || w->tail->n_pooled < w->tail->n_needed)
        return CP_ENODATA;
    enum cp_code status = allocate(w);
    if (status)
        return status;
    choose_scale(w);
    status = set_tail(w);
    if (status == CP_OK)
        test_evenness(w);
    return status;
}

static void fit_p50(const struct cp_memory_group *groups, size_t n_groups,
                    const struct cp_memory_tail_options *options, struct cp_memory_law *p50)
{
    const struct cp_memory_law_options law_options = {
        .q = 0.5,
        .is_init = options->is_init,
        .keep_refits = true,
        .bootstrap_reps = options->bootstrap_reps,
        .seed = options->seed,
        .n_threads = options->n_threads,
    };
    cp_memory_law_fit(groups, n_groups, &law_options, p50);
}

void cp_memory_tail_fit(const struct cp_memory_group *groups, size_t n_groups,
                        const struct cp_memory_tail_options *options, struct cp_memory_tail *tail)
{
    static const struct cp_interval none = {NAN, NAN, NAN};
    struct work w = {.tail = tail};
    *tail = (struct cp_memory_tail){.status = CP_EINVAL,
                                    .q = options->q,
                                    .memory_share = NAN,
                                    .tail_ms = none,
                                    .uneven_p = NAN};
    if (!(options->q > 0.5 && options->q < 1))
        return;
    tail->n_needed = cp_quantile_min_n_upper(options->q, confidence);
    fit_p50(groups, n_groups, options, &tail->p50);
    tail->status = tail->p50.status;
    if (tail->status == CP_OK)
        tail->status = fit(&w, groups, n_groups);
    free(w.residuals);
    free(w.pooled);
    if (tail->status) {
        cp_memory_tail_clear(tail);
        tail->tail_ms = none;
        tail->memory_share = NAN;
    }
}

void cp_memory_tail_clear(struct cp_memory_tail *tail)
{
    cp_memory_law_clear(&tail->p50);
}

struct cp_interval cp_memory_tail_predict(const struct cp_memory_tail *tail, double memory_mb)
{
    struct cp_interval p = {NAN, NAN, NAN};
    if (tail->status)
        return p;
    struct cp_interval p50 = cp_memory_law_predict(&tail->p50, memory_mb);
    double scale = scale_at(&tail->p50, tail->memory_share, memory_mb);
    const struct cp_interval *t = &tail->tail_ms;
    p.value = p50.value + t->value * scale;
    if (isnan(p.value))
        return p;
    p.low = p.value - hypot(p50.value - p50.low, scale * (t->value - t->low));
    p.high = p.value + hypot(p50.high - p50.value, scale * (t->high - t->value));
    return p;
}

double cp_memory_tail_scale(const struct cp_memory_tail *tail, double memory_mb)
{
    return tail->status ? (double)NAN : scale_at(&tail->p50, tail->memory_share, memory_mb);
}

const char *cp_memory_tail_formula(const struct cp_memory_tail *tail)
{
    static const char *const formulas[3][2] = {
        /* without and with a cap */
        {"p50(m) + tail", "p50(m) + tail"},
        {"p50(m) + tail * (1 - h + h * (1024 / m)^c)",
         "p50(m) + tail * (1 - h + h * (1024 / min(m, cap))^c)"},
        {"p50(m) + tail * (1024 / m)^c", "p50(m) + tail * (1024 / min(m, cap))^c"},
    };
    if (tail->status)
        return "";
    int row = (tail->memory_share > 0) + (tail->memory_share >= 1);
    return formulas[row][isfinite(tail->p50.cap_mb)];
}

size_t cp_memory_tail_parameters(const struct cp_memory_tail *tail,
                                 struct cp_parameter out[CP_PARAMETERS_MAX])
{
    if (tail->status)
        return 0;
    size_t n = cp_memory_law_parameters(&tail->p50, out);
    out[n++] = (struct cp_parameter){"tail", tail->memory_share > 0 ? "ms at 1,024 MB" : "ms",
                                     tail->tail_ms, confidence,
                                     "exact order statistics of the pooled residuals"};
    if (tail->memory_share > 0)
        out[n++] = (struct cp_parameter){"h", "", {tail->memory_share, NAN, NAN}, 0, ""};
    return n;
}
