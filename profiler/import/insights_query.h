/* SPDX-License-Identifier: GPL-3.0-or-later
 * Texts of the CloudWatch Logs Insights queries that count a log in AWS, into the bins of
 * model/digest/histogram.h. Pure.
 *
 * A query is about one log group, one shape of records (text or JSON) and the events of the
 * half-open time [from, to). The boundaries are part of the text, to the millisecond: the times of
 * StartQuery are whole seconds, both included.
 *
 * Only what Insights' reference names is used, and nothing whose result has several notations:
 * strcontains is 1 or 0, where ispresent is a Boolean; a start kind has a query of its own where a
 * field exists for that kind only. Text fields are those that Insights finds in REPORT lines
 * (@duration ms; @memorySize and @maxMemoryUsed in millionths of a MB); JSON ones are record.*.
 *
 * Columns of an answer, each absent when it has no value:
 *   CP_ROWS_BINS     cp_function cp_version cp_size (MB) cp_start cp_status cp_bin
 *                    cp_n cp_total cp_least cp_most       (us; MB of CP_METRIC_MAX_MEMORY)
 *   CP_ROWS_MINUTES  cp_function cp_version cp_first cp_last (minutes of arrival and end)
 *                    cp_mark cp_past (quarter minutes: running at the marks cp_mark <= m < cp_past)
 *                    cp_n cp_lead cp_tail (busy ms in the minutes cp_first and cp_last)
 *   CP_ROWS_ERRORS   cp_function cp_version cp_type cp_n
 * cp_start is 0 warm, 1 cold, 2 restored. cp_status adds up CP_INSIGHTS_STATUS bits. cp_bin of the
 * value 0 is below 0. cp_function is empty where the stream's name does not hold it.
 */
#ifndef COLDPROF_PROFILER_IMPORT_INSIGHTS_QUERY_H
#define COLDPROF_PROFILER_IMPORT_INSIGHTS_QUERY_H

#include <stdint.h>

#include "model/base/buf.h"
#include "model/digest/digest.h"

enum cp_insights_shape { CP_INSIGHTS_TEXT, CP_INSIGHTS_JSON, CP_INSIGHTS_SHAPES };

enum cp_insights_kind {
    CP_INSIGHTS_DURATION, /* the first: its answer tells which others have anything to count */
    CP_INSIGHTS_BILLED,
    CP_INSIGHTS_MAX_MEMORY,
    CP_INSIGHTS_INIT,
    CP_INSIGHTS_COLD_TOTAL,
    CP_INSIGHTS_RESTORE,
    CP_INSIGHTS_RESTORED_TOTAL,
    CP_INSIGHTS_MINUTES_WARM,
    CP_INSIGHTS_MINUTES_COLD,
    CP_INSIGHTS_MINUTES_RESTORED,
    CP_INSIGHTS_ERROR_TYPES,
    CP_INSIGHTS_KINDS
};

enum cp_insights_rows { CP_ROWS_BINS, CP_ROWS_MINUTES, CP_ROWS_ERRORS };

enum cp_insights_status {
    CP_INSIGHTS_STATUS_TIMEOUT = 1,
    CP_INSIGHTS_STATUS_ERROR = 2,  /* status error or failure */
    CP_INSIGHTS_STATUS_MEMORY = 4, /* Runtime.OutOfMemory */
    CP_INSIGHTS_STATUS_INIT = 8    /* one of cp_record_is_init_error */
};

struct cp_insights_kind_info {
    const char *name; /* "duration": for people */
    enum cp_insights_rows rows;
    enum cp_digest_metric metric; /* of CP_ROWS_BINS */
    enum cp_start_kind start;     /* of the records counted; UNKNOWN: any */
};
const struct cp_insights_kind_info *cp_insights_kind_info(enum cp_insights_kind kind);

struct cp_insights_query {
    enum cp_insights_shape shape;
    enum cp_insights_kind kind;
    int64_t from_ms, to_ms; /* unix ms, half-open */
};

enum { CP_INSIGHTS_TEXT_MAX = 10000 }; /* characters that StartQuery takes */

/* Replaces the content of `out`. CP_ELIMIT, CP_ENOMEM of the buffer. */
enum cp_code cp_insights_query_text(const struct cp_insights_query *query, struct cp_buf *out,
                                    struct cp_error *err);

#endif
