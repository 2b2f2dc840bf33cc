/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/unseen_hours.h"

#include "model/base/units.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define SAME_RATE  0.95
#define SEEN_SHARE 0.5 /* of the longest counted hour: less is a sliver of a neighbour's window */

struct hours {
    double requests[CP_ARRIVALS_HOURS], ms[CP_ARRIVALS_HOURS];
};

static size_t hour_at(double ms)
{
    double into_week = fmod(ms, CP_MS_PER_WEEK);
    if (into_week < 0)
        into_week += CP_MS_PER_WEEK;
    return (size_t)(into_week / CP_MS_PER_HOUR) % CP_ARRIVALS_HOURS;
}

/* So many requests, evenly from one time to the other, in ms since the week began. */
static void spread(struct hours *h, double from_ms, double to_ms, double requests)
{
    double at = from_ms;
    while (at < to_ms) {
        double end = fmin(to_ms, (floor(at / CP_MS_PER_HOUR) + 1) * CP_MS_PER_HOUR);
        size_t hour = hour_at((at + end) / 2);
        h->ms[hour] += end - at;
        h->requests[hour] += requests * (end - at) / (to_ms - from_ms);
        at = end;
    }
}

void cp_hour_rates(const struct cp_arrivals_law *law, double week_origin_ms,
                   double per_s[CP_ARRIVALS_HOURS])
{
    struct hours h = {0};
    if (law->kind == CP_ARRIVALS_COUNTS) {
        for (size_t i = 0; i < law->n; i++)
            spread(&h, (double)i * law->bucket_ms - week_origin_ms,
                   (double)(i + 1) * law->bucket_ms - week_origin_ms, law->counts[i]);
    } else if (law->kind == CP_ARRIVALS_TIMES) {
        spread(&h, -week_origin_ms, cp_arrivals_span_ms(law) - week_origin_ms, 0);
        for (size_t i = 0; i < law->n; i++)
            h.requests[hour_at(law->times_ms[i] - week_origin_ms)]++;
    }
    for (size_t hour = 0; hour < CP_ARRIVALS_HOURS; hour++) {
        if (law->kind == CP_ARRIVALS_WEEK)
            per_s[hour] = law->week_per_s[hour];
        else if (law->kind == CP_ARRIVALS_COUNTS || law->kind == CP_ARRIVALS_TIMES)
            per_s[hour] =
                h.ms[hour] > 0 ? h.requests[hour] / h.ms[hour] * CP_MS_PER_S : (double)NAN;
        else
            per_s[hour] = law->per_s;
    }
}

/* The seen hour whose counts this one gets. */
static size_t donor_of(const double per_s[CP_ARRIVALS_HOURS], const bool is_seen[CP_ARRIVALS_HOURS],
                       size_t hour)
{
    size_t best = CP_ARRIVALS_HOURS;
    size_t busiest = CP_ARRIVALS_HOURS;
    for (size_t i = 0; i < CP_ARRIVALS_HOURS; i++) {
        if (!is_seen[i] || isnan(per_s[i]))
            continue;
        if (busiest == CP_ARRIVALS_HOURS || per_s[i] > per_s[busiest])
            busiest = i;
        if (per_s[i] >= SAME_RATE * per_s[hour] &&
            (best == CP_ARRIVALS_HOURS || per_s[i] < per_s[best]))
            best = i;
    }
    return best < CP_ARRIVALS_HOURS ? best : busiest;
}

void cp_unseen_hours_fill(struct cp_pool_curve *curve, const struct cp_arrivals_law *law,
                          double week_origin_ms)
{
    double per_s[CP_ARRIVALS_HOURS];
    bool is_seen[CP_ARRIVALS_HOURS];
    size_t row = (size_t)curve->n_max + 1;
    double longest_ms = 0;
    cp_hour_rates(law, week_origin_ms, per_s);
    for (size_t h = 0; h < CP_ARRIVALS_HOURS; h++)
        longest_ms = fmax(longest_ms, curve->bucket_ms[h]);
    for (size_t h = 0; h < CP_ARRIVALS_HOURS; h++)
        is_seen[h] = curve->bucket_ms[h] > 0 && curve->bucket_ms[h] >= SEEN_SHARE * longest_ms;
    for (size_t h = 0; h < CP_ARRIVALS_HOURS; h++) {
        size_t donor = is_seen[h] || isnan(per_s[h]) ? h : donor_of(per_s, is_seen, h);
        if (donor == h || donor == CP_ARRIVALS_HOURS)
            continue;
        memcpy(&curve->numbers[h * row], &curve->numbers[donor * row],
               row * sizeof *curve->numbers);
        curve->bucket_ms[h] = curve->bucket_ms[donor];
    }
}
