/* SPDX-License-Identifier: GPL-3.0-or-later
 * The Invoke operation: what a request asks for, and how its result is told. Nothing here knows
 * sockets; the API server hands headers and body in and sends what comes out.
 */
#ifndef COLDPROF_PROBES_LOCAL_INVOKE_H
#define COLDPROF_PROBES_LOCAL_INVOKE_H

#include "probes/local/api_route.h"
#include "probes/local/pool.h"

enum cp_invocation_type { CP_INVOKE_SYNC, CP_INVOKE_EVENT, CP_INVOKE_DRY_RUN };

struct cp_invoke_request {
    enum cp_invocation_type type;
    bool wants_tail; /* X-Amz-Log-Type: Tail */
};

/* Reads headers and payload of an Invoke into `invocation` (payload copied, context decoded).
 * false: `refusal` is the API's error. */
bool cp_invoke_read(const struct cp_raw_request *raw, struct cp_invoke_request *out,
                    struct cp_invocation *invocation, struct cp_api_response *refusal);

/* Request id and trace id. */
void cp_invoke_name(struct cp_invocation *invocation, struct cp_rng *rng, int64_t now_ms);

/* Asynchronous invocations: accepted with 202, run when concurrency allows. One attempt each; the
 * two retries of AWS are not made, and the log says so. */
struct cp_async_queue;
struct cp_async_queue_options {
    struct cp_loop *loop;
    struct cp_pool *pool;
    struct cp_control *control;
    struct cp_rng *rng;
    int sink_fd; /* log */
};
enum cp_code cp_async_queue_new(const struct cp_async_queue_options *options,
                                struct cp_async_queue **out, struct cp_error *err);
void cp_async_queue_free(struct cp_async_queue *queue); /* after the pool */
/* Takes the contents of `invocation`. false when the queue is full. */
bool cp_async_queue_add(struct cp_async_queue *queue, const char *function, const char *qualifier,
                        struct cp_invocation *invocation);

#endif
