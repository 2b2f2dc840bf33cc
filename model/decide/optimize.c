/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/optimize.h"

#include "model/decide/candidate.h"
#include "model/decide/changer.h"
#include "model/decide/choice.h"
#include "model/decide/erlang.h"
#include "model/decide/explain.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Arrivals simulated in one decision, spread over its candidates and ten replications each: about
 * half a second. */
#define ARRIVALS_TOTAL       4e6
#define ARRIVALS_MIN         2e3
#define ARRIVALS_MAX         4e4
#define REPLICATIONS         10.0
#define SPILLOVER_NEGLIGIBLE 1e-4
#define PROVISIONED_BUFFER   1.1 /* AWS: 10 % above the measured peak */

enum { DEFAULT_MAX_PROVISIONED = 100, UNRESERVED_MINIMUM = 100, CANDIDATES_PER_SIZE_MIN = 3 };

/* One call of cp_optimize. */
struct optimizer {
    const struct cp_optimize_input *input;
    struct cp_candidate_context context;
    struct cp_size_law *laws; /* n_sizes */
    struct cp_decision *decision;
    size_t per_size; /* room for provisioned candidates of one size */
};

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
    if (!in->price)
        return cp_fail(err, CP_EINVAL, "no price book given");
    if (in->n_sizes == 0)
        return cp_fail(err, CP_EINVAL, "no memory size given");
    if (in->n_sizes > CP_CANDIDATES_MAX / CANDIDATES_PER_SIZE_MIN)
        return cp_fail(err, CP_ELIMIT, "%zu memory sizes are more than %d", in->n_sizes,
                       CP_CANDIDATES_MAX / CANDIDATES_PER_SIZE_MIN);
    enum cp_code code = check_question(in, err);
    for (size_t i = 0; !code && i < in->n_sizes; i++)
        code = check_size(&in->sizes[i], err);
    return code;
}

/* --- candidates --- */

static bool has_traffic(const struct optimizer *o)
{
    return o->input->demand;
}

static struct cp_candidate *add(struct optimizer *o, int memory_mb, enum cp_concurrency_mode mode,
                                int concurrency)
{
    struct cp_candidate *c = &o->decision->candidates[o->decision->n_candidates++];
    *c = cp_candidate_empty(memory_mb, mode, concurrency);
    c->is_current = mode == CP_MODE_ON_DEMAND && memory_mb == o->input->current_memory_mb;
    return c;
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

static int limit_of(const struct optimizer *o)
{
    return o->input->unreserved_concurrency > 0 ? o->input->unreserved_concurrency : 0;
}

static bool is_share_observed(const struct optimizer *o, enum cp_concurrency_mode mode)
{
    return o->input->observed_cold_share && !cp_mode_is_provisioned(mode);
}

/* On demand the observed share is the answer. It also tells whether arrivals are as even as the
 * simulation has them; when not, provisioned concurrency may leave any part of it. */
static void observe_share(struct optimizer *o, enum cp_concurrency_mode mode,
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
    pool->cold_share.value = seen->value;
    pool->cold_share.low = seen->low;
    pool->cold_share.high = seen->high;
}

static enum cp_code add_simulated(struct optimizer *o, const struct cp_size_law *law,
                                  enum cp_concurrency_mode mode, int concurrency,
                                  struct cp_candidate **added, struct cp_error *err)
{
    struct cp_candidate *c = add(o, law->data->memory_size_mb, mode, concurrency);
    *added = c;
    struct cp_pool_result pool;
    enum cp_code code =
        cp_candidate_simulate(&o->context, law, 1, cp_mode_is_provisioned(mode) ? concurrency : 0,
                              mode == CP_MODE_RESERVED ? concurrency : limit_of(o), &pool, err);
    if (code)
        return code;
    observe_share(o, mode, &pool);
    code = cp_candidate_evaluate(&o->context, law, &pool, c, err);
    c->bursts_decide = cp_mode_is_provisioned(mode) && o->decision->is_bursty && c->may_meet_budget;
    return code;
}

/* True when probes do not say how all environments end: the rest is assumed, not measured. */
static bool is_survival_open(const struct cp_idle_survival *s)
{
    return !s || s->n_points == 0 || s->points[s->n_points - 1].cold_probability < 1;
}

/* Would the budget hold if idle environments outlived the longest probe? */
static enum cp_code ask_optimist(struct optimizer *o, const struct cp_size_law *law,
                                 struct cp_candidate *c, struct cp_error *err)
{
    if (isnan(o->input->budget_q) || c->meets_budget || is_share_observed(o, c->mode) ||
        !is_survival_open(o->input->survival))
        return CP_OK;
    struct cp_candidate_context optimist = o->context;
    optimist.survival.longest_ms = INFINITY;
    struct cp_candidate other = cp_candidate_empty(c->memory_size_mb, CP_MODE_ON_DEMAND, 0);
    struct cp_pool_result pool;
    enum cp_code code = cp_candidate_simulate(&optimist, law, 1, 0, limit_of(o), &pool, err);
    if (!code)
        code = cp_candidate_evaluate(&optimist, law, &pool, &other, err);
    if (!code && other.meets_budget) {
        c->idle_decides = true;
        c->may_meet_budget = true;
    }
    return code;
}

/* The unreserved pool throttles: the smallest limit that would not, if the account has it. Lambda
 * keeps 100 of the account unreserved. */
static enum cp_code add_reserved(struct optimizer *o, const struct cp_size_law *law, double load,
                                 struct cp_error *err)
{
    int needed = cp_erlang_servers_for_loss(load, CP_THROTTLED_SHARE_MAX);
    int available = o->input->unreserved_concurrency - UNRESERVED_MINIMUM;
    if (needed <= available) {
        struct cp_candidate *c = NULL;
        return add_simulated(o, law, CP_MODE_RESERVED, needed, &c, err);
    }
    struct cp_candidate *c = add(o, law->data->memory_size_mb, CP_MODE_RESERVED, needed);
    (void)snprintf(c->why_not, sizeof c->why_not,
                   "the traffic needs %d concurrent requests; the account has %d unreserved and "
                   "keeps %d of them: ask for a higher quota",
                   needed, o->input->unreserved_concurrency, UNRESERVED_MINIMUM);
    return CP_OK;
}

/* A version has SnapStart or provisioned concurrency, never both. */
static bool may_be_provisioned(const struct optimizer *o)
{
    return o->input->fresh_start != CP_START_SNAPSTART;
}

static int provisioned_max(const struct optimizer *o, double peak)
{
    int most = o->input->max_provisioned > 0 ? o->input->max_provisioned : DEFAULT_MAX_PROVISIONED;
    /* traffic so low that nothing runs for 99.9 % of the time still has requests */
    int n = (int)fmin(most, fmax(1, ceil(peak * PROVISIONED_BUFFER)));
    int unreserved = o->input->unreserved_concurrency;
    if (unreserved > 0 && n > unreserved - UNRESERVED_MINIMUM)
        n = unreserved - UNRESERVED_MINIMUM;
    return n;
}

static enum cp_code add_provisioned(struct optimizer *o, const struct cp_size_law *law, double peak,
                                    struct cp_error *err)
{
    int n_max = provisioned_max(o, peak);
    int step = (int)ceil((double)n_max / (double)o->per_size);
    for (int n = step; step && n <= n_max; n += step) {
        struct cp_candidate *c = NULL;
        enum cp_code code = add_simulated(o, law, CP_MODE_PROVISIONED, n, &c, err);
        if (code)
            return code;
        if (c->spillover_share <= SPILLOVER_NEGLIGIBLE)
            break;
    }
    return CP_OK;
}

/* Listed, so that nobody wonders; never chosen. */
static void add_unpriced(struct optimizer *o, const struct cp_size_law *law)
{
    const struct cp_price_book *price = o->input->price;
    struct cp_candidate *c = add(o, law->data->memory_size_mb, CP_MODE_PROVISIONED, 1);
    (void)snprintf(c->why_not, sizeof c->why_not,
                   "provisioned concurrency for %s in %s: its price is not known",
                   price->architecture, price->region);
}

static enum cp_code add_with_traffic(struct optimizer *o, const struct cp_size_law *law,
                                     struct cp_error *err)
{
    struct cp_candidate *c = NULL;
    enum cp_code code = add_simulated(o, law, CP_MODE_ON_DEMAND, 0, &c, err);
    if (!code)
        code = ask_optimist(o, law, c, err);
    if (!code && c->throttled_share > CP_THROTTLED_SHARE_MAX)
        code = add_reserved(o, law, c->busy / (1 - c->throttled_share), err);
    if (code || !may_be_provisioned(o))
        return code;
    if (cp_price_has_provisioned(o->input->price))
        return add_provisioned(o, law, c->peak_concurrency, err);
    add_unpriced(o, law);
    return CP_OK;
}

static enum cp_code add_without_traffic(struct optimizer *o, const struct cp_size_law *law,
                                        struct cp_error *err)
{
    int memory_mb = law->data->memory_size_mb;
    struct cp_candidate *c = add(o, memory_mb, CP_MODE_ON_DEMAND, 0);
    enum cp_code code = cp_candidate_evaluate(&o->context, law, NULL, c, err);
    if (code || !may_be_provisioned(o))
        return code;
    if (!cp_price_has_provisioned(o->input->price)) {
        add_unpriced(o, law);
        return CP_OK;
    }
    c = add(o, memory_mb, CP_MODE_PROVISIONED, 1);
    return cp_candidate_evaluate(&o->context, law, NULL, c, err);
}

static enum cp_code add_size(struct optimizer *o, const struct cp_size_law *law,
                             struct cp_error *err)
{
    char why[sizeof(((struct cp_candidate *)0)->why_not)];
    if (is_unfit(law->data, why, sizeof why)) {
        struct cp_candidate *c = add(o, law->data->memory_size_mb, CP_MODE_ON_DEMAND, 0);
        (void)snprintf(c->why_not, sizeof c->why_not, "%s", why);
        return CP_OK;
    }
    return has_traffic(o) ? add_with_traffic(o, law, err) : add_without_traffic(o, law, err);
}

static enum cp_code add_all(struct optimizer *o, struct cp_error *err)
{
    const struct cp_optimize_input *in = o->input;
    enum cp_code code = CP_OK;
    for (size_t i = 0; !code && i < in->n_sizes; i++) {
        if (in->on_progress)
            in->on_progress(in->progress_context, i, in->n_sizes);
        code = add_size(o, &o->laws[i], err);
    }
    if (!code && in->on_progress)
        in->on_progress(in->progress_context, in->n_sizes, in->n_sizes);
    return code;
}

/* --- what the answer rests on --- */

static const struct cp_size_law *law_of(const struct optimizer *o, const struct cp_candidate *c)
{
    size_t i = 0;
    while (i + 1 < o->input->n_sizes && o->input->sizes[i].memory_size_mb != c->memory_size_mb)
        i++;
    return &o->laws[i];
}

/* Idle intervals the chosen setting lives on, and whether the unmeasured ones matter to it. */
static enum cp_code settle_survival(struct optimizer *o, struct cp_error *err)
{
    struct cp_decision *d = o->decision;
    const struct cp_candidate *c = &d->candidates[d->chosen];
    const struct cp_size_law *law = law_of(o, c);
    struct cp_candidate_context optimist = o->context;
    optimist.survival.longest_ms = INFINITY;
    struct cp_pool_result here;
    struct cp_pool_result there;
    enum cp_code code = cp_candidate_simulate(&o->context, law, 1, cp_candidate_provisioned(c),
                                              limit_of(o), &here, err);
    if (code)
        return code;
    d->survival_used_ms = here.longest_reuse_ms;
    if (is_share_observed(o, c->mode) || !is_survival_open(o->input->survival))
        return CP_OK;
    code = cp_candidate_simulate(&optimist, law, 1, cp_candidate_provisioned(c), limit_of(o),
                                 &there, err);
    d->is_survival_extrapolated = !code && there.cold_share.high < here.cold_share.low;
    return code;
}

static enum cp_code explain(struct optimizer *o, struct cp_error *err)
{
    struct cp_decision *d = o->decision;
    enum cp_code code = CP_OK;
    if (d->chosen >= 0 && has_traffic(o))
        code = settle_survival(o, err);
    if (!code)
        code = cp_changer_find(&o->context, o->laws, d, err);
    if (!code)
        cp_explain(o->input, d);
    return code;
}

/* --- set-up --- */

/* Simulations to expect: per size one on demand and as many provisioned as the load takes. */
static double arrivals_per_replication(const struct optimizer *o)
{
    double simulations = 0;
    for (size_t i = 0; i < o->input->n_sizes; i++) {
        double load = cp_demand_per_s(o->input->demand) * o->laws[i].billed_warm_ms / 1000;
        double n = isnan(load) ? 0 : cp_erlang_servers_for_loss(load, SPILLOVER_NEGLIGIBLE);
        simulations += 1 + fmin(n, (double)o->per_size);
    }
    double arrivals = ARRIVALS_TOTAL / REPLICATIONS / simulations;
    return fmin(ARRIVALS_MAX, fmax(ARRIVALS_MIN, arrivals));
}

/* Memory that is nearly used up makes a tail of its own. */
static enum cp_code share_tails(struct optimizer *o)
{
    enum cp_code code = cp_shared_tails_init(&o->context.tails, o->input->n_sizes);
    for (size_t i = 0; !code && i < o->input->n_sizes; i++) {
        if (!is_unfit(o->laws[i].data, NULL, 0))
            cp_shared_tails_set(&o->context.tails, i, &o->laws[i].cold, &o->laws[i].warm);
    }
    return code;
}

static enum cp_code set_up(struct optimizer *o, struct cp_error *err)
{
    const struct cp_optimize_input *in = o->input;
    o->laws = calloc(in->n_sizes, sizeof *o->laws);
    enum cp_code code = o->laws ? CP_OK : CP_ENOMEM;
    for (size_t i = 0; !code && i < in->n_sizes; i++) {
        code = cp_size_law_init(&o->laws[i], &in->sizes[i]);
        o->laws[i].index = i;
    }
    if (!code)
        code = share_tails(o);
    if (code)
        return cp_fail(err, code, "cannot weigh the candidates: %s", cp_code_text(code));
    o->per_size = CP_CANDIDATES_MAX / in->n_sizes - (CANDIDATES_PER_SIZE_MIN - 1);
    o->context.input = in;
    o->context.survival =
        (struct cp_pool_survival){in->survival, cp_longest_probe_ms(in->survival)};
    if (has_traffic(o))
        o->context.arrivals_per_replication = arrivals_per_replication(o);
    return CP_OK;
}

static void tear_down(struct optimizer *o)
{
    for (size_t i = 0; o->laws && i < o->input->n_sizes; i++)
        cp_size_law_clear(&o->laws[i]);
    free(o->laws);
    cp_shared_tails_clear(&o->context.tails);
}

enum cp_code cp_optimize(const struct cp_optimize_input *input, struct cp_decision *decision,
                         struct cp_error *err)
{
    *decision = (struct cp_decision){
        .chosen = -1, .current = -1, .cheapest = -1, .fastest = -1, .fallback = -1};
    decision->survival_used_ms = NAN;
    decision->even_cold_share = (struct cp_interval){NAN, NAN, NAN};
    enum cp_code code = check(input, err);
    if (code)
        return code;
    decision->break_even_utilization = cp_price_break_even_utilization(input->price);
    struct optimizer o = {.input = input, .decision = decision};
    code = set_up(&o, err);
    if (!code)
        code = add_all(&o, err);
    if (!code) {
        cp_choose(input, decision);
        code = explain(&o, err);
    }
    tear_down(&o);
    return code;
}
