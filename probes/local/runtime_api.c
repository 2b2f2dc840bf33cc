/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/runtime_api.h"

#include <inttypes.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probes/local/base64.h"
#include "probes/local/http_daemon.h"
#include "probes/local/json_out.h"

#define PREFIX "/2018-06-01/runtime/"

enum { PORTS = 65536, CONNECTIONS_MAX = 16384, MEMORY_MAX = 32 * 1024 };

struct cp_runtime_api {
    struct cp_http_daemon daemon;
    struct cp_env *by_port[PORTS];
};

struct call;
typedef int (*route_fn)(struct call *call, struct cp_env *env);

struct call {
    struct cp_runtime_api *api;
    struct MHD_Connection *connection;
    route_fn run;
    char request_id[48]; /* {id} of the path */
    struct cp_buf body;
    size_t size; /* of the body, also when it was too large to keep */
    size_t max;
    bool is_streamed; /* the body was told to the environment as it came */
    bool is_suspended;
    bool is_parked; /* GET /next has been told to the environment */
};

/* --- answers --- */

static const struct cp_http_field json_fields[] = {{"Content-Type", "application/json"}, {NULL}};

static int answer_ok(struct call *call)
{
    return cp_http_answer(call->connection, MHD_HTTP_ACCEPTED, json_fields,
                          CP_VIEW_LIT("{\"status\":\"OK\"}\n"));
}

static int answer_error(struct call *call, int status, const char *error_type, const char *message)
{
    struct cp_buf body;
    cp_buf_init(&body, 1024);
    (void)cp_buf_adds(&body, "{\"errorMessage\":");
    cp_json_add_string(&body, cp_view_of(message));
    (void)cp_buf_adds(&body, ",\"errorType\":");
    cp_json_add_string(&body, cp_view_of(error_type));
    (void)cp_buf_adds(&body, "}\n");
    int result = cp_http_answer(call->connection, status, json_fields, cp_buf_view(&body));
    cp_buf_clear(&body);
    return result;
}

static int answer_for(struct call *call, enum cp_env_answer answer)
{
    switch (answer) {
    case CP_ENV_OK:
        return answer_ok(call);
    case CP_ENV_BAD_ID:
        return answer_error(call, MHD_HTTP_BAD_REQUEST, "InvalidRequestID", "Invalid request ID");
    case CP_ENV_BAD_STATE:
        return answer_error(call, MHD_HTTP_FORBIDDEN, "InvalidStateTransition",
                            "State transition is not allowed");
    case CP_ENV_PARK:
    case CP_ENV_GONE:
        break;
    }
    return MHD_NO; /* closes the connection */
}

/* --- routes --- */

static struct cp_view header(const struct call *call, enum MHD_ValueKind kind, const char *name)
{
    return cp_view_of(MHD_lookup_connection_value(call->connection, kind, name));
}

static int send_event(struct call *call, const struct cp_env *env,
                      const struct cp_invocation *invocation, int64_t deadline_at_ms)
{
    char deadline[24];
    (void)snprintf(deadline, sizeof deadline, "%" PRId64, deadline_at_ms);
    const struct cp_http_field fields[] = {
        {"Content-Type", "application/json"},
        {"Lambda-Runtime-Aws-Request-Id", invocation->request_id},
        {"Lambda-Runtime-Deadline-Ms", deadline},
        {"Lambda-Runtime-Invoked-Function-Arn", env->config->function_arn},
        {"Lambda-Runtime-Trace-Id", invocation->trace_id},
        {"Lambda-Runtime-Client-Context", cp_buf_str(&invocation->context)},
        {NULL},
    };
    return cp_http_answer(call->connection, MHD_HTTP_OK, fields, cp_buf_view(&invocation->payload));
}

/* Tells the environment once that the runtime waits. false: `*env` is gone, or `*answer` says no;
 * the end of a request may have been the end of its environment. */
static bool park(struct call *call, struct cp_env **env,
                 enum cp_env_answer (*on_wait)(struct cp_env *, void *), enum cp_env_answer *answer)
{
    uint64_t number = (*env)->number;
    int port = (*env)->slot->port;
    *answer = CP_ENV_PARK;
    if (call->is_parked)
        return true;
    *answer = on_wait(*env, call);
    if (*answer != CP_ENV_PARK)
        return false;
    call->is_parked = true;
    *env = call->api->by_port[port];
    *answer = CP_ENV_GONE;
    return *env && (*env)->number == number;
}

static int wait_parked(struct call *call)
{
    call->is_suspended = true;
    MHD_suspend_connection(call->connection);
    return MHD_YES;
}

static int run_restore_next(struct call *call, struct cp_env *env)
{
    enum cp_env_answer answer;
    if (!park(call, &env, cp_env_on_restore_next, &answer))
        return answer_for(call, answer);
    answer = cp_env_take_restore(env, call);
    if (answer == CP_ENV_PARK)
        return wait_parked(call);
    call->is_parked = false;
    return answer == CP_ENV_OK
               ? cp_http_answer(call->connection, MHD_HTTP_OK, json_fields, CP_VIEW_LIT("{}\n"))
               : answer_for(call, answer);
}

static int run_restore_error(struct call *call, struct cp_env *env)
{
    struct cp_view type = header(call, MHD_HEADER_KIND, "Lambda-Runtime-Function-Error-Type");
    return answer_for(call, cp_env_on_restore_error(env, type));
}

static int run_next(struct call *call, struct cp_env *env)
{
    struct cp_invocation *invocation;
    int64_t deadline_at_ms;
    enum cp_env_answer answer;
    if (!park(call, &env, cp_env_on_next, &answer))
        return answer_for(call, answer);
    answer = cp_env_take_event(env, call, &invocation, &deadline_at_ms);
    if (answer == CP_ENV_OK) {
        call->is_parked = false;
        return send_event(call, env, invocation, deadline_at_ms);
    }
    return answer == CP_ENV_PARK ? wait_parked(call) : answer_for(call, answer);
}

static int answer_response(struct call *call, struct cp_env *env, struct cp_env_response *response)
{
    response->request_id = cp_view_of(call->request_id);
    response->size = call->size;
    response->is_too_large = call->size > call->max;
    enum cp_env_answer answer = cp_env_on_response(env, response);
    if (answer != CP_ENV_OK || !response->is_too_large)
        return answer_for(call, answer);
    char message[96];
    (void)snprintf(message, sizeof message, "Exceeded maximum allowed payload size (%zu bytes).",
                   call->max);
    return answer_error(call, MHD_HTTP_CONTENT_TOO_LARGE, "RequestEntityTooLarge", message);
}

static int run_response(struct call *call, struct cp_env *env)
{
    struct cp_view mode = header(call, MHD_HEADER_KIND, "Lambda-Runtime-Function-Response-Mode");
    struct cp_view type = header(call, MHD_FOOTER_KIND, "Lambda-Runtime-Function-Error-Type");
    struct cp_view encoded = header(call, MHD_FOOTER_KIND, "Lambda-Runtime-Function-Error-Body");
    struct cp_env_response response = {.body = cp_buf_view(&call->body)};
    if (mode.n && !cp_view_is_nocase(mode, "streaming"))
        return answer_error(call, MHD_HTTP_BAD_REQUEST, "Runtime.InvalidResponseModeHeader",
                            "Invalid response mode");
    /* A stream that failed half-way says so in its trailers; a buffered caller gets the error. */
    struct cp_buf decoded;
    cp_buf_init(&decoded, CP_RESPONSE_MAX);
    response.is_error = type.n > 0;
    if (type.n && encoded.n && !cp_base64_decode(&decoded, encoded))
        response.body = cp_buf_view(&decoded);
    int result = answer_response(call, env, &response);
    cp_buf_clear(&decoded);
    return result;
}

static int run_error(struct call *call, struct cp_env *env)
{
    struct cp_env_response response = {.body = cp_buf_view(&call->body), .is_error = true};
    return answer_response(call, env, &response);
}

static int run_init_error(struct call *call, struct cp_env *env)
{
    struct cp_view type = header(call, MHD_HEADER_KIND, "Lambda-Runtime-Function-Error-Type");
    return answer_for(call, cp_env_on_init_error(env, type, cp_buf_view(&call->body)));
}

struct route {
    const char *method;
    const char *before, *after; /* around {id}; `after` NULL: the whole path */
    route_fn run;
};

static const struct route routes[] = {
    {"GET", PREFIX "invocation/next", NULL, run_next},
    {"POST", PREFIX "invocation/", "/response", run_response},
    {"POST", PREFIX "invocation/", "/error", run_error},
    {"POST", PREFIX "init/error", NULL, run_init_error},
    {"GET", PREFIX "restore/next", NULL, run_restore_next},
    {"POST", PREFIX "restore/error", NULL, run_restore_error},
};

static bool route_matches(const struct route *route, struct cp_view path, char *id, size_t id_size)
{
    if (!route->after)
        return cp_view_is(path, route->before);
    size_t n = strlen(route->after);
    if (!cp_view_skip(&path, route->before) || path.n <= n ||
        memcmp(path.p + path.n - n, route->after, n) != 0)
        return false;
    return cp_view_copy((struct cp_view){path.p, path.n - n}, id, id_size);
}

static const struct route *find_route(struct call *call, const char *method, struct cp_view path,
                                      bool *is_path_known)
{
    *is_path_known = false;
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (!route_matches(&routes[i], path, call->request_id, sizeof call->request_id))
            continue;
        *is_path_known = true;
        if (strcmp(routes[i].method, method) == 0)
            return &routes[i];
    }
    return NULL;
}

/* --- libmicrohttpd --- */

/* Which environment a connection belongs to. The port alone could be that of a later one. */
struct place {
    uint64_t number;
    uint16_t port;
};

static struct cp_env *env_of(struct cp_runtime_api *api, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    const struct place *place = info ? info->socket_context : NULL;
    struct cp_env *env = place ? api->by_port[place->port] : NULL;
    return env && env->number == place->number ? env : NULL;
}

static void on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct cp_runtime_api *api = context;
    struct sockaddr_in address = {.sin_port = 0};
    socklen_t n = sizeof address;
    if (what != MHD_CONNECTION_NOTIFY_STARTED) {
        free(*socket_context);
        *socket_context = NULL;
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (!info || getsockname(info->connect_fd, (struct sockaddr *)&address, &n) < 0)
        return;
    uint16_t port = ntohs(address.sin_port);
    struct place *place = api->by_port[port] ? malloc(sizeof *place) : NULL;
    if (place)
        *place = (struct place){api->by_port[port]->number, port};
    *socket_context = place;
}

static enum MHD_Result begin(struct cp_runtime_api *api, struct MHD_Connection *connection,
                             const char *method, const char *url, void **state)
{
    struct call *call = calloc(1, sizeof *call);
    if (!call)
        return MHD_NO;
    *state = call;
    call->api = api;
    call->connection = connection;
    cp_buf_init(&call->body, CP_RESPONSE_MAX);
    call->max = CP_RESPONSE_MAX;
    bool is_path_known;
    const struct route *route = find_route(call, method, cp_view_of(url), &is_path_known);
    if (!route)
        return (enum MHD_Result)answer_error(
            call, is_path_known ? MHD_HTTP_METHOD_NOT_ALLOWED : MHD_HTTP_NOT_FOUND,
            is_path_known ? "MethodNotAllowed" : "NotFound", url);
    call->run = route->run;
    return MHD_YES;
}

/* A response whose caller wants it streamed is passed on, not kept. */
static void take_body(struct call *call, struct cp_env *env, struct cp_view bytes)
{
    if (!call->size && env && call->run == run_response &&
        cp_env_is_streamed(env, cp_view_of(call->request_id))) {
        call->is_streamed = true;
        call->max = CP_STREAM_MAX;
    }
    call->size += bytes.n;
    if (call->size > call->max)
        return;
    if (!call->is_streamed)
        (void)cp_buf_add_view(&call->body, bytes);
    else if (env && cp_env_is_streamed(env, cp_view_of(call->request_id)))
        cp_env_on_part(env, bytes);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *n, void **state)
{
    (void)version;
    struct cp_runtime_api *api = context;
    struct call *call = *state;
    if (!call)
        return begin(api, connection, method, url, state);
    if (*n) {
        take_body(call, env_of(api, connection), (struct cp_view){data, *n});
        *n = 0;
        return MHD_YES;
    }
    call->is_suspended = false;
    struct cp_env *env = env_of(api, connection);
    return env ? (enum MHD_Result)call->run(call, env) : MHD_NO;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode why)
{
    (void)why;
    struct call *call = *state;
    if (!call)
        return;
    struct cp_env *env = env_of(context, connection);
    if (env && call->is_parked)
        cp_env_forget(env, call);
    cp_buf_clear(&call->body);
    free(call);
    *state = NULL;
}

enum cp_code cp_runtime_api_new(struct cp_loop *loop, struct cp_runtime_api **out,
                                struct cp_error *err)
{
    struct cp_runtime_api *api = calloc(1, sizeof *api);
    if (!api)
        return cp_fail(err, CP_ENOMEM, "cannot start the Runtime API: out of memory");
    struct MHD_Daemon *mhd =
        MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0,
                         NULL, NULL, on_request, api, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
                         api, MHD_OPTION_NOTIFY_CONNECTION, on_connection, api,
                         MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
                         MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_MAX, MHD_OPTION_END);
    enum cp_code code = CP_OK;
    if (!mhd)
        code = cp_fail(err, CP_EIO, "cannot start the Runtime API");
    else
        code = cp_http_daemon_attach(&api->daemon, loop, mhd, err);
    if (code) {
        cp_runtime_api_free(api);
        return code;
    }
    *out = api;
    return CP_OK;
}

void cp_runtime_api_free(struct cp_runtime_api *api)
{
    if (!api)
        return;
    cp_http_daemon_stop(&api->daemon);
    free(api);
}

void cp_runtime_api_open(struct cp_runtime_api *api, struct cp_env *env)
{
    api->by_port[env->slot->port] = env;
}

void cp_runtime_api_close(struct cp_runtime_api *api, const struct cp_env *env)
{
    api->by_port[env->slot->port] = NULL;
}

void cp_runtime_api_connect(struct cp_runtime_api *api, int fd)
{
    cp_http_daemon_add(&api->daemon, fd);
}

void cp_runtime_api_wake(void *parked)
{
    struct call *call = parked;
    if (!call->is_suspended)
        return;
    call->is_suspended = false;
    cp_http_daemon_resume(&call->api->daemon, call->connection);
}
