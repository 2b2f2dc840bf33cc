/* SPDX-License-Identifier: GPL-3.0-or-later
 * Gates for a terminal: one line a metric, the verdict, why, and what it does not cover. Columns
 * that do not fit are left out, least useful first; numbers are never cut.
 */
#include "reports/gate_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/base/datetime.h"
#include "reports/format.h"
#include "reports/text_grid.h"

enum { GAP = 2, REASONS_SHOWN = 5 };

/* --- the table --- */

struct column {
    const char *head, *night_head; /* NULL: the same */
    int rank;                      /* columns are taken in this order while the line has room */
    bool is_left;                  /* words */
    bool is_wide_one;              /* stands for the one before it, with its interval */
    void (*cell)(const struct cp_gates *gates, const struct cp_gate *gate, char out[CP_FORMAT_MAX]);
};

static void memory_cell(const struct cp_gates *gates, const struct cp_gate *gate,
                        char out[CP_FORMAT_MAX])
{
    (void)gates;
    (void)cp_format(CP_UNIT_MB, gate->metric.memory_size_mb, out);
}

static void metric_cell(const struct cp_gates *gates, const struct cp_gate *gate,
                        char out[CP_FORMAT_MAX])
{
    char q[CP_FORMAT_MAX];
    (void)gates;
    (void)snprintf(out, CP_FORMAT_MAX, "%s %.20s", cp_timing_name(gate->metric.timing),
                   cp_format_quantile_name(gate->metric.q, q));
}

static void duration(struct cp_interval ms, bool has_bounds, char out[CP_FORMAT_MAX])
{
    char bounds[CP_FORMAT_MAX] = "";
    if (has_bounds)
        (void)cp_format_bounds(CP_UNIT_MS, ms, bounds);
    if (isinf(ms.value))
        (void)snprintf(out, CP_FORMAT_MAX, "timeout%s%.60s", bounds[0] ? " " : "", bounds);
    else if (has_bounds)
        (void)cp_format_interval(CP_UNIT_MS, ms, out);
    else
        (void)cp_format(CP_UNIT_MS, ms.value, out);
}

static void base_cell(const struct cp_gates *gates, const struct cp_gate *gate,
                      char out[CP_FORMAT_MAX])
{
    (void)gates;
    duration(gate->base_ms, false, out);
}

static void base_wide_cell(const struct cp_gates *gates, const struct cp_gate *gate,
                           char out[CP_FORMAT_MAX])
{
    (void)gates;
    duration(gate->base_ms, true, out);
}

static void new_cell(const struct cp_gates *gates, const struct cp_gate *gate,
                     char out[CP_FORMAT_MAX])
{
    (void)gates;
    duration(gate->new_ms, false, out);
}

static void new_wide_cell(const struct cp_gates *gates, const struct cp_gate *gate,
                          char out[CP_FORMAT_MAX])
{
    (void)gates;
    duration(gate->new_ms, true, out);
}

/* One of the two is among the timeouts: at least, or at most, that many times. */
static void unbounded_ratio(struct cp_interval ratio, char out[CP_FORMAT_MAX])
{
    char end[CP_FORMAT_MAX];
    double bound = isinf(ratio.value) ? ratio.low : ratio.high;
    if (isfinite(bound))
        (void)snprintf(out, CP_FORMAT_MAX, "%s %.40s",
                       isinf(ratio.value) ? ">=" : "<=", cp_format(CP_UNIT_PLAIN, bound, end));
    else
        (void)snprintf(out, CP_FORMAT_MAX, "-");
}

static void ratio_cell(const struct cp_gates *gates, const struct cp_gate *gate,
                       char out[CP_FORMAT_MAX])
{
    (void)gates;
    if (isinf(gate->ratio.value) || gate->ratio.value <= 0)
        unbounded_ratio(gate->ratio, out);
    else
        (void)cp_format_interval(CP_UNIT_PLAIN, gate->ratio, out);
}

/* A shape beside the word, so that neither colour nor reading is needed. */
static const struct {
    const char *word, *shape;
    enum cp_text_role_kind role;
} shapes[] = {
    {"regression", "^", CP_ROLE_BAD},       {"regressed", "^", CP_ROLE_BAD},
    {"suspect", "!", CP_ROLE_BAD},          {"improvement", "v", CP_ROLE_GOOD},
    {"improved", "v", CP_ROLE_GOOD},        {"equivalent", "=", CP_ROLE_PLAIN},
    {"inconclusive", "?", CP_ROLE_DIM},     {"learning", "?", CP_ROLE_DIM},
    {"no regression", "=", CP_ROLE_GOOD},   {"steady", "=", CP_ROLE_PLAIN},
    {"nothing compared", "?", CP_ROLE_BAD},
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static size_t shape_of(const char *word)
{
    size_t i = 0;
    while (i + 1 < SHAPES && strcmp(shapes[i].word, word) != 0)
        i++;
    return i;
}

static void verdict_cell(const struct cp_gates *gates, const struct cp_gate *gate,
                         char out[CP_FORMAT_MAX])
{
    const char *word = cp_gate_word(gates, gate);
    (void)snprintf(out, CP_FORMAT_MAX, "%s %s", shapes[shape_of(word)].shape, word);
}

static void needed_cell(const struct cp_gates *gates, const struct cp_gate *gate,
                        char out[CP_FORMAT_MAX])
{
    (void)gates;
    out[0] = '\0';
    if (gate->n_needed)
        (void)cp_format_count(gate->n_needed, out);
}

static const struct column columns[] = {
    {"MB", NULL, 0, false, false, memory_cell},
    {"metric", NULL, 0, true, false, metric_cell},
    {"base ms", "before ms", 3, false, false, base_cell},
    {"base ms [95% CI]", "before ms [95% range]", 6, false, true, base_wide_cell},
    {"new ms", "now ms", 2, false, false, new_cell},
    {"new ms [95% CI]", "now ms [95% CI]", 5, false, true, new_wide_cell},
    {"new/base [95% CI]", "now/before [95% CI]", 1, false, false, ratio_cell},
    {"verdict", NULL, 0, true, false, verdict_cell},
    {"needs n", NULL, 4, false, false, needed_cell},
};
enum { COLUMNS = sizeof columns / sizeof columns[0] };
_Static_assert((int)COLUMNS <= (int)CP_TEXT_COLUMNS_MAX, "room for every column");

static const char *head_of(const void *context, size_t i, char out[CP_WORDS_MAX])
{
    const struct cp_gates *gates = context;
    bool is_night = gates->kind == CP_GATES_NIGHT;
    (void)out;
    return is_night && columns[i].night_head ? columns[i].night_head : columns[i].head;
}

static const char *cell_of(const void *context, size_t row, size_t i, char out[CP_FORMAT_MAX])
{
    const struct cp_gates *gates = context;
    columns[i].cell(gates, &gates->gates[row], out);
    return out;
}

static enum cp_text_role_kind role_of(const void *context, size_t row)
{
    const struct cp_gates *gates = context;
    return shapes[shape_of(cp_gate_word(gates, &gates->gates[row]))].role;
}

static void add_notes(const struct cp_text_lines *t, const struct cp_gates *gates,
                      bool is_needed_shown)
{
    char effect[CP_NUMBER_MAX];
    char effect_ms[CP_NUMBER_MAX];
    char sd[CP_FORMAT_MAX];
    char note[4 * CP_FORMAT_MAX];
    bool has_needed = false;
    for (size_t i = 0; i < gates->n; i++)
        has_needed = has_needed || gates->gates[i].n_needed > 0;
    (void)snprintf(note, sizeof note, "(a change matters when it is more than %s %% and %s ms)",
                   cp_number_exact(gates->effect * 100, effect),
                   cp_number_exact(gates->effect_ms, effect_ms));
    cp_text_note(t, note);
    if (has_needed && is_needed_shown)
        cp_text_note(t,
                     gates->kind == CP_GATES_NIGHT
                         ? "(needs n: with so many samples each night it could be judged)"
                         : "(needs n: with about so many samples on each side it could be told)");
    if (!gates->comparison || !(gates->comparison->day_sd > 0))
        return;
    (void)snprintf(note, sizeof note,
                   "(intervals have in them that nights of this function differ by %s, one sd)",
                   cp_format_with_unit(CP_UNIT_PERCENT, gates->comparison->day_sd, sd));
    cp_text_note(t, note);
}

static void add_table(const struct cp_text_lines *t, const struct cp_gates *gates)
{
    struct cp_text_grid grid = {
        .n_columns = COLUMNS,
        .n_rows = gates->n,
        .context = gates,
        .head = head_of,
        .cell = cell_of,
        .role = role_of,
    };
    for (size_t i = 0; i < COLUMNS; i++)
        grid.slots[i] = (struct cp_text_slot){.rank = columns[i].rank,
                                              .is_left = columns[i].is_left,
                                              .is_wide_one = columns[i].is_wide_one};
    cp_text_grid(t, &grid);
    add_notes(t, gates, grid.slots[COLUMNS - 1].is_shown);
}

/* --- around it --- */

static void add_run(const struct cp_text_lines *t, const char *name, const struct cp_run *run,
                    const struct cp_run *now)
{
    char when[CP_DATETIME_TEXT_MAX] = ""; /* a log may not tell it */
    char lead[CP_FORMAT_MAX];
    bool is_other = strcmp(run->function, now->function) != 0;
    (void)snprintf(lead, sizeof lead, "%-5s run %.20s", name, run->id);
    if (run->started_at_ms >= 0)
        (void)cp_datetime_format(run->started_at_ms, CP_DATETIME_ISO_S, when);
    const char *facts[] = {lead,
                           when,
                           is_other ? run->function : "",
                           strcmp(run->region, now->region) != 0 ? run->region : "",
                           strcmp(run->architecture, now->architecture) != 0 ? run->architecture
                                                                             : "",
                           strcmp(run->runtime, now->runtime) != 0 ? cp_run_runtime(run) : "",
                           strcmp(run->place, now->place) != 0 ? run->place : ""};
    cp_text_facts(t, facts, sizeof facts / sizeof facts[0]);
}

static void add_header(const struct cp_text_lines *t, const struct cp_gates *gates)
{
    const struct cp_run *now = gates->now;
    const char *facts[] = {now->function,
                           now->region,
                           now->architecture,
                           cp_run_runtime(now),
                           cp_run_start_words(now),
                           now->place,
                           cp_run_in_turns(now) ? "" : cp_run_method_words(now),
                           gates->kind == CP_GATES_PAIR ? "measured in turns" : ""};
    cp_text_facts(t, facts, sizeof facts / sizeof facts[0]);
    if (gates->base)
        add_run(t, "base", gates->base, now);
    add_run(t, gates->kind == CP_GATES_NIGHT ? "night" : "new", now, now);
    cp_buf_addc(t->out, '\n');
}

/* The word in its colour, the rest wrapped. */
static void add_verdict(const struct cp_text_lines *t, const struct cp_gates *gates)
{
    struct cp_buf line;
    cp_buf_init(&line, 1U << 12);
    cp_gates_verdict_text(gates, &line);
    struct cp_view rest = cp_buf_view(&line);
    struct cp_view word;
    cp_buf_addc(t->out, '\n');
    if (cp_view_split(&rest, ':', &word)) {
        cp_text_role(t, shapes[shape_of(cp_gates_word(gates))].role);
        cp_buf_add_view(t->out, word);
        cp_buf_addc(t->out, ':');
        cp_text_role(t, CP_ROLE_PLAIN);
        cp_buf_addc(t->out, ' ');
        cp_text_wrapped(t, word.n + 2, GAP, cp_view_trim(rest));
    }
    cp_buf_fail_with(t->out, &line);
    cp_buf_clear(&line);
}

/* What is asked about first: what fails, then what is suspect or better. */
static int weight_of(const struct cp_gates *gates, const struct cp_gate *gate)
{
    if (gate->fails)
        return 2;
    enum cp_text_role_kind role = shapes[shape_of(cp_gate_word(gates, gate))].role;
    return role == CP_ROLE_BAD || role == CP_ROLE_GOOD ? 1 : 0;
}

/* `more`: how many others of its size say the same. */
static void add_reason(const struct cp_text_lines *t, const struct cp_gate *gate, size_t more)
{
    char metric[CP_FORMAT_MAX];
    char mb[CP_FORMAT_MAX];
    char others[CP_FORMAT_MAX] = "";
    char line[sizeof metric + sizeof others + sizeof mb + sizeof gate->because + 8];
    metric_cell(NULL, gate, metric);
    if (more > 0)
        (void)snprintf(others, sizeof others, " and %zu more", more);
    (void)snprintf(line, sizeof line, "%s%s at %s: %s", metric, others,
                   cp_format_with_unit(CP_UNIT_MB, gate->metric.memory_size_mb, mb), gate->because);
    cp_buf_adds(t->out, "  - ");
    cp_text_foreign(t, GAP + 2, GAP + 2, line);
}

/* A size that cannot run any more says so of each of its metrics: told once. */
static size_t count_alike(const struct cp_gates *gates, size_t first)
{
    const struct cp_gate *gate = &gates->gates[first];
    size_t n = 1;
    while (first + n < gates->n && strcmp(gate[n].because, gate->because) == 0 &&
           gate[n].metric.memory_size_mb == gate->metric.memory_size_mb &&
           weight_of(gates, &gate[n]) == weight_of(gates, gate))
        n++;
    return n;
}

static void add_reasons(const struct cp_text_lines *t, const struct cp_gates *gates)
{
    size_t n_lines = 0;
    size_t n_left = 0;
    size_t n = 0;
    for (int weight = 2; weight > 0; weight--) {
        for (size_t i = 0; i < gates->n; i += n) {
            n = count_alike(gates, i);
            if (weight_of(gates, &gates->gates[i]) != weight)
                continue;
            if (n_lines++ < REASONS_SHOWN)
                add_reason(t, &gates->gates[i], n - 1);
            else
                n_left += n;
        }
    }
    if (n_left > 0)
        cp_buf_addf(t->out, "  - and %zu more in the table\n", n_left);
}

/* "init at 512 MB moved by 14.1 [12.0, 16.2] ms at p10, ... at p50, ... at p90" */
static void add_shift(const struct cp_text_lines *t, const struct cp_compared_series *s)
{
    static const size_t shown[] = {0, 4, 8};
    struct cp_buf line;
    char text[CP_FORMAT_MAX];
    cp_buf_init(&line, 1U << 12);
    cp_buf_addf(&line, "%s at %s moved by", cp_timing_name(s->timing),
                cp_format_with_unit(CP_UNIT_MB, s->memory_size_mb, text));
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++)
        cp_buf_addf(&line, "%s %s ms at p%zu0", i ? "," : "",
                    cp_format_interval(CP_UNIT_PLAIN, s->shift_ms[shown[i]], text), shown[i] + 1);
    cp_buf_adds(t->out, "  - ");
    cp_text_wrapped(t, GAP + 2, GAP + 2, cp_buf_view(&line));
    cp_buf_fail_with(t->out, &line);
    cp_buf_clear(&line);
}

static bool has_changed(const struct cp_gates *gates, const struct cp_compared_series *s)
{
    for (size_t i = 0; i < gates->n; i++) {
        const struct cp_gate *gate = &gates->gates[i];
        if (gate->metric.timing == s->timing && gate->metric.memory_size_mb == s->memory_size_mb &&
            (gate->verdict == CP_CHANGE_REGRESSION || gate->verdict == CP_CHANGE_IMPROVEMENT))
            return true;
    }
    return false;
}

static void add_shifts(const struct cp_text_lines *t, const struct cp_gates *gates)
{
    const struct cp_comparison *c = gates->comparison;
    size_t n = 0;
    for (size_t i = 0; c && i < c->n_series && n < REASONS_SHOWN; i++) {
        if (!isfinite(c->series[i].shift_ms[0].value) || !has_changed(gates, &c->series[i]))
            continue;
        add_shift(t, &c->series[i]);
        n++;
    }
}

void cp_gates_text(const struct cp_gates *gates, const struct cp_text_style *style,
                   struct cp_buf *out)
{
    const struct cp_text_lines t = cp_text_lines_of(NULL, style, out);
    add_header(&t, gates);
    if (gates->n > 0)
        add_table(&t, gates);
    add_verdict(&t, gates);
    add_reasons(&t, gates);
    add_shifts(&t, gates);
    cp_text_warning_list(&t, gates->warnings, gates->n_warnings);
}
