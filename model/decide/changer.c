/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/changer.h"

#include "model/base/units.h"

#include <math.h>

enum { BISECTIONS_MAX = 24 };
#define RATE_RANGE     1000.0
#define RATE_TOLERANCE 1.02

struct rate_search {
    const struct cp_candidate_context *context;
    const struct cp_size_law *law;
};

/* One arrival rate tried on demand. */
struct trial {
    bool is_met;
    double cold_share, estimate_ms;
};

static enum cp_code try_on_demand(const struct rate_search *s, double rate, struct trial *trial,
                                  struct cp_error *err)
{
    struct cp_pool_result pool;
    enum cp_code code = cp_candidate_simulate(
        s->context, s->law, rate / cp_demand_per_s(s->context->input->demand), 0, 0, &pool, err);
    if (code)
        return code;
    trial->cold_share = pool.cold_share.value;
    return cp_candidate_is_within(s->context, s->law, &pool.cold_share, &trial->is_met,
                                  &trial->estimate_ms, err);
}

/* Bisection on log rate for where `is_met` turns from `here` at rate `from` into its opposite on
 * the way to rate `to`. Nothing is found when it does not turn. */
static enum cp_code find_rate(const struct rate_search *s, double from, double to, bool here,
                              struct cp_thresholds *out, struct cp_error *err)
{
    struct trial start;
    struct trial end;
    enum cp_code code = try_on_demand(s, from, &start, err);
    if (code || start.is_met != here)
        return code;
    code = try_on_demand(s, to, &end, err);
    if (code || end.is_met == here)
        return code;
    for (int i = 0; i < BISECTIONS_MAX && fmax(from / to, to / from) > RATE_TOLERANCE; i++) {
        double middle = sqrt(from * to);
        struct trial trial;
        code = try_on_demand(s, middle, &trial, err);
        if (code)
            return code;
        if (trial.is_met == here) {
            from = middle;
            continue;
        }
        to = middle;
        end = trial;
    }
    out->rate_per_s = to;
    out->rate_cold_share = end.cold_share;
    out->rate_estimate_ms = end.estimate_ms;
    return CP_OK;
}

static bool meets_on_demand(const struct cp_decision *d, int memory_mb)
{
    for (size_t i = 0; i < d->n_candidates; i++) {
        const struct cp_candidate *c = &d->candidates[i];
        if (c->mode == CP_MODE_ON_DEMAND && c->memory_size_mb == memory_mb)
            return c->meets_budget;
    }
    return false;
}

static enum cp_code find_traffic(const struct rate_search *s, const struct cp_decision *d,
                                 struct cp_thresholds *out, struct cp_error *err)
{
    const struct cp_candidate *chosen = &d->candidates[d->chosen];
    double now = cp_demand_per_s(s->context->input->demand);
    if (!cp_mode_is_provisioned(chosen->mode))
        return find_rate(s, now, now / RATE_RANGE, true, out, err);
    if (meets_on_demand(d, chosen->memory_size_mb))
        return CP_OK;
    return find_rate(s, now, now * RATE_RANGE, false, out, err);
}

static double cost_of(const struct cp_candidate *c)
{
    return isnan(c->usd_per_month.value) ? c->usd_per_million.value : c->usd_per_month.value;
}

/* The cheaper setting that the smallest rise of the budget would allow. */
static void find_cheaper(const struct cp_decision *d, struct cp_thresholds *out)
{
    const struct cp_candidate *chosen = &d->candidates[d->chosen];
    for (size_t i = 0; i < d->n_candidates; i++) {
        const struct cp_candidate *c = &d->candidates[i];
        bool is_comparable =
            cp_candidate_is_working(c) && !c->meets_budget &&
            (!cp_mode_is_provisioned(c->mode) || cp_mode_is_provisioned(chosen->mode));
        if (!is_comparable || !isfinite(c->latency_ms.high) || !(cost_of(c) < cost_of(chosen)))
            continue;
        if (out->cheaper < 0 || c->latency_ms.high < out->cheaper_budget_ms) {
            out->cheaper = (int)i;
            out->cheaper_budget_ms = c->latency_ms.high;
        }
    }
}

/* The cheapest setting with a smaller upper bound than the chosen one. */
static void find_tight(const struct cp_decision *d, struct cp_thresholds *out)
{
    const struct cp_candidate *chosen = &d->candidates[d->chosen];
    out->tight_budget_ms = chosen->latency_ms.high;
    for (size_t i = 0; i < d->n_candidates; i++) {
        const struct cp_candidate *c = &d->candidates[i];
        if (!c->meets_budget || !(c->latency_ms.high < chosen->latency_ms.high))
            continue;
        if (out->tight < 0 || cost_of(c) < cost_of(&d->candidates[out->tight]))
            out->tight = (int)i;
    }
}

/* First environment: it carries a / (1 + a) of one; that is u from a = u / (1 - u) on. */
static double pays_per_s(const struct cp_candidate_context *context, const struct cp_size_law *law,
                         double break_even)
{
    bool may_be_provisioned = context->input->fresh_start != CP_START_SNAPSTART;
    if (!may_be_provisioned || !(break_even < 1))
        return NAN;
    return break_even / (1 - break_even) / (law->billed_warm_ms / CP_MS_PER_S);
}

enum cp_code cp_thresholds_find(const struct cp_candidate_context *context,
                                const struct cp_size_law *law, const struct cp_decision *decision,
                                struct cp_thresholds *out, struct cp_error *err)
{
    const struct cp_candidate *chosen = &decision->candidates[decision->chosen];
    *out = (struct cp_thresholds){.rate_per_s = NAN,
                                  .rate_cold_share = NAN,
                                  .rate_estimate_ms = NAN,
                                  .cheaper = -1,
                                  .cheaper_budget_ms = NAN,
                                  .tight_budget_ms = NAN,
                                  .tight = -1,
                                  .pays_per_s =
                                      pays_per_s(context, law, decision->break_even_utilization)};
    if (isnan(context->input->budget_q) || !chosen->meets_budget)
        return CP_OK;
    find_cheaper(decision, out);
    find_tight(decision, out);
    if (!context->input->demand)
        return CP_OK;
    struct rate_search search = {context, law};
    return find_traffic(&search, decision, out, err);
}
