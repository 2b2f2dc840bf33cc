/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/demand_json.h"

#include "model/base/units.h"
#include "model/decide/demand.h"
#include "reports/figures.h"

#include <math.h>
#include <stdbool.h>

static double or_one(double value)
{
    return value > 0 ? value : 1;
}

static void add_law(struct cp_json *j, const struct cp_demand *d)
{
    cp_json_add_text(j, "kind", cp_demand_kind_name(d->law.kind));
    cp_json_add_text(j, "words", d->words);
    cp_json_add_number(j, "mean_per_s", cp_demand_per_s(d));
    cp_json_add_number(j, "requests", d->requests);
    cp_json_add_number(j, "first_at_ms", d->first_ms);
    cp_json_add_number(j, "span_s", d->span_ms / CP_MS_PER_S);
    cp_json_add_number(j, "burst", or_one(d->law.burst));
    cp_json_add_number(j, "burst_gap_ms", d->law.burst_gap_ms);
    cp_json_add_number(j, "factor", or_one(d->law.factor));
    cp_json_add_count(j, "n_skipped_rows", d->n_skipped);
}

/* Simulated on demand; nulls without durations. */
static void add_in_flight(struct cp_json *j, const struct cp_demand_figures *d)
{
    bool is_known = d->status == CP_OK;
    cp_json_open(j, "in_flight", '{');
    cp_json_add_int(j, "memory_size_mb", is_known ? d->memory_size_mb : -1);
    cp_json_add_number(j, "mean", is_known ? d->mean : (double)NAN);
    cp_json_add_number(j, "p50", is_known ? d->p50 : (double)NAN);
    cp_json_add_number(j, "p95", is_known ? d->p95 : (double)NAN);
    cp_json_add_number(j, "p999", is_known ? d->p999 : (double)NAN);
    cp_json_add_number(j, "max", is_known ? d->max : (double)NAN);
    cp_json_add_number(j, "simulated_ratio", is_known ? d->simulated_share : (double)NAN);
    cp_json_close(j, '}');
}

static void add_week(struct cp_json *j, const struct cp_figures *f)
{
    if (f->week_source != CP_WEEK_SIMULATED)
        return;
    cp_json_open(j, "hours", '[');
    for (size_t i = 0; i < CP_TRAFFIC_HOURS; i++) {
        const struct cp_traffic_hour *h = &f->week[i];
        cp_json_open(j, NULL, '{');
        cp_json_add_count(j, "hour_of_week_utc", i);
        cp_json_add_number(j, "arrivals_per_minute", h->arrivals_per_minute);
        cp_json_add_number(j, "mean_in_flight", h->mean_concurrency);
        cp_json_add_number(j, "in_flight_p50", h->in_flight_p50);
        cp_json_add_number(j, "in_flight_p95", h->in_flight_p95);
        cp_json_add_number(j, "in_flight_max", h->in_flight_max);
        cp_json_add_number(j, "cold_share_ratio", h->cold_share);
        cp_json_close(j, '}');
    }
    cp_json_close(j, ']');
}

void cp_demand_json(struct cp_json *j, const struct cp_figures *f)
{
    const struct cp_demand rate = cp_demand_of_rate(f->data->run.traffic_per_s);
    if (!cp_figures_has_traffic(f)) {
        cp_json_key(j, "demand");
        cp_buf_adds(j->out, "null");
        return;
    }
    cp_json_open(j, "demand", '{');
    add_law(j, f->data->demand ? f->data->demand : &rate);
    cp_json_add_number(j, "peak_per_s", f->demand.peak_per_s);
    cp_json_add_number(j, "peak_over_s", f->demand.peak_over_ms / CP_MS_PER_S);
    cp_json_add_text(j, "asked_instead_of", f->data->other_question);
    add_in_flight(j, &f->demand);
    add_week(j, f);
    cp_json_close(j, '}');
}
