/* SPDX-License-Identifier: GPL-3.0-or-later
 * The traffic a decision is about in sentences: the same in every format.
 */
#include "model/base/number.h"
#include "model/base/units.h"
#include "model/decide/demand.h"
#include "reports/figures.h"
#include "reports/format.h"

#include <math.h>
#include <stdbool.h>

void cp_demand_what_if_text(const struct cp_arrivals_law *law, struct cp_buf *out)
{
    char n[CP_NUMBER_MAX];
    char gap[CP_UNITS_TEXT_MAX];
    if (law->factor > 0 && fabs(law->factor - 1) > 0)
        cp_buf_addf(out, ", times %s", cp_number_short(law->factor, n));
    if (law->burst > 1)
        cp_buf_addf(out, ", %s together on average", cp_number_short(law->burst, n));
    if (law->burst > 1 && law->burst_gap_ms > 0)
        cp_buf_addf(out, " (%s apart)", cp_units_format_duration(law->burst_gap_ms, gap));
}

/* Traffic of so many requests that not all of its hours are played. */
static void add_covered(const struct cp_figures *f, struct cp_buf *out)
{
    const struct cp_demand *d = f->data->demand;
    char share[CP_FORMAT_MAX];
    if (!(f->decision.covered > 0 && f->decision.covered < 1))
        return;
    bool is_week = d && d->law.kind == CP_ARRIVALS_WEEK;
    cp_buf_addf(out, "; %s %% of %s was simulated",
                cp_format(CP_UNIT_PERCENT, f->decision.covered, share),
                is_week ? "the week" : "its time");
}

static void add_skipped(const struct cp_demand *d, struct cp_buf *out)
{
    char n[CP_FORMAT_MAX];
    if (d->n_skipped > 0)
        cp_buf_addf(out, "; %s row%s skipped", cp_format_count(d->n_skipped, n),
                    d->n_skipped == 1 ? "" : "s");
    if (d->first_skipped > 0) /* JSON has no lines */
        cp_buf_addf(out, ", the first in line %zu", d->first_skipped);
}

static void add_peak(const struct cp_demand_figures *d, struct cp_buf *out)
{
    char per_s[CP_NUMBER_MAX];
    char over[CP_UNITS_TEXT_MAX];
    if (!(d->peak_per_s > 0))
        return;
    bool is_minute = d->peak_over_ms <= CP_MS_PER_MINUTE;
    cp_buf_addf(out, ", %s/s at most in %s", cp_number_short(d->peak_per_s, per_s),
                is_minute ? "a minute" : cp_units_format_duration(d->peak_over_ms, over));
}

static void add_in_flight(const struct cp_demand_figures *d, struct cp_buf *out)
{
    char mean[CP_NUMBER_MAX];
    char p999[CP_NUMBER_MAX];
    char mb[CP_FORMAT_MAX];
    if (d->status != CP_OK)
        return;
    cp_buf_addf(out, "; %s requests in flight on average, %s at p99.9 (%s MB)",
                cp_number_short(d->mean, mean), cp_number_exact(d->p999, p999),
                cp_format(CP_UNIT_MB, d->memory_size_mb, mb));
}

void cp_demand_text(const struct cp_figures *f, struct cp_buf *out)
{
    const struct cp_demand *d = f->data->demand;
    char per_s[CP_NUMBER_MAX];
    if (!cp_figures_has_traffic(f))
        return;
    cp_buf_addf(out, "traffic: %s/s mean", cp_number_short(f->data->run.traffic_per_s, per_s));
    add_peak(&f->demand, out);
    if (d && d->law.kind != CP_ARRIVALS_POISSON)
        cp_buf_addf(out, ", %s", d->words);
    if (d)
        cp_demand_what_if_text(&d->law, out);
    add_in_flight(&f->demand, out);
    add_covered(f, out);
    if (d)
        add_skipped(d, out);
}

void cp_other_question_text(const struct cp_figures *f, struct cp_buf *out)
{
    if (f->data->other_question[0])
        cp_buf_addf(out, "asked anew, the run is unchanged; its own question: %s",
                    f->data->other_question);
}
