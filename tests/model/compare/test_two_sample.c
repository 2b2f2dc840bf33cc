/* SPDX-License-Identifier: GPL-3.0-or-later
 * Two samples against R, SciPy and the definitions (tests/data/model/twosample).
 */
#include "model/base/rng.h"
#include "model/compare/p_adjust.h"
#include "model/compare/two_sample.h"
#include "model/stat/sort.h"
#include "tests/model/stat/csv.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define FOLDER "tests/data/model/twosample"

enum { VALUES_MAX = 256 };

struct pair {
    double base[VALUES_MAX], candidate[VALUES_MAX];
    size_t n_base, n_candidate;
};

static void read_pair(struct cp_view dataset, struct pair *p)
{
    char name[64];
    struct csv csv;
    (void)snprintf(name, sizeof name, "%.*s.csv", (int)dataset.n, dataset.p);
    p->n_base = p->n_candidate = 0;
    csv_open(&csv, FOLDER, name);
    while (csv_next(&csv)) {
        bool is_base = cp_view_is(csv_text(&csv, "group"), "baseline");
        double *to = is_base ? &p->base[p->n_base++] : &p->candidate[p->n_candidate++];
        *to = csv_number(&csv, "value");
    }
    csv_close(&csv);
    cp_sort(p->base, p->n_base);
    cp_sort(p->candidate, p->n_candidate);
}

static void expect_within(const struct csv *csv, const char *column, double got, double tolerance)
{
    double want = csv_number(csv, column);
    if (!(fabs(got - want) <= tolerance * fmax(1, fabs(want))))
        fail_msg("%.*s: %s is %.15g, not %.15g", (int)csv_text(csv, "dataset").n,
                 csv_text(csv, "dataset").p, column, got, want);
}

static void expect(const struct csv *csv, const char *column, double got)
{
    expect_within(csv, column, got, 1e-11);
}

static void statistics_are_those_of_r(void **state)
{
    (void)state;
    struct csv csv;
    csv_open(&csv, FOLDER, "expected_tests.csv");
    while (csv_next(&csv)) {
        struct pair p;
        read_pair(csv_text(&csv, "dataset"), &p);
        assert_int_equal(p.n_base, csv_size(&csv, "n_base"));
        struct cp_two_sample c =
            cp_two_sample_compare(p.base, p.n_base, p.candidate, p.n_candidate);
        assert_true(c.is_tested);
        expect(&csv, "U", c.u);
        expect(&csv, "p_mw_corrected", c.mann_whitney_p);
        expect(&csv, "A12", c.a12);
        expect(&csv, "cliffs_delta", c.cliffs_delta);
        expect(&csv, "hodges_lehmann", c.hodges_lehmann);
        expect(&csv, "ks_D", c.ks_distance);
        expect_within(&csv, "p_ks_asym", c.ks_p, 1e-8); /* R ends its series there */
    }
    csv_close(&csv);
}

static void brunner_munzel_and_distances_are_those_of_scipy(void **state)
{
    (void)state;
    struct csv csv;
    csv_open(&csv, FOLDER, "expected_brunner_munzel.csv");
    while (csv_next(&csv)) {
        struct pair p;
        read_pair(csv_text(&csv, "dataset"), &p);
        struct cp_two_sample c =
            cp_two_sample_compare(p.base, p.n_base, p.candidate, p.n_candidate);
        expect(&csv, "bm_stat", c.brunner_munzel);
        expect(&csv, "bm_p_t", c.brunner_munzel_p);
        expect(&csv, "energy_distance_sqrt2E", c.energy);
        expect(&csv, "wasserstein", c.wasserstein);
    }
    csv_close(&csv);
}

static void samples_that_do_not_overlap_have_the_p_of_their_order(void **state)
{
    (void)state;
    const double low[] = {1, 2, 3, 4, 5};
    const double high[] = {6, 7, 8, 9};
    struct cp_two_sample up = cp_two_sample_compare(low, 5, high, 4);
    struct cp_two_sample down = cp_two_sample_compare(high, 4, low, 5);
    assert_true(up.is_separated && down.is_separated);
    assert_true(up.a12 == 1 && down.a12 == 0);
    assert_true(fabs(up.brunner_munzel_p - 2.0 / 126) < 1e-12); /* C(9, 4) = 126 */
    assert_true(fabs(down.brunner_munzel_p - 2.0 / 126) < 1e-12);
    assert_true(isnan(up.brunner_munzel));
}

static void few_values_are_described_but_not_tested(void **state)
{
    (void)state;
    const double few[] = {1, 2, 3};
    const double more[] = {2, 3, 4, 5};
    struct cp_two_sample c = cp_two_sample_compare(few, 3, more, 4);
    assert_false(c.is_tested);
    assert_true(isnan(c.brunner_munzel_p) && isnan(c.mann_whitney_p) && isnan(c.ks_p));
    assert_true(fabs(c.hodges_lehmann - 1.5) < 1e-15);
    assert_true(isnan(cp_two_sample_compare(few, 0, more, 4).a12));
}

static void equal_constants_do_not_differ(void **state)
{
    (void)state;
    const double same[] = {7, 7, 7, 7, 7};
    struct cp_two_sample c = cp_two_sample_compare(same, 5, same, 5);
    assert_true(c.a12 == 0.5 && c.mann_whitney_p == 1 && c.ks_p == 1);
    assert_false(c.is_separated);
    assert_true(c.hodges_lehmann == 0 && c.wasserstein == 0 && c.energy == 0);
}

static void timeouts_rank_above_all_and_have_no_distance(void **state)
{
    (void)state;
    const double base[] = {1, 2, 3, INFINITY};
    const double candidate[] = {2, 4, INFINITY, INFINITY};
    struct cp_two_sample c = cp_two_sample_compare(base, 4, candidate, 4);
    /* pairs: 1.5, 3, 3.5 and 3.5 of four */
    assert_true(c.u == 1.5 + 3 + 3.5 + 3.5);
    assert_true(isnan(c.wasserstein) && isnan(c.energy) && isnan(c.hodges_lehmann));
}

/* Against the definitions, pair by pair. */
static void statistics_are_their_definitions(void **state)
{
    (void)state;
    struct cp_rng rng;
    cp_rng_init(&rng, 5, 0);
    for (int round = 0; round < 200; round++) {
        double x[12];
        double y[9];
        size_t n = 4 + cp_rng_next(&rng) % 9;
        size_t m = 4 + cp_rng_next(&rng) % 6;
        double differences[12 * 9];
        double u = 0;
        double cross = 0;
        double within_x = 0;
        double within_y = 0;
        for (size_t i = 0; i < n; i++)
            x[i] = (double)(cp_rng_next(&rng) % 15) - 7;
        for (size_t j = 0; j < m; j++)
            y[j] = (double)(cp_rng_next(&rng) % 15) - 6;
        for (size_t i = 0; i < n; i++) {
            for (size_t j = 0; j < m; j++) {
                u += y[j] > x[i] ? 1 : y[j] == x[i] ? 0.5 : 0;
                cross += fabs(x[i] - y[j]);
                differences[i * m + j] = y[j] - x[i];
            }
            for (size_t k = 0; k < n; k++)
                within_x += fabs(x[i] - x[k]);
        }
        for (size_t i = 0; i < m; i++) {
            for (size_t k = 0; k < m; k++)
                within_y += fabs(y[i] - y[k]);
        }
        double nm = (double)(n * m);
        double energy = 2 * cross / nm - within_x / (double)(n * n) - within_y / (double)(m * m);
        cp_sort(x, n);
        cp_sort(y, m);
        cp_sort(differences, n * m);
        double median = (differences[(n * m - 1) / 2] + differences[n * m / 2]) / 2;
        struct cp_two_sample c = cp_two_sample_compare(x, n, y, m);
        assert_true(fabs(c.u - u) < 1e-9);
        assert_true(fabs(c.hodges_lehmann - median) < 1e-12);
        assert_true(fabs(c.energy - sqrt(fmax(0, energy))) < 1e-7);
    }
}

static void p_values_are_adjusted_as_in_r(void **state)
{
    (void)state;
    size_t n = 0;
    double *p = csv_column(FOLDER, "padjust.csv", "p", &n);
    double *want = csv_column(FOLDER, "padjust.csv", "bh", &n);
    double *got = calloc(n + 1, sizeof *got);
    assert_non_null(got);
    assert_int_equal(cp_p_adjust(p, n, got), CP_OK);
    for (size_t i = 0; i < n; i++)
        assert_true(fabs(got[i] - want[i]) < 1e-12);
    const double with_gap[] = {0.01, NAN, 0.02};
    assert_int_equal(cp_p_adjust(with_gap, 3, got), CP_OK);
    assert_true(fabs(got[0] - 0.02) < 1e-15 && isnan(got[1]) && fabs(got[2] - 0.02) < 1e-15);
    free(p);
    free(want);
    free(got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statistics_are_those_of_r),
        cmocka_unit_test(brunner_munzel_and_distances_are_those_of_scipy),
        cmocka_unit_test(samples_that_do_not_overlap_have_the_p_of_their_order),
        cmocka_unit_test(few_values_are_described_but_not_tested),
        cmocka_unit_test(equal_constants_do_not_differ),
        cmocka_unit_test(timeouts_rank_above_all_and_have_no_distance),
        cmocka_unit_test(statistics_are_their_definitions),
        cmocka_unit_test(p_values_are_adjusted_as_in_r),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
