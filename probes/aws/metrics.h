/* SPDX-License-Identifier: GPL-3.0-or-later
 * The CloudWatch metrics client: what AWS counted about one function (GetMetricData).
 *
 * Ownership: cp_metrics_new / cp_metrics_free. Calls block. One thread.
 * Errors: as of cp_call_wait; CP_EFORMAT an answer that does not hold what it must, CP_EDENIED and
 * CP_EREMOTE also for one metric that AWS did not give.
 */
#ifndef COLDPROF_PROBES_AWS_METRICS_H
#define COLDPROF_PROBES_AWS_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "probes/aws/client.h"

/* Of namespace AWS/Lambda, dimension FunctionName. */
enum cp_metric {
    CP_METRIC_AWS_INVOCATIONS, /* billed requests */
    CP_METRIC_AWS_ERRORS,
    CP_METRIC_AWS_THROTTLES,
    CP_METRIC_AWS_CONCURRENT,             /* maximum of ConcurrentExecutions */
    CP_METRIC_AWS_PROVISIONED_CONCURRENT, /* maximum of ProvisionedConcurrentExecutions */
    CP_METRIC_AWS_SPILLOVER,              /* ProvisionedConcurrencySpilloverInvocations */
    CP_METRIC_AWS_COUNT
};

struct cp_metrics;

enum cp_code cp_metrics_new(const struct cp_client_options *options, struct cp_metrics **out,
                            struct cp_error *err);
void cp_metrics_free(struct cp_metrics *metrics); /* NULL does nothing */

/* Over the periods that begin in a time. */
struct cp_metric_summary {
    uint64_t n;         /* periods with a value; 0: AWS has none, which is not a count of 0 */
    double sum;         /* of counts */
    double most;        /* the largest value of a period, and when it began */
    int64_t most_at_ms; /* unix ms; -1 when n is 0 */
};
struct cp_metrics_query {
    const char *function;   /* name, without qualifier */
    int64_t from_ms, to_ms; /* unix ms, half-open; AWS takes the seconds */
    int period_s;           /* 60, 300, 3600: AWS keeps minutes for 15 days, 5 minutes for 63, hours
                             * for 455 */
};
/* Pages are followed. `out` is filled on CP_OK only. */
enum cp_code cp_metrics_get(struct cp_metrics *metrics, const struct cp_metrics_query *query,
                            struct cp_metric_summary out[CP_METRIC_AWS_COUNT],
                            struct cp_error *err);
/* The finest period that AWS still has of the whole time. */
int cp_metrics_period_s(int64_t from_ms, int64_t now_ms);

#endif
