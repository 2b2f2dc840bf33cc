/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/sweep/progress.h"

#include <math.h>
#include <stdio.h>

#include "model/base/units.h"
#include "model/quantile.h"

enum { RATE_MIN_ANSWERS = 10 };

/* Samples still to be sent: those of open cells. */
static size_t n_wanted(const struct cp_runner *r, size_t *n_idle)
{
    size_t n = 0;
    *n_idle = 0;
    for (size_t i = 0; i < r->plan.n_samples; i++) {
        const struct cp_sample *s = &r->plan.samples[i];
        if (s->outcome != CP_OUTCOME_NOT_SENT || !cp_cells_is_open(&r->cells, s->cell))
            continue;
        n++;
        *n_idle += s->kind == CP_CELL_IDLE || s->kind == CP_CELL_PRIME;
    }
    return n;
}

/* Cold and warm at the rate so far; idle by its intervals. */
static double left_ms(const struct cp_runner *r, size_t n_left, size_t n_idle, double elapsed_ms)
{
    if (r->n_answered < RATE_MIN_ANSWERS)
        return NAN;
    double per_sample_ms = elapsed_ms / (double)r->n_answered;
    double quick_ms = n_left > n_idle ? (double)(n_left - n_idle) * per_sample_ms : 0;
    return quick_ms + r->idle_left_ms;
}

static struct cp_sweep_progress progress_of(const struct cp_runner *r)
{
    size_t n_idle = 0;
    size_t n_left = n_wanted(r, &n_idle);
    size_t n_allowed = cp_runner_has_budget(r) ? r->send_limit - r->n_sent : 0;
    n_left = n_left < n_allowed ? n_left : n_allowed;
    double elapsed_ms = cp_runner_now_ms(r) - r->started_at_ms;
    size_t done = r->n_sent - r->n_flights;
    return (struct cp_sweep_progress){
        .phase = r->phase,
        .done = done,
        .total = done + r->n_flights + n_left,
        .elapsed_ms = elapsed_ms,
        .left_ms = left_ms(r, n_left, n_idle, elapsed_ms),
        .running_p95_ms = NAN,
    };
}

static void name_cell(const struct cp_sample *s, char *name, size_t size)
{
    char interval[CP_UNITS_TEXT_MAX];
    if (s->kind == CP_CELL_IDLE)
        (void)snprintf(name, size, "%d MB idle %s", s->memory_size_mb,
                       cp_units_format_duration(s->idle_interval_ms, interval));
    else
        (void)snprintf(name, size, "%d MB %s", s->memory_size_mb, cp_cell_kind_name(s->kind));
}

/* Nothing of the cell is waiting to be sent or answered. */
static bool is_cell_through(const struct cp_runner *r, int64_t cell)
{
    for (size_t i = 0; i < r->plan.n_samples; i++) {
        const struct cp_sample *s = &r->plan.samples[i];
        if (s->cell == cell && (s->outcome == CP_OUTCOME_NOT_SENT || s->outcome == CP_OUTCOME_SENT))
            return false;
    }
    return cell >= 0;
}

static bool has_listener(const struct cp_runner *r)
{
    return r->hooks && r->hooks->on_progress;
}

void cp_progress_sample(const struct cp_runner *r, const struct cp_sample *sample,
                        bool is_cell_done)
{
    if (!has_listener(r))
        return;
    struct cp_sweep_progress p = progress_of(r);
    p.is_cell_done = is_cell_done || is_cell_through(r, sample->cell);
    name_cell(sample, p.cell, sizeof p.cell);
    if (sample->cell >= 0 && (size_t)sample->cell < r->cells.n) {
        const struct cp_cell *cell = &r->cells.cells[sample->cell];
        p.running_p95_ms = cp_quantile(cell->sorted, cell->n, 0.95, 8);
    }
    r->hooks->on_progress(r->hooks->context, &p);
}

void cp_progress_tick(const struct cp_runner *r)
{
    if (!has_listener(r))
        return;
    struct cp_sweep_progress p = progress_of(r);
    r->hooks->on_progress(r->hooks->context, &p);
}
