/* SPDX-License-Identifier: GPL-3.0-or-later
 * Gates of a night against the nights before it. A metric that vanished does not pass in silence:
 * of a memory size that cannot run any more it fails at once, of anything else it is told.
 */
#include "reports/gate.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/datetime.h"
#include "model/compare/cause.h"
#include "model/stat/quantile.h"
#include "reports/warning_rule.h"

#define CONFIDENCE 0.95

/* What is judged, and how one metric of it went. */
struct judged {
    const struct cp_history *history;
    const struct cp_run_data *data;
    struct cp_trend_options options;
    int64_t *accepted_at_ms;
    struct cp_trend_value *values; /* one a night; NAN where it has no interval */
    struct cp_trend_night *nights;
    struct cp_metric_key *metrics;
    size_t n_metrics;
};

static const struct cp_night *tonight(const struct judged *j)
{
    return &j->history->nights[j->history->n_nights - 1];
}

static int min_nights(const struct judged *j)
{
    return j->options.min_nights ? j->options.min_nights : CP_TREND_MIN_NIGHTS;
}

static int n_of(const struct judged *j)
{
    return j->options.n_of ? j->options.n_of : CP_TREND_N_OF;
}

static int k_of_n(const struct judged *j)
{
    return j->options.k_of_n ? j->options.k_of_n : CP_TREND_K_OF_N;
}

/* --- which metrics --- */

/* Why a memory size could not run tonight; NULL: it could, or was not measured. */
static const char *cannot_run_note(const struct judged *j, int memory_size_mb)
{
    for (size_t i = 0; i < j->data->n_cells; i++) {
        const struct cp_cell_result *cell = &j->data->cells[i];
        if (cell->memory_size_mb == memory_size_mb && cell->stop == CP_STOP_CANNOT_RUN)
            return cell->note;
    }
    return NULL;
}

/* The newest night that has the metric; NULL: none. */
static const struct cp_night *last_with(const struct judged *j, const struct cp_metric_key *metric)
{
    for (size_t i = j->history->n_nights; i > 0; i--) {
        if (cp_night_find(&j->history->nights[i - 1], metric))
            return &j->history->nights[i - 1];
    }
    return NULL;
}

static bool is_accepted_since(const struct judged *j, int64_t at_ms)
{
    size_t n = j->history->n_acceptances;
    return n > 0 && j->history->acceptances[n - 1].at_ms > at_ms;
}

/* Those of the last nights. Of a size that cannot run any more also those of long ago, until that
 * was accepted: it must not be forgotten after a few nights. */
static bool is_asked(const struct judged *j, const struct cp_metric_key *metric)
{
    const struct cp_night *last = last_with(j, metric);
    if (!last || last == tonight(j))
        return last != NULL;
    if (cannot_run_note(j, metric->memory_size_mb))
        return !is_accepted_since(j, last->started_at_ms);
    return j->history->n_nights - (size_t)(last - j->history->nights) <= (size_t)n_of(j);
}

static void drop_unasked(struct judged *j)
{
    size_t n = 0;
    for (size_t i = 0; i < j->n_metrics; i++) {
        if (is_asked(j, &j->metrics[i]))
            j->metrics[n++] = j->metrics[i];
    }
    j->n_metrics = n;
}

/* --- one metric --- */

static enum cp_code judge(struct judged *j, const struct cp_metric_key *metric,
                          struct cp_error *err)
{
    const struct cp_history *h = j->history;
    for (size_t i = 0; i < h->n_nights; i++) {
        const struct cp_night_metric *m = cp_night_find(&h->nights[i], metric);
        j->values[i] = (struct cp_trend_value){h->nights[i].started_at_ms, {NAN, NAN, NAN}, 0};
        if (m && cp_night_is_judged(m))
            j->values[i] = (struct cp_trend_value){h->nights[i].started_at_ms, m->ms, m->n};
    }
    return cp_trend_judge(j->values, h->n_nights, j->accepted_at_ms, h->n_acceptances, &j->options,
                          j->nights, err);
}

__attribute__((format(printf, 2, 3))) static void because(struct cp_gate *gate, const char *fmt,
                                                          ...)
{
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(gate->because, sizeof gate->because, fmt, args);
    va_end(args);
}

/* What must be exceeded, as a ratio: 1.05. */
static double least_ratio(const struct judged *j, double base_ms)
{
    return 1 + cp_change_least(j->options.effect, j->options.effect_ms, base_ms);
}

static void say_learning(const struct judged *j, struct cp_gate *gate)
{
    int missing = min_nights(j) - (int)gate->n_base - 1;
    if (missing > 0)
        because(gate, "learning: night %zu of %d, it is judged after %d more", gate->n_base + 1,
                min_nights(j), missing);
    else
        because(gate, "learning: night %zu of %d, the next one is judged", gate->n_base + 1,
                min_nights(j));
}

static void say_steady(const char *ratio, const char *limit, struct cp_gate *gate)
{
    if (gate->verdict == CP_CHANGE_EQUIVALENT)
        because(gate, "ratio %s is within 1 / %s .. %s", ratio, limit, limit);
    else
        because(gate,
                "ratio %s is no worse than nights are, but not known to be within 1 / %s .. %s",
                ratio, limit, limit);
}

static void say_worse(const struct judged *j, const struct cp_trend_night *night, const char *ratio,
                      const char *limit, struct cp_gate *gate)
{
    char since[CP_DATETIME_TEXT_MAX];
    if (gate->state == CP_TREND_SUSPECT) {
        because(gate,
                "ratio %s > %s, worse on %d of the last %d nights: at least %d raise the alarm",
                ratio, limit, night->n_worse, n_of(j), k_of_n(j));
        return;
    }
    (void)cp_datetime_format(j->values[night->since].at_ms, CP_DATETIME_DAY, since);
    if (gate->ratio.value > least_ratio(j, gate->base_ms.value))
        because(gate, "ratio %s > %s, worse on %d of the last %d nights, since %s", ratio, limit,
                night->n_worse, n_of(j), since);
    else
        because(gate, "ratio %s tonight, but worse since %s: back when %d of %d nights are", ratio,
                since, k_of_n(j), n_of(j));
}

static void say(const struct judged *j, const struct cp_trend_night *night, struct cp_gate *gate)
{
    char ratio[CP_FORMAT_MAX];
    char limit[CP_FORMAT_MAX];
    (void)cp_format_interval(CP_UNIT_PLAIN, gate->ratio, ratio);
    (void)cp_format(CP_UNIT_PLAIN, least_ratio(j, gate->base_ms.value), limit);
    switch (gate->state) {
    case CP_TREND_LEARNING:
        say_learning(j, gate);
        break;
    case CP_TREND_STEADY:
        say_steady(ratio, limit, gate);
        break;
    case CP_TREND_IMPROVED:
        because(gate, "ratio %s: better on the newest nights, which are the baseline from now on",
                ratio);
        break;
    case CP_TREND_SUSPECT:
    case CP_TREND_REGRESSED:
        say_worse(j, night, ratio, limit, gate);
        break;
    }
}

static void fill_measured(const struct judged *j, const struct cp_night_metric *m,
                          struct cp_gate *gate)
{
    const struct cp_trend_night *night = &j->nights[j->history->n_nights - 1];
    gate->state = night->state;
    gate->verdict = night->verdict;
    gate->fails = night->state == CP_TREND_REGRESSED;
    gate->base_ms = night->baseline_ms;
    gate->ratio = night->ratio;
    gate->n_base = night->n_baseline;
    gate->new_ms = m->ms;
    gate->n_new = m->n;
    say(j, night, gate);
}

/* The newest night with a baseline says what was to be expected. */
static void fill_base(const struct judged *j, struct cp_gate *gate)
{
    for (size_t i = j->history->n_nights; i > 0; i--) {
        if (!isfinite(j->nights[i - 1].baseline_ms.value))
            continue;
        gate->base_ms = j->nights[i - 1].baseline_ms;
        gate->n_base = j->nights[i - 1].n_baseline;
        return;
    }
}

static void fill_absent(const struct judged *j, struct cp_gate *gate)
{
    char day[CP_DATETIME_TEXT_MAX];
    const char *note = cannot_run_note(j, gate->metric.memory_size_mb);
    const struct cp_night *last = last_with(j, &gate->metric);
    gate->state = j->nights[j->history->n_nights - 1].state;
    fill_base(j, gate);
    (void)cp_datetime_format(last->started_at_ms, CP_DATETIME_DAY, day);
    if (note) {
        gate->state = CP_TREND_REGRESSED;
        gate->verdict = CP_CHANGE_REGRESSION;
        because(gate, "it ran on %s and cannot run now: %s", day, note[0] ? note : "it failed");
    } else if (gate->state == CP_TREND_REGRESSED) {
        because(gate, "not measured tonight, last on %s: the regression before stands", day);
    } else {
        because(gate, "not measured tonight, last on %s", day);
    }
    gate->fails = gate->state == CP_TREND_REGRESSED;
}

static void fill_few(const struct judged *j, const struct cp_night_metric *m, struct cp_gate *gate)
{
    char q[CP_FORMAT_MAX];
    enum cp_trend_state before = j->nights[j->history->n_nights - 1].state;
    gate->fails = before == CP_TREND_REGRESSED;
    gate->state = gate->fails ? before : CP_TREND_STEADY;
    gate->new_ms = m->ms;
    gate->n_new = m->n;
    gate->n_needed = cp_quantile_min_n_two_sided(gate->metric.q, CONFIDENCE);
    fill_base(j, gate);
    because(gate, "%zu samples tonight, an interval of %s needs %zu%s", gate->n_new,
            cp_format_quantile_name(gate->metric.q, q), gate->n_needed,
            gate->fails ? ": the regression before stands" : "");
}

static struct cp_gate gate_of(const struct judged *j, const struct cp_metric_key *metric)
{
    const struct cp_interval none = {NAN, NAN, NAN};
    const struct cp_night_metric *m = cp_night_find(tonight(j), metric);
    struct cp_gate gate = {.metric = *metric,
                           .base_ms = none,
                           .new_ms = none,
                           .ratio = none,
                           .worse_p_adjusted = NAN,
                           .screen_p = NAN};
    if (m && cp_night_is_judged(m))
        fill_measured(j, m, &gate);
    else if (m)
        fill_few(j, m, &gate);
    else
        fill_absent(j, &gate);
    return gate;
}

/* --- warnings --- */

struct warned {
    const struct judged *j;
    const struct cp_gates *gates;
};

/* "128MB/init-p50, 128MB/init-p95 and 4 more"; how many. */
static size_t list_metrics(const struct warned *w,
                           bool (*holds)(const struct warned *, const struct cp_gate *), char *out,
                           size_t out_size)
{
    enum { SHOWN = 3 };
    char name[CP_METRIC_KEY_MAX];
    size_t used = 0;
    size_t n = 0;
    out[0] = '\0';
    for (size_t i = 0; i < w->gates->n; i++) {
        const struct cp_gate *gate = &w->gates->gates[i];
        if (!holds(w, gate) || n++ >= SHOWN)
            continue;
        int written = snprintf(out + used, out_size - used, "%s%s", used ? ", " : "",
                               cp_metric_key_name(&gate->metric, name));
        used += written > 0 && (size_t)written < out_size - used ? (size_t)written : 0;
    }
    if (n > SHOWN)
        (void)snprintf(out + used, out_size - used, " and %zu more", n - SHOWN);
    return n;
}

static bool is_absent(const struct warned *w, const struct cp_gate *gate)
{
    (void)w;
    return gate->n_new == 0 && gate->verdict != CP_CHANGE_REGRESSION;
}

static bool warn_absent(const struct warned *w, struct cp_warning *out)
{
    char names[128];
    if (list_metrics(w, is_absent, names, sizeof names) == 0)
        return false;
    cp_warning_say(out, "absent tonight, but measured on the nights before: %s", names);
    return cp_warning_advise(out,
                             "measure with the same --memory, --cold and --warm each night; "
                             "'coldprof report %s' shows what failed",
                             w->j->data->run.id);
}

static bool warn_failed(const struct warned *w, struct cp_warning *out)
{
    const struct cp_run_data *data = w->j->data;
    struct cp_accounting a = cp_accounting_of(data->samples, data->n_samples);
    size_t n = a.failed + a.throttled + a.unknown;
    if (n == 0)
        return false;
    cp_warning_say(
        out, "%s of %s invocations gave no measurement: %zu failed, %zu throttled, %zu lost",
        cp_count_text(n).text, cp_count_text(a.planned).text, a.failed, a.throttled, a.unknown);
    return cp_warning_advise(out,
                             "what is left may look better than it is: see 'coldprof report "
                             "%s'",
                             data->run.id);
}

/* Was it judged on an earlier one of the last nights? */
static bool is_few(const struct warned *w, const struct cp_gate *gate)
{
    const struct cp_history *h = w->j->history;
    size_t n = (size_t)n_of(w->j);
    for (size_t i = h->n_nights > n ? h->n_nights - n : 0; gate->n_needed && i < h->n_nights; i++) {
        const struct cp_night_metric *m = cp_night_find(&h->nights[i], &gate->metric);
        if (m && cp_night_is_judged(m))
            return true;
    }
    return false;
}

static bool warn_few(const struct warned *w, struct cp_warning *out)
{
    char names[128];
    if (list_metrics(w, is_few, names, sizeof names) == 0)
        return false;
    cp_warning_say(out, "too few samples tonight, unlike the nights before, for %s", names);
    return cp_warning_advise(out, "an interval of p50 needs 6, of p95 72, of p99 368: measure as "
                                  "many each night (--cold, --warm)");
}

static bool warn_causes(const struct warned *w, struct cp_warning *out)
{
    struct cp_cause causes[CP_CAUSE_COUNT];
    char names[160] = "";
    size_t used = 0;
    const struct cp_history *h = w->j->history;
    if (h->n_nights < 2)
        return false;
    size_t n = cp_causes_find(&h->nights[h->n_nights - 2], tonight(w->j), causes);
    bool is_alike = true;
    for (size_t i = 0; i < n; i++) {
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "",
                                 cp_cause_name(causes[i].kind));
        is_alike &= causes[i].kind != CP_CAUSE_PAYLOAD && causes[i].kind != CP_CAUSE_METHOD;
    }
    if (n == 0)
        return false;
    cp_warning_say(out, "changed since the night before: %s", names);
    if (!is_alike)
        return cp_warning_advise(out, "the two nights were not measured alike: keep the payload "
                                      "and the options, or 'coldprof history accept' the new "
                                      "level");
    return cp_warning_advise(out, "a change of durations may come from it; it decides nothing");
}

/* Times of tonight that are longer; what cannot run any more has none. */
static bool is_slower(const struct cp_gate *gate)
{
    return gate->n_new > 0 && (gate->fails || gate->state == CP_TREND_SUSPECT);
}

/* A history of this machine has the machine in it. */
static bool warn_machine(const struct warned *w, struct cp_warning *out)
{
    bool is_any_slower = false;
    for (size_t i = 0; i < w->gates->n; i++)
        is_any_slower |= is_slower(&w->gates->gates[i]);
    if (!is_any_slower || !w->j->data->run.is_local)
        return false;
    cp_warning_say(out, "these times are of this machine, and other work on it makes them longer, "
                        "too");
    return cp_warning_advise(out, "to see whether it is the build, measure the one before in turns "
                                  "with it: coldprof nightly FOLDER --against OLD-FOLDER");
}

static void add_warnings(const struct judged *j, struct cp_gates *gates)
{
    static const struct {
        const char *id;
        bool (*applies)(const struct warned *w, struct cp_warning *out);
    } rules[] = {
        {"W050", warn_absent}, {"W051", warn_failed},  {"W052", warn_few},
        {"W053", warn_causes}, {"W054", warn_machine},
    };
    const struct warned w = {j, gates};
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        struct cp_warning warning = {.id = ""};
        if (!rules[i].applies(&w, &warning))
            continue;
        (void)snprintf(warning.id, sizeof warning.id, "%s", rules[i].id);
        gates->warnings[gates->n_warnings++] = warning;
    }
}

/* --- all --- */

static enum cp_code begin(struct judged *j, struct cp_error *err)
{
    const struct cp_history *h = j->history;
    j->accepted_at_ms = calloc(h->n_acceptances + 1, sizeof *j->accepted_at_ms);
    j->values = calloc(h->n_nights, sizeof *j->values);
    j->nights = calloc(h->n_nights, sizeof *j->nights);
    if (!j->accepted_at_ms || !j->values || !j->nights)
        return cp_fail(err, CP_ENOMEM, "no memory to judge a night");
    for (size_t i = 0; i < h->n_acceptances; i++)
        j->accepted_at_ms[i] = h->acceptances[i].at_ms;
    return cp_history_metrics(h, 0, &j->metrics, &j->n_metrics, err);
}

static void end(struct judged *j)
{
    free(j->accepted_at_ms);
    free(j->values);
    free(j->nights);
    free(j->metrics);
}

static void count_learning(const struct judged *j, const struct cp_gate *gate, struct cp_gates *out)
{
    if (gate->state != CP_TREND_LEARNING || !gate->n_new || gate->n_needed)
        return;
    out->learning_nights = (size_t)min_nights(j);
    if (!out->learning_night || gate->n_base + 1 < out->learning_night)
        out->learning_night = gate->n_base + 1;
}

static enum cp_code fill_gates(struct judged *j, struct cp_gates *out, struct cp_error *err)
{
    drop_unasked(j);
    out->gates = calloc(j->n_metrics + 1, sizeof *out->gates);
    if (!out->gates)
        return cp_fail(err, CP_ENOMEM, "no memory for the gates of a night");
    enum cp_code code = CP_OK;
    for (size_t i = 0; i < j->n_metrics && !code; i++) {
        code = judge(j, &j->metrics[i], err);
        if (code)
            break;
        struct cp_gate *gate = &out->gates[out->n++];
        *gate = gate_of(j, &j->metrics[i]);
        out->n_by_verdict[gate->verdict]++;
        out->n_failed += gate->fails ? 1 : 0;
        count_learning(j, gate, out);
    }
    return code;
}

enum cp_code cp_gates_of_history(const struct cp_history *history, const struct cp_run_data *now,
                                 const struct cp_trend_options *options, struct cp_gates *out,
                                 struct cp_error *err)
{
    struct judged j = {.history = history, .data = now, .options = *options};
    cp_change_effect_default(&j.options.effect, &j.options.effect_ms);
    *out = (struct cp_gates){.kind = CP_GATES_NIGHT,
                             .now = &now->run,
                             .history = history,
                             .effect = j.options.effect,
                             .effect_ms = j.options.effect_ms};
    if (history->n_nights == 0)
        return cp_fail(err, CP_EINVAL, "a history without a night cannot be judged");
    enum cp_code code = begin(&j, err);
    if (!code)
        code = fill_gates(&j, out, err);
    if (!code)
        add_warnings(&j, out);
    end(&j);
    return code;
}

enum cp_code cp_history_day_sd(const struct cp_history *history,
                               const struct cp_trend_options *options, double *day_sd,
                               struct cp_error *err)
{
    struct judged j = {.history = history, .options = *options};
    *day_sd = NAN;
    if (history->n_nights == 0)
        return CP_OK;
    enum cp_code code = begin(&j, err);
    for (size_t i = 0; i < j.n_metrics && !code; i++) {
        code = judge(&j, &j.metrics[i], err);
        if (!code)
            *day_sd = fmax(*day_sd, j.nights[history->n_nights - 1].day_sd);
    }
    end(&j);
    return code;
}
