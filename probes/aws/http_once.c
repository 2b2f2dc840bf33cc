/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/http_once.h"

enum { POLL_SLICE_MS = 200 };

struct answer {
    bool is_done;
    enum cp_code code;
    struct cp_error error;
    int status;
    struct cp_buf *body;
};

static void on_answer(void *context, const struct cp_http_response *response)
{
    struct answer *a = context;
    a->is_done = true;
    a->code = response->code;
    a->error = response->error;
    a->status = response->status;
    if (!response->code && cp_buf_add_view(a->body, response->body))
        a->code = cp_buf_check(a->body, "the answer", &a->error);
}

/* The callback runs before `a` goes out of scope: at the latest from close. */
enum cp_code cp_http_once(const struct cp_http_once *once, const struct cp_http_request *request,
                          struct cp_buf *body, int *status, struct cp_error *err)
{
    struct cp_http *http = NULL;
    struct answer a = {.body = body, .status = -1};
    *status = -1;
    enum cp_code code = once->http->open(1, &http, err);
    if (code)
        return code;
    code = once->http->start(http, request, on_answer, &a, err);
    while (!code && !a.is_done) {
        size_t in_flight = 0;
        code = once->http->poll(http, POLL_SLICE_MS, &in_flight, err);
        if (!code && !a.is_done && in_flight == 0)
            code = cp_fail(err, CP_EIO, "the transport lost the request");
        if (!code && !a.is_done && once->is_interrupted &&
            once->is_interrupted(once->interrupt_context))
            code = cp_fail(err, CP_EINTERRUPTED, "interrupted");
    }
    once->http->close(http);
    if (!code && a.code)
        code = cp_fail(err, a.code, "%s", a.error.text);
    *status = a.status;
    return code;
}
