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
 * need no order. Pure but for memory. Ownership: cp_traffic_file_read fills, cp_traffic_file_clear
 * frees; the law borrows from the struct, which must not be moved.
 */
#ifndef COLDPROF_PROFILER_TRAFFIC_FILE_H
#define COLDPROF_PROFILER_TRAFFIC_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "model/base/error.h"
#include "model/base/view.h"
#include "model/decide/arrivals.h"

enum {
    CP_TRAFFIC_VALUES_MAX = 64 << 20, /* requests of a trace, or intervals */
    CP_TRAFFIC_FILE_TEXT_MAX = 160
};

struct cp_traffic_file {
    struct cp_arrivals_law law;
    double week_per_s[CP_ARRIVALS_HOURS]; /* UTC */
    double *values;                       /* counts, or times in ms from the first one */
    size_t n, cap;
    double first_ms;      /* unix ms of the first; NAN: a week, or times without a date */
    double span_ms;       /* a week; else what the file covers */
    double requests;      /* of a week: per week */
    size_t n_skipped;     /* rows that make no sense */
    size_t first_skipped; /* line of the first one, from 1; 0 none */
    char words[CP_TRAFFIC_FILE_TEXT_MAX]; /* "1,440 intervals of 60 s, 12,345 requests" */
};

/* `path` is for messages. `function` (may be NULL): of an Azure trace only rows of this function or
 * app. CP_EFORMAT, CP_ELIMIT, CP_ENOMEM. */
enum cp_code cp_traffic_file_read(struct cp_view text, const char *path, const char *function,
                                  struct cp_traffic_file *out, struct cp_error *err);
void cp_traffic_file_clear(struct cp_traffic_file *t);

#endif
