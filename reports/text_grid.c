/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/text_grid.h"

enum { GAP = 2 };

static size_t columns_of(const char *text)
{
    return cp_text_columns(cp_view_of(text));
}

static void measure(struct cp_text_grid *g)
{
    char head[CP_WORDS_MAX];
    char cell[CP_FORMAT_MAX];
    for (size_t i = 0; i < g->n_columns; i++) {
        struct cp_text_slot *slot = &g->slots[i];
        slot->is_shown = false;
        slot->width = columns_of(g->head(g->context, i, head));
        for (size_t row = 0; row < g->n_rows; row++) {
            size_t width = columns_of(g->cell(g->context, row, i, cell));
            slot->width = width > slot->width ? width : slot->width;
        }
    }
}

static size_t line_width(const struct cp_text_grid *g)
{
    size_t width = 0;
    for (size_t i = 0; i < g->n_columns; i++)
        width += g->slots[i].is_shown ? g->slots[i].width + (width ? GAP : 0) : 0;
    return width;
}

static void show(struct cp_text_grid *g, size_t i, bool is_shown)
{
    g->slots[i].is_shown = is_shown;
    if (g->slots[i].is_wide_one)
        g->slots[i - 1].is_shown = !is_shown;
}

static void lay_out(struct cp_text_grid *g, size_t line)
{
    measure(g);
    for (int rank = 0; rank <= CP_TEXT_COLUMNS_MAX; rank++) {
        for (size_t i = 0; i < g->n_columns; i++) {
            const struct cp_text_slot *slot = &g->slots[i];
            if (slot->rank != rank || (slot->is_wide_one && !g->slots[i - 1].is_shown))
                continue;
            show(g, i, true);
            if (rank > 0 && line_width(g) > line)
                show(g, i, false);
        }
    }
}

/* `at` is how many blanks are owed before the next cell: nothing follows the last one of a line. */
static void add_cell(const struct cp_text_lines *t, const struct cp_text_slot *slot, size_t *at,
                     const char *text)
{
    size_t used = columns_of(text);
    size_t pad = slot->width - used;
    if (used > 0) {
        cp_text_blanks(t, *at + (slot->is_left ? 0 : pad));
        cp_buf_adds(t->out, text);
        *at = (slot->is_left ? pad : 0) + GAP;
    } else {
        *at += slot->width + GAP;
    }
}

static void add_head(const struct cp_text_lines *t, const struct cp_text_grid *g)
{
    char head[CP_WORDS_MAX];
    size_t at = 0;
    cp_text_role(t, CP_ROLE_DIM);
    for (size_t i = 0; i < g->n_columns; i++) {
        if (g->slots[i].is_shown)
            add_cell(t, &g->slots[i], &at, g->head(g->context, i, head));
    }
    cp_text_role(t, CP_ROLE_PLAIN);
    cp_buf_addc(t->out, '\n');
}

static void add_row(const struct cp_text_lines *t, const struct cp_text_grid *g, size_t row)
{
    char cell[CP_FORMAT_MAX];
    size_t at = 0;
    enum cp_text_role_kind role = g->role(g->context, row);
    if (role != CP_ROLE_PLAIN)
        cp_text_role(t, role);
    for (size_t i = 0; i < g->n_columns; i++) {
        if (g->slots[i].is_shown)
            add_cell(t, &g->slots[i], &at, g->cell(g->context, row, i, cell));
    }
    if (role != CP_ROLE_PLAIN)
        cp_text_role(t, CP_ROLE_PLAIN);
    cp_buf_addc(t->out, '\n');
}

void cp_text_grid(const struct cp_text_lines *t, struct cp_text_grid *grid)
{
    lay_out(grid, t->width);
    add_head(t, grid);
    for (size_t row = 0; row < grid->n_rows; row++)
        add_row(t, grid, row);
}
