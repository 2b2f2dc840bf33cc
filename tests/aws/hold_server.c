/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/aws/hold_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probes/os/clock.h"

enum { REQUEST_MAX = 16 << 10, EVENTS_MAX = 256, DESCRIPTORS_MAX = 16384 };

struct connection {
    int fd;
    SSL *ssl;
    bool is_tls, is_ready; /* is_ready: the handshake is through */
    size_t n;
    double due_ms; /* of the answer, while the request is held */
    struct connection *next_held;
    char in[REQUEST_MAX];
};

struct hold_loop {
    int listener, epoll, stopper;
    SSL_CTX *tls;
    struct connection *first_held, *last_held; /* in order of due_ms: all are held as long */
    struct connection *connections[DESCRIPTORS_MAX];
};

static void need(bool is_done, const char *what)
{
    if (is_done)
        return;
    (void)fprintf(stderr, "hold server: cannot %s: %s\n", what, strerror(errno));
    exit(1);
}

/* --- bytes, plain or not --- */

static ssize_t read_some(struct connection *c, char *to, size_t n)
{
    if (!c->is_tls)
        return recv(c->fd, to, n, 0);
    int got = SSL_read(c->ssl, to, (int)n);
    if (got > 0)
        return got;
    errno = SSL_get_error(c->ssl, got) == SSL_ERROR_WANT_READ ? EAGAIN : EPIPE;
    return errno == EPIPE ? 0 : -1;
}

static void write_all(struct connection *c, const char *text, size_t n)
{
    if (c->is_tls)
        (void)SSL_write(c->ssl, text, (int)n); /* small: a socket's buffer takes it */
    else
        (void)send(c->fd, text, n, MSG_NOSIGNAL);
}

/* --- connections --- */

static void drop(struct hold_server *s, struct connection *c, bool is_reset)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    if (is_reset)
        (void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    s->loop->connections[c->fd] = NULL;
    SSL_free(c->ssl);
    (void)close(c->fd);
    free(c);
}

static void begin_tls(struct hold_server *s, struct connection *c)
{
    c->ssl = SSL_new(s->loop->tls);
    need(c->ssl && SSL_set_fd(c->ssl, c->fd), "begin TLS");
    SSL_set_accept_state(c->ssl);
    c->is_tls = true;
    c->is_ready = false;
}

static void accept_all(struct hold_server *s)
{
    const int one = 1;
    int fd;
    while ((fd = accept4(s->loop->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        need(fd < DESCRIPTORS_MAX, "take so many connections");
        struct connection *c = calloc(1, sizeof *c);
        need(c != NULL, "take a connection");
        c->fd = fd;
        c->is_ready = true;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (s->certificate && !s->is_proxy)
            begin_tls(s, c);
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        need(epoll_ctl(s->loop->epoll, EPOLL_CTL_ADD, fd, &event) == 0, "watch a connection");
        s->loop->connections[fd] = c;
        atomic_fetch_add(&s->n_connections, 1);
    }
}

/* Returns false while it is not through; `c` may be gone then. */
static bool shake_hands(struct hold_server *s, struct connection *c)
{
    if (s->fault == HOLD_CLOSE_HANDSHAKE) {
        drop(s, c, false);
        return false;
    }
    int done = SSL_do_handshake(c->ssl);
    if (done != 1) {
        if (SSL_get_error(c->ssl, done) != SSL_ERROR_WANT_READ)
            drop(s, c, false);
        return false;
    }
    c->is_ready = true;
    atomic_fetch_add(&s->n_handshakes, 1);
    atomic_fetch_add(&s->n_resumed, SSL_session_reused(c->ssl));
    return true;
}

/* --- requests --- */

/* Length of the whole request at the start of the buffer, 0 when more is to come. */
static size_t request_length(const struct connection *c)
{
    const char *end = memmem(c->in, c->n, "\r\n\r\n", 4);
    if (!end)
        return 0;
    size_t head = (size_t)(end - c->in) + 4;
    const char *field = memmem(c->in, head, "\r\nContent-Length:", 17);
    size_t length = head + (field ? strtoul(field + 17, NULL, 10) : 0);
    return c->n >= length ? length : 0;
}

static void answer(struct connection *c)
{
    static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: "
                               "application/json\r\nx-amzn-RequestId: 1-2\r\n"
                               "X-Amz-Executed-Version: 7\r\n\r\n{}";
    c->due_ms = 0;
    write_all(c, text, sizeof text - 1);
}

static void hold(struct hold_server *s, struct connection *c)
{
    struct hold_loop *loop = s->loop;
    c->due_ms = cp_clock_mono_ms() + s->hold_ms;
    c->next_held = NULL;
    if (loop->last_held)
        loop->last_held->next_held = c;
    else
        loop->first_held = c;
    loop->last_held = c;
}

static void take_request(struct hold_server *s, struct connection *c)
{
    if (strncmp(c->in, "CONNECT ", 8) == 0) {
        static const char through[] = "HTTP/1.1 200 Connection established\r\n\r\n";
        c->n = 0;
        atomic_fetch_add(&s->n_connects, 1);
        write_all(c, through, sizeof through - 1);
        begin_tls(s, c);
        return;
    }
    atomic_fetch_add(&s->n_requests, 1);
    c->n = 0;
    if (s->fault == HOLD_CUT_BODY) {
        static const char cut[] = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789";
        write_all(c, cut, sizeof cut - 1);
    }
    if (s->fault)
        drop(s, c, s->fault == HOLD_RESET);
    else if (s->hold_ms > 0)
        hold(s, c);
    else
        answer(c);
}

static void refuse(struct hold_server *s, struct connection *c)
{
    static const char bad[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    write_all(c, bad, sizeof bad - 1);
    drop(s, c, false);
}

static void serve_connection(struct hold_server *s, struct connection *c)
{
    if (!c->is_ready && !shake_hands(s, c))
        return;
    ssize_t n = read_some(c, c->in + c->n, sizeof c->in - c->n);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0 && c->due_ms > 0) /* the answer to come finds it closed */
        (void)epoll_ctl(s->loop->epoll, EPOLL_CTL_DEL, c->fd, NULL);
    else if (n <= 0)
        drop(s, c, false);
    if (n <= 0)
        return;
    c->n += (size_t)n;
    if (c->in[0] == 0x16) /* a TLS hello where HTTP is spoken: as usual servers do */
        refuse(s, c);
    else if (request_length(c))
        take_request(s, c);
}

/* --- loop --- */

/* Answers what is due; returns how long epoll may wait. */
static int release_due(struct hold_server *s)
{
    struct hold_loop *loop = s->loop;
    while (loop->first_held) {
        struct connection *c = loop->first_held;
        double left_ms = c->due_ms - cp_clock_mono_ms();
        if (left_ms > 0)
            return left_ms < 1 ? 1 : (int)left_ms;
        loop->first_held = c->next_held;
        if (!loop->first_held)
            loop->last_held = NULL;
        answer(c);
    }
    return -1;
}

void hold_server_serve(struct hold_server *s)
{
    struct hold_loop *loop = s->loop;
    struct epoll_event events[EVENTS_MAX];
    for (;;) {
        int n = epoll_wait(loop->epoll, events, EVENTS_MAX, release_due(s));
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == loop->stopper)
                return;
            if (fd == loop->listener)
                accept_all(s);
            else if (loop->connections[fd])
                serve_connection(s, loop->connections[fd]);
        }
    }
}

void hold_server_stop(struct hold_server *s)
{
    const uint64_t one = 1;
    (void)!write(s->loop->stopper, &one, sizeof one);
}

/* --- open, close --- */

static int listen_on_loopback(int *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    need(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 4096) == 0 &&
             getsockname(fd, (struct sockaddr *)&at, &n) == 0,
         "listen");
    *port = ntohs(at.sin_port);
    return fd;
}

static void watch(struct hold_loop *loop, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    need(fd >= 0 && epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) == 0, "watch");
}

void hold_server_open(struct hold_server *s)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max < DESCRIPTORS_MAX ? limit.rlim_max : DESCRIPTORS_MAX;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    (void)signal(SIGPIPE, SIG_IGN); /* SSL_write to who has gone */
    struct hold_loop *loop = calloc(1, sizeof *loop);
    need(loop != NULL, "begin");
    s->loop = loop;
    loop->listener = listen_on_loopback(&s->port);
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->stopper = eventfd(0, EFD_CLOEXEC);
    watch(loop, loop->listener);
    watch(loop, loop->stopper);
    if (!s->certificate)
        return;
    loop->tls = SSL_CTX_new(TLS_server_method());
    need(loop->tls && SSL_CTX_use_certificate(loop->tls, s->certificate->x509) == 1 &&
             SSL_CTX_use_PrivateKey(loop->tls, s->certificate->key) == 1,
         "use the certificate");
    (void)SSL_CTX_set_mode(loop->tls, SSL_MODE_RELEASE_BUFFERS);
}

void hold_server_close(struct hold_server *s)
{
    for (int fd = 0; fd < DESCRIPTORS_MAX; fd++)
        if (s->loop->connections[fd])
            drop(s, s->loop->connections[fd], false);
    SSL_CTX_free(s->loop->tls);
    (void)close(s->loop->listener);
    (void)close(s->loop->epoll);
    (void)close(s->loop->stopper);
    free(s->loop);
    s->loop = NULL;
}
