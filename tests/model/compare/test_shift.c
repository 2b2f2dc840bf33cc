/* SPDX-License-Identifier: GPL-3.0-or-later
 * Shift function: points against Hmisc (tests/data/model/twosample), resamples against sorting, and
 * how often the intervals hold the truth.
 */
#include "model/base/rng.h"
#include "model/compare/shift.h"
#include "model/stat/quantile.h"
#include "tests/model/stat/csv.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>

#define FOLDER "tests/data/model/twosample"

enum { VALUES_MAX = 256 };

struct sample {
    double values[VALUES_MAX];
    size_t n;
    struct cp_decile_weights weights;
};

static struct cp_shift_sample open_sample(struct sample *s)
{
    struct cp_error err;
    cp_sort(s->values, s->n);
    assert_int_equal(cp_decile_weights_make(s->n, &s->weights, &err), CP_OK);
    return (struct cp_shift_sample){s->values, &s->weights};
}

static void read_sample(struct cp_view dataset, const char *group, struct sample *s)
{
    char name[64];
    struct csv csv;
    (void)snprintf(name, sizeof name, "%.*s.csv", (int)dataset.n, dataset.p);
    s->n = 0;
    csv_open(&csv, FOLDER, name);
    while (csv_next(&csv)) {
        if (cp_view_is(csv_text(&csv, "group"), group))
            s->values[s->n++] = csv_number(&csv, "value");
    }
    csv_close(&csv);
}

static void expect(const struct csv *csv, const char *column, double got)
{
    double want = csv_number(csv, column);
    if (!(fabs(got - want) <= 1e-10 * fmax(1, fabs(want))))
        fail_msg("%.*s: %s is %.15g, not %.15g", (int)csv_text(csv, "dataset").n,
                 csv_text(csv, "dataset").p, column, got, want);
}

static void points_are_those_of_hmisc(void **state)
{
    (void)state;
    struct csv csv;
    size_t n_rows = 0;
    struct cp_error err;
    csv_open(&csv, FOLDER, "expected_shift.csv");
    while (csv_next(&csv)) {
        struct sample base;
        struct sample now;
        double deciles[CP_SHIFT_DECILES];
        struct cp_interval shift[CP_SHIFT_DECILES];
        double p = csv_number(&csv, "p");
        size_t d = (size_t)lround(p * 10) - 1;
        if (fabs(p * 10 - (double)(d + 1)) > 1e-9)
            continue; /* not a decile */
        read_sample(csv_text(&csv, "dataset"), "baseline", &base);
        read_sample(csv_text(&csv, "dataset"), "candidate", &now);
        const struct cp_shift_sample a = open_sample(&base);
        const struct cp_shift_sample b = open_sample(&now);
        assert_int_equal(cp_shift_function(&a, &b, 0, 1, shift, &err), CP_OK);
        expect(&csv, "delta", shift[d].value);
        cp_shift_deciles(&a, deciles);
        expect(&csv, "hd_base", deciles[d]);
        cp_shift_deciles(&b, deciles);
        expect(&csv, "hd_cand", deciles[d]);
        assert_true(isnan(shift[d].low) && isnan(shift[d].high));
        cp_decile_weights_clear(&base.weights);
        cp_decile_weights_clear(&now.weights);
        n_rows++;
    }
    csv_close(&csv);
    assert_true(n_rows >= 36);
}

static void draw(struct cp_rng *rng, double median_ms, double sigma, size_t n, struct sample *s)
{
    s->n = n;
    for (size_t i = 0; i < n; i++)
        s->values[i] = median_ms * exp(sigma * cp_rng_normal(rng));
}

/* The interval of resamples that are drawn, sorted and estimated one by one. */
static void intervals_are_those_of_sorted_resamples(void **state)
{
    (void)state;
    enum { N = 60, RESAMPLES = 8000 };
    static double replicates[CP_SHIFT_DECILES][RESAMPLES];
    struct sample base;
    struct sample now;
    struct cp_rng rng;
    struct cp_error err;
    cp_rng_init(&rng, 8, 0);
    draw(&rng, 200, 0.2, N, &base);
    draw(&rng, 230, 0.3, N, &now);
    const struct cp_shift_sample a = open_sample(&base);
    const struct cp_shift_sample b = open_sample(&now);
    struct cp_interval shift[CP_SHIFT_DECILES];
    assert_int_equal(cp_shift_function(&a, &b, RESAMPLES, 3, shift, &err), CP_OK);
    for (size_t r = 0; r < RESAMPLES; r++) {
        double x[N];
        double y[N];
        for (size_t i = 0; i < N; i++) {
            x[i] = base.values[cp_rng_below(&rng, N)];
            y[i] = now.values[cp_rng_below(&rng, N)];
        }
        cp_sort(x, N);
        cp_sort(y, N);
        for (size_t d = 0; d < CP_SHIFT_DECILES; d++) {
            double q = (double)(d + 1) / 10;
            replicates[d][r] =
                cp_quantile_harrell_davis(y, N, q) - cp_quantile_harrell_davis(x, N, q);
        }
    }
    for (size_t d = 0; d < CP_SHIFT_DECILES; d++) {
        cp_sort(replicates[d], RESAMPLES);
        double low = cp_quantile(replicates[d], RESAMPLES, 0.025, 8);
        double high = cp_quantile(replicates[d], RESAMPLES, 0.975, 8);
        /* two Monte Carlo runs of 8,000: the standard error of an end is some 1 % of the width */
        assert_near(shift[d].low, low, 0.05 * (high - low));
        assert_near(shift[d].high, high, 0.05 * (high - low));
    }
    cp_decile_weights_clear(&base.weights);
    cp_decile_weights_clear(&now.weights);
}

static void a_timeout_is_above_all(void **state)
{
    (void)state;
    enum { N = 200, N_FINITE = 140 };
    struct sample base = {.n = N};
    struct sample now = {.n = N};
    struct cp_error err;
    for (size_t i = 0; i < N; i++) {
        base.values[i] = 10 + (double)i;
        now.values[i] = i < N_FINITE ? 10 + (double)i : (double)INFINITY;
    }
    const struct cp_shift_sample a = open_sample(&base);
    const struct cp_shift_sample b = open_sample(&now);
    struct cp_interval shift[CP_SHIFT_DECILES];
    double deciles[CP_SHIFT_DECILES];
    cp_shift_deciles(&b, deciles);
    assert_true(isfinite(deciles[0]) && isinf(deciles[8]));
    for (size_t d = 0; d < CP_SHIFT_DECILES; d++)
        assert_near(deciles[d], cp_quantile_harrell_davis(now.values, N, (double)(d + 1) / 10),
                    1e-9);
    assert_int_equal(cp_shift_function(&a, &b, 200, 1, shift, &err), CP_OK);
    assert_true(isinf(shift[8].value) && isinf(shift[8].low) && isinf(shift[8].high));
    assert_int_equal(cp_shift_function(&b, &b, 200, 1, shift, &err), CP_OK);
    assert_true(isnan(shift[8].value) && isnan(shift[8].low));
    for (size_t i = 0; i < N; i++)
        now.values[i] = INFINITY;
    cp_shift_deciles(&b, deciles);
    assert_true(isinf(deciles[0]));
    cp_decile_weights_clear(&base.weights);
    cp_decile_weights_clear(&now.weights);
}

static void one_value_and_ties_have_deciles(void **state)
{
    (void)state;
    struct sample one = {.values = {7}, .n = 1};
    struct sample ties = {.values = {5, 5, 5, 9, 9, 9}, .n = 6};
    struct cp_error err;
    const struct cp_shift_sample a = open_sample(&one);
    const struct cp_shift_sample b = open_sample(&ties);
    struct cp_interval shift[CP_SHIFT_DECILES];
    assert_int_equal(cp_shift_function(&a, &b, 100, 1, shift, &err), CP_OK);
    assert_near(shift[4].value, 0, 1e-12); /* 5 and 9 have equal weight in the median */
    assert_true(shift[4].low >= -2 && shift[4].high <= 2);
    assert_int_equal(cp_shift_function(&a, &a, 100, 1, shift, &err), CP_OK);
    for (size_t d = 0; d < CP_SHIFT_DECILES; d++)
        assert_true(shift[d].value == 0 && shift[d].low == 0 && shift[d].high == 0);
    cp_decile_weights_clear(&one.weights);
    cp_decile_weights_clear(&ties.weights);
    struct cp_decile_weights none;
    assert_int_equal(cp_decile_weights_make(0, &none, &err), CP_EINVAL);
}

/* How many of so many intervals hold the difference of the laws; R: qnorm((1:9)/10). */
static void count_held(size_t n, int rounds, int n_held[CP_SHIFT_DECILES])
{
    static const double normal[CP_SHIFT_DECILES] = {
        -1.2815515655446004, -0.8416212335729143, -0.5244005127080407, -0.2533471031357997, 0,
        0.2533471031357997,  0.5244005127080407,  0.8416212335729143,  1.2815515655446004};
    struct cp_rng rng;
    struct cp_error err;
    cp_rng_init(&rng, 21, 0);
    struct sample base = {.n = n};
    struct sample now = {.n = n};
    (void)open_sample(&base);
    now.weights = base.weights;
    for (int round = 0; round < rounds; round++) {
        draw(&rng, 200, 0.2, n, &base);
        draw(&rng, 220, 0.3, n, &now);
        cp_sort(base.values, n);
        cp_sort(now.values, n);
        const struct cp_shift_sample a = {base.values, &base.weights};
        const struct cp_shift_sample b = {now.values, &now.weights};
        struct cp_interval shift[CP_SHIFT_DECILES];
        assert_int_equal(cp_shift_function(&a, &b, 300, (uint64_t)round, shift, &err), CP_OK);
        for (size_t d = 0; d < CP_SHIFT_DECILES; d++) {
            double truth = 220 * exp(0.3 * normal[d]) - 200 * exp(0.2 * normal[d]);
            n_held[d] += shift[d].low <= truth && truth <= shift[d].high ? 1 : 0;
        }
    }
    cp_decile_weights_clear(&base.weights);
}

static void intervals_hold_the_truth(void **state)
{
    (void)state;
    enum { ROUNDS = 300 };
    /* nominal 0.95, Monte Carlo 0.013; of 20 values the outer ones say little of p10 and p90 */
    static const struct {
        size_t n;
        double least, least_outer;
    } rows[] = {{20, 0.91, 0.85}, {100, 0.91, 0.91}, {200, 0.91, 0.91}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int n_held[CP_SHIFT_DECILES] = {0};
        count_held(rows[i].n, ROUNDS, n_held);
        for (size_t d = 0; d < CP_SHIFT_DECILES; d++) {
            bool is_outer = d == 0 || d == CP_SHIFT_DECILES - 1;
            double least = is_outer ? rows[i].least_outer : rows[i].least;
            print_message("p%zu0, n = %zu: the interval holds %.3f\n", d + 1, rows[i].n,
                          (double)n_held[d] / ROUNDS);
            assert_true(n_held[d] >= least * ROUNDS);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_are_those_of_hmisc),
        cmocka_unit_test(intervals_are_those_of_sorted_resamples),
        cmocka_unit_test(a_timeout_is_above_all),
        cmocka_unit_test(one_value_and_ties_have_deciles),
        cmocka_unit_test(intervals_hold_the_truth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
