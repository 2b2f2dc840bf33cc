/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/sweep/sweep.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probes/aws/endpoint.h"
#include "probes/aws/sigv4.h"
#include "profiler/sweep/probe_endpoint.h"
#include "profiler/sweep/progress.h"
#include "profiler/sweep/provisioned.h"
#include "profiler/sweep/refuse.h"
#include "profiler/sweep/runner.h"
#include "profiler/sweep/sweep_parts.h"
#include "profiler/sweep/sweep_quote.h"
#include "profiler/sweep/version_need.h"

enum {
    PLAN_JSON_MAX = 16 * 1024 * 1024,
    UNDO_TRIES = 3,

    DEFAULT_STORAGE_MB = 512
};

/* --- facts of the run --- */

/* What is not measured as the user may expect. */
static void tell_caveats(const struct cp_runner *r)
{
    const struct cp_function_config *f = &r->swept.latest;
    const char *caveat = NULL;
    for (size_t i = 0; (caveat = cp_function_caveat(f, i)) != NULL; i++)
        cp_runner_warn(r, "%s", caveat);
    cp_provisioned_describe(r->lambda, r->clock, r->hooks, &r->swept.target, r->run->provisioned);
    if (r->run->provisioned[0])
        cp_runner_warn(r, "%s", r->run->provisioned);
}

/* An endpoint that is invoked as it is tells no configuration: the default then. */
static int storage_mb(const struct cp_function_config *f)
{
    return f->ephemeral_storage_mb ? f->ephemeral_storage_mb : DEFAULT_STORAGE_MB;
}

static_assert((int)CP_RUN_LAYERS_MAX >= (int)CP_CONFIG_LAYERS_MAX, "a run keeps all layers");

static void take_facts(const struct cp_runner *r, struct cp_run *run)
{
    const struct cp_function_config *f = &r->swept.latest;
    char payload_sha256[65];
    if (!run->function[0]) /* else it goes by another name here */
        (void)snprintf(run->function, sizeof run->function, "%.159s", r->settings->function);
    (void)snprintf(run->architecture, sizeof run->architecture, "%s", f->architecture);
    (void)snprintf(run->runtime, sizeof run->runtime, "%s", f->runtime);
    (void)snprintf(run->package_type, sizeof run->package_type, "%s",
                   f->package_type[0] ? f->package_type : "Zip");
    (void)snprintf(run->initialization, sizeof run->initialization, "%s",
                   cp_function_initialization(f));
    (void)snprintf(run->runtime_version_arn, sizeof run->runtime_version_arn, "%s",
                   f->runtime_version_arn);
    (void)snprintf(run->code_sha256, sizeof run->code_sha256, "%s", f->code_sha256);
    (void)snprintf(run->layers, sizeof run->layers, "%s", f->layers);
    run->code_size_bytes = f->code_size > 0 ? f->code_size : -1;
    (void)snprintf(run->coldprof_version, sizeof run->coldprof_version, "%s", COLDPROF_VERSION);
    cp_sha256_hex(cp_buf_view(&r->settings->payload), payload_sha256);
    (void)snprintf(run->payload_sha256, sizeof run->payload_sha256, "%s", payload_sha256);
    run->started_at_ms = r->clock->unix_ms(r->clock->context);
    run->ended_at_ms = -1;
    run->is_interrupted = false;
    run->seed = r->settings->seed;
    run->original_memory_size_mb = r->settings->original_memory_mb;
    run->timeout_ms = f->timeout_s * 1000;
    run->ephemeral_storage_mb = storage_mb(f);
    run->snapshots_usd = 0;
    run->precision_p50 = r->settings->precision_p50;
    run->precision_p95 = r->settings->precision_p95;
    (void)snprintf(run->method, sizeof run->method, "%s",
                   cp_sweep_method_name(r->swept.place.method));
    tell_caveats(r);
}

/* What the caller does not know; it stays unknown when the account cannot be asked. */
static void take_account(const struct cp_runner *r, struct cp_run *run)
{
    struct cp_account_settings account;
    if (run->unreserved_concurrency < 0 &&
        !cp_lambda_get_account_settings(r->lambda, &account, NULL))
        run->unreserved_concurrency = account.unreserved_concurrent_executions;
}

static enum cp_code store_plan(struct cp_runner *r, struct cp_error *err)
{
    struct cp_buf json;
    cp_buf_init(&json, PLAN_JSON_MAX);
    enum cp_code code = cp_sweep_settings_write(r->settings, &json, err);
    if (!code)
        code = cp_store_put_plan(r->store, r->run->id, cp_buf_view(&json), err);
    if (!code)
        code = cp_store_add_samples(r->store, r->run->id, r->plan.samples, r->plan.n_samples, err);
    cp_buf_clear(&json);
    return code;
}

/* --- common to a new and a resumed run --- */

void cp_sweep_open(struct cp_runner *r, struct cp_lambda *lambda, struct cp_store *store,
                   const struct cp_sweep_hooks *hooks, struct cp_run *run,
                   struct cp_sweep_settings *settings)
{
    cp_runner_init(r);
    r->lambda = lambda;
    r->store = store;
    r->hooks = hooks;
    r->clock = hooks && hooks->clock ? hooks->clock : &cp_sweep_real_clock;
    r->run = run;
    r->settings = settings;
    r->started_at_ms = cp_runner_now_ms(r);
}

/* Two batches of fresh environments without one success: the first and a retry. */
static size_t cannot_run_after(const struct cp_sweep_settings *s)
{
    int two_batches = 2 * s->cold_per_batch;
    if (!s->max_cold)
        return 2;
    return (size_t)(two_batches < s->max_cold ? two_batches : s->max_cold);
}

static enum cp_code make_plan(struct cp_runner *r, struct cp_error *err)
{
    const struct cp_cells_options options = {
        .precision_p50 = r->settings->precision_p50,
        .precision_p95 = r->settings->precision_p95,
        .tail_q = r->run->budget_q,
        .cannot_run_after = cannot_run_after(r->settings),
    };
    r->tail = malloc(sizeof *r->tail);
    if (!r->tail)
        return cp_fail(err, CP_ENOMEM, "cannot prepare the sweep: out of memory");
    enum cp_code code = cp_plan_make(r->settings, &r->plan, err);
    return code ? code : cp_cells_init(&r->cells, &r->plan, r->settings, &options, err);
}

static size_t n_planned_idle(const struct cp_runner *r)
{
    size_t n = cp_idle_outlook(r).n_probes;
    for (size_t i = 0; i < r->plan.n_chains; i++)
        n += r->plan.chains[i].n_probes + 1;
    return n;
}

/* With --max-invocations the idle phase keeps its share, at most half. */
static size_t cold_phase_limit(const struct cp_runner *r, size_t limit)
{
    size_t for_idle = n_planned_idle(r);
    return limit - (for_idle < limit / 2 ? for_idle : limit / 2);
}

static enum cp_code run_phases(struct cp_runner *r, struct cp_error *err)
{
    size_t limit = r->send_limit;
    r->send_limit = limit == SIZE_MAX ? SIZE_MAX : cold_phase_limit(r, limit);
    enum cp_code code = cp_cold_phase(r, err);
    r->send_limit = limit;
    if (!code)
        code = cp_runner_status(r, err);
    if (!code)
        code = cp_idle_phase(r, err);
    return code ? code : cp_runner_status(r, err);
}

/* --- undo --- */

static void warn_note(void *context, const char *text)
{
    cp_runner_warn(context, "%s", text);
}

/* Deleting it takes the Logs API, which a sweep does not use. A service on this machine has none.
 */
static void tell_log_group(const struct cp_runner *r)
{
    const char *url = r->swept.place.endpoint_url;
    if (!url || !cp_url_is_loopback(url))
        cp_runner_warn(
            r,
            "the log group '/aws/lambda/%s' of the shadow function stays: delete it when "
            "its logs are not needed",
            r->swept.facts.shadow);
}

/* What is in the user's account must get through: its calls repeat until the limit. */
static enum cp_code undo_in_account(struct cp_runner *r, struct cp_error *err)
{
    struct cp_undo_report report = {.on_note = warn_note, .context = r};
    (void)cp_runner_may_send(r); /* hears of the last stop request */
    if (r->stop > 1)
        return cp_fail(err, CP_EINTERRUPTED, "interrupted twice");
    cp_lambda_set_deadline(r->lambda, cp_runner_now_ms(r) + CP_SNAPSHOTS_CLEANING_MS);
    enum cp_code code = cp_swept_undo(&r->swept, &report, err);
    cp_lambda_set_deadline(r->lambda, NAN);
    if (!code && report.has_deleted_shadow)
        tell_log_group(r);
    return code;
}

static enum cp_code undo_here(struct cp_runner *r, struct cp_error *err)
{
    struct cp_undo_report report = {0};
    enum cp_code code = CP_EREMOTE;
    for (int i = 0; i < UNDO_TRIES && code; i++)
        code = cp_swept_undo(&r->swept, &report, err);
    return code;
}

/* Puts everything back, whatever happened. What stays in an account outweighs any other end. */
static enum cp_code undo(struct cp_runner *r, enum cp_code code, struct cp_error *err)
{
    struct cp_error undo_err = {0};
    bool is_here = r->swept.place.method == CP_METHOD_OWN;
    cp_sweep_tell_phase(r, "cleaning up");
    enum cp_code failed = is_here ? undo_here(r, &undo_err) : undo_in_account(r, &undo_err);
    if (!failed)
        return code;
    if (!is_here) {
        struct cp_error first = *err;
        return cp_fail(err, CP_EREMOTE,
                       "%.300s%snot undone (%.300s); the journal is kept: coldprof recover %s",
                       code ? first.text : "", code ? "; " : "", undo_err.text, r->run->id);
    }
    cp_runner_warn(r, "the function is not as it was: %s", undo_err.text);
    if (!code)
        *err = undo_err;
    return code ? code : failed;
}

/* Of cells that are still open. Those of a size that cannot run are closed; what is left at the end
 * of a run within its limits waited for an environment whose first answer was lost. */
static enum cp_stop_reason rest_reason(const struct cp_runner *r, enum cp_code code)
{
    if (code)
        return CP_STOP_NOT_DONE;
    if (r->is_cost_reached)
        return CP_STOP_COST;
    return cp_runner_has_budget(r) ? CP_STOP_LOST : CP_STOP_BUDGET;
}

static void warn_if_nothing_ran(const struct cp_runner *r)
{
    if (cp_cells_none_can_run(&r->cells))
        cp_runner_warn(r, "the function ran at no memory size: %s",
                       r->cells.sizes[r->cells.n_sizes - 1].note);
}

/* Every sample is accounted for, and none is left in the air. */
static enum cp_code check_accounting(const struct cp_runner *r, struct cp_error *err)
{
    struct cp_accounting a = cp_accounting_of(r->plan.samples, r->plan.n_samples);
    bool is_settled = true;
    for (size_t i = 0; i < r->plan.n_samples; i++)
        is_settled &= r->plan.samples[i].outcome != CP_OUTCOME_SENT;
    if (is_settled && cp_accounting_holds(&a))
        return CP_OK;
    return cp_fail(err, CP_EFORMAT,
                   "the samples do not add up: planned %zu, measured %zu, failed %zu, throttled "
                   "%zu, unknown %zu, not sent %zu",
                   a.planned, a.measured, a.failed, a.throttled, a.unknown, a.not_sent);
}

static enum cp_code store_end(struct cp_runner *r, enum cp_code code, struct cp_error *err)
{
    struct cp_error later = {0};
    struct cp_error *to = code ? &later : err;
    cp_cells_finish(&r->cells, &r->plan, rest_reason(r, code));
    r->run->snapshots_usd = cp_runner_snapshots_usd(r, 0);
    r->run->is_interrupted = code != CP_OK;
    r->run->ended_at_ms = r->clock->unix_ms(r->clock->context);
    enum cp_code failed = cp_runner_store_cells(r, to);
    if (!failed)
        failed = cp_store_update_run(r->store, r->run, to);
    if (!failed)
        failed = check_accounting(r, to);
    return code ? code : failed;
}

/* What is published ahead is in the store before it is: the quote has allowed for it. */
static enum cp_code reserve_stock(struct cp_runner *r, struct cp_error *err)
{
    if (r->swept.place.method != CP_METHOD_IN_PLACE || !(r->stock_usd > 0))
        return CP_OK;
    r->run->snapshots_usd += r->stock_usd;
    return cp_store_update_run(r->store, r->run, err);
}

static enum cp_code begin_changes(struct cp_runner *r, unsigned first, struct cp_error *err)
{
    struct cp_version_need needs[CP_RUN_SIZES_MAX];
    const struct cp_swept_begin begin = {
        .run_id = r->run->id,
        .original_memory_mb = r->settings->original_memory_mb,
        .original_description = r->settings->original_description,
        .first = first,
        .needs = needs,
        .n_needs = cp_version_needs(r, needs),
    };
    cp_sweep_tell_phase(r, "preparing");
    enum cp_code code = reserve_stock(r, err);
    if (!code)
        code = cp_swept_begin(&r->swept, &begin, err);
    if (!code && first && r->swept.place.method == CP_METHOD_OWN)
        code = undo_here(r, err); /* leftovers of a killed sweep go first */
    return code ? code : cp_runner_status(r, err);
}

enum cp_code cp_sweep_begin(struct cp_runner *r, unsigned first, struct cp_error *err)
{
    r->send_limit = r->settings->max_invocations ? (size_t)r->settings->max_invocations : SIZE_MAX;
    cp_sweep_tell_plan(r);
    return begin_changes(r, first, err);
}

enum cp_code cp_sweep_end(struct cp_runner *r, enum cp_code code, struct cp_error *err)
{
    struct cp_error drain_err = {0};
    if (code && cp_runner_drain(r, &drain_err))
        cp_runner_warn(r, "%s", drain_err.text);
    code = undo(r, code, err);
    code = store_end(r, code, err);
    if (!code)
        warn_if_nothing_ran(r);
    if (r->is_cost_reached)
        cp_runner_warn(r,
                       "ended at --max-cost-usd %g: another invocation could have exceeded it; the "
                       "decision is made from what was measured",
                       r->run->max_cost_usd);
    return code;
}

static enum cp_code execute(struct cp_runner *r, unsigned first, struct cp_error *err)
{
    enum cp_code code = cp_sweep_begin(r, first, err);
    if (!code)
        code = run_phases(r, err);
    return cp_sweep_end(r, code, err);
}

/* --- a new run --- */

/* What the probe found decides how answers are read. */
static void take_mode(struct cp_runner *r, const struct cp_endpoint_probe *probe)
{
    (void)snprintf(r->run->mode, sizeof r->run->mode, "%s", cp_endpoint_mode_name(probe->mode));
    r->is_probed = probe->is_needed;
    r->is_wall_clock = probe->mode == CP_ENDPOINT_WALL_CLOCK;
    r->is_emulator = probe->abilities.has_emulator_record;
}

/* In place all versions are there at once. */
static void tell_storage(const struct cp_runner *r)
{
    char text[CP_STORAGE_TEXT_MAX];
    struct cp_version_need needs[CP_RUN_SIZES_MAX];
    size_t n_needs = cp_version_needs(r, needs);
    size_t n = 0;
    for (size_t i = 0; i < n_needs; i++)
        n += needs[i].n;
    if (r->swept.place.method == CP_METHOD_IN_PLACE &&
        cp_version_storage(n, r->swept.latest.code_size, text))
        cp_runner_warn(r, "while it runs the sweep takes %s", text);
}

enum cp_code cp_sweep_find(struct cp_runner *r, struct cp_sweep_options *options,
                           struct cp_endpoint_probe *probe, struct cp_error *err)
{
    enum cp_code code = CP_OK;
    if (options->payload.n)
        code = cp_sweep_payload_check(options->payload, err);
    if (!code)
        code = cp_endpoint_probe(r, options, probe, err);
    if (code)
        return code;
    cp_endpoint_restrict(r, probe, options);
    return cp_swept_read(&r->swept, r->lambda, r->clock, &options->place, options->function, err);
}

enum cp_code cp_sweep_prepare(struct cp_runner *r, const struct cp_endpoint_probe *probe,
                              const struct cp_demand *demand, struct cp_error *err)
{
    take_facts(r, r->run);
    take_mode(r, probe);
    take_account(r, r->run);
    enum cp_code code = make_plan(r, err);
    if (!code)
        code = cp_endpoint_adopt_samples(r, probe, err);
    if (!code)
        tell_storage(r);
    if (!code)
        code = cp_sweep_ask(r, err);
    if (!code)
        code = cp_store_add_run(r->store, r->run, err);
    if (!code && demand)
        code = cp_store_put_demand(r->store, r->run->id, demand, err);
    return code ? code : store_plan(r, err);
}

enum cp_code cp_sweep_run(struct cp_lambda *lambda, struct cp_store *store,
                          const struct cp_sweep_options *options,
                          const struct cp_sweep_hooks *hooks, struct cp_run *run,
                          struct cp_error *err)
{
    struct cp_runner r;
    struct cp_error own = {0};
    struct cp_sweep_settings settings = {0};
    err = err ? err : &own;
    cp_sweep_open(&r, lambda, store, hooks, run, &settings);
    struct cp_sweep_options possible = *options; /* here */
    struct cp_endpoint_probe probe = {.n_samples = 0};
    enum cp_code code = cp_sweep_find(&r, &possible, &probe, err);
    if (!code)
        code = cp_sweep_settings_make(&possible, &r.swept.target, &settings, err);
    if (!code)
        code = cp_sweep_prepare(&r, &probe, options->demand, err);
    if (!code)
        code = execute(&r, 0, err);
    cp_runner_clear(&r);
    cp_sweep_settings_clear(&settings);
    return code;
}

/* --- resuming --- */

static enum cp_code load_settings(struct cp_store *store, const struct cp_run *run,
                                  struct cp_sweep_settings *settings, struct cp_error *err)
{
    struct cp_buf json;
    cp_buf_init(&json, PLAN_JSON_MAX);
    enum cp_code code = cp_store_get_plan(store, run->id, &json, err);
    if (!code)
        code = cp_sweep_settings_read(cp_buf_view(&json), settings, err);
    cp_buf_clear(&json);
    if (!code && settings->seed != run->seed)
        code =
            cp_fail(err, CP_ECONFLICT, "the seed of run '%s' is not the one of its plan", run->id);
    return code;
}

static enum cp_code check_resumable(const struct cp_runner *r, struct cp_error *err)
{
    const struct cp_run *run = r->run;
    if (strcmp(run->code_sha256, r->swept.latest.code_sha256) != 0)
        return cp_fail(err, CP_ECONFLICT,
                       "cannot resume run '%s': the code of '%s' has changed since; start a new "
                       "sweep",
                       run->id, run->function);
    if (run->ephemeral_storage_mb != storage_mb(&r->swept.latest))
        return cp_fail(err, CP_ECONFLICT,
                       "cannot resume run '%s': the ephemeral storage of '%s' has changed since",
                       run->id, run->function);
    if (run->timeout_ms != r->swept.latest.timeout_s * 1000)
        return cp_fail(err, CP_ECONFLICT,
                       "cannot resume run '%s': the timeout of '%s' has changed since", run->id,
                       run->function);
    return CP_OK;
}

/* Found SENT: the sweep died before its answer. It may have run: never repeated. */
static enum cp_code settle_sent(struct cp_runner *r, struct cp_error *err)
{
    enum cp_code code = CP_OK;
    for (size_t i = 0; i < r->plan.n_samples && !code; i++) {
        struct cp_sample *s = &r->plan.samples[i];
        r->n_sent += s->outcome != CP_OUTCOME_NOT_SENT;
        if (s->outcome != CP_OUTCOME_SENT)
            continue;
        s->outcome = CP_OUTCOME_UNKNOWN;
        (void)snprintf(s->note, sizeof s->note, "the sweep ended before its answer came");
        code = cp_store_update_sample(r->store, s, err);
    }
    return code;
}

/* The cells as they were, including the ones that were closed before. */
static enum cp_code recount(struct cp_runner *r, const struct cp_run_data *data,
                            struct cp_error *err)
{
    enum cp_code code = CP_OK;
    for (size_t i = 0; i < r->plan.n_samples && !code; i++) {
        bool is_closed = false;
        if (r->plan.samples[i].outcome != CP_OUTCOME_NOT_SENT)
            code = cp_cells_add(&r->cells, &r->plan.samples[i], &is_closed, err);
    }
    for (size_t i = 0; i < data->n_cells && i < r->cells.n && !code; i++) {
        if (data->cells[i].stop != CP_STOP_PRECISION)
            continue;
        r->cells.cells[i].is_closed = true;
        r->cells.cells[i].result.stop = CP_STOP_PRECISION;
    }
    return code;
}

static enum cp_code adopt(struct cp_runner *r, const struct cp_run_data *data, struct cp_error *err)
{
    enum cp_code code = make_plan(r, err);
    if (!code)
        code = cp_plan_adopt(&r->plan, data->samples, data->n_samples, err);
    if (!code)
        code = cp_cells_follow(&r->cells, &r->plan, err);
    if (code)
        return cp_fail_context(err, "cannot resume run '%s'", r->run->id);
    code = settle_sent(r, err);
    return code ? code : recount(r, data, err);
}

static enum cp_code prepare_resume(struct cp_runner *r, const struct cp_run_data *data,
                                   struct cp_error *err)
{
    enum cp_code code = check_resumable(r, err);
    if (!code)
        code = adopt(r, data, err);
    if (!code)
        code = cp_sweep_ask(r, err);
    r->run->is_interrupted = true; /* until it ends well */
    r->run->ended_at_ms = -1;
    return code ? code : cp_store_update_run(r->store, r->run, err);
}

static enum cp_code resume(struct cp_runner *r, struct cp_run_data *data,
                           const struct cp_sweep_place *place, struct cp_error *err)
{
    if (!data->run.is_interrupted && data->run.ended_at_ms >= 0)
        return cp_fail(err, CP_EINVAL, "run '%s' is complete: there is nothing to resume",
                       data->run.id);
    if (cp_run_in_turns(&data->run))
        return cp_fail(err, CP_EUNSUPPORTED,
                       "run '%s' took turns with another one and cannot go on alone; what was "
                       "measured is kept: measure both anew",
                       data->run.id);
    struct cp_function_config config;
    struct cp_sweep_place as_before = *place;
    as_before.method = cp_sweep_method_of(r->run->method);
    as_before.as_is = &config;
    enum cp_code code = load_settings(r->store, r->run, r->settings, err);
    if (!code)
        cp_endpoint_resume(r, data, &config);
    if (!code)
        code =
            cp_swept_read(&r->swept, r->lambda, r->clock, &as_before, r->settings->function, err);
    if (!code)
        code = prepare_resume(r, data, err);
    return code ? code : execute(r, (unsigned)(r->plan.n_samples + r->n_sent), err);
}

enum cp_code cp_sweep_resume(struct cp_lambda *lambda, struct cp_store *store, const char *run_id,
                             const struct cp_sweep_place *place, const struct cp_sweep_hooks *hooks,
                             struct cp_run *run, struct cp_error *err)
{
    struct cp_runner r;
    struct cp_run_data data;
    struct cp_error own = {0};
    struct cp_sweep_settings settings = {0};
    err = err ? err : &own;
    enum cp_code code = cp_store_load(store, run_id, &data, err);
    if (code)
        return code;
    double max_cost_usd = run->max_cost_usd;
    *run = data.run;
    if (!isnan(max_cost_usd))
        run->max_cost_usd = max_cost_usd;
    cp_sweep_open(&r, lambda, store, hooks, run, &settings);
    code = resume(&r, &data, place, err);
    cp_runner_clear(&r);
    cp_sweep_settings_clear(&settings);
    cp_run_data_clear(&data);
    return code;
}
