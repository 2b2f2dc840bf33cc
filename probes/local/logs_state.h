/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the logs_*.c files share, and nobody else.
 */
#ifndef COLDPROF_PROBES_LOCAL_LOGS_STATE_H
#define COLDPROF_PROBES_LOCAL_LOGS_STATE_H

#include "model/base/rng.h"
#include "probes/local/control_body.h"
#include "probes/local/logs_api.h"
#include "probes/local/rate_limit.h"

struct cp_cwl_query;

enum { CP_CWL_OPERATIONS_MAX = 16 };

struct cp_cwl {
    char region[33], account_id[13];
    struct cp_log_store *store;
    struct cp_rng rng;
    struct cp_cwl_query *queries;                       /* newest first */
    struct cp_rate_limit limits[CP_CWL_OPERATIONS_MAX]; /* by operation */
};

struct cp_cwl_call {
    struct cp_cwl *logs;
    struct cp_body *body;
    int64_t now_ms;
    struct cp_api_response *response;
};

/* 400 InvalidParameterException; the other has `message`, not Lambda's "Message". */
void cp_cwl_fail_not_found(const struct cp_cwl_call *call, const char *text);
void cp_cwl_refuse(const struct cp_cwl_call *call, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A string of min..max characters; NULL when absent or wrong (which the body then knows). */
const char *cp_cwl_string(const struct cp_cwl_call *call, const char *name, size_t min, size_t max);
/* true and `*value` when there; not negative. */
bool cp_cwl_long(const struct cp_cwl_call *call, const char *name, int64_t *value);
/* 1..max, `max` when absent. */
int cp_cwl_limit(const struct cp_cwl_call *call, const char *name, int max);
/* false when the body was wrong: the response says so. To be asked when all is read. */
bool cp_cwl_is_valid(const struct cp_cwl_call *call);
/* The group by logGroupName, or by logGroupIdentifier (a name or an ARN). NULL: the response says
 * why. Also asks cp_cwl_is_valid. */
struct cp_log_group *cp_cwl_group(const struct cp_cwl_call *call);
/* By name or ARN; NULL: there is none. */
struct cp_log_group *cp_cwl_find_group(const struct cp_cwl *logs, const char *identifier);
void cp_cwl_fail_group(const struct cp_cwl_call *call);
void cp_cwl_fail_stream(const struct cp_cwl_call *call);
/* arn:aws:logs:REGION:ACCOUNT:log-group:NAME */
void cp_cwl_add_arn(const struct cp_cwl *logs, const struct cp_log_group *group, struct cp_buf *to);
/* The decimal number of an event, as long as AWS's: unique, in order of time. */
enum { CP_CWL_EVENT_ID_MAX = 64 };
const char *cp_cwl_event_id(const struct cp_log_event *event, char out[CP_CWL_EVENT_ID_MAX]);

/* --- operations --- */
void cp_cwl_describe_groups(const struct cp_cwl_call *call);
void cp_cwl_describe_streams(const struct cp_cwl_call *call);
void cp_cwl_get_events(const struct cp_cwl_call *call);
void cp_cwl_filter_events(const struct cp_cwl_call *call);
void cp_cwl_create_group(const struct cp_cwl_call *call);
void cp_cwl_create_stream(const struct cp_cwl_call *call);
void cp_cwl_put_events(const struct cp_cwl_call *call);
void cp_cwl_delete_group(const struct cp_cwl_call *call);
void cp_cwl_delete_stream(const struct cp_cwl_call *call);
void cp_cwl_start_query(const struct cp_cwl_call *call);
void cp_cwl_get_query_results(const struct cp_cwl_call *call);
void cp_cwl_stop_query(const struct cp_cwl_call *call);
void cp_cwl_queries_free(struct cp_cwl_query *queries);

#endif
