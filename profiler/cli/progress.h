/* SPDX-License-Identifier: GPL-3.0-or-later
 * Progress of a sweep on stderr. On a terminal: a line per cell (bar, done/total, running p95) and
 * a last line with what is left, redrawn in place at most 10 times a second; one line when the
 * block does not fit. Elsewhere and on a dumb terminal: a plain line every 10 s, no CR, no escapes.
 */
#ifndef COLDPROF_PROFILER_CLI_PROGRESS_H
#define COLDPROF_PROFILER_CLI_PROGRESS_H

#include "model/base/buf.h"
#include "profiler/cli/terminal.h"
#include "profiler/sweep/sweep.h"

struct cp_progress {
    struct cp_terminal terminal;
    bool is_quiet;
    char heading[256];   /* what is swept and where; printed with the plan */
    double last_draw_ms; /* monotonic */
    int drawn_lines;     /* on the terminal now; the cursor is in the last one */
    bool is_planned;     /* the plan is stored and shown: from now on the run can be resumed */
    bool is_in_account;  /* what is changed is not on this machine only: see cp_progress_stop */
    int stops_told;      /* highest stop request that was answered with a line */
};

void cp_progress_init(struct cp_progress *p, struct cp_terminal terminal, bool is_quiet);
/* The hooks of a sweep; `context` is the struct cp_progress. */
void cp_progress_plan(void *context, const struct cp_sweep_outlook *outlook);
void cp_progress_show(void *context, const struct cp_sweep_progress *state);
void cp_progress_warn(void *context, const char *text);
/* Says once what a stop request does and what the next one would. */
void cp_progress_stop(struct cp_progress *p, int requests);
/* Erases what is drawn, before anything else is printed. */
void cp_progress_end(struct cp_progress *p);

/* The parts as text, without line ends: one row, and the last line. */
void cp_progress_row_text(const struct cp_sweep_row *row, int width, struct cp_buf *out);
void cp_progress_state_text(const struct cp_sweep_progress *state, struct cp_buf *out);

#endif
