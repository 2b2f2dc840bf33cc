/* SPDX-License-Identifier: GPL-3.0-or-later
 * Runs of endpoints that cannot show everything (run.mode): times of the client in a table of their
 * own, and what cannot be decided. They are never init, duration or cost.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/stat/sort.h"
#include "reports/figures.h"
#include "reports/table.h"

bool cp_figures_is_wall_clock(const struct cp_figures *f)
{
    return strcmp(f->data->run.mode, "wall clock") == 0;
}

bool cp_figures_has_no_init(const struct cp_figures *f)
{
    return strcmp(f->data->run.mode, "tail without init") == 0;
}

/* --- times of the client --- */

static size_t take_client_times(const struct cp_figures *f, int memory_size_mb, double *ms)
{
    size_t n = 0;
    for (size_t i = 0; i < f->data->n_samples; i++) {
        const struct cp_sample *s = &f->data->samples[i];
        bool is_timeout = s->outcome == CP_OUTCOME_TIMEOUT; /* right-censored: above all others */
        if (s->memory_size_mb == memory_size_mb && s->kind == CP_CELL_WARM &&
            (s->outcome == CP_OUTCOME_MEASURED || is_timeout) && isfinite(s->client_ms))
            ms[n++] = is_timeout ? INFINITY : s->client_ms;
    }
    cp_sort(ms, n);
    return n;
}

bool cp_figures_estimate_wall_clock(struct cp_figures *f)
{
    if (!cp_figures_is_wall_clock(f))
        return true;
    double *ms = calloc(f->data->n_samples + 1, sizeof *ms);
    if (!ms)
        return false;
    for (size_t i = 0; i < f->n_sizes; i++) {
        struct cp_size_figures *size = &f->sizes[i];
        size_t n = take_client_times(f, size->memory_size_mb, ms);
        size->wall_p50 = cp_quantile_estimate(ms, n, 0.50, 0);
        size->wall_p95 = cp_quantile_estimate(ms, n, 0.95, 0);
        size->wall_p99 = cp_quantile_estimate(ms, n, 0.99, 0);
    }
    free(ms);
    return true;
}

static struct cp_cell number(double value)
{
    return (struct cp_cell){.number = {value, NAN, NAN}, .text = ""};
}

static struct cp_cell quantile(const struct cp_estimate *e)
{
    return (struct cp_cell){.number = cp_interval_of_estimate(e), .of = e, .text = ""};
}

static struct cp_cell memory(const struct cp_figures *f, size_t row)
{
    return number(f->sizes[row].memory_size_mb);
}

static struct cp_cell n_requests(const struct cp_figures *f, size_t row)
{
    return number((double)f->sizes[row].wall_p50.n);
}

static struct cp_cell p50(const struct cp_figures *f, size_t row)
{
    return quantile(&f->sizes[row].wall_p50);
}

static struct cp_cell p95(const struct cp_figures *f, size_t row)
{
    return quantile(&f->sizes[row].wall_p95);
}

static struct cp_cell p99(const struct cp_figures *f, size_t row)
{
    return quantile(&f->sizes[row].wall_p99);
}

static const struct cp_column columns[] = {
    {"memory_size_mb", "memory", CP_UNIT_MB, false, false, memory},
    {"n_requests", "requests", CP_UNIT_COUNT, false, false, n_requests},
    {"client_p50_ms", "client p50", CP_UNIT_MS, true, false, p50},
    {"client_p95_ms", "client p95", CP_UNIT_MS, true, false, p95},
    {"client_p99_ms", "client p99", CP_UNIT_MS, true, false, p99},
};

static size_t n_rows(const struct cp_figures *f)
{
    return cp_figures_is_wall_clock(f) ? f->n_sizes : 0;
}

const struct cp_table cp_table_wall_clock = {
    .id = "wall-clock",
    .caption = "Wall clock: time of the client from sending to the whole answer, the way there and "
               "back included. Neither init nor duration.",
    .columns = columns,
    .n_columns = sizeof columns / sizeof columns[0],
    .n_rows = n_rows,
};

/* --- the decision --- */

static void decide_nothing(struct cp_decision *d, const char *sentence, const char *because)
{
    d->verdict = CP_VERDICT_NOT_ENOUGH_DATA;
    d->is_budget_met = false;
    d->chosen = d->cheapest = d->fastest = d->fallback = -1;
    d->n_changers = d->n_thresholds = 0;
    d->saving_usd_per_month = (struct cp_interval){NAN, NAN, NAN};
    d->money[0] = d->reserved[0] = d->modelled[0] = '\0';
    (void)snprintf(d->sentence, sizeof d->sentence, "%s", sentence);
    (void)snprintf(d->because, sizeof d->because, "%s", because);
}

void cp_figures_limit_decision(struct cp_figures *f)
{
    if (cp_figures_is_emulated(f))
        decide_nothing(&f->decision, "Nothing can be decided from an emulator's log.",
                       "The runtime interface emulator prints the memory size as memory used and "
                       "bills no init: neither cost nor CPU share are those of AWS. Sweep the "
                       "function on AWS, or its folder here.");
    if (cp_figures_is_wall_clock(f))
        decide_nothing(&f->decision, "Nothing can be decided from wall-clock times.",
                       "This endpoint gives no REPORT records: init, duration, memory and cost are "
                       "not known, and no memory size was set. Sweep the function on AWS, or its "
                       "folder here.");
    else if (cp_figures_has_no_init(f))
        decide_nothing(&f->decision, "Cold starts cannot be told at this endpoint.",
                       "Its REPORT records show no init of a fresh environment, so only durations "
                       "of repeated requests are known, and no setting can be judged. Sweep the "
                       "function on AWS, or its folder here.");
}
