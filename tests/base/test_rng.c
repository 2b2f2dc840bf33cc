/* SPDX-License-Identifier: GPL-3.0-or-later
 * Statistical limits are five standard errors: a correct generator with another seed would fail
 * about once in two million.
 */
#include "model/base/rng.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "tests/test.h"

enum { DRAWS = 200000 };

static void assert_within(double actual, double expected, double tolerance)
{
    if (!(fabs(actual - expected) <= tolerance))
        fail_msg("%.9g is not within %.3g of %.9g", actual, tolerance, expected);
}

static void next_is_xoshiro256_starstar(void **state)
{
    (void)state;
    /* published outputs from state {1, 2, 3, 4} (test vector of the rand_xoshiro crate) */
    static const uint64_t expected[] = {
        11520U,
        0U,
        1509978240U,
        1215971899390074240U,
        1216172134540287360U,
        607988272756665600U,
        16172922978634559625U,
        8476171486693032832U,
        10595114339597558777U,
        2904607092377533576U,
    };
    struct cp_rng rng = {{1, 2, 3, 4}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        assert_true(cp_rng_next(&rng) == expected[i]);
}

static void same_seed_and_stream_repeat(void **state)
{
    (void)state;
    struct cp_rng a;
    struct cp_rng b;
    cp_rng_init(&a, 42, 7);
    cp_rng_init(&b, 42, 7);
    for (int i = 0; i < 100; i++)
        assert_true(cp_rng_next(&a) == cp_rng_next(&b));
}

static void seeds_and_streams_all_differ(void **state)
{
    (void)state;
    enum { EACH = 40 };
    uint64_t first[EACH * EACH];
    for (size_t seed = 0; seed < EACH; seed++) {
        for (size_t stream = 0; stream < EACH; stream++) {
            struct cp_rng rng;
            cp_rng_init(&rng, seed, stream);
            assert_true(rng.s[0] | rng.s[1] | rng.s[2] | rng.s[3]);
            uint64_t x = cp_rng_next(&rng);
            for (size_t i = 0; i < seed * EACH + stream; i++)
                assert_true(first[i] != x);
            first[seed * EACH + stream] = x;
        }
    }
}

/* Mean and variance of a law, from draws of one function. */
static void check_moments(double (*draw)(struct cp_rng *), double mean, double variance,
                          double fourth_central_moment)
{
    struct cp_rng rng;
    double sum = 0;
    double sum2 = 0;
    cp_rng_init(&rng, 1, 0);
    for (int i = 0; i < DRAWS; i++) {
        double d = draw(&rng) - mean;
        sum += d;
        sum2 += d * d;
    }
    double se = sqrt(variance / DRAWS);
    double se2 = sqrt((fourth_central_moment - variance * variance) / DRAWS);
    assert_within(sum / DRAWS, 0, 5 * se);
    assert_within(sum2 / DRAWS, variance, 5 * se2);
}

static double exponential_of_mean_3(struct cp_rng *rng)
{
    return cp_rng_exponential(rng, 3);
}

static double gamma_1(struct cp_rng *rng)
{
    return cp_rng_gamma(rng, 1);
}

static double gamma_2500(struct cp_rng *rng)
{
    return cp_rng_gamma(rng, 2500);
}

static void laws_have_their_moments(void **state)
{
    (void)state;
    check_moments(cp_rng_uniform, 0.5, 1.0 / 12, 1.0 / 80);
    check_moments(cp_rng_normal, 0, 1, 3);
    check_moments(exponential_of_mean_3, 3, 9, 9 * 81);
    /* gamma(k): mean k, variance k, fourth central moment 3k^2 + 6k */
    check_moments(gamma_1, 1, 1, 9);
    check_moments(gamma_2500, 2500, 2500, 3 * 2500.0 * 2500 + 6 * 2500);
}

static void uniform_never_touches_its_ends(void **state)
{
    (void)state;
    struct cp_rng lowest = {{0, 0, 0, 0}}; /* next() = 0 */
    struct cp_rng rng;
    assert_true(cp_rng_uniform(&lowest) > 0);
    /* next() = rotl(5 s1, 7) 9 = 2^64 - 1 for this s1, the inverse of that map: the largest draw */
    uint64_t ninth = UINT64_MAX * UINT64_C(0x8e38e38e38e38e39);
    uint64_t rotated = ninth >> 7 | ninth << 57;
    struct cp_rng highest = {{0, rotated * UINT64_C(0xcccccccccccccccd), 0, 0}};
    struct cp_rng copy = highest;
    assert_true(cp_rng_next(&copy) == UINT64_MAX);
    assert_true(cp_rng_uniform(&highest) < 1);
    cp_rng_init(&rng, 3, 0);
    size_t tenths[10] = {0};
    for (int i = 0; i < DRAWS; i++) {
        double u = cp_rng_uniform(&rng);
        assert_true(u > 0 && u < 1);
        tenths[(size_t)(u * 10)]++;
    }
    for (size_t i = 0; i < 10; i++)
        assert_within((double)tenths[i] / DRAWS, 0.1, 5 * sqrt(0.09 / DRAWS));
}

static void below_is_even_and_bounded(void **state)
{
    (void)state;
    static const uint64_t limits[] = {1, 2, 3, 7, 10, 64};
    struct cp_rng rng;
    cp_rng_init(&rng, 4, 0);
    assert_true(cp_rng_below(&rng, 0) == 0);
    for (size_t k = 0; k < sizeof limits / sizeof *limits; k++) {
        size_t counts[64] = {0};
        uint64_t n = limits[k];
        for (int i = 0; i < DRAWS; i++) {
            uint64_t x = cp_rng_below(&rng, n);
            assert_true(x < n);
            counts[x]++;
        }
        double p = 1 / (double)n;
        for (size_t i = 0; i < n; i++)
            assert_within((double)counts[i] / DRAWS, p, 5 * sqrt(p * (1 - p) / DRAWS) + 1e-12);
    }
    /* just above 2^63 half of the raw numbers must be rejected: without that, the lower half of
     * the range would come twice as often */
    uint64_t huge = (UINT64_C(1) << 63) + 1;
    size_t lower = 0;
    for (int i = 0; i < DRAWS; i++)
        lower += cp_rng_below(&rng, huge) < huge / 2;
    assert_within((double)lower / DRAWS, 0.5, 5 * sqrt(0.25 / DRAWS));
}

static void normal_has_its_tail(void **state)
{
    (void)state;
    struct cp_rng rng;
    size_t beyond = 0;
    cp_rng_init(&rng, 6, 0);
    for (int i = 0; i < DRAWS; i++)
        beyond += fabs(cp_rng_normal(&rng)) > 1.959963984540054;
    assert_within((double)beyond / DRAWS, 0.05, 5 * sqrt(0.0475 / DRAWS));
}

/* The layers' ends from their definition, and the law from its distribution function, in bins that
 * the edges of layers do not share; among them the tail beyond the first layer. */
static void exponential_by_layers_is_exponential(void **state)
{
    (void)state;
    const double *x = cp_rng_layer_ends;
    double area = exp(-x[1]) * (x[1] + 1);
    assert_within(x[0] * exp(-x[1]), area, 1e-16);
    for (size_t i = 1; i < CP_RNG_LAYERS; i++)
        assert_within((exp(-x[i + 1]) - exp(-x[i])) * x[i], area, 1e-14);
    assert_within(x[CP_RNG_LAYERS], 0, 0);
    enum { BINS = 1000, EACH = 2000 };
    static size_t seen[BINS];
    size_t beyond = 0;
    struct cp_rng rng;
    cp_rng_init(&rng, 12, 0);
    for (size_t i = 0; i < (size_t)BINS * EACH; i++) {
        double at = cp_rng_exponential(&rng, 1);
        assert_true(at > 0);
        seen[(size_t)(-expm1(-at) * BINS)]++;
        beyond += at > x[1] + 0.5;
    }
    double chi2 = 0;
    for (size_t i = 0; i < BINS; i++)
        chi2 += ((double)seen[i] - EACH) * ((double)seen[i] - EACH) / EACH;
    assert_within(chi2, BINS - 1, 5 * sqrt(2.0 * (BINS - 1)));
    double expected = (double)BINS * EACH * exp(-x[1] - 0.5);
    assert_within((double)beyond, expected, 5 * sqrt(expected));
    assert_true(expected > 100);
}

static void exponential_and_gamma_have_their_median(void **state)
{
    (void)state;
    struct cp_rng rng;
    size_t below_exponential = 0;
    size_t below_gamma = 0;
    cp_rng_init(&rng, 8, 0);
    for (int i = 0; i < DRAWS; i++) {
        below_exponential += cp_rng_exponential(&rng, 2) < 2 * log(2);
        below_gamma += cp_rng_gamma(&rng, 3) < 2.674060313723561; /* qgamma(0.5, 3) */
    }
    assert_within((double)below_exponential / DRAWS, 0.5, 5 * sqrt(0.25 / DRAWS));
    assert_within((double)below_gamma / DRAWS, 0.5, 5 * sqrt(0.25 / DRAWS));
    assert_true(isnan(cp_rng_gamma(&rng, 0.5)));
    assert_true(isnan(cp_rng_gamma(&rng, NAN)));
}

static void shuffle_gives_every_order_equally_often(void **state)
{
    (void)state;
    struct cp_rng rng;
    size_t counts[27] = {0};
    cp_rng_init(&rng, 10, 0);
    for (int i = 0; i < DRAWS; i++) {
        unsigned char items[3] = {0, 1, 2};
        cp_rng_shuffle(&rng, items, 3, 1);
        counts[items[0] * 9 + items[1] * 3 + items[2]]++;
    }
    size_t orders = 0;
    for (size_t i = 0; i < 27; i++) {
        if (counts[i] == 0)
            continue;
        orders++;
        assert_within((double)counts[i] / DRAWS, 1.0 / 6, 5 * sqrt(5.0 / 36 / DRAWS));
    }
    assert_int_equal(orders, 6);
}

static void shuffle_keeps_the_items_whole(void **state)
{
    (void)state;
    struct item {
        int number;
        char text[60];
    } items[50];
    struct cp_rng rng;
    bool seen[50] = {false};
    _Static_assert(sizeof(struct item) == 64, "the largest item that is allowed");
    memset(items, 0, sizeof items);
    for (int i = 0; i < 50; i++) {
        items[i].number = i;
        items[i].text[i] = 'x';
    }
    cp_rng_init(&rng, 12, 0);
    cp_rng_shuffle(&rng, items, 50, sizeof *items);
    for (int i = 0; i < 50; i++) {
        int number = items[i].number;
        assert_in_range(number, 0, 49);
        assert_false(seen[number]);
        seen[number] = true;
        assert_int_equal(items[i].text[number], 'x');
    }
    cp_rng_shuffle(&rng, items, 0, sizeof *items);
    cp_rng_shuffle(&rng, NULL, 0, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(next_is_xoshiro256_starstar),
        cmocka_unit_test(same_seed_and_stream_repeat),
        cmocka_unit_test(seeds_and_streams_all_differ),
        cmocka_unit_test(laws_have_their_moments),
        cmocka_unit_test(uniform_never_touches_its_ends),
        cmocka_unit_test(below_is_even_and_bounded),
        cmocka_unit_test(normal_has_its_tail),
        cmocka_unit_test(exponential_by_layers_is_exponential),
        cmocka_unit_test(exponential_and_gamma_have_their_median),
        cmocka_unit_test(shuffle_gives_every_order_equally_often),
        cmocka_unit_test(shuffle_keeps_the_items_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
