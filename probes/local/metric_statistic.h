/* SPDX-License-Identifier: GPL-3.0-or-later
 * Values of CloudWatch's metrics and statistics from the service's records.
 */
#ifndef COLDPROF_PROBES_LOCAL_METRIC_STATISTIC_H
#define COLDPROF_PROBES_LOCAL_METRIC_STATISTIC_H

#include "model/base/view.h"
#include "probes/local/metric_store.h"

enum cp_metric_statistic_kind {
    CP_STATISTIC_SUM,
    CP_STATISTIC_AVERAGE,
    CP_STATISTIC_MINIMUM,
    CP_STATISTIC_MAXIMUM,
    CP_STATISTIC_SAMPLES,
    CP_STATISTIC_PERCENTILE,
};

struct cp_metric_statistic {
    enum cp_metric_statistic_kind kind;
    double percent; /* of PERCENTILE, 0..100 */
};
/* false: not one of them. */
bool cp_metric_statistic_read(struct cp_view text, struct cp_metric_statistic *out);

/* Of the records [from, to) of a series; NAN: there is no data. `metric` is CloudWatch's name. */
double cp_metric_value(const struct cp_metric_series *series, size_t from, size_t to,
                       const char *metric, const struct cp_metric_statistic *statistic);

#endif
