/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/modelled_answer.h"

#include "model/base/number.h"
#include "model/base/units.h"
#include "model/decide/candidate.h"
#include "model/decide/modelled_size.h"

#include <math.h>
#include <stdio.h>

enum { GRID_MAX = CP_MEMORY_MAX_MB / CP_MODELLED_STEP_MB + 1, ARRIVALS = 200000 };

struct search {
    const struct cp_optimize_input *input;
    struct cp_decision *decision;
    const struct cp_candidate *chosen;
    struct cp_size_models models;
};

/* One size of the grid and its cost by the law of the mean alone. */
struct guess {
    int memory_mb;
    double usd;
};

static bool is_asked(const struct cp_optimize_input *in, const struct cp_decision *d)
{
    if (isnan(in->budget_q) || !d->is_budget_met || d->chosen < 0 ||
        d->n_candidates >= CP_CANDIDATES_MAX)
        return false;
    enum cp_concurrency_mode mode = d->candidates[d->chosen].mode;
    return mode == CP_MODE_ON_DEMAND || mode == CP_MODE_RESERVED || mode == CP_MODE_PROVISIONED;
}

static struct cp_interval cost_of(const struct cp_optimize_input *in, const struct cp_candidate *c)
{
    return in->demand ? c->usd_per_month : c->usd_per_million;
}

/* --- which sizes to ask about --- */

/* Cost follows memory times mean duration, where it is not one for each request. */
static double guess_usd(const struct search *s, int memory_mb)
{
    int from_mb = s->chosen->memory_size_mb;
    double mean = cp_memory_law_at(&s->models.mean_warm, memory_mb);
    double from = cp_memory_law_at(&s->models.mean_warm, from_mb);
    return cost_of(s->input, s->chosen).value * memory_mb * mean / (from_mb * from);
}

/* Cheapest first. Those that cannot do are left out: no mixture with cold starts is faster than
 * warm starts alone. */
static size_t guess_all(const struct search *s, struct guess guesses[GRID_MAX])
{
    size_t n = 0;
    double most = (1 - CP_SAVING_MIN) * cost_of(s->input, s->chosen).value;
    for (int mb = cp_size_models_next_mb(&s->models, 0); mb && n < GRID_MAX;
         mb = cp_size_models_next_mb(&s->models, mb)) {
        struct guess guess = {mb, guess_usd(s, mb)};
        if (!(guess.usd <= most) ||
            !(cp_memory_law_at(&s->models.warm.p50, mb) <= s->input->budget_ms))
            continue;
        size_t at = n++;
        for (; at > 0 && guesses[at - 1].usd > guess.usd; at--)
            guesses[at] = guesses[at - 1];
        guesses[at] = guess;
    }
    return n;
}

/* --- what one of them does --- */

static void widen(const struct cp_modelled_size *made, const struct cp_optimize_input *in,
                  struct cp_candidate *c)
{
    struct cp_interval law = c->cold_decides ? made->cold_ms : made->warm_ms;
    struct cp_interval *const latencies[] = {&c->latency_ms, &c->p50_ms, &c->p95_ms, &c->p99_ms};
    for (size_t i = 0; i < sizeof latencies / sizeof latencies[0]; i++)
        *latencies[i] = cp_modelled_size_widen(*latencies[i], law);
    c->usd_per_month = cp_modelled_size_widen(c->usd_per_month, made->mean_warm_ms);
    c->usd_per_million = cp_modelled_size_widen(c->usd_per_million, made->mean_warm_ms);
    c->over_budget = (struct cp_interval){NAN, NAN, NAN}; /* the laws do not bound a share */
    c->is_modelled = true;
    cp_candidate_judge(in, c);
    c->meets_budget = false; /* nobody has seen it */
    c->may_meet_budget = c->latency_ms.value <= in->budget_ms;
}

static enum cp_code simulate(const struct search *s, const struct cp_candidate_context *context,
                             const struct cp_size_law *law, const struct cp_candidate *c,
                             struct cp_pool_result *pool, struct cp_error *err)
{
    enum cp_code code = cp_candidate_simulate(context, law, c, pool, err);
    if (!code)
        cp_candidate_observe_share(s->input, c->mode, pool);
    return code;
}

static enum cp_code evaluate(const struct search *s, const struct cp_modelled_size *made,
                             struct cp_candidate *c, struct cp_error *err)
{
    struct cp_optimize_input in = *s->input;
    in.sizes = &made->data;
    in.n_sizes = 1;
    struct cp_shared_tails tails;
    const struct cp_candidate_context context = {
        .input = &in,
        .survival = {in.survival, cp_longest_probe_ms(in.survival)},
        .arrivals = ARRIVALS,
        .tails = &tails,
    };
    struct cp_size_law law;
    struct cp_pool_result pool;
    enum cp_code code = cp_size_law_init(&law, &made->data, in.seed);
    if (!code)
        code = cp_shared_tails_init(&tails, 1);
    if (code) {
        cp_size_law_clear(&law);
        return cp_fail(err, code, "cannot weigh a memory size: %s", cp_code_text(code));
    }
    *c = cp_candidate_of(&law, c->mode, c->concurrency);
    if (in.demand)
        code = simulate(s, &context, &law, c, &pool, err);
    if (!code)
        code = cp_candidate_evaluate(&context, &law, in.demand ? &pool : NULL, c, err);
    if (!code)
        widen(made, &in, c);
    c->size = s->chosen->size; /* whose variant it is of */
    cp_shared_tails_clear(&tails);
    cp_size_law_clear(&law);
    return code;
}

static bool is_better(const struct search *s, const struct cp_candidate *c)
{
    return cp_candidate_is_working(c) && c->may_meet_budget &&
           cost_of(s->input, c).value <= (1 - CP_SAVING_MIN) * cost_of(s->input, s->chosen).value;
}

/* --- what to say --- */

static void say(const struct search *s, const struct cp_candidate *c)
{
    char memory[CP_NUMBER_MAX], usd[CP_NUMBER_MAX], low[CP_NUMBER_MAX], high[CP_NUMBER_MAX];
    char ms[CP_NUMBER_MAX], ms_low[CP_NUMBER_MAX], ms_high[CP_NUMBER_MAX];
    struct cp_interval cost = cost_of(s->input, c);
    (void)snprintf(s->decision->modelled, sizeof s->decision->modelled,
                   "%s MB, not measured, should do at USD %s [%s, %s] per %s: p%.4g about %s ms "
                   "[%s, %s], by the laws of the measured sizes. Measure it: coldprof sweep ... "
                   "--memory %d.",
                   cp_number_exact(c->memory_size_mb, memory), cp_number_usd(cost.value, usd),
                   cp_number_usd(cost.low, low), cp_number_usd(cost.high, high),
                   s->input->demand ? "month" : "million requests", 100 * s->input->budget_q,
                   cp_number_short(c->latency_ms.value, ms),
                   cp_number_short(c->latency_ms.low, ms_low),
                   cp_number_short(c->latency_ms.high, ms_high), c->memory_size_mb);
}

/* --- all --- */

static enum cp_code ask(struct search *s, struct cp_error *err)
{
    struct guess guesses[GRID_MAX];
    size_t n = guess_all(s, guesses);
    enum cp_code code = CP_OK;
    for (size_t i = 0; i < n && !code; i++) {
        struct cp_modelled_size made;
        struct cp_candidate c =
            cp_candidate_empty(guesses[i].memory_mb, s->chosen->mode, s->chosen->concurrency);
        code = cp_modelled_size_make(&s->models, guesses[i].memory_mb, &made);
        if (code == CP_ENODATA) {
            code = CP_OK;
            continue;
        }
        if (code)
            (void)cp_fail(err, code, "cannot model a memory size: %s", cp_code_text(code));
        const struct cp_size_data *like = &s->input->sizes[s->chosen->size];
        made.data.architecture = like->architecture;
        made.data.price = like->price;
        made.data.fresh_start = like->fresh_start;
        if (!code)
            code = evaluate(s, &made, &c, err);
        cp_modelled_size_clear(&made);
        if (!code && is_better(s, &c)) {
            s->decision->candidates[s->decision->n_candidates++] = c;
            say(s, &c);
            break;
        }
    }
    return code;
}

enum cp_code cp_modelled_answer_find(const struct cp_optimize_input *input,
                                     struct cp_decision *decision, struct cp_error *err)
{
    decision->modelled[0] = '\0';
    if (!is_asked(input, decision))
        return CP_OK;
    struct search s = {
        .input = input, .decision = decision, .chosen = &decision->candidates[decision->chosen]};
    struct cp_size_data sizes[CP_SIZES_MAX]; /* of the chosen variant */
    size_t n = 0;
    for (size_t i = 0; i < input->n_sizes; i++) {
        if (cp_size_data_is_one_variant(&input->sizes[i], &input->sizes[s.chosen->size]))
            sizes[n++] = input->sizes[i];
    }
    cp_size_models_fit(sizes, n, input->budget_q, input->seed, &s.models);
    enum cp_code code = s.models.status == CP_ENOMEM
                            ? cp_fail(err, CP_ENOMEM, "cannot model memory sizes: out of memory")
                        : s.models.status ? CP_OK
                                          : ask(&s, err);
    cp_size_models_clear(&s.models);
    return code;
}
