/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/memory_law.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/stat/quantile.h"
#include "tests/model/stat/truth.h"
#include "tests/test.h"

static const int sizes[] = {128, 256, 512, 1024, 1769, 3008};
enum { N_SIZES = sizeof sizes / sizeof *sizes, SEEDS = 8 };

static struct cp_memory_law fit(const struct sweep *s, double q, bool is_init)
{
    struct cp_memory_law law;
    const struct cp_memory_law_options options = {.q = q, .is_init = is_init, .seed = 1};
    cp_memory_law_fit(s->groups, s->n_sizes, &options, &law);
    return law;
}

/* G1 and G2 are exactly of the fitted form: q(m) = a + s e^{sd z_q} 1769/1024 * 1024/min(m, 1769).
 * Bounds: about four standard errors of a quantile at n = 400 per size, pooled over six sizes. */
static void one_core_truth_is_recovered(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        double q, relative_b, a_bound;
    } cases[] = {
        {"G1", 0.5, 0.05, 8}, {"G1", 0.95, 0.09, 18}, {"G2", 0.5, 0.1, 5}, {"G2", 0.95, 0.17, 14}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct truth t = truth_load(cases[i].id);
        double b = t.s_ms * 1769 / 1024 * exp(t.sd * gsl_cdf_ugaussian_Pinv(cases[i].q));
        const char *column = cases[i].q > 0.9 ? "warm_q95" : "warm_q50";
        int as_inverse = 0;
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
            struct sweep s;
            sweep_simulate(&s, &t, false, sizes, N_SIZES, 400, seed);
            struct cp_memory_law law = fit(&s, cases[i].q, false);
            sweep_clear(&s);
            assert_int_equal(law.status, CP_OK);
            /* an unmeasured size */
            double q832 = truth_quantile(cases[i].id, 832, column);
            assert_near(cp_memory_law_at(&law, 832), q832, 2 * cases[i].relative_b * q832);
            assert_true(law.b_low_ms < law.b_ms && law.b_ms < law.b_high_ms);
            /* where a is small a power is as good, and scatter may prefer it */
            if (law.kind != CP_MEMORY_LAW_INVERSE)
                continue;
            as_inverse++;
            assert_near(law.cap_mb, 1769, 0);
            assert_near(law.b_ms, b, cases[i].relative_b * b);
            assert_near(law.a_ms, t.a_ms, cases[i].a_bound);
        }
        assert_true(as_inverse >= SEEDS - 2);
    }
}

/* G3 has exponent 0.9, so a and b are not its own; the predictions and the many cores are. */
static void many_core_truth_is_recovered_as_uncapped(void **state)
{
    (void)state;
    static const int wide[] = {512, 1024, 2048, 3008, 4096, 10240};
    struct truth t = truth_load("G3");
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sweep s;
        sweep_simulate(&s, &t, false, wide, 6, 400, seed);
        struct cp_memory_law law = fit(&s, 0.5, false);
        sweep_clear(&s);
        assert_int_equal(law.status, CP_OK);
        assert_true(law.cap_mb >= 8845);
        static const int unmeasured[] = {832, 1536, 1769};
        for (size_t i = 0; i < 3; i++) {
            double q = truth_quantile("G3", unmeasured[i], "warm_q50");
            assert_near(cp_memory_law_at(&law, unmeasured[i]), q, 0.06 * q);
        }
    }
}

static void every_cap_is_recovered(void **state)
{
    (void)state;
    static const int wide[] = {512, 1024, 1769, 3008, 4096, 6144, 8192, 10240};
    static const double caps[] = {1769, 3538, 5307, 7076, INFINITY};
    for (size_t i = 0; i < sizeof caps / sizeof *caps; i++) {
        double cap = fmin(caps[i], 10240);
        struct truth t = {.a_ms = 5, .s_ms = 300, .c = 1, .sd = 0.15, .cap_mb = cap};
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
            struct sweep s;
            sweep_simulate(&s, &t, false, wide, 8, 500, seed);
            struct cp_memory_law law = fit(&s, 0.5, false);
            sweep_clear(&s);
            assert_near(law.cap_mb, caps[i], 0);
            double b = 300 * cap / 1024;
            assert_near(law.b_ms, b, 0.05 * b);
        }
    }
}

static void constant_init_is_pooled(void **state)
{
    (void)state;
    static const char *const ids[] = {"G1", "G2", "G3"};
    static const double qs[] = {0.5, 0.95};
    size_t constant = 0;
    size_t all = 0;
    for (size_t i = 0; i < 3; i++) {
        struct truth t = truth_load(ids[i]);
        for (uint64_t seed = 1; seed <= UINT64_C(2) * SEEDS; seed++, all++) {
            struct sweep s;
            sweep_simulate(&s, &t, true, sizes, N_SIZES, 100, seed);
            double q = qs[seed % 2];
            struct cp_memory_law law = fit(&s, q, true);
            assert_int_equal(law.status, CP_OK);
            if (law.kind == CP_MEMORY_LAW_CONSTANT) {
                constant++;
                cp_sort(s.values, (size_t)N_SIZES * 100);
                struct cp_estimate e =
                    cp_quantile_estimate(s.values, (size_t)N_SIZES * 100, q, 0.95);
                assert_near(law.a_ms, e.value, 0);
                assert_near(law.a_low_ms, e.low, 0);
                assert_near(law.a_high_ms, e.high, 0);
                assert_near(law.b_ms, 0, 0);
                assert_int_equal(law.n_samples, (size_t)N_SIZES * 100);
                assert_near(cp_memory_law_at(&law, 700), law.a_ms, 0);
            }
            sweep_clear(&s);
        }
    }
    /* one-sided error of the 95 % interval: 2.5 %, so at most 5 of 48 but for one chance in 400 */
    assert_true(constant >= all - 5);
}

static void init_that_follows_memory_is_not_called_constant(void **state)
{
    (void)state;
    struct truth t = truth_load("G1");
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sweep s;
        sweep_simulate(&s, &t, false, sizes, N_SIZES, 100, seed);
        struct cp_memory_law law = fit(&s, 0.5, true);
        sweep_clear(&s);
        assert_int_equal(law.kind, CP_MEMORY_LAW_INVERSE);
        assert_true(law.b_low_ms > 0);
    }
}

/* Groups of 21 values around given medians, spread evenly over +-`spread` of them. */
static struct cp_memory_law fit_init_of_medians(const double medians[N_SIZES], double spread)
{
    enum { N = 21 };
    double values[N_SIZES][N];
    struct sweep s = {.n_sizes = N_SIZES};
    for (size_t i = 0; i < N_SIZES; i++) {
        for (size_t j = 0; j < N; j++)
            values[i][j] = medians[i] * (1 + spread * ((double)j - (N - 1) / 2.0) / (N / 2.0));
        s.groups[i] =
            (struct cp_memory_group){.memory_size_mb = sizes[i], .sorted_ms = values[i], .n = N};
    }
    return fit(&s, 0.5, true);
}

static void init_needs_both_aicc_and_the_interval_to_scale(void **state)
{
    (void)state;
    double exact[N_SIZES];
    const double scattered[N_SIZES] = {105, 98, 109, 92, 101, 97};
    for (size_t i = 0; i < N_SIZES; i++)
        exact[i] = 100 + 1024 / fmin(sizes[i], 1769);
    /* exactly on a slope, to AICc's delight, but the slope is far inside the noise of the medians
     */
    assert_int_equal(fit_init_of_medians(exact, 0.9).kind, CP_MEMORY_LAW_CONSTANT);
    /* medians known to 0.1 %, so the slope's interval excludes 0, but the curve explains nothing */
    assert_int_equal(fit_init_of_medians(scattered, 0.001).kind, CP_MEMORY_LAW_CONSTANT);
    /* both */
    struct cp_memory_law law = fit_init_of_medians(exact, 0.001);
    assert_int_equal(law.kind, CP_MEMORY_LAW_INVERSE);
    assert_near(law.a_ms, 100, 0.01);
    assert_near(law.b_ms, 1, 0.01);
}

static void same_seed_gives_the_same_law(void **state)
{
    (void)state;
    struct truth t = truth_load("G2");
    struct sweep s;
    sweep_simulate(&s, &t, false, sizes, N_SIZES, 60, 4);
    struct cp_memory_law one = fit(&s, 0.95, false);
    struct cp_memory_law same = fit(&s, 0.95, false);
    assert_near(one.a_low_ms, same.a_low_ms, 0);
    assert_near(one.b_high_ms, same.b_high_ms, 0);
    assert_near(one.lack_of_fit, same.lack_of_fit, 0);
    struct cp_memory_law other;
    cp_memory_law_fit(s.groups, s.n_sizes, &(struct cp_memory_law_options){.q = 0.95, .seed = 2},
                      &other);
    assert_true(fabs(other.b_high_ms - one.b_high_ms) > 0);
    sweep_clear(&s);
}

static void predictions_have_an_interval_when_refits_are_kept(void **state)
{
    (void)state;
    struct truth t = truth_load("G1");
    struct sweep s;
    struct cp_memory_law law;
    sweep_simulate(&s, &t, false, sizes, N_SIZES, 200, 4);
    struct cp_memory_law bare = fit(&s, 0.5, false);
    cp_memory_law_fit(s.groups, s.n_sizes,
                      &(struct cp_memory_law_options){
                          .q = 0.5, .bootstrap_reps = 400, .seed = 1, .keep_refits = true},
                      &law);
    sweep_clear(&s);
    struct cp_interval at = cp_memory_law_predict(&law, 832);
    assert_near(at.value, cp_memory_law_at(&law, 832), 0);
    assert_true(at.low < at.value && at.value < at.high && at.high < 1.1 * at.low);
    assert_true(isnan(cp_memory_law_predict(&law, 100).value));
    assert_true(isnan(cp_memory_law_predict(&law, 100).high));
    cp_memory_law_clear(&law);
    assert_near(cp_memory_law_predict(&bare, 832).value, cp_memory_law_at(&bare, 832), 0);
    assert_true(isnan(cp_memory_law_predict(&bare, 832).low));
    cp_memory_law_clear(&bare);
}

static void prediction_stays_in_the_measured_range(void **state)
{
    (void)state;
    struct truth t = truth_load("G1");
    struct sweep s;
    sweep_simulate(&s, &t, false, sizes, N_SIZES, 100, 1);
    struct cp_memory_law capped = fit(&s, 0.5, false);
    s.n_sizes = 4; /* 128..1024: below the cap, flat part not seen */
    struct cp_memory_law open = fit(&s, 0.5, false);
    sweep_clear(&s);
    assert_int_equal(open.min_mb, 128);
    assert_int_equal(open.max_mb, 1024);
    assert_true(isnan(cp_memory_law_at(&capped, 127)));
    assert_true(isnan(cp_memory_law_at(&open, 127)));
    assert_true(isnan(cp_memory_law_at(&open, 1025)));
    assert_true(isnan(cp_memory_law_at(&open, NAN)));
    assert_true(!isnan(cp_memory_law_at(&open, 1024)));
    assert_near(cp_memory_law_at(&capped, 10240), cp_memory_law_at(&capped, 1769), 0);
}

static void excluded_and_poor_sizes_are_not_fitted(void **state)
{
    (void)state;
    struct truth t = truth_load("G1");
    struct sweep s;
    struct cp_memory_law law;
    sweep_simulate(&s, &t, false, sizes, N_SIZES, 100, 1);
    for (size_t j = 0; j < 100; j++)
        s.values[j] *= 50; /* paging at 128 MB */
    s.groups[0].is_excluded = true;
    s.groups[1].n = 4;
    law = fit(&s, 0.5, false);
    assert_int_equal(law.status, CP_OK);
    assert_int_equal(law.n_sizes, 4);
    assert_int_equal(law.n_samples, 400);
    assert_int_equal(law.min_mb, 512);
    assert_near(law.b_ms, 103.65, 15);
    s.groups[2].is_excluded = true;
    s.groups[3].is_excluded = true;
    law = fit(&s, 0.5, false);
    assert_int_equal(law.status, CP_ENODATA);
    assert_true(isnan(law.a_ms) && isnan(law.cap_mb));
    assert_true(isnan(cp_memory_law_at(&law, 1769)));
    sweep_clear(&s);
}

static void too_few_values_for_p95_are_not_enough_data(void **state)
{
    (void)state;
    struct truth t = truth_load("G1");
    struct sweep s;
    sweep_simulate(&s, &t, false, sizes, N_SIZES, 13, 1);
    assert_int_equal(fit(&s, 0.95, false).status, CP_ENODATA);
    assert_int_equal(fit(&s, 0.5, false).status, CP_OK);
    sweep_clear(&s);
    sweep_simulate(&s, &t, false, sizes, N_SIZES, 14, 1);
    assert_int_equal(fit(&s, 0.95, false).status, CP_OK);
    sweep_clear(&s);
}

static void size_with_timeouts_near_the_quantile_leaves_the_fit(void **state)
{
    (void)state;
    struct truth t = truth_load("G1");
    struct sweep s;
    sweep_simulate(&s, &t, false, sizes, N_SIZES, 100, 1);
    for (size_t j = 97; j < 100; j++)
        s.values[j] = INFINITY; /* 3 % timeouts at 128 MB */
    struct cp_memory_law p50 = fit(&s, 0.5, false);
    struct cp_memory_law p95 = fit(&s, 0.95, false);
    sweep_clear(&s);
    assert_int_equal(p50.n_sizes, N_SIZES);
    assert_int_equal(p95.status, CP_OK);
    assert_int_equal(p95.n_sizes, N_SIZES - 1);
    assert_int_equal(p95.min_mb, 256);
}

static void curve_that_is_not_of_this_form_is_flagged(void **state)
{
    (void)state;
    struct truth t = truth_load("G1");
    struct sweep s;
    sweep_simulate(&s, &t, false, sizes, N_SIZES, 200, 1);
    struct cp_memory_law law = fit(&s, 0.5, false);
    assert_false(law.is_lack_of_fit);
    assert_true(law.lack_of_fit < 3 && law.leave_one_out_log_error < 0.05);
    for (size_t j = 0; j < 200; j++)
        s.values[400 + j] *= 1.5; /* 512 MB out of line by half */
    law = fit(&s, 0.5, false);
    assert_true(law.is_lack_of_fit);
    assert_true(law.lack_of_fit > 3);
    sweep_clear(&s);
}

static void identical_values_have_a_finite_law(void **state)
{
    (void)state;
    double values[N_SIZES][20];
    struct sweep s = {.n_sizes = N_SIZES};
    for (size_t i = 0; i < N_SIZES; i++) {
        for (size_t j = 0; j < 20; j++)
            values[i][j] = 10 + 100 * 1024 / fmin(sizes[i], 1769);
        s.groups[i] =
            (struct cp_memory_group){.memory_size_mb = sizes[i], .sorted_ms = values[i], .n = 20};
    }
    struct cp_memory_law law = fit(&s, 0.5, false);
    assert_int_equal(law.status, CP_OK);
    assert_near(law.a_ms, 10, 1e-6);
    assert_near(law.b_ms, 100, 1e-6);
    assert_near(law.b_low_ms, law.b_high_ms, 1e-6);
    assert_false(law.is_lack_of_fit);
}

/* Groups of 41 values spread evenly over +-3 % around given medians. */
enum { TIGHT_N = 41, TIGHT_SIZES_MAX = 8 };
struct tight {
    double values[TIGHT_SIZES_MAX][TIGHT_N];
    struct sweep sweep;
};

static void tight_make(struct tight *t, const int *mb, const double *medians, size_t n)
{
    t->sweep = (struct sweep){.n_sizes = n};
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < TIGHT_N; j++)
            t->values[i][j] =
                medians[i] * (1 + 0.03 * ((double)j - (TIGHT_N - 1) / 2.0) / (TIGHT_N / 2.0));
        t->sweep.groups[i] = (struct cp_memory_group){
            .memory_size_mb = mb[i], .sorted_ms = t->values[i], .n = TIGHT_N};
    }
}

static void step_that_no_curve_follows_is_interpolated(void **state)
{
    (void)state;
    static const int mb[] = {128, 256, 512, 1024, 1769, 2048, 3008, 4096};
    static const double medians[] = {900, 899, 901, 500, 499, 501, 120, 119};
    struct tight t;
    struct cp_memory_law law;
    tight_make(&t, mb, medians, 8);
    cp_memory_law_fit(t.sweep.groups, 8,
                      &(struct cp_memory_law_options){.q = 0.5, .seed = 1, .keep_refits = true},
                      &law);
    assert_int_equal(law.status, CP_OK);
    assert_true(law.is_lack_of_fit && law.is_interpolated);
    assert_true(law.interpolation_log_error < law.leave_one_out_log_error);
    /* at the sizes what was measured, made monotone; between them linear in both logarithms */
    assert_near(cp_memory_law_at(&law, 128), 900, 1e-9);
    assert_near(cp_memory_law_at(&law, 256), sqrt(899.0 * 901), 1e-9);
    assert_near(cp_memory_law_at(&law, 3008), 120, 1e-9);
    double below = cp_memory_law_at(&law, 512);
    assert_near(cp_memory_law_at(&law, sqrt(512 * 1024)),
                sqrt(below * cp_memory_law_at(&law, 1024)), 1e-9);
    struct cp_interval at = cp_memory_law_predict(&law, sqrt(512 * 1024));
    assert_true(at.low < at.value && at.value < at.high);
    /* at least the error it makes where it can be checked */
    assert_true(log(at.high / at.value) > law.interpolation_log_error);
    cp_memory_law_clear(&law);
}

static void parameters_are_those_of_the_formula(void **state)
{
    (void)state;
    static const int mb[] = {128, 256, 512, 1024, 1536, 2048, 3008, 4096};
    static const struct {
        double a, b, c, cap;
        const char *formula, *names[4];
    } cases[] = {
        {87, 0, 1, INFINITY, "a", {"a"}},
        {20, 300, 1, 1769, "a + b * 1024 / min(m, cap)", {"a", "b", "cap"}},
        {20, 300, 1, INFINITY, "a + b * 1024 / m", {"a", "b"}},
        {0, 300, 0.7, INFINITY, "b * (1024 / m)^c", {"b", "c"}},
        {90, 300, 0.5, INFINITY, "a + b * (1024 / m)^c", {"a", "b", "c"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tight t;
        double medians[8];
        struct cp_parameter out[CP_PARAMETERS_MAX];
        for (size_t j = 0; j < 8; j++) /* the constant rises a little, so that no b > 0 is best */
            medians[j] = cases[i].a +
                         cases[i].b * pow(1024 / fmin(mb[j], cases[i].cap), cases[i].c) +
                         (cases[i].b > 0 ? 0 : 0.001 * (double)j);
        tight_make(&t, mb, medians, 8);
        struct cp_memory_law law = fit(&t.sweep, 0.5, false);
        assert_int_equal(law.status, CP_OK);
        assert_string_equal(cp_memory_law_formula(&law), cases[i].formula);
        const double values[] = {law.a_ms, law.b_ms, law.c, law.cap_mb};
        const char *const all = "abc";
        size_t n = cp_memory_law_parameters(&law, out);
        for (size_t j = 0; j < n; j++) {
            const struct cp_parameter *p = &out[j];
            assert_string_equal(p->name, cases[i].names[j]);
            bool is_cap = strcmp(p->name, "cap") == 0;
            assert_near(p->estimate.value, values[is_cap ? 3 : strchr(all, p->name[0]) - all], 0);
            if (!is_cap)
                assert_true(p->estimate.low <= p->estimate.value &&
                            p->estimate.value <= p->estimate.high && p->method[0]);
        }
        assert_true(n == 4 || !cases[i].names[n]);
    }
    struct cp_parameter out[CP_PARAMETERS_MAX];
    struct cp_memory_law none;
    cp_memory_law_fit(NULL, 0, &(struct cp_memory_law_options){.q = 0.5}, &none);
    assert_int_equal(cp_memory_law_parameters(&none, out), 0);
    assert_string_equal(cp_memory_law_formula(&none), "");
}

/* a is 3 of 400 here, so that a power fits as well and what is held must not hang on the kind. */
static void interval_holds_whichever_kind_is_chosen(void **state)
{
    (void)state;
    static const int five[] = {128, 512, 1024, 1769, 3008};
    static const int at[] = {128, 832, 3008};
    enum { TRIALS = 40 };
    struct truth t = truth_load("G3");
    size_t held[3] = {0};
    for (uint64_t seed = 1; seed <= TRIALS; seed++) {
        struct sweep s;
        struct cp_memory_law law;
        sweep_simulate(&s, &t, false, five, 5, 60, seed);
        cp_memory_law_fit(
            s.groups, 5,
            &(struct cp_memory_law_options){.q = 0.5, .seed = seed, .keep_refits = true}, &law);
        sweep_clear(&s);
        for (size_t i = 0; i < 3; i++) {
            double truth = truth_quantile("G3", at[i], "warm_q50");
            struct cp_interval p = cp_memory_law_predict(&law, at[i]);
            held[i] += p.low <= truth && truth <= p.high;
        }
        cp_memory_law_clear(&law);
    }
    for (size_t i = 0; i < 3; i++) /* of 0.95: fewer once in 1,000 */
        assert_in_range(held[i], 33, TRIALS);
}

static void three_sizes_have_a_law_but_no_choice(void **state)
{
    (void)state;
    struct truth t = truth_load("G2");
    struct sweep s;
    sweep_simulate(&s, &t, false, sizes, N_SIZES, 100, 1);
    s.n_sizes = 3;
    struct cp_memory_law law = fit(&s, 0.5, false);
    assert_int_equal(law.status, CP_OK);
    assert_int_equal(law.kind, CP_MEMORY_LAW_INVERSE);
    assert_near(law.cap_mb, 1769, 0);
    assert_true(isnan(law.aicc) && isnan(law.leave_one_out_log_error));
    s.n_sizes = 2;
    assert_int_equal(fit(&s, 0.5, false).status, CP_ENODATA);
    sweep_clear(&s);
}

static void mean_follows_memory_too(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct truth t = truth_load("G1");
        struct sweep s;
        struct cp_memory_law law;
        const struct cp_memory_law_options options = {
            .is_mean = true, .seed = seed, .keep_refits = true};
        sweep_simulate(&s, &t, false, sizes, N_SIZES, 400, seed);
        cp_memory_law_fit(s.groups, s.n_sizes, &options, &law);
        assert_int_equal(law.status, CP_OK);
        assert_true(isnan(law.q) && law.kind != CP_MEMORY_LAW_CONSTANT);
        struct cp_interval at = cp_memory_law_predict(&law, 832);
        double truth = truth_quantile("G1", 832, "warm_mean");
        assert_near(at.value, truth, 0.05 * truth);
        assert_true(at.low < at.value && at.value < at.high && at.high < 1.1 * at.low);
        cp_memory_law_clear(&law);
        s.values[399] = INFINITY; /* a timeout has no duration, so 128 MB has no mean */
        cp_memory_law_fit(s.groups, s.n_sizes, &options, &law);
        assert_int_equal(law.min_mb, 256);
        cp_memory_law_clear(&law);
        sweep_clear(&s);
    }
}

static void mean_of_init_is_that_of_all_values(void **state)
{
    (void)state;
    struct truth t = truth_load("G2");
    struct sweep s;
    struct cp_memory_law law;
    double mean = 0;
    sweep_simulate(&s, &t, true, sizes, N_SIZES, 100, 3);
    for (size_t j = 0; j < (size_t)N_SIZES * 100; j++)
        mean += s.values[j] / ((double)N_SIZES * 100);
    cp_memory_law_fit(s.groups, s.n_sizes,
                      &(struct cp_memory_law_options){.is_mean = true, .is_init = true}, &law);
    sweep_clear(&s);
    assert_int_equal(law.kind, CP_MEMORY_LAW_CONSTANT);
    assert_near(law.a_ms, mean, 1e-9 * mean);
    assert_true(law.a_low_ms < mean && mean < law.a_high_ms);
}

/* 9,999 values are resampled, 10,000 are not: the intervals must not show it. */
static void mean_of_many_values_has_the_interval_of_resampling(void **state)
{
    (void)state;
    enum { FEW = 9999, REPS = 1000 };
    struct truth t = truth_load("G1");
    double width[2];
    for (size_t k = 0; k < 2; k++) {
        struct sweep s;
        struct cp_memory_law law;
        const struct cp_memory_law_options options = {
            .is_mean = true, .bootstrap_reps = REPS, .seed = 1, .n_threads = 2};
        sweep_simulate(&s, &t, false, sizes, 3, FEW + k, 1);
        cp_memory_law_fit(s.groups, s.n_sizes, &options, &law);
        assert_int_equal(law.status, CP_OK);
        assert_true(law.b_low_ms < law.b_ms && law.b_ms < law.b_high_ms);
        width[k] = law.b_high_ms - law.b_low_ms;
        sweep_clear(&s);
    }
    /* each width has a relative standard error of about 3.5 % */
    assert_near(width[1] / width[0], 1, 0.15);
}

/* Some resamples of the small size are all zeros: it has no standard error, and leaves the fit. */
static void mean_of_init_leaves_out_a_size_that_drops_out(void **state)
{
    (void)state;
    enum { N = 60 };
    static const double zeros[] = {0, 0, 0, 0, 100};
    double even[N];
    struct cp_memory_group groups[] = {{even, N, 128, false},
                                       {even, N, 256, false},
                                       {even, N, 512, false},
                                       {zeros, 5, 1024, false}};
    struct cp_memory_law law;
    for (size_t i = 0; i < N; i++)
        even[i] = 100;
    cp_memory_law_fit(groups, 4, &(struct cp_memory_law_options){.is_mean = true, .is_init = true},
                      &law);
    assert_int_equal(law.status, CP_OK);
    assert_int_equal(law.n_sizes, 3);
    assert_int_equal(law.n_samples, 3 * N);
    assert_near(law.a_ms, 100, 1e-9);
    assert_near(law.a_high_ms, 100, 1e-9);
}

static void threads_do_not_change_the_law(void **state)
{
    (void)state;
    struct truth t = truth_load("G1");
    struct sweep s;
    struct cp_memory_law one;
    struct cp_memory_law four;
    sweep_simulate(&s, &t, false, sizes, N_SIZES, 60, 4);
    struct cp_memory_law_options options = {.q = 0.5, .seed = 9, .keep_refits = true};
    cp_memory_law_fit(s.groups, s.n_sizes, &options, &one);
    options.n_threads = 4;
    cp_memory_law_fit(s.groups, s.n_sizes, &options, &four);
    sweep_clear(&s);
    assert_near(one.a_low_ms, four.a_low_ms, 0);
    assert_near(one.b_high_ms, four.b_high_ms, 0);
    assert_near(cp_memory_law_predict(&one, 832).low, cp_memory_law_predict(&four, 832).low, 0);
    cp_memory_law_clear(&one);
    cp_memory_law_clear(&four);
}

static void bad_input_is_named(void **state)
{
    (void)state;
    struct truth t = truth_load("G1");
    struct sweep s;
    struct cp_memory_law law;
    sweep_simulate(&s, &t, false, sizes, N_SIZES, 20, 1);
    assert_int_equal(fit(&s, 0, false).status, CP_EINVAL);
    assert_int_equal(fit(&s, 1, false).status, CP_EINVAL);
    assert_int_equal(fit(&s, NAN, false).status, CP_EINVAL);
    cp_memory_law_fit(s.groups, s.n_sizes,
                      &(struct cp_memory_law_options){.q = 0.5, .bootstrap_reps = 39}, &law);
    assert_int_equal(law.status, CP_EINVAL);
    cp_memory_law_fit(NULL, 0, &(struct cp_memory_law_options){.q = 0.5}, &law);
    assert_int_equal(law.status, CP_ENODATA);
    s.values[0] = 1e9;
    assert_int_equal(fit(&s, 0.5, false).status, CP_EINVAL);
    sweep_clear(&s);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_core_truth_is_recovered),
        cmocka_unit_test(many_core_truth_is_recovered_as_uncapped),
        cmocka_unit_test(every_cap_is_recovered),
        cmocka_unit_test(constant_init_is_pooled),
        cmocka_unit_test(init_that_follows_memory_is_not_called_constant),
        cmocka_unit_test(init_needs_both_aicc_and_the_interval_to_scale),
        cmocka_unit_test(same_seed_gives_the_same_law),
        cmocka_unit_test(predictions_have_an_interval_when_refits_are_kept),
        cmocka_unit_test(prediction_stays_in_the_measured_range),
        cmocka_unit_test(excluded_and_poor_sizes_are_not_fitted),
        cmocka_unit_test(too_few_values_for_p95_are_not_enough_data),
        cmocka_unit_test(size_with_timeouts_near_the_quantile_leaves_the_fit),
        cmocka_unit_test(curve_that_is_not_of_this_form_is_flagged),
        cmocka_unit_test(identical_values_have_a_finite_law),
        cmocka_unit_test(step_that_no_curve_follows_is_interpolated),
        cmocka_unit_test(parameters_are_those_of_the_formula),
        cmocka_unit_test(interval_holds_whichever_kind_is_chosen),
        cmocka_unit_test(three_sizes_have_a_law_but_no_choice),
        cmocka_unit_test(mean_follows_memory_too),
        cmocka_unit_test(mean_of_init_is_that_of_all_values),
        cmocka_unit_test(mean_of_many_values_has_the_interval_of_resampling),
        cmocka_unit_test(mean_of_init_leaves_out_a_size_that_drops_out),
        cmocka_unit_test(threads_do_not_change_the_law),
        cmocka_unit_test(bad_input_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
