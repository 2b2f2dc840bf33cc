/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "probes/local/api_server.h"
#include "probes/local/bootstraps.h"
#include "probes/local/json_out.h"
#include "probes/local/logs_api.h"
#include "probes/local/metrics_api.h"
#include "probes/local/pool.h"
#include "probes/local/slot_guard.h"
#include "probes/os/clock.h"
#include "probes/os/file.h"

#define ACCOUNT_ID     "000000000000"
#define SCRATCH_PARENT "/tmp"

enum {
    SLOTS_READY = 4,
    ACCOUNT_CONCURRENCY = 1000,
    UPDATE_DELAY_MS = 50,
    INIT_LIMIT_MS = 10000,
    HEAD_LIMIT_MS = 10000,
    LOGS_MAX = 128 << 20,   /* bytes of logs that are kept for CloudWatch's API */
    START_LIMIT_MS = 10000, /* for the first slots */
    END_LIMIT_MS = 10000,   /* for the guards */
};

struct service {
    const struct cp_serve_options *options;
    const char *region, *idle_lifetime;
    struct cp_idle_law idle_law;
    struct cp_rng rng;
    struct cp_loop *loop;
    struct cp_slot_kit kit;
    struct cp_code_store code_store;
    struct cp_control *control;
    struct cp_runtime_api *runtime_api;
    struct cp_cwl *logs;
    struct cp_metrics metrics;
    struct cp_pool *pool;
    struct cp_async_queue *queue;
    struct cp_api_server *server;
    struct cp_loop_source signals, parent;
    struct cp_loop_timer starter; /* until the first slots are ready */
    double start_limit_at_ms;
    sigset_t old_signals;
    int sink_fd;
    struct cp_buf names; /* JSON array of the functions */
    enum cp_code code;
    struct cp_error *err;
};

static const char *account_of(const struct service *s)
{
    return s->options->account_id ? s->options->account_id : ACCOUNT_ID;
}

/* --- events --- */

static void on_signal(struct cp_loop_source *source, uint32_t events)
{
    (void)events;
    struct service *s = CP_OWNER_OF(source, struct service, signals);
    struct signalfd_siginfo info;
    while (read(source->fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo != SIGCHLD)
            cp_loop_stop(s->loop);
    }
    while (waitpid(-1, NULL, WNOHANG) > 0) { /* guards that ended */
    }
}

static void on_parent_gone(struct cp_loop_source *source, uint32_t events)
{
    (void)events;
    cp_loop_stop(CP_OWNER_OF(source, struct service, parent)->loop);
}

static void on_retired(void *context, int64_t configuration_id)
{
    struct service *s = context;
    if (s->pool)
        cp_pool_retire(s->pool, configuration_id);
}

static void on_provisioned(void *context, int64_t configuration_id, int count)
{
    struct service *s = context;
    struct cp_configuration config;
    if (cp_control_configuration(s->control, configuration_id, &config))
        cp_pool_provision(s->pool, &config, count);
}

static void on_progress(void *context, int64_t configuration_id, int n_ready, const char *failure)
{
    struct service *s = context;
    cp_control_provisioned_progress(s->control, configuration_id, n_ready, failure);
}

static void on_snapshot_wanted(void *context, int64_t configuration_id)
{
    struct service *s = context;
    struct cp_configuration config;
    if (cp_control_configuration(s->control, configuration_id, &config))
        cp_pool_make_snapshot(s->pool, &config);
}

static void on_snapshot(void *context, int64_t configuration_id, const char *failure)
{
    struct service *s = context;
    cp_control_snapshot_progress(s->control, configuration_id, failure);
}

/* As many as are likely to be wanted at once: a sweep starts as many together as there are cores.
 */
static int n_snapshots(void)
{
    enum { FEWEST = 2, MOST = 8 };
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < FEWEST ? FEWEST : n > MOST ? MOST : (int)n;
}

/* --- ready line --- */

static void add_cpu_model(struct cp_buf *out)
{
    struct cp_buf text;
    struct cp_view model = {"", 0}, rest, line, name;
    cp_buf_init(&text, 4 << 20);
    (void)cp_file_read("/proc/cpuinfo", &text, NULL);
    rest = cp_buf_view(&text);
    while (!model.n && cp_view_split(&rest, '\n', &line)) {
        if (cp_view_split(&line, ':', &name) && cp_view_is(cp_view_trim(name), "model name"))
            model = cp_view_trim(line);
    }
    cp_json_add_string(out, model);
    cp_buf_clear(&text);
}

static void add_ready_line(const struct service *s, struct cp_buf *out)
{
    struct utsname system = {.release = ""};
    (void)uname(&system);
    const char *cgroup = s->kit.cgroup.ops ? s->kit.cgroup.ops->name : "none";
    (void)cp_buf_addf(out,
                      "{\"endpoint\":\"http://%s\",\"region\":", cp_api_server_host(s->server));
    cp_json_add_string(out, cp_view_of(s->region));
    (void)cp_buf_addf(out, ",\"account_id\":\"%s\",\"functions\":[%s]", account_of(s),
                      cp_buf_str(&s->names));
    (void)cp_buf_addf(out, ",\"cgroup\":\"%s\",\"cfs_period_ms\":%d,\"idle_lifetime\":", cgroup,
                      s->kit.cgroup.ops ? CP_CFS_PERIOD_US / 1000 : 0);
    cp_json_add_string(out, cp_view_of(s->idle_lifetime));
    (void)cp_buf_adds(out, ",\"cpu_model\":");
    add_cpu_model(out);
    (void)cp_buf_addf(out, ",\"cores\":%ld,\"kernel\":", sysconf(_SC_NPROCESSORS_ONLN));
    cp_json_add_string(out, cp_view_of(system.release));
    (void)cp_buf_adds(out, "}\n");
}

static void tell_ready(struct service *s)
{
    struct cp_buf line;
    cp_buf_init(&line, 1 << 20);
    add_ready_line(s, &line);
    (void)cp_fd_write_all(s->options->ready_fd, cp_buf_view(&line), "ready line", NULL);
    (void)close(s->options->ready_fd);
    cp_buf_clear(&line);
}

static void tell_failure(const struct cp_serve_options *options, const char *text)
{
    struct cp_buf line;
    cp_buf_init(&line, 16384);
    (void)cp_buf_adds(&line, "{\"error\":");
    cp_json_add_string(&line, cp_view_of(text));
    (void)cp_buf_adds(&line, "}\n");
    (void)cp_fd_write_all(options->ready_fd, cp_buf_view(&line), "ready line", NULL);
    (void)close(options->ready_fd);
    cp_buf_clear(&line);
}

/* Ready when the first slots are: then it is certain that environments can be made. */
static void on_starter(struct cp_loop_timer *timer)
{
    enum { LOOK_AGAIN_MS = 2 };
    struct service *s = CP_OWNER_OF(timer, struct service, starter);
    const struct cp_slot_stock *stock = cp_pool_stock(s->pool);
    double now_ms = cp_clock_mono_ms();
    if (cp_slot_stock_ready(stock) == SLOTS_READY) {
        if (s->options->ready_fd >= 0)
            tell_ready(s);
        return;
    }
    if (!stock->error.code && now_ms < s->start_limit_at_ms) {
        (void)cp_loop_timer_set(s->loop, timer, now_ms + LOOK_AGAIN_MS);
        return;
    }
    s->code = stock->error.code
                  ? cp_fail(s->err, stock->error.code, "cannot prepare environments: %s",
                            stock->error.text)
                  : cp_fail(s->err, CP_ETIMEOUT, "environments were not ready after %d ms",
                            START_LIMIT_MS);
    cp_loop_stop(s->loop);
}

/* --- start, step by step --- */

static enum cp_code start_signals(struct service *s)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGCHLD);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &set, &s->old_signals);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1); /* what a guard leaves that was killed comes to us */
    s->signals.fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    s->signals.on_ready = on_signal;
    return cp_loop_add(s->loop, &s->signals, s->err);
}

static enum cp_code watch_parent(struct service *s)
{
    int pid = s->options->parent_pid;
    if (pid <= 0)
        return CP_OK;
    s->parent.fd = (int)syscall(SYS_pidfd_open, pid, 0);
    s->parent.on_ready = on_parent_gone;
    if (s->parent.fd < 0)
        return cp_fail(s->err, CP_ENOTFOUND, "the parent process %d is gone: %s", pid,
                       strerror(errno));
    return cp_loop_add(s->loop, &s->parent, s->err);
}

static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static enum cp_code open_sink(struct service *s)
{
    const char *path = s->options->log_file;
    s->sink_fd = s->options->is_quiet ? -1 : STDERR_FILENO;
    if (!path)
        return CP_OK;
    s->sink_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (s->sink_fd < 0)
        return cp_fail(s->err, CP_EIO, "cannot open the log '%s': %s", path, strerror(errno));
    return CP_OK;
}

static enum cp_code add_function(struct service *s, const char *argument)
{
    const char *path = NULL;
    const struct cp_function_folder_options options = {
        .name = cp_function_folder_split(argument, &path)};
    struct cp_function_folder *folder = calloc(1, sizeof *folder);
    if (!folder)
        return cp_fail(s->err, CP_ENOMEM, "cannot read '%s': out of memory", path);
    enum cp_code code = cp_function_folder_read_with(path, &options, folder, s->err);
    if (!code)
        code = cp_control_add_function(s->control, folder, cp_clock_unix_ms(), s->err);
    if (!code) {
        if (s->names.n)
            (void)cp_buf_addc(&s->names, ',');
        cp_json_add_string(&s->names, cp_view_of(folder->name));
    }
    free(folder);
    return code;
}

static enum cp_code start_control(struct service *s)
{
    const struct cp_serve_options *o = s->options;
    const struct cp_control_options options = {
        .region = s->region,
        .account_id = account_of(s),
        .account_concurrency =
            o->account_concurrency ? o->account_concurrency : ACCOUNT_CONCURRENCY,
        .update_delay_ms = o->update_delay_ms < 0 ? UPDATE_DELAY_MS : o->update_delay_ms,
        .seed = o->seed,
        .events = {s, on_retired, on_provisioned, on_snapshot_wanted},
        .code = cp_code_store_operations(&s->code_store),
    };
    enum cp_code code = cp_code_store_init(&s->code_store, s->kit.scratch_dir, s->err);
    if (!code)
        code = cp_control_new(&options, &s->control, s->err);
    for (size_t i = 0; !code && i < o->n_folders; i++)
        code = add_function(s, o->folders[i]);
    return code;
}

static enum cp_code start_places(struct service *s)
{
    s->kit.loop = s->loop;
    enum cp_code code = CP_OK;
    if (!s->options->no_cpu_share)
        code = cp_cgroup_detect(&s->kit.cgroup, s->err);
    const char *parent = s->options->tmp_dir;
    if (!parent || parent[0] != '/')
        parent = SCRATCH_PARENT;
    return code ? code : cp_bootstraps_write(parent, s->kit.scratch_dir, s->err);
}

/* AWS's quotas belong to its 15 requests a second of the control plane. */
static enum cp_code start_logs(struct service *s)
{
    const double aws_rate = 15;
    const struct cp_cwl_options options = {
        .region = s->region,
        .account_id = account_of(s),
        .max_bytes = LOGS_MAX,
        .seed = s->options->seed,
        .rate_ratio = s->options->control_rate / aws_rate,
    };
    cp_metrics_init(&s->metrics, options.rate_ratio);
    return cp_cwl_new(&options, &s->logs, s->err);
}

static enum cp_code start_pool(struct service *s)
{
    const struct cp_serve_options *o = s->options;
    enum cp_code code = cp_runtime_api_new(s->loop, &s->runtime_api, s->err);
    if (code)
        return code;
    const struct cp_pool_options options = {
        .loop = s->loop,
        .kit = &s->kit,
        .runtime_api = s->runtime_api,
        .rng = &s->rng,
        .idle_law = s->idle_law,
        .region = s->region,
        .account_id = account_of(s),
        .sink_fd = s->sink_fd,
        .log_store = cp_cwl_store(s->logs),
        .metrics = &s->metrics.store,
        .init_limit_ms = o->init_limit_ms ? o->init_limit_ms : INIT_LIMIT_MS,
        .throttle_init = o->throttle_init,
        .n_slots_ready = SLOTS_READY,
        .on_progress = on_progress,
        .on_snapshot = on_snapshot,
        .n_snapshots = n_snapshots(),
        .context = s,
    };
    return cp_pool_new(&options, &s->pool, s->err);
}

static enum cp_code start_server(struct service *s)
{
    const struct cp_async_queue_options queue = {s->loop, s->pool, s->control, &s->rng, s->sink_fd};
    enum cp_code code = cp_async_queue_new(&queue, &s->queue, s->err);
    if (code)
        return code;
    const struct cp_api_server_options options = {
        .loop = s->loop,
        .control = s->control,
        .pool = s->pool,
        .queue = s->queue,
        .logs = s->logs,
        .metrics = &s->metrics,
        .code_store = &s->code_store,
        .rng = &s->rng,
        .credentials = &s->options->credentials,
        .region = s->region,
        .listen = s->options->listen ? s->options->listen : "127.0.0.1",
        .port = s->options->port,
        .control_rate = s->options->control_rate,
        .head_limit_ms = s->options->head_limit_ms ? s->options->head_limit_ms : HEAD_LIMIT_MS,
    };
    code = cp_api_server_new(&options, &s->server, s->err);
    if (!code)
        s->code_store.host = cp_api_server_host(s->server);
    return code;
}

static enum cp_code start(struct service *s)
{
    typedef enum cp_code (*step_fn)(struct service * s);
    static const step_fn steps[] = {start_signals, watch_parent, open_sink,  start_control,
                                    start_places,  start_logs,   start_pool, start_server};
    enum cp_code code = cp_idle_law_parse(s->idle_lifetime, &s->idle_law, s->err);
    if (!code)
        code = cp_loop_new(&s->loop, s->err);
    for (size_t i = 0; !code && i < sizeof steps / sizeof *steps; i++)
        code = steps[i](s);
    if (code)
        return code;
    s->start_limit_at_ms = cp_clock_mono_ms() + START_LIMIT_MS;
    s->starter.on_due = on_starter;
    (void)cp_loop_timer_set(s->loop, &s->starter, cp_clock_mono_ms());
    return CP_OK;
}

/* --- end --- */

/* Guards end what is inside their slots and remove the control groups by themselves. */
static void wait_for_guards(void)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    double limit_at_ms = cp_clock_mono_ms() + END_LIMIT_MS;
    while (cp_clock_mono_ms() < limit_at_ms) {
        pid_t pid = waitpid(-1, NULL, WNOHANG);
        if (pid < 0 && errno == ECHILD)
            return;
        if (pid == 0)
            (void)nanosleep(&pause, NULL);
    }
    cp_slot_kill_children();
}

static void end(struct service *s)
{
    cp_api_server_close(s->server);
    cp_pool_free(s->pool);
    cp_async_queue_free(s->queue);
    cp_api_server_free(s->server);
    cp_runtime_api_free(s->runtime_api);
    s->pool = NULL;
    cp_cwl_free(s->logs);
    cp_metrics_clear(&s->metrics);
    cp_control_free(s->control);
    wait_for_guards();
    (void)cp_cgroup_sweep_own(&s->kit.cgroup);
    cp_cgroup_leave(&s->kit.cgroup);
    cp_bootstraps_remove(s->kit.scratch_dir);
    cp_loop_free(s->loop);
    if (s->signals.fd >= 0)
        (void)close(s->signals.fd);
    if (s->parent.fd >= 0)
        (void)close(s->parent.fd);
    if (s->options->log_file && s->sink_fd >= 0)
        (void)close(s->sink_fd);
    cp_buf_clear(&s->names);
    (void)sigprocmask(SIG_SETMASK, &s->old_signals, NULL);
}

enum cp_code cp_serve(const struct cp_serve_options *options, struct cp_error *err)
{
    struct cp_error own = {.code = CP_OK};
    struct service *s = calloc(1, sizeof *s);
    if (!s)
        return cp_fail(err, CP_ENOMEM, "cannot start the service: out of memory");
    s->options = options;
    s->region = options->region ? options->region : "us-east-1";
    s->idle_lifetime = options->idle_lifetime ? options->idle_lifetime : CP_IDLE_LAW_DEFAULT;
    s->err = &own;
    s->signals.fd = s->parent.fd = s->sink_fd = -1;
    cp_rng_init(&s->rng, options->seed, 1);
    cp_buf_init(&s->names, 1 << 20);
    (void)sigprocmask(SIG_BLOCK, NULL, &s->old_signals);
    raise_file_limit();
    enum cp_code code = start(s);
    if (!code)
        code = cp_loop_run(s->loop, s->err);
    if (!code)
        code = s->code;
    if (code && options->ready_fd >= 0)
        tell_failure(options, own.text);
    end(s);
    free(s);
    return code ? cp_fail(err, code, "%s", own.text) : CP_OK;
}
