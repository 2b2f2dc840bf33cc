/* SPDX-License-Identifier: GPL-3.0-or-later
 * A small HTTP server on loopback for transport tests: one thread, an ephemeral port, one way of
 * behaving (well or badly) per server.
 */
#ifndef COLDPROF_TESTS_AWS_LOOP_SERVER_H
#define COLDPROF_TESTS_AWS_LOOP_SERVER_H

#include <stdatomic.h>
#include <stddef.h>

enum loop_manner {
    LOOP_ANSWER,       /* 200, keep-alive, body = the request's body */
    LOOP_HOLD,         /* answers when `hold` requests have come, then all of them */
    LOOP_SILENT,       /* reads and never answers */
    LOOP_CLOSE_SECOND, /* answers the first request of a connection, closes after the second */
    LOOP_CUT_BODY,     /* promises 100 bytes, sends 10, resets */
    LOOP_RESET,        /* resets after the request */
    LOOP_GARBAGE,      /* no HTTP */
    LOOP_BIG,          /* 200 with 100,000 bytes */
    LOOP_MANY_HEADERS, /* 200 with 5,000 headers */
    LOOP_LONG_HEADER,  /* 200 with a header of 70,000 bytes */
    LOOP_REDIRECT,     /* 302 to another path of itself */
    LOOP_INTERIM,      /* 103 with a header, then 200 */
    LOOP_OWN,          /* see loop_server_start_answering */
};

struct loop_server;
struct cp_buf;

/* Fails the test when it cannot listen. */
struct loop_server *loop_server_start(enum loop_manner manner, int hold);
void loop_server_stop(struct loop_server *s);

/* A server of its own behaviour: `answer` appends the whole answer to a request (head and body as
 * they came, NUL after them). It runs on the server's thread; the client has its answer only when
 * it has returned. */
typedef void (*loop_answer_fn)(void *context, const char *request, struct cp_buf *out);
struct loop_server *loop_server_start_answering(loop_answer_fn answer, void *context);

/* "http://127.0.0.1:port" */
const char *loop_server_url(const struct loop_server *s);
int loop_server_connections(const struct loop_server *s); /* accepted so far */
int loop_server_requests(const struct loop_server *s);    /* whole requests read so far */
/* TCP data segments in which the last request arrived; -1 when the kernel does not say. */
int loop_server_segments(const struct loop_server *s);
/* The last request as it came, a C string (NULs cut it); valid after the server stopped or while
 * nothing is in flight. */
const char *loop_server_last(const struct loop_server *s);

#endif
