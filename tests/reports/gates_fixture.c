/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/reports/gates_fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/rng.h"

#define STARTED_MS 1795651020000 /* 2026-11-26T01:17:00Z */
#define DAY_MS     86400000

static struct cp_run make_run(const char *id, const char *function, int64_t at_ms)
{
    struct cp_run run = cp_run_empty();
    (void)snprintf(run.id, sizeof run.id, "%s", id);
    (void)snprintf(run.function, sizeof run.function, "%s", function);
    (void)snprintf(run.place, sizeof run.place, "local server");
    (void)snprintf(run.region, sizeof run.region, "eu-west-1");
    (void)snprintf(run.architecture, sizeof run.architecture, "arm64");
    (void)snprintf(run.runtime, sizeof run.runtime, "nodejs22.x");
    (void)snprintf(run.code_sha256, sizeof run.code_sha256, "sha-%s", id);
    (void)snprintf(run.coldprof_version, sizeof run.coldprof_version, "0.1.0");
    run.started_at_ms = at_ms;
    run.ended_at_ms = at_ms + 42500;
    return run;
}

struct row {
    enum cp_timing timing;
    double q;
    int memory_size_mb;
    enum cp_change_verdict verdict;
    enum cp_trend_state state;
    struct cp_interval new_ms, ratio;
};

static const struct row rows[] = {
    {CP_TIMING_INIT,
     0.5,
     512,
     CP_CHANGE_EQUIVALENT,
     CP_TREND_STEADY,
     {203.1, 201.5, 205},
     {1.004, 0.99, 1.02}},
    {CP_TIMING_INIT,
     0.95,
     512,
     CP_CHANGE_REGRESSION,
     CP_TREND_REGRESSED,
     {261.25, 250, 281.75},
     {1.21, 1.15, 1.27}},
    {CP_TIMING_INIT,
     0.99,
     512,
     CP_CHANGE_INCONCLUSIVE,
     CP_TREND_STEADY,
     {312.5, NAN, NAN},
     {1.3, NAN, NAN}},
    {CP_TIMING_RESTORE,
     0.5,
     512,
     CP_CHANGE_IMPROVEMENT,
     CP_TREND_IMPROVED,
     {90, 88, 91},
     {0.7, 0.66, 0.75}},
    {CP_TIMING_COLD,
     0.5,
     512,
     CP_CHANGE_REGRESSION,
     CP_TREND_SUSPECT,
     {305, 300, 311},
     {1.1, 1.07, 1.13}},
    {CP_TIMING_COLD,
     0.95,
     512,
     CP_CHANGE_INCONCLUSIVE,
     CP_TREND_LEARNING,
     {1402.4, 420, INFINITY},
     {3.2, 1.01, INFINITY}},
    {CP_TIMING_COLD,
     0.99,
     512,
     CP_CHANGE_REGRESSION,
     CP_TREND_REGRESSED,
     {INFINITY, 900, INFINITY},
     {INFINITY, 2, INFINITY}},
    {CP_TIMING_WARM,
     0.5,
     1024,
     CP_CHANGE_EQUIVALENT,
     CP_TREND_STEADY,
     {1.234567891, 1.2, 1.3},
     {1, 0.99, 1.01}},
    {CP_TIMING_WARM,
     0.99,
     1024,
     CP_CHANGE_INCONCLUSIVE,
     CP_TREND_LEARNING,
     {NAN, NAN, NAN},
     {NAN, NAN, NAN}},
};

static struct cp_gate gate_of(const struct row *row, enum cp_gates_kind kind, const char *hostile)
{
    bool is_night = kind == CP_GATES_NIGHT;
    double base_ms = row->new_ms.value / row->ratio.value;
    bool is_learning = is_night && row->state == CP_TREND_LEARNING;
    struct cp_gate gate = {
        .metric = {row->timing, row->q, row->memory_size_mb},
        .verdict = row->verdict,
        .state = is_night ? row->state : CP_TREND_STEADY,
        .fails = is_night ? row->state == CP_TREND_REGRESSED : row->verdict == CP_CHANGE_REGRESSION,
        .base_ms = {base_ms, base_ms * 0.98, base_ms * 1.02},
        .new_ms = row->new_ms,
        .ratio = row->ratio,
        .n_base = is_night ? 14 : 100,
        .n_new = 100,
        .n_needed = row->verdict == CP_CHANGE_INCONCLUSIVE && !is_learning ? 299 : 0,
        .worse_p_adjusted = NAN,
        .screen_p = NAN,
    };
    (void)snprintf(gate.because, sizeof gate.because, "1.05 < 1.15 & 37.5 ms > 5 ms%s", hostile);
    return gate;
}

void gates_fixture_make(enum cp_gates_kind kind, const char *function, const char *hostile,
                        struct gates_fixture *out)
{
    *out = (struct gates_fixture){
        .base = make_run("1a2b", function, STARTED_MS - DAY_MS),
        .now = make_run("7f3a", function, STARTED_MS),
    };
    struct cp_gates *gates = &out->gates;
    *gates = (struct cp_gates){.kind = kind,
                               .base = kind == CP_GATES_NIGHT ? NULL : &out->base,
                               .now = &out->now,
                               .gates = out->list,
                               .effect = CP_CHANGE_EFFECT,
                               .effect_ms = CP_CHANGE_EFFECT_MS,
                               .n_warnings = 1};
    (void)snprintf(gates->warnings[0].id, sizeof gates->warnings[0].id, "W040");
    (void)snprintf(gates->warnings[0].text, sizeof gates->warnings[0].text,
                   "the runs are <of> different nights%s", hostile);
    (void)snprintf(gates->warnings[0].advice, sizeof gates->warnings[0].advice,
                   "measure | both in turns");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        out->list[gates->n++] = gate_of(&rows[i], kind, hostile);
        gates->n_by_verdict[rows[i].verdict]++;
        gates->n_failed += out->list[i].fails;
    }
}

/* Levels of about 200 ms with steps at a third and two thirds, of some per cent of noise. */
static double level_of(size_t night, size_t n, struct cp_rng *rng)
{
    double level = night < n / 3 ? 200 : night < 2 * n / 3 ? 260 : 215;
    return level * exp(0.02 * cp_rng_normal(rng));
}

void gates_fixture_history(size_t n, struct cp_history *out)
{
    struct cp_rng rng;
    cp_rng_init(&rng, 7, 1);
    *out = (struct cp_history){.nights = calloc(n, sizeof *out->nights)};
    out->n_nights = out->nights ? n : 0;
    (void)snprintf(out->key.function, sizeof out->key.function, "orders-api:live");
    for (size_t i = 0; i < out->n_nights; i++) {
        struct cp_night *night = &out->nights[i];
        night->key = out->key;
        night->started_at_ms = STARTED_MS - (int64_t)(n - i) * DAY_MS;
        (void)snprintf(night->code_sha256, sizeof night->code_sha256, "c0de%zu", i / 10);
        night->metrics = calloc(2, sizeof *night->metrics);
        night->n_metrics = night->metrics ? 2 : 0;
        for (size_t k = 0; k < night->n_metrics; k++) {
            double ms = level_of(i, n, &rng) * (k ? 1.3 : 1);
            night->metrics[k] = (struct cp_night_metric){
                {CP_TIMING_INIT, cp_metric_quantiles[k], 512}, {ms, ms * 0.97, ms * 1.04}, 100};
        }
    }
    if (out->n_nights > 20 && out->nights[4].n_metrics == 2 && out->nights[9].n_metrics == 2) {
        out->nights[4].n_metrics = 1;
        out->nights[9].metrics[1].ms.value = INFINITY;
        out->nights[9].metrics[1].ms.high = INFINITY;
    }
}

void gates_fixture_history_clear(struct cp_history *history)
{
    for (size_t i = 0; i < history->n_nights; i++)
        free(history->nights[i].metrics);
    free(history->nights);
    *history = (struct cp_history){.n_nights = 0};
}
