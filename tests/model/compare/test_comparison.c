/* SPDX-License-Identifier: GPL-3.0-or-later
 * Many metrics judged together: by hand, and how often a night is wrong.
 */
#include "model/base/rng.h"
#include "model/compare/comparison.h"
#include "model/stat/sort.h"
#include "tests/test.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SERIES_MAX = 12, VALUES_MAX = 400 };

/* Values of the two sides of several series. */
struct data {
    double base[SERIES_MAX][VALUES_MAX], now[SERIES_MAX][VALUES_MAX];
    struct cp_comparison_series series[SERIES_MAX];
};

static const struct cp_comparison_options usual = {.effect = NAN, .effect_ms = NAN};

static void draw(struct cp_rng *rng, double median_ms, double sigma, double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        values[i] = median_ms * exp(sigma * cp_rng_normal(rng));
    cp_sort(values, n);
}

/* Series i is of n values around 200 ms, the new ones times factors[i]. */
static void make_data(struct data *d, struct cp_rng *rng, const double *factors, size_t n_series,
                      size_t n)
{
    for (size_t i = 0; i < n_series; i++) {
        draw(rng, 200, 0.15, d->base[i], n);
        draw(rng, 200 * factors[i], 0.15, d->now[i], n);
        d->series[i] = (struct cp_comparison_series){
            .timing = i % 3 == 0   ? CP_TIMING_INIT
                      : i % 3 == 1 ? CP_TIMING_COLD
                                   : CP_TIMING_WARM,
            .memory_size_mb = 512 << i / 3,
            .base_ms = d->base[i],
            .new_ms = d->now[i],
            .n_base = n,
            .n_new = n,
        };
    }
}

static struct cp_comparison compare(const struct data *d, size_t n_series,
                                    const struct cp_comparison_options *options)
{
    struct cp_comparison c;
    struct cp_error err;
    assert_int_equal(cp_comparison_make(d->series, n_series, options, &c, &err), CP_OK);
    return c;
}

static void each_metric_of_each_series_is_there(void **state)
{
    (void)state;
    static struct data d;
    static const double factors[3] = {1.3, 1, 0.7};
    struct cp_rng rng;
    cp_rng_init(&rng, 1, 0);
    make_data(&d, &rng, factors, 3, VALUES_MAX);
    struct cp_comparison c = compare(&d, 3, &usual);
    assert_int_equal(c.n_series, 3);
    assert_int_equal(c.n_metrics, 9);
    assert_near(c.effect, 0.05, 0);
    assert_near(c.effect_ms, 5, 0);
    assert_near(c.level, 0.05, 0);
    size_t n_counted = 0;
    for (size_t v = 0; v <= CP_CHANGE_REGRESSION; v++)
        n_counted += c.n_by_verdict[v];
    assert_int_equal(n_counted, 9);
    for (size_t i = 0; i < 9; i++) {
        const struct cp_compared_metric *m = &c.metrics[i];
        assert_int_equal(m->series, i / 3);
        assert_int_equal(m->metric.timing, d.series[i / 3].timing);
        assert_near(m->metric.q, cp_metric_quantiles[i % 3], 0);
    }
    assert_int_equal(c.metrics[0].ratio.verdict, CP_CHANGE_REGRESSION);
    assert_int_equal(c.metrics[1].ratio.verdict, CP_CHANGE_REGRESSION);
    assert_int_equal(c.metrics[6].ratio.verdict, CP_CHANGE_IMPROVEMENT);
    assert_true(c.series[0].screen_p < 1e-6 && c.series[1].screen_p > 0.01);
    assert_true(c.series[0].shift_ms[4].value > 50 && c.series[2].shift_ms[4].value < -50);
    assert_true(isnan(c.series[0].shift_ms[4].low)); /* no resamples were asked for */
    cp_comparison_clear(&c);
}

/* z is the distance to the edge in standard errors, of which the interval's lower half is 1.96. */
static void p_of_no_worse_is_that_of_its_interval(void **state)
{
    (void)state;
    static struct data d;
    static const double factors[1] = {1.15};
    struct cp_rng rng;
    cp_rng_init(&rng, 2, 0);
    make_data(&d, &rng, factors, 1, 200);
    struct cp_comparison c = compare(&d, 1, &usual);
    const struct cp_compared_metric *m = &c.metrics[0];
    double se = (log(m->ratio.ratio.value) - log(m->ratio.ratio.low)) / 1.959963985;
    double p = 1 - gsl_cdf_ugaussian_P((log(m->ratio.ratio.value) - log(1.05)) / se);
    assert_near(m->worse_p, p, 1e-12);
    /* p99 of 200 has no interval: two tests are adjusted */
    assert_true(isnan(c.metrics[2].worse_p) && isnan(c.metrics[2].worse_p_adjusted));
    assert_int_equal(c.metrics[2].ratio.verdict, CP_CHANGE_INCONCLUSIVE);
    assert_int_equal(c.metrics[2].ratio.n_needed, 368);
    double a = c.metrics[0].worse_p;
    double b = c.metrics[1].worse_p;
    double least = fmin(fmin(a, b) * 2, fmax(a, b));
    assert_near(c.metrics[a < b ? 0 : 1].worse_p_adjusted, least, 1e-15);
    assert_near(c.metrics[a < b ? 1 : 0].worse_p_adjusted, fmax(a, b), 1e-15);
    cp_comparison_clear(&c);
}

/* One series that is just worse by itself, among many that are not: its p does not hold. */
static void one_of_many_needs_more_than_its_interval(void **state)
{
    (void)state;
    static struct data d;
    double factors[SERIES_MAX];
    struct cp_rng rng;
    bool was_seen = false;
    for (size_t i = 0; i < SERIES_MAX; i++)
        factors[i] = i == 0 ? 1.12 : 1;
    for (uint64_t seed = 0; seed < 200 && !was_seen; seed++) {
        cp_rng_init(&rng, seed, 0);
        make_data(&d, &rng, factors, SERIES_MAX, 100);
        struct cp_comparison alone = compare(&d, 1, &usual);
        struct cp_comparison among = compare(&d, SERIES_MAX, &usual);
        const struct cp_compared_metric *m = &among.metrics[0];
        assert_near(alone.metrics[0].worse_p, m->worse_p, 0);
        if (alone.metrics[0].ratio.verdict == CP_CHANGE_REGRESSION && m->is_adjusted_away) {
            was_seen = true;
            assert_int_equal(m->ratio.verdict, CP_CHANGE_INCONCLUSIVE);
            assert_true(m->worse_p_adjusted > 0.05 && m->worse_p <= 0.025);
            assert_true(m->ratio.n_needed > 100 && m->ratio.n_needed < 1000);
            assert_int_equal(among.n_by_verdict[CP_CHANGE_REGRESSION], 0);
        }
        cp_comparison_clear(&alone);
        cp_comparison_clear(&among);
    }
    assert_true(was_seen);
}

static void results_are_the_same_for_any_threads_and_neighbours(void **state)
{
    (void)state;
    static struct data d;
    static const double factors[6] = {1.1, 1, 1, 1.3, 1, 0.9};
    struct cp_rng rng;
    cp_rng_init(&rng, 4, 0);
    make_data(&d, &rng, factors, 6, 60);
    struct cp_comparison_options options = usual;
    options.n_resamples = 200;
    options.seed = 9;
    struct cp_comparison one = compare(&d, 6, &options);
    options.threads = 4;
    struct cp_comparison four = compare(&d, 6, &options);
    for (size_t i = 0; i < 6; i++) {
        assert_near(one.series[i].screen_p, four.series[i].screen_p, 0);
        assert_memory_equal(one.series[i].shift_ms, four.series[i].shift_ms,
                            sizeof one.series[i].shift_ms);
    }
    struct cp_comparison alone = compare(&d, 1, &options);
    assert_memory_equal(one.series[0].shift_ms, alone.series[0].shift_ms,
                        sizeof alone.series[0].shift_ms);
    cp_comparison_clear(&one);
    cp_comparison_clear(&four);
    cp_comparison_clear(&alone);
}

static void timeouts_are_judged_by_how_many_there_are(void **state)
{
    (void)state;
    static struct data d;
    static const double factors[1] = {1};
    struct cp_rng rng;
    cp_rng_init(&rng, 6, 0);
    make_data(&d, &rng, factors, 1, 100);
    for (size_t i = 80; i < 100; i++)
        d.now[0][i] = INFINITY;
    struct cp_comparison c = compare(&d, 1, &usual);
    const struct cp_compared_metric *p95 = &c.metrics[1];
    assert_int_equal(p95->ratio.verdict, CP_CHANGE_REGRESSION);
    assert_true(isinf(p95->ratio.ratio.value) && isinf(p95->ratio.ratio.low));
    /* no more than 80 of 100 are not slower: R pbinom(80, 100, .95) */
    assert_true(p95->worse_p <= 1.1e-7 && p95->worse_p > 0);
    assert_true(isinf(c.series[0].shift_ms[8].value));
    cp_comparison_clear(&c);
}

static void a_few_values_are_inconclusive_not_wrong(void **state)
{
    (void)state;
    static struct data d;
    static const double factors[2] = {3, 3};
    struct cp_rng rng;
    cp_rng_init(&rng, 7, 0);
    make_data(&d, &rng, factors, 2, 4);
    d.series[1].n_base = 0;
    struct cp_comparison c = compare(&d, 2, &usual);
    for (size_t i = 0; i < c.n_metrics; i++) {
        assert_int_equal(c.metrics[i].ratio.verdict, CP_CHANGE_INCONCLUSIVE);
        assert_true(isnan(c.metrics[i].worse_p));
    }
    assert_int_equal(c.metrics[0].ratio.n_needed, 6);
    assert_true(c.series[0].test.is_separated);
    assert_near(c.series[0].screen_p, 2.0 / 70, 1e-12); /* C(8, 4) = 70 */
    assert_true(isnan(c.series[1].screen_p) && isnan(c.series[1].shift_ms[0].value));
    cp_comparison_clear(&c);
    c = compare(&d, 0, &usual);
    assert_int_equal(c.n_metrics, 0);
    cp_comparison_clear(&c);
}

/* Separated, and without any spread: nothing is divided by 0. */
static void constants_are_compared_exactly(void **state)
{
    (void)state;
    static struct data d;
    static const double factors[1] = {1};
    struct cp_rng rng;
    cp_rng_init(&rng, 7, 0);
    make_data(&d, &rng, factors, 1, 80);
    for (size_t i = 0; i < 80; i++) {
        d.base[0][i] = 200;
        d.now[0][i] = 240;
    }
    struct cp_comparison_options options = usual;
    options.n_resamples = 100;
    struct cp_comparison c = compare(&d, 1, &options);
    assert_int_equal(c.metrics[0].ratio.verdict, CP_CHANGE_REGRESSION);
    assert_near(c.metrics[0].worse_p, 0, 0);
    assert_near(c.series[0].shift_ms[4].low, 40, 1e-9);
    assert_near(c.series[0].shift_ms[4].high, 40, 1e-9);
    cp_comparison_clear(&c);
    memcpy(d.now[0], d.base[0], sizeof d.now[0]);
    c = compare(&d, 1, &options);
    assert_int_equal(c.metrics[0].ratio.verdict, CP_CHANGE_EQUIVALENT);
    assert_near(c.metrics[0].worse_p, 1, 0);
    cp_comparison_clear(&c);
}

static void options_that_cannot_be_are_refused(void **state)
{
    (void)state;
    static const struct cp_comparison_options rows[] = {
        {.effect = -0.1, .effect_ms = 5},  {.effect = INFINITY, .effect_ms = 5},
        {.effect = 0.1, .effect_ms = -1},  {.effect = 0.1, .effect_ms = 5, .level = 1},
        {.effect = 0.1, .day_sd = -1},     {.effect = 0.1, .day_sd = NAN},
        {.effect = 0.1, .n_resamples = -1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cp_comparison c;
        struct cp_error err;
        assert_int_equal(cp_comparison_make(NULL, 0, &rows[i], &c, &err), CP_EINVAL);
        assert_null(c.metrics);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_metric_of_each_series_is_there),
        cmocka_unit_test(p_of_no_worse_is_that_of_its_interval),
        cmocka_unit_test(one_of_many_needs_more_than_its_interval),
        cmocka_unit_test(results_are_the_same_for_any_threads_and_neighbours),
        cmocka_unit_test(timeouts_are_judged_by_how_many_there_are),
        cmocka_unit_test(a_few_values_are_inconclusive_not_wrong),
        cmocka_unit_test(constants_are_compared_exactly),
        cmocka_unit_test(options_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
