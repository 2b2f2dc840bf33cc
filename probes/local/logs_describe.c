/* SPDX-License-Identifier: GPL-3.0-or-later
 * DescribeLogGroups and DescribeLogStreams. A nextToken is the name of the last entry of its page.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "probes/local/logs_state.h"

enum { PAGE_MAX = 50, TOKEN_MAX = 2048 };

static void add_arn_member(const struct cp_cwl *logs, const struct cp_log_group *group,
                           struct cp_json_out *j, const char *name, const char *more)
{
    struct cp_buf arn;
    cp_buf_init(&arn, 4096);
    cp_cwl_add_arn(logs, group, &arn);
    (void)cp_buf_adds(&arn, more);
    cp_json_string(j, name, cp_buf_str(&arn));
    cp_buf_clear(&arn);
}

/* --- groups --- */

static void write_group(const struct cp_cwl *logs, const struct cp_log_group *group,
                        struct cp_json_out *j)
{
    cp_json_object(j, NULL);
    cp_json_string(j, "logGroupName", group->name);
    cp_json_int(j, "creationTime", group->created_at_ms);
    cp_json_int(j, "metricFilterCount", 0);
    add_arn_member(logs, group, j, "arn", ":*");
    cp_json_int(j, "storedBytes", (int64_t)group->stored_bytes);
    cp_json_string(j, "logGroupClass", "STANDARD");
    add_arn_member(logs, group, j, "logGroupArn", "");
    cp_json_object_end(j);
}

void cp_cwl_describe_groups(const struct cp_cwl_call *call)
{
    const struct cp_log_store *store = call->logs->store;
    const char *prefix = cp_cwl_string(call, "logGroupNamePrefix", 1, CP_LOG_NAME_MAX);
    const char *part = cp_cwl_string(call, "logGroupNamePattern", 0, CP_LOG_NAME_MAX);
    const char *token = cp_cwl_string(call, "nextToken", 1, TOKEN_MAX);
    int limit = cp_cwl_limit(call, "limit", PAGE_MAX), n = 0;
    if (!cp_cwl_is_valid(call))
        return;
    if (prefix && part) {
        cp_cwl_refuse(call, "LogGroup name prefix and LogGroup name pattern are mutually exclusive "
                            "parameters.");
        return;
    }
    struct cp_json_out j = {.to = &call->response->body};
    const char *next = NULL, *last = NULL;
    size_t i = cp_log_store_find(store, cp_view_of(token ? token : prefix));
    cp_json_object(&j, NULL);
    cp_json_array(&j, "logGroups");
    for (; i < store->n && !next; i++) {
        const struct cp_log_group *group = store->groups[i];
        struct cp_view name = cp_view_of(group->name);
        bool is_known = token && strcmp(token, group->name) == 0;
        if (is_known || (prefix && !cp_view_has_prefix(name, prefix)) ||
            (part && !strstr(group->name, part)))
            continue;
        if (n++ == limit) {
            next = last;
            continue;
        }
        last = group->name;
        write_group(call->logs, group, &j);
    }
    cp_json_array_end(&j);
    if (next)
        cp_json_string(&j, "nextToken", next);
    cp_json_object_end(&j);
    call->response->status = 200;
}

/* --- streams --- */

static void write_stream(const struct cp_cwl *logs, const struct cp_log_stream *stream,
                         struct cp_json_out *j)
{
    cp_json_object(j, NULL);
    cp_json_string(j, "logStreamName", stream->name);
    cp_json_int(j, "creationTime", stream->created_at_ms);
    if (stream->n) {
        cp_json_int(j, "firstEventTimestamp", stream->events[0].at_ms);
        cp_json_int(j, "lastEventTimestamp", stream->events[stream->n - 1].at_ms);
        cp_json_int(j, "lastIngestionTime", stream->last_ingested_at_ms);
    }
    struct cp_buf more;
    cp_buf_init(&more, 4096);
    (void)cp_buf_addf(&more, ":log-stream:%s", stream->name);
    add_arn_member(logs, stream->group, j, "arn", cp_buf_str(&more));
    cp_buf_clear(&more);
    cp_json_int(j, "storedBytes", 0); /* as AWS says since 2019 */
    cp_json_object_end(j);
}

static int64_t last_at_ms(const struct cp_log_stream *stream)
{
    return stream->n ? stream->events[stream->n - 1].at_ms : 0;
}

static int by_name(const void *a, const void *b)
{
    const struct cp_log_stream *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static int by_last_event(const void *a, const void *b)
{
    const struct cp_log_stream *const *x = a, *const *y = b;
    int64_t first = last_at_ms(*x), second = last_at_ms(*y);
    return first < second ? -1 : first > second ? 1 : by_name(a, b);
}

struct listing {
    struct cp_log_stream **streams; /* own, in the order asked for */
    size_t n;
    const char *prefix, *token;
    int limit;
    bool is_descending;
};

static void write_streams(const struct cp_cwl_call *call, const struct listing *list)
{
    struct cp_json_out j = {.to = &call->response->body};
    const char *next = NULL, *last = NULL;
    bool is_before = list->token != NULL;
    int n = 0;
    cp_json_object(&j, NULL);
    cp_json_array(&j, "logStreams");
    for (size_t k = 0; k < list->n && !next; k++) {
        const struct cp_log_stream *stream =
            list->streams[list->is_descending ? list->n - 1 - k : k];
        if (is_before) {
            is_before = strcmp(stream->name, list->token) != 0;
            continue;
        }
        if (list->prefix && !cp_view_has_prefix(cp_view_of(stream->name), list->prefix))
            continue;
        if (n++ == list->limit) {
            next = last;
            continue;
        }
        last = stream->name;
        write_stream(call->logs, stream, &j);
    }
    cp_json_array_end(&j);
    if (next)
        cp_json_string(&j, "nextToken", next);
    cp_json_object_end(&j);
    call->response->status = 200;
}

void cp_cwl_describe_streams(const struct cp_cwl_call *call)
{
    static const char *const orders[] = {"LogStreamName", "LastEventTime", NULL};
    struct listing list = {.prefix = cp_cwl_string(call, "logStreamNamePrefix", 1, CP_LOG_NAME_MAX),
                           .token = cp_cwl_string(call, "nextToken", 1, TOKEN_MAX),
                           .limit = cp_cwl_limit(call, "limit", PAGE_MAX)};
    const char *order = cp_body_choice(call->body, call->body->json, "orderBy", "orderBy", orders);
    list.is_descending = cp_body_flag(call->body, call->body->json, "descending");
    const struct cp_log_group *group = cp_cwl_group(call);
    if (!group)
        return;
    bool is_by_time = order && strcmp(order, "LastEventTime") == 0;
    if (is_by_time && list.prefix) {
        cp_cwl_refuse(call, "Cannot order by LastEventTime with a logStreamNamePrefix.");
        return;
    }
    list.n = group->n;
    list.streams = malloc((group->n + 1) * sizeof(struct cp_log_stream *));
    if (!list.streams) {
        cp_api_fail(call->response, 500, "ServiceUnavailableException", NULL, "out of memory");
        return;
    }
    if (group->n)
        memcpy(list.streams, group->streams, group->n * sizeof(struct cp_log_stream *));
    if (is_by_time)
        qsort(list.streams, list.n, sizeof(struct cp_log_stream *), by_last_event);
    write_streams(call, &list);
    free(list.streams);
}
