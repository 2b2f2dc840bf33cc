/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a transport form puts before the message of a line: time, stream, group.
 */
#ifndef COLDPROF_PROBES_LOG_LOG_PREFIX_H
#define COLDPROF_PROBES_LOG_LOG_PREFIX_H

#include <stdbool.h>

#include "model/base/view.h"
#include "probes/log/log_sink.h"

struct cp_log_prefix {
    struct cp_view group, stream, time; /* empty: not in this form; time is not read yet */
    struct cp_view message;             /* the rest, with the line feed */
};

/* false: the line has no such prefix, so it continues the event before it. Only the shape of the
 * time is looked at. CP_LINES_PLAIN: always true. */
bool cp_log_prefix_take(enum cp_log_line_form form, struct cp_view line, struct cp_log_prefix *out);

#endif
