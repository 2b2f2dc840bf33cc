/* SPDX-License-Identifier: GPL-3.0-or-later
 * A sweep: plan -> cells -> run. The plan is a randomised block design over (memory size x cold,
 * warm) and (memory size x idle interval); every sample is durable in the store before the next
 * send of its slot. The function is reached through the Lambda client only.
 */
#ifndef COLDPROF_PROFILER_SWEEP_SWEEP_H
#define COLDPROF_PROFILER_SWEEP_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/error.h"
#include "model/decide/quote.h"
#include "model/run.h"
#include "probes/aws/lambda.h"
#include "profiler/store/store.h"
#include "profiler/sweep/method.h"

enum { CP_SWEEP_IDLE_MAX = 16 };

struct cp_sweep_options {
    const char *function; /* name for the API */
    int memory_mb[CP_RUN_SIZES_MAX];
    size_t n_memory;        /* 0: the default sizes */
    bool is_own_memory;     /* 0: instead of these the function's own size alone */
    int max_cold, max_warm; /* per memory size; -1: defaults */
    double idle_ms[CP_SWEEP_IDLE_MAX];
    size_t n_idle;                       /* 0: none */
    bool is_idle_search;                 /* instead: intervals are chosen while it runs */
    double idle_longest_ms;              /* of a search; 0: default */
    int idle_probes;                     /* per interval, of a search at a bracket's ends; -1:
                                            default 12, of a search 10 */
    double precision_p50, precision_p95; /* relative half-widths wanted; NAN: .05 and .10 */
    bool is_counted;                     /* no cell ends by its precision: all are taken */
    int max_invocations;                 /* 0: no limit */
    int parallel_cold; /* fresh environments at once; 0: from the cores (CP_METHOD_OWN) or 10 */
    struct cp_view payload; /* JSON; empty means {} */
    uint64_t seed;
    const struct cp_demand *demand; /* kept with the run; NULL: run->traffic_per_s says it */
    struct cp_sweep_place place;    /* how, and where `lambda` points */
};

/* What is known before the first invocation. Texts and arrays are borrowed. */
struct cp_sweep_outlook {
    const char *run_id;
    const char *second_run_id; /* of the other one of two that take turns; NULL: one alone */
    const int *memory_mb;      /* ascending */
    size_t n_memory;
    size_t n_planned; /* at most so many invocations */
    size_t n_done;    /* of these, in earlier sessions */
    const char *mode; /* of an endpoint that was probed (run.mode); "" */
    bool is_billed;   /* then a quote has gone before */
    double fresh_ms;  /* assumed for starting fresh environments; NAN when it was quoted */
    double left_ms;   /* from `fresh_ms` and the idle intervals, or as quoted */
};

/* What a billed sweep will take and cost, before anything is changed or invoked. Borrowed. */
enum { CP_SWEEP_BASIS_MAX = 160 };
struct cp_sweep_quote {
    const struct cp_run *run; /* function, region, method, timeout, max_cost_usd */
    char account[8];          /* last four digits */
    const int *memory_mb;     /* ascending */
    size_t n_memory;
    size_t n_done; /* invocations of earlier sessions, in none of the numbers below */
    double takes_ms;
    const struct cp_price_book *book;
    struct cp_quote cost;
    char basis[CP_SWEEP_BASIS_MAX];        /* where the expected times come from, in words */
    double idle_first_ms, idle_longest_ms; /* of a search for the idle lifetime; NAN: none */
    double idle_expected_ms, idle_most_ms; /* its waiting; takes_ms has the expected one */
    const char *unpriced;                  /* what no amount contains, in words; NULL: nothing */
    double spent_usd;                      /* in earlier sessions, unknown ones at their worst */
};

/* One line of what the user sees: a cell, or an idle interval over all memory sizes. */
struct cp_sweep_row {
    enum cp_cell_kind kind;
    int memory_size_mb;      /* 0 for an idle interval */
    double idle_interval_ms; /* NAN except for an idle interval; NAN: all of a search */
    size_t done, total;      /* invocations; total shrinks when precision is reached early */
    double running_p95_ms;   /* NAN */
    const char *side;        /* which of two functions: "base", "new"; NULL: there is one */
};
enum { CP_SWEEP_ROWS_MAX = 2 * CP_RUN_SIZES_MAX + CP_SWEEP_IDLE_MAX };

/* What the user sees while it runs: at most every 50 ms, and at the end of each phase. */
struct cp_sweep_progress {
    const char *phase;          /* "cold and warm", "idle", "cleaning up" */
    size_t done, total;         /* invocations, primes included */
    double elapsed_ms, left_ms; /* left NAN while unknown */
    const struct cp_sweep_row *rows;
    size_t n_rows, current; /* rows[current]: the one of the last answer; SIZE_MAX: none yet */
};

struct cp_sweep_clock;

struct cp_sweep_hooks {
    void *context;
    /* Asked once for a sweep that is billed, before it changes or invokes anything; CP_OK: go on,
     * anything else ends the sweep with it. NULL: go on. */
    enum cp_code (*confirm)(void *confirm_context, const struct cp_sweep_quote *quote,
                            struct cp_error *err);
    void *confirm_context;
    /* Prices of the function, borrowed until the sweep is over; NULL: the built-in table. */
    enum cp_code (*find_price)(void *price_context, const char *region, const char *architecture,
                               const struct cp_price_book **book, struct cp_error *err);
    void *price_context;
    void (*on_plan)(void *context, const struct cp_sweep_outlook *outlook); /* once; may be NULL */
    void (*on_progress)(void *context, const struct cp_sweep_progress *progress);
    void (*on_warning)(void *context, const char *text);
    /* How often the user asked to stop: 0 go on, 1 finish flights (at most 10 s), 2 do not wait. */
    int (*stop_requests)(void *context);
    const struct cp_sweep_clock *clock; /* NULL: the real one (sweep_clock.h) */
};

/* Runs a new sweep: `run` holds the facts known before (target, place, budget, traffic, host ...);
 * it is completed and stored. On return `run->id` is set. CP_EINTERRUPTED after a stop: everything
 * measured is stored and cp_sweep_resume continues the same plan. Everything that the sweep made is
 * removed and $LATEST is as it was, also on error; where that cannot be, or after a second stop
 * request, the journal stays and a warning names the command. */
enum cp_code cp_sweep_run(struct cp_lambda *lambda, struct cp_store *store,
                          const struct cp_sweep_options *options,
                          const struct cp_sweep_hooks *hooks, struct cp_run *run,
                          struct cp_error *err);
/* Continues `run_id` by its own method (place->method does not count); finished cells are not
 * repeated. A run->max_cost_usd that is not NAN replaces the stored limit. CP_ECONFLICT when the
 * code changed. */
enum cp_code cp_sweep_resume(struct cp_lambda *lambda, struct cp_store *store, const char *run_id,
                             const struct cp_sweep_place *place, const struct cp_sweep_hooks *hooks,
                             struct cp_run *run, struct cp_error *err);

/* The embedded service as a child process of a local sweep. */
struct cp_local_service;
struct cp_local_service_options {
    const char *program;       /* our own executable */
    const char *folder;        /* function folder */
    const char *second;        /* another one, "FOLDER" or "NAME=FOLDER"; NULL: none */
    const char *region;        /* NULL: default */
    const char *idle_lifetime; /* NULL: default */
    bool throttle_init, no_cpu_share;
    uint64_t seed;
};
struct cp_local_service_facts {
    char endpoint[64], region[32], function[72], cgroup[8], idle_lifetime[64], host[256];
    char second[72]; /* function of the second folder; "" */
    struct cp_credentials credentials;
};
/* Starts it and waits for its ready line; its error text becomes ours. */
enum cp_code cp_local_service_start(const struct cp_local_service_options *options,
                                    struct cp_local_service **out,
                                    struct cp_local_service_facts *facts, struct cp_error *err);
/* When the service has ended, says so in front of `err`, with the end of what it printed. */
void cp_local_service_explain(struct cp_local_service *service, struct cp_error *err);
/* Ends it (TERM, then KILL) and reaps it; NULL is fine. */
void cp_local_service_stop(struct cp_local_service *service);

#endif
