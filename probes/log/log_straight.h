/* SPDX-License-Identifier: GPL-3.0-or-later
 * Other lines of the platform that come often, of the usual shape only. What is not of that shape
 * is the parser's, whose answer would be the same.
 */
#ifndef COLDPROF_PROBES_LOG_LOG_STRAIGHT_H
#define COLDPROF_PROBES_LOG_LOG_STRAIGHT_H

#include <stdbool.h>

#include "model/base/view.h"

/* "XRAY TraceId: 1-<8 hex>-<24 hex> TAB SegmentId: <16 hex> TAB Sampled: true [TAB]" */
bool cp_log_is_xray(struct cp_view line);

/* "INIT_START Runtime Version: <word> TAB Runtime Version ARN: <word> [TAB]"; of a fleet's cold
 * starts most are the same. */
bool cp_log_read_init_start(struct cp_view line, struct cp_view *runtime, struct cp_view *arn);

#endif
