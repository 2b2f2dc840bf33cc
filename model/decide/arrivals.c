/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/arrivals.h"
#include "model/base/units.h"

#include <math.h>
#include <stdbool.h>

static double factor_of(const struct cp_arrivals_law *law)
{
    return law->factor > 0 ? law->factor : 1;
}

static double burst_of(const struct cp_arrivals_law *law)
{
    return law->burst > 1 ? law->burst : 1;
}

/* --- laws --- */

static double sum_of(const double *values, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    return sum;
}

bool cp_arrivals_is_even(const struct cp_arrivals_law *law)
{
    return law->kind == CP_ARRIVALS_POISSON && !(law->burst > 1);
}

double cp_arrivals_mean_per_s(const struct cp_arrivals_law *law)
{
    double f = factor_of(law);
    switch (law->kind) {
    case CP_ARRIVALS_POISSON:
    case CP_ARRIVALS_PERIODIC:
        return f * law->per_s;
    case CP_ARRIVALS_WEEK:
        return f * sum_of(law->week_per_s, CP_ARRIVALS_HOURS) / CP_ARRIVALS_HOURS;
    case CP_ARRIVALS_COUNTS:
        return f * sum_of(law->counts, law->n) / ((double)law->n * law->bucket_ms / 1000);
    case CP_ARRIVALS_TIMES:
        if (law->span_ms > 0)
            return f * (double)law->n / (law->span_ms / CP_MS_PER_S);
        return law->n > 1 ? f * (double)(law->n - 1) /
                                ((law->times_ms[law->n - 1] - law->times_ms[0]) / 1000)
                          : NAN;
    }
    return NAN;
}

double cp_arrivals_span_ms(const struct cp_arrivals_law *law)
{
    switch (law->kind) {
    case CP_ARRIVALS_POISSON:
    case CP_ARRIVALS_PERIODIC:
        return INFINITY;
    case CP_ARRIVALS_WEEK:
        return CP_MS_PER_WEEK;
    case CP_ARRIVALS_COUNTS:
        return (double)law->n * law->bucket_ms;
    case CP_ARRIVALS_TIMES:
        if (law->span_ms > 0)
            return law->span_ms;
        if (law->n < 2 || !(law->times_ms[law->n - 1] > law->times_ms[0]))
            return NAN;
        return law->times_ms[law->n - 1] +
               (law->times_ms[law->n - 1] - law->times_ms[0]) / (double)(law->n - 1);
    }
    return NAN;
}

static bool are_counts(const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!(values[i] >= 0) || isinf(values[i]))
            return false;
    }
    return true;
}

static bool are_times(const double *times, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!(times[i] >= (i ? times[i - 1] : 0)) || isinf(times[i]))
            return false;
    }
    return true;
}

static enum cp_code check_values(const struct cp_arrivals_law *law, struct cp_error *err)
{
    switch (law->kind) {
    case CP_ARRIVALS_POISSON:
    case CP_ARRIVALS_PERIODIC:
        if (!(law->per_s > 0) || isinf(law->per_s))
            return cp_fail(err, CP_EINVAL, "arrival rate %g per second is not above 0", law->per_s);
        return CP_OK;
    case CP_ARRIVALS_WEEK:
        if (!law->week_per_s || !are_counts(law->week_per_s, CP_ARRIVALS_HOURS) ||
            !(sum_of(law->week_per_s, CP_ARRIVALS_HOURS) > 0))
            return cp_fail(err, CP_EINVAL,
                           "a week of traffic needs rates of 0 and more, not all 0");
        return CP_OK;
    case CP_ARRIVALS_COUNTS:
        if (!law->n || !law->counts || !(law->bucket_ms > 0) || isinf(law->bucket_ms) ||
            !are_counts(law->counts, law->n))
            return cp_fail(err, CP_EINVAL, "counted traffic needs counts of 0 and more per bucket");
        return CP_OK;
    case CP_ARRIVALS_TIMES:
        if (!law->n || !law->times_ms || !are_times(law->times_ms, law->n))
            return cp_fail(err, CP_EINVAL, "recorded traffic needs ascending times from 0 on");
        if (!(law->span_ms >= 0) || isinf(law->span_ms) ||
            (law->span_ms > 0 && !(law->times_ms[law->n - 1] <= law->span_ms)))
            return cp_fail(err, CP_EINVAL, "recorded traffic ends after its span of %g ms",
                           law->span_ms);
        return CP_OK;
    }
    return cp_fail(err, CP_EINVAL, "unknown kind of traffic");
}

static enum cp_code check(const struct cp_arrivals_law *law, struct cp_error *err)
{
    bool has_bursts = law->kind == CP_ARRIVALS_POISSON || law->kind == CP_ARRIVALS_WEEK;
    if (!(law->factor >= 0) || isinf(law->factor))
        return cp_fail(err, CP_EINVAL, "traffic factor %g is not above 0", law->factor);
    if (!(law->burst >= 0) || isinf(law->burst) || !(law->burst_gap_ms >= 0) ||
        isinf(law->burst_gap_ms))
        return cp_fail(err, CP_EINVAL, "bursts of %g requests, %g ms apart, cannot be", law->burst,
                       law->burst_gap_ms);
    if (burst_of(law) > 1 && !has_bursts)
        return cp_fail(err, CP_EINVAL, "counted and recorded traffic has its bursts already");
    return check_values(law, err);
}

/* --- the process: events, before bursts --- */

/* Up by one with the chance of the fraction. */
static uint64_t round_randomly(struct cp_rng *rng, double x)
{
    double whole = floor(x);
    if (whole == x)
        return (uint64_t)whole;
    return (uint64_t)whole + (cp_rng_uniform(rng) < x - whole);
}

/* The first of `left` independent uniform times in (now, until): the rest are later. */
static double first_of_left(struct cp_arrivals *a)
{
    double u = cp_rng_uniform(&a->rng);
    a->now += (a->until - a->now) * -expm1(log(u) / (double)a->left);
    a->left--;
    return a->now;
}

/* Integrates the rate until an exponential amount of mean 1 is used up. */
static double next_of_week(struct cp_arrivals *a)
{
    double per_ms = factor_of(a->law) / burst_of(a->law) / 1000;
    double amount = cp_rng_exponential(&a->rng, 1);
    for (;;) {
        double hour = floor((a->now - a->origin) / CP_MS_PER_HOUR);
        /* at the end of an hour the division may round down: it would never pass a quiet one */
        hour += a->origin + (hour + 1) * CP_MS_PER_HOUR <= a->now;
        double in_week = hour - CP_ARRIVALS_HOURS * floor(hour / CP_ARRIVALS_HOURS);
        double rate = a->law->week_per_s[(size_t)in_week] * per_ms;
        double end = a->origin + (hour + 1) * CP_MS_PER_HOUR;
        if (rate > 0 && amount <= rate * (end - a->now)) {
            a->now += amount / rate;
            return a->now;
        }
        amount -= rate * (end - a->now);
        a->now = end;
    }
}

/* After the last bucket or time of a law: false when that is its end. */
static bool begin_again(struct cp_arrivals *a)
{
    if (a->period == 0 || a->origin + a->period >= a->end)
        return false;
    a->origin += a->period;
    a->at = 0;
    return true;
}

static double next_of_counts(struct cp_arrivals *a)
{
    while (a->left == 0) {
        if (a->at == a->law->n && !begin_again(a))
            return INFINITY;
        a->now = a->origin + (double)a->at * a->law->bucket_ms;
        a->until = a->now + a->law->bucket_ms;
        a->left = round_randomly(&a->rng, a->law->counts[a->at++] * factor_of(a->law));
    }
    return first_of_left(a);
}

static double next_of_times(struct cp_arrivals *a)
{
    if (a->left > 0)
        return first_of_left(a);
    while (a->at < a->law->n || begin_again(a)) {
        a->now = a->origin + a->law->times_ms[a->at++];
        a->until = a->at < a->law->n ? a->origin + a->law->times_ms[a->at]
                   : a->period > 0   ? a->origin + a->period + a->law->times_ms[0]
                                     : a->now;
        uint64_t copies = round_randomly(&a->rng, factor_of(a->law));
        if (copies == 0)
            continue;
        a->left = copies - 1;
        return a->now;
    }
    return INFINITY;
}

static double next_event(struct cp_arrivals *a)
{
    const struct cp_arrivals_law *law = a->law;
    switch (law->kind) {
    case CP_ARRIVALS_POISSON:
        a->now += cp_rng_exponential(&a->rng, a->mean_ms);
        return a->now;
    case CP_ARRIVALS_PERIODIC:
        a->at++; /* a product, not a sum: intervals do not drift */
        return (double)a->at * (1000 / factor_of(law) / law->per_s);
    case CP_ARRIVALS_WEEK:
        return next_of_week(a);
    case CP_ARRIVALS_COUNTS:
        return next_of_counts(a);
    case CP_ARRIVALS_TIMES:
        return next_of_times(a);
    }
    return INFINITY;
}

/* How many recorded times lie before law time `ms`. */
static size_t times_before(const struct cp_arrivals_law *law, double ms)
{
    size_t low = 0;
    size_t high = law->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (law->times_ms[middle] < ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The recorded time before time 0, since copies of it may come after that. */
static void find_time(struct cp_arrivals *a)
{
    size_t before = times_before(a->law, -a->origin);
    if (before == 0) {
        before = a->law->n;
        a->origin -= a->period;
    }
    a->at = before - 1;
}

/* Counts and times go on from the bucket or recorded arrival that time 0 lies in; what of it comes
 * earlier is passed over. */
static enum cp_code start_repeated(struct cp_arrivals *a, struct cp_error *err)
{
    const struct cp_arrivals_law *law = a->law;
    if (law->kind != CP_ARRIVALS_COUNTS && law->kind != CP_ARRIVALS_TIMES)
        return CP_OK;
    double period = cp_arrivals_span_ms(law);
    if (!(period > 0))
        return cp_fail(err, CP_EINVAL, "recorded traffic of one moment has no span to repeat");
    if (law->kind == CP_ARRIVALS_COUNTS && sum_of(law->counts, law->n) == 0) {
        a->at = law->n; /* nothing, for ever */
        return CP_OK;
    }
    a->period = period;
    a->origin -= period * ceil(a->origin / period);
    if (law->kind == CP_ARRIVALS_COUNTS)
        a->at = (size_t)(-a->origin / law->bucket_ms);
    else
        find_time(a);
    do {
        a->next = next_event(a);
    } while (a->next < 0);
    return CP_OK;
}

/* --- bursts --- */

static double gap_ms(struct cp_arrivals *a)
{
    return a->law->burst_gap_ms > 0 ? cp_rng_exponential(&a->rng, a->law->burst_gap_ms) : 0;
}

/* Geometric from 1 on with the mean wanted. */
static int64_t burst_size(struct cp_arrivals *a)
{
    double p = 1 / burst_of(a->law);
    return 1 + (int64_t)floor(log(cp_rng_uniform(&a->rng)) / log1p(-p));
}

static double next_of_bursts(struct cp_arrivals *a)
{
    if (cp_event_heap_next(&a->bursts) <= a->next) {
        struct cp_event first = {a->bursts.at[a->bursts.first], a->bursts.what[a->bursts.first]};
        if (first.what == 1)
            return cp_event_heap_pop(&a->bursts).at;
        return cp_event_heap_replace(&a->bursts,
                                     (struct cp_event){first.at + gap_ms(a), first.what - 1})
            .at;
    }
    double at = a->next;
    int64_t size = burst_size(a);
    a->next = next_event(a);
    if (size > 1)
        a->code = cp_event_heap_push(&a->bursts, (struct cp_event){at + gap_ms(a), size - 1});
    return a->code ? INFINITY : at;
}

double cp_arrivals_next(struct cp_arrivals *a)
{
    if (a->code)
        return INFINITY;
    if (a->period > 0) {
        double at = a->next;
        a->next = next_event(a);
        return at;
    }
    return burst_of(a->law) > 1 ? next_of_bursts(a) : next_event(a);
}

enum cp_code cp_arrivals_open(struct cp_arrivals *a, const struct cp_arrivals_law *law,
                              uint64_t seed, uint64_t stream, double origin_ms,
                              struct cp_error *err)
{
    bool is_week = law->kind == CP_ARRIVALS_WEEK;
    *a = (struct cp_arrivals){.law = law, .origin = is_week ? origin_ms : 0};
    enum cp_code code = check(law, err);
    if (code)
        return code;
    cp_rng_init(&a->rng, seed, stream);
    if (law->kind == CP_ARRIVALS_POISSON)
        a->mean_ms = 1000 * burst_of(law) / factor_of(law) / law->per_s;
    if (burst_of(law) > 1)
        a->next = next_event(a);
    return CP_OK;
}

enum cp_code cp_arrivals_open_repeated(struct cp_arrivals *a, const struct cp_arrivals_law *law,
                                       uint64_t seed, uint64_t stream, double origin_ms,
                                       double end_ms, struct cp_error *err)
{
    enum cp_code code = cp_arrivals_open(a, law, seed, stream, origin_ms, err);
    if (code)
        return code;
    a->origin = origin_ms;
    a->end = end_ms;
    return start_repeated(a, err);
}

void cp_arrivals_close(struct cp_arrivals *a)
{
    cp_event_heap_clear(&a->bursts);
}
