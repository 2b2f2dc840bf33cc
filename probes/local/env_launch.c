/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/env_launch.h"

#include <stdio.h>
#include <string.h>

#include "probes/local/bootstraps.h"
#include "probes/os/file.h"

enum { TEXT_MAX = 256 * 1024 };

struct builder {
    struct cp_buf *text;
    size_t offsets[CP_LAUNCH_ENV_MAX];
    size_t n;
};

static void add(struct builder *b, const char *name, const char *value)
{
    if (b->n == CP_LAUNCH_ENV_MAX)
        return;
    b->offsets[b->n++] = b->text->n;
    (void)cp_buf_addf(b->text, "%s=%s", name, value);
    (void)cp_buf_addc(b->text, '\0');
}

static void add_function(struct builder *b, const struct cp_env *env)
{
    const struct cp_configuration *config = env->config;
    const struct cp_function_folder *folder = config->folder;
    char text[256];
    add(b, "AWS_LAMBDA_FUNCTION_NAME", folder->name);
    add(b, "AWS_LAMBDA_FUNCTION_VERSION", config->version);
    (void)snprintf(text, sizeof text, "%d", config->memory_size_mb);
    add(b, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", text);
    if (!config->is_snap_start) { /* not known while the snapshot is made */
        add(b, "AWS_LAMBDA_LOG_GROUP_NAME", config->log_group);
        add(b, "AWS_LAMBDA_LOG_STREAM_NAME", env->log.stream);
    }
    add(b, "AWS_LAMBDA_INITIALIZATION_TYPE", cp_env_initialization_type(env));
    if (cp_bootstrap_for(folder->runtime)) { /* managed runtimes only */
        (void)snprintf(text, sizeof text, "AWS_Lambda_%s", folder->runtime);
        add(b, "AWS_EXECUTION_ENV", text);
    }
}

/* Folders that do not exist are left out: the loader would try some 25 names in each. */
static void library_path(const char *dir, char *out, size_t size)
{
    char lib[PATH_MAX + 8];
    (void)snprintf(lib, sizeof lib, "%s/lib", dir);
    (void)snprintf(out, size, "%s%s%s%s", dir, cp_file_is_dir(lib) ? ":" : "",
                   cp_file_is_dir(lib) ? lib : "", cp_file_is_dir("/opt/lib") ? ":/opt/lib" : "");
}

static void add_place(struct builder *b, const struct cp_env *env)
{
    const struct cp_function_folder *folder = env->config->folder;
    char text[2 * PATH_MAX + 64];
    add(b, "_HANDLER", folder->handler);
    add(b, "LAMBDA_TASK_ROOT", folder->dir);
    add(b, "LAMBDA_RUNTIME_DIR", env->host->bootstraps_dir);
    (void)snprintf(text, sizeof text, "127.0.0.1:%d", env->slot->port);
    add(b, "AWS_LAMBDA_RUNTIME_API", text);
    add(b, "AWS_REGION", env->host->region);
    add(b, "AWS_DEFAULT_REGION", env->host->region);
    add(b, "TZ", ":UTC");
    add(b, "LANG", "en_US.UTF-8");
    add(b, "PATH", "/usr/local/bin:/usr/bin:/bin:/opt/bin");
    library_path(folder->dir, text, sizeof text);
    add(b, "LD_LIBRARY_PATH", text);
    add(b, "AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR");
    add(b, "AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1:2000");
    /* Shaped like AWS's, valid nowhere: a function has no account behind it here. */
    add(b, "AWS_ACCESS_KEY_ID", "ASIALOCALEXAMPLE0000");
    add(b, "AWS_SECRET_ACCESS_KEY", "local-example-secret-access-key-00000000");
    add(b, "AWS_SESSION_TOKEN", "local-example-session-token");
}

enum { NOT_SET = -1 };

static int find(const struct builder *b, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < b->n && !b->text->failed; i++) {
        const char *pair = b->text->p + b->offsets[i];
        if (strncmp(pair, name, n) == 0 && pair[n] == '=')
            return (int)i;
    }
    return NOT_SET;
}

/* Names that AWS lets a function override; all others above are reserved. */
static bool is_overridable(const char *name)
{
    static const char *const names[] = {"TZ",
                                        "LANG",
                                        "PATH",
                                        "LD_LIBRARY_PATH",
                                        "AWS_XRAY_CONTEXT_MISSING",
                                        "AWS_XRAY_DAEMON_ADDRESS"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

static void add_user(struct builder *b, const struct cp_function_folder *folder)
{
    for (size_t i = 0; i < folder->n_env; i++) {
        const struct cp_env_pair *pair = &folder->env[i];
        int at = find(b, pair->name);
        if (at != NOT_SET && !is_overridable(pair->name))
            continue;
        add(b, pair->name, pair->value);
        if (at != NOT_SET)
            b->offsets[at] = b->offsets[--b->n];
    }
}

/* argv: the function's own bootstrap, or an interpreter with ours. */
static size_t add_program(struct cp_env_launch *out, const struct cp_env *env)
{
    const struct cp_function_folder *folder = env->config->folder;
    const char *name = cp_bootstrap_for(folder->runtime);
    size_t offset = out->text.n;
    out->argv[0] = folder->program;
    out->argv[1] = out->argv[2] = NULL;
    if (!name)
        return SIZE_MAX;
    (void)cp_buf_addf(&out->text, "%s/%s", env->host->bootstraps_dir, name);
    (void)cp_buf_addc(&out->text, '\0');
    return offset;
}

enum cp_code cp_env_launch_init(struct cp_env_launch *out, const struct cp_env *env,
                                struct cp_error *err)
{
    struct builder b = {.text = &out->text};
    cp_buf_init(&out->text, TEXT_MAX);
    size_t bootstrap = add_program(out, env);
    add_place(&b, env);
    add_function(&b, env);
    add_user(&b, env->config->folder);
    enum cp_code code = cp_buf_check(&out->text, "environment of the function", err);
    if (code)
        return code;
    if (bootstrap != SIZE_MAX)
        out->argv[1] = out->text.p + bootstrap;
    for (size_t i = 0; i < b.n; i++)
        out->env[i] = out->text.p + b.offsets[i];
    out->env[b.n] = NULL;
    out->launch = (struct cp_launch){env->config->folder->dir, out->argv, out->env};
    return CP_OK;
}

void cp_env_launch_clear(struct cp_env_launch *launch)
{
    cp_buf_clear(&launch->text);
}
