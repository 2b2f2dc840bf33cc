/* SPDX-License-Identifier: GPL-3.0-or-later
 * How long idle environments live, as models: without a law, and each law that was fitted.
 */
#include <math.h>
#include <string.h>

#include "model/base/units.h"
#include "reports/figures.h"
#include "reports/fitted_parts.h"

static void add_point(const struct cp_idle_point *p, struct cp_fitted *m)
{
    struct cp_fitted_value row = {.at = p->idle_interval_ms / CP_MS_PER_S,
                                  .status = CP_ANSWER_OK,
                                  .value = {p->cold_probability, p->band_low, p->band_high},
                                  .n = NAN,
                                  .label = cp_idle_band_text(p->band_method)};
    cp_fitted_add_value(m, row);
}

static void describe_npmle(const struct cp_idle_survival *s, struct cp_fitted *m)
{
    cp_fitted_say(m->formula, sizeof m->formula,
                  "F(g) = P(gone by g): isotonic regression of the cold share (NPMLE)");
    m->group_word = "idle interval";
    m->at_unit = CP_UNIT_S;
    m->value_unit = CP_UNIT_PERCENT;
    m->n_samples = s->n_probes;
    m->n_groups = s->n_points;
    bool is_single = s->n_batches == s->n_probes; /* each probe is a batch of its own */
    const struct cp_fitted_check checks[] = {
        {"batches", CP_UNIT_COUNT, is_single ? (double)NAN : (double)s->n_batches,
         "the unit of resampling"},
        {"dispersion", CP_UNIT_PLAIN, s->dispersion, "1: probes of a batch are independent"},
        {"log-likelihood", CP_UNIT_PLAIN, s->laws.npmle_log_likelihood, ""},
        {"AICc", CP_UNIT_PLAIN, s->laws.npmle_aicc, ""},
    };
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++)
        cp_fitted_add_check(m, checks[i]);
    for (size_t i = 0; i < s->n_points; i++)
        add_point(&s->points[i], m);
    if (s->laws.choice == CP_IDLE_LAW_NONE)
        cp_fitted_say(m->note, sizeof m->note, "chosen: no law says as much with less");
}

static void add_npmle(const struct cp_figures *f)
{
    struct cp_fitted *m = cp_fitted_add(f, "idle_npmle", "idle survival, without a law");
    if (!m)
        return;
    if (f->survival.status == CP_OK)
        describe_npmle(&f->survival, m);
    else
        cp_fitted_say(
            m->refused, sizeof m->refused, "%s",
            cp_figures_is_import(f)
                ? "the log shows no pause of an environment: only forms with log streams do"
                : "no idle interval was probed: sweep with --idle");
}

/* A step law without a step: up to the longest interval nothing was gone at once. */
static bool is_unseen(const struct cp_idle_law_fit *fit)
{
    return cp_idle_law_is_step(fit->law) && isinf(fit->t_high_ms);
}

/* Where the likelihood of a step law does not depend on T. */
static void say_piece(const struct cp_idle_law_fit *fit, struct cp_buf *out)
{
    char low[CP_FORMAT_MAX];
    char high[CP_FORMAT_MAX];
    if (!cp_idle_law_is_step(fit->law))
        return;
    cp_format(CP_UNIT_S, fit->t_low_ms / CP_MS_PER_S, low);
    cp_format(CP_UNIT_S, fit->t_high_ms / CP_MS_PER_S, high);
    if (is_unseen(fit))
        cp_buf_addf(out, "no step was seen: T is above %s s", low);
    else
        cp_buf_addf(out, "the likelihood is one for all T in (%s, %s] s", low, high);
}

/* Whether the law was chosen, or could have been. */
static void say_standing(const struct cp_idle_survival *s, const struct cp_idle_law_fit *fit,
                         struct cp_buf *out)
{
    bool is_many = s->laws.n_gaps >= CP_IDLE_LAW_SMOOTHS_BELOW;
    const char *words = "";
    if (s->laws.choice == fit->law)
        words = !s->laws.is_smoothing ? "chosen by AICc among step laws"
                                      : "chosen, but only to smooth: too few intervals for more";
    else if (is_many && !cp_idle_law_is_step(fit->law))
        words = "to compare only: with so many intervals no smooth law is chosen";
    cp_buf_addf(out, "%s%s", out->n && words[0] ? "; " : "", words);
}

/* Lifetimes are minutes: seconds are enough. */
static void in_seconds(struct cp_parameter *p)
{
    if (strcmp(p->unit, "ms") != 0)
        return;
    p->unit = "s";
    p->estimate.value /= CP_MS_PER_S;
    p->estimate.low /= CP_MS_PER_S;
    p->estimate.high /= CP_MS_PER_S;
}

static void describe_law(const struct cp_idle_survival *s, const struct cp_idle_law_fit *fit,
                         struct cp_fitted *m)
{
    struct cp_buf note;
    cp_fitted_say(m->formula, sizeof m->formula, "%s", cp_idle_law_formula(fit));
    m->n_parameters = is_unseen(fit) ? 0 : cp_idle_law_parameters(fit, m->parameters);
    for (size_t k = 0; k < m->n_parameters; k++)
        in_seconds(&m->parameters[k]);
    m->group_word = "idle interval";
    m->n_samples = s->n_probes;
    m->n_groups = s->n_points;
    double behind = s->laws.npmle_log_likelihood - fit->log_likelihood;
    cp_fitted_add_check(m, (struct cp_fitted_check){"log-likelihood below the NPMLE's by",
                                                    CP_UNIT_PLAIN, behind, ""});
    cp_fitted_add_check(m,
                        (struct cp_fitted_check){"AICc", CP_UNIT_PLAIN,
                                                 isinf(fit->aicc) ? (double)NAN : fit->aicc, ""});
    cp_buf_init(&note, sizeof m->note);
    say_piece(fit, &note);
    say_standing(s, fit, &note);
    cp_fitted_say(m->note, sizeof m->note, "%s", cp_buf_str(&note));
    cp_buf_clear(&note);
}

static void refuse_law(const struct cp_idle_survival *s, struct cp_fitted *m)
{
    char warm[CP_UNITS_TEXT_MAX];
    char cold[CP_UNITS_TEXT_MAX];
    if (s->is_separated && isfinite(s->first_cold_ms))
        cp_fitted_say(
            m->refused, sizeof m->refused,
            "all warm up to %s and all cold from %s: a threshold between them is all that "
            "is known",
            cp_units_format_duration(s->last_warm_ms, warm),
            cp_units_format_duration(s->first_cold_ms, cold));
    else
        cp_fitted_say(m->refused, sizeof m->refused,
                      "the probes do not tell its parameters: longer intervals would, with "
                      "--idle");
}

void cp_fitted_add_idle(const struct cp_figures *f)
{
    const struct cp_idle_survival *s = &f->survival;
    add_npmle(f);
    for (int law = 0; law < CP_IDLE_LAWS && s->status == CP_OK; law++) {
        const struct cp_idle_law_fit *fit = &s->laws.fits[law];
        char id[32];
        char title[64];
        const char *name = cp_idle_law_text((enum cp_idle_law_name)law);
        cp_fitted_say(id, sizeof id, "idle_%s", name);
        for (char *c = id; *c; c++)
            *c = *c == '-' ? '_' : *c;
        cp_fitted_say(title, sizeof title, "idle survival, %s law",
                      law == CP_IDLE_LAW_WEIBULL ? "Weibull" : name);
        struct cp_fitted *m = cp_fitted_add(f, id, title);
        if (m && s->laws.status == CP_OK && fit->status == CP_OK)
            describe_law(s, fit, m);
        else if (m)
            refuse_law(s, m);
    }
}
