/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/format.h"
#include "reports/text_lines.h"
#include "tests/reports/fixture.h"
#include "tests/test.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void render(const struct fixture_options *options, const struct cp_text_style *style,
                   struct cp_buf *out)
{
    struct cp_figures *f = fixture_shared(options);
    cp_buf_init(out, 1U << 20);
    cp_report_text(f, style, out);
    assert_int_equal(out->failed, CP_OK);
}

static void goldens_match_at_three_widths(void **state)
{
    (void)state;
    static const int widths[] = {60, 80, 120};
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        char name[40];
        struct cp_buf out;
        render(&(struct fixture_options){0}, &(struct cp_text_style){.width = widths[i]}, &out);
        (void)snprintf(name, sizeof name, "text-%d.txt", widths[i]);
        fixture_check_golden(name, &out);
        cp_buf_clear(&out);
    }
}

static void every_line_is_narrower_than_the_terminal(void **state)
{
    (void)state;
    for (int width = 60; width <= 200; width += 7) {
        struct cp_buf out;
        render(&(struct fixture_options){.is_local = true}, &(struct cp_text_style){.width = width},
               &out);
        struct cp_view rest = cp_buf_view(&out);
        struct cp_view line;
        while (cp_view_split(&rest, '\n', &line))
            assert_in_range(cp_text_columns(line), 0, (size_t)width - 1);
        cp_buf_clear(&out);
    }
}

static void colour_bytes_appear_only_when_asked_for(void **state)
{
    (void)state;
    struct cp_buf plain;
    struct cp_buf coloured;
    render(&(struct fixture_options){0}, &(struct cp_text_style){.use_color = false}, &plain);
    render(&(struct fixture_options){0}, &(struct cp_text_style){.use_color = true}, &coloured);
    assert_null(memchr(plain.p, 0x1b, plain.n));
    assert_non_null(memchr(coloured.p, 0x1b, coloured.n));
    /* without its escapes the coloured text is the plain one */
    size_t at = 0;
    for (size_t i = 0; i < coloured.n; i++) {
        if (coloured.p[i] == 0x1b) {
            while (coloured.p[i] != 'm')
                i++;
            continue;
        }
        assert_true(at < plain.n && plain.p[at++] == coloured.p[i]);
    }
    assert_int_equal(at, plain.n);
    cp_buf_clear(&plain);
    cp_buf_clear(&coloured);
}

/* Nothing foreign moves a cursor, starts a line or looks like a result line of ours. */
static void hostile_names_stay_on_their_line(void **state)
{
    (void)state;
    char names[16][200];
    size_t n = fixture_hostile_names(names, 16);
    assert_true(n >= 8);
    for (size_t i = 0; i < n; i++) {
        struct cp_buf out;
        render(&(struct fixture_options){.function = names[i]}, &(struct cp_text_style){0}, &out);
        for (size_t k = 0; k < out.n; k++)
            assert_true((unsigned char)out.p[k] >= 0x20 || out.p[k] == '\n');
        assert_null(strstr(cp_buf_str(&out), "\n!touch"));
        cp_buf_clear(&out);
    }
}

/* The figures of the last call are kept: most calls ask for another width only. */
static struct {
    size_t n_cold;
    struct cp_run_data data;
    struct cp_figures *figures;
    struct cp_buf out;
} last;

static void forget_last(void)
{
    cp_figures_free(last.figures);
    cp_run_data_clear(&last.data);
    last.figures = NULL;
}

static char *table_of(size_t n_cold, int width)
{
    if (last.figures && last.n_cold != n_cold)
        forget_last();
    if (!last.figures) {
        fixture_data(&(struct fixture_options){.n_cold = n_cold}, &last.data);
        last.figures = fixture_figures(&last.data);
        last.n_cold = n_cold;
    }
    cp_buf_clear(&last.out);
    cp_buf_init(&last.out, 1U << 20);
    cp_report_text(last.figures, &(struct cp_text_style){.width = width}, &last.out);
    return last.out.p;
}

static void a_refused_quantile_says_how_many_samples_it_takes(void **state)
{
    (void)state;
    const char *few = table_of(8, 80); /* of five sizes: 40 together */
    assert_non_null(strstr(few, " n<59 "));
    assert_non_null(strstr(few, "(n<N: too few samples; this quantile takes N of them"));
    const char *bound_only = table_of(60, 80);
    assert_non_null(strstr(bound_only, " <="));
    assert_null(strstr(bound_only, "n<"));
}

/* 40 of one size are too few for a p95, 200 of five that look alike are enough: marked, and said.
 */
static void a_quantile_with_the_help_of_other_sizes_is_marked(void **state)
{
    (void)state;
    const char *text = table_of(40, 80);
    assert_non_null(strstr(text, " ~"));
    assert_null(strstr(text, " n<59 "));
    assert_non_null(strstr(text, "(~: too few samples of its own; with those of the other"));
    assert_null(strstr(table_of(120, 80), "~"));
}

/* REPORT-DESIGN F */
static void eighty_columns_hold_the_whole_contract(void **state)
{
    (void)state;
    const char *text = table_of(120, 80);
    assert_non_null(strstr(
        text, "\n  memory  init p50  init p95 [95% CI]  cold p95  warm p95  USD/1M  cold\n"));
    assert_non_null(strstr(text, "\n  256 MB  "));
    assert_non_null(strstr(text, "\n  128 MB  cannot run: out of memory"));
}

/* Columns appear with the width, and a p99 only where a size has samples for one. */
static void wider_terminals_show_more(void **state)
{
    (void)state;
    assert_null(strstr(table_of(120, 80), "cold p95 [95% CI]"));
    assert_non_null(strstr(table_of(120, 160), "cold p95 [95% CI]"));
    assert_non_null(strstr(table_of(120, 160), "USD/million"));
    assert_non_null(strstr(table_of(120, 160), "~532 ms")); /* pooled */
    assert_null(strstr(table_of(8, 160), "cold p99"));
    assert_non_null(strstr(table_of(400, 160), "cold p99"));
    assert_null(strstr(table_of(400, 80), "cold p99"));
}

/* A budget that nothing meets, too few data, or no budget at all: no setting is called best. */
static void only_an_answer_to_a_budget_is_marked_best(void **state)
{
    (void)state;
    static const struct {
        enum cp_verdict verdict;
        bool is_met, has_budget, is_marked;
    } cases[] = {
        {CP_VERDICT_CHANGE, true, true, true},
        {CP_VERDICT_KEEP, true, true, true},
        {CP_VERDICT_KEEP, true, false, false},
        {CP_VERDICT_INVESTIGATE, false, true, false},
        {CP_VERDICT_NOT_ENOUGH_DATA, true, true, false},
    };
    struct cp_run_data data;
    fixture_data(&(struct fixture_options){0}, &data);
    struct cp_figures *f = fixture_figures(&data);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cp_buf out;
        cp_buf_init(&out, 1U << 20);
        f->decision.verdict = cases[i].verdict;
        f->decision.is_budget_met = cases[i].is_met;
        data.run.budget_ms = cases[i].has_budget ? 200 : NAN;
        cp_report_text(f, &(struct cp_text_style){0}, &out);
        assert_int_equal(strstr(cp_buf_str(&out), "<- best") != NULL, cases[i].is_marked);
        cp_buf_reset(&out);
        cp_report_markdown(f, &out);
        assert_int_equal(strstr(cp_buf_str(&out), "**recommended**") != NULL, cases[i].is_marked);
        cp_buf_clear(&out);
    }
    cp_figures_free(f);
    cp_run_data_clear(&data);
}

static void the_next_line_names_commands_that_exist(void **state)
{
    (void)state;
    struct cp_buf out;
    render(&(struct fixture_options){0}, &(struct cp_text_style){0}, &out);
    assert_non_null(
        strstr(cp_buf_str(&out), "\nnext: coldprof report 7f3a -o DIR    coldprof apply 7f3a\n"));
    assert_null(strstr(cp_buf_str(&out), "--explain"));
    cp_buf_clear(&out);
}

static const cJSON *member(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    assert_non_null(item);
    return item;
}

static double number(const cJSON *object, const char *name)
{
    const cJSON *item = member(object, name);
    return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

/* The row of each size, written by hand from the JSON numbers with the one formatter. */
static void the_table_says_what_the_json_says(void **state)
{
    (void)state;
    struct cp_buf text;
    struct cp_buf json;
    struct cp_figures *f = fixture_shared(&(struct fixture_options){0});
    cp_buf_init(&text, 1U << 20);
    cp_buf_init(&json, 4U << 20);
    cp_report_text(f, &(struct cp_text_style){.width = 120}, &text);
    cp_report_json(f, &json);
    cJSON *root = cJSON_ParseWithLength(json.p, json.n);
    assert_non_null(root);
    static const char *const shown[] = {"init_p95", "cold_p95"};
    const cJSON *size = NULL;
    size_t n = 0;
    cJSON_ArrayForEach(size, member(root, "sizes"))
    {
        if (cJSON_IsTrue(member(size, "cannot_run")))
            continue;
        for (size_t i = 0; i < 2; i++) {
            const cJSON *e = member(size, shown[i]);
            char expected[CP_FORMAT_MAX];
            const struct cp_estimate estimate = {.status = CP_ANSWER_OK,
                                                 .value = number(e, "value_ms"),
                                                 .low = number(e, "low_ms"),
                                                 .high = number(e, "high_ms")};
            cp_format_brief(CP_UNIT_MS, &estimate, true, expected);
            assert_non_null(strstr(cp_buf_str(&text), expected));
            n++;
        }
        char usd[CP_FORMAT_MAX];
        cp_format(CP_UNIT_USD, number(member(size, "usd_per_million"), "value"), usd);
        assert_non_null(strstr(cp_buf_str(&text), usd));
    }
    assert_int_equal(n, 10);
    cJSON_Delete(root);
    cp_buf_clear(&text);
    cp_buf_clear(&json);
}

static int free_all(void **state)
{
    forget_last();
    cp_buf_clear(&last.out);
    return fixture_shared_free(state);
}

/* A list may break behind each comma; an interval, and a number with its unit, may not. */
static void lists_break_and_intervals_do_not(void **state)
{
    (void)state;
    struct cp_buf out;
    cp_buf_init(&out, 1U << 10);
    const struct cp_text_lines t = {.out = &out, .width = 28};
    cp_text_wrapped(&t, 0, 2,
                    cp_view_of("12 invocations at 128 MB, 256 MB, 512 MB, 1,024 MB: p95 "
                               "is about now [3.63, 6.73]"));
    assert_string_equal(cp_buf_str(&out), "12 invocations at 128 MB,\n"
                                          "  256 MB, 512 MB, 1,024 MB:\n"
                                          "  p95 is about now\n"
                                          "  [3.63, 6.73]\n");
    cp_buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_break_and_intervals_do_not),
        cmocka_unit_test(goldens_match_at_three_widths),
        cmocka_unit_test(every_line_is_narrower_than_the_terminal),
        cmocka_unit_test(colour_bytes_appear_only_when_asked_for),
        cmocka_unit_test(hostile_names_stay_on_their_line),
        cmocka_unit_test(a_refused_quantile_says_how_many_samples_it_takes),
        cmocka_unit_test(a_quantile_with_the_help_of_other_sizes_is_marked),
        cmocka_unit_test(eighty_columns_hold_the_whole_contract),
        cmocka_unit_test(wider_terminals_show_more),
        cmocka_unit_test(only_an_answer_to_a_budget_is_marked_best),
        cmocka_unit_test(the_next_line_names_commands_that_exist),
        cmocka_unit_test(the_table_says_what_the_json_says),
    };
    return cmocka_run_group_tests(tests, NULL, free_all);
}
