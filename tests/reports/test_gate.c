/* SPDX-License-Identifier: GPL-3.0-or-later
 * Gates of two runs: which fail and why, what is told beside them, and the documents of both kinds.
 */
#include "reports/format.h"
#include "reports/gate.h"
#include "reports/gate_parts.h"
#include "tests/reports/fixture.h"
#include "tests/reports/gates_fixture.h"
#include "tests/test.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUT_MAX = 1 << 20 };

/* A base run, and one that a test changes before it is compared. */
struct two {
    struct cp_run_data base, now;
    struct cp_figures *base_figures, *now_figures;
    struct cp_comparison comparison;
    struct cp_gates gates;
};

static void open_two(struct two *t)
{
    *t = (struct two){.base_figures = NULL};
    fixture_data(&(struct fixture_options){0}, &t->base);
    fixture_data(&(struct fixture_options){0}, &t->now);
    (void)snprintf(t->now.run.id, sizeof t->now.run.id, "92c1");
}

static enum cp_code compare_with(struct two *t, const struct cp_gates_question *question,
                                 struct cp_error *err)
{
    assert_int_equal(cp_figures_measured(&t->base, &t->base_figures, err), CP_OK);
    assert_int_equal(cp_figures_measured(&t->now, &t->now_figures, err), CP_OK);
    return cp_gates_of_runs(t->base_figures, t->now_figures, question, &t->comparison, &t->gates,
                            err);
}

static struct cp_gates_question usual(void)
{
    return (struct cp_gates_question){.options = {.effect = NAN, .effect_ms = NAN}};
}

static void compare(struct two *t)
{
    struct cp_error err;
    const struct cp_gates_question question = usual();
    assert_int_equal(compare_with(t, &question, &err), CP_OK);
}

static void close_two(struct two *t)
{
    cp_gates_clear(&t->gates);
    cp_comparison_clear(&t->comparison);
    cp_figures_free(t->base_figures);
    cp_figures_free(t->now_figures);
    cp_run_data_clear(&t->base);
    cp_run_data_clear(&t->now);
}

/* Init of one size (0: all) takes so many times as long. */
static void slow_init(struct cp_run_data *data, int memory_size_mb, double factor)
{
    for (size_t i = 0; i < data->n_samples; i++) {
        struct cp_sample *s = &data->samples[i];
        if (memory_size_mb == 0 || s->memory_size_mb == memory_size_mb)
            s->init_duration_ms *= factor;
    }
}

static const struct cp_gate *find(const struct two *t, const char *name)
{
    char text[CP_METRIC_KEY_MAX];
    for (size_t i = 0; i < t->gates.n; i++) {
        if (strcmp(cp_metric_key_name(&t->gates.gates[i].metric, text), name) == 0)
            return &t->gates.gates[i];
    }
    return NULL;
}

/* Of either run. */
static bool has_warning_of(const struct two *t, const char *id, const char *run)
{
    for (size_t i = 0; i < t->gates.n_warnings; i++) {
        if (strcmp(t->gates.warnings[i].id, id) == 0 && strstr(t->gates.warnings[i].text, run))
            return true;
    }
    return false;
}

static bool has_warning(const struct two *t, const char *id)
{
    for (size_t i = 0; i < t->gates.n_warnings; i++) {
        if (strcmp(t->gates.warnings[i].id, id) == 0)
            return true;
    }
    return false;
}

static void expect_words(const struct two *t, const char *want)
{
    struct cp_buf out;
    cp_buf_init(&out, OUT_MAX);
    cp_gates_verdict_text(&t->gates, &out);
    assert_memory_equal(cp_buf_str(&out), want, strlen(want));
    cp_buf_clear(&out);
}

static void render(const struct cp_gates *gates, const struct cp_text_style *style,
                   struct cp_buf *out)
{
    cp_buf_init(out, OUT_MAX);
    cp_gates_text(gates, style, out);
    assert_int_equal(out->failed, CP_OK);
}

static void the_same_run_is_no_regression(void **state)
{
    (void)state;
    struct two t;
    open_two(&t);
    compare(&t);
    assert_int_equal(t.gates.n, 45); /* five sizes, nine quantiles */
    assert_int_equal(t.gates.n_failed, 0);
    assert_int_equal(t.gates.n_by_verdict[CP_CHANGE_REGRESSION], 0);
    assert_string_equal(cp_gates_word(&t.gates), "no regression");
    assert_int_equal(find(&t, "512MB/init-p50")->verdict, CP_CHANGE_EQUIVALENT);
    assert_true(has_warning(&t, "W040"));
    for (size_t i = 1; i < t.gates.n; i++)
        assert_true(cp_metric_key_order(&t.gates.gates[i - 1].metric, &t.gates.gates[i].metric) <
                    0);
    close_two(&t);
}

static void a_slower_init_fails_and_says_the_inequality(void **state)
{
    (void)state;
    struct two t;
    open_two(&t);
    slow_init(&t.now, 1024, 1.5);
    compare(&t);
    const struct cp_gate *gate = find(&t, "1024MB/init-p50");
    assert_true(gate->fails && gate->verdict == CP_CHANGE_REGRESSION);
    assert_near(gate->ratio.value, 1.5, 0.01);
    assert_non_null(strstr(gate->because, " is 1.5"));
    assert_non_null(strstr(gate->because, "] times the base's 160 ms ["));
    assert_non_null(strstr(gate->because, "]; more than 1.05 is a regression"));
    assert_false(find(&t, "512MB/init-p50")->fails);
    assert_string_equal(cp_gates_word(&t.gates), "regression");
    const struct cp_gate *few = find(&t, "1024MB/init-p99");
    assert_int_equal(few->verdict, CP_CHANGE_INCONCLUSIVE);
    assert_string_equal(few->because,
                        "n = 120 against the base's n = 120; p99 takes 368 samples of each");
    close_two(&t);
}

/* 20 % of 5 ms are not worth it: both effects must be exceeded. */
static void warm_durations_need_the_ms_as_well(void **state)
{
    (void)state;
    struct two t;
    open_two(&t);
    for (size_t i = 0; i < t.now.n_samples; i++) {
        if (t.now.samples[i].kind == CP_CELL_WARM && t.now.samples[i].memory_size_mb == 3008)
            t.now.samples[i].duration_ms *= 1.2;
    }
    compare(&t);
    assert_false(find(&t, "3008MB/warm-p50")->fails);
    assert_int_equal(find(&t, "3008MB/warm-p50")->verdict, CP_CHANGE_EQUIVALENT);
    close_two(&t);
}

static void a_size_that_cannot_run_any_more_fails(void **state)
{
    (void)state;
    struct two t;
    open_two(&t);
    t.now.cells[0].memory_size_mb = 256;
    compare(&t);
    const struct cp_gate *gate = find(&t, "256MB/cold-p50");
    assert_true(gate->fails);
    assert_non_null(strstr(gate->because, "it ran in the base and cannot run now: out of memory"));
    assert_true(isnan(gate->new_ms.value) && gate->n_new == 0 && gate->n_base == 120);
    assert_int_equal(t.gates.n_failed, 9);
    expect_words(&t, "REGRESSION: 9 of 45 metrics are worse; ");
    struct cp_buf out;
    render(&t.gates, &(struct cp_text_style){.width = 80}, &out);
    const char *told = strstr(cp_buf_str(&out), "it ran in the base");
    assert_non_null(strstr(cp_buf_str(&out), "init p50 and 8 more at 256 MB: it ran in the base"));
    assert_non_null(told);
    assert_null(strstr(told + 1, "it ran in the base")); /* once */
    cp_buf_clear(&out);
    close_two(&t);
}

/* They are above every other value, and no failures that are in no quantile. */
static void timeouts_are_in_the_quantiles(void **state)
{
    (void)state;
    struct two t;
    size_t n = 0;
    open_two(&t);
    for (size_t i = 0; i < t.now.n_samples; i++) {
        struct cp_sample *s = &t.now.samples[i];
        if (s->memory_size_mb != 512 || s->kind != CP_CELL_WARM || n == 100)
            continue;
        s->outcome = CP_OUTCOME_TIMEOUT;
        s->duration_ms = 15000;
        n++;
    }
    compare(&t);
    const struct cp_gate *gate = find(&t, "512MB/warm-p50");
    assert_true(gate->fails && isinf(gate->new_ms.value) && isinf(gate->ratio.value));
    assert_non_null(
        strstr(gate->because, "a timeout [timeout, timeout] against the base's 34.3 ms"));
    struct cp_buf out;
    render(&t.gates, &(struct cp_text_style){.width = 80}, &out);
    assert_null(strstr(cp_buf_str(&out), "no limit"));
    cp_buf_clear(&out);
    /* those that the fixture has in both */
    for (size_t i = 0; i < t.gates.n_warnings; i++) {
        if (strcmp(t.gates.warnings[i].id, "W044") == 0)
            assert_non_null(strstr(t.gates.warnings[i].text, ": 4 failed, 1 throttled"));
    }
    close_two(&t);
}

static bool is_init_p50(const void *context, const struct cp_metric_key *metric)
{
    (void)context;
    return metric->timing == CP_TIMING_INIT && metric->q < 0.6;
}

static void only_wanted_metrics_are_judged(void **state)
{
    (void)state;
    struct two t;
    struct cp_error err;
    struct cp_gates_question question = usual();
    question.options.is_wanted = is_init_p50;
    question.is_pair = true;
    open_two(&t);
    slow_init(&t.now, 512, 2);
    assert_int_equal(compare_with(&t, &question, &err), CP_OK);
    assert_int_equal(t.gates.n, 5);
    assert_int_equal(t.gates.kind, CP_GATES_PAIR);
    assert_false(has_warning(&t, "W040"));
    expect_words(&t, "REGRESSION: 1 of 5 metrics is worse; 4 equivalent");
    close_two(&t);
}

static void what_is_not_compared_is_told(void **state)
{
    (void)state;
    struct two t;
    struct cp_error err;
    struct cp_gates_question question = usual();
    question.allowed = "region us-east-1 and eu-west-1";
    open_two(&t);
    for (size_t i = 0; i < t.now.n_samples; i++) {
        struct cp_sample *s = &t.now.samples[i];
        if (s->memory_size_mb == 512)
            s->memory_size_mb = 513;
        if (s->memory_size_mb == 1024 && s->kind == CP_CELL_WARM)
            s->outcome = CP_OUTCOME_ERROR;
    }
    t.now.run.is_interrupted = true;
    t.base.run.is_interrupted = true;
    (void)snprintf(t.base.run.method, sizeof t.base.run.method, "own function" CP_RUN_IN_TURNS);
    assert_int_equal(compare_with(&t, &question, &err), CP_OK);
    for (size_t i = 0; i < 2; i++) {
        assert_true(has_warning_of(&t, "W044", i ? t.base.run.id : t.now.run.id));
        assert_true(has_warning_of(&t, "W045", i ? t.base.run.id : t.now.run.id));
    }
    for (size_t i = 0; i < t.gates.n_warnings; i++) { /* one that took turns cannot go on alone */
        const struct cp_warning *w = &t.gates.warnings[i];
        if (strcmp(w->id, "W045") == 0)
            assert_int_equal(strstr(w->advice, "--resume") != NULL,
                             strstr(w->text, t.base.run.id) == NULL);
    }
    assert_true(has_warning(&t, "W041") && has_warning(&t, "W042") && has_warning(&t, "W044") &&
                has_warning(&t, "W045"));
    assert_string_equal(t.gates.warnings[0].text,
                        "compared although different: region us-east-1 and eu-west-1");
    assert_string_equal(t.gates.warnings[1].text,
                        "not compared: 512 MB, in the base only; 513 MB, in the new run only");
    const struct cp_gate *gone = find(&t, "1024MB/warm-p50");
    assert_int_equal(gone->verdict, CP_CHANGE_INCONCLUSIVE);
    assert_string_equal(gone->because, "the new run has no sample of it");
    close_two(&t);
}

static void runs_without_anything_in_common_are_refused(void **state)
{
    (void)state;
    struct two t;
    struct cp_error err;
    const struct cp_gates_question question = usual();
    open_two(&t);
    for (size_t i = 0; i < t.now.n_samples; i++)
        t.now.samples[i].memory_size_mb++;
    t.now.cells[0].memory_size_mb++;
    assert_int_equal(compare_with(&t, &question, &err), CP_ENODATA);
    assert_non_null(strstr(err.text, "have no memory size in common: sweep both with the same"));
    close_two(&t);
}

/* --- documents --- */

static cJSON *json_of(const struct cp_gates *gates)
{
    struct cp_buf out;
    cp_buf_init(&out, OUT_MAX);
    cp_gates_json(gates, &out);
    assert_int_equal(out.failed, CP_OK);
    cJSON *json = cJSON_Parse(cp_buf_str(&out));
    assert_non_null(json);
    cp_buf_clear(&out);
    return json;
}

static double number(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    assert_true(cJSON_IsNumber(item));
    return item->valuedouble;
}

static const char *text(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static void json_has_gates_tests_and_shift(void **state)
{
    (void)state;
    struct two t;
    struct cp_error err;
    struct cp_gates_question question = usual();
    question.options.n_resamples = 100;
    question.options.seed = 1;
    open_two(&t);
    slow_init(&t.now, 0, 1.5);
    assert_int_equal(compare_with(&t, &question, &err), CP_OK);
    cJSON *json = json_of(&t.gates);
    assert_string_equal(text(json, "command"), "compare");
    assert_string_equal(text(json, "verdict"), "regression");
    assert_string_equal(text(cJSON_GetObjectItem(json, "base"), "run_id"), "7f3a");
    assert_string_equal(text(cJSON_GetObjectItem(json, "new"), "run_id"), "92c1");
    assert_near(number(json, "effect_ratio"), 0.05, 0);
    const cJSON *gates = cJSON_GetObjectItem(json, "gates");
    assert_int_equal(cJSON_GetArraySize(gates), 45);
    const cJSON *first = cJSON_GetArrayItem(gates, 0);
    assert_string_equal(text(first, "metric"), "256MB/init-p50");
    assert_near(number(cJSON_GetObjectItem(first, "ratio"), "value"), 1.5, 0.01);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(first, "n_needed")));
    const cJSON *p99 = cJSON_GetArrayItem(gates, 2);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(cJSON_GetObjectItem(p99, "ratio"), "low")));
    const cJSON *series = cJSON_GetObjectItem(json, "series");
    assert_int_equal(cJSON_GetArraySize(series), 15);
    const cJSON *init = cJSON_GetArrayItem(series, 0);
    assert_near(number(cJSON_GetObjectItem(init, "test"), "a12"), 1, 0.01);
    const cJSON *shift = cJSON_GetObjectItem(init, "shift");
    assert_int_equal(cJSON_GetArraySize(shift), 9);
    const cJSON *median = cJSON_GetArrayItem(shift, 4);
    assert_near(number(median, "quantile"), 0.5, 1e-12);
    assert_near(number(cJSON_GetObjectItem(median, "shift_ms"), "value"), 80, 3);
    assert_true(number(cJSON_GetObjectItem(median, "shift_ms"), "low") > 70);
    cJSON_Delete(json);
    close_two(&t);
}

static void json_of_a_night_has_states_and_no_base(void **state)
{
    (void)state;
    struct gates_fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    gates_fixture_make(CP_GATES_NIGHT, "orders", "", f);
    cJSON *json = json_of(&f->gates);
    assert_string_equal(text(json, "command"), "nightly");
    assert_null(cJSON_GetObjectItem(json, "base"));
    assert_null(cJSON_GetObjectItem(json, "series"));
    assert_non_null(text(cJSON_GetArrayItem(cJSON_GetObjectItem(json, "gates"), 0), "state"));
    cJSON_Delete(json);
    free(f);
}

static void text_is_narrow_and_coloured_only_when_asked(void **state)
{
    (void)state;
    struct gates_fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    for (int kind = CP_GATES_COMPARE; kind <= CP_GATES_NIGHT; kind++) {
        gates_fixture_make((enum cp_gates_kind)kind, "orders\x1b[31m\n", "\x1b]0;x\a", f);
        for (int width = 60; width <= 200; width += 7) {
            struct cp_buf out;
            render(&f->gates, &(struct cp_text_style){.width = width}, &out);
            struct cp_view rest = cp_buf_view(&out);
            struct cp_view line;
            assert_null(memchr(out.p, 0x1b, out.n));
            while (cp_view_split(&rest, '\n', &line))
                assert_in_range(cp_text_columns(line), 0, (size_t)width - 1);
            cp_buf_clear(&out);
        }
        struct cp_buf out;
        render(&f->gates, &(struct cp_text_style){.use_color = true}, &out);
        assert_non_null(memchr(out.p, 0x1b, out.n));
        assert_null(strstr(cp_buf_str(&out), "\x1b]0"));
        cp_buf_clear(&out);
    }
    free(f);
}

static void text_is_as_agreed(void **state)
{
    (void)state;
    static const int widths[] = {80, 120};
    for (size_t i = 0; i < 2; i++) {
        struct two t;
        struct cp_error err;
        char name[40];
        struct cp_buf out;
        struct cp_gates_question question = usual();
        question.options.n_resamples = 200;
        open_two(&t);
        slow_init(&t.now, 1024, 1.25);
        assert_int_equal(compare_with(&t, &question, &err), CP_OK);
        render(&t.gates, &(struct cp_text_style){.width = widths[i]}, &out);
        (void)snprintf(name, sizeof name, "compare-%d.txt", widths[i]);
        fixture_check_golden(name, &out);
        cp_buf_clear(&out);
        close_two(&t);
    }
}

static void csv_has_a_line_a_gate(void **state)
{
    (void)state;
    struct gates_fixture *f = calloc(1, sizeof *f);
    struct cp_buf out;
    assert_non_null(f);
    gates_fixture_make(CP_GATES_COMPARE, "=orders", "\",\"", f);
    cp_buf_init(&out, OUT_MAX);
    cp_gates_csv(&f->gates, &out);
    struct cp_view rest = cp_buf_view(&out);
    struct cp_view line;
    size_t n_lines = 0;
    while (cp_view_split(&rest, '\n', &line)) {
        n_lines++;
        assert_true(line.p[line.n - 1] == '\r');
        if (n_lines > 1)
            assert_true(line.p[0] != '='); /* never a formula */
    }
    assert_int_equal(n_lines, f->gates.n + 1);
    cp_buf_clear(&out);
    free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_run_is_no_regression),
        cmocka_unit_test(a_slower_init_fails_and_says_the_inequality),
        cmocka_unit_test(warm_durations_need_the_ms_as_well),
        cmocka_unit_test(a_size_that_cannot_run_any_more_fails),
        cmocka_unit_test(timeouts_are_in_the_quantiles),
        cmocka_unit_test(only_wanted_metrics_are_judged),
        cmocka_unit_test(what_is_not_compared_is_told),
        cmocka_unit_test(runs_without_anything_in_common_are_refused),
        cmocka_unit_test(json_has_gates_tests_and_shift),
        cmocka_unit_test(json_of_a_night_has_states_and_no_base),
        cmocka_unit_test(text_is_narrow_and_coloured_only_when_asked),
        cmocka_unit_test(text_is_as_agreed),
        cmocka_unit_test(csv_has_a_line_a_gate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
