/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/sweep/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/rng.h"

/* Streams of the seed: the idle order does not change with the number of blocks. */
enum { STREAM_BLOCKS = 1, STREAM_IDLE = 2 };
/* Environments kept idle side by side for the sake of a shorter idle phase. */
enum { CHAINS_SPLIT_MAX = 64 };

static struct cp_cell_result planned_cell(int memory_size_mb, enum cp_cell_kind kind, int planned)
{
    return (struct cp_cell_result){
        .memory_size_mb = memory_size_mb,
        .kind = kind,
        .idle_interval_ms = NAN,
        .planned = planned,
        .stop = CP_STOP_NOT_DONE,
        .precision_p50 = NAN,
        .precision_p95 = NAN,
    };
}

static size_t n_blocks(const struct cp_sweep_settings *s)
{
    int per_batch = s->max_cold ? s->cold_per_batch : s->warm_per_batch;
    int total = s->max_cold ? s->max_cold : s->max_warm;
    return total ? (size_t)((total + per_batch - 1) / per_batch) : 0;
}

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Intervals that share a chain: so many chains that none lasts longer than the longest interval
 * (first fit, from the longest down), unless that would keep too many environments at once. */
struct idle_groups {
    size_t of[CP_SWEEP_IDLE_MAX]; /* group of each interval */
    double total_ms[CP_SWEEP_IDLE_MAX];
    size_t n;
};

static struct idle_groups group_intervals(const struct cp_sweep_settings *s)
{
    struct idle_groups groups = {.n = 0};
    for (size_t i = s->n_idle; i-- > 0;) {
        size_t g = 0;
        while (g < groups.n && groups.total_ms[g] + s->idle_ms[i] > s->idle_ms[s->n_idle - 1])
            g++;
        groups.total_ms[g] += s->idle_ms[i];
        groups.of[i] = g;
        groups.n = g == groups.n ? g + 1 : groups.n;
    }
    if (groups.n * (size_t)s->idle_probes > CHAINS_SPLIT_MAX)
        groups = (struct idle_groups){.n = s->n_idle ? 1 : 0};
    return groups;
}

static bool has_chains(const struct cp_sweep_settings *s)
{
    return s->n_idle && s->n_memory;
}

/* Room for one cell more. */
static enum cp_code grow_cells(struct cp_plan *plan, struct cp_error *err)
{
    if (plan->n_cells < plan->cells_cap)
        return CP_OK;
    size_t cap = plan->cells_cap * 2 + 1;
    struct cp_cell_result *cells = realloc(plan->cells, cap * sizeof *cells);
    if (!cells)
        return cp_fail(err, CP_ENOMEM, "cannot plan %zu cells: out of memory", cap);
    plan->cells = cells;
    plan->cells_cap = cap;
    return CP_OK;
}

static bool is_same_interval(double a, double b)
{
    return isnan(a) ? isnan(b) : !(a < b) && !(a > b);
}

/* Of a size and an interval; plan->n_cells when there is none yet. */
static size_t find_idle_cell(const struct cp_plan *plan, int memory_size_mb, double interval_ms)
{
    size_t i = 0;
    while (i < plan->n_cells && !(plan->cells[i].kind == CP_CELL_IDLE &&
                                  plan->cells[i].memory_size_mb == memory_size_mb &&
                                  is_same_interval(plan->cells[i].idle_interval_ms, interval_ms)))
        i++;
    return i;
}

bool cp_plan_step_primes(const struct cp_plan_step *step)
{
    return !step->n_cold && step->n_warm;
}

enum cp_code cp_plan_append(struct cp_plan *plan, struct cp_sample sample, size_t *index,
                            struct cp_error *err)
{
    if (plan->n_samples == plan->samples_cap) {
        size_t cap = plan->samples_cap ? plan->samples_cap * 2 : 256;
        struct cp_sample *samples = realloc(plan->samples, cap * sizeof *samples);
        if (!samples)
            return cp_fail(err, CP_ENOMEM, "cannot plan %zu samples: out of memory", cap);
        plan->samples = samples;
        plan->samples_cap = cap;
    }
    sample.plan_no = (int64_t)plan->n_samples;
    plan->samples[plan->n_samples] = sample;
    *index = plan->n_samples++;
    return CP_OK;
}

/* `n` samples of a cell; the index of the first goes to `*first`. */
static enum cp_code append_cell_samples(struct cp_plan *plan, size_t cell, size_t n, size_t *first,
                                        struct cp_error *err)
{
    const struct cp_cell_result *of = &plan->cells[cell];
    enum cp_code code = CP_OK;
    *first = plan->n_samples;
    for (size_t i = 0; i < n && !code; i++) {
        struct cp_sample sample = cp_sample_planned(of->kind, of->memory_size_mb);
        size_t index = 0;
        sample.cell = (int64_t)cell;
        sample.idle_interval_ms = of->idle_interval_ms;
        code = cp_plan_append(plan, sample, &index, err);
    }
    return code;
}

enum cp_code cp_plan_add_probe(struct cp_plan *plan, int memory_size_mb, double idle_interval_ms,
                               int64_t batch, size_t *index, struct cp_error *err)
{
    size_t cell = find_idle_cell(plan, memory_size_mb, idle_interval_ms);
    if (cell == plan->n_cells) {
        enum cp_code code = grow_cells(plan, err);
        if (code)
            return code;
        plan->cells[cell] = planned_cell(memory_size_mb, CP_CELL_IDLE, 0);
        plan->cells[cell].idle_interval_ms = idle_interval_ms;
        plan->n_cells++;
    }
    enum cp_code code = append_cell_samples(plan, cell, 1, index, err);
    if (code)
        return code;
    plan->cells[cell].planned++;
    plan->samples[*index].batch = batch;
    return CP_OK;
}

/* Cells: (cold, warm) of size 0, of size 1, ...; then size by size the idle intervals. */
static void plan_cells(const struct cp_sweep_settings *s, struct cp_plan *plan)
{
    for (size_t i = 0; i < s->n_memory; i++) {
        plan->cells[2 * i] = planned_cell(s->memory_mb[i], CP_CELL_COLD, s->max_cold);
        plan->cells[2 * i + 1] = planned_cell(s->memory_mb[i], CP_CELL_WARM, s->max_warm);
    }
    plan->n_cells = 2 * s->n_memory;
    size_t n_with_idle = has_chains(s) ? min_size(s->n_memory, (size_t)s->idle_probes) : 0;
    for (size_t i = 0; i < n_with_idle; i++) {
        for (size_t j = 0; j < s->n_idle; j++) {
            struct cp_cell_result *cell = &plan->cells[plan->n_cells++];
            *cell = planned_cell(s->memory_mb[i], CP_CELL_IDLE, 0);
            cell->idle_interval_ms = s->idle_ms[j];
        }
    }
}

static enum cp_code plan_step(const struct cp_sweep_settings *s, size_t block, size_t size,
                              struct cp_plan *plan, struct cp_error *err)
{
    size_t cold_before = block * (size_t)s->cold_per_batch;
    size_t warm_before = block * (size_t)s->warm_per_batch;
    size_t max_cold = (size_t)s->max_cold;
    size_t max_warm = (size_t)s->max_warm;
    struct cp_plan_step *step = &plan->steps[plan->n_steps++];
    *step = (struct cp_plan_step){
        .block = (int)block,
        .memory_size_mb = s->memory_mb[size],
        .cold_cell = 2 * size,
        .warm_cell = 2 * size + 1,
    };
    if (cold_before < max_cold)
        step->n_cold = min_size((size_t)s->cold_per_batch, max_cold - cold_before);
    if (warm_before < max_warm)
        step->n_warm = min_size((size_t)s->warm_per_batch, max_warm - warm_before);
    enum cp_code code =
        append_cell_samples(plan, step->cold_cell, step->n_cold, &step->first_cold, err);
    return code ? code
                : append_cell_samples(plan, step->warm_cell, step->n_warm, &step->first_warm, err);
}

static enum cp_code plan_blocks(const struct cp_sweep_settings *s, struct cp_plan *plan,
                                struct cp_error *err)
{
    struct cp_rng rng;
    size_t order[CP_RUN_SIZES_MAX];
    enum cp_code code = CP_OK;
    cp_rng_init(&rng, s->seed, STREAM_BLOCKS);
    for (size_t block = 0; block < n_blocks(s) && !code; block++) {
        for (size_t i = 0; i < s->n_memory; i++)
            order[i] = i;
        cp_rng_shuffle(&rng, order, s->n_memory, sizeof order[0]);
        for (size_t i = 0; i < s->n_memory && !code; i++)
            code = plan_step(s, block, order[i], plan, err);
    }
    return code;
}

/* The intervals of a group in an order of their own, all at one memory size. */
static enum cp_code plan_chain(const struct cp_sweep_settings *s, size_t round, const size_t *order,
                               size_t n, struct cp_plan *plan, struct cp_error *err)
{
    struct cp_plan_chain *chain = &plan->chains[plan->n_chains++];
    size_t size = round % s->n_memory;
    struct cp_sample prime = cp_sample_planned(CP_CELL_PRIME, s->memory_mb[size]);
    prime.cell = CP_PLAN_NO_CELL;
    *chain = (struct cp_plan_chain){.memory_size_mb = s->memory_mb[size], .n_probes = n};
    enum cp_code code = cp_plan_append(plan, prime, &chain->prime, err);
    chain->first_probe = plan->n_samples;
    for (size_t i = 0; i < n && !code; i++) {
        size_t first = 0;
        size_t cell = 2 * s->n_memory + size * s->n_idle + order[i];
        plan->cells[cell].planned++;
        code = append_cell_samples(plan, cell, 1, &first, err);
        if (!code)
            plan->samples[first].batch = (int64_t)round;
    }
    return code;
}

/* Each interval once per round; rounds go through the sizes in turn. */
static enum cp_code plan_chains(const struct cp_sweep_settings *s, const struct idle_groups *groups,
                                struct cp_plan *plan, struct cp_error *err)
{
    struct cp_rng rng;
    enum cp_code code = CP_OK;
    size_t n_rounds = has_chains(s) ? (size_t)s->idle_probes : 0;
    cp_rng_init(&rng, s->seed, STREAM_IDLE);
    for (size_t i = 0; i < n_rounds * groups->n && !code; i++) {
        size_t order[CP_SWEEP_IDLE_MAX];
        size_t n = 0;
        for (size_t j = 0; j < s->n_idle; j++) {
            if (groups->of[j] == i % groups->n)
                order[n++] = j;
        }
        cp_rng_shuffle(&rng, order, n, sizeof order[0]);
        code = plan_chain(s, i / groups->n, order, n, plan, err);
    }
    return code;
}

/* Environments of a search, primed one by one; the sizes in turn, each turn in an order drawn. */
static enum cp_code plan_search(const struct cp_sweep_settings *s, struct cp_plan *plan,
                                struct cp_error *err)
{
    struct cp_rng rng;
    int sizes_mb[CP_RUN_SIZES_MAX];
    enum cp_code code = CP_OK;
    cp_rng_init(&rng, s->seed, STREAM_IDLE);
    memcpy(sizes_mb, s->memory_mb, sizeof sizes_mb);
    for (size_t i = 0; i < (size_t)s->idle_environments && !code; i++) {
        if (i % s->n_memory == 0)
            cp_rng_shuffle(&rng, sizes_mb, s->n_memory, sizeof sizes_mb[0]);
        struct cp_plan_chain *chain = &plan->chains[plan->n_chains++];
        struct cp_sample prime = cp_sample_planned(CP_CELL_PRIME, sizes_mb[i % s->n_memory]);
        prime.cell = CP_PLAN_NO_CELL;
        *chain = (struct cp_plan_chain){.memory_size_mb = prime.memory_size_mb};
        code = cp_plan_append(plan, prime, &chain->prime, err);
    }
    return code;
}

static size_t most_chains(const struct cp_sweep_settings *s, const struct idle_groups *groups)
{
    return cp_sweep_searches_idle(s) ? (size_t)s->idle_environments
                                     : groups->n * (size_t)s->idle_probes;
}

enum cp_code cp_plan_make(const struct cp_sweep_settings *settings, struct cp_plan *out,
                          struct cp_error *err)
{
    const struct cp_sweep_settings *s = settings;
    const struct idle_groups groups = group_intervals(s);
    *out = (struct cp_plan){0};
    out->cells_cap = s->n_memory * (2 + s->n_idle) + 1;
    out->cells = calloc(out->cells_cap, sizeof *out->cells);
    out->steps = calloc(n_blocks(s) * s->n_memory + 1, sizeof *out->steps);
    out->chains = calloc(most_chains(s, &groups) + 1, sizeof *out->chains);
    if (!out->cells || !out->steps || !out->chains) {
        cp_plan_clear(out);
        return cp_fail(err, CP_ENOMEM, "cannot plan the sweep: out of memory");
    }
    plan_cells(s, out);
    enum cp_code code = plan_blocks(s, out, err);
    if (!code)
        code = cp_sweep_searches_idle(s) ? plan_search(s, out, err)
                                         : plan_chains(s, &groups, out, err);
    if (code)
        cp_plan_clear(out);
    return code;
}

void cp_plan_clear(struct cp_plan *plan)
{
    if (!plan)
        return;
    free(plan->samples);
    free(plan->cells);
    free(plan->steps);
    free(plan->chains);
    *plan = (struct cp_plan){0};
}

static bool is_as_planned(const struct cp_sample *planned, const struct cp_sample *stored)
{
    return planned->plan_no == stored->plan_no && planned->cell == stored->cell &&
           planned->kind == stored->kind && planned->memory_size_mb == stored->memory_size_mb &&
           is_same_interval(planned->idle_interval_ms, stored->idle_interval_ms);
}

/* Planned while it ran: a prime, or a probe of a search. */
static enum cp_code adopt_later(struct cp_plan *plan, const struct cp_sample *stored,
                                struct cp_error *err)
{
    size_t index = 0;
    if (stored->kind == CP_CELL_PRIME)
        return cp_plan_append(plan, *stored, &index, err);
    bool is_search = plan->n_chains && !plan->chains[0].n_probes;
    enum cp_code code = CP_OK;
    if (is_search && stored->kind == CP_CELL_IDLE)
        code = cp_plan_add_probe(plan, stored->memory_size_mb, stored->idle_interval_ms,
                                 stored->batch, &index, err);
    if (code)
        return code;
    if (!index || !is_as_planned(&plan->samples[index], stored))
        return cp_fail(err, CP_ECONFLICT, "stored sample %lld is beyond the plan",
                       (long long)stored->plan_no);
    plan->samples[index] = *stored;
    return CP_OK;
}

enum cp_code cp_plan_adopt(struct cp_plan *plan, const struct cp_sample *stored, size_t n,
                           struct cp_error *err)
{
    size_t n_planned = plan->n_samples;
    if (n < n_planned)
        return cp_fail(err, CP_ECONFLICT, "the stored run has %zu samples, its plan %zu", n,
                       n_planned);
    for (size_t i = 0; i < n_planned; i++) {
        if (!is_as_planned(&plan->samples[i], &stored[i]))
            return cp_fail(err, CP_ECONFLICT, "stored sample %zu is not the one that was planned",
                           i);
        plan->samples[i] = stored[i];
    }
    enum cp_code code = CP_OK;
    for (size_t i = n_planned; i < n && !code; i++)
        code = adopt_later(plan, &stored[i], err);
    return code;
}
