/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/http_daemon.h"

#include <limits.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

static void on_ready(struct cp_loop_source *source, uint32_t events)
{
    (void)events;
    struct cp_http_daemon *d = CP_OWNER_OF(source, struct cp_http_daemon, source);
    (void)MHD_run(d->mhd);
}

/* Work that MHD has without an event: resumed connections (with polling from outside it neither
 * signals them nor counts them in its timeout), bytes it holds already. */
static int on_turn(void *context)
{
    enum { ROUNDS_MAX = 16 };
    struct cp_http_daemon *d = context;
    MHD_UNSIGNED_LONG_LONG timeout_ms = 0;
    for (int i = 0; d->mhd && i < ROUNDS_MAX; i++) {
        if (!d->has_resumed) {
            if (MHD_get_timeout(d->mhd, &timeout_ms) != MHD_YES)
                return -1;
            if (timeout_ms > 0)
                return timeout_ms > INT_MAX ? INT_MAX : (int)timeout_ms;
        }
        d->has_resumed = false;
        (void)MHD_run(d->mhd);
    }
    return d->mhd ? 0 : -1;
}

void cp_http_daemon_resume(struct cp_http_daemon *d, struct MHD_Connection *connection)
{
    MHD_resume_connection(connection);
    d->has_resumed = true;
}

enum cp_code cp_http_daemon_attach(struct cp_http_daemon *d, struct cp_loop *loop,
                                   struct MHD_Daemon *mhd, struct cp_error *err)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(mhd, MHD_DAEMON_INFO_EPOLL_FD);
    d->mhd = mhd;
    d->loop = loop;
    d->source = (struct cp_loop_source){info ? info->epoll_fd : -1, on_ready};
    enum cp_code code = cp_loop_add(loop, &d->source, err);
    if (!code && cp_loop_add_turn(loop, on_turn, d))
        code = cp_fail(err, CP_ELIMIT, "too many daemons in one loop");
    return code;
}

void cp_http_daemon_stop(struct cp_http_daemon *d)
{
    if (!d->mhd)
        return;
    cp_loop_remove(d->loop, &d->source);
    MHD_stop_daemon(d->mhd);
    d->mhd = NULL;
}

void cp_http_daemon_add(struct cp_http_daemon *d, int fd)
{
    struct sockaddr_storage address;
    socklen_t n = sizeof address;
    if (getpeername(fd, (struct sockaddr *)&address, &n) < 0) {
        (void)close(fd);
        return;
    }
    cp_http_no_delay(fd);
    (void)MHD_add_connection(d->mhd, fd, (struct sockaddr *)&address, n);
}

void cp_http_no_delay(int fd)
{
    int yes = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

static int queue(struct MHD_Connection *connection, int status, const struct cp_http_field *fields,
                 struct MHD_Response *response)
{
    if (!response)
        return MHD_NO;
    for (; fields && fields->name; fields++) {
        if (fields->value && *fields->value)
            (void)MHD_add_response_header(response, fields->name, fields->value);
    }
    enum MHD_Result result = MHD_queue_response(connection, (unsigned)status, response);
    MHD_destroy_response(response);
    return (int)result;
}

int cp_http_answer(struct MHD_Connection *connection, int status,
                   const struct cp_http_field *fields, struct cp_view body)
{
    return queue(connection, status, fields,
                 MHD_create_response_from_buffer(body.n, (void *)body.p, MHD_RESPMEM_MUST_COPY));
}

static ssize_t read_stream(void *context, uint64_t position, char *to, size_t size)
{
    const struct cp_http_stream *stream = context;
    (void)position;
    ssize_t n = stream->read(stream->context, to, size);
    if (n == CP_HTTP_WAIT)
        MHD_suspend_connection(stream->connection);
    return n == CP_HTTP_END ? MHD_CONTENT_READER_END_OF_STREAM : n;
}

int cp_http_answer_stream(struct MHD_Connection *connection, int status,
                          const struct cp_http_field *fields, struct cp_http_stream *stream)
{
    enum { BLOCK = 64 * 1024 };
    stream->connection = connection;
    return queue(
        connection, status, fields,
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_stream, stream, NULL));
}
