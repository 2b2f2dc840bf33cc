/* SPDX-License-Identifier: GPL-3.0-or-later
 * A scripted Runtime API on a loopback port, and the function process that talks to it. Every wait
 * has a limit, after which the test fails.
 */
#ifndef COLDPROF_TESTS_RECORD_RUNTIME_API_H
#define COLDPROF_TESTS_RECORD_RUNTIME_API_H

#include <sys/resource.h>
#include <sys/types.h>

#include "model/base/buf.h"
#include "model/base/view.h"

struct runtime_api {
    int listener, fd;  /* fd: the function's connection, -1 before it comes */
    size_t n_accepted; /* connections so far */
    pid_t child;
    int out;               /* read end of its stdout and stderr */
    struct cp_buf request; /* the last request: head and body */
    struct cp_view head, body;
};

/* Starts `program` with AWS_LAMBDA_RUNTIME_API and `env` ("NAME=value", NULL at the end). */
void runtime_api_start(struct runtime_api *api, const char *program, const char *const *env);
/* Reads the next request; accepts a connection first when there is none. */
void runtime_api_read(struct runtime_api *api);
/* Is the request "METHOD path"? Fails the test with what it is. */
void runtime_api_expect(struct runtime_api *api, const char *method_and_path);
bool runtime_api_has_header(const struct runtime_api *api, const char *header);
void runtime_api_send(struct runtime_api *api, struct cp_view bytes);
/* Answers a `next` with an event (Content-Length), or anything else with a status and no body. */
void runtime_api_send_event(struct runtime_api *api, const char *request_id, struct cp_view event);
void runtime_api_send_status(struct runtime_api *api, int status);
/* One invocation: expects `next`, gives the event, reads what is posted and accepts it. */
void runtime_api_invoke(struct runtime_api *api, const char *request_id, const char *event);
/* Waits until the function has printed something and then waits for something itself; has it sent
 * a request meanwhile? */
bool runtime_api_is_silent(struct runtime_api *api);
void runtime_api_drop(struct runtime_api *api); /* closes the function's connection */
/* Closes everything and waits for the process; its wait status, and what it used and printed. */
int runtime_api_end(struct runtime_api *api, struct rusage *usage, struct cp_buf *printed);

#endif
