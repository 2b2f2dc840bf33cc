/* SPDX-License-Identifier: GPL-3.0-or-later
 * A history as the CSV that Apache Otava imports: time, commit and one column for each metric of
 * the newest night, a row a night. Its reader takes neither an empty cell nor infinity, so a night
 * without a value repeats the one before (the first ones that which follows), as Otava fills gaps
 * itself; and a quantile among the timeouts is the lower end of its interval, which it is at least.
 */
#include <math.h>

#include "model/base/datetime.h"
#include "reports/format.h"
#include "reports/gate_parts.h"

static double value_of(const struct cp_night *night, const struct cp_metric_key *metric)
{
    const struct cp_night_metric *found = cp_night_find(night, metric);
    if (!found)
        return NAN;
    double ms = isinf(found->ms.value) ? found->ms.low : found->ms.value;
    return isfinite(ms) ? ms : NAN;
}

static double value_or_neighbour(const struct cp_history *history, size_t at,
                                 const struct cp_metric_key *metric)
{
    double ms = NAN;
    for (size_t i = at + 1; i-- > 0 && isnan(ms);)
        ms = value_of(&history->nights[i], metric);
    for (size_t i = at + 1; i < history->n_nights && isnan(ms); i++)
        ms = value_of(&history->nights[i], metric);
    return ms;
}

/* The columns: what the newest night knows. */
static bool is_column(const struct cp_night *newest, size_t k)
{
    return !isnan(value_of(newest, &newest->metrics[k].metric));
}

static void add_head(const struct cp_night *newest, struct cp_buf *out)
{
    char name[CP_METRIC_KEY_MAX];
    cp_buf_adds(out, "time,commit");
    for (size_t k = 0; k < newest->n_metrics; k++) {
        if (is_column(newest, k))
            cp_buf_addf(out, ",%s", cp_metric_key_name(&newest->metrics[k].metric, name));
    }
    cp_buf_adds(out, "\r\n");
}

static void add_night(const struct cp_history *history, size_t at, const struct cp_night *newest,
                      struct cp_buf *out)
{
    const struct cp_night *night = &history->nights[at];
    char time[CP_DATETIME_TEXT_MAX];
    cp_buf_addf(out, "%s,", cp_datetime_format(night->started_at_ms, CP_DATETIME_ISO_S, time));
    cp_text_csv(out, night->code_sha256);
    for (size_t k = 0; k < newest->n_metrics; k++) {
        if (!is_column(newest, k))
            continue;
        cp_buf_addc(out, ',');
        cp_gate_number(out, value_or_neighbour(history, at, &newest->metrics[k].metric));
    }
    cp_buf_adds(out, "\r\n");
}

void cp_history_otava_csv(const struct cp_history *history, struct cp_buf *out)
{
    static const struct cp_night none = {.n_metrics = 0};
    size_t n = history->n_nights;
    const struct cp_night *newest = n ? &history->nights[n - 1] : &none;
    add_head(newest, out);
    for (size_t i = 0; i < n; i++)
        add_night(history, i, newest, out);
}
