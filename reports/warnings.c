/* SPDX-License-Identifier: GPL-3.0-or-later
 * Every warning of the report in one table, worst first: a stable id, a condition in numbers, and
 * what to do next. Ids are never reused.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "model/base/units.h"
#include "reports/figures.h"
#include "reports/format.h"
#include "reports/warning_rule.h"

#define HEADROOM_MIN 0.1 /* share of the memory size that must stay free */

struct cp_count_text cp_count_text(size_t n)
{
    struct cp_count_text c;
    cp_format_count(n, c.text);
    return c;
}

bool cp_warning_say(struct cp_warning *w, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(w->text, sizeof w->text, fmt, args);
    va_end(args);
    return true;
}

bool cp_warning_advise(struct cp_warning *w, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(w->advice, sizeof w->advice, fmt, args);
    va_end(args);
    return true;
}

/* An import has no sweep to repeat. */
static bool advise_either(const struct cp_figures *f, struct cp_warning *w, const char *of_sweep,
                          const char *of_import)
{
    return cp_warning_advise(w, "%s", cp_figures_is_import(f) ? of_import : of_sweep);
}

static bool interrupted(const struct cp_figures *f, struct cp_warning *w)
{
    if (!f->data->run.is_interrupted)
        return false;
    if (cp_figures_is_import(f)) {
        cp_warning_say(w, "the import was interrupted: only a part of the logs was read");
        return cp_warning_advise(w, "import them again; figures use what was read");
    }
    cp_warning_say(w, "the run was interrupted: %s of %s planned samples were not sent",
                   cp_count_text(f->accounting.not_sent).text,
                   cp_count_text(f->accounting.planned).text);
    return cp_warning_advise(w, "repeat the sweep; figures use the samples that came back");
}

static bool lost(const struct cp_figures *f, struct cp_warning *w)
{
    if (f->accounting.unknown == 0)
        return false;
    cp_warning_say(w, "%s of %s samples were sent, but their answer was lost",
                   cp_count_text(f->accounting.unknown).text,
                   cp_count_text(f->accounting.planned).text);
    return cp_warning_advise(
        w, "each may have run and cost money; slow answers are lost more often, so tails "
           "may look better than they are");
}

/* "128, 256 MB" of the sizes a condition holds for; how many. */
static size_t list_sizes(const struct cp_figures *f, bool (*holds)(const struct cp_size_figures *),
                         char *out, size_t out_size)
{
    size_t n = 0;
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < f->n_sizes; i++) {
        if (!holds(&f->sizes[i]))
            continue;
        char mb[CP_FORMAT_MAX];
        cp_format(CP_UNIT_MB, f->sizes[i].memory_size_mb, mb);
        int wrote = snprintf(out + used, out_size - used, "%s%s MB", n ? ", " : "", mb);
        if (wrote > 0 && (size_t)wrote < out_size - used)
            used += (size_t)wrote;
        n++;
    }
    out[used] = '\0';
    return n;
}

static bool size_cannot_run(const struct cp_size_figures *size)
{
    return size->cannot_run;
}

static bool size_is_tight(const struct cp_size_figures *size)
{
    return !size->cannot_run && size->headroom_ratio < HEADROOM_MIN;
}

static bool cannot_run(const struct cp_figures *f, struct cp_warning *w)
{
    char sizes[120];
    if (list_sizes(f, size_cannot_run, sizes, sizeof sizes) == 0)
        return false;
    cp_warning_say(w, "the function cannot run at %s", sizes);
    return cp_warning_advise(w, "never set these sizes; the table says what happened");
}

static bool failed(const struct cp_figures *f, struct cp_warning *w)
{
    size_t ran = f->accounting.measured + f->accounting.failed;
    if (f->accounting.failed == 0)
        return false;
    char share[CP_FORMAT_MAX];
    cp_format(CP_UNIT_PERCENT, (double)f->accounting.failed / (double)ran, share);
    cp_warning_say(w, "%s of %s invocations failed (%s %%); failures%s are in no quantile",
                   cp_count_text(f->accounting.failed).text, cp_count_text(ran).text, share,
                   cp_figures_n_timeout(f) ? " other than timeouts" : "");
    return advise_either(f, w, "read the function's log, mend it, and sweep again before deciding",
                         "read what the function logged, and mend it before deciding");
}

static bool size_has_timeouts(const struct cp_size_figures *size)
{
    return size->n_cold_timeout + size->n_warm_timeout > 0;
}

static bool timed_out(const struct cp_figures *f, struct cp_warning *w)
{
    char sizes[80];
    char longest[CP_FORMAT_MAX];
    size_t n = cp_figures_n_timeout(f);
    double timeout_ms = NAN;
    if (n == 0)
        return false;
    (void)list_sizes(f, size_has_timeouts, sizes, sizeof sizes);
    for (size_t i = 0; i < f->n_sizes; i++)
        timeout_ms = fmax(timeout_ms, f->sizes[i].timeout_ms);
    cp_warning_say(w,
                   "%s invocation%s at %s ran into the function timeout (%s ms): slower than every "
                   "other in quantiles, the whole timeout in costs",
                   cp_count_text(n).text, n == 1 ? "" : "s", sizes,
                   cp_format(CP_UNIT_MS, timeout_ms, longest));
    return cp_warning_advise(w, "find out what hangs; until then '>= timeout' stands where so many "
                                "of them leave no number");
}

static bool throttled(const struct cp_figures *f, struct cp_warning *w)
{
    if (f->accounting.throttled == 0)
        return false;
    cp_warning_say(w, "%s of %s invocations were throttled",
                   cp_count_text(f->accounting.throttled).text,
                   cp_count_text(f->accounting.planned).text);
    return cp_warning_advise(
        w, "lower the sweep's concurrency or raise the account's concurrency limit");
}

static bool tight_memory(const struct cp_figures *f, struct cp_warning *w)
{
    char sizes[120];
    if (list_sizes(f, size_is_tight, sizes, sizeof sizes) == 0)
        return false;
    cp_warning_say(w, "less than 10 %% of memory is free at %s", sizes);
    return cp_warning_advise(
        w, "these sizes are never recommended: one larger event ends in out of memory");
}

static size_t n_deciding(const struct cp_candidate *c)
{
    return c->cold_decides ? c->n_cold : c->n_warm;
}

/* Might do, costs less than the answer, and lacks samples only. Without an answer the decision's
 * own sentence says what is missing. */
static bool is_short_of_samples(const struct cp_figures *f, const struct cp_candidate *c)
{
    const struct cp_candidate *answer = cp_figures_candidate(f, cp_figures_recommended(f));
    bool is_short = c->may_meet_budget && c->latency_status < CP_ANSWER_UPPER_ONLY &&
                    c->n_needed > n_deciding(c);
    if (!is_short || !answer)
        return false;
    return cp_figures_has_traffic(f) ? c->usd_per_month.value < answer->usd_per_month.value
                                     : c->usd_per_million.value < answer->usd_per_million.value;
}

/* Only samples that could change the decision: the cheaper setting with the least shortfall. */
static bool too_few(const struct cp_figures *f, struct cp_warning *w)
{
    const struct cp_candidate *nearest = NULL;
    for (size_t i = 0; i < f->decision.n_candidates; i++) {
        const struct cp_candidate *c = &f->decision.candidates[i];
        if (is_short_of_samples(f, c) &&
            (!nearest || c->n_needed - n_deciding(c) < nearest->n_needed - n_deciding(nearest)))
            nearest = c;
    }
    if (!nearest)
        return false;
    char mb[CP_FORMAT_MAX];
    const char *kind = nearest->cold_decides ? "cold" : "warm";
    cp_warning_say(w, "%s MB %s may meet the budget for less, but %zu %s samples cannot show it",
                   cp_format(CP_UNIT_MB, nearest->memory_size_mb, mb),
                   cp_concurrency_mode_name(nearest->mode), n_deciding(nearest), kind);
    if (cp_figures_is_import(f))
        return cp_warning_advise(w, "a log with %zu %s starts at that size would tell",
                                 nearest->n_needed, kind);
    return cp_warning_advise(w, "sweep with --%s %zu to tell", kind, nearest->n_needed);
}

static bool mode_edge(const struct cp_figures *f, struct cp_warning *w)
{
    struct cp_buf text;
    cp_buf_init(&text, sizeof w->text);
    bool is_any = cp_mode_edge_text(f, &text);
    cp_warning_say(w, "%s", cp_buf_str(&text));
    cp_buf_clear(&text);
    return is_any &&
           cp_warning_advise(w, "look at the distribution chart, and plan with the upper bound");
}

static bool idle_extrapolated(const struct cp_figures *f, struct cp_warning *w)
{
    if (!f->decision.is_survival_extrapolated || f->survival.n_points == 0)
        return false;
    char used[CP_FORMAT_MAX];
    char probed[CP_FORMAT_MAX];
    const struct cp_idle_point *last = &f->survival.points[f->survival.n_points - 1];
    cp_format(CP_UNIT_S, f->decision.survival_used_ms / CP_MS_PER_S, used);
    cp_format(CP_UNIT_S, last->idle_interval_ms / CP_MS_PER_S, probed);
    cp_warning_say(
        w,
        "the traffic leaves environments idle for up to %s s, but idle intervals were probed "
        "up to %s s only",
        used, probed);
    return advise_either(f, w,
                         "sweep with a longer --idle-max; until then the cold share is a guess",
                         "import a longer log; until then the cold share is a guess");
}

static bool no_idle_probe(const struct cp_figures *f, struct cp_warning *w)
{
    if (!cp_figures_has_traffic(f) || f->survival.n_probes > 0)
        return false;
    if (cp_figures_is_import(f)) {
        cp_warning_say(w, "the log does not show how long an environment survives idle time: it "
                          "has no log streams, or too few pauses in them");
        return cp_warning_advise(w, "import a form that names the stream (aws logs tail, not "
                                    "--format short), or a longer log");
    }
    cp_warning_say(
        w, "no idle interval was probed: how long an environment survives idle time is unknown");
    return cp_warning_advise(w, "sweep with --idle auto, or for example --idle 1m,5m,15m");
}

static bool unpriced(const struct cp_figures *f, struct cp_warning *w)
{
    if (cp_price_has_provisioned(f->price))
        return false;
    cp_warning_say(
        w,
        "provisioned concurrency is left out of the decision: its price for %s in %s is not known",
        f->price->architecture, f->price->region);
    return cp_warning_advise(w,
                             "fetch it: coldprof prices update --region %s; then 'coldprof report'",
                             f->price->region);
}

static bool no_init(const struct cp_figures *f, struct cp_warning *w)
{
    if (!cp_figures_has_no_init(f))
        return false;
    cp_warning_say(
        w, "mode tail without init: this endpoint shows no init of a fresh environment, so cold "
           "starts cannot be told");
    return cp_warning_advise(
        w, "durations are those of repeated requests; sweep on AWS or the folder itself "
           "for cold starts");
}

static bool wall_clock(const struct cp_figures *f, struct cp_warning *w)
{
    if (!cp_figures_is_wall_clock(f))
        return false;
    cp_warning_say(
        w, "mode wall clock: this endpoint gives no REPORT records; all times are the client's, "
           "the way there and back included");
    return cp_warning_advise(
        w, "they are neither init nor duration: compare them with each other only");
}

static bool local(const struct cp_figures *f, struct cp_warning *w)
{
    if (!f->data->run.is_local)
        return false;
    cp_warning_say(w, "local run: a relative comparison of sizes and versions, not AWS latency");
    return cp_warning_advise(w, "sweep the deployed function before changing production");
}

static bool snapstart(const struct cp_figures *f, struct cp_warning *w)
{
    if (f->fresh_start != CP_START_SNAPSTART)
        return false;
    cp_warning_say(
        w, "SnapStart: a fresh environment restores a snapshot; the times before the first handler "
           "run are restore durations");
    return cp_warning_advise(w, "compare them with restore durations only; %s",
                             cp_snapshot_cost_words(f));
}

static bool provisioned(const struct cp_figures *f, struct cp_warning *w)
{
    const char *text = f->data->run.provisioned;
    if (!text[0])
        return false;
    cp_warning_say(w, "%s", text);
    return cp_warning_advise(w, "compare its cost with the settings above before changing it");
}

static bool excluded(const struct cp_figures *f, struct cp_warning *w)
{
    size_t n = cp_figures_n_excluded(f);
    if (n == 0 || cp_figures_is_import(f))
        return false;
    cp_warning_say(
        w,
        "%zu measured sample%s excluded: %zu started otherwise than asked (a warm start in a "
        "cold cell, or the reverse), %zu without durations",
        n, n == 1 ? "" : "s", f->n_mismatched, n > f->n_mismatched ? n - f->n_mismatched : 0);
    return cp_warning_advise(w, "nothing to do when few; the samples stay in the store");
}

static bool init_follows(const struct cp_figures *f, struct cp_warning *w)
{
    const struct cp_memory_law *law = &f->laws[CP_SERIES_INIT][CP_LAW_P50];
    if (law->status != CP_OK || law->kind == CP_MEMORY_LAW_CONSTANT)
        return false;
    char slope[CP_FORMAT_MAX];
    cp_format_interval(CP_UNIT_MS, (struct cp_interval){law->b_ms, law->b_low_ms, law->b_high_ms},
                       slope);
    cp_warning_say(w, "%s duration follows memory here: b = %s ms per 1,024 MB",
                   cp_startup_word(f->fresh_start), slope);
    if (f->fresh_start == CP_START_SNAPSTART)
        return cp_warning_advise(w,
                                 "on AWS a restore reads its snapshot from storage; check there");
    return advise_either(f, w, "on AWS init usually runs at full speed at every size; check there",
                         "init usually runs at full speed at every size: other code may have run "
                         "at the other sizes");
}

static bool init_constant(const struct cp_figures *f, struct cp_warning *w)
{
    bool is_answered = cp_figures_recommended(f) >= 0;
    if (!f->is_init_pooled || is_answered) /* of use only where cold starts are too slow */
        return false;
    const char *word = cp_startup_word(f->fresh_start);
    cp_warning_say(w, "%s duration does not follow memory (n=%zu pooled)", word,
                   f->pooled_init_p50.n);
    return cp_warning_advise(
        w, "more memory shortens the first handler run, not %s; make %s lighter", word, word);
}

static const struct {
    const char *id;
    bool (*applies)(const struct cp_figures *f, struct cp_warning *w);
} rules[] = {
    {"W019", wall_clock},
    {"W018", no_init},
    {"W001", interrupted},
    {"W002", lost},
    {"W003", cannot_run},
    {"W004", failed},
    {"W032", timed_out},
    {"W005", throttled},
    {"W026", cp_warn_emulator},
    {"W024", cp_warn_mixed_starts},
    {"W025", cp_warn_provisioned_starts},
    {"W006", tight_memory},
    {"W021", cp_warn_assumed},
    {"W022", cp_warn_sizes_of_log},
    {"W031", cp_warn_bursts},
    {"W023", cp_warn_one_size},
    {"W007", too_few},
    {"W008", mode_edge},
    {"W009", idle_extrapolated},
    {"W015", no_idle_probe},
    {"W029", cp_warn_failure_texts},
    {"W030", cp_warn_twice},
    {"W027", cp_warn_eras},
    {"W028", cp_warn_no_times},
    {"W017", unpriced},
    {"W035", cp_warn_old_prices},
    {"W010", local},
    {"W011", snapstart},
    {"W012", excluded},
    {"W016", cp_warn_lack_of_fit},
    {"W033", cp_warn_tails_differ},
    {"W034", cp_warn_no_law},
    {"W013", init_follows},
    {"W014", init_constant},
    {"W020", provisioned},
};
_Static_assert(sizeof rules / sizeof rules[0] <= CP_WARNINGS_MAX, "one slot per rule");

void cp_figures_warn(struct cp_figures *f)
{
    f->n_warnings = 0;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        struct cp_warning *w = &f->warnings[f->n_warnings];
        *w = (struct cp_warning){0};
        if (!rules[i].applies(f, w))
            continue;
        (void)snprintf(w->id, sizeof w->id, "%s", rules[i].id);
        f->n_warnings++;
    }
}

/* Planned, and not needed in the end: the cell was precise enough before, or the search for the
 * idle lifetime over. */
static bool is_not_needed(const struct cp_run_data *data, const struct cp_sample *s)
{
    if (s->outcome != CP_OUTCOME_NOT_SENT)
        return false;
    if (s->kind == CP_CELL_PRIME || s->kind == CP_CELL_IDLE)
        return data->run.idle_end[0] && !data->run.is_interrupted;
    for (size_t i = 0; i < data->n_cells; i++) {
        const struct cp_cell_result *cell = &data->cells[i];
        if (cell->kind == s->kind && cell->memory_size_mb == s->memory_size_mb)
            return cell->stop == CP_STOP_PRECISION;
    }
    return false;
}

static size_t n_not_needed(const struct cp_run_data *data)
{
    size_t n = 0;
    for (size_t i = 0; i < data->n_samples; i++)
        n += is_not_needed(data, &data->samples[i]);
    return n;
}

void cp_accounting_text(const struct cp_figures *f, struct cp_buf *out)
{
    const struct cp_accounting *a = &f->accounting;
    if (cp_figures_is_import(f)) {
        cp_buf_addf(out, "records %s = measured %s + failed %s", cp_count_text(a->planned).text,
                    cp_count_text(a->measured).text, cp_count_text(a->failed).text);
        if (f->data->run.n_duplicates > 0)
            cp_buf_addf(out, "; dropped, as they occurred again: %s",
                        cp_count_text((size_t)f->data->run.n_duplicates).text);
        return;
    }
    cp_buf_addf(out,
                "planned %s = measured %s + failed %s + throttled %s + unknown %s + not sent %s",
                cp_count_text(a->planned).text, cp_count_text(a->measured).text,
                cp_count_text(a->failed).text, cp_count_text(a->throttled).text,
                cp_count_text(a->unknown).text, cp_count_text(a->not_sent).text);
    size_t n = n_not_needed(f->data);
    if (n > 0 && n == a->not_sent)
        cp_buf_adds(out, " (not needed)");
    else if (n > 0)
        cp_buf_addf(out, " (%s not needed)", cp_count_text(n).text);
}
