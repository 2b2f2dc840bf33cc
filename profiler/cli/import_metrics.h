/* SPDX-License-Identifier: GPL-3.0-or-later
 * coldprof import --log-group --metrics: what CloudWatch counted about the functions found, beside
 * what their log holds.
 */
#ifndef COLDPROF_PROFILER_CLI_IMPORT_METRICS_H
#define COLDPROF_PROFILER_CLI_IMPORT_METRICS_H

#include "probes/aws/metrics.h"
#include "profiler/cli/import_cloud.h"

enum { CP_IMPORT_METRICS_MAX = 10 }; /* functions that are asked about */

/* Asks for each function of the digest and says the answer on stderr. Metrics that may not be read
 * are a warning. CP_EINTERRUPTED. */
enum cp_code cp_import_metrics_say(const struct cp_import_cloud *cloud,
                                   const struct cp_digest *digest, struct cp_error *err);

/* One function as a sentence with its line end: `n_log` invocations are in the log. */
void cp_import_metrics_text(const char *function, uint64_t n_log, bool is_whole_log,
                            const struct cp_metric_summary sums[CP_METRIC_AWS_COUNT],
                            struct cp_buf *out);

#endif
