/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/render.h"
#include "profiler/cli/session.h"

#include <string.h>

/* A resumed run goes on in the world it was started in: same target, lifetimes and CPU shares. */
static void adopt_world(struct cp_session *s, const struct cp_run *run, size_t n_samples_sent)
{
    struct cp_options *o = &s->cli->options;
    s->resumed = *run;
    o->seed = run->seed;
    /* else it would draw the lifetimes and request ids of the first session once more */
    s->service_seed = run->seed + 1 + n_samples_sent;
    o->throttle_init = run->is_init_throttled;
    o->no_cpu_share = strstr(run->host, "cgroup none") != NULL;
    o->region = s->resumed.region;
    if (run->idle_law[0])
        o->idle_lifetime = s->resumed.idle_law;
}

static size_t count_sent(const struct cp_run_data *data)
{
    size_t n = 0;
    for (size_t i = 0; i < data->n_samples; i++)
        n += data->samples[i].outcome != CP_OUTCOME_NOT_SENT;
    return n;
}

static enum cp_code read_resumed(struct cp_session *s, const char *run_id)
{
    struct cp_run_data data = {.run = cp_run_empty()};
    const char *fixed = s->cli->options.plan_option;
    if (fixed)
        return cp_fail(&s->err, CP_EINVAL,
                       "--%s belongs to a new sweep: --resume goes on with the plan of run '%s'",
                       fixed, run_id);
    enum cp_code code = cp_cli_open_store(s->cli, CP_STORE_SWEEP, &s->store, &s->err);
    if (!code)
        code = cp_store_load(s->store, run_id, &data, &s->err);
    if (!code && !data.run.is_interrupted && data.run.ended_at_ms >= 0)
        code = cp_fail(&s->err, CP_EINVAL,
                       "run '%s' is complete, there is nothing to resume; see 'coldprof report %s'",
                       data.run.id, data.run.id);
    if (!code)
        adopt_world(s, &data.run, count_sent(&data));
    cp_run_data_clear(&data);
    cp_store_close(s->store);
    s->store = NULL;
    return code;
}

static enum cp_status run_sweep(struct cp_cli *cli)
{
    struct cp_session s;
    const char *resume = cli->options.resume;
    cp_session_begin(&s, cli);
    enum cp_code code = CP_OK;
    if (resume && cli->options.is_dry_run)
        code = cp_fail(&s.err, CP_EINVAL, "--dry-run belongs to a new sweep, not to --resume");
    else if (resume)
        code = read_resumed(&s, resume);
    else if (!cli->words.n)
        code = cp_fail(&s.err, CP_EINVAL,
                       "no function; give its folder or name, e.g. coldprof sweep ./my-function");
    const char *target = cli->words.n ? cli->words.word[0] : s.resumed.target;
    if (!code)
        code = cp_session_prepare(&s, target);
    if (!code && cli->options.is_dry_run) {
        enum cp_status shown = cp_session_rehearse(&s);
        cp_session_end(&s);
        return shown;
    }
    if (!code)
        code = cp_session_measure(&s);
    enum cp_status status =
        code ? cp_session_fail(&s, code) : cp_render_run(cli, s.store, s.run.id);
    cp_session_end(&s);
    return status;
}

const struct cp_command cp_command_sweep = {
    .name = "sweep",
    .arguments = "FOLDER|FUNCTION",
    .summary = "measure a function across memory sizes and idle intervals, and decide",
    .detail =
        "A FOLDER (a path with a '/') runs here in the embedded Lambda service: no account, no "
        "cost. A FUNCTION (a name or an ARN) is on AWS, reached with the settings and credentials "
        "of the AWS tools, or of a service that runs already, with --endpoint-url. It is only "
        "read: a copy of it, a shadow function, is swept and deleted (own name, empty code cache, "
        "own log group, which Lambda keeps: delete /aws/lambda/NAME-coldprof-RUN when you have "
        "read it); --in-place publishes versions of FUNCTION itself. "
        "Cold starts are forced by fresh execution environments, warm ones follow at once, and "
        "idle environments are probed after intervals that find how long they are kept; all from "
        "the REPORT records. Every sample is kept; Ctrl-C saves, undoes and prints how to resume.",
    .examples = "  coldprof sweep probes/functions/hello-python --budget p99=200ms --traffic 5/s\n"
                "  coldprof sweep ./my-function --memory 256,512,1024 --cold 60 --idle none\n"
                "  coldprof sweep checkout --idle-max 1h --profile staging --region eu-central-1\n"
                "  coldprof sweep --resume 7f3a\n",
    .bit = CP_IN_SWEEP,
    .max_words = 1,
    .run = run_sweep,
};
