/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/choice.h"

#include "model/decide/candidate.h"
#include "model/decide/saving.h"

#include <math.h>

#define TRIFLE 0.01 /* of cost: no reason for more environments or more memory */

typedef bool (*filter_fn)(const struct cp_candidate *c);

static bool meets(const struct cp_candidate *c)
{
    return c->meets_budget;
}

/* Without traffic a month's cost is not known, and a provisioned environment is only for what
 * on-demand cannot do: its cost ranks behind every on-demand one. */
static struct cp_interval rank_cost(const struct cp_candidate *c)
{
    if (!isnan(c->usd_per_month.value))
        return c->usd_per_month;
    if (!cp_mode_is_provisioned(c->mode))
        return c->usd_per_million;
    const double behind = 1e9;
    double usd = behind + c->fixed_usd_per_month;
    return (struct cp_interval){usd, usd, usd};
}

static int lowest_cost(const struct cp_decision *d, filter_fn is_in)
{
    int best = -1;
    for (size_t i = 0; i < d->n_candidates; i++) {
        const struct cp_candidate *c = &d->candidates[i];
        if (is_in(c) && (best < 0 || rank_cost(c).value < rank_cost(&d->candidates[best]).value))
            best = (int)i;
    }
    return best;
}

/* NAN: none to compare. INFINITY, at the timeout, is one. */
static double latency_of(const struct cp_candidate *c)
{
    return cp_candidate_is_working(c) ? c->latency_ms.value : (double)NAN;
}

/* The cheapest of those that are as fast as the fastest, give or take one per cent. */
static int lowest_latency(const struct cp_decision *d)
{
    double least = NAN; /* fmin passes it over, and nothing is <= it */
    for (size_t i = 0; i < d->n_candidates; i++)
        least = fmin(least, latency_of(&d->candidates[i]));
    int best = -1;
    for (size_t i = 0; i < d->n_candidates; i++) {
        const struct cp_candidate *c = &d->candidates[i];
        if (latency_of(c) <= 1.01 * least &&
            (best < 0 || rank_cost(c).value < rank_cost(&d->candidates[best]).value))
            best = (int)i;
    }
    return best;
}

static bool is_same_every_day(const struct cp_candidate *c)
{
    for (size_t h = 24; h < CP_ARRIVALS_HOURS; h++) {
        if (c->by_hour[h] != c->by_hour[h - 24])
            return false;
    }
    return true;
}

/* How much there is to look after: nothing provisioned, a number, a schedule of a day, of a week,
 * a rule that follows the traffic. */
static int moving_parts(const struct cp_candidate *c)
{
    static const int of_mode[] = {[CP_MODE_ON_DEMAND] = 0,
                                  [CP_MODE_RESERVED] = 0,
                                  [CP_MODE_PROVISIONED] = 1,
                                  [CP_MODE_SCHEDULED] = 2,
                                  [CP_MODE_TRACKING] = 4};
    bool is_weekly = c->mode == CP_MODE_SCHEDULED && !is_same_every_day(c);
    return of_mode[c->mode] + is_weekly;
}

/* The tie rule: is `a` to be preferred to `b` when their costs cannot be told apart? */
static bool is_simpler(const struct cp_candidate *a, const struct cp_candidate *b)
{
    if (a->is_current != b->is_current)
        return a->is_current;
    if (moving_parts(a) != moving_parts(b))
        return moving_parts(a) < moving_parts(b);
    if (cp_candidate_provisioned(a) != cp_candidate_provisioned(b))
        return cp_candidate_provisioned(a) < cp_candidate_provisioned(b);
    return a->memory_size_mb < b->memory_size_mb;
}

/* Can the cheapest not be shown to cost less than `c`, by more than a trifle? What both share is no
 * doubt about it. What runs now stays unless it saves enough. */
static bool is_tie(const struct cp_optimize_input *in, const struct cp_candidate *cheapest,
                   const struct cp_candidate *c)
{
    double least = rank_cost(cheapest).value;
    if (c->is_current && rank_cost(c).value <= least / (1 - CP_SAVING_MIN))
        return true;
    struct cp_interval saving = cp_saving_of(in, c, cheapest);
    return isnan(saving.low) ? rank_cost(c).value <= rank_cost(cheapest).high
                             : saving.low <= 0 || saving.value <= TRIFLE * least;
}

static int choose(const struct cp_optimize_input *in, const struct cp_decision *d)
{
    int cheapest = lowest_cost(d, meets);
    int best = cheapest;
    for (size_t i = 0; best >= 0 && i < d->n_candidates; i++) {
        const struct cp_candidate *c = &d->candidates[i];
        if (meets(c) && is_tie(in, &d->candidates[cheapest], c) &&
            is_simpler(c, &d->candidates[best]))
            best = (int)i;
    }
    return best;
}

static bool dominates(const struct cp_candidate *a, const struct cp_candidate *b)
{
    double cost_a = rank_cost(a).value;
    double cost_b = rank_cost(b).value;
    double latency_a = a->latency_ms.value;
    double latency_b = b->latency_ms.value;
    return cost_a <= cost_b && latency_a <= latency_b && (cost_a < cost_b || latency_a < latency_b);
}

static void mark_frontier(struct cp_decision *d)
{
    for (size_t i = 0; i < d->n_candidates; i++) {
        struct cp_candidate *c = &d->candidates[i];
        c->is_on_frontier = cp_candidate_is_working(c) && !isnan(c->latency_ms.value);
        for (size_t k = 0; c->is_on_frontier && k < d->n_candidates; k++)
            c->is_on_frontier =
                !(cp_candidate_is_working(&d->candidates[k]) && dominates(&d->candidates[k], c));
    }
}

static bool any(const struct cp_decision *d, filter_fn is_in)
{
    for (size_t i = 0; i < d->n_candidates; i++) {
        if (is_in(&d->candidates[i]))
            return true;
    }
    return false;
}

static bool may_meet(const struct cp_candidate *c)
{
    return c->may_meet_budget;
}

static bool is_answered(const struct cp_candidate *c)
{
    return cp_candidate_is_working(c) && c->latency_status >= CP_ANSWER_UPPER_ONLY;
}

static bool is_unanswered(const struct cp_candidate *c)
{
    return cp_candidate_is_working(c) && c->latency_status < CP_ANSWER_UPPER_ONLY;
}

/* Nothing meets the budget: the cheapest that may, else the fastest. */
static int least_violating(const struct cp_decision *d)
{
    int best = lowest_cost(d, may_meet);
    return best >= 0 ? best : d->fastest;
}

static enum cp_verdict verdict_without(const struct cp_decision *d)
{
    bool is_short = any(d, is_unanswered);
    for (size_t i = 0; i < d->n_candidates; i++) {
        const struct cp_candidate *c = &d->candidates[i];
        if (c->may_meet_budget && (is_answered(c) || c->idle_decides))
            return CP_VERDICT_INVESTIGATE;
    }
    return is_short || !any(d, cp_candidate_is_working) ? CP_VERDICT_NOT_ENOUGH_DATA
                                                        : CP_VERDICT_INVESTIGATE;
}

/* The cheapest setting that costs less than `index` and may meet the budget, but is not shown to;
 * -1 none. */
static int undecided_below(const struct cp_decision *d, int index)
{
    int best = lowest_cost(d, may_meet);
    bool is_cheaper =
        best >= 0 && rank_cost(&d->candidates[best]).value < rank_cost(&d->candidates[index]).value;
    return is_cheaper ? best : -1;
}

/* Does the answer save money against what runs now, and what runs now is known? */
static bool is_saving(const struct cp_decision *d, int index)
{
    return d->current >= 0 &&
           rank_cost(&d->candidates[index]).value < rank_cost(&d->candidates[d->current]).value;
}

static void decide_with_budget(const struct cp_optimize_input *in, struct cp_decision *d)
{
    int shown = choose(in, d);
    if (shown < 0) {
        d->chosen = least_violating(d);
        d->verdict = verdict_without(d);
        return;
    }
    int undecided = shown == d->current || is_saving(d, shown) ? -1 : undecided_below(d, shown);
    if (undecided < 0) {
        d->chosen = shown;
        d->is_budget_met = true;
        d->verdict = shown == d->current ? CP_VERDICT_KEEP : CP_VERDICT_CHANGE;
        return;
    }
    const struct cp_candidate *c = &d->candidates[undecided];
    d->chosen = undecided;
    d->fallback = shown;
    d->verdict =
        is_answered(c) || c->idle_decides ? CP_VERDICT_INVESTIGATE : CP_VERDICT_NOT_ENOUGH_DATA;
}

static void decide_without_budget(struct cp_decision *d)
{
    bool is_current_usable = d->current >= 0 && cp_candidate_is_working(&d->candidates[d->current]);
    d->chosen = is_current_usable ? d->current : d->cheapest;
    d->verdict = any(d, cp_candidate_is_working) ? CP_VERDICT_KEEP : CP_VERDICT_NOT_ENOUGH_DATA;
}

void cp_choose(const struct cp_optimize_input *input, struct cp_decision *d)
{
    for (size_t i = 0; i < d->n_candidates; i++) {
        if (d->candidates[i].is_current)
            d->current = (int)i;
    }
    mark_frontier(d);
    d->fastest = lowest_latency(d);
    d->cheapest = any(d, meets) ? lowest_cost(d, meets) : lowest_cost(d, cp_candidate_is_working);
    if (isnan(input->budget_q))
        decide_without_budget(d);
    else
        decide_with_budget(input, d);
}
