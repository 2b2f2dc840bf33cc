/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef COLDPROF_REPORTS_DEMAND_JSON_H
#define COLDPROF_REPORTS_DEMAND_JSON_H

#include "reports/json_writer.h"
#include "reports/report.h"

/* Adds "demand": the traffic the decision is about (that of a log is log.traffic), null when none
 * is. The numbers have the factor in them. */
void cp_demand_json(struct cp_json *j, const struct cp_figures *f);

#endif
