/* SPDX-License-Identifier: GPL-3.0-or-later
 * Distances against SciPy, p values against published critical values for estimated parameters.
 */
#include "model/stat/goodness.h"

#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/stat/dist_fit.h"
#include "model/stat/sort.h"
#include "tests/model/stat/csv.h"
#include "tests/model/stat/dist_cases.h"
#include "tests/test.h"

static void distances_agree_with_scipy(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        enum cp_dist_kind kind;
        double parameters[2], ks, ad; /* scipy.stats.kstest; A^2 from its logcdf and logsf */
    } rows[] = {
        {"M_weib_n150.csv", CP_DIST_WEIBULL, {1.9, 78}, 0.04016988074326222, 0.2744715352946798},
        {"M_gamma_n80.csv", CP_DIST_GAMMA, {3.9, 0.06}, 0.08668586873694828, 0.6605360718496911},
        {"M_lnorm_n300.csv",
         CP_DIST_LOGNORMAL,
         {4.5, 0.39},
         0.03417730829346122,
         0.3177681483127799},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t n = 0;
        double *x = csv_column("tests/data/model/mle", rows[i].file, "value", &n);
        cp_sort(x, n);
        struct cp_dist d = cp_dist_of(rows[i].kind, rows[i].parameters);
        struct cp_goodness_distance distance = cp_goodness_distance(&d, x, n, 0);
        assert_near(distance.ks, rows[i].ks, 1e-13);
        assert_near(distance.ad, rows[i].ad, 1e-10);
        free(x);
    }
}

static void censored_distance_ends_at_the_point_of_censoring(void **state)
{
    (void)state;
    /* uniform on [0, 1] as an empirical law; half of the values are above 0.75 */
    const double ends[] = {0, 1};
    const double x[] = {0.25, 0.5, INFINITY, INFINITY};
    struct cp_dist d = cp_dist_empirical(ends, 2);
    assert_near(cp_goodness_distance(&d, x, 4, 0.75).ks, 0.25, 1e-15);
    assert_near(cp_goodness_distance(&d, x, 4, 0.9).ks, 0.4, 1e-15);
    assert_true(isnan(cp_goodness_distance(&d, x, 4, 0.9).ad));
    assert_true(isnan(cp_goodness_distance(&d, x, 0, 1).ks));
    assert_true(isnan(cp_goodness_distance(&d, x, 0, 1).ad));
}

/* --- p values --- */

enum { N = 30 };

/* A log-normal sample whose distance to its own fit is within 1 % of `wanted`; the caller frees. */
static double *sample_at(double wanted, double (*distance)(const struct cp_dist *, const double *))
{
    const struct cp_dist law = cp_dist_of(CP_DIST_LOGNORMAL, (const double[]){4, 0.5});
    for (uint64_t seed = 0; seed < 5000; seed++) {
        double *x = dist_draws(&law, N, seed);
        struct cp_dist_fit fit;
        cp_dist_fit(CP_DIST_LOGNORMAL, x, N, NULL, &fit);
        /* the published values are for the sd divided by n - 1 */
        fit.dist.parameters[1] *= sqrt(N / (N - 1.0));
        if (fabs(distance(&fit.dist, x) / wanted - 1) < 0.01)
            return x;
        free(x);
    }
    fail_msg("no sample at %g", wanted);
    return NULL;
}

static double kolmogorov(const struct cp_dist *d, const double *x)
{
    return cp_goodness_distance(d, x, N, 0).ks;
}

/* Stephens' correction for n. */
static double anderson(const struct cp_dist *d, const double *x)
{
    return cp_goodness_distance(d, x, N, 0).ad * (1 + 0.75 / N + 2.25 / N / N);
}

static void p_values_agree_with_published_critical_values(void **state)
{
    (void)state;
    /* normal law with estimated mean and sd, n = 30: Lilliefors' test by Molin & Abdi (1998);
     * Anderson-Darling by D'Agostino & Stephens (1986), table 4.7 */
    static const struct {
        double p, ks, ad;
    } rows[] = {{0.05, 0.1590, 0.752}, {0.1, 0.1457, 0.631}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct cp_goodness_options options = {.reps = 1999, .seed = i, .n_threads = 2};
        struct cp_goodness g;
        double *x = sample_at(rows[i].ks, kolmogorov);
        cp_goodness(CP_DIST_LOGNORMAL, x, N, &options, &g);
        assert_int_equal(g.status, CP_OK);
        assert_near(g.ks_p, rows[i].p, 0.35 * rows[i].p);
        free(x);
        x = sample_at(rows[i].ad, anderson);
        cp_goodness(CP_DIST_LOGNORMAL, x, N, &options, &g);
        assert_near(g.ad_p, rows[i].p, 0.35 * rows[i].p);
        free(x);
    }
}

static void a_true_law_is_rejected_as_often_as_the_level_says(void **state)
{
    (void)state;
    enum { SAMPLES = 100, SIZE = 60 };
    static const struct {
        enum cp_dist_kind kind;
        double parameters[CP_DIST_PARAMETERS_MAX];
    } rows[] = {{CP_DIST_GAMMA, {3, 0.05}},
                {CP_DIST_WEIBULL, {1.5, 80}},
                {CP_DIST_SHIFTED_LOGNORMAL, {100, 3, 0.6}}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct cp_dist law = cp_dist_of(rows[i].kind, rows[i].parameters);
        int below = 0;
        for (uint64_t s = 0; s < SAMPLES; s++) {
            double *x = dist_draws(&law, SIZE, 50 + s);
            struct cp_goodness g;
            cp_goodness(rows[i].kind, x, SIZE,
                        &(struct cp_goodness_options){.reps = 99, .seed = s, .n_threads = 2}, &g);
            below += g.ks_p <= 0.2;
            free(x);
        }
        /* 20 of 100; 1e-3 on either side */
        assert_in_range(below, 9, 33);
    }
}

static void a_wrong_law_is_rejected(void **state)
{
    (void)state;
    static const struct {
        enum cp_dist_kind truth, tested;
        double parameters[CP_DIST_PARAMETERS_MAX];
    } rows[] = {
        {CP_DIST_LOGNORMAL_MIXTURE, CP_DIST_LOGNORMAL, {0.8, 4, 0.1, 5, 0.1}},
        {CP_DIST_LOGNORMAL_MIXTURE, CP_DIST_GAMMA, {0.8, 4, 0.1, 5, 0.1}},
        {CP_DIST_LOGNORMAL, CP_DIST_WEIBULL, {4, 0.8}},
        {CP_DIST_WEIBULL, CP_DIST_LOGNORMAL, {1.2, 80}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct cp_dist law = cp_dist_of(rows[i].truth, rows[i].parameters);
        double *x = dist_draws(&law, 600, 9);
        struct cp_goodness g;
        cp_goodness(rows[i].tested, x, 600, NULL, &g);
        assert_int_equal(g.status, CP_OK);
        assert_true(g.ks_p <= 0.01);
        assert_true(g.ad_p <= 0.01);
        free(x);
    }
}

static void threads_do_not_change_the_result(void **state)
{
    (void)state;
    const struct cp_dist law =
        cp_dist_of(CP_DIST_LOGNORMAL_MIXTURE, (const double[]){0.6, 4, 0.1, 5, 0.2});
    double *x = dist_draws(&law, 1500, 4);
    struct cp_goodness one;
    struct cp_goodness four;
    struct cp_goodness_options options = {.reps = 99, .seed = 5};
    cp_goodness(CP_DIST_LOGNORMAL_MIXTURE, x, 1500, &options, &one);
    options.n_threads = 4;
    cp_goodness(CP_DIST_LOGNORMAL_MIXTURE, x, 1500, &options, &four);
    assert_int_equal(one.status, CP_OK);
    assert_int_equal(one.n, CP_GOODNESS_VALUES_MAX);
    assert_near(one.ks, four.ks, 0);
    assert_near(one.ks_p, four.ks_p, 0);
    assert_near(one.ad_p, four.ad_p, 0);
    assert_true(one.ks_p > 0.01);
    free(x);
}

static void a_censored_sample_is_tested_up_to_its_timeout(void **state)
{
    (void)state;
    const struct cp_dist law = cp_dist_of(CP_DIST_GAMMA, (const double[]){3, 0.05});
    double *x = dist_draws(&law, 400, 8);
    struct cp_goodness_options options = {.reps = 99, .censored_at_ms = x[360]};
    for (size_t i = 361; i < 400; i++)
        x[i] = INFINITY;
    struct cp_goodness g;
    cp_goodness(CP_DIST_GAMMA, x, 400, &options, &g);
    assert_int_equal(g.status, CP_OK);
    assert_true(g.ks_p > 0.01);
    assert_true(isnan(g.ad_p));
    free(x);
}

static void what_cannot_be_tested_says_why(void **state)
{
    (void)state;
    const double x[] = {1, 2, 3, 4, 5, 6, 7, 8};
    struct cp_goodness g;
    cp_goodness(CP_DIST_EMPIRICAL, x, 8, NULL, &g);
    assert_int_equal(g.status, CP_EINVAL);
    cp_goodness(CP_DIST_LOGNORMAL, x, 3, NULL, &g);
    assert_int_equal(g.status, CP_ENODATA);
    assert_true(isnan(g.ks) && isnan(g.ks_p) && g.reason[0]);
    cp_goodness(CP_DIST_LOGNORMAL, x, 8, &(struct cp_goodness_options){.reps = 98}, &g);
    assert_int_equal(g.status, CP_EINVAL);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_agree_with_scipy),
        cmocka_unit_test(censored_distance_ends_at_the_point_of_censoring),
        cmocka_unit_test(p_values_agree_with_published_critical_values),
        cmocka_unit_test(a_true_law_is_rejected_as_often_as_the_level_says),
        cmocka_unit_test(a_wrong_law_is_rejected),
        cmocka_unit_test(threads_do_not_change_the_result),
        cmocka_unit_test(a_censored_sample_is_tested_up_to_its_timeout),
        cmocka_unit_test(what_cannot_be_tested_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
