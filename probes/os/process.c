/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/os/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probes/os/clock.h"

enum { SLICE_MS = 100, STEP = 4096 };

struct run {
    const struct cp_process_options *options;
    pid_t pid;
    int out_fd, error_fd; /* -1: closed by the program */
    double deadline_ms;
    struct cp_buf *out;
    struct cp_process_result *result;
    struct cp_error *err;
};

/* --- environment --- */

static bool is_hidden(const char *entry, const char *const *hidden)
{
    for (size_t i = 0; hidden && hidden[i]; i++) {
        size_t n = strlen(hidden[i]);
        if (strncmp(entry, hidden[i], n) == 0 && entry[n] == '=')
            return true;
    }
    return false;
}

/* Our own environment without the hidden names: pointers into it, free() the array. */
static char **visible_environment(const char *const *hidden)
{
    size_t n = 0;
    while (environ && environ[n])
        n++;
    char **visible = calloc(n + 1, sizeof *visible);
    size_t kept = 0;
    for (size_t i = 0; visible && i < n; i++)
        if (!is_hidden(environ[i], hidden))
            visible[kept++] = environ[i];
    return visible;
}

/* --- starting --- */

/* The signals that this program ignores or blocks are as usual for the other one. */
static void set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none;
    sigset_t usual;
    (void)sigemptyset(&none);
    (void)sigemptyset(&usual);
    (void)sigaddset(&usual, SIGPIPE);
    (void)posix_spawnattr_setsigmask(attributes, &none);
    (void)posix_spawnattr_setsigdefault(attributes, &usual);
    /* a group of its own, so that what a wrapper script starts ends with it */
    (void)posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                   POSIX_SPAWN_SETSIGDEF);
}

/* posix_spawnp returns an errno value; so does this. It runs no shell, not even for a script
 * without "#!". */
static int spawn(struct run *r, char *const *environment, const int fds[3])
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    (void)posix_spawn_file_actions_init(&files);
    (void)posix_spawnattr_init(&attributes);
    if (fds[STDIN_FILENO] < 0)
        (void)posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    for (int i = 0; i < 3; i++) {
        if (fds[i] >= 0)
            (void)posix_spawn_file_actions_adddup2(&files, fds[i], i);
    }
    /* libcurl's sockets are not close-on-exec: a helper's daemon would hold them open */
    (void)posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    set_attributes(&attributes);
    /* posix_spawn does not write to the strings; its type is older than const */
    int number = posix_spawnp(&r->pid, r->options->argv[0], &files, &attributes,
                              (char *const *)r->options->argv, environment);
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&files);
    return number;
}

static int spawn_in_environment(struct run *r, const int fds[3])
{
    if (r->options->environment)
        return spawn(r, (char *const *)r->options->environment, fds);
    char **environment = visible_environment(r->options->hidden);
    int number = environment ? spawn(r, environment, fds) : ENOMEM;
    free(environment);
    return number;
}

/* A file in memory: nobody waits for a program that does not read. -1: errno says why. */
static int open_input(struct cp_view input)
{
    int fd = memfd_create("input", MFD_CLOEXEC);
    while (fd >= 0 && input.n > 0) {
        ssize_t n = write(fd, input.p, input.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            int number = errno;
            (void)close(fd);
            errno = number;
            return -1;
        }
        input = (struct cp_view){input.p + n, input.n - (size_t)n};
    }
    if (fd >= 0)
        (void)lseek(fd, 0, SEEK_SET);
    return fd;
}

static void close_both(const int fds[2])
{
    (void)close(fds[0]);
    (void)close(fds[1]);
}

/* The program's ends of its outputs are fds[1] and fds[2], ours are kept in `r`. */
static int open_outputs(struct run *r, int fds[3])
{
    int out[2];
    int error[2];
    if (pipe2(out, O_CLOEXEC) != 0)
        return errno;
    if (pipe2(error, O_CLOEXEC) != 0) {
        int number = errno;
        close_both(out);
        return number;
    }
    r->out_fd = out[0];
    r->error_fd = error[0];
    fds[STDOUT_FILENO] = out[1];
    fds[STDERR_FILENO] = error[1];
    return 0;
}

static void close_ours(struct run *r)
{
    if (r->out_fd >= 0)
        (void)close(r->out_fd);
    if (r->error_fd >= 0)
        (void)close(r->error_fd);
    r->out_fd = r->error_fd = -1;
}

static int start(struct run *r)
{
    int fds[3] = {-1, -1, -1};
    int number = r->options->is_shown ? 0 : open_outputs(r, fds);
    if (r->options->is_shown)
        fds[STDOUT_FILENO] = STDERR_FILENO; /* which the program inherits */
    if (!number && r->options->input.n) {
        fds[STDIN_FILENO] = open_input(r->options->input);
        number = fds[STDIN_FILENO] < 0 ? errno : 0;
    }
    if (!number)
        number = spawn_in_environment(r, fds);
    if (r->options->is_shown)
        fds[STDOUT_FILENO] = -1;
    for (int i = 0; i < 3; i++) {
        if (fds[i] >= 0)
            (void)close(fds[i]);
    }
    if (number)
        close_ours(r);
    return number;
}

static enum cp_code fail_start(const struct run *r, int number)
{
    enum cp_code code = number == ENOENT   ? CP_ENOTFOUND
                        : number == EACCES ? CP_EDENIED
                        : number == ENOMEM ? CP_ENOMEM
                                           : CP_EIO;
    return cp_fail(r->err, code, "cannot run '%s': %s", r->options->argv[0], strerror(number));
}

/* --- reading --- */

/* Reads what is there; closes the descriptor at the end of it. */
static enum cp_code read_step(int *fd, struct cp_buf *out, size_t *n_read)
{
    char step[STEP];
    ssize_t n = read(*fd, step, sizeof step);
    enum cp_code code = CP_OK;
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return CP_OK;
    if (n <= 0) {
        (void)close(*fd);
        *fd = -1;
        return CP_OK;
    }
    if (out)
        code = cp_buf_add(out, step, (size_t)n);
    explicit_bzero(step, sizeof step);
    *n_read += (size_t)n;
    return code;
}

static bool is_interrupted(const struct run *r)
{
    const struct cp_process_options *o = r->options;
    return o->is_interrupted && o->is_interrupted(o->interrupt_context);
}

/* CP_OK when both outputs are closed; CP_ETIMEOUT, CP_EINTERRUPTED, the buffer's failure. */
static enum cp_code read_all(struct run *r)
{
    size_t n_out = 0;
    while (r->out_fd >= 0 || r->error_fd >= 0) {
        double left_ms = r->deadline_ms - cp_clock_mono_ms();
        struct pollfd wait[] = {{.fd = r->out_fd, .events = POLLIN},
                                {.fd = r->error_fd, .events = POLLIN}};
        enum cp_code code = CP_OK;
        if (is_interrupted(r))
            return CP_EINTERRUPTED;
        if (left_ms <= 0)
            return CP_ETIMEOUT;
        int n = poll(wait, 2, left_ms < SLICE_MS ? (int)left_ms + 1 : SLICE_MS);
        if (n > 0 && wait[0].revents)
            code = read_step(&r->out_fd, r->out, &n_out);
        if (n > 0 && wait[1].revents && !code)
            code = read_step(&r->error_fd, NULL, &r->result->n_error_text);
        if (code)
            return code;
    }
    return CP_OK;
}

/* A program that closed its output but does not end is given the rest of its time. */
static enum cp_code reap(struct run *r, bool must_kill)
{
    int status = 0;
    bool is_late = must_kill;
    bool is_unwanted = false;
    for (;;) {
        if (is_late)
            (void)kill(-r->pid, SIGKILL);
        pid_t done = waitpid(r->pid, &status, is_late ? 0 : WNOHANG);
        if (done == r->pid)
            break;
        if (done < 0 && errno != EINTR)
            return CP_EIO;
        if (!is_late)
            (void)poll(NULL, 0, 1);
        is_unwanted = is_unwanted || (!is_late && is_interrupted(r));
        is_late = is_late || is_unwanted || cp_clock_mono_ms() > r->deadline_ms;
    }
    if (WIFEXITED(status))
        r->result->exit_status = WEXITSTATUS(status);
    if (WIFSIGNALED(status))
        r->result->signal_number = WTERMSIG(status);
    if (is_unwanted)
        return CP_EINTERRUPTED;
    return is_late && !must_kill ? CP_ETIMEOUT : CP_OK;
}

enum cp_code cp_process_run(const struct cp_process_options *options, struct cp_buf *out,
                            struct cp_process_result *result, struct cp_error *err)
{
    const char *program = options->argv[0];
    struct run r = {.options = options,
                    .out_fd = -1,
                    .error_fd = -1,
                    .deadline_ms = cp_clock_mono_ms() + options->timeout_ms,
                    .out = out,
                    .result = result,
                    .err = err};
    *result = (struct cp_process_result){.exit_status = -1};
    int number = start(&r);
    if (number)
        return fail_start(&r, number);
    enum cp_code code = read_all(&r);
    close_ours(&r);
    enum cp_code reaped = reap(&r, code != CP_OK);
    code = code ? code : reaped;
    if (code == CP_ETIMEOUT)
        return cp_fail(err, code, "'%s' did not answer within %d ms", program, options->timeout_ms);
    if (code == CP_EINTERRUPTED)
        return cp_fail(err, code, "interrupted while '%s' ran", program);
    if (code == CP_ELIMIT || code == CP_ENOMEM)
        return cp_buf_check(out, program, err);
    return code ? cp_fail(err, code, "cannot wait for '%s': %s", program, strerror(errno)) : CP_OK;
}

/* --- this process --- */

void cp_process_keep_secrets(void)
{
    static const struct rlimit nothing = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &nothing);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
