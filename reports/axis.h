/* SPDX-License-Identifier: GPL-3.0-or-later
 * Axes of a chart: ranges with air around the data, ticks that read well, and where a value lands,
 * so that labels can be placed without collisions. Pure.
 */
#ifndef COLDPROF_REPORTS_AXIS_H
#define COLDPROF_REPORTS_AXIS_H

#include <stdbool.h>
#include <stddef.h>

#include "model/base/buf.h"

struct cp_axis {
    double low, high; /* range; low >= high: nothing seen yet */
    bool is_log;
};

struct cp_axis cp_axis_empty(bool is_log);
/* Widens the range to hold `value`; NAN, infinite and (log) non-positive values are ignored. */
void cp_axis_see(struct cp_axis *axis, double value);
/* Adds `share` of the range at each end, and makes a range of a single value. */
void cp_axis_pad(struct cp_axis *axis, double share);
/* 0..1 along the axis. */
double cp_axis_position(const struct cp_axis *axis, double value);
/* Appends ticks as gnuplot wants them: ('100' 100, '200' 200). */
void cp_axis_ticks(const struct cp_axis *axis, struct cp_buf *out);

#endif
