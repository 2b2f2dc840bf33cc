/* SPDX-License-Identifier: GPL-3.0-or-later
 * FilterLogEvents: streams of a group, merged in the order of time. The nextToken holds where to go
 * on (base64, so that nobody reads it), and a hash of the request, for it belongs to no other one.
 */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "probes/local/base64.h"
#include "probes/local/log_merge.h"
#include "probes/local/logs_pattern.h"
#include "probes/local/logs_state.h"

enum {
    EVENTS_MAX = 10000,
    NAMES_MAX = 100,
    PAGE_BYTES_MAX = 1048576,
    TOKEN_MAX = 1024,
    PATTERN_MAX = 1024,
    TOKEN_LIFE_MS = 24 * 3600 * 1000,
    EMPTY_EVERY = 3
};

struct search {
    const struct cp_cwl_call *call;
    const struct cp_log_group *group;
    const cJSON *names; /* array of strings, or NULL */
    const char *prefix, *pattern_text, *token;
    int64_t start_ms, end_ms; /* both inside */
    int limit;
    struct cp_cwl_pattern *pattern;
    struct cp_log_merge merge;
    uint64_t request_hash;
    /* where to go on */
    int64_t page; /* 0: the first */
    int64_t at_ms;
    uint64_t number;
};

/* --- tokens --- */

static uint64_t hash(uint64_t h, const char *text)
{
    const uint64_t prime = 0x100000001b3; /* FNV-1a */
    for (; text && *text; text++)
        h = (h ^ (unsigned char)*text) * prime;
    return (h ^ 0xff) * prime;
}

static uint64_t hash_request(const struct search *s)
{
    uint64_t h = 0xcbf29ce484222325;
    const cJSON *name;
    h = hash(h, s->group->name);
    h = hash(h, s->prefix);
    h = hash(h, s->pattern_text);
    cJSON_ArrayForEach(name, s->names) h = hash(h, name->valuestring);
    return h ^ (uint64_t)s->start_ms * 31 ^ (uint64_t)s->end_ms * 17;
}

static void write_token(const struct search *s, struct cp_json_out *j)
{
    struct cp_buf plain, coded;
    cp_buf_init(&plain, TOKEN_MAX);
    cp_buf_init(&coded, TOKEN_MAX);
    (void)cp_buf_addf(&plain, "%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRIu64 ",%" PRIu64,
                      s->call->now_ms, s->page + 1, s->at_ms, s->number,
                      s->request_hash & INT64_MAX);
    (void)cp_base64_encode(&coded, cp_buf_view(&plain));
    cp_json_string(j, "nextToken", cp_buf_str(&coded));
    cp_buf_clear(&plain);
    cp_buf_clear(&coded);
}

static bool take_number(struct cp_view *text, int64_t *value)
{
    struct cp_view head;
    return cp_view_split(text, ',', &head) && cp_view_to_int64(head, value) && *value >= 0;
}

static bool read_token(struct search *s)
{
    struct cp_buf plain;
    int64_t made_at_ms = 0, number = 0, request = 0;
    if (!s->token)
        return true;
    cp_buf_init(&plain, TOKEN_MAX);
    struct cp_view v = {"", 0};
    if (!cp_base64_decode(&plain, cp_view_of(s->token)))
        v = cp_buf_view(&plain);
    bool is_read = take_number(&v, &made_at_ms) && take_number(&v, &s->page) &&
                   take_number(&v, &s->at_ms) && take_number(&v, &number) &&
                   take_number(&v, &request) && !v.n;
    s->number = (uint64_t)number;
    cp_buf_clear(&plain);
    if (is_read && (uint64_t)request == (s->request_hash & INT64_MAX) &&
        s->call->now_ms - made_at_ms < TOKEN_LIFE_MS)
        return true;
    cp_cwl_refuse(s->call, "The specified nextToken is invalid.");
    return false;
}

/* --- the request --- */

static bool read_names(struct search *s)
{
    const cJSON *names = cp_body_member(s->call->body->json, "logStreamNames"), *name;
    int n = 0;
    if (!names)
        return true;
    cJSON_ArrayForEach(name, names)
    {
        if (!cJSON_IsString(name)) {
            s->call->body->wrong_type = "NUMBER_VALUE can not be converted to a String";
            return false;
        }
        n++;
    }
    if (!cJSON_IsArray(names) || !n || n > NAMES_MAX) {
        cp_cwl_refuse(s->call, "1 validation error detected: Value at 'logStreamNames' failed to "
                               "satisfy constraint: Member must have length between 1 and 100");
        return false;
    }
    s->names = names;
    return true;
}

static bool read_pattern(struct search *s)
{
    struct cp_error err;
    enum cp_code code = cp_cwl_pattern_new(cp_view_of(s->pattern_text), &s->pattern, &err);
    if (code == CP_ENOMEM)
        cp_api_fail(s->call->response, 500, "ServiceUnavailableException", NULL, "out of memory");
    else if (code)
        cp_cwl_refuse(s->call, "Invalid filter pattern: %s", err.text);
    return !code;
}

static bool read_search(struct search *s)
{
    const struct cp_cwl_call *call = s->call;
    s->end_ms = INT64_MAX;
    (void)cp_cwl_long(call, "startTime", &s->start_ms);
    (void)cp_cwl_long(call, "endTime", &s->end_ms);
    s->limit = cp_cwl_limit(call, "limit", EVENTS_MAX);
    s->prefix = cp_cwl_string(call, "logStreamNamePrefix", 1, CP_LOG_NAME_MAX);
    s->pattern_text = cp_cwl_string(call, "filterPattern", 0, PATTERN_MAX);
    s->token = cp_cwl_string(call, "nextToken", 1, TOKEN_MAX);
    (void)cp_body_flag(call->body, call->body->json, "interleaved"); /* always so since 2019 */
    if (!read_names(s)) {
        (void)cp_cwl_is_valid(call);
        return false;
    }
    s->group = cp_cwl_group(call);
    if (!s->group)
        return false;
    if (s->names && s->prefix) {
        cp_cwl_refuse(call, "LogStreamNames and LogStreamNamePrefix are mutually exclusive.");
        return false;
    }
    s->at_ms = s->start_ms;
    s->request_hash = hash_request(s);
    return read_token(s) && read_pattern(s);
}

static bool open_streams(struct search *s)
{
    const struct cp_log_group *group = s->group;
    enum cp_code code = CP_OK;
    const cJSON *name;
    cJSON_ArrayForEach(name, s->names)
    {
        const struct cp_log_stream *stream =
            cp_log_group_stream(group, cp_view_of(name->valuestring));
        if (!stream) {
            cp_cwl_fail_stream(s->call);
            return false;
        }
        code = code ? code : cp_log_merge_add(&s->merge, stream, s->at_ms, s->number);
    }
    size_t i = s->prefix ? cp_log_group_find(group, cp_view_of(s->prefix)) : 0;
    for (; !s->names && !code && i < group->n; i++) {
        if (s->prefix && !cp_view_has_prefix(cp_view_of(group->streams[i]->name), s->prefix))
            break;
        code = cp_log_merge_add(&s->merge, group->streams[i], s->at_ms, s->number);
    }
    if (code)
        cp_api_fail(s->call->response, 500, "ServiceUnavailableException", NULL, "out of memory");
    return !code;
}

/* --- the page --- */

static void write_event(struct cp_json_out *j, const struct cp_log_stream *stream,
                        const struct cp_log_event *e)
{
    char id[CP_CWL_EVENT_ID_MAX];
    cp_json_object(j, NULL);
    cp_json_string(j, "logStreamName", stream->name);
    cp_json_int(j, "timestamp", e->at_ms);
    cp_json_text(j, "message", (struct cp_view){e->message, e->n});
    cp_json_int(j, "ingestionTime", e->ingested_at_ms);
    cp_json_string(j, "eventId", cp_cwl_event_id(e, id));
    cp_json_object_end(j);
}

/* true: there is more, from (s->at_ms, s->number) on. */
static bool write_events(struct search *s, struct cp_json_out *j)
{
    const struct cp_log_stream *stream;
    const struct cp_log_event *e;
    bool is_empty = s->page % EMPTY_EVERY == 1;
    int n = 0, n_seen = 0;
    size_t bytes = 0;
    while ((e = cp_log_merge_next(&s->merge, &stream)) != NULL && e->at_ms <= s->end_ms) {
        s->at_ms = e->at_ms;
        s->number = e->number;
        if (is_empty || n == s->limit || n_seen == CP_CWL_SCAN_MAX ||
            (n && bytes + e->n + CP_LOG_EVENT_COST > PAGE_BYTES_MAX))
            return true;
        n_seen++;
        if (!cp_cwl_pattern_matches(s->pattern, (struct cp_view){e->message, e->n}))
            continue;
        n++;
        bytes += e->n + CP_LOG_EVENT_COST;
        write_event(j, stream, e);
    }
    return false;
}

void cp_cwl_filter_events(const struct cp_cwl_call *call)
{
    struct search s = {.call = call};
    cp_log_merge_init(&s.merge);
    if (read_search(&s) && open_streams(&s)) {
        struct cp_json_out j = {.to = &call->response->body};
        cp_json_object(&j, NULL);
        cp_json_array(&j, "events");
        bool has_more = write_events(&s, &j);
        cp_json_array_end(&j);
        cp_json_array(&j, "searchedLogStreams"); /* AWS fills it no more */
        cp_json_array_end(&j);
        if (has_more)
            write_token(&s, &j);
        cp_json_object_end(&j);
        call->response->status = 200;
    }
    cp_log_merge_clear(&s.merge);
    cp_cwl_pattern_free(s.pattern);
}
