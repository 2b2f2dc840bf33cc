/* SPDX-License-Identifier: GPL-3.0-or-later
 * The documents of `recommend` and `frontier`.
 */
#include "reports/chart_script.h"
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_fit_the_terminal),
        cmocka_unit_test(the_bill_is_that_of_the_answer),
        cmocka_unit_test(the_front_has_what_it_says),
        cmocka_unit_test(foreign_text_is_harmless),
        cmocka_unit_test(a_level_is_split_without_rest),
    };
    return cmocka_run_group_tests(tests, NULL, fixture_shared_free);
}
