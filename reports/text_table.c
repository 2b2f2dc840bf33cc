/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/text_table.h"

#include <stdio.h>
#include <string.h>

#include "reports/figures.h"
#include "reports/text_grid.h"

struct shown {
    const struct cp_figures *f;
    const struct cp_table *table;
    const struct cp_text_column *columns;
};

static const char *head_of(const void *context, size_t i, char out[CP_WORDS_MAX])
{
    const struct shown *s = context;
    char name[CP_FORMAT_MAX] = "";
    char head[CP_WORDS_MAX];
    if (s->columns[i].of_quantile)
        cp_format_quantile_name(cp_figures_quantile(s->f), name);
    (void)snprintf(out, CP_WORDS_MAX, "%s%.400s", name, cp_words(s->f, s->columns[i].head, head));
    return out;
}

static const char *mark_of(const struct shown *s, size_t row)
{
    const char *mark = s->table->mark ? s->table->mark(s->f, row) : NULL;
    return mark ? mark : "";
}

static const char *cell_text(const void *context, size_t row, size_t i, char out[CP_FORMAT_MAX])
{
    const struct shown *s = context;
    if (s->columns[i].key[0] == '\0')
        return mark_of(s, row);
    const struct cp_column *column = cp_table_column(s->table, s->columns[i].key);
    struct cp_cell cell = column->cell(s->f, row);
    if (column->unit == CP_UNIT_TEXT)
        return cell.text;
    if (cp_cell_is_pooled(&cell))
        return cp_format_pooled_brief(column->unit, cell.pooled, out);
    if (cell.of)
        return cp_format_brief(column->unit, cell.of, false, out);
    if (s->columns[i].is_wide_one)
        return cp_format_interval(column->unit, cell.number, out);
    return cp_format(column->unit, cell.number.value, out);
}

static enum cp_text_role_kind role_of(const void *context, size_t row)
{
    return strcmp(mark_of(context, row), "recommended") == 0 ? CP_ROLE_GOOD : CP_ROLE_PLAIN;
}

void cp_text_table(const struct cp_text_lines *t, const struct cp_table *table,
                   const struct cp_text_column *columns, size_t n)
{
    const struct shown shown = {t->f, table, columns};
    struct cp_text_grid grid = {
        .n_columns = n,
        .n_rows = table->n_rows(t->f),
        .context = &shown,
        .head = head_of,
        .cell = cell_text,
        .role = role_of,
    };
    for (size_t i = 0; i < n; i++)
        grid.slots[i] = (struct cp_text_slot){.rank = columns[i].rank,
                                              .is_left = columns[i].is_left,
                                              .is_wide_one = columns[i].is_wide_one};
    cp_text_grid(t, &grid);
}
