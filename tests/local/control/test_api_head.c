/* SPDX-License-Identifier: GPL-3.0-or-later
 * The request head: strict splitting of raw bytes, and the checks of reliability rule 38.
 */
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

#include "probes/local/api_route.h"

struct outcome {
    enum cp_head_status parsed;
    bool is_accepted; /* by both steps */
    int status;       /* of the refusal, 0 none */
};

static struct outcome take(struct cp_view bytes, const char *allowed_host)
{
    struct cp_header headers[CP_HEAD_HEADERS_MAX];
    struct cp_raw_request request;
    struct cp_api_response response;
    struct outcome o = {0};
    size_t head_size = 0;
    /* a copy of exactly that size, so that reading past the end is seen */
    char *copy = malloc(bytes.n ? bytes.n : 1);
    assert_non_null(copy);
    memcpy(copy, bytes.p, bytes.n);
    cp_api_response_init(&response);
    o.parsed = cp_api_parse_head((struct cp_view){copy, bytes.n}, headers, &request, &head_size,
                                 &response);
    if (o.parsed == CP_HEAD_COMPLETE)
        o.is_accepted = cp_api_check_head(&request, allowed_host, &response);
    o.status = response.status;
    cp_api_response_clear(&response);
    free(copy);
    return o;
}

#define START "POST /2015-03-31/functions/fn/invocations HTTP/1.1\r\n"
#define HOST  "Host: 127.0.0.1\r\n"

static void a_good_head_is_taken_apart(void **state)
{
    static const char BYTES[] = "PUT /a%20b?c=d HTTP/1.1\r\nHost: localhost:9\r\n"
                                "X-Note:  two  words\t\r\nEmpty:\r\nContent-Length: 2\r\n\r\n{}GET";
    struct cp_header headers[CP_HEAD_HEADERS_MAX];
    struct cp_raw_request r;
    struct cp_api_response response;
    size_t head_size = 0;
    (void)state;
    cp_api_response_init(&response);
    assert_int_equal(cp_api_parse_head(cp_view_of(BYTES), headers, &r, &head_size, &response),
                     CP_HEAD_COMPLETE);
    assert_true(cp_view_is(r.method, "PUT"));
    assert_true(cp_view_is(r.target, "/a%20b?c=d"));
    assert_int_equal(r.n_headers, 4);
    assert_true(cp_view_is(r.headers[1].name, "X-Note"));
    assert_true(cp_view_is(r.headers[1].value, "two  words"));
    assert_true(cp_view_is(r.headers[2].value, ""));
    assert_int_equal(head_size, strlen(BYTES) - 5);
    assert_true(cp_view_is(r.body, "{}GET"));
    assert_true(cp_api_check_head(&r, NULL, &response));
    cp_api_response_clear(&response);
}

static void every_cut_of_a_good_head_wants_more_bytes(void **state)
{
    static const char BYTES[] = START HOST "Content-Length: 0\r\n\r\n";
    (void)state;
    for (size_t n = 0; n + 1 < sizeof BYTES - 1; n++) {
        struct outcome o = take((struct cp_view){BYTES, n}, NULL);
        assert_int_equal(o.parsed, CP_HEAD_PARTIAL);
    }
    assert_true(take(cp_view_of(BYTES), NULL).is_accepted);
}

#define RAW(text)                                                                                  \
    {                                                                                              \
        (text), sizeof(text) - 1                                                                   \
    }

static const struct {
    const char *name;
    struct cp_view bytes;
    int status;
} refused[] = {
    {"length and coding", RAW(START HOST "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n"),
     400},
    {"two lengths", RAW(START HOST "Content-Length: 2\r\nContent-Length: 40\r\n\r\n"), 400},
    {"two equal lengths", RAW(START HOST "Content-Length: 2\r\ncontent-length: 2\r\n\r\n"), 400},
    {"a list of lengths", RAW(START HOST "Content-Length: 2, 2\r\n\r\n"), 400},
    {"a negative length", RAW(START HOST "Content-Length: -1\r\n\r\n"), 400},
    {"a signed length", RAW(START HOST "Content-Length: +1\r\n\r\n"), 400},
    {"an empty length", RAW(START HOST "Content-Length:\r\n\r\n"), 400},
    {"a hexadecimal length", RAW(START HOST "Content-Length: 0x10\r\n\r\n"), 400},
    {"one byte over the limit", RAW(START HOST "Content-Length: 6291457\r\n\r\n"), 413},
    {"a length beyond any integer",
     RAW(START HOST "Content-Length: 99999999999999999999999999\r\n\r\n"), 413},
    {"an unknown coding", RAW(START HOST "Transfer-Encoding: gzip, chunked\r\n\r\n"), 400},
    {"two codings", RAW(START HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n"),
     400},
    {"a blank before the colon", RAW(START HOST "Content-Length : 2\r\n\r\n"), 400},
    {"a folded line", RAW(START HOST "X-A: b\r\n folded\r\n\r\n"), 400},
    {"a folded line by tab", RAW(START HOST "X-A: b\r\n\tfolded\r\n\r\n"), 400},
    {"no colon", RAW(START HOST "X-A\r\n\r\n"), 400},
    {"an empty name", RAW(START HOST ": x\r\n\r\n"), 400},
    {"NUL in a value", RAW(START HOST "X-A: a\0b\r\n\r\n"), 400},
    {"a lone line feed", RAW(START HOST "X-A: a\nX-B: b\r\n\r\n"), 400},
    {"a lone carriage return", RAW(START HOST "X-A: a\rX-B: b\r\n\r\n"), 400},
    {"an escape in a value", RAW(START HOST "X-A: \x1b[2J\r\n\r\n"), 400},
    {"HTTP/2", RAW("GET / HTTP/2.0\r\n" HOST "\r\n"), 400},
    {"no version", RAW("GET /\r\n" HOST "\r\n"), 400},
    {"two blanks", RAW("GET  / HTTP/1.1\r\n" HOST "\r\n"), 400},
    {"an absolute target", RAW("GET http://x/ HTTP/1.1\r\n" HOST "\r\n"), 400},
    {"a proxy's connect", RAW("CONNECT x:443 HTTP/1.1\r\n" HOST "\r\n"), 400},
    {"a star", RAW("OPTIONS * HTTP/1.1\r\n" HOST "\r\n"), 400},
    {"no host", RAW(START "\r\n"), 421},
    {"two hosts", RAW(START HOST HOST "\r\n"), 421},
    {"a foreign host", RAW(START "Host: evil.example\r\n\r\n"), 421},
    {"a host that begins well", RAW(START "Host: 127.0.0.1.evil.example\r\n\r\n"), 421},
    {"a host with a bad port", RAW(START "Host: localhost:x\r\n\r\n"), 421},
    {"a host with two ports", RAW(START "Host: localhost:1:2\r\n\r\n"), 421},
    {"a user in the host", RAW(START "Host: localhost:80@evil\r\n\r\n"), 421},
    {"an empty host", RAW(START "Host:\r\n\r\n"), 421},
    {"an open bracket", RAW(START "Host: [::1\r\n\r\n"), 421},
    {"a web page", RAW(START HOST "Origin: http://127.0.0.1\r\n\r\n"), 403},
    {"a local page", RAW(START HOST "Origin: null\r\n\r\n"), 403},
};

static void smuggling_rebinding_and_malformed_heads_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        print_message("%s\n", refused[i].name);
        struct outcome o = take(refused[i].bytes, "served.example:8080");
        assert_false(o.is_accepted);
        assert_int_equal(o.status, refused[i].status);
    }
}

static void loopback_and_the_served_name_are_accepted(void **state)
{
    static const char *const hosts[] = {"127.0.0.1",   "127.0.0.1:8080", "localhost",
                                        "LOCALHOST:1", "[::1]:65535",    "served.example:8080"};
    (void)state;
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        struct cp_buf b;
        cp_buf_init(&b, 4096);
        (void)cp_buf_addf(&b, START "Host: %s\r\nContent-Length: 6291456\r\n\r\n", hosts[i]);
        print_message("%s\n", hosts[i]);
        assert_true(take(cp_buf_view(&b), "served.example:8080").is_accepted);
        cp_buf_clear(&b);
    }
}

static void the_served_name_is_refused_when_none_is_given(void **state)
{
    (void)state;
    assert_int_equal(take(CP_VIEW_LIT(START "Host: served.example:8080\r\n\r\n"), NULL).status,
                     421);
}

static void a_head_over_the_limit_is_431_complete_or_not(void **state)
{
    struct cp_buf b;
    (void)state;
    cp_buf_init(&b, 1 << 20);
    (void)cp_buf_adds(&b, START HOST "X-A: ");
    while (b.n <= CP_HEAD_MAX)
        (void)cp_buf_addc(&b, 'b');
    struct outcome o = take(cp_buf_view(&b), NULL);
    assert_int_equal(o.parsed, CP_HEAD_REFUSED);
    assert_int_equal(o.status, 431);
    (void)cp_buf_adds(&b, "\r\n\r\n");
    assert_int_equal(take(cp_buf_view(&b), NULL).status, 431);
    cp_buf_clear(&b);
}

static void more_headers_than_the_limit_are_refused(void **state)
{
    struct cp_buf b;
    (void)state;
    cp_buf_init(&b, 1 << 20);
    (void)cp_buf_adds(&b, START HOST);
    for (int i = 1; i < CP_HEAD_HEADERS_MAX; i++)
        (void)cp_buf_addf(&b, "X-%d: x\r\n", i);
    size_t n = b.n;
    (void)cp_buf_adds(&b, "\r\n");
    assert_true(take(cp_buf_view(&b), NULL).is_accepted);
    b.n = n;
    (void)cp_buf_adds(&b, "X-More: x\r\n\r\n");
    assert_int_equal(take(cp_buf_view(&b), NULL).status, 400);
    cp_buf_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_head_is_taken_apart),
        cmocka_unit_test(every_cut_of_a_good_head_wants_more_bytes),
        cmocka_unit_test(smuggling_rebinding_and_malformed_heads_are_refused),
        cmocka_unit_test(loopback_and_the_served_name_are_accepted),
        cmocka_unit_test(the_served_name_is_refused_when_none_is_given),
        cmocka_unit_test(a_head_over_the_limit_is_431_complete_or_not),
        cmocka_unit_test(more_headers_than_the_limit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
