/* SPDX-License-Identifier: GPL-3.0-or-later
 * The answer in another world: the same samples and prices under more or less traffic, or with
 * environments that live longer or shorter when idle. Few simulations tell it:
 *
 *   - only settings near the decision are looked at: the chosen memory size, the current one, the
 *     cheapest other one that meets the budget and the cheapest one that does not;
 *   - one pass of pool_curve.h per size gives every number of provisioned environments;
 *   - whether the budget holds depends on the cold share alone, so the largest share at which it
 *     does is found once per size;
 *   - a simulation is shorter than those of the decision. Its intervals are narrowed to what the
 *     decision's would be, so that the rule is asked the same question.
 *
 * The rule itself is that of choice.h. Every world sees the same random numbers. Ownership:
 * cp_rivals_clear frees.
 */
#ifndef COLDPROF_MODEL_RIVAL_H
#define COLDPROF_MODEL_RIVAL_H

#include "model/decide/candidate.h"

enum { CP_RIVAL_SIZES_MAX = 4 };

struct cp_rival_world {
    double traffic;  /* times the demand */
    double lifetime; /* times the idle lifetimes */
};

struct cp_rival_size {
    size_t index;     /* of the input's sizes */
    double max_share; /* of cold starts at which the budget holds; negative: at none */
    double peak;      /* concurrency of the decision's traffic */
    bool is_off;      /* not looked at for now */
};

struct cp_rivals {
    const struct cp_candidate_context *context; /* borrowed, as the next two */
    const struct cp_size_law *laws;
    const struct cp_decision *decision;
    int chosen; /* candidate that is shown to meet the budget */
    struct cp_rival_size sizes[CP_RIVAL_SIZES_MAX];
    size_t n_sizes;
    double effort;               /* length of a simulation over that of the decision's, <= 1 */
    size_t n_simulations;        /* so far */
    struct cp_decision *scratch; /* owned */
};

/* What that world's answer is, and what becomes of the chosen setting there. */
struct cp_rival_answer {
    struct cp_candidate winner; /* memory size 0: nothing is shown to meet the budget */
    struct cp_candidate kept;   /* the chosen setting */
};

/* `n_worlds` is how many will be asked at most: together they cost no more than the decision did.
 * CP_ENODATA where no answer can be told: nothing is shown to meet the budget, no traffic, or one
 * that comes in bursts. */
enum cp_code cp_rivals_init(struct cp_rivals *r, const struct cp_candidate_context *context,
                            const struct cp_size_law *laws, const struct cp_decision *decision,
                            size_t n_worlds, struct cp_error *err);
void cp_rivals_clear(struct cp_rivals *r);

enum cp_code cp_rivals_answer(struct cp_rivals *r, const struct cp_rival_world *world,
                              struct cp_rival_answer *answer, struct cp_error *err);
/* Point estimate of the latency quantile of a setting that was answered with. */
enum cp_code cp_rivals_latency(struct cp_rivals *r, const struct cp_candidate *c, double *ms,
                               struct cp_error *err);
/* Look at these two settings' sizes only, until cp_rivals_widen. */
void cp_rivals_narrow(struct cp_rivals *r, const struct cp_candidate *a,
                      const struct cp_candidate *b);
void cp_rivals_widen(struct cp_rivals *r);

/* Idle lifetime that half of the environments reach, as the simulation draws them: ms. */
double cp_rival_lifetime_ms(const struct cp_pool_survival *survival);

#endif
