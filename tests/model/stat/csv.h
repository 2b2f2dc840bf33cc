/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reads the comma-separated reference tables: no quotes, one header line, LF.
 * Failures fail the running test with the file's name.
 */
#ifndef COLDPROF_TESTS_MODEL_STAT_CSV_H
#define COLDPROF_TESTS_MODEL_STAT_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "model/base/view.h"

struct csv {
    char *text;            /* owned */
    struct cp_view rest;   /* lines not yet read */
    struct cp_view header; /* first line */
    struct cp_view row;    /* current line */
};

void csv_open(struct csv *csv, const char *folder, const char *name);
void csv_close(struct csv *csv);
bool csv_next(struct csv *csv); /* false at the end */
/* Field of the current row by column name. "NA" reads as NAN. */
struct cp_view csv_text(const struct csv *csv, const char *column);
double csv_number(const struct csv *csv, const char *column);
size_t csv_size(const struct csv *csv, const char *column);

/* All values of one column; the caller frees. */
double *csv_column(const char *folder, const char *name, const char *column, size_t *n);

#endif
