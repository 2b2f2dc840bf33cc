/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/nightly_pair.h"
#include "profiler/cli/render.h"
#include "profiler/cli/session.h"
#include "profiler/cli/show_gates.h"
#include "reports/night.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* From a run to what is said of it. */
struct nightly {
    const struct cp_cli *cli;
    struct cp_session session;
    struct cp_run_data data;
    struct cp_cli_prices prices;
    struct cp_figures *figures;
    struct cp_night night;
    struct cp_history history;
    struct cp_gates gates;
    struct cp_error err;
};

static void nightly_end(struct nightly *n)
{
    cp_gates_clear(&n->gates);
    cp_history_clear(&n->history);
    cp_night_clear(&n->night);
    cp_figures_free(n->figures);
    cp_run_data_clear(&n->data);
    cp_session_end(&n->session);
}

/* --- the night --- */

/* Part of a night would be judged as all of it. */
static enum cp_code check_whole(struct nightly *n)
{
    enum cp_code code = cp_session_check_whole(&n->data, &n->err);
    return code ? cp_fail_context(&n->err, "this night is not in the history") : code;
}

static enum cp_code make_night(struct nightly *n)
{
    struct cp_session *s = &n->session;
    enum cp_code code = cp_store_load(s->store, s->run.id, &n->data, &n->err);
    if (!code)
        code = check_whole(n);
    if (!code)
        code = cp_cli_price_run(n->cli, &n->data, &n->prices, &n->err);
    if (!code)
        code = cp_figures_measured(&n->data, &n->figures, &n->err);
    if (!code)
        code = cp_night_of(n->figures, &n->night, &n->err);
    return code ? code : cp_store_put_night(s->store, &n->night, &n->err);
}

/* --- the verdict --- */

/* Another machine's run may have the same id. */
static bool is_tonight(const struct nightly *n, const struct cp_night *night)
{
    return night->started_at_ms == n->night.started_at_ms &&
           strcmp(night->run_id, n->night.run_id) == 0;
}

/* Nights that are later than this one, of a clock that was wrong or an import, are not before it.
 */
static void forget_later(struct nightly *n)
{
    struct cp_history *h = &n->history;
    size_t n_later = 0;
    while (h->n_nights > 0 && !is_tonight(n, &h->nights[h->n_nights - 1])) {
        cp_night_clear(&h->nights[--h->n_nights]);
        n_later++;
    }
    if (n_later && !n->cli->options.is_quiet)
        (void)fprintf(stderr,
                      "warning: nights of the history that are later than this one (%zu) do not "
                      "count: is the clock right?\n",
                      n_later);
}

static enum cp_code judge(struct nightly *n)
{
    const struct cp_history_span all = {0, 0};
    const struct cp_effect *effect = &n->cli->options.effect;
    const struct cp_trend_options options = {.effect = effect->ratio, .effect_ms = effect->ms};
    enum cp_code code =
        cp_store_load_history(n->session.store, &n->night.key, all, &n->history, &n->err);
    if (code)
        return code;
    forget_later(n);
    return cp_gates_of_history(&n->history, &n->data, &options, &n->gates, &n->err);
}

static enum cp_status conclude(struct nightly *n)
{
    if (n->night.n_metrics == 0 && n->gates.n_failed == 0) {
        enum cp_status status = cp_render_status(n->cli, n->figures);
        if (status != CP_STATUS_OK)
            return status;
        (void)cp_fail(&n->err, CP_ENODATA,
                      "nothing was measured tonight, so nothing is judged; see 'coldprof report "
                      "%s'",
                      n->data.run.id);
        return cp_cli_fail(n->cli, &n->err);
    }
    return cp_cli_show_gates(n->cli, &n->gates);
}

/* --- the command --- */

/* `code`: how the preparation ended. */
static enum cp_code explain_busy(struct nightly *n, enum cp_code code)
{
    if (code == CP_EBUSY)
        (void)cp_fail_context(&n->session.err, "this night is left out%s",
                              n->cli->options.wait_ms > 0 ? ""
                                                          : ", unless --wait lets it take its "
                                                            "turn");
    return code;
}

static enum cp_status measure_and_judge(struct nightly *n)
{
    struct cp_session *s = &n->session;
    enum cp_code code = cp_session_measure(s);
    if (code) {
        enum cp_status status = cp_session_fail(s, code);
        if (s->progress.is_planned)
            (void)fputs("this night is not in the history\n", stderr);
        return status;
    }
    code = make_night(n);
    if (!code)
        code = judge(n);
    return code ? cp_cli_fail(n->cli, &n->err) : conclude(n);
}

static enum cp_status run_nightly(struct cp_cli *cli)
{
    struct nightly n = {.cli = cli, .data = {.run = cp_run_empty()}};
    enum cp_status status = CP_STATUS_OK;
    if (cli->options.against)
        return cp_nightly_pair(cli, cli->words.word[0]);
    cp_session_begin(&n.session, cli);
    n.session.is_own_memory = true;
    n.session.is_counted = true;
    enum cp_code code = cp_cli_check_gate_formats(cli, true, &n.session.err);
    if (!code && cli->options.max_cold == 0 && cli->options.max_warm == 0)
        code = cp_fail(&n.session.err, CP_EINVAL,
                       "a night is judged by cold and warm samples: leave one of --cold and --warm "
                       "above 0");
    if (!code)
        code = explain_busy(&n, cp_session_prepare(&n.session, cli->words.word[0]));
    if (code)
        status = cp_cli_fail(cli, &n.session.err);
    else if (cli->options.is_dry_run)
        status = cp_session_rehearse(&n.session);
    else
        status = measure_and_judge(&n);
    nightly_end(&n);
    return status;
}

const struct cp_command cp_command_nightly = {
    .name = "nightly",
    .arguments = "FOLDER|FUNCTION",
    .summary = "measure, compare with the nights before, and fail when something got worse",
    .detail =
        "Measures as sweep does, a FOLDER here or a FUNCTION on AWS with the same quote, limits "
        "and undo, but the same way every time: the function's own memory size, so many cold and "
        "warm starts, no idle intervals. The quantiles join the history of that function, place, "
        "Region and architecture, and each is judged against the nights before it, whose own "
        "spread counts: the first nights only learn, one bad night is suspect, and what is worse "
        "on most of the last nights fails, until it is back or accepted ('coldprof history "
        "accept'). A memory size that cannot run any more fails at once. A run that was "
        "interrupted or cut short is kept, but is no night. "
        "With --against OTHER, two folders: both builds are measured here in turns, and FOLDER is "
        "judged by OTHER at once, without any history; for a pull request. "
        "Status 0: nothing got worse, or not yet known; 3: something did; 4: interrupted; 1: no "
        "verdict, also when another process is measuring into the same store, which is named: "
        "this night is then left out, unless --wait lets it take its turn. See 'coldprof help "
        "nightly'.",
    .examples =
        "  coldprof nightly ./my-function\n"
        "  coldprof nightly checkout --yes --max-cost-usd 0.05 --profile staging\n"
        "  coldprof nightly ./my-function --export junit=night.xml --export md=night.md\n"
        "  coldprof nightly ./my-function --against ../main/my-function\n"
        "  coldprof nightly ./my-function --notify-command 'mail -s slower me@example.org'\n",
    .bit = CP_IN_NIGHTLY,
    .min_words = 1,
    .max_words = 1,
    .run = run_nightly,
};
