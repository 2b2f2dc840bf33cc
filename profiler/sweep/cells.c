/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/sweep/cells.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/stat/quantile.h"

enum { PLAIN_LOOKS_MAX = 10 };
#define ALPHA 0.05

size_t cp_cells_look(int k)
{
    return (size_t)ceil(60.0 * pow(1.5, k));
}

enum cp_code cp_cells_init(struct cp_cells *cells, const struct cp_plan *plan,
                           const struct cp_sweep_settings *settings,
                           const struct cp_cells_options *options, struct cp_error *err)
{
    *cells = (struct cp_cells){.options = *options, .n = plan->n_cells};
    if (isnan(cells->options.tail_q))
        cells->options.tail_q = 0.99;
    cells->cells = calloc(plan->n_cells + 1, sizeof *cells->cells);
    if (!cells->cells)
        return cp_fail(err, CP_ENOMEM, "cannot prepare %zu cells: out of memory", plan->n_cells);
    for (size_t i = 0; i < plan->n_cells; i++)
        cells->cells[i].result = plan->cells[i];
    for (size_t i = 0; i < settings->n_memory; i++)
        cells->sizes[cells->n_sizes++].memory_size_mb = settings->memory_mb[i];
    return CP_OK;
}

enum cp_code cp_cells_follow(struct cp_cells *cells, const struct cp_plan *plan,
                             struct cp_error *err)
{
    if (plan->n_cells > cells->n) {
        struct cp_cell *more = realloc(cells->cells, (plan->n_cells + 1) * sizeof *more);
        if (!more)
            return cp_fail(err, CP_ENOMEM, "cannot prepare %zu cells: out of memory",
                           plan->n_cells);
        cells->cells = more;
    }
    for (; cells->n < plan->n_cells; cells->n++)
        cells->cells[cells->n] = (struct cp_cell){.result = plan->cells[cells->n]};
    for (size_t i = 0; i < cells->n; i++)
        cells->cells[i].result.planned = plan->cells[i].planned;
    return CP_OK;
}

void cp_cells_clear(struct cp_cells *cells)
{
    if (!cells)
        return;
    for (size_t i = 0; cells->cells && i < cells->n; i++)
        free(cells->cells[i].sorted);
    free(cells->cells);
    *cells = (struct cp_cells){0};
}

/* What the stop rule looks at: the whole cold start, the duration of a warm one; a timeout is
 * right-censored, it counts as "above" for order statistics. NAN: nothing to count. */
static double value_of(const struct cp_sample *s)
{
    if (s->kind != CP_CELL_COLD && s->kind != CP_CELL_WARM)
        return NAN;
    if (s->outcome == CP_OUTCOME_TIMEOUT)
        return INFINITY;
    if (!cp_sample_is_usable(s))
        return NAN;
    return s->kind == CP_CELL_COLD ? cp_sample_cold_total_ms(s) : s->duration_ms;
}

static enum cp_code insert(struct cp_cell *cell, double value, struct cp_error *err)
{
    if (cell->n == cell->cap) {
        size_t cap = cell->cap ? cell->cap * 2 : 64;
        double *sorted = realloc(cell->sorted, cap * sizeof *sorted);
        if (!sorted)
            return cp_fail(err, CP_ENOMEM, "cannot count a sample: out of memory");
        cell->sorted = sorted;
        cell->cap = cap;
    }
    size_t at = cell->n++;
    for (; at > 0 && cell->sorted[at - 1] > value; at--)
        cell->sorted[at] = cell->sorted[at - 1];
    cell->sorted[at] = value;
    return CP_OK;
}

static double half_width(const struct cp_cell *cell, double q, double confidence)
{
    struct cp_estimate e = cp_quantile_estimate(cell->sorted, cell->n, q, confidence);
    if (e.status != CP_ANSWER_OK || !isfinite(e.high) || !(e.value > 0))
        return NAN;
    return (e.high - e.low) / 2 / e.value;
}

/* Beyond ten looks each one spends alpha / (k (k + 1)), k = 1, 2, ...; up to ten the interval's own
 * conservatism pays for them (measured coverage .946-.967). */
static double confidence_at(const struct cp_cell *cell, int look)
{
    int planned = cell->result.planned;
    if (planned <= 0 || (size_t)planned < cp_cells_look(PLAIN_LOOKS_MAX))
        return 1 - ALPHA;
    return 1 - ALPHA / ((look + 1.0) * (look + 2.0));
}

/* The tail asked for decides too, where the cell's limit allows an interval for it at all. */
static bool has_tail(const struct cp_cells *cells, const struct cp_cell *cell)
{
    size_t needed = cp_quantile_min_n_two_sided(cells->options.tail_q, 1 - ALPHA);
    return cell->n >= needed || (size_t)cell->result.planned < needed;
}

static void measure_precision(struct cp_cell *cell)
{
    cell->result.precision_p50 = half_width(cell, 0.50, 1 - ALPHA);
    cell->result.precision_p95 = half_width(cell, 0.95, 1 - ALPHA);
}

static void look(const struct cp_cells *cells, struct cp_cell *cell)
{
    double confidence = confidence_at(cell, cell->look++);
    if (!(cells->options.precision_p50 > 0))
        return; /* also values that are all alike, whose interval has no width */
    double p50 = half_width(cell, 0.50, confidence);
    double p95 = half_width(cell, 0.95, confidence);
    /* a comparison with NAN is false: no interval, no stop */
    if (!(p50 <= cells->options.precision_p50) || !(p95 <= cells->options.precision_p95) ||
        !has_tail(cells, cell))
        return;
    cell->is_closed = true;
    cell->result.stop = CP_STOP_PRECISION;
    measure_precision(cell);
}

static bool is_failure(enum cp_outcome outcome)
{
    return outcome == CP_OUTCOME_ERROR || outcome == CP_OUTCOME_TIMEOUT ||
           outcome == CP_OUTCOME_OUT_OF_MEMORY || outcome == CP_OUTCOME_INIT_FAILED;
}

static void count_for_size(struct cp_cells *cells, const struct cp_sample *s)
{
    for (size_t i = 0; i < cells->n_sizes; i++) {
        struct cp_size_state *size = &cells->sizes[i];
        if (size->memory_size_mb != s->memory_size_mb)
            continue;
        size->n_measured += s->outcome == CP_OUTCOME_MEASURED;
        size->n_failed += is_failure(s->outcome);
        if (size->n_measured || size->n_failed < cells->options.cannot_run_after)
            continue;
        if (!size->cannot_run)
            (void)snprintf(size->note, sizeof size->note, "%s", s->note);
        size->cannot_run = true;
    }
}

static void close_if_size_cannot_run(struct cp_cells *cells)
{
    for (size_t i = 0; i < cells->n; i++) {
        struct cp_cell *cell = &cells->cells[i];
        const struct cp_size_state *size = cp_cells_size(cells, cell->result.memory_size_mb);
        if (!size || !size->cannot_run || cell->is_closed)
            continue;
        cell->is_closed = true;
        cell->result.stop = CP_STOP_CANNOT_RUN;
        (void)snprintf(cell->result.note, sizeof cell->result.note, "%s", size->note);
    }
}

static enum cp_code add_value(const struct cp_cells *cells, struct cp_cell *cell,
                              const struct cp_sample *sample, struct cp_error *err)
{
    double value = value_of(sample);
    if (isnan(value))
        return CP_OK;
    enum cp_code code = insert(cell, value, err);
    if (!code && !cell->is_closed && cell->n >= cp_cells_look(cell->look))
        look(cells, cell);
    return code;
}

enum cp_code cp_cells_add(struct cp_cells *cells, const struct cp_sample *sample, bool *is_closed,
                          struct cp_error *err)
{
    *is_closed = false;
    count_for_size(cells, sample);
    if (sample->cell < 0 || (size_t)sample->cell >= cells->n) {
        close_if_size_cannot_run(cells);
        return CP_OK;
    }
    struct cp_cell *cell = &cells->cells[sample->cell];
    bool was_closed = cell->is_closed;
    enum cp_code code = add_value(cells, cell, sample, err);
    close_if_size_cannot_run(cells);
    *is_closed = cell->is_closed && !was_closed;
    return code;
}

bool cp_cells_is_open(const struct cp_cells *cells, int64_t cell)
{
    return cell < 0 || (size_t)cell >= cells->n || !cells->cells[cell].is_closed;
}

const struct cp_size_state *cp_cells_size(const struct cp_cells *cells, int memory_size_mb)
{
    for (size_t i = 0; i < cells->n_sizes; i++) {
        if (cells->sizes[i].memory_size_mb == memory_size_mb)
            return &cells->sizes[i];
    }
    return NULL;
}

bool cp_cells_none_can_run(const struct cp_cells *cells)
{
    for (size_t i = 0; i < cells->n_sizes; i++) {
        if (!cells->sizes[i].cannot_run)
            return false;
    }
    return cells->n_sizes > 0;
}

static bool has_unsent(const struct cp_plan *plan, size_t cell)
{
    for (size_t i = 0; i < plan->n_samples; i++) {
        if (plan->samples[i].cell == (int64_t)cell &&
            plan->samples[i].outcome == CP_OUTCOME_NOT_SENT)
            return true;
    }
    return false;
}

void cp_cells_finish(struct cp_cells *cells, const struct cp_plan *plan, enum cp_stop_reason rest)
{
    for (size_t i = 0; i < cells->n; i++) {
        struct cp_cell *cell = &cells->cells[i];
        measure_precision(cell);
        if (!cell->is_closed)
            cell->result.stop = has_unsent(plan, i) ? rest : CP_STOP_MAX_SAMPLES;
    }
}

void cp_cells_results(const struct cp_cells *cells, struct cp_cell_result *out)
{
    for (size_t i = 0; i < cells->n; i++)
        out[i] = cells->cells[i].result;
}
