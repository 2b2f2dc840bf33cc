/* SPDX-License-Identifier: GPL-3.0-or-later
 * The stop rule (METHODS 1.4) and what a size is said to be able to do.
 */
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "profiler/sweep/cells.h"

struct fixture {
    struct cp_sweep_settings settings;
    struct cp_plan plan;
    struct cp_cells cells;
};

static void begin(struct fixture *f, int max_cold, int max_warm, double tail_q)
{
    *f = (struct fixture){.settings = {.memory_mb = {128, 512},
                                       .n_memory = 2,
                                       .max_cold = max_cold,
                                       .max_warm = max_warm,
                                       .cold_per_batch = 2,
                                       .warm_per_batch = 2}};
    const struct cp_cells_options options = {
        .precision_p50 = 0.05, .precision_p95 = 0.10, .tail_q = tail_q, .cannot_run_after = 4};
    assert_int_equal(cp_plan_make(&f->settings, &f->plan, NULL), CP_OK);
    assert_int_equal(cp_cells_init(&f->cells, &f->plan, &f->settings, &options, NULL), CP_OK);
}

static void end(struct fixture *f)
{
    cp_cells_clear(&f->cells);
    cp_plan_clear(&f->plan);
}

enum { COLD_128, WARM_128, COLD_512, WARM_512 };

static bool add(struct fixture *f, int64_t cell, enum cp_outcome outcome, double ms)
{
    bool is_closed = false;
    if (!f->plan.cells)
        return false;
    const struct cp_cell_result *of = &f->plan.cells[cell];
    struct cp_sample s = cp_sample_planned(of->kind, of->memory_size_mb);
    s.cell = cell;
    s.outcome = outcome;
    s.start = of->kind == CP_CELL_COLD ? CP_START_COLD : CP_START_WARM;
    s.init_duration_ms = of->kind == CP_CELL_COLD ? ms / 2 : NAN;
    s.duration_ms = of->kind == CP_CELL_COLD ? ms / 2 : ms;
    (void)snprintf(s.note, sizeof s.note, "as told");
    assert_int_equal(cp_cells_add(&f->cells, &s, &is_closed, NULL), CP_OK);
    return is_closed;
}

static void looks_are_at_60_times_1_5_to_the_k(void **state)
{
    (void)state;
    static const size_t looks[] = {60, 90, 135, 203, 304, 456, 684};
    for (int k = 0; k < 7; k++)
        assert_int_equal(cp_cells_look(k), looks[k]);
}

/* 60 values have no p95 interval (72 needed), so the second look is the first that can stop. */
static void a_constant_cell_stops_at_the_first_look_with_a_p95_interval(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f, 135, 0, 0.95);
    for (int i = 1; i <= 90; i++)
        assert_int_equal(add(&f, COLD_128, CP_OUTCOME_MEASURED, 100), i == 90);
    assert_false(cp_cells_is_open(&f.cells, COLD_128));
    assert_true(cp_cells_is_open(&f.cells, COLD_512));
    end(&f);
}

static void a_constant_cell_that_wants_no_precision_takes_all(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f, 135, 0, 0.95);
    f.cells.options.precision_p50 = f.cells.options.precision_p95 = 0;
    for (int i = 1; i <= 135; i++)
        assert_false(add(&f, COLD_128, CP_OUTCOME_MEASURED, 100));
    end(&f);
}

/* Between looks nothing is decided, however good it is. */
static void a_wide_cell_stays_open(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f, 300, 0, 0.95);
    for (int i = 0; i < 300; i++)
        assert_false(add(&f, COLD_128, CP_OUTCOME_MEASURED, 50 + i % 100));
    assert_true(cp_cells_is_open(&f.cells, COLD_128));
    end(&f);
}

static void the_tail_asked_for_decides_where_the_limit_allows_it(void **state)
{
    static const struct {
        double tail_q;
        int max_warm;
        int closes_at; /* 0: stays open */
    } rows[] = {
        {0.99, 456, 456},                                  /* p99 needs 368: the look at 456 */
        {NAN, 456, 456},                                   /* no budget: p99 */
        {0.99, 367, 90},                                   /* out of reach: p50 and p95 decide */
        {0.95, 456, 90},  {0.50, 456, 90}, {0.99, 400, 0}, /* no look between 368 and 400 */
    };
    (void)state;
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        struct fixture f;
        int closed_at = 0;
        begin(&f, 0, rows[r].max_warm, rows[r].tail_q);
        for (int i = 1; i <= rows[r].max_warm && !closed_at; i++)
            closed_at = add(&f, WARM_512, CP_OUTCOME_MEASURED, 5) ? i : 0;
        assert_int_equal(closed_at, rows[r].closes_at);
        end(&f);
    }
}

/* A timeout counts as "above": with more than 5 % of them p95 has no finite bound. */
static void timeouts_count_as_above(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f, 200, 0, 0.95);
    for (int i = 0; i < 190; i++)
        assert_false(add(&f, COLD_128, i % 10 ? CP_OUTCOME_MEASURED : CP_OUTCOME_TIMEOUT, 100));
    cp_cells_finish(&f.cells, &f.plan, CP_STOP_NOT_DONE);
    assert_true(f.cells.cells[COLD_128].result.precision_p50 <= 0.05);
    assert_true(isnan(f.cells.cells[COLD_128].result.precision_p95));
    end(&f);
}

static void other_failures_are_not_values(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f, 200, 0, 0.95);
    assert_false(add(&f, COLD_128, CP_OUTCOME_MEASURED, 100));
    for (int i = 0; i < 150; i++)
        assert_false(add(&f, COLD_128, i % 2 ? CP_OUTCOME_ERROR : CP_OUTCOME_UNKNOWN, 100));
    assert_int_equal(f.cells.cells[COLD_128].n, 1);
    end(&f);
}

static void a_size_cannot_run_after_failures_without_a_success(void **state)
{
    static const struct {
        enum cp_outcome outcomes[6];
        bool cannot_run;
    } rows[] = {
        {{CP_OUTCOME_OUT_OF_MEMORY, CP_OUTCOME_TIMEOUT, CP_OUTCOME_INIT_FAILED, CP_OUTCOME_ERROR,
          CP_OUTCOME_ERROR, CP_OUTCOME_ERROR},
         true},
        {{CP_OUTCOME_MEASURED, CP_OUTCOME_TIMEOUT, CP_OUTCOME_TIMEOUT, CP_OUTCOME_TIMEOUT,
          CP_OUTCOME_TIMEOUT, CP_OUTCOME_TIMEOUT},
         false},
        {{CP_OUTCOME_THROTTLED, CP_OUTCOME_UNKNOWN, CP_OUTCOME_THROTTLED, CP_OUTCOME_UNKNOWN,
          CP_OUTCOME_THROTTLED, CP_OUTCOME_UNKNOWN},
         false},
    };
    (void)state;
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        struct fixture f;
        begin(&f, 50, 50, 0.95);
        for (size_t i = 0; i < 6; i++)
            (void)add(&f, COLD_128, rows[r].outcomes[i], 100);
        assert_int_equal(cp_cells_size(&f.cells, 128)->cannot_run, rows[r].cannot_run);
        assert_int_equal(cp_cells_is_open(&f.cells, WARM_128), !rows[r].cannot_run);
        assert_true(cp_cells_is_open(&f.cells, WARM_512));
        end(&f);
    }
}

static void open_cells_end_with_the_reason_of_the_rest(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f, 2, 2, 0.95);
    for (size_t i = 0; i < f.plan.n_samples; i++) {
        if (f.plan.samples[i].cell == COLD_128)
            f.plan.samples[i].outcome = CP_OUTCOME_MEASURED;
    }
    cp_cells_finish(&f.cells, &f.plan, CP_STOP_BUDGET);
    struct cp_cell_result results[4];
    cp_cells_results(&f.cells, results);
    assert_int_equal(results[COLD_128].stop, CP_STOP_MAX_SAMPLES);
    assert_int_equal(results[WARM_512].stop, CP_STOP_BUDGET);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(looks_are_at_60_times_1_5_to_the_k),
        cmocka_unit_test(a_constant_cell_stops_at_the_first_look_with_a_p95_interval),
        cmocka_unit_test(a_constant_cell_that_wants_no_precision_takes_all),
        cmocka_unit_test(a_wide_cell_stays_open),
        cmocka_unit_test(the_tail_asked_for_decides_where_the_limit_allows_it),
        cmocka_unit_test(timeouts_count_as_above),
        cmocka_unit_test(other_failures_are_not_values),
        cmocka_unit_test(a_size_cannot_run_after_failures_without_a_success),
        cmocka_unit_test(open_cells_end_with_the_reason_of_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
