/* SPDX-License-Identifier: GPL-3.0-or-later
 * One AWS call: URL, signature, sending, the error answer, repeats. Services (lambda.h) sit on top.
 *
 * A request that AWS refused because of its time or its keys has had no effect. It is signed anew
 * and sent once more, whatever its kind: with the time of AWS's Date header when that is more than
 * four minutes from the time signed, with other keys when the credential source has some. One time
 * each per call; what is refused then stays refused.
 *
 * Ownership: cp_caller_new / cp_caller_free; a call's texts are borrowed until the function
 * returns. One thread. cp_call_wait blocks but keeps polling, so requests in flight progress and
 * their callbacks run; a callback may itself make blocking calls.
 */
#ifndef COLDPROF_PROBES_AWS_CALL_H
#define COLDPROF_PROBES_AWS_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/buf.h"
#include "probes/aws/credentials.h"
#include "probes/aws/endpoint.h"
#include "probes/aws/failure.h"
#include "probes/aws/http.h"
#include "probes/aws/retry.h"

/* When the next control-plane call may leave: an account's limit is one for all clients. */
struct cp_call_pace {
    double next_mono_ms;
};

/* Time as the client sees it; tests give their own, so that no test waits. */
struct cp_call_clock {
    int64_t (*unix_ms)(void *context);
    double (*mono_ms)(void *context);
    void (*sleep_ms)(void *context, int ms); /* may return early (signal) */
    void *context;
    struct cp_call_pace *pace; /* of all callers with this clock; NULL: each has its own */
};
/* One pace for the process. */
extern const struct cp_call_clock cp_call_clock_real;

struct cp_caller_options {
    struct cp_endpoint endpoint;
    const char *region;
    const char *service; /* signing name: "lambda" */
    /* Copied; NULL or no access key id: calls are not signed. Unused with a source. */
    const struct cp_credentials *credentials;
    const struct cp_credential_source *credential_source; /* borrowed; NULL: none */
    int connect_timeout_ms;                               /* > 0 */
    int max_connections;                                  /* > 0 */
    const char *ca_bundle; /* PEM file of the CAs to trust; copied; NULL: the system's */
    const struct cp_http_ops *http;
    const struct cp_call_clock *clock;
    double pace_ms;        /* least time between control-plane calls; 0 none */
    bool needs_request_id; /* an answer below 500 without x-amzn-RequestId is not from AWS */
    void (*on_log)(void *context, const char *line); /* NULL: none */
    void *log_context;
    /* Asked several times a second while cp_call_wait waits, for an answer too (the request may
     * have taken effect); true ends the wait with CP_EINTERRUPTED. NULL: never. */
    bool (*is_interrupted)(void *context);
    void *interrupt_context;
};

struct cp_caller;

/* CP_EIO: a CA bundle that cannot be read. */
enum cp_code cp_caller_new(const struct cp_caller_options *options, struct cp_caller **out,
                           struct cp_error *err);
void cp_caller_free(struct cp_caller *caller); /* ends calls in flight: their callbacks run */

struct cp_call {
    const char *operation; /* "GetFunction", for messages; a static text */
    const char *subject;   /* function name, for messages; NULL none */
    const char *method;
    const char *path;  /* escaped once, begins with '/'; follows the endpoint's base path */
    const char *query; /* escaped once, without '?'; NULL or "" none */
    struct cp_view body;
    const struct cp_header *headers; /* beside host, date, token; at most CP_CALL_HEADERS_MAX */
    size_t n_headers;
    int timeout_ms;
    size_t max_response_bytes;
    enum cp_call_kind kind;
};
enum { CP_CALL_HEADERS_MAX = 8 };

/* Signs and sends. `done` gets the transport's last response as it is, exactly once; when that is a
 * refusal of the keys (code CP_OK), its `error` says what to do about them. */
enum cp_code cp_call_start(struct cp_caller *caller, const struct cp_call *call,
                           cp_http_done_fn done, void *context, struct cp_error *err);

/* Sends, waits, repeats by the retry policy. A 2xx answer is CP_OK with its body in `body` (which
 * the caller initialised; its limit applies). Otherwise the code of cp_failure_code, the
 * transport's code or CP_EINTERRUPTED, the details in cp_caller_failure, and a message that names
 * operation, subject, status, AWS code and request id. */
enum cp_code cp_call_wait(struct cp_caller *caller, const struct cp_call *call, struct cp_buf *body,
                          struct cp_error *err);

enum cp_code cp_caller_poll(struct cp_caller *caller, int timeout_ms, size_t *in_flight,
                            struct cp_error *err);
/* Waits while requests in flight progress. */
enum cp_code cp_caller_sleep(struct cp_caller *caller, double ms, struct cp_error *err);
double cp_caller_mono_ms(const struct cp_caller *caller);
int64_t cp_caller_unix_ms(const struct cp_caller *caller);
/* While set (monotonic ms of the caller's clock; NAN: none), cp_call_wait goes on with what may be
 * repeated until then, instead of three attempts. */
void cp_caller_set_deadline(struct cp_caller *caller, double mono_ms);

/* Did the last answer say that it is from the embedded service (its Server header)? */
bool cp_caller_is_embedded(const struct cp_caller *caller);

/* Of the last cp_call_wait that failed. */
const struct cp_lambda_failure *cp_caller_failure(const struct cp_caller *caller);

#endif
