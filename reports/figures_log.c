/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the digest of a log adds to the figures beside durations: the time of billing, and signs
 * that it is no log of AWS.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/units.h"
#include "model/decide/cold_share.h"
#include "model/decide/demand.h"
#include "model/digest/digest.h"
#include "reports/figures.h"

/* Fewer records may use their whole memory by chance. */
enum { EMULATED_MIN_N = 5, MINUTES_PER_HOUR = 60 };
/* Relative; a rate given by hand is rounded. */
#define SAME_TRAFFIC 0.02
/* The first request began before the first record: Lambda's longest timeout, and a minute. */
#define SAME_BEGINNING_MS (16 * CP_MS_PER_MINUTE)

static void add_eras(struct cp_figures *f, const struct cp_digest_scope *scope)
{
    const struct cp_digest_era *eras = cp_digest_eras(scope);
    for (size_t i = 0; i < CP_ERA_COUNT; i++) {
        f->eras[i].n_cold += eras[i].n_cold;
        f->eras[i].n_init_billed += eras[i].n_init_billed;
    }
}

/* --- cold starts of the traffic as it was --- */

/* The share belongs to the traffic that it was seen in: is the one asked about that one? */
static bool is_traffic_as_logged(const struct cp_figures *f, double n_requests)
{
    const struct cp_run *run = &f->data->run;
    double span_ms = (double)(run->ended_at_ms - run->started_at_ms);
    const struct cp_demand *d = f->data->demand;
    bool is_changed = d && d->law.factor > 0 && fabs(d->law.factor - 1) > 0;
    if (d && !is_changed && fabs(d->first_ms - (double)run->started_at_ms) <= SAME_BEGINNING_MS)
        return true; /* its own arrivals, gaps filled */
    double logged_per_s = n_requests * CP_MS_PER_S / span_ms;
    return span_ms > 0 && fabs(run->traffic_per_s - logged_per_s) <= SAME_TRAFFIC * logged_per_s;
}

/* Adds the minutes of a scope to the hours since the run's beginning. */
static void add_hours(const struct cp_digest_scope *scope, int64_t first_hour,
                      struct cp_cold_block *hours, size_t n_hours)
{
    struct cp_digest_minute minute;
    for (size_t at = 0; cp_digest_next_minute(scope, &at, &minute);) {
        int64_t hour = minute.minute / MINUTES_PER_HOUR - first_hour;
        if (hour < 0 || hour >= (int64_t)n_hours)
            continue;
        hours[hour].n += minute.arrivals;
        hours[hour].n_cold += minute.cold_arrivals;
    }
}

static double requests_of(const struct cp_cold_block *hours, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += hours[i].n;
    return sum;
}

bool cp_figures_observe_cold_share(struct cp_figures *f)
{
    const struct cp_run *run = &f->data->run;
    const struct cp_digest *digest = f->data->digest;
    f->observed_cold_share = (struct cp_interval){NAN, NAN, NAN};
    if (!digest || run->started_at_ms < 0 || run->ended_at_ms < run->started_at_ms)
        return true;
    /* the first request began before the first record */
    int64_t first_hour = run->started_at_ms / CP_MS_PER_HOUR - 1;
    size_t n_hours = (size_t)(run->ended_at_ms / CP_MS_PER_HOUR - first_hour) + 1;
    struct cp_cold_block *hours = calloc(n_hours, sizeof *hours);
    if (!hours)
        return false;
    for (size_t i = 0; i < cp_digest_n_scopes(digest); i++)
        add_hours(cp_digest_scope_at(digest, i), first_hour, hours, n_hours);
    if (is_traffic_as_logged(f, requests_of(hours, n_hours)))
        f->observed_cold_share = cp_cold_share(hours, n_hours);
    free(hours);
    return true;
}

static void add_outcomes(struct cp_figures *f, const struct cp_digest_scope *scope)
{
    for (size_t i = 0; i < cp_digest_n_cells(scope); i++) {
        const struct cp_digest_cell *cell = cp_digest_cell_at(scope, i);
        f->n_by_outcome[cell->outcome] += (size_t)cell->n;
    }
}

/* Samples know more than cells: texts of old logs were joined to them. */
static void count_outcomes(struct cp_figures *f)
{
    const struct cp_run_data *data = f->data;
    for (size_t i = 0; i < data->n_samples; i++)
        f->n_by_outcome[data->samples[i].outcome]++;
    for (size_t i = 0; data->n_samples == 0 && i < cp_digest_n_scopes(data->digest); i++)
        add_outcomes(f, cp_digest_scope_at(data->digest, i));
}

static enum cp_code read_scopes(struct cp_figures *f, const struct cp_digest_scope **scopes,
                                struct cp_error *err)
{
    size_t n = cp_digest_n_scopes(f->data->digest);
    for (size_t i = 0; i < n; i++) {
        scopes[i] = cp_digest_scope_at(f->data->digest, i);
        add_eras(f, scopes[i]);
    }
    count_outcomes(f);
    cp_digest_idle_of(scopes, n, &f->idle);
    enum cp_code code = cp_traffic_of(scopes, n, 0, &f->traffic, err);
    if (f->traffic.status == CP_OK) {
        memcpy(f->week, f->traffic.hours, sizeof f->week);
        f->week_source = CP_WEEK_LOGGED;
    }
    return code ? code : cp_digest_retries_of(scopes, n, &f->retries, err);
}

enum cp_code cp_figures_read_log(struct cp_figures *f, struct cp_error *err)
{
    const struct cp_digest *digest = f->data->digest;
    f->traffic.status = f->idle.status = CP_ENODATA;
    if (!digest)
        return CP_OK;
    const struct cp_digest_scope **scopes =
        calloc(cp_digest_n_scopes(digest) + 1, sizeof(const struct cp_digest_scope *));
    if (!scopes)
        return cp_fail(err, CP_ENOMEM, "no memory for the versions of a function");
    enum cp_code code = read_scopes(f, scopes, err);
    free(scopes);
    return code;
}

void cp_figures_forget_log(struct cp_figures *f)
{
    cp_traffic_clear(&f->traffic);
    cp_digest_retries_clear(&f->retries);
}

bool cp_figures_has_week(const struct cp_figures *f)
{
    return f->week_source != CP_WEEK_NONE;
}

double cp_figures_provisioned_at(const struct cp_figures *f, size_t hour)
{
    const struct cp_candidate *c = cp_figures_candidate(f, cp_figures_recommended(f));
    if (c && c->mode == CP_MODE_SCHEDULED)
        return c->by_hour[hour];
    return c && c->mode == CP_MODE_PROVISIONED ? c->concurrency : (double)NAN;
}

static bool uses_all(const struct cp_digest_cell *cell)
{
    const struct cp_histogram *used = &cell->metrics[CP_METRIC_MAX_MEMORY];
    uint64_t size_mb = cell->memory_size_mb > 0 ? (uint64_t)cell->memory_size_mb : 0;
    return used->n > 0 && used->min == size_mb && used->max == size_mb;
}

bool cp_figures_is_emulated(const struct cp_figures *f)
{
    const struct cp_digest *digest = f->data->digest;
    uint64_t n = 0;
    for (size_t i = 0; digest && i < cp_digest_n_scopes(digest); i++) {
        const struct cp_digest_scope *scope = cp_digest_scope_at(digest, i);
        for (size_t k = 0; k < cp_digest_n_cells(scope); k++) {
            const struct cp_digest_cell *cell = cp_digest_cell_at(scope, k);
            if (cell->n > 0 && !uses_all(cell))
                return false;
            n += cell->n;
        }
    }
    return n >= EMULATED_MIN_N;
}

void cp_figures_forget_costs(struct cp_figures *f)
{
    for (size_t i = 0; i < f->n_sizes; i++) {
        struct cp_size_figures *size = &f->sizes[i];
        size->usd_per_million = (struct cp_interval){NAN, NAN, NAN};
        size->usd_per_million_cold = size->billed_p50_ms = NAN;
    }
}
