/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/sweep/probe_endpoint.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probes/aws/endpoint.h"
#include "profiler/sweep/classify.h"
#include "profiler/sweep/sweep_quote.h"

enum {
    /* A function whose configuration cannot be read: the longest that is waited for its answer. */
    UNKNOWN_TIMEOUT_S = 300,
    POLL_MS = 50,
    INIT_LOOK_MIN = 2,
};

static const char *const mode_names[] = {
    [CP_ENDPOINT_FULL] = "full",
    [CP_ENDPOINT_TAIL] = "tail without init",
    [CP_ENDPOINT_WALL_CLOCK] = "wall clock",
};

const char *cp_endpoint_mode_name(enum cp_endpoint_mode mode)
{
    return mode_names[mode];
}

enum cp_endpoint_mode cp_endpoint_mode_by_name(const char *name)
{
    for (size_t i = 0; i < sizeof mode_names / sizeof mode_names[0]; i++) {
        if (strcmp(mode_names[i], name) == 0)
            return (enum cp_endpoint_mode)i;
    }
    return CP_ENDPOINT_FULL;
}

enum cp_endpoint_mode cp_endpoint_mode_of(const struct cp_endpoint_abilities *abilities)
{
    if (!abilities->has_request_id || !abilities->has_report)
        return CP_ENDPOINT_WALL_CLOCK;
    bool can_sweep = abilities->has_configuration && abilities->has_versions;
    return can_sweep ? CP_ENDPOINT_FULL : CP_ENDPOINT_TAIL;
}

/* --- reads --- */

/* The route is missing, not the function: no Lambda API answers like this. */
static bool is_missing_route(const struct cp_lambda *lambda)
{
    static const int statuses[] = {403, 404, 405, 501};
    const struct cp_lambda_failure *failure = cp_lambda_last_failure(lambda);
    bool is_one = false;
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        is_one |= failure->http_status == statuses[i];
    /* SAM names its own errors like this; AWS's end in Exception */
    bool is_unknown_error =
        !failure->error_code[0] || strstr(failure->error_code, "Locally") != NULL;
    return is_one && is_unknown_error && !cp_lambda_is_embedded(lambda);
}

static bool ignore_version(void *context, const struct cp_function_config *version)
{
    (void)context;
    (void)version;
    return false; /* that there is an answer is enough */
}

static enum cp_code read_versions(struct cp_runner *r, const char *function,
                                  struct cp_endpoint_abilities *abilities, struct cp_error *err)
{
    enum cp_code code = cp_lambda_list_versions(r->lambda, function, ignore_version, NULL, err);
    abilities->has_versions = !code;
    return code && is_missing_route(r->lambda) ? CP_OK : code;
}

/* What is not known stays "" or 0; memory size and timeout are what a sweep cannot do without. */
static enum cp_code make_configuration(const struct cp_sweep_options *options,
                                       struct cp_function_config *config, struct cp_error *err)
{
    *config = (struct cp_function_config){.timeout_s = UNKNOWN_TIMEOUT_S};
    if (options->n_memory != 1)
        return cp_fail(err, CP_EINVAL,
                       "the endpoint does not tell the memory size of '%s': give the one it runs "
                       "at, e.g. --memory 512",
                       options->function);
    config->memory_size_mb = options->memory_mb[0];
    (void)snprintf(config->name, sizeof config->name, "%.70s", options->function);
    return CP_OK;
}

static enum cp_code read_all(struct cp_runner *r, const struct cp_sweep_options *options,
                             struct cp_endpoint_probe *probe, struct cp_error *err)
{
    enum cp_code code = cp_lambda_get_function_configuration(r->lambda, options->function, NULL,
                                                             &probe->config, err);
    probe->abilities.has_configuration = !code;
    probe->is_needed = !cp_lambda_is_embedded(r->lambda);
    if (code && is_missing_route(r->lambda))
        return make_configuration(options, &probe->config, err);
    if (code || !probe->is_needed)
        return code;
    return read_versions(r, options->function, &probe->abilities, err);
}

/* --- invocations --- */

/* On the heap, because after an interruption its callback comes later. */
struct invocation {
    struct cp_endpoint_probe *probe; /* NULL: given up */
    struct cp_sample *sample;
    const char *function;
    struct cp_error why; /* code CP_OK: there was an answer */
    bool is_done;
};

/* Each ability is shown by one answer that has it. */
static void learn(struct cp_endpoint_abilities *a, const struct cp_invoke_result *result)
{
    struct cp_log_tail tail;
    struct cp_view id = cp_view_of(result->request_id);
    if (!id.n || !result->log_result.n)
        return;
    if (cp_log_tail_read(result->log_result, id, &tail, NULL) || !tail.has_report ||
        tail.report.verdict == CP_RECORD_REJECTED)
        return;
    a->has_report = true;
    a->has_init |= isfinite(tail.report.init_ms);
    a->has_emulator_record =
        isfinite(tail.report.memory_mb) && !(tail.report.max_memory_mb < tail.report.memory_mb);
}

static void take_answer(struct invocation *i, const struct cp_invoke_result *result)
{
    struct cp_sample *s = i->sample;
    s->http_status = result->http_status;
    s->client_ms = result->client_ms;
    s->sent_at_ms = s->scheduled_at_ms = result->sent_at_ms;
    (void)snprintf(s->request_id, sizeof s->request_id, "%s", result->request_id);
    if (result->http_status < 200 || result->http_status > 299) {
        (void)cp_fail(&i->why, CP_EREMOTE, "%d %s %s %s", result->http_status,
                      result->failure.error_code, result->failure.message, result->error.text);
        return;
    }
    i->probe->abilities.has_request_id |= result->request_id[0] != '\0';
    learn(&i->probe->abilities, result);
    s->outcome = CP_OUTCOME_MEASURED;
    (void)snprintf(s->note, sizeof s->note, "probe of the endpoint");
}

static void on_done(void *context, const struct cp_invoke_result *result)
{
    struct invocation *i = context;
    if (!i->probe) {
        free(i);
        return;
    }
    take_answer(i, result);
    i->is_done = true;
}

static bool is_stopped(const struct cp_runner *r)
{
    return r->hooks && r->hooks->stop_requests && r->hooks->stop_requests(r->hooks->context) > 0;
}

/* Frees the invocation, at once or by its callback. */
static enum cp_code wait_for(struct cp_runner *r, struct invocation *i, struct cp_error *err)
{
    enum cp_code code = CP_OK;
    while (!code && !i->is_done) {
        code = cp_lambda_poll(r->lambda, POLL_MS, NULL, err);
        if (!code && !i->is_done && is_stopped(r))
            code = cp_fail(err, CP_EINTERRUPTED,
                           "interrupted while the endpoint was probed; nothing was measured");
    }
    if (!i->is_done) {
        i->probe = NULL;
        return code;
    }
    if (!code && i->why.code)
        code = cp_fail(err, CP_EREMOTE, "cannot invoke '%s' at this endpoint: %s", i->function,
                       i->why.text);
    free(i);
    return code;
}

static enum cp_code invoke(struct cp_runner *r, const struct cp_sweep_options *options,
                           struct cp_endpoint_probe *probe, struct cp_error *err)
{
    struct cp_sample *sample = &probe->samples[probe->n_samples++];
    struct invocation *invocation = malloc(sizeof *invocation);
    if (!invocation)
        return cp_fail(err, CP_ENOMEM, "cannot probe the endpoint: out of memory");
    *invocation =
        (struct invocation){.probe = probe, .sample = sample, .function = options->function};
    const struct cp_invoke invoke = {
        .function = options->function,
        .payload = options->payload.n ? options->payload : CP_VIEW_LIT("{}"),
        .log_tail = true,
        .timeout_ms = (probe->config.timeout_s + 30) * 1000,
        .on_done = on_done,
        .context = invocation,
    };
    *sample = cp_sample_planned(CP_CELL_PRIME, probe->config.memory_size_mb);
    sample->cell = CP_PLAN_NO_CELL;
    enum cp_code code = cp_lambda_invoke_start(r->lambda, &invoke, err);
    if (!code)
        return wait_for(r, invocation, err);
    free(invocation);
    return code;
}

/* --- all --- */

static bool is_aws(const char *endpoint_url)
{
    struct cp_endpoint endpoint;
    return !endpoint_url || (!cp_endpoint_parse(endpoint_url, true, &endpoint, NULL) &&
                             cp_endpoint_is_aws(&endpoint));
}

enum cp_code cp_endpoint_probe(struct cp_runner *r, const struct cp_sweep_options *options,
                               struct cp_endpoint_probe *probe, struct cp_error *err)
{
    *probe = (struct cp_endpoint_probe){.mode = CP_ENDPOINT_FULL};
    if (options->place.method == CP_METHOD_OWN || is_aws(options->place.endpoint_url))
        return CP_OK;
    enum cp_code code = read_all(r, options, probe, err);
    /* somebody's account behind a proxy: it is quoted first, and it is AWS */
    probe->is_needed &= !cp_sweep_is_billed(probe->config.arn);
    for (int i = 0; i < CP_PROBE_INVOCATIONS && !code && probe->is_needed; i++)
        code = invoke(r, options, probe, err);
    if (!code && probe->is_needed)
        probe->mode = cp_endpoint_mode_of(&probe->abilities);
    return code;
}

void cp_endpoint_restrict(const struct cp_runner *r, const struct cp_endpoint_probe *probe,
                          struct cp_sweep_options *options)
{
    if (probe->is_needed && probe->abilities.has_emulator_record &&
        probe->mode != CP_ENDPOINT_WALL_CLOCK)
        cp_runner_warn(r, "the REPORT records look like an emulator's: their max memory used is "
                          "the memory size, so it is not taken as measured");
    if (probe->mode == CP_ENDPOINT_FULL)
        return;
    if (options->n_memory > 1)
        cp_runner_warn(r,
                       "this endpoint cannot be swept across memory sizes: '%s' is measured as "
                       "it is, at %d MB",
                       options->function, probe->config.memory_size_mb);
    if (options->max_cold > 0)
        cp_runner_warn(r, "cold starts cannot be told at this endpoint: --cold is left out");
    options->place.method = CP_METHOD_AS_IS;
    options->place.as_is = &probe->config;
    options->n_memory = 1;
    options->memory_mb[0] = probe->config.memory_size_mb;
    options->max_cold = 0;
    options->n_idle = 0;
    options->is_idle_search = false;
    options->idle_longest_ms = 0;
}

enum cp_code cp_endpoint_adopt_samples(struct cp_runner *r, const struct cp_endpoint_probe *probe,
                                       struct cp_error *err)
{
    enum cp_code code = CP_OK;
    for (size_t i = 0; i < probe->n_samples && !code; i++) {
        size_t index = 0;
        code = cp_plan_append(&r->plan, probe->samples[i], &index, err);
        r->n_sent += !code;
    }
    return code;
}

static bool has_measured_memory(const struct cp_run_data *data)
{
    for (size_t i = 0; i < data->n_samples; i++) {
        if (data->samples[i].max_memory_used_mb >= 0)
            return true;
    }
    return false;
}

void cp_endpoint_resume(struct cp_runner *r, const struct cp_run_data *data,
                        struct cp_function_config *config)
{
    const struct cp_run *run = &data->run;
    enum cp_endpoint_mode mode = cp_endpoint_mode_by_name(run->mode);
    r->is_wall_clock = mode == CP_ENDPOINT_WALL_CLOCK;
    r->is_init_known = mode != CP_ENDPOINT_FULL;
    r->is_idle_blind = mode != CP_ENDPOINT_FULL;
    r->is_probed = mode != CP_ENDPOINT_FULL;
    r->is_emulator = mode == CP_ENDPOINT_TAIL && !has_measured_memory(data);
    *config = (struct cp_function_config){
        .memory_size_mb = r->settings->original_memory_mb,
        .timeout_s = run->timeout_ms / 1000,
    };
    (void)snprintf(config->name, sizeof config->name, "%.70s", run->function);
    (void)snprintf(config->runtime, sizeof config->runtime, "%s", run->runtime);
    (void)snprintf(config->architecture, sizeof config->architecture, "%s", run->architecture);
    (void)snprintf(config->code_sha256, sizeof config->code_sha256, "%s", run->code_sha256);
}

/* --- when the first fresh environments have answered --- */

static void close_cold_cells(struct cp_runner *r)
{
    r->is_idle_blind = true;
    for (size_t i = 0; i < r->cells.n; i++) {
        struct cp_cell *cell = &r->cells.cells[i];
        if (cell->result.kind == CP_CELL_WARM || cell->is_closed)
            continue;
        cell->is_closed = true;
        cell->result.stop = CP_STOP_NO_INIT;
    }
}

enum cp_code cp_endpoint_check_init(struct cp_runner *r, const size_t *fresh, size_t n,
                                    struct cp_error *err)
{
    size_t n_records = 0;
    for (size_t i = 0; i < n && !r->is_init_known; i++) {
        const struct cp_sample *s = &r->plan.samples[fresh[i]];
        n_records += s->outcome == CP_OUTCOME_MEASURED && s->start == CP_START_WARM;
        r->is_init_known = s->start == CP_START_COLD || s->start == CP_START_SNAPSTART;
    }
    if (r->is_init_known || n_records < INIT_LOOK_MIN)
        return CP_OK;
    r->is_init_known = true;
    (void)snprintf(r->run->mode, sizeof r->run->mode, "%s",
                   cp_endpoint_mode_name(CP_ENDPOINT_TAIL));
    cp_runner_warn(r, "no REPORT of a fresh environment shows an Init Duration here: cold starts "
                      "cannot be told (mode: tail without init); only durations are measured");
    close_cold_cells(r);
    enum cp_code code = cp_runner_store_cells(r, err);
    return code ? code : cp_store_update_run(r->store, r->run, err);
}
