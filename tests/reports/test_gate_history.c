/* SPDX-License-Identifier: GPL-3.0-or-later
 * Nights made by hand. How often a rule alarms on real nights is trend.h's matter; here it is what
 * is said of a night, and that nothing which vanishes passes in silence.
 */
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/gate.h"

#define DAY_MS   86400000
#define FIRST_MS 1767225600000 /* 2026-01-01 */

enum { NIGHTS_MAX = 64, METRICS = 4 };

struct fixture {
    struct cp_history history;
    struct cp_night nights[NIGHTS_MAX];
    struct cp_night_metric metrics[NIGHTS_MAX][METRICS];
    struct cp_night_acceptance acceptances[4];
    struct cp_run_data data;
    struct cp_cell_result cells[4];
    struct cp_gates gates;
};

static const struct cp_trend_options options = {.effect = NAN, .effect_ms = NAN};

static void begin(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    f->history.nights = f->nights;
    f->history.acceptances = f->acceptances;
    f->data.run = cp_run_empty();
    f->data.cells = f->cells;
    (void)snprintf(f->data.run.id, sizeof f->data.run.id, "7f3a");
}

/* A night whose init p50 and p95 at 128 MB, and at 512 MB, are `level` times the usual ones; the
 * nights differ by 1 %. */
static struct cp_night *add_night(struct fixture *f, double level, size_t n_metrics)
{
    static const struct cp_metric_key keys[METRICS] = {{CP_TIMING_INIT, 0.50, 128},
                                                       {CP_TIMING_INIT, 0.95, 128},
                                                       {CP_TIMING_INIT, 0.50, 512},
                                                       {CP_TIMING_INIT, 0.95, 512}};
    size_t i = f->history.n_nights++;
    double ms = 200 * level * (1 + 0.01 * ((double)(i * 7 % 5) - 2) / 2);
    for (size_t k = 0; k < n_metrics; k++)
        f->metrics[i][k] =
            (struct cp_night_metric){.metric = keys[k], .ms = {ms, ms * 0.98, ms * 1.02}, .n = 100};
    f->nights[i] = (struct cp_night){.started_at_ms = FIRST_MS + (int64_t)i * DAY_MS,
                                     .metrics = f->metrics[i],
                                     .n_metrics = n_metrics};
    return &f->nights[i];
}

static void add_nights(struct fixture *f, size_t n, double level, size_t n_metrics)
{
    for (size_t i = 0; i < n; i++)
        (void)add_night(f, level, n_metrics);
}

static void judge(struct fixture *f)
{
    struct cp_error err = {CP_OK, ""};
    free(f->gates.gates);
    if (cp_gates_of_history(&f->history, &f->data, &options, &f->gates, &err))
        fail_msg("%s", err.text);
}

static void end(struct fixture *f)
{
    free(f->gates.gates);
}

static bool has_warning(const struct fixture *f, const char *id)
{
    for (size_t i = 0; i < f->gates.n_warnings; i++) {
        if (strcmp(f->gates.warnings[i].id, id) == 0)
            return true;
    }
    return false;
}

static bool says(const struct fixture *f, const char *words)
{
    struct cp_buf text;
    cp_buf_init(&text, 4096);
    cp_gates_verdict_text(&f->gates, &text);
    bool is_there = strstr(cp_buf_str(&text), words) != NULL;
    cp_buf_clear(&text);
    return is_there;
}

static void the_first_nights_say_how_many_are_missing(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f);
    add_nights(&f, 3, 1, 2);
    judge(&f);
    assert_int_equal(f.gates.n, 2);
    assert_int_equal(f.gates.n_failed, 0);
    assert_int_equal(f.gates.gates[0].state, CP_TREND_LEARNING);
    assert_int_equal(f.gates.gates[0].n_base, 2);
    assert_string_equal(f.gates.gates[0].because,
                        "learning: night 3 of 8, it is judged after 5 more");
    assert_true(says(&f, "LEARNING: night 3 of 8; 2 metrics are judged after 5 more"));
    f.metrics[2][1].ms.low = f.metrics[2][1].ms.high = NAN; /* as of a few samples, never judged */
    judge(&f);
    assert_true(says(&f, "LEARNING: night 3 of 8; 1 of 2 metrics is judged after 5 more"));
    f.metrics[2][1].ms = f.metrics[2][0].ms;
    add_nights(&f, 5, 1, 2);
    judge(&f);
    assert_string_equal(f.gates.gates[0].because, "learning: night 8 of 8, the next one is judged");
    assert_true(says(&f, "LEARNING: night 8 of 8; the next one is judged"));
    (void)add_night(&f, 1, 2);
    judge(&f);
    assert_int_equal(f.gates.gates[0].state, CP_TREND_STEADY);
    assert_true(says(&f, "NO REGRESSION: none of 2 metrics is shown to be worse"));
    end(&f);
}

/* The one that has the longest to go, whatever its place. */
static void the_newest_metric_says_how_many_are_missing(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f);
    for (int i = 0; i < 3; i++) {
        struct cp_night *night = add_night(&f, 1, METRICS);
        night->metrics += 2;
        night->n_metrics -= 2;
    }
    add_nights(&f, 2, 1, METRICS);
    judge(&f);
    assert_int_equal(f.gates.learning_night, 2);
    assert_int_equal(f.gates.learning_nights, 8);
    end(&f);
}

static void a_lasting_regression_fails_on_its_third_night_and_not_before(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f);
    add_nights(&f, 12, 1, 2);
    for (int i = 1; i <= 6; i++) {
        (void)add_night(&f, 1.3, 2);
        judge(&f);
        const struct cp_gate *gate = &f.gates.gates[1];
        char said[80];
        assert_int_equal(f.gates.n_failed, i < 3 ? 0 : 2);
        assert_int_equal(gate->fails, i >= 3);
        assert_int_equal(gate->state, i < 3 ? CP_TREND_SUSPECT : CP_TREND_REGRESSED);
        assert_true(gate->base_ms.value > 196 && gate->base_ms.value < 204);
        assert_true(gate->new_ms.value > 255);
        (void)snprintf(said, sizeof said, "worse on %d of the last 5 nights", i < 5 ? i : 5);
        assert_non_null(strstr(gate->because, said));
        if (i >= 3)
            assert_non_null(strstr(gate->because, "since 2026-01-13"));
    }
    end(&f);
}

static void one_bad_night_passes(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f);
    add_nights(&f, 12, 1, 2);
    (void)add_night(&f, 3, 2);
    judge(&f);
    assert_int_equal(f.gates.n_failed, 0);
    assert_int_equal(f.gates.gates[0].state, CP_TREND_SUSPECT);
    assert_non_null(strstr(f.gates.gates[0].because, "at least 3 raise the alarm"));
    (void)add_night(&f, 1, 2);
    judge(&f);
    assert_int_equal(f.gates.gates[0].state, CP_TREND_STEADY);
    end(&f);
}

static void an_accepted_level_passes(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f);
    add_nights(&f, 12, 1, 2);
    add_nights(&f, 4, 1.3, 2);
    judge(&f);
    assert_int_equal(f.gates.n_failed, 2);
    f.acceptances[0].at_ms = f.nights[15].started_at_ms + 1000;
    f.history.n_acceptances = 1;
    (void)add_night(&f, 1.3, 2);
    judge(&f);
    assert_int_equal(f.gates.n_failed, 0);
    end(&f);
}

static void an_unchanged_function_never_fails(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f);
    for (int i = 0; i < NIGHTS_MAX; i++) {
        (void)add_night(&f, 1, METRICS);
        judge(&f);
        assert_int_equal(f.gates.n, METRICS);
        assert_int_equal(f.gates.n_failed, 0);
        assert_int_equal(f.gates.n_warnings, 0);
    }
    end(&f);
}

static void a_metric_that_is_not_measured_is_told(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f);
    add_nights(&f, 12, 1, METRICS);
    (void)add_night(&f, 1, 2);
    judge(&f);
    assert_int_equal(f.gates.n, METRICS);
    assert_int_equal(f.gates.n_failed, 0);
    assert_true(has_warning(&f, "W050"));
    const struct cp_gate *gate = &f.gates.gates[2];
    assert_int_equal(gate->metric.memory_size_mb, 512);
    assert_int_equal(gate->verdict, CP_CHANGE_INCONCLUSIVE);
    assert_int_equal(gate->n_new, 0);
    assert_true(isnan(gate->new_ms.value));
    assert_true(gate->base_ms.value > 190);
    assert_string_equal(gate->because, "not measured tonight, last on 2026-01-12");
    /* after some nights it is no longer expected */
    add_nights(&f, 3, 1, 2);
    judge(&f);
    assert_int_equal(f.gates.n, METRICS);
    (void)add_night(&f, 1, 2);
    judge(&f);
    assert_int_equal(f.gates.n, 2);
    assert_false(has_warning(&f, "W050"));
    end(&f);
}

static void a_regression_does_not_end_by_not_being_measured(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f);
    add_nights(&f, 12, 1, METRICS);
    add_nights(&f, 4, 1.3, METRICS);
    (void)add_night(&f, 1.3, 2);
    judge(&f);
    assert_true(f.gates.gates[2].fails);
    assert_non_null(strstr(f.gates.gates[2].because, "the regression before stands"));
    end(&f);
}

/* One word for all: what fails the build goes before what is suspect. */
static void a_regression_is_named_before_what_is_suspect(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f);
    add_nights(&f, 12, 1, METRICS);
    for (int i = 0; i < 4; i++) {
        struct cp_night *night = add_night(&f, 1.3, METRICS);
        for (int k = 2; k < METRICS && i < 3; k++) /* 512 MB: on the last night alone */
            night->metrics[k].ms = f.metrics[0][k].ms;
    }
    judge(&f);
    assert_true(says(&f, "REGRESSION: 2 of 4 metrics are worse; 2 suspect"));
    end(&f);
}

static void cannot_run(struct fixture *f, int memory_size_mb)
{
    f->cells[f->data.n_cells] = (struct cp_cell_result){
        .memory_size_mb = memory_size_mb, .kind = CP_CELL_COLD, .stop = CP_STOP_CANNOT_RUN};
    (void)snprintf(f->cells[f->data.n_cells++].note, CP_SAMPLE_NOTE_MAX, "out of memory");
}

/* No chance is in it, so it needs no second night. */
static void a_size_that_cannot_run_any_more_fails_at_once(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f);
    add_nights(&f, 3, 1, METRICS); /* also while learning */
    cannot_run(&f, 512);
    f.data.run.is_local = true;
    for (int i = 0; i < 8; i++) { /* and is never forgotten */
        (void)add_night(&f, 1, 2);
        judge(&f);
        assert_false(has_warning(&f, "W050")); /* it is told already */
        assert_false(has_warning(&f, "W054")); /* and no matter of the machine's speed */
        assert_int_equal(f.gates.n, METRICS);
        assert_int_equal(f.gates.n_failed, 2);
        assert_int_equal(f.gates.gates[3].verdict, CP_CHANGE_REGRESSION);
        assert_string_equal(f.gates.gates[3].because,
                            "it ran on 2026-01-03 and cannot run now: out of memory");
    }
    f.acceptances[0].at_ms = f.nights[10].started_at_ms + 1;
    f.history.n_acceptances = 1;
    (void)add_night(&f, 1, 2);
    judge(&f);
    assert_int_equal(f.gates.n, 2);
    assert_int_equal(f.gates.n_failed, 0);
    end(&f);
}

static void a_size_that_never_ran_is_no_regression(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f);
    add_nights(&f, 12, 1, 2);
    cannot_run(&f, 512);
    judge(&f);
    assert_int_equal(f.gates.n, 2);
    assert_int_equal(f.gates.n_failed, 0);
    end(&f);
}

static void all_timeouts_are_worse_than_anything(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f);
    add_nights(&f, 12, 1, 2);
    for (int i = 0; i < 4; i++) {
        struct cp_night *night = add_night(&f, 1, 2);
        night->metrics[0].ms = (struct cp_interval){INFINITY, INFINITY, INFINITY};
    }
    judge(&f);
    assert_true(f.gates.gates[0].fails);
    assert_false(f.gates.gates[1].fails);
    end(&f);
}

static void lose_interval(struct cp_night *night, size_t metric)
{
    night->metrics[metric].ms.low = night->metrics[metric].ms.high = NAN;
    night->metrics[metric].n = 30;
}

static void too_few_samples_are_not_judged_but_told(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f);
    add_nights(&f, 12, 1, 2);
    for (int i = 0; i < 5; i++) {
        lose_interval(add_night(&f, 3, 1), 0);
        judge(&f);
        const struct cp_gate *gate = &f.gates.gates[0];
        assert_int_equal(gate->verdict, CP_CHANGE_INCONCLUSIVE);
        assert_int_equal(gate->n_new, 30);
        assert_int_equal(gate->n_needed, 6); /* 1 - 2 * 0.5^6 is above 0.95 */
        assert_false(gate->fails);
        assert_true(gate->base_ms.value > 190);
        assert_int_equal(has_warning(&f, "W052"), i < 4); /* of the last five nights */
    }
    /* nor is anything judged by them */
    (void)add_night(&f, 1, 2);
    judge(&f);
    assert_int_equal(f.gates.n_failed, 0);
    assert_int_equal(f.gates.gates[0].state, CP_TREND_STEADY);
    assert_true(f.gates.gates[0].base_ms.value < 210);
    end(&f);
}

static void a_quantile_that_never_had_an_interval_says_what_it_needs(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f);
    for (int i = 0; i < 12; i++) {
        struct cp_night *night = add_night(&f, i < 9 ? 1 : 5, 2);
        night->metrics[1].metric.q = 0.99;
        lose_interval(night, 1);
    }
    judge(&f);
    assert_false(has_warning(&f, "W052"));
    assert_true(f.gates.gates[0].fails);
    assert_false(f.gates.gates[1].fails);
    assert_string_equal(f.gates.gates[1].because,
                        "30 samples tonight, an interval of p99 needs 368");
    end(&f);
}

static void a_regression_does_not_end_by_few_samples(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f);
    add_nights(&f, 12, 1, 2);
    add_nights(&f, 4, 1.3, 2);
    lose_interval(add_night(&f, 1.3, 2), 0);
    judge(&f);
    assert_true(f.gates.gates[0].fails);
    assert_non_null(strstr(f.gates.gates[0].because, "the regression before stands"));
    end(&f);
}

static void failed_invocations_are_told(void **state)
{
    struct fixture f;
    struct cp_sample samples[3];
    (void)state;
    begin(&f);
    add_nights(&f, 2, 1, 2);
    for (int i = 0; i < 3; i++)
        samples[i] = cp_sample_planned(CP_CELL_COLD, 128);
    samples[0].outcome = CP_OUTCOME_MEASURED;
    samples[1].outcome = CP_OUTCOME_THROTTLED;
    samples[2].outcome = CP_OUTCOME_ERROR;
    f.data.samples = samples;
    f.data.n_samples = 3;
    judge(&f);
    assert_true(has_warning(&f, "W051"));
    assert_non_null(strstr(f.gates.warnings[0].text, "2 of 3 invocations"));
    end(&f);
}

static void the_effect_of_nights_is_that_of_the_newest(void **state)
{
    struct fixture f;
    double day_sd = 0;
    (void)state;
    begin(&f);
    assert_int_equal(cp_history_day_sd(&f.history, &options, &day_sd, NULL), CP_OK);
    assert_true(isnan(day_sd));
    add_nights(&f, 8, 1, 2);
    assert_int_equal(cp_history_day_sd(&f.history, &options, &day_sd, NULL), CP_OK);
    assert_true(isnan(day_sd)); /* learning */
    /* quantiles of a normal law of sd 0.1; sampling, 1 %, takes little off */
    static const double z[] = {0.366, -1.465, 0.792, 0, -0.792, 1.465, -0.366};
    begin(&f);
    for (size_t i = 0; i < 42; i++)
        add_night(&f, exp(0.1 * z[i % 7]), 2)->metrics[1].ms = f.metrics[0][1].ms;
    assert_int_equal(cp_history_day_sd(&f.history, &options, &day_sd, NULL), CP_OK);
    assert_near(day_sd, 0.1, 0.03);
    /* without an interval sampling is not known apart */
    f.nights[41].metrics[0].ms.low = f.nights[41].metrics[1].ms.low = NAN;
    assert_int_equal(cp_history_day_sd(&f.history, &options, &day_sd, NULL), CP_OK);
    assert_true(isnan(day_sd));
}

static void what_else_changed_is_told(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f);
    add_nights(&f, 3, 1, 2);
    for (int i = 0; i < 3; i++)
        (void)snprintf(f.nights[i].code_sha256, sizeof f.nights[i].code_sha256, "%s",
                       i < 2 ? "aaaa" : "bbbb");
    judge(&f);
    assert_true(has_warning(&f, "W053"));
    assert_non_null(strstr(f.gates.warnings[0].text, "code SHA-256"));
    assert_non_null(strstr(f.gates.warnings[0].advice, "it decides nothing"));
    (void)snprintf(f.nights[1].payload_sha256, sizeof f.nights[1].payload_sha256, "44136f");
    judge(&f); /* the night before knows its own, tonight's is unknown */
    assert_null(strstr(f.gates.warnings[0].text, "payload"));
    (void)snprintf(f.nights[2].payload_sha256, sizeof f.nights[2].payload_sha256, "9f86d0");
    judge(&f);
    assert_non_null(strstr(f.gates.warnings[0].text, "code SHA-256, payload SHA-256"));
    assert_non_null(strstr(f.gates.warnings[0].advice, "were not measured alike"));
    f.history.n_nights = 2;
    judge(&f);
    assert_false(has_warning(&f, "W053"));
    end(&f);
}

static void a_machine_that_may_be_slower_is_told(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f);
    add_nights(&f, 12, 1, 2);
    f.data.run.is_local = true;
    judge(&f);
    assert_false(has_warning(&f, "W054"));
    (void)add_night(&f, 2, 2);
    judge(&f);
    assert_true(has_warning(&f, "W054"));
    f.data.run.is_local = false;
    judge(&f);
    assert_false(has_warning(&f, "W054"));
    end(&f);
}

static void no_night_is_an_error(void **state)
{
    struct fixture f;
    struct cp_error err = {CP_OK, ""};
    (void)state;
    begin(&f);
    assert_int_equal(cp_gates_of_history(&f.history, &f.data, &options, &f.gates, &err), CP_EINVAL);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_nights_say_how_many_are_missing),
        cmocka_unit_test(the_newest_metric_says_how_many_are_missing),
        cmocka_unit_test(a_lasting_regression_fails_on_its_third_night_and_not_before),
        cmocka_unit_test(one_bad_night_passes),
        cmocka_unit_test(an_accepted_level_passes),
        cmocka_unit_test(an_unchanged_function_never_fails),
        cmocka_unit_test(a_metric_that_is_not_measured_is_told),
        cmocka_unit_test(a_regression_does_not_end_by_not_being_measured),
        cmocka_unit_test(a_regression_is_named_before_what_is_suspect),
        cmocka_unit_test(a_size_that_cannot_run_any_more_fails_at_once),
        cmocka_unit_test(a_size_that_never_ran_is_no_regression),
        cmocka_unit_test(all_timeouts_are_worse_than_anything),
        cmocka_unit_test(too_few_samples_are_not_judged_but_told),
        cmocka_unit_test(a_quantile_that_never_had_an_interval_says_what_it_needs),
        cmocka_unit_test(a_regression_does_not_end_by_few_samples),
        cmocka_unit_test(failed_invocations_are_told),
        cmocka_unit_test(the_effect_of_nights_is_that_of_the_newest),
        cmocka_unit_test(what_else_changed_is_told),
        cmocka_unit_test(a_machine_that_may_be_slower_is_told),
        cmocka_unit_test(no_night_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
