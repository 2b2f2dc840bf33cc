/* SPDX-License-Identifier: GPL-3.0-or-later
 * The Lambda Runtime API, version 2018-06-01, for all environments of the service. A runtime
 * connects to the listening socket of its own environment; the local port of the connection tells
 * which one that is (real runtime clients accept no path in AWS_LAMBDA_RUNTIME_API).
 */
#ifndef COLDPROF_PROBES_LOCAL_RUNTIME_API_H
#define COLDPROF_PROBES_LOCAL_RUNTIME_API_H

#include "probes/local/env.h"
#include "probes/local/loop.h"

struct cp_runtime_api;

enum cp_code cp_runtime_api_new(struct cp_loop *loop, struct cp_runtime_api **out,
                                struct cp_error *err);
void cp_runtime_api_free(struct cp_runtime_api *api);

/* An environment is reachable from cp_runtime_api_open to cp_runtime_api_close. */
void cp_runtime_api_open(struct cp_runtime_api *api, struct cp_env *env);
void cp_runtime_api_close(struct cp_runtime_api *api, const struct cp_env *env);
void cp_runtime_api_connect(struct cp_runtime_api *api, int fd); /* takes fd */
/* For cp_env_host: goes on with a parked GET /next. */
void cp_runtime_api_wake(void *parked);

#endif
