/* SPDX-License-Identifier: GPL-3.0-or-later
 * The search for the idle lifetime: look by look as the design (model/stat/idle_design.h) says from
 * what was measured so far. Every answer counts but those of probes that were
 * not measured, which are repeated. Whoever resumes goes on from the stored samples.
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "profiler/sweep/idle_chain.h"

/* An environment that has been idle so much longer than the interval tells of another one. */
#define LATE_RATIO 0.05
#define LATE_MS    50.0
/* Of the waiting that is allowed, what a search is expected to take: a step takes two looks. */
#define EXPECTED_SHARE 0.5

struct cp_idle_search {
    struct cp_idle_design_options options;
    struct cp_idle_point counts[CP_IDLE_DESIGN_GAPS_MAX];
    size_t n_counts;
    struct cp_idle_spent spent;
    int64_t look; /* this one */
    struct cp_idle_design design;
    size_t left[CP_IDLE_DESIGN_GAPS_MAX]; /* of design.wants: not yet given to a chain */
    size_t n_given;                       /* to chains, and not settled */
    size_t n_void;                        /* probes that measured nothing */
    size_t max_primes;                    /* sent in this run: what was quoted at most */
    bool is_primed_out;
};

/* --- what was measured --- */

static bool is_same(double a_ms, double b_ms)
{
    return !(a_ms < b_ms) && !(a_ms > b_ms);
}

static bool count_probe(struct cp_idle_search *s, const struct cp_sample *sample)
{
    size_t i = 0;
    while (i < s->n_counts && !is_same(s->counts[i].idle_interval_ms, sample->idle_interval_ms))
        i++;
    if (i == CP_IDLE_DESIGN_GAPS_MAX)
        return false;
    if (i == s->n_counts)
        s->counts[s->n_counts++] =
            (struct cp_idle_point){.idle_interval_ms = sample->idle_interval_ms};
    s->counts[i].n++;
    s->counts[i].n_cold += sample->start != CP_START_WARM;
    return true;
}

static int64_t look_of(const struct cp_sample *sample)
{
    return sample->batch / CP_PLAN_ROUNDS_MAX;
}

/* A look takes as long as its longest interval that was waited for. */
static double waited_ms(const struct cp_runner *r, int64_t look)
{
    double longest = 0;
    for (size_t i = 0; i < r->plan.n_samples; i++) {
        const struct cp_sample *s = &r->plan.samples[i];
        if (s->kind == CP_CELL_IDLE && look_of(s) == look && s->outcome != CP_OUTCOME_NOT_SENT)
            longest = fmax(longest, s->idle_interval_ms);
    }
    return longest;
}

static void count(struct cp_idle_search *s, const struct cp_runner *r)
{
    int64_t last = -1;
    s->n_counts = 0;
    s->spent = (struct cp_idle_spent){.n_probes = 0};
    for (size_t i = 0; i < r->plan.n_samples; i++) {
        const struct cp_sample *sample = &r->plan.samples[i];
        if (sample->kind != CP_CELL_IDLE || sample->outcome == CP_OUTCOME_NOT_SENT)
            continue;
        s->spent.n_probes++;
        last = look_of(sample) > last ? look_of(sample) : last;
        if (cp_sample_is_usable(sample))
            (void)count_probe(s, sample);
    }
    for (int64_t look = 0; look <= last; look++)
        s->spent.waited_ms += waited_ms(r, look);
    s->look = last + 1;
}

static void begin(struct cp_idle_search *s, const struct cp_runner *r)
{
    *s = (struct cp_idle_search){.options = cp_sweep_idle_design(r->settings)};
    count(s, r);
    cp_idle_design_next(&s->options, s->counts, s->n_counts, &s->spent, &s->design);
}

struct cp_idle_outlook cp_idle_outlook(const struct cp_runner *r)
{
    struct cp_idle_search s;
    if (!cp_sweep_searches_idle(r->settings) || r->is_idle_blind)
        return (struct cp_idle_outlook){.is_on = false};
    begin(&s, r);
    if (s.design.end != CP_IDLE_DESIGN_GOES_ON)
        return (struct cp_idle_outlook){.is_on = false};
    const struct cp_idle_design_options *o = &s.options;
    size_t n_most = o->max_probes - s.spent.n_probes;
    double wait_most_ms = o->max_wait_ms - s.spent.waited_ms;
    return (struct cp_idle_outlook){
        .is_on = true,
        .n_probes = n_most < 2 * o->n_parallel ? n_most : 2 * o->n_parallel,
        .n_most = n_most,
        .wait_ms = fmin(wait_most_ms, fmax(o->longest_ms, EXPECTED_SHARE * wait_most_ms)),
        .wait_most_ms = wait_most_ms,
    };
}

static void start_look(struct cp_idle_search *s)
{
    for (size_t i = 0; i < s->design.n_wants; i++)
        s->left[i] = s->design.wants[i].n;
}

static size_t n_primes_sent(const struct cp_runner *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->plan.n_samples; i++)
        n += r->plan.samples[i].kind == CP_CELL_PRIME &&
             r->plan.samples[i].outcome != CP_OUTCOME_NOT_SENT;
    return n;
}

enum cp_code cp_idle_search_new(const struct cp_runner *r, struct cp_idle_search **out,
                                struct cp_error *err)
{
    *out = malloc(sizeof **out);
    if (!*out)
        return cp_fail(err, CP_ENOMEM, "out of memory");
    begin(*out, r);
    start_look(*out);
    size_t n_most = (*out)->options.max_probes - (*out)->spent.n_probes;
    (*out)->max_primes = n_primes_sent(r) + cp_idle_most_primes(n_most + r->plan.n_chains);
    return CP_OK;
}

void cp_idle_search_free(struct cp_idle_search *search)
{
    free(search);
}

/* --- looks --- */

static bool is_look_over(const struct cp_idle_search *s)
{
    size_t n = s->n_given;
    for (size_t i = 0; i < s->design.n_wants; i++)
        n += s->left[i];
    return n == 0;
}

/* Once everything is cold from an interval on, nothing longer is waited for. */
static void drop_longer(struct cp_idle_search *s, const struct cp_idle_chains *chains)
{
    double gone_ms = cp_idle_design_gone_from_ms(&s->options, s->counts, s->n_counts);
    for (size_t i = 0; i < s->design.n_wants; i++) {
        if (s->design.wants[i].idle_interval_ms > gone_ms)
            s->left[i] = 0;
    }
    for (size_t i = 0; i < chains->n; i++) {
        struct cp_idle_chain *c = &chains->at[i];
        if (c->current != CP_NO_SAMPLE || !(c->interval_ms > gone_ms))
            continue;
        c->interval_ms = NAN;
        s->n_given--;
    }
}

static enum cp_code plan(void *context, struct cp_runner *r, const struct cp_idle_chains *chains,
                         struct cp_error *err)
{
    struct cp_idle_search *s = context;
    (void)err;
    if (s->design.end != CP_IDLE_DESIGN_GOES_ON)
        return CP_OK;
    int64_t look = s->look;
    count(s, r);
    s->look = look;
    size_t at_once = (size_t)r->settings->cold_per_batch;
    s->is_primed_out = n_primes_sent(r) + at_once > s->max_primes;
    drop_longer(s, chains);
    if (!is_look_over(s))
        return CP_OK;
    cp_idle_design_next(&s->options, s->counts, s->n_counts, &s->spent, &s->design);
    s->look++;
    start_look(s);
    return CP_OK;
}

static bool has_more(const void *context, const struct cp_runner *r,
                     const struct cp_plan_chain *chain)
{
    const struct cp_idle_search *s = context;
    (void)r, (void)chain;
    return s->design.end == CP_IDLE_DESIGN_GOES_ON && !s->is_primed_out;
}

static bool is_in_time(const struct cp_idle_chain *chain, double late_ms)
{
    return late_ms <= fmax(LATE_MS, LATE_RATIO * chain->interval_ms);
}

/* The longest first: the others are through before it. */
static double interval_ms(void *context, struct cp_runner *r, struct cp_idle_chain *chain)
{
    struct cp_idle_search *s = context;
    (void)r;
    size_t i = s->design.n_wants;
    if (!isnan(chain->interval_ms))
        return chain->interval_ms;
    while (i > 0 && !s->left[i - 1])
        i--;
    if (!i)
        return NAN;
    double ms = s->design.wants[i - 1].idle_interval_ms;
    s->left[i - 1]--;
    s->n_given++;
    return ms;
}

/* What the probe measures when it leaves now: the interval, or where it is late all the same, the
 * time that it takes, to two digits, so that they are not all different. */
static double measured_ms(const struct cp_runner *r, const struct cp_idle_chain *chain)
{
    double idle_ms = fmax(cp_runner_now_ms(r), r->not_before_ms) - chain->warm_since_ms;
    if (is_in_time(chain, idle_ms - chain->interval_ms))
        return chain->interval_ms;
    double unit = pow(10, floor(log10(idle_ms)) - 1);
    return round(idle_ms / unit) * unit;
}

/* One that could not be sent before is used again. */
static size_t find_unsent(const struct cp_runner *r, int memory_size_mb, double ms)
{
    size_t i = r->plan.n_samples;
    while (i-- > 0) {
        const struct cp_sample *s = &r->plan.samples[i];
        if (s->kind == CP_CELL_IDLE && s->outcome == CP_OUTCOME_NOT_SENT &&
            s->memory_size_mb == memory_size_mb && is_same(s->idle_interval_ms, ms))
            return i;
    }
    return CP_NO_SAMPLE;
}

/* Of the next probe of an interval in this look. */
static int64_t next_batch(const struct cp_idle_search *s, const struct cp_runner *r, double ms)
{
    int64_t round = 0;
    for (size_t i = 0; i < r->plan.n_samples && round < CP_PLAN_ROUNDS_MAX - 1; i++) {
        const struct cp_sample *sample = &r->plan.samples[i];
        round += sample->kind == CP_CELL_IDLE && sample->outcome != CP_OUTCOME_NOT_SENT &&
                 look_of(sample) == s->look && is_same(sample->idle_interval_ms, ms);
    }
    return s->look * CP_PLAN_ROUNDS_MAX + round;
}

static enum cp_code take(void *context, struct cp_runner *r, struct cp_idle_chain *chain,
                         size_t *index, struct cp_error *err)
{
    const struct cp_idle_search *s = context;
    int memory_size_mb = chain->plan->memory_size_mb;
    double ms = measured_ms(r, chain);
    int64_t batch = next_batch(s, r, ms);
    *index = find_unsent(r, memory_size_mb, ms);
    if (*index == CP_NO_SAMPLE)
        return cp_runner_add_probe(r, memory_size_mb, ms, batch, index, err);
    r->plan.samples[*index].batch = batch;
    return CP_OK;
}

static void give_back(struct cp_idle_search *s, double ms)
{
    for (size_t i = 0; i < s->design.n_wants; i++) {
        s->left[i] += is_same(s->design.wants[i].idle_interval_ms, ms);
    }
}

static void settle(void *context, const struct cp_runner *r, struct cp_idle_chain *chain)
{
    struct cp_idle_search *s = context;
    if (isnan(chain->interval_ms))
        return;
    bool is_answer = chain->current != CP_NO_SAMPLE;
    if (!is_answer || !cp_sample_is_usable(&r->plan.samples[chain->current]))
        give_back(s, chain->interval_ms);
    s->n_void += is_answer && !cp_sample_is_usable(&r->plan.samples[chain->current]);
    s->n_given--;
    chain->interval_ms = NAN;
}

static double left_ms(const void *context, const struct cp_runner *r,
                      const struct cp_idle_chain *chain)
{
    (void)context, (void)r;
    return isnan(chain->interval_ms) ? 0 : chain->interval_ms;
}

struct cp_idle_source cp_idle_search_source(struct cp_idle_search *search)
{
    return (struct cp_idle_source){
        .context = search,
        .plan = plan,
        .has_more = has_more,
        .interval_ms = interval_ms,
        .is_in_time = is_in_time,
        .take = take,
        .settle = settle,
        .left_ms = left_ms,
    };
}

enum cp_code cp_idle_search_end(struct cp_idle_search *search, struct cp_runner *r,
                                struct cp_error *err)
{
    char *words = r->run->idle_end;
    static_assert(sizeof r->run->idle_end >= CP_IDLE_DESIGN_WORDS_MAX, "the words fit");
    if (cp_runner_status(r, NULL))
        return CP_OK; /* a resume goes on */
    if (search->design.end != CP_IDLE_DESIGN_GOES_ON)
        cp_idle_design_words(&search->design, &search->options, words);
    else
        (void)snprintf(words, sizeof r->run->idle_end, "%s",
                       r->is_cost_reached         ? "limit of cost reached"
                       : !cp_runner_has_budget(r) ? "limit of invocations reached"
                                                  : "environments could not be kept warm");
    if (search->n_void)
        cp_runner_warn(r, "%zu idle probes measured nothing and were repeated", search->n_void);
    return cp_store_update_run(r->store, r->run, err);
}
