/* SPDX-License-Identifier: GPL-3.0-or-later
 * The list of histories: the worst state of the newest night, and a table that fits.
 */
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "reports/format.h"
#include "reports/history_list.h"

enum { NIGHTS = 40, METRICS = 2, TEXT_MAX = 64 * 1024 };
#define DAY_MS INT64_C(86400000)

static const struct cp_trend_options ordinary = {.effect = NAN, .effect_ms = NAN};

/* Two metrics for 40 nights; the second is `factor` times slower on the last `n_last` ones. */
static struct cp_history make(size_t n_last, double factor)
{
    static struct cp_night_metric metrics[NIGHTS][METRICS];
    static struct cp_night nights[NIGHTS];
    for (size_t i = 0; i < NIGHTS; i++) {
        bool is_changed = i + n_last >= NIGHTS;
        for (size_t k = 0; k < METRICS; k++) {
            double ms = 200 + (double)(i % 3) * (k ? 1.0 : 2.0);
            ms *= k == 1 && is_changed ? factor : 1;
            metrics[i][k] = (struct cp_night_metric){
                {CP_TIMING_INIT, cp_metric_quantiles[k], 512}, {ms, 0.98 * ms, 1.02 * ms}, 100};
        }
        nights[i] = cp_night_empty();
        nights[i].started_at_ms = (int64_t)i * DAY_MS;
        nights[i].metrics = metrics[i];
        nights[i].n_metrics = METRICS;
    }
    return (struct cp_history){.nights = nights, .n_nights = NIGHTS};
}

static void the_state_is_the_worst_of_the_newest_night(void **state)
{
    (void)state;
    static const struct {
        size_t n_last;
        double factor;
        size_t n_nights;
        enum cp_trend_state state;
        const char *metric;
    } rows[] = {
        {0, 1, 3, CP_TREND_LEARNING, "512MB/init-p50"},
        {0, 1, NIGHTS, CP_TREND_STEADY, "512MB/init-p50"},
        {10, 1.5, NIGHTS, CP_TREND_REGRESSED, "512MB/init-p95"},
        {1, 1.5, NIGHTS, CP_TREND_SUSPECT, "512MB/init-p95"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cp_history history = make(rows[i].n_last, rows[i].factor);
        struct cp_history_listed row = {.n_nights = rows[i].n_nights};
        history.n_nights = rows[i].n_nights;
        assert_int_equal(cp_history_listed_judge(&history, &ordinary, &row, NULL), CP_OK);
        assert_int_equal(row.state, rows[i].state);
        assert_string_equal(row.metric, rows[i].metric);
        assert_false(row.is_accepted);
    }
}

/* A metric that has never had its interval is no steady one. */
static void what_is_not_judged_is_not_steady(void **state)
{
    (void)state;
    struct cp_history history = make(0, 1);
    struct cp_history_listed row = {.n_nights = 3};
    history.n_nights = 3;
    for (size_t i = 0; i < history.n_nights; i++) {
        struct cp_night_metric *p95 = &history.nights[i].metrics[1];
        p95->ms.low = NAN;
        p95->ms.high = NAN;
        p95->n = 20;
    }
    assert_int_equal(cp_history_listed_judge(&history, &ordinary, &row, NULL), CP_OK);
    assert_int_equal(row.state, CP_TREND_LEARNING);
}

static void what_was_accepted_after_the_newest_night_is_said(void **state)
{
    (void)state;
    struct cp_history history = make(10, 1.5);
    struct cp_night_acceptance acceptance = {.at_ms = (NIGHTS - 1) * DAY_MS - 1};
    struct cp_history_listed row = {.n_nights = NIGHTS};
    history.acceptances = &acceptance;
    history.n_acceptances = 1;
    assert_int_equal(cp_history_listed_judge(&history, &ordinary, &row, NULL), CP_OK);
    assert_false(row.is_accepted); /* of the night before, which was as slow */
    acceptance.at_ms++;
    assert_int_equal(cp_history_listed_judge(&history, &ordinary, &row, NULL), CP_OK);
    assert_true(row.is_accepted);
}

static void no_nights_are_no_state(void **state)
{
    (void)state;
    struct cp_history none = {.n_nights = 0};
    struct cp_history_listed row = {.first_ms = -1, .last_ms = -1};
    struct cp_buf out;
    cp_buf_init(&out, TEXT_MAX);
    assert_int_equal(cp_history_listed_judge(&none, &ordinary, &row, NULL), CP_OK);
    cp_history_list_json(&row, 1, &out);
    cJSON *json = cJSON_ParseWithLength(out.p, out.n);
    const cJSON *item = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "histories"), 0);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(item, "state")));
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(item, "first_at")));
    cJSON_Delete(json);
    cp_buf_clear(&out);
}

static const struct cp_history_listed listed[] = {
    {.key = {"orders-api:live", "AWS account ...1234", "eu-west-1", "arm64"},
     .n_nights = 365,
     .first_ms = 0,
     .last_ms = 364 * DAY_MS,
     .state = CP_TREND_REGRESSED,
     .is_accepted = true,
     .metric = "1024MB/init-p95"},
    {.key = {"a|b,\x1b[31m\xe2\x80\xae", "local server", "us-east-1", "x86_64"},
     .n_nights = 1,
     .first_ms = 0,
     .last_ms = 0,
     .state = CP_TREND_LEARNING,
     .metric = "128MB/init-p50"},
};

static void a_table_fits_and_keeps_what_matters(void **state)
{
    (void)state;
    /* columns of the longest cells and the gaps of 2 between them, and one that stays free */
    enum { NAME = 35, PLACE = 19, COUNT = 6, DAY = 10, STATE = 19, METRIC = 15, GAP = 2 };
    enum { LEAST = NAME + GAP + COUNT + GAP + STATE + 1 };
    enum { MOST = LEAST + GAP + PLACE + GAP + DAY + GAP + METRIC }; /* all but the first day */
    for (int width = LEAST; width <= 2 * LEAST; width++) {
        const struct cp_text_style style = {false, width};
        struct cp_buf out;
        cp_buf_init(&out, TEXT_MAX);
        cp_history_list_text(listed, 2, &style, &out);
        const char *text = cp_buf_str(&out);
        assert_non_null(strstr(text, "orders-api:live@eu-west-1/arm64"));
        assert_non_null(strstr(text, "regressed, accepted"));
        assert_null(strchr(text, '\x1b'));
        assert_null(strstr(text, "\xe2\x80\xae"));
        assert_int_equal(strstr(text, "1024MB/init-p95") != NULL, width >= MOST);
        assert_int_equal(strstr(text, "  first") != NULL, width >= MOST + GAP + DAY);
        struct cp_view rest = cp_buf_view(&out);
        struct cp_view line;
        while (cp_view_split(&rest, '\n', &line)) {
            assert_true(cp_text_columns(line) < (size_t)width);
            assert_true(line.n == 0 || line.p[line.n - 1] != ' ');
        }
        cp_buf_clear(&out);
    }
}

static void other_formats_quote_what_is_foreign(void **state)
{
    (void)state;
    struct cp_buf out;
    cp_buf_init(&out, TEXT_MAX);
    cp_history_list_csv(listed, 2, &out);
    assert_non_null(strstr(cp_buf_str(&out), "\norders-api:live,AWS account ...1234,eu-west-1,"
                                             "arm64,365,1970-01-01T00:00:00Z,"
                                             "1970-12-31T00:00:00Z,regressed,yes,"
                                             "1024MB/init-p95\n\"a|b,"));
    assert_null(strchr(cp_buf_str(&out), '\x1b'));
    cp_buf_reset(&out);
    cp_history_list_markdown(listed, 2, &out);
    assert_null(strstr(cp_buf_str(&out), "| a|b"));
    assert_null(strchr(cp_buf_str(&out), '\x1b'));
    cp_buf_reset(&out);
    cp_history_list_json(listed, 2, &out);
    cJSON *json = cJSON_ParseWithLength(out.p, out.n);
    const cJSON *second = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "histories"), 1);
    assert_string_equal(cJSON_GetObjectItem(second, "function")->valuestring,
                        listed[1].key.function);
    cJSON_Delete(json);
    cp_buf_clear(&out);
}

static void an_empty_list_says_how_to_begin(void **state)
{
    (void)state;
    const struct cp_text_style style = {false, 80};
    struct cp_buf out;
    cp_buf_init(&out, TEXT_MAX);
    cp_history_list_text(NULL, 0, &style, &out);
    assert_non_null(strstr(cp_buf_str(&out), "coldprof nightly"));
    cp_buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_state_is_the_worst_of_the_newest_night),
        cmocka_unit_test(what_is_not_judged_is_not_steady),
        cmocka_unit_test(what_was_accepted_after_the_newest_night_is_said),
        cmocka_unit_test(no_nights_are_no_state),
        cmocka_unit_test(a_table_fits_and_keeps_what_matters),
        cmocka_unit_test(other_formats_quote_what_is_foreign),
        cmocka_unit_test(an_empty_list_says_how_to_begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
