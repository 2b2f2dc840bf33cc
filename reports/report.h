/* SPDX-License-Identifier: GPL-3.0-or-later
 * Everything a person reads. Figures are computed once from a run (cp_figures_new) and rendered by
 * one function per format; a number is formatted by one function only, so every format says the
 * same. Renderers take the struct and return bytes; they open nothing. The exception is gnuplot,
 * a child process behind a pipe (gnuplot.h).
 */
#ifndef COLDPROF_REPORTS_REPORT_H
#define COLDPROF_REPORTS_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "model/base/buf.h"
#include "model/decide/optimize.h"
#include "model/decide/quote.h"
#include "model/digest/digest.h"
#include "model/digest/digest_idle.h"
#include "model/digest/digest_retries.h"
#include "model/digest/traffic.h"
#include "model/run.h"
#include "model/stat/idle_survival.h"
#include "model/stat/memory_law.h"
#include "model/stat/memory_tail.h"
#include "model/stat/quantile.h"
#include "model/stat/tail_pool.h"
#include "model/stat/tail_ratio.h"

/* What is measured at each memory size, and which of its quantiles are fitted. */
enum cp_series {
    CP_SERIES_INIT, /* init or restore */
    CP_SERIES_COLD_HANDLER,
    CP_SERIES_COLD, /* both together */
    CP_SERIES_WARM,
    CP_SERIES_COUNT
};
enum { CP_LAW_P50, CP_LAW_P95, CP_LAW_COUNT };
enum { CP_TAIL_P95, CP_TAIL_P99, CP_TAIL_COUNT };

/* Statistics of one memory size, all from its own samples. */
struct cp_size_figures {
    int memory_size_mb;
    size_t n_cold, n_warm, n_excluded, n_failed;
    /* of n_cold and n_warm (and of n_failed): ended by the function timeout, so right-censored.
     * Above every other duration in the arrays (+INFINITY), `timeout_ms` in costs. */
    size_t n_cold_timeout, n_warm_timeout;
    double timeout_ms; /* the longest that one of these ran; NAN without any */
    /* values in the arrays below: all, or of a large log CP_FIGURES_VALUES_MAX that stand for them
     */
    size_t n_cold_values, n_warm_values;
    struct cp_estimate init_p50, init_p95; /* of a restored environment: its restore */
    struct cp_estimate cold_handler_p50, cold_handler_p95;
    /* init or restore + first handler run, per environment */
    struct cp_estimate cold_p50, cold_p95, cold_p99;
    struct cp_estimate warm_p50, warm_p95, warm_p99;
    struct cp_estimate cold_tail_ratio, warm_tail_ratio; /* p99 / p50, see tail_ratio.h */
    struct cp_estimate client_warm_p50;                  /* client latency, as a cross-check */
    struct cp_estimate wall_p50, wall_p95, wall_p99;     /* wall-clock runs: client times only */
    double billed_p50_ms;
    struct cp_interval usd_per_million; /* warm; cold separately below */
    double usd_per_million_cold;
    int max_memory_used_mb; /* largest seen, -1 unknown */
    double headroom_ratio;  /* 1 - used / size */
    bool cannot_run;
    char cannot_run_note[CP_SAMPLE_NOTE_MAX];
    /* sorted values behind the estimates (parts of cp_figures.values) */
    double *init_ms, *cold_handler_ms, *cold_ms,
        *warm_ms; /* three times n_cold_values, n_warm_values */
    /* the tails of each series, shared with the other sizes: a model's (tail_pool.h) */
    struct cp_tail tails[CP_SERIES_COUNT][CP_TAIL_COUNT];
    /* unsorted, n_cold_values, the same environment at the same index */
    double *pair_init_ms, *pair_handler_ms, *pair_billed_ms;
};

/* The sorted values of a series, and how many; borrowed. */
const double *cp_size_series(const struct cp_size_figures *size, enum cp_series series, size_t *n);

struct cp_warning {
    char id[8];       /* W012: stable */
    char text[240];   /* the number and what it means */
    char advice[240]; /* what to do next */
};
enum { CP_WARNINGS_MAX = 40, CP_FIGURES_VALUES_MAX = 20000 };

struct cp_fitted_list;
struct cp_history_view;

/* The traffic asked about, on demand at one memory size: simulated over windows of its span. */
struct cp_demand_figures {
    enum cp_code status; /* CP_ENODATA: no traffic, or no durations; in flight then NAN and 0 */
    double mean_per_s;
    /* in the busiest minute, interval or hour of the week; NAN of a rate */
    double peak_per_s, peak_over_ms;
    int memory_size_mb; /* whose durations */
    /* requests in flight */
    double mean, p50, p95, p999;
    int max;
    double simulated_share; /* of the traffic's span; 1 of a rate */
};

/* Where the week by hour comes from. */
enum cp_week_source { CP_WEEK_NONE, CP_WEEK_LOGGED, CP_WEEK_SIMULATED };

/* An architecture with and without SnapStart. */
enum { CP_VARIANTS_MAX = 4 };

struct cp_figures {
    const struct cp_run_data *data; /* borrowed */
    /* How a fresh environment starts in this run: CP_START_COLD (init) or CP_START_SNAPSTART
     * (restore). The word for it comes from cp_words (words.h) everywhere. */
    enum cp_start_kind fresh_start;
    /* Other runs whose sizes are candidates too; owned. Of these only what was measured is filled:
     * sizes and prices, no law, no decision. */
    struct cp_figures *variants[CP_VARIANTS_MAX - 1];
    size_t n_variants;
    struct cp_size_figures sizes[CP_RUN_SIZES_MAX]; /* ascending memory */
    size_t n_sizes;
    struct cp_fitted_list *fitted; /* owned: every model, see fitted.h */
    double *values;                /* owned: the arrays of all sizes in one block */
    struct cp_memory_law laws[CP_SERIES_COUNT][CP_LAW_COUNT];
    struct cp_memory_tail tail_laws[CP_SERIES_COUNT]; /* p99 */
    struct cp_tail_pool pools[CP_SERIES_COUNT][CP_TAIL_COUNT];
    struct cp_estimate pooled_init_p50, pooled_init_p95,
        pooled_init_p99; /* when init does not follow memory */
    bool is_init_pooled;
    struct cp_idle_survival survival;
    struct cp_decision decision;
    const struct cp_price_book *price;
    struct cp_accounting accounting;
    struct cp_spend spend; /* of the sweep itself; without a book it was not billed */
    size_t n_mismatched;
    /* of a log; of sweeps CP_ENODATA and 0 */
    struct cp_digest_era eras[CP_ERA_COUNT]; /* cold starts by the time of billing */
    struct cp_traffic traffic;
    struct cp_demand_figures demand;
    /* requests in flight by hour: of the log, or under the traffic asked about */
    struct cp_traffic_hour week[CP_TRAFFIC_HOURS];
    enum cp_week_source week_source;
    struct cp_digest_idle idle; /* the probes behind `survival` */
    struct cp_digest_retries retries;
    size_t n_by_outcome[CP_OUTCOME_UNKNOWN + 1];
    /* of a log whose own traffic is asked about: decides on demand; else NAN */
    struct cp_interval observed_cold_share;
    struct cp_history_view *history; /* of the function up to this run; NULL: none; owned */
    struct cp_warning warnings[CP_WARNINGS_MAX]; /* worst first */
    size_t n_warnings;
};

/* Computes everything once. CP_EINVAL for a run without samples or digest, CP_ENOTFOUND for a
 * region without prices. Owner: cp_figures_free. */
enum cp_code cp_figures_new(const struct cp_run_data *data, struct cp_figures **out,
                            struct cp_error *err);
/* What was measured, and no more: sizes with their values and estimates. Nothing is fitted or
 * decided; a Region without prices has no costs (NAN). CP_EINVAL as above. */
enum cp_code cp_figures_measured(const struct cp_run_data *data, struct cp_figures **out,
                                 struct cp_error *err);
/* Runs of one function that differ in architecture or start: variants of one question. */
struct cp_variant_runs {
    /* Borrowed. The first is what runs now, and its budget, traffic, account and idle law are the
     * question's. */
    const struct cp_run_data *const *data;
    size_t n;            /* 1..CP_VARIANTS_MAX */
    bool has_other_code; /* function name, code and payload may differ */
};
/* The same with the candidates of all runs. CP_EINVAL also for runs that do not compare, CP_ELIMIT
 * for more memory sizes than one question has room for. */
enum cp_code cp_figures_of_variants(const struct cp_variant_runs *runs, struct cp_figures **out,
                                    struct cp_error *err);
void cp_figures_free(struct cp_figures *figures);

struct cp_text_style {
    bool use_color;
    int width; /* columns; 0 means 80 */
};

/* REPORT-DESIGN F. */
void cp_report_text(const struct cp_figures *f, const struct cp_text_style *style,
                    struct cp_buf *out);
void cp_report_json(const struct cp_figures *f, struct cp_buf *out);
void cp_report_markdown(const struct cp_figures *f, struct cp_buf *out);
/* The sample list or the per-size table as CSV (RFC 4180, formula-safe text cells). */
void cp_report_csv(const struct cp_figures *f, struct cp_buf *out);

/* One sample a line (jsonl.c). CP_EUNSUPPORTED: a run of histograms has none. */
enum cp_code cp_report_jsonl(const struct cp_run_data *data, struct cp_buf *out,
                             struct cp_error *err);

/* Charts: inline SVG for the page and PNG for slides, made by one gnuplot child each. */
enum cp_chart_id {
    CP_CHART_FRONTIER,
    CP_CHART_INIT,
    CP_CHART_DURATION,
    CP_CHART_ECDF,
    CP_CHART_SURVIVAL,
    CP_CHART_WEEK,    /* of logs, and of traffic that has a clock */
    CP_CHART_PCSWEEP, /* of a decision with levels, as the next */
    CP_CHART_PCCOLD,
    CP_CHART_HISTORY, /* of functions measured on several nights */
    CP_CHART_COUNT
};
/* Does the run have a week by hour? */
bool cp_figures_has_week(const struct cp_figures *f);
/* Has its function several nights to draw? */
bool cp_figures_has_history(const struct cp_figures *f);
/* Environments that the recommended setting keeps ready in an hour of the week, UTC. NAN: none by
 * the clock (on demand, target tracking, no recommendation). */
double cp_figures_provisioned_at(const struct cp_figures *f, size_t hour);
/* "frontier", ...; of the chart of init durations "restore" when environments are restored. */
const char *cp_chart_name(const struct cp_figures *f, enum cp_chart_id id);

struct cp_charts {
    struct cp_buf
        svg[CP_CHART_COUNT]; /* empty where there is nothing to draw or gnuplot is missing */
    struct cp_buf png[CP_CHART_COUNT];
    char warning[400]; /* "" or why charts are missing and what to install */
};
/* Never fails: a missing or failing gnuplot is charts->warning. `gnuplot` NULL: "gnuplot" on PATH.
 */
void cp_charts_make(const struct cp_figures *f, const char *gnuplot, struct cp_charts *charts);
void cp_charts_clear(struct cp_charts *charts);
/* The table beside a chart, as CSV. */
void cp_chart_csv(const struct cp_figures *f, enum cp_chart_id id, struct cp_buf *out);

/* One self-contained page. `charts` may be NULL (tables only). */
void cp_report_html(const struct cp_figures *f, const struct cp_charts *charts, struct cp_buf *out);

#endif
