/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a report says of a run that was read from logs: traffic, the week by hour, billing, limits.
 * One week from Monday, one request a minute that is in flight at two of the four instants; on
 * Monday from 12 to 13 o'clock two at once, of which one is cold.
 */
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/digest/digest.h"
#include "reports/chart_script.h"
#include "reports/figures.h"
#include "reports/table.h"
#include "tests/reports/fixture.h"

/* 2026-10-05T00:00:00Z, a Monday */
#define MONDAY_MS INT64_C(1791158400000)
enum { MINUTES = 7 * 24 * 60, BUSY_HOUR = 12, MS_A_MINUTE = 60000 };

static void add(struct cp_digest *d, struct cp_digest_scope *scope, int minute, bool is_cold)
{
    struct cp_digest_record r = {
        .end_at_ms = MONDAY_MS + (int64_t)minute * MS_A_MINUTE + 35000,
        .duration_us = is_cold ? 29000000 : 30000000,
        .billed_us = 30000000,
        .init_us = is_cold ? 1000000 : -1,
        .restore_us = -1,
        .billed_restore_us = -1,
        .memory_size_mb = 512,
        .max_memory_used_mb = 100,
        .start = is_cold ? CP_START_COLD : CP_START_WARM,
        .outcome = CP_OUTCOME_MEASURED,
    };
    memcpy(r.request_id, &minute, sizeof minute);
    r.request_id[15] = is_cold ? 2 : 1;
    assert_int_equal(cp_digest_add(d, scope, &r, NULL), CP_OK);
}

static void make_data(struct cp_run_data *data)
{
    struct cp_digest_scope *scope = NULL;
    const struct cp_digest_name name = {cp_view_of("orders"), cp_view_of("7"), {"", 0}};
    *data = (struct cp_run_data){.run = cp_run_empty(), .digest = cp_digest_new()};
    struct cp_run *run = &data->run;
    assert_int_equal(cp_digest_scope(data->digest, &name, &scope, NULL), CP_OK);
    for (int minute = 0; minute < MINUTES; minute++) {
        add(data->digest, scope, minute, false);
        if (minute / 60 == BUSY_HOUR)
            add(data->digest, scope, minute, true);
    }
    (void)snprintf(run->id, sizeof run->id, "7f3a");
    (void)snprintf(run->function, sizeof run->function, "orders");
    (void)snprintf(run->region, sizeof run->region, "us-east-1");
    (void)snprintf(run->architecture, sizeof run->architecture, "x86_64");
    (void)snprintf(run->method, sizeof run->method, CP_RUN_IMPORT);
    (void)snprintf(run->place, sizeof run->place, "logs");
    run->started_at_ms = MONDAY_MS;
    run->ended_at_ms = MONDAY_MS + (int64_t)MINUTES * MS_A_MINUTE;
    run->original_memory_size_mb = 512;
}

static struct {
    struct cp_run_data data;
    struct cp_figures *figures;
} shared;

static int setup(void **state)
{
    struct cp_error err = {CP_OK, ""};
    make_data(&shared.data);
    if (cp_figures_new(&shared.data, &shared.figures, &err))
        fail_msg("%s", err.text);
    *state = shared.figures;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cp_figures_free(shared.figures);
    cp_run_data_clear(&shared.data);
    return 0;
}

static double cell(const char *key, size_t row)
{
    const struct cp_column *column = cp_table_column(&cp_table_week, key);
    assert_non_null(column);
    return column->cell(shared.figures, row).number.value;
}

static void the_week_has_an_hour_for_each_row(void **state)
{
    (void)state;
    assert_int_equal(cp_table_week.n_rows(shared.figures), 168);
    for (size_t row = 0; row < 168; row++) {
        bool is_busy = row == BUSY_HOUR;
        assert_true(cell("n_minutes", row) == 60);
        assert_true(cell("hour_utc", row) == (double)(row % 24));
        assert_true(cell("arrivals_per_minute", row) == (is_busy ? 2 : 1));
        assert_true(cell("in_flight_max", row) == (is_busy ? 2 : 1));
        assert_true(fabs(cell("mean_concurrency", row) - (is_busy ? 1 : 0.5)) < 1e-9);
        assert_true(cell("cold_share_ratio", row) == (is_busy ? 0.5 : 0));
    }
}

static void sentences_say_the_same(void **state)
{
    (void)state;
    struct cp_buf out;
    cp_buf_init(&out, 4096);
    cp_traffic_text(shared.figures, &out);
    assert_non_null(strstr(cp_buf_str(&out), "arrivals a minute: mean 1.01, most 2 (2026-10-05 "
                                             "12:00 UTC)"));
    assert_non_null(strstr(cp_buf_str(&out), "max 2"));
    cp_buf_reset(&out);
    cp_coverage_text(shared.figures, &out);
    assert_non_null(strstr(cp_buf_str(&out), "covers 168 hours"));
    assert_null(strstr(cp_buf_str(&out), "gap"));
    cp_buf_reset(&out);
    cp_eras_text(shared.figures, &out);
    assert_string_equal(cp_buf_str(&out), "init billed for 60 of 60 cold starts since 2025-08-01");
    cp_buf_reset(&out);
    cp_failures_text(shared.figures, &out);
    assert_int_equal(out.n, 0);
    cp_buf_clear(&out);
}

static void the_terminal_has_it_in_80_columns(void **state)
{
    (void)state;
    struct cp_buf out;
    struct cp_view line;
    cp_buf_init(&out, 1U << 16);
    cp_report_text(shared.figures, &(struct cp_text_style){.width = 80}, &out);
    assert_non_null(strstr(cp_buf_str(&out), "records 10,140 = measured 10,140 + failed 0"));
    assert_non_null(strstr(cp_buf_str(&out), "warning W023"));
    assert_null(strstr(cp_buf_str(&out), "planned"));
    struct cp_view rest = cp_buf_view(&out);
    while (cp_view_split(&rest, '\n', &line))
        assert_true(cp_text_columns(line) < 80);
    cp_buf_clear(&out);
}

static void the_chart_matches_its_golden(void **state)
{
    (void)state;
    struct cp_buf out;
    cp_buf_init(&out, 1U << 16);
    assert_true(cp_chart_has_data(shared.figures, CP_CHART_WEEK));
    cp_chart_script(shared.figures, CP_CHART_WEEK, &out);
    fixture_check_golden("week.gp", &out);
    cp_buf_clear(&out);
}

static void the_page_says_how_the_numbers_came(void **state)
{
    (void)state;
    static const char *const said[] = {"id=\"traffic\"",
                                       "id=\"table-week\"",
                                       "id=\"table-eras\"",
                                       "no designed experiment",
                                       "More records than are kept",
                                       "<summary>The week by hour</summary>"};
    struct cp_buf out;
    cp_buf_init(&out, 4U << 20);
    cp_report_html(shared.figures, NULL, &out);
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        if (!strstr(cp_buf_str(&out), said[i]))
            fail_msg("the page lacks '%s'", said[i]);
    }
    assert_null(strstr(cp_buf_str(&out), "interleaved"));
    assert_true(out.n < 400000);
    cp_buf_clear(&out);
}

/* A sweep has none of it. */
static void a_sweep_says_nothing_of_traffic(void **state)
{
    (void)state;
    struct cp_buf out;
    cp_buf_init(&out, 4U << 20);
    struct cp_figures *f = fixture_shared(&(struct fixture_options){0});
    assert_false(cp_figures_has_week(f));
    cp_report_json(f, &out);
    assert_null(strstr(cp_buf_str(&out), "\"traffic\""));
    cp_buf_reset(&out);
    cp_report_html(f, NULL, &out);
    assert_null(strstr(cp_buf_str(&out), "id=\"traffic\""));
    cp_buf_clear(&out);
    (void)fixture_shared_free(NULL);
}

/* 400 warm requests of 20 ms, 8 that the timeout of 3 s ended; 90 cold, 10 of them ended. */
static void timeouts_of_histograms_are_above_and_whole(void **state)
{
    (void)state;
    struct cp_run_data data = {.run = cp_run_empty(), .digest = cp_digest_new()};
    struct cp_digest_scope *scope = NULL;
    const struct cp_digest_name name = {cp_view_of("orders"), cp_view_of("7"), {"", 0}};
    assert_int_equal(cp_digest_scope(data.digest, &name, &scope, NULL), CP_OK);
    for (int i = 0; i < 508; i++) {
        bool is_cold = i >= 408;
        bool is_timeout = (i >= 400 && i < 418);
        struct cp_digest_record r = {
            .end_at_ms = MONDAY_MS + i,
            .duration_us = is_timeout ? 3000000 : 20000,
            .billed_us = (is_timeout ? 3000000 : 20000) + (is_cold ? 100000 : 0),
            .init_us = is_cold ? 100000 : -1,
            .restore_us = -1,
            .billed_restore_us = -1,
            .memory_size_mb = 512,
            .max_memory_used_mb = 100,
            .start = is_cold ? CP_START_COLD : CP_START_WARM,
            .outcome = is_timeout ? CP_OUTCOME_TIMEOUT : CP_OUTCOME_MEASURED,
        };
        memcpy(r.request_id, &i, sizeof i);
        r.request_id[15] = 1;
        assert_int_equal(cp_digest_add(data.digest, scope, &r, NULL), CP_OK);
    }
    (void)snprintf(data.run.region, sizeof data.run.region, "us-east-1");
    (void)snprintf(data.run.method, sizeof data.run.method, CP_RUN_IMPORT);
    struct cp_error err = {CP_OK, ""};
    struct cp_figures *f = NULL;
    if (cp_figures_new(&data, &f, &err))
        fail_msg("%s", err.text);
    const struct cp_size_figures *s = &f->sizes[0];
    assert_int_equal(s->n_warm, 408);
    assert_int_equal(s->n_cold, 100);
    assert_int_equal(s->n_warm_timeout, 8);
    assert_int_equal(s->n_cold_timeout, 10);
    assert_true(s->timeout_ms == 3000);
    assert_true(isfinite(s->warm_ms[399]) && isinf(s->warm_ms[400]) && isinf(s->warm_ms[407]));
    assert_true(isfinite(s->cold_ms[89]) && isinf(s->cold_ms[90]));
    for (size_t i = 0; i < 100; i++) {
        assert_true(fabs(s->init_ms[i] - 100) < 0.5);
        assert_true(fabs(s->pair_init_ms[i] - 100) < 0.5);
    }
    assert_true(s->warm_p95.value < 21 && isinf(s->warm_p99.value));
    double mean_ms = (400 * 20 + 8 * 3000) / 408.0;
    assert_true(fabs(s->usd_per_million.value - (0.2 + 16.6667 * mean_ms / 1000 / 2)) < 1e-3);
    cp_figures_free(f);
    cp_run_data_clear(&data);
}

/* Histograms feed the same models: warm durations of 3 + 9 / share ms, share = memory / 1,769 MB,
 * from 10 % below to 10 % above. */
static void a_law_over_memory_is_fitted_to_histograms(void **state)
{
    (void)state;
    static const int sizes_mb[] = {256, 512, 1024};
    struct cp_run_data data = {.run = cp_run_empty(), .digest = cp_digest_new()};
    struct cp_digest_scope *scope = NULL;
    const struct cp_digest_name name = {cp_view_of("orders"), cp_view_of("7"), {"", 0}};
    assert_int_equal(cp_digest_scope(data.digest, &name, &scope, NULL), CP_OK);
    for (int i = 0; i < 603; i++) {
        int mb = sizes_mb[i % 3];
        double ms = (3 + 9 * 1769.0 / mb) * (0.9 + 0.001 * (i / 3));
        struct cp_digest_record r = {
            .end_at_ms = MONDAY_MS + i,
            .duration_us = (int64_t)(ms * 1000),
            .billed_us = (int64_t)(ms * 1000),
            .init_us = -1,
            .restore_us = -1,
            .billed_restore_us = -1,
            .memory_size_mb = mb,
            .max_memory_used_mb = 100,
            .start = CP_START_WARM,
            .outcome = CP_OUTCOME_MEASURED,
        };
        memcpy(r.request_id, &i, sizeof i);
        r.request_id[15] = 1;
        assert_int_equal(cp_digest_add(data.digest, scope, &r, NULL), CP_OK);
    }
    (void)snprintf(data.run.region, sizeof data.run.region, "us-east-1");
    (void)snprintf(data.run.method, sizeof data.run.method, CP_RUN_IMPORT);
    struct cp_error err = {CP_OK, ""};
    struct cp_figures *f = NULL;
    if (cp_figures_new(&data, &f, &err))
        fail_msg("%s", err.text);
    struct cp_interval v = cp_memory_law_predict(&f->laws[CP_SERIES_WARM][CP_LAW_P50], 832);
    double truth = 3 + 9 * 1769.0 / 832;
    assert_true(fabs(v.value / truth - 1) < 0.01 && v.low <= truth && truth <= v.high);
    assert_int_equal(f->pools[CP_SERIES_WARM][CP_TAIL_P99].n_groups, 3);
    cp_figures_free(f);
    cp_run_data_clear(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_week_has_an_hour_for_each_row),
        cmocka_unit_test(sentences_say_the_same),
        cmocka_unit_test(the_terminal_has_it_in_80_columns),
        cmocka_unit_test(the_chart_matches_its_golden),
        cmocka_unit_test(the_page_says_how_the_numbers_came),
        cmocka_unit_test(timeouts_of_histograms_are_above_and_whole),
        cmocka_unit_test(a_law_over_memory_is_fitted_to_histograms),
        cmocka_unit_test(a_sweep_says_nothing_of_traffic),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
