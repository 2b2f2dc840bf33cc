/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/apply_cron.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "model/decide/schedule_words.h"

enum { DAYS = 7, HOURS_A_DAY = 24, MINUTES_AN_HOUR = 60, MINUTES_A_DAY = 24 * 60 };
enum { DAYS_TEXT_MAX = 32 };
enum { PREPARATION_MIN = 2, ENVIRONMENTS_PER_MIN = 6000 };

int cp_apply_lead_min(int n)
{
    return PREPARATION_MIN + (n + ENVIRONMENTS_PER_MIN - 1) / ENVIRONMENTS_PER_MIN;
}

static void add_action(struct cp_apply_schedule *schedule, int minute_of_day, unsigned days, int n)
{
    if (days)
        schedule->action[schedule->n++] = (struct cp_apply_action){minute_of_day, days, n};
}

/* Of the days of a change those on which the number rises. */
static unsigned rising_days(const uint16_t by_hour[CP_ARRIVALS_HOURS],
                            const struct cp_schedule_change *change)
{
    unsigned rising = 0;
    for (int day = 0; day < DAYS; day++) {
        int hour = day * HOURS_A_DAY + change->hour;
        int before = by_hour[(hour + CP_ARRIVALS_HOURS - 1) % CP_ARRIVALS_HOURS];
        if (change->days >> day & 1U && change->n > before)
            rising |= 1U << day;
    }
    return rising;
}

static unsigned day_before(unsigned days)
{
    return (days >> 1 | days << (DAYS - 1)) & CP_DAYS_ALL;
}

void cp_apply_schedule_make(const uint16_t by_hour[CP_ARRIVALS_HOURS],
                            struct cp_apply_schedule *out)
{
    struct cp_schedule_change changes[CP_ARRIVALS_HOURS];
    size_t n = cp_schedule_changes(by_hour, changes);
    out->n = 0;
    for (size_t i = 0; i < n; i++) {
        const struct cp_schedule_change *c = &changes[i];
        unsigned rising = rising_days(by_hour, c);
        int early = c->hour * MINUTES_AN_HOUR - cp_apply_lead_min(c->n);
        if (early < 0)
            add_action(out, early + MINUTES_A_DAY, day_before(rising), c->n);
        else
            add_action(out, early, rising, c->n);
        add_action(out, c->hour * MINUTES_AN_HOUR, c->days & ~rising, c->n);
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
    bool is_daily = action->days == CP_DAYS_ALL;
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
                   action->days == CP_DAYS_ALL ? "daily" : days,
                   action->minute_of_day / MINUTES_AN_HOUR, action->minute_of_day % MINUTES_AN_HOUR,
                   action->n);
    return out;
}
