/* SPDX-License-Identifier: GPL-3.0-or-later
 * A run: what was swept, where, when, and what the user asked. Plain record of facts kept in the
 * store beside its samples; everything a report needs that is not a sample. Absent numbers are NAN
 * or -1, absent texts "".
 */
#ifndef COLDPROF_MODEL_RUN_H
#define COLDPROF_MODEL_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/decide/price.h"
#include "model/sample.h"

struct cp_demand;
struct cp_digest;
struct cp_history;

enum { CP_RUN_ID_MAX = 16, CP_RUN_NAME_MAX = 160, CP_RUN_TEXT_MAX = 512, CP_RUN_SIZES_MAX = 32 };
enum { CP_RUN_LAYERS_MAX = 1152 }; /* five layers, each with a name of 140 */

/* Why the cells of one memory size ended. */
enum cp_stop_reason {
    CP_STOP_NOT_DONE,    /* interrupted or still running */
    CP_STOP_PRECISION,   /* the wanted precision was reached at a look */
    CP_STOP_MAX_SAMPLES, /* the cell's limit (--cold, --warm) was reached first */
    CP_STOP_BUDGET,      /* --max-invocations */
    CP_STOP_NO_INIT,     /* the endpoint does not show init durations */
    CP_STOP_COST,        /* --max-cost-usd */
    CP_STOP_CANNOT_RUN,  /* out of memory, timeout or init failure at this size: a result */
    CP_STOP_LOST,        /* too many answers were lost to say more */
};
const char *cp_stop_reason_name(enum cp_stop_reason reason);

/* Planned against achieved, one row per (memory size, cell kind). */
struct cp_cell_result {
    int memory_size_mb;
    enum cp_cell_kind kind;
    double idle_interval_ms; /* NAN except for idle cells */
    int planned;             /* largest number of samples the plan allowed */
    enum cp_stop_reason stop;
    double precision_p50; /* achieved half-width / estimate; NAN when no interval */
    double precision_p95;
    char note[CP_SAMPLE_NOTE_MAX]; /* for CANNOT_RUN: what happened, in words */
};

struct cp_run {
    char id[CP_RUN_ID_MAX];         /* short hex, e.g. "7f3a" */
    char function[CP_RUN_NAME_MAX]; /* name, with ":qualifier" when one was given */
    char target[CP_RUN_TEXT_MAX];   /* what the user typed: a path, a name or an ARN */
    char place[32];                 /* "local server" or "AWS account ...1234" */
    bool is_local;
    char region[32];       /* "local" endpoints still carry a region: us-east-1 */
    char architecture[16]; /* x86_64 or arm64 */
    char runtime[64];      /* python3.12, provided.al2023, ... */
    char runtime_version_arn[CP_RUN_TEXT_MAX];
    char code_sha256[72];
    int64_t code_size_bytes;        /* of the package, without layers; -1 unknown */
    char layers[CP_RUN_LAYERS_MAX]; /* ARNs, blank between them; "" none or unknown */
    char coldprof_version[16];
    char command[CP_RUN_TEXT_MAX]; /* command line, for the appendix and to repeat it */
    char payload_sha256[72];
    int64_t started_at_ms, ended_at_ms; /* unix ms; ended -1 while running */
    uint64_t seed;
    int original_memory_size_mb; /* the function's own setting: the "current" row */
    int timeout_ms;
    /* what the user asked; NAN/absent when not given */
    double budget_q; /* 0.99 for --budget p99=200ms */
    double budget_ms;
    double traffic_per_s;                /* mean arrival rate of --traffic */
    char workload_class[16];             /* "interactive", "async", "stream"; "" not asked */
    char risk[16];                       /* "point", "upper"; "" not asked */
    double precision_p50, precision_p95; /* wanted relative half-widths */
    int unreserved_concurrency;          /* account's unreserved concurrency, -1 unknown */
    /* environment of a local run (appendix) */
    char host[CP_RUN_TEXT_MAX]; /* CPU model, cores, kernel, cgroup version, period */
    char idle_law[64];          /* configured idle lifetime law of the local service */
    bool is_init_throttled;
    bool is_interrupted;
    /* how it was measured; "" in runs of schema 1 */
    char method[32];         /* "own function", "shadow function", "in place" or "import"; with
                                CP_RUN_IN_TURNS behind it, of a pair */
    char mode[32];           /* "full", "tail without init" or "wall clock" (unknown endpoints) */
    char initialization[32]; /* "on-demand", "snap-start" or "provisioned-concurrency" */
    char package_type[16];   /* Zip or Image */
    char provisioned[480];   /* what provisioned concurrency the target has, in words; "" none */
    /* money: what was quoted before (expected, and if every invocation ran to its timeout), and the
     * user's limit; NAN when nothing is billed or nothing was asked */
    double quoted_usd, quoted_max_usd, max_cost_usd;
    int ephemeral_storage_mb; /* 512 unless the function has more */
    double snapshots_usd;     /* what the versions it published cost at most (SnapStart); else 0 */
    /* an import: what the log does not tell and was assumed, in words ("" nothing); records that
     * occurred again and were dropped */
    char assumed[480];
    int64_t n_duplicates;
    char
        idle_end[160]; /* why the search for the idle lifetime ended, in words; "" there was none */
};

/* method of a run that was read from logs; those have no plan: no cells, nothing was sent. */
#define CP_RUN_IMPORT "import"
bool cp_run_is_import(const struct cp_run *run);

/* End of the method of a run whose invocations took turns with those of another one. */
#define CP_RUN_IN_TURNS ", in turns"
bool cp_run_in_turns(const struct cp_run *run);
/* With each other: made at the same time, by one plan. */
bool cp_run_took_turns(const struct cp_run *a, const struct cp_run *b);

/* A run with all it owns, as loaded from the store or held by a sweep. Owner: cp_run_data_clear. */
struct cp_run_data {
    struct cp_run run;
    struct cp_sample *samples; /* n_samples, in plan order */
    size_t n_samples;
    struct cp_cell_result *cells;
    size_t n_cells;
    /* What the log says of this function; owned. Of a large log there are no samples: the figures
     * then come from its histograms. NULL for sweeps. */
    struct cp_digest *digest;
    /* The traffic asked about, where it is more than run.traffic_per_s, its mean; owned. NULL: a
     * constant rate, or none. */
    struct cp_demand *demand;
    /* Asked about another question than the one kept with the run; "" it is the run's own, else how
     * that one was in words: "traffic of 5 per second, p99 within 200 ms". */
    char other_question[240];
    /* The nights of its function, borrowed; NULL: not asked for. Not kept with the run. */
    const struct cp_history *history;
    /* What it is priced with, borrowed; NULL: the built-in table's. Not kept with the run. */
    const struct cp_price_book *price;
    struct cp_price_terms terms;
    double throttled_share_max; /* asked with --throttle-target; 0: not asked. Not kept either */
};
/* The runtime to show: "container image" where there is none because the package is an image. */
const char *cp_run_runtime(const struct cp_run *run);
/* "restored by SnapStart" of a run whose fresh environments are, else "". */
const char *cp_run_start_words(const struct cp_run *run);
/* "shadow function" or "in place": how a function that is somebody's was swept; else "". */
const char *cp_run_method_words(const struct cp_run *run);
/* An empty run: numbers absent, texts "". */
struct cp_run cp_run_empty(void);
void cp_run_data_clear(struct cp_run_data *data);

#endif
