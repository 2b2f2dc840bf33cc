/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/aws/traffic_http.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/aws/sdk_cases.h"
#include "tests/test.h"

enum { FIELDS_MAX = 16, TEXT_MAX = 4096 };

struct traffic traffic;

struct cp_http {
    cp_http_done_fn done; /* NULL: nothing in flight */
    void *context;
};

/* --- the record --- */

static const cJSON *action(int i, const char *kind)
{
    const cJSON *event = cJSON_GetArrayItem(traffic.events, i);
    return cJSON_GetObjectItem(cJSON_GetObjectItem(event, "action"), kind);
}

static const cJSON *take(const char *kind)
{
    int n = cJSON_GetArraySize(traffic.events);
    while (traffic.next < n && !action(traffic.next, kind))
        traffic.next++;
    if (traffic.next == n)
        fail_msg("%s: a %s that is not in the record", traffic.name, kind);
    return action(traffic.next++, kind);
}

/* The body that follows: "" when the next event is something else. */
static const char *take_body(void)
{
    const cJSON *data = action(traffic.next, "Data");
    if (!data)
        return "";
    traffic.next++;
    const char *text = sdk_text(cJSON_GetObjectItem(data, "data"), "Utf8");
    return text ? text : "";
}

static const char *recorded_header(const cJSON *headers, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetArrayItem(cJSON_GetObjectItem(headers, name), 0));
}

void traffic_check_end(void)
{
    int n = cJSON_GetArraySize(traffic.events);
    for (int i = traffic.next; i < n; i++)
        if (action(i, "Request"))
            fail_msg("%s: a recorded request was not made", traffic.name);
}

/* --- comparing --- */

static int compare_fields(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_ignored(const char *field)
{
    static const char *const IDENTITY[] = {"RoleArn=", "WebIdentityToken="};
    if (strncmp(field, "RoleSessionName=", 16) == 0)
        return true; /* each client makes its own */
    for (size_t i = 0; i < 2; i++)
        if (traffic.ignores_identity && strncmp(field, IDENTITY[i], strlen(IDENTITY[i])) == 0)
            return true;
    return false;
}

/* "b=2&a=1" sorted, without what is ignored, "&" between. */
static void normal_fields(const char *text, char out[TEXT_MAX])
{
    char copy[TEXT_MAX];
    const char *fields[FIELDS_MAX];
    size_t n = 0;
    size_t used = 0;
    char *rest = NULL;
    (void)snprintf(copy, sizeof copy, "%s", text);
    for (char *f = strtok_r(copy, "&", &rest); f; f = strtok_r(NULL, "&", &rest)) {
        assert_true(n < FIELDS_MAX);
        if (!is_ignored(f))
            fields[n++] = f;
    }
    qsort((void *)fields, n, sizeof fields[0], compare_fields);
    out[0] = '\0';
    for (size_t i = 0; i < n; i++)
        used += (size_t)snprintf(out + used, TEXT_MAX - used, "%s%s", i ? "&" : "", fields[i]);
}

static void check_fields(const char *what, const char *got, const char *expected)
{
    char a[TEXT_MAX];
    char b[TEXT_MAX];
    normal_fields(got, a);
    normal_fields(expected, b);
    if (strcmp(a, b) != 0)
        fail_msg("%s: %s is '%s', recorded is '%s'", traffic.name, what, a, b);
}

/* Query apart; a bare host has the path "/". */
static void check_uri(const char *got, const char *expected)
{
    static const char *const SLASHES = "://";
    const char *const uris[] = {got, expected};
    char places[2][TEXT_MAX];
    const char *queries[2];
    for (int i = 0; i < 2; i++) {
        const char *query = strchr(uris[i], '?');
        queries[i] = query ? query + 1 : "";
        int n = query ? (int)(query - uris[i]) : (int)strlen(uris[i]);
        const char *host = strstr(uris[i], SLASHES);
        bool is_bare = host && !strchr(host + 3, '/');
        (void)snprintf(places[i], TEXT_MAX, "%.*s%s", n, uris[i], is_bare ? "/" : "");
    }
    if (strcmp(places[0], places[1]) != 0)
        fail_msg("%s: URI '%s', recorded is '%s'", traffic.name, got, expected);
    check_fields("the query", queries[0], queries[1]);
}

static struct cp_view sent_header(const struct cp_http_request *r, const char *name)
{
    for (size_t i = 0; i < r->n_headers; i++)
        if (cp_view_is_nocase(r->headers[i].name, name))
            return r->headers[i].value;
    return (struct cp_view){"", 0};
}

/* Scheme, key and service of a signature; date and the rest differ. */
static void check_authorization(struct cp_view got, const char *expected)
{
    const char *end = expected ? strchr(expected, '/') : NULL;
    size_t whole = expected ? strlen(expected) : 0;
    struct cp_view key = {expected, end ? (size_t)(end - expected) + 1 : whole};
    if ((got.n > 0) != (expected != NULL) ||
        (key.n && (got.n < key.n || memcmp(got.p, key.p, key.n) != 0)))
        fail_msg("%s: Authorization is '%.*s'", traffic.name, (int)got.n, got.p);
}

static void check_headers(const struct cp_http_request *r, const cJSON *headers)
{
    static const char *const CREDENTIALS[] = {"x-amz-security-token", "x-amz-sso_bearer_token",
                                              "x-aws-ec2-metadata-token",
                                              "x-aws-ec2-metadata-token-ttl-seconds"};
    check_authorization(sent_header(r, "authorization"),
                        traffic.authorization ? traffic.authorization
                                              : recorded_header(headers, "authorization"));
    for (size_t i = 0; i < sizeof CREDENTIALS / sizeof CREDENTIALS[0]; i++) {
        const char *expected = recorded_header(headers, CREDENTIALS[i]);
        bool is_foreign = traffic.ignores_identity && i == 0;
        if (!is_foreign && !cp_view_is(sent_header(r, CREDENTIALS[i]), expected ? expected : ""))
            fail_msg("%s: header %s differs", traffic.name, CREDENTIALS[i]);
    }
}

static void check_request(const struct cp_http_request *r)
{
    const cJSON *recorded = cJSON_GetObjectItem(take("Request"), "request");
    char body[TEXT_MAX];
    assert_true(cp_view_copy(r->body, body, sizeof body));
    assert_string_equal(r->method, sdk_text(recorded, "method"));
    check_uri(r->url, sdk_text(recorded, "uri"));
    check_headers(r, cJSON_GetObjectItem(recorded, "headers"));
    check_fields("the body", body, take_body());
}

/* --- the transport --- */

static enum cp_code traffic_open(int max_connections, struct cp_http **out, struct cp_error *err)
{
    (void)err;
    assert_true(max_connections > 0);
    *out = calloc(1, sizeof **out);
    assert_non_null(*out);
    return CP_OK;
}

static enum cp_code traffic_start(struct cp_http *h, const struct cp_http_request *request,
                                  cp_http_done_fn done, void *context, struct cp_error *err)
{
    (void)err;
    assert_null(h->done);
    check_request(request);
    h->done = done;
    h->context = context;
    return CP_OK;
}

static enum cp_code traffic_poll(struct cp_http *h, int timeout_ms, size_t *in_flight,
                                 struct cp_error *err)
{
    (void)err;
    (void)timeout_ms;
    if (in_flight)
        *in_flight = 0;
    if (!h->done)
        return CP_OK;
    const cJSON *answer =
        cJSON_GetObjectItem(cJSON_GetObjectItem(take("Response"), "response"), "Ok");
    const struct cp_http_response r = {
        .status = cJSON_GetObjectItem(answer, "status")->valueint,
        .was_sent = true,
        .body = cp_view_of(take_body()),
    };
    cp_http_done_fn done = h->done;
    h->done = NULL;
    done(h->context, &r);
    return CP_OK;
}

static void traffic_close(struct cp_http *h)
{
    free(h);
}

const struct cp_http_ops traffic_http_ops = {traffic_open, traffic_start, traffic_poll,
                                             traffic_close};
