/* SPDX-License-Identifier: GPL-3.0-or-later
 * RFC 4180: CRLF between records, text cells quoted when needed and never a formula. Numbers are
 * plain (no thousands comma, ten significant digits, of what is counted all of them); absent ones
 * are empty.
 */
#include <math.h>

#include "reports/table.h"
#include "reports/words.h"

/* A time in ms has more digits than a measured value is worth. */
static void add_number(enum cp_unit unit, double value, struct cp_buf *out)
{
    enum { DIGITS = 10, DIGITS_OF_COUNT = 15 };
    if (isfinite(value))
        cp_buf_addf(out, "%.*g", unit == CP_UNIT_COUNT ? DIGITS_OF_COUNT : DIGITS, value);
}

static void add_header(const struct cp_table *table, const struct cp_figures *f, struct cp_buf *out)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        char key[CP_WORDS_MAX];
        cp_words(f, table->columns[i].key, key);
        cp_buf_addf(out, "%s%s", i ? "," : "", key);
        if (table->columns[i].has_interval)
            cp_buf_addf(out, ",%s_low,%s_high", key, key);
    }
    cp_buf_adds(out, "\r\n");
}

void cp_table_csv(const struct cp_table *table, const struct cp_figures *f, struct cp_buf *out)
{
    add_header(table, f, out);
    size_t n_rows = table->n_rows(f);
    for (size_t row = 0; row < n_rows; row++) {
        for (size_t i = 0; i < table->n_columns; i++) {
            const struct cp_column *column = &table->columns[i];
            struct cp_cell cell = column->cell(f, row);
            cp_buf_adds(out, i ? "," : "");
            if (column->unit == CP_UNIT_TEXT)
                cp_text_csv(out, cell.text);
            else
                add_number(column->unit, cell.number.value, out);
            if (!column->has_interval)
                continue;
            cp_buf_addc(out, ',');
            add_number(column->unit, cell.number.low, out);
            cp_buf_addc(out, ',');
            add_number(column->unit, cell.number.high, out);
        }
        cp_buf_adds(out, "\r\n");
    }
}

void cp_report_csv(const struct cp_figures *f, struct cp_buf *out)
{
    cp_table_csv(&cp_table_sweep, f, out);
}

void cp_chart_csv(const struct cp_figures *f, enum cp_chart_id id, struct cp_buf *out)
{
    cp_table_csv(cp_table_of_chart(id), f, out);
}
