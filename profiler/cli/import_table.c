/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/import_table.h"

#include <stdio.h>
#include <string.h>

#include "model/base/datetime.h"
#include "model/base/number.h"
#include "reports/format.h"

enum { NAME_WIDTH = 22, SIZES_SHOWN = 3 };

static bool is_larger(const struct cp_import_function *a, const struct cp_import_function *b)
{
    return a->n > b->n;
}

static void insert(struct cp_import_table *table, const struct cp_import_function *function)
{
    size_t at = table->n;
    while (at > 0 && is_larger(function, table->rows[at - 1].function))
        at--;
    if (at == CP_IMPORT_TABLE_MAX)
        return;
    if (table->n < CP_IMPORT_TABLE_MAX)
        table->n++;
    memmove(&table->rows[at + 1], &table->rows[at], (table->n - 1 - at) * sizeof table->rows[0]);
    table->rows[at] = (struct cp_import_table_row){.function = function};
}

void cp_import_table_choose(const struct cp_import_list *list,
                            const struct cp_import_function *chosen, struct cp_import_table *out)
{
    bool has_chosen = false;
    *out = (struct cp_import_table){0};
    for (size_t i = 0; i < list->n; i++)
        insert(out, &list->rows[i]);
    for (size_t i = 0; i < out->n; i++)
        has_chosen = has_chosen || out->rows[i].function == chosen;
    if (!has_chosen && out->n > 0)
        out->rows[out->n - 1] = (struct cp_import_table_row){.function = chosen};
}

void cp_import_table_set(struct cp_import_table *table, const struct cp_import_function *function,
                         const char *run_id)
{
    for (size_t i = 0; i < table->n; i++) {
        struct cp_import_table_row *row = &table->rows[i];
        if (row->function == function)
            (void)snprintf(row->run_id, sizeof row->run_id, "%s", run_id);
    }
}

/* Names longer than the column are cut in the middle: their ends differ most. */
static void add_name(struct cp_buf *out, struct cp_view name)
{
    char text[CP_DIGEST_NAME_MAX + 1];
    struct cp_buf safe;
    cp_buf_init(&safe, 4096);
    (void)cp_view_copy(name, text, sizeof text);
    cp_text_terminal(&safe, name.n ? text : "(not named)");
    size_t n = cp_text_columns(cp_buf_view(&safe));
    bool is_cut = n > NAME_WIDTH && n == safe.n; /* one byte a column: may be cut anywhere */
    if (is_cut)
        (void)cp_buf_addf(out, "%.10s..%s", cp_buf_str(&safe),
                          cp_buf_str(&safe) + n - (NAME_WIDTH - 12));
    else
        (void)cp_buf_addf(out, "%s%*s", cp_buf_str(&safe),
                          n < NAME_WIDTH ? (int)(NAME_WIDTH - n) : 0, "");
    cp_buf_clear(&safe);
}

/* "128, 512, 1024" or "128 .. 3008 (7)" */
static void sizes_text(const struct cp_import_function *f, char *out, size_t out_size)
{
    size_t used = 0;
    out[0] = '\0';
    if (f->n_sizes > SIZES_SHOWN) {
        (void)snprintf(out, out_size, "%d..%d", f->sizes[0], f->sizes[f->n_sizes - 1]);
        return;
    }
    for (size_t i = 0; i < f->n_sizes; i++)
        used += (size_t)snprintf(out + used, out_size - used, "%s%d", i ? "," : "", f->sizes[i]);
}

static const char *date_of(int64_t at_ms, char out[CP_DATETIME_TEXT_MAX])
{
    enum { DATE_LENGTH = 10 };
    if (at_ms < 0)
        return "-";
    (void)cp_datetime_format(at_ms, CP_DATETIME_ISO_S, out);
    out[DATE_LENGTH] = '\0';
    return out;
}

static void add_row(struct cp_buf *out, const struct cp_import_table_row *row)
{
    const struct cp_import_function *f = row->function;
    char n[CP_FORMAT_MAX];
    char cold[CP_FORMAT_MAX];
    char failed[CP_FORMAT_MAX];
    char sizes[64];
    char last[CP_DATETIME_TEXT_MAX];
    sizes_text(f, sizes, sizeof sizes);
    add_name(out, f->name);
    cp_format(CP_UNIT_PERCENT, f->n ? (double)f->n_cold / (double)f->n : 0, cold);
    (void)cp_buf_addf(out, " %10s %6s %6s %13s  %-10s  %s\n", cp_format_count((size_t)f->n, n),
                      cold, cp_format_count((size_t)f->n_failed, failed), sizes,
                      date_of(f->last_ms, last), row->run_id[0] ? row->run_id : "-");
}

void cp_import_table_text(const struct cp_import_table *table, size_t n_functions,
                          struct cp_buf *out)
{
    (void)cp_buf_addf(out, "%-*s %10s %6s %6s %13s  %-10s  %s\n", NAME_WIDTH, "function", "records",
                      "cold %", "failed", "memory MB", "last", "run");
    for (size_t i = 0; i < table->n; i++)
        add_row(out, &table->rows[i]);
    if (n_functions > table->n)
        (void)cp_buf_addf(out, "and %zu more: give --function NAME\n", n_functions - table->n);
    (void)cp_buf_addc(out, '\n');
}
