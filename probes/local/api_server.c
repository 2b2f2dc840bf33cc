/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/api_server.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "probes/local/api_gate.h"
#include "probes/local/base64.h"
#include "probes/local/caller_identity.h"
#include "probes/local/code_zip.h"
#include "probes/local/event_stream.h"
#include "probes/local/http_daemon.h"
#include "probes/local/invoke_stream.h"
#include "probes/local/rate_limit.h"
#include "probes/local/rpc_failure.h"
#include "probes/local/uuid.h"
#include "probes/os/clock.h"

enum {
    CONNECTIONS_MAX = 4096,
    MEMORY_MAX = 2 * CP_HEAD_MAX, /* per connection: a whole head and an answer's */
    BODY_TIMEOUT_MS = 30000,
    IDLE_TIMEOUT_MS = 350000,
};

struct cp_api_server {
    struct cp_api_server_options options;
    struct cp_api_gate *gate;
    struct cp_http_daemon daemon;
    struct connection *connections;
    struct cp_rate_limit get_function, get_policy, control;
};

/* A connection of libmicrohttpd. Its timer ends it when it idles for long, and when a request takes
 * too long to arrive: the library's own timeout is for silence only. */
struct connection {
    struct cp_api_server *server;
    int fd;
    struct cp_loop_timer timer;
    struct connection **at, *next;
};

struct call {
    struct cp_api_server *server;
    struct MHD_Connection *connection; /* NULL: the caller is gone */
    struct connection *timed;
    char *target;
    struct cp_header headers[CP_HEAD_HEADERS_MAX];
    struct cp_raw_request raw;
    struct cp_api_request request;
    struct cp_api_response response;
    struct cp_buf body;
    char request_id[40];
    bool is_started, is_refused, is_running, is_done;
    const char *content_type;
    /* Invoke */
    struct cp_invoke_request invoke;
    struct cp_invocation invocation;
    char version[24];
    /* InvokeWithResponseStream */
    struct cp_invoke_stream stream;
    struct cp_http_stream http_stream;
    bool is_suspended; /* until the invocation has news */
};

/* --- connections --- */

static void on_overdue(struct cp_loop_timer *timer)
{
    struct connection *c = CP_OWNER_OF(timer, struct connection, timer);
    (void)shutdown(c->fd, SHUT_RDWR); /* MHD sees the end and closes */
}

static void set_timeout(struct connection *c, int timeout_ms)
{
    if (!c)
        return;
    cp_loop_timer_cancel(c->server->options.loop, &c->timer);
    if (timeout_ms)
        (void)cp_loop_timer_set(c->server->options.loop, &c->timer,
                                cp_clock_mono_ms() + timeout_ms);
}

static void add_connection(struct cp_api_server *server, struct MHD_Connection *connection,
                           void **socket_context)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct connection *c = calloc(1, sizeof *c);
    if (!c || !info) {
        free(c);
        return;
    }
    c->server = server;
    c->fd = info->connect_fd;
    c->timer.on_due = on_overdue;
    c->next = server->connections;
    c->at = &server->connections;
    if (c->next)
        c->next->at = &c->next;
    server->connections = c;
    *socket_context = c;
    set_timeout(c, server->options.head_limit_ms);
}

static void on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode what)
{
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        add_connection(context, connection, socket_context);
        return;
    }
    struct connection *c = *socket_context;
    if (!c)
        return;
    set_timeout(c, 0);
    *c->at = c->next;
    if (c->next)
        c->next->at = c->at;
    free(c);
}

static struct connection *connection_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

/* --- calls --- */

static void free_call(struct call *call)
{
    cp_api_response_clear(&call->response);
    cp_invocation_clear(&call->invocation);
    cp_invoke_stream_clear(&call->stream);
    cp_buf_clear(&call->body);
    free(call->target);
    free(call);
}

/* The raw target, before anything is decoded. What it returns is the state of the request. */
static void *on_target(void *context, const char *target, struct MHD_Connection *connection)
{
    struct call *call = calloc(1, sizeof *call);
    if (!call)
        return NULL;
    call->server = context;
    call->connection = connection;
    call->target = strdup(target);
    call->timed = connection_of(connection);
    cp_api_response_init(&call->response);
    cp_invocation_init(&call->invocation);
    cp_invoke_stream_init(&call->stream);
    cp_buf_init(&call->body, CP_BODY_MAX);
    call->content_type = "application/json";
    return call;
}

static size_t leave_escaped(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context;
    (void)connection;
    return strlen(text);
}

static enum MHD_Result add_header(void *context, enum MHD_ValueKind kind, const char *name,
                                  size_t name_n, const char *value, size_t value_n)
{
    (void)kind;
    struct call *call = context;
    if (call->raw.n_headers == CP_HEAD_HEADERS_MAX)
        return MHD_NO;
    call->headers[call->raw.n_headers++] =
        (struct cp_header){{name, name_n}, {value ? value : "", value ? value_n : 0}};
    return MHD_YES;
}

/* libmicrohttpd cuts the head into strings where it lies. A line that it joined with the one before
 * (a fold) or cut short (a NUL) is not followed directly by the next: only blanks and the line end
 * may be between. The first head of a connection went through the gate; this is for the others. */
static bool lies_as_received(const struct call *call)
{
    enum { BETWEEN_MAX = 64 };
    for (size_t i = 0; i < call->raw.n_headers; i++) {
        struct cp_view name = call->headers[i].name, value = call->headers[i].value;
        uintptr_t name_end = (uintptr_t)name.p + name.n, value_at = (uintptr_t)value.p;
        bool has_value = value.n > 0;
        if (has_value && (value_at <= name_end || value_at - name_end > BETWEEN_MAX))
            return false;
        if (i + 1 == call->raw.n_headers)
            break;
        uintptr_t end = has_value ? value_at + value.n : name_end;
        uintptr_t next = (uintptr_t)call->headers[i + 1].name.p;
        if (next <= end || next - end > BETWEEN_MAX)
            return false;
    }
    return true;
}

/* --- answers --- */

static int answer(struct call *call, int status, const struct cp_http_field *more,
                  struct cp_view body)
{
    enum { FIELDS_MAX = 12 };
    struct cp_http_field fields[FIELDS_MAX] = {
        {"X-Amzn-RequestId", call->request_id},
        {"Content-Type", body.n ? call->content_type : NULL},
        {"Connection", call->is_refused ? "close" : NULL},
        {"Server", "coldprof"},
    };
    size_t n = 4;
    for (; more && more->name && n + 1 < FIELDS_MAX; more++)
        fields[n++] = *more;
    call->is_done = true;
    return cp_http_answer(call->connection, status, fields, body);
}

static int answer_response(struct call *call)
{
    char retry_after[16] = "", query_error[96] = "";
    const struct cp_api_response *r = &call->response;
    if (r->retry_after_s >= 0)
        (void)snprintf(retry_after, sizeof retry_after, "%d", r->retry_after_s);
    /* CloudWatch was a Query service: its clients take the error's code from here */
    if (call->request.operation == CP_API_METRICS && r->status >= 400)
        (void)snprintf(query_error, sizeof query_error, "%s;%s", r->error_type,
                       r->status < 500 ? "Sender" : "Receiver");
    const struct cp_http_field more[] = {{"x-amzn-ErrorType", r->error_type},
                                         {"Retry-After", retry_after},
                                         {"x-amzn-query-error", query_error},
                                         {NULL}};
    return answer(call, r->status, more, cp_buf_view(&r->body));
}

static int refuse(struct call *call)
{
    call->is_refused = true;
    return answer_response(call);
}

static int answer_invocation(struct call *call)
{
    struct cp_invocation *invocation = &call->invocation;
    if (invocation->api_status) {
        cp_api_fail(&call->response, invocation->api_status, invocation->api_error_type, NULL, "%s",
                    invocation->api_message);
        return answer_response(call);
    }
    struct cp_buf tail;
    cp_buf_init(&tail, (size_t)2 * CP_LOG_TAIL_MAX);
    if (call->invoke.wants_tail)
        (void)cp_base64_encode(&tail, cp_buf_view(&invocation->log_tail));
    const struct cp_http_field more[] = {
        {"X-Amz-Executed-Version", call->version},
        {"X-Amz-Function-Error", invocation->function_error},
        {"X-Amz-Log-Result", cp_buf_str(&tail)},
        {NULL},
    };
    int result = answer(call, MHD_HTTP_OK, more, cp_buf_view(&invocation->response));
    cp_buf_clear(&tail);
    return result;
}

/* --- InvokeWithResponseStream --- */

static bool is_stream(const struct call *call)
{
    return call->request.operation == CP_API_INVOKE_WITH_RESPONSE_STREAM;
}

static void resume(struct call *call)
{
    if (!call->is_suspended)
        return;
    call->is_suspended = false;
    cp_http_daemon_resume(&call->server->daemon, call->connection);
}

static void on_part(struct cp_invocation *invocation, struct cp_view bytes)
{
    struct call *call = CP_OWNER_OF(invocation, struct call, invocation);
    if (!call->connection)
        return;
    cp_invoke_stream_add(&call->stream, bytes);
    resume(call);
}

static ssize_t read_stream(void *context, char *to, size_t size)
{
    struct call *call = context;
    size_t n = cp_invoke_stream_take(&call->stream, to, size);
    if (n)
        return (ssize_t)n;
    call->is_suspended = !call->stream.is_over;
    return call->is_suspended ? CP_HTTP_WAIT : CP_HTTP_END;
}

/* The head goes out with the first part, or with the end. */
static int answer_stream(struct call *call)
{
    const struct cp_http_field fields[] = {
        {"X-Amzn-RequestId", call->request_id},
        {"Content-Type", CP_EVENT_STREAM_TYPE},
        {"X-Amz-Executed-Version", call->version},
        {NULL},
    };
    call->http_stream = (struct cp_http_stream){.read = read_stream, .context = call};
    return cp_http_answer_stream(call->connection, MHD_HTTP_OK, fields, &call->http_stream);
}

/* --- Invoke --- */

static void on_invoked(struct cp_invocation *invocation)
{
    struct call *call = CP_OWNER_OF(invocation, struct call, invocation);
    call->is_running = false;
    call->is_done = true;
    if (!call->connection) {
        free_call(call);
        return;
    }
    if (is_stream(call))
        cp_invoke_stream_end(&call->stream, invocation, call->invoke.wants_tail);
    resume(call);
}

static int accept_event(struct call *call)
{
    if (cp_async_queue_add(call->server->options.queue, call->request.function,
                           call->request.qualifier, &call->invocation))
        return answer(call, MHD_HTTP_ACCEPTED, NULL, CP_VIEW_LIT(""));
    cp_api_fail(&call->response, 429, "TooManyRequestsException",
                "ConcurrentInvocationLimitExceeded", "the event queue is full");
    return answer_response(call);
}

static int run_invoke(struct call *call)
{
    const struct cp_api_server_options *o = &call->server->options;
    struct cp_configuration config;
    int64_t now_ms = cp_clock_unix_ms();
    if (!cp_invoke_read(&call->raw, &call->invoke, &call->invocation, &call->response))
        return answer_response(call);
    if (is_stream(call) && call->invoke.type == CP_INVOKE_EVENT) {
        cp_api_fail(&call->response, 400, "InvalidParameterValueException", NULL,
                    "a response stream has no invocation type Event");
        return answer_response(call);
    }
    cp_control_advance(o->control, now_ms);
    if (!cp_control_resolve(o->control, call->request.function, call->request.qualifier,
                            cp_rng_uniform(o->rng), &config, &call->response))
        return answer_response(call);
    if (call->invoke.type == CP_INVOKE_DRY_RUN)
        return answer(call, MHD_HTTP_NO_CONTENT, NULL, CP_VIEW_LIT(""));
    cp_invoke_name(&call->invocation, o->rng, now_ms);
    memcpy(call->request_id, call->invocation.request_id, sizeof call->request_id);
    if (call->invoke.type == CP_INVOKE_EVENT)
        return accept_event(call);
    memcpy(call->version, config.version, sizeof call->version);
    call->invocation.on_done = on_invoked; /* never from within cp_pool_invoke */
    call->invocation.on_part = is_stream(call) ? on_part : NULL;
    if (!cp_pool_invoke(o->pool, &config, &call->invocation, &call->response))
        return answer_response(call);
    call->is_running = call->is_suspended = true;
    MHD_suspend_connection(call->connection);
    return MHD_YES;
}

/* --- Code.Location --- */

static int answer_code(struct call *call, int64_t now_ms)
{
    const struct cp_api_server_options *o = &call->server->options;
    const struct cp_code_link link = {call->request.function, call->request.alias,
                                      call->request.expires, call->request.token};
    struct cp_error err = {.code = CP_OK};
    struct cp_buf archive;
    cp_buf_init(&archive, CP_CODE_ARCHIVE_MAX);
    enum cp_code code =
        cp_code_store_fetch(o->code_store, o->control, &link, now_ms, &archive, &err);
    int result = MHD_NO;
    if (!code) {
        call->content_type = "application/zip";
        result = answer(call, MHD_HTTP_OK, NULL, cp_buf_view(&archive));
    } else {
        int status = code == CP_EDENIED     ? MHD_HTTP_FORBIDDEN
                     : code == CP_ENOTFOUND ? MHD_HTTP_NOT_FOUND
                     : code == CP_EINVAL    ? MHD_HTTP_GONE
                                            : MHD_HTTP_INTERNAL_SERVER_ERROR;
        cp_api_fail(&call->response, status,
                    code == CP_EDENIED ? "AccessDeniedException" : "ServiceException", NULL, "%s",
                    err.text);
        result = answer_response(call);
    }
    cp_buf_clear(&archive);
    return result;
}

/* --- requests --- */

/* AWS: GetFunction 100/s, GetPolicy 15/s, all others 15/s in total (facts/behaviour.md section 5).
 */
static bool is_within_rate(struct call *call)
{
    struct cp_api_server *server = call->server;
    struct cp_rate_limit *limit =
        call->request.operation == CP_API_GET_FUNCTION ? &server->get_function
        : call->request.operation == CP_API_GET_POLICY ? &server->get_policy
                                                       : &server->control;
    if (cp_rate_limit_take(limit, cp_clock_mono_ms()))
        return true;
    cp_api_fail(&call->response, 429, "TooManyRequestsException", "CallerRateLimitExceeded",
                "Rate exceeded");
    return false;
}

static int run_caller_identity(struct call *call, bool is_signed)
{
    call->content_type = "text/xml";
    if (is_signed)
        cp_caller_identity_answer(call->server->options.control, call->raw.body, call->request_id,
                                  &call->response);
    else
        cp_caller_identity_fail(call->request_id, &call->response);
    return answer_response(call);
}

static int run_logs(struct call *call, bool is_signed, int64_t now_ms)
{
    call->content_type = "application/x-amz-json-1.1";
    if (is_signed)
        cp_cwl_handle(call->server->options.logs, call->request.action, call->raw.body, now_ms,
                      cp_clock_mono_ms(), &call->response);
    else
        cp_rpc_failure(&call->response);
    return answer_response(call);
}

static int run_metrics(struct call *call, bool is_signed, int64_t now_ms)
{
    call->content_type = "application/x-amz-json-1.0";
    if (is_signed)
        cp_metrics_handle(call->server->options.metrics, call->request.action, call->raw.body,
                          now_ms, cp_clock_mono_ms(), &call->response);
    else
        cp_rpc_failure(&call->response);
    return answer_response(call);
}

/* The service that a request must be signed for. */
static const char *signing_name(const struct call *call)
{
    switch (call->request.operation) {
    case CP_API_GET_CALLER_IDENTITY:
        return "sts";
    case CP_API_LOGS:
        return "logs";
    case CP_API_METRICS:
        return "monitoring";
    default:
        return "lambda";
    }
}

static int run_request(struct call *call)
{
    const struct cp_api_server_options *o = &call->server->options;
    int64_t now_ms = cp_clock_unix_ms();
    call->raw.body = cp_buf_view(&call->body);
    call->request.body = call->raw.body;
    if (call->request.operation == CP_API_GET_CODE) /* the link is its own proof */
        return answer_code(call, now_ms);
    const struct cp_api_signer signer = {o->credentials, o->region, signing_name(call)};
    bool is_signed = cp_api_verify(&call->raw, &signer, now_ms, &call->response);
    if (call->request.operation == CP_API_GET_CALLER_IDENTITY)
        return run_caller_identity(call, is_signed);
    if (call->request.operation == CP_API_LOGS)
        return run_logs(call, is_signed, now_ms);
    if (call->request.operation == CP_API_METRICS)
        return run_metrics(call, is_signed, now_ms);
    if (!is_signed)
        return answer_response(call);
    if (call->request.operation == CP_API_INVOKE || is_stream(call))
        return run_invoke(call);
    if (is_within_rate(call))
        cp_control_handle(o->control, &call->request, now_ms, &call->response);
    return answer_response(call);
}

static int start(struct call *call, const char *method)
{
    call->is_started = true;
    cp_uuid_format(call->server->options.rng, call->request_id);
    call->raw.method = cp_view_of(method);
    call->raw.target = cp_view_of(call->target);
    call->raw.headers = call->headers;
    set_timeout(call->timed, BODY_TIMEOUT_MS);
    int n = MHD_get_connection_values_n(call->connection, MHD_HEADER_KIND, add_header, call);
    if (n < 0 || (size_t)n > call->raw.n_headers || !lies_as_received(call)) {
        cp_api_fail(&call->response, 400, "BadRequestException", NULL,
                    "the request head is malformed");
        return refuse(call);
    }
    if (!cp_api_check_head(&call->raw, cp_api_gate_host(call->server->gate), &call->response) ||
        !cp_api_route(&call->raw, &call->request, &call->response))
        return refuse(call);
    const struct cp_api_server_options *o = &call->server->options;
    const struct cp_api_signer signer = {o->credentials, o->region, "lambda"};
    size_t body_max = cp_api_body_max(&call->raw);
    if (body_max > CP_BODY_MAX &&
        !cp_api_verify_head(&call->raw, &signer, cp_clock_unix_ms(), &call->response))
        return refuse(call);
    cp_buf_init(&call->body, body_max);
    return MHD_YES;
}

static int take_body(struct call *call, const char *data, size_t n)
{
    if (call->is_done || !cp_buf_add(&call->body, data, n))
        return MHD_YES;
    cp_api_fail_body(&call->raw, &call->response);
    return MHD_YES; /* answered at the end of the body: MHD takes no answer in its middle */
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *n, void **state)
{
    (void)context;
    (void)connection;
    (void)url;
    (void)version;
    struct call *call = *state;
    if (!call || !call->target)
        return MHD_NO;
    if (!call->is_started)
        return (enum MHD_Result)start(call, method);
    if (*n) {
        int result = take_body(call, data, *n);
        *n = 0;
        return (enum MHD_Result)result;
    }
    set_timeout(call->timed, 0);
    if (is_stream(call) && cp_invoke_stream_has_news(&call->stream))
        return (enum MHD_Result)answer_stream(call);
    if (call->is_running)
        return MHD_YES;
    if (call->response.status)
        return (enum MHD_Result)answer_response(call);
    return (enum MHD_Result)(call->is_done ? answer_invocation(call) : run_request(call));
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode why)
{
    (void)context;
    (void)connection;
    (void)why;
    struct call *call = *state;
    *state = NULL;
    if (!call)
        return;
    set_timeout(call->timed, IDLE_TIMEOUT_MS);
    call->connection = NULL;
    if (!call->is_running) /* else the end of the invocation frees it */
        free_call(call);
}

/* --- the server --- */

static void on_visitor(void *context, int fd)
{
    struct cp_api_server *server = context;
    cp_http_daemon_add(&server->daemon, fd);
}

static enum cp_code start_daemon(struct cp_api_server *server, struct cp_error *err)
{
    struct MHD_Daemon *mhd = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
        on_request, server, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_URI_LOG_CALLBACK, on_target,
        server, MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_MAX,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    if (!mhd)
        return cp_fail(err, CP_EIO, "cannot start the HTTP server of the Lambda API");
    return cp_http_daemon_attach(&server->daemon, server->options.loop, mhd, err);
}

enum cp_code cp_api_server_new(const struct cp_api_server_options *options,
                               struct cp_api_server **out, struct cp_error *err)
{
    struct cp_api_server *server = calloc(1, sizeof *server);
    if (!server)
        return cp_fail(err, CP_ENOMEM, "cannot start the Lambda API: out of memory");
    server->options = *options;
    const double get_function_share = 100.0 / 15.0;
    double now_ms = cp_clock_mono_ms();
    cp_rate_limit_init(&server->get_function, options->control_rate * get_function_share, now_ms);
    cp_rate_limit_init(&server->get_policy, options->control_rate, now_ms);
    cp_rate_limit_init(&server->control, options->control_rate, now_ms);
    struct cp_api_gate_options gate = {
        .loop = options->loop,
        .listen = options->listen,
        .port = options->port,
        .head_timeout_ms = options->head_limit_ms,
        .on_connection = on_visitor,
        .context = server,
    };
    enum cp_code code = cp_api_gate_new(&gate, &server->gate, err);
    if (!code)
        code = start_daemon(server, err);
    if (code) {
        cp_api_server_close(server);
        cp_api_server_free(server);
        return code;
    }
    *out = server;
    return CP_OK;
}

void cp_api_server_close(struct cp_api_server *server)
{
    if (!server)
        return;
    cp_api_gate_free(server->gate);
    server->gate = NULL;
}

void cp_api_server_free(struct cp_api_server *server)
{
    if (!server)
        return;
    cp_http_daemon_stop(&server->daemon);
    free(server);
}

const char *cp_api_server_host(const struct cp_api_server *server)
{
    return cp_api_gate_host(server->gate);
}
