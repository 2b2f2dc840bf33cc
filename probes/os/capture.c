/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/os/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probes/os/clock.h"

enum { DEFAULT_TIMEOUT_MS = 10000 };

/* posix_spawn returns an errno value; so does this. */
static int spawn(const struct cp_capture_options *options, int output_fd, pid_t *pid)
{
    static const char *const nothing[] = {NULL};
    const char *const *environment = options->environment ? options->environment : nothing;
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    (void)posix_spawn_file_actions_init(&files);
    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_adddup2(&files, output_fd, STDOUT_FILENO);
    (void)posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    /* a group of its own, so that what a wrapper script starts ends with it */
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    /* posix_spawn does not write to the strings; its type is older than const */
    int number = posix_spawn(pid, options->argv[0], &files, &attributes,
                             (char *const *)options->argv, (char *const *)environment);
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&files);
    return number;
}

/* Reads until the program closes its output or the time is over. */
static enum cp_code read_until(int fd, double deadline_ms, struct cp_buf *out)
{
    for (;;) {
        char step[4096];
        double left_ms = deadline_ms - cp_clock_mono_ms();
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        int n_ready = left_ms > 0 ? poll(&wait, 1, (int)left_ms + 1) : 0;
        if (n_ready == 0)
            return CP_ETIMEOUT;
        ssize_t n = n_ready > 0 ? read(fd, step, sizeof step) : -1;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return CP_EIO;
        if (n == 0)
            return CP_OK;
        enum cp_code code = cp_buf_add(out, step, (size_t)n);
        if (code)
            return code;
    }
}

/* A program that closed its output but does not end is killed as well. */
static bool reap(pid_t pid, bool must_kill, double deadline_ms)
{
    int status = 0;
    for (;;) {
        if (must_kill || cp_clock_mono_ms() > deadline_ms)
            (void)kill(-pid, SIGKILL);
        pid_t done = waitpid(pid, &status, must_kill ? 0 : WNOHANG);
        if (done == pid)
            return WIFEXITED(status) && WEXITSTATUS(status) == 0;
        if (done < 0 && errno != EINTR)
            return false;
        (void)poll(NULL, 0, 1);
    }
}

enum cp_code cp_capture(const struct cp_capture_options *options, struct cp_buf *out,
                        struct cp_error *err)
{
    const char *program = options->argv[0];
    int timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : DEFAULT_TIMEOUT_MS;
    double deadline_ms = cp_clock_mono_ms() + timeout_ms;
    int fds[2];
    pid_t pid = 0;
    if (pipe2(fds, O_CLOEXEC) != 0)
        return cp_fail(err, CP_EIO, "cannot run '%s': %s", program, strerror(errno));
    int number = spawn(options, fds[1], &pid);
    (void)close(fds[1]);
    if (number) {
        (void)close(fds[0]);
        return cp_fail(err, CP_EIO, "cannot run '%s': %s", program, strerror(number));
    }
    enum cp_code code = read_until(fds[0], deadline_ms, out);
    (void)close(fds[0]);
    bool has_succeeded = reap(pid, code != CP_OK, deadline_ms);
    if (code == CP_ETIMEOUT)
        return cp_fail(err, code, "'%s' did not answer within %d ms", program, timeout_ms);
    if (code == CP_ELIMIT)
        return cp_buf_check(out, program, err);
    if (code || !has_succeeded)
        return cp_fail(err, CP_EIO, "'%s' did not run successfully", program);
    return CP_OK;
}
