/* SPDX-License-Identifier: GPL-3.0-or-later
 * Gates as one JSON object; of two runs also the tests and the shift function of each series.
 */
#include "reports/gate_parts.h"
#include "reports/json_writer.h"
#include "reports/report_parts.h"

#include <math.h>

static const char *command_of(const struct cp_gates *gates)
{
    if (gates->command)
        return gates->command;
    return gates->kind == CP_GATES_COMPARE ? "compare" : "nightly";
}

static const char *kind_of(const struct cp_gates *gates)
{
    static const char *const names[] = {
        [CP_GATES_COMPARE] = "runs", [CP_GATES_PAIR] = "pair", [CP_GATES_NIGHT] = "night"};
    return names[gates->kind];
}

/* The members that a report has of its run, those of them that make two runs comparable. */
static void add_run(struct cp_json *j, const char *key, const struct cp_run *run)
{
    cp_json_open(j, key, '{');
    cp_json_add_text(j, "run_id", run->id);
    cp_json_add_text(j, "function", run->function);
    cp_json_add_text(j, "place", run->place);
    cp_json_add_bool(j, "is_local", run->is_local);
    cp_json_add_text(j, "region", run->region);
    cp_json_add_text(j, "architecture", run->architecture);
    cp_json_add_text(j, "runtime", run->runtime);
    cp_json_add_text(j, "runtime_version_arn", run->runtime_version_arn);
    cp_json_add_text(j, "code_sha256", run->code_sha256);
    cp_json_add_text(j, "payload_sha256", run->payload_sha256);
    cp_json_add_text(j, "coldprof_version", run->coldprof_version);
    cp_json_add_int(j, "started_at_ms", run->started_at_ms);
    cp_json_close(j, '}');
}

static void add_runs(struct cp_json *j, const struct cp_gates *gates)
{
    if (gates->base)
        add_run(j, "base", gates->base);
    add_run(j, "new", gates->now);
    if (gates->history)
        cp_json_add_count(j, "n_nights", gates->history->n_nights);
    if (gates->learning_nights) {
        cp_json_add_count(j, "learning_night", gates->learning_night);
        cp_json_add_count(j, "learning_nights", gates->learning_nights);
    }
}

static void add_question(struct cp_json *j, const struct cp_gates *gates)
{
    const struct cp_comparison *c = gates->comparison;
    cp_json_add_number(j, "effect_ratio", gates->effect);
    cp_json_add_number(j, "effect_ms", gates->effect_ms);
    if (!c)
        return;
    cp_json_add_number(j, "level", c->level);
    cp_json_add_number(j, "day_sd_log", c->day_sd);
}

static void add_counts(struct cp_json *j, const struct cp_gates *gates)
{
    cp_json_open(j, "counts", '{');
    cp_json_add_count(j, "failed", gates->n_failed);
    for (int v = CP_CHANGE_INCONCLUSIVE; v <= CP_CHANGE_REGRESSION; v++)
        cp_json_add_count(j, cp_change_verdict_name((enum cp_change_verdict)v),
                          gates->n_by_verdict[v]);
    cp_json_close(j, '}');
}

static void add_gate(struct cp_json *j, const struct cp_gates *gates, const struct cp_gate *gate)
{
    char name[CP_METRIC_KEY_MAX];
    cp_json_open(j, NULL, '{');
    cp_json_add_text(j, "metric", cp_metric_key_name(&gate->metric, name));
    cp_json_add_int(j, "memory_size_mb", gate->metric.memory_size_mb);
    cp_json_add_text(j, "timing", cp_timing_name(gate->metric.timing));
    cp_json_add_number(j, "quantile", gate->metric.q);
    cp_json_add_text(j, "verdict", cp_change_verdict_name(gate->verdict));
    if (gates->kind == CP_GATES_NIGHT)
        cp_json_add_text(j, "state", cp_trend_state_name(gate->state));
    cp_json_add_bool(j, "fails", gate->fails);
    cp_json_add_interval(j, "base_ms", gate->base_ms);
    cp_json_add_interval(j, "new_ms", gate->new_ms);
    cp_json_add_interval(j, "ratio", gate->ratio);
    cp_json_add_count(j, gates->kind == CP_GATES_NIGHT ? "n_nights" : "n_base", gate->n_base);
    cp_json_add_count(j, "n_new", gate->n_new);
    cp_json_add_number(j, "n_needed", gate->n_needed ? (double)gate->n_needed : (double)NAN);
    cp_json_add_number(j, "worse_p_adjusted", gate->worse_p_adjusted);
    cp_json_add_number(j, "screen_p", gate->screen_p);
    cp_json_add_text(j, "because", gate->because);
    cp_json_close(j, '}');
}

static void add_test(struct cp_json *j, const struct cp_compared_series *s)
{
    const struct cp_two_sample *t = &s->test;
    cp_json_open(j, "test", '{');
    cp_json_add_bool(j, "is_tested", t->is_tested);
    cp_json_add_bool(j, "is_separated", t->is_separated);
    cp_json_add_number(j, "a12", t->a12);
    cp_json_add_number(j, "cliffs_delta", t->cliffs_delta);
    cp_json_add_number(j, "brunner_munzel", t->brunner_munzel);
    cp_json_add_number(j, "brunner_munzel_p", t->brunner_munzel_p);
    cp_json_add_number(j, "brunner_munzel_p_adjusted", s->screen_p);
    cp_json_add_number(j, "mann_whitney_u", t->u);
    cp_json_add_number(j, "mann_whitney_p", t->mann_whitney_p);
    cp_json_add_number(j, "ks_distance", t->ks_distance);
    cp_json_add_number(j, "ks_p", t->ks_p);
    cp_json_add_number(j, "hodges_lehmann_ms", t->hodges_lehmann);
    cp_json_add_number(j, "wasserstein_ms", t->wasserstein);
    cp_json_add_number(j, "energy_distance_root_ms", t->energy);
    cp_json_close(j, '}');
}

static void add_series(struct cp_json *j, const struct cp_compared_series *s)
{
    cp_json_open(j, NULL, '{');
    cp_json_add_int(j, "memory_size_mb", s->memory_size_mb);
    cp_json_add_text(j, "timing", cp_timing_name(s->timing));
    cp_json_add_count(j, "n_base", s->n_base);
    cp_json_add_count(j, "n_new", s->n_new);
    add_test(j, s);
    cp_json_open(j, "shift", '[');
    for (size_t d = 0; d < CP_SHIFT_DECILES; d++) {
        cp_json_open(j, NULL, '{');
        cp_json_add_number(j, "quantile", (double)(d + 1) / (CP_SHIFT_DECILES + 1));
        cp_json_add_number(j, "base_ms", s->base_decile_ms[d]);
        cp_json_add_interval(j, "shift_ms", s->shift_ms[d]);
        cp_json_close(j, '}');
    }
    cp_json_close(j, ']');
    cp_json_close(j, '}');
}

void cp_gates_json(const struct cp_gates *gates, struct cp_buf *out)
{
    struct cp_json j = {.out = out, .depth = 1, .is_first = true};
    struct cp_buf sentence;
    cp_buf_init(&sentence, 1U << 12);
    cp_gates_verdict_text(gates, &sentence);
    cp_buf_addc(out, '{');
    cp_json_add_int(&j, "schema_version", 1);
    cp_json_add_text(&j, "command", command_of(gates));
    cp_json_add_text(&j, "run_id", gates->now->id);
    cp_json_add_text(&j, "kind", kind_of(gates));
    cp_json_add_text(&j, "verdict", cp_gates_word(gates));
    cp_json_add_text(&j, "sentence", cp_buf_str(&sentence));
    cp_json_add_bool(&j, "fails", gates->n_failed > 0);
    add_runs(&j, gates);
    add_question(&j, gates);
    add_counts(&j, gates);
    cp_json_open(&j, "gates", '[');
    for (size_t i = 0; i < gates->n; i++)
        add_gate(&j, gates, &gates->gates[i]);
    cp_json_close(&j, ']');
    if (gates->comparison) {
        cp_json_open(&j, "series", '[');
        for (size_t i = 0; i < gates->comparison->n_series; i++)
            add_series(&j, &gates->comparison->series[i]);
        cp_json_close(&j, ']');
    }
    cp_warning_list_json(&j, gates->warnings, gates->n_warnings);
    cp_buf_adds(out, "\n}\n");
    cp_buf_fail_with(out, &sentence);
    cp_buf_clear(&sentence);
}
