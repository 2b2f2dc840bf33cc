/* SPDX-License-Identifier: GPL-3.0-or-later
 * Every fitted model of a run as data: formula, parameters with interval and method, goodness of
 * fit, what it says, and what was refused. The terminal (`coldprof fit`), JSON and the method
 * appendix of the page print this one list; none of them knows a model. Filled from the figures:
 * nothing is estimated here but predictions.
 *
 * Texts hold no foreign text. The list is owned by the figures; names in it are constants.
 */
#ifndef COLDPROF_REPORTS_FITTED_H
#define COLDPROF_REPORTS_FITTED_H

#include "model/stat/idle_survival.h"
#include "model/stat/parameter.h"
#include "reports/format.h"
#include "reports/json_writer.h"
#include "reports/report.h"

enum {
    CP_FITTED_MAX = 48,
    CP_FITTED_CHECKS_MAX = 8,
    CP_FITTED_VALUES_MAX = CP_IDLE_POINTS_MAX,
    CP_FITTED_TEXT_MAX = 240,
    CP_PREDICTIONS_MAX = 16,
};

/* A number that says how good a fit is. */
struct cp_fitted_check {
    const char *name;
    enum cp_unit unit;
    double value;       /* not shown when NAN */
    const char *remark; /* "flagged above 3"; "" none */
};

/* What the model says at one place: a memory size, an idle interval. */
struct cp_fitted_value {
    double at;
    enum cp_answer status;
    struct cp_interval value; /* as far as the status allows; `high` alone for an upper bound */
    double n;                 /* samples that stand behind it; NAN: not said */
    size_t n_needed;          /* TOO_FEW: what would do; else 0 */
    const char *label;        /* NULL, or whose word it is: "log-normal model beyond the data" */
};

struct cp_fitted {
    char id[32];    /* "warm_p50" */
    char title[96]; /* "warm duration by memory size, p50" */
    char formula[CP_FITTED_TEXT_MAX];
    char refused[CP_FITTED_TEXT_MAX]; /* "" when it was fitted; else why not and what would do */
    struct cp_parameter parameters[CP_PARAMETERS_MAX];
    size_t n_parameters;
    size_t n_samples, n_groups;
    const char *group_word; /* "memory size", "idle interval": of n_groups, and of values */
    struct cp_fitted_check checks[CP_FITTED_CHECKS_MAX];
    size_t n_checks;
    enum cp_unit at_unit, value_unit;
    struct cp_fitted_value values[CP_FITTED_VALUES_MAX];
    size_t n_values;
    char note[CP_FITTED_TEXT_MAX]; /* an assumption or a flag, in words; "" none */
    bool is_flagged;               /* the note says not to trust it as it is */
};

struct cp_fitted_list {
    struct cp_fitted models[CP_FITTED_MAX];
    size_t n;
};

/* Replaces f->fitted by what the figures hold now. false: out of memory. */
bool cp_fitted_fill(struct cp_figures *f);

/* What takes longer, fractions of a second for each series: its mean over memory, which law
 * describes it at the size that the decision is about, and with `with_gpd_tail` a generalised
 * Pareto tail of it. false: out of memory. */
bool cp_fitted_add_slow(struct cp_figures *f, bool with_gpd_tail);

/* --- predictions at a memory size that was not measured --- */

struct cp_prediction {
    char id[32]; /* "warm_p99" */
    char title[96];
    struct cp_interval value_ms; /* NAN when refused; `high` alone: an upper bound */
    const char *method;          /* of the interval */
    const char *note;            /* a flag of the model in words; "" none */
    char refused[CP_FITTED_TEXT_MAX];
};
/* How many; at most CP_PREDICTIONS_MAX. */
size_t cp_fitted_predict(const struct cp_figures *f, double memory_mb,
                         struct cp_prediction out[CP_PREDICTIONS_MAX]);

/* --- renderers --- */

/* One parameter's number in its own unit: "3.02 [2.90, 3.10]", "3.02, at most 3.10",
 * "at most 3.10", "1,769",
 * "none". */
const char *cp_parameter_format(const struct cp_parameter *p, char out[CP_FORMAT_MAX]);
/* One line each, without an end: n; the checks; one value, with its unit. */
void cp_fitted_n_text(const struct cp_fitted *m, struct cp_buf *out);
void cp_fitted_checks_text(const struct cp_fitted *m, struct cp_buf *out);
void cp_fitted_value_text(const struct cp_fitted *m, const struct cp_fitted_value *v,
                          struct cp_buf *out);

/* `memory_mb` of n_memory predictions. */
struct cp_fit_request {
    const int *memory_mb;
    size_t n_memory;
};
void cp_fit_text(const struct cp_figures *f, const struct cp_fit_request *request,
                 const struct cp_text_style *style, struct cp_buf *out);
void cp_fit_json(const struct cp_figures *f, const struct cp_fit_request *request,
                 struct cp_buf *out);
/* The array "models" of a document that is being written. */
void cp_fitted_json(const struct cp_figures *f, struct cp_json *j);
/* The part of the page's method appendix, with its heading. */
void cp_fitted_html(const struct cp_figures *f, struct cp_buf *out);

#endif
