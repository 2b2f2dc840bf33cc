/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/aws/loop_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "model/base/buf.h"
#include "tests/test.h"

enum { CONNECTIONS_MAX = 1100, REQUEST_MAX = 4 << 20, LISTENER = 0, STOPPER = 1, FIRST = 2 };

struct connection {
    struct cp_buf in;
    int n_requests;
    size_t held; /* length of a request that waits for its answer, 0 none */
    unsigned segments_before;
};

struct loop_server {
    enum loop_manner manner;
    loop_answer_fn answer; /* LOOP_OWN */
    void *answer_context;
    int hold;
    int n_held;
    int stop_pipe[2];
    pthread_t thread;
    char url[64];
    struct pollfd fds[CONNECTIONS_MAX + FIRST];
    struct connection connections[CONNECTIONS_MAX + FIRST];
    nfds_t n;
    atomic_int n_connections, n_requests, segments;
    char last[8192];
};

/* --- sending --- */

static void send_text(int fd, const char *text, size_t n)
{
    while (n) {
        ssize_t sent = send(fd, text, n, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return;
        text += sent;
        n -= (size_t)sent;
    }
}

static void send_answer(int fd, const char *extra_headers, struct cp_view body)
{
    struct cp_buf out;
    cp_buf_init(&out, REQUEST_MAX);
    (void)cp_buf_addf(&out,
                      "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n%sx-amzn-RequestId: 1-2\r\n\r\n",
                      body.n, extra_headers);
    (void)cp_buf_add_view(&out, body);
    send_text(fd, cp_buf_str(&out), out.n);
    cp_buf_clear(&out);
}

static void send_many_headers(int fd)
{
    struct cp_buf headers;
    cp_buf_init(&headers, REQUEST_MAX);
    for (int i = 0; i < 5000; i++)
        (void)cp_buf_addf(&headers, "X-H%d: %d\r\n", i, i);
    send_answer(fd, cp_buf_str(&headers), CP_VIEW_LIT("ok"));
    cp_buf_clear(&headers);
}

static void send_long_header(int fd)
{
    struct cp_buf header;
    cp_buf_init(&header, REQUEST_MAX);
    (void)cp_buf_addf(&header, "X-Long: %070000d\r\n", 0);
    send_answer(fd, cp_buf_str(&header), CP_VIEW_LIT("ok"));
    cp_buf_clear(&header);
}

static void send_big(int fd)
{
    struct cp_buf body;
    cp_buf_init(&body, REQUEST_MAX);
    char *p = cp_buf_reserve(&body, 100000);
    if (p) {
        memset(p, 'x', 100000);
        body.n = 100000;
    }
    send_answer(fd, "", cp_buf_view(&body));
    cp_buf_clear(&body);
}

static void send_literal(int fd, const char *text)
{
    send_text(fd, text, strlen(text));
}

/* --- connections --- */

static void drop(struct loop_server *s, nfds_t i, bool is_reset)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    if (is_reset)
        (void)setsockopt(s->fds[i].fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    (void)close(s->fds[i].fd);
    s->fds[i].fd = -1;
    cp_buf_clear(&s->connections[i].in);
}

static void accept_one(struct loop_server *s)
{
    int fd = accept(s->fds[LISTENER].fd, NULL, NULL);
    if (fd < 0 || s->n == CONNECTIONS_MAX + FIRST) {
        if (fd >= 0)
            (void)close(fd);
        return;
    }
    s->fds[s->n] = (struct pollfd){.fd = fd, .events = POLLIN};
    s->connections[s->n] = (struct connection){.n_requests = 0};
    cp_buf_init(&s->connections[s->n].in, REQUEST_MAX);
    s->n++;
    atomic_fetch_add(&s->n_connections, 1);
}

/* Length of the whole request at the start of `in`, 0 when more is to come. */
static size_t request_length(struct cp_view in)
{
    const char *end = memmem(in.p, in.n, "\r\n\r\n", 4);
    if (!end)
        return 0;
    size_t length = (size_t)(end - in.p) + 4;
    size_t body = 0;
    const char *field = memmem(in.p, length, "\r\nContent-Length:", 17);
    if (field)
        body = (size_t)strtoul(field + 17, NULL, 10);
    return in.n >= length + body ? length + body : 0;
}

static struct cp_view body_of(struct cp_view request)
{
    const char *end = memmem(request.p, request.n, "\r\n\r\n", 4);
    size_t head = (size_t)(end - request.p) + 4;
    return (struct cp_view){request.p + head, request.n - head};
}

static void note(struct loop_server *s, nfds_t i, struct cp_view request)
{
    struct connection *c = &s->connections[i];
    struct tcp_info info = {0};
    socklen_t n = sizeof info;
    bool is_known = getsockopt(s->fds[i].fd, IPPROTO_TCP, TCP_INFO, &info, &n) == 0 &&
                    info.tcpi_data_segs_in > c->segments_before;
    atomic_store(&s->segments, is_known ? (int)(info.tcpi_data_segs_in - c->segments_before) : -1);
    c->segments_before = info.tcpi_data_segs_in;
    c->n_requests++;
    size_t kept = request.n < sizeof s->last ? request.n : sizeof s->last - 1;
    memcpy(s->last, request.p, kept);
    s->last[kept] = '\0';
    atomic_fetch_add(&s->n_requests, 1);
}

/* --- manners --- */

static void release_held(struct loop_server *s)
{
    if (s->n_held < s->hold)
        return;
    for (nfds_t i = FIRST; i < s->n; i++) {
        struct connection *c = &s->connections[i];
        if (!c->held)
            continue;
        send_answer(s->fds[i].fd, "", body_of((struct cp_view){c->in.p, c->held}));
        cp_buf_reset(&c->in);
        c->held = 0;
    }
    s->n_held = 0;
}

static void send_own(struct loop_server *s, int fd, struct cp_view request)
{
    struct cp_buf text;
    struct cp_buf out;
    cp_buf_init(&text, REQUEST_MAX);
    cp_buf_init(&out, REQUEST_MAX);
    (void)cp_buf_add_view(&text, request);
    s->answer(s->answer_context, cp_buf_str(&text), &out);
    send_text(fd, cp_buf_str(&out), out.n);
    cp_buf_clear(&text);
    cp_buf_clear(&out);
}

/* Returns whether the request is done with and may be taken out of the buffer. */
static bool behave(struct loop_server *s, nfds_t i, struct cp_view request)
{
    int fd = s->fds[i].fd;
    switch (s->manner) {
    case LOOP_ANSWER:
        send_answer(fd, "", body_of(request));
        return true;
    case LOOP_HOLD:
        s->connections[i].held = request.n;
        s->n_held++;
        release_held(s);
        return false;
    case LOOP_SILENT:
        return true;
    case LOOP_CLOSE_SECOND:
        if (s->connections[i].n_requests == 1)
            send_answer(fd, "", body_of(request));
        else
            drop(s, i, false);
        return s->fds[i].fd >= 0;
    case LOOP_CUT_BODY:
        send_literal(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789");
        drop(s, i, false);
        return false;
    case LOOP_RESET:
        drop(s, i, true);
        return false;
    case LOOP_GARBAGE:
        send_literal(fd, "\x16\x03\x01 this is no HTTP\r\n\r\n");
        drop(s, i, false);
        return false;
    case LOOP_BIG:
        send_big(fd);
        return true;
    case LOOP_MANY_HEADERS:
        send_many_headers(fd);
        return true;
    case LOOP_LONG_HEADER:
        send_long_header(fd);
        return true;
    case LOOP_REDIRECT:
        send_literal(fd, "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
        return true;
    case LOOP_INTERIM:
        send_literal(fd, "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n");
        send_answer(fd, "", body_of(request));
        return true;
    case LOOP_OWN:
        send_own(s, fd, request);
        return true;
    }
    return false;
}

static void read_some(struct loop_server *s, nfds_t i)
{
    struct connection *c = &s->connections[i];
    char *to = cp_buf_reserve(&c->in, 65536);
    ssize_t n = to ? recv(s->fds[i].fd, to, 65536, 0) : 0;
    if (n <= 0) {
        if (c->held)
            s->n_held--;
        drop(s, i, false);
        return;
    }
    c->in.n += (size_t)n;
    if (c->held)
        return;
    size_t length = request_length(cp_buf_view(&c->in));
    if (!length)
        return;
    const struct cp_view request = {c->in.p, length};
    note(s, i, request);
    if (behave(s, i, request))
        cp_buf_reset(&c->in);
}

/* --- thread --- */

static void *serve(void *context)
{
    struct loop_server *s = context;
    while (poll(s->fds, s->n, -1) >= 0 || errno == EINTR) {
        if (s->fds[STOPPER].revents)
            break;
        for (nfds_t i = FIRST; i < s->n; i++)
            if (s->fds[i].fd >= 0 && s->fds[i].revents)
                read_some(s, i);
        if (s->fds[LISTENER].revents & POLLIN)
            accept_one(s);
    }
    return NULL;
}

static int listen_on_loopback(char url[64])
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 4096), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
    (void)snprintf(url, 64, "http://127.0.0.1:%d", ntohs(at.sin_port));
    return fd;
}

static struct loop_server *start(enum loop_manner manner, int hold, loop_answer_fn answer,
                                 void *context)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max < 8192 ? limit.rlim_max : 8192;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    struct loop_server *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->manner = manner;
    s->hold = hold;
    s->answer = answer;
    s->answer_context = context;
    atomic_store(&s->segments, -1);
    assert_int_equal(pipe(s->stop_pipe), 0);
    s->fds[LISTENER] = (struct pollfd){.fd = listen_on_loopback(s->url), .events = POLLIN};
    s->fds[STOPPER] = (struct pollfd){.fd = s->stop_pipe[0], .events = POLLIN};
    s->n = FIRST;
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
    return s;
}

struct loop_server *loop_server_start(enum loop_manner manner, int hold)
{
    return start(manner, hold, NULL, NULL);
}

struct loop_server *loop_server_start_answering(loop_answer_fn answer, void *context)
{
    return start(LOOP_OWN, 0, answer, context);
}

void loop_server_stop(struct loop_server *s)
{
    (void)close(s->stop_pipe[1]);
    (void)pthread_join(s->thread, NULL);
    for (nfds_t i = FIRST; i < s->n; i++)
        if (s->fds[i].fd >= 0)
            drop(s, i, false);
    (void)close(s->fds[LISTENER].fd);
    (void)close(s->stop_pipe[0]);
    free(s);
}

const char *loop_server_url(const struct loop_server *s)
{
    return s->url;
}

int loop_server_connections(const struct loop_server *s)
{
    return atomic_load(&s->n_connections);
}

int loop_server_requests(const struct loop_server *s)
{
    return atomic_load(&s->n_requests);
}

int loop_server_segments(const struct loop_server *s)
{
    return atomic_load(&s->segments);
}

const char *loop_server_last(const struct loop_server *s)
{
    return s->last;
}
