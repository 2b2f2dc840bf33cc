/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/compare/comparison.h"

#include <float.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#include "model/base/parallel.h"
#include "model/base/rng.h"
#include "model/compare/p_adjust.h"
#include "model/stat/binomial.h"
#include "model/stat/sort.h"

static const double default_level = 0.05;

/* --- options --- */

static enum cp_code take_options(const struct cp_comparison_options *options,
                                 struct cp_comparison *c, struct cp_error *err)
{
    c->effect = options->effect;
    c->effect_ms = options->effect_ms;
    cp_change_effect_default(&c->effect, &c->effect_ms);
    c->level = options->level > 0 ? options->level : default_level;
    c->day_sd = options->day_sd;
    bool is_possible = c->effect >= 0 && isfinite(c->effect) && c->effect_ms >= 0 &&
                       isfinite(c->effect_ms) && c->level < 1 && c->day_sd >= 0 &&
                       isfinite(c->day_sd) && options->n_resamples >= 0;
    return is_possible ? CP_OK
                       : cp_fail(err, CP_EINVAL,
                                 "a comparison needs effects, a spread of nights and a number of "
                                 "resamples of 0 or more, and a level between 0 and 1");
}

/* --- Harrell-Davis weights: one table for each number of values --- */

struct weights {
    struct cp_decile_weights *tables;
    size_t n;
};

static const struct cp_decile_weights *find_weights(const struct weights *w, size_t n)
{
    for (size_t i = 0; i < w->n; i++) {
        if (w->tables[i].n == n)
            return &w->tables[i];
    }
    return NULL;
}

static enum cp_code add_weights(struct weights *w, size_t n, struct cp_error *err)
{
    if (n == 0 || find_weights(w, n))
        return CP_OK;
    enum cp_code code = cp_decile_weights_make(n, &w->tables[w->n], err);
    if (!code)
        w->n++;
    return code;
}

static void clear_weights(struct weights *w)
{
    for (size_t i = 0; i < w->n; i++)
        cp_decile_weights_clear(&w->tables[i]);
    free(w->tables);
}

static enum cp_code make_weights(const struct cp_comparison_series *series, size_t n_series,
                                 struct weights *w, struct cp_error *err)
{
    enum cp_code code = CP_OK;
    *w = (struct weights){.tables = calloc(2 * n_series + 1, sizeof *w->tables)};
    if (!w->tables)
        return cp_fail(err, CP_ENOMEM, "no memory for the deciles of %zu series", n_series);
    for (size_t i = 0; i < n_series && !code; i++) {
        code = add_weights(w, series[i].n_base, err);
        if (!code)
            code = add_weights(w, series[i].n_new, err);
    }
    return code;
}

/* --- one series --- */

struct work {
    const struct cp_comparison_series *series;
    const struct cp_comparison_options *options;
    const struct weights *weights;
    struct cp_comparison *out;
    enum cp_code *codes; /* of each series: errors cannot leave a thread otherwise */
};

/* Resamples of a series are its own: they do not depend on which others are compared. */
static uint64_t seed_of(const struct work *w, const struct cp_comparison_series *s)
{
    struct cp_rng rng;
    cp_rng_init(&rng, w->options->seed,
                (uint64_t)s->memory_size_mb * CP_TIMING_COUNT + (uint64_t)s->timing);
    return cp_rng_next(&rng);
}

static enum cp_code shift(const struct work *w, const struct cp_comparison_series *s,
                          struct cp_compared_series *out)
{
    const struct cp_shift_sample base = {s->base_ms, find_weights(w->weights, s->n_base)};
    const struct cp_shift_sample now = {s->new_ms, find_weights(w->weights, s->n_new)};
    struct cp_error err = {CP_OK, ""};
    cp_shift_deciles(&base, out->base_decile_ms);
    return cp_shift_function(&base, &now, (size_t)w->options->n_resamples, seed_of(w, s),
                             out->shift_ms, &err);
}

static void compare_series(void *context, size_t i)
{
    const struct work *w = context;
    const struct cp_comparison_series *s = &w->series[i];
    struct cp_compared_series *out = &w->out->series[i];
    *out = (struct cp_compared_series){.timing = s->timing,
                                       .memory_size_mb = s->memory_size_mb,
                                       .n_base = s->n_base,
                                       .n_new = s->n_new,
                                       .screen_p = NAN};
    out->test = cp_two_sample_compare(s->base_ms, s->n_base, s->new_ms, s->n_new);
    for (size_t d = 0; d < CP_SHIFT_DECILES; d++) {
        out->base_decile_ms[d] = NAN;
        out->shift_ms[d] = (struct cp_interval){NAN, NAN, NAN};
    }
    if (s->n_base > 0 && s->n_new > 0)
        w->codes[i] = shift(w, s, out);
}

static enum cp_code compare_all(const struct cp_comparison_series *series,
                                const struct cp_comparison_options *options,
                                struct cp_comparison *out, struct cp_error *err)
{
    struct weights weights = {NULL, 0};
    struct work work = {series, options, &weights, out,
                        calloc(out->n_series + 1, sizeof *work.codes)};
    enum cp_code code = work.codes ? make_weights(series, out->n_series, &weights, err)
                                   : cp_fail(err, CP_ENOMEM, "no memory for a comparison");
    if (!code)
        cp_parallel(out->n_series, options->threads, compare_series, &work);
    for (size_t i = 0; i < out->n_series && !code; i++) {
        if (work.codes[i])
            code = cp_fail(err, work.codes[i], "no memory for the resamples of a comparison");
    }
    clear_weights(&weights);
    free(work.codes);
    return code;
}

/* --- metrics --- */

/* Of a quantile among the timeouts: so few of the new values would be below what is still no worse,
 * taken from the base's upper end, if their quantile were no worse. */
static double timeout_p(const struct cp_comparison_series *s, double q, const struct cp_ratio *r,
                        double worse_from)
{
    size_t n_below = cp_sort_count_to(s->new_ms, s->n_new, worse_from * r->base_ms.high);
    return isfinite(r->base_ms.high) ? cp_binomial_cdf(n_below, s->n_new, q) : 1;
}

/* One-sided p of "the ratio is no worse than that", from the lower half of its interval. */
static double worse_p(const struct cp_comparison_series *s, double q, const struct cp_ratio *r,
                      double worse_from)
{
    if (isnan(r->ratio.low))
        return NAN;
    if (isinf(r->ratio.value))
        return timeout_p(s, q, r, worse_from);
    double distance = log(r->ratio.value / worse_from);
    double standard_error = log(r->ratio.value / r->ratio.low) / CP_Z95;
    if (!(standard_error > 0)) /* values without any spread, or a ratio of 0 */
        return distance > 0 ? 0 : 1;
    return gsl_cdf_ugaussian_Q(distance / standard_error);
}

static struct cp_compared_metric compare_metric(const struct cp_comparison_series *s, double q,
                                                const struct cp_comparison *c)
{
    const struct cp_ratio_question question = {
        .q = q, .effect = c->effect, .effect_ms = c->effect_ms, .day_sd = c->day_sd};
    struct cp_compared_metric m = {.metric = {s->timing, q, s->memory_size_mb}};
    m.ratio = cp_ratio_compare(s->base_ms, s->n_base, s->new_ms, s->n_new, &question);
    m.worse_p = worse_p(s, q, &m.ratio, cp_ratio_worse_from(&question, m.ratio.base_ms.value));
    return m;
}

static bool is_wanted(const struct cp_comparison_options *options,
                      const struct cp_metric_key *metric)
{
    return !options->is_wanted || options->is_wanted(options->wanted_context, metric);
}

static void compare_metrics(const struct cp_comparison_series *series,
                            const struct cp_comparison_options *options, struct cp_comparison *c)
{
    for (size_t i = 0; i < c->n_series; i++) {
        for (size_t k = 0; k < CP_METRIC_QUANTILES; k++) {
            struct cp_compared_metric m = compare_metric(&series[i], cp_metric_quantiles[k], c);
            m.series = i;
            if (is_wanted(options, &m.metric))
                c->metrics[c->n_metrics++] = m;
        }
    }
}

/* --- all of them together --- */

/* z grows with the root of n. */
static size_t n_for_level(const struct cp_compared_metric *m, double level)
{
    double z = gsl_cdf_ugaussian_Qinv(m->worse_p);
    double wanted = gsl_cdf_ugaussian_Qinv(m->worse_p * level / m->worse_p_adjusted);
    size_t n = m->ratio.n_base < m->ratio.n_new ? m->ratio.n_base : m->ratio.n_new;
    double more = ceil((double)n * (wanted / z) * (wanted / z));
    return isfinite(more) ? (size_t)more : 0;
}

static void settle_metric(struct cp_comparison *c, struct cp_compared_metric *m)
{
    bool is_worse = m->ratio.verdict == CP_CHANGE_REGRESSION;
    m->is_adjusted_away = is_worse && !(m->worse_p_adjusted <= c->level);
    if (m->is_adjusted_away) {
        m->ratio.verdict = CP_CHANGE_INCONCLUSIVE;
        m->ratio.n_needed = n_for_level(m, c->level);
    }
    c->n_by_verdict[m->ratio.verdict]++;
}

/* `p` has room for metrics and series. */
static enum cp_code adjust_with(struct cp_comparison *c, double *p)
{
    for (size_t i = 0; i < c->n_metrics; i++)
        p[i] = c->metrics[i].worse_p;
    enum cp_code code = cp_p_adjust(p, c->n_metrics, p);
    if (code)
        return code;
    for (size_t i = 0; i < c->n_metrics; i++) {
        c->metrics[i].worse_p_adjusted = p[i];
        settle_metric(c, &c->metrics[i]);
    }
    for (size_t i = 0; i < c->n_series; i++)
        p[i] = c->series[i].test.brunner_munzel_p;
    code = cp_p_adjust(p, c->n_series, p);
    for (size_t i = 0; i < c->n_series && !code; i++)
        c->series[i].screen_p = p[i];
    return code;
}

static enum cp_code adjust(struct cp_comparison *c, struct cp_error *err)
{
    double *p = calloc(c->n_metrics + c->n_series + 1, sizeof *p);
    enum cp_code code = p ? adjust_with(c, p) : CP_ENOMEM;
    free(p);
    return code ? cp_fail(err, code, "no memory for %zu p-values", c->n_metrics) : CP_OK;
}

static enum cp_code compare_into(const struct cp_comparison_series *series, size_t n_series,
                                 const struct cp_comparison_options *options,
                                 struct cp_comparison *out, struct cp_error *err)
{
    out->series = calloc(n_series + 1, sizeof *out->series);
    out->metrics = calloc(n_series * CP_METRIC_QUANTILES + 1, sizeof *out->metrics);
    if (!out->series || !out->metrics)
        return cp_fail(err, CP_ENOMEM, "no memory to compare %zu series", n_series);
    out->n_series = n_series;
    enum cp_code code = compare_all(series, options, out, err);
    if (code)
        return code;
    compare_metrics(series, options, out);
    return adjust(out, err);
}

enum cp_code cp_comparison_make(const struct cp_comparison_series *series, size_t n_series,
                                const struct cp_comparison_options *options,
                                struct cp_comparison *out, struct cp_error *err)
{
    *out = (struct cp_comparison){.n_series = 0};
    enum cp_code code = take_options(options, out, err);
    if (!code)
        code = compare_into(series, n_series, options, out, err);
    if (code)
        cp_comparison_clear(out);
    return code;
}

void cp_comparison_clear(struct cp_comparison *comparison)
{
    free(comparison->series);
    free(comparison->metrics);
    *comparison = (struct cp_comparison){.n_series = 0};
}
