/* SPDX-License-Identifier: GPL-3.0-or-later
 * HTTP transport behind a vtable: libcurl's multi interface in production, a scripted fake in
 * tests. Many requests in flight from one thread. Nothing here knows AWS.
 *
 * Ownership: `open` makes a transport, `close` ends it. A started request is copied; its response
 * is borrowed during the callback. A callback may start further requests and may poll, not close.
 * One request is sent at most once: a request of which a byte has left is never repeated here.
 */
#ifndef COLDPROF_PROBES_AWS_HTTP_H
#define COLDPROF_PROBES_AWS_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/buf.h"
#include "probes/aws/sigv4.h"

struct cp_http_request {
    const char *method;
    const char *url;                 /* sent as is, no path squashing */
    const struct cp_header *headers; /* copied */
    size_t n_headers;
    struct cp_view body; /* copied */
    int connect_timeout_ms;
    int timeout_ms; /* from when a connection was free for it, to the last byte */
    size_t max_response_bytes;
    bool is_direct;        /* never by a proxy: metadata services, whose answers hold credentials */
    const char *ca_bundle; /* PEM file, copied; NULL: the system's */
};

struct cp_http_response {
    enum cp_code code;     /* CP_OK, CP_EIO, CP_ETIMEOUT, CP_ELIMIT; CP_EINTERRUPTED from close */
    struct cp_error error; /* when code is not CP_OK; otherwise its text is "" */
    int status;            /* -1 no answer, or not a whole one (code is not CP_OK) */
    bool was_sent;         /* any byte of the request left: it may have had an effect */
    const struct cp_header *headers; /* borrowed during the callback */
    size_t n_headers;
    struct cp_view body;
    struct cp_view request_body; /* as it was given to `start`, so that it can be sent anew */
    int64_t sent_at_ms;          /* unix ms of `start` */
    double elapsed_ms; /* monotonic, `start` to last byte: waiting for a free connection counts */
};
typedef void (*cp_http_done_fn)(void *context, const struct cp_http_response *response);

struct cp_http; /* opaque, per implementation */

struct cp_http_ops {
    enum cp_code (*open)(int max_connections, struct cp_http **out, struct cp_error *err);
    /* CP_EINVAL: a method, URL or header that cannot be sent. `done` is called exactly once for
     * each started request, from poll or close. */
    enum cp_code (*start)(struct cp_http *h, const struct cp_http_request *request,
                          cp_http_done_fn done, void *context, struct cp_error *err);
    /* Moves data and runs callbacks. Returns when something moved, a signal came, or timeout_ms
     * passed; at once when nothing is in flight. `in_flight` may be NULL. */
    enum cp_code (*poll)(struct cp_http *h, int timeout_ms, size_t *in_flight,
                         struct cp_error *err);
    void (*close)(struct cp_http *h);
};

/* libcurl. http and https only; no redirects, no netrc, no cookies, no proxy for loopback. */
extern const struct cp_http_ops cp_http_curl;

/* Value of a header by case-insensitive name; empty view when absent. */
struct cp_view cp_http_header(const struct cp_http_response *response, const char *name);

#endif
