/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/figures.h"
#include "reports/history.h"
#include "reports/report.h"
#include "tests/reports/fixture.h"
#include "tests/reports/history_fixture.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 16, DEPTH_MAX = 64, IDS_MAX = 4000 };

/* With charts when gnuplot is here; without them the page is checked all the same. */
static void render(const struct fixture_options *options, bool with_charts, struct cp_buf *out)
{
    struct cp_charts charts;
    struct cp_figures *f = fixture_shared(options);
    cp_buf_init(out, 8U << 20);
    if (with_charts)
        cp_charts_make(f, NULL, &charts);
    cp_report_html(f, with_charts ? &charts : NULL, out);
    assert_int_equal(out->failed, CP_OK);
    if (with_charts)
        cp_charts_clear(&charts);
}

static void golden_without_charts_matches(void **state)
{
    (void)state;
    struct cp_buf out;
    render(&(struct fixture_options){0}, false, &out);
    fixture_check_golden("report.html", &out);
    cp_buf_clear(&out);
}

static void code_has_a_size_in_the_unit_that_fits(void **state)
{
    (void)state;
    static const struct {
        int64_t bytes;
        const char *words;
    } rows[] = {{812, "<dt>code size</dt><dd>812 B</dd>"},
                {52428800, "<dt>code size</dt><dd>52.4 MB</dd>"},
                {-1, NULL}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cp_figures f = *fixture_shared(&(struct fixture_options){0});
        struct cp_run_data data = *f.data;
        struct cp_buf out;
        data.run.code_size_bytes = rows[i].bytes;
        f.data = &data;
        cp_buf_init(&out, 8U << 20);
        cp_report_html(&f, NULL, &out);
        assert_non_null(strstr(cp_buf_str(&out), rows[i].words ? rows[i].words : "code SHA-256"));
        assert_int_equal(strstr(cp_buf_str(&out), "<dt>code size") != NULL, rows[i].bytes >= 0);
        cp_buf_clear(&out);
    }
}

static void same_input_gives_the_same_bytes(void **state)
{
    (void)state;
    struct cp_buf a;
    struct cp_buf b;
    render(&(struct fixture_options){0}, true, &a);
    render(&(struct fixture_options){0}, true, &b);
    assert_int_equal(a.n, b.n);
    assert_memory_equal(a.p, b.p, a.n);
    cp_buf_clear(&a);
    cp_buf_clear(&b);
}

static bool is_void_element(struct cp_view name)
{
    static const char *const names[] = {"meta", "br", "hr", "img", "input", "link", "!DOCTYPE"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (cp_view_is(name, names[i]))
            return true;
    }
    return false;
}

struct tag {
    struct cp_view name;
    bool is_end, is_empty;
};

/* Next tag; text content and attributes (quoted) are skipped. false at the end. */
static bool next_tag(struct cp_view *v, struct tag *tag)
{
    const char *p = memchr(v->p, '<', v->n);
    if (!p)
        return false;
    const char *end = v->p + v->n;
    p++;
    tag->is_end = p < end && *p == '/';
    p += tag->is_end ? 1 : 0;
    tag->name.p = p;
    while (p < end && !strchr(" \t\n/>", *p))
        p++;
    tag->name.n = (size_t)(p - tag->name.p);
    char quote = '\0';
    for (; p < end && (quote || *p != '>'); p++) {
        if (quote ? *p == quote : (*p == '"' || *p == '\''))
            quote = quote ? '\0' : *p;
    }
    assert_true(p < end);
    tag->is_empty = p[-1] == '/';
    *v = (struct cp_view){p + 1, (size_t)(end - p - 1)};
    return true;
}

static void check_balance(const struct cp_buf *page)
{
    const char *open[DEPTH_MAX] = {""};
    size_t depth = 0;
    struct cp_view v = cp_buf_view(page);
    struct tag tag;
    while (next_tag(&v, &tag)) {
        if (tag.is_empty || is_void_element(tag.name))
            continue;
        if (!tag.is_end) {
            assert_true(depth < DEPTH_MAX);
            open[depth++] = tag.name.p;
            continue;
        }
        assert_true(depth > 0);
        depth--;
        const char *opened = open[depth] ? open[depth] : ""; /* starts with the name */
        if (strncmp(opened, tag.name.p, tag.name.n) != 0 || !strchr(" \t\n>", opened[tag.name.n]))
            fail_msg("</%.*s> closes <%.20s", (int)tag.name.n, tag.name.p, opened);
    }
    assert_int_equal(depth, 0);
}

static int by_text(const void *a, const void *b)
{
    const struct cp_view *x = a;
    const struct cp_view *y = b;
    int order = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);
    return order ? order : (x->n > y->n) - (x->n < y->n);
}

static void check_ids(const struct cp_buf *page)
{
    static struct cp_view ids[IDS_MAX];
    size_t n = 0;
    for (const char *p = page->p; (p = strstr(p, " id=")); p++) {
        char quote = p[4];
        const char *end = strchr(p + 5, quote);
        assert_non_null(end);
        assert_true(n < IDS_MAX);
        ids[n++] = (struct cp_view){p + 5, (size_t)(end - p) - 5};
    }
    assert_true(n > 10);
    qsort(ids, n, sizeof ids[0], by_text);
    for (size_t i = 1; i < n; i++) {
        if (by_text(&ids[i - 1], &ids[i]) == 0)
            fail_msg("id '%.*s' twice", (int)ids[i].n, ids[i].p);
    }
}

static size_t count_of(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *p = text; (p = strstr(p, what)); p++)
        n++;
    return n;
}

static void check_structure(const struct cp_buf *page)
{
    const char *p = cp_buf_str(page);
    check_balance(page);
    check_ids(page);
    assert_int_equal(strlen(p), page->n);
    assert_int_equal(count_of(p, "<h1>"), 1);
    assert_int_equal(count_of(p, "<html lang=\"en\">"), 1);
    assert_non_null(strstr(p, "content=\"default-src 'none'; style-src 'unsafe-inline'; "
                              "img-src data:\""));
    assert_int_equal(count_of(p, "<table"), count_of(p, "<caption>"));
    assert_int_equal(count_of(p, "<script"), 0);
    assert_int_equal(count_of(p, "http:"), 0);
    assert_int_equal(count_of(p, "https:"), 0);
    assert_int_equal(count_of(p, "@import"), 0);
    assert_in_range(page->n, 10000, 400 * 1024);
}

static void the_page_is_well_formed_and_self_contained(void **state)
{
    (void)state;
    for (int with_charts = 0; with_charts < 2; with_charts++) {
        struct cp_buf out;
        render(&(struct fixture_options){0}, with_charts, &out);
        check_structure(&out);
        cp_buf_clear(&out);
    }
}

static void headings_step_down_one_level_at_a_time(void **state)
{
    (void)state;
    struct cp_buf out;
    render(&(struct fixture_options){0}, false, &out);
    struct cp_view v = cp_buf_view(&out);
    struct tag tag;
    int level = 0;
    while (next_tag(&v, &tag)) {
        if (tag.is_end || tag.name.n != 2 || tag.name.p[0] != 'h' || tag.name.p[1] < '1' ||
            tag.name.p[1] > '6')
            continue;
        assert_true(tag.name.p[1] - '0' <= level + 1);
        level = tag.name.p[1] - '0';
    }
    cp_buf_clear(&out);
}

static void a_local_run_carries_the_badge(void **state)
{
    (void)state;
    struct cp_buf out;
    render(&(struct fixture_options){.is_local = true}, false, &out);
    assert_non_null(strstr(cp_buf_str(&out), "<strong>LOCAL</strong>: relative comparison, not "
                                             "AWS latency"));
    assert_null(strstr(cp_buf_str(&out), "<dt>Undo</dt>"));
    cp_buf_clear(&out);
    render(&(struct fixture_options){0}, false, &out);
    assert_null(strstr(cp_buf_str(&out), "LOCAL"));
    assert_non_null(strstr(cp_buf_str(&out), "<dt>Undo</dt>"));
    assert_non_null(strstr(cp_buf_str(&out), "<code>coldprof apply 7f3a --undo | sh</code>"));
    cp_buf_clear(&out);
    render(&(struct fixture_options){.function = "orders-api"}, false, &out);
    assert_non_null(strstr(cp_buf_str(&out),
                           "<code>aws lambda update-function-configuration --function-name "
                           "orders-api --memory-size 512 --region us-east-1</code>"));
    cp_buf_clear(&out);
}

static void hostile_names_are_only_text(void **state)
{
    (void)state;
    char names[NAMES_MAX][200];
    size_t n = fixture_hostile_names(names, NAMES_MAX - 2);
    (void)snprintf(names[n++], 200, "\"><script>alert(1)</script><p title=\"");
    (void)snprintf(names[n++], 200, "</title></style><svg/onload=alert(1)>");
    for (size_t i = 0; i < n; i++) {
        struct cp_buf out;
        render(&(struct fixture_options){.function = names[i]}, false, &out);
        check_structure(&out);
        assert_null(strstr(cp_buf_str(&out), "<img"));
        assert_null(strstr(cp_buf_str(&out), "<svg"));
        assert_null(memchr(out.p, 0x1b, out.n));
        cp_buf_clear(&out);
    }
}

static void a_chart_warning_is_told_and_tables_stay(void **state)
{
    (void)state;
    struct cp_charts charts;
    struct cp_buf out;
    struct cp_figures *f = fixture_shared(&(struct fixture_options){0});
    cp_charts_make(f, "/nonexistent/gnuplot", &charts);
    cp_buf_init(&out, 8U << 20);
    cp_report_html(f, &charts, &out);
    check_structure(&out);
    assert_non_null(strstr(cp_buf_str(&out), "install gnuplot"));
    assert_int_equal(count_of(cp_buf_str(&out), "<figure"), 0);
    assert_true(count_of(cp_buf_str(&out), "<table") >= 6);
    cp_buf_clear(&out);
    cp_charts_clear(&charts);
}

static const struct history_step steps[] = {{60, 1.2, true}, {66, 1.3, false}, {300, 0.7, true}};

/* Three nights, some weeks, and years of which the page shows the last one: within its limits. */
static void a_page_with_a_history_is_well_formed(void **state)
{
    (void)state;
    static const struct history_options histories[] = {
        {.n_days = 3, .seed = 1},
        {.n_days = 90, .seed = 2, .steps = steps, .n_steps = 2, .gap_at = 30, .gap_days = 3},
        {.n_days = 900,
         .seed = 3,
         .steps = steps,
         .n_steps = 3,
         .gap_at = 700,
         .gap_days = 9,
         .timeout_at = 800},
    };
    for (size_t i = 0; i < sizeof histories / sizeof histories[0]; i++) {
        struct cp_figures *f = fixture_shared(&(struct fixture_options){0});
        struct cp_history history;
        struct cp_charts charts;
        struct cp_buf out;
        struct cp_error err = {.text = ""};
        const struct cp_history_options how = {.trend = {.effect = NAN, .effect_ms = NAN}};
        history_make(&histories[i], &history);
        assert_int_equal(cp_history_view_new(&history, &how, &f->history, &err), CP_OK);
        cp_charts_make(f, NULL, &charts);
        cp_buf_init(&out, 8U << 20);
        cp_report_html(f, &charts, &out);
        check_structure(&out);
        assert_int_equal(count_of(cp_buf_str(&out), "<h2 id=\"h-nights\">"), 1);
        assert_int_equal(count_of(cp_buf_str(&out), "<figure id=\"chart-history\">"),
                         charts.svg[CP_CHART_HISTORY].n ? 1 : 0);
        assert_int_equal(count_of(cp_buf_str(&out), "the last 365 of 891 nights"), i == 2 ? 1 : 0);
        cp_buf_reset(&out);
        cp_report_json(f, &out);
        assert_in_range(out.n, 10000, 1 << 20);
        cp_buf_clear(&out);
        cp_charts_clear(&charts);
        cp_history_view_free(f->history);
        f->history = NULL;
        cp_history_clear(&history);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_without_charts_matches),
        cmocka_unit_test(code_has_a_size_in_the_unit_that_fits),
        cmocka_unit_test(same_input_gives_the_same_bytes),
        cmocka_unit_test(the_page_is_well_formed_and_self_contained),
        cmocka_unit_test(headings_step_down_one_level_at_a_time),
        cmocka_unit_test(a_local_run_carries_the_badge),
        cmocka_unit_test(hostile_names_are_only_text),
        cmocka_unit_test(a_chart_warning_is_told_and_tables_stay),
        cmocka_unit_test(a_page_with_a_history_is_well_formed),
    };
    return cmocka_run_group_tests(tests, NULL, fixture_shared_free);
}
