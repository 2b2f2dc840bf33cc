/* SPDX-License-Identifier: GPL-3.0-or-later
 * The door of the Lambda API: accepts connections and looks at the first request head as raw bytes
 * (without taking them) before libmicrohttpd gets the connection, because what the library lets
 * pass or repairs (folded lines, bare line ends, a TLS hello) cannot be seen afterwards. A head
 * that is refused, or does not come within 10 s, is answered here and the connection closed.
 */
#ifndef COLDPROF_PROBES_LOCAL_API_GATE_H
#define COLDPROF_PROBES_LOCAL_API_GATE_H

#include "probes/local/loop.h"

struct cp_api_gate;

struct cp_api_gate_options {
    struct cp_loop *loop;
    const char *listen; /* address */
    int port;           /* 0: any */
    int head_timeout_ms;
    /* Gets a connection whose first head is in order; takes fd. */
    void (*on_connection)(void *context, int fd);
    void *context;
};

/* CP_EBUSY when the port is taken: the message names it and the fix. */
enum cp_code cp_api_gate_new(const struct cp_api_gate_options *options, struct cp_api_gate **out,
                             struct cp_error *err);
void cp_api_gate_free(struct cp_api_gate *gate);
int cp_api_gate_port(const struct cp_api_gate *gate);
/* "127.0.0.1:PORT" or "[::1]:PORT" */
const char *cp_api_gate_host(const struct cp_api_gate *gate);

#endif
