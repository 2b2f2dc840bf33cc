/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/api_gate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probes/local/api_route.h"
#include "probes/os/clock.h"

/* Room for the longest head in the socket itself, where it is looked at. */
enum { RECEIVE_BUFFER = 4 * CP_HEAD_MAX, WAITING_MAX = 512, LINGER_MS = 2000 };

struct visitor {
    struct cp_api_gate *gate;
    struct cp_loop_source source;
    struct cp_loop_timer timer;
    ssize_t n_seen;  /* of the head, so far */
    bool is_refused; /* answered; what still comes is thrown away */
    struct visitor *next;
};

struct cp_api_gate {
    struct cp_api_gate_options options;
    struct cp_loop_source source;
    struct visitor *visitors;
    int n_visitors, port;
    char host[80];
};

static void free_visitor(struct visitor *v)
{
    struct cp_api_gate *gate = v->gate;
    gate->n_visitors--;
    cp_loop_timer_cancel(gate->options.loop, &v->timer);
    if (v->source.fd >= 0) {
        cp_loop_remove(gate->options.loop, &v->source);
        (void)close(v->source.fd);
    }
    free(v);
}

static void remove_visitor(struct visitor *v)
{
    struct visitor **at = &v->gate->visitors;
    while (*at != v)
        at = &(*at)->next;
    *at = v->next;
    free_visitor(v);
}

static const char *reason_phrase(int status)
{
    switch (status) {
    case 403:
        return "Forbidden";
    case 408:
        return "Request Timeout";
    case 413:
        return "Content Too Large";
    case 421:
        return "Misdirected Request";
    case 431:
        return "Request Header Fields Too Large";
    default:
        return "Bad Request";
    }
}

/* Sends the refusal and the end of the stream, then reads on for a moment: closing with bytes
 * unread would reset the connection and could take the answer with it. */
static void refuse(struct visitor *v, const struct cp_api_response *response)
{
    struct cp_buf text;
    struct cp_view body = cp_buf_view(&response->body);
    cp_buf_init(&text, CP_HEAD_MAX);
    (void)cp_buf_addf(&text,
                      "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\n"
                      "x-amzn-ErrorType: %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
                      response->status, reason_phrase(response->status), response->error_type,
                      body.n);
    (void)cp_buf_add_view(&text, body);
    (void)send(v->source.fd, text.p, text.n, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)shutdown(v->source.fd, SHUT_WR);
    cp_buf_clear(&text);
    v->is_refused = true;
    int one = 1;
    (void)setsockopt(v->source.fd, SOL_SOCKET, SO_RCVLOWAT, &one, sizeof one);
    (void)cp_loop_timer_set(v->gate->options.loop, &v->timer, cp_clock_mono_ms() + LINGER_MS);
}

static void discard(struct visitor *v)
{
    static char bytes[64 * 1024];
    ssize_t n = recv(v->source.fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        remove_visitor(v);
}

static void let_in(struct visitor *v)
{
    struct cp_api_gate *gate = v->gate;
    int one = 1, fd = v->source.fd;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &one, sizeof one);
    cp_loop_remove(gate->options.loop, &v->source);
    v->source.fd = -1;
    remove_visitor(v);
    gate->options.on_connection(gate->options.context, fd);
}

static void look(struct visitor *v)
{
    static char bytes[CP_HEAD_MAX + 1];
    struct cp_header headers[CP_HEAD_HEADERS_MAX];
    struct cp_raw_request raw;
    struct cp_api_response response;
    size_t head_size;
    ssize_t n = recv(v->source.fd, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
    if (n <= 0 || n == v->n_seen) { /* woken without a new byte: the end of the stream */
        if (n >= 0 || (errno != EAGAIN && errno != EINTR))
            remove_visitor(v);
        return;
    }
    v->n_seen = n;
    cp_api_response_init(&response);
    struct cp_view seen = {bytes, (size_t)n};
    enum cp_head_status status = cp_api_parse_head(seen, headers, &raw, &head_size, &response);
    if (status == CP_HEAD_COMPLETE && !cp_api_check_head(&raw, v->gate->host, &response))
        status = CP_HEAD_REFUSED;
    if (status == CP_HEAD_REFUSED) {
        refuse(v, &response);
    } else if (status == CP_HEAD_COMPLETE) {
        let_in(v);
    } else { /* tell again when there is more than what was seen */
        int more = (int)n + 1;
        (void)setsockopt(v->source.fd, SOL_SOCKET, SO_RCVLOWAT, &more, sizeof more);
    }
    cp_api_response_clear(&response);
}

static void on_visitor(struct cp_loop_source *source, uint32_t events)
{
    (void)events;
    struct visitor *v = CP_OWNER_OF(source, struct visitor, source);
    if (v->is_refused)
        discard(v);
    else
        look(v);
}

static void on_timer(struct cp_loop_timer *timer)
{
    struct visitor *v = CP_OWNER_OF(timer, struct visitor, timer);
    if (v->is_refused) {
        remove_visitor(v);
        return;
    }
    struct cp_api_response response;
    cp_api_response_init(&response);
    cp_api_fail(&response, 408, "RequestTimeoutException", NULL,
                "the request head did not come within %d ms", v->gate->options.head_timeout_ms);
    refuse(v, &response);
    cp_api_response_clear(&response);
}

static void on_accept(struct cp_loop_source *source, uint32_t events)
{
    (void)events;
    struct cp_api_gate *gate = CP_OWNER_OF(source, struct cp_api_gate, source);
    int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return;
    struct visitor *v = gate->n_visitors < WAITING_MAX ? calloc(1, sizeof *v) : NULL;
    if (!v) {
        (void)close(fd);
        return;
    }
    v->gate = gate;
    v->source = (struct cp_loop_source){fd, on_visitor};
    v->timer.on_due = on_timer;
    v->next = gate->visitors;
    gate->visitors = v;
    gate->n_visitors++;
    if (cp_loop_add(gate->options.loop, &v->source, NULL) ||
        cp_loop_timer_set(gate->options.loop, &v->timer,
                          cp_clock_mono_ms() + gate->options.head_timeout_ms))
        remove_visitor(v);
}

static enum cp_code fail_listen(const struct cp_api_gate_options *o, int number,
                                struct cp_error *err)
{
    if (number == EADDRINUSE)
        return cp_fail(err, CP_EBUSY,
                       "cannot listen on %s port %d: it is taken by another program; give another "
                       "--port, or --port 0 for any free one",
                       o->listen, o->port);
    return cp_fail(err, number == EACCES ? CP_EDENIED : CP_EIO, "cannot listen on %s port %d: %s",
                   o->listen, o->port, strerror(number));
}

static enum cp_code open_listener(struct cp_api_gate *gate, struct cp_error *err)
{
    enum { BACKLOG = 1024 };
    const struct cp_api_gate_options *o = &gate->options;
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};
    struct addrinfo *found = NULL;
    char service[16], shown[INET6_ADDRSTRLEN];
    (void)snprintf(service, sizeof service, "%d", o->port);
    if (getaddrinfo(o->listen, service, &hints, &found))
        return cp_fail(err, CP_EINVAL, "cannot listen on '%s': not an address such as 127.0.0.1",
                       o->listen);
    int yes = 1, size = RECEIVE_BUFFER, number = 0;
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    gate->source.fd = fd;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size) < 0 ||
        bind(fd, found->ai_addr, found->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0)
        number = errno;
    bool is_v6 = found->ai_family == AF_INET6;
    freeaddrinfo(found);
    if (number)
        return fail_listen(o, number, err);
    struct sockaddr_storage bound;
    socklen_t n = sizeof bound;
    if (getsockname(fd, (struct sockaddr *)&bound, &n) < 0 ||
        getnameinfo((struct sockaddr *)&bound, n, shown, sizeof shown, service, sizeof service,
                    NI_NUMERICHOST | NI_NUMERICSERV))
        return fail_listen(o, errno, err);
    int64_t port;
    gate->port = cp_view_to_int64(cp_view_of(service), &port) ? (int)port : 0;
    (void)snprintf(gate->host, sizeof gate->host, is_v6 ? "[%s]:%s" : "%s:%s", shown, service);
    return cp_loop_add(o->loop, &gate->source, err);
}

enum cp_code cp_api_gate_new(const struct cp_api_gate_options *options, struct cp_api_gate **out,
                             struct cp_error *err)
{
    struct cp_api_gate *gate = calloc(1, sizeof *gate);
    if (!gate)
        return cp_fail(err, CP_ENOMEM, "cannot open the API: out of memory");
    gate->options = *options;
    gate->source = (struct cp_loop_source){-1, on_accept};
    enum cp_code code = open_listener(gate, err);
    if (code) {
        cp_api_gate_free(gate);
        return code;
    }
    *out = gate;
    return CP_OK;
}

void cp_api_gate_free(struct cp_api_gate *gate)
{
    if (!gate)
        return;
    for (struct visitor *v = gate->visitors, *next; v; v = next) {
        next = v->next;
        free_visitor(v);
    }
    if (gate->source.fd >= 0) {
        cp_loop_remove(gate->options.loop, &gate->source);
        (void)close(gate->source.fd);
    }
    free(gate);
}

int cp_api_gate_port(const struct cp_api_gate *gate)
{
    return gate->port;
}

const char *cp_api_gate_host(const struct cp_api_gate *gate)
{
    return gate->host;
}
