/* SPDX-License-Identifier: GPL-3.0-or-later
 * OpenMetrics text that node_exporter's textfile collector reads as well: it knows the older
 * format, where UNIT and EOF are comments, and no stateset; a verdict is therefore a gauge that is
 * 1. Quantiles are gauges and no summary: of a summary the collector would invent a sum. Seconds;
 * what is not known has no sample, a quantile among the timeouts is +Inf. No timestamps: the
 * collector refuses them, and when it was measured is a metric of its own.
 */
#include <math.h>

#include "reports/format.h"
#include "reports/gate_parts.h"

#define MS_PER_S 1000.0

enum { LABEL_MAX = 4096 };

/* Of each timing, whose word is then in the name: "coldprof_init_low_seconds"; or of all. */
struct family {
    bool is_of_timing;
    const char *name; /* what follows "coldprof_" and the timing */
    const char *unit; /* "" none */
    const char *help;
    double (*value)(const struct cp_gate *gate);
};

static void add_label(struct cp_buf *out, const char *name, const char *value)
{
    struct cp_buf shown;
    cp_buf_init(&shown, LABEL_MAX);
    cp_text_terminal(&shown, value);
    cp_buf_addf(out, "%s=\"", name);
    for (size_t i = 0; i < shown.n; i++) {
        if (shown.p[i] == '"' || shown.p[i] == '\\')
            cp_buf_addc(out, '\\');
        cp_buf_addc(out, shown.p[i]);
    }
    cp_buf_addc(out, '"');
    cp_buf_fail_with(out, &shown);
    cp_buf_clear(&shown);
}

/* What one history is of: its labels, the same in every night. */
static void add_place(const struct cp_run *run, struct cp_buf *out)
{
    add_label(out, "function", run->function);
    cp_buf_addc(out, ',');
    add_label(out, "place", run->place);
    cp_buf_addc(out, ',');
    add_label(out, "region", run->region);
    cp_buf_addc(out, ',');
    add_label(out, "architecture", run->architecture);
}

static void add_metric_labels(const struct cp_gates *gates, const struct cp_gate *gate,
                              struct cp_buf *out)
{
    add_place(gates->now, out);
    cp_buf_addf(out, ",memory_mb=\"%d\",quantile=\"%g\"", gate->metric.memory_size_mb,
                gate->metric.q);
}

static void add_value(struct cp_buf *out, double value)
{
    cp_buf_addc(out, ' ');
    if (isinf(value))
        cp_buf_adds(out, value > 0 ? "+Inf" : "-Inf");
    cp_gate_number(out, value);
    cp_buf_addc(out, '\n');
}

static double value_s(const struct cp_gate *gate)
{
    return gate->new_ms.value / MS_PER_S;
}

static double low_s(const struct cp_gate *gate)
{
    return gate->new_ms.low / MS_PER_S;
}

static double high_s(const struct cp_gate *gate)
{
    return gate->new_ms.high / MS_PER_S;
}

static double samples(const struct cp_gate *gate)
{
    return (double)gate->n_new;
}

static double ratio(const struct cp_gate *gate)
{
    return gate->ratio.value;
}

static double ratio_low(const struct cp_gate *gate)
{
    return gate->ratio.low;
}

static double ratio_high(const struct cp_gate *gate)
{
    return gate->ratio.high;
}

static double fails(const struct cp_gate *gate)
{
    return gate->fails ? 1 : 0;
}

static const struct family families[] = {
    {true, "seconds", "seconds", "a quantile", value_s},
    {true, "low_seconds", "seconds", "lower end of the 95 percent interval of a quantile", low_s},
    {true, "high_seconds", "seconds", "upper end of the 95 percent interval of a quantile", high_s},
    {false, "samples", "", "Samples behind the quantile.", samples},
    {false, "change_ratio", "ratio", "Quantile divided by what it is compared with.", ratio},
    {false, "change_low_ratio", "ratio", "Lower end of the 95 percent interval of that.",
     ratio_low},
    {false, "change_high_ratio", "ratio", "Upper end of the 95 percent interval of that.",
     ratio_high},
    {false, "gate_failed", "", "1 where the change is a regression that fails the build.", fails},
};

/* `timing` NULL: of all. */
static void add_name(const struct family *family, const char *timing, struct cp_buf *out)
{
    cp_buf_addf(out, "coldprof_%s%s%s", timing ? timing : "", timing ? "_" : "", family->name);
}

static void add_head(const struct family *family, const char *timing, struct cp_buf *out)
{
    cp_buf_adds(out, "# HELP ");
    add_name(family, timing, out);
    if (timing)
        cp_buf_addf(out, " Duration (%s), %s.\n# TYPE ", timing, family->help);
    else
        cp_buf_addf(out, " %s\n# TYPE ", family->help);
    add_name(family, timing, out);
    cp_buf_adds(out, " gauge\n");
    if (!family->unit[0])
        return;
    cp_buf_adds(out, "# UNIT ");
    add_name(family, timing, out);
    cp_buf_addf(out, " %s\n", family->unit);
}

static void add_timing_label(const struct cp_gate *gate, struct cp_buf *out)
{
    add_label(out, "timing", cp_timing_name(gate->metric.timing));
    cp_buf_addc(out, ',');
}

/* One family's samples must stand together. */
static void add_family(const struct cp_gates *gates, const struct family *family,
                       const char *timing, struct cp_buf *out)
{
    bool has_head = false;
    for (size_t i = 0; i < gates->n; i++) {
        const struct cp_gate *gate = &gates->gates[i];
        double value = family->value(gate);
        if (isnan(value) || (timing && cp_timing_name(gate->metric.timing) != timing))
            continue;
        if (!has_head)
            add_head(family, timing, out);
        has_head = true;
        add_name(family, timing, out);
        cp_buf_addc(out, '{');
        if (!timing)
            add_timing_label(gate, out);
        add_metric_labels(gates, gate, out);
        cp_buf_addc(out, '}');
        add_value(out, value);
    }
}

static void add_verdicts(const struct cp_gates *gates, struct cp_buf *out)
{
    cp_buf_adds(out, "# HELP coldprof_gate_verdict 1 at the verdict that the quantile has.\n"
                     "# TYPE coldprof_gate_verdict gauge\n");
    for (size_t i = 0; i < gates->n; i++) {
        const struct cp_gate *gate = &gates->gates[i];
        cp_buf_addf(out, "coldprof_gate_verdict{verdict=\"%s\",", cp_gate_word(gates, gate));
        add_timing_label(gate, out);
        add_metric_labels(gates, gate, out);
        cp_buf_adds(out, "} 1\n");
    }
}

/* A log may have no times. */
static void add_started(const struct cp_run *run, struct cp_buf *out)
{
    if (run->started_at_ms < 0)
        return;
    cp_buf_adds(out, "# HELP coldprof_run_timestamp_seconds When the measurement began.\n"
                     "# TYPE coldprof_run_timestamp_seconds gauge\n"
                     "# UNIT coldprof_run_timestamp_seconds seconds\n"
                     "coldprof_run_timestamp_seconds{");
    add_place(run, out);
    cp_buf_addc(out, '}');
    add_value(out, (double)run->started_at_ms / MS_PER_S);
}

static void add_run(const struct cp_run *run, struct cp_buf *out)
{
    cp_buf_adds(out, "# HELP coldprof_run_info The run that was judged.\n"
                     "# TYPE coldprof_run_info gauge\ncoldprof_run_info{");
    add_place(run, out);
    cp_buf_addc(out, ',');
    add_label(out, "run", run->id);
    cp_buf_addc(out, ',');
    add_label(out, "coldprof_version", run->coldprof_version);
    cp_buf_adds(out, "} 1\n");
}

void cp_gates_openmetrics(const struct cp_gates *gates, struct cp_buf *out)
{
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        for (int t = 0; families[i].is_of_timing && t < CP_TIMING_COUNT; t++)
            add_family(gates, &families[i], cp_timing_name((enum cp_timing)t), out);
        if (!families[i].is_of_timing)
            add_family(gates, &families[i], NULL, out);
    }
    add_verdicts(gates, out);
    add_started(gates->now, out);
    add_run(gates->now, out);
    cp_buf_adds(out, "# EOF\n");
}
