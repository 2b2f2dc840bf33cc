/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/history.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/datetime.h"
#include "reports/figures.h"
#include "reports/history_parts.h"

/* One metric of the nights that have it, ascending. */
struct series {
    struct cp_trend_value *values;
    struct cp_trend_night *judged;
    size_t *night; /* index in the history */
    size_t n;
};

static void clear_series(struct series *s)
{
    free(s->values);
    free(s->judged);
    free(s->night);
    *s = (struct series){.n = 0};
}

static bool make_series(size_t n_nights, struct series *s)
{
    *s = (struct series){calloc(n_nights, sizeof *s->values), calloc(n_nights, sizeof *s->judged),
                         calloc(n_nights, sizeof *s->night), 0};
    return s->values && s->judged && s->night;
}

static void collect(const struct cp_history_view *view, const struct cp_metric_key *metric,
                    struct series *s)
{
    s->n = 0;
    for (size_t i = 0; i < view->n_nights; i++) {
        const struct cp_night *night = &view->history->nights[i];
        const struct cp_night_metric *m = cp_night_find(night, metric);
        if (!m)
            continue;
        s->values[s->n] = (struct cp_trend_value){night->started_at_ms, m->ms, m->n};
        s->night[s->n++] = i;
    }
}

/* When levels were accepted, up to the last night that counts. */
struct accepted {
    int64_t *at_ms;
    size_t n;
};

static enum cp_code judge(const struct cp_history_view *view, const struct cp_metric_key *metric,
                          const struct accepted *accepted, const struct cp_trend_options *options,
                          struct series *s, struct cp_error *err)
{
    collect(view, metric, s);
    struct cp_trend_value *judged = calloc(s->n + 1, sizeof *judged);
    if (!judged)
        return cp_fail(err, CP_ENOMEM, "no memory to judge a history");
    for (size_t i = 0; i < s->n; i++) { /* as gates are: nightly says the same */
        judged[i] = s->values[i];
        if (!cp_night_is_judged(cp_night_find(&view->history->nights[s->night[i]], metric)))
            judged[i].ms.value = NAN;
    }
    enum cp_code code =
        cp_trend_judge(judged, s->n, accepted->at_ms, accepted->n, options, s->judged, err);
    free(judged);
    return code;
}

static void write_day(const struct cp_history_night *row, bool has_time, char out[20])
{
    char text[CP_DATETIME_TEXT_MAX];
    cp_datetime_format(row->night->started_at_ms, CP_DATETIME_ISO_S, text);
    if (has_time)
        (void)snprintf(out, 20, "%.10s %.5s", text, text + 11);
    else
        (void)snprintf(out, 20, "%.10s", text);
}

static struct cp_history_night row_of(const struct cp_history_view *view, const struct series *s,
                                      size_t i)
{
    struct cp_history_night row = {
        .night = &view->history->nights[s->night[i]],
        .ms = s->values[i].ms,
        .n = s->values[i].n,
        .judged = s->judged[i],
    };
    write_day(&row, false, row.day);
    cp_view_copy_cut(cp_view_of(row.night->code_sha256), row.code, CP_HISTORY_CODE_DIGITS + 1);
    return row;
}

/* --- which metric --- */

static bool is_startup(enum cp_timing timing)
{
    return timing == CP_TIMING_INIT || timing == CP_TIMING_RESTORE;
}

/* The metric that a reader looks for first scores highest: on several nights, still measured, how
 * environments start, at the function's own memory size, p95; of equal ones the first. */
static int score(const struct cp_history_view *view, const struct cp_history_metric *of)
{
    const struct cp_metric_key *metric = &of->metric;
    const struct cp_night *newest = &view->history->nights[view->n_nights - 1];
    int points = of->n_nights > 1 ? 16 : 0;
    if (cp_night_find(newest, metric))
        points += 8;
    if (is_startup(metric->timing))
        points += 4;
    if (metric->memory_size_mb == newest->original_memory_size_mb)
        points += 2;
    if (fabs(metric->q - CP_HISTORY_MAIN_Q) < 1e-9)
        points += 1;
    return points;
}

static enum cp_code fail_no_metric(const struct cp_history_view *view,
                                   const struct cp_metric_key *metric, struct cp_error *err)
{
    char name[CP_METRIC_KEY_MAX];
    char known[400] = "";
    size_t n = 0;
    for (size_t i = 0; i < view->n_metrics && n + CP_METRIC_KEY_MAX + 2 < sizeof known; i++)
        n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", n ? ", " : "",
                              view->metrics[i].name);
    return cp_fail(err, CP_ENOTFOUND, "no night of '%s' has '%s'; there are: %s",
                   view->history->key.function, cp_metric_key_name(metric, name), known);
}

static enum cp_code choose_metric(struct cp_history_view *view, const struct cp_metric_key *wanted,
                                  struct cp_error *err)
{
    int best = -1;
    for (size_t i = 0; i < view->n_metrics; i++) {
        const struct cp_metric_key *metric = &view->metrics[i].metric;
        bool is_wanted = wanted && cp_metric_key_order(metric, wanted) == 0;
        int points = wanted ? (is_wanted ? 1 : -1) : score(view, &view->metrics[i]);
        if (points > best) {
            best = points;
            view->shown_metric = i;
        }
    }
    return best >= 0 ? CP_OK : fail_no_metric(view, wanted, err);
}

static bool name_metrics(struct cp_history_view *view, const struct cp_metric_key *keys, size_t n)
{
    view->metrics = calloc(n, sizeof *view->metrics);
    if (!view->metrics)
        return false;
    view->n_metrics = n;
    for (size_t i = 0; i < n; i++) {
        view->metrics[i].metric = keys[i];
        cp_metric_key_name(&keys[i], view->metrics[i].name);
    }
    return true;
}

static enum cp_code find_metrics(struct cp_history_view *view, struct cp_error *err)
{
    struct cp_metric_key *keys = NULL;
    size_t n = 0;
    const struct cp_history counted = {
        .key = view->history->key, .nights = view->history->nights, .n_nights = view->n_nights};
    enum cp_code code = cp_history_metrics(&counted, 0, &keys, &n, err);
    if (!code && n == 0)
        code = cp_fail(err, CP_ENODATA, "the nights of '%s' have no metric: nothing was measured",
                       view->history->key.function);
    else if (!code && !name_metrics(view, keys, n))
        code = cp_fail(err, CP_ENOMEM, "no memory for %zu metrics", n);
    free(keys);
    return code;
}

static void sum_up(const struct cp_history_view *view, const struct series *s,
                   struct cp_history_metric *metric)
{
    const struct cp_trend_night *newest = &s->judged[s->n - 1];
    metric->n_nights = s->n;
    metric->newest = row_of(view, s, s->n - 1);
    if (newest->state != CP_TREND_REGRESSED && newest->state != CP_TREND_IMPROVED)
        return;
    struct cp_history_night first = row_of(view, s, newest->since);
    (void)memcpy(metric->since, first.day, sizeof metric->since);
}

/* --- the nights of one --- */

static int compare_times(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The lower median of the times between nights; 0 of fewer than two. */
static enum cp_code usual_interval(const struct series *s, int64_t *interval_ms,
                                   struct cp_error *err)
{
    *interval_ms = 0;
    if (s->n < 2)
        return CP_OK;
    int64_t *between = calloc(s->n - 1, sizeof *between);
    if (!between)
        return cp_fail(err, CP_ENOMEM, "no memory for %zu nights", s->n);
    for (size_t i = 1; i < s->n; i++)
        between[i - 1] = s->values[i].at_ms - s->values[i - 1].at_ms;
    qsort(between, s->n - 1, sizeof *between, compare_times);
    *interval_ms = between[(s->n - 2) / 2];
    free(between);
    return CP_OK;
}

/* A night that came late is no missing one. */
static size_t missed_between(int64_t before_ms, int64_t after_ms, int64_t interval_ms)
{
    static const double late = 1.6;
    double steps = interval_ms > 0 ? (double)(after_ms - before_ms) / (double)interval_ms : 0;
    return steps > late ? (size_t)lround(steps) - 1 : 0;
}

static bool is_same_day(const struct cp_history_night *a, const struct cp_history_night *b)
{
    return strncmp(a->day, b->day, 10) == 0;
}

static void fill_gaps_and_days(struct cp_history_view *view)
{
    for (size_t i = 0; i < view->n_rows; i++) {
        struct cp_history_night *row = &view->rows[i];
        bool has_time = (i > 0 && is_same_day(row, row - 1)) ||
                        (i + 1 < view->n_rows && is_same_day(row, row + 1));
        write_day(row, has_time, row->day);
        if (i > 0)
            row->n_missed = missed_between(row[-1].night->started_at_ms, row->night->started_at_ms,
                                           view->interval_ms);
        if (i > view->first_row && row->n_missed) {
            view->n_gaps++;
            view->n_missed += row->n_missed;
        }
    }
}

static enum cp_code fill_rows(struct cp_history_view *view, const struct series *s, size_t n_last,
                              struct cp_error *err)
{
    size_t n_shown = n_last ? n_last : CP_HISTORY_NIGHTS_MAX;
    view->rows = calloc(s->n + 1, sizeof *view->rows);
    if (!view->rows)
        return cp_fail(err, CP_ENOMEM, "no memory for %zu nights", s->n);
    for (size_t i = 0; i < s->n; i++)
        view->rows[i] = row_of(view, s, i);
    view->n_rows = s->n;
    view->first_row = s->n > n_shown ? s->n - n_shown : 0;
    enum cp_code code = usual_interval(s, &view->interval_ms, err);
    fill_gaps_and_days(view);
    cp_history_draw_strips(view);
    return code;
}

/* --- changes --- */

/* A change point may lie a night beside the deployment that made it. */
static void find_causes(const struct cp_history_view *view, struct cp_history_change *change)
{
    size_t i = change->row;
    change->n_causes = cp_causes_find(change->before, change->after, change->causes);
    change->is_cause_near = change->n_causes == 0;
    if (change->n_causes == 0 && i >= 2)
        change->n_causes = cp_causes_find(view->rows[i - 2].night, change->before, change->causes);
    if (change->n_causes == 0 && i + 1 < view->n_rows)
        change->n_causes = cp_causes_find(change->after, view->rows[i + 1].night, change->causes);
    change->is_cause_near = change->is_cause_near && change->n_causes > 0;
}

static bool fill_change(struct cp_history_view *view, size_t k, const struct cp_trend_change *found)
{
    struct cp_history_change *change = &view->changes[k];
    struct cp_history_night *row = &view->rows[found->index];
    *change = (struct cp_history_change){
        .number = k + 1,
        .row = found->index,
        .change = *found,
        .before = view->rows[found->index - 1].night,
        .after = row->night,
    };
    (void)memcpy(change->code, row->code, sizeof change->code);
    row->change = change->number;
    find_causes(view, change);
    return cp_history_change_words(change);
}

static enum cp_code fill_changes(struct cp_history_view *view, const struct series *s,
                                 const struct cp_trend_options *options, struct cp_error *err)
{
    struct cp_trend_changes found = {.n = 0};
    enum cp_code code = cp_trend_changes_find(s->values, s->n, options, &found, err);
    if (!code && found.n)
        view->changes = calloc(found.n, sizeof *view->changes);
    if (!code && found.n && !view->changes)
        code = cp_fail(err, CP_ENOMEM, "no memory for %zu changes", found.n);
    for (size_t i = 0; i < found.n && view->changes; i++) {
        if (!fill_change(view, i, &found.changes[i]))
            code = cp_fail(err, CP_ENOMEM, "no memory for %zu changes", found.n);
        view->n_changes++;
        view->first_change += found.changes[i].index < view->first_row ? 1 : 0;
    }
    free(found.changes);
    cp_history_mark_rows(view);
    return code;
}

/* What changed last; where nothing did, the last two. */
static void choose_compared(struct cp_history_view *view)
{
    if (view->n_changes > 0) {
        view->before = view->changes[view->n_changes - 1].before;
        view->after = view->changes[view->n_changes - 1].after;
    } else if (view->n_rows > 1) {
        view->before = view->rows[view->n_rows - 2].night;
        view->after = view->rows[view->n_rows - 1].night;
    }
}

/* --- the whole --- */

static enum cp_code fill(struct cp_history_view *view, const struct cp_history_options *o,
                         const struct accepted *accepted, struct series *s, struct cp_error *err)
{
    enum cp_code code = find_metrics(view, err);
    for (size_t i = 0; i < view->n_metrics && !code; i++) {
        code = judge(view, &view->metrics[i].metric, accepted, &o->trend, s, err);
        if (!code)
            sum_up(view, s, &view->metrics[i]);
    }
    if (!code)
        code = choose_metric(view, o->metric, err);
    if (!code)
        code = judge(view, &view->metrics[view->shown_metric].metric, accepted, &o->trend, s, err);
    if (!code)
        code = fill_rows(view, s, o->n_last, err);
    if (!code)
        code = fill_changes(view, s, &o->trend, err);
    if (!code)
        choose_compared(view);
    return code;
}

static size_t nights_until(const struct cp_history *history, int64_t until_ms)
{
    size_t n = history->n_nights;
    while (until_ms > 0 && n > 0 && history->nights[n - 1].started_at_ms > until_ms)
        n--;
    return n;
}

static enum cp_code read_acceptances(const struct cp_history *history, int64_t until_ms,
                                     struct accepted *out, struct cp_error *err)
{
    *out = (struct accepted){.n = 0};
    if (history->n_acceptances == 0)
        return CP_OK;
    out->at_ms = calloc(history->n_acceptances, sizeof *out->at_ms);
    if (!out->at_ms)
        return cp_fail(err, CP_ENOMEM, "no memory for %zu acceptances", history->n_acceptances);
    for (size_t i = 0; i < history->n_acceptances; i++) {
        if (until_ms <= 0 || history->acceptances[i].at_ms <= until_ms)
            out->at_ms[out->n++] = history->acceptances[i].at_ms;
    }
    return CP_OK;
}

/* Tables draw on figures; these have nothing but the history. */
static struct cp_figures *figures_of(struct cp_history_view *view)
{
    struct cp_figures *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    bool is_restored =
        view->metrics && view->metrics[view->shown_metric].metric.timing == CP_TIMING_RESTORE;
    f->fresh_start = is_restored ? CP_START_SNAPSTART : CP_START_COLD;
    f->history = view;
    return f;
}

enum cp_code cp_history_view_new(const struct cp_history *history,
                                 const struct cp_history_options *options,
                                 struct cp_history_view **out, struct cp_error *err)
{
    struct series s = {.n = 0};
    struct accepted accepted = {.n = 0};
    size_t n_nights = nights_until(history, options->until_ms);
    *out = NULL;
    if (n_nights == 0)
        return cp_fail(err, CP_ENODATA, "'%s' has no nights", history->key.function);
    struct cp_history_view *view = calloc(1, sizeof *view);
    if (!view)
        return cp_fail(err, CP_ENOMEM, "no memory for a history");
    view->history = history;
    view->n_nights = n_nights;
    enum cp_code code = read_acceptances(history, options->until_ms, &accepted, err);
    if (make_series(n_nights, &s))
        code = code ? code : fill(view, options, &accepted, &s, err);
    else if (!code)
        code = cp_fail(err, CP_ENOMEM, "no memory for a history of %zu nights", n_nights);
    clear_series(&s);
    free(accepted.at_ms);
    if (!code) {
        view->tables = figures_of(view);
        code = view->tables ? CP_OK : cp_fail(err, CP_ENOMEM, "no memory for a history's tables");
    }
    if (code)
        cp_history_view_free(view);
    else
        *out = view;
    return code;
}

bool cp_figures_has_history(const struct cp_figures *f)
{
    return f->history && f->history->n_rows - f->history->first_row > 1;
}

enum cp_code cp_figures_read_history(struct cp_figures *f, struct cp_error *err)
{
    const struct cp_history *history = f->data->history;
    const struct cp_history_options options = {
        .until_ms = f->data->run.started_at_ms,
        .trend = {.effect = NAN, .effect_ms = NAN},
    };
    if (!history || nights_until(history, options.until_ms) < 2)
        return CP_OK;
    enum cp_code code = cp_history_view_new(history, &options, &f->history, err);
    return code == CP_ENODATA ? CP_OK : code;
}

void cp_history_view_free(struct cp_history_view *view)
{
    if (!view)
        return;
    free(view->metrics);
    free(view->rows);
    free(view->changes);
    free(view->tables);
    free(view);
}
