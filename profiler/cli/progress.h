/* SPDX-License-Identifier: GPL-3.0-or-later
 * Progress of a sweep on stderr: one redrawn line on a terminal (at most 10 times a second), one
 * plain line per finished cell elsewhere (at most one per 10 s, no CR, no escapes).
 */
#ifndef COLDPROF_PROFILER_CLI_PROGRESS_H
#define COLDPROF_PROFILER_CLI_PROGRESS_H

#include "profiler/cli/terminal.h"
#include "profiler/sweep/sweep.h"

struct cp_progress {
    struct cp_terminal terminal;
    bool is_quiet;
    double last_draw_ms; /* monotonic; 0 never */
    int drawn_width;     /* what to erase */
};

void cp_progress_init(struct cp_progress *p, struct cp_terminal terminal, bool is_quiet);
/* cp_sweep_hooks.on_progress and on_warning; `context` is the struct cp_progress. */
void cp_progress_show(void *context, const struct cp_sweep_progress *state);
void cp_progress_warn(void *context, const char *text);
/* Erases the line before results or errors are printed. */
void cp_progress_end(struct cp_progress *p);

#endif
