/* SPDX-License-Identifier: GPL-3.0-or-later
 * Traffic from a file, as arrivals for the simulation. The form is told from the content:
 *
 *   week    INI with a section [week]: default = RATE, DAYS [HH:MM-HH:MM] = RATE, burst = N,
 *           burst_gap = DURATION, utc_offset = +HH:MM. Whole hours; later lines win. DAYS is a day
 *           (monday, mon), a range (mon-fri), daily, weekdays or weekend.
 *   counts  requests per minute (or 5 minutes, hours ...): CloudWatch's GetMetricData or
 *           GetMetricStatistics JSON, or CSV with a time and a count; the interval is the smallest
 *           step between times, and what is missing is 0. A column of counts alone: per minute.
 *   times   one time per request: ISO 8601, unix seconds or milliseconds; CSV with a time column,
 *           also the Azure Functions trace of 2021 (end_timestamp and duration: arrival is their
 *           difference).
 *
 * Rows that make no sense are counted and skipped; a file with none that does is refused. Times
 * need no order. Pure but for memory. Ownership: cp_traffic_file_read fills, cp_demand_clear frees.
 */
#ifndef COLDPROF_PROFILER_TRAFFIC_FILE_H
#define COLDPROF_PROFILER_TRAFFIC_FILE_H

#include <stddef.h>

#include "model/base/error.h"
#include "model/base/view.h"
#include "model/decide/demand.h"

enum { CP_TRAFFIC_VALUES_MAX = 64 << 20 }; /* requests of a trace, or intervals */

/* `path` is for messages. `function` (may be NULL): of an Azure trace only rows of this function or
 * app. CP_EFORMAT, CP_ELIMIT, CP_ENOMEM. */
enum cp_code cp_traffic_file_read(struct cp_view text, const char *path, const char *function,
                                  struct cp_demand *out, struct cp_error *err);

#endif
