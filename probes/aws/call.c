/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/caller.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/base/datetime.h"
#include "probes/os/clock.h"

enum {
    URL_MAX = 16 << 10,
    OWN_HEADERS = 4, /* host, date, token, authorization */
};

/* --- clock --- */

static int64_t real_unix_ms(void *context)
{
    (void)context;
    return cp_clock_unix_ms();
}

static double real_mono_ms(void *context)
{
    (void)context;
    return cp_clock_mono_ms();
}

static void real_sleep_ms(void *context, int ms)
{
    (void)context;
    const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    (void)nanosleep(&t, NULL);
}

const struct cp_call_clock cp_call_clock_real = {
    .unix_ms = real_unix_ms, .mono_ms = real_mono_ms, .sleep_ms = real_sleep_ms};

double cp_caller_mono_ms(const struct cp_caller *caller)
{
    return caller->options.clock->mono_ms(caller->options.clock->context);
}

int64_t cp_caller_unix_ms(const struct cp_caller *caller)
{
    return caller->options.clock->unix_ms(caller->options.clock->context);
}

static bool is_interrupted(const struct cp_caller *caller)
{
    const struct cp_caller_options *o = &caller->options;
    return o->is_interrupted && o->is_interrupted(o->interrupt_context);
}

/* --- new, free --- */

enum cp_code cp_caller_new(const struct cp_caller_options *options, struct cp_caller **out,
                           struct cp_error *err)
{
    *out = NULL;
    struct cp_caller *c = calloc(1, sizeof *c);
    if (!c)
        return cp_fail(err, CP_ENOMEM, "cannot make the AWS client: out of memory");
    c->options = *options;
    c->credentials = *options->credentials;
    c->options.credentials = &c->credentials;
    (void)snprintf(c->region, sizeof c->region, "%s", options->region);
    (void)snprintf(c->service, sizeof c->service, "%s", options->service);
    c->budget.tokens = CP_RETRY_BUDGET_MAX;
    cp_rng_init(&c->rng, (uint64_t)cp_caller_unix_ms(c), (uint64_t)(uintptr_t)c);
    cp_failure_clear(&c->failure);
    enum cp_code code = options->http->open(options->max_connections, &c->http, err);
    if (code) {
        cp_caller_free(c);
        return code;
    }
    *out = c;
    return CP_OK;
}

void cp_caller_free(struct cp_caller *caller)
{
    if (!caller)
        return;
    if (caller->http)
        caller->options.http->close(caller->http);
    cp_credentials_clear(&caller->credentials);
    free(caller);
}

const struct cp_lambda_failure *cp_caller_failure(const struct cp_caller *caller)
{
    return &caller->failure;
}

/* --- sending --- */

/* A request in flight: what the log line needs, and whom to tell. */
struct pending {
    struct cp_caller *caller;
    cp_http_done_fn done;
    void *context;
    const char *method;
    char path[]; /* with the query */
};

static void log_response(const struct pending *p, const struct cp_http_response *r)
{
    const struct cp_caller_options *o = &p->caller->options;
    if (!o->on_log)
        return;
    struct cp_view id = cp_http_header(r, "x-amzn-RequestId");
    char line[1024];
    if (r->code)
        (void)snprintf(line, sizeof line, "%s %s: %s, %.1f ms", p->method, p->path,
                       cp_code_text(r->code), r->elapsed_ms);
    else
        (void)snprintf(line, sizeof line, "%s %s %d %.*s, %.1f ms, %zu bytes", p->method, p->path,
                       r->status, (int)id.n, id.p, r->elapsed_ms, r->body.n);
    o->on_log(o->log_context, line);
}

/* AWS gives every answer a request id; a 2xx without one is a proxy's or a login page's. */
static bool is_foreign(const struct pending *p, const struct cp_http_response *r)
{
    return p->caller->options.needs_request_id && !r->code && r->status >= 200 && r->status < 300 &&
           cp_http_header(r, "x-amzn-RequestId").n == 0;
}

static void on_response(void *context, const struct cp_http_response *response)
{
    struct pending *p = context;
    log_response(p, response);
    if (is_foreign(p, response)) {
        struct cp_http_response refused = *response;
        refused.status = -1;
        refused.body = (struct cp_view){"", 0};
        refused.code = cp_fail(&refused.error, CP_EREMOTE,
                               "the answer has no x-amzn-RequestId, so it is not from AWS");
        p->done(p->context, &refused);
    } else {
        p->done(p->context, response);
    }
    free(p);
}

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
    };
    return code;
}

static struct pending *pending_new(struct cp_caller *caller, const struct cp_call *call,
                                   const struct wire *wire, cp_http_done_fn done, void *context)
{
    size_t n = wire->url.n - (size_t)(wire->path.p - wire->url.p);
    struct pending *p = malloc(sizeof *p + n + 1);
    if (!p)
        return NULL;
    *p = (struct pending){
        .caller = caller, .done = done, .context = context, .method = call->method};
    memcpy(p->path, wire->path.p, n + 1);
    return p;
}

enum cp_code cp_call_start(struct cp_caller *caller, const struct cp_call *call,
                           cp_http_done_fn done, void *context, struct cp_error *err)
{
    if (call->n_headers > CP_CALL_HEADERS_MAX)
        return cp_fail(err, CP_EINVAL, "%s: more than %d headers", call->operation,
                       CP_CALL_HEADERS_MAX);
    struct wire wire = {.n_headers = 0};
    struct cp_http_request request;
    struct pending *pending = NULL;
    enum cp_code code = build_request(caller, call, &wire, &request, err);
    if (!code) {
        pending = pending_new(caller, call, &wire, done, context);
        code = pending
                   ? caller->options.http->start(caller->http, &request, on_response, pending, err)
                   : cp_fail(err, CP_ENOMEM, "%s: out of memory", call->operation);
    }
    if (code)
        free(pending);
    cp_sigv4_clear(&wire.signature);
    cp_buf_clear(&wire.url);
    return code;
}

/* --- polling and waiting --- */

enum cp_code cp_caller_poll(struct cp_caller *caller, int timeout_ms, size_t *in_flight,
                            struct cp_error *err)
{
    return caller->options.http->poll(caller->http, timeout_ms, in_flight, err);
}

static int slice_ms(double left_ms)
{
    return left_ms < CP_POLL_SLICE_MS ? (int)ceil(left_ms) : CP_POLL_SLICE_MS;
}

enum cp_code cp_caller_sleep(struct cp_caller *caller, double ms, struct cp_error *err)
{
    const struct cp_call_clock *clock = caller->options.clock;
    double until = cp_caller_mono_ms(caller) + ms;
    double left = ms;
    while (left > 0) {
        if (is_interrupted(caller))
            return cp_fail(err, CP_EINTERRUPTED, "interrupted while waiting");
        size_t in_flight = 0;
        enum cp_code code = cp_caller_poll(caller, slice_ms(left), &in_flight, err);
        if (code)
            return code;
        if (in_flight == 0 && until > cp_caller_mono_ms(caller))
            clock->sleep_ms(clock->context, slice_ms(until - cp_caller_mono_ms(caller)));
        left = until - cp_caller_mono_ms(caller);
    }
    return CP_OK;
}
