/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/record/runtime_api.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/test.h"

enum { WAIT_LIMIT_MS = 20000, REQUEST_MAX = 16 << 20, ENV_MAX = 16, PRINTED_MAX = 1 << 20 };

/* The test fails with its function process gone, so that none outlives it. */
static void give_up(struct runtime_api *api, const char *what)
{
    if (api->child > 0)
        (void)kill(api->child, SIGKILL);
    fail_msg("%s", what);
}

static void wait_readable(struct runtime_api *api, int fd, const char *what)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (poll(&p, 1, WAIT_LIMIT_MS) != 1)
        give_up(api, what);
}

static in_port_t listen_on_loopback(struct runtime_api *api)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(a);
    api->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(api->listener >= 0);
    assert_int_equal(bind(api->listener, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(listen(api->listener, 4), 0);
    assert_int_equal(getsockname(api->listener, (struct sockaddr *)&a, &n), 0);
    return ntohs(a.sin_port);
}

void runtime_api_start(struct runtime_api *api, const char *program, const char *const *env)
{
    char address[64];
    char *child_env[ENV_MAX] = {address};
    char *argv[] = {(char *)program, NULL};
    int pipe_fds[2];
    posix_spawn_file_actions_t actions;
    *api = (struct runtime_api){.fd = -1};
    cp_buf_init(&api->request, REQUEST_MAX);
    (void)snprintf(address, sizeof(address), "AWS_LAMBDA_RUNTIME_API=127.0.0.1:%u",
                   (unsigned)listen_on_loopback(api));
    for (size_t i = 0; env && env[i]; i++) {
        assert_true(i + 2 < ENV_MAX);
        child_env[i + 1] = (char *)env[i];
    }
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    assert_int_equal(posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], 1), 0);
    assert_int_equal(posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], 2), 0);
    assert_int_equal(posix_spawn(&api->child, program, &actions, NULL, argv, child_env), 0);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)close(pipe_fds[1]);
    api->out = pipe_fds[0];
}

static void accept_function(struct runtime_api *api)
{
    wait_readable(api, api->listener, "the function does not connect");
    int on = 1;
    api->fd = accept4(api->listener, NULL, NULL, SOCK_CLOEXEC);
    if (api->fd < 0 || setsockopt(api->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0)
        give_up(api, "accept failed");
    api->n_accepted++;
}

static void receive(struct runtime_api *api)
{
    char bytes[65536];
    wait_readable(api, api->fd, "the function sends nothing");
    ssize_t n = recv(api->fd, bytes, sizeof(bytes), 0);
    if (n <= 0)
        give_up(api, "the function closed its connection");
    if (cp_buf_add(&api->request, bytes, (size_t)n) != CP_OK)
        give_up(api, "the request is too long");
}

static size_t content_length(struct cp_view head)
{
    struct cp_view line;
    int64_t n = 0;
    while (cp_view_split(&head, '\n', &line)) {
        line = cp_view_trim(line);
        if (cp_view_skip(&line, "Content-Length: "))
            assert_true(cp_view_to_int64(line, &n));
    }
    return (size_t)n;
}

void runtime_api_read(struct runtime_api *api)
{
    const char *end = NULL;
    if (api->fd < 0)
        accept_function(api);
    cp_buf_reset(&api->request);
    while (!(end = strstr(cp_buf_str(&api->request), "\r\n\r\n")))
        receive(api);
    size_t head_n = (size_t)(end - api->request.p) + 4;
    size_t body_n = content_length((struct cp_view){api->request.p, head_n});
    while (api->request.n < head_n + body_n)
        receive(api);
    if (api->request.n != head_n + body_n)
        give_up(api, "more than one request was sent");
    api->head = (struct cp_view){api->request.p, head_n};
    api->body = (struct cp_view){api->request.p + head_n, body_n};
}

void runtime_api_expect(struct runtime_api *api, const char *method_and_path)
{
    struct cp_view rest = api->head;
    if (!cp_view_skip(&rest, method_and_path) || !cp_view_has_prefix(rest, " HTTP/1.1\r\n")) {
        (void)fprintf(stderr, "want %s, got %.*s\n", method_and_path, (int)api->head.n,
                      api->head.p);
        give_up(api, "another request than expected");
    }
}

bool runtime_api_has_header(const struct runtime_api *api, const char *header)
{
    struct cp_view rest = api->head;
    struct cp_view line;
    while (cp_view_split(&rest, '\n', &line)) {
        if (cp_view_is(cp_view_trim(line), header))
            return true;
    }
    return false;
}

void runtime_api_send(struct runtime_api *api, struct cp_view bytes)
{
    while (bytes.n) {
        ssize_t n = send(api->fd, bytes.p, bytes.n, MSG_NOSIGNAL);
        if (n <= 0)
            give_up(api, "the function does not read");
        bytes = (struct cp_view){bytes.p + n, bytes.n - (size_t)n};
    }
}

void runtime_api_send_event(struct runtime_api *api, const char *request_id, struct cp_view event)
{
    char head[512];
    int n =
        snprintf(head, sizeof(head),
                 "HTTP/1.1 200 OK\r\nlambda-runtime-aws-request-id: %s\r\n"
                 "Lambda-Runtime-Deadline-Ms: 1791468191482\r\n"
                 "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:1:function:f\r\n"
                 "Content-Length: %zu\r\n\r\n",
                 request_id, event.n);
    runtime_api_send(api, (struct cp_view){head, (size_t)n});
    runtime_api_send(api, event);
}

void runtime_api_send_status(struct runtime_api *api, int status)
{
    char head[128];
    int n = snprintf(head, sizeof(head), "HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n", status);
    runtime_api_send(api, (struct cp_view){head, (size_t)n});
}

void runtime_api_invoke(struct runtime_api *api, const char *request_id, const char *event)
{
    runtime_api_read(api);
    runtime_api_expect(api, "GET /2018-06-01/runtime/invocation/next");
    runtime_api_send_event(api, request_id, cp_view_of(event));
    runtime_api_read(api);
    runtime_api_send_status(api, 202);
}

/* The third word of /proc/PID/stat; proc(5). */
static char process_state(pid_t pid)
{
    char path[64];
    char line[256] = "";
    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    if (file) {
        if (!fgets(line, sizeof(line), file))
            line[0] = '\0';
        (void)fclose(file);
    }
    const char *name_end = strrchr(line, ')');
    return name_end && name_end[1] ? name_end[2] : '?';
}

bool runtime_api_is_silent(struct runtime_api *api)
{
    enum { TRIES_MAX = 10000000 };
    char byte;
    wait_readable(api, api->out, "the function prints nothing");
    for (int i = 0; process_state(api->child) != 'S'; i++) {
        if (i == TRIES_MAX)
            give_up(api, "the function does not come to rest");
        (void)sched_yield();
    }
    return recv(api->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

void runtime_api_drop(struct runtime_api *api)
{
    if (api->fd >= 0)
        (void)close(api->fd);
    api->fd = -1;
}

static void read_printed(struct runtime_api *api, struct cp_buf *printed)
{
    char bytes[4096];
    ssize_t n;
    while ((n = read(api->out, bytes, sizeof(bytes))) > 0) {
        if (printed)
            (void)cp_buf_add(printed, bytes, (size_t)n);
    }
}

int runtime_api_end(struct runtime_api *api, struct rusage *usage, struct cp_buf *printed)
{
    int status = 0;
    struct rusage ignored;
    (void)close(api->listener);
    runtime_api_drop(api);
    read_printed(api, printed); /* ends when the process does */
    while (wait4(api->child, &status, 0, usage ? usage : &ignored) < 0 && errno == EINTR)
        continue;
    (void)close(api->out);
    cp_buf_clear(&api->request);
    return status;
}
