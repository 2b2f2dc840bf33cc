/* SPDX-License-Identifier: GPL-3.0-or-later
 * A run whose fresh environments were restored by SnapStart: every format says "restore", none says
 * "init", and the two are never mixed in a statistic.
 */
#include "tests/test.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/chart_script.h"
#include "reports/figures.h"
#include "reports/words.h"
#include "tests/reports/fixture.h"

/* Every cold sample restored: what was its init is its restore, of which a third is billed. */
static void restore_all(struct cp_run_data *data)
{
    (void)snprintf(data->run.initialization, sizeof data->run.initialization, "snap-start");
    for (size_t i = 0; i < data->n_samples; i++) {
        struct cp_sample *s = &data->samples[i];
        if (s->start != CP_START_COLD)
            continue;
        s->start = CP_START_SNAPSTART;
        s->restore_duration_ms = s->init_duration_ms;
        s->billed_duration_ms = ceil(s->duration_ms) + ceil(s->restore_duration_ms / 3);
        s->init_duration_ms = NAN;
    }
}

static struct cp_figures *restored(struct cp_run_data *data)
{
    struct cp_figures *f = NULL;
    struct cp_error err = {0};
    fixture_data(&(struct fixture_options){0}, data);
    restore_all(data);
    if (cp_figures_new(data, &f, &err))
        fail_msg("%s", err.text);
    return f;
}

static bool is_letter(char c)
{
    return isalpha((unsigned char)c) != 0;
}

/* "init" with no letter around it. The local service's own setting is named after init. */
static const char *find_init(const char *text)
{
    static const char setting[] = "is_init_throttled";
    for (const char *p = strcasestr(text, "init"); p; p = strcasestr(p + 4, "init")) {
        bool is_word = (p == text || !is_letter(p[-1])) && !is_letter(p[4]);
        bool is_setting = p - text >= 3 && strncmp(p - 3, setting, sizeof setting - 1) == 0;
        if (is_word && !is_setting)
            return p;
    }
    return NULL;
}

static void check(const char *what, const struct cp_buf *out)
{
    const char *text = cp_buf_str(out);
    assert_int_equal(out->failed, CP_OK);
    assert_non_null(strcasestr(text, "restore"));
    const char *at = find_init(text);
    if (at)
        fail_msg("%s says init: ...%.80s", what, at - (at - text > 30 ? 30 : at - text));
}

static void every_format_says_restore_and_none_says_init(void **state)
{
    (void)state;
    struct cp_run_data data;
    struct cp_figures *f = restored(&data);
    struct cp_buf out;
    cp_buf_init(&out, 16U << 20);
    for (int width = 60; width <= 160; width += 20) {
        cp_buf_reset(&out);
        cp_report_text(f, &(struct cp_text_style){.width = width}, &out);
        check("text", &out);
    }
    static const struct {
        const char *name;
        void (*render)(const struct cp_figures *f, struct cp_buf *out);
    } formats[] = {
        {"json", cp_report_json}, {"markdown", cp_report_markdown}, {"csv", cp_report_csv}};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        cp_buf_reset(&out);
        formats[i].render(f, &out);
        check(formats[i].name, &out);
    }
    struct cp_charts charts;
    cp_charts_make(f, NULL, &charts);
    cp_buf_reset(&out);
    cp_report_html(f, &charts, &out);
    check("html", &out);
    cp_charts_clear(&charts);
    cp_buf_clear(&out);
    cp_figures_free(f);
    cp_run_data_clear(&data);
}

static void charts_and_their_tables_say_restore(void **state)
{
    (void)state;
    struct cp_run_data data;
    struct cp_figures *f = restored(&data);
    struct cp_buf out;
    cp_buf_init(&out, 4U << 20);
    assert_string_equal(cp_chart_name(f, CP_CHART_INIT), "restore");
    for (int id = 0; id < CP_CHART_COUNT; id++) {
        cp_buf_reset(&out);
        cp_chart_csv(f, (enum cp_chart_id)id, &out);
        assert_null(find_init(cp_buf_str(&out)));
    }
    cp_buf_reset(&out);
    cp_charts_script(f, &out);
    check("chart script", &out);
    cp_buf_clear(&out);
    cp_figures_free(f);
    cp_run_data_clear(&data);
}

/* A cold sample of such a run that did run init is another thing: excluded and counted. */
static void an_init_among_restores_is_excluded(void **state)
{
    (void)state;
    struct cp_run_data data;
    struct cp_figures *f = NULL;
    fixture_data(&(struct fixture_options){0}, &data);
    restore_all(&data);
    assert_int_equal(cp_figures_new(&data, &f, NULL), CP_OK);
    size_t n_cold = cp_figures_n_cold(f);
    size_t n_mismatched = f->n_mismatched;
    cp_figures_free(f);
    for (size_t i = 0; i < data.n_samples; i++) {
        struct cp_sample *s = &data.samples[i];
        if (s->kind != CP_CELL_COLD || s->start != CP_START_SNAPSTART)
            continue;
        s->start = CP_START_COLD;
        s->init_duration_ms = 9999;
        s->restore_duration_ms = NAN;
        break;
    }
    assert_int_equal(cp_figures_new(&data, &f, NULL), CP_OK);
    assert_int_equal(cp_figures_n_cold(f), n_cold - 1);
    assert_int_equal(f->n_mismatched, n_mismatched + 1);
    for (size_t i = 0; i < f->n_sizes; i++)
        assert_true(f->sizes[i].n_cold == 0 || f->sizes[i].init_ms[f->sizes[i].n_cold - 1] < 9999);
    cp_figures_free(f);
    cp_run_data_clear(&data);
}

/* A version has SnapStart or provisioned concurrency; and a restore is billed by its own figure,
 * not by its duration. */
static void the_decision_proposes_no_provisioned_concurrency(void **state)
{
    (void)state;
    struct cp_run_data data;
    struct cp_figures *f = restored(&data);
    assert_true(f->decision.n_candidates > 0);
    for (size_t i = 0; i < f->decision.n_candidates; i++)
        assert_int_not_equal(f->decision.candidates[i].mode, CP_MODE_PROVISIONED);
    cp_figures_free(f);
    cp_run_data_clear(&data);
}

static void words_stand_where_their_places_are(void **state)
{
    (void)state;
    struct cp_figures f = {.fresh_start = CP_START_SNAPSTART};
    char out[CP_WORDS_MAX];
    assert_string_equal(cp_words(&f, "{Init} p50, {init}_p50_ms {init", out),
                        "Restore p50, restore_p50_ms {init");
    f.fresh_start = CP_START_COLD;
    assert_string_equal(cp_words(&f, "{Init} p50, {init}_p50_ms", out), "Init p50, init_p50_ms");
    assert_string_equal(cp_words(&f, "", out), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_says_restore_and_none_says_init),
        cmocka_unit_test(charts_and_their_tables_say_restore),
        cmocka_unit_test(an_init_among_restores_is_excluded),
        cmocka_unit_test(the_decision_proposes_no_provisioned_concurrency),
        cmocka_unit_test(words_stand_where_their_places_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
