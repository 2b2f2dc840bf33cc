/* SPDX-License-Identifier: GPL-3.0-or-later
 * The terminal result. Columns that do not fit are left out, least useful first; numbers are never
 * cut. Three colour roles: good, bad, dim.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/figures.h"
#include "reports/table.h"
#include "reports/text_lines.h"
#include "reports/words.h"

enum { WARNINGS_SHOWN = 5, INDENT = 2 };

/* --- the table --- */

struct shown_column {
    const char *key; /* in cp_table_sweep or cp_table_duration, whose rows are the same */
    const char *head;
    int rank;         /* columns are taken in this order while the line has room */
    int tail_rank;    /* in this one when the budget is about p99 or beyond */
    bool has_bounds;  /* one interval is enough for a narrow line */
    bool is_extra;    /* left out when no size has a value for it */
    bool is_wide_one; /* stands for the column before it when there is room */
};

/* In order of appearance. */
static const struct shown_column shown[] = {
    {"memory_size_mb", "memory", 0, 0, false, false, false},
    {"{init}_p50_ms", "{init} p50", 5, 7, false, false, false},
    {"{init}_p95_ms", "{init} p95 [95% CI]", 2, 6, true, false, false},
    {"cold_p95_ms", "cold p95", 1, 1, false, false, false},
    {"cold_p95_ms", "cold p95 [95% CI]", 8, 10, true, false, true},
    {"cold_p99_ms", "cold p99", 9, 2, false, true, false},
    {"warm_p95_ms", "warm p95", 3, 3, false, false, false},
    {"warm_p99_ms", "warm p99", 10, 4, false, true, false},
    {"warm_tail_ratio", "warm p99/p50", 11, 11, false, true, false},
    {"cold_tail_ratio", "cold p99/p50", 12, 12, false, true, false},
    {"usd_per_million", "USD/1M", 4, 5, false, false, false},
    {"usd_per_million", "USD/million", 7, 9, false, false, true},
    {"n_cold", "cold", 6, 8, false, false, false},
};
enum { SHOWN = sizeof shown / sizeof shown[0] };

struct layout {
    const struct cp_column *columns[SHOWN];
    size_t width[SHOWN];
    bool is_shown[SHOWN];
};

static const char best_mark[] = "<- best";

static struct cp_cell cell_of(const struct layout *l, const struct cp_figures *f, size_t row,
                              size_t i)
{
    return l->columns[i]->cell(f, row);
}

/* "128 MB", "66.1 ms", "74.0 ms [71, 80]", "0.41", "72" */
static const char *cell_text(const struct layout *l, const struct cp_figures *f, size_t row,
                             size_t i, char out[CP_FORMAT_MAX])
{
    struct cp_cell cell = cell_of(l, f, row, i);
    if (cp_cell_is_pooled(&cell))
        return cp_format_pooled_brief(l->columns[i]->unit, cell.pooled, out);
    if (cell.of)
        return cp_format_brief(l->columns[i]->unit, cell.of, shown[i].has_bounds, out);
    if (l->columns[i]->unit == CP_UNIT_MB)
        return cp_format_with_unit(CP_UNIT_MB, cell.number.value, out);
    return cp_format(l->columns[i]->unit, cell.number.value, out);
}

static size_t line_width(const struct layout *l)
{
    size_t width = sizeof best_mark; /* a blank and the mark */
    for (size_t i = 0; i < SHOWN; i++)
        width += l->is_shown[i] ? INDENT + l->width[i] : 0;
    return width - INDENT; /* no margin before the first column */
}

static size_t longest(size_t a, size_t b)
{
    return a > b ? a : b;
}

static const struct cp_column *column_of(const char *key)
{
    const struct cp_column *column = cp_table_column(&cp_table_sweep, key);
    return column ? column : cp_table_column(&cp_table_duration, key);
}

static void measure(const struct cp_text_lines *t, struct layout *l)
{
    char cell[CP_FORMAT_MAX];
    char head[CP_WORDS_MAX];
    for (size_t i = 0; i < SHOWN; i++) {
        l->columns[i] = column_of(shown[i].key);
        l->is_shown[i] = false;
        l->width[i] = strlen(cp_words(t->f, shown[i].head, head));
        for (size_t row = 0; row < t->f->n_sizes; row++) {
            if (!t->f->sizes[row].cannot_run || i == 0)
                l->width[i] = longest(l->width[i], strlen(cell_text(l, t->f, row, i, cell)));
        }
    }
}

static bool is_refused(const struct cp_cell *cell)
{
    return cell->of && cell->of->status == CP_ANSWER_TOO_FEW && !cp_cell_is_pooled(cell);
}

/* Does any size have something to say in this column? */
static bool has_value(const struct cp_text_lines *t, const struct layout *l, size_t i)
{
    for (size_t row = 0; row < t->f->n_sizes; row++) {
        struct cp_cell cell = cell_of(l, t->f, row, i);
        if (!t->f->sizes[row].cannot_run && !is_refused(&cell))
            return true;
    }
    return false;
}

/* Shows column `i`, in place of the one before it when it is the wide form of that. */
static void show(struct layout *l, size_t i, bool is_shown)
{
    l->is_shown[i] = is_shown;
    if (shown[i].is_wide_one)
        l->is_shown[i - 1] = !is_shown;
}

static size_t column_of_rank(const struct cp_text_lines *t, int rank)
{
    double q = t->f->data->run.budget_q;
    bool is_tail = q >= 0.99; /* false of NAN: no budget */
    size_t i = 0;
    while (i + 1 < SHOWN && (is_tail ? shown[i].tail_rank : shown[i].rank) != rank)
        i++;
    return i;
}

static void lay_out(const struct cp_text_lines *t, struct layout *l)
{
    measure(t, l);
    for (int rank = 0; rank < SHOWN; rank++) {
        size_t i = column_of_rank(t, rank);
        if (shown[i].is_extra && !has_value(t, l, i))
            continue;
        if (shown[i].is_wide_one && !l->is_shown[i - 1])
            continue;
        show(l, i, true);
        if (rank > 0 && line_width(l) > t->width)
            show(l, i, false);
    }
}

/* The first column starts at the margin, the others after a gap. */
static void add_right(const struct cp_text_lines *t, size_t column, size_t width, const char *s)
{
    size_t n = cp_text_columns(cp_view_of(s));
    cp_text_blanks(t, (column ? INDENT : 0) + (n < width ? width - n : 0));
    cp_buf_adds(t->out, s);
}

static void add_table_head(const struct cp_text_lines *t, const struct layout *l)
{
    char head[CP_WORDS_MAX];
    cp_text_role(t, CP_ROLE_DIM);
    for (size_t i = 0; i < SHOWN; i++) {
        if (l->is_shown[i])
            add_right(t, i, l->width[i], cp_words(t->f, shown[i].head, head));
    }
    cp_text_role(t, CP_ROLE_PLAIN);
    cp_buf_addc(t->out, '\n');
}

static void add_row(const struct cp_text_lines *t, const struct layout *l, size_t row)
{
    const struct cp_size_figures *size = &t->f->sizes[row];
    bool is_best = cp_table_sweep.mark(t->f, row) != NULL;
    char cell[CP_FORMAT_MAX];
    if (size->cannot_run) {
        size_t column = l->width[0] + INDENT;
        cp_text_role(t, CP_ROLE_BAD);
        add_right(t, 0, l->width[0], cell_text(l, t->f, row, 0, cell));
        cp_buf_adds(t->out, "  cannot run: ");
        cp_text_foreign(t, column + strlen("cannot run: "), column,
                        size->cannot_run_note[0] ? size->cannot_run_note : "no reason recorded");
        cp_text_role(t, CP_ROLE_PLAIN);
        return;
    }
    if (is_best)
        cp_text_role(t, CP_ROLE_GOOD);
    for (size_t i = 0; i < SHOWN; i++) {
        if (l->is_shown[i])
            add_right(t, i, l->width[i], cell_text(l, t->f, row, i, cell));
    }
    if (is_best) {
        cp_buf_addf(t->out, " %s", best_mark);
        cp_text_role(t, CP_ROLE_PLAIN);
    }
    cp_buf_addc(t->out, '\n');
}

static bool any_cell(const struct cp_text_lines *t, const struct layout *l,
                     bool (*holds)(const struct cp_cell *))
{
    for (size_t row = 0; row < t->f->n_sizes; row++) {
        for (size_t i = 0; i < SHOWN && !t->f->sizes[row].cannot_run; i++) {
            struct cp_cell cell = cell_of(l, t->f, row, i);
            if (l->is_shown[i] && holds(&cell))
                return true;
        }
    }
    return false;
}

/* One line a size: the columns of the sweep have nothing to say here. */
static void add_wall_clock(const struct cp_text_lines *t)
{
    for (size_t i = 0; i < t->f->n_sizes; i++) {
        const struct cp_size_figures *size = &t->f->sizes[i];
        char text[3][CP_FORMAT_MAX];
        char mb[CP_FORMAT_MAX];
        char line[4 * CP_FORMAT_MAX];
        (void)snprintf(line, sizeof line, "%s wall clock: p50 %s, p95 %s, p99 %s, n=%zu",
                       cp_format_with_unit(CP_UNIT_MB, size->memory_size_mb, mb),
                       cp_format_brief(CP_UNIT_MS, &size->wall_p50, true, text[0]),
                       cp_format_brief(CP_UNIT_MS, &size->wall_p95, true, text[1]),
                       cp_format_brief(CP_UNIT_MS, &size->wall_p99, true, text[2]),
                       size->wall_p50.n);
        cp_text_wrapped(t, 0, INDENT, cp_view_of(line));
    }
    cp_text_note(
        t, "(time of the client, the way there and back included: neither init nor duration)");
}

static void add_table(const struct cp_text_lines *t)
{
    struct layout l;
    if (cp_figures_is_wall_clock(t->f)) {
        add_wall_clock(t);
        return;
    }
    lay_out(t, &l);
    add_table_head(t, &l);
    for (size_t row = 0; row < t->f->n_sizes; row++)
        add_row(t, &l, row);
    char note[CP_WORDS_MAX];
    cp_text_note(t, cp_words(t->f,
                             t->f->is_init_pooled
                                 ? "({init} does not follow memory; the first handler "
                                   "run does: cold = {init} + first handler run)"
                                 : "(cold = {init} + first handler run)",
                             note));
    if (any_cell(t, &l, cp_cell_is_pooled))
        cp_text_note(t, "(" CP_POOLED_NOTE ")");
    if (any_cell(t, &l, is_refused))
        cp_text_note(t,
                     "(n<N: too few samples; this quantile takes N of them at that memory size)");
}

/* On demand the log itself says how many are cold: nothing is simulated. */
static void add_observed_share(const struct cp_text_lines *t)
{
    const struct cp_interval *share = &t->f->observed_cold_share;
    char percent[CP_FORMAT_MAX];
    char line[CP_FORMAT_MAX + 80];
    if (!isfinite(share->value))
        return;
    (void)snprintf(line, sizeof line, "on demand %s %% of requests started cold, as logged",
                   cp_format_interval(CP_UNIT_PERCENT, *share, percent));
    cp_text_note(t, line);
}

static void add_accounting(const struct cp_text_lines *t)
{
    add_observed_share(t);
    struct cp_buf line;
    cp_buf_init(&line, 400);
    cp_accounting_text(t->f, &line);
    cp_text_note(t, cp_buf_str(&line));
    static void (*const of_question[])(const struct cp_figures *,
                                       struct cp_buf *) = {cp_demand_text, cp_other_question_text};
    for (size_t i = 0; i < sizeof of_question / sizeof of_question[0]; i++) {
        cp_buf_reset(&line);
        of_question[i](t->f, &line);
        if (line.n)
            cp_text_note(t, cp_buf_str(&line));
    }
    cp_buf_reset(&line);
    cp_price_text(t->f, &line);
    if (line.n)
        cp_text_note(t, cp_buf_str(&line));
    cp_buf_reset(&line);
    cp_spend_text(t->f, &line);
    if (line.n)
        cp_text_note(t, cp_buf_str(&line));
    static void (*const of_logs[])(const struct cp_figures *, struct cp_buf *) = {
        cp_failures_text, cp_traffic_text, cp_coverage_text, cp_eras_text};
    for (size_t i = 0; i < sizeof of_logs / sizeof of_logs[0]; i++) {
        cp_buf_reset(&line);
        if (cp_figures_is_import(t->f))
            of_logs[i](t->f, &line);
        if (line.n)
            cp_text_note(t, cp_buf_str(&line));
    }
    cp_buf_clear(&line);
}

static enum cp_text_role_kind verdict_role(enum cp_verdict verdict)
{
    switch (verdict) {
    case CP_VERDICT_KEEP:
    case CP_VERDICT_CHANGE:
        return CP_ROLE_GOOD;
    case CP_VERDICT_INVESTIGATE:
    case CP_VERDICT_NOT_ENOUGH_DATA:
        break;
    }
    return CP_ROLE_BAD;
}

/* How many are later than the budget. */
static void add_exceedance(const struct cp_text_lines *t)
{
    struct cp_buf line;
    cp_buf_init(&line, CP_SENTENCE_MAX);
    cp_exceedance_text(t->f, &line);
    if (line.n) {
        cp_buf_addc(&line, '.');
        cp_text_blanks(t, INDENT);
        cp_text_foreign(t, INDENT, INDENT, cp_buf_str(&line));
    }
    cp_buf_clear(&line);
}

void cp_text_decision(const struct cp_text_lines *t, size_t n_changers)
{
    const struct cp_decision *d = &t->f->decision;
    const char *verdict = cp_verdict_name(d->verdict);
    cp_buf_addc(t->out, '\n');
    cp_text_role(t, verdict_role(d->verdict));
    cp_buf_addf(t->out, "%s:", verdict);
    cp_text_role(t, CP_ROLE_PLAIN);
    cp_buf_addc(t->out, ' ');
    cp_text_foreign(t, strlen(verdict) + 2, INDENT,
                    d->sentence[0] ? d->sentence : "no setting can be recommended from this run");
    const char *const more[] = {d->because, d->money, d->reserved, d->modelled};
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        if (more[i][0] == '\0')
            continue;
        cp_text_blanks(t, INDENT);
        cp_text_foreign(t, INDENT, INDENT, more[i]);
    }
    add_exceedance(t);
    for (size_t i = 0; i < n_changers && i < d->n_changers; i++) {
        cp_buf_adds(t->out, "  - ");
        cp_text_foreign(t, INDENT + 2, INDENT + 2, d->changers[i]);
    }
}

void cp_text_warning_list(const struct cp_text_lines *t, const struct cp_warning *warnings,
                          size_t n_warnings)
{
    for (size_t i = 0; i < n_warnings; i++) {
        const struct cp_warning *w = &warnings[i];
        struct cp_buf line;
        cp_buf_init(&line, 1U << 12);
        cp_buf_addf(&line, "%s; %s", w->text, w->advice);
        cp_text_role(t, CP_ROLE_BAD);
        cp_buf_addf(t->out, "warning %s:", w->id);
        cp_text_role(t, CP_ROLE_PLAIN);
        cp_buf_addc(t->out, ' ');
        cp_text_foreign(t, strlen("warning W000: "), INDENT, cp_buf_str(&line));
        cp_buf_clear(&line);
    }
}

void cp_text_warnings(const struct cp_text_lines *t)
{
    size_t n = t->f->n_warnings < WARNINGS_SHOWN ? t->f->n_warnings : WARNINGS_SHOWN;
    cp_text_warning_list(t, t->f->warnings, n);
    if (t->f->n_warnings > n)
        cp_buf_addf(t->out, "and %zu more in the report\n", t->f->n_warnings - n);
}

/* On one line where there is room. */
static void add_next(const struct cp_text_lines *t)
{
    static const char report[] = "next: coldprof report ";
    static const char folder[] = " -o DIR";
    static const char apply[] = "coldprof apply ";
    const char *id = t->f->data->run.id;
    cp_buf_adds(t->out, report);
    cp_text_terminal(t->out, id);
    cp_buf_adds(t->out, folder);
    if (t->f->decision.verdict == CP_VERDICT_CHANGE) {
        size_t columns = strlen(report) + strlen(folder) + strlen(apply) + 2 * strlen(id) + 4;
        cp_buf_adds(t->out, columns <= t->width ? "    " : "\n      ");
        cp_buf_adds(t->out, apply);
        cp_text_terminal(t->out, id);
    }
    cp_buf_addc(t->out, '\n');
}

void cp_report_text(const struct cp_figures *f, const struct cp_text_style *style,
                    struct cp_buf *out)
{
    const struct cp_text_lines t = cp_text_lines_of(f, style, out);
    cp_text_header(&t);
    add_table(&t);
    add_accounting(&t);
    cp_text_decision(&t, cp_decision_n_shown(&f->decision));
    cp_text_warnings(&t);
    add_next(&t);
}
