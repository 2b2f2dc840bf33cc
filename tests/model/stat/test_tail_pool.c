/* SPDX-License-Identifier: GPL-3.0-or-later
 * Pooled tails against a second implementation, on samples whose law is known, and on hostile ones.
 */
#include <float.h>
#include <gsl/gsl_errno.h>
#include <math.h>
#include <string.h>

#include "model/base/rng.h"
#include "model/stat/sort.h"
#include "model/stat/tail_pool.h"
#include "tests/model/stat/truth.h"
#include "tests/test.h"

enum { GROUPS = 4, N_MAX = 400 };

static double values[GROUPS][N_MAX];
static struct cp_tail_group groups[GROUPS];
static struct cp_tail_pool pool;
static struct cp_tail tails[GROUPS];

static void fit(size_t n_groups, double q)
{
    cp_tail_pool_fit(groups, n_groups, &(struct cp_tail_options){.q = q}, &pool, tails);
}

static void set_group(size_t g, size_t n)
{
    cp_sort(values[g], n);
    groups[g] = (struct cp_tail_group){.sorted_ms = values[g], .n = n};
}

/* Exponential residuals, evenly spread: the groups look alike. */
static double even(size_t i, size_t g)
{
    double whole = 0;
    return -10 * log(1 - modf((double)(i + 1) * 0.6180339887498949 + 0.13 * (double)g, &whole));
}

/* Residues of a quadratic: the groups differ a little. */
static double uneven(size_t i, size_t g)
{
    return (double)((i * i * 7 + 13 * i * (g + 1) + g) % 997) / 10;
}

static void fill(size_t g, double location, double scale, size_t n,
                 double (*noise)(size_t i, size_t g))
{
    for (size_t i = 0; i < n; i++)
        values[g][i] = location + scale * noise(i, g);
    set_group(g, n);
}

static void fill_alike(size_t n)
{
    for (size_t g = 0; g < GROUPS; g++)
        fill(g, 100 + 50 * (double)g, 1, n, even);
}

/* Expected by an implementation in NumPy and SciPy, written from the header. */
static const struct {
    const char *what;
    double q;
    double (*noise)(size_t i, size_t g);
    double location[GROUPS], factor[GROUPS];
    size_t n[GROUPS];
    enum cp_tail_scale scale;
    double p_value, overdispersion;
    double tail[GROUPS][6]; /* value, low, high, upper, n_effective, own share */
} cases[] = {
    {"additive",
     0.95,
     even,
     {100, 150, 200, 250},
     {1, 1, 1, 1},
     {30, 60, 90, 120},
     CP_TAIL_ADDITIVE,
     1,
     0,
     {{129.779051808, 124.971166455, 139.129987983, 138.953043284, 179.702970297, 0.345454545455},
      {182.844197441, 176.161420675, 192.202332012, 190.580030565, 182.926829268, 0.52},
      {230.071978295, 225.119616466, 240.393820409, 238.691314634, 198.919449902, 0.626666666667},
      {281.117352333, 275.764937972, 291.881424938, 289.235725676, 218.181818182, 0.7}}},
    {"overdispersed",
     0.95,
     uneven,
     {100, 150, 200, 250},
     {1, 1, 1, 1},
     {30, 60, 90, 120},
     CP_TAIL_ADDITIVE,
     0.147174795278191,
     0.0116892911010558,
     {{185.881767576, 171.560369827, 204.445170625, 202.723828997, 81.0776108046, 0.370015836706},
      {244.225753972, 234.408962013, 252.05604139, 250.733219087, 108.532540318, 0.552829592159},
      {293.55967954, 287.627791218, 299.571578215, 299.400185699, 136.596385542, 0.658875413451},
      {346.274754864, 341.628250874, 352.386304547, 349.799948244, 165.891174774, 0.723365785814}}},
    {"proportional",
     0.99,
     even,
     {100, 200, 400, 300},
     {1, 2, 4, 3},
     {150, 140, 130, 160},
     CP_TAIL_PROPORTIONAL,
     1,
     0,
     {{148.023812173, 138.743020981, 184.26595188, 158.535526887, 502.433668252, 0.430668489602},
      {294.196132672, 277.768195246, 374.917651697, 317.960820508, 501.014928916, 0.411285631181},
      {587.958896729, 555.85170217, 739.12883736, 633.189371805, 499.918227189, 0.391042141649},
      {443.860509584, 416.35814041, 577.412387726, 500.60645539, 504.123748505, 0.449258836944}}},
    {"standardised",
     0.95,
     even,
     {100, 100, 100, 100},
     {1, 8, 64, 3},
     {110, 100, 90, 120},
     CP_TAIL_STANDARDISED,
     1,
     0,
     {{129.894351564, 124.154442351, 139.181593786, 137.952359651, 234.424974007, 0.653092943736},
      {351.819873697, 301.950465027, 441.466027391, 431.054445002, 227.533268175, 0.629820051414},
      {2048.81496942, 1632.61762566, 2709.34373456, 2642.24014191, 221.026509866, 0.603603603604},
      {192.432801872, 175.932783941, 225.340753149, 218.01005751, 241.59847764, 0.673913043478}}},
};

static void tails_agree_with_a_second_implementation(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        for (size_t g = 0; g < GROUPS; g++)
            fill(g, cases[c].location[g], cases[c].factor[g], cases[c].n[g], cases[c].noise);
        print_message("%s\n", cases[c].what);
        fit(GROUPS, cases[c].q);
        assert_int_equal(pool.status, CP_OK);
        assert_int_equal(pool.scale, cases[c].scale);
        assert_near(pool.p_value, cases[c].p_value, 1e-10);
        assert_near(pool.overdispersion, cases[c].overdispersion, 1e-12);
        assert_false(pool.is_unverified || pool.is_heterogeneous);
        for (size_t g = 0; g < GROUPS; g++) {
            const double *expected = cases[c].tail[g];
            assert_int_equal(tails[g].status, CP_ANSWER_OK);
            assert_true(tails[g].is_pooled);
            assert_near(tails[g].estimate.value, expected[0], 1e-9 * expected[0]);
            assert_near(tails[g].estimate.low, expected[1], 1e-9 * expected[1]);
            assert_near(tails[g].estimate.high, expected[2], 1e-9 * expected[2]);
            assert_near(tails[g].upper_ms, expected[3], 1e-9 * expected[3]);
            assert_near(tails[g].n_effective, expected[4], 1e-9 * expected[4]);
            assert_near(tails[g].own_share, expected[5], 1e-9);
        }
    }
}

static void one_group_stands_for_itself(void **state)
{
    (void)state;
    for (size_t i = 0; i < 400; i++)
        values[0][i] = (double)(i + 1);
    set_group(0, 400);
    fit(1, 0.99);
    assert_int_equal(pool.status, CP_OK);
    assert_int_equal(pool.scale, CP_TAIL_NONE);
    assert_false(tails[0].is_pooled || pool.is_heterogeneous || pool.is_unverified);
    assert_int_equal(tails[0].status, CP_ANSWER_OK);
    /* h = 400 1/3 x 0.99 + 1/3 */
    assert_near(tails[0].estimate.value, 396.66333333333333, 1e-9);
    assert_int_equal(tails[0].n_needed, 368);
    assert_int_equal(tails[0].n_needed_upper, 299);
    assert_near(tails[0].own_share, 1, 0);
}

/* Alike groups of n each are worth at most 4 n. */
static void too_few_samples_are_refused_with_the_n_that_would_do(void **state)
{
    (void)state;
    static const struct {
        double q;
        size_t n;
        enum cp_answer status;
        size_t needed, needed_upper;
    } rows[] = {
        {0.95, 10, CP_ANSWER_TOO_FEW, 72, 59},      {0.95, 16, CP_ANSWER_UPPER_ONLY, 72, 59},
        {0.95, 20, CP_ANSWER_OK, 72, 59},           {0.99, 70, CP_ANSWER_TOO_FEW, 368, 299},
        {0.99, 90, CP_ANSWER_UPPER_ONLY, 368, 299}, {0.99, 110, CP_ANSWER_OK, 368, 299},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fill_alike(rows[i].n);
        fit(GROUPS, rows[i].q);
        assert_near(pool.overdispersion, 0, 0);
        assert_int_equal(tails[1].status, rows[i].status);
        assert_int_equal(tails[1].n_needed, rows[i].needed);
        assert_int_equal(tails[1].n_needed_upper, rows[i].needed_upper);
        assert_true(isfinite(tails[1].estimate.value));
        assert_int_equal(!isnan(tails[1].upper_ms), rows[i].status >= CP_ANSWER_UPPER_ONLY);
        assert_int_equal(!isnan(tails[1].estimate.low), rows[i].status == CP_ANSWER_OK);
        assert_int_equal(!isnan(tails[1].estimate.high), rows[i].status == CP_ANSWER_OK);
    }
}

/* A slow mode of one in `step` values, which the other groups lack or have at another rate. */
static void slow_down(size_t g, size_t n, size_t step)
{
    for (size_t i = 0; i < n; i += step)
        values[g][i] += 500;
    set_group(g, n);
}

static void assert_stands_for_itself(size_t g)
{
    struct cp_estimate own = cp_quantile_estimate(groups[g].sorted_ms, groups[g].n, 0.95, 0);
    assert_false(tails[g].is_pooled);
    assert_true(tails[g].is_apart);
    assert_near(tails[g].estimate.value, own.value, 0);
    assert_near(tails[g].estimate.low, own.low, 0);
    assert_near(tails[g].upper_ms, own.upper, 0);
}

static void a_group_that_differs_is_set_apart(void **state)
{
    (void)state;
    fill_alike(100);
    slow_down(2, 100, 6);
    fit(GROUPS, 0.95);
    assert_false(pool.is_heterogeneous);
    assert_int_equal(pool.n_apart, 1);
    assert_int_equal(pool.n_groups, 3);
    assert_stands_for_itself(2);
    assert_true(tails[0].is_pooled && !tails[0].is_apart);
    assert_int_equal(tails[0].n_pooled, 300);
    assert_true(tails[0].estimate.high < 250);
}

/* A retry after a fixed time: the slow values are equal, and more than the tail that is pooled, so
 * that no residual is above its quantile. */
static void a_fixed_delay_of_one_group_sets_it_apart(void **state)
{
    (void)state;
    fill_alike(100);
    for (size_t i = 0; i < 100; i += 4)
        values[2][i] = 1000;
    set_group(2, 100);
    fit(GROUPS, 0.95);
    assert_int_equal(pool.n_apart, 1);
    assert_stands_for_itself(2);
    assert_true(tails[0].is_pooled && tails[0].estimate.high < 250);
}

static void equal_values_everywhere_are_alike(void **state)
{
    (void)state;
    for (size_t g = 0; g < GROUPS; g++) {
        for (size_t i = 0; i < 100; i++)
            values[g][i] = 100 + 50 * (double)g;
        set_group(g, 100);
    }
    fit(GROUPS, 0.95);
    assert_int_equal(pool.scale, CP_TAIL_ADDITIVE);
    assert_near(pool.p_value, 1, 0);
    assert_near(tails[3].estimate.high, 250, 0);
}

static void groups_that_all_differ_share_nothing(void **state)
{
    (void)state;
    fill_alike(100);
    slow_down(1, 100, 12);
    slow_down(2, 100, 6);
    slow_down(3, 100, 3);
    fit(GROUPS, 0.95);
    assert_true(pool.is_heterogeneous);
    assert_true(pool.p_value < 0.05);
    assert_int_equal(pool.scale, CP_TAIL_NONE);
    assert_int_equal(pool.n_apart, GROUPS);
    for (size_t g = 0; g < GROUPS; g++)
        assert_stands_for_itself(g);
}

/* The own sample counts more as it grows, and as the groups differ. */
static void own_share_grows_with_n_and_with_heterogeneity(void **state)
{
    (void)state;
    double share = 0.25 - 1e-9;
    for (size_t n = 20; n <= N_MAX; n += 20) {
        fill_alike(n);
        fit(GROUPS, 0.95);
        assert_true(tails[0].own_share > share);
        share = tails[0].own_share;
    }
    assert_true(share > 0.8);
    for (size_t g = 0; g < GROUPS; g++)
        fill(g, 100, 1, 90, even);
    fit(GROUPS, 0.95);
    double alike = tails[0].own_share;
    for (size_t g = 0; g < GROUPS; g++)
        fill(g, 100, 1 + 0.3 * (double)g, 90, even);
    fit(GROUPS, 0.95);
    assert_true(pool.overdispersion > 0 || pool.scale == CP_TAIL_STANDARDISED);
    assert_true(tails[0].own_share >= alike);
}

static void a_location_without_samples_gets_the_pooled_tail(void **state)
{
    (void)state;
    struct cp_interval at = {.value = 1000, .low = 990, .high = 1020};
    fill_alike(120);
    groups[3] = (struct cp_tail_group){.location_ms = &at};
    fit(GROUPS, 0.95);
    assert_int_equal(pool.scale, CP_TAIL_ADDITIVE);
    assert_int_equal(tails[3].status, CP_ANSWER_OK);
    assert_int_equal(tails[3].n, 0);
    assert_int_equal(tails[3].n_pooled, 360);
    assert_near(tails[3].own_share, 0, 0);
    assert_near(tails[3].estimate.value, 1000 + pool.residual.value, 1e-9);
    double low = 0; /* of the mean of three locations, and above it */
    double high = 0;
    for (size_t g = 0; g < 3; g++) {
        struct cp_estimate e = cp_quantile_estimate(values[g], 120, 0.5, 0);
        low += pow((e.value - e.low) / 3, 2);
        high += pow((e.high - e.value) / 3, 2);
    }
    const struct cp_interval *r = &pool.residual;
    assert_near(tails[3].estimate.value - tails[3].estimate.low,
                hypot(r->value - r->low, sqrt(10 * 10 + high)), 1e-9);
    assert_near(tails[3].estimate.high - tails[3].estimate.value,
                hypot(r->high - r->value, sqrt(20 * 20 + low)), 1e-9);
    /* nothing is known of the scale of a size never measured */
    fill(0, 100, 1, 120, even);
    fill(1, 100, 8, 120, even);
    fill(2, 100, 64, 120, even);
    fit(GROUPS, 0.95);
    assert_int_equal(pool.scale, CP_TAIL_STANDARDISED);
    assert_int_equal(tails[3].status, CP_ANSWER_NONE);
}

/* The caller's locations replace the medians: exact ones give the plain quantile of all values. */
static void known_locations_give_the_quantile_of_all_residuals(void **state)
{
    (void)state;
    struct cp_interval at[GROUPS];
    double all[GROUPS * 10];
    const size_t n = sizeof all / sizeof *all;
    for (size_t g = 0; g < GROUPS; g++) {
        at[g] = (struct cp_interval){100 + 50 * (double)g, NAN, NAN};
        fill(g, at[g].value, 1, 10, even);
        groups[g].location_ms = &at[g];
        for (size_t i = 0; i < 10; i++)
            all[g * 10 + i] = values[g][i] - at[g].value;
    }
    cp_sort(all, n);
    fit(GROUPS, 0.9);
    assert_int_equal(pool.status, CP_OK);
    assert_near(pool.residual.value, cp_quantile(all, n, 0.9, 8), 1e-9);
}

static void order_of_groups_and_units_do_not_matter(void **state)
{
    (void)state;
    struct cp_tail before[GROUPS];
    for (size_t g = 0; g < GROUPS; g++)
        fill(g, 100 + 50 * (double)g, 1, 60 + 20 * g, even);
    fit(GROUPS, 0.95);
    memcpy(before, tails, sizeof before);
    struct cp_tail_group first = groups[0];
    memmove(groups, groups + 1, 3 * sizeof *groups);
    groups[3] = first;
    fit(GROUPS, 0.95);
    for (size_t g = 0; g < GROUPS; g++) {
        const struct cp_tail *t = &tails[(g + 3) % GROUPS];
        assert_near(t->estimate.value, before[g].estimate.value, 1e-9);
        assert_near(t->estimate.low, before[g].estimate.low, 1e-9);
        assert_near(t->estimate.high, before[g].estimate.high, 1e-9);
    }
    for (size_t g = 0; g < GROUPS; g++) {
        fill(g, 100 + 50 * (double)g, 1, 60 + 20 * g, even);
        for (size_t i = 0; i < groups[g].n; i++)
            values[g][i] /= 1024;
    }
    fit(GROUPS, 0.95);
    for (size_t g = 0; g < GROUPS; g++)
        assert_near(tails[g].estimate.value * 1024, before[g].estimate.value, 1e-9);
}

/* A timeout counts as "above": replacing the largest values lowers nothing. */
static void censored_values_never_lower_a_bound(void **state)
{
    (void)state;
    struct cp_tail finite[GROUPS];
    fill_alike(120);
    fit(GROUPS, 0.95);
    memcpy(finite, tails, sizeof finite);
    for (size_t n_censored = 1; n_censored <= 60; n_censored += 7) {
        for (size_t g = 0; g < GROUPS; g++) {
            for (size_t i = 0; i < n_censored; i++)
                values[g][119 - i] = INFINITY;
        }
        fit(GROUPS, 0.95);
        assert_int_equal(pool.status, CP_OK);
        for (size_t g = 0; g < GROUPS; g++) {
            if (tails[g].status < CP_ANSWER_OK)
                continue;
            assert_true(tails[g].estimate.value >= finite[g].estimate.value - 1e-9);
            assert_true(tails[g].estimate.high >= finite[g].estimate.high - 1e-9);
            assert_true(tails[g].upper_ms >= finite[g].upper_ms - 1e-9);
            assert_true(tails[g].estimate.low <= tails[g].estimate.value);
        }
        if (n_censored > 8) {
            assert_true(isinf(tails[0].estimate.value));
            assert_true(isinf(tails[0].upper_ms));
        }
    }
}

static void a_group_whose_median_is_censored_stands_for_itself(void **state)
{
    (void)state;
    fill_alike(120);
    for (size_t i = 50; i < 120; i++)
        values[1][i] = INFINITY;
    fit(GROUPS, 0.95);
    assert_false(tails[1].is_pooled);
    assert_true(isinf(tails[1].upper_ms));
    assert_true(tails[0].is_pooled);
    assert_int_equal(pool.n_groups, 3);
}

static void equal_values_give_that_value(void **state)
{
    (void)state;
    for (size_t g = 0; g < GROUPS; g++) {
        for (size_t i = 0; i < 30; i++)
            values[g][i] = 7;
        set_group(g, 30);
    }
    fit(GROUPS, 0.95);
    assert_true(tails[0].is_pooled);
    assert_near(tails[0].estimate.value, 7, 0);
    assert_near(tails[0].estimate.low, 7, 0);
    assert_near(tails[0].estimate.high, 7, 0);
}

static void assert_refused(enum cp_code code, size_t n_groups, double q)
{
    fit(n_groups, q);
    assert_int_equal(pool.status, code);
    for (size_t g = 0; g < n_groups; g++) {
        assert_int_equal(tails[g].status, CP_ANSWER_NONE);
        assert_true(isnan(tails[g].estimate.value) && isnan(tails[g].upper_ms));
    }
    assert_true(isnan(pool.residual.value));
}

static void what_cannot_be_fitted_is_refused(void **state)
{
    (void)state;
    fill_alike(60);
    assert_refused(CP_EINVAL, GROUPS, 0.5);
    assert_refused(CP_EINVAL, GROUPS, 1);
    assert_refused(CP_EINVAL, GROUPS, NAN);
    cp_tail_pool_fit(groups, GROUPS, &(struct cp_tail_options){.q = 0.95, .confidence = 1}, &pool,
                     tails);
    assert_int_equal(pool.status, CP_EINVAL);
    values[1][3] = values[1][59] + 1; /* not ascending */
    assert_refused(CP_EINVAL, GROUPS, 0.95);
    values[1][3] = NAN;
    assert_refused(CP_EINVAL, GROUPS, 0.95);
    fill_alike(60);
    values[1][0] = -INFINITY;
    assert_refused(CP_EINVAL, GROUPS, 0.95);
    groups[1].sorted_ms = NULL;
    assert_refused(CP_EINVAL, GROUPS, 0.95);
    struct cp_interval nowhere = {NAN, NAN, NAN};
    fill_alike(60);
    groups[2].location_ms = &nowhere;
    assert_refused(CP_EINVAL, GROUPS, 0.95);
    static struct cp_tail_group many[CP_TAIL_GROUPS_MAX + 1];
    static struct cp_tail out[CP_TAIL_GROUPS_MAX + 1];
    cp_tail_pool_fit(many, CP_TAIL_GROUPS_MAX + 1, &(struct cp_tail_options){.q = 0.95}, &pool,
                     out);
    assert_int_equal(pool.status, CP_ELIMIT);
    cp_tail_pool_fit(many, CP_TAIL_GROUPS_MAX, &(struct cp_tail_options){.q = 0.95}, &pool, out);
    assert_int_equal(pool.status, CP_OK);
    assert_int_equal(out[0].status, CP_ANSWER_NONE);
    cp_tail_pool_fit(NULL, 0, &(struct cp_tail_options){.q = 0.95}, &pool, NULL);
    assert_int_equal(pool.status, CP_OK);
}

/* A value of each kind of trouble; drawn so often that they meet in all combinations. */
static double hostile(struct cp_rng *rng)
{
    static const double odd[] = {0,       -0.0,     1e-320,   DBL_MIN, 1e300,
                                 DBL_MAX, -DBL_MAX, INFINITY, 1,       1};
    uint64_t kind = cp_rng_below(rng, 16);
    return kind < sizeof odd / sizeof *odd ? odd[kind] : cp_rng_normal(rng);
}

static void hostile_samples_give_ordered_answers_or_none(void **state)
{
    (void)state;
    struct cp_rng rng;
    cp_rng_init(&rng, 7, 0);
    for (int trial = 0; trial < 4000; trial++) {
        struct cp_interval at[GROUPS];
        for (size_t g = 0; g < GROUPS; g++) {
            size_t n = cp_rng_below(&rng, trial % 2 ? 12 : 150);
            for (size_t i = 0; i < n; i++)
                values[g][i] = hostile(&rng);
            set_group(g, n);
            at[g] = (struct cp_interval){cp_rng_normal(&rng) * 10, NAN, NAN};
            groups[g].location_ms = cp_rng_below(&rng, 4) == 0 ? &at[g] : NULL;
        }
        fit(GROUPS, trial % 3 ? 0.95 : 0.99);
        assert_int_equal(pool.status, CP_OK);
        for (size_t g = 0; g < GROUPS; g++) {
            const struct cp_tail *t = &tails[g];
            assert_int_equal(t->status == CP_ANSWER_NONE, isnan(t->estimate.value));
            if (t->status >= CP_ANSWER_UPPER_ONLY)
                assert_true(t->upper_ms >= t->estimate.value);
            if (t->status == CP_ANSWER_OK) {
                assert_true(t->estimate.low <= t->estimate.value);
                assert_true(t->estimate.value <= t->estimate.high);
            }
        }
    }
}

/* G1 to G3: sizes whose init law is one, and whose warm law shrinks with memory. */
static void intervals_cover_the_true_quantile(void **state)
{
    (void)state;
    enum { TRIALS = 60, SIZES = 5 };
    static const int sizes[SIZES] = {128, 512, 1024, 1769, 3008};
    static const char *const ids[] = {"G1", "G2", "G3"};
    struct truth laws[3];
    double truths[3][2][SIZES];
    size_t answered = 0;
    size_t covered = 0;
    double ours = 0;
    double empirical = 0;
    for (size_t k = 0; k < 3; k++) {
        laws[k] = truth_load(ids[k]);
        for (size_t i = 0; i < SIZES; i++) {
            truths[k][0][i] = truth_quantile(ids[k], sizes[i], "warm_q95");
            truths[k][1][i] = truth_quantile(ids[k], sizes[i], "init_q95");
        }
    }
    for (uint64_t trial = 0; trial < (uint64_t)3 * 2 * TRIALS; trial++) {
        struct sweep s;
        struct cp_tail_group sweep_groups[SIZES];
        struct cp_tail sweep_tails[SIZES];
        size_t k = trial % 3;
        bool is_init = trial / 3 % 2;
        sweep_simulate(&s, &laws[k], is_init, sizes, SIZES, 60, trial + 1);
        for (size_t i = 0; i < SIZES; i++)
            sweep_groups[i] =
                (struct cp_tail_group){.sorted_ms = s.groups[i].sorted_ms, .n = s.groups[i].n};
        cp_tail_pool_fit(sweep_groups, SIZES, &(struct cp_tail_options){.q = 0.95}, &pool,
                         sweep_tails);
        for (size_t i = 0; i < SIZES; i++) {
            double truth = truths[k][is_init][i];
            const struct cp_interval *e = &sweep_tails[i].estimate;
            ours += fabs(e->value / truth - 1);
            empirical += fabs(cp_quantile(sweep_groups[i].sorted_ms, 60, 0.95, 8) / truth - 1);
            answered += sweep_tails[i].status == CP_ANSWER_OK;
            covered += sweep_tails[i].status == CP_ANSWER_OK && e->low <= truth && truth <= e->high;
        }
        sweep_clear(&s);
    }
    print_message("answered %zu of %d, covered %zu, error %.3f of the empirical quantile's\n",
                  answered, 3 * 2 * TRIALS * SIZES, covered, ours / empirical);
    assert_true(answered > 0.9 * 3 * 2 * TRIALS * SIZES);
    assert_true((double)covered / (double)answered > 0.95);
    assert_true(ours < 0.85 * empirical);
}

static void parameters_have_names_units_and_method(void **state)
{
    (void)state;
    struct cp_parameter rows[CP_PARAMETERS_MAX];
    fill_alike(120);
    fit(GROUPS, 0.99);
    assert_int_equal(cp_tail_pool_parameters(&pool, rows), 1);
    assert_string_equal(rows[0].name, "Q_p");
    assert_string_equal(rows[0].unit, "ms");
    assert_near(rows[0].estimate.value, pool.residual.value, 0);
    assert_near(rows[0].confidence, 0.95, 0);
    assert_string_equal(cp_tail_scale_text(pool.scale), "additive");
    assert_non_null(strstr(cp_tail_pool_formula(&pool), "location(g) + Q_p"));
    fill_alike(20); /* no interval, and no claim of one */
    fit(GROUPS, 0.99);
    assert_int_equal(cp_tail_pool_parameters(&pool, rows), 1);
    assert_near(rows[0].confidence, 0, 0);
    assert_string_equal(rows[0].method, "");
    fit(1, 0.99);
    assert_int_equal(cp_tail_pool_parameters(&pool, rows), 0);
    assert_string_equal(cp_tail_scale_text(pool.scale), "none");
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tails_agree_with_a_second_implementation),
        cmocka_unit_test(one_group_stands_for_itself),
        cmocka_unit_test(too_few_samples_are_refused_with_the_n_that_would_do),
        cmocka_unit_test(a_group_that_differs_is_set_apart),
        cmocka_unit_test(a_fixed_delay_of_one_group_sets_it_apart),
        cmocka_unit_test(equal_values_everywhere_are_alike),
        cmocka_unit_test(groups_that_all_differ_share_nothing),
        cmocka_unit_test(own_share_grows_with_n_and_with_heterogeneity),
        cmocka_unit_test(a_location_without_samples_gets_the_pooled_tail),
        cmocka_unit_test(known_locations_give_the_quantile_of_all_residuals),
        cmocka_unit_test(order_of_groups_and_units_do_not_matter),
        cmocka_unit_test(censored_values_never_lower_a_bound),
        cmocka_unit_test(a_group_whose_median_is_censored_stands_for_itself),
        cmocka_unit_test(equal_values_give_that_value),
        cmocka_unit_test(what_cannot_be_fitted_is_refused),
        cmocka_unit_test(hostile_samples_give_ordered_answers_or_none),
        cmocka_unit_test(intervals_cover_the_true_quantile),
        cmocka_unit_test(parameters_have_names_units_and_method),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
