/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/pool_hours.h"

#include "model/base/units.h"

#include <math.h>
#include <stdlib.h>

/* Bins: 0 .. 63 by themselves, then 32 of each octave, up to 2^20. */
enum { EXACT = 64, EXACT_LOG2 = 6, PER_OCTAVE = 32, PER_OCTAVE_LOG2 = 5, OCTAVES = 14 };
enum { BINS = EXACT + PER_OCTAVE * OCTAVES };

struct cp_pool_hour_row {
    double level_ms[BINS];
    double busy_ms, ready_ms, counted_ms;
    uint64_t n_arrivals, n_cold;
    size_t max;
};

static size_t bin_of(size_t in_flight)
{
    if (in_flight < EXACT)
        return in_flight;
    size_t log2 = 63 - (size_t)__builtin_clzll(in_flight);
    size_t in_octave = (in_flight >> (log2 - PER_OCTAVE_LOG2)) - PER_OCTAVE;
    size_t bin = EXACT + (log2 - EXACT_LOG2) * PER_OCTAVE + in_octave;
    return bin < BINS ? bin : BINS - 1;
}

/* The largest number in a bin. */
static double top_of(size_t bin)
{
    if (bin < EXACT)
        return (double)bin;
    size_t octave = (bin - EXACT) / PER_OCTAVE;
    size_t in_octave = (bin - EXACT) % PER_OCTAVE;
    return ldexp((double)(PER_OCTAVE + in_octave + 1), (int)octave + 1) - 1;
}

/* The hour of all time since hour 0 of the week, perhaps negative. */
static double hour_of(const struct cp_pool_hours *h, double now)
{
    return floor((now - h->week_origin) / CP_MS_PER_HOUR);
}

static struct cp_pool_hour_row *row_at(struct cp_pool_hours *h, size_t hour)
{
    struct cp_pool_hour_row **row = &h->rows[hour];
    if (!*row)
        *row = calloc(1, sizeof **row);
    if (!*row)
        h->code = CP_ENOMEM;
    return *row;
}

static struct cp_pool_hour_row *row_of(struct cp_pool_hours *h, double hour)
{
    return row_at(h, (size_t)(hour - CP_ARRIVALS_HOURS * floor(hour / CP_ARRIVALS_HOURS)));
}

void cp_pool_hours_pass(struct cp_pool_hours *h, double from, double to, size_t in_flight,
                        int n_ready)
{
    double hour = hour_of(h, from);
    while (from < to && !h->code) {
        double until = fmin(to, h->week_origin + (hour + 1) * CP_MS_PER_HOUR);
        struct cp_pool_hour_row *row = row_of(h, hour++);
        if (!row || !(until > from))
            continue;
        double ms = until - from;
        row->level_ms[bin_of(in_flight)] += ms;
        row->busy_ms += (double)in_flight * ms;
        row->ready_ms += n_ready * ms;
        row->counted_ms += ms;
        row->max = in_flight > row->max ? in_flight : row->max;
        from = until;
    }
}

void cp_pool_hours_arrive(struct cp_pool_hours *h, double now)
{
    struct cp_pool_hour_row *row = row_of(h, hour_of(h, now));
    if (row)
        row->n_arrivals++;
}

void cp_pool_hours_start_cold(struct cp_pool_hours *h, double now)
{
    struct cp_pool_hour_row *row = row_of(h, hour_of(h, now));
    if (row)
        row->n_cold++;
}

enum cp_code cp_pool_hours_merge(struct cp_pool_hours *into, const struct cp_pool_hours *from)
{
    for (size_t hour = 0; hour < CP_ARRIVALS_HOURS; hour++) {
        const struct cp_pool_hour_row *b = from->rows[hour];
        struct cp_pool_hour_row *a = b ? row_at(into, hour) : NULL;
        if (!b || !a)
            continue;
        for (size_t bin = 0; bin < BINS; bin++)
            a->level_ms[bin] += b->level_ms[bin];
        a->busy_ms += b->busy_ms;
        a->ready_ms += b->ready_ms;
        a->counted_ms += b->counted_ms;
        a->n_arrivals += b->n_arrivals;
        a->n_cold += b->n_cold;
        a->max = b->max > a->max ? b->max : a->max;
    }
    return into->code ? into->code : from->code;
}

/* At most this many are in flight for the share q of the time. */
static double quantile(const struct cp_pool_hour_row *row, double q)
{
    double below = 0;
    size_t bin = 0;
    for (; bin < BINS - 1; bin++) {
        below += row->level_ms[bin];
        if (below >= q * row->counted_ms)
            break;
    }
    return fmin(top_of(bin), (double)row->max);
}

void cp_pool_hours_read(const struct cp_pool_hours *h, struct cp_pool_hour out[CP_ARRIVALS_HOURS])
{
    for (size_t hour = 0; hour < CP_ARRIVALS_HOURS; hour++) {
        const struct cp_pool_hour_row *row = h->rows[hour];
        out[hour] = (struct cp_pool_hour){.mean = NAN, .p50 = NAN, .p95 = NAN, .ready = NAN};
        if (!row || !(row->counted_ms > 0))
            continue;
        out[hour] = (struct cp_pool_hour){.counted_ms = row->counted_ms,
                                          .n_arrivals = row->n_arrivals,
                                          .n_cold = row->n_cold,
                                          .mean = row->busy_ms / row->counted_ms,
                                          .p50 = quantile(row, 0.5),
                                          .p95 = quantile(row, 0.95),
                                          .max = (int)row->max,
                                          .ready = row->ready_ms / row->counted_ms};
    }
}

void cp_pool_hours_clear(struct cp_pool_hours *h)
{
    for (size_t hour = 0; hour < CP_ARRIVALS_HOURS; hour++)
        free(h->rows[hour]);
    *h = (struct cp_pool_hours){0};
}
