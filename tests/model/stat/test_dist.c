/* SPDX-License-Identifier: GPL-3.0-or-later
 * Laws of durations: what must hold for every row of the table, numbers computed elsewhere, and the
 * reference mixture.
 */
#include "model/stat/dist.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_integration.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/stat/sort.h"
#include "tests/model/stat/csv.h"
#include "tests/model/stat/dist_cases.h"
#include "tests/test.h"

static const double probabilities[] = {1e-12, 1e-6, 0.001, 0.05, 0.3,   0.5,
                                       0.77,  0.9,  0.95,  0.99, 0.999, 1 - 1e-9};
enum { N_PROBABILITIES = sizeof probabilities / sizeof *probabilities };

#define assert_case(condition, name, ...)                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            print_error("%s: ", name);                                                             \
            print_error(__VA_ARGS__);                                                              \
            fail();                                                                                \
        }                                                                                          \
    } while (0)

static void every_row_of_the_table_is_complete(void **state)
{
    (void)state;
    for (int kind = 0; kind < CP_DIST_KINDS; kind++) {
        const struct cp_dist_family *f = cp_dist_family((enum cp_dist_kind)kind);
        assert_non_null(f);
        assert_true(f->name && f->label && f->label_beyond && f->formula && f->n_min > 0);
        assert_true(f->fit && f->log_density && f->cdf && f->survival && f->quantile && f->draw &&
                    f->mean);
        assert_true(f->n_parameters <= CP_DIST_PARAMETERS_MAX);
        for (size_t i = 0; i < f->n_parameters; i++)
            assert_true(f->parameters[i].name && f->parameters[i].unit);
        assert_ptr_equal(cp_dist_family_named((struct cp_view){f->name, strlen(f->name)}), f);
    }
    assert_null(cp_dist_family(CP_DIST_KINDS));
    assert_null(cp_dist_family_named((struct cp_view){"normal", 6}));
}

static void cdf_of_quantile_is_p(void **state)
{
    (void)state;
    struct dist_case cases[DIST_CASES_MAX];
    size_t n = dist_cases(cases);
    for (size_t i = 0; i < n; i++) {
        const struct cp_dist *d = &cases[i].dist;
        for (size_t j = 0; j < N_PROBABILITIES; j++) {
            double p = probabilities[j];
            double x = cp_dist_quantile(d, p);
            double back = cp_dist_cdf(d, x);
            /* a shift swallows digits of x: 1e-16 of it is felt in a steep tail */
            assert_case(fabs(back - p) <= 1e-11 * p + 1e-15 ||
                            fabs(back - p) <= 2e-6 * p * (p < 1e-5),
                        cases[i].name, "cdf(quantile(%g) = %.17g) = %.17g\n", p, x, back);
            assert_near(cp_dist_survival(d, x) + back, 1, 4e-16 * 4);
        }
        assert_true(cp_dist_quantile(d, 0) <= cp_dist_quantile(d, 1e-12));
        assert_true(cp_dist_quantile(d, 1) >= cp_dist_quantile(d, 1 - 1e-9));
    }
}

static void survival_of_upper_quantile_is_the_tail(void **state)
{
    (void)state;
    struct dist_case cases[DIST_CASES_MAX];
    size_t n = dist_cases(cases);
    for (size_t i = 0; i < n; i++) {
        const struct cp_dist *d = &cases[i].dist;
        bool ends = isfinite(cp_dist_quantile(d, 1));
        for (int digits = 1; digits < (ends ? 6 : 200); digits += 3) {
            double tail = pow(10, -digits);
            double x = cp_dist_upper_quantile(d, tail);
            double back = cp_dist_survival(d, x);
            assert_case(fabs(back / tail - 1) <= 1e-9, cases[i].name,
                        "survival(upper_quantile(%g) = %.17g) = %.17g\n", tail, x, back);
        }
    }
}

/* --- the density against the cdf --- */

static double density(double t, void *params)
{
    const struct cp_dist *d = params;
    double x = exp(t) + cp_dist_quantile(d, 0);
    return exp(cp_dist_log_density(d, x) + t);
}

static void density_integrates_to_one(void **state)
{
    (void)state;
    struct dist_case cases[DIST_CASES_MAX];
    size_t n = dist_cases(cases);
    gsl_integration_workspace *space = gsl_integration_workspace_alloc(1000);
    for (size_t i = 0; i < n; i++) {
        struct cp_dist *d = &cases[i].dist;
        gsl_function f = {density, d};
        double start = cp_dist_quantile(d, 0);
        double from = start + (cp_dist_quantile(d, 0.5) - start) * 1e-9;
        double sum = cp_dist_cdf(d, from);
        /* from quantile to quantile, so that no peak is missed; a sample's density has steps */
        for (int k = 1; k < 100 && !d->family->has_sample; k++) {
            double p = k / 100.0;
            double to = cp_dist_quantile(d, p);
            double part = 0;
            double error = 0;
            (void)gsl_integration_qag(&f, log(from - start), log(to - start), 1e-12, 1e-10, 1000,
                                      GSL_INTEG_GAUSS31, space, &part, &error);
            sum += part;
            from = to;
            assert_case(fabs(sum - p) < 1e-8, cases[i].name, "integral %.12g to p = %.4g\n", sum,
                        p);
        }
    }
    gsl_integration_workspace_free(space);
}

static void density_is_the_slope_of_the_cdf(void **state)
{
    (void)state;
    struct dist_case cases[DIST_CASES_MAX];
    size_t n = dist_cases(cases);
    for (size_t i = 0; i < n; i++) {
        const struct cp_dist *d = &cases[i].dist;
        for (size_t k = 0; k + 1 < DIST_SAMPLE_N; k++) {
            /* between two values of a sample, where its cdf is straight */
            double p = ((double)k + 0.5) / (DIST_SAMPLE_N - 1);
            double h = 1e-5;
            double slope = 2 * h / (cp_dist_quantile(d, p + h) - cp_dist_quantile(d, p - h));
            double f = exp(cp_dist_log_density(d, cp_dist_quantile(d, p)));
            assert_case(fabs(f / slope - 1) < 2e-4, cases[i].name,
                        "density %.9g at p = %g, not %.9g\n", f, p, slope);
        }
    }
}

/* --- draws --- */

/* Largest distance between the empirical cdf and the law's, times sqrt n. */
static double kolmogorov(const struct cp_dist *d, const double *x, size_t n)
{
    double most = 0;
    for (size_t i = 0; i < n; i++) {
        double p = cp_dist_cdf(d, x[i]);
        most = fmax(most, fmax((double)(i + 1) / (double)n - p, p - (double)i / (double)n));
    }
    return most * sqrt((double)n);
}

static void draws_follow_the_cdf(void **state)
{
    (void)state;
    enum { N = 20000 };
    struct dist_case cases[DIST_CASES_MAX];
    size_t n = dist_cases(cases);
    for (size_t i = 0; i < n; i++) {
        double *x = dist_draws(&cases[i].dist, N, 11 + i);
        double most = kolmogorov(&cases[i].dist, x, N);
        /* 1e-5 of the Kolmogorov law is beyond 2.47 */
        assert_case(most < 2.47, cases[i].name, "D sqrt n = %g\n", most);
        free(x);
    }
}

static void mean_is_that_of_the_quantile_function(void **state)
{
    (void)state;
    enum { STEPS = 10000 };
    struct dist_case cases[DIST_CASES_MAX];
    size_t n = dist_cases(cases);
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (size_t k = 0; k < STEPS; k++)
            sum += cp_dist_quantile(&cases[i].dist, ((double)k + 0.5) / STEPS) / STEPS;
        double mean = cp_dist_mean(&cases[i].dist);
        assert_case(fabs(sum - mean) < 4e-3 * mean, cases[i].name, "mean %.9g, not %.9g\n", mean,
                    sum);
    }
}

/* --- numbers of another implementation --- */

struct known {
    enum cp_dist_kind kind;
    double parameters[CP_DIST_PARAMETERS_MAX];
    double x, log_density, cdf, survival;
};

/* mpmath, 50 digits */
static const struct known known[] = {
    {CP_DIST_LOGNORMAL, {4.5, 0.39}, 1.0, -66.54537733062433, 4.2210800999584275e-31, 1.0},
    {CP_DIST_LOGNORMAL,
     {4.5, 0.39},
     90.0,
     -4.4771397827605928,
     0.49980530628344086,
     0.50019469371655914},
    {CP_DIST_LOGNORMAL,
     {4.5, 0.39},
     500.0,
     -15.856240955591444,
     0.99999449773451276,
     5.5022654872367132e-6},
    {CP_DIST_LOGNORMAL, {4.5, 0.39}, 5000.0, -61.544625542293608, 1.0, 3.5049693946814783e-25},
    {CP_DIST_GAMMA,
     {3.9, 0.06},
     0.01,
     -25.995475681971346,
     1.3161243703161214e-14,
     0.99999999999998684},
    {CP_DIST_GAMMA,
     {3.9, 0.06},
     65.0,
     -4.434159059908534,
     0.56737703059025545,
     0.43262296940974455},
    {CP_DIST_GAMMA,
     {3.9, 0.06},
     500.0,
     -24.617518657181525,
     0.99999999962575095,
     3.7424905484219353e-10},
    {CP_DIST_GAMMA, {3.9, 0.06}, 5000.0, -287.94002188749878, 1.0, 1.4972370156190105e-124},
    {CP_DIST_GAMMA,
     {0.25, 0.5},
     1e-08,
     12.35420123312621,
     0.0092772960765127124,
     0.99072270392348729},
    {CP_DIST_GAMMA,
     {0.25, 0.5},
     0.5,
     -1.1914489344181048,
     0.74367794473146104,
     0.25632205526853896},
    {CP_DIST_GAMMA,
     {0.25, 0.5},
     60.0,
     -34.532067741504639,
     0.99999999999999803,
     1.9658221473570594e-15},
    {CP_DIST_GAMMA, {4000, 20}, 150.0, -152.51085964770691, 8.7131361010462603e-68, 1.0},
    {CP_DIST_GAMMA,
     {4000, 20},
     200.0,
     -2.0702519130349855,
     0.50210261335367938,
     0.49789738664632062},
    {CP_DIST_GAMMA, {4000, 20}, 260.0, -152.87555830753827, 1.0, 8.7342389822810932e-68},
    {CP_DIST_WEIBULL,
     {1.9, 78},
     0.01,
     -11.780546092200693,
     4.0273580881368051e-8,
     0.99999995972641912},
    {CP_DIST_WEIBULL, {1.9, 78}, 70.0, -4.6264011104093004, 0.5569860163863526, 0.4430139836136474},
    {CP_DIST_WEIBULL, {1.9, 78}, 900.0, -105.76492802748815, 1.0, 5.3000902450652077e-46},
    {CP_DIST_SHIFTED_LOGNORMAL,
     {184, 3.4, 0.6},
     185.0,
     -16.463668464994238,
     7.2801100739140945e-9,
     0.99999999271988993},
    {CP_DIST_SHIFTED_LOGNORMAL,
     {184, 3.4, 0.6},
     214.0,
     -3.8093122823825664,
     0.50079614308957017,
     0.49920385691042983},
    {CP_DIST_SHIFTED_LOGNORMAL,
     {184, 3.4, 0.6},
     1000.0,
     -22.278019249531757,
     0.99999998178697235,
     1.8213027645946071e-8},
    {CP_DIST_SHIFTED_LOGNORMAL,
     {184, 3.4, 0.6},
     20000.0,
     -68.87904919388064,
     1.0,
     1.3285189380818469e-27},
    {CP_DIST_LOGNORMAL_MIXTURE,
     {0.9, 4, 0.1, 6, 0.2},
     30.0,
     -20.051140123943528,
     9.558129425340702e-10,
     0.99999999904418706},
    {CP_DIST_LOGNORMAL_MIXTURE,
     {0.9, 4, 0.1, 6, 0.2},
     55.0,
     -2.7317359213836108,
     0.47630607955374826,
     0.52369392044625174},
    {CP_DIST_LOGNORMAL_MIXTURE,
     {0.9, 4, 0.1, 6, 0.2},
     200.0,
     -13.064884556413683,
     0.90002253941819881,
     0.099977460581801185},
    {CP_DIST_LOGNORMAL_MIXTURE,
     {0.9, 4, 0.1, 6, 0.2},
     420.0,
     -7.6725959472923818,
     0.95797576608054092,
     0.042024233919459081},
    {CP_DIST_LOGNORMAL_MIXTURE,
     {0.9, 4, 0.1, 6, 0.2},
     3000.0,
     -59.937338487899453,
     1.0,
     5.5220743398304052e-25},
};

static void values_agree_with_mpmath(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const struct known *k = &known[i];
        struct cp_dist d = cp_dist_of(k->kind, k->parameters);
        const char *name = d.family->name;
        double f = cp_dist_log_density(&d, k->x);
        double p = cp_dist_cdf(&d, k->x);
        double s = cp_dist_survival(&d, k->x);
        assert_case(fabs(f - k->log_density) <= 4e-14 * fmax(1, fabs(k->log_density)), name,
                    "log density at %g: %.17g\n", k->x, f);
        assert_case(fabs(p - k->cdf) <= 1e-11 * k->cdf, name, "cdf at %g: %.17g\n", k->x, p);
        assert_case(fabs(s - k->survival) <= 1e-11 * k->survival, name, "survival at %g: %.17g\n",
                    k->x, s);
    }
}

/* --- the empirical law --- */

static void empirical_law_has_the_quantiles_of_type_7(void **state)
{
    (void)state;
    const double sorted[] = {1, 2, 2, 2, 5, 9};
    struct cp_dist d = cp_dist_empirical(sorted, 6);
    for (int k = 0; k <= 64; k++)
        assert_near(cp_dist_quantile(&d, k / 64.0), cp_quantile(sorted, 6, k / 64.0, 7), 0);
    assert_near(cp_dist_cdf(&d, 2), 0.6, 1e-15);
    assert_near(cp_dist_cdf(&d, 3.5), 0.7, 1e-15);
    assert_near(cp_dist_cdf(&d, 0.5), 0, 0);
    assert_near(cp_dist_survival(&d, 9), 0, 0);
    assert_near(cp_dist_mean(&d), (1.5 + 2 + 2 + 3.5 + 7) / 5, 1e-15);
    const double one[] = {4};
    d = cp_dist_empirical(one, 1);
    assert_near(cp_dist_quantile(&d, 0.3), 4, 0);
    assert_near(cp_dist_cdf(&d, 3.9) + cp_dist_survival(&d, 4), 0, 0);
    assert_near(cp_dist_mean(&d), 4, 0);
}

static void censored_values_are_a_share_at_infinity(void **state)
{
    (void)state;
    const double sorted[] = {1, 2, 3, INFINITY, INFINITY};
    struct cp_dist d = cp_dist_empirical(sorted, 5);
    assert_true(cp_dist_is_valid(&d));
    assert_near(cp_dist_quantile(&d, 0.5), 3, 0);
    assert_near(cp_dist_quantile(&d, 0.51), INFINITY, 0);
    assert_near(cp_dist_survival(&d, 100), 0.5, 1e-15);
    assert_near(cp_dist_mean(&d), INFINITY, 0);
}

/* --- the reference mixture --- */

static struct cp_dist shifted_of(const struct csv *csv, const char *const names[3])
{
    double p[3];
    for (size_t i = 0; i < 3; i++)
        p[i] = csv_number(csv, names[i]);
    return cp_dist_of(CP_DIST_SHIFTED_LOGNORMAL, p);
}

static void mixture_of_shifted_log_normals_agrees_with_the_reference(void **state)
{
    (void)state;
    static const double qs[] = {0.5, 0.9, 0.95, 0.99, 0.999};
    static const char *const names[] = {"q50", "q90", "q95", "q99", "q999"};
    static const char *const cold_names[] = {"cold_shift", "cold_meanlog", "cold_sdlog"};
    static const char *const warm_names[] = {"warm_shift", "warm_meanlog", "warm_sdlog"};
    struct csv csv;
    size_t rows = 0;
    csv_open(&csv, "tests/data/model", "decide_mixture_quantiles.csv");
    for (; csv_next(&csv); rows++) {
        double share = csv_number(&csv, "p_cold");
        struct cp_dist c = shifted_of(&csv, cold_names);
        struct cp_dist w = shifted_of(&csv, warm_names);
        struct cp_mixture_law cold = cp_dist_mixture_law(&c);
        struct cp_mixture_law warm = cp_dist_mixture_law(&w);
        for (size_t i = 0; i < 5; i++) {
            double x = 0;
            double expected = csv_number(&csv, names[i]);
            struct cp_error err;
            assert_int_equal(cp_mixture_quantile(share, &cold, &warm, qs[i], &x, &err), CP_OK);
            assert_case(fabs(x - expected) <= 1e-9 * expected ||
                            fabs(cp_mixture_survival(share, &cold, &warm, x) /
                                     cp_mixture_survival(share, &cold, &warm, expected) -
                                 1) <= 1e-12,
                        names[i], "row %zu: %.13g, not %.13g\n", rows, x, expected);
        }
        double above = csv_number(&csv, "P_gt_500ms");
        assert_near(cp_mixture_survival(share, &cold, &warm, 500), above, 1e-9 * above);
    }
    csv_close(&csv);
    assert_int_equal(rows, 6);
}

/* --- hostile input --- */

static void nonsense_gives_nan_or_a_limit(void **state)
{
    (void)state;
    struct dist_case cases[DIST_CASES_MAX];
    size_t n = dist_cases(cases);
    for (size_t i = 0; i < n; i++) {
        const struct cp_dist *d = &cases[i].dist;
        assert_true(isnan(cp_dist_cdf(d, NAN)) && isnan(cp_dist_survival(d, NAN)));
        assert_true(isnan(cp_dist_log_density(d, NAN)));
        assert_true(isnan(cp_dist_quantile(d, NAN)) && isnan(cp_dist_quantile(d, 1.5)));
        assert_true(isnan(cp_dist_upper_quantile(d, -1)));
        assert_near(cp_dist_cdf(d, INFINITY), 1, 0);
        assert_near(cp_dist_cdf(d, -INFINITY), 0, 0);
        assert_near(cp_dist_cdf(d, -1e300), 0, 0);
        assert_near(cp_dist_survival(d, 1e300), 0, 1e-100);
        assert_near(cp_dist_log_density(d, -1e300), -INFINITY, 0);
        assert_near(cp_dist_log_density(d, INFINITY), -INFINITY, 0);
    }
}

static void impossible_records_are_not_valid(void **state)
{
    (void)state;
    static const double bad[][CP_DIST_PARAMETERS_MAX] = {
        {-1, -1, -1, -1, -1}, {NAN, 1, 1, 1, 1}, {1, INFINITY, 1, 1, 1}, {0, 0, 0, 0, 0}};
    for (int kind = 0; kind < CP_DIST_KINDS; kind++) {
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
            struct cp_dist d = cp_dist_of((enum cp_dist_kind)kind, bad[i]);
            assert_false(cp_dist_is_valid(&d));
        }
    }
    const double unsorted[] = {2, 1};
    const double none[] = {INFINITY};
    struct cp_dist d = cp_dist_empirical(unsorted, 2);
    assert_false(cp_dist_is_valid(&d));
    d = cp_dist_empirical(none, 1);
    assert_false(cp_dist_is_valid(&d));
    d = cp_dist_of(CP_DIST_KINDS, unsorted);
    assert_false(cp_dist_is_valid(&d));
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_of_the_table_is_complete),
        cmocka_unit_test(cdf_of_quantile_is_p),
        cmocka_unit_test(survival_of_upper_quantile_is_the_tail),
        cmocka_unit_test(density_integrates_to_one),
        cmocka_unit_test(density_is_the_slope_of_the_cdf),
        cmocka_unit_test(draws_follow_the_cdf),
        cmocka_unit_test(mean_is_that_of_the_quantile_function),
        cmocka_unit_test(values_agree_with_mpmath),
        cmocka_unit_test(empirical_law_has_the_quantiles_of_type_7),
        cmocka_unit_test(censored_values_are_a_share_at_infinity),
        cmocka_unit_test(mixture_of_shifted_log_normals_agrees_with_the_reference),
        cmocka_unit_test(nonsense_gives_nan_or_a_limit),
        cmocka_unit_test(impossible_records_are_not_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
