/* SPDX-License-Identifier: GPL-3.0-or-later
 * Rows of an answer of Logs Insights into a digest: the columns of insights_query.h.
 */
#ifndef COLDPROF_PROFILER_IMPORT_INSIGHTS_ROW_H
#define COLDPROF_PROFILER_IMPORT_INSIGHTS_ROW_H

#include "model/digest/digest.h"
#include "probes/aws/logs.h"
#include "profiler/import/insights_query.h"

/* Records that were counted, by what later queries depend on. */
struct cp_insights_found {
    uint64_t n, n_failed;
    uint64_t n_by_start[CP_START_SNAPSTART + 1];
};
void cp_insights_found_add(struct cp_insights_found *to, const struct cp_insights_found *more);

struct cp_insights_rows_target {
    struct cp_digest *digest;
    const char *group;                   /* name of the log group that was asked */
    const char *function, *architecture; /* see cp_log_sink_options; NULL "" */
    enum cp_insights_kind kind;          /* of the query */
    struct cp_insights_found found;
};

/* A cp_logs_row_fn; the context is a struct cp_insights_rows_target. Columns that a record lacks
 * (no bin: it had no such value) skip the row. CP_EFORMAT: a value that cannot be. */
enum cp_code cp_insights_take_row(void *context, const struct cp_logs_row *row,
                                  struct cp_error *err);

#endif
