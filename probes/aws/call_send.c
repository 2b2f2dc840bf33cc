/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/datetime.h"
#include "probes/aws/caller.h"

enum {
    URL_MAX = 16 << 10,
    OWN_HEADERS = 4, /* host, date, token, authorization */
};

/* --- the request as it is sent --- */

struct wire {
    struct cp_buf url; /* origin, path, query: the signed parts are views of the same bytes */
    struct cp_view path, query;
    struct cp_header headers[CP_CALL_HEADERS_MAX + OWN_HEADERS];
    size_t n_headers;
    char date[CP_DATETIME_TEXT_MAX];
    struct cp_sigv4 signature;
};

static enum cp_code build_url(const struct cp_caller *caller, const struct cp_call *call,
                              struct wire *wire, struct cp_error *err)
{
    const struct cp_endpoint *e = &caller->options.endpoint;
    const char *query = call->query ? call->query : "";
    cp_buf_init(&wire->url, URL_MAX);
    (void)cp_buf_adds(&wire->url, e->origin);
    (void)cp_buf_adds(&wire->url, e->base_path);
    (void)cp_buf_adds(&wire->url, call->path);
    if (query[0])
        (void)cp_buf_addf(&wire->url, "?%s", query);
    enum cp_code code = cp_buf_check(&wire->url, "the request's URL", err);
    if (code)
        return code;
    const char *path = cp_buf_str(&wire->url) + strlen(e->origin);
    wire->path = (struct cp_view){path, strlen(e->base_path) + strlen(call->path)};
    wire->query = cp_view_of(query);
    return CP_OK;
}

static void add_header(struct wire *wire, const char *name, const char *value)
{
    wire->headers[wire->n_headers++] = (struct cp_header){cp_view_of(name), cp_view_of(value)};
}

static enum cp_code sign(const struct cp_caller *caller, const struct cp_call *call,
                         struct wire *wire, struct cp_error *err)
{
    const struct cp_credentials *keys = &caller->credentials;
    int64_t at_ms = cp_caller_unix_ms(caller) + caller->skew_ms;
    if (!keys->access_key_id[0])
        return CP_OK;
    add_header(wire, "X-Amz-Date", cp_datetime_format(at_ms, CP_DATETIME_AMZ, wire->date));
    if (keys->session_token[0])
        add_header(wire, "X-Amz-Security-Token", keys->session_token);
    const struct cp_sigv4_request request = {
        .method = cp_view_of(call->method),
        .path = wire->path,
        .query = wire->query,
        .headers = wire->headers,
        .n_headers = wire->n_headers,
        .body = call->body,
        .region = caller->region,
        .service = caller->service,
        .at_ms = at_ms,
    };
    enum cp_code code = cp_sigv4_sign(&request, keys, &wire->signature, err);
    if (!code)
        add_header(wire, "Authorization", cp_buf_str(&wire->signature.authorization));
    return code;
}

static enum cp_code build_request(const struct cp_caller *caller, const struct cp_call *call,
                                  struct wire *wire, struct cp_http_request *out,
                                  struct cp_error *err)
{
    enum cp_code code = build_url(caller, call, wire, err);
    if (code)
        return code;
    add_header(wire, "Host", caller->options.endpoint.host);
    for (size_t i = 0; i < call->n_headers; i++)
        wire->headers[wire->n_headers++] = call->headers[i];
    code = sign(caller, call, wire, err);
    *out = (struct cp_http_request){
        .method = call->method,
        .url = cp_buf_str(&wire->url),
        .headers = wire->headers,
        .n_headers = wire->n_headers,
        .body = call->body,
        .connect_timeout_ms = caller->options.connect_timeout_ms,
        .timeout_ms = call->timeout_ms,
        .max_response_bytes = call->max_response_bytes,
        .ca_bundle = caller->ca_bundle[0] ? caller->ca_bundle : NULL,
    };
    return code;
}

/* --- a request in flight --- */

/* Holds the call, so that it can be signed anew; its body is the transport's copy. */
struct pending {
    struct cp_caller *caller;
    cp_http_done_fn done;
    void *context;
    struct cp_call call; /* texts and headers below */
    struct cp_call_signing signing;
    bool is_anew[CP_REFUSALS]; /* sent once more after this refusal */
    struct cp_header headers[CP_CALL_HEADERS_MAX];
    char texts[];
};

static size_t text_size(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

static const char *keep_text(char **to, const char *text)
{
    size_t n = text_size(text);
    char *kept = *to;
    if (!text)
        return NULL;
    memcpy(kept, text, n);
    *to += n;
    return kept;
}

static struct cp_view keep_view(char **to, struct cp_view v)
{
    struct cp_view kept = {*to, v.n};
    if (v.n)
        memcpy(*to, v.p, v.n);
    *to += v.n;
    return kept;
}

static struct pending *pending_new(struct cp_caller *caller, const struct cp_call *call,
                                   cp_http_done_fn done, void *context)
{
    size_t n = text_size(call->subject) + text_size(call->method) + text_size(call->path) +
               text_size(call->query);
    for (size_t i = 0; i < call->n_headers; i++)
        n += call->headers[i].name.n + call->headers[i].value.n;
    struct pending *p = malloc(sizeof *p + n);
    if (!p)
        return NULL;
    *p = (struct pending){.caller = caller, .done = done, .context = context, .call = *call};
    char *to = p->texts;
    p->call.subject = keep_text(&to, call->subject);
    p->call.method = keep_text(&to, call->method);
    p->call.path = keep_text(&to, call->path);
    p->call.query = keep_text(&to, call->query);
    p->call.headers = p->headers;
    for (size_t i = 0; i < call->n_headers; i++)
        p->headers[i] = (struct cp_header){keep_view(&to, call->headers[i].name),
                                           keep_view(&to, call->headers[i].value)};
    return p;
}

/* Never headers, bodies or queries: those hold signatures, tokens and data. */
static void log_response(const struct pending *p, const struct cp_http_response *r)
{
    const struct cp_caller_options *o = &p->caller->options;
    if (!o->on_log)
        return;
    struct cp_view id = cp_http_header(r, "x-amzn-RequestId");
    char result[160];
    char line[1024];
    if (r->code)
        (void)snprintf(result, sizeof result, "%s", cp_code_text(r->code));
    else
        (void)snprintf(result, sizeof result, "%d %.*s", r->status, id.n < 64 ? (int)id.n : 64,
                       id.p);
    (void)snprintf(line, sizeof line, "%s %s%s%s %s, %.1f ms, %zu bytes out, %zu in",
                   p->call.method, o->endpoint.host, o->endpoint.base_path, p->call.path, result,
                   r->elapsed_ms, r->request_body.n, r->body.n);
    o->on_log(o->log_context, line);
}

/* AWS gives every answer a request id; one without is a proxy's or a login page's. Its 404 would
 * tell an undo that there is nothing left. A 5xx says the same, whoever gave it. */
static bool is_foreign(const struct pending *p, const struct cp_http_response *r)
{
    return p->caller->options.needs_request_id && !r->code && r->status < 500 &&
           cp_http_header(r, "x-amzn-RequestId").n == 0;
}

static void deliver(struct pending *p, const struct cp_http_response *response)
{
    p->done(p->context, response);
    free(p);
}

static void deliver_as_foreign(struct pending *p, const struct cp_http_response *response)
{
    struct cp_http_response refused = *response;
    refused.status = -1;
    refused.body = (struct cp_view){"", 0};
    refused.code = cp_fail(&refused.error, CP_EREMOTE,
                           "the answer (HTTP %d) has no x-amzn-RequestId, so it is not from AWS; "
                           "check the proxy, or sign in to this network",
                           response->status);
    deliver(p, &refused);
}

static enum cp_code send_pending(struct pending *p, struct cp_error *err);

/* A refused request has had no effect, so that even an invocation may be sent again. */
static void deliver_refusal(struct pending *p, enum cp_refusal refusal,
                            const struct cp_http_response *response)
{
    struct cp_http_response last = *response;
    if (p->is_anew[refusal]) {
        if (refusal == CP_REFUSAL_KEYS)
            cp_caller_explain_keys(response, &last.error);
    } else if (cp_caller_heed_refusal(p->caller, refusal, &p->signing, response, &last.error)) {
        p->is_anew[refusal] = true;
        p->call.body = response->request_body;
        if (!send_pending(p, &last.error))
            return;
    }
    deliver(p, &last);
}

static void on_response(void *context, const struct cp_http_response *response)
{
    struct pending *p = context;
    log_response(p, response);
    if (!response->code)
        p->caller->is_embedded = cp_view_is(cp_http_header(response, "Server"), "coldprof");
    enum cp_refusal refusal = cp_caller_refusal(response);
    if (refusal != CP_REFUSAL_NONE)
        deliver_refusal(p, refusal, response);
    else if (is_foreign(p, response))
        deliver_as_foreign(p, response);
    else
        deliver(p, response);
}

/* Each sending has a signature of its own. */
static enum cp_code send_pending(struct pending *p, struct cp_error *err)
{
    struct cp_caller *caller = p->caller;
    struct wire wire = {.n_headers = 0};
    struct cp_http_request request;
    enum cp_code code = cp_caller_take_keys(caller, err);
    if (code)
        return code;
    p->signing = (struct cp_call_signing){caller->keys_number, caller->skew_ms};
    code = build_request(caller, &p->call, &wire, &request, err);
    if (!code)
        code = caller->options.http->start(caller->http, &request, on_response, p, err);
    cp_sigv4_clear(&wire.signature);
    cp_buf_clear(&wire.url);
    return code;
}

enum cp_code cp_call_start(struct cp_caller *caller, const struct cp_call *call,
                           cp_http_done_fn done, void *context, struct cp_error *err)
{
    if (call->n_headers > CP_CALL_HEADERS_MAX)
        return cp_fail(err, CP_EINVAL, "%s: more than %d headers", call->operation,
                       CP_CALL_HEADERS_MAX);
    struct pending *pending = pending_new(caller, call, done, context);
    if (!pending)
        return cp_fail(err, CP_ENOMEM, "%s: out of memory", call->operation);
    enum cp_code code = send_pending(pending, err);
    if (code)
        free(pending);
    return code;
}
