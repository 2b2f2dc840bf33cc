/* SPDX-License-Identifier: GPL-3.0-or-later
 * Gates of a comparison, each with the inequality that decides it.
 */
#include "reports/gate.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "reports/format.h"

void cp_gates_clear(struct cp_gates *gates)
{
    free(gates->gates);
    *gates = (struct cp_gates){.n = 0};
}

/* --- why --- */

/* Numbers of a metric as its sentence has them. */
struct words {
    const struct cp_comparison *c;
    const struct cp_compared_metric *m;
    char base[CP_FORMAT_MAX], now[CP_FORMAT_MAX], ratio[CP_FORMAT_MAX];
    char most[CP_FORMAT_MAX], least[CP_FORMAT_MAX]; /* what is still no change: 1.05, 0.952 */
};

/* "231 ms [220, 244]"; "timeout" of one that is among them. */
static void say_duration(struct cp_interval ms, char out[CP_FORMAT_MAX])
{
    char value[CP_FORMAT_MAX];
    char bounds[CP_FORMAT_MAX];
    (void)cp_format_bounds(CP_UNIT_MS, ms, bounds);
    (void)snprintf(out, CP_FORMAT_MAX, "%.30s%s%.50s",
                   isinf(ms.value) ? "a timeout" : cp_format_with_unit(CP_UNIT_MS, ms.value, value),
                   bounds[0] ? " " : "", bounds);
}

static struct words words_of(const struct cp_comparison *c, const struct cp_compared_metric *m)
{
    struct words w = {.c = c, .m = m};
    const struct cp_ratio_question question = {.effect = c->effect, .effect_ms = c->effect_ms};
    double most = cp_ratio_worse_from(&question, m->ratio.base_ms.value);
    say_duration(m->ratio.base_ms, w.base);
    say_duration(m->ratio.new_ms, w.now);
    (void)cp_format_interval(CP_UNIT_PLAIN, m->ratio.ratio, w.ratio);
    (void)cp_format(CP_UNIT_PLAIN, most, w.most);
    (void)cp_format(CP_UNIT_PLAIN, 1 / most, w.least);
    return w;
}

__attribute__((format(printf, 3, 4))) static void because(struct cp_gate *gate, const char *lead,
                                                          const char *fmt, ...)
{
    va_list args;
    int n = snprintf(gate->because, sizeof gate->because, "%s", lead);
    size_t used = n > 0 ? (size_t)n : 0;
    va_start(args, fmt);
    if (used < sizeof gate->because)
        (void)vsnprintf(gate->because + used, sizeof gate->because - used, fmt, args);
    va_end(args);
}

static void say_too_few(const struct words *w, struct cp_gate *gate)
{
    char q[CP_FORMAT_MAX];
    char n_needed[CP_FORMAT_MAX];
    char n_base[CP_FORMAT_MAX];
    char n_new[CP_FORMAT_MAX];
    (void)cp_format_quantile_name(w->m->metric.q, q);
    because(gate, "", "n = %s against the base's n = %s; %s takes %s samples of each",
            cp_format_count(gate->n_new, n_new), cp_format_count(gate->n_base, n_base), q,
            cp_format_count(gate->n_needed, n_needed));
}

/* What it lies across, and what would help. */
static void say_inconclusive(const struct words *w, const char *lead, struct cp_gate *gate)
{
    char n[CP_FORMAT_MAX];
    char p[CP_FORMAT_MAX];
    (void)cp_format_count(gate->n_needed, n);
    (void)cp_format(CP_UNIT_PLAIN, w->m->worse_p_adjusted, p);
    if (w->m->is_adjusted_away)
        because(gate, lead,
                "; more than %s, but one of %zu metrics may be by chance (p %s, "
                "adjusted)",
                w->most, w->c->n_metrics, p);
    else if (gate->n_needed)
        because(gate, lead, "; neither within %s to %s nor beyond: about %s samples would tell",
                w->least, w->most, n);
    else
        because(gate, lead,
                "; neither within %s to %s nor beyond, and no number of samples would "
                "tell",
                w->least, w->most);
}

static void say(const struct words *w, struct cp_gate *gate)
{
    char lead[sizeof gate->because];
    if (isinf(gate->ratio.value) || gate->ratio.value <= 0)
        (void)snprintf(lead, sizeof lead, "%.90s against the base's %.90s", w->now, w->base);
    else
        (void)snprintf(lead, sizeof lead, "%.70s is %.40s times the base's %.70s", w->now, w->ratio,
                       w->base);
    switch (gate->verdict) {
    case CP_CHANGE_REGRESSION:
        because(gate, lead, "; more than %s is a regression", w->most);
        break;
    case CP_CHANGE_IMPROVEMENT:
        because(gate, lead, "; less than %s is an improvement", w->least);
        break;
    case CP_CHANGE_EQUIVALENT:
        because(gate, lead, "; within %s to %s is no change", w->least, w->most);
        break;
    case CP_CHANGE_INCONCLUSIVE:
        if (isnan(gate->ratio.low))
            say_too_few(w, gate);
        else
            say_inconclusive(w, lead, gate);
        break;
    }
}

/* --- gates --- */

static struct cp_gate gate_of(const struct cp_comparison *c, const struct cp_compared_metric *m)
{
    struct cp_gate gate = {.metric = m->metric,
                           .verdict = m->ratio.verdict,
                           .state = CP_TREND_STEADY,
                           .fails = m->ratio.verdict == CP_CHANGE_REGRESSION,
                           .base_ms = m->ratio.base_ms,
                           .new_ms = m->ratio.new_ms,
                           .ratio = m->ratio.ratio,
                           .n_base = m->ratio.n_base,
                           .n_new = m->ratio.n_new,
                           .n_needed = m->ratio.n_needed,
                           .worse_p_adjusted = m->worse_p_adjusted,
                           .screen_p = c->series[m->series].screen_p};
    const struct words w = words_of(c, m);
    say(&w, &gate);
    return gate;
}

static int by_metric(const void *a, const void *b)
{
    const struct cp_gate *x = a;
    const struct cp_gate *y = b;
    return cp_metric_key_order(&x->metric, &y->metric);
}

enum cp_code cp_gates_of_comparison(const struct cp_comparison *comparison,
                                    const struct cp_run *base, const struct cp_run *now,
                                    bool is_pair, struct cp_gates *out, struct cp_error *err)
{
    *out = (struct cp_gates){.kind = is_pair ? CP_GATES_PAIR : CP_GATES_COMPARE,
                             .base = base,
                             .now = now,
                             .effect = comparison->effect,
                             .effect_ms = comparison->effect_ms,
                             .comparison = comparison};
    out->gates = calloc(comparison->n_metrics + 1, sizeof *out->gates);
    if (!out->gates)
        return cp_fail(err, CP_ENOMEM, "no memory for the gates of a comparison");
    for (size_t i = 0; i < comparison->n_metrics; i++) {
        struct cp_gate *gate = &out->gates[out->n++];
        *gate = gate_of(comparison, &comparison->metrics[i]);
        out->n_by_verdict[gate->verdict]++;
        out->n_failed += gate->fails ? 1 : 0;
    }
    qsort(out->gates, out->n, sizeof *out->gates, by_metric);
    return CP_OK;
}
