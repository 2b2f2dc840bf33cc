/* SPDX-License-Identifier: GPL-3.0-or-later
 * The idle phase: chains side by side, each with a version, hence an environment, of its own.
 *
 *   prime -> answer .. interval .. probe -> answer .. interval .. probe -> ...
 *
 * Each answer is the known-warm start of the next interval. After an answer that does not leave a
 * warm environment behind, the chain is primed again.
 */
#include <math.h>
#include <stdlib.h>

#include "profiler/sweep/progress.h"
#include "profiler/sweep/runner.h"

enum { PRIMES_MAX = 3 };
#define NO_SAMPLE SIZE_MAX

struct chain {
    const struct cp_plan_chain *plan;
    char version[CP_VERSION_MAX]; /* "" while there is none */
    size_t current;               /* in the air; NO_SAMPLE */
    double warm_since_ms;         /* last answer of a living environment; NAN: to be primed */
    int n_primes;                 /* in a row without a probe between */
    bool is_over;
};

struct chains {
    struct chain *at;
    size_t n;
    bool is_short; /* the limit of cost allows no more of them */
};

static size_t next_probe(const struct cp_runner *r, const struct chain *c)
{
    for (size_t i = c->plan->first_probe; i < c->plan->first_probe + c->plan->n_probes; i++) {
        if (r->plan.samples[i].outcome == CP_OUTCOME_NOT_SENT)
            return i;
    }
    return NO_SAMPLE;
}

static bool is_needed(const struct cp_runner *r, const struct chain *c)
{
    const struct cp_size_state *size = cp_cells_size(&r->cells, c->plan->memory_size_mb);
    return next_probe(r, c) != NO_SAMPLE && !(size && size->cannot_run);
}

static double intervals_left_ms(const struct cp_runner *r, const struct cp_plan_chain *plan)
{
    double sum = 0;
    for (size_t i = plan->first_probe; i < plan->first_probe + plan->n_probes; i++) {
        if (r->plan.samples[i].outcome == CP_OUTCOME_NOT_SENT)
            sum += r->plan.samples[i].idle_interval_ms;
    }
    return sum;
}

/* Each probe may leave no warm environment behind, and each of them is primed so often at most. */
size_t cp_idle_most_primes(size_t n_probes)
{
    return PRIMES_MAX * n_probes;
}

double cp_idle_left_ms(const struct cp_runner *r)
{
    double longest = 0;
    for (size_t i = 0; i < r->plan.n_chains; i++)
        longest = fmax(longest, intervals_left_ms(r, &r->plan.chains[i]));
    return longest;
}

static enum cp_code open_chains(struct cp_runner *r, struct chains *chains, struct cp_error *err)
{
    enum cp_code code = CP_OK;
    chains->at = calloc(r->plan.n_chains + 1, sizeof *chains->at);
    if (!chains->at)
        return cp_fail(err, CP_ENOMEM, "out of memory");
    for (size_t i = 0; i < r->plan.n_chains && !code && cp_runner_may_send(r); i++) {
        struct chain *c = &chains->at[chains->n];
        *c = (struct chain){.plan = &r->plan.chains[i], .current = NO_SAMPLE, .warm_since_ms = NAN};
        bool fits = true;
        if (!is_needed(r, c))
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

static enum cp_code close_chains(struct cp_runner *r, struct chains *chains, struct cp_error *err)
{
    enum cp_code code = CP_OK;
    for (size_t i = 0; i < chains->n && !code; i++)
        code = cp_swept_release(&r->swept, chains->at[i].version, err);
    return code;
}

/* --- one chain --- */

static void take_answer(struct cp_runner *r, struct chain *c)
{
    const struct cp_sample *s = &r->plan.samples[c->current];
    bool is_warm = s->outcome == CP_OUTCOME_MEASURED;
    c->warm_since_ms = is_warm ? r->slots[c->current].answered_at_ms : NAN;
    if (is_warm)
        c->n_primes = 0;
    c->current = NO_SAMPLE;
}

static enum cp_code send(struct cp_runner *r, struct chain *c, size_t index, struct cp_error *err)
{
    enum cp_code code = cp_runner_send(r, &index, 1, c->version, err);
    if (!code && r->plan.samples[index].outcome != CP_OUTCOME_NOT_SENT)
        c->current = index;
    return code;
}

static enum cp_code send_prime(struct cp_runner *r, struct chain *c, struct cp_error *err)
{
    size_t index = c->plan->prime;
    enum cp_code code = CP_OK;
    if (r->plan.samples[index].outcome != CP_OUTCOME_NOT_SENT)
        code = cp_runner_add_prime(r, c->plan->memory_size_mb, &index, err);
    c->n_primes++;
    return code ? code : send(r, c, index, err);
}

static void give_up(const struct cp_runner *r, struct chain *c)
{
    const struct cp_sample *prime = &r->plan.samples[c->plan->prime];
    c->is_over = true;
    cp_runner_warn(r,
                   "an idle chain at %d MB ended early: its environment could not be primed (%s)",
                   c->plan->memory_size_mb, prime->note[0] ? prime->note : "no warm answer");
}

/* Cold starts at once, here too, are limited: they are slow side by side. */
static bool may_prime(const struct cp_runner *r, const struct chains *chains)
{
    int n = 0;
    for (size_t i = 0; i < chains->n; i++)
        n += chains->at[i].current != NO_SAMPLE && isnan(chains->at[i].warm_since_ms);
    return n < r->settings->cold_per_batch;
}

static double due_ms(const struct cp_runner *r, const struct chain *c)
{
    return c->warm_since_ms + r->plan.samples[next_probe(r, c)].idle_interval_ms;
}

static enum cp_code send_probe(struct cp_runner *r, struct chain *c, struct cp_error *err)
{
    size_t index = next_probe(r, c);
    double late_ms = cp_runner_now_ms(r) - due_ms(r, c);
    r->slots[index].idle_from_ms = c->warm_since_ms;
    r->plan.samples[index].scheduled_at_ms =
        r->clock->unix_ms(r->clock->context) - (int64_t)llround(late_ms);
    return send(r, c, index, err);
}

static bool is_in_the_air(const struct cp_runner *r, const struct chain *c)
{
    return c->current != NO_SAMPLE && r->plan.samples[c->current].outcome == CP_OUTCOME_SENT;
}

static enum cp_code advance(struct cp_runner *r, const struct chains *chains, struct chain *c,
                            struct cp_error *err)
{
    if (c->is_over || is_in_the_air(r, c))
        return CP_OK;
    if (c->current != NO_SAMPLE)
        take_answer(r, c);
    if (!is_needed(r, c)) {
        c->is_over = true;
        return CP_OK;
    }
    if (isnan(c->warm_since_ms)) {
        if (c->n_primes >= PRIMES_MAX)
            give_up(r, c);
        else if (may_prime(r, chains))
            return send_prime(r, c, err);
        return CP_OK;
    }
    return due_ms(r, c) <= cp_runner_now_ms(r) ? send_probe(r, c, err) : CP_OK;
}

/* --- all chains --- */

/* When the next probe is due; now when a chain could be primed; far away when only answers help. */
static double next_due_ms(const struct cp_runner *r, const struct chains *chains)
{
    double soonest = INFINITY;
    for (size_t i = 0; i < chains->n; i++) {
        const struct chain *c = &chains->at[i];
        if (!c->is_over && c->current == NO_SAMPLE && !isnan(c->warm_since_ms))
            soonest = fmin(soonest, due_ms(r, c));
    }
    return soonest;
}

/* When the last chain will be through. */
static double end_ms(const struct cp_runner *r, const struct chains *chains)
{
    double now_ms = cp_runner_now_ms(r);
    double last = now_ms;
    for (size_t i = 0; i < chains->n; i++) {
        const struct chain *c = &chains->at[i];
        double from_ms = isnan(c->warm_since_ms) ? now_ms : c->warm_since_ms;
        if (!c->is_over)
            last = fmax(last, from_ms + intervals_left_ms(r, c->plan));
    }
    return last;
}

static bool is_any_open(const struct chains *chains)
{
    for (size_t i = 0; i < chains->n; i++) {
        if (!chains->at[i].is_over)
            return true;
    }
    return false;
}

static enum cp_code run_chains(struct cp_runner *r, struct chains *chains, struct cp_error *err)
{
    enum cp_code code = CP_OK;
    while (!code && is_any_open(chains) && cp_runner_may_send(r)) {
        size_t n_before = r->n_events;
        for (size_t i = 0; i < chains->n && !code; i++)
            code = advance(r, chains, &chains->at[i], err);
        r->idle_end_ms = end_ms(r, chains);
        double until_ms = next_due_ms(r, chains);
        if (!code && r->n_events == n_before && (r->n_flights || isfinite(until_ms)))
            code = cp_runner_wait(r, until_ms, err);
    }
    return code;
}

enum cp_code cp_idle_phase(struct cp_runner *r, struct cp_error *err)
{
    struct chains chains = {0};
    cp_sweep_tell_phase(r, "idle");
    enum cp_code code = open_chains(r, &chains, err);
    if (!code)
        code = run_chains(r, &chains, err);
    if (!code)
        code = cp_runner_drain(r, err);
    if (!code)
        code = close_chains(r, &chains, err);
    r->is_cost_reached |= chains.is_short;
    free(chains.at);
    return code;
}
