/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/import/import_time.h"

#include <stdio.h>

#include "model/base/datetime.h"
#include "model/base/units.h"

enum { DAY_TEXT = sizeof "2026-10-08" - 1, TEXT_MAX = 40 };

/* A day alone is its beginning. */
static bool read_date(struct cp_view text, int64_t *at_ms)
{
    char day[TEXT_MAX];
    if (text.n != DAY_TEXT)
        return cp_datetime_parse(text, at_ms);
    (void)snprintf(day, sizeof day, "%.*sT00:00:00Z", (int)text.n, text.p);
    return cp_datetime_parse(cp_view_of(day), at_ms);
}

enum cp_code cp_import_time_read(const char *text, const char *option, int64_t now_ms,
                                 int64_t *at_ms, struct cp_error *err)
{
    struct cp_view view = cp_view_of(text);
    double ago_ms = 0;
    if (cp_view_is(view, "now")) {
        *at_ms = now_ms;
        return CP_OK;
    }
    if (read_date(view, at_ms))
        return CP_OK;
    if (!cp_units_parse_duration_ms(view, &ago_ms, NULL) && ago_ms < (double)now_ms) {
        *at_ms = now_ms - (int64_t)ago_ms;
        return CP_OK;
    }
    return cp_fail(err, CP_EINVAL,
                   "%s: '%.60s' is no time; write it like 7d, 12h, 2026-10-08 or "
                   "2026-10-08T14:00:00Z",
                   option, text);
}
