/* SPDX-License-Identifier: GPL-3.0-or-later
 * Bounds from tails that memory sizes share, against the exact quantiles of the generator G1 to G3.
 */
#include "model/decide/shared_tail.h"

#include "tests/model/stat/truth.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>

static const int sizes[] = {128, 512, 1024, 1769, 3008};
enum { SIZES = 5, SETS = 200 };

static struct cp_shared_bound bound_of(const struct cp_shared_tails *tails, size_t size,
                                       double cold_share, double q)
{
    struct cp_shared_bound b;
    assert_int_equal(cp_shared_tails_bound(tails, size, cold_share, q, 0.95, &b), CP_OK);
    return b;
}

/* How many of the bounds of p99 hold, in per cent, and how many there are. */
static double coverage(const char *id, bool is_init, size_t n, double cold_share, size_t *n_bounds)
{
    struct truth truth = truth_load(id);
    const char *column = is_init ? "init_q99" : "warm_q99";
    size_t held = 0;
    *n_bounds = 0;
    for (uint64_t set = 0; set < SETS; set++) {
        struct sweep sweep;
        sweep_simulate(&sweep, &truth, is_init, sizes, SIZES, n, 100 + set);
        struct cp_shared_tails tails;
        assert_int_equal(cp_shared_tails_init(&tails, SIZES), CP_OK);
        for (size_t i = 0; i < SIZES; i++) {
            const struct cp_mixture_sample sample = {sweep.groups[i].sorted_ms, n};
            cp_shared_tails_set(&tails, i, &sample, &sample);
        }
        for (size_t i = 0; i < SIZES; i++) {
            struct cp_shared_bound b = bound_of(&tails, i, cold_share, 0.99);
            if (isnan(b.upper_ms))
                continue;
            assert_true(b.is_cold == (cold_share > 0));
            assert_true(b.n_pooled > n && b.n_pooled <= SIZES * n);
            ++*n_bounds;
            held += b.upper_ms >= truth_quantile(id, sizes[i], column);
        }
        cp_shared_tails_clear(&tails);
        sweep_clear(&sweep);
    }
    return *n_bounds ? 100.0 * (double)held / (double)*n_bounds : NAN;
}

static void bounds_hold_as_often_as_they_say(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        bool is_init;
        double cold_share;
    } rows[] = {{"G1", true, 1},  {"G2", true, 1},  {"G3", true, 1},
                {"G1", false, 0}, {"G2", false, 0}, {"G3", false, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n_bounds;
        double held = coverage(rows[i].id, rows[i].is_init, 120, rows[i].cold_share, &n_bounds);
        print_message("%s %s: %.1f %% of %zu bounds hold\n", rows[i].id,
                      rows[i].is_init ? "init" : "warm", held, n_bounds);
        assert_true(n_bounds > SETS);
        assert_true(held >= 93);
    }
}

static void too_few_have_no_bound(void **state)
{
    (void)state;
    size_t n_bounds;
    (void)coverage("G1", true, 20, 1, &n_bounds);
    assert_int_equal(n_bounds, 0);
}

/* pi < p: all cold starts are slower. pi = p and above: the cold law, and no less than warm ones.
 */
static void the_share_of_cold_starts_says_which_law_decides(void **state)
{
    (void)state;
    enum { N = 200 };
    static double cold[3][N];
    static double warm[3][N];
    struct cp_shared_tails tails;
    assert_int_equal(cp_shared_tails_init(&tails, 3), CP_OK);
    for (size_t s = 0; s < 3; s++) {
        for (size_t i = 0; i < N; i++) {
            cold[s][i] = 300 + (double)((i * 7 + s) % N); /* the same law, no ties */
            warm[s][i] = 10 + 0.01 * (double)((i * 7 + s) % N);
        }
        cp_sort(cold[s], N);
        cp_sort(warm[s], N);
        warm[s][N - 1] = 900; /* a warm one that is slower than any cold one */
        const struct cp_mixture_sample c = {cold[s], N};
        const struct cp_mixture_sample w = {warm[s], N};
        cp_shared_tails_set(&tails, s, &c, &w);
    }
    struct cp_shared_bound rare = bound_of(&tails, 1, 0.005, 0.98);
    assert_false(rare.is_cold);
    struct cp_shared_bound half = bound_of(&tails, 1, 0.5, 0.98);
    assert_true(half.is_cold);
    assert_near(half.upper_ms, 900, 0);
    struct cp_shared_bound all = bound_of(&tails, 1, 1, 0.98);
    assert_true(all.upper_ms > 300 && all.upper_ms < 520);
    /* the share is just above the tail: the cold law would have to be known to its end */
    assert_true(isnan(bound_of(&tails, 1, 0.0201, 0.98).upper_ms));
    cp_shared_tails_clear(&tails);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_hold_as_often_as_they_say),
        cmocka_unit_test(too_few_have_no_bound),
        cmocka_unit_test(the_share_of_cold_starts_says_which_law_decides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
