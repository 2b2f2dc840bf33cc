/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/slot.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "model/base/buf.h"
#include "probes/local/slot_guard.h"

static void close_source(struct cp_slot *slot, struct cp_loop_source *source)
{
    if (source->fd < 0)
        return;
    cp_loop_remove(slot->kit->loop, source);
    (void)close(source->fd);
    source->fd = -1;
}

static void break_slot(struct cp_slot *slot, const char *why)
{
    if (slot->error.code)
        return;
    slot->is_ready = false;
    (void)cp_fail(&slot->error, CP_EIO, "%s", why);
    if (slot->events)
        slot->events->on_broken(slot);
}

static void on_message(struct cp_slot *slot, const struct cp_slot_message *message)
{
    switch (message->kind) {
    case CP_SLOT_READY:
        slot->is_ready = true;
        slot->runtime_pid = message->value;
        (void)cp_view_copy(cp_view_of(message->text), slot->group, sizeof slot->group);
        if (slot->events)
            slot->events->on_ready(slot);
        break;
    case CP_SLOT_EXEC_FAILED:
        slot->exec_errno = message->value;
        break;
    case CP_SLOT_EXITED:
        slot->is_ready = false;
        if (slot->events)
            slot->events->on_exited(slot, message->value);
        break;
    case CP_SLOT_BROKEN:
        break_slot(slot, message->text);
        break;
    }
}

static void on_control(struct cp_loop_source *source, uint32_t events)
{
    (void)events;
    struct cp_slot *slot = CP_OWNER_OF(source, struct cp_slot, control);
    struct cp_slot_message message;
    ssize_t n = recv(source->fd, &message, sizeof message, MSG_DONTWAIT);
    if (n == (ssize_t)sizeof message) {
        on_message(slot, &message);
    } else if (n >= 0 || (errno != EAGAIN && errno != EINTR)) {
        const struct cp_cgroup_base *base = &slot->kit->cgroup;
        cp_loop_remove(slot->kit->loop, source);
        if (base->ops) /* without groups the runtime dies with its guard */
            base->ops->kill(base, slot->group);
        break_slot(slot, "the guard of an environment is gone");
    }
}

static void on_listen(struct cp_loop_source *source, uint32_t events)
{
    (void)events;
    struct cp_slot *slot = CP_OWNER_OF(source, struct cp_slot, listen);
    int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return;
    if (slot->events)
        slot->events->on_connection(slot, fd);
    else
        (void)close(fd);
}

static void on_log(struct cp_loop_source *source, uint32_t events)
{
    (void)events;
    struct cp_slot *slot = CP_OWNER_OF(source, struct cp_slot, log);
    if (slot->events)
        slot->events->on_log(slot);
}

static enum cp_code open_listener(struct cp_slot *slot, struct cp_error *err)
{
    enum { BACKLOG = 64 };
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    slot->listen.fd = fd;
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, n) < 0 || listen(fd, BACKLOG) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &n) < 0)
        return cp_fail(err, CP_EIO, "cannot open a Runtime API socket: %s", strerror(errno));
    slot->port = ntohs(address.sin_port);
    return CP_OK;
}

static enum cp_code watch(struct cp_slot *slot, struct cp_error *err)
{
    enum cp_code code = cp_loop_add(slot->kit->loop, &slot->control, err);
    if (!code)
        code = cp_loop_add(slot->kit->loop, &slot->log, err);
    if (!code)
        code = cp_loop_add(slot->kit->loop, &slot->listen, err);
    return code;
}

static enum cp_code fork_guard(struct cp_slot *slot, const int sockets[2], const int pipes[2],
                               struct cp_error *err)
{
    pid_t pid = fork();
    if (pid == 0)
        cp_slot_guard_main(slot->kit, slot->name, sockets[1], pipes[1]);
    if (pid < 0)
        return cp_fail(err, CP_EIO, "cannot start the guard of an environment: %s",
                       strerror(errno));
    slot->guard_pid = pid;
    return CP_OK;
}

static enum cp_code open_ends(struct cp_slot *slot, struct cp_error *err)
{
    int sockets[2] = {-1, -1}, pipes[2] = {-1, -1};
    enum cp_code code = CP_OK;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0 ||
        pipe2(pipes, O_CLOEXEC) < 0)
        code = cp_fail(err, CP_EIO, "cannot prepare an environment: %s", strerror(errno));
    slot->control.fd = sockets[0];
    slot->log.fd = pipes[0];
    if (!code)
        code = fork_guard(slot, sockets, pipes, err);
    if (sockets[1] >= 0)
        (void)close(sockets[1]);
    if (pipes[1] >= 0)
        (void)close(pipes[1]);
    if (pipes[0] >= 0)
        (void)fcntl(pipes[0], F_SETFL, O_NONBLOCK);
    return code;
}

enum cp_code cp_slot_new(struct cp_slot_kit *kit, struct cp_slot **out, struct cp_error *err)
{
    struct cp_slot *slot = calloc(1, sizeof *slot);
    if (!slot)
        return cp_fail(err, CP_ENOMEM, "cannot prepare an environment: out of memory");
    slot->kit = kit;
    slot->control = (struct cp_loop_source){-1, on_control};
    slot->listen = (struct cp_loop_source){-1, on_listen};
    slot->log = (struct cp_loop_source){-1, on_log};
    (void)snprintf(slot->name, sizeof slot->name, "coldprof-%d-%u", (int)getpid(), ++kit->n_made);
    enum cp_code code = open_listener(slot, err);
    if (!code)
        code = open_ends(slot, err);
    if (!code)
        code = watch(slot, err);
    if (code) {
        cp_slot_free(slot);
        return code;
    }
    *out = slot;
    return CP_OK;
}

void cp_slot_free(struct cp_slot *slot)
{
    if (!slot)
        return;
    close_source(slot, &slot->control); /* the guard sees the hang-up */
    close_source(slot, &slot->listen);
    close_source(slot, &slot->log);
    free(slot);
}

static void add_strings(struct cp_buf *out, const char *const *strings, uint32_t *n)
{
    for (*n = 0; strings[*n]; (*n)++)
        (void)cp_buf_add(out, strings[*n], strlen(strings[*n]) + 1);
}

enum cp_code cp_slot_launch(struct cp_slot *slot, const struct cp_launch *launch,
                            struct cp_error *err)
{
    struct cp_buf packet;
    struct cp_launch_head head = {0, 0};
    cp_buf_init(&packet, CP_LAUNCH_MAX);
    (void)cp_buf_add(&packet, &head, sizeof head);
    (void)cp_buf_add(&packet, launch->dir, strlen(launch->dir) + 1);
    add_strings(&packet, launch->argv, &head.n_args);
    add_strings(&packet, launch->env, &head.n_env);
    enum cp_code code = cp_buf_check(&packet, "arguments and environment of a function", err);
    if (!code) {
        memcpy(packet.p, &head, sizeof head);
        slot->is_ready = false;
        slot->exec_errno = 0;
        if (send(slot->control.fd, packet.p, packet.n, MSG_NOSIGNAL) < 0)
            code = cp_fail(err, CP_EIO, "cannot start the runtime: %s", strerror(errno));
    }
    cp_buf_clear(&packet);
    return code;
}

void cp_slot_reset(struct cp_slot *slot)
{
    /* With the pid that is meant: if that one ended by itself meanwhile, the next launcher lives.
     */
    union sigval meant = {.sival_int = slot->runtime_pid};
    (void)sigqueue(slot->guard_pid, SIGTERM, meant);
}
