/* SPDX-License-Identifier: GPL-3.0-or-later
 * Histories as documents: what is shown of which night, and what stands beside a change.
 */
#include "reports/history.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/units.h"
#include "reports/chart_script.h"
#include "reports/figures.h"
#include "reports/format.h"
#include "reports/history_parts.h"
#include "tests/model/scarce_memory.h"
#include "tests/reports/fixture.h"
#include "tests/reports/history_fixture.h"
#include "tests/test.h"

static const struct history_step steps[] = {{20, 1.0, true}, {40, 1.3, true}, {70, 0.8, false}};

/* 100 days: one lasting rise with a deployment, one fall without anything known. */
static const struct history_options usual = {.n_days = 100,
                                             .seed = 7,
                                             .steps = steps,
                                             .n_steps = 3,
                                             .gap_at = 55,
                                             .gap_days = 4,
                                             .timeout_at = 63,
                                             .few_at = 66};

struct shown {
    struct cp_history history;
    struct cp_history_view *view;
};

static const struct cp_trend_options defaults = {.effect = NAN, .effect_ms = NAN};

static void show(const struct history_options *o, size_t n_last, struct shown *s)
{
    const struct cp_history_options how = {.n_last = n_last, .trend = defaults};
    struct cp_error err = {.text = ""};
    history_make(o, &s->history);
    if (cp_history_view_new(&s->history, &how, &s->view, &err))
        fail_msg("%s", err.text);
}

static void clear(struct shown *s)
{
    cp_history_view_free(s->view);
    cp_history_clear(&s->history);
}

static void changes_stand_where_the_levels_changed(void **state)
{
    (void)state;
    struct shown s;
    show(&usual, 0, &s);
    const struct cp_history_view *v = s.view;
    assert_int_equal(v->n_rows, 96);
    assert_string_equal(v->metrics[v->shown_metric].name, "1024MB/init-p95");
    assert_int_equal(v->n_changes, 2);
    const size_t row[] = {40, 66}; /* days 40 and 70, four of which are missing between */
    const double factor[] = {1.3, 0.8};
    for (size_t i = 0; i < 2; i++) {
        const struct cp_history_change *c = &v->changes[i];
        assert_int_equal(c->number, i + 1);
        assert_true(c->row >= row[i] - 1 && c->row <= row[i] + 1);
        assert_near(c->change.ratio.value, factor[i], 0.05 * factor[i]);
        assert_int_equal(v->rows[c->row].change, i + 1);
        assert_ptr_equal(c->before, v->rows[c->row - 1].night);
    }
    assert_true(v->changes[0].n_causes >= 3);
    assert_int_equal(v->changes[0].causes[0].kind, CP_CAUSE_CODE);
    assert_non_null(strstr(v->changes[0].words, "layers -tracing:1 +tracing:2"));
    assert_int_equal(v->changes[1].n_causes, 0);
    assert_string_equal(v->changes[1].words, "nothing that is known");
    clear(&s);
}

/* Of a host the facts that differ. */
static void causes_are_told_in_short(void **state)
{
    (void)state;
    static const struct {
        struct cp_cause cause;
        const char *words;
    } cases[] = {
        {{CP_CAUSE_HOST, "EPYC, 2 cores, Linux 6.1", "EPYC, 4 cores, Linux 6.8"},
         "host 2 cores -> 4 cores, Linux 6.1 -> Linux 6.8"},
        {{CP_CAUSE_HOST, "EPYC, 2 cores", "EPYC, 2 cores, cgroup v2"},
         "host EPYC, 2 cores -> EPYC, 2 cores, cgroup v2"},
        {{CP_CAUSE_CODE, "0123456789abcdef", "fedcba9876543210"},
         "code SHA-256 0123456789ab -> fedcba987654"},
        {{CP_CAUSE_RUNTIME_VERSION, "arn:aws:lambda:eu-west-1::runtime:0123456789abcdef",
          "arn:aws:lambda:eu-west-1::runtime:fed"},
         "runtime version 0123456789ab -> fed"},
        {{CP_CAUSE_MEMORY, "512", "10240"}, "memory 512 -> 10,240 MB"},
        {{CP_CAUSE_LAYERS, "arn:aws:lambda:eu-west-1:000000000000:layer:otel:7", ""},
         "layers -otel:7"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cp_history_change change = {.n_causes = 1};
        change.causes[0] = cases[i].cause;
        assert_true(cp_history_change_words(&change));
        assert_string_equal(change.words, cases[i].words);
    }
}

static void missing_nights_are_counted_where_they_are(void **state)
{
    (void)state;
    struct shown s;
    show(&usual, 0, &s);
    assert_int_equal(s.view->n_missed, 4);
    assert_int_equal(s.view->n_gaps, 1);
    for (size_t i = 0; i < s.view->n_rows; i++)
        assert_int_equal(s.view->rows[i].n_missed, i == 55 ? 4 : 0);
    clear(&s);
    /* one is seen as well */
    struct history_options single = usual;
    single.gap_days = 1;
    show(&single, 0, &s);
    assert_int_equal(s.view->n_missed, 1);
    assert_string_equal(s.view->rows[55].mark, "1 missing");
    clear(&s);
    /* weekly nights are no gaps */
    struct history_options weekly = usual;
    weekly.interval_days = 7;
    weekly.gap_days = 0;
    show(&weekly, 0, &s);
    assert_int_equal(s.view->n_missed, 0);
    assert_near((double)s.view->interval_ms, 7 * 86400e3, 600e3);
    clear(&s);
}

static void numbers_do_not_depend_on_what_is_shown(void **state)
{
    (void)state;
    struct shown all;
    show(&usual, 0, &all);
    struct shown last;
    show(&usual, 40, &last);
    assert_int_equal(last.view->n_rows - last.view->first_row, 40);
    assert_int_equal(last.view->first_change, 1);
    assert_int_equal(last.view->changes[1].number, 2);
    assert_int_equal(last.view->changes[1].row, all.view->changes[1].row);
    assert_int_equal(last.view->n_missed, 0); /* the gap is further back */
    static const struct cp_text_style style = {false, 80};
    struct cp_buf out;
    char before[80];
    cp_buf_init(&out, 1U << 20);
    cp_history_text(last.view, &style, &out);
    (void)snprintf(before, sizeof before, "\n  (1 before them, the last one on %s: ",
                   last.view->rows[last.view->changes[0].row].day);
    assert_non_null(strstr(cp_buf_str(&out), before));
    assert_string_equal(cp_buf_str(&out) + out.n - 2, ")\n"); /* nothing to do next */
    cp_buf_clear(&out);
    clear(&all);
    clear(&last);
}

static void later_nights_can_be_left_out(void **state)
{
    (void)state;
    struct cp_history history;
    struct cp_history_view *view = NULL;
    history_make(&usual, &history);
    struct cp_night_acceptance later = {.at_ms = history.nights[51].started_at_ms, .note = ""};
    history.acceptances = &later;
    history.n_acceptances = 1;
    const struct cp_history_options how = {.until_ms = history.nights[49].started_at_ms,
                                           .trend = defaults};
    assert_int_equal(cp_history_view_new(&history, &how, &view, NULL), CP_OK);
    assert_int_equal(view->n_rows, 50);
    assert_ptr_equal(view->rows[49].night, &history.nights[49]);
    assert_int_equal(view->n_changes, 1);
    /* ten nights at 1.3 times the level, and nobody accepted it */
    assert_int_equal(view->rows[49].judged.state, CP_TREND_REGRESSED);
    assert_string_equal(view->metrics[view->shown_metric].since, view->rows[40].day);
    cp_history_view_free(view);
    history.acceptances = NULL;
    history.n_acceptances = 0;
    cp_history_clear(&history);
}

static void an_unknown_metric_names_the_known_ones(void **state)
{
    (void)state;
    struct cp_history history;
    struct cp_history_view *view = NULL;
    struct cp_error err = {.text = ""};
    const struct cp_metric_key metric = {CP_TIMING_RESTORE, 0.5, 512};
    const struct cp_history_options how = {.metric = &metric, .trend = defaults};
    history_make(&usual, &history);
    assert_int_equal(cp_history_view_new(&history, &how, &view, &err), CP_ENOTFOUND);
    assert_null(view);
    assert_non_null(strstr(err.text, "'512MB/restore-p50'"));
    assert_non_null(strstr(err.text, "1024MB/init-p50, 1024MB/init-p95"));
    cp_history_clear(&history);
    const struct cp_history none = {.n_nights = 0};
    assert_int_equal(cp_history_view_new(&none, &how, &view, &err), CP_ENODATA);
}

static void a_metric_can_be_chosen(void **state)
{
    (void)state;
    struct cp_history history;
    struct cp_history_view *view = NULL;
    const struct cp_metric_key metric = {CP_TIMING_WARM, 0.5, 1024};
    const struct cp_history_options how = {.metric = &metric, .trend = defaults};
    history_make(&usual, &history);
    assert_int_equal(cp_history_view_new(&history, &how, &view, NULL), CP_OK);
    assert_string_equal(view->metrics[view->shown_metric].name, "1024MB/warm-p50");
    assert_near(view->rows[0].ms.value, 12, 1);
    cp_history_view_free(view);
    cp_history_clear(&history);
}

/* Each allocation fails once: the view is whole, or there is none and the reason is told. */
static void scarce_memory_is_told(void **state)
{
    (void)state;
    struct cp_history history;
    struct cp_night_acceptance acceptance = {.note = "meant"};
    const struct cp_history_options how = {.trend = defaults};
    history_make(&usual, &history);
    acceptance.at_ms = history.nights[50].started_at_ms;
    history.acceptances = &acceptance;
    history.n_acceptances = 1;
    int n_failed = 0;
    enum cp_code code = CP_ENOMEM;
    for (; code != CP_OK; n_failed++) {
        struct cp_history_view *view = NULL;
        struct cp_error err = {.text = ""};
        allocations_left = n_failed;
        code = cp_history_view_new(&history, &how, &view, &err);
        allocations_left = -1;
        assert_true(code == CP_OK || (code == CP_ENOMEM && err.text[0] && !view));
        cp_history_view_free(view);
    }
    assert_true(n_failed > 20);
    history.acceptances = NULL;
    cp_history_clear(&history);
}

/* A size that was measured once does not take the place of the one that has a history. */
static void the_metric_shown_has_several_nights(void **state)
{
    (void)state;
    struct cp_history history;
    struct cp_history_view *view = NULL;
    const struct cp_history_options how = {.trend = defaults};
    history_make(&usual, &history);
    struct cp_night *newest = &history.nights[history.n_nights - 1];
    newest->original_memory_size_mb = 2048;
    for (size_t i = 0; i < newest->n_metrics; i++)
        newest->metrics[i].metric.memory_size_mb = 2048;
    assert_int_equal(cp_history_view_new(&history, &how, &view, NULL), CP_OK);
    assert_int_equal(view->n_metrics, 18);
    assert_string_equal(view->metrics[view->shown_metric].name, "1024MB/init-p95");
    cp_history_view_free(view);
    cp_history_clear(&history);
}

/* --- documents --- */

/* What the model says of a night, set by hand: goldens show what is written of it, and do not
 * change with how nights are judged. */
static struct cp_trend_night judged(size_t i, const struct cp_interval *ms)
{
    struct cp_trend_night night = {.state = CP_TREND_LEARNING,
                                   .baseline_ms = {NAN, NAN, NAN},
                                   .ratio = {NAN, NAN, NAN},
                                   .n_baseline = i};
    if (i < 10)
        return night;
    bool is_high = ms->value > 240;
    night.state = is_high && i < 43 ? CP_TREND_SUSPECT
                  : is_high         ? CP_TREND_REGRESSED
                                    : CP_TREND_STEADY;
    night.baseline_ms = (struct cp_interval){212, 200, 225};
    if (isfinite(ms->value))
        night.ratio = (struct cp_interval){ms->value / 212, ms->value / 225, ms->value / 200};
    return night;
}

static void set_by_hand(struct cp_history_view *view)
{
    for (size_t i = 0; i < view->n_rows; i++)
        view->rows[i].judged = judged(i, &view->rows[i].ms);
    for (size_t i = 0; i < view->n_metrics; i++)
        view->metrics[i].newest.judged = judged(i < 3 ? 90 : i, &view->metrics[i].newest.ms);
    for (size_t i = 0; i < view->n_changes; i++) {
        struct cp_trend_change *c = &view->changes[i].change;
        *c = (struct cp_trend_change){.index = c->index,
                                      .ratio = {1.25, 1.2, 1.31},
                                      .before_ms = 212,
                                      .after_ms = 265,
                                      .n_before = 40,
                                      .n_after = 1,
                                      .p = i == 0 ? 0.0004 : 0.0123};
        assert_true(cp_history_change_words(&view->changes[i]));
    }
    cp_history_draw_strips(view);
}

static void documents_match_their_goldens(void **state)
{
    (void)state;
    struct shown s;
    show(&usual, 60, &s);
    static const struct cp_text_style style = {false, 80};
    struct cp_buf out;
    set_by_hand(s.view);
    s.view->is_comparable = true;
    cp_buf_init(&out, 1U << 20);
    cp_history_text(s.view, &style, &out);
    fixture_check_golden("history.txt", &out);
    cp_buf_reset(&out);
    cp_history_markdown(s.view, &out);
    fixture_check_golden("history.md", &out);
    cp_buf_reset(&out);
    cp_history_csv(s.view, &out);
    fixture_check_golden("history.csv", &out);
    cp_buf_clear(&out);
    clear(&s);
}

/* ASCII, no escapes, no line as wide as the terminal. */
static void text_fits_the_terminal(void **state)
{
    (void)state;
    static const int widths[] = {80, 120};
    for (size_t n_days = 1; n_days <= 100; n_days = n_days * 3 + 1) {
        struct history_options o = usual;
        o.n_days = n_days;
        struct shown s;
        show(&o, 0, &s);
        for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
            const struct cp_text_style style = {false, widths[i]};
            struct cp_buf out;
            struct cp_view line;
            cp_buf_init(&out, 1U << 20);
            cp_history_text(s.view, &style, &out);
            assert_int_equal(out.failed, CP_OK);
            for (size_t k = 0; k < out.n; k++)
                assert_true(out.p[k] == '\n' || (out.p[k] >= ' ' && out.p[k] < 0x7f));
            struct cp_view rest = cp_buf_view(&out);
            while (cp_view_split(&rest, '\n', &line)) {
                if (cp_text_columns(line) >= (size_t)widths[i])
                    fail_msg("%d columns: '%.*s'", widths[i], (int)line.n, line.p);
            }
            cp_buf_clear(&out);
        }
        clear(&s);
    }
}

/* A night without an interval is no night of nightly's either; it says why. */
static void a_night_that_is_not_judged_says_why(void **state)
{
    (void)state;
    struct shown s;
    struct cp_buf out;
    struct history_options o = usual;
    cp_buf_init(&out, 1U << 12);
    o.n_days = o.few_at + 1;
    show(&o, 0, &s);
    cp_history_verdict_text(s.view, &out);
    assert_non_null(
        strstr(cp_buf_str(&out), " ms; not judged: 20 samples, an interval of p95 needs 72"));
    clear(&s);
    o.n_days = 3;
    show(&o, 0, &s);
    cp_buf_reset(&out);
    cp_history_verdict_text(s.view, &out);
    assert_non_null(
        strstr(cp_buf_str(&out), "]; 2 nights before it are too few to say what is usual"));
    cp_buf_clear(&out);
    clear(&s);
}

static const cJSON *member(const cJSON *root, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, key);
    if (!item)
        fail_msg("no member '%s'", key);
    return item;
}

static void assert_interval(const cJSON *object, const char *key, struct cp_interval v)
{
    const cJSON *interval = member(object, key);
    static const char *const keys[] = {"value", "low", "high"};
    const double numbers[] = {v.value, v.low, v.high};
    for (size_t i = 0; i < 3; i++) {
        const cJSON *number = member(interval, keys[i]);
        assert_int_equal(cJSON_IsNull(number), !isfinite(numbers[i]));
        if (isfinite(numbers[i]))
            assert_near(number->valuedouble, numbers[i], 0);
    }
}

static void assert_night(const cJSON *night, const struct cp_history_night *row)
{
    assert_string_equal(member(night, "run_id")->valuestring, row->night->run_id);
    assert_string_equal(member(night, "state")->valuestring,
                        cp_trend_state_name(row->judged.state));
    assert_near(member(night, "started_at_ms")->valuedouble, (double)row->night->started_at_ms, 0);
    assert_interval(night, "value_ms", row->ms);
    assert_interval(night, "expected_ms", row->judged.baseline_ms);
    assert_interval(night, "ratio", row->judged.ratio);
}

static void assert_change(const cJSON *change, const struct cp_history_change *c)
{
    assert_near(member(change, "number")->valuedouble, (double)c->number, 0);
    assert_near(member(change, "before_ms")->valuedouble, c->change.before_ms, 0);
    assert_near(member(change, "after_ms")->valuedouble, c->change.after_ms, 0);
    assert_interval(change, "ratio", c->change.ratio);
    assert_string_equal(member(change, "run_id_before")->valuestring, c->before->run_id);
    assert_string_equal(member(change, "run_id_after")->valuestring, c->after->run_id);
}

static void json_holds_what_the_view_holds(void **state)
{
    (void)state;
    struct shown s;
    show(&usual, 0, &s);
    struct cp_buf out;
    cp_buf_init(&out, 1U << 20);
    cp_history_json(s.view, &out);
    cJSON *root = cJSON_Parse(cp_buf_str(&out));
    assert_non_null(root);
    assert_int_equal(member(root, "schema_version")->valueint, 1);
    assert_string_equal(member(root, "command")->valuestring, "history show");
    assert_int_equal(cJSON_GetArraySize(member(root, "metrics")), 9);
    const cJSON *nights = member(root, "nights");
    const cJSON *changes = member(root, "changes");
    assert_int_equal(cJSON_GetArraySize(nights), 96);
    assert_int_equal(cJSON_GetArraySize(changes), 2);
    for (int i = 0; i < 96; i++)
        assert_night(cJSON_GetArrayItem(nights, i), &s.view->rows[i]);
    for (int i = 0; i < 2; i++)
        assert_change(cJSON_GetArrayItem(changes, i), &s.view->changes[i]);
    const cJSON *first = cJSON_GetArrayItem(changes, 0);
    const cJSON *cause = cJSON_GetArrayItem(member(first, "causes"), 0);
    assert_string_equal(member(cause, "what")->valuestring, "code_sha256");
    /* the night at the timeout: no number, and said */
    const cJSON *late = cJSON_GetArrayItem(nights, 59);
    assert_true(cJSON_IsNull(member(member(late, "value_ms"), "value")));
    assert_true(cJSON_IsTrue(member(late, "is_at_timeout")));
    cJSON_Delete(root);
    cp_buf_clear(&out);
    clear(&s);
}

/* To the millisecond. */
static void csv_tells_when_each_night_was(void **state)
{
    (void)state;
    struct shown s;
    struct cp_buf out;
    show(&usual, 0, &s);
    cp_buf_init(&out, 1U << 20);
    cp_history_csv(s.view, &out);
    for (size_t i = 0; i < s.view->n_rows; i++) {
        const struct cp_night *night = s.view->rows[i].night;
        char end[64];
        (void)snprintf(end, sizeof end, ",%lld,%s\r\n", (long long)night->started_at_ms,
                       night->run_id);
        if (!strstr(cp_buf_str(&out), end))
            fail_msg("no line ends with '%s'", end);
    }
    cp_buf_clear(&out);
    clear(&s);
}

static void hostile_names_stay_text(void **state)
{
    (void)state;
    char names[20][200];
    size_t n = fixture_hostile_names(names, 16);
    for (size_t i = 0; i < n; i++) {
        struct history_options o = usual;
        o.function = names[i];
        struct shown s;
        show(&o, 0, &s);
        static const struct cp_text_style style = {false, 80};
        struct cp_buf out;
        cp_buf_init(&out, 1U << 20);
        cp_history_text(s.view, &style, &out);
        assert_null(memchr(out.p, '\x1b', out.n));
        cp_buf_reset(&out);
        cp_history_markdown(s.view, &out);
        assert_null(strstr(cp_buf_str(&out), "<script"));
        cp_buf_clear(&out);
        clear(&s);
    }
}

/* --- the chart and the report --- */

static void script_of_view(struct cp_history_view *view, struct cp_buf *out)
{
    struct cp_run_data data;
    struct cp_figures *f = NULL;
    fixture_data(&(struct fixture_options){.n_cold = 30}, &data);
    assert_int_equal(cp_figures_measured(&data, &f, NULL), CP_OK);
    f->history = view;
    cp_buf_init(out, 1U << 20);
    assert_true(cp_chart_has_data(f, CP_CHART_HISTORY));
    cp_chart_script(f, CP_CHART_HISTORY, out);
    assert_int_equal(out->failed, CP_OK);
    f->history = NULL;
    cp_figures_free(f);
    cp_run_data_clear(&data);
}

static void script_of(const struct history_options *o, bool is_by_hand, struct cp_buf *out)
{
    struct shown s;
    show(o, 0, &s);
    if (is_by_hand)
        set_by_hand(s.view);
    script_of_view(s.view, out);
    clear(&s);
}

static size_t count_of(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *p = text; (p = strstr(p, what)); p++)
        n++;
    return n;
}

/* How many lines a data block has, and how many of them are empty. */
static size_t lines_of_block(const char *script, const char *name, size_t *n_empty)
{
    char head[40];
    (void)snprintf(head, sizeof head, "$%s << ", name);
    const char *start = strstr(script, head);
    *n_empty = 0;
    if (!start)
        return 0;
    struct cp_view rest = cp_view_of(strchr(start, '\n') + 1);
    struct cp_view line;
    size_t n = 0;
    while (cp_view_split(&rest, '\n', &line) && !cp_view_has_prefix(line, "COLDPROF_END")) {
        n += line.n > 0 ? 1 : 0;
        *n_empty += line.n == 0 ? 1 : 0;
    }
    return n;
}

static void the_script_matches_its_golden(void **state)
{
    (void)state;
    struct history_options o = usual;
    struct cp_buf out;
    o.n_days = 50;
    script_of(&o, true, &out);
    fixture_check_golden("history.gp", &out);
    cp_buf_clear(&out);
}

/* Every night is drawn once, as one of four signs; its interval where it has one; gaps are empty
 * lines; changes have their numbers. */
static void the_chart_draws_every_night(void **state)
{
    (void)state;
    static const char *const blocks[] = {"night", "suspect", "regressed", "timeout"};
    struct cp_buf out;
    script_of(&usual, false, &out);
    size_t n = 0;
    size_t n_empty = 0;
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        size_t lines = lines_of_block(cp_buf_str(&out), blocks[i], &n_empty);
        assert_int_equal(n_empty, 0);
        n += lines;
        if (i == 3)
            assert_int_equal(lines, 1);
    }
    assert_int_equal(n, 96);
    assert_int_equal(lines_of_block(cp_buf_str(&out), "interval", &n_empty), 95); /* one had few */
    assert_int_equal(lines_of_block(cp_buf_str(&out), "path", &n_empty), 0);      /* too many */
    assert_int_equal(count_of(cp_buf_str(&out), "nohead lw 1.2 dt 2"), 2);
    assert_int_equal(count_of(cp_buf_str(&out), "set label '\xe2\x91\xa0'"), 1);
    assert_int_equal(count_of(cp_buf_str(&out), "set label '\xe2\x91\xa1'"), 1);
    cp_buf_clear(&out);
}

/* A change on the first night shown is told, but has no line: the night before is not there. */
static void a_change_at_the_edge_is_told(void **state)
{
    (void)state;
    struct shown s;
    struct cp_buf out;
    show(&usual, 0, &s);
    size_t n_last = s.view->n_rows - s.view->changes[1].row;
    clear(&s);
    show(&usual, n_last, &s);
    assert_int_equal(s.view->first_change, 1);
    script_of_view(s.view, &out);
    assert_int_equal(count_of(cp_buf_str(&out), "nohead lw 1.2 dt 2"), 0);
    cp_buf_clear(&out);
    clear(&s);
    show(&usual, n_last + 1, &s);
    script_of_view(s.view, &out);
    assert_int_equal(count_of(cp_buf_str(&out), "nohead lw 1.2 dt 2"), 1);
    cp_buf_clear(&out);
    clear(&s);
}

/* The nights of a month are joined, but for those that are missing. */
static void a_path_joins_the_nights_of_a_month(void **state)
{
    (void)state;
    struct history_options o = usual;
    struct cp_buf out;
    size_t n_empty = 0;
    o.n_days = 30;
    o.gap_at = 15;
    o.timeout_at = 20;
    script_of(&o, false, &out);
    assert_int_equal(lines_of_block(cp_buf_str(&out), "path", &n_empty), 30 - 4 - 1);
    assert_int_equal(n_empty, 1);
    assert_non_null(strstr(cp_buf_str(&out), "$path with lines"));
    cp_buf_clear(&out);
}

/* A band that stays as it is has two corners at its left and two at its right, in the middle
 * between nights; where nights are missing it ends half a night behind the last one. */
static void the_band_is_as_wide_as_its_nights(void **state)
{
    (void)state;
    struct shown s;
    struct cp_buf out;
    size_t n_empty = 0;
    show(&usual, 0, &s);
    set_by_hand(s.view);
    script_of_view(s.view, &out);
    assert_int_equal(lines_of_block(cp_buf_str(&out), "expected", &n_empty), 4);
    assert_int_equal(n_empty, 1);
    const struct cp_history_night *rows = s.view->rows;
    const double half = (double)s.view->interval_ms / 2;
    const double ends_ms[] = {
        ((double)rows[9].night->started_at_ms + (double)rows[10].night->started_at_ms) / 2,
        (double)rows[54].night->started_at_ms + half,
        (double)rows[55].night->started_at_ms - half,
        (double)rows[95].night->started_at_ms + half,
    };
    struct cp_view rest = cp_view_of(strstr(cp_buf_str(&out), "$expected << "));
    struct cp_view line;
    assert_true(cp_view_split(&rest, '\n', &line));
    for (size_t i = 0; i < 4;) {
        double day = 0;
        assert_true(cp_view_split(&rest, '\n', &line));
        if (line.n == 0)
            continue;
        assert_true(cp_view_take_double(&line, &day));
        assert_near(day, ends_ms[i] / CP_MS_PER_DAY, 0.1); /* half a pixel */
        i++;
    }
    cp_buf_clear(&out);
    clear(&s);
}

static void the_axis_begins_at_zero_unless_the_range_is_wide(void **state)
{
    (void)state;
    static const struct history_step wide[] = {{30, 12, false}};
    struct history_options o = {.n_days = 60, .seed = 5};
    struct cp_buf out;
    script_of(&o, false, &out);
    assert_non_null(strstr(cp_buf_str(&out), "set yrange [0:"));
    assert_null(strstr(cp_buf_str(&out), "set logscale y"));
    cp_buf_clear(&out);
    o.steps = wide;
    o.n_steps = 1;
    script_of(&o, false, &out);
    assert_non_null(strstr(cp_buf_str(&out), "set logscale y"));
    assert_null(strstr(cp_buf_str(&out), "set yrange [0:"));
    cp_buf_clear(&out);
}

static void nights_of_timeouts_alone_are_drawn(void **state)
{
    (void)state;
    struct shown s;
    struct cp_buf out;
    static const struct cp_text_style style = {false, 80};
    const struct cp_history_options how = {.trend = defaults};
    const struct history_options o = {.n_days = 20, .seed = 5};
    history_make(&o, &s.history);
    for (size_t i = 0; i < s.history.n_nights; i++) {
        for (size_t k = 0; k < s.history.nights[i].n_metrics; k++)
            s.history.nights[i].metrics[k].ms = (struct cp_interval){INFINITY, 3000, INFINITY};
    }
    assert_int_equal(cp_history_view_new(&s.history, &how, &s.view, NULL), CP_OK);
    size_t n_empty = 0;
    script_of_view(s.view, &out);
    assert_int_equal(lines_of_block(cp_buf_str(&out), "timeout", &n_empty), 20);
    assert_null(strstr(cp_buf_str(&out), "nan"));
    assert_null(strstr(cp_buf_str(&out), "inf "));
    cp_buf_reset(&out);
    cp_history_text(s.view, &style, &out);
    assert_int_equal(count_of(cp_buf_str(&out), ">= timeout"), 20 + 10); /* each metric, too */
    cp_buf_clear(&out);
    clear(&s);
}

/* The report knows the nights up to its own run, and says nothing of fewer than two. */
static void the_report_has_the_nights_up_to_its_run(void **state)
{
    (void)state;
    struct cp_run_data data;
    struct cp_history history;
    fixture_data(&(struct fixture_options){.n_cold = 30}, &data);
    history_make(&usual, &history);
    data.history = &history;
    for (size_t night = 0; night < 3; night++) {
        struct cp_figures *f = NULL;
        data.run.started_at_ms = history.nights[night].started_at_ms;
        assert_int_equal(cp_figures_measured(&data, &f, NULL), CP_OK);
        assert_null(f->history);
        assert_int_equal(cp_figures_read_history(f, NULL), CP_OK);
        assert_int_equal(cp_figures_has_history(f), night > 0);
        if (night > 0)
            assert_int_equal(f->history->n_rows, night + 1);
        cp_figures_free(f);
    }
    cp_history_clear(&history);
    cp_run_data_clear(&data);
}

/* All of a report once, since it takes long: the history is in it. */
static void the_report_tells_the_history(void **state)
{
    (void)state;
    struct cp_run_data data;
    struct cp_history history;
    struct cp_figures *f = NULL;
    struct cp_buf out;
    struct cp_error err = {.text = ""};
    fixture_data(&(struct fixture_options){.n_cold = 30}, &data);
    history_make(&usual, &history);
    data.history = &history;
    data.run.started_at_ms = history.nights[1].started_at_ms;
    cp_buf_init(&out, 1U << 22);
    if (cp_figures_new(&data, &f, &err))
        fail_msg("%s", err.text);
    cp_report_json(f, &out);
    cJSON *root = cJSON_Parse(cp_buf_str(&out));
    assert_int_equal(cJSON_GetArraySize(member(member(root, "history"), "nights")), 2);
    cJSON_Delete(root);
    cp_buf_clear(&out);
    cp_figures_free(f);
    cp_history_clear(&history);
    cp_run_data_clear(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_stand_where_the_levels_changed),
        cmocka_unit_test(causes_are_told_in_short),
        cmocka_unit_test(missing_nights_are_counted_where_they_are),
        cmocka_unit_test(numbers_do_not_depend_on_what_is_shown),
        cmocka_unit_test(later_nights_can_be_left_out),
        cmocka_unit_test(an_unknown_metric_names_the_known_ones),
        cmocka_unit_test(a_metric_can_be_chosen),
        cmocka_unit_test(scarce_memory_is_told),
        cmocka_unit_test(the_metric_shown_has_several_nights),
        cmocka_unit_test(nights_of_timeouts_alone_are_drawn),
        cmocka_unit_test(documents_match_their_goldens),
        cmocka_unit_test(text_fits_the_terminal),
        cmocka_unit_test(a_night_that_is_not_judged_says_why),
        cmocka_unit_test(json_holds_what_the_view_holds),
        cmocka_unit_test(csv_tells_when_each_night_was),
        cmocka_unit_test(hostile_names_stay_text),
        cmocka_unit_test(the_script_matches_its_golden),
        cmocka_unit_test(the_chart_draws_every_night),
        cmocka_unit_test(a_change_at_the_edge_is_told),
        cmocka_unit_test(a_path_joins_the_nights_of_a_month),
        cmocka_unit_test(the_band_is_as_wide_as_its_nights),
        cmocka_unit_test(the_axis_begins_at_zero_unless_the_range_is_wide),
        cmocka_unit_test(the_report_has_the_nights_up_to_its_run),
        cmocka_unit_test(the_report_tells_the_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
