/* SPDX-License-Identifier: GPL-3.0-or-later
 * What is compared from night to night: a quantile of a timing at a memory size, with the name it
 * has in every output and file: "1024MB/init-p95". Pure.
 */
#ifndef COLDPROF_MODEL_METRIC_KEY_H
#define COLDPROF_MODEL_METRIC_KEY_H

#include <stdbool.h>

#include "model/base/view.h"

/* A restore is never called init, and never compared with one. */
enum cp_timing {
    CP_TIMING_INIT,    /* Init Duration */
    CP_TIMING_RESTORE, /* Restore Duration */
    CP_TIMING_COLD,    /* either and the first handler run */
    CP_TIMING_WARM,    /* Duration of a warm start */
    CP_TIMING_COUNT,
};
/* "init", "restore", "cold", "warm" */
const char *cp_timing_name(enum cp_timing timing);

/* The quantiles of a night, in this order. */
enum { CP_METRIC_QUANTILES = 3 };
extern const double cp_metric_quantiles[CP_METRIC_QUANTILES]; /* 0.5, 0.95, 0.99 */

struct cp_metric_key {
    enum cp_timing timing;
    double q; /* 0.95 */
    int memory_size_mb;
};

enum { CP_METRIC_KEY_MAX = 32 };
/* "1024MB/init-p95", returns `out`. */
const char *cp_metric_key_name(const struct cp_metric_key *metric, char out[CP_METRIC_KEY_MAX]);
/* The other way round; false: it is no such name. */
bool cp_metric_key_by_name(struct cp_view name, struct cp_metric_key *metric);
/* Which metrics are meant: "init-p95", "cold", "p99", "1024MB", "1024MB/warm-p50". */
struct cp_metric_pattern {
    int memory_size_mb;    /* 0: any */
    enum cp_timing timing; /* CP_TIMING_COUNT: any */
    double q;              /* NAN: any; else one of cp_metric_quantiles */
};
/* False: it is none. */
bool cp_metric_pattern_by_name(struct cp_view name, struct cp_metric_pattern *pattern);
bool cp_metric_pattern_fits(const struct cp_metric_pattern *pattern,
                            const struct cp_metric_key *metric);
/* By memory size, timing, quantile; as qsort wants it. */
int cp_metric_key_order(const struct cp_metric_key *a, const struct cp_metric_key *b);

#endif
