/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the modules of this room share about figures beyond report.h. Pure.
 */
#ifndef COLDPROF_REPORTS_FIGURES_H
#define COLDPROF_REPORTS_FIGURES_H

#include "reports/report.h"

/* Fills f->warnings from everything else in `f`, worst first. */
void cp_figures_warn(struct cp_figures *f);

/* The decision's candidate at an index, NULL for -1 (none). */
const struct cp_candidate *cp_figures_candidate(const struct cp_figures *f, int index);
/* Index of the chosen candidate when it is an answer to a budget; -1 without a budget, when nothing
 * meets it, or when the data do not suffice: then nothing is called recommended. */
int cp_figures_recommended(const struct cp_figures *f);
/* The figures of a memory size, NULL when it was not swept. */
const struct cp_size_figures *cp_figures_size(const struct cp_figures *f, int memory_size_mb);
size_t cp_figures_n_cold(const struct cp_figures *f);
size_t cp_figures_n_warm(const struct cp_figures *f);
size_t cp_figures_n_excluded(const struct cp_figures *f);
/* Quantile the decision judges: the budget's, or p99 without one. */
double cp_figures_quantile(const struct cp_figures *f);
/* Monthly cost when traffic is known, else per million requests. */
bool cp_figures_has_traffic(const struct cp_figures *f);
/* Whether memory sizes took turns in sending order: read from the data, not from the plan. */
bool cp_figures_is_interleaved(const struct cp_figures *f);
/* Times of the client only; records without init (run.mode). */
bool cp_figures_is_wall_clock(const struct cp_figures *f);
bool cp_figures_has_no_init(const struct cp_figures *f);
/* Fills wall_p50 .. of every size of a wall-clock run; false: out of memory. */
bool cp_figures_estimate_wall_clock(struct cp_figures *f);
/* Takes back from the decision what such a run cannot decide, and says so. */
void cp_figures_limit_decision(struct cp_figures *f);
/* Was the sweep itself billed, as far as its quote says? */
bool cp_figures_is_billed(const struct cp_figures *f);
/* "spent USD 0.0123 of 0.0500 quoted, and up to 0.0004 more for 1 invocation without a record;
 * limit 0.1000"; nothing for a run that is not billed. */
void cp_spend_text(const struct cp_figures *f, struct cp_buf *out);
/* "planned 600 = measured 576 + failed 12 + throttled 0 + unknown 0 + not sent 12" */
void cp_accounting_text(const struct cp_accounting *a, struct cp_buf *out);

#endif
