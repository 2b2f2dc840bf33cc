/* SPDX-License-Identifier: GPL-3.0-or-later
 * Bins against their definition in doubles, ranks against sorted arrays.
 */
#include "model/digest/histogram.h"

#include <stdlib.h>

#include "model/base/rng.h"
#include "tests/test.h"

/* The formula of the header, evaluated as a log query would: floor and log2 of doubles. */
static size_t bin_by_formula(double v)
{
    double e = floor(log2(v));
    return (size_t)(1 + 128 * e + floor(128 * v / exp2(e)) - 128);
}

static void bin_is_that_of_the_formula_and_near_its_values(uint64_t v)
{
    uint64_t low, high;
    size_t bin = cp_histogram_bin(v);
    assert_int_equal(bin, bin_by_formula((double)v));
    cp_histogram_bounds(bin, &low, &high);
    assert_in_range(v, low, high);
    double middle = ((double)low + (double)high) / 2;
    assert_true(fabs(middle - (double)v) <= 0.005 * (double)v);
    if (v < 256)
        assert_true(low == v && high == v);
}

static void every_value_is_within_half_a_percent(void **state)
{
    (void)state;
    struct cp_rng rng;
    cp_rng_init(&rng, 1, 0);
    for (uint64_t v = 1; v < 5000; v++)
        bin_is_that_of_the_formula_and_near_its_values(v);
    for (int octave = 8; octave < CP_HISTOGRAM_OCTAVES; octave++) {
        for (uint64_t i = 0; i < 128; i++) {
            uint64_t edge = (128 + i) << (octave - 7);
            bin_is_that_of_the_formula_and_near_its_values(edge);
            bin_is_that_of_the_formula_and_near_its_values(edge - 1);
            bin_is_that_of_the_formula_and_near_its_values(edge + 1);
            bin_is_that_of_the_formula_and_near_its_values(
                edge + cp_rng_below(&rng, UINT64_C(1) << (octave - 7)));
        }
    }
    bin_is_that_of_the_formula_and_near_its_values(CP_HISTOGRAM_VALUE_MAX);
    assert_int_equal(cp_histogram_bin(CP_HISTOGRAM_VALUE_MAX), CP_HISTOGRAM_BINS - 1);
    assert_int_equal(cp_histogram_bin(UINT64_MAX), CP_HISTOGRAM_BINS - 1);
    assert_int_equal(cp_histogram_bin(0), 0);
}

/* A log2 that is one ulp too large at 2^k - 1, or too small at 2^k, is harmless. */
static void a_wrong_log2_gives_the_same_bin(void **state)
{
    (void)state;
    for (int k = 8; k < CP_HISTOGRAM_OCTAVES; k++) {
        double v = exp2(k);
        double e = k - 1;
        assert_int_equal((size_t)(1 + 128 * e + floor(128 * v / exp2(e)) - 128),
                         cp_histogram_bin((uint64_t)v));
    }
}

static int ascending(const void *a, const void *b)
{
    const uint64_t *x = a;
    const uint64_t *y = b;
    return (*x > *y) - (*x < *y);
}

static void ranks_are_those_of_a_sorted_array(void **state)
{
    (void)state;
    enum { N = 3000 };
    struct cp_rng rng;
    struct cp_histogram h = {.n = 0};
    uint64_t values[N];
    double out[N];
    uint64_t sum = 0;
    cp_rng_init(&rng, 2, 0);
    for (size_t i = 0; i < N; i++) {
        values[i] = cp_rng_below(&rng, UINT64_C(1) << cp_rng_below(&rng, CP_HISTOGRAM_OCTAVES));
        sum += values[i];
        assert_int_equal(cp_histogram_add(&h, values[i]), CP_OK);
    }
    qsort(values, N, sizeof *values, ascending);
    assert_true(h.n == N && h.sum == sum && h.min == values[0] && h.max == values[N - 1]);
    cp_histogram_values(&h, out, N);
    for (size_t i = 0; i < N; i++) {
        assert_near(out[i], (double)values[i], 0.005 * (double)values[i]);
        assert_near(cp_histogram_rank(&h, i), out[i], 0);
    }
    assert_true(isnan(cp_histogram_rank(&h, N)));
    for (size_t n = 1; n < N; n += 97) {
        cp_histogram_values(&h, out, n);
        for (size_t k = 0; k < n; k++) {
            size_t rank = (2 * k + 1) * N / (2 * n);
            if (n > 1)
                rank = k == 0 ? 0 : k == n - 1 ? N - 1 : rank;
            assert_near(out[k], (double)values[rank], 0.005 * (double)values[rank]);
        }
    }
    cp_histogram_clear(&h);
}

static void an_empty_one_has_no_values(void **state)
{
    (void)state;
    struct cp_histogram h = {.n = 0};
    double out[2] = {0, 0};
    cp_histogram_values(&h, out, 2);
    assert_true(isnan(out[0]) && isnan(out[1]) && isnan(cp_histogram_rank(&h, 0)));
}

static void counts_pass_32_bits(void **state)
{
    (void)state;
    struct cp_histogram a = {.n = 0};
    struct cp_histogram b = {.n = 0};
    size_t bin = cp_histogram_bin(10);
    assert_int_equal(cp_histogram_add_bin(&a, bin, UINT32_MAX, 10 * (uint64_t)UINT32_MAX, 10, 10),
                     CP_OK);
    assert_int_equal(cp_histogram_add(&a, 10), CP_OK);
    assert_true(cp_histogram_count(&a, bin) == UINT64_C(1) << 32);
    assert_int_equal(cp_histogram_add(&a, 10), CP_OK);
    assert_int_equal(cp_histogram_merge(&b, &a), CP_OK);
    assert_int_equal(cp_histogram_merge(&b, &a), CP_OK);
    assert_true(cp_histogram_count(&b, bin) == (UINT64_C(1) << 33) + 2);
    assert_true(b.n == (UINT64_C(1) << 33) + 2 && b.sum == 10 * b.n);
    cp_histogram_clear(&a);
    cp_histogram_clear(&b);
}

static void rows_of_a_query_are_checked(void **state)
{
    (void)state;
    struct cp_histogram h = {.n = 0};
    uint64_t low, high;
    size_t bin = cp_histogram_bin(100000);
    cp_histogram_bounds(bin, &low, &high);
    assert_int_equal(cp_histogram_add_bin(&h, bin, 3, 3 * low, low - 1, low), CP_EINVAL);
    assert_int_equal(cp_histogram_add_bin(&h, bin, 3, 3 * low, low, high + 1), CP_EINVAL);
    assert_int_equal(cp_histogram_add_bin(&h, bin, 3, 3 * low, high, low), CP_EINVAL);
    assert_int_equal(cp_histogram_add_bin(&h, CP_HISTOGRAM_BINS, 3, 0, 0, 0), CP_EINVAL);
    assert_int_equal(cp_histogram_add_bin(&h, bin, UINT64_MAX, UINT64_MAX, low, high), CP_ELIMIT);
    assert_true(h.n == 0 && h.sum == 0);
    /* two values of low and one of high cannot be less together */
    assert_int_equal(cp_histogram_add_bin(&h, bin, 3, 1, low, high), CP_OK);
    assert_true(h.n == 3 && h.sum == 2 * low + high && h.min == low && h.max == high);
    cp_histogram_clear(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_is_within_half_a_percent),
        cmocka_unit_test(a_wrong_log2_gives_the_same_bin),
        cmocka_unit_test(ranks_are_those_of_a_sorted_array),
        cmocka_unit_test(an_empty_one_has_no_values),
        cmocka_unit_test(counts_pass_32_bits),
        cmocka_unit_test(rows_of_a_query_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
