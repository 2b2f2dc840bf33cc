/* SPDX-License-Identifier: GPL-3.0-or-later
 * Bytes that come in pieces, cut at the ends of lines for a sink. A line of more than
 * CP_RECORD_LINE_MAX bytes goes on in pieces of that length, counted from its start: what the sink
 * gets does not depend on how the bytes came, but for how many lines it gets at once.
 *
 * Ownership: cp_log_cutter_init / cp_log_cutter_clear; the sink is borrowed.
 */
#ifndef COLDPROF_PROBES_LOG_LOG_CUTTER_H
#define COLDPROF_PROBES_LOG_LOG_CUTTER_H

#include <stdbool.h>
#include <stddef.h>

#include "probes/log/log_sink.h"

enum {
    CP_LOG_CHUNK = 256 * 1024, /* fits a core's own cache, with what looks at it */
};

struct cp_log_cutter {
    struct cp_log_sink *sink;
    enum cp_log_line_form form;
    bool is_warm_up; /* the lines are another sink's: cp_log_sink_warm_up */
    bool is_in_long; /* the bytes held go on with a line too long */
    char *bytes;
    size_t n;
};

enum cp_code cp_log_cutter_init(struct cp_log_cutter *cutter, struct cp_log_sink *sink,
                                struct cp_error *err);
void cp_log_cutter_clear(struct cp_log_cutter *cutter);
/* From now on another input, or other lines of it; forgets what is held. */
void cp_log_cutter_begin(struct cp_log_cutter *cutter, enum cp_log_line_form form, bool is_warm_up);
/* Room for CP_LOG_CHUNK bytes, behind what is held; then say how many came. */
char *cp_log_cutter_room(struct cp_log_cutter *cutter);
enum cp_code cp_log_cutter_took(struct cp_log_cutter *cutter, size_t n, struct cp_error *err);
/* The input ended: what is held is its last line. */
enum cp_code cp_log_cutter_end(struct cp_log_cutter *cutter, struct cp_error *err);

#endif
