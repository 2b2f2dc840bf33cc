/* SPDX-License-Identifier: GPL-3.0-or-later
 * An HTTP/1.1 server, plain or TLS, that holds each request for a fixed time before it answers 200:
 * for measuring a client with very many requests in flight, and for TLS tests. One thread, epoll.
 * CONNECT is answered too; the connection then is TLS with the server itself, so that it can stand
 * for a proxy and what is behind it.
 */
#ifndef COLDPROF_TESTS_AWS_HOLD_SERVER_H
#define COLDPROF_TESTS_AWS_HOLD_SERVER_H

#include <stdatomic.h>
#include <stdbool.h>

#include "tests/aws/test_ca.h"

enum hold_fault {
    HOLD_NO_FAULT,
    HOLD_CLOSE_HANDSHAKE, /* closes when the client hello has come */
    HOLD_CUT_BODY,        /* promises 100 bytes, sends 10, closes */
    HOLD_RESET,           /* resets after the request */
};

struct hold_server {
    /* set before hold_server_open */
    const struct test_certificate *certificate; /* NULL: plain */
    bool is_proxy;                              /* plain until CONNECT */
    double hold_ms;
    enum hold_fault fault;
    /* read after it */
    int port;
    atomic_int n_connections, n_handshakes, n_resumed, n_requests, n_connects;
    struct hold_loop *loop;
};

/* Binds to an ephemeral loopback port. Ends the process on failure. */
void hold_server_open(struct hold_server *s);
/* Serves until hold_server_stop is called (from another thread or a signal handler). */
void hold_server_serve(struct hold_server *s);
void hold_server_stop(struct hold_server *s);
/* After serving has ended. */
void hold_server_close(struct hold_server *s);

#endif
