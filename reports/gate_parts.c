/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/gate_parts.h"

#include <math.h>

#include "reports/format.h"
#include "reports/json_number.h"

/* Of nights the alarm is the judgement, not the interval of this night alone: no alarm is "steady",
 * and where even the interval is within the effect "equivalent". Not measured tonight, or too
 * few samples: the verdict, INCONCLUSIVE, unless an alarm of before stands. */
const char *cp_gate_word(const struct cp_gates *gates, const struct cp_gate *gate)
{
    bool is_verdict = gates->kind != CP_GATES_NIGHT ||
                      ((gate->n_new == 0 || gate->n_needed) && !gate->fails) ||
                      (gate->state == CP_TREND_STEADY && gate->verdict == CP_CHANGE_EQUIVALENT);
    return is_verdict ? cp_change_verdict_name(gate->verdict) : cp_trend_state_name(gate->state);
}

bool cp_gate_is_judged(const struct cp_gates *gates, const struct cp_gate *gate)
{
    if (gates->kind == CP_GATES_NIGHT)
        return gate->fails ||
               (gate->state != CP_TREND_LEARNING && gate->n_new > 0 && !gate->n_needed);
    return gate->verdict != CP_CHANGE_INCONCLUSIVE;
}

void cp_gate_name(const struct cp_gates *gates, const struct cp_gate *gate, struct cp_buf *out)
{
    char metric[CP_METRIC_KEY_MAX];
    cp_text_terminal(out, gates->now->function);
    cp_buf_addf(out, "/%s", cp_metric_key_name(&gate->metric, metric));
}

void cp_gate_number(struct cp_buf *out, double value)
{
    if (isfinite(value))
        cp_json_number(out, value);
}
