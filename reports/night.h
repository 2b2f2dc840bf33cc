/* SPDX-License-Identifier: GPL-3.0-or-later
 * From the figures of a run to its night, and to the series that are compared.
 */
#ifndef COLDPROF_REPORTS_NIGHT_H
#define COLDPROF_REPORTS_NIGHT_H

#include "model/compare/comparison.h"
#include "model/compare/night.h"
#include "reports/report.h"

/* The history that a run belongs to. */
struct cp_night_key cp_night_key_of(const struct cp_run *run);
/* Sizes that cannot run, series without samples: no metric. CP_ENOMEM. Owner: cp_night_clear. */
enum cp_code cp_night_of(const struct cp_figures *figures, struct cp_night *out,
                         struct cp_error *err);
/* The series that two runs both have, borrowed from their figures. `out` has room for
 * CP_TIMING_COUNT * CP_RUN_SIZES_MAX; returns how many. */
size_t cp_series_pairs(const struct cp_figures *base, const struct cp_figures *now,
                       struct cp_comparison_series *out);

#endif
