/* SPDX-License-Identifier: GPL-3.0-or-later
 * Tables that only a log has.
 */
#include <math.h>

#include "reports/figures.h"
#include "reports/table.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct cp_cell number(double value)
{
    return (struct cp_cell){.number = {value, NAN, NAN}, .text = ""};
}

static struct cp_cell text(const char *s)
{
    return (struct cp_cell){.number = {NAN, NAN, NAN}, .text = s};
}

/* --- who paid for init --- */

static const char *const era_names[CP_ERA_COUNT] = {
    [CP_ERA_UNKNOWN] = "time unknown",
    [CP_ERA_100_MS] = "to 2020-11-30",
    [CP_ERA_INIT_FREE] = "2020-12-01 to 2025-07-31",
    [CP_ERA_INIT_PAID] = "from 2025-08-01",
};

/* The row-th era with records, in order of time; CP_ERA_COUNT beyond the last. */
static enum cp_billing_era era_of(const struct cp_figures *f, size_t row)
{
    static const enum cp_billing_era order[] = {CP_ERA_100_MS, CP_ERA_INIT_FREE, CP_ERA_INIT_PAID,
                                                CP_ERA_UNKNOWN};
    for (size_t i = 0; i < COUNT(order); i++) {
        if (f->eras[order[i]].n_cold > 0 && row-- == 0)
            return order[i];
    }
    return CP_ERA_COUNT;
}

static size_t n_eras(const struct cp_figures *f)
{
    size_t n = 0;
    while (n < CP_ERA_COUNT && era_of(f, n) != CP_ERA_COUNT)
        n++;
    return n;
}

static struct cp_cell era_name(const struct cp_figures *f, size_t row)
{
    return text(era_names[era_of(f, row)]);
}

static struct cp_cell era_cold(const struct cp_figures *f, size_t row)
{
    return number((double)f->eras[era_of(f, row)].n_cold);
}

static struct cp_cell era_billed(const struct cp_figures *f, size_t row)
{
    return number((double)f->eras[era_of(f, row)].n_init_billed);
}

static struct cp_cell era_share(const struct cp_figures *f, size_t row)
{
    const struct cp_digest_era *era = &f->eras[era_of(f, row)];
    return number((double)era->n_init_billed / (double)era->n_cold);
}

static const struct cp_column era_columns[] = {
    {"time", "time", CP_UNIT_TEXT, false, false, era_name},
    {"n_cold", "cold starts", CP_UNIT_COUNT, false, false, era_cold},
    {"n_init_billed", "{init} billed", CP_UNIT_COUNT, false, false, era_billed},
    {"init_billed_ratio", "share", CP_UNIT_PERCENT, false, false, era_share},
};

const struct cp_table cp_table_eras = {
    "eras",      "Cold starts whose {init} was billed, by the time of billing",
    era_columns, COUNT(era_columns),
    n_eras,      NULL};

/* --- the week by hour --- */

enum { HOURS_A_DAY = 24 };

#define HOUR_CELL(name, expression)                                                                \
    static struct cp_cell name(const struct cp_figures *f, size_t row)                             \
    {                                                                                              \
        const struct cp_traffic_hour *h = &f->week[row];                                           \
        return number(expression);                                                                 \
    }

HOUR_CELL(hour_minutes, (double)h->n_minutes)
HOUR_CELL(hour_arrivals, h->arrivals_per_minute)
HOUR_CELL(hour_most, h->n_minutes ? (double)h->max_arrivals_per_minute : (double)NAN)
HOUR_CELL(hour_cold, h->cold_share)
HOUR_CELL(hour_mean, h->mean_concurrency)
HOUR_CELL(hour_p50, h->in_flight_p50)
HOUR_CELL(hour_p95, h->in_flight_p95)
HOUR_CELL(hour_max, h->in_flight_max)

static struct cp_cell hour_provisioned(const struct cp_figures *f, size_t row)
{
    return number(cp_figures_provisioned_at(f, row));
}

static struct cp_cell hour_day(const struct cp_figures *f, size_t row)
{
    static const char *const days[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                       "Friday", "Saturday", "Sunday"};
    (void)f;
    return text(days[row / HOURS_A_DAY]);
}

static struct cp_cell hour_hour(const struct cp_figures *f, size_t row)
{
    (void)f;
    return number((double)(row % HOURS_A_DAY));
}

static size_t n_hours(const struct cp_figures *f)
{
    return cp_figures_has_week(f) ? CP_TRAFFIC_HOURS : 0;
}

static const struct cp_column week_columns[] = {
    {"day", "day", CP_UNIT_TEXT, false, false, hour_day},
    {"hour_utc", "hour, UTC", CP_UNIT_COUNT, false, false, hour_hour},
    {"n_minutes", "minutes", CP_UNIT_COUNT, false, false, hour_minutes},
    {"arrivals_per_minute", "arrivals a minute", CP_UNIT_PLAIN, false, false, hour_arrivals},
    {"max_arrivals_per_minute", "most", CP_UNIT_COUNT, false, false, hour_most},
    {"cold_share_ratio", "cold share", CP_UNIT_PERCENT, false, false, hour_cold},
    {"mean_concurrency", "mean in flight", CP_UNIT_PLAIN, false, false, hour_mean},
    {"in_flight_p50", "p50", CP_UNIT_PLAIN, false, false, hour_p50},
    {"in_flight_p95", "p95", CP_UNIT_PLAIN, false, false, hour_p95},
    {"in_flight_max", "max", CP_UNIT_COUNT, false, false, hour_max},
    {"provisioned", "provisioned", CP_UNIT_COUNT, false, false, hour_provisioned},
};

const struct cp_table cp_table_week = {
    "week",       "The week by hour: arrivals and requests in flight",
    week_columns, COUNT(week_columns),
    n_hours,      NULL};
