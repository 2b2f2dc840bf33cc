/* SPDX-License-Identifier: GPL-3.0-or-later
 * Log groups counted in AWS by Logs Insights, into a digest: the queries of insights_query.h, asked
 * for ever shorter times until every answer is below the 10,000 rows that AWS gives at most.
 *
 * Exact, as far as the bins go: counts, sums, least and largest of every bin; arrivals, busy time
 * and requests in flight of every minute. Not there: raw records, the sample of requests, log
 * streams, eras of billing; and no telling of records that a function printed.
 *
 * An interruption keeps nothing: the queries are a matter of minutes.
 */
#ifndef COLDPROF_PROFILER_IMPORT_INSIGHTS_IMPORT_H
#define COLDPROF_PROFILER_IMPORT_INSIGHTS_IMPORT_H

#include "profiler/import/cloud_import.h"

/* Of CP_EFORMAT: an answer whose columns are not what was asked for. CP_ELIMIT: 10,000 rows in a
 * second. */
enum cp_code cp_insights_import(const struct cp_cloud_import_options *options,
                                struct cp_digest *digest, struct cp_cloud_import_result *result,
                                struct cp_error *err);

#endif
