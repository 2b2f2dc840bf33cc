/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/serve.h"
#include "profiler/cli/command.h"

#include <stdio.h>
#include <string.h>

/* Requests must be signed with these: COLDPROF_LOCAL_* (set by a sweep), else the user's AWS_*. */
static enum cp_code read_credentials(const struct cp_cli *cli, struct cp_credentials *out,
                                     struct cp_error *err)
{
    const char *id = cli->get(cli->get_context, "COLDPROF_LOCAL_ACCESS_KEY_ID");
    const char *secret = cli->get(cli->get_context, "COLDPROF_LOCAL_SECRET_ACCESS_KEY");
    if (id && secret)
        return cp_credentials_static(cp_view_of(id), cp_view_of(secret), cp_view_of(""), out, err);
    if (cp_credentials_from_env(cli->get, cli->get_context, out, err))
        return cp_fail(err, CP_EINVAL,
                       "no keys to check signatures with: set AWS_ACCESS_KEY_ID and "
                       "AWS_SECRET_ACCESS_KEY (any values; clients of the service use the same)");
    return CP_OK;
}

static bool is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0 ||
           strcmp(address, "localhost") == 0;
}

static enum cp_status serve(struct cp_cli *cli)
{
    const struct cp_options *o = &cli->options;
    struct cp_error err = {CP_OK, ""};
    struct cp_serve_options options = {
        .folders = cli->words.word + 1,
        .n_folders = cli->words.n - 1,
        .listen = o->listen,
        .port = o->port,
        .ready_fd = o->ready_fd,
        .region = o->region,
        .idle_lifetime = o->idle_lifetime,
        .throttle_init = o->throttle_init,
        .no_cpu_share = o->no_cpu_share,
        .account_concurrency = o->account_concurrency,
        .update_delay_ms = o->update_delay_ms,
        .seed = o->seed,
        .log_file = o->log_file,
        .parent_pid = o->parent_pid,
        .is_quiet = o->is_quiet,
    };
    enum cp_code code = CP_OK;
    if (options.n_folders == 0)
        code = cp_fail(&err, CP_EINVAL, "no function folder; give at least one");
    else if (!is_loopback(o->listen) && !o->runs_code_known)
        code = cp_fail(&err, CP_EINVAL,
                       "'%s' can be reached by others, who could then run code here; add "
                       "--i-know-this-runs-code if that is wanted",
                       o->listen);
    if (!code)
        code = read_credentials(cli, &options.credentials, &err);
    if (!code)
        code = cp_serve(&options, &err);
    cp_credentials_clear(&options.credentials);
    return code ? cp_cli_fail(cli, &err) : CP_STATUS_OK;
}

static enum cp_status run_local(struct cp_cli *cli)
{
    if (strcmp(cli->words.word[0], "serve") == 0)
        return serve(cli);
    struct cp_error err;
    (void)cp_fail(&err, CP_EINVAL, "unknown action '%s'; did you mean 'local serve'?",
                  cli->words.word[0]);
    return cp_cli_fail(cli, &err);
}

const struct cp_command cp_command_local = {
    .name = "local",
    .arguments = "serve FOLDER...",
    .summary = "serve function folders through the Lambda API on this machine",
    .detail =
        "A folder holds an executable 'bootstrap' (custom runtime) or a 'function.ini' (handler,\n"
        "runtime python3 or nodejs, timeout, memory, [environment]). Execution environments are\n"
        "real processes with the CPU share and memory limit of their memory size, by cgroup.\n"
        "Requests must be signed (SigV4) with AWS_ACCESS_KEY_ID / AWS_SECRET_ACCESS_KEY.\n",
    .examples = "  coldprof local serve probes/functions/hello-c --port 9001\n",
    .bit = CP_IN_LOCAL,
    .min_words = 1,
    .max_words = CP_FOLDERS_MAX,
    .run = run_local,
};
