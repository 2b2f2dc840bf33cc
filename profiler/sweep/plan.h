/* SPDX-License-Identifier: GPL-3.0-or-later
 * The plan: which invocation, in which order. Pure: the same settings give the same plan.
 *
 *   block 0:  512 | 128 | 1769 | ...      each size once, in an order drawn per block;
 *   block 1:  128 | 1769 | 512 | ...      one step = one published version:
 *   ...                                   cold_per_batch cold samples, then warm samples
 *   chains:   prime, 10 s | prime, 3 s, 7 s | ...   one environment each, no chain longer than the
 *             longest interval; together every interval once per round, rounds in turn by size;
 *             or, to search for the idle lifetime, as many environments as the design leaves idle
 *             at once, whose probes are planned while it runs: cp_plan_add_probe
 *
 * Complete blocks: a drift of the machine or the platform hits every size alike.
 * Ownership: cp_plan_clear.
 */
#ifndef COLDPROF_PROFILER_SWEEP_PLAN_H
#define COLDPROF_PROFILER_SWEEP_PLAN_H

#include "model/run.h"
#include "profiler/sweep/settings.h"

/* Samples of one published version in the cold and warm phase. Indices into plan->samples. */
struct cp_plan_step {
    int block;
    int memory_size_mb;
    size_t cold_cell, warm_cell;
    size_t first_cold, n_cold;
    size_t first_warm, n_warm;
};

/* One environment of the idle phase: primed, then left idle for each of its intervals once. Without
 * probes of its own it takes those of a search. */
struct cp_plan_chain {
    int memory_size_mb;
    size_t prime;
    size_t first_probe, n_probes;
};

enum { CP_PLAN_NO_CELL = -1 }; /* sample.cell of a prime */

struct cp_plan {
    struct cp_sample *samples; /* samples[i].plan_no == i */
    size_t n_samples, samples_cap;
    struct cp_cell_result *cells; /* what sample.cell points into */
    size_t n_cells, cells_cap;
    struct cp_plan_step *steps;
    size_t n_steps;
    struct cp_plan_chain *chains;
    size_t n_chains;
};

/* CP_ENOMEM only. */
enum cp_code cp_plan_make(const struct cp_sweep_settings *settings, struct cp_plan *out,
                          struct cp_error *err);
void cp_plan_clear(struct cp_plan *plan);

/* A step with warm samples only primes an environment of its own, which is not in the plan. */
bool cp_plan_step_primes(const struct cp_plan_step *step);

/* One more sample at the end (a prime that the plan did not foresee); its index goes to `*index`.
 * Pointers into plan->samples become invalid. */
enum cp_code cp_plan_append(struct cp_plan *plan, struct cp_sample sample, size_t *index,
                            struct cp_error *err);

/* A look of a search has so many rounds at most; the k-th probe of an interval in look i, both from
 * 0, is of batch i * CP_PLAN_ROUNDS_MAX + k (of the last one beyond). */
enum { CP_PLAN_ROUNDS_MAX = 64 };

/* One probe more of a search; its cell is made when it is the first of its size and interval. */
enum cp_code cp_plan_add_probe(struct cp_plan *plan, int memory_size_mb, double idle_interval_ms,
                               int64_t batch, size_t *index, struct cp_error *err);

/* Takes what was stored of the same plan. CP_ECONFLICT when a stored sample is not the planned one:
 * another seed, other settings, or another version's way to plan. */
enum cp_code cp_plan_adopt(struct cp_plan *plan, const struct cp_sample *stored, size_t n,
                           struct cp_error *err);

#endif
