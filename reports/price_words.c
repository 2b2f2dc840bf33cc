/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the costs rest on, in words: prices with their date, terms, and what is not in them.
 */
#include "reports/warning_rule.h"

#include "model/base/datetime.h"
#include "model/base/units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define OLD_AFTER_DAYS 180.0

void cp_price_text(const struct cp_figures *f, struct cp_buf *out)
{
    const struct cp_price_book *book = f->price;
    if (cp_figures_is_wall_clock(f) || cp_figures_is_emulated(f))
        return;
    cp_buf_addf(out, "prices of %s, %s: %s", book->region, book->architecture, book->date);
    const struct cp_price_terms *terms = &f->data->terms;
    if (book->plan != CP_SAVINGS_NONE)
        cp_buf_addf(out, "; Compute Savings Plan, %s upfront",
                    book->plan == CP_SAVINGS_NO_UPFRONT ? "no" : "all");
    if (terms->has_free_tier)
        cp_buf_adds(out, "; free tier taken off what a month costs");
    if (terms->used_gb_s > 0)
        cp_buf_addf(out, "; tiers after %.3g GB-s of the account", terms->used_gb_s);
}

const char *cp_price_terms_words(const struct cp_figures *f)
{
    if (f->data->terms.has_free_tier)
        return "Monthly costs are what is left after the free tier; no other discount.";
    return f->price->plan == CP_SAVINGS_NONE ? "No free tier, no discount."
                                             : "No free tier, no other discount.";
}

const char *cp_snapshot_cost_words(const struct cp_figures *f)
{
    const struct cp_quote_function function = cp_quote_function_of(&f->data->run);
    const struct cp_price_book *book = f->price;
    if (function.has_free_snapshots)
        return "keeping and restoring snapshots is free for Java";
    if (isnan(book->snapshot_cache_usd_per_gb_s) || isnan(book->snapshot_restore_usd_per_gb))
        return "what SnapStart costs besides (keeping and restoring snapshots) is not in the "
               "costs: its prices here are not known";
    if (!cp_figures_has_traffic(f))
        return "what SnapStart costs besides (keeping and restoring snapshots) is not in the "
               "costs, since it depends on the traffic";
    return "costs per month hold one snapshot that is kept, and its restores";
}

/* Days from the price list to the run; NAN: the list has no date. */
static double age_days(const struct cp_figures *f)
{
    int64_t list_ms = 0;
    char date[CP_DATETIME_TEXT_MAX];
    (void)snprintf(date, sizeof date, "%.10sT00:00:00Z", f->price->date);
    if (!cp_datetime_parse(cp_view_of(date), &list_ms))
        return NAN;
    return (double)(f->data->run.started_at_ms - list_ms) / CP_MS_PER_DAY;
}

/* Of a run here there is no bill, and costs compare sizes only. */
bool cp_warn_old_prices(const struct cp_figures *f, struct cp_warning *w)
{
    double days = age_days(f);
    if (f->data->run.is_local || cp_figures_is_wall_clock(f) || days <= OLD_AFTER_DAYS)
        return false;
    if (isnan(days))
        cp_warning_say(w, "the prices of %s have no date: %s", f->price->region, f->price->source);
    else
        cp_warning_say(w,
                       "the prices of %s are %.0f days older than this run: they are those of %s",
                       f->price->region, days, f->price->date);
    return cp_warning_advise(w, "fetch today's: coldprof prices update --region %s",
                             f->price->region);
}
