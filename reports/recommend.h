/* SPDX-License-Identifier: GPL-3.0-or-later
 * Two documents beside the report. `recommend`: the decision alone, with its alternatives, the bill
 * of the chosen setting line by line and what it rests on. `frontier`: cost against latency of the
 * candidates, those that another one beats in both last or left out. Pure, like the report.
 */
#ifndef COLDPROF_REPORTS_RECOMMEND_H
#define COLDPROF_REPORTS_RECOMMEND_H

#include "reports/report.h"
#include "reports/table.h"

void cp_recommend_text(const struct cp_figures *f, const struct cp_text_style *style,
                       struct cp_buf *out);
void cp_recommend_json(const struct cp_figures *f, struct cp_buf *out);
void cp_recommend_markdown(const struct cp_figures *f, struct cp_buf *out);
/* The four rows of the key table. */
void cp_recommend_csv(const struct cp_figures *f, struct cp_buf *out);

/* Cheapest first. The settings of the front, of now and of the answer; and with them the rest. */
extern const struct cp_table cp_table_front;
extern const struct cp_table cp_table_front_all;

void cp_frontier_text(const struct cp_figures *f, bool is_all, const struct cp_text_style *style,
                      struct cp_buf *out);
void cp_frontier_json(const struct cp_figures *f, bool is_all, struct cp_buf *out);
void cp_frontier_markdown(const struct cp_figures *f, bool is_all, struct cp_buf *out);
void cp_frontier_csv(const struct cp_figures *f, bool is_all, struct cp_buf *out);

/* "idle lifetime: exponential, from 60 probes up to 30m" or what is assumed without any. */
void cp_idle_assumption_text(const struct cp_figures *f, struct cp_buf *out);

#endif
