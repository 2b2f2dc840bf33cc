/* SPDX-License-Identifier: GPL-3.0-or-later
 * A sample: one planned invocation and what came back. The product of a sweep; every statistic is
 * recomputed from samples. Plain records of facts: no ownership, no invariants beyond the comments.
 * Absent numbers are NAN (double) or -1 (int), never 0.
 */
#ifndef COLDPROF_MODEL_SAMPLE_H
#define COLDPROF_MODEL_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/view.h"

enum cp_start_kind {
    CP_START_UNKNOWN,   /* no record came back */
    CP_START_COLD,      /* the record has an Init Duration (or a suppressed init was seen) */
    CP_START_WARM,      /* a record without init or restore */
    CP_START_SNAPSTART, /* the record has a Restore Duration */
};

/* What the plan wanted the invocation to measure. */
enum cp_cell_kind {
    CP_CELL_COLD,  /* first request of a fresh execution environment */
    CP_CELL_WARM,  /* request to an environment used immediately before */
    CP_CELL_IDLE,  /* request to an environment left idle for idle_interval_ms */
    CP_CELL_PRIME, /* only prepares an environment; never in a statistic */
};

enum cp_outcome {
    CP_OUTCOME_NOT_SENT,      /* planned, not (yet) sent */
    CP_OUTCOME_SENT,          /* sent, answer not yet known; found after a crash it means UNKNOWN */
    CP_OUTCOME_MEASURED,      /* success, with a usable platform record */
    CP_OUTCOME_ERROR,         /* the function returned an error or exited */
    CP_OUTCOME_TIMEOUT,       /* the function timeout ended it: duration is right-censored there */
    CP_OUTCOME_OUT_OF_MEMORY, /* killed at its memory size */
    CP_OUTCOME_INIT_FAILED,   /* init failed or exceeded its limit */
    CP_OUTCOME_THROTTLED,     /* 429 */
    CP_OUTCOME_UNKNOWN,       /* connection lost after sending, or a record that does not parse */
};

enum { CP_REQUEST_ID_MAX = 40, CP_SAMPLE_NOTE_MAX = 160 };

struct cp_sample {
    int64_t id;      /* row in the store; 0 before it is stored */
    int64_t cell;    /* index of the plan's cell */
    int64_t plan_no; /* position in the randomised plan */
    enum cp_cell_kind kind;
    enum cp_outcome outcome;
    enum cp_start_kind start;
    int memory_size_mb;
    double idle_interval_ms; /* planned idle interval; NAN except for CP_CELL_IDLE */
    double idle_actual_ms;   /* measured: last answer to this send; NAN when it does not apply */
    /* idle: a round of the plan, 0-based: environments left idle together, each of a version of its
     * own, no interval twice. The unit of resampling. -1: none or unknown */
    int64_t batch;
    int64_t scheduled_at_ms; /* unix ms */
    int64_t sent_at_ms;      /* unix ms; -1 before it is sent */
    double client_ms;        /* send to last byte of the answer, monotonic clock */
    double duration_ms;      /* REPORT Duration */
    double billed_duration_ms;
    double init_duration_ms;    /* only when the record has it */
    double restore_duration_ms; /* only when the record has it */
    int max_memory_used_mb;
    int http_status;
    char request_id[CP_REQUEST_ID_MAX];
    char version[16];              /* executed version */
    char error_type[64];           /* "" when none */
    char note[CP_SAMPLE_NOTE_MAX]; /* why it is not measured, in words; "" when measured */
};

/* All numbers absent, outcome NOT_SENT. */
struct cp_sample cp_sample_planned(enum cp_cell_kind kind, int memory_size_mb);

/* Names as stored and shown: "cold", "measured", ... ; never NULL. */
const char *cp_start_kind_name(enum cp_start_kind kind);
const char *cp_cell_kind_name(enum cp_cell_kind kind);
const char *cp_outcome_name(enum cp_outcome outcome);
bool cp_outcome_by_name(struct cp_view name, enum cp_outcome *outcome);
bool cp_start_kind_by_name(struct cp_view name, enum cp_start_kind *kind);
bool cp_cell_kind_by_name(struct cp_view name, enum cp_cell_kind *kind);

/* The accounting identity of a sweep:
 * planned = measured + failed + throttled + unknown + not_sent. */
struct cp_accounting {
    size_t planned, measured, failed, throttled, unknown, not_sent;
};
struct cp_accounting cp_accounting_of(const struct cp_sample *samples, size_t n);
bool cp_accounting_holds(const struct cp_accounting *a);

/* What a start in a fresh environment is called: "restore" for CP_START_SNAPSTART, else "init". A
 * restore is never called init: it is another thing, billed otherwise. */
const char *cp_startup_word(enum cp_start_kind fresh_start);

/* What happened before the first handler run: Init Duration of a cold start, Restore Duration of a
 * restored one. NAN for other starts, and where init cannot be told from the handler. */
double cp_sample_startup_ms(const struct cp_sample *s);

/* Latency that a caller of a cold start waits for inside the platform: init or restore + first
 * handler run. NAN unless the sample is measured, and cold or restored. */
double cp_sample_cold_total_ms(const struct cp_sample *s);

/* Samples fit for statistics of one kind at one memory size: measured, and the start kind is what
 * the cell asked for. Cells of kind CP_CELL_COLD with a warm start (and the reverse) are excluded;
 * they are counted by cp_sample_is_mismatched. */
bool cp_sample_is_usable(const struct cp_sample *s);
bool cp_sample_is_mismatched(const struct cp_sample *s);
/* Ended by the function timeout after a start that the cell asked for: its duration is
 * right-censored. It counts as slower than every other in order statistics (+INFINITY), and as the
 * whole timeout in costs. */
bool cp_sample_is_censored(const struct cp_sample *s);

#endif
