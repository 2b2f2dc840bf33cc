/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/price.h"
#include "probes/local/serve.h"
#include "probes/os/file.h"
#include "profiler/cli/confirm.h"
#include "profiler/cli/connection.h"
#include "profiler/cli/demand.h"
#include "profiler/cli/prices.h"
#include "profiler/cli/progress.h"
#include "profiler/cli/render.h"
#include "profiler/cli/stop.h"
#include "profiler/cli/suggest.h"
#include "profiler/cli/target.h"
#include "profiler/sweep/rehearsal.h"
#include "profiler/sweep/settings.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PAYLOAD_MAX = 6 * 1024 * 1024, REHEARSAL_MAX = 64 * 1024 * 1024 };

/* All that one sweep holds; everything is freed by session_end. */
struct session {
    struct cp_cli *cli;
    struct cp_local_service *service; /* of a FOLDER; NULL otherwise */
    struct cp_local_service_facts facts;
    struct cp_connection connection; /* of a FUNCTION */
    bool is_folder;
    const char *endpoint, *region, *function; /* of the one or the other */
    struct cp_lambda *lambda;
    struct cp_store *store;
    struct cp_buf payload;
    struct cp_progress progress;
    struct cp_cli_prices prices; /* of the quote and the limit: list prices */
    struct cp_run run;
    struct cp_demand *demand; /* NULL: none is asked about */
    struct cp_run resumed;    /* facts of the run to continue; its id is "" otherwise */
    uint64_t service_seed;
    char journals[PATH_MAX]; /* folder of the undo journals */
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
    if (text[0] == '@' && !cp_file_read(text + 1, &s->payload, &s->err))
        return CP_OK;
    if (text[0] == '@')
        return cp_fail_context(&s->err, "--payload");
    (void)cp_buf_adds(&s->payload, text);
    return cp_buf_check(&s->payload, "--payload", &s->err);
}

/* Before the client is made nothing has been changed, and the first stop request ends the signing
 * in. Later keys are renewed for the undo, too, which only the second one gives up. */
static bool wants_no_keys(void *context)
{
    const struct session *s = context;
    return cp_stop_requests(NULL) > (s->lambda ? 1 : 0);
}

/* A run goes on where it was begun, never by accident in an account. `is_signed_in`: the account is
 * known, too. */
static enum cp_code check_resumed_place(struct session *s, bool is_signed_in)
{
    const struct cp_run *run = &s->resumed;
    if (!run->id[0] || s->is_folder)
        return CP_OK;
    if (run->is_local && !s->connection.is_loopback)
        return cp_fail(&s->err, CP_EINVAL,
                       "it runs on a server on this machine: give its --endpoint-url");
    if (is_signed_in && strcmp(run->place, s->connection.place) != 0)
        return cp_fail(&s->err, CP_EINVAL, "it was begun on '%s', this is '%s'", run->place,
                       s->connection.place);
    return CP_OK;
}

/* Where the calls will go. A FOLDER's own service does not follow AWS's settings. */
static enum cp_code find_place(struct session *s, const char *target)
{
    const struct cp_cli *cli = s->cli;
    const struct cp_options *o = &cli->options;
    const struct cp_connection_options options = {
        .get = cli->get,
        .get_context = cli->get_context,
        .target = target,
        .region = o->region,
        .endpoint_url = o->endpoint_url,
        .allow_insecure = o->insecure_endpoint,
        .profile = o->profile,
        .credentials_from = o->credentials_from,
        .is_interrupted = wants_no_keys,
        .interrupt_context = s,
        .warn = cp_progress_warn,
        .warn_context = &s->progress,
    };
    s->region = o->region && o->region[0] ? o->region : "us-east-1";
    if (s->is_folder)
        return CP_OK;
    enum cp_code code = cp_connection_open(&options, &s->connection, &s->err);
    s->region = s->connection.region;
    s->endpoint = s->connection.endpoint;
    s->function = s->connection.function;
    return code ? code : check_resumed_place(s, false);
}

static enum cp_code sign_in(struct session *s)
{
    enum cp_code code = cp_cli_journal_folder(s->cli, s->journals, sizeof s->journals, &s->err);
    if (!code)
        code = cp_connection_sign_in(&s->connection, &s->err);
    return code ? code : check_resumed_place(s, true);
}

static enum cp_code check_idle(const struct cp_options *o, struct cp_error *err)
{
    struct cp_idle_law law;
    if (o->idle_probes > 0 && o->idle.n == 0 && !o->idle.is_auto)
        return cp_fail(err, CP_EINVAL,
                       "--idle none makes no probe, so --idle-probes has no use: leave one out");
    return o->idle_lifetime ? cp_idle_law_parse(o->idle_lifetime, &law, err) : CP_OK;
}

static enum cp_code find_price(void *context, const char *region, const char *architecture,
                               const struct cp_price_book **book, struct cp_error *err)
{
    struct session *s = context;
    return cp_cli_find_prices(s->cli, region, architecture, &s->prices, book, err);
}

/* The architecture comes later, from the function: one of the two must be known, and the terms. */
static enum cp_code check_prices(struct session *s)
{
    struct cp_run_data data = {.run = cp_run_empty()};
    struct cp_error other;
    set_text(data.run.region, sizeof data.run.region, s->region);
    enum cp_code code = cp_cli_price_run(s->cli, &data, &s->prices, &s->err);
    set_text(data.run.architecture, sizeof data.run.architecture, "arm64");
    return code == CP_ENOTFOUND && !cp_cli_price_run(s->cli, &data, &s->prices, &other) ? CP_OK
                                                                                        : code;
}

/* What can be known to be wrong without starting anything. */
static enum cp_code check_options(struct session *s)
{
    const struct cp_options *o = &s->cli->options;
    enum cp_code code = check_idle(o, &s->err);
    if (!code)
        code = cp_cli_demand(o, NULL, &s->demand, &s->err);
    if (!code)
        code = read_payload(s);
    if (!code && s->payload.n)
        code = cp_sweep_payload_check(cp_buf_view(&s->payload), &s->err);
    if (!code)
        code = check_prices(s);
    for (size_t i = 0; i < o->exports.n && !code; i++)
        code = cp_render_check_export(&o->exports.item[i], &s->err);
    return code;
}

/* TARGET is a folder: the embedded service as our child. */
static enum cp_code start_here(struct session *s, const char *folder)
{
    const struct cp_options *o = &s->cli->options;
    const struct cp_local_service_options options = {
        .program = s->cli->program,
        .folder = folder,
        .region = s->region,
        .idle_lifetime = o->idle_lifetime,
        .throttle_init = o->throttle_init,
        .no_cpu_share = o->no_cpu_share,
        .seed = s->service_seed,
    };
    if (o->endpoint_url)
        return cp_fail(&s->err, CP_EINVAL,
                       "--endpoint-url goes with a function name; '%s' is a folder and gets a "
                       "service of its own",
                       folder);
    enum cp_code code = cp_local_service_start(&options, &s->service, &s->facts, &s->err);
    s->region = s->facts.region;
    s->endpoint = s->facts.endpoint;
    s->function = s->facts.function;
    return code;
}

/* In an account the second stop request gives up the undo, too: the journal keeps it. */
static bool wants_out(void *context)
{
    const struct session *s = context;
    return !s->is_folder && cp_stop_requests(NULL) > 1;
}

static enum cp_code connect_client(struct session *s)
{
    const struct cp_client_options options = {
        .region = s->region,
        .endpoint_url = s->is_folder ? s->endpoint : s->connection.endpoint_url,
        .credentials = s->facts.credentials,
        .credential_source = s->is_folder ? NULL : &s->connection.source,
        .ca_bundle = s->connection.ca_bundle,
        .allow_insecure_endpoint = s->cli->options.insecure_endpoint,
        .on_log = s->cli->options.is_verbose ? log_line : NULL,
        .log_context = s,
        .is_interrupted = wants_out,
        .interrupt_context = s,
    };
    return cp_lambda_new(&options, &s->lambda, &s->err);
}

static void fill_run(struct session *s, const char *target)
{
    const struct cp_options *o = &s->cli->options;
    s->run = cp_run_empty();
    set_text(s->run.function, sizeof s->run.function, s->function);
    set_text(s->run.target, sizeof s->run.target, target);
    set_text(s->run.place, sizeof s->run.place,
             s->is_folder ? "local server" : s->connection.place);
    s->run.is_local = s->is_folder || s->connection.is_loopback;
    set_text(s->run.region, sizeof s->run.region, s->region);
    set_text(s->run.coldprof_version, sizeof s->run.coldprof_version, COLDPROF_VERSION);
    set_text(s->run.command, sizeof s->run.command, s->cli->command_line);
    set_text(s->run.host, sizeof s->run.host, s->facts.host);
    set_text(s->run.idle_law, sizeof s->run.idle_law, s->facts.idle_lifetime);
    s->run.is_init_throttled = o->throttle_init;
    s->run.seed = o->seed;
    s->run.budget_q = o->budget.q;
    s->run.budget_ms = o->budget.ms;
    cp_cli_put_class(o, &s->run);
    s->run.traffic_per_s = cp_demand_per_s(s->demand);
    s->run.precision_p50 = o->precision.p50;
    s->run.precision_p95 = o->precision.p95;
    s->run.max_cost_usd = o->max_cost_usd;
}

/* A folder's function is there for this sweep only; of any other a copy is made, or versions. A
 * resumed sweep goes on as it began. */
static enum cp_sweep_method method_of(const struct session *s)
{
    if (s->resumed.id[0])
        return cp_sweep_method_of(s->resumed.method);
    if (s->is_folder)
        return CP_METHOD_OWN;
    return s->cli->options.in_place ? CP_METHOD_IN_PLACE : CP_METHOD_SHADOW;
}

static struct cp_sweep_place place_of(const struct session *s)
{
    const struct cp_options *o = &s->cli->options;
    return (struct cp_sweep_place){
        .method = method_of(s),
        .journal_folder = s->journals,
        .region = s->region,
        .endpoint_url = s->is_folder ? s->endpoint : s->connection.endpoint_url,
        .is_production_known = o->yes_production,
    };
}

static struct cp_sweep_options plan_of(const struct session *s)
{
    const struct cp_options *o = &s->cli->options;
    struct cp_sweep_options plan = {
        .function = s->function,
        .n_memory = o->memory.n,
        .max_cold = o->max_cold,
        .max_warm = o->max_warm,
        .n_idle = o->idle.n,
        .is_idle_search = o->idle.is_auto,
        .idle_longest_ms = o->idle_max_ms,
        .idle_probes = o->idle_probes,
        .precision_p50 = o->precision.p50,
        .precision_p95 = o->precision.p95,
        .max_invocations = o->max_invocations,
        .parallel_cold = o->parallel_cold,
        .payload = cp_buf_view(&s->payload),
        .seed = o->seed,
        .demand = s->demand,
        .place = place_of(s),
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
    cp_connection_close(&s->connection);
    cp_buf_clear(&s->payload);
    cp_demand_free(s->demand);
}

static enum cp_code prepare(struct session *s, const char *target)
{
    enum cp_code code = cp_target_read(target, &s->is_folder, &s->err);
    if (!code)
        code = find_place(s, target);
    if (!code)
        code = check_options(s);
    if (!code && !s->cli->options.is_dry_run)
        code = cp_cli_open_store(s->cli, CP_STORE_SWEEP, &s->store, &s->err);
    if (!code)
        code = s->is_folder ? start_here(s, target) : sign_in(s);
    if (code && s->resumed.id[0])
        return cp_fail_context(&s->err, "cannot resume run '%s' of '%s'", s->resumed.id, target);
    return code ? code : connect_client(s);
}

/* A resumed run goes on in the world it was started in: same target, lifetimes and CPU shares. */
static void adopt_world(struct session *s, const struct cp_run *run, size_t n_samples_sent)
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

static enum cp_code read_resumed(struct session *s, const char *run_id)
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

static int heed_stop_requests(void *context)
{
    int requests = cp_stop_requests(NULL);
    cp_progress_stop(context, requests);
    return requests;
}

/* Names the nearest function of the endpoint; the suggestion keeps its own copy. */
struct nearest {
    struct cp_suggest suggest;
    char names[64][72];
    size_t n;
};

static bool consider_function(void *context, const struct cp_function_config *function)
{
    struct nearest *near = context;
    if (near->n == sizeof near->names / sizeof near->names[0])
        return false;
    char *name = near->names[near->n++];
    set_text(name, sizeof near->names[0], function->name);
    cp_suggest_consider(&near->suggest, name);
    return true;
}

static enum cp_code fail_unknown_function(struct session *s)
{
    struct nearest near = {.n = 0};
    struct cp_error ignored;
    cp_suggest_init(&near.suggest, cp_view_of(s->function));
    (void)cp_lambda_list_functions(s->lambda, consider_function, &near, &ignored);
    const char *best = cp_suggest_best(&near.suggest);
    if (best)
        return cp_fail(&s->err, CP_ENOTFOUND, "%s has no function '%s'; did you mean '%s'?",
                       s->endpoint, s->function, best);
    return cp_fail(&s->err, CP_ENOTFOUND, "%s has no function '%s'%s", s->endpoint, s->function,
                   s->run.is_local ? "; it told its functions when it started"
                                   : "; check the name, --region and --profile");
}

static struct cp_confirm confirm_of(const struct session *s)
{
    return (struct cp_confirm){
        .is_yes = s->cli->options.is_yes,
        .is_quiet = s->cli->options.is_quiet,
        .can_ask = isatty(STDIN_FILENO) == 1 && s->cli->err.is_tty,
        .width = s->cli->err.width,
        .input = STDIN_FILENO,
        .output = STDERR_FILENO,
        .stop_requests = cp_stop_requests,
    };
}

static enum cp_status rehearse(struct session *s)
{
    const struct cp_sweep_options plan = plan_of(s);
    struct cp_buf out;
    cp_buf_init(&out, REHEARSAL_MAX);
    enum cp_code code = cp_sweep_rehearse(s->lambda, &plan, &out, &s->err);
    enum cp_status status = code ? cp_cli_fail(s->cli, &s->err) : cp_cli_print(&out);
    cp_buf_clear(&out);
    return status;
}

static enum cp_code measure(struct session *s, const char *target)
{
    struct cp_confirm confirm = confirm_of(s);
    const char *resume = s->cli->options.resume;
    const struct cp_sweep_options plan = plan_of(s);
    const struct cp_sweep_hooks hooks = {
        .context = &s->progress,
        .confirm = cp_confirm_sweep,
        .confirm_context = &confirm,
        .find_price = find_price,
        .price_context = s,
        .on_plan = cp_progress_plan,
        .on_progress = cp_progress_show,
        .on_warning = cp_progress_warn,
        .stop_requests = heed_stop_requests,
    };
    fill_run(s, target);
    s->progress.is_in_account = !s->is_folder;
    (void)snprintf(s->progress.heading, sizeof s->progress.heading, "%s on the %s (%s)%s%s",
                   s->function, s->run.place, s->endpoint, s->is_folder ? "" : ", ",
                   s->is_folder ? "" : cp_sweep_method_name(method_of(s)));
    enum cp_code code =
        resume ? cp_sweep_resume(s->lambda, s->store, resume, &plan.place, &hooks, &s->run, &s->err)
               : cp_sweep_run(s->lambda, s->store, &plan, &hooks, &s->run, &s->err);
    cp_progress_end(&s->progress);
    if (code && code != CP_EINTERRUPTED)
        cp_local_service_explain(s->service, &s->err);
    /* no run yet: the first call, which reads the function's configuration, failed */
    return code == CP_ENOTFOUND && !s->run.id[0] ? fail_unknown_function(s) : code;
}

static void add_word(struct cp_buf *line, const char *option, const char *value)
{
    if (value)
        (void)cp_buf_addf(line, strpbrk(value, " \t\"'$\\") ? " %s '%s'" : " %s %s", option, value);
}

/* Complete: it can be pasted. */
static void print_resume_line(const struct session *s, const char *why)
{
    const struct cp_options *o = &s->cli->options;
    struct cp_buf line;
    cp_buf_init(&line, PATH_MAX * 4);
    (void)cp_buf_addf(&line, "resume: coldprof sweep --resume %s", s->run.id);
    add_word(&line, "--store", o->store);
    add_word(&line, "--endpoint-url", o->endpoint_url);
    if (o->insecure_endpoint)
        (void)cp_buf_adds(&line, " --insecure-endpoint");
    add_word(&line, "--profile", o->profile);
    add_word(&line, "--credentials-from", o->credentials_from);
    (void)fprintf(stderr, "%severything measured is kept\n%s\n", why, cp_buf_str(&line));
    cp_buf_clear(&line);
}

static enum cp_status run_sweep(struct cp_cli *cli)
{
    struct session s = {.cli = cli, .service_seed = cli->options.seed};
    const char *resume = cli->options.resume;
    cp_progress_init(&s.progress, cli->err, cli->options.is_quiet);
    cp_stop_watch();
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
        code = prepare(&s, target);
    if (!code && cli->options.is_dry_run) {
        enum cp_status shown = rehearse(&s);
        session_end(&s);
        return shown;
    }
    if (!code)
        code = measure(&s, target);
    enum cp_status status = CP_STATUS_OK;
    bool can_resume = code && s.progress.is_planned;
    if (can_resume && code == CP_EINTERRUPTED)
        status = CP_STATUS_INTERRUPTED;
    else if (code)
        status = cp_cli_fail(cli, &s.err);
    else
        status = cp_render_run(cli, s.store, s.run.id);
    if (can_resume)
        print_resume_line(&s, code == CP_EINTERRUPTED ? "interrupted; " : "");
    session_end(&s);
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
