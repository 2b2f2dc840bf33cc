/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/record_writer.h"

#include <inttypes.h>
#include <math.h>

#include "model/base/datetime.h"
#include "probes/local/json_out.h"

int64_t cp_record_billed_ms(double duration_ms, double init_duration_ms)
{
    /* The bill is the ceiling over the sum of what is printed, with two decimals each: 3.001 ms is
     * printed as 3.00 and billed as 3. */
    long long hundredths = llround(duration_ms * 100);
    if (!isnan(init_duration_ms))
        hundredths += llround(init_duration_ms * 100);
    return (hundredths + 99) / 100;
}

enum cp_record_level cp_record_level_of(const char *system_log_level)
{
    struct cp_view v = cp_view_of(system_log_level);
    return cp_view_is(v, "DEBUG")  ? CP_RECORD_DEBUG
           : cp_view_is(v, "WARN") ? CP_RECORD_WARN
                                   : CP_RECORD_INFO;
}

/* --- JSON --- */

/* Levels as AWS has them: `on_success` for a record of something that went well, WARN else. */
static bool is_written(const struct cp_record_env *env, const char *status,
                       enum cp_record_level on_success)
{
    bool is_failure = status && !cp_view_is(cp_view_of(status), "success");
    return is_failure || env->level == CP_RECORD_DEBUG ||
           (env->level == CP_RECORD_INFO && on_success == CP_RECORD_INFO);
}

/* Billed Duration already contains the billed part of a restore. */
static int64_t billed_ms(const struct cp_record_report *r)
{
    int64_t restore_ms = r->restore ? r->restore->billed_ms : 0;
    return cp_record_billed_ms(r->duration_ms, r->init_duration_ms) + restore_ms;
}

static void event_open(struct cp_buf *out, int64_t at_ms, const char *type)
{
    char time[CP_DATETIME_TEXT_MAX];
    (void)cp_buf_addf(out, "{\"time\":\"%s\",\"type\":\"platform.%s\",\"record\":{",
                      cp_datetime_format(at_ms, CP_DATETIME_ISO_MS, time), type);
}

static void event_close(struct cp_buf *out)
{
    (void)cp_buf_adds(out, "}}\n");
}

static void add_member(struct cp_buf *out, const char *name, const char *value)
{
    (void)cp_buf_addf(out, "\"%s\":", name);
    cp_json_add_string(out, cp_view_of(value));
}

static const char *status_of(const char *status)
{
    return status ? status : "success";
}

static void add_status(struct cp_buf *out, const char *status, const char *error_type)
{
    add_member(out, "status", status_of(status));
    if (error_type) {
        (void)cp_buf_addc(out, ',');
        add_member(out, "errorType", error_type);
    }
}

static void json_init_start(struct cp_buf *out, const struct cp_record_env *env, int64_t at_ms)
{
    event_open(out, at_ms, "initStart");
    add_member(out, "initializationType", env->initialization_type);
    (void)cp_buf_adds(out, ",\"phase\":\"init\",");
    if (env->runtime) {
        add_member(out, "runtimeVersion", env->runtime);
        (void)cp_buf_addc(out, ',');
    }
    add_member(out, "functionName", env->function_name);
    (void)cp_buf_addc(out, ',');
    add_member(out, "functionVersion", env->version);
    event_close(out);
}

static void json_init_report(struct cp_buf *out, const struct cp_record_env *env, int64_t at_ms,
                             const struct cp_record_init *init)
{
    event_open(out, at_ms, "initReport");
    add_member(out, "initializationType", env->initialization_type);
    (void)cp_buf_addc(out, ',');
    bool is_snapshot = cp_view_is(cp_view_of(env->initialization_type), "snap-start");
    add_member(out, "phase", init->phase ? init->phase : is_snapshot ? "snap-start" : "init");
    (void)cp_buf_addc(out, ',');
    add_status(out, init->status, init->error_type);
    (void)cp_buf_addf(out, ",\"metrics\":{\"durationMs\":%.3f}", init->duration_ms);
    event_close(out);
}

static void json_restore_start(struct cp_buf *out, const struct cp_record_env *env, int64_t at_ms)
{
    event_open(out, at_ms, "restoreStart");
    add_member(out, "functionName", env->function_name);
    (void)cp_buf_addc(out, ',');
    add_member(out, "functionVersion", env->version);
    (void)cp_buf_addc(out, ',');
    add_member(out, "runtimeVersion", env->runtime);
    event_close(out);
}

static void json_restore_report(struct cp_buf *out, int64_t at_ms,
                                const struct cp_record_init *restore)
{
    event_open(out, at_ms, "restoreReport");
    add_status(out, restore->status, restore->error_type);
    (void)cp_buf_addf(out, ",\"metrics\":{\"durationMs\":%.3f}", restore->duration_ms);
    event_close(out);
}

static void json_start(struct cp_buf *out, const struct cp_record_env *env, int64_t at_ms,
                       const char *request_id)
{
    event_open(out, at_ms, "start");
    add_member(out, "requestId", request_id);
    (void)cp_buf_addc(out, ',');
    add_member(out, "functionArn", env->function_arn);
    (void)cp_buf_addc(out, ',');
    add_member(out, "version", env->version);
    event_close(out);
}

static void json_runtime_done(struct cp_buf *out, int64_t at_ms, const struct cp_record_report *r)
{
    event_open(out, at_ms, "runtimeDone");
    add_member(out, "requestId", r->request_id);
    (void)cp_buf_addc(out, ',');
    add_status(out, r->status, r->error_type);
    (void)cp_buf_addf(out, ",\"metrics\":{\"durationMs\":%.3f}", r->duration_ms);
    event_close(out);
}

static void json_report(struct cp_buf *out, int64_t at_ms, const struct cp_record_report *r)
{
    event_open(out, at_ms, "report");
    add_member(out, "requestId", r->request_id);
    (void)cp_buf_addf(out, ",\"metrics\":{\"durationMs\":%.3f,\"billedDurationMs\":%" PRId64,
                      r->duration_ms, billed_ms(r));
    (void)cp_buf_addf(out, ",\"memorySizeMB\":%d", r->memory_size_mb);
    if (r->max_memory_used_mb >= 0)
        (void)cp_buf_addf(out, ",\"maxMemoryUsedMB\":%d", r->max_memory_used_mb);
    if (!isnan(r->init_duration_ms))
        (void)cp_buf_addf(out, ",\"initDurationMs\":%.3f", r->init_duration_ms);
    if (r->restore)
        (void)cp_buf_addf(out, ",\"restoreDurationMs\":%.3f,\"billedRestoreDurationMs\":%" PRId64,
                          r->restore->duration_ms, r->restore->billed_ms);
    (void)cp_buf_adds(out, "},");
    add_status(out, r->status, r->error_type);
    event_close(out);
}

/* --- text --- */

/* A handler that returned an error is not marked on a text REPORT; a failed runtime is. */
static bool is_marked(const char *status)
{
    struct cp_view v = cp_view_of(status);
    return cp_view_is(v, "error") || cp_view_is(v, "timeout");
}

static void text_status(struct cp_buf *out, const char *status, const char *error_type,
                        const char *before, const char *after)
{
    if (!is_marked(status))
        return;
    (void)cp_buf_addf(out, "%sStatus: %s%s", before, status, after);
    if (error_type)
        (void)cp_buf_addf(out, "%sError Type: %s%s", before, error_type, after);
}

static void text_report(struct cp_buf *out, const struct cp_record_report *r)
{
    (void)cp_buf_addf(out,
                      "REPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: %" PRId64
                      " ms\tMemory Size: %d MB\t",
                      r->request_id, r->duration_ms, billed_ms(r), r->memory_size_mb);
    if (r->max_memory_used_mb >= 0)
        (void)cp_buf_addf(out, "Max Memory Used: %d MB\t", r->max_memory_used_mb);
    if (!isnan(r->init_duration_ms))
        (void)cp_buf_addf(out, "Init Duration: %.2f ms\t", r->init_duration_ms);
    if (r->restore)
        (void)cp_buf_addf(out,
                          "Restore Duration: %.2f ms\tBilled Restore Duration: %" PRId64 " ms\t",
                          r->restore->duration_ms, r->restore->billed_ms);
    text_status(out, r->status, r->error_type, "", "\t");
    (void)cp_buf_addc(out, '\n');
}

/* --- both --- */

void cp_record_init_start(struct cp_buf *out, const struct cp_record_env *env, int64_t at_ms)
{
    if (env->is_json && is_written(env, NULL, CP_RECORD_INFO))
        json_init_start(out, env, at_ms);
    if (!env->is_json && env->runtime) /* a local runtime has no ARN: the field is left out */
        (void)cp_buf_addf(out, "INIT_START Runtime Version: %s\n", env->runtime);
}

void cp_record_init_report(struct cp_buf *out, const struct cp_record_env *env, int64_t at_ms,
                           const struct cp_record_init *init)
{
    if (env->is_json) {
        bool is_on_demand = cp_view_is(cp_view_of(env->initialization_type), "on-demand");
        if (is_written(env, init->status, is_on_demand ? CP_RECORD_DEBUG : CP_RECORD_INFO))
            json_init_report(out, env, at_ms, init);
        return;
    }
    (void)cp_buf_addf(out, "INIT_REPORT Init Duration: %.2f ms", init->duration_ms);
    if (init->phase)
        (void)cp_buf_addf(out, "\tPhase: %s", init->phase);
    text_status(out, init->status, init->error_type, "\t", "");
    (void)cp_buf_addc(out, '\n');
}

void cp_record_restore_start(struct cp_buf *out, const struct cp_record_env *env, int64_t at_ms)
{
    if (env->is_json && is_written(env, NULL, CP_RECORD_INFO))
        json_restore_start(out, env, at_ms);
    if (!env->is_json)
        (void)cp_buf_addf(out, "RESTORE_START Runtime Version: %s\n", env->runtime);
}

void cp_record_restore_report(struct cp_buf *out, const struct cp_record_env *env, int64_t at_ms,
                              const struct cp_record_init *restore)
{
    if (env->is_json) {
        if (is_written(env, restore->status, CP_RECORD_INFO))
            json_restore_report(out, at_ms, restore);
        return;
    }
    (void)cp_buf_addf(out, "RESTORE_REPORT Restore Duration: %.2f ms", restore->duration_ms);
    text_status(out, restore->status, restore->error_type, "\t", "");
    (void)cp_buf_addc(out, '\n');
}

void cp_record_start(struct cp_buf *out, const struct cp_record_env *env, int64_t at_ms,
                     const char *request_id)
{
    if (env->is_json && is_written(env, NULL, CP_RECORD_INFO))
        json_start(out, env, at_ms, request_id);
    if (!env->is_json)
        (void)cp_buf_addf(out, "START RequestId: %s Version: %s\n", request_id, env->version);
}

void cp_record_end(struct cp_buf *out, const struct cp_record_env *env, int64_t at_ms,
                   const struct cp_record_report *report)
{
    if (!env->is_json) {
        (void)cp_buf_addf(out, "END RequestId: %s\n", report->request_id);
        text_report(out, report);
        return;
    }
    if (is_written(env, report->status, CP_RECORD_DEBUG))
        json_runtime_done(out, at_ms, report);
    if (is_written(env, report->status, CP_RECORD_INFO))
        json_report(out, at_ms, report);
}
