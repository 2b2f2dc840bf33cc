/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/session.h"

#include "profiler/cli/demand.h"
#include "profiler/cli/stop.h"
#include "profiler/cli/suggest.h"
#include "profiler/sweep/rehearsal.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { REHEARSAL_MAX = 64 * 1024 * 1024 };

/* Cut at the end when it does not fit: these texts are for people. */
static void set_text(char *to, size_t size, const char *text)
{
    size_t n = text ? strnlen(text, size - 1) : 0;
    if (n)
        memcpy(to, text, n);
    to[n] = '\0';
}

static enum cp_code find_price(void *context, const char *region, const char *architecture,
                               const struct cp_price_book **book, struct cp_error *err)
{
    struct cp_session *s = context;
    return cp_cli_find_prices(s->cli, region, architecture, &s->prices, book, err);
}

void cp_session_fill_run(const struct cp_session *s, const char *target, struct cp_run *run)
{
    const struct cp_options *o = &s->cli->options;
    *run = cp_run_empty();
    set_text(run->function, sizeof run->function, s->function);
    set_text(run->target, sizeof run->target, target);
    set_text(run->place, sizeof run->place, s->is_folder ? "local server" : s->connection.place);
    run->is_local = s->is_folder || s->connection.is_loopback;
    set_text(run->region, sizeof run->region, s->region);
    set_text(run->coldprof_version, sizeof run->coldprof_version, COLDPROF_VERSION);
    set_text(run->command, sizeof run->command, s->cli->command_line);
    set_text(run->host, sizeof run->host, s->facts.host);
    set_text(run->idle_law, sizeof run->idle_law, s->facts.idle_lifetime);
    run->is_init_throttled = o->throttle_init;
    run->seed = o->seed;
    run->budget_q = o->budget.q;
    run->budget_ms = o->budget.ms;
    cp_cli_put_class(o, run);
    run->traffic_per_s = cp_demand_per_s(s->demand);
    run->precision_p50 = o->precision.p50;
    run->precision_p95 = o->precision.p95;
    run->max_cost_usd = o->max_cost_usd;
}

/* A folder's function is there for this sweep only; of any other a copy is made, or versions. A
 * resumed sweep goes on as it began. */
static enum cp_sweep_method method_of(const struct cp_session *s)
{
    if (s->resumed.id[0])
        return cp_sweep_method_of(s->resumed.method);
    if (s->is_folder)
        return CP_METHOD_OWN;
    return s->cli->options.in_place ? CP_METHOD_IN_PLACE : CP_METHOD_SHADOW;
}

static struct cp_sweep_place place_of(const struct cp_session *s)
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

struct cp_sweep_options cp_session_plan(const struct cp_session *s)
{
    const struct cp_options *o = &s->cli->options;
    struct cp_sweep_options plan = {
        .function = s->function,
        .n_memory = o->memory.n,
        .is_own_memory = s->is_own_memory,
        .max_cold = o->max_cold,
        .max_warm = o->max_warm,
        .n_idle = o->idle.n,
        .is_idle_search = o->idle.is_auto,
        .idle_longest_ms = o->idle_max_ms,
        .idle_probes = o->idle_probes,
        .precision_p50 = o->precision.p50,
        .precision_p95 = o->precision.p95,
        .is_counted = s->is_counted,
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

static enum cp_code fail_unknown_function(struct cp_session *s)
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

static struct cp_confirm confirm_of(const struct cp_session *s)
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

struct cp_sweep_hooks cp_session_hooks(struct cp_session *s)
{
    s->confirm = confirm_of(s);
    return (struct cp_sweep_hooks){
        .context = &s->progress,
        .confirm = cp_confirm_sweep,
        .confirm_context = &s->confirm,
        .find_price = find_price,
        .price_context = s,
        .on_plan = cp_progress_plan,
        .on_progress = cp_progress_show,
        .on_warning = cp_progress_warn,
        .stop_requests = heed_stop_requests,
    };
}

enum cp_status cp_session_rehearse(struct cp_session *s)
{
    const struct cp_sweep_options plan = cp_session_plan(s);
    struct cp_buf out;
    cp_buf_init(&out, REHEARSAL_MAX);
    enum cp_code code = cp_sweep_rehearse(s->lambda, &plan, &out, &s->err);
    enum cp_status status = code ? cp_cli_fail(s->cli, &s->err) : cp_cli_print(&out);
    cp_buf_clear(&out);
    return status;
}

enum cp_code cp_session_measure(struct cp_session *s)
{
    const char *resume = s->cli->options.resume;
    const struct cp_sweep_options plan = cp_session_plan(s);
    const struct cp_sweep_hooks hooks = cp_session_hooks(s);
    cp_session_fill_run(s, s->target, &s->run);
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

/* Ended before it had its samples, for another reason than the function itself. */
static bool is_cut_short(const struct cp_cell_result *cell)
{
    bool is_judged = cell->kind == CP_CELL_COLD || cell->kind == CP_CELL_WARM;
    return is_judged && cell->planned > 0 &&
           (cell->stop == CP_STOP_NOT_DONE || cell->stop == CP_STOP_BUDGET ||
            cell->stop == CP_STOP_COST || cell->stop == CP_STOP_LOST);
}

enum cp_code cp_session_check_whole(const struct cp_run_data *data, struct cp_error *err)
{
    for (size_t i = 0; i < data->n_cells; i++) {
        const struct cp_cell_result *cell = &data->cells[i];
        if (is_cut_short(cell))
            return cp_fail(err, CP_ENODATA,
                           "run '%s' is kept, but its %s cell at %d MB ended early (%s), see "
                           "'coldprof report %s'",
                           data->run.id, cp_cell_kind_name(cell->kind), cell->memory_size_mb,
                           cp_stop_reason_name(cell->stop), data->run.id);
    }
    return CP_OK;
}

static void add_word(struct cp_buf *line, const char *option, const char *value)
{
    if (value)
        (void)cp_buf_addf(line, strpbrk(value, " \t\"'$\\") ? " %s '%s'" : " %s %s", option, value);
}

/* Complete: it can be pasted. */
static void print_resume(const struct cp_session *s, const char *why)
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

enum cp_status cp_session_fail(const struct cp_session *s, enum cp_code code)
{
    bool can_resume = s->progress.is_planned;
    enum cp_status status = can_resume && code == CP_EINTERRUPTED ? CP_STATUS_INTERRUPTED
                                                                  : cp_cli_fail(s->cli, &s->err);
    if (can_resume)
        print_resume(s, code == CP_EINTERRUPTED ? "interrupted; " : "");
    return status;
}
