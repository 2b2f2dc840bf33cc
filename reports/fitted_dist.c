/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which law describes each series at one memory size, and, when asked for, a tail that goes beyond
 * the data. Each takes a parametric bootstrap: on request only.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/stat/dist_choice.h"
#include "reports/figures.h"
#include "reports/fitted_parts.h"

/* A sample of one series: that of the setting the decision is about, else of most samples. */
struct sample {
    const struct cp_size_figures *size;
    const double *sorted_ms;
    size_t n;
    double censored_at_ms;
};

static const struct cp_size_figures *shown_size(const struct cp_figures *f)
{
    const struct cp_candidate *c = cp_figures_candidate(f, f->decision.chosen);
    const struct cp_size_figures *most = f->n_sizes ? &f->sizes[0] : NULL;
    for (size_t i = 1; i < f->n_sizes; i++) {
        if (f->sizes[i].n_warm + f->sizes[i].n_cold > most->n_warm + most->n_cold)
            most = &f->sizes[i];
    }
    return c ? cp_figures_size(f, c->memory_size_mb) : most;
}

/* A censored value exceeds the timeout, and counts as above each finite one. */
static struct sample sample_of(const struct cp_figures *f, enum cp_series series)
{
    struct sample s = {.size = shown_size(f)};
    if (!s.size)
        return s;
    s.sorted_ms = cp_size_series(s.size, series, &s.n);
    s.censored_at_ms = s.size->timeout_ms;
    for (size_t i = 0; i < s.n && isfinite(s.sorted_ms[i]); i++)
        s.censored_at_ms = fmax(s.censored_at_ms, s.sorted_ms[i]);
    return s;
}

/* What the law says at some quantiles, as far as it may. */
static void add_claims(const struct cp_dist_fit *fit, struct cp_fitted *m)
{
    static const double qs[] = {0.5, 0.95, 0.99, 0.999};
    const char *beyond = NULL;
    m->at_unit = CP_UNIT_QUANTILE;
    for (size_t i = 0; i < sizeof qs / sizeof qs[0]; i++) {
        struct cp_dist_claim claim;
        cp_dist_claim(fit, qs[i], &claim);
        if (claim.status != CP_OK || isnan(claim.estimate.low))
            continue; /* no number without its interval */
        if (claim.is_extrapolated)
            beyond = claim.label;
        cp_fitted_add_value(m, (struct cp_fitted_value){.at = qs[i],
                                                        .status = CP_ANSWER_OK,
                                                        .value = claim.estimate,
                                                        .n = NAN,
                                                        .label = claim.label});
    }
    if (beyond && m->note[0] == '\0')
        cp_fitted_say(m->note, sizeof m->note, "an extrapolation where it says beyond the data");
}

/* "; AICc: log-normal 812, gamma 815, weibull 830" */
static void add_ranking(const struct cp_dist_choice *choice, struct cp_buf *out)
{
    char number[CP_FORMAT_MAX];
    for (size_t i = 0; i < choice->n_order; i++) {
        const struct cp_dist_fit *other = &choice->fits[choice->order[i]];
        cp_buf_addf(out, "%s%s %s", i ? ", " : "AICc: ", other->asked->name,
                    cp_format(CP_UNIT_COUNT, other->aicc, number));
    }
}

static void add_note(const struct sample *s, const struct cp_dist_choice *choice,
                     struct cp_fitted *m)
{
    struct cp_buf text;
    char mb[CP_FORMAT_MAX];
    cp_buf_init(&text, sizeof m->note);
    cp_buf_addf(&text, "at %s MB; ", cp_format(CP_UNIT_MB, s->size->memory_size_mb, mb));
    if (choice->reason[0])
        cp_buf_addf(&text, "%s; ", choice->reason);
    add_ranking(choice, &text);
    cp_fitted_say(m->note, sizeof m->note, "%s", cp_buf_str(&text));
    cp_buf_clear(&text);
}

static void describe_choice(const struct sample *s, const struct cp_dist_choice *choice,
                            struct cp_fitted *m)
{
    const struct cp_dist_fit *fit = &choice->fits[choice->chosen];
    cp_fitted_say(m->formula, sizeof m->formula, "%s: %s", fit->dist.family->name,
                  cp_dist_formula(fit));
    m->n_parameters = cp_dist_parameters(fit, m->parameters);
    m->n_samples = s->n;
    m->n_groups = 1;
    cp_fitted_add_check(m, (struct cp_fitted_check){"Kolmogorov-Smirnov p", CP_UNIT_PLAIN,
                                                    choice->goodness.ks_p, "rejected below 0.01"});
    cp_fitted_add_check(m, (struct cp_fitted_check){"Anderson-Darling p", CP_UNIT_PLAIN,
                                                    choice->goodness.ad_p, ""});
    add_note(s, choice, m);
    add_claims(fit, m);
}

static void add_choice(const struct cp_figures *f, enum cp_series series,
                       struct cp_dist_choice *choice)
{
    static const struct cp_fitted_way way = {"law", "its distribution"};
    const struct sample s = sample_of(f, series);
    const struct cp_goodness_options options = {.seed = f->data->run.seed,
                                                .censored_at_ms = s.censored_at_ms};
    struct cp_fitted *m = cp_fitted_add_of_series(f, series, "", &way);
    if (!m)
        return;
    cp_dist_choose(s.sorted_ms, s.n, &options, choice);
    if (choice->status == CP_OK && s.size)
        describe_choice(&s, choice, m);
    else
        cp_fitted_say(m->refused, sizeof m->refused, "no law of a distribution: %s",
                      choice->reason[0] ? choice->reason : cp_code_text(choice->status));
}

static void add_tail(const struct cp_figures *f, enum cp_series series, struct cp_dist_fit *fit)
{
    static const struct cp_fitted_way way = {"tail_gpd", "extrapolated tail"};
    const struct sample s = sample_of(f, series);
    const struct cp_dist_fit_options options = {.censored_at_ms = s.censored_at_ms};
    struct cp_fitted *m = cp_fitted_add_of_series(f, series, "", &way);
    if (!m)
        return;
    cp_dist_fit(CP_DIST_GPD_TAIL, s.sorted_ms, s.n, &options, fit);
    if (fit->status != CP_OK) {
        cp_fitted_say(m->refused, sizeof m->refused, "no generalised Pareto tail: %s",
                      fit->reason[0] ? fit->reason : cp_code_text(fit->status));
        return;
    }
    cp_fitted_say(m->formula, sizeof m->formula, "%s", cp_dist_formula(fit));
    m->n_parameters = cp_dist_parameters(fit, m->parameters);
    m->n_samples = s.n;
    m->n_groups = 1;
    add_claims(fit, m);
}

bool cp_fitted_add_slow(struct cp_figures *f, bool with_gpd_tail)
{
    struct cp_dist_choice *choice = malloc(sizeof *choice);
    if (!choice)
        return false;
    cp_fitted_add_means(f);
    for (int series = 0; series < CP_SERIES_COUNT; series++)
        add_choice(f, (enum cp_series)series, choice);
    for (int series = 0; with_gpd_tail && series < CP_SERIES_COUNT; series++)
        add_tail(f, (enum cp_series)series, &choice->fits[0]);
    free(choice);
    return true;
}
