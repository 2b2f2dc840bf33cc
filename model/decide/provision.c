/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/optimizer.h"

#include "model/base/units.h"
#include "model/decide/curve_setting.h"
#include "model/decide/schedule.h"
#include "model/decide/unseen_hours.h"
#include "model/decide/windows.h"

#include <math.h>
#include <stdlib.h>

#define SCHEDULE_SAVING_MIN CP_SAVING_MIN /* of what a constant number costs to keep */
#define TIGHTER             0.6 /* a limit on the cold share that the simulation did not confirm */
#define CHANGE_HOURS        4.0 /* of one environment: a change that saves less is not worth a line */
#define GRID_STEP           1.3

enum { NUMBERS_MAX = 48, TIGHTENINGS_MAX = 3 };

/* --- numbers --- */

/* Numbers to list for a size, ascending, each once. */
struct numbers {
    int n[NUMBERS_MAX];
    size_t count, room;
    int most;
};

static void list(struct numbers *s, int n)
{
    size_t at = 0;
    while (at < s->count && s->n[at] < n)
        at++;
    bool is_there = at < s->count && s->n[at] == n;
    if (n < 1 || n > s->most || is_there || s->count == s->room)
        return;
    for (size_t i = s->count++; i > at; i--)
        s->n[i] = s->n[i - 1];
    s->n[at] = n;
}

static struct cp_candidate from_curve(const struct cp_optimizer *o, const struct cp_size_law *law,
                                      int n, struct cp_pool_result *pool)
{
    const struct cp_size_plan *plan = &o->plans[law->index];
    struct cp_candidate c = cp_candidate_of(law, CP_MODE_PROVISIONED, n);
    *pool = cp_curve_result(&o->context, law, &plan->curve, 1, &c);
    pool->p999_concurrency = plan->peak;
    c.is_from_curve = true;
    return c;
}

/* The cheapest number whose cold share leaves the budget whole, or, `is_any`, of all. 0: none. */
static int cheapest(const struct cp_optimizer *o, const struct cp_size_law *law, bool is_any)
{
    const struct cp_size_plan *plan = &o->plans[law->index];
    int best = 0;
    double least_usd = INFINITY;
    for (int n = 1; n <= plan->curve.n_max; n++) {
        struct cp_pool_result pool;
        struct cp_candidate c = from_curve(o, law, n, &pool);
        if (!is_any && !(pool.cold_share.high <= law->max_share))
            continue;
        cp_candidate_price(&o->context, law, &pool, &c);
        if (c.usd_per_month.value < least_usd) {
            best = n;
            least_usd = c.usd_per_month.value;
        }
    }
    return best;
}

/* The answers with their neighbours first, then a grid that grows by a third from 1 to where hardly
 * a request spills over. */
static void choose_numbers(const struct cp_optimizer *o, const struct cp_size_law *law,
                           struct numbers *s)
{
    const struct cp_pool_curve *curve = &o->plans[law->index].curve;
    int enough = cp_pool_curve_n_for_spillover(curve, CP_SPILLOVER_NEGLIGIBLE);
    const int answers[] = {cheapest(o, law, !cp_optimizer_is_bound(o)), cheapest(o, law, true)};
    s->most = curve->n_max;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        list(s, answers[i]);
        list(s, answers[i] > 0 ? answers[i] + 1 : 0);
        list(s, answers[i] - 1);
    }
    s->most = enough > 0 ? enough : curve->n_max;
    list(s, s->most);
    list(s, 1);
    for (int n = 1; n < s->most; n = (int)ceil(n * GRID_STEP))
        list(s, n);
}

static enum cp_code add_numbers(struct cp_optimizer *o, const struct cp_size_law *law,
                                struct cp_error *err)
{
    struct numbers s = {.room = o->per_size < NUMBERS_MAX ? o->per_size : NUMBERS_MAX};
    choose_numbers(o, law, &s);
    enum cp_code code = CP_OK;
    for (size_t i = 0; !code && i < s.count; i++) {
        struct cp_pool_result pool;
        struct cp_candidate c = from_curve(o, law, s.n[i], &pool);
        code = cp_optimizer_judge(o, &pool, &c, err);
        (void)cp_optimizer_add(o, &c);
    }
    return code;
}

/* --- schedules --- */

static struct cp_schedule_question question_of(const struct cp_optimizer *o,
                                               const struct cp_size_law *law)
{
    const struct cp_size_data *data = law->data;
    double per_ms = cp_units_gb_s(data->memory_size_mb, 1);
    double on_demand = data->price->duration[0].usd_per_gb_s * per_ms;
    double provisioned = data->price->provisioned_duration_usd_per_gb_s * per_ms;
    double hour_usd = data->price->provisioned_concurrency_usd_per_gb_s * per_ms * CP_MS_PER_HOUR;
    return (struct cp_schedule_question){
        .curve = &o->plans[law->index].curve,
        .fixed_usd = hour_usd,
        .warm_saving_usd = (on_demand - provisioned) * law->billed_warm_ms,
        .cold_saving_usd = on_demand * (law->billed_cold_ms - law->billed_warm_ms),
        .change_usd = CHANGE_HOURS * hour_usd,
    };
}

/* The coarsest schedule that is about as cheap as the finest; constant: none is worth it. */
static enum cp_schedule_days find_schedule(struct cp_schedule_question *q, bool has_week,
                                           struct cp_schedule *best)
{
    enum cp_schedule_days chosen = CP_SCHEDULE_CONSTANT;
    q->days = CP_SCHEDULE_CONSTANT;
    cp_schedule_find(q, best);
    /* what the constant number costs to keep: the scale of a saving */
    double kept_usd = best->n_most * q->fixed_usd * CP_ARRIVALS_HOURS;
    for (int days = CP_SCHEDULE_DAILY; days <= (has_week ? CP_SCHEDULE_WEEK : CP_SCHEDULE_DAILY);
         days++) {
        struct cp_schedule found;
        q->days = (enum cp_schedule_days)days;
        cp_schedule_find(q, &found);
        if (found.status || !found.is_feasible)
            continue;
        double usd = found.usd_per_week + (double)found.n_changes * q->change_usd;
        double than = best->usd_per_week + (double)best->n_changes * q->change_usd;
        if (best->status || !best->is_feasible || usd < than - SCHEDULE_SAVING_MIN * kept_usd) {
            *best = found;
            chosen = q->days;
        }
    }
    return best->n_most > 0 ? chosen : CP_SCHEDULE_CONSTANT;
}

static double limit_of_cold_share(const struct cp_optimizer *o, const struct cp_size_law *law)
{
    const struct cp_size_plan *plan = &o->plans[law->index];
    if (!cp_optimizer_is_bound(o) || law->max_share >= 1)
        return NAN;
    int n = cheapest(o, law, false);
    const struct cp_pool_mean *at = &plan->curve.points[n > 0 ? n : plan->curve.n_max].cold_share;
    return law->max_share * (at->high > 0 ? at->value / at->high : 1);
}

static struct cp_pool_curve_options curve_options(const struct cp_optimizer *o,
                                                  const struct cp_size_law *law)
{
    return (struct cp_pool_curve_options){
        .pool = cp_candidate_pool_options(&o->context, law),
        .n_max = cp_curve_n_max(&o->context, law, o->plans[law->index].most),
        .is_by_hour = cp_windows_has_clock(&o->input->demand->law)};
}

/* Once more, with what was found being ready, a curve is exact there (pool_curve.h). */
static enum cp_code look(const struct cp_optimizer *o, const struct cp_size_law *law, int ready,
                         const int *ready_by_hour, struct cp_pool_curve *curve,
                         struct cp_error *err)
{
    struct cp_pool_curve_options options = curve_options(o, law);
    options.ready = ready;
    options.ready_by_hour = ready_by_hour;
    cp_pool_curve_clear(curve);
    enum cp_code code = cp_pool_curve_make(&options, curve, err);
    if (!code && options.is_by_hour)
        cp_unseen_hours_fill(curve, &options.pool.arrivals, options.pool.week_origin_ms);
    return code;
}

/* A schedule that the simulation does not confirm is looked for again under a tighter limit. */
static enum cp_code confirm_schedule(struct cp_optimizer *o, const struct cp_size_law *law,
                                     struct cp_schedule_question *q, bool has_week,
                                     struct cp_error *err)
{
    struct cp_candidate c;
    for (int i = 0; i <= TIGHTENINGS_MAX; i++) {
        struct cp_schedule found;
        if (find_schedule(q, has_week, &found) == CP_SCHEDULE_CONSTANT)
            return CP_OK;
        c = cp_candidate_of(law, CP_MODE_SCHEDULED, found.n_most);
        for (size_t h = 0; h < CP_ARRIVALS_HOURS; h++)
            c.by_hour[h] = (uint16_t)found.n[h];
        enum cp_code code = cp_optimizer_simulate(o, &c, err);
        if (code)
            return code;
        if (c.meets_budget || isnan(q->max_cold_share))
            break;
        q->max_cold_share *= TIGHTER;
    }
    (void)cp_optimizer_add(o, &c);
    return CP_OK;
}

static enum cp_code add_schedule(struct cp_optimizer *o, const struct cp_size_law *law,
                                 struct cp_error *err)
{
    struct cp_schedule_question q = question_of(o, law);
    bool has_week = cp_arrivals_span_ms(&o->input->demand->law) >= CP_MS_PER_WEEK;
    struct cp_schedule found;
    struct cp_pool_curve curve = {0};
    q.max_cold_share = limit_of_cold_share(o, law);
    if (find_schedule(&q, has_week, &found) == CP_SCHEDULE_CONSTANT)
        return CP_OK;
    enum cp_code code = look(o, law, 0, found.n, &curve, err);
    q.curve = &curve;
    if (!code)
        code = confirm_schedule(o, law, &q, has_week, err);
    cp_pool_curve_clear(&curve);
    return code;
}

/* --- one size --- */

static void forget_hours(struct cp_pool_curve *curve)
{
    free(curve->numbers);
    free(curve->bucket_ms);
    curve->numbers = NULL;
    curve->bucket_ms = NULL;
}

/* With all requests on provisioned environments that cost nothing to keep: is even that dearer than
 * a setting that is known to do? Then nobody need look closer. */
static bool may_be_cheapest(const struct cp_optimizer *o, const struct cp_size_law *law)
{
    const struct cp_decision *d = o->decision;
    struct cp_pool_result pool;
    struct cp_candidate c = from_curve(o, law, o->plans[law->index].curve.n_max, &pool);
    cp_candidate_price(&o->context, law, &pool, &c);
    double least_usd = c.usd_per_month.value - c.bill.usd[CP_BILL_PROVISIONED_READY];
    bool is_beaten = law->max_share < 0;
    for (size_t i = 0; i < d->n_candidates; i++)
        is_beaten = is_beaten || (d->candidates[i].meets_budget &&
                                  d->candidates[i].usd_per_month.value < least_usd);
    return !is_beaten;
}

enum cp_code cp_provision_size(struct cp_optimizer *o, struct cp_size_law *law,
                               struct cp_error *err)
{
    struct cp_pool_curve *curve = &o->plans[law->index].curve;
    if (curve_options(o, law).n_max == 0)
        return CP_OK;
    law->max_share = 1;
    enum cp_code code = look(o, law, 0, NULL, curve, err);
    if (!code && cp_optimizer_is_bound(o))
        code = cp_curve_max_share(&o->context, law, &law->max_share, err);
    bool may_win = !code && may_be_cheapest(o, law);
    if (may_win) { /* none does when nothing is ready: some may when all are */
        int found = cheapest(o, law, !cp_optimizer_is_bound(o));
        found = found > 0 ? found : curve->n_max;
        if (cp_curve_is_misled(law, curve, found))
            code = look(o, law, found, NULL, curve, err);
    }
    if (!code)
        code = add_numbers(o, law, err);
    if (!code && may_win && cp_windows_has_clock(&o->input->demand->law))
        code = add_schedule(o, law, err);
    forget_hours(curve);
    return code;
}

/* --- target tracking --- */

static const struct cp_candidate *cheapest_provisioned(const struct cp_decision *d)
{
    const struct cp_candidate *best = NULL;
    for (size_t i = 0; i < d->n_candidates; i++) {
        const struct cp_candidate *c = &d->candidates[i];
        bool is_in = cp_mode_is_provisioned(c->mode) && cp_candidate_is_working(c) &&
                     (c->meets_budget || c->may_meet_budget);
        if (is_in && (!best || c->usd_per_month.value < best->usd_per_month.value))
            best = c;
    }
    return best;
}

static bool is_better(const struct cp_candidate *a, const struct cp_candidate *b)
{
    if (a->meets_budget != b->meets_budget)
        return a->meets_budget;
    return a->meets_budget ? a->usd_per_month.value < b->usd_per_month.value
                           : a->latency_ms.value < b->latency_ms.value;
}

enum cp_code cp_provision_tracking(struct cp_optimizer *o, struct cp_error *err)
{
    /* target, and its least number of environments over the constant number that does */
    static const struct {
        double target, least;
    } rules[] = {{0.7, 0}, {0.7, 0.5}, {0.5, 0}, {0.5, 0.5}};
    const struct cp_candidate *rival = cheapest_provisioned(o->decision);
    if (!rival || !cp_windows_has_clock(&o->input->demand->law))
        return CP_OK;
    const struct cp_size_law *law = &o->laws[rival->size];
    int most = o->plans[law->index].curve.n_max;
    struct cp_candidate best = {0};
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        int least = (int)fmax(1, ceil(rules[i].least * rival->concurrency));
        struct cp_candidate c = cp_candidate_of(law, CP_MODE_TRACKING, most);
        c.tracking = (struct cp_tracking){rules[i].target, least, most};
        enum cp_code code = cp_optimizer_simulate(o, &c, err);
        if (code)
            return code;
        if (best.memory_size_mb == 0 || is_better(&c, &best))
            best = c;
    }
    (void)cp_optimizer_add(o, &best);
    return CP_OK;
}

/* --- levels --- */

/* In the curve of a size some environments are ready: on demand was simulated on its own. */
static const struct cp_candidate *on_demand_of(const struct cp_decision *d, size_t size)
{
    size_t i = 0;
    while (d->candidates[i].size != size || d->candidates[i].mode != CP_MODE_ON_DEMAND)
        i++;
    return &d->candidates[i];
}

static enum cp_code set_level(struct cp_optimizer *o, const struct cp_size_law *law, int n,
                              struct cp_level *level, struct cp_error *err)
{
    struct cp_pool_result pool;
    struct cp_candidate c;
    enum cp_code code = CP_OK;
    if (n > 0) {
        c = from_curve(o, law, n, &pool);
        code = cp_optimizer_judge(o, &pool, &c, err);
    } else {
        c = *on_demand_of(o->decision, law->index);
    }
    *level = (struct cp_level){.n = n,
                               .cold_share = c.cold_share,
                               .spillover_share = n > 0 ? c.spillover_share : 1,
                               .utilization = c.utilization,
                               .latency_ms = c.latency_ms,
                               .usd_per_month = c.usd_per_month,
                               .bill = c.bill};
    return code;
}

/* Of the answer, else the cheapest setting, else any. */
static size_t size_to_show(const struct cp_optimizer *o)
{
    const struct cp_decision *d = o->decision;
    const int order[] = {d->fallback, d->chosen, d->cheapest, d->current};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        if (order[i] >= 0 && o->plans[d->candidates[order[i]].size].curve.points)
            return d->candidates[order[i]].size;
    }
    size_t i = 0;
    while (i < o->input->n_sizes && !o->plans[i].curve.points)
        i++;
    return i;
}

enum cp_code cp_provision_levels(struct cp_optimizer *o, struct cp_error *err)
{
    struct cp_decision *d = o->decision;
    size_t size = size_to_show(o);
    if (size == o->input->n_sizes)
        return CP_OK;
    const struct cp_pool_curve *curve = &o->plans[size].curve;
    int enough = cp_pool_curve_n_for_spillover(curve, CP_SPILLOVER_NEGLIGIBLE);
    int most = enough > 0 && enough < curve->n_max ? enough + 1 : curve->n_max;
    int step = most / CP_LEVELS_MAX + 1;
    enum cp_code code = CP_OK;
    d->levels_size = size;
    for (int n = 0; !code && n <= most && d->n_levels < CP_LEVELS_MAX; n += step)
        code = set_level(o, &o->laws[size], n, &d->levels[d->n_levels++], err);
    return code;
}
