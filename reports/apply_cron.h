/* SPDX-License-Identifier: GPL-3.0-or-later
 * A week of provisioned concurrency by the hour as scheduled actions with cron expressions, UTC.
 *
 * Environments are ready only some time after they are asked for: Lambda prepares for 1 to 2
 * minutes, then starts up to 6,000 environments a minute, and none is usable before all are
 * (developer guide, lambda-concurrency). More of them are therefore asked for that much before
 * the hour; fewer at the hour itself.
 */
#ifndef COLDPROF_REPORTS_APPLY_CRON_H
#define COLDPROF_REPORTS_APPLY_CRON_H

#include <stddef.h>
#include <stdint.h>

#include "model/decide/arrivals.h"

enum { CP_CRON_MAX = 64, CP_ACTION_NAME_MAX = 64 };

struct cp_apply_action {
    int minute_of_day; /* UTC */
    unsigned days;     /* bit 0 Monday .. bit 6 Sunday */
    int n;             /* environments from then on */
};

struct cp_apply_schedule {
    struct cp_apply_action action[CP_ARRIVALS_HOURS];
    size_t n;
};

/* Minutes from asking for `n` environments until they are ready. */
int cp_apply_lead_min(int n);
/* In the order of the week; none when all hours are the same. */
void cp_apply_schedule_make(const uint16_t by_hour[CP_ARRIVALS_HOURS],
                            struct cp_apply_schedule *out);
/* "cron(57 7 ? * MON-FRI *)" */
const char *cp_apply_cron(const struct cp_apply_action *action, char out[CP_CRON_MAX]);
/* Unique within a schedule: "coldprof-MON-FRI-0757-to-5" */
const char *cp_apply_action_name(const struct cp_apply_action *action,
                                 char out[CP_ACTION_NAME_MAX]);

#endif
