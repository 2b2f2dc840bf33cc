/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/recommend.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/base/units.h"
#include "reports/demand_json.h"
#include "reports/figures.h"
#include "reports/price_json.h"
#include "reports/report_parts.h"
#include "reports/text_table.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { INDENT = 2, N_VARIANT_COLUMNS = 2 };
#define VARIANT_COLUMNS                                                                            \
    {"architecture", "arch", 0, false, true, false},                                               \
    {                                                                                              \
        "fresh_start", "start", 0, false, true, false                                              \
    }

void cp_idle_assumption_text(const struct cp_figures *f, struct cp_buf *out)
{
    const struct cp_idle_survival *s = &f->survival;
    char longest[CP_UNITS_TEXT_MAX];
    char share[CP_FORMAT_MAX];
    if (isfinite(f->observed_cold_share.value)) {
        cp_buf_addf(out, "cold share on demand: %s %% as logged",
                    cp_format_interval(CP_UNIT_PERCENT, f->observed_cold_share, share));
        return;
    }
    if (s->n_points == 0) {
        cp_buf_adds(out, "idle lifetime: not measured, so every request is taken as cold");
        return;
    }
    cp_buf_addf(out, "idle lifetime: %s, from %zu probe%s of up to %s, and none beyond",
                s->status == CP_OK ? cp_idle_law_text(s->laws.choice) : "as seen", s->n_probes,
                s->n_probes == 1 ? "" : "s",
                cp_units_format_duration(s->points[s->n_points - 1].idle_interval_ms, longest));
    if (f->decision.is_survival_extrapolated)
        cp_buf_adds(out, ", which this traffic makes use of");
}

/* What the decision rests on, one line each; empty ones are left out. */
static void (*const assumptions[])(const struct cp_figures *, struct cp_buf *) = {
    cp_variants_text, cp_demand_text, cp_other_question_text, cp_idle_assumption_text,
    cp_price_text};

/* The candidate that the answer is about, with a bill; NULL: none. */
static const struct cp_candidate *billed(const struct cp_figures *f)
{
    const struct cp_candidate *c = cp_figures_candidate(f, f->decision.chosen);
    return c && isfinite(c->usd_per_month.value) ? c : NULL;
}

/* One line of its bill; NULL: nothing of that was used. NAN is a price that is not known. */
static const char *bill_usd(const struct cp_candidate *c, int line, char out[CP_FORMAT_MAX])
{
    double usd = c->bill.usd[line];
    if (isnan(usd))
        return "not known";
    return fabs(usd) > 0 ? cp_format(CP_UNIT_USD, usd, out) : NULL;
}

/* One of the assumptions, into `line`; false: there is nothing to say. */
static bool assume(const struct cp_figures *f, size_t i, struct cp_buf *line)
{
    cp_buf_reset(line);
    assumptions[i](f, line);
    return line->n > 0;
}

/* --- terminal --- */

/* A text table has architecture and start first, and only where there are several. */
static void add_table(const struct cp_text_lines *t, const struct cp_table *table,
                      const struct cp_text_column *columns, size_t n)
{
    size_t n_left_out = t->f->n_variants ? 0 : N_VARIANT_COLUMNS;
    cp_text_table(t, table, columns + n_left_out, n - n_left_out);
}

static const struct cp_table *key_table(const struct cp_figures *f)
{
    return f->n_variants ? &cp_table_key_variants : &cp_table_key;
}

static const struct cp_text_column key_columns[] = {
    VARIANT_COLUMNS,
    {"row", "", 0, false, true, false},
    {"memory_size_mb", "MB", 0, false, false, false},
    {"concurrency", "n", 0, false, false, false},
    {"p50_ms", "p50 ms", 9, false, false, false},
    {"p95_ms", "p95 ms", 2, false, false, false},
    {"p95_ms", "p95 ms [95% CI]", 6, false, false, true},
    {"p99_ms", "p99 ms", 4, false, false, false},
    {"p99_ms", "p99 ms [95% CI]", 8, false, false, true},
    {"cold_share_ratio", "cold %", 5, false, false, false},
    {"usd_per_million", "USD/1M", 7, false, false, false},
    {"usd_per_month", "USD/month", 1, false, false, false},
    {"usd_per_month", "USD/month [95% CI]", 10, false, false, true},
    {"cost_change_ratio", "change %", 3, false, false, false},
};

static void add_bill(const struct cp_text_lines *t)
{
    const struct cp_candidate *c = billed(t->f);
    char usd[CP_FORMAT_MAX];
    if (!c)
        return;
    struct cp_buf setting;
    cp_buf_init(&setting, CP_SENTENCE_MAX);
    cp_setting_brief_text(&t->f->decision, c, &setting);
    cp_buf_addf(t->out, "\nbill of a month, %s\n", cp_buf_str(&setting));
    cp_buf_clear(&setting);
    for (int i = 0; i < CP_BILL_LINES; i++) {
        const char *line = bill_usd(c, i, usd);
        if (line)
            cp_buf_addf(t->out, "  %-36s %14s\n", cp_bill_line_name((enum cp_bill_line)i), line);
    }
    cp_buf_addf(t->out, "  %-36s %14s USD\n", "together",
                cp_format(CP_UNIT_USD, cp_bill_known_usd(&c->bill), usd));
}

static void add_assumptions(const struct cp_text_lines *t)
{
    struct cp_buf line;
    cp_buf_init(&line, CP_SENTENCE_MAX);
    cp_buf_adds(t->out, "\nassumed\n");
    for (size_t i = 0; i < COUNT(assumptions); i++) {
        if (!assume(t->f, i, &line))
            continue;
        cp_text_blanks(t, INDENT);
        cp_text_foreign(t, INDENT, INDENT + 2, cp_buf_str(&line));
    }
    cp_buf_clear(&line);
}

void cp_recommend_text(const struct cp_figures *f, const struct cp_text_style *style,
                       struct cp_buf *out)
{
    const struct cp_text_lines t = cp_text_lines_of(f, style, out);
    struct cp_buf head;
    cp_buf_init(&head, 1U << 14);
    struct cp_text_lines to_head = t;
    to_head.out = &head;
    cp_text_header(&to_head);
    if (head.n > 0)
        head.n--; /* the decision begins with an empty line of its own */
    cp_buf_add_view(out, cp_buf_view(&head));
    cp_buf_clear(&head);
    cp_text_decision(&t, f->decision.n_changers);
    cp_buf_addc(out, '\n');
    add_table(&t, key_table(f), key_columns, COUNT(key_columns));
    add_bill(&t);
    add_assumptions(&t);
    cp_text_warnings(&t);
}

/* --- for programs --- */

static void add_question(struct cp_json *j, const struct cp_figures *f)
{
    const struct cp_run *run = &f->data->run;
    cp_json_add_text(j, "run_id", run->id);
    cp_json_add_text(j, "function", run->function);
    cp_json_add_text(j, "region", run->region);
    cp_json_add_text(j, "architecture", run->architecture);
    cp_json_add_number(j, "budget_q", run->budget_q);
    cp_json_add_number(j, "budget_ms", run->budget_ms);
    cp_json_add_number(j, "traffic_per_s", run->traffic_per_s);
    cp_json_add_text(j, "workload_class",
                     run->workload_class[0] ? run->workload_class : "interactive");
    cp_json_add_text(j, "risk", run->risk[0] ? run->risk : "upper");
}

void cp_recommend_json(const struct cp_figures *f, struct cp_buf *out)
{
    struct cp_json j = {.out = out, .depth = 1, .is_first = true};
    const struct cp_candidate *c = billed(f);
    struct cp_buf line;
    cp_buf_init(&line, CP_SENTENCE_MAX);
    cp_buf_addc(out, '{');
    cp_json_add_int(&j, "schema_version", 1);
    cp_json_add_text(&j, "command", "recommend");
    add_question(&j, f);
    cp_demand_json(&j, f);
    cp_decision_json(&j, f);
    cp_bill_json(&j, "bill_per_month", c ? &c->bill : NULL);
    cp_json_open(&j, "assumptions", '[');
    for (size_t i = 0; i < COUNT(assumptions); i++) {
        if (assume(f, i, &line))
            cp_json_add_text(&j, NULL, cp_buf_str(&line));
    }
    cp_json_close(&j, ']');
    cp_price_terms_json(&j, f);
    cp_warnings_json(&j, f);
    cp_buf_adds(out, "\n}\n");
    cp_buf_clear(&line);
}

void cp_recommend_markdown(const struct cp_figures *f, struct cp_buf *out)
{
    const struct cp_candidate *c = billed(f);
    char usd[CP_FORMAT_MAX];
    struct cp_buf line;
    cp_buf_init(&line, CP_SENTENCE_MAX);
    cp_buf_adds(out, "### coldprof recommend: ");
    cp_text_markdown(out, f->data->run.function);
    cp_buf_adds(out, "\n\n");
    cp_decision_markdown(f, f->decision.n_changers, out);
    cp_table_markdown(key_table(f), f, out);
    cp_buf_adds(out, c ? "\n| bill of a month | USD |\n|:---|---:|\n" : "");
    for (int i = 0; c && i < CP_BILL_LINES; i++) {
        const char *of_line = bill_usd(c, i, usd);
        if (of_line)
            cp_buf_addf(out, "| %s | %s |\n", cp_bill_line_name((enum cp_bill_line)i), of_line);
    }
    if (c)
        cp_buf_addf(out, "| **together** | %s |\n",
                    cp_format(CP_UNIT_USD, cp_bill_known_usd(&c->bill), usd));
    cp_buf_adds(out, "\nAssumed:\n\n");
    for (size_t i = 0; i < COUNT(assumptions); i++) {
        if (!assume(f, i, &line))
            continue;
        cp_buf_adds(out, "- ");
        cp_text_markdown(out, cp_buf_str(&line));
        cp_buf_addc(out, '\n');
    }
    cp_warnings_markdown(f, out);
    cp_buf_clear(&line);
}

void cp_recommend_csv(const struct cp_figures *f, struct cp_buf *out)
{
    cp_table_csv(key_table(f), f, out);
}

/* --- the front --- */

struct place {
    size_t candidate;
    bool is_shown;
    double usd;
};

static bool is_shown(const struct cp_figures *f, size_t i)
{
    const struct cp_candidate *c = &f->decision.candidates[i];
    return c->is_on_frontier || c->is_current || (int)i == f->decision.chosen;
}

static size_t n_shown(const struct cp_figures *f)
{
    size_t n = 0;
    for (size_t i = 0; i < f->decision.n_candidates; i++)
        n += is_shown(f, i) ? 1 : 0;
    return n;
}

static size_t n_all(const struct cp_figures *f)
{
    return f->decision.n_candidates;
}

static double cost_of(const struct cp_figures *f, size_t i)
{
    const struct cp_candidate *c = &f->decision.candidates[i];
    double usd = cp_figures_has_traffic(f) ? c->usd_per_month.value : c->usd_per_million.value;
    return isnan(usd) ? (double)INFINITY : usd;
}

static bool is_before(const struct cp_figures *f, size_t a, size_t b)
{
    double x = cost_of(f, a);
    double y = cost_of(f, b);
    if (is_shown(f, a) != is_shown(f, b))
        return is_shown(f, a);
    return x < y || (!(y < x) && a < b);
}

/* The candidate of a row: those before it are counted, so nothing is kept between cells. */
static size_t candidate_at(const struct cp_figures *f, size_t row)
{
    for (size_t i = 0; i < f->decision.n_candidates; i++) {
        size_t n_before = 0;
        for (size_t k = 0; k < f->decision.n_candidates; k++)
            n_before += is_before(f, k, i) ? 1 : 0;
        if (n_before == row)
            return i;
    }
    return 0;
}

#define FRONT_CELL(name, column)                                                                   \
    static struct cp_cell name(const struct cp_figures *f, size_t row)                             \
    {                                                                                              \
        return cp_table_column(&cp_table_candidates, column)->cell(f, candidate_at(f, row));       \
    }
FRONT_CELL(front_memory, "memory_size_mb")
FRONT_CELL(front_mode, "mode")
FRONT_CELL(front_concurrency, "concurrency")
FRONT_CELL(front_latency, "latency_ms")
FRONT_CELL(front_cold_share, "cold_share_ratio")
FRONT_CELL(front_usd_million, "usd_per_million")
FRONT_CELL(front_usd_month, "usd_per_month")

static struct cp_cell front_text(const char *text)
{
    return (struct cp_cell){.number = {NAN, NAN, NAN}, .text = text};
}

static const struct cp_candidate *front_candidate(const struct cp_figures *f, size_t row)
{
    return &f->decision.candidates[candidate_at(f, row)];
}

static struct cp_cell front_architecture(const struct cp_figures *f, size_t row)
{
    const char *own = front_candidate(f, row)->architecture;
    return front_text(own ? own : f->data->run.architecture);
}

static struct cp_cell front_start(const struct cp_figures *f, size_t row)
{
    return front_text(cp_startup_word(front_candidate(f, row)->fresh_start));
}

static struct cp_cell front_is_on(const struct cp_figures *f, size_t row)
{
    return front_text(front_candidate(f, row)->is_on_frontier ? "yes" : "no");
}

static struct cp_cell front_is_within(const struct cp_figures *f, size_t row)
{
    const struct cp_candidate *c = front_candidate(f, row);
    const char *text = c->meets_budget ? "yes" : c->may_meet_budget ? "maybe" : "no";
    return front_text(isnan(f->data->run.budget_ms) ? "" : text);
}

static const char *front_mark(const struct cp_figures *f, size_t row)
{
    size_t i = candidate_at(f, row);
    const struct cp_candidate *c = &f->decision.candidates[i];
    return c->is_runnable ? cp_table_candidates.mark(f, i) : "cannot run";
}

static const struct cp_column front_columns[] = {
    {"memory_size_mb", "memory", CP_UNIT_MB, false, false, front_memory},
    {"architecture", "architecture", CP_UNIT_TEXT, false, false, front_architecture},
    {"mode", "mode", CP_UNIT_TEXT, false, false, front_mode},
    {"concurrency", "concurrency", CP_UNIT_COUNT, false, false, front_concurrency},
    {"latency_ms", "judged quantile", CP_UNIT_MS, true, false, front_latency},
    {"cold_share_ratio", "cold share", CP_UNIT_PERCENT, false, false, front_cold_share},
    {"usd_per_million", "per million", CP_UNIT_USD, false, false, front_usd_million},
    {"usd_per_month", "per month", CP_UNIT_USD, true, false, front_usd_month},
    {"is_on_frontier", "on the front", CP_UNIT_TEXT, false, false, front_is_on},
    {"is_within_budget", "within budget", CP_UNIT_TEXT, false, false, front_is_within},
    {"fresh_start", "fresh start", CP_UNIT_TEXT, false, false, front_start},
};
const struct cp_table cp_table_front = {
    "front",       "Cost against latency: settings that no other beats in both",
    front_columns, COUNT(front_columns),
    n_shown,       front_mark};
const struct cp_table cp_table_front_all = {"front",       "Cost against latency: all settings",
                                            front_columns, COUNT(front_columns),
                                            n_all,         front_mark};

static const struct cp_table *front(bool is_all)
{
    return is_all ? &cp_table_front_all : &cp_table_front;
}

static const struct cp_text_column month_columns[] = {
    VARIANT_COLUMNS,
    {"memory_size_mb", "MB", 0, false, false, false},
    {"mode", "mode", 0, false, true, false},
    {"concurrency", "n", 0, false, false, false},
    {"latency_ms", " ms", 0, true, false, false},
    {"latency_ms", " ms [95% CI]", 3, true, false, true},
    {"cold_share_ratio", "cold %", 6, false, false, false},
    {"usd_per_month", "USD/month", 0, false, false, false},
    {"usd_per_month", "USD/month [95% CI]", 5, false, false, true},
    {"is_on_frontier", "front", 2, false, true, false},
    {"is_within_budget", "budget", 1, false, true, false},
    {"", "", 4, false, true, false},
};

static const struct cp_text_column million_columns[] = {
    VARIANT_COLUMNS,
    {"memory_size_mb", "MB", 0, false, false, false},
    {"mode", "mode", 0, false, true, false},
    {"concurrency", "n", 6, false, false, false},
    {"latency_ms", " ms", 0, true, false, false},
    {"latency_ms", " ms [95% CI]", 3, true, false, true},
    {"usd_per_million", "USD/1M", 0, false, false, false},
    {"is_on_frontier", "front", 2, false, true, false},
    {"is_within_budget", "budget", 1, false, true, false},
    {"", "", 4, false, true, false},
};

void cp_frontier_text(const struct cp_figures *f, bool is_all, const struct cp_text_style *style,
                      struct cp_buf *out)
{
    const struct cp_text_lines t = cp_text_lines_of(f, style, out);
    size_t hidden = n_all(f) - n_shown(f);
    cp_text_header(&t);
    if (cp_figures_has_traffic(f))
        add_table(&t, front(is_all), month_columns, COUNT(month_columns));
    else
        add_table(&t, front(is_all), million_columns, COUNT(million_columns));
    cp_text_role(&t, CP_ROLE_DIM);
    if (!cp_figures_has_traffic(f))
        cp_buf_adds(out, "  (no traffic: latency is that of cold starts; --traffic gives costs)\n");
    if (hidden > 0 && !is_all)
        cp_buf_addf(out, "  (%zu more, each beaten in cost and latency by one of these: --all)\n",
                    hidden);
    cp_text_role(&t, CP_ROLE_PLAIN);
}

void cp_frontier_json(const struct cp_figures *f, bool is_all, struct cp_buf *out)
{
    struct cp_json j = {.out = out, .depth = 1, .is_first = true};
    size_t n = front(is_all)->n_rows(f);
    cp_buf_addc(out, '{');
    cp_json_add_int(&j, "schema_version", 1);
    cp_json_add_text(&j, "command", "frontier");
    add_question(&j, f);
    cp_json_add_bool(&j, "is_all", is_all);
    cp_json_open(&j, "candidates", '[');
    for (size_t i = 0; i < n; i++)
        cp_candidate_json(&j, &f->decision.candidates[candidate_at(f, i)]);
    cp_json_close(&j, ']');
    cp_buf_adds(out, "\n}\n");
}

void cp_frontier_markdown(const struct cp_figures *f, bool is_all, struct cp_buf *out)
{
    cp_buf_adds(out, "### coldprof frontier: ");
    cp_text_markdown(out, f->data->run.function);
    cp_buf_adds(out, "\n\n");
    cp_table_markdown(front(is_all), f, out);
}

void cp_frontier_csv(const struct cp_figures *f, bool is_all, struct cp_buf *out)
{
    cp_table_csv(front(is_all), f, out);
}
