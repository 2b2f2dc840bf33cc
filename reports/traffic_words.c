/* SPDX-License-Identifier: GPL-3.0-or-later
 * The traffic of a log in sentences: the same in every format.
 */
#include <math.h>
#include <stdio.h>

#include "model/base/datetime.h"
#include "model/base/number.h"
#include "model/base/units.h"
#include "reports/figures.h"
#include "reports/format.h"

enum { MINUTES_AN_HOUR = 60, MINUTE_LENGTH = 16, DATE_AND_TIME = 10 };

/* "2026-10-08 14:03" */
static const char *minute_text(int64_t minute, char out[CP_DATETIME_TEXT_MAX])
{
    (void)cp_datetime_format(minute * CP_MS_PER_MINUTE, CP_DATETIME_ISO_S, out);
    out[DATE_AND_TIME] = ' ';
    out[MINUTE_LENGTH] = '\0';
    return out;
}

static const char *short_text(double value, char out[CP_FORMAT_MAX])
{
    return cp_format(CP_UNIT_PLAIN, value, out);
}

void cp_traffic_text(const struct cp_figures *f, struct cp_buf *out)
{
    const struct cp_traffic *t = &f->traffic;
    char mean[CP_FORMAT_MAX];
    char peak[CP_FORMAT_MAX];
    char when[CP_DATETIME_TEXT_MAX];
    char in_flight[4][CP_FORMAT_MAX];
    if (t->status != CP_OK)
        return;
    cp_buf_addf(out,
                "arrivals a minute: mean %s, most %s (%s UTC); in flight: mean %s, p50 %s, p95 %s, "
                "max %s",
                short_text(t->arrivals_per_s * MINUTES_AN_HOUR, mean),
                cp_format_count((size_t)t->peak_arrivals, peak), minute_text(t->peak_minute, when),
                short_text(t->mean_concurrency, in_flight[0]),
                cp_number_exact(t->in_flight_p50, in_flight[1]),
                cp_number_exact(t->in_flight_p95, in_flight[2]),
                cp_number_exact(t->in_flight_max, in_flight[3]));
}

static void add_retries(const struct cp_figures *f, struct cp_buf *out)
{
    const struct cp_digest_retries *r = &f->retries;
    char share[CP_FORMAT_MAX];
    if (r->n_requests == 0)
        return;
    cp_buf_addf(out, "; tried again: %s %% of requests%s",
                cp_format(CP_UNIT_PERCENT, r->retried_share, share),
                r->is_all ? "" : " (of a sample)");
}

void cp_coverage_text(const struct cp_figures *f, struct cp_buf *out)
{
    const struct cp_traffic *t = &f->traffic;
    char hours[CP_FORMAT_MAX];
    char gap[CP_FORMAT_MAX];
    if (t->status != CP_OK)
        return;
    double minutes = (double)(t->last_minute - t->first_minute + 1);
    cp_buf_addf(out, "covers %s hours", short_text(minutes / MINUTES_AN_HOUR, hours));
    if (t->n_gaps_in_all > 0)
        cp_buf_addf(out, ", of these %s in %zu gap%s of an hour or more without any record",
                    short_text((double)t->gap_minutes / MINUTES_AN_HOUR, gap), t->n_gaps_in_all,
                    t->n_gaps_in_all == 1 ? "" : "s");
    add_retries(f, out);
}

void cp_failures_text(const struct cp_figures *f, struct cp_buf *out)
{
    static const struct {
        enum cp_outcome outcome;
        const char *one, *many;
    } kinds[] = {
        {CP_OUTCOME_TIMEOUT, "timeout", "timeouts"},
        {CP_OUTCOME_OUT_OF_MEMORY, "out of memory", "out of memory"},
        {CP_OUTCOME_INIT_FAILED, "failed init", "failed inits"},
        {CP_OUTCOME_ERROR, "error", "errors"},
    };
    const char *separator = "failed: ";
    char n[CP_FORMAT_MAX];
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t count = f->n_by_outcome[kinds[i].outcome];
        if (count == 0)
            continue;
        cp_buf_addf(out, "%s%s %s", separator, cp_format_count(count, n),
                    count == 1 ? kinds[i].one : kinds[i].many);
        separator = ", ";
    }
}

/* "init billed for 300 of 300 cold starts since 2025-08-01, for 0 of 120 before" */
void cp_eras_text(const struct cp_figures *f, struct cp_buf *out)
{
    const struct cp_digest_era *since = &f->eras[CP_ERA_INIT_PAID];
    struct cp_digest_era before = f->eras[CP_ERA_INIT_FREE];
    char n[4][CP_FORMAT_MAX];
    before.n_cold += f->eras[CP_ERA_100_MS].n_cold;
    before.n_init_billed += f->eras[CP_ERA_100_MS].n_init_billed;
    if (since->n_cold + before.n_cold == 0)
        return;
    cp_buf_addf(out, "%s billed for", cp_startup_word(f->fresh_start));
    if (since->n_cold > 0)
        cp_buf_addf(out, " %s of %s cold starts since 2025-08-01",
                    cp_format_count((size_t)since->n_init_billed, n[0]),
                    cp_format_count((size_t)since->n_cold, n[1]));
    if (before.n_cold > 0)
        cp_buf_addf(out, "%s %s of %s %s", since->n_cold > 0 ? ", for" : "",
                    cp_format_count((size_t)before.n_init_billed, n[2]),
                    cp_format_count((size_t)before.n_cold, n[3]),
                    since->n_cold > 0 ? "before" : "cold starts before 2025-08-01");
}
