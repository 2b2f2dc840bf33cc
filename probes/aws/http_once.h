/* SPDX-License-Identifier: GPL-3.0-or-later
 * One request and its answer, with a transport that lives no longer: closing it ends the request
 * whatever happens.
 */
#ifndef COLDPROF_PROBES_AWS_HTTP_ONCE_H
#define COLDPROF_PROBES_AWS_HTTP_ONCE_H

#include "probes/aws/http.h"

struct cp_http_once {
    const struct cp_http_ops *http;
    bool (*is_interrupted)(void *context); /* may be NULL */
    void *interrupt_context;
};

/* Appends the answer's body to `body` and sets `status`. CP_OK: an answer came, whatever its
 * status. Else the transport's code; CP_EINTERRUPTED. */
enum cp_code cp_http_once(const struct cp_http_once *once, const struct cp_http_request *request,
                          struct cp_buf *body, int *status, struct cp_error *err);

#endif
