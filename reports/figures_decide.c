/* SPDX-License-Identifier: GPL-3.0-or-later
 * The decision of a run, or of several that are variants of one function: their sizes, with the
 * question of the first.
 */
#include "reports/figures.h"

#include "model/decide/modelled_answer.h"

#include <math.h>
#include <string.h>

/* A restore is not billed by its duration, so the bill cannot be predicted: it is read. */
static const double *billed_of(const struct cp_figures *f, const struct cp_size_figures *size)
{
    for (size_t i = 0; i < size->n_cold_values; i++) {
        if (!isfinite(size->pair_billed_ms[i]))
            return NULL;
    }
    return f->fresh_start == CP_START_SNAPSTART ? size->pair_billed_ms : NULL;
}

const struct cp_demand *cp_figures_demand(const struct cp_run_data *data, struct cp_demand *rate)
{
    *rate = cp_demand_of_rate(data->run.traffic_per_s);
    if (data->demand)
        return data->demand;
    return isnan(data->run.traffic_per_s) ? NULL : rate;
}

static enum cp_workload_class class_of(const struct cp_run *run)
{
    if (strcmp(run->workload_class, "async") == 0)
        return CP_CLASS_ASYNC;
    return strcmp(run->workload_class, "stream") == 0 ? CP_CLASS_STREAM : CP_CLASS_INTERACTIVE;
}

static struct cp_size_data size_data_of(const struct cp_figures *f,
                                        const struct cp_size_figures *size)
{
    const struct cp_quote_function function = cp_quote_function_of(&f->data->run);
    size_t counted = size->n_cold + size->n_warm + size->n_excluded;
    size_t ran = counted + size->n_failed - size->n_cold_timeout - size->n_warm_timeout;
    return (struct cp_size_data){
        .memory_size_mb = size->memory_size_mb,
        .architecture = f->price->architecture,
        .price = f->price,
        .fresh_start = f->fresh_start,
        .init_ms = size->pair_init_ms,
        .cold_handler_ms = size->pair_handler_ms,
        .cold_billed_ms = billed_of(f, size),
        .n_cold = size->n_cold_values,
        .warm_ms = size->warm_ms,
        .n_warm = size->n_warm_values,
        .timeout_ms = size->timeout_ms,
        .failure_share = ran > 0 ? (double)size->n_failed / (double)ran : NAN,
        .max_memory_used_mb = size->max_memory_used_mb,
        .storage_mb = function.storage_mb,
        .pays_snapshots = !function.has_free_snapshots,
        .cannot_run = size->cannot_run,
    };
}

/* How many there are: more than CP_SIZES_MAX are counted, not written. */
static size_t add_sizes(const struct cp_figures *f, size_t n, struct cp_size_data *sizes)
{
    for (size_t i = 0; i < f->n_sizes; i++, n++) {
        if (n < CP_SIZES_MAX)
            sizes[n] = size_data_of(f, &f->sizes[i]);
    }
    return n;
}

enum cp_code cp_figures_decide(struct cp_figures *f, struct cp_error *err)
{
    const struct cp_run *run = &f->data->run;
    struct cp_size_data sizes[CP_SIZES_MAX];
    size_t n_sizes = add_sizes(f, 0, sizes);
    for (size_t i = 0; i < f->n_variants; i++)
        n_sizes = add_sizes(f->variants[i], n_sizes, sizes);
    if (n_sizes > CP_SIZES_MAX)
        return cp_fail(err, CP_ELIMIT,
                       "the runs have %zu memory sizes together, and one question %d at most: "
                       "compare fewer runs",
                       n_sizes, CP_SIZES_MAX);
    struct cp_demand rate;
    const struct cp_optimize_input input = {
        .sizes = sizes,
        .n_sizes = n_sizes,
        .survival = &f->survival,
        .terms = &f->data->terms,
        .budget_q = run->budget_q,
        .budget_ms = run->budget_ms,
        .workload = class_of(run),
        .risk = strcmp(run->risk, "point") == 0 ? CP_RISK_POINT : CP_RISK_UPPER_BOUND,
        .demand = cp_figures_demand(f->data, &rate),
        .observed_cold_share =
            isfinite(f->observed_cold_share.value) ? &f->observed_cold_share : NULL,
        .current_memory_mb = run->original_memory_size_mb,
        .unreserved_concurrency = run->unreserved_concurrency,
        .throttled_share_max = f->data->throttled_share_max,
        .seed = run->seed,
        .n_threads = CP_FIGURES_THREADS,
    };
    enum cp_code code = cp_optimize(&input, &f->decision, err);
    return code ? code : cp_modelled_answer_find(&input, &f->decision, err);
}
