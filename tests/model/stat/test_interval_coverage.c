/* SPDX-License-Identifier: GPL-3.0-or-later
 * Share of simulated data sets whose nominal 95 % interval holds the true quantile. Accepted:
 * 0.92 to 0.985 as in the method notes for exact intervals' conservatism, widened by three binomial
 * standard errors of the number of data sets.
 */
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdio.h>

#include "model/stat/memory_tail.h"
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

/* p50, p95 and mean from the memory law, p99 from the pooled tail. */
struct statistic {
    const char *name, *column;
    double q;
};

static const int sizes[] = {128, 512, 1024, 1769, 3008};
enum { N_SIZES = sizeof sizes / sizeof *sizes, TRIALS = 300 };

static void predict(const struct sweep *s, const struct statistic *statistic, uint64_t seed,
                    const int *at, size_t n_at, struct cp_interval *out)
{
    struct cp_memory_law law = {.status = CP_OK};
    struct cp_memory_tail tail = {.status = CP_OK};
    bool is_tail = statistic->q > 0.98;
    if (is_tail)
        cp_memory_tail_fit(s->groups, s->n_sizes,
                           &(struct cp_memory_tail_options){.q = statistic->q, .seed = seed},
                           &tail);
    else
        cp_memory_law_fit(s->groups, s->n_sizes,
                          &(struct cp_memory_law_options){.q = statistic->q,
                                                          .is_mean = isnan(statistic->q),
                                                          .seed = seed,
                                                          .keep_refits = true},
                          &law);
    assert_int_equal(law.status, CP_OK);
    assert_int_equal(tail.status, CP_OK);
    for (size_t i = 0; i < n_at; i++)
        out[i] =
            is_tail ? cp_memory_tail_predict(&tail, at[i]) : cp_memory_law_predict(&law, at[i]);
    cp_memory_law_clear(&law);
    cp_memory_tail_clear(&tail);
}

static void cover_one(const char *id, const struct statistic *statistic, size_t n)
{
    static const int at[] = {128, 256, 832, 1024, 3008};
    enum { N_AT = sizeof at / sizeof *at };
    struct truth t = truth_load(id);
    double truths[N_AT];
    size_t hits[N_AT] = {0};
    for (size_t i = 0; i < N_AT; i++)
        truths[i] = truth_quantile(id, at[i], statistic->column);
    for (uint64_t seed = 1; seed <= TRIALS; seed++) {
        struct sweep s;
        struct cp_interval p[N_AT];
        sweep_simulate(&s, &t, false, sizes, N_SIZES, n, seed);
        predict(&s, statistic, seed, at, N_AT, p);
        sweep_clear(&s);
        for (size_t i = 0; i < N_AT; i++)
            hits[i] += p[i].low <= truths[i] && truths[i] <= p[i].high;
    }
    for (size_t i = 0; i < N_AT; i++) {
        char what[64];
        (void)snprintf(what, sizeof what, "%s %s n=%zu at %d MB", id, statistic->name, n, at[i]);
        assert_covers(hits[i], TRIALS, what);
    }
}

static void predictions_over_memory_are_covered(void **state)
{
    (void)state;
    static const struct statistic statistics[] = {{"p50", "warm_q50", 0.5},
                                                  {"p95", "warm_q95", 0.95},
                                                  {"p99", "warm_q99", 0.99},
                                                  {"mean", "warm_mean", NAN}};
    static const char *const ids[] = {"G1", "G2", "G3"};
    static const size_t ns[] = {60, 200, 500};
    for (size_t i = 0; i < sizeof statistics / sizeof *statistics; i++)
        for (size_t j = 0; j < 3; j++)
            for (size_t k = 0; k < 3; k++)
                cover_one(ids[j], &statistics[i], ns[k]);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_intervals_cover_the_true_quantile),
        cmocka_unit_test(predictions_over_memory_are_covered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
