/* SPDX-License-Identifier: GPL-3.0-or-later
 * The curve of provisioned concurrency of the decided memory size (cp_decision.levels): what of
 * each level's cost is which, which one is cheapest or chosen, and the break-even in words. Pure.
 */
#ifndef COLDPROF_REPORTS_LEVELS_H
#define COLDPROF_REPORTS_LEVELS_H

#include "reports/json_writer.h"
#include "reports/report.h"

/* Of a month; together the level's cost. */
struct cp_level_cost {
    double on_demand_usd; /* requests, and duration on demand */
    double used_usd;      /* provisioned environments while they serve, and its duration */
    double idle_usd;      /* kept ready while they do not */
};
struct cp_level_cost cp_level_cost_of(const struct cp_level *level);

/* Is there a curve? */
bool cp_figures_has_levels(const struct cp_figures *f);
int cp_levels_cheapest(const struct cp_decision *d);
/* Index of the level that the answer is; -1: it is none of them. */
int cp_levels_chosen(const struct cp_figures *f);
/* "Provisioned concurrency pays from 60.0 % of its time in use on, here ..., 21,600 invocations per
 * hour and environment"; nothing where its price is not known. */
void cp_break_even_text(const struct cp_figures *f, struct cp_buf *out);
/* Members "levels_memory_size_mb" and "levels" of an open object. */
void cp_levels_json(struct cp_json *j, const struct cp_figures *f);

#endif
