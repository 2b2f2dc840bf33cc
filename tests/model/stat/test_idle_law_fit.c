/* SPDX-License-Identifier: GPL-3.0-or-later
 * Laws of the idle lifetime against R's glm, MASS::confint and constructed counts.
 */
#include "model/stat/idle_law.h"

#include <gsl/gsl_errno.h>
#include <math.h>

#include "tests/model/stat/csv.h"
#include "tests/test.h"

enum { GAPS_MAX = CP_IDLE_POINTS_MAX };

static size_t load_current_status(struct cp_idle_batch *counts)
{
    struct csv csv;
    size_t n = 0;
    csv_open(&csv, "tests/data/model/isotonic", "current_status1.csv");
    for (; csv_next(&csv); n++)
        counts[n] = (struct cp_idle_batch){csv_number(&csv, "gap_s") * 1000, csv_size(&csv, "n"),
                                           csv_size(&csv, "cold")};
    csv_close(&csv);
    assert_int_equal(n, 15);
    return n;
}

/* One row of expected.csv: where the number is in ours. */
struct place {
    const char *model, *parameter;
    enum cp_idle_law_name law;
    double (*of)(const struct cp_idle_law_fit *fit);
    double (*error_of)(const struct cp_idle_law_fit *fit); /* NULL: none given */
    double tolerance;                                      /* relative */
};

static double b0_of(const struct cp_idle_law_fit *f)
{
    return f->b0.at.value;
}
static double b1_of(const struct cp_idle_law_fit *f)
{
    return f->b1.at.value;
}
static double b0_error(const struct cp_idle_law_fit *f)
{
    return f->b0.se;
}
static double b1_error(const struct cp_idle_law_fit *f)
{
    return f->b1.se;
}
static double seconds_of(const struct cp_idle_law_fit *f)
{
    return f->time_ms.at.value / 1000;
}
static double log_seconds_of(const struct cp_idle_law_fit *f)
{
    return log(seconds_of(f));
}
static double form_of(const struct cp_idle_law_fit *f)
{
    return f->form.at.value;
}
static double b0_low(const struct cp_idle_law_fit *f)
{
    return f->b0.at.low;
}
static double b0_high(const struct cp_idle_law_fit *f)
{
    return f->b0.at.high;
}
static double b1_low(const struct cp_idle_law_fit *f)
{
    return f->b1.at.low;
}
static double b1_high(const struct cp_idle_law_fit *f)
{
    return f->b1.at.high;
}

#define LOGISTIC "loglogistic(glm logit, log gap)"
#define WEIBULL  "weibull(glm cloglog, log gap)"
#define LINEAR   "logistic(glm logit, gap)"
#define NORMAL   "lognormal(glm probit, log gap)"
#define PROFILE  "weibull profile95"

/* Digits: R iterates to 1e-8 of the deviance, which leaves 1e-6 of its standard errors; confint
 * reads its ends off a spline. */
static const struct place places[] = {
    {LOGISTIC, "b0", CP_IDLE_LAW_LOG_LOGISTIC, b0_of, b0_error, 1e-8},
    {LOGISTIC, "b1", CP_IDLE_LAW_LOG_LOGISTIC, b1_of, b1_error, 1e-8},
    {"loglogistic", "median_s", CP_IDLE_LAW_LOG_LOGISTIC, seconds_of, NULL, 1e-8},
    {"loglogistic", "shape", CP_IDLE_LAW_LOG_LOGISTIC, form_of, NULL, 1e-8},
    {WEIBULL, "b0", CP_IDLE_LAW_WEIBULL, b0_of, b0_error, 1e-8},
    {WEIBULL, "b1", CP_IDLE_LAW_WEIBULL, b1_of, b1_error, 1e-8},
    {"weibull", "scale_s", CP_IDLE_LAW_WEIBULL, seconds_of, NULL, 1e-8},
    {"weibull", "shape", CP_IDLE_LAW_WEIBULL, form_of, NULL, 1e-8},
    {NORMAL, "b0", CP_IDLE_LAW_LOG_NORMAL, b0_of, b0_error, 1e-8},
    {NORMAL, "b1", CP_IDLE_LAW_LOG_NORMAL, b1_of, b1_error, 1e-8},
    {"lognormal", "meanlog", CP_IDLE_LAW_LOG_NORMAL, log_seconds_of, NULL, 1e-8},
    {"lognormal", "sdlog", CP_IDLE_LAW_LOG_NORMAL, form_of, NULL, 1e-8},
    {LINEAR, "b0", CP_IDLE_LAW_LOGISTIC, b0_of, b0_error, 1e-8},
    {LINEAR, "b1", CP_IDLE_LAW_LOGISTIC, b1_of, b1_error, 1e-8},
    {PROFILE, "b0_lo", CP_IDLE_LAW_WEIBULL, b0_low, NULL, 1e-3},
    {PROFILE, "b0_hi", CP_IDLE_LAW_WEIBULL, b0_high, NULL, 1e-3},
    {PROFILE, "b1_lo", CP_IDLE_LAW_WEIBULL, b1_low, NULL, 1e-3},
    {PROFILE, "b1_hi", CP_IDLE_LAW_WEIBULL, b1_high, NULL, 1e-3},
};

/* expected.csv: dataset,model,param,estimate,se,loglik, where the model may have commas in it. */
struct expected {
    struct cp_view model, parameter;
    double estimate, se, log_likelihood;
};

static struct cp_view take_last(struct cp_view *row)
{
    size_t i = row->n;
    while (i > 0 && row->p[i - 1] != ',')
        i--;
    assert_true(i > 0);
    struct cp_view field = {row->p + i, row->n - i};
    row->n = i - 1;
    return field;
}

static double number_of(struct cp_view field)
{
    double value = NAN;
    if (!cp_view_is(field, "NA"))
        assert_true(cp_view_to_double(field, &value));
    return value;
}

static bool next_expected(struct csv *csv, struct expected *e)
{
    if (!csv_next(csv))
        return false;
    struct cp_view row = csv->row;
    e->log_likelihood = number_of(take_last(&row));
    e->se = number_of(take_last(&row));
    e->estimate = number_of(take_last(&row));
    e->parameter = take_last(&row);
    assert_true(cp_view_skip(&row, "current_status1,"));
    e->model = row;
    return true;
}

static const struct place *place_of(const struct expected *e)
{
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (cp_view_is(e->model, places[i].model) && cp_view_is(e->parameter, places[i].parameter))
            return &places[i];
    }
    fail_msg("no place for '%.*s'", (int)e->model.n, e->model.p);
    return NULL;
}

static void expect(double actual, double expected, double tolerance, const struct place *place,
                   const char *what)
{
    double off = fabs(actual / expected - 1);
    if (!(off <= tolerance))
        fail_msg("%s %s, %s: %.12g instead of %.12g, off by %.2g", place->model, place->parameter,
                 what, actual, expected, off);
}

static void laws_agree_with_r(void **state)
{
    (void)state;
    struct cp_idle_batch counts[GAPS_MAX];
    size_t n = load_current_status(counts);
    struct cp_idle_law_options options = cp_idle_law_defaults();
    options.confidence = 0.95;
    options.floor = 0;
    struct csv csv;
    struct expected expected;
    size_t rows = 0;
    csv_open(&csv, "tests/data/model/currentstatus", "expected.csv");
    while (next_expected(&csv, &expected)) {
        struct cp_idle_law_fit fit;
        if (cp_view_has_prefix(expected.model, "halving"))
            continue;
        const struct place *place = place_of(&expected);
        cp_idle_law_fit(place->law, counts, n, &options, &fit);
        assert_int_equal(fit.status, CP_OK);
        expect(place->of(&fit), expected.estimate, place->tolerance, place, "estimate");
        if (place->error_of)
            expect(place->error_of(&fit), expected.se, 1e-6, place, "standard error");
        if (!isnan(expected.log_likelihood))
            expect(fit.log_likelihood, expected.log_likelihood, 1e-12, place, "log-likelihood");
        rows++;
    }
    csv_close(&csv);
    assert_int_equal(rows, sizeof places / sizeof *places);
}

/* The table's law has its floor only before the first step, ours always: the rest of the likelihood
 * is what the floor adds after it. */
static void halving_with_a_given_floor_agrees_with_a_scan(void **state)
{
    (void)state;
    static const double eps = 1e-3;
    struct cp_idle_batch counts[GAPS_MAX];
    size_t n = load_current_status(counts);
    struct cp_idle_law_options options = cp_idle_law_defaults();
    struct cp_idle_law_fit fit;
    struct csv csv;
    struct expected expected;
    size_t rows = 0;
    double added = 0;
    options.floor = eps;
    cp_idle_law_fit(CP_IDLE_LAW_HALVING, counts, n, &options, &fit);
    assert_int_equal(fit.status, CP_OK);
    for (size_t i = 0; i < n; i++) {
        double steps = floor(counts[i].idle_interval_ms / 360e3);
        double warm = pow(0.5, steps);
        double n_cold = (double)counts[i].n_cold;
        if (steps > 0)
            added += ((double)counts[i].n - n_cold) * log(1 - eps) +
                     n_cold * log((1 - (1 - eps) * warm) / (1 - warm));
    }
    csv_open(&csv, "tests/data/model/currentstatus", "expected.csv");
    while (next_expected(&csv, &expected)) {
        if (!cp_view_has_prefix(expected.model, "halving"))
            continue;
        /* the lower end is open: the table's is the first T above it */
        bool is_low = cp_view_is(expected.parameter, "T_lo");
        assert_near(is_low ? fit.t_low_ms : fit.t_high_ms, 1000 * expected.estimate, 2e-3);
        assert_near(fit.log_likelihood, expected.log_likelihood + added, 1e-9);
        rows++;
    }
    csv_close(&csv);
    assert_int_equal(rows, 2);
}

/* --- constructed counts: the answer is known without fitting --- */

static void fit_of(enum cp_idle_law_name law, const struct cp_idle_batch *counts, size_t n,
                   struct cp_idle_law_fit *fit)
{
    struct cp_idle_law_options options = cp_idle_law_defaults();
    options.confidence = 0.95;
    cp_idle_law_fit(law, counts, n, &options, fit);
}

/* Shares exactly those of eps = 0.01, r = 1/2, T in (360, 400] with 200,000 probes per interval. */
static void exact_steps_are_found(void **state)
{
    (void)state;
    static const double gaps_s[] = {60, 200, 360, 400, 700, 750, 900, 1200};
    static const double steps[] = {0, 0, 0, 1, 1, 2, 2, 3};
    struct cp_idle_batch counts[8];
    struct cp_idle_law_fit fit;
    for (size_t i = 0; i < 8; i++) {
        double warm = 0.99 * pow(0.5, steps[i]);
        counts[i] = (struct cp_idle_batch){1000 * gaps_s[i], 200000,
                                           200000 - (size_t)llround(200000 * warm)};
    }
    fit_of(CP_IDLE_LAW_STEP, counts, 8, &fit);
    assert_int_equal(fit.status, CP_OK);
    /* 700 has one step: T > 350; 750 has two: T <= 375; 900 has two, 1,200 three: T <= 400 */
    assert_near(fit.t_low_ms, 360e3, 1e-6);
    assert_near(fit.t_high_ms, 375e3, 1e-6);
    assert_near(fit.time_ms.at.low, 360e3, 1e-6);
    assert_near(fit.time_ms.at.high, 375e3, 1e-6);
    assert_near(fit.form.at.value, 0.5, 1e-5);
    assert_near(fit.floor.at.value, 0.01, 1e-5);
    assert_true(fit.form.at.low < 0.5 && fit.form.at.low > 0.498);
    assert_true(fit.form.at.high > 0.5 && fit.form.at.high < 0.502);
    /* the interval of a likelihood that is nearly normal is 1.96 standard errors */
    assert_near((fit.form.at.high - fit.form.at.low) / fit.form.se, 2 * 1.96, 0.02);
    assert_near((fit.floor.at.high - fit.floor.at.low) / fit.floor.se, 2 * 1.96, 0.02);
    assert_int_equal(fit.n_parameters, 3);
    for (size_t i = 0; i < 8; i++)
        assert_near(cp_idle_law_cold_probability(&fit, counts[i].idle_interval_ms),
                    (double)counts[i].n_cold / 200000, 1e-5);
}

/* Weibull shares with a floor: all three come back. */
static void floor_of_a_smooth_law_is_found(void **state)
{
    (void)state;
    static const enum cp_idle_law_name laws[] = {CP_IDLE_LAW_WEIBULL, CP_IDLE_LAW_LOG_LOGISTIC,
                                                 CP_IDLE_LAW_LOG_NORMAL};
    struct cp_idle_batch counts[12];
    for (size_t l = 0; l < sizeof laws / sizeof *laws; l++) {
        struct cp_idle_law_fit truth = {.law = laws[l],
                                        .floor = {.at = {.value = 0.02}},
                                        .b1 = {.at = {.value = 2.5}},
                                        .b0 = {.at = {.value = -2.5 * log(400)}}};
        struct cp_idle_law_fit fit;
        for (size_t i = 0; i < 12; i++) {
            double gap_ms = 60e3 * (double)(i + 1);
            double gone = cp_idle_law_cold_probability(&truth, gap_ms);
            counts[i] = (struct cp_idle_batch){gap_ms, 1000000, (size_t)llround(1e6 * gone)};
        }
        fit_of(laws[l], counts, 12, &fit);
        assert_int_equal(fit.status, CP_OK);
        assert_near(fit.floor.at.value, 0.02, 1e-4);
        assert_near(fit.b1.at.value, 2.5, 1e-2);
        assert_near(fit.time_ms.at.value, 400e3, 100);
        assert_near((fit.time_ms.at.high - fit.time_ms.at.low) / fit.time_ms.se, 2 * 1.96, 0.02);
        assert_near((fit.floor.at.high - fit.floor.at.low) / fit.floor.se, 2 * 1.96, 0.02);
        assert_near((fit.form.at.high - fit.form.at.low) / fit.form.se, 2 * 1.96, 0.02);
        assert_int_equal(fit.n_parameters, 3);
    }
}

static void separation_is_a_threshold_and_no_smooth_law(void **state)
{
    (void)state;
    static const struct cp_idle_batch counts[] = {
        {60e3, 10, 0}, {300e3, 10, 0}, {360e3, 10, 10}, {420e3, 10, 10}, {900e3, 5, 5}};
    struct cp_idle_laws laws;
    struct cp_idle_law_options options = cp_idle_law_defaults();
    options.confidence = 0.95;
    cp_idle_laws_fit(counts, 5, &options, &laws);
    assert_int_equal(laws.status, CP_OK);
    for (int i = CP_IDLE_LAW_WEIBULL; i < CP_IDLE_LAW_EXPONENTIAL; i++)
        assert_int_equal(laws.fits[i].status, CP_ENUMERIC);
    const struct cp_idle_law_fit *step = &laws.fits[CP_IDLE_LAW_STEP];
    assert_int_equal(laws.choice, CP_IDLE_LAW_STEP);
    assert_near(step->t_low_ms, 300e3, 1e-6);
    assert_near(step->t_high_ms, 360e3, 1e-6);
    assert_near(step->form.at.value, 0, 0);
    assert_near(step->floor.at.value, 0, 0);
    assert_near(step->log_likelihood, 0, 1e-12);
    /* nothing is cold in 20: exact 1-sided likelihood bound 1 - exp(-3.84 / 40) */
    assert_near(step->floor.at.high, 1 - exp(-3.841458820694124 / 40), 1e-9);
    assert_near(step->floor.at.low, 0, 0);
}

/* Cold starts at short intervals, and a threshold: the floor takes them, no slope is finite. */
static void threshold_above_a_floor_is_found(void **state)
{
    (void)state;
    static const struct cp_idle_batch counts[] = {
        {60e3, 100, 1}, {300e3, 100, 0}, {360e3, 50, 50}, {420e3, 50, 50}};
    struct cp_idle_laws laws;
    const struct cp_idle_law_options options = cp_idle_law_defaults();
    cp_idle_laws_fit(counts, 4, &options, &laws);
    const struct cp_idle_law_fit *step = &laws.fits[CP_IDLE_LAW_STEP];
    assert_near(step->t_low_ms, 300e3, 1e-6);
    assert_near(step->t_high_ms, 360e3, 1e-6);
    assert_near(step->floor.at.value, 0.005, 1e-12);
    assert_near(step->form.at.value, 0, 0);
    assert_int_equal(laws.fits[CP_IDLE_LAW_WEIBULL].status, CP_ENUMERIC);
    assert_int_equal(laws.choice, CP_IDLE_LAW_STEP);
}

static void all_alike_says_what_it_can(void **state)
{
    (void)state;
    static const struct cp_idle_batch warm[] = {{60e3, 10, 0}, {300e3, 10, 0}};
    static const struct cp_idle_batch cold[] = {{60e3, 10, 10}, {300e3, 10, 10}};
    static const struct cp_idle_batch at_zero[] = {{0, 10, 10}};
    struct cp_idle_law_fit fit;
    fit_of(CP_IDLE_LAW_STEP, warm, 2, &fit);
    assert_int_equal(fit.status, CP_OK);
    assert_near(fit.t_low_ms, 300e3, 0);
    assert_near(fit.t_high_ms, INFINITY, 0);
    assert_true(isnan(fit.form.at.value));
    assert_near(fit.floor.at.value, 0, 0);
    fit_of(CP_IDLE_LAW_STEP, cold, 2, &fit);
    assert_int_equal(fit.status, CP_OK);
    assert_near(fit.t_low_ms, 0, 0);
    assert_near(fit.t_high_ms, 60e3, 1e-6);
    assert_near(fit.form.at.value, 0, 0);
    fit_of(CP_IDLE_LAW_STEP, at_zero, 1, &fit);
    assert_int_equal(fit.status, CP_OK);
    assert_near(fit.floor.at.value, 1, 1e-9);
    for (int law = CP_IDLE_LAW_WEIBULL; law < CP_IDLE_LAWS; law++) {
        fit_of((enum cp_idle_law_name)law, warm, 2, &fit);
        assert_int_equal(fit.status, CP_ENUMERIC);
        fit_of((enum cp_idle_law_name)law, cold, 2, &fit);
        assert_int_equal(fit.status, CP_ENUMERIC);
    }
}

static void few_intervals_are_smoothed_and_labelled(void **state)
{
    (void)state;
    static const struct cp_idle_batch counts[] = {
        {60e3, 400, 30}, {300e3, 400, 180}, {900e3, 400, 350}};
    struct cp_idle_laws laws;
    const struct cp_idle_law_options options = cp_idle_law_defaults();
    cp_idle_laws_fit(counts, 3, &options, &laws);
    assert_int_equal(laws.n_gaps, 3);
    assert_true(laws.is_smoothing);
    assert_true(laws.choice >= CP_IDLE_LAW_WEIBULL);
    /* four intervals: never */
    struct cp_idle_batch four[4] = {counts[0], counts[1], counts[2], {1200e3, 400, 380}};
    cp_idle_laws_fit(four, 4, &options, &laws);
    assert_false(laws.is_smoothing);
    assert_true(laws.choice < CP_IDLE_LAW_WEIBULL || laws.choice == CP_IDLE_LAW_NONE);
}

static void a_step_law_wins_over_the_npmle_by_parsimony(void **state)
{
    (void)state;
    struct cp_rng rng;
    cp_rng_init(&rng, 3, 0);
    size_t n_step = 0;
    for (int trial = 0; trial < 20; trial++) {
        struct cp_idle_batch counts[14];
        struct cp_idle_laws laws;
        for (size_t i = 0; i < 14; i++) {
            counts[i] = (struct cp_idle_batch){100e3 * (double)(i + 1), 60, 0};
            double warm = 0.99 * pow(0.5, floor(counts[i].idle_interval_ms / 380e3));
            for (size_t j = 0; j < 60; j++)
                counts[i].n_cold += cp_rng_uniform(&rng) >= warm;
        }
        const struct cp_idle_law_options options = cp_idle_law_defaults();
        cp_idle_laws_fit(counts, 14, &options, &laws);
        n_step += laws.choice == CP_IDLE_LAW_STEP || laws.choice == CP_IDLE_LAW_HALVING;
        double best_step = fmax(laws.fits[CP_IDLE_LAW_HALVING].log_likelihood,
                                laws.fits[CP_IDLE_LAW_STEP].log_likelihood);
        assert_true(best_step <= laws.npmle_log_likelihood + 1e-9);
        assert_true(laws.npmle_log_likelihood <= laws.saturated_log_likelihood + 1e-9);
        for (int law = CP_IDLE_LAW_WEIBULL; law < CP_IDLE_LAWS; law++)
            assert_true(laws.fits[law].log_likelihood < best_step);
    }
    assert_in_range(n_step, 16, 20);
}

static void dispersion_widens_intervals(void **state)
{
    (void)state;
    struct cp_idle_batch counts[GAPS_MAX];
    size_t n = load_current_status(counts);
    for (int law = 0; law < CP_IDLE_LAWS; law++) {
        struct cp_idle_law_options options = cp_idle_law_defaults();
        struct cp_idle_law_fit plain;
        struct cp_idle_law_fit wide;
        options.confidence = 0.95;
        cp_idle_law_fit((enum cp_idle_law_name)law, counts, n, &options, &plain);
        options.dispersion = 4;
        cp_idle_law_fit((enum cp_idle_law_name)law, counts, n, &options, &wide);
        assert_near(wide.time_ms.at.value, plain.time_ms.at.value, 0);
        assert_true(wide.time_ms.at.high - wide.time_ms.at.low >=
                    plain.time_ms.at.high - plain.time_ms.at.low);
        if (!isnan(plain.form.se))
            assert_near(wide.form.se, 2 * plain.form.se, 1e-9 * plain.form.se);
        options.dispersion = 0.1; /* balance is no reason for shorter ones */
        cp_idle_law_fit((enum cp_idle_law_name)law, counts, n, &options, &wide);
        assert_near(wide.time_ms.at.high, plain.time_ms.at.high, 0);
    }
}

static void lifetimes_follow_the_law(void **state)
{
    (void)state;
    enum { DRAWS = 20000 };
    struct cp_idle_batch counts[GAPS_MAX];
    size_t n = load_current_status(counts);
    counts[0].n_cold = 1; /* a floor */
    for (int law = 0; law < CP_IDLE_LAWS; law++) {
        struct cp_idle_law_fit fit;
        struct cp_rng rng;
        size_t gone[8] = {0};
        cp_rng_init(&rng, 11, (uint64_t)law);
        fit_of((enum cp_idle_law_name)law, counts, n, &fit);
        assert_int_equal(fit.status, CP_OK);
        for (size_t i = 0; i < DRAWS; i++) {
            double lifetime_ms = cp_idle_law_lifetime_ms(&fit, &rng);
            assert_true(lifetime_ms >= 0);
            for (size_t g = 0; g < 8; g++)
                gone[g] += lifetime_ms <= 220e3 * (double)g;
        }
        for (size_t g = 0; g < 8; g++) {
            double p = cp_idle_law_cold_probability(&fit, 220e3 * (double)g);
            assert_near((double)gone[g] / DRAWS, p, 5 * sqrt(p * (1 - p) / DRAWS) + 1e-9);
        }
        assert_true(cp_idle_law_cold_probability(&fit, 1e12) > 0.99);
        assert_true(isnan(cp_idle_law_cold_probability(&fit, NAN)));
    }
}

static void hostile_counts_are_refused_or_fitted(void **state)
{
    (void)state;
    static const struct {
        struct cp_idle_batch counts[3];
        size_t n;
        enum cp_code status;
    } cases[] = {
        {{{0}}, 0, CP_ENODATA},
        {{{60e3, 0, 0}}, 1, CP_ENODATA},
        {{{-1, 5, 1}}, 1, CP_EINVAL},
        {{{NAN, 5, 1}}, 1, CP_EINVAL},
        {{{INFINITY, 5, 1}}, 1, CP_EINVAL},
        {{{60e3, 5, 6}}, 1, CP_EINVAL},
        {{{1e-300, 5, 1}, {1e300, 5, 4}}, 2, CP_OK},
        {{{0, 5, 5}, {60e3, 5, 0}}, 2, CP_OK},
        {{{60e3, SIZE_MAX / 4, 1}, {90e3, SIZE_MAX / 4, SIZE_MAX / 8}}, 2, CP_OK},
        {{{1, 1, 1}, {2, 1, 0}, {3, 1, 1}}, 3, CP_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cp_idle_laws laws;
        struct cp_idle_law_options options = cp_idle_law_defaults();
        options.confidence = 0.95;
        cp_idle_laws_fit(cases[i].counts, cases[i].n, &options, &laws);
        assert_int_equal(laws.status, cases[i].status);
        for (int law = 0; law < CP_IDLE_LAWS; law++) {
            const struct cp_idle_law_fit *fit = &laws.fits[law];
            struct cp_parameter parameters[CP_PARAMETERS_MAX];
            size_t n = cp_idle_law_parameters(fit, parameters);
            assert_int_equal(n > 0, fit->status == CP_OK);
            if (fit->status)
                continue;
            assert_true(fit->log_likelihood <= 0);
            assert_true(fit->floor.at.value >= 0 && fit->floor.at.value <= 1);
            assert_true(fit->time_ms.at.value > 0);
            assert_true(!(parameters[0].estimate.low > parameters[0].estimate.high));
        }
    }
}

static void options_that_cannot_be_are_refused(void **state)
{
    (void)state;
    static const struct cp_idle_law_options options[] = {
        {.floor = -0.1}, {.floor = 1}, {.floor = INFINITY}, {.confidence = 1}, {.confidence = NAN}};
    static const struct cp_idle_batch counts[] = {{60e3, 5, 1}};
    struct cp_idle_law_fit fit;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        cp_idle_law_fit(CP_IDLE_LAW_STEP, counts, 1, &options[i], &fit);
        assert_int_equal(fit.status, CP_EINVAL);
    }
    const struct cp_idle_law_options defaults = cp_idle_law_defaults();
    cp_idle_law_fit(CP_IDLE_LAW_NONE, counts, 1, &defaults, &fit);
    assert_int_equal(fit.status, CP_EINVAL);
    struct cp_idle_batch many[CP_IDLE_POINTS_MAX + 1];
    for (size_t i = 0; i <= CP_IDLE_POINTS_MAX; i++)
        many[i] = (struct cp_idle_batch){(double)(i + 1), 4, i % 5};
    cp_idle_law_fit(CP_IDLE_LAW_STEP, many, CP_IDLE_POINTS_MAX, &defaults, &fit);
    assert_int_equal(fit.status, CP_OK);
    cp_idle_law_fit(CP_IDLE_LAW_STEP, many, CP_IDLE_POINTS_MAX + 1, &defaults, &fit);
    assert_int_equal(fit.status, CP_ELIMIT);
}

static void parameters_have_names_and_intervals(void **state)
{
    (void)state;
    struct cp_idle_batch counts[GAPS_MAX];
    struct cp_parameter p[CP_PARAMETERS_MAX];
    struct cp_idle_law_fit fit;
    size_t n = load_current_status(counts);
    fit_of(CP_IDLE_LAW_WEIBULL, counts, n, &fit);
    assert_int_equal(cp_idle_law_parameters(&fit, p), 2);
    assert_string_equal(p[0].name, "scale");
    assert_string_equal(p[0].unit, "ms");
    assert_string_equal(p[1].name, "shape");
    assert_string_equal(p[1].method, "profile likelihood");
    assert_near(p[1].confidence, 0.95, 0);
    assert_string_equal(cp_idle_law_formula(&fit), "P(warm at g) = exp(-(g / scale)^shape)");
    fit_of(CP_IDLE_LAW_HALVING, counts, n, &fit);
    assert_int_equal(cp_idle_law_parameters(&fit, p), 2);
    assert_string_equal(p[0].name, "T");
    assert_string_equal(p[1].name, "eps");
    assert_string_equal(cp_idle_law_text(fit.law), "halving");
    assert_string_equal(cp_idle_law_text(CP_IDLE_LAW_NONE), "npmle");
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(laws_agree_with_r),
        cmocka_unit_test(halving_with_a_given_floor_agrees_with_a_scan),
        cmocka_unit_test(exact_steps_are_found),
        cmocka_unit_test(floor_of_a_smooth_law_is_found),
        cmocka_unit_test(separation_is_a_threshold_and_no_smooth_law),
        cmocka_unit_test(threshold_above_a_floor_is_found),
        cmocka_unit_test(all_alike_says_what_it_can),
        cmocka_unit_test(few_intervals_are_smoothed_and_labelled),
        cmocka_unit_test(a_step_law_wins_over_the_npmle_by_parsimony),
        cmocka_unit_test(dispersion_widens_intervals),
        cmocka_unit_test(lifetimes_follow_the_law),
        cmocka_unit_test(hostile_counts_are_refused_or_fitted),
        cmocka_unit_test(options_that_cannot_be_are_refused),
        cmocka_unit_test(parameters_have_names_and_intervals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
