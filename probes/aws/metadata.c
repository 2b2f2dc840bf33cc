/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/metadata.h"

#include "probes/aws/http_once.h"

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
    const struct cp_http_once once = {world->http, world->is_interrupted, world->interrupt_context};
    enum cp_code code = CP_OK;
    *status = -1;
    for (int i = 0; i < request->attempts; i++) {
        cp_shared_wipe(body);
        (void)cp_buf_reserve(body, CP_METADATA_ANSWER_MAX);
        code = cp_http_once(&once, &wire, body, status, err);
        bool is_again = code == CP_EIO || code == CP_ETIMEOUT || (!code && *status >= 500);
        if (!is_again)
            break;
    }
    return code;
}
