/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/mixture.h"

#include "model/base/rng.h"
#include "tests/model/stat/csv.h"
#include "tests/test.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdio.h>

/* --- laws given as functions --- */

struct shifted_lognormal {
    double shift_ms, meanlog, sdlog;
};

static double lognormal_survival(const void *context, double x)
{
    const struct shifted_lognormal *l = context;
    return x <= l->shift_ms ? 1 : gsl_cdf_lognormal_Q(x - l->shift_ms, l->meanlog, l->sdlog);
}

static struct cp_mixture_law law_of(const struct shifted_lognormal *l)
{
    return (struct cp_mixture_law){lognormal_survival, l, l->shift_ms,
                                   l->shift_ms + exp(l->meanlog + 12 * l->sdlog)};
}

/* Where the cold share equals the tail (0.001 and p99.9) P(L > x) is flat to 1e-16 between the warm
 * and the cold values, so x is decided by the last bit of 1 - q: there only the probability can be
 * compared. */
static bool is_flat(double share, double q)
{
    return fabs(share - (1 - q)) < 1e-12;
}

static void quantiles_agree_with_the_reference_to_1e_9(void **state)
{
    (void)state;
    static const double qs[] = {0.5, 0.9, 0.95, 0.99, 0.999};
    static const char *const names[] = {"q50", "q90", "q95", "q99", "q999"};
    struct csv csv;
    csv_open(&csv, "tests/data/model", "decide_mixture_quantiles.csv");
    size_t rows = 0;
    for (; csv_next(&csv); rows++) {
        double share = csv_number(&csv, "p_cold");
        struct shifted_lognormal c = {csv_number(&csv, "cold_shift"),
                                      csv_number(&csv, "cold_meanlog"),
                                      csv_number(&csv, "cold_sdlog")};
        struct shifted_lognormal w = {csv_number(&csv, "warm_shift"),
                                      csv_number(&csv, "warm_meanlog"),
                                      csv_number(&csv, "warm_sdlog")};
        struct cp_mixture_law cold = law_of(&c);
        struct cp_mixture_law warm = law_of(&w);
        for (size_t i = 0; i < 5; i++) {
            double x = 0;
            double expected = csv_number(&csv, names[i]);
            assert_int_equal(cp_mixture_quantile(share, &cold, &warm, qs[i], &x, NULL), CP_OK);
            if (is_flat(share, qs[i]))
                assert_near(cp_mixture_survival(share, &cold, &warm, x),
                            cp_mixture_survival(share, &cold, &warm, expected), 1e-12 * share);
            else
                assert_near(x, expected, 1e-9 * expected);
        }
        double above = csv_number(&csv, "P_gt_500ms");
        assert_near(cp_mixture_survival(share, &cold, &warm, 500), above, 1e-9 * above);
    }
    csv_close(&csv);
    assert_int_equal(rows, 6);
}

static void impossible_questions_are_refused(void **state)
{
    (void)state;
    struct shifted_lognormal l = {0, 1, 1};
    struct cp_mixture_law law = law_of(&l);
    struct cp_error err;
    double x = 0;
    assert_int_equal(cp_mixture_quantile(0.5, &law, &law, 1, &x, &err), CP_EINVAL);
    assert_int_equal(cp_mixture_quantile(1.5, &law, &law, 0.5, &x, &err), CP_EINVAL);
    law.high_ms = 0.1;
    assert_int_equal(cp_mixture_quantile(0.5, &law, &law, 0.99, &x, &err), CP_ENUMERIC);
    assert_true(isnan(x));
}

/* --- samples --- */

enum { N_MAX = 2000 };

struct values {
    double x[N_MAX];
    struct cp_mixture_sample sample;
};

static void fill(struct values *v, size_t n, double from, double step)
{
    for (size_t i = 0; i < n; i++)
        v->x[i] = from + step * (double)i;
    v->sample = (struct cp_mixture_sample){v->x, n};
}

static struct cp_mixture_estimate estimate(const struct values *cold, const struct values *warm,
                                           double share, double q)
{
    struct cp_mixture_options o = {
        .cold_share = share, .cold_share_low = share, .cold_share_high = share, .seed = 3};
    struct cp_mixture_estimate e;
    struct cp_error err = {0};
    if (cp_mixture_estimate(&cold->sample, &warm->sample, &o, &q, 1, &e, &err))
        fail_msg("%s", err.text);
    return e;
}

static void without_cold_starts_it_is_the_exact_estimate_of_the_warm_sample(void **state)
{
    (void)state;
    static struct values cold;
    static struct values warm;
    fill(&cold, 300, 1000, 1);
    fill(&warm, 400, 10, 0.25);
    static const double qs[] = {0.5, 0.95, 0.99};
    for (size_t i = 0; i < 3; i++) {
        struct cp_mixture_estimate e = estimate(&cold, &warm, 0, qs[i]);
        struct cp_estimate alone = cp_quantile_estimate(warm.x, 400, qs[i], 0.95);
        assert_int_equal(e.status, CP_ANSWER_OK);
        assert_near(e.value, alone.value, 1e-9);
        assert_near(e.upper, alone.upper, 0);
        assert_false(e.cold_decides);
        assert_true(e.low <= e.value && e.value <= e.high && e.upper <= e.high);
    }
}

static void all_cold_it_is_the_exact_estimate_of_the_cold_sample(void **state)
{
    (void)state;
    static struct values cold;
    static struct values warm;
    fill(&cold, 400, 300, 1);
    fill(&warm, 20, 10, 1);
    struct cp_mixture_estimate e = estimate(&cold, &warm, 1, 0.99);
    struct cp_estimate alone = cp_quantile_estimate(cold.x, 400, 0.99, 0.95);
    assert_int_equal(e.status, CP_ANSWER_OK);
    assert_true(e.cold_decides);
    assert_near(e.value, alone.value, 1e-9);
    assert_near(e.upper, alone.upper, 0);
}

/* 1 - 0.05^(1/n) <= tail, METHODS on smallest samples: ln .05 / ln(1 - tail) */
static void the_deciding_component_needs_its_own_smallest_sample(void **state)
{
    (void)state;
    static struct values cold;
    static struct values warm;
    static const struct {
        size_t n_cold, n_warm;
        double share;
        enum cp_answer status;
        bool cold_decides;
        size_t n_needed;
    } cases[] = {
        {50, 298, 0, CP_ANSWER_TOO_FEW, false, 299},
        {50, 299, 0, CP_ANSWER_UPPER_ONLY, false, 0},
        {50, 368, 0, CP_ANSWER_OK, false, 0},
        /* 0.2 % cold: warm tail (0.01 - 0.002) / 0.998 takes 373; both laws at half of the error,
         * ln .025 / ln(1 - (0.01 - 0.002 * 0.0711) / 0.998), 372 */
        {50, 368, 0.002, CP_ANSWER_TOO_FEW, false, 372},
        {50, 372, 0.002, CP_ANSWER_UPPER_ONLY, false, 0},
        /* 0.6 % cold: 0.006 * 0.0270 + 0.994 * 0.00806 <= 0.01; the warm law alone needs 743, both
         * ln .025 / ln(1 - (0.01 - 0.006 * 0.0270) / 0.994) = 370.9 */
        {135, 456, 0.006, CP_ANSWER_OK, false, 0},
        {135, 371, 0.006, CP_ANSWER_UPPER_ONLY, false, 0},
        {135, 300, 0.006, CP_ANSWER_TOO_FEW, false, 371},
        /* 5 % cold: cold tail (0.01 - 0.95 / 501) / 0.05 = 0.162 */
        {17, 500, 0.05, CP_ANSWER_UPPER_ONLY, true, 0},
        {16, 500, 0.05, CP_ANSWER_TOO_FEW, true, 17},
        {30, 500, 0.05, CP_ANSWER_OK, true, 0},
        /* 50 warm values cannot say that fewer than 1 % of warm requests are slow:
         * ln .025 / ln(1 - (0.01 - 0.05 * 0.00918) / 0.95) = 365.6 */
        {400, 50, 0.05, CP_ANSWER_TOO_FEW, false, 366},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fill(&cold, cases[i].n_cold, 500, 1);
        fill(&warm, cases[i].n_warm, 10, 0.1);
        struct cp_mixture_estimate e = estimate(&cold, &warm, cases[i].share, 0.99);
        if (e.status != cases[i].status || e.cold_decides != cases[i].cold_decides ||
            e.n_needed != cases[i].n_needed)
            fail_msg("case %zu: status %d, cold %d, needs %zu", i, e.status, e.cold_decides,
                     e.n_needed);
        assert_true(isnan(e.high) == (e.status == CP_ANSWER_TOO_FEW));
        assert_true(isnan(e.low) == (e.status != CP_ANSWER_OK));
    }
}

static void p99_jumps_into_the_cold_law_when_the_share_passes_one_percent(void **state)
{
    (void)state;
    static struct values cold;
    static struct values warm;
    fill(&cold, 300, 500, 1);
    fill(&warm, 1000, 10, 0.01);
    assert_true(estimate(&cold, &warm, 0.001, 0.99).value < 20);
    assert_true(estimate(&cold, &warm, 0.02, 0.99).value > 600);
}

static void the_upper_end_of_the_cold_share_is_what_the_bound_uses(void **state)
{
    (void)state;
    static struct values cold;
    static struct values warm;
    fill(&cold, 300, 500, 1);
    fill(&warm, 1000, 10, 0.01);
    double q = 0.99;
    struct cp_mixture_estimate e;
    struct cp_mixture_options o = {
        .cold_share = 0.005, .cold_share_low = 0.001, .cold_share_high = 0.03, .seed = 3};
    assert_int_equal(cp_mixture_estimate(&cold.sample, &warm.sample, &o, &q, 1, &e, NULL), CP_OK);
    assert_true(e.value < 20);
    assert_true(e.upper > 500);
    o.cold_share_low = 0.01;
    assert_int_equal(cp_mixture_estimate(&cold.sample, &warm.sample, &o, &q, 1, &e, NULL),
                     CP_EINVAL);
}

static void bounds_cover_the_true_quantile(void **state)
{
    (void)state;
    static const struct {
        double share;
        size_t n_cold, n_warm;
    } cases[] = {{0, 100, 400},     {0.002, 100, 500}, {0.006, 135, 456}, {0.012, 90, 456},
                 {0.03, 300, 1000}, {0.05, 200, 500},  {0.3, 200, 300}};
    const struct shifted_lognormal c = {300, 5, 0.4};
    const struct shifted_lognormal w = {20, 3, 0.3};
    struct cp_mixture_law cold_law = law_of(&c);
    struct cp_mixture_law warm_law = law_of(&w);
    enum { RUNS = 300 };
    static struct values cold;
    static struct values warm;
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        double truth = 0;
        int covered = 0;
        assert_int_equal(
            cp_mixture_quantile(cases[k].share, &cold_law, &warm_law, 0.99, &truth, NULL), CP_OK);
        for (uint64_t run = 0; run < RUNS; run++) {
            struct cp_rng rng;
            cp_rng_init(&rng, 99 + k, run);
            for (size_t i = 0; i < cases[k].n_cold; i++)
                cold.x[i] = c.shift_ms + exp(c.meanlog + c.sdlog * cp_rng_normal(&rng));
            for (size_t i = 0; i < cases[k].n_warm; i++)
                warm.x[i] = w.shift_ms + exp(w.meanlog + w.sdlog * cp_rng_normal(&rng));
            cp_sort(cold.x, cases[k].n_cold);
            cp_sort(warm.x, cases[k].n_warm);
            cold.sample = (struct cp_mixture_sample){cold.x, cases[k].n_cold};
            warm.sample = (struct cp_mixture_sample){warm.x, cases[k].n_warm};
            covered += estimate(&cold, &warm, cases[k].share, 0.99).upper >= truth;
        }
        /* nominal 0.95; four binomial standard errors below it */
        if (covered < RUNS * 0.90)
            fail_msg("case %zu: upper bound covers %d of %d", k, covered, RUNS);
    }
}

static void same_seed_gives_the_same_interval(void **state)
{
    (void)state;
    static struct values cold;
    static struct values warm;
    fill(&cold, 300, 500, 1);
    fill(&warm, 500, 10, 0.1);
    struct cp_mixture_estimate a = estimate(&cold, &warm, 0.05, 0.95);
    struct cp_mixture_estimate b = estimate(&cold, &warm, 0.05, 0.95);
    assert_memory_equal(&a, &b, sizeof a);
}

/* Of 20 warm values the last `n` are right-censored. Type 8 at q of 20: h = 20.333 q + 0.333. */
static void quantiles_among_censored_values_are_infinite(void **state)
{
    (void)state;
    static struct values cold;
    static struct values warm;
    static const struct {
        size_t n_censored;
        double share, q, expected;
    } cases[] = {
        {1, 0, 0.5, 10.5},       /* h = 10.5 of 1 .. 20 */
        {1, 0, 0.9, 18.6333333}, /* h = 18.633 */
        {1, 0, 0.95, INFINITY},  /* h = 19.65: between the last finite one and a censored one */
        {20, 0, 0.05, INFINITY},
        /* all cold starts are: P(L > x) = 0.2 + 0.8 S(x) = 0.5, S = 0.375, h = 20.333 * 0.625 +
         * 0.333 = 13.0417 */
        {0, 0.2, 0.5, 13.0416667},
        {0, 0.2, 0.81, INFINITY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fill(&cold, 10, INFINITY, 0);
        fill(&warm, 20, 1, 1);
        for (size_t k = 20 - cases[i].n_censored; k < 20; k++)
            warm.x[k] = INFINITY;
        struct cp_mixture_law c = cp_mixture_empirical(&cold.sample);
        struct cp_mixture_law w = cp_mixture_empirical(&warm.sample);
        double x = NAN;
        enum cp_code code = cp_mixture_quantile(cases[i].share, &c, &w, cases[i].q, &x, NULL);
        bool is_right = isinf(cases[i].expected) ? isinf(x) : fabs(x - cases[i].expected) < 1e-6;
        if (code || !is_right)
            fail_msg("case %zu: code %d, %g", i, code, x);
    }
}

/* One timeout among 400: p50 is untouched, and the upper bound of p99 (rank 400 of 400 at 95 %:
 * 0.99^400 = 0.018 < 0.05, so rank 399: P(Bin >= 399) = 0.0181 + 0.0725 > 0.05 -> 400) is it. */
static void bounds_among_censored_values_are_infinite(void **state)
{
    (void)state;
    static struct values cold;
    static struct values warm;
    fill(&cold, 300, 500, 1);
    fill(&warm, 400, 10, 0.1);
    warm.x[399] = INFINITY;
    struct cp_mixture_estimate p50 = estimate(&cold, &warm, 0, 0.5);
    struct cp_mixture_estimate p99 = estimate(&cold, &warm, 0, 0.99);
    assert_int_equal(p50.status, CP_ANSWER_OK);
    assert_near(p50.value, 10 + 0.1 * 199.5, 1e-9);
    assert_true(isfinite(p50.high));
    assert_int_equal(p99.status, CP_ANSWER_OK);
    assert_true(isfinite(p99.value) && isfinite(p99.low));
    assert_true(isinf(p99.upper) && isinf(p99.high));
}

/* 10 of 100 cold starts and 2 of 400 warm ones are above 100 ms, 5 % are cold. The intervals at
 * 97.5 % are R's binom.test(10, 100) and binom.test(2, 400). */
static void the_chance_of_a_late_answer_has_an_exact_interval(void **state)
{
    (void)state;
    static struct values cold;
    static struct values warm;
    fill(&cold, 100, 55.5, 0.5); /* 55.5 .. 105: 10 above 100 */
    fill(&warm, 400, 20, 0.1);
    warm.x[398] = 101;
    warm.x[399] = INFINITY;
    struct cp_mixture_options o = {
        .cold_share = 0.05, .cold_share_low = 0.04, .cold_share_high = 0.06};
    struct cp_interval e = cp_mixture_exceedance(&cold.sample, &warm.sample, &o, 100);
    struct cp_mixture_law c = cp_mixture_empirical(&cold.sample);
    struct cp_mixture_law w = cp_mixture_empirical(&warm.sample);
    assert_near(e.value, cp_mixture_survival(0.05, &c, &w, 100), 1e-15);
    assert_near(e.low, 0.04 * 0.04383572296 + 0.96 * 0.0004182000814, 1e-10);
    assert_near(e.high, 0.06 * 0.18777454057 + 0.94 * 0.0201508721960, 1e-10);
    e = cp_mixture_exceedance(&cold.sample, &warm.sample, &o, 1e6);
    assert_near(e.value, 0.95 * (5.0 / 3) / (400 + 1.0 / 3), 1e-15); /* the timeout */
    static struct values none;
    fill(&none, 0, 0, 0);
    assert_true(isnan(cp_mixture_exceedance(&none.sample, &warm.sample, &o, 100).value));
}

static void a_component_never_observed_leaves_no_number(void **state)
{
    (void)state;
    static struct values none;
    static struct values warm;
    fill(&none, 0, 0, 0);
    fill(&warm, 500, 10, 0.1);
    struct cp_mixture_estimate e = estimate(&none, &warm, 0.5, 0.5);
    assert_true(isnan(e.value) && isnan(e.high));
    assert_int_equal(estimate(&none, &warm, 0, 0.5).status, CP_ANSWER_OK);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_agree_with_the_reference_to_1e_9),
        cmocka_unit_test(impossible_questions_are_refused),
        cmocka_unit_test(without_cold_starts_it_is_the_exact_estimate_of_the_warm_sample),
        cmocka_unit_test(all_cold_it_is_the_exact_estimate_of_the_cold_sample),
        cmocka_unit_test(the_deciding_component_needs_its_own_smallest_sample),
        cmocka_unit_test(p99_jumps_into_the_cold_law_when_the_share_passes_one_percent),
        cmocka_unit_test(the_upper_end_of_the_cold_share_is_what_the_bound_uses),
        cmocka_unit_test(bounds_cover_the_true_quantile),
        cmocka_unit_test(same_seed_gives_the_same_interval),
        cmocka_unit_test(quantiles_among_censored_values_are_infinite),
        cmocka_unit_test(bounds_among_censored_values_are_infinite),
        cmocka_unit_test(the_chance_of_a_late_answer_has_an_exact_interval),
        cmocka_unit_test(a_component_never_observed_leaves_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
