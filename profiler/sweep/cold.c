/* SPDX-License-Identifier: GPL-3.0-or-later
 * The cold and warm phase: step by step of the plan, a version of its own each, whose environments
 * are all fresh.
 */
#include <stdlib.h>

#include "profiler/sweep/probe_endpoint.h"
#include "profiler/sweep/progress.h"
#include "profiler/sweep/runner.h"

/* Indices of the unsent samples first..first+n-1. */
static size_t list_unsent(const struct cp_runner *r, size_t first, size_t n, size_t *indices)
{
    size_t count = 0;
    for (size_t i = first; i < first + n; i++) {
        if (r->plan.samples[i].outcome == CP_OUTCOME_NOT_SENT)
            indices[count++] = i;
    }
    return count;
}

struct work {
    const struct cp_plan_step *step;
    size_t *cold, *warm; /* unsent */
    size_t n_cold, n_warm;
};

static enum cp_code find_work(const struct cp_runner *r, const struct cp_plan_step *step,
                              struct work *work, struct cp_error *err)
{
    *work = (struct work){
        .step = step,
        .cold = calloc(step->n_cold + 1, sizeof *work->cold),
        .warm = calloc(step->n_warm + 1, sizeof *work->warm),
    };
    if (!work->cold || !work->warm)
        return cp_fail(err, CP_ENOMEM, "out of memory");
    if (cp_cells_is_open(&r->cells, (int64_t)step->cold_cell))
        work->n_cold = list_unsent(r, step->first_cold, step->n_cold, work->cold);
    if (cp_cells_is_open(&r->cells, (int64_t)step->warm_cell))
        work->n_warm = list_unsent(r, step->first_warm, step->n_warm, work->warm);
    return CP_OK;
}

/* The fresh environments: the cold samples at once, all overlapping, so that each gets one of its
 * own; a prime when only warm samples are wanted. `*has_environment`: one of them lives. */
static enum cp_code open_environments(struct cp_runner *r, struct work *work, const char *version,
                                      bool *has_environment, struct cp_error *err)
{
    enum cp_code code = CP_OK;
    *has_environment = false;
    if (!work->n_cold) {
        work->n_cold = 1;
        code = cp_runner_add_prime(r, work->step->memory_size_mb, &work->cold[0], err);
    }
    if (!code)
        code = cp_runner_exchange(r, work->cold, work->n_cold, version, err);
    for (size_t i = 0; i < work->n_cold && !code; i++)
        *has_environment |= r->plan.samples[work->cold[i]].outcome == CP_OUTCOME_MEASURED;
    return code;
}

/* One after the other, each right behind the answer before. */
static enum cp_code send_warm(struct cp_runner *r, const struct work *work, const char *version,
                              struct cp_error *err)
{
    enum cp_code code = CP_OK;
    for (size_t i = 0; i < work->n_warm && !code && cp_runner_may_send(r); i++) {
        if (!cp_cells_is_open(&r->cells, (int64_t)work->step->warm_cell))
            break;
        code = cp_runner_exchange(r, &work->warm[i], 1, version, err);
    }
    return code;
}

static void add_pace(struct cp_pace *pace, size_t n, double ms)
{
    pace->n += n;
    pace->total_ms += n ? ms : 0;
}

static enum cp_code run_work(struct cp_runner *r, struct work *work, struct cp_error *err)
{
    char version[CP_VERSION_MAX];
    bool has_environment = false;
    bool fits = true;
    if (!work->n_cold && !work->n_warm)
        return CP_OK;
    double begun_ms = cp_runner_now_ms(r);
    enum cp_code code = cp_runner_allow_version(r, work->step->memory_size_mb, &fits, err);
    r->is_cost_reached |= !fits;
    if (code || !fits)
        return code;
    code = cp_swept_version(&r->swept, work->step->memory_size_mb, version, err);
    if (!code)
        code = open_environments(r, work, version, &has_environment, err);
    if (!code && !r->is_init_known && work->step->n_cold)
        code = cp_endpoint_check_init(r, work->cold, work->n_cold, err);
    double opened_ms = cp_runner_now_ms(r);
    if (!code && has_environment)
        code = send_warm(r, work, version, err);
    double warm_ms = cp_runner_now_ms(r) - opened_ms;
    if (!code)
        code = cp_swept_release(&r->swept, version, err);
    add_pace(&r->fresh_pace, work->n_cold, cp_runner_now_ms(r) - begun_ms - warm_ms);
    add_pace(&r->warm_pace, work->n_warm, warm_ms);
    return code;
}

static void warn_if_size_cannot_run(const struct cp_runner *r, int memory_size_mb, bool could)
{
    const struct cp_size_state *size = cp_cells_size(&r->cells, memory_size_mb);
    bool is_last = cp_cells_none_can_run(&r->cells); /* told at the end */
    if (could && size && size->cannot_run && !is_last)
        cp_runner_warn(r, "%d MB cannot run the function (%s); the sweep goes on without it",
                       memory_size_mb, size->note);
}

static bool can_run(const struct cp_runner *r, int memory_size_mb)
{
    const struct cp_size_state *size = cp_cells_size(&r->cells, memory_size_mb);
    return !size || !size->cannot_run;
}

enum cp_code cp_cold_step(struct cp_runner *r, size_t step, struct cp_error *err)
{
    const struct cp_plan_step *of = &r->plan.steps[step];
    bool could = can_run(r, of->memory_size_mb);
    struct work work;
    enum cp_code code = find_work(r, of, &work, err);
    if (!code)
        code = run_work(r, &work, err);
    free(work.cold);
    free(work.warm);
    warn_if_size_cannot_run(r, of->memory_size_mb, could);
    return code;
}

enum cp_code cp_cold_phase(struct cp_runner *r, struct cp_error *err)
{
    enum cp_code code = CP_OK;
    cp_sweep_tell_phase(r, "cold and warm");
    for (size_t i = 0; i < r->plan.n_steps && !code && cp_runner_may_send(r); i++)
        code = cp_cold_step(r, i, err);
    return code;
}
