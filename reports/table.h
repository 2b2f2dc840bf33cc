/* SPDX-License-Identifier: GPL-3.0-or-later
 * Tables of the report as data: which columns, in which unit, from which figure. Text, Markdown,
 * CSV and HTML render the same const tables, so they cannot disagree. No storage: a cell is
 * computed when it is drawn; texts in it are borrowed from the figures.
 */
#ifndef COLDPROF_REPORTS_TABLE_H
#define COLDPROF_REPORTS_TABLE_H

#include "reports/format.h"
#include "reports/report.h"

struct cp_cell {
    struct cp_interval number;    /* value NAN: nothing to show; bounds NAN: no interval */
    const struct cp_estimate *of; /* when the number is a quantile: rules what may be shown */
    const char *text;             /* for CP_UNIT_TEXT; foreign, may be "" */
    /* The same quantile with the help of the other sizes, a model's: shown, marked by "~", where
     * `of` has too few samples. NULL: none. CSV has measured numbers only. */
    const struct cp_tail *pooled;
};

struct cp_column {
    const char *key;  /* CSV name with the unit: "{init}_p95_ms", see words.h */
    const char *head; /* "{init} p95" */
    enum cp_unit unit;
    bool has_interval; /* CSV adds key_low and key_high */
    bool is_note;      /* text that, when not "", stands for all cells but the first (HTML) */
    struct cp_cell (*cell)(const struct cp_figures *f, size_t row);
};

enum { CP_TABLE_COLUMNS_MAX = 16 };

struct cp_table {
    const char *id;      /* "sweep": file name and anchor; as keys, see words.h */
    const char *caption; /* one sentence */
    const struct cp_column *columns;
    size_t n_columns;
    size_t (*n_rows)(const struct cp_figures *f);
    /* A word for rows to stand out ("recommended"), NULL for the others; may be NULL. */
    const char *(*mark)(const struct cp_figures *f, size_t row);
};

/* Is it the pooled tail that is shown? */
bool cp_cell_is_pooled(const struct cp_cell *cell);
/* Does the table show any? Then it needs this footnote. */
bool cp_table_has_pooled(const struct cp_table *table, const struct cp_figures *f);
#define CP_POOLED_NOTE                                                                             \
    "~: too few samples of its own; with those of the other memory sizes, whose tails look alike"

extern const struct cp_table cp_table_key;          /* current, recommended, cheapest, fastest */
extern const struct cp_table cp_table_key_variants; /* the same of several runs */
extern const struct cp_table cp_table_sweep;        /* one row per memory size */
extern const struct cp_table cp_table_candidates;   /* every candidate */
extern const struct cp_table cp_table_init;         /* beside chart init */
extern const struct cp_table cp_table_duration;
extern const struct cp_table cp_table_survival;
extern const struct cp_table cp_table_wall_clock; /* no rows but in wall-clock runs */

extern const struct cp_table cp_table_levels; /* of decisions about traffic */
extern const struct cp_table cp_table_eras;   /* of logs with times */
extern const struct cp_table cp_table_week;   /* the same: 168 hours */

/* Of figures with a history: no rows in others. */
extern const struct cp_table cp_table_history_metrics; /* one row per metric */
extern const struct cp_table cp_table_history_page;    /* the nights shown, for a page, */
extern const struct cp_table cp_table_history;         /* and with all there is, as CSV */
extern const struct cp_table cp_table_history_changes; /* lasting ones among these nights */

/* The table beside a chart. ECDF: the whole distribution, one row per value. */
const struct cp_table *cp_table_of_chart(enum cp_chart_id id);
/* NULL when there is no such column. */
const struct cp_column *cp_table_column(const struct cp_table *table, const char *key);

/* A numeric cell as every format but CSV shows it; foreign text is left to the caller: "" then. */
const char *cp_cell_format(const struct cp_column *column, const struct cp_cell *cell,
                           char out[CP_FORMAT_MAX]);

void cp_table_csv(const struct cp_table *table, const struct cp_figures *f, struct cp_buf *out);
void cp_table_markdown(const struct cp_table *table, const struct cp_figures *f,
                       struct cp_buf *out);
void cp_table_html(const struct cp_table *table, const struct cp_figures *f, struct cp_buf *out);

#endif
