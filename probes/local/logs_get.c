/* SPDX-License-Identifier: GPL-3.0-or-later
 * GetLogEvents: one stream, forwards or backwards. A token is f/ or b/ and the id of the place
 * between two events where the next page begins; at the end the same token comes again, as on AWS.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "probes/local/logs_state.h"

enum { EVENTS_MAX = 10000, PAGE_BYTES_MAX = 1048576, TOKEN_MAX = 96 };

struct range {
    size_t from, to; /* indices into the stream's events */
};

static void write_token(struct cp_json_out *j, const char *name, char direction,
                        const struct cp_log_stream *stream, size_t place)
{
    char token[TOKEN_MAX];
    const struct cp_log_event *last = stream->n ? &stream->events[stream->n - 1] : NULL;
    int64_t at_ms = place < stream->n ? stream->events[place].at_ms : last ? last->at_ms : 0;
    uint64_t number = place < stream->n ? stream->events[place].number
                      : last            ? last->number + 1
                                        : 0;
    (void)snprintf(token, sizeof token, "%c/%017" PRId64 "%020" PRIu64 "/s", direction, at_ms,
                   number);
    cp_json_string(j, name, token);
}

/* f/<17 digits><20 digits>/s */
static bool read_token(const char *token, int64_t *at_ms, uint64_t *number)
{
    enum { LENGTH = 41, AT_DIGITS = 17, NUMBER_DIGITS = 20 };
    int64_t low;
    struct cp_view v = cp_view_of(token);
    if (v.n != LENGTH || (v.p[0] != 'f' && v.p[0] != 'b') || v.p[1] != '/' ||
        strcmp(token + LENGTH - 2, "/s") != 0)
        return false;
    struct cp_view digits = {token + 2 + AT_DIGITS, NUMBER_DIGITS};
    if (!cp_view_to_int64((struct cp_view){token + 2, AT_DIGITS}, at_ms) ||
        !cp_view_to_int64(digits, &low) || *at_ms < 0 || low < 0)
        return false;
    *number = (uint64_t)low;
    return true;
}

/* Cuts to `limit` events and 1 MB from the end where the page begins. */
static void cut(const struct cp_log_stream *stream, struct range *r, int limit, bool is_forward)
{
    size_t n = 0, bytes = 0;
    while (n < (size_t)limit && n < r->to - r->from) {
        size_t at = is_forward ? r->from + n : r->to - 1 - n;
        bytes += stream->events[at].n + CP_LOG_EVENT_COST;
        if (n && bytes > PAGE_BYTES_MAX)
            break;
        n++;
    }
    if (is_forward)
        r->to = r->from + n;
    else
        r->from = r->to - n;
}

static void write_page(const struct cp_cwl_call *call, const struct cp_log_stream *stream,
                       const struct range *r)
{
    struct cp_json_out j = {.to = &call->response->body};
    cp_json_object(&j, NULL);
    cp_json_array(&j, "events");
    for (size_t i = r->from; i < r->to; i++) {
        const struct cp_log_event *e = &stream->events[i];
        cp_json_object(&j, NULL);
        cp_json_int(&j, "timestamp", e->at_ms);
        cp_json_text(&j, "message", (struct cp_view){e->message, e->n});
        cp_json_int(&j, "ingestionTime", e->ingested_at_ms);
        cp_json_object_end(&j);
    }
    cp_json_array_end(&j);
    write_token(&j, "nextForwardToken", 'f', stream, r->to);
    write_token(&j, "nextBackwardToken", 'b', stream, r->from);
    cp_json_object_end(&j);
    call->response->status = 200;
}

void cp_cwl_get_events(const struct cp_cwl_call *call)
{
    int64_t start_ms = 0, end_ms = INT64_MAX, at_ms = 0;
    uint64_t number = 0;
    (void)cp_cwl_long(call, "startTime", &start_ms);
    (void)cp_cwl_long(call, "endTime", &end_ms);
    int limit = cp_cwl_limit(call, "limit", EVENTS_MAX);
    const char *name = cp_cwl_string(call, "logStreamName", 1, CP_LOG_NAME_MAX);
    const char *token = cp_cwl_string(call, "nextToken", 1, TOKEN_MAX);
    bool is_forward = cp_body_flag(call->body, call->body->json, "startFromHead");
    const struct cp_log_group *group = cp_cwl_group(call);
    if (!group)
        return;
    const struct cp_log_stream *stream = name ? cp_log_group_stream(group, cp_view_of(name)) : NULL;
    if (!stream) {
        cp_cwl_fail_stream(call);
        return;
    }
    if (token && !read_token(token, &at_ms, &number)) {
        cp_cwl_refuse(call, "The specified nextToken is invalid.");
        return;
    }
    struct range r = {cp_log_stream_find(stream, start_ms, 0),
                      cp_log_stream_find(stream, end_ms, 0)}; /* endTime itself is not inside */
    if (token) {
        is_forward = token[0] == 'f';
        size_t place = cp_log_stream_find(stream, at_ms, number);
        size_t *bound = is_forward ? &r.from : &r.to;
        if (is_forward ? place > *bound : place < *bound)
            *bound = place;
    }
    if (r.to < r.from)
        r = is_forward ? (struct range){r.from, r.from} : (struct range){r.to, r.to};
    cut(stream, &r, limit, is_forward);
    write_page(call, stream, &r);
}
