/* SPDX-License-Identifier: GPL-3.0-or-later
 * Share of simulated data sets whose nominal 95 % interval holds the true quantile. Accepted:
 * 0.92 to 0.985 as in the method notes for exact intervals' conservatism, widened by three binomial
 * standard errors of the number of data sets.
 */
#include <gsl/gsl_errno.h>
#include <math.h>

#include "model/stat/quantile.h"
#include "tests/model/stat/truth.h"
#include "tests/test.h"

static void assert_covers(size_t hits, size_t trials, const char *what)
{
    double share = (double)hits / (double)trials;
    double se = sqrt(0.05 * 0.95 / (double)trials);
    print_message("%s: %zu of %zu = %.3f\n", what, hits, trials, share);
    assert_true(share >= 0.92 - 3 * se && share <= 0.985 + 3 * se);
}

static void order_intervals_cover_the_true_quantile(void **state)
{
    (void)state;
    enum { TRIALS = 4000 };
    static const struct {
        const char *what;
        double q;
        int n;
    } cases[] = {
        {"p50 n=60", 0.5, 60},    {"p50 n=200", 0.5, 200},  {"p95 n=100", 0.95, 100},
        {"p95 n=200", 0.95, 200}, {"p95 n=500", 0.95, 500}, {"p99 n=500", 0.99, 500},
    };
    /* distribution free: uniform numbers stand for every continuous law */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cp_rng rng;
        double x[500];
        size_t hits = 0;
        cp_rng_init(&rng, 2, i);
        for (size_t trial = 0; trial < TRIALS; trial++) {
            for (int j = 0; j < cases[i].n; j++)
                x[j] = cp_rng_uniform(&rng);
            cp_sort(x, (size_t)cases[i].n);
            struct cp_estimate e = cp_quantile_estimate(x, (size_t)cases[i].n, cases[i].q, 0.95);
            assert_int_equal(e.status, CP_ANSWER_OK);
            hits += e.low <= cases[i].q && cases[i].q <= e.high;
        }
        assert_covers(hits, TRIALS, cases[i].what);
    }
}

static void predictions_at_an_unmeasured_size_are_covered(void **state)
{
    (void)state;
    enum { TRIALS = 300, REPS = 300 };
    static const int sizes[] = {128, 512, 1024, 1769, 3008};
    static const struct {
        const char *what, *id, *column;
        double q;
        size_t n;
    } cases[] = {
        {"G1 p50 n=60", "G1", "warm_q50", 0.5, 60},
        {"G1 p50 n=200", "G1", "warm_q50", 0.5, 200},
        {"G2 p50 n=200", "G2", "warm_q50", 0.5, 200},
        {"G1 p95 n=200", "G1", "warm_q95", 0.95, 200},
        {"G2 p95 n=200", "G2", "warm_q95", 0.95, 200},
        {"G2 p95 n=500", "G2", "warm_q95", 0.95, 500},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct truth t = truth_load(cases[i].id);
        double truth = truth_quantile(cases[i].id, 832, cases[i].column);
        size_t hits = 0;
        for (uint64_t seed = 1; seed <= TRIALS; seed++) {
            struct sweep s;
            struct cp_memory_law law;
            sweep_simulate(&s, &t, false, sizes, 5, cases[i].n, seed);
            const struct cp_memory_law_options options = {
                .q = cases[i].q, .bootstrap_reps = REPS, .seed = seed, .keep_refits = true};
            cp_memory_law_fit(s.groups, s.n_sizes, &options, &law);
            sweep_clear(&s);
            struct cp_interval at = cp_memory_law_predict(&law, 832);
            cp_memory_law_clear(&law);
            hits += at.low <= truth && truth <= at.high;
        }
        assert_covers(hits, TRIALS, cases[i].what);
    }
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_intervals_cover_the_true_quantile),
        cmocka_unit_test(predictions_at_an_unmeasured_size_are_covered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
