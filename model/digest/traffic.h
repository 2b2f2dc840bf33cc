/* SPDX-License-Identifier: GPL-3.0-or-later
 * The traffic of a function, from the minutes of its digests: rates, the week by hour, concurrency,
 * peaks and gaps. Minutes between the first and the last one with anything count, also empty ones.
 *
 * Requests in flight are known at CP_DIGEST_MARKS instants a minute. Their mean over time is exact
 * (busy time over time); their quantiles are over those instants, and a peak between two of them is
 * not seen: `in_flight_max` is a lower bound of the true one.
 *
 * Hours and days are of a fixed offset to UTC, as logs have no time zone: summer time moves the
 * profile by an hour. Weeks begin on Monday.
 *
 * Ownership: cp_traffic_of fills, cp_traffic_clear frees.
 */
#ifndef COLDPROF_MODEL_TRAFFIC_H
#define COLDPROF_MODEL_TRAFFIC_H

#include <stddef.h>
#include <stdint.h>

#include "model/base/error.h"
#include "model/digest/digest.h"

enum {
    CP_TRAFFIC_HOURS = 168,     /* of a week */
    CP_TRAFFIC_GAP_MIN = 60,    /* minutes without anything that make a gap */
    CP_TRAFFIC_GAPS_MAX = 20,   /* the longest ones are listed */
    CP_TRAFFIC_OFFSET_MAX = 840 /* minutes; UTC+14 is the largest of all zones */
};

/* One hour of the week, over all weeks. */
struct cp_traffic_hour {
    uint64_t n_minutes; /* 0: the log has none, and the rest is NAN or 0 */
    uint64_t arrivals, cold_arrivals;
    double arrivals_per_minute;
    uint32_t max_arrivals_per_minute;
    double mean_concurrency;
    double in_flight_p50, in_flight_p95, in_flight_max; /* at marks */
    double cold_share;                                  /* NAN without arrivals */
};

struct cp_traffic_day {
    int64_t day; /* days since 1970-01-01, at the offset */
    uint64_t arrivals, cold_arrivals;
    double mean_concurrency; /* over the minutes of the day between first and last */
    double in_flight_max;
};

struct cp_traffic_gap {
    int64_t from_minute; /* unix ms / 60,000; UTC */
    int64_t n_minutes;
};

struct cp_traffic {
    enum cp_code status; /* CP_OK; CP_ENODATA: no minute has anything */
    int utc_offset_min;
    int64_t first_minute, last_minute; /* with anything; UTC */
    uint64_t arrivals, cold_arrivals;
    double arrivals_per_s, cold_share;
    double mean_concurrency;
    double in_flight_p50, in_flight_p95, in_flight_p99, in_flight_max;
    int64_t peak_minute; /* with most arrivals; the first of equal ones */
    uint64_t peak_arrivals;
    int64_t in_flight_max_minute;
    struct cp_traffic_hour hours[CP_TRAFFIC_HOURS]; /* [24 weekday + hour], Monday 0 */
    struct cp_traffic_day *days;                    /* every day from first to last, owned */
    size_t n_days;
    struct cp_traffic_gap gaps[CP_TRAFFIC_GAPS_MAX]; /* by time */
    size_t n_gaps;                                   /* listed */
    size_t n_gaps_in_all;
    int64_t gap_minutes; /* of all gaps */
};

/* Scopes together (versions of a function). CP_ENOMEM, CP_EINVAL: an offset no zone has. */
enum cp_code cp_traffic_of(const struct cp_digest_scope *const *scopes, size_t n,
                           int utc_offset_min, struct cp_traffic *out, struct cp_error *err);
void cp_traffic_clear(struct cp_traffic *t);

#endif
