/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/night.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/figures.h"

#define COPY(to, from) (void)snprintf((to), sizeof(to), "%s", (from))

struct cp_night_key cp_night_key_of(const struct cp_run *run)
{
    struct cp_night_key key;
    COPY(key.function, run->function);
    COPY(key.place, run->place);
    COPY(key.region, run->region);
    COPY(key.architecture, run->architecture);
    return key;
}

/* What is compared of a memory size, and where it is kept. */
struct timed {
    enum cp_timing timing;
    enum cp_series series;
};
enum { TIMED = 3 };

static void timed_of(const struct cp_figures *f, struct timed out[TIMED])
{
    bool is_restored = f->fresh_start == CP_START_SNAPSTART;
    out[0] = (struct timed){is_restored ? CP_TIMING_RESTORE : CP_TIMING_INIT, CP_SERIES_INIT};
    out[1] = (struct timed){CP_TIMING_COLD, CP_SERIES_COLD};
    out[2] = (struct timed){CP_TIMING_WARM, CP_SERIES_WARM};
}

/* Its values; none where the size cannot run. */
static const double *values_of(const struct cp_size_figures *size, enum cp_series series, size_t *n)
{
    const double *values = cp_size_series(size, series, n);
    if (size->cannot_run)
        *n = 0;
    return values;
}

static struct cp_night_metric metric_of(const struct cp_size_figures *size,
                                        const struct timed *timed, double q)
{
    size_t n = 0;
    const double *values = values_of(size, timed->series, &n);
    struct cp_estimate e = cp_quantile_estimate(values, n, q, 0);
    return (struct cp_night_metric){
        .metric = {timed->timing, q, size->memory_size_mb},
        .ms = {e.value, e.low, e.high},
        .n = timed->timing == CP_TIMING_WARM ? size->n_warm : size->n_cold,
    };
}

static void add_size(struct cp_night *night, const struct cp_figures *f,
                     const struct cp_size_figures *size)
{
    struct timed timed[TIMED];
    timed_of(f, timed);
    for (size_t i = 0; i < TIMED; i++) {
        size_t n = 0;
        (void)values_of(size, timed[i].series, &n);
        for (size_t k = 0; k < CP_METRIC_QUANTILES && n > 0; k++)
            night->metrics[night->n_metrics++] = metric_of(size, &timed[i], cp_metric_quantiles[k]);
    }
}

static void add_facts(struct cp_night *night, const struct cp_run *run)
{
    COPY(night->run_id, run->id);
    COPY(night->runtime, run->runtime);
    COPY(night->runtime_version_arn, run->runtime_version_arn);
    COPY(night->code_sha256, run->code_sha256);
    COPY(night->layers, run->layers);
    COPY(night->payload_sha256, run->payload_sha256);
    (void)snprintf(night->method, sizeof night->method, "%s%s", run->method,
                   run->is_init_throttled ? ", throttled init" : "");
    COPY(night->host, run->host);
    COPY(night->coldprof_version, run->coldprof_version);
    night->key = cp_night_key_of(run);
    night->started_at_ms = run->started_at_ms;
    night->original_memory_size_mb = run->original_memory_size_mb;
    night->code_size_bytes = run->code_size_bytes;
}

enum cp_code cp_night_of(const struct cp_figures *figures, struct cp_night *out,
                         struct cp_error *err)
{
    *out = (struct cp_night){.n_metrics = 0};
    add_facts(out, &figures->data->run);
    out->metrics = calloc(figures->n_sizes * TIMED * CP_METRIC_QUANTILES + 1, sizeof *out->metrics);
    if (!out->metrics)
        return cp_fail(err, CP_ENOMEM, "no memory for the quantiles of a night");
    for (size_t i = 0; i < figures->n_sizes; i++)
        add_size(out, figures, &figures->sizes[i]);
    return CP_OK;
}

/* The series of a timing that both sizes have; false: one of them has none. */
static bool pair_series(const struct cp_size_figures *base, const struct cp_size_figures *now,
                        const struct timed *timed, struct cp_comparison_series *out)
{
    *out = (struct cp_comparison_series){.timing = timed->timing,
                                         .memory_size_mb = base->memory_size_mb};
    out->base_ms = values_of(base, timed->series, &out->n_base);
    out->new_ms = values_of(now, timed->series, &out->n_new);
    return out->n_base > 0 && out->n_new > 0;
}

size_t cp_series_pairs(const struct cp_figures *base, const struct cp_figures *now,
                       struct cp_comparison_series *out)
{
    struct timed of_base[TIMED];
    struct timed of_now[TIMED];
    size_t n = 0;
    timed_of(base, of_base);
    timed_of(now, of_now);
    for (size_t i = 0; i < base->n_sizes; i++) {
        const struct cp_size_figures *other = cp_figures_size(now, base->sizes[i].memory_size_mb);
        for (size_t k = 0; other && k < TIMED; k++) {
            if (of_base[k].timing == of_now[k].timing)
                n += pair_series(&base->sizes[i], other, &of_base[k], &out[n]) ? 1 : 0;
        }
    }
    return n;
}
