/* SPDX-License-Identifier: GPL-3.0-or-later
 * JSON, Markdown and CSV.
 */
#include "reports/report.h"
#include "tests/reports/fixture.h"
#include "tests/test.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

typedef void (*render_fn)(const struct cp_figures *f, struct cp_buf *out);

static void render(const char *function, render_fn write, struct cp_buf *out)
{
    struct cp_figures *f = fixture_shared(&(struct fixture_options){.function = function});
    cp_buf_init(out, 8U << 20);
    write(f, out);
    assert_int_equal(out->failed, CP_OK);
}

static void goldens_match(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        render_fn write;
    } cases[] = {
        {"report.json", cp_report_json},
        {"report.md", cp_report_markdown},
        {"sweep.csv", cp_report_csv},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cp_buf out;
        render(NULL, cases[i].write, &out);
        fixture_check_golden(cases[i].name, &out);
        cp_buf_clear(&out);
    }
}

static const cJSON *at(const cJSON *root, const char *a, const char *b)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, a);
    return b ? cJSON_GetObjectItemCaseSensitive(item, b) : item;
}

static void json_is_an_object_with_version_and_null_for_absent(void **state)
{
    (void)state;
    struct cp_buf out;
    render(NULL, cp_report_json, &out);
    cJSON *root = cJSON_ParseWithLength(out.p, out.n);
    assert_non_null(root);
    assert_true(cJSON_IsObject(root));
    assert_string_equal(root->child->string, "schema_version");
    assert_true(at(root, "schema_version", NULL)->valuedouble == 1);
    assert_string_equal(at(root, "command", NULL)->valuestring, "report");
    assert_string_equal(at(root, "run_id", NULL)->valuestring, "7f3a");
    assert_true(at(root, "accounting", "planned")->valuedouble == 1504);
    const cJSON *first = cJSON_GetArrayItem(at(root, "sizes", NULL), 0);
    assert_true(cJSON_IsNull(at(first, "init_p50", "value_ms")));
    assert_true(cJSON_IsNull(at(first, "usd_per_million_cold", NULL)));
    const cJSON *third = cJSON_GetArrayItem(at(root, "sizes", NULL), 2);
    assert_true(cJSON_IsNumber(at(third, "init_p50", "value_ms")));
    assert_true(cJSON_IsNull(at(third, "cold_p99", "value_ms"))); /* n = 120 */
    cJSON_Delete(root);
    cp_buf_clear(&out);
}

/* The key carries the unit; a number is never in quotes. */
static void check_item(const cJSON *item)
{
    if (cJSON_IsString(item) && item->string) {
        size_t n = strlen(item->string);
        bool is_unit = n > 3 && (strcmp(item->string + n - 3, "_ms") == 0 ||
                                 strcmp(item->string + n - 3, "_mb") == 0);
        assert_false(is_unit);
        assert_null(strstr(item->string, "usd"));
    }
    const cJSON *child = NULL;
    cJSON_ArrayForEach(child, item)
    {
        check_item(child);
    }
}

static void json_numbers_are_never_text(void **state)
{
    (void)state;
    struct cp_buf out;
    render(NULL, cp_report_json, &out);
    cJSON *root = cJSON_ParseWithLength(out.p, out.n);
    check_item(root);
    cJSON_Delete(root);
    cp_buf_clear(&out);
}

static void json_numbers_round_trip(void **state)
{
    (void)state;
    struct cp_run_data data;
    struct cp_buf out;
    fixture_data(&(struct fixture_options){0}, &data);
    struct cp_figures *f = fixture_figures(&data);
    f->sizes[1].billed_p50_ms = 0.1 + 0.2;
    cp_buf_init(&out, 8U << 20);
    cp_report_json(f, &out);
    cJSON *root = cJSON_ParseWithLength(out.p, out.n);
    const cJSON *second = cJSON_GetArrayItem(at(root, "sizes", NULL), 1);
    assert_true(at(second, "billed_p50_ms", NULL)->valuedouble == 0.1 + 0.2);
    cJSON_Delete(root);
    cp_buf_clear(&out);
    cp_figures_free(f);
    cp_run_data_clear(&data);
}

static void hostile_names_come_back_from_json_as_they_were(void **state)
{
    (void)state;
    char names[16][200];
    size_t n = fixture_hostile_names(names, 16);
    for (size_t i = 0; i < n; i++) {
        struct cp_buf out;
        render(names[i], cp_report_json, &out);
        cJSON *root = cJSON_ParseWithLength(out.p, out.n);
        assert_non_null(root);
        assert_string_equal(at(root, "run", "function")->valuestring, names[i]);
        cJSON_Delete(root);
        cp_buf_clear(&out);
    }
}

static void markdown_is_small_and_hostile_names_make_no_markup(void **state)
{
    (void)state;
    char names[16][200];
    size_t n = fixture_hostile_names(names, 16);
    for (size_t i = 0; i < n; i++) {
        struct cp_buf out;
        render(names[i], cp_report_markdown, &out);
        assert_in_range(out.n, 500, 10 * 1024);
        assert_null(strchr(cp_buf_str(&out), '<'));
        assert_null(strstr(cp_buf_str(&out), "\n!touch"));
        assert_null(memchr(out.p, 0x1b, out.n));
        cp_buf_clear(&out);
    }
}

/* Counts the cells of a record, minding quotes. */
static size_t cells_of(struct cp_view record)
{
    size_t cells = 1;
    bool is_quoted = false;
    for (size_t i = 0; i < record.n; i++) {
        if (record.p[i] == '"')
            is_quoted = !is_quoted;
        else if (record.p[i] == ',' && !is_quoted)
            cells++;
    }
    return cells;
}

static void csv_records_have_the_same_cells_and_no_formula(void **state)
{
    (void)state;
    struct cp_run_data data;
    fixture_data(&(struct fixture_options){0}, &data);
    (void)snprintf(data.cells[0].note, sizeof data.cells[0].note, "=cmd|' /C calc'!A0, \"x\"");
    struct cp_figures *f = fixture_figures(&data);
    for (int id = -1; id < CP_CHART_WEEK; id++) {
        struct cp_buf out;
        cp_buf_init(&out, 8U << 20);
        if (id < 0)
            cp_report_csv(f, &out);
        else
            cp_chart_csv(f, (enum cp_chart_id)id, &out);
        struct cp_view rest = cp_buf_view(&out);
        struct cp_view line;
        size_t cells = 0;
        size_t lines = 0;
        while (cp_view_split(&rest, '\n', &line)) {
            assert_true(line.n > 0 && line.p[line.n - 1] == '\r');
            cells = cells ? cells : cells_of(line);
            assert_int_equal(cells_of(line), cells);
            lines++;
        }
        assert_true(lines > 1);
        assert_null(strstr(cp_buf_str(&out), ",=cmd"));
        assert_null(strstr(cp_buf_str(&out), "nan"));
        cp_buf_clear(&out);
    }
    cp_figures_free(f);
    cp_run_data_clear(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goldens_match),
        cmocka_unit_test(json_is_an_object_with_version_and_null_for_absent),
        cmocka_unit_test(json_numbers_are_never_text),
        cmocka_unit_test(json_numbers_round_trip),
        cmocka_unit_test(hostile_names_come_back_from_json_as_they_were),
        cmocka_unit_test(markdown_is_small_and_hostile_names_make_no_markup),
        cmocka_unit_test(csv_records_have_the_same_cells_and_no_formula),
    };
    return cmocka_run_group_tests(tests, NULL, fixture_shared_free);
}
