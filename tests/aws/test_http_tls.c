/* SPDX-License-Identifier: GPL-3.0-or-later
 * The libcurl transport over TLS: whom it trusts, what it says when it does not, and what counts as
 * sent, directly and through a proxy. Certificates are made anew in each run.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probes/aws/http.h"
#include "tests/aws/hold_server.h"
#include "tests/test.h"

enum { TIMEOUT_MS = 20000 };

static const long DAY_S = 86400;

static struct {
    struct test_certificate ca, good, expired, future, elsewhere, selfmade;
    char bundle[64];
} world;

struct outcome {
    int calls, status;
    enum cp_code code;
    bool was_sent;
    char error[CP_ERROR_TEXT_MAX];
};

static void on_done(void *context, const struct cp_http_response *r)
{
    struct outcome *o = context;
    o->calls++;
    o->code = r->code;
    o->status = r->status;
    o->was_sent = r->was_sent;
    (void)snprintf(o->error, sizeof o->error, "%s", r->error.text);
}

static void *serve(void *context)
{
    hold_server_serve(context);
    return NULL;
}

static pthread_t begin(struct hold_server *s)
{
    pthread_t thread;
    hold_server_open(s);
    assert_int_equal(pthread_create(&thread, NULL, serve, s), 0);
    return thread;
}

static void end(struct hold_server *s, pthread_t thread)
{
    hold_server_stop(s);
    (void)pthread_join(thread, NULL);
    hold_server_close(s);
}

static struct cp_http *open_transport(void)
{
    struct cp_http *http = NULL;
    assert_int_equal(cp_http_curl.open(4, &http, NULL), CP_OK);
    return http;
}

static struct outcome exchange(struct cp_http *http, const char *url, const char *bundle)
{
    struct outcome o = {0};
    const struct cp_http_request request = {
        .method = "POST",
        .url = url,
        .body = CP_VIEW_LIT("{}"),
        .connect_timeout_ms = TIMEOUT_MS,
        .timeout_ms = TIMEOUT_MS,
        .max_response_bytes = 1 << 20,
        .ca_bundle = bundle,
    };
    size_t in_flight = 1;
    assert_int_equal(cp_http_curl.start(http, &request, on_done, &o, NULL), CP_OK);
    while (in_flight)
        assert_int_equal(cp_http_curl.poll(http, TIMEOUT_MS, &in_flight, NULL), CP_OK);
    assert_int_equal(o.calls, 1);
    return o;
}

/* One exchange with https://localhost of the given server. */
static struct outcome meet(struct hold_server *s, const char *bundle)
{
    char url[64];
    pthread_t thread = begin(s);
    struct cp_http *http = open_transport();
    (void)snprintf(url, sizeof url, "https://localhost:%d/x", s->port);
    struct outcome o = exchange(http, url, bundle);
    cp_http_curl.close(http);
    end(s, thread);
    return o;
}

static void rule_6_a_ca_of_the_bundle_is_trusted(void **state)
{
    (void)state;
    struct hold_server server = {.certificate = &world.good};
    struct outcome o = meet(&server, world.bundle);
    if (o.status != 200)
        fail_msg("%s", o.error);
    assert_true(o.was_sent);
}

static void rule_6_who_is_not_trusted_gets_no_byte_and_the_message_says_what_to_do(void **state)
{
    (void)state;
    const struct {
        const struct test_certificate *certificate;
        const char *bundle, *problem, *advice;
    } cases[] = {
        {&world.good, NULL, "unable to get local issuer certificate", "AWS_CA_BUNDLE"},
        {&world.selfmade, NULL, "self", "AWS_CA_BUNDLE"},
        {&world.expired, world.bundle, "certificate has expired", "this machine's clock"},
        {&world.future, world.bundle, "not yet valid", "this machine's clock"},
        {&world.elsewhere, world.bundle, "localhost", "check the endpoint's URL"},
        {&world.good, "/nonexistent/ca.pem", "ca.pem", "correct AWS_CA_BUNDLE"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hold_server server = {.certificate = cases[i].certificate};
        struct outcome o = meet(&server, cases[i].bundle);
        if (o.code != CP_EIO || o.was_sent || !strstr(o.error, cases[i].problem) ||
            !strstr(o.error, cases[i].advice))
            fail_msg("case %zu: code %d, sent %d: %s", i, o.code, o.was_sent, o.error);
        assert_int_equal(server.n_requests, 0);
    }
}

static void tls_that_breaks_off_before_the_request_sent_nothing(void **state)
{
    (void)state;
    struct hold_server closing = {.certificate = &world.good, .fault = HOLD_CLOSE_HANDSHAKE};
    struct hold_server plain = {.certificate = NULL};
    struct outcome o = meet(&closing, world.bundle);
    assert_int_equal(o.code, CP_EIO);
    assert_false(o.was_sent);
    o = meet(&plain, world.bundle);
    assert_int_equal(o.code, CP_EIO);
    if (!strstr(o.error, "check that the endpoint speaks TLS"))
        fail_msg("%s", o.error);
    assert_false(o.was_sent);
}

static void rule_14_tls_that_breaks_off_after_the_request_may_have_run(void **state)
{
    (void)state;
    static const enum hold_fault faults[] = {HOLD_CUT_BODY, HOLD_RESET};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct hold_server server = {.certificate = &world.good, .fault = faults[i]};
        struct outcome o = meet(&server, world.bundle);
        assert_int_equal(o.code, CP_EIO);
        assert_true(o.was_sent);
        assert_int_equal(server.n_requests, 1);
    }
}

static void a_bundle_is_of_its_request_only(void **state)
{
    (void)state;
    char url[64];
    struct hold_server server = {.certificate = &world.good};
    pthread_t thread = begin(&server);
    struct cp_http *http = open_transport();
    (void)snprintf(url, sizeof url, "https://localhost:%d/x", server.port);
    assert_int_equal(exchange(http, url, world.bundle).status, 200);
    struct outcome o = exchange(http, url, NULL); /* the same pooled transfer */
    assert_int_equal(o.code, CP_EIO);
    assert_false(o.was_sent);
    assert_int_equal(exchange(http, url, world.bundle).status, 200);
    cp_http_curl.close(http);
    end(&server, thread);
}

/* --- through a proxy --- */

static void begin_proxied(const struct hold_server *proxy)
{
    char url[64];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d", proxy->port);
    assert_int_equal(setenv("https_proxy", url, 1), 0);
    (void)unsetenv("no_proxy");
    (void)unsetenv("NO_PROXY");
}

static void a_proxy_of_the_environment_is_used_and_connect_is_not_the_request(void **state)
{
    (void)state;
    struct hold_server proxy = {.certificate = &world.elsewhere, .is_proxy = true};
    pthread_t thread = begin(&proxy);
    struct cp_http *http = open_transport();
    begin_proxied(&proxy);
    struct outcome o = exchange(http, "https://elsewhere.example/x", world.bundle);
    if (o.status != 200)
        fail_msg("%s", o.error);
    assert_true(o.was_sent);
    assert_int_equal(exchange(http, "https://elsewhere.example/x", world.bundle).status, 200);
    assert_int_equal(proxy.n_connects, 1);
    assert_int_equal(proxy.n_requests, 2);
    o = exchange(http, "https://other.example/x", world.bundle); /* CONNECT, and no trust */
    assert_int_equal(o.code, CP_EIO);
    assert_false(o.was_sent);
    assert_int_equal(proxy.n_connects, 2);
    assert_int_equal(proxy.n_requests, 2);
    (void)unsetenv("https_proxy");
    cp_http_curl.close(http);
    end(&proxy, thread);
}

static void rule_7_a_direct_request_asks_no_proxy(void **state)
{
    (void)state;
    struct outcome o = {0};
    struct hold_server proxy = {.certificate = &world.elsewhere, .is_proxy = true};
    pthread_t thread = begin(&proxy);
    struct cp_http *http = open_transport();
    begin_proxied(&proxy);
    const struct cp_http_request request = {.method = "GET",
                                            .url = "https://elsewhere.invalid/x",
                                            .connect_timeout_ms = TIMEOUT_MS,
                                            .timeout_ms = TIMEOUT_MS,
                                            .max_response_bytes = 1 << 20,
                                            .is_direct = true};
    size_t in_flight = 1;
    assert_int_equal(cp_http_curl.start(http, &request, on_done, &o, NULL), CP_OK);
    while (in_flight)
        assert_int_equal(cp_http_curl.poll(http, TIMEOUT_MS, &in_flight, NULL), CP_OK);
    assert_int_equal(o.code, CP_EIO); /* there is no such host */
    assert_false(o.was_sent);
    assert_int_equal(proxy.n_connections, 0);
    (void)unsetenv("https_proxy");
    cp_http_curl.close(http);
    end(&proxy, thread);
}

/* --- world --- */

static struct test_certificate leaf(const char *name, long from_s, long until_s)
{
    return test_certificate_new(
        &(struct test_certificate_options){name, from_s, until_s, &world.ca});
}

static int make_world(void **state)
{
    (void)state;
    const struct test_certificate_options own = {"coldprof test CA", -DAY_S, DAY_S, NULL};
    world.ca = test_certificate_new(&own);
    world.selfmade = test_certificate_new(&own);
    world.good = leaf("localhost", -DAY_S, DAY_S);
    world.expired = leaf("localhost", -2 * DAY_S, -DAY_S);
    world.future = leaf("localhost", DAY_S, 2 * DAY_S);
    world.elsewhere = leaf("elsewhere.example", -DAY_S, DAY_S);
    test_certificate_save(&world.ca, world.bundle);
    return 0;
}

static int end_world(void **state)
{
    (void)state;
    struct test_certificate *all[] = {&world.ca,     &world.good,      &world.expired,
                                      &world.future, &world.elsewhere, &world.selfmade};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        test_certificate_free(all[i]);
    return unlink(world.bundle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_6_a_ca_of_the_bundle_is_trusted),
        cmocka_unit_test(rule_6_who_is_not_trusted_gets_no_byte_and_the_message_says_what_to_do),
        cmocka_unit_test(tls_that_breaks_off_before_the_request_sent_nothing),
        cmocka_unit_test(rule_14_tls_that_breaks_off_after_the_request_may_have_run),
        cmocka_unit_test(a_bundle_is_of_its_request_only),
        cmocka_unit_test(a_proxy_of_the_environment_is_used_and_connect_is_not_the_request),
        cmocka_unit_test(rule_7_a_direct_request_asks_no_proxy),
    };
    return cmocka_run_group_tests(tests, make_world, end_world);
}
