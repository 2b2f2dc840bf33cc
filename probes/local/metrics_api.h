/* SPDX-License-Identifier: GPL-3.0-or-later
 * CloudWatch's GetMetricData over what the service counts, JSON 1.0: namespace AWS/Lambda;
 * Invocations, Errors, Throttles, Duration, ConcurrentExecutions (its Maximum only),
 * ProvisionedConcurrencyInvocations, ProvisionedConcurrencySpilloverInvocations; dimensions none,
 * FunctionName, FunctionName and Resource, FunctionName and ExecutedVersion; statistics Sum,
 * Average, Minimum, Maximum, SampleCount, pNN (of Duration within 0.4 %, the bins' width). Other
 * metrics have no data here; expressions and other statistics are refused.
 *
 * No sockets, no clock.
 */
#ifndef COLDPROF_PROBES_LOCAL_METRICS_API_H
#define COLDPROF_PROBES_LOCAL_METRICS_API_H

#include "probes/local/control.h"
#include "probes/local/metric_store.h"
#include "probes/local/rate_limit.h"

struct cp_metrics {
    struct cp_metric_store store;
    struct cp_rate_limit limit;
};

/* `rate_ratio` of AWS's quota of requests; 0: no limit. */
void cp_metrics_init(struct cp_metrics *metrics, double rate_ratio);
void cp_metrics_clear(struct cp_metrics *metrics);
/* The response is always filled. */
void cp_metrics_handle(struct cp_metrics *metrics, const char *action, struct cp_view body,
                       int64_t now_ms, double mono_ms, struct cp_api_response *response);

#endif
