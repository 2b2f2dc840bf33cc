/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/base/units.h"
#include "probes/os/file.h"
#include "profiler/cli/progress.h"
#include "profiler/cli/render.h"
#include "profiler/cli/stop.h"
#include "profiler/cli/target.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAYLOAD_MAX = 6 * 1024 * 1024 };

/* All that one sweep holds; everything is freed by session_end. */
struct session {
    struct cp_cli *cli;
    struct cp_local_service *service; /* NULL when somebody else's endpoint is used */
    struct cp_local_service_facts facts;
    struct cp_lambda *lambda;
    struct cp_store *store;
    struct cp_buf payload;
    struct cp_progress progress;
    struct cp_run run;
    struct cp_run resumed; /* facts of the run to continue; its id is "" otherwise */
    struct cp_error err;
};

static void log_line(void *context, const char *line)
{
    struct session *s = context;
    cp_progress_end(&s->progress);
    (void)fprintf(stderr, "%s\n", line);
}

/* Cut at the end when it does not fit: these texts are for people. */
static void set_text(char *to, size_t size, const char *text)
{
    size_t n = text ? strnlen(text, size - 1) : 0;
    if (n)
        memcpy(to, text, n);
    to[n] = '\0';
}

/* --payload JSON or @FILE */
static enum cp_code read_payload(struct session *s)
{
    const char *text = s->cli->options.payload;
    cp_buf_init(&s->payload, PAYLOAD_MAX);
    if (text[0] == '@')
        return cp_file_read(text + 1, &s->payload, &s->err);
    (void)cp_buf_adds(&s->payload, text);
    return cp_buf_check(&s->payload, "--payload", &s->err);
}

static enum cp_code open_store(struct session *s)
{
    char path[PATH_MAX];
    if (!cp_cli_store_path(s->cli, path, sizeof path))
        return cp_fail(&s->err, CP_EINVAL,
                       "no place for the history: set HOME or give --store FILE");
    return cp_store_open(path, CP_STORE_SWEEP, &s->store, &s->err);
}

/* TARGET is a folder: the embedded service as our child. */
static enum cp_code start_here(struct session *s, const char *folder)
{
    const struct cp_options *o = &s->cli->options;
    const struct cp_local_service_options options = {
        .program = s->cli->program,
        .folder = folder,
        .region = o->region,
        .idle_lifetime = o->idle_lifetime,
        .throttle_init = o->throttle_init,
        .no_cpu_share = o->no_cpu_share,
        .seed = o->seed,
    };
    if (o->endpoint_url)
        return cp_fail(&s->err, CP_EINVAL,
                       "--endpoint-url goes with a function name; '%s' is a folder and gets a "
                       "service of its own",
                       folder);
    return cp_local_service_start(&options, &s->service, &s->facts, &s->err);
}

/* TARGET is a name: a service that already runs on this machine. Production functions are not
 * touched: changing memory sizes in place needs safeguards that this version does not have. */
static enum cp_code use_endpoint(struct session *s, const char *function)
{
    const struct cp_cli *cli = s->cli;
    const char *url = cli->options.endpoint_url;
    const char *region =
        cli->options.region ? cli->options.region : cli->get(cli->get_context, "AWS_REGION");
    if (!url)
        return cp_fail(&s->err, CP_EUNSUPPORTED,
                       "'%s' is a function name and this version sweeps on this machine only: give "
                       "its folder (./%s), or --endpoint-url of a running 'coldprof local serve'",
                       function, function);
    if (!cp_target_is_loopback_url(url))
        return cp_fail(&s->err, CP_EUNSUPPORTED,
                       "'%s' is not on this machine; this version sweeps loopback endpoints only",
                       url);
    set_text(s->facts.endpoint, sizeof s->facts.endpoint, url);
    set_text(s->facts.region, sizeof s->facts.region, region ? region : "us-east-1");
    set_text(s->facts.function, sizeof s->facts.function, function);
    return cp_credentials_from_env(cli->get, cli->get_context, &s->facts.credentials, &s->err);
}

static enum cp_code connect_client(struct session *s)
{
    const struct cp_lambda_options options = {
        .region = s->facts.region,
        .endpoint_url = s->facts.endpoint,
        .credentials = s->facts.credentials,
        .on_log = s->cli->options.is_verbose ? log_line : NULL,
        .log_context = s,
    };
    return cp_lambda_new(&options, &s->lambda, &s->err);
}

static void fill_run(struct session *s, const char *target)
{
    const struct cp_options *o = &s->cli->options;
    s->run = cp_run_empty();
    set_text(s->run.function, sizeof s->run.function, s->facts.function);
    set_text(s->run.target, sizeof s->run.target, target);
    set_text(s->run.place, sizeof s->run.place, "local server");
    s->run.is_local = true;
    set_text(s->run.region, sizeof s->run.region, s->facts.region);
    set_text(s->run.coldprof_version, sizeof s->run.coldprof_version, COLDPROF_VERSION);
    set_text(s->run.command, sizeof s->run.command, s->cli->command_line);
    set_text(s->run.host, sizeof s->run.host, s->facts.host);
    set_text(s->run.idle_law, sizeof s->run.idle_law, s->facts.idle_lifetime);
    s->run.is_init_throttled = o->throttle_init;
    s->run.seed = o->seed;
    s->run.budget_q = o->budget.q;
    s->run.budget_ms = o->budget.ms;
    s->run.traffic_per_s = o->traffic_per_s;
    s->run.precision_p50 = o->precision.p50;
    s->run.precision_p95 = o->precision.p95;
}

static struct cp_sweep_options plan_of(const struct session *s)
{
    const struct cp_options *o = &s->cli->options;
    struct cp_sweep_options plan = {
        .function = s->facts.function,
        .n_memory = o->memory.n,
        .max_cold = o->max_cold,
        .max_warm = o->max_warm,
        .n_idle = o->idle.n,
        .idle_probes = o->idle_probes,
        .precision_p50 = o->precision.p50,
        .precision_p95 = o->precision.p95,
        .max_invocations = o->max_invocations,
        .parallel_cold = o->parallel_cold,
        .payload = cp_buf_view(&s->payload),
        .seed = o->seed,
    };
    memcpy(plan.memory_mb, o->memory.mb, sizeof plan.memory_mb);
    memcpy(plan.idle_ms, o->idle.ms, sizeof plan.idle_ms);
    return plan;
}

static void session_end(struct session *s)
{
    cp_lambda_free(s->lambda);
    cp_local_service_stop(s->service);
    cp_store_close(s->store);
    cp_credentials_clear(&s->facts.credentials);
    cp_buf_clear(&s->payload);
}

static enum cp_code prepare(struct session *s, const char *target)
{
    bool is_path = false;
    enum cp_code code = cp_target_read(target, &is_path, &s->err);
    if (!code)
        code = read_payload(s);
    if (!code)
        code = open_store(s);
    if (!code)
        code = is_path ? start_here(s, target) : use_endpoint(s, target);
    if (!code)
        code = connect_client(s);
    return code;
}

/* A resumed run goes on in the world it was started in: same target, same lifetimes. */
static enum cp_code read_resumed(struct session *s, const char *run_id)
{
    struct cp_run_data data = {.run = cp_run_empty()};
    struct cp_options *o = &s->cli->options;
    enum cp_code code = open_store(s);
    if (!code)
        code = cp_store_load(s->store, run_id, &data, &s->err);
    if (!code) {
        s->resumed = data.run;
        o->seed = data.run.seed;
        o->throttle_init = data.run.is_init_throttled;
        if (s->resumed.idle_law[0])
            o->idle_lifetime = s->resumed.idle_law;
    }
    cp_run_data_clear(&data);
    cp_store_close(s->store);
    s->store = NULL;
    return code;
}

static int heed_stop_requests(void *context)
{
    int requests = cp_stop_requests(NULL);
    cp_progress_stop(context, requests);
    return requests;
}

static enum cp_code measure(struct session *s, const char *target)
{
    const char *resume = s->cli->options.resume;
    const struct cp_sweep_options plan = plan_of(s);
    const struct cp_sweep_hooks hooks = {
        .context = &s->progress,
        .on_plan = cp_progress_plan,
        .on_progress = cp_progress_show,
        .on_warning = cp_progress_warn,
        .stop_requests = heed_stop_requests,
    };
    fill_run(s, target);
    (void)snprintf(s->progress.heading, sizeof s->progress.heading, "%s on the %s (%s), no cost",
                   s->facts.function, s->run.place, s->facts.endpoint);
    enum cp_code code = resume
                            ? cp_sweep_resume(s->lambda, s->store, resume, &hooks, &s->run, &s->err)
                            : cp_sweep_run(s->lambda, s->store, &plan, &hooks, &s->run, &s->err);
    cp_progress_end(&s->progress);
    return code;
}

static enum cp_status run_sweep(struct cp_cli *cli)
{
    struct session s = {.cli = cli};
    const char *resume = cli->options.resume;
    cp_progress_init(&s.progress, cli->err, cli->options.is_quiet);
    cp_stop_watch();
    enum cp_code code = CP_OK;
    if (resume)
        code = read_resumed(&s, resume);
    else if (!cli->words.n)
        code = cp_fail(&s.err, CP_EINVAL,
                       "no function; give its folder, e.g. coldprof sweep ./my-function");
    const char *target = cli->words.n ? cli->words.word[0] : s.resumed.target;
    if (!code)
        code = prepare(&s, target);
    if (!code)
        code = measure(&s, target);
    enum cp_status status = CP_STATUS_OK;
    if (code == CP_EINTERRUPTED) {
        (void)fprintf(stderr,
                      "interrupted; everything measured is kept\nresume: coldprof sweep --resume "
                      "%s\n",
                      s.run.id);
        status = CP_STATUS_INTERRUPTED;
    } else if (code) {
        status = cp_cli_fail(cli, &s.err);
    } else {
        status = cp_render_run(cli, s.store, s.run.id);
    }
    session_end(&s);
    return status;
}

const struct cp_command cp_command_sweep = {
    .name = "sweep",
    .arguments = "FOLDER|FUNCTION",
    .summary = "measure a function across memory sizes and idle intervals, and decide",
    .detail =
        "A FOLDER (a path with a '/') runs here in the embedded Lambda service: no account, no\n"
        "cost. Cold starts are forced by fresh execution environments, warm ones follow at once,\n"
        "and idle environments are probed after each interval; all from the REPORT records.\n"
        "Every sample is kept; Ctrl-C saves, undoes and prints how to resume.\n",
    .examples = "  coldprof sweep probes/functions/hello-python --budget p99=200ms --traffic 5/s\n"
                "  coldprof sweep ./my-function --memory 256,512,1024 --cold 60 --idle none\n"
                "  coldprof sweep --resume 7f3a\n",
    .bit = CP_IN_SWEEP,
    .max_words = 1,
    .run = run_sweep,
};
