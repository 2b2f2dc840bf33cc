/* SPDX-License-Identifier: GPL-3.0-or-later
 * What clients put in: CreateLogGroup, CreateLogStream, PutLogEvents; and DeleteLogGroup,
 * DeleteLogStream.
 */
#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

#include "model/base/units.h"
#include "probes/local/logs_state.h"

enum { BATCH_MAX = 10000, BATCH_BYTES_MAX = 1048576, EVENT_BYTES_MAX = 1048576 };

static const int64_t oldest_ms = INT64_C(14) * CP_MS_PER_DAY,
                     newest_ms = INT64_C(2) * CP_MS_PER_HOUR;

static void answer_empty(const struct cp_cwl_call *call)
{
    (void)cp_buf_adds(&call->response->body, "{}");
    call->response->status = 200;
}

static void fail_memory(const struct cp_cwl_call *call)
{
    cp_api_fail(call->response, 500, "ServiceUnavailableException", NULL, "out of memory");
}

/* [.-_/#A-Za-z0-9]+ for a group; anything but ':' and '*' for a stream. */
static bool is_name(const char *name, bool is_group)
{
    for (; *name; name++) {
        char c = *name;
        bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                        (c >= 'A' && c <= 'Z') || strchr(".-_/#", c);
        if (is_group ? !is_plain : c == ':' || c == '*')
            return false;
    }
    return true;
}

static const char *read_name(const struct cp_cwl_call *call, const char *member)
{
    bool is_group = strcmp(member, "logGroupName") == 0;
    const char *name = cp_cwl_string(call, member, 1, CP_LOG_NAME_MAX);
    struct cp_violations *v = &call->body->violations;
    if (!name && !v->n)
        cp_violations_add(v, NULL, member, "Member must not be null");
    else if (name && !is_name(name, is_group))
        cp_violations_add(v, name, member,
                          is_group ? "Member must satisfy regular expression pattern: "
                                     "[\\.\\-_/#A-Za-z0-9]+"
                                   : "Member must satisfy regular expression pattern: [^:*]*");
    return cp_cwl_is_valid(call) ? name : NULL;
}

void cp_cwl_create_group(const struct cp_cwl_call *call)
{
    const char *name = read_name(call, "logGroupName");
    if (!name)
        return;
    if (cp_log_store_group(call->logs->store, cp_view_of(name)))
        cp_api_fail(call->response, 400, "ResourceAlreadyExistsException", NULL,
                    "The specified log group already exists");
    else if (!cp_log_store_add_group(call->logs->store, cp_view_of(name), call->now_ms))
        fail_memory(call);
    else
        answer_empty(call);
}

void cp_cwl_create_stream(const struct cp_cwl_call *call)
{
    struct cp_log_group *group = cp_cwl_group(call);
    const char *name = group ? read_name(call, "logStreamName") : NULL;
    if (!name)
        return;
    if (cp_log_group_stream(group, cp_view_of(name)))
        cp_api_fail(call->response, 400, "ResourceAlreadyExistsException", NULL,
                    "The specified log stream already exists");
    else if (!cp_log_store_add_stream(call->logs->store, group, cp_view_of(name), call->now_ms))
        fail_memory(call);
    else
        answer_empty(call);
}

void cp_cwl_delete_group(const struct cp_cwl_call *call)
{
    struct cp_log_group *group = cp_cwl_group(call);
    if (!group)
        return;
    cp_log_store_remove_group(call->logs->store, group);
    answer_empty(call);
}

/* The stream that logStreamName tells; NULL: the response says why. */
static struct cp_log_stream *find_stream(const struct cp_cwl_call *call,
                                         const struct cp_log_group *group)
{
    const char *name = group ? read_name(call, "logStreamName") : NULL;
    struct cp_log_stream *stream = name ? cp_log_group_stream(group, cp_view_of(name)) : NULL;
    if (name && !stream)
        cp_cwl_fail_stream(call);
    return stream;
}

void cp_cwl_delete_stream(const struct cp_cwl_call *call)
{
    struct cp_log_group *group = cp_cwl_group(call);
    struct cp_log_stream *stream = find_stream(call, group);
    if (!stream)
        return;
    cp_log_store_remove_stream(call->logs->store, group, stream);
    answer_empty(call);
}

/* --- PutLogEvents --- */

static bool read_event(const cJSON *item, int64_t *at_ms, struct cp_view *message)
{
    double x = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(item, "timestamp"));
    *message = cp_view_of(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "message")));
    if (!message->n || !(x >= 0) || x > 9007199254740992.0 || trunc(x) < x)
        return false;
    *at_ms = (int64_t)x;
    return true;
}

/* The whole batch before anything of it is kept. */
static bool check_batch(const struct cp_cwl_call *call, const cJSON *batch)
{
    int64_t at_ms = 0, first_ms = 0, last_ms = 0;
    struct cp_view message;
    size_t bytes = 0, n = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, batch)
    {
        if (!read_event(item, &at_ms, &message) || message.n > EVENT_BYTES_MAX) {
            cp_cwl_refuse(call, "Log event %zu has no timestamp and message that can be kept.", n);
            return false;
        }
        first_ms = n ? first_ms : at_ms;
        if (n++ && at_ms < last_ms) {
            cp_cwl_refuse(call, "Log events in a single PutLogEvents request must be in "
                                "chronological order.");
            return false;
        }
        last_ms = at_ms;
        bytes += message.n + CP_LOG_EVENT_COST;
    }
    if (!cJSON_IsArray(batch) || n < 1 || n > BATCH_MAX)
        cp_cwl_refuse(call,
                      "1 validation error detected: Value at 'logEvents' failed to satisfy "
                      "constraint: Member must have length between 1 and %d",
                      BATCH_MAX);
    else if (bytes > BATCH_BYTES_MAX)
        cp_cwl_refuse(call, "Upload too large: %zu bytes exceeds limit of %d", bytes,
                      BATCH_BYTES_MAX);
    else if (last_ms - first_ms > CP_MS_PER_DAY)
        cp_cwl_refuse(call, "The batch of log events in a single PutLogEvents request cannot span "
                            "more than 24 hours.");
    else
        return true;
    return false;
}

void cp_cwl_put_events(const struct cp_cwl_call *call)
{
    const struct cp_log_group *group = cp_cwl_group(call);
    const struct cp_log_stream *stream = find_stream(call, group);
    const cJSON *batch = cp_body_member(call->body->json, "logEvents"), *item;
    if (!stream || !check_batch(call, batch))
        return;
    const char *stream_name = cp_cwl_string(call, "logStreamName", 1, CP_LOG_NAME_MAX);
    const struct cp_log_place place = {cp_view_of(group->name), cp_view_of(stream_name)};
    int n = 0, n_old = 0, first_new = -1;
    int64_t at_ms = 0;
    struct cp_view message;
    bool is_kept = true;
    cJSON_ArrayForEach(item, batch)
    {
        (void)read_event(item, &at_ms, &message);
        if (at_ms < call->now_ms - oldest_ms)
            n_old = n + 1;
        else if (at_ms > call->now_ms + newest_ms)
            first_new = first_new < 0 ? n : first_new;
        else
            is_kept &= cp_log_store_add(call->logs->store, &place, at_ms, call->now_ms, message);
        n++;
    }
    if (!is_kept) {
        fail_memory(call);
        return;
    }
    struct cp_json_out j = {.to = &call->response->body};
    cp_json_object(&j, NULL);
    if (n_old || first_new >= 0) {
        cp_json_object(&j, "rejectedLogEventsInfo");
        if (n_old)
            cp_json_int(&j, "tooOldLogEventEndIndex", n_old);
        if (first_new >= 0)
            cp_json_int(&j, "tooNewLogEventStartIndex", first_new);
        cp_json_object_end(&j);
    }
    cp_json_object_end(&j);
    call->response->status = 200;
}
