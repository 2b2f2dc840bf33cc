/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/gate_parts.h"

#include <math.h>

#include "reports/format.h"
#include "reports/json_number.h"

const char *cp_gate_word(const struct cp_gates *gates, const struct cp_gate *gate)
{
    bool is_night = gates->kind == CP_GATES_NIGHT;
    return is_night && gate->state != CP_TREND_STEADY ? cp_trend_state_name(gate->state)
                                                      : cp_change_verdict_name(gate->verdict);
}

bool cp_gate_is_judged(const struct cp_gates *gates, const struct cp_gate *gate)
{
    if (gates->kind == CP_GATES_NIGHT && gate->state != CP_TREND_STEADY)
        return gate->state != CP_TREND_LEARNING;
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
