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
    double end = o->warm_up_ms + o->horizon_ms;
    return o->window_step_ms > 0
               ? cp_arrivals_open_repeated(a, &o->arrivals, o->seed, stream, origin, end, err)
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

bool cp_rate_bucket_draw(struct cp_rate_bucket *b, double now)
{
    b->level = fmin(b->cap, b->level + (now - b->at) * b->per_ms);
    b->at = now;
    if (b->level < 1)
        return false;
    b->level -= 1;
    return true;
}

/* --- provisioned environments --- */

/* The schedule's step that is next after time 0. */
static void start_schedule(struct cp_provisioned *p, double origin)
{
    const struct cp_pool_schedule *s = p->schedule;
    p->origin = origin - s->period_ms * ceil(origin / s->period_ms); /* time 0 lies in it */
    while (p->step < s->n_steps && p->origin + s->steps[p->step].from_ms <= 0)
        p->step++;
    p->n = s->steps[p->step > 0 ? p->step - 1 : s->n_steps - 1].n;
    if (p->step == s->n_steps) {
        p->step = 0;
        p->origin += s->period_ms;
    }
    p->next_step = p->origin + s->steps[p->step].from_ms;
}

static void set_next(struct cp_provisioned *p)
{
    p->next = fmin(fmin(p->next_step, p->next_point), p->next_ready);
}

struct cp_provisioned cp_provisioned_start(const struct cp_pool_options *o, double origin)
{
    struct cp_provisioned p = {.schedule = &o->schedule,
                               .tracking = &o->tracking,
                               .next_step = INFINITY,
                               .next_point = INFINITY,
                               .next_ready = INFINITY,
                               .n = o->provisioned};
    if (o->schedule.n_steps > 0)
        start_schedule(&p, origin);
    if (o->tracking.target > 0) {
        p.n = cp_pool_tracking_within(&o->tracking, p.n);
        p.next_point = cp_pool_tracking_period_ms(&o->tracking);
    }
    set_next(&p);
    return p;
}

/* Fewer are taken at once; more come when all of them are ready. */
static void want(struct cp_provisioned *p, double now, int n, double ready_ms)
{
    int wanted = isinf(p->next_ready) ? p->n : p->n_ready_then;
    p->n_changes += n != wanted;
    p->n_allocated += n > wanted ? (uint64_t)(n - wanted) : 0;
    p->next_ready = INFINITY; /* what was still being prepared is not wanted any more */
    if (n > p->n) {
        p->next_ready = now + ready_ms;
        p->n_ready_then = n;
    } else {
        p->n = n;
    }
}

static void step(struct cp_provisioned *p)
{
    const struct cp_pool_schedule *s = p->schedule;
    want(p, p->next_step, s->steps[p->step].n, s->ready_ms);
    if (++p->step == s->n_steps) {
        p->step = 0;
        p->origin += s->period_ms;
    }
    p->next_step = p->origin + s->steps[p->step].from_ms;
}

static void take_point(struct cp_provisioned *p)
{
    bool is_preparing = isfinite(p->next_ready);
    int wanted = cp_pool_tracking_point(p->tracking, &p->alarms, p->next_point, p->busy_ms,
                                        p->ready_ms, p->n, is_preparing);
    if (wanted != p->n)
        want(p, p->next_point, wanted, p->tracking->ready_ms);
    p->busy_ms = p->ready_ms = 0;
    p->next_point += cp_pool_tracking_period_ms(p->tracking);
}

void cp_provisioned_advance(struct cp_provisioned *p)
{
    if (p->next_ready <= fmin(p->next_step, p->next_point)) {
        p->n = p->n_ready_then;
        p->next_ready = INFINITY;
    } else if (p->next_point <= p->next_step) {
        take_point(p);
    } else {
        step(p);
    }
    set_next(p);
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
