/* SPDX-License-Identifier: GPL-3.0-or-later
 * Verdict, table and warnings for step summaries, pull requests and mail: below 10 KB. The worst
 * metrics come first; those that no longer fit are counted.
 */
#include <math.h>

#include "reports/format.h"
#include "reports/gate_parts.h"
#include "reports/report_parts.h"

enum { ROWS_SHOWN = 20, REASONS_SHOWN = 5, SENTENCE_MAX = 1024 };

/* How much a reader has to do with it. */
static int weight_of(const struct cp_gates *gates, const struct cp_gate *gate)
{
    if (gate->fails)
        return 4;
    if (!cp_gate_is_judged(gates, gate))
        return 2;
    if (gate->verdict == CP_CHANGE_REGRESSION || gate->state == CP_TREND_SUSPECT)
        return 3;
    return gate->verdict == CP_CHANGE_IMPROVEMENT ? 0 : 1;
}

static bool is_worse(const struct cp_gates *gates, const struct cp_gate *a, const struct cp_gate *b)
{
    int weight_a = weight_of(gates, a);
    int weight_b = weight_of(gates, b);
    if (weight_a != weight_b)
        return weight_a > weight_b;
    return a->ratio.value > b->ratio.value || (isnan(b->ratio.value) && !isnan(a->ratio.value));
}

/* The worst gates, in order; equal ones as they are given. Returns how many. */
static size_t take_worst(const struct cp_gates *gates, const struct cp_gate *worst[ROWS_SHOWN])
{
    size_t n = 0;
    for (size_t i = 0; i < gates->n; i++) {
        const struct cp_gate *gate = &gates->gates[i];
        size_t at = n;
        while (at > 0 && is_worse(gates, gate, worst[at - 1]))
            at--;
        if (at == ROWS_SHOWN)
            continue;
        n += n < ROWS_SHOWN;
        for (size_t k = n - 1; k > at; k--)
            worst[k] = worst[k - 1];
        worst[at] = gate;
    }
    return n;
}

static void add_interval(enum cp_unit unit, struct cp_interval v, struct cp_buf *out)
{
    char text[CP_FORMAT_MAX];
    cp_text_markdown(out, cp_format_interval(unit, v, text));
    cp_buf_adds(out, " | ");
}

static void add_row(const struct cp_gates *gates, const struct cp_gate *gate, struct cp_buf *out)
{
    char text[CP_METRIC_KEY_MAX];
    const char *mark = gate->fails ? "**" : "";
    cp_buf_addf(out, "| %s%s%s | %s | ", mark, cp_gate_word(gates, gate), mark,
                cp_metric_key_name(&gate->metric, text));
    add_interval(CP_UNIT_MS, gate->base_ms, out);
    add_interval(CP_UNIT_MS, gate->new_ms, out);
    add_interval(CP_UNIT_PLAIN, gate->ratio, out);
    cp_buf_addf(out, "%zu |\n", gate->n_new);
}

static void add_table(const struct cp_gates *gates, const struct cp_gate *const *worst, size_t n,
                      struct cp_buf *out)
{
    bool is_night = gates->kind == CP_GATES_NIGHT;
    cp_buf_addf(out, "| Verdict | Metric | %s, ms | %s, ms | Ratio | n |\n",
                is_night ? "Nights before" : "Base", is_night ? "Tonight" : "New");
    cp_buf_adds(out, "|:---|:---|---:|---:|---:|---:|\n");
    for (size_t i = 0; i < n; i++)
        add_row(gates, worst[i], out);
    if (gates->n <= n)
        return;
    cp_buf_addf(out, "\n... and %zu more, ", gates->n - n);
    if (gates->n_failed > n) /* those come first */
        cp_buf_addf(out, "%zu of them regressions.\n", gates->n_failed - n);
    else
        cp_buf_adds(out, "none of them a regression.\n");
}

/* Why: of what fails and what is suspect. */
static void add_reasons(const struct cp_gates *gates, const struct cp_gate *const *worst, size_t n,
                        struct cp_buf *out)
{
    char text[CP_METRIC_KEY_MAX];
    for (size_t i = 0; i < n && i < REASONS_SHOWN; i++) {
        if (weight_of(gates, worst[i]) < 3)
            break;
        cp_buf_addf(out, "%s- %s: ", i ? "" : "\n", cp_metric_key_name(&worst[i]->metric, text));
        cp_text_markdown(out, worst[i]->because);
        cp_buf_addc(out, '\n');
    }
}

static void add_run(const struct cp_gates *gates, struct cp_buf *out)
{
    const struct cp_run *run = gates->now;
    char effect[CP_NUMBER_MAX];
    char effect_ms[CP_NUMBER_MAX];
    cp_buf_adds(out, "\nRun ");
    cp_text_markdown(out, run->id);
    if (gates->base) {
        cp_buf_adds(out, " against ");
        cp_text_markdown(out, gates->base->id);
    }
    cp_buf_adds(out, gates->kind == CP_GATES_PAIR ? ", measured in turns, " : ", ");
    cp_text_markdown(out, run->place);
    cp_buf_adds(out, ", ");
    cp_text_markdown(out, run->region);
    cp_buf_adds(out, ", ");
    cp_text_markdown(out, run->architecture);
    cp_buf_addf(out,
                "; 95 %% confidence intervals; a change matters beyond %s %% and %s "
                "ms.\n",
                cp_number_exact(gates->effect * 100, effect),
                cp_number_exact(gates->effect_ms, effect_ms));
}

void cp_gates_markdown(const struct cp_gates *gates, struct cp_buf *out)
{
    const struct cp_gate *worst[ROWS_SHOWN];
    struct cp_buf verdict;
    size_t n = take_worst(gates, worst);
    cp_buf_init(&verdict, SENTENCE_MAX);
    cp_gates_verdict_text(gates, &verdict);
    cp_buf_adds(out, "### coldprof: ");
    cp_text_markdown(out, gates->now->function);
    cp_buf_adds(out, "\n\n**");
    cp_text_markdown(out, cp_buf_str(&verdict));
    cp_buf_adds(out, "**\n\n");
    add_table(gates, worst, n, out);
    add_reasons(gates, worst, n, out);
    cp_warning_list_markdown(gates->warnings, gates->n_warnings, out);
    add_run(gates, out);
    cp_buf_fail_with(out, &verdict);
    cp_buf_clear(&verdict);
}
