/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/client.h"

#include <stdio.h>
#include <string.h>

#include "probes/aws/call.h"
#include "probes/aws/service_endpoint.h"

enum {
    CONNECT_TIMEOUT_MS = 5000,
    CONNECTIONS_MAX = 1000,
    PACE_MS = 100, /* 10 calls a second; AWS allows 15 (Lambda) or 10 to 25 (Logs) per account */
    ASK_TIMEOUT_MS = 60000,
    TARGET_MAX = 160,
};

/* --- caller --- */

static enum cp_code find_endpoint(const struct cp_client_options *o,
                                  const struct cp_service *service, struct cp_endpoint *out,
                                  struct cp_error *err)
{
    if (!o->region || !cp_region_is_valid(cp_view_of(o->region)))
        return cp_fail(err, CP_EINVAL, "region '%s' is not like 'eu-central-1'",
                       o->region ? o->region : "");
    if (o->endpoint_url)
        return cp_endpoint_parse(o->endpoint_url, o->allow_insecure_endpoint, out, err);
    if (!o->credentials.access_key_id[0] && !o->credential_source)
        return cp_fail(err, CP_EINVAL, "no AWS credentials were given");
    return cp_endpoint_of_region(service->host, o->region, out, err);
}

enum cp_code cp_client_caller(const struct cp_client_options *options,
                              const struct cp_service *service, struct cp_caller **out,
                              struct cp_error *err)
{
    struct cp_caller_options caller = {
        .region = options->region,
        .service = service->signing,
        .credentials = &options->credentials,
        .credential_source = options->credential_source,
        .connect_timeout_ms =
            options->connect_timeout_ms ? options->connect_timeout_ms : CONNECT_TIMEOUT_MS,
        .max_connections = options->max_connections ? options->max_connections : CONNECTIONS_MAX,
        .http = options->http ? options->http : &cp_http_curl,
        .clock = options->clock ? options->clock : &cp_call_clock_real,
        .on_log = options->on_log,
        .log_context = options->log_context,
        .ca_bundle = options->ca_bundle,
        .is_interrupted = options->is_interrupted,
        .interrupt_context = options->interrupt_context,
    };
    *out = NULL;
    enum cp_code code = find_endpoint(options, service, &caller.endpoint, err);
    if (code)
        return code;
    caller.needs_request_id = cp_endpoint_is_aws(&caller.endpoint);
    caller.pace_ms = caller.endpoint.is_loopback ? 0 : PACE_MS;
    return cp_caller_new(&caller, out, err);
}

/* --- JSON protocols --- */

enum cp_code cp_client_ask(struct cp_caller *caller, const struct cp_json_protocol *protocol,
                           const struct cp_json_request *request, struct cp_buf *answer,
                           struct cp_error *err)
{
    char target[TARGET_MAX];
    (void)snprintf(target, sizeof target, "%s.%s", protocol->target, request->operation);
    const struct cp_header headers[] = {
        {CP_VIEW_LIT("Content-Type"), cp_view_of(protocol->content_type)},
        {CP_VIEW_LIT("X-Amz-Target"), cp_view_of(target)},
    };
    const struct cp_call call = {
        .operation = request->operation,
        .subject = request->subject,
        .method = "POST",
        .path = "/",
        .body = request->body,
        .headers = headers,
        .n_headers = sizeof headers / sizeof headers[0],
        .timeout_ms = ASK_TIMEOUT_MS,
        .max_response_bytes = request->answer_max,
        .kind = request->is_once ? CP_CALL_ONCE : CP_CALL_REPEATABLE,
    };
    return cp_call_wait(caller, &call, answer, err);
}

/* --- pages --- */

void cp_page_watch_init(struct cp_page_watch *watch)
{
    watch->pages = 0;
    cp_buf_init(&watch->seen, CP_PAGE_TOKEN_MAX);
}

void cp_page_watch_clear(struct cp_page_watch *watch)
{
    cp_buf_clear(&watch->seen);
}

enum cp_code cp_page_watch_next(struct cp_page_watch *watch, struct cp_view token, const char *what,
                                struct cp_error *err)
{
    int pages = ++watch->pages;
    if (token.n && token.n == watch->seen.n && memcmp(token.p, watch->seen.p, token.n) == 0)
        return cp_fail(err, CP_EREMOTE,
                       "the list of '%s' goes round in a circle: page %d has the "
                       "marker of an earlier one",
                       what, pages);
    if ((pages & (pages - 1)) != 0)
        return CP_OK;
    cp_buf_reset(&watch->seen);
    (void)cp_buf_add_view(&watch->seen, token);
    return cp_buf_check(&watch->seen, "a page's marker", err);
}
