/* SPDX-License-Identifier: GPL-3.0-or-later
 * Progress of reading logs, on stderr: on a terminal one line, redrawn at most ten times a second;
 * elsewhere a plain line every 10 s; with --quiet nothing.
 */
#ifndef COLDPROF_PROFILER_CLI_LOG_PROGRESS_H
#define COLDPROF_PROFILER_CLI_LOG_PROGRESS_H

#include <stdbool.h>

#include "model/base/buf.h"
#include "probes/log/log_import.h"
#include "profiler/cli/terminal.h"

struct cp_log_view {
    struct cp_terminal terminal;
    bool is_quiet, is_drawn;
    double shown_ms; /* elapsed time at the last line */
};

/* Hook of an import; `context` is the struct cp_log_view. */
void cp_log_view_show(void *context, const struct cp_log_progress *progress);
/* Erases the line, before anything else is printed. */
void cp_log_view_end(struct cp_log_view *view);

/* The line, without its end; a bar where `width` columns have room for it (0: none). */
void cp_log_view_text(const struct cp_log_progress *progress, int width, struct cp_buf *out);

#endif
