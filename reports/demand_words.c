/* SPDX-License-Identifier: GPL-3.0-or-later
 * The traffic a decision is about in sentences: the same in every format.
 */
#include "model/base/number.h"
#include "model/base/units.h"
#include "model/decide/demand.h"
#include "reports/figures.h"
#include "reports/format.h"

#include <math.h>
#include <string.h>

static void add_what_if(const struct cp_arrivals_law *law, struct cp_buf *out)
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

static void add_skipped(const struct cp_demand *d, struct cp_buf *out)
{
    char n[CP_FORMAT_MAX];
    if (d->n_skipped > 0)
        cp_buf_addf(out, "; %s row%s skipped, the first in line %zu",
                    cp_format_count(d->n_skipped, n), d->n_skipped == 1 ? "" : "s",
                    d->first_skipped);
}

void cp_demand_text(const struct cp_figures *f, struct cp_buf *out)
{
    const struct cp_demand *d = f->data->demand;
    char per_s[CP_NUMBER_MAX];
    if (!cp_figures_has_traffic(f))
        return;
    cp_buf_addf(out, "traffic: %s/s mean", cp_number_short(f->data->run.traffic_per_s, per_s));
    if (!d)
        return;
    if (d->law.kind != CP_ARRIVALS_POISSON)
        cp_buf_addf(out, ", %s", d->words);
    add_what_if(&d->law, out);
    add_skipped(d, out);
}

void cp_other_question_text(const struct cp_figures *f, struct cp_buf *out)
{
    if (f->data->other_question[0])
        cp_buf_addf(out, "asked anew, the run is unchanged; its own question: %s",
                    f->data->other_question);
}
