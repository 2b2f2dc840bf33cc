/* SPDX-License-Identifier: GPL-3.0-or-later
 * The Lambda API over HTTP: every request passes head check, route, signature, then the control
 * plane or Invoke.
 */
#ifndef COLDPROF_PROBES_LOCAL_API_SERVER_H
#define COLDPROF_PROBES_LOCAL_API_SERVER_H

#include "probes/local/code_store.h"
#include "probes/local/invoke.h"
#include "probes/local/logs_api.h"
#include "probes/local/metrics_api.h"

struct cp_api_server;

struct cp_api_server_options {
    struct cp_loop *loop;
    struct cp_control *control;
    struct cp_pool *pool;
    struct cp_async_queue *queue;
    struct cp_cwl *logs;
    struct cp_metrics *metrics;
    struct cp_code_store *code_store;
    struct cp_rng *rng;
    const struct cp_credentials *credentials;
    const char *region;
    const char *listen;  /* address */
    int port;            /* 0: any free one */
    double control_rate; /* requests a second of the control plane; 0: no limit */
    int head_limit_ms;   /* for the first head of a connection */
};

enum cp_code cp_api_server_new(const struct cp_api_server_options *options,
                               struct cp_api_server **out, struct cp_error *err);
/* Before the pool is freed: ends the connections; invocations under way lose their caller. */
void cp_api_server_close(struct cp_api_server *server);
void cp_api_server_free(struct cp_api_server *server);              /* after the pool */
const char *cp_api_server_host(const struct cp_api_server *server); /* 127.0.0.1:PORT */

#endif
