/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/sweep/progress.h"

#include <math.h>

#include "model/stat/quantile.h"

enum { TIMED_MIN = 4 };
#define INTERVAL_MS 50.0
/* Assumed for a batch of fresh environments before any was timed. */
#define ASSUMED_FRESH_MS 100.0

/* Unsent samples by what they cost. */
struct wanted {
    size_t n_fresh, n_warm, n_idle;
};

static bool is_wanted(const struct cp_runner *r, const struct cp_sample *s)
{
    return s->outcome == CP_OUTCOME_NOT_SENT && cp_cells_is_open(&r->cells, s->cell);
}

static struct wanted count_wanted(const struct cp_runner *r)
{
    const struct cp_idle_outlook idle = cp_idle_outlook(r);
    bool is_over = cp_sweep_searches_idle(r->settings) && !idle.is_on;
    struct wanted w = {.n_idle = idle.n_probes};
    for (size_t i = 0; i < r->plan.n_samples; i++) {
        const struct cp_sample *s = &r->plan.samples[i];
        if (!is_wanted(r, s) || (is_over && s->kind == CP_CELL_PRIME))
            continue;
        w.n_fresh += s->kind == CP_CELL_COLD || s->kind == CP_CELL_PRIME;
        w.n_warm += s->kind == CP_CELL_WARM;
        w.n_idle += s->kind == CP_CELL_IDLE;
    }
    return w;
}

/* Mean time of one of `pace`, or NAN while too few were timed. */
static double mean_ms(const struct cp_pace *pace)
{
    return pace->n >= TIMED_MIN ? pace->total_ms / (double)pace->n : NAN;
}

static double part_ms(size_t n, double each_ms)
{
    return n ? (double)n * each_ms : 0;
}

/* Fresh environments and warm invocations each at their own pace; idle by its intervals. */
static double left_ms(const struct cp_runner *r, const struct wanted *w, double now_ms)
{
    double idle_ms = r->idle_end_ms - now_ms;
    if (isnan(r->idle_end_ms))
        idle_ms = cp_idle_expected_ms(r);
    double quick_ms =
        part_ms(w->n_fresh, mean_ms(&r->fresh_pace)) + part_ms(w->n_warm, mean_ms(&r->warm_pace));
    return isnan(r->idle_end_ms) ? quick_ms + idle_ms : fmax(idle_ms, 0);
}

/* --- rows --- */

static bool is_same_interval(double a, double b)
{
    return isnan(a) ? isnan(b) : !(a < b) && !(a > b);
}

/* The probes of a search are one row: nobody knows before which intervals there will be. */
static struct cp_sweep_row *row_of(struct cp_runner *r, const struct cp_cell *cell)
{
    const struct cp_cell_result *of = &cell->result;
    bool is_idle = of->kind == CP_CELL_IDLE;
    double interval_ms = cp_sweep_searches_idle(r->settings) ? NAN : of->idle_interval_ms;
    size_t i = 0;
    for (; i < r->n_rows; i++) {
        const struct cp_sweep_row *row = &r->rows[i];
        if (row->kind == of->kind && (is_idle ? is_same_interval(row->idle_interval_ms, interval_ms)
                                              : row->memory_size_mb == of->memory_size_mb))
            return &r->rows[i];
    }
    if (i == CP_SWEEP_ROWS_MAX)
        return NULL;
    r->rows[r->n_rows++] = (struct cp_sweep_row){
        .kind = of->kind,
        .memory_size_mb = is_idle ? 0 : of->memory_size_mb,
        .idle_interval_ms = interval_ms,
    };
    return &r->rows[i];
}

static struct cp_sweep_row *row_of_sample(struct cp_runner *r, const struct cp_sample *s)
{
    bool has_cell = s->cell >= 0 && (size_t)s->cell < r->cells.n;
    return has_cell ? row_of(r, &r->cells.cells[s->cell]) : NULL;
}

static void count_row(struct cp_runner *r, const struct cp_sample *s)
{
    struct cp_sweep_row *row = row_of_sample(r, s);
    if (!row)
        return;
    bool is_done = s->outcome != CP_OUTCOME_NOT_SENT && s->outcome != CP_OUTCOME_SENT;
    row->done += is_done;
    row->total += is_done || s->outcome == CP_OUTCOME_SENT || is_wanted(r, s);
}

static void fill_rows(struct cp_runner *r)
{
    r->n_rows = 0;
    for (size_t i = 0; i < r->cells.n; i++) {
        const struct cp_cell *cell = &r->cells.cells[i];
        struct cp_sweep_row *row = cell->result.planned ? row_of(r, cell) : NULL;
        if (!row)
            continue;
        bool is_idle = row->kind == CP_CELL_IDLE;
        row->running_p95_ms = is_idle ? NAN : cp_quantile(cell->sorted, cell->n, 0.95, 8);
    }
    for (size_t i = 0; i < r->plan.n_samples; i++)
        count_row(r, &r->plan.samples[i]);
}

static void show(struct cp_runner *r)
{
    double now_ms = cp_runner_now_ms(r);
    const struct wanted w = count_wanted(r);
    size_t n_left = w.n_fresh + w.n_warm + w.n_idle;
    size_t n_allowed = cp_runner_has_budget(r) ? r->send_limit - r->n_sent : 0;
    size_t done = r->n_sent - r->n_flights;
    fill_rows(r);
    const struct cp_sweep_progress p = {
        .phase = r->phase,
        .done = done,
        .total = done + r->n_flights + (n_left < n_allowed ? n_left : n_allowed),
        .elapsed_ms = now_ms - r->started_at_ms,
        .left_ms = left_ms(r, &w, now_ms),
        .rows = r->rows,
        .n_rows = r->n_rows,
        .current = r->current_row,
    };
    r->shown_at_ms = now_ms;
    r->hooks->on_progress(r->hooks->context, &p);
}

static bool has_listener(const struct cp_runner *r)
{
    return r->hooks && r->hooks->on_progress;
}

void cp_sweep_tell_tick(struct cp_runner *r)
{
    if (has_listener(r) && !(cp_runner_now_ms(r) - r->shown_at_ms < INTERVAL_MS))
        show(r);
}

void cp_sweep_tell_sample(struct cp_runner *r, const struct cp_sample *sample)
{
    if (!has_listener(r))
        return;
    const struct cp_sweep_row *row = row_of_sample(r, sample);
    if (row)
        r->current_row = (size_t)(row - r->rows);
    cp_sweep_tell_tick(r);
}

void cp_sweep_tell_phase(struct cp_runner *r, const char *phase)
{
    r->phase = phase;
    r->current_row = SIZE_MAX;
    if (has_listener(r))
        show(r);
}

static size_t n_unplanned_primes(const struct cp_runner *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->plan.n_steps; i++) {
        const struct cp_plan_step *step = &r->plan.steps[i];
        n += cp_plan_step_primes(step) && cp_cells_is_open(&r->cells, (int64_t)step->warm_cell);
    }
    return n;
}

void cp_sweep_tell_plan(const struct cp_runner *r)
{
    if (!r->hooks || !r->hooks->on_plan)
        return;
    const struct wanted w = count_wanted(r);
    size_t per_batch = (size_t)r->settings->cold_per_batch;
    size_t n_batches = (w.n_fresh + per_batch - 1) / per_batch;
    size_t limit = r->send_limit;
    bool is_quoted = !isnan(r->takes_ms);
    const struct cp_idle_outlook idle = cp_idle_outlook(r);
    size_t n_planned = r->n_sent + n_unplanned_primes(r) + w.n_fresh + w.n_warm + w.n_idle +
                       idle.n_most - idle.n_probes;
    const struct cp_sweep_outlook outlook = {
        .run_id = r->run->id,
        .memory_mb = r->settings->memory_mb,
        .n_memory = r->settings->n_memory,
        .n_planned = n_planned < limit ? n_planned : limit,
        .n_done = r->n_sent,
        .mode = r->is_probed ? r->run->mode : "",
        .is_billed = is_quoted,
        .fresh_ms = is_quoted ? NAN : ASSUMED_FRESH_MS,
        .left_ms =
            is_quoted ? r->takes_ms : (double)n_batches * ASSUMED_FRESH_MS + cp_idle_expected_ms(r),
    };
    r->hooks->on_plan(r->hooks->context, &outlook);
}
