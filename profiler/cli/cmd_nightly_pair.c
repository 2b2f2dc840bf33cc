/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/nightly_pair.h"

#include "probes/local/function_folder.h"
#include "profiler/cli/session.h"
#include "profiler/cli/show_gates.h"
#include "profiler/cli/target.h"
#include "profiler/sweep/pair.h"
#include "reports/figures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHIFT_RESAMPLES = 2000 };

struct builds {
    struct cp_session session;
    const char *folders[CP_PAIR];
    char names[CP_PAIR][72];    /* what the functions are called */
    char second[PATH_MAX + 72]; /* "fn-base=./build-old/fn" where both are called alike */
    struct cp_run runs[CP_PAIR];
};

/* --- which two --- */

/* Nothing is quoted, copied or left idle here. */
static enum cp_code check_options(const struct cp_options *o, struct cp_error *err)
{
    const struct {
        bool is_given;
        const char *option;
    } rows[] = {
        {o->is_dry_run, "dry-run"},
        {o->in_place, "in-place"},
        {o->idle.n || o->idle.is_auto, "idle"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].is_given)
            return cp_fail(err, CP_EINVAL,
                           "two builds that take turns here have no --%s: leave it or --against "
                           "out",
                           rows[i].option);
    }
    return CP_OK;
}

static enum cp_code check_folders(const struct builds *b, struct cp_error *err)
{
    for (int i = 0; i < CP_PAIR; i++) {
        bool is_folder = false;
        enum cp_code code = cp_target_read(b->folders[i], &is_folder, err);
        if (code)
            return code;
        if (!is_folder)
            return cp_fail(err, CP_EINVAL,
                           "--against needs two folders, which run here in turns, and '%s' is a "
                           "function's name: judge it against its own nights (leave --against "
                           "out), or compare two sweeps: coldprof compare BASE NEW",
                           b->folders[i]);
    }
    return CP_OK;
}

static enum cp_code read_names(struct builds *b, struct cp_error *err)
{
    struct cp_function_folder *found = calloc(CP_PAIR, sizeof *found);
    enum cp_code code = CP_OK;
    if (!found)
        return cp_fail(err, CP_ENOMEM, "out of memory");
    for (int i = 0; i < CP_PAIR && !code; i++) {
        code = cp_function_folder_find(b->folders[i], &found[i], err);
        if (!code)
            (void)snprintf(b->names[i], sizeof b->names[i], "%s", found[i].name);
    }
    if (!code && strcmp(found[CP_PAIR_BASE].dir, found[CP_PAIR_NEW].dir) == 0)
        cp_progress_warn(&b->session.progress,
                         "both are one folder: what is compared is a build with itself");
    free(found);
    return code;
}

/* Names of a service are unique, and those of two builds are mostly equal. */
static void name_second(struct builds *b)
{
    enum { ROOM = 59 }; /* of 64 */
    const char *base = b->folders[CP_PAIR_BASE];
    bool is_taken = strcmp(b->names[CP_PAIR_BASE], b->names[CP_PAIR_NEW]) == 0;
    if (is_taken)
        (void)snprintf(b->second, sizeof b->second, "%.*s-base=%s", ROOM, b->names[CP_PAIR_BASE],
                       base);
    else
        (void)snprintf(b->second, sizeof b->second, "%s", base);
    b->session.second = b->second;
}

/* --- measuring --- */

static struct cp_sweep_options plan_of(const struct cp_session *s)
{
    struct cp_sweep_options plan = cp_session_plan(s);
    /* one at a time: two cold starts at once would wait for each other's cores */
    plan.parallel_cold = plan.parallel_cold > 0 ? plan.parallel_cold : 1;
    return plan;
}

static enum cp_code measure(struct builds *b)
{
    struct cp_session *s = &b->session;
    const char *const functions[CP_PAIR] = {
        [CP_PAIR_BASE] = s->facts.second, [CP_PAIR_NEW] = s->facts.function};
    const struct cp_sweep_options plan = plan_of(s);
    const struct cp_sweep_hooks hooks = cp_session_hooks(s);
    for (int i = 0; i < CP_PAIR; i++) {
        cp_session_fill_run(s, b->folders[i], &b->runs[i]);
        (void)cp_view_copy(cp_view_of(b->names[i]), b->runs[i].function,
                           sizeof b->runs[i].function);
    }
    (void)snprintf(s->progress.heading, sizeof s->progress.heading,
                   "%s against %s in turns on the local server (%s)", b->folders[CP_PAIR_NEW],
                   b->folders[CP_PAIR_BASE], s->endpoint);
    enum cp_code code =
        cp_sweep_pair(s->lambda, s->store, functions, &plan, &hooks, b->runs, &s->err);
    cp_progress_end(&s->progress);
    if (code && code != CP_EINTERRUPTED)
        cp_local_service_explain(s->service, &s->err);
    return code;
}

/* --- judging --- */

/* The two as they are stored. */
struct judged {
    struct cp_run_data data[CP_PAIR];
    struct cp_figures *figures[CP_PAIR];
    struct cp_comparison comparison;
    struct cp_gates gates;
};

static void judged_clear(struct judged *j)
{
    cp_gates_clear(&j->gates);
    cp_comparison_clear(&j->comparison);
    for (int i = 0; i < CP_PAIR; i++) {
        cp_figures_free(j->figures[i]);
        cp_run_data_clear(&j->data[i]);
    }
}

static enum cp_code load(struct builds *b, struct judged *j)
{
    enum cp_code code = CP_OK;
    for (int i = 0; i < CP_PAIR && !code; i++) {
        code = cp_store_load(b->session.store, b->runs[i].id, &j->data[i], &b->session.err);
        if (!code)
            code = cp_figures_measured(&j->data[i], &j->figures[i], &b->session.err);
    }
    return code;
}

/* That the new one cannot run where the base can is a gate that fails. The other way round there is
 * nothing to judge by, and nothing passes for that. */
static enum cp_code check_base(struct builds *b, const struct judged *j)
{
    const struct cp_figures *f = j->figures[CP_PAIR_BASE];
    for (size_t i = 0; i < f->n_sizes; i++) {
        if (f->sizes[i].cannot_run)
            return cp_fail(&b->session.err, CP_ENODATA,
                           "the base %s cannot run at %d MB (%s), so nothing is judged there; see "
                           "'coldprof report %s'",
                           b->folders[CP_PAIR_BASE], f->sizes[i].memory_size_mb,
                           f->sizes[i].cannot_run_note, b->runs[CP_PAIR_BASE].id);
    }
    return CP_OK;
}

/* That what there is shows nothing worse is no pass when it is a part only. */
static enum cp_code check_whole(struct builds *b, const struct judged *j)
{
    enum cp_code code = CP_OK;
    for (int i = 0; i < CP_PAIR && !code; i++)
        code = cp_session_check_whole(&j->data[i], &b->session.err);
    return code ? cp_fail_context(&b->session.err, "the new build does not pass") : code;
}

static enum cp_code compare(struct builds *b, struct judged *j)
{
    const struct cp_options *o = &b->session.cli->options;
    const struct cp_gates_question question = {
        .options = {.effect = o->effect.ratio,
                    .effect_ms = o->effect.ms,
                    .n_resamples = SHIFT_RESAMPLES,
                    .seed = o->seed,
                    .threads = CP_FIGURES_THREADS},
        .is_pair = true,
    };
    return cp_gates_of_runs(j->figures[CP_PAIR_BASE], j->figures[CP_PAIR_NEW], &question,
                            &j->comparison, &j->gates, &b->session.err);
}

static enum cp_status judge(struct builds *b)
{
    struct judged j = {.comparison = {.n_metrics = 0}};
    enum cp_status status = CP_STATUS_OK;
    enum cp_code code = load(b, &j);
    if (!code)
        code = compare(b, &j);
    if (!code)
        status = cp_cli_show_gates(b->session.cli, &j.gates);
    if ((!code || code == CP_ENODATA) && check_base(b, &j))
        code = CP_ENODATA;
    if (!code && status == CP_STATUS_OK && j.gates.n_failed == 0)
        code = check_whole(b, &j);
    if (code)
        status = cp_cli_fail(b->session.cli, &b->session.err);
    judged_clear(&j);
    return status;
}

static enum cp_status end_unjudged(const struct builds *b, enum cp_code code)
{
    const struct cp_session *s = &b->session;
    if (b->runs[CP_PAIR_NEW].id[0])
        (void)fprintf(stderr, "%severything measured is kept, as runs %s and %s\n",
                      code == CP_EINTERRUPTED ? "interrupted; " : "", b->runs[CP_PAIR_BASE].id,
                      b->runs[CP_PAIR_NEW].id);
    return code == CP_EINTERRUPTED ? CP_STATUS_INTERRUPTED : cp_cli_fail(s->cli, &s->err);
}

enum cp_status cp_nightly_pair(struct cp_cli *cli, const char *target)
{
    const char *against = cli->options.against;
    struct builds b = {.folders = {[CP_PAIR_BASE] = against, [CP_PAIR_NEW] = target}};
    struct cp_session *s = &b.session;
    cp_session_begin(s, cli);
    enum cp_code code = check_options(&cli->options, &s->err);
    if (!code)
        code = check_folders(&b, &s->err);
    if (!code)
        code = read_names(&b, &s->err);
    if (!code)
        code = cp_cli_check_gate_formats(cli, false, &s->err);
    if (!code)
        name_second(&b);
    if (!code)
        code = cp_session_prepare(s, target);
    if (!code)
        code = measure(&b);
    enum cp_status status = code ? end_unjudged(&b, code) : judge(&b);
    cp_session_end(s);
    return status;
}
