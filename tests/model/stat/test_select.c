/* SPDX-License-Identifier: GPL-3.0-or-later
 * Selected order statistics against those of a sorted copy (glibc's qsort).
 */
#include "model/stat/select.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/rng.h"
#include "model/stat/quantile.h"
#include "tests/test.h"

enum { N = 300000 };

static double values[N];
static double sorted[N];

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

static double log_normal(size_t i, struct cp_rng *rng)
{
    (void)i;
    return 120 + exp(3.2 + 0.45 * cp_rng_normal(rng));
}

static double of_whole_ms(size_t i, struct cp_rng *rng)
{
    return floor(log_normal(i, rng));
}

static double of_two_values(size_t i, struct cp_rng *rng)
{
    (void)i;
    return cp_rng_uniform(rng) < 0.95 ? 1 : 2;
}

static double constant(size_t i, struct cp_rng *rng)
{
    (void)i;
    (void)rng;
    return 42.5;
}

static double ascending(size_t i, struct cp_rng *rng)
{
    (void)rng;
    return (double)i - 1000;
}

static double descending(size_t i, struct cp_rng *rng)
{
    (void)rng;
    return -(double)i;
}

static double often_infinite(size_t i, struct cp_rng *rng)
{
    (void)i;
    double u = cp_rng_uniform(rng);
    if (u < 0.02)
        return -INFINITY;
    return u < 0.93 ? u : INFINITY;
}

/* 49.9 % and 50.1 %: the median's bracket meets a heap of ties at one end */
static double mostly_tied(size_t i, struct cp_rng *rng)
{
    (void)i;
    double u = cp_rng_uniform(rng);
    return u < 0.499 ? 7 : u;
}

static const struct {
    const char *name;
    double (*draw)(size_t i, struct cp_rng *rng);
} laws[] = {
    {"log-normal", log_normal},   {"whole ms", of_whole_ms},    {"two values", of_two_values},
    {"constant", constant},       {"ascending", ascending},     {"descending", descending},
    {"infinite", often_infinite}, {"mostly tied", mostly_tied},
};
enum { LAWS = sizeof laws / sizeof *laws };

static void draw_all(size_t law, size_t n)
{
    struct cp_rng rng;
    cp_rng_init(&rng, 21, law);
    for (size_t i = 0; i < n; i++)
        values[i] = sorted[i] = laws[law].draw(i, &rng);
    qsort(sorted, n, sizeof *sorted, compare);
}

static void selected_ranks_are_those_of_the_sorted_sample(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 2, 7, 32768, 32769, 50000, N};
    for (size_t law = 0; law < LAWS; law++) {
        for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
            size_t n = sizes[k];
            draw_all(law, n);
            const size_t ranks[] = {
                1, 1, (n + 1) / 2, (n + 1) / 2, n / 2 + 1, n - n / 20, n - n / 100, n, n};
            double out[9];
            assert_true(cp_select(values, n, ranks, 9, out));
            for (size_t i = 0; i < 9; i++) {
                if (!(out[i] <= sorted[ranks[i] - 1] && out[i] >= sorted[ranks[i] - 1]))
                    fail_msg("%s, n = %zu: X(%zu) is %g, not %g", laws[law].name, n, ranks[i],
                             out[i], sorted[ranks[i] - 1]);
            }
        }
    }
}

static void many_ranks_are_selected_too(void **state)
{
    (void)state;
    static size_t ranks[999];
    static double out[999];
    draw_all(0, N);
    for (size_t i = 0; i < 999; i++)
        ranks[i] = 1 + i * (N / 1000);
    for (size_t n_ranks = 1; n_ranks < 999; n_ranks = 2 * n_ranks + 1) {
        assert_true(cp_select(values, N, ranks, n_ranks, out));
        for (size_t i = 0; i < n_ranks; i++)
            assert_near(out[i], sorted[ranks[i] - 1], 0);
    }
}

static void the_sample_stays_as_it_was(void **state)
{
    (void)state;
    static double before[N];
    const size_t rank = N / 2;
    double out = 0;
    draw_all(0, N);
    memcpy(before, values, sizeof before);
    assert_true(cp_select(values, N, &rank, 1, &out));
    assert_memory_equal(values, before, sizeof before);
}

static void ranks_out_of_range_or_order_are_refused(void **state)
{
    (void)state;
    static const size_t cases[][2] = {{0, 1}, {1, 4}, {2, 1}};
    const double x[] = {3, 1, 2};
    double out[2];
    for (size_t i = 0; i < 3; i++)
        assert_false(cp_select(x, 3, cases[i], 2, out));
    const size_t one = 1;
    assert_false(cp_select(x, 0, &one, 1, out));
    assert_true(cp_select(x, 3, NULL, 0, NULL));
}

static void quantiles_of_an_unsorted_sample_are_those_of_the_sorted_one(void **state)
{
    (void)state;
    /* neighbours shared, whole ranks, both ends */
    static const double qs[] = {0, 0.25, 0.5, 0.5, 0.5000001, 0.500004, 0.95, 0.99, 0.99999999, 1};
    static const size_t sizes[] = {1, 2, 10, 5001, N};
    enum { QS = sizeof qs / sizeof *qs };
    for (size_t law = 0; law < LAWS; law++) {
        for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
            double out[QS];
            draw_all(law, sizes[k]);
            for (int type = 1; type <= 9; type++) {
                if (sizes[k] == N && type != 7 && type != 8)
                    continue;
                cp_quantiles_unsorted(values, sizes[k], qs, QS, type, out);
                for (size_t i = 0; i < QS; i++)
                    assert_near(out[i], cp_quantile(sorted, sizes[k], qs[i], type), 0);
            }
        }
    }
    static const double falling[] = {0.9, 0.5};
    double out[2] = {0};
    cp_quantiles_unsorted(values, 10, falling, 2, 8, out);
    assert_true(isnan(out[0]) && isnan(out[1]));
    cp_quantiles_unsorted(values, 0, qs, 2, 8, out);
    assert_true(isnan(out[0]) && isnan(out[1]));
    cp_quantiles_unsorted(values, 10, qs, 2, 0, out);
    assert_true(isnan(out[0]) && isnan(out[1]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(selected_ranks_are_those_of_the_sorted_sample),
        cmocka_unit_test(many_ranks_are_selected_too),
        cmocka_unit_test(the_sample_stays_as_it_was),
        cmocka_unit_test(ranks_out_of_range_or_order_are_refused),
        cmocka_unit_test(quantiles_of_an_unsorted_sample_are_those_of_the_sorted_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
