/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/serve.h"
#include "profiler/cli/command.h"

#include <cjson/cJSON.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

/* The processes of the execution environments are forked from this one. */
static void forget_secrets(const struct cp_cli *cli)
{
    static const char *const names[] = {"COLDPROF_LOCAL_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY",
                                        "AWS_SESSION_TOKEN"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        cli->forget(names[i]);
}

static bool is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0 ||
           strcmp(address, "localhost") == 0;
}

/* --- for the one who started it by hand --- */

static const char *text_of(const cJSON *json, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));
    return text ? text : "";
}

static void describe_service(const cJSON *ready, struct cp_buf *out)
{
    const cJSON *functions = cJSON_GetObjectItemCaseSensitive(ready, "functions");
    const cJSON *function = NULL;
    const char *first = cJSON_GetStringValue(cJSON_GetArrayItem(functions, 0));
    const char *endpoint = text_of(ready, "endpoint");
    (void)cp_buf_addf(out, "listening on %s, Ctrl-C ends it; functions:", endpoint);
    cJSON_ArrayForEach(function, functions)(void)
        cp_buf_addf(out, " %s", cJSON_GetStringValue(function));
    if (!first) {
        (void)cp_buf_addf(out,
                          " none yet\ncreate: aws lambda create-function --endpoint-url %s "
                          "--region %s --function-name NAME \\\n"
                          "          --runtime python3 --handler FILE.FUNCTION --role "
                          "arn:aws:iam::000000000000:role/any \\\n"
                          "          --zip-file fileb://CODE.zip\n",
                          endpoint, text_of(ready, "region"));
        return;
    }
    (void)cp_buf_addf(out,
                      "\ninvoke: aws lambda invoke --endpoint-url %s --region %s \\\n"
                      "          --function-name %s /dev/stdout\n"
                      "sweep:  coldprof sweep %s --endpoint-url %s\n",
                      endpoint, text_of(ready, "region"), first, first, endpoint);
}

/* Reads the ready line to its end and prints what it means. Nothing when there is none: then the
 * service failed and says so itself. */
static void announce(int fd)
{
    char bytes[4096];
    ssize_t n = 0;
    struct cp_buf line;
    struct cp_buf text;
    cp_buf_init(&line, 1 << 20);
    cp_buf_init(&text, 1 << 20);
    while ((n = read(fd, bytes, sizeof bytes)) > 0)
        (void)cp_buf_add(&line, bytes, (size_t)n);
    cJSON *ready = cJSON_ParseWithLength(cp_buf_str(&line), line.n);
    if (text_of(ready, "endpoint")[0]) {
        describe_service(ready, &text);
        (void)fputs(cp_buf_str(&text), stderr);
    }
    cJSON_Delete(ready);
    cp_buf_clear(&text);
    cp_buf_clear(&line);
}

/* A child that waits for the ready line, because the service keeps this process until its end (and
 * reaps the child). Returns the descriptor for the line; -1: nothing will be said. */
static int start_announcer(void)
{
    int ends[2] = {-1, -1};
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        (void)close(ends[1]);
        announce(ends[0]);
        (void)fflush(stderr);
        _exit(0);
    }
    (void)close(ends[0]);
    if (pid > 0)
        return ends[1];
    (void)close(ends[1]);
    return -1;
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
        .account_id = o->account_id,
        .account_concurrency = o->account_concurrency,
        .update_delay_ms = o->update_delay_ms,
        .control_rate = o->control_rate,
        .seed = o->seed,
        .tmp_dir = cli->get(cli->get_context, "TMPDIR"),
        .log_file = o->log_file,
        .parent_pid = o->parent_pid,
        .is_quiet = o->is_quiet,
    };
    enum cp_code code = CP_OK;
    if (!is_loopback(o->listen) && !o->runs_code_known)
        code = cp_fail(&err, CP_EINVAL,
                       "'%s' can be reached by others, who could then run code here; add "
                       "--i-know-this-runs-code if that is wanted",
                       o->listen);
    if (!code)
        code = read_credentials(cli, &options.credentials, &err);
    forget_secrets(cli);
    if (!code && o->ready_fd < 0 && !o->is_quiet)
        options.ready_fd = start_announcer();
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
    .arguments = "serve [[NAME=]FOLDER...]",
    .summary = "serve function folders through the Lambda API on this machine",
    .detail =
        "Functions are folders, or come later as zip archives (CreateFunction). A folder holds an "
        "executable 'bootstrap' (custom runtime) or a 'function.ini' (handler, "
        "runtime python3 or nodejs, timeout, memory, [environment]); its function is called NAME, "
        "or as function.ini says, or as the folder. Execution environments are "
        "real processes with the CPU share and memory limit of their memory size, by cgroup. "
        "Requests must be signed (SigV4) with AWS_ACCESS_KEY_ID / AWS_SECRET_ACCESS_KEY.",
    .examples = "  coldprof local serve probes/functions/hello-c --port 9001\n",
    .bit = CP_IN_LOCAL,
    .min_words = 1,
    .max_words = CP_FOLDERS_MAX,
    .run = run_local,
};
