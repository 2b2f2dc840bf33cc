/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/rival.h"

#include "model/decide/choice.h"
#include "model/decide/curve_setting.h"
#include "model/decide/what_if.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The decision simulates each size about so often; what it costs is what the search may cost. */
#define SIMULATIONS_PER_SIZE 4.0
#define ARRIVALS_MOST        1e5 /* of one simulation: enough to tell 2 % of a factor */
#define EFFORT_MAX           0.5
#define NEAR_LIMIT           2.0

/* --- which sizes --- */

static void add_size(struct cp_rivals *r, const struct cp_candidate *c)
{
    if (!c || !c->is_runnable || r->n_sizes == CP_RIVAL_SIZES_MAX)
        return;
    for (size_t i = 0; i < r->n_sizes; i++) {
        if (r->sizes[i].index == c->size)
            return;
    }
    r->sizes[r->n_sizes++] = (struct cp_rival_size){.index = c->size, .peak = c->most_in_flight};
}

/* The cheapest setting of another size that meets the budget, or that does not. */
static const struct cp_candidate *cheapest_other(const struct cp_rivals *r, bool meets_budget)
{
    const struct cp_decision *d = r->decision;
    const struct cp_candidate *best = NULL;
    for (size_t i = 0; i < d->n_candidates; i++) {
        const struct cp_candidate *c = &d->candidates[i];
        if (cp_candidate_is_working(c) && c->meets_budget == meets_budget &&
            c->size != r->sizes[0].index &&
            (!best || c->usd_per_month.value < best->usd_per_month.value))
            best = c;
    }
    return best;
}

static void choose_sizes(struct cp_rivals *r)
{
    const struct cp_decision *d = r->decision;
    add_size(r, &d->candidates[r->chosen]);
    add_size(r, d->current < 0 ? NULL : &d->candidates[d->current]);
    add_size(r, cheapest_other(r, true));
    add_size(r, cheapest_other(r, false));
}

/* --- set-up --- */

/* Where requests come in bursts the simulated share is not that of the decision. */
static bool can_be_told(const struct cp_rivals *r)
{
    return r->chosen >= 0 && r->context->input->demand && !r->decision->is_bursty;
}

enum cp_code cp_rivals_init(struct cp_rivals *r, const struct cp_candidate_context *context,
                            const struct cp_size_law *laws, const struct cp_decision *decision,
                            size_t n_worlds, struct cp_error *err)
{
    *r = (struct cp_rivals){.context = context,
                            .laws = laws,
                            .decision = decision,
                            .chosen = cp_what_if_shown(decision)};
    if (!can_be_told(r))
        return CP_ENODATA;
    choose_sizes(r);
    double per_world = SIMULATIONS_PER_SIZE * (double)context->input->n_sizes / (double)n_worlds;
    r->effort = fmin(EFFORT_MAX, per_world / (double)r->n_sizes);
    r->effort = fmin(r->effort, ARRIVALS_MOST / context->arrivals);
    r->scratch = calloc(1, sizeof *r->scratch);
    if (!r->scratch)
        return cp_fail(err, CP_ENOMEM, "out of memory for what would change the decision");
    enum cp_code code = CP_OK;
    for (size_t i = 0; !code && i < r->n_sizes; i++) {
        const struct cp_size_law *law = &laws[r->sizes[i].index];
        r->sizes[i].max_share = law->max_share;
        if (isnan(law->max_share))
            code = cp_curve_max_share(context, law, &r->sizes[i].max_share, err);
    }
    return code;
}

void cp_rivals_clear(struct cp_rivals *r)
{
    free(r->scratch);
    *r = (struct cp_rivals){0};
}

/* --- another world --- */

struct world {
    struct cp_demand demand;
    struct cp_optimize_input input;
    struct cp_idle_survival survival;
    struct cp_candidate_context context;
    double traffic;
};

static void make_world(const struct cp_rivals *r, const struct cp_rival_world *how, struct world *w)
{
    w->traffic = how->traffic;
    w->input = *r->context->input;
    w->demand = *w->input.demand; /* its law still borrows what the question's does */
    cp_demand_multiply(&w->demand, how->traffic);
    w->input.demand = &w->demand;
    w->context = *r->context;
    w->context.input = &w->input;
    w->context.arrivals *= r->effort;
    w->context.survival.longest_ms *= how->lifetime;
    if (!r->context->survival.survival)
        return;
    w->survival = *r->context->survival.survival;
    for (size_t i = 0; i < w->survival.n_points; i++)
        w->survival.points[i].idle_interval_ms *= how->lifetime;
    w->context.survival.survival = &w->survival;
}

/* The setting as it is in that world: everything but latency. */
static void set_from_pool(const struct cp_rivals *r, const struct world *w,
                          const struct cp_rival_size *size, const struct cp_pool_result *pool,
                          struct cp_candidate *c)
{
    cp_candidate_price(&w->context, &r->laws[size->index], pool, c);
    c->is_runnable = true;
    c->is_current = cp_candidate_is_of_now(&w->input, c);
    c->meets_budget = cp_candidate_is_working(c) && c->cold_share.high <= size->max_share;
}

/* Of one size: with nothing ready, for what runs on demand, and with as many as were found. */
struct curves {
    struct cp_pool_curve none, ready;
};

static void set_from_curve(const struct cp_rivals *r, const struct world *w,
                           const struct cp_rival_size *size, const struct curves *curves,
                           struct cp_candidate *c)
{
    bool is_ready = cp_mode_is_provisioned(c->mode) && curves->ready.points;
    const struct cp_pool_curve *curve = is_ready ? &curves->ready : &curves->none;
    const struct cp_size_law *law = &r->laws[size->index];
    const struct cp_pool_result pool = cp_curve_result(&w->context, law, curve, r->effort, c);
    set_from_pool(r, w, size, &pool, c);
}

/* The chosen setting. A curve tells constant numbers only: a schedule, and target tracking, which
 * follows the traffic, take a simulation of their own. */
static enum cp_code set_kept(struct cp_rivals *r, const struct world *w,
                             const struct cp_rival_size *size, const struct curves *curves,
                             struct cp_candidate *kept, struct cp_error *err)
{
    const struct cp_candidate *chosen = &r->decision->candidates[r->chosen];
    const struct cp_size_law *law = &r->laws[size->index];
    *kept = cp_candidate_of(law, chosen->mode, chosen->concurrency);
    if (chosen->mode != CP_MODE_SCHEDULED && chosen->mode != CP_MODE_TRACKING) {
        set_from_curve(r, w, size, curves, kept);
        return CP_OK;
    }
    struct cp_pool_result pool;
    memcpy(kept->by_hour, chosen->by_hour, sizeof kept->by_hour);
    kept->tracking = chosen->tracking;
    enum cp_code code = cp_candidate_simulate(&w->context, law, kept, &pool, err);
    r->n_simulations++;
    if (code)
        return code;
    pool.cold_share = cp_curve_narrowed(&pool.cold_share, r->effort);
    pool.spillover_share = cp_curve_narrowed(&pool.spillover_share, r->effort);
    set_from_pool(r, w, size, &pool, kept);
    return CP_OK;
}

static int n_most(const struct cp_rivals *r, const struct world *w,
                  const struct cp_rival_size *size)
{
    const struct cp_candidate *chosen = &r->decision->candidates[r->chosen];
    int n = cp_curve_n_max(&w->context, &r->laws[size->index], size->peak * w->traffic);
    bool is_chosen_size = size->index == r->sizes[0].index;
    return is_chosen_size && cp_candidate_provisioned(chosen) > n ? chosen->concurrency : n;
}

/* The curve also tells what a limit of the account would throttle, where that is near. */
static int curve_to(const struct cp_rivals *r, const struct world *w,
                    const struct cp_rival_size *size)
{
    int n = n_most(r, w, size);
    int limit = w->input.unreserved_concurrency;
    bool is_near = limit <= CP_POOL_CURVE_MAX && NEAR_LIMIT * size->peak * w->traffic > limit;
    return limit > n && is_near ? limit : n;
}

static struct cp_candidate *add(struct cp_rivals *r, const struct cp_candidate *c)
{
    struct cp_candidate *added = &r->scratch->candidates[r->scratch->n_candidates++];
    *added = *c;
    return added;
}

/* The number of provisioned environments that meets the budget at the least cost, if any does; else
 * of memory size 0. Cost is convex in it. */
static struct cp_candidate best_provisioned(const struct cp_rivals *r, const struct world *w,
                                            const struct cp_rival_size *size,
                                            const struct curves *curves)
{
    struct cp_candidate best = {0};
    int n_max = n_most(r, w, size);
    for (int n = 1; n <= n_max; n++) {
        struct cp_candidate c = cp_candidate_of(&r->laws[size->index], CP_MODE_PROVISIONED, n);
        set_from_curve(r, w, size, curves, &c);
        if (!c.meets_budget)
            continue;
        if (best.memory_size_mb && !(c.usd_per_month.value < best.usd_per_month.value))
            break;
        best = c;
    }
    return best;
}

static enum cp_code look(struct cp_rivals *r, const struct world *w,
                         const struct cp_rival_size *size, struct curves *curves,
                         struct cp_error *err)
{
    const struct cp_size_law *law = &r->laws[size->index];
    struct cp_pool_curve_options options = {.pool = cp_candidate_pool_options(&w->context, law),
                                            .n_max = curve_to(r, w, size)};
    enum cp_code code = cp_pool_curve_make(&options, &curves->none, err);
    r->n_simulations++;
    if (code || size->max_share < 0)
        return code;
    int found = best_provisioned(r, w, size, curves).concurrency;
    options.ready = found > 0 ? found : n_most(r, w, size);
    if (!cp_curve_is_misled(law, &curves->none, options.ready))
        return CP_OK;
    r->n_simulations++;
    return cp_pool_curve_make(&options, &curves->ready, err);
}

static enum cp_code add_settings(struct cp_rivals *r, const struct world *w,
                                 const struct cp_rival_size *size, struct cp_rival_answer *answer,
                                 struct cp_error *err)
{
    const struct cp_size_law *law = &r->laws[size->index];
    const struct cp_candidate *chosen = &r->decision->candidates[r->chosen];
    struct curves curves = {0};
    enum cp_code code = look(r, w, size, &curves, err);
    if (!code) {
        struct cp_candidate c = cp_candidate_of(law, CP_MODE_ON_DEMAND, 0);
        set_from_curve(r, w, size, &curves, &c);
        add(r, &c);
        c = best_provisioned(r, w, size, &curves);
        if (c.memory_size_mb)
            add(r, &c);
        if (size->index == r->sizes[0].index) {
            code = set_kept(r, w, size, &curves, &answer->kept, err);
            if (!code && chosen->mode != CP_MODE_ON_DEMAND)
                add(r, &answer->kept);
        }
    }
    cp_pool_curve_clear(&curves.none);
    cp_pool_curve_clear(&curves.ready);
    return code;
}

enum cp_code cp_rivals_answer(struct cp_rivals *r, const struct cp_rival_world *world,
                              struct cp_rival_answer *answer, struct cp_error *err)
{
    struct world w;
    struct cp_decision *d = r->scratch;
    make_world(r, world, &w);
    *answer = (struct cp_rival_answer){0};
    d->n_candidates = 0;
    d->chosen = d->current = d->cheapest = d->fastest = d->fallback = -1;
    d->is_budget_met = false;
    enum cp_code code = CP_OK;
    for (size_t i = 0; !code && i < r->n_sizes; i++) {
        if (!r->sizes[i].is_off)
            code = add_settings(r, &w, &r->sizes[i], answer, err);
    }
    if (code)
        return code;
    cp_choose(&w.input, d);
    int shown = cp_what_if_shown(d);
    if (shown >= 0)
        answer->winner = d->candidates[shown];
    return CP_OK;
}

enum cp_code cp_rivals_latency(struct cp_rivals *r, const struct cp_candidate *c, double *ms,
                               struct cp_error *err)
{
    struct cp_candidate there;
    enum cp_code code =
        cp_candidate_judge_at(r->context, &r->laws[c->size], c->cold_share.value, &there, err);
    *ms = there.latency_ms.value;
    return code;
}

void cp_rivals_narrow(struct cp_rivals *r, const struct cp_candidate *a,
                      const struct cp_candidate *b)
{
    for (size_t i = 0; i < r->n_sizes; i++)
        r->sizes[i].is_off = r->sizes[i].index != a->size && r->sizes[i].index != b->size;
}

void cp_rivals_widen(struct cp_rivals *r)
{
    for (size_t i = 0; i < r->n_sizes; i++)
        r->sizes[i].is_off = false;
}

double cp_rival_lifetime_ms(const struct cp_pool_survival *survival)
{
    const struct cp_idle_survival *s = survival->survival;
    double ms = 0;
    double gone = 0;
    for (size_t i = 0; s && i < s->n_points; i++) {
        const struct cp_idle_point *p = &s->points[i];
        if (p->cold_probability >= 0.5)
            return ms + (p->idle_interval_ms - ms) * (0.5 - gone) / (p->cold_probability - gone);
        ms = p->idle_interval_ms;
        gone = p->cold_probability;
    }
    return survival->longest_ms;
}
