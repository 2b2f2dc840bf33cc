/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/progress.h"

#include "probes/os/clock.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { REDRAW_MS = 100, PLAIN_MS = 10000, BAR_CELLS = 20 };

void cp_progress_init(struct cp_progress *p, struct cp_terminal terminal, bool is_quiet)
{
    *p = (struct cp_progress){.terminal = terminal, .is_quiet = is_quiet};
}

static int add_text(char *line, size_t size, const struct cp_sweep_progress *s)
{
    int n = snprintf(line, size, "%s  %s  %zu/%zu", s->phase, s->cell, s->done, s->total);
    if (isfinite(s->running_p95_ms) && n >= 0 && (size_t)n < size)
        n += snprintf(line + n, size - (size_t)n, "  p95 %.1f ms", s->running_p95_ms);
    if (n >= 0 && (size_t)n < size)
        n += snprintf(line + n, size - (size_t)n, "  %.0f s", s->elapsed_ms / 1000);
    if (isfinite(s->left_ms) && n >= 0 && (size_t)n < size)
        n += snprintf(line + n, size - (size_t)n, ", %.0f s left", s->left_ms / 1000);
    return n;
}

static void draw(struct cp_progress *p, const struct cp_sweep_progress *s)
{
    char line[256];
    char bar[BAR_CELLS + 1];
    double share = s->total ? (double)s->done / (double)s->total : 0;
    size_t full = (size_t)(share * BAR_CELLS + 0.5);
    memset(bar, '-', BAR_CELLS);
    memset(bar, '#', full < BAR_CELLS ? full : BAR_CELLS);
    bar[BAR_CELLS] = '\0';
    (void)add_text(line, sizeof line, s);
    int room = p->terminal.width - 1;
    bool has_room = room > BAR_CELLS + 40;
    int text_room = has_room ? room - BAR_CELLS - 3 : room;
    int n = fprintf(stderr, "\r%s%s%s%.*s", has_room ? "[" : "", has_room ? bar : "",
                    has_room ? "] " : "", text_room, line) -
            1;
    (void)fprintf(stderr, "%*s", p->drawn_width > n ? p->drawn_width - n : 0, "");
    (void)fflush(stderr);
    p->drawn_width = n;
}

void cp_progress_show(void *context, const struct cp_sweep_progress *state)
{
    struct cp_progress *p = context;
    if (p->is_quiet)
        return;
    double now_ms = cp_clock_mono_ms();
    bool is_first = !(p->last_draw_ms > 0);
    double wait_ms = p->terminal.is_tty ? REDRAW_MS : PLAIN_MS;
    if (!is_first && now_ms - p->last_draw_ms < wait_ms)
        return;
    if (p->terminal.is_tty) {
        draw(p, state);
    } else {
        char line[256];
        (void)add_text(line, sizeof line, state);
        (void)fprintf(stderr, "%s\n", line);
    }
    p->last_draw_ms = now_ms;
}

void cp_progress_end(struct cp_progress *p)
{
    if (p->drawn_width > 0)
        (void)fprintf(stderr, "\r%*s\r", p->drawn_width, "");
    (void)fflush(stderr);
    p->drawn_width = 0;
}

void cp_progress_warn(void *context, const char *text)
{
    struct cp_progress *p = context;
    if (p->is_quiet)
        return;
    cp_progress_end(p);
    (void)fprintf(stderr, "warning: %s\n", text);
}
