/* SPDX-License-Identifier: GPL-3.0-or-later
 * Tables of a history: its metrics, its nights, its lasting changes.
 */
#include <math.h>
#include <string.h>

#include "reports/history_parts.h"
#include "reports/table.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct cp_cell of_number(double value)
{
    return (struct cp_cell){.number = {value, NAN, NAN}, .text = ""};
}

static struct cp_cell of_count(size_t n)
{
    return of_number(n ? (double)n : (double)NAN); /* 0 is an empty cell */
}

static struct cp_cell of_interval(struct cp_interval v)
{
    return (struct cp_cell){.number = v, .text = ""};
}

/* A ratio as a relative change. */
static struct cp_cell of_ratio(struct cp_interval ratio)
{
    return of_interval((struct cp_interval){ratio.value - 1, ratio.low - 1, ratio.high - 1});
}

static struct cp_cell of_text(const char *text)
{
    return (struct cp_cell){.number = {NAN, NAN, NAN}, .text = text};
}

/* --- metrics --- */

#define METRIC_CELL(name, expression)                                                              \
    static struct cp_cell name(const struct cp_figures *f, size_t row)                             \
    {                                                                                              \
        const struct cp_history_metric *m = &f->history->metrics[row];                             \
        return expression;                                                                         \
    }

METRIC_CELL(metric_name, of_text(m->name))
METRIC_CELL(metric_state, of_text(cp_trend_state_name(m->newest.judged.state)))
METRIC_CELL(metric_since, of_text(m->since))
METRIC_CELL(metric_ms, of_interval(m->newest.ms))
METRIC_CELL(metric_expected, of_interval(m->newest.judged.baseline_ms))
METRIC_CELL(metric_change, of_ratio(m->newest.judged.ratio))
METRIC_CELL(metric_nights, of_count(m->n_nights))
METRIC_CELL(metric_night, of_text(m->newest.day))

static size_t n_metrics(const struct cp_figures *f)
{
    return f->history ? f->history->n_metrics : 0;
}

static const struct cp_column metric_columns[] = {
    {"metric", "metric", CP_UNIT_TEXT, false, false, metric_name},
    {"state", "state", CP_UNIT_TEXT, false, false, metric_state},
    {"since", "since", CP_UNIT_TEXT, false, false, metric_since},
    {"newest_ms", "newest", CP_UNIT_MS, true, false, metric_ms},
    {"expected_ms", "expected", CP_UNIT_MS, true, false, metric_expected},
    {"change_ratio", "change", CP_UNIT_PERCENT, true, false, metric_change},
    {"nights", "nights", CP_UNIT_COUNT, false, false, metric_nights},
    {"night", "night", CP_UNIT_TEXT, false, false, metric_night},
};
const struct cp_table cp_table_history_metrics = {
    "history-metrics", "The newest night of each metric against the nights before it",
    metric_columns,    COUNT(metric_columns),
    n_metrics,         NULL};

/* --- nights --- */

static const struct cp_history_night *shown_row(const struct cp_figures *f, size_t row)
{
    return &f->history->rows[f->history->first_row + row];
}

#define NIGHT_CELL(name, expression)                                                               \
    static struct cp_cell name(const struct cp_figures *f, size_t row)                             \
    {                                                                                              \
        const struct cp_history_night *r = shown_row(f, row);                                      \
        return expression;                                                                         \
    }

NIGHT_CELL(night_day, of_text(r->day))
NIGHT_CELL(night_ms, of_interval(r->ms))
NIGHT_CELL(night_expected, of_interval(r->judged.baseline_ms))
NIGHT_CELL(night_ratio, of_ratio(r->judged.ratio))
NIGHT_CELL(night_n, of_count(r->n))
NIGHT_CELL(night_state, of_text(cp_trend_state_name(r->judged.state)))
NIGHT_CELL(night_change, of_count(r->change))
NIGHT_CELL(night_missed, of_count(r->n_missed))
NIGHT_CELL(night_code, of_text(r->code))
NIGHT_CELL(night_strip, of_text(r->strip))
NIGHT_CELL(night_mark, of_text(r->mark))
NIGHT_CELL(night_run, of_text(r->night->run_id))
NIGHT_CELL(night_at, of_number((double)r->night->started_at_ms))

static struct cp_cell night_metric(const struct cp_figures *f, size_t row)
{
    (void)row;
    return of_text(f->history->metrics[f->history->shown_metric].name);
}

static size_t n_nights(const struct cp_figures *f)
{
    return f->history ? f->history->n_rows - f->history->first_row : 0;
}

static const struct cp_column night_columns[] = {
    {"night", "night", CP_UNIT_TEXT, false, false, night_day},
    {"value_ms", "measured", CP_UNIT_MS, true, false, night_ms},
    {"n", "n", CP_UNIT_COUNT, false, false, night_n},
    {"expected_ms", "expected", CP_UNIT_MS, true, false, night_expected},
    {"state", "state", CP_UNIT_TEXT, false, false, night_state},
    {"change", "change", CP_UNIT_COUNT, false, false, night_change},
    {"missed_before", "missing before", CP_UNIT_COUNT, false, false, night_missed},
    {"code_sha256", "code", CP_UNIT_TEXT, false, false, night_code},
    /* not on a page */
    {"change_ratio", "against expected", CP_UNIT_PERCENT, true, false, night_ratio},
    {"metric", "metric", CP_UNIT_TEXT, false, false, night_metric},
    {"started_at_ms", "started", CP_UNIT_COUNT, false, false, night_at},
    {"run_id", "run", CP_UNIT_TEXT, false, false, night_run},
    /* of a terminal alone */
    {"strip", "strip", CP_UNIT_TEXT, false, false, night_strip},
    {"mark", "mark", CP_UNIT_TEXT, false, false, night_mark},
};
enum { N_TERMINAL_COLUMNS = 2, N_CSV_COLUMNS = 4 };

#define NIGHTS_CAPTION "Night by night; expected is where a night like those before it lies"
const struct cp_table cp_table_history_page = {
    "history",     NIGHTS_CAPTION,
    night_columns, COUNT(night_columns) - N_TERMINAL_COLUMNS - N_CSV_COLUMNS,
    n_nights,      NULL};
const struct cp_table cp_table_history = {"history",     NIGHTS_CAPTION,
                                          night_columns, COUNT(night_columns) - N_TERMINAL_COLUMNS,
                                          n_nights,      NULL};
const struct cp_table cp_table_history_text = {
    "history", NIGHTS_CAPTION, night_columns, COUNT(night_columns), n_nights, NULL};

/* --- changes --- */

static const struct cp_history_change *shown_change(const struct cp_figures *f, size_t row)
{
    return &f->history->changes[f->history->first_change + row];
}

#define CHANGE_CELL(name, expression)                                                              \
    static struct cp_cell name(const struct cp_figures *f, size_t row)                             \
    {                                                                                              \
        const struct cp_history_change *c = shown_change(f, row);                                  \
        return expression;                                                                         \
    }

CHANGE_CELL(change_number, of_count(c->number))
CHANGE_CELL(change_night, of_text(f->history->rows[c->row].day))
CHANGE_CELL(change_before, of_number(c->change.before_ms))
CHANGE_CELL(change_after, of_number(c->change.after_ms))
CHANGE_CELL(change_ratio, of_ratio(c->change.ratio))
CHANGE_CELL(change_evidence, of_text(c->evidence))
CHANGE_CELL(change_code, of_text(c->code))
CHANGE_CELL(change_words, of_text(c->words))

static size_t n_changes(const struct cp_figures *f)
{
    return f->history ? f->history->n_changes - f->history->first_change : 0;
}

static const struct cp_column change_columns[] = {
    {"number", "number", CP_UNIT_COUNT, false, false, change_number},
    {"night", "night", CP_UNIT_TEXT, false, false, change_night},
    {"before_ms", "before", CP_UNIT_MS, false, false, change_before},
    {"after_ms", "after", CP_UNIT_MS, false, false, change_after},
    {"change_ratio", "change", CP_UNIT_PERCENT, true, false, change_ratio},
    {"evidence", "evidence", CP_UNIT_TEXT, false, false, change_evidence},
    {"code_sha256", "code then", CP_UNIT_TEXT, false, false, change_code},
    {"causes", "what else changed", CP_UNIT_TEXT, false, false, change_words},
};
const struct cp_table cp_table_history_changes = {
    "history-changes", "Lasting changes, numbered as in the chart",
    change_columns,    COUNT(change_columns),
    n_changes,         NULL};
