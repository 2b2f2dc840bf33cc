/* SPDX-License-Identifier: GPL-3.0-or-later
 * Laws of the idle lifetime on AWS measurements of the SeBS artifact (Copik et al., Middleware
 * 2021), read where COLDPROF_REFERENCE points and never copied: warm environments of concurrent
 * batches after 1 to 1,320 s.
 */
#include <gsl/gsl_errno.h>
#include <gsl/gsl_multimin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/stat/idle_law.h"
#include "model/stat/idle_survival.h"
#include "tests/model/stat/csv.h"
#include "tests/model/stat/reference.h"
#include "tests/test.h"

enum { ROWS_MAX = 1024, SETS = 4 };
static const double CUT = 1e-6;

static const char *in_reference(void)
{
    return reference_folder("eviction_sebs");
}

/* The rows are sums of batches of one size. */
static size_t load(const char *folder, struct cp_view family, struct cp_idle_batch *counts)
{
    struct csv csv;
    char name[128];
    size_t n = 0;
    (void)snprintf(name, sizeof name, "%.*s.csv", (int)family.n, family.p);
    csv_open(&csv, folder, name);
    for (; csv_next(&csv); n++) {
        size_t probes = csv_size(&csv, "concurrency") * csv_size(&csv, "batches");
        assert_in_range(n, 0, ROWS_MAX - 1);
        counts[n] = (struct cp_idle_batch){1000 * csv_number(&csv, "gap_s"), probes,
                                           probes - csv_size(&csv, "warm_total")};
    }
    csv_close(&csv);
    return n;
}

/* Six decimals; parameters of smooth laws come from a general minimiser, and have 1e-7 of
 * themselves less. */
static void expect(const struct csv *csv, const char *column, double actual)
{
    double expected = csv_number(csv, column);
    struct cp_view family = csv_text(csv, "fam");
    double slack = strncmp(column, "weib_", 5) == 0 ? 1e-7 * expected : 0;
    if (!(fabs(actual - expected) <= 6e-7 + slack))
        fail_msg("%.*s, %s: %.9f instead of %.9f", (int)family.n, family.p, column, actual,
                 expected);
}

/* The table's probabilities are cut to 1e-6 .. 1 - 1e-6: what that adds where all probes are alike.
 */
static double added_by_cutting(const struct cp_idle_batch *counts, size_t n)
{
    struct cp_idle_survival s;
    const struct cp_idle_options none = {0};
    double n_alike = 0;
    cp_idle_survival_of_batches(counts, n, &none, &s);
    for (size_t i = 0; i < s.n_points; i++) {
        if (s.points[i].n_cold == 0 || s.points[i].n_cold == s.points[i].n)
            n_alike += (double)s.points[i].n;
    }
    return n_alike * log1p(-CUT);
}

/* Without floor as published: exponential and weibull; the step laws with theirs. */
static void aws_evictions_follow_the_published_likelihoods(void **state)
{
    (void)state;
    const char *folder = in_reference();
    struct csv csv;
    size_t sets = 0;
    static struct cp_idle_batch counts[ROWS_MAX];
    csv_open(&csv, folder, "expected_fit.csv");
    for (; csv_next(&csv); sets++) {
        size_t n = load(folder, csv_text(&csv, "fam"), counts);
        struct cp_idle_law_options options = cp_idle_law_defaults();
        struct cp_idle_laws bare;
        struct cp_idle_laws laws;
        cp_idle_laws_fit(counts, n, &options, &laws);
        options.floor = 0;
        cp_idle_laws_fit(counts, n, &options, &bare);
        expect(&csv, "loglik_npmle", laws.npmle_log_likelihood);
        expect(&csv, "loglik_saturated",
               laws.saturated_log_likelihood + added_by_cutting(counts, n));
        expect(&csv, "loglik_exponential", bare.fits[CP_IDLE_LAW_EXPONENTIAL].log_likelihood);
        expect(&csv, "loglik_weibull", bare.fits[CP_IDLE_LAW_WEIBULL].log_likelihood);
        expect(&csv, "weib_scale", bare.fits[CP_IDLE_LAW_WEIBULL].time_ms.at.value / 1000);
        expect(&csv, "weib_shape", bare.fits[CP_IDLE_LAW_WEIBULL].form.at.value);
        const struct cp_idle_law_fit *halving = &laws.fits[CP_IDLE_LAW_HALVING];
        expect(&csv, "loglik_halving_T380", halving->log_likelihood);
        expect(&csv, "loglik_halving_Tmle", halving->log_likelihood);
        expect(&csv, "halving_eps", halving->floor.at.value);
        expect(&csv, "halving_T_mle_hi", halving->t_high_ms / 1000);
        /* the table scans T in steps of 0.5 s: its low end is the first of them in the piece */
        assert_near(halving->t_low_ms / 1000, csv_number(&csv, "halving_T_mle_lo") - 0.5, 1e-6);
        const struct cp_idle_law_fit *step = &laws.fits[CP_IDLE_LAW_STEP];
        expect(&csv, "loglik_geometric_T380", step->log_likelihood);
        expect(&csv, "geometric_r", step->form.at.value);
        assert_near(step->t_low_ms, halving->t_low_ms, 1e-6);
        assert_near(step->t_high_ms, halving->t_high_ms, 1e-6);
    }
    csv_close(&csv);
    assert_int_equal(sets, SETS);
}

/* --- log-logistic --- */

struct set {
    const struct cp_idle_batch *counts;
    size_t n;
};

static double log_logistic(const struct set *set, size_t i, double b0, double b1)
{
    return 1 / (1 + exp(-b0 - b1 * log(set->counts[i].idle_interval_ms / 1000)));
}

static double minus_cut_likelihood(const gsl_vector *b, void *context)
{
    const struct set *set = context;
    double sum = 0;
    for (size_t i = 0; i < set->n; i++) {
        double p = log_logistic(set, i, gsl_vector_get(b, 0), gsl_vector_get(b, 1));
        double n_cold = (double)set->counts[i].n_cold;
        p = fmin(fmax(p, CUT), 1 - CUT);
        sum -= n_cold * log(p) + ((double)set->counts[i].n - n_cold) * log1p(-p);
    }
    return sum;
}

static double least_cut(struct set *set, const struct cp_idle_law_fit *start)
{
    gsl_multimin_function f = {.f = minus_cut_likelihood, .n = 2, .params = set};
    gsl_multimin_fminimizer *m =
        gsl_multimin_fminimizer_alloc(gsl_multimin_fminimizer_nmsimplex2, 2);
    gsl_vector *at = gsl_vector_alloc(2);
    gsl_vector *step = gsl_vector_alloc(2);
    gsl_vector_set(at, 0, start->b0.at.value);
    gsl_vector_set(at, 1, start->b1.at.value);
    gsl_vector_set(step, 0, 1);
    gsl_vector_set(step, 1, 0.1);
    (void)gsl_multimin_fminimizer_set(m, &f, at, step);
    for (int i = 0; i < 2000 && gsl_multimin_fminimizer_size(m) > 1e-9; i++)
        (void)gsl_multimin_fminimizer_iterate(m);
    double least = m->fval;
    gsl_multimin_fminimizer_free(m);
    gsl_vector_free(at);
    gsl_vector_free(step);
    return least;
}

/* Ours solves the score equations of the likelihood as it is; cut as the table cuts it, its value
 * is the table's. */
static void log_logistic_solves_the_score_equations(void **state)
{
    (void)state;
    const char *folder = in_reference();
    struct csv csv;
    static struct cp_idle_batch counts[ROWS_MAX];
    csv_open(&csv, folder, "expected_fit.csv");
    while (csv_next(&csv)) {
        struct cp_idle_law_options options = cp_idle_law_defaults();
        struct cp_idle_law_fit fit;
        struct set set = {counts, load(folder, csv_text(&csv, "fam"), counts)};
        double score = 0;
        double slope_score = 0;
        options.floor = 0;
        cp_idle_law_fit(CP_IDLE_LAW_LOG_LOGISTIC, counts, set.n, &options, &fit);
        assert_int_equal(fit.status, CP_OK);
        for (size_t i = 0; i < set.n; i++) {
            double p = log_logistic(&set, i, fit.b0.at.value, fit.b1.at.value);
            double off = (double)counts[i].n_cold - (double)counts[i].n * p;
            score += off;
            slope_score += off * log(counts[i].idle_interval_ms / 1000);
        }
        assert_near(score, 0, 1e-6);
        assert_near(slope_score, 0, 1e-6);
        expect(&csv, "loglik_loglogistic", -least_cut(&set, &fit));
    }
    csv_close(&csv);
}

/* A floor of their own does not save the smooth laws, and a smooth one is never chosen. */
static void smooth_laws_are_wrong_for_aws_evictions(void **state)
{
    (void)state;
    const char *folder = in_reference();
    struct csv csv;
    static struct cp_idle_batch counts[ROWS_MAX];
    csv_open(&csv, folder, "expected_fit.csv");
    while (csv_next(&csv)) {
        struct cp_idle_laws laws;
        const struct cp_idle_law_options options = cp_idle_law_defaults();
        size_t n = load(folder, csv_text(&csv, "fam"), counts);
        cp_idle_laws_fit(counts, n, &options, &laws);
        double step = laws.fits[CP_IDLE_LAW_STEP].log_likelihood;
        assert_true(laws.npmle_log_likelihood - step < 60);
        for (int law = CP_IDLE_LAW_WEIBULL; law < CP_IDLE_LAWS; law++) {
            assert_int_equal(laws.fits[law].status, CP_OK);
            assert_true(step - laws.fits[law].log_likelihood > 300);
        }
        assert_false(laws.is_smoothing);
        print_message(
            "%.*s: npmle %.1f, step %.1f (T in (%g, %g] s, r %.3f, eps %.4f), weibull "
            "%.1f, log-logistic %.1f; chosen: %s\n",
            (int)csv_text(&csv, "fam").n, csv_text(&csv, "fam").p, laws.npmle_log_likelihood, step,
            laws.fits[CP_IDLE_LAW_STEP].t_low_ms / 1000,
            laws.fits[CP_IDLE_LAW_STEP].t_high_ms / 1000, laws.fits[CP_IDLE_LAW_STEP].form.at.value,
            laws.fits[CP_IDLE_LAW_STEP].floor.at.value,
            laws.fits[CP_IDLE_LAW_WEIBULL].log_likelihood,
            laws.fits[CP_IDLE_LAW_LOG_LOGISTIC].log_likelihood, cp_idle_law_text(laws.choice));
    }
    csv_close(&csv);
}

/* A row is the sum of the batches of one size; rows as batches. */
static void batches_of_aws_balance_beyond_the_step(void **state)
{
    (void)state;
    const char *folder = in_reference();
    static struct cp_idle_batch counts[ROWS_MAX];
    struct cp_idle_survival s;
    const struct cp_idle_options options = {.n_refits = 200, .seed = 1, .n_threads = 2};
    size_t n = load(folder, cp_view_of("aws_nodejs_sleep_1_128"), counts);
    cp_idle_survival_of_batches(counts, n, &options, &s);
    assert_int_equal(s.status, CP_OK);
    assert_int_equal(s.n_points, 28);
    for (size_t i = 0; i < s.n_points; i++) {
        const struct cp_idle_point *p = &s.points[i];
        assert_true(p->n_batches >= CP_IDLE_BATCHES_MIN);
        assert_int_equal(p->band_method, CP_IDLE_BAND_BOOTSTRAP);
        assert_true(p->band_low <= p->cold_probability && p->cold_probability <= p->band_high);
        if (p->idle_interval_ms > 380e3)
            assert_true(p->dispersion < 1);
        if (p->idle_interval_ms > 380e3 && p->idle_interval_ms < 760e3)
            assert_true(p->dispersion < 0.3);
    }
    const struct cp_idle_law_fit *step = &s.laws.fits[CP_IDLE_LAW_STEP];
    assert_string_equal(step->interval_method, "batch bootstrap");
    assert_near(step->time_ms.at.low, 360e3, 1e-6);
    assert_near(step->time_ms.at.high, 380e3, 1e-6);
    assert_true(step->form.at.low > 0.5 && step->form.at.high < 0.54);
    assert_true(step->floor.at.low > 0 && step->floor.at.high < 0.03);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aws_evictions_follow_the_published_likelihoods),
        cmocka_unit_test(log_logistic_solves_the_score_equations),
        cmocka_unit_test(smooth_laws_are_wrong_for_aws_evictions),
        cmocka_unit_test(batches_of_aws_balance_beyond_the_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
