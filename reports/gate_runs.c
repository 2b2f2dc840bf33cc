/* SPDX-License-Identifier: GPL-3.0-or-later
 * Two runs compared: their common series, and what the quantiles do not say. What vanished does not
 * pass in silence: a memory size that cannot run any more fails, a series without samples is told.
 */
#include "reports/gate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/night.h"
#include "reports/warning_rule.h"

struct runs {
    const struct cp_figures *base, *now;
    const struct cp_gates_question *question;
};

static bool is_wanted(const struct runs *r, const struct cp_metric_key *metric)
{
    const struct cp_comparison_options *o = &r->question->options;
    return !o->is_wanted || o->is_wanted(o->wanted_context, metric);
}

/* --- what the new run has not --- */

static struct cp_gate absent_gate(const struct cp_night_metric *m,
                                  const struct cp_size_figures *size)
{
    const struct cp_interval none = {NAN, NAN, NAN};
    struct cp_gate gate = {.metric = m->metric,
                           .base_ms = m->ms,
                           .new_ms = none,
                           .ratio = none,
                           .n_base = m->n,
                           .worse_p_adjusted = NAN,
                           .screen_p = NAN};
    if (size->cannot_run) {
        gate.verdict = CP_CHANGE_REGRESSION;
        gate.fails = true;
        (void)snprintf(gate.because, sizeof gate.because,
                       "it ran in the base and cannot run now: %s",
                       size->cannot_run_note[0] ? size->cannot_run_note : "it failed");
    } else {
        (void)snprintf(gate.because, sizeof gate.because, "the new run has no sample of it");
    }
    return gate;
}

/* Of a size that both runs have, and of a start that they share. */
static bool is_absent(const struct runs *r, const struct cp_night *now,
                      const struct cp_night_metric *m)
{
    bool is_start = m->metric.timing == CP_TIMING_INIT || m->metric.timing == CP_TIMING_RESTORE;
    return cp_figures_size(r->now, m->metric.memory_size_mb) && !cp_night_find(now, &m->metric) &&
           !(is_start && r->base->fresh_start != r->now->fresh_start) && is_wanted(r, &m->metric);
}

static int by_metric(const void *a, const void *b)
{
    const struct cp_gate *x = a;
    const struct cp_gate *y = b;
    return cp_metric_key_order(&x->metric, &y->metric);
}

static enum cp_code add_gates(const struct runs *r, const struct cp_night *base,
                              const struct cp_night *now, struct cp_gates *gates,
                              struct cp_error *err)
{
    struct cp_gate *more =
        realloc(gates->gates, (gates->n + base->n_metrics + 1) * sizeof *gates->gates);
    if (!more)
        return cp_fail(err, CP_ENOMEM, "no memory for the gates of a comparison");
    gates->gates = more;
    for (size_t i = 0; i < base->n_metrics; i++) {
        const struct cp_night_metric *m = &base->metrics[i];
        if (!is_absent(r, now, m))
            continue;
        struct cp_gate *gate = &gates->gates[gates->n++];
        *gate = absent_gate(m, cp_figures_size(r->now, m->metric.memory_size_mb));
        gates->n_by_verdict[gate->verdict]++;
        gates->n_failed += gate->fails ? 1 : 0;
    }
    qsort(gates->gates, gates->n, sizeof *gates->gates, by_metric);
    return CP_OK;
}

/* Of a large log the values that were compared stand for more. */
static void tell_counts(const struct cp_night *base, const struct cp_night *now,
                        struct cp_gates *gates)
{
    for (size_t i = 0; i < gates->n; i++) {
        struct cp_gate *gate = &gates->gates[i];
        const struct cp_night_metric *of_base = cp_night_find(base, &gate->metric);
        const struct cp_night_metric *of_now = cp_night_find(now, &gate->metric);
        gate->n_base = of_base ? of_base->n : gate->n_base;
        gate->n_new = of_now ? of_now->n : gate->n_new;
    }
}

static enum cp_code add_absent(const struct runs *r, struct cp_gates *gates, struct cp_error *err)
{
    struct cp_night base = {.n_metrics = 0};
    struct cp_night now = {.n_metrics = 0};
    enum cp_code code = cp_night_of(r->base, &base, err);
    if (!code)
        code = cp_night_of(r->now, &now, err);
    if (!code) {
        tell_counts(&base, &now, gates);
        code = add_gates(r, &base, &now, gates, err);
    }
    cp_night_clear(&base);
    cp_night_clear(&now);
    return code;
}

/* --- warnings --- */

static bool warn_of_days(const struct runs *r, struct cp_warning *w)
{
    if (r->question->is_pair || r->question->options.day_sd > 0)
        return false;
    cp_warning_say(w, "the two runs did not take turns: what differs from one time to another is "
                      "not in the intervals");
    return cp_warning_advise(w, "measure both builds in turns: 'coldprof nightly FOLDER --against "
                                "OTHER'; or night by night: 'coldprof nightly TARGET'");
}

static bool warn_allowed(const struct runs *r, struct cp_warning *w)
{
    const char *allowed = r->question->allowed;
    if (!allowed || !allowed[0])
        return false;
    cp_warning_say(w, "compared although different: %s", allowed);
    return cp_warning_advise(w, "a change may be that of these, not of the code");
}

/* "256, 512 MB in run 7f3a" */
static size_t list_sizes(const struct cp_figures *has, const struct cp_figures *has_not, char *out,
                         size_t out_size)
{
    size_t n = 0;
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < has->n_sizes; i++) {
        char mb[CP_FORMAT_MAX];
        if (cp_figures_size(has_not, has->sizes[i].memory_size_mb))
            continue;
        int written = snprintf(out + used, out_size - used, "%s%s", n ? ", " : "",
                               cp_format(CP_UNIT_MB, has->sizes[i].memory_size_mb, mb));
        used += written > 0 && (size_t)written < out_size - used ? (size_t)written : 0;
        n++;
    }
    return n;
}

static bool warn_of_sizes(const struct runs *r, struct cp_warning *w)
{
    char of_base[80];
    char of_now[80];
    size_t n_base = list_sizes(r->base, r->now, of_base, sizeof of_base);
    size_t n_now = list_sizes(r->now, r->base, of_now, sizeof of_now);
    if (n_base + n_now == 0)
        return false;
    cp_warning_say(w, "not compared: %s%s%s%s%s%s", of_base, n_base ? " MB, in the base only" : "",
                   n_base && n_now ? "; " : "", of_now, n_now ? " MB, in the new run only" : "",
                   "");
    return cp_warning_advise(w, "sweep both with the same --memory");
}

static bool warn_no_init(const struct runs *r, struct cp_warning *w)
{
    const struct cp_figures *f = cp_figures_has_no_init(r->now) ? r->now : r->base;
    if (!cp_figures_has_no_init(f))
        return false;
    cp_warning_say(w,
                   "run '%s' is of an endpoint that shows no init: only warm durations are "
                   "compared",
                   f->data->run.id);
    return cp_warning_advise(w, "sweep the function on AWS, or its folder here");
}

/* Timeouts are in the quantiles, above all others. */
static bool warn_failed_of(const struct cp_figures *f, struct cp_warning *w)
{
    const struct cp_accounting *a = &f->accounting;
    size_t n_timeout = cp_figures_n_timeout(f);
    size_t n_failed = a->failed > n_timeout ? a->failed - n_timeout : 0;
    size_t n = n_failed + a->throttled + a->unknown;
    if (n == 0)
        return false;
    cp_warning_say(
        w, "%s of %s invocations of run '%s' gave no measurement: %s failed, %s throttled, %s lost",
        cp_count_text(n).text, cp_count_text(a->planned).text, f->data->run.id,
        cp_count_text(n_failed).text, cp_count_text(a->throttled).text,
        cp_count_text(a->unknown).text);
    return cp_warning_advise(w, "what is left may look better than it is: see 'coldprof report %s'",
                             f->data->run.id);
}

static bool warn_failed(const struct runs *r, struct cp_warning *w)
{
    return warn_failed_of(r->now, w);
}

static bool warn_failed_base(const struct runs *r, struct cp_warning *w)
{
    return warn_failed_of(r->base, w);
}

static bool warn_interrupted_of(const struct cp_figures *f, struct cp_warning *w)
{
    if (!f->data->run.is_interrupted)
        return false;
    cp_warning_say(w, "run '%s' was interrupted: it has fewer samples than planned",
                   f->data->run.id);
    if (cp_run_in_turns(&f->data->run))
        return cp_warning_advise(w, "measure both again: 'coldprof nightly FOLDER --against "
                                    "OTHER'");
    return cp_warning_advise(w, "continue it: 'coldprof sweep --resume %s'", f->data->run.id);
}

static bool warn_interrupted(const struct runs *r, struct cp_warning *w)
{
    return warn_interrupted_of(r->now, w);
}

static bool warn_interrupted_base(const struct runs *r, struct cp_warning *w)
{
    return warn_interrupted_of(r->base, w);
}

static void add_warnings(const struct runs *r, struct cp_gates *gates)
{
    static const struct {
        const char *id;
        bool (*applies)(const struct runs *r, struct cp_warning *w);
    } rules[] = {
        {"W041", warn_allowed},          {"W042", warn_of_sizes},    {"W043", warn_no_init},
        {"W044", warn_failed},           {"W044", warn_failed_base}, {"W045", warn_interrupted},
        {"W045", warn_interrupted_base}, {"W040", warn_of_days},
    };
    _Static_assert(sizeof rules / sizeof rules[0] <=
                       sizeof gates->warnings / sizeof gates->warnings[0],
                   "room for every warning");
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        struct cp_warning w = {.id = ""};
        if (!rules[i].applies(r, &w))
            continue;
        (void)snprintf(w.id, sizeof w.id, "%s", rules[i].id);
        gates->warnings[gates->n_warnings++] = w;
    }
}

/* --- all --- */

static enum cp_code compare(const struct runs *r, struct cp_comparison *comparison,
                            struct cp_error *err)
{
    struct cp_comparison_series *series =
        calloc((size_t)CP_TIMING_COUNT * CP_RUN_SIZES_MAX, sizeof *series);
    if (!series)
        return cp_fail(err, CP_ENOMEM, "no memory for the series of two runs");
    size_t n = cp_series_pairs(r->base, r->now, series);
    enum cp_code code = cp_comparison_make(series, n, &r->question->options, comparison, err);
    free(series);
    return code;
}

static enum cp_code nothing_to_compare(const struct runs *r, struct cp_error *err)
{
    char of_base[80];
    char of_now[80];
    const char *base_id = r->base->data->run.id;
    const char *now_id = r->now->data->run.id;
    if (list_sizes(r->base, r->now, of_base, sizeof of_base) == r->base->n_sizes &&
        list_sizes(r->now, r->base, of_now, sizeof of_now) == r->now->n_sizes)
        return cp_fail(err, CP_ENODATA,
                       "runs '%s' (%s MB) and '%s' (%s MB) have no memory size in common: sweep "
                       "both with the same --memory",
                       base_id, of_base, now_id, of_now);
    if (r->question->options.is_wanted)
        return cp_fail(err, CP_ENODATA,
                       "none of the wanted metrics was measured in both runs '%s' and '%s': leave "
                       "out --metrics to see those that were",
                       base_id, now_id);
    return cp_fail(
        err, CP_ENODATA,
        "runs '%s' and '%s' have no timing in common that was measured in both: 'coldprof "
        "report' shows what each has",
        base_id, now_id);
}

enum cp_code cp_gates_of_runs(const struct cp_figures *base, const struct cp_figures *now,
                              const struct cp_gates_question *question,
                              struct cp_comparison *comparison, struct cp_gates *out,
                              struct cp_error *err)
{
    const struct runs r = {base, now, question};
    *out = (struct cp_gates){.n = 0};
    *comparison = (struct cp_comparison){.n_series = 0};
    enum cp_code code = compare(&r, comparison, err);
    if (!code)
        code = cp_gates_of_comparison(comparison, &base->data->run, &now->data->run,
                                      question->is_pair, out, err);
    if (!code)
        code = add_absent(&r, out, err);
    if (!code && out->n == 0)
        code = nothing_to_compare(&r, err);
    if (!code)
        add_warnings(&r, out);
    return code;
}
