/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/metadata.h"

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

static bool is_interrupted(const struct cp_provider_world *world)
{
    return world->is_interrupted && world->is_interrupted(world->interrupt_context);
}

/* The transport lives for one request, so that closing it ends the request whatever happens: its
 * callback runs before `a` goes out of scope. */
static enum cp_code try_once(const struct cp_provider_world *world,
                             const struct cp_http_request *request, struct answer *a,
                             struct cp_error *err)
{
    struct cp_http *http = NULL;
    enum cp_code code = world->http->open(1, &http, err);
    if (code)
        return code;
    code = world->http->start(http, request, on_answer, a, err);
    while (!code && !a->is_done) {
        size_t in_flight = 0;
        code = world->http->poll(http, POLL_SLICE_MS, &in_flight, err);
        if (!code && !a->is_done && in_flight == 0)
            code = cp_fail(err, CP_EIO, "the transport lost the request");
        if (!code && !a->is_done && is_interrupted(world))
            code = cp_fail(err, CP_EINTERRUPTED, "interrupted");
    }
    world->http->close(http);
    if (!code && a->code)
        code = cp_fail(err, a->code, "%s", a->error.text);
    return code;
}

enum cp_code cp_metadata_fetch(const struct cp_provider_world *world,
                               const struct cp_metadata_request *request, struct cp_buf *body,
                               int *status, struct cp_error *err)
{
    const struct cp_http_request wire = {
        .method = request->method,
        .url = request->url,
        .headers = request->header,
        .n_headers = request->header ? 1 : 0,
        .connect_timeout_ms = request->timeout_ms,
        .timeout_ms = request->timeout_ms,
        .max_response_bytes = CP_METADATA_ANSWER_MAX,
        .is_direct = true,
    };
    enum cp_code code = CP_OK;
    *status = -1;
    for (int i = 0; i < request->attempts; i++) {
        struct answer a = {.body = body, .status = -1};
        cp_shared_wipe(body);
        (void)cp_buf_reserve(body, CP_METADATA_ANSWER_MAX);
        code = try_once(world, &wire, &a, err);
        *status = a.status;
        bool is_again = code == CP_EIO || code == CP_ETIMEOUT || (!code && a.status >= 500);
        if (!is_again)
            break;
    }
    return code;
}
