/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/gnuplot.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fcntl.h>

enum { EXEC_FAILED = 127 };

/* Our ends of the child's three standard streams; -1 when closed. */
struct child {
    pid_t pid;
    int in, out, err;
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Between fork and exec: async-signal-safe calls only (execvpe searches PATH without allocation).
 * The alarm outlives exec and ends a child that hangs, however quiet it is. */
__attribute__((noreturn)) static void become_gnuplot(const char *program, int in, int out, int err)
{
    char *const argv[] = {(char *)"gnuplot", (char *)"-d", (char *)"-", NULL};
    char *const envp[] = {(char *)"PATH=/usr/local/bin:/usr/bin:/bin", (char *)"LC_ALL=C.UTF-8",
                          NULL};
    const struct rlimit no_core = {0, 0};
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGALRM, SIG_DFL);
    (void)signal(SIGPIPE, SIG_DFL);
    setrlimit(RLIMIT_CORE, &no_core);
    alarm(CP_GNUPLOT_TIME_LIMIT_S);
    if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
        dup2(err, STDERR_FILENO) >= 0)
        execvpe(program, argv, envp);
    _exit(EXEC_FAILED);
}

/* Standard input is a socket, so that a child that stopped reading is an error code (MSG_NOSIGNAL)
 * and not a SIGPIPE to us. */
static enum cp_code start_child(const char *program, struct child *child, struct cp_error *err)
{
    int in[2] = {-1, -1};
    int out[2] = {-1, -1};
    int messages[2] = {-1, -1};
    enum cp_code code = CP_OK;
    *child = (struct child){-1, -1, -1, -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) != 0 || pipe2(out, O_CLOEXEC) != 0 ||
        pipe2(messages, O_CLOEXEC) != 0) {
        code = cp_fail(err, CP_EIO, "cannot make a pipe for gnuplot: %s", strerror(errno));
        goto out;
    }
    child->pid = fork();
    if (child->pid < 0) {
        code = cp_fail(err, CP_EIO, "cannot start gnuplot: %s", strerror(errno));
        goto out;
    }
    if (child->pid == 0)
        become_gnuplot(program, in[1], out[1], messages[1]);
    child->in = in[0];
    child->out = out[0];
    child->err = messages[0];
    in[0] = out[0] = messages[0] = -1;
out:
    for (int i = 0; i < 2; i++) {
        close_fd(&in[i]);
        close_fd(&out[i]);
        close_fd(&messages[i]);
    }
    return code;
}

static void feed(struct child *child, struct cp_view *script)
{
    ssize_t n = send(child->in, script->p, script->n, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0)
        *script = (struct cp_view){script->p + n, script->n - (size_t)n};
    bool is_over = n < 0 && errno != EAGAIN && errno != EINTR;
    if (is_over || script->n == 0)
        close_fd(&child->in);
}

/* Reads what is there. Bytes beyond the buffer's limit mark it as failed and are thrown away. */
static void drain(int *fd, struct cp_buf *to)
{
    char bytes[65536];
    ssize_t n = read(*fd, bytes, sizeof bytes);
    if (n > 0)
        cp_buf_add(to, bytes, (size_t)n);
    else if (n == 0 || (errno != EINTR && errno != EAGAIN))
        close_fd(fd);
}

/* Moves bytes in all three directions until the child closed its outputs. The poll limit is the
 * second line of defence, for a child that ignores its alarm. */
static enum cp_code talk(struct child *child, struct cp_view script, struct cp_buf *out,
                         struct cp_buf *messages, struct cp_error *err)
{
    while (child->out >= 0 || child->err >= 0) {
        struct pollfd fds[] = {
            {.fd = child->in, .events = POLLOUT},
            {.fd = child->out, .events = POLLIN},
            {.fd = child->err, .events = POLLIN},
        };
        int n = poll(fds, 3, (CP_GNUPLOT_TIME_LIMIT_S + 2) * 1000);
        if (n == 0)
            return cp_fail(err, CP_ETIMEOUT, "gnuplot did not answer within %d s",
                           CP_GNUPLOT_TIME_LIMIT_S);
        if (n < 0 && errno != EINTR)
            return cp_fail(err, CP_EIO, "cannot talk to gnuplot: %s", strerror(errno));
        if (n < 0)
            continue;
        if (fds[0].revents)
            feed(child, &script);
        if (fds[1].revents)
            drain(&child->out, out);
        if (fds[2].revents)
            drain(&child->err, messages);
        if (out->failed)
            return cp_fail(err, CP_ELIMIT, "gnuplot wrote more than %zu bytes", out->max);
    }
    return CP_OK;
}

static enum cp_code judge(const char *program, int status, struct cp_error *err)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXEC_FAILED)
        return cp_fail(err, CP_ENOTFOUND, "cannot run '%s'", program);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        return cp_fail(err, CP_ETIMEOUT, "gnuplot did not finish within %d s",
                       CP_GNUPLOT_TIME_LIMIT_S);
    if (WIFSIGNALED(status))
        return cp_fail(err, CP_EREMOTE, "gnuplot was ended by signal %d", WTERMSIG(status));
    if (WEXITSTATUS(status) != 0)
        return cp_fail(err, CP_EREMOTE, "gnuplot failed with status %d", WEXITSTATUS(status));
    return CP_OK;
}

enum cp_code cp_gnuplot_run(const char *program, struct cp_view script, struct cp_buf *out,
                            struct cp_buf *messages, struct cp_error *err)
{
    struct child child;
    const char *name = program ? program : "gnuplot";
    enum cp_code code = start_child(name, &child, err);
    if (code != CP_OK)
        return code;
    code = talk(&child, script, out, messages, err);
    close_fd(&child.in);
    close_fd(&child.out);
    close_fd(&child.err);
    if (code != CP_OK)
        kill(child.pid, SIGKILL);
    int status = 0;
    while (waitpid(child.pid, &status, 0) < 0) {
        if (errno != EINTR)
            return cp_fail(err, CP_EIO, "cannot wait for gnuplot: %s", strerror(errno));
    }
    return code != CP_OK ? code : judge(name, status, err);
}
