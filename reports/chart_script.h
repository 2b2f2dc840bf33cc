/* SPDX-License-Identifier: GPL-3.0-or-later
 * gnuplot scripts as text. Data go in as blocks of numbers; foreign text only in single quotes.
 * Pure: golden-tested without gnuplot.
 */
#ifndef COLDPROF_REPORTS_CHART_SCRIPT_H
#define COLDPROF_REPORTS_CHART_SCRIPT_H

#include "reports/report.h"
#include "reports/words.h"

/* Ends data blocks and separates the child's outputs; no data line and no picture contains it. */
enum { CP_CHART_MARK_MAX = 40 };
/* "COLDPROF_END_<16 hex>" from run id and seed: same run, same script. */
void cp_chart_mark(const struct cp_figures *f, char mark[CP_CHART_MARK_MAX]);

/* False when there is nothing to draw (no idle probes, no cost). */
bool cp_chart_has_data(const struct cp_figures *f, enum cp_chart_id id);

/* Data blocks and plot command of one chart, without a terminal. */
void cp_chart_script(const struct cp_figures *f, enum cp_chart_id id, struct cp_buf *out);

/* The whole conversation for one child: every chart with data as SVG, then as PNG. The child
 * prints "<mark> svg <name>\n" or "<mark> png <name>\n" before each picture, "<mark> end\n" last.
 */
void cp_charts_script(const struct cp_figures *f, struct cp_buf *out);

/* What chart frontier has beside the usual signs: variants of the function (architecture, start
 * from a snapshot), settings of a memory size that was not measured. */
bool cp_chart_has_variants(const struct cp_figures *f);
bool cp_chart_has_modelled(const struct cp_figures *f);

/* For people: the chart's headline, and one sentence of content. */
const char *cp_chart_title(const struct cp_figures *f, enum cp_chart_id id, char out[CP_WORDS_MAX]);
const char *cp_chart_sentence(const struct cp_figures *f, enum cp_chart_id id,
                              char out[CP_WORDS_MAX]);

#endif
