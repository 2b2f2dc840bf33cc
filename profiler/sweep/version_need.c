/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/sweep/version_need.h"

#include <stdio.h>

static const double MB = 1048576.0;
static const double GB = 1073741824.0;
static const double QUOTA_GB = 75;        /* "function and layer storage", unless it was raised */
static const double MUCH_OF_QUOTA = 0.05; /* where a warning is due: accounts are seldom empty */

struct needs {
    struct cp_version_need *at;
    size_t n;
};

static void add(struct needs *needs, int memory_size_mb)
{
    size_t i = 0;
    while (i < needs->n && needs->at[i].memory_size_mb != memory_size_mb)
        i++;
    if (i == needs->n && i < CP_RUN_SIZES_MAX)
        needs->at[needs->n++] = (struct cp_version_need){memory_size_mb, 0};
    if (i < needs->n)
        needs->at[i].n++;
}

static bool has_unsent(const struct cp_runner *r, size_t first, size_t n)
{
    for (size_t i = first; i < first + n; i++) {
        if (r->plan.samples[i].outcome == CP_OUTCOME_NOT_SENT)
            return true;
    }
    return false;
}

static bool is_open(const struct cp_runner *r, size_t cell, size_t first, size_t n)
{
    return cp_cells_is_open(&r->cells, (int64_t)cell) && has_unsent(r, first, n);
}

size_t cp_version_needs(const struct cp_runner *r, struct cp_version_need needs[CP_RUN_SIZES_MAX])
{
    struct needs all = {.at = needs};
    for (size_t i = 0; i < r->plan.n_steps; i++) {
        const struct cp_plan_step *s = &r->plan.steps[i];
        if (is_open(r, s->cold_cell, s->first_cold, s->n_cold) ||
            is_open(r, s->warm_cell, s->first_warm, s->n_warm))
            add(&all, s->memory_size_mb);
    }
    bool is_searching = cp_idle_outlook(r).is_on;
    for (size_t i = 0; i < r->plan.n_chains; i++) {
        const struct cp_plan_chain *c = &r->plan.chains[i];
        if (has_unsent(r, c->first_probe, c->n_probes) || is_searching)
            add(&all, c->memory_size_mb);
    }
    return all.n;
}

bool cp_version_storage(size_t n_versions, int64_t code_size, char out[CP_STORAGE_TEXT_MAX])
{
    double total_gb = (double)n_versions * (double)code_size / GB;
    (void)snprintf(out, CP_STORAGE_TEXT_MAX,
                   "%zu versions of %.1f MB: %.2f GB of the account's code storage (%.0f GB unless "
                   "raised)",
                   n_versions, (double)code_size / MB, total_gb, QUOTA_GB);
    return total_gb > MUCH_OF_QUOTA * QUOTA_GB;
}
