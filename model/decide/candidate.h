/* SPDX-License-Identifier: GPL-3.0-or-later
 * What one setting (memory size, concurrency mode, number) does at the given traffic: cold share
 * from the pool simulation, latency from the mixture, cost from the price book. Used by optimize
 * and changer.
 */
#ifndef COLDPROF_MODEL_CANDIDATE_H
#define COLDPROF_MODEL_CANDIDATE_H

#include "model/decide/optimize.h"
#include "model/decide/pool_sim.h"
#include "model/decide/shared_tail.h"
#include "model/stat/mixture.h"

/* Measurements of one size, sorted and summed once. Owner: cp_size_law_clear. */
struct cp_size_law {
    const struct cp_size_data *data; /* borrowed */
    size_t index;                    /* of the size in the input */
    size_t variant;                  /* from 0 on */
    double *cold_ms;                 /* ascending init + first handler run, data->n_cold */
    double *warm_ms;                 /* ascending, data->n_warm */
    /* how long an environment is busy with them: the same, but for timeouts, which are INFINITY
     * above and the timeout here */
    double *cold_busy_ms, *warm_busy_ms;
    struct cp_mixture_sample cold, warm;
    struct cp_mixture_resamples resamples; /* reps 0: too many values to keep */
    double
        max_share; /* cold share up to which the budget holds; negative: at none; NAN: not asked */
    double billed_cold_ms, billed_cold_se_ms; /* mean billed and its standard error */
    double billed_init_ms;                    /* the part of billed_cold_ms that is INIT */
    double billed_warm_ms, billed_warm_se_ms;
};
enum cp_code cp_size_law_init(struct cp_size_law *law, const struct cp_size_data *data,
                              uint64_t seed);
void cp_size_law_clear(struct cp_size_law *law);

/* What all candidates of one decision share. */
struct cp_candidate_context {
    const struct cp_optimize_input *input; /* borrowed */
    struct cp_pool_survival survival;      /* pessimistic: ends at the longest measured interval */
    double arrivals;                       /* of one simulation, all its replications together */
    const struct cp_shared_tails *tails;   /* of each variant, the sizes that can run; borrowed */
};

double cp_longest_probe_ms(const struct cp_idle_survival *survival); /* 0 without probes */
/* Quantile that decides: the budget's, 0.99 without one. */
double cp_decisive_q(const struct cp_optimize_input *input);

/* The pool simulation of a size under the demand, without any limit or provisioned environment yet.
 * It borrows from the context and the law. */
struct cp_pool_options cp_candidate_pool_options(const struct cp_candidate_context *context,
                                                 const struct cp_size_law *law);
/* On demand, where the cold share of this very traffic was observed, that is the answer. */
void cp_candidate_observe_share(const struct cp_optimize_input *input,
                                enum cp_concurrency_mode mode, struct cp_pool_result *pool);

/* Simulates the setting, with the limits of the account and of Lambda. */
enum cp_code cp_candidate_simulate(const struct cp_candidate_context *context,
                                   const struct cp_size_law *law, const struct cp_candidate *c,
                                   struct cp_pool_result *result, struct cp_error *err);

/* Shares, concurrency, bill and cost of `c` from the simulation. */
void cp_candidate_price(const struct cp_candidate_context *context, const struct cp_size_law *law,
                        const struct cp_pool_result *pool, struct cp_candidate *c);

/* Fills latency, cost and budget fields of `c`, whose memory size, mode and number are set.
 * `pool` is NULL without traffic. */
enum cp_code cp_candidate_evaluate(const struct cp_candidate_context *context,
                                   const struct cp_size_law *law, const struct cp_pool_result *pool,
                                   struct cp_candidate *c, struct cp_error *err);

/* Would the budget hold at this cold share? `c` gets latency and judgement only. */
enum cp_code cp_candidate_judge_at(const struct cp_candidate_context *context,
                                   const struct cp_size_law *law, double cold_share,
                                   struct cp_candidate *c, struct cp_error *err);

/* Sets meets_budget and may_meet_budget from the latency and the input's budget. */
void cp_candidate_judge(const struct cp_optimize_input *input, struct cp_candidate *c);

/* A setting of this size, with every number absent. */
struct cp_candidate cp_candidate_of(const struct cp_size_law *law, enum cp_concurrency_mode mode,
                                    int concurrency);
/* The same where no size is known, for words only. */
struct cp_candidate cp_candidate_empty(int memory_size_mb, enum cp_concurrency_mode mode,
                                       int concurrency);

/* Provisioned environments of a setting; 0 for the other modes. */
int cp_candidate_provisioned(const struct cp_candidate *c);
/* Runs, and does not throttle more than allowed. */
bool cp_candidate_is_working(const struct cp_candidate *c);

/* Is it what runs now: on demand, the current memory size, the variant of the first size? */
bool cp_candidate_is_of_now(const struct cp_optimize_input *input, const struct cp_candidate *c);
bool cp_size_data_is_one_variant(const struct cp_size_data *a, const struct cp_size_data *b);

#endif
