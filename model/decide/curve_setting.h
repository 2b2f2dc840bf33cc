/* SPDX-License-Identifier: GPL-3.0-or-later
 * Settings of one memory size told from its curve (pool_curve.h), without a simulation each: what
 * on-demand and every number of provisioned environments would do, up to which number it is worth
 * looking, and at which cold share the budget holds.
 */
#ifndef COLDPROF_MODEL_CURVE_SETTING_H
#define COLDPROF_MODEL_CURVE_SETTING_H

#include "model/decide/candidate.h"
#include "model/decide/pool_curve.h"

/* A mean as certain as a simulation that is 1 / effort times as long would have it. */
struct cp_pool_mean cp_curve_narrowed(const struct cp_pool_mean *mean, double effort);

#define CP_SPILLOVER_NEGLIGIBLE 1e-4 /* of requests: more environments are of no use */

/* What the simulation of a setting (on-demand, reserved or provisioned) would say. `effort`: how
 * long the curve's simulation was over that of the decision, whose intervals these get; 1: as they
 * are. The longest concurrency is not known (NAN). */
struct cp_pool_result cp_curve_result(const struct cp_candidate_context *context,
                                      const struct cp_size_law *law,
                                      const struct cp_pool_curve *curve, double effort,
                                      const struct cp_candidate *c);

/* Do cold starts that ready environments would not have mislead a curve in which none is ready, as
 * to the first n of them? */
bool cp_curve_is_misled(const struct cp_size_law *law, const struct cp_pool_curve *curve, int n);

/* Provisioned environments beyond which hardly a request spills over, within what the question and
 * the account allow; 0: none may be provisioned, or their price is not known. `peak` is the highest
 * concurrency seen. */
int cp_curve_n_max(const struct cp_candidate_context *context, const struct cp_size_law *law,
                   double peak);

/* The largest cold share at which the budget holds for this size; 1: at all, negative: at none.
 * Whether it holds depends on nothing else. Costs some twenty evaluations. */
enum cp_code cp_curve_max_share(const struct cp_candidate_context *context,
                                const struct cp_size_law *law, double *max_share,
                                struct cp_error *err);

#endif
