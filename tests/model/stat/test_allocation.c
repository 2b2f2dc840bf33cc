/* SPDX-License-Identifier: GPL-3.0-or-later
 * The model with failing allocations. Linked with --wrap: the model's malloc and calloc come here.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/stat/bootstrap.h"
#include "model/stat/dist_choice.h"
#include "model/stat/idle_survival.h"
#include "model/stat/memory_law.h"
#include "model/stat/memory_regression.h"
#include "model/stat/memory_tail.h"
#include "model/stat/nls.h"
#include "model/stat/quantile.h"
#include "model/stat/quantile_regression.h"
#include "model/stat/sort.h"
#include "model/stat/tail_pool.h"
#include "tests/model/scarce_memory.h"
#include "tests/test.h"

static void sort_works_without_scratch_memory(void **state)
{
    (void)state;
    double x[1000];
    for (size_t i = 0; i < 1000; i++)
        x[i] = (double)((i * 617) % 1000);
    allocations_left = 0;
    cp_sort(x, 1000);
    allocations_left = -1;
    for (size_t i = 0; i < 1000; i++)
        assert_near(x[i], (double)i, 0);
}

static void selection_says_that_memory_is_short(void **state)
{
    (void)state;
    static double x[40000];
    static const double qs[] = {0.5, 0.99};
    for (size_t i = 0; i < 40000; i++)
        x[i] = (double)((i * 617) % 40000);
    int limit = 0;
    for (double out[2] = {NAN, NAN}; isnan(out[0]); limit++) {
        allocations_left = limit;
        cp_quantiles_unsorted(x, 40000, qs, 2, 8, out);
        allocations_left = -1;
        assert_int_equal(isnan(out[0]), isnan(out[1]));
        assert_true(isnan(out[0]) || (out[0] > 19998 && out[0] < 20001));
    }
    /* two arrays of ranks and one for the values at least */
    assert_in_range(limit, 4, 10);
}

static void law_says_that_memory_is_short_and_leaks_nothing(void **state)
{
    (void)state;
    static const double values[] = {8, 9, 10, 11, 12, 13};
    enum { SIZES = 8 }; /* enough for the nonlinear fit of an exponent */
    struct cp_memory_group groups[SIZES];
    int refused = 0;
    for (size_t i = 0; i < SIZES; i++)
        groups[i] =
            (struct cp_memory_group){.memory_size_mb = 64 << i, .sorted_ms = values, .n = 6};
    for (int limit = 0; limit < 100; limit++) {
        struct cp_memory_law law;
        allocations_left = limit;
        cp_memory_law_fit(groups, SIZES, &(struct cp_memory_law_options){.q = 0.5}, &law);
        allocations_left = -1;
        if (law.status == CP_OK)
            break;
        assert_int_equal(law.status, CP_ENOMEM);
        assert_true(isnan(law.a_ms));
        refused++;
    }
    assert_in_range(refused, 1, 20);
}

/* Durations that follow memory, 80 at each of four sizes. */
enum { SCARCE_SIZES = 4, SCARCE_N = 80 };
static void make_groups(struct cp_memory_group groups[SCARCE_SIZES],
                        double values[SCARCE_SIZES][SCARCE_N])
{
    for (size_t i = 0; i < SCARCE_SIZES; i++) {
        for (size_t j = 0; j < SCARCE_N; j++)
            values[i][j] = (double)(800 >> i) + (double)j;
        groups[i] = (struct cp_memory_group){
            .memory_size_mb = 128 << i, .sorted_ms = values[i], .n = SCARCE_N};
    }
}

static void tail_says_that_memory_is_short_and_leaks_nothing(void **state)
{
    (void)state;
    struct cp_memory_group groups[SCARCE_SIZES];
    double values[SCARCE_SIZES][SCARCE_N];
    int refused = 0;
    make_groups(groups, values);
    for (int limit = 0; limit < 100; limit++) {
        struct cp_memory_tail tail;
        allocations_left = limit;
        cp_memory_tail_fit(groups, SCARCE_SIZES,
                           &(struct cp_memory_tail_options){.q = 0.99, .bootstrap_reps = 40},
                           &tail);
        allocations_left = -1;
        bool is_fitted = tail.status == CP_OK;
        cp_memory_tail_clear(&tail);
        if (is_fitted)
            break;
        assert_int_equal(tail.status, CP_ENOMEM);
        assert_true(isnan(tail.tail_ms.value));
        refused++;
    }
    assert_in_range(refused, 3, 30);
}

static void regression_says_that_memory_is_short_and_leaks_nothing(void **state)
{
    (void)state;
    struct cp_memory_group groups[SCARCE_SIZES];
    double values[SCARCE_SIZES][SCARCE_N];
    int refused = 0;
    make_groups(groups, values);
    for (int limit = 0; limit < 100; limit++) {
        struct cp_memory_regression fit;
        allocations_left = limit;
        cp_memory_regression_fit(groups, SCARCE_SIZES,
                                 &(struct cp_memory_regression_options){.q = 0.9}, &fit);
        allocations_left = -1;
        if (fit.status == CP_OK)
            break;
        assert_int_equal(fit.status, CP_ENOMEM);
        assert_true(isnan(fit.check_loss));
        refused++;
    }
    assert_in_range(refused, 3, 30);
}

static void prediction_without_memory_has_no_interval(void **state)
{
    (void)state;
    static const double values[] = {8, 9, 10, 11, 12, 13};
    double scaled[4][6];
    struct cp_memory_group groups[4];
    struct cp_memory_law law;
    for (size_t i = 0; i < 4; i++) {
        for (size_t j = 0; j < 6; j++)
            scaled[i][j] = values[j] * (double)(8 >> i);
        groups[i] =
            (struct cp_memory_group){.memory_size_mb = 128 << i, .sorted_ms = scaled[i], .n = 6};
    }
    cp_memory_law_fit(groups, 4, &(struct cp_memory_law_options){.q = 0.5, .keep_refits = true},
                      &law);
    assert_int_equal(law.kind, CP_MEMORY_LAW_INVERSE);
    allocations_left = 0;
    struct cp_interval at = cp_memory_law_predict(&law, 512);
    allocations_left = -1;
    assert_true(at.value > 0 && isnan(at.low) && isnan(at.high));
    at = cp_memory_law_predict(&law, 512);
    assert_true(at.low < at.value && at.value < at.high);
    cp_memory_law_clear(&law);
}

static void count_first(const void *context, const uint32_t *counts, size_t n, void *scratch,
                        double *out)
{
    (void)context;
    (void)n;
    (void)scratch;
    *out = counts[0];
}

static void bootstrap_without_memory_says_so(void **state)
{
    (void)state;
    double replicates[40] = {0};
    struct cp_error err = {0};
    const struct cp_bootstrap_sample sample = {.n = 4};
    const struct cp_bootstrap_options options = {.reps = 40};
    allocations_left = 0;
    enum cp_code code =
        cp_bootstrap_statistic(&sample, &options, count_first, NULL, replicates, &err);
    allocations_left = -1;
    assert_int_equal(code, CP_ENOMEM);
    assert_non_null(strstr(err.text, "40 replicates"));
    assert_int_equal(cp_bootstrap_statistic(&sample, &options, count_first, NULL, replicates, &err),
                     CP_OK);
}

static void pooled_tails_say_that_memory_is_short(void **state)
{
    (void)state;
    static const double values[] = {8, 9, 10, 11, 12, 13, 14, 15};
    struct cp_tail_group groups[4];
    struct cp_tail tails[4];
    struct cp_tail_pool pool;
    int refused = 0;
    for (size_t i = 0; i < 4; i++)
        groups[i] = (struct cp_tail_group){.sorted_ms = values, .n = 8};
    for (int limit = 0; limit < 100; limit++) {
        allocations_left = limit;
        cp_tail_pool_fit(groups, 4, &(struct cp_tail_options){.q = 0.9}, &pool, tails);
        allocations_left = -1;
        if (pool.status == CP_OK)
            break;
        assert_int_equal(pool.status, CP_ENOMEM);
        assert_int_equal(tails[3].status, CP_ANSWER_NONE);
        assert_true(isnan(tails[3].estimate.value));
        refused++;
    }
    assert_in_range(refused, 1, 20);
    assert_true(tails[3].is_pooled);
}

/* Small: all rows at once. Large: sample, band, and errors. */
static void quantile_regression_says_that_memory_is_short(void **state)
{
    (void)state;
    enum { N = CP_QUANTILE_REGRESSION_DIRECT + 100 };
    static double x[N];
    static double y[N];
    static const size_t sizes[] = {20, N};
    for (size_t i = 0; i < N; i++) {
        x[i] = (double)(i % 97);
        y[i] = x[i] + (double)((i * 617) % 1000);
    }
    for (size_t s = 0; s < 2; s++) {
        int refused = 0;
        for (int limit = 0; limit < 200; limit++) {
            struct cp_quantile_regression fit;
            allocations_left = limit;
            cp_quantile_regression_fit(
                &(struct cp_regression_rows){.n = sizes[s], .y = y, .x = {x}, .n_regressors = 1},
                &(struct cp_quantile_regression_options){.q = 0.6,
                                                         .errors = CP_REGRESSION_ERRORS_IID},
                &fit);
            allocations_left = -1;
            if (fit.status == CP_OK && isfinite(fit.standard_errors[1]))
                break;
            assert_true(fit.status == CP_ENOMEM || fit.status == CP_OK);
            assert_int_equal(isnan(fit.coefficients[0]), fit.status != CP_OK);
            assert_true(isnan(fit.standard_errors[1]));
            refused++;
        }
        assert_in_range(refused, 5, 60);
    }
}

static void line_through_origin(const void *context, const double *b, double *fitted)
{
    (void)context;
    for (size_t i = 0; i < 4; i++)
        fitted[i] = b[0] * (double)i;
}

static void least_squares_say_that_memory_is_short(void **state)
{
    (void)state;
    static const double y[] = {0, 1.1, 1.9, 3};
    struct cp_nls fit;
    allocations_left = 0;
    cp_nls_fit(&(struct cp_nls_problem){.n = 4, .p = 1, .y = y, .model = line_through_origin},
               y + 1, 1, &fit);
    allocations_left = -1;
    assert_int_equal(fit.status, CP_ENOMEM);
    assert_true(isnan(fit.parameters[0]));
}

/* The mixture of two log-normals and the test of what was chosen need memory; the rest does not. */
static void choice_of_a_law_says_that_memory_is_short(void **state)
{
    (void)state;
    enum { N = 120 };
    double sorted[N];
    int refused = 0;
    for (size_t i = 0; i < N; i++)
        sorted[i] = exp(((double)i + 1) / N) + (i < N / 2 ? 0 : 10);
    for (int limit = 0; limit < 2000; limit += limit < 8 ? 1 : 60) {
        struct cp_dist_choice choice;
        allocations_left = limit;
        cp_dist_choose(sorted, N, &(struct cp_goodness_options){.reps = 99}, &choice);
        allocations_left = -1;
        assert_int_equal(choice.status, CP_OK);
        if (choice.tested == CP_DIST_LOGNORMAL_MIXTURE && !choice.goodness.status)
            break;
        assert_true(choice.fits[CP_DIST_LOGNORMAL_MIXTURE].status == CP_ENOMEM ||
                    choice.goodness.status == CP_ENOMEM || choice.goodness.status == CP_ENUMERIC);
        refused++;
    }
    assert_in_range(refused, 3, 1000);
}

static void idle_survival_says_that_memory_is_short(void **state)
{
    (void)state;
    const struct cp_idle_batch batches[] = {{60e3, 4, 0}, {60e3, 4, 1}, {300e3, 4, 4}};
    const struct cp_idle_options options = {.n_refits = 40};
    struct cp_idle_survival s;
    int limit = 0;
    do {
        allocations_left = limit;
        cp_idle_survival_of_batches(batches, 3, &options, &s);
        allocations_left = -1;
        if (s.status) {
            assert_int_equal(s.status, CP_ENOMEM);
            assert_int_equal(s.n_points, 0);
            assert_true(isnan(cp_idle_survival_cold_probability(&s, 60e3, NULL)));
        }
    } while (s.status && ++limit < 10);
    assert_in_range(limit, 2, 9);
}

static void idle_batches_say_that_memory_is_short(void **state)
{
    (void)state;
    struct cp_sample probe = cp_sample_planned(CP_CELL_IDLE, 128);
    struct cp_idle_batch *batches = NULL;
    size_t n = 0;
    enum cp_code code;
    int limit = 0;
    probe.idle_interval_ms = 60e3;
    probe.outcome = CP_OUTCOME_MEASURED;
    probe.start = CP_START_WARM;
    do {
        struct cp_error err;
        allocations_left = limit;
        code = cp_idle_batches_of_samples(&probe, 1, &batches, &n, &err);
        allocations_left = -1;
        assert_int_equal(n, code ? 0 : 1);
    } while (code == CP_ENOMEM && ++limit < 10);
    assert_int_equal(code, CP_OK);
    assert_int_equal(limit, 2);
    free(batches);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sort_works_without_scratch_memory),
        cmocka_unit_test(selection_says_that_memory_is_short),
        cmocka_unit_test(law_says_that_memory_is_short_and_leaks_nothing),
        cmocka_unit_test(tail_says_that_memory_is_short_and_leaks_nothing),
        cmocka_unit_test(regression_says_that_memory_is_short_and_leaks_nothing),
        cmocka_unit_test(prediction_without_memory_has_no_interval),
        cmocka_unit_test(bootstrap_without_memory_says_so),
        cmocka_unit_test(least_squares_say_that_memory_is_short),
        cmocka_unit_test(quantile_regression_says_that_memory_is_short),
        cmocka_unit_test(pooled_tails_say_that_memory_is_short),
        cmocka_unit_test(choice_of_a_law_says_that_memory_is_short),
        cmocka_unit_test(idle_survival_says_that_memory_is_short),
        cmocka_unit_test(idle_batches_say_that_memory_is_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
