/* SPDX-License-Identifier: GPL-3.0-or-later
 * What trend.c and trend_changes.c share; for them alone.
 */
#ifndef COLDPROF_MODEL_TREND_PARTS_H
#define COLDPROF_MODEL_TREND_PARTS_H

#include "model/compare/trend.h"

/* Defaults where none is given. CP_EINVAL for what cannot be. */
enum cp_code cp_trend_resolve(struct cp_trend_options *options, struct cp_error *err);
enum cp_code cp_trend_no_memory(struct cp_error *err); /* CP_ENOMEM */
/* exp of x, x - half and x + half. */
struct cp_interval cp_trend_around(double x, double half);

#endif
