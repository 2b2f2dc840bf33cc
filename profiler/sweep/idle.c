/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "profiler/sweep/idle_chain.h"
#include "profiler/sweep/progress.h"

enum { PRIMES_MAX = 3, LATE_MAX = 3 };

/* All of one idle phase. */
struct phase {
    struct cp_runner *r;
    const struct cp_idle_source *source;
    struct cp_idle_chains chains;
};

static bool is_needed(const struct phase *p, const struct cp_plan_chain *plan)
{
    const struct cp_size_state *size = cp_cells_size(&p->r->cells, plan->memory_size_mb);
    return p->source->has_more(p->source->context, p->r, plan) && !(size && size->cannot_run);
}

/* Each probe may leave no warm environment behind, and each of them is primed so often at most. */
size_t cp_idle_most_primes(size_t n_probes)
{
    return PRIMES_MAX * n_probes;
}

static double longest_planned_ms(const struct cp_runner *r)
{
    double longest = 0;
    for (size_t i = 0; i < r->plan.n_chains; i++)
        longest = fmax(longest, cp_idle_planned_ms(r, &r->plan.chains[i]));
    return longest;
}

double cp_idle_left_ms(const struct cp_runner *r)
{
    return fmax(longest_planned_ms(r), cp_idle_outlook(r).wait_most_ms);
}

double cp_idle_expected_ms(const struct cp_runner *r)
{
    return fmax(longest_planned_ms(r), cp_idle_outlook(r).wait_ms);
}

static enum cp_code open_chains(struct phase *p, struct cp_error *err)
{
    struct cp_runner *r = p->r;
    struct cp_idle_chains *chains = &p->chains;
    enum cp_code code = CP_OK;
    chains->at = calloc(r->plan.n_chains + 1, sizeof *chains->at);
    if (!chains->at)
        return cp_fail(err, CP_ENOMEM, "out of memory");
    for (size_t i = 0; i < r->plan.n_chains && !code && cp_runner_may_send(r); i++) {
        struct cp_idle_chain *c = &chains->at[chains->n];
        *c = (struct cp_idle_chain){.plan = &r->plan.chains[i],
                                    .current = CP_NO_SAMPLE,
                                    .warm_since_ms = NAN,
                                    .interval_ms = NAN,
                                    .prime_from_ms = -INFINITY};
        bool fits = true;
        if (!is_needed(p, c->plan))
            continue;
        code = cp_runner_allow_version(r, c->plan->memory_size_mb, &fits, err);
        chains->is_short |= !fits;
        if (code || !fits)
            break;
        code = cp_swept_version(&r->swept, c->plan->memory_size_mb, c->version, err);
        chains->n += !code;
    }
    return code;
}

static enum cp_code close_chains(struct phase *p, struct cp_error *err)
{
    enum cp_code code = CP_OK;
    for (size_t i = 0; i < p->chains.n && !code; i++)
        code = cp_swept_release(&p->r->swept, p->chains.at[i].version, err);
    return code;
}

/* --- one chain --- */

static bool is_in_the_air(const struct phase *p, const struct cp_idle_chain *c)
{
    return c->current != CP_NO_SAMPLE && p->r->plan.samples[c->current].outcome == CP_OUTCOME_SENT;
}

/* Without an answer the invocation may still run: an environment primed beside it would leave two
 * of them, and nobody could tell which one a probe meets. */
static void take_answer(struct phase *p, struct cp_idle_chain *c)
{
    const struct cp_sample *s = &p->r->plan.samples[c->current];
    bool is_warm = s->outcome == CP_OUTCOME_MEASURED;
    c->warm_since_ms = is_warm ? p->r->slots[c->current].answered_at_ms : NAN;
    if (is_warm)
        c->n_primes = 0;
    if (s->outcome == CP_OUTCOME_UNKNOWN)
        c->prime_from_ms = cp_runner_now_ms(p->r) + cp_quote_worst_ms(p->r->run->timeout_ms);
    if (s->kind == CP_CELL_IDLE)
        p->source->settle(p->source->context, p->r, c);
    c->current = CP_NO_SAMPLE;
}

static enum cp_code send(struct phase *p, struct cp_idle_chain *c, size_t index,
                         struct cp_error *err)
{
    enum cp_code code = cp_runner_send(p->r, &index, 1, c->version, err);
    if (!code && p->r->plan.samples[index].outcome != CP_OUTCOME_NOT_SENT)
        c->current = index;
    return code;
}

static enum cp_code send_prime(struct phase *p, struct cp_idle_chain *c, struct cp_error *err)
{
    size_t index = c->plan->prime;
    enum cp_code code = CP_OK;
    if (p->r->plan.samples[index].outcome != CP_OUTCOME_NOT_SENT)
        code = cp_runner_add_prime(p->r, c->plan->memory_size_mb, &index, err);
    c->n_primes++;
    return code ? code : send(p, c, index, err);
}

static void end_chain(struct phase *p, struct cp_idle_chain *c)
{
    c->is_over = true;
    p->source->settle(p->source->context, p->r, c);
}

static void give_up(struct phase *p, struct cp_idle_chain *c)
{
    const struct cp_sample *prime = &p->r->plan.samples[c->plan->prime];
    end_chain(p, c);
    cp_runner_warn(p->r,
                   "an idle chain at %d MB ended early: its environment could not be primed (%s)",
                   c->plan->memory_size_mb, prime->note[0] ? prime->note : "no warm answer");
}

/* Cold starts at once, here too, are limited: they are slow side by side. */
static bool may_prime(const struct phase *p, const struct cp_idle_chain *c)
{
    int n = 0;
    for (size_t i = 0; i < p->chains.n; i++)
        n += p->chains.at[i].current != CP_NO_SAMPLE && isnan(p->chains.at[i].warm_since_ms);
    return n < p->r->settings->cold_per_batch && cp_runner_now_ms(p->r) >= c->prime_from_ms;
}

static double due_ms(const struct cp_idle_chain *c)
{
    return c->warm_since_ms + c->interval_ms;
}

static enum cp_code send_probe(struct phase *p, struct cp_idle_chain *c, struct cp_error *err)
{
    struct cp_runner *r = p->r;
    size_t index = CP_NO_SAMPLE;
    enum cp_code code = p->source->take(p->source->context, r, c, &index, err);
    if (code)
        return code;
    double late_ms = cp_runner_now_ms(r) - due_ms(c);
    r->slots[index].idle_from_ms = c->warm_since_ms;
    r->plan.samples[index].scheduled_at_ms =
        r->clock->unix_ms(r->clock->context) - (int64_t)llround(late_ms);
    return send(p, c, index, err);
}

/* Where every probe is late, it is sent after all: the source says what it measures. */
static bool is_too_late(const struct phase *p, const struct cp_idle_chain *c)
{
    double leaves_ms = fmax(cp_runner_now_ms(p->r), p->r->not_before_ms);
    return c->n_late < LATE_MAX && !p->source->is_in_time(c, leaves_ms - due_ms(c));
}

static enum cp_code advance(struct phase *p, struct cp_idle_chain *c, struct cp_error *err)
{
    if (c->is_over || is_in_the_air(p, c))
        return CP_OK;
    if (!is_needed(p, c->plan)) {
        end_chain(p, c);
        return CP_OK;
    }
    c->interval_ms = p->source->interval_ms(p->source->context, p->r, c);
    if (isnan(c->interval_ms))
        return CP_OK;
    if (isnan(c->warm_since_ms)) {
        if (c->n_primes >= PRIMES_MAX)
            give_up(p, c);
        else if (may_prime(p, c))
            return send_prime(p, c, err);
        return CP_OK;
    }
    if (due_ms(c) > cp_runner_now_ms(p->r))
        return CP_OK;
    if (is_too_late(p, c)) {
        c->warm_since_ms = NAN;
        c->n_late++;
        return CP_OK;
    }
    c->n_late = 0;
    return send_probe(p, c, err);
}

/* --- all chains --- */

/* When the next probe is due, or a chain may be primed that has to wait; far away when only answers
 * help. */
static double next_due_ms(const struct phase *p)
{
    double soonest = INFINITY;
    for (size_t i = 0; i < p->chains.n; i++) {
        const struct cp_idle_chain *c = &p->chains.at[i];
        if (c->is_over || c->current != CP_NO_SAMPLE || isnan(c->interval_ms))
            continue;
        if (!isnan(c->warm_since_ms))
            soonest = fmin(soonest, due_ms(c));
        else if (c->prime_from_ms > cp_runner_now_ms(p->r))
            soonest = fmin(soonest, c->prime_from_ms);
    }
    return soonest;
}

/* When the last chain will be through. */
static double end_ms(const struct phase *p)
{
    double now_ms = cp_runner_now_ms(p->r);
    double last = now_ms;
    for (size_t i = 0; i < p->chains.n; i++) {
        const struct cp_idle_chain *c = &p->chains.at[i];
        double from_ms = isnan(c->warm_since_ms) ? now_ms : c->warm_since_ms;
        if (!c->is_over)
            last = fmax(last, from_ms + p->source->left_ms(p->source->context, p->r, c));
    }
    return last;
}

static bool is_any_open(const struct phase *p)
{
    for (size_t i = 0; i < p->chains.n; i++) {
        if (!p->chains.at[i].is_over)
            return true;
    }
    return false;
}

/* Answers first: they decide what the chains do next. */
static enum cp_code turn(struct phase *p, struct cp_error *err)
{
    for (size_t i = 0; i < p->chains.n; i++) {
        struct cp_idle_chain *c = &p->chains.at[i];
        if (c->current != CP_NO_SAMPLE && !is_in_the_air(p, c))
            take_answer(p, c);
    }
    enum cp_code code = p->source->plan(p->source->context, p->r, &p->chains, err);
    for (size_t i = 0; i < p->chains.n && !code; i++)
        code = advance(p, &p->chains.at[i], err);
    return code;
}

static enum cp_code run_chains(struct phase *p, struct cp_error *err)
{
    struct cp_runner *r = p->r;
    enum cp_code code = CP_OK;
    while (!code && is_any_open(p) && cp_runner_may_send(r)) {
        size_t n_before = r->n_events;
        code = turn(p, err);
        r->idle_end_ms = end_ms(p);
        double until_ms = next_due_ms(p);
        if (!code && r->n_events == n_before && (r->n_flights || isfinite(until_ms)))
            code = cp_runner_wait(r, until_ms, err);
    }
    return code;
}

static enum cp_code run_phase(struct phase *p, struct cp_error *err)
{
    enum cp_code code = p->source->plan(p->source->context, p->r, &p->chains, err);
    if (!code)
        code = open_chains(p, err);
    if (!code)
        code = run_chains(p, err);
    if (!code)
        code = cp_runner_drain(p->r, err);
    if (!code)
        code = close_chains(p, err);
    p->r->is_cost_reached |= p->chains.is_short;
    free(p->chains.at);
    return code;
}

static enum cp_code run_search(struct cp_runner *r, struct cp_error *err)
{
    struct cp_idle_search *search = NULL;
    enum cp_code code = cp_idle_search_new(r, &search, err);
    if (code)
        return code;
    const struct cp_idle_source source = cp_idle_search_source(search);
    struct phase p = {.r = r, .source = &source};
    code = run_phase(&p, err);
    if (!code)
        code = cp_idle_search_end(search, r, err);
    cp_idle_search_free(search);
    return code;
}

enum cp_code cp_idle_phase(struct cp_runner *r, struct cp_error *err)
{
    struct phase p = {.r = r, .source = &cp_idle_list_source};
    cp_sweep_tell_phase(r, "idle");
    return cp_idle_outlook(r).is_on ? run_search(r, err) : run_phase(&p, err);
}
