/* SPDX-License-Identifier: GPL-3.0-or-later
 * The libcurl transport against a real socket server on loopback.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probes/aws/http.h"
#include "tests/aws/loop_server.h"
#include "tests/test.h"

enum { TIMEOUT_MS = 20000, MANY = 1000 };

struct outcome {
    int calls;
    enum cp_code code;
    int status;
    bool was_sent;
    size_t n_headers;
    char error[CP_ERROR_TEXT_MAX];
    char body[256], request_id[16], early[16];
    size_t body_size;
    int64_t sent_at_ms;
    double elapsed_ms;
};

static void on_done(void *context, const struct cp_http_response *r)
{
    struct outcome *o = context;
    o->calls++;
    o->code = r->code;
    o->status = r->status;
    o->was_sent = r->was_sent;
    o->n_headers = r->n_headers;
    o->body_size = r->body.n;
    o->sent_at_ms = r->sent_at_ms;
    o->elapsed_ms = r->elapsed_ms;
    (void)cp_view_copy(r->body, o->body, sizeof o->body);
    (void)cp_view_copy(cp_http_header(r, "X-AMZN-requestid"), o->request_id, sizeof o->request_id);
    (void)cp_view_copy(cp_http_header(r, "X-Early"), o->early, sizeof o->early);
    (void)snprintf(o->error, sizeof o->error, "%s", r->code ? r->error.text : "");
}

static struct cp_http *open_with(int max_connections)
{
    struct cp_http *http = NULL;
    struct cp_error err;
    if (cp_http_curl.open(max_connections, &http, &err))
        fail_msg("%s", err.text);
    return http;
}

static struct cp_http_request post(const char *url, const char *body)
{
    return (struct cp_http_request){
        .method = "POST",
        .url = url,
        .body = cp_view_of(body),
        .connect_timeout_ms = TIMEOUT_MS,
        .timeout_ms = TIMEOUT_MS,
        .max_response_bytes = 1 << 20,
    };
}

static void start(struct cp_http *http, const struct cp_http_request *request, struct outcome *o)
{
    struct cp_error err;
    *o = (struct outcome){0};
    if (cp_http_curl.start(http, request, on_done, o, &err))
        fail_msg("%s", err.text);
}

static void drain(struct cp_http *http)
{
    size_t in_flight = 1;
    while (in_flight)
        assert_int_equal(cp_http_curl.poll(http, TIMEOUT_MS, &in_flight, NULL), CP_OK);
}

static struct outcome exchange(struct cp_http *http, const struct cp_http_request *request)
{
    struct outcome o;
    start(http, request, &o);
    drain(http);
    assert_int_equal(o.calls, 1);
    return o;
}

/* One exchange with a server of the given manner. */
static struct outcome exchange_with(enum loop_manner manner, struct cp_http_request request)
{
    struct loop_server *server = loop_server_start(manner, 0);
    struct cp_http *http = open_with(4);
    request.url = loop_server_url(server);
    struct outcome o = exchange(http, &request);
    assert_int_equal(loop_server_requests(server), 1);
    cp_http_curl.close(http);
    loop_server_stop(server);
    return o;
}

/* --- good servers --- */

static void connections_are_reused(void **state)
{
    (void)state;
    struct loop_server *server = loop_server_start(LOOP_ANSWER, 0);
    struct cp_http *http = open_with(10);
    const struct cp_http_request request = post(loop_server_url(server), "{}");
    for (int i = 0; i < 50; i++) {
        struct outcome o = exchange(http, &request);
        assert_int_equal(o.code, CP_OK);
        assert_int_equal(o.status, 200);
        assert_true(o.was_sent);
        assert_string_equal(o.body, "{}");
        assert_string_equal(o.request_id, "1-2");
        assert_true(o.elapsed_ms > 0);
        assert_true(o.sent_at_ms > 1600000000000);
    }
    assert_int_equal(loop_server_requests(server), 50);
    assert_int_equal(loop_server_connections(server), 1);
    cp_http_curl.close(http);
    loop_server_stop(server);
}

static void the_request_is_sent_as_given_and_nothing_else(void **state)
{
    (void)state;
    struct loop_server *server = loop_server_start(LOOP_ANSWER, 0);
    struct cp_http *http = open_with(1);
    const struct cp_header headers[] = {{CP_VIEW_LIT("Host"), CP_VIEW_LIT("lambda.example")},
                                        {CP_VIEW_LIT("X-Empty"), CP_VIEW_LIT("")},
                                        {CP_VIEW_LIT("X-A"), CP_VIEW_LIT("1")}};
    static const struct {
        const char *method, *body, *line, *length;
    } cases[] = {
        {"GET", "", "GET /a/../b//%3Ac?q=%24 HTTP/1.1\r\n", NULL},
        {"DELETE", "", "DELETE /a/../b//%3Ac?q=%24 HTTP/1.1\r\n", NULL},
        {"PUT", "{\"a\":1}", "PUT /a/../b//%3Ac?q=%24 HTTP/1.1\r\n", "Content-Length: 7\r\n"},
        {"POST", "", "POST /a/../b//%3Ac?q=%24 HTTP/1.1\r\n", "Content-Length: 0\r\n"},
        {"GET", "", "GET /a/../b//%3Ac?q=%24 HTTP/1.1\r\n", NULL}, /* a pooled PUT leaves nothing */
    };
    char url[128];
    (void)snprintf(url, sizeof url, "%s/a/../b//%%3Ac?q=%%24", loop_server_url(server));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cp_http_request request = post(url, cases[i].body);
        request.method = cases[i].method;
        request.headers = headers;
        request.n_headers = 3;
        struct outcome o = exchange(http, &request);
        assert_int_equal(o.status, 200);
        assert_string_equal(o.body, cases[i].body);
        const char *sent = loop_server_last(server);
        assert_ptr_equal(strstr(sent, cases[i].line), sent);
        assert_non_null(strstr(sent, "\r\nHost: lambda.example\r\n"));
        assert_non_null(strstr(sent, "\r\nX-A: 1\r\n"));
        assert_non_null(strstr(sent, "\r\nX-Empty:\r\n"));
        assert_non_null(strstr(sent, "\r\nUser-Agent: coldprof/"));
        assert_null(strstr(sent, "Expect"));
        assert_null(strstr(sent, "Content-Type"));
        assert_null(strstr(sent, "127.0.0.1"));
        if (cases[i].length)
            assert_non_null(strstr(sent, cases[i].length));
        else
            assert_null(strstr(sent, "Content-Length"));
    }
    cp_http_curl.close(http);
    loop_server_stop(server);
}

static void head_and_body_leave_in_one_write(void **state)
{
    (void)state;
    struct loop_server *server = loop_server_start(LOOP_ANSWER, 0);
    struct cp_http *http = open_with(1);
    char body[4096];
    memset(body, 'x', sizeof body - 1);
    body[sizeof body - 1] = '\0';
    const struct cp_http_request request = post(loop_server_url(server), body);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(exchange(http, &request).status, 200);
        int segments = loop_server_segments(server);
        if (segments < 0)
            print_message("the kernel does not count TCP segments\n");
        else
            assert_int_equal(segments, 1);
    }
    cp_http_curl.close(http);
    loop_server_stop(server);
}

static void a_large_body_is_sent_without_waiting_for_permission(void **state)
{
    (void)state;
    struct loop_server *server = loop_server_start(LOOP_ANSWER, 0);
    struct cp_http *http = open_with(1);
    size_t n = (size_t)2 << 20; /* above 1 MiB libcurl would ask with "Expect: 100-continue" */
    char *body = malloc(n + 1);
    assert_non_null(body);
    memset(body, 'x', n);
    body[n] = '\0';
    struct cp_http_request request = post(loop_server_url(server), body);
    request.max_response_bytes = n;
    struct outcome o = exchange(http, &request);
    assert_int_equal(o.code, CP_OK);
    assert_int_equal(o.body_size, n);
    assert_null(strstr(loop_server_last(server), "Expect"));
    free(body);
    cp_http_curl.close(http);
    loop_server_stop(server);
}

static void a_thousand_requests_are_in_flight_at_once(void **state)
{
    (void)state;
    struct loop_server *server = loop_server_start(LOOP_HOLD, MANY);
    struct cp_http *http = open_with(MANY);
    struct outcome *outcomes = calloc(MANY, sizeof *outcomes);
    assert_non_null(outcomes);
    char body[16];
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(body, sizeof body, "%d", i);
        const struct cp_http_request request = post(loop_server_url(server), body);
        start(http, &request, &outcomes[i]);
    }
    drain(http);
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(body, sizeof body, "%d", i);
        if (outcomes[i].code)
            fail_msg("%d: %s", i, outcomes[i].error);
        assert_int_equal(outcomes[i].calls, 1);
        assert_string_equal(outcomes[i].body, body);
    }
    assert_int_equal(loop_server_connections(server), MANY);
    free(outcomes);
    cp_http_curl.close(http);
    loop_server_stop(server);
}

static void connections_stay_within_their_limit(void **state)
{
    (void)state;
    struct loop_server *server = loop_server_start(LOOP_ANSWER, 0);
    struct cp_http *http = open_with(3);
    struct outcome outcomes[30];
    const struct cp_http_request request = post(loop_server_url(server), "x");
    for (size_t i = 0; i < 30; i++)
        start(http, &request, &outcomes[i]);
    drain(http);
    for (size_t i = 0; i < 30; i++)
        assert_int_equal(outcomes[i].status, 200);
    assert_in_range(loop_server_connections(server), 1, 3);
    cp_http_curl.close(http);
    loop_server_stop(server);
}

struct chain {
    struct cp_http *http;
    struct cp_http_request request;
    int left;
};

static void start_next(void *context, const struct cp_http_response *r)
{
    struct chain *chain = context;
    assert_int_equal(r->status, 200);
    if (--chain->left > 0)
        assert_int_equal(cp_http_curl.start(chain->http, &chain->request, start_next, chain, NULL),
                         CP_OK);
}

static void a_callback_may_start_the_next_request(void **state)
{
    (void)state;
    struct loop_server *server = loop_server_start(LOOP_ANSWER, 0);
    struct chain chain = {open_with(2), post(loop_server_url(server), "x"), 20};
    assert_int_equal(cp_http_curl.start(chain.http, &chain.request, start_next, &chain, NULL),
                     CP_OK);
    drain(chain.http);
    assert_int_equal(chain.left, 0);
    assert_int_equal(loop_server_requests(server), 20);
    cp_http_curl.close(chain.http);
    loop_server_stop(server);
}

static void only_the_final_answers_headers_are_kept(void **state)
{
    (void)state;
    struct outcome o = exchange_with(LOOP_INTERIM, post("", "x"));
    assert_int_equal(o.status, 200);
    assert_string_equal(o.early, "");
    assert_string_equal(o.request_id, "1-2");
}

static void thousands_of_headers_are_read(void **state)
{
    (void)state;
    struct outcome o = exchange_with(LOOP_MANY_HEADERS, post("", "x"));
    assert_int_equal(o.code, CP_OK);
    assert_int_equal(o.n_headers, 5002);
    assert_string_equal(o.request_id, "1-2");
}

static void rule_6_redirects_are_answers_and_not_followed(void **state)
{
    (void)state;
    struct outcome o = exchange_with(LOOP_REDIRECT, post("", "x"));
    assert_int_equal(o.code, CP_OK);
    assert_int_equal(o.status, 302);
}

/* --- bad servers --- */

static void rule_8_broken_and_too_large_answers_are_no_answers(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum loop_manner manner;
        enum cp_code code;
        size_t max_response_bytes;
        const char *text;
    } cases[] = {
        {"garbage", LOOP_GARBAGE, CP_EIO, 1 << 20, "HTTP/0.9"},
        {"reset", LOOP_RESET, CP_EIO, 1 << 20, "reset"},
        {"cut body", LOOP_CUT_BODY, CP_EIO, 1 << 20, "90 bytes remaining"},
        {"large header", LOOP_LONG_HEADER, CP_ELIMIT, 1 << 20,
         "a header of the answer is larger than 65536 bytes"},
        {"too large", LOOP_BIG, CP_ELIMIT, 99999, "the answer is larger than 99999 bytes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cp_http_request request = post("", "x");
        request.max_response_bytes = cases[i].max_response_bytes;
        struct outcome o = exchange_with(cases[i].manner, request);
        if (o.code != cases[i].code || o.status != -1 || !o.was_sent ||
            !strstr(o.error, cases[i].text))
            fail_msg("%s: code %d, status %d, sent %d, '%s'", cases[i].name, o.code, o.status,
                     o.was_sent, o.error);
        assert_int_equal(o.body_size, 0);
    }
}

static void an_answer_of_just_the_limit_is_whole(void **state)
{
    (void)state;
    struct cp_http_request request = post("", "x");
    request.max_response_bytes = 100000;
    struct outcome o = exchange_with(LOOP_BIG, request);
    assert_int_equal(o.code, CP_OK);
    assert_int_equal(o.body_size, 100000);
}

static void a_silent_server_times_out_after_sending(void **state)
{
    (void)state;
    struct cp_http_request request = post("", "x");
    request.timeout_ms = 60;
    struct outcome o = exchange_with(LOOP_SILENT, request);
    assert_int_equal(o.code, CP_ETIMEOUT);
    assert_true(o.was_sent);
    assert_int_equal(o.status, -1);
    assert_true(o.elapsed_ms >= 59);
}

/* libcurl by itself would send the request again on a new connection: twice on the server. */
static void rule_14_a_request_is_never_sent_twice_when_a_reused_connection_dies(void **state)
{
    (void)state;
    struct loop_server *server = loop_server_start(LOOP_CLOSE_SECOND, 0);
    struct cp_http *http = open_with(4);
    const struct cp_http_request request = post(loop_server_url(server), "x");
    assert_int_equal(exchange(http, &request).status, 200);
    struct outcome o = exchange(http, &request);
    assert_int_equal(o.code, CP_EIO);
    assert_true(o.was_sent);
    assert_int_equal(loop_server_requests(server), 2);
    assert_non_null(strstr(o.error, "closed after the request was sent"));
    assert_int_equal(exchange(http, &request).status, 200); /* on a new connection */
    cp_http_curl.close(http);
    loop_server_stop(server);
}

static void a_refused_connection_sent_nothing(void **state)
{
    (void)state;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0); /* bound and not listening: nobody else gets it */
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
    char url[64];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/x?Marker=m", ntohs(at.sin_port));
    struct cp_http *http = open_with(1);
    const struct cp_http_request request = post(url, "x");
    struct outcome o = exchange(http, &request);
    assert_int_equal(o.code, CP_EIO);
    assert_false(o.was_sent);
    assert_int_equal(o.status, -1);
    assert_null(strstr(o.error, "Marker"));
    cp_http_curl.close(http);
    (void)close(fd);
}

static void closing_ends_each_request_once(void **state)
{
    (void)state;
    struct loop_server *server = loop_server_start(LOOP_SILENT, 0);
    struct cp_http *http = open_with(4);
    struct outcome sent;
    struct outcome unsent;
    const struct cp_http_request request = post(loop_server_url(server), "x");
    start(http, &request, &sent);
    while (loop_server_requests(server) < 1)
        assert_int_equal(cp_http_curl.poll(http, 10, NULL, NULL), CP_OK);
    start(http, &request, &unsent);
    cp_http_curl.close(http);
    assert_int_equal(sent.calls, 1);
    assert_int_equal(sent.code, CP_EINTERRUPTED);
    assert_true(sent.was_sent);
    assert_int_equal(unsent.calls, 1);
    assert_false(unsent.was_sent);
    loop_server_stop(server);
}

/* --- requests that are not sent --- */

static void requests_that_would_split_are_refused(void **state)
{
    (void)state;
    const struct cp_header split = {CP_VIEW_LIT("X-A"), CP_VIEW_LIT("1\r\nX-B: 2")};
    const struct cp_header nameless = {CP_VIEW_LIT(""), CP_VIEW_LIT("1")};
    struct cp_http *http = open_with(1);
    struct outcome o = {0};
    struct cp_http_request request = post("http://127.0.0.1:1/", "x");
    request.headers = &split;
    request.n_headers = 1;
    assert_int_equal(cp_http_curl.start(http, &request, on_done, &o, NULL), CP_EINVAL);
    request.headers = &nameless;
    assert_int_equal(cp_http_curl.start(http, &request, on_done, &o, NULL), CP_EINVAL);
    request.n_headers = 0;
    request.method = "GET / HTTP/1.1\r\nX: ";
    assert_int_equal(cp_http_curl.start(http, &request, on_done, &o, NULL), CP_EINVAL);
    cp_http_curl.close(http);
    assert_int_equal(o.calls, 0);
}

static void other_protocols_and_user_names_are_refused(void **state)
{
    (void)state;
    static const char *const urls[] = {"file:///etc/passwd", "ftp://127.0.0.1/",
                                       "http://user:pw@127.0.0.1:1/", "http://127.0.0.1:1/ b"};
    struct cp_http *http = open_with(1);
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        const struct cp_http_request request = post(urls[i], "x");
        struct outcome o = exchange(http, &request);
        assert_int_equal(o.code, CP_EIO);
        assert_false(o.was_sent);
    }
    cp_http_curl.close(http);
}

static void loopback_is_reached_without_the_proxy_of_the_environment(void **state)
{
    (void)state;
    assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
    struct outcome o = exchange_with(LOOP_ANSWER, post("", "x"));
    assert_int_equal(unsetenv("http_proxy"), 0);
    assert_int_equal(o.status, 200);
}

static void polling_with_nothing_in_flight_returns_at_once(void **state)
{
    (void)state;
    struct cp_http *http = open_with(1);
    size_t in_flight = 7;
    assert_int_equal(cp_http_curl.poll(http, 3600 * 1000, &in_flight, NULL), CP_OK);
    assert_int_equal(in_flight, 0);
    cp_http_curl.close(http);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connections_are_reused),
        cmocka_unit_test(the_request_is_sent_as_given_and_nothing_else),
        cmocka_unit_test(head_and_body_leave_in_one_write),
        cmocka_unit_test(a_large_body_is_sent_without_waiting_for_permission),
        cmocka_unit_test(a_thousand_requests_are_in_flight_at_once),
        cmocka_unit_test(connections_stay_within_their_limit),
        cmocka_unit_test(a_callback_may_start_the_next_request),
        cmocka_unit_test(only_the_final_answers_headers_are_kept),
        cmocka_unit_test(thousands_of_headers_are_read),
        cmocka_unit_test(rule_6_redirects_are_answers_and_not_followed),
        cmocka_unit_test(rule_8_broken_and_too_large_answers_are_no_answers),
        cmocka_unit_test(an_answer_of_just_the_limit_is_whole),
        cmocka_unit_test(a_silent_server_times_out_after_sending),
        cmocka_unit_test(rule_14_a_request_is_never_sent_twice_when_a_reused_connection_dies),
        cmocka_unit_test(a_refused_connection_sent_nothing),
        cmocka_unit_test(closing_ends_each_request_once),
        cmocka_unit_test(requests_that_would_split_are_refused),
        cmocka_unit_test(other_protocols_and_user_names_are_refused),
        cmocka_unit_test(loopback_is_reached_without_the_proxy_of_the_environment),
        cmocka_unit_test(polling_with_nothing_in_flight_returns_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
