/* SPDX-License-Identifier: GPL-3.0-or-later
 * Verdict, key table and warnings for pull requests and step summaries: below 10 KB.
 */
#include "reports/figures.h"
#include "reports/report_parts.h"
#include "reports/table.h"
#include "reports/words.h"

enum { WARNINGS_SHOWN = 5 };

static void add_cell(const struct cp_column *column, const struct cp_cell *cell, bool is_bold,
                     struct cp_buf *out)
{
    char text[CP_FORMAT_MAX];
    cp_buf_adds(out, is_bold ? " **" : " ");
    if (column->unit == CP_UNIT_TEXT && cell->text)
        cp_text_markdown(out, cell->text);
    else
        cp_text_markdown(out, cp_cell_format(column, cell, text));
    cp_buf_adds(out, is_bold ? "** |" : " |");
}

void cp_table_markdown(const struct cp_table *table, const struct cp_figures *f, struct cp_buf *out)
{
    cp_buf_addc(out, '|');
    for (size_t i = 0; i < table->n_columns; i++) {
        const char *unit = cp_unit_name(table->columns[i].unit);
        cp_buf_addc(out, ' ');
        cp_words_add(f, table->columns[i].head, out);
        cp_buf_addf(out, "%s%s |", unit[0] ? ", " : "", unit);
    }
    cp_buf_adds(out, "\n|");
    for (size_t i = 0; i < table->n_columns; i++)
        cp_buf_adds(out, table->columns[i].unit == CP_UNIT_TEXT ? ":---|" : "---:|");
    cp_buf_addc(out, '\n');
    size_t n_rows = table->n_rows(f);
    for (size_t row = 0; row < n_rows; row++) {
        bool is_bold = table->mark && table->mark(f, row);
        cp_buf_addc(out, '|');
        for (size_t i = 0; i < table->n_columns; i++) {
            struct cp_cell cell = table->columns[i].cell(f, row);
            add_cell(&table->columns[i], &cell, is_bold && i == 0, out);
        }
        cp_buf_addc(out, '\n');
    }
    if (cp_table_has_pooled(table, f))
        cp_buf_adds(out, "\n\\" CP_POOLED_NOTE ".\n");
}

static void add_line(struct cp_buf *out, const char *text)
{
    if (text[0] == '\0')
        return;
    cp_text_markdown(out, text);
    cp_buf_adds(out, "\n\n");
}

static void add_exceedance(const struct cp_figures *f, struct cp_buf *out)
{
    struct cp_buf line;
    cp_buf_init(&line, CP_SENTENCE_MAX);
    cp_exceedance_text(f, &line);
    if (line.n)
        cp_buf_addc(&line, '.');
    add_line(out, cp_buf_str(&line));
    cp_buf_clear(&line);
}

void cp_decision_markdown(const struct cp_figures *f, size_t n_changers, struct cp_buf *out)
{
    const struct cp_decision *d = &f->decision;
    cp_buf_addf(out, "**%s:** ", cp_verdict_name(d->verdict));
    add_line(out, d->sentence[0] ? d->sentence : "no setting can be recommended from this run");
    add_line(out, d->because);
    add_line(out, d->money);
    add_line(out, d->reserved);
    add_line(out, d->modelled);
    add_exceedance(f, out);
    for (size_t i = 0; i < n_changers; i++) {
        cp_buf_adds(out, "- ");
        cp_text_markdown(out, d->changers[i]);
        cp_buf_adds(out, i + 1 == n_changers ? "\n\n" : "\n");
    }
}

static void add_question(const struct cp_figures *f, struct cp_buf *out)
{
    static void (*const lines[])(const struct cp_figures *,
                                 struct cp_buf *) = {cp_demand_text, cp_other_question_text};
    struct cp_buf line;
    cp_buf_init(&line, CP_SENTENCE_MAX);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        cp_buf_reset(&line);
        lines[i](f, &line);
        if (!line.n)
            continue;
        cp_buf_adds(out, "\n");
        cp_text_markdown(out, cp_buf_str(&line));
        cp_buf_adds(out, "\n");
    }
    cp_buf_clear(&line);
}

void cp_warning_list_markdown(const struct cp_warning *warnings, size_t n_warnings,
                              struct cp_buf *out)
{
    size_t n = n_warnings < WARNINGS_SHOWN ? n_warnings : WARNINGS_SHOWN;
    for (size_t i = 0; i < n; i++) {
        cp_buf_addf(out, "%s- **%s** ", i ? "" : "\n", warnings[i].id);
        cp_text_markdown(out, warnings[i].text);
        cp_buf_adds(out, ": ");
        cp_text_markdown(out, warnings[i].advice);
        cp_buf_addc(out, '\n');
    }
    if (n_warnings > n)
        cp_buf_addf(out, "- and %zu more in the report\n", n_warnings - n);
}

void cp_warnings_markdown(const struct cp_figures *f, struct cp_buf *out)
{
    cp_warning_list_markdown(f->warnings, f->n_warnings, out);
}

void cp_report_markdown(const struct cp_figures *f, struct cp_buf *out)
{
    const struct cp_run *run = &f->data->run;
    char cold[CP_FORMAT_MAX];
    char warm[CP_FORMAT_MAX];
    cp_buf_adds(out, "### coldprof: ");
    cp_text_markdown(out, run->function);
    cp_buf_adds(out, "\n\n");
    cp_decision_markdown(f, cp_decision_n_shown(&f->decision), out);
    cp_table_markdown(cp_figures_is_wall_clock(f) ? &cp_table_wall_clock : &cp_table_key, f, out);
    if (cp_figures_is_wall_clock(f))
        cp_buf_addf(out, "\n%s\n", cp_table_wall_clock.caption);
    cp_warnings_markdown(f, out);
    cp_buf_adds(out, "\nRun ");
    cp_text_markdown(out, run->id);
    cp_buf_adds(out, ", ");
    cp_text_markdown(out, run->place);
    cp_buf_adds(out, cp_run_method_words(run)[0] ? ", " : "");
    cp_text_markdown(out, cp_run_method_words(run));
    cp_buf_adds(out, ", ");
    cp_text_markdown(out, run->region);
    cp_buf_adds(out, ", ");
    cp_text_markdown(out, run->architecture);
    cp_format_count(cp_figures_n_cold(f), cold);
    cp_format_count(cp_figures_n_warm(f), warm);
    cp_buf_addf(out, "; n cold %s, n warm %s; 95 %% confidence intervals", cold, warm);
    cp_buf_adds(out, cp_figures_is_billed(f) ? "; " : "");
    cp_spend_text(f, out);
    struct cp_buf prices;
    cp_buf_init(&prices, CP_SENTENCE_MAX);
    cp_price_text(f, &prices);
    cp_buf_addf(out, "%s%s.\n", prices.n ? "; " : "", cp_buf_str(&prices));
    add_question(f, out);
    cp_buf_clear(&prices);
}
