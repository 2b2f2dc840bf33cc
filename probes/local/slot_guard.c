/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/slot_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "model/base/view.h"
#include "probes/local/bootstraps.h"
#include "probes/os/file.h"

/* Descriptors of guard and launcher; the runtime keeps 0, 1 and 2 only. */
enum { SOCKET_FD = 3, LOG_FD = 4, SIGNAL_FD = 5 };
enum { FILES_MAX = 1024 }; /* AWS: for each environment */
enum { EXIT_NOT_LAUNCHED = 120, EXIT_NOT_EXECUTED = 126 };

struct guard {
    const struct cp_slot_kit *kit;
    const char *slot; /* its name; groups are "<slot>-<number>" */
    unsigned n_groups;
    /* Of the launcher or runtime, and of the one before it, which the service may still read. */
    char group[CP_CGROUP_NAME_MAX], old_group[CP_CGROUP_NAME_MAX];
    pid_t main_pid; /* launcher or runtime */
};

static void send_message(enum cp_slot_message_kind kind, int value, const char *text)
{
    struct cp_slot_message message = {.kind = kind, .value = value};
    if (text)
        (void)cp_view_copy(cp_view_of(text), message.text, sizeof message.text);
    (void)send(SOCKET_FD, &message, sizeof message, MSG_NOSIGNAL);
}

/* --- launcher --- */

static void set_limit(__rlimit_resource_t which, rlim_t value)
{
    struct rlimit limit;
    if (getrlimit(which, &limit) < 0)
        return;
    if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < value)
        value = limit.rlim_max;
    limit = (struct rlimit){value, value};
    (void)setrlimit(which, &limit);
}

static void reset_signals(void)
{
    for (int number = 1; number < NSIG; number++)
        (void)signal(number, SIG_DFL);
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool take_strings(const char **at, const char *end, char **out, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const char *zero = memchr(*at, '\0', (size_t)(end - *at));
        if (!zero)
            return false;
        out[i] = (char *)*at;
        *at = zero + 1;
    }
    out[n] = NULL;
    return true;
}

static void execute(const char *packet, size_t n)
{
    static char *dir[2], *args[CP_LAUNCH_STRINGS_MAX + 1], *env[CP_LAUNCH_STRINGS_MAX + 1];
    struct cp_launch_head head;
    const char *at = packet + sizeof head, *end = packet + n;
    if (n < sizeof head)
        _exit(EXIT_NOT_LAUNCHED);
    memcpy(&head, packet, sizeof head);
    if (head.n_args == 0 || head.n_args > CP_LAUNCH_STRINGS_MAX ||
        head.n_env > CP_LAUNCH_STRINGS_MAX || !take_strings(&at, end, dir, 1) ||
        !take_strings(&at, end, args, head.n_args) || !take_strings(&at, end, env, head.n_env))
        _exit(EXIT_NOT_LAUNCHED);
    if (chdir(dir[0]) == 0)
        (void)execve(args[0], args, env);
    send_message(CP_SLOT_EXEC_FAILED, errno, NULL);
    _exit(EXIT_NOT_EXECUTED);
}

static _Noreturn void launcher_main(const struct guard *guard, pid_t guard_pid)
{
    static char packet[CP_LAUNCH_MAX];
    struct cp_error err = {.code = CP_OK};
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != guard_pid)
        _exit(EXIT_NOT_LAUNCHED);
    const struct cp_cgroup_ops *ops = guard->kit->cgroup.ops;
    if (ops && ops->join(&guard->kit->cgroup, guard->group, &err)) {
        send_message(CP_SLOT_BROKEN, 0, err.text);
        _exit(EXIT_NOT_LAUNCHED);
    }
    (void)dup2(LOG_FD, STDOUT_FILENO);
    (void)dup2(LOG_FD, STDERR_FILENO);
    (void)close(LOG_FD);
    (void)close(SIGNAL_FD);
    (void)fcntl(SOCKET_FD, F_SETFD, FD_CLOEXEC);
    set_limit(RLIMIT_NOFILE, FILES_MAX);
    if (!*guard->kit->cgroup.pids) /* the best there is, although it counts all of the user's */
        set_limit(RLIMIT_NPROC, CP_PROCESSES_MAX);
    set_limit(RLIMIT_CORE, 0);
    reset_signals();
    send_message(CP_SLOT_READY, (int)getpid(), guard->group);
    ssize_t n;
    do {
        n = recv(SOCKET_FD, packet, sizeof packet, 0);
    } while (n < 0 && errno == EINTR);
    if (n <= 0)
        _exit(EXIT_NOT_LAUNCHED);
    execute(packet, (size_t)n);
    _exit(EXIT_NOT_LAUNCHED);
}

/* --- guard --- */

/* Peak memory and OOM kills are those of one runtime: version 2 can reset neither, so each launcher
 * has a group of its own. The group before last is empty since long. */
static enum cp_code next_group(struct guard *guard, struct cp_error *err)
{
    const struct cp_cgroup_base *base = &guard->kit->cgroup;
    if (!base->ops)
        return CP_OK;
    if (*guard->old_group)
        (void)base->ops->remove(base, guard->old_group);
    memcpy(guard->old_group, guard->group, sizeof guard->old_group);
    (void)snprintf(guard->group, sizeof guard->group, "%s-%u", guard->slot, ++guard->n_groups);
    return base->ops->create(base, guard->group, err);
}

static void start_launcher(struct guard *guard)
{
    struct cp_error err = {.code = CP_OK};
    pid_t own = getpid();
    if (next_group(guard, &err)) {
        send_message(CP_SLOT_BROKEN, 0, err.text);
        return;
    }
    pid_t pid = fork();
    if (pid == 0)
        launcher_main(guard, own);
    guard->main_pid = pid;
    if (pid < 0)
        send_message(CP_SLOT_BROKEN, 0, "cannot start the launcher of an environment");
}

void cp_slot_kill_children(void)
{
    char path[64];
    struct cp_buf text;
    (void)snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    cp_buf_init(&text, 1 << 20);
    (void)cp_file_read(path, &text, NULL);
    struct cp_view rest = cp_buf_view(&text), word;
    int64_t pid;
    while (cp_view_split(&rest, ' ', &word)) {
        if (cp_view_to_int64(cp_view_trim(word), &pid) && pid > 1)
            (void)kill((pid_t)pid, SIGKILL);
    }
    cp_buf_clear(&text);
}

/* Everything inside ends, also what left the process group. `main_status` gets the wait status of
 * the runtime when it is reaped here. */
static void end_all(struct guard *guard, int *main_status)
{
    const struct cp_cgroup_ops *ops = guard->kit->cgroup.ops;
    int status;
    for (;;) {
        if (ops)
            ops->kill(&guard->kit->cgroup, guard->group);
        if (guard->main_pid > 0)
            (void)kill(guard->main_pid, SIGKILL);
        cp_slot_kill_children(); /* orphans of the runtime too: we are their subreaper */
        pid_t pid = waitpid(-1, &status, 0);
        if (pid < 0 && errno == ECHILD)
            return;
        if (pid > 0 && pid == guard->main_pid) {
            *main_status = status;
            guard->main_pid = 0;
        }
    }
}

static void on_child(struct guard *guard)
{
    int status, main_status = 0;
    bool is_main_gone = false;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        if (pid != guard->main_pid)
            continue;
        main_status = status;
        guard->main_pid = 0;
        is_main_gone = true;
    }
    if (!is_main_gone)
        return;
    end_all(guard, &status);
    bool is_broken = WIFEXITED(main_status) && WEXITSTATUS(main_status) == EXIT_NOT_LAUNCHED;
    send_message(is_broken ? CP_SLOT_BROKEN : CP_SLOT_EXITED, main_status,
                 "the launcher of an environment ended");
    if (!is_broken)
        start_launcher(guard);
}

static void on_reset(struct guard *guard)
{
    int main_status = 0;
    end_all(guard, &main_status);
    send_message(CP_SLOT_EXITED, main_status, NULL);
    start_launcher(guard);
}

static void on_signal(struct guard *guard)
{
    struct signalfd_siginfo info;
    while (read(SIGNAL_FD, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGCHLD)
            on_child(guard);
        else if (info.ssi_signo == SIGTERM && info.ssi_int == guard->main_pid)
            on_reset(guard);
    }
}

static void remove_group(const struct guard *guard, const char *group)
{
    enum { TRIES = 500 };
    const struct timespec pause = {.tv_nsec = 2000000};
    const struct cp_cgroup_ops *ops = guard->kit->cgroup.ops;
    for (int i = 0; ops && *group && i < TRIES; i++) {
        if (ops->remove(&guard->kit->cgroup, group) != CP_EBUSY)
            return;
        (void)nanosleep(&pause, NULL);
    }
}

static void guard_descriptors(int socket_fd, int log_fd)
{
    /* Away from the target numbers first, so that one dup2 cannot close the other. */
    socket_fd = fcntl(socket_fd, F_DUPFD, 16);
    log_fd = fcntl(log_fd, F_DUPFD, 16);
    int null_fd = open("/dev/null", O_RDWR);
    if (dup2(null_fd, 0) < 0 || dup2(null_fd, 1) < 0 || dup2(null_fd, 2) < 0 ||
        dup2(socket_fd, SOCKET_FD) < 0 || dup2(log_fd, LOG_FD) < 0)
        _exit(EXIT_NOT_LAUNCHED);
    (void)close_range(SIGNAL_FD, ~0U, 0);
}

static void guard_signals(void)
{
    sigset_t set;
    (void)sigfillset(&set);
    (void)sigprocmask(SIG_SETMASK, &set, NULL);
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGCHLD);
    (void)sigaddset(&set, SIGTERM);
    if (signalfd(-1, &set, SFD_NONBLOCK) != SIGNAL_FD)
        _exit(EXIT_NOT_LAUNCHED);
}

static void guard_loop(struct guard *guard)
{
    /* No event is asked for on the socket: its packets are for the launcher; a hang-up is told
     * anyway. */
    struct pollfd fds[] = {{.fd = SOCKET_FD}, {.fd = SIGNAL_FD, .events = POLLIN}};
    for (;;) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return;
        if (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL))
            return;
        if (fds[1].revents & POLLIN)
            on_signal(guard);
    }
}

_Noreturn void cp_slot_guard_main(const struct cp_slot_kit *kit, const char *slot, int socket_fd,
                                  int log_fd)
{
    struct guard guard = {.kit = kit, .slot = slot};
    pid_t service = getppid();
    (void)setsid();
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    (void)prctl(PR_SET_NAME, "coldprof-guard");
    guard_descriptors(socket_fd, log_fd);
    guard_signals();
    start_launcher(&guard);
    guard_loop(&guard);
    int status;
    end_all(&guard, &status);
    remove_group(&guard, guard.group);
    remove_group(&guard, guard.old_group);
    if (getppid() != service) { /* killed: nobody else is left to tidy up */
        cp_bootstraps_remove(kit->scratch_dir);
        cp_cgroup_leave(&kit->cgroup);
    }
    _exit(0);
}
