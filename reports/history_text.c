/* SPDX-License-Identifier: GPL-3.0-or-later
 * The documents of `coldprof history show` for people, and its CSV.
 */
#include <stdio.h>
#include <string.h>

#include "reports/history_parts.h"
#include "reports/text_table.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { INDENT = 2 };

static const struct cp_text_column metric_columns[] = {
    {"metric", "metric", 0, false, true, false},
    {"newest_ms", "newest ms", 0, false, false, false},
    {"newest_ms", "newest ms [95% CI]", 4, false, false, true},
    {"expected_ms", "expected", 0, false, false, false},
    {"change_ratio", "change %", 1, false, false, false},
    {"change_ratio", "change % [95% CI]", 5, false, false, true},
    {"nights", "nights", 3, false, false, false},
    {"state", "state", 0, false, true, false},
    {"since", "since", 2, false, true, false},
};

static const struct cp_text_column night_columns[] = {
    {"night", "night", 0, false, true, false},
    {"value_ms", "ms", 0, false, false, false},
    {"value_ms", "ms [95% CI]", 3, false, false, true},
    {"expected_ms", "expected", 4, false, false, false},
    {"expected_ms", "expected [95%]", 7, false, false, true},
    {"n", "n", 5, false, false, false},
    {"strip", "- usual, o night", 2, false, true, false},
    {"state", "state", 0, false, true, false},
    {"mark", "", 1, false, true, false},
    {"code_sha256", "code", 8, false, true, false},
};

static void add_line(const struct cp_text_lines *t, enum cp_text_role_kind role, const char *text)
{
    cp_text_role(t, role);
    cp_text_foreign(t, 0, INDENT, text);
    cp_text_role(t, CP_ROLE_PLAIN);
}

static void key_text(const struct cp_history_view *view, struct cp_buf *out)
{
    const struct cp_night_key *key = &view->history->key;
    const char *const facts[] = {key->function, key->region, key->architecture, key->place};
    for (size_t i = 0; i < COUNT(facts); i++)
        cp_buf_addf(out, "%s%s", i && facts[i][0] ? ", " : "", facts[i]);
}

static const struct cp_trend_night *now(const struct cp_history_view *view)
{
    return &view->metrics[view->shown_metric].newest.judged;
}

static enum cp_text_role_kind role_of(enum cp_trend_state state)
{
    static const enum cp_text_role_kind roles[] = {
        [CP_TREND_LEARNING] = CP_ROLE_DIM,  [CP_TREND_STEADY] = CP_ROLE_GOOD,
        [CP_TREND_SUSPECT] = CP_ROLE_PLAIN, [CP_TREND_REGRESSED] = CP_ROLE_BAD,
        [CP_TREND_IMPROVED] = CP_ROLE_GOOD,
    };
    return roles[state];
}

/* "(1) 2026-10-03: 210 -> 260 ms, +24.1 % [19.3, 28.8]; p<0.001, 40 nights before, 6 after; code
 * SHA-256 1a -> 2b" */
static void change_text(const struct cp_history_view *view, const struct cp_history_change *c,
                        struct cp_buf *out)
{
    char before[CP_FORMAT_MAX];
    char after[CP_FORMAT_MAX];
    cp_buf_addf(out, "(%zu) %s: %s -> %s ms, ", c->number, view->rows[c->row].day,
                cp_format(CP_UNIT_MS, c->change.before_ms, before),
                cp_format(CP_UNIT_MS, c->change.after_ms, after));
    cp_history_ratio_text(c->change.ratio, out);
    cp_buf_addf(out, "; %s; changed with it: %s", c->evidence, c->words);
}

static void add_changes(const struct cp_text_lines *t, const struct cp_history_view *view)
{
    struct cp_buf line;
    cp_buf_init(&line, 1U << 14);
    cp_text_role(t, CP_ROLE_DIM);
    cp_buf_adds(t->out, view->first_change < view->n_changes
                            ? "\nlasting changes\n"
                            : "\nno lasting change among these nights\n");
    cp_text_role(t, CP_ROLE_PLAIN);
    for (size_t i = view->first_change; i < view->n_changes; i++) {
        cp_buf_reset(&line);
        change_text(view, &view->changes[i], &line);
        cp_text_blanks(t, INDENT);
        cp_text_foreign(t, INDENT, INDENT + 4, cp_buf_str(&line));
    }
    if (view->first_change > 0) {
        const struct cp_history_change *last = &view->changes[view->first_change - 1];
        cp_buf_reset(&line);
        cp_buf_addf(&line, "(%zu before them, the last one on %s: --nights shows more)",
                    view->first_change, view->rows[last->row].day);
        cp_text_note(t, cp_buf_str(&line));
    }
    cp_buf_clear(&line);
}

static void add_next(const struct cp_text_lines *t, const struct cp_history_view *view)
{
    struct cp_buf line;
    cp_buf_init(&line, 4096);
    if (view->is_comparable)
        cp_buf_addf(&line, "next: coldprof compare %s %s", view->before->run_id,
                    view->after->run_id);
    if (now(view)->state == CP_TREND_REGRESSED) {
        cp_buf_addf(&line, "%scoldprof history accept ",
                    line.n ? "    or, if it is meant: " : "next: ");
        cp_text_shell(&line, view->history->key.function);
    }
    if (line.n) {
        cp_buf_addc(t->out, '\n');
        cp_text_foreign(t, 0, strlen("next: "), cp_buf_str(&line));
    }
    cp_buf_clear(&line);
}

static void add_strip_scale(const struct cp_text_lines *t, const struct cp_history_view *view)
{
    char low[CP_FORMAT_MAX];
    char high[CP_FORMAT_MAX];
    char text[4 * CP_FORMAT_MAX];
    (void)snprintf(text, sizeof text,
                   "(strip from %s to %s ms: - where a night like those before lies; o the night, "
                   "? suspect, X regressed, > at the timeout)",
                   cp_format(CP_UNIT_MS, view->strip_low_ms, low),
                   cp_format(CP_UNIT_MS, view->strip_high_ms, high));
    cp_text_note(t, text);
}

void cp_history_text(const struct cp_history_view *view, const struct cp_text_style *style,
                     struct cp_buf *out)
{
    const struct cp_text_lines t = cp_text_lines_of(view->tables, style, out);
    struct cp_buf line;
    cp_buf_init(&line, 1U << 14);
    key_text(view, &line);
    add_line(&t, CP_ROLE_STRONG, cp_buf_str(&line));
    cp_buf_addc(out, '\n');
    cp_text_table(&t, &cp_table_history_metrics, metric_columns, COUNT(metric_columns));
    cp_buf_reset(&line);
    cp_history_verdict_text(view, &line);
    cp_buf_addc(out, '\n');
    add_line(&t, role_of(now(view)->state), cp_buf_str(&line));
    cp_buf_reset(&line);
    cp_history_span_text(view, &line);
    add_line(&t, CP_ROLE_PLAIN, cp_buf_str(&line));
    cp_buf_addc(out, '\n');
    cp_text_table(&t, &cp_table_history_text, night_columns, COUNT(night_columns));
    add_strip_scale(&t, view);
    add_changes(&t, view);
    add_next(&t, view);
    cp_buf_clear(&line);
}

void cp_history_markdown(const struct cp_history_view *view, struct cp_buf *out)
{
    struct cp_buf line;
    cp_buf_init(&line, 1U << 14);
    cp_buf_adds(out, "### coldprof history: ");
    cp_text_markdown(out, view->history->key.function);
    cp_buf_adds(out, "\n\n");
    cp_history_verdict_text(view, &line);
    cp_text_markdown(out, cp_buf_str(&line));
    cp_buf_adds(out, ".\n\n");
    cp_table_markdown(&cp_table_history_metrics, view->tables, out);
    cp_buf_reset(&line);
    cp_history_span_text(view, &line);
    cp_buf_adds(out, "\n");
    cp_text_markdown(out, cp_buf_str(&line));
    cp_buf_adds(out, ".\n");
    if (view->first_change < view->n_changes) {
        cp_buf_adds(out, "\nLasting changes:\n\n");
        cp_table_markdown(&cp_table_history_changes, view->tables, out);
    }
    cp_buf_adds(out, "\nNights:\n\n");
    cp_table_markdown(&cp_table_history_page, view->tables, out);
    cp_buf_clear(&line);
}

void cp_history_csv(const struct cp_history_view *view, struct cp_buf *out)
{
    cp_table_csv(&cp_table_history, view->tables, out);
}
