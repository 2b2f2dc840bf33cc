/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the sweep itself cost, in words: the same in every format.
 */
#include <math.h>

#include "model/base/number.h"
#include "reports/figures.h"
#include "reports/format.h"

bool cp_figures_is_billed(const struct cp_figures *f)
{
    return f->data->run.quoted_usd > 0; /* NAN when nothing was quoted */
}

static void add_unknown(const struct cp_spend *spend, struct cp_buf *out)
{
    char n[CP_FORMAT_MAX];
    char usd[CP_NUMBER_MAX];
    if (spend->n_unknown == 0)
        return;
    cp_buf_addf(out, ", and up to %s more for %s invocation%s without a record",
                cp_number_small_usd(spend->unknown_usd, usd), cp_format_count(spend->n_unknown, n),
                spend->n_unknown == 1 ? "" : "s");
}

static void add_snapshots(const struct cp_spend *spend, struct cp_buf *out)
{
    char usd[CP_NUMBER_MAX];
    if (spend->snapshots_usd > 0)
        cp_buf_addf(out, ", and up to %s more for SnapStart's versions (their init and snapshots)",
                    cp_number_small_usd(spend->snapshots_usd, usd));
}

static void add_unpriced(const struct cp_figures *f, struct cp_buf *out)
{
    const char *unpriced = cp_quote_unpriced(f->price, &f->spend.function);
    if (unpriced)
        cp_buf_addf(out, "; without %s, whose price is not known", unpriced);
}

void cp_spend_text(const struct cp_figures *f, struct cp_buf *out)
{
    const struct cp_run *run = &f->data->run;
    char spent[CP_NUMBER_MAX];
    char quoted[CP_NUMBER_MAX];
    char limit[CP_NUMBER_MAX];
    if (!cp_figures_is_billed(f))
        return;
    cp_buf_addf(out, "spent USD %s of %s quoted", cp_number_small_usd(f->spend.billed_usd, spent),
                cp_number_small_usd(run->quoted_usd, quoted));
    add_unknown(&f->spend, out);
    add_snapshots(&f->spend, out);
    add_unpriced(f, out);
    if (!isnan(run->max_cost_usd))
        cp_buf_addf(out, "; limit %s", cp_number_small_usd(run->max_cost_usd, limit));
}
