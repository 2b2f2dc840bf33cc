/* SPDX-License-Identifier: GPL-3.0-or-later
 * A history as JSON: of `coldprof history show`, and in report.json.
 */
#include <math.h>

#include "reports/history_parts.h"

static void add_judged(struct cp_json *j, const struct cp_trend_night *night)
{
    cp_json_add_text(j, "state", cp_trend_state_name(night->state));
    cp_json_add_text(j, "verdict", cp_change_verdict_name(night->verdict));
    cp_json_add_bool(j, "is_alarm", night->is_alarm);
    cp_json_add_bool(j, "is_drift", night->is_drift);
    cp_json_add_interval(j, "expected_ms", night->baseline_ms);
    cp_json_add_count(j, "n_baseline_nights", night->n_baseline);
    cp_json_add_number(j, "day_sd", night->day_sd);
    cp_json_add_interval(j, "ratio", night->ratio);
}

static void add_measured(struct cp_json *j, const struct cp_history_night *row)
{
    cp_json_add_text(j, "night", row->day);
    cp_json_add_int(j, "started_at_ms", row->night->started_at_ms);
    cp_json_add_text(j, "run_id", row->night->run_id);
    cp_json_add_interval(j, "value_ms", row->ms);
    cp_json_add_bool(j, "is_at_timeout", isinf(row->ms.value));
    cp_json_add_count(j, "n", row->n);
}

static void add_metric(struct cp_json *j, const struct cp_history_metric *m)
{
    cp_json_open(j, NULL, '{');
    cp_json_add_text(j, "metric", m->name);
    cp_json_add_count(j, "n_nights", m->n_nights);
    cp_json_add_text(j, "since", m->since);
    add_measured(j, &m->newest);
    add_judged(j, &m->newest.judged);
    cp_json_close(j, '}');
}

static void add_row(struct cp_json *j, const struct cp_history_night *row)
{
    cp_json_open(j, NULL, '{');
    add_measured(j, row);
    add_judged(j, &row->judged);
    cp_json_add_count(j, "n_missed_before", row->n_missed);
    cp_json_add_number(j, "change", row->change ? (double)row->change : (double)NAN);
    cp_json_add_text(j, "code_sha256", row->night->code_sha256);
    cp_json_close(j, '}');
}

static void add_change(struct cp_json *j, const struct cp_history_view *view,
                       const struct cp_history_change *c)
{
    cp_json_open(j, NULL, '{');
    cp_json_add_count(j, "number", c->number);
    cp_json_add_text(j, "night", view->rows[c->row].day);
    cp_json_add_int(j, "started_at_ms", c->after->started_at_ms);
    cp_json_add_text(j, "run_id_before", c->before->run_id);
    cp_json_add_text(j, "run_id_after", c->after->run_id);
    cp_json_add_number(j, "before_ms", c->change.before_ms);
    cp_json_add_number(j, "after_ms", c->change.after_ms);
    cp_json_add_interval(j, "ratio", c->change.ratio);
    cp_json_add_number(j, "p", c->change.p);
    cp_json_add_count(j, "n_nights_before", c->change.n_before);
    cp_json_add_count(j, "n_nights_after", c->change.n_after);
    cp_json_add_text(j, "code_sha256", c->after->code_sha256);
    cp_json_add_bool(j, "is_cause_near", c->is_cause_near);
    cp_json_open(j, "causes", '[');
    for (size_t i = 0; i < c->n_causes; i++) {
        cp_json_open(j, NULL, '{');
        cp_json_add_text(j, "what", cp_cause_key(c->causes[i].kind));
        cp_json_add_text(j, "before", c->causes[i].before);
        cp_json_add_text(j, "after", c->causes[i].after);
        cp_json_close(j, '}');
    }
    cp_json_close(j, ']');
    cp_json_close(j, '}');
}

static void add_acceptances(struct cp_json *j, const struct cp_history *history)
{
    cp_json_open(j, "acceptances", '[');
    for (size_t i = 0; i < history->n_acceptances; i++) {
        cp_json_open(j, NULL, '{');
        cp_json_add_int(j, "at_ms", history->acceptances[i].at_ms);
        cp_json_add_text(j, "note", history->acceptances[i].note);
        cp_json_close(j, '}');
    }
    cp_json_close(j, ']');
}

void cp_history_key_json(struct cp_json *j, const struct cp_night_key *key)
{
    cp_json_add_text(j, "function", key->function);
    cp_json_add_text(j, "place", key->place);
    cp_json_add_text(j, "region", key->region);
    cp_json_add_text(j, "architecture", key->architecture);
}

void cp_history_json_members(struct cp_json *j, const struct cp_history_view *view)
{
    cp_history_key_json(j, &view->history->key);
    cp_json_add_count(j, "n_nights", view->n_nights);
    cp_json_open(j, "metrics", '[');
    for (size_t i = 0; i < view->n_metrics; i++)
        add_metric(j, &view->metrics[i]);
    cp_json_close(j, ']');
    cp_json_add_text(j, "metric", view->metrics[view->shown_metric].name);
    cp_json_add_int(j, "interval_ms", view->interval_ms);
    cp_json_add_count(j, "n_nights_of_metric", view->n_rows);
    cp_json_add_count(j, "n_missed", view->n_missed);
    cp_json_add_count(j, "n_gaps", view->n_gaps);
    cp_json_open(j, "nights", '[');
    for (size_t i = view->first_row; i < view->n_rows; i++)
        add_row(j, &view->rows[i]);
    cp_json_close(j, ']');
    cp_json_open(j, "changes", '[');
    for (size_t i = view->first_change; i < view->n_changes; i++)
        add_change(j, view, &view->changes[i]);
    cp_json_close(j, ']');
    add_acceptances(j, view->history);
}

void cp_history_json(const struct cp_history_view *view, struct cp_buf *out)
{
    struct cp_json j = {.out = out, .depth = 1, .is_first = true};
    cp_buf_addc(out, '{');
    cp_json_add_int(&j, "schema_version", 1);
    cp_json_add_text(&j, "command", "history show");
    cp_history_json_members(&j, view);
    cp_buf_adds(out, "\n}\n");
}
