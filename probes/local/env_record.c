/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/env_record.h"

#include <math.h>

#include "probes/local/env_group.h"
#include "probes/os/clock.h"

enum { RECORD_MAX = 8192 };

static struct cp_record_env record_env(const struct cp_env *env)
{
    return (struct cp_record_env){
        .is_json = env->config->is_json_log,
        .level = cp_record_level_of(env->config->system_log_level),
        .function_name = env->config->folder->name,
        .function_arn = env->config->function_arn,
        .version = env->config->version,
        .runtime = env->config->folder->is_image ? NULL : env->config->folder->runtime,
        .initialization_type = cp_env_initialization_type(env),
    };
}

static void write_record(struct cp_env *env, const struct cp_buf *record)
{
    cp_env_log_record(&env->log, cp_buf_view(record), cp_clock_unix_ms());
}

void cp_env_record_init_start(struct cp_env *env)
{
    struct cp_record_env r = record_env(env);
    struct cp_buf text;
    cp_buf_init(&text, RECORD_MAX);
    cp_record_init_start(&text, &r, cp_clock_unix_ms());
    write_record(env, &text);
    cp_buf_clear(&text);
}

void cp_env_record_init_report(struct cp_env *env, const struct cp_record_init *init)
{
    struct cp_record_env r = record_env(env);
    struct cp_buf text;
    cp_buf_init(&text, RECORD_MAX);
    (void)cp_env_log_drain(&env->log, env->slot->log.fd, cp_clock_unix_ms());
    cp_record_init_report(&text, &r, cp_clock_unix_ms(), init);
    write_record(env, &text);
    cp_buf_clear(&text);
}

void cp_env_record_restore_start(struct cp_env *env)
{
    struct cp_record_env r = record_env(env);
    struct cp_buf text;
    cp_buf_init(&text, RECORD_MAX);
    cp_record_restore_start(&text, &r, cp_clock_unix_ms());
    write_record(env, &text);
    cp_buf_clear(&text);
}

void cp_env_record_restore_report(struct cp_env *env, const struct cp_record_init *restore)
{
    struct cp_record_env r = record_env(env);
    struct cp_buf text;
    cp_buf_init(&text, RECORD_MAX);
    (void)cp_env_log_drain(&env->log, env->slot->log.fd, cp_clock_unix_ms());
    cp_record_restore_report(&text, &r, cp_clock_unix_ms(), restore);
    write_record(env, &text);
    cp_buf_clear(&text);
}

void cp_env_record_start(struct cp_env *env)
{
    struct cp_record_env r = record_env(env);
    struct cp_buf text;
    cp_buf_init(&text, RECORD_MAX);
    cp_env_log_begin_tail(&env->log);
    cp_record_start(&text, &r, cp_clock_unix_ms(), env->invocation->request_id);
    write_record(env, &text);
    cp_buf_clear(&text);
}

void cp_env_record_end(struct cp_env *env, double duration_ms, const char *status,
                       const char *error_type)
{
    struct cp_record_env r = record_env(env);
    struct cp_record_report report = {
        .request_id = env->invocation->request_id,
        .duration_ms = duration_ms,
        .init_duration_ms = env->init_duration_ms,
        .memory_size_mb = env->config->memory_size_mb,
        .max_memory_used_mb = cp_env_max_memory_used_mb(env),
        .restore = isnan(env->restore.duration_ms) ? NULL : &env->restore,
        .status = status,
        .error_type = error_type,
    };
    struct cp_buf text;
    cp_buf_init(&text, RECORD_MAX);
    (void)cp_env_log_drain(&env->log, env->slot->log.fd, cp_clock_unix_ms());
    cp_record_end(&text, &r, cp_clock_unix_ms(), &report);
    write_record(env, &text);
    cp_buf_clear(&text);
    env->init_duration_ms = NAN;
    env->restore.duration_ms = NAN;
}
