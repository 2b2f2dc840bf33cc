/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/session.h"

#include "probes/local/serve.h"
#include "probes/os/clock.h"
#include "probes/os/file.h"
#include "profiler/cli/demand.h"
#include "profiler/cli/render.h"
#include "profiler/cli/stop.h"
#include "profiler/cli/target.h"
#include "profiler/sweep/settings.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { PAYLOAD_MAX = 6 * 1024 * 1024, BUSY_STEP_MS = 200 };

void cp_session_begin(struct cp_session *s, struct cp_cli *cli)
{
    *s = (struct cp_session){.cli = cli, .service_seed = cli->options.seed};
    cp_progress_init(&s->progress, cli->err, cli->options.is_quiet);
    cp_stop_watch();
}

static void log_line(void *context, const char *line)
{
    struct cp_session *s = context;
    cp_progress_end(&s->progress);
    (void)fprintf(stderr, "%s\n", line);
}

/* --payload JSON or @FILE */
static enum cp_code read_payload(struct cp_session *s)
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
    const struct cp_session *s = context;
    return cp_stop_requests(NULL) > (s->lambda ? 1 : 0);
}

/* A run goes on where it was begun, never by accident in an account. `is_signed_in`: the account is
 * known, too. */
static enum cp_code check_resumed_place(struct cp_session *s, bool is_signed_in)
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
static enum cp_code find_place(struct cp_session *s, const char *target)
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

static enum cp_code sign_in(struct cp_session *s)
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

/* The architecture comes later, from the function: one of the two must be known, and the terms. */
static enum cp_code check_prices(struct cp_session *s)
{
    struct cp_run_data data = {.run = cp_run_empty()};
    struct cp_error other;
    (void)snprintf(data.run.region, sizeof data.run.region, "%s", s->region);
    enum cp_code code = cp_cli_price_run(s->cli, &data, &s->prices, &s->err);
    (void)snprintf(data.run.architecture, sizeof data.run.architecture, "arm64");
    return code == CP_ENOTFOUND && !cp_cli_price_run(s->cli, &data, &s->prices, &other) ? CP_OK
                                                                                        : code;
}

/* What can be known to be wrong without starting anything. */
static enum cp_code check_options(struct cp_session *s)
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
static enum cp_code start_here(struct cp_session *s, const char *folder)
{
    const struct cp_options *o = &s->cli->options;
    const struct cp_local_service_options options = {
        .program = s->cli->program,
        .folder = folder,
        .second = s->second,
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
    const struct cp_session *s = context;
    return !s->is_folder && cp_stop_requests(NULL) > 1;
}

static enum cp_code connect_client(struct cp_session *s)
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

void cp_session_end(struct cp_session *s)
{
    cp_lambda_free(s->lambda);
    cp_local_service_stop(s->service);
    cp_store_close(s->store);
    cp_credentials_clear(&s->facts.credentials);
    cp_connection_close(&s->connection);
    cp_buf_clear(&s->payload);
    cp_demand_free(s->demand);
}

/* --wait: who measures into the same store, e.g. a night of another function, comes first. */
static enum cp_code open_store(struct cp_session *s)
{
    double wait_ms = s->cli->options.wait_ms;
    double until_ms = cp_clock_mono_ms() + wait_ms;
    enum cp_code code = cp_cli_open_store(s->cli, CP_STORE_SWEEP, &s->store, &s->err);
    if (code == CP_EBUSY && wait_ms > 0 && !s->cli->options.is_quiet)
        (void)fprintf(stderr, "waiting for another one to end: %s\n", s->err.text);
    while (code == CP_EBUSY && cp_clock_mono_ms() < until_ms && cp_stop_requests(NULL) == 0) {
        (void)poll(NULL, 0, BUSY_STEP_MS);
        code = cp_cli_open_store(s->cli, CP_STORE_SWEEP, &s->store, &s->err);
    }
    return code;
}

enum cp_code cp_session_prepare(struct cp_session *s, const char *target)
{
    s->target = target;
    enum cp_code code = cp_target_read(target, &s->is_folder, &s->err);
    if (!code)
        code = find_place(s, target);
    if (!code)
        code = check_options(s);
    if (!code && !s->cli->options.is_dry_run)
        code = open_store(s);
    if (!code)
        code = s->is_folder ? start_here(s, target) : sign_in(s);
    if (code && s->resumed.id[0])
        return cp_fail_context(&s->err, "cannot resume run '%s' of '%s'", s->resumed.id, target);
    return code ? code : connect_client(s);
}
