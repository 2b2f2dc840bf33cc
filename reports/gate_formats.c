/* SPDX-License-Identifier: GPL-3.0-or-later
 * JSON of the two benchmark trackers. Neither reads null or infinity for a value, so a metric
 * without a finite one is left out.
 *
 *   gha-benchmark  github-action-benchmark, tool customSmallerIsBetter: an array of {name, unit,
 *                  value, range, extra}; range and extra are texts for people
 *   bmf            Bencher Metric Format (bencher.dev/bmf.json): latency in nanoseconds, with the
 *                  ends of the interval that there are
 */
#include <math.h>

#include "reports/format.h"
#include "reports/gate_parts.h"
#include "reports/json_writer.h"

#define NS_PER_MS 1e6

enum { TEXT_MAX = 4096 };

/* What `text` holds, which is empty again. */
static void add_built(struct cp_json *j, const char *key, struct cp_buf *text)
{
    cp_json_add_text(j, key, cp_buf_str(text));
    cp_buf_fail_with(j->out, text);
    cp_buf_reset(text);
}

/* As every interval that people read. */
static void add_range(struct cp_json *j, struct cp_interval ms)
{
    char text[CP_FORMAT_MAX];
    if (cp_format_bounds(CP_UNIT_MS, ms, text)[0])
        cp_json_add_text(j, "range", text);
}

void cp_gates_gha_benchmark(const struct cp_gates *gates, struct cp_buf *out)
{
    struct cp_json j = {.out = out, .depth = 1, .is_first = true};
    struct cp_buf text;
    cp_buf_init(&text, TEXT_MAX);
    cp_buf_addc(out, '[');
    for (size_t i = 0; i < gates->n; i++) {
        const struct cp_gate *gate = &gates->gates[i];
        if (!isfinite(gate->new_ms.value))
            continue;
        cp_json_open(&j, NULL, '{');
        cp_gate_name(gates, gate, &text);
        add_built(&j, "name", &text);
        cp_json_add_text(&j, "unit", "ms");
        cp_json_add_number(&j, "value", gate->new_ms.value);
        add_range(&j, gate->new_ms);
        cp_buf_addf(&text, "n=%zu\nrun=%s\nverdict=%s", gate->n_new, gates->now->id,
                    cp_gate_word(gates, gate));
        add_built(&j, "extra", &text);
        cp_json_close(&j, '}');
    }
    cp_json_close(&j, ']');
    cp_buf_addc(out, '\n');
    cp_buf_clear(&text);
}

static void add_ns(struct cp_json *j, const char *key, double ms)
{
    if (isfinite(ms))
        cp_json_add_number(j, key, ms * NS_PER_MS);
}

void cp_gates_bmf(const struct cp_gates *gates, struct cp_buf *out)
{
    struct cp_json j = {.out = out, .depth = 1, .is_first = true};
    struct cp_buf name;
    cp_buf_init(&name, TEXT_MAX);
    cp_buf_addc(out, '{');
    for (size_t i = 0; i < gates->n; i++) {
        const struct cp_gate *gate = &gates->gates[i];
        if (!isfinite(gate->new_ms.value))
            continue;
        cp_buf_reset(&name);
        cp_gate_name(gates, gate, &name);
        cp_json_open(&j, cp_buf_str(&name), '{');
        cp_buf_fail_with(out, &name);
        cp_json_open(&j, "latency", '{');
        add_ns(&j, "value", gate->new_ms.value);
        add_ns(&j, "lower_value", gate->new_ms.low);
        add_ns(&j, "upper_value", gate->new_ms.high);
        cp_json_close(&j, '}');
        cp_json_close(&j, '}');
    }
    cp_json_close(&j, '}');
    cp_buf_addc(out, '\n');
    cp_buf_clear(&name);
}
