/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/memory_tail.h"

#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/stat/quantile.h"
#include "tests/model/stat/truth.h"
#include "tests/test.h"

static const int sizes[] = {128, 512, 1024, 1769, 3008};
enum { N_SIZES = sizeof sizes / sizeof *sizes, SEEDS = 8 };

static struct cp_memory_tail fit(const struct sweep *s, double q)
{
    struct cp_memory_tail tail;
    cp_memory_tail_fit(s->groups, s->n_sizes, &(struct cp_memory_tail_options){.q = q, .seed = 1},
                       &tail);
    return tail;
}

/* Adds to each value jitter of one exponential law: the spread no longer follows memory. */
static void simulate_jitter(struct sweep *s, double mean_ms, size_t n, uint64_t seed)
{
    struct truth t = {.a_ms = 20, .s_ms = 60, .c = 1, .sd = 0, .cap_mb = 1769};
    struct cp_rng rng;
    cp_rng_init(&rng, seed, 7);
    sweep_simulate(s, &t, false, sizes, N_SIZES, n, seed);
    for (size_t i = 0; i < N_SIZES * n; i++)
        s->values[i] += cp_rng_exponential(&rng, mean_ms);
    for (size_t i = 0; i < N_SIZES; i++)
        cp_sort(s->values + i * n, n);
}

static void p99_of_the_truths_is_held_at_unmeasured_sizes(void **state)
{
    (void)state;
    static const char *const ids[] = {"G1", "G2", "G3"};
    for (size_t i = 0; i < 3; i++) {
        struct truth t = truth_load(ids[i]);
        double truth = truth_quantile(ids[i], 832, "warm_q99");
        int held = 0;
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
            struct sweep s;
            sweep_simulate(&s, &t, false, sizes, N_SIZES, 100, seed);
            struct cp_memory_tail tail = fit(&s, 0.99);
            sweep_clear(&s);
            assert_int_equal(tail.status, CP_OK);
            assert_true(tail.memory_share > 0); /* its spread is that of the work */
            assert_int_equal(tail.n_pooled, 500);
            struct cp_interval p = cp_memory_tail_predict(&tail, 832);
            held += p.low <= truth && truth <= p.high;
            assert_near(p.value, truth, 0.35 * truth);
            cp_memory_tail_clear(&tail);
        }
        assert_true(held >= SEEDS - 2);
    }
}

/* Where everything is in the open: p50 + exponential quantile, ln(100) - ln(2) means above it. */
static void additive_jitter_is_recognised(void **state)
{
    (void)state;
    double truth = 20 + 60 * 1769 / 832.0 + 10 * log(100);
    int held = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sweep s;
        simulate_jitter(&s, 10, 100, seed);
        struct cp_memory_tail tail = fit(&s, 0.99);
        sweep_clear(&s);
        assert_int_equal(tail.status, CP_OK);
        assert_near(tail.memory_share, 0, 0);
        assert_near(tail.tail_ms.value, 10 * (log(100) - log(2)), 18);
        struct cp_interval p = cp_memory_tail_predict(&tail, 832);
        held += p.low <= truth && truth <= p.high;
        cp_memory_tail_clear(&tail);
    }
    assert_true(held >= SEEDS - 2);
}

static void tail_is_the_pooled_quantile_of_residuals(void **state)
{
    (void)state;
    struct sweep s;
    simulate_jitter(&s, 10, 100, 1);
    struct cp_memory_tail tail = fit(&s, 0.99);
    for (size_t i = 0; i < N_SIZES; i++)
        for (size_t j = 0; j < 100; j++)
            s.values[i * 100 + j] -= cp_memory_law_at(&tail.p50, sizes[i]);
    cp_sort(s.values, (size_t)N_SIZES * 100);
    struct cp_estimate e = cp_quantile_estimate(s.values, (size_t)N_SIZES * 100, 0.99, 0.95);
    sweep_clear(&s);
    assert_near(tail.tail_ms.value, e.value, 1e-9);
    assert_near(tail.tail_ms.low, e.low, 1e-9);
    assert_near(tail.tail_ms.high, e.high, 1e-9);
    cp_memory_tail_clear(&tail);
}

static void too_few_values_are_refused_with_the_n_that_would_do(void **state)
{
    (void)state;
    struct sweep s;
    struct cp_memory_tail tail;
    simulate_jitter(&s, 10, 59, 1); /* 295 */
    tail = fit(&s, 0.99);
    assert_int_equal(tail.status, CP_ENODATA);
    assert_int_equal(tail.n_needed, 299);
    assert_int_equal(tail.n_pooled, 295);
    assert_true(isnan(tail.tail_ms.value) && isnan(cp_memory_tail_predict(&tail, 832).value));
    assert_null(tail.p50.refits);
    sweep_clear(&s);
    /* 300 have no exact upper rank with equal tails, but an interval with unequal ones */
    simulate_jitter(&s, 10, 60, 1);
    tail = fit(&s, 0.99);
    assert_int_equal(tail.status, CP_OK);
    struct cp_interval p = cp_memory_tail_predict(&tail, 832);
    assert_true(p.low < p.value && p.value <= p.high);
    cp_memory_tail_clear(&tail);
    s.n_sizes = 2;
    assert_int_equal(fit(&s, 0.95).status, CP_ENODATA); /* no law of p50 */
    sweep_clear(&s);
}

static void censored_values_in_the_interval_are_refused(void **state)
{
    (void)state;
    struct sweep s;
    simulate_jitter(&s, 10, 200, 1);
    s.values[199] = INFINITY; /* one timeout of 1,000: beyond the interval */
    struct cp_memory_tail tail = fit(&s, 0.99);
    assert_int_equal(tail.status, CP_OK);
    assert_true(isfinite(tail.tail_ms.high));
    cp_memory_tail_clear(&tail);
    for (size_t j = 195; j < 200; j++)
        s.values[j] = INFINITY;
    assert_int_equal(fit(&s, 0.99).status, CP_ENODATA);
    sweep_clear(&s);
}

static void sizes_that_differ_beyond_chance_are_flagged(void **state)
{
    (void)state;
    struct sweep s;
    simulate_jitter(&s, 10, 400, 1);
    struct cp_memory_tail tail = fit(&s, 0.99);
    assert_false(tail.is_uneven);
    cp_memory_tail_clear(&tail);
    /* a pause of a second in 3 % of the runs at 1024 MB alone */
    for (size_t j = 0; j < 12; j++)
        s.values[2 * 400 + 399 - j] += 1000;
    cp_sort(s.values + (size_t)2 * 400, 400);
    tail = fit(&s, 0.99);
    assert_int_equal(tail.status, CP_OK);
    assert_true(tail.is_uneven && tail.uneven_p < 0.01);
    cp_memory_tail_clear(&tail);
    /* a retry after a fixed time in one of ten: the tail is that time, and nothing is above it */
    for (size_t j = 0; j < 40; j++)
        s.values[2 * 400 + 399 - j] = 3000;
    tail = fit(&s, 0.99);
    assert_int_equal(tail.status, CP_OK);
    assert_true(tail.is_uneven && tail.uneven_p < 0.01);
    cp_memory_tail_clear(&tail);
    sweep_clear(&s);
}

static void parameters_and_formula_say_what_was_fitted(void **state)
{
    (void)state;
    struct truth t = truth_load("G1");
    struct sweep s;
    struct cp_parameter out[CP_PARAMETERS_MAX];
    simulate_jitter(&s, 10, 100, 1);
    struct cp_memory_tail tail = fit(&s, 0.99);
    sweep_clear(&s);
    size_t n_law = cp_memory_law_parameters(&tail.p50, out);
    assert_int_equal(cp_memory_tail_parameters(&tail, out), n_law + 1);
    assert_string_equal(out[n_law].name, "tail");
    assert_near(out[n_law].estimate.high, tail.tail_ms.high, 0);
    assert_string_equal(cp_memory_tail_formula(&tail), "p50(m) + tail");
    cp_memory_tail_clear(&tail);
    sweep_simulate(&s, &t, false, sizes, N_SIZES, 200, 1);
    tail = fit(&s, 0.99);
    sweep_clear(&s);
    size_t n = cp_memory_tail_parameters(&tail, out);
    assert_string_equal(out[n - 1].name, "h");
    assert_near(out[n - 1].estimate.value, tail.memory_share, 0);
    assert_non_null(strstr(cp_memory_tail_formula(&tail), "min(m, cap)"));
    cp_memory_tail_clear(&tail);
}

static void bad_input_is_named(void **state)
{
    (void)state;
    struct sweep s;
    struct cp_parameter out[CP_PARAMETERS_MAX];
    simulate_jitter(&s, 10, 100, 1);
    static const double qs[] = {0.5, 1, 0, NAN};
    for (size_t i = 0; i < sizeof qs / sizeof *qs; i++) {
        struct cp_memory_tail tail = fit(&s, qs[i]);
        assert_int_equal(tail.status, CP_EINVAL);
        assert_int_equal(cp_memory_tail_parameters(&tail, out), 0);
        assert_string_equal(cp_memory_tail_formula(&tail), "");
        cp_memory_tail_clear(&tail);
    }
    s.values[0] = 1e9;
    assert_int_equal(fit(&s, 0.99).status, CP_EINVAL); /* not sorted */
    sweep_clear(&s);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p99_of_the_truths_is_held_at_unmeasured_sizes),
        cmocka_unit_test(additive_jitter_is_recognised),
        cmocka_unit_test(tail_is_the_pooled_quantile_of_residuals),
        cmocka_unit_test(too_few_values_are_refused_with_the_n_that_would_do),
        cmocka_unit_test(censored_values_in_the_interval_are_refused),
        cmocka_unit_test(sizes_that_differ_beyond_chance_are_flagged),
        cmocka_unit_test(parameters_and_formula_say_what_was_fitted),
        cmocka_unit_test(bad_input_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
