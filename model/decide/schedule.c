/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/schedule.h"
#include "model/base/units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { HOURS = CP_ARRIVALS_HOURS, DAY = 24, BISECTIONS = 60 };

/* Hours that have the same n, in the order of the clock. */
struct slots {
    size_t of_hour[HOURS];
    size_t n;
    size_t n_hours[HOURS]; /* in a slot */
};

struct search {
    const struct cp_schedule_question *question;
    struct slots slots;
    size_t n_levels; /* 0 .. n_max */
    double all;      /* requests a week */
    double *usd;     /* [slot][n]: cost of n environments against none */
    double *cold;    /* [slot][n]: cold starts a week that are left */
    double *best;    /* scratch: [slot][n] */
    size_t *from;    /* scratch: [slot][n] */
    size_t *n;       /* [slot]: the choice */
};

static size_t slot_of(enum cp_schedule_days days, size_t hour)
{
    size_t of_day = hour % DAY;
    switch (days) {
    case CP_SCHEDULE_CONSTANT:
        return 0;
    case CP_SCHEDULE_DAILY:
        return of_day;
    case CP_SCHEDULE_WEEKDAYS:
        return hour < 5 * (size_t)DAY ? of_day : DAY + of_day;
    case CP_SCHEDULE_WEEK:
        return hour;
    }
    return 0;
}

static void divide(struct slots *s, enum cp_schedule_days days)
{
    *s = (struct slots){0};
    for (size_t hour = 0; hour < HOURS; hour++) {
        s->of_hour[hour] = slot_of(days, hour);
        s->n_hours[s->of_hour[hour]]++;
        s->n = s->of_hour[hour] + 1 > s->n ? s->of_hour[hour] + 1 : s->n;
    }
}

static const struct cp_pool_number *number_at(const struct cp_schedule_question *q, size_t hour,
                                              size_t place)
{
    return &q->curve->numbers[hour * ((size_t)q->curve->n_max + 1) + place];
}

/* How many weeks of this hour the curve counted; 0 of an hour that no window saw. */
static double weeks_of(const struct cp_schedule_question *q, size_t hour)
{
    double ms = q->curve->bucket_ms ? q->curve->bucket_ms[hour] : q->curve->counted_ms / HOURS;
    return ms / CP_MS_PER_HOUR;
}

/* What the place-th environment (from 0) saves in this hour of all weeks together. */
static double saving_usd(const struct cp_schedule_question *q, const struct cp_pool_number *at)
{
    return (double)at->n * q->warm_saving_usd + (double)at->n_cold * q->cold_saving_usd;
}

/* Tables by slot and n, summed over the hours of the slot. */
static void tabulate(struct search *s)
{
    const struct cp_schedule_question *q = s->question;
    for (size_t hour = 0; hour < HOURS; hour++) {
        size_t row = s->slots.of_hour[hour] * s->n_levels;
        double weeks = weeks_of(q, hour);
        if (weeks == 0)
            continue;
        double usd = 0;
        double cold = 0;
        for (size_t place = 0; place < s->n_levels; place++) {
            cold += (double)number_at(q, hour, place)->n_cold / weeks;
            s->all += (double)number_at(q, hour, place)->n / weeks;
        }
        for (size_t n = 0; n < s->n_levels; n++) {
            s->usd[row + n] += usd;
            s->cold[row + n] += cold;
            const struct cp_pool_number *next = number_at(q, hour, n);
            usd += q->fixed_usd - saving_usd(q, next) / weeks;
            cold -= (double)next->n_cold / weeks;
        }
    }
}

static size_t cheapest(const double *row, size_t n_levels)
{
    size_t best = 0;
    for (size_t n = 1; n < n_levels; n++)
        best = row[n] < row[best] ? n : best;
    return best;
}

static void price_slot(const struct search *s, size_t slot, double lambda, double *row)
{
    for (size_t n = 0; n < s->n_levels; n++) {
        size_t at = slot * s->n_levels + n;
        row[n] = s->usd[at] + lambda * s->cold[at];
    }
}

/* The slot whose own cheapest n is smallest: there a change to it is least likely to be missed. */
static size_t quietest(const struct search *s, size_t first, size_t end, double lambda)
{
    size_t quiet = first;
    size_t least = s->n_levels;
    for (size_t slot = first; slot < end; slot++) {
        price_slot(s, slot, lambda, s->best);
        size_t n = cheapest(s->best, s->n_levels);
        if (n < least) {
            least = n;
            quiet = slot;
        }
    }
    return quiet;
}

/* Adds to the k-th slot's prices the cheapest way to come there: with the same n, or by a change.
 */
static void extend(struct search *s, size_t k)
{
    double *row = s->best + k * s->n_levels;
    const double *before = row - s->n_levels;
    size_t jump = cheapest(before, s->n_levels);
    for (size_t n = 0; n < s->n_levels; n++) {
        bool stays = before[n] <= before[jump] + s->question->change_usd;
        s->from[k * s->n_levels + n] = stays ? n : jump;
        row[n] += stays ? before[n] : before[jump] + s->question->change_usd;
    }
}

/* Cheapest sequence over the slots [first, end), a circle: each change costs change_usd. */
static void choose_circle(struct search *s, size_t first, size_t end, double lambda)
{
    size_t length = end - first;
    size_t start = quietest(s, first, end, lambda) - first;
    for (size_t k = 0; k < length; k++) {
        price_slot(s, first + (start + k) % length, lambda, s->best + k * s->n_levels);
        if (k > 0)
            extend(s, k);
    }
    size_t n = cheapest(s->best + (length - 1) * s->n_levels, s->n_levels);
    for (size_t k = length; k-- > 0;) {
        s->n[first + (start + k) % length] = n;
        n = k ? s->from[k * s->n_levels + n] : n;
    }
}

static double cold_of(const struct search *s)
{
    double cold = 0;
    for (size_t slot = 0; slot < s->slots.n; slot++)
        cold += s->cold[slot * s->n_levels + s->n[slot]];
    return cold;
}

/* Week days and weekends are circles of their own. */
static double choose(struct search *s, double lambda)
{
    size_t length = s->question->days == CP_SCHEDULE_WEEKDAYS ? DAY : s->slots.n;
    for (size_t first = 0; first < s->slots.n; first += length)
        choose_circle(s, first, first + length, lambda);
    return cold_of(s);
}

static double limit_of(const struct search *s)
{
    return isnan(s->question->max_cold_share) ? INFINITY : s->question->max_cold_share * s->all;
}

/* Takes away what the limit leaves room for, the dearest first. */
static void trim(struct search *s)
{
    double room = limit_of(s) - cold_of(s);
    for (;;) {
        double most = 0;
        size_t which = s->slots.n;
        for (size_t slot = 0; slot < s->slots.n; slot++) {
            if (s->n[slot] == 0)
                continue;
            size_t at = slot * s->n_levels + s->n[slot];
            double saved = s->usd[at] - s->usd[at - 1];
            if (s->cold[at - 1] - s->cold[at] <= room && saved > most) {
                most = saved;
                which = slot;
            }
        }
        if (which == s->slots.n)
            return;
        size_t at = which * s->n_levels + s->n[which]--;
        room -= s->cold[at - 1] - s->cold[at];
    }
}

/* The smallest price of a cold start at which the limit holds. false: none does. */
static bool search_price(struct search *s)
{
    double limit = limit_of(s);
    if (choose(s, 0) <= limit)
        return true;
    double low = 0;
    double high = 1e-9; /* USD; far below any price of a request */
    while (choose(s, high) > limit) {
        low = high;
        high *= 10;
        if (high > 1e9)
            return false;
    }
    for (int i = 0; i < BISECTIONS; i++) {
        double mid = (low + high) / 2;
        *(choose(s, mid) <= limit ? &high : &low) = mid;
    }
    (void)choose(s, high);
    if (s->question->change_usd == 0)
        trim(s);
    return true;
}

/* --- what a schedule does --- */

static size_t changes_of(const int n[HOURS])
{
    size_t changes = 0;
    for (size_t hour = 0; hour < HOURS; hour++)
        changes += n[hour] != n[(hour + HOURS - 1) % HOURS];
    return changes;
}

void cp_schedule_judge(const struct cp_schedule_question *q, struct cp_schedule *out)
{
    double all = 0, cold = 0, spilled = 0, busy_ms = 0, kept = 0, n_seen = 0;
    out->usd_per_week = 0;
    out->n_most = 0;
    for (size_t hour = 0; hour < HOURS; hour++) {
        out->n_most = out->n[hour] > out->n_most ? out->n[hour] : out->n_most;
        double weeks = weeks_of(q, hour);
        if (weeks == 0)
            continue;
        n_seen++;
        kept += out->n[hour];
        for (size_t place = 0; place <= (size_t)q->curve->n_max; place++) {
            const struct cp_pool_number *at = number_at(q, hour, place);
            bool is_provisioned = place < (size_t)out->n[hour];
            all += (double)at->n / weeks;
            cold += is_provisioned ? 0 : (double)at->n_cold / weeks;
            spilled += is_provisioned ? 0 : (double)at->n / weeks;
            busy_ms += is_provisioned ? at->busy_ms / weeks : 0;
            out->usd_per_week -= is_provisioned ? saving_usd(q, at) / weeks : 0;
        }
    }
    out->usd_per_week = (out->usd_per_week + kept * q->fixed_usd) * (HOURS / n_seen);
    out->cold_share = all > 0 ? cold / all : 0;
    out->spillover_share = all > 0 ? spilled / all : 0;
    out->utilization = kept > 0 ? busy_ms / (kept * CP_MS_PER_HOUR) : (double)NAN;
    out->n_changes = changes_of(out->n);
}

static bool is_question(const struct cp_schedule_question *q)
{
    const double prices[] = {q->fixed_usd, q->change_usd};
    for (size_t i = 0; i < sizeof prices / sizeof prices[0]; i++) {
        if (!(prices[i] >= 0) || isinf(prices[i]))
            return false;
    }
    return q->curve && q->curve->status == CP_OK && q->curve->n_buckets == HOURS &&
           isfinite(q->warm_saving_usd) && isfinite(q->cold_saving_usd);
}

void cp_schedule_find(const struct cp_schedule_question *question, struct cp_schedule *out)
{
    *out = (struct cp_schedule){.status = CP_EINVAL};
    if (!is_question(question))
        return;
    struct search s = {.question = question, .n_levels = (size_t)question->curve->n_max + 1};
    divide(&s.slots, question->days);
    size_t cells = s.slots.n * s.n_levels;
    s.usd = calloc(3 * cells, sizeof *s.usd);
    s.from = calloc(cells + s.slots.n, sizeof *s.from);
    out->status = s.usd && s.from ? CP_OK : CP_ENOMEM;
    if (out->status == CP_OK) {
        s.cold = s.usd + cells;
        s.best = s.cold + cells;
        s.n = s.from + cells;
        tabulate(&s);
        out->is_feasible = search_price(&s);
        for (size_t hour = 0; hour < HOURS; hour++)
            out->n[hour] =
                out->is_feasible ? (int)s.n[s.slots.of_hour[hour]] : question->curve->n_max;
        cp_schedule_judge(question, out);
    }
    free(s.usd);
    free(s.from);
}
