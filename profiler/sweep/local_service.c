/* SPDX-License-Identifier: GPL-3.0-or-later
 * The embedded service as a child: `coldprof local serve`, in a process group of its own, so that
 * Ctrl-C in the terminal reaches the sweep only and the undo still finds the service alive.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "probes/os/clock.h"
#include "profiler/sweep/sweep.h"

enum {
    READY_TIMEOUT_MS = 20 * 1000,
    STOP_TIMEOUT_MS = 5 * 1000,
    END_TIMEOUT_MS = 2 * 1000, /* from the closed pipe to the exit */
    STEP_MS = 10,
    READY_LINE_MAX = 16 * 1024,
    OUTPUT_TAIL_MAX = 480,
    CHILD_READY_FD = 3,
    ARGUMENTS_MAX = 24,
};

struct cp_local_service {
    pid_t pid;     /* 0 once reaped */
    int output_fd; /* memfd with what the child prints */
    int status;    /* of waitpid, once reaped */
};

static const char key_variable[] = "COLDPROF_LOCAL_ACCESS_KEY_ID";
static const char secret_variable[] = "COLDPROF_LOCAL_SECRET_ACCESS_KEY";

/* --- credentials --- */

/* `n` characters out of 32, from the kernel. */
static enum cp_code random_text(char *to, size_t n, struct cp_error *err)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    unsigned char bytes[64];
    if (n > sizeof bytes || getrandom(bytes, n, 0) != (ssize_t)n)
        return cp_fail(err, CP_EIO, "cannot make credentials: no random numbers: %s",
                       strerror(errno));
    for (size_t i = 0; i < n; i++)
        to[i] = alphabet[bytes[i] % 32];
    to[n] = '\0';
    explicit_bzero(bytes, sizeof bytes);
    return CP_OK;
}

static enum cp_code make_credentials(struct cp_credentials *c, struct cp_error *err)
{
    enum { ID_N = 16, SECRET_N = 40 };
    *c = (struct cp_credentials){.access_key_id = "AKIA"};
    enum cp_code code = random_text(c->access_key_id + 4, ID_N, err);
    return code ? code : random_text(c->secret_access_key, SECRET_N, err);
}

/* --- what the child gets --- */

struct launch {
    const char *arguments[ARGUMENTS_MAX];
    char ready_fd[16], parent_pid[16], seed[24];
    char key[sizeof key_variable + 1 + 132];
    char secret[sizeof secret_variable + 1 + 260];
    const char **environment; /* owned array of borrowed texts */
};

static void fill_arguments(const struct cp_local_service_options *o, struct launch *l)
{
    size_t n = 0;
    (void)snprintf(l->ready_fd, sizeof l->ready_fd, "%d", CHILD_READY_FD);
    (void)snprintf(l->parent_pid, sizeof l->parent_pid, "%ld", (long)getpid());
    (void)snprintf(l->seed, sizeof l->seed, "%" PRIu64, o->seed);
    /* Any free port: sweeps run side by side. No update delay: nobody measures it, and a sweep
     * would wait for it before every cold start. */
    const struct {
        const char *name, *value;
    } rows[] = {
        {"--ready-fd", l->ready_fd},
        {"--parent-pid", l->parent_pid},
        {"--seed", l->seed},
        {"--port", "0"},
        {"--update-delay-ms", "0"},
        {"--region", o->region},
        {"--idle-lifetime", o->idle_lifetime},
    };
    l->arguments[n++] = o->program;
    l->arguments[n++] = "local";
    l->arguments[n++] = "serve";
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!rows[i].value)
            continue;
        l->arguments[n++] = rows[i].name;
        l->arguments[n++] = rows[i].value;
    }
    if (o->throttle_init)
        l->arguments[n++] = "--throttle-init";
    if (o->no_cpu_share)
        l->arguments[n++] = "--no-cpu-share";
    l->arguments[n++] = "--";
    l->arguments[n++] = o->folder;
    if (o->second)
        l->arguments[n++] = o->second;
    l->arguments[n] = NULL;
}

/* Options by variable (COLDPROF_PORT ...) and AWS credentials are the user's own and not meant for
 * this child. */
static bool is_private(const char *pair)
{
    static const char *const prefixes[] = {"COLDPROF_", "AWS_"};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        if (strncmp(pair, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    }
    return false;
}

/* Ours plus the credentials: in the environment, because arguments are public. */
static enum cp_code fill_environment(const struct cp_credentials *c, struct launch *l,
                                     struct cp_error *err)
{
    size_t n = 0;
    while (environ[n])
        n++;
    l->environment = calloc(n + 3, sizeof *l->environment);
    if (!l->environment)
        return cp_fail(err, CP_ENOMEM, "cannot start the local server: out of memory");
    (void)snprintf(l->key, sizeof l->key, "%s=%s", key_variable, c->access_key_id);
    (void)snprintf(l->secret, sizeof l->secret, "%s=%s", secret_variable, c->secret_access_key);
    n = 0;
    for (char **pair = environ; *pair; pair++) {
        if (!is_private(*pair))
            l->environment[n++] = *pair;
    }
    l->environment[n++] = l->key;
    l->environment[n] = l->secret;
    return CP_OK;
}

/* In the child, after fork: only async-signal-safe calls. Never returns. */
static void become_service(const struct launch *l, int ready_fd, int output_fd)
{
    sigset_t none;
    int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    (void)setpgid(0, 0);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    for (int signal_number = 1; signal_number < NSIG; signal_number++)
        (void)signal(signal_number, SIG_DFL);
    /* All of these are above CHILD_READY_FD: no dup2 hides another's source. */
    if (dup2(null_fd, STDIN_FILENO) < 0 || dup2(output_fd, STDOUT_FILENO) < 0 ||
        dup2(output_fd, STDERR_FILENO) < 0 || dup2(ready_fd, CHILD_READY_FD) < 0)
        _exit(127);
    (void)close_range(CHILD_READY_FD + 1, ~0U, 0);
    (void)execve(l->arguments[0], (char *const *)l->arguments, (char *const *)l->environment);
    static const char failed[] = "cannot execute the program\n";
    (void)!write(STDERR_FILENO, failed, sizeof failed - 1);
    _exit(127);
}

/* --- its end --- */

static bool has_ended(struct cp_local_service *s)
{
    if (s->pid && waitpid(s->pid, &s->status, WNOHANG) == s->pid)
        s->pid = 0;
    return s->pid == 0;
}

static bool wait_for_end(struct cp_local_service *s, double timeout_ms)
{
    double until = cp_clock_mono_ms() + timeout_ms;
    while (!has_ended(s) && cp_clock_mono_ms() < until)
        (void)poll(NULL, 0, STEP_MS);
    return s->pid == 0;
}

/* The end of what it printed, on one line. */
static void read_output_tail(const struct cp_local_service *s, char *tail, size_t size)
{
    off_t end = lseek(s->output_fd, 0, SEEK_END);
    off_t from = end > OUTPUT_TAIL_MAX ? end - OUTPUT_TAIL_MAX : 0;
    char bytes[OUTPUT_TAIL_MAX];
    ssize_t n = pread(s->output_fd, bytes, sizeof bytes, from);
    struct cp_view text = cp_view_trim((struct cp_view){bytes, n > 0 ? (size_t)n : 0});
    size_t used = 0;
    for (size_t i = 0; i < text.n && used + 1 < size; i++)
        tail[used++] = (unsigned char)text.p[i] < ' ' ? ' ' : text.p[i];
    tail[used] = '\0';
}

static void describe_end(const struct cp_local_service *s, char *text, size_t size)
{
    if (WIFSIGNALED(s->status))
        (void)snprintf(text, size, "signal %d", WTERMSIG(s->status));
    else
        (void)snprintf(text, size, "exit status %d", WEXITSTATUS(s->status));
}

void cp_local_service_explain(struct cp_local_service *service, struct cp_error *err)
{
    char tail[OUTPUT_TAIL_MAX + 1];
    char how[32];
    if (!service || !has_ended(service))
        return;
    describe_end(service, how, sizeof how);
    read_output_tail(service, tail, sizeof tail);
    (void)cp_fail_context(err, "the local server has ended (%s)%s%s", how, tail[0] ? ": " : "",
                          tail);
}

void cp_local_service_stop(struct cp_local_service *service)
{
    if (!service)
        return;
    if (!has_ended(service)) {
        (void)kill(service->pid, SIGTERM);
        if (!wait_for_end(service, STOP_TIMEOUT_MS)) {
            (void)kill(-service->pid, SIGKILL);
            (void)waitpid(service->pid, &service->status, 0);
        }
    }
    if (service->output_fd >= 0)
        (void)close(service->output_fd);
    free(service);
}

/* --- the ready line --- */

static enum cp_code fail_ended(struct cp_local_service *s, struct cp_error *err)
{
    char tail[OUTPUT_TAIL_MAX + 1];
    char how[32];
    if (!wait_for_end(s, END_TIMEOUT_MS))
        return cp_fail(err, CP_EREMOTE, "the local server closed its ready pipe without a line");
    describe_end(s, how, sizeof how);
    read_output_tail(s, tail, sizeof tail);
    return cp_fail(err, CP_EREMOTE, "the local server did not start (%s): %s", how,
                   tail[0] ? tail : "it said nothing");
}

/* Reads up to the newline. */
static enum cp_code read_ready_line(struct cp_local_service *s, int fd, struct cp_buf *line,
                                    struct cp_error *err)
{
    double until = cp_clock_mono_ms() + READY_TIMEOUT_MS;
    while (!memchr(cp_buf_str(line), '\n', line->n)) {
        char bytes[1024];
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        double left = until - cp_clock_mono_ms();
        int ready = left > 0 ? poll(&wait, 1, (int)left + 1) : 0;
        if (ready == 0)
            return cp_fail(err, CP_ETIMEOUT, "the local server is not ready after %d s",
                           READY_TIMEOUT_MS / 1000);
        ssize_t n = ready > 0 ? read(fd, bytes, sizeof bytes) : -1;
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return fail_ended(s, err);
        (void)cp_buf_add(line, bytes, (size_t)n);
        if (line->failed)
            return cp_buf_check(line, "the ready line of the local server", err);
    }
    return CP_OK;
}

static const char *text_of(const cJSON *json, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);
    return cJSON_IsString(item) ? item->valuestring : "";
}

static double number_of(const cJSON *json, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);
    return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static void describe_host(const cJSON *json, struct cp_local_service_facts *facts)
{
    (void)snprintf(facts->host, sizeof facts->host,
                   "%.80s, %.0f cores, Linux %.60s, cgroup %s, CFS period %g ms",
                   text_of(json, "cpu_model"), number_of(json, "cores"), text_of(json, "kernel"),
                   facts->cgroup, number_of(json, "cfs_period_ms"));
}

static enum cp_code read_facts(const cJSON *json, struct cp_local_service_facts *facts,
                               struct cp_error *err)
{
    const cJSON *functions = cJSON_GetObjectItemCaseSensitive(json, "functions");
    const char *first = cJSON_GetStringValue(cJSON_GetArrayItem(functions, 0));
    const char *second = cJSON_GetStringValue(cJSON_GetArrayItem(functions, 1));
    const struct {
        const char *name, *value;
        char *to;
        size_t size;
        bool is_required;
    } rows[] = {
        {"endpoint", text_of(json, "endpoint"), facts->endpoint, sizeof facts->endpoint, true},
        {"region", text_of(json, "region"), facts->region, sizeof facts->region, true},
        {"functions", first ? first : "", facts->function, sizeof facts->function, true},
        {"functions", second ? second : "", facts->second, sizeof facts->second, false},
        {"cgroup", text_of(json, "cgroup"), facts->cgroup, sizeof facts->cgroup, false},
        {"idle_lifetime", text_of(json, "idle_lifetime"), facts->idle_lifetime,
         sizeof facts->idle_lifetime, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool fits = cp_view_copy(cp_view_of(rows[i].value), rows[i].to, rows[i].size);
        if (!fits || (rows[i].is_required && !rows[i].value[0]))
            return cp_fail(err, CP_EFORMAT, "the local server's ready line has no valid '%s'",
                           rows[i].name);
    }
    describe_host(json, facts);
    return CP_OK;
}

static enum cp_code parse_ready_line(const struct cp_buf *line,
                                     struct cp_local_service_facts *facts, struct cp_error *err)
{
    enum cp_code code = CP_OK;
    cJSON *json = cJSON_ParseWithLength(cp_buf_str(line), line->n);
    if (!json)
        code = cp_fail(err, CP_EFORMAT, "the local server's ready line is not JSON");
    else if (text_of(json, "error")[0])
        code = cp_fail(err, CP_EREMOTE, "%s", text_of(json, "error"));
    else
        code = read_facts(json, facts, err);
    cJSON_Delete(json);
    return code;
}

static enum cp_code await_ready(struct cp_local_service *s, int ready_fd,
                                struct cp_local_service_facts *facts, struct cp_error *err)
{
    struct cp_buf line;
    cp_buf_init(&line, READY_LINE_MAX);
    enum cp_code code = read_ready_line(s, ready_fd, &line, err);
    if (!code)
        code = parse_ready_line(&line, facts, err);
    cp_buf_clear(&line);
    return code;
}

/* --- starting --- */

/* A copy above the descriptors that the child rearranges; `fd` is closed. */
static int move_up(int fd)
{
    int moved = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, CHILD_READY_FD + 1);
    if (fd >= 0)
        (void)close(fd);
    return moved;
}

static void close_if_open(int fd)
{
    if (fd >= 0)
        (void)close(fd);
}

/* `*ready_fd` is ours to read and close. */
static enum cp_code launch_service(struct cp_local_service *s, const struct launch *l,
                                   int *ready_fd, struct cp_error *err)
{
    int ends[2] = {-1, -1};
    *ready_fd = -1;
    s->output_fd = move_up(memfd_create("coldprof-local-output", MFD_CLOEXEC));
    if (s->output_fd < 0 || pipe2(ends, O_CLOEXEC) != 0)
        return cp_fail(err, CP_EIO, "cannot start the local server: %s", strerror(errno));
    *ready_fd = ends[0];
    int write_fd = move_up(ends[1]);
    pid_t pid = write_fd < 0 ? -1 : fork();
    if (pid == 0)
        become_service(l, write_fd, s->output_fd);
    int number = errno;
    close_if_open(write_fd);
    if (pid < 0)
        return cp_fail(err, CP_EIO, "cannot start the local server: %s", strerror(number));
    s->pid = pid;
    (void)setpgid(pid, pid); /* both sides set it: whoever comes first */
    return CP_OK;
}

enum cp_code cp_local_service_start(const struct cp_local_service_options *options,
                                    struct cp_local_service **out,
                                    struct cp_local_service_facts *facts, struct cp_error *err)
{
    struct launch launch = {0};
    int ready_fd = -1;
    *out = NULL;
    *facts = (struct cp_local_service_facts){0};
    struct cp_local_service *s = calloc(1, sizeof *s);
    if (!s)
        return cp_fail(err, CP_ENOMEM, "cannot start the local server: out of memory");
    s->output_fd = -1;
    fill_arguments(options, &launch);
    enum cp_code code = make_credentials(&facts->credentials, err);
    if (!code)
        code = fill_environment(&facts->credentials, &launch, err);
    if (!code)
        code = launch_service(s, &launch, &ready_fd, err);
    if (!code)
        code = await_ready(s, ready_fd, facts, err);
    close_if_open(ready_fd);
    free(launch.environment);
    explicit_bzero(&launch, sizeof launch);
    if (code) {
        cp_local_service_stop(s);
        explicit_bzero(&facts->credentials, sizeof facts->credentials);
    } else {
        *out = s;
    }
    return code;
}
