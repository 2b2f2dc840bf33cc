/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/reports/history_fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/base/rng.h"
#include "model/base/units.h"
#include "tests/test.h"

enum { N_SAMPLES = 100, N_FEW = 20, MEMORY_MB = 1024 };
#define FIRST_NIGHT_MS 1760151420000 /* 2025-10-11T02:57:00Z */

static double hundredths(double ms)
{
    return floor(ms * 100 + 0.5) / 100;
}

static void add_metric(struct cp_night *night, enum cp_timing timing, int i, double p50_ms,
                       struct cp_rng *rng)
{
    static const double ratio[CP_METRIC_QUANTILES] = {1, 1.18, 1.3};
    static const double half[CP_METRIC_QUANTILES] = {0.015, 0.035, NAN}; /* of the interval */
    double value = p50_ms * ratio[i] * exp(half[0] * (i + 1) / 2 * cp_rng_normal(rng));
    struct cp_night_metric *m = &night->metrics[night->n_metrics++];
    *m = (struct cp_night_metric){
        .metric = {timing, cp_metric_quantiles[i], MEMORY_MB},
        .ms = {hundredths(value), hundredths(value * (1 - half[i])),
               hundredths(value * (1 + half[i] * 1.2))},
        .n = N_SAMPLES,
    };
}

static void fill_facts(const struct history_options *o, size_t n_causes, struct cp_night *night)
{
    night->original_memory_size_mb = MEMORY_MB;
    night->code_size_bytes = 4200000 + 31000 * (int64_t)n_causes;
    (void)snprintf(night->runtime, sizeof night->runtime, "python3.12");
    (void)snprintf(night->runtime_version_arn, sizeof night->runtime_version_arn,
                   "arn:aws:lambda:eu-west-1::runtime:7b8f9a0c%zu11122233344", n_causes / 2);
    (void)snprintf(night->code_sha256, sizeof night->code_sha256, "%zuf3a9c2e51b7d04866aa",
                   n_causes);
    if (n_causes > 0)
        (void)snprintf(night->layers, sizeof night->layers,
                       "arn:aws:lambda:eu-west-1:000000000000:layer:tracing:%zu", n_causes);
    (void)snprintf(night->coldprof_version, sizeof night->coldprof_version, "1.6.0");
    (void)o;
}

static void spoil(const struct history_options *o, size_t day, struct cp_night *night)
{
    for (size_t i = 0; i < night->n_metrics; i++) {
        struct cp_night_metric *m = &night->metrics[i];
        if (o->timeout_at && day == o->timeout_at && m->metric.q > 0.9)
            m->ms = (struct cp_interval){INFINITY, m->ms.low, INFINITY};
        if (o->few_at && day == o->few_at) {
            m->n = N_FEW;
            m->ms.low = m->ms.high = NAN;
        }
    }
}

static void fill_night(const struct history_options *o, size_t day, struct cp_rng *rng,
                       struct cp_night *night)
{
    static const double base_ms[CP_TIMING_COUNT] = {
        [CP_TIMING_INIT] = 180, [CP_TIMING_COLD] = 230, [CP_TIMING_WARM] = 12};
    double level = exp((o->day_sd > 0 ? o->day_sd : 0.01) * cp_rng_normal(rng));
    size_t n_causes = 0;
    for (size_t i = 0; i < o->n_steps; i++) {
        if (day >= o->steps[i].at) {
            level *= o->steps[i].factor;
            n_causes += o->steps[i].has_cause ? 1 : 0;
        }
    }
    night->started_at_ms =
        FIRST_NIGHT_MS +
        (int64_t)(day * (o->interval_days ? o->interval_days : 1)) * CP_MS_PER_DAY +
        (int64_t)cp_rng_below(rng, 600000);
    (void)snprintf(night->run_id, sizeof night->run_id, "%04zx", 0x1a00 + day);
    fill_facts(o, n_causes, night);
    night->metrics = calloc((size_t)CP_TIMING_COUNT * CP_METRIC_QUANTILES, sizeof *night->metrics);
    assert_non_null(night->metrics);
    for (int timing = 0; timing < CP_TIMING_COUNT; timing++) {
        for (int i = 0; base_ms[timing] > 0 && i < CP_METRIC_QUANTILES; i++)
            add_metric(night, (enum cp_timing)timing, i, base_ms[timing] * level, rng);
    }
    spoil(o, day, night);
}

void history_make(const struct history_options *o, struct cp_history *out)
{
    struct cp_rng rng;
    cp_rng_init(&rng, o->seed, 0);
    *out = (struct cp_history){.nights = calloc(o->n_days, sizeof *out->nights)};
    assert_non_null(out->nights);
    (void)snprintf(out->key.function, sizeof out->key.function, "%s",
                   o->function ? o->function : "orders-api:live");
    (void)snprintf(out->key.place, sizeof out->key.place, "AWS account ...4321");
    (void)snprintf(out->key.region, sizeof out->key.region, "eu-west-1");
    (void)snprintf(out->key.architecture, sizeof out->key.architecture, "arm64");
    for (size_t day = 0; day < o->n_days; day++) {
        bool is_missed = day >= o->gap_at && day < o->gap_at + o->gap_days;
        if (is_missed)
            continue;
        out->nights[out->n_nights].key = out->key;
        fill_night(o, day, &rng, &out->nights[out->n_nights++]);
    }
}
