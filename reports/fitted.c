/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/fitted_parts.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/stat/memory_regression.h"
#include "reports/figures.h"
#include "reports/words.h"

/* --- building blocks --- */

void cp_fitted_say(char *out, size_t size, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(out, size, fmt, args);
    va_end(args);
}

void cp_fitted_add_check(struct cp_fitted *m, struct cp_fitted_check row)
{
    if (!isnan(row.value) && m->n_checks < CP_FITTED_CHECKS_MAX)
        m->checks[m->n_checks++] = row;
}

void cp_fitted_add_value(struct cp_fitted *m, struct cp_fitted_value row)
{
    if (m->n_values < CP_FITTED_VALUES_MAX)
        m->values[m->n_values++] = row;
}

struct cp_fitted *cp_fitted_add(const struct cp_figures *f, const char *id, const char *title)
{
    struct cp_fitted_list *list = f->fitted;
    char words[CP_WORDS_MAX];
    if (list->n == CP_FITTED_MAX)
        return NULL;
    struct cp_fitted *m = &list->models[list->n++];
    *m = (struct cp_fitted){
        .group_word = "memory size", .at_unit = CP_UNIT_MB, .value_unit = CP_UNIT_MS};
    cp_fitted_say(m->id, sizeof m->id, "%s", cp_words(f, id, words));
    cp_fitted_say(m->title, sizeof m->title, "%s", cp_words(f, title, words));
    return m;
}

/* --- what is fitted to each series --- */

static const struct {
    const char *id, *name;
} series_words[CP_SERIES_COUNT] = {
    [CP_SERIES_INIT] = {"{init}", "{init} duration"},
    [CP_SERIES_COLD_HANDLER] = {"cold_handler", "first handler run"},
    [CP_SERIES_COLD] = {"cold", "cold start ({init} + first handler run)"},
    [CP_SERIES_WARM] = {"warm", "warm duration"},
};

static const struct cp_fitted_way by_memory = {"", "by memory size"};
static const struct cp_fitted_way pooled = {"_pooled", "pooled over memory sizes"};

struct cp_fitted *cp_fitted_add_of_series(const struct cp_figures *f, enum cp_series series,
                                          const char *quantile, const struct cp_fitted_way *way)
{
    char id[64];
    char title[160];
    cp_fitted_say(id, sizeof id, "%s_%s%s", series_words[series].id, quantile, way->suffix);
    cp_fitted_say(title, sizeof title, "%s, %s%s%s", series_words[series].name, quantile,
                  quantile[0] ? " " : "", way->words);
    return cp_fitted_add(f, id, title);
}

/* --- laws over memory --- */

static const char *const law_names[CP_LAW_COUNT] = {[CP_LAW_P50] = "p50", [CP_LAW_P95] = "p95"};

static size_t fitted_sizes(const struct cp_figures *f)
{
    size_t n = 0;
    for (size_t i = 0; i < f->n_sizes; i++)
        n += cp_size_is_fitted(&f->sizes[i]) ? 1 : 0;
    return n;
}

static void refuse_law(const struct cp_figures *f, const struct cp_memory_law *law,
                       struct cp_fitted *m)
{
    enum { SIZES_MIN = 3, P50_MIN_N = 5, P95_MIN_N = 14 };
    size_t n = fitted_sizes(f);
    if (law->status == CP_ENODATA && n >= SIZES_MIN)
        cp_fitted_say(m->refused, sizeof m->refused,
                      "of %zu memory sizes fewer than %d have samples enough (%d; p95: %d) that no "
                      "timeout reaches; measured points only",
                      n, SIZES_MIN, P50_MIN_N, P95_MIN_N);
    else if (law->status == CP_ENODATA)
        cp_fitted_say(
            m->refused, sizeof m->refused,
            "%zu memory size%s: a law needs %d of them with %d samples each or more (p95: %d) and "
            "10 %% of memory free; measured points only",
            n, n == 1 ? "" : "s", SIZES_MIN, P50_MIN_N, P95_MIN_N);
    else
        cp_fitted_say(m->refused, sizeof m->refused, "no law fits: %s; measured points only",
                      cp_code_text(law->status));
}

static const char interpolated[] = "interpolated between the sizes, monotone";

static void say_formula(const struct cp_memory_law *law, char out[CP_FITTED_TEXT_MAX])
{
    const char *formula = cp_memory_law_formula(law);
    if (law->is_interpolated)
        cp_fitted_say(out, CP_FITTED_TEXT_MAX, "q(m) %s; q(m) = %s does not fit", interpolated,
                      formula);
    else
        cp_fitted_say(out, CP_FITTED_TEXT_MAX, "q(m) = %s%s", formula,
                      law->kind == CP_MEMORY_LAW_CONSTANT ? " at every memory size" : "");
}

static void flag(struct cp_fitted *m, const char *words)
{
    m->is_flagged = words[0] != '\0';
    cp_fitted_say(m->note, sizeof m->note, "%s", words);
}

/* A flag in words; "" none. */
static const char *law_flag(const struct cp_memory_law *law)
{
    if (law->is_interpolated)
        return "the parameters are the curve's, which does not fit: values are interpolated";
    return law->is_lack_of_fit ? "does not fit well: trust the measured points" : "";
}

static void describe_law(const struct cp_figures *f, const struct cp_memory_law *law,
                         struct cp_fitted *m)
{
    say_formula(law, m->formula);
    m->n_parameters = cp_memory_law_parameters(law, m->parameters);
    m->n_samples = law->n_samples;
    m->n_groups = law->n_sizes;
    cp_fitted_add_check(m, (struct cp_fitted_check){"leave-one-out error", CP_UNIT_PERCENT,
                                                    law->leave_one_out_log_error, ""});
    cp_fitted_add_check(m, (struct cp_fitted_check){"leave-one-out error of interpolation",
                                                    CP_UNIT_PERCENT, law->interpolation_log_error,
                                                    ""});
    cp_fitted_add_check(m,
                        (struct cp_fitted_check){"lack of fit, in standard errors", CP_UNIT_PLAIN,
                                                 law->lack_of_fit, "flagged above 3"});
    cp_fitted_add_check(m, (struct cp_fitted_check){"AICc", CP_UNIT_PLAIN, law->aicc, ""});
    flag(m, law_flag(law));
    bool is_one_value = law->kind == CP_MEMORY_LAW_CONSTANT && !law->is_interpolated;
    for (size_t i = 0; i < f->n_sizes && !is_one_value; i++) {
        double mb = f->sizes[i].memory_size_mb;
        struct cp_interval v = cp_memory_law_predict(law, mb);
        if (!isnan(v.value))
            cp_fitted_add_value(m, (struct cp_fitted_value){
                                       .at = mb, .status = CP_ANSWER_OK, .value = v, .n = NAN});
    }
}

/* Per value: no clock is finer. */
static const double loss_of_rounding_ms = 1e-6;

/* A second opinion: how much more check loss the law has than the curve of its shape that has the
 * least. NAN when there is none, or it leaves nothing to compare with. */
static double excess_loss(const struct cp_figures *f, enum cp_series series,
                          const struct cp_memory_law *law)
{
    struct cp_memory_group groups[CP_RUN_SIZES_MAX];
    size_t n = cp_figures_law_groups(f, series, groups);
    const struct cp_memory_regression_options options = {
        .q = law->q,
        .cap_mb = law->cap_mb,
        .is_exponent_free = law->kind == CP_MEMORY_LAW_EXPONENT || law->kind == CP_MEMORY_LAW_POWER,
    };
    struct cp_memory_regression best;
    cp_memory_regression_fit(groups, n, &options, &best);
    bool is_perfect = best.check_loss < loss_of_rounding_ms * (double)best.n_samples;
    return is_perfect ? NAN : cp_memory_law_check_loss(law, groups, n) / best.check_loss - 1;
}

static void add_laws(const struct cp_figures *f)
{
    for (int series = 0; series < CP_SERIES_COUNT; series++) {
        for (size_t which = 0; which < CP_LAW_COUNT; which++) {
            const struct cp_memory_law *law = &f->laws[series][which];
            struct cp_fitted *m =
                cp_fitted_add_of_series(f, (enum cp_series)series, law_names[which], &by_memory);
            if (!m)
                return;
            if (law->status != CP_OK) {
                refuse_law(f, law, m);
                continue;
            }
            describe_law(f, law, m);
            cp_fitted_add_check(
                m, (struct cp_fitted_check){"check loss above that of quantile regression",
                                            CP_UNIT_PERCENT,
                                            excess_loss(f, (enum cp_series)series, law), ""});
        }
    }
}

void cp_fitted_add_means(const struct cp_figures *f)
{
    for (int series = 0; series < CP_SERIES_COUNT; series++) {
        struct cp_memory_group groups[CP_RUN_SIZES_MAX];
        size_t n = cp_figures_law_groups(f, (enum cp_series)series, groups);
        const struct cp_memory_law_options options = {.is_mean = true,
                                                      .is_init = series == CP_SERIES_INIT,
                                                      .keep_refits = true,
                                                      .seed = f->data->run.seed};
        struct cp_memory_law law;
        struct cp_fitted *m =
            cp_fitted_add_of_series(f, (enum cp_series)series, "mean", &by_memory);
        if (!m)
            return;
        cp_memory_law_fit(groups, n, &options, &law);
        if (law.status == CP_OK)
            describe_law(f, &law, m);
        else
            refuse_law(f, &law, m);
        if (law.status == CP_OK && m->note[0] == '\0')
            cp_fitted_say(m->note, sizeof m->note,
                          "for costs, which are sums; latency has quantiles");
        cp_memory_law_clear(&law);
    }
}

/* --- p99 over memory, by the residuals of all sizes --- */

static const char *tail_flag(const struct cp_memory_tail *tail)
{
    return tail->is_uneven ? "the sizes' tails differ beyond chance: trust measured sizes" : "";
}

static void describe_tail_law(const struct cp_figures *f, const struct cp_memory_tail *tail,
                              struct cp_fitted *m)
{
    bool is_interpolated = tail->p50.is_interpolated;
    cp_fitted_say(m->formula, sizeof m->formula, "q(m) = %s, p50(m) %s%s",
                  cp_memory_tail_formula(tail), is_interpolated ? "" : "= ",
                  is_interpolated ? interpolated : cp_memory_law_formula(&tail->p50));
    m->n_parameters = cp_memory_tail_parameters(tail, m->parameters);
    m->n_samples = tail->n_pooled;
    m->n_groups = tail->p50.n_sizes;
    cp_fitted_add_check(m, (struct cp_fitted_check){"p-value of the sizes sharing the tail",
                                                    CP_UNIT_PLAIN, tail->uneven_p,
                                                    "uneven below 0.01"});
    flag(m, tail_flag(tail));
    for (size_t i = 0; i < f->n_sizes; i++) {
        double mb = f->sizes[i].memory_size_mb;
        struct cp_interval v = cp_memory_tail_predict(tail, mb);
        if (!isnan(v.value))
            cp_fitted_add_value(m, (struct cp_fitted_value){
                                       .at = mb, .status = CP_ANSWER_OK, .value = v, .n = NAN});
    }
}

static void refuse_tail_law(const struct cp_memory_tail *tail, char out[CP_FITTED_TEXT_MAX])
{
    if (tail->p50.status != CP_OK)
        cp_fitted_say(out, CP_FITTED_TEXT_MAX, "no law of its p50: sweep more memory sizes");
    else if (tail->n_pooled < tail->n_needed)
        cp_fitted_say(out, CP_FITTED_TEXT_MAX,
                      "%zu samples of all sizes: a p99 over memory needs %zu", tail->n_pooled,
                      tail->n_needed);
    else
        cp_fitted_say(out, CP_FITTED_TEXT_MAX,
                      "no p99 over memory: %s; where timeouts reach it only more samples help",
                      cp_code_text(tail->status));
}

static void add_tail_laws(const struct cp_figures *f)
{
    for (int series = 0; series < CP_SERIES_COUNT; series++) {
        const struct cp_memory_tail *tail = &f->tail_laws[series];
        struct cp_fitted *m = cp_fitted_add_of_series(f, (enum cp_series)series, "p99", &by_memory);
        if (m && tail->status == CP_OK)
            describe_tail_law(f, tail, m);
        else if (m)
            refuse_tail_law(tail, m->refused);
    }
}

/* --- tails that memory sizes share --- */

static const char *const tail_names[CP_TAIL_COUNT] = {[CP_TAIL_P95] = "p95", [CP_TAIL_P99] = "p99"};

struct cp_interval cp_tail_interval(const struct cp_tail *tail)
{
    struct cp_interval v = {NAN, NAN, NAN};
    if (tail->status == CP_ANSWER_OK)
        v = tail->estimate;
    else if (tail->status == CP_ANSWER_UPPER_ONLY)
        v.high = tail->upper_ms;
    return v;
}

static void add_tail_value(const struct cp_size_figures *size, const struct cp_tail *tail,
                           struct cp_fitted *m)
{
    bool is_short = tail->status == CP_ANSWER_TOO_FEW;
    if (tail->status == CP_ANSWER_NONE)
        return;
    cp_fitted_add_value(m,
                        (struct cp_fitted_value){.at = size->memory_size_mb,
                                                 .status = tail->status,
                                                 .value = cp_tail_interval(tail),
                                                 .n = floor(tail->n_effective),
                                                 .n_needed = is_short ? tail->n_needed_upper : 0});
}

/* Those that would have been shared. */
static void count_samples(const struct cp_figures *f, enum cp_series series, struct cp_fitted *m)
{
    struct cp_tail_group groups[CP_RUN_SIZES_MAX];
    size_t at_size[CP_RUN_SIZES_MAX];
    m->n_groups = cp_figures_tail_groups(f, series, groups, at_size);
    m->n_samples = 0;
    for (size_t i = 0; i < m->n_groups; i++)
        m->n_samples += groups[i].n;
}

static void describe_pool(const struct cp_figures *f, enum cp_series series, size_t which,
                          struct cp_fitted *m)
{
    const struct cp_tail_pool *pool = &f->pools[series][which];
    cp_fitted_say(m->formula, sizeof m->formula, "%s", cp_tail_pool_formula(pool));
    m->n_parameters = cp_tail_pool_parameters(pool, m->parameters);
    m->n_samples = pool->n_samples;
    m->n_groups = pool->n_groups;
    if (pool->is_heterogeneous)
        count_samples(f, series, m);
    cp_fitted_add_check(m,
                        (struct cp_fitted_check){"p-value of the sizes being alike", CP_UNIT_PLAIN,
                                                 pool->p_value, "not pooled below 0.05"});
    cp_fitted_add_check(m,
                        (struct cp_fitted_check){"overdispersion rho", CP_UNIT_PLAIN,
                                                 pool->overdispersion, "0: alike but for chance"});
    if (pool->is_unverified)
        cp_fitted_say(
            m->note, sizeof m->note,
            "too few samples of each size to see whether their tails are alike: taken as alike");
    else if (pool->is_heterogeneous)
        flag(m, "the sizes' tails differ: nothing is shared, each stands on its own samples");
    for (size_t i = 0; i < f->n_sizes; i++)
        add_tail_value(&f->sizes[i], &f->sizes[i].tails[series][which], m);
}

static void add_pools(const struct cp_figures *f)
{
    for (int series = 0; series < CP_SERIES_COUNT; series++) {
        for (size_t which = 0; which < CP_TAIL_COUNT; which++) {
            const struct cp_tail_pool *pool = &f->pools[series][which];
            struct cp_fitted *m =
                cp_fitted_add_of_series(f, (enum cp_series)series, tail_names[which], &pooled);
            if (!m)
                return;
            if (pool->status == CP_OK && (pool->n_groups > 1 || pool->is_heterogeneous))
                describe_pool(f, (enum cp_series)series, which, m);
            else
                cp_fitted_say(
                    m->refused, sizeof m->refused,
                    "nothing to share: pooling needs 2 memory sizes with 6 samples each or more");
        }
    }
}

/* --- all requests of the setting that the decision is about --- */

static const struct cp_candidate *shown_setting(const struct cp_figures *f)
{
    const struct cp_candidate *chosen = cp_figures_candidate(f, f->decision.chosen);
    return chosen ? chosen : cp_figures_candidate(f, f->decision.current);
}

static void add_parameter(struct cp_fitted *m, const char *name, const char *unit,
                          struct cp_interval v, double confidence, const char *method)
{
    bool has_interval = !isnan(v.high); /* without `low` an upper bound */
    if ((isnan(v.value) && !has_interval) || m->n_parameters == CP_PARAMETERS_MAX)
        return;
    m->parameters[m->n_parameters++] =
        (struct cp_parameter){.name = name,
                              .unit = unit,
                              .estimate = v,
                              .confidence = has_interval ? confidence : 0,
                              .method = has_interval ? method : ""};
}

static void describe_mixture(const struct cp_figures *f, const struct cp_candidate *c,
                             struct cp_fitted *m)
{
    static const char bounds[] = "bootstrap; upper end exact";
    char mb[CP_FORMAT_MAX];
    const char *share = cp_figures_is_import(f) && isfinite(f->observed_cold_share.value)
                            ? "hours of the log"
                            : "replications of the pool simulation";
    cp_fitted_say(m->formula, sizeof m->formula, "P(L > x) = pi S_cold(x) + (1 - pi) S_warm(x)");
    add_parameter(m, "pi", "", c->cold_share, 0.95, share);
    add_parameter(m, "p50", "ms", c->p50_ms, 0.95, bounds);
    add_parameter(m, "p95", "ms", c->p95_ms, 0.95, bounds);
    add_parameter(m, "p99", "ms", c->p99_ms, 0.95, bounds);
    add_parameter(m, "P(L > budget)", "", c->over_budget, 0.95, "Clopper-Pearson of both laws");
    /* either of the two may miss: Bonferroni */
    add_parameter(m, "p99 / p50", "", cp_candidate_tail_ratio(c), 0.9,
                  "ends of both 95 % intervals");
    m->n_samples = c->n_cold + c->n_warm;
    m->n_groups = 1;
    cp_fitted_say(m->note, sizeof m->note,
                  "at %s MB %s%s; S_cold and S_warm are the measured distributions, their sums per "
                  "environment; quantiles by root finding",
                  cp_format(CP_UNIT_MB, c->memory_size_mb, mb), cp_concurrency_mode_name(c->mode),
                  c->mode == CP_MODE_ON_DEMAND ? "" : " concurrency");
}

static void add_mixture(const struct cp_figures *f)
{
    const struct cp_candidate *c = shown_setting(f);
    struct cp_fitted *m =
        cp_fitted_add(f, "mixture", "latency of all requests, cold and warm together");
    if (!m)
        return;
    if (c && !isnan(c->cold_share.value))
        describe_mixture(f, c, m);
    else
        cp_fitted_say(m->refused, sizeof m->refused, "%s",
                      cp_figures_has_traffic(f)
                          ? "no setting can be judged from this run"
                          : "without traffic the share of cold starts is not known: "
                            "give --traffic to sweep or import");
}

/* --- all --- */

bool cp_fitted_fill(struct cp_figures *f)
{
    if (!f->fitted)
        f->fitted = malloc(sizeof *f->fitted);
    if (!f->fitted)
        return false;
    f->fitted->n = 0;
    add_laws(f);
    add_tail_laws(f);
    add_pools(f);
    cp_fitted_add_idle(f);
    add_mixture(f);
    return true;
}

/* --- predictions --- */

static void name_prediction(const struct cp_figures *f, enum cp_series series, const char *quantile,
                            struct cp_prediction *p)
{
    char text[160];
    char words[CP_WORDS_MAX];
    *p = (struct cp_prediction){.value_ms = {NAN, NAN, NAN}, .method = "", .note = ""};
    cp_fitted_say(text, sizeof text, "%s_%s", series_words[series].id, quantile);
    cp_fitted_say(p->id, sizeof p->id, "%s", cp_words(f, text, words));
    cp_fitted_say(text, sizeof text, "%s, %s", series_words[series].name, quantile);
    cp_fitted_say(p->title, sizeof p->title, "%s", cp_words(f, text, words));
}

static void refuse_prediction(const struct cp_memory_law *law, double memory_mb,
                              struct cp_prediction *p)
{
    char mb[CP_FORMAT_MAX];
    char from[CP_FORMAT_MAX];
    char to[CP_FORMAT_MAX];
    cp_format(CP_UNIT_MB, memory_mb, mb);
    if (law->status != CP_OK)
        cp_fitted_say(p->refused, sizeof p->refused,
                      "no law of its p50 and p95: sweep more memory sizes");
    else
        cp_fitted_say(p->refused, sizeof p->refused,
                      "%s MB is outside what was measured, %s to %s MB: sweep with --memory %.0f",
                      mb, cp_format(CP_UNIT_MB, law->min_mb, from),
                      cp_format(CP_UNIT_MB, law->max_mb, to), memory_mb);
}

static void predict_by_law(const struct cp_figures *f, enum cp_series series, size_t which,
                           double memory_mb, struct cp_prediction *p)
{
    const struct cp_memory_law *law = &f->laws[series][which];
    name_prediction(f, series, law_names[which], p);
    struct cp_parameter parameters[CP_PARAMETERS_MAX];
    bool is_fitted = cp_memory_law_parameters(law, parameters) > 0;
    p->value_ms = cp_memory_law_predict(law, memory_mb);
    p->method = law->is_interpolated ? "interpolation, stratified bootstrap"
                : is_fitted          ? parameters[0].method
                                     : "";
    p->note = law_flag(law);
    if (isnan(p->value_ms.value))
        refuse_prediction(law, memory_mb, p);
}

/* The law's p50 and the residuals of all sizes about it. */
static void predict_tail(const struct cp_figures *f, enum cp_series series, double memory_mb,
                         struct cp_prediction *p)
{
    const struct cp_memory_tail *tail = &f->tail_laws[series];
    name_prediction(f, series, tail_names[CP_TAIL_P99], p);
    p->method = "p50's bootstrap and order statistics of pooled residuals";
    p->value_ms = cp_memory_tail_predict(tail, memory_mb);
    p->note = tail_flag(tail);
    if (isnan(p->value_ms.value) && tail->status != CP_OK)
        refuse_tail_law(tail, p->refused);
    else if (isnan(p->value_ms.value))
        refuse_prediction(&tail->p50, memory_mb, p);
}

size_t cp_fitted_predict(const struct cp_figures *f, double memory_mb,
                         struct cp_prediction out[CP_PREDICTIONS_MAX])
{
    size_t n = 0;
    for (int series = 0; series < CP_SERIES_COUNT; series++) {
        for (size_t which = 0; which < CP_LAW_COUNT; which++)
            predict_by_law(f, (enum cp_series)series, which, memory_mb, &out[n++]);
        predict_tail(f, (enum cp_series)series, memory_mb, &out[n++]);
    }
    return n;
}
