/* SPDX-License-Identifier: GPL-3.0-or-later
 * libmicrohttpd inside our event loop: no thread and no listening socket of its own; connections
 * are handed to it. And the one way both APIs answer.
 */
#ifndef COLDPROF_PROBES_LOCAL_HTTP_DAEMON_H
#define COLDPROF_PROBES_LOCAL_HTTP_DAEMON_H

#include <stdbool.h>
#include <sys/types.h>

#include "model/base/view.h"
#include "probes/local/loop.h"

struct MHD_Daemon;
struct MHD_Connection;

struct cp_http_daemon {
    struct MHD_Daemon *mhd;
    struct cp_loop *loop;
    struct cp_loop_source source;
    bool has_resumed; /* connections that MHD does not tell about by itself */
};

/* Watches a daemon started with MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET; takes it. */
enum cp_code cp_http_daemon_attach(struct cp_http_daemon *d, struct cp_loop *loop,
                                   struct MHD_Daemon *mhd, struct cp_error *err);
void cp_http_daemon_stop(struct cp_http_daemon *d);
/* Goes on with a suspended connection, in the next turn of the loop. */
void cp_http_daemon_resume(struct cp_http_daemon *d, struct MHD_Connection *connection);
/* Takes the descriptor. */
void cp_http_daemon_add(struct cp_http_daemon *d, int fd);

/* TCP_NODELAY: a small answer must not wait for the acknowledgement of the one before (40 ms). */
void cp_http_no_delay(int fd);

struct cp_http_field {
    const char *name, *value; /* value NULL or "": left out */
};
/* Queues status, fields and a copy of the body. `fields` ends with a NULL name. Returns MHD's own
 * yes (1) or no (0). */
int cp_http_answer(struct MHD_Connection *connection, int status,
                   const struct cp_http_field *fields, struct cp_view body);

enum { CP_HTTP_WAIT = 0, CP_HTTP_END = -1 };
/* Up to `size` bytes of a body that grows; END; or WAIT: the connection is suspended until
 * cp_http_daemon_resume, which the reader has arranged for. */
typedef ssize_t (*cp_http_read_fn)(void *context, char *to, size_t size);
struct cp_http_stream {
    cp_http_read_fn read;
    void *context;
    struct MHD_Connection *connection; /* set by cp_http_answer_stream */
};
/* The same with a body that is read until its end. `stream` lives as long as the request. */
int cp_http_answer_stream(struct MHD_Connection *connection, int status,
                          const struct cp_http_field *fields, struct cp_http_stream *stream);

#endif
