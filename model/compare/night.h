/* SPDX-License-Identifier: GPL-3.0-or-later
 * Nights: what one measurement said of one function, kept as quantiles with their intervals, and
 * the history that such nights make. A night that was missed is a gap, no error; a history has any
 * spacing. Facts that may explain a change (code, runtime version, layers ...) are kept beside.
 * Absent texts "", absent numbers -1 or NAN. Plain records.
 */
#ifndef COLDPROF_MODEL_NIGHT_H
#define COLDPROF_MODEL_NIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/compare/metric_key.h"
#include "model/run.h"
#include "model/stat/parameter.h"

/* What must be equal for two nights to be of one history. */
struct cp_night_key {
    char function[CP_RUN_NAME_MAX]; /* with ":qualifier" when one was given */
    char place[32];                 /* "local server" or "AWS account ...1234" */
    char region[32];
    char architecture[16];
};

struct cp_night_metric {
    struct cp_metric_key metric;
    struct cp_interval ms; /* ends NAN: too few samples; INFINITY: among the timeouts */
    size_t n;
};

struct cp_night {
    struct cp_night_key key;
    char run_id[CP_RUN_ID_MAX]; /* of the machine that measured it */
    int64_t started_at_ms;      /* unix ms; with the key it names the night */
    char runtime[64];
    char runtime_version_arn[CP_RUN_TEXT_MAX];
    char code_sha256[72];
    int64_t code_size_bytes;        /* -1 unknown */
    char layers[CP_RUN_LAYERS_MAX]; /* ARNs, blank between them */
    int original_memory_size_mb;    /* the function's own setting */
    char payload_sha256[72];
    char method[64];            /* "own function", "shadow function, throttled init", ... */
    char host[CP_RUN_TEXT_MAX]; /* of a local run */
    char coldprof_version[16];
    struct cp_night_metric *metrics; /* by cp_metric_key_order; owned */
    size_t n_metrics;
};

/* A level was accepted as the new one (`coldprof history accept`). */
struct cp_night_acceptance {
    int64_t at_ms;
    char note[160];
};

struct cp_history {
    struct cp_night_key key;
    struct cp_night *nights; /* ascending time; owned, with what they own */
    size_t n_nights;
    struct cp_night_acceptance *acceptances; /* ascending time; owned */
    size_t n_acceptances;
};

bool cp_night_key_equal(const struct cp_night_key *a, const struct cp_night_key *b);
/* By function, place, region, architecture. */
int cp_night_key_order(const struct cp_night_key *a, const struct cp_night_key *b);
/* Numbers absent, texts "". */
struct cp_night cp_night_empty(void);
/* Leaves an empty night, an empty history. */
void cp_night_clear(struct cp_night *night);
void cp_history_clear(struct cp_history *history);
/* The metric of a night, NULL when it was not measured then. */
const struct cp_night_metric *cp_night_find(const struct cp_night *night,
                                            const struct cp_metric_key *metric);
/* Has it an interval? Without one a night says too little to be judged, or to be judged by: its p99
 * of 100 samples is the second slowest of them. */
bool cp_night_is_judged(const struct cp_night_metric *metric);
/* The metrics that any of the last `n_last` nights has (0: any night), by cp_metric_key_order.
 * `out` is allocated (free). CP_ENOMEM. */
enum cp_code cp_history_metrics(const struct cp_history *history, size_t n_last,
                                struct cp_metric_key **out, size_t *n, struct cp_error *err);

#endif
