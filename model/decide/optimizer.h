/* SPDX-License-Identifier: GPL-3.0-or-later
 * One decision under way: what optimize.c and provision.c share. Private to them.
 */
#ifndef COLDPROF_MODEL_OPTIMIZER_H
#define COLDPROF_MODEL_OPTIMIZER_H

#include "model/decide/candidate.h"
#include "model/decide/pool_curve.h"

/* What is known of one size beside its law. */
struct cp_size_plan {
    struct cp_pool_curve curve; /* points NULL: none; owned */
    double peak;                /* on demand: concurrency, p99.9 over time */
    double most;                /* ... and ever: the former sees little of rare bursts */
};

struct cp_optimizer {
    const struct cp_optimize_input *input;
    struct cp_candidate_context context;
    struct cp_size_law *laws;      /* n_sizes */
    struct cp_size_plan *plans;    /* n_sizes */
    struct cp_shared_tails *tails; /* n_variants */
    size_t n_variants;
    struct cp_decision *decision;
    size_t per_size; /* room for numbers of provisioned environments of one size */
};

/* --- optimize.c --- */
struct cp_candidate *cp_optimizer_add(struct cp_optimizer *o, const struct cp_candidate *c);
/* Simulates the setting and fills everything. */
enum cp_code cp_optimizer_simulate(struct cp_optimizer *o, struct cp_candidate *c,
                                   struct cp_error *err);
/* Fills everything from what a simulation, or a curve, says. */
enum cp_code cp_optimizer_judge(struct cp_optimizer *o, struct cp_pool_result *pool,
                                struct cp_candidate *c, struct cp_error *err);
/* Does the budget bind latency here? Not without one, nor where nobody waits. */
bool cp_optimizer_is_bound(const struct cp_optimizer *o);

/* --- provision.c: settings with provisioned concurrency --- */
/* Of one size whose on-demand setting is known: numbers, and a schedule where the traffic goes by a
 * clock. */
enum cp_code cp_provision_size(struct cp_optimizer *o, struct cp_size_law *law,
                               struct cp_error *err);
/* Target tracking, for the size of the cheapest provisioned setting that does. */
enum cp_code cp_provision_tracking(struct cp_optimizer *o, struct cp_error *err);
/* Fills decision->levels. */
enum cp_code cp_provision_levels(struct cp_optimizer *o, struct cp_error *err);

#endif
