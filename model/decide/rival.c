/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/rival.h"

#include "model/base/units.h"
#include "model/decide/choice.h"
#include "model/decide/erlang.h"
#include "model/decide/pool_curve.h"
#include "model/decide/what_if.h"

#include <math.h>
#include <stdlib.h>

/* The decision simulates each size about so often; what it costs is what the search may cost. */
#define SIMULATIONS_PER_SIZE 4.0
#define EFFORT_MAX           0.5
#define SHARE_LEAST          1e-7 /* of cold starts: less is none */
#define SPILLOVER_NEGLIGIBLE 1e-4
#define PEAK_BUFFER          1.1

enum { SHARE_BISECTIONS = 14, PROVISIONED_MOST = 100, UNRESERVED_MINIMUM = 100 };

/* --- which sizes --- */

static size_t size_of(const struct cp_rivals *r, const struct cp_candidate *c)
{
    const struct cp_optimize_input *in = r->context->input;
    size_t i = 0;
    while (i + 1 < in->n_sizes && in->sizes[i].memory_size_mb != c->memory_size_mb)
        i++;
    return i;
}

static void add_size(struct cp_rivals *r, const struct cp_candidate *c)
{
    if (!c || !c->is_runnable || r->n_sizes == CP_RIVAL_SIZES_MAX)
        return;
    size_t index = size_of(r, c);
    for (size_t i = 0; i < r->n_sizes; i++) {
        if (r->sizes[i].index == index)
            return;
    }
    r->sizes[r->n_sizes++] = (struct cp_rival_size){.index = index, .peak = c->peak_concurrency};
}

/* The cheapest setting of another size that meets the budget, or that does not. */
static const struct cp_candidate *cheapest_other(const struct cp_rivals *r, bool meets_budget)
{
    const struct cp_decision *d = r->decision;
    const struct cp_candidate *best = NULL;
    for (size_t i = 0; i < d->n_candidates; i++) {
        const struct cp_candidate *c = &d->candidates[i];
        if (cp_candidate_is_working(c) && c->meets_budget == meets_budget &&
            size_of(r, c) != r->sizes[0].index &&
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

/* --- at which cold share the budget holds --- */

static enum cp_code evaluate_at(const struct cp_rivals *r, size_t size, double share,
                                struct cp_candidate *c, struct cp_error *err)
{
    const struct cp_pool_result pool = {.cold_share = {share, 0, share, share}};
    const struct cp_size_law *law = &r->laws[size];
    *c = cp_candidate_empty(law->data->memory_size_mb, CP_MODE_ON_DEMAND, 0);
    return cp_candidate_evaluate(r->context, law, &pool, c, err);
}

static enum cp_code find_max_share(const struct cp_rivals *r, struct cp_rival_size *size,
                                   struct cp_error *err)
{
    double low = SHARE_LEAST;
    double high = 1;
    struct cp_candidate c;
    enum cp_code code = evaluate_at(r, size->index, low, &c, err);
    size->max_share = -1;
    if (code || !c.meets_budget)
        return code;
    code = evaluate_at(r, size->index, high, &c, err);
    size->max_share = c.meets_budget ? 1 : low;
    for (int i = 0; !code && size->max_share < 1 && i < SHARE_BISECTIONS; i++) {
        double middle = sqrt(low * high);
        code = evaluate_at(r, size->index, middle, &c, err);
        if (c.meets_budget)
            size->max_share = low = middle;
        else
            high = middle;
    }
    return code;
}

/* --- set-up --- */

/* A curve tells constant numbers only. Where requests come in bursts the simulated share is not
 * that of the decision. */
static bool can_be_told(const struct cp_rivals *r)
{
    const struct cp_decision *d = r->decision;
    if (r->chosen < 0 || !r->context->input->demand || d->is_bursty)
        return false;
    enum cp_concurrency_mode mode = d->candidates[r->chosen].mode;
    return mode != CP_MODE_SCHEDULED && mode != CP_MODE_TRACKING;
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
    r->scratch = calloc(1, sizeof *r->scratch);
    if (!r->scratch)
        return cp_fail(err, CP_ENOMEM, "out of memory for what would change the decision");
    enum cp_code code = CP_OK;
    for (size_t i = 0; !code && i < r->n_sizes; i++)
        code = find_max_share(r, &r->sizes[i], err);
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
    w->demand.law.factor = how->traffic * (w->demand.law.factor > 0 ? w->demand.law.factor : 1);
    w->input.demand = &w->demand;
    w->context = *r->context;
    w->context.input = &w->input;
    w->context.arrivals_per_replication *= r->effort;
    w->context.survival.longest_ms *= how->lifetime;
    if (!r->context->survival.survival)
        return;
    w->survival = *r->context->survival.survival;
    for (size_t i = 0; i < w->survival.n_points; i++)
        w->survival.points[i].idle_interval_ms *= how->lifetime;
    w->context.survival.survival = &w->survival;
}

/* As wide as the decision's longer simulation would have it. */
static struct cp_pool_mean narrowed(const struct cp_pool_mean *mean, double effort)
{
    double by = sqrt(effort);
    return (struct cp_pool_mean){mean->value, mean->se * by,
                                 mean->value - (mean->value - mean->low) * by,
                                 mean->value + (mean->high - mean->value) * by};
}

static double busy_of(const struct world *w, const struct cp_size_law *law, double cold_share)
{
    double ms = law->billed_warm_ms;
    if (cold_share > 0)
        ms += cold_share * (law->billed_cold_ms - law->billed_warm_ms);
    return cp_demand_per_s(&w->demand) * ms / CP_MS_PER_S;
}

static double throttled_share(const struct world *w, const struct cp_candidate *c, double busy)
{
    int limit = c->mode == CP_MODE_RESERVED ? c->concurrency : w->input.unreserved_concurrency;
    return limit > 0 ? cp_erlang_b(limit, busy) : 0;
}

/* The setting as it is in that world: everything but latency. */
static void set_from_curve(const struct cp_rivals *r, const struct world *w,
                           const struct cp_rival_size *size, const struct cp_pool_curve *curve,
                           struct cp_candidate *c)
{
    const struct cp_size_law *law = &r->laws[size->index];
    int n = cp_candidate_provisioned(c);
    const struct cp_pool_point *point = &curve->points[n];
    struct cp_pool_result pool = {.cold_share = narrowed(&point->cold_share, r->effort),
                                  .spillover_share = narrowed(&point->spillover_share, r->effort),
                                  .provisioned_busy = point->busy,
                                  .provisioned_ready = {n, 0, n, n}};
    pool.mean_busy.value = busy_of(w, law, pool.cold_share.value);
    pool.throttled_share.value = throttled_share(w, c, pool.mean_busy.value);
    pool.p999_concurrency = NAN;
    cp_candidate_price(&w->context, law, &pool, c);
    c->is_runnable = true;
    c->is_current = c->mode == CP_MODE_ON_DEMAND && c->memory_size_mb == w->input.current_memory_mb;
    c->meets_budget = cp_candidate_is_working(c) && c->cold_share.high <= size->max_share;
}

static int n_most(const struct cp_rivals *r, const struct world *w,
                  const struct cp_rival_size *size)
{
    const struct cp_optimize_input *in = &w->input;
    const struct cp_candidate *chosen = &r->decision->candidates[r->chosen];
    int n = 0;
    if (in->fresh_start != CP_START_SNAPSTART && cp_price_has_provisioned(in->price)) {
        double busy = busy_of(w, &r->laws[size->index], 0);
        double peak =
            fmax(size->peak * w->traffic, cp_erlang_servers_for_loss(busy, SPILLOVER_NEGLIGIBLE));
        int most = in->max_provisioned > 0 ? in->max_provisioned : PROVISIONED_MOST;
        n = (int)fmin(most, fmax(1, ceil(peak * PEAK_BUFFER)));
        if (in->unreserved_concurrency > 0)
            n = (int)fmax(0, fmin(n, in->unreserved_concurrency - UNRESERVED_MINIMUM));
    }
    bool is_chosen_size = size->index == r->sizes[0].index;
    return is_chosen_size && cp_candidate_provisioned(chosen) > n ? chosen->concurrency : n;
}

static struct cp_candidate *add(struct cp_rivals *r, const struct cp_candidate *c)
{
    struct cp_candidate *added = &r->scratch->candidates[r->scratch->n_candidates++];
    *added = *c;
    return added;
}

/* The number of provisioned environments that meets the budget at the least cost, if any does.
 * Cost is convex in it. */
static void add_best_provisioned(struct cp_rivals *r, const struct world *w,
                                 const struct cp_rival_size *size,
                                 const struct cp_pool_curve *curve)
{
    int memory_mb = r->laws[size->index].data->memory_size_mb;
    struct cp_candidate best = {0};
    for (int n = 1; n <= curve->n_max; n++) {
        struct cp_candidate c = cp_candidate_empty(memory_mb, CP_MODE_PROVISIONED, n);
        set_from_curve(r, w, size, curve, &c);
        if (!c.meets_budget)
            continue;
        if (best.memory_size_mb && !(c.usd_per_month.value < best.usd_per_month.value))
            break;
        best = c;
    }
    if (best.memory_size_mb)
        add(r, &best);
}

static enum cp_code add_settings(struct cp_rivals *r, const struct world *w,
                                 const struct cp_rival_size *size, struct cp_rival_answer *answer,
                                 struct cp_error *err)
{
    const struct cp_size_law *law = &r->laws[size->index];
    const struct cp_candidate *chosen = &r->decision->candidates[r->chosen];
    const struct cp_pool_curve_options options = {
        .pool = cp_candidate_pool_options(&w->context, law, 1), .n_max = n_most(r, w, size)};
    struct cp_pool_curve curve;
    enum cp_code code = cp_pool_curve_make(&options, &curve, err);
    r->n_simulations++;
    if (code)
        return code;
    struct cp_candidate c = cp_candidate_empty(law->data->memory_size_mb, CP_MODE_ON_DEMAND, 0);
    set_from_curve(r, w, size, &curve, &c);
    add(r, &c);
    add_best_provisioned(r, w, size, &curve);
    if (size->index == r->sizes[0].index) {
        answer->kept =
            cp_candidate_empty(chosen->memory_size_mb, chosen->mode, chosen->concurrency);
        set_from_curve(r, w, size, &curve, &answer->kept);
        if (chosen->mode != CP_MODE_ON_DEMAND)
            add(r, &answer->kept);
    }
    cp_pool_curve_clear(&curve);
    return CP_OK;
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
    enum cp_code code = evaluate_at(r, size_of(r, c), c->cold_share.value, &there, err);
    *ms = there.latency_ms.value;
    return code;
}

void cp_rivals_narrow(struct cp_rivals *r, const struct cp_candidate *a,
                      const struct cp_candidate *b)
{
    for (size_t i = 0; i < r->n_sizes; i++)
        r->sizes[i].is_off =
            r->sizes[i].index != size_of(r, a) && r->sizes[i].index != size_of(r, b);
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
