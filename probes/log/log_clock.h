/* SPDX-License-Identifier: GPL-3.0-or-later
 * Times of a log's lines, which are mostly of the same day.
 */
#ifndef COLDPROF_PROBES_LOG_LOG_CLOCK_H
#define COLDPROF_PROBES_LOG_LOG_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/view.h"

enum { CP_LOG_DAY_TEXT = sizeof("2026-10-08T") - 1 };

struct cp_log_clock { /* zeroed at first */
    char day[CP_LOG_DAY_TEXT];
    int64_t day_at_ms;
};

/* As cp_datetime_parse. */
bool cp_log_clock_read(struct cp_log_clock *clock, struct cp_view text, int64_t *at_ms);

#endif
