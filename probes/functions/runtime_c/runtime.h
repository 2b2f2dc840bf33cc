/* SPDX-License-Identifier: GPL-3.0-or-later
 * A custom runtime for Lambda functions in C: the Runtime API (2018-06-01) over one kept-alive
 * connection with plain sockets. It depends on libc alone, so that a bootstrap starts in a
 * millisecond and its init duration is the function's own.
 *
 * One request, one sendmsg (head and body together) and TCP_NODELAY: an answer never waits for a
 * delayed acknowledgement.
 */
#ifndef COLDPROF_FUNCTIONS_RUNTIME_C_RUNTIME_H
#define COLDPROF_FUNCTIONS_RUNTIME_C_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

enum { RT_EVENT_MAX = 6 * 1024 * 1024 + 4096 }; /* bytes of an event that are accepted */

/* Borrowed until the handler returns. Absent headers are "" and 0. */
struct rt_invocation {
    const char *request_id;
    const char *function_arn;
    const char *trace_id;
    int64_t deadline_ms; /* unix ms */
    const char *event;   /* NUL-terminated after event_n bytes */
    size_t event_n;
};

/* `body` is borrowed until the next call of the handler. */
struct rt_answer {
    const char *error_type; /* NULL: success, the body is the response; else the body is the
                               error object {errorMessage, errorType} */
    const char *body;
    size_t n;
};

typedef void (*rt_handler_fn)(void *context, const struct rt_invocation *invocation,
                              struct rt_answer *answer);

/* Serves invocations until the API goes away. Returns the exit status for main: 0 when the API
 * closed the connection, 1 with a message on stderr otherwise. */
int rt_run(rt_handler_fn handler, void *context);

/* Reports a failed init (POST /runtime/init/error); returns 1, the exit status for main. */
int rt_init_error(const char *error_type, const char *message);

#endif
