/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/apply_cron.h"

#include <stdio.h>
#include <string.h>

#include "model/base/units.h"

enum { DAYS = 7, HOURS_A_DAY = 24, EVERY_DAY = (1 << DAYS) - 1, DAYS_TEXT_MAX = 32 };
enum { MINUTES_AN_HOUR = 60, MINUTES_A_DAY = 24 * 60, MINUTES_A_WEEK = DAYS * MINUTES_A_DAY };
enum { PREPARATION_MIN = 2, ENVIRONMENTS_PER_MIN = 6000 };

int cp_apply_lead_min(int n)
{
    return PREPARATION_MIN + (n + ENVIRONMENTS_PER_MIN - 1) / ENVIRONMENTS_PER_MIN;
}

/* The same time of day and the same number on another day is one action. */
static void add_change(struct cp_apply_schedule *schedule, int minute_of_week, int n)
{
    int minute_of_day = minute_of_week % MINUTES_A_DAY;
    unsigned day = 1U << (minute_of_week / MINUTES_A_DAY);
    for (size_t i = 0; i < schedule->n; i++) {
        struct cp_apply_action *a = &schedule->action[i];
        if (a->minute_of_day == minute_of_day && a->n == n) {
            a->days |= day;
            return;
        }
    }
    schedule->action[schedule->n++] = (struct cp_apply_action){minute_of_day, day, n};
}

void cp_apply_schedule_make(const uint16_t by_hour[CP_ARRIVALS_HOURS],
                            struct cp_apply_schedule *out)
{
    out->n = 0;
    for (int hour = 0; hour < CP_ARRIVALS_HOURS; hour++) {
        int n = by_hour[hour];
        int before = by_hour[(hour + CP_ARRIVALS_HOURS - 1) % CP_ARRIVALS_HOURS];
        int lead_min = n > before ? cp_apply_lead_min(n) : 0;
        if (n != before)
            add_change(out, (hour * MINUTES_AN_HOUR - lead_min + MINUTES_A_WEEK) % MINUTES_A_WEEK,
                       n);
    }
}

/* "MON-FRI", "SAT,SUN", "MON,WED-FRI": days of a row of three or more as a range. */
static void add_days(unsigned days, char out[DAYS_TEXT_MAX])
{
    static const char *const names[DAYS] = {"MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"};
    size_t used = 0;
    out[0] = '\0';
    for (int day = 0; day < DAYS; day++) {
        int last = day;
        if (!(days >> day & 1U))
            continue;
        while (last + 1 < DAYS && days >> (last + 1) & 1U)
            last++;
        bool is_range = last >= day + 2;
        used += (size_t)snprintf(out + used, DAYS_TEXT_MAX - used, "%s%s%s%s", used ? "," : "",
                                 names[day], is_range ? "-" : "", is_range ? names[last] : "");
        day = is_range ? last : day;
    }
}

const char *cp_apply_cron(const struct cp_apply_action *action, char out[CP_CRON_MAX])
{
    char days[DAYS_TEXT_MAX];
    add_days(action->days, days);
    bool is_daily = action->days == EVERY_DAY;
    (void)snprintf(out, CP_CRON_MAX, "cron(%d %d %s * %s *)",
                   action->minute_of_day % MINUTES_AN_HOUR, action->minute_of_day / MINUTES_AN_HOUR,
                   is_daily ? "*" : "?", is_daily ? "?" : days);
    return out;
}

const char *cp_apply_action_name(const struct cp_apply_action *action, char out[CP_ACTION_NAME_MAX])
{
    char days[DAYS_TEXT_MAX];
    add_days(action->days, days);
    for (char *c = strchr(days, ','); c; c = strchr(c, ','))
        *c = '-';
    (void)snprintf(out, CP_ACTION_NAME_MAX, "coldprof-%s-%02d%02d-to-%d",
                   action->days == EVERY_DAY ? "daily" : days,
                   action->minute_of_day / MINUTES_AN_HOUR, action->minute_of_day % MINUTES_AN_HOUR,
                   action->n);
    return out;
}
