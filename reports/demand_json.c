/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/demand_json.h"

#include "model/base/units.h"
#include "model/decide/demand.h"
#include "reports/figures.h"

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
    cp_json_add_text(j, "asked_instead_of", f->data->other_question);
    cp_json_close(j, '}');
}
