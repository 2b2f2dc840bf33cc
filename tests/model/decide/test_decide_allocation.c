/* SPDX-License-Identifier: GPL-3.0-or-later
 * Simulation and decision with failing allocations. Linked with --wrap: the model's malloc, calloc
 * and realloc come here. Leaks are the sanitizer's to find.
 */
#include "model/compare/comparison.h"
#include "model/compare/trend.h"
#include "model/decide/modelled_answer.h"
#include "model/decide/modelled_size.h"
#include "model/decide/optimize.h"
#include "model/decide/pool_curve.h"
#include "model/decide/pool_sim.h"
#include "tests/model/scarce_memory.h"
#include "tests/test.h"

#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double second_ms[] = {1000};

/* Calls `run` with 0, 1, 2 ... allocations allowed until it succeeds; returns how often it failed.
 */
static int count_refusals(enum cp_code (*run)(struct cp_error *err))
{
    for (int refused = 0; refused < 1000; refused++) {
        struct cp_error err = {0};
        allocations_left = refused;
        enum cp_code code = run(&err);
        allocations_left = -1;
        if (code == CP_OK)
            return refused;
        assert_int_equal(code, CP_ENOMEM);
        assert_non_null(strstr(err.text, "memory")); /* "out of memory", "no memory for ..." */
    }
    return -1;
}

static enum cp_code simulate_growing_pool(struct cp_error *err)
{
    struct cp_pool_law law = {.ms = second_ms, .n = 1};
    struct cp_histogram latency = {0};
    struct cp_pool_hour hours[CP_ARRIVALS_HOURS];
    /* more than the first capacities, also of requests that wait */
    struct cp_pool_options o = {.arrivals = {.per_s = 700, .burst = 20, .burst_gap_ms = 500},
                                .cold = law,
                                .warm = law,
                                .lifetime = law,
                                .limit = 500,
                                .retry = {500, 500, 60e3},
                                .horizon_ms = 3e3,
                                .replications = 2,
                                .latency_us = &latency,
                                .by_hour = hours,
                                .seed = 1};
    struct cp_pool_result r;
    enum cp_code code = cp_pool_simulate(&o, &r, err);
    cp_histogram_clear(&latency);
    return code;
}

static void simulation_says_that_memory_is_short(void **state)
{
    (void)state;
    /* simulations, metrics, levels, heaps, four arrays of slots, hours, histograms, and their
     * growth */
    assert_in_range(count_refusals(simulate_growing_pool), 15, 200);
}

static enum cp_code make_curve(struct cp_error *err)
{
    struct cp_pool_law law = {.ms = second_ms, .n = 1};
    const struct cp_pool_curve_options o = {.pool = {.arrivals = {.per_s = 700},
                                                     .cold = law,
                                                     .warm = law,
                                                     .lifetime = law,
                                                     .horizon_ms = 3e3,
                                                     .replications = 2},
                                            .n_max = 10,
                                            .is_by_hour = true};
    struct cp_pool_curve curve;
    enum cp_code code = cp_pool_curve_make(&o, &curve, err);
    cp_pool_curve_clear(&curve);
    return code;
}

static void the_curve_says_that_memory_is_short(void **state)
{
    (void)state;
    /* simulations, numbers, bits, heaps and their growth; points, numbers, scratch */
    assert_in_range(count_refusals(make_curve), 15, 100);
}

static enum cp_code decide(struct cp_error *err)
{
    static const double warm_ms[] = {10, 11, 12};
    static const double cold_ms[] = {100, 110, 120};
    static struct cp_decision decision;
    struct cp_size_data size = {.memory_size_mb = 512,
                                .architecture = "arm64",
                                .init_ms = cold_ms,
                                .cold_handler_ms = warm_ms,
                                .n_cold = 3,
                                .warm_ms = warm_ms,
                                .n_warm = 3,
                                .max_memory_used_mb = -1};
    struct cp_optimize_input in = {.sizes = &size,
                                   .n_sizes = 1,
                                   .budget_q = 0.5,
                                   .budget_ms = 50,
                                   .current_memory_mb = -1,
                                   .unreserved_concurrency = -1};
    assert_int_equal(cp_price_find("us-east-1", "arm64", &size.price, NULL), CP_OK);
    return cp_optimize(&in, &decision, err);
}

/* Three sizes of which 768 MB would be the better answer; no traffic, so that nothing is simulated.
 */
static enum cp_code name_a_size(struct cp_error *err)
{
    static double init_ms[60];
    static double ms[3][60];
    static struct cp_size_data sizes[3];
    static struct cp_decision decision;
    const struct cp_price_book *price = NULL;
    assert_int_equal(cp_price_find("us-east-1", "arm64", &price, NULL), CP_OK);
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 60; k++) {
            ms[i][k] = 200 + 100.0 / (1 << i) + k / 10.0;
            init_ms[k] = 10;
        }
        sizes[i] = (struct cp_size_data){.memory_size_mb = 512 << i,
                                         .architecture = "arm64",
                                         .price = price,
                                         .init_ms = init_ms,
                                         .cold_handler_ms = ms[i],
                                         .n_cold = 60,
                                         .warm_ms = ms[i],
                                         .n_warm = 60,
                                         .max_memory_used_mb = -1};
    }
    struct cp_optimize_input in = {.sizes = sizes,
                                   .n_sizes = 3,
                                   .budget_q = 0.95,
                                   .budget_ms = 285,
                                   .current_memory_mb = -1,
                                   .unreserved_concurrency = -1};
    enum cp_code code = cp_optimize(&in, &decision, err);
    if (!code)
        code = cp_modelled_answer_find(&in, &decision, err);
    if (!code)
        assert_string_not_equal(decision.modelled, "");
    return code;
}

static void naming_a_size_says_that_memory_is_short(void **state)
{
    (void)state;
    assert_in_range(count_refusals(name_a_size), 20, 400);
}

static void decision_says_that_memory_is_short(void **state)
{
    (void)state;
    assert_in_range(count_refusals(decide), 8, 100);
}

static enum cp_code model_a_size(struct cp_error *err)
{
    static double ms[3][60];
    static struct cp_size_data sizes[3];
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 60; k++)
            ms[i][k] = 1000.0 / (i + 1) + k;
        sizes[i] = (struct cp_size_data){.memory_size_mb = 512 * (i + 1),
                                         .init_ms = ms[i],
                                         .cold_handler_ms = ms[i],
                                         .n_cold = 60,
                                         .warm_ms = ms[i],
                                         .n_warm = 60,
                                         .max_memory_used_mb = -1};
    }
    struct cp_size_models models;
    struct cp_modelled_size made = {.values = NULL};
    cp_size_models_fit(sizes, 3, 0.95, 1, &models);
    enum cp_code code = models.status;
    if (!code)
        code = cp_modelled_size_make(&models, 768, &made);
    cp_modelled_size_clear(&made);
    cp_size_models_clear(&models);
    return code ? cp_fail(err, code, "out of memory") : CP_OK;
}

static void a_modelled_size_says_that_memory_is_short(void **state)
{
    (void)state;
    assert_in_range(count_refusals(model_a_size), 4, 200);
}

/* Traffic, so that what would change the decision is searched for, too: thousands of allocations,
 * of which some fail, ever farther apart. */
static enum cp_code decide_under_traffic(struct cp_error *err)
{
    static double warm_ms[100];
    static double cold_ms[100];
    static struct cp_decision decision;
    for (size_t i = 0; i < 100; i++) {
        warm_ms[i] = 10 + 0.01 * (double)i;
        cold_ms[i] = 100 + 0.1 * (double)i;
    }
    struct cp_size_data size = {.memory_size_mb = 512,
                                .architecture = "arm64",
                                .init_ms = cold_ms,
                                .cold_handler_ms = warm_ms,
                                .n_cold = 100,
                                .warm_ms = warm_ms,
                                .n_warm = 100,
                                .max_memory_used_mb = -1};
    struct cp_demand demand = cp_demand_of_rate(1);
    struct cp_optimize_input in = {.sizes = &size,
                                   .n_sizes = 1,
                                   .budget_q = 0.5,
                                   .budget_ms = 50,
                                   .demand = &demand,
                                   .simulated_requests = 500,
                                   .current_memory_mb = -1,
                                   .unreserved_concurrency = -1};
    assert_int_equal(cp_price_find("us-east-1", "arm64", &size.price, NULL), CP_OK);
    return cp_optimize(&in, &decision, err);
}

static void a_decision_under_traffic_says_that_memory_is_short(void **state)
{
    (void)state;
    int n_failed = 0;
    for (int allowed = 0;; allowed += 1 + allowed / 3) {
        struct cp_error err = {0};
        allocations_left = allowed;
        enum cp_code code = decide_under_traffic(&err);
        allocations_left = -1;
        if (code == CP_OK)
            break;
        assert_int_equal(code, CP_ENOMEM);
        assert_non_null(strstr(err.text, "out of memory"));
        n_failed++;
    }
    assert_in_range(n_failed, 10, 40);
}

enum { NIGHTS = 40 };

/* Of two levels, so that there is a change to keep. */
static void fill_nights(struct cp_trend_value *values)
{
    for (int i = 0; i < NIGHTS; i++) {
        double ms = (i < NIGHTS / 2 ? 200 : 260) + (i % 3);
        values[i] = (struct cp_trend_value){i, {ms, ms - 5, ms + 5}, 100};
    }
}

static const struct cp_trend_options usual = {.effect = NAN, .effect_ms = NAN};

static enum cp_code judge_nights(struct cp_error *err)
{
    struct cp_trend_value values[NIGHTS];
    struct cp_trend_night out[NIGHTS];
    fill_nights(values);
    return cp_trend_judge(values, NIGHTS, NULL, 0, &usual, out, err);
}

static enum cp_code find_lasting_changes(struct cp_error *err)
{
    struct cp_trend_value values[NIGHTS];
    struct cp_trend_changes found;
    fill_nights(values);
    enum cp_code code = cp_trend_changes_find(values, NIGHTS, &usual, &found, err);
    free(found.changes);
    return code;
}

static void nights_say_that_memory_is_short(void **state)
{
    (void)state;
    assert_int_equal(count_refusals(judge_nights), 3);
    assert_in_range(count_refusals(find_lasting_changes), 4, 20);
}

/* Two sizes, with unlike numbers of values: a table of weights for each. */
static enum cp_code compare_runs(struct cp_error *err)
{
    static const double base_ms[] = {100, 101, 102, 103, 104, 105, 106, 107};
    static const double new_ms[] = {120, 121, 122, 123, 124, 125};
    const struct cp_comparison_series series[] = {
        {CP_TIMING_INIT, 128, base_ms, new_ms, 8, 6},
        {CP_TIMING_INIT, 256, base_ms, new_ms, 7, 5},
    };
    const struct cp_comparison_options options = {
        .effect = NAN, .effect_ms = NAN, .n_resamples = 40};
    struct cp_comparison comparison;
    enum cp_code code = cp_comparison_make(series, 2, &options, &comparison, err);
    cp_comparison_clear(&comparison);
    return code;
}

static void a_comparison_says_that_memory_is_short(void **state)
{
    (void)state;
    assert_in_range(count_refusals(compare_runs), 15, 60);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(simulation_says_that_memory_is_short),
        cmocka_unit_test(the_curve_says_that_memory_is_short),
        cmocka_unit_test(decision_says_that_memory_is_short),
        cmocka_unit_test(a_decision_under_traffic_says_that_memory_is_short),
        cmocka_unit_test(a_modelled_size_says_that_memory_is_short),
        cmocka_unit_test(naming_a_size_says_that_memory_is_short),
        cmocka_unit_test(nights_say_that_memory_is_short),
        cmocka_unit_test(a_comparison_says_that_memory_is_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
