/* SPDX-License-Identifier: GPL-3.0-or-later
 * Requests in flight under the traffic asked about: the pool simulation on demand, with the
 * durations of one memory size, over windows spread evenly over the traffic's span.
 */
#include "model/base/units.h"
#include "model/decide/candidate.h"
#include "model/decide/windows.h"
#include "reports/figures.h"

#include <math.h>
#include <stdlib.h>

/* The figures shown have two digits; a log of an hour is replayed as a whole. */
#define ARRIVALS_WANTED 200000.0
/* With a clock there are 168 hours to tell apart, each from windows of its own. */
#define ARRIVALS_WANTED_BY_HOUR 1.5e6

enum { PEAK_MS = CP_MS_PER_MINUTE };

/* --- the traffic itself --- */

static double factor_of(const struct cp_arrivals_law *law)
{
    return law->factor > 0 ? law->factor : 1;
}

static double most_of(const double *values, size_t n)
{
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, values[i]);
    return most;
}

/* Most times within a minute that begins at one of them. */
static double most_times(const struct cp_arrivals_law *law)
{
    size_t first = 0;
    size_t most = 0;
    for (size_t i = 0; i < law->n; i++) {
        while (law->times_ms[i] - law->times_ms[first] >= PEAK_MS)
            first++;
        most = i + 1 - first > most ? i + 1 - first : most;
    }
    return (double)most;
}

/* Most whole buckets that a minute holds: one, where they are longer. */
static double most_counts(const struct cp_arrivals_law *law, double *over_ms)
{
    size_t per_peak = law->bucket_ms < PEAK_MS ? (size_t)(PEAK_MS / law->bucket_ms) : 1;
    double sum = 0;
    double most = 0;
    for (size_t i = 0; i < law->n; i++) {
        sum += law->counts[i];
        if (i >= per_peak)
            sum -= law->counts[i - per_peak];
        most = fmax(most, sum);
    }
    *over_ms = (double)per_peak * law->bucket_ms;
    return most;
}

static void find_peak(const struct cp_arrivals_law *law, struct cp_demand_figures *d)
{
    d->peak_over_ms = PEAK_MS;
    switch (law->kind) {
    case CP_ARRIVALS_COUNTS:
        d->peak_per_s = most_counts(law, &d->peak_over_ms);
        break;
    case CP_ARRIVALS_TIMES:
        d->peak_per_s = most_times(law);
        break;
    case CP_ARRIVALS_WEEK:
        d->peak_over_ms = CP_MS_PER_HOUR;
        d->peak_per_s = most_of(law->week_per_s, CP_ARRIVALS_HOURS) * CP_MS_PER_HOUR / CP_MS_PER_S;
        break;
    case CP_ARRIVALS_POISSON:
    case CP_ARRIVALS_PERIODIC:
        d->peak_per_s = NAN;
        break;
    }
    d->peak_per_s *= factor_of(law) * CP_MS_PER_S / d->peak_over_ms;
}

/* --- requests in flight --- */

/* The answer's memory size, else the current one's, else the first that has durations. */
static const struct cp_size_figures *size_of(const struct cp_figures *f)
{
    const struct cp_candidate *chosen = cp_figures_candidate(f, f->decision.chosen);
    const struct cp_size_figures *const wanted[] = {
        chosen ? cp_figures_size_of(f, chosen) : NULL,
        cp_figures_size(f, f->data->run.original_memory_size_mb)};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        const struct cp_size_figures *size = wanted[i];
        if (size && size->n_cold_values > 0 && size->n_warm_values > 0)
            return size;
    }
    for (size_t i = 0; i < f->n_sizes; i++) {
        if (f->sizes[i].n_cold_values > 0 && f->sizes[i].n_warm_values > 0)
            return &f->sizes[i];
    }
    return NULL;
}

/* What the timeout ended was busy until then. */
static void copy_busy(const double *ms, size_t n, double timeout_ms, double *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = isinf(ms[i]) ? timeout_ms : ms[i];
}

static bool has_clock(const struct cp_demand *d)
{
    bool has_date = isfinite(d->first_ms) || d->law.kind == CP_ARRIVALS_WEEK;
    return has_date && cp_windows_has_clock(&d->law);
}

/* Each part of a span once: further rounds of it lie later in the week. */
static void set_windows(const struct cp_demand *d, double lifetime_ms, struct cp_pool_options *o)
{
    const struct cp_windows_question question = {.law = &d->law,
                                                 .first_ms = d->first_ms,
                                                 .arrivals = has_clock(d) ? ARRIVALS_WANTED_BY_HOUR
                                                                          : ARRIVALS_WANTED,
                                                 .lifetime_ms = lifetime_ms};
    cp_windows_set(&question, o);
    if (!(o->window_step_ms > 0))
        return;
    double once = rint(cp_arrivals_span_ms(&d->law) / o->window_step_ms);
    if (once >= 2)
        o->replications = (int)fmin(o->replications, once);
}

/* Hours that the log did not show itself; without a mark for cold starts. */
static void fill_week(struct cp_figures *f, const struct cp_pool_hour *hours)
{
    for (size_t i = 0; i < CP_TRAFFIC_HOURS; i++) {
        const struct cp_pool_hour *from = &hours[i];
        double minutes = from->counted_ms / CP_MS_PER_MINUTE;
        bool is_seen = from->counted_ms > 0;
        f->week[i] = (struct cp_traffic_hour){
            .n_minutes = (uint64_t)llround(minutes),
            .arrivals = from->n_arrivals,
            .cold_arrivals = from->n_cold,
            .arrivals_per_minute = is_seen ? (double)from->n_arrivals / minutes : (double)NAN,
            .mean_concurrency = from->mean,
            .in_flight_p50 = from->p50,
            .in_flight_p95 = from->p95,
            .in_flight_max = is_seen ? from->max : (double)NAN,
            .cold_share =
                from->n_arrivals ? (double)from->n_cold / (double)from->n_arrivals : (double)NAN,
        };
    }
    f->week_source = CP_WEEK_SIMULATED;
}

static void take_result(const struct cp_pool_result *r, struct cp_demand_figures *d)
{
    d->status = r->status;
    d->mean = r->mean_busy.value;
    d->p50 = r->p50_concurrency;
    d->p95 = r->p95_concurrency;
    d->p999 = r->p999_concurrency;
    d->max = r->max_concurrency;
}

static enum cp_code simulate(struct cp_figures *f, const struct cp_demand *demand,
                             const struct cp_size_figures *size, double *busy, struct cp_error *err)
{
    struct cp_demand_figures *d = &f->demand;
    struct cp_pool_hour hours[CP_ARRIVALS_HOURS] = {{0}};
    struct cp_pool_result result;
    double *warm = busy + size->n_cold_values;
    double longest_ms = cp_longest_probe_ms(&f->survival);
    const struct cp_pool_survival survival = {&f->survival, longest_ms};
    struct cp_pool_options o = {
        .arrivals = demand->law,
        .cold = {.ms = busy, .n = size->n_cold_values},
        .warm = {.ms = warm, .n = size->n_warm_values},
        .lifetime = cp_pool_law_of_survival(&survival),
        .seed = f->data->run.seed,
        .n_threads = CP_FIGURES_THREADS,
        .by_hour = has_clock(demand) ? hours : NULL,
    };
    copy_busy(size->cold_ms, size->n_cold_values, size->timeout_ms, busy);
    copy_busy(size->warm_ms, size->n_warm_values, size->timeout_ms, warm);
    set_windows(demand, longest_ms, &o);
    d->simulated_share = cp_windows_covered(&o);
    enum cp_code code = cp_pool_simulate(&o, &result, err);
    if (code)
        return code;
    take_result(&result, d);
    bool is_log_shown = f->week_source == CP_WEEK_LOGGED && !f->data->other_question[0];
    if (o.by_hour && !is_log_shown)
        fill_week(f, hours);
    return CP_OK;
}

enum cp_code cp_figures_read_demand(struct cp_figures *f, struct cp_error *err)
{
    struct cp_demand rate;
    const struct cp_demand *demand = cp_figures_demand(f->data, &rate);
    struct cp_demand_figures *d = &f->demand;
    *d = (struct cp_demand_figures){.status = CP_ENODATA, .mean_per_s = NAN, .peak_per_s = NAN};
    if (!demand || !cp_figures_has_traffic(f))
        return CP_OK;
    d->mean_per_s = cp_demand_per_s(demand);
    find_peak(&demand->law, d);
    const struct cp_size_figures *size = size_of(f);
    if (!size)
        return CP_OK;
    d->memory_size_mb = size->memory_size_mb;
    double *busy = calloc(size->n_cold_values + size->n_warm_values, sizeof *busy);
    enum cp_code code = busy ? simulate(f, demand, size, busy, err)
                             : cp_fail(err, CP_ENOMEM, "no memory for the durations of a size");
    free(busy);
    return code;
}
