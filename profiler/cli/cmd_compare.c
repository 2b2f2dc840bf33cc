/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/command.h"

#include "profiler/cli/show_gates.h"
#include "profiler/cli/unlike.h"
#include "reports/figures.h"
#include "reports/night.h"

#include <math.h>
#include <string.h>

enum { RESAMPLES = 2000 };

/* Two stored runs, and what is said of them. */
struct compared {
    const struct cp_cli *cli;
    struct cp_store *store;
    struct cp_run_data base_data, new_data;
    struct cp_figures *base, *now;
    char allowed[CP_UNLIKE_TEXT_MAX];
    double day_sd;
    struct cp_comparison comparison;
    struct cp_gates gates;
    struct cp_error err;
};

static void compared_end(struct compared *c)
{
    cp_gates_clear(&c->gates);
    cp_comparison_clear(&c->comparison);
    cp_figures_free(c->base);
    cp_figures_free(c->now);
    cp_run_data_clear(&c->base_data);
    cp_run_data_clear(&c->new_data);
    cp_store_close(c->store);
}

static enum cp_code load(struct compared *c)
{
    const struct cp_words *words = &c->cli->words;
    const char *new_id = words->n > 1 ? words->word[1] : "last";
    enum cp_code code = cp_cli_open_store(c->cli, CP_STORE_READ, &c->store, &c->err);
    if (!code)
        code = cp_store_load(c->store, words->word[0], &c->base_data, &c->err);
    if (!code)
        code = cp_store_load(c->store, new_id, &c->new_data, &c->err);
    if (!code && strcmp(c->base_data.run.id, c->new_data.run.id) == 0)
        return cp_fail(
            &c->err, CP_EINVAL,
            "'%s' and '%s' are the same run '%s': name two, as 'coldprof runs' lists them",
            words->word[0], new_id, c->new_data.run.id);
    if (!code)
        code = cp_figures_measured(&c->base_data, &c->base, &c->err);
    return code ? code : cp_figures_measured(&c->new_data, &c->now, &c->err);
}

/* What nights of this function differ by, where its history tells: the two runs are of different
 * times. */
static enum cp_code read_day_sd(struct compared *c)
{
    const struct cp_history_span all = {0, 0};
    const struct cp_trend_options options = {.effect = NAN, .effect_ms = NAN};
    const struct cp_night_key key = cp_night_key_of(&c->new_data.run);
    struct cp_history history = {.n_nights = 0};
    double day_sd = NAN;
    if (cp_run_took_turns(&c->base_data.run, &c->new_data.run))
        return CP_OK; /* not of different times */
    enum cp_code code = cp_store_load_history(c->store, &key, all, &history, &c->err);
    if (!code && history.n_nights > 0)
        code = cp_history_day_sd(&history, &options, &day_sd, &c->err);
    c->day_sd = isfinite(day_sd) ? day_sd : 0;
    cp_history_clear(&history);
    return code;
}

static bool is_wanted(const void *context, const struct cp_metric_key *metric)
{
    const struct cp_metric_list *list = context;
    for (size_t i = 0; i < list->n; i++) {
        if (cp_metric_pattern_fits(&list->pattern[i], metric))
            return true;
    }
    return list->n == 0;
}

static enum cp_code judge(struct compared *c)
{
    const struct cp_options *o = &c->cli->options;
    const struct cp_gates_question question = {
        .options = {.effect = o->effect.ratio,
                    .effect_ms = o->effect.ms,
                    .day_sd = c->day_sd,
                    .n_resamples = RESAMPLES,
                    .seed = o->seed,
                    .threads = CP_FIGURES_THREADS,
                    .is_wanted = o->metrics_wanted.n ? is_wanted : NULL,
                    .wanted_context = &o->metrics_wanted},
        .is_pair = cp_run_took_turns(&c->base_data.run, &c->new_data.run),
        .allowed = c->allowed,
    };
    return cp_gates_of_runs(c->base, c->now, &question, &c->comparison, &c->gates, &c->err);
}

static enum cp_status run_compare(struct cp_cli *cli)
{
    struct compared c = {
        .cli = cli, .base_data = {.run = cp_run_empty()}, .new_data = {.run = cp_run_empty()}};
    enum cp_code code = cp_cli_check_gate_formats(cli, false, &c.err);
    if (!code)
        code = load(&c);
    if (!code)
        code = cp_unlike_check(c.base, c.now, cli->options.allow, c.allowed, &c.err);
    if (!code)
        code = read_day_sd(&c);
    if (!code)
        code = judge(&c);
    c.gates.command = cp_command_compare.name;
    enum cp_status status = code ? cp_cli_fail(cli, &c.err) : cp_cli_show_gates(cli, &c.gates);
    compared_end(&c);
    return status;
}

const struct cp_command cp_command_compare = {
    .name = "compare",
    .arguments = "BASE [NEW]",
    .summary = "judge whether a run is slower than another one, metric by metric",
    .detail =
        "BASE and NEW (default: the last run) are ids that sweep or import printed, unique "
        "beginnings of them, or 'last'. For p50, p95 and p99 of init (or restore), cold and warm "
        "at each memory size that both have: how many times the base's it is, with its 95 % "
        "interval, and one of four verdicts. A regression is an interval that lies wholly above "
        "what matters (--effect), after adjusting for how many metrics there are; never a p-value "
        "alone. Runs that differ in more than code are refused, unless --allow says what is meant. "
        "Status 3 on a regression.",
    .examples = "  coldprof compare 7f3a last\n"
                "  coldprof compare 7f3a 92c1 --effect 10%,20ms --metrics init,cold-p95\n"
                "  coldprof compare 7f3a 92c1 --allow region --export junit=coldstart.xml\n"
                "  coldprof compare 7f3a --json --exit-zero\n",
    .bit = CP_IN_COMPARE,
    .min_words = 1,
    .max_words = 2,
    .run = run_compare,
};
