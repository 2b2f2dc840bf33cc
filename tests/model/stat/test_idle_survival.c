/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/idle_survival.h"

#include <math.h>
#include <stdlib.h>

#include "model/stat/binomial.h"
#include "tests/model/stat/csv.h"
#include "tests/test.h"

static struct cp_idle_survival fit(const double (*rows)[3], size_t n)
{
    struct cp_idle_point counts[CP_IDLE_POINTS_MAX] = {{0}};
    struct cp_idle_survival s;
    for (size_t i = 0; i < n; i++) {
        counts[i].idle_interval_ms = rows[i][0];
        counts[i].n = (size_t)rows[i][1];
        counts[i].n_cold = (size_t)rows[i][2];
    }
    cp_idle_survival_fit(counts, n, &s);
    return s;
}

static size_t load_current_status(struct cp_idle_point *counts, double *npmle)
{
    struct csv csv;
    size_t n = 0;
    csv_open(&csv, "tests/data/model/isotonic", "current_status1.csv");
    for (; csv_next(&csv); n++) {
        counts[n] = (struct cp_idle_point){.idle_interval_ms = csv_number(&csv, "gap_s") * 1000,
                                           .n = csv_size(&csv, "n"),
                                           .n_cold = csv_size(&csv, "cold")};
        npmle[n] = csv_number(&csv, "npmle");
    }
    csv_close(&csv);
    return n;
}

static void npmle_agrees_with_r_isoreg(void **state)
{
    (void)state;
    struct cp_idle_point counts[CP_IDLE_POINTS_MAX];
    double npmle[CP_IDLE_POINTS_MAX];
    struct cp_idle_survival s;
    size_t n = load_current_status(counts, npmle);
    assert_int_equal(n, 15);
    cp_idle_survival_fit(counts, n, &s);
    assert_int_equal(s.status, CP_OK);
    assert_int_equal(s.n_points, n);
    size_t probes = 0;
    for (size_t i = 0; i < n; i++) {
        assert_near(s.points[i].cold_probability, npmle[i], 1e-12);
        probes += counts[i].n;
    }
    assert_int_equal(s.n_probes, probes);
}

static void order_and_splitting_of_counts_do_not_matter(void **state)
{
    (void)state;
    struct cp_idle_point counts[CP_IDLE_POINTS_MAX];
    double npmle[CP_IDLE_POINTS_MAX];
    struct cp_idle_survival s;
    size_t n = load_current_status(counts, npmle);
    struct cp_idle_point split[2 * CP_IDLE_POINTS_MAX];
    for (size_t i = 0; i < n; i++) {
        /* backwards, cold and warm probes apart */
        struct cp_idle_point *p = split + 2 * (n - 1 - i);
        p[0] = p[1] = counts[i];
        p[0].n = p[0].n_cold = counts[i].n_cold;
        p[1].n = counts[i].n - counts[i].n_cold;
        p[1].n_cold = 0;
    }
    cp_idle_survival_fit(split, 2 * n, &s);
    assert_int_equal(s.n_points, n);
    for (size_t i = 0; i < n; i++)
        assert_near(s.points[i].cold_probability, npmle[i], 1e-12);
}

/* unweighted1.csv is a general isotonic regression. Shares of 40,000 probes hold its 4-digit values
 * exactly once shifted and scaled into 0..1, and the fit is equivariant under both. */
static void isotonic_fit_agrees_with_an_unweighted_regression(void **state)
{
    (void)state;
    struct csv csv;
    struct cp_idle_point counts[CP_IDLE_POINTS_MAX];
    double expected[CP_IDLE_POINTS_MAX];
    struct cp_idle_survival s;
    size_t n = 0;
    csv_open(&csv, "tests/data/model/isotonic", "unweighted1.csv");
    for (; csv_next(&csv); n++) {
        counts[n] = (struct cp_idle_point){
            .idle_interval_ms = csv_number(&csv, "x"),
            .n = 40000,
            .n_cold = (size_t)llround((csv_number(&csv, "y") + 1) * 1e4),
        };
        expected[n] = (csv_number(&csv, "fit") + 1) / 4;
    }
    csv_close(&csv);
    assert_int_equal(n, 40);
    cp_idle_survival_fit(counts, n, &s);
    for (size_t i = 0; i < n; i++)
        assert_near(s.points[i].cold_probability, expected[i], 1e-12);
}

static void fit_is_monotone_and_made_of_block_means(void **state)
{
    (void)state;
    struct cp_rng rng;
    cp_rng_init(&rng, 5, 0);
    for (int trial = 0; trial < 200; trial++) {
        struct cp_idle_point counts[20] = {{0}};
        struct cp_idle_survival s;
        for (size_t i = 0; i < 20; i++) {
            counts[i].idle_interval_ms = 1000.0 * (double)(i + 1);
            counts[i].n = 1 + cp_rng_below(&rng, 30);
            counts[i].n_cold = cp_rng_below(&rng, counts[i].n + 1);
        }
        cp_idle_survival_fit(counts, 20, &s);
        for (size_t from = 0, to = 0; from < 20; from = to) {
            double n = 0;
            double cold = 0;
            double value = s.points[from].cold_probability;
            for (; to < 20 && fabs(s.points[to].cold_probability - value) < 1e-15; to++) {
                n += (double)counts[to].n;
                cold += (double)counts[to].n_cold;
            }
            assert_near(value, cold / n, 1e-12);
            if (to < 20)
                assert_true(s.points[to].cold_probability > value);
        }
    }
}

static void intervals_are_clopper_pearson(void **state)
{
    (void)state;
    struct csv csv;
    csv_open(&csv, "tests/data/model/currentstatus", "binomial_ci.csv");
    while (csv_next(&csv)) {
        const double rows[][3] = {{60000, csv_number(&csv, "n"), csv_number(&csv, "k")}};
        struct cp_idle_survival s = fit(rows, 1);
        assert_near(s.points[0].low, csv_number(&csv, "cp_lo"), 1e-12);
        assert_near(s.points[0].high, csv_number(&csv, "cp_hi"), 1e-12);
        assert_near(s.points[0].cold_share, rows[0][2] / rows[0][1], 1e-15);
    }
    csv_close(&csv);
}

static void separation_gives_a_threshold(void **state)
{
    (void)state;
    static const struct {
        double rows[4][3];
        bool is_separated;
        double last_warm, first_cold;
    } cases[] = {
        {{{60, 5, 0}, {120, 5, 0}, {240, 5, 5}, {480, 5, 5}}, true, 120, 240},
        {{{60, 5, 0}, {120, 5, 1}, {240, 5, 5}, {480, 5, 5}}, false, 60, 120},
        {{{60, 5, 0}, {120, 5, 5}, {240, 5, 4}, {480, 5, 5}}, false, 60, 120},
        {{{60, 5, 0}, {120, 5, 0}, {240, 5, 0}, {480, 5, 0}}, false, 480, INFINITY},
        {{{60, 5, 5}, {120, 5, 5}, {240, 5, 5}, {480, 5, 5}}, true, 0, 60},
        {{{60, 5, 1}, {120, 5, 0}, {240, 5, 0}, {480, 5, 5}}, false, 0, 60},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cp_idle_survival s = fit(cases[i].rows, 4);
        assert_int_equal(s.is_separated, cases[i].is_separated);
        assert_near(s.last_warm_ms, cases[i].last_warm, 0);
        assert_near(s.first_cold_ms, cases[i].first_cold, 0);
    }
}

static void probability_is_linear_between_points(void **state)
{
    (void)state;
    const double rows[][3] = {{100, 10, 2}, {200, 10, 2}, {400, 10, 8}};
    static const struct {
        double gap, expected;
        bool is_extrapolated;
    } cases[] = {
        {-5, 0, false},    {0, 0, false},         {50, 0.1, false},  {100, 0.2, false},
        {150, 0.2, false}, {200, 0.2, false},     {300, 0.5, false}, {400, 0.8, false},
        {401, 0.8, true},  {INFINITY, 0.8, true},
    };
    struct cp_idle_survival s = fit(rows, 3);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool is_extrapolated = !cases[i].is_extrapolated;
        assert_near(cp_idle_survival_cold_probability(&s, cases[i].gap, &is_extrapolated),
                    cases[i].expected, 1e-15);
        assert_int_equal(is_extrapolated, cases[i].is_extrapolated);
        assert_near(cp_idle_survival_cold_probability(&s, cases[i].gap, NULL), cases[i].expected,
                    1e-15);
    }
    assert_true(isnan(cp_idle_survival_cold_probability(&s, NAN, NULL)));
}

static void probability_at_a_zero_interval_is_its_own(void **state)
{
    (void)state;
    const double rows[][3] = {{0, 10, 1}, {100, 10, 5}};
    struct cp_idle_survival s = fit(rows, 2);
    assert_near(cp_idle_survival_cold_probability(&s, 0, NULL), 0.1, 1e-15);
    assert_near(cp_idle_survival_cold_probability(&s, 50, NULL), 0.3, 1e-15);
    struct cp_rng rng;
    cp_rng_init(&rng, 1, 0);
    for (int i = 0; i < 100; i++)
        assert_true(cp_idle_survival_draw_ms(&s, &rng) >= 0);
}

static void draws_reproduce_the_probability(void **state)
{
    (void)state;
    enum { DRAWS = 100000 };
    struct cp_idle_point counts[CP_IDLE_POINTS_MAX];
    double npmle[CP_IDLE_POINTS_MAX];
    struct cp_idle_survival s;
    size_t n = load_current_status(counts, npmle) - 3; /* the last kept share is 0.895 */
    cp_idle_survival_fit(counts, n, &s);
    struct cp_rng rng;
    cp_rng_init(&rng, 9, 0);
    static double lives[DRAWS];
    for (size_t i = 0; i < DRAWS; i++)
        lives[i] = cp_idle_survival_draw_ms(&s, &rng);
    for (int gap_s = 10; gap_s < 1000; gap_s += 35) {
        double gap = gap_s * 1000.0;
        size_t gone = 0;
        for (size_t i = 0; i < DRAWS; i++)
            gone += lives[i] <= gap;
        double p = cp_idle_survival_cold_probability(&s, gap, NULL);
        assert_near((double)gone / DRAWS, p, 5 * sqrt(p * (1 - p) / DRAWS) + 1e-12);
    }
    size_t forever = 0;
    for (size_t i = 0; i < DRAWS; i++)
        forever += isinf(lives[i]) != 0;
    assert_near((double)forever / DRAWS, 1 - s.points[n - 1].cold_probability, 0.005);
}

static struct cp_sample probe(double interval_ms, enum cp_start_kind start)
{
    struct cp_sample s = cp_sample_planned(CP_CELL_IDLE, 512);
    s.idle_interval_ms = interval_ms;
    s.outcome = CP_OUTCOME_MEASURED;
    s.start = start;
    return s;
}

static void samples_are_grouped_by_planned_interval(void **state)
{
    (void)state;
    struct cp_sample samples[] = {
        probe(60e3, CP_START_WARM),       probe(300e3, CP_START_COLD), probe(60e3, CP_START_WARM),
        probe(300e3, CP_START_SNAPSTART), probe(300e3, CP_START_WARM), probe(300e3, CP_START_COLD),
        probe(60e3, CP_START_UNKNOWN),    probe(900e3, CP_START_COLD), probe(30e3, CP_START_COLD),
    };
    samples[7].outcome = CP_OUTCOME_THROTTLED;
    samples[8].kind = CP_CELL_COLD;
    samples[0].idle_actual_ms = 61234; /* measured a little late: still the planned 60 s */
    struct cp_idle_survival s;
    cp_idle_survival_of_samples(samples, sizeof samples / sizeof *samples, &s);
    assert_int_equal(s.status, CP_OK);
    assert_int_equal(s.n_points, 2);
    assert_int_equal(s.n_probes, 6);
    assert_near(s.points[0].idle_interval_ms, 60e3, 0);
    assert_int_equal(s.points[0].n, 2);
    assert_int_equal(s.points[0].n_cold, 0);
    assert_int_equal(s.points[1].n, 4);
    assert_int_equal(s.points[1].n_cold, 3);
}

static void nothing_measured_is_not_enough_data(void **state)
{
    (void)state;
    struct cp_idle_survival s;
    struct cp_rng rng;
    cp_rng_init(&rng, 1, 0);
    const struct cp_idle_point empty = {.idle_interval_ms = 60e3};
    cp_idle_survival_fit(&empty, 1, &s);
    assert_int_equal(s.status, CP_ENODATA);
    assert_true(isnan(cp_idle_survival_cold_probability(&s, 60e3, NULL)));
    assert_true(isnan(cp_idle_survival_draw_ms(&s, &rng)));
    cp_idle_survival_of_samples(NULL, 0, &s);
    assert_int_equal(s.status, CP_ENODATA);
    assert_near(s.first_cold_ms, INFINITY, 0);
}

static void impossible_counts_are_refused(void **state)
{
    (void)state;
    static const struct {
        double interval;
        size_t n, cold;
    } cases[] = {{-1, 5, 1}, {NAN, 5, 1}, {INFINITY, 5, 1}, {60e3, 5, 6}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cp_idle_survival s;
        const struct cp_idle_point counts = {
            .idle_interval_ms = cases[i].interval, .n = cases[i].n, .n_cold = cases[i].cold};
        cp_idle_survival_fit(&counts, 1, &s);
        assert_int_equal(s.status, CP_EINVAL);
        assert_int_equal(s.n_points, 0);
    }
}

static void more_intervals_than_points_is_a_limit(void **state)
{
    (void)state;
    struct cp_idle_point counts[CP_IDLE_POINTS_MAX + 1];
    struct cp_idle_survival s;
    for (size_t i = 0; i <= CP_IDLE_POINTS_MAX; i++)
        counts[i] = (struct cp_idle_point){.idle_interval_ms = (double)i, .n = 1};
    cp_idle_survival_fit(counts, CP_IDLE_POINTS_MAX, &s);
    assert_int_equal(s.status, CP_OK);
    cp_idle_survival_fit(counts, CP_IDLE_POINTS_MAX + 1, &s);
    assert_int_equal(s.status, CP_ELIMIT);
}

/* --- batches --- */

enum { REFITS = 200 };

/* Batches of 10 at 60, 300, 420 and 900 s, all cold together or not at all beyond 380 s. */
static size_t step_batches(size_t n_batches, uint64_t seed, struct cp_idle_batch *batches)
{
    static const double gaps_s[] = {60, 300, 420, 900};
    struct cp_rng rng;
    size_t n = 0;
    cp_rng_init(&rng, seed, 0);
    for (size_t gap = 0; gap < 4; gap++) {
        double kept = pow(0.5, floor(gaps_s[gap] / 380));
        for (size_t i = 0; i < n_batches; i++)
            batches[n++] = (struct cp_idle_batch){1000 * gaps_s[gap], 10,
                                                  cp_rng_uniform(&rng) < kept ? 0 : 10};
    }
    return n;
}

static void batches_give_bands_of_their_number(void **state)
{
    (void)state;
    struct cp_idle_batch batches[80];
    struct cp_idle_survival s;
    const struct cp_idle_options options = {.n_refits = REFITS, .seed = 3};
    size_t n = step_batches(20, 2, batches);
    cp_idle_survival_of_batches(batches, n, &options, &s);
    assert_int_equal(s.status, CP_OK);
    assert_int_equal(s.n_points, 4);
    assert_int_equal(s.n_probes, 800);
    assert_int_equal(s.n_batches, 80);
    /* cold together: 10 times the binomial variance, by n / (n - 1) for the mean that was fitted */
    assert_near(s.points[2].dispersion, 10 * 20.0 / 19, 1e-9);
    assert_near(s.dispersion, 10 * 20.0 / 19, 1e-9);
    assert_true(isnan(s.points[0].dispersion));
    /* 40 batches are warm at 60 s or later: 1 - (1/40)^(1/40) */
    assert_int_equal(s.points[0].band_method, CP_IDLE_BAND_BATCHES);
    assert_near(s.points[0].band_low, 0, 0);
    assert_near(s.points[0].band_high, 1 - pow(0.025, 1.0 / 40), 1e-9);
    assert_near(s.points[1].band_high, 1 - pow(0.025, 1.0 / 20), 1e-9);
    assert_int_equal(s.points[2].band_method, CP_IDLE_BAND_BOOTSTRAP);
    assert_string_equal(cp_idle_band_text(s.points[2].band_method), "batch bootstrap");
    /* three times the width that independent probes would have */
    double width = s.points[2].band_high - s.points[2].band_low;
    double independent = s.points[2].wilson_high - s.points[2].wilson_low;
    assert_true(width > 2 * independent && width < 5 * independent);
    for (size_t i = 0; i < 4; i++) {
        const struct cp_idle_point *p = &s.points[i];
        assert_true(p->band_low <= p->cold_probability && p->cold_probability <= p->band_high);
        assert_true(p->low <= p->cold_share && p->cold_share <= p->high);
        assert_true(p->wilson_low <= p->cold_share && p->cold_share <= p->wilson_high);
    }
    const struct cp_idle_law_fit *step = &s.laws.fits[CP_IDLE_LAW_STEP];
    assert_string_equal(step->interval_method, "batch bootstrap");
    assert_true(step->form.at.low < 0.5 && 0.5 < step->form.at.high);
    assert_true(step->time_ms.at.low < 380e3 && 380e3 <= step->time_ms.at.high);
}

static void few_batches_are_trials_of_an_exact_band(void **state)
{
    (void)state;
    struct cp_idle_batch batches[40];
    struct cp_idle_survival s;
    const struct cp_idle_options options = {.n_refits = REFITS, .seed = 3};
    size_t n = step_batches(CP_IDLE_BATCHES_MIN - 1, 2, batches);
    cp_idle_survival_of_batches(batches, n, &options, &s);
    assert_int_equal(s.status, CP_OK);
    for (size_t i = 0; i < s.n_points; i++)
        assert_int_equal(s.points[i].band_method, CP_IDLE_BAND_BATCHES);
    double low = 0;
    double high = 0;
    size_t n_cold = s.points[2].n_cold / 10;
    assert_true(n_cold > 0 && n_cold < 9);
    assert_true(cp_binomial_interval(n_cold, 9, 0.95, &low, &high));
    assert_near(s.points[2].band_low, low, 1e-9);
    assert_near(s.points[2].band_high, high, 1e-9);
    assert_string_equal(s.laws.fits[CP_IDLE_LAW_STEP].interval_method, "profile likelihood");
    assert_near(s.laws.fits[CP_IDLE_LAW_STEP].confidence, 0.95, 0);
}

static void bands_do_not_depend_on_threads_or_order(void **state)
{
    (void)state;
    struct cp_idle_batch batches[80];
    struct cp_idle_survival first;
    size_t n = step_batches(20, 5, batches);
    struct cp_idle_options options = {.n_refits = REFITS, .seed = 7, .n_threads = 1};
    cp_idle_survival_of_batches(batches, n, &options, &first);
    for (int threads = 2; threads <= 5; threads++) {
        struct cp_idle_survival s;
        options.n_threads = threads;
        cp_idle_survival_of_batches(batches, n, &options, &s);
        for (size_t i = 0; i < s.n_points; i++) {
            assert_near(s.points[i].band_low, first.points[i].band_low, 0);
            assert_near(s.points[i].band_high, first.points[i].band_high, 0);
        }
        assert_near(s.laws.fits[CP_IDLE_LAW_STEP].form.at.high,
                    first.laws.fits[CP_IDLE_LAW_STEP].form.at.high, 0);
    }
}

static void hostile_batches_are_refused(void **state)
{
    (void)state;
    static const struct {
        struct cp_idle_batch batch;
        enum cp_code status;
    } cases[] = {{{-1, 5, 1}, CP_EINVAL},    {{NAN, 5, 1}, CP_EINVAL}, {{60e3, 5, 6}, CP_EINVAL},
                 {{60e3, 0, 0}, CP_ENODATA}, {{60e3, 1, 1}, CP_OK},    {{0, 1, 0}, CP_OK}};
    const struct cp_idle_options options = {.n_refits = 50};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cp_idle_survival s;
        cp_idle_survival_of_batches(&cases[i].batch, 1, &options, &s);
        assert_int_equal(s.status, cases[i].status);
    }
}

static void laws_draw_within_what_was_measured(void **state)
{
    (void)state;
    static const double rows[][3] = {{60e3, 200, 2},    {300e3, 200, 2},   {400e3, 200, 101},
                                     {700e3, 200, 100}, {800e3, 200, 150}, {1100e3, 200, 150},
                                     {1200e3, 200, 175}};
    struct cp_idle_survival s = fit(rows, 7);
    struct cp_rng rng;
    size_t beyond = 0;
    size_t at_step = 0;
    assert_true(s.laws.choice == CP_IDLE_LAW_STEP || s.laws.choice == CP_IDLE_LAW_HALVING);
    const double t = s.laws.fits[s.laws.choice].time_ms.at.value;
    assert_true(t > 366e3 && t <= 400e3);
    cp_rng_init(&rng, 4, 0);
    for (int i = 0; i < 4000; i++) {
        double life = cp_idle_survival_draw_law_ms(&s, false, &rng);
        assert_true(life <= 1200e3 || isinf(life));
        at_step += fabs(life - t) < 1;
        beyond += isinf(life) != 0;
    }
    /* half of them at T exactly, where the NPMLE spreads them over 300 to 400 s */
    assert_near((double)at_step / 4000, 0.495, 0.03);
    assert_near((double)beyond / 4000, 0.125, 0.03);
    size_t extrapolated = 0;
    for (int i = 0; i < 4000; i++)
        extrapolated += cp_idle_survival_draw_law_ms(&s, true, &rng) > 1200e3;
    assert_near((double)extrapolated / 4000, 0.125, 0.03);
    /* without a law the NPMLE is drawn from */
    s.laws.choice = CP_IDLE_LAW_NONE;
    for (int i = 0; i < 100; i++)
        assert_true(cp_idle_survival_draw_law_ms(&s, true, &rng) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(npmle_agrees_with_r_isoreg),
        cmocka_unit_test(order_and_splitting_of_counts_do_not_matter),
        cmocka_unit_test(isotonic_fit_agrees_with_an_unweighted_regression),
        cmocka_unit_test(fit_is_monotone_and_made_of_block_means),
        cmocka_unit_test(intervals_are_clopper_pearson),
        cmocka_unit_test(separation_gives_a_threshold),
        cmocka_unit_test(probability_is_linear_between_points),
        cmocka_unit_test(probability_at_a_zero_interval_is_its_own),
        cmocka_unit_test(draws_reproduce_the_probability),
        cmocka_unit_test(samples_are_grouped_by_planned_interval),
        cmocka_unit_test(nothing_measured_is_not_enough_data),
        cmocka_unit_test(impossible_counts_are_refused),
        cmocka_unit_test(more_intervals_than_points_is_a_limit),
        cmocka_unit_test(batches_give_bands_of_their_number),
        cmocka_unit_test(few_batches_are_trials_of_an_exact_band),
        cmocka_unit_test(bands_do_not_depend_on_threads_or_order),
        cmocka_unit_test(hostile_batches_are_refused),
        cmocka_unit_test(laws_draw_within_what_was_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
