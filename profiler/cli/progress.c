/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/progress.h"

#include "model/base/units.h"
#include "probes/os/clock.h"
#include "profiler/cli/wrap.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    REDRAW_MS = 100,
    PLAIN_MS = 10000,
    BAR_MAX = 20,
    BAR_MIN = 5,
    ROW_TEXT = 44, /* a row without its bar */
    SIDE_TEXT = 5, /* which function it is of */
    TEXT_MAX = 64 * 1024,
};

void cp_progress_init(struct cp_progress *p, struct cp_terminal terminal, bool is_quiet)
{
    *p = (struct cp_progress){.terminal = terminal, .is_quiet = is_quiet};
}

/* --- texts --- */

static void row_name(const struct cp_sweep_row *row, char *name, size_t size)
{
    char interval[CP_UNITS_TEXT_MAX];
    if (row->kind == CP_CELL_IDLE && isnan(row->idle_interval_ms))
        (void)snprintf(name, size, "idle search");
    else if (row->kind == CP_CELL_IDLE)
        (void)snprintf(name, size, "idle %s",
                       cp_units_format_duration(row->idle_interval_ms, interval));
    else
        (void)snprintf(name, size, "%d MB %s", row->memory_size_mb, cp_cell_kind_name(row->kind));
}

static void add_bar(struct cp_buf *out, const struct cp_sweep_row *row, int cells)
{
    double share = row->total ? (double)row->done / (double)row->total : 1;
    int full = (int)(share * cells);
    (void)cp_buf_addc(out, '[');
    for (int i = 0; i < cells; i++)
        (void)cp_buf_addc(out, i < full ? '#' : '-');
    (void)cp_buf_adds(out, "] ");
}

void cp_progress_row_text(const struct cp_sweep_row *row, int width, struct cp_buf *out)
{
    char name[48];
    int room = width - ROW_TEXT - (row->side ? SIDE_TEXT : 0);
    int cells = room < BAR_MAX ? room : BAR_MAX;
    row_name(row, name, sizeof name);
    if (row->side)
        (void)cp_buf_addf(out, "%4s ", row->side);
    (void)cp_buf_addf(out, "%13s ", name);
    if (cells >= BAR_MIN)
        add_bar(out, row, cells);
    (void)cp_buf_addf(out, "%5zu/%-5zu", row->done, row->total);
    if (isfinite(row->running_p95_ms))
        (void)cp_buf_addf(out, " p95 %7.1f ms", row->running_p95_ms);
}

static void add_seconds(struct cp_buf *out, double ms)
{
    double s = ceil(ms / 1000);
    if (s < 120)
        (void)cp_buf_addf(out, "%.0f s", s);
    else
        (void)cp_buf_addf(out, "%.0f min", ceil(s / 60));
}

void cp_progress_state_text(const struct cp_sweep_progress *state, struct cp_buf *out)
{
    (void)cp_buf_addf(out, "%s: %zu of %zu, %.0f s", state->phase, state->done, state->total,
                      floor(state->elapsed_ms / 1000));
    if (!isfinite(state->left_ms))
        return;
    (void)cp_buf_adds(out, ", ");
    add_seconds(out, state->left_ms);
    (void)cp_buf_adds(out, " left");
}

/* --- on a terminal --- */

static void add_erase(const struct cp_progress *p, struct cp_buf *out)
{
    if (p->drawn_lines > 1)
        (void)cp_buf_addf(out, "\r\033[%dA\033[J", p->drawn_lines - 1);
    else if (p->drawn_lines)
        (void)cp_buf_adds(out, "\r\033[K");
}

/* Never as wide as the terminal: a wrapped line could not be erased. */
static void add_line(struct cp_buf *out, const struct cp_buf *text, int width)
{
    size_t room = (size_t)width - 1;
    struct cp_view line = cp_buf_view(text);
    (void)cp_buf_add(out, line.p, line.n < room ? line.n : room);
}

static bool has_room(const struct cp_progress *p, const struct cp_sweep_progress *state)
{
    return state->n_rows + 2 <= (size_t)p->terminal.height && p->terminal.width > ROW_TEXT;
}

static void draw(struct cp_progress *p, const struct cp_sweep_progress *state)
{
    struct cp_buf out;
    struct cp_buf line;
    int width = p->terminal.width;
    size_t n_rows = has_room(p, state) ? state->n_rows : 0;
    cp_buf_init(&out, TEXT_MAX);
    cp_buf_init(&line, TEXT_MAX);
    add_erase(p, &out);
    for (size_t i = 0; i < n_rows; i++) {
        cp_buf_reset(&line);
        cp_progress_row_text(&state->rows[i], width, &line);
        add_line(&out, &line, width);
        (void)cp_buf_addc(&out, '\n');
    }
    cp_buf_reset(&line);
    cp_progress_state_text(state, &line);
    add_line(&out, &line, width);
    (void)fputs(cp_buf_str(&out), stderr);
    (void)fflush(stderr);
    p->drawn_lines = (int)n_rows + 1;
    cp_buf_clear(&line);
    cp_buf_clear(&out);
}

/* --- elsewhere --- */

static void print_plain(const struct cp_sweep_progress *state)
{
    struct cp_buf line;
    cp_buf_init(&line, TEXT_MAX);
    cp_progress_state_text(state, &line);
    const struct cp_sweep_row *row =
        state->current < state->n_rows ? &state->rows[state->current] : NULL;
    if (row && isfinite(row->running_p95_ms)) {
        char name[48];
        row_name(row, name, sizeof name);
        (void)cp_buf_addf(&line, "; %s%s%s %zu/%zu p95 %.1f ms", row->side ? row->side : "",
                          row->side ? " " : "", name, row->done, row->total, row->running_p95_ms);
    }
    (void)fprintf(stderr, "%s\n", cp_buf_str(&line));
    cp_buf_clear(&line);
}

/* --- hooks --- */

void cp_progress_plan(void *context, const struct cp_sweep_outlook *outlook)
{
    struct cp_progress *p = context;
    struct cp_buf text;
    struct cp_buf lines;
    p->is_planned = true;
    if (p->is_quiet)
        return;
    cp_buf_init(&text, TEXT_MAX);
    cp_buf_init(&lines, TEXT_MAX);
    (void)cp_buf_addf(&text, "%s%s%s%s\nrun", p->heading, outlook->mode[0] ? ", mode: " : "",
                      outlook->mode, outlook->is_billed ? "" : ", no cost");
    if (outlook->second_run_id)
        (void)cp_buf_addf(&text, "s %s and %s: ", outlook->run_id, outlook->second_run_id);
    else
        (void)cp_buf_addf(&text, " %s: ", outlook->run_id);
    for (size_t i = 0; i < outlook->n_memory; i++)
        (void)cp_buf_addf(&text, "%s%d", i ? ", " : "", outlook->memory_mb[i]);
    (void)cp_buf_addf(&text, " MB; at most %zu invocations", outlook->n_planned);
    if (outlook->n_done)
        (void)cp_buf_addf(&text, ", %zu of them done before", outlook->n_done);
    (void)cp_buf_adds(&text, "; about ");
    add_seconds(&text, outlook->left_ms);
    if (!isnan(outlook->fresh_ms))
        (void)cp_buf_addf(&text, " if a cold start takes %.0f ms", outlook->fresh_ms);
    cp_wrap_add(&lines, cp_buf_str(&text), (struct cp_wrap){p->terminal.width - 1, 0, 2});
    (void)fputs(cp_buf_str(&lines), stderr);
    cp_buf_clear(&lines);
    cp_buf_clear(&text);
    p->last_draw_ms = cp_clock_mono_ms();
}

void cp_progress_show(void *context, const struct cp_sweep_progress *state)
{
    struct cp_progress *p = context;
    double now_ms = cp_clock_mono_ms();
    double wait_ms = p->terminal.can_redraw ? REDRAW_MS : PLAIN_MS;
    if (p->is_quiet || now_ms - p->last_draw_ms < wait_ms)
        return;
    if (p->terminal.can_redraw)
        draw(p, state);
    else
        print_plain(state);
    p->last_draw_ms = now_ms;
}

void cp_progress_end(struct cp_progress *p)
{
    struct cp_buf erase;
    cp_buf_init(&erase, TEXT_MAX);
    add_erase(p, &erase);
    (void)fputs(cp_buf_str(&erase), stderr);
    (void)fflush(stderr);
    cp_buf_clear(&erase);
    p->drawn_lines = 0;
}

void cp_progress_warn(void *context, const char *text)
{
    struct cp_progress *p = context;
    if (p->is_quiet)
        return;
    cp_progress_end(p);
    (void)fprintf(stderr, "warning: %s\n", text);
}

void cp_progress_stop(struct cp_progress *p, int requests)
{
    static const char *const here[] = {
        "stopping: nothing new starts; waiting up to 10 s for answers (again: do not wait)",
        "stopping at once; putting the function back (again: leave everything as it is)",
    };
    static const char *const in_account[] = {
        "stopping: nothing new starts; waiting up to 10 s for answers, then undoing (again: leave "
        "now, undo later by 'coldprof recover')",
        "leaving; the journal is kept for 'coldprof recover'",
    };
    const char *const *lines = p->is_in_account ? in_account : here;
    if (p->is_quiet || requests <= p->stops_told || requests > 2)
        return;
    p->stops_told = requests;
    cp_progress_end(p);
    (void)fprintf(stderr, "%s\n", lines[requests - 1]);
}
