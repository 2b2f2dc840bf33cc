/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/digest/traffic.h"
#include "model/base/units.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "model/digest/histogram.h"

enum { MONDAY = 3 }; /* 1970-01-01 was a Thursday */
static const int64_t MINUTES_A_DAY = 1440;
static const int64_t MINUTES_A_WEEK = 10080;

/* Minutes of several scopes as one series. */
struct cursor {
    const struct cp_digest_scope *scope;
    size_t at;
    struct cp_digest_minute minute;
    bool is_there;
};

struct series {
    struct cursor *cursors;
    size_t n;
};

/* Requests in flight at marks: a histogram for each hour of the week, and one for all. */
struct gathering {
    struct cp_histogram in_flight[CP_TRAFFIC_HOURS], in_flight_all;
    uint64_t busy_ms[CP_TRAFFIC_HOURS], busy_ms_all;
    size_t cap_days;
};

static void step(struct cursor *c)
{
    c->is_there = cp_digest_next_minute(c->scope, &c->at, &c->minute);
}

static enum cp_code open_series(struct series *s, const struct cp_digest_scope *const *scopes,
                                size_t n)
{
    *s = (struct series){.cursors = calloc(n + 1, sizeof *s->cursors), .n = n};
    if (!s->cursors)
        return CP_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        s->cursors[i].scope = scopes[i];
        step(&s->cursors[i]);
    }
    return CP_OK;
}

static void add_minute(struct cp_digest_minute *to, const struct cp_digest_minute *from)
{
    to->arrivals += from->arrivals;
    to->cold_arrivals += from->cold_arrivals;
    to->busy_ms += from->busy_ms;
    for (size_t i = 0; i < CP_DIGEST_MARKS; i++)
        to->in_flight[i] += from->in_flight[i];
}

/* Earliest minute of any scope, with the sums of all. */
static bool next_minute(struct series *s, struct cp_digest_minute *out)
{
    bool is_any = false;
    *out = (struct cp_digest_minute){.minute = INT64_MAX};
    for (size_t i = 0; i < s->n; i++) {
        const struct cursor *c = &s->cursors[i];
        if (c->is_there && c->minute.minute < out->minute)
            out->minute = c->minute.minute;
    }
    for (size_t i = 0; i < s->n; i++) {
        struct cursor *c = &s->cursors[i];
        if (!c->is_there || c->minute.minute != out->minute)
            continue;
        add_minute(out, &c->minute);
        step(c);
        is_any = true;
    }
    return is_any;
}

static size_t hour_of(const struct cp_traffic *t, int64_t minute)
{
    int64_t local = minute + t->utc_offset_min + MONDAY * MINUTES_A_DAY;
    return (size_t)(local / 60 % CP_TRAFFIC_HOURS);
}

static int64_t day_of(const struct cp_traffic *t, int64_t minute)
{
    return (minute + t->utc_offset_min) / MINUTES_A_DAY;
}

/* Room for that many days. */
static bool reserve_days(struct cp_traffic *t, struct gathering *g, size_t needed)
{
    if (needed <= g->cap_days)
        return true;
    size_t cap = needed + needed / 2 + 8;
    struct cp_traffic_day *days = realloc(t->days, cap * sizeof *days);
    if (!days)
        return false;
    t->days = days;
    g->cap_days = cap;
    return true;
}

/* The day of the minute, which becomes the last one, after those before it; NULL: no memory. */
static struct cp_traffic_day *turn_to_day(struct cp_traffic *t, struct gathering *g, int64_t minute)
{
    int64_t day = day_of(t, minute);
    int64_t first = t->n_days ? t->days[0].day : day;
    size_t needed = (size_t)(day - first) + 1;
    if (!reserve_days(t, g, needed))
        return NULL;
    for (; t->n_days < needed; t->n_days++)
        t->days[t->n_days] = (struct cp_traffic_day){.day = first + (int64_t)t->n_days};
    return &t->days[needed - 1];
}

static void note_gap(struct cp_traffic *t, int64_t from, int64_t n_minutes)
{
    if (n_minutes < CP_TRAFFIC_GAP_MIN)
        return;
    t->n_gaps_in_all++;
    t->gap_minutes += n_minutes;
    if (t->n_gaps == CP_TRAFFIC_GAPS_MAX) { /* the shortest makes room */
        size_t shortest = 0;
        for (size_t i = 1; i < t->n_gaps; i++) {
            if (t->gaps[i].n_minutes < t->gaps[shortest].n_minutes)
                shortest = i;
        }
        if (t->gaps[shortest].n_minutes >= n_minutes)
            return;
        t->n_gaps--;
        memmove(&t->gaps[shortest], &t->gaps[shortest + 1],
                (t->n_gaps - shortest) * sizeof *t->gaps);
    }
    t->gaps[t->n_gaps++] = (struct cp_traffic_gap){from, n_minutes};
}

static enum cp_code count_marks(struct cp_traffic *t, struct gathering *g,
                                const struct cp_digest_minute *m, size_t hour,
                                struct cp_traffic_day *day)
{
    enum cp_code code = CP_OK;
    for (size_t i = 0; i < CP_DIGEST_MARKS && !code; i++) {
        double in_flight = m->in_flight[i];
        if (in_flight > t->in_flight_max) {
            t->in_flight_max = in_flight;
            t->in_flight_max_minute = m->minute;
        }
        day->in_flight_max = fmax(day->in_flight_max, in_flight);
        code = cp_histogram_add(&g->in_flight[hour], m->in_flight[i]);
        if (!code)
            code = cp_histogram_add(&g->in_flight_all, m->in_flight[i]);
    }
    return code;
}

static enum cp_code count_minute(struct cp_traffic *t, struct gathering *g,
                                 const struct cp_digest_minute *m)
{
    size_t hour = hour_of(t, m->minute);
    struct cp_traffic_hour *of_week = &t->hours[hour];
    struct cp_traffic_day *day = turn_to_day(t, g, m->minute);
    if (!day)
        return CP_ENOMEM;
    t->arrivals += m->arrivals;
    t->cold_arrivals += m->cold_arrivals;
    of_week->arrivals += m->arrivals;
    of_week->cold_arrivals += m->cold_arrivals;
    day->arrivals += m->arrivals;
    day->cold_arrivals += m->cold_arrivals;
    g->busy_ms_all += m->busy_ms;
    g->busy_ms[hour] += m->busy_ms;
    day->mean_concurrency += (double)m->busy_ms; /* a mean once all are summed */
    if (m->arrivals > of_week->max_arrivals_per_minute)
        of_week->max_arrivals_per_minute = m->arrivals;
    if (m->arrivals > t->peak_arrivals) {
        t->peak_arrivals = m->arrivals;
        t->peak_minute = m->minute;
    }
    return count_marks(t, g, m, hour, day);
}

static enum cp_code gather(struct cp_traffic *t, struct gathering *g, struct series *s)
{
    struct cp_digest_minute m;
    enum cp_code code = CP_OK;
    while (!code && next_minute(s, &m)) {
        if (t->status) {
            t->status = CP_OK;
            t->first_minute = m.minute;
        } else {
            note_gap(t, t->last_minute + 1, m.minute - t->last_minute - 1);
        }
        t->last_minute = m.minute;
        code = count_minute(t, g, &m);
    }
    return code;
}

/* Empty minutes were not met: they are in flight 0 times CP_DIGEST_MARKS. */
static double quantile(const struct cp_histogram *h, uint64_t n_minutes, double q)
{
    uint64_t n = n_minutes * CP_DIGEST_MARKS;
    uint64_t rank = (uint64_t)ceil(q * (double)n);
    uint64_t n_empty = n - h->n;
    rank = rank ? rank - 1 : 0;
    return rank < n_empty ? 0 : cp_histogram_rank(h, rank - n_empty);
}

static double ratio(uint64_t part, uint64_t whole)
{
    return whole ? (double)part / (double)whole : NAN;
}

/* Minutes of each hour of the week from first to last: full weeks, and the rest one by one. */
static void count_covered(struct cp_traffic *t)
{
    int64_t n = t->last_minute - t->first_minute + 1;
    for (size_t i = 0; i < CP_TRAFFIC_HOURS; i++)
        t->hours[i].n_minutes = (uint64_t)(n / MINUTES_A_WEEK) * 60;
    for (int64_t i = 0; i < n % MINUTES_A_WEEK; i++)
        t->hours[hour_of(t, t->first_minute + i)].n_minutes++;
}

static void finish_hour(struct cp_traffic_hour *hour, const struct cp_histogram *in_flight,
                        uint64_t busy_ms)
{
    hour->cold_share = ratio(hour->cold_arrivals, hour->arrivals);
    hour->arrivals_per_minute = ratio(hour->arrivals, hour->n_minutes);
    hour->mean_concurrency = ratio(busy_ms, hour->n_minutes * CP_MS_PER_MINUTE);
    hour->in_flight_p50 = hour->in_flight_p95 = hour->in_flight_max = NAN;
    if (!hour->n_minutes)
        return;
    hour->in_flight_p50 = quantile(in_flight, hour->n_minutes, 0.50);
    hour->in_flight_p95 = quantile(in_flight, hour->n_minutes, 0.95);
    hour->in_flight_max = in_flight->n ? (double)in_flight->max : 0;
}

static int64_t largest(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void finish_days(struct cp_traffic *t)
{
    for (size_t i = 0; i < t->n_days; i++) {
        int64_t from = t->days[i].day * MINUTES_A_DAY - t->utc_offset_min;
        int64_t n =
            least(from + MINUTES_A_DAY, t->last_minute + 1) - largest(from, t->first_minute);
        t->days[i].mean_concurrency /= (double)n * CP_MS_PER_MINUTE;
    }
}

static void finish(struct cp_traffic *t, const struct gathering *g)
{
    uint64_t n = (uint64_t)(t->last_minute - t->first_minute) + 1;
    count_covered(t);
    t->arrivals_per_s = (double)t->arrivals / ((double)n * 60);
    t->cold_share = ratio(t->cold_arrivals, t->arrivals);
    t->mean_concurrency = ratio(g->busy_ms_all, n * CP_MS_PER_MINUTE);
    t->in_flight_p50 = quantile(&g->in_flight_all, n, 0.50);
    t->in_flight_p95 = quantile(&g->in_flight_all, n, 0.95);
    t->in_flight_p99 = quantile(&g->in_flight_all, n, 0.99);
    for (size_t i = 0; i < CP_TRAFFIC_HOURS; i++)
        finish_hour(&t->hours[i], &g->in_flight[i], g->busy_ms[i]);
    finish_days(t);
}

static void free_gathering(struct gathering *g)
{
    for (size_t i = 0; g && i < CP_TRAFFIC_HOURS; i++)
        cp_histogram_clear(&g->in_flight[i]);
    if (g)
        cp_histogram_clear(&g->in_flight_all);
    free(g);
}

void cp_traffic_clear(struct cp_traffic *t)
{
    free(t->days);
    *t = (struct cp_traffic){.status = CP_ENODATA};
}

enum cp_code cp_traffic_of(const struct cp_digest_scope *const *scopes, size_t n,
                           int utc_offset_min, struct cp_traffic *out, struct cp_error *err)
{
    *out = (struct cp_traffic){.status = CP_ENODATA, .utc_offset_min = utc_offset_min};
    if (abs(utc_offset_min) > CP_TRAFFIC_OFFSET_MAX)
        return cp_fail(err, CP_EINVAL, "no time zone is %d minutes from UTC", utc_offset_min);
    struct series series;
    struct gathering *g = calloc(1, sizeof *g);
    enum cp_code code = g ? open_series(&series, scopes, n) : CP_ENOMEM;
    if (!code) {
        code = gather(out, g, &series);
        free(series.cursors);
    }
    if (!code && !out->status)
        finish(out, g);
    free_gathering(g);
    if (code) {
        cp_traffic_clear(out);
        return cp_fail(err, code, "cannot describe the traffic: %s", cp_code_text(code));
    }
    return CP_OK;
}
