/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/log_progress.h"

#include "model/base/units.h"

#include <math.h>
#include <stdio.h>

enum {
    PLAIN_MS = 10000,
    BAR_MAX = 30,
    BAR_MIN = 5,
    ROW_TEXT = 72, /* a line without its bar */
    TEXT_MAX = 4096,
};

static void add_bar(struct cp_buf *out, double share, int cells)
{
    int full = (int)(share * cells);
    (void)cp_buf_addc(out, '[');
    for (int i = 0; i < cells; i++)
        (void)cp_buf_addc(out, i < full ? '#' : '-');
    (void)cp_buf_adds(out, "] ");
}

static void add_left(struct cp_buf *out, double left_s)
{
    if (left_s < 120)
        (void)cp_buf_addf(out, ", %.0f s left", ceil(left_s));
    else
        (void)cp_buf_addf(out, ", %.0f min left", ceil(left_s / 60));
}

void cp_log_view_text(const struct cp_log_progress *p, int width, struct cp_buf *out)
{
    char done[CP_UNITS_TEXT_MAX];
    char total[CP_UNITS_TEXT_MAX];
    char rate[CP_UNITS_TEXT_MAX];
    double s = p->elapsed_ms / CP_MS_PER_S;
    double share = p->total_bytes > 0 ? (double)p->done_bytes / (double)p->total_bytes : NAN;
    share = share > 1 ? 1 : share; /* a file that grows */
    int cells = width - ROW_TEXT < BAR_MAX ? width - ROW_TEXT : BAR_MAX;
    if (cells >= BAR_MIN && !isnan(share))
        add_bar(out, share, cells);
    (void)cp_buf_adds(out, cp_units_format_bytes((double)p->done_bytes, done));
    if (p->total_bytes > 0)
        (void)cp_buf_addf(out, " of %s", cp_units_format_bytes((double)p->total_bytes, total));
    if (p->total_files > 1)
        (void)cp_buf_addf(out, ", %zu/%zu files", p->done_files, p->total_files);
    (void)cp_buf_addf(out, ", %llu records", (unsigned long long)p->records);
    if (s > 0)
        (void)cp_buf_addf(out, ", %s/s",
                          cp_units_format_bytes((double)p->inflated_bytes / s, rate));
    if (share > 0)
        add_left(out, s * (1 - share) / share);
}

/* Never as wide as the terminal: a wrapped line could not be erased. */
static void draw(struct cp_log_view *view, const struct cp_log_progress *progress)
{
    struct cp_buf text;
    int room = view->terminal.width - 1;
    cp_buf_init(&text, TEXT_MAX);
    cp_log_view_text(progress, room, &text);
    (void)fprintf(stderr, "\r\033[K%.*s", room > 0 ? room : 0, cp_buf_str(&text));
    (void)fflush(stderr);
    view->is_drawn = true;
    cp_buf_clear(&text);
}

static void print_plain(const struct cp_log_progress *progress)
{
    struct cp_buf text;
    cp_buf_init(&text, TEXT_MAX);
    cp_log_view_text(progress, 0, &text);
    (void)fprintf(stderr, "reading: %s\n", cp_buf_str(&text));
    cp_buf_clear(&text);
}

void cp_log_view_show(void *context, const struct cp_log_progress *progress)
{
    struct cp_log_view *view = context;
    if (view->is_quiet)
        return;
    if (view->terminal.can_redraw) {
        draw(view, progress);
    } else if (progress->elapsed_ms - view->shown_ms >= PLAIN_MS) {
        print_plain(progress);
        view->shown_ms = progress->elapsed_ms;
    }
}

void cp_log_view_end(struct cp_log_view *view)
{
    if (view->is_drawn)
        (void)fputs("\r\033[K", stderr);
    view->is_drawn = false;
}
