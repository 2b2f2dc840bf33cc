/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/idle_law.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <string.h>

#include "model/stat/idle_law_rows.h"
#include "model/stat/isotonic.h"

static const double MS = 1000;
static const double MOST_LOG = 700; /* exp of more overflows */

/* --- links --- */

static struct cp_idle_link_value cloglog_at(double eta)
{
    double hazard = exp(fmin(eta, MOST_LOG));
    return (struct cp_idle_link_value){-expm1(-hazard), exp(-hazard), exp(eta - hazard)};
}

static double cloglog_of(double gone)
{
    return log(-log1p(-gone));
}

static double cloglog_of_alive(double alive)
{
    return log(-log(alive));
}

static struct cp_idle_link_value logit_at(double eta)
{
    double gone = 1 / (1 + exp(-eta));
    double alive = 1 / (1 + exp(eta));
    return (struct cp_idle_link_value){gone, alive, gone * alive};
}

static double logit_of(double gone)
{
    return log(gone / (1 - gone));
}

static double logit_of_alive(double alive)
{
    return log((1 - alive) / alive);
}

static struct cp_idle_link_value probit_at(double eta)
{
    return (struct cp_idle_link_value){gsl_cdf_ugaussian_P(eta), gsl_cdf_ugaussian_Q(eta),
                                       gsl_ran_ugaussian_pdf(eta)};
}

static double probit_of(double gone)
{
    return gsl_cdf_ugaussian_Pinv(gone);
}

static double probit_of_alive(double alive)
{
    return gsl_cdf_ugaussian_Qinv(alive);
}

static const struct cp_idle_link weibull_link = {cloglog_at, cloglog_of, cloglog_of_alive};
static const struct cp_idle_link log_logistic_link = {logit_at, logit_of, logit_of_alive};
static const struct cp_idle_link log_normal_link = {probit_at, probit_of, probit_of_alive,
                                                    .is_form_reciprocal = true};
static const struct cp_idle_link logistic_link = {logit_at, logit_of, logit_of_alive,
                                                  .is_linear = true, .is_form_reciprocal = true};
static const struct cp_idle_link exponential_link = {cloglog_at, cloglog_of, cloglog_of_alive,
                                                     .is_exponential = true};

/* --- rows --- */

struct row {
    const char *name;
    const struct cp_idle_link *link; /* NULL: a step law */
    double ratio;                    /* r of a step law; NAN: estimated */
    const char *time, *form;         /* names of its parameters; NULL: a constant */
    const char *formula, *bare_formula;
};

static const struct row rows[CP_IDLE_LAWS] = {
    [CP_IDLE_LAW_HALVING] = {"halving", NULL, 0.5, "T", NULL,
                             "P(warm at g) = (1 - eps) (1/2)^floor(g / T)",
                             "P(warm at g) = (1/2)^floor(g / T)"},
    [CP_IDLE_LAW_STEP] = {"step", NULL, NAN, "T", "r", "P(warm at g) = (1 - eps) r^floor(g / T)",
                          "P(warm at g) = r^floor(g / T)"},
    [CP_IDLE_LAW_WEIBULL] = {"weibull", &weibull_link, NAN, "scale", "shape",
                             "P(warm at g) = (1 - eps) exp(-(g / scale)^shape)",
                             "P(warm at g) = exp(-(g / scale)^shape)"},
    [CP_IDLE_LAW_LOG_LOGISTIC] = {"log-logistic", &log_logistic_link, NAN, "median", "shape",
                                  "P(warm at g) = (1 - eps) / (1 + (g / median)^shape)",
                                  "P(warm at g) = 1 / (1 + (g / median)^shape)"},
    [CP_IDLE_LAW_LOG_NORMAL] = {"log-normal", &log_normal_link, NAN, "median", "sdlog",
                                "P(warm at g) = (1 - eps) (1 - Phi(log(g / median) / sdlog))",
                                "P(warm at g) = 1 - Phi(log(g / median) / sdlog)"},
    [CP_IDLE_LAW_LOGISTIC] = {"logistic", &logistic_link, NAN, "median", "scale",
                              "P(warm at g) = (1 - eps) / (1 + exp((g - median) / scale))",
                              "P(warm at g) = 1 / (1 + exp((g - median) / scale))"},
    [CP_IDLE_LAW_EXPONENTIAL] = {"exponential", &exponential_link, NAN, "scale", NULL,
                                 "P(warm at g) = (1 - eps) exp(-g / scale)",
                                 "P(warm at g) = exp(-g / scale)"},
};

/* --- what the engines share --- */

double cp_idle_log_term(double x, double y)
{
    return x > 0 ? x * log(y) : 0;
}

double cp_idle_inflation(const struct cp_idle_law_options *options)
{
    return options->dispersion > 1 ? options->dispersion : 1;
}

double cp_idle_allowed_deviance(const struct cp_idle_law_options *options)
{
    return gsl_cdf_chisq_Pinv(options->confidence, 1) * cp_idle_inflation(options);
}

double cp_idle_profile_end(double (*deviance)(void *context, double value), void *context,
                           double inner, double outer, double allowed)
{
    enum { STEPS_MAX = 80, QUARTERS = 10 };
    double aim = sqrt(allowed);
    double near = inner;
    double near_off = -aim;
    double far = inner;
    double far_off = -aim;
    for (int quarters = QUARTERS; quarters >= 0 && far_off < 0; quarters--) {
        near = far;
        near_off = far_off;
        far = inner + (outer - inner) * exp2(-2 * quarters);
        far_off = sqrt(fmax(deviance(context, far), 0)) - aim;
    }
    if (far_off < 0)
        return outer;
    /* the root of the deviance is nearly linear: false position (Illinois), and bisection while its
     * far end is infinite */
    for (int i = 0; i < STEPS_MAX && fabs(far - near) > 1e-13 * fabs(far); i++) {
        double share = isfinite(far_off) ? near_off / (near_off - far_off) : 0.5;
        double next = near + (far - near) * share;
        double off = sqrt(fmax(deviance(context, next), 0)) - aim;
        if (fabs(off) < 1e-12 * aim)
            return next;
        if (off < 0) {
            near = next;
            near_off = off;
            far_off /= 2;
        } else {
            far = next;
            far_off = off;
            near_off /= 2;
        }
    }
    return near + (far - near) / 2;
}

/* --- counts --- */

static enum cp_code add_gap(struct cp_idle_gaps *gaps, const struct cp_idle_batch *b)
{
    if (!(b->idle_interval_ms >= 0 && isfinite(b->idle_interval_ms)) || b->n_cold > b->n)
        return CP_EINVAL;
    if (b->n == 0)
        return CP_OK;
    size_t i = gaps->n;
    while (i > 0 && gaps->at[i - 1].ms >= b->idle_interval_ms)
        i--;
    struct cp_idle_gap *g = &gaps->at[i];
    if (i == gaps->n || g->ms > b->idle_interval_ms) {
        if (gaps->n == CP_IDLE_POINTS_MAX)
            return CP_ELIMIT;
        memmove(g + 1, g, (gaps->n - i) * sizeof *g);
        *g = (struct cp_idle_gap){.ms = b->idle_interval_ms};
        gaps->n++;
    }
    g->cold += (double)b->n_cold;
    g->warm += (double)(b->n - b->n_cold);
    return CP_OK;
}

static bool is_share(double x)
{
    return x >= 0 && x < 1;
}

static enum cp_code gather(const struct cp_idle_batch *counts, size_t n,
                           const struct cp_idle_law_options *options, struct cp_idle_gaps *gaps)
{
    gaps->n = 0;
    if (!(isnan(options->floor) || is_share(options->floor)) || !is_share(options->confidence))
        return CP_EINVAL;
    for (size_t i = 0; i < n; i++) {
        enum cp_code code = add_gap(gaps, &counts[i]);
        if (code)
            return code;
    }
    return gaps->n ? CP_OK : CP_ENODATA;
}

static double n_trials(const struct cp_idle_gaps *gaps, const struct cp_idle_law_options *options)
{
    double n = 0;
    for (size_t i = 0; i < gaps->n; i++)
        n += gaps->at[i].warm + gaps->at[i].cold;
    return options->n_batches ? (double)options->n_batches : n;
}

static double aicc_of(double log_likelihood, size_t n_parameters, const struct cp_idle_gaps *gaps,
                      const struct cp_idle_law_options *options)
{
    double k = (double)n_parameters;
    double spare = n_trials(gaps, options) - k - 1;
    if (spare <= 0)
        return INFINITY;
    return -2 * log_likelihood / cp_idle_inflation(options) + 2 * k + 2 * k * (k + 1) / spare;
}

/* --- fits --- */

struct cp_idle_law_options cp_idle_law_defaults(void)
{
    return (struct cp_idle_law_options){.floor = NAN, .dispersion = NAN};
}

static struct cp_idle_law_fit blank(enum cp_idle_law_name law, enum cp_code status)
{
    static const struct cp_idle_estimate none = {{NAN, NAN, NAN}, NAN};
    return (struct cp_idle_law_fit){.status = status,
                                    .law = law,
                                    .log_likelihood = NAN,
                                    .aicc = NAN,
                                    .time_ms = none,
                                    .form = none,
                                    .floor = none,
                                    .t_low_ms = NAN,
                                    .t_high_ms = NAN,
                                    .b0 = none,
                                    .b1 = none,
                                    .interval_method = ""};
}

static void fit_gaps(enum cp_idle_law_name law, const struct cp_idle_gaps *gaps,
                     const struct cp_idle_law_options *options, struct cp_idle_law_fit *out)
{
    const struct row *row = &rows[law];
    *out = blank(law, CP_OK);
    if (row->link)
        cp_idle_fit_smooth(row->link, gaps, options, out);
    else
        cp_idle_fit_step(row->ratio, gaps, options, out);
    if (out->status)
        return;
    out->aicc = aicc_of(out->log_likelihood, out->n_parameters, gaps, options);
    if (options->confidence > 0) {
        out->confidence = options->confidence;
        out->interval_method = "profile likelihood";
    }
}

void cp_idle_law_fit(enum cp_idle_law_name law, const struct cp_idle_batch *counts, size_t n,
                     const struct cp_idle_law_options *options, struct cp_idle_law_fit *out)
{
    struct cp_idle_gaps gaps;
    enum cp_code status = gather(counts, n, options, &gaps);
    if (law < 0 || law >= CP_IDLE_LAWS)
        status = CP_EINVAL;
    if (status)
        *out = blank(law, status);
    else
        fit_gaps(law, &gaps, options, out);
}

static void fit_npmle(const struct cp_idle_gaps *gaps, const struct cp_idle_law_options *options,
                      struct cp_idle_laws *out)
{
    double shares[CP_IDLE_POINTS_MAX];
    double weights[CP_IDLE_POINTS_MAX];
    struct cp_isotonic_block blocks[CP_IDLE_POINTS_MAX];
    for (size_t i = 0; i < gaps->n; i++) {
        weights[i] = gaps->at[i].warm + gaps->at[i].cold;
        shares[i] = gaps->at[i].cold / weights[i];
    }
    out->n_gaps = gaps->n;
    out->n_npmle_values =
        cp_isotonic_fit(shares, weights, gaps->n, CP_ISOTONIC_NON_DECREASING, blocks);
    for (size_t i = 0, block = 0; i < gaps->n; i++) {
        const struct cp_idle_gap *g = &gaps->at[i];
        block += i == blocks[block].end;
        out->npmle_log_likelihood += cp_idle_log_term(g->cold, blocks[block].value) +
                                     cp_idle_log_term(g->warm, 1 - blocks[block].value);
        out->saturated_log_likelihood +=
            cp_idle_log_term(g->cold, shares[i]) + cp_idle_log_term(g->warm, g->warm / weights[i]);
    }
    out->npmle_aicc = aicc_of(out->npmle_log_likelihood, out->n_npmle_values, gaps, options);
}

static void choose(struct cp_idle_laws *laws)
{
    double least = laws->npmle_aicc;
    laws->choice = CP_IDLE_LAW_NONE;
    for (int i = 0; i < CP_IDLE_LAWS; i++) {
        bool may_win = !rows[i].link || laws->n_gaps < CP_IDLE_LAW_SMOOTHS_BELOW;
        if (laws->fits[i].status || !may_win || !(laws->fits[i].aicc < least))
            continue;
        least = laws->fits[i].aicc;
        laws->choice = (enum cp_idle_law_name)i;
    }
    laws->is_smoothing = laws->choice != CP_IDLE_LAW_NONE && rows[laws->choice].link;
}

void cp_idle_laws_fit(const struct cp_idle_batch *counts, size_t n,
                      const struct cp_idle_law_options *options, struct cp_idle_laws *out)
{
    struct cp_idle_gaps gaps;
    *out = (struct cp_idle_laws){.status = gather(counts, n, options, &gaps),
                                 .choice = CP_IDLE_LAW_NONE};
    for (int i = 0; i < CP_IDLE_LAWS; i++) {
        enum cp_idle_law_name law = (enum cp_idle_law_name)i;
        if (out->status)
            out->fits[i] = blank(law, out->status);
        else
            fit_gaps(law, &gaps, options, &out->fits[i]);
    }
    if (out->status)
        return;
    fit_npmle(&gaps, options, out);
    choose(out);
}

/* --- use of a fit --- */

static double steps_passed(const struct cp_idle_law_fit *fit, double gap_ms)
{
    double t = fit->time_ms.at.value;
    return isinf(t) ? 0 : floor(gap_ms / t);
}

double cp_idle_law_cold_probability(const struct cp_idle_law_fit *fit, double gap_ms)
{
    if (fit->status || isnan(gap_ms))
        return NAN;
    const struct cp_idle_link *link = rows[fit->law].link;
    double eps = fit->floor.at.value;
    gap_ms = fmax(gap_ms, 0);
    if (link) {
        double x = link->is_linear ? gap_ms / MS : log(gap_ms / MS);
        double eta = fit->b0.at.value + fit->b1.at.value * x;
        return eps + (1 - eps) * link->at(eta).gone;
    }
    double k = steps_passed(fit, gap_ms);
    return k > 0 ? 1 - (1 - eps) * pow(fit->form.at.value, k) : eps;
}

double cp_idle_law_lifetime_ms(const struct cp_idle_law_fit *fit, struct cp_rng *rng)
{
    if (fit->status)
        return NAN;
    const struct cp_idle_link *link = rows[fit->law].link;
    double eps = fit->floor.at.value;
    double alive = cp_rng_uniform(rng) / (1 - eps);
    if (alive >= 1)
        return 0;
    if (link) {
        double x = (link->eta_of_alive(alive) - fit->b0.at.value) / fit->b1.at.value;
        return MS * (link->is_linear ? fmax(x, 0) : exp(x));
    }
    double t = fit->time_ms.at.value;
    double r = fit->form.at.value;
    if (isinf(t) || r >= 1)
        return INFINITY;
    return r > 0 ? t * fmax(ceil(log(alive) / log(r)), 1) : t;
}

/* --- in words --- */

bool cp_idle_law_is_step(enum cp_idle_law_name law)
{
    return law >= 0 && law < CP_IDLE_LAWS && !rows[law].link;
}

const char *cp_idle_law_text(enum cp_idle_law_name law)
{
    return law >= 0 && law < CP_IDLE_LAWS ? rows[law].name : "npmle";
}

const char *cp_idle_law_formula(const struct cp_idle_law_fit *fit)
{
    bool has_floor = fit->floor.at.value > 0;
    if (fit->law < 0 || fit->law >= CP_IDLE_LAWS)
        return "";
    return has_floor ? rows[fit->law].formula : rows[fit->law].bare_formula;
}

static struct cp_parameter parameter_of(const char *name, const char *unit,
                                        const struct cp_idle_estimate *estimate,
                                        const struct cp_idle_law_fit *fit)
{
    bool has_interval = fit->confidence > 0 && !isnan(estimate->at.low);
    return (struct cp_parameter){.name = name,
                                 .unit = unit,
                                 .estimate = estimate->at,
                                 .confidence = has_interval ? fit->confidence : 0,
                                 .method = has_interval ? fit->interval_method : ""};
}

size_t cp_idle_law_parameters(const struct cp_idle_law_fit *fit,
                              struct cp_parameter out[CP_PARAMETERS_MAX])
{
    size_t n = 0;
    if (fit->status || fit->law < 0 || fit->law >= CP_IDLE_LAWS)
        return 0;
    const struct row *row = &rows[fit->law];
    out[n++] = parameter_of(row->time, "ms", &fit->time_ms, fit);
    if (row->form)
        out[n++] =
            parameter_of(row->form, row->link && row->link->is_linear ? "ms" : "", &fit->form, fit);
    if (fit->floor.at.value > 0)
        out[n++] = parameter_of("eps", "", &fit->floor, fit);
    return n;
}
