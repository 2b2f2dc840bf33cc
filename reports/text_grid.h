/* SPDX-License-Identifier: GPL-3.0-or-later
 * Cells in columns for a terminal, whatever they are about: columns that do not fit are left out,
 * least useful first; cells are never cut; no blanks at the end of a line.
 */
#ifndef COLDPROF_REPORTS_TEXT_GRID_H
#define COLDPROF_REPORTS_TEXT_GRID_H

#include "reports/format.h"
#include "reports/text_lines.h"
#include "reports/words.h"

struct cp_text_slot {
    int rank;         /* columns are taken in this order while the line has room; 0: always */
    bool is_left;     /* words */
    bool is_wide_one; /* stands for the column before it when there is room */
    /* worked out when the grid is drawn */
    size_t width;
    bool is_shown;
};
enum { CP_TEXT_COLUMNS_MAX = 16 };

/* Everything is borrowed. Heads and cells are harmless text, written to `out` or borrowed. */
struct cp_text_grid {
    struct cp_text_slot slots[CP_TEXT_COLUMNS_MAX];
    size_t n_columns, n_rows;
    const void *context;
    const char *(*head)(const void *context, size_t column, char out[CP_WORDS_MAX]);
    const char *(*cell)(const void *context, size_t row, size_t column, char out[CP_FORMAT_MAX]);
    enum cp_text_role_kind (*role)(const void *context, size_t row);
};
/* Lays the columns out, and writes head and rows. */
void cp_text_grid(const struct cp_text_lines *t, struct cp_text_grid *grid);

#endif
