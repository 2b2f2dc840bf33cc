/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/pool_rules.h"

#include <math.h>

/* --- windows --- */

/* The law's time 0: its window's beginning lies at the end of the warm-up. */
static double law_origin_ms(const struct cp_pool_options *o, uint64_t replication)
{
    return o->warm_up_ms - (double)replication * o->window_step_ms;
}

double cp_pool_week_origin_ms(const struct cp_pool_options *o, uint64_t replication)
{
    return law_origin_ms(o, replication) + o->week_origin_ms;
}

enum cp_code cp_pool_open_arrivals(const struct cp_pool_options *o, uint64_t replication,
                                   uint64_t stream, struct cp_arrivals *a, struct cp_error *err)
{
    double origin = law_origin_ms(o, replication);
    return o->window_step_ms > 0
               ? cp_arrivals_open_repeated(a, &o->arrivals, o->seed, stream, origin, err)
               : cp_arrivals_open(a, &o->arrivals, o->seed, stream, origin, err);
}

int cp_pool_strata(const struct cp_pool_options *o)
{
    if (!(o->window_step_ms > 0))
        return 1;
    double round = cp_arrivals_span_ms(&o->arrivals) / o->window_step_ms;
    double whole = rint(round);
    bool is_whole =
        whole >= 1 && whole <= CP_POOL_WINDOWS_MAX && fabs(round - whole) < 1e-9 * whole;
    return is_whole ? (int)whole : 1;
}

/* --- rates --- */

struct cp_rate_bucket cp_rate_bucket_full(double per_ms, double cap)
{
    return (struct cp_rate_bucket){.per_ms = per_ms, .cap = cap, .level = cap};
}

bool cp_rate_bucket_take(struct cp_rate_bucket *b, double now)
{
    if (b->per_ms == 0)
        return true;
    b->level = fmin(b->cap, b->level + (now - b->at) * b->per_ms);
    b->at = now;
    if (b->level < 1)
        return false;
    b->level -= 1;
    return true;
}

/* --- schedule --- */

struct cp_schedule_clock cp_schedule_clock_start(const struct cp_pool_options *o, double origin)
{
    const struct cp_pool_schedule *s = &o->schedule;
    struct cp_schedule_clock c = {.schedule = s,
                                  .origin = origin,
                                  .next_step = INFINITY,
                                  .next_ready = INFINITY,
                                  .n = o->provisioned};
    if (s->n_steps == 0)
        return c;
    c.origin -= s->period_ms * ceil(origin / s->period_ms); /* the period that time 0 lies in */
    while (c.step < s->n_steps && c.origin + s->steps[c.step].from_ms <= 0)
        c.step++;
    c.n = s->steps[c.step > 0 ? c.step - 1 : s->n_steps - 1].n;
    if (c.step == s->n_steps) {
        c.step = 0;
        c.origin += s->period_ms;
    }
    c.next_step = c.origin + s->steps[c.step].from_ms;
    return c;
}

double cp_schedule_clock_next(const struct cp_schedule_clock *c)
{
    return fmin(c->next_step, c->next_ready);
}

void cp_schedule_clock_advance(struct cp_schedule_clock *c)
{
    const struct cp_pool_schedule *s = c->schedule;
    if (c->next_ready <= c->next_step) {
        c->n = c->n_ready_then;
        c->next_ready = INFINITY;
        return;
    }
    int wanted = s->steps[c->step].n;
    c->next_ready = INFINITY; /* what was still being prepared is not wanted any more */
    if (wanted > c->n) {
        c->next_ready = c->next_step + s->ready_ms;
        c->n_ready_then = wanted;
    } else {
        c->n = wanted;
    }
    if (++c->step == s->n_steps) {
        c->step = 0;
        c->origin += s->period_ms;
    }
    c->next_step = c->origin + s->steps[c->step].from_ms;
}

/* --- retries --- */

int64_t cp_retry_pack(const struct cp_retry *retry)
{
    return (int64_t)llround(retry->first_at * 1000) * (CP_RETRY_ATTEMPTS_MAX + 1) + retry->attempts;
}

struct cp_retry cp_retry_unpack(int64_t packed)
{
    int64_t first_us = packed / (CP_RETRY_ATTEMPTS_MAX + 1);
    int attempts = (int)(packed % (CP_RETRY_ATTEMPTS_MAX + 1));
    return (struct cp_retry){.first_at = (double)first_us / 1000, .attempts = attempts};
}

double cp_retry_at(const struct cp_pool_retry *rule, const struct cp_retry *request, double now)
{
    double delay = fmin(ldexp(rule->first_delay_ms, request->attempts), rule->longest_delay_ms);
    bool is_lost = request->attempts == CP_RETRY_ATTEMPTS_MAX ||
                   now + delay - request->first_at > rule->max_age_ms;
    return is_lost ? INFINITY : now + delay;
}
