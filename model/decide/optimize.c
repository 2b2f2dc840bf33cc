/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/optimize.h"

#include "model/base/units.h"
#include "model/decide/changer.h"
#include "model/decide/choice.h"
#include "model/decide/erlang.h"
#include "model/decide/explain.h"
#include "model/decide/lambda_limits.h"
#include "model/decide/optimizer.h"
#include "model/decide/windows.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A reserved limit is found to one part in 32. */
enum { OTHERS_PER_SIZE = 4, RESERVED_EXACT = 32 };

const char *cp_concurrency_mode_name(enum cp_concurrency_mode mode)
{
    static const char *const names[] = {[CP_MODE_ON_DEMAND] = "on-demand",
                                        [CP_MODE_RESERVED] = "reserved",
                                        [CP_MODE_PROVISIONED] = "provisioned",
                                        [CP_MODE_SCHEDULED] = "scheduled",
                                        [CP_MODE_TRACKING] = "tracking"};
    return names[mode];
}

bool cp_mode_is_provisioned(enum cp_concurrency_mode mode)
{
    return mode >= CP_MODE_PROVISIONED;
}

const char *cp_verdict_name(enum cp_verdict verdict)
{
    static const char *const names[] = {[CP_VERDICT_NOT_ENOUGH_DATA] = "NOT ENOUGH DATA",
                                        [CP_VERDICT_KEEP] = "KEEP",
                                        [CP_VERDICT_CHANGE] = "CHANGE",
                                        [CP_VERDICT_INVESTIGATE] = "INVESTIGATE"};
    return names[verdict];
}

/* --- input --- */

/* One array of a size. */
struct durations {
    const double *ms;
    size_t n;
    const char *what;
    bool may_be_censored;
};

static enum cp_code check_values(const struct durations *d, int memory_mb, struct cp_error *err)
{
    if (d->n && !d->ms)
        return cp_fail(err, CP_EINVAL, "%s of %d MB are missing", d->what, memory_mb);
    for (size_t i = 0; i < d->n; i++) {
        if (!(d->ms[i] >= 0) || (isinf(d->ms[i]) && !d->may_be_censored))
            return cp_fail(err, CP_EINVAL, "%s of %d MB: value %zu is not a duration", d->what,
                           memory_mb, i + 1);
    }
    return CP_OK;
}

static enum cp_code check_size(const struct cp_size_data *s, struct cp_error *err)
{
    if (s->memory_size_mb <= 0)
        return cp_fail(err, CP_EINVAL, "memory size %d MB is not above 0", s->memory_size_mb);
    bool has_timeout = isfinite(s->timeout_ms) && s->timeout_ms > 0;
    const struct durations all[] = {
        {s->init_ms, s->n_cold, "init durations", false},
        {s->cold_handler_ms, s->n_cold, "cold durations", has_timeout},
        {s->warm_ms, s->n_warm, "warm durations", has_timeout},
    };
    if (!s->price || !s->architecture)
        return cp_fail(err, CP_EINVAL, "no price book given for %d MB", s->memory_size_mb);
    enum cp_code code = CP_OK;
    for (size_t i = 0; i < sizeof all / sizeof all[0] && !code; i++)
        code = check_values(&all[i], s->memory_size_mb, err);
    return code;
}

static enum cp_code check_question(const struct cp_optimize_input *in, struct cp_error *err)
{
    double per_s = cp_demand_per_s(in->demand);
    if (in->demand && (!(per_s > 0) || isinf(per_s)))
        return cp_fail(err, CP_EINVAL, "traffic %g per second is not above 0", per_s);
    if (isnan(in->budget_q))
        return CP_OK;
    if (!(in->budget_q > 0 && in->budget_q < 1))
        return cp_fail(err, CP_EINVAL, "budget quantile %g is not between 0 and 1", in->budget_q);
    if (!(in->budget_ms > 0))
        return cp_fail(err, CP_EINVAL, "budget %g ms is not above 0", in->budget_ms);
    return CP_OK;
}

static enum cp_code check(const struct cp_optimize_input *in, struct cp_error *err)
{
    if (in->n_sizes == 0)
        return cp_fail(err, CP_EINVAL, "no memory size given");
    if (in->n_sizes > CP_SIZES_MAX)
        return cp_fail(err, CP_ELIMIT, "%zu memory sizes are more than %d", in->n_sizes,
                       CP_SIZES_MAX);
    enum cp_code code = check_question(in, err);
    for (size_t i = 0; !code && i < in->n_sizes; i++)
        code = check_size(&in->sizes[i], err);
    return code;
}

/* --- candidates --- */

static bool has_traffic(const struct cp_optimizer *o)
{
    return o->input->demand;
}

bool cp_optimizer_is_bound(const struct cp_optimizer *o)
{
    return !isnan(o->input->budget_q) && o->input->workload == CP_CLASS_INTERACTIVE;
}

struct cp_candidate *cp_optimizer_add(struct cp_optimizer *o, const struct cp_candidate *c)
{
    struct cp_decision *d = o->decision;
    if (d->n_candidates == CP_CANDIDATES_MAX)
        return &d->candidates[CP_CANDIDATES_MAX - 1]; /* the plan of numbers leaves room */
    struct cp_candidate *added = &d->candidates[d->n_candidates++];
    *added = *c;
    added->is_current = cp_candidate_is_of_now(o->input, c);
    return added;
}

static struct cp_candidate *add(struct cp_optimizer *o, const struct cp_size_law *law,
                                enum cp_concurrency_mode mode, int concurrency)
{
    const struct cp_candidate c = cp_candidate_of(law, mode, concurrency);
    return cp_optimizer_add(o, &c);
}

static const struct cp_size_data *data_of(const struct cp_optimizer *o,
                                          const struct cp_size_law *law)
{
    return &o->input->sizes[law->index];
}

/* Why a size cannot be recommended, into `why` (NULL and 0: nowhere); false when it can. */
static bool is_unfit(const struct cp_size_data *s, char *why, size_t size)
{
    if (s->cannot_run)
        (void)snprintf(why, size, "cannot run at this size");
    else if (s->max_memory_used_mb > 0 &&
             s->memory_size_mb < CP_HEADROOM_FACTOR * s->max_memory_used_mb)
        (void)snprintf(why, size, "less than 10 %% headroom: %d MB used of %d MB",
                       s->max_memory_used_mb, s->memory_size_mb);
    else if (s->n_warm < 2)
        (void)snprintf(why, size, "%zu warm samples: too few to measure anything", s->n_warm);
    else if (s->n_cold < 2)
        (void)snprintf(why, size, "%zu cold samples: too few to measure anything", s->n_cold);
    else
        return false;
    return true;
}

static bool is_share_observed(const struct cp_optimizer *o, enum cp_concurrency_mode mode)
{
    return o->input->observed_cold_share && !cp_mode_is_provisioned(mode);
}

/* On demand the observed share is the answer. It also tells whether arrivals are as even as the
 * simulation has them; when not, provisioned concurrency may leave any part of it. */
static void observe_share(struct cp_optimizer *o, enum cp_concurrency_mode mode,
                          struct cp_pool_result *pool)
{
    const struct cp_interval *seen = o->input->observed_cold_share;
    struct cp_decision *d = o->decision;
    struct cp_interval even = {pool->cold_share.value, pool->cold_share.low, pool->cold_share.high};
    if (!seen)
        return;
    if (cp_mode_is_provisioned(mode)) {
        if (d->is_bursty)
            pool->cold_share.high = fmax(even.high, seen->high);
        return;
    }
    if (even.high < seen->low) {
        d->is_bursty = true;
        d->even_cold_share = even;
    }
    cp_candidate_observe_share(o->input, mode, pool);
}

enum cp_code cp_optimizer_judge(struct cp_optimizer *o, struct cp_pool_result *pool,
                                struct cp_candidate *c, struct cp_error *err)
{
    observe_share(o, c->mode, pool);
    enum cp_code code = cp_candidate_evaluate(&o->context, &o->laws[c->size], pool, c, err);
    c->bursts_decide =
        cp_mode_is_provisioned(c->mode) && o->decision->is_bursty && c->may_meet_budget;
    return code;
}

enum cp_code cp_optimizer_simulate(struct cp_optimizer *o, struct cp_candidate *c,
                                   struct cp_error *err)
{
    struct cp_pool_result pool;
    enum cp_code code = cp_candidate_simulate(&o->context, &o->laws[c->size], c, &pool, err);
    c->is_from_curve = false;
    return code ? code : cp_optimizer_judge(o, &pool, c, err);
}

/* True when probes do not say how all environments end: the rest is assumed, not measured. */
static bool is_survival_open(const struct cp_idle_survival *s)
{
    return !s || s->n_points == 0 || s->points[s->n_points - 1].cold_probability < 1;
}

/* Would the budget hold if idle environments outlived the longest probe? */
static enum cp_code ask_optimist(struct cp_optimizer *o, struct cp_candidate *c,
                                 struct cp_error *err)
{
    if (!cp_optimizer_is_bound(o) || c->meets_budget || is_share_observed(o, c->mode) ||
        !is_survival_open(o->input->survival))
        return CP_OK;
    const struct cp_size_law *law = &o->laws[c->size];
    struct cp_candidate_context optimist = o->context;
    optimist.survival.longest_ms = INFINITY;
    struct cp_candidate other = cp_candidate_of(law, CP_MODE_ON_DEMAND, 0);
    struct cp_pool_result pool;
    enum cp_code code = cp_candidate_simulate(&optimist, law, &other, &pool, err);
    if (!code)
        code = cp_candidate_evaluate(&optimist, law, &pool, &other, err);
    if (!code && other.meets_budget) {
        c->idle_decides = true;
        c->may_meet_budget = true;
    }
    return code;
}

static enum cp_code try_reserved(struct cp_optimizer *o, const struct cp_size_law *law, int limit,
                                 struct cp_candidate *c, struct cp_error *err)
{
    *c = cp_candidate_of(law, CP_MODE_RESERVED, limit);
    return cp_optimizer_simulate(o, c, err);
}

/* The smallest limit that keeps to the throttle target, give or take 3 %, into `best`. Even
 * arrivals tell where to begin; the simulation, what bursts need more. Without any limit nothing
 * may throttle, so that one is found. */
static enum cp_code find_reserved(struct cp_optimizer *o, const struct cp_size_law *law, int begin,
                                  struct cp_candidate *best, struct cp_error *err)
{
    int fails = begin - 1;
    enum cp_code code = try_reserved(o, law, begin, best, err);
    while (!code && best->is_throttled && best->concurrency <= INT_MAX / 2) {
        fails = best->concurrency;
        code = try_reserved(o, law, 2 * fails, best, err);
    }
    while (!code && best->concurrency - fails > 1 + best->concurrency / RESERVED_EXACT) {
        struct cp_candidate middle;
        code = try_reserved(o, law, fails + (best->concurrency - fails) / 2, &middle, err);
        if (middle.is_throttled)
            fails = middle.concurrency;
        else
            *best = middle;
    }
    return code;
}

/* The unreserved pool throttles, or a target was given: the smallest limit that keeps to it, if the
 * account has it. No limit helps where environments would start faster than Lambda starts them. */
static enum cp_code add_reserved(struct cp_optimizer *o, const struct cp_size_law *law, double load,
                                 struct cp_error *err)
{
    int unreserved = o->input->unreserved_concurrency;
    struct cp_candidate c;
    struct cp_candidate unlimited;
    enum cp_code code = try_reserved(o, law, 0, &unlimited, err);
    if (code)
        return code;
    if (unlimited.is_throttled) {
        struct cp_candidate *refused = add(o, law, CP_MODE_RESERVED, 0);
        (void)snprintf(refused->why_not, sizeof refused->why_not,
                       "no limit helps: requests are throttled because environments start faster "
                       "than Lambda starts them; keep environments ready");
        return CP_OK;
    }
    int begin = cp_erlang_servers_for_loss(load, cp_throttled_share_max(o->input));
    code = find_reserved(o, law, begin > 1 ? begin : 1, &c, err);
    if (code)
        return code;
    if (unreserved <= 0 || c.concurrency <= unreserved - CP_LAMBDA_UNRESERVED_LEAST) {
        (void)cp_optimizer_add(o, &c);
        return CP_OK;
    }
    struct cp_candidate *refused = add(o, law, CP_MODE_RESERVED, c.concurrency);
    (void)snprintf(refused->why_not, sizeof refused->why_not,
                   "the traffic needs %d concurrent requests; the account has %d unreserved and "
                   "keeps %d of them: ask for a higher quota",
                   c.concurrency, unreserved, CP_LAMBDA_UNRESERVED_LEAST);
    return CP_OK;
}

/* A version has SnapStart or provisioned concurrency, never both. */
static bool may_be_provisioned(const struct cp_size_data *data)
{
    return data->fresh_start != CP_START_SNAPSTART;
}

/* Listed, so that nobody wonders; never chosen. */
static void add_unpriced(struct cp_optimizer *o, const struct cp_size_law *law)
{
    const struct cp_price_book *price = data_of(o, law)->price;
    struct cp_candidate *c = add(o, law, CP_MODE_PROVISIONED, 1);
    (void)snprintf(c->why_not, sizeof c->why_not,
                   "provisioned concurrency for %s in %s: its price is not known",
                   price->architecture, price->region);
}

static enum cp_code add_with_traffic(struct cp_optimizer *o, struct cp_size_law *law,
                                     struct cp_error *err)
{
    struct cp_candidate *c = add(o, law, CP_MODE_ON_DEMAND, 0);
    enum cp_code code = cp_optimizer_simulate(o, c, err);
    if (!code)
        code = ask_optimist(o, c, err);
    o->plans[law->index].peak = c->peak_concurrency;
    o->plans[law->index].most = c->most_in_flight;
    if (!code && (c->is_throttled || o->input->throttled_share_max > 0))
        code = add_reserved(o, law, c->busy / (1 - c->throttled_share), err);
    if (code || !may_be_provisioned(data_of(o, law)))
        return code;
    if (cp_price_has_provisioned(data_of(o, law)->price))
        return cp_provision_size(o, law, err);
    add_unpriced(o, law);
    return CP_OK;
}

static enum cp_code add_without_traffic(struct cp_optimizer *o, const struct cp_size_law *law,
                                        struct cp_error *err)
{
    struct cp_candidate *c = add(o, law, CP_MODE_ON_DEMAND, 0);
    enum cp_code code = cp_candidate_evaluate(&o->context, law, NULL, c, err);
    if (code || !may_be_provisioned(data_of(o, law)))
        return code;
    if (!cp_price_has_provisioned(data_of(o, law)->price)) {
        add_unpriced(o, law);
        return CP_OK;
    }
    c = add(o, law, CP_MODE_PROVISIONED, 1);
    return cp_candidate_evaluate(&o->context, law, NULL, c, err);
}

static enum cp_code add_size(struct cp_optimizer *o, struct cp_size_law *law, struct cp_error *err)
{
    char why[sizeof(((struct cp_candidate *)0)->why_not)];
    if (is_unfit(data_of(o, law), why, sizeof why)) {
        struct cp_candidate *c = add(o, law, CP_MODE_ON_DEMAND, 0);
        (void)snprintf(c->why_not, sizeof c->why_not, "%s", why);
        return CP_OK;
    }
    return has_traffic(o) ? add_with_traffic(o, law, err) : add_without_traffic(o, law, err);
}

static enum cp_code add_all(struct cp_optimizer *o, struct cp_error *err)
{
    const struct cp_optimize_input *in = o->input;
    enum cp_code code = CP_OK;
    for (size_t i = 0; !code && i < in->n_sizes; i++) {
        if (in->on_progress)
            in->on_progress(in->progress_context, i, in->n_sizes);
        code = add_size(o, &o->laws[i], err);
    }
    if (!code && has_traffic(o))
        code = cp_provision_tracking(o, err);
    if (!code && in->on_progress)
        in->on_progress(in->progress_context, in->n_sizes, in->n_sizes);
    return code;
}

/* --- the answer --- */

static int index_of_number(const struct cp_decision *d, size_t size, int n)
{
    for (size_t i = 0; i < d->n_candidates; i++) {
        const struct cp_candidate *c = &d->candidates[i];
        if (c->size == size && c->mode == CP_MODE_PROVISIONED && c->concurrency == n)
            return (int)i;
    }
    return -1;
}

/* What a curve told of `n` environments is simulated; a number that was not listed is added. */
static enum cp_code verify_number(struct cp_optimizer *o, size_t size, int n, bool *was_any,
                                  struct cp_error *err)
{
    struct cp_decision *d = o->decision;
    int at = index_of_number(d, size, n);
    bool is_known = at >= 0 && !d->candidates[at].is_from_curve;
    bool has_room = at >= 0 || d->n_candidates < CP_CANDIDATES_MAX - 1;
    if (n < 1 || n > o->plans[size].curve.n_max || is_known || !has_room)
        return CP_OK;
    struct cp_candidate *c =
        at >= 0 ? &d->candidates[at] : add(o, &o->laws[size], CP_MODE_PROVISIONED, n);
    *was_any = true;
    return cp_optimizer_simulate(o, c, err);
}

/* The answer and its neighbours: one environment more, and less. */
static enum cp_code verify(struct cp_optimizer *o, int index, bool *was_any, struct cp_error *err)
{
    if (index < 0 || o->decision->candidates[index].mode != CP_MODE_PROVISIONED || !has_traffic(o))
        return CP_OK;
    size_t size = o->decision->candidates[index].size;
    int n = o->decision->candidates[index].concurrency;
    enum cp_code code = CP_OK;
    for (int more = -1; !code && more <= 1; more++)
        code = verify_number(o, size, n + more, was_any, err);
    return code;
}

/* Chooses until the choice is simulated on its own. Each round but the last simulates a candidate
 * that was not yet, so that there is a last one. */
static enum cp_code settle_choice(struct cp_optimizer *o, struct cp_error *err)
{
    struct cp_decision *d = o->decision;
    enum cp_code code = CP_OK;
    bool is_open = true;
    while (!code && is_open) {
        is_open = false;
        d->chosen = d->current = d->cheapest = d->fastest = d->fallback = -1;
        d->is_budget_met = false;
        cp_choose(o->input, d);
        code = verify(o, d->chosen, &is_open, err);
        if (!code)
            code = verify(o, d->fallback, &is_open, err);
    }
    return code;
}

/* Idle intervals the chosen setting lives on, and whether the unmeasured ones matter to it. */
static enum cp_code settle_survival(struct cp_optimizer *o, struct cp_error *err)
{
    struct cp_decision *d = o->decision;
    const struct cp_candidate *c = &d->candidates[d->chosen];
    d->survival_used_ms = c->longest_reuse_ms;
    if (!c->is_runnable || is_share_observed(o, c->mode) || !is_survival_open(o->input->survival) ||
        !(c->cold_share.low > 0))
        return CP_OK;
    struct cp_candidate_context optimist = o->context;
    struct cp_pool_result there;
    optimist.survival.longest_ms = INFINITY;
    enum cp_code code = cp_candidate_simulate(&optimist, &o->laws[c->size], c, &there, err);
    d->is_survival_extrapolated = !code && there.cold_share.high < c->cold_share.low;
    return code;
}

static enum cp_code explain(struct cp_optimizer *o, struct cp_error *err)
{
    struct cp_decision *d = o->decision;
    enum cp_code code = CP_OK;
    if (d->chosen >= 0 && has_traffic(o))
        code = settle_survival(o, err);
    if (!code && has_traffic(o))
        code = cp_provision_levels(o, err);
    if (!code)
        code = cp_changer_find(&o->context, o->laws, d, err);
    if (!code)
        cp_explain(o->input, d);
    return code;
}

/* --- set-up --- */

/* Sizes of one architecture and start kind share their variant, and their tails: but memory that is
 * nearly used up makes a tail of its own. */
static enum cp_code share_tails(struct cp_optimizer *o)
{
    const struct cp_optimize_input *in = o->input;
    enum cp_code code = CP_OK;
    for (size_t i = 0; i < in->n_sizes; i++) {
        size_t k = 0;
        while (k < i && !cp_size_data_is_one_variant(&in->sizes[k], &in->sizes[i]))
            k++;
        o->laws[i].variant = k < i ? o->laws[k].variant : o->n_variants++;
        if (k == i)
            code = code ? code : cp_shared_tails_init(&o->tails[o->laws[i].variant], in->n_sizes);
        if (!code && !is_unfit(&in->sizes[i], NULL, 0))
            cp_shared_tails_set(&o->tails[o->laws[i].variant], i, &o->laws[i].cold,
                                &o->laws[i].warm);
    }
    return code;
}

static enum cp_code set_up(struct cp_optimizer *o, struct cp_error *err)
{
    const struct cp_optimize_input *in = o->input;
    o->laws = calloc(in->n_sizes, sizeof *o->laws);
    o->plans = calloc(in->n_sizes, sizeof *o->plans);
    o->tails = calloc(in->n_sizes, sizeof *o->tails);
    enum cp_code code = o->laws && o->plans && o->tails ? CP_OK : CP_ENOMEM;
    for (size_t i = 0; !code && i < in->n_sizes; i++) {
        code = cp_size_law_init(&o->laws[i], &in->sizes[i], in->seed);
        o->laws[i].index = i;
    }
    if (!code)
        code = share_tails(o);
    if (code)
        return cp_fail(err, code, "cannot weigh the candidates: %s", cp_code_text(code));
    o->per_size = (CP_CANDIDATES_MAX - 1) / in->n_sizes;
    o->per_size = o->per_size > OTHERS_PER_SIZE ? o->per_size - OTHERS_PER_SIZE : 0;
    o->context.input = in;
    o->context.tails = o->tails;
    o->context.survival =
        (struct cp_pool_survival){in->survival, cp_longest_probe_ms(in->survival)};
    if (has_traffic(o)) {
        o->context.arrivals = in->simulated_requests > 0
                                  ? in->simulated_requests
                                  : cp_windows_arrivals(&in->demand->law, in->n_sizes);
        const struct cp_pool_options options = cp_candidate_pool_options(&o->context, &o->laws[0]);
        o->decision->covered = cp_windows_covered(&options);
    }
    return CP_OK;
}

static void tear_down(struct cp_optimizer *o)
{
    for (size_t i = 0; o->laws && i < o->input->n_sizes; i++)
        cp_size_law_clear(&o->laws[i]);
    for (size_t i = 0; o->plans && i < o->input->n_sizes; i++)
        cp_pool_curve_clear(&o->plans[i].curve);
    for (size_t i = 0; o->tails && i < o->n_variants; i++)
        cp_shared_tails_clear(&o->tails[i]);
    free(o->laws);
    free(o->plans);
    free(o->tails);
}

enum cp_code cp_optimize(const struct cp_optimize_input *input, struct cp_decision *decision,
                         struct cp_error *err)
{
    *decision = (struct cp_decision){
        .chosen = -1, .current = -1, .cheapest = -1, .fastest = -1, .fallback = -1, .covered = 1};
    decision->survival_used_ms = NAN;
    decision->even_cold_share = (struct cp_interval){NAN, NAN, NAN};
    decision->saving_usd_per_month = (struct cp_interval){NAN, NAN, NAN};
    enum cp_code code = check(input, err);
    if (code)
        return code;
    decision->break_even_utilization = cp_price_break_even_utilization(input->sizes[0].price);
    struct cp_optimizer o = {.input = input, .decision = decision};
    code = set_up(&o, err);
    if (!code)
        code = add_all(&o, err);
    if (!code)
        code = settle_choice(&o, err);
    if (!code)
        code = explain(&o, err);
    tear_down(&o);
    return code;
}
