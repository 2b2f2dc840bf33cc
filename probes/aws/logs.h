/* SPDX-License-Identifier: GPL-3.0-or-later
 * The CloudWatch Logs client: pages of log events, log groups, and Logs Insights queries.
 *
 * Ownership: cp_logs_new / cp_logs_free. Calls block, in steps in which an interruption is noticed.
 * A log group is a name or an ARN (also of another account), without ":*". One thread.
 * Once a call was answered, later ones are repeated for 5 minutes after failures that may pass: an
 * import of hours shall not end with a throttling of seconds.
 * Errors: as of cp_call_wait; CP_ENOTFOUND is also a log group, CP_EFORMAT an answer that does not
 * hold what it must.
 */
#ifndef COLDPROF_PROBES_AWS_LOGS_H
#define COLDPROF_PROBES_AWS_LOGS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/buf.h"
#include "probes/aws/client.h"
#include "probes/aws/failure.h"

enum {
    CP_LOGS_GROUP_MAX = 512,     /* characters of a log group's name */
    CP_LOGS_ARN_MAX = 700,       /* of its ARN */
    CP_LOGS_PAGE_MAX = 32 << 20, /* bytes of an answer: 1 MB of events, escaped and with ids */
    CP_LOGS_QUERY_ID_MAX = 256,
    CP_LOGS_QUERY_ROWS_MAX = 10000,
};

struct cp_logs;

enum cp_code cp_logs_new(const struct cp_client_options *options, struct cp_logs **out,
                         struct cp_error *err);
void cp_logs_free(struct cp_logs *logs); /* NULL does nothing */

/* Of the client's clock; the sleep ends with CP_EINTERRUPTED. */
double cp_logs_mono_ms(const struct cp_logs *logs);
int64_t cp_logs_unix_ms(const struct cp_logs *logs);
enum cp_code cp_logs_sleep(struct cp_logs *logs, double ms, struct cp_error *err);
const struct cp_lambda_failure *cp_logs_last_failure(const struct cp_logs *logs);

/* --- FilterLogEvents --- */

struct cp_logs_filter {
    const char *group;
    const char *stream_prefix; /* NULL: all streams */
    const char *pattern;       /* filter pattern; NULL: every event */
    int64_t from_ms, to_ms;    /* unix ms, half-open, from_ms < to_ms */
};
/* One page. Empty pages that are not the last are normal. */
struct cp_logs_page {
    struct cp_buf body;  /* the answer as it came: {"events":[...],...} */
    struct cp_buf token; /* asked with, then of the next page; empty: this was the last */
};
void cp_logs_page_init(struct cp_logs_page *page);
void cp_logs_page_clear(struct cp_logs_page *page);
/* Replaces body and token. After a failure the token is as before. */
enum cp_code cp_logs_filter_events(struct cp_logs *logs, const struct cp_logs_filter *filter,
                                   struct cp_logs_page *page, struct cp_error *err);

/* --- DescribeLogGroups --- */

/* A false return ends the list. `stored_bytes` is -1 when AWS does not say. */
typedef bool (*cp_logs_group_fn)(void *context, const char *name, int64_t stored_bytes);
enum cp_code cp_logs_list_groups(struct cp_logs *logs, const char *prefix, cp_logs_group_fn each,
                                 void *context, struct cp_error *err);

/* --- Logs Insights (logs_query.c) --- */

struct cp_logs_query {
    const char *group;
    const char *text;
    int64_t from_s, to_s; /* unix s, both included */
    int limit;            /* rows; at most CP_LOGS_QUERY_ROWS_MAX */
};
/* Starts it; AWS bills the bytes that it scans. CP_ETHROTTLED: too many queries run at once, for
 * longer than the client repeats. */
enum cp_code cp_logs_start_query(struct cp_logs *logs, const struct cp_logs_query *query,
                                 char id[CP_LOGS_QUERY_ID_MAX], struct cp_error *err);
/* For a query whose rows nobody waits for any more. */
enum cp_code cp_logs_stop_query(struct cp_logs *logs, const char *id, struct cp_error *err);

struct cp_logs_row; /* of an answer */
/* The text of a column; empty when the row has none of that name. */
struct cp_view cp_logs_row_value(const struct cp_logs_row *row, const char *column);
typedef enum cp_code (*cp_logs_row_fn)(void *context, const struct cp_logs_row *row,
                                       struct cp_error *err);

struct cp_logs_answer {
    bool is_complete; /* false: it still runs; no row was given */
    size_t n_rows;
    double scanned_bytes, scanned_records, matched_records; /* so far */
};
/* Looks at a query once. When it is complete, gives every row (pages are followed). CP_EREMOTE: it
 * failed, was cancelled or timed out in AWS. */
enum cp_code cp_logs_query_results(struct cp_logs *logs, const char *id, cp_logs_row_fn each,
                                   void *context, struct cp_logs_answer *out, struct cp_error *err);
/* Starts a query, waits for its end (looks after 0.2 s, then ever rarer, at most every 5 s) and
 * gives its rows. An interruption, or a failure of ours, stops it in AWS. */
enum cp_code cp_logs_run_query(struct cp_logs *logs, const struct cp_logs_query *query,
                               cp_logs_row_fn each, void *context, struct cp_logs_answer *out,
                               struct cp_error *err);

#endif
