/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a comparison or a night says, once for every output: one gate per metric, each with its
 * verdict and the inequality that decides it, and whether the build fails. Everything but the
 * arrays is borrowed. Owner: cp_gates_clear.
 */
#ifndef COLDPROF_REPORTS_GATE_H
#define COLDPROF_REPORTS_GATE_H

#include "model/compare/comparison.h"
#include "model/compare/night.h"
#include "model/compare/trend.h"
#include "reports/report.h"

enum cp_gates_kind {
    CP_GATES_COMPARE, /* two runs, made when they were made */
    CP_GATES_PAIR,    /* two runs whose invocations took turns */
    CP_GATES_NIGHT,   /* a night against the nights before it */
};

struct cp_gate {
    struct cp_metric_key metric;
    enum cp_change_verdict verdict;
    enum cp_trend_state state; /* CP_GATES_NIGHT; else CP_TREND_STEADY */
    bool fails;
    struct cp_interval base_ms, new_ms, ratio;
    size_t n_base, n_new;              /* samples; n_base of nights: nights */
    size_t n_needed;                   /* of each for an interval, or a narrow enough one; 0 */
    double worse_p_adjusted, screen_p; /* NAN where there is none */
    char because[240];                 /* the decisive inequality, a sentence without an end */
};

struct cp_gates {
    enum cp_gates_kind kind;
    const char *command; /* that says it, a constant; NULL: "compare" of runs, else "nightly" */
    const struct cp_run *base; /* NULL of CP_GATES_NIGHT */
    const struct cp_run *now;
    struct cp_gate *gates; /* by cp_metric_key_order; owned */
    size_t n;
    size_t n_by_verdict[CP_CHANGE_REGRESSION + 1];
    size_t n_failed;
    /* of a night: tonight is the so-manieth of so many first nights, of the metric that has fewest
     * and only learns yet; 0: none does */
    size_t learning_night, learning_nights;
    double effect, effect_ms;
    const struct cp_comparison *comparison; /* NULL of CP_GATES_NIGHT */
    const struct cp_history *history;       /* of CP_GATES_NIGHT, tonight last; else NULL */
    struct cp_warning warnings[8];
    size_t n_warnings;
};

/* Of two runs. CP_ENOMEM. */
enum cp_code cp_gates_of_comparison(const struct cp_comparison *comparison,
                                    const struct cp_run *base, const struct cp_run *now,
                                    bool is_pair, struct cp_gates *out, struct cp_error *err);
/* Of the figures of two runs: their common series compared into `comparison`, and what the
 * quantiles do not say. A memory size that ran and cannot run now fails; what only one of them has,
 * what an endpoint does not show, and that nights differ, are warnings. `out` borrows the
 * comparison and both figures. CP_ENODATA: they have no series in common; CP_EINVAL, CP_ENOMEM.
 * Owner of both: cp_gates_clear, cp_comparison_clear. */
struct cp_gates_question {
    struct cp_comparison_options options;
    bool is_pair;
    const char *allowed; /* differences that were put up with, in words; NULL or "" none */
};
enum cp_code cp_gates_of_runs(const struct cp_figures *base, const struct cp_figures *now,
                              const struct cp_gates_question *question,
                              struct cp_comparison *comparison, struct cp_gates *out,
                              struct cp_error *err);
/* Of the newest night of a history, which `now` is the run of, with its cells and samples; both are
 * borrowed. One gate per metric of the last nights. A metric without an interval
 * is INCONCLUSIVE (n_needed), such nights are not judged by either. One that tonight has not is
 * INCONCLUSIVE (n_new 0) and told by a warning; where its memory size could not run at all it is a
 * REGRESSION that fails, on the first night, until that is accepted. CP_ENOMEM, CP_EINVAL. */
enum cp_code cp_gates_of_history(const struct cp_history *history, const struct cp_run_data *now,
                                 const struct cp_trend_options *options, struct cp_gates *out,
                                 struct cp_error *err);
void cp_gates_clear(struct cp_gates *gates);

/* The night-to-night effect of a function, sd of logs: the largest that its newest night knows of a
 * metric with an interval. NAN: not known (yet). CP_ENOMEM. */
enum cp_code cp_history_day_sd(const struct cp_history *history,
                               const struct cp_trend_options *options, double *day_sd,
                               struct cp_error *err);

/* The verdict in a line: "REGRESSION: 2 of 12 metrics; ..."; no line's end. */
void cp_gates_verdict_text(const struct cp_gates *gates, struct cp_buf *out);
/* The documents. */
void cp_gates_text(const struct cp_gates *gates, const struct cp_text_style *style,
                   struct cp_buf *out);
void cp_gates_json(const struct cp_gates *gates, struct cp_buf *out);
void cp_gates_markdown(const struct cp_gates *gates, struct cp_buf *out);
void cp_gates_csv(const struct cp_gates *gates, struct cp_buf *out);
/* For other tools (gate_formats.c and beside): one function a consumer. */
void cp_gates_junit(const struct cp_gates *gates, struct cp_buf *out);
void cp_gates_gha_benchmark(const struct cp_gates *gates, struct cp_buf *out);
void cp_gates_bmf(const struct cp_gates *gates, struct cp_buf *out);
void cp_gates_openmetrics(const struct cp_gates *gates, struct cp_buf *out);
/* One row per night of a history. */
void cp_history_otava_csv(const struct cp_history *history, struct cp_buf *out);

#endif
