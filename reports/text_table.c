/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/text_table.h"

#include <stdio.h>
#include <string.h>

#include "reports/figures.h"
#include "reports/words.h"

enum { GAP = 2 };

struct layout {
    const struct cp_table *table;
    const struct cp_text_column *columns;
    size_t n;
    size_t width[CP_TEXT_COLUMNS_MAX];
    bool is_shown[CP_TEXT_COLUMNS_MAX];
};

static const char *head_of(const struct cp_text_lines *t, const struct cp_text_column *column,
                           char out[CP_WORDS_MAX])
{
    char name[CP_FORMAT_MAX] = "";
    char head[CP_WORDS_MAX];
    if (column->of_quantile)
        cp_format_quantile_name(cp_figures_quantile(t->f), name);
    (void)snprintf(out, CP_WORDS_MAX, "%s%.400s", name, cp_words(t->f, column->head, head));
    return out;
}

static const char *mark_of(const struct cp_text_lines *t, const struct layout *l, size_t row)
{
    const char *mark = l->table->mark ? l->table->mark(t->f, row) : NULL;
    return mark ? mark : "";
}

static const char *cell_text(const struct cp_text_lines *t, const struct layout *l, size_t row,
                             size_t i, char out[CP_FORMAT_MAX])
{
    if (l->columns[i].key[0] == '\0')
        return mark_of(t, l, row);
    const struct cp_column *column = cp_table_column(l->table, l->columns[i].key);
    struct cp_cell cell = column->cell(t->f, row);
    if (column->unit == CP_UNIT_TEXT)
        return cell.text;
    if (cp_cell_is_pooled(&cell))
        return cp_format_pooled_brief(column->unit, cell.pooled, out);
    if (cell.of)
        return cp_format_brief(column->unit, cell.of, false, out);
    if (l->columns[i].is_wide_one)
        return cp_format_interval(column->unit, cell.number, out);
    return cp_format(column->unit, cell.number.value, out);
}

static void measure(const struct cp_text_lines *t, struct layout *l)
{
    char head[CP_WORDS_MAX];
    char cell[CP_FORMAT_MAX];
    size_t n_rows = l->table->n_rows(t->f);
    for (size_t i = 0; i < l->n; i++) {
        l->is_shown[i] = false;
        l->width[i] = strlen(head_of(t, &l->columns[i], head));
        for (size_t row = 0; row < n_rows; row++) {
            size_t width = cp_text_columns(cp_view_of(cell_text(t, l, row, i, cell)));
            l->width[i] = width > l->width[i] ? width : l->width[i];
        }
    }
}

static size_t line_width(const struct layout *l)
{
    size_t width = 0;
    for (size_t i = 0; i < l->n; i++)
        width += l->is_shown[i] ? l->width[i] + (width ? GAP : 0) : 0;
    return width;
}

static void show(struct layout *l, size_t i, bool is_shown)
{
    l->is_shown[i] = is_shown;
    if (l->columns[i].is_wide_one)
        l->is_shown[i - 1] = !is_shown;
}

static void lay_out(const struct cp_text_lines *t, struct layout *l)
{
    measure(t, l);
    for (int rank = 0; rank <= CP_TEXT_COLUMNS_MAX; rank++) {
        for (size_t i = 0; i < l->n; i++) {
            if (l->columns[i].rank != rank || (l->columns[i].is_wide_one && !l->is_shown[i - 1]))
                continue;
            show(l, i, true);
            if (rank > 0 && line_width(l) > t->width)
                show(l, i, false);
        }
    }
}

/* Nothing follows the last cell of a line. */
static void add_cell(const struct cp_text_lines *t, const struct layout *l, size_t i, size_t *at,
                     const char *s)
{
    size_t used = cp_text_columns(cp_view_of(s));
    size_t pad = l->width[i] - used;
    if (used > 0) {
        cp_text_blanks(t, *at + (l->columns[i].is_left ? 0 : pad));
        cp_buf_adds(t->out, s);
        *at = (l->columns[i].is_left ? pad : 0) + GAP;
    } else {
        *at += l->width[i] + GAP;
    }
}

void cp_text_table(const struct cp_text_lines *t, const struct cp_table *table,
                   const struct cp_text_column *columns, size_t n)
{
    struct layout l = {.table = table, .columns = columns, .n = n};
    char head[CP_WORDS_MAX];
    char cell[CP_FORMAT_MAX];
    size_t n_rows = table->n_rows(t->f);
    size_t at = 0;
    lay_out(t, &l);
    cp_text_role(t, CP_ROLE_DIM);
    for (size_t i = 0; i < n; i++) {
        if (l.is_shown[i])
            add_cell(t, &l, i, &at, head_of(t, &columns[i], head));
    }
    cp_text_role(t, CP_ROLE_PLAIN);
    cp_buf_addc(t->out, '\n');
    for (size_t row = 0; row < n_rows; row++) {
        bool is_strong = strcmp(mark_of(t, &l, row), "recommended") == 0;
        at = 0;
        if (is_strong)
            cp_text_role(t, CP_ROLE_GOOD);
        for (size_t i = 0; i < n; i++) {
            if (l.is_shown[i])
                add_cell(t, &l, i, &at, cell_text(t, &l, row, i, cell));
        }
        if (is_strong)
            cp_text_role(t, CP_ROLE_PLAIN);
        cp_buf_addc(t->out, '\n');
    }
}
