/* SPDX-License-Identifier: GPL-3.0-or-later
 * Options of the command line as data: one row each in one const table. Parsing, defaults, the
 * COLDPROF_* variables, --help and completion all come from the row.
 * Ownership: texts in struct cp_options are borrowed from argv or the environment.
 */
#ifndef COLDPROF_PROFILER_CLI_OPTIONS_H
#define COLDPROF_PROFILER_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/error.h"
#include "model/base/view.h"
#include "model/compare/metric_key.h"
#include "model/run.h"
#include "profiler/sweep/sweep.h"

/* Commands as bits, so that a row can say where it belongs. */
enum cp_command_bit {
    CP_IN_SWEEP = 1 << 0,
    CP_IN_REPORT = 1 << 1,
    CP_IN_RUNS = 1 << 2,
    CP_IN_LOCAL = 1 << 3,
    CP_IN_HELP = 1 << 4,
    CP_IN_RECOVER = 1 << 5,
    CP_IN_POLICY = 1 << 6,
    CP_IN_IMPORT = 1 << 7,
    CP_IN_DIGEST = 1 << 8,
    CP_IN_FIT = 1 << 9,
    CP_IN_SIMULATE = 1 << 10,
    CP_IN_RECOMMEND = 1 << 11,
    CP_IN_FRONTIER = 1 << 12,
    CP_IN_APPLY = 1 << 13,
    CP_IN_PRICES = 1 << 14,
    CP_IN_COMPARE = 1 << 15,
    CP_IN_NIGHTLY = 1 << 16,
    CP_IN_HISTORY = 1 << 17,
    CP_IN_SCHEDULE = 1 << 18,
    /* Those that decide from a stored run, and can be asked another question. */
    CP_IN_REASKED = CP_IN_REPORT | CP_IN_SIMULATE | CP_IN_RECOMMEND | CP_IN_FRONTIER | CP_IN_APPLY,
    CP_IN_ALL = (1 << 19) - 1,
};

struct cp_budget {
    double q;  /* 0.99 for p99=200ms; NAN when absent */
    double ms; /* NAN when absent */
};

/* --burst N[,GAP] */
struct cp_burst {
    double n; /* mean number of requests that come together; 0 when absent */
    double gap_ms;
};

struct cp_memory_list {
    int mb[CP_RUN_SIZES_MAX];
    size_t n;
};

struct cp_duration_list {
    double ms[CP_SWEEP_IDLE_MAX];
    size_t n;
    bool is_auto; /* none given, but not 'none' */
};

enum cp_format {
    CP_FORMAT_TABLE,
    CP_FORMAT_JSON,
    CP_FORMAT_CSV,
    CP_FORMAT_MD,
    CP_FORMAT_HTML,
    CP_FORMAT_JSONL,
    /* of compare and nightly, and the last one of history */
    CP_FORMAT_JUNIT,
    CP_FORMAT_GHA_BENCHMARK,
    CP_FORMAT_BMF,
    CP_FORMAT_OPENMETRICS,
    CP_FORMAT_OTAVA_CSV,
};
/* Whose build this runs in: what is told beside the result (ci.h). */
enum cp_ci { CP_CI_AUTO, CP_CI_NONE, CP_CI_GITHUB, CP_CI_GITLAB, CP_CI_JENKINS };
enum cp_color { CP_COLOR_AUTO, CP_COLOR_ALWAYS, CP_COLOR_NEVER };

enum { CP_EXPORTS_MAX = 12, CP_FOLDERS_MAX = 32, CP_TEXTS_MAX = 32 };

/* --precision p50=5%,p95=10% or one ratio for p95. */
struct cp_precision {
    double p50, p95;
};

/* --effect 5%,5ms: the smallest change that matters; NAN: the default. */
struct cp_effect {
    double ratio, ms;
};

/* --metrics init-p95,cold; none: all. */
enum { CP_METRIC_PATTERNS_MAX = 32 };
struct cp_metric_list {
    struct cp_metric_pattern pattern[CP_METRIC_PATTERNS_MAX];
    size_t n;
};

struct cp_export {
    enum cp_format format;
    const char *path;
};

struct cp_export_list {
    struct cp_export item[CP_EXPORTS_MAX];
    size_t n;
};

/* An option that may be given several times. */
struct cp_text_list {
    const char *text[CP_TEXTS_MAX];
    size_t n;
};

/* An option as it was given, on the command line or by a variable: what schedules repeat. */
struct cp_option;
struct cp_given {
    const struct cp_option *option;
    const char *text; /* "1" for a flag */
};
enum { CP_GIVEN_MAX = 128 };
struct cp_given_list {
    struct cp_given item[CP_GIVEN_MAX];
    size_t n;
};

/* Every value the command line can set. Filled with each row's default first. */
struct cp_options {
    /* what to decide */
    struct cp_budget budget;
    const char *traffic;   /* a rate, "mean", a path or "-"; NULL when absent: see demand.h */
    double traffic_factor; /* 0 when absent */
    struct cp_burst burst;
    const char *workload_class, *risk; /* NULL when absent */
    double throttle_target;            /* share of requests; 0 when absent */
    bool has_other_code;               /* runs to compare may be of other code */
    /* what it costs */
    bool has_free_tier;
    double account_gb_s;      /* NAN when absent */
    const char *savings_plan; /* NULL: none */
    const char *prices;       /* a price file; NULL: the newest known */
    /* what to measure */
    struct cp_memory_list memory;
    int max_cold, max_warm;
    struct cp_duration_list idle;
    double idle_max_ms; /* 0 when absent */
    double wait_ms;     /* for a store in use; 0 when absent */
    int idle_probes;
    struct cp_precision precision;
    int max_invocations;
    double max_cost_usd; /* NAN when absent */
    bool is_yes;         /* go on without asking */
    int parallel_cold;
    const char *payload; /* JSON, or @FILE */
    uint64_t seed;
    bool has_seed;
    const char *resume; /* run id */
    /* where it runs */
    const char *region, *endpoint_url;
    bool insecure_endpoint;
    const char *profile, *credentials_from; /* NULL: the ordinary chain */
    const char *idle_lifetime;
    bool throttle_init, no_cpu_share;
    bool in_place, yes_production, is_dry_run;
    /* recover, iam-policy */
    const char *function, *account, *mode;
    const char *apply_format, *alias, *candidate; /* apply; NULL: not given */
    bool is_undo;
    bool is_all; /* frontier */
    /* compare */
    struct cp_effect effect;
    struct cp_metric_list metrics_wanted;
    const char *allow; /* NULL: nothing */
    const char *tail;  /* fit: "gpd"; NULL: no tail beyond the data */
    /* simulate */
    double sim_warm_ms, sim_cold_ms; /* 0 when absent, as the next two */
    double requests, hours;
    const char *sim_lifetime, *sim_law, *schedule, *track, *arrivals_file;
    int provisioned, reserved;
    /* history */
    const char *metric, *note, *at; /* NULL when absent */
    int nights;                     /* 0 when absent */
    /* import, digest */
    const char *architecture;
    int threads; /* 0: one per core, at most 8 */
    /* import from CloudWatch */
    struct cp_text_list log_groups;
    const char *since, *until, *stream_prefix;
    bool insights, metrics, all_lines, fresh;
    bool is_list, is_prune;
    /* local serve */
    const char *listen;
    bool runs_code_known;
    const char *account_id;
    int port, ready_fd, parent_pid, update_delay_ms, account_concurrency, control_rate;
    const char *log_file;
    /* what to show */
    enum cp_format format;
    bool has_format;
    bool is_json;
    struct cp_export_list exports;
    const char *output;
    const char *explain;
    enum cp_color color;
    enum cp_ci ci;
    bool is_quiet, is_verbose, exit_zero;
    const char *notify_command; /* NULL: none */
    const char *against;        /* the base of two builds that take turns; NULL: none */
    bool wants_help, wants_version;
    const char *store;
    /* schedule */
    int hour;
    const char *schedule_name;  /* NULL: made from the target's */
    struct cp_given_list given; /* in the order they were read */
    const char *plan_option;    /* the last one given that decides the plan, "memory"; NULL: none */
};

/* Themes of --help, in this order. */
enum cp_option_theme {
    CP_THEME_DECIDE,
    CP_THEME_MEASURE,
    CP_THEME_PLACE,
    CP_THEME_SERVICE,
    CP_THEME_SHOW,
    CP_THEME_COMMON,
    CP_THEME_PROGRAMS,
    CP_THEME_COUNT,
};
const char *cp_option_theme_name(enum cp_option_theme theme);

/* How a value is read; each has one reader in options.c. */
enum cp_option_type {
    CP_OPTION_FLAG,
    CP_OPTION_TEXT,
    CP_OPTION_INT,
    CP_OPTION_SEED,
    CP_OPTION_TRAFFIC,
    CP_OPTION_FACTOR,
    CP_OPTION_SHARE,
    CP_OPTION_BURST,
    CP_OPTION_USD,
    CP_OPTION_GB_S, /* a double, as USD */
    CP_OPTION_BUDGET,
    CP_OPTION_CLASS,
    CP_OPTION_RISK,
    CP_OPTION_PRECISION,
    CP_OPTION_MEMORY_LIST,
    CP_OPTION_DURATION,
    CP_OPTION_DURATION_LIST,
    CP_OPTION_FORMAT,
    CP_OPTION_COLOR,
    CP_OPTION_CI,
    CP_OPTION_EXPORT,
    CP_OPTION_TEXT_LIST,
    CP_OPTION_EFFECT,
    CP_OPTION_METRICS,
};

struct cp_option {
    const char *name; /* without "--" */
    const char *metavar;
    char letter;  /* 0 when none */
    bool is_plan; /* decides what a sweep measures: a resumed one keeps it */
    enum cp_option_type type;
    enum cp_option_theme theme;
    int min, max; /* CP_OPTION_INT */
    unsigned commands;
    size_t offset;            /* in struct cp_options */
    size_t seen;              /* offset of a bool set when given; 0 when none */
    const char *default_text; /* read like a given value; NULL: zero, NAN or NULL */
    const char *help;         /* one sentence, lower case */
};

/* The table, ended by a row without name. */
const struct cp_option *cp_option_table(void);

/* Reads defaults, then COLDPROF_<NAME> variables through `get`, then argv[0..argc). Words that are
 * not options go to `words` (CP_EINVAL beyond its room). "--" ends the options.
 * CP_EINVAL names the option, suggests the nearest known one, and shows a valid value. */
struct cp_words {
    const char **word; /* the caller's, room for `max` */
    size_t n, max;     /* argc is always enough */
};
enum cp_code cp_options_read(unsigned command, int argc, char *const *argv, cp_getenv_fn get,
                             void *get_context, struct cp_options *out, struct cp_words *words,
                             struct cp_error *err);

#endif
