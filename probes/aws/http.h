/* SPDX-License-Identifier: GPL-3.0-or-later
 * HTTP transport behind a vtable: libcurl's multi interface in production, a scripted fake in
 * tests. Many requests in flight from one thread. Nothing here knows AWS.
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
    int timeout_ms;
    size_t max_response_bytes;
};

struct cp_http_response {
    enum cp_code code; /* CP_OK, CP_EIO, CP_ETIMEOUT, CP_ELIMIT */
    struct cp_error error;
    int status;                      /* -1 no answer */
    bool was_sent;                   /* any byte of the request left: it may have had an effect */
    const struct cp_header *headers; /* borrowed during the callback */
    size_t n_headers;
    struct cp_view body;
    int64_t sent_at_ms;
    double elapsed_ms;
};
typedef void (*cp_http_done_fn)(void *context, const struct cp_http_response *response);

struct cp_http; /* opaque, per implementation */

struct cp_http_ops {
    enum cp_code (*open)(int max_connections, struct cp_http **out, struct cp_error *err);
    /* `done` is called exactly once for each started request, from poll or close. */
    enum cp_code (*start)(struct cp_http *h, const struct cp_http_request *request,
                          cp_http_done_fn done, void *context, struct cp_error *err);
    enum cp_code (*poll)(struct cp_http *h, int timeout_ms, size_t *in_flight,
                         struct cp_error *err);
    void (*close)(struct cp_http *h);
};

extern const struct cp_http_ops cp_http_curl;

/* Value of a header by case-insensitive name; empty view when absent. */
struct cp_view cp_http_header(const struct cp_http_response *response, const char *name);

#endif
