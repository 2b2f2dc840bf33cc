/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/digest/log_demand.h"

#include "model/base/number.h"
#include "model/base/units.h"
#include "model/stat/sort.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { HOURS_A_DAY = 24, MINUTES_AN_HOUR = 60 };

/* Arrivals of all versions by minute, from the first to the last that has any. */
struct minutes {
    double *counts;
    bool *is_gap;
    size_t n;
    int64_t first;
    double arrivals;
    size_t n_gap_minutes;
};

/* --- the minutes --- */

static bool span_of(const struct cp_digest *digest, int64_t *first, int64_t *last)
{
    struct cp_digest_minute minute;
    *first = INT64_MAX;
    *last = INT64_MIN;
    for (size_t i = 0; i < cp_digest_n_scopes(digest); i++) {
        for (size_t at = 0; cp_digest_next_minute(cp_digest_scope_at(digest, i), &at, &minute);) {
            if (minute.arrivals == 0)
                continue;
            *first = minute.minute < *first ? minute.minute : *first;
            *last = minute.minute > *last ? minute.minute : *last;
        }
    }
    return *first <= *last;
}

static void add_arrivals(const struct cp_digest *digest, struct minutes *m)
{
    struct cp_digest_minute minute;
    for (size_t i = 0; i < cp_digest_n_scopes(digest); i++) {
        for (size_t at = 0; cp_digest_next_minute(cp_digest_scope_at(digest, i), &at, &minute);) {
            if (minute.arrivals == 0)
                continue;
            m->counts[minute.minute - m->first] += minute.arrivals;
            m->arrivals += minute.arrivals;
        }
    }
}

static bool make_minutes(const struct cp_digest *digest, struct minutes *m)
{
    int64_t last = 0;
    *m = (struct minutes){.n = 0};
    if (!span_of(digest, &m->first, &last))
        return true;
    m->n = (size_t)(last - m->first) + 1;
    m->counts = calloc(m->n, sizeof *m->counts);
    m->is_gap = calloc(m->n, sizeof *m->is_gap);
    if (!m->counts || !m->is_gap)
        return false;
    add_arrivals(digest, m);
    return true;
}

static void clear_minutes(struct minutes *m)
{
    free(m->counts);
    free(m->is_gap);
}

/* --- silences --- */

static size_t hour_of(const struct minutes *m, size_t i)
{
    return (size_t)((m->first + (int64_t)i) / MINUTES_AN_HOUR % HOURS_A_DAY);
}

/* Mean arrivals of a minute of each hour of the day, over the minutes outside of [from, to). */
struct day {
    double arrivals[HOURS_A_DAY];
    double n_minutes[HOURS_A_DAY];
};

static struct day day_of(const struct minutes *m)
{
    struct day day = {0};
    for (size_t i = 0; i < m->n; i++) {
        if (m->is_gap[i])
            continue;
        day.arrivals[hour_of(m, i)] += m->counts[i];
        day.n_minutes[hour_of(m, i)]++;
    }
    return day;
}

static double mean_of(const struct day *day, size_t hour)
{
    return day->n_minutes[hour] > 0 ? day->arrivals[hour] / day->n_minutes[hour] : 0;
}

/* Is there a reason to expect requests where [from, to) has none? The silence itself is no part of
 * the comparison. */
static bool is_gap(const struct minutes *m, const struct day *all, size_t from, size_t to)
{
    struct day others = *all;
    double expected = 0;
    for (size_t i = from; i < to; i++)
        others.n_minutes[hour_of(m, i)]--;
    for (size_t i = from; i < to; i++)
        expected += mean_of(&others, hour_of(m, i));
    return expected >= CP_LOG_DEMAND_EXPECTED_MIN;
}

static void find_gaps(struct minutes *m)
{
    const struct day all = day_of(m);
    size_t from = 0;
    for (size_t i = 0; i < m->n; i++) {
        if (!(m->counts[i] > 0))
            continue;
        if (i - from >= CP_LOG_DEMAND_SILENCE_MIN && is_gap(m, &all, from, i)) {
            m->n_gap_minutes += i - from;
            for (size_t k = from; k < i; k++)
                m->is_gap[k] = true;
        }
        from = i + 1;
    }
}

static double fill_gaps(struct minutes *m)
{
    const struct day day = day_of(m);
    double filled = 0;
    for (size_t i = 0; i < m->n; i++) {
        if (m->is_gap[i])
            filled += m->counts[i] = mean_of(&day, hour_of(m, i));
    }
    return filled;
}

/* --- the laws --- */

static struct cp_demand *counts_of(struct minutes *m)
{
    struct cp_demand *d = calloc(1, sizeof *d);
    char n[CP_NUMBER_MAX];
    char requests[CP_NUMBER_MAX];
    char gaps[64] = "";
    char hours[CP_NUMBER_MAX];
    if (!d)
        return NULL;
    d->requests = m->arrivals + fill_gaps(m);
    d->law = (struct cp_arrivals_law){.kind = CP_ARRIVALS_COUNTS, .bucket_ms = CP_MS_PER_MINUTE};
    d->values = m->counts;
    d->n = m->n;
    m->counts = NULL;
    d->first_ms = (double)m->first * CP_MS_PER_MINUTE;
    d->span_ms = (double)m->n * CP_MS_PER_MINUTE;
    if (m->n_gap_minutes > 0)
        (void)snprintf(gaps, sizeof gaps, "; %s hours without records filled as on other days",
                       cp_number_short((double)m->n_gap_minutes / MINUTES_AN_HOUR, hours));
    (void)snprintf(d->words, sizeof d->words, "as logged: %s minutes, %s requests%s",
                   cp_number_exact((double)d->n, n), cp_number_exact(m->arrivals, requests), gaps);
    cp_demand_bind(d);
    return d;
}

/* Every request is there once, with its time. */
static bool are_complete(const struct minutes *m, const struct cp_sample *samples, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (samples[i].sent_at_ms < 0)
            return false;
    }
    return n > 1 && m->n_gap_minutes == 0 && fabs(m->arrivals - (double)n) < 0.5;
}

static struct cp_demand *times_of(const struct cp_sample *samples, size_t n)
{
    struct cp_demand *d = calloc(1, sizeof *d);
    double *times = calloc(n, sizeof *times);
    char requests[CP_NUMBER_MAX];
    if (!d || !times) {
        free(d);
        free(times);
        return NULL;
    }
    for (size_t i = 0; i < n; i++)
        times[i] = (double)samples[i].sent_at_ms;
    cp_sort(times, n);
    d->first_ms = times[0];
    for (size_t i = 0; i < n; i++)
        times[i] -= d->first_ms;
    d->law.kind = CP_ARRIVALS_TIMES;
    d->values = times;
    d->n = n;
    d->span_ms = times[n - 1];
    d->requests = (double)n;
    (void)snprintf(d->words, sizeof d->words, "as logged: %s recorded arrivals",
                   cp_number_exact((double)n, requests));
    cp_demand_bind(d);
    return d;
}

enum cp_code cp_log_demand(const struct cp_digest *digest, const struct cp_sample *samples,
                           size_t n_samples, struct cp_demand **out, struct cp_error *err)
{
    struct minutes m;
    *out = NULL;
    bool is_made = make_minutes(digest, &m);
    if (is_made && m.n > 0) {
        find_gaps(&m);
        *out = are_complete(&m, samples, n_samples) ? times_of(samples, n_samples) : counts_of(&m);
        is_made = *out;
    }
    clear_minutes(&m);
    if (*out && (*out)->span_ms < CP_LOG_DEMAND_SPAN_MIN_MS) {
        cp_demand_free(*out);
        *out = NULL;
    }
    return is_made ? CP_OK : cp_fail(err, CP_ENOMEM, "no memory for the traffic of a log");
}
