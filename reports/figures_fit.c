/* SPDX-License-Identifier: GPL-3.0-or-later
 * The models of a run: how quantiles follow memory, and tails that the memory sizes share.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/figures.h"

/* Above this share of the memory size, paging and collection distort durations: not fitted. */
#define MEMORY_USED_LIMIT 0.9

bool cp_size_is_fitted(const struct cp_size_figures *size)
{
    return !size->cannot_run &&
           size->max_memory_used_mb <= MEMORY_USED_LIMIT * size->memory_size_mb;
}

const double *cp_size_series(const struct cp_size_figures *size, enum cp_series series, size_t *n)
{
    const double *const values[CP_SERIES_COUNT] = {
        [CP_SERIES_INIT] = size->init_ms,
        [CP_SERIES_COLD_HANDLER] = size->cold_handler_ms,
        [CP_SERIES_COLD] = size->cold_ms,
        [CP_SERIES_WARM] = size->warm_ms,
    };
    *n = series == CP_SERIES_WARM ? size->n_warm_values : size->n_cold_values;
    return values[series];
}

/* --- laws --- */

size_t cp_figures_law_groups(const struct cp_figures *f, enum cp_series series,
                             struct cp_memory_group groups[CP_RUN_SIZES_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < f->n_sizes; i++) {
        const struct cp_size_figures *size = &f->sizes[i];
        struct cp_memory_group *group = &groups[n];
        *group = (struct cp_memory_group){.memory_size_mb = size->memory_size_mb,
                                          .is_excluded = !cp_size_is_fitted(size)};
        group->sorted_ms = cp_size_series(size, series, &group->n);
        n += group->n > 0 ? 1 : 0;
    }
    return n;
}

static void fit_laws(struct cp_figures *f, enum cp_series series)
{
    static const double q[CP_LAW_COUNT] = {[CP_LAW_P50] = 0.5, [CP_LAW_P95] = 0.95};
    struct cp_memory_group groups[CP_RUN_SIZES_MAX];
    size_t n = cp_figures_law_groups(f, series, groups);
    bool is_init = series == CP_SERIES_INIT;
    for (size_t which = 0; which < CP_LAW_COUNT; which++) {
        const struct cp_memory_law_options options = {
            .q = q[which], .is_init = is_init, .keep_refits = true, .seed = f->data->run.seed};
        cp_memory_law_fit(groups, n, &options, &f->laws[series][which]);
    }
    const struct cp_memory_tail_options tail = {
        .q = 0.99, .is_init = is_init, .seed = f->data->run.seed};
    cp_memory_tail_fit(groups, n, &tail, &f->tail_laws[series]);
}

/* --- tails --- */

static const double tail_q[CP_TAIL_COUNT] = {[CP_TAIL_P95] = 0.95, [CP_TAIL_P99] = 0.99};

double cp_figures_tail_q(size_t which)
{
    return tail_q[which];
}

size_t cp_figures_tail_groups(const struct cp_figures *f, enum cp_series series,
                              struct cp_tail_group groups[CP_RUN_SIZES_MAX],
                              size_t at_size[CP_RUN_SIZES_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < f->n_sizes; i++) {
        if (!cp_size_is_fitted(&f->sizes[i]))
            continue;
        groups[n] = (struct cp_tail_group){.location_ms = NULL};
        groups[n].sorted_ms = cp_size_series(&f->sizes[i], series, &groups[n].n);
        at_size[n] = i;
        n += groups[n].n > 0 ? 1 : 0;
    }
    return n;
}

static void pool_tails(struct cp_figures *f, enum cp_series series, size_t which)
{
    struct cp_tail_group groups[CP_RUN_SIZES_MAX];
    size_t at_size[CP_RUN_SIZES_MAX];
    struct cp_tail tails[CP_RUN_SIZES_MAX];
    const struct cp_tail_options options = {.q = tail_q[which]};
    size_t n = cp_figures_tail_groups(f, series, groups, at_size);
    cp_tail_pool_fit(groups, n, &options, &f->pools[series][which], tails);
    for (size_t i = 0; i < n; i++)
        f->sizes[at_size[i]].tails[series][which] = tails[i];
}

/* --- init, when it is one distribution --- */

static size_t n_cold_values(const struct cp_figures *f)
{
    size_t n = 0;
    for (size_t i = 0; i < f->n_sizes; i++)
        n += f->sizes[i].n_cold_values;
    return n;
}

/* When init does not follow memory, all sizes tell about the same distribution. */
static bool pool_init(struct cp_figures *f)
{
    if (f->laws[CP_SERIES_INIT][CP_LAW_P50].status != CP_OK ||
        f->laws[CP_SERIES_INIT][CP_LAW_P50].kind != CP_MEMORY_LAW_CONSTANT)
        return true;
    size_t n = 0;
    size_t n_true = 0;
    double *pooled = calloc((size_t)CP_RUN_SIZES_MAX + n_cold_values(f), sizeof *pooled);
    if (!pooled)
        return false;
    for (size_t i = 0; i < f->n_sizes; i++) {
        const struct cp_size_figures *size = &f->sizes[i];
        if (!cp_size_is_fitted(size) || size->n_cold_values == 0)
            continue;
        memcpy(pooled + n, size->init_ms, size->n_cold_values * sizeof *pooled);
        n += size->n_cold_values;
        n_true += size->n_cold;
    }
    cp_sort(pooled, n);
    f->is_init_pooled = n > 0;
    struct cp_estimate *const to[] = {&f->pooled_init_p50, &f->pooled_init_p95,
                                      &f->pooled_init_p99};
    static const double q[] = {0.5, 0.95, 0.99};
    for (size_t i = 0; i < sizeof q / sizeof q[0]; i++) {
        *to[i] = cp_quantile_estimate(pooled, n, q[i], 0);
        to[i]->n = n_true;
    }
    free(pooled);
    return true;
}

/* --- all --- */

bool cp_figures_fit(struct cp_figures *f)
{
    for (int series = 0; series < CP_SERIES_COUNT; series++) {
        fit_laws(f, (enum cp_series)series);
        for (size_t which = 0; which < CP_TAIL_COUNT; which++)
            pool_tails(f, (enum cp_series)series, which);
    }
    return pool_init(f);
}

void cp_figures_forget_fit(struct cp_figures *f)
{
    for (size_t series = 0; series < CP_SERIES_COUNT; series++) {
        for (size_t which = 0; which < CP_LAW_COUNT; which++)
            cp_memory_law_clear(&f->laws[series][which]);
        cp_memory_tail_clear(&f->tail_laws[series]);
    }
}
