/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/env.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "model/base/datetime.h"
#include "model/base/rng.h"
#include "model/base/units.h"
#include "probes/local/env_group.h"
#include "probes/local/env_launch.h"
#include "probes/local/env_record.h"
#include "probes/local/json_out.h"
#include "probes/os/clock.h"

/* Provisioned concurrency may take longer to initialise: 130 s, or the function timeout. */
enum { PROVISIONED_INIT_LIMIT_MS = 130000, INIT_ERROR_GRACE_MS = 500, RECORD_MAX = 8192 };
/* Freezing and thawing cost 0.1 ms each: requests that follow at once are spared both. */
enum { FREEZE_AFTER_MS = 2 };

void cp_invocation_init(struct cp_invocation *invocation)
{
    *invocation = (struct cp_invocation){.duration_ms = NAN};
    cp_buf_init(&invocation->context, 4096);
    cp_buf_init(&invocation->payload, CP_PAYLOAD_MAX);
    cp_buf_init(&invocation->response, CP_RESPONSE_MAX);
    cp_buf_init(&invocation->log_tail, CP_LOG_TAIL_MAX);
}

void cp_invocation_clear(struct cp_invocation *invocation)
{
    cp_buf_clear(&invocation->context);
    cp_buf_clear(&invocation->payload);
    cp_buf_clear(&invocation->response);
    cp_buf_clear(&invocation->log_tail);
}

/* --- end of an invocation --- */

static void deliver(struct cp_env *env)
{
    struct cp_invocation *invocation = env->invocation;
    env->invocation = NULL;
    env->has_response = false;
    env->is_suppressed = false;
    env->host->on_done(env, invocation);
    invocation->on_done(invocation);
}

/* The invocation leaves the environment. Duration was measured before anything here. */
static void finish(struct cp_env *env, double duration_ms, const char *status,
                   const char *error_type)
{
    cp_env_record_end(env, duration_ms, status, error_type);
    env->invocation->duration_ms = duration_ms;
    env->invocation->is_error = strcmp(status, "success") != 0;
    (void)cp_buf_add_view(&env->invocation->log_tail, cp_buf_view(&env->log.tail));
    env->log.has_tail = false;
    deliver(env);
}

/* {"errorType":...,"errorMessage":"RequestId: <id> Error: <what>"} */
static void fail_response(struct cp_invocation *invocation, const char *error_type,
                          const char *what)
{
    struct cp_buf message;
    cp_buf_init(&message, RECORD_MAX);
    (void)cp_buf_addf(&message, "RequestId: %s Error: %s", invocation->request_id, what);
    cp_buf_reset(&invocation->response);
    (void)cp_buf_adds(&invocation->response, "{\"errorType\":");
    cp_json_add_string(&invocation->response, cp_view_of(error_type));
    (void)cp_buf_adds(&invocation->response, ",\"errorMessage\":");
    cp_json_add_string(&invocation->response, cp_buf_view(&message));
    (void)cp_buf_addc(&invocation->response, '}');
    invocation->function_error = "Unhandled";
    cp_buf_clear(&message);
}

/* After a failure the runtime is killed; the environment stays and repeats init when used. */
static void go_to_reset(struct cp_env *env)
{
    env->state = CP_ENV_RESET;
    cp_loop_timer_cancel(env->host->loop, &env->deadline);
    cp_env_freeze(env, false);
    void *parked = env->parked;
    env->parked = NULL;
    if (parked)
        env->host->wake_next(parked);
}

static void on_exited_busy(struct cp_env *env, double duration_ms, const char *error_type,
                           const char *what)
{
    /* A response that was sent before the exit stands; the record tells of the exit. */
    if (!env->has_response)
        fail_response(env->invocation, error_type, what);
    go_to_reset(env);
    finish(env, duration_ms, "error", error_type);
    env->host->on_free(env);
}

static void on_timed_out(struct cp_env *env)
{
    char what[96];
    double timeout_s = env->config->timeout_s;
    (void)snprintf(what, sizeof what, "Task timed out after %.2f seconds", timeout_s);
    fail_response(env->invocation, "Sandbox.Timedout", what);
    go_to_reset(env);
    cp_slot_reset(env->slot);
    /* The time allowed is the time used: our own lateness is not the function's. */
    finish(env, timeout_s * CP_MS_PER_S, "timeout", NULL);
    env->host->on_free(env);
}

/* --- init --- */

static void launch(struct cp_env *env);

/* Ends an INIT that failed: repeated inside the invocation, or the invocation fails with it. */
static void init_failed(struct cp_env *env, double duration_ms, const char *status,
                        const char *error_type, const char *what)
{
    bool was_suppressed = env->is_suppressed;
    bool is_timeout = strcmp(status, "timeout") == 0;
    struct cp_record_init init = {duration_ms, was_suppressed ? "invoke" : "init", status,
                                  error_type};
    cp_env_record_init_report(env, &init);
    go_to_reset(env);
    if (!env->invocation) {
        env->host->on_init_failed(env);
        return;
    }
    if (!was_suppressed && !env->config->is_snap_start) {
        env->is_suppressed = true;
        if (env->slot->is_ready)
            launch(env);
        return;
    }
    cp_env_record_start(env);
    fail_response(env->invocation, is_timeout ? "Sandbox.Timedout" : error_type, what);
    if (!is_timeout && env->init_error.n) {
        cp_buf_reset(&env->invocation->response);
        (void)cp_buf_add_view(&env->invocation->response, cp_buf_view(&env->init_error));
    }
    finish(env, is_timeout ? env->config->timeout_s * CP_MS_PER_S : duration_ms, status,
           error_type);
    env->host->on_free(env);
}

static void on_init_deadline(struct cp_env *env)
{
    double duration_ms = cp_clock_mono_ms() - env->spawned_at_ms;
    if (*env->init_error_type) { /* it said so, but did not exit */
        cp_slot_reset(env->slot);
        init_failed(env, env->init_failed_at_ms - env->spawned_at_ms, "error", env->init_error_type,
                    "initialisation failed");
        return;
    }
    char what[96];
    (void)snprintf(what, sizeof what, "Task timed out after %.2f seconds",
                   (double)env->config->timeout_s);
    cp_slot_reset(env->slot);
    init_failed(env, duration_ms, "timeout", NULL, what);
}

/* --- restore --- */

/* How Invoke fails with a restore. */
struct restore_failure {
    int status;
    const char *error_type, *message;
};
static const struct restore_failure restore_error = {
    400, "SnapStartException",
    "The afterRestore() runtime hook encountered an error. For more information, check the logs."};
static const struct restore_failure restore_timeout = {
    408, "SnapStartTimeoutException",
    "Lambda couldn't restore the snapshot within the timeout limit."};

static void restore_failed(struct cp_env *env, const char *status, const char *error_type,
                           const struct restore_failure *how)
{
    struct cp_invocation *invocation = env->invocation;
    struct cp_record_init report = {.duration_ms = cp_clock_mono_ms() - env->restore_started_at_ms,
                                    .status = status,
                                    .error_type = error_type};
    cp_env_record_restore_report(env, &report);
    invocation->api_status = how->status;
    invocation->api_error_type = how->error_type;
    invocation->api_message = how->message;
    go_to_reset(env);
    cp_slot_reset(env->slot);
    deliver(env);
    env->host->on_free(env);
}

/* The runtime asks for the request: its hooks are done. What they took is billed. */
static void restored(struct cp_env *env, double now_ms)
{
    cp_loop_timer_cancel(env->host->loop, &env->deadline);
    env->restore = (struct cp_record_restore){
        .duration_ms = now_ms - env->restore_started_at_ms,
        .billed_ms = (int64_t)ceil(now_ms - env->restore_resumed_at_ms),
    };
    struct cp_record_init report = {.duration_ms = env->restore.duration_ms};
    cp_env_record_restore_report(env, &report);
    env->state = CP_ENV_IDLE;
}

static void begin_restore(struct cp_env *env)
{
    enum { RESTORE_LIMIT_MS = 10000 };
    cp_env_record_restore_start(env);
    env->restore_started_at_ms = cp_clock_mono_ms();
    cp_env_freeze(env, false);
    env->state = CP_ENV_RESTORE;
    env->restore_resumed_at_ms = cp_clock_mono_ms();
    if (env->has_restore_call)
        (void)cp_loop_timer_set(env->host->loop, &env->deadline,
                                env->restore_started_at_ms + RESTORE_LIMIT_MS);
    else
        restored(env, env->restore_resumed_at_ms);
}

/* The end of INIT under SnapStart. A request that waits for this copy goes on with its restore,
 * which begins with a thaw as any other. */
static void take_snapshot(struct cp_env *env, void *call, double now_ms)
{
    struct cp_record_init init = {.duration_ms = now_ms - env->spawned_at_ms};
    cp_loop_timer_cancel(env->host->loop, &env->deadline);
    cp_env_limit_cpu(env, true);
    env->state = CP_ENV_SNAPSHOT;
    env->parked = call;
    if (!env->is_copy)
        cp_env_record_init_report(env, &init);
    if (env->invocation) {
        cp_env_freeze(env, true);
        begin_restore(env);
        return;
    }
    (void)cp_loop_timer_set(env->host->loop, &env->freezer, now_ms + FREEZE_AFTER_MS);
    env->host->on_initialised(env);
}

static void on_deadline(struct cp_loop_timer *timer)
{
    struct cp_env *env = CP_OWNER_OF(timer, struct cp_env, deadline);
    if (env->state == CP_ENV_INIT)
        on_init_deadline(env);
    else if (env->state == CP_ENV_BUSY)
        on_timed_out(env);
    else if (env->state == CP_ENV_RESTORE)
        restore_failed(env, "timeout", NULL, &restore_timeout);
    else
        env->host->on_expired(env);
}

void cp_env_expire_after(struct cp_env *env, double lifetime_ms)
{
    cp_loop_timer_cancel(env->host->loop, &env->deadline);
    if (isfinite(lifetime_ms))
        (void)cp_loop_timer_set(env->host->loop, &env->deadline, cp_clock_mono_ms() + lifetime_ms);
}

static double init_limit_ms(const struct cp_env *env)
{
    double timeout_ms = env->config->timeout_s * CP_MS_PER_S;
    if (env->is_suppressed)
        return timeout_ms;
    if (!env->is_provisioned && !env->config->is_snap_start)
        return env->host->init_limit_ms;
    return timeout_ms > PROVISIONED_INIT_LIMIT_MS ? timeout_ms : PROVISIONED_INIT_LIMIT_MS;
}

static void launch(struct cp_env *env)
{
    struct cp_env_launch launch;
    struct cp_error err = {.code = CP_OK};
    *env->init_error_type = '\0';
    cp_buf_reset(&env->init_error);
    cp_env_limit_memory(env);
    cp_env_limit_cpu(env, env->is_suppressed || env->host->throttle_init);
    enum cp_code code = cp_env_launch_init(&launch, env, &err);
    env->spawned_at_ms = cp_clock_mono_ms();
    env->started_at_ms = env->spawned_at_ms; /* of a suppressed init: its time is in Duration */
    if (!code)
        code = cp_slot_launch(env->slot, &launch.launch, &err);
    cp_env_launch_clear(&launch);
    env->state = CP_ENV_INIT;
    if (code) { /* reported as a failed init, at once */
        (void)snprintf(env->init_error_type, sizeof env->init_error_type, "Sandbox.Failure");
        env->init_failed_at_ms = env->spawned_at_ms;
    }
    (void)cp_loop_timer_set(env->host->loop, &env->deadline,
                            env->spawned_at_ms + (code ? 0 : init_limit_ms(env)));
}

static void start_runtime(struct cp_env *env)
{
    if (!env->is_copy)
        cp_env_record_init_start(env);
    launch(env);
}

static void on_ready(struct cp_slot *slot)
{
    struct cp_env *env = slot->owner;
    if (env->state == CP_ENV_STARTING)
        start_runtime(env);
    else if (env->state == CP_ENV_RESET && env->invocation)
        launch(env);
}

/* --- exit of the runtime --- */

static void describe_exit(int status, char *out, size_t n)
{
    if (WIFSIGNALED(status)) {
        const char *name = sigdescr_np(WTERMSIG(status));
        (void)snprintf(out, n, "Runtime exited with error: signal: %s", name ? name : "unknown");
        for (char *p = out + sizeof "Runtime exited with error: signal:"; *p; p++)
            *p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 'a' - 'A') : *p;
    } else if (WEXITSTATUS(status)) {
        (void)snprintf(out, n, "Runtime exited with error: exit status %d", WEXITSTATUS(status));
    } else {
        (void)snprintf(out, n, "Runtime exited without providing a reason");
    }
}

static void on_exited(struct cp_slot *slot, int status)
{
    struct cp_env *env = slot->owner;
    double now_ms = cp_clock_mono_ms();
    char what[256];
    const char *error_type =
        cp_env_was_oom_killed(env) ? "Runtime.OutOfMemory" : "Runtime.ExitError";
    describe_exit(status, what, sizeof what);
    if (slot->exec_errno) {
        error_type = "Runtime.InvalidEntrypoint";
        (void)snprintf(what, sizeof what, "fork/exec %.200s: %.40s", env->config->folder->program,
                       strerror(slot->exec_errno));
        slot->exec_errno = 0;
    }
    switch (env->state) {
    case CP_ENV_INIT: {
        bool is_told = *env->init_error_type != '\0';
        char told[sizeof env->init_error_type];
        memcpy(told, env->init_error_type, sizeof told);
        init_failed(env, (is_told ? env->init_failed_at_ms : now_ms) - env->spawned_at_ms, "error",
                    is_told ? told : error_type, what);
        break;
    }
    case CP_ENV_BUSY:
        on_exited_busy(env, now_ms - env->started_at_ms, error_type, what);
        break;
    case CP_ENV_RESTORE:
        restore_failed(env, "error", error_type, &restore_error);
        break;
    case CP_ENV_SNAPSHOT:
        env->host->on_expired(env);
        break;
    case CP_ENV_IDLE:
        go_to_reset(env);
        if (env->config->is_snap_start) /* init is not repeated: another copy is restored */
            env->host->on_expired(env);
        break;
    case CP_ENV_STARTING:
    case CP_ENV_RESET:
        break;
    }
}

static void on_broken(struct cp_slot *slot)
{
    struct cp_env *env = slot->owner;
    bool was_busy = env->state == CP_ENV_BUSY;
    env->state = CP_ENV_RESET;
    if (env->invocation) {
        if (!env->has_response)
            fail_response(env->invocation, "Sandbox.Failure", slot->error.text);
        if (was_busy) /* its time was used: there is a record of it */
            finish(env, cp_clock_mono_ms() - env->started_at_ms, "error", "Sandbox.Failure");
        else
            deliver(env);
    }
    env->host->on_broken(env);
}

static void on_connection(struct cp_slot *slot, int fd)
{
    struct cp_env *env = slot->owner;
    env->host->on_connection(env, fd);
}

static void on_log(struct cp_slot *slot)
{
    struct cp_env *env = slot->owner;
    if (!cp_env_log_drain(&env->log, slot->log.fd, cp_clock_unix_ms()))
        cp_loop_remove(env->host->loop, &slot->log);
}

static void on_freezer(struct cp_loop_timer *timer)
{
    cp_env_freeze(CP_OWNER_OF(timer, struct cp_env, freezer), true);
}

static const struct cp_slot_events slot_events = {
    .on_ready = on_ready,
    .on_exited = on_exited,
    .on_broken = on_broken,
    .on_connection = on_connection,
    .on_log = on_log,
};

/* --- life --- */

static void name_stream(struct cp_env *env)
{
    char day[CP_DATETIME_TEXT_MAX];
    (void)cp_datetime_format(cp_clock_unix_ms(), CP_DATETIME_STREAM_DAY, day);
    uint64_t high = cp_rng_next(env->host->rng), low = cp_rng_next(env->host->rng);
    /* In a group that it shares with others, a function's streams have its name. */
    const char *name = env->config->folder->name;
    struct cp_view group = cp_view_of(env->config->log_group);
    bool is_own = cp_view_skip(&group, "/aws/lambda/") && cp_view_is(group, name);
    (void)snprintf(env->log.stream, sizeof env->log.stream,
                   "%.10s/%s[%.23s]%016" PRIx64 "%016" PRIx64, day, is_own ? "" : name,
                   env->config->version, high, low);
    env->log.group = env->config->log_group;
    env->log.store = env->host->log_store;
    env->log.has_line_ends = !env->config->is_json_log;
}

enum cp_code cp_env_new(struct cp_env_host *host, const struct cp_configuration *config,
                        struct cp_slot *slot, uint64_t number, struct cp_invocation *invocation,
                        bool is_copy, struct cp_env **out, struct cp_error *err)
{
    struct cp_env *env = calloc(1, sizeof *env);
    if (!env) {
        cp_slot_free(slot);
        return cp_fail(err, CP_ENOMEM, "cannot make an environment: out of memory");
    }
    env->host = host;
    env->config = config;
    env->slot = slot;
    env->number = number;
    env->is_provisioned = !invocation && !config->is_snap_start;
    env->is_copy = is_copy;
    env->restore.duration_ms = NAN;
    env->invocation = invocation;
    env->init_duration_ms = NAN;
    env->deadline.on_due = on_deadline;
    env->freezer.on_due = on_freezer;
    cp_buf_init(&env->init_error, CP_RESPONSE_MAX);
    cp_env_log_init(&env->log, host->sink_fd);
    name_stream(env);
    if (invocation)
        invocation->env = env;
    slot->owner = env;
    slot->events = &slot_events;
    *out = env;
    if (slot->is_ready)
        start_runtime(env);
    return CP_OK;
}

void cp_env_free(struct cp_env *env)
{
    if (!env)
        return;
    env->is_over = true;
    if (env->invocation) {
        fail_response(env->invocation, "Sandbox.Failure", "the service ended");
        deliver(env);
    }
    go_to_reset(env);
    (void)cp_env_log_drain(&env->log, env->slot->log.fd, cp_clock_unix_ms());
    cp_env_log_record(&env->log, CP_VIEW_LIT(""), cp_clock_unix_ms());
    cp_slot_free(env->slot);
    cp_env_log_clear(&env->log);
    cp_buf_clear(&env->init_error);
    free(env);
}

bool cp_env_is_free(const struct cp_env *env)
{
    return !env->invocation && !env->is_over &&
           (env->state == CP_ENV_IDLE || env->state == CP_ENV_RESET);
}

void cp_env_assign(struct cp_env *env, struct cp_invocation *invocation)
{
    env->invocation = invocation;
    invocation->env = env;
    cp_loop_timer_cancel(env->host->loop, &env->deadline);
    if (env->state == CP_ENV_SNAPSHOT)
        begin_restore(env);
    else if (env->state == CP_ENV_IDLE)
        cp_env_freeze(env, false);
    if (env->state == CP_ENV_IDLE || env->state == CP_ENV_RESTORE) {
        if (env->parked)
            env->host->wake_next(env->parked);
        return;
    }
    env->is_suppressed = true;
    if (env->slot->is_ready)
        launch(env);
}

/* --- what the runtime did --- */

static void init_succeeded(struct cp_env *env, double now_ms)
{
    double duration_ms = now_ms - env->spawned_at_ms;
    cp_loop_timer_cancel(env->host->loop, &env->deadline);
    cp_env_limit_cpu(env, true);
    env->state = CP_ENV_IDLE;
    if (env->is_suppressed)
        return;
    if (env->invocation) {
        env->init_duration_ms = duration_ms;
    } else {
        struct cp_record_init init = {.duration_ms = duration_ms};
        cp_env_record_init_report(env, &init);
        env->host->on_initialised(env);
    }
}

enum cp_env_answer cp_env_on_next(struct cp_env *env, void *call)
{
    double now_ms = cp_clock_mono_ms();
    if (env->state == CP_ENV_INIT && !*env->init_error_type && env->config->is_snap_start) {
        take_snapshot(env, call, now_ms);
        return CP_ENV_PARK;
    }
    if (env->state == CP_ENV_INIT && !*env->init_error_type) {
        init_succeeded(env, now_ms);
    } else if (env->state == CP_ENV_RESTORE && !env->parked) {
        restored(env, now_ms);
    } else if (env->state == CP_ENV_BUSY && env->has_response) {
        cp_loop_timer_cancel(env->host->loop, &env->deadline);
        env->state = CP_ENV_IDLE;
        finish(env, now_ms - env->started_at_ms,
               env->invocation->function_error ? "failure" : "success", NULL);
        env->parked = call;
        (void)cp_loop_timer_set(env->host->loop, &env->freezer, now_ms + FREEZE_AFTER_MS);
        env->host->on_free(env);
        return CP_ENV_PARK;
    } else if (env->state != CP_ENV_IDLE || env->parked) {
        return CP_ENV_BAD_STATE;
    }
    env->parked = call;
    if (!env->invocation)
        (void)cp_loop_timer_set(env->host->loop, &env->freezer, now_ms + FREEZE_AFTER_MS);
    return CP_ENV_PARK;
}

enum cp_env_answer cp_env_take_event(struct cp_env *env, void *call,
                                     struct cp_invocation **invocation, int64_t *deadline_at_ms)
{
    bool is_here = env->state == CP_ENV_IDLE || env->state == CP_ENV_SNAPSHOT;
    if (!is_here || env->parked != call)
        return CP_ENV_GONE;
    if (!env->invocation)
        return CP_ENV_PARK;
    double now_ms = cp_clock_mono_ms(), timeout_ms = env->config->timeout_s * CP_MS_PER_S;
    env->parked = NULL;
    env->state = CP_ENV_BUSY;
    env->has_response = false;
    cp_env_record_start(env);
    if (!env->is_suppressed)
        env->started_at_ms = now_ms;
    double left_ms = env->started_at_ms + timeout_ms - now_ms;
    (void)cp_loop_timer_set(env->host->loop, &env->deadline, now_ms + left_ms);
    *deadline_at_ms = cp_clock_unix_ms() + (int64_t)left_ms;
    *invocation = env->invocation;
    return CP_ENV_OK;
}

enum cp_env_answer cp_env_on_restore_next(struct cp_env *env, void *call)
{
    if (env->state != CP_ENV_INIT || *env->init_error_type || !env->config->is_snap_start)
        return CP_ENV_BAD_STATE;
    env->has_restore_call = true;
    take_snapshot(env, call, cp_clock_mono_ms());
    return CP_ENV_PARK;
}

enum cp_env_answer cp_env_take_restore(struct cp_env *env, void *call)
{
    if (env->parked != call)
        return CP_ENV_GONE;
    if (env->state == CP_ENV_SNAPSHOT)
        return CP_ENV_PARK;
    env->parked = NULL;
    env->restore_resumed_at_ms = cp_clock_mono_ms();
    return env->state == CP_ENV_RESTORE ? CP_ENV_OK : CP_ENV_GONE;
}

enum cp_env_answer cp_env_on_restore_error(struct cp_env *env, struct cp_view error_type)
{
    char type[sizeof env->init_error_type];
    if (env->state != CP_ENV_RESTORE)
        return CP_ENV_BAD_STATE;
    if (!error_type.n || !cp_view_copy(error_type, type, sizeof type))
        (void)snprintf(type, sizeof type, "Runtime.Unknown");
    restore_failed(env, "error", type, &restore_error);
    return CP_ENV_OK;
}

const char *cp_env_initialization_type(const struct cp_env *env)
{
    if (env->config->is_snap_start)
        return "snap-start";
    return env->is_provisioned ? "provisioned-concurrency" : "on-demand";
}

void cp_env_forget(struct cp_env *env, const void *call)
{
    if (env->parked == call)
        env->parked = NULL;
}

bool cp_env_is_streamed(const struct cp_env *env, struct cp_view request_id)
{
    return env->invocation && env->invocation->on_part && env->state == CP_ENV_BUSY &&
           !env->has_response && cp_view_is(request_id, env->invocation->request_id);
}

void cp_env_on_part(struct cp_env *env, struct cp_view bytes)
{
    env->invocation->on_part(env->invocation, bytes);
}

static void too_large(struct cp_invocation *invocation, size_t size)
{
    char text[192];
    int max = invocation->on_part ? CP_STREAM_MAX : CP_RESPONSE_MAX;
    (void)snprintf(text, sizeof text,
                   "{\"errorType\":\"Function.ResponseSizeTooLarge\",\"errorMessage\":"
                   "\"Response payload size (%zu bytes) exceeded maximum allowed payload size "
                   "(%d bytes).\"}",
                   size, max);
    (void)cp_buf_adds(&invocation->response, text);
    invocation->function_error = "Unhandled";
}

enum cp_env_answer cp_env_on_response(struct cp_env *env, const struct cp_env_response *response)
{
    struct cp_invocation *invocation = env->invocation;
    if (!invocation || !cp_view_is(response->request_id, invocation->request_id))
        return CP_ENV_BAD_ID;
    if (env->state != CP_ENV_BUSY || env->has_response)
        return CP_ENV_BAD_STATE;
    env->has_response = true;
    if (response->is_too_large)
        too_large(invocation, response->size);
    else
        (void)cp_buf_add_view(&invocation->response, response->body);
    if (response->is_error)
        invocation->function_error = "Unhandled";
    return CP_ENV_OK;
}

enum cp_env_answer cp_env_on_init_error(struct cp_env *env, struct cp_view error_type,
                                        struct cp_view body)
{
    if (env->state != CP_ENV_INIT || *env->init_error_type)
        return CP_ENV_BAD_STATE;
    env->init_failed_at_ms = cp_clock_mono_ms();
    if (!error_type.n ||
        !cp_view_copy(error_type, env->init_error_type, sizeof env->init_error_type))
        (void)cp_view_copy(CP_VIEW_LIT("Runtime.Unknown"), env->init_error_type,
                           sizeof env->init_error_type);
    (void)cp_buf_add_view(&env->init_error, body);
    /* It exits now; if not, it is killed. */
    (void)cp_loop_timer_set(env->host->loop, &env->deadline,
                            env->init_failed_at_ms + INIT_ERROR_GRACE_MS);
    return CP_ENV_OK;
}
