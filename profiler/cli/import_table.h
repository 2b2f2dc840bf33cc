/* SPDX-License-Identifier: GPL-3.0-or-later
 * The functions found in logs as a table on a terminal. Pure: rows in, text out.
 */
#ifndef COLDPROF_PROFILER_CLI_IMPORT_TABLE_H
#define COLDPROF_PROFILER_CLI_IMPORT_TABLE_H

#include "model/base/buf.h"
#include "profiler/import/import_list.h"

enum { CP_IMPORT_TABLE_MAX = 20 };

struct cp_import_table_row {
    const struct cp_import_function *function; /* borrowed from the list */
    char run_id[CP_RUN_ID_MAX];                /* "": it has none */
};
struct cp_import_table {
    struct cp_import_table_row rows[CP_IMPORT_TABLE_MAX];
    size_t n;
};

/* Those with most records, `chosen` among them, most first. */
void cp_import_table_choose(const struct cp_import_list *list,
                            const struct cp_import_function *chosen, struct cp_import_table *out);
void cp_import_table_set(struct cp_import_table *table, const struct cp_import_function *function,
                         const char *run_id);
/* Under 80 columns, and an empty line. `n_functions`: how many there are altogether. */
void cp_import_table_text(const struct cp_import_table *table, size_t n_functions,
                          struct cp_buf *out);

#endif
