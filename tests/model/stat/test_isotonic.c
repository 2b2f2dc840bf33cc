/* SPDX-License-Identifier: GPL-3.0-or-later
 * Isotonic regression against R's isoreg and Iso (the tables) and against the min-max formula.
 */
#include "model/stat/isotonic.h"

#include <math.h>
#include <stdio.h>

#include "model/base/rng.h"
#include "tests/model/stat/csv.h"
#include "tests/test.h"

enum { N_MAX = 64 };

static void tables_of_r_are_met(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value, *of, *weight, *fit; /* value / of, weight; "" for none */
        size_t n;
        double tolerance; /* half of the last digit printed */
    } tables[] = {
        {"current_status1.csv", "cold", "n", "n", "npmle", 15, 5e-14},
        {"unweighted1.csv", "y", "", "", "fit", 40, 5e-14},
    };
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
        struct csv csv;
        double values[N_MAX];
        double weights[N_MAX];
        double expected[N_MAX];
        double fitted[N_MAX];
        struct cp_isotonic_block blocks[N_MAX];
        size_t n = 0;
        csv_open(&csv, "tests/data/model/isotonic", tables[t].name);
        for (; csv_next(&csv); n++) {
            values[n] = csv_number(&csv, tables[t].value);
            values[n] /= *tables[t].of ? csv_number(&csv, tables[t].of) : 1;
            weights[n] = *tables[t].weight ? csv_number(&csv, tables[t].weight) : 1;
            expected[n] = csv_number(&csv, tables[t].fit);
        }
        csv_close(&csv);
        assert_int_equal(n, tables[t].n);
        size_t n_blocks = cp_isotonic_fit(values, *tables[t].weight ? weights : NULL, n,
                                          CP_ISOTONIC_NON_DECREASING, blocks);
        cp_isotonic_expand(blocks, n_blocks, fitted);
        for (size_t i = 0; i < n; i++) {
            if (!(fabs(fitted[i] - expected[i]) <= tables[t].tolerance))
                fail_msg("%s row %zu: %.15g, not %.15g", tables[t].name, i + 1, fitted[i],
                         expected[i]);
        }
    }
}

static double mean(const double *values, const double *weights, size_t from, size_t to)
{
    double sum = 0;
    double weight = 0;
    for (size_t i = from; i <= to; i++) {
        sum += weights[i] * values[i];
        weight += weights[i];
    }
    return sum / weight;
}

/* f_i = max over s <= i of the min over t >= i of the mean of s..t (Barlow et al. 1972, 1.9). */
static double min_max(const double *values, const double *weights, size_t n, size_t i)
{
    double best = -INFINITY;
    for (size_t s = 0; s <= i; s++) {
        double least = INFINITY;
        for (size_t t = i; t < n; t++)
            least = fmin(least, mean(values, weights, s, t));
        best = fmax(best, least);
    }
    return best;
}

/* Values on a coarse grid, so that ties are common. */
static void make_case(struct cp_rng *rng, size_t n, double *values, double *weights)
{
    for (size_t i = 0; i < n; i++) {
        values[i] = floor(6 * cp_rng_uniform(rng)) + 0.2 * (double)i;
        weights[i] = 1 + floor(4 * cp_rng_uniform(rng));
    }
}

static void blocks_follow_the_min_max_formula(void **state)
{
    (void)state;
    struct cp_rng rng;
    cp_rng_init(&rng, 11, 0);
    for (size_t trial = 0; trial < 400; trial++) {
        double values[N_MAX];
        double weights[N_MAX];
        double fitted[N_MAX];
        struct cp_isotonic_block blocks[N_MAX];
        size_t n = 1 + (size_t)cp_rng_below(&rng, 24);
        make_case(&rng, n, values, weights);
        size_t n_blocks = cp_isotonic_fit(values, weights, n, CP_ISOTONIC_NON_DECREASING, blocks);
        cp_isotonic_expand(blocks, n_blocks, fitted);
        assert_int_equal(blocks[n_blocks - 1].end, n);
        for (size_t i = 0; i < n; i++)
            assert_near(fitted[i], min_max(values, weights, n, i), 1e-12);
        for (size_t b = 1; b < n_blocks; b++)
            assert_true(blocks[b - 1].value < blocks[b].value);
    }
}

static void non_increasing_is_the_mirror(void **state)
{
    (void)state;
    struct cp_rng rng;
    cp_rng_init(&rng, 12, 0);
    for (size_t trial = 0; trial < 100; trial++) {
        double values[N_MAX];
        double weights[N_MAX];
        double mirrored[N_MAX];
        double up[N_MAX];
        double down[N_MAX];
        struct cp_isotonic_block blocks[N_MAX];
        make_case(&rng, N_MAX, values, weights);
        for (size_t i = 0; i < N_MAX; i++)
            mirrored[i] = -values[i];
        cp_isotonic_expand(
            blocks, cp_isotonic_fit(values, weights, N_MAX, CP_ISOTONIC_NON_DECREASING, blocks),
            up);
        cp_isotonic_expand(
            blocks, cp_isotonic_fit(mirrored, weights, N_MAX, CP_ISOTONIC_NON_INCREASING, blocks),
            down);
        for (size_t i = 0; i < N_MAX; i++)
            assert_near(down[i], -up[i], 0);
    }
}

static void weight_two_is_two_rows(void **state)
{
    (void)state;
    const double values[] = {3, 1, 4, 4, 2};
    const double weights[] = {2, 1, 1, 2, 1};
    const double rows[] = {3, 3, 1, 4, 4, 4, 2};
    struct cp_isotonic_block weighted[5];
    struct cp_isotonic_block repeated[7];
    assert_int_equal(cp_isotonic_fit(values, weights, 5, CP_ISOTONIC_NON_DECREASING, weighted), 2);
    assert_int_equal(cp_isotonic_fit(rows, NULL, 7, CP_ISOTONIC_NON_DECREASING, repeated), 2);
    for (size_t b = 0; b < 2; b++) {
        assert_near(weighted[b].value, repeated[b].value, 1e-15);
        assert_near(weighted[b].weight, repeated[b].weight, 0);
    }
    assert_near(weighted[0].value, 7.0 / 3, 1e-15);
    assert_near(weighted[1].value, 14.0 / 4, 1e-15);
}

static void huge_values_do_not_overflow(void **state)
{
    (void)state;
    const double values[] = {1.5e308, 1.2e308, 1.6e308};
    struct cp_isotonic_block blocks[3];
    assert_int_equal(cp_isotonic_fit(values, NULL, 3, CP_ISOTONIC_NON_DECREASING, blocks), 2);
    assert_near(blocks[0].value / 1.35e308, 1, 1e-15);
}

static void unusable_values_are_refused(void **state)
{
    (void)state;
    static const struct {
        double value, weight;
        size_t n_blocks;
    } cases[] = {
        {1, 1, 1},  {NAN, 1, 0}, {INFINITY, 1, 0}, {1, 0, 0},
        {1, -1, 0}, {1, NAN, 0}, {1, INFINITY, 0},
    };
    struct cp_isotonic_block block;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(cp_isotonic_fit(&cases[i].value, &cases[i].weight, 1,
                                         CP_ISOTONIC_NON_DECREASING, &block),
                         cases[i].n_blocks);
    assert_int_equal(cp_isotonic_fit(NULL, NULL, 0, CP_ISOTONIC_NON_DECREASING, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_of_r_are_met),
        cmocka_unit_test(blocks_follow_the_min_max_formula),
        cmocka_unit_test(non_increasing_is_the_mirror),
        cmocka_unit_test(weight_two_is_two_rows),
        cmocka_unit_test(huge_values_do_not_overflow),
        cmocka_unit_test(unusable_values_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
