/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/modelled_size.h"

#include "model/stat/sort.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_Q 0.75

enum series { INIT, HANDLER, WARM, N_SERIES };

static const double *values_of(const struct cp_size_data *s, enum series series, size_t *n)
{
    const double *const values[N_SERIES] = {s->init_ms, s->cold_handler_ms, s->warm_ms};
    *n = series == WARM ? s->n_warm : s->n_cold;
    return values[series];
}

/* Memory that is nearly used up makes durations of its own. */
static bool is_usable(const struct cp_size_data *s)
{
    return !s->cannot_run && s->memory_size_mb >= CP_HEADROOM_FACTOR * s->max_memory_used_mb;
}

/* --- models --- */

/* Groups of sorted copies, in *copy (owned by the caller). */
static enum cp_code group(const struct cp_size_models *models, enum series series,
                          struct cp_memory_group groups[CP_MEMORY_POINTS_MAX], double **copy)
{
    size_t total = 0;
    size_t n = 0;
    for (size_t i = 0; i < models->n_sizes; i++) {
        (void)values_of(&models->sizes[i], series, &n);
        total += n;
    }
    *copy = malloc((total + 1) * sizeof **copy);
    if (!*copy)
        return CP_ENOMEM;
    double *at = *copy;
    for (size_t i = 0; i < models->n_sizes; i++) {
        const struct cp_size_data *s = &models->sizes[i];
        const double *values = values_of(s, series, &n);
        groups[i] = (struct cp_memory_group){.sorted_ms = at,
                                             .n = n,
                                             .memory_size_mb = s->memory_size_mb,
                                             .is_excluded = !is_usable(s)};
        if (n)
            memcpy(at, values, n * sizeof *at);
        cp_sort(at, n);
        at += n;
    }
    return CP_OK;
}

static enum cp_code fit_series(struct cp_size_models *models, enum series series, double q,
                               uint64_t seed, struct cp_memory_tail *tail)
{
    struct cp_memory_group groups[CP_MEMORY_POINTS_MAX];
    double *copy = NULL;
    const struct cp_memory_tail_options options = {.q = q, .is_init = series == INIT, .seed = seed};
    enum cp_code code = group(models, series, groups, &copy);
    if (!code) {
        cp_memory_tail_fit(groups, models->n_sizes, &options, tail);
        code = tail->status;
    }
    if (!code && series == WARM) {
        const struct cp_memory_law_options mean = {
            .is_mean = true, .keep_refits = true, .seed = seed};
        cp_memory_law_fit(groups, models->n_sizes, &mean, &models->mean_warm);
        code = models->mean_warm.status;
    }
    free(copy);
    return code;
}

static void find_range(struct cp_size_models *models)
{
    for (size_t i = 0; i < models->n_sizes; i++) {
        const struct cp_size_data *s = &models->sizes[i];
        if (!is_usable(s))
            continue;
        models->min_mb =
            models->min_mb ? (int)fmin(models->min_mb, s->memory_size_mb) : s->memory_size_mb;
        models->max_mb = (int)fmax(models->max_mb, s->memory_size_mb);
        models->max_memory_used_mb = (int)fmax(models->max_memory_used_mb, s->max_memory_used_mb);
    }
    double floor_mb = CP_HEADROOM_FACTOR * models->max_memory_used_mb;
    models->min_mb = (int)fmax(models->min_mb, ceil(floor_mb));
}

void cp_size_models_fit(const struct cp_size_data *sizes, size_t n_sizes, double q, uint64_t seed,
                        struct cp_size_models *models)
{
    struct cp_memory_tail *const tails[N_SERIES] = {&models->init, &models->handler, &models->warm};
    *models = (struct cp_size_models){.sizes = sizes, .n_sizes = n_sizes, .max_memory_used_mb = -1};
    if (n_sizes > CP_MEMORY_POINTS_MAX) {
        models->status = CP_ELIMIT;
        return;
    }
    find_range(models);
    for (int series = 0; series < N_SERIES && !models->status; series++)
        models->status =
            fit_series(models, (enum series)series, fmax(q, LEAST_Q), seed, tails[series]);
}

void cp_size_models_clear(struct cp_size_models *models)
{
    cp_memory_tail_clear(&models->init);
    cp_memory_tail_clear(&models->handler);
    cp_memory_tail_clear(&models->warm);
    cp_memory_law_clear(&models->mean_warm);
}

static bool is_measured(const struct cp_size_models *models, int memory_mb)
{
    for (size_t i = 0; i < models->n_sizes; i++) {
        if (models->sizes[i].memory_size_mb == memory_mb)
            return true;
    }
    return false;
}

int cp_size_models_next_mb(const struct cp_size_models *models, int memory_mb)
{
    int step = CP_MODELLED_STEP_MB;
    int next = (memory_mb / step + 1) * step;
    if (models->status)
        return 0;
    if (next < models->min_mb)
        next = (models->min_mb + step - 1) / step * step;
    while (next <= models->max_mb && is_measured(models, next))
        next += step;
    return next <= models->max_mb ? next : 0;
}

/* --- samples --- */

static const struct cp_memory_tail *tail_of(const struct cp_size_models *models, enum series series)
{
    const struct cp_memory_tail *const tails[N_SERIES] = {&models->init, &models->handler,
                                                          &models->warm};
    return tails[series];
}

static double least_of(const struct cp_size_models *models, enum series series)
{
    double least = INFINITY;
    for (size_t i = 0; i < models->n_sizes; i++) {
        size_t n = 0;
        const double *values = values_of(&models->sizes[i], series, &n);
        for (size_t k = 0; k < n && is_usable(&models->sizes[i]); k++)
            least = fmin(least, values[k]);
    }
    return least;
}

/* Every `step`th value of all usable sizes, moved to `memory_mb`: never below the fastest that was
 * ever seen, at any size. NULL `out`: their number only. */
static size_t move_values(const struct cp_size_models *models, enum series series, size_t step,
                          int memory_mb, double *out)
{
    const struct cp_memory_tail *tail = tail_of(models, series);
    double least = out ? least_of(models, series) : 0;
    double to_ms = cp_memory_law_at(&tail->p50, memory_mb);
    double to_scale = cp_memory_tail_scale(tail, memory_mb);
    size_t n_seen = 0;
    size_t n_out = 0;
    for (size_t i = 0; i < models->n_sizes; i++) {
        const struct cp_size_data *s = &models->sizes[i];
        size_t n = 0;
        const double *values = values_of(s, series, &n);
        if (!is_usable(s))
            continue;
        double from_ms = cp_memory_law_at(&tail->p50, s->memory_size_mb);
        double factor = to_scale / cp_memory_tail_scale(tail, s->memory_size_mb);
        for (size_t k = 0; k < n; k++) {
            if (n_seen++ % step)
                continue;
            if (out)
                out[n_out] = fmax(least, to_ms + factor * (values[k] - from_ms));
            n_out++;
        }
    }
    return n_out;
}

static size_t step_of(const struct cp_size_models *models, enum series series)
{
    size_t n = move_values(models, series, 1, models->max_mb, NULL);
    return (n + CP_MODELLED_VALUES_MAX - 1) / CP_MODELLED_VALUES_MAX;
}

/* Both independent: distances add by their squares. */
static struct cp_interval sum_of(struct cp_interval a, struct cp_interval b)
{
    double value = a.value + b.value;
    return (struct cp_interval){value, value - hypot(a.value - a.low, b.value - b.low),
                                value + hypot(a.high - a.value, b.high - b.value)};
}

/* How far a law was from sizes that it was fitted without is what it may be off at the next one:
 * 95 % of a normal error whose mean size was that. */
static struct cp_interval join_left_out(struct cp_interval p, double left_out_log_error)
{
    const double reach = 1.96 * 1.2533;
    double factor = isnan(left_out_log_error) ? 1 : exp(reach * left_out_log_error);
    double above = p.value * (factor - 1);
    double below = p.value * (1 - 1 / factor);
    return (struct cp_interval){p.value, p.value - hypot(p.value - p.low, below),
                                p.value + hypot(p.high - p.value, above)};
}

/* Of a quantile in the tail: the medians of sizes left out are off by no more than their means. */
static struct cp_interval predict(const struct cp_memory_tail *tail, double memory_mb,
                                  double mean_log_error)
{
    double log_error = fmax(tail->p50.leave_one_out_log_error, mean_log_error);
    return join_left_out(cp_memory_tail_predict(tail, memory_mb), log_error);
}

static void describe(const struct cp_size_models *models, struct cp_size_data *data)
{
    data->max_memory_used_mb = models->max_memory_used_mb;
    data->timeout_ms = NAN;
    data->failure_share = NAN;
    for (size_t i = 0; i < models->n_sizes; i++) {
        if (!is_usable(&models->sizes[i]))
            continue;
        data->timeout_ms = fmax(data->timeout_ms, models->sizes[i].timeout_ms); /* passes NAN */
        data->failure_share = fmax(data->failure_share, models->sizes[i].failure_share);
    }
}

static enum cp_code fill(const struct cp_size_models *models, int memory_mb,
                         struct cp_modelled_size *out)
{
    size_t cold_step = step_of(models, HANDLER);
    size_t warm_step = step_of(models, WARM);
    size_t n_cold = move_values(models, HANDLER, cold_step, memory_mb, NULL);
    size_t n_warm = move_values(models, WARM, warm_step, memory_mb, NULL);
    out->values = malloc((2 * n_cold + n_warm + 1) * sizeof *out->values);
    if (!out->values)
        return CP_ENOMEM;
    double *init = out->values;
    double *handler = init + n_cold;
    double *warm = handler + n_cold;
    (void)move_values(models, INIT, cold_step, memory_mb, init);
    (void)move_values(models, HANDLER, cold_step, memory_mb, handler);
    (void)move_values(models, WARM, warm_step, memory_mb, warm);
    out->data = (struct cp_size_data){.memory_size_mb = memory_mb,
                                      .init_ms = init,
                                      .cold_handler_ms = handler,
                                      .n_cold = n_cold,
                                      .warm_ms = warm,
                                      .n_warm = n_warm};
    describe(models, &out->data);
    return CP_OK;
}

enum cp_code cp_modelled_size_make(const struct cp_size_models *models, int memory_mb,
                                   struct cp_modelled_size *out)
{
    *out = (struct cp_modelled_size){.values = NULL};
    if (models->status)
        return models->status;
    if (memory_mb < models->min_mb || memory_mb > models->max_mb)
        return CP_ENODATA;
    double mean_log_error = models->mean_warm.leave_one_out_log_error;
    out->cold_ms = sum_of(predict(&models->init, memory_mb, NAN),
                          predict(&models->handler, memory_mb, mean_log_error));
    out->warm_ms = predict(&models->warm, memory_mb, mean_log_error);
    out->mean_warm_ms =
        join_left_out(cp_memory_law_predict(&models->mean_warm, memory_mb), mean_log_error);
    if (isnan(out->cold_ms.value) || isnan(out->warm_ms.value) || isnan(out->mean_warm_ms.value))
        return CP_ENODATA;
    return fill(models, memory_mb, out);
}

void cp_modelled_size_clear(struct cp_modelled_size *size)
{
    free(size->values);
    *size = (struct cp_modelled_size){.values = NULL};
}

struct cp_interval cp_modelled_size_widen(struct cp_interval estimate, struct cp_interval law)
{
    double value = estimate.value;
    double below = value * (law.value - law.low) / law.value;
    double above = value * (law.high - law.value) / law.value;
    return (struct cp_interval){value, fmax(0, value - hypot(value - estimate.low, below)),
                                value + hypot(estimate.high - value, above)};
}
