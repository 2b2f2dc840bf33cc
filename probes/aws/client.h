/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the clients of AWS's services have in common: their options, and calls of the services that
 * speak JSON in the body of a POST to "/" (CloudWatch).
 *
 * Ownership: what the options borrow must live as long as the client.
 */
#ifndef COLDPROF_PROBES_AWS_CLIENT_H
#define COLDPROF_PROBES_AWS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "model/base/buf.h"
#include "probes/aws/credentials.h"

struct cp_http_ops;   /* http.h */
struct cp_call_clock; /* call.h */
struct cp_caller;     /* call.h */
struct cp_service;    /* service_endpoint.h */

struct cp_client_options {
    const char *region;       /* required */
    const char *endpoint_url; /* NULL: https://<service>.<region>.amazonaws.com */
    /* Without an access key id calls are not signed; allowed with an endpoint_url only. */
    struct cp_credentials credentials;
    /* Asked for keys before every signature instead of `credentials`; borrowed, NULL none. */
    const struct cp_credential_source *credential_source;
    int connect_timeout_ms;         /* 0 means 5,000 */
    int max_connections;            /* 0 means 1,000 */
    const struct cp_http_ops *http; /* NULL: libcurl; tests give a scripted one (http.h) */
    void (*on_log)(void *context, const char *line); /* -v: verb, path, status, request id */
    void *log_context;
    bool allow_insecure_endpoint; /* plain http beyond this machine */
    /* PEM file of the CAs to trust instead of the system's (AWS_CA_BUNDLE, ca_bundle); NULL or "":
     * none. CP_EIO when it cannot be read. */
    const char *ca_bundle;
    /* Asked while a control-plane call waits (repeats, updates); true ends it with CP_EINTERRUPTED.
     * NULL: never. A request already sent is always waited for. */
    bool (*is_interrupted)(void *context);
    void *interrupt_context;
    const struct cp_call_clock *clock; /* NULL: the real one */
};

/* The caller of a service. CP_EINVAL: no region, a region that is none, an endpoint that is none,
 * no credentials for AWS. Calls beyond loopback are paced to 10 a second, all clients of the
 * process together. */
enum cp_code cp_client_caller(const struct cp_client_options *options,
                              const struct cp_service *service, struct cp_caller **out,
                              struct cp_error *err);

/* The way in which a service of the "awsJson" protocols is asked. */
struct cp_json_protocol {
    const char *content_type; /* "application/x-amz-json-1.1" */
    const char *target;       /* "Logs_20140328": before the operation in X-Amz-Target */
};

struct cp_json_request {
    const char *operation; /* "FilterLogEvents"; a static text */
    const char *subject;   /* for messages: the log group; NULL none */
    struct cp_view body;
    bool is_once;      /* not repeated when it may have taken effect */
    size_t answer_max; /* bytes */
};

/* One call, waited for; the answer's body is added to `answer`. */
enum cp_code cp_client_ask(struct cp_caller *caller, const struct cp_json_protocol *protocol,
                           const struct cp_json_request *request, struct cp_buf *answer,
                           struct cp_error *err);

/* Pages that never end: a token that comes again. One earlier token is kept, renewed after 1, 2, 4,
 * ... pages, so that a circle of any length is found (Brent). */
struct cp_page_watch {
    int pages;
    struct cp_buf seen;
};
enum { CP_PAGE_TOKEN_MAX = 8192 };
void cp_page_watch_init(struct cp_page_watch *watch);
void cp_page_watch_clear(struct cp_page_watch *watch);
/* Call with the token of each page but the last. CP_EREMOTE: a circle; CP_ELIMIT: a token longer
 * than CP_PAGE_TOKEN_MAX. `what` names the list. */
enum cp_code cp_page_watch_next(struct cp_page_watch *watch, struct cp_view token, const char *what,
                                struct cp_error *err);

#endif
