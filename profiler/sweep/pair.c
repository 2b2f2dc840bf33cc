/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/sweep/pair.h"

#include <stdio.h>
#include <string.h>

#include "profiler/sweep/progress.h"
#include "profiler/sweep/sweep_parts.h"

struct pair;

/* One of the two, with the hooks of its runner in between. */
struct side {
    struct pair *pair;
    struct cp_runner runner;
    struct cp_sweep_settings settings;
    struct cp_sweep_options options;
    struct cp_sweep_hooks hooks;
    struct cp_sweep_outlook outlook;
    struct cp_sweep_progress progress; /* the last of its own; its rows are the runner's */
};

struct pair {
    struct side sides[CP_PAIR];
    const struct cp_sweep_hooks *hooks; /* the caller's */
    struct cp_sweep_row rows[CP_PAIR * CP_SWEEP_ROWS_MAX];
};

/* Whose turn is the first (`turn` 0) and the second of a step: each begins every other step, so
 * that neither always comes after the other. */
static int side_of(size_t step, int turn)
{
    return (int)((step + (size_t)turn) % CP_PAIR);
}

/* --- what the user sees: both as one --- */

/* Told when the second one is known, too. */
static void on_plan(void *context, const struct cp_sweep_outlook *outlook)
{
    struct side *side = context;
    struct pair *pair = side->pair;
    side->outlook = *outlook;
    const struct cp_sweep_outlook *base = &pair->sides[CP_PAIR_BASE].outlook;
    if (side == &pair->sides[CP_PAIR_BASE] || !base->run_id)
        return;
    struct cp_sweep_outlook both = *outlook;
    both.run_id = base->run_id;
    both.second_run_id = outlook->run_id;
    both.n_planned += base->n_planned;
    both.left_ms += base->left_ms;
    pair->hooks->on_plan(pair->hooks->context, &both);
}

static void add_rows(const struct side *side, int which, struct cp_sweep_row *rows, size_t *n)
{
    static const char *const names[CP_PAIR] = {[CP_PAIR_BASE] = "base", [CP_PAIR_NEW] = "new"};
    for (size_t i = 0; i < side->progress.n_rows; i++) {
        rows[*n] = side->progress.rows[i];
        rows[(*n)++].side = names[which];
    }
}

static void on_progress(void *context, const struct cp_sweep_progress *progress)
{
    struct side *side = context;
    struct pair *pair = side->pair;
    struct cp_sweep_progress both = *progress;
    size_t n_rows = 0;
    side->progress = *progress;
    if (!pair->sides[CP_PAIR_NEW].progress.phase) /* half of it is no state of both */
        return;
    both.done = both.total = 0;
    both.left_ms = 0;
    for (int i = 0; i < CP_PAIR; i++) {
        const struct cp_sweep_progress *p = &pair->sides[i].progress;
        both.done += p->done;
        both.total += p->total;
        both.left_ms += p->left_ms;
        if (&pair->sides[i] == side && progress->current < progress->n_rows)
            both.current = n_rows + progress->current;
        add_rows(&pair->sides[i], i, pair->rows, &n_rows);
    }
    both.rows = pair->rows;
    both.n_rows = n_rows;
    pair->hooks->on_progress(pair->hooks->context, &both);
}

static void on_warning(void *context, const char *text)
{
    const struct side *side = context;
    const struct cp_run *run = side->runner.run;
    char line[CP_ERROR_TEXT_MAX + sizeof run->target];
    (void)snprintf(line, sizeof line, "%s: %s", run->target[0] ? run->target : run->function, text);
    side->pair->hooks->on_warning(side->pair->hooks->context, line);
}

static int stop_requests(void *context)
{
    const struct side *side = context;
    return side->pair->hooks->stop_requests(side->pair->hooks->context);
}

static struct cp_sweep_hooks hooks_of(struct side *side)
{
    const struct cp_sweep_hooks *outer = side->pair->hooks;
    struct cp_sweep_hooks hooks = *outer;
    hooks.context = side;
    hooks.on_plan = outer->on_plan ? on_plan : NULL;
    hooks.on_progress = outer->on_progress ? on_progress : NULL;
    hooks.on_warning = outer->on_warning ? on_warning : NULL;
    hooks.stop_requests = outer->stop_requests ? stop_requests : NULL;
    return hooks;
}

/* --- before the first invocation --- */

static enum cp_code check(const struct cp_sweep_options *options, struct cp_error *err)
{
    if (options->place.method != CP_METHOD_OWN)
        return cp_fail(err, CP_EUNSUPPORTED,
                       "only functions of the embedded service take turns: give two folders");
    if (options->n_idle || options->is_idle_search)
        return cp_fail(err, CP_EUNSUPPORTED,
                       "two functions in turns have no idle phase: leave --idle out");
    return CP_OK;
}

static enum cp_code find(struct side *side, const char *function, struct cp_error *err)
{
    struct cp_endpoint_probe none;
    side->options.function = function;
    side->options.is_counted = true; /* the numbers of the two stay equal */
    if (side->options.max_invocations > 1)
        side->options.max_invocations /= CP_PAIR;
    return cp_sweep_find(&side->runner, &side->options, &none, err);
}

/* At the same sizes, else there is nothing to compare. */
static void choose_memory(struct pair *pair)
{
    const struct cp_runner *base = &pair->sides[CP_PAIR_BASE].runner;
    int base_mb = base->swept.target.memory_size_mb;
    int new_mb = pair->sides[CP_PAIR_NEW].runner.swept.target.memory_size_mb;
    if (pair->sides[CP_PAIR_NEW].options.n_memory)
        return;
    for (int i = 0; i < CP_PAIR; i++) {
        pair->sides[i].options.n_memory = 1;
        pair->sides[i].options.memory_mb[0] = new_mb;
    }
    if (base_mb != new_mb)
        cp_runner_warn(base,
                       "it has %d MB and the new one %d MB: both are measured at %d MB "
                       "(--memory chooses others)",
                       base_mb, new_mb, new_mb);
}

static enum cp_code prepare(struct side *side, struct cp_error *err)
{
    const struct cp_endpoint_probe none = {.mode = CP_ENDPOINT_FULL};
    struct cp_runner *r = &side->runner;
    enum cp_code code =
        cp_sweep_settings_make(&side->options, &r->swept.target, &side->settings, err);
    if (!code)
        code = cp_sweep_prepare(r, &none, NULL, err);
    if (code)
        return code;
    (void)snprintf(r->run->method, sizeof r->run->method, "%s" CP_RUN_IN_TURNS,
                   cp_sweep_method_name(CP_METHOD_OWN));
    return cp_store_update_run(r->store, r->run, err);
}

/* --- in turns --- */

static enum cp_code take_turns(struct pair *pair, struct cp_error *err)
{
    enum cp_code code = CP_OK;
    size_t n_steps = pair->sides[CP_PAIR_BASE].runner.plan.n_steps;
    for (int i = 0; i < CP_PAIR; i++)
        cp_sweep_tell_phase(&pair->sides[i].runner, "in turns");
    for (size_t i = 0; i < n_steps * CP_PAIR && !code; i++) {
        struct cp_runner *r = &pair->sides[side_of(i / CP_PAIR, i % CP_PAIR)].runner;
        if (cp_runner_may_send(r))
            code = cp_cold_step(r, i / CP_PAIR, err);
        if (!code)
            code = cp_runner_status(r, err);
    }
    return code;
}

/* What fails last may follow from what failed first. */
static enum cp_code end_both(struct pair *pair, enum cp_code code, struct cp_error *err)
{
    for (int i = 0; i < CP_PAIR; i++) {
        struct cp_error own = {0};
        enum cp_code ended = CP_OK;
        if (code)
            own = *err;
        if (pair->sides[i].runner.run->id[0])
            ended = cp_sweep_end(&pair->sides[i].runner, code, &own);
        if (ended && !code)
            *err = own;
        code = code ? code : ended;
    }
    return code;
}

static enum cp_code measure(struct pair *pair, const char *const functions[CP_PAIR],
                            struct cp_error *err)
{
    enum cp_code code = CP_OK;
    for (int i = 0; i < CP_PAIR && !code; i++)
        code = find(&pair->sides[i], functions[i], err);
    if (code)
        return code;
    choose_memory(pair);
    for (int i = 0; i < CP_PAIR && !code; i++)
        code = prepare(&pair->sides[i], err);
    for (int i = 0; i < CP_PAIR && !code; i++)
        code = cp_sweep_begin(&pair->sides[i].runner, 0, err);
    if (!code)
        code = take_turns(pair, err);
    return end_both(pair, code, err);
}

enum cp_code cp_sweep_pair(struct cp_lambda *lambda, struct cp_store *store,
                           const char *const functions[CP_PAIR],
                           const struct cp_sweep_options *options,
                           const struct cp_sweep_hooks *hooks, struct cp_run runs[CP_PAIR],
                           struct cp_error *err)
{
    static const struct cp_sweep_hooks no_hooks = {.context = NULL};
    struct cp_error own = {0};
    struct pair pair = {.hooks = hooks ? hooks : &no_hooks};
    err = err ? err : &own;
    enum cp_code code = check(options, err);
    if (code)
        return code;
    for (int i = 0; i < CP_PAIR; i++) {
        struct side *side = &pair.sides[i];
        side->pair = &pair;
        side->options = *options;
        side->hooks = hooks_of(side);
        cp_sweep_open(&side->runner, lambda, store, &side->hooks, &runs[i], &side->settings);
    }
    code = measure(&pair, functions, err);
    for (int i = 0; i < CP_PAIR; i++) {
        cp_runner_clear(&pair.sides[i].runner);
        cp_sweep_settings_clear(&pair.sides[i].settings);
    }
    return code;
}
