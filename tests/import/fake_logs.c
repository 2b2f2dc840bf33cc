/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/import/fake_logs.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probes/aws/call.h"
#include "tests/test.h"

struct fake_logs fake_logs;

enum { IN_FLIGHT_MAX = 4, SLACK_MS = 600000 }; /* looked at beside the time asked for */

struct cp_http {
    struct {
        cp_http_done_fn done;
        void *context;
        char target[100];
        char *body;
    } queue[IN_FLIGHT_MAX];
    size_t n;
};

/* --- answers --- */

static int64_t number(const cJSON *request, const char *name)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(request, name);
    return cJSON_IsNumber(value) ? (int64_t)value->valuedouble : -1;
}

static const char *text(const cJSON *request, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(request, name));
}

static void add_event(cJSON *events, size_t i)
{
    const struct fake_event *e = &fake_logs.events[i];
    char id[40];
    cJSON *event = cJSON_CreateObject();
    (void)snprintf(id, sizeof id, "%039zu", i);
    cJSON_AddStringToObject(event, "logStreamName", e->stream);
    cJSON_AddNumberToObject(event, "timestamp", (double)e->at_ms);
    cJSON_AddStringToObject(event, "message", e->message);
    cJSON_AddStringToObject(event, "eventId", id);
    cJSON_AddItemToArray(events, event);
}

/* A page looks at `page_events` events of the whole log, so that pages of a short time are mostly
 * empty, as AWS's are. */
static cJSON *filter(const cJSON *request)
{
    int64_t from_ms = number(request, "startTime");
    int64_t to_ms = number(request, "endTime");
    const char *token = text(request, "nextToken");
    size_t first = token ? strtoul(token, NULL, 10) : 0;
    cJSON *answer = cJSON_CreateObject();
    cJSON *events = cJSON_AddArrayToObject(answer, "events");
    cJSON_AddArrayToObject(answer, "searchedLogStreams");
    while (!token && first < fake_logs.n_events &&
           fake_logs.events[first].at_ms + SLACK_MS < from_ms)
        first++;
    size_t end = first + fake_logs.page_events;
    for (size_t i = first; i < end && i < fake_logs.n_events; i++)
        if (fake_logs.events[i].at_ms >= from_ms && fake_logs.events[i].at_ms <= to_ms)
            add_event(events, i);
    if (fake_logs.least_ms == 0 || from_ms < fake_logs.least_ms)
        fake_logs.least_ms = from_ms;
    if (to_ms > fake_logs.most_ms)
        fake_logs.most_ms = to_ms;
    if (end < fake_logs.n_events && fake_logs.events[end].at_ms <= to_ms + SLACK_MS) {
        char next[24];
        (void)snprintf(next, sizeof next, "%zu", fake_logs.is_circle ? first : end);
        cJSON_AddStringToObject(answer, "nextToken", next);
    }
    return answer;
}

static cJSON *start_query(const cJSON *request)
{
    cJSON *answer = cJSON_CreateObject();
    fake_logs.n_queries++;
    (void)snprintf(fake_logs.query, sizeof fake_logs.query, "%s", text(request, "queryString"));
    fake_logs.query_from_s = number(request, "startTime");
    fake_logs.query_to_s = number(request, "endTime");
    assert_int_equal(number(request, "limit"), CP_LOGS_QUERY_ROWS_MAX);
    cJSON_AddStringToObject(answer, "queryId", "q");
    return answer;
}

static cJSON *query_results(const cJSON *request)
{
    cJSON *answer = cJSON_CreateObject();
    cJSON *statistics = cJSON_AddObjectToObject(answer, "statistics");
    assert_string_equal(text(request, "queryId"), "q");
    cJSON_AddNumberToObject(statistics, "bytesScanned", 1e9);
    cJSON_AddStringToObject(answer, "status", "Complete");
    fake_logs.rows(fake_logs.query, fake_logs.query_from_s, fake_logs.query_to_s,
                   cJSON_AddArrayToObject(answer, "results"));
    return answer;
}

static const struct {
    const char *target;
    cJSON *(*answer)(const cJSON *request);
} OPERATIONS[] = {
    {"Logs_20140328.FilterLogEvents", filter},
    {"Logs_20140328.StartQuery", start_query},
    {"Logs_20140328.GetQueryResults", query_results},
};

static cJSON *answer_to(const char *target, const char *body)
{
    cJSON *request = cJSON_Parse(body);
    cJSON *answer = NULL;
    for (size_t i = 0; i < sizeof OPERATIONS / sizeof OPERATIONS[0]; i++)
        if (strcmp(OPERATIONS[i].target, target) == 0)
            answer = OPERATIONS[i].answer(request);
    cJSON_Delete(request);
    return answer;
}

/* --- transport --- */

static enum cp_code open_fake(int max_connections, struct cp_http **out, struct cp_error *err)
{
    (void)max_connections;
    (void)err;
    *out = calloc(1, sizeof **out);
    return CP_OK;
}

static enum cp_code start(struct cp_http *h, const struct cp_http_request *request,
                          cp_http_done_fn done, void *context, struct cp_error *err)
{
    (void)err;
    assert_true(h->n < IN_FLIGHT_MAX);
    h->queue[h->n].done = done;
    h->queue[h->n].context = context;
    h->queue[h->n].body = strndup(request->body.p, request->body.n);
    for (size_t i = 0; i < request->n_headers; i++)
        if (cp_view_is_nocase(request->headers[i].name, "X-Amz-Target"))
            (void)cp_view_copy(request->headers[i].value, h->queue[h->n].target,
                               sizeof h->queue[h->n].target);
    h->n++;
    fake_logs.n_requests++;
    return CP_OK;
}

static void finish(struct cp_http *h, enum cp_code code)
{
    const struct cp_header id[] = {
        {CP_VIEW_LIT("x-amzn-RequestId"), CP_VIEW_LIT("6bfb1e3c-0000-4000-8000-abcdefabcdef")}};
    char *body = h->queue[0].body;
    bool is_refused = fake_logs.refuses_token && strstr(body, "nextToken");
    fake_logs.refuses_token = fake_logs.refuses_token && !is_refused;
    cJSON *json = code || is_refused ? NULL : answer_to(h->queue[0].target, body);
    char *printed = json ? cJSON_PrintUnformatted(json) : NULL;
    const char *refusal =
        "{\"__type\":\"InvalidParameterException\",\"message\":\"The specified nextToken is "
        "invalid.\"}";
    const struct cp_http_response response = {
        .code = code,
        .status = code      ? -1
                  : printed ? 200
                            : 400,
        .was_sent = true,
        .headers = id,
        .n_headers = 1,
        .body = cp_view_of(printed ? printed : refusal),
    };
    h->n--;
    cp_http_done_fn done = h->queue[0].done;
    void *context = h->queue[0].context;
    memmove(h->queue, h->queue + 1, h->n * sizeof h->queue[0]);
    done(context, &response);
    cJSON_Delete(json);
    free(printed);
    free(body);
}

static enum cp_code poll_fake(struct cp_http *h, int timeout_ms, size_t *in_flight,
                              struct cp_error *err)
{
    (void)timeout_ms;
    (void)err;
    if (h->n)
        finish(h, CP_OK);
    if (in_flight)
        *in_flight = h->n;
    return CP_OK;
}

static void close_fake(struct cp_http *h)
{
    while (h && h->n)
        finish(h, CP_EINTERRUPTED);
    free(h);
}

static const struct cp_http_ops OPS = {open_fake, start, poll_fake, close_fake};

/* --- client --- */

static int64_t unix_ms(void *context)
{
    (void)context;
    return INT64_C(1767225600000) + (int64_t)fake_logs.now_ms;
}

static double mono_ms(void *context)
{
    (void)context;
    return fake_logs.now_ms;
}

static void pass_ms(void *context, int ms)
{
    (void)context;
    fake_logs.now_ms += ms;
}

static const struct cp_call_clock CLOCK = {unix_ms, mono_ms, pass_ms, NULL};

bool fake_logs_is_stopped(void *context)
{
    (void)context;
    return fake_logs.stop_at && fake_logs.n_requests >= fake_logs.stop_at;
}

struct cp_logs *fake_logs_client(void)
{
    struct cp_logs *logs = NULL;
    struct cp_error err;
    const struct cp_client_options options = {
        .region = "eu-central-1",
        .endpoint_url = "http://127.0.0.1:1",
        .http = &OPS,
        .clock = &CLOCK,
        .is_interrupted = fake_logs_is_stopped,
    };
    fake_logs.n_requests = 0;
    if (cp_logs_new(&options, &logs, &err))
        fail_msg("%s", err.text);
    return logs;
}
