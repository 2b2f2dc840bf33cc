/* SPDX-License-Identifier: GPL-3.0-or-later
 * One line a gate, RFC 4180: CRLF, absent numbers empty.
 */
#include "reports/format.h"
#include "reports/gate_parts.h"

#include <math.h>

static void add_interval(struct cp_buf *out, struct cp_interval v)
{
    const double numbers[] = {v.value, v.low, v.high};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        cp_buf_addc(out, ',');
        cp_gate_number(out, numbers[i]);
    }
}

static void add_count(struct cp_buf *out, size_t n)
{
    cp_buf_addf(out, ",%zu", n);
}

static void add_gate(const struct cp_gates *gates, const struct cp_gate *gate, struct cp_buf *out)
{
    char name[CP_METRIC_KEY_MAX];
    cp_text_csv(out, gates->now->function);
    cp_buf_addf(out, ",%s,%d,%s,", cp_metric_key_name(&gate->metric, name),
                gate->metric.memory_size_mb, cp_timing_name(gate->metric.timing));
    cp_gate_number(out, gate->metric.q);
    cp_buf_addf(out, ",%s,%s", cp_gate_word(gates, gate), gate->fails ? "true" : "false");
    add_interval(out, gate->base_ms);
    add_interval(out, gate->new_ms);
    add_interval(out, gate->ratio);
    add_count(out, gate->n_base);
    add_count(out, gate->n_new);
    cp_buf_addc(out, ',');
    if (gate->n_needed)
        cp_buf_addf(out, "%zu", gate->n_needed);
    cp_buf_addc(out, ',');
    cp_gate_number(out, gate->worse_p_adjusted);
    cp_buf_addc(out, ',');
    cp_gate_number(out, gate->screen_p);
    cp_buf_addc(out, ',');
    cp_text_csv(out, gate->because);
    cp_buf_adds(out, "\r\n");
}

void cp_gates_csv(const struct cp_gates *gates, struct cp_buf *out)
{
    cp_buf_adds(out, "function,metric,memory_size_mb,timing,quantile,verdict,fails,"
                     "base_ms,base_ms_low,base_ms_high,new_ms,new_ms_low,new_ms_high,"
                     "ratio,ratio_low,ratio_high,n_base,n_new,n_needed,worse_p_adjusted,screen_p,"
                     "because\r\n");
    for (size_t i = 0; i < gates->n; i++)
        add_gate(gates, &gates->gates[i], out);
}
