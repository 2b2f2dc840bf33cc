/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/functions/runtime_c/runtime.h"

#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define API "/2018-06-01/runtime"

enum { HOST_MAX = 256, HEAD_MAX = 2048, LINE_MAX_BYTES = 8192, INPUT_MAX = 65536, ID_MAX = 128 };

struct api {
    char host[HOST_MAX]; /* AWS_LAMBDA_RUNTIME_API as given, for the Host header */
    int fd;              /* -1: not connected */
    char input[INPUT_MAX];
    size_t from, to; /* unread bytes of input */
};

struct response {
    int status;
    char request_id[ID_MAX];
    char function_arn[512];
    char trace_id[512];
    int64_t deadline_ms;
    int64_t content_length; /* -1: not given */
    bool is_chunked, is_closing;
    char *body; /* owned, kept from response to response */
    size_t n, cap;
};

enum result { RT_OK, RT_CLOSED, RT_FAILED };

static enum result complain(const char *what)
{
    (void)fprintf(stderr, "runtime: %s\n", what);
    return RT_FAILED;
}

/* --- connection --- */

static int connect_to(const struct addrinfo *list)
{
    for (const struct addrinfo *a = list; a; a = a->ai_next) {
        int on = 1;
        int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (fd < 0)
            continue;
        if (connect(fd, a->ai_addr, a->ai_addrlen) == 0 &&
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0)
            return fd;
        (void)close(fd);
    }
    return -1;
}

static bool api_open(struct api *api)
{
    char host[HOST_MAX];
    const char *port = "80";
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    memcpy(host, api->host, sizeof(host));
    char *colon = strrchr(host, ':');
    if (colon) {
        *colon = '\0';
        port = colon + 1;
    }
    api->from = api->to = 0;
    if (getaddrinfo(host, port, &hints, &list) == 0) {
        api->fd = connect_to(list);
        freeaddrinfo(list);
    }
    return api->fd >= 0;
}

static void api_close(struct api *api)
{
    if (api->fd >= 0)
        (void)close(api->fd);
    api->fd = -1;
}

static bool api_begin(struct api *api)
{
    const char *address = getenv("AWS_LAMBDA_RUNTIME_API");
    api->fd = -1;
    if (!address || strlen(address) >= sizeof(api->host)) {
        (void)complain("AWS_LAMBDA_RUNTIME_API is not set to host:port");
        return false;
    }
    memcpy(api->host, address, strlen(address) + 1);
    if (!api_open(api)) {
        (void)complain("cannot connect to AWS_LAMBDA_RUNTIME_API");
        return false;
    }
    return true;
}

/* --- request --- */

static bool send_all(int fd, struct iovec *part, size_t n_parts)
{
    struct msghdr message = {.msg_iov = part, .msg_iovlen = n_parts};
    while (message.msg_iovlen) {
        ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return false;
        size_t left = (size_t)sent;
        while (message.msg_iovlen && left >= message.msg_iov->iov_len) {
            left -= message.msg_iov->iov_len;
            message.msg_iov++;
            message.msg_iovlen--;
        }
        if (message.msg_iovlen) {
            message.msg_iov->iov_base = (char *)message.msg_iov->iov_base + left;
            message.msg_iov->iov_len -= left;
        }
    }
    return true;
}

static bool send_get(struct api *api, const char *path)
{
    char head[HEAD_MAX];
    int n =
        snprintf(head, sizeof(head), "GET " API "%s HTTP/1.1\r\nHost: %s\r\n\r\n", path, api->host);
    if (n < 0 || (size_t)n >= sizeof(head))
        return false;
    struct iovec part = {head, (size_t)n};
    return send_all(api->fd, &part, 1);
}

/* `error_type` NULL: a response. It is sent as a header, so control bytes end it. */
static bool send_post(struct api *api, const char *path, const char *error_type, const char *body,
                      size_t body_n)
{
    char head[HEAD_MAX];
    char type[256] = "";
    if (error_type) {
        size_t length = 0;
        while (error_type[length] >= 0x20 && error_type[length] < 0x7f && length < 100)
            length++;
        (void)snprintf(type, sizeof(type), "Lambda-Runtime-Function-Error-Type: %.*s\r\n",
                       (int)length, error_type);
    }
    int n = snprintf(head, sizeof(head),
                     "POST " API "%s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n"
                     "%sContent-Length: %zu\r\n\r\n",
                     path, api->host, type, body_n);
    if (n < 0 || (size_t)n >= sizeof(head))
        return false;
    struct iovec parts[] = {{head, (size_t)n}, {(void *)body, body_n}};
    return send_all(api->fd, parts, 2);
}

/* --- response --- */

static enum result fill(struct api *api)
{
    if (api->from < api->to)
        return RT_OK;
    ssize_t n;
    do
        n = recv(api->fd, api->input, sizeof(api->input), 0);
    while (n < 0 && errno == EINTR);
    api->from = 0;
    api->to = n > 0 ? (size_t)n : 0;
    return n > 0 ? RT_OK : RT_CLOSED;
}

/* One line without its line end. */
static enum result read_line(struct api *api, char line[LINE_MAX_BYTES])
{
    for (size_t n = 0;;) {
        enum result result = fill(api);
        if (result)
            return result;
        char c = api->input[api->from++];
        if (c == '\n') {
            line[n && line[n - 1] == '\r' ? n - 1 : n] = '\0';
            return RT_OK;
        }
        if (n + 1 >= LINE_MAX_BYTES)
            return complain("a header line is too long");
        line[n++] = c;
    }
}

static enum result read_body(struct api *api, struct response *r, size_t n)
{
    if (n > RT_EVENT_MAX || r->n + n > RT_EVENT_MAX)
        return complain("the event is too large");
    if (r->n + n + 1 > r->cap) {
        char *body = realloc(r->body, r->n + n + 1);
        if (!body)
            return complain("no memory for the event");
        r->body = body;
        r->cap = r->n + n + 1;
    }
    while (n) {
        enum result result = fill(api);
        if (result)
            return result;
        size_t piece = api->to - api->from < n ? api->to - api->from : n;
        memcpy(r->body + r->n, api->input + api->from, piece);
        api->from += piece;
        r->n += piece;
        n -= piece;
    }
    r->body[r->n] = '\0';
    return RT_OK;
}

/* Whole text as a number of `base`, blanks at the end allowed. */
static bool to_number(const char *text, int base, int64_t *value)
{
    char *end = NULL;
    errno = 0;
    *value = strtoll(text, &end, base);
    if (end == text || errno || *value < 0)
        return false;
    while (isspace((unsigned char)*end))
        end++;
    return *end == '\0' || *end == ';'; /* ; begins a chunk extension */
}

static enum result read_chunks(struct api *api, struct response *r)
{
    char line[LINE_MAX_BYTES];
    enum result result;
    for (;;) {
        int64_t n = 0;
        if ((result = read_line(api, line)) != RT_OK)
            return result;
        if (!to_number(line, 16, &n))
            return complain("a chunk has no length");
        if (n == 0)
            break;
        if ((result = read_body(api, r, (size_t)n)) != RT_OK ||
            (result = read_line(api, line)) != RT_OK)
            return result;
    }
    do /* trailers */
        result = read_line(api, line);
    while (result == RT_OK && line[0]);
    return result;
}

static void copy(char *to, size_t to_size, const char *value)
{
    (void)snprintf(to, to_size, "%s", value);
}

static enum result read_header(struct response *r, char *line)
{
    char *value = strchr(line, ':');
    if (!value)
        return complain("a header has no colon");
    *value++ = '\0';
    while (*value == ' ' || *value == '\t')
        value++;
    if (strcasecmp(line, "Content-Length") == 0 && !to_number(value, 10, &r->content_length))
        return complain("Content-Length is not a number");
    if (strcasecmp(line, "Lambda-Runtime-Deadline-Ms") == 0 &&
        !to_number(value, 10, &r->deadline_ms))
        return complain("Lambda-Runtime-Deadline-Ms is not a number");
    if (strcasecmp(line, "Transfer-Encoding") == 0)
        r->is_chunked = strcasecmp(value, "chunked") == 0;
    else if (strcasecmp(line, "Connection") == 0)
        r->is_closing = strcasecmp(value, "close") == 0;
    else if (strcasecmp(line, "Lambda-Runtime-Aws-Request-Id") == 0)
        copy(r->request_id, sizeof(r->request_id), value);
    else if (strcasecmp(line, "Lambda-Runtime-Invoked-Function-Arn") == 0)
        copy(r->function_arn, sizeof(r->function_arn), value);
    else if (strcasecmp(line, "Lambda-Runtime-Trace-Id") == 0)
        copy(r->trace_id, sizeof(r->trace_id), value);
    return RT_OK;
}

static enum result read_head(struct api *api, struct response *r)
{
    char line[LINE_MAX_BYTES];
    enum result result = read_line(api, line);
    if (result)
        return result;
    int64_t status = 0;
    char digits[4] = "";
    if (strncmp(line, "HTTP/1.", 7) != 0 || strlen(line) < 12)
        return complain("the answer is not HTTP");
    memcpy(digits, line + 9, 3);
    if (!to_number(digits, 10, &status))
        return complain("the answer has no status");
    *r = (struct response){
        .status = (int)status, .content_length = -1, .body = r->body, .cap = r->cap};
    while ((result = read_line(api, line)) == RT_OK && line[0]) {
        if ((result = read_header(r, line)) != RT_OK)
            return result;
    }
    return result;
}

static enum result read_response(struct api *api, struct response *r)
{
    enum result result = read_head(api, r);
    if (result)
        return result;
    if (r->is_chunked)
        result = read_chunks(api, r);
    else if (r->content_length < 0 && r->status == 200)
        result = complain("the answer has no length");
    else
        result = read_body(api, r, r->content_length > 0 ? (size_t)r->content_length : 0);
    if (r->is_closing)
        api_close(api);
    return result;
}

/* --- the API --- */

struct request {
    const char *path;
    bool is_post;
    const char *error_type, *body; /* of a POST */
    size_t n;
};

/* The API may close a connection that was idle while the handler ran, so a request that meets a
 * closed one is sent again. */
static enum result ask(struct api *api, const struct request *q, struct response *r)
{
    enum result result = RT_CLOSED;
    for (int attempt = 0; attempt < 2 && result == RT_CLOSED; attempt++) {
        if (api->fd < 0 && !api_open(api))
            return RT_CLOSED;
        bool is_sent = q->is_post ? send_post(api, q->path, q->error_type, q->body, q->n)
                                  : send_get(api, q->path);
        result = is_sent ? read_response(api, r) : RT_CLOSED;
        if (result == RT_CLOSED)
            api_close(api);
    }
    return result;
}

static enum result next_invocation(struct api *api, struct response *r)
{
    struct request q = {.path = "/invocation/next"};
    enum result result = ask(api, &q, r);
    if (result == RT_OK && r->status != 200)
        return complain("the API refused to give an invocation");
    return result;
}

static enum result post(struct api *api, const struct request *q, struct response *r)
{
    enum result result = ask(api, q, r);
    if (result == RT_OK && r->status == 500)
        return complain("the API reported a container error");
    if (result == RT_OK && r->status != 202)
        (void)fprintf(stderr, "runtime: the API answered %d to %s\n", r->status, q->path);
    return result;
}

static enum result serve_one(struct api *api, struct response *r, rt_handler_fn handler,
                             void *context)
{
    char path[HEAD_MAX];
    enum result result = next_invocation(api, r);
    if (result)
        return result;
    struct rt_invocation invocation = {
        .request_id = r->request_id,
        .function_arn = r->function_arn,
        .trace_id = r->trace_id,
        .deadline_ms = r->deadline_ms,
        .event = r->body,
        .event_n = r->n,
    };
    struct rt_answer answer = {0};
    handler(context, &invocation, &answer);
    (void)snprintf(path, sizeof(path), "/invocation/%s/%s", r->request_id,
                   answer.error_type ? "error" : "response");
    struct request q = {path, true, answer.error_type, answer.body, answer.n};
    return post(api, &q, r);
}

int rt_run(rt_handler_fn handler, void *context)
{
    static struct api api; /* 64 KB of input: not on the stack */
    struct response r = {0};
    enum result result = RT_FAILED;
    if (api_begin(&api)) {
        do
            result = serve_one(&api, &r, handler, context);
        while (result == RT_OK);
    }
    api_close(&api);
    free(r.body);
    return result == RT_CLOSED ? 0 : 1;
}

/* JSON text of `s` without what needs escaping: control bytes, quotes and backslashes are blank. */
static void plain(const char *s, char *to, size_t to_size)
{
    size_t n = 0;
    for (; *s && n + 1 < to_size; s++)
        to[n++] = *s == '"' || *s == '\\' || (unsigned char)*s < 0x20 ? ' ' : *s;
    to[n] = '\0';
}

int rt_init_error(const char *error_type, const char *message)
{
    static struct api api;
    struct response r = {0};
    char body[1024];
    char type[128];
    char text[512];
    plain(error_type, type, sizeof(type));
    plain(message, text, sizeof(text));
    int n =
        snprintf(body, sizeof(body),
                 "{\"errorMessage\":\"%s\",\"errorType\":\"%s\",\"stackTrace\":[]}", text, type);
    struct request q = {"/init/error", true, type, body, n > 0 ? (size_t)n : 0};
    if (api_begin(&api))
        (void)post(&api, &q, &r);
    api_close(&api);
    free(r.body);
    return 1;
}
