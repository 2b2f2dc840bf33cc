/* SPDX-License-Identifier: GPL-3.0-or-later
 * The documents of `recommend` and `frontier`.
 */
#include "reports/chart_script.h"
#include "reports/figures.h"
#include "reports/levels.h"
#include "reports/recommend.h"
#include "tests/reports/fixture.h"
#include "tests/test.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

static const struct cp_candidate *candidate(const struct cp_figures *f, size_t i)
{
    return &f->decision.candidates[i];
}

static size_t rows_of_text(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += *text == '\n' ? 1 : 0;
    return n;
}

/* Nothing is wider than the terminal, and what is piped has no escapes. */
static void lines_fit_the_terminal(void **state)
{
    (void)state;
    static const int widths[] = {40, 60, 80, 120};
    struct cp_figures *f = fixture_shared(&(struct fixture_options){0});
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        const struct cp_text_style style = {false, widths[i]};
        struct cp_buf out;
        cp_buf_init(&out, 1U << 20);
        cp_recommend_text(f, &style, &out);
        cp_frontier_text(f, true, &style, &out);
        assert_int_equal(out.failed, CP_OK);
        assert_null(memchr(out.p, '\x1b', out.n));
        struct cp_view rest = cp_buf_view(&out);
        struct cp_view line;
        while (widths[i] >= 80 && cp_view_split(&rest, '\n', &line)) {
            if (cp_text_columns(line) >= (size_t)widths[i])
                fail_msg("%d columns: '%.*s'", widths[i], (int)line.n, line.p);
        }
        cp_buf_clear(&out);
    }
}

static const cJSON *at(const cJSON *root, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(root, key);
}

/* All lines of the bill together are the month's cost of the chosen setting. */
static void the_bill_is_that_of_the_answer(void **state)
{
    (void)state;
    struct cp_figures *f = fixture_shared(&(struct fixture_options){0});
    struct cp_candidate *chosen = &f->decision.candidates[f->decision.chosen];
    const struct cp_candidate before = *chosen;
    chosen->usd_per_month.value = 7;
    chosen->bill = (struct cp_bill){{1, 2, 0, 4, 0, 0, 0, 0}};
    struct cp_buf out;
    cp_buf_init(&out, 1U << 20);
    cp_recommend_json(f, &out);
    cJSON *root = cJSON_ParseWithLength(out.p, out.n);
    assert_non_null(root);
    assert_string_equal(at(root, "command")->valuestring, "recommend");
    const cJSON *line = NULL;
    double sum = 0;
    cJSON_ArrayForEach(line, at(root, "bill_per_month")) sum += line->valuedouble;
    assert_true(fabs(sum - 7) < 1e-12);
    assert_string_equal(at(at(root, "decision"), "verdict")->valuestring,
                        cp_verdict_name(f->decision.verdict));
    assert_true(cJSON_GetArraySize(at(root, "assumptions")) >= 2);
    cJSON_Delete(root);
    cp_buf_reset(&out);
    cp_recommend_text(f, &(struct cp_text_style){false, 80}, &out);
    assert_non_null(strstr(cp_buf_str(&out), "bill of a month"));
    assert_non_null(strstr(cp_buf_str(&out), "7.00 USD"));
    assert_null(strstr(cp_buf_str(&out), "kept ready"));
    cp_buf_clear(&out);
    *chosen = before;
}

static bool is_in(const cJSON *list, const struct cp_candidate *c)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, list)
    {
        if (at(item, "memory_size_mb")->valueint == c->memory_size_mb &&
            at(item, "concurrency")->valueint == c->concurrency &&
            strcmp(at(item, "mode")->valuestring, cp_concurrency_mode_name(c->mode)) == 0)
            return true;
    }
    return false;
}

/* --all has each candidate once; without it those of the front, of now and of the answer. */
static void the_front_has_what_it_says(void **state)
{
    (void)state;
    struct cp_figures *f = fixture_shared(&(struct fixture_options){0});
    struct cp_buf out;
    cp_buf_init(&out, 4U << 20);
    size_t n = f->decision.n_candidates;
    assert_true(n > 3);
    for (int is_all = 0; is_all < 2; is_all++) {
        cp_buf_reset(&out);
        cp_frontier_json(f, is_all == 1, &out);
        cJSON *root = cJSON_ParseWithLength(out.p, out.n);
        assert_non_null(root);
        const cJSON *list = at(root, "candidates");
        double last = -1;
        const cJSON *item = NULL;
        bool is_rest = false;
        cJSON_ArrayForEach(item, list)
        {
            double usd = at(at(item, "usd_per_month"), "value")->valuedouble;
            is_rest = is_rest || usd < last; /* those that are beaten begin anew */
            last = usd;
            assert_true(is_all || !is_rest);
        }
        for (size_t i = 0; i < n; i++) {
            const struct cp_candidate *c = candidate(f, i);
            bool is_wanted =
                is_all || c->is_on_frontier || c->is_current || (int)i == f->decision.chosen;
            assert_int_equal(is_in(list, c), is_wanted);
        }
        cp_buf_reset(&out);
        cp_frontier_csv(f, is_all == 1, &out);
        assert_int_equal(rows_of_text(cp_buf_str(&out)), 1 + cJSON_GetArraySize(list));
        cJSON_Delete(root);
    }
    cp_buf_clear(&out);
}

/* A hostile name reaches neither the terminal nor Markdown as it is. */
static void foreign_text_is_harmless(void **state)
{
    (void)state;
    char names[64][200];
    size_t n = fixture_hostile_names(names, 64);
    assert_true(n > 0);
    for (size_t i = 0; i < n; i++) {
        struct cp_figures *f = fixture_shared(&(struct fixture_options){.function = names[i]});
        struct cp_buf out;
        cp_buf_init(&out, 4U << 20);
        cp_recommend_text(f, &(struct cp_text_style){false, 80}, &out);
        cp_frontier_text(f, false, &(struct cp_text_style){false, 80}, &out);
        cp_recommend_markdown(f, &out);
        cp_frontier_markdown(f, true, &out);
        assert_int_equal(out.failed, CP_OK);
        assert_null(memchr(out.p, '\x1b', out.n));
        assert_null(strstr(cp_buf_str(&out), "<script"));
        cp_buf_clear(&out);
    }
}

/* AWS's own arithmetic: 2 environments kept ready for USD 10, in use a quarter of the time, beside
 * USD 3 of duration on them and USD 2 on demand. */
static void a_level_is_split_without_rest(void **state)
{
    (void)state;
    struct cp_figures *f = fixture_shared(&(struct fixture_options){0});
    struct cp_decision *d = &f->decision;
    const struct cp_decision before = *d;
    const struct cp_level none = {.n = 0,
                                  .utilization = NAN,
                                  .cold_share = {0.05, 0.04, 0.06},
                                  .usd_per_month = {9, 8, 10},
                                  .bill = {{1, 8, 0, 0, 0, 0, 0, 0}}};
    const struct cp_level two = {.n = 2,
                                 .utilization = 0.25,
                                 .cold_share = {0, 0, 1e-4},
                                 .usd_per_month = {15, 14, 16},
                                 .bill = {{1, 1, 10, 3, 0, 0, 0, 0}}};
    struct cp_buf out;
    cp_buf_init(&out, 1U << 20);
    assert_false(cp_chart_has_data(f, CP_CHART_PCSWEEP));
    d->levels[0] = none;
    d->levels[1] = two;
    d->n_levels = 2;
    d->levels_size = 0;
    const struct cp_level_cost cost = cp_level_cost_of(&two);
    assert_true(fabs(cost.on_demand_usd - 2) < 1e-12);
    assert_true(fabs(cost.used_usd - 5.5) < 1e-12);
    assert_true(fabs(cost.idle_usd - 7.5) < 1e-12);
    assert_int_equal(cp_levels_cheapest(d), 0);
    assert_true(cp_chart_has_data(f, CP_CHART_PCSWEEP));
    assert_true(cp_chart_has_data(f, CP_CHART_PCCOLD));
    cp_chart_script(f, CP_CHART_PCSWEEP, &out);
    assert_non_null(strstr(cp_buf_str(&out), "\n2 2 7.5 15 14 16\n"));
    cp_buf_reset(&out);
    cp_chart_script(f, CP_CHART_PCCOLD, &out);
    assert_non_null(strstr(cp_buf_str(&out), "\n0 5 4 6\n2 NaN ")); /* none seen: an interval */
    cp_buf_reset(&out);
    cp_table_csv(&cp_table_levels, f, &out);
    assert_int_equal(rows_of_text(cp_buf_str(&out)), 3);
    cp_buf_reset(&out);
    d->break_even_utilization = 1.15;
    cp_break_even_text(f, &out);
    assert_non_null(strstr(cp_buf_str(&out), "never costs less"));
    cp_buf_clear(&out);
    *d = before;
}

/* A recommended schedule, tracking beside it, one setting from a curve and one of a size that
 * nobody measured, in two architectures. */
static void propose(struct cp_decision *d)
{
    struct cp_candidate *scheduled = &d->candidates[d->chosen];
    scheduled->mode = CP_MODE_SCHEDULED;
    scheduled->concurrency = 11;
    for (size_t hour = 0; hour < CP_ARRIVALS_HOURS; hour++)
        scheduled->by_hour[hour] = hour % 24 >= 8 && hour % 24 < 20 ? 11 : 2;
    struct cp_candidate *tracked = &d->candidates[1];
    tracked->mode = CP_MODE_TRACKING;
    tracked->tracking = (struct cp_tracking){0.7, 1, 9};
    d->candidates[2].is_from_curve = true;
    struct cp_candidate *modelled = &d->candidates[d->n_candidates++];
    *modelled = d->candidates[3];
    modelled->memory_size_mb = 640;
    modelled->is_modelled = true;
    modelled->is_current = modelled->is_on_frontier = false;
    modelled->usd_per_month.value += 1;
}

static size_t n_of(const char *text, const char *part)
{
    size_t n = 0;
    for (const char *p = strstr(text, part); p; p = strstr(p + 1, part))
        n++;
    return n;
}

static void json_says_all_of_a_setting(void **state)
{
    (void)state;
    struct cp_figures *f = fixture_shared(&(struct fixture_options){0});
    struct cp_decision *d = &f->decision;
    const struct cp_decision before = *d;
    struct cp_buf out;
    cp_buf_init(&out, 4U << 20);
    propose(d);
    d->covered = 0.25;
    cp_recommend_json(f, &out);
    cJSON *root = cJSON_ParseWithLength(out.p, out.n);
    assert_non_null(root);
    const cJSON *decision = at(root, "decision");
    const cJSON *list = at(decision, "candidates");
    assert_true(fabs(at(decision, "covered_share_ratio")->valuedouble - 0.25) < 1e-12);
    for (int i = 0; i < cJSON_GetArraySize(list); i++) {
        const struct cp_candidate *c = candidate(f, (size_t)i);
        const cJSON *item = cJSON_GetArrayItem(list, i);
        const cJSON *week = at(item, "provisioned_by_hour_utc");
        const cJSON *tracking = at(item, "tracking");
        assert_int_equal(cJSON_IsTrue(at(item, "is_from_curve")), c->is_from_curve);
        assert_int_equal(cJSON_IsArray(week), i == d->chosen);
        assert_int_equal(cJSON_IsObject(tracking), i == 1);
        for (int hour = 0; i == d->chosen && hour < 168; hour++)
            assert_int_equal(cJSON_GetArrayItem(week, hour)->valueint, c->by_hour[hour]);
        assert_int_equal(cJSON_GetArraySize(week), i == d->chosen ? 168 : 0);
    }
    const cJSON *tracking = at(cJSON_GetArrayItem(list, 1), "tracking");
    assert_true(fabs(at(tracking, "target_utilization_ratio")->valuedouble - 0.7) < 1e-12);
    assert_int_equal(at(tracking, "min")->valueint, 1);
    assert_int_equal(at(tracking, "max")->valueint, 9);
    cJSON_Delete(root);
    cp_buf_clear(&out);
    *d = before;
}

static void a_part_of_the_traffic_is_said_to_be_one(void **state)
{
    (void)state;
    struct cp_figures *f = fixture_shared(&(struct fixture_options){0});
    static const double covered[] = {1, 0.25};
    for (size_t i = 0; i < 2; i++) {
        struct cp_buf out;
        cp_buf_init(&out, 1000);
        f->decision.covered = covered[i];
        cp_demand_text(f, &out);
        assert_int_equal(strstr(cp_buf_str(&out), "25.0 % of its time was simulated") != NULL,
                         i == 1);
        cp_buf_clear(&out);
    }
    f->decision.covered = 1;
}

static void frontier_tells_settings_and_variants_apart(void **state)
{
    (void)state;
    struct cp_figures *f = fixture_shared(&(struct fixture_options){0});
    struct cp_decision *d = &f->decision;
    const struct cp_decision before = *d;
    struct cp_buf out;
    cp_buf_init(&out, 1U << 20);
    propose(d);
    assert_false(cp_chart_has_variants(f));
    assert_true(cp_chart_has_modelled(f));
    cp_chart_script(f, CP_CHART_FRONTIER, &out);
    assert_non_null(strstr(cp_buf_str(&out), "'1024/s11 recommended'"));
    assert_non_null(strstr(cp_buf_str(&out), "'256/t0.7'"));
    assert_non_null(strstr(cp_buf_str(&out), "'640 not measured'"));
    assert_non_null(strstr(cp_buf_str(&out), "$modelled using 1:2 with points pt 6 "));
    assert_null(strstr(cp_buf_str(&out), "arm64"));
    for (size_t i = 0; i < d->n_candidates; i++)
        d->candidates[i].architecture = d->candidates[i].memory_size_mb < 1024 ? "x86_64" : "arm64";
    cp_buf_reset(&out);
    cp_chart_script(f, CP_CHART_FRONTIER, &out);
    assert_true(cp_chart_has_variants(f));
    assert_non_null(strstr(cp_buf_str(&out), "'1024/s11/arm64 recommended'"));
    assert_non_null(strstr(cp_buf_str(&out), "'512/x86_64 current'"));
    assert_true(n_of(cp_buf_str(&out), " 7\n") > 0); /* circles of the one */
    assert_true(n_of(cp_buf_str(&out), " 9\n") > 0); /* triangles of the other */
    cp_buf_clear(&out);
    *d = before;
}

/* Lines are drawn over hours that are only missing: they end, and begin anew. */
static void hours_without_a_mark_are_gaps(void **state)
{
    (void)state;
    struct cp_figures *f = fixture_shared(&(struct fixture_options){0});
    struct cp_buf out;
    cp_buf_init(&out, 1U << 16);
    for (size_t hour = 0; hour < CP_TRAFFIC_HOURS; hour++)
        f->week[hour].in_flight_max = hour == 4 ? 3 : (double)NAN;
    f->week[4].in_flight_p50 = 1;
    f->week[4].in_flight_p95 = 2;
    cp_chart_script(f, CP_CHART_WEEK, &out);
    assert_non_null(strstr(cp_buf_str(&out), "\n\n4 1 2 NaN\n4.5 1 2 3\n5 1 2 NaN\n\n"));
    cp_buf_clear(&out);
    for (size_t hour = 0; hour < CP_TRAFFIC_HOURS; hour++)
        f->week[hour] = (struct cp_traffic_hour){.n_minutes = 0};
}

static void the_week_has_what_is_kept_ready(void **state)
{
    (void)state;
    struct cp_figures *f = fixture_shared(&(struct fixture_options){0});
    struct cp_decision *d = &f->decision;
    const struct cp_decision before = *d;
    const struct cp_column *column = cp_table_column(&cp_table_week, "provisioned");
    propose(d);
    static const struct {
        enum cp_concurrency_mode mode;
        const char *line, *label;
        double at_7, at_8;
    } cases[] = {
        {CP_MODE_SCHEDULED, "\n0 2\n8 2\n8 11\n20 11\n20 2\n32 2\n",
         "set label '2 to 11' at graph 1.01, ", 2, 11},
        {CP_MODE_PROVISIONED, "\n0 11\n168 11\n", "set label '11' at graph 1.01, ", 11, 11},
        {CP_MODE_ON_DEMAND, NULL, "provisioned", NAN, NAN},
        {CP_MODE_TRACKING, NULL, "provisioned", NAN, NAN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cp_buf out;
        cp_buf_init(&out, 1U << 16);
        d->candidates[d->chosen].mode = cases[i].mode;
        cp_chart_script(f, CP_CHART_WEEK, &out);
        bool has_line = cases[i].line != NULL;
        assert_int_equal(strstr(cp_buf_str(&out), "$level with lines") != NULL, has_line);
        assert_int_equal(strstr(cp_buf_str(&out), cases[i].label) != NULL, has_line);
        assert_true(!has_line || strstr(cp_buf_str(&out), cases[i].line));
        double at_7 = column->cell(f, 7).number.value;
        double at_8 = column->cell(f, 8).number.value;
        assert_true(has_line ? at_7 == cases[i].at_7 && at_8 == cases[i].at_8
                             : isnan(at_7) && isnan(at_8));
        cp_buf_clear(&out);
    }
    *d = before;
}

/* Only where it tells candidates apart. */
static void a_setting_says_its_architecture_where_there_are_several(void **state)
{
    (void)state;
    static struct cp_decision d = {.n_candidates = 2};
    struct cp_buf out;
    cp_buf_init(&out, 256);
    d.candidates[0] = (struct cp_candidate){.memory_size_mb = 512, .architecture = "arm64"};
    d.candidates[1] = (struct cp_candidate){.memory_size_mb = 512, .architecture = "x86_64"};
    cp_setting_brief_text(&d, &d.candidates[0], &out);
    assert_string_equal(cp_buf_str(&out), "512 MB on arm64 on-demand");
    cp_buf_reset(&out);
    d.candidates[1].architecture = "arm64";
    cp_setting_brief_text(&d, &d.candidates[0], &out);
    assert_string_equal(cp_buf_str(&out), "512 MB on-demand");
    cp_buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_setting_says_its_architecture_where_there_are_several),
        cmocka_unit_test(lines_fit_the_terminal),
        cmocka_unit_test(the_bill_is_that_of_the_answer),
        cmocka_unit_test(the_front_has_what_it_says),
        cmocka_unit_test(foreign_text_is_harmless),
        cmocka_unit_test(a_level_is_split_without_rest),
        cmocka_unit_test(json_says_all_of_a_setting),
        cmocka_unit_test(a_part_of_the_traffic_is_said_to_be_one),
        cmocka_unit_test(frontier_tells_settings_and_variants_apart),
        cmocka_unit_test(the_week_has_what_is_kept_ready),
        cmocka_unit_test(hours_without_a_mark_are_gaps),
    };
    return cmocka_run_group_tests(tests, NULL, fixture_shared_free);
}
