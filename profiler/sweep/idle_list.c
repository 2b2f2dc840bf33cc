/* SPDX-License-Identifier: GPL-3.0-or-later
 * Idle intervals that were given: the chains of the plan.
 */
#include <math.h>

#include "profiler/sweep/idle_chain.h"

size_t cp_idle_first_unsent(const struct cp_runner *r, size_t first, size_t n)
{
    for (size_t i = first; i < first + n; i++) {
        if (r->plan.samples[i].outcome == CP_OUTCOME_NOT_SENT)
            return i;
    }
    return CP_NO_SAMPLE;
}

double cp_idle_planned_ms(const struct cp_runner *r, const struct cp_plan_chain *plan)
{
    double sum = 0;
    for (size_t i = plan->first_probe; i < plan->first_probe + plan->n_probes; i++) {
        if (r->plan.samples[i].outcome == CP_OUTCOME_NOT_SENT)
            sum += r->plan.samples[i].idle_interval_ms;
    }
    return sum;
}

static size_t next_probe(const struct cp_runner *r, const struct cp_plan_chain *plan)
{
    return cp_idle_first_unsent(r, plan->first_probe, plan->n_probes);
}

static enum cp_code plan_nothing(void *context, struct cp_runner *r,
                                 const struct cp_idle_chains *chains, struct cp_error *err)
{
    (void)context, (void)r, (void)chains, (void)err;
    return CP_OK;
}

static bool has_more(const void *context, const struct cp_runner *r,
                     const struct cp_plan_chain *plan)
{
    (void)context;
    return next_probe(r, plan) != CP_NO_SAMPLE;
}

static double interval_ms(void *context, struct cp_runner *r, struct cp_idle_chain *chain)
{
    (void)context;
    return r->plan.samples[next_probe(r, chain->plan)].idle_interval_ms;
}

static bool is_in_time(const struct cp_idle_chain *chain, double late_ms)
{
    (void)chain, (void)late_ms;
    return true;
}

static enum cp_code take(void *context, struct cp_runner *r, struct cp_idle_chain *chain,
                         size_t *index, struct cp_error *err)
{
    (void)context, (void)err;
    *index = next_probe(r, chain->plan);
    return CP_OK;
}

static void settle(void *context, const struct cp_runner *r, struct cp_idle_chain *chain)
{
    (void)context, (void)r, (void)chain;
}

static double left_ms(const void *context, const struct cp_runner *r,
                      const struct cp_idle_chain *chain)
{
    (void)context;
    return cp_idle_planned_ms(r, chain->plan);
}

const struct cp_idle_source cp_idle_list_source = {
    .plan = plan_nothing,
    .has_more = has_more,
    .interval_ms = interval_ms,
    .is_in_time = is_in_time,
    .take = take,
    .settle = settle,
    .left_ms = left_ms,
};
