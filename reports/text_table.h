/* SPDX-License-Identifier: GPL-3.0-or-later
 * A table of table.h for a terminal: columns that do not fit are left out, least useful first;
 * numbers are never cut.
 */
#ifndef COLDPROF_REPORTS_TEXT_TABLE_H
#define COLDPROF_REPORTS_TEXT_TABLE_H

#include "reports/table.h"
#include "reports/text_lines.h"

struct cp_text_column {
    const char *key;  /* of the table; "" is the text that a row is marked with */
    const char *head; /* may have "{init}"; of `of_quantile` what follows its name */
    int rank;         /* columns are taken in this order while the line has room; 0: always */
    bool of_quantile; /* the head begins with the quantile that is judged: "p99" */
    bool is_left;     /* words */
    bool is_wide_one; /* stands for the column before it, with its interval, when there is room */
};

/* At most CP_TEXT_COLUMNS_MAX columns (text_grid.h). */
void cp_text_table(const struct cp_text_lines *t, const struct cp_table *table,
                   const struct cp_text_column *columns, size_t n);

#endif
