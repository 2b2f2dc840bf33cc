/* SPDX-License-Identifier: GPL-3.0-or-later
 * Two measurements of a function compared, metric by metric: the ratio of each quantile with a
 * verdict (ratio.h), all of them judged together, and how the distributions moved.
 *
 * Many comparisons: a metric's p is that of its ratio being no worse than the effect that matters
 * (one-sided, from the interval's own width on the log scale), adjusted over all metrics by
 * Benjamini and Hochberg. A REGRESSION stands only where its interval is above and the adjusted p
 * is at most `level`; else it is INCONCLUSIVE (`is_adjusted_away`). Brunner-Munzel of each series,
 * adjusted likewise, screens and is shown; it decides nothing: it does not see a tail.
 *
 * The shift function of each series (shift.h) shows where the distributions moved. Durations in ms,
 * > 0. Pure; equal for a seed whatever the number of threads and the other series.
 */
#ifndef COLDPROF_MODEL_COMPARISON_H
#define COLDPROF_MODEL_COMPARISON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/error.h"
#include "model/compare/metric_key.h"
#include "model/compare/ratio.h"
#include "model/compare/shift.h"
#include "model/compare/two_sample.h"

struct cp_comparison_series {
    enum cp_timing timing;
    int memory_size_mb;
    const double *base_ms, *new_ms; /* ascending, borrowed; INFINITY: a timeout */
    size_t n_base, n_new;
};

struct cp_comparison_options {
    double effect, effect_ms; /* NAN: CP_CHANGE_EFFECT, CP_CHANGE_EFFECT_MS */
    double level;             /* of adjusted p; 0 means 0.05 */
    double day_sd;            /* of log quantiles between nights: 0 when measured in turns */
    int n_resamples;          /* of the shift function; 0: it has no intervals */
    uint64_t seed;
    int threads; /* 0: one */
    /* Which metrics are judged, and so adjusted for; NULL: all. */
    bool (*is_wanted)(const void *context, const struct cp_metric_key *metric);
    const void *wanted_context;
};

struct cp_compared_series {
    enum cp_timing timing;
    int memory_size_mb;
    size_t n_base, n_new;
    struct cp_two_sample test;
    double screen_p;                               /* Brunner-Munzel, adjusted; NAN: not tested */
    struct cp_interval shift_ms[CP_SHIFT_DECILES]; /* p10 .. p90, new - base */
    double base_decile_ms[CP_SHIFT_DECILES];
};

struct cp_compared_metric {
    struct cp_metric_key metric;
    size_t series; /* index */
    struct cp_ratio ratio;
    double worse_p, worse_p_adjusted; /* NAN without an interval */
    bool is_adjusted_away;
};

struct cp_comparison {
    struct cp_compared_series *series; /* as given; owned */
    size_t n_series;
    struct cp_compared_metric *metrics; /* series by series, their wanted quantiles; owned */
    size_t n_metrics;
    size_t n_by_verdict[CP_CHANGE_REGRESSION + 1];
    double effect, effect_ms, level, day_sd; /* as used */
};

/* CP_EINVAL for options that cannot be; CP_ENOMEM. Owner: cp_comparison_clear. */
enum cp_code cp_comparison_make(const struct cp_comparison_series *series, size_t n_series,
                                const struct cp_comparison_options *options,
                                struct cp_comparison *out, struct cp_error *err);
void cp_comparison_clear(struct cp_comparison *comparison);

#endif
