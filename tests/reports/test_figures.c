/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/figures.h"
#include "tests/reports/fixture.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static struct cp_figures *figures_of(const struct cp_run_data *data)
{
    struct cp_error err = {.text = ""};
    struct cp_figures *f = NULL;
    if (cp_figures_new(data, &f, &err) != CP_OK)
        fail_msg("%s", err.text);
    return f;
}

static bool has_warning(const struct cp_figures *f, const char *id)
{
    for (size_t i = 0; i < f->n_warnings; i++) {
        if (strcmp(f->warnings[i].id, id) == 0)
            return true;
    }
    return false;
}

static void samples_are_grouped_by_memory_and_only_usable_ones_count(void **state)
{
    (void)state;
    struct cp_run_data data;
    fixture_data(&(struct fixture_options){0}, &data);
    struct cp_figures *f = figures_of(&data);
    static const int memory[] = {128, 256, 512, 1024, 1769, 3008};
    assert_int_equal(f->n_sizes, 6);
    for (size_t i = 0; i < 6; i++) {
        const struct cp_size_figures *s = &f->sizes[i];
        assert_int_equal(s->memory_size_mb, memory[i]);
        assert_int_equal(s->n_cold, i == 0 ? 0 : 120);
        assert_int_equal(s->n_warm, i == 0 ? 0 : 150);
        assert_int_equal(s->n_excluded, memory[i] == 1024 ? 2 : 0);
        assert_int_equal(s->n_failed, i == 0 ? 3 : memory[i] == 512 ? 1 : 0);
        assert_int_equal(s->cannot_run, i == 0);
        for (size_t k = 1; k < s->n_cold; k++)
            assert_true(s->init_ms[k] >= s->init_ms[k - 1] && s->cold_ms[k] >= s->cold_ms[k - 1]);
    }
    assert_int_equal(f->n_mismatched, 2);
    assert_true(cp_accounting_holds(&f->accounting));
    assert_int_equal(f->accounting.planned, data.n_samples);
    assert_int_equal(f->accounting.unknown, 2); /* lost, and sent without an answer */
    cp_figures_free(f);
    cp_run_data_clear(&data);
}

/* A cell that was precise enough, or a search that ended by itself, needed less than was planned:
 * that is no loss. */
static void what_was_not_needed_is_said(void **state)
{
    (void)state;
    static const struct {
        enum cp_cell_kind kind;
        enum cp_stop_reason stop;
        const char *idle_end;
        bool is_interrupted, is_said;
    } rows[] = {
        {CP_CELL_PRIME, CP_STOP_MAX_SAMPLES, "bracket reached", false, true},
        {CP_CELL_IDLE, CP_STOP_MAX_SAMPLES, "bracket reached", true, false},
        {CP_CELL_IDLE, CP_STOP_MAX_SAMPLES, "", false, false},
        {CP_CELL_COLD, CP_STOP_PRECISION, "", false, true},
        {CP_CELL_COLD, CP_STOP_COST, "bracket reached", false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cp_run_data data;
        struct cp_buf text;
        fixture_data(&(struct fixture_options){0}, &data);
        for (size_t k = 0; k < data.n_samples; k++) {
            if (data.samples[k].outcome != CP_OUTCOME_NOT_SENT)
                continue;
            data.samples[k].kind = rows[i].kind;
            data.samples[k].memory_size_mb = data.cells[0].memory_size_mb;
        }
        data.cells[0].kind = CP_CELL_COLD;
        data.cells[0].stop = rows[i].stop;
        (void)snprintf(data.run.idle_end, sizeof data.run.idle_end, "%s", rows[i].idle_end);
        data.run.is_interrupted = rows[i].is_interrupted;
        struct cp_figures *f = figures_of(&data);
        cp_buf_init(&text, 4096);
        cp_accounting_text(f, &text);
        bool is_said = strstr(cp_buf_str(&text), "not sent 1 (not needed)") != NULL;
        assert_int_equal(is_said, rows[i].is_said);
        cp_buf_clear(&text);
        cp_figures_free(f);
        cp_run_data_clear(&data);
    }
}

/* Four cold samples of known values at one size: every statistic by hand. */
static void cold_total_is_init_plus_first_run_of_the_same_environment(void **state)
{
    (void)state;
    struct cp_sample samples[4];
    static const double init[] = {100, 300, 200, 400};
    static const double handler[] = {50, 10, 40, 20};
    for (int i = 0; i < 4; i++) {
        samples[i] = cp_sample_planned(CP_CELL_COLD, 512);
        samples[i].outcome = CP_OUTCOME_MEASURED;
        samples[i].start = CP_START_COLD;
        samples[i].init_duration_ms = init[i];
        samples[i].duration_ms = handler[i];
        samples[i].billed_duration_ms = init[i] + handler[i];
        samples[i].max_memory_used_mb = 128;
    }
    struct cp_run_data data = {.run = cp_run_empty(), .samples = samples, .n_samples = 4};
    (void)snprintf(data.run.region, sizeof data.run.region, "us-east-1");
    (void)snprintf(data.run.architecture, sizeof data.run.architecture, "x86_64");
    struct cp_figures *f = figures_of(&data);
    const struct cp_size_figures *s = &f->sizes[0];
    static const double cold[] = {150, 240, 310, 420};
    for (int i = 0; i < 4; i++) {
        assert_true(s->cold_ms[i] == cold[i]);
        assert_true(s->pair_init_ms[i] == init[i] && s->pair_handler_ms[i] == handler[i]);
    }
    assert_int_equal(s->cold_p95.status, CP_ANSWER_TOO_FEW);
    assert_true(fabs(s->headroom_ratio - 0.75) < 1e-12);
    /* us-east-1 x86_64: 0.0000166667 USD per GB-second, 0.20 per million requests */
    double mean_gb_s = (150 + 310 + 240 + 420) / 4.0 / 1000 * 0.5;
    assert_true(fabs(s->usd_per_million_cold - (0.2 + 16.6667 * mean_gb_s)) < 1e-3);
    assert_true(isnan(s->usd_per_million.value)); /* no warm sample */
    cp_figures_free(f);
}

/* 59 warm of 10 ms, one of which the timeout of 3 s ended; 6 cold, of which two had an init. */
static void timeouts_are_above_in_quantiles_and_whole_in_costs(void **state)
{
    (void)state;
    enum { WARM = 59, COLD = 6 };
    struct cp_sample samples[WARM + COLD];
    for (int i = 0; i < WARM + COLD; i++) {
        bool is_warm = i < WARM;
        struct cp_sample *s = &samples[i];
        *s = cp_sample_planned(is_warm ? CP_CELL_WARM : CP_CELL_COLD, 1024);
        s->outcome = i == 7 || i >= WARM + 3 ? CP_OUTCOME_TIMEOUT : CP_OUTCOME_MEASURED;
        s->start = is_warm ? CP_START_WARM : CP_START_COLD;
        s->duration_ms = s->outcome == CP_OUTCOME_TIMEOUT ? 3000 : 10;
        s->init_duration_ms = is_warm || i == WARM + 5 ? NAN : 100;
        s->billed_duration_ms = s->duration_ms + (is_warm ? 0 : 100);
    }
    struct cp_run_data data = {.run = cp_run_empty(), .samples = samples, .n_samples = WARM + COLD};
    (void)snprintf(data.run.region, sizeof data.run.region, "us-east-1");
    (void)snprintf(data.run.architecture, sizeof data.run.architecture, "x86_64");
    struct cp_figures *f = figures_of(&data);
    const struct cp_size_figures *s = &f->sizes[0];
    assert_int_equal(s->n_warm, WARM);
    assert_int_equal(s->n_cold, COLD - 1); /* where init is not known it is no cold start */
    assert_int_equal(s->n_warm_timeout, 1);
    assert_int_equal(s->n_cold_timeout, 2);
    assert_int_equal(s->n_failed, 4);
    assert_int_equal(f->accounting.failed, 4);
    assert_true(s->timeout_ms == 3000);
    assert_true(isinf(s->warm_ms[WARM - 1]) && s->warm_ms[WARM - 2] == 10);
    assert_true(s->init_ms[4] == 100 && isinf(s->cold_handler_ms[3]) && isinf(s->cold_ms[4]));
    assert_true(s->warm_p50.value == 10 && s->warm_p50.high == 10);
    assert_int_equal(s->warm_p95.status, CP_ANSWER_UPPER_ONLY); /* n = 59 */
    assert_true(isinf(s->warm_p95.upper));
    double mean_ms = (58 * 10 + 3000) / 59.0;
    assert_true(fabs(s->usd_per_million.value - (0.2 + 16.6667 * mean_ms / 1000)) < 1e-3);
    assert_true(has_warning(f, "W032"));
    struct cp_buf out;
    cp_buf_init(&out, 1U << 20);
    cp_report_json(f, &out);
    assert_non_null(strstr(cp_buf_str(&out), "\"n_warm_timeout\": 1,"));
    assert_non_null(
        strstr(cp_buf_str(&out), "\"upper_ms\": null,\n        \"is_at_timeout\": true"));
    assert_null(strstr(cp_buf_str(&out), "inf"));
    cp_buf_reset(&out);
    cp_report_text(f, &(struct cp_text_style){.width = 80}, &out);
    assert_non_null(strstr(cp_buf_str(&out), "<=timeout"));
    cp_buf_clear(&out);
    cp_figures_free(f);
}

/* The widest is named; a timeout as upper end is told in words. */
static void a_quantile_between_two_modes_is_told_with_its_ends(void **state)
{
    (void)state;
    struct cp_figures *f = fixture_shared(&(struct fixture_options){0});
    struct cp_buf out;
    cp_buf_init(&out, 1U << 10);
    assert_false(cp_mode_edge_text(f, &out));
    struct cp_estimate *cold = &f->sizes[2].cold_p95;
    struct cp_estimate *init = &f->sizes[3].init_p95;
    *cold = (struct cp_estimate){.is_mode_edge = true, .low = 61, .high = 278};
    assert_true(cp_mode_edge_text(f, &out));
    assert_string_equal(cp_buf_str(&out),
                        "cold p95 at 512 MB lies between two modes: 61.0 ms to 278 ms");
    cp_buf_reset(&out);
    *init = (struct cp_estimate){.is_mode_edge = true, .low = 61, .high = INFINITY};
    cp_figures_warn(f);
    assert_true(has_warning(f, "W008"));
    assert_true(cp_mode_edge_text(f, &out));
    assert_string_equal(cp_buf_str(&out),
                        "init p95 at 1,024 MB lies between two modes: 61.0 ms to the timeout (2 "
                        "quantiles do, this one most)");
    cp_buf_clear(&out);
    (void)fixture_shared_free(NULL);
}

static const struct cp_warning *warning_of(const struct cp_figures *f, const char *id)
{
    size_t i = 0;
    while (i < f->n_warnings && strcmp(f->warnings[i].id, id) != 0)
        i++;
    assert_true(i < f->n_warnings);
    return &f->warnings[i];
}

static void models_that_do_not_hold_are_warned_about(void **state)
{
    (void)state;
    struct cp_figures *f = fixture_shared(&(struct fixture_options){0});
    static const char *const ids[] = {"W016", "W033", "W034"};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        assert_false(has_warning(f, ids[i]));
    struct cp_memory_law *law = &f->laws[CP_SERIES_WARM][CP_LAW_P95];
    law->is_lack_of_fit = true;
    law->lack_of_fit = 4.5;
    f->pools[CP_SERIES_COLD][CP_TAIL_P99].is_heterogeneous = true;
    f->pools[CP_SERIES_COLD][CP_TAIL_P99].p_value = 0.001;
    f->sizes[1].tails[CP_SERIES_COLD][CP_TAIL_P99].status = CP_ANSWER_TOO_FEW;
    for (size_t i = 3; i < f->n_sizes; i++)
        f->sizes[i].cannot_run = true;
    cp_figures_warn(f);
    assert_string_equal(warning_of(f, "W016")->text,
                        "warm p95 does not follow a + b * 1024 / min(m, cap): off by 4.5 standard "
                        "errors");
    assert_non_null(
        strstr(warning_of(f, "W033")->text, "tails of cold starts differ (p = 0.00100)"));
    assert_string_equal(warning_of(f, "W033")->advice,
                        "sweep with --cold 299, so that each size has its own");
    assert_non_null(strstr(warning_of(f, "W034")->text, "2 memory sizes: no law over memory"));
    (void)fixture_shared_free(NULL);
}

static void a_run_without_samples_or_prices_is_refused(void **state)
{
    (void)state;
    struct cp_run_data data;
    struct cp_error err = {.text = ""};
    struct cp_figures *f = NULL;
    fixture_data(&(struct fixture_options){0}, &data);
    (void)snprintf(data.run.region, sizeof data.run.region, "mars-north-1");
    assert_int_equal(cp_figures_new(&data, &f, &err), CP_ENOTFOUND);
    assert_null(f);
    assert_non_null(strstr(err.text, "mars-north-1"));
    data.n_samples = 0;
    assert_int_equal(cp_figures_new(&data, &f, &err), CP_EINVAL);
    assert_null(f);
    cp_run_data_clear(&data);
}

static void warnings_name_what_happened_worst_first(void **state)
{
    (void)state;
    struct cp_run_data data;
    fixture_data(&(struct fixture_options){.is_local = true}, &data);
    data.run.is_interrupted = true;
    struct cp_figures *f = figures_of(&data);
    static const char *const expected[] = {"W001", "W002", "W003", "W004", "W005", "W010", "W012"};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        assert_true(has_warning(f, expected[i]));
    assert_string_equal(f->warnings[0].id, "W001");
    for (size_t i = 0; i < f->n_warnings; i++)
        assert_true(f->warnings[i].text[0] && f->warnings[i].advice[0]);
    cp_figures_free(f);
    cp_run_data_clear(&data);
}

/* W007 is for a setting that costs less than the answer and lacks nothing but samples. */
static void few_samples_are_warned_about_where_they_could_change_the_answer(void **state)
{
    (void)state;
    struct cp_run_data data;
    fixture_data(&(struct fixture_options){0}, &data);
    struct cp_figures *f = fixture_figures(&data);
    const struct cp_candidate *answer = cp_figures_candidate(f, cp_figures_recommended(f));
    assert_non_null(answer);
    cp_figures_warn(f);
    assert_false(has_warning(f, "W007"));
    struct cp_candidate *c = &f->decision.candidates[0];
    c->latency_status = CP_ANSWER_TOO_FEW;
    c->meets_budget = false;
    c->may_meet_budget = c->cold_decides = true;
    c->n_needed = 299;
    c->usd_per_month.value = answer->usd_per_month.value / 2;
    cp_figures_warn(f);
    assert_true(has_warning(f, "W007"));
    c->usd_per_month.value = answer->usd_per_month.value * 2;
    cp_figures_warn(f);
    assert_false(has_warning(f, "W007"));
    cp_figures_free(f);
    cp_run_data_clear(&data);
}

static void tight_memory_is_warned_about(void **state)
{
    (void)state;
    struct cp_run_data data;
    fixture_data(&(struct fixture_options){0}, &data);
    for (size_t i = 0; i < data.n_samples; i++) {
        if (data.samples[i].memory_size_mb == 256)
            data.samples[i].max_memory_used_mb = 240;
    }
    struct cp_figures *f = figures_of(&data);
    assert_true(has_warning(f, "W006"));
    cp_figures_free(f);
    cp_run_data_clear(&data);
}

static void a_clean_run_has_no_alarm(void **state)
{
    (void)state;
    struct cp_run_data data;
    fixture_data(&(struct fixture_options){0}, &data);
    size_t n = 0;
    for (size_t i = 0; i < data.n_samples; i++) {
        const struct cp_sample *s = &data.samples[i];
        if (cp_sample_is_usable(s) && s->memory_size_mb != 128)
            data.samples[n++] = *s;
    }
    data.n_samples = n;
    data.n_cells = 0;
    struct cp_figures *f = figures_of(&data);
    static const char *const absent[] = {"W001", "W002", "W003", "W004", "W005", "W006",
                                         "W007", "W008", "W010", "W011", "W012"};
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++)
        assert_false(has_warning(f, absent[i]));
    cp_figures_free(f);
    cp_run_data_clear(&data);
}

static void snapstart_rows_use_restore_and_say_so(void **state)
{
    (void)state;
    struct cp_run_data data;
    fixture_data(&(struct fixture_options){0}, &data);
    for (size_t i = 0; i < data.n_samples; i++) {
        struct cp_sample *s = &data.samples[i];
        if (s->kind != CP_CELL_COLD || s->start != CP_START_COLD)
            continue;
        s->start = CP_START_SNAPSTART;
        s->restore_duration_ms = s->init_duration_ms;
        s->init_duration_ms = NAN;
    }
    struct cp_figures *f = figures_of(&data);
    assert_int_equal(f->sizes[2].n_cold, 120);
    assert_true(has_warning(f, "W011"));
    cp_figures_free(f);
    cp_run_data_clear(&data);
}

static void interleaving_is_read_from_the_data(void **state)
{
    (void)state;
    struct cp_run_data data;
    fixture_data(&(struct fixture_options){0}, &data);
    struct cp_figures *f = figures_of(&data);
    assert_true(cp_figures_is_interleaved(f));
    cp_figures_free(f);
    size_t n = 0; /* one block per size */
    for (int mb = 256; mb <= 512; mb *= 2) {
        for (int i = 0; i < 100; i++) {
            data.samples[n] = cp_sample_planned(CP_CELL_WARM, mb);
            data.samples[n].outcome = CP_OUTCOME_MEASURED;
            data.samples[n].start = CP_START_WARM;
            data.samples[n].duration_ms = 10 + i;
            data.samples[n++].billed_duration_ms = 10 + i;
        }
    }
    data.n_samples = n;
    data.n_cells = 0;
    f = figures_of(&data);
    assert_false(cp_figures_is_interleaved(f));
    cp_figures_free(f);
    cp_run_data_clear(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_are_grouped_by_memory_and_only_usable_ones_count),
        cmocka_unit_test(what_was_not_needed_is_said),
        cmocka_unit_test(cold_total_is_init_plus_first_run_of_the_same_environment),
        cmocka_unit_test(timeouts_are_above_in_quantiles_and_whole_in_costs),
        cmocka_unit_test(a_quantile_between_two_modes_is_told_with_its_ends),
        cmocka_unit_test(models_that_do_not_hold_are_warned_about),
        cmocka_unit_test(a_run_without_samples_or_prices_is_refused),
        cmocka_unit_test(warnings_name_what_happened_worst_first),
        cmocka_unit_test(few_samples_are_warned_about_where_they_could_change_the_answer),
        cmocka_unit_test(tight_memory_is_warned_about),
        cmocka_unit_test(a_clean_run_has_no_alarm),
        cmocka_unit_test(snapstart_rows_use_restore_and_say_so),
        cmocka_unit_test(interleaving_is_read_from_the_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
