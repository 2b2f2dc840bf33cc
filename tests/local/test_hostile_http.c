/* SPDX-License-Identifier: GPL-3.0-or-later
 * Hostile bytes on the service's socket: the raw requests of the reference folder (label
 * reference), and more of each class made here.
 */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "model/base/rng.h"
#include "probes/os/file.h"
#include "tests/local/service.h"

static struct service service;

static const struct function_setup probe = {"fn", "timeout = 1\n", NULL, NULL};

static int start(void **state)
{
    (void)state;
    service_start(&service, &probe, 1, NULL);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    service_stop(&service);
    return 0;
}

static void assert_still_serves(void)
{
    struct answer a;
    invoke(&service, "fn", "{}", &a, NULL);
    assert_int_equal(a.status, 200);
    answer_clear(&a);
}

struct hostile {
    const char *name;
    const char *bytes;
    int status; /* of the first answer */
};

#define POST_FN "POST /2015-03-31/functions/fn/invocations HTTP/1.1\r\n"

static const struct hostile rows[] = {
    {"length and chunked",
     POST_FN "Host: 127.0.0.1\r\nContent-Length: 6\r\nTransfer-Encoding: "
             "chunked\r\n\r\n0\r\n\r\nG",
     400},
    {"two lengths", POST_FN "Host: 127.0.0.1\r\nContent-Length: 2\r\nContent-Length: 40\r\n\r\n{}",
     400},
    {"huge length", POST_FN "Host: 127.0.0.1\r\nContent-Length: 9999999999\r\n\r\n{}", 413},
    {"folded line", POST_FN "Host: 127.0.0.1\r\nX-A: b\r\n c\r\nContent-Length: 2\r\n\r\n{}", 400},
    {"line folded with a tab", POST_FN "Host: 127.0.0.1\r\nX-A: b\r\n\tc\r\n\r\n", 400},
    {"blank before a colon", POST_FN "Host : 127.0.0.1\r\nContent-Length: 2\r\n\r\n{}", 400},
    {"foreign host", POST_FN "Host: evil.example\r\nContent-Length: 2\r\n\r\n{}", 421},
    {"no host", POST_FN "Content-Length: 2\r\n\r\n{}", 421},
    {"two hosts", POST_FN "Host: 127.0.0.1\r\nHost: localhost\r\n\r\n", 421},
    {"origin of a web page", POST_FN "Host: 127.0.0.1\r\nOrigin: http://evil.example\r\n\r\n", 403},
    {"TLS hello", "\x16\x03\x01\x02\x01\x01\xfc\x03\x03rrrrrrrrrrrrrrrrrrrrrrr", 400},
    {"traversal",
     "GET /2015-03-31/functions/%2e%2e%2f%2e%2e%2fetc%2fpasswd HTTP/1.1\r\nHost: "
     "127.0.0.1\r\n\r\n",
     400},
    {"NUL in the path", "GET /2015-03-31/functions/fn%00x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
     400},
    {"unknown path", "GET /etc/passwd HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 404},
    {"unknown method", "BREW /2015-03-31/functions/fn HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 405},
    {"unsigned", POST_FN "Host: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{}", 403},
};

static void malformed_heads_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct answer a;
        int fd = service_connect(&service);
        print_message("  %s\n", rows[i].name);
        exchange(fd, cp_view_of(rows[i].bytes), &a);
        assert_int_equal(a.status, rows[i].status);
        answer_clear(&a);
        (void)close(fd);
    }
    assert_still_serves();
}

/* The second request of a connection does not pass the gate. */
static void malformed_second_request_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct answer a;
        struct cp_buf bytes, pending;
        if (strcmp(rows[i].name, "TLS hello") == 0)
            continue; /* without a line end there is no second request to answer yet */
        int fd = service_connect(&service);
        cp_buf_init(&bytes, 1 << 20);
        cp_buf_init(&pending, 1 << 20);
        sign_request(&service, "GET", "/2016-08-19/account-settings", "", "", &bytes);
        exchange(fd, cp_buf_view(&bytes), &a);
        assert_int_equal(a.status, 200);
        answer_clear(&a);
        print_message("  %s\n", rows[i].name);
        exchange(fd, cp_view_of(rows[i].bytes), &a);
        /* The library itself answers 400 where a Host is missing. */
        bool is_no_host = strcmp(rows[i].name, "no host") == 0;
        assert_int_equal(a.status, is_no_host ? 400 : rows[i].status);
        answer_clear(&a);
        cp_buf_clear(&bytes);
        cp_buf_clear(&pending);
        (void)close(fd);
    }
    assert_still_serves();
}

static void long_head_is_431(void **state)
{
    (void)state;
    struct cp_buf bytes;
    struct answer a;
    cp_buf_init(&bytes, 1 << 20);
    (void)cp_buf_adds(&bytes, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ");
    for (int i = 0; i < 100000; i++)
        (void)cp_buf_addc(&bytes, 'b');
    (void)cp_buf_adds(&bytes, "\r\n\r\n");
    int fd = service_connect(&service);
    exchange(fd, cp_buf_view(&bytes), &a);
    assert_int_equal(a.status, 431);
    answer_clear(&a);
    cp_buf_clear(&bytes);
    (void)close(fd);
    assert_still_serves();
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    (void)state;
    enum { N = 50 };
    struct cp_buf bytes, pending;
    cp_buf_init(&bytes, 1 << 20);
    cp_buf_init(&pending, 1 << 20);
    for (int i = 0; i < N; i++)
        sign_request(&service, "POST", "/2015-03-31/functions/fn/invocations", "", "{}", &bytes);
    int fd = service_connect(&service);
    assert_int_equal(write(fd, bytes.p, bytes.n), bytes.n);
    long last = -1;
    for (int i = 0; i < N; i++) {
        struct answer a;
        read_answer(fd, &pending, &a);
        assert_int_equal(a.status, 200);
        assert_true(i == 0 || number_in(&a, "n") == last + 1);
        last = number_in(&a, "n");
        answer_clear(&a);
    }
    cp_buf_clear(&bytes);
    cp_buf_clear(&pending);
    (void)close(fd);
}

/* Whatever bytes come: an answer or the end of the connection, and the next request is served. */
static void mutated_requests_do_no_harm(void **state)
{
    (void)state;
    enum { ROUNDS = 300, CHANGES = 3 };
    struct cp_rng rng;
    struct cp_buf good;
    cp_rng_init(&rng, 11, 0);
    cp_buf_init(&good, 1 << 20);
    sign_request(&service, "POST", "/2015-03-31/functions/fn/invocations", "", "{\"a\":1}", &good);
    for (int i = 0; i < ROUNDS; i++) {
        char bytes[4096];
        struct answer a;
        struct cp_buf pending;
        assert_true(good.n < sizeof bytes);
        memcpy(bytes, good.p, good.n);
        size_t n = i % 5 ? good.n : cp_rng_below(&rng, good.n);
        for (int k = 0; k < CHANGES; k++)
            bytes[cp_rng_below(&rng, good.n)] = (char)cp_rng_below(&rng, 256);
        int fd = service_connect(&service);
        (void)send(fd, bytes, n, MSG_NOSIGNAL);
        (void)shutdown(fd, SHUT_WR);
        cp_buf_init(&pending, 1 << 20);
        read_answer(fd, &pending, &a);
        assert_true(a.status == 0 || (a.status >= 200 && a.status < 500));
        answer_clear(&a);
        cp_buf_clear(&pending);
        (void)close(fd);
    }
    cp_buf_clear(&good);
    assert_still_serves();
}

static bool contains(const struct answer *a, const char *text)
{
    return strstr(cp_buf_str(&a->head), text) || strstr(cp_buf_str(&a->body), text);
}

/* One file of the reference folder: what must be answered is told by its MANIFEST. */
static const struct {
    const char *file;
    int status, or_status;
    int n_answers;
} files[] = {
    {"cl-te.raw", 400, 400, 1},       {"two-cl.raw", 400, 400, 1},
    {"cl-huge.raw", 413, 413, 1},     {"chunk-neg.raw", 400, 400, 1},
    {"obs-fold.raw", 400, 400, 1},    {"host-rebinding.raw", 403, 421, 1},
    {"header-long.raw", 431, 431, 1}, {"traversal-encoded.raw", 400, 404, 1},
    {"tls-hello.raw", 400, 400, 1},   {"pipeline.raw", 403, 403, 50},
};

static void check_file(const char *folder, size_t i)
{
    char path[512];
    struct cp_buf bytes, pending;
    cp_buf_init(&bytes, 1 << 20);
    cp_buf_init(&pending, 1 << 20);
    (void)snprintf(path, sizeof path, "%s/hostile/http/%s", folder, files[i].file);
    assert_int_equal(cp_file_read(path, &bytes, NULL), CP_OK);
    print_message("  %s\n", files[i].file);
    int fd = service_connect(&service);
    (void)send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);
    for (int k = 0; k < files[i].n_answers; k++) {
        struct answer a;
        read_answer(fd, &pending, &a);
        assert_true(a.status == files[i].status || a.status == files[i].or_status);
        assert_false(contains(&a, "SMUGGLED"));
        answer_clear(&a);
    }
    (void)close(fd);
    cp_buf_clear(&bytes);
    cp_buf_clear(&pending);
    assert_still_serves();
}

static void reference_requests_get_the_answers_they_must(void **state)
{
    (void)state;
    const char *folder = getenv("COLDPROF_REFERENCE");
    char path[512];
    (void)snprintf(path, sizeof path, "%s/hostile/http", folder ? folder : "");
    if (!folder || !cp_file_is_dir(path)) {
        print_message("no reference folder: skipped\n");
        assert_null(getenv("CI"));
        skip();
    }
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        check_file(folder, i);
}

static void half_a_head_is_closed_after_the_limit(void **state)
{
    (void)state;
    struct service short_limit;
    struct answer a;
    const struct cp_serve_options options = {.head_limit_ms = 100};
    service_start(&short_limit, &probe, 1, &options);
    int fd = service_connect(&short_limit);
    exchange(fd, CP_VIEW_LIT(POST_FN "Host: 127.0.0.1\r\nContent-Le"), &a);
    assert_int_equal(a.status, 408);
    answer_clear(&a);
    (void)close(fd);
    invoke(&short_limit, "fn", "{}", &a, NULL);
    assert_int_equal(a.status, 200);
    answer_clear(&a);
    service_stop(&short_limit);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed_heads_are_refused),
        cmocka_unit_test(malformed_second_request_is_refused),
        cmocka_unit_test(long_head_is_431),
        cmocka_unit_test(mutated_requests_do_no_harm),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(reference_requests_get_the_answers_they_must),
        cmocka_unit_test(half_a_head_is_closed_after_the_limit),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, start, stop);
}
